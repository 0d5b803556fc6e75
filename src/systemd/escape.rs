//! Paths as unit names (systemd-escape --path; systemd.unit(5), "String Escaping for Inclusion in Unit Names").

/// Escapes a path, as in `var-lib-my\x2dapp` for `/var/lib/my-app`.
pub fn escape_path(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    if parts.is_empty() {
        return "-".to_owned();
    }
    let mut escaped = String::new();
    for (index, byte) in parts.join("/").bytes().enumerate() {
        match byte {
            b'/' => escaped.push('-'),
            b'.' if index == 0 => escaped.push_str("\\x2e"),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b':' | b'_' | b'.' => escaped.push(char::from(byte)),
            _ => escaped.push_str(&format!("\\x{byte:02x}")),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::escape_path;

    #[test]
    fn is_what_systemd_escape_prints() {
        for (path, name) in [
            ("/", "-"),
            ("/var", "var"),
            ("/var/lib/my-app/", "var-lib-my\\x2dapp"),
            ("//a//b", "a-b"),
            ("/.hidden", "\\x2ehidden"),
            ("/dev/disk/by-partlabel/var", "dev-disk-by\\x2dpartlabel-var"),
            ("/é", "\\xc3\\xa9"),
        ] {
            assert_eq!(escape_path(path), name, "{path}");
        }
    }
}
