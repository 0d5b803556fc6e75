//! Texts that the API server takes only in a certain form.
//!
//! From the patterns and rules (CEL) of the kinds' definitions in openshift/api, written out.

use super::quantity::amount;
use super::quantity::seconds;

/// A form that a text must have.
#[derive(Debug)]
pub(super) struct Format {
    /// What is wrong with a text that has not this form, as in `is not a name`.
    pub refusal: &'static str,
    /// How to write it.
    pub help: &'static str,
    /// Whether a text has it.
    pub fits: fn(&str) -> bool,
}

/// Any text.
pub(super) static ANY: Format = Format { refusal: "", help: "", fits: |_| true };

/// A name of an object (RFC 1123).
pub(super) static NAME: Format = Format {
    refusal: "is not a name of an object",
    help: "write lower case letters, digits, `-` and `.`, with a letter or digit first and last, at most 253",
    fits: is_name,
};

/// An image by its digest.
pub(super) static DIGEST_IMAGE: Format = Format {
    refusal: "does not name an image by its digest",
    help: "write `host/name@sha256:` and 64 hexadecimal digits; `skopeo inspect` shows the digest of a tag",
    fits: is_digest_image,
};

/// Where an image is pushed: with a tag.
pub(super) static PUSH_SPEC: Format = Format {
    refusal: "is not a place to push an image to",
    help: "write `host[:port]/name:tag`, or `service.namespace.svc:port/repository/name:tag`",
    fits: is_push_spec,
};

/// A systemd unit's name as node disruption policies take it.
pub(super) static SERVICE: Format = Format {
    refusal: "is not the name of a systemd unit",
    help: "write its whole name with its kind, as in `crio.service`, of letters, digits, `:-_.\\`, at most 255",
    fits: is_service,
};

/// An amount as Kubernetes writes it.
pub(super) static QUANTITY: Format = Format {
    refusal: "is not an amount",
    help: "write a number and a unit, as in `10Gi`, `500m` or `8192`",
    fits: |text| amount(text).is_some(),
};

/// A length of time as Go writes it.
pub(super) static DURATION: Format = Format {
    refusal: "is not a length of time",
    help: "write a number and a unit, as in `10s`, `5m` or `1h30m`",
    fits: |text| seconds(text).is_some(),
};

/// A number of machines, or a share of them.
pub(super) static SHARE: Format = Format {
    refusal: "is neither a number nor a percentage",
    help: "write a number of machines, as in `2`, or a share, as in `25%`",
    fits: |text| text.strip_suffix('%').unwrap_or(text).parse::<u32>().is_ok(),
};

/// A version of OpenShift.
pub(super) static RELEASE: Format = Format {
    refusal: "is not a version of OpenShift",
    help: "write three numbers, as in `4.19.3`",
    fits: |text| (5..=10).contains(&text.len()) && numbers(text) == Some(3),
};

/// A version of RHCOS.
pub(super) static RHCOS_RELEASE: Format = Format {
    refusal: "is not a version of RHCOS",
    help: "write it as `oc` shows it, as in `9.6.20250523-0`",
    fits: is_rhcos_release,
};

/// A folder with images.
pub(super) static STORE: Format = Format {
    refusal: "is not the path of a store",
    help: "write an absolute path of letters, digits, `/._-`, at most 256",
    fits: |text| {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte);
        (2..=256).contains(&text.len()) && text.starts_with('/') && text.bytes().all(is_plain)
    },
};

/// A Containerfile: not longer than the API takes.
pub(super) static CONTAINERFILE: Format = Format {
    refusal: "is longer than the 4096 characters that are taken",
    help: "put what is long into an image of its own, and name it with `FROM`",
    fits: |text| text.chars().count() <= 4096,
};

pub(super) fn is_name(text: &str) -> bool {
    let is_part = |part: &str| {
        let ends = |end: Option<char>| end.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        ends(part.chars().next())
            && ends(part.chars().next_back())
            && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    text.len() <= 253 && text.split('.').all(is_part)
}

/// `host[:port]`, with at least one dot in the host.
fn is_host(text: &str) -> bool {
    let (host, port) = text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port)));
    let is_word = |word: &str| {
        !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let is_port =
        |port: &str| (2..=5).contains(&port.len()) && port.bytes().all(|byte| byte.is_ascii_digit());
    host.contains('.') && host.split('.').all(is_word) && port.is_none_or(is_port)
}

fn is_word_of(text: &str, more: &[u8]) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || more.contains(&byte))
}

pub(super) fn is_digest_image(text: &str) -> bool {
    let Some((name, digest)) = text.split_once('@') else { return false };
    let is_digest = digest.strip_prefix("sha256:").is_some_and(|digits| {
        digits.len() == 64
            && digits.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    });
    let Some((host, path)) = name.split_once('/') else { return false };
    let is_path = match path.split_once('/') {
        Some((namespace, name)) => {
            namespace.len() <= 61 && is_word_of(namespace, b"-_") && is_word_of(name, b"-_.")
        }
        None => is_word_of(path, b"-_."),
    };
    text.len() <= 447 && is_digest && is_host(host) && is_path
}

fn is_push_spec(text: &str) -> bool {
    let Some((name, tag)) = text.rsplit_once(':') else { return false };
    let mut parts = name.split('/');
    let host = parts.next().unwrap_or_default();
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return false };
    let is_public = is_host(host)
        && parts.iter().all(|part| (1..=61).contains(&part.len()) && is_word_of(part, b"-_"))
        && !last.is_empty()
        && is_word_of(last, b"-_.")
        && !tag.is_empty()
        && is_word_of(tag, b"-_.");
    let service = host.split_once(".svc:");
    let is_service = service.is_some_and(|(name, port)| {
        name.split('.').count() == 2
            && name.split('.').all(|part| !part.is_empty())
            && !port.is_empty()
            && port.bytes().all(|byte| byte.is_ascii_digit())
    }) && parts.len() == 1
        && parts.iter().all(|part| !part.is_empty())
        && !last.is_empty()
        && !tag.is_empty();
    text.len() <= 447 && (is_public || is_service)
}

/// The kinds of units that the API knows.
const UNIT_KINDS: [&str; 12] = [
    "service",
    "socket",
    "device",
    "mount",
    "automount",
    "swap",
    "target",
    "path",
    "timer",
    "snapshot",
    "slice",
    "scope",
];

fn is_service(text: &str) -> bool {
    let Some((name, kind)) = text.rsplit_once('.') else { return false };
    text.len() <= 255 && !name.is_empty() && is_word_of(name, b":._\\-") && UNIT_KINDS.contains(&kind)
}

/// How many numbers there are between the dots.
fn numbers(text: &str) -> Option<usize> {
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    text.split('.').all(is_number).then(|| text.split('.').count())
}

fn is_rhcos_release(text: &str) -> bool {
    let Some((version, build)) = text.split_once('-') else { return false };
    let date = version.rsplit('.').next().map_or(0, str::len);
    (14..=21).contains(&text.len())
        && numbers(version) == Some(3)
        && matches!(date, 8 | 12)
        && numbers(build) == Some(1)
}

#[cfg(test)]
mod tests {
    use super::DIGEST_IMAGE;
    use super::NAME;
    use super::PUSH_SPEC;
    use super::RELEASE;
    use super::RHCOS_RELEASE;
    use super::SERVICE;
    use super::SHARE;

    #[test]
    fn knows_right_from_wrong() {
        let digest = format!("release.example/a/b@sha256:{}", "1".repeat(64));
        for (format, right, wrong) in [
            (&NAME, vec!["99-worker-a", "a.b"], vec!["", "A", "a_b", "-a", "a.", "a..b"]),
            (
                &DIGEST_IMAGE,
                vec![digest.as_str()],
                vec!["release.example/a:1", "a@sha256:1", "release.example/a@sha256:11", ""],
            ),
            (
                &PUSH_SPEC,
                vec![
                    "release.example/a/b:1",
                    "registry.example:5000/a:v1",
                    "image-registry.ns.svc:5000/ns/os:latest",
                ],
                vec!["release.example/a", "a:1", "foo.bar", "release.example/:1", ""],
            ),
            (
                &SERVICE,
                vec!["crio.service", "a\\x2db.mount", "a.b.timer"],
                vec!["crio", ".service", "a b.service", "crio.servic", "a@b.service"],
            ),
            (&SHARE, vec!["1", "25%"], vec!["", "%", "a", "-1", "1.5"]),
            (&RELEASE, vec!["4.19.3"], vec!["4.19", "4.19.x", "v4.19.3"]),
            (&RHCOS_RELEASE, vec!["9.6.20250523-0", "418.94.202501221327-0"], vec!["9.6-0", "9.6.2025-1"]),
        ] {
            for text in right {
                assert!((format.fits)(text), "{text:?} was refused: {}", format.refusal);
            }
            for text in wrong {
                assert!(!(format.fits)(text), "{text:?} was accepted: {}", format.refusal);
            }
        }
    }
}
