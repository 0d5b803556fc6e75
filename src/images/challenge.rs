//! What a registry asks for before it answers: `WWW-Authenticate` (RFC 9110, section 11.6.1).

/// How a registry wants to know who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Challenge {
    /// Name and password with each question.
    Basic,
    /// A token, which somebody else gives.
    Bearer {
        /// The URL that gives tokens.
        realm: String,
        /// For whom.
        service: Option<String>,
    },
}

impl Challenge {
    /// Reads the values of all headers of an answer; Bearer before Basic.
    pub fn read<'a>(headers: impl Iterator<Item = &'a str>) -> Option<Self> {
        let mut basic = None;
        for header in headers {
            let (scheme, rest) = header.trim().split_once(' ').unwrap_or((header.trim(), ""));
            if scheme.eq_ignore_ascii_case("basic") {
                basic = Some(Self::Basic);
            } else if scheme.eq_ignore_ascii_case("bearer") {
                let parameters = parameters(rest);
                let get = |name: &str| {
                    let found = parameters.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
                    found.map(|(_, value)| value.clone()).filter(|value| !value.is_empty())
                };
                if let Some(realm) = get("realm") {
                    return Some(Self::Bearer { realm, service: get("service") });
                }
            }
        }
        basic
    }
}

/// `key="value, with commas", key=value`.
fn parameters(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some((key, after)) = rest.split_once('=') {
        let (value, after) = match after.trim_start().strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => {
                let end = after.find(',').unwrap_or(after.len());
                (after.get(..end).unwrap_or_default().trim(), after.get(end..).unwrap_or_default())
            }
        };
        found.push((key.trim().to_owned(), value.to_owned()));
        rest = after.trim_start_matches([',', ' ']);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::Challenge;

    #[test]
    fn reads_what_registries_send() {
        let bearer = |realm: &str, service: Option<&str>| {
            Some(Challenge::Bearer { realm: realm.to_owned(), service: service.map(str::to_owned) })
        };
        for (headers, challenge) in [
            (
                vec![r#"Bearer realm="https://a.lab/token",service="reg.lab""#],
                bearer("https://a.lab/token", Some("reg.lab")),
            ),
            (vec![r#"bearer service="a, b", realm=https://a.lab"#], bearer("https://a.lab", Some("a, b"))),
            (vec![r#"Basic realm="x""#, r#"Bearer realm="https://a.lab""#], bearer("https://a.lab", None)),
            (vec![r#"Basic realm="Registry Realm""#], Some(Challenge::Basic)),
            (vec!["Negotiate", "Bearer", r#"Bearer realm="#], None),
        ] {
            assert_eq!(Challenge::read(headers.iter().copied()), challenge, "{headers:?}");
        }
    }
}
