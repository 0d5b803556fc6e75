"""Servers of the field, and of clouds."""
from models.builder import case

DELL = {"bios_vendor": "Dell Inc.", "bios_version": "2.21.2", "bios_date": "02/19/2024", "board_vendor": "Dell Inc.",
        "chassis_type": 23, "product_sku": "SKU=0716;ModelName=PowerEdge R640"}


def r640(tree, release):
    """What every R640 here has: its name, UEFI, a disk behind the PERC, the BOSS card, risers' slots."""
    tree.system("Dell Inc.", "PowerEdge R640", release, board_name="0W23H8", product_serial="EX4MPL3", **DELL)
    tree.file("/sys/firmware/efi/fw_platform_size", "64\n")
    tree.file("/proc/meminfo", "MemTotal:       197639680 kB\n")
    port = tree.bridge("/sys/devices/pci0000:17", "0000:17:00.0")
    perc = tree.pci(port, "0000:18:00.0", "1000:0016", "megaraid_sas", code="010400", sub="1028:1fcb")
    host = tree.device(perc + "/host0", "scsi", uevent=["DEVTYPE=scsi_host"])
    target = tree.device(host + "/target0:2:0", "scsi", uevent=["DEVTYPE=scsi_target"])
    unit = tree.device(target + "/0:2:0:0", "scsi", "sd", ["DEVTYPE=scsi_device", "MODALIAS=scsi:t-0x00"], vendor="DELL    ",
                       model="PERC H740P Mini ", rev="5.13", type=0, wwid="naa.6d0946606ee18c002cb1e6b41c5a7f10")
    tree.disk(unit, "sda", "8:0", 937426944, queue__rotational=0, queue__logical_block_size=512)
    for slot, address in [("1", "0000:5e:00"), ("2", "0000:3b:00"), ("3", "0000:af:00")]:
        tree.slot(slot, address)


def daughter_card(tree, ids, driver, sub, count, **of_port):
    """A network daughter card, whose ports firmware numbers and labels; `of_port` has what differs, by port."""
    port = tree.bridge("/sys/devices/pci0000:17", "0000:17:02.0")
    for number in range(count):
        function = tree.pci(port, f"0000:19:00.{number}", ids, driver, True, sub=sub, acpi_index=number + 1,
                            label=f"Integrated NIC 1 Port {number + 1}-1", ari_enabled=1, sriov_numvfs=0, sriov_totalvfs=32)
        attributes = {name: value(number) for name, value in of_port.items()}
        tree.net(function, f"eth{number}", f"e4:43:4b:0a:00:{number + 1:02x}", **attributes)


def idrac(tree):
    """The USB port that leads to the iDRAC."""
    controller = tree.pci("/sys/devices/pci0000:00", "0000:00:14.0", "8086:a1af", "xhci_hcd", code="0c0330", sub="1028:0716")
    usb = tree.usb(controller, "1-14.3:1.0", "413c:a102", "cdc_ether", manufacturer="Dell(TM)", product="iDRAC Virtual NIC USB Device")
    tree.net(usb, "usb0", "d0:94:66:0a:00:0f", speed="!EINVAL")


@case("Dell R640, X710 daughter card, i40e that tells no port names", "kernel 6.5: i40e has no devlink ports")
def dell_r640_x710(tree):
    r640(tree, "6.5.6-300.fc39.x86_64")
    daughter_card(tree, "8086:1572", "i40e", "1028:1f9c", 4)


@case("Dell R640, X710 daughter card, i40e that tells port names", "kernel 6.7 and later: i40e has devlink ports")
def dell_r640_x710_devlink(tree):
    r640(tree, "6.7.4-200.fc39.x86_64")
    daughter_card(tree, "8086:1572", "i40e", "1028:1f9c", 4, phys_port_name=lambda number: f"p{number}",
                  phys_switch_id=lambda number: "e4434b0a0001")
    idrac(tree)


@case("Dell R640, BCM57414 daughter card, bnxt_en that tells no port names")
def dell_r640_bcm57414(tree):
    r640(tree, "4.14.0-115.el7a.x86_64")
    daughter_card(tree, "14e4:16d7", "bnxt_en", "14e4:4141", 2)


@case("Dell R640, BCM57414 daughter card, bnxt_en that tells port names; a card in slot 3; the iDRAC's port")
def dell_r640_bcm57414_devlink(tree):
    r640(tree, "5.14.0-427.42.1.el9_4.x86_64")
    daughter_card(tree, "14e4:16d7", "bnxt_en", "14e4:4141", 2, phys_port_name=lambda number: f"p{number}",
                  phys_switch_id=lambda number: "e4434bfffe0a0001")
    port = tree.bridge("/sys/devices/pci0000:ae", "0000:ae:00.0")
    for number in range(2):
        function = tree.pci(port, f"0000:af:00.{number}", "8086:158b", "i40e", True, ari_enabled=1)
        tree.net(function, f"eth{number + 4}", f"3c:fd:fe:0a:00:{number:02x}")
    idrac(tree)


@case("Dell R740, daughter card of two X710 and two I350, all four numbered 1 and 2 by firmware",
      "as told in systemd's issue 6774")
def dell_r740_same_index_twice(tree):
    tree.system("Dell Inc.", "PowerEdge R740", "3.10.0-693.el7.x86_64", **DELL | {"product_sku": None})
    fast = tree.bridge("/sys/devices/pci0000:17", "0000:17:00.0")
    slow = tree.bridge("/sys/devices/pci0000:17", "0000:17:02.0")
    for number in range(2):
        tree.net(tree.pci(fast, f"0000:18:00.{number}", "8086:1572", "i40e", True, acpi_index=number + 1, index=number + 1,
                          label=f"Integrated NIC 1 Port {number + 1}-1"), f"eth{number}", f"e4:43:4b:0a:01:{number:02x}")
        tree.net(tree.pci(slow, f"0000:19:00.{number}", "8086:1521", "igb", True, acpi_index=number + 1, index=number + 3,
                          label=f"Integrated NIC 1 Port {number + 3}-1"), f"eth{number + 2}", f"e4:43:4b:0a:01:{number + 2:02x}")


@case("Dell R650: E810 on OCP, its functions in a virtual function's company, ports on the board", "kernel 6.7 and later: ice has devlink ports")
def dell_r650_e810(tree):
    tree.system("Dell Inc.", "PowerEdge R650", "6.8.5-301.fc40.x86_64", **DELL | {"product_sku": "SKU=090E;ModelName=PowerEdge R650"})
    tree.file("/sys/firmware/efi/fw_platform_size", "64\n")
    board = tree.bridge("/sys/devices/pci0000:00", "0000:00:1c.5", True)
    card = tree.bridge("/sys/devices/pci0000:c9", "0000:c9:02.0")
    for number in range(2):
        tree.net(tree.pci(board, f"0000:04:00.{number}", "14e4:165f", "tg3", True, sub="1028:0a6b", index=number + 1, acpi_index=number + 1,
                          label=f"Embedded NIC 1 Port {number + 1}-1"), f"eth{number}", f"b4:45:06:0a:00:{number:02x}", speed=1000)
        function = tree.pci(card, f"0000:ca:00.{number}", "8086:159b", "ice", True, acpi_index=number + 3, label=f"Integrated NIC 1 Port {number + 1}-1",
                            ari_enabled=1)
        virtual = tree.pci(card, f"0000:ca:{1 + 16 * number:02x}.0", "8086:1889", "iavf", ari_enabled=1)
        tree.virtual_functions(function, virtual)
        tree.net(function, f"eth{number + 2}", f"b4:96:91:0a:00:{number:02x}", phys_port_name=f"p{number}", phys_switch_id="00b49691ffff0a00")
        tree.net(virtual, f"eth{number + 4}", f"b4:96:91:0a:10:{number:02x}")
        tree.net(function, f"eth{number + 6}", f"b4:96:91:0a:20:{number:02x}", addr_assign_type=1, phys_port_name=f"pf{number}vf0",
                 phys_switch_id="00b49691ffff0a00")


@case("HPE DL360 Gen10: four 331i ports on the board, two FlexibleLOM ports, a card in slot 1")
def hpe_dl360_gen10(tree):
    tree.system("HPE", "ProLiant DL360 Gen10", "5.14.0-427.el9.x86_64", bios_vendor="HPE", bios_version="U32")
    board = tree.bridge("/sys/devices/pci0000:00", "0000:00:1c.0", True)
    flexible = tree.bridge("/sys/devices/pci0000:36", "0000:36:02.0")
    riser = tree.bridge("/sys/devices/pci0000:11", "0000:11:00.0")
    for number in range(4):
        tree.net(tree.pci(board, f"0000:02:00.{number}", "14e4:1657", "tg3", True, sub="103c:22be", index=number + 1,
                          label=f"Embedded LOM 1 Port {number + 1}"), f"eth{number}", f"98:f2:b3:0a:00:{number:02x}", speed=1000)
    for number in range(2):
        tree.net(tree.pci(flexible, f"0000:37:00.{number}", "15b3:1015", "mlx5_core", True, sub="1590:00d3", index=number + 5,
                          label=f"Embedded FlexibleLOM 1 Port {number + 1}"), f"eth{number + 4}", f"98:f2:b3:0a:01:{number:02x}",
                 phys_port_name=f"p{number}", phys_switch_id="98f2b30a0100")
        tree.net(tree.pci(riser, f"0000:12:00.{number}", "8086:1592", "ice", True), f"eth{number + 6}", f"b4:96:91:0a:00:{number:02x}")
    tree.slot("1", "0000:12:00")


@case("Supermicro X11: X722 of the board, of whose two ports firmware numbers one, and with 0", "as told in systemd's issue 38789")
def supermicro_index_zero(tree):
    tree.system("Supermicro", "X11DAi-N", "5.14.0-427.42.1.el9_4.x86_64")
    port = tree.bridge("/sys/devices/pci0000:5d", "0000:5d:00.0")
    port = tree.bridge(port, "0000:5e:00.0", True)
    port = tree.bridge(port, "0000:5f:03.0")
    tree.net(tree.pci(port, "0000:60:00.0", "8086:37d2", "i40e", True, index=0, label="Intel Ethernet X722 #1"), "eth0", "ac:1f:6b:0a:00:00")
    tree.net(tree.pci(port, "0000:60:00.1", "8086:37d2", "i40e", True), "eth1", "ac:1f:6b:0a:00:01")


@case("ConnectX-5 in slot 3: virtual functions on both ports, and their representors in switchdev mode")
def mlx5_representors(tree):
    port = tree.bridge("/sys/devices/pci0000:3a", "0000:3a:00.0")
    for number in range(2):
        physical = tree.pci(port, f"0000:3b:00.{number}", "15b3:1017", "mlx5_core", True, ari_enabled=1)
        virtual = [tree.pci(port, f"0000:3b:00.{2 + 2 * number + index}", "15b3:1018", "mlx5_core", False, ari_enabled=1) for index in range(2)]
        tree.virtual_functions(physical, *virtual)
        tree.net(physical, f"eth{number}", f"0c:42:a1:0a:00:{number:02x}", phys_port_name=f"p{number}", phys_switch_id="a2420c00")
        for index, function in enumerate(virtual):
            tree.net(function, f"eth{number}{index}", f"0c:42:a1:0a:1{number}:{index:02x}", addr_assign_type=3)
            tree.net(physical, f"rep{number}{index}", f"0c:42:a1:0a:2{number}:{index:02x}", addr_assign_type=1,
                     phys_port_name=f"pf{number}vf{index}", phys_switch_id="a2420c00")
    tree.net(physical, "rep2", "0c:42:a1:0a:30:00", addr_assign_type=1, phys_port_name="pf1sf88", phys_switch_id="a2420c00")
    tree.net(physical, "rep3", "0c:42:a1:0a:30:01", addr_assign_type=1, phys_port_name="c1pf1vf7", phys_switch_id="a2420c00")
    tree.slot("3", "0000:3b:00")


@case("X710 of the board with virtual functions, one with no port, numbered by firmware")
def virtual_functions_onboard(tree):
    port = tree.bridge("/sys/devices/pci0000:17", "0000:17:00.0")
    physical = tree.pci(port, "0000:18:00.0", "8086:1572", "i40e", True, acpi_index=1, label="NIC1", ari_enabled=1)
    virtual = [tree.pci(port, f"0000:18:{2 + index // 8:02x}.{index % 8}", "8086:154c", "iavf", ari_enabled=1) for index in (0, 1, 12)]
    tree.virtual_functions(physical, *virtual)
    tree.net(physical, "eth0", "e4:43:4b:0a:00:01", phys_port_name="p0")
    tree.net(virtual[0], "eth1", "e4:43:4b:0a:10:00")
    tree.net(virtual[2], "eth2", "e4:43:4b:0a:10:02")


@case("VMware: vmxnet3 ports in hotplug slots 160 and 192, whose firmware's numbers mean nothing")
def vmware(tree):
    tree.system("VMware, Inc.", "VMware7,1", "6.1.0-18-amd64")
    for number, (slot, bus, index) in enumerate([("160", "03", 16777214), ("192", "0b", 33554430), ("224", "13", 16777215)]):
        port = tree.pci("/sys/devices/pci0000:00", f"0000:00:{0x15 + number:02x}.0", "15ad:07a0", "pcieport", True, "060400")
        function = tree.pci(port, f"0000:{bus}:00.0", "15ad:07b0", "vmxnet3", acpi_index=index, label=f"Ethernet{number}")
        tree.net(function, f"eth{number}", f"00:50:56:0a:00:{number:02x}")
        tree.slot(slot, f"0000:{bus}:00")
    tree.slot("32", "0000:02:00")
    old = tree.pci("/sys/devices/pci0000:00", "0000:00:11.0", "15ad:0790", None, code="060401")
    tree.net(tree.pci(old, "0000:02:01.0", "8086:100f", "e1000"), "eth3", "00:50:56:0a:00:10")
    tree.slot("33", "0000:02:01")


@case("Azure: netvsc, a ConnectX virtual function in a domain of its own, MANA whose domain its hardware database leaves out")
def azure(tree):
    tree.system("Microsoft Corporation", "Virtual Machine", "6.8.0-1010-azure")
    bus = tree.device("/sys/devices/LNXSYSTM:00", "acpi", uevent=["MODALIAS=acpi:LNXSYSTM:"])
    bus = tree.device(bus + "/LNXSYBUS:00", "acpi")
    bus = tree.device(bus + "/VMBUS:00", "acpi", "vmbus")
    vmbus = tree.device(bus + "/000d3a0a-0000-000d-3a0a-0000000d3a0a", "vmbus", "hv_netvsc")
    tree.net(vmbus, "eth0", "00:0d:3a:0a:00:00")
    for domain, ids, driver in [("5e6d", "15b3:1016", "mlx5_core"), ("7870", "1414:00ba", "mana")]:
        host = tree.device(f"{bus}/{domain}0000-0001-4001-8000-0000000d3a0a", "vmbus", "hv_pci")
        function = tree.pci(f"{host}/pci{domain}:00", f"{domain}:00:00.0" if driver == "mana" else f"{domain}:00:02.0", ids, driver)
        tree.net(function, f"eth{tree.ports}", "00:0d:3a:0a:00:00")
    tree.file("/run/udev/data/+pci:7870:00:00.0", "I:1\nE:ID_NET_NAME_INCLUDE_DOMAIN=0\n")


@case("AWS: ena in slots 5 and 6; Google: virtio with ACPI's slot numbers", "the two machines' ports stand together")
def cloud_slots(tree):
    for number in (5, 6):
        tree.net(tree.pci("/sys/devices/pci0000:00", f"0000:00:0{number}.0", "1d0f:ec20", "ena"), f"eth{number}", f"02:0a:00:00:00:0{number}")
        tree.slot(str(number), f"0000:00:0{number}")
    function = tree.pci("/sys/devices/pci0000:00", "0000:00:04.0", "1af4:1000", "virtio-pci", firmware_node__sun=4)
    tree.net(tree.virtio(function, 1), "eth0", "42:01:0a:80:00:02")
