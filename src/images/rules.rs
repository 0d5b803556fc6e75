//! What is refused of lists of images and of configurations of mirrors.

use crate::document::Rule;

/// The rules; findings carry their names.
pub const RULES: [Rule; 11] = [
    Rule {
        name: "image-list",
        refuses: "a list without an image, and an object that names none",
        why: "all of nothing can be pulled, and what was meant is not looked for",
        example: "{}",
    },
    Rule {
        name: "image-reference",
        refuses: "what no container runtime takes for an image, and several on a line",
        why: "the image cannot be pulled",
        example: "registry.example.com/App:1",
    },
    Rule {
        name: "mirror-collision",
        refuses: "two images of two registries that would be one in the copy",
        why: "the second would be put over the first",
        example: "a.example.com/x:1 and b.example.com/x:1, copied to one registry",
    },
    Rule {
        name: "mirror-set",
        refuses: "an object that is no ImageDigestMirrorSet, ImageTagMirrorSet or ImageContentSourcePolicy, or of another version",
        why: "the cluster refuses it, or nobody reads it",
        example: "kind: ImageDigestMirrorSets",
    },
    Rule {
        name: "mirror-twice",
        refuses: "`pull-from-mirror` beside `mirror-by-digest-only`",
        why: "CRI-O and podman refuse the file",
        example: "mirror-by-digest-only = true, and pull-from-mirror = \"all\" in a mirror",
    },
    Rule {
        name: "registry-endpoint",
        refuses: "an endpoint that is no URL of a registry",
        why: "the runtime leaves it out, or does not start",
        example: "endpoint: [ftp://mirror.example.com]",
    },
    Rule {
        name: "registry-header",
        refuses: "(warns) further headers for a registry",
        why: "they are not sent along here, and what comes may be another answer",
        example: "[host.\"https://m.example.com\".header]",
    },
    Rule {
        name: "registry-host",
        refuses: "a URL where logins and trust are found by a host",
        why: "the login is never used",
        example: "configs: {\"https://m.example.com\": {}}",
    },
    Rule {
        name: "registry-location",
        refuses: "a registry without a place, or a URL for one",
        why: "CRI-O and podman refuse the file",
        example: "location = \"https://m.example.com\"",
    },
    Rule {
        name: "registry-login",
        refuses: "a login that is no base64 of a name and a password; (warns) one that cannot be used here",
        why: "the registry asks for a login, and none is given",
        example: "auth: hunter2",
    },
    Rule {
        name: "registry-rewrite",
        refuses: "a rewrite that is no regular expression",
        why: "k3s and rke2 do not start",
        example: "rewrite: {\"^(rancher\": x}",
    },
];
