//! The images of an upgrade beside a set that was carried to where no registry is.

use std::collections::BTreeMap;

use super::node::Cached;
use super::node::CachedImages;
use crate::document::Origin;
use crate::images::Have;
use crate::images::Reference;
use crate::verify::Expectation;
use crate::verify::ImageProperty;
use crate::verify::Look;
use crate::verify::Subject;

const THERE: &str = "there";

/// That every image is in the set, or on the node: for where nothing can be pulled.
pub fn look(images: &BTreeMap<Reference, Vec<Origin>>, set: &Have, cached: Option<&CachedImages>) -> Look {
    let mut look = Look::new("set");
    for (image, origins) in images {
        let subject = Subject::Image(image.to_string(), ImageProperty::InSet);
        let origin = origins.first().cloned().unwrap_or_else(|| Origin::of_file(""));
        look.expect(Expectation::has(&subject, THERE, image.to_string(), &origin));
        let is_cached = match cached.map_or(Cached::Nothing, |cached| cached.find(image)) {
            Cached::Nothing => false,
            Cached::Under(digests) => image.digest.as_ref().is_none_or(|digest| digests.contains(digest)),
        };
        if set.has(image) || is_cached {
            look.found(&subject, [THERE]);
            continue;
        }
        // The same name with another tag or digest is what somebody will look for first.
        let others: Vec<String> = set.named(image).iter().map(ToString::to_string).collect();
        look.found(&subject, others);
        look.explain(&subject, "add it to the set before it is carried there: `cotter images mirror`");
    }
    look
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use crate::preflight::CachedImages;
    use crate::verify::Outcome;

    #[test]
    fn what_is_in_neither_is_named_with_what_is_there_instead() {
        let images =
            ["r.lab/a:1", "r.lab/b:1", "r.lab/c:1"].map(|name| (name.parse().unwrap(), Vec::new())).into();
        let set = crate::images::read_have("set.txt", "r.lab/a:1\nr.lab/c:2\n").0;
        let cached =
            CachedImages::read(r#"{"images": [{"repoTags": ["r.lab/b:1"], "repoDigests": []}]}"#).unwrap();
        let report = super::look(&images, &set, Some(&cached)).judge("m");
        let found: Vec<&Outcome> = report.verdicts.iter().map(|verdict| &verdict.outcome).collect();
        assert!(matches!(found[..2], [Outcome::Met, Outcome::Met]), "{found:?}");
        assert!(matches!(found[2], Outcome::Differs { found, .. } if found == &["r.lab/c:2"]), "{found:?}");
    }
}
