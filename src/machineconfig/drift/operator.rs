//! What the operator would say of a node's disk: its first finding, byte for byte.
//!
//! Order and words are those of the operator's `validateOnDiskState` (pkg/daemon/daemon.go and
//! on_disk_validation.go): the booted image, kernel arguments, files, units. It stops at the first.

use super::expect::ENABLED;
use super::expect::NOT_ENABLED;
use super::wanted::DropIn;
use super::wanted::Unit;
use super::wanted::Wanted;
use crate::machineconfig::Rules;
use crate::value::Digest;
use crate::verify::BootRecord;
use crate::verify::FileProperty;
use crate::verify::Subject;

/// What the operator would say of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// Its words, without what it puts before them; nothing if it finds nothing.
    pub words: Option<String>,
    /// What it would have looked at before and the facts do not tell: the first, and why.
    pub doubt: Option<String>,
}

/// Says what the operator of a version would stop at.
pub fn operator_stops_at(wanted: &Wanted, record: &BootRecord, rules: &Rules) -> Stop {
    let mut look = Look { record, doubt: None };
    let words = look.system(wanted).or_else(|| look.files(wanted)).or_else(|| look.units(wanted, rules));
    Stop { words, doubt: look.doubt }
}

struct Look<'a> {
    record: &'a BootRecord,
    doubt: Option<String>,
}

impl Look<'_> {
    /// What was found, nothing if nobody could look: that is remembered.
    fn found(&mut self, subject: &Subject) -> Option<&[String]> {
        let subject = subject.to_string();
        match self.record.look(&subject) {
            Ok(found) => Some(found),
            Err(why) => {
                self.doubt.get_or_insert_with(|| format!("`{subject}` is unknown: {why}"));
                None
            }
        }
    }

    fn system(&mut self, wanted: &Wanted) -> Option<String> {
        if !wanted.os_image.is_empty() {
            let booted =
                self.found(&Subject::OsImage).map(|found| found.first().cloned().unwrap_or_default());
            if let Some(booted) = booted.filter(|booted| *booted != wanted.os_image) {
                return Some(format!("expected target osImageURL {:?}, have {booted:?}", wanted.os_image));
            }
        }
        if wanted.kernel_arguments.is_empty() {
            return None;
        }
        let found = self.found(&Subject::KernelArguments)?;
        let missing: Vec<&str> = wanted
            .kernel_arguments
            .iter()
            .map(|(word, _)| word.as_str())
            .filter(|word| !found.iter().any(|found| found == word))
            .collect();
        (!missing.is_empty()).then(|| format!("missing expected kernel arguments: [{}]", missing.join(" ")))
    }

    fn files(&mut self, wanted: &Wanted) -> Option<String> {
        for file in wanted.files.iter().filter(|file| !file.is_left_alone) {
            if file.is_appended {
                return Some(
                    "found an append section when checking files. Append is not supported".to_owned(),
                );
            }
            let Some(contents) = &file.contents else {
                // Why, Go's packages say in words of their own.
                return Some(format!("couldn't decode file {:?}", file.path));
            };
            if let Some(words) = self.contents_and_mode(&file.path, contents, file.mode) {
                return Some(words);
            }
        }
        None
    }

    fn contents_and_mode(&mut self, path: &str, contents: &Digest, mode: u32) -> Option<String> {
        let subject = |property| Subject::File(path.to_owned(), property);
        let kind = self.found(&subject(FileProperty::Kind))?.first().cloned();
        let found = match kind.as_deref() {
            None => {
                return Some(format!(
                    "could not stat file {path:?}: lstat {path}: no such file or directory"
                ));
            }
            // A link has all rights and no others on Linux.
            Some("link") => Some((0o777, 'L')),
            Some(kind) => {
                let mode = self.found(&subject(FileProperty::Mode));
                let mode = mode.and_then(|mode| u32::from_str_radix(mode.first()?, 8).ok());
                mode.map(|mode| (mode, if kind == "directory" { 'd' } else { '-' }))
            }
        };
        if let Some((found, letter)) = found {
            let found = go_mode(found, letter);
            if found != mode {
                return Some(format!(
                    "mode mismatch for file: {path:?}; expected: {}; received: {}",
                    mode_words(mode),
                    mode_words(found)
                ));
            }
        }
        let found = self.found(&subject(FileProperty::Sha256))?;
        (found.first().map(String::as_str) != Some(contents.as_str()))
            .then(|| format!("content mismatch for file {path:?}"))
    }

    fn units(&mut self, wanted: &Wanted, rules: &Rules) -> Option<String> {
        for unit in &wanted.units {
            for dropin in &unit.dropins {
                if let Some(words) = self.dropin(dropin, wanted) {
                    return Some(words);
                }
            }
            if let Some(words) = self.unit(unit, rules.checks_enablement && !wanted.is_spec_2) {
                return Some(words);
            }
        }
        None
    }

    fn dropin(&mut self, dropin: &DropIn, wanted: &Wanted) -> Option<String> {
        if dropin.is_empty && !wanted.is_spec_2 {
            let kind = self.found(&Subject::File(dropin.path.clone(), FileProperty::Kind))?;
            if kind.is_empty() {
                return None;
            }
        }
        self.contents_and_mode(&dropin.path, &dropin.contents, 0o644)
    }

    fn unit(&mut self, unit: &Unit, is_enablement_checked: bool) -> Option<String> {
        let contents = unit.contents.as_ref()?;
        let path = unit.path();
        if unit.is_masked {
            return self.mask(&path);
        }
        if let Some(words) = self.contents_and_mode(&path, contents, 0o644) {
            return Some(words);
        }
        let wanted = unit.enabled.filter(|_| is_enablement_checked)?;
        let found = self.found(&Subject::UnitEnabled(unit.name.clone()))?;
        let word = found.first().map_or("not-found", String::as_str);
        let is_wrong = if wanted { NOT_ENABLED.contains(&word) } else { ENABLED.contains(&word) };
        is_wrong
            .then(|| format!("unit {:?} expected enabled={wanted}, but systemd reports {word:?}", unit.name))
    }

    fn mask(&mut self, path: &str) -> Option<String> {
        let real = self.found(&Subject::File(path.to_owned(), FileProperty::Real))?.first().cloned();
        match real.as_deref() {
            Some("/dev/null") => None,
            Some(real) => Some(format!(
                "state validation: invalid unit masked setting. path: {path:?}; expected: /dev/null; received: {real}"
            )),
            None => {
                let target = self.found(&Subject::File(path.to_owned(), FileProperty::Target));
                let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
                let missing = match target.and_then(<[String]>::first) {
                    Some(target) if target.starts_with('/') => target.clone(),
                    Some(target) => format!("{folder}/{target}"),
                    None => path.to_owned(),
                };
                Some(format!(
                    "state validation: error while evaluation symlink for path {path:?}: lstat {missing}: no such file or directory"
                ))
            }
        }
    }
}

/// The bits of Go's `os.FileMode` for the mode and kind that the kernel tells.
fn go_mode(mode: u32, letter: char) -> u32 {
    let kind = match letter {
        'd' => 1 << 31,
        'L' => 1 << 27,
        _ => 0,
    };
    let special = [(0o4000, 23), (0o2000, 22), (0o1000, 20)];
    let special = special.iter().filter(|(bit, _)| mode & bit != 0).fold(0, |bits, (_, go)| bits | 1 << go);
    kind | special | (mode & 0o777)
}

/// A mode as the operator writes it: `-rw-r--r--/420/0644`.
fn mode_words(mode: u32) -> String {
    let zero = if mode == 0 { "" } else { "0" };
    format!("{}/{mode}/{zero}{mode:o}", mode_letters(mode))
}

/// As Go's `FileMode.String` has it: a letter for each bit from the top, then the rights.
fn mode_letters(mode: u32) -> String {
    let mut letters: String = "dalTLDpSugct?"
        .chars()
        .enumerate()
        .filter(|(index, _)| mode & (1 << (31 - index)) != 0)
        .map(|(_, letter)| letter)
        .collect();
    if letters.is_empty() {
        letters.push('-');
    }
    let rights = "rwxrwxrwx".chars().enumerate();
    letters.extend(rights.map(|(index, letter)| if mode & (1 << (8 - index)) != 0 { letter } else { '-' }));
    letters
}

#[cfg(test)]
mod tests {
    use super::go_mode;
    use super::mode_words;

    /// As Go's `fmt` writes `%v/%d/%#o` of them.
    #[test]
    fn writes_modes_as_go_does() {
        for (mode, letter, words) in [
            (0o644, '-', "-rw-r--r--/420/0644"),
            (0o600, '-', "-rw-------/384/0600"),
            (0, '-', "----------/0/0"),
            (0o4755, '-', "urwxr-xr-x/8389101/040000755"),
            (0o1755, 'd', "dtrwxr-xr-x/2148532717/020004000755"),
            (0o777, 'L', "Lrwxrwxrwx/134218239/01000000777"),
        ] {
            assert_eq!(mode_words(go_mode(mode, letter)), words);
        }
    }
}
