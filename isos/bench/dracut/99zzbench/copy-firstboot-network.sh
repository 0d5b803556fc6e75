#!/bin/bash
# Profiles for the first boot replace those made of kernel arguments. They do not start the network.
set -e
shopt -s nullglob
to=/run/NetworkManager/system-connections
copy() {
    local files=("$1"/*)
    [ ${#files[@]} -gt 0 ] || return 0
    rm -rf "$to"
    mkdir -p "$to"
    cp "${files[@]}" "$to/"
    chmod 600 "$to"/*
    echo "bench: copied ${#files[@]} network profiles from $1"
}
copy /etc/coreos-firstboot-network
if ! is-live-image; then
    mkdir -p /run/bench/boot
    mount -o ro /dev/disk/by-label/boot /run/bench/boot
    copy /run/bench/boot/coreos-firstboot-network
    umount /run/bench/boot
fi
