//! Objects beside MachineConfigs: what the operator makes MachineConfigs or images of.

use std::path::Path;

use clap::ArgAction;
use clap::Args;
use clap::ValueEnum;

use super::ForPool;
use super::ForVersion;
use super::Generated;
use super::Outcome;
use super::Output;
use super::maybe;
use super::object;
use super::pair;
use super::word;
use super::words;
use crate::machineconfig::generate;
use crate::machineconfig::generate::BuiltImage;
use crate::machineconfig::generate::CONTAINER_FILES;
use crate::machineconfig::generate::Kubelet;
use crate::machineconfig::generate::Pool;
use crate::machineconfig::generate::Runtime;
use crate::world;
use crate::world::Failure;

/// A larger Containerfile is none.
const MAX_TEXT_BYTES: u64 = 1 << 20;

/// Settings of the kubelet
#[derive(Debug, Args)]
pub(super) struct KubeletConfig {
    /// A setting, as `maxPods=250` or `evictionHard/memory.available=500Mi`; again for several
    #[arg(long = "set", value_name = "NAME=VALUE")]
    settings: Vec<String>,
    /// How much it logs: 0 to 10
    #[arg(long, value_name = "LEVEL")]
    log_level: Option<String>,
    /// Work out on each node what is kept for the system: true or false
    #[arg(long, value_name = "TRUTH", action = ArgAction::Set)]
    auto_sizing_reserved: Option<bool>,
    /// The profile of TLS: Old or Intermediate
    #[arg(long, value_name = "PROFILE")]
    tls_profile: Option<String>,
    #[command(flatten)]
    pool: ForPool,
    #[command(flatten)]
    pub(super) output: Output,
}

impl KubeletConfig {
    pub(super) fn make(&self) -> Outcome {
        let (mut settings, mut problems) = (Vec::new(), Vec::new());
        for text in words("--set", &self.settings) {
            match generate::setting(&text) {
                Ok(setting) => settings.push(setting),
                Err(problem) => problems.push(*problem),
            }
        }
        let asked = Kubelet {
            settings,
            log_level: maybe("--log-level", &self.log_level),
            has_auto_sizing: self.auto_sizing_reserved,
            tls_profile: maybe("--tls-profile", &self.tls_profile),
        };
        match (generate::kubelet_config(&asked, &self.pool.pool()?), problems.is_empty()) {
            (made, true) => object(made),
            (Ok(_), false) => Ok(Err(problems)),
            (Err(more), false) => Ok(Err(problems.into_iter().chain(more).collect())),
        }
    }
}

/// Settings of the container runtime
#[derive(Debug, Args)]
pub(super) struct ContainerRuntimeConfig {
    /// How much CRI-O logs: error, fatal, panic, warn, info, debug, trace
    #[arg(long, value_name = "LEVEL")]
    log_level: Option<String>,
    /// Processes of one container
    #[arg(long, value_name = "NUMBER")]
    pids_limit: Option<String>,
    /// Size of one container's log, as `50Mi`
    #[arg(long, value_name = "SIZE")]
    log_size_max: Option<String>,
    /// What a container may write into its own layer, as `8G`
    #[arg(long, value_name = "SIZE")]
    overlay_size: Option<String>,
    /// What runs containers: crun or runc
    #[arg(long, value_name = "NAME")]
    default_runtime: Option<String>,
    /// Print the files that the operator makes of it on the node, instead
    #[arg(long)]
    drop_ins: bool,
    #[command(flatten)]
    pool: ForPool,
    #[command(flatten)]
    pub(super) output: Output,
}

impl ContainerRuntimeConfig {
    pub(super) fn make(&self) -> Outcome {
        let asked = Runtime {
            log_level: maybe("--log-level", &self.log_level),
            pids_limit: maybe("--pids-limit", &self.pids_limit),
            log_size_max: maybe("--log-size-max", &self.log_size_max),
            overlay_size: maybe("--overlay-size", &self.overlay_size),
            default_runtime: maybe("--default-runtime", &self.default_runtime),
        };
        match self.drop_ins {
            true => Ok(generate::drop_ins(&asked).map(Generated::Files)),
            false => object(generate::container_runtime_config(&asked, &self.pool.pool()?)),
        }
    }
}

/// Images that nodes fetch and keep
#[derive(Debug, Args)]
pub(super) struct PinnedImageSet {
    /// The images, by digest
    #[arg(value_name = "IMAGE", required = true)]
    images: Vec<String>,
    /// Print the file that the operator writes on the node, instead
    #[arg(long)]
    toml: bool,
    #[command(flatten)]
    pool: ForPool,
    #[command(flatten)]
    pub(super) output: Output,
}

impl PinnedImageSet {
    pub(super) fn make(&self) -> Outcome {
        let images = words("IMAGE", &self.images);
        match self.toml {
            true => {
                let path = "/etc/crio/crio.conf.d/50-pinned-images".to_owned();
                Ok(generate::pinned_images_text(&images).map(|text| Generated::Files(vec![(path, text)])))
            }
            false => object(generate::pinned_image_set(&images, &self.pool.pool()?)),
        }
    }
}

/// An image of the operating system that the cluster builds for a pool
#[derive(Debug, Args)]
pub(super) struct MachineOsConfig {
    /// Where the image goes, with a tag
    #[arg(long, value_name = "IMAGE")]
    push_to: String,
    /// The secret that lets it be pushed
    #[arg(long, value_name = "NAME")]
    push_secret: String,
    /// The secret that lets the release's image be pulled, if it is not the cluster's own
    #[arg(long, value_name = "NAME")]
    pull_secret: Option<String>,
    /// What is added to the release's image; with an architecture for several
    #[arg(long = "containerfile", value_name = "[ARCH=]FILE")]
    files: Vec<String>,
    #[command(flatten)]
    pool: ForPool,
    #[command(flatten)]
    pub(super) output: Output,
}

impl MachineOsConfig {
    pub(super) fn make(&self) -> Outcome {
        let mut container_files = Vec::new();
        for file in &self.files {
            // A path may have `=` in it.
            let named = file.split_once('=').filter(|(word, _)| !word.contains(['/', '.']));
            let (architecture, path) = named.unwrap_or((CONTAINER_FILES[0], file));
            let text = String::from_utf8(world::read_input(Path::new(path), MAX_TEXT_BYTES)?)
                .map_err(|_| Failure::input(format!("`{path}` is no text"), "name a Containerfile"))?;
            container_files.push((architecture.to_owned(), word("--containerfile", &text)));
        }
        let asked = BuiltImage {
            container_files,
            push_to: word("--push-to", &self.push_to),
            push_secret: word("--push-secret", &self.push_secret),
            pull_secret: maybe("--pull-secret", &self.pull_secret),
        };
        object(generate::machine_os_config(&asked, &self.pool.pool()?))
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Mode {
    /// Those of all machine sets
    All,
    /// Those of no machine set
    None,
    /// Those of the machine sets with these labels
    Partial,
}

/// Which boot images the cluster keeps up to date
#[derive(Debug, Args)]
pub(super) struct BootImages {
    /// Whose
    #[arg(long, value_enum)]
    mode: Mode,
    /// A label of machine sets, for `partial`; again for several
    #[arg(long = "label", value_name = "KEY=VALUE", value_parser = pair)]
    labels: Vec<(String, String)>,
    #[command(flatten)]
    version: ForVersion,
    #[command(flatten)]
    pub(super) output: Output,
}

impl BootImages {
    pub(super) fn make(&self) -> Outcome {
        let mode = match self.mode {
            Mode::All => "all",
            Mode::None => "none",
            Mode::Partial => "partial",
        };
        let labels = self.labels.iter().map(|(key, value)| (word("--label", key), value.clone())).collect();
        let asked = generate::BootImages { mode: word("--mode", mode), labels };
        object(generate::boot_images(&asked, &Pool::new("worker", self.version.rules()?)))
    }
}
