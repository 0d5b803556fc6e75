//! The operator's metrics, as somebody scraped them to a file (Prometheus' text format, version 0.0.4).

use std::sync::LazyLock;

use serde::Deserialize;
use serde::Serialize;

use super::Remark;
use super::Weight;
use super::reasons;
use crate::document::nearest;
use crate::value::printable;

static METRICS: LazyLock<Vec<Metric>> =
    // The table is part of the program; the test below holds that it can be read.
    LazyLock::new(|| {
        toml::from_str::<Table>(include_str!("metrics.toml")).map(|t| t.metrics).unwrap_or_default()
    });

/// How the operator's metrics begin.
const PREFIXES: [&str; 3] = ["mcd_", "mcc_", "mco_"];
/// More samples than that are not kept.
const MAX_SAMPLES: usize = 10_000;

#[derive(Debug, Deserialize)]
struct Table {
    metrics: Vec<Metric>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Metric {
    name: String,
    #[serde(default)]
    was: Vec<String>,
    says: String,
    #[serde(default)]
    above: Option<f64>,
    #[serde(default)]
    label: Option<String>,
    #[serde(default)]
    values: Vec<String>,
    #[serde(default)]
    notice: bool,
    #[serde(default)]
    next: String,
}

/// A sample of a metric that is known, and what it comes to.
#[derive(Clone, Debug, Serialize)]
pub struct MetricVerdict {
    /// The metric, by its name of today.
    pub metric: String,
    /// What stands in braces, as it was written.
    pub labels: Vec<(String, String)>,
    /// The value.
    pub value: f64,
    /// What it tells.
    pub says: String,
    /// Whether it is as it should be.
    pub is_well: bool,
}

/// One line of the format.
#[derive(Clone, Debug, PartialEq)]
struct Sample {
    name: String,
    labels: Vec<(String, String)>,
    value: f64,
}

/// Says what metrics come to; `name_of_source` names the text in remarks.
pub fn explain_metrics(name_of_source: &str, text: &str) -> (Vec<MetricVerdict>, Vec<Remark>) {
    let (mut verdicts, mut findings) = (Vec::new(), Vec::new());
    let remark = |weight, about: String, what: String, next: &str| Remark {
        weight,
        about,
        what,
        next: next.to_owned(),
        origin: None,
    };
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        let place = format!("{name_of_source}:{}", index + 1);
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let Some(sample) = parse(line) else {
            let what = "this line is no sample".to_owned();
            findings.push(remark(Weight::Notice, place, what, "give the metrics as a scrape writes them"));
            continue;
        };
        let Some(metric) = METRICS.iter().find(|metric| metric.is(&sample.name)) else {
            if PREFIXES.iter().any(|prefix| sample.name.starts_with(prefix)) {
                let known = METRICS.iter().map(|metric| metric.name.as_str());
                let next = nearest(&sample.name, known).map(|near| format!("did you mean `{near}`?"));
                let what = format!("`{}` is no metric that is known", sample.name);
                findings.push(remark(Weight::Notice, place, what, &next.unwrap_or_default()));
            }
            continue;
        };
        let is_wrong = metric.is_wrong(&sample);
        if is_wrong {
            let labels: Vec<String> =
                sample.labels.iter().map(|(key, value)| format!("{key}=\"{}\"", printable(value))).collect();
            let said = sample.labels.iter().find(|(key, _)| key == "reason" || key == "err");
            let reason = said.map(|(_, said)| reasons::explain(said)).unwrap_or_default();
            let next = if reason.next.is_empty() { &metric.next } else { &reason.next };
            let what = format!("{}: {} ({}){}", metric.says, sample.value, labels.join(", "), reason.means());
            let weight = if metric.notice { Weight::Notice } else { Weight::Wrong };
            findings.push(remark(weight, format!("metric {}", metric.name), what, next));
        }
        if verdicts.len() < MAX_SAMPLES {
            verdicts.push(MetricVerdict {
                metric: metric.name.clone(),
                labels: sample.labels,
                value: sample.value,
                says: metric.says.clone(),
                is_well: !is_wrong || metric.notice,
            });
        }
    }
    findings.sort_by_key(|finding| finding.weight);
    (verdicts, findings)
}

impl Metric {
    fn is(&self, name: &str) -> bool {
        self.name == name || self.was.iter().any(|was| was == name)
    }

    fn is_wrong(&self, sample: &Sample) -> bool {
        if let Some(above) = self.above {
            return sample.value > above;
        }
        let Some(label) = &self.label else { return false };
        let value = sample.labels.iter().find(|(key, _)| key == label).map(|(_, value)| value.as_str());
        let value = value.unwrap_or_default();
        // A gauge that went back to 0 tells of what was.
        sample.value != 0.0
            && !value.is_empty()
            && self.values.iter().any(|wrong| wrong == "*" || wrong == value)
    }
}

/// `name{label="value",…} 1.5 TIMESTAMP`.
fn parse(line: &str) -> Option<Sample> {
    let end = line.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':'))?;
    let (name, rest) = line.split_at_checked(end)?;
    let rest = rest.trim_start();
    let (labels, rest) = match rest.strip_prefix('{') {
        Some(rest) => labels(rest)?,
        None => (Vec::new(), rest),
    };
    let value: f64 = rest.split_whitespace().next()?.parse().ok()?;
    // JSON has no others.
    (!name.is_empty() && value.is_finite()).then(|| Sample { name: name.to_owned(), labels, value })
}

/// The labels up to the closing brace, and what follows it.
fn labels(text: &str) -> Option<(Vec<(String, String)>, &str)> {
    let mut labels = Vec::new();
    let mut rest = text.trim_start();
    loop {
        if let Some(after) = rest.strip_prefix('}') {
            return Some((labels, after));
        }
        let (key, after) = rest.split_once('=')?;
        let mut value = String::new();
        let mut letters = after.trim_start().strip_prefix('"')?.chars();
        loop {
            match letters.next()? {
                '"' => break,
                '\\' => match letters.next()? {
                    'n' => value.push('\n'),
                    other => value.push(other),
                },
                letter => value.push(letter),
            }
        }
        labels.push((key.trim().to_owned(), value));
        rest = letters.as_str().trim_start().trim_start_matches(',').trim_start();
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::METRICS;
    use super::explain_metrics;
    use super::parse;

    #[test]
    fn the_table_can_be_read() {
        assert!(METRICS.len() > 15);
        for metric in METRICS.iter() {
            let is_judged = metric.above.is_some() || metric.label.is_some();
            assert_eq!(is_judged, !metric.next.is_empty(), "{}", metric.name);
        }
    }

    #[test]
    fn reads_samples() {
        let sample =
            parse(r#"mcd_state{reason="a \"b\"\\, c}\n",state="Done"} 1.7e+09 1700000000000"#).unwrap();
        assert_eq!(sample.labels[0], ("reason".to_owned(), "a \"b\"\\, c}\n".to_owned()));
        assert_eq!((sample.labels[1].1.as_str(), sample.value), ("Done", 1.7e9));
        for wrong in
            ["mcd_state", "mcd_state{", "mcd_state{a=\"b} 1", "mcd_state NaN", "{} 1", "mcd_state{a} 1"]
        {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn says_what_is_wrong_by_new_names_and_old_ones() {
        for (line, wrong, about) in [
            ("mcd_reboots_failed_total 0", false, ""),
            ("mcd_reboots_failed_total 1", true, "metric mcd_reboots_failed_total"),
            ("mcd_reboot_err{message=\"x\"} 1", true, "metric mcd_reboots_failed_total"),
            ("mcd_drain_err 2", true, "metric mcc_drain_err"),
            ("mcd_kubelet_state 2", false, ""),
            ("mcd_kubelet_state 3", true, "metric mcd_kubelet_state"),
            ("mcd_state{state=\"Done\",reason=\"\"} 1", false, ""),
            ("mcd_state{state=\"Degraded\",reason=\"x\"} 1", true, "metric mcd_state"),
            ("mcd_update_state{config=\"a\",err=\"\"} 1", false, ""),
            ("mcd_update_state{config=\"a\",err=\"no\"} 1", true, "metric mcd_update_state"),
            ("other_metric 5", false, ""),
        ] {
            let (_, findings) = explain_metrics("m", line);
            let abouts: Vec<&str> = findings.iter().map(|finding| finding.about.as_str()).collect();
            assert_eq!(abouts, if wrong { vec![about] } else { vec![] }, "{line}");
        }
        let (_, findings) = explain_metrics("m", "mcd_stat 1\n!");
        assert!(findings[0].next.contains("mcd_state") && findings[1].about == "m:2", "{findings:?}");
    }
}
