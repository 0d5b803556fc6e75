//! What the operator refuses in an Ignition document before it merges it.
//!
//! Follows the validation of Ignition 2.20's spec 3.5 (`config/v3_5/types`), and the operator's own limit on modes.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::GeneralPurpose;
use base64::engine::GeneralPurposeConfig;
use serde_json::Value;

use super::Problem;
use super::path::is_clean;
use super::unit_name::has_kind;
use super::unit_text;
use crate::value::VerificationHash;

/// The levels of a RAID by their first name; the first row takes no spares.
const RAID_LEVELS: [&[&str]; 6] = [
    &["linear", "raid0", "0", "stripe"],
    &["raid1", "1", "mirror"],
    &["raid4", "4"],
    &["raid5", "5"],
    &["raid6", "6"],
    &["raid10", "10"],
];

/// Formats of file systems, and how long their labels may be.
const FORMATS: [(&str, usize); 6] =
    [("ext4", 16), ("btrfs", 256), ("xfs", 12), ("swap", 15), ("vfat", 11), ("none", usize::MAX)];

/// The most that the operator takes as a file's mode: no special bits (MCO#2910).
pub(super) const OPERATORS_FILE_MODE: i64 = 0o777;

/// Says everything that Ignition refuses in a document that was read by its schema; a file's mode may be at most
/// `most_of_files`.
pub(super) fn validate(document: &Value, most_of_files: i64, problems: &mut Vec<Problem>) {
    let mut check = Check { document, most_of_files, problems };
    check.nodes();
    check.links();
    check.references();
    check.units();
    check.disks();
    check.volumes();
}

struct Check<'a> {
    document: &'a Value,
    most_of_files: i64,
    problems: &'a mut Vec<Problem>,
}

impl<'a> Check<'a> {
    fn say(&mut self, what: String, next: &str) {
        self.problems.push(Problem::new(what, next));
    }

    /// The members of a list of the document, each with its place.
    fn members(&self, section: &str, list: &str) -> Vec<(String, &'a Value)> {
        let members =
            self.document.get(section).and_then(|section| section.get(list)).and_then(Value::as_array);
        let place = |index: usize| format!("{section}.{list}[{index}]");
        members.into_iter().flatten().enumerate().map(|(index, member)| (place(index), member)).collect()
    }

    /// Files, directories and links alike.
    fn nodes(&mut self) {
        let written_by_units = self.paths_of_units();
        for list in ["files", "directories", "links"] {
            for (at, node) in self.members("storage", list) {
                let path = text(node, "path");
                self.path(&format!("{at}.path"), path);
                if written_by_units.contains(path) {
                    let what =
                        format!("`{path}` conflicts with a systemd unit or drop-in of the same document");
                    self.say(what, "keep one of them");
                }
                for owner in ["user", "group"] {
                    let owner_of = node.get(owner);
                    let has = |key: &str| owner_of.and_then(|owner| owner.get(key)).is_some();
                    if has("id") && owner_of.is_some_and(|owner| !text(owner, "name").is_empty()) {
                        self.say(format!("`{at}.{owner}` has both an id and a name"), "keep one of them");
                    }
                }
                let mode = node.get("mode").and_then(Value::as_i64);
                let most = if list == "files" { self.most_of_files } else { 0o7777 };
                if let Some(mode) = mode.filter(|mode| !(0..=most).contains(mode)) {
                    let what = format!(
                        "the mode of `{path}` is {mode}, which is octal {mode:o}: more than {most:o}"
                    );
                    self.say(what, "write the permission bits alone: 420 in JSON is 0644 in YAML");
                }
                if list == "files" {
                    self.file(&at, node);
                }
            }
        }
    }

    fn file(&mut self, at: &str, file: &Value) {
        let contents = file.get("contents");
        if let Some(contents) = contents {
            self.resource(&format!("{at}.contents"), contents);
        }
        let has_source = contents.is_some_and(|contents| contents.get("source").is_some());
        if file.get("overwrite") == Some(&Value::Bool(true)) && !has_source {
            let what = format!("`{}` has `overwrite: true` and no contents", text(file, "path"));
            self.say(what, "give `contents.source`, `data:,` for an empty file, or write `overwrite: false`");
        }
        let appended = file.get("append").and_then(Value::as_array).into_iter().flatten();
        for (index, resource) in appended.enumerate() {
            self.resource(&format!("{at}.append[{index}]"), resource);
        }
    }

    /// The files that units become.
    fn paths_of_units(&self) -> BTreeSet<String> {
        let mut paths = BTreeSet::new();
        for (_, unit) in self.members("systemd", "units") {
            let path = format!("/etc/systemd/system/{}", text(unit, "name"));
            let dropins = unit.get("dropins").and_then(Value::as_array).into_iter().flatten();
            let written = dropins.filter(|dropin| !text(dropin, "contents").is_empty());
            paths.extend(written.map(|dropin| format!("{path}.d/{}", text(dropin, "name"))));
            if !text(unit, "contents").is_empty() {
                paths.insert(path);
            }
        }
        paths
    }

    fn links(&mut self) {
        let links = self.members("storage", "links");
        let paths: BTreeSet<&str> = links.iter().map(|(_, link)| text(link, "path")).collect();
        for list in ["files", "directories", "links"].into_iter().filter(|_| !paths.is_empty()) {
            for (_, node) in self.members("storage", list) {
                let path = text(node, "path");
                let above = path.match_indices('/').map(|(end, _)| &path[..end]);
                for link in above.filter(|above| paths.contains(above)) {
                    let what = format!("`{path}` leads through the link `{link}`");
                    self.say(what, "write the path that the link points to");
                }
            }
        }
        let directories = self.members("storage", "directories");
        let directories: BTreeSet<&str> =
            directories.iter().map(|(_, directory)| text(directory, "path")).collect();
        for (at, link) in &links {
            if text(link, "target").is_empty() {
                self.say(format!("`{at}` has no target"), "say where it points");
            }
            let is_hard = link.get("hard") == Some(&Value::Bool(true));
            if is_hard && directories.contains(text(link, "target")) {
                self.say(format!("`{at}` is a hard link to a directory"), "make it a symbolic link");
            }
        }
    }

    /// What the `ignition` section names.
    fn references(&mut self) {
        let ignition = &self.document["ignition"];
        for (at, pointer) in [
            ("ignition.config.merge", "/config/merge"),
            ("ignition.security.tls.certificateAuthorities", "/security/tls/certificateAuthorities"),
        ] {
            let resources = ignition.pointer(pointer).and_then(Value::as_array).into_iter().flatten();
            for (index, resource) in resources.enumerate() {
                let at = format!("{at}[{index}]");
                if text(resource, "source").is_empty() {
                    self.say(format!("`{at}` has no source"), "give its URL");
                }
                self.resource(&at, resource);
            }
        }
        if let Some(replace) = ignition.pointer("/config/replace") {
            self.resource("ignition.config.replace", replace);
        }
        for proxy in ["httpProxy", "httpsProxy"] {
            let url = ignition.get("proxy").map(|proxies| text(proxies, proxy)).unwrap_or_default();
            if !url.is_empty() && !url.starts_with("http://") && !url.starts_with("https://") {
                self.say(
                    format!("`ignition.proxy.{proxy}` is not reached by http or https"),
                    "write its URL",
                );
            }
        }
    }

    fn resource(&mut self, at: &str, resource: &Value) {
        let source = text(resource, "source");
        if let Some((complaint, next)) = source_complaint(source) {
            self.say(format!("`{at}.source` {complaint}"), next);
        }
        let compression = text(resource, "compression");
        if !matches!(compression, "" | "gzip") {
            self.say(format!("`{at}.compression` is `{compression}`"), "write `gzip`, or leave it out");
        }
        if let Some(hash) = resource.pointer("/verification/hash").and_then(Value::as_str) {
            if resource.get("source").is_none() {
                self.say(
                    format!("`{at}` has a hash and no source"),
                    "give `source`, or leave `verification` out",
                );
            }
            if hash.parse::<VerificationHash>().is_err() {
                let next = "write `sha512-` or `sha256-` and the digest";
                self.say(format!("`{at}.verification.hash` is `{hash}`"), next);
            }
        }
        let headers = resource.get("httpHeaders").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        if !headers.is_empty() && !source.starts_with("http://") && !source.starts_with("https://") {
            self.say(format!("`{at}.httpHeaders` is for http and https alone"), "leave it out");
        }
        if headers.iter().any(|header| text(header, "name").is_empty()) {
            self.say(format!("`{at}.httpHeaders` has a header without a name"), "name it");
        }
    }

    fn units(&mut self) {
        for (at, unit) in self.members("systemd", "units") {
            let name = text(unit, "name");
            if !has_kind(name) {
                let what = format!("`{at}` is called `{name}`, which has not the suffix of a systemd unit");
                self.say(what, "end it with its kind, as in `hello.service`");
            }
            self.unit_text(&format!("unit `{name}`"), text(unit, "contents"));
            let dropins = unit.get("dropins").and_then(Value::as_array).into_iter().flatten();
            for dropin in dropins {
                let dropin_name = text(dropin, "name");
                if !dropin_name.ends_with(".conf") {
                    let what = format!("the drop-in `{dropin_name}` of `{name}` has not the suffix `.conf`");
                    self.say(what, "end its name with `.conf`");
                }
                self.unit_text(&format!("drop-in `{dropin_name}` of `{name}`"), text(dropin, "contents"));
            }
        }
    }

    fn unit_text(&mut self, what: &str, contents: &str) {
        if let Some(complaint) = unit_text::complaint(contents) {
            let next = "mend its text; the operator's reader takes less than systemd does";
            self.say(format!("the text of the {what} cannot be read: {complaint}"), next);
        }
    }

    fn disks(&mut self) {
        for (at, disk) in self.members("storage", "disks") {
            self.path(&format!("{at}.device"), text(disk, "device"));
            let partitions = disk.get("partitions").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
            let mut labels = BTreeSet::new();
            for (index, partition) in partitions.iter().enumerate() {
                let at = format!("{at}.partitions[{index}]");
                self.partition(&at, partition);
                let label = text(partition, "label");
                if !label.is_empty() && !labels.insert(label) {
                    self.say(
                        format!("`{at}` has the label `{label}` of another partition"),
                        "give it its own",
                    );
                }
            }
            self.overlaps(&at, partitions);
        }
    }

    fn partition(&mut self, at: &str, partition: &Value) {
        let has = |key: &str| partition.get(key).is_some();
        let label = text(partition, "label");
        if !has("number") && !has("label") {
            self.say(format!("`{at}` has neither a number nor a label"), "give one of them");
        }
        if label.len() > 36 || label.contains(':') {
            let next = "use up to 36 characters, and no colon";
            self.say(format!("the label `{label}` cannot be a partition's"), next);
        }
        for key in ["guid", "typeGuid"] {
            let guid = text(partition, key);
            if !guid.is_empty() && !is_guid(guid) {
                let next = "write it as in `0fc63daf-8483-4772-8e79-3d69d8477de4`";
                self.say(format!("`{at}.{key}` is `{guid}`"), next);
            }
        }
        let is_unwanted = partition.get("shouldExist") == Some(&Value::Bool(false));
        let says_more = ["startMiB", "sizeMiB"].into_iter().any(has)
            || has("label")
            || !text(partition, "guid").is_empty()
            || !text(partition, "typeGuid").is_empty();
        if is_unwanted && says_more {
            self.say(
                format!("`{at}` shall not exist, and yet says what it is like"),
                "give its number alone",
            );
        }
    }

    /// Partitions whose places are known must not overlap.
    fn overlaps(&mut self, at: &str, partitions: &[Value]) {
        let number = |partition: &Value, key: &str| partition.get(key).and_then(Value::as_i64).unwrap_or(0);
        let exists = |partition: &&Value| partition.get("shouldExist") != Some(&Value::Bool(false));
        let placed: Vec<(i64, i64)> = partitions
            .iter()
            .filter(exists)
            .map(|partition| (number(partition, "startMiB"), number(partition, "sizeMiB")))
            .filter(|(start, size)| *start > 0 && *size > 0)
            .collect();
        let overlap = placed.iter().enumerate().any(|(index, (start, size))| {
            placed.iter().skip(index + 1).any(|(other, length)| {
                start < &other.saturating_add(*length) && other < &start.saturating_add(*size)
            })
        });
        if overlap {
            self.say(format!("partitions of `{at}` overlap"), "move one of them");
        }
    }

    fn volumes(&mut self) {
        for (at, raid) in self.members("storage", "raid") {
            let level = text(raid, "level");
            match RAID_LEVELS.iter().position(|names| names.contains(&level)) {
                None => self.say(format!("`{at}.level` is `{level}`"), "write one as in `raid1`"),
                Some(0) if raid.get("spares").and_then(Value::as_i64).unwrap_or(0) != 0 => {
                    self.say(
                        format!("`{at}` has spares, which level `{level}` cannot use"),
                        "leave them out",
                    );
                }
                Some(_) => {}
            }
            let devices = raid.get("devices").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
            if devices.is_empty() {
                self.say(format!("`{at}` has no devices"), "list them");
            }
            for (index, device) in devices.iter().enumerate() {
                self.path(&format!("{at}.devices[{index}]"), device.as_str().unwrap_or_default());
            }
        }
        for (at, luks) in self.members("storage", "luks") {
            let name = text(luks, "name");
            if name.is_empty() || name.contains('/') {
                self.say(format!("`{at}.name` is `{name}`"), "name it without a slash");
            }
            self.path(&format!("{at}.device"), text(luks, "device"));
            if text(luks, "label").len() > 47 {
                self.say(format!("the label of `{at}` has more than 47 characters"), "shorten it");
            }
            if let Some(key_file) = luks.get("keyFile") {
                self.resource(&format!("{at}.keyFile"), key_file);
            }
        }
        for (at, file_system) in self.members("storage", "filesystems") {
            self.file_system(&at, file_system);
        }
    }

    fn file_system(&mut self, at: &str, file_system: &Value) {
        self.path(&format!("{at}.device"), text(file_system, "device"));
        let path = text(file_system, "path");
        if !path.is_empty() {
            self.path(&format!("{at}.path"), path);
        }
        let format = text(file_system, "format");
        let label = text(file_system, "label");
        let says_more = !path.is_empty()
            || !label.is_empty()
            || !text(file_system, "uuid").is_empty()
            || file_system.get("wipeFilesystem") == Some(&Value::Bool(true))
            || ["options", "mountOptions"].iter().any(|key| file_system.get(*key).is_some());
        match FORMATS.iter().find(|(known, _)| *known == format) {
            Some((_, longest)) if label.len() > *longest => {
                self.say(format!("the label `{label}` is too long for {format}"), "shorten it");
            }
            Some(_) => {}
            None if format.is_empty() && !says_more => {}
            None if format.is_empty() => self.say(format!("`{at}` has no format"), "say which, as in `xfs`"),
            None => {
                let next = "use ext4, btrfs, xfs, swap, vfat or none";
                self.say(format!("`{at}.format` is `{format}`"), next);
            }
        }
    }

    fn path(&mut self, at: &str, path: &str) {
        let complaint = match path {
            "" => "is empty",
            path if !path.starts_with('/') => "is relative",
            path if !is_clean(path) => "is not in its shortest form",
            _ => return,
        };
        self.say(format!("`{at}` {complaint}: `{path}`"), "write an absolute path without `.`, `..` or `//`");
    }
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn is_guid(text: &str) -> bool {
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12] && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

/// Why Ignition cannot fetch a source; nothing is a source too.
fn source_complaint(source: &str) -> Option<(String, &'static str)> {
    if source.is_empty() {
        return None;
    }
    if source.bytes().any(|byte| byte.is_ascii_control()) {
        return Some(("is not a URL: it has control characters".into(), "escape them by percent signs"));
    }
    match source.split_once(':') {
        Some(("data", rest)) => data_complaint(rest).map(|complaint| {
            (format!("is not a data URL that can be read: {complaint}"), "encode the contents in base64")
        }),
        Some(("http" | "https" | "tftp" | "s3" | "gs" | "arn", _)) => None,
        _ => {
            let shown: String = source.chars().take(40).collect();
            let next = "use http, https, tftp, s3, gs, arn or data, as in `data:,hello`";
            Some((format!("is `{shown}`, which has not the scheme of a URL that Ignition fetches"), next))
        }
    }
}

/// As the Go package `dataurl` reads it, which takes less than browsers do.
fn data_complaint(rest: &str) -> Option<String> {
    let Some((kind, body)) = rest.split_once(',') else {
        return Some("it has no comma before the data".into());
    };
    let mut words = kind.split(';');
    let media = words.next().unwrap_or_default();
    let (top, sub) = media.split_once('/').unwrap_or((media, ""));
    let known = ["text", "image", "video", "audio", "application", "message", "multipart"];
    let is_known = known.contains(&top) || top.to_ascii_lowercase().starts_with("x-");
    if !media.is_empty() && (!is_known || sub.is_empty()) {
        return Some(format!("`{media}` is not a kind of contents"));
    }
    let mut is_base64 = false;
    for word in words {
        match word.split_once('=') {
            Some((name, _)) if !name.is_empty() && !is_base64 => {}
            None if word == "base64" && !is_base64 => is_base64 = true,
            _ => return Some(format!("`{word}` is not a parameter")),
        }
    }
    match is_base64 {
        // Go's decoder does not look at bits that are left over.
        true => {
            let config = GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true);
            let engine = GeneralPurpose::new(&alphabet::STANDARD, config);
            engine.decode(body).err().map(|error| error.to_string())
        }
        false => {
            let mut rest = body.as_bytes();
            while let Some((first, after)) = rest.split_first() {
                let digits = after.get(..2).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit));
                match first {
                    b'%' if digits => rest = after.get(2..).unwrap_or_default(),
                    b'%' => return Some("a `%` has not two hexadecimal digits behind it".into()),
                    byte if byte.is_ascii_graphic() && !b"<>#\"{}|\\^[]`".contains(byte) => rest = after,
                    _ => return Some("it holds characters that must be escaped".into()),
                }
            }
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use serde_json::json;

    use super::validate;

    fn problems(document: &Value) -> Vec<String> {
        let mut problems = Vec::new();
        validate(document, super::OPERATORS_FILE_MODE, &mut problems);
        problems.into_iter().map(|problem| problem.what).collect()
    }

    #[test]
    fn has_nothing_against_what_ignition_takes() {
        let document = json!({
            "ignition": {"version": "3.5.0", "config": {"merge": [{"source": "https://a/b"}]}},
            "storage": {
                "files": [
                    {"path": "/a", "mode": 0o777, "contents": {"source": "data:,a%0A", "compression": ""}},
                    {"path": "/b", "contents": {"source": "data:text/plain;charset=utf-8;base64,YQ=="}},
                    {"path": "/c", "contents": {"source": "data:;base64,YR=="}, "overwrite": true},
                    {"path": "/d", "append": [{"source": "data:,a"}], "user": {"id": 0}},
                    {"path": "/e", "contents": {"source": ""}},
                ],
                "directories": [{"path": "/f", "mode": 0o1777}],
                "links": [{"path": "/g", "target": "f"}],
                "disks": [{"device": "/dev/a", "partitions": [{"label": "x", "startMiB": 1, "sizeMiB": 2}, {"label": "y", "startMiB": 3, "sizeMiB": 2}]}],
                "filesystems": [{"device": "/dev/a", "format": "xfs", "path": "/var"}, {"device": "/dev/b"}],
                "raid": [{"name": "r", "level": "raid1", "devices": ["/dev/a", "/dev/b"], "spares": 1}],
                "luks": [{"name": "l", "device": "/dev/a"}],
            },
            "systemd": {"units": [{"name": "a.service", "contents": "[Unit]\n", "dropins": [{"name": "a.conf"}]}]},
        });
        assert_eq!(problems(&document), [""; 0]);
    }

    #[test]
    fn refuses_what_ignition_refuses() {
        let file = |more: Value| {
            let mut file = json!({"path": "/a"});
            for (key, value) in more.as_object().into_iter().flatten() {
                file[key] = value.clone();
            }
            json!({"storage": {"files": [file]}})
        };
        let source = |source: &str| file(json!({"contents": {"source": source}}));
        let storage = |list: &str, member: Value| json!({"storage": {list: [member]}});
        let unit = |unit: Value| json!({"systemd": {"units": [unit]}});
        for (document, words) in [
            (file(json!({"path": "etc/a"})), "is relative"),
            (file(json!({"path": ""})), "is empty"),
            (file(json!({"path": "/etc//a"})), "shortest form"),
            (file(json!({"path": "/etc/a/"})), "shortest form"),
            (file(json!({"mode": 0o1755})), "more than 777"),
            (file(json!({"mode": -1})), "the mode"),
            (file(json!({"overwrite": true})), "no contents"),
            (file(json!({"user": {"id": 1, "name": "a"}})), "both"),
            (file(json!({"contents": {"source": "data:,a", "compression": "xz"}})), "compression"),
            (
                file(json!({"contents": {"verification": {"hash": format!("sha512-{}", "0".repeat(128))}}})),
                "no source",
            ),
            (file(json!({"contents": {"source": "data:,a", "verification": {"hash": "md5-0"}}})), "md5-0"),
            (
                file(json!({"contents": {"source": "data:,a", "httpHeaders": [{"name": "a"}]}})),
                "http and https",
            ),
            (file(json!({"append": [{"source": "data:"}]})), "append[0].source"),
            (source("data:a"), "no comma"),
            (source("data:,a b"), "must be escaped"),
            (source("data:,%4"), "two hexadecimal"),
            (source("data:;base64,%%"), "data URL"),
            (source("data:;base64,YQ"), "data URL"),
            (source("data:text,a"), "kind of contents"),
            (source("data:;base64;a=b,YQ=="), "parameter"),
            (source("data:;base64,YQ==\n"), "control characters"),
            (source("ftp://a/b"), "scheme"),
            (source("no url"), "scheme"),
            (storage("directories", json!({"path": "/a", "mode": 0o10000})), "more than 7777"),
            (storage("links", json!({"path": "/a"})), "no target"),
            (
                json!({"storage": {"links": [{"path": "/a", "target": "b"}], "files": [{"path": "/a/b"}]}}),
                "leads through the link",
            ),
            (
                json!({"storage": {"links": [{"path": "/a", "target": "/b", "hard": true}], "directories": [{"path": "/b"}]}}),
                "hard link",
            ),
            (storage("disks", json!({"device": "sda"})), "relative"),
            (storage("disks", json!({"device": "/dev/a", "partitions": [{}]})), "neither a number"),
            (storage("disks", json!({"device": "/dev/a", "partitions": [{"label": "a:b"}]})), "partition"),
            (
                storage("disks", json!({"device": "/dev/a", "partitions": [{"number": 1, "guid": "x"}]})),
                "guid",
            ),
            (
                storage(
                    "disks",
                    json!({"device": "/dev/a", "partitions": [{"number": 1, "label": "a", "shouldExist": false}]}),
                ),
                "shall not exist",
            ),
            (
                storage(
                    "disks",
                    json!({"device": "/dev/a", "partitions": [{"number": 1, "startMiB": 1, "sizeMiB": 9}, {"number": 2, "startMiB": 9, "sizeMiB": 1}]}),
                ),
                "overlap",
            ),
            (
                storage(
                    "disks",
                    json!({"device": "/dev/a", "partitions": [{"number": 1, "label": "a"}, {"label": "a"}]}),
                ),
                "label `a` of another",
            ),
            (storage("filesystems", json!({"device": "/dev/a", "format": "zfs"})), "zfs"),
            (storage("filesystems", json!({"device": "/dev/a", "path": "/a"})), "no format"),
            (
                storage(
                    "filesystems",
                    json!({"device": "/dev/a", "format": "vfat", "label": "twelve chars"}),
                ),
                "too long",
            ),
            (storage("raid", json!({"name": "a", "level": "raid7", "devices": ["/dev/a"]})), "raid7"),
            (
                storage("raid", json!({"name": "a", "level": "0", "devices": ["/dev/a"], "spares": 1})),
                "spares",
            ),
            (storage("raid", json!({"name": "a", "level": "1"})), "no devices"),
            (storage("luks", json!({"name": "a/b", "device": "/dev/a"})), "name"),
            (storage("luks", json!({"name": "a"})), "device"),
            (unit(json!({"name": "a.conf"})), "suffix of a systemd unit"),
            (unit(json!({"name": "a"})), "suffix of a systemd unit"),
            (unit(json!({"name": "a.service", "contents": "[Unit\n"})), "cannot be read"),
            (unit(json!({"name": "a.service", "dropins": [{"name": "a"}]})), "suffix `.conf`"),
            (
                unit(json!({"name": "a.service", "dropins": [{"name": "a.conf", "contents": "[A]\nb"}]})),
                "drop-in",
            ),
            (
                json!({"systemd": {"units": [{"name": "a.service", "contents": "[Unit]\n"}]}, "storage": {"files": [{"path": "/etc/systemd/system/a.service"}]}}),
                "conflicts",
            ),
            (json!({"ignition": {"config": {"merge": [{}]}}}), "no source"),
            (json!({"ignition": {"config": {"replace": {"source": "x"}}}}), "replace"),
            (json!({"ignition": {"proxy": {"httpProxy": "a:80"}}}), "httpProxy"),
        ] {
            let found = problems(&document);
            assert!(found.len() == 1 && found[0].contains(words), "{document}: {found:?}");
        }
    }
}
