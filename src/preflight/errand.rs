//! What surrounds a machine, asked on the machine itself by a script (`templates/files/cotter-surroundings`).
//!
//! The script carries questions as bytes and brings the answers back as they came: they are read as those that come here.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use super::AddressSeen;
use super::GatewaySeen;
use super::Holder;
use super::Moment;
use super::NameAnswer;
use super::NameServerSeen;
use super::Observed;
use super::PlaceSeen;
use super::Surroundings;
use super::TimeSeen;
use super::TimeTrouble;
use super::name_question;
use super::read_name_answer;
use super::read_time_answer;
use super::time_question;
use crate::images::Trouble;
use crate::images::TroubleKind;
use crate::value::MacAddress;
use crate::value::printable;

/// The script that asks.
pub const SURROUNDINGS_SCRIPT: &str = include_str!("../../templates/files/cotter-surroundings");

const NOT_SAID: &str = "the machine says nothing of it";

/// What a script is to ask, and what is needed to read the answers.
#[derive(Clone, Debug)]
pub struct Errand<'a> {
    wanted: &'a Surroundings,
    seconds: u64,
    cookies: Vec<[u8; 8]>,
    ids: Vec<u16>,
}

impl<'a> Errand<'a> {
    /// An errand; `random` gives bytes that nobody can guess, and an answer may take `timeout`.
    pub fn new(wanted: &'a Surroundings, timeout: Duration, mut random: impl FnMut() -> [u8; 8]) -> Self {
        let cookies = wanted.time_servers.iter().map(|_| random()).collect();
        let asked: usize = wanted.names.iter().map(|question| question.records().len()).sum();
        let ids = (0..asked * wanted.name_servers.len()).map(|_| {
            let [one, two, ..] = random();
            u16::from_be_bytes([one, two])
        });
        Self { wanted, seconds: timeout.as_secs().max(1), cookies, ids: ids.collect() }
    }

    /// Shell variables for the script.
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        let mut times = String::new();
        for (index, (server, cookie)) in self.wanted.time_servers.iter().zip(&self.cookies).enumerate() {
            let (host, port) = (&server.value.host, server.value.port.unwrap_or(123));
            // Writing to a text does not fail.
            let _ = writeln!(times, "{index} {host} {port} {}", hex::encode(time_question(*cookie)));
        }
        let mut names = String::new();
        let mut ids = self.ids.iter().enumerate();
        for server in &self.wanted.name_servers {
            let (host, port) = (&server.value.host, server.value.port.unwrap_or(53));
            for record in self.wanted.names.iter().flat_map(super::NameQuestion::records) {
                let Some((index, id)) = ids.next() else { break };
                let question = name_question(*id, &record).unwrap_or_default();
                let _ = writeln!(names, "{index} {host} {port} {}", hex::encode(question));
            }
        }
        let mut places = String::new();
        for (index, place) in self.wanted.places.iter().enumerate() {
            let _ = match place.value.tcp() {
                Some((host, port)) => writeln!(places, "{index} tcp {host} {port}"),
                None => writeln!(places, "{index} url {}", place.value),
            };
        }
        let mut neighbours = String::new();
        for (index, address) in self.wanted.addresses.iter().enumerate() {
            let _ = writeln!(neighbours, "{index} {}", address.value);
        }
        let mut gateways = String::new();
        for (index, (gateway, mtu)) in self.wanted.gateways.iter().enumerate() {
            let _ = writeln!(gateways, "{index} {} {}", gateway.value, mtu.unwrap_or(0));
        }
        let all = [times, names, places, neighbours, gateways].map(|lines| lines.trim_end().to_owned());
        let keys = ["times", "names", "places", "neighbours", "gateways"];
        let mut settings: Vec<_> = keys.into_iter().zip(all).collect();
        settings.push(("seconds", self.seconds.to_string()));
        settings
    }

    /// What came of it: lines of a word and the rest. They may be anything.
    pub fn read<'l>(&self, lines: impl IntoIterator<Item = (&'l str, &'l str)>) -> Observed {
        let mut said: BTreeMap<(&str, usize), &str> = BTreeMap::new();
        let mut is_synchronized = None;
        for (word, rest) in lines {
            let (number, more) = rest.split_once(' ').unwrap_or((rest, ""));
            match (word, number.parse::<usize>()) {
                ("clock", _) if rest == "yes" => is_synchronized = Some(true),
                ("clock", _) if rest == "no" => is_synchronized = Some(false),
                (_, Ok(number)) => drop(said.insert((word, number), more)),
                _ => {}
            }
        }
        let of = |word: &'static str, number: usize| said.get(&(word, number)).copied();
        let wanted = self.wanted;
        let time =
            wanted.time_servers.iter().zip(&self.cookies).enumerate().map(|(number, (server, cookie))| {
                let told = of("time", number).map_or(Err(TimeTrouble::Silent), |rest| time(rest, *cookie));
                TimeSeen { server: server.clone(), told }
            });
        let mut ids = self.ids.iter().enumerate();
        let names = wanted.name_servers.iter().map(|server| {
            let answers = wanted.names.iter().map(|question| {
                let records = question.records();
                let one = records.iter().filter_map(|record| {
                    let (number, id) = ids.next()?;
                    let (code, answer) = of("name", number)?.split_once(' ').unwrap_or_default();
                    Some(name(code, answer, |bytes| read_name_answer(*id, record, bytes)))
                });
                one.collect()
            });
            NameServerSeen { server: server.clone(), answers: answers.collect() }
        });
        Observed {
            is_synchronized,
            time: time.collect(),
            names: names.collect(),
            dated: Vec::new(),
            places: wanted
                .places
                .iter()
                .enumerate()
                .map(|(number, asked)| {
                    let answered = of("place", number)
                        .map_or_else(|| Err(Trouble::new(TroubleKind::Broken, NOT_SAID)), place);
                    PlaceSeen { place: asked.clone(), answered, proxy: None }
                })
                .collect(),
            addresses: wanted
                .addresses
                .iter()
                .enumerate()
                .map(|(number, address)| AddressSeen {
                    address: address.clone(),
                    holder: holder(of("neighbour", number)),
                })
                .collect(),
            gateways: wanted
                .gateways
                .iter()
                .enumerate()
                .map(|(number, (gateway, mtu))| {
                    let answers = match holder(of("gateway", number)) {
                        Holder::Nobody => Ok(false),
                        Holder::Port(_) => Ok(true),
                        Holder::Here(port, _) => Err(format!("it is set on the machine itself, on `{port}`")),
                        Holder::Unknown(why) => Err(why),
                    };
                    let mtu = mtu.filter(|_| answers != Ok(false)).map(|mtu| match &answers {
                        Ok(_) => (mtu, size(of("mtu", number), mtu)),
                        Err(why) => (mtu, Err(why.clone())),
                    });
                    GatewaySeen { gateway: gateway.clone(), answers, mtu }
                })
                .collect(),
        }
    }
}

fn time(rest: &str, cookie: [u8; 8]) -> Result<super::TimeSample, TimeTrouble> {
    let words: Vec<&str> = rest.split(' ').collect();
    match words.as_slice() {
        ["0", asked, came, answer] => {
            let (Some(asked), Some(came)) = (moment(asked), moment(came)) else {
                return Err(TimeTrouble::Garbage("the machine does not say when it was asked".to_owned()));
            };
            read_time_answer(&hex::decode(answer).unwrap_or_default(), cookie, asked, came)
        }
        ["1", ..] => Err(TimeTrouble::Refused),
        ["2", ..] => Err(TimeTrouble::Name),
        _ => Err(TimeTrouble::Silent),
    }
}

/// Seconds since 1970 with nine digits behind the point.
fn moment(text: &str) -> Option<Moment> {
    let (seconds, rest) = text.split_once('.')?;
    Some(Moment::of_unix(seconds.parse().ok()?, rest.parse().ok().filter(|_| rest.len() == 9)?))
}

fn name(code: &str, answer: &str, read: impl FnOnce(&[u8]) -> Option<NameAnswer>) -> NameAnswer {
    let read = |answer: &str| {
        let bytes = hex::decode(answer.trim()).unwrap_or_default();
        read(&bytes).unwrap_or_else(|| NameAnswer::Garbage("it answers another question".to_owned()))
    };
    match code {
        "0" => read(answer),
        "1" => NameAnswer::Unreachable("connection refused".to_owned()),
        "2" => NameAnswer::Unreachable("no way to it".to_owned()),
        "3" => NameAnswer::NoTcp("no connection".to_owned()),
        _ => NameAnswer::Silent,
    }
}

fn place(rest: &str) -> Result<(), Trouble> {
    let mut words = rest.splitn(3, ' ');
    let (how, code) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let text = words.next().unwrap_or_default();
    let last = printable(text.rsplit(": ").next().unwrap_or_default()).to_lowercase();
    // curl(1), EXIT CODES; bash tells in words.
    let kind = match (how, code) {
        (_, "0") => return Ok(()),
        ("tcp", "124") | ("url", "28") => TroubleKind::Timeout,
        ("tcp", _) if last.contains("not known") || last.contains("name resolution") => TroubleKind::Name,
        ("tcp", _) | ("url", "7") => TroubleKind::Connect,
        ("url", "6") => TroubleKind::Name,
        ("url", "60") => TroubleKind::UnknownAuthority,
        ("url", "35" | "51" | "53" | "58" | "59" | "66" | "77" | "83") => TroubleKind::Tls,
        ("url", "5" | "97") => TroubleKind::Proxy,
        ("url", "56") if text.contains("CONNECT") || text.contains("proxy") => TroubleKind::Proxy,
        _ => TroubleKind::Broken,
    };
    let said = if last.is_empty() { "no answer in time".to_owned() } else { last };
    Err(Trouble::new(kind, format!("from the machine: {said}")))
}

/// What the machine's own table says, as `ip neigh` writes it.
fn holder(said: Option<&str>) -> Holder {
    let words: Vec<&str> = said.unwrap_or_default().split_whitespace().collect();
    let mac = || {
        let after = words.iter().position(|word| *word == "lladdr")?;
        words.get(after + 1)?.parse::<MacAddress>().ok()
    };
    match words.as_slice() {
        ["here", port, rest @ ..] => {
            Holder::Here(printable(port), rest.first().and_then(|mac| mac.parse().ok()))
        }
        ["far"] => Holder::Unknown("no port of the machine is on its network now".to_owned()),
        ["table", .., "FAILED"] => Holder::Nobody,
        ["table", .., "REACHABLE"] => mac().map_or_else(
            || Holder::Unknown("a port without an Ethernet address has it".to_owned()),
            Holder::Port,
        ),
        ["table", ..] => Holder::Unknown("the machine's kernel does not tell".to_owned()),
        _ => Holder::Unknown(NOT_SAID.to_owned()),
    }
}

fn size(said: Option<&str>, wanted: u32) -> Result<u32, String> {
    let (word, rest) = said.unwrap_or_default().split_once(' ').unwrap_or_default();
    match (word, rest.parse::<u32>()) {
        ("size", Ok(size)) if size <= wanted => Ok(size),
        ("why", _) => Err(printable(rest)),
        _ => Err(NOT_SAID.to_owned()),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use std::time::Duration;

    use super::Errand;
    use super::holder;
    use super::place;
    use crate::document::Origin;
    use crate::document::Sourced;
    use crate::images::TroubleKind;
    use crate::preflight::Holder;
    use crate::preflight::NameKind;
    use crate::preflight::NameQuestion;
    use crate::preflight::Surroundings;

    fn wanted() -> Surroundings {
        let origin = Origin::of_file("m.yaml");
        let server = |text: &str| vec![Sourced { value: text.parse().unwrap(), origin: origin.clone() }];
        Surroundings {
            time_servers: server("10.0.0.1"),
            name_servers: server("10.0.0.2"),
            names: vec![NameQuestion::new("a.lab", NameKind::Absent, &origin)],
            places: vec![Sourced { value: "tcp://a:1".parse().unwrap(), origin: origin.clone() }],
            addresses: vec![Sourced { value: "10.0.0.9".parse().unwrap(), origin: origin.clone() }],
            gateways: vec![(Sourced { value: "10.0.0.254".parse().unwrap(), origin }, Some(1500))],
            ..Surroundings::default()
        }
    }

    #[test]
    fn whatever_a_machine_says_is_read() {
        let wanted = wanted();
        let errand = Errand::new(&wanted, Duration::from_secs(3), || *b"nobody!?");
        assert_eq!(errand.settings().len(), 6);
        let lines = [
            "",
            "x",
            "0",
            "0 0",
            "0 0 1.000000000 1.000000000 zz",
            "0 0 1 2 ff",
            "0 table",
            "0 here",
            "0 size 9000000000",
            "18446744073709551615 0",
            "0 0 00",
            "0 url 0",
            "0 tcp 1 \u{1b}[2J",
        ];
        for word in ["time", "name", "place", "neighbour", "gateway", "mtu", "clock", "\u{1b}"] {
            for rest in lines {
                let seen = errand.read([(word, rest)]);
                let looks = wanted.looks(&seen, &Origin::of_file("m.yaml"));
                let text = format!("{:?}", looks.iter().map(|look| look.judge("m")).collect::<Vec<_>>());
                assert!(!text.contains('\u{1b}'), "{word} {rest:?}: {text}");
            }
        }
    }

    #[test]
    fn tables_and_tools_of_the_machine_are_understood() {
        let mac = "e4:43:4b:0a:00:02";
        assert_eq!(
            holder(Some(&format!("table 10.0.0.9 dev eth0 lladdr {mac} REACHABLE"))),
            Holder::Port(mac.parse().unwrap())
        );
        assert_eq!(holder(Some("table 10.0.0.9 dev eth0 FAILED")), Holder::Nobody);
        assert_eq!(
            holder(Some(&format!("here eth0 {mac}"))),
            Holder::Here("eth0".into(), Some(mac.parse().unwrap()))
        );
        for (said, kind) in [
            ("tcp 1 bash: line 1: /dev/tcp/a/1: Connection refused", TroubleKind::Connect),
            ("tcp 1 bash: line 1: a: Name or service not known", TroubleKind::Name),
            ("tcp 124 ", TroubleKind::Timeout),
            (
                "url 60 curl: (60) SSL certificate problem: self-signed certificate",
                TroubleKind::UnknownAuthority,
            ),
            ("url 56 curl: (56) CONNECT tunnel failed, response 403", TroubleKind::Proxy),
        ] {
            assert_eq!(place(said).unwrap_err().kind, kind, "{said}");
        }
    }
}
