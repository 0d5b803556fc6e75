"""Builds the tree of a modelled machine: devices with what the kernel shows of them."""
import json
import os

CASES = {}


def case(about, *source):
    """Makes a case of a function that fills a tree; its name is the function's."""
    def keep(fill):
        CASES[fill.__name__.replace("_", "-")] = (fill, about, source)
        return fill
    return keep


def little(number, width):
    return number.to_bytes(width, "little")


class Tree:
    def __init__(self):
        self.entries = {}
        self.ports = 0

    def file(self, path, text):
        self.entries[path] = "= " + json.dumps(text, ensure_ascii=False)

    def link(self, path, target):
        self.entries[path] = "-> " + os.path.relpath(target, os.path.dirname(path))

    def folder(self, path):
        self.entries[path + "/"] = ""

    def fails(self, path, errno):
        self.entries[path] = "! " + errno

    def attributes(self, folder, attributes):
        """Each a line; an exception's name makes reading fail, and nothing (None) no file."""
        for name, value in attributes.items():
            name = name.replace("__", "/")
            if isinstance(value, str) and value.startswith("!"):
                self.fails(f"{folder}/{name}", value[1:])
            elif value is not None:
                self.file(f"{folder}/{name}", f"{value}\n")

    def device(self, folder, subsystem=None, driver=None, uevent=(), bus="bus", **attributes):
        """Any device: its folder, what bus it is on, and what the bus shows of it."""
        uevent = ([f"DRIVER={driver}"] if driver else []) + list(uevent)
        self.file(folder + "/uevent", "".join(line + "\n" for line in uevent))
        if subsystem:
            self.link(folder + "/subsystem", f"/sys/{bus}/{subsystem}")
        if driver:
            self.link(folder + "/driver", f"/sys/{bus}/{subsystem}/drivers/{driver}")
        self.attributes(folder, attributes)
        return folder

    def pci(self, parent, address, ids, driver=None, multi=False, code="020000", sub=None, **attributes):
        """A PCI function; `ids` is `8086:1572`, `code` its class."""
        if not os.path.basename(parent).startswith("pci"):
            assert parent + "/uevent" in self.entries, parent
        else:
            self.file(parent + "/uevent", "")
        vendor, device = (int(number, 16) for number in ids.split(":"))
        sub_vendor, sub_device = (int(number, 16) for number in (sub or ids).split(":"))
        kind = int(code, 16)
        header = (1 if code.startswith("0604") else 0) | (0x80 if multi else 0)
        config = little(vendor, 2) + little(device, 2) + bytes.fromhex("06041000") + b"\x01" + little(kind, 3)
        config += bytes([0x10, 0, header, 0]) + bytes(28) + little(sub_vendor, 2) + little(sub_device, 2) + bytes(16)
        modalias = f"pci:v{vendor:08X}d{device:08X}sv{sub_vendor:08X}sd{sub_device:08X}bc{code[:2].upper()}sc{code[2:4].upper()}i{code[4:].upper()}"
        folder = f"{parent}/{address}"
        self.entries[folder + "/config"] = ": " + config.hex()
        self.device(
            folder, "pci", driver,
            [f"PCI_CLASS={kind:X}", f"PCI_ID={vendor:04X}:{device:04X}", f"PCI_SUBSYS_ID={sub_vendor:04X}:{sub_device:04X}",
             f"PCI_SLOT_NAME={address}", f"MODALIAS={modalias}"],
            **{"vendor": f"0x{vendor:04x}", "device": f"0x{device:04x}", "subsystem_vendor": f"0x{sub_vendor:04x}",
               "subsystem_device": f"0x{sub_device:04x}", "class": f"0x{code}", "modalias": modalias, "ari_enabled": 0} | attributes)
        return folder

    def bridge(self, parent, address, multi=False, **attributes):
        """A PCI bridge, or a port of the root complex or of a switch."""
        return self.pci(parent, address, "8086:2030", "pcieport", multi, "060400", **attributes)

    def virtual_functions(self, physical, *functions):
        for number, function in enumerate(functions):
            self.link(f"{physical}/virtfn{number}", function)
            self.link(f"{function}/physfn", physical)
        self.attributes(physical, {"sriov_numvfs": len(functions), "sriov_totalvfs": 8})

    def net(self, parent, name, mac, **attributes):
        """A port of a device (or a device of no hardware, with no parent)."""
        self.ports += 1
        folder = f"{parent or '/sys/devices/virtual'}/net/{name}"
        index = attributes.pop("ifindex", self.ports + 1)
        kind = attributes.pop("devtype", None)
        shown = {
            "addr_assign_type": 0, "addr_len": len(mac.split(":")), "address": mac, "carrier": 1, "dev_id": "0x0",
            "dev_port": 0, "ifindex": index, "iflink": index, "name_assign_type": 1, "operstate": "up",
            "phys_port_id": "!EOPNOTSUPP", "phys_port_name": "!EOPNOTSUPP", "phys_switch_id": "!EOPNOTSUPP",
            "speed": 10000, "type": 1,
        }
        uevent = ([f"DEVTYPE={kind}"] if kind else []) + [f"INTERFACE={name}", f"IFINDEX={index}"]
        self.device(folder, "net", uevent=uevent, bus="class", **shown | attributes)
        if parent:
            self.link(folder + "/device", parent)
        self.link(f"/sys/class/net/{name}", folder)
        return folder

    def slot(self, name, address):
        self.file(f"/sys/bus/pci/slots/{name}/address", address + "\n")

    def usb(self, controller, chain, ids="0bda:8153", driver="r8152", **attributes):
        """A USB device behind hubs, and its interface; `chain` is `1-2.3:1.0`."""
        device, interface = chain.split(":")
        bus, ports = device.split("-")
        vendor, product = ids.split(":")
        folder = self.device(f"{controller}/usb{bus}", "usb", "usb", ["DEVTYPE=usb_device"], idVendor="1d6b", idProduct="0002")
        hubs = ports.split(".")
        for depth in range(1, len(hubs)):
            folder = self.device(f"{folder}/{bus}-{'.'.join(hubs[:depth])}", "usb", "usb", ["DEVTYPE=usb_device"],
                                 idVendor="05e3", idProduct="0610", product="USB2.0 Hub")
        folder = self.device(f"{folder}/{device}", "usb", "usb", ["DEVTYPE=usb_device", f"PRODUCT={int(vendor, 16):x}/{int(product, 16):x}/100"],
                             idVendor=vendor, idProduct=product, bcdDevice="0100", **attributes)
        number = interface.split(".")[1]
        modalias = f"usb:v{vendor.upper()}p{product.upper()}d0100dc00dsc00dp00ic02isc06ip00in{int(number, 16):02X}"
        return self.device(f"{folder}/{chain}", "usb", driver, ["DEVTYPE=usb_interface", f"MODALIAS={modalias}"],
                           bInterfaceClass="02", bInterfaceSubClass="06", bInterfaceProtocol="00",
                           bInterfaceNumber=f"{int(number, 16):02x}", modalias=modalias)

    def virtio(self, parent, number, kind=1):
        driver = {1: "virtio_net", 2: "virtio_blk"}[kind]
        return self.device(f"{parent}/virtio{number}", "virtio", driver, [f"MODALIAS=virtio:d{kind:08X}v00001AF4"],
                           vendor="0x1af4", device=f"0x{kind:04x}", modalias=f"virtio:d{kind:08X}v00001AF4")

    def node(self, device, path, **aliases):
        """The devicetree node of a device, and the aliases that lead to nodes."""
        base = "/sys/firmware/devicetree/base"
        self.folder(base + path)
        self.link(device + "/of_node", base + path)
        for alias, target in aliases.items():
            self.file(f"{base}/aliases/{alias}", target + "\0")

    def disk(self, parent, name, number, size, **attributes):
        """A disk of a device; of a SCSI one, `parent` is it."""
        folder = self.device(f"{parent}/block/{name}", "block", uevent=[f"MAJOR={number.split(':')[0]}", f"MINOR={number.split(':')[1]}",
                             f"DEVNAME={name}", "DEVTYPE=disk"], bus="class", dev=number, size=size, removable=0, ro=0,
                             **attributes)
        self.link(folder + "/device", parent)
        self.link(f"/sys/class/block/{name}", folder)
        return folder

    def system(self, vendor, product, release, **dmi):
        self.attributes("/sys/class/dmi/id", {"sys_vendor": vendor, "product_name": product} | dmi)
        self.file("/proc/sys/kernel/osrelease", release + "\n")

    def text(self, about, source):
        yield f"# {about}"
        for line in source:
            yield f"# {line}"
        self.entries.setdefault("/sys/bus/pci/slots/", "")
        for folder in [path for path in self.entries if path.endswith("/")]:
            if any(path.startswith(folder) and path != folder for path in self.entries):
                del self.entries[folder]
        for path, entry in sorted(self.entries.items(), key=lambda row: row[0].rstrip("/")):
            yield f"{path} {entry}" if entry else path
