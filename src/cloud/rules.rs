//! The rules of payloads: what is refused, and what would happen.

use crate::document::Rule;

/// Every rule of payloads.
pub const RULES: [Rule; 18] = [
    Rule {
        name: "boot-data-unread",
        refuses: "a payload that nobody in the image reads under this key",
        why: "the machine comes up as if nothing had been given, or runs the payload as something else than it is",
        example: "MIME in `startup-script`, cloud-config for an image without cloud-init",
    },
    Rule {
        name: "boot-data-image",
        refuses: "(warns) an image that is in no table, or of which it is supposed who reads boot data",
        why: "nobody knows whether it has cloud-init",
        example: "--image mine/golden",
    },
    Rule {
        name: "boot-data-size",
        refuses: "a payload that is larger than what the platform takes, counted as the platform counts",
        why: "the platform refuses the machine, or cuts it off",
        example: "16,385 bytes of `user-data` on EC2",
    },
    Rule {
        name: "boot-data-encoding",
        refuses: "gzip or base64 that nobody takes off again, and bytes where the platform takes text",
        why: "the reader sees the packing and knows nothing in it",
        example: "base64 in DigitalOcean's `user_data`",
    },
    Rule {
        name: "boot-data-packed",
        refuses: "gzip that is damaged, and what becomes too large, too much or too deep when it is unpacked",
        why: "a payload of a few bytes could fill all memory",
        example: "a gzip bomb",
    },
    Rule {
        name: "boot-data-mime",
        refuses: "a MIME document with a part that a reader would not find, or would get mangled",
        why: "cloud-init says nothing, and the part is missing",
        example: "no `MIME-Version`; `é` in a part that is not base64",
    },
    Rule {
        name: "boot-data-part",
        refuses: "a part that cloud-init knows neither by its type nor by how it begins, and one with nothing in it",
        why: "cloud-init passes over it and says that it is done",
        example: "Content-Type: text/x-sh",
    },
    Rule {
        name: "boot-data-header",
        refuses: "cloud-config that does not begin with `#cloud-config`, or has a byte order mark or an empty line before it",
        why: "cloud-init does nothing with it, and its status is `done`",
        example: "# cloud-config",
    },
    Rule {
        name: "boot-data-include",
        refuses: "an `#include` with lines that are no URLs",
        why: "cloud-init fails to fetch them, and with them the rest",
        example: "#include setup.yaml",
    },
    Rule {
        name: "boot-data-template",
        refuses: "a template that Jinja could not read, and (warns) words of a template without `## template: jinja`",
        why: "cloud-init passes over the first, and takes the second as it is written",
        example: "hostname: {{ v1.local_hostname }}",
    },
    Rule {
        name: "boot-data-merge",
        refuses: "(warns) a key of cloud-config in several parts that do not say how to merge",
        why: "the later replaces the earlier, lists too",
        example: "`runcmd` in part 1 and in part 2",
    },
    Rule {
        name: "boot-data-ignition",
        refuses: "a document that Ignition would refuse, and (warns) keys in it that Ignition does not know",
        why: "the machine stops in its initramfs",
        example: "{\"ignition\": {\"version\": \"2.2.0\"}}",
    },
    Rule {
        name: "cloud-config-key",
        refuses: "a key that cloud-init does not know",
        why: "what it was to say does not happen",
        example: "userz: []",
    },
    Rule {
        name: "cloud-config-value",
        refuses: "a value that cloud-init's schema does not allow, and a part that is no mapping",
        why: "the module fails, or does nothing",
        example: "permissions: 0644",
    },
    Rule {
        name: "cloud-config-old",
        refuses: "(warns) what cloud-init calls deprecated",
        why: "a later version will not take it",
        example: "ssh_pwauth: 'yes'",
    },
    Rule {
        name: "boot-script-start",
        refuses: "a script that does not begin with `#!` and the path of a program",
        why: "cloud-init fails to start it: exec format error",
        example: "an empty line before `#!/bin/bash`",
    },
    Rule {
        name: "boot-script-line-ends",
        refuses: "a script with the line ends of Windows that nobody mends",
        why: "the program is looked for under a name that ends in a carriage return",
        example: "#!/bin/bash\\r",
    },
    Rule {
        name: "boot-script-syntax",
        refuses: "a script of bash or sh that `bash -n` cannot read",
        why: "it breaks off in the middle, on a machine that nobody can log in to",
        example: "if true; then",
    },
];
