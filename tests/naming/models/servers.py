"""Other servers of the field, and clouds'."""
from models.builder import case


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
