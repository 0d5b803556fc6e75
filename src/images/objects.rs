//! Objects that name images: of a release, of Kubernetes, of a node.

use super::Have;
use super::Reference;
use super::list::take;
use crate::document;
use crate::document::Diagnostics;
use crate::document::Sourced;
use crate::document::View;

/// Lists of containers in a pod.
const CONTAINERS: [&str; 3] = ["containers", "initContainers", "ephemeralContainers"];

/// The images that objects ask for.
pub(super) fn images(file: &str, text: &str) -> (Vec<Sourced<Reference>>, Diagnostics) {
    let mut list = Vec::new();
    let (trees, mut findings) = document::parse_all(file, text);
    for tree in &trees {
        let root = View::root(file, tree);
        if root.is_null() {
            continue;
        }
        if root.text_at("kind").is_none() {
            let help = "name an ImageStream, objects with containers, or a file with an image a line";
            findings.error("image-list", root.origin(), "it is an object without a `kind`", help);
            continue;
        }
        of_object(&root, &mut list, &mut findings);
    }
    (list, findings)
}

fn of_object(object: &View<'_>, list: &mut Vec<Sourced<Reference>>, findings: &mut Diagnostics) {
    let kind = object.text_at("kind").map(|kind| kind.value).unwrap_or_default();
    let spec = |key: &str| object.get("spec").map(|spec| spec.list(key)).unwrap_or_default();
    match kind.as_str() {
        "ImageStream" => {
            for tag in spec("tags") {
                let Some(from) = tag.get("from") else { continue };
                let is_image = from.text_at("kind").is_none_or(|kind| kind.value == "DockerImage");
                if let Some(name) = from.text_at("name").filter(|_| is_image) {
                    take(&name.value, name.origin, list, findings);
                }
            }
        }
        "PinnedImageSet" => {
            for name in spec("pinnedImages").iter().filter_map(|image| image.text_at("name")) {
                take(&name.value, name.origin, list, findings);
            }
        }
        kind if kind.ends_with("List") => {
            for item in object.list("items") {
                of_object(&item, list, findings);
            }
        }
        _ => walk(object, list, findings),
    }
}

/// Pods stand at many depths: in jobs of cron jobs, and in objects of operators.
fn walk(view: &View<'_>, list: &mut Vec<Sourced<Reference>>, findings: &mut Diagnostics) {
    for (key, _, below) in view.entries() {
        let is_containers = CONTAINERS.contains(&key) && below.is_list();
        let image = match key {
            // A volume that is an image.
            "image" if below.is_map() => below.text_at("reference"),
            _ => None,
        };
        if let Some(image) = image {
            take(&image.value, image.origin, list, findings);
        }
        for container in below.items() {
            if let Some(image) = container.text_at("image").filter(|_| is_containers) {
                take(&image.value, image.origin, list, findings);
            }
            walk(&container, list, findings);
        }
        walk(&below, list, findings);
    }
}

/// The images that a runtime or a node says it has; none if these are other objects.
pub(super) fn kept(file: &str, text: &str) -> Option<(Have, Diagnostics)> {
    let (trees, findings) = document::parse_all(file, text);
    let mut have = Have::default();
    let mut is_known = false;
    for tree in &trees {
        let root = View::root(file, tree);
        let kind = root.text_at("kind").map(|kind| kind.value).unwrap_or_default();
        let nodes = if kind.ends_with("List") { root.list("items") } else { vec![root.clone()] };
        if kind.is_empty() && root.get("images").is_some_and(|images| images.is_list()) {
            is_known = true;
            for image in root.list("images") {
                add(&image, &["repoTags", "repoDigests"], &mut have);
            }
        }
        for node in nodes.iter().filter(|node| node.text_at("kind").is_some_and(|kind| kind.value == "Node"))
        {
            is_known = true;
            for image in node.at(&["status", "images"]).map(|images| images.items()).unwrap_or_default() {
                add(&image, &["names"], &mut have);
            }
        }
    }
    is_known.then_some((have, findings))
}

/// Runtimes write `<none>` for what has lost its name.
fn add(image: &View<'_>, keys: &[&str], have: &mut Have) {
    let names = keys.iter().flat_map(|key| image.list(key)).filter_map(|name| name.text());
    have.0.extend(names.filter_map(|name| name.value.parse().ok()));
}
