//! The platform's own command that boots the machine with its boot data.

use super::Delivering;
use super::Handed;
use super::has_meta_data;
use super::terraform::cicustom;
use crate::target::cloud::shell::quoted;

/// Renders a script with the command, if the platform has one.
pub(super) fn render(delivering: &Delivering<'_>, handed: &[Handed<'_>]) -> Option<String> {
    let lines = lines(delivering, handed)?;
    let mut text = format!(
        "#!/bin/bash\n# Boots {} on {}. Fill in what is asked for as variables, and add what your machines have besides.\n\
         set -euo pipefail\ncd \"$(dirname \"$0\")\"\n\n",
        delivering.machine.name.value, delivering.platform.title
    );
    for line in lines {
        text.push_str(&line);
        text.push('\n');
    }
    text.push_str("# Written by cotter.\n");
    Some(text)
}

/// A variable that must be given, with the words that say what it is.
fn asked(variable: &str, what: &str) -> String {
    format!("\"${{{variable}:?{what}}}\"")
}

/// The image as it is named, or a variable for it.
fn image(delivering: &Delivering<'_>, what: &str) -> String {
    let named = delivering.machine.cloud.as_ref().and_then(|cloud| cloud.image.as_ref());
    named.map_or_else(|| asked("IMAGE", what), |image| quoted(&image.value))
}

/// One command over several lines.
fn command(words: &[String]) -> Vec<String> {
    let last = words.len().saturating_sub(1);
    words
        .iter()
        .enumerate()
        .map(|(index, word)| {
            let indent = if index == 0 { "" } else { "  " };
            let end = if index == last { "" } else { " \\" };
            format!("{indent}{word}{end}")
        })
        .collect()
}

fn lines(delivering: &Delivering<'_>, handed: &[Handed<'_>]) -> Option<Vec<String>> {
    let first = handed.first()?;
    let name = quoted(&delivering.machine.name.value);
    let file = quoted(&first.file);
    let with_network = |text: &str| delivering.network.map(|_| text.to_owned());
    Some(match delivering.platform.name.as_str() {
        "gce" => gcloud(delivering, handed, &name),
        "aws" => command(&[
            "aws ec2 run-instances".into(),
            format!("--image-id {}", asked("IMAGE_ID", "the AMI, as in ami-0123456789abcdef0")),
            "--instance-type \"${INSTANCE_TYPE:-t3.small}\"".into(),
            format!(
                "--tag-specifications 'ResourceType=instance,Tags=[{{Key=Name,Value={}}}]'",
                delivering.machine.name.value
            ),
            format!("--user-data fileb://{file}"),
        ]),
        "azure" if !first.is_packed => command(&[
            format!("az vm create --name {name}"),
            format!("--resource-group {}", asked("RESOURCE_GROUP", "the resource group")),
            format!(
                "--image {}",
                image(delivering, "the image, as in Canonical:ubuntu-24_04-lts:server:latest")
            ),
            match first.key {
                "userData" => format!("--user-data {file}"),
                _ => format!("--custom-data {file}"),
            },
        ]),
        "openstack" => command(&[
            format!("openstack server create {name}"),
            format!("--image {}", image(delivering, "the image")),
            format!("--flavor {}", asked("FLAVOR", "the flavor")),
            format!("--network {}", asked("NETWORK", "the network")),
            format!("--user-data {file}"),
        ]),
        "digitalocean" => command(&[
            format!("doctl compute droplet create {name}"),
            format!("--image {}", image(delivering, "the image, as in ubuntu-24-04-x64")),
            "--size \"${SIZE:-s-1vcpu-1gb}\" --region \"${REGION:-fra1}\"".into(),
            format!("--user-data-file {file}"),
        ]),
        "hetzner" => command(&[
            format!("hcloud server create --name {name}"),
            format!("--image {}", image(delivering, "the image, as in ubuntu-24.04")),
            "--type \"${TYPE:-cx22}\"".into(),
            format!("--user-data-from-file {file}"),
        ]),
        "scaleway" => command(&[
            format!("scw instance server create name={name}"),
            format!("image={}", image(delivering, "the image, as in ubuntu_noble")),
            "type=\"${TYPE:-PLAY2-NANO}\"".into(),
            format!("cloud-init=@{file}"),
        ]),
        "linode" => command(&[
            format!("linode-cli linodes create --label {name}"),
            format!("--image {}", image(delivering, "the image, as in linode/ubuntu24.04")),
            "--type \"${TYPE:-g6-nanode-1}\" --region \"${REGION:-eu-central}\"".into(),
            format!("--metadata.user_data \"$(base64 -w 0 {file})\""),
        ]),
        "vsphere" => govc(delivering, handed),
        "proxmox" => proxmox(delivering, &file),
        "kubevirt" => {
            let network = with_network("--from-file=networkdata=network-config");
            let words = [
                format!("kubectl create secret generic {name}-cloud-init"),
                format!("--from-file=userdata={file}"),
            ];
            let mut lines = command(&words.into_iter().chain(network).collect::<Vec<_>>());
            lines.push("# The volume of the virtual machine:".to_owned());
            lines.push(format!(
                "#   cloudInitNoCloud: {{secretRef: {{name: {name}-cloud-init}}{}}}",
                match delivering.network {
                    Some(_) => format!(", networkDataSecretRef: {{name: {name}-cloud-init}}"),
                    None => String::new(),
                }
            ));
            lines
        }
        "libvirt" => command(&[
            format!(
                "virt-install --name {name} --memory \"${{MEMORY:-2048}}\" --vcpus \"${{CPUS:-2}}\" --import --noautoconsole"
            ),
            "--osinfo detect=on,require=off".into(),
            format!("--disk {}", asked("DISK", "the disk image")),
            match has_meta_data(delivering) {
                true => format!(
                    "--cloud-init user-data={file},meta-data=meta-data{}",
                    if delivering.network.is_some() { ",network-config=network-config" } else { "" }
                ),
                false => format!(
                    "--qemu-commandline=\"-fw_cfg name=opt/com.coreos/config,file=$PWD/{}\"",
                    first.file
                ),
            },
        ]),
        "qemu" | "nocloud" => command(&[
            "qemu-system-x86_64 -m \"${MEMORY:-2048}\" -smp \"${CPUS:-2}\" -nographic".into(),
            format!("-drive file={},if=virtio", asked("DISK", "the disk image")),
            match has_meta_data(delivering) {
                true => "-drive file=cidata.iso,format=raw,if=virtio,readonly=on".to_owned(),
                false => format!("-fw_cfg name=opt/com.coreos/config,file={file}"),
            },
        ]),
        _ => return None,
    })
}

fn gcloud(delivering: &Delivering<'_>, handed: &[Handed<'_>], name: &str) -> Vec<String> {
    let named = delivering.machine.cloud.as_ref().and_then(|cloud| cloud.image.as_ref());
    let image = match named.and_then(|image| image.value.split_once('/')) {
        Some((project, family)) => {
            format!("--image-project {} --image-family {}", quoted(project), quoted(family))
        }
        None => format!("--image {}", image(delivering, "the image")),
    };
    let files: Vec<String> = handed.iter().map(|one| format!("{}={}", one.key, one.file)).collect();
    let marks: Vec<String> =
        handed.iter().flat_map(|one| &one.encoded.marks).map(|(key, mark)| format!("{key}={mark}")).collect();
    let mut words = vec![
        format!("gcloud compute instances create {name}"),
        format!("--zone {}", asked("ZONE", "the zone, as in europe-west3-a")),
        image,
    ];
    if !marks.is_empty() {
        words.push(format!("--metadata {}", quoted(&marks.join(","))));
    }
    words.push(format!("--metadata-from-file {}", quoted(&files.join(","))));
    command(&words)
}

fn govc(delivering: &Delivering<'_>, handed: &[Handed<'_>]) -> Vec<String> {
    let mut words = vec![format!("govc vm.change -vm {}", asked("VM", "the virtual machine"))];
    for one in handed {
        words.push(format!("-e \"{}=$(cat {})\"", one.key, quoted(&one.file)));
        words.extend(one.encoded.marks.iter().map(|(key, mark)| format!("-e {key}={mark}")));
    }
    if super::reads_cloud_init(delivering) {
        words.push(
            "-e \"guestinfo.metadata=$(cat guestinfo.metadata)\" -e guestinfo.metadata.encoding=base64"
                .to_owned(),
        );
    }
    command(&words)
}

fn proxmox(delivering: &Delivering<'_>, file: &str) -> Vec<String> {
    let name = &delivering.machine.name.value;
    let mut lines = vec!["snippets=/var/lib/vz/snippets".to_owned()];
    let mut copy = |from: &str, to: &str| {
        lines.push(format!("install -m 0600 {from} \"$snippets\"/{}", quoted(&format!("{name}-{to}"))));
    };
    copy(file, "user-data");
    if has_meta_data(delivering) {
        copy("meta-data", "meta-data");
    }
    if delivering.network.is_some() {
        copy("network-config", "network-config");
    }
    lines.push(format!(
        "qm set {} --ide2 \"${{STORAGE:-local-lvm}}\":cloudinit --cicustom {}",
        asked("VMID", "the number of the virtual machine"),
        quoted(&cicustom(delivering))
    ));
    lines
}
