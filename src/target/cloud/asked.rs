//! What is asked for beside the machine itself, and the digest of it all.

use super::bootstrap;
use super::parts::Parts;
use crate::ignition::Document;
use crate::plan::Artifact;
use crate::plan::Section;
use crate::spec::Cloud;
use crate::value::Digest;
use crate::value::secret_in;

/// SHA-256 of all that is asked for, however it is carried.
pub(super) fn digest(
    document: &Document,
    network: &Option<String>,
    bootstrap: Option<String>,
    parts: &Parts,
) -> String {
    let mut all = document.to_json();
    let mut add = |what: &str, bytes: &[u8]| {
        all.extend(format!("\n{what} {}\n", bytes.len()).into_bytes());
        all.extend(bytes);
    };
    add("network", network.as_deref().unwrap_or_default().as_bytes());
    add("bootstrap", bootstrap.unwrap_or_default().as_bytes());
    for (when, scripts) in [("before", &parts.scripts_before), ("after", &parts.scripts_after)] {
        scripts.iter().for_each(|script| add(&format!("{when} {}", script.name), &script.bytes));
    }
    for (when, foreign) in [("before", &parts.foreign_before), ("after", &parts.foreign_after)] {
        foreign.iter().for_each(|part| add(&format!("{when} {}", part.name), &part.bytes));
    }
    Digest::of(&all).as_str().to_owned()
}

/// What the section brings besides the machine itself.
pub(super) fn artifacts(cloud: &Cloud, config: Option<&[u8]>, parts: &Parts) -> Vec<Artifact> {
    let mut artifacts = Vec::new();
    if let Some(bootstrap) = &cloud.bootstrap {
        let what = format!("bootstrap {}", bootstrap.name.value);
        let rendered = bootstrap::render(bootstrap, config.unwrap_or_default());
        let artifact = Artifact::new(Section::Install, what, &bootstrap.origin);
        let artifact = artifact.at(bootstrap::path(bootstrap), rendered.as_bytes());
        // Its variables and its file are what such programs get their tokens by.
        let is_open = bootstrap.environment.is_empty() && bootstrap.config.is_none();
        artifacts.push(if is_open { artifact } else { artifact.secret() });
    }
    let mut add = |name: &str, bytes: &[u8]| {
        let artifact = Artifact::new(Section::Install, format!("part {name}"), &cloud.origin).holding(bytes);
        let has_secret = secret_in(&String::from_utf8_lossy(bytes)).is_some();
        artifacts.push(if has_secret { artifact.secret() } else { artifact });
    };
    parts.scripts().for_each(|script| add(&script.name, &script.bytes));
    parts.foreign().for_each(|part| add(&part.name, &part.bytes));
    artifacts
}
