//! The sections `storage` and `systemd`, in Butane's words.

use super::Contents;
use super::StorageFile;
use super::Unit;
use crate::document::Diagnostics;
use crate::document::Fields;
use crate::document::Sourced;
use crate::document::View;

pub(super) fn files(view: &View<'_>, findings: &mut Diagnostics) -> Option<Vec<StorageFile>> {
    let mut fields = view.fields(findings)?;
    let list = fields.optional("files").map(|view| view.list(findings)).unwrap_or_default();
    let files: Vec<StorageFile> = list.iter().filter_map(|view| file(view, findings)).collect();
    fields.finish(findings);
    for (index, file) in files.iter().enumerate() {
        if files.iter().take(index).any(|other| other.path.value == file.path.value) {
            let message = format!("`{}` is written twice", file.path.value);
            findings.error("duplicate-path", &file.path.origin, message, "keep one of the two");
        }
    }
    Some(files)
}

fn file(view: &View<'_>, findings: &mut Diagnostics) -> Option<StorageFile> {
    let mut fields = view.fields(findings)?;
    let path = fields
        .required("path", "say where the file goes, as in `path: /etc/motd`", findings)
        .and_then(|view| view.parse("file-path", findings));
    let origin = fields.origin().clone();
    let contents = fields.optional("contents").and_then(|view| {
        let mut inner = view.fields(findings)?;
        let contents = one_source(&mut inner, ("inline", "local"), findings);
        inner.finish(findings);
        contents
    });
    let mode = fields.optional("mode").and_then(|view| view.parse("file-mode", findings));
    let mut owner = |key, findings: &mut Diagnostics| {
        let mut inner = fields.optional(key)?.fields(findings)?;
        let name = inner.optional("name").and_then(|view| view.parse("user-name", findings));
        inner.finish(findings);
        name
    };
    let user = owner("user", findings);
    let group = owner("group", findings);
    // Butane refuses to replace a file unless told to; cotter always writes what the machine file says.
    fields.optional("overwrite");
    fields.finish(findings);
    let contents = contents.unwrap_or(Contents::Inline(Sourced { value: String::new(), origin }));
    Some(StorageFile { path: path?, contents, mode, user, group })
}

pub(super) fn units(view: &View<'_>, findings: &mut Diagnostics) -> Option<Vec<Unit>> {
    let mut fields = view.fields(findings)?;
    let list = fields.optional("units").map(|view| view.list(findings)).unwrap_or_default();
    let units: Vec<Unit> = list.iter().filter_map(|view| unit(view, findings)).collect();
    fields.finish(findings);
    for (index, unit) in units.iter().enumerate() {
        if units.iter().take(index).any(|other| other.name.value == unit.name.value) {
            let message = format!("the unit `{}` is described twice", unit.name.value);
            findings.error(
                "duplicate-unit",
                &unit.name.origin,
                message,
                "put all about one unit into one entry",
            );
        }
    }
    Some(units)
}

fn unit(view: &View<'_>, findings: &mut Diagnostics) -> Option<Unit> {
    let mut fields = view.fields(findings)?;
    let name = fields
        .required("name", "name the unit, as in `name: hello.service`", findings)
        .and_then(|view| view.parse("unit-name", findings));
    let enabled = fields.optional("enabled").and_then(|view| view.boolean(findings));
    let mask = fields.optional("mask").and_then(|view| view.boolean(findings));
    let contents = one_source(&mut fields, ("contents", "contents_local"), findings);
    let list = fields.optional("dropins").map(|view| view.list(findings)).unwrap_or_default();
    let dropins = list.iter().filter_map(|view| dropin(view, findings)).collect();
    fields.finish(findings);
    if let (Some(enabled), Some(Contents::Inline(text))) = (&enabled, &contents)
        && enabled.value
        && !text.lines().any(|line| line.trim() == "[Install]")
    {
        findings.warning(
            "enabled-without-install",
            &enabled.origin,
            "the unit is to be enabled but has no section `[Install]`, so nothing will start it",
            "add `[Install]` with `WantedBy=multi-user.target`",
        );
    }
    Some(Unit { name: name?, enabled, mask, contents, dropins })
}

fn dropin(view: &View<'_>, findings: &mut Diagnostics) -> Option<(Sourced<String>, Contents)> {
    let mut fields = view.fields(findings)?;
    let name = fields
        .required("name", "name the drop-in, as in `name: 10-more.conf`", findings)
        .and_then(|view| view.text(findings));
    let contents = one_source(&mut fields, ("contents", "contents_local"), findings);
    let origin = fields.origin().clone();
    fields.finish(findings);
    let name = name?;
    if !name.ends_with(".conf") || name.contains('/') {
        let message = format!("`{}` is not the name of a drop-in", name.value);
        findings.error("drop-in-name", &name.origin, message, "end it with `.conf`, or systemd ignores it");
    }
    Some((name, contents.unwrap_or(Contents::Inline(Sourced { value: String::new(), origin }))))
}

/// Contents in the file itself or in a local file, not both.
fn one_source(
    fields: &mut Fields<'_>,
    (inline, local): (&'static str, &'static str),
    findings: &mut Diagnostics,
) -> Option<Contents> {
    let text = fields.optional(inline).and_then(|view| view.text(findings));
    let file = fields.optional(local).and_then(|view| view.text(findings));
    if let (Some(_), Some(file)) = (&text, &file) {
        let message = format!("`{inline}` and `{local}` both give the contents");
        findings.error("one-source", &file.origin, message, "keep one of the two");
    }
    text.map(Contents::Inline).or(file.map(Contents::Local))
}
