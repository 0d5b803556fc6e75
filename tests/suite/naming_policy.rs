//! Which of its names a port gets where files and kernel arguments decide, beside what real udevds made of them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use cotter::hardware;
use cotter::hardware::Port;
use cotter::hardware::naming::Arguments;
use cotter::hardware::naming::Conditions;
use cotter::hardware::naming::LATEST;
use cotter::hardware::naming::NameFile;
use cotter::hardware::naming::Prediction;
use cotter::hardware::naming::Scheme;
use cotter::hardware::naming::predict;

use crate::recorded;
use crate::recorded::Recorded;

/// The scheme of the guests' udev where the kernel's arguments name none that there is: Debian 12's, or the newest's.
const SCHEME: &str = "v252";
const NEWEST: &str = "guest.udev=newest";

/// Ports that have another name than we say, where we say what is left open, and why it is.
const LEFT_OPEN: &[(&str, &str, &str)] = &[
    ("links-order-newest", "52:54:00:0a:00:08", "systemd 262 leaves out a link with such a drop-in"),
    ("rules-more", "52:54:00:0a:00:0c", "what a program says is not known: this one fails"),
    ("rules-more", "52:54:00:0a:00:1a", "an attribute of no inventory, which is not there"),
    ("rules-more-newest", "52:54:00:0a:00:0c", "what a program says is not known: this one fails"),
    ("rules-more-newest", "52:54:00:0a:00:1a", "an attribute of no inventory, which is not there"),
];

fn trees() -> Vec<PathBuf> {
    recorded::trees(&recorded::folder().join("policy"))
}

/// The files in a tree that name ports. A link in their place leads to nothing, and so hides.
fn name_files(recorded: &Recorded) -> Vec<NameFile> {
    let files = recorded
        .files()
        .filter(|(path, _)| path.contains("/systemd/network/") || path.contains("/udev/rules.d/"));
    files.filter_map(|(path, text)| NameFile::read(path, text, None)).collect()
}

/// What is said of each port of a tree.
fn predictions(recorded: &Recorded) -> Vec<(Port, Prediction)> {
    let inventory = hardware::seen(&recorded.tree());
    let arguments = Arguments::read(inventory.running.kernel_arguments.as_deref());
    let named = arguments.scheme.as_deref().and_then(Scheme::find);
    let is_newest = inventory.running.kernel_arguments.as_ref().is_some_and(|line| line.contains(NEWEST));
    let scheme = named.unwrap_or_else(|| Scheme::find(if is_newest { LATEST } else { SCHEME }).unwrap());
    let files = name_files(recorded);
    let predictions = predict(&inventory, Conditions { scheme, arguments: &arguments, files: &files });
    inventory.ports.into_iter().zip(predictions).collect()
}

fn is_kernels(name: &str) -> bool {
    name.strip_prefix("eth").is_some_and(|number| number.bytes().all(|c| c.is_ascii_digit()))
}

#[test]
fn files_and_arguments_decide_as_for_udevd() {
    let (mut cases, mut named, mut wrong) = (0, 0, Vec::new());
    let mut doubts = BTreeMap::new();
    let mut used = vec![false; LEFT_OPEN.len()];
    for tree in trees() {
        let case = tree.file_stem().unwrap().to_string_lossy().into_owned();
        cases += 1;
        for (port, prediction) in predictions(&Recorded::read(&tree)) {
            let address = port.known_by().to_owned();
            let open =
                LEFT_OPEN.iter().position(|(of, port, _)| (*of, *port) == (case.as_str(), address.as_str()));
            // A name that another port would have too may be the other's.
            let is_right = match (&prediction.name, prediction.doubt.is_some()) {
                (Some(_), false) => prediction.is_called(&port.name),
                (Some(_), true) => {
                    prediction.is_called(&port.name) || is_kernels(&port.name) || open.is_some()
                }
                (None, false) => is_kernels(&port.name),
                (None, true) => true,
            };
            if let Some(open) = open {
                used[open] = !prediction.is_called(&port.name);
            }
            named += usize::from(prediction.name.is_some());
            if !is_right {
                let Prediction { name, why, doubt, .. } = &prediction;
                wrong.push(format!("{case}: {address} is {}, we say {name:?}: {why}; {doubt:?}", port.name));
            }
            if let Some(doubt) = prediction.doubt {
                doubts.entry(case.clone()).or_insert_with(Vec::new).push(format!("{address}: {doubt}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(cases >= 24 && named > 250, "{cases} cases with {named} names are not all there are");
    let unused = LEFT_OPEN.iter().zip(&used).filter(|(_, used)| !**used).map(|(known, _)| known);
    assert_eq!(unused.collect::<Vec<_>>(), Vec::<&(&str, &str, &str)>::new(), "these are no longer open");
    // To leave much open would be to say nothing.
    let count: usize = doubts.values().map(Vec::len).sum();
    assert!(
        count * 6 < named,
        "{count} of {named} names are left open:
{doubts:#?}"
    );
}
