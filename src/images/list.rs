//! Lists of images: lines of text, and the `image-references` of an OpenShift release.

use super::Reference;
use crate::document;
use crate::document::Diagnostics;
use crate::document::Origin;
use crate::document::Sourced;
use crate::document::View;

const RULE: &str = "image-reference";

/// Reads a list; what is wrong in it is a finding at its line. `file` names it.
///
/// A text has an image a line, `#` begins a comment. JSON is an ImageStream.
pub fn read_list(file: &str, text: &str) -> (Vec<Sourced<Reference>>, Diagnostics) {
    let text = text.trim_start_matches('\u{feff}');
    let (list, mut findings) =
        if text.trim_start().starts_with('{') { stream(file, text) } else { lines(file, text) };
    if list.is_empty() && !findings.has_errors() {
        let help = "name a file with an image a line, or `release-manifests/image-references` of a release";
        findings.error("image-list", &Origin::of_file(file), "there is no image in the list", help);
    }
    (list, findings)
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

fn stream(file: &str, text: &str) -> (Vec<Sourced<Reference>>, Diagnostics) {
    let mut list = Vec::new();
    let (tree, mut findings) = document::parse(file, text);
    let Some(tree) = tree else {
        return (list, findings);
    };
    let root = View::root(file, &tree);
    match root.text_at("kind") {
        Some(kind) if kind.value == "ImageStream" => {}
        Some(kind) => {
            let message = format!("`{}` is not an ImageStream", kind.value);
            let help = "name `release-manifests/image-references` of a release's image";
            findings.error("image-list", &kind.origin, message, help);
            return (list, findings);
        }
        None => {
            let help = "name an ImageStream, or a file with an image a line";
            findings.error("image-list", root.origin(), "it is JSON without a `kind`", help);
            return (list, findings);
        }
    }
    for tag in root.get("spec").map(|spec| spec.list("tags")).unwrap_or_default() {
        let Some(from) = tag.get("from") else { continue };
        let is_image = from.text_at("kind").is_none_or(|kind| kind.value == "DockerImage");
        if let Some(name) = from.text_at("name").filter(|_| is_image) {
            take(&name.value, name.origin, &mut list, &mut findings);
        }
    }
    (list, findings)
}

fn take(word: &str, origin: Origin, list: &mut Vec<Sourced<Reference>>, findings: &mut Diagnostics) {
    match word.parse() {
        Ok(value) => list.push(Sourced { value, origin }),
        Err(error) => findings.wrong_value(RULE, &origin, error),
    }
}

#[cfg(test)]
mod tests {
    use super::read_list;

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
