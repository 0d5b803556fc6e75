//! What the section `machineconfig` asks for beside the machine itself, by the same functions as
//! `cotter machineconfig generate`.

use super::say;
use crate::document::Diagnostics;
use crate::document::Origin;
use crate::document::Sourced;
use crate::ignition::Part;
use crate::ignition::PartKind;
use crate::machineconfig::Problem;
use crate::machineconfig::generate;
use crate::machineconfig::generate::Made;
use crate::machineconfig::generate::Pool;
use crate::plan::Artifact;
use crate::plan::Section;
use crate::spec::ChronySection;
use crate::spec::OperatorSection;
use crate::target::Files;
use crate::value::Digest;
use crate::verify::Expectation;
use crate::verify::FileProperty;
use crate::verify::Subject;

const RULE: &str = "machineconfig-object";

/// What was asked for, as objects, and what comes of it on a node.
#[derive(Debug, Default)]
pub(super) struct Asked {
    pub(super) made: Vec<Made>,
    pub(super) artifacts: Vec<Artifact>,
    pub(super) expected: Vec<Expectation>,
}

/// Makes everything that the section asks for; adds what is wrong with it.
pub(super) fn of_section(
    section: &OperatorSection,
    pool: &Pool<'_>,
    files: &Files,
    findings: &mut Diagnostics,
) -> Asked {
    let mut asking = Asking { asked: Asked::default(), pool, findings };
    if let Some(chrony) = &section.chrony {
        asking.chrony(chrony, files);
    }
    if let Some((_, first)) = section.journald.first() {
        let made = generate::journald(&section.journald, pool);
        asking.add("journald's settings", made, &first.origin);
        asking.expect_files(&first.origin);
    }
    if let Some(kind) = &section.kernel_type {
        asking.add(&format!("kernel {}", kind.value), generate::kernel_type(kind, pool), &kind.origin);
    }
    if let Some(first) = section.extensions.first() {
        let names: Vec<&str> = section.extensions.iter().map(|name| name.value.as_str()).collect();
        let what = format!("extensions {}", names.join(", "));
        asking.add(&what, generate::extensions(&section.extensions, pool), &first.origin);
    }
    asking.objects(section);
    asking.of_cluster(section);
    asking.asked
}

struct Asking<'a, 'f> {
    asked: Asked,
    pool: &'a Pool<'a>,
    findings: &'f mut Diagnostics,
}

impl Asking<'_, '_> {
    /// Adds an object, or what is wrong with it.
    fn add(&mut self, what: &str, made: Result<Made, Vec<Problem>>, origin: &Origin) -> bool {
        match made {
            Ok(made) => {
                let artifact = Artifact::new(Section::Operator, what, origin);
                self.asked.artifacts.push(artifact.holding(made.text().as_bytes()));
                self.asked.made.push(made);
                true
            }
            Err(problems) => {
                say(RULE, problems, origin, self.findings);
                false
            }
        }
    }

    /// Expects the files of the object that was made last.
    fn expect_files(&mut self, origin: &Origin) {
        let Some(made) = self.asked.made.last() else { return };
        let files = made.object.pointer("/spec/config/storage/files").and_then(|files| files.as_array());
        let written: Vec<(String, Vec<u8>)> = files
            .into_iter()
            .flatten()
            .filter_map(|file| Some((file["path"].as_str()?.to_owned(), crate::ignition::contents(file)?)))
            .collect();
        for (path, bytes) in written {
            let part = Part::new(PartKind::File, &path).holding(&bytes);
            let artifact = Artifact::new(Section::Operator, format!("file {path}"), origin);
            self.asked.artifacts.push(artifact.at(&path, &bytes).as_part(part));
            self.expect_contents(&path, &bytes, origin);
        }
    }

    fn expect_contents(&mut self, path: &str, bytes: &[u8], origin: &Origin) {
        let subject = Subject::File(path.to_owned(), FileProperty::Sha256);
        let digest = Digest::of(bytes);
        let says = format!("contents of {path}");
        self.asked.expected.push(Expectation::has(&subject, digest.as_str(), says, origin));
    }

    fn chrony(&mut self, chrony: &ChronySection, files: &Files) {
        if chrony.is_disabled {
            if self.add("no chrony", generate::chrony_disabled(self.pool), &chrony.origin) {
                let subject = Subject::UnitEnabled("chronyd.service".to_owned());
                let says = "unit chronyd.service disabled";
                self.asked.expected.push(Expectation::has(&subject, "disabled", says, &chrony.origin));
            }
            return;
        }
        let text = chrony.local.as_ref().and_then(|file| {
            let text = files.text(file)?;
            Some(Sourced { value: text, origin: file.origin.clone() })
        });
        let asked = generate::Chrony {
            servers: chrony.servers.clone(),
            pools: chrony.pools.clone(),
            is_by_dhcp: chrony.is_by_dhcp,
            text,
        };
        if self.add("time servers", generate::chrony(&asked, self.pool), &chrony.origin) {
            self.expect_files(&chrony.origin);
        }
    }

    /// Objects of which the operator makes MachineConfigs, or files, of its own.
    fn objects(&mut self, section: &OperatorSection) {
        if let Some(kubelet) = &section.kubelet {
            let asked = generate::Kubelet {
                settings: kubelet.settings.clone(),
                log_level: kubelet.log_level.clone(),
                has_auto_sizing: kubelet.has_auto_sizing,
                tls_profile: kubelet.tls_profile.clone(),
            };
            self.add("KubeletConfig", generate::kubelet_config(&asked, self.pool), &kubelet.origin);
        }
        if let Some(runtime) = &section.container_runtime {
            let asked = generate::Runtime {
                log_level: runtime.log_level.clone(),
                pids_limit: runtime.pids_limit.clone(),
                log_size_max: runtime.log_size_max.clone(),
                overlay_size: runtime.overlay_size.clone(),
                default_runtime: runtime.default_runtime.clone(),
            };
            let made = generate::container_runtime_config(&asked, self.pool);
            self.add("ContainerRuntimeConfig", made, &runtime.origin);
            for (path, text) in generate::drop_ins(&asked).unwrap_or_default() {
                // Of the other file, the rest is the release's own.
                if path.contains("/crio.conf.d/") {
                    self.expect_contents(&path, text.as_bytes(), &runtime.origin);
                }
            }
        }
        if let Some(first) = section.pinned_images.first() {
            let made = generate::pinned_image_set(&section.pinned_images, self.pool);
            self.add("PinnedImageSet", made, &first.origin);
        }
        for pool in &section.pools {
            let asked = generate::CustomPool {
                name: pool.name.clone(),
                max_unavailable: pool.max_unavailable.clone(),
                is_paused: pool.is_paused,
            };
            let what = format!("pool {}", pool.name.value);
            self.add(&what, generate::custom_pool(&asked, self.pool), &pool.name.origin);
        }
    }

    /// The parts of the cluster's one MachineConfiguration, as one object.
    fn of_cluster(&mut self, section: &OperatorSection) {
        let mut asking = Vec::new();
        if let Some(policy) = &section.disruption_policy {
            let asked = generate::Policy {
                files: policy.files.clone(),
                units: policy.units.clone(),
                ssh_key: policy.ssh_key.clone(),
            };
            let made = generate::disruption_policy(&asked, self.pool);
            asking.push(("policy of disruption", made, &policy.origin));
        }
        if let Some(images) = &section.boot_images {
            let asked = generate::BootImages { mode: images.mode.clone(), labels: images.labels.clone() };
            asking.push(("boot images", generate::boot_images(&asked, self.pool), &images.origin));
        }
        let mut parts = Vec::new();
        for (what, made, origin) in asking {
            match made {
                Ok(made) => {
                    self.asked.artifacts.push(Artifact::new(Section::Operator, what, origin));
                    parts.push(made);
                }
                Err(problems) => say(RULE, problems, origin, self.findings),
            }
        }
        self.asked.made.extend(generate::in_one(parts));
    }
}
