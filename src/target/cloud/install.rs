//! Scripts that only bring a payload: by installing cloud-init first, or by fetching it.

use super::script::FUNCTIONS;
use super::script::Stamp;
use super::script::head;
use super::shell::embedded;
use super::shell::quoted;

/// How long an address may take to answer, and how long the pause is when it had nothing.
const CONNECT_SECONDS: u32 = 20;
const PAUSE_SECONDS: u32 = 30;

/// cloud-init as it is to be beside the agent that was there first: it leaves the network and the host keys alone.
const SETTINGS: &str = "# Written by cotter.\ndatasource_list: [NoCloud, None]\nnetwork: {config: disabled}\nssh_deletekeys: false\n";
const SEED: &str = "/var/lib/cloud/seed/nocloud";

/// Installs cloud-init by `manager`, and hands it `payload`.
pub(super) fn with_cloud_init(stamp: Stamp<'_>, manager: &str, payload: &[u8], meta_data: &str) -> String {
    let mut text = format!("{}\n{FUNCTIONS}\nbegin\n", head(stamp));
    let manager = quoted(manager);
    text.push_str(&format!("command -v cloud-init >/dev/null || package {manager} cloud-init\n"));
    for (path, bytes) in [
        ("/etc/cloud/cloud.cfg.d/90-cotter.cfg".to_owned(), SETTINGS.as_bytes()),
        (format!("{SEED}/meta-data"), meta_data.as_bytes()),
        (format!("{SEED}/user-data"), payload),
    ] {
        let there = embedded(bytes);
        text.push_str(&format!("put {path} 0600 root:root yes {} {}", there.how, there.document));
    }
    // The payload takes the lock itself.
    text.push_str("exec 9>&-\n");
    for stage in ["init --local", "init", "modules --mode=config", "modules --mode=final"] {
        text.push_str(&format!("cloud-init {stage} >&2 || say \"cloud-init {stage} ended with $?\"\n"));
    }
    text.push_str("is_done || die 'cloud-init has not applied the payload: see cloud-init status --long'\n");
    text
}

/// Fetches the payload by its digest, and runs it.
pub(super) fn fetching(stamp: Stamp<'_>, url: &str, sha256: &str) -> String {
    let mut text = format!("{}\n{FUNCTIONS}\nbegin\n", head(stamp));
    let file = "/var/lib/cotter/payload";
    text.push_str(&format!(
        "fetch {file} none sha256 {sha256} {CONNECT_SECONDS} {PAUSE_SECONDS} {}\n",
        quoted(url)
    ));
    // The payload takes the lock itself, and says who brought it.
    text.push_str(&format!("COTTER_BY=\"$(who)\"\nexport COTTER_BY\nexec 9>&-\nexec bash {file}\n"));
    text
}
