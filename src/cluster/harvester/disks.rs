//! Room for the release's images, as the upgrade's webhook reckons it from what kubelets say.

use serde_json::Value;

use super::subject;
use crate::cluster::Answer;
use crate::cluster::Evidence;
use crate::cluster::Kubelet;
use crate::cluster::Looking;
use crate::cluster::odd::Odd;
use crate::verify::HarvesterProperty;

/// What the images of a release come to, in bytes (`defaultNewImageSize` of the webhook).
const IMAGES_BYTES: u64 = 13 << 30;
/// From which share on a kubelet throws images away, in percent, unless it is told otherwise.
const THRESHOLD_PERCENT: u64 = 85;

/// That no node would begin to throw away images as the new ones come.
pub(super) fn roomy(looking: &mut Looking) {
    let subject = subject(HarvesterProperty::DisksRoomy);
    looking.expect(&subject, "all", "nodes with room for the new images");
    let evidence: &Evidence = looking.evidence;
    let kubelets = match &evidence.kubelets {
        Ok(kubelets) => kubelets,
        Err(why) => return looking.look.cannot(&subject, why.clone()),
    };
    let nodes = evidence.node_names();
    if nodes.is_empty() {
        return looking.look.cannot(&subject, "no nodes were seen");
    }
    let (mut found, mut unseen) = (Vec::new(), Vec::new());
    for node in nodes {
        match kubelets.get(&node).map_or_else(|| Err("nobody asked".to_owned()), room) {
            Ok(None) => {}
            Ok(Some(said)) => {
                let next = "make room on its system partition (`df -h /usr/local`): remove images nobody uses (`crictl rmi --prune`), old logs, or what else lies there";
                found.push(Odd::new(node, said, next));
            }
            Err(why) => unseen.push(format!("{node}: {why}")),
        }
    }
    if found.is_empty() && !unseen.is_empty() {
        return looking.look.cannot(&subject, unseen.join("; "));
    }
    looking.all_but(&subject, "all", &found);
}

/// What is too little, if it is; or why nobody can tell.
fn room(kubelet: &Kubelet) -> Result<Option<String>, String> {
    let seen = |answer: &Answer| answer.clone().map_err(|trouble| trouble.to_string());
    let summary = seen(&kubelet.summary)?;
    let number = |key: &str| {
        let found = summary.pointer(&format!("/node/fs/{key}")).and_then(Value::as_u64);
        found.ok_or_else(|| format!("its kubelet says no `{key}`"))
    };
    let (used, capacity) = (number("usedBytes")?, number("capacityBytes")?);
    // Through the API server it is wrapped in `kubeletconfig`.
    let config = seen(&kubelet.config)?;
    let config = config.get("kubeletconfig").unwrap_or(&config);
    let threshold =
        config.get("imageGCHighThresholdPercent").and_then(Value::as_u64).unwrap_or(THRESHOLD_PERCENT);
    let wanted = u128::from(used) + u128::from(IMAGES_BYTES);
    let is_over = wanted * 100 > u128::from(capacity) * u128::from(threshold);
    let percent = wanted * 100 / u128::from(capacity.max(1));
    Ok(is_over.then(|| format!("{percent} % with the new images, {threshold} % allowed")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::room;
    use crate::cluster::Kubelet;

    #[test]
    fn room_is_reckoned_as_the_webhook_does() {
        let gib: u64 = 1 << 30;
        let of = |used: u64, capacity: u64, config: serde_json::Value| Kubelet {
            summary: Ok(json!({"node": {"fs": {"usedBytes": used * gib, "capacityBytes": capacity * gib}}})),
            config: Ok(config),
        };
        let plain = json!({"kubeletconfig": {"imageGCHighThresholdPercent": 85}});
        assert_eq!(room(&of(72, 100, plain.clone())), Ok(None));
        assert_eq!(room(&of(73, 100, plain)), Ok(Some("86 % with the new images, 85 % allowed".to_owned())));
        assert_eq!(room(&of(73, 100, json!({"imageGCHighThresholdPercent": 90}))), Ok(None));
        assert!(matches!(room(&of(73, 100, json!({}))), Ok(Some(_))), "85 % unless it says otherwise");
        assert!(matches!(room(&of(u64::MAX >> 30, 0, json!({}))), Ok(Some(_))));
        let silent = Kubelet { summary: Ok(json!({})), config: Ok(json!({})) };
        assert!(room(&silent).is_err_and(|why| why.contains("usedBytes")));
    }
}
