#!/bin/bash
# Live: the embed area brought /config.ign. Disk: coreos-installer wrote ignition/config.ign to /boot.
set -e
mkdir -p /usr/lib/ignition
if is-live-image; then
    document=/config.ign
else
    mkdir -p /run/bench/boot
    mount -o ro /dev/disk/by-label/boot /run/bench/boot
    document=/run/bench/boot/ignition/config.ign
fi
if [ -f "$document" ]; then cp "$document" /usr/lib/ignition/user.ign; fi
if ! is-live-image; then umount /run/bench/boot; fi
