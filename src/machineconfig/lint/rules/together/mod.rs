//! Rules about several objects together.

mod objects;
mod pools;
mod rendered;

use super::Together;
use crate::document::Rule;

pub(super) static RULES: &[Together] = &[
    Together {
        rule: Rule {
            name: "same-name",
            refuses: "two objects of one kind and name",
            why: "a cluster has one: the one that is applied later takes the other's place",
            example: "two MachineConfigs `99-worker-a`",
        },
        by: objects::same_name,
    },
    Together {
        rule: Rule {
            name: "role-without-pool",
            refuses: "(warns) a MachineConfig or PinnedImageSet for a role that no pool of the cluster takes",
            why: "nothing happens",
            example: "role: infra, without a pool that selects it",
        },
        by: pools::role_without_pool,
    },
    Together {
        rule: Rule {
            name: "selector-without-pool",
            refuses: "(warns) a KubeletConfig or ContainerRuntimeConfig that selects no pool of the cluster",
            why: "nothing happens",
            example: "matchLabels: {custom-kubelet: large-pods}, without a pool of this label",
        },
        by: pools::selector_without_pool,
    },
    Together {
        rule: Rule {
            name: "settings-not-merged",
            refuses: "(warns) two KubeletConfigs, or two ContainerRuntimeConfigs of the same setting, for one pool",
            why: "they are not merged: the one that was made later takes the place of all that the other says",
            example: "two KubeletConfigs with the same selector",
        },
        by: pools::not_merged,
    },
    Together {
        rule: Rule {
            name: "too-many-settings",
            refuses: "more than 10 KubeletConfigs, or ContainerRuntimeConfigs, for one pool",
            why: "the operator refuses the eleventh",
            example: "11 KubeletConfigs",
        },
        by: pools::too_many,
    },
    Together {
        rule: Rule {
            name: "layering-twice",
            refuses: "two MachineOSConfigs for one pool",
            why: "a pool has one image",
            example: "two MachineOSConfigs with machineConfigPool: {name: worker}",
        },
        by: objects::layering_twice,
    },
    Together {
        rule: Rule {
            name: "same-path",
            refuses: "(notes) two MachineConfigs of a pool that write the same file or unit",
            why: "one wins, by the order of names; what it leaves out, as the mode, it takes from the other",
            example: "/etc/chrony.conf in 98-worker-time and 99-worker-chrony",
        },
        by: rendered::same_path,
    },
    Together {
        rule: Rule {
            name: "gzip-inherited",
            refuses: "plain contents over compressed ones of an earlier MachineConfig, before OpenShift 4.20",
            why: "`compression: gzip` is inherited, the node cannot unpack the contents, and degrades",
            example: "Butane compressed the file in 98-a, and 99-b replaces it by hand",
        },
        by: rendered::gzip_inherited,
    },
    Together {
        rule: Rule {
            name: "pool-refused",
            refuses: "MachineConfigs that are right each for itself, and not together",
            why: "the operator refuses to render the pool, or no node can keep what comes of it",
            example: "kernelType: realtime in one, extensions: [kernel-devel] in another",
        },
        by: rendered::refused,
    },
    Together {
        rule: Rule {
            name: "chronyd-wanted",
            refuses: "(warns) chronyd disabled or masked while `kubelet-dependencies.target` wants it",
            why: "since OpenShift 4.19 the kubelet's target starts it again",
            example: "chronyd.service with enabled: false, alone",
        },
        by: rendered::chronyd_wanted,
    },
];
