//! What ssh says when it does not get through, and the next step.

use super::Trouble;
use crate::value::SshDestination;
use crate::world::Failure;

/// What OpenSSH writes, what it means, and the next step. `{}` is the destination. The first row that fits
/// counts: what ssh writes last is often only that the connection is closed.
const KNOWN: [(&str, &str, &str); 13] = [
    (
        "REMOTE HOST IDENTIFICATION HAS CHANGED",
        "the host key of `{}` is not the one that is known",
        "if it was installed anew, forget the old key with `ssh-keygen -R HOST`, connect once by hand and compare the fingerprint with its console's; if not, somebody may be in between",
    ),
    (
        "Host key verification failed",
        "the host key of `{}` is not known",
        "connect once by hand with `ssh {}`, and compare the fingerprint with its console's",
    ),
    (
        "Could not resolve hostname",
        "the name of `{}` does not lead to an address",
        "see whether it is right, or use an address",
    ),
    ("Connection refused", "`{}` refuses the connection", "see whether sshd runs there, and on which port"),
    ("No route to host", "there is no way to `{}`", "see whether it is up, and the network between"),
    ("Network is unreachable", "there is no way to `{}`", "see this machine's own network"),
    ("timed out", "`{}` does not answer", "see whether it is up, and the network between"),
    (
        "Too many authentication failures",
        "`{}` does not let you in",
        "name the key with `IdentityFile` and `IdentitiesOnly yes` in your ssh configuration",
    ),
    (
        "Permission denied",
        "`{}` does not let you in",
        "try `ssh {}` by hand: user and key may be others, or the agent has no key",
    ),
    ("Bad configuration option", "your ssh configuration is wrong", "try `ssh {}` by hand"),
    ("Bad owner or permissions", "ssh does not trust its configuration", "let only its owner write it"),
    (
        "Can't open user config file",
        "the ssh configuration cannot be read",
        "see whether the name given with `--ssh-config` is right",
    ),
    (
        "onnection closed",
        "`{}` closed the connection",
        "it may be starting or shutting down; see its sshd's log",
    ),
];

/// Says why there is no answer, from what ssh wrote and how it ended.
pub(super) fn of(destination: &SshDestination, errors: &str, code: Option<i32>) -> Trouble {
    let place = destination.as_str();
    if code.is_some_and(|code| code != 255) {
        // ssh gives the code of what it ran there; its own is 255.
        let (message, hint) = if errors.contains("not found") || code == Some(127) {
            (format!("there is no bash on `{place}`"), "cotter looks with a bash script: install bash there")
        } else {
            let said = last_words(errors);
            (
                format!("`{place}` has no shell for you: {said}"),
                "use a user that may run commands: try `ssh DEST bash -c id`",
            )
        };
        return Trouble::Answer(Failure::surroundings(message, hint));
    }
    let known = KNOWN.iter().find(|(words, ..)| errors.contains(words));
    let failure = match known {
        Some((_, message, hint)) => {
            Failure::surroundings(message.replace("{}", place), hint.replace("{}", place))
        }
        None => Failure::surroundings(
            format!("ssh does not get to `{place}`: {}", last_words(errors)),
            format!("try `ssh {place}` by hand"),
        ),
    };
    Trouble::Unreachable(failure)
}

/// The last line that says something.
pub(super) fn last_words(errors: &str) -> &str {
    errors.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or("it said nothing")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::of;
    use crate::world::remote::Trouble;

    #[test]
    fn each_trouble_has_a_name() {
        for (errors, code, reached, words) in [
            (
                "@@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!\nHost key verification failed.",
                255,
                false,
                "not the one",
            ),
            ("No ED25519 host key is known\nHost key verification failed.\n", 255, false, "is not known"),
            ("core@n: Permission denied (publickey).", 255, false, "let you in"),
            (
                "ssh: Could not resolve hostname n: Name or service not known",
                255,
                false,
                "lead to an address",
            ),
            ("ssh: connect to host n port 22: Connection refused", 255, false, "refuses"),
            ("ssh: connect to host n port 22: Connection timed out", 255, false, "does not answer"),
            ("kex_exchange_identification: Connection closed by remote host", 255, false, "closed"),
            ("something new", 255, false, "something new"),
            ("sh: bash: command not found", 127, true, "no bash"),
            ("This account is currently not available.", 1, true, "not available"),
        ] {
            let (was_reached, failure) = match of(&"n".parse().unwrap(), errors, Some(code)) {
                Trouble::Answer(failure) => (true, failure),
                Trouble::Unreachable(failure) => (false, failure),
            };
            assert!(was_reached == reached && failure.message.contains(words), "{errors}: {failure}");
            assert!(!failure.hint.is_empty() && !failure.hint.contains("{}"));
        }
    }
}
