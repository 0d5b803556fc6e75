//! What a part is, by what it is said to be and by how it begins: as cloud-init decides it.

use std::fmt;

use serde::Serialize;

/// What a part of a payload is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// cloud-init's YAML.
    CloudConfig,
    /// A JSON patch of it.
    CloudConfigJsonp,
    /// A program that is run late, once per instance.
    Script,
    /// A program that is run late, at every boot.
    ScriptPerBoot,
    /// A program that is run late, once per instance.
    ScriptPerInstance,
    /// A program that is run late, once.
    ScriptPerOnce,
    /// A program that is run early, at every boot.
    Boothook,
    /// A Python module that reads other parts.
    PartHandler,
    /// URLs, whose contents are read in its place.
    Include,
    /// A YAML list of parts.
    Archive,
    /// A template, from which another part comes in the machine.
    Template,
    /// A job for upstart, which cloud-init no longer knows.
    UpstartJob,
    /// A document for Ignition.
    Ignition,
    /// Nothing.
    Empty,
    /// Nothing that a reader knows.
    Unknown,
}

/// How parts begin; longer words come first.
const BEGINNINGS: [(&str, Kind); 10] = [
    ("#cloud-config-archive", Kind::Archive),
    ("#cloud-config-jsonp", Kind::CloudConfigJsonp),
    ("## template: jinja", Kind::Template),
    ("#cloud-boothook", Kind::Boothook),
    ("#cloud-config", Kind::CloudConfig),
    ("#include-once", Kind::Include),
    ("#part-handler", Kind::PartHandler),
    ("#upstart-job", Kind::UpstartJob),
    ("#include", Kind::Include),
    ("#!", Kind::Script),
];

/// Content types of parts, with what they are.
const TYPES: [(&str, Kind); 13] = [
    ("text/cloud-config", Kind::CloudConfig),
    ("text/cloud-config-jsonp", Kind::CloudConfigJsonp),
    ("text/x-shellscript", Kind::Script),
    ("text/x-shellscript-per-boot", Kind::ScriptPerBoot),
    ("text/x-shellscript-per-instance", Kind::ScriptPerInstance),
    ("text/x-shellscript-per-once", Kind::ScriptPerOnce),
    ("text/cloud-boothook", Kind::Boothook),
    ("text/part-handler", Kind::PartHandler),
    ("text/x-include-url", Kind::Include),
    ("text/x-include-once-url", Kind::Include),
    ("text/cloud-config-archive", Kind::Archive),
    ("text/jinja2", Kind::Template),
    ("text/upstart-job", Kind::UpstartJob),
];

/// Content types under which cloud-init looks at how the part begins.
const UNDECIDED: [&str; 3] = ["text/plain", "text/x-not-multipart", "text/x-shellscript"];

impl Kind {
    /// By how a text begins, whatever the case and after white space.
    pub fn of_beginning(text: &str) -> Option<Self> {
        let text = text.trim_start();
        let begins =
            |word: &str| text.get(..word.len()).is_some_and(|beginning| beginning.eq_ignore_ascii_case(word));
        BEGINNINGS.iter().find(|(word, _)| begins(word)).map(|(_, kind)| *kind)
    }

    /// By what a part is said to be, and how it begins.
    pub(super) fn of_part(content_type: Option<&str>, text: &str) -> Self {
        let content_type = content_type.unwrap_or("text/plain");
        let begins = UNDECIDED.contains(&content_type).then(|| Self::of_beginning(text)).flatten();
        let by_type = || TYPES.iter().find(|(word, _)| *word == content_type).map(|(_, kind)| *kind);
        begins.or_else(by_type).unwrap_or(Self::Unknown)
    }

    /// The content type of a part of this kind.
    pub fn content_type(self) -> Option<&'static str> {
        TYPES.iter().find(|(_, kind)| *kind == self).map(|(word, _)| *word)
    }

    /// True for a program.
    pub fn is_program(self) -> bool {
        matches!(
            self,
            Self::Script
                | Self::ScriptPerBoot
                | Self::ScriptPerInstance
                | Self::ScriptPerOnce
                | Self::Boothook
        )
    }

    /// What people call it.
    pub fn title(self) -> &'static str {
        match self {
            Self::CloudConfig => "cloud-config",
            Self::CloudConfigJsonp => "a JSON patch of the cloud-config",
            Self::Script => "a script",
            Self::ScriptPerBoot => "a script for every boot",
            Self::ScriptPerInstance => "a script for every instance",
            Self::ScriptPerOnce => "a script for once",
            Self::Boothook => "a boothook",
            Self::PartHandler => "a part handler",
            Self::Include => "URLs to include",
            Self::Archive => "an archive of parts",
            Self::Template => "a template",
            Self::UpstartJob => "a job for upstart",
            Self::Ignition => "Ignition",
            Self::Empty => "nothing",
            Self::Unknown => "nothing that is known",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.title())
    }
}

#[cfg(test)]
mod tests {
    use super::Kind;

    #[test]
    fn parts_are_what_cloud_init_takes_them_for() {
        for (content_type, text, expected) in [
            (None, "#cloud-config\n", Kind::CloudConfig),
            (None, "\n #Cloud-Config\n", Kind::CloudConfig),
            (None, "#cloud-config-archive\n", Kind::Archive),
            (None, "#cloud-configs\n", Kind::CloudConfig),
            (None, "# cloud-config\n", Kind::Unknown),
            (None, "#!/bin/sh", Kind::Script),
            (None, "#include-once http://a\n", Kind::Include),
            (None, "é", Kind::Unknown),
            (Some("text/x-shellscript"), "#cloud-config\n", Kind::CloudConfig),
            (Some("text/x-shellscript"), "echo\n", Kind::Script),
            (Some("text/cloud-config"), "#!/bin/sh\n", Kind::CloudConfig),
            (Some("text/plain"), "hello", Kind::Unknown),
            (Some("text/x-sh"), "#!/bin/sh", Kind::Unknown),
            (Some("text/x-shellscript-per-boot"), "#!/bin/sh", Kind::ScriptPerBoot),
            (Some("text/upstart-job"), "", Kind::UpstartJob),
        ] {
            assert_eq!(Kind::of_part(content_type, text), expected, "{content_type:?} {text}");
        }
    }
}
