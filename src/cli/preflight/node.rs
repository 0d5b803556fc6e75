//! Where the machine itself can be looked at, or what was kept of it.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::super::Ui;
use super::super::ui::shown;
use crate::hardware::Inventory;
use crate::preflight::CachedImages;
use crate::preflight::NODE_SCRIPT;
use crate::preflight::Node;
use crate::value::SshDestination;
use crate::world;
use crate::world::Failure;
use crate::world::Said;
use crate::world::ScriptPlace;
use crate::world::Ssh;

/// How long the look at a machine may take.
const TIMEOUT: Duration = Duration::from_secs(90);
/// The largest list of cached images.
const MAX_LIST_BYTES: u64 = 64 << 20;

#[derive(Debug, Args)]
#[command(next_help_heading = "The machine")]
pub(super) struct NodeArguments {
    /// Look at this machine: its images and the room for more, its hardware
    #[arg(long)]
    local: bool,
    /// Look at it over your own ssh
    #[arg(long, value_name = "DEST", conflicts_with = "local")]
    ssh: Option<SshDestination>,
    /// Let ssh read this configuration instead of yours
    #[arg(long, value_name = "FILE", requires = "ssh")]
    ssh_config: Option<PathBuf>,
    /// What it has of images: `crictl images -o json` or `podman images --format json`, written to a file
    #[arg(long, value_name = "FILE", requires = "images", conflicts_with_all = ["local", "ssh"])]
    cached: Option<PathBuf>,
    /// What it is made of, as `cotter inventory` wrote it, instead of the machine file's `hardware.inventory`
    #[arg(long, value_name = "FILE", requires = "spec")]
    inventory: Option<PathBuf>,
}

impl NodeArguments {
    /// What the machine says of itself, if somebody may ask or kept it.
    pub(super) fn node(&self, ui: &mut Ui) -> Result<Option<Node>, Failure> {
        if let Some(path) = &self.cached {
            let text = String::from_utf8_lossy(&world::read_bounded(path, MAX_LIST_BYTES)?).into_owned();
            let cached = CachedImages::read(&text).map_err(|why| {
                let message = format!("`{}` is no list of cached images: {why}", path.display());
                Failure::input(message, "write it with `crictl images -o json`")
            })?;
            return Ok(Some(Node { cached: Some(Ok(cached)), ..Node::default() }));
        }
        let ssh = Ssh { config: self.ssh_config.clone(), asks: ui.can_ask() };
        let (place, name) = match &self.ssh {
            Some(destination) => (ScriptPlace::Over(&ssh, destination), destination.to_string()),
            None if self.local => (ScriptPlace::Here, "this machine".to_owned()),
            None => return Ok(None),
        };
        ui.begin(format!("looking at {name}"));
        let said = world::run_script(place, NODE_SCRIPT, &[], TIMEOUT);
        ui.end();
        let said = said.map_err(world::Trouble::failure)?;
        let node = Node::read(said.iter().map(|Said { word, rest }| (word.as_str(), rest.as_str())));
        if let Some(user) = &node.limited_to {
            let message = format!("{name} is looked at as `{}`, who may not see all of it", shown(user));
            ui.warning(&message, "use root, or a user that sudo lets run commands without a password");
        }
        Ok(Some(node))
    }

    /// What is known of the machine's hardware: what somebody named, or else what it says itself.
    pub(super) fn inventory(&self, node: Option<&Node>) -> Result<Option<Inventory>, Failure> {
        if let Some(path) = &self.inventory {
            return Ok(Some(world::kept_inventory(path)?.inventory));
        }
        if self.local {
            return Ok(Some(world::own_inventory()?));
        }
        Ok(node.filter(|_| self.ssh.is_some()).map(|node| node.inventory.clone()))
    }
}
