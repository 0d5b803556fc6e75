"""As much of Butane as the bootstrap in place needs: the variant fcos, without its sugar for disks.

Shares nothing with cotter; see machine_config.py.
"""
import base64
import gzip
import os
import re
import urllib.parse

# Butane's versions, and the spec of Ignition that each becomes.
SPECS = {"1.0.0": "3.0.0", "1.1.0": "3.1.0", "1.2.0": "3.2.0", "1.3.0": "3.2.0", "1.4.0": "3.3.0"}
SUGAR = ("with_mount_unit", "boot_device", "grub", "ssh_authorized_keys_local", "contents_local")
UNLIKE = {"size_mib": "sizeMiB", "start_mib": "startMiB"}


class Refused(Exception):
    """Butane would not translate this, or the stand-in cannot."""


def camel(name):
    return UNLIKE.get(name) or re.sub("_([a-z])", lambda letter: letter[1].upper(), name)


def data_url(data, may_pack):
    """The shortest way to carry some bytes along."""
    packed = base64.b64encode(gzip.compress(data, 9, mtime=0)).decode()
    ways = [(f"data:,{urllib.parse.quote(data, safe='')}", ""), (f"data:;base64,{base64.b64encode(data).decode()}", "")]
    if may_pack:
        ways.append((f"data:;base64,{packed}", "gzip"))
    source, compression = min(ways, key=lambda way: len(way[0]))
    return {"source": source, "compression": compression}


class Assets:
    """The folder that `local` is relative to. A volume lies over a name in it."""

    def __init__(self, folder, volumes):
        self.folder, self.volumes = folder, volumes

    def path(self, local):
        parts = [part for part in local.split("/") if part not in ("", ".")]
        if ".." in parts:
            raise Refused(f"{local}: not within the folder of assets")
        if parts and parts[0] in self.volumes:
            return os.path.join(self.volumes[parts[0]], *parts[1:])
        return os.path.join(self.folder, *parts)

    def read(self, local):
        try:
            with open(self.path(local), "rb") as file:
                return file.read()
        except OSError as error:
            raise Refused(f"open {local}: {error.strerror.lower()}") from None


def below(folder):
    """What is in a folder that is not a folder itself, in the order of the names."""
    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name)
        if os.path.isdir(path) and not os.path.islink(path):
            yield from below(path)
        else:
            yield path


class Translation:
    def __init__(self, assets):
        self.assets = assets

    def document(self, butane):
        if butane.get("variant") != "fcos" or butane.get("version") not in SPECS:
            raise Refused(f"No translator exists for variant {butane.get('variant')} with version {butane.get('version')}")
        rest = {name: value for name, value in butane.items() if name not in ("variant", "version")}
        trees = (rest.get("storage") or {}).pop("trees", None) or []
        document = self.value(rest)
        document.setdefault("ignition", {})["version"] = SPECS[butane["version"]]
        for tree in trees:
            self.tree(document.setdefault("storage", {}), tree)
        return document

    def value(self, value):
        if isinstance(value, list):
            return [self.value(member) for member in value]
        if not isinstance(value, dict):
            return value
        sugar = [name for name in SUGAR if name in value]
        if sugar:
            raise Refused(f"{', '.join(sugar)}: the stand-in does not translate it")
        if "local" in value or "inline" in value:
            return self.resource(value)
        return {camel(name): self.value(member) for name, member in value.items()}

    def resource(self, resource):
        carried = {name: value for name, value in resource.items() if name not in ("local", "inline")}
        if ("local" in resource) + ("inline" in resource) + ("source" in resource) > 1:
            raise Refused("only one of source, inline and local is allowed")
        data = self.assets.read(resource["local"]) if "local" in resource else resource["inline"].encode()
        url = data_url(data, may_pack="compression" not in resource)
        return {**self.value(carried), "source": url["source"], "compression": carried.get("compression", url["compression"])}

    def tree(self, storage, tree):
        """Files and links below a folder. One that the document has without contents or a target gets it."""
        files, links = storage.setdefault("files", []), storage.setdefault("links", [])
        there = {node["path"]: node for nodes in storage.values() for node in nodes if "path" in node}
        top = self.assets.path(tree["local"])
        if not os.path.isdir(top):
            raise Refused(f"{tree['local']}: no such folder")
        for source in below(top):
            path = os.path.normpath(os.path.join("/", tree.get("path") or "/", os.path.relpath(source, top)))
            node = there.get(path)
            kind, holds = (links, "target") if os.path.islink(source) else (files, "contents")
            if node and (node not in kind or node.get(holds)):
                raise Refused(f"{path} is there already")
            if not node:
                node = {"path": path}
                kind.append(node)
            if kind is links:
                node["target"] = os.readlink(source)
                continue
            if not os.path.isfile(source):
                raise Refused(f"{source}: neither a file nor a link")
            with open(source, "rb") as file:
                node["contents"] = data_url(file.read(), may_pack=True)
            node.setdefault("mode", 0o755 if os.stat(source).st_mode & 0o111 else 0o644)


def translate(butane, folder, volumes):
    """The Ignition document of a Butane file."""
    return Translation(Assets(folder, volumes)).document(butane)
