"""Ports on buses other than plain PCI, and of other kinds than Ethernet."""
from models.builder import case


@case("ConnectX subfunctions: on a port, on a virtual function, and one that tells no number")
def mlx5_subfunctions(tree):
    port = tree.bridge("/sys/devices/pci0000:3a", "0000:3a:00.0")
    physical = tree.pci(port, "0000:3b:00.0", "15b3:101d", "mlx5_core", True, acpi_index=2, label="Slot NIC")
    virtual = tree.pci(port, "0000:3b:00.2", "15b3:101e", "mlx5_core")
    tree.virtual_functions(physical, virtual)
    tree.slot("3", "0000:3b:00")
    tree.net(physical, "eth0", "0c:42:a1:0a:00:00", phys_port_name="p0")
    for index, (above, number) in enumerate([(physical, 88), (virtual, 4294967295), (physical, None)]):
        auxiliary = tree.device(f"{above}/mlx5_core.sf.{index + 4}", "auxiliary", "mlx5_core.sf", sfnum=number)
        tree.net(auxiliary, f"eth{index + 1}", f"0c:42:a1:0a:01:{index:02x}", addr_assign_type=3)


@case("ConnectX-3: two ports on one function, told apart by dev_port, in a slot and numbered by firmware")
def mlx4_two_ports(tree):
    port = tree.bridge("/sys/devices/pci0000:00", "0000:00:02.0")
    for bus, index in [("04", None), ("05", 3)]:
        function = tree.pci(port, f"0000:{bus}:00.0", "15b3:1007", "mlx4_core", acpi_index=index)
        for number in range(2):
            tree.net(function, f"eth{tree.ports}", f"f4:52:14:0a:{bus}:{number:02x}", dev_port=number, dev_id=f"0x{number:x}")
    tree.slot("2", "0000:04:00")
    tree.slot("4", "0000:05:00")


@case("InfiniBand: ports by dev_port, by dev_id (old kernels), by ACPI's number")
def infiniband(tree):
    port = tree.bridge("/sys/devices/pci0000:00", "0000:00:03.0")
    guid = "80:00:02:08:fe:80:00:00:00:00:00:00:f4:52:14:03:00:0a:00:0"
    both = tree.pci(port, "0000:81:00.0", "15b3:1003", "mlx4_core", code="028000")
    for number in range(2):
        tree.net(both, f"ib{number}", guid + str(number), type=32, dev_port=number)
    old = tree.pci(port, "0000:82:00.0", "15b3:1003", "mlx4_core", code="028000")
    for number, dev_id in [(2, "0x0"), (3, "0x1"), (4, "1")]:
        tree.net(old, f"ib{number}", guid + str(number), type=32, dev_port=0, dev_id=dev_id)
    tree.net(tree.pci(port, "0000:83:00.0", "15b3:1017", "mlx5_core", True, code="020700", acpi_index=7), "ib5", guid + "5", type=32)


@case("s390 PCI: slots by function id, indices up to 16 bit, a function id of 0, one that has no slot")
def s390_pci(tree):
    for number, (domain, function, index, slot) in enumerate([
        ("0000", "0x00000110", None, "00000110"), ("0001", "0x00000210", 20481, "00000210"), ("0002", "0x00000000", 16383, None),
        ("0003", "0x00000310", 65535, None), ("0004", "0x0000000a", 16384, "0000000a"), ("0005", "0x1ffffffff", None, None),
        ("0006", "0x00000600", 65536, "00000600"),
    ]):
        device = tree.pci(f"/sys/devices/pci{domain}:00", f"{domain}:00:00.0", "15b3:1016", "mlx5_core", function_id=function, index=index)
        tree.net(device, f"eth{number}", f"82:00:00:0a:00:{number:02x}")
        if slot:
            tree.slot(slot, f"{domain}:00:00")


@case("s390 channels: a qeth group, one of zeros, virtio on ccw, a name that is too short and one that is long")
def s390_ccw(tree):
    for number, bus_id in enumerate(["0.0.f500", "0.0.0000", "0.1.0600", "0.0.60", "0.0.00600"]):
        group = tree.device(f"/sys/devices/qeth/{bus_id}", "ccwgroup", "qeth")
        tree.net(group, f"eth{number}", f"02:00:00:0a:00:{number:02x}")
    channel = tree.device("/sys/devices/css0", None)
    channel = tree.device(channel + "/0.0.0000", "css", "io_subchannel")
    tree.net(tree.virtio(tree.device(channel + "/0.0.0800", "ccw", "virtio_ccw"), 0), "eth5", "02:00:00:0a:01:00")


@case("POWER: virtual Ethernet by slot; ports that have other names than the kernel's, and bus addresses of other shapes")
def power_vio(tree):
    bus = tree.device("/sys/devices/vio", "vio")
    for number, (address, name) in enumerate([("30000002", "eth0"), ("3000000a", "eth1"), ("3000ffff", "lan0"), ("30000000", "eth2"),
                                              ("3000001", "eth3"), ("4000", "eth4"), ("300000003", "eth5")]):
        tree.net(tree.device(f"{bus}/{address}", "vio", "ibmveth"), name, f"22:00:00:0a:00:{number:02x}")


@case("Xen: ports of a guest, and numbers that are none")
def xen_vif(tree):
    for name, vif in [("eth0", "vif-0"), ("eth1", "vif-1"), ("eth2", "vif-01"), ("eth3", "vif-x"), ("eth4", "vif-4294967296"), ("eth5", "vbd-2048")]:
        tree.net(tree.device(f"/sys/devices/{vif}", "xen", "vif"), name, f"00:16:3e:0a:00:0{name[3]}")
    tree.net(tree.device("/sys/devices/vif-1-0", "xen-backend", "vif"), "vif1.0", "fe:ff:ff:ff:ff:ff", addr_assign_type=3)


@case("Arm servers: platform devices by ACPI's names of three and four letters; names that are no such")
def arm_platform(tree):
    for number, name in enumerate(["HISI00C2:00", "HISI00C2:1f", "APMC0D05:01", "QCO8070:00", "hisi00c2:02", "HISI00C2:100", "H1S00C2:00", "1a400000.eth"]):
        tree.net(tree.device(f"/sys/devices/platform/{name}", "platform", "hns_enet"), f"eth{number}", f"a4:c6:4f:0a:00:{number:02x}")
    tree.net(tree.device("/sys/devices/platform/HISI00C2:05", "platform", "hns_enet"), "lan0", "a4:c6:4f:0a:00:10")
    deep = tree.device("/sys/devices/platform/HISI00B2:00", "platform", "hns_dsaf")
    tree.net(tree.device(deep + "/HISI00C2:06", "platform", "hns_enet"), "eth9", "a4:c6:4f:0a:00:11")


@case("Devicetree: aliases of Ethernet and wifi, on a device, on a port of a switch, on PCI, of a radio by another's alias")
def devicetree_aliases(tree):
    soc = tree.device("/sys/devices/platform/soc", "platform")
    aliases = {"ethernet0": "/soc/ethernet@30be0000", "ethernet1": "/soc/switch@0/ports/port@1", "ethernet17": "/pcie@0/ethernet@0,0",
               "wifi0": "/soc/wifi@1", "ethernet2": "/soc/wifi@2", "serial0": "/soc/serial@0"}
    first = tree.device(soc + "/30be0000.ethernet", "platform", "fec")
    tree.node(first, "/soc/ethernet@30be0000", **aliases)
    tree.net(first, "eth0", "00:04:9f:0a:00:00")
    switch = tree.device(soc + "/0.switch", "platform", "mt7530")
    tree.node(switch, "/soc/switch@0")
    for number in range(2):
        port = tree.net(switch, f"lan{number}", f"00:04:9f:0a:01:{number:02x}", phys_port_name=f"p{number}", phys_switch_id="00000000")
        tree.node(port, f"/soc/switch@0/ports/port@{number}")
    bridge = tree.bridge("/sys/devices/platform/soc/pcie/pci0002:00", "0002:00:00.0")
    function = tree.pci(bridge, "0002:01:00.0", "10ec:8168", "r8169")
    tree.node(function, "/pcie@0/ethernet@0,0")
    tree.net(function, "eth1", "00:04:9f:0a:02:00")
    for number in (1, 2):
        radio = tree.device(f"{soc}/{number}.wifi", "platform", "ath10k_ahb")
        tree.node(radio, f"/soc/wifi@{number}")
        tree.net(radio, f"wlan{number - 1}", f"00:04:9f:0a:03:{number:02x}", devtype="wlan")


@case("Devicetree: the aliases `ethernet` and `ethernet0` of two devices, which udev calls a conflict; a third is not meant by it")
def devicetree_conflict(tree):
    aliases = {"ethernet": "/soc/ethernet@0", "ethernet0": "/soc/ethernet@1", "ethernet1": "/soc/ethernet@2"}
    for number, path in enumerate(aliases.values()):
        device = tree.device(f"/sys/devices/platform/{number}.ethernet", "platform", "stmmaceth")
        tree.node(device, path, **aliases)
        tree.net(device, f"eth{number}", f"00:04:9f:0a:00:{number:02x}")


@case("Devicetree: the aliases `ethernet` alone, and one whose number is none")
def devicetree_no_number(tree):
    for number, (path, alias) in enumerate([("/soc/ethernet@0", "ethernet"), ("/soc/ethernet@1", "ethernetx"), ("/soc/ethernet@2", "ethernet02")]):
        device = tree.device(f"/sys/devices/platform/{number}.ethernet", "platform", "stmmaceth")
        tree.node(device, path, **{alias: path})
        tree.net(device, f"eth{number}", f"00:04:9f:0a:00:{number:02x}")


@case("Broadcom's bus behind PCI: cores 0 and 1, a radio; ssb, which is no such bus")
def bcma(tree):
    port = tree.bridge("/sys/devices/pci0000:00", "0000:00:1c.0", True)
    for number, (bus, core, kind) in enumerate([("02", "bcma0:0", "wlan"), ("03", "bcma1:1", "wlan"), ("04", "bcma2:2", None)]):
        function = tree.pci(port, f"0000:{bus}:00.0", "14e4:4353", "bcma-pci-bridge", code="028000")
        device = tree.device(f"{function}/{core}", "bcma", "brcmsmac")
        tree.net(device, f"{'wlan' if kind else 'eth'}{number}", f"00:90:4c:0a:00:{number:02x}", **{"devtype": kind} if kind else {})
    tree.slot("5", "0000:03:00")
    function = tree.pci(port, "0000:05:00.0", "14e4:4315", "b43-pci-bridge", code="028000")
    tree.net(tree.device(function + "/ssb0:0", "ssb", "b43"), "wlan9", "00:90:4c:0a:01:00", devtype="wlan")


@case("USB on no PCI (a board's own controller), with other configurations and interfaces")
def usb_host(tree):
    soc = tree.device("/sys/devices/platform/soc", "platform")
    controller = tree.device(soc + "/3f980000.usb", "platform", "dwc_otg")
    tree.net(tree.usb(controller, "1-1.1:1.0", "0424:ec00", "smsc95xx"), "eth0", "b8:27:eb:0a:00:00")
    tree.net(tree.usb(controller, "1-1.4:2.1", "12d1:1506", "cdc_ncm"), "wwan0", "02:1e:10:0a:00:00", devtype="wwan")
    tree.net(tree.usb(controller, "1-1.5:3.a"), "eth1", "00:e0:4c:0a:00:00")


@case("USB on PCI: directly, behind hubs, by configuration and interface, with a port name, in a slot, on a numbered function")
def usb_pci(tree):
    controller = tree.pci("/sys/devices/pci0000:00", "0000:00:14.0", "8086:a36d", "xhci_hcd", True, "0c0330", acpi_index=9)
    tree.net(tree.usb(controller, "1-2:1.0"), "eth0", "00:e0:4c:0a:00:00")
    tree.net(tree.usb(controller, "1-3.4.1:1.0"), "eth1", "00:e0:4c:0a:00:01")
    tree.net(tree.usb(controller, "1-5:2.1", driver="cdc_ncm"), "eth2", "00:e0:4c:0a:00:02")
    tree.net(tree.usb(controller, "1-6:1.0"), "eth3", "00:e0:4c:0a:00:03", dev_port=2)
    tree.net(tree.usb(controller, "1-7:1.0"), "eth4", "00:e0:4c:0a:00:04", phys_port_name="p1")
    port = tree.bridge("/sys/devices/pci0000:00", "0000:00:1c.4", True)
    card = tree.pci(port, "0000:07:00.0", "1912:0014", "xhci_hcd", code="0c0330")
    tree.slot("4", "0000:07:00")
    tree.net(tree.usb(card, "3-1.2:1.0"), "eth5", "00:e0:4c:0a:01:00")
    tree.net(tree.usb(card, "3-4:1.12", driver="qmi_wwan"), "wwan0", "02:50:f3:0a:00:00", devtype="wwan")


@case("Kinds of ports: wlan, wwan, SLIP, MCTP over USB and I2C, and types that get no name")
def kinds(tree):
    port = tree.bridge("/sys/devices/pci0000:00", "0000:00:1d.0", True)
    tree.net(tree.pci(port, "0000:03:00.0", "8086:2723", "iwlwifi", code="028000"), "wlan0", "d0:ab:d5:0a:00:00", devtype="wlan")
    modem = tree.pci(port, "0000:04:00.0", "17cb:0308", "mhi-pci-generic", code="ff0000")
    tree.net(modem, "wwan0", "02:50:f4:0a:00:00", devtype="wwan")
    controller = tree.pci("/sys/devices/pci0000:00", "0000:00:14.0", "8086:a36d", "xhci_hcd", code="0c0330")
    tree.net(tree.usb(controller, "1-1:1.0"), "sl0", "00", type=256, addr_assign_type=None, address="")
    tree.net(tree.usb(controller, "1-2:1.0", driver="mctp-usb"), "mctpusb0", "00", type=290)
    tree.net(tree.device("/sys/devices/platform/mctp-i2c", "platform"), "mctpi2c0", "1d", type=290, addr_len=1)
    for name, kind in [("can0", 280), ("ppp0", 512), ("tun0", 65534), ("wpan0", 804), ("mon0", 803)]:
        tree.net(tree.pci(port, f"0000:0{tree.ports}:00.0", "1c29:1703", None), name, "02:00:00:0a:00:00", type=kind)
