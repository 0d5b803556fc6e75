//! What a node says of itself (`templates/files/cotter-node`): its images, the room for more, its hardware.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use serde_json::Value;

use crate::hardware::BootMode;
use crate::hardware::Disk;
use crate::hardware::Inventory;
use crate::hardware::Port;
use crate::images::Reference;
use crate::value::printable;

/// The script that a node is asked with.
pub const NODE_SCRIPT: &str = include_str!("../../templates/files/cotter-node");

/// More disks, ports and names than these no machine has.
const MAX_THINGS: usize = 4096;

/// What a node says of itself. All of it is what somebody else says, and believed no further than its types.
#[derive(Clone, Debug, Default)]
pub struct Node {
    /// The images that its runtime keeps, or why nobody could see them.
    pub cached: Option<Result<CachedImages, String>>,
    /// The file system that images are unpacked to.
    pub room: Option<Room>,
    /// Processors, memory, firmware, disks and ports.
    pub inventory: Inventory,
    /// The user whose rights it was seen with, if that is not root.
    pub limited_to: Option<String>,
}

/// The images that a runtime keeps.
#[derive(Clone, Debug, Default)]
pub struct CachedImages {
    /// The digests that it knows under a name with its tag.
    tagged: BTreeMap<String, BTreeSet<String>>,
    /// All names with digests.
    pinned: BTreeSet<String>,
}

/// Room on a file system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    /// Where.
    pub place: String,
    /// All of it, in bytes.
    pub size_bytes: u64,
    /// What is free, in bytes.
    pub free_bytes: u64,
}

/// What a runtime has of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cached {
    /// Nothing of that name.
    Nothing,
    /// Something of that name, with these digests.
    Under(BTreeSet<String>),
}

impl CachedImages {
    /// Reads `crictl images -o json`, or `podman images --format json`.
    ///
    /// # Errors
    /// If it is neither, with the reason.
    pub fn read(json: &str) -> Result<Self, String> {
        let tree: Value = serde_json::from_str(json)
            .map_err(|cause| format!("it is no JSON: {}", printable(&cause.to_string())))?;
        let list = tree.get("images").unwrap_or(&tree);
        let list = list.as_array().ok_or("it has no list of images")?;
        let mut images = Self::default();
        for image in list {
            let names = |keys: [&str; 2]| -> Vec<Reference> {
                let values = keys.iter().filter_map(|key| image.get(*key)?.as_array()).flatten();
                values.filter_map(|name| name.as_str()?.parse().ok()).collect()
            };
            let pinned: Vec<Reference> = names(["repoDigests", "RepoDigests"]);
            let digests: BTreeSet<String> = pinned.iter().filter_map(|name| name.digest.clone()).collect();
            for name in names(["repoTags", "Names"]).into_iter().filter(|name| name.digest.is_none()) {
                images.tagged.entry(name.to_string()).or_default().extend(digests.iter().cloned());
            }
            images
                .pinned
                .extend(pinned.iter().map(|name| Reference { tag: None, ..name.clone() }.to_string()));
        }
        Ok(images)
    }

    /// What is there under the name of an image. A digest stands over a tag: what has it is the image.
    pub fn find(&self, image: &Reference) -> Cached {
        let tag = image.tag.clone().or_else(|| image.digest.is_none().then(|| "latest".to_owned()));
        let tagged = tag.and_then(|tag| {
            self.tagged.get(&Reference { tag: Some(tag), digest: None, ..image.clone() }.to_string())
        });
        let whole = Reference { tag: None, ..image.clone() }.to_string();
        match (&image.digest, tagged) {
            (Some(digest), _) if self.pinned.contains(&whole) => Cached::Under([digest.clone()].into()),
            (_, Some(digests)) => Cached::Under(digests.clone()),
            (_, None) => Cached::Nothing,
        }
    }

    /// How many names there are.
    pub fn count(&self) -> usize {
        self.tagged.len()
    }
}

impl Node {
    /// Reads what the script says: words, each with the rest of its line.
    pub fn read<'a>(lines: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut node = Self::default();
        let mut links: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (word, rest) in lines.into_iter().take(MAX_THINGS) {
            match word {
                "crictl" | "podman" => {
                    let refuse =
                        |why: String| format!("what {word} says of its images cannot be read: {why}");
                    node.cached = Some(CachedImages::read(rest).map_err(refuse));
                }
                "no-images" => node.cached = Some(Err(printable(rest))),
                "limited" => node.limited_to = Some(printable(rest)),
                "room" => node.room = room(rest),
                "threads" => node.inventory.processors.threads = rest.parse().ok(),
                "memory-kib" => node.inventory.memory_mib = rest.parse().ok().map(|kib: u64| kib / 1024),
                "firmware" => {
                    node.inventory.boot_mode = match rest {
                        "uefi" => Some(BootMode::Uefi),
                        "bios" => Some(BootMode::Bios),
                        _ => None,
                    };
                }
                "disks" => node.inventory.disks = disks(rest),
                "link" => {
                    if let Some((disk, path)) = rest.split_once(' ') {
                        links.entry(disk).or_default().push(path);
                    }
                }
                "port" => node.inventory.ports.extend(port(rest)),
                // A newer script may say more.
                _ => {}
            }
        }
        for disk in &mut node.inventory.disks {
            for path in links.get(disk.name.as_str()).into_iter().flatten() {
                if let Some(name) = path.strip_prefix("/dev/disk/by-id/") {
                    disk.by_id.push(printable(name));
                } else if let Some(name) = path.strip_prefix("/dev/disk/by-path/") {
                    disk.by_path.push(printable(name));
                }
            }
        }
        node
    }
}

fn room(text: &str) -> Option<Room> {
    let mut words = text.splitn(3, ' ');
    let size_bytes = words.next()?.parse().ok()?;
    let free_bytes = words.next()?.parse().ok()?;
    Some(Room { place: printable(words.next()?), size_bytes, free_bytes })
}

/// Disks as lsblk tells them; older ones write numbers as texts.
fn disks(json: &str) -> Vec<Disk> {
    let tree: Value = serde_json::from_str(json).unwrap_or_default();
    let list = tree.get("blockdevices").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let disk = |entry: &Value| {
        let text = |key: &str| {
            let text = entry.get(key).and_then(Value::as_str).map(|text| printable(text.trim()));
            text.filter(|text| !text.is_empty())
        };
        let number = |key: &str| {
            let value = entry.get(key)?;
            value.as_u64().or_else(|| value.as_str()?.parse().ok())
        };
        let turns = entry.get("rota").and_then(Value::as_bool).or_else(|| Some(number("rota")? == 1));
        (text("type").as_deref() == Some("disk")).then_some(())?;
        Some(Disk {
            name: text("name")?,
            wwn: text("wwn"),
            serial: text("serial"),
            model: text("model"),
            size_bytes: number("size"),
            rotational: turns,
            transport: text("tran"),
            ..Disk::default()
        })
    };
    list.iter().take(MAX_THINGS).filter_map(disk).collect()
}

fn port(text: &str) -> Option<Port> {
    let mut words = text.split(' ');
    let name = printable(words.next()?);
    let permanent_mac = words.next()?.parse().ok();
    let speed_mbps = words.next().and_then(|speed| speed.parse().ok());
    Some(Port { name, permanent_mac, speed_mbps, ..Port::default() })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::Cached;
    use super::CachedImages;
    use super::Node;
    use crate::hardware::BootMode;

    fn digest(letter: &str) -> String {
        format!("sha256:{}", letter.repeat(64))
    }

    #[test]
    fn cached_images_are_known_by_tag_and_by_digest() {
        let (a, b) = (digest("a"), digest("b"));
        let crictl = format!(
            r#"{{"images": [
                {{"id": "sha256:1", "repoTags": ["registry.lab/up/shell:v1", "registry.lab/up/shell:v2"], "repoDigests": ["registry.lab/up/shell@{a}"]}},
                {{"id": "sha256:2", "repoTags": [], "repoDigests": ["registry.lab/up/agent@{b}"]}},
                {{"id": 3, "repoTags": "no", "repoDigests": [7, "<none>"]}}]}}"#
        );
        let images = CachedImages::read(&crictl).unwrap();
        assert_eq!(images.count(), 2);
        for (name, cached) in [
            ("registry.lab/up/shell:v2", Cached::Under([a.clone()].into())),
            ("registry.lab/up/shell:v3", Cached::Nothing),
            (&format!("registry.lab/up/agent@{b}"), Cached::Under([b.clone()].into())),
            (&format!("registry.lab/up/agent:v1@{b}"), Cached::Under([b.clone()].into())),
            // The tag is there, and is something else than the digest.
            (&format!("registry.lab/up/shell:v1@{b}"), Cached::Under([a.clone()].into())),
            (&format!("registry.lab/up/agent@{a}"), Cached::Nothing),
        ] {
            assert_eq!(images.find(&name.parse().unwrap()), cached, "{name}");
        }
        let podman = format!(r#"[{{"Names": ["registry.lab/a:1"], "RepoDigests": ["registry.lab/a@{a}"]}}]"#);
        let images = CachedImages::read(&podman).unwrap();
        assert_eq!(images.find(&"registry.lab/a:1".parse().unwrap()), Cached::Under([a].into()));
        for wrong in ["", "{}", "7", r#"{"images": 1}"#] {
            assert!(CachedImages::read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_node_says_what_it_has() {
        let disks = r#"{"blockdevices": [
            {"name": "sda", "size": "480103981056", "rota": "0", "type": "disk", "serial": " S3 ", "wwn": "0x5000c500a1b2c3d4", "model": null, "tran": "sata"},
            {"name": "nvme0n1", "size": 1000, "rota": false, "type": "disk"},
            {"name": "loop0", "size": 1, "rota": false, "type": "loop"}, 7]}"#;
        let node = Node::read([
            ("limited", "core"),
            ("no-images", "neither crictl nor podman answers here"),
            ("room", "1000 500 /var/lib/containers"),
            ("threads", "16"),
            ("memory-kib", "33554432"),
            ("firmware", "uefi"),
            ("disks", disks),
            ("link", "sda /dev/disk/by-id/wwn-0x5000c500a1b2c3d4"),
            ("link", "sda /dev/disk/by-path/pci-0000:00:17.0-ata-1"),
            ("link", "sdz /dev/disk/by-id/of-nobody"),
            ("port", "eno1 e4:43:4b:0a:00:01 10000"),
            ("port", "eno2 nonsense"),
            ("later", "words"),
        ]);
        assert_eq!(node.limited_to.as_deref(), Some("core"));
        assert!(node.cached.unwrap().is_err());
        assert_eq!(node.room.unwrap().free_bytes, 500);
        assert_eq!(node.inventory.memory_mib, Some(32768));
        assert_eq!(node.inventory.boot_mode, Some(BootMode::Uefi));
        assert_eq!(node.inventory.disks.len(), 2);
        assert_eq!(node.inventory.disks[0].size_bytes, Some(480_103_981_056));
        assert_eq!(node.inventory.disks[0].by_id, ["wwn-0x5000c500a1b2c3d4"]);
        assert_eq!(node.inventory.disks[0].serial.as_deref(), Some("S3"));
        assert_eq!(node.inventory.ports[0].speed_mbps, Some(10000));
        assert!(node.inventory.ports[1].permanent_mac.is_none());
        // Nothing that a machine says can do harm.
        Node::read([
            ("room", "x"),
            ("disks", "["),
            ("port", ""),
            ("link", ""),
            ("crictl", "{"),
            ("threads", "-1"),
        ]);
    }
}
