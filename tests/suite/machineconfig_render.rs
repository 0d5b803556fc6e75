//! Rendered MachineConfigs to the byte: names, and the YAML that they are made of.

use std::io::Write as _;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Stdio;

use cotter::machineconfig;
use cotter::machineconfig::Images;
use cotter::machineconfig::RenderedObject;
use cotter::machineconfig::Rules;
use cotter::machineconfig::go_yaml;
use serde_json::Value;

/// Names a folder of the operator's original cases, with the registries' own names. The names of what is rendered
/// are made of the whole text, so the cases in the tree, whose registries have other names, have other ones.
const ORIGINAL_CASES: &str = "COTTER_MCO_CASES";

/// The folders of the original cases, and the versions whose rules hold there.
const ORIGINAL_VERSIONS: [(&str, &str); 2] = [("main", "4.22"), ("4.19", "4.19")];

#[test]
fn names_are_those_of_the_operator() {
    let Some(folder) = std::env::var_os(ORIGINAL_CASES).map(PathBuf::from) else {
        println!("skipped: {ORIGINAL_CASES} names no folder of the operator's original cases");
        return;
    };
    let mut exact = 0;
    for (name, version) in ORIGINAL_VERSIONS {
        for case in entries(&folder.join(name).join("render")) {
            let Ok(expected) = std::fs::read_to_string(case.join("expected.yaml")) else { continue };
            let hashed = read(&case.join("expected.hashinput.yaml"));
            let pool = read(&case.join("args"));
            let pool = pool.trim().strip_prefix("--pool ").unwrap();
            let of_release = |image: &str, digit: &str| {
                let registry = hashed
                    .split_whitespace()
                    .find_map(|word| word.split_once("/example/"))
                    .map(|(host, _)| host);
                Some(format!("{}/example/{image}@sha256:{}", registry.unwrap_or_default(), digit.repeat(64)))
            };
            let images = Images { os: of_release("os", "1"), extensions: of_release("ext", "2") };
            assert_exact(&case, pool, version, &images, &expected, &hashed);
            exact += 1;
        }
    }
    assert_eq!(exact, 22, "a case is gone");
}

/// The cases in the tree: registries have other names there, and their names were computed from the renamed text by
/// another program, which gave the operator's own names for the original one.
#[test]
fn objects_are_those_of_the_operator() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/machineconfig");
    let mut exact = 0;
    for version in ["4.19", "4.22"] {
        for case in entries(&folder.join(version).join("render")) {
            let Ok(expected) = std::fs::read_to_string(case.join("expected.yaml")) else { continue };
            let of_release = |image: &str, digit: &str| {
                Some(format!("release.example/example/{image}@sha256:{}", digit.repeat(64)))
            };
            let images = Images { os: of_release("os", "1"), extensions: of_release("ext", "2") };
            let hashed = read(&case.join("expected.hashinput.yaml"));
            assert_exact(&case, read(&case.join("pool")).trim(), version, &images, &expected, &hashed);
            exact += 1;
        }
    }
    assert_eq!(exact, 22, "a case is gone");
}

fn assert_exact(case: &Path, pool: &str, version: &str, images: &Images, expected: &str, hashed: &str) {
    let mut object = object(case, pool, version, images);
    assert_eq!(go_yaml(&object.spec).unwrap(), hashed, "{}", case.display());
    object.controller = "oraclehash".to_owned();
    // Older operators write a time that is not there yet.
    let expected = expected.replace("  creationTimestamp: null\n", "");
    assert_eq!(go_yaml(&object.to_value()).unwrap(), expected, "{}", case.display());
}

fn object(case: &Path, pool: &str, version: &str, images: &Images) -> RenderedObject {
    let mut configs = Vec::new();
    for path in entries(&case.join("in")) {
        let (more, problems) = machineconfig::parse(&path.display().to_string(), &read(&path));
        assert_eq!(problems, []);
        configs.extend(more);
    }
    let rendered = machineconfig::render(&configs, pool, Rules::of(version).unwrap());
    let rendered = rendered.unwrap_or_else(|problems| panic!("{}: {problems:?}", case.display()));
    RenderedObject::new(&rendered, images).unwrap()
}

#[test]
fn writes_yaml_as_the_operators_library_does() {
    let Some(program) = library() else { return };
    let values = values();
    let answers = ask(&program, &values);
    assert_eq!(answers.len(), values.len());
    for (value, answer) in values.iter().zip(&answers) {
        let theirs = serde_json::from_str::<Option<String>>(answer).unwrap();
        assert_eq!(go_yaml(value).ok(), theirs, "{value}");
    }
}

/// Builds the program around the real library, where there is a Go toolchain with Debian's packages.
fn library() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/machineconfig/go");
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("go-yaml");
    let built = Command::new("go")
        .args(["build", "-o", out.join("go-yaml").to_str().unwrap(), "."])
        .current_dir(folder)
        .env("GO111MODULE", "off")
        .env("GOPATH", "/usr/share/gocode")
        .env("GOCACHE", out.join("cache"))
        .output();
    match built {
        Ok(built) if built.status.success() => Some(out.join("go-yaml")),
        Ok(built) => {
            println!(
                "skipped: the operator's YAML library is not here: {}",
                String::from_utf8_lossy(&built.stderr)
            );
            None
        }
        Err(cause) => {
            println!("skipped: no Go toolchain: {cause}");
            None
        }
    }
}

fn ask(program: &Path, values: &[Value]) -> Vec<String> {
    let mut child = Command::new(program)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the library answers");
    let mut input = child.stdin.take().unwrap();
    let lines: String = values.iter().map(|value| format!("{value}\n")).collect();
    let writer = std::thread::spawn(move || input.write_all(lines.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// Thousands of values: texts made of pieces that matter to YAML, alone, in lists, in mappings and deep down.
fn values() -> Vec<Value> {
    let mut dice = Dice(0x6d63_6f5f_7961_6d6c);
    let mut values: Vec<Value> = PIECES.iter().map(|piece| serde_json::json!({"a": [piece]})).collect();
    for _ in 0..20_000 {
        values.push(serde_json::json!({"key": [dice.text(), dice.text()], "other": dice.text()}));
    }
    for _ in 0..3_000 {
        values.push(dice.value(4));
    }
    values
}

const PIECES: &[&str] = &[
    "",
    " ",
    "  ",
    "\n",
    "\n\n",
    "\t",
    "\r",
    "a",
    "b c",
    "word",
    "é",
    "☃",
    "😀",
    "\u{85}",
    "\u{a0}",
    "\u{2028}",
    "\u{2029}",
    "\u{feff}",
    "\u{7f}",
    "\u{80}",
    "\u{9f}",
    "\u{fffe}",
    "\u{fffd}",
    "\u{0}",
    "\u{1b}",
    "\u{7}",
    "'",
    "\"",
    "\\",
    "#",
    " #",
    ": ",
    ":",
    "- ",
    "-",
    "---",
    "...",
    "? ",
    "?",
    ",",
    "[",
    "]",
    "{",
    "}",
    "&",
    "*",
    "!",
    "|",
    ">",
    "%",
    "@",
    "`",
    "=",
    "<<",
    "<",
    "~",
    "null",
    "true",
    "yes",
    "No",
    "on",
    "y",
    "0",
    "1",
    "12",
    "0x1f",
    "0b1",
    "0o7",
    "017",
    "08",
    "1_0",
    "_",
    "1.5",
    ".5",
    "1e3",
    "1e999",
    "E",
    "e",
    "+",
    ".",
    ".inf",
    ".nan",
    "-.INF",
    "1:30",
    ":59",
    ":60",
    "2001-01-31",
    "2001-2-3",
    "T10:11:12Z",
    " 1:2:3.25",
    "+01:00",
    "18446744073709551615",
    "9223372036854775808",
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "some words that go on for a while so that the line is folded somewhere in the middle of it",
    "[Unit]\nDescription=a\n",
    "data:text/plain;charset=utf-8;base64,aGVsbG8K",
];

/// The same numbers every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % most
    }

    fn text(&mut self) -> String {
        (0..self.below(7)).map(|_| PIECES[self.below(PIECES.len())]).collect()
    }

    /// Numbers are at the end alone: with letters behind them, Go's order of keys goes round in circles, and what Go
    /// writes is another thing every time. No key of a MachineConfig has a number.
    fn key(&mut self) -> String {
        let pieces = ["a", "b", "A", "_", "-", ".", " ", "é", "true", "'", "🙂", "files"];
        let key: String = (0..self.below(5)).map(|_| pieces[self.below(pieces.len())]).collect();
        match self.below(2) {
            0 => key,
            _ => format!("{key}{}", self.below(120)),
        }
    }

    fn value(&mut self, depth: usize) -> Value {
        match self.below(if depth == 0 { 5 } else { 9 }) {
            0 => Value::Null,
            1 => self.below(2).eq(&0).into(),
            2 => (self.below(100_000) as i64 - 50_000).into(),
            3 => (self.below(1 << 12) as f64 / 8.0).into(),
            4 => self.text().into(),
            5 | 6 => (0..self.below(5)).map(|_| self.value(depth - 1)).collect(),
            _ => (0..self.below(6))
                .map(|_| (self.key(), self.value(depth - 1)))
                .collect::<serde_json::Map<_, _>>()
                .into(),
        }
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}
