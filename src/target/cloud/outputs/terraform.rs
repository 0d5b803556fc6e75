//! The boot data as attributes of Terraform's resources.

use super::Delivering;
use super::Handed;
use super::has_meta_data;

/// Renders the attributes that a platform's resource takes, if there is one.
pub(super) fn render(delivering: &Delivering<'_>, handed: &[Handed<'_>]) -> Option<String> {
    let (resource, attributes) = attributes(delivering, handed)?;
    let name = local_name(&delivering.machine.name.value);
    let mut text = format!(
        "# Attributes of `{resource}` for {}; use them as `local.{name}.<attribute>`. Written by cotter.\nlocals {{\n  {name} = {{\n",
        delivering.machine.name.value
    );
    for (attribute, value) in attributes {
        text.push_str(&format!("    {attribute} = {value}\n"));
    }
    text.push_str("  }\n}\n");
    Some(text)
}

type Attributes = Vec<(&'static str, String)>;

fn attributes(delivering: &Delivering<'_>, handed: &[Handed<'_>]) -> Option<(&'static str, Attributes)> {
    let first = handed.first()?;
    let text = || file(&first.file);
    let base64 = || format!("filebase64({})", path(&first.file));
    // What is compressed is no text, and `file` would refuse it.
    let either = || if first.is_packed { base64() } else { text() };
    let one = |name, value| vec![(name, value)];
    let network = |attribute| delivering.network.map(|_| (attribute, file("network-config")));
    let is_ignition = first.file == "config.ign";
    Some(match delivering.platform.name.as_str() {
        "gce" => ("google_compute_instance", one("metadata", metadata(handed))),
        "aws" => ("aws_instance", one("user_data_base64", base64())),
        "azure" => match first.key {
            "userData" => ("azurerm_linux_virtual_machine", one("user_data", base64())),
            _ => ("azurerm_linux_virtual_machine", one("custom_data", base64())),
        },
        "openstack" => ("openstack_compute_instance_v2", one("user_data", either())),
        "digitalocean" => ("digitalocean_droplet", one("user_data", text())),
        "hetzner" => ("hcloud_server", one("user_data", text())),
        "scaleway" => {
            ("scaleway_instance_server", one("user_data", map(&[(first.key.to_owned(), text())], 4)))
        }
        "linode" => ("linode_instance", one("metadata", format!("[{{ user_data = {} }}]", base64()))),
        "vsphere" => ("vsphere_virtual_machine", one("extra_config", extra_config(delivering, handed))),
        "proxmox" => {
            let text = quoted(&cicustom(delivering));
            ("proxmox_vm_qemu", one("cicustom", text))
        }
        "libvirt" if is_ignition => ("libvirt_ignition", one("content", text())),
        "libvirt" if has_meta_data(delivering) => {
            let own = [("user_data", text()), ("meta_data", file("meta-data"))];
            ("libvirt_cloudinit_disk", own.into_iter().chain(network("network_config")).collect())
        }
        "kubevirt" => {
            let own = [("userdata".to_owned(), text())];
            let network = network("networkdata").map(|(key, value)| (key.to_owned(), value));
            let all: Vec<_> = own.into_iter().chain(network).collect();
            ("kubernetes_secret", one("data", map(&all, 4)))
        }
        _ => return None,
    })
}

/// Metadata of an instance: the keys, and those that say how they are written.
fn metadata(handed: &[Handed<'_>]) -> String {
    let keys = handed.iter().map(|one| (one.key.to_owned(), file(&one.file)));
    let marks =
        handed.iter().flat_map(|one| &one.encoded.marks).map(|(key, mark)| (key.clone(), quoted(mark)));
    map(&keys.chain(marks).collect::<Vec<_>>(), 4)
}

/// The virtual machine's own settings, which the guest reads.
fn extra_config(delivering: &Delivering<'_>, handed: &[Handed<'_>]) -> String {
    let keys = handed.iter().map(|one| (one.key.to_owned(), file(&one.file)));
    let marks =
        handed.iter().flat_map(|one| &one.encoded.marks).map(|(key, mark)| (key.clone(), quoted(mark)));
    let data = [
        ("guestinfo.metadata".to_owned(), file("guestinfo.metadata")),
        ("guestinfo.metadata.encoding".to_owned(), quoted("base64")),
    ];
    let data = data.into_iter().filter(|_| super::reads_cloud_init(delivering));
    map(&keys.chain(marks).chain(data).collect::<Vec<_>>(), 4)
}

/// Proxmox' word for snippets.
pub(super) fn cicustom(delivering: &Delivering<'_>) -> String {
    let name = &delivering.machine.name.value;
    let mut words = vec![format!("user=local:snippets/{name}-user-data")];
    if has_meta_data(delivering) {
        words.push(format!("meta=local:snippets/{name}-meta-data"));
    }
    if delivering.network.is_some() {
        words.push(format!("network=local:snippets/{name}-network-config"));
    }
    words.join(",")
}

fn map(entries: &[(String, String)], depth: usize) -> String {
    let indent = " ".repeat(depth);
    let lines: Vec<String> =
        entries.iter().map(|(key, value)| format!("{indent}  {} = {value}\n", quoted(key))).collect();
    format!("{{\n{}{indent}}}", lines.concat())
}

fn file(name: &str) -> String {
    format!("file({})", path(name))
}

fn path(name: &str) -> String {
    format!("\"${{path.module}}/{name}\"")
}

/// A text of HCL's, in which nothing is a template.
fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace("${", "$${").replace("%{", "%%{");
    format!("\"{escaped}\"")
}

/// An identifier of HCL's.
fn local_name(machine: &str) -> String {
    let plain = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '_' };
    format!("cotter_{}", machine.chars().map(plain).collect::<String>())
}
