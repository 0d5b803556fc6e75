//! Butane files: their variant and version, and what those allow.

use super::Butane;
use super::Variant;
use super::parse;
use super::read;
use super::shape;
use crate::document;
use crate::document::Diagnostics;
use crate::document::View;

/// A Butane file of its own.
#[derive(Clone, Debug)]
pub struct ButaneFile {
    /// Variant and version.
    pub variant: Variant,
    /// What it says.
    pub butane: Butane,
}

/// Parses the Butane file `text`; `file` names it in findings. Any variant and version that Butane 0.29 reads.
///
/// What could be read is there even if something is wrong, so that later checks find more.
pub fn parse_butane(file: &str, text: &str) -> (Option<ButaneFile>, Diagnostics) {
    let (tree, mut findings) = document::parse(file, text);
    let Some(tree) = tree else {
        if findings.is_empty() {
            parse::empty(file, "begin it with `variant: fcos` and `version: 1.5.0`", &mut findings);
        }
        return (None, findings);
    };
    let root = View::root(file, &tree);
    document::check_shape(&root, &shape::BUTANE_FILE, &mut findings);
    let variant = variant(&root, &mut findings);
    if let Some(variant) = &variant {
        levels(&root, variant, &mut findings);
    }
    let butane = read::butane(&root);
    document::run(super::rules::butane_checks(), &butane.written, &mut findings);
    (variant.map(|variant| ButaneFile { variant, butane }), findings)
}

fn variant(root: &View<'_>, findings: &mut Diagnostics) -> Option<Variant> {
    let name = root.text_at("variant")?;
    let version = root.text_at("version")?;
    match Variant::find(&name.value, &version.value) {
        Ok(variant) => Some(variant),
        Err(known) => {
            if !known.is_empty() {
                let message = format!("`{}` is not a version of the variant `{}`", version.value, name.value);
                findings.error(
                    "butane-version",
                    &version.origin,
                    message,
                    format!("known: {}", known.join(", ")),
                );
            }
            None
        }
    }
}

/// Keys that this version does not know yet, or that the variant forbids.
fn levels(root: &View<'_>, variant: &Variant, findings: &mut Diagnostics) {
    document::visit(root, &shape::BUTANE_FILE, &mut |key, view| {
        let origin = view.origin();
        if variant.forbids(&without_indices(&origin.key)) {
            findings.error(
                "variant-forbids",
                origin,
                format!("the variant `{}` does not allow `{}`", variant.name(), key.name),
                "leave it out, or use another variant",
            );
        } else if key.since > variant.level {
            findings.error(
                "butane-too-old",
                origin,
                format!("`{}` is not known in `{}` {}", key.name, variant.name(), variant.version),
                format!("raise the version: it came with `fcos` 1.{}.0 and its likes", key.since),
            );
        }
    });
}

/// `a[3].b` as `a[].b`.
fn without_indices(path: &str) -> String {
    let mut plain = String::with_capacity(path.len());
    let mut inside = false;
    for letter in path.chars() {
        match letter {
            '[' => {
                inside = true;
                plain.push('[');
            }
            ']' => {
                inside = false;
                plain.push(']');
            }
            _ if inside => {}
            _ => plain.push(letter),
        }
    }
    plain
}
