//! The section `cloud`: what boots, where, and what it is given beside the machine itself.

use std::collections::BTreeMap;

use super::Contents;
use super::LocalFile;
use super::read;
use crate::document::Origin;
use crate::document::Sourced;
use crate::document::View;
use crate::value::FileMode;
use crate::value::FilePath;
use crate::value::UnitName;

/// What is special of a machine in a cloud.
#[derive(Clone, Debug)]
pub struct Cloud {
    /// The platform, as it is called in the table.
    pub platform: Sourced<String>,
    /// What it boots, as `project/family` or the name of an image.
    pub image: Option<Sourced<String>>,
    /// Rows of the user's own for the tables.
    pub table: Option<LocalFile>,
    /// The format that was insisted on.
    pub format: Option<Sourced<String>>,
    /// Where it was asked for that cloud-init is installed, if it was.
    pub install_cloud_init: Option<Origin>,
    /// Where the payload will be served from.
    pub payload_url: Option<Sourced<String>>,
    /// A program that is fetched, checked and run.
    pub bootstrap: Option<Bootstrap>,
    /// Parts of the user's own.
    pub parts: Vec<Part>,
    /// Where it is written.
    pub origin: Origin,
}

/// A program that is fetched, checked and run.
#[derive(Clone, Debug)]
pub struct Bootstrap {
    /// Its name.
    pub name: Sourced<String>,
    /// Where it comes from, by `amd64` and `arm64`.
    pub binaries: BTreeMap<&'static str, Binary>,
    /// How it is compressed there.
    pub compressed: Compressed,
    /// Where it goes, if that is said.
    pub path: Option<Sourced<FilePath>>,
    /// What it is called with.
    pub arguments: Vec<Sourced<String>>,
    /// Variables that it is given, in their order.
    pub environment: Vec<(String, Sourced<String>)>,
    /// Proxies as variables, in lower case.
    pub proxy: Vec<(&'static str, String)>,
    /// Settings of the kernel.
    pub sysctls: Vec<(String, Sourced<String>)>,
    /// A file that it reads.
    pub config: Option<BootstrapConfig>,
    /// The unit that runs it at every boot.
    pub unit: Option<Sourced<UnitName>>,
    /// The pause when no address had it.
    pub pause_seconds: u64,
    /// How long an address may take to answer.
    pub connect_seconds: u64,
    /// Where it is written.
    pub origin: Origin,
}

/// A program for one architecture.
#[derive(Clone, Debug)]
pub struct Binary {
    /// Where it can be had.
    pub urls: Vec<Sourced<String>>,
    /// What it must be, when it is unpacked.
    pub sha256: String,
}

/// How a download is compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compressed {
    /// Not at all.
    #[default]
    No,
    /// By gzip.
    Gzip,
    /// By xz.
    Xz,
}

/// A file that the program reads.
#[derive(Clone, Debug)]
pub struct BootstrapConfig {
    /// Where it goes.
    pub path: Sourced<FilePath>,
    /// What is in it.
    pub contents: Option<Contents>,
    /// Permission bits.
    pub mode: FileMode,
}

/// A part of the user's own.
#[derive(Clone, Debug)]
pub struct Part {
    /// What it is called, if it has a name.
    pub name: Option<Sourced<String>>,
    /// When it comes.
    pub when: When,
    /// What it is; nothing if that is not said, or said twice.
    pub contents: Option<Contents>,
    /// Where it is written.
    pub origin: Origin,
}

/// When a part comes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum When {
    /// Before all that the machine file asks for.
    Before,
    /// After it.
    #[default]
    After,
}

/// Reads what is right; the shape has said what is wrong.
pub(super) fn cloud(root: &View<'_>) -> Option<Cloud> {
    let view = root.get("cloud")?;
    Some(Cloud {
        platform: view.text_at("platform")?,
        image: view.text_at("image"),
        table: view.text_at("table"),
        format: view.text_at("format"),
        install_cloud_init: view
            .truth_at("install_cloud_init")
            .filter(|asked| asked.value)
            .map(|asked| asked.origin),
        payload_url: view.text_at("payload_url"),
        bootstrap: view.get("bootstrap").and_then(|view| bootstrap(&view)),
        parts: view.list("parts").iter().map(part).collect(),
        origin: view.origin().clone(),
    })
}

fn bootstrap(view: &View<'_>) -> Option<Bootstrap> {
    let binary = |architecture| {
        let view = view.at(&["binaries", architecture])?;
        let urls = view.get("urls").map(|urls| urls.one_or_more()).unwrap_or_default();
        let sha256 = view.text_at("sha256")?.value.to_ascii_lowercase();
        Some((architecture, Binary { urls: urls.iter().filter_map(View::text).collect(), sha256 }))
    };
    let words = [("none", Compressed::No), ("gzip", Compressed::Gzip), ("xz", Compressed::Xz)];
    let number = |key, usual| view.parse_at::<u64>(key).map_or(usual, |number| number.value);
    Some(Bootstrap {
        name: view.text_at("name")?,
        binaries: ["amd64", "arm64"].into_iter().filter_map(binary).collect(),
        compressed: view.word_at("compressed", &words).map(|word| word.value).unwrap_or_default(),
        path: view.parse_at("path"),
        arguments: view.list("arguments").iter().filter_map(View::text).collect(),
        environment: pairs(view, "environment"),
        proxy: proxy(view),
        sysctls: pairs(view, "sysctls"),
        config: view.get("config").and_then(|view| config(&view)),
        unit: view.parse_at("unit"),
        pause_seconds: number("pause_seconds", 60),
        connect_seconds: number("connect_seconds", 20),
        origin: view.origin().clone(),
    })
}

fn pairs(view: &View<'_>, key: &str) -> Vec<(String, Sourced<String>)> {
    let entries = view.get(key).map(|table| table.entries().collect::<Vec<_>>()).unwrap_or_default();
    let pair = |(name, place, value): (&str, Origin, View<'_>)| {
        // An empty value is written as one, and means one.
        let value = value.text().unwrap_or(Sourced { value: String::new(), origin: place.clone() });
        (name.to_owned(), Sourced { value: value.value, origin: place })
    };
    entries.into_iter().map(pair).collect()
}

fn proxy(view: &View<'_>) -> Vec<(&'static str, String)> {
    let text = |key| view.at(&["proxy", key]).and_then(|view| view.text()).map(|text| text.value);
    let without = view.at(&["proxy", "no_proxy"]).map(|view| view.one_or_more()).unwrap_or_default();
    let hosts: Vec<String> = without.iter().filter_map(View::text).map(|host| host.value).collect();
    let hosts = Some(hosts.join(",")).filter(|hosts| !hosts.is_empty());
    let pairs = [("http_proxy", text("http")), ("https_proxy", text("https")), ("no_proxy", hosts)];
    pairs.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

fn config(view: &View<'_>) -> Option<BootstrapConfig> {
    Some(BootstrapConfig {
        path: view.parse_at("path")?,
        contents: one_of(view),
        mode: view.parse_at("mode").map_or(FileMode::PRIVATE, |mode| mode.value),
    })
}

fn part(view: &View<'_>) -> Part {
    let when = view.word_at("when", &[("before", When::Before), ("after", When::After)]);
    Part {
        name: view.text_at("name"),
        when: when.map(|when| when.value).unwrap_or_default(),
        contents: one_of(view),
        origin: view.origin().clone(),
    }
}

/// What is in something: written here, or in a local file, and not both.
fn one_of(view: &View<'_>) -> Option<Contents> {
    match (read::inline(view, "inline"), view.text_at("local")) {
        (Some(inline), None) => Some(inline),
        (None, Some(local)) => Some(Contents::Local(local)),
        _ => None,
    }
}

impl Cloud {
    /// The local files that are named, to be read by `world`.
    pub fn local_files(&self) -> Vec<LocalFile> {
        let of_config =
            self.bootstrap.iter().filter_map(|bootstrap| bootstrap.config.as_ref()?.contents.as_ref());
        let of_parts = self.parts.iter().filter_map(|part| part.contents.as_ref());
        let local = |contents: &Contents| match contents {
            Contents::Local(file) => Some(file.clone()),
            _ => None,
        };
        self.table.iter().cloned().chain(of_config.chain(of_parts).filter_map(local)).collect()
    }
}
