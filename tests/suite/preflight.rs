//! `cotter preflight images` against a real registry (Debian's docker-registry) and small ones that misbehave, all on
//! loopback.

use serde_json::Value;
use serde_json::json;

use crate::registries::HTPASSWD;
use crate::registries::LOGIN;
use crate::registries::Registry;
use crate::registries::Test;
use crate::registries::client;
use crate::registries::digest;
use crate::registries::docker_registry;
use crate::schemas;
use crate::web;
use crate::web::Request;
use crate::web::Server;
use crate::web::Stream;

impl Test {
    /// Runs `cotter preflight --images` with these arguments.
    fn preflight(&self, code: i32, arguments: &[&str]) -> (String, String) {
        self.run(code, &[&["preflight", "--images"], arguments].concat())
    }

    fn report(&self, code: i32, arguments: &[&str]) -> Value {
        let (out, _) = self.preflight(code, &[arguments, &["--format", "json"]].concat());
        let report: Value = serde_json::from_str(&out).unwrap();
        schemas::assert_is("report", &report);
        report
    }
}

/// Each image with its verdict and its troubles.
fn verdicts(report: &Value) -> Vec<String> {
    let word = |text: &Value| text.as_str().unwrap().split(' ').next().unwrap().to_owned();
    let images = report["boots"][0]["verdicts"].as_array().unwrap().iter();
    images
        .map(|image| {
            let found = image["found"].as_array().into_iter().flatten().chain(image.get("why"));
            let troubles: String = found.map(|one| format!(" {}", word(one))).collect();
            let name = image["says"].as_str().unwrap().split_once('/').unwrap().1;
            format!("{name} {}{troubles}", image["outcome"].as_str().unwrap())
        })
        .collect()
}

#[test]
fn a_real_registry_with_tls_a_login_and_a_mirror() {
    let Some(program) = docker_registry() else { return };
    let test = Test::new();
    let tls = test.path("tls");
    std::fs::create_dir(&tls).unwrap();
    if web::certificate(&tls, "1").is_none() {
        return;
    }
    test.put("htpasswd", HTPASSWD);
    let none = json!({});
    let open = Registry::start(&program, &test.path("own"), &none, &Value::Null);
    let mirror = Registry::start(&program, &test.path("mirrored"), &none, &Value::Null);
    let http = json!({"tls": {"certificate": tls.join("server.crt"), "key": tls.join("server.key")}});
    let auth = json!({"htpasswd": {"realm": "lab", "path": test.path("htpasswd")}});
    let closed = Registry::start(&program, &test.path("own"), &http, &auth);

    let client = client();
    open.image(&client, "up/present", "v1", "amd64");
    open.image(&client, "up/arm", "v1", "arm64");
    let pinned = open.image(&client, "up/pinned", "v1", "amd64");
    open.index(&client, "up/both", "v1");
    mirror.image(&client, "up/mirrored", "v1", "amd64");

    let host = format!("127.0.0.1:{}", closed.port);
    let absent = format!("sha256:{}", "0".repeat(64));
    let list = format!(
        "# an upgrade\n{host}/up/present:v1\n{host}/up/arm:v1\n{host}/up/pinned@{pinned}\n{host}/up/both:v1\n\
         {host}/up/mirrored:v1\n{host}/up/present:v2\n{host}/up/nothing:v1\n{host}/up/present@{absent}\n{host}/up/present:v1\n"
    );
    test.put("list.txt", &list);
    test.put("config.json", &json!({"auths": {host.clone(): {"auth": LOGIN}}}).to_string());
    test.put(
        "registries.yaml",
        &format!("mirrors:\n  \"{host}\": {{endpoint: [\"http://127.0.0.1:{}\"]}}\n", mirror.port),
    );
    let ca = tls.join("ca.crt");
    let common = [
        "list.txt",
        "--registries-yaml",
        "registries.yaml",
        "--timeout",
        "120",
        "--ca",
        ca.to_str().unwrap(),
    ];
    let login = [common.as_slice(), &["--auth", "config.json"]].concat();
    let report = test.report(1, &login);
    // The mirror has one of them alone, and says so of the others.
    assert_eq!(
        verdicts(&report),
        [
            "up/arm:v1 differs no-repository platform".to_owned(),
            "up/both:v1 met".to_owned(),
            "up/mirrored:v1 met".to_owned(),
            "up/nothing:v1 differs no-repository no-repository".to_owned(),
            format!("up/pinned@{pinned} met"),
            format!("up/present@{absent} differs no-repository no-tag"),
            "up/present:v1 met".to_owned(),
            "up/present:v2 differs no-repository no-tag".to_owned(),
        ]
    );
    let near = report["boots"][0]["verdicts"][7]["hint"].as_str().unwrap();
    assert!(near.contains("has no tag `v2`; it has `v1`; mirror the image"), "{near}");
    let gives = |port: u16, rest: &str| format!("127.0.0.1:{port} gives {rest}");
    let notes = [
        gives(closed.port, "3 images for linux/amd64, 1 no-repository, 2 no-tag, 1 platform"),
        gives(mirror.port, "1 image for linux/amd64, 7 no-repository"),
    ];
    let told: Vec<&str> =
        report["boots"][0]["notes"].as_array().unwrap().iter().map(|note| note.as_str().unwrap()).collect();
    assert!(told.len() == 2 && notes.iter().all(|note| told.contains(&note.as_str())), "{told:?}");

    // Without a login, and without the authority: what is wrong is one thing.
    test.put("one.txt", &format!("{host}/up/present:v1\n"));
    let one = ["one.txt", "--timeout", "120"];
    let report = test.report(1, &[one.as_slice(), &["--ca", ca.to_str().unwrap()]].concat());
    assert_eq!(verdicts(&report), ["up/present:v1 differs unauthorized"]);
    let report = test.report(1, &one);
    assert_eq!(verdicts(&report), ["up/present:v1 differs unknown-authority"]);

    // The replay: one image of an upgrade is missing, and it alone is named.
    test.put("upgrade.txt", &format!("{host}/up/present:v1\n{host}/up/both:v1\n{host}/up/missing:v3\n"));
    let arguments =
        ["upgrade.txt", "--timeout", "120", "--auth", "config.json", "--ca", ca.to_str().unwrap()];
    let (out, _) = test.preflight(1, &arguments);
    let missing = format!(
        "{host}/up/missing:v3: expected can be pulled, found no-repository at {host}/up/missing\n           --> upgrade.txt:3\n"
    );
    assert!(out.contains(&missing), "{out}");
    assert!(out.starts_with("images    2 of 3 met, 1 difference"), "{out}");
    assert!(!out.contains("up/present") && !out.contains("up/both"), "{out}");
    open.image(&client, "up/missing", "v3", "amd64");
    let (out, _) = test.preflight(0, &arguments);
    assert!(out.starts_with("images    3 of 3 met"), "{out}");

    // harvester/harvester#8057: an upgrade's list with one image that nobody has and one that the node has under
    // another digest, which it would not pull again. These two are named, and nothing else.
    test.put(
        "upgrade.txt",
        &format!("{host}/up/present:v1\n{host}/up/both:v1\n{host}/up/fluent-bit:2.1.8\n"),
    );
    let cached = json!({"images": [
        {"id": absent, "repoTags": [format!("{host}/up/present:v1")], "repoDigests": [format!("{host}/up/present@{absent}")]},
        {"id": absent, "repoTags": [format!("{host}/other:v1")], "repoDigests": []}]});
    test.put("crictl.json", &cached.to_string());
    let arguments = [arguments.as_slice(), &["--cached", "crictl.json"]].concat();
    let (out, _) = test.preflight(1, &arguments);
    let stale = format!(
        "{host}/up/present:v1 on the node: expected not stale, found stale, {absent}\n           --> upgrade.txt:1\n"
    );
    let missing = format!(
        "{host}/up/fluent-bit:2.1.8: expected can be pulled, found no-repository at {host}/up/fluent-bit\n           --> upgrade.txt:3\n"
    );
    assert!(out.contains(&stale) && out.contains(&missing), "{out}");
    assert_eq!(out.matches("differs").count(), 2, "{out}");
    assert!(!out.contains("up/both"), "{out}");
    // Once both are mended nothing is left to say.
    open.image(&client, "up/fluent-bit", "2.1.8", "amd64");
    let right = open.image(&client, "up/present", "v1", "amd64");
    test.put("crictl.json", &cached.to_string().replace(&absent, &right));
    let (out, _) = test.preflight(0, &arguments);
    assert!(out.starts_with("images    2 of 2 met") && out.contains("node      1 of 1 met"), "{out}");
}

/// A registry with one good image, whatever its name.
fn good(request: &Request, stream: &mut dyn Stream) {
    let config = br#"{"os": "linux", "architecture": "amd64"}"#;
    let manifest = json!({"schemaVersion": 2, "config": {"digest": digest(config),
        "mediaType": "application/vnd.oci.image.config.v1+json"}});
    let body =
        if request.path.contains("/blobs/") { config.to_vec() } else { manifest.to_string().into_bytes() };
    let told = digest(&body);
    let length = body.len().to_string();
    let headers = [("Content-Length", length.as_str()), ("Docker-Content-Digest", &told)];
    let body = if request.method == "HEAD" { &[][..] } else { &body };
    web::answer(stream, "200 OK", &headers, body);
}

fn status(stream: &mut dyn Stream, status: &str, headers: &[(&str, &str)]) {
    web::answer(stream, status, &[headers, &[("Content-Length", "0")]].concat(), b"");
}

#[test]
fn each_trouble_is_told_apart_in_one_report() {
    let test = Test::new();
    let over = test.path("over");
    std::fs::create_dir(&over).unwrap();
    let Some(expired) = Server::with_tls_for(&over, "-1", good) else { return };
    let is_ping = |request: &Request| request.path == "/v2/";
    let limited = Server::new(move |request, stream| match is_ping(request) {
        true => status(stream, "200 OK", &[]),
        false => status(stream, "429 Too Many Requests", &[("Retry-After", "86400")]),
    });
    // It says once that it is asked too much, and then gives.
    let patient = Server::new(move |request, stream| match request.method == "HEAD" && request.before == 0 {
        true => status(stream, "429 Too Many Requests", &[("Retry-After", "0")]),
        false => good(request, stream),
    });
    let broken = Server::new(move |request, stream| match is_ping(request) {
        true => status(stream, "200 OK", &[]),
        false => status(stream, "503 Service Unavailable", &[]),
    });
    let cut = Server::new(move |request, stream| match request.method.as_str() {
        "GET" if !is_ping(request) => web::answer(stream, "200 OK", &[("Content-Length", "1000")], b"{"),
        _ => good(request, stream),
    });
    let denied = Server::new(move |request, stream| match is_ping(request) {
        true => status(stream, "200 OK", &[]),
        false => status(stream, "403 Forbidden", &[]),
    });
    let page = Server::new(|request, stream| match request.method.as_str() {
        "HEAD" => status(stream, "200 OK", &[]),
        _ => web::whole(stream, b"<html>log in</html>"),
    });
    let liar = Server::new(move |request, stream| match request.method.as_str() {
        "HEAD" => {
            let told = digest(b"other");
            status(stream, "200 OK", &[("Docker-Content-Digest", &told)]);
        }
        _ => good(request, stream),
    });
    let slow = Server::new(|_, stream| web::stall(stream));
    let elsewhere = Server::new(good);
    let to = elsewhere.url("");
    let sends_on = Server::new(move |request, stream| match request.path.contains("/blobs/") {
        true => web::redirect(stream, &format!("{to}{}", request.path)),
        false => good(request, stream),
    });
    // Longer than a name may be: nobody outside is asked for it.
    let (long, longer) = ("a".repeat(70), "b".repeat(70));
    let mut list = format!("{long}.lab/name:1\n{longer}.lab/name:2\n127.0.0.1:1/connect:1\n");
    test.put(&format!("certs.d/{longer}.lab/hosts.toml"), &format!("server = \"http://{longer}.lab\"\n"));
    let port = test.by("https", expired.port);
    list.push_str(&format!("{port}/expired:1\n"));
    test.by("http", 1);
    for (name, server) in [
        ("limited", &limited),
        ("patient", &patient),
        ("server", &broken),
        ("cut", &cut),
        ("denied", &denied),
        ("page", &page),
        ("liar", &liar),
        ("slow", &slow),
        ("sends-on", &sends_on),
    ] {
        list.push_str(&format!("{}/{name}:1\n", test.by("http", server.port)));
    }
    test.put("list.txt", &list);
    let ca = over.join("ca.crt");
    let arguments = [
        "list.txt",
        "--hosts-toml",
        "certs.d",
        "--ca",
        ca.to_str().unwrap(),
        "--timeout",
        "10",
        "--concurrency",
        "16",
    ];
    let report = test.report(1, &arguments);
    let mut seen = verdicts(&report);
    seen.sort();
    assert_eq!(
        seen,
        [
            "connect:1 differs connect",
            "cut:1 unknown broken",
            "denied:1 differs denied",
            "expired:1 differs expired",
            "liar:1 differs digest-mismatch",
            "limited:1 unknown rate-limited",
            "name:1 differs name",
            "name:2 differs name",
            "page:1 differs garbage",
            "patient:1 met",
            "sends-on:1 met",
            "server:1 unknown server",
            "slow:1 unknown timeout",
        ]
    );
    let sends_on = format!("it sends on to 127.0.0.1:{}", elsewhere.port);
    assert!(report["boots"][0]["notes"].to_string().contains(&sends_on), "{}", report["boots"][0]["notes"]);
}

#[test]
fn a_token_is_asked_for_once_and_a_dead_registry_too() {
    let test = Test::new();
    let tokens = Server::new(|request, stream| {
        let expected = format!("Basic {LOGIN}");
        match request.headers.get("authorization") == Some(&expected) {
            true => web::whole(stream, br#"{"token": "hunter2-token"}"#),
            false => status(stream, "401 Unauthorized", &[]),
        }
    });
    let realm = tokens.url("/token");
    let server = Server::new(move |request, stream| {
        match request.headers.get("authorization").map(String::as_str) == Some("Bearer hunter2-token") {
            true => good(request, stream),
            false => {
                let challenge = format!("Bearer realm=\"{realm}\",service=\"lab\"");
                status(stream, "401 Unauthorized", &[("WWW-Authenticate", &challenge)]);
            }
        }
    });
    let host = test.by("http", server.port);
    test.put("list.txt", &format!("{host}/a:1\n{host}/a:2\n{host}/a:3\n"));
    test.put("config.json", &json!({"auths": {host: {"auth": LOGIN}}}).to_string());
    let common = ["list.txt", "--hosts-toml", "certs.d", "--timeout", "120"];
    let report = test.report(0, &[common.as_slice(), &["--auth", "config.json"]].concat());
    assert_eq!(verdicts(&report), ["a:1 met", "a:2 met", "a:3 met"]);
    let asked = tokens.requests();
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert_eq!(asked[0].path, "/token?service=lab&scope=repository%3Aa%3Apull");
    assert_eq!(server.asked("/v2/").len(), 1);
    let report = test.report(1, &common);
    assert!(verdicts(&report).iter().all(|verdict| verdict.ends_with("differs unauthorized")));
    assert_eq!(tokens.requests().len(), 2);

    // Two hundred images of a registry that is not there are one thing to say.
    let list: String = (0..200).map(|number| format!("127.0.0.1:1/a:{number}\n")).collect();
    test.put("dead.txt", &list);
    let (out, _) = test.preflight(1, &["dead.txt"]);
    assert!(out.contains("180 more with the same") && out.lines().count() < 50, "{out}");
    assert!(out.starts_with("images    0 of 200 met, 200 differences"), "{out}");
}

#[test]
fn a_machines_own_files_say_where_it_looks_and_a_set_needs_no_registry() {
    let test = Test::new();
    let mirror = Server::new(|request, stream| match request.path.contains("/mirrored/") {
        true => good(request, stream),
        false if request.path == "/v2/" => status(stream, "200 OK", &[]),
        false => status(stream, "404 Not Found", &[]),
    });
    test.put(
        "registries.conf",
        &format!(
            "[[registry]]\nlocation = \"127.0.0.1:1\"\n[[registry.mirror]]\nlocation = \"127.0.0.1:{}/mirrored\"\ninsecure = true\n",
            mirror.port
        ),
    );
    test.put(
        "machine.yaml",
        "cotter: 1\nname: m\ntarget: fcos\nhostname: m.lab\npasswd: {users: [{name: core, ssh_authorized_keys: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0ZWlGCrJ0XzQ0xO1cLq0K3V4vJ1x0s6i7c8G0xT2Jw me]}]}\ninstall: {device: /dev/disk/by-id/wwn-0x5000c500a1b2c3d4}\nnetwork: {nics: [{name: mgmt0, mac: \"e4:43:4b:0a:00:01\"}]}\nstorage: {files: [{path: /etc/containers/registries.conf, overwrite: true, mode: 0644, contents: {local: registries.conf}}]}\n",
    );
    test.put("list.txt", "127.0.0.1:1/a:1\n127.0.0.1:1/b:1\n");
    let (out, _) = test.run(0, &["preflight", "machine.yaml", "--images", "list.txt"]);
    let asked = "asked where the machine's own /etc/containers/registries.conf says";
    assert!(out.contains("images    2 of 2 met") && out.contains(asked), "{out}");

    // What is in the set needs no registry; where there is none, the set must have all.
    test.put("have.txt", "127.0.0.1:1/a:1\n127.0.0.1:1/b:2\n");
    let (out, _) = test.preflight(1, &["list.txt", "--have", "have.txt"]);
    assert!(
        out.contains("set       1 of 1 met") && out.contains("127.0.0.1:1/b:1: expected can be pulled"),
        "{out}"
    );
    let (out, _) = test.preflight(1, &["list.txt", "--have", "have.txt", "--air-gapped"]);
    assert!(out.contains("127.0.0.1:1/b:1: expected there, found 127.0.0.1:1/b:2"), "{out}");
    test.put("have.txt", "127.0.0.1:1/a:1\n127.0.0.1:1/b:1\n");
    test.preflight(0, &["list.txt", "--have", "have.txt"]);
    test.preflight(0, &["list.txt", "--have", "have.txt", "--air-gapped"]);
    test.put("have.txt", "not an image\n");
    test.preflight(2, &["list.txt", "--have", "have.txt"]);
}

#[test]
fn bad_input_is_said_all_at_once() {
    let test = Test::new();
    test.put("list.txt", "127.0.0.1:1/A:1\nok two\n127.0.0.1:1/a:1\n");
    test.put("registries.conf", "[[registry]]\nlocaton = '127.0.0.1:1'\n");
    test.put("config.json", r#"{"auths": {"127.0.0.1:1": {"auth": "hunter2"}}}"#);
    let arguments = ["list.txt", "--registries-conf", "registries.conf", "--auth", "config.json"];
    let (out, err) = test.preflight(2, &arguments);
    assert!(out.is_empty(), "{out}");
    for words in ["list.txt:1", "list.txt:2", "did you mean `location`?", "config.json:1", "5 errors"] {
        assert!(err.contains(words), "{words}\n{err}");
    }
    let (out, _) = test.preflight(2, &[arguments.as_slice(), &["--format", "json"]].concat());
    schemas::assert_is("findings", &serde_json::from_str(&out).unwrap());
    test.preflight(2, &["nowhere.txt"]);
    test.preflight(2, &["list.txt", "--platform", "amd64"]);
}
