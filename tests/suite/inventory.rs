//! Inventories of other tools: what each output in `tests/fixtures/inventory` comes to (`COTTER_BLESS=1` writes what
//! comes instead), and that no text whatever does harm.

use std::path::Path;
use std::path::PathBuf;

use cotter::hardware::Inventory;
use cotter::hardware::read_inventory;
use cotter::value::is_printable;
use serde_json::Value;
use serde_json::json;

use crate::schemas;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/inventory")
}

/// The outputs, by name.
fn outputs() -> Vec<(String, Vec<u8>)> {
    let files = folder().read_dir().unwrap().map(|entry| entry.unwrap().path());
    let named = files.filter_map(|path| {
        let name = path.file_name().unwrap().to_str().unwrap().strip_suffix(".json")?.to_owned();
        (!name.ends_with(".expect")).then(|| (name, std::fs::read(&path).unwrap()))
    });
    let mut outputs: Vec<_> = named.collect();
    outputs.sort();
    outputs
}

fn output(name: &str) -> Vec<u8> {
    std::fs::read(folder().join(format!("{name}.json"))).unwrap()
}

/// What must hold of any inventory: it is what the schema says, and it can be shown.
fn check(inventory: &Inventory) {
    let written = serde_json::to_value(inventory).unwrap();
    schemas::assert_is("inventory", &written);
    assert!(all_texts(&written).iter().all(|text| text.chars().all(is_printable)), "{written}");
    let again = read_inventory(written.to_string().as_bytes()).unwrap();
    assert_eq!(&again, inventory, "it is another one when it is read again");
}

fn all_texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().flat_map(all_texts).collect(),
        Value::Object(members) => members
            .iter()
            .flat_map(|(key, member)| [vec![key.as_str()], all_texts(member)].concat())
            .collect(),
        _ => Vec::new(),
    }
}

#[test]
fn every_output_comes_to_what_is_expected() {
    let outputs = outputs();
    assert!(outputs.len() > 20, "the fixtures are gone");
    let mut wrong = Vec::new();
    for (name, text) in outputs {
        let (kind, got) = match read_inventory(&text) {
            Ok(inventory) => {
                check(&inventory);
                ("expect.json", serde_json::to_string_pretty(&inventory).unwrap())
            }
            Err(error) => ("expect-error.txt", error.to_string()),
        };
        let got = format!("{got}\n");
        let paths = ["expect.json", "expect-error.txt"].map(|kind| folder().join(format!("{name}.{kind}")));
        if std::env::var_os("COTTER_BLESS").is_some() {
            paths.iter().for_each(|path| drop(std::fs::remove_file(path)));
            std::fs::write(folder().join(format!("{name}.{kind}")), &got).unwrap();
        }
        let expected: Vec<&PathBuf> = paths.iter().filter(|path| path.exists()).collect();
        let is_so = expected.len() == 1
            && expected.iter().all(|path| path.to_str().unwrap().ends_with(kind))
            && std::fs::read_to_string(folder().join(format!("{name}.{kind}"))).unwrap() == got;
        if !is_so {
            wrong.push(format!("{name}: {got}"));
        }
    }
    assert!(wrong.is_empty(), "{}(COTTER_BLESS=1 writes what comes)", wrong.concat());
}

#[test]
fn every_output_says_where_it_came_from() {
    let told = std::fs::read_to_string(folder().join("README.md")).unwrap();
    for (name, _) in outputs() {
        assert!(
            told.contains(&format!("`{name}.json`")),
            "{name}: the README does not say where it came from"
        );
    }
}

/// The whole tree tells the bridges; a list of the ports in it does not, and says so.
#[test]
fn a_list_of_ports_says_that_the_bridges_are_missing() {
    let whole = read_inventory(&output("lshw-r640")).unwrap();
    let port = whole.ports.iter().find(|port| port.name == "eno1").unwrap();
    let way: Vec<&str> = port.devices.iter().map(|device| device.name.as_str()).collect();
    assert_eq!(way, ["0000:18:00.0", "0000:17:00.0"]);
    assert!(!whole.unseen.iter().any(|unseen| unseen.what == "what `0000:18:00.0` hangs on"));
    // A port in a bond has the bond's address, so that it is not known by it.
    assert_eq!(port.has_own_address, Some(false));

    let list = read_inventory(&output("lshw-b0218-network")).unwrap();
    let port = list.ports.iter().find(|port| port.name == "eno1").unwrap();
    assert_eq!(port.devices.len(), 1);
    assert!(list.unseen.iter().any(|unseen| unseen.what == "what `0000:01:00.0` hangs on"));
}

/// What several calls wrote one after the other is one machine, whichever way they are put together.
#[test]
fn resources_may_be_put_together_in_any_way() {
    let stream = output("redfish-idrac9");
    let expected = read_inventory(&stream).unwrap();
    let resources: Vec<Value> =
        serde_json::Deserializer::from_slice(&stream).into_iter().map(Result::unwrap).collect();
    let by_name: Value =
        resources.iter().enumerate().map(|(at, one)| (at.to_string(), one.clone())).collect();
    for together in [json!(resources), json!({"machine": [resources]}), by_name] {
        assert_eq!(read_inventory(together.to_string().as_bytes()).unwrap(), expected);
    }
    // The same resource twice is still one.
    let twice = [stream.clone(), stream].concat();
    assert_eq!(read_inventory(&twice).unwrap(), expected);
}

/// A function that was given another address is one port, also where others tell only one of both; and what its socket
/// is called is no second port.
#[test]
fn a_port_with_two_addresses_is_one() {
    let resource = |kind: &str, path: &str, more: Value| {
        let mut all =
            json!({"@odata.id": path, "@odata.type": format!("#{kind}.v1_0_0.{kind}"), "Id": "NIC.Slot.1-1"});
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        all
    };
    let (own, given, sockets) = ("3c:fd:fe:0a:00:10", "02:00:00:00:00:10", "3c:fd:fe:0a:00:77");
    let interface = |path: &str, mac: &str| resource("EthernetInterface", path, json!({"MACAddress": mac}));
    let all = json!([
        interface("/Systems/1/EthernetInterfaces/a", given),
        interface("/Systems/1/EthernetInterfaces/b", own),
        resource(
            "Port",
            "/c/Ports/1",
            json!({"LinkStatus": "LinkUp", "Ethernet": {"AssociatedMACAddresses": [sockets]}})
        ),
        resource(
            "NetworkDeviceFunction",
            "/c/NetworkDeviceFunctions/1",
            json!({"Ethernet": {"MACAddress": given, "PermanentMACAddress": own},
                   "Links": {"PhysicalNetworkPortAssignment": {"@odata.id": "/c/Ports/1"}}}),
        ),
    ]);
    let inventory = read_inventory(all.to_string().as_bytes()).unwrap();
    let [port] = &inventory.ports[..] else { panic!("{:?}", inventory.ports) };
    assert_eq!(port.mac().unwrap().to_string(), own);
    assert_eq!(
        (port.address.as_deref(), port.carrier, port.has_own_address),
        (Some(given), Some(true), None)
    );
}

/// What breaks off at any byte is an error or an inventory, and an error says where.
#[test]
fn survives_what_breaks_off() {
    for (name, text) in outputs() {
        let mut refused = 0;
        // Every byte of the short ones, and of the others every seventh.
        let step = if text.len() < 3000 { 1 } else { 7 };
        for end in (0..text.len()).step_by(step) {
            match read_inventory(&text[..end]) {
                Ok(inventory) => assert!(all_shown(&inventory), "{name}"),
                Err(error) => {
                    refused += 1;
                    assert!(error.to_string().chars().all(is_printable), "{name}: {error}");
                    assert!(error.to_string().chars().count() < 700, "{name}: {error}");
                }
            }
        }
        assert!(refused > 0, "{name}: it may break off anywhere");
    }
    let error = read_inventory(b"{\n  \"schema\": \"cotter.dev/inventory/1\",\n  \"ports\": [").unwrap_err();
    assert_eq!(error.place, Some((3, 12)));
}

fn all_shown(inventory: &Inventory) -> bool {
    let written = serde_json::to_value(inventory).unwrap();
    all_texts(&written).iter().all(|text| text.chars().all(is_printable))
}

/// Wrong types at any place of any output give an error or an inventory by the schema.
#[test]
fn survives_wrong_types_everywhere() {
    let wrong = [
        json!(null),
        json!(true),
        json!(-1),
        json!(1e308),
        json!(""),
        json!("\u{1b}[2J\u{202e}\u{0}"),
        json!("ÄÖ@:[]-.:"),
        json!([]),
        json!([[{}]]),
        json!({"@odata.id": "/"}),
    ];
    let mut kept = 0;
    for (name, text) in outputs() {
        let values: Result<Vec<Value>, _> = serde_json::Deserializer::from_slice(&text).into_iter().collect();
        let Ok(values) = values else { continue };
        let mut whole = if values.len() == 1 { values[0].clone() } else { json!(values) };
        let places = places(&whole);
        for (at, place) in places.iter().enumerate() {
            let right = std::mem::take(whole.pointer_mut(place).unwrap());
            // Each place once with one kind of wrong, and all kinds in turn.
            *whole.pointer_mut(place).unwrap() = wrong[at % wrong.len()].clone();
            if let Ok(inventory) = read_inventory(whole.to_string().as_bytes()) {
                kept += 1;
                assert!(all_shown(&inventory), "{name}: {place}");
                if at % 40 == 0 {
                    check(&inventory);
                }
            }
            *whole.pointer_mut(place).unwrap() = right;
        }
    }
    assert!(kept > 1000, "hardly any is read with something wrong in it: {kept}");
}

/// JSON Pointers to everything in a value.
fn places(value: &Value) -> Vec<String> {
    let inner: Vec<(String, &Value)> = match value {
        Value::Array(items) => items.iter().enumerate().map(|(at, item)| (at.to_string(), item)).collect(),
        Value::Object(members) => {
            members.iter().map(|(key, member)| (key.replace('~', "~0").replace('/', "~1"), member)).collect()
        }
        _ => Vec::new(),
    };
    let below = inner.into_iter().flat_map(|(key, inner)| {
        places(inner).into_iter().map(move |place| format!("/{key}{place}")).collect::<Vec<_>>()
    });
    std::iter::once(String::new()).chain(below).collect()
}

#[test]
fn refuses_what_is_too_deep_or_too_much() {
    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(100_000), close.repeat(100_000));
    for text in [
        deep("[", "]"),
        deep("{\"children\":[", "]}"),
        "[".repeat(300_000),
        "{\"a\":".repeat(100_000),
        deep("{\"id\":\"a\",\"class\":\"b\" ", "}"),
    ] {
        assert!(read_inventory(text.as_bytes()).is_err());
    }
    let port = "{\"name\":\"a\"},".repeat(999_999);
    let many = format!(
        "{{\"schema\":\"cotter.dev/inventory/1\",\"source\":\"a\",\"ports\":[{port}{{\"name\":\"a\"}}]}}"
    );
    let error = read_inventory(many.as_bytes()).unwrap_err();
    assert_eq!(error.message, "it has more than 400000 values");
    let error = read_inventory(&vec![b' '; (16 << 20) + 1]).unwrap_err();
    assert_eq!(error.message, "it has 16777217 bytes, and 16777216 are read");
}

/// Twenty thousand ports of each kind come to as many, so nothing is looked for among all others.
#[test]
fn many_ports_are_read() {
    const MANY: usize = 20_000;
    let address = |at: usize| format!("02:00:00:00:{:02x}:{:02x}", at >> 8, at & 255);
    let ports = |port: &dyn Fn(usize) -> Value| -> Vec<Value> { (0..MANY).map(port).collect() };
    let lshw = ports(&|at| json!({"id": "a", "class": "network", "logicalname": format!("e{at}")}));
    let interfaces = ports(&|at| json!({"name": format!("e{at}"), "mac_address": address(at)}));
    let functions = ports(&|at| {
        json!({"@odata.id": format!("/a/{at}"), "@odata.type": "#NetworkDeviceFunction.NetworkDeviceFunction", "Id": format!("a.{at}"),
               "Ethernet": {"PermanentMACAddress": address(at)}})
    });
    for value in [
        json!(lshw),
        json!({"interfaces": interfaces, "disks": []}),
        json!({"nics": ports(&|at| json!({"name": format!("e{at}")})), "storage": []}),
        json!(functions),
        json!({"schema": "cotter.dev/inventory/1", "source": "a", "ports": interfaces}),
    ] {
        assert_eq!(read_inventory(value.to_string().as_bytes()).unwrap().ports.len(), MANY);
    }
}
