//! OpenShift's variant: the Ignition document in a MachineConfig.

use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use crate::document::Diagnostics;
use crate::document::View;
use crate::spec::ButaneFile;

/// The last minor version of OpenShift 4 in which FIPS mode asks for a cipher of its own.
const LAST_WITH_FIPS_CIPHER: u32 = 19;

/// Wraps an Ignition document.
pub(super) fn wrap(file: &ButaneFile, mut config: Value, findings: &mut Diagnostics) -> Value {
    let view = file.butane.view();
    let openshift = view.get("openshift");
    let fips = openshift.as_ref().and_then(|openshift| openshift.truth_at("fips"));
    if fips.as_ref().is_some_and(|fips| fips.value)
        && file.variant.openshift_minor().is_some_and(|minor| minor <= LAST_WITH_FIPS_CIPHER)
    {
        fips_ciphers(&mut config);
    }
    // A folder may have brought links.
    if let Some(tree) = file.butane.trees.first()
        && config["storage"]["links"].as_array().is_some_and(|links| !links.is_empty())
    {
        let message = "the folder holds links, which the operator does not know";
        findings.error("openshift", &tree.local.origin, message, "leave them out");
    }
    let mut spec = Map::from_iter([("config".to_owned(), config)]);
    if let Some(openshift) = &openshift {
        let texts = |key: &str| -> Vec<Value> {
            openshift.list(key).iter().filter_map(View::text).map(|text| text.value.into()).collect()
        };
        for (key, name) in [("extensions", "extensions"), ("kernel_arguments", "kernelArguments")] {
            if openshift.get(key).is_some() {
                spec.insert(name.to_owned(), texts(key).into());
            }
        }
        spec.extend(fips.map(|fips| ("fips".to_owned(), fips.value.into())));
        spec.extend(
            openshift.text_at("kernel_type").map(|kind| ("kernelType".to_owned(), kind.value.into())),
        );
    }
    let metadata = view.get("metadata");
    let name = metadata.as_ref().and_then(|metadata| metadata.text_at("name")).map(|name| name.value);
    let labels: Map<String, Value> = metadata
        .and_then(|metadata| metadata.get("labels"))
        .map(|labels| {
            let label =
                |(key, _, value): (&str, _, View<'_>)| Some((key.to_owned(), value.text()?.value.into()));
            labels.entries().filter_map(label).collect()
        })
        .unwrap_or_default();
    json!({
        "apiVersion": "machineconfiguration.openshift.io/v1",
        "kind": "MachineConfig",
        "metadata": {"name": name, "labels": labels},
        "spec": spec,
    })
}

/// FIPS 140-2 forbids LUKS's default mode; who names a cipher is trusted.
fn fips_ciphers(config: &mut Value) {
    for volume in config.pointer_mut("/storage/luks").and_then(Value::as_array_mut).into_iter().flatten() {
        let names_cipher = |option: &Value| {
            option.as_str().is_some_and(|option| {
                option == "-c" || option == "--cipher" || option.starts_with("--cipher=")
            })
        };
        let options = volume.get("options").and_then(Value::as_array).cloned().unwrap_or_default();
        if !options.iter().any(names_cipher) {
            let cipher = [json!("--cipher"), json!("aes-cbc-essiv:sha256")];
            volume["options"] = options.into_iter().chain(cipher).collect();
        }
    }
}
