//! Paths as the operator compares them.

use std::borrow::Cow;

/// True if `folder` is above `path`: by Go's `filepath.Clean`, and a slash between.
pub(super) fn is_below(folder: &str, path: &str) -> bool {
    let folder = clean(folder);
    clean(path).strip_prefix(&*folder).is_some_and(|rest| rest.starts_with('/'))
}

/// The folder that a path is in.
pub(super) fn folder_of(path: &str) -> String {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    clean(if folder.is_empty() { "/" } else { folder }).into_owned()
}

/// True for an absolute path that Go's `path.Clean` leaves alone.
pub(super) fn is_clean(path: &str) -> bool {
    clean(path) == path
}

/// An absolute path in its shortest form: without doubled slashes, dots and a slash at the end.
pub(super) fn clean(path: &str) -> Cow<'_, str> {
    let has_more = path.contains("//") || path.contains("/.") || (path.len() > 1 && path.ends_with('/'));
    if path.starts_with('/') && !has_more {
        return path.into();
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/")).into()
}

#[cfg(test)]
mod tests {
    use super::clean;
    use super::folder_of;
    use super::is_below;
    use super::is_clean;

    #[test]
    fn a_folder_is_above_what_is_in_it() {
        for (folder, path, expected) in [
            ("/etc/pki", "/etc/pki/a", true),
            ("/etc//pki/", "/etc/pki/a/b", true),
            ("/etc/pk", "/etc/pki/a", false),
            ("/etc/pki", "/etc/pki", false),
            ("/etc/x/..", "/etc/a", true),
            ("/", "/etc/a", false),
        ] {
            assert_eq!(is_below(folder, path), expected, "{folder} {path}");
        }
        for (path, shortest) in [
            ("/", "/"),
            ("/a/b", "/a/b"),
            ("/a/", "/a"),
            ("//a/./b/../c", "/a/c"),
            ("/..", "/"),
            ("a", "/a"),
            ("", "/"),
            ("/a/.b", "/a/.b"),
        ] {
            assert_eq!((clean(path).as_ref(), is_clean(path)), (shortest, path == shortest), "{path}");
        }
        assert_eq!((folder_of("/etc/a"), folder_of("/a")), ("/etc".into(), "/".into()));
    }
}
