//! `${NAME}`: values from outside the file.

use std::collections::BTreeMap;

use crate::document::Diagnostics;
use crate::document::Node;
use crate::document::Origin;
use crate::document::Scalar;
use crate::document::nearest;

/// Values by name.
pub type Variables = BTreeMap<String, String>;

/// Keys whose texts are handed on as they are: scripts and units have a `${…}` of their own.
const VERBATIM: [&str; 2] = ["inline", "contents"];

/// Puts values in the place of their names, everywhere but in contents. `$${` stands for `${` itself.
pub(super) fn substitute(file: &str, tree: &mut Node, variables: &Variables, findings: &mut Diagnostics) {
    let mut visit = |scalar: &mut Scalar, origin: &Origin, findings: &mut Diagnostics| {
        let key = origin.key.rsplit('.').next().unwrap_or_default();
        if scalar.text.contains("${") && !VERBATIM.contains(&key) {
            scalar.text = replaced(&scalar.text, variables, origin, findings);
        }
    };
    tree.change_scalars(file, &mut visit, findings);
}

fn replaced(text: &str, variables: &Variables, origin: &Origin, findings: &mut Diagnostics) -> String {
    let mut done = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let (before, from) = rest.split_at(at);
        if let Some(before) = before.strip_suffix('$') {
            done.push_str(before);
            done.push_str("${");
            rest = &from[2..];
            continue;
        }
        done.push_str(before);
        let name = from[2..].split('}').next().unwrap_or_default();
        let is_name = !name.is_empty()
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
            && !name.starts_with(|c: char| c.is_ascii_digit())
            && from.len() > name.len() + 2;
        if !is_name {
            let message = "`${` begins a name that does not end".to_owned();
            findings.error(
                "variable",
                origin,
                message,
                "write `${NAME}`, or `$${` for the characters themselves",
            );
            done.push_str("${");
            rest = &from[2..];
            continue;
        }
        match variables.get(name) {
            Some(value) => done.push_str(value),
            None => {
                let help = match nearest(name, variables.keys().map(String::as_str)) {
                    Some(near) => format!("did you mean `${{{near}}}`?"),
                    None => format!(
                        "give it with `--set {name}=VALUE`, or allow it from the environment with `--env {name}`"
                    ),
                };
                findings.error("variable", origin, format!("nobody said what `${{{name}}}` is"), help);
            }
        }
        rest = &from[name.len() + 3..];
    }
    done.push_str(rest);
    done
}

#[cfg(test)]
mod tests {
    use super::Variables;
    use super::replaced;
    use crate::document::Diagnostics;
    use crate::document::Origin;

    #[test]
    fn puts_values_in_and_says_what_is_missing() {
        let variables = Variables::from([("MAC".into(), "e4:43".into()), ("N".into(), "7".into())]);
        for (text, result, findings) in [
            ("${MAC}:${N}", "e4:43:7", 0),
            ("a$${MAC}", "a${MAC}", 0),
            ("${MACX}-", "-", 1),
            ("${", "${", 1),
            ("${1}", "${1}", 1),
            ("$x", "$x", 0),
        ] {
            let mut found = Diagnostics::new();
            assert_eq!(replaced(text, &variables, &Origin::of_file("x"), &mut found), result, "{text}");
            assert_eq!(found.count(), findings, "{text}");
        }
    }
}
