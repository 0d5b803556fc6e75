//! What the medium's own coreos-installer is told: `/etc/coreos/installer.d`.

use serde::Serialize;

use crate::spec::Install;
use crate::value::KernelArgument;

/// Where the destination document lies in the live system.
pub(super) const DESTINATION_PATH: &str = "/etc/coreos/dest.ign";

/// Where the installer's configuration lies in the live system.
pub(super) const CONFIG_PATH: &str = "/etc/coreos/installer.d/0000-cotter.yaml";

/// `coreos-installer install --config-file`: long option names as keys.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct InstallerConfig<'a> {
    dest_device: &'a str,
    ignition_file: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    console: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    append_karg: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    delete_karg: Vec<&'a str>,
}

/// Renders the installer's configuration. It is JSON, which is YAML too.
pub(super) fn config(install: &Install, append: &[KernelArgument], delete: &[KernelArgument]) -> Vec<u8> {
    let config = InstallerConfig {
        dest_device: install.device.as_str(),
        ignition_file: DESTINATION_PATH,
        console: install.consoles.iter().map(|console| console.as_str()).collect(),
        append_karg: append.iter().map(KernelArgument::as_str).collect(),
        delete_karg: delete.iter().map(KernelArgument::as_str).collect(),
    };
    let mut json = serde_json::to_vec_pretty(&config).unwrap_or_default();
    json.push(b'\n');
    json
}
