//! What a word for a base image is: a name, a URL, or a path.

use super::Catalog;
use super::Family;
use super::ImageName;
use super::name::Parts;
use crate::document::nearest;
use crate::value::ValueError;

/// How files that are images end.
const ENDINGS: [&str; 4] = [".iso", ".img", ".raw", ".xz"];

/// What somebody means by a base image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reference {
    /// A name of the catalog.
    Name(ImageName),
    /// A URL.
    Url(String),
    /// A path.
    Path,
}

impl Catalog {
    /// Tells what `text` means.
    ///
    /// A word is a name if its family is in the catalog, or nearly; a path if it begins with `/` or `.`, ends as
    /// images do, or is like nothing that is known.
    ///
    /// # Errors
    /// If it is a name, and nothing goes by it; the near one is suggested.
    pub fn reference(&self, text: &str) -> Result<Reference, ValueError> {
        if let Some((scheme, _)) = text.split_once("://") {
            return match scheme {
                "https" | "http" => Ok(Reference::Url(text.to_owned())),
                _ => Err(ValueError::new(
                    format!("`{text}` is a URL that nothing is downloaded from"),
                    "use an `https://` URL, a path, or a name of `cotter fetch --list`",
                )),
            };
        }
        let parts = Parts::of(text);
        let is_path =
            text.starts_with(['/', '.', '~']) || ENDINGS.iter().any(|ending| text.ends_with(ending));
        let is_deeper = parts.stream.is_some_and(|stream| stream.contains('/'));
        if is_path || is_deeper || text.is_empty() {
            return Ok(Reference::Path);
        }
        let Some(family) = self.family(parts.family) else {
            let known = self.families.iter().map(|family| family.name.as_str());
            let Some(near) = nearest(parts.family, known) else {
                return Ok(Reference::Path);
            };
            let message = format!("there is no image `{text}`: no family is called `{}`", parts.family);
            let rest = text.get(parts.family.len()..).unwrap_or_default();
            return Err(ValueError::new(
                message,
                format!("did you mean `{near}{rest}`? A path begins with `./`"),
            ));
        };
        let stream = family.check_stream(parts.stream.unwrap_or_default(), text)?;
        let name = parts.name(stream)?;
        family.check_rest(&name)?;
        Ok(Reference::Name(name))
    }
}

impl Family {
    fn check_stream<'a>(&self, stream: &'a str, text: &str) -> Result<&'a str, ValueError> {
        if self.has_stream(stream) {
            return Ok(stream);
        }
        let words = self.stream_words();
        let message = match stream {
            "" => format!("`{text}` names no stream of {}", self.title),
            _ => format!("there is no image `{text}`: {} has no stream `{stream}`", self.title),
        };
        let near = nearest(stream, words.iter().map(String::as_str));
        let all: Vec<String> = words.iter().map(|word| format!("`{}/{word}`", self.name)).collect();
        let help = match near.filter(|_| !stream.is_empty() && !self.goes_on()) {
            Some(near) => format!("did you mean `{}/{near}`? A path begins with `./`", self.name),
            None if self.goes_on() => format!("it has {} and later ones", all.join(", ")),
            None => format!("it has {}", all.join(", ")),
        };
        Err(ValueError::new(message, help))
    }

    fn check_rest(&self, name: &ImageName) -> Result<(), ValueError> {
        if let Some(version) = &name.version
            && !self.can_pin()
        {
            return Err(ValueError::new(
                format!(
                    "`{name}` pins version `{version}`, and {} tells the newest of a stream alone",
                    self.title
                ),
                format!(
                    "write `{}/{}`, or fetch the image by its URL with `--sha256`",
                    name.family, name.stream
                ),
            ));
        }
        if let Some(architecture) = name.architecture
            && !self.architectures.contains(&architecture)
        {
            let all: Vec<&str> = self.architectures.iter().map(|known| known.word()).collect();
            return Err(ValueError::new(
                format!("there is no {} for {architecture}", self.title),
                format!("it is there for {}", all.join(", ")),
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::Catalog;
    use super::Reference;

    #[test]
    fn tells_names_urls_and_paths_apart() {
        let catalog = Catalog::own();
        for (text, shown) in [
            ("fedora-coreos/stable", "fedora-coreos/stable"),
            ("fedora-coreos/next@42.20250609.1.0", "fedora-coreos/next@42.20250609.1.0"),
            ("flatcar/lts?arm64", "flatcar/lts?aarch64"),
            ("rhcos/4.19@4.19.10?s390x", "rhcos/4.19@4.19.10?s390x"),
            ("harvester/v1.5.0", "harvester/v1.5.0"),
        ] {
            match catalog.reference(text).unwrap() {
                Reference::Name(name) => assert_eq!(name.to_string(), shown),
                other => unreachable!("{text}: {other:?}"),
            }
        }
        let path = [
            "a.iso",
            "./fedora-coreos",
            "/fedora-coreos/stable",
            "isos/fedora-coreos/x",
            "bench",
            "live",
            "images/live",
            "fedora-coreos-live.x86_64.iso",
            "fedora-coreos/stable.iso",
            "../x",
            "~/x",
        ];
        for text in path {
            assert_eq!(catalog.reference(text).unwrap(), Reference::Path, "{text}");
        }
        assert_eq!(
            catalog.reference("https://example.com/a.iso").unwrap(),
            Reference::Url("https://example.com/a.iso".into())
        );
    }

    #[test]
    fn a_name_that_is_none_gets_the_near_one() {
        for (text, words) in [
            ("fedora-coreos/stabel", "did you mean `fedora-coreos/stable`?"),
            ("fedora-coreso/stable@1", "did you mean `fedora-coreos/stable@1`?"),
            ("fedora-coreos", "it has `fedora-coreos/stable`"),
            ("scos/4.18", "it has `scos/4.19` and later ones"),
            ("rhcos/latest", "later ones"),
            ("scos/4.19@10.0", "fetch the image by its URL"),
            ("flatcar/stable?s390x", "it is there for x86_64, aarch64"),
            ("flatcar/stable?sparc", "use x86_64"),
            ("flatcar/stable@../../x", "use letters"),
            ("ftp://example.com/a.iso", "https://"),
        ] {
            let error = Catalog::own().reference(text).unwrap_err();
            assert!(error.help.contains(words), "{text}: {error}");
        }
    }
}
