//! OpenShift's mirror sets, as its operator writes them into `registries.conf`.

use super::registries_conf::Mirror;
use super::registries_conf::PullFrom;
use super::registries_conf::RegistriesConf;
use super::registries_conf::Registry;
use crate::document;
use crate::document::Diagnostics;
use crate::document::Origin;
use crate::document::View;
use crate::document::nearest;

const RULE: &str = "mirror-set";

/// Kind, the key of its list, for which references it is, the word of its API group.
const KINDS: [(&str, &str, PullFrom, &str); 3] = [
    ("ImageDigestMirrorSet", "imageDigestMirrors", PullFrom::Digests, "config.openshift.io/v1"),
    ("ImageTagMirrorSet", "imageTagMirrors", PullFrom::Tags, "config.openshift.io/v1"),
    (
        "ImageContentSourcePolicy",
        "repositoryDigestMirrors",
        PullFrom::Digests,
        "operator.openshift.io/v1alpha1",
    ),
];

impl RegistriesConf {
    /// Adds the mirror sets in `text`: objects of any of the kinds, and lists of them. `file` names it in findings.
    pub fn add_mirror_sets(&mut self, file: &str, text: &str) -> Diagnostics {
        let (documents, mut findings) = document::parse_all(file, text);
        let mut count = 0;
        for tree in &documents {
            let root = View::root(file, tree);
            let is_list = root.text_at("kind").is_some_and(|kind| kind.value.ends_with("List"));
            let objects = if is_list { root.list("items") } else { vec![root] };
            for object in objects.iter().filter(|object| !object.is_null()) {
                count += 1;
                self.add_object(object, &mut findings);
            }
        }
        if count == 0 && !findings.has_errors() {
            let help =
                "name a file with an ImageDigestMirrorSet, ImageTagMirrorSet or ImageContentSourcePolicy";
            findings.error(RULE, &Origin::of_file(file), "there is no mirror set in the file", help);
        }
        findings
    }

    fn add_object(&mut self, object: &View<'_>, findings: &mut Diagnostics) {
        let kind = object.text_at("kind");
        let word = kind.as_ref().map(|kind| kind.value.as_str()).unwrap_or_default();
        let Some((_, list, pull, version)) = KINDS.iter().find(|(name, ..)| *name == word) else {
            let names = KINDS.map(|(name, ..)| name);
            let help = match nearest(word, names) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("known here: {}", names.join(", ")),
            };
            let origin = kind.as_ref().map_or(object.origin(), |kind| &kind.origin);
            findings.error(RULE, origin, format!("`{word}` is no mirror set"), help);
            return;
        };
        if let Some(given) = object.text_at("apiVersion").filter(|given| given.value != *version) {
            let message = format!("`{}` has no {word}", given.value);
            findings.error(RULE, &given.origin, message, format!("write `{version}`"));
        }
        let spec = object.get("spec");
        for (key, place, _) in spec.iter().flat_map(View::entries) {
            if key != *list {
                let help = format!("an {word} has `{list}`");
                findings.error("unknown-key", &place, format!("`{key}` is not a key here"), help);
            }
        }
        for entry in spec.map(|spec| spec.list(list)).unwrap_or_default() {
            self.add_entry(&entry, *pull, findings);
        }
    }

    fn add_entry(&mut self, entry: &View<'_>, pull: PullFrom, findings: &mut Diagnostics) {
        let known = ["source", "mirrors", "mirrorSourcePolicy"];
        for (key, place, _) in entry.entries().filter(|(key, ..)| !known.contains(key)) {
            let help = match nearest(key, known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("known here: {}", known.join(", ")),
            };
            findings.error("unknown-key", &place, format!("`{key}` is not a key here"), help);
        }
        let Some(source) = entry.text_at("source") else {
            let help = "write which repository or registry the mirrors stand for";
            findings.error("missing-key", entry.origin(), "`source` is missing", help);
            return;
        };
        let words = [("NeverContactSource", true), ("AllowContactingSource", false)];
        let policy = entry.text_at("mirrorSourcePolicy");
        let never = entry.word_at("mirrorSourcePolicy", &words);
        if let Some(policy) = policy.filter(|_| never.is_none()) {
            let near = nearest(&policy.value, words.map(|(word, _)| word)).unwrap_or("AllowContactingSource");
            let message = format!("`{}` is not one of the words known here", policy.value);
            findings.error("known-word", &policy.origin, message, format!("did you mean `{near}`?"));
        }
        let at = match self.registries.iter().position(|registry| registry.prefix == source.value) {
            Some(at) => at,
            None => {
                let is_wild = source.value.starts_with("*.");
                self.registries.push(Registry {
                    prefix: source.value.clone(),
                    location: if is_wild { String::new() } else { source.value.clone() },
                    ..Registry::default()
                });
                self.registries.len() - 1
            }
        };
        let Some(registry) = self.registries.get_mut(at) else { return };
        registry.blocked |= never.is_some_and(|never| never.value);
        for mirror in entry.list("mirrors").iter().filter_map(View::text) {
            let is_there =
                registry.mirrors.iter().any(|other| other.location == mirror.value && other.pull == pull);
            // The operator leaves out a mirror that is the source itself.
            if !is_there && mirror.value != source.value {
                registry.mirrors.push(Mirror { location: mirror.value, insecure: false, pull });
            }
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use crate::images::RegistriesConf;
    use crate::images::route::shown;

    const SETS: &str = "
apiVersion: config.openshift.io/v1
kind: ImageDigestMirrorSet
spec:
  imageDigestMirrors:
    - {source: reg.lab/release, mirrors: [mirror.lab:5000/release], mirrorSourcePolicy: NeverContactSource}
    - {source: reg.lab, mirrors: [mirror.lab:5000/all]}
---
apiVersion: config.openshift.io/v1
kind: ImageTagMirrorSet
spec:
  imageTagMirrors: [{source: reg.lab, mirrors: [tags.lab]}]
---
apiVersion: operator.openshift.io/v1alpha1
kind: ImageContentSourcePolicy
spec:
  repositoryDigestMirrors: [{source: old.lab/a, mirrors: [new.lab/a]}]
";

    #[test]
    fn the_most_specific_source_wins() {
        let mut conf = RegistriesConf::default();
        assert!(conf.add_mirror_sets("sets.yaml", SETS).is_empty());
        let digest = format!("@sha256:{}", "d".repeat(64));
        for (image, places) in [
            (format!("reg.lab/release{digest}"), "mirror.lab:5000/release !reg.lab/release"),
            ("reg.lab/release:1".to_owned(), "!reg.lab/release"),
            (format!("reg.lab/x{digest}"), "mirror.lab:5000/all/x reg.lab/x"),
            ("reg.lab/x:1".to_owned(), "tags.lab/x reg.lab/x"),
            (format!("old.lab/a{digest}"), "new.lab/a old.lab/a"),
            ("old.lab/a:1".to_owned(), "old.lab/a"),
        ] {
            let route = conf.route(&image.parse().unwrap());
            assert_eq!(shown(&route), places, "{image}");
        }
    }

    #[test]
    fn names_what_it_does_not_know() {
        for (text, help) in [
            ("kind: ImageDigestMirrorSets", "did you mean `ImageDigestMirrorSet`?"),
            (
                "kind: ImageTagMirrorSet\nspec: {imageTagMirrors: [{source: a, miror: []}]}",
                "did you mean `mirrors`?",
            ),
            (
                "kind: ImageTagMirrorSet\nspec: {imageDigestMirrors: []}",
                "an ImageTagMirrorSet has `imageTagMirrors`",
            ),
        ] {
            let findings = RegistriesConf::default().add_mirror_sets("s", text).sorted();
            assert_eq!(findings.first().map(|finding| finding.help.as_str()), Some(help), "{text}");
        }
    }
}
