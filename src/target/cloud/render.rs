//! One document, rendered for whoever reads it.

use serde_json::json;

use super::cloud_config::Native;
use super::install;
use super::parts::Foreign;
use super::parts::Parts;
use super::script;
use super::script::Stamp;
use super::script::Work;
use super::wanted::Kind;
use super::wanted::Source;
use super::wanted::Wanted;
use crate::cloud::Content;
use crate::cloud::Format;
use crate::cloud::mime;
use crate::cloud::mime::Piece;
use crate::document::yaml_text;
use crate::ignition::Config;
use crate::ignition::Document;
use crate::ignition::File;
use crate::ignition::Unit;
use crate::spec::Bootstrap;
use crate::spec::Machine;
use crate::value::Digest;
use crate::value::FileMode;

/// Lists of cloud-config that come from several parts are all done; of what can be said once, the first is taken.
const MERGE: (&str, &str) = ("Merge-Type", "list(append)+dict(no_replace,recurse_list)+str()");
/// Where the script lies that an Ignition document brings.
const SCRIPT_PATH: &str = "/var/lib/cotter/apply";
/// Where whoever has applied everything says so.
const STAMP_PATH: &str = "/var/lib/cotter/payload.json";
const UNIT: &str = "cotter-payload.service";

/// What is to be rendered.
pub(super) struct Rendering<'a> {
    pub(super) machine: &'a Machine,
    pub(super) format: Format,
    pub(super) digest: &'a str,
    pub(super) parts: &'a Parts,
    pub(super) bootstrap: Option<(&'a Bootstrap, Vec<u8>)>,
    /// What it does is lost with each boot.
    pub(super) repeats: bool,
    /// The package manager that brings cloud-init first.
    pub(super) installs: Option<&'a str>,
    /// Who applies it, where that is known.
    pub(super) by: &'a str,
    /// Where the payload is fetched from.
    pub(super) url: Option<&'a str>,
}

/// What came of it.
pub(super) struct Rendered {
    /// What the platform's keys get.
    pub(super) boot_data: Vec<u8>,
    /// What is served at the URL.
    pub(super) payload: Option<Vec<u8>>,
    /// What is in it, with its sizes.
    pub(super) contents: Vec<Content>,
    /// cloud-init's meta data.
    pub(super) meta_data: String,
}

/// Renders a document.
pub(super) fn render(rendering: &Rendering<'_>, document: &Document) -> Rendered {
    let payload = match rendering.format {
        Format::Script => rendering.script(document).into_bytes(),
        Format::CloudConfig => rendering.cloud_config(document).into_bytes(),
        Format::Mime => rendering.mime(document),
        Format::Ignition => rendering.ignition(document),
    };
    let meta_data = meta_data(rendering.machine);
    let contents = contents(rendering, document);
    let stamp = rendering.stamp();
    match (rendering.url, rendering.installs) {
        (Some(url), _) if rendering.format == Format::Ignition => {
            let version = document.version();
            let boot = json!({"ignition": {"version": version, "config": {"replace": {
                "source": url,
                "verification": {"hash": format!("sha256-{}", Digest::of(&payload).as_str())},
            }}}});
            Rendered {
                boot_data: Document::new(boot).to_json(),
                payload: Some(payload),
                contents: Vec::new(),
                meta_data,
            }
        }
        (Some(url), _) => {
            let script = install::fetching(stamp, url, Digest::of(&payload).as_str());
            Rendered {
                boot_data: script.into_bytes(),
                payload: Some(payload),
                contents: Vec::new(),
                meta_data,
            }
        }
        (None, Some(manager)) => {
            let stamp = Stamp { by: "", ..stamp };
            let script = install::with_cloud_init(stamp, manager, &payload, &meta_data);
            Rendered { boot_data: script.into_bytes(), payload: None, contents, meta_data }
        }
        (None, None) => Rendered { boot_data: payload, payload: None, contents, meta_data },
    }
}

impl<'a> Rendering<'a> {
    fn stamp(&self) -> Stamp<'_> {
        Stamp {
            machine: &self.machine.name.value,
            format: self.format.word(),
            digest: self.digest,
            by: self.by,
            repeats: self.repeats,
        }
    }

    fn work(&self, wanted: Wanted, has_unit_files: bool) -> Work<'a> {
        Work {
            before: self.parts.scripts_before.clone(),
            wanted,
            has_unit_files,
            bootstrap: self.bootstrap.clone(),
            after: self.parts.scripts_after.clone(),
        }
    }

    fn script(&self, document: &Document) -> String {
        let (wanted, _) = Wanted::of(&document.resolved());
        script::render(self.stamp(), &self.work(wanted, false))
    }

    fn cloud_config(&self, document: &Document) -> String {
        let (mut wanted, _) = Wanted::of(&document.resolved());
        let native = Native::taken_from(&mut wanted, self.parts.scripts_before.is_empty());
        let script = script::render(self.stamp(), &self.work(wanted, native.has_unit_files()));
        native.render(&self.machine.name.value, &script)
    }

    fn mime(&self, document: &Document) -> Vec<u8> {
        let foreign = |part: &Foreign| Piece {
            filename: part.name.clone(),
            content_type: part.kind.content_type().unwrap_or("text/plain").to_owned(),
            headers: vec![MERGE],
            bytes: part.bytes.clone(),
        };
        let own = Piece {
            filename: "cotter.yaml".to_owned(),
            content_type: "text/cloud-config".to_owned(),
            headers: vec![MERGE],
            bytes: self.cloud_config(document).into_bytes(),
        };
        let before = self.parts.foreign_before.iter().map(foreign);
        let after = self.parts.foreign_after.iter().map(foreign);
        mime::write(&before.chain([own]).chain(after).collect::<Vec<_>>())
    }

    /// The document as it is, with the stamp; scripts are run by a unit, which then leaves the stamp.
    fn ignition(&self, document: &Document) -> Vec<u8> {
        let mut config = Config::of_minor(document.minor().unwrap_or(Config::LOWEST_MINOR));
        config.absorb(document.value().clone());
        if self.bootstrap.is_none() && self.parts.scripts().next().is_none() {
            let stamp = format!(
                "{{\"schema\":\"cotter.dev/payload/1\",\"machine\":\"{}\",\"format\":\"ignition\",\"digest\":\"{}\",\"by\":\"ignition\",\"boot_id\":\"\"}}\n",
                self.machine.name.value, self.digest
            );
            config.file(File::new(STAMP_PATH, FileMode::PUBLIC, stamp.as_bytes()));
            return config.document().to_json();
        }
        let script = script::render(self.stamp(), &self.work(Wanted::default(), true));
        config.file(File::new(SCRIPT_PATH, FileMode::PRIVATE, script.as_bytes()));
        config.unit(Unit {
            name: UNIT.to_owned(),
            enabled: Some(true),
            contents: Some(format!(
                "[Unit]\nDescription=What the payload of {} runs once\nWants=network-online.target\nAfter=network-online.target\n\n\
                 [Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/bash {SCRIPT_PATH}\n\n\
                 [Install]\nWantedBy=multi-user.target\n",
                self.machine.name.value
            )),
            ..Unit::default()
        });
        config.document().to_json()
    }
}

/// What cloud-init is told of the machine itself.
fn meta_data(machine: &Machine) -> String {
    let mut data = json!({"instance-id": machine.name.value});
    if let Some(name) = short_name(machine) {
        data["local-hostname"] = name.into();
    }
    yaml_text(&data)
}

/// The host name up to its first dot: of two names that are the same, cloud-init sets only the first, which it has from
/// here and without its domain.
pub(super) fn short_name(machine: &Machine) -> Option<String> {
    let name = machine.hostname.as_ref()?;
    name.value.as_str().split('.').next().map(str::to_owned)
}

/// What is in the payload, to be named if it is too much.
fn contents(rendering: &Rendering<'_>, document: &Document) -> Vec<Content> {
    let (wanted, _) = Wanted::of(&document.resolved());
    let mut contents: Vec<Content> = Vec::new();
    let mut add = |name: String, bytes: usize| contents.push(Content { name, bytes });
    for entry in &wanted.entries {
        if let Kind::File { contents: Some(Source::Bytes(bytes)), .. } = &entry.kind {
            add(format!("file {}", entry.path), bytes.len());
        }
    }
    for unit in &wanted.units {
        add(format!("unit {}", unit.name), unit.files().iter().map(|(_, text)| text.len()).sum());
    }
    rendering.parts.scripts().for_each(|script| add(format!("part {}", script.name), script.bytes.len()));
    rendering.parts.foreign().for_each(|part| add(format!("part {}", part.name), part.bytes.len()));
    if let Some((bootstrap, config)) = &rendering.bootstrap {
        add(format!("bootstrap {}", bootstrap.name.value), config.len());
    }
    contents
}
