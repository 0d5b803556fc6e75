//! The images of an upgrade beside those that a node has: what is stale there, what is missing, and the room for it.

use std::collections::BTreeMap;

use super::images::look as look_at_registries;
use super::node::Cached;
use super::node::CachedImages;
use super::node::Node;
use super::node::Room;
use crate::document::Origin;
use crate::images::Platform;
use crate::images::SeenImage;
use crate::images::SeenImages;
use crate::verify::Expectation;
use crate::verify::ImageProperty;
use crate::verify::Look;
use crate::verify::NodeProperty;
use crate::verify::Subject;

/// What is found of an image that the node has under another digest.
const STALE: &str = "stale";
/// What is found of room that suffices.
const ENOUGH: &str = "enough";
/// Layers are sent packed. Unpacked they take about twice their size, and containerd keeps the packed ones too.
const UNPACKED: u64 = 3;
/// How much of its file system a kubelet keeps free: from there on it throws images away
/// (`imageGCHighThresholdPercent`, 85 by default).
const KEPT_FREE_PERCENT: u64 = 15;

/// That what registries do not give is on the node, that nothing there is stale, and that there is room for the rest.
///
/// `seen` loses the images that need no pull: those that the node has by their digest, or that nobody gives and the
/// node has by name.
pub fn look(seen: &mut SeenImages, platform: &Platform, node: &Node) -> [Look; 2] {
    let mut of_node = Look::new("node");
    let mut notes = Vec::new();
    let subject = Subject::Node(NodeProperty::Images);
    match &node.cached {
        Some(Ok(cached)) => {
            notes.push(format!("images that the node has by name: {}", cached.count()));
            let all = std::mem::take(&mut seen.images);
            let (there, rest): (Vec<SeenImage>, Vec<SeenImage>) =
                all.into_iter().partition(|image| tell(image, cached, &mut of_node));
            seen.images = rest;
            if !there.is_empty() {
                notes.push(format!(
                    "of the images that are asked for it has {}, which need no pull",
                    there.len()
                ));
            }
        }
        other => {
            let origin = seen.images.first().map_or_else(|| Origin::of_file(""), SeenImage::origin);
            of_node.expect(Expectation::has(&subject, "seen", "the images that the node has", &origin));
            let why = match other {
                Some(Err(why)) => why.clone(),
                _ => "it does not say which".to_owned(),
            };
            of_node.cannot(&subject, why);
        }
    }
    if let Some(room) = &node.room {
        tell_room(seen, room, &mut of_node);
    }
    let mut pulls = look_at_registries(seen, platform);
    notes.iter().for_each(|note| pulls.note(note));
    [pulls, of_node]
}

/// Says whether what the node has of an image is stale; true if nothing is to be pulled.
fn tell(image: &SeenImage, cached: &CachedImages, look: &mut Look) -> bool {
    let Cached::Under(here) = cached.find(&image.image) else {
        return false;
    };
    let wanted: Vec<&String> = match (&image.image.digest, &image.source) {
        (Some(digest), None) => vec![digest],
        (_, Some(source)) => source.digests.iter().chain(&image.image.digest).collect(),
        (None, None) => Vec::new(),
    };
    let subject = Subject::Image(image.image.to_string(), ImageProperty::Cached);
    let says = format!("{} on the node", image.image);
    look.expect(Expectation::lacks(&subject, STALE, says, &image.origin()));
    if wanted.is_empty() {
        // Nobody gives it, and nobody can say whether it is the right one: it is there.
        look.found(&subject, ["by its name"]);
        return true;
    }
    if wanted.iter().any(|digest| here.contains(*digest)) {
        look.found(&subject, ["same"]);
        return true;
    }
    let digests: Vec<String> = here.into_iter().collect();
    look.found(&subject, [STALE.to_owned()].into_iter().chain(digests));
    let right = wanted.first().map(|digest| digest.as_str()).unwrap_or_default();
    look.explain(
        &subject,
        format!(
            "it is to be {right}; a node that has the name does not pull it again: take it away with `crictl rmi {}` while nothing runs from it, or load the right one",
            image.image
        ),
    );
    false
}

fn tell_room(seen: &SeenImages, room: &Room, look: &mut Look) {
    let sources = seen.images.iter().filter_map(|image| image.source.as_ref());
    let layers: BTreeMap<&String, u64> =
        sources.flat_map(|source| &source.layers).map(|(d, s)| (d, *s)).collect();
    let sent = layers.values().fold(0_u64, |sum, size| sum.saturating_add(*size));
    if sent == 0 {
        return;
    }
    let needed = sent.saturating_mul(UNPACKED);
    let usable = room.free_bytes.saturating_sub(room.size_bytes / 100 * KEPT_FREE_PERCENT);
    let subject = Subject::Node(NodeProperty::Room);
    let origin = seen.images.first().map_or_else(|| Origin::of_file(""), SeenImage::origin);
    look.expect(Expectation::has(
        &subject,
        ENOUGH,
        format!("room for the images in {}", room.place),
        &origin,
    ));
    let mib = |bytes: u64| format!("{} MiB", bytes >> 20);
    if usable >= needed {
        look.found(&subject, [ENOUGH]);
    } else {
        look.found(&subject, [format!("{} that may be used", mib(usable))]);
        look.explain(
            &subject,
            format!(
                "what must be pulled is {} as it is sent, and takes up to {} unpacked; of the {} free there the kubelet keeps {KEPT_FREE_PERCENT} % of the file system, and throws images away beyond: make room, for example with `crictl rmi --prune`",
                mib(sent),
                mib(needed),
                mib(room.free_bytes)
            ),
        );
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use crate::images::SeenImage;
    use crate::images::SeenImages;
    use crate::images::Source;
    use crate::preflight::Node;
    use crate::verify::BootReport;
    use crate::verify::Outcome;

    fn digest(letter: &str) -> String {
        format!("sha256:{}", letter.repeat(64))
    }

    fn image(name: &str, given: Option<&str>, bytes: u64) -> SeenImage {
        let source = given.map(|letter| Source {
            place: "r.lab/x".into(),
            digests: vec![digest("0"), digest(letter)],
            redirected_to: vec![],
            layers: [(digest("f"), bytes)].into(),
        });
        SeenImage { image: name.parse().unwrap(), origins: vec![], source, tried: vec![] }
    }

    fn judged(images: Vec<SeenImage>, lines: &[(&str, &str)]) -> [BootReport; 2] {
        let mut seen = SeenImages { images, limits: [].into() };
        let node = Node::read(lines.iter().copied());
        super::look(&mut seen, &"linux/amd64".parse().unwrap(), &node).map(|look| look.judge("m"))
    }

    fn wrong(report: &BootReport) -> Vec<&str> {
        let verdicts = report.verdicts.iter().filter(|verdict| verdict.outcome != Outcome::Met);
        verdicts.map(|verdict| verdict.says.as_str()).collect()
    }

    #[test]
    fn what_is_stale_is_named_and_what_is_there_need_not_be_pulled() {
        let cached = format!(
            r#"{{"images": [{{"repoTags": ["r.lab/stale:1", "r.lab/only-here:1"], "repoDigests": ["r.lab/stale@{0}"]}},
                {{"repoTags": ["r.lab/same:1"], "repoDigests": ["r.lab/same@{1}"]}}]}}"#,
            digest("a"),
            digest("b"),
        );
        let images = vec![
            image("r.lab/stale:1", Some("b"), 1),
            image("r.lab/same:1", Some("b"), 1),
            image("r.lab/only-here:1", None, 1),
            image("r.lab/missing:1", None, 1),
            image("r.lab/new:1", Some("c"), 1),
            image(&format!("r.lab/same@{}", digest("b")), None, 1),
        ];
        let [pulls, node] = judged(images, &[("crictl", &cached)]);
        assert_eq!(wrong(&pulls), ["r.lab/missing:1"]);
        assert_eq!(wrong(&node), ["r.lab/stale:1 on the node"]);
        assert_eq!(pulls.verdicts.len(), 3);
        let stale = |outcome: &Outcome| matches!(outcome, Outcome::Differs { found, hint } if found == &["stale".to_owned(), digest("a")] && hint.contains(&digest("0")));
        assert!(node.verdicts.iter().any(|verdict| stale(&verdict.outcome)), "{node:?}");
    }

    #[test]
    fn room_is_counted_by_layers_and_what_the_kubelet_keeps() {
        const GIB: u64 = 1 << 30;
        for (free, is_enough) in [(30 * GIB, true), (17 * GIB, false), (GIB, false)] {
            let images = vec![image("r.lab/a:1", Some("a"), GIB), image("r.lab/b:1", Some("b"), GIB)];
            let room = format!("{} {free} /var/lib/containers", 100 * GIB);
            let [_, node] = judged(images, &[("crictl", r#"{"images": []}"#), ("room", &room)]);
            assert_eq!(wrong(&node).is_empty(), is_enough, "{free}");
        }
        let [_, node] = judged(vec![image("r.lab/a:1", Some("a"), 1)], &[("no-images", "no crictl")]);
        assert_eq!(node.verdicts[0].outcome, Outcome::Unknown { why: "no crictl".into() });
    }
}
