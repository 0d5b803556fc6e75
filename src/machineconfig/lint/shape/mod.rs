//! The shapes of objects: which keys there are and what may stand under them, one table for each kind.
//!
//! From the kinds' definitions in openshift/api; what a version of OpenShift brought later is in `kinds.toml`.
//!
//! To add a kind:
//! 1. write its table in a file of its own, beginning with `spec`;
//! 2. name it in [`of`];
//! 3. add its row to `kinds.toml`, and a good object to `tests/machineconfig/lint/good.yaml`.

mod check;
mod configuration;
mod kubelet;
mod layering;
mod machine_config;
mod node;
mod pinned;
mod pool;
mod runtime;

pub(super) use check::check;

use super::format::ANY;
use super::format::Format;

/// What may stand at a place.
#[derive(Debug)]
pub(super) enum Shape {
    /// A text of a form.
    Text(&'static Format),
    /// One of some words.
    Word(&'static [&'static str]),
    /// `true` or `false`.
    Truth,
    /// A whole number from one to another.
    Whole(i64, i64),
    /// A number from one to another.
    Number(f64, f64),
    /// A number, or a text of a form.
    WholeOr(&'static Format),
    /// A mapping with keys of the user's own, to texts of a form.
    Texts(&'static Format),
    /// What another table says.
    Of(&'static Shape),
    /// A mapping.
    Map(&'static [Key]),
    /// A list.
    List(&'static Items),
    /// Anything: it is looked at elsewhere, or not at all.
    Any,
}

/// The members of a list.
#[derive(Debug)]
pub(super) struct Items {
    /// What each is.
    pub of: Shape,
    /// How many there are at least.
    pub least: usize,
    /// How many there are at most.
    pub most: usize,
    /// The keys that make a member what it is; the member itself for none. `None` if the same may be there twice.
    pub unlike: Option<&'static [&'static str]>,
}

/// A key of a mapping.
#[derive(Debug)]
pub(super) struct Key {
    /// As it is written.
    pub name: &'static str,
    /// What may stand under it.
    pub shape: Shape,
    /// Whether it must be there.
    pub is_needed: bool,
}

/// A key that may be left out.
pub(super) const fn key(name: &'static str, shape: Shape) -> Key {
    Key { name, shape, is_needed: false }
}

/// A key that must be there.
pub(super) const fn needed(name: &'static str, shape: Shape) -> Key {
    Key { name, shape, is_needed: true }
}

/// Texts in any number.
static TEXTS: Items = Items { of: Shape::Text(&ANY), least: 0, most: usize::MAX, unlike: None };

/// A label selector.
static SELECTOR: Shape =
    Shape::Map(&[key("matchLabels", Shape::Texts(&ANY)), key("matchExpressions", Shape::List(&EXPRESSIONS))]);

static EXPRESSIONS: Items = Items {
    of: Shape::Map(&[
        needed("key", Shape::Text(&ANY)),
        needed("operator", Shape::Word(&["In", "NotIn", "Exists", "DoesNotExist"])),
        key("values", Shape::List(&TEXTS)),
    ]),
    least: 0,
    most: usize::MAX,
    unlike: None,
};

static METADATA: [Key; 15] = [
    key("name", Shape::Text(&ANY)),
    key("generateName", Shape::Text(&ANY)),
    key("namespace", Shape::Text(&ANY)),
    key("labels", Shape::Texts(&ANY)),
    key("annotations", Shape::Texts(&ANY)),
    key("creationTimestamp", Shape::Any),
    key("deletionTimestamp", Shape::Any),
    key("deletionGracePeriodSeconds", Shape::Any),
    key("finalizers", Shape::Any),
    key("generation", Shape::Any),
    key("managedFields", Shape::Any),
    key("ownerReferences", Shape::Any),
    key("resourceVersion", Shape::Any),
    key("selfLink", Shape::Any),
    key("uid", Shape::Any),
];

/// A kind's `spec`, and whether the object must have one.
struct Spec {
    shape: &'static Shape,
    is_needed: bool,
}

fn of(kind: &str) -> Option<Spec> {
    let (shape, is_needed) = match kind {
        "MachineConfig" => (&machine_config::SPEC, false),
        "MachineConfigPool" => (&pool::SPEC, true),
        "KubeletConfig" => (&kubelet::SPEC, true),
        "ContainerRuntimeConfig" => (&runtime::SPEC, true),
        "PinnedImageSet" => (&pinned::SPEC, true),
        "MachineOSConfig" => (&layering::CONFIG, true),
        "MachineOSBuild" => (&layering::BUILD, true),
        "MachineConfiguration" => (&configuration::SPEC, true),
        "MachineConfigNode" => (&node::SPEC, true),
        _ => return None,
    };
    Some(Spec { shape, is_needed })
}
