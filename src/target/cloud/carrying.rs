//! What a format cannot carry, at the line that asked for it.

use serde_json::json;

use super::parts::Parts;
use super::wanted::Left;
use super::wanted::Wanted;
use crate::cloud::Format;
use crate::document::Diagnostics;
use crate::document::Origin;
use crate::document::Sourced;
use crate::document::View;
use crate::plan::Artifact;
use crate::plan::Section;
use crate::spec::Machine;
use crate::target::draft::Draft;
use crate::value::KernelArgument;

/// Says what cannot be carried; what Ignition alone carries is put into its document.
pub(super) fn carry(
    machine: &Machine,
    draft: &mut Draft,
    parts: &Parts,
    format: Format,
    findings: &mut Diagnostics,
) {
    match format {
        Format::Ignition => kernel_arguments(machine, draft),
        _ => refuse_ignition(machine, draft, format, findings),
    }
    refuse_parts(parts, format, findings);
}

/// There is no installer that would set them.
fn kernel_arguments(machine: &Machine, draft: &mut Draft) {
    let arguments = &machine.butane.kernel_arguments;
    let words = |list: &[Sourced<KernelArgument>]| {
        list.iter().map(|argument| argument.value.to_string()).collect::<Vec<_>>()
    };
    let (should, should_not) = (words(&arguments.should_exist), words(&arguments.should_not_exist));
    if !should.is_empty() || !should_not.is_empty() {
        let section = json!({"shouldExist": should, "shouldNotExist": should_not});
        draft.destination.absorb(json!({"kernelArguments": section}));
    }
    for argument in &arguments.should_exist {
        let what = format!("kernel argument {}", argument.value);
        draft.artifacts.push(Artifact::new(Section::KernelArguments, what, &argument.origin));
    }
}

fn refuse_ignition(machine: &Machine, draft: &Draft, format: Format, findings: &mut Diagnostics) {
    let asked = &machine.butane.kernel_arguments;
    for argument in asked.should_exist.iter().chain(&asked.should_not_exist) {
        let what = format!("the kernel argument `{}`", argument.value);
        refuse_left(&what, &argument.origin, format, findings);
    }
    let (_, left) = Wanted::of(&draft.destination.document().resolved());
    for left in left {
        let origin = origin_of(machine, &left);
        refuse_left(&format!("{} `{}`", left.what, left.name), &origin, format, findings);
    }
}

fn refuse_left(what: &str, origin: &Origin, format: Format, findings: &mut Diagnostics) {
    let message = format!("only Ignition can do this, and the image is given {}: {what}", format.title());
    findings.error("cloud-carries", origin, message, "leave it out, or take an image that reads Ignition");
}

/// The line that asked for it, or the file that brought it.
fn origin_of(machine: &Machine, left: &Left) -> Origin {
    let view = machine.butane.view();
    let section = view.at(left.keys);
    let names = |view: &View<'_>| {
        ["device", "name", "path", "source"]
            .iter()
            .any(|key| view.text_at(key).is_some_and(|text| text.value == left.name))
    };
    let member = section.as_ref().and_then(|section| section.items().into_iter().find(names));
    let found = member.or(section).map(|view| view.origin().clone());
    let child = || machine.children.first().map(|child| child.path.origin.clone());
    found.or_else(child).unwrap_or_else(|| machine.origin.clone())
}

fn refuse_parts(parts: &Parts, format: Format, findings: &mut Diagnostics) {
    for part in parts.foreign().filter(|_| format != Format::Mime) {
        let message = format!("{} is for cloud-init, and the image is given {}", part.kind, format.title());
        let help = match format {
            Format::CloudConfig => "write `format: mime`, or leave `format` out",
            _ => "write it as a script, or take an image with cloud-init",
        };
        findings.error("cloud-part-kind", &part.origin, message, help);
    }
}
