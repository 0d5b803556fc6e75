//! Any text as MachineConfigs: read and rendered by the rules of every kind, never a panic; what was rendered renders
//! to itself.
#![no_main]

use cotter::machineconfig;
use cotter::machineconfig::MachineConfig;
use cotter::machineconfig::Rendered;
use cotter::machineconfig::Rules;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let (mut configs, _) = machineconfig::parse("fuzz.yaml", text);
    for (index, config) in configs.iter_mut().enumerate() {
        // Two of a name would be refused before anything is merged.
        config.name = format!("{index:03}-{}", config.name);
    }
    let mut old: Option<Rendered> = None;
    for version in ["4.18", "4.19", "5.1"] {
        let Ok(rules) = Rules::of(version) else { panic!("{version} is not known") };
        for pool in ["worker", "master", "infra"] {
            let Ok(rendered) = machineconfig::render(&configs, pool, rules) else { continue };
            if machineconfig::operator_problems(None, &rendered).is_empty() {
                let again = machineconfig::render(&[as_config(&rendered)], pool, rules);
                assert_eq!(again.map(|again| again.spec()), Ok(rendered.spec()));
            }
            machineconfig::operator_problems(old.as_ref(), &rendered);
            old = Some(rendered);
        }
    }
});

fn as_config(rendered: &Rendered) -> MachineConfig {
    let mut config = MachineConfig::new("rendered", &rendered.pool);
    config.spec.config = Some(rendered.config.clone());
    config.spec.kernel_arguments = rendered.kernel_arguments.clone();
    config.spec.extensions = rendered.extensions.clone();
    config.spec.fips = rendered.fips;
    config.spec.kernel_type = rendered.kernel_type.clone();
    config.spec.os_image_url = rendered.os_image_url.clone().unwrap_or_default();
    config.spec.base_os_extensions_container_image =
        rendered.base_os_extensions_container_image.clone().unwrap_or_default();
    config
}
