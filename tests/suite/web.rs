//! A server on loopback that misbehaves as it is told: it knows one request a connection, and each is kept.

use std::collections::BTreeMap;
use std::io::BufRead as _;
use std::io::BufReader;
use std::io::Read;
use std::io::Write;
use std::net::TcpListener;
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::Mutex;

use rustls::ServerConfig;
use rustls::ServerConnection;
use rustls::StreamOwned;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;

use crate::tools;

/// A request, as far as it matters.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    pub path: String,
    pub headers: BTreeMap<String, String>,
    /// How many came for this path before.
    pub before: usize,
}

impl Request {
    /// The first byte that is asked for.
    pub fn first(&self) -> Option<usize> {
        self.headers.get("range")?.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok()
    }
}

/// Where an answer goes; what comes back from it is the client's.
pub trait Stream: Read + Write + Send {}
impl<T: Read + Write + Send> Stream for T {}

type Handler = dyn Fn(&Request, &mut dyn Stream) + Send + Sync;

/// A server that lives as long as the test.
pub struct Server {
    pub port: u16,
    scheme: &'static str,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    pub fn new(handler: impl Fn(&Request, &mut dyn Stream) + Send + Sync + 'static) -> Self {
        Self::begin("http", Box::new(handler), |stream| Some(Box::new(stream)))
    }

    /// One whose certificate is made in `folder`, by an authority in `folder/ca.crt`.
    pub fn with_tls(
        folder: &Path,
        handler: impl Fn(&Request, &mut dyn Stream) + Send + Sync + 'static,
    ) -> Option<Self> {
        Self::with_tls_for(folder, "1", handler)
    }

    /// The same, for so many days from now; those before now are over.
    pub fn with_tls_for(
        folder: &Path,
        days: &str,
        handler: impl Fn(&Request, &mut dyn Stream) + Send + Sync + 'static,
    ) -> Option<Self> {
        let config = Arc::new(certificate(folder, days)?);
        Some(Self::begin("https", Box::new(handler), move |stream| {
            let connection = ServerConnection::new(Arc::clone(&config)).ok()?;
            Some(Box::new(StreamOwned::new(connection, stream)))
        }))
    }

    fn begin(
        scheme: &'static str,
        handler: Box<Handler>,
        wrap: impl Fn(TcpStream) -> Option<Box<dyn Stream>> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (kept, handler, wrap) = (Arc::clone(&requests), Arc::new(handler), Arc::new(wrap));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (kept, handler, wrap) = (Arc::clone(&kept), Arc::clone(&handler), Arc::clone(&wrap));
                std::thread::spawn(move || {
                    let Some(mut stream) = wrap(stream) else { return };
                    if let Some(request) = read(&mut stream, &kept) {
                        handler(&request, &mut stream);
                        let _ = stream.flush();
                    }
                });
            }
        });
        Self { port, scheme, requests }
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}://127.0.0.1:{}{path}", self.scheme, self.port)
    }

    /// What was asked so far.
    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// What was asked of one path.
    pub fn asked(&self, path: &str) -> Vec<Request> {
        self.requests().into_iter().filter(|request| request.path == path).collect()
    }
}

fn read(stream: &mut Box<dyn Stream>, kept: &Mutex<Vec<Request>>) -> Option<Request> {
    let mut lines = BufReader::new(stream).lines();
    let first = lines.next()?.ok()?;
    let mut words = first.split(' ');
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = BTreeMap::new();
    while let Some(Ok(line)) = lines.next() {
        let Some((name, value)) = line.split_once(": ") else { break };
        headers.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    let mut kept = kept.lock().unwrap();
    let before = kept.iter().filter(|request| request.path == path).count();
    let request = Request { method, path, headers, before };
    kept.push(request.clone());
    Some(request)
}

/// Sends the client elsewhere.
pub fn redirect(stream: &mut dyn Stream, to: &str) {
    answer(stream, "302 Found", &[("Location", to), ("Content-Length", "0")], b"");
}

/// Answers with a head and as much of the body as there is.
pub fn answer(stream: &mut dyn Stream, status: &str, headers: &[(&str, &str)], body: &[u8]) {
    let mut head = format!("HTTP/1.1 {status}\r\nConnection: close\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(b"\r\n"));
    let _ = stream.write_all(body);
}

/// Answers with a whole small body.
pub fn whole(stream: &mut dyn Stream, body: &[u8]) {
    answer(stream, "200 OK", &[("Content-Length", &body.len().to_string())], body);
}

/// Answers as a good server does: from where it is asked, if the file is still the same; but no more than `most` bytes.
pub fn ranged(request: &Request, stream: &mut dyn Stream, body: &[u8], etag: &str, most: usize) {
    let is_same = request.headers.get("if-range").is_none_or(|mark| mark == etag);
    let marks = [("ETag", etag), ("Accept-Ranges", "bytes")];
    match request.first().filter(|_| is_same) {
        Some(first) if first >= body.len() => {
            let range = format!("bytes */{}", body.len());
            answer(
                stream,
                "416 Range Not Satisfiable",
                &[("Content-Range", &range), ("Content-Length", "0")],
                b"",
            );
        }
        first => {
            let from = first.unwrap_or(0);
            let length = (body.len() - from).to_string();
            let range = format!("bytes {from}-{}/{}", body.len().saturating_sub(1), body.len());
            let mut headers = marks.to_vec();
            headers.push(("Content-Length", &length));
            if first.is_some() {
                headers.push(("Content-Range", &range));
            }
            let status = if first.is_some() { "206 Partial Content" } else { "200 OK" };
            answer(stream, status, &headers, &body[from..body.len().min(from + most)]);
        }
    }
}

/// Waits until the client goes away: nothing more comes.
pub fn stall(stream: &mut dyn Stream) {
    let _ = stream.flush();
    let _ = stream.read(&mut [0; 1]);
}

/// An authority, and a certificate of it for 127.0.0.1, in `ca.crt`, `server.crt` and `server.key`.
pub fn certificate(folder: &Path, days: &str) -> Option<ServerConfig> {
    tools::program("openssl")?;
    let openssl = |arguments: &[&str]| {
        tools::output(Command::new("openssl").args(arguments).current_dir(folder));
    };
    let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout"];
    let authority = ["-x509", "-days", "2", "-subj", "/CN=authority", "-out", "ca.crt"];
    openssl(&[&["req"], key.as_slice(), &["ca.key"], authority.as_slice()].concat());
    openssl(
        &[&["req"], key.as_slice(), &["server.key", "-subj", "/CN=server", "-out", "server.csr"]].concat(),
    );
    std::fs::write(folder.join("ext"), "subjectAltName=IP:127.0.0.1\n").unwrap();
    let signed = ["-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", days, "-extfile", "ext"];
    openssl(&[&["x509", "-req", "-in", "server.csr"], signed.as_slice(), &["-out", "server.crt"]].concat());
    let certificate = CertificateDer::from_pem_file(folder.join("server.crt")).unwrap();
    let key = PrivateKeyDer::from_pem_file(folder.join("server.key")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions =
        ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    Some(versions.with_no_client_auth().with_single_cert(vec![certificate], key).unwrap())
}
