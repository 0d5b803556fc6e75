//! What the operator of a cluster decides of a node's system: its image, its kernel, FIPS mode, packages.

use super::facts::Facts;
use crate::tree::Found;
use crate::tree::Tree;
use crate::tree::text;
use crate::verify::Manifest;
use crate::verify::Subject;

/// Where the kernels of a system are, a folder each.
const KERNELS: &str = "/usr/lib/modules";

/// The image, the kernel and the packages of a mounted root; `deployment` is where its system lies on its disk.
pub(super) fn of_root(tree: &dyn Tree, deployment: Found<String>, manifest: &Manifest, facts: &mut Facts) {
    if asks(manifest, &Subject::OsImage) {
        let origin = deployment.and_then(|deployment| match deployment {
            Some(deployment) => text(tree, &format!("{deployment}.origin")),
            None => Ok(None),
        });
        let absent = "the disk does not say from which image its deployment is";
        facts.looked(&Subject::OsImage, origin, absent, |origin| {
            let lines = origin.lines();
            let images = lines.filter_map(|line| line.trim().strip_prefix("container-image-reference="));
            images.map(|image| without_transport(image).to_owned()).collect()
        });
    }
    if asks(manifest, &Subject::KernelType) {
        let kind = tree.names(KERNELS).and_then(|names| match names.as_deref() {
            Some([release]) => Ok(Some(kind_of_kernel(release).to_owned())),
            Some([_, _, ..]) => Err(format!("several kernels are below {KERNELS}, and one of them boots")),
            _ => Ok(None),
        });
        facts.looked(&Subject::KernelType, kind, "no kernel is below /usr/lib/modules", |kind| vec![kind]);
    }
    for package in packages(manifest) {
        let why = "the list of packages of a mounted root is not read: ask the running system";
        facts.unknown(&Subject::Package(package.to_owned()), why);
    }
}

/// The same as an sosreport tells it.
pub(super) fn of_sosreport(tree: &dyn Tree, absent: &str, manifest: &Manifest, facts: &mut Facts) {
    if asks(manifest, &Subject::KernelType) {
        // `Linux`, the host name, and the release.
        let names = text(tree, "/sos_commands/kernel/uname_-a");
        facts.looked(&Subject::KernelType, names, absent, |names| {
            names.split_whitespace().nth(2).map(kind_of_kernel).map(str::to_owned).into_iter().collect()
        });
    }
    let wanted: Vec<&str> = packages(manifest).collect();
    if wanted.is_empty() {
        return;
    }
    let list = text(tree, "/installed-rpms").and_then(|list| {
        if list.is_some() { Ok(list) } else { text(tree, "/sos_commands/rpm/installed-rpms") }
    });
    for package in wanted {
        facts.looked(&Subject::Package(package.to_owned()), list.clone(), absent, |list| {
            vec![if list.lines().any(|line| is_package(line, package)) { "yes" } else { "no" }.to_owned()]
        });
    }
}

/// True if a line of `rpm -qa` is of that package: its name, then version and release.
fn is_package(line: &str, name: &str) -> bool {
    let package = line.split_whitespace().next().unwrap_or_default();
    package.rsplitn(3, '-').nth(2) == Some(name)
}

/// What the arguments of the next boot say besides themselves.
pub(super) fn of_arguments(
    options: Found<Vec<String>>,
    absent: &str,
    manifest: &Manifest,
    facts: &mut Facts,
) {
    if asks(manifest, &Subject::RepeatedKernelArguments) {
        let subject = Subject::RepeatedKernelArguments;
        facts.looked(&subject, options.clone(), absent, |options| repeated(&options));
    }
    if asks(manifest, &Subject::Fips) {
        facts.looked(&Subject::Fips, options, absent, |options| {
            let is_on = options.iter().any(|option| option == "fips=1");
            vec![if is_on { "on" } else { "off" }.to_owned()]
        });
    }
}

fn asks(manifest: &Manifest, subject: &Subject) -> bool {
    let subject = subject.to_string();
    manifest.expectations.iter().any(|wanted| wanted.subject == subject)
}

fn packages(manifest: &Manifest) -> impl Iterator<Item = &str> {
    manifest
        .expectations
        .iter()
        .filter_map(|wanted| wanted.subject.strip_prefix("package/")?.split('/').next())
}

/// The words that are there more than once.
pub(super) fn repeated(words: &[String]) -> Vec<String> {
    let mut sorted: Vec<&String> = words.iter().collect();
    sorted.sort();
    let mut found: Vec<String> =
        sorted.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0].clone()).collect();
    found.dedup();
    found
}

/// The operator's word for a kernel, by its release.
pub(super) fn kind_of_kernel(release: &str) -> &'static str {
    if release.ends_with("+64k") {
        "64k-pages"
    } else if release.ends_with("+rt") || release.contains(".rt") {
        "realtime"
    } else {
        "default"
    }
}

/// An image without the way it came (ostree-container's transports).
fn without_transport(image: &str) -> &str {
    let image = match image.strip_prefix("ostree-remote-registry:") {
        Some(rest) => rest.split_once(':').map_or(rest, |(_, image)| image),
        None => match image.split_once(':') {
            Some((way, rest)) if way.starts_with("ostree-") => rest,
            _ => image,
        },
    };
    let image = image.strip_prefix("registry:").unwrap_or(image);
    image.strip_prefix("docker://").unwrap_or(image)
}

#[cfg(test)]
mod tests {
    use super::kind_of_kernel;
    use super::repeated;
    use super::without_transport;

    #[test]
    fn knows_images_kernels_and_what_is_there_twice() {
        for image in [
            "release.example/os@sha256:1",
            "ostree-unverified-registry:release.example/os@sha256:1",
            "ostree-unverified-image:docker://release.example/os@sha256:1",
            "ostree-image-signed:registry:release.example/os@sha256:1",
            "ostree-remote-registry:fedora:release.example/os@sha256:1",
            "docker://release.example/os@sha256:1",
        ] {
            assert_eq!(without_transport(image), "release.example/os@sha256:1", "{image}");
        }
        for (release, kind) in [
            ("5.14.0-570.el9_6.x86_64", "default"),
            ("5.14.0-570.el9_6.x86_64+rt", "realtime"),
            ("4.18.0-372.rt7.230.el8.x86_64", "realtime"),
            ("5.14.0-570.el9_6.aarch64+64k", "64k-pages"),
        ] {
            assert_eq!(kind_of_kernel(release), kind);
        }
        let words = ["a", "b", "a", "a", "c", "c"].map(str::to_owned);
        assert_eq!(repeated(&words), ["a", "c"]);
        assert_eq!(repeated(&words[..2]), [""; 0]);
    }
}
