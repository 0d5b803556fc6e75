"""What OpenShift's machine-config-operator makes of MachineConfigs, by its documented rules (release 4.19).

Shares nothing with cotter, so that a rehearsal judges what cotter wrote by other means than cotter's own.
"""

KIND = "MachineConfig"
API_VERSION = "machineconfiguration.openshift.io/v1"
ROLE = "machineconfiguration.openshift.io/role"
KERNEL_TYPES = ("", "default", "realtime", "64k-pages")
# Specs that this release reads, and the one that it renders.
SPECS = ("3.0.0", "3.1.0", "3.2.0", "3.3.0", "3.4.0", "3.5.0")
RENDERED_SPEC = SPECS[-1]
EXTENSIONS = ("two-node-ha", "ipsec", "usbguard", "kerberos", "kernel-devel", "sandboxed-containers", "sysstat", "wasm")

# What tells the members of a list apart. Members of other lists are told apart by their values.
KEYS = {
    "users": "name", "groups": "name", "files": "path", "directories": "path", "links": "path", "units": "name",
    "dropins": "name", "disks": "device", "filesystems": "device", "raid": "name", "luks": "name", "merge": "source",
    "certificateAuthorities": "source", "httpHeaders": "name", "tang": "url",
}
# Lists that are put behind one another as they are.
CONCATENATED = ("append", "options", "mountOptions")
# Lists that share their keys: what is a file in one MachineConfig may be a link in a later one.
TOGETHER = (("files", "directories", "links"), ("shouldExist", "shouldNotExist"))


class Refused(Exception):
    """The operator would not render this."""


# ---------------------------------------------------------------------- Ignition's merge


def key_of(name, member):
    if not isinstance(member, dict):
        return member
    if name == "partitions":
        return member.get("number") or member.get("label")
    return member.get(KEYS.get(name))


def merge(parent, child):
    """The child wins. Members of lists that both have stay in the parent's place."""
    result = dict(parent)
    for name, value in child.items():
        if value is None:
            continue
        before = result.get(name)
        if isinstance(value, dict) and isinstance(before, dict):
            result[name] = merge(before, value)
        elif isinstance(value, list) and before:
            result[name] = merge_lists(name, before, value)
        else:
            result[name] = value
    for group in TOGETHER:
        for name in group:
            taken = {key_of(other, member) for other in group if other != name for member in child.get(other) or ()}
            if taken and result.get(name):
                result[name] = [member for member in result[name] if key_of(name, member) not in taken]
    return result


def merge_lists(name, parent, child):
    if name in CONCATENATED:
        return parent + child
    result = list(parent)
    places = {key_of(name, member): place for place, member in enumerate(parent)}
    for member in child:
        place = places.get(key_of(name, member))
        if place is None:
            result.append(member)
        elif isinstance(member, dict):
            result[place] = merge(result[place], member)
    return result


# ---------------------------------------------------------------------- the operator's rules


def check(machine_config):
    """Refuses what the operator would refuse before it renders."""
    name, spec = machine_config["metadata"]["name"], machine_config.get("spec") or {}

    def refuse(why):
        raise Refused(f"MachineConfig {name}: {why}")

    if (spec.get("kernelType") or "") not in KERNEL_TYPES:
        refuse(f"kernelType={spec['kernelType']} is invalid")
    config = spec.get("config")
    if config is None:
        return
    version = (config.get("ignition") or {}).get("version")
    if version not in SPECS:
        refuse(f"Ignition {version} is none of {', '.join(SPECS)}")
    unknown = [extension for extension in spec.get("extensions") or () if extension not in EXTENSIONS]
    if unknown:
        refuse(f"invalid extensions found: {unknown}")
    storage = config.get("storage") or {}
    for kind, section, groups in (("path", storage, TOGETHER[0]), ("unit", config.get("systemd") or {}, ("units",)),
                                  ("user", config.get("passwd") or {}, ("users",))):
        keys = [key_of(group, member) for group in groups for member in section.get(group) or ()]
        twice = sorted({str(key) for key in keys if keys.count(key) > 1})
        if twice:
            refuse(f"{kind} {', '.join(twice)} is there more than once")
    for file in storage.get("files") or ():
        if (file.get("mode") or 0) > 0o777:
            refuse(f"file {file['path']}: mode {file['mode']:o} has more than permissions")


def render(machine_configs, pool, os_image, extensions_image):
    """The rendered MachineConfig, but for its name."""
    own = [config for config in machine_configs if (config["metadata"].get("labels") or {}).get(ROLE) == pool]
    own.sort(key=lambda config: config["metadata"]["name"].encode())
    if not own:
        raise Refused(f"there is no MachineConfig of the pool {pool}")
    ignition = None
    rendered = {"baseOSExtensionsContainerImage": extensions_image, "config": None, "extensions": [], "fips": False,
                "kernelArguments": [], "kernelType": "default", "osImageURL": os_image}
    for machine_config in own:
        check(machine_config)
        spec = machine_config.get("spec") or {}
        config = spec.get("config")
        if config is not None:
            config = {**config, "ignition": {**config["ignition"], "version": RENDERED_SPEC}}
            ignition = config if ignition is None else merge(ignition, config)
        elif ignition is None:
            ignition = {"ignition": {"version": RENDERED_SPEC}}
        rendered["fips"] = rendered["fips"] or bool(spec.get("fips"))
        if spec.get("kernelType") not in (None, "", "default"):
            rendered["kernelType"] = spec["kernelType"]
        for name in ("osImageURL", "baseOSExtensionsContainerImage"):
            rendered[name] = spec.get(name) or rendered[name]
        for name in ("kernelArguments", "extensions"):
            rendered[name] = rendered[name] + (spec.get(name) or [])
    for file in (ignition.get("storage") or {}).get("files") or ():
        if file.get("overwrite") is None:
            file["overwrite"] = True
    rendered["config"] = ignition
    return rendered
