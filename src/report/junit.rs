//! Verdicts for programs that read JUnit's XML: a suite a boot, a case an expectation.

use std::collections::BTreeMap;

use super::element::Element;
use super::text::SENTENCE_CHARACTERS;
use super::text::VALUE_CHARACTERS;
use super::text::cut;
use super::text::values;
use crate::value::timestamp;
use crate::verify::BootReport;
use crate::verify::Outcome;
use crate::verify::Report;
use crate::verify::Verdict;

/// The report as JUnit XML, after Jenkins' `junit-10.xsd`; cases also have `file` and `line`, as others read them.
///
/// Boots that are over do not decide, and are not in it. What differs is a failure. What is unknown is an error, for what nobody looked at must not be green.
pub fn junit(report: &Report) -> String {
    let nothing = silent(report).map(|why| nothing(report, why));
    let (mut tests, mut failures, mut errors) = (0, 0, 0);
    for boot in deciding(report) {
        let (_, differs, unknown) = boot.counts();
        tests += boot.verdicts.len();
        failures += differs;
        errors += unknown;
    }
    tests += usize::from(nothing.is_some());
    errors += usize::from(nothing.is_some());
    let suites = deciding(report).map(|boot| suite(report, boot)).chain(nothing);
    let all = Element::new("testsuites")
        .with("name", "cotter")
        .with("tests", tests)
        .with("failures", failures)
        .with("errors", errors)
        .children(suites);
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{all}\n")
}

fn deciding(report: &Report) -> impl Iterator<Item = &BootReport> {
    report.boots.iter().filter(|boot| !boot.is_earlier)
}

fn suite(report: &Report, boot: &BootReport) -> Element {
    let name = format!("{}.{}", cut(&report.machine, VALUE_CHARACTERS), cut(&boot.name, VALUE_CHARACTERS));
    let (_, differs, unknown) = boot.counts();
    let mut suite = Element::new("testsuite")
        .with("name", &name)
        .with("tests", boot.verdicts.len())
        .with("failures", differs)
        .with("errors", unknown)
        .with("skipped", 0)
        .with("hostname", cut(&report.machine, VALUE_CHARACTERS))
        .with("time", boot.uptime_seconds);
    if boot.time_seconds > 0 {
        // JUnit's moments have no zone.
        suite = suite.with("timestamp", timestamp(boot.time_seconds).trim_end_matches('Z'));
    }
    let property = |name: &str, value: &str| {
        Element::new("property").with("name", name).with("value", cut(value, VALUE_CHARACTERS))
    };
    let properties = Element::new("properties")
        .child(property("machine", &report.machine))
        .child(property("life", boot.life.word()))
        .child(property("boot-id", &boot.boot_id));
    let lost_here = report.regressions.iter().filter(|lost| lost.lost_in == boot.name);
    let met_in: BTreeMap<&str, &str> =
        lost_here.map(|lost| (lost.says.as_str(), lost.met_in.as_str())).collect();
    let cases = boot.verdicts.iter().map(|verdict| case(verdict, &name, met_in.get(verdict.says.as_str())));
    let suite = suite.child(properties).children(cases);
    let said = boot.notes.iter().chain(&boot.console);
    let said: Vec<String> = said.map(|line| cut(line, VALUE_CHARACTERS)).collect();
    if said.is_empty() { suite } else { suite.child(Element::new("system-out").text(said.join("\n"))) }
}

fn case(verdict: &Verdict, class: &str, met_in: Option<&&str>) -> Element {
    let case = Element::new("testcase")
        .with("classname", class)
        .with("name", cut(&verdict.says, VALUE_CHARACTERS))
        .with("time", 0)
        .with("file", cut(&verdict.origin.file, VALUE_CHARACTERS))
        .with("line", verdict.origin.line);
    let origin = cut(&verdict.origin.to_string(), VALUE_CHARACTERS);
    match &verdict.outcome {
        Outcome::Met => case,
        Outcome::Differs { found, hint } => {
            let (kind, was) = match met_in {
                Some(boot) => ("lost", format!("met in `{}`; ", cut(boot, VALUE_CHARACTERS))),
                None => ("differs", String::new()),
            };
            let message = format!(
                "{was}expected {}, found {}",
                cut(&verdict.expected, VALUE_CHARACTERS),
                values(found)
            );
            let more = format!("{message}\n--> {origin}\nhelp: {}", cut(hint, SENTENCE_CHARACTERS));
            case.child(Element::new("failure").with("type", kind).with("message", message).text(more))
        }
        Outcome::Unknown { why } => {
            let why = cut(why, SENTENCE_CHARACTERS);
            let more = format!("expected {}\n--> {origin}", cut(&verdict.expected, VALUE_CHARACTERS));
            case.child(Element::new("error").with("type", "unknown").with("message", why).text(more))
        }
    }
}

/// Why a report in which nothing is wrong shows nothing all the same.
fn silent(report: &Report) -> Option<&'static str> {
    let is_met = |boot: &BootReport| boot.counts().0 == boot.verdicts.len();
    match report.all_met() {
        false if report.boots.is_empty() => Some("there is no record of any boot"),
        false if deciding(report).all(is_met) => Some("what it says does not show that everything is met"),
        _ => None,
    }
}

/// A machine that nothing is shown of has failed.
fn nothing(report: &Report, why: &str) -> Element {
    let machine = cut(&report.machine, VALUE_CHARACTERS);
    let error = Element::new("error").with("type", "unknown").with("message", why);
    let case = Element::new("testcase").with("classname", &machine).with("name", "a boot").with("time", 0);
    Element::new("testsuite")
        .with("name", &machine)
        .with("tests", 1)
        .with("failures", 0)
        .with("errors", 1)
        .with("skipped", 0)
        .child(case.child(error))
}
