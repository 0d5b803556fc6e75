//! MachineConfigs that want to hang, fill the memory or break the program.

use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::process::Output;
use std::time::Duration;
use std::time::Instant;

use serde_json::Value;
use serde_json::json;
use tempfile::TempDir;

/// The most memory that the program may take.
const MAX_MEMORY_KIB: u64 = 2 << 20;

/// Without optimization, and with other tests beside it; what is not linear takes hours.
const MAX_TIME: Duration = Duration::from_secs(240);

const HEAD: &str = "apiVersion: machineconfiguration.openshift.io/v1\nkind: MachineConfig\nmetadata: {name: a, labels: {machineconfiguration.openshift.io/role: worker}}\nspec:\n";

fn render(path: &Path) -> Output {
    let begin = Instant::now();
    let done = Command::new("sh")
        .args(["-c", &format!("ulimit -v {MAX_MEMORY_KIB}; exec \"$@\""), "sh", env!("CARGO_BIN_EXE_cotter")])
        .args(["machineconfig", "render", path.to_str().unwrap()])
        .output()
        .unwrap();
    assert!(begin.elapsed() < MAX_TIME, "{}: {:?}", path.display(), begin.elapsed());
    done
}

fn config(name: &str, sections: Value) -> String {
    let mut document = sections;
    document["ignition"] = json!({"version": "3.2.0"});
    json!({"apiVersion": "machineconfiguration.openshift.io/v1", "kind": "MachineConfig", "metadata": {
        "name": name, "labels": {"machineconfiguration.openshift.io/role": "worker"},
    }, "spec": {"config": document}})
    .to_string()
}

#[test]
fn nesting_and_bombs_are_refused() {
    let folder = TempDir::new().unwrap();
    let deep = 1_000;
    let mut bomb = format!("{HEAD}  a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
    for level in 1..12 {
        let member = format!("*a{}", level - 1);
        bomb += &format!("  a{level}: &a{level} [{}]\n", vec![member; 10].join(","));
    }
    for (name, text) in [
        ("lists.yaml", format!("{HEAD}  config: {}{}\n", "[".repeat(deep), "]".repeat(deep))),
        ("maps.json", format!("{{\"kind\": {}1{}}}", "{\"a\":".repeat(deep), "}".repeat(deep))),
        ("bomb.yaml", bomb),
    ] {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        let done = render(&path);
        let said = String::from_utf8_lossy(&done.stderr);
        assert_eq!(done.status.code(), Some(2), "{name}: {said}");
        assert!(said.starts_with("error: ") && said.contains(name), "{name}: {said}");
    }
}

#[test]
fn a_gzip_bomb_is_not_unpacked_and_a_large_url_is_carried() {
    let folder = TempDir::new().unwrap();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    for _ in 0..512 {
        encoder.write_all(&[0; 1 << 20]).unwrap();
    }
    let bomb = cotter::ignition::DataUrl::plain(&encoder.finish().unwrap()).source;
    let large = format!("data:;base64,{}", "QUFB".repeat(5 << 20));
    for (name, contents) in [
        ("bomb.json", json!({"source": bomb, "compression": "gzip"})),
        ("large.json", json!({"source": large})),
    ] {
        let path = folder.path().join(name);
        std::fs::write(
            &path,
            config("a", json!({"storage": {"files": [{"path": "/a", "contents": contents}]}})),
        )
        .unwrap();
        let done = render(&path);
        assert_eq!(done.status.code(), Some(0), "{name}: {}", String::from_utf8_lossy(&done.stderr));
    }
}

#[test]
fn many_of_a_kind_take_no_more_than_their_share() {
    let folder = TempDir::new().unwrap();
    let many = 10_000;
    let files = |source: &str| -> Value {
        (0..many)
            .map(|index| json!({"path": format!("/etc/{index}"), "contents": {"source": source}}))
            .collect()
    };
    let links: Value = (0..many).map(|index| json!({"path": format!("/l/{index}"), "target": "x"})).collect();
    let units: Value =
        (0..many).map(|index| json!({"name": format!("a{index}.service"), "contents": "[Unit]\n"})).collect();
    for (name, sections) in [
        ("a", json!({"storage": {"files": files("data:,a"), "links": links}, "systemd": {"units": units}})),
        ("b", json!({"storage": {"files": files("data:,b")}})),
    ] {
        std::fs::write(folder.path().join(format!("{name}.json")), config(name, sections)).unwrap();
    }
    let done = render(folder.path());
    assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
    assert!(!String::from_utf8_lossy(&done.stdout).contains("data:,a\n"));
}
