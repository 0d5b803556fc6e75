//! The state that a node is in, or is to come to.

use crate::machineconfig::MachineConfig;
use crate::machineconfig::Problem;
use crate::machineconfig::Rendered;
use crate::machineconfig::Rules;
use crate::machineconfig::Sources;
use crate::machineconfig::render::examine;
use crate::machineconfig::render::version_of;

/// A rendered MachineConfig: one that the operator made, or what the MachineConfigs of a pool come to.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// Its name, as messages say it.
    pub name: String,
    /// What it says.
    pub rendered: Rendered,
    /// Whether it says everything itself. What was rendered here does not know the release's own images.
    pub is_whole: bool,
}

impl State {
    /// What the MachineConfigs of a pool come to.
    pub fn of_rendered(name: impl Into<String>, rendered: Rendered) -> Self {
        Self { name: name.into(), rendered, is_whole: false }
    }

    /// One MachineConfig as it is: what the operator rendered, as a cluster keeps it.
    ///
    /// # Errors
    ///
    /// Everything in it that the operator could not read.
    pub fn of_config(config: &MachineConfig, rules: &Rules) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let document = examine(config, rules, &mut problems);
        if !problems.is_empty() {
            return Err(problems);
        }
        let spec = &config.spec;
        let nothing =
            || serde_json::json!({"ignition": {"version": version_of(rules.newest_ignition_minor)}});
        let kernel_type = match spec.kernel_type.as_str() {
            "" => "default",
            kernel_type => kernel_type,
        };
        let rendered = Rendered {
            pool: String::new(),
            config: document.unwrap_or_else(nothing),
            kernel_arguments: spec.kernel_arguments.clone(),
            extensions: spec.extensions.clone(),
            fips: spec.fips,
            kernel_type: kernel_type.to_owned(),
            os_image_url: Some(spec.os_image_url.clone()),
            base_os_extensions_container_image: Some(spec.base_os_extensions_container_image.clone()),
            // Nothing says what it was made of.
            sources: Sources::default(),
        };
        Ok(Self { name: config.name.clone(), rendered, is_whole: true })
    }
}
