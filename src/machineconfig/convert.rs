//! An Ignition document as a MachineConfig, and back; what the other cannot carry is said.

use serde_json::Value;

use super::Choice;
use super::MachineConfig;
use super::Problem;
use super::Rules;
use super::newest_spec;
use super::operator_problems;
use super::render_chosen;

/// What something was converted into, and what to know about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Converted<T> {
    /// The result.
    pub result: T,
    /// What is not in it, or not kept on a running node.
    pub warnings: Vec<Problem>,
}

/// Sections that Ignition does on the first boot and the operator never again. Butane refuses them for OpenShift.
const OF_FIRST_BOOT: [(&str, &str, &str); 6] = [
    ("/storage/directories", "directories", "they come with the files in them"),
    ("/storage/links", "links", "let a unit make them"),
    ("/passwd/groups", "groups", "let a unit make them"),
    ("/storage/disks", "disks", "a change of them asks for a new installation"),
    ("/storage/raid", "RAIDs", "a change of them asks for a new installation"),
    ("/storage/filesystems", "file systems", "a change of them asks for a new installation"),
];

/// Puts an Ignition document of any spec that the operator reads into `config`, as one of the newest.
///
/// # Errors
///
/// Everything that the operator would refuse, and what no node could keep.
pub fn to_machine_config(
    mut config: MachineConfig,
    document: &Value,
    rules: &Rules,
) -> Result<Converted<MachineConfig>, Vec<Problem>> {
    config.spec.config = Some(newest_spec(document, rules)?);
    checked(config, rules)
}

/// The same MachineConfig with a document of the newest spec that the operator reads.
///
/// # Errors
///
/// Everything that the operator would refuse, and what no node could keep.
pub fn to_newest(mut config: MachineConfig, rules: &Rules) -> Result<Converted<MachineConfig>, Vec<Problem>> {
    if let Some(document) = &config.spec.config {
        config.spec.config = Some(newest_spec(document, rules)?);
    }
    checked(config, rules)
}

fn checked(config: MachineConfig, rules: &Rules) -> Result<Converted<MachineConfig>, Vec<Problem>> {
    let role = config.role().unwrap_or_default().to_owned();
    let rendered = render_chosen(std::slice::from_ref(&config), &Choice::Role(&role), rules)?;
    let problems = operator_problems(None, &rendered);
    if !problems.is_empty() {
        return Err(problems);
    }
    let document = config.spec.config.as_ref().unwrap_or(&Value::Null);
    let mut warnings: Vec<Problem> = OF_FIRST_BOOT
        .iter()
        .filter(|(pointer, ..)| says_something(document.pointer(pointer)))
        .map(|(_, what, next)| {
            Problem::new(
                format!("{what} are made on the first boot alone, and the operator refuses their change"),
                *next,
            )
        })
        .collect();
    if says_something(document.get("kernelArguments")) {
        warnings.push(Problem::new(
            "Ignition's kernel arguments are set on the first boot alone, and the operator refuses their change",
            "move them to `spec.kernelArguments`",
        ));
    }
    Ok(Converted { result: config, warnings })
}

fn says_something(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => false,
        Some(Value::Array(list)) => !list.is_empty(),
        Some(Value::Object(map)) => !map.is_empty(),
        Some(_) => true,
    }
}

/// The Ignition document of a MachineConfig, of the newest spec that the operator reads.
///
/// # Errors
///
/// Everything that the operator would refuse.
pub fn to_ignition(config: &MachineConfig, rules: &Rules) -> Result<Converted<Value>, Vec<Problem>> {
    let spec = &config.spec;
    let empty = serde_json::json!({"ignition": {"version": "3.0.0"}});
    let result = newest_spec(spec.config.as_ref().unwrap_or(&empty), rules)?;
    let left = [
        (
            "kernelArguments",
            !spec.kernel_arguments.is_empty(),
            "give them to the installer, or write Ignition's `kernelArguments`",
        ),
        ("extensions", !spec.extensions.is_empty(), "layer the packages on the node by other means"),
        ("fips", spec.fips, "boot with `fips=1`"),
        (
            "kernelType",
            !matches!(spec.kernel_type.as_str(), "" | "default"),
            "install that kernel by other means",
        ),
        ("osImageURL", !spec.os_image_url.is_empty(), "install from that image"),
        (
            "baseOSExtensionsContainerImage",
            !spec.base_os_extensions_container_image.is_empty(),
            "leave it: only extensions need it",
        ),
    ];
    let warnings = left.into_iter().filter(|(_, is_left, _)| *is_left).map(|(key, _, next)| {
        Problem::new(format!("an Ignition document cannot carry `{key}`; it is left out"), next)
            .of(&config.name, config.origin.as_ref())
    });
    Ok(Converted { result, warnings: warnings.collect() })
}
