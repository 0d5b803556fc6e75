//! What somebody kept of a machine or a cluster in a folder: a mounted disk, an sosreport, a must-gather; and the facts
//! in it. What such a folder cannot tell is unknown, with the reason.
//!
//! The folder may come from a broken or hostile machine. Whoever implements [`Tree`] keeps every look inside it and
//! bounded; nothing here trusts what is read beyond its form.
//!
//! To read another kind of folder:
//! 1. give it a [`Kind`], and a mark to know it by in [`kind`];
//! 2. write `src/saved/<kind>.rs`, which makes a record of a [`Tree`];
//! 3. let `world::facts` ask it, and give it a made folder in `tests/suite/saved.rs`.

mod accounts;
mod cloud;
mod facts;
mod gathered_nodes;
mod must_gather;
mod node;
mod root;
mod sosreport;
mod sosreport_inventory;
mod support_bundle;
mod udev_export;

pub use gathered_nodes::GatheredNode;
pub use gathered_nodes::gathered_nodes;
pub use must_gather::answers as must_gather_answers;
pub use must_gather::record as cluster_record;
pub use root::Deployment;
pub use root::deployment;
pub use root::elsewhere;
pub use root::record as root_record;
pub use sosreport::record as sosreport_record;
pub use sosreport_inventory::inventory as sosreport_inventory;
pub use support_bundle::answers as support_bundle_answers;

use crate::cluster::Answer;
use crate::cluster::Answers;
use crate::cluster::Ask;
use crate::cluster::Trouble;
use crate::cluster::TroubleKind;
use crate::tree::Links;
use crate::tree::Tree;

/// Where the machine keeps the records of its boots.
pub const RECORDS: &str = "/var/lib/cotter/boots";

/// The kinds of folders that are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The root file system of a machine, or the disk of one with ostree deployments.
    Root,
    /// An unpacked sosreport.
    SosReport,
    /// What `oc adm must-gather` made.
    MustGather,
    /// An unpacked support bundle of Harvester.
    SupportBundle,
}

/// What kind of folder it is; nothing if it is none of these.
pub fn kind(tree: &dyn Tree) -> Option<Kind> {
    let has = |path: &str| has(tree, path);
    if must_gather::folder(tree).is_some() {
        Some(Kind::MustGather)
    } else if support_bundle::folder(tree).is_some() {
        Some(Kind::SupportBundle)
    } else if has("/sos_commands") {
        Some(Kind::SosReport)
    } else if has("/ostree/deploy") || (has("/etc") && (has("/usr") || has("/var"))) {
        Some(Kind::Root)
    } else {
        None
    }
}

fn has(tree: &dyn Tree, path: &str) -> bool {
    matches!(tree.look(path, Links::Followed), Ok(Some(_)))
}

/// The folder itself if all these paths are in it, else those folders right below that have them all.
fn folders_with(tree: &dyn Tree, paths: &[&str]) -> Vec<String> {
    let has_all = |folder: &String| paths.iter().all(|path| has(tree, &format!("{folder}/{path}")));
    if has_all(&String::new()) {
        return vec![String::new()];
    }
    let names = tree.names("/").ok().flatten().unwrap_or_default();
    names.iter().map(|name| format!("/{name}")).filter(has_all).collect()
}

/// What an API would have answered, as `answer` finds it in the folder with its objects; or why there is no such folder.
fn kept_answers(
    asks: &[Ask],
    folder: &Result<String, String>,
    answer: impl Fn(&str, Ask) -> Result<Answer, String>,
) -> Answers {
    let not_kept = |why: String| Err(Trouble::new(TroubleKind::NotKept, why));
    let one = |ask: Ask| match folder {
        Ok(folder) => answer(folder, ask).unwrap_or_else(not_kept),
        Err(why) => not_kept(why.clone()),
    };
    asks.iter().map(|ask| (*ask, one(*ask))).collect()
}
