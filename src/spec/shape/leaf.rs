//! Texts of the machine file, each with the rule it keeps.

use std::str::FromStr;

use ipnetwork::IpNetwork;

use crate::document::Leaf;
use crate::document::Rule;
use crate::document::nearest;
use crate::hardware::Profile;
use crate::hardware::profiles;
use crate::spec::MachineName;
use crate::value::DevicePath;
use crate::value::FileMode;
use crate::value::FilePath;
use crate::value::Guid;
use crate::value::HarvesterVersion;
use crate::value::HostName;
use crate::value::InterfaceName;
use crate::value::KernelArgument;
use crate::value::MacAddress;
use crate::value::PasswordHash;
use crate::value::ReachTarget;
use crate::value::SourceUrl;
use crate::value::SshKey;
use crate::value::UnitName;
use crate::value::UserName;
use crate::value::VerificationHash;

type Checked = Result<(), (String, String)>;

/// What a value says of a text.
fn is<T: FromStr>(text: &str) -> Checked
where
    T::Err: Into<(String, String)>,
{
    text.parse::<T>().map(drop).map_err(Into::into)
}

fn refuse(message: String, help: &str) -> Checked {
    Err((message, help.to_owned()))
}

const fn leaf(
    name: &'static str,
    refuses: &'static str,
    why: &'static str,
    example: &'static str,
    check: fn(&str) -> Checked,
) -> Leaf {
    Leaf { rule: Rule { name, refuses, why, example }, check }
}

/// Every text with a rule of its own, for the table of rules.
pub(crate) static LEAVES: [&Leaf; 42] = [
    &VERSION,
    &MACHINE_NAME,
    &HOST_NAME,
    &USER_NAME,
    &GROUP_NAME,
    &SSH_KEY,
    &PASSWORD_HASH,
    &GRUB_HASH,
    &INTERFACE_NAME,
    &MAC_ADDRESS,
    &ADDRESS,
    &IP,
    &SEARCH_DOMAIN,
    &FILE_PATH,
    &FILE_MODE,
    &DEVICE,
    &INSTALL_DEVICE,
    &UNIT_NAME,
    &DROPIN_NAME,
    &KERNEL_ARGUMENT,
    &CONSOLE,
    &REACH,
    &SOURCE,
    &HASH,
    &GUID,
    &UUID,
    &PARTITION_LABEL,
    &LUKS_NAME,
    &RAID_NAME,
    &PROXY,
    &HEADER_NAME,
    &LOCAL,
    &TREE_PATH,
    &TANG_URL,
    &SHA256,
    &NTP_SERVER,
    &OPENSHIFT,
    &PROFILE,
    &FETCH_URL,
    &PROGRAM_NAME,
    &POOL_NAME,
    &HARVESTER_VERSION,
];

/// Any text.
pub(crate) static ANY: Leaf = leaf("any-text", "nothing", "any text will do", "", |_| Ok(()));

pub(crate) static VERSION: Leaf = leaf(
    "version",
    "a version of the machine file that this cotter does not read",
    "keys may mean something else there",
    "cotter: 2",
    |text| match text {
        "1" => Ok(()),
        _ => refuse(
            format!("version `{text}` of the machine file is not known"),
            "this cotter reads `cotter: 1`",
        ),
    },
);

pub(crate) static MACHINE_NAME: Leaf = leaf(
    "machine-name",
    "a machine's name of other than 1 to 64 letters, digits, `-`, `_` and `.`",
    "it becomes part of file names and UUIDs",
    "name: my machine",
    is::<MachineName>,
);

pub(crate) static HOST_NAME: Leaf = leaf(
    "host-name",
    "a host name that RFC 1123 or Linux (64 bytes) does not allow",
    "the machine would be called `localhost`, and certificates would not fit",
    "hostname: bad host_name!!",
    is::<HostName>,
);

pub(crate) static USER_NAME: Leaf = leaf(
    "user-name",
    "a user name that `useradd` refuses",
    "Ignition would fail the first boot",
    "name: Admin User",
    is::<UserName>,
);

pub(crate) static GROUP_NAME: Leaf = leaf(
    "group-name",
    "a group name that `groupadd` refuses",
    "Ignition would fail the first boot",
    "groups: [Wheel!]",
    is::<UserName>,
);

pub(crate) static SSH_KEY: Leaf = leaf(
    "ssh-key",
    "a line that is no SSH public key, and a private key",
    "nobody could log in with it, and nothing says so",
    "ssh_authorized_keys: [notakey]",
    is::<SshKey>,
);

pub(crate) static PASSWORD_HASH: Leaf = leaf(
    "password-hash",
    "a password hash that crypt(3) does not make: plain text, MD5, a salt that is too long",
    "nobody could log in, or anybody could break it",
    "password_hash: hunter2",
    is::<PasswordHash>,
);

pub(crate) static GRUB_HASH: Leaf = leaf(
    "grub-password-hash",
    "a GRUB password hash other than PBKDF2's",
    "GRUB would refuse the password, or take it as plain text",
    "password_hash: hunter2",
    |text| {
        let fields: Vec<&str> =
            text.strip_prefix("grub.pbkdf2.sha512.").unwrap_or_default().split('.').collect();
        let hex = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_hexdigit());
        match fields.as_slice() {
            [rounds, salt, hash] if rounds.parse::<u32>().is_ok() && hex(salt) && hex(hash) => Ok(()),
            _ => refuse(
                "the GRUB password hash is not one of PBKDF2".into(),
                "make one with `grub2-mkpasswd-pbkdf2`; it begins with `grub.pbkdf2.sha512.`",
            ),
        }
    },
);

pub(crate) static INTERFACE_NAME: Leaf = leaf(
    "interface-name",
    "an interface name that the kernel or systemd refuses: over 15 bytes, `/`, `:`, spaces, a number alone",
    "the port would keep the name that the kernel gave it",
    "name: management-port0",
    is::<InterfaceName>,
);

pub(crate) static MAC_ADDRESS: Leaf = leaf(
    "mac-address",
    "a MAC address that is none, a group address or all zeros",
    "no port has it, so nothing would be bound to it",
    "mac: \"ff:ff:ff:ff:ff:ff\"",
    is::<MacAddress>,
);

pub(crate) static ADDRESS: Leaf = leaf(
    "address",
    "an address without a prefix length",
    "the port would be alone in its network",
    "address: 192.168.50.10",
    // Without a prefix length the crate assumes one host; nobody means that.
    |text| match text.parse::<IpNetwork>() {
        Ok(_) if text.contains('/') => Ok(()),
        _ => refuse(
            format!("`{text}` is not an address with a prefix length"),
            "write it as in `192.168.50.10/24`",
        ),
    },
);

pub(crate) static IP: Leaf = leaf(
    "ip-address",
    "an address that is none",
    "NetworkManager would drop the whole profile",
    "gateway: 192.168.50.256",
    |text| match text.parse::<std::net::IpAddr>() {
        Ok(_) => Ok(()),
        Err(_) => refuse(format!("`{text}` is not an IP address"), "write it as in `192.168.50.1`"),
    },
);

pub(crate) static SEARCH_DOMAIN: Leaf = leaf(
    "search-domain",
    "a search domain that is no domain name",
    "the resolver would ignore it",
    "search: [lab_example]",
    |text| match text.trim_start_matches('~').trim_end_matches('.').parse::<HostName>() {
        Ok(_) => Ok(()),
        Err(_) => refuse(format!("`{text}` is not a domain"), "write it as in `lab.example.com`"),
    },
);

pub(crate) static FILE_PATH: Leaf = leaf(
    "file-path",
    "a path on the machine that is not absolute or has `.`, `..` or double slashes",
    "Ignition refuses it, or the same file under two spellings is written twice",
    "path: etc/motd",
    is::<FilePath>,
);

pub(crate) static FILE_MODE: Leaf = leaf(
    "file-mode",
    "a file mode that is not octal",
    "the file would get other permissions than meant",
    "mode: 0888",
    is::<FileMode>,
);

pub(crate) static DEVICE: Leaf =
    leaf("device", "a device that is not an absolute path", "Ignition refuses it", "device: sda", |text| {
        match text.parse::<FilePath>() {
            Ok(_) => Ok(()),
            Err(_) => refuse(
                format!("`{text}` is not the path of a device"),
                "write it as in `/dev/disk/by-partlabel/var`",
            ),
        }
    });

pub(crate) static INSTALL_DEVICE: Leaf = leaf(
    "install-device",
    "an installation device that is not below `/dev/`",
    "coreos-installer would stop in the emergency shell",
    "device: sda",
    is::<DevicePath>,
);

pub(crate) static UNIT_NAME: Leaf = leaf(
    "unit-name",
    "a unit name without a kind of unit at its end, or with characters that systemd refuses",
    "systemd would not load it",
    "name: hello.servce",
    is::<UnitName>,
);

pub(crate) static DROPIN_NAME: Leaf = leaf(
    "drop-in-name",
    "a drop-in whose name does not end in `.conf`",
    "systemd ignores it",
    "name: 10-more",
    |text| match text.ends_with(".conf") && !text.contains('/') && text.len() > 5 {
        true => Ok(()),
        false => refuse(
            format!("`{text}` is not the name of a drop-in"),
            "end it with `.conf`, or systemd ignores it",
        ),
    },
);

pub(crate) static KERNEL_ARGUMENT: Leaf = leaf(
    "kernel-argument",
    "a kernel argument with spaces, line breaks, quotes or GRUB's own characters",
    "it would become several, or end the boot entry",
    "should_exist: [\"a\\nb\"]",
    is::<KernelArgument>,
);

pub(crate) static CONSOLE: Leaf = leaf(
    "console",
    "a console that is none",
    "the machine would be silent where somebody looks",
    "console: [serial0]",
    |text| {
        // YAML splits `[ttyS0,115200n8]` at the comma: settings alone belong to the console before.
        let (device, settings) = match text.starts_with(|c: char| c.is_ascii_digit()) {
            true => ("tty0", text),
            false => text.split_once(',').unwrap_or((text, "")),
        };
        let device_is_right = (device.starts_with("tty") || device.starts_with("hvc"))
            && device.len() > 3
            && device.bytes().all(|b| b.is_ascii_alphanumeric());
        let settings_are_right = settings.bytes().all(|b| b.is_ascii_alphanumeric()) && !text.ends_with(',');
        match device_is_right && settings_are_right {
            true => Ok(()),
            false => {
                refuse(format!("`{text}` is not a console"), "write it as in `ttyS0,115200n8` or `tty0`")
            }
        }
    },
);

pub(crate) static REACH: Leaf = leaf(
    "reach",
    "a place to reach that is neither `tcp://HOST:PORT` nor a URL",
    "nothing could be asked",
    "reach: [192.168.50.1]",
    is::<ReachTarget>,
);

pub(crate) static SOURCE: Leaf = leaf(
    "source-url",
    "a source with a scheme that Ignition does not fetch",
    "Ignition would fail the first boot",
    "source: ftp://example.com/x",
    is::<SourceUrl>,
);

pub(crate) static HASH: Leaf = leaf(
    "verification-hash",
    "a hash that is neither `sha256-` nor `sha512-` with its digits",
    "Ignition would fail the first boot",
    "hash: sha512-abc",
    is::<VerificationHash>,
);

pub(crate) static GUID: Leaf = leaf(
    "guid",
    "a GUID of a partition that is none",
    "sgdisk would refuse it in the initramfs",
    "type_guid: linux",
    |text| match text.is_empty() {
        true => Ok(()),
        false => is::<Guid>(text),
    },
);

pub(crate) static UUID: Leaf = leaf(
    "uuid",
    "a file system's or volume's UUID that is none",
    "mkfs would refuse it in the initramfs",
    "uuid: root",
    |text| {
        // vfat has eight hexadecimal digits with a hyphen.
        let vfat = text.len() == 9
            && text
                .bytes()
                .enumerate()
                .all(|(at, b)| if at == 4 { b == b'-' } else { b.is_ascii_hexdigit() });
        if vfat { Ok(()) } else { is::<Guid>(text) }
    },
);

pub(crate) static PARTITION_LABEL: Leaf = leaf(
    "partition-label",
    "a partition's label of more than 36 characters or with a colon",
    "the partition table has no room for it, and sgdisk splits at colons",
    "label: a:b",
    |text| match text.chars().count() <= 36 && !text.contains(':') {
        true => Ok(()),
        false => {
            refuse(format!("`{text}` is not a partition's label"), "use at most 36 characters and no colon")
        }
    },
);

pub(crate) static LUKS_NAME: Leaf = leaf(
    "luks-name",
    "an empty name of a LUKS device, or one with `/`",
    "it becomes a name in /dev/mapper",
    "name: a/b",
    |text| match !text.is_empty() && !text.contains('/') && text.len() <= 127 {
        true => Ok(()),
        false => refuse(format!("`{text}` is not a name for /dev/mapper"), "use a word without `/`"),
    },
);

pub(crate) static RAID_NAME: Leaf = leaf(
    "raid-name",
    "an array's name of more than 32 bytes, or with `/`",
    "mdadm would cut or refuse it",
    "name: a/b",
    |text| match !text.is_empty() && !text.contains('/') && text.len() <= 32 {
        true => Ok(()),
        false => refuse(
            format!("`{text}` is not an array's name"),
            "use 1 to 32 bytes without `/`, as in `md-var`",
        ),
    },
);

pub(crate) static PROXY: Leaf = leaf(
    "proxy-url",
    "a proxy that is no `http://` or `https://` URL",
    "Ignition refuses it",
    "http_proxy: proxy.example.com",
    |text| {
        let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
        match rest.is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_graphic())) {
            true => Ok(()),
            false => refuse(
                format!("`{text}` is not a proxy"),
                "write its URL, as in `http://proxy.example.com:3128`",
            ),
        }
    },
);

pub(crate) static HEADER_NAME: Leaf = leaf(
    "header-name",
    "an HTTP header's name with other than token characters (RFC 9110)",
    "the server would refuse the request",
    "name: \"X Token\"",
    |text| match !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
    {
        true => Ok(()),
        false => refuse(format!("`{text}` is not an HTTP header's name"), "write it as in `Authorization`"),
    },
);

pub(crate) static LOCAL: Leaf =
    leaf("local-path", "an empty path of a local file", "there is nothing to read", "local: \"\"", |text| {
        match text.is_empty() || text.contains('\0') {
            false => Ok(()),
            true => refuse("the path of the local file is empty".into(), "name a file, relative to this one"),
        }
    });

pub(crate) static TREE_PATH: Leaf = leaf(
    "tree-path",
    "a place for a folder or file system that is not an absolute, clean path",
    "Ignition refuses it",
    "path: etc",
    |text| match text {
        "/" => Ok(()),
        _ => is::<FilePath>(text),
    },
);

pub(crate) static TANG_URL: Leaf = leaf(
    "tang-url",
    "a Tang server that is no URL",
    "the disk could not be unlocked",
    "url: tang.example.com",
    |text| match text.starts_with("http://") || text.starts_with("https://") {
        true => Ok(()),
        false => refuse(format!("`{text}` is not a URL"), "write it as in `http://tang.example.com`"),
    },
);

pub(crate) static SHA256: Leaf =
    leaf("sha256", "a SHA-256 that has not 64 hexadecimal digits", "no file has it", "sha256: abc", |text| {
        match text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit()) {
            true => Ok(()),
            false => refuse(format!("`{text}` is not a SHA-256"), "paste what `sha256sum` prints"),
        }
    });

pub(crate) static NTP_SERVER: Leaf = leaf(
    "ntp-server",
    "a time server that is neither a host name nor an address",
    "the clock would stay wrong, and certificates with it",
    "ntp_servers: [\"http://ntp\"]",
    |text| match text.parse::<std::net::IpAddr>() {
        Ok(_) => Ok(()),
        Err(_) => is::<HostName>(text),
    },
);

pub(crate) static OPENSHIFT: Leaf = leaf(
    "openshift-version",
    "a version of OpenShift that is none",
    "the operator's rules change between versions",
    "openshift: latest",
    |text| {
        let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        match text.split_once('.') {
            Some((major, minor)) if is_number(major) && is_number(minor) => Ok(()),
            _ => refuse(
                format!("`{text}` is not a version of OpenShift"),
                "write major and minor, as in \"4.19\"",
            ),
        }
    },
);

pub(crate) static HARVESTER_VERSION: Leaf = leaf(
    "harvester-version",
    "a version of Harvester that is none",
    "its files are called by it, and what its installer takes changes between versions",
    "version: latest",
    is::<HarvesterVersion>,
);

pub(crate) static POOL_NAME: Leaf = leaf(
    "pool-name",
    "a pool of machines that is none",
    "the operator finds pools by labels, which take no other letters",
    "role: Worker",
    |text| {
        let is_letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        match (1..=63).contains(&text.len())
            && text.bytes().all(is_letter)
            && !text.starts_with('-')
            && !text.ends_with('-')
        {
            true => Ok(()),
            false => refuse(
                format!("`{text}` is not the name of a pool"),
                "use lower-case letters, digits and `-`, as in `worker`",
            ),
        }
    },
);

pub(crate) static PROFILE: Leaf = leaf(
    "hardware-profile",
    "a hardware profile that there is none of",
    "nothing would be known of the machine",
    "profile: dell-r64",
    |text| {
        if Profile::find(text).is_some() {
            return Ok(());
        }
        let names = || profiles().iter().map(|profile| profile.name.as_str());
        let help = match nearest(text, names()) {
            Some(near) => format!("did you mean `{near}`? `cotter nics --profiles` lists them"),
            None => format!("known: {}", names().collect::<Vec<_>>().join(", ")),
        };
        refuse(format!("there is no hardware profile called `{text}`"), &help)
    },
);

pub(crate) static FETCH_URL: Leaf = leaf(
    "fetch-url",
    "an address that is no `http://` or `https://` URL",
    "curl on the machine would not fetch it",
    "urls: [s3://bucket/nodeup]",
    |text| {
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        match rest.is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_graphic())) {
            true => Ok(()),
            false => refuse(
                format!("`{text}` is not an address that curl fetches"),
                "use `https://…` or `http://…`",
            ),
        }
    },
);

pub(crate) static PROGRAM_NAME: Leaf = leaf(
    "program-name",
    "the name of a program or part with other letters than `a` to `z`, digits, `-`, `_` and `.`",
    "it becomes a file's name",
    "name: node up",
    |text| {
        let is_right = (1..=64).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
            && text.starts_with(|c: char| c.is_ascii_alphanumeric());
        match is_right {
            true => Ok(()),
            false => refuse(
                format!("`{text}` is not a name for a file"),
                "use 1 to 64 letters, digits, `-`, `_` and `.`",
            ),
        }
    },
);
