//! `cotter image pxe`: kernel, initrd and root file system out of a live ISO, and a script that boots them.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::path::PathBuf;

use clap::Args;

use super::checked_url;
use super::mode;
use super::parts::Wanted;
use super::readers;
use super::secrets_of;
use crate::cli::Exit;
use crate::cli::Ui;
use crate::cli::ui::shown;
use crate::image;
use crate::image::Area;
use crate::image::Edit;
use crate::image::ImageError;
use crate::image::NetBoot;
use crate::image::Replace;
use crate::target;
use crate::world;
use crate::world::Existing;
use crate::world::Failure;

/// Take out what boots over the network, with an iPXE script; a configuration becomes an initrd of its own
///
/// Given a live initrd alone, makes the initrd with the configuration, to be loaded after that one.
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    /// The live ISO, or a live initrd
    image: PathBuf,
    /// The folder to write to
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
    /// Name the configuration and the script after this machine; what it shares with others stays as it is
    #[arg(long)]
    name: Option<String>,
    /// The address that the folder is served under; the live system fetches its root file system from there
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    #[command(flatten)]
    wanted: Wanted,
    /// Replace what is embedded in the image, and outputs that are there
    #[arg(long)]
    force: bool,
}

pub(super) fn run(arguments: &Arguments, ui: &mut Ui) -> Result<Exit, Failure> {
    let (parts, edit) = arguments.wanted.read()?;
    let files = NetBootFiles {
        image: &arguments.image,
        folder: &arguments.output,
        name: arguments.name.as_deref(),
        url: arguments.url.as_deref(),
        edit: &edit,
        replace: if arguments.force { Replace::Yes } else { Replace::No },
        existing: if arguments.force { Existing::Replace } else { Existing::Refuse },
        known_secrets: Vec::new(),
    };
    let drafted = files.draft()?;
    if let Err(exit) = parts.check(&arguments.wanted, &edit, &drafted.boot.volume_id, ui) {
        return Ok(exit);
    }
    let written = files.write(drafted)?;
    if ui.wants_json() {
        ui.json(&written.as_json());
    } else {
        written.print(ui);
    }
    Ok(Exit::Done)
}

/// What is to be written for booting over the network.
pub(in crate::cli) struct NetBootFiles<'a> {
    pub(in crate::cli) image: &'a Path,
    pub(in crate::cli) folder: &'a Path,
    /// What the configuration and the script are called after.
    pub(in crate::cli) name: Option<&'a str>,
    pub(in crate::cli) url: Option<&'a str>,
    pub(in crate::cli) edit: &'a Edit,
    pub(in crate::cli) replace: Replace,
    pub(in crate::cli) existing: Existing,
    /// What is known to be secret in the edit, by name.
    pub(in crate::cli) known_secrets: Vec<String>,
}

/// What was found right, and is not written yet.
pub(in crate::cli) struct Drafted {
    pub(in crate::cli) boot: NetBoot,
    /// What is shared: name and place.
    pieces: Vec<(PathBuf, Area)>,
    /// What is of this machine: the configuration and the script, with what is secret in them.
    own: Vec<(PathBuf, Own)>,
    written: Written,
}

/// A file that only this machine has.
struct Own {
    bytes: Vec<u8>,
    /// What is secret in it, by name.
    secrets: Vec<String>,
}

/// What was written.
pub(in crate::cli) struct Written {
    files: Vec<(PathBuf, What)>,
    has_script: bool,
    kernel_arguments: String,
}

enum What {
    /// Written, with what is secret in it.
    New(Vec<String>),
    There,
}

impl NetBootFiles<'_> {
    /// Reads the image, and makes all that is not in it already. Nothing is written.
    pub(in crate::cli) fn draft(&self) -> Result<Drafted, Failure> {
        let failed = |cause: ImageError| Failure::image(self.image, &cause);
        let url = self.url.map(checked_url).transpose()?;
        let stem = self.image.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let name = self.name.map(checked_name).transpose()?.unwrap_or(&stem);
        let mut file = File::open(self.image).map_err(|cause| Failure::io("open", self.image, &cause))?;
        let boot = NetBoot::read(&mut file).map_err(failed)?;
        let file_of = |inner: &str| format!("{stem}-{inner}");
        let address = |file: &str| image::address(url, file);
        let rootfs = boot.rootfs.as_deref().map(file_of);
        let rootfs_url = rootfs.as_deref().filter(|_| url.is_some()).map(address);
        let kernel_arguments = boot.kernel_arguments(self.edit, rootfs_url.as_deref()).map_err(failed)?;
        let ignition_file = format!("{name}-ignition.img");
        let mut own = Vec::new();
        if let Some(ignition) = self.ignition(&boot)? {
            own.push((self.folder.join(&ignition_file), ignition));
        }

        let mut initrds = Vec::new();
        initrds.extend(boot.initrd.as_deref().map(|initrd| ("initrd", address(&file_of(initrd)))));
        initrds.extend(rootfs.filter(|_| rootfs_url.is_none()).map(|rootfs| ("rootfs", address(&rootfs))));
        initrds.extend(own.first().map(|_| ("ignition", address(&ignition_file))));
        let kernel = boot.kernel.as_deref().filter(|_| boot.has_script);
        if let Some(kernel) = kernel {
            let script =
                boot.script(&address(&file_of(kernel)), &initrds, &kernel_arguments).map_err(failed)?;
            let secrets = target::secrets(None, &BTreeMap::new(), &kernel_arguments);
            let script_file = self.name.map_or("boot.ipxe".to_owned(), |name| format!("{name}.ipxe"));
            own.push((self.folder.join(script_file), Own { bytes: script.into_bytes(), secrets }));
        }

        let mut written = Written { files: Vec::new(), has_script: kernel.is_some(), kernel_arguments };
        let mut pieces: Vec<(PathBuf, Area)> = Vec::new();
        for (inner, piece) in &boot.files {
            let to = self.folder.join(file_of(inner));
            match world::holds_piece(self.image, *piece, &to)? {
                true => written.files.push((to, What::There)),
                false => pieces.push((to, *piece)),
            }
        }
        for to in pieces.iter().map(|(to, _)| to).chain(own.iter().map(|(to, _)| to)) {
            world::refuse_existing(to, self.existing)?;
        }
        Ok(Drafted { boot, pieces, own, written })
    }

    /// Writes all of it. What is shared and there already is left alone.
    pub(in crate::cli) fn write(&self, drafted: Drafted) -> Result<Written, Failure> {
        let Drafted { pieces, own, mut written, .. } = drafted;
        world::enough_room(self.folder, pieces.iter().map(|(_, piece)| piece.length).sum())?;
        std::fs::create_dir_all(self.folder).map_err(|cause| Failure::io("make", self.folder, &cause))?;
        for (to, piece) in pieces {
            world::write_piece(self.image, piece, &to, self.existing, 0o644)?;
            written.files.push((to, What::New(Vec::new())));
        }
        written.files.sort_by(|(one, _), (other, _)| one.cmp(other));
        for (to, Own { bytes, secrets }) in own {
            world::write_file(&to, &bytes, self.existing, mode(&secrets))?;
            written.files.push((to, What::New(secrets)));
        }
        Ok(written)
    }

    /// The initrd with what is given, or else with what is embedded in the image; and what is secret in it.
    fn ignition(&self, boot: &NetBoot) -> Result<Option<Own>, Failure> {
        let failed = |cause: ImageError| Failure::image(self.image, &cause);
        let is_initrd = boot.kernel.is_none();
        if is_initrd && !boot.embedded.is_empty() {
            return Err(Failure::input(
                format!("`{}` has a configuration or keyfiles in it already", self.image.display()),
                "start from the initrd as it was published",
            ));
        }
        let archive = boot.beside(self.edit, self.replace).map_err(failed)?;
        if archive.is_empty() {
            return match is_initrd {
                false => Ok(None),
                true => Err(Failure::input(
                    "an initrd alone has nothing to take out",
                    "give a live ISO, or `--config` or `--network-keyfile` for it",
                )),
            };
        }
        // What stays of what is embedded counts too; other systems have their document elsewhere.
        let embedded = Edit::of(&archive);
        let config = embedded.config.as_ref().or(self.edit.config.as_ref());
        let mut secrets = secrets_of(config.map(Vec::as_slice), &embedded.network, "");
        if secrets.is_empty() {
            secrets.clone_from(&self.known_secrets);
        }
        Ok(Some(Own { bytes: archive.to_xz().map_err(failed)?, secrets }))
    }
}

impl Written {
    /// For programs.
    pub(in crate::cli) fn as_json(&self) -> serde_json::Value {
        let file = |(path, what): &(PathBuf, What)| {
            let holds_secrets = matches!(what, What::New(secrets) if !secrets.is_empty());
            serde_json::json!({"path": path, "holds_secrets": holds_secrets, "was_there": matches!(what, What::There)})
        };
        let files: Vec<_> = self.files.iter().map(file).collect();
        serde_json::json!({"schema": "cotter.dev/netboot/1", "files": files,
            "kernel_arguments": self.kernel_arguments})
    }

    /// For people.
    pub(in crate::cli) fn print(&self, ui: &mut Ui) {
        for (path, what) in &self.files {
            let what = match what {
                What::New(secrets) => readers(secrets),
                What::There => "was there already".to_owned(),
            };
            ui.line(format!("{} ({what})", path.display()));
        }
        if !self.has_script {
            ui.note("note: there is no script for iPXE: give the boot loader these files, initrds in this order, and the arguments");
        }
        ui.line(format!("kernel arguments: {}", shown(&self.kernel_arguments)));
    }
}

fn checked_name(name: &str) -> Result<&str, Failure> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.is_empty() || name.starts_with(['.', '-']) || !name.chars().all(is_plain) {
        return Err(Failure::input(
            format!("`{}` is no name for files", name.escape_debug()),
            "write letters, digits, `-`, `_` and `.`, as in `r640-1`",
        ));
    }
    Ok(name)
}
