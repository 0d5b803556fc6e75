//! `network.fallback` in a small virtual machine with a real NetworkManager, and DHCP by QEMU.

use crate::bench::boot_small;
use crate::bench::network_files;
use crate::bench::stand_in;

const SCRIPT: &str = include_str!("../../templates/files/cotter-network-fallback");

/// Boots the case `fallback` with `networks` behind its two ports, and does what `probe` says.
fn probe(networks: [&str; 2], probe: &str) -> Option<String> {
    let iso = stand_in()?;
    let mut files = network_files("fallback");
    let table = include_str!("../cases/fallback/expect/installed/etc/cotter/network-fallback");
    files.push(("/etc/cotter/network-fallback".into(), table.into()));
    files.push(("/etc/cotter/script".into(), SCRIPT.into()));
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let devices: Vec<String> = [("e4:43:4b:0a:00:01", 0x10), ("e4:43:4b:0a:00:03", 0x11)]
        .iter()
        .zip(networks)
        .flat_map(|((mac, slot), network)| {
            let device = format!("virtio-net-pci,netdev=n{slot},mac={mac},addr={slot:#x},romfile=");
            ["-netdev".to_owned(), network.replace("ID", &format!("n{slot}")), "-device".to_owned(), device]
        })
        .collect();
    let devices: Vec<&str> = devices.iter().map(String::as_str).collect();
    let head = "export COTTER_FALLBACK_SECONDS=1 COTTER_FALLBACK_LOOK=1\n\
        show() { echo \"$1: $(ip -o -4 addr show dev $2 | awk '{print $4}') $(cd /run/NetworkManager/system-connections && echo cotter-*)\"; }\n";
    Some(boot_small(&iso, &files, &format!("{head}{probe}"), &devices))
}

const NOBODY: &str = "hubport,id=ID,hubid=7";
const DHCP: &str = "user,id=ID,restrict=on,ipv6=off";

/// The cable is in the wrong port: the static address is there, but its router is not.
#[test]
#[ignore = "boots virtual machines: make test"]
fn small_a_spare_port_asks_by_dhcp_if_the_router_is_not_there() {
    let Some(text) = probe([NOBODY, DHCP], "bash /etc/cotter/script & sleep 25; show during data0") else {
        return;
    };
    assert!(text.contains("during: 10.0.2.15/24 cotter-fallback-data0.nmconnection"), "{text}");
    assert!(text.contains("cotter: the network is not up: data0 (e4:43:4b:0a:00:03)"), "{text}");
}

/// A network that is up is left alone. Its profile gone, the port itself asks, and stops when the profile is back.
#[test]
#[ignore = "boots virtual machines: make test"]
fn small_the_fallback_goes_when_the_network_is_back() {
    let lost = "bash /etc/cotter/script; echo ended $?; show before mgmt0; cd /etc/NetworkManager/system-connections; mv cotter-mgmt0.nmconnection /run; nmcli connection reload; \
        bash /etc/cotter/script & for i in {1..40}; do sleep 1; ip -o -4 addr show dev mgmt0 | grep -q 50.15 && break; done; \
        show during mgmt0; mv /run/cotter-mgmt0.nmconnection .; nmcli connection reload; nmcli connection up id mgmt0 >/dev/null; \
        wait; show after mgmt0";
    let network =
        format!("{DHCP},net=192.168.50.0/24,host=192.168.50.1,dns=192.168.50.53,dhcpstart=192.168.50.15");
    let Some(text) = probe([&network, NOBODY], lost) else { return };
    for line in ["ended 0", "before: 192.168.50.10/24 cotter-*", "after: 192.168.50.10/24 cotter-*"] {
        assert!(text.lines().any(|other| other == line), "no line is {line:?}: {text}");
    }
    let during = text.lines().find(|line| line.starts_with("during: 192.168.50.15/24")).unwrap();
    assert!(during.contains("cotter-fallback-mgmt0.nmconnection"), "{text}");
    assert!(text.contains("the fallback is gone"), "{text}");
}
