//! All MachineConfigs of a pool as one, as the operator puts them together.

use std::collections::BTreeSet;

use serde_json::Value;
use serde_json::json;

use super::MachineConfig;
use super::Part;
use super::Pool;
use super::Problem;
use super::ROLE_LABEL;
use super::Rules;
use super::Sources;
use super::pool::OWN_POOLS;
use super::pool::WORKER;
use super::schema::conform;
use super::schema::find_duplicates;
use super::spec_2::SPEC_2;
use super::spec_2::to_spec_3;
use super::validate::OPERATORS_FILE_MODE;
use super::validate::validate;
use crate::document::nearest;
use crate::ignition::merge;
use crate::ignition::minor_of;

/// What the operator makes of all MachineConfigs of a pool.
#[derive(Clone, Debug, PartialEq)]
pub struct Rendered {
    /// The pool.
    pub pool: String,
    /// The Ignition document, of the newest spec that the operator reads.
    pub config: Value,
    /// All kernel arguments, in order; the same may be there twice.
    pub kernel_arguments: Vec<String>,
    /// All extensions, in order; the same may be there twice.
    pub extensions: Vec<String>,
    /// Whether FIPS mode is on.
    pub fips: bool,
    /// `default`, `realtime` or `64k-pages`.
    pub kernel_type: String,
    /// The image that a MachineConfig asks for; the release's own, which is not known here, if none does.
    pub os_image_url: Option<String>,
    /// The extensions image that a MachineConfig asks for; the release's own if none does.
    pub base_os_extensions_container_image: Option<String>,
    /// Which MachineConfigs supplied what.
    pub sources: Sources,
}

/// The kinds of kernel besides the default one.
const OTHER_KERNELS: [&str; 2] = ["realtime", "64k-pages"];

/// The kind of kernel if nobody asks for another.
const DEFAULT_KERNEL: &str = "default";

impl Rendered {
    /// The `spec` of the rendered MachineConfig. An image that is not known here is left out.
    pub fn spec(&self) -> Value {
        let mut spec = json!({
            "config": self.config,
            "kernelArguments": self.kernel_arguments,
            "extensions": self.extensions,
            "fips": self.fips,
            "kernelType": self.kernel_type,
        });
        for (key, image) in [
            ("osImageURL", &self.os_image_url),
            ("baseOSExtensionsContainerImage", &self.base_os_extensions_container_image),
        ] {
            if let Some(image) = image {
                spec[key] = json!(image);
            }
        }
        spec
    }

    /// The file with this path, if there is one.
    pub(super) fn file(&self, path: &str) -> Option<&Value> {
        let files = self.members("storage", "files");
        files.iter().find(|file| file.get("path").and_then(Value::as_str) == Some(path))
    }

    /// The members of a list of the Ignition document, as in `storage` and `files`.
    pub(super) fn members(&self, section: &str, list: &str) -> &[Value] {
        let members =
            self.config.get(section).and_then(|section| section.get(list)).and_then(Value::as_array);
        members.map_or(&[], Vec::as_slice)
    }
}

/// Puts the MachineConfigs of `pool` together by the rules of a version.
///
/// `configs` may hold those of other pools; they are passed over. A pool of one's own has the workers'
/// MachineConfigs too.
///
/// # Errors
///
/// Everything that the operator would refuse, of every MachineConfig, not only the first.
pub fn render(configs: &[MachineConfig], pool: &str, rules: &Rules) -> Result<Rendered, Vec<Problem>> {
    render_chosen(configs, &Choice::Role(pool), rules)
}

/// How the MachineConfigs of a pool are known.
#[derive(Clone, Copy, Debug)]
pub enum Choice<'a> {
    /// By the pool's own selector.
    Pool(&'a Pool),
    /// By their role: no more is known of the pool than its name.
    Role(&'a str),
}

impl Choice<'_> {
    /// The pool's name.
    pub fn pool(&self) -> &str {
        match self {
            Self::Pool(pool) => &pool.name,
            Self::Role(role) => role,
        }
    }

    /// Whether a MachineConfig is one of the pool's.
    pub(super) fn includes(&self, config: &MachineConfig) -> bool {
        match self {
            Self::Pool(pool) => pool.selector.chooses(&config.labels),
            Self::Role(pool) => {
                let is_own = OWN_POOLS.contains(pool);
                config.role().is_some_and(|role| role == *pool || (!is_own && role == WORKER))
            }
        }
    }
}

/// Puts the MachineConfigs of a pool together that is known by more than its name.
///
/// # Errors
///
/// Those of [`render`].
pub fn render_chosen(
    configs: &[MachineConfig],
    choice: &Choice<'_>,
    rules: &Rules,
) -> Result<Rendered, Vec<Problem>> {
    let mut problems = Vec::new();
    let chosen = examine_all(configs, choice, rules)?;
    let rendered = put_together(chosen, choice.pool(), rules);
    problems.extend(kernel_problem(&rendered));
    problems.extend(size_problem(&rendered, rules));
    if problems.is_empty() { Ok(rendered) } else { Err(problems) }
}

/// A MachineConfig of a pool, with its document as the operator reads it.
pub(super) type Examined<'a> = (&'a MachineConfig, Option<Value>);

/// The MachineConfigs of a pool in the order of the operator, and their documents as ones of the newest spec.
pub(super) fn examine_all<'a>(
    configs: &'a [MachineConfig],
    choice: &Choice<'_>,
    rules: &Rules,
) -> Result<Vec<Examined<'a>>, Vec<Problem>> {
    let chosen = choose(configs, choice);
    let mut problems = Vec::new();
    if chosen.is_empty() {
        let pool = choice.pool();
        let next = match choice {
            Choice::Pool(_) => {
                "label one as its `machineConfigSelector` asks, or name another pool".to_owned()
            }
            Choice::Role(_) => format!("label one with `{ROLE_LABEL}: {pool}`, or name another pool"),
        };
        problems.push(Problem::new(format!("no MachineConfig is for the pool `{pool}`"), next));
    }
    find_namesakes(&chosen, &mut problems);
    let documents: Vec<Option<Value>> =
        chosen.iter().map(|config| examine(config, rules, &mut problems)).collect();
    if problems.is_empty() { Ok(chosen.into_iter().zip(documents).collect()) } else { Err(problems) }
}

/// The MachineConfigs of a pool, in the order of the operator: the workers' first, each by the bytes of names.
fn choose<'a>(configs: &'a [MachineConfig], choice: &Choice<'_>) -> Vec<&'a MachineConfig> {
    let mut chosen: Vec<&MachineConfig> = configs.iter().filter(|config| choice.includes(config)).collect();
    chosen.sort_by_key(|config| order_of(config));
    chosen
}

/// What the operator sorts by.
pub(super) fn order_of(config: &MachineConfig) -> (bool, &[u8]) {
    (config.role() != Some(WORKER), config.name.as_bytes())
}

/// A cluster has one object of a name: of two files, the one that is applied later would take the other's place.
fn find_namesakes(chosen: &[&MachineConfig], problems: &mut Vec<Problem>) {
    let mut names = BTreeSet::new();
    for config in chosen {
        if !names.insert(&config.name) {
            let problem = Problem::new(
                format!("there are two MachineConfigs called `{}`", config.name),
                "rename one; in a cluster, the later would take the other's place",
            );
            problems.push(problem.of(&config.name, config.origin.as_ref()));
        }
    }
}

/// A MachineConfig's Ignition document as the operator reads it, as one of the newest spec; what it would refuse
/// is a problem.
pub(super) fn examine(config: &MachineConfig, rules: &Rules, problems: &mut Vec<Problem>) -> Option<Value> {
    let mut found = Vec::new();
    let spec = &config.spec;
    let kernels = ["", DEFAULT_KERNEL].into_iter().chain(OTHER_KERNELS).collect::<Vec<_>>();
    if !kernels.contains(&spec.kernel_type.as_str()) {
        found.push(Problem::new(
            format!("`kernelType` is `{}`", spec.kernel_type),
            "write `default`, `realtime` or `64k-pages`",
        ));
    }
    // The operator looks at extensions only if there is an Ignition document.
    if spec.config.is_some() {
        found.extend(spec.extensions.iter().filter_map(|extension| unknown_extension(extension, rules)));
    }
    let document = spec.config.as_ref().and_then(|document| read(document, rules, &mut found));
    problems.extend(found.into_iter().map(|problem| problem.of(&config.name, config.origin.as_ref())));
    document
}

fn unknown_extension(extension: &str, rules: &Rules) -> Option<Problem> {
    if rules.extensions.iter().any(|known| known == extension) {
        return None;
    }
    let known = rules.extensions.iter().map(String::as_str);
    let next = match nearest(extension, known) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("use {}", rules.extensions.join(", ")),
    };
    Some(Problem::new(format!("`{extension}` is no extension of OpenShift {}", rules.version), next))
}

/// A document of any spec that the operator reads, as one of the newest that it reads: what it says by known keys,
/// and nothing else.
///
/// # Errors
///
/// Everything that the operator would refuse.
pub fn newest_spec(document: &Value, rules: &Rules) -> Result<Value, Vec<Problem>> {
    let mut problems = Vec::new();
    let read = read(document, rules, &mut problems);
    read.filter(|_| problems.is_empty()).ok_or(problems)
}

/// Reads a document of any spec that the operator reads, as one of the newest.
fn read(document: &Value, rules: &Rules, problems: &mut Vec<Problem>) -> Option<Value> {
    let newest = rules.newest_ignition_minor;
    let version = document.pointer("/ignition/version").and_then(Value::as_str).unwrap_or_default();
    let before = problems.len();
    let translated = (version == SPEC_2).then(|| to_spec_3(document, problems));
    let minor = match minor_of(version).filter(|minor| *minor <= newest) {
        Some(minor) => minor,
        None if translated.is_some() => 0,
        None => {
            problems.push(wrong_version(version, rules));
            return None;
        }
    };
    let mut document = conform(translated.as_ref().unwrap_or(document), minor, problems);
    find_duplicates(&document, problems);
    // Places that were not read would be found wanting once more.
    if problems.len() == before {
        validate(&document, OPERATORS_FILE_MODE, problems);
    }
    document["ignition"]["version"] = version_of(newest).into();
    Some(document)
}

pub(super) fn version_of(minor: u8) -> String {
    format!("3.{minor}.0")
}

fn wrong_version(version: &str, rules: &Rules) -> Problem {
    let newest = version_of(rules.newest_ignition_minor);
    let numbers = version.split(['-', '+']).next().unwrap_or_default();
    let is_version =
        numbers.split('.').count() == 3 && numbers.split('.').all(|number| number.parse::<u32>().is_ok());
    let what = match is_version {
        true => {
            format!("`{version}` is an unknown version of Ignition's spec for OpenShift {}", rules.version)
        }
        false => format!("`{version}` is an invalid version of Ignition's spec"),
    };
    Problem::new(what, format!("write `ignition.version: {newest}`, and no key that is newer"))
}

fn put_together(chosen: Vec<Examined<'_>>, pool: &str, rules: &Rules) -> Rendered {
    let mut rendered = Rendered {
        pool: pool.to_owned(),
        config: json!({"ignition": {"version": version_of(rules.newest_ignition_minor)}}),
        kernel_arguments: Vec::new(),
        extensions: Vec::new(),
        fips: false,
        kernel_type: DEFAULT_KERNEL.to_owned(),
        os_image_url: None,
        base_os_extensions_container_image: None,
        sources: Sources::default(),
    };
    for (index, (config, document)) in chosen.into_iter().enumerate() {
        let spec = &config.spec;
        rendered.sources.add(config, document.as_ref());
        rendered.kernel_arguments.extend(spec.kernel_arguments.iter().cloned());
        rendered.extensions.extend(spec.extensions.iter().cloned());
        rendered.fips |= spec.fips;
        if OTHER_KERNELS.contains(&spec.kernel_type.as_str()) {
            rendered.kernel_type.clone_from(&spec.kernel_type);
            rendered.sources.set(Part::KernelType, &config.name);
        }
        if !(config.is_generated() && rules.ignores_generated_images) {
            rendered.take_images(config);
        }
        if let Some(document) = document {
            let merged = std::mem::take(&mut rendered.config);
            rendered.config = match index {
                0 => document,
                _ => merge_as_operator(merged, document, rules),
            };
        }
    }
    for file in list_mut(&mut rendered.config, "/storage/files") {
        // The operator always overwrites, Ignition does not; new nodes would differ.
        if file.get("overwrite").is_none() {
            file["overwrite"] = true.into();
        }
    }
    // Keys in their order, and without what merging left empty.
    rendered.config = conform(&rendered.config, rules.newest_ignition_minor, &mut Vec::new());
    rendered
}

impl Rendered {
    fn take_images(&mut self, config: &MachineConfig) {
        let spec = &config.spec;
        if !spec.os_image_url.is_empty() {
            self.os_image_url = Some(spec.os_image_url.clone());
            self.sources.set(Part::OsImageUrl, &config.name);
        }
        if !spec.base_os_extensions_container_image.is_empty() {
            self.base_os_extensions_container_image = Some(spec.base_os_extensions_container_image.clone());
            self.sources.set(Part::BaseOsExtensionsContainerImage, &config.name);
        }
    }
}

/// Merges as Ignition does, except for `compression` where the operator knows better: what does not say it
/// would inherit `gzip`, and the node could not unpack plain contents.
fn merge_as_operator(parent: Value, mut child: Value, rules: &Rules) -> Value {
    if !rules.resets_compression {
        return merge(parent, child);
    }
    for file in list_mut(&mut child, "/storage/files") {
        if file.pointer("/contents/compression").is_none() {
            file["contents"]["compression"] = "".into();
        }
    }
    let mut merged = merge(parent, child);
    for file in list_mut(&mut merged, "/storage/files") {
        if let Some(Value::Object(contents)) = file.get_mut("contents")
            && contents.get("compression").and_then(Value::as_str) == Some("")
        {
            contents.remove("compression");
        }
    }
    merged
}

fn list_mut<'a>(document: &'a mut Value, pointer: &str) -> impl Iterator<Item = &'a mut Value> {
    document.pointer_mut(pointer).and_then(Value::as_array_mut).into_iter().flatten()
}

fn kernel_problem(rendered: &Rendered) -> Option<Problem> {
    let devel = "kernel-devel";
    let is_wrong =
        rendered.kernel_type != DEFAULT_KERNEL && rendered.extensions.iter().any(|name| name == devel);
    is_wrong.then(|| {
        let names = |part: &Part| rendered.sources.last(part).unwrap_or_default().to_owned();
        let kernel = names(&Part::KernelType);
        let extension = names(&Part::Extension(devel.to_owned()));
        Problem::new(
            format!(
                "the extension `{devel}` of `{extension}` does not go with the kernel type `{}` of `{kernel}`",
                rendered.kernel_type
            ),
            "leave one of them out",
        )
    })
}

/// The rendered object must go into etcd. Without the images of the release, which are not known here, this
/// counts a few hundred bytes less than the operator does.
fn size_problem(rendered: &Rendered, rules: &Rules) -> Option<Problem> {
    let most = rules.size_limit_bytes?;
    let size = serde_json::to_vec(&rendered.spec()).map_or(0, |json| json.len());
    (size > most).then(|| {
        Problem::new(
            format!(
                "all MachineConfigs of `{}` together come to {size} bytes; at most {most} are taken",
                rendered.pool
            ),
            "compress the contents of large files by gzip, or bring them in an image",
        )
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use serde_json::Value;
    use serde_json::json;

    use super::Part;
    use super::Rendered;
    use super::render;
    use crate::machineconfig::MachineConfig;
    use crate::machineconfig::Rules;

    const GZIP: &str = "data:;base64,H4sIAAAAAAACA6vKLChITeECAKwAOscHAAAA";

    fn config(name: &str, role: &str, mut sections: Value) -> MachineConfig {
        if sections.get("ignition").is_none() {
            sections["ignition"] = json!({"version": "3.2.0"});
        }
        let mut config = MachineConfig::new(name, role);
        config.spec.config = Some(sections);
        config
    }

    fn file(name: &str, file: Value) -> MachineConfig {
        config(name, "worker", json!({"storage": {"files": [file]}}))
    }

    fn worker(configs: &[MachineConfig], version: &str) -> Rendered {
        render(configs, "worker", Rules::of(version).unwrap()).unwrap()
    }

    fn refused(configs: &[MachineConfig], version: &str) -> Vec<String> {
        let problems = render(configs, "worker", Rules::of(version).unwrap()).unwrap_err();
        problems.into_iter().map(|problem| problem.what).collect()
    }

    #[test]
    fn plain_contents_over_gzip_are_right_since_4_20() {
        let configs = [
            file("50-a", json!({"path": "/z", "contents": {"source": GZIP, "compression": "gzip"}})),
            file("60-b", json!({"path": "/z", "contents": {"source": "data:,plain%0A"}})),
        ];
        for (version, compression) in
            [("4.15", Some("gzip")), ("4.19", Some("gzip")), ("4.20", None), ("5.1", None)]
        {
            let rendered = worker(&configs, version);
            let contents = &rendered.config["storage"]["files"][0]["contents"];
            assert_eq!(contents["source"], "data:,plain%0A", "{version}");
            assert_eq!(contents.get("compression").and_then(Value::as_str), compression, "{version}");
        }
        // Who does say it is heard.
        let rendered = worker(
            &[
                configs[1].clone(),
                file("70-c", configs[0].spec.config.clone().unwrap()["storage"]["files"][0].clone()),
            ],
            "4.20",
        );
        assert_eq!(rendered.config["storage"]["files"][0]["contents"]["compression"], "gzip");
    }

    #[test]
    fn a_link_or_directory_takes_a_files_place() {
        for list in ["links", "directories"] {
            let configs = [
                file("50-a", json!({"path": "/etc/a", "contents": {"source": "data:,a"}})),
                config("60-b", "worker", json!({"storage": {list: [{"path": "/etc/a", "target": "b"}]}})),
            ];
            let rendered = worker(&configs, "4.19");
            assert_eq!(rendered.config["storage"].get("files"), None, "{list}");
            assert_eq!(rendered.config["storage"][list][0]["path"], "/etc/a");
            assert_eq!(rendered.sources.of(&Part::Path("/etc/a".into())), ["50-a", "60-b"]);
        }
    }

    #[test]
    fn what_the_later_does_not_say_is_inherited() {
        let configs = [
            file(
                "50-a",
                json!({"path": "/a", "mode": 0o600, "overwrite": false, "user": {"name": "core"}, "contents": {"source": "data:,a"}}),
            ),
            file("60-b", json!({"path": "/a", "contents": {"source": "data:,b"}})),
            file("70-c", json!({"path": "/a", "group": {"id": 1}})),
        ];
        let expected = json!({"path": "/a", "overwrite": false, "mode": 0o600, "user": {"name": "core"},
            "group": {"id": 1}, "contents": {"source": "data:,b"}});
        assert_eq!(worker(&configs, "4.19").config["storage"]["files"], json!([expected]));
    }

    #[test]
    fn the_order_is_that_of_bytes_and_workers_come_first() {
        let names = ["5-a", "50-a", "100-a", "50-A", "00-worker"];
        let mut configs: Vec<MachineConfig> =
            names.iter().map(|name| config(name, "worker", json!({}))).collect();
        configs.push(config("01-infra", "infra", json!({})));
        configs.push(config("00-master", "master", json!({})));
        for config in &mut configs {
            config.spec.kernel_arguments = vec![config.name.clone()];
        }
        let rules = Rules::of("4.19").unwrap();
        let of = |pool| render(&configs, pool, rules).unwrap().kernel_arguments;
        assert_eq!(of("infra"), ["00-worker", "100-a", "5-a", "50-A", "50-a", "01-infra"]);
        assert_eq!(of("worker"), ["00-worker", "100-a", "5-a", "50-A", "50-a"]);
        assert_eq!(of("master"), ["00-master"]);
        assert_eq!(of("other").len(), 5, "a pool of one's own has the workers' MachineConfigs");
        let none = render(&configs, "arbiter", rules).unwrap_err();
        assert!(none[0].what.contains("`arbiter`"), "{none:?}");
    }

    #[test]
    fn older_specs_become_the_newest() {
        for (version, newest) in [("4.18", "3.4.0"), ("4.19", "3.5.0")] {
            let configs = [config("a", "worker", json!({"ignition": {"version": "3.0.0"}}))];
            assert_eq!(worker(&configs, version).config, json!({"ignition": {"version": newest}}));
            let mut empty = MachineConfig::new("a", "worker");
            empty.spec.fips = true;
            assert_eq!(worker(&[empty], version).config, json!({"ignition": {"version": newest}}));
        }
    }

    #[test]
    fn refuses_versions_that_are_not_read() {
        for (written, words) in [
            (json!({"version": "3.6.0"}), "unknown version"),
            (json!({"version": "3.5.0"}), "unknown version"),
            (json!({"version": "3.2.0-experimental"}), "unknown version"),
            (json!({"version": "2.3.0"}), "unknown version"),
            (json!({"version": "3.2"}), "invalid version"),
            (json!({}), "invalid version"),
            (json!({"version": 3}), "invalid version"),
        ] {
            let found = refused(&[config("a", "worker", json!({"ignition": written}))], "4.18");
            assert!(found.len() == 1 && found[0].contains(words), "{found:?}");
        }
    }

    #[test]
    fn says_everything_that_is_wrong_and_of_which() {
        let mut kernel = MachineConfig::new("50-kernel", "worker");
        kernel.spec.kernel_type = "fast".into();
        kernel.spec.extensions = vec!["not looked at without a document".into()];
        let mut extension = config("60-extension", "worker", json!({}));
        extension.spec.extensions = vec!["usbgard".into(), "wasm".into()];
        let double =
            config("70-double", "worker", json!({"passwd": {"users": [{"name": "a"}, {"name": "a"}]}}));
        let relative = file("80-relative", json!({"path": "a"}));
        let typed = file("90-typed", json!({"path": "/a", "mode": "0644"}));
        let configs = [kernel, extension, double, relative.clone(), relative, typed];
        let problems = render(&configs, "worker", Rules::of("4.22").unwrap()).unwrap_err();
        let found: Vec<(&str, &str)> = problems
            .iter()
            .map(|problem| (problem.config.as_deref().unwrap(), problem.what.as_str()))
            .collect();
        assert_eq!(
            found,
            [
                ("80-relative", "there are two MachineConfigs called `80-relative`"),
                ("50-kernel", "`kernelType` is `fast`"),
                ("60-extension", "`usbgard` is no extension of OpenShift 4.22"),
                ("60-extension", "`wasm` is no extension of OpenShift 4.22"),
                ("70-double", "`passwd.users[1]` is a duplicate entry: `a` is already `passwd.users[0]`"),
                ("80-relative", "`storage.files[0].path` is relative: `a`"),
                ("80-relative", "`storage.files[0].path` is relative: `a`"),
                ("90-typed", "`storage.files[0].mode` is text, not a whole number"),
            ]
        );
        assert!(problems[2].next.contains("`usbguard`"), "{problems:?}");
    }

    #[test]
    fn kernel_fips_extensions_and_images_add_up() {
        let mut base = config("00-worker", "worker", json!({}));
        base.annotations.insert(crate::machineconfig::config::GENERATED_ANNOTATION.into(), "x".into());
        base.spec.os_image_url = "generated".into();
        let mut first = MachineConfig::new("50-a", "worker");
        first.spec.fips = true;
        first.spec.kernel_type = "realtime".into();
        first.spec.extensions = vec!["usbguard".into()];
        let mut second = MachineConfig::new("60-b", "worker");
        second.spec.kernel_type = "default".into();
        second.spec.extensions = vec!["usbguard".into()];
        let rendered = worker(&[second.clone(), first.clone(), base.clone()], "4.20");
        assert_eq!((rendered.fips, rendered.kernel_type.as_str()), (true, "realtime"));
        assert_eq!(rendered.extensions, ["usbguard", "usbguard"]);
        assert_eq!(rendered.sources.of(&Part::Extension("usbguard".into())), ["50-a", "60-b"]);
        assert_eq!(
            (rendered.os_image_url.as_deref(), rendered.sources.last(&Part::OsImageUrl)),
            (Some("generated"), Some("00-worker"))
        );
        let newer = worker(&[second.clone(), first.clone(), base], "4.21");
        assert_eq!((newer.os_image_url.as_deref(), newer.spec().get("osImageURL")), (None, None));
        second.spec.extensions = vec!["kernel-devel".into()];
        let found = refused(&[first, second], "4.19");
        assert!(found.len() == 1 && found[0].contains("`60-b`") && found[0].contains("`50-a`"), "{found:?}");
    }

    #[test]
    fn the_whole_must_fit_since_4_22() {
        let large = format!("data:,{}", "a".repeat(800 << 10));
        let configs = [
            file("50-a", json!({"path": "/a", "contents": {"source": large}})),
            file("60-b", json!({"path": "/b", "contents": {"source": large}})),
        ];
        assert_eq!(worker(&configs, "4.21").config["storage"]["files"].as_array().map(Vec::len), Some(2));
        assert!(refused(&configs, "4.22")[0].contains("at most 1572864"));
        assert!(render(&configs[..1], "worker", Rules::of("4.22").unwrap()).is_ok());
    }
}
