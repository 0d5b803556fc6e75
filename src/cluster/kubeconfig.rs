//! A kubeconfig: which server, whom to trust, and how to log in.
//!
//! As in Kubernetes' client-go (`tools/clientcmd/api/v1/types.go`): `…-data` stands over the file of the same name,
//! and a token file over a token. What cotter does not do is refused by its name, never passed over: with other
//! rights than were meant, "forbidden" and "not there" would mean something else.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use zeroize::Zeroizing;

use super::answer::shown;
use crate::document;
use crate::document::Diagnostics;
use crate::document::Origin;
use crate::document::Sourced;
use crate::document::View;
use crate::value::ReachTarget;
use crate::value::Secret;

const RULE: &str = "kubeconfig";

const LOG_IN: &str =
    "use a kubeconfig with a client certificate or a token, as `auth/kubeconfig` of the installer's folder";

/// Ways to log in, and to be somebody else, that are not supported: key, what it is, the next step.
const FOREIGN_LOGINS: [(&str, &str, &str); 4] = [
    ("exec", "a program", LOG_IN),
    ("auth-provider", "a plugin", LOG_IN),
    ("username", "a name and a password, which Kubernetes no longer takes", LOG_IN),
    ("as", "the rights of somebody else", "use a kubeconfig of the one that has the rights"),
];

/// How one cluster is reached, and as whom: what the current context says.
#[derive(Clone, Debug)]
pub struct Kubeconfig {
    /// The context's name.
    pub context: String,
    /// The server: an `https` URL without a slash at its end.
    pub server: String,
    /// The name that the server's certificate must carry, where it is not the one in the URL.
    pub tls_server_name: Option<String>,
    /// The proxy to go through, where it is not the environment's.
    pub proxy: Option<String>,
    /// Whom to trust.
    pub trust: Trust,
    /// How to log in.
    pub login: Login,
}

/// Something that a kubeconfig holds itself or in a file.
#[derive(Clone, Debug)]
pub enum Part {
    /// It is in the kubeconfig.
    Here(Secret),
    /// It is in this file; relative to the kubeconfig's folder.
    File(String),
}

/// Whose word about the server's identity counts.
#[derive(Clone, Debug)]
pub enum Trust {
    /// The authorities that this system trusts.
    System,
    /// This authority only: certificates as PEM.
    Authority(Part),
    /// Nobody's: whoever answers is believed.
    Anyone,
}

/// How to log in; at least one is there.
#[derive(Clone, Debug)]
pub struct Login {
    /// A client certificate and its key, as PEM.
    pub certificate: Option<(Part, Part)>,
    /// A bearer token.
    pub token: Option<Part>,
}

/// Reads the current context of the kubeconfig `text`; `file` names it in findings.
///
/// # Errors
/// Everything that is wrong with what the current context needs. The lines of a kubeconfig must not be shown with
/// the findings: they may be secrets.
pub fn read(file: &str, text: &str) -> Result<Kubeconfig, Diagnostics> {
    let (tree, mut findings) = document::parse(file, text);
    let Some(tree) = tree.filter(|_| !findings.has_errors()) else {
        return Err(findings);
    };
    let read = Reader { root: View::root(file, &tree), findings: &mut findings }.read();
    match read {
        Some(kubeconfig) if !findings.has_errors() => Ok(kubeconfig),
        _ => Err(findings),
    }
}

struct Reader<'a, 'f> {
    root: View<'a>,
    findings: &'f mut Diagnostics,
}

impl<'a> Reader<'a, '_> {
    fn read(&mut self) -> Option<Kubeconfig> {
        let Some(name) = self.root.text_at("current-context").filter(|name| !name.is_empty()) else {
            let origin = self.root.origin().clone();
            self.refuse(
                &origin,
                "no current context is named",
                "choose one: `kubectl config use-context NAME`",
            );
            return None;
        };
        let context = self.member("contexts", "context", &name)?;
        let cluster = self.reference(&context, "cluster", "clusters");
        let user = self.reference(&context, "user", "users");
        let (cluster, user) = (cluster?, user?);
        let (server, trust, login) = (self.server(&cluster), self.trust(&cluster), self.login(&user));
        let proxy = self.proxy(&cluster);
        let tls_server_name = cluster.text_at("tls-server-name");
        if let (Some(name), Some(_)) = (&tls_server_name, &proxy) {
            let message = "`tls-server-name` is not supported together with `proxy-url`";
            self.refuse(&name.origin, message, "leave out one of them");
        }
        Some(Kubeconfig {
            context: name.value,
            server: server?,
            tls_server_name: tls_server_name.map(|name| name.value),
            proxy,
            trust: trust?,
            login: login?,
        })
    }

    fn refuse(&mut self, origin: &Origin, message: impl Into<String>, help: impl Into<String>) {
        self.findings.error(RULE, origin, message, help);
    }

    /// What the member called `name` of the list `list` holds under `key`.
    fn member(&mut self, list: &str, key: &str, name: &Sourced<String>) -> Option<View<'a>> {
        let members = self.root.list(list);
        let is_it = |member: &&View<'a>| member.text_at("name").is_some_and(|own| own.value == name.value);
        let found = members.iter().find(is_it).and_then(|member| member.get(key));
        if found.is_none() {
            let message = format!("there is no `{}` among the {list}", name.value);
            self.refuse(&name.origin, message, "see `kubectl config view`");
        }
        found
    }

    /// The cluster or user that a context names.
    fn reference(&mut self, context: &View<'a>, key: &str, list: &str) -> Option<View<'a>> {
        let Some(name) = context.text_at(key) else {
            let message = format!("the context names no {key}");
            self.refuse(context.origin(), message, "see `kubectl config set-context --help`");
            return None;
        };
        self.member(list, key, &name)
    }

    fn server(&mut self, cluster: &View<'a>) -> Option<String> {
        let help = "write it as in `server: https://api.sno1.lab.example.com:6443`";
        let Some(server) = cluster.text_at("server") else {
            self.refuse(cluster.origin(), "the cluster has no server", help);
            return None;
        };
        let is_target = server.value.parse::<ReachTarget>().is_ok();
        if !is_target || !server.value.starts_with("https://") {
            let message = format!("`{}` is no `https` URL", server.value);
            self.refuse(&server.origin, message, help);
            return None;
        }
        Some(server.value.trim_end_matches('/').to_owned())
    }

    fn trust(&mut self, cluster: &View<'a>) -> Option<Trust> {
        let authority = self.part(cluster, "certificate-authority");
        let Some(skip) = cluster.truth_at("insecure-skip-tls-verify").filter(|skip| skip.value) else {
            return Some(authority?.map_or(Trust::System, Trust::Authority));
        };
        if authority?.is_some() {
            // client-go refuses this too.
            let message = "an authority is named, and `insecure-skip-tls-verify` says not to ask it";
            self.refuse(&skip.origin, message, "leave out `insecure-skip-tls-verify`");
        }
        Some(Trust::Anyone)
    }

    fn proxy(&mut self, cluster: &View<'a>) -> Option<String> {
        let proxy = cluster.text_at("proxy-url")?;
        if !proxy.value.starts_with("http://") && !proxy.value.starts_with("https://") {
            let message = format!("`{}` is a kind of proxy that is not supported", shown(&proxy.value));
            self.refuse(&proxy.origin, message, "use an `http://` or `https://` proxy, or none");
        }
        Some(proxy.value)
    }

    fn login(&mut self, user: &View<'a>) -> Option<Login> {
        for (key, what, help) in FOREIGN_LOGINS {
            if let Some(plugin) = user.get(key) {
                let names = ["command", "name"];
                let name = names.iter().find_map(|key| plugin.text_at(key));
                let name = name.map_or(String::new(), |name| format!(" (`{}`)", shown(&name.value)));
                self.refuse(plugin.origin(), format!("the user logs in with {what}{name}: `{key}`"), help);
            }
        }
        let certificate = self.part(user, "client-certificate");
        let key = self.part(user, "client-key");
        let token = user.text_at("token").map(|token| Part::Here(Secret::new(token.value)));
        let token = user.text_at("tokenFile").map(|file| Part::File(file.value)).or(token);
        let certificate = match (certificate?, key?) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            (there, _) => {
                let (there, missing) = match there {
                    Some(_) => ("client-certificate", "client-key"),
                    None => ("client-key", "client-certificate"),
                };
                let message = format!("the user has a `{there}` and no `{missing}`");
                self.refuse(user.origin(), message, "a certificate and its key belong together");
                return None;
            }
        };
        if certificate.is_none() && token.is_none() && !self.findings.has_errors() {
            let message = "the user has neither a client certificate nor a token";
            self.refuse(user.origin(), message, LOG_IN);
            return None;
        }
        Some(Login { certificate, token })
    }

    /// What is under `KEY-data`, else the file under `KEY`; nothing at all if it is wrong.
    fn part(&mut self, view: &View<'a>, key: &str) -> Option<Option<Part>> {
        let Some(data) = view.text_at(&format!("{key}-data")) else {
            return Some(view.text_at(key).map(|file| Part::File(file.value)));
        };
        let compact: Zeroizing<String> =
            Zeroizing::new(data.value.chars().filter(|letter| !letter.is_whitespace()).collect());
        let text = STANDARD.decode(compact.as_bytes()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        if text.is_none() {
            let message = format!("`{key}-data` is not PEM in base64");
            self.refuse(&data.origin, message, "copy the kubeconfig again: it may have been cut");
        }
        text.map(|text| Some(Part::Here(Secret::new(text))))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::Part;
    use super::Trust;
    use super::read;

    const RIGHT: &str = "apiVersion: v1
kind: Config
current-context: admin
clusters:
- name: sno1
  cluster: {server: https://api.sno1.example.com:6443/, certificate-authority-data: Y2E=}
contexts:
- name: admin
  context: {cluster: sno1, user: admin}
users:
- name: admin
  user: {client-certificate-data: Y2VydA==, client-key: admin.key}
";

    #[test]
    fn reads_the_current_context() {
        let config = read("k", RIGHT).unwrap();
        assert_eq!(config.server, "https://api.sno1.example.com:6443");
        assert!(matches!(&config.trust, Trust::Authority(Part::Here(text)) if text.reveal() == "ca"));
        let (certificate, key) = config.login.certificate.unwrap();
        assert!(matches!(&certificate, Part::Here(text) if text.reveal() == "cert"));
        assert!(matches!(&key, Part::File(file) if file == "admin.key"));
        let other = RIGHT
            .replace("certificate-authority-data: Y2E=", "insecure-skip-tls-verify: true")
            .replace("client-certificate-data: Y2VydA==, client-key: admin.key", "token: a, tokenFile: t");
        let config = read("k", &other).unwrap();
        assert!(matches!(config.trust, Trust::Anyone) && config.login.certificate.is_none());
        assert!(matches!(&config.login.token, Some(Part::File(file)) if file == "t"));
    }

    #[test]
    fn says_what_it_does_not_do() {
        let login = "client-certificate-data: Y2VydA==, client-key: admin.key";
        for (from, to, words) in [
            ("current-context: admin", "", "no current context"),
            ("current-context: admin", "current-context: other", "no `other` among the contexts"),
            ("{cluster: sno1, user: admin}", "{cluster: sno2, user: admin}", "no `sno2` among the clusters"),
            ("{cluster: sno1, user: admin}", "{cluster: sno1}", "names no user"),
            ("https://api", "http://api", "no `https` URL"),
            ("Y2E=", "Y2E", "`certificate-authority-data` is not PEM"),
            ("Y2E=", "Y2E=, insecure-skip-tls-verify: true", "says not to ask it"),
            ("Y2E=", "Y2E=, proxy-url: 'socks5://a:1'", "not supported"),
            ("Y2E=", "Y2E=, proxy-url: 'http://a:1', tls-server-name: b", "together"),
            (login, "client-key: admin.key", "no `client-certificate`"),
            (login, "other: 1", "neither"),
            (login, "exec: {command: aws, args: [eks]}", "a program (`aws`): `exec`"),
            (login, "auth-provider: {name: oidc}", "(`oidc`): `auth-provider`"),
            (login, "username: a, password: b", "`username`"),
            (login, "token: a, as: root", "`as`"),
            ("kind: Config", "kind: [", "yaml"),
        ] {
            let findings = read("k", &RIGHT.replace(from, to)).unwrap_err().sorted();
            let said: Vec<String> =
                findings.iter().map(|finding| format!("{} {}", finding.rule, finding.message)).collect();
            assert!(said.iter().any(|said| said.contains(words)), "{words:?}: {said:?}");
        }
    }
}
