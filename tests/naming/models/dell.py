"""Dell's servers."""
from models.builder import case

DELL = {"bios_vendor": "Dell Inc.", "bios_version": "2.21.2", "bios_date": "02/19/2024", "board_vendor": "Dell Inc.",
        "chassis_type": 23, "product_sku": "SKU=0716;ModelName=PowerEdge R640"}


def scsi_disk(tree, controller, name, number, address, size, **of_disk):
    """A disk of a SCSI controller, `address` being `host:channel:target:unit`."""
    host, channel, target, _ = address.split(":")
    above = tree.device(f"{controller}/host{host}", "scsi", uevent=["DEVTYPE=scsi_host"])
    above = tree.device(f"{above}/target{host}:{channel}:{target}", "scsi", uevent=["DEVTYPE=scsi_target"])
    unit = tree.device(f"{above}/{address}", "scsi", "sd", ["DEVTYPE=scsi_device", "MODALIAS=scsi:t-0x00"], type=0, **of_disk)
    tree.disk(unit, name, number, size, queue__rotational=0, queue__logical_block_size=512)


def r640(tree, release):
    """What every R640 here has: its name, UEFI, a disk behind the PERC, one on the BOSS card, risers' slots."""
    tree.system("Dell Inc.", "PowerEdge R640", release, board_name="0W23H8", product_serial="EX4MPL3", **DELL)
    tree.file("/sys/firmware/efi/fw_platform_size", "64\n")
    tree.file("/proc/meminfo", "MemTotal:       197639680 kB\n")
    tree.file("/proc/cpuinfo", "".join(
        f"processor\t: {number}\nvendor_id\t: GenuineIntel\nmodel name\t: Intel(R) Xeon(R) Gold 6130 CPU @ 2.10GHz\n"
        f"physical id\t: {number % 2}\nsiblings\t: 4\ncore id\t\t: {number // 2 % 2}\ncpu cores\t: 2\n\n" for number in range(8)))
    port = tree.bridge("/sys/devices/pci0000:17", "0000:17:00.0")
    perc = tree.pci(port, "0000:18:00.0", "1000:0016", "megaraid_sas", code="010400", sub="1028:1fcb")
    scsi_disk(tree, perc, "sda", "8:0", "0:2:0:0", 937426944, vendor="DELL    ", model="PERC H740P Mini ", rev="5.13",
              wwid="naa.6d0946606ee18c002cb1e6b41c5a7f10")
    port = tree.bridge("/sys/devices/pci0000:00", "0000:00:1c.0", True)
    boss = tree.pci(port, "0000:02:00.0", "1b4b:9230", "ahci", code="010601", sub="1028:1fe2")
    link = tree.device(boss + "/ata9", None)
    tree.file(link + "/ata_port/ata9/port_no", "1\n")
    scsi_disk(tree, link, "sdb", "8:16", "8:0:0:0", 468731008, vendor="ATA     ", model="DELLBOSS VD     ", rev="00-0",
              wwid="t10.ATA     DELLBOSS VD                             0123456789abcdef0010")
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
