//! `cotter images` against Debian's registry, servers that misbehave, and skopeo, all on loopback.

use std::io::Write as _;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::Mutex;

use cotter::images;
use cotter::images::Destination;
use cotter::images::Endpoints;
use cotter::images::HostsFiles;
use cotter::images::Logins;
use cotter::images::RegistriesConf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use serde_json::json;

use crate::registries::HTPASSWD;
use crate::registries::LOGIN;
use crate::registries::MANIFEST;
use crate::registries::Registry;
use crate::registries::Test;
use crate::registries::client;
use crate::registries::digest;
use crate::registries::docker_registry;
use crate::schemas;
use crate::tools;
use crate::web;
use crate::web::Request;
use crate::web::Server;
use crate::web::Stream;

/// Debian's skopeo: on the PATH, or unpacked by `.ci/packages` with its libraries.
fn skopeo(arguments: &[&str]) -> Option<Vec<u8>> {
    let unpacked = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/skopeo/usr");
    let own = unpacked.join("bin/skopeo");
    let mut command = match own.is_file() {
        true => {
            let libraries = unpacked.join("lib").read_dir().unwrap();
            let libraries: Vec<PathBuf> = libraries.map(|one| one.unwrap().path()).collect();
            let mut command = Command::new(own);
            command.env("LD_LIBRARY_PATH", std::env::join_paths(libraries).unwrap());
            command
        }
        false => Command::new(tools::program("skopeo")?),
    };
    Some(tools::output(command.arg("--insecure-policy").args(arguments)))
}

impl Test {
    fn mirror(&self, code: i32, arguments: &[&str]) -> Value {
        let common = ["images", "mirror", "--timeout", "120", "--format", "json"];
        let (out, err) = self.run(code, &[&common, arguments].concat());
        let report = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}{err}"));
        schemas::assert_is("images-mirror", &report);
        report
    }
}

/// Each image with its state and its troubles.
fn states(report: &Value) -> Vec<String> {
    let images = report["images"].as_array().unwrap().iter();
    images
        .map(|image| {
            let tried = image["tried"].as_array().unwrap().iter();
            let tried: String = tried.map(|one| format!(" {}", one["trouble"].as_str().unwrap())).collect();
            let name = image["image"].as_str().unwrap().split_once('/').unwrap().1;
            format!("{name} {}{tried}", image["state"].as_str().unwrap())
        })
        .collect()
}

fn digest_at(registry: &Registry, repository: &str, which: &str) -> Option<String> {
    let url = format!("{}/manifests/{which}", registry.base(repository));
    let accept = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json";
    let head = client().head(url).header("Accept", accept).send().unwrap();
    (head.status() == 200).then(|| head.headers()["docker-content-digest"].to_str().unwrap().to_owned())
}

#[test]
fn copies_between_registries_and_machines_pull_the_copies() {
    let Some(program) = docker_registry() else { return };
    let test = Test::new();
    let tls = test.path("tls");
    std::fs::create_dir(&tls).unwrap();
    if web::certificate(&tls, "1").is_none() {
        return;
    }
    test.put("htpasswd", HTPASSWD);
    let none = json!({});
    let http = json!({"tls": {"certificate": tls.join("server.crt"), "key": tls.join("server.key")}});
    let auth = json!({"htpasswd": {"realm": "lab", "path": test.path("htpasswd")}});
    let open = Registry::start(&program, &test.path("own"), &none, &Value::Null);
    let closed = Registry::start(&program, &test.path("own"), &http, &auth);
    let copy = Registry::start(&program, &test.path("copy"), &none, &Value::Null);
    let client = client();
    let plain = open.image(&client, "up/plain", "v1", "amd64");
    open.image(&client, "up/arm", "v1", "arm64");
    let pinned = open.image(&client, "up/pinned", "v1", "amd64");
    let index = open.index(&client, "up/both", "v1");
    let host = format!("127.0.0.1:{}", closed.port);
    let list = format!(
        "{host}/up/plain:v1\n{host}/up/arm:v1\n{host}/up/pinned@{pinned}\n{host}/up/both:v1\n{host}/up/gone:v1\n"
    );
    test.put("list.txt", &list);
    test.put("config.json", &json!({"auths": {host.clone(): {"auth": LOGIN}}}).to_string());
    let ca = tls.join("ca.crt");
    let to = format!("127.0.0.1:{}/deep/er", copy.port);
    let arguments =
        ["list.txt", "--auth", "config.json", "--ca", ca.to_str().unwrap(), "--to", &to, "-o", "out"];
    let report = test.mirror(1, &arguments);
    assert_eq!(
        states(&report),
        [
            "up/arm:v1 failed platform".to_owned(),
            "up/both:v1 copied".to_owned(),
            "up/gone:v1 failed no-repository".to_owned(),
            format!("up/pinned@{pinned} copied"),
            "up/plain:v1 copied".to_owned(),
        ]
    );
    // Digests are kept, and of the index only the platform's manifest came.
    assert_eq!(digest_at(&copy, "deep/er/up/plain", "v1"), Some(plain));
    assert_eq!(digest_at(&copy, "deep/er/up/pinned", &pinned), Some(pinned.clone()));
    let child = digest_at(&copy, "deep/er/up/both", "v1").unwrap();
    assert_eq!(
        (report["images"][1]["digest"].as_str(), report["images"][1]["of_index"].as_str()),
        (Some(&*child), Some(&*index))
    );
    // The layer that all have came once: the registry took it from its other repository.
    let moved = &report["moved"];
    assert_eq!((&moved["blobs"], &moved["blobs_mounted"]), (&json!(2), &json!(4)), "{moved}");
    // Again: nothing is moved.
    let report = test.mirror(1, &arguments);
    assert_eq!(report["counts"], json!({"images": 5, "copied": 0, "there": 3, "changed": 0, "failed": 2}));
    assert_eq!(report["moved"]["bytes"], 0);

    // The registry is gone, and machines pull what was copied.
    drop(closed);
    test.put("copied.txt", &format!("{host}/up/plain:v1\n{host}/up/pinned@{pinned}\n{host}/up/both:v1\n"));
    let mut kinds =
        vec![vec!["--registries-yaml", "out/registries.yaml"], vec!["--hosts-toml", "out/certs.d"]];
    kinds.push(vec!["--registries-conf", "out/registries.conf"]);
    for kind in &kinds {
        test.run(
            0,
            &[&["preflight", "--images", "copied.txt", "--timeout", "120"], kind.as_slice()].concat(),
        );
    }
    test.run(1, &["preflight", "--images", "copied.txt", "--timeout", "120"]);
    let sets = std::fs::read_to_string(test.path("out/mirror-sets.yaml")).unwrap();
    assert!(sets.contains("ImageDigestMirrorSet") && sets.contains("ImageTagMirrorSet"), "{sets}");
    // skopeo sees the copy as an image.
    let place = format!("docker://{to}/up/both:v1");
    if let Some(seen) = skopeo(&["inspect", "--tls-verify=false", &place]) {
        let seen: Value = serde_json::from_slice(&seen).unwrap();
        assert_eq!((seen["Digest"].as_str(), seen["Architecture"].as_str()), (Some(&*child), Some("amd64")));
    }
}

#[test]
fn an_index_keeps_its_digest_with_all_platforms_alone() {
    let Some(program) = docker_registry() else { return };
    let test = Test::new();
    let own = Registry::start(&program, &test.path("own"), &json!({}), &Value::Null);
    let copy = Registry::start(&program, &test.path("copy"), &json!({}), &Value::Null);
    let index = own.index(&client(), "up/both", "v1");
    let host = test.by("http", own.port);
    test.put("list.txt", &format!("{host}/up/both@{index}\n"));
    let to = format!("127.0.0.1:{}", copy.port);
    let common = ["list.txt", "--hosts-toml", "certs.d", "--to", &to];
    let report = test.mirror(1, &common);
    assert_eq!(states(&report), [format!("up/both@{index} changed")]);
    assert_eq!(digest_at(&copy, "up/both", &index), None);
    let (out, _) = test.run(1, &[&["images", "mirror"], common.as_slice()].concat());
    assert!(out.contains("--all-platforms"), "{out}");
    let report = test.mirror(0, &[common.as_slice(), &["--all-platforms"]].concat());
    assert_eq!(states(&report), [format!("up/both@{index} copied")]);
    assert_eq!(digest_at(&copy, "up/both", &index), Some(index.clone()));
    // What has no tag of its own gets one, so that it is not thrown away.
    assert_eq!(digest_at(&copy, "up/both", &format!("mirrored-{}", &index[7..19])), Some(index.clone()));
    // And the layout keeps it too.
    test.mirror(0, &["list.txt", "--hosts-toml", "certs.d", "--to", "oci:layout", "--all-platforms"]);
    let name = format!("oci:{}:{host}/up/both@{index}", test.path("layout").display());
    if let Some(raw) = skopeo(&["inspect", "--raw", &name]) {
        assert_eq!(digest(&raw), index);
    }
}

#[test]
fn to_a_layout_and_back_and_as_skopeo_does() {
    let Some(program) = docker_registry() else { return };
    let test = Test::new();
    let own = Registry::start(&program, &test.path("own"), &json!({}), &Value::Null);
    let copy = Registry::start(&program, &test.path("copy"), &json!({}), &Value::Null);
    let one = own.image(&client(), "up/one", "v1", "amd64");
    own.index(&client(), "up/two", "v1");
    let host = test.by("http", own.port);
    test.put("list.txt", &format!("{host}/up/one:v1\n{host}/up/two:v1\n"));
    let from = ["list.txt", "--hosts-toml", "certs.d"];
    test.mirror(0, &[&from[..], &["--to", "oci:layout"]].concat());
    let report = test.mirror(0, &[&from[..], &["--to", "oci:layout"]].concat());
    assert_eq!((&report["counts"]["there"], &report["moved"]["bytes"]), (&json!(2), &json!(0)));
    assert!(!test.path("layout/.cotter-parts").exists());
    // A blob that is lost comes again.
    std::fs::remove_file(test.path("layout/blobs/sha256").join(&digest(b"a layer")[7..])).unwrap();
    let report = test.mirror(0, &[&from[..], &["--to", "oci:layout"]].concat());
    assert_eq!(report["moved"]["blobs"], 1);
    // Back, without a list: the layout says what its images are called.
    let to = format!("127.0.0.1:{}/back", copy.port);
    test.mirror(0, &["--from-layout", "layout", "--to", &to]);
    assert_eq!(digest_at(&copy, "back/up/one", "v1"), Some(one.clone()));
    // One of another tool, and ours read by it.
    let named = format!("{host}/up/one:v1");
    let layout = format!("oci:{}:{named}", test.path("layout").display());
    let theirs = format!("oci:{}:{named}", test.path("theirs").display());
    if skopeo(&["inspect", &layout]).is_some() {
        skopeo(&["copy", &layout, &format!("dir:{}", test.path("dir").display())]);
        skopeo(&[
            "copy",
            "--preserve-digests",
            "--src-tls-verify=false",
            &format!("docker://{named}"),
            &theirs,
        ]);
        skopeo(&["copy", &theirs, &format!("oci:{}:bare", test.path("theirs").display())]);
        let to = format!("127.0.0.1:{}/theirs", copy.port);
        let (_, err) = test.run(0, &["images", "mirror", "--from-layout", "theirs", "--to", &to]);
        assert!(err.contains("has no whole name"), "{err}");
        assert_eq!(digest_at(&copy, "theirs/up/one", "v1"), Some(one));
    }
    test.put("other.txt", "reg.lab/none:1\n");
    let report = test.mirror(1, &["other.txt", "--from-layout", "layout", "--to", &to]);
    assert_eq!(states(&report), ["none:1 failed no-tag"]);
    // Nobody's folder is made a layout.
    test.put("mine/notes.txt", "x");
    test.run(2, &["images", "mirror", "list.txt", "--to", "oci:mine"]);
    assert_eq!(test.path("mine").read_dir().unwrap().count(), 1);
}

/// What a registry with one image gives: its blobs by digest, and its manifest whatever it is called.
#[derive(Clone)]
struct Image {
    manifest: String,
    config: Vec<u8>,
    layer: Vec<u8>,
}

impl Image {
    fn new(size: usize) -> Self {
        let config = br#"{"os": "linux", "architecture": "amd64"}"#.to_vec();
        let layer: Vec<u8> = (0..size).map(|at| (at * 7 + at / 251) as u8).collect();
        let part = |kind: &str, bytes: &[u8]| json!({"mediaType": format!("application/vnd.oci.image.{kind}"), "digest": digest(bytes), "size": bytes.len()});
        let manifest = json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": part("config.v1+json", &config),
            "layers": [part("layer.v1.tar", &layer)]});
        Self { manifest: manifest.to_string(), config, layer }
    }

    fn is_of_layer(&self, request: &Request) -> bool {
        request.path.contains(&digest(&self.layer))
    }

    fn give(&self, request: &Request, stream: &mut dyn Stream) {
        let body = match &request.path {
            path if path.contains(&digest(&self.config)) => &self.config,
            path if path.contains(&digest(&self.layer)) => &self.layer,
            path if path.contains("/manifests/") => self.manifest.as_bytes(),
            _ => &b"{}"[..],
        };
        let length = body.len().to_string();
        let sent = if request.method == "HEAD" { &[][..] } else { body };
        web::answer(stream, "200 OK", &[("Content-Length", &length)], sent);
    }
}

fn blob_in(layout: &Path, bytes: &[u8]) -> PathBuf {
    layout.join("blobs/sha256").join(&digest(bytes)[7..])
}

#[test]
fn a_cut_download_goes_on_where_it_was() {
    let test = Test::new();
    let image = Image::new(600_000);
    let served = image.clone();
    let server = Server::new(move |request, stream| match served.is_of_layer(request) {
        // The first is cut, the second is asked to wait, the third gives the rest.
        true if request.before == 1 => {
            web::answer(
                stream,
                "429 Too Many Requests",
                &[("Retry-After", "0"), ("Content-Length", "0")],
                b"",
            );
        }
        true => web::ranged(
            request,
            stream,
            &served.layer,
            "x",
            if request.before == 0 { 400_000 } else { 1 << 20 },
        ),
        false => served.give(request, stream),
    });
    let host = test.by("http", server.port);
    test.put("list.txt", &format!("{host}/a:1\n"));
    let report = test.mirror(0, &["list.txt", "--hosts-toml", "certs.d", "--to", "oci:layout"]);
    assert_eq!(
        (&report["moved"]["blobs_continued"], &report["moved"]["bytes"]),
        (&json!(1), &json!(600_040))
    );
    let asked: Vec<Option<usize>> =
        server.requests().iter().filter(|request| image.is_of_layer(request)).map(Request::first).collect();
    assert_eq!(asked, [None, Some(400_000), Some(400_000)]);
    assert_eq!(std::fs::read(blob_in(&test.path("layout"), &image.layer)).unwrap(), image.layer);
}

/// Kills without a word.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn what_was_killed_goes_on_and_shows_nothing_half() {
    let test = Test::new();
    let image = Image::new(900_000);
    let served = image.clone();
    let (half, reached) = std::sync::mpsc::channel();
    let server = Server::new(move |request, stream| match served.is_of_layer(request) {
        true if request.before == 0 => {
            web::answer(stream, "200 OK", &[("Content-Length", "900000")], &served.layer[..500_000]);
            let _ = stream.flush();
            let _ = half.send(());
            web::stall(stream);
        }
        true => web::ranged(request, stream, &served.layer, "x", 1 << 20),
        false => served.give(request, stream),
    });
    let host = test.by("http", server.port);
    test.put("list.txt", &format!("{host}/a:1\n"));
    let arguments =
        ["images", "mirror", "list.txt", "--hosts-toml", "certs.d", "--to", "oci:layout", "--timeout", "600"];
    let mut command = test.command(&arguments);
    let running = Killed(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    reached.recv().unwrap();
    let part = test.path("layout/.cotter-parts").join(digest(&image.layer).replace(':', "-"));
    while part.metadata().map_or(0, |part| part.len()) < 500_000 {
        std::thread::yield_now();
    }
    // Meanwhile nobody else writes there.
    let (_, err) =
        test.run(3, &["images", "mirror", "list.txt", "--hosts-toml", "certs.d", "--to", "oci:layout"]);
    assert!(err.contains("somebody else writes"), "{err}");
    drop(running);
    let layout = test.path("layout");
    assert!(!blob_in(&layout, &image.layer).exists());
    let index = std::fs::read_to_string(layout.join("index.json")).unwrap();
    assert!(index.contains(r#""manifests":[]"#), "{index}");
    let report = test.mirror(0, &["list.txt", "--hosts-toml", "certs.d", "--to", "oci:layout"]);
    assert_eq!(
        (&report["moved"]["blobs_continued"], &report["moved"]["bytes"]),
        (&json!(1), &json!(400_000))
    );
    assert_eq!(std::fs::read(blob_in(&layout, &image.layer)).unwrap(), image.layer);
    assert_eq!(server.requests().last().unwrap().first(), Some(500_000));
    // A part that went bad on the disk is not believed.
    std::fs::remove_file(blob_in(&layout, &image.layer)).unwrap();
    test.put(part.strip_prefix(test.folder.path()).unwrap().to_str().unwrap(), "not what came");
    let report = test.mirror(0, &["list.txt", "--hosts-toml", "certs.d", "--to", "oci:layout"]);
    assert_eq!(report["moved"]["blobs"], 1);
    assert_eq!(std::fs::read(blob_in(&layout, &image.layer)).unwrap(), image.layer);
}

#[test]
fn what_is_wrong_never_gets_its_name() {
    let test = Test::new();
    let image = Image::new(50_000);
    let list = |server: &Server| format!("{}/a:1\n", test.by("http", server.port));
    let served = image.clone();
    let wrong = Server::new(move |request, stream| match served.is_of_layer(request) {
        true => web::whole(stream, &vec![7; 50_000]),
        false => served.give(request, stream),
    });
    let served = image.clone();
    let longer = Server::new(move |request, stream| match served.is_of_layer(request) {
        true => web::whole(stream, &[served.layer.as_slice(), b"more"].concat()),
        false => served.give(request, stream),
    });
    let served = image.clone();
    let cut = Server::new(move |request, stream| match served.is_of_layer(request) {
        true => web::answer(stream, "200 OK", &[("Content-Length", "50000")], &served.layer[..100]),
        false => served.give(request, stream),
    });
    let program = docker_registry();
    let copy = program.map(|program| Registry::start(&program, &test.path("copy"), &json!({}), &Value::Null));
    for (server, trouble) in [(&wrong, "digest-mismatch"), (&longer, "digest-mismatch"), (&cut, "broken")] {
        test.put("list.txt", &list(server));
        let from = ["list.txt", "--hosts-toml", "certs.d"];
        let report = test.mirror(1, &[&from[..], &["--to", "oci:layout"]].concat());
        assert_eq!(states(&report), [format!("a:1 failed {trouble}")]);
        assert!(!blob_in(&test.path("layout"), &image.layer).exists());
        let Some(copy) = &copy else { continue };
        let report = test.mirror(1, &[&from[..], &["--to", &format!("127.0.0.1:{}", copy.port)]].concat());
        assert_eq!(states(&report), [format!("a:1 failed {trouble}")]);
        let head =
            client().head(format!("{}/blobs/{}", copy.base("a"), digest(&image.layer))).send().unwrap();
        assert_eq!((head.status().as_u16(), digest_at(copy, "a", "1")), (404, None));
    }
}

#[test]
fn a_destination_that_does_not_take_it_is_told_apart() {
    let test = Test::new();
    let image = Image::new(50_000);
    let served = image.clone();
    let server = Server::new(move |request, stream| served.give(request, stream));
    let host = test.by("http", server.port);
    test.put("list.txt", &format!("{host}/a:1\n{host}/b:1\n"));
    let destination = |on_post: &'static str| {
        Server::new(move |request, stream| {
            let status = match request.method.as_str() {
                "GET" => "200 OK",
                "HEAD" => "404 Not Found",
                _ => on_post,
            };
            web::answer(stream, status, &[("Content-Length", "0")], b"");
        })
    };
    for (status, trouble, help) in [
        ("403 Forbidden", "denied", "the right to push"),
        ("401 Unauthorized", "unauthorized", "a login that may push"),
        ("507 Insufficient Storage", "server", "disk full"),
        ("202 Accepted", "garbage", "takes such images"),
        ("429 Too Many Requests", "rate-limited", "wait"),
    ] {
        let to = destination(status);
        let to = format!("127.0.0.1:{}", to.port);
        let report = test.mirror(1, &["list.txt", "--hosts-toml", "certs.d", "--to", &to]);
        assert_eq!(
            states(&report),
            [format!("a:1 failed {trouble}"), format!("b:1 failed {trouble}")],
            "{status}"
        );
        let said = report["images"][0]["tried"][0]["help"].as_str().unwrap();
        assert!(said.contains(help), "{said}");
    }
    // Nobody there: said once, and the source is not asked at all.
    let before = server.requests().len();
    let (out, _) =
        test.run(1, &["images", "mirror", "list.txt", "--hosts-toml", "certs.d", "--to", "127.0.0.1:1"]);
    assert!(out.matches("127.0.0.1:1: ").count() == 1 && out.contains("0 of 2 images copied"), "{out}");
    assert_eq!(server.requests().len(), before);
    // Two that would be one are refused before anything is done.
    test.put("two.txt", "a.lab/x:1\nb.lab/x:1\n");
    let (_, err) = test.run(2, &["images", "mirror", "two.txt", "--to", "127.0.0.1:1"]);
    assert!(err.contains("error[mirror-collision]") && err.contains("two.txt:2"), "{err}");
    test.run(2, &["images", "mirror", "two.txt", "--to", "not a registry"]);
}

/// A server of tokens as registries want them: signed, for what is asked for.
fn tokens(folder: &Path, asked: Arc<Mutex<Vec<String>>>) -> Option<Server> {
    tools::program("openssl")?;
    let openssl =
        |arguments: &[&str]| tools::output(Command::new("openssl").args(arguments).current_dir(folder));
    openssl(&[
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        "token.key",
        "-out",
        "token.crt",
        "-days",
        "2",
        "-subj",
        "/CN=tokens",
    ]);
    let certificate = STANDARD.encode(openssl(&["x509", "-in", "token.crt", "-outform", "DER"]));
    let folder = folder.to_owned();
    Some(Server::new(move |request, stream| {
        if request.headers.get("authorization") != Some(&format!("Basic {LOGIN}")) {
            return web::answer(stream, "401 Unauthorized", &[("Content-Length", "0")], b"");
        }
        let url = reqwest::Url::parse(&format!("http://x{}", request.path)).unwrap();
        let scopes: Vec<String> = url
            .query_pairs()
            .filter(|(key, _)| key == "scope")
            .map(|(_, scope)| scope.into_owned())
            .collect();
        asked.lock().unwrap().extend(scopes.clone());
        let access: Vec<Value> = scopes
            .iter()
            .map(|scope| {
                let words: Vec<&str> = scope.split(':').collect();
                let actions: Vec<&str> = words[2].split(',').collect();
                json!({"type": words[0], "name": words[1], "actions": actions})
            })
            .collect();
        let head = json!({"typ": "JWT", "alg": "RS256", "x5c": [certificate]});
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        let body = json!({"iss": "lab", "sub": "user", "aud": "lab", "exp": now + 300, "nbf": now - 10, "iat": now - 10, "jti": "1", "access": access});
        let text = [head, body].map(|part| URL_SAFE_NO_PAD.encode(part.to_string())).join(".");
        let mut sign = Command::new("openssl");
        sign.args(["dgst", "-sha256", "-sign", "token.key"]).current_dir(&folder);
        let mut sign = sign.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        sign.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        let signature = URL_SAFE_NO_PAD.encode(sign.wait_with_output().unwrap().stdout);
        web::whole(stream, json!({"token": format!("{text}.{signature}")}).to_string().as_bytes());
    }))
}

#[test]
fn writes_with_tokens_and_takes_blobs_from_other_repositories() {
    let Some(program) = docker_registry() else { return };
    let test = Test::new();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let Some(tokens) = tokens(test.folder.path(), Arc::clone(&asked)) else { return };
    let own = Registry::start(&program, &test.path("own"), &json!({}), &Value::Null);
    own.image(&client(), "up/one", "v1", "amd64");
    own.image(&client(), "up/two", "v1", "amd64");
    let bundle = test.path("token.crt");
    let auth = json!({"token": {"realm": tokens.url("/token"), "service": "lab", "issuer": "lab", "rootcertbundle": bundle}});
    let copy = Registry::start(&program, &test.path("copy"), &json!({}), &auth);
    let host = test.by("http", own.port);
    test.put("list.txt", &format!("{host}/up/one:v1\n{host}/up/two:v1\n"));
    let to = format!("127.0.0.1:{}", copy.port);
    let arguments = ["list.txt", "--hosts-toml", "certs.d", "--to", &to, "--concurrency", "1"];
    let report = test.mirror(1, &arguments);
    assert_eq!(states(&report), ["up/one:v1 failed unauthorized", "up/two:v1 failed unauthorized"]);
    test.put("config.json", &json!({"auths": {to.clone(): {"auth": LOGIN}}}).to_string());
    let report = test.mirror(0, &[&arguments[..], &["--auth", "config.json"]].concat());
    assert_eq!((&report["counts"]["copied"], &report["moved"]["blobs_mounted"]), (&json!(2), &json!(2)));
    let asked = asked.lock().unwrap().clone();
    let expected = [
        "repository:up/one:pull,push",
        "repository:up/two:pull,push",
        "repository:up/two:pull,push",
        "repository:up/one:pull",
    ];
    assert_eq!(asked, expected);
}

#[test]
fn a_token_that_is_over_is_asked_for_anew() {
    let test = Test::new();
    let image = Image::new(1000);
    let given = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&given);
    let tokens = Server::new(move |_, stream| {
        let mut given = counted.lock().unwrap();
        *given += 1;
        web::whole(stream, json!({"token": format!("t{given}")}).to_string().as_bytes());
    });
    let realm = tokens.url("/token");
    let used = Mutex::new(std::collections::BTreeMap::<String, usize>::new());
    let server = Server::new(move |request, stream| {
        let token = request.headers.get("authorization").cloned().unwrap_or_default();
        let mut used = used.lock().unwrap();
        let uses = used.entry(token.clone()).or_default();
        *uses += 1;
        // Each is good for two questions.
        if token.is_empty() || *uses > 2 {
            let challenge = format!("Bearer realm=\"{realm}\",service=\"lab\"");
            return web::answer(
                stream,
                "401 Unauthorized",
                &[("WWW-Authenticate", &challenge), ("Content-Length", "0")],
                b"",
            );
        }
        drop(used);
        image.give(request, stream);
    });
    let host = test.by("http", server.port);
    test.put("list.txt", &format!("{host}/a:1\n"));
    test.mirror(0, &["list.txt", "--hosts-toml", "certs.d", "--to", "oci:layout"]);
    assert_eq!(*given.lock().unwrap(), 2);
}

/// A tar of some files.
fn layer(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_cksum();
        builder.append_data(&mut header, name, *bytes).unwrap();
    }
    builder.into_inner().unwrap()
}

#[test]
fn lists_what_a_release_and_lists_come_to() {
    let Some(program) = docker_registry() else { return };
    let test = Test::new();
    let own = Registry::start(&program, &test.path("own"), &json!({}), &Value::Null);
    let (client, host) = (client(), test.by("http", own.port));
    let hex = |letter: &str| format!("sha256:{}", letter.repeat(64));
    let tag = |name: &str, letter: &str| json!({"name": name, "from": {"kind": "DockerImage", "name": format!("q.lab/r@{}", hex(letter))}});
    let references = json!({"kind": "ImageStream", "apiVersion": "image.openshift.io/v1", "spec": {"tags": [tag("cli", "a"), tag("etcd", "b")]}});
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let files = layer(&[
        ("release-manifests/0000.yaml", b"x"),
        ("release-manifests/image-references", references.to_string().as_bytes()),
    ]);
    gzip.write_all(&files).unwrap();
    let layers = [layer(&[("etc/base", b"1")]), gzip.finish().unwrap(), layer(&[("etc/later", b"2")])];
    let config = br#"{"os": "linux", "architecture": "amd64"}"#;
    let part = |bytes: &[u8]| json!({"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": own.blob(&client, "rel", bytes), "size": bytes.len()});
    let mut body = json!({"schemaVersion": 2, "mediaType": MANIFEST, "layers": layers.iter().map(|layer| part(layer)).collect::<Vec<_>>()});
    body["config"] = part(config);
    body["config"]["mediaType"] = json!("application/vnd.oci.image.config.v1+json");
    own.manifest(&client, ("rel", "4"), MANIFEST, &body);
    own.image(&client, "none", "4", "amd64");

    test.put("lists/a-linux-amd64.txt", "r.lab/a:1\nr.lab/a:2\nr.lab/b:1\n");
    test.put("lists/a-linux-arm64.txt", "r.lab/arm:1\n");
    test.put("lists/notes.md", "nothing");
    test.put("chart.yaml", "---\nkind: Deployment\nspec: {template: {spec: {containers: [{image: r.lab/b:1}, {image: 'r.lab/c:1'}]}}}\n");
    test.put(
        "have.json",
        &format!(r#"{{"images": [{{"repoTags": ["r.lab/c:1"], "repoDigests": ["q.lab/r@{}"]}}]}}"#, hex("b")),
    );
    let release = format!("{host}/rel:4");
    let arguments = [
        "images",
        "pull-list",
        "lists",
        "chart.yaml",
        "--release",
        &release,
        "--have",
        "have.json",
        "--hosts-toml",
        "certs.d",
    ];
    let (out, err) = test.run(0, &arguments);
    let expected = format!("{release}\nq.lab/r@{}\nr.lab/a:1\nr.lab/a:2\nr.lab/b:1\n", hex("a"));
    let mut lines: Vec<&str> = expected.lines().collect();
    lines.sort_unstable();
    assert_eq!(out.lines().collect::<Vec<_>>(), lines);
    for words in [
        "`r.lab/a` is asked for by several tags: 1, 2",
        "a-linux-arm64.txt",
        "1 asked for more than once, 2 there already",
    ] {
        assert!(err.contains(words), "{words}\n{err}");
    }
    let (out, _) = test.run(0, &[&arguments[..], &["--format", "json"]].concat());
    schemas::assert_is("images-pull-list", &serde_json::from_str(&out).unwrap());
    let (_, err) = test
        .run(3, &["images", "pull-list", "--release", &format!("{host}/none:4"), "--hosts-toml", "certs.d"]);
    assert!(err.contains("is no release") || err.contains("cannot be read"), "{err}");
    test.run(2, &["images", "pull-list", "nowhere"]);
    test.run(2, &["images", "pull-list"]);
}

#[test]
fn pins_by_digest_for_nodes_and_by_name_for_agents() {
    let Some(program) = docker_registry() else { return };
    let test = Test::new();
    let own = Registry::start(&program, &test.path("own"), &json!({}), &Value::Null);
    let digest = own.image(&client(), "up/one", "v1", "amd64");
    let host = test.by("http", own.port);
    test.put("list.txt", &format!("{host}/up/one:v1\nr.lab/two@{digest}\n"));
    let common = ["images", "pin", "list.txt", "--hosts-toml", "certs.d"];
    let (out, err) = test
        .run(0, &[&common[..], &["--as", "pinnedimageset", "--role", "infra", "-o", "pin.yaml"]].concat());
    assert!(out.is_empty() && err.contains(&format!("{host}/up/one:v1 is {digest} now")), "{out}{err}");
    let object = std::fs::read_to_string(test.path("pin.yaml")).unwrap();
    for words in [
        "machineconfiguration.openshift.io/v1\n",
        "PinnedImageSet",
        "infra",
        &format!("{host}/up/one@{digest}"),
        &format!("r.lab/two@{digest}"),
    ] {
        assert!(object.contains(words), "{words}\n{object}");
    }
    let (out, _) = test.run(0, &[&common[..], &["--as", "pinnedimageset", "--openshift", "4.17"]].concat());
    assert!(out.contains("v1alpha1"), "{out}");
    let (out, _) = test.run(0, &[&common[..], &["--as", "rke2"]].concat());
    assert_eq!(out, format!("{host}/up/one:v1\nr.lab/two@{digest}\n"));
    // A pin is a list too; one that cannot be asked for leaves no file.
    let (out, _) = test.run(0, &["images", "pull-list", "pin.yaml"]);
    assert_eq!(out.lines().count(), 2);
    test.put("list.txt", &format!("{host}/up/one:v2\n"));
    let (out, _) = test.run(1, &[&common[..], &["--as", "pinnedimageset", "-o", "none.yaml"]].concat());
    assert!(out.contains("no tag `v2`") && !test.path("none.yaml").exists(), "{out}");
    test.run(2, &[&common[..], &["--as", "k3s", "-o", "pin.yaml"]].concat());
}

#[derive(serde::Deserialize)]
struct Rules {
    rule: Vec<Row>,
}

#[derive(serde::Deserialize)]
struct Row {
    name: String,
    file: String,
    breaks: String,
    nearly: String,
}

fn rules_broken(file: &str, text: &str) -> Vec<&'static str> {
    let findings = match file {
        "list" => images::read_list("f", text).1,
        "conf" => RegistriesConf::read("f", text).1,
        "sets" => RegistriesConf::default().add_mirror_sets("f", text),
        "endpoints" => Endpoints::read("f", text).1,
        "hosts" => HostsFiles::default().add("a.lab", "a.lab", "f", text),
        "logins" => Logins::read("f", text).1,
        "copy" => {
            let list = images::read_list("f", text).0.into_iter();
            let list = list.map(|image| (image.value, vec![image.origin])).collect();
            "m.lab".parse::<Destination>().unwrap().check(&list)
        }
        other => panic!("{other}"),
    };
    findings.sorted().iter().map(|finding| finding.rule).collect()
}

#[test]
fn every_rule_has_a_case_that_breaks_it_and_one_that_nearly_does() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let table: Rules =
        toml::from_str(&std::fs::read_to_string(root.join("tests/images.toml")).unwrap()).unwrap();
    for row in &table.rule {
        assert_eq!(rules_broken(&row.file, &row.breaks), [row.name.as_str()], "{}", row.breaks);
        assert_eq!(rules_broken(&row.file, &row.nearly), [""; 0], "{}", row.nearly);
    }
    let names: Vec<&str> = table.rule.iter().map(|row| row.name.as_str()).collect();
    let rules: Vec<&str> = images::RULES.iter().map(|rule| rule.name).collect();
    assert_eq!(names, rules);
    // The documentation has them.
    let text = std::fs::read_to_string(root.join("docs/images.md")).unwrap();
    for rule in images::RULES {
        let row = format!("| {} | {} | {} | `{}` |", rule.name, rule.refuses, rule.why, rule.example);
        assert!(text.contains(&row), "{row}");
    }
}

/// A disk that is full is the machine's matter, and leaves nothing half.
#[test]
fn a_full_disk_ends_it() {
    let _mounts = tools::MOUNTS.read().unwrap();
    let test = Test::new();
    let image = Image::new(600_000);
    let served = image.clone();
    let server = Server::new(move |request, stream| served.give(request, stream));
    // Before the namespace is made: in it is the same network.
    let host = test.by("http", server.port);
    test.put("list.txt", &format!("{host}/a:1\n"));
    let script = "mkdir layout && mount -t tmpfs -o size=256k none layout && ! [ -e layout/index.json ] && \
        \"$0\" images mirror list.txt --hosts-toml certs.d --to oci:layout; code=$?; ls layout/blobs/sha256; exit $code";
    let mut command = Command::new("unshare");
    command.args(["-rm", "bash", "-c", script, env!("CARGO_BIN_EXE_cotter")]).current_dir(test.folder.path());
    let done = command.env("NO_COLOR", "1").output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    if err.contains("unshare failed") {
        return tools::skip("namespaces cannot be made here");
    }
    assert_eq!(done.status.code(), Some(3), "{out}{err}");
    assert!(err.contains("no space left"), "{err}");
    assert!(!out.contains(&digest(&image.layer)[7..]), "{out}");
}
