//! The whole machine file, section by section.

use super::After;
use super::Install;
use super::KernelArguments;
use super::Machine;
use super::Passwd;
use super::Target;
use super::network;
use super::passwd;
use super::storage;
use crate::document;
use crate::document::Diagnostics;
use crate::document::Fields;
use crate::document::Sourced;
use crate::document::View;
use crate::network::NetworkState;
use crate::value::ValueError;

/// Parses the machine file `text`; `file` names it in findings.
///
/// There is a machine only if nothing in the file is wrong; warnings do not matter for that.
pub fn parse(file: &str, text: &str) -> (Option<Machine>, Diagnostics) {
    let (tree, mut findings) = document::parse(file, text);
    let machine = tree.as_ref().and_then(|tree| machine(&View::root(file, tree), &mut findings));
    (machine.filter(|_| !findings.has_errors()), findings)
}

fn machine(root: &View<'_>, findings: &mut Diagnostics) -> Option<Machine> {
    let mut fields = root.fields(findings)?;
    version(&mut fields, findings);
    let name = fields
        .required("name", "name the machine, as in `name: r640`", findings)
        .and_then(|view| view.parse::<MachineName>("machine-name", findings))
        .map(|name| name.map(|MachineName(name)| name));
    let target = fields
        .required("target", "say what is installed, as in `target: fcos`", findings)
        .and_then(|view| view.word(&Target::ALL, findings));
    let hostname = fields.optional("hostname").and_then(|view| view.parse("host-name", findings));
    let base_image = fields.optional("base").and_then(|view| base(&view, findings));
    let passwd = fields.optional("passwd").and_then(|view| passwd::passwd(&view, findings));
    let network = fields.optional("network").and_then(|view| network::network(&view, findings));
    let storage = fields.optional("storage").and_then(|view| storage::files(&view, findings));
    let units = fields.optional("systemd").and_then(|view| storage::units(&view, findings));
    let kernel_arguments =
        fields.optional("kernel_arguments").and_then(|view| kernel_arguments(&view, findings));
    let install = fields
        .required(
            "install",
            "say where to install, as in `install: {device: /dev/disk/by-id/wwn-0x5000c500a1b2c3d4}`",
            findings,
        )
        .and_then(|view| install(&view, findings));
    let reach = fields.optional("verify").map(|view| reach(&view, findings));
    let origin = fields.origin().clone();
    fields.finish(findings);
    let network = network.unwrap_or_else(NetworkState::default);
    crate::network::check(&network, findings);
    Some(Machine {
        name: name?,
        target: target?,
        hostname,
        base_image,
        passwd: passwd.unwrap_or_else(Passwd::default),
        network,
        files: storage.unwrap_or_default(),
        units: units.unwrap_or_default(),
        kernel_arguments: kernel_arguments.unwrap_or_default(),
        install: install?,
        reach: reach.unwrap_or_default(),
        origin,
    })
}

fn version(fields: &mut Fields<'_>, findings: &mut Diagnostics) {
    let help = "begin the file with `cotter: 1`";
    if let Some(version) = fields.required("cotter", help, findings).and_then(|view| view.text(findings))
        && version.value != "1"
    {
        let message = format!("version `{}` of the machine file is not known", version.value);
        findings.error("version", &version.origin, message, "this cotter reads `cotter: 1`");
    }
}

/// The machine's name becomes part of file names and UUIDs.
struct MachineName(String);

impl std::str::FromStr for MachineName {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let right = (1..=64).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
            && text.starts_with(|c: char| c.is_ascii_alphanumeric());
        if right {
            return Ok(Self(text.to_owned()));
        }
        let message = format!("`{text}` is not a machine's name");
        Err(ValueError::new(message, "use 1 to 64 letters, digits, `-`, `_` and `.`, as in `r640-sno`"))
    }
}

fn base(view: &View<'_>, findings: &mut Diagnostics) -> Option<Sourced<String>> {
    let mut fields = view.fields(findings)?;
    let image = fields.optional("image").and_then(|view| view.text(findings));
    fields.finish(findings);
    image
}

fn kernel_arguments(view: &View<'_>, findings: &mut Diagnostics) -> Option<KernelArguments> {
    let mut fields = view.fields(findings)?;
    let mut list = |key, findings: &mut Diagnostics| {
        fields.optional(key).map(|view| view.parse_list("kernel-argument", findings)).unwrap_or_default()
    };
    let arguments = KernelArguments {
        should_exist: list("should_exist", findings),
        should_not_exist: list("should_not_exist", findings),
    };
    fields.finish(findings);
    if let Some(argument) =
        arguments.should_exist.iter().find(|argument| argument.turns_on_initramfs_network())
    {
        findings.warning(
            "initramfs-network",
            &argument.origin,
            format!(
                "`{}` turns on networking in the initramfs, whose profiles stay on later boots",
                argument.value
            ),
            "say there what the ports must be, or leave it out: profiles of this file do not replace those",
        );
    }
    for argument in &arguments.should_not_exist {
        if arguments.should_exist.iter().any(|other| other.value == argument.value) {
            let message = format!("`{}` should exist and should not", argument.value);
            findings.error("contradiction", &argument.origin, message, "keep one of the two");
        }
    }
    Some(arguments)
}

fn install(view: &View<'_>, findings: &mut Diagnostics) -> Option<Install> {
    let mut fields = view.fields(findings)?;
    let device: Option<Sourced<crate::value::DevicePath>> = fields
        .required("device", "name the disk by its identity: `ls -l /dev/disk/by-id` on the machine", findings)
        .and_then(|view| view.parse("install-device", findings));
    if let Some(device) = device.as_ref().filter(|device| device.moves_between_boots()) {
        findings.warning(
            "device-may-move",
            &device.origin,
            format!("`{}` may be another disk at the next boot", device.value),
            "name the disk by its identity, as in `/dev/disk/by-id/wwn-0x…` (`ls -l /dev/disk/by-id`)",
        );
    }
    let consoles = fields.optional("console").map(|view| consoles(&view, findings)).unwrap_or_default();
    let after = fields.optional("after").and_then(|view| view.word(&AFTER, findings));
    let after = after.map(|after| after.value).unwrap_or_default();
    let origin = fields.origin().clone();
    fields.finish(findings);
    Some(Install { device: device?, consoles, after, origin })
}

const AFTER: [(&str, After); 2] = [("reboot", After::Reboot), ("poweroff", After::PowerOff)];

/// Consoles. YAML splits `[ttyS0,115200n8]` at the comma; no console begins with a digit, so what does
/// are the settings of the console before it.
fn consoles(view: &View<'_>, findings: &mut Diagnostics) -> Vec<Sourced<crate::value::KernelArgument>> {
    let mut consoles: Vec<Sourced<String>> = Vec::new();
    for word in view.list(findings).iter().filter_map(|word| word.text(findings)) {
        match consoles.last_mut() {
            Some(console) if word.starts_with(|c: char| c.is_ascii_digit()) && !console.contains(',') => {
                console.value = format!("{},{}", console.value, word.value);
            }
            _ => consoles.push(word),
        }
    }
    let parse = |console: Sourced<String>| {
        let (device, settings) = console.split_once(',').unwrap_or((&console.value, ""));
        let device_is_right = device.starts_with("tty") && device.bytes().all(|b| b.is_ascii_alphanumeric());
        let settings_are_right =
            settings.bytes().all(|b| b.is_ascii_alphanumeric()) && !console.ends_with(',');
        match console.value.parse() {
            Ok(value) if device_is_right && settings_are_right => {
                Some(Sourced { value, origin: console.origin })
            }
            _ => {
                let message = format!("`{}` is not a console", console.value);
                findings.error(
                    "console",
                    &console.origin,
                    message,
                    "write it as in `ttyS0,115200n8` or `tty0`",
                );
                None
            }
        }
    };
    consoles.into_iter().filter_map(parse).collect()
}

fn reach(view: &View<'_>, findings: &mut Diagnostics) -> Vec<Sourced<crate::value::ReachTarget>> {
    let Some(mut fields) = view.fields(findings) else {
        return Vec::new();
    };
    let targets = fields.optional("reach").map(|view| view.parse_list("reach", findings)).unwrap_or_default();
    fields.finish(findings);
    targets
}
