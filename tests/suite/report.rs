//! Reports as files: what a page and JUnit's XML say of a real failed rehearsal, and of reports that lie.

use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use cotter::value::is_printable;
use serde_json::Value;
use serde_json::json;
use tempfile::TempDir;

use crate::tools;

/// Every element of an XML file in its order: its name, attributes and text; and what a style sheet's policy must name.
const READ: &str = r#"
import base64, hashlib, json, sys
import xml.etree.ElementTree as tree
local = lambda name: name.rsplit("}", 1)[-1]
elements = [[local(e.tag), e.attrib, "".join(e.itertext())] for e in tree.parse(sys.argv[1]).iter()]
sheet = "".join(text for name, _, text in elements if name == "style")
digest = base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode()
json.dump({"elements": elements, "digest": digest}, sys.stdout)
"#;

struct Element {
    name: String,
    attributes: Value,
    text: String,
}

impl Element {
    fn is(&self, name: &str, class: &str) -> bool {
        self.name == name && self.attribute("class") == class
    }

    fn attribute(&self, name: &str) -> &str {
        self.attributes[name].as_str().unwrap_or_default()
    }
}

/// A report as `cotter report` writes it anew.
struct Written {
    folder: TempDir,
    code: Option<i32>,
}

impl Written {
    fn of(report: &Value, spec: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("kept.json"), report.to_string()).unwrap();
        std::fs::write(folder.path().join("r640.yaml"), spec).unwrap();
        let arguments = ["report", "kept.json", "--spec", "r640.yaml", "--output", "."];
        let mut command = Command::new(env!("CARGO_BIN_EXE_cotter"));
        let done = command.args(arguments).current_dir(folder.path()).output().unwrap();
        Self { folder, code: done.status.code() }
    }

    fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(name)).unwrap()
    }

    /// A file's elements, and the digest of its style sheet; a file that is no XML stops the test.
    fn read(&self, name: &str) -> Option<(Vec<Element>, String)> {
        let python = tools::program("python3")?;
        let mut command = Command::new(python);
        let json = tools::output(command.args(["-c", READ]).arg(self.folder.path().join(name)));
        let read: Value = serde_json::from_slice(&json).unwrap();
        let element = |element: &Value| Element {
            name: element[0].as_str().unwrap().to_owned(),
            attributes: element[1].clone(),
            text: element[2].as_str().unwrap().to_owned(),
        };
        let elements = read["elements"].as_array().unwrap().iter().map(element).collect();
        Some((elements, read["digest"].as_str().unwrap().to_owned()))
    }
}

fn fixture(name: &str) -> String {
    let folder: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/report");
    std::fs::read_to_string(folder.join(name)).unwrap()
}

fn failed_rename() -> Value {
    serde_json::from_str(&fixture("failed-rename.json")).unwrap()
}

fn verdicts(report: &Value) -> impl Iterator<Item = &Value> {
    report["boots"].as_array().unwrap().iter().flat_map(|boot| boot["verdicts"].as_array().unwrap())
}

fn with_name<'a>(elements: &'a [Element], name: &str) -> Vec<&'a Element> {
    elements.iter().filter(|element| element.name == name).collect()
}

#[test]
fn the_page_says_all_and_what_was_lost_first() {
    let report = failed_rename();
    let written = Written::of(&report, &fixture("r640.yaml"));
    assert_eq!(written.code, Some(1));
    let Some((elements, _)) = written.read("report.html") else { return };
    let titles: Vec<&str> = with_name(&elements, "h2").iter().map(|title| title.text.as_str()).collect();
    assert_eq!(titles, ["Lost across a reboot", "Boots", "Network", "Expectations"]);
    assert!(elements.iter().any(|e| e.is("p", "verdict") && e.text.starts_with("9 things that held")));
    let rows: Vec<&str> =
        elements.iter().filter(|e| e.is("span", "says")).map(|says| says.text.as_str()).collect();
    for verdict in verdicts(&report) {
        let says = verdict["says"].as_str().unwrap();
        assert!(rows.contains(&says), "{says:?} is not in the table");
    }
    let quoted: Vec<&str> = with_name(&elements, "mark").iter().map(|mark| mark.text.as_str()).collect();
    assert!(quoted.contains(&"192.168.50.10/24"), "{quoted:?}");
}

#[test]
fn the_page_needs_nothing_else() {
    let written = Written::of(&failed_rename(), &fixture("r640.yaml"));
    let Some((elements, digest)) = written.read("report.html") else { return };
    for element in &elements {
        let active = ["script", "img", "link", "iframe", "object", "embed", "base", "form", "use", "image"];
        assert!(!active.contains(&element.name.as_str()), "<{}>", element.name);
        for name in element.attributes.as_object().unwrap().keys() {
            let leads = ["src", "srcset", "href", "action", "style", "data"].contains(&name.as_str());
            assert!(!leads && !name.starts_with("on"), "{name} of <{}>", element.name);
        }
    }
    let html = written.text("report.html");
    assert!(!html.contains("url(") && !html.contains("@import"), "the style sheet loads something");
    let policy = elements.iter().find(|e| e.attribute("http-equiv") == "Content-Security-Policy").unwrap();
    let allowed = format!("default-src 'none'; style-src 'sha256-{digest}'; ");
    assert!(policy.attribute("content").starts_with(&allowed), "{}", policy.attribute("content"));
}

#[test]
fn the_drawing_marks_what_broke() {
    let written = Written::of(&failed_rename(), &fixture("r640.yaml"));
    let Some((elements, _)) = written.read("report.html") else { return };
    // The boot that is not as it should be is drawn first, and the others, which are alike, after it.
    let drawings: Vec<usize> = elements
        .iter()
        .enumerate()
        .filter_map(|(index, e)| (e.name == "svg" && e.attribute("role") == "img").then_some(index))
        .collect();
    let broken = &elements[drawings[0]..drawings[1]];
    let lines: Vec<&str> =
        broken.iter().filter(|e| e.is("text", "line differs")).map(|line| line.text.as_str()).collect();
    assert_eq!(lines, ["✗ profile eno1", "✗ profile eno2", "✗ profile eno3", "✗ profile bond0.100 active"]);
    let joins = broken.iter().filter(|e| e.is("path", "join differs")).count();
    assert_eq!(joins, 4, "two ports of a bond, and two addresses");
    let rest = &elements[drawings[1]..];
    assert!(!rest.iter().any(|e| e.is("g", "node differs") || e.is("path", "join differs")));
}

#[test]
fn junit_has_a_case_for_each_verdict() {
    let mut report = failed_rename();
    report["boots"][0]["verdicts"][0]["outcome"] = "unknown".into();
    report["boots"][0]["verdicts"][0]["why"] = "nobody looked".into();
    let written = Written::of(&report, &fixture("r640.yaml"));
    let Some((elements, _)) = written.read("junit.xml") else { return };
    let cases = with_name(&elements, "testcase");
    let expected: Vec<&Value> = verdicts(&report).collect();
    assert_eq!(cases.len(), expected.len());
    for (case, verdict) in cases.iter().zip(&expected) {
        assert_eq!(case.attribute("name"), verdict["says"]);
        assert_eq!(case.attribute("file"), verdict["origin"]["file"]);
        assert_eq!(case.attribute("line"), verdict["origin"]["line"].to_string());
    }
    let (failures, errors) = (with_name(&elements, "failure"), with_name(&elements, "error"));
    assert_eq!((failures.len(), errors.len()), (9, 1));
    assert!(failures.iter().all(|failure| failure.attribute("type") == "lost"));
    assert_eq!(errors[0].attribute("message"), "nobody looked");
    let counts = |e: &Element| ["tests", "failures", "errors"].map(|name| e.attribute(name).to_owned());
    assert_eq!(counts(with_name(&elements, "testsuites")[0]), ["88", "9", "1"]);
    let suites: Vec<_> = with_name(&elements, "testsuite").iter().map(|suite| counts(suite)).collect();
    assert_eq!(suites, [["17", "0", "1"], ["23", "0", "0"], ["24", "0", "0"], ["24", "9", "0"]]);
}

/// The exit code, the page and JUnit agree; of a boot of which nothing is expected, nothing is shown.
#[test]
fn green_is_only_where_everything_is_met() {
    let mut met = failed_rename();
    met["regressions"] = json!([]);
    met["boots"].as_array_mut().unwrap().truncate(3);
    let mut silent = met.clone();
    silent["boots"][2]["verdicts"] = json!([]);
    let mut lost = met.clone();
    lost["regressions"] = failed_rename()["regressions"].clone();
    let mut mended = failed_rename();
    let now = mended["boots"][2].clone();
    mended["boots"][3]["is_earlier"] = true.into();
    mended["boots"].as_array_mut().unwrap().push(now);
    let mut empty = met.clone();
    empty["boots"] = json!([]);
    for (name, report, code, state, is_green) in [
        ("met", met, 0, "met", true),
        ("mended", mended, 0, "met", true),
        ("silent", silent, 1, "unknown", false),
        ("lost", lost, 1, "differs", false),
        ("empty", empty, 1, "unknown", false),
    ] {
        let written = Written::of(&report, &fixture("r640.yaml"));
        assert_eq!(written.code, Some(code), "{name}");
        let Some((page, _)) = written.read("report.html") else { return };
        assert_eq!(with_name(&page, "header")[0].attribute("class"), state, "{name}");
        let Some((junit, _)) = written.read("junit.xml") else { return };
        let all = with_name(&junit, "testsuites")[0];
        let bad = [all.attribute("failures"), all.attribute("errors")];
        assert_eq!(bad == ["0", "0"], is_green, "{name}: {bad:?}");
    }
}

#[test]
fn a_hostile_report_is_bounded_and_stays_text() {
    let hostile = "</p></script>]]><script>\"'&\u{1b}[2J\u{202e}\u{0}\u{200b}\u{ffff}";
    let long = format!("{hostile}{}", "x".repeat(1 << 20));
    let mut report = failed_rename();
    report["machine"] = long.as_str().into();
    let template = report["boots"][3]["verdicts"][5].clone();
    let many = (0..10_000).map(|number| {
        let mut verdict = template.clone();
        let words = if number < 1 { long.as_str() } else { hostile };
        verdict["says"] = words.into();
        verdict["subject"] = format!("interface/{number}{hostile}/address").into();
        verdict["expected"] = format!("{number}{words}").into();
        verdict["found"] = json!([words, words]);
        verdict["hint"] = words.into();
        verdict["origin"]["file"] = words.into();
        verdict["origin"]["key"] = words.into();
        verdict
    });
    report["boots"][3]["verdicts"] = many.collect();
    report["boots"][3]["name"] = hostile.into();
    report["boots"][3]["console"] = json!([hostile, long]);
    let written = Written::of(&report, &fixture("r640.yaml"));
    assert_eq!(written.code, Some(1));
    for (name, most) in [("report.html", 3 << 20), ("junit.xml", 30 << 20)] {
        let text = written.text(name);
        assert!(text.len() < most, "{name} has {} bytes", text.len());
        assert!(!text.contains("<script") && !text.contains("</script") && !text.contains("]]>"), "{name}");
        assert!(text.chars().all(|letter| letter == '\n' || is_printable(letter)), "{name}");
        if written.read(name).is_none() {
            return;
        }
    }
}

#[test]
fn no_line_with_a_secret_is_quoted() {
    let spec = fixture("r640.yaml");
    let lines = spec.lines().enumerate().map(|(index, line)| match index + 1 {
        12 => "      password_hash: zebra",
        41 => "          zebra",
        _ => line,
    });
    let spec = lines.collect::<Vec<_>>().join("\n");
    let html = Written::of(&failed_rename(), &spec).text("report.html");
    assert!(html.contains("not shown: it may hold a secret") && html.contains("<mark>"));
    assert!(!html.contains("zebra"));
}
