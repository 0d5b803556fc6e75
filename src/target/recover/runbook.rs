//! The same for a person at the console: numbered steps with commands to copy. Secrets are not in it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Account;
use super::Recovery;
use super::RestoredFile;
use crate::cluster::NODE_CONFIG;
use crate::plan::Secrecy;
use crate::spec::Disk;
use crate::spec::Target;
use crate::target::sno;

/// Finds a file of the first boot's document by its path, and gives what is in it.
const CONTENTS_OF: &str = "python3 -c 'import gzip, json, sys, urllib.request\n\
    for file in json.load(sys.stdin)[\"storage\"][\"files\"]:\n\
    \x20   if file[\"path\"] == sys.argv[1]:\n\
    \x20       data = urllib.request.urlopen(file[\"contents\"][\"source\"]).read()\n\
    \x20       sys.stdout.buffer.write(gzip.decompress(data) if file[\"contents\"].get(\"compression\") else data)'";

/// Markdown being written.
#[derive(Default)]
struct Page {
    text: String,
    steps: usize,
}

impl Page {
    fn step(&mut self, title: &str) {
        self.steps += 1;
        let title = format!("{}. {title}", self.steps);
        self.heading(&title);
    }

    fn heading(&mut self, title: &str) {
        self.paragraph(&format!("## {title}"));
    }

    fn paragraph(&mut self, text: &str) {
        self.text.push_str(text);
        self.text.push_str("\n\n");
    }

    fn commands(&mut self, commands: &str) {
        self.paragraph(&format!("```sh\n{}\n```", commands.trim_end()));
    }
}

impl Recovery {
    /// The runbook, for the machine file that is called `spec`.
    pub fn runbook(&self, spec: &str) -> String {
        let mut page = Page::default();
        self.introduce(&mut page, spec);
        self.shell(&mut page);
        self.keep(&mut page);
        self.put_files(&mut page, spec);
        self.put_users(&mut page, spec);
        self.label(&mut page);
        restart(&mut page);
        if self.target == Target::Sno {
            self.operator(&mut page);
        }
        if !self.left_out.is_empty() {
            page.heading("What is not put back");
            let lines: Vec<String> =
                self.left_out.iter().map(|out| format!("- {}: {}", out.what, out.why)).collect();
            page.paragraph(&lines.join("\n"));
        }
        page.text.truncate(page.text.trim_end().len());
        page.text
    }

    /// The disk as the machine file names it.
    pub fn disk_name(&self) -> String {
        match &self.disk {
            Disk::Device(device) => device.value.to_string(),
            Disk::Hints(_) => "the disk that `install.hints` describes".to_owned(),
        }
    }

    fn introduce(&self, page: &mut Page, spec: &str) {
        let (machine, disk, spec_word) = (&self.machine, self.disk_name(), quoted(spec));
        page.paragraph(&format!("# Recovery of {machine}"));
        let (files, users) = (self.files.len(), self.users.len());
        page.paragraph(&format!(
            "For {machine}, installed from {spec} (target {}) on {disk}, when it comes up without network or users. \
             What it puts back: network files and names ({files}), users ({users}). Nothing else is touched.",
            self.target
        ));
        page.paragraph("A medium does all of it, by the same live ISO that the machine was installed from:");
        page.commands(&format!("cotter recover {spec_word} --iso recover.iso --base LIVE.iso"));
        page.paragraph(
            "Boot the machine from `recover.iso`: the console says what was put back. Nothing is installed and nothing \
             restarts by itself. By hand it goes so, at the console, as root:",
        );
    }

    fn shell(&self, page: &mut Page) {
        page.step("A root shell");
        page.paragraph(
            "Without a medium: in GRUB's menu press `e`, add `single systemd.setenv=SYSTEMD_SULOGIN_FORCE=1` to the line that \
             begins with `linux`, press Ctrl-x, and in the shell:",
        );
        page.commands("S=/");
        page.paragraph("Or from a live ISO, in `sudo -i`: find the disk, mount it, and find the newest deployment on it:");
        let disk = match &self.disk {
            Disk::Device(device) => quoted(&device.value.to_string()),
            Disk::Hints(_) => "/dev/disk/by-id/CHOOSE".to_owned(),
        };
        let choose = match &self.disk {
            Disk::Device(device) if !device.moves_between_boots() => "",
            Disk::Device(_) => {
                "lsblk -o NAME,SIZE,MODEL,SERIAL,WWN   # a name like this may be another disk today\n"
            }
            Disk::Hints(_) => "lsblk -o NAME,SIZE,ROTA,MODEL,SERIAL,WWN   # and choose\n",
        };
        let volumes: String = self
            .volumes
            .iter()
            .map(|(name, device)| {
                let (name, device) = (quoted(name), quoted(device));
                format!("clevis luks unlock -d {device} -n {name}   # or cryptsetup open {device} {name}\n")
            })
            .collect();
        let others: String = self
            .mounts
            .iter()
            .map(|(path, device)| format!("mount {} \"$S\"{}\n", quoted(device), quoted(path)))
            .collect();
        page.commands(&format!(
            "{choose}DISK={disk}\n{volumes}\
             with_label() {{ lsblk -nrpo NAME,LABEL \"$DISK\" | awk -v label=\"$1\" '$2 == label {{print $1}}' | sort -u; }}\n\
             with_label root; with_label boot   # one line each, or stop here\n\
             mkdir -p /mnt/root /mnt/boot\n\
             mount \"$(with_label root)\" /mnt/root\n\
             mount -o ro \"$(with_label boot)\" /mnt/boot\n\
             ENTRY=$(grep -l 'ostree=' /mnt/boot/loader/entries/*.conf | sort -V | tail -n1)\n\
             S=$(readlink -f \"/mnt/root$(sed -n 's/^options .*\\bostree=\\([^ ]*\\).*/\\1/p' \"$ENTRY\")\")\n\
             mount --bind \"${{S%/deploy/*}}/var\" \"$S/var\"\n{others}"
        ));
        page.paragraph("In both cases this names the machine whose disk it is:");
        page.commands(&format!("cat \"$S/etc/cotter/machine\"   # {}", self.machine));
    }

    fn keep(&self, page: &mut Page) {
        page.step("Keep what is there");
        let paths: Vec<String> = self.files.iter().map(|file| quoted(&file.path)).collect();
        let accounts = ["/etc/passwd", "/etc/shadow", "/etc/group", "/etc/gshadow"].map(str::to_owned);
        let all: Vec<String> = accounts.into_iter().chain(paths).collect();
        page.commands(&format!(
            "umask 077\nKEPT=$S/var/lib/cotter/recover/by-hand\nmkdir -p \"$KEPT\"\n\
             for path in {}; do\n    [ ! -e \"$S$path\" ] || (cd \"$S/\" && cp -a --parents \".$path\" \"$KEPT/\")\ndone",
            all.join(" \\\n    ")
        ));
    }

    fn put_files(&self, page: &mut Page, spec: &str) {
        page.step("Network files");
        if self.files.is_empty() {
            page.paragraph("The machine file asks for none.");
        }
        for file in &self.files {
            page.paragraph(&format!("`{}`:", file.path));
            let path = quoted(&file.path);
            if file.secrecy == Secrecy::Secret {
                page.paragraph(
                    "It may hold secrets, so it is not printed here. This prints it where the machine file is; bring it over on a \
                     USB stick, or use the medium:",
                );
                page.commands(&format!("cotter ignition {} | {CONTENTS_OF} {path}", quoted(spec)));
                page.commands(&owned(file, ""));
                continue;
            }
            page.commands(&owned(file, &here_document(&file.bytes, &format!("\"$S\"{path}"))));
        }
    }

    fn put_users(&self, page: &mut Page, spec: &str) {
        page.step("Users and keys");
        if self.users.is_empty() {
            page.paragraph("The machine file asks for none.");
        }
        if self.users.iter().any(|user| !user.keys.is_empty()) {
            page.commands("home_of() { awk -F: -v name=\"$1\" '$1 == name {print $6}' \"$S/etc/passwd\"; }");
        }
        for (name, gid) in &self.groups {
            let gid = gid.map(|gid| format!("-g {gid} ")).unwrap_or_default();
            page.commands(&format!(
                "grep -q '^{name}:' \"$S/etc/group\" || chroot \"$S\" groupadd {gid}{name}"
            ));
        }
        for user in &self.users {
            page.paragraph(&format!("`{}`:", user.name));
            page.commands(&user_commands(user));
            if user.password_hash.is_some() {
                page.paragraph("The password's hash is a secret. This prints it where the machine file is:");
                let name = &user.name;
                page.commands(&format!(
                    "cotter ignition {} | jq -r '.passwd.users[] | select(.name == \"{name}\") | .passwordHash'",
                    quoted(spec)
                ));
                page.paragraph("Type or paste it after this (or set another by `chroot \"$S\" passwd`):");
                page.commands(&format!(
                    "read -rs HASH\nchroot \"$S\" usermod -p \"$HASH\" {name}; unset HASH"
                ));
            }
        }
    }

    fn label(&self, page: &mut Page) {
        page.step("SELinux labels");
        let files = self.files.iter().map(|file| quoted(&file.path));
        let accounts = ["/etc/passwd", "/etc/shadow", "/etc/group", "/etc/gshadow"].map(str::to_owned);
        let paths: Vec<String> = accounts.into_iter().chain(files).collect();
        page.commands(&format!(
            "LABELS=/etc/selinux/targeted/contexts/files/file_contexts\n\
             if [ -e \"$S$LABELS\" ]; then\n    chroot \"$S\" setfiles -F \"$LABELS\" {}\n{}fi",
            paths.join(" \\\n        "),
            self.users
                .iter()
                .filter(|user| !user.keys.is_empty())
                .map(|user| format!(
                    "    chroot \"$S\" setfiles -F \"$LABELS\" \"$(home_of {})/.ssh\"\n",
                    user.name
                ))
                .collect::<String>()
        ));
    }

    fn operator(&self, page: &mut Page) {
        page.heading("What OpenShift's operator makes of it");
        page.paragraph(
            "On this node the MachineConfigs count. What they hold, the operator compares with the disk: a file that was put \
             back with other contents than theirs is drift, and the pool goes Degraded until both agree. If the machine file was \
             changed since the installation, change the MachineConfig too, not the disk alone. When the node is up:",
        );
        let annotation = r".metadata.annotations.machineconfiguration\\.openshift\\.io";
        page.commands(&format!(
            "oc get machineconfigpool master\n\
             oc get nodes -o custom-columns=NAME:.metadata.name,STATE:{annotation}/state,REASON:{annotation}/reason\n\
             oc get machineconfig {} -o yaml\noc get machineconfig {} -o yaml",
            NODE_CONFIG,
            sno::CORE
        ));
        let list = |is_kept: bool| -> String {
            let files = self.files.iter().filter(|file| file.is_kept_by_operator == is_kept);
            let lines: Vec<String> = files.map(|file| format!("- `{}`", file.path)).collect();
            if lines.is_empty() { "- nothing".to_owned() } else { lines.join("\n") }
        };
        page.paragraph("The operator keeps these, and the password and keys of `core`:");
        page.paragraph(&list(true));
        page.paragraph("It does not look at these, nor at other users:");
        page.paragraph(&list(false));
    }
}

fn restart(page: &mut Page) {
    page.step("Restart");
    page.paragraph("Without a medium:");
    page.commands("sync\n/sbin/reboot -f");
    page.paragraph("From a live ISO:");
    page.commands("cd /\nsync\numount -R /mnt/root /mnt/boot\nsystemctl reboot   # and remove the medium");
    page.paragraph("After it, the console says what is as it must be; the same again with its reasons:");
    page.commands("/usr/local/bin/cotter-verify");
}

/// The commands that bring a file into being, with `write` among them, and give it to root.
fn owned(file: &RestoredFile, write: &str) -> String {
    let path = quoted(&file.path);
    let folder = file.path.rsplit_once('/').map_or("/", |(folder, _)| folder);
    let make = format!("(umask 022; mkdir -p \"$S\"{})\n", quoted(folder));
    let make = if write.is_empty() { String::new() } else { make };
    format!("{make}{write}chown 0:0 \"$S\"{path}\nchmod {:04o} \"$S\"{path}\n", file.mode)
}

/// A command that writes these bytes to `to`, a word of the shell.
fn here_document(bytes: &[u8], to: &str) -> String {
    let plain = std::str::from_utf8(bytes).ok().filter(|text| {
        text.ends_with('\n') && !text.contains(|c: char| c.is_control() && c != '\n' && c != '\t')
    });
    let Some(text) = plain else {
        return format!("base64 -d >{to} <<'END'\n{}\nEND\n", STANDARD.encode(bytes));
    };
    let mut end = "END".to_owned();
    while text.lines().any(|line| line == end) {
        end.push('_');
    }
    format!("cat >{to} <<'{end}'\n{text}{end}\n")
}

/// Makes a user that is missing, puts it into its groups, and writes its keys.
fn user_commands(user: &Account) -> String {
    let name = &user.name;
    let mut options = String::new();
    let mut option = |flag: &str, value: Option<String>| {
        if let Some(value) = value {
            options.push_str(&format!("{flag} {} ", quoted(&value)));
        }
    };
    option("-u", user.uid.map(|uid| uid.to_string()));
    option("-g", user.primary_group.clone());
    option("-d", user.home.clone());
    option("-s", user.shell.clone());
    option("-c", Some(user.full_name.clone()).filter(|text| !text.is_empty()));
    for (is_so, flag) in [
        (user.is_system, "-r "),
        (user.has_home, "-m "),
        (!user.has_home, "-M "),
        (!user.has_own_group, "-N "),
    ] {
        if is_so {
            options.push_str(flag);
        }
    }
    let mut commands =
        format!("grep -q '^{name}:' \"$S/etc/passwd\" || chroot \"$S\" useradd {options}{name}\n");
    for group in &user.groups {
        commands.push_str(&format!(
            "grep -q '^{group}:' \"$S/etc/group\" || grep '^{group}:' \"$S/usr/lib/group\" >>\"$S/etc/group\"\n\
             chroot \"$S\" usermod -a -G {group} {name}\n"
        ));
    }
    if !user.keys.is_empty() {
        commands.push_str(&format!(
            "KEYS=$(home_of {name})/.ssh/authorized_keys.d\n\
             chroot \"$S\" mkdir -p -m 700 \"$KEYS\"\n\
             [ ! -e \"$S$KEYS/ignition\" ] || chroot \"$S\" cp -a \"$KEYS/ignition\" /var/lib/cotter/recover/by-hand/keys-{name}\n\
             chroot \"$S\" tee \"$KEYS/ignition\" >/dev/null <<'END'\n{}\nEND\n\
             chroot \"$S\" chown -R -h {name}: \"${{KEYS%/*}}\"\n\
             chroot \"$S\" chmod 700 \"${{KEYS%/*}}\" \"$KEYS\"\nchroot \"$S\" chmod 600 \"$KEYS/ignition\"\n",
            user.keys.join("\n")
        ));
    }
    commands
}

/// A word of the shell.
fn quoted(text: &str) -> String {
    let is_plain =
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"/-_.,:+@=".contains(&b));
    if is_plain { text.to_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Account;
    use super::here_document;
    use super::quoted;
    use super::user_commands;

    #[test]
    fn here_documents_end_where_they_should_and_keep_every_byte() {
        assert_eq!(here_document(b"a\nEND\n", "f"), "cat >f <<'END_'\na\nEND\nEND_\n");
        assert_eq!(here_document(b"no newline", "f"), "base64 -d >f <<'END'\nbm8gbmV3bGluZQ==\nEND\n");
        assert_eq!(here_document(b"\x1b[0m\n", "f"), "base64 -d >f <<'END'\nG1swbQo=\nEND\n");
    }

    #[test]
    fn words_are_quoted_where_the_shell_would_read_them() {
        assert_eq!(quoted("/etc/a.link"), "/etc/a.link");
        assert_eq!(quoted("a b; 'c'"), r"'a b; '\''c'\'''");
        assert_eq!(quoted(""), "''");
    }

    #[test]
    fn a_users_hash_is_in_no_command() {
        let user = json!({"name": "ops", "uid": 1500, "passwordHash": "$6$salt$hash", "groups": ["wheel"], "gecos": "O P"});
        let commands = Account::read(&user).map(|user| user_commands(&user)).unwrap_or_default();
        assert!(commands.contains("useradd -u 1500 -c 'O P' -m ops\n"), "{commands}");
        assert!(!commands.contains("$6$"), "{commands}");
    }
}
