//! `cotter fetch` against servers that misbehave: the right file or one clear error, and never a bad file under its name.

use std::io::Read as _;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Output;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;
use std::time::Instant;

use sha2::Digest as _;
use tempfile::TempDir;

use crate::fixture;
use crate::schemas::assert_is;
use crate::tools;
use crate::web::Request;
use crate::web::Server;
use crate::web::Stream;
use crate::web::answer;
use crate::web::ranged;
use crate::web::redirect;
use crate::web::stall;
use crate::web::whole;

/// Bounds that do not make a test wait, and are met on a slow machine.
const LIMITS: &str = "connect_ms=5000,stall_ms=5000,document_ms=5000,window_ms=5000,least_bytes=1,tries=3,slow_tries=2,backoff_ms=1,progress_bytes=1000,longest_wait_ms=1500";

/// A home of its own for each test.
pub struct Test {
    home: TempDir,
    limits: String,
}

/// How a command ended.
struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Test {
    fn new() -> Self {
        Self { home: tempfile::tempdir().unwrap(), limits: LIMITS.to_owned() }
    }

    fn with(limits: &str) -> Self {
        Self { limits: format!("{LIMITS},{limits}"), ..Self::new() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cotter"));
        command.args(arguments).current_dir(self.home.path()).stdin(Stdio::null());
        for name in [
            "HTTPS_PROXY",
            "https_proxy",
            "HTTP_PROXY",
            "http_proxy",
            "ALL_PROXY",
            "all_proxy",
            "SSL_CERT_FILE",
        ] {
            command.env_remove(name);
        }
        command.env("HOME", self.home.path()).env("XDG_CACHE_HOME", self.path("cache"));
        command.env("XDG_CONFIG_HOME", self.path("config")).env("COTTER_FETCH_LIMITS", &self.limits);
        command.env(
            "COTTER_CATALOG",
            if self.path("catalog.toml").exists() { self.path("catalog.toml") } else { PathBuf::new() },
        );
        command
    }

    fn run(&self, arguments: &[&str]) -> Said {
        Said::of(self.command(arguments).output().unwrap())
    }

    fn fetch(&self, arguments: &[&str]) -> Said {
        self.run(&[&["fetch"], arguments].concat())
    }

    /// What is in the cache, without descriptions: finished files, and parts.
    fn kept(&self) -> (Vec<PathBuf>, Vec<PathBuf>) {
        let mut files = Vec::new();
        collect(&self.path("cache"), &mut files);
        files.retain(|file| file.extension().is_none_or(|ending| ending != "json"));
        files.into_iter().partition(|file| file.extension().is_none_or(|ending| ending != "part"))
    }

    /// Asserts that a command failed with one clear error, and that nothing has a name that should not.
    fn refused(&self, said: &Said, code: i32, words: &str) {
        assert_eq!(said.code, Some(code), "{words}: {}{}", said.out, said.err);
        let one_error = said.err.lines().filter(|line| line.starts_with("error: ")).count() == 1
            && said.err.contains("\n  help: ");
        assert!(
            said.err.contains(words) && one_error && said.out.is_empty(),
            "{words}: {}{}",
            said.out,
            said.err
        );
        assert!(self.kept().0.is_empty(), "{words}: {:?}", self.kept());
    }

    /// Asserts that a command came to exactly this file.
    fn came(&self, said: &Said, bytes: &[u8]) {
        assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
        let (files, parts) = self.kept();
        let [file] = files.as_slice() else { panic!("{files:?}") };
        assert!(std::fs::read(file).unwrap() == bytes && parts.is_empty(), "{file:?} {parts:?}");
        assert!(said.out.contains(&file.display().to_string()), "{}", said.out);
    }
}

impl Said {
    fn of(done: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: done.status.code(), out: text(done.stdout), err: text(done.stderr) }
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in folder.read_dir().into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() { collect(&path, files) } else { files.push(path) }
    }
    files.sort();
}

fn image() -> Vec<u8> {
    fixture::noise(100_000)
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(sha2::Sha256::digest(bytes))
}

fn sha512(bytes: &[u8]) -> String {
    hex::encode(sha2::Sha512::digest(bytes))
}

/// One URL whose server does as told, fetched with the digest of [`image`].
fn fetched(
    limits: &str,
    handler: impl Fn(&Request, &mut dyn Stream) + Send + Sync + 'static,
) -> (Test, Said, Server) {
    let (test, server) = (Test::with(limits), Server::new(handler));
    let said = test.fetch(&[&server.url("/a.iso"), "--sha256", &sha256(&image())]);
    (test, said, server)
}

#[test]
fn a_connection_that_is_cut_again_and_again_goes_on_where_it_was() {
    let (test, said, server) =
        fetched("", |request, stream| ranged(request, stream, &image(), "\"a\"", 7001));
    test.came(&said, &image());
    let asked = server.asked("/a.iso");
    assert_eq!(asked.len(), 100_000 / 7001 + 1);
    for (index, request) in asked.iter().enumerate().skip(1) {
        assert_eq!(request.first(), Some(index * 7001));
        assert_eq!(request.headers.get("if-range").map(String::as_str), Some("\"a\""));
    }
    // A weak mark is none; but the digest is known.
    let (test, said, server) =
        fetched("", |request, stream| ranged(request, stream, &image(), "W/\"a\"", 30_000));
    test.came(&said, &image());
    let asked = server.asked("/a.iso");
    assert!(asked.len() == 4 && asked.iter().all(|request| !request.headers.contains_key("if-range")));
}

#[test]
fn a_server_that_cannot_go_on_begins_again() {
    // It ignores Range, and cuts twice.
    let (test, said, server) = fetched("", |request, stream| {
        let most = if request.before < 2 { 60_000 } else { 100_000 };
        answer(stream, "200 OK", &[("ETag", "\"a\""), ("Content-Length", "100000")], &image()[..most]);
    });
    test.came(&said, &image());
    assert_eq!(server.asked("/a.iso").len(), 3);
    // It goes on elsewhere than it is asked to, or says something strange.
    for range in [
        "bytes 0-99999/100000",
        "bytes 50000-99998/100000",
        "bytes 50000-99999/*",
        "50000-",
        "bytes x-y/z",
        "",
    ] {
        let (test, said, server) = fetched("", move |request, stream| match request.first() {
            Some(_) => {
                let headers = [("ETag", "\"a\""), ("Content-Range", range), ("Content-Length", "50000")];
                answer(stream, "206 Partial Content", &headers, &image()[50_000..]);
            }
            None => {
                ranged(request, stream, &image(), "\"a\"", if request.before == 0 { 50_000 } else { 100_000 })
            }
        });
        test.came(&said, &image());
        assert!(said.err.contains("the server goes on at"), "{range}: {}", said.err);
        assert_eq!(server.asked("/a.iso").len(), 3, "{range}");
    }
    // The file is shorter by now.
    let (test, said, _) = fetched("", |request, stream| match request.first() {
        Some(_) => answer(stream, "416 Range Not Satisfiable", &[("Content-Length", "0")], b""),
        None => {
            ranged(request, stream, &image(), "\"a\"", if request.before == 0 { 50_000 } else { 100_000 })
        }
    });
    test.came(&said, &image());
}

#[test]
fn what_a_server_refuses_or_spoils_is_one_clear_error() {
    type Handler = Box<dyn Fn(&Request, &mut dyn Stream) + Send + Sync>;
    let cases: [(&str, i32, &str, usize, Handler); 17] = [
        ("", 2, "404 Not Found", 1, Box::new(|_, stream| answer(stream, "404 Not Found", &[], b"<html>"))),
        ("", 3, "403 Forbidden", 1, Box::new(|_, stream| answer(stream, "403 Forbidden", &[], b""))),
        ("", 3, "500 Internal Server Error", 3, Box::new(|_, stream| answer(stream, "500 Oh", &[], b""))),
        (
            "",
            3,
            "come again after 1000 s",
            1,
            Box::new(|_, stream| {
                answer(stream, "503 Later", &[("Retry-After", "1000")], b"");
            }),
        ),
        (
            "",
            3,
            "come again after",
            1,
            Box::new(|_, stream| {
                answer(
                    stream,
                    "429 Too Many Requests",
                    &[("Retry-After", "Fri, 01 Jan 2100 00:00:00 GMT")],
                    b"",
                );
            }),
        ),
        (
            "",
            3,
            "redirects more than 10 times",
            11,
            Box::new(|_, stream| {
                redirect(stream, "/a.iso");
            }),
        ),
        (
            "",
            3,
            "`http://192.0.2.1/a.iso` is not an `https://` URL",
            1,
            Box::new(|_, stream| {
                redirect(stream, "http://192.0.2.1/a.iso");
            }),
        ),
        (
            "",
            3,
            "`ftp://192.0.2.1/a.iso` is not an `https://` URL",
            1,
            Box::new(|_, stream| {
                redirect(stream, "ftp://192.0.2.1/a.iso");
            }),
        ),
        (
            "stall_ms=1000",
            3,
            "nothing came for",
            2,
            Box::new(|request, stream| {
                ranged(request, stream, &image(), "\"a\"", 10);
                stall(stream);
            }),
        ),
        ("stall_ms=1000", 3, "no answer within", 2, Box::new(|_, stream| stall(stream))),
        (
            "most_bytes=50000",
            3,
            "sends more than 50000 bytes",
            1,
            Box::new(|_, stream| {
                answer(stream, "200 OK", &[], b"");
                while stream.write_all(&[0; 1000]).is_ok() {}
            }),
        ),
        (
            "most_bytes=50000",
            3,
            "sends more than 50000 bytes",
            1,
            Box::new(|_, stream| whole(stream, &image())),
        ),
        (
            "",
            3,
            "bytes more, and",
            1,
            Box::new(|_, stream| {
                answer(stream, "200 OK", &[("Content-Length", "9000000000")], b"");
            }),
        ),
        (
            "",
            3,
            "comes compressed with `gzip`",
            1,
            Box::new(|_, stream| {
                answer(stream, "200 OK", &[("Content-Encoding", "gzip"), ("Content-Length", "3")], b"abc");
            }),
        ),
        ("", 2, "`a.iso` has the SHA-256", 1, Box::new(|_, stream| whole(stream, b"another file"))),
        ("", 2, "`a.iso` has the SHA-256", 1, Box::new(|_, stream| whole(stream, b""))),
        (
            "",
            3,
            "connection was cut",
            3,
            Box::new(|_, stream| {
                answer(stream, "200 OK", &[("Content-Length", "100000")], b"short");
            }),
        ),
    ];
    for (limits, code, words, count, handler) in cases {
        // 9 GB fit here and there: what never fits is asked for with the other bound out of the way.
        let limits = if words.contains("bytes more") { "most_bytes=18446744073709551615" } else { limits };
        let handler: Handler = match words.contains("bytes more") {
            true => Box::new(|_, stream| {
                answer(stream, "200 OK", &[("Content-Length", "9000000000000000000")], b"");
            }),
            false => handler,
        };
        let (test, said, server) = fetched(limits, handler);
        test.refused(&said, code, words);
        assert_eq!(server.requests().len(), count, "{words}: {}", said.err);
    }
}

#[test]
fn a_trickle_is_too_slow() {
    let (test, said, server) = fetched("window_ms=60,least_bytes=1000000", |request, stream| {
        ranged(request, stream, &image(), "\"a\"", 1);
        // A byte every few milliseconds, for as long as somebody listens.
        let listening = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let quiet = std::net::TcpStream::connect(listening.local_addr().unwrap()).unwrap();
        quiet.set_read_timeout(Some(Duration::from_millis(5))).unwrap();
        while stream.write_all(b"x").is_ok() && stream.flush().is_ok() {
            let _ = (&quiet).read(&mut [0; 1]);
        }
    });
    test.refused(&said, 3, "which is too slow");
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn what_passes_is_waited_for() {
    let (test, said, _) = fetched("", |request, stream| match request.before {
        0 => answer(stream, "503 Later", &[("Retry-After", "1"), ("Content-Length", "0")], b""),
        1 => answer(stream, "500 Oh", &[("Content-Length", "0")], b""),
        _ => whole(stream, &image()),
    });
    test.came(&said, &image());
    assert!(said.err.contains("503 Service Unavailable; tried again in 1 s"), "{}", said.err);
    // A way that ends is followed.
    let (test, said, server) = fetched("", |request, stream| match request.path.as_str() {
        "/10" => whole(stream, &image()),
        path => {
            let next = format!("/{}", path.trim_start_matches('/').parse::<u32>().unwrap_or(0) + 1);
            redirect(stream, &next);
        }
    });
    test.came(&said, &image());
    assert_eq!(server.requests().len(), 11);
}

#[test]
fn what_was_begun_goes_on_the_next_time_even_after_kill_9() {
    // The network goes away in the middle.
    let is_up = Arc::new(Mutex::new(false));
    let test = Test::new();
    let up = Arc::clone(&is_up);
    let server = Server::new(move |request, stream| match *up.lock().unwrap() {
        false if request.before > 0 => answer(stream, "502 Bad Gateway", &[("Content-Length", "0")], b""),
        false => ranged(request, stream, &image(), "\"a\"", 40_000),
        true => ranged(request, stream, &image(), "\"a\"", 100_000),
    });
    let (url, digest) = (server.url("/a.iso"), sha256(&image()));
    let said = test.fetch(&[&url, "--sha256", &digest]);
    test.refused(&said, 3, "502 Bad Gateway");
    assert!(said.err.contains("the 40000 bytes that came are kept"), "{}", said.err);
    assert_eq!(test.kept().1.len(), 1);
    *is_up.lock().unwrap() = true;
    test.came(&test.fetch(&[&url, "--sha256", &digest]), &image());
    assert_eq!(server.requests().last().unwrap().first(), Some(40_000));
    // Once it is there, nobody is asked.
    let count = server.requests().len();
    test.came(&test.fetch(&[&url, "--sha256", &digest]), &image());
    test.came(&test.fetch(&[&url, "--sha256", &digest, "--offline"]), &image());
    assert_eq!(server.requests().len(), count);
    // But not for something else.
    for other in [sha256(b""), sha512(b"")] {
        let said = test.fetch(&[&url, "--sha256", &other, "--offline"]);
        assert!(said.code == Some(3) && said.err.contains("is not in the cache"), "{}", said.err);
        let said = test.fetch(&[&url, "--sha256", &other]);
        assert!(said.code == Some(2) && said.err.contains("`a.iso` has the SHA-256"), "{}", said.err);
    }
    test.came(&test.fetch(&[&url, "--sha256", &sha512(&image())]), &image());

    let test = Test::new();
    let server = Server::new(|request, stream| {
        let most = if request.before == 0 { 40_000 } else { 100_000 };
        ranged(request, stream, &image(), "\"a\"", most);
        if request.before == 0 {
            stall(stream);
        }
    });
    let url = server.url("/a.iso");
    let mut child = background(&test, &["fetch", &url, "--sha256", &digest]);
    until(|| {
        test.kept()
            .1
            .first()
            .is_some_and(|part| part.metadata().is_ok_and(|metadata| metadata.len() == 40_000))
    });
    // What somebody is at stays.
    assert_eq!(test.run(&["fetch", "--prune"]).out, "");
    assert_eq!(test.kept().1.len(), 1);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(test.kept().0.is_empty());
    test.came(&test.fetch(&[&url, "--sha256", &digest]), &image());
    assert_eq!(server.requests().last().unwrap().first(), Some(40_000));
}

fn background(test: &Test, arguments: &[&str]) -> Child {
    test.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Looks until it is so.
fn until(is_so: impl Fn() -> bool) {
    let begin = Instant::now();
    while !is_so() {
        assert!(begin.elapsed() < Duration::from_secs(60), "it never came to that");
        std::thread::yield_now();
    }
}

#[test]
fn a_part_that_was_changed_meanwhile_is_noticed() {
    let test = Test::new();
    let server = Server::new(|request, stream| {
        let most = if request.before == 0 { 40_000 } else { 100_000 };
        ranged(request, stream, &image(), "\"a\"", most);
        if request.before == 0 {
            stall(stream);
        }
    });
    let (url, digest) = (server.url("/a.iso"), sha256(&image()));
    let mut child = background(&test, &["fetch", &url, "--sha256", &digest]);
    until(|| {
        test.kept()
            .1
            .first()
            .is_some_and(|part| part.metadata().is_ok_and(|metadata| metadata.len() == 40_000))
    });
    child.kill().unwrap();
    child.wait().unwrap();
    // As after a power cut: the length is right, the bytes are not there.
    std::fs::write(&test.kept().1[0], vec![0; 40_000]).unwrap();
    let said = test.fetch(&[&url, "--sha256", &digest]);
    test.came(&said, &image());
    assert!(said.err.contains("it came in pieces, and is got again in one"), "{}", said.err);
}

#[test]
fn two_at_once_do_not_disturb_each_other() {
    let test = Test::new();
    let server = Server::new(|request, stream| ranged(request, stream, &image(), "\"a\"", 100_000));
    let (url, digest) = (server.url("/a.iso"), sha256(&image()));
    let children: Vec<Child> =
        (0..3).map(|_| background(&test, &["fetch", &url, "--sha256", &digest])).collect();
    for child in children {
        test.came(&Said::of(child.wait_with_output().unwrap()), &image());
    }
    assert_eq!(server.requests().len(), 1);
}

/// Keys that are made for a test, in a home of their own.
struct Keys(TempDir);

impl Keys {
    fn new() -> Option<Self> {
        tools::program("gpg")?;
        tools::program("gpgv")?;
        let keys = Self(tempfile::Builder::new().prefix("g").tempdir().unwrap());
        keys.make("lab", "never", &[]);
        Some(keys)
    }

    fn gpg(&self, arguments: &[&str]) -> Vec<u8> {
        let mut command = Command::new("gpg");
        command.arg("--homedir").arg(self.0.path()).args([
            "--batch",
            "--quiet",
            "--no-tty",
            "--passphrase",
            "",
        ]);
        tools::output(command.args(["--pinentry-mode", "loopback"]).args(arguments))
    }

    fn make(&self, name: &str, expires: &str, more: &[&str]) {
        let arguments = ["--quick-gen-key", name, "ed25519", "sign", expires];
        self.gpg(&[more, arguments.as_slice()].concat());
    }

    fn public(&self, name: &str) -> Vec<u8> {
        self.gpg(&["--armor", "--export", name])
    }

    fn sign(&self, name: &str, how: &[&str], bytes: &[u8]) -> Vec<u8> {
        let file = self.0.path().join("data");
        std::fs::write(&file, bytes).unwrap();
        let local = format!("={name}");
        self.gpg(&[how, &["--local-user", &local, "--output", "-", file.to_str().unwrap()]].concat())
    }

    fn detached(&self, name: &str, bytes: &[u8]) -> Vec<u8> {
        // `--detach-sign FILE`: the order of the options is gpg's.
        let file = self.0.path().join("data");
        std::fs::write(&file, bytes).unwrap();
        let local = format!("={name}");
        self.gpg(&["--local-user", &local, "--output", "-", "--detach-sign", file.to_str().unwrap()])
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        let _ = Command::new("gpgconf").arg("--homedir").arg(self.0.path()).args(["--kill", "all"]).output();
    }
}

/// A vendor on loopback: what it has, by path.
#[derive(Clone, Default)]
struct Shop(Arc<Mutex<std::collections::BTreeMap<String, Vec<u8>>>>);

impl Shop {
    fn put(&self, path: &str, bytes: impl Into<Vec<u8>>) {
        self.0.lock().unwrap().insert(path.to_owned(), bytes.into());
    }

    fn server(&self) -> Server {
        let shop = self.clone();
        Server::new(move |request, stream| {
            let found = shop.0.lock().unwrap().get(&request.path).cloned();
            match found {
                Some(bytes) => ranged(request, stream, &bytes, "\"a\"", usize::MAX / 2),
                None => answer(stream, "404 Not Found", &[("Content-Length", "0")], b""),
            }
        })
    }

    /// A stream whose ISO is this, signed by this.
    fn stream(&self, server: &Server, version: &str, iso: &[u8], signature: Option<Vec<u8>>) {
        let url = server.url(&format!("/{version}.iso"));
        let mut disk = serde_json::json!({"location": url, "sha256": sha256(iso)});
        if let Some(signature) = signature {
            disk["signature"] = format!("{url}.sig").into();
            self.put(&format!("/{version}.iso.sig"), signature);
        }
        let metal = serde_json::json!({"release": version, "formats": {"iso": {"disk": disk}}});
        let stream = serde_json::json!({"architectures": {"x86_64": {"artifacts": {"metal": metal}}}});
        self.put("/streams/stable.json", stream.to_string());
        self.put(&format!("/{version}.iso"), iso);
    }
}

/// A catalog with a family of each kind.
fn write_catalog(test: &Test, server: &Server) {
    let base = server.url("");
    let head = |name: &str, vendor: &str| {
        let vendor = if vendor.is_empty() { String::new() } else { format!("vendor = \"{vendor}\"\n") };
        format!(
            "[[family]]\nname = \"{name}\"\ntitle = \"The {name}\"\nstreams = [\"stable\"]\narchitectures = [\"x86_64\"]\n{vendor}[family.metadata]\n"
        )
    };
    let text = [
        format!(
            "{}kind = \"coreos-stream\"\nurl = \"{base}/streams/{{stream}}.json\"\nbuilds = \"{base}/builds.json\"\n",
            head("lab-os", "lab")
        ),
        format!(
            "{}kind = \"coreos-stream\"\nurl = \"{base}/streams/{{stream}}.json\"\n",
            head("open-os", "")
        ),
        format!(
            "{}kind = \"digest-list\"\nfolder = \"{base}/list/{{version}}/\"\nlist = \"sha256sum.txt\"\nsignature = \"sha256sum.txt.gpg\"\nnewest = \"latest\"\nalso_called = [\"os-{{version}}.iso\"]\nfiles = {{iso = [\"os.iso\"]}}\n",
            head("list-os", "lab")
        ),
        format!(
            "{}kind = \"digest-list\"\nfolder = \"{base}/plain/\"\nlist = \"sums\"\nfiles = {{iso = [\"os.iso\"], kernel = [\"vmlinuz\"], initrd = [\"initrd\"], rootfs = [\"rootfs\"]}}\n",
            head("plain-os", "")
        ),
        format!(
            "{}kind = \"version-text\"\nurl = \"{base}/text/version.txt\"\nkey = \"VERSION\"\nfolder = \"{base}/text/{{version}}/\"\nfiles = {{iso = [\"os.iso\"], kernel = [\"vmlinuz\"], initrd = [\"initrd\"]}}\n",
            head("text-os", "lab")
        ),
        format!("[[mirror]]\nof = \"{base}/\"\nat = [\"{base}/mirror/\"]\n"),
    ];
    std::fs::write(test.path("catalog.toml"), text.join("\n")).unwrap();
}

/// Keeps a key as the user's own of the vendor `lab`.
fn keep_key(test: &Test, key: &[u8]) {
    std::fs::create_dir_all(test.path("config/cotter/keys")).unwrap();
    std::fs::write(test.path("config/cotter/keys/lab-1.asc"), key).unwrap();
}

#[test]
fn signatures_are_believed_if_they_are_good_and_by_the_vendor() {
    let Some(keys) = Keys::new() else { return };
    keys.make("stranger", "never", &[]);
    keys.make("old", "1d", &["--faked-system-time", "20200101T000000!"]);
    let old = {
        let file = keys.0.path().join("data");
        std::fs::write(&file, image()).unwrap();
        let time = ["--faked-system-time", "20200101T010000!"];
        keys.gpg(
            &[
                time.as_slice(),
                &["--local-user", "=old", "--output", "-", "--detach-sign", file.to_str().unwrap()],
            ]
            .concat(),
        )
    };
    let public = [keys.public("lab"), keys.public("old")].concat();
    let good = keys.detached("lab", &image());
    let mut damaged = good.clone();
    *damaged.last_mut().unwrap() ^= 1;
    let cases: [(&str, Option<Vec<u8>>, &str); 8] = [
        ("other bytes", Some(keys.detached("lab", b"other bytes")), "is wrong: it is of other bytes"),
        ("damaged", Some(damaged), "is wrong: it is of other bytes"),
        ("stranger", Some(keys.detached("stranger", &image())), "is not known as one of `lab`"),
        ("expired", Some(old), "which has expired"),
        (
            "garbage",
            Some(b"<html>not a signature</html>".to_vec()),
            "what should be the signature of `1.iso` is none",
        ),
        ("empty", Some(Vec::new()), "what should be the signature of `1.iso` is none"),
        ("a signed message", Some(keys.sign("lab", &["--sign"], &image())), "`1.iso`"),
        ("none", None, "it tells no signature of `1.iso`, and `lab` signs everything"),
    ];
    for (name, signature, words) in cases {
        let (test, shop) = (Test::new(), Shop::default());
        let server = shop.server();
        write_catalog(&test, &server);
        keep_key(&test, &public);
        shop.stream(&server, "1", &image(), signature);
        let said = test.fetch(&["lab-os/stable"]);
        test.refused(&said, 3, words);
        assert!(test.kept().1.is_empty(), "{name}: something is left");
        if matches!(name, "stranger" | "expired") {
            assert!(
                said.err.contains("--key FILE") && said.err.contains("cotter/keys/lab-NAME.asc"),
                "{}",
                said.err
            );
        }
    }
    let (test, shop) = (Test::new(), Shop::default());
    let server = shop.server();
    write_catalog(&test, &server);
    shop.stream(&server, "1", &image(), Some(good.clone()));
    // Without a key nothing is downloaded.
    test.refused(&test.fetch(&["lab-os/stable"]), 3, "no key of `lab` is known that signs version `1`");
    assert!(server.asked("/1.iso").is_empty());
    // One that is named will do, and so will one that is kept.
    std::fs::write(test.path("lab.asc"), keys.public("lab")).unwrap();
    let said = test.fetch(&["lab-os/stable", "--key", "lab.asc"]);
    test.came(&said, &image());
    assert!(said.out.contains("(1, signed by "), "{}", said.out);
    std::fs::write(test.path("no.asc"), "hello").unwrap();
    assert!(test.fetch(&["lab-os/stable", "--key", "no.asc"]).code == Some(0), "it is in the cache");
    let test = Test::new();
    write_catalog(&test, &server);
    std::fs::write(test.path("no.asc"), "hello").unwrap();
    test.refused(&test.fetch(&["lab-os/stable", "--key", "no.asc"]), 2, "`no.asc` is no key");
    keep_key(&test, &public);
    test.came(&test.fetch(&["lab-os/stable"]), &image());
    // A missing signature is no reason to do without.
    let (test, shop) = (Test::new(), Shop::default());
    let server = shop.server();
    write_catalog(&test, &server);
    keep_key(&test, &public);
    shop.stream(&server, "1", &image(), Some(good));
    shop.0.lock().unwrap().remove("/1.iso.sig");
    let said = test.fetch(&["lab-os/stable"]);
    test.refused(&said, 2, "404 Not Found");
    assert!(server.asked("/1.iso").is_empty());
    let said = test.fetch(&["lab-os/stable", "--sha256", &sha256(&image()), "--no-signature"]);
    test.came(&said, &image());
    assert!(said.out.contains("digest as given"), "{}", said.out);
    // What was believed for less is not believed for more.
    let said = test.fetch(&["lab-os/stable"]);
    assert_eq!(said.code, Some(2), "{}{}", said.out, said.err);
    assert_eq!(test.fetch(&["lab-os/stable", "--no-signature"]).code, Some(2));
}

#[test]
fn without_gpgv_nothing_is_downloaded() {
    let Some(keys) = Keys::new() else { return };
    let (test, shop) = (Test::new(), Shop::default());
    let server = shop.server();
    write_catalog(&test, &server);
    keep_key(&test, &keys.public("lab"));
    shop.stream(&server, "1", &image(), Some(keys.detached("lab", &image())));
    let done = test.command(&["fetch", "lab-os/stable"]).env("PATH", test.path("nothing")).output().unwrap();
    let said = Said::of(done);
    test.refused(&said, 3, "there is no `gpgv` here");
    assert!(
        said.err.contains("the package `gpgv` on Debian") && server.asked("/1.iso").is_empty(),
        "{}",
        said.err
    );
}

#[test]
fn a_file_that_changes_between_two_runs_is_got_whole() {
    let Some(keys) = Keys::new() else { return };
    let (before, after) = (image(), fixture::noise(100_001)[1..].to_vec());
    assert!(before.len() == after.len() && before != after);
    let signature = keys.detached("lab", &after);
    for (name, mark_after, is_liar) in [("the mark tells", "\"b\"", false), ("the mark lies", "\"a\"", true)]
    {
        let (test, is_later) = (Test::new(), Arc::new(Mutex::new(false)));
        std::fs::write(test.path("lab.asc"), keys.public("lab")).unwrap();
        let (later, before, after, signature) =
            (Arc::clone(&is_later), before.clone(), after.clone(), signature.clone());
        let kept = after.clone();
        let server =
            Server::new(move |request, stream| match (request.path.as_str(), *later.lock().unwrap()) {
                ("/a.iso.sig", _) => whole(stream, &signature),
                (_, false) if request.before == 0 => ranged(request, stream, &before, "\"a\"", 40_000),
                (_, false) => answer(stream, "502 Bad Gateway", &[("Content-Length", "0")], b""),
                (_, true) => ranged(request, stream, &after, mark_after, 100_000),
            });
        let url = server.url("/a.iso");
        let arguments = [url.as_str(), "--key", "lab.asc"];
        test.refused(&test.fetch(&arguments), 3, "502");
        assert_eq!(test.kept().1.len(), 1, "{name}");
        *is_later.lock().unwrap() = true;
        let said = test.fetch(&arguments);
        test.came(&said, &kept);
        assert_eq!(
            said.err.contains("it came in pieces, and is got again in one"),
            is_liar,
            "{name}: {}",
            said.err
        );
    }
}

#[test]
fn lists_are_believed_if_they_are_signed() {
    let Some(keys) = Keys::new() else { return };
    keys.make("stranger", "never", &[]);
    let list = format!("{0}  os-4.19.10.iso\n{0}  os.iso\n{1}  other.iso\n", sha256(&image()), sha256(b""));
    let forged = list.replace(&sha256(&image()), &sha256(b"forged"));
    let around = keys.sign("lab", &["--sign"], list.as_bytes());
    let clear = keys.sign("lab", &["--clear-sign"], list.as_bytes());
    for (name, told, signature, words) in [
        ("detached", &list, keys.detached("lab", list.as_bytes()), ""),
        ("around a copy", &list, around.clone(), ""),
        // What is signed counts, not what lies beside it.
        ("around another", &forged, around, ""),
        ("in clear", &forged, clear.clone(), ""),
        ("of another", &forged, keys.detached("lab", list.as_bytes()), "is wrong: it is of other bytes"),
        ("by a stranger", &list, keys.detached("stranger", list.as_bytes()), "is not known as one of `lab`"),
        (
            "in clear by a stranger",
            &list,
            keys.sign("stranger", &["--clear-sign"], list.as_bytes()),
            "is not known as one of `lab`",
        ),
        (
            "changed in clear",
            &list,
            String::from_utf8(clear).unwrap().replace(&sha256(&image()), &sha256(b"forged")).into_bytes(),
            "is wrong: it is of other bytes",
        ),
        ("none", &list, list.clone().into_bytes(), "is none"),
    ] {
        let (test, shop) = (Test::new(), Shop::default());
        let server = shop.server();
        write_catalog(&test, &server);
        keep_key(&test, &keys.public("lab"));
        shop.put("/list/latest/sha256sum.txt", told.as_bytes());
        shop.put("/list/latest/sha256sum.txt.gpg", signature);
        shop.put("/list/latest/os.iso", image());
        let said = test.fetch(&["list-os/stable"]);
        match words {
            "" => {
                test.came(&said, &image());
                assert!(said.out.contains("(4.19.10, digest in a list signed by "), "{name}: {}", said.out);
            }
            words => {
                test.refused(&said, 3, words);
                assert!(server.asked("/list/latest/os.iso").is_empty(), "{name}");
            }
        }
    }
}

#[test]
fn metadata_that_are_none_are_told_so() {
    let stream = |metal: &str| {
        format!("{{\"architectures\": {{\"x86_64\": {{\"artifacts\": {{\"metal\": {metal}}}}}}}}}")
    };
    let disk = |url: &str| {
        stream(&format!(
            "{{\"release\": \"1\", \"formats\": {{\"iso\": {{\"disk\": {{\"location\": \"{url}\", \"sha256\": \"{}\"}}}}}}}}",
            "0".repeat(64)
        ))
    };
    for (text, code, words) in [
        ("<html>404</html>".to_owned(), 3, "it is no JSON"),
        (String::new(), 3, "it is no JSON"),
        ("[]".into(), 3, "it is no JSON object"),
        ("[".repeat(100_000), 3, "it is no JSON"),
        ("{}".into(), 3, "it has no `architectures`"),
        (stream("{}"), 3, "it has no `release`"),
        (stream("{\"release\": 1}"), 3, "its `release` is no text"),
        (stream("{\"release\": \"../../x\", \"formats\": {}}"), 2, "there is no ISO"),
        (stream("{\"release\": \"1\", \"formats\": {}}"), 2, "there is no ISO"),
        (
            stream("{\"release\": \"1\", \"formats\": {\"iso\": {\"disk\": {}}}}"),
            3,
            "of `iso.disk`, it has no `sha256`",
        ),
        (disk("https://example.com/a.iso").replace("\"1\"", "\"../../x\""), 3, "is no version"),
        (disk("https://example.com/.."), 3, "is no URL of a file"),
        (disk("https://example.com/a/"), 3, "is no URL of a file"),
        (disk("a.iso"), 3, "is no URL of a file"),
        (disk("http://192.0.2.1/a.iso"), 3, "is not an `https://` URL"),
        (disk("file:///etc/passwd"), 3, "is not an `https://` URL"),
        (disk("https://example.com/a.iso").replace("000", "xyz"), 3, "is no SHA-256"),
        (disk("https://example.com/a.iso").replace("000", "\\u001b[31m\\u202e"), 3, "\\u{1b}[31m\\u{202e}"),
        (format!("{{\"a\": \"{}\"}}", "x".repeat(200_000)), 3, "has more than 150000 bytes"),
    ] {
        let (test, shop) = (Test::with("most_document_bytes=150000"), Shop::default());
        let server = shop.server();
        write_catalog(&test, &server);
        shop.put("/streams/stable.json", text.as_bytes());
        test.refused(&test.fetch(&["open-os/stable"]), code, words);
    }
    // A document without an end, and one that never comes.
    let test = Test::with("most_document_bytes=10000,stall_ms=1000");
    let server = Server::new(|request, stream| match request.path.as_str() {
        "/streams/stable.json" => {
            answer(stream, "200 OK", &[], b"");
            while stream.write_all(&[b' '; 1000]).is_ok() {}
        }
        _ => stall(stream),
    });
    write_catalog(&test, &server);
    test.refused(&test.fetch(&["open-os/stable"]), 3, "no answer within");
    let catalog = std::fs::read_to_string(test.path("catalog.toml")).unwrap();
    std::fs::write(test.path("catalog.toml"), catalog.split("[[mirror]]").next().unwrap()).unwrap();
    test.refused(&test.fetch(&["open-os/stable"]), 3, "has more than 10000 bytes");
}

#[test]
fn another_place_is_asked_if_one_fails_and_goes_on_where_it_was() {
    let (test, shop) = (Test::new(), Shop::default());
    let inner = shop.clone();
    let server = Server::new(move |request, stream| match request.path.as_str() {
        "/1.iso" if request.before == 0 => ranged(request, stream, &image(), "\"a\"", 30_000),
        "/1.iso" => answer(stream, "410 Gone", &[("Content-Length", "0")], b""),
        "/mirror/1.iso" => ranged(request, stream, &image(), "\"other\"", 100_000),
        "/streams/stable.json" => answer(stream, "404 Not Found", &[("Content-Length", "0")], b""),
        path => {
            let found = inner.0.lock().unwrap().get(path.strip_prefix("/mirror").unwrap_or(path)).cloned();
            whole(stream, &found.unwrap_or_default());
        }
    });
    write_catalog(&test, &server);
    shop.stream(&server, "1", &image(), None);
    let said = test.fetch(&["open-os/stable"]);
    test.came(&said, &image());
    let asked = server.asked("/mirror/1.iso");
    assert_eq!(asked[0].first(), Some(30_000), "{}", said.err);
    // The other server's marks are its own.
    assert!(!asked[0].headers.contains_key("if-range"));
}

#[test]
fn what_a_vendor_tells_wrongly_is_refused() {
    let (test, shop) = (Test::new(), Shop::default());
    let server = shop.server();
    write_catalog(&test, &server);
    shop.put("/plain/sums", format!("{}  os.iso\n", sha512(&image())));
    shop.put("/plain/os.iso", b"another".to_vec());
    test.refused(&test.fetch(&["plain-os/stable"]), 3, "`os.iso` came with the SHA-256");
    assert!(test.kept().1.is_empty());
    shop.put("/plain/os.iso", image());
    let said = test.fetch(&["plain-os/stable"]);
    test.came(&said, &image());
    assert!(said.out.contains("its vendor signs nothing"), "{}", said.out);
    test.run(&["fetch", "--prune", "--keep", "0"]);
    assert!(test.kept().0.is_empty());
    test.refused(&test.fetch(&["plain-os/stable", "--sha256", &sha256(b"")]), 2, "and not e3b0c44298fc1c14");
    test.refused(
        &test.fetch(&["plain-os/stable", "--arch", "s390x"]),
        2,
        "there is no The plain-os for s390x",
    );
}

#[test]
fn the_cache_is_asked_shown_checked_and_pruned() {
    let (test, shop) = (Test::new(), Shop::default());
    let server = shop.server();
    write_catalog(&test, &server);
    let old = fixture::noise(5000);
    shop.stream(&server, "1", &old, None);
    test.refused(&test.fetch(&["open-os/stable", "--offline"]), 3, "`open-os/stable` is not in the cache");
    assert_eq!(test.fetch(&["open-os/stable", "--check"]).code, Some(1));
    test.came(&test.fetch(&["open-os/stable"]), &old);
    let said = test.fetch(&["open-os/stable", "--check"]);
    assert!(
        said.code == Some(0) && said.out.contains("is in the cache, sound: 1"),
        "{}{}",
        said.out,
        said.err
    );
    shop.stream(&server, "2", &image(), None);
    let said = test.fetch(&["open-os/stable", "--check"]);
    assert!(
        said.code == Some(1) && said.out.contains("is in the cache as 1, and its vendor has 2"),
        "{}",
        said.out
    );
    let count = server.requests().len();
    test.came(&test.fetch(&["open-os/stable", "--offline"]), &old);
    test.came(&test.fetch(&["open-os/stable", "--offline", "--sha256", &sha256(&old)]), &old);
    for other in [sha256(b""), sha512(b"")] {
        let said = test.fetch(&["open-os/stable", "--offline", "--sha256", &other]);
        assert!(said.code == Some(2) && said.err.contains("has the SHA-256"), "{}", said.err);
    }
    assert_eq!(server.requests().len(), count);
    let said = test.fetch(&["open-os/stable", "-o", "out"]);
    assert!(said.code == Some(0) && said.out.starts_with("out/2.iso ("), "{}{}", said.out, said.err);
    assert!(std::fs::read(test.path("out/2.iso")).unwrap() == image());
    let said = test.fetch(&["open-os/stable", "-o", "out"]);
    assert!(said.code == Some(2) && said.err.contains("is there already"), "{}", said.err);
    assert_eq!(test.fetch(&["open-os/stable", "-o", "out", "--force"]).code, Some(0));
    let said = test.run(&["fetch", "--cached", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_is("images", &json);
    let versions: Vec<&str> =
        json["images"].as_array().unwrap().iter().map(|image| image["version"].as_str().unwrap()).collect();
    assert_eq!(versions, ["2", "1"]);
    assert!(test.run(&["fetch", "--cached"]).out.contains("open-os/stable  1  x86_64  ISO"));
    // What is damaged on the disk is found.
    let newest = test.kept().0.into_iter().find(|file| file.ends_with("2.iso")).unwrap();
    let mut bytes = image();
    bytes[500] ^= 1;
    std::fs::write(&newest, &bytes).unwrap();
    let said = test.fetch(&["open-os/stable", "--check"]);
    assert!(said.code == Some(1) && said.out.contains("is damaged"), "{}", said.out);
    // A file of another length is not in the cache at all.
    std::fs::write(&newest, &bytes[..10]).unwrap();
    assert_eq!(test.fetch(&["open-os/stable"]).code, Some(0));
    assert!(std::fs::read(&newest).unwrap() == image());
    std::fs::write(newest.with_file_name("3.iso.part"), "begun").unwrap();
    let said = test.run(&["fetch", "--prune", "--format", "json"]);
    let pruned: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_is("pruned", &pruned);
    assert_eq!(pruned["bytes"], 5005);
    assert_eq!(test.kept(), (vec![newest], Vec::new()));
    let said = test.run(&["fetch", "--prune", "--keep", "0"]);
    assert!(said.code == Some(0) && test.kept().0.is_empty(), "{}", said.err);
    assert!(!test.path("cache/cotter/images/open-os").exists());
}

#[test]
fn pinned_versions_and_pxe_files_are_found() {
    let Some(keys) = Keys::new() else { return };
    let (test, shop) = (Test::new(), Shop::default());
    let server = shop.server();
    write_catalog(&test, &server);
    keep_key(&test, &keys.public("lab"));
    let url = server.url("/old.iso");
    let artifacts = serde_json::json!({"iso": {"disk": {"location": url, "signature": format!("{url}.sig"), "sha256": sha256(&image())}}});
    let build = serde_json::json!({"release": "41.1", "architectures": {"x86_64": {"media": {"metal": {"artifacts": artifacts}}}}});
    let index = serde_json::json!({"releases": [{"version": "41.1", "metadata": server.url("/41.1.json")}]});
    shop.put("/builds.json", index.to_string());
    shop.put("/41.1.json", build.to_string());
    shop.put("/old.iso", image());
    shop.put("/old.iso.sig", keys.detached("lab", &image()));
    test.refused(&test.fetch(&["lab-os/stable@40.1"]), 2, "has no version `40.1`");
    test.came(&test.fetch(&["lab-os/stable@41.1"]), &image());
    test.came(&test.fetch(&["lab-os/stable@41.1", "--offline"]), &image());
    // Three files, each signed.
    shop.put("/text/version.txt", "BUILD=7\nVERSION=7.1.2\n");
    for file in ["vmlinuz", "initrd"] {
        shop.put(&format!("/text/7.1.2/{file}"), file);
        shop.put(&format!("/text/7.1.2/{file}.sig"), keys.detached("lab", file.as_bytes()));
    }
    let said = test.fetch(&["text-os/stable", "--pxe", "-o", "tftp"]);
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    assert_eq!(said.out.lines().count(), 2);
    assert_eq!(std::fs::read(test.path("tftp/initrd")).unwrap(), b"initrd");
    assert_eq!(test.fetch(&["text-os/stable", "--pxe", "--offline"]).code, Some(0));
    // The signature of one is none of another.
    shop.put("/text/8.0.0/vmlinuz", "vmlinuz");
    shop.put("/text/8.0.0/vmlinuz.sig", keys.detached("lab", b"initrd"));
    let said = test.fetch(&["text-os/stable@8.0.0", "--pxe"]);
    assert!(said.code == Some(3) && said.err.contains("is wrong: it is of other bytes"), "{}", said.err);
}

#[test]
fn tls_is_asked_of_everybody_else() {
    let test = Test::new();
    let plain = Server::new(|_, stream| whole(stream, &image()));
    let elsewhere = plain.url("/a.iso");
    let Some(server) =
        Server::with_tls(test.home.path(), move |request, stream| match request.path.as_str() {
            "/down.iso" => redirect(stream, &elsewhere),
            _ => whole(stream, &image()),
        })
    else {
        return;
    };
    let digest = sha256(&image());
    let run = |path: &str, authority: Option<&str>| {
        let mut command = test.command(&["fetch", &server.url(path), "--sha256", &digest]);
        authority.map(|file| command.env("SSL_CERT_FILE", test.path(file)));
        Said::of(command.output().unwrap())
    };
    test.refused(&run("/a.iso", None), 3, "certificate");
    assert!(server.requests().is_empty());
    test.refused(&run("/down.iso", Some("ca.crt")), 3, "it redirects from https to `http://");
    assert!(plain.requests().is_empty());
    test.came(&run("/a.iso", Some("ca.crt")), &image());
    let test = Test::new();
    for (url, words) in [
        ("http://192.0.2.1/a.iso", "is not an `https://` URL"),
        ("https://", "is no URL"),
        ("ftp://192.0.2.1/a.iso", "is a URL that nothing is downloaded from"),
        ("a.iso", "is neither a name nor a URL"),
        ("fedora-coreos/stabel", "there is no image `fedora-coreos/stabel`"),
    ] {
        test.refused(&test.fetch(&[url, "--sha256", &digest]), 2, words);
    }
    test.refused(&test.fetch(&["https://example.com/a.iso"]), 2, "nothing says what");
}

#[test]
fn the_proxy_of_the_environment_is_taken() {
    let (test, digest) = (Test::new(), sha256(&image()));
    let proxy = Server::new(|_, stream| answer(stream, "502 Bad Gateway", &[("Content-Length", "0")], b""));
    let url = "https://images.invalid/a.iso";
    let run = |no_proxy: &str| {
        let mut command = test.command(&["fetch", url, "--sha256", &digest]);
        Said::of(command.env("HTTPS_PROXY", proxy.url("")).env("NO_PROXY", no_proxy).output().unwrap())
    };
    test.refused(&run(""), 3, url);
    let asked = proxy.requests();
    assert!(!asked.is_empty() && asked.iter().all(|request| request.method == "CONNECT"), "{asked:?}");
    assert_eq!(asked[0].path, "images.invalid:443");
    test.refused(&run("images.invalid"), 3, url);
    assert_eq!(proxy.requests().len(), asked.len());
}

#[test]
fn a_machine_is_built_on_an_image_by_its_name() {
    let (test, shop) = (Test::new(), Shop::default());
    let server = shop.server();
    write_catalog(&test, &server);
    if fixture::iso(test.home.path(), fixture::Generation::Current).is_none() {
        return;
    }
    let iso = std::fs::read(test.path("base.iso")).unwrap();
    shop.stream(&server, "44.1", &iso, None);
    let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/dell-r640");
    std::fs::create_dir(test.path("secrets")).unwrap();
    for file in ["secrets/core.pw", "secrets/id_ed25519.pub"] {
        std::fs::copy(case.join(file), test.path(file)).unwrap();
    }
    let spec = std::fs::read_to_string(case.join("machine.yaml")).unwrap();
    let write = |image: &str| {
        std::fs::write(test.path("machine.yaml"), spec.replace("fedora-coreos/stable", image)).unwrap();
    };
    write("open-os/stable");
    // Looking downloads nothing.
    for word in ["check", "plan"] {
        let said = test.run(&[word, "machine.yaml"]);
        assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    }
    assert!(server.requests().is_empty());
    let said = test.run(&["build", "machine.yaml", "-o", "a.iso", "--offline"]);
    assert!(said.code == Some(3) && said.err.contains("run `cotter fetch open-os/stable`"), "{}", said.err);
    assert!(server.requests().is_empty());
    let said = test.run(&["build", "machine.yaml", "-o", "a.iso"]);
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    assert!(
        said.err.contains("base image `open-os/stable`: 44.1, digest as its server tells it"),
        "{}",
        said.err
    );
    let count = server.requests().len();
    // From the cache, and the same.
    let said = test.run(&["build", "machine.yaml", "-o", "b.iso", "--offline"]);
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    assert!(std::fs::read(test.path("a.iso")).unwrap() == std::fs::read(test.path("b.iso")).unwrap());
    assert_eq!(test.run(&["plan", "machine.yaml", "--base", "open-os/stable"]).code, Some(0));
    assert_eq!(server.requests().len(), count);
    write(&format!("open-os/stable\n  sha256: {}\n  #", sha256(b"another")));
    let said = test.run(&["build", "machine.yaml", "-o", "c.iso"]);
    assert!(
        said.code == Some(2) && said.err.contains("`base.sha256` is another (machine.yaml:"),
        "{}",
        said.err
    );
    // By its URL.
    write(&format!("{}\n  sha256: {}\n  #", server.url("/44.1.iso"), sha256(&iso)));
    let said = test.run(&["build", "machine.yaml", "-o", "c.iso"]);
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    let said = test.run(&["build", "machine.yaml", "-o", "d.iso", "--base", &server.url("/44.1.iso")]);
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    let said = test.run(&["build", "machine.yaml", "-o", "e.iso", "--base", &server.url("/other.iso")]);
    assert!(said.code == Some(2) && said.err.contains("--sha256 DIGEST"), "{}", said.err);
    // Names that are none are found where they are written.
    write("open-os/stabel");
    let said = test.run(&["check", "machine.yaml"]);
    assert!(said.code == Some(2) && said.err.contains("error[unknown-image]"), "{}", said.err);
    assert!(said.err.contains("did you mean `open-os/stable`?"), "{}", said.err);
    let said = test.run(&["build", "machine.yaml", "-o", "f.iso", "--base", "open-os/stabel"]);
    assert!(said.code == Some(2) && !test.path("f.iso").exists(), "{}", said.err);
}

#[test]
fn the_catalog_is_shown() {
    let test = Test::new();
    let said = test.run(&["fetch", "--list"]);
    assert!(
        said.out.contains("  fedora-coreos/stable\n") && said.out.contains("  scos/4.19 and later\n"),
        "{}",
        said.out
    );
    let said = test.run(&["fetch", "--list", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_is("catalog", &json);
    std::fs::write(test.path("mine.toml"), "[[family]]\nname = \"a\"\n").unwrap();
    let said = test.run(&["fetch", "--list", "--catalog", "mine.toml"]);
    test.refused(&said, 2, "`mine.toml` is no catalog");
    for arguments in [vec!["fetch"], vec!["fetch", "a/b", "--list"], vec!["fetch", "a/b", "--no-signature"]] {
        assert_eq!(test.run(&arguments).code, Some(2), "{arguments:?}");
    }
}
