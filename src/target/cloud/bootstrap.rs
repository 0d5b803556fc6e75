//! A program that is fetched, checked and run, as kOps' nodeup is.

use super::shell::embedded;
use super::shell::quoted;
use super::shell::words;
use crate::spec::Bootstrap;
use crate::spec::Compressed;
use crate::value::FileMode;

/// What `uname -m` says, by the architecture's name.
const MACHINES: [(&str, &str); 2] = [("amd64", "x86_64"), ("arm64", "aarch64")];

/// Renders the lines of a script; `config` is what its file holds.
///
/// The order is kOps': variables, settings of the kernel, the file that the program reads, the program.
pub(super) fn render(bootstrap: &Bootstrap, config: &[u8]) -> String {
    let name = bootstrap.name.as_str();
    let path = path(bootstrap);
    let mut text = format!("# The bootstrap: {name}.\n(\n");
    for (variable, value) in variables(bootstrap) {
        text.push_str(&format!("export {variable}={}\n", quoted(&value)));
    }
    if !bootstrap.sysctls.is_empty() {
        let lines: String =
            bootstrap.sysctls.iter().map(|(name, value)| format!("{name} = {}\n", value.value)).collect();
        let file = format!("/etc/sysctl.d/90-cotter-{name}.conf");
        put(&file, FileMode::PUBLIC, lines.as_bytes(), &mut text);
        text.push_str(&format!("sysctl -q -e -p {file} >&2 || say \"not all of {file} could be set now\"\n"));
    }
    if let Some(file) = &bootstrap.config {
        put(file.path.as_str(), file.mode, config, &mut text);
    }
    text.push_str("case \"$(uname -m)\" in\n");
    for (architecture, machine) in MACHINES {
        let Some(binary) = bootstrap.binaries.get(architecture) else { continue };
        let pack = match bootstrap.compressed {
            Compressed::No => "none",
            Compressed::Gzip => "gzip",
            Compressed::Xz => "xz",
        };
        let (seconds, pause) = (bootstrap.connect_seconds, bootstrap.pause_seconds);
        let urls = words(binary.urls.iter().map(|url| url.value.as_str()));
        text.push_str(&format!(
            "{machine}) fetch {} {pack} sha256 {} {seconds} {pause} {urls} ;;\n",
            quoted(&path),
            binary.sha256
        ));
    }
    text.push_str(&format!("*) die \"there is no {name} for $(uname -m)\" ;;\nesac\n"));
    text.push_str(&format!("chmod 0755 {0}\nlabel {0}\n", quoted(&path)));
    match &bootstrap.unit {
        None => {
            let arguments = words(bootstrap.arguments.iter().map(|argument| argument.value.as_str()));
            let line = format!("part {} {} {arguments}", quoted(name), quoted(&path));
            text.push_str(line.trim_end());
            text.push('\n');
        }
        Some(unit) => {
            let unit = unit.as_str();
            put(&environment_file(name), FileMode::PRIVATE, environment(bootstrap).as_bytes(), &mut text);
            put(
                &format!("/etc/systemd/system/{unit}"),
                FileMode::PUBLIC,
                unit_text(bootstrap, &path).as_bytes(),
                &mut text,
            );
            // Its failure is the payload's, so it is waited for.
            text.push_str(&format!(
                "systemd daemon-reload\nsystemctl enable {0}\nif [ -d /run/systemd/system ]; then systemctl start {0}; fi\n",
                quoted(unit)
            ));
        }
    }
    text.push_str(")\n");
    text
}

/// Where the program goes.
pub(super) fn path(bootstrap: &Bootstrap) -> String {
    let usual = || format!("/opt/cotter/bin/{}", bootstrap.name.value);
    bootstrap.path.as_ref().map_or_else(usual, |path| path.value.to_string())
}

/// Variables, and proxies in both spellings: programs differ in which they read.
fn variables(bootstrap: &Bootstrap) -> Vec<(String, String)> {
    let proxies = bootstrap.proxy.iter().flat_map(|(name, value)| {
        [((*name).to_owned(), value.clone()), (name.to_ascii_uppercase(), value.clone())]
    });
    let own = bootstrap.environment.iter().map(|(name, value)| (name.clone(), value.value.clone()));
    proxies.chain(own).collect()
}

fn put(path: &str, mode: FileMode, bytes: &[u8], text: &mut String) {
    let there = embedded(bytes);
    let mode = mode.bits();
    text.push_str(&format!("put {} {mode:04o} root:root yes {} {}", quoted(path), there.how, there.document));
}

fn environment_file(name: &str) -> String {
    format!("/etc/cotter/{name}.env")
}

/// Variables as systemd reads them (systemd.exec(5), EnvironmentFile=).
fn environment(bootstrap: &Bootstrap) -> String {
    let mut text = String::new();
    for (name, value) in variables(bootstrap) {
        let mut escaped = String::new();
        for letter in value.chars() {
            if "\\\"$`".contains(letter) {
                escaped.push('\\');
            }
            escaped.push(letter);
        }
        text.push_str(&format!("{name}=\"{escaped}\"\n"));
    }
    text
}

fn unit_text(bootstrap: &Bootstrap, path: &str) -> String {
    let arguments = bootstrap.arguments.iter().map(|argument| argument.value.as_str());
    let command: Vec<String> = std::iter::once(path).chain(arguments).map(unit_word).collect();
    let name = bootstrap.name.as_str();
    format!(
        "[Unit]\nDescription={name}, of cotter's payload\nWants=network-online.target\nAfter=network-online.target\n\n\
         [Service]\nType=oneshot\nRemainAfterExit=yes\nEnvironmentFile={}\nExecStart={}\n\n\
         [Install]\nWantedBy=multi-user.target\n",
        environment_file(name),
        command.join(" ")
    )
}

/// A word of a command as systemd takes it for itself (systemd.service(5), COMMAND LINES).
fn unit_word(word: &str) -> String {
    let mut escaped = String::new();
    for letter in word.chars() {
        match letter {
            '\\' => escaped.push_str(r"\\"),
            '"' => escaped.push_str("\\\""),
            '\n' => escaped.push_str(r"\n"),
            '%' => escaped.push_str("%%"),
            '$' => escaped.push_str("$$"),
            letter => escaped.push(letter),
        }
    }
    let is_plain = !word.is_empty() && !word.contains([' ', '\t', '\n', '"', '\'', ';', '\\']);
    if is_plain { escaped } else { format!("\"{escaped}\"") }
}
