//! Which format goes under which keys, so that whoever is in the image reads it: and why.

use super::Format;
use super::ImageFamily;
use super::Key;
use super::Platform;
use super::Reader;
use super::Runs;
use super::Table;

/// What must be carried, as far as formats differ in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// There are parts beside the machine's own document: scripts or documents of somebody else's.
    pub has_parts: bool,
}

/// What was chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The family of the image, if it is of one.
    pub family: Option<ImageFamily>,
    /// The format.
    pub format: Format,
    /// The keys that get it, all the same payload.
    pub keys: Vec<Key>,
    /// Who is written for.
    pub readers: Vec<Reader>,
    /// The script must see to it that it runs once, whoever starts it and how often.
    pub is_guarded: bool,
    /// When it runs.
    pub runs: Runs,
    /// How it came to this, a sentence each.
    pub why: Vec<String>,
    /// What it rests on that nobody knows for certain.
    pub doubts: Vec<String>,
}

/// Why nothing can be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What is wrong.
    pub message: String,
    /// The next step.
    pub help: String,
}

impl Refusal {
    fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: help.into() }
    }
}

/// Chooses for an image on a platform; `insisted` is what the user asks for, and is refused with the reason where it
/// cannot work.
pub fn choose(
    table: &Table,
    platform: &str,
    image: Option<&str>,
    insisted: Option<Format>,
    needs: Needs,
) -> Result<Choice, Refusal> {
    let platform = table.platform(platform).map_err(|error| Refusal::new(error.message, error.help))?;
    match image.and_then(|image| Some((image, table.family(platform, image)?))) {
        Some((image, family)) => known(platform, image, family, insisted, needs),
        None => unknown(platform, image, insisted, needs),
    }
}

/// Why `reader` of this family cannot take `format`; nothing if it can.
pub fn hindrance(family: Option<&ImageFamily>, reader: Reader, format: Format) -> Option<String> {
    if !reader.formats().contains(&format) {
        return Some(match (reader, format) {
            (Reader::StartupScript, Format::Mime) => {
                "Google's script runner runs `startup-script` as it is, and the headers of MIME would be run as commands".to_owned()
            }
            (Reader::StartupScript, _) => {
                format!("Google's script runner runs `startup-script` as it is, and {} is no script", format.title())
            }
            _ => format!("{} does not read {}", reader.title(), format.title()),
        });
    }
    family.and_then(|family| family.cannot.get(&format)).cloned()
}

/// For an image that the table knows.
fn known(
    platform: &Platform,
    image: &str,
    family: &ImageFamily,
    insisted: Option<Format>,
    needs: Needs,
) -> Result<Choice, Refusal> {
    let title = &family.title;
    let pairs: Vec<(Reader, &Key)> =
        family.readers.iter().filter_map(|reader| Some((*reader, platform.key_of(*reader)?))).collect();
    if pairs.is_empty() {
        let message = format!("nothing in {title} reads boot data of {}", platform.title);
        return Err(Refusal::new(message, format!("{}; take another image", family.basis)));
    }
    let wanted = |reader: Reader| match insisted {
        Some(format) => vec![format],
        None => preferred(reader, needs),
    };
    let found = pairs.iter().find_map(|(reader, key)| {
        let format =
            wanted(*reader).into_iter().find(|format| hindrance(Some(family), *reader, *format).is_none())?;
        Some((*reader, *key, format))
    });
    let Some((reader, key, format)) = found else {
        let format = insisted.map_or("what is needed", Format::title);
        let reasons: Vec<String> = pairs
            .iter()
            .flat_map(|(reader, _)| wanted(*reader).into_iter().map(move |format| (*reader, format)))
            .filter_map(|(reader, format)| hindrance(Some(family), reader, format))
            .collect();
        let message = format!("{format} cannot work in {title}: {}", reasons.join("; "));
        let words: Vec<String> = pairs
            .iter()
            .flat_map(|(reader, _)| reader.formats().iter().map(move |format| (*reader, *format)))
            .filter(|(reader, format)| hindrance(Some(family), *reader, *format).is_none())
            .map(|(_, format)| format!("`{format}`"))
            .collect();
        return Err(Refusal::new(message, format!("it takes {}", words.join(" and "))));
    };
    let key = family.key(key);
    let is_guarded = format == Format::Script && reader == Reader::StartupScript;
    let mut why = vec![
        format!("`{image}` is {title}: {}", family.basis),
        format!("{} reads {} from `{}`", reader.title(), format.title(), key.name),
    ];
    if is_guarded {
        why.push(format!(
            "{} runs it {}: the script guards itself, and works once",
            reader.title(),
            reader.runs()
        ));
    }
    let doubts = match family.presumed {
        true => vec![format!("that {title} has {} is presumed: {}", reader.title(), family.basis)],
        false => Vec::new(),
    };
    let runs = if is_guarded { Runs::Guarded } else { family.runs.unwrap_or(reader.runs()) };
    Ok(Choice {
        family: Some(family.clone()),
        format,
        keys: vec![key],
        readers: vec![reader],
        is_guarded,
        runs,
        why,
        doubts,
    })
}

/// For an image that the table does not know, or that is not named.
fn unknown(
    platform: &Platform,
    image: Option<&str>,
    insisted: Option<Format>,
    needs: Needs,
) -> Result<Choice, Refusal> {
    let which = match image {
        Some(image) => format!("`{image}` is in no table"),
        None => "no image is named".to_owned(),
    };
    let has_runner = platform.key_of(Reader::StartupScript).is_some();
    let format =
        insisted.unwrap_or_else(|| match platform.keys.first().and_then(|key| key.readers.first()) {
            _ if has_runner => Format::Script,
            Some(Reader::Ignition) => Format::Ignition,
            _ => preferred(Reader::CloudInit, needs).first().copied().unwrap_or(Format::CloudConfig),
        });
    let reads = |reader: &Reader| reader.formats().contains(&format);
    // Flatcar's own reader takes less than it says, so it is written for only where it is known to be.
    let is_common = |reader: &Reader| *reader != Reader::CoreosCloudinit;
    let keys: Vec<Key> = platform
        .keys
        .iter()
        .filter(|key| key.readers.iter().filter(|r| is_common(r)).any(reads))
        .cloned()
        .collect();
    // What several keys of one reader would bring twice is brought once.
    let mut readers: Vec<Reader> = Vec::new();
    let mut chosen: Vec<Key> = Vec::new();
    for key in keys {
        let new: Vec<Reader> = key
            .readers
            .iter()
            .copied()
            .filter(|r| is_common(r) && reads(r) && !readers.contains(r))
            .collect();
        if !new.is_empty() {
            readers.extend(new);
            chosen.push(key);
        }
    }
    if chosen.is_empty() {
        let message = format!("{} has no key for {}", platform.title, format.title());
        return Err(Refusal::new(message, "leave `format` out, or name another platform"));
    }
    let is_guarded = readers.contains(&Reader::StartupScript);
    let names: Vec<String> = chosen.iter().map(|key| format!("`{}`", key.name)).collect();
    let titles: Vec<&str> = readers.iter().map(|reader| reader.title()).collect();
    let mut why = vec![which];
    let mut doubts = Vec::new();
    if is_guarded {
        why.push(format!(
            "so the same script is in {}: {} runs it, and it guards itself to work once",
            names.join(" and "),
            titles.join(" or ")
        ));
    } else {
        why.push(format!("{} reads {} from {}", titles.join(" or "), format.title(), names.join(" and ")));
        let other = match has_runner {
            true => "; an image with Google's script runner alone would run nothing",
            false => "",
        };
        doubts.push(format!("that the image has {} is presumed{other}", titles.join(" or ")));
    }
    let runs = match readers.first() {
        _ if is_guarded => Runs::Guarded,
        Some(reader) => reader.runs(),
        None => Runs::OncePerInstance,
    };
    Ok(Choice { family: None, format, keys: chosen, readers, is_guarded, runs, why, doubts })
}

/// Formats for a reader, the best first.
fn preferred(reader: Reader, needs: Needs) -> Vec<Format> {
    match reader {
        Reader::CloudInit | Reader::CoreosCloudinit if needs.has_parts => vec![Format::Mime, Format::Script],
        Reader::CloudInit | Reader::CoreosCloudinit => vec![Format::CloudConfig, Format::Script],
        Reader::StartupScript => vec![Format::Script],
        Reader::Ignition => vec![Format::Ignition],
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::Needs;
    use super::choose;
    use crate::cloud::Format;
    use crate::cloud::Table;

    const NOTHING: Needs = Needs { has_parts: false };

    #[test]
    fn the_image_decides() {
        let rocky = Some("rocky-linux-cloud/rocky-linux-9");
        for (platform, image, insisted, has_parts, expected) in [
            ("gce", rocky, None, false, "script startup-script guarded"),
            ("gce", rocky, None, true, "script startup-script guarded"),
            ("gce", Some("ubuntu-os-cloud/ubuntu-2404-lts-amd64"), None, false, "cloud-config user-data"),
            ("gce", Some("ubuntu-os-cloud/ubuntu-2404-lts-amd64"), None, true, "mime user-data"),
            ("gce", Some("fedora-coreos-cloud/fedora-coreos-stable"), None, false, "ignition user-data"),
            ("gce", Some("kinvolk-public/flatcar-stable"), None, true, "ignition user-data"),
            ("gce", Some("mine/golden"), None, false, "script user-data,startup-script guarded"),
            ("gce", None, None, true, "script user-data,startup-script guarded"),
            ("gce", None, Some(Format::Mime), true, "mime user-data"),
            ("aws", None, None, false, "cloud-config user-data"),
            ("aws", Some("ami-0123"), Some(Format::Ignition), false, "ignition user-data"),
            ("vsphere", None, Some(Format::Ignition), false, "ignition guestinfo.ignition.config.data"),
        ] {
            let choice = choose(Table::own(), platform, image, insisted, Needs { has_parts }).unwrap();
            let keys: Vec<&str> = choice.keys.iter().map(|key| key.name.as_str()).collect();
            let guarded = if choice.is_guarded { " guarded" } else { "" };
            assert_eq!(
                format!("{} {}{guarded}", choice.format, keys.join(",")),
                expected,
                "{platform} {image:?}"
            );
        }
    }

    #[test]
    fn what_cannot_work_is_refused_with_the_reason() {
        for (platform, image, format, words) in [
            (
                "gce",
                "rocky-linux-cloud/rocky-linux-9",
                Format::Mime,
                "headers of MIME would be run as commands",
            ),
            ("gce", "debian-cloud/debian-12", Format::CloudConfig, "cloud-config is no script"),
            ("gce", "rhel-cloud/rhel-9", Format::Ignition, "Ignition is no script"),
            (
                "gce",
                "fedora-coreos-cloud/fedora-coreos-stable",
                Format::Script,
                "Ignition does not read a script",
            ),
            ("aws", "Flatcar-stable-4081.2.0-hvm", Format::Mime, "MIME"),
            ("hetzner", "ubuntu-24.04", Format::Ignition, "cloud-init does not read Ignition"),
            ("gce", "windows-cloud/windows-2022", Format::Script, "nothing in"),
            ("gcee", "x", Format::Script, "no platform"),
        ] {
            let refusal = choose(Table::own(), platform, Some(image), Some(format), NOTHING).unwrap_err();
            assert!(refusal.message.contains(words), "{}", refusal.message);
            assert!(!refusal.help.is_empty());
        }
    }
}
