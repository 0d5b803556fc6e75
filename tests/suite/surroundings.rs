//! What surrounds a machine, by real servers (dnsmasq, unbound, chrony) and small ones that misbehave: all of them on
//! loopback, or in a network of the test's own.

use std::net::UdpSocket;
use std::path::Path;
use std::process::Command;
use std::process::Stdio;
use std::sync::PoisonError;
use std::time::SystemTime;

use serde_json::Value;
use tempfile::TempDir;

use crate::schemas;
use crate::tools;
use crate::web;
use crate::web::Server;

const CLUSTER: &str = "sno1.lab.example.com";
/// The name server is at 192.168.50.53 in the test's own network.
const MACHINE: &str = "cotter: 1
name: m
target: fcos
hostname: m.lab.example.com
network: {nics: [{name: lan0, mac: 'e4:43:4b:0a:00:01', address: 192.168.50.10/24, gateway: 192.168.50.1, dns: [192.168.50.53]}]}
install: {device: /dev/disk/by-id/wwn-0x5000c500a1b2c3d4}
";
/// What answers as it should.
const RIGHT: [&str; 6] = [
    "--address=/api.sno1.lab.example.com/192.168.50.10",
    "--address=/api-int.sno1.lab.example.com/192.168.50.10",
    "--address=/apps.sno1.lab.example.com/192.168.50.10",
    "--host-record=m.lab.example.com,192.168.50.10",
    "--local=/lab.example.com/",
    "--local=/168.192.in-addr.arpa/",
];
/// Starts a dnsmasq at an address; it is there when its first line is.
const DNSMASQ: &str = "dnsmasq() { ip addr add \"$1/32\" dev lo; local at=$1; shift
  exec {fd}< <(exec \"$(type -P dnsmasq)\" -d --conf-file=/dev/null --no-resolv --no-hosts --listen-address=\"$at\" \\
    --bind-interfaces --pid-file= \"$@\" 2>&1)
  read -ru \"$fd\" line; [[ $line == *started* ]] || { echo \"$line\" >&2; exit 9; }; }\n";

/// What is not met, each with a part of what is found or why nobody knows.
type Faults<'a> = &'a [(&'a str, &'a str)];

/// A folder with a machine file.
fn folder(more: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("m.yaml"), format!("{MACHINE}{more}")).unwrap();
    folder
}

fn report(command: &mut Command) -> Value {
    for proxy in
        ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"]
    {
        let is_given = command.get_envs().any(|(name, value)| name == proxy && value.is_some());
        if !is_given {
            command.env_remove(proxy);
        }
    }
    let done = command.stdin(Stdio::null()).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    let report: Value = serde_json::from_str(&out).unwrap_or_else(|why| panic!("{why}: {out}{err}"));
    schemas::assert_is("report", &report);
    let all_met = verdicts(&report).iter().all(|(_, word)| word == "met");
    assert_eq!(done.status.code(), Some(i32::from(!all_met)), "{out}{err}");
    report
}

/// Looks from here, at servers on loopback.
fn from_here(folder: &Path, arguments: &[&str]) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cotter"));
    report(command.args(["preflight", "m.yaml", "--format", "json"]).args(arguments).current_dir(folder))
}

/// True if this user may have networks of their own.
fn has_networks() -> bool {
    let made = own_network("ip link set lo up").output().is_ok_and(|done| done.status.success());
    if !made {
        tools::skip("no network namespaces can be made here");
    }
    made
}

/// A shell in a network of its own; all that it starts ends with it.
fn own_network(script: &str) -> Command {
    let mut command = Command::new("unshare");
    command.args(["-rnpf", "--kill-child", "--mount-proc", "bash", "-euc", script]);
    command
}

/// Looks from within a network of its own, which `setup` makes.
fn from_within(folder: &Path, setup: &str, arguments: &str) -> Value {
    let _mounts = tools::MOUNTS.read().unwrap_or_else(PoisonError::into_inner);
    let script = format!(
        "{DNSMASQ}ip link set lo up\n{setup}\nexec ${{FAKED:-}} \"$COTTER\" preflight m.yaml --format json {arguments}"
    );
    report(own_network(&script).env("COTTER", env!("CARGO_BIN_EXE_cotter")).current_dir(folder))
}

/// The same twice: as cotter asks, and as the script does that goes over ssh.
fn both_ways(folder: &Path, setup: &str, arguments: &str) -> [(&'static str, Value); 2] {
    let bin = folder.join("bin");
    tools::put_program(&bin.join("ssh"), b"#!/bin/bash\nexec bash --norc -s\n");
    let path = format!("export PATH={}:$PATH\n{setup}", bin.display());
    [
        ("from here", from_within(folder, setup, arguments)),
        ("over ssh", from_within(folder, &path, &format!("{arguments} --ssh m"))),
    ]
}

/// Each subject with `met`, what was found, or why nobody knows.
fn verdicts(report: &Value) -> Vec<(String, String)> {
    let boots = report["boots"].as_array().unwrap().iter();
    let all = boots.flat_map(|boot| boot["verdicts"].as_array().unwrap());
    all.map(|verdict| {
        let word = match verdict["outcome"].as_str().unwrap() {
            "differs" => {
                let found: Vec<&str> = verdict["found"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|found| found.as_str().unwrap())
                    .collect();
                format!("{} ({})", found.join(", "), verdict["hint"].as_str().unwrap())
            }
            "unknown" => format!("unknown: {}", verdict["why"].as_str().unwrap()),
            other => other.to_owned(),
        };
        (verdict["subject"].as_str().unwrap().to_owned(), word)
    })
    .collect()
}

/// What is not met, and nothing else, must be what each of `wanted` begins with.
#[track_caller]
fn assert_faults(name: &str, report: &Value, wanted: Faults<'_>) {
    let all = verdicts(report);
    assert!(!all.is_empty(), "{name}: nothing was looked at");
    // What systemd says of the clock of whoever runs the tests, and their hardware, are other matters.
    let is_other = |subject: &str| {
        subject == "clock" || subject.starts_with("hardware/") || subject.starts_with("port/")
    };
    let faults: Vec<&(String, String)> =
        all.iter().filter(|(subject, word)| word != "met" && !is_other(subject)).collect();
    let is_it = |(fault, wanted): (&&(String, String), &(&str, &str))| {
        fault.0 == wanted.0 && fault.1.contains(wanted.1)
    };
    let same = faults.len() == wanted.len() && faults.iter().zip(wanted).all(is_it);
    assert!(same, "{name}: {all:#?}");
}

#[test]
fn each_fault_of_a_real_name_server_is_found() {
    if tools::program("dnsmasq").is_none() || !has_networks() {
        return;
    }
    let folder = folder("");
    let about = |rest: &str| format!("name-server/192.168.50.53/{rest}");
    // What is taken away from what is right, what is added, and what is found.
    let cases: [(&str, &str, &[&str], Faults<'_>); 9] = [
        ("right", "", &[], &[]),
        (
            "a wrong address",
            "/api.",
            &["--address=/api.sno1.lab.example.com/192.168.50.11"],
            &[("api.sno1.lab.example.com/address", "192.168.50.11 (let its record be 192.168.50.10)")],
        ),
        ("no api-int", "/api-int.", &[], &[("api-int.sno1.lab.example.com/address", "NXDOMAIN")]),
        ("no apps", "/apps.", &[], &[("*.apps.sno1.lab.example.com/address", "NXDOMAIN")]),
        (
            "a wildcard for the cluster",
            "",
            &["--address=/sno1.lab.example.com/192.168.50.10"],
            &[("*.sno1.lab.example.com/absent", "take the wildcard record")],
        ),
        (
            "no PTR",
            "host-record",
            &["--address=/m.lab.example.com/192.168.50.10"],
            &[("192.168.50.10/host", "NXDOMAIN")],
        ),
        (
            "a wrong PTR",
            "host-record",
            &[
                "--address=/m.lab.example.com/192.168.50.10",
                "--ptr-record=10.50.168.192.in-addr.arpa,x.lab.example.com",
            ],
            &[("192.168.50.10/host", "x.lab.example.com (let the PTR")],
        ),
        ("an alias", "/api-int.", &["--cname=api-int.sno1.lab.example.com,m.lab.example.com"], &[]),
        (
            "two addresses",
            "/api.",
            &[
                "--host-record=api.sno1.lab.example.com,192.168.50.10",
                "--host-record=api.sno1.lab.example.com,192.168.50.11",
            ],
            &[("api.sno1.lab.example.com/stray", "192.168.50.11 (")],
        ),
    ];
    for (name, gone, more, wanted) in cases {
        let kept = RIGHT.iter().filter(|word| gone.is_empty() || !word.contains(gone));
        let words: Vec<&str> = kept.chain(more).copied().collect();
        let setup = format!("dnsmasq 192.168.50.53 {}", words.join(" "));
        let reports = both_ways(folder.path(), &setup, &format!("--cluster {CLUSTER} --skip network"));
        let wanted: Vec<(String, &str)> = wanted.iter().map(|(rest, word)| (about(rest), *word)).collect();
        let wanted: Vec<(&str, &str)> =
            wanted.iter().map(|(subject, word)| (subject.as_str(), *word)).collect();
        for (way, report) in reports {
            assert_faults(&format!("{name} {way}"), &report, &wanted);
        }
    }
}

#[test]
fn servers_that_differ_and_long_answers() {
    if tools::program("dnsmasq").is_none() || !has_networks() {
        return;
    }
    let folder = folder("verify: {reach: ['tcp://many.lab.example.com:1']}\n");
    let many: Vec<String> =
        (1..60).map(|last| format!("--host-record=many.lab.example.com,127.0.1.{last}")).collect();
    let wrong = RIGHT
        .join(" ")
        .replace("/api.sno1.lab.example.com/192.168.50.10", "/api.sno1.lab.example.com/10.0.0.9");
    let (right, many) = (RIGHT.join(" "), many.join(" "));
    let setup = format!("dnsmasq 192.168.50.53 {right} {many}\ndnsmasq 192.168.50.54 {wrong} {many}");
    let arguments =
        format!("--cluster {CLUSTER} --skip network,places --dns 192.168.50.53 --dns 192.168.50.54");
    for (way, report) in both_ways(folder.path(), &setup, &arguments) {
        let subject = "name-server/192.168.50.54/api.sno1.lab.example.com/address";
        assert_faults(
            way,
            &report,
            &[(
                subject,
                "10.0.0.9 (let its record be 192.168.50.10; name server 192.168.50.53 says 192.168.50.10)",
            )],
        );
        let long = |(subject, _): &&(String, String)| subject.ends_with("many.lab.example.com/known");
        assert_eq!(
            verdicts(&report).iter().filter(long).count(),
            2,
            "an answer of 59 addresses comes by TCP"
        );
    }
}

#[test]
fn a_name_server_that_refuses_or_fails() {
    let Some(unbound) = tools::unpacked("unbound", "unbound").filter(|_| has_networks()) else { return };
    let zones = "local-zone: lab.example.com. static
local-data: 'm.lab.example.com. A 192.168.50.10'
local-data-ptr: '192.168.50.10 m.lab.example.com'
";
    for (name, more, wanted) in [
        ("right", format!("access-control: 0.0.0.0/0 allow\n{zones}"), &[][..]),
        (
            "refused",
            format!("access-control: 0.0.0.0/0 refuse\n{zones}"),
            &[("name-server/192.168.50.53/answers", "REFUSED")],
        ),
        // It may ask nobody.
        (
            "servfail",
            "access-control: 0.0.0.0/0 allow\ndo-not-query-address: 0.0.0.0/0\ndo-not-query-address: ::/0\nlocal-data-ptr: '192.168.50.10 m.lab.example.com'\n".to_owned(),
            &[("name-server/192.168.50.53/m.lab.example.com/address", "SERVFAIL")],
        ),
    ] {
        let folder = folder("");
        let config = format!(
            "server:\ninterface: 192.168.50.53\nchroot: ''\nusername: ''\ndirectory: {0}\npidfile: ''\nuse-syslog: no\nlogfile: {0}/log\nmodule-config: iterator\n{more}",
            folder.path().display()
        );
        std::fs::write(folder.path().join("unbound.conf"), config.replace('\'', "\"")).unwrap();
        let setup = format!("ip addr add 192.168.50.53/32 dev lo\n{} -c unbound.conf", unbound.display());
        for (way, report) in both_ways(folder.path(), &setup, "--skip network") {
            assert_faults(&format!("{name} {way}"), &report, wanted);
        }
    }
}

/// A server on loopback that gives to each packet what `answer` makes of it; its port.
fn udp(answer: impl Fn(&[u8]) -> Option<Vec<u8>> + Send + 'static) -> u16 {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let mut bytes = [0; 2048];
        while let Ok((length, from)) = socket.recv_from(&mut bytes) {
            if let Some(answer) = answer(&bytes[..length]) {
                let _ = socket.send_to(&answer, from);
            }
        }
    });
    port
}

#[test]
fn a_name_server_that_is_none() {
    let folder = folder("");
    // An answer to the question with other flags, and with nothing else.
    let flags = |high: u8, low: u8| {
        move |question: &[u8]| {
            let mut bytes = question.to_vec();
            bytes[2..4].copy_from_slice(&[high, low]);
            Some(bytes)
        }
    };
    let garbage = |question: &[u8]| Some([&question[..2], b"garbage that is no DNS"].concat());
    let nobody = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for (name, port, wanted) in [
        ("silent", udp(|_| None), "no answer (see whether it runs"),
        ("nobody", nobody, "connection refused"),
        ("garbage", udp(garbage), "no answer of DNS"),
        (
            "cut, and not there by TCP",
            udp(flags(0x83, 0x80)),
            "a cut answer, and none by TCP: connection refused",
        ),
        ("not implemented", udp(flags(0x81, 0x84)), "Not Implemented"),
        ("the question", udp(|question| Some(question.to_vec())), "no answer"),
    ] {
        let server = format!("127.0.0.1:{port}");
        let arguments = ["--skip", "network,time", "--dns", &server, "--answer-timeout", "1"];
        let report = from_here(folder.path(), &arguments);
        assert_faults(name, &report, &[(&format!("name-server/{server}/answers"), wanted)]);
    }
}

#[test]
fn each_fault_of_a_real_time_server_is_found() {
    let Some(chronyd) = tools::unpacked("chrony", "chronyd").filter(|_| has_networks()) else { return };
    let start = format!("{} -x -f \"$PWD/chrony.conf\"", chronyd.display());
    let twice = "--ntp 127.0.0.1 --ntp 127.0.0.2";
    let clock = |shift: &str| format!("export FAKED='faketime -f {shift}'\n");
    let faketime = tools::program("faketime").is_some();
    let cases: [(&str, &str, String, &str, Faults<'_>); 5] = [
        ("right", "local stratum 8\nallow\n", String::new(), "--ntp 127.0.0.1", &[]),
        (
            "it does not know the time",
            "allow\n",
            String::new(),
            "--ntp 127.0.0.1",
            &[("time/127.0.0.1/answer", "it does not know the time itself (see its own sources")],
        ),
        (
            "it lets nobody ask",
            "local stratum 8\nallow 10.0.0.0/8\n",
            String::new(),
            "--ntp 127.0.0.1 --answer-timeout 1",
            &[("time/127.0.0.1/answer", "no answer (see whether a firewall")],
        ),
        (
            "the clock here is wrong",
            "local stratum 8\nallow\n",
            clock("-1h"),
            twice,
            &[("clock/here", "60.0 min behind the clocks that agree (set the clock here")],
        ),
        (
            "one of two is",
            "local stratum 8\nallow\n",
            clock("+1h"),
            "--ntp 127.0.0.1",
            &[
                ("time/127.0.0.1/time", "60.0 min behind the clock here (one of two"),
                ("clock/here", "unknown: one of two"),
            ],
        ),
    ];
    for (name, config, shift, arguments, wanted) in cases {
        if !shift.is_empty() && !faketime {
            continue;
        }
        let folder = folder("");
        let pid = folder.path().join("pid");
        let config = format!("{config}user root\ncmdport 0\nbindcmdaddress /\npidfile {}\n", pid.display());
        std::fs::write(folder.path().join("chrony.conf"), config).unwrap();
        let setup = format!("rm -f pid\n{start}\n{shift}");
        for (way, report) in both_ways(folder.path(), &setup, &format!("{arguments} --skip names,network")) {
            assert_faults(&format!("{name} {way}"), &report, wanted);
        }
    }
}

/// What a good time server says, ahead by so many seconds.
fn time(question: &[u8], ahead_seconds: i64) -> Vec<u8> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let seconds = (now.as_secs() + 2_208_988_800).wrapping_add_signed(ahead_seconds) << 32;
    let now = (seconds | ((u64::from(now.subsec_nanos()) << 32) / 1_000_000_000)).to_be_bytes();
    let mut answer = vec![0; 48];
    answer[..4].copy_from_slice(&[0x24, 2, 6, 0xe8]);
    answer[24..32].copy_from_slice(&question[40..48]);
    answer[32..40].copy_from_slice(&now);
    answer[40..48].copy_from_slice(&now);
    answer
}

#[test]
fn a_time_server_that_misbehaves() {
    let folder = folder("");
    let spoilt = |spoil: fn(&mut Vec<u8>)| {
        udp(move |question| {
            let mut answer = time(question, 0);
            spoil(&mut answer);
            Some(answer)
        })
    };
    let nobody = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for (name, port, wanted) in [
        ("alarm", spoilt(|answer| answer[0] |= 0xc0), "it does not know the time itself"),
        ("stratum 16", spoilt(|answer| answer[1] = 16), "it does not know the time itself"),
        (
            "kiss of death",
            spoilt(|answer| {
                answer[1] = 0;
                answer[12..16].copy_from_slice(b"DENY");
            }),
            "it does not want to be asked: DENY",
        ),
        ("of another question", spoilt(|answer| answer[24] ^= 1), "an answer to another question"),
        ("no time", spoilt(|answer| answer[40..].fill(0)), "it does not know the time itself"),
        ("dispersion", spoilt(|answer| answer[9] = 5), "it may be wrong by 5.0 s"),
        ("garbage", udp(|_| Some(b"garbage".to_vec())), "no NTP: 7 bytes"),
        ("the question", udp(|question| Some(question.to_vec())), "no NTP: it answers with mode 3"),
        ("silent", udp(|_| None), "no answer"),
        ("nobody", nobody, "nobody listens there"),
    ] {
        let server = format!("127.0.0.1:{port}");
        let arguments = ["--skip", "network,names", "--ntp", &server, "--answer-timeout", "1"];
        let report = from_here(folder.path(), &arguments);
        assert_faults(name, &report, &[(&format!("time/{server}/answer"), wanted)]);
    }
}

#[test]
fn of_several_clocks_the_one_that_is_wrong_is_named() {
    let folder = folder("");
    let ahead = |seconds: i64| format!("127.0.0.1:{}", udp(move |question| Some(time(question, seconds))));
    let (right, other, wrong) = (ahead(0), ahead(0), ahead(-40));
    let ask = |servers: &[&str]| {
        let servers: Vec<&str> = servers.iter().flat_map(|server| ["--ntp", server]).collect();
        from_here(folder.path(), &[&["--skip", "network,names"], servers.as_slice()].concat())
    };
    assert_faults("right", &ask(&[&right]), &[]);
    let wrong_time = format!("time/{wrong}/time");
    assert_faults(
        "one of three",
        &ask(&[&right, &wrong, &other]),
        &[(&wrong_time, "40.0 s behind the clocks that agree")],
    );
    let both = [
        (wrong_time.as_str(), "unknown: it is 40.0 s behind the clock here"),
        ("clock/here", "unknown: one of two"),
    ];
    assert_faults("one of two", &ask(&[&wrong]), &both);
}

#[test]
fn the_date_of_an_answer_stands_in_where_ntp_is_shut() {
    let dated = Server::new(|_, stream| {
        let headers = [("Date", "Wed, 21 Oct 2015 07:28:00 GMT"), ("Content-Length", "0")];
        web::answer(stream, "401 Unauthorized", &headers, b"");
    });
    let folder = folder(&format!("verify: {{reach: ['{}']}}\n", dated.url("/v2/")));
    let server = format!("127.0.0.1:{}", udp(|_| None));
    let arguments = ["--skip", "network,names", "--ntp", &server, "--answer-timeout", "1"];
    let report = from_here(folder.path(), &arguments);
    let date = format!("the `Date` of {} is ", dated.url("/v2/"));
    let wanted =
        [(format!("time/{server}/answer"), date.as_str()), ("clock/here".to_owned(), "unknown: one of two")];
    let wanted: Vec<(&str, &str)> = wanted.iter().map(|(subject, word)| (subject.as_str(), *word)).collect();
    assert_faults("date", &report, &wanted);
}

#[test]
fn places_that_do_not_answer_are_told_apart() {
    let certificates = TempDir::new().unwrap();
    let Some(secure) = Server::with_tls(certificates.path(), |_, stream| web::whole(stream, b"")) else {
        return;
    };
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let right =
        Server::new(|_, stream| web::answer(stream, "404 Not Found", &[("Content-Length", "0")], b""));
    let stalled = Server::new(|_, stream| web::stall(stream));
    let cases = [
        (right.url("/"), None),
        (format!("tcp://127.0.0.1:{}", right.port), None),
        (format!("tcp://127.0.0.1:{nobody}"), Some("connection refused")),
        (format!("http://127.0.0.1:{nobody}/"), Some("connection refused")),
        ("tcp://nobody.invalid:1".to_owned(), Some("the name of nobody.invalid:1 cannot be resolved")),
        (secure.url("/"), Some("of an authority that is not known (name its authority with `--ca`")),
        (stalled.url("/"), Some("gave no answer within 1 s")),
    ];
    let places: Vec<String> = cases.iter().map(|(place, _)| format!("'{place}'")).collect();
    let folder = folder(&format!("verify: {{reach: [{}]}}\n", places.join(", ")));
    let arguments = ["--skip", "network,names", "--answer-timeout", "1"];
    let report = from_here(folder.path(), &arguments);
    let wanted: Vec<(String, &str)> =
        cases.iter().filter_map(|(place, word)| Some((format!("reach/{place}"), (*word)?))).collect();
    let as_words = |wanted: &[(String, &'static str)]| -> Vec<(String, &'static str)> { wanted.to_vec() };
    let wanted = as_words(&wanted);
    let wanted: Vec<(&str, &str)> = wanted.iter().map(|(subject, word)| (subject.as_str(), *word)).collect();
    assert_faults("places", &report, &wanted);
    let authority = certificates.path().join("ca.crt");
    let report = from_here(folder.path(), &[&arguments[..], &["--ca", authority.to_str().unwrap()]].concat());
    let met = verdicts(&report)
        .into_iter()
        .any(|(subject, word)| subject.ends_with(&secure.url("/")) && word == "met");
    assert!(met, "{report:#}");
}

#[test]
fn a_proxy_that_refuses_is_named() {
    let folder = folder("verify: {reach: ['https://r.invalid/v2/', 'http://r.invalid/v2/']}\n");
    for (status, secure, plain) in [
        (
            "407 Proxy Authentication Required",
            "the proxy wants a login (407)",
            "the proxy wants a login (407)",
        ),
        ("403 Forbidden", "the proxy does not let it through", "the proxy does not allow it (403)"),
        ("502 Bad Gateway", "the proxy does not let it through", "the proxy cannot reach it (502)"),
    ] {
        let proxy =
            Server::new(move |_, stream| web::answer(stream, status, &[("Content-Length", "0")], b""));
        let url = format!("http://user:hunter2@127.0.0.1:{}", proxy.port);
        let mut command = Command::new(env!("CARGO_BIN_EXE_cotter"));
        command.args(["preflight", "m.yaml", "--format", "json", "--skip", "network,names"]);
        command.env("HTTPS_PROXY", &url).env("HTTP_PROXY", &url).current_dir(folder.path());
        let report = report(&mut command);
        let wanted = [("reach/https://r.invalid/v2/", secure), ("reach/http://r.invalid/v2/", plain)];
        assert_faults(status, &report, &wanted);
        let text = report.to_string();
        assert!(!text.contains("hunter2"), "{text}");
        assert!(text.contains(&format!("the proxy http://127.0.0.1:{}", proxy.port)), "{text}");
    }
}

/// Two machines on one wire: 192.168.50.2 is here, and the other has `theirs`; `mtu` is what the other one's port carries.
fn wire(theirs: &str, mtu: u32) -> String {
    let set: String = theirs.split(' ').map(|address| format!("ip addr add {address} dev w1; ")).collect();
    format!(
        "rm -f go done; mkfifo go done; unshare -n bash -c 'read -r < go; ip link set w1 address e4:43:4b:0a:00:02 mtu {mtu}; {set}ip link set w1 up; echo > done; exec sleep infinity' & other=$!
until [ \"$(readlink /proc/$other/ns/net)\" != \"$(readlink /proc/self/ns/net)\" ]; do :; done
ip link add w0 type veth peer name w1 netns $other
ip addr add 192.168.50.2/24 dev w0; ip link set w0 up
echo > go; read -r < done
"
    )
}

#[test]
fn an_address_that_another_has_and_a_wire_that_is_too_narrow() {
    if !has_networks() {
        return;
    }
    let gateway = "gateway/192.168.50.1";
    for (name, setup, wanted) in [
        ("right", wire("192.168.50.1/24", 1500), &[][..]),
        (
            "the address is taken",
            wire("192.168.50.1/24 192.168.50.10/24", 1500),
            &[("neighbour/192.168.50.10/free", "e4:43:4b:0a:00:02 answers for it (find the machine")],
        ),
        (
            "no gateway",
            wire("192.168.50.3/24", 1500),
            &[("gateway/192.168.50.1/answer", "no (see whether the address is right")],
        ),
        // A port lets a tag of four bytes through beside its MTU.
        (
            "a narrow wire",
            wire("192.168.50.1/24", 1400),
            &[("gateway/192.168.50.1/mtu", "1404 (let every switch port on the way carry 1500 bytes")],
        ),
        (
            "nobody near",
            String::new(),
            &[
                ("neighbour/192.168.50.10/free", "unknown: no port"),
                ("gateway/192.168.50.1/answer", "unknown: no port"),
                ("gateway/192.168.50.1/mtu", "unknown: no port"),
            ],
        ),
    ] {
        let folder = folder("");
        for (way, report) in both_ways(folder.path(), &setup, "--skip names") {
            assert!(verdicts(&report).iter().any(|(subject, _)| subject.starts_with(gateway)), "{report:#}");
            assert_faults(&format!("{name} {way}"), &report, wanted);
        }
    }
}

#[test]
fn options_that_are_wrong_are_refused() {
    let folder = folder("");
    for wrong in [
        ["--dns", "ns.lab"],
        ["--dns", "10.0.0.1:0"],
        ["--ntp", "http://a"],
        ["--skip", "all"],
        ["--cluster", "a b"],
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cotter"));
        let done =
            command.args(["preflight", "m.yaml"]).args(wrong).current_dir(folder.path()).output().unwrap();
        assert_eq!(done.status.code(), Some(2), "{wrong:?}");
    }
}
