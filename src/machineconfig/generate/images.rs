//! Images that nodes keep, and images that nodes run.

use std::collections::BTreeSet;

use serde_json::Value;
use serde_json::json;

use super::GROUP;
use super::Made;
use super::Pool;
use super::Problem;
use super::finish;
use super::versions::Version;
use super::versions::missing;
use super::words;
use crate::document::Sourced;
use crate::machineconfig::ROLE_LABEL;

/// Most images of one set, by the CRD.
const MAX_PINNED: usize = 500;

/// The longest Containerfile, by the CRD.
const MAX_CONTAINER_FILE: usize = 4096;

/// The architectures of Containerfiles, by the CRD.
pub const CONTAINER_FILES: [&str; 5] = ["NoArch", "AMD64", "ARM64", "PPC64LE", "S390X"];

/// A PinnedImageSet.
///
/// # Errors
///
/// Everything that the cluster would refuse.
pub fn pinned_image_set(images: &[Sourced<String>], pool: &Pool<'_>) -> Result<Made, Vec<Problem>> {
    let mut problems = wrong_images(images);
    let version = &Version::of(pool.rules).pinned_images;
    if version.is_none() {
        problems.push(missing("PinnedImageSets", pool.rules, |version| version.pinned_images.is_some()));
    }
    let version = version.as_deref().unwrap_or("v1");
    let refs: Vec<Value> = images.iter().map(|image| json!({"name": image.value})).collect();
    let name = pool.object_named("pinned-images");
    let object = json!({
        "apiVersion": format!("{GROUP}/{version}"),
        "kind": "PinnedImageSet",
        "metadata": {"name": name, "labels": {(ROLE_LABEL): pool.role}},
        "spec": {"pinnedImages": refs},
    });
    let made = Made::new(name, object).note("nodes fetch pinned images and reload CRI-O; nothing reboots");
    let made = match version {
        "v1" => made,
        _ => made.note(format!(
            "in OpenShift {} this is a technology preview, behind a feature gate",
            pool.rules.version
        )),
    };
    finish(made, problems, pool)
}

/// What the operator writes on the node, at /etc/crio/crio.conf.d/50-pinned-images.
///
/// # Errors
///
/// Everything that the cluster would refuse.
pub fn pinned_images_text(images: &[Sourced<String>]) -> Result<String, Vec<Problem>> {
    let problems = wrong_images(images);
    if !problems.is_empty() {
        return Err(problems);
    }
    let sorted: BTreeSet<&str> = images.iter().map(|image| image.value.as_str()).collect();
    let quoted: Vec<String> = sorted.into_iter().map(|image| format!("\"{image}\"")).collect();
    Ok(format!("[crio]\n  [crio.image]\n    pinned_images = [{}]\n", quoted.join(", ")))
}

fn wrong_images(images: &[Sourced<String>]) -> Vec<Problem> {
    let mut problems: Vec<Problem> = images.iter().filter_map(words::image_by_digest).collect();
    if images.is_empty() {
        let next = "name one, as in `registry.example.com/team/app@sha256:…`";
        problems.push(Problem::new("no image is named", next));
    }
    if let Some(first) = images.get(MAX_PINNED) {
        let what = format!("there are {} images, and a set has {MAX_PINNED} at most", images.len());
        problems.push(words::problem(first, what, "make several sets"));
    }
    let mut seen = BTreeSet::new();
    for image in images.iter().filter(|image| !seen.insert(image.value.as_str())) {
        problems.push(words::problem(image, format!("`{}` is named twice", image.value), "name it once"));
    }
    problems
}

/// An image that the cluster builds for a pool.
#[derive(Clone, Debug)]
pub struct BuiltImage {
    /// What is added to the release's image: architecture and text.
    pub container_files: Vec<(String, Sourced<String>)>,
    /// Where the image goes, with a tag.
    pub push_to: Sourced<String>,
    /// The secret that lets it be pushed.
    pub push_secret: Sourced<String>,
    /// The secret that lets the release's image be pulled, if it is not the cluster's own.
    pub pull_secret: Option<Sourced<String>>,
}

/// A MachineOSConfig.
///
/// # Errors
///
/// Everything that the cluster would refuse.
pub fn machine_os_config(asked: &BuiltImage, pool: &Pool<'_>) -> Result<Made, Vec<Problem>> {
    let mut problems = Vec::new();
    let version = &Version::of(pool.rules).os_builds;
    if version.is_none() {
        problems.push(missing("MachineOSConfigs as they are written now", pool.rules, |version| {
            version.os_builds.is_some()
        }));
    }
    problems.extend(words::image_to_push(&asked.push_to));
    for secret in [Some(&asked.push_secret), asked.pull_secret.as_ref()].into_iter().flatten() {
        if !words::is_subdomain(secret) {
            let what = format!("`{}` is not the name of a secret", secret.value);
            problems.push(words::problem(
                secret,
                what,
                "name a secret of the namespace openshift-machine-config-operator",
            ));
        }
    }
    let mut files = Vec::new();
    let mut seen = BTreeSet::new();
    for (architecture, text) in &asked.container_files {
        problems.extend(wrong_container_file(architecture, text));
        if !seen.insert(architecture) {
            let what = format!("there are two Containerfiles for {architecture}");
            problems.push(words::problem(text, what, "put them into one"));
        }
        files.push(json!({"containerfileArch": architecture, "content": text.value}));
    }
    if asked.container_files.len() > 4 {
        problems
            .push(Problem::new("there are more than 4 Containerfiles", "keep those of your architectures"));
    }
    let mut spec = json!({
        "machineConfigPool": {"name": pool.role},
        "imageBuilder": {"imageBuilderType": "Job"},
        "renderedImagePushSpec": asked.push_to.value,
        "renderedImagePushSecret": {"name": asked.push_secret.value},
    });
    if let Some(secret) = &asked.pull_secret {
        spec["baseImagePullSecret"] = json!({"name": secret.value});
    }
    if !files.is_empty() {
        spec["containerFile"] = files.into();
    }
    // The cluster takes no other name than the pool's.
    if let Some(name) = pool.name.filter(|name| *name != pool.role) {
        let what = format!("a MachineOSConfig is called as its pool, `{}`, and not `{name}`", pool.role);
        problems.push(Problem::new(what, "leave the name out"));
    }
    let object = json!({
        "apiVersion": format!("{GROUP}/{}", version.as_deref().unwrap_or("v1")),
        "kind": "MachineOSConfig",
        "metadata": {"name": pool.role},
        "spec": spec,
    });
    let made = Made::new(format!("machine-os-config-{}", pool.role), object)
        .note("every node of the pool reboots into the image; on such nodes policies of disruption do not count")
        .note("all nodes of the pool must be of one architecture");
    finish(made, problems, pool)
}

fn wrong_container_file(architecture: &str, text: &Sourced<String>) -> Vec<Problem> {
    let mut problems = Vec::new();
    if !CONTAINER_FILES.contains(&architecture) {
        let what = format!("`{architecture}` is no architecture of a Containerfile");
        problems.push(words::problem(text, what, format!("write one of {}", CONTAINER_FILES.join(", "))));
    }
    if text.len() > MAX_CONTAINER_FILE {
        let what =
            format!("the Containerfile has {} bytes, and a cluster takes {MAX_CONTAINER_FILE}", text.len());
        problems.push(words::problem(
            text,
            what,
            "fetch what is large in a `RUN`, or from a stage of its own",
        ));
    }
    let is_from = |line: &str| {
        let mut words = line.split_whitespace();
        words.next().is_some_and(|word| word.eq_ignore_ascii_case("FROM"))
            && words.next() == Some("configs")
            && words.next().is_some_and(|word| word.eq_ignore_ascii_case("AS"))
            && words.next() == Some("final")
    };
    let has_from = text
        .lines()
        .any(|line| line.split_whitespace().next().is_some_and(|word| word.eq_ignore_ascii_case("FROM")));
    if has_from && !text.lines().any(is_from) {
        let what = "no stage of the Containerfile begins with `FROM configs AS final`";
        problems.push(words::problem(
            text,
            what,
            "begin the last stage so: it has the pool's MachineConfigs",
        ));
    }
    if text.trim().is_empty() {
        problems.push(words::problem(
            text,
            "the Containerfile is empty",
            "write what it adds, or leave it out",
        ));
    }
    problems
}
