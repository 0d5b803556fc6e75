//! The rules of the house as tests: which floor may import which, and what is absent where.

use std::collections::BTreeMap;
use std::path::Path;
use std::path::PathBuf;

/// Every module of the crate and its floor. A new module must be added here, and nowhere else.
const FLOORS: [(&str, u8); 24] = [
    ("value", 0),
    ("document", 0),
    ("tree", 0),
    ("network", 1),
    ("ignition", 1),
    ("image", 1),
    ("images", 1),
    ("catalog", 1),
    ("cloud", 1),
    ("systemd", 1),
    ("hardware", 1),
    ("verify", 1),
    ("spec", 2),
    ("plan", 2),
    ("cluster", 2),
    ("machineconfig", 2),
    ("report", 2),
    ("harvester", 2),
    ("preflight", 2),
    ("target", 3),
    ("rehearsal", 3),
    ("saved", 3),
    ("world", 4),
    ("cli", 5),
];

fn sources() -> Vec<(String, PathBuf, String)> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&src, &mut files);
    let of_module = |path: PathBuf| {
        let relative = path.strip_prefix(&src).unwrap();
        let module = relative.components().next().unwrap().as_os_str().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        (module, path, text)
    };
    files.into_iter().map(of_module).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in folder.read_dir().unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// The product's part of a file: tests at its end may do more.
fn product(text: &str) -> &str {
    text.split("#[cfg(test)]").next().unwrap()
}

#[test]
fn every_module_has_a_floor() {
    let floors: BTreeMap<_, _> = FLOORS.into_iter().collect();
    for (module, path, _) in sources() {
        let is_root = module == "lib.rs" || module == "main.rs";
        assert!(is_root || floors.contains_key(module.as_str()), "{} is on no floor", path.display());
    }
}

#[test]
fn modules_import_only_from_floors_below() {
    let floors: BTreeMap<_, _> = FLOORS.into_iter().collect();
    let mut wrong = Vec::new();
    for (module, path, text) in sources() {
        let Some(own) = floors.get(module.as_str()) else {
            continue;
        };
        for (index, line) in text.lines().enumerate() {
            for import in line.split("crate::").skip(1) {
                let other: String = import.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                let Some(floor) = floors.get(other.as_str()) else {
                    continue;
                };
                if other != module && floor >= own {
                    wrong.push(format!(
                        "{}:{}: {module} ({own}) imports {other} ({floor})",
                        path.display(),
                        index + 1
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn nothing_below_the_world_touches_it() {
    let floors: BTreeMap<_, _> = FLOORS.into_iter().collect();
    let outside = [
        "std::fs",
        "std::process",
        "std::env",
        "std::thread",
        "SystemTime",
        "Instant",
        "TcpStream",
        "UdpSocket",
        "UnixStream",
        "File::open",
    ];
    let mut wrong = Vec::new();
    for (module, path, text) in sources() {
        if floors.get(module.as_str()).is_none_or(|floor| *floor >= 4) {
            continue;
        }
        for (index, line) in product(&text).lines().enumerate() {
            if outside.iter().any(|word| line.contains(word)) && !line.trim_start().starts_with("//") {
                wrong.push(format!("{}:{}: {}", path.display(), index + 1, line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_the_ui_prints() {
    let mut wrong = Vec::new();
    for (_, path, text) in sources() {
        let prints = ["println!", "print!", "stdout()", "stderr()"];
        let is_ui = path.ends_with("cli/ui.rs");
        for (index, line) in product(&text).lines().enumerate() {
            if !is_ui && prints.iter().any(|word| line.contains(word)) {
                wrong.push(format!("{}:{}: {}", path.display(), index + 1, line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_file_says_what_it_is_for_and_imports_by_name() {
    for (module, path, text) in sources() {
        assert!(
            module == "lib.rs" || text.starts_with("//! "),
            "{} does not begin with `//! `",
            path.display()
        );
        for line in text.lines() {
            let glob = line.trim_start().starts_with("use ") && line.contains("::*");
            assert!(!glob, "{}: {line}", path.display());
        }
    }
}
