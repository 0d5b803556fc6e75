//! What rides on a cluster's node to see to its completion marker.

use tera::Context;
use tera::Tera;

use crate::ignition::Config;
use crate::ignition::File;
use crate::ignition::Part;
use crate::ignition::PartKind;
use crate::ignition::Unit;
use crate::spec::Marker;
use crate::value::FileMode;

/// The unit that starts the script until the marker is there.
pub(super) const TIMER_NAME: &str = "cotter-bootstrap-marker.timer";
const SCRIPT_PATH: &str = "/usr/local/bin/cotter-bootstrap-marker";
const SCRIPT: &str = include_str!("../../templates/files/cotter-bootstrap-marker");
const SERVICE: &str = include_str!("../../templates/files/cotter-bootstrap-marker.service");
const TIMER: &str = include_str!("../../templates/files/cotter-bootstrap-marker.timer");

/// Adds script, service and timer to the installed system's document; returns what was added, with its contents.
/// Nothing if the marker is off.
pub(super) fn add(config: &mut Config, marker: Marker) -> Vec<(Part, &'static str)> {
    let mode = match marker {
        Marker::Check => "check",
        Marker::Ensure => "ensure",
        Marker::Off => return Vec::new(),
    };
    let mut context = Context::new();
    context.insert("mode", mode);
    // The template is part of the program; the test below holds that it renders.
    let service = Tera::one_off(SERVICE, &context, false).unwrap_or_default();
    config.file(File::new(SCRIPT_PATH, FileMode::PROGRAM, SCRIPT.as_bytes()));
    config.unit(Unit {
        name: "cotter-bootstrap-marker.service".into(),
        contents: Some(service),
        ..Unit::default()
    });
    config.unit(Unit {
        name: TIMER_NAME.into(),
        enabled: Some(true),
        contents: Some(TIMER.into()),
        ..Unit::default()
    });
    vec![
        (Part::new(PartKind::File, SCRIPT_PATH).holding(SCRIPT.as_bytes()), SCRIPT),
        (Part::new(PartKind::Unit, TIMER_NAME), TIMER),
    ]
}

#[cfg(test)]
mod tests {
    use super::add;
    use crate::ignition::Config;
    use crate::spec::Marker;
    use crate::systemd::Part;
    use crate::systemd::check;

    #[test]
    fn the_node_gets_a_program_and_sound_units_in_the_mode_that_was_asked_for() {
        for (marker, mode) in [(Marker::Check, "check"), (Marker::Ensure, "ensure")] {
            let mut config = Config::of_minor(3);
            assert_eq!(add(&mut config, marker).len(), 2);
            let document = config.document();
            let file = &document.list("storage", "files")[0];
            assert_eq!(file["path"], "/usr/local/bin/cotter-bootstrap-marker");
            assert_eq!(file["mode"], 0o755);
            let units = document.list("systemd", "units");
            let text = |index: usize| units[index]["contents"].as_str().unwrap_or_default();
            for (index, name) in ["cotter-bootstrap-marker.service", super::TIMER_NAME].iter().enumerate() {
                assert_eq!(units[index]["name"], *name);
                assert_eq!(check(name, text(index), Part::Whole), [], "{name}");
            }
            assert!(text(0).contains(&format!("COTTER_MARKER_MODE={mode}\nExecStart=/usr/local/bin/")));
            assert_eq!(
                (&units[0]["enabled"], &units[1]["enabled"]),
                (&serde_json::Value::Null, &true.into())
            );
        }
    }

    #[test]
    fn nothing_rides_along_where_it_is_off() {
        let mut config = Config::of_minor(3);
        assert!(add(&mut config, Marker::Off).is_empty());
        assert_eq!(config.document(), Config::of_minor(3).document());
    }
}
