//! x
use std::collections::BTreeMap;
/// x
#[derive(Clone, Debug, Default)]
pub struct Edit {
    /// x
    pub config: Option<Vec<u8>>,
    /// x
    pub network: BTreeMap<String, Vec<u8>>,
    /// x
    pub append_kernel_arguments: Vec<String>,
    /// x
    pub delete_kernel_arguments: Vec<String>,
}
