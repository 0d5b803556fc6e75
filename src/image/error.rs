//! Why a live image cannot be read or changed.

use std::fmt;
use std::io;

use crate::value::KernelArgument;

/// Why a live image cannot be read or changed. All but [`ImageError::Io`] are about the user's input.
#[derive(Debug)]
pub enum ImageError {
    /// The file is shorter than the volume that it holds says.
    Truncated {
        /// Bytes that are there.
        found: u64,
        /// Bytes that the volume descriptor asks for.
        expected: u64,
    },
    /// It is no ISO 9660 image, or not one that a live CoreOS comes in.
    NotALiveImage(String),
    /// It is the live image of a system that keeps no room in it.
    NoArea {
        /// Which system.
        system: String,
    },
    /// It has no root file system, and nothing says where that is.
    NoRootfs,
    /// It has no recipe for a minimal image.
    NoRecipe,
    /// A pristine image is needed, and this one is none.
    Customized,
    /// Something in the image contradicts itself.
    Damaged(String),
    /// The payload does not fit.
    TooLarge {
        /// What does not fit.
        what: &'static str,
        /// The room in bytes.
        room: u64,
        /// The largest parts, with their sizes in bytes.
        largest: Vec<(String, usize)>,
    },
    /// The image cannot do what is asked of it.
    Unsupported(String),
    /// What is in the embed area cannot be read.
    Contents(String),
    /// The kernel arguments do not fit.
    LongArguments {
        /// Bytes over the room.
        over: u64,
        /// Bytes that are left beside the arguments that the image has now.
        left: u64,
    },
    /// An argument that is to go is not there.
    MissingArgument {
        /// The argument.
        word: String,
        /// Those that are there.
        there: Vec<String>,
    },
    /// A keyfile's name is no file name.
    BadName(String),
    /// There is something in the area already.
    Occupied,
    /// An argument is not one word, or boot loaders would read it otherwise.
    BadArgument(String),
    /// A volume for files cannot hold what is put into it.
    Seed(String),
    /// Reading failed.
    Io(io::Error),
}

impl ImageError {
    /// The next step.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Truncated { .. } => "download it again and compare its digest",
            Self::NotALiveImage(_) => {
                "use the live ISO of Fedora CoreOS, RHCOS or SCOS (its name has `live` in it)"
            }
            Self::NoArea { .. } => {
                "boot it over the network: `cotter image pxe` takes the configuration; `cotter ignition` prints it"
            }
            Self::NoRootfs => "add `--append-karg coreos.live.rootfs_url=URL`, or use the whole image",
            Self::NoRecipe => "use a newer live ISO",
            Self::Customized => {
                "make a pristine copy with `cotter image reset ISO -o COPY`, and embed into the minimal image"
            }
            Self::Damaged(_) => {
                "download the image again; if it stays so, it is of a generation that cotter does not know"
            }
            Self::TooLarge { .. } => {
                "put large files on a server and fetch them from a unit, or leave some out"
            }
            Self::Unsupported(_) => "use a newer live image",
            Self::LongArguments { .. } => {
                "leave some out, or put them into the configuration of the installed system"
            }
            Self::BadName(_) => "name it as NetworkManager would, as in `mgmt0.nmconnection`",
            Self::Contents(_) | Self::Occupied => {
                "empty it with `cotter image reset`, or replace it with `cotter image embed --force`"
            }
            Self::BadArgument(_) => KernelArgument::HOW,
            Self::MissingArgument { .. } => "write it as it is there, or let it be with `--if-present`",
            Self::Seed(_) => "leave it out, or let the machine fetch it",
            Self::Io(_) => "see whether the medium it is on is sound",
        }
    }
}

impl fmt::Display for ImageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated { found, expected } => {
                let missing = expected.saturating_sub(*found);
                write!(f, "the image is incomplete: {missing} of {expected} bytes are missing")
            }
            Self::NotALiveImage(why) => write!(f, "this is not a live image: {why}"),
            Self::NoArea { system } => {
                write!(f, "{system}'s live image keeps no room for a configuration or kernel arguments")
            }
            Self::NoRootfs => f.write_str("it is a minimal image: it fetches its root file system, and does not say where from"),
            Self::NoRecipe => f.write_str(
                "it has no recipe for a minimal image (`coreos/miniso.dat`): live ISOs have one since December 2021",
            ),
            Self::Customized => f.write_str("it has an embedded configuration or changed kernel arguments"),
            Self::Damaged(why) => write!(f, "the image contradicts itself: {why}"),
            Self::TooLarge { what, room, largest } => {
                write!(f, "{what} takes more than the {room} bytes there are")?;
                for (name, size) in largest {
                    write!(f, "; `{name}` has {size}")?;
                }
                Ok(())
            }
            Self::Unsupported(why) | Self::Seed(why) => f.write_str(why),
            Self::Contents(why) => write!(f, "what is embedded cannot be read: {why}"),
            Self::LongArguments { over, left } => {
                write!(f, "the kernel arguments are {over} bytes too long: {left} are left")
            }
            Self::MissingArgument { word, there } => {
                let there: Vec<String> = there.iter().map(|word| word.escape_debug().to_string()).collect();
                let word = word.escape_debug();
                write!(f, "the kernel argument `{word}` is not there; there are `{}`", there.join("`, `"))
            }
            Self::BadName(name) => write!(f, "`{}` is not the name of a keyfile", name.escape_debug()),
            Self::Occupied => f.write_str("the image has an embedded configuration already"),
            Self::BadArgument(word) => write!(f, "`{}` is not one kernel argument", word.escape_debug()),
            Self::Io(cause) => write!(f, "reading failed: {cause}"),
        }
    }
}

impl std::error::Error for ImageError {}

impl From<io::Error> for ImageError {
    fn from(cause: io::Error) -> Self {
        Self::Io(cause)
    }
}
