//! What becomes of the live system's kernel arguments.

use std::str::FromStr;

use super::ImageError;
use super::KernelArgumentAreas;
use super::Overlay;
use crate::value::KernelArgument;

/// What becomes of an edit of arguments that are not there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MissingArguments {
    /// Nothing: what must not be there is not.
    #[default]
    Allow,
    /// It is an error.
    Refuse,
}

/// An argument with another value than it has: `KEY=OLD=NEW`, as coreos-installer takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replacement {
    /// The argument that is there, as in `console=tty0`.
    pub old: String,
    /// The one that takes its place.
    pub new: String,
}

impl FromStr for Replacement {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts: Vec<&str> = text.split('=').collect();
        match parts.as_slice() {
            [key, old, new] if !parts.contains(&"") => {
                Ok(Self { old: format!("{key}={old}"), new: format!("{key}={new}") })
            }
            // Whoever has a `=` in a value cannot say where the old one ends.
            _ => Err("write it as KEY=OLD=NEW; values with `=` take a `delete` and an `append`".to_owned()),
        }
    }
}

/// An edit of kernel arguments, in coreos-installer's order: it deletes, appends, and then replaces.
#[derive(Clone, Copy, Debug)]
pub(super) struct ArgumentEdit<'a> {
    pub(super) append: &'a [String],
    pub(super) delete: &'a [String],
    pub(super) replace: &'a [Replacement],
    pub(super) missing: MissingArguments,
}

impl ArgumentEdit<'_> {
    pub(super) fn is_empty(&self) -> bool {
        self.append.is_empty() && self.delete.is_empty() && self.replace.is_empty()
    }

    /// The arguments after the edit; one that is there already is not added again.
    pub(super) fn applied_to(&self, current: &str) -> Result<String, ImageError> {
        for word in self.append.iter().chain(self.replace.iter().map(|replacement| &replacement.new)) {
            word.parse::<KernelArgument>().map_err(|_| ImageError::BadArgument(word.clone()))?;
        }
        for word in self.delete.iter().chain(self.replace.iter().map(|replacement| &replacement.old)) {
            // What is there may be written as we would not write it, and is taken away all the same.
            if word.is_empty() || !word.bytes().all(|b| b.is_ascii_graphic()) {
                return Err(ImageError::BadArgument(word.clone()));
            }
        }
        let mut words: Vec<&str> = current.split_ascii_whitespace().collect();
        for gone in self.delete {
            self.require(gone, &words)?;
            words.retain(|word| word != gone);
        }
        for word in self.append {
            if !words.contains(&word.as_str()) {
                words.push(word);
            }
        }
        for Replacement { old, new } in self.replace {
            self.require(old, &words)?;
            for word in words.iter_mut().filter(|word| *word == old) {
                *word = new;
            }
        }
        Ok(words.join(" "))
    }

    fn require(&self, word: &str, words: &[&str]) -> Result<(), ImageError> {
        if self.missing == MissingArguments::Allow || words.contains(&word) {
            return Ok(());
        }
        let there = words.iter().map(|word| (*word).to_owned()).collect();
        Err(ImageError::MissingArgument { word: word.to_owned(), there })
    }
}

/// Puts `text` into every place that holds the arguments.
pub(super) fn lay_arguments(
    overlay: &mut Overlay,
    areas: &KernelArgumentAreas,
    text: &str,
) -> Result<(), ImageError> {
    for place in &areas.places {
        let mut bytes = format!("{text}{}", place.end).into_bytes();
        let over = (bytes.len() as u64).saturating_sub(areas.length);
        if over > 0 {
            return Err(ImageError::LongArguments { over, left: areas.left() });
        }
        bytes.resize(usize::try_from(areas.length).unwrap_or(bytes.len()), place.pad);
        overlay.lay(place.offset, bytes)?;
    }
    Ok(())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::ArgumentEdit;
    use super::ImageError;
    use super::MissingArguments;
    use super::Replacement;

    fn edited(
        current: &str,
        append: &[&str],
        delete: &[&str],
        replace: &[&str],
    ) -> Result<String, ImageError> {
        let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<String>>();
        let replace: Vec<Replacement> = replace.iter().map(|text| text.parse().unwrap()).collect();
        let missing = MissingArguments::Refuse;
        ArgumentEdit { append: &owned(append), delete: &owned(delete), replace: &replace, missing }
            .applied_to(current)
    }

    #[test]
    fn deletes_then_appends_then_replaces() {
        for (current, append, delete, replace, after) in [
            ("foo bar foobar", &[][..], &["foo"][..], &[][..], "bar foobar"),
            ("a a b", &[], &["a"], &[], "b"),
            ("a", &["b", "a"], &[], &[], "a b"),
            ("a", &["a"], &["a"], &[], "a"),
            ("c=1 d c=1", &["c=2"], &["d"], &["c=1=3", "c=2=4"], "c=3 c=3 c=4"),
            ("x=\"y\"", &[], &["x=\"y\""], &[], ""),
        ] {
            assert_eq!(edited(current, append, delete, replace).unwrap(), after, "{current}");
        }
    }

    #[test]
    fn says_what_is_there_if_something_is_not() {
        for (delete, replace) in [(&["c"][..], &[][..]), (&[], &["c=1=2"])] {
            let error = edited("a b", &[], delete, replace).unwrap_err();
            let ImageError::MissingArgument { there, .. } = &error else { unreachable!("{error}") };
            assert_eq!(*there, ["a", "b"]);
        }
    }

    #[test]
    fn refuses_what_a_boot_loader_would_read_otherwise() {
        for word in ["a\nb", "a b", "", "a;b", "a\"b", "$root", "#a", "a\u{7f}"] {
            assert!(matches!(edited("", &[word], &[], &[]), Err(ImageError::BadArgument(_))), "{word:?}");
        }
        for wrong in ["a", "a=b", "a=b=c=d", "=b=c", "a==c", "a=b="] {
            assert!(wrong.parse::<Replacement>().is_err(), "{wrong}");
        }
    }
}
