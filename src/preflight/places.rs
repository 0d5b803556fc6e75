//! Places on the network that must answer.

use crate::document::Sourced;
use crate::images::Trouble;
use crate::images::TroubleKind;
use crate::value::ReachTarget;
use crate::verify::Expectation;
use crate::verify::Look;
use crate::verify::Subject;

/// A place, and whether it answers.
#[derive(Clone, Debug)]
pub struct PlaceSeen {
    /// The place.
    pub place: Sourced<ReachTarget>,
    /// Nothing, or what is wrong.
    pub answered: Result<(), Trouble>,
    /// The proxy that it was asked by, without a login.
    pub proxy: Option<String>,
}

/// Judges whether places answer.
pub(super) fn place_look(seen: &[PlaceSeen]) -> Look {
    let mut look = Look::new("places");
    for one in seen {
        let subject = Subject::Reach(one.place.value.to_string());
        look.expect(Expectation::has(
            &subject,
            "yes",
            format!("{} answers", one.place.value),
            &one.place.origin,
        ));
        let Err(trouble) = &one.answered else {
            look.found(&subject, ["yes"]);
            continue;
        };
        look.found(&subject, [trouble.words.clone()]);
        let by = match (&one.proxy, trouble.kind) {
            (Some(proxy), _) => format!(
                "; it was asked by the proxy {proxy}, as `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` say here"
            ),
            (None, _) => String::new(),
        };
        look.explain(&subject, format!("{}{by}", next_step(trouble.kind)));
    }
    look
}

fn next_step(kind: TroubleKind) -> &'static str {
    match kind {
        TroubleKind::Name => "see whether the name is right, and whether the name servers know it",
        TroubleKind::Connect => "see whether it runs there, and routes and firewalls",
        TroubleKind::Timeout => {
            "see whether a firewall drops the packets, or give it longer with `--timeout`"
        }
        TroubleKind::UnknownAuthority => "name its authority with `--ca`, and give it to the machine too",
        TroubleKind::Expired => "let it have a new certificate, or set the clock here",
        TroubleKind::Tls => "see whether HTTPS is spoken there",
        other => other.help(),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::PlaceSeen;
    use super::place_look;
    use crate::document::Origin;
    use crate::document::Sourced;
    use crate::images::Trouble;
    use crate::images::TroubleKind;
    use crate::verify::Outcome;

    #[test]
    fn what_is_wrong_and_by_which_way() {
        let seen = PlaceSeen {
            place: Sourced { value: "https://r.lab/v2/".parse().unwrap(), origin: Origin::of_file("m.yaml") },
            answered: Err(Trouble::new(TroubleKind::Proxy, "r.lab: the proxy wants a login")),
            proxy: Some("http://p.lab:3128".to_owned()),
        };
        let report = place_look(std::slice::from_ref(&seen)).judge("m");
        let is_told = |outcome: &Outcome| {
            matches!(outcome, Outcome::Differs { found, hint }
                if found == &["r.lab: the proxy wants a login"] && hint.contains("by the proxy http://p.lab:3128"))
        };
        assert!(report.verdicts.iter().all(|verdict| is_told(&verdict.outcome)), "{report:?}");
        assert_eq!(report.verdicts.len(), 1);
        let report = place_look(&[seen.clone(), PlaceSeen { answered: Ok(()), ..seen }]).judge("m");
        // Of two for the same place the last counts.
        assert!(report.verdicts.iter().all(|verdict| verdict.outcome == Outcome::Met), "{report:?}");
    }
}
