//! Questions to name servers, their answers as bytes (RFC 1035), and what they mean.

use std::net::IpAddr;

use hickory_proto::op::Message;
use hickory_proto::op::MessageType;
use hickory_proto::op::OpCode;
use hickory_proto::op::Query;
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::Name;
use hickory_proto::rr::RData;
use hickory_proto::rr::RecordType;

use super::Endpoint;
use crate::document::Origin;
use crate::document::Sourced;
use crate::value::printable;
use crate::verify::Around;
use crate::verify::Expectation;
use crate::verify::Look;
use crate::verify::NameProperty;
use crate::verify::Subject;

/// A longer chain of aliases is a circle.
const MAX_ALIASES: usize = 8;
/// The most values of one answer that are kept.
const MAX_VALUES: usize = 32;

/// What a name server is asked, and what it should say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameQuestion {
    /// The name that is asked for; of an address, the name that it should lead to.
    pub name: String,
    /// What a person calls it, as in `*.apps.sno1.lab.example.com`; of most the name itself.
    pub shown: String,
    /// What should be.
    pub kind: NameKind,
    /// The line that asked for it.
    pub origin: Origin,
}

/// What a name server should say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NameKind {
    /// The name leads to these addresses and no others; to any, if there are none.
    Leads(Vec<IpAddr>),
    /// There is no such name.
    Absent,
    /// This address leads to the name.
    Host(IpAddr),
}

/// A record that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameRecord {
    name: Name,
    kind: RecordType,
}

/// What came of one question for a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NameAnswer {
    /// The addresses or names.
    Found(Vec<String>),
    /// The name is there without such a record.
    NoData,
    /// There is no such name.
    NoName,
    /// The server failed.
    Failed,
    /// It does not answer for whoever asks.
    Refused,
    /// Another code of trouble.
    Code(String),
    /// It knows others to ask, and does not ask them.
    Lame,
    /// The answer was cut: it must be asked for by TCP.
    Truncated,
    /// It was cut, and by TCP there is no answer.
    NoTcp(String),
    /// It is no answer.
    Garbage(String),
    /// No answer in time.
    Silent,
    /// Nobody listens there, or there is no way.
    Unreachable(String),
}

/// A name server, and what it said to each question.
#[derive(Clone, Debug)]
pub struct NameServerSeen {
    /// Its address, as it was written.
    pub server: Sourced<Endpoint>,
    /// For each question, in order, the answers for its records.
    pub answers: Vec<Vec<NameAnswer>>,
}

impl NameQuestion {
    /// One whose name is shown as it is.
    pub fn new(name: &str, kind: NameKind, origin: &Origin) -> Self {
        Self { name: name.to_owned(), shown: name.to_owned(), kind, origin: origin.clone() }
    }

    /// The records to ask for; none if the name can be none.
    pub fn records(&self) -> Vec<NameRecord> {
        let (name, kinds) = match self.kind {
            NameKind::Host(address) => (Ok(Name::from(address)), &[RecordType::PTR][..]),
            // An address of the other family that leads elsewhere harms as much.
            _ => (Name::from_ascii(&self.name), &[RecordType::A, RecordType::AAAA][..]),
        };
        let Ok(mut name) = name else { return Vec::new() };
        name.set_fqdn(true);
        kinds.iter().map(|kind| NameRecord { name: name.clone(), kind: *kind }).collect()
    }
}

/// The bytes of a question with the number `id`.
pub fn name_question(id: u16, record: &NameRecord) -> Option<Vec<u8>> {
    let mut message = Message::new(id, MessageType::Query, OpCode::Query);
    message.metadata.recursion_desired = true;
    message.add_query(Query::query(record.name.clone(), record.kind));
    message.to_vec().ok()
}

/// What an answer says; nothing if it belongs to another question.
pub fn read_name_answer(id: u16, record: &NameRecord, bytes: &[u8]) -> Option<NameAnswer> {
    if bytes.get(..2) != Some(&id.to_be_bytes()) {
        return None;
    }
    let message = match Message::from_vec(bytes) {
        Ok(message) => message,
        Err(cause) => return Some(NameAnswer::Garbage(printable(&cause.to_string()))),
    };
    let is_ours =
        |query: &Query| query.name().eq_ignore_root(&record.name) && query.query_type() == record.kind;
    let (about, code) = (&message.metadata, message.metadata.response_code);
    // Who refuses need not repeat the question.
    if about.message_type != MessageType::Response
        || !(message.queries.iter().any(is_ours) || message.queries.is_empty())
    {
        return None;
    }
    Some(match code {
        _ if about.truncation => NameAnswer::Truncated,
        ResponseCode::NoError => values(&message, record),
        ResponseCode::NXDomain => NameAnswer::NoName,
        ResponseCode::ServFail => NameAnswer::Failed,
        ResponseCode::Refused => NameAnswer::Refused,
        other => NameAnswer::Code(printable(&other.to_string())),
    })
}

fn values(message: &Message, record: &NameRecord) -> NameAnswer {
    let mut name = record.name.clone();
    for _ in 0..MAX_ALIASES {
        let of_name = || message.answers.iter().filter(|answer| answer.name.eq_ignore_root(&name));
        let found: Vec<String> =
            of_name().filter_map(|answer| value(&answer.data, record.kind)).take(MAX_VALUES).collect();
        if !found.is_empty() {
            return NameAnswer::Found(found);
        }
        let alias = of_name().find_map(|answer| match &answer.data {
            RData::CNAME(alias) => Some(alias.0.clone()),
            _ => None,
        });
        match alias {
            Some(alias) => name = alias,
            None => {
                let refers = message.authorities.iter().any(|record| record.record_type() == RecordType::NS);
                let knows = message.metadata.authoritative || message.metadata.recursion_available;
                return if refers && !knows { NameAnswer::Lame } else { NameAnswer::NoData };
            }
        }
    }
    NameAnswer::Garbage("its aliases lead in a circle".to_owned())
}

fn value(data: &RData, kind: RecordType) -> Option<String> {
    match (data, kind) {
        (RData::A(address), RecordType::A) => Some(address.0.to_string()),
        (RData::AAAA(address), RecordType::AAAA) => Some(address.0.to_string()),
        (RData::PTR(name), RecordType::PTR) => Some(bare(&name.0.to_ascii())),
        _ => None,
    }
}

/// A name in small letters without the dot at its end.
fn bare(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

/// Judges what name servers said to `questions`.
pub(super) fn name_look(questions: &[NameQuestion], seen: &[NameServerSeen]) -> Look {
    let mut look = Look::new("names");
    for server in seen {
        let (name, origin) = (&server.server.value.to_string(), &server.server.origin);
        let subject = Subject::from(Around::NameServer(name.clone()));
        look.expect(Expectation::has(&subject, "yes", format!("name server {name} answers"), origin));
        let mut all = server.answers.iter().flatten().peekable();
        let first = all.peek().map(|answer| (*answer).clone());
        if let Some(trouble) = first.filter(|_| all.all(is_trouble)) {
            // One server that is not there is one thing to say.
            look.found(&subject, [words(&trouble)]);
            look.explain(&subject, next_step(&trouble));
            continue;
        }
        look.found(&subject, ["yes"]);
        for (index, question) in questions.iter().enumerate() {
            let others = seen.iter().filter(|other| other.server.value != server.server.value);
            let others: Vec<(String, NameAnswer)> = others
                .filter_map(|other| Some((other.server.value.to_string(), whole(other.answers.get(index)?)?)))
                .collect();
            match server.answers.get(index).and_then(|answers| whole(answers)) {
                Some(answer) => judge(&mut look, name, question, &answer, &others),
                None => refuse(&mut look, name, question),
            }
        }
    }
    look
}

/// What the answers for a question's records come to.
fn whole(answers: &[NameAnswer]) -> Option<NameAnswer> {
    let found: Vec<String> = answers
        .iter()
        .filter_map(|answer| match answer {
            NameAnswer::Found(values) => Some(values.clone()),
            _ => None,
        })
        .flatten()
        .collect();
    if !found.is_empty() {
        return Some(NameAnswer::Found(found));
    }
    answers.iter().find(|answer| is_trouble(answer)).or_else(|| answers.first()).cloned()
}

fn judge(
    look: &mut Look,
    server: &str,
    question: &NameQuestion,
    answer: &NameAnswer,
    others: &[(String, NameAnswer)],
) {
    let (shown, origin) = (&question.shown, &question.origin);
    let about =
        |name: &str, property| Subject::from(Around::Name(server.to_owned(), name.to_owned(), property));
    let found = match answer {
        NameAnswer::Found(values) => values.clone(),
        other => vec![words(other)],
    };
    let other = others.iter().find(|(_, said)| differ(said, answer));
    let other = other
        .map(|(other, said)| format!("; name server {other} says {}", said_by(said)))
        .unwrap_or_default();
    let settle = |look: &mut Look, subject: &Subject, values: Vec<String>, next: String| match answer {
        NameAnswer::Silent => {
            look.cannot(subject, "it gave no answer to this, and answers to other questions")
        }
        _ => {
            look.found(subject, values);
            look.explain(subject, format!("{next}{other}"));
        }
    };
    match &question.kind {
        NameKind::Leads(to) if to.is_empty() => {
            let subject = about(shown, NameProperty::Known);
            let is_known = matches!(answer, NameAnswer::Found(_));
            look.expect(Expectation::has(&subject, "yes", format!("{server} knows {shown}"), origin));
            settle(
                look,
                &subject,
                if is_known { vec!["yes".to_owned()] } else { found },
                missing(answer, "an address"),
            );
        }
        NameKind::Leads(to) => {
            let subject = about(shown, NameProperty::Address);
            for address in to {
                let says = format!("{server} leads {shown} to {address}");
                look.expect(Expectation::has(&subject, address.to_string(), says, origin));
            }
            let wanted: Vec<String> = to.iter().map(ToString::to_string).collect();
            let stray: Vec<String> = found.iter().filter(|value| !wanted.contains(value)).cloned().collect();
            let is_right = wanted.iter().all(|wanted| found.contains(wanted));
            settle(look, &subject, found, missing(answer, &wanted.join(" and ")));
            // What leads there and elsewhere works now and then.
            if is_right && !stray.is_empty() {
                let subject = about(shown, NameProperty::Stray);
                let says = format!("{server} leads {shown} nowhere else");
                look.expect(Expectation::has(&subject, "none", says, origin));
                settle(
                    look,
                    &subject,
                    stray,
                    "take the other records away: who asks gets one or the other".to_owned(),
                );
            }
        }
        NameKind::Absent => {
            let subject = about(shown, NameProperty::Absent);
            look.expect(Expectation::has(&subject, "yes", format!("{server} knows no {shown}"), origin));
            match answer {
                NameAnswer::NoName | NameAnswer::NoData => look.found(&subject, ["yes"]),
                NameAnswer::Found(_) => {
                    let next = format!(
                        "a name that nobody made leads somewhere: take the wildcard record at `{shown}` away, or narrow it"
                    );
                    settle(look, &subject, found, next);
                }
                trouble => look.cannot(&subject, format!("{}, so a wildcard would not show", words(trouble))),
            }
        }
        NameKind::Host(address) => {
            let subject = about(&address.to_string(), NameProperty::Host);
            let name = bare(&question.name);
            look.expect(Expectation::has(
                &subject,
                &name,
                format!("{server} leads {address} back to {name}"),
                origin,
            ));
            let next = match answer {
                NameAnswer::Found(_) => format!(
                    "let the PTR record of {address} name {name}: a machine without a name of its own takes this one"
                ),
                _ => missing(answer, &format!("a PTR record with {name}")),
            };
            settle(look, &subject, found, next);
        }
    }
}

fn refuse(look: &mut Look, server: &str, question: &NameQuestion) {
    let subject = Subject::from(Around::Name(server.to_owned(), question.shown.clone(), NameProperty::Known));
    look.expect(Expectation::has(
        &subject,
        "yes",
        format!("{server} knows {}", question.shown),
        &question.origin,
    ));
    look.cannot(&subject, "it can be no name, so nobody was asked");
}

fn differ(one: &NameAnswer, other: &NameAnswer) -> bool {
    match (one, other) {
        (NameAnswer::Found(one), NameAnswer::Found(other)) => {
            one.iter().any(|value| !other.contains(value)) || other.iter().any(|value| !one.contains(value))
        }
        (one, other) => one != other && !is_trouble(one),
    }
}

fn said_by(answer: &NameAnswer) -> String {
    match answer {
        NameAnswer::Found(values) => values.join(", "),
        other => words(other),
    }
}

fn is_trouble(answer: &NameAnswer) -> bool {
    !matches!(answer, NameAnswer::Found(_) | NameAnswer::NoData | NameAnswer::NoName)
}

fn words(answer: &NameAnswer) -> String {
    match answer {
        NameAnswer::Found(values) => values.join(", "),
        NameAnswer::NoData => "no such record".to_owned(),
        NameAnswer::NoName => "no such name (NXDOMAIN)".to_owned(),
        NameAnswer::Failed => "it fails (SERVFAIL)".to_owned(),
        NameAnswer::Refused => "it refuses (REFUSED)".to_owned(),
        NameAnswer::Code(code) => format!("trouble: {code}"),
        NameAnswer::Lame => "it sends on to others, and does not ask them".to_owned(),
        NameAnswer::Truncated => "a cut answer".to_owned(),
        NameAnswer::NoTcp(why) => format!("a cut answer, and none by TCP: {why}"),
        NameAnswer::Garbage(why) => format!("no answer of DNS: {why}"),
        NameAnswer::Silent => "no answer".to_owned(),
        NameAnswer::Unreachable(why) => why.clone(),
    }
}

fn missing(answer: &NameAnswer, record: &str) -> String {
    match answer {
        NameAnswer::Found(_) | NameAnswer::NoData | NameAnswer::NoName => {
            format!("let its record be {record}")
        }
        trouble => next_step(trouble),
    }
}

fn next_step(answer: &NameAnswer) -> String {
    match answer {
        NameAnswer::Failed => "see its log: those that it asks in turn may be gone, or DNSSEC does not hold",
        NameAnswer::Refused => "let it answer this network (unbound: `access-control`, BIND: `allow-query`)",
        NameAnswer::Lame => "name a server that asks others itself, or let it (BIND: `recursion yes`)",
        NameAnswer::Truncated | NameAnswer::NoTcp(_) => {
            "let TCP port 53 through: long answers come that way only"
        }
        NameAnswer::Garbage(_) => "see what answers at that port",
        NameAnswer::Silent => "see whether it runs, and whether a firewall shuts port 53",
        NameAnswer::Unreachable(_) => "see whether it runs there, and routes and firewalls",
        _ => "see its log",
    }
    .to_owned()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use hickory_proto::op::Message;
    use hickory_proto::op::ResponseCode;
    use hickory_proto::rr::Name;
    use hickory_proto::rr::RData;
    use hickory_proto::rr::Record;
    use hickory_proto::rr::rdata::CNAME;
    use hickory_proto::rr::rdata::NS;

    use super::NameAnswer;
    use super::NameKind;
    use super::NameQuestion;
    use super::NameRecord;
    use super::NameServerSeen;
    use super::name_look;
    use super::name_question;
    use super::read_name_answer;
    use crate::document::Origin;
    use crate::document::Sourced;
    use crate::verify::Outcome;

    fn origin() -> Origin {
        Origin::of_file("m.yaml")
    }

    fn question(name: &str, kind: NameKind) -> NameQuestion {
        NameQuestion::new(name, kind, &origin())
    }

    fn api() -> NameRecord {
        question("api.c.lab", NameKind::Leads(Vec::new())).records().remove(0)
    }

    /// What is read of an answer to a question for `api.c.lab`.
    fn read(change: impl FnOnce(&mut Message)) -> Option<NameAnswer> {
        let asked = Message::from_vec(&name_question(7, &api()).unwrap()).unwrap();
        let mut answer = asked.into_response();
        answer.metadata.recursion_available = true;
        change(&mut answer);
        read_name_answer(7, &api(), &answer.to_vec().unwrap())
    }

    fn name(text: &str) -> Name {
        Name::from_ascii(text).unwrap()
    }

    #[test]
    fn answers_are_told_apart() {
        let address = |owner: &str| {
            Record::from_rdata(name(owner), 1, RData::A(std::net::Ipv4Addr::new(10, 0, 0, 1).into()))
        };
        let alias = |from: &str, to: &str| Record::from_rdata(name(from), 1, RData::CNAME(CNAME(name(to))));
        let found = Some(NameAnswer::Found(vec!["10.0.0.1".into()]));
        assert_eq!(read(|m| m.answers = vec![address("API.c.lab.")]), found);
        assert_eq!(read(|m| m.answers = vec![alias("api.c.lab.", "b."), address("b.")]), found);
        assert_eq!(read(|m| m.answers = vec![address("other.lab.")]), Some(NameAnswer::NoData));
        let circle = read(|m| m.answers = vec![alias("api.c.lab.", "api.c.lab.")]);
        assert!(matches!(circle, Some(NameAnswer::Garbage(_))), "{circle:?}");
        let lame = read(|m| {
            m.metadata.recursion_available = false;
            m.add_authority(Record::from_rdata(name("lab."), 1, RData::NS(NS(name("ns.lab.")))));
        });
        assert_eq!(lame, Some(NameAnswer::Lame));
        for (code, wanted) in [
            (ResponseCode::NXDomain, NameAnswer::NoName),
            (ResponseCode::ServFail, NameAnswer::Failed),
            (ResponseCode::Refused, NameAnswer::Refused),
            (ResponseCode::NotImp, NameAnswer::Code("Not Implemented".into())),
        ] {
            assert_eq!(read(|m| m.metadata.response_code = code), Some(wanted));
        }
        assert_eq!(read(|m| m.metadata.truncation = true), Some(NameAnswer::Truncated));
        assert_eq!(read(|m| m.metadata.id = 8), None);
        assert_eq!(read(|m| m.metadata.message_type = super::MessageType::Query), None);
    }

    #[test]
    fn bytes_of_others_cannot_harm() {
        let whole = name_question(7, &api()).unwrap();
        for length in 0..whole.len() {
            let cut = read_name_answer(7, &api(), &whole[..length]);
            assert!(matches!(cut, None | Some(NameAnswer::Garbage(_))), "{length}: {cut:?}");
        }
        let loops = [0, 7, 0x80, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0xc0, 12, 0, 1, 0, 1];
        assert!(matches!(read_name_answer(7, &api(), &loops), Some(NameAnswer::Garbage(_))));
    }

    #[test]
    fn what_can_be_no_name_is_not_asked() {
        for wrong in ["a..b", &"x".repeat(64), &"a.".repeat(200)] {
            assert_eq!(question(wrong, NameKind::Absent).records(), [], "{wrong}");
        }
    }

    fn found(values: &[&str]) -> NameAnswer {
        NameAnswer::Found(values.iter().map(|value| (*value).to_owned()).collect())
    }

    /// The word, or what was found and the hint.
    fn verdicts(kind: NameKind, servers: &[(&str, NameAnswer)]) -> Vec<String> {
        let asked = [question("api.c.lab", kind), question("other.lab", NameKind::Absent)];
        let seen: Vec<NameServerSeen> = servers
            .iter()
            .map(|(name, answer)| NameServerSeen {
                server: Sourced { value: name.parse().unwrap(), origin: origin() },
                answers: vec![vec![answer.clone()], vec![NameAnswer::NoName]],
            })
            .collect();
        let report = name_look(&asked, &seen).judge("m");
        let told = report
            .verdicts
            .iter()
            .filter(|verdict| verdict.subject.contains("api") || verdict.subject.contains("10."));
        told.map(|verdict| match &verdict.outcome {
            Outcome::Met => "met".to_owned(),
            Outcome::Unknown { why } => format!("unknown: {why}"),
            Outcome::Differs { found, hint } => format!("{}: {hint}", found.join(", ")),
        })
        .collect()
    }

    #[test]
    fn judges_by_what_should_be() {
        let to = || NameKind::Leads(vec!["10.0.0.1".parse().unwrap()]);
        let host = || NameKind::Host("10.0.0.1".parse().unwrap());
        for (kind, answer, wanted) in [
            (to(), found(&["10.0.0.1"]), &["met"][..]),
            (to(), found(&["10.0.0.2"]), &["10.0.0.2: let its record be 10.0.0.1"]),
            (
                to(),
                found(&["10.0.0.1", "fd00::9"]),
                &["met", "fd00::9: take the other records away: who asks gets one or the other"],
            ),
            (to(), NameAnswer::NoName, &["no such name (NXDOMAIN): let its record be 10.0.0.1"]),
            (
                to(),
                NameAnswer::Silent,
                &["unknown: it gave no answer to this, and answers to other questions"],
            ),
            (NameKind::Leads(Vec::new()), found(&["10.0.0.2"]), &["met"]),
            (NameKind::Absent, NameAnswer::NoData, &["met"]),
            (
                NameKind::Absent,
                NameAnswer::Failed,
                &["unknown: it fails (SERVFAIL), so a wildcard would not show"],
            ),
            (host(), found(&["api.c.lab"]), &["met"]),
            (
                host(),
                NameAnswer::NoName,
                &["no such name (NXDOMAIN): let its record be a PTR record with api.c.lab"],
            ),
        ] {
            assert_eq!(verdicts(kind.clone(), &[("s", answer.clone())]), wanted, "{kind:?} {answer:?}");
        }
        let wild = verdicts(NameKind::Absent, &[("s", found(&["10.0.0.9"]))]);
        assert!(wild[0].contains("wildcard"), "{wild:?}");
    }

    #[test]
    fn servers_that_differ_are_told() {
        let to = NameKind::Leads(vec!["10.0.0.1".parse().unwrap()]);
        let told = verdicts(to, &[("a", found(&["10.0.0.1"])), ("b", found(&["10.0.0.2"]))]);
        assert_eq!(told, ["met", "10.0.0.2: let its record be 10.0.0.1; name server a says 10.0.0.1"]);
    }

    #[test]
    fn a_server_that_is_not_there_is_told_once() {
        let asked = [question("a.lab", NameKind::Absent), question("b.lab", NameKind::Absent)];
        let server = Sourced { value: "10.0.0.53".parse().unwrap(), origin: origin() };
        let seen = NameServerSeen { server, answers: vec![vec![NameAnswer::Silent; 2]; 2] };
        let report = name_look(&asked, &[seen]).judge("m");
        assert_eq!(report.verdicts.len(), 1);
    }
}
