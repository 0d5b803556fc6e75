//! Where a part of what is rendered is from, for people and programs.

use serde_json::Value;
use serde_json::json;

use super::Exit;
use super::Ui;
use super::tell;
use crate::cli::ui::Tone;
use crate::cli::ui::shown;
use crate::machineconfig::Explained;
use crate::machineconfig::Problem;
use crate::machineconfig::Rules;
use crate::machineconfig::Setting;
use crate::machineconfig::Supplied;
use crate::world::Failure;

/// Shows what is known about `word`, or why nothing is.
pub(super) fn show(
    word: &str,
    pool: &str,
    rules: &Rules,
    explained: Result<Vec<Explained>, Vec<Problem>>,
    ui: &mut Ui,
) -> Result<Exit, Failure> {
    let explained = match explained {
        Ok(explained) => explained,
        Err(problems) => {
            tell(&problems, ui);
            return Ok(Exit::Input);
        }
    };
    if ui.wants_json() {
        let found: Vec<Value> = explained.iter().map(as_json).collect();
        ui.json(&json!({
            "schema": "cotter.dev/machineconfig-sources/1",
            "asked": word,
            "pool": pool,
            "openshift": rules.version,
            "found": found,
        }));
        return Ok(Exit::Done);
    }
    for thing in &explained {
        ui.line(shown(&thing.what));
        let width = thing.parts.iter().map(|part| part.part.chars().count()).max().unwrap_or(0);
        for part in &thing.parts {
            lines(part, width, ui);
        }
    }
    Ok(Exit::Done)
}

/// What counts first, then what it overrode, the latest first.
fn lines(part: &Supplied, width: usize, ui: &mut Ui) {
    for (index, setting) in part.by.iter().rev().enumerate() {
        let name = if index == 0 { part.part.as_str() } else { "" };
        let verb = if index == 0 { "" } else { "over " };
        let value = setting.value.as_deref().unwrap_or("(taken away)");
        let line = format!("  {:width$}  {verb}{}  {}", shown(name), shown(value), by(setting));
        ui.line(if index == 0 { line } else { ui.toned(Tone::Faint, &line) });
    }
}

fn by(setting: &Setting) -> String {
    match (&setting.config, &setting.origin) {
        (Some(config), Some(origin)) => format!("{} ({})", shown(config), shown(&origin.to_string())),
        (Some(config), None) => shown(config),
        (None, _) => "the operator's default".to_owned(),
    }
}

fn as_json(thing: &Explained) -> Value {
    let setting = |setting: &Setting| {
        json!({
            "config": setting.config,
            "file": setting.origin.as_ref().map(|origin| &origin.file),
            "line": setting.origin.as_ref().map(|origin| origin.line),
            "value": setting.value,
        })
    };
    let parts: Vec<Value> = thing
        .parts
        .iter()
        .map(|part| {
            json!({
                "part": part.part,
                "present": part.is_there(),
                "by": part.by.iter().map(setting).collect::<Vec<_>>(),
            })
        })
        .collect();
    json!({"what": thing.what, "parts": parts})
}
