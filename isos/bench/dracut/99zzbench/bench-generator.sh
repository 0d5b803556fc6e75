#!/bin/bash
# Live: mounts the ISO, its squashfs and a writable layer as /sysroot. Disk, first boot: lets what reads
# /boot wait for it.
exec 1>/dev/kmsg 2>&1
set -e
units=$1

require() {
    mkdir -p "$units/$2.requires"
    ln -sf "../$1" "$units/$2.requires/$1"
}

if ! is-live-image; then
    grep -qw ignition.firstboot /proc/cmdline || exit 0
    for unit in bench-setup-user bench-copy-firstboot-network; do
        mkdir -p "$units/$unit.service.d"
        cat >"$units/$unit.service.d/10-boot.conf" <<'U'
[Unit]
Requires=dev-disk-by\x2dlabel-boot.device
After=dev-disk-by\x2dlabel-boot.device
U
    done
    exit 0
fi

: >/run/ostree-live
label=$(sed -n 's/.*coreos\.liveiso=\([^ ]*\).*/\1/p' /proc/cmdline)
if [ -n "$label" ]; then
    device=$(systemd-escape -p --suffix=device "/dev/disk/by-label/$label")
    mkdir -p "$units/initrd-root-device.target.d"
    printf '[Unit]\nAfter=%s\nRequires=%s\n' "$device" "$device" >"$units/initrd-root-device.target.d/50-iso.conf"
    cat >"$units/run-media-iso.mount" <<U
[Unit]
DefaultDependencies=false
After=sysinit.target initrd-root-device.target
Before=initrd-root-fs.target

[Mount]
What=/dev/disk/by-label/$label
Where=/run/media/iso
Options=ro
Type=iso9660
U
    squashfs=/run/media/iso/images/pxeboot/rootfs.img options=ro,loop,offset=124 needs=/run/media/iso
else
    # PXE: the squashfs was unpacked into the initramfs.
    squashfs=/root.squashfs options=ro,loop needs=/
fi
cat >"$units/run-live-ro.mount" <<U
[Unit]
DefaultDependencies=false
RequiresMountsFor=$needs
Before=initrd-root-fs.target

[Mount]
What=$squashfs
Where=/run/live/ro
Type=squashfs
Options=$options
U
cat >"$units/run-live-rw.mount" <<'U'
[Unit]
DefaultDependencies=false
Before=initrd-root-fs.target

[Mount]
What=tmpfs
Where=/run/live/rw
Type=tmpfs
Options=size=50%%,mode=0755
U
cat >"$units/bench-live-layers.service" <<'U'
[Unit]
DefaultDependencies=false
RequiresMountsFor=/run/live/rw
Before=initrd-root-fs.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/mkdir -p /run/live/rw/upper /run/live/rw/work
U
cat >"$units/sysroot.mount" <<'U'
[Unit]
DefaultDependencies=false
RequiresMountsFor=/run/live/ro /run/live/rw
Requires=bench-live-layers.service
After=bench-live-layers.service
Before=initrd-root-fs.target

[Mount]
What=overlay
Where=/sysroot
Type=overlay
Options=lowerdir=/run/live/ro,upperdir=/run/live/rw/upper,workdir=/run/live/rw/work
U
require sysroot.mount initrd-root-fs.target
