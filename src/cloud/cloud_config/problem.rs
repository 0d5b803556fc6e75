//! What the schema says against a document, in words, and where.

use jsonschema::ValidationError;
use jsonschema::error::TypeKind;
use jsonschema::error::ValidationErrorKind;
use serde_json::Value;

use super::meaning::is_date;
use super::schema::resolve;
use crate::document::Diagnostics;
use crate::document::View;
use crate::document::nearest;

/// How deep branches lie in branches.
const MAX_DEPTH: usize = 8;

/// Something wrong, at a place of the JSON value.
pub(super) struct Problem {
    /// The JSON pointer of the place.
    pub pointer: String,
    /// The key of the mapping there that it is about, if it is about a key.
    pub key: Option<String>,
    /// What it is.
    pub what: What,
}

/// What is wrong.
pub(super) enum What {
    /// The key is none; the known ones.
    UnknownKey(Vec<String>),
    /// The key is missing.
    MissingKey,
    /// Something else is wanted: types by their JSON names.
    Type(Vec<String>),
    /// It is none of these.
    NoneOf(Vec<String>),
    /// Cloud-init will not take it for ever: its own words.
    Old(String),
    /// What the library says.
    Other(String),
}

/// The problems that an error of the library stands for.
pub(super) fn of(schema: &Value, error: &ValidationError<'_>) -> Vec<Problem> {
    let mut problems = Vec::new();
    collect(schema, error, 0, &mut problems);
    problems
}

fn collect(schema: &Value, error: &ValidationError<'_>, depth: usize, problems: &mut Vec<Problem>) {
    let pointer = error.instance_path().as_str().to_owned();
    let mut add =
        |key: Option<String>, what: What| problems.push(Problem { pointer: pointer.clone(), key, what });
    match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            let known = known_keys(schema, error.schema_path().as_str());
            for key in unexpected {
                add(Some(key.clone()), What::UnknownKey(known.clone()));
            }
        }
        ValidationErrorKind::Required { property } => {
            add(property.as_str().map(ToOwned::to_owned), What::MissingKey);
        }
        ValidationErrorKind::Type { kind } => add(None, What::Type(types(kind))),
        ValidationErrorKind::Enum { options } => {
            let words = options.as_array().into_iter().flatten().map(word).collect();
            add(None, What::NoneOf(words));
        }
        ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context }
            if depth < MAX_DEPTH =>
        {
            branches(schema, error, context, depth, problems);
        }
        _ => {
            let text: String = error.to_string().chars().take(300).collect();
            add(None, What::Other(text));
        }
    }
}

/// Of branches of which none is met, those that were meant: where the kind of value is right, what is wrong in them;
/// else the kinds that they want.
fn branches(
    schema: &Value,
    error: &ValidationError<'_>,
    context: &[Vec<ValidationError<'static>>],
    depth: usize,
    problems: &mut Vec<Problem>,
) {
    let here = error.instance_path().as_str();
    let wanted = |branch: &Vec<ValidationError<'static>>| {
        branch.iter().find_map(|error| match error.kind() {
            ValidationErrorKind::Type { kind } if error.instance_path().as_str() == here => Some(types(kind)),
            _ => None,
        })
    };
    let meant = context.iter().filter(|branch| wanted(branch).is_none());
    // The one with the least against it is the one that was most likely meant.
    if let Some(branch) = meant.min_by_key(|branch| branch.len()) {
        for error in branch {
            collect(schema, error, depth + 1, problems);
        }
        return;
    }
    let mut kinds: Vec<String> = Vec::new();
    for kind in context.iter().filter_map(wanted).flatten() {
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    problems.push(Problem { pointer: here.to_owned(), key: None, what: What::Type(kinds) });
}

/// The keys that the schema knows where it forbids others.
fn known_keys(schema: &Value, schema_path: &str) -> Vec<String> {
    let parent = schema_path.strip_suffix("/additionalProperties").unwrap_or(schema_path);
    let at = resolve(schema, parent);
    let properties = at.and_then(|at| at.get("properties")).and_then(Value::as_object);
    properties.into_iter().flatten().map(|(key, _)| key.clone()).collect()
}

fn types(kind: &TypeKind) -> Vec<String> {
    match kind {
        TypeKind::Single(kind) => vec![kind.to_string()],
        TypeKind::Multiple(kinds) => kinds.iter().map(|kind| kind.to_string()).collect(),
    }
}

fn word(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}

impl Problem {
    /// Adds the finding.
    pub(super) fn tell(self, root: &View<'_>, findings: &mut Diagnostics) {
        let Some(view) = find(root, &self.pointer) else { return };
        let at = view.origin();
        let place = at.key.clone();
        let of = if place.is_empty() { "cloud-config".to_owned() } else { format!("`{place}`") };
        let key = self.key.unwrap_or_default();
        let of_key = view.entries().find(|(name, _, _)| *name == key).map(|(_, origin, _)| origin);
        match self.what {
            What::UnknownKey(known) => {
                let mut near: Vec<&str> = known.iter().map(String::as_str).collect();
                // Of two that are as near, the one of the same length is meant.
                near.sort_by_key(|word| word.len().abs_diff(key.len()));
                let help = match nearest(&key, near) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None if known.len() > 20 => "cloud-init's module reference lists its keys".to_owned(),
                    None => format!("there are {}", known.join(", ")),
                };
                let origin = of_key.unwrap_or_else(|| at.clone());
                findings.error("cloud-config-key", &origin, format!("`{key}` is no key of {of}"), help);
            }
            What::MissingKey => {
                let message = format!("`{key}` is missing in {of}");
                findings.error("cloud-config-value", at, message, format!("give `{key}`"));
            }
            What::Type(kinds) => {
                let wanted = kinds.iter().map(|kind| title(kind)).collect::<Vec<&str>>();
                let name = place.rsplit('.').next().unwrap_or_default();
                let name = if name.ends_with(']') { place.as_str() } else { name };
                let message = format!("`{name}` is {}, not {}", what_is(&view), one_of(&wanted));
                findings.error("cloud-config-value", at, message, help_of(&view, &kinds, &place));
            }
            What::NoneOf(words) => {
                let is = shown(&view);
                let help = match nearest(&is, words.iter().map(String::as_str)) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => format!("write one of {}", words.join(", ")),
                };
                let message = format!("`{is}` is none of {}", words.join(", "));
                findings.error("cloud-config-value", at, message, help);
            }
            What::Old(why) => {
                let origin = if key.is_empty() { at.clone() } else { of_key.unwrap_or_else(|| at.clone()) };
                let name = if key.is_empty() { place } else { key };
                let message = format!("`{name}` is deprecated in cloud-init");
                findings.warning("cloud-config-old", &origin, message, why);
            }
            What::Other(text) => {
                let help = "see cloud-init's module reference";
                findings.error("cloud-config-value", at, format!("{of}: {text}"), help);
            }
        }
    }
}

/// The place that a JSON pointer names.
fn find<'a>(root: &View<'a>, pointer: &str) -> Option<View<'a>> {
    pointer.split('/').skip(1).try_fold(root.clone(), |view, step| {
        let step = step.replace("~1", "/").replace("~0", "~");
        if view.is_list() {
            let index: usize = step.parse().ok()?;
            return view.items().into_iter().nth(index);
        }
        view.entries().find(|(name, _, _)| *name == step).map(|(_, _, view)| view)
    })
}

/// What stands there, in words.
fn what_is(view: &View<'_>) -> String {
    if view.is_list() {
        return "a list".to_owned();
    }
    let Some(scalar) = view.scalar() else {
        return "a mapping".to_owned();
    };
    match super::meaning::meaning(scalar) {
        Value::Null => "empty".to_owned(),
        Value::Bool(truth) => format!("the truth value {truth}"),
        Value::Number(number) => format!("the number {number}"),
        _ if scalar.plain && is_date(&scalar.text) => "a date".to_owned(),
        _ => "a text".to_owned(),
    }
}

fn shown(view: &View<'_>) -> String {
    view.scalar().map_or_else(|| what_is(view), |scalar| scalar.text.chars().take(60).collect())
}

fn help_of(view: &View<'_>, kinds: &[String], place: &str) -> String {
    let wants = |kind: &str| kinds.iter().any(|known| known == kind);
    let is_plain = view.scalar().is_some_and(|scalar| scalar.plain && !scalar.is_null());
    let is_command = ["runcmd", "bootcmd"].contains(&place);
    match () {
        () if is_plain && wants("string") => format!("put it in quotes: `'{}'`", shown(view)),
        () if is_command => "write a list, each member of which is a command".to_owned(),
        () if wants("array") && view.scalar().is_some() => format!("write a list: `[{}]`", shown(view)),
        () if wants("boolean") => "write `true` or `false`, without quotes".to_owned(),
        () if wants("integer") => "write a whole number, without quotes".to_owned(),
        () => "see cloud-init's module reference".to_owned(),
    }
}

fn title(kind: &str) -> &str {
    match kind {
        "string" => "a text",
        "array" => "a list",
        "object" => "a mapping",
        "boolean" => "`true` or `false`",
        "integer" => "a whole number",
        "number" => "a number",
        "null" => "empty",
        other => other,
    }
}

fn one_of(words: &[&str]) -> String {
    match words {
        [] => "what belongs there".to_owned(),
        [only] => (*only).to_owned(),
        [before @ .., last] => format!("{} or {last}", before.join(", ")),
    }
}
