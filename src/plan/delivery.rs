//! What a machine in a cloud is given to boot with.

use std::collections::BTreeMap;

use super::Secrecy;
use crate::cloud::Choice;
use crate::cloud::Encoding;
use crate::cloud::Limit;

/// What a platform is given for a machine, and why it is that.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// The platform, as the table calls it.
    pub platform: String,
    /// What people call it.
    pub platform_title: String,
    /// The image, if one is named.
    pub image: Option<String>,
    /// The format, the keys, and the reasons.
    pub choice: Choice,
    /// SHA-256 of what is asked for, as the stamp has it.
    pub digest: String,
    /// What each key gets.
    pub keys: Vec<Delivered>,
    /// Where the payload is fetched from, if it is.
    pub payload_url: Option<String>,
    /// What is to be known besides, a sentence each.
    pub notes: Vec<String>,
    /// What is written, by file name.
    pub files: BTreeMap<String, Output>,
}

/// What a key gets, and the room that it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivered {
    /// The key.
    pub key: String,
    /// How it is written.
    pub encoding: Encoding,
    /// How large the payload is.
    pub payload_bytes: usize,
    /// How much of it counts.
    pub counted_bytes: usize,
    /// What fits.
    pub limit: Option<Limit>,
}

/// A file for the platform, or for whoever works with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// What is in it.
    pub bytes: Vec<u8>,
    /// Whether it may be read by others.
    pub secrecy: Secrecy,
    /// Whether it is a script of commands.
    pub is_program: bool,
}
