//! What was found of a list of images: which can be pulled, from where, and which cannot, and why.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Reference;
use super::Trouble;
use super::TroubleKind;
use crate::document::Origin;

/// The schema of the report.
pub const IMAGES_REPORT_SCHEMA: &str = "cotter.dev/preflight-images/1";

/// Whether an image can be pulled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ImageVerdict {
    /// It can.
    Met,
    /// It cannot.
    Differs,
    /// Nobody could see.
    Unknown,
}

/// Where an image was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Source {
    /// Host and repository.
    pub place: String,
    /// The digest of what the reference stands for.
    pub digest: String,
    /// The hosts that the registry sent on to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub redirected_to: Vec<String>,
}

/// A place where an image was not found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tried {
    /// Host and repository.
    pub place: String,
    /// The host.
    pub registry: String,
    /// What kind of trouble it is.
    pub trouble: TroubleKind,
    /// What is wrong, in words.
    pub why: String,
    /// The next step.
    pub help: &'static str,
}

impl Tried {
    /// Puts place and trouble together.
    pub fn new(place: String, registry: &str, trouble: Trouble) -> Self {
        let Trouble { kind, words } = trouble;
        Self { place, registry: registry.to_owned(), trouble: kind, why: words, help: kind.help() }
    }

    /// The same, where it was to be written.
    pub fn to_push(place: String, registry: &str, trouble: Trouble) -> Self {
        let help = trouble.kind.help_to_push();
        Self { help, ..Self::new(place, registry, trouble) }
    }
}

/// What was found of one image.
#[derive(Clone, Debug, Serialize)]
pub struct ImageReport {
    /// What it is about.
    pub subject: String,
    /// The whole reference.
    pub image: String,
    /// Whether it can be pulled.
    pub verdict: ImageVerdict,
    /// From where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// Where it is not, in the order in which it was looked for.
    pub tried: Vec<Tried>,
    /// The lines that ask for it.
    pub origins: Vec<Origin>,
}

impl ImageReport {
    /// Judges one image: met by the first place that has it; unknown if a place could not be seen.
    pub fn judge(image: &Reference, origins: Vec<Origin>, source: Option<Source>, tried: Vec<Tried>) -> Self {
        let verdict = match &source {
            Some(_) => ImageVerdict::Met,
            None if tried.iter().any(|tried| tried.trouble.is_unclear()) => ImageVerdict::Unknown,
            None => ImageVerdict::Differs,
        };
        let subject = format!("image/{image}/pull");
        Self { subject, image: image.to_string(), verdict, source, tried, origins }
    }
}

/// What was found of one registry or mirror.
#[derive(Clone, Debug, Default, Serialize)]
pub struct RegistryReport {
    /// Its host.
    pub registry: String,
    /// How many images it gives.
    pub met: usize,
    /// How often each kind of trouble came.
    pub troubles: BTreeMap<&'static str, usize>,
    /// The questions it still allows, if it says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit_remaining: Option<u64>,
}

impl RegistryReport {
    /// True if it says that it will not give all that is pulled from it.
    pub fn is_short(&self) -> bool {
        self.limit_remaining.is_some_and(|left| left < self.met as u64)
    }
}

/// How many images came out how.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct ImageCounts {
    /// All.
    pub images: usize,
    /// Those that can be pulled.
    pub met: usize,
    /// Those that cannot.
    pub differs: usize,
    /// Those that nobody could see.
    pub unknown: usize,
}

/// What was found of all.
#[derive(Clone, Debug, Serialize)]
pub struct ImagesReport {
    /// `cotter.dev/preflight-images/1`.
    pub schema: &'static str,
    /// For which platform.
    pub platform: String,
    /// How many came out how.
    pub counts: ImageCounts,
    /// The registries and mirrors that were asked.
    pub registries: Vec<RegistryReport>,
    /// The images.
    pub images: Vec<ImageReport>,
}

impl ImagesReport {
    /// Sums up; `limits` has the questions that registries still allow.
    pub fn of(platform: String, images: Vec<ImageReport>, limits: &BTreeMap<String, u64>) -> Self {
        let count = |verdict| images.iter().filter(|image| image.verdict == verdict).count();
        let counts = ImageCounts {
            images: images.len(),
            met: count(ImageVerdict::Met),
            differs: count(ImageVerdict::Differs),
            unknown: count(ImageVerdict::Unknown),
        };
        let mut registries: BTreeMap<String, RegistryReport> = BTreeMap::new();
        let mut of = |name: &str, tell: &dyn Fn(&mut RegistryReport)| {
            let report = registries.entry(name.to_owned()).or_insert_with(|| RegistryReport {
                registry: name.to_owned(),
                limit_remaining: limits.get(name).copied(),
                ..RegistryReport::default()
            });
            tell(report);
        };
        for image in &images {
            for tried in &image.tried {
                let word = tried.trouble.word();
                of(&tried.registry, &|report| *report.troubles.entry(word).or_default() += 1);
            }
            if let Some(source) = &image.source {
                let host = source.place.split('/').next().unwrap_or_default();
                of(host, &|report| report.met += 1);
            }
        }
        let registries = registries.into_values().collect();
        Self { schema: IMAGES_REPORT_SCHEMA, platform, counts, registries, images }
    }

    /// True if every image can be pulled.
    pub fn is_met(&self) -> bool {
        self.counts.met == self.counts.images
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::ImageReport;
    use super::ImageVerdict;
    use super::Source;
    use super::Tried;
    use crate::images::Trouble;
    use crate::images::TroubleKind;

    #[test]
    fn what_nobody_could_see_is_unknown() {
        let judge = |source: bool, kinds: &[TroubleKind]| {
            let tried = kinds
                .iter()
                .map(|kind| Tried::new("m.lab/a".into(), "m.lab", Trouble::new(*kind, "x")))
                .collect();
            let source = source.then(|| Source {
                place: "r.lab/a".into(),
                digest: String::new(),
                redirected_to: vec![],
            });
            ImageReport::judge(&"r.lab/a:1".parse().unwrap(), vec![], source, tried).verdict
        };
        for (source, kinds, verdict) in [
            (true, &[TroubleKind::Connect][..], ImageVerdict::Met),
            (false, &[TroubleKind::NoTag], ImageVerdict::Differs),
            (false, &[TroubleKind::Timeout, TroubleKind::NoTag], ImageVerdict::Unknown),
            (false, &[TroubleKind::RateLimited], ImageVerdict::Unknown),
            (false, &[TroubleKind::Name, TroubleKind::Blocked], ImageVerdict::Differs),
        ] {
            assert_eq!(judge(source, kinds), verdict, "{kinds:?}");
        }
    }
}
