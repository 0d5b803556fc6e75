//! Files, directories, links, units and Ignition's own settings.

use std::collections::BTreeMap;

use super::twice;
use crate::document::Check;
use crate::document::Found;
use crate::document::Node;
use crate::document::Origin;
use crate::document::Rule;
use crate::document::Sourced;
use crate::document::View;
use crate::value::SourceUrl;

type Document = Sourced<Node>;

pub(super) static CHECKS: &[Check<Document>] = &[
    Check {
        rule: Rule {
            name: "one-source",
            refuses: "contents that are given twice: two of `inline`, `local` and `source`, or `contents` and `contents_local`",
            why: "nobody could say which is meant",
            example: "contents: {inline: a, local: b}",
        },
        by: one_source,
    },
    Check {
        rule: Rule {
            name: "source-settings",
            refuses: "headers for what is not fetched by HTTP, and a hash for nothing",
            why: "Ignition refuses the document",
            example: "{inline: a, http_headers: […]}",
        },
        by: source_settings,
    },
    Check {
        rule: Rule {
            name: "unverified-source",
            refuses: "(warns) something fetched by plain HTTP or TFTP without a hash",
            why: "whoever sits between could put anything onto the machine",
            example: "source: http://example.com/x",
        },
        by: unverified_source,
    },
    Check {
        rule: Rule {
            name: "duplicate-path",
            refuses: "a path that is written twice, as file, directory or link",
            why: "Ignition refuses the document",
            example: "two files with path: /etc/motd",
        },
        by: duplicate_path,
    },
    Check {
        rule: Rule {
            name: "path-below",
            refuses: "a path below a link or a file of the same document",
            why: "Ignition refuses it: it would land elsewhere, or nowhere",
            example: "link /opt/a and file /opt/a/b",
        },
        by: path_below,
    },
    Check {
        rule: Rule {
            name: "path-and-unit",
            refuses: "a file where a unit or drop-in of the same document lies",
            why: "one would overwrite the other",
            example: "path: /etc/systemd/system/a.service",
        },
        by: path_and_unit,
    },
    Check {
        rule: Rule {
            name: "overwrite-nothing",
            refuses: "`overwrite: true` on a file without contents",
            why: "Ignition refuses it: the file would be deleted",
            example: "{path: /etc/motd, overwrite: true}",
        },
        by: overwrite_nothing,
    },
    Check {
        rule: Rule {
            name: "id-or-name",
            refuses: "an owner by number and by name",
            why: "Ignition refuses the document",
            example: "user: {id: 1000, name: core}",
        },
        by: id_or_name,
    },
    Check {
        rule: Rule {
            name: "link-target",
            refuses: "a link that points nowhere",
            why: "Ignition refuses the document",
            example: "links: [{path: /etc/localtime}]",
        },
        by: link_target,
    },
    Check {
        rule: Rule {
            name: "duplicate-unit",
            refuses: "a unit or drop-in that is described twice",
            why: "Ignition refuses the document",
            example: "two units a.service",
        },
        by: duplicate_unit,
    },
    Check {
        rule: Rule {
            name: "enabled-and-masked",
            refuses: "a unit that is to be enabled and masked",
            why: "a masked unit is never started",
            example: "{enabled: true, mask: true}",
        },
        by: enabled_and_masked,
    },
    Check {
        rule: Rule {
            name: "duplicate-authority",
            refuses: "a certificate authority that is given twice",
            why: "Ignition refuses the document",
            example: "two with the same source",
        },
        by: duplicate_authority,
    },
    Check {
        rule: Rule {
            name: "decimal-mode",
            refuses: "a mode without leading zero in a Butane file",
            why: "Butane reads it as a decimal number",
            example: "mode: 644",
        },
        by: decimal_mode,
    },
    Check {
        rule: Rule {
            name: "kernel-argument-twice",
            refuses: "a kernel argument that should be there and should not, and (warns) one that is given twice",
            why: "the outcome would hang on the order",
            example: "should_exist: [quiet], should_not_exist: [quiet]",
        },
        by: kernel_arguments,
    },
    Check {
        rule: Rule {
            name: "openshift",
            refuses: "in a Butane file for OpenShift, what the machine-config-operator cannot do: users other than `core`, fetched files, special modes, btrfs, no role",
            why: "the pool would be degraded",
            example: "variant: openshift with a user `admin`",
        },
        by: openshift,
    },
];

fn list<'a>(document: &'a Document, section: &str, name: &str) -> Vec<View<'a>> {
    View::of(document).get(section).map(|section| section.list(name)).unwrap_or_default()
}

/// Every mapping with contents: files, appended parts, keys of volumes, other documents, authorities.
fn resources(document: &Document) -> Vec<View<'_>> {
    let view = View::of(document);
    let mut found = Vec::new();
    for file in list(document, "storage", "files") {
        found.extend(file.get("contents"));
        found.extend(file.list("append"));
    }
    found.extend(list(document, "storage", "luks").iter().filter_map(|volume| volume.get("key_file")));
    if let Some(config) = view.at(&["ignition", "config"]) {
        found.extend(config.list("merge"));
        found.extend(config.get("replace"));
    }
    found.extend(authorities(document));
    found
}

fn authorities(document: &Document) -> Vec<View<'_>> {
    let tls = View::of(document).at(&["ignition", "security", "tls"]);
    tls.map(|tls| tls.list("certificate_authorities")).unwrap_or_default()
}

fn one_source(document: &Document, found: &mut Found<'_>) {
    let units = list(document, "systemd", "units");
    let dropins: Vec<View<'_>> = units.iter().flat_map(|unit| unit.list("dropins")).collect();
    let texts = units.into_iter().chain(dropins).map(|view| (view, &["contents", "contents_local"][..]));
    let others = resources(document).into_iter().map(|view| (view, &["source", "inline", "local"][..]));
    for (view, keys) in texts.chain(others) {
        let given: Vec<View<'_>> = keys.iter().filter_map(|key| view.get(key)).collect();
        if let [_, .., last] = given.as_slice() {
            let names: Vec<&&str> = keys.iter().filter(|key| view.get(key).is_some()).collect();
            let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            let word = if names.len() == 2 { "both" } else { "all" };
            found.error(
                last.origin(),
                format!("{} {word} give the contents", names.join(" and ")),
                "keep one of them",
            );
        }
    }
}

fn source_settings(document: &Document, found: &mut Found<'_>) {
    for resource in resources(document) {
        let source = resource.parse_at::<SourceUrl>("source");
        let headers = resource.list("http_headers");
        if let Some(first) = headers.first()
            && !source.as_ref().is_some_and(|source| source.is_http())
        {
            found.error(
                first.origin(),
                "headers are sent by HTTP, and this is not fetched so",
                "leave them out",
            );
        }
        twice(headers.iter().filter_map(|header| header.text_at("name")), "the header", found);
        let has_contents = ["source", "inline", "local"].iter().any(|key| resource.get(key).is_some());
        if let Some(hash) = resource.at(&["verification", "hash"]).filter(|_| !has_contents) {
            found.error(
                hash.origin(),
                "there is a hash but nothing to check",
                "say what is fetched as `source`",
            );
        }
    }
}

fn unverified_source(document: &Document, found: &mut Found<'_>) {
    for resource in resources(document) {
        let Some(source) = resource.text_at("source") else { continue };
        let plain = source.starts_with("http://") || source.starts_with("tftp://");
        if plain && resource.at(&["verification", "hash"]).is_none() {
            let message = format!("`{}` is fetched without protection and without a hash", source.value);
            found.warning(&source.origin, message, "use https, or add `verification: {hash: sha256-…}`");
        }
    }
}

/// Every path that is written, with its kind.
fn paths(document: &Document) -> Vec<(&'static str, Sourced<String>)> {
    let of = |section, kind| {
        let views = list(document, "storage", section);
        views.into_iter().filter_map(move |view| Some((kind, view.text_at("path")?))).collect::<Vec<_>>()
    };
    [of("files", "file"), of("directories", "directory"), of("links", "link")].concat()
}

fn duplicate_path(document: &Document, found: &mut Found<'_>) {
    twice(paths(document).into_iter().map(|(_, path)| path), "the path", found);
}

fn path_below(document: &Document, found: &mut Found<'_>) {
    let paths = paths(document);
    for (_, path) in &paths {
        let above = |(kind, other): &&(&str, Sourced<String>)| {
            *kind != "directory"
                && path.value.strip_prefix(other.value.as_str()).is_some_and(|rest| rest.starts_with('/'))
        };
        if let Some((kind, other)) = paths.iter().find(above) {
            let message = format!(
                "`{}` lies below `{}`, which is a {kind} (line {})",
                path.value, other.value, other.origin.line
            );
            found.error(&path.origin, message, "give it another path, or make that a directory");
        }
    }
}

fn path_and_unit(document: &Document, found: &mut Found<'_>) {
    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
    for unit in list(document, "systemd", "units") {
        let Some(name) = unit.text_at("name") else { continue };
        if unit.get("contents").or(unit.get("contents_local")).is_some() {
            taken.insert(format!("/etc/systemd/system/{}", name.value), name.origin.line);
        }
        for dropin in unit.list("dropins").iter().filter_map(|dropin| dropin.text_at("name")) {
            taken
                .insert(format!("/etc/systemd/system/{}.d/{}", name.value, dropin.value), dropin.origin.line);
        }
    }
    for (_, path) in paths(document) {
        if let Some(line) = taken.get(&path.value) {
            let message = format!("`{}` is the place of the unit on line {line}", path.value);
            found.error(&path.origin, message, "leave the file out, or the unit");
        }
    }
}

fn overwrite_nothing(document: &Document, found: &mut Found<'_>) {
    for file in list(document, "storage", "files") {
        let Some(overwrite) = file.truth_at("overwrite").filter(|overwrite| overwrite.value) else {
            continue;
        };
        let contents = file.get("contents");
        let has = |key: &&str| contents.as_ref().is_some_and(|contents| contents.get(key).is_some());
        if !["source", "inline", "local"].iter().any(has) {
            found.error(
                &overwrite.origin,
                "the file is to be replaced by nothing",
                "give its `contents`, or leave out `overwrite`",
            );
        }
    }
}

fn id_or_name(document: &Document, found: &mut Found<'_>) {
    for section in ["files", "directories", "links", "trees"] {
        for node in list(document, "storage", section) {
            for owner in ["user", "group"].iter().filter_map(|key| node.get(key)) {
                if let (Some(_), Some(name)) = (owner.get("id"), owner.get("name")) {
                    found.error(
                        name.origin(),
                        "the owner is given by number and by name",
                        "keep one of them",
                    );
                }
            }
        }
    }
}

fn link_target(document: &Document, found: &mut Found<'_>) {
    let trees = list(document, "storage", "trees");
    for link in list(document, "storage", "links") {
        if link.get("target").is_none() && trees.is_empty() {
            found.error(
                link.origin(),
                "the link points nowhere",
                "say what it points to, as in `target: /usr/share/zoneinfo/UTC`",
            );
        }
        if link.is_true_at("hard")
            && let Some(owner) = link.get("user").or(link.get("group"))
        {
            found.warning(owner.origin(), "a hard link has the owner of its target", "leave the owner out");
        }
    }
}

fn duplicate_unit(document: &Document, found: &mut Found<'_>) {
    let units = list(document, "systemd", "units");
    twice(units.iter().filter_map(|unit| unit.text_at("name")), "the unit", found);
    for unit in &units {
        twice(unit.list("dropins").iter().filter_map(|dropin| dropin.text_at("name")), "the drop-in", found);
    }
}

fn enabled_and_masked(document: &Document, found: &mut Found<'_>) {
    for unit in list(document, "systemd", "units") {
        let is = |key| unit.truth_at(key).filter(|truth| truth.value);
        if let (Some(_), Some(mask)) = (is("enabled"), is("mask")) {
            found.error(&mask.origin, "the unit is to be enabled and masked", "keep one of them");
        }
    }
}

fn duplicate_authority(document: &Document, found: &mut Found<'_>) {
    let all = authorities(document);
    let sources = all
        .iter()
        .filter_map(|view| view.text_at("source").or(view.text_at("local")).or(view.text_at("inline")));
    twice(sources, "the certificate authority", found);
}

/// Machine files are no Butane files: there, a mode is octal however it is written.
fn decimal_mode(document: &Document, found: &mut Found<'_>) {
    if View::of(document).get("variant").is_none() {
        return;
    }
    for section in ["files", "directories", "trees"] {
        for node in list(document, "storage", section) {
            for mode in ["mode", "file_mode", "dir_mode"].iter().filter_map(|key| node.text_at(key)) {
                if mode.len() > 1 && !mode.starts_with('0') {
                    let message = format!("Butane reads `{}` as a decimal number", mode.value);
                    found.error(&mode.origin, message, format!("write `0{}`", mode.value));
                }
            }
        }
    }
}

fn kernel_arguments(document: &Document, found: &mut Found<'_>) {
    let should = list(document, "kernel_arguments", "should_exist");
    let should: Vec<Sourced<String>> = should.iter().filter_map(View::text).collect();
    let should_not = list(document, "kernel_arguments", "should_not_exist");
    let should_not: Vec<Sourced<String>> = should_not.iter().filter_map(View::text).collect();
    for argument in &should_not {
        if should.iter().any(|other| other.value == argument.value) {
            let message = format!("`{}` should exist and should not", argument.value);
            found.error(&argument.origin, message, "keep one of the two");
        }
    }
    let mut seen: BTreeMap<&str, &Origin> = BTreeMap::new();
    for argument in should.iter().chain(&should_not) {
        if let Some(first) = seen.insert(&argument.value, &argument.origin)
            && !(should.iter().any(|a| a.value == argument.value)
                && should_not.iter().any(|a| a.value == argument.value))
        {
            let message = format!("`{}` is given twice; the first is on line {}", argument.value, first.line);
            found.warning(&argument.origin, message, "keep one of them");
        }
    }
}

fn openshift(document: &Document, found: &mut Found<'_>) {
    let view = View::of(document);
    if view.text_at("variant").is_none_or(|variant| variant.value != "openshift") {
        return;
    }
    let role = view.at(&["metadata", "labels", "machineconfiguration.openshift.io/role"]);
    if role.is_none() {
        let help = "add `machineconfiguration.openshift.io/role: worker` to `metadata.labels`";
        let origin = view.get("metadata").map_or(view.origin().clone(), |metadata| metadata.origin().clone());
        found.error(&origin, "the MachineConfig has no role", help);
    }
    for user in list(document, "passwd", "users").iter().filter_map(|user| user.text_at("name")) {
        if user.value != "core" {
            let message = format!("the operator knows no user `{}`, only `core`", user.value);
            found.error(&user.origin, message, "give the keys to `core`");
        }
    }
    for file in list(document, "storage", "files") {
        let source = file.get("contents").and_then(|contents| contents.text_at("source"));
        if let Some(source) = source.filter(|source| !source.starts_with("data:")) {
            found.error(
                &source.origin,
                "the operator fetches nothing",
                "put the contents in as `local` or `inline`",
            );
        }
        if let Some(mode) = file.parse_at::<crate::value::FileMode>("mode").filter(|mode| mode.is_special()) {
            found.error(&mode.origin, "the operator knows no set-id and sticky bits", "leave them out");
        }
    }
    for format in list(document, "storage", "filesystems").iter().filter_map(|view| view.text_at("format")) {
        if matches!(format.value.as_str(), "btrfs" | "none") {
            found.error(&format.origin, format!("there is no `{}` there", format.value), "use xfs or ext4");
        }
    }
}
