//! What can run a guest's instructions here.

use std::fs::OpenOptions;
use std::path::Path;

/// True if the host's virtualization can be opened. Whether guests live under it shows when one runs.
pub(super) fn kvm_opens() -> bool {
    OpenOptions::new().read(true).write(true).open("/dev/kvm").is_ok()
}

/// Why QEMU says that a guest died under KVM, if it says so.
pub(super) fn kvm_death(said: &Path) -> Option<String> {
    let text = std::fs::read_to_string(said).ok()?;
    let fatal = |line: &&str| {
        ["KVM internal error", "KVM: entry failed", "failed to initialize kvm", "Could not access KVM"]
            .iter()
            .any(|words| line.contains(words))
    };
    text.lines().find(fatal).map(|line| line.trim().to_owned())
}
