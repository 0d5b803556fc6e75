//! Objects of OpenShift's machine configuration, made of what somebody asks for: what the guide has people write.
//!
//! Each function takes words with their places and gives an object, or everything that is wrong with the words. The
//! command line and the machine file ask the same functions.
//!
//! To add a kind:
//! 1. write a function that takes what is asked for and [`Pool`], and gives [`Made`] or problems;
//! 2. give it a word in `cli/machineconfig/generate`, and a key in `spec/shape/machineconfig.rs`;
//! 3. if versions of OpenShift differ in it, add a column to `versions.toml`;
//! 4. add it to the table in `tests/suite/generate.rs`, which renders it under every version.

mod disruption;
mod images;
mod journal;
mod kernel;
mod kubelet;
mod operator;
mod pools;
mod ports;
mod quantity;
mod runtime;
mod time;
mod users;
mod versions;
mod words;

pub use disruption::Action;
pub use disruption::Policy;
pub use disruption::disruption_policy;
pub use images::BuiltImage;
pub use images::CONTAINER_FILES;
pub use images::machine_os_config;
pub use images::pinned_image_set;
pub use images::pinned_images_text;
pub use journal::journald;
pub use kernel::Blob;
pub use kernel::extensions;
pub use kernel::firmware;
pub use kernel::kernel_arguments;
pub use kernel::kernel_type;
pub use kernel::multipath;
pub use kubelet::Kubelet;
pub use kubelet::kubelet_config;
pub use kubelet::setting;
pub use operator::BootImages;
pub use operator::boot_images;
pub use operator::in_one;
pub use pools::CustomPool;
pub use pools::custom_pool;
pub use pools::pause;
pub use pools::rebuild;
pub use pools::revert_layering;
pub use ports::link_pins;
pub use runtime::Runtime;
pub use runtime::container_runtime_config;
pub use runtime::drop_ins;
pub use time::Chrony;
pub use time::chrony;
pub use time::chrony_disabled;
pub use time::chrony_text;
pub use users::core_password;
pub use users::ssh_keys;

use serde_json::Value;
use serde_json::json;

use super::MachineConfig;
use super::Problem;
use super::Rules;
use crate::document::yaml_text;
use crate::ignition::Config;
use crate::ignition::DataUrl;
use crate::value::FileMode;

/// What the API server takes as one object, by etcd's limit of a request.
const MAX_OBJECT_BYTES: usize = 1536 << 10;

/// The pool that something is for, and the rules of the cluster's version.
#[derive(Clone, Copy, Debug)]
pub struct Pool<'a> {
    /// The pool's role, as in `worker`.
    pub role: &'a str,
    /// What goes into names after the role, as the machine's name.
    pub infix: Option<&'a str>,
    /// The object's name, if it is to have another than the usual one.
    pub name: Option<&'a str>,
    /// The rules of the cluster's version.
    pub rules: &'static Rules,
}

/// An object that was made.
#[derive(Clone, Debug, PartialEq)]
pub struct Made {
    /// Its name, for files.
    pub name: String,
    /// The object.
    pub object: Value,
    /// What is to be known besides, a sentence each.
    pub notes: Vec<String>,
    /// Whether it holds what others must not read.
    pub is_secret: bool,
}

impl Made {
    fn new(name: impl Into<String>, object: Value) -> Self {
        Self { name: name.into(), object, notes: Vec::new(), is_secret: false }
    }

    fn of(config: &MachineConfig) -> Self {
        Self::new(config.name.clone(), config.to_value())
    }

    fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    fn note_all(mut self, notes: Option<String>) -> Self {
        self.notes.extend(notes);
        self
    }

    /// The object as YAML, the same bytes every time.
    pub fn text(&self) -> String {
        yaml_text(&self.object)
    }
}

impl<'a> Pool<'a> {
    /// A pool by its role.
    pub fn new(role: &'a str, rules: &'static Rules) -> Self {
        Self { role, infix: None, name: None, rules }
    }

    /// The name of a MachineConfig about `theme`: late in the order, so that it wins over the operator's own.
    pub fn named(&self, theme: &str) -> String {
        self.name.map_or_else(|| format!("99-{}-{theme}", self.stem()), str::to_owned)
    }

    /// The name of another object about `theme`.
    fn object_named(&self, theme: &str) -> String {
        self.name.map_or_else(|| format!("{}-{theme}", self.stem()), str::to_owned)
    }

    fn stem(&self) -> String {
        match self.infix {
            Some(infix) => format!("{}-{infix}", self.role),
            None => self.role.to_owned(),
        }
    }

    /// An empty Ignition document of the newest spec that the version reads.
    pub fn document(&self) -> Config {
        Config::of_minor(self.rules.newest_ignition_minor)
    }

    /// A MachineConfig about `theme` without anything in it.
    fn empty(&self, theme: &str) -> MachineConfig {
        MachineConfig::new(self.named(theme), self.role)
    }

    /// A MachineConfig about `theme` with a document.
    fn config(&self, theme: &str, document: &Config) -> MachineConfig {
        let mut config = self.empty(theme);
        config.spec.config = Some(document.to_value());
        config
    }

    /// What is wrong with the pool's and the object's own names.
    fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if !words::is_label(self.role) {
            let next = "use lower-case letters, digits and `-`, as in `worker`";
            problems.push(Problem::new(format!("`{}` is not the name of a pool", self.role), next));
        }
        if let Some(name) = self.name.filter(|name| !words::is_subdomain(name)) {
            let next = "use lower-case letters, digits, `-` and `.`, as in `99-worker-chrony`";
            problems.push(Problem::new(format!("`{name}` is not the name of an object"), next));
        }
        problems
    }

    /// What is to be known of that label: the product's own pools have theirs.
    fn label_note(&self) -> Option<String> {
        let role = self.role;
        (!["arbiter", "master", "worker"].contains(&role)).then(|| {
            format!("the pool is found by a label; if it lacks it: `oc label machineconfigpool {role} {POOL_LABEL}/{role}=`")
        })
    }

    /// The label by which objects of other kinds find the pool.
    fn selector(&self) -> Value {
        json!({"matchLabels": {(format!("{POOL_LABEL}/{}", self.role)): ""}})
    }
}

/// The label of pools, before the slash.
const POOL_LABEL: &str = "pools.operator.machineconfiguration.openshift.io";

/// The group of the operator's objects.
const GROUP: &str = "machineconfiguration.openshift.io";

/// A file as it is written, legible.
fn file(path: &str, mode: FileMode, bytes: &[u8]) -> Value {
    let url = DataUrl::plain(bytes);
    json!({"path": path, "overwrite": true, "mode": mode.bits(), "contents": {"source": url.source}})
}

/// True for what may stand in the names of objects.
pub fn is_part_of_names(text: &str) -> bool {
    words::is_subdomain(text)
}

/// Says that an object is larger than a cluster takes, if it is.
pub fn too_large(made: &Made) -> Option<Problem> {
    let length_bytes = made.object.to_string().len();
    (length_bytes > MAX_OBJECT_BYTES).then(|| {
        let what = format!(
            "`{}` comes to {length_bytes} bytes, and a cluster takes {MAX_OBJECT_BYTES} as one object",
            made.name
        );
        Problem::new(what, "bring less, or in several objects; large things belong in an image")
    })
}

/// The object, unless something is wrong or it is larger than a cluster takes.
fn finish(made: Made, mut problems: Vec<Problem>, pool: &Pool<'_>) -> Result<Made, Vec<Problem>> {
    problems.extend(pool.problems());
    problems.extend(too_large(&made));
    if problems.is_empty() { Ok(made) } else { Err(problems) }
}
