//! Registries for tests: Debian's docker-registry on loopback, and tiny images for it.

use std::io::BufRead as _;
use std::io::BufReader;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;

use reqwest::blocking::Client;
use serde_json::Value;
use serde_json::json;
use sha2::Digest as _;
use tempfile::TempDir;

use crate::tools;

/// `user:hunter2`, as registries take it: bcrypt.
pub const HTPASSWD: &str = "user:$2b$04$abcdefghijklmnopqrstuuV3duMsC0HpUex6N9qapiuOHHWkwRXVm\n";
/// `user:hunter2` in base64.
pub const LOGIN: &str = "dXNlcjpodW50ZXIy";
pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// Debian's registry: on the PATH, or unpacked by `.ci/packages`.
pub fn docker_registry() -> Option<PathBuf> {
    tools::unpacked("docker-registry", "docker-registry")
}

/// A registry that lives as long as the test.
pub struct Registry {
    child: Child,
    pub port: u16,
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Registry {
    /// One that keeps what it has in `storage`; `http` is more of its section of that name.
    pub fn start(program: &Path, storage: &Path, http: &Value, auth: &Value) -> Self {
        let mut http = http.clone();
        http["addr"] = json!("127.0.0.1:0");
        let mut config = json!({"version": 0.1, "log": {"level": "info", "accesslog": {"disabled": true}},
            "storage": {"filesystem": {"rootdirectory": storage}}, "http": http});
        if !auth.is_null() {
            config["auth"] = auth.clone();
        }
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), config.to_string()).unwrap();
        let mut command = Command::new(program);
        command
            .arg("serve")
            .arg(file.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut said = String::new();
        let port = loop {
            let line = lines.next().unwrap_or_else(|| panic!("it ended:\n{said}")).unwrap();
            said.push_str(&line);
            if let Some((_, rest)) = line.split_once("listening on 127.0.0.1:") {
                let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
                break digits.parse().unwrap();
            }
        };
        // It must not wait for a reader.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, port }
    }

    pub fn base(&self, repository: &str) -> String {
        format!("http://127.0.0.1:{}/v2/{repository}", self.port)
    }

    pub fn blob(&self, client: &Client, repository: &str, bytes: &[u8]) -> String {
        let digest = digest(bytes);
        let begun = client.post(format!("{}/blobs/uploads/", self.base(repository))).send().unwrap();
        let to = begun.headers()["location"].to_str().unwrap().to_owned();
        let between = if to.contains('?') { "&" } else { "?" };
        let done = client.put(format!("{to}{between}digest={digest}")).body(bytes.to_vec()).send().unwrap();
        assert_eq!(done.status(), 201, "{repository}");
        digest
    }

    pub fn manifest(&self, client: &Client, place: (&str, &str), kind: &str, body: &Value) -> String {
        let (repository, tag) = place;
        let text = body.to_string();
        let put = client.put(format!("{}/manifests/{tag}", self.base(repository)));
        let done = put.header("Content-Type", kind).body(text.clone()).send().unwrap();
        assert_eq!(done.status(), 201, "{repository}:{tag}: {:?}", done.text());
        digest(text.as_bytes())
    }

    /// Puts a tiny image there.
    pub fn image(&self, client: &Client, repository: &str, tag: &str, architecture: &str) -> String {
        let config = json!({"os": "linux", "architecture": architecture}).to_string();
        let layer = b"a layer";
        let config_digest = self.blob(client, repository, config.as_bytes());
        let layer_digest = self.blob(client, repository, layer);
        let body = json!({"schemaVersion": 2, "mediaType": MANIFEST,
            "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": config_digest, "size": config.len()},
            "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": layer_digest, "size": layer.len()}]});
        self.manifest(client, (repository, tag), MANIFEST, &body)
    }

    /// Puts an image of two architectures there.
    pub fn index(&self, client: &Client, repository: &str, tag: &str) -> String {
        let child = |architecture: &str| {
            let digest = self.image(client, repository, architecture, architecture);
            let url = format!("{}/manifests/{digest}", self.base(repository));
            let size = client.get(url).header("Accept", MANIFEST).send().unwrap().bytes().unwrap().len();
            json!({"mediaType": MANIFEST, "digest": digest, "size": size,
                "platform": {"os": "linux", "architecture": architecture}})
        };
        let body =
            json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": [child("amd64"), child("arm64")]});
        self.manifest(client, (repository, tag), INDEX, &body)
    }
}

pub fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", hex::encode(sha2::Sha256::digest(bytes)))
}

pub fn client() -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().no_proxy().timeout(Duration::from_secs(120)).build().unwrap()
}

/// A folder in which `cotter` runs.
pub struct Test {
    pub folder: TempDir,
}

impl Test {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn put(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Lets containerd's configuration say how a server on loopback is spoken to.
    pub fn by(&self, scheme: &str, port: u16) -> String {
        let place = format!("127.0.0.1:{port}");
        self.put(
            &format!("certs.d/127.0.0.1_{port}_/hosts.toml"),
            &format!("server = \"{scheme}://{place}\"\n"),
        );
        place
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cotter"));
        command.args(arguments).current_dir(self.folder.path());
        for proxy in ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
            command.env_remove(proxy);
        }
        command.env("NO_COLOR", "1").stdin(Stdio::null());
        command
    }

    pub fn run(&self, code: i32, arguments: &[&str]) -> (String, String) {
        let done = self.command(arguments).output().unwrap();
        let (out, err) = (String::from_utf8(done.stdout).unwrap(), String::from_utf8(done.stderr).unwrap());
        assert_eq!(done.status.code(), Some(code), "{arguments:?}\n{out}{err}");
        let said = format!("{out}{err}");
        assert!(!said.contains("hunter2") && !said.contains(LOGIN), "{said}");
        (out, err)
    }
}
