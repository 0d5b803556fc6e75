//! The catalog against what vendors say: recorded metadata, and their keys as gpg reads them.

use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Stdio;

use cotter::catalog;
use cotter::catalog::Architecture;
use cotter::catalog::Catalog;
use cotter::catalog::ImageName;
use cotter::catalog::Part;
use cotter::catalog::Reference;
use cotter::catalog::Release;
use cotter::catalog::Unresolved;
use cotter::catalog::Wanted;

use crate::tools;

const PXE: [Part; 3] = [Part::Kernel, Part::Initrd, Part::Rootfs];

fn recorded(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/catalog").join(name))
        .unwrap()
}

fn name(text: &str) -> ImageName {
    match Catalog::own().reference(text).unwrap() {
        Reference::Name(name) => name,
        other => panic!("{text}: {other:?}"),
    }
}

/// Resolves a name; each document that is asked for must be one of these, in this order.
fn resolved(
    text: &str,
    parts: &[Part],
    documents: &[(&str, Option<&str>, String)],
) -> Result<Release, Unresolved> {
    let name = name(text);
    let wanted = Wanted {
        stream: &name.stream,
        version: name.version.as_deref(),
        architecture: name.architecture.unwrap_or(Architecture::X86_64),
        parts,
    };
    let mut left = documents.iter();
    let release = catalog::resolve(Catalog::own().family(&name.family).unwrap(), &wanted, &mut |document| {
        let (url, signature, answer) = left.next().unwrap();
        assert_eq!((document.url.as_str(), document.signature.as_deref()), (*url, *signature), "{text}");
        Ok(answer.clone())
    });
    assert!(left.next().is_none(), "{text}: not everything was asked");
    release
}

/// File, digest's beginning and signature of each artifact.
fn files(release: &Release) -> Vec<(String, String, Option<String>)> {
    let row = |artifact: &catalog::Artifact| {
        assert!(artifact.url.starts_with("https://") && artifact.url.ends_with(&artifact.file));
        let digest = artifact.checksum.as_ref().map(|sum| sum.as_str()[..8].to_owned()).unwrap_or_default();
        let signature = artifact.signature.as_ref().map(|url| url.rsplit('/').next().unwrap().to_owned());
        (artifact.file.clone(), digest, signature)
    };
    release.artifacts.iter().map(row).collect()
}

fn row(file: &str, digest: &str, is_signed: bool) -> (String, String, Option<String>) {
    (file.to_owned(), digest.to_owned(), is_signed.then(|| format!("{file}.sig")))
}

#[test]
fn recorded_metadata_of_each_vendor_are_read() {
    let stream = || {
        vec![(
            "https://builds.coreos.fedoraproject.org/streams/stable.json",
            None,
            recorded("fcos-stream.json"),
        )]
    };
    let release = resolved("fedora-coreos/stable?aarch64", &[Part::Iso], &stream()).unwrap();
    assert_eq!(release.version, "36.20221014.3.1");
    assert_eq!(files(&release), [row("fedora-coreos-36.20221014.3.1-live.aarch64.iso", "0944a209", true)]);
    let release = resolved("fedora-coreos/stable?aarch64", &PXE, &stream()).unwrap();
    assert_eq!(
        files(&release),
        [
            row("fedora-coreos-36.20221014.3.1-live-kernel-aarch64", "1a654a61", true),
            row("fedora-coreos-36.20221014.3.1-live-initramfs.aarch64.img", "8072ce7b", true),
            row("fedora-coreos-36.20221014.3.1-live-rootfs.aarch64.img", "16936519", true),
        ]
    );
    let error = resolved("fedora-coreos/stable?s390x", &PXE, &stream()).unwrap_err();
    assert!(error.message.contains("there is no rootfs of Fedora CoreOS for s390x"), "{}", error.message);
    let error = resolved("fedora-coreos/stable?ppc64le", &[Part::Iso], &stream()).unwrap_err();
    assert!(error.message.contains("it has no `architectures.ppc64le`"), "{}", error.message);

    let builds = "https://builds.coreos.fedoraproject.org/prod/streams/stable/releases.json";
    let build =
        "https://builds.coreos.fedoraproject.org/prod/streams/stable/builds/33.20201201.3.0/release.json";
    let pinned = [(builds, None, recorded("fcos-builds.json")), (build, None, recorded("fcos-build.json"))];
    let release = resolved("fedora-coreos/stable@33.20201201.3.0", &[Part::Iso], &pinned).unwrap();
    assert_eq!(release.version, "33.20201201.3.0");
    assert_eq!(files(&release), [row("fedora-coreos-33.20201201.3.0-live.x86_64.iso", "2f62f8f4", true)]);
    let error = resolved("fedora-coreos/stable@33.1", &[Part::Iso], &pinned[..1]).unwrap_err();
    assert!(error.is_input && error.message.contains("has no version `33.1`"), "{}", error.message);
    // The index points at the metadata of another build.
    let other = recorded("fcos-builds.json")
        .replace("33.20201214.3.1\"", "33.20201201.3.9\"")
        .replace("builds/33.20201214.3.1", "builds/33.20201201.3.0");
    let wrong = [(builds, None, other), (build, None, recorded("fcos-build.json"))];
    let error = resolved("fedora-coreos/stable@33.20201201.3.9", &[Part::Iso], &wrong).unwrap_err();
    assert!(error.message.contains("it is of `33.20201201.3.0`"), "{}", error.message);

    let branch =
        "https://raw.githubusercontent.com/openshift/installer/release-4.20/data/data/coreos/scos.json";
    let release = resolved("scos/4.20?aarch64", &PXE, &[(branch, None, recorded("scos.json"))]).unwrap();
    assert_eq!(release.version, "10.0.20250628-0");
    assert_eq!(files(&release)[2], row("scos-10.0.20250628-0-live-rootfs.aarch64.img", "c7d681ce", false));

    let folder = |version: &str| {
        format!("https://mirror.openshift.com/pub/openshift-v4/x86_64/dependencies/rhcos/4.19/{version}/")
    };
    for (text, asked) in [("rhcos/4.19", "latest"), ("rhcos/4.19@4.19.10", "4.19.10")] {
        let list = format!("{}sha256sum.txt", folder(asked));
        let signature = format!("{list}.gpg");
        let asked = [(list.as_str(), Some(signature.as_str()), recorded("rhcos-sha256sum.txt"))];
        let release = resolved(text, &[Part::Iso, Part::Kernel], &asked).unwrap();
        assert_eq!(release.version, "4.19.10");
        let files: Vec<&str> = release.artifacts.iter().map(|artifact| artifact.file.as_str()).collect();
        assert_eq!(files, ["rhcos-live-iso.x86_64.iso", "rhcos-live-kernel.x86_64"]);
    }

    let version = "https://stable.release.flatcar-linux.net/amd64-usr/current/version.txt";
    let asked = [(version, None, recorded("flatcar-version.txt"))];
    let release = resolved("flatcar/stable", &[Part::Iso], &asked).unwrap();
    assert_eq!(release.version, "3510.2.6");
    assert_eq!(files(&release), [row("flatcar_production_iso_image.iso", "", true)]);
    assert_eq!(
        release.artifacts[0].url,
        "https://stable.release.flatcar-linux.net/amd64-usr/3510.2.6/flatcar_production_iso_image.iso"
    );
    let release = resolved("flatcar/beta@4593.1.0?aarch64", &PXE, &[]).unwrap();
    assert!(release.artifacts.len() == 2 && release.artifacts[0].url.contains("/arm64-usr/4593.1.0/"));
    let error = resolved("flatcar/beta@4593.1.0?aarch64", &[Part::Iso], &[]).unwrap_err();
    assert!(
        error.message.contains("there is no ISO of Flatcar Container Linux for aarch64"),
        "{}",
        error.message
    );

    let list = "https://releases.rancher.com/harvester/v1.5.0/harvester-v1.5.0-amd64.sha512";
    let release =
        resolved("harvester/v1.5.0", &[Part::Iso], &[(list, None, recorded("harvester.sha512"))]).unwrap();
    assert_eq!(
        (release.version.as_str(), release.artifacts[0].file.as_str()),
        ("v1.5.0", "harvester-v1.5.0-amd64.iso")
    );
    assert_eq!(release.artifacts[0].checksum.as_ref().unwrap().as_str().len(), 128);
}

/// Whatever is cut off or changed is read or refused, and nothing else.
#[test]
fn metadata_that_are_damaged_are_refused() {
    for (text, file) in [
        ("fedora-coreos/stable?aarch64", "fcos-stream.json"),
        ("scos/4.19?aarch64", "scos.json"),
        ("rhcos/4.19", "rhcos-sha256sum.txt"),
        ("harvester/v1.5.0", "harvester.sha512"),
        ("flatcar/stable", "flatcar-version.txt"),
    ] {
        let (name, whole) = (name(text), recorded(file));
        let family = Catalog::own().family(&name.family).unwrap();
        let architecture = name.architecture.unwrap_or(Architecture::X86_64);
        let wanted = Wanted { stream: &name.stream, version: None, architecture, parts: &[Part::Iso] };
        let mut refused = 0;
        for cut in 0..whole.len() {
            let part = whole[..cut].to_owned();
            let read = catalog::resolve(family, &wanted, &mut |_| Ok::<String, Unresolved>(part.clone()));
            match read {
                Ok(release) => assert!(catalog::is_plain_word(&release.artifacts[0].file)),
                Err(error) => refused += usize::from(!error.message.is_empty() && !error.help.is_empty()),
            }
        }
        assert!(refused > 50, "{text}: {refused} of {}", whole.len());
    }
}

fn keys() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("isos/keys");
    catalog::every_key().map(|key| folder.join(key.file)).collect()
}

#[test]
fn gpg_reads_the_vendors_keys_as_the_table_says() {
    if tools::program("gpg").is_none() {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let gpg = |arguments: &[&str], file: &Path| {
        let mut command = Command::new("gpg");
        command
            .arg("--homedir")
            .arg(home.path())
            .args(["--batch", "--no-autostart"])
            .args(arguments)
            .arg(file);
        tools::output(command.stdin(Stdio::null()))
    };
    for (key, file) in catalog::every_key().zip(keys()) {
        let shown = String::from_utf8(gpg(&["--show-keys", "--with-colons"], &file)).unwrap();
        let fingerprint = shown.lines().find_map(|line| line.strip_prefix("fpr:::::::::")).unwrap();
        assert_eq!(fingerprint.trim_end_matches(':'), key.fingerprint, "{}", key.file);
        assert_eq!(shown.lines().filter(|line| line.starts_with("pub:")).count(), 1, "{}", key.file);
        if let Some(release) = key.releases {
            assert!(
                shown.contains(&format!(":Fedora ({release}) <fedora-{release}-primary@fedoraproject.org>:")),
                "{shown}"
            );
        }
        // What we make of the armor is what gpg does.
        assert!(
            catalog::dearmor(key.armored).unwrap() == gpg(&["--dearmor", "--output", "-"], &file),
            "{}",
            key.file
        );
        // Each is sound in itself: gpg checks its own signatures.
        gpg(&["--quiet", "--import"], &file);
    }
    let checked = String::from_utf8(gpg(
        &["--check-sigs", "--with-colons"],
        Path::new("F88CFEDEFF29A5B4D9523864E25D9AED0593B34A"),
    ))
    .unwrap();
    let good = checked.lines().filter(|line| line.starts_with("sig:!:")).count();
    assert_eq!(good, 2, "Flatcar's key and its subkey: {checked}");
}
