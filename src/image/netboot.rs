//! Booting a live image over the network: what is taken out of it, what is loaded beside that, and the script.

use std::collections::BTreeMap;
use std::io::Read;
use std::io::Seek;

use tera::Context;
use tera::Tera;

use super::Archive;
use super::Area;
use super::Edit;
use super::ImageError;
use super::LiveImage;
use super::LiveInitrd;
use super::LiveSystem;
use super::Replace;
use super::edit;
use super::iso9660::Volume;
use super::iso9660::read_at;
use super::others::Others;

const SCRIPT: &str = include_str!("../../templates/files/boot.ipxe");
const FOLDER: &str = "images/pxeboot/";
const KERNEL: &str = "vmlinuz";
const INITRD: &str = "initrd.img";
const ROOTFS: &str = "rootfs.img";
/// There is no iPXE for these machines.
const WITHOUT_IPXE: [&str; 2] = ["s390x", "ppc64le"];
/// The kernel arguments in files of their own, for images that do not say where else they are: 2020-09 and s390x.
const ARGUMENT_FILES: [&str; 2] = ["zipl.prm", "images/generic.prm"];
/// What every live CoreOS needs to read its document.
const NEEDED: &str = "ignition.firstboot ignition.platform.id=metal";
/// Names the medium that the live system comes from.
pub(super) const MEDIUM: &str = "coreos.liveiso=";
/// Names where it fetches its root file system instead.
pub(super) const ROOTFS_URL: &str = "coreos.live.rootfs_url=";

/// What an image has for booting it over the network.
#[derive(Clone, Debug)]
pub struct NetBoot {
    /// Whose it is.
    pub system: LiveSystem,
    /// The volume id of an ISO.
    pub volume_id: String,
    /// The files to take out, by name.
    pub files: BTreeMap<String, Area>,
    /// The kernel among them; none of an initrd alone.
    pub kernel: Option<String>,
    /// The initrd among them.
    pub initrd: Option<String>,
    /// The root file system among them, which the initrd has in it if it is not there.
    pub rootfs: Option<String>,
    /// False for machines that have no iPXE.
    pub has_script: bool,
    /// The kernel arguments of the image, without those that name a medium.
    pub arguments: String,
    /// What is embedded in it.
    pub embedded: Archive,
    reads_network: bool,
    fetches_rootfs: bool,
}

impl NetBoot {
    /// Reads an image: the live ISO of CoreOS or of another system, or a live initrd alone.
    pub fn read<R: Read + Seek>(image: &mut R) -> Result<Self, ImageError> {
        let volume = match Volume::read(image) {
            Ok(volume) => volume,
            Err(ImageError::NotALiveImage(_)) => return LiveInitrd::read(image).and_then(Self::of_initrd),
            Err(cause) => return Err(cause),
        };
        let files = volume.ranges()?;
        for other in Others::table()? {
            if files.contains_key(&other.kernel) && files.contains_key(&other.initrd) {
                return Self::of_other(&volume, &files, other);
            }
        }
        Self::of_coreos(image, &volume, &files)
    }

    fn of_other(
        volume: &Volume,
        files: &BTreeMap<String, Vec<Area>>,
        other: &Others,
    ) -> Result<Self, ImageError> {
        let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
        let (kernel, initrd) = (name(&other.kernel), name(&other.initrd));
        let mut taken = BTreeMap::new();
        for (path, name) in [(&other.kernel, &kernel), (&other.initrd, &initrd)] {
            taken.insert(name.clone(), in_one_part(path, files.get(path).map_or(&[], Vec::as_slice))?);
        }
        Ok(Self {
            system: LiveSystem::Other(other.system.clone()),
            volume_id: volume.id.clone(),
            files: taken,
            kernel: Some(kernel),
            initrd: Some(initrd),
            rootfs: None,
            has_script: true,
            arguments: other.arguments.clone(),
            embedded: Archive::default(),
            reads_network: false,
            fetches_rootfs: false,
        })
    }

    fn of_coreos<R: Read + Seek>(
        image: &mut R,
        volume: &Volume,
        files: &BTreeMap<String, Vec<Area>>,
    ) -> Result<Self, ImageError> {
        let live = LiveImage::read(image)?;
        let mut taken = BTreeMap::new();
        for (path, areas) in files {
            let plain = |name: &&str| name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
            if let Some(name) = path.strip_prefix(FOLDER).filter(plain) {
                taken.insert(name.to_owned(), in_one_part(path, areas)?);
            }
        }
        let there = |name: &str| taken.contains_key(name).then(|| name.to_owned());
        let (kernel, initrd, rootfs) = (there(KERNEL), there(INITRD), there(ROOTFS));
        if kernel.is_none() || initrd.is_none() {
            return Err(ImageError::NotALiveImage(format!(
                "it has no `{FOLDER}{KERNEL}` and `{FOLDER}{INITRD}`"
            )));
        }
        let current = match &live.kernel_arguments {
            Some(areas) => areas.current.clone(),
            // As every live ISO has them.
            None => arguments_in_files(image, volume)?.unwrap_or_else(|| format!("{MEDIUM} {NEEDED}")),
        };
        let (of_medium, arguments): (Vec<&str>, Vec<&str>) =
            current.split_ascii_whitespace().partition(|word| word.starts_with(MEDIUM));
        Ok(Self {
            system: LiveSystem::CoreOs,
            volume_id: volume.id.clone(),
            files: taken,
            kernel,
            initrd,
            // A minimal image has neither a root file system nor the argument for it on its medium.
            fetches_rootfs: rootfs.is_some() || of_medium.is_empty(),
            rootfs,
            has_script: !WITHOUT_IPXE.iter().any(|name| live.architecture.as_deref() == Some(name)),
            arguments: arguments.join(" "),
            embedded: edit::embedded(&live, image)?,
            reads_network: live.has("live-initrd-network"),
        })
    }

    fn of_initrd(initrd: LiveInitrd) -> Result<Self, ImageError> {
        let arguments = match &initrd.system {
            LiveSystem::CoreOs => NEEDED.to_owned(),
            LiveSystem::Other(name) => other(name)?.arguments.clone(),
        };
        Ok(Self {
            volume_id: String::new(),
            files: BTreeMap::new(),
            kernel: None,
            initrd: None,
            rootfs: None,
            has_script: false,
            arguments,
            reads_network: initrd.has("live-initrd-network"),
            fetches_rootfs: false,
            embedded: initrd.embedded,
            system: initrd.system,
        })
    }

    /// What is in the initrd that is loaded beside the image's own: what is embedded, as `edit` changes it.
    pub fn beside(&self, edit: &Edit, replace: Replace) -> Result<Archive, ImageError> {
        let name = match &self.system {
            LiveSystem::CoreOs if !edit.embeds() => return Ok(self.embedded.clone()),
            LiveSystem::CoreOs => {
                if !edit.network.is_empty() && !self.reads_network {
                    return Err(edit::no_network());
                }
                return edit.applied_to(self.embedded.clone(), replace);
            }
            LiveSystem::Other(name) => name,
        };
        if !edit.network.is_empty() {
            return Err(ImageError::Unsupported(format!(
                "{name} reads no keyfiles of NetworkManager: its network goes into the Ignition document"
            )));
        }
        let mut archive = Archive::default();
        if let Some(config) = &edit.config {
            archive.insert(other(name)?.config.clone(), config.clone());
        }
        Ok(archive)
    }

    /// The kernel's arguments with those of `edit`, and with the place that the root file system is fetched from.
    pub fn kernel_arguments(&self, edit: &Edit, rootfs_url: Option<&str>) -> Result<String, ImageError> {
        // These would end the command in a script (iPXE's core/exec.c).
        let ends = |word: &&String| matches!(word.as_str(), "#" | ";" | "&&" | "||");
        if let Some(word) = edit.append_kernel_arguments.iter().find(ends) {
            return Err(ImageError::BadArgument(word.clone()));
        }
        let mut text = edit.arguments().applied_to(&self.arguments)?;
        let names_rootfs = text.split_ascii_whitespace().any(|word| word.starts_with(ROOTFS_URL));
        match rootfs_url {
            Some(url) if self.fetches_rootfs && !names_rootfs => {
                text = format!("{text} {ROOTFS_URL}{url}").trim_start().to_owned();
            }
            None if self.fetches_rootfs && self.rootfs.is_none() && !names_rootfs => {
                return Err(ImageError::NoRootfs);
            }
            _ => {}
        }
        Ok(text)
    }

    /// The script for iPXE. The names are of files beside it, or addresses.
    ///
    /// Each initrd gets a name, by which the kernel finds it when it is started by UEFI.
    pub fn script(
        &self,
        kernel: &str,
        initrds: &[(&str, String)],
        arguments: &str,
    ) -> Result<String, ImageError> {
        let failed =
            |cause: tera::Error| ImageError::Damaged(format!("cotter's own script for iPXE: {cause}"));
        let mut context = Context::new();
        let system = match &self.system {
            LiveSystem::CoreOs => "CoreOS",
            LiveSystem::Other(name) => name,
        };
        context.insert("system", system);
        context.insert("kernel", kernel);
        context.insert("initrds", initrds);
        context.insert("arguments", arguments);
        Tera::one_off(SCRIPT, &context, false).map_err(failed)
    }
}

/// The address of a file below `base`, or of one beside the script.
pub fn address(base: Option<&str>, file: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~+".contains(&byte);
    let encoded: String = file
        .bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect();
    base.map_or(encoded.clone(), |base| format!("{base}/{encoded}"))
}

/// The place of a file that is to be taken out.
fn in_one_part(path: &str, areas: &[Area]) -> Result<Area, ImageError> {
    match areas {
        [] => Ok(Area { offset: 0, length: 0 }),
        [one] => Ok(*one),
        _ => Err(ImageError::Damaged(format!("`{path}` is in several parts"))),
    }
}

fn other(name: &str) -> Result<&'static Others, ImageError> {
    let found = Others::table()?.iter().find(|other| other.system == name);
    found.ok_or_else(|| ImageError::NotALiveImage(format!("`{name}` is not in the table")))
}

/// The arguments of an image that has no areas for them.
fn arguments_in_files<R: Read + Seek>(image: &mut R, volume: &Volume) -> Result<Option<String>, ImageError> {
    for path in ARGUMENT_FILES {
        let Some(entry) = volume.find(path)?.filter(|entry| entry.length <= 4096) else { continue };
        let mut bytes = vec![0; entry.length as usize];
        read_at(image, entry.offset, &mut bytes)?;
        let text = String::from_utf8_lossy(&bytes);
        if text.contains("ignition.firstboot")
            && text.bytes().all(|b| b.is_ascii_graphic() || b.is_ascii_whitespace())
        {
            return Ok(Some(text.into_owned()));
        }
    }
    Ok(None)
}
