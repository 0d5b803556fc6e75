//! A user's own table of platforms and images.

use std::path::Path;
use std::path::PathBuf;

use super::Failure;
use super::inputs::read_bounded;
use crate::cloud::Table;

/// Names a table.
const VARIABLE: &str = "COTTER_CLOUD_TABLE";
/// The largest table.
const MAX_BYTES: u64 = 1 << 20;

/// The program's table, with the rows of the file that is named, here or in the environment.
pub fn cloud_table(named: Option<&Path>) -> Result<Table, Failure> {
    let from_environment = || std::env::var_os(VARIABLE).filter(|path| !path.is_empty()).map(PathBuf::from);
    let Some(path) = named.map(Path::to_owned).or_else(from_environment) else {
        return Ok(Table::own().clone());
    };
    let shown = path.display();
    let bytes = read_bounded(&path, MAX_BYTES)?;
    let text = String::from_utf8(bytes)
        .map_err(|_| Failure::input(format!("`{shown}` is not UTF-8 text"), "save the table as UTF-8"))?;
    Table::own().extended(&text).map_err(|wrong| {
        let before = text.get(..wrong.bytes.start).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Failure::input(format!("`{shown}:{line}:{column}`: {}", wrong.message), wrong.help)
    })
}
