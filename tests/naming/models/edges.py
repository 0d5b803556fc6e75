"""What decides at the edges: numbers, slots, bridges, lengths, properties."""
from models.builder import case

ROOT = "/sys/devices/pci0000:00"


def ports(tree, rows):
    """A function for each row, on a bus of its own."""
    above = tree.bridge(ROOT, "0000:00:02.0")
    for number, attributes in enumerate(rows):
        function = tree.pci(above, f"0000:{number + 1:02x}:00.0", "8086:1533", "igb", **attributes)
        tree.net(function, f"eth{number}", f"a0:36:9f:0a:00:{number:02x}", speed=1000)


@case("Firmware's numbers: none, 0, the edges of 14 and 16 bit, other notations, words")
def onboard_index(tree):
    values = [0, 1, 16383, 16384, 65535, 65536, 16777214, 4294967295, 4294967296, "0x10", "010", "-1", "+3", " 4", "five", ""]
    ports(tree, [{"acpi_index": value, "label": f"NIC {value}"} for value in values])


@case("SMBIOS's numbers where ACPI has none, and where both are and differ, or one cannot be read")
def onboard_index_sources(tree):
    ports(tree, [{"index": 0}, {"index": 2, "label": "SMBIOS"}, {"acpi_index": 5, "index": 6}, {"acpi_index": 0, "index": 7},
                 {"acpi_index": 16777214, "index": 8}, {"acpi_index": "x", "index": 9}, {"acpi_index": "!EIO", "index": 10},
                 {"label": "Only a label"}, {"label": ""}, {"acpi_index": 11, "label": "Käse ☂ \"quoted\""}])


@case("NPAR: several functions a port by ARI; a function number over 7 with ARI off")
def npar_ari(tree):
    above = tree.bridge("/sys/devices/pci0000:3a", "0000:3a:00.0")
    for number in (0, 1, 2, 7, 8, 9, 15, 255):
        function = tree.pci(above, f"0000:3b:{number // 8:02x}.{number % 8}", "14e4:16d8", "bnxt_en", number < 8, ari_enabled=1)
        tree.net(function, f"eth{number}", f"b0:26:28:0a:00:{number:02x}", phys_port_name=f"p{number % 2}" if number > 8 else "!EOPNOTSUPP")
    tree.slot("3", "0000:3b:00")
    for number, ari in enumerate([0, "2", "yes", None]):
        tree.net(tree.pci(above, f"0000:3c:0{number + 1}.0", "14e4:16d8", "bnxt_en", ari_enabled=ari), f"eth30{number}", f"b0:26:28:0a:01:0{number}")


@case("Domains: 0, VMD's 10000, and slots in them")
def pci_domains(tree):
    tree.net(tree.pci("/sys/devices/pci0001:00", "0001:00:03.0", "8086:1533", "igb"), "eth0", "a0:36:9f:0a:00:00")
    vmd = tree.pci("/sys/devices/pci0000:5d", "0000:5d:05.5", "8086:201d", "vmd", code="010400")
    root = tree.bridge(vmd + "/pci10000:00", "10000:00:02.0")
    tree.net(tree.pci(root, "10000:01:00.0", "8086:1572", "i40e"), "eth1", "a0:36:9f:0a:00:01")
    tree.net(tree.pci(root, "10000:01:00.1", "8086:1572", "i40e", True, acpi_index=3), "eth2", "a0:36:9f:0a:00:02")
    tree.slot("8", "10000:01:00")
    tree.net(tree.pci("/sys/devices/pciffff:ff", "ffff:ff:1f.7", "8086:1533", "igb", True), "eth3", "a0:36:9f:0a:00:03")


@case("Slots: of the device, of a bridge above (one function and several), of the board's port, of a bridge's own bus")
def slots_on_bridges(tree):
    rows = [
        # The function's, the bridges' slot; whether the functions are several.
        ("01", False, True), ("11", False, False), ("21", True, True), ("31", True, False)]
    for number, (bus, of_bridge, multi) in enumerate(rows):
        first = tree.bridge(ROOT, f"0000:00:0{number + 1}.0")
        second = tree.bridge(first, f"0000:{bus}:00.0")
        third = tree.bridge(second, f"0000:{int(bus, 16) + 1:02x}:01.0")
        for index in range(2 if multi else 1):
            function = tree.pci(third, f"0000:{int(bus, 16) + 2:02x}:00.{index}", "8086:1521", "igb", multi)
            tree.net(function, f"eth{number}{index}", f"a0:36:9f:0a:{bus}:{index:02x}")
        tree.slot(str(number + 1), f"0000:{bus}:00" if of_bridge else f"0000:{int(bus, 16) + 2:02x}:00")


@case("Two bridges' ports under one slot: the same slot name for different ports", "as told in systemd's issue 28929")
def slot_shared_by_bridge(tree):
    root = tree.bridge("/sys/devices/pci0000:ae", "0000:ae:00.0")
    card = tree.bridge(root, "0000:af:00.0")
    for number in range(2):
        below = tree.bridge(card, f"0000:b0:{number * 2:02x}.0")
        for index in range(2):
            function = tree.pci(below, f"0000:b{number + 1}:00.{index}", "8086:10bc", "e1000e", True)
            tree.net(function, f"eth{2 * number + index}", f"00:15:17:0a:0{number}:{index:02x}")
    tree.slot("3", "0000:af:00")


@case("Slots that have odd names and addresses: 0, words, a prefix of another's address, a folder with no address")
def slots_odd(tree):
    above = tree.bridge(ROOT, "0000:00:02.0")
    for bus in ("01", "02", "03", "04", "05"):
        tree.net(tree.pci(above, f"0000:{bus}:00.0", "8086:1533", "igb"), f"eth{bus}", f"a0:36:9f:0a:{bus}:00")
    for slot, address in [("0", "0000:01:00"), ("slot-2", "0000:02:00"), ("3-1", "0000:03:00"), ("0x4", "0000:04:00"), ("010", "0000:05:00")]:
        tree.slot(slot, address)
    tree.folder("/sys/bus/pci/slots/9")


@case("ACPI's slot number: on the device, on the port above (bridge or not, one function and several), 0, words, beside a hotplug slot")
def firmware_node_sun(tree):
    rows = [({"firmware_node__sun": 5}, {}, False), ({}, {"firmware_node__sun": 6}, False), ({}, {"firmware_node__sun": 7}, True),
            ({"firmware_node__sun": 0}, {"firmware_node__sun": 8}, True), ({"firmware_node__sun": "x"}, {}, False),
            ({"firmware_node__sun": 9}, {"firmware_node__sun": 10}, True), ({"firmware_node__sun": 0}, {}, False),
            ({"firmware_node__sun": 4294967295}, {}, False), ({"firmware_node__sun": "0x1f"}, {}, False)]
    for number, (own, above, multi) in enumerate(rows):
        bridge = tree.bridge(ROOT, f"0000:00:{number + 1:02x}.0", **above)
        for index in range(2 if multi else 1):
            function = tree.pci(bridge, f"0000:{number + 1:02x}:00.{index}", "8086:1521", "igb", multi, **own)
            tree.net(function, f"eth{number}{index}", f"a0:36:9f:0a:{number:02x}:{index:02x}")
    for number, bus in [(20, "01"), (21, "02"), (23, "04"), (26, "07")]:
        tree.slot(str(number), f"0000:{bus}:00")
    plain = tree.pci(ROOT, "0000:00:1e.0", "8086:244e", None, code="060100", firmware_node__sun=30)
    tree.net(tree.pci(plain, "0000:1e:00.0", "8086:1533", "igb"), "eth90", "a0:36:9f:0a:1e:00")


@case("Names of more than 15 letters, and port names of odd letters")
def long_names(tree):
    above = tree.bridge("/sys/devices/pci0000:80", "0000:80:01.0")
    for number, name in enumerate(["p0", "p0s12", "a-port-name-of-some-length", "pf0vf255", "p0 1", "p/1", "ÿ", ""]):
        function = tree.pci(above, f"0000:81:1f.{number}", "15b3:1017", "mlx5_core", True, acpi_index=12345)
        tree.net(function, f"eth{number}", f"0c:42:a1:0a:00:{number:02x}", phys_port_name=name, dev_port=number)
    tree.slot("4294967295", "0000:81:1f")
    deep = tree.pci("/sys/devices/pci10000:00", "10000:e1:00.7", "1912:0014", "xhci_hcd", True, "0c0330")
    tree.net(tree.usb(deep, "1-10.11.12.13:2.15"), "eth9", "00:e0:4c:0a:00:00")


@case("What ports report at the edges: dev_port, phys_port_name of representors, names that cannot be read")
def port_names(tree):
    above = tree.bridge(ROOT, "0000:00:02.0")
    rows = [{"dev_port": 1}, {"dev_port": "x"}, {"dev_port": None}, {"dev_port": 4294967295}, {"dev_port": "0x2"}, {"dev_port": 1, "phys_port_name": "p7"},
            {"phys_port_name": "pf0vf3"}, {"phys_port_name": "pf12vf34sf5"}, {"phys_port_name": "pfvf1"}, {"phys_port_name": "sby"},
            {"phys_port_name": "pf0"}, {"phys_port_name": "pf0vf-1"}, {"phys_port_name": "!EINVAL", "dev_port": 2}, {"phys_port_name": " p1 "}]
    for number, row in enumerate(rows):
        function = tree.pci(above, f"0000:{number + 1:02x}:00.0", "15b3:1017", "mlx5_core", acpi_index=number + 1)
        tree.net(function, f"eth{number}", f"0c:42:a1:0a:00:{number:02x}", **row)
        tree.slot(str(number + 1), f"0000:{number + 1:02x}:00")


@case("Addresses: random, set by somebody, taken over, of zeros, short, long, none, that cannot be read")
def addresses(tree):
    above = tree.bridge(ROOT, "0000:00:02.0")
    rows = [("a0:36:9f:0a:00:00", {"addr_assign_type": 1}), ("a0:36:9f:0a:00:01", {"addr_assign_type": 2}), ("a0:36:9f:0a:00:02", {"addr_assign_type": 3}),
            ("00:00:00:00:00:00", {}), ("A0:36:9F:0A:00:03", {}), ("a0:36:9f:0a", {}), ("a0:36:9f:0a:00:03:00:01", {}), ("", {}),
            ("x", {"address": None}), ("a0:36:9f:0a:00:04", {"addr_assign_type": None}), ("a0-36-9f-0a-00-05", {}), ("10.0.0.1", {})]
    for number, (mac, attributes) in enumerate(rows):
        function = tree.pci(above, f"0000:{number + 1:02x}:00.0", "8086:1533", "igb")
        tree.net(function, f"eth{number}", mac, **attributes)


@case("What is no port: the loopback, a bridge, a bond, a VLAN on a port, a port whose iflink cannot be read, veth")
def not_ports(tree):
    function = tree.pci(ROOT, "0000:00:03.0", "8086:1533", "igb")
    port = tree.net(function, "eth0", "a0:36:9f:0a:00:00", ifindex=2)
    tree.net(None, "lo", "00:00:00:00:00:00", type=772, ifindex=1)
    tree.net(None, "br0", "a0:36:9f:0a:00:00", addr_assign_type=3, ifindex=3, devtype="bridge")
    tree.net(None, "bond0", "a0:36:9f:0a:00:00", addr_assign_type=3, ifindex=4, devtype="bond")
    tree.net(None, "eth0.100", "a0:36:9f:0a:00:00", addr_assign_type=2, ifindex=5, iflink=2, devtype="vlan")
    tree.net(None, "veth0", "a2:36:9f:0a:00:00", ifindex=6, iflink=7)
    tree.net(function, "macvtap0", "a2:36:9f:0a:00:01", ifindex=8, iflink=2)
    tree.net(tree.pci(ROOT, "0000:00:04.0", "8086:1533", "igb"), "eth1", "a0:36:9f:0a:00:01", iflink=None)
    tree.net(tree.pci(ROOT, "0000:00:05.0", "8086:1533", "igb"), "eth2", "a0:36:9f:0a:00:02", type=None)
    assert port


@case("Properties that udev's rules and its hardware database set: what may be read of a port, whether its domain is told")
def properties(tree):
    above = tree.bridge("/sys/devices/pci0001:00", "0001:00:02.0")
    told = [{}, {"ID_NET_NAME_ALLOW": 0}, {"ID_NET_NAME_ALLOW": 1}, {"ID_NET_NAME_ALLOW_PHYS_PORT_NAME": 0}, {"ID_NET_NAME_ALLOW_DEV_PORT": 0},
            {"ID_NET_NAME_ALLOW": 0, "ID_NET_NAME_ALLOW_PHYS_PORT_NAME": 1}, {"ID_NET_NAME_ALLOW_ADDRESS": 0}, {"ID_NET_NAME_ALLOW_ADDR_ASSIGN_TYPE": 0},
            {"ID_NET_NAME_ALLOW": "maybe"}, {"ID_NET_NAME_ALLOW_phys_port_name": 0}, {"ID_NET_NAME_ALLOW_TYPE": 0}]
    of_pci = [{"ID_NET_NAME_ALLOW_ACPI_INDEX": 0}, {"ID_NET_NAME_ALLOW_LABEL": 0}, {"ID_NET_NAME_INCLUDE_DOMAIN": 0}, {"ID_NET_NAME_INCLUDE_DOMAIN": 1},
              {"ID_NET_NAME_ALLOW": 0}, {"ID_NET_NAME_ALLOW_acpi_index": 0, "ID_NET_NAME_ALLOW_label": 0}]

    def data(path, told):
        if told:
            tree.file(f"/run/udev/data/{path}", "I:1\n" + "".join(f"E:{name}={value}\n" for name, value in told.items()) + "V:1\n")

    for number, (port, function) in enumerate([(row, {}) for row in told] + [({}, row) for row in of_pci]):
        address = f"0001:{number + 1:02x}:00.0"
        device = tree.pci(above, address, "8086:1572", "i40e", acpi_index=number + 1, label=f"NIC {number + 1}")
        tree.net(device, f"eth{number}", f"e4:43:4b:0a:00:{number:02x}", phys_port_name=f"p{number}", dev_port=1, ifindex=number + 2)
        data(f"n{number + 2}", port)
        data(f"+pci:{address}", function)
        tree.slot(str(number + 1), f"0001:{number + 1:02x}:00")
    tree.net(tree.pci("/sys/devices/pci0000:00", "0000:00:03.0", "8086:1533", "igb"), "eth99", "e4:43:4b:0a:01:00", ifindex=99)
    data("+pci:0000:00:03.0", {"ID_NET_NAME_INCLUDE_DOMAIN": 1})
