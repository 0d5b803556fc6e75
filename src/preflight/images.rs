//! Whether images can be pulled, as registries and mirrors answer.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::images::Platform;
use crate::images::SeenImage;
use crate::images::SeenImages;
use crate::images::Tried;
use crate::verify::Expectation;
use crate::verify::ImageProperty;
use crate::verify::Look;
use crate::verify::Subject;

/// What is found of an image that nothing is in the way of.
const PULLABLE: &str = "can be pulled";

/// What was found of one registry or mirror.
#[derive(Default)]
struct Registry<'a> {
    met: usize,
    troubles: BTreeMap<&'static str, usize>,
    sent_on: BTreeSet<&'a str>,
}

/// That every image can be pulled for `platform`, and what each registry gave.
pub fn look(seen: &SeenImages, platform: &Platform) -> Look {
    let mut look = Look::new("images");
    for image in &seen.images {
        tell(image, &mut look);
    }
    for (name, registry) in registries(&seen.images) {
        look.note(&told(name, &registry, seen.limits.get(name).copied(), platform));
    }
    look
}

/// Met by the first place that has it; unknown if none has it and one could not be seen.
fn tell(image: &SeenImage, look: &mut Look) {
    let subject = Subject::Image(image.image.to_string(), ImageProperty::Pull);
    look.expect(Expectation::has(&subject, PULLABLE, image.image.to_string(), &image.origin()));
    if image.source.is_some() {
        return look.found(&subject, [PULLABLE]);
    }
    if let Some(unclear) = image.tried.iter().find(|tried| tried.trouble.kind.is_unclear()) {
        return look.cannot(&subject, format!("{}: {}", unclear.short(), unclear.said()));
    }
    look.found(&subject, image.tried.iter().map(Tried::short));
    for tried in &image.tried {
        look.explain(&subject, tried.said());
    }
}

fn registries(images: &[SeenImage]) -> BTreeMap<&str, Registry<'_>> {
    let mut registries: BTreeMap<&str, Registry<'_>> = BTreeMap::new();
    for image in images {
        for tried in &image.tried {
            let registry = registries.entry(&tried.registry).or_default();
            *registry.troubles.entry(tried.trouble.kind.word()).or_default() += 1;
        }
        if let Some(source) = &image.source {
            let host = source.place.split('/').next().unwrap_or_default();
            let registry = registries.entry(host).or_default();
            registry.met += 1;
            registry.sent_on.extend(source.redirected_to.iter().map(String::as_str));
        }
    }
    registries
}

fn told(name: &str, registry: &Registry<'_>, left: Option<u64>, platform: &Platform) -> String {
    let images = if registry.met == 1 { "image" } else { "images" };
    let mut told = format!("{name} gives {} {images} for {platform}", registry.met);
    // Writing to a text does not fail.
    for (word, count) in &registry.troubles {
        let _ = write!(told, ", {count} {word}");
    }
    if !registry.sent_on.is_empty() {
        let hosts: Vec<&str> = registry.sent_on.iter().copied().collect();
        let _ = write!(told, "; it sends on to {}", hosts.join(", "));
    }
    if let Some(left) = left {
        let _ = write!(told, "; {left} pulls left");
        if left < registry.met as u64 {
            told.push_str(", which is too few: log in with `--auth`, on the machine too, or use a mirror");
        }
    }
    told
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use crate::images::SeenImage;
    use crate::images::SeenImages;
    use crate::images::Source;
    use crate::images::Tried;
    use crate::images::Trouble;
    use crate::images::TroubleKind;
    use crate::verify::Outcome;

    fn source(place: &str) -> Source {
        Source {
            place: place.into(),
            digests: vec![],
            redirected_to: vec!["cdn.lab".into()],
            layers: [].into(),
        }
    }

    fn image(name: &str, source: Option<Source>, kinds: &[TroubleKind]) -> SeenImage {
        let tried = |kind: &TroubleKind| Tried {
            place: "m.lab/a".into(),
            registry: "m.lab".into(),
            trouble: Trouble::new(*kind, "x"),
        };
        let tried = kinds.iter().map(tried).collect();
        SeenImage { image: name.parse().unwrap(), origins: vec![], source, tried }
    }

    fn outcome(source: Option<Source>, kinds: &[TroubleKind]) -> Outcome {
        let images = vec![image("r.lab/a:1", source, kinds)];
        let seen = SeenImages { images, limits: [].into() };
        let platform = "linux/amd64".parse().unwrap();
        super::look(&seen, &platform).judge("m").verdicts.remove(0).outcome
    }

    #[test]
    fn what_nobody_could_see_is_unknown() {
        let is_unknown = |kinds| matches!(outcome(None, kinds), Outcome::Unknown { .. });
        assert_eq!(outcome(Some(source("r.lab/a")), &[TroubleKind::Connect]), Outcome::Met);
        assert!(is_unknown(&[TroubleKind::Timeout, TroubleKind::NoTag]));
        assert!(is_unknown(&[TroubleKind::RateLimited]));
        let differs = outcome(None, &[TroubleKind::Name, TroubleKind::NoTag]);
        let found = ["name at m.lab", "no-tag at m.lab/a"];
        assert!(matches!(&differs, Outcome::Differs { found: seen, .. } if *seen == found), "{differs:?}");
    }

    #[test]
    fn registries_are_summed_up() {
        let images = vec![
            image("r.lab/a:1", Some(source("r.lab/a")), &[TroubleKind::NoTag]),
            image("r.lab/b:1", Some(source("r.lab/b")), &[]),
        ];
        let seen = SeenImages { images, limits: [("r.lab".to_owned(), 1)].into() };
        let report = super::look(&seen, &"linux/amd64".parse().unwrap()).judge("m");
        assert_eq!(
            report.notes,
            [
                "m.lab gives 0 images for linux/amd64, 1 no-tag",
                "r.lab gives 2 images for linux/amd64; it sends on to cdn.lab; 1 pulls left, which is too few: log in with `--auth`, on the machine too, or use a mirror"
            ]
        );
    }
}
