//! What documents bring that somebody else made, in which of the machine's lives it is there, and why not in
//! the others.
//!
//! To explain another kind of document: give it a variant in [`Way`], with its lives, what is there in each, and
//! why something is not.

use std::collections::BTreeMap;

use serde::Serialize;

use super::medium::Medium;
use super::sno;
use super::sno::Flow;
use super::sno::InstallerDocument;
use crate::document;
use crate::document::Diagnostics;
use crate::document::Origin;
use crate::ignition::Document;
use crate::ignition::Part;
use crate::ignition::PartKind;
use crate::machineconfig;
use crate::machineconfig::MachineConfig;
use crate::machineconfig::Problem;
use crate::machineconfig::Rendered;
use crate::machineconfig::Rules;
use crate::network::KEYFILE_FOLDER;
use crate::network::LostNames;
use crate::value::SshKey;
use crate::verify::Life;

/// The format of an explanation.
const EXPLANATION_SCHEMA: &str = "cotter.dev/explain/1";
/// The MachineConfig that a node's document came from, as the machine-config-server puts it in.
const ENCAPSULATED: &str = "/etc/ignition-machine-config-encapsulated.json";

/// What is to be explained.
#[derive(Clone, Debug)]
pub enum Subject {
    /// An Ignition document: of a live medium with the keyfiles of its initramfs by file name, else of an
    /// installed system. What openshift-install writes for a single node is always of a medium.
    Ignition(Document, Option<BTreeMap<String, Vec<u8>>>),
    /// MachineConfigs of a pool, and what of them cannot be read.
    MachineConfigs(String, Vec<MachineConfig>, Vec<Problem>),
}

/// What there is to say about documents.
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    schema: &'static str,
    /// What the documents are.
    pub what: String,
    /// The lives that they decide.
    pub lives: Vec<Life>,
    /// What the generation of the installer has, and has not.
    pub features: Vec<Feature>,
    /// Thing by thing.
    pub things: Vec<Thing>,
    /// What is wrong.
    pub remarks: Vec<Remark>,
}

/// Something that one generation of the installer has and another has not.
#[derive(Clone, Debug, Serialize)]
pub struct Feature {
    name: &'static str,
    /// Whether this one has it.
    pub present: bool,
    /// What that means.
    pub says: &'static str,
    /// What brought it.
    pub since: &'static str,
}

/// One thing, and where it is there.
#[derive(Clone, Debug, Serialize)]
pub struct Thing {
    /// What it belongs to.
    pub group: Group,
    /// What it is, in words.
    pub what: String,
    /// Life by life, as in [`Explanation::lives`].
    pub states: Vec<State>,
}

/// What a thing belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Group {
    /// Users, their passwords and keys.
    Users,
    /// Network profiles.
    Network,
    /// Names of the machine and its ports.
    Names,
    /// Units and their drop-ins.
    Units,
    /// Kernel arguments.
    KernelArguments,
    /// Everything else.
    Files,
}

/// Whether a thing is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum State {
    /// It is.
    Present,
    /// Something of its name is, with other contents than before.
    Other {
        /// Why.
        why: String,
    },
    /// It is not.
    Absent {
        /// Why not.
        why: String,
    },
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Remark {
    /// What.
    pub message: String,
    /// The next step.
    pub help: String,
}

/// Explains documents, by an operator's rules, at a time in seconds since 1970.
///
/// `name` is what the documents go by.
pub fn explain(name: &str, subject: Subject, rules: &Rules, now_seconds: u64) -> Explanation {
    let way = Way::of(subject, rules);
    let lives = way.lives().to_vec();
    let parts: Vec<Vec<Part>> = lives.iter().map(|life| way.parts(*life)).collect();
    let mut seen: Vec<&Part> = Vec::new();
    for part in parts.iter().flatten() {
        if !seen.iter().any(|other| other.kind == part.kind && other.name == part.name) {
            seen.push(part);
        }
    }
    let state = |part: &Part, life: Life, there: &[Part]| {
        if there.iter().any(|other| part.is_met_by(other)) {
            State::Present
        } else if there.iter().any(|other| other.kind == part.kind && other.name == part.name) {
            State::Other { why: way.why_not(part, life) }
        } else {
            State::Absent { why: way.why_not(part, life) }
        }
    };
    let mut things: Vec<Thing> = seen
        .iter()
        .map(|part| Thing {
            group: group(part),
            what: words(part),
            states: lives.iter().zip(&parts).map(|(life, there)| state(part, *life, there)).collect(),
        })
        .collect();
    things.sort_by_key(|thing| thing.group);
    Explanation {
        schema: EXPLANATION_SCHEMA,
        what: way.words(),
        lives,
        features: way.features(),
        things,
        remarks: way.remarks(name, now_seconds),
    }
}

/// How documents decide a machine's lives.
enum Way {
    SingleNode(InstallerDocument, Box<Flow>),
    Medium(Box<Medium>),
    Disk { document: Document, operator: Option<Document>, arguments: Vec<String> },
    Operator { rendered: Result<Rendered, Vec<Problem>>, unreadable: Vec<Problem>, pool: String },
}

impl Way {
    fn of(subject: Subject, rules: &Rules) -> Self {
        match subject {
            Subject::Ignition(document, keyfiles) => {
                let installer = InstallerDocument::of(document);
                match keyfiles {
                    keyfiles if installer.is_single_node() => {
                        let flow = Flow::of(&installer, &keyfiles.unwrap_or_default(), rules);
                        Self::SingleNode(installer, Box::new(flow))
                    }
                    Some(keyfiles) => Self::Medium(Box::new(Medium::of(installer.document(), &keyfiles))),
                    None => Self::disk(installer.document()),
                }
            }
            Subject::MachineConfigs(pool, configs, unreadable) => {
                Self::Operator { rendered: machineconfig::render(&configs, &pool, rules), unreadable, pool }
            }
        }
    }

    fn disk(document: &Document) -> Self {
        let document = document.resolved();
        let installer = InstallerDocument::of(document.clone());
        let (configs, _) = installer
            .text(ENCAPSULATED)
            .map(|text| machineconfig::parse(ENCAPSULATED, &text))
            .unwrap_or_default();
        let config = configs.into_iter().next();
        let arguments = config.iter().flat_map(|config| config.spec.kernel_arguments.clone()).collect();
        let operator =
            config.and_then(|config| config.spec.config).map(|config| Document::new(config).resolved());
        Self::Disk { document, operator, arguments }
    }

    fn words(&self) -> String {
        match self {
            Self::SingleNode(..) => "what openshift-install wrote for a single node".to_owned(),
            Self::Medium(medium) => match &medium.disk {
                Ok(_) => "a live system that installs a disk".to_owned(),
                Err(why) => format!("a live system: {why}"),
            },
            Self::Disk { operator: None, .. } => "the document of an installed system".to_owned(),
            Self::Disk { operator: Some(_), .. } => {
                "the document of an installed node of OpenShift, with its MachineConfig".to_owned()
            }
            Self::Operator { pool, .. } => format!("MachineConfigs of the pool `{pool}`"),
        }
    }

    fn lives(&self) -> &'static [Life] {
        match self {
            Self::SingleNode(..) => &Life::WITH_OPERATOR,
            Self::Medium(_) => &Life::ALL,
            Self::Disk { operator: None, .. } => &[Life::FirstBoot, Life::LaterBoots],
            Self::Disk { operator: Some(_), .. } | Self::Operator { .. } => {
                &[Life::FirstBoot, Life::LaterBoots, Life::AfterMco]
            }
        }
    }

    fn parts(&self, life: Life) -> Vec<Part> {
        let with = |document: &Document, arguments: &[String]| {
            let words = arguments.iter().flat_map(|argument| argument.split_whitespace());
            let arguments = words.map(|word| Part::new(PartKind::KernelArgument, word));
            document.parts().into_iter().chain(arguments).collect()
        };
        match (self, life) {
            (Self::SingleNode(_, flow), _) => flow.parts(life),
            (Self::Medium(medium), Life::Live) => medium.live.clone(),
            (Self::Medium(medium), _) => medium.on_disk(),
            (Self::Disk { document, operator: Some(operator), arguments }, Life::AfterMco) => {
                with(&sno::after_operator(document, operator), arguments)
            }
            (Self::Disk { document, arguments, .. }, Life::LaterBoots) => with(document, arguments),
            (Self::Disk { document, .. }, _) => document.parts(),
            (Self::Operator { rendered: Err(_), .. }, _) => Vec::new(),
            (Self::Operator { rendered: Ok(rendered), .. }, _) => {
                let document = Document::new(rendered.config.clone()).resolved();
                match life {
                    Life::FirstBoot => document.parts(),
                    _ => with(&document, &rendered.kernel_arguments),
                }
            }
        }
    }

    fn why_not(&self, part: &Part, life: Life) -> String {
        let words = match (self, life, part.kind) {
            (Self::SingleNode(_, flow), ..) => return flow.why_not(part, life),
            (_, Life::FirstBoot, PartKind::KernelArgument) => sno::WITH_FIRST_REBOOT,
            (Self::Medium(_), Life::Live, _) => "it is for the disk alone",
            (Self::Medium(medium), ..) if medium.disk.is_err() => "nothing brings it to a disk",
            (Self::Medium(medium), ..) if sno::is_keyfile(part) && !medium.copies_network() => {
                "coreos-installer is not told to copy the network, and the disk's document does not have it"
            }
            (Self::Medium(_), ..) => {
                "it is in the live document alone, and Ignition applies that to the system in RAM"
            }
            (_, Life::AfterMco, _) => sno::taken_away(part).unwrap_or("the MachineConfig brings another"),
            _ => "the document does not bring it",
        };
        words.to_owned()
    }

    fn features(&self) -> Vec<Feature> {
        let Self::SingleNode(installer, _) = self else { return Vec::new() };
        let words = |(feature, present): (&'static sno::Feature, bool)| Feature {
            name: &feature.name,
            present,
            says: if present { &feature.says } else { &feature.lacks },
            since: &feature.since,
        };
        installer.features().into_iter().map(words).collect()
    }

    fn remarks(&self, name: &str, now_seconds: u64) -> Vec<Remark> {
        let mut remarks = Vec::new();
        let of_problem = |problem: &Problem| Remark {
            message: match &problem.config {
                Some(config) => format!("MachineConfig `{config}`: {}", problem.what),
                None => problem.what.clone(),
            },
            help: problem.next.clone(),
        };
        let (documents, problems): (Vec<&Document>, Vec<Problem>) = match self {
            Self::SingleNode(installer, flow) => {
                let unknown = installer.unknown().into_iter().map(|what| Remark {
                    message: format!(
                        "there is no `{what}`: this shape of the installer's Ignition is not known"
                    ),
                    help: "report the version of openshift-install (`openshift-install version`)".to_owned(),
                });
                remarks.extend(unknown);
                let mut findings = Diagnostics::new();
                sno::check_certificates(installer, now_seconds, &Origin::of_file(name), &mut findings);
                let of_finding =
                    |finding: document::Diagnostic| Remark { message: finding.message, help: finding.help };
                remarks.extend(findings.sorted().into_iter().map(of_finding));
                (vec![installer.document(), &flow.first_boot], flow.all_problems())
            }
            Self::Medium(medium) => (medium.disk.iter().chain([&medium.document]).collect(), Vec::new()),
            Self::Disk { document, .. } => (vec![document], Vec::new()),
            Self::Operator { rendered: Err(problems), unreadable, .. } => {
                (Vec::new(), unreadable.iter().chain(problems).cloned().collect())
            }
            Self::Operator { rendered: Ok(rendered), unreadable, .. } => {
                let of_node = sno::problems_on_node(rendered);
                let document = Document::new(rendered.config.clone()).resolved();
                remarks.extend(profiles(&[&document]));
                (Vec::new(), unreadable.iter().cloned().chain(of_node).collect())
            }
        };
        remarks.extend(problems.iter().map(of_problem));
        remarks.extend(profiles(&documents));
        remarks
    }
}

/// What is wrong with network profiles and `.link` files in documents; each path once.
fn profiles(documents: &[&Document]) -> Vec<Remark> {
    let texts: Vec<(String, String)> =
        documents.iter().flat_map(|document| sno::texts(&document.resolved())).collect();
    let mut names = Vec::new();
    for (path, text) in &texts {
        if path.ends_with(".link") {
            names
                .extend(text.lines().filter_map(|line| line.trim().strip_prefix("Name=")).map(str::to_owned));
        }
    }
    sno::profile_complaints(&texts, &names, &LostNames::new())
        .into_iter()
        .map(|(place, complaint)| Remark {
            message: format!("{place}: {}", complaint.message),
            help: complaint.help,
        })
        .collect()
}

fn group(part: &Part) -> Group {
    let path = part.name.as_str();
    match part.kind {
        PartKind::Group | PartKind::User | PartKind::Password | PartKind::Key => Group::Users,
        PartKind::Unit | PartKind::DropIn => Group::Units,
        PartKind::KernelArgument => Group::KernelArguments,
        PartKind::Directory | PartKind::Link => Group::Files,
        PartKind::File if path.starts_with(KEYFILE_FOLDER) || path.starts_with("/etc/nmstate/") => {
            Group::Network
        }
        PartKind::File => {
            let names_ports =
                path.starts_with("/etc/systemd/network/") || path.starts_with("/etc/udev/rules.d/");
            let is_name = ["/etc/hostname", "/etc/hosts", "/etc/resolv.conf"].contains(&path);
            if names_ports || is_name { Group::Names } else { Group::Files }
        }
    }
}

/// What a thing is; of a key its fingerprint.
fn words(part: &Part) -> String {
    if let (PartKind::Key, Some((user, key))) = (part.kind, part.name.split_once(' '))
        && let Ok(key) = key.parse::<SshKey>()
    {
        return format!("key of {user} {}", key.fingerprint());
    }
    format!("{} {}", part.kind, part.name)
}
