//! Lists of images: lines of text, and objects that name images.

use super::Have;
use super::Reference;
use super::objects;
use crate::document::Diagnostics;
use crate::document::Origin;
use crate::document::Sourced;

const RULE: &str = "image-reference";

/// Reads a list; what is wrong in it is a finding at its line. `file` names it.
///
/// A text has an image a line, `#` begins a comment. JSON and YAML are objects: an ImageStream, a PinnedImageSet, or any
/// with containers, as Helm renders them.
pub fn read_list(file: &str, text: &str) -> (Vec<Sourced<Reference>>, Diagnostics) {
    let text = text.trim_start_matches('\u{feff}');
    let (list, mut findings) =
        if is_of_objects(text) { objects::images(file, text) } else { lines(file, text) };
    if list.is_empty() && !findings.has_errors() {
        let help = "name a file with an image a line, objects with containers, or `release-manifests/image-references` of a release";
        findings.error("image-list", &Origin::of_file(file), "there is no image in the list", help);
    }
    (list, findings)
}

/// Reads what is there already: a list, what `crictl images -o json` says, or Node objects. None is no error.
pub fn read_have(file: &str, text: &str) -> (Have, Diagnostics) {
    let text = text.trim_start_matches('\u{feff}');
    if is_of_objects(text)
        && let Some(found) = objects::kept(file, text)
    {
        return found;
    }
    let (list, findings) = read_list(file, text);
    (Have(list.into_iter().map(|image| image.value).collect()), findings)
}

fn is_of_objects(text: &str) -> bool {
    let has_key = |line: &str| ["apiVersion:", "kind:"].iter().any(|key| line.starts_with(key));
    text.trim_start().starts_with('{') || text.lines().any(has_key)
}

fn lines(file: &str, text: &str) -> (Vec<Sourced<Reference>>, Diagnostics) {
    let mut list = Vec::new();
    let mut findings = Diagnostics::new();
    let mut begin = 0;
    for (index, line) in text.split('\n').enumerate() {
        let words = line.split('#').next().unwrap_or_default();
        let word = words.trim();
        let column = words.chars().take_while(|c| c.is_whitespace()).count();
        let from = begin + words.len() - words.trim_start().len();
        begin += line.len() + 1;
        if word.is_empty() {
            continue;
        }
        let origin = Origin {
            file: file.to_owned(),
            line: index + 1,
            column: column + 1,
            key: String::new(),
            length: word.chars().count(),
            bytes: (from, from + word.len()),
        };
        if word.contains(char::is_whitespace) {
            let message = format!("`{word}` is more than one word");
            findings.error(RULE, &origin, message, "write one image a line, and comments after `#`");
            continue;
        }
        take(word, origin, &mut list, &mut findings);
    }
    (list, findings)
}

pub(super) fn take(
    word: &str,
    origin: Origin,
    list: &mut Vec<Sourced<Reference>>,
    findings: &mut Diagnostics,
) {
    match word.parse() {
        Ok(value) => list.push(Sourced { value, origin }),
        Err(error) => findings.wrong_value(RULE, &origin, error),
    }
}

#[cfg(test)]
mod tests {
    use super::read_have;
    use super::read_list;

    #[test]
    fn reads_what_helm_renders() {
        let text = "---\n# Source: a\napiVersion: v1\nkind: Service\n---\nkind: CronJob\nspec: {jobTemplate: {spec: {template: {spec: {\n  initContainers: [{image: r.lab/i:1}],\n  containers: [{name: a, image: \"r.lab/a:1\"}, {image: r.lab/A}],\n  volumes: [{image: {reference: r.lab/v:1}}]}}}}}\n---\nkind: PinnedImageSet\nspec: {pinnedImages: [{name: r.lab/p:1}]}\n";
        let (list, findings) = read_list("l.yaml", text);
        let seen: Vec<String> =
            list.iter().map(|image| format!("{} {}", image.origin.line, image.value)).collect();
        assert_eq!(seen, ["8 r.lab/i:1", "9 r.lab/a:1", "10 r.lab/v:1", "13 r.lab/p:1"]);
        assert_eq!(findings.count(), 1);
    }

    #[test]
    fn reads_what_is_there() {
        let digest = format!("sha256:{}", "b".repeat(64));
        let crictl = format!(
            r#"{{"images": [{{"id": "sha256:1", "repoTags": ["r.lab/a:1", "<none>:<none>"], "repoDigests": ["r.lab/a@{digest}"]}}]}}"#
        );
        let node = format!(
            "apiVersion: v1\nkind: Node\nstatus: {{images: [{{names: [r.lab/a:1, 'r.lab/a@{digest}', r.lab/a@<none>]}}]}}\n"
        );
        for text in [&crictl, &node] {
            let (have, findings) = read_have("h", text);
            assert_eq!((have.0.len(), findings.count()), (2, 0), "{text}");
        }
        assert_eq!(read_have("h", r#"{"images": []}"#).0.0.len(), 0);
        assert!(read_have("h", "{}").1.has_errors());
    }

    #[test]
    fn reads_lines_and_all_that_is_wrong() {
        let text = "# of v1\r\nreg.lab/a:1\r\n\n  reg.lab/b:2 # why\nreg.lab/C\ntwo words\n";
        let (list, findings) = read_list("l.txt", text);
        let seen: Vec<String> =
            list.iter().map(|image| format!("{} {}", image.origin, image.value)).collect();
        assert_eq!(seen, ["l.txt:2 reg.lab/a:1", "l.txt:4 reg.lab/b:2"]);
        let lines: Vec<usize> = findings.sorted().iter().map(|finding| finding.origin.line).collect();
        assert_eq!(lines, [5, 6]);
    }

    #[test]
    fn reads_a_release_and_refuses_other_objects() {
        let digest = format!("sha256:{}", "b".repeat(64));
        let text = format!(
            "{{\"kind\": \"ImageStream\", \"spec\": {{\"tags\": [\n{{\"name\": \"cli\", \"from\": {{\"kind\": \"DockerImage\", \"name\": \"reg.lab/r@{digest}\"}}}}]}}}}"
        );
        let (list, findings) = read_list("image-references", &text);
        assert!(findings.is_empty());
        assert_eq!(list.first().map(|image| image.origin.line), Some(2));
        for text in ["{\"kind\": \"Pod\"}", "{}", "", "# nothing\n"] {
            assert!(read_list("l", text).1.has_errors(), "{text}");
        }
    }
}
