//! Boot data that others made, read and held against an image.

use std::path::Path;

use super::Failure;
use super::cloud_table;
use super::inputs::read_input;
use super::shell;
use crate::cloud::payload::MAX_PAYLOAD_BYTES;
use crate::target;
use crate::target::Against;
use crate::target::PayloadReport;

/// What is asked about a payload.
#[derive(Clone, Copy, Debug)]
pub struct PayloadQuestion<'a> {
    /// The file; `-` is standard input.
    pub file: &'a Path,
    /// The platform.
    pub platform: &'a str,
    /// The image, if it is known.
    pub image: Option<&'a str>,
    /// The key, if it is not the best for the payload.
    pub key: Option<&'a str>,
    /// A table of the user's own.
    pub table: Option<&'a Path>,
}

/// Checks a payload, and lets bash read its shell scripts; without bash they stay unjudged, and the report says so.
pub fn check_payload(question: PayloadQuestion<'_>) -> Result<PayloadReport, Failure> {
    let table = cloud_table(question.table)?;
    let bytes = read_input(question.file, MAX_PAYLOAD_BYTES as u64)?;
    let name = match question.file == Path::new("-") {
        true => "standard input".to_owned(),
        false => question.file.display().to_string(),
    };
    let against =
        Against { table: &table, platform: question.platform, image: question.image, key: question.key };
    let mut report = target::check_payload(&name, &bytes, against)
        .map_err(|wrong| Failure::input(wrong.message, wrong.help))?;
    for script in std::mem::take(&mut report.scripts) {
        match shell::syntax(&script.text, script.dialect) {
            Ok(said) => report.shell_says(&script, said),
            Err(why) => report.shell_is_missing(&script, &why),
        }
    }
    Ok(report)
}
