//! YAML as the operator's library writes it, byte for byte: the name of a rendered MachineConfig is made of it.
//!
//! The operator calls `Marshal` of github.com/ghodss/yaml, which writes JSON, reads that as YAML 1.1, and writes it
//! with gopkg.in/yaml.v2 2.4.0. Each step leaves its mark: `json_step.rs` has what reading the JSON as YAML changes,
//! `key_order.rs` how keys are sorted, `resolve.rs` which texts would be read as something else and are quoted, and
//! `scalar.rs` how a text is quoted, folded and broken into lines. `tests/machineconfig/go` holds it against the
//! real library.

mod emitter;
mod json_step;
mod key_order;
mod number;
mod resolve;
mod scalar;
mod timestamp;

use serde_json::Value;

use emitter::Emitter;

/// The text that the operator's library writes for `value`.
///
/// # Errors
///
/// Says which texts the library cannot read back from JSON; the operator fails at them too.
pub fn go_yaml(value: &Value) -> Result<String, String> {
    let mut emitter = Emitter::default();
    emitter.node(value, emitter::Place::Root)?;
    Ok(emitter.finish())
}
