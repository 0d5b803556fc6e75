//! The kernel's arguments that have a say in what ports are called.

use std::collections::BTreeMap;

use crate::hardware::number::truth;
use crate::value::MacAddress;

/// What the kernel's arguments say of names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arguments {
    /// `net.ifnames=0`: no names are made, and the kernel's stay (systemd-udevd.service(8)).
    pub keeps_kernel_names: bool,
    /// `biosdevname=1`: names are Dell's, where the program biosdevname is installed.
    pub is_biosdevname: bool,
    /// `net.naming-scheme=`: the scheme, if one is named.
    pub scheme: Option<String>,
    /// `ifname=NAME:MAC`: names that dracut gives in the initramfs (dracut.cmdline(7)).
    pub names: BTreeMap<MacAddress, String>,
}

impl Arguments {
    /// Reads a command line. Of what is said twice the last counts, as for systemd.
    pub fn read<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Self {
        let mut said = Self::default();
        for argument in arguments.into_iter().flat_map(str::split_whitespace) {
            let (key, value) = argument.split_once('=').unwrap_or((argument, "1"));
            match key.replace('-', "_").as_str() {
                "net.ifnames" => {
                    // A word that is neither yes nor no is none.
                    said.keeps_kernel_names = truth(value) == Some(false);
                }
                "biosdevname" => said.is_biosdevname = value == "1",
                "net.naming_scheme" => said.scheme = Some(value.to_owned()),
                "ifname" => {
                    if let Some((name, mac)) = value.split_once(':')
                        && let Ok(mac) = mac.parse()
                    {
                        said.names.insert(mac, name.to_owned());
                    }
                }
                _ => {}
            }
        }
        said
    }

    /// These, and then others: what both say, the others decide.
    pub fn then(mut self, others: &Self) -> Self {
        self.keeps_kernel_names |= others.keeps_kernel_names;
        self.is_biosdevname |= others.is_biosdevname;
        self.scheme = others.scheme.clone().or(self.scheme);
        self.names.extend(others.names.clone());
        self
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::Arguments;

    #[test]
    fn reads_what_decides_about_names() {
        let line = "quiet net.ifnames=0 biosdevname=1 net.naming-scheme=v238 net.naming_scheme=rhel-9.4 ifname=mgmt0:e4:43:4b:0a:00:01";
        let said = Arguments::read([line]);
        assert!(said.keeps_kernel_names && said.is_biosdevname);
        assert_eq!(said.scheme.as_deref(), Some("rhel-9.4"));
        assert_eq!(said.names[&"e4:43:4b:0a:00:01".parse().unwrap()], "mgmt0");
        assert_eq!(Arguments::read(["net.ifnames=1", "biosdevname=0", "ifname=a:b"]), Arguments::default());
    }
}
