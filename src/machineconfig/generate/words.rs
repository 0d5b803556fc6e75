//! Words of Kubernetes and of images, as its API server checks them.

use super::Problem;
use crate::document::Sourced;

/// The longest reference to an image that the operator's objects take.
const MAX_IMAGE: usize = 447;

/// A problem with a word, at its place.
pub(super) fn problem(word: &Sourced<String>, what: impl Into<String>, next: impl Into<String>) -> Problem {
    Problem { origin: Some(word.origin.clone()), ..Problem::new(what, next) }
}

/// True for a DNS label (RFC 1123): what pools are called.
pub(super) fn is_label(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// True for a DNS subdomain (RFC 1123): what objects are called.
pub(super) fn is_subdomain(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(is_label)
}

/// True for the key of a label: a name, maybe with a prefix.
pub(super) fn is_label_key(text: &str) -> bool {
    let (prefix, name) = text.split_once('/').map_or((None, text), |(prefix, name)| (Some(prefix), name));
    prefix.is_none_or(is_subdomain) && !name.is_empty() && is_label_value(name)
}

/// True for the value of a label.
pub(super) fn is_label_value(text: &str) -> bool {
    let ends = |c: char| c.is_ascii_alphanumeric();
    text.is_empty()
        || text.len() <= 63
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
            && text.starts_with(ends)
            && text.ends_with(ends)
}

/// What is wrong with an image by its digest: `host[:port][/namespace]/name@sha256:…`.
pub(super) fn image_by_digest(image: &Sourced<String>) -> Option<Problem> {
    let refuse = |why: &str| {
        let next =
            "write it as `registry.example.com/team/app@sha256:` and 64 digits (`skopeo inspect` names it)";
        Some(problem(image, format!("`{}` {why}", image.value), next))
    };
    let Some((name, digest)) = image.split_once('@') else {
        return refuse("names no digest, and a tag may be another image tomorrow");
    };
    let is_hex = |text: &str| text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    if !digest.strip_prefix("sha256:").is_some_and(|hex| hex.len() == 64 && is_hex(hex)) {
        return refuse("does not end in `@sha256:` and 64 lower-case hexadecimal digits");
    }
    let mut parts = name.split('/');
    let host = parts.next().unwrap_or_default();
    let path: Vec<&str> = parts.collect();
    let is_path = match path.as_slice() {
        [name] => is_image_name(name),
        [namespace, name] => namespace.len() <= 61 && is_namespace(namespace) && is_image_name(name),
        _ => false,
    };
    if image.len() > MAX_IMAGE || !is_registry(host) || !is_path {
        return refuse("is not of the form `host[:port][/namespace]/name@sha256:…`");
    }
    None
}

/// What is wrong with the place that an image is pushed to: with a tag, as the API server checks it.
pub(super) fn image_to_push(image: &Sourced<String>) -> Option<Problem> {
    let (place, tag) = image.rsplit_once(':').unwrap_or((&image.value, ""));
    let (host, path) = place.split_once('/').unwrap_or((place, ""));
    let is_tag = !tag.is_empty() && tag.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
    let (namespaces, name) = path.rsplit_once('/').map_or((None, path), |(rest, name)| (Some(rest), name));
    let is_public = is_registry(host)
        && namespaces.is_none_or(|rest| {
            rest.split('/').all(|part| (1..=61).contains(&part.len()) && is_namespace(part))
        })
        && !name.is_empty()
        && is_image_name(name);
    // A service of the cluster: `name.namespace.svc:port/repository/name:tag`.
    let is_service = host.split_once(':').is_some_and(|(host, port)| {
        let parts: Vec<&str> = host.split('.').collect();
        parts.len() == 3
            && parts.last() == Some(&"svc")
            && parts.iter().all(|part| !part.is_empty())
            && !port.is_empty()
            && port.bytes().all(|b| b.is_ascii_digit())
    }) && path.split('/').count() == 2
        && path.split('/').all(|part| !part.is_empty());
    let is_right = image.len() <= MAX_IMAGE && is_tag && (is_public || is_service);
    (!is_right).then(|| {
        let next = "write it with host and tag, as in `registry.example.com/team/os:latest`";
        problem(image, format!("`{}` is no place that an image can be pushed to", image.value), next)
    })
}

/// `host[:port]`, with at least one dot.
fn is_registry(text: &str) -> bool {
    let (host, port) = text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port)));
    let is_part =
        |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    host.contains('.')
        && host.split('.').all(is_part)
        && port.is_none_or(|port| (2..=5).contains(&port.len()) && port.bytes().all(|b| b.is_ascii_digit()))
}

fn is_namespace(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
}

fn is_image_name(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::image_by_digest;
    use super::image_to_push;
    use super::is_label;
    use super::is_label_key;
    use super::is_subdomain;
    use crate::document::Origin;
    use crate::document::Sourced;

    fn word(text: &str) -> Sourced<String> {
        Sourced { value: text.to_owned(), origin: Origin::of_file("a") }
    }

    #[test]
    fn names_are_what_kubernetes_takes() {
        for right in ["worker", "worker-cnf", "a1"] {
            assert!(is_label(right) && is_subdomain(right), "{right:?}");
        }
        for wrong in ["", "Worker", "-a", "a-", "a b", "a_b", &"a".repeat(64)] {
            assert!(!is_label(wrong), "{wrong:?}");
        }
        assert!(is_subdomain("99-worker-a.b") && !is_subdomain("a..b"));
        assert!(
            is_label_key("node-role.kubernetes.io/infra") && !is_label_key("a/b/c") && !is_label_key("/a")
        );
    }

    #[test]
    fn pinned_images_have_digests() {
        let digest = "a".repeat(64);
        for (name, is_right) in [
            ("registry.example.com/team/app", true),
            ("registry.example.com:5000/app", true),
            ("registry.example.com/a/b/c", false),
            ("localhost/app", false),
            ("registry.example.com", false),
        ] {
            let image = word(&format!("{name}@sha256:{digest}"));
            assert_eq!(image_by_digest(&image).is_none(), is_right, "{name}");
        }
        for wrong in
            ["registry.example.com/team/app:latest", "registry.example.com/app@sha256:abc", "a@b@c", ""]
        {
            assert!(image_by_digest(&word(wrong)).is_some(), "{wrong}");
        }
        assert!(
            image_by_digest(&word(&format!("registry.example.com/app@sha256:{}", digest.to_uppercase())))
                .is_some()
        );
    }

    #[test]
    fn images_are_pushed_by_tag() {
        for (image, is_right) in [
            ("registry.example.com/team/os:latest", true),
            ("registry.example.com:5000/a/b/c/os:v0.1", true),
            ("image-registry.openshift-image-registry.svc:5000/openshift/os:latest", true),
            ("image-registry.openshift-image-registry.svc/openshift/os:latest", true),
            ("registry.example.com/team/os", false),
            ("registry.example.com:5000/os", false),
            ("os:latest", false),
            ("https://registry.example.com/os:latest", false),
            ("", false),
        ] {
            assert_eq!(image_to_push(&word(image)).is_none(), is_right, "{image}");
        }
    }
}
