//! The rules that shapes keep, and those about texts as such.

use crate::document::Rule;

pub(in super::super) static UNREADABLE: Rule = Rule {
    name: "unreadable",
    refuses: "text that is no YAML or JSON, a key that is written twice, nesting below 64, more than 4,000,000 nodes",
    why: "what cannot be read cannot be applied, and of two keys one is lost",
    example: "spec: [1",
};

pub(in super::super) static TOO_MANY: Rule = Rule {
    name: "too-many",
    refuses: "more than 500 findings; the rest is counted",
    why: "they mostly come from one mistake",
    example: "500 unknown keys",
};

pub(in super::super) static UNKNOWN_KEY: Rule = Rule {
    name: "unknown-key",
    refuses: "a key that means nothing here",
    why: "the API server, the operator or Ignition drops it in silence, and what it was to say does not happen",
    example: "renderedImagePushspec",
};

pub(in super::super) static MISSING_KEY: Rule = Rule {
    name: "missing-key",
    refuses: "a mapping without a key it cannot do without",
    why: "the API server refuses the object",
    example: "pinnedImages: [{}]",
};

pub(in super::super) static KIND_OF_VALUE: Rule = Rule {
    name: "kind-of-value",
    refuses: "a text where a number belongs, and the like",
    why: "the API server refuses the object, or the kubelet does not start with it",
    example: "maxPods: \"250\"",
};

pub(in super::super) static KNOWN_WORD: Rule = Rule {
    name: "known-word",
    refuses: "a word that is not one of those that may stand here",
    why: "the API server or the operator refuses the object",
    example: "containerfileArch: noarch",
};

pub(in super::super) static TEXT_FORMAT: Rule = Rule {
    name: "text-format",
    refuses: "a text that has not the form that is asked for here: a name, an amount, an image by its digest",
    why: "the API server refuses the object, or the kubelet does not start with it",
    example: "pinnedImages: [{name: \"registry.example/a:latest\"}]",
};

pub(in super::super) static RANGE: Rule = Rule {
    name: "range",
    refuses: "a number out of its range",
    why: "the API server refuses the object, or the kubelet does not start with it",
    example: "logLevel: 11",
};

pub(in super::super) static LIST_LENGTH: Rule = Rule {
    name: "list-length",
    refuses: "more or fewer members of a list than the API takes",
    why: "the API server refuses the object",
    example: "pinnedImages: []",
};

pub(in super::super) static SAME_MEMBER: Rule = Rule {
    name: "same-member",
    refuses: "two members of a list that are the same by their key",
    why: "the API server refuses the object",
    example: "files: [{path: /etc/a, actions: []}, {path: /etc/a, actions: []}]",
};

pub(in super::super) static NOT_SERVED: Rule = Rule {
    name: "not-served",
    refuses: "a kind, key or word that this version of OpenShift has not yet, no longer, or only as a preview (warns)",
    why: "the API server refuses it, or drops it",
    example: "kind: PinnedImageSet in OpenShift 4.15",
};

pub(in super::super) static RULES: [&Rule; 11] = [
    &UNREADABLE,
    &TOO_MANY,
    &UNKNOWN_KEY,
    &MISSING_KEY,
    &KIND_OF_VALUE,
    &KNOWN_WORD,
    &TEXT_FORMAT,
    &RANGE,
    &LIST_LENGTH,
    &SAME_MEMBER,
    &NOT_SERVED,
];
