//! What a rendered MachineConfig asks of a node, as the node's operator reads it.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use serde_json::Value;

use super::super::MachineConfig;
use super::super::Problem;
use super::super::each_object;
use super::super::parse;
use crate::document::Origin;
use crate::document::View;
use crate::ignition::decode;
use crate::machineconfig::lists::NAMED_LISTS;
use crate::value::Digest;

/// Mode of what does not say one.
const DEFAULT_MODE: u32 = 0o644;
/// Where the operator writes units.
const UNITS: &str = "/etc/systemd/system";

/// Files that the operator renews otherwise, and does not compare.
const LEFT_ALONE: [&str; 3] = [
    "/etc/kubernetes/kubelet-ca.crt",
    "/etc/kubernetes/static-pod-resources/configmaps/cloud-config/ca-bundle.pem",
    "/etc/mco/internal-registry-pull-secret.json",
];

/// What a rendered MachineConfig asks of a node.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The MachineConfig's name.
    pub name: String,
    pub(super) origin: Origin,
    /// Of the text it was read from.
    pub(super) digest: Digest,
    /// Members of Ignition's spec 2 are compared otherwise.
    pub(super) is_spec_2: bool,
    pub(super) files: Vec<File>,
    pub(super) units: Vec<Unit>,
    pub(super) directories: Vec<Directory>,
    pub(super) links: Vec<Link>,
    pub(super) users: Vec<User>,
    pub(super) kernel_arguments: Vec<(String, Origin)>,
    pub(super) kernel_type: String,
    pub(super) fips: bool,
    pub(super) extensions: Vec<String>,
    pub(super) os_image: String,
}

#[derive(Clone, Debug)]
pub(super) struct File {
    pub(super) path: String,
    /// As it is written: it may be more than a mode can be.
    pub(super) mode: u32,
    /// Nothing if it cannot be decoded.
    pub(super) contents: Option<Digest>,
    pub(super) owner: String,
    pub(super) is_appended: bool,
    pub(super) is_left_alone: bool,
    pub(super) origin: Origin,
}

#[derive(Clone, Debug)]
pub(super) struct Unit {
    pub(super) name: String,
    pub(super) contents: Option<Digest>,
    pub(super) is_masked: bool,
    pub(super) enabled: Option<bool>,
    pub(super) dropins: Vec<DropIn>,
    pub(super) origin: Origin,
}

#[derive(Clone, Debug)]
pub(super) struct DropIn {
    pub(super) path: String,
    pub(super) contents: Digest,
    pub(super) is_empty: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Directory {
    pub(super) path: String,
    pub(super) mode: Option<u32>,
    pub(super) owner: String,
    pub(super) origin: Origin,
}

#[derive(Clone, Debug)]
pub(super) struct Link {
    pub(super) path: String,
    pub(super) target: String,
    pub(super) is_hard: bool,
    pub(super) origin: Origin,
}

#[derive(Clone, Debug)]
pub(super) struct User {
    pub(super) name: String,
    pub(super) keys: Vec<String>,
    pub(super) has_password: bool,
    pub(super) origin: Origin,
}

impl Unit {
    pub(super) fn path(&self) -> String {
        format!("{UNITS}/{}", self.name)
    }
}

/// Reads the MachineConfig that a node keeps, or a rendered one as the cluster prints it.
///
/// What a node keeps need not say what it is: the operator writes it without.
///
/// # Errors
///
/// Says why it is no MachineConfig, or that there are several.
pub fn read_node_config(name_of_source: &str, text: &str) -> Result<Wanted, Vec<Problem>> {
    let mut says_kind = false;
    each_object(name_of_source, text, &mut |object| says_kind |= !object.kind.is_empty());
    let completed = match (says_kind, serde_json::from_str(text)) {
        (false, Ok(Value::Object(mut object))) if object.contains_key("spec") => {
            object.insert("apiVersion".to_owned(), "machineconfiguration.openshift.io/v1".into());
            object.insert("kind".to_owned(), "MachineConfig".into());
            Some(Value::Object(object).to_string())
        }
        _ => None,
    };
    let text = completed.as_deref().unwrap_or(text);
    let (mut configs, problems) = parse(name_of_source, text);
    if !problems.is_empty() {
        return Err(problems);
    }
    let refuse = |what: String, next: &str| {
        let origin = Some(Origin::of_file(name_of_source));
        Err(vec![Problem { origin, ..Problem::new(what, next) }])
    };
    let next = "name the rendered MachineConfig of the node, as in `oc get mc rendered-… -o yaml`";
    match (configs.pop(), configs.len()) {
        (Some(config), 0) => {
            let mut places = BTreeMap::new();
            each_object(name_of_source, text, &mut |object| {
                places.extend(object.view.map(places_of).unwrap_or_default());
            });
            Ok(Wanted { digest: Digest::of(text.as_bytes()), ..Wanted::of(&config, &places) })
        }
        (None, _) => refuse(format!("`{name_of_source}` holds no MachineConfig"), next),
        (Some(_), more) => refuse(format!("`{name_of_source}` holds {} MachineConfigs", more + 1), next),
    }
}

fn places_of(object: &View<'_>) -> BTreeMap<String, Origin> {
    let mut places = BTreeMap::new();
    for list in NAMED_LISTS {
        let members = object.at(&["spec", "config", list.section]).map(|section| section.list(list.key));
        for (index, member) in members.unwrap_or_default().iter().enumerate() {
            places.insert(format!("{}.{}[{index}]", list.section, list.key), member.origin().clone());
        }
    }
    let arguments = object.at(&["spec"]).map(|spec| spec.list("kernelArguments")).unwrap_or_default();
    for (index, argument) in arguments.iter().enumerate() {
        places.insert(format!("kernelArguments[{index}]"), argument.origin().clone());
    }
    places
}

impl Wanted {
    /// The same on a node that boots an image of the cluster's own building, as its file of that says.
    pub fn with_image(self, image: &str) -> Self {
        match image.trim() {
            "" => self,
            image => Self { os_image: image.to_owned(), ..self },
        }
    }

    fn of(config: &MachineConfig, places: &BTreeMap<String, Origin>) -> Self {
        let whole = config.origin.clone().unwrap_or_else(|| Origin::of_file(&config.name));
        let reader = Reader { whole: &whole, places, document: config.spec.config.as_ref() };
        let spec = &config.spec;
        let version = spec.config.as_ref().and_then(|document| document.pointer("/ignition/version"));
        let is_spec_2 = version.and_then(Value::as_str).is_some_and(|version| version.starts_with("2."));
        let mut files = reader.members("storage", "files", file);
        if is_spec_2 {
            // The last of several of a path counts, and the operator begins at the end.
            let mut seen = BTreeSet::new();
            files.reverse();
            files.retain(|file| seen.insert(file.path.clone()));
            files.iter_mut().for_each(|file| file.is_left_alone = false);
        }
        let arguments = spec.kernel_arguments.iter().enumerate().flat_map(|(index, argument)| {
            let origin = reader.place(&format!("kernelArguments[{index}]"));
            argument.split_whitespace().map(move |word| (word.to_owned(), origin.clone()))
        });
        Self {
            name: config.name.clone(),
            is_spec_2,
            files,
            units: reader.members("systemd", "units", unit),
            directories: reader.members("storage", "directories", directory),
            links: reader.members("storage", "links", link),
            users: reader.members("passwd", "users", user),
            kernel_arguments: arguments.collect(),
            kernel_type: match spec.kernel_type.as_str() {
                "" => "default".to_owned(),
                kind => kind.to_owned(),
            },
            fips: spec.fips,
            extensions: spec.extensions.clone(),
            os_image: spec.os_image_url.clone(),
            origin: whole.clone(),
            digest: Digest::of(&[]),
        }
    }
}

struct Reader<'a> {
    whole: &'a Origin,
    places: &'a BTreeMap<String, Origin>,
    document: Option<&'a Value>,
}

impl Reader<'_> {
    fn place(&self, key: &str) -> Origin {
        let known = self.places.get(key).cloned();
        known.unwrap_or_else(|| Origin { key: key.to_owned(), ..self.whole.clone() })
    }

    fn members<T>(&self, section: &str, list: &str, read: fn(&Value, Origin) -> T) -> Vec<T> {
        let members = self.document.and_then(|document| document.get(section)?.get(list)?.as_array());
        let members = members.into_iter().flatten().enumerate();
        members
            .map(|(index, member)| read(member, self.place(&format!("{section}.{list}[{index}]"))))
            .collect()
    }
}

fn text(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn number(value: &Value, key: &str) -> Option<u32> {
    value.get(key).and_then(Value::as_u64).and_then(|number| u32::try_from(number).ok())
}

fn truth(value: &Value, key: &str) -> Option<bool> {
    value.get(key).and_then(Value::as_bool)
}

/// `user:group`, by names where there are names.
fn owner(value: &Value) -> String {
    let one = |key: &str| {
        let of = value.get(key);
        let name = of.map(|of| text(of, "name")).filter(|name| !name.is_empty());
        let id = || of.and_then(|of| number(of, "id")).filter(|id| *id != 0).map(|id| id.to_string());
        name.or_else(id).unwrap_or_else(|| "root".to_owned())
    };
    format!("{}:{}", one("user"), one("group"))
}

fn file(value: &Value, origin: Origin) -> File {
    let path = text(value, "path");
    let contents = value.get("contents").unwrap_or(&Value::Null);
    let source = contents.get("source").and_then(Value::as_str).filter(|source| !source.is_empty());
    let decoded = match source {
        None => Some(Vec::new()),
        Some(source) => decode(source, contents.get("compression").and_then(Value::as_str)),
    };
    let is_appended = match value.get("append") {
        Some(Value::Array(parts)) => !parts.is_empty(),
        Some(Value::Bool(is_appended)) => *is_appended,
        _ => false,
    };
    File {
        mode: number(value, "mode").unwrap_or(DEFAULT_MODE),
        contents: decoded.map(|bytes| Digest::of(&bytes)),
        owner: owner(value),
        is_appended,
        is_left_alone: LEFT_ALONE.contains(&path.as_str()),
        path,
        origin,
    }
}

fn unit(value: &Value, origin: Origin) -> Unit {
    let name = text(value, "name");
    let dropin = |dropin: &Value| {
        let contents = text(dropin, "contents");
        DropIn {
            path: format!("{UNITS}/{name}.d/{}", text(dropin, "name")),
            contents: Digest::of(contents.as_bytes()),
            is_empty: contents.is_empty(),
        }
    };
    let dropins = value.get("dropins").and_then(Value::as_array).into_iter().flatten().map(dropin).collect();
    let contents = Some(text(value, "contents")).filter(|contents| !contents.is_empty());
    Unit {
        contents: contents.map(|contents| Digest::of(contents.as_bytes())),
        is_masked: truth(value, "mask").unwrap_or_default(),
        enabled: truth(value, "enabled"),
        dropins,
        name,
        origin,
    }
}

fn directory(value: &Value, origin: Origin) -> Directory {
    Directory { path: text(value, "path"), mode: number(value, "mode"), owner: owner(value), origin }
}

fn link(value: &Value, origin: Origin) -> Link {
    let is_hard = truth(value, "hard").unwrap_or_default();
    Link { path: text(value, "path"), target: text(value, "target"), is_hard, origin }
}

fn user(value: &Value, origin: Origin) -> User {
    let keys = value.get("sshAuthorizedKeys").and_then(Value::as_array).into_iter().flatten();
    User {
        name: text(value, "name"),
        keys: keys.filter_map(Value::as_str).map(str::to_owned).collect(),
        has_password: !text(value, "passwordHash").is_empty(),
        origin,
    }
}
