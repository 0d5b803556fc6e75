//! Why an image cannot be pulled from a place, told apart, with the next step.

use serde::Deserialize;
use serde::Serialize;

/// What kind of trouble it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TroubleKind {
    /// Nobody knows the name.
    Name,
    /// Nobody listens there, or there is no way.
    Connect,
    /// No answer in time.
    Timeout,
    /// The proxy on the way does not let it through.
    Proxy,
    /// The certificate is of an authority that is not known.
    UnknownAuthority,
    /// The certificate is over.
    Expired,
    /// The certificate begins later: a clock is wrong.
    NotYetValid,
    /// The certificate is for other names.
    OtherName,
    /// Some other trouble of TLS.
    Tls,
    /// It wants to know who asks, or does not take the login.
    Unauthorized,
    /// Who asks may not.
    Denied,
    /// The repository has no such tag or digest.
    NoTag,
    /// There is no such repository.
    NoRepository,
    /// It is there for other platforms.
    Platform,
    /// What came is not what its digest says.
    DigestMismatch,
    /// Too many questions.
    RateLimited,
    /// The server has trouble of its own.
    Server,
    /// The connection broke.
    Broken,
    /// What answers is no registry, or it gives no image.
    Garbage,
    /// The configuration forbids asking.
    Blocked,
}

impl TroubleKind {
    /// The word in reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Connect => "connect",
            Self::Timeout => "timeout",
            Self::Proxy => "proxy",
            Self::UnknownAuthority => "unknown-authority",
            Self::Expired => "expired",
            Self::NotYetValid => "not-yet-valid",
            Self::OtherName => "other-name",
            Self::Tls => "tls",
            Self::Unauthorized => "unauthorized",
            Self::Denied => "denied",
            Self::NoTag => "no-tag",
            Self::NoRepository => "no-repository",
            Self::Platform => "platform",
            Self::DigestMismatch => "digest-mismatch",
            Self::RateLimited => "rate-limited",
            Self::Server => "server",
            Self::Broken => "broken",
            Self::Garbage => "garbage",
            Self::Blocked => "blocked",
        }
    }

    /// True if it says nothing of the image: it may be there.
    pub fn is_unclear(self) -> bool {
        matches!(self, Self::Timeout | Self::RateLimited | Self::Server | Self::Broken)
    }

    /// True if it is the same for every image of the server.
    pub fn is_of_server(self) -> bool {
        matches!(
            self,
            Self::Name
                | Self::Connect
                | Self::Timeout
                | Self::Proxy
                | Self::UnknownAuthority
                | Self::Expired
                | Self::NotYetValid
                | Self::OtherName
                | Self::Tls
                | Self::RateLimited
        )
    }

    /// The next step where it was to be written.
    pub fn help_to_push(self) -> &'static str {
        match self {
            Self::Unauthorized => "name a file with a login that may push: `--auth`",
            Self::Denied => "let the login have the right to push, or see whether the registry is read-only",
            Self::Server => {
                "see the registry's own log (is its disk full?), and run it again: what is there stays"
            }
            Self::Broken => {
                "see what is between: a proxy, a load balancer; and run it again: what is there stays"
            }
            Self::NoRepository | Self::NoTag => {
                "see whether the path is right, and whether the repository must be made first"
            }
            Self::Garbage => "see whether the address is a registry's, and takes such images",
            other => other.help(),
        }
    }

    /// The next step.
    pub fn help(self) -> &'static str {
        match self {
            Self::Name => "see whether the name is right, and whether the name servers here know it",
            Self::Connect => "see whether the registry runs, and whether a firewall lets you through",
            Self::Timeout => "see whether a firewall drops the packets, or give it longer with `--timeout`",
            Self::Proxy => {
                "see the proxy in `HTTPS_PROXY` and `HTTP_PROXY`: its login, what it allows; or name the host in `NO_PROXY`"
            }
            Self::UnknownAuthority => "name its authority with `--ca`, and give it to the machine too",
            Self::Expired => "let the registry have a new certificate, or set the clock here",
            Self::NotYetValid => "set the clock, here or where the certificate was made",
            Self::OtherName => "ask by a name that is in the certificate, or let it have one for this name",
            Self::Tls => {
                "see whether HTTPS is spoken there; HTTP must be said in the machine's configuration"
            }
            Self::Unauthorized => "name a pull secret that has a login for it: `--auth`",
            Self::Denied => "let the login have the right to pull, or see whether the repository exists",
            Self::NoTag => "mirror the image, or write a tag that is there",
            Self::NoRepository => "mirror the image, or see whether the name is right",
            Self::Platform => "mirror the image for this platform, or name another `--platform`",
            Self::DigestMismatch => "mirror the image anew; something between changes or damages it",
            Self::RateLimited => "wait, log in with `--auth`, or use a mirror",
            Self::Server => "see the registry's own log, and ask again",
            Self::Broken => "see what is between: a proxy, a load balancer; and ask again",
            Self::Garbage => "see whether the address is a registry's: a proxy or a login page may answer",
            Self::Blocked => "mirror the image, or let the source be asked",
        }
    }
}

/// What went wrong at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// What kind it is.
    pub kind: TroubleKind,
    /// What is wrong, in words.
    pub words: String,
}

impl Trouble {
    /// Puts both together.
    pub fn new(kind: TroubleKind, words: impl Into<String>) -> Self {
        Self { kind, words: words.into() }
    }
}
