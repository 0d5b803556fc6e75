//! The tables of platforms and images: what is chosen for each pair, as a file, so that a change is seen.

use std::fmt::Write as _;
use std::path::Path;

use cotter::cloud;
use cotter::cloud::Choice;
use cotter::cloud::Encoding;
use cotter::cloud::ImageFamily;
use cotter::cloud::LimitOf;
use cotter::cloud::Needs;
use cotter::cloud::Platform;
use cotter::cloud::Reader;
use cotter::cloud::Table;
use cotter::cloud::Unfit;

/// An image of a family: stars of its first pattern may stand for anything.
fn image_of(family: &ImageFamily) -> String {
    family.patterns[0].replace('*', "x")
}

/// The families that are on a platform, with an image of each.
fn images(platform: &Platform) -> Vec<(String, String)> {
    let is_here =
        |family: &&ImageFamily| family.platforms.is_empty() || family.platforms.contains(&platform.name);
    Table::own()
        .families()
        .iter()
        .filter(is_here)
        .map(|family| (family.name.clone(), image_of(family)))
        .collect()
}

fn words_of(choice: &Choice) -> String {
    let keys: Vec<&str> = choice.keys.iter().map(|key| key.name.as_str()).collect();
    let key = &choice.keys[0];
    let packed = key.packed.as_ref().filter(|packed| packed.readers.contains(&choice.readers[0]));
    let encoding = match packed {
        Some(packed) => format!("{} or {}", key.encoding.word(), packed.encoding.word()),
        None => key.encoding.word().to_owned(),
    };
    let limit = match key.limit() {
        Some(limit) if limit.of == LimitOf::Raw => format!("{} before base64", limit.bytes),
        Some(limit) => format!("{} as sent", limit.bytes),
        None => "no limit".to_owned(),
    };
    let doubt = if choice.doubts.is_empty() { "" } else { " ?" };
    format!(
        "{:<12} {:<32} {encoding:<22} {limit:<20} {}{doubt}",
        choice.format,
        keys.join(" + "),
        choice.runs
    )
}

/// What is chosen, with nothing and with parts of the user's own beside it.
fn table() -> String {
    let mut text = String::from(
        "# What is chosen for each platform and family of images: format, keys, encodings, limit, and when it runs. `+`: with\n# parts of the user's own. `?`: rests on what is only presumed. COTTER_BLESS=1 writes it.\n",
    );
    for platform in Table::own().platforms() {
        let _ = write!(text, "\n{}\n", platform.name);
        let unknown = ("no image".to_owned(), String::new());
        for (family, image) in images(platform).into_iter().chain([unknown]) {
            let image = Some(image.as_str()).filter(|image| !image.is_empty());
            let mut before = String::new();
            for has_parts in [false, true] {
                let said = match cloud::choose(Table::own(), &platform.name, image, None, Needs { has_parts })
                {
                    Ok(choice) => words_of(&choice),
                    Err(refusal) => format!("refused: {}", refusal.message),
                };
                if said != before {
                    let mark = if has_parts { '+' } else { ' ' };
                    let _ = writeln!(text, "  {family:<18}{mark} {said}");
                }
                before = said;
            }
        }
    }
    text
}

#[test]
fn what_is_chosen_for_each_pair_is_as_it_was() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cloud/table.txt");
    let text = table();
    if std::env::var_os("COTTER_BLESS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text, "COTTER_BLESS=1 writes what comes");
}

#[test]
fn a_familys_own_image_is_of_it_and_every_row_says_what_it_rests_on() {
    let mut rows = 0;
    for platform in Table::own().platforms() {
        assert!(!platform.source.is_empty() && platform.keys.iter().all(|key| !key.source.is_empty()));
        for (family, image) in images(platform) {
            let found = Table::own().family(platform, &image).unwrap();
            assert_eq!(found.name, family, "{image} on {}", platform.name);
            assert!(!found.basis.is_empty());
            rows += 1;
        }
    }
    assert_eq!(Table::own().platforms().len(), 14);
    assert!(rows > 130, "{rows}");
}

#[test]
fn images_are_known_by_the_names_that_platforms_give_them() {
    for (platform, image, family) in [
        ("gce", "rocky-linux-cloud/rocky-linux-9", "rocky-gce"),
        ("gce", "projects/rocky-linux-cloud/global/images/family/rocky-linux-8-optimized-gcp", "rocky-gce"),
        (
            "gce",
            "https://www.googleapis.com/compute/v1/projects/rhel-cloud/global/images/rhel-9-v20240709",
            "rhel-gce",
        ),
        ("gce", "rhel-cloud/rhel-10", "el-gce"),
        ("gce", "rocky-linux-cloud/rocky-linux-10", "el-gce"),
        ("gce", "debian-cloud/debian-13", "debian-gce"),
        ("gce", "debian-12-bookworm-v20240815", "debian-gce"),
        ("gce", "ubuntu-os-cloud/ubuntu-2404-lts-amd64", "ubuntu-gce"),
        ("gce", "cos-cloud/cos-stable", "cos-gce"),
        ("gce", "kinvolk-public/flatcar-stable", "flatcar"),
        ("aws", "al2023-ami-2023.5.20240708.0-kernel-6.1-x86_64", "amazon-linux"),
        ("aws", "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20240701", "ubuntu"),
        ("aws", "Rocky-9-EC2-Base-9.4-20240509.0.x86_64", "el"),
        ("aws", "RHEL-9.4.0_HVM-20240605-x86_64-82-Hourly2-GP3", "el"),
        ("aws", "debian-12-amd64-20240717-1811", "debian"),
        ("aws", "Flatcar-stable-3975.2.0-hvm", "flatcar"),
        ("aws", "fedora-coreos-40.20240701.3.0-x86_64", "fedora-coreos"),
        ("aws", "rhcos-417.94.202408270355-0-x86_64", "rhcos"),
        ("aws", "Fedora-Cloud-Base-40-1.14.x86_64", "fedora"),
        ("aws", "suse-sles-15-sp6-v20240704-hvm-ssd-x86_64", "suse"),
        ("azure", "Canonical:ubuntu-24_04-lts:server:latest", "ubuntu"),
        ("azure", "RedHat:RHEL:9-lvm-gen2:latest", "el"),
        ("azure", "Debian:debian-12:12-gen2:latest", "debian"),
        ("azure", "resf:rockylinux-x86_64:9-base:latest", "el"),
        ("azure", "MicrosoftWindowsServer:WindowsServer:2022-datacenter:latest", "windows"),
        ("digitalocean", "rockylinux-9-x64", "el"),
        ("digitalocean", "ubuntu-24-04-x64", "ubuntu"),
        ("hetzner", "alma-9", "el"),
        ("hetzner", "opensuse-15", "suse"),
        ("linode", "linode/debian12", "debian"),
        ("scaleway", "ubuntu_noble", "ubuntu"),
    ] {
        let platform = Table::own().platform(platform).unwrap();
        let found = Table::own().family(platform, image).map(|family| family.name.as_str());
        assert_eq!(found, Some(family), "{image}");
    }
    let platform = Table::own().platform("aws").unwrap();
    assert!(Table::own().family(platform, "ami-0abcdef").is_none());
}

/// 16,385 bytes for EC2: refused with what is big and where it can go instead, unless gzip helps.
#[test]
fn one_byte_too_many_for_ec2_is_refused_with_the_split() {
    let table = Table::own();
    let key = table.platform("aws").unwrap().key("user-data").unwrap();
    let payload = vec![b'#'; 16_385];
    let contents = [cloud::Content { name: "file /opt/large".to_owned(), bytes: 16_000 }];
    let unfit = cloud::encode(key, Reader::Ignition, &payload, &contents).unwrap_err();
    assert!(matches!(unfit, Unfit::TooLarge { bytes: 16_385, .. }));
    assert!(
        unfit.help().contains("file /opt/large (16000 bytes)") && unfit.help().contains("URL"),
        "{}",
        unfit.help()
    );
    assert!(cloud::encode(key, Reader::Ignition, &payload[1..], &[]).is_ok());
    let packed = cloud::encode(key, Reader::CloudInit, &payload, &[]).unwrap();
    assert_eq!(packed.encoding, Encoding::GzipBase64);
}

#[test]
fn users_add_and_replace_rows() {
    let text = "[[platform]]\nname = \"mine\"\ntitle = \"Mine\"\nsource = \"us\"\n[[platform.key]]\nname = \"user-data\"\nreaders = [\"cloud-init\"]\nencoding = \"text\"\nsource = \"us\"\n[[family]]\nname = \"golden\"\ntitle = \"our image\"\nplatforms = [\"gce\", \"mine\"]\npatterns = [\"*/golden-rocky-*\"]\nreaders = [\"cloud-init\"]\nnetwork = \"network-manager\"\nbasis = \"we made it\"\n";
    let table = Table::own().extended(text).unwrap();
    let gce = table.platform("gce").unwrap();
    // Of a user's row and ours, the user's is asked first.
    assert_eq!(table.family(gce, "x/golden-rocky-9").unwrap().name, "golden");
    assert!(table.family(gce, "rocky-linux-cloud/rocky-linux-9").is_some());
    assert_eq!(table.platforms().len(), 15);
    let again = table.extended(&text.replace("\"Mine\"", "\"Ours\"")).unwrap();
    assert_eq!(again.platform("mine").unwrap().title, "Ours");
    assert_eq!(again.platforms().len(), 15);
    assert_eq!(again.families().len(), table.families().len());
}

#[test]
fn a_wrong_table_is_refused_at_its_place() {
    let platform = "[[platform]]\nname = \"a\"\ntitle = \"A\"\nsource = \"s\"\n";
    let key =
        "[[platform.key]]\nname = \"k\"\nreaders = [\"cloud-init\"]\nencoding = \"text\"\nsource = \"s\"\n";
    let family = "[[family]]\nname = \"f\"\ntitle = \"F\"\npatterns = [\"a\"]\nreaders = [\"ignition\"]\nnetwork = \"unknown\"\nbasis = \"b\"\n";
    for (text, at, words) in [
        (format!("{platform}{key}limit = 5\n"), "limit", "unknown field"),
        (format!("{platform}{key}limit_bytes = 5\n"), "[[platform]]", "`limit_bytes` and `limit_of`"),
        (format!("{platform}{}", key.replace("cloud-init", "cloudinit")), "\"cloudinit\"", "unknown variant"),
        (format!("{platform}{}", key.replace("[\"cloud-init\"]", "[]")), "[[platform]]", "nobody reads"),
        (platform.to_owned(), "[[platform]]", "missing field `key`"),
        (format!("{platform}{key}{key}"), "[[platform]]", "twice"),
        (family.replace("[\"a\"]", "[]"), "[[family]]", "no pattern"),
        (format!("{family}platforms = [\"gcp2\"]\n"), "[[family]]", "no platform"),
        (format!("{family}{family}"), "[[family]]", "twice"),
        ("a = ".to_owned(), "", ""),
    ] {
        let wrong = Table::own().extended(&text).unwrap_err();
        assert!(wrong.message.contains(words), "{text}: {}", wrong.message);
        assert!(text[wrong.bytes.start..].starts_with(at), "{text}: {:?} {}", wrong.bytes, wrong.message);
    }
}
