//! The configuration that lets machines ask for the copies first, for each kind of machine.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use super::Destination;
use super::Reference;
use super::Scheme;
use super::hosts_toml::folder_of;
use crate::document::yaml_text;

/// The names of the files: for CRI-O and podman, OpenShift, k3s and rke2; and the folder for containerd.
const CONF: &str = "registries.conf";
const SETS: &str = "mirror-sets.yaml";
const ENDPOINTS: &str = "registries.yaml";
const HOSTS: &str = "certs.d";

/// Name → text of each file. Logins and authorities are not in them: machines have theirs.
pub fn mirror_files(images: &BTreeSet<&Reference>, to: &Destination) -> BTreeMap<String, String> {
    let registries: BTreeSet<&str> = images.iter().map(|image| image.registry.as_str()).collect();
    let mut files = BTreeMap::new();
    files.insert(CONF.to_owned(), conf(images, to));
    files.insert(SETS.to_owned(), sets(images, to));
    files.insert(ENDPOINTS.to_owned(), endpoints(&registries, to));
    for registry in registries {
        files.insert(format!("{HOSTS}/{}/hosts.toml", folder_of(registry)), hosts(registry, to));
    }
    files
}

/// What of a registry is copied, and where it is: the namespace, or the repository where there is none.
fn sources(images: &BTreeSet<&Reference>, to: &Destination) -> BTreeMap<String, String> {
    let part = |image: &&Reference| {
        let namespace =
            image.repository.rsplit_once('/').map_or(image.repository.as_str(), |(space, _)| space);
        let folder = to.folder(&image.registry);
        let place = [to.host.as_str(), folder.as_str(), namespace];
        let place: Vec<&str> = place.into_iter().filter(|part| !part.is_empty()).collect();
        (format!("{}/{namespace}", image.registry), place.join("/"))
    };
    images.iter().map(part).collect()
}

fn conf(images: &BTreeSet<&Reference>, to: &Destination) -> String {
    let registries: Vec<toml::Value> = sources(images, to)
        .into_iter()
        .map(|(source, place)| {
            let mut mirror = toml::Table::new();
            mirror.insert("location".to_owned(), place.into());
            if to.scheme != Scheme::Https {
                mirror.insert("insecure".to_owned(), true.into());
            }
            let mut registry = toml::Table::new();
            registry.insert("prefix".to_owned(), source.clone().into());
            registry.insert("location".to_owned(), source.into());
            registry.insert("mirror".to_owned(), vec![mirror].into());
            registry.into()
        })
        .collect();
    toml_text([("registry".to_owned(), registries.into())])
}

/// One object for what is pulled by its digest, one for what is pulled by a tag.
fn sets(images: &BTreeSet<&Reference>, to: &Destination) -> String {
    let kinds = [
        ("ImageDigestMirrorSet", "imageDigestMirrors", true),
        ("ImageTagMirrorSet", "imageTagMirrors", false),
    ];
    let objects = kinds.iter().filter_map(|(kind, key, by_digest)| {
        let those = images.iter().copied().filter(|image| image.digest.is_some() == *by_digest).collect();
        let mirrors: Vec<Value> =
            sources(&those, to).into_iter().map(|(source, place)| json!({"source": source, "mirrors": [place]})).collect();
        let object = json!({"apiVersion": "config.openshift.io/v1", "kind": kind, "metadata": {"name": "cotter-mirror"},
            "spec": {(*key): mirrors}});
        (!mirrors.is_empty()).then(|| yaml_text(&object))
    });
    objects.collect::<Vec<_>>().join("---\n")
}

fn endpoints(registries: &BTreeSet<&str>, to: &Destination) -> String {
    let mut mirrors = Map::new();
    for registry in registries {
        let mut mirror = json!({"endpoint": [url(to)]});
        let folder = to.folder(registry);
        if !folder.is_empty() {
            mirror["rewrite"] = json!({"^(.*)$": format!("{folder}/$1")});
        }
        mirrors.insert((*registry).to_owned(), mirror);
    }
    yaml_text(&json!({"mirrors": mirrors}))
}

fn hosts(registry: &str, to: &Destination) -> String {
    let folder = to.folder(registry);
    let mut host = toml::Table::new();
    host.insert("capabilities".to_owned(), vec!["pull", "resolve"].into());
    let url = if folder.is_empty() { url(to) } else { format!("{}/v2/{folder}", url(to)) };
    if !folder.is_empty() {
        host.insert("override_path".to_owned(), true.into());
    }
    let mut hosts = toml::Table::new();
    hosts.insert(url, host.into());
    toml_text([("host".to_owned(), hosts.into())])
}

fn toml_text(keys: impl IntoIterator<Item = (String, toml::Value)>) -> String {
    let table: toml::Table = keys.into_iter().collect();
    toml::to_string(&table).unwrap_or_default()
}

fn url(to: &Destination) -> String {
    let scheme = if to.scheme == Scheme::Https { "https" } else { "http" };
    format!("{scheme}://{}", super::reference::host_of(&to.host))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use std::collections::BTreeSet;

    use super::mirror_files;
    use crate::images::Destination;
    use crate::images::Endpoints;
    use crate::images::HostsFiles;
    use crate::images::Mirrors;
    use crate::images::Names;
    use crate::images::Reference;
    use crate::images::RegistriesConf;
    use crate::images::Scheme;

    #[test]
    fn every_kind_leads_to_the_copies_first() {
        let digest = format!("sha256:{}", "a".repeat(64));
        let images: Vec<Reference> = [
            "busybox:1".to_owned(),
            "reg.lab:5000/deep/er/a:1".to_owned(),
            "reg.lab:5000/b:2".to_owned(),
            format!("q.lab/rel/ocp@{digest}"),
        ]
        .iter()
        .map(|image| image.parse().unwrap())
        .collect();
        for to in ["m.lab:5000", "m.lab/a/b", "http://m.lab/a"] {
            for names in [Names::Same, Names::ByRegistry] {
                let to = Destination { names, ..to.parse().unwrap() };
                let files = mirror_files(&images.iter().collect::<BTreeSet<_>>(), &to);
                let (conf, findings) = RegistriesConf::read("c", &files["registries.conf"]);
                assert!(findings.is_empty(), "{findings:?}");
                let mut sets = RegistriesConf::default();
                assert!(sets.add_mirror_sets("s", &files["mirror-sets.yaml"]).is_empty());
                let (endpoints, findings) = Endpoints::read("e", &files["registries.yaml"]);
                assert!(findings.is_empty(), "{findings:?}");
                let mut hosts = HostsFiles::default();
                for (name, text) in &files {
                    let Some(name) = name.strip_prefix("certs.d/") else { continue };
                    let findings = hosts.add(name.strip_suffix("/hosts.toml").unwrap(), "d", "h", text);
                    assert!(findings.is_empty(), "{findings:?}\n{text}");
                }
                let kinds = [
                    Mirrors::Conf(conf),
                    Mirrors::Conf(sets),
                    Mirrors::Endpoints(endpoints),
                    Mirrors::Hosts(hosts),
                ];
                for image in &images {
                    let copy = to.candidate(image);
                    let place = format!("{}/{}", copy.host, copy.repository);
                    for (kind, mirrors) in kinds.iter().enumerate() {
                        let route = mirrors.route(image);
                        let first = &route[0];
                        assert_eq!(first.place(), place, "{image} by {kind}\n{files:#?}");
                        assert_eq!(route.len(), 2, "{image} by {kind}: the source is asked too");
                        // A mirror set cannot say that a mirror is spoken to by HTTP.
                        assert!(kind == 1 || (first.scheme == Scheme::Https) == (to.scheme == Scheme::Https));
                    }
                }
            }
        }
    }
}
