//! Any bytes as what registries and people give for images: references, lists, manifests, layouts, layers, mirrors.
#![no_main]

use cotter::images;
use cotter::images::Candidate;
use cotter::images::Challenge;
use cotter::images::Destination;
use cotter::images::Endpoints;
use cotter::images::HostsFiles;
use cotter::images::LayoutIndex;
use cotter::images::Logins;
use cotter::images::Mirrors;
use cotter::images::Parts;
use cotter::images::Platform;
use cotter::images::Reference;
use cotter::images::RegistriesConf;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = images::references_in_layer(bytes);
    let _ = (images::read_error(bytes), images::read_tags(bytes), images::read_token(bytes));
    let _ = images::media_type(bytes, None);
    let platform: Platform = "linux/amd64".parse().unwrap();
    let _ = (images::read_manifest(bytes, &platform), images::other_platform(bytes, &platform));
    // What names files on disk has nothing in it that leads elsewhere.
    let is_safe = |digest: &str| digest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b':');
    match images::read_parts(bytes) {
        Ok(Parts::Index(parts)) => assert!(parts.iter().all(|part| is_safe(&part.digest))),
        Ok(Parts::Image { configuration, layers }) => {
            assert!(is_safe(&configuration.digest) && layers.iter().all(|part| is_safe(&part.digest)));
        }
        Err(_) => {}
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let _ = (Challenge::read([text].into_iter()), Logins::read("f", text), images::read_have("f", text));
    let (list, _) = images::read_list("f", text);
    if let Some(mut index) = LayoutIndex::read(bytes) {
        for image in index.images().0 {
            if let Some(found) = index.find(&image) {
                assert!(is_safe(&found.digest));
                index.put(&image, &found, Some(&platform));
                assert_eq!(index.find(&image), Some(found));
            }
        }
    }
    let mut conf = RegistriesConf::read("f", text).0;
    let _ = conf.add_mirror_sets("f", text);
    let mut hosts = HostsFiles::default();
    let _ = hosts.add("a.lab", "a.lab", "f", text);
    let all = [Mirrors::Conf(conf), Mirrors::Endpoints(Endpoints::read("f", text).0), Mirrors::Hosts(hosts)];
    let known: Reference = "a.lab/x:1".parse().unwrap();
    for image in list.iter().map(|image| &image.value).take(20).chain([&known]) {
        // What is shown is read as the same.
        let again: Reference = image.to_string().parse().unwrap();
        assert_eq!(again.name(), image.name());
        for mirrors in &all {
            let _: Vec<String> = mirrors.route(image).iter().map(Candidate::place).collect();
        }
        if let Ok(to) = text.parse::<Destination>() {
            let _ = to.candidate(image).place();
        }
    }
});
