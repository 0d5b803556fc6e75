//! What time servers told: which can be used, and whose clock is wrong.

use super::Endpoint;
use super::TimeSample;
use super::TimeTrouble;
use crate::document::Origin;
use crate::document::Sourced;
use crate::verify::Around;
use crate::verify::Expectation;
use crate::verify::Look;
use crate::verify::Subject;
use crate::verify::TimeProperty;

/// Clocks agree if they differ by no more than this, and by what they may be wrong, in seconds.
const AGREE_SECONDS: f64 = 1.0;
/// Beyond this, certificates and logins fail, in seconds (Kerberos' own limit, RFC 4120).
const FAIL_SECONDS: f64 = 300.0;

/// A time server, and what it told.
#[derive(Clone, Debug)]
pub struct TimeSeen {
    /// Its name, as it was written.
    pub server: Sourced<Endpoint>,
    /// The time, or why there is none.
    pub told: Result<TimeSample, TimeTrouble>,
}

/// The time from the `Date` of an HTTP answer.
#[derive(Clone, Debug)]
pub struct Dated {
    /// Who gave it.
    pub url: String,
    /// The time, which is exact to a second.
    pub sample: TimeSample,
}

/// Judges time servers, and the clock here by them. `dated` are other clocks, which are asked if a server is silent.
///
/// Clocks that agree are right if they are more than half of all, with the one here; `origin` asked for it to be right.
pub(super) fn time_look(seen: &[TimeSeen], dated: &[Dated], origin: &Origin) -> Look {
    let mut look = Look::new("time");
    let samples = seen.iter().filter_map(|seen| seen.told.as_ref().ok());
    let mut clocks = vec![TimeSample { ahead_seconds: 0.0, error_seconds: 0.0 }];
    clocks.extend(samples.copied().chain(dated.iter().map(|dated| dated.sample)));
    let right = right(&clocks);
    for server in seen {
        one(&mut look, server, &clocks, right, dated);
    }
    if clocks.len() > 1 {
        here(&mut look, &clocks, right, origin);
    }
    look
}

fn one(look: &mut Look, seen: &TimeSeen, clocks: &[TimeSample], right: Option<TimeSample>, dated: &[Dated]) {
    let (server, origin) = (seen.server.value.to_string(), &seen.server.origin);
    let answer = Subject::from(Around::TimeServer(server.clone(), TimeProperty::Answer));
    look.expect(Expectation::has(&answer, "usable", format!("time server {server} gives the time"), origin));
    let sample = match &seen.told {
        Ok(sample) => sample,
        Err(trouble) => {
            look.found(&answer, [words(trouble)]);
            look.explain(&answer, next_step(trouble, dated));
            return;
        }
    };
    look.found(&answer, ["usable"]);
    let time = Subject::from(Around::TimeServer(server.clone(), TimeProperty::Time));
    look.expect(Expectation::has(&time, "right", format!("time server {server} has the right time"), origin));
    match right {
        Some(right) if agree(*sample, right) => look.found(&time, ["right"]),
        Some(right) => {
            let by = sample.ahead_seconds - right.ahead_seconds;
            look.found(&time, [far(by, "the clocks that agree")]);
            look.explain(
                &time,
                "set its clock, or name another server: a machine that asks it would be as wrong",
            );
        }
        None if sample.ahead_seconds.abs() > FAIL_SECONDS => {
            look.found(&time, [far(sample.ahead_seconds, "the clock here")]);
            look.explain(&time, undecided(clocks.len()));
        }
        None => {
            look.cannot(
                &time,
                format!("it is {}; {}", far(sample.ahead_seconds, "the clock here"), undecided(clocks.len())),
            );
        }
    }
}

fn here(look: &mut Look, clocks: &[TimeSample], right: Option<TimeSample>, origin: &Origin) {
    let subject = Subject::from(Around::Clock);
    look.expect(Expectation::has(&subject, "right", "the clock here is right", origin));
    match right {
        // Who looks need not be exact; but what it says of certificates must hold.
        Some(right) if right.ahead_seconds.abs() <= FAIL_SECONDS => look.found(&subject, ["right"]),
        Some(right) => {
            look.found(&subject, [far(-right.ahead_seconds, "the clocks that agree")]);
            look.explain(&subject, "set the clock here: what was said of certificates may be wrong");
        }
        None => look.cannot(&subject, undecided(clocks.len())),
    }
}

/// The clock in the middle of those that agree, if they are more than half.
fn right(clocks: &[TimeSample]) -> Option<TimeSample> {
    let friends = |one: &TimeSample| clocks.iter().filter(|other| agree(*one, **other)).count();
    // Of several with as many friends it is the last, which is not the one here.
    let best = clocks.iter().max_by_key(|clock| friends(clock))?;
    (friends(best) * 2 > clocks.len()).then_some(*best)
}

fn agree(one: TimeSample, other: TimeSample) -> bool {
    let may = AGREE_SECONDS + one.error_seconds + other.error_seconds;
    (one.ahead_seconds - other.ahead_seconds).abs() <= may
}

fn far(ahead_seconds: f64, of: &str) -> String {
    let (much, word) = (ahead_seconds.abs(), if ahead_seconds < 0.0 { "behind" } else { "ahead of" });
    match much {
        much if much < 120.0 => format!("{much:.1} s {word} {of}"),
        much if much < 7200.0 => format!("{:.1} min {word} {of}", much / 60.0),
        much if much < 172_800.0 => format!("{:.1} h {word} {of}", much / 3600.0),
        much => format!("{:.1} days {word} {of}", much / 86_400.0),
    }
}

fn undecided(clocks: usize) -> String {
    match clocks {
        2 => "one of two clocks is wrong, and nobody says which: name another server with `--ntp`".to_owned(),
        many => format!(
            "{many} clocks do not agree, and none has most on its side: name more servers with `--ntp`"
        ),
    }
}

fn words(trouble: &TimeTrouble) -> String {
    match trouble {
        TimeTrouble::Name => "its name cannot be resolved".to_owned(),
        TimeTrouble::Unreachable(why) => format!("there is no way to it: {why}"),
        TimeTrouble::Refused => "nobody listens there".to_owned(),
        TimeTrouble::Silent => "no answer".to_owned(),
        TimeTrouble::Foreign => "an answer to another question".to_owned(),
        TimeTrouble::Garbage(why) => format!("no NTP: {why}"),
        TimeTrouble::Unsynchronized => "it does not know the time itself".to_owned(),
        TimeTrouble::Kiss(code) => format!("it does not want to be asked: {code}"),
        TimeTrouble::Coarse(seconds) => format!("it may be wrong by {seconds:.1} s, as it says itself"),
    }
}

fn next_step(trouble: &TimeTrouble, dated: &[Dated]) -> String {
    match trouble {
        TimeTrouble::Name => "see whether the name is right, and whether the name servers know it".to_owned(),
        TimeTrouble::Unreachable(_) => "see routes and firewalls".to_owned(),
        TimeTrouble::Refused => "see whether the server runs there, and lets others ask (chrony: `allow`)".to_owned(),
        TimeTrouble::Silent => {
            let shut = "see whether a firewall shuts UDP port 123, and whether the server lets others ask (chrony: `allow`)";
            match dated.first() {
                Some(dated) => {
                    let far = far(dated.sample.ahead_seconds, "the clock here");
                    format!("{shut}; the `Date` of {} is {far}, exact to a second", dated.url)
                }
                None => shut.to_owned(),
            }
        }
        TimeTrouble::Foreign => "see who else answers in its place: what came does not belong to the question".to_owned(),
        TimeTrouble::Garbage(_) => "see what answers at that port".to_owned(),
        TimeTrouble::Unsynchronized => "see its own sources: `chronyc sources`, or let it serve its own clock (chrony: `local stratum 10`)".to_owned(),
        TimeTrouble::Kiss(code) if code == "RATE" => "it is asked too often from here: wait, or name another server".to_owned(),
        TimeTrouble::Kiss(_) => "let it serve this network, or name another server".to_owned(),
        TimeTrouble::Coarse(_) => "see its own sources: `chronyc tracking`".to_owned(),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::Dated;
    use super::TimeSeen;
    use super::time_look;
    use crate::document::Origin;
    use crate::document::Sourced;
    use crate::preflight::TimeSample;
    use crate::preflight::TimeTrouble;
    use crate::verify::Outcome;

    fn origin() -> Origin {
        Origin::of_file("m.yaml")
    }

    fn sample(ahead_seconds: f64) -> TimeSample {
        TimeSample { ahead_seconds, error_seconds: 0.1 }
    }

    fn server(name: &str, told: Result<f64, TimeTrouble>) -> TimeSeen {
        let server = Sourced { value: name.parse().unwrap(), origin: origin() };
        TimeSeen { server, told: told.map(sample) }
    }

    /// Each subject with `met`, `unknown` or what was found.
    fn verdicts(seen: &[TimeSeen], dated: &[Dated]) -> Vec<(String, String)> {
        let report = time_look(seen, dated, &origin()).judge("m");
        let word = |outcome: &Outcome| match outcome {
            Outcome::Met => "met".to_owned(),
            Outcome::Unknown { .. } => "unknown".to_owned(),
            Outcome::Differs { found, .. } => found.join(" "),
        };
        report.verdicts.iter().map(|verdict| (verdict.subject.clone(), word(&verdict.outcome))).collect()
    }

    #[test]
    fn says_whose_clock_is_wrong() {
        for (servers, wanted) in [
            (&[0.2][..], &["met", "met"][..]),
            (&[2.5], &["unknown", "unknown"]),
            (&[400.0], &["6.7 min ahead of the clock here", "unknown"]),
            (&[0.1, 9.0], &["met", "8.9 s ahead of the clocks that agree", "met"]),
            (&[900.0, 900.2], &["met", "met", "15.0 min behind the clocks that agree"]),
            (&[9.0, 9.2], &["met", "met", "met"]),
            (&[9.0, -9.0], &["unknown", "unknown", "unknown"]),
            (&[0.0, 9.0, 9.1, 9.2], &["9.2 s behind the clocks that agree", "met", "met", "met", "met"]),
        ] {
            let seen =
                servers.iter().enumerate().map(|(index, ahead)| server(&format!("s{index}"), Ok(*ahead)));
            let seen: Vec<TimeSeen> = seen.collect();
            let all = verdicts(&seen, &[]);
            let found: Vec<&str> = all
                .iter()
                .filter(|(key, _)| !key.ends_with("/answer"))
                .map(|(_, word)| word.as_str())
                .collect();
            assert_eq!(found, wanted, "{servers:?}");
        }
    }

    #[test]
    fn an_answer_of_http_stands_in_for_a_silent_server() {
        let silent = [server("a", Err(TimeTrouble::Silent))];
        assert_eq!(verdicts(&silent, &[]), [("time/a/answer".into(), "no answer".into())]);
        let dated = [Dated {
            url: "https://r.lab".into(),
            sample: TimeSample { ahead_seconds: 3.0, error_seconds: 1.0 },
        }];
        let report = time_look(&silent, &dated, &origin()).judge("m");
        let hints: Vec<String> = report
            .verdicts
            .iter()
            .filter_map(|verdict| match &verdict.outcome {
                Outcome::Differs { hint, .. } => Some(hint.clone()),
                _ => None,
            })
            .collect();
        assert!(
            hints
                .first()
                .unwrap()
                .ends_with("the `Date` of https://r.lab is 3.0 s ahead of the clock here, exact to a second"),
            "{hints:?}"
        );
        assert_eq!(report.verdicts.len(), 2);
    }
}
