//! Patterns of image names: `*` stands for any letters, and case does not matter.

/// True if `name` is what `pattern` says.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.to_ascii_lowercase(), name.to_ascii_lowercase());
    let mut pieces = pattern.split('*');
    let Some(mut rest) = pieces.next().and_then(|first| name.strip_prefix(first)) else {
        return false;
    };
    let Some(last) = pieces.next_back() else {
        // Without a star it is the whole name.
        return rest.is_empty();
    };
    for piece in pieces {
        match rest.find(piece) {
            Some(at) => rest = rest.get(at + piece.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// An image as tables know it: of Google's URLs, `project/image` or `project/family`.
pub(super) fn plain_image(image: &str) -> String {
    let image = image.trim();
    let path = match image.split_once("/projects/") {
        Some((_, path)) if image.starts_with("https://") => path,
        _ => image.strip_prefix("projects/").unwrap_or(image),
    };
    let Some((project, name)) = path.split_once("/global/images/") else {
        return image.to_owned();
    };
    format!("{project}/{}", name.strip_prefix("family/").unwrap_or(name))
}

#[cfg(test)]
mod tests {
    use super::matches;
    use super::plain_image;

    #[test]
    fn stars_stand_for_any_letters() {
        for (pattern, name, expected) in [
            ("rocky-linux-cloud/*", "rocky-linux-cloud/rocky-linux-9", true),
            ("rocky-linux-cloud/*", "rocky-linux-9", false),
            ("debian-1*", "debian-12-bookworm-v20240815", true),
            ("*:ubuntu-*:*", "Canonical:ubuntu-24_04-lts:server:latest", true),
            ("ubuntu", "ubuntu", true),
            ("ubuntu", "ubuntu-22", false),
            ("*ubuntu*", "ubuntu", true),
            ("a*b*b", "ab", false),
            ("a*a", "a", false),
            ("*", "", true),
            ("é*", "éa", true),
            ("", "a", false),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn urls_of_images_become_their_project_and_name() {
        let url = "https://www.googleapis.com/compute/v1/projects/rocky-linux-cloud/global/images/family/rocky-linux-9";
        for (image, expected) in [
            (url, "rocky-linux-cloud/rocky-linux-9"),
            ("projects/debian-cloud/global/images/debian-12-v2024", "debian-cloud/debian-12-v2024"),
            ("debian-cloud/debian-12", "debian-cloud/debian-12"),
            ("projects/x", "projects/x"),
            ("ami-0123", "ami-0123"),
        ] {
            assert_eq!(plain_image(image), expected);
        }
    }
}
