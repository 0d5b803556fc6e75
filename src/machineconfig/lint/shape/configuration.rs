//! The shape of a MachineConfiguration: node disruption policies and managed boot images.

use super::super::format::ANY;
use super::super::format::RELEASE;
use super::super::format::RHCOS_RELEASE;
use super::super::format::SERVICE;
use super::Items;
use super::Key;
use super::SELECTOR;
use super::Shape;
use super::key;
use super::needed;

static SERVICES: [Key; 1] = [needed("serviceName", Shape::Text(&SERVICE))];

static ACTIONS: Items = Items {
    of: Shape::Map(&[
        needed("type", Shape::Word(&["Reboot", "Drain", "Reload", "Restart", "DaemonReload", "None"])),
        key("reload", Shape::Map(&SERVICES)),
        key("restart", Shape::Map(&SERVICES)),
    ]),
    least: 0,
    most: 10,
    unlike: None,
};

static FILES: Items = Items {
    of: Shape::Map(&[needed("path", Shape::Text(&ANY)), needed("actions", Shape::List(&ACTIONS))]),
    least: 0,
    most: 50,
    unlike: Some(&["path"]),
};

static UNITS: Items = Items {
    of: Shape::Map(&[needed("name", Shape::Text(&SERVICE)), needed("actions", Shape::List(&ACTIONS))]),
    least: 0,
    most: 50,
    unlike: Some(&["name"]),
};

static MANAGERS: Items = Items {
    of: Shape::Map(&[
        needed("resource", Shape::Word(&["machinesets", "controlplanemachinesets"])),
        needed("apiGroup", Shape::Word(&["machine.openshift.io"])),
        needed(
            "selection",
            Shape::Map(&[
                needed("mode", Shape::Word(&["All", "Partial", "None"])),
                key("partial", Shape::Map(&[needed("machineResourceSelector", Shape::Of(&SELECTOR))])),
            ]),
        ),
    ]),
    least: 0,
    most: 5,
    unlike: Some(&["resource", "apiGroup"]),
};

static OVERRIDES: Items =
    Items { of: Shape::Word(&["Disks", "FileSystems", "Raid"]), least: 0, most: 3, unlike: Some(&[]) };

static LEVELS: &[&str] = &["", "Normal", "Debug", "Trace", "TraceAll"];

pub(super) static SPEC: Shape = Shape::Map(&[
    key("managementState", Shape::Word(&["Managed", "Unmanaged", "Force", "Removed"])),
    key("logLevel", Shape::Word(LEVELS)),
    key("operatorLogLevel", Shape::Word(LEVELS)),
    key("failedRevisionLimit", Shape::Whole(-1, i32::MAX as i64)),
    key("succeededRevisionLimit", Shape::Whole(-1, i32::MAX as i64)),
    key("forceRedeploymentReason", Shape::Text(&ANY)),
    key("observedConfig", Shape::Any),
    key("unsupportedConfigOverrides", Shape::Any),
    key(
        "nodeDisruptionPolicy",
        Shape::Map(&[
            key("files", Shape::List(&FILES)),
            key("units", Shape::List(&UNITS)),
            key("sshkey", Shape::Map(&[needed("actions", Shape::List(&ACTIONS))])),
        ]),
    ),
    key("managedBootImages", Shape::Map(&[key("machineManagers", Shape::List(&MANAGERS))])),
    key(
        "bootImageSkewEnforcement",
        Shape::Map(&[
            needed("mode", Shape::Word(&["Manual", "None"])),
            key(
                "manual",
                Shape::Map(&[
                    needed("mode", Shape::Word(&["OCPVersion", "RHCOSVersion"])),
                    key("ocpVersion", Shape::Text(&RELEASE)),
                    key("rhcosVersion", Shape::Text(&RHCOS_RELEASE)),
                ]),
            ),
        ]),
    ),
    key("irreconcilableValidationOverrides", Shape::Map(&[key("storage", Shape::List(&OVERRIDES))])),
]);
