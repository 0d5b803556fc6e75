#!/bin/bash
# At the switch to the real root, as CoreOS does it: the initramfs's profiles are kept only if the real
# root has none of its own, so profiles written by Ignition always win, all of them.
shopt -s nullglob
real=/sysroot/etc/NetworkManager/system-connections
ours=(/run/NetworkManager/system-connections/*)
theirs=("$real"/*)
if grep -qw coreos.no_persist_ip /proc/cmdline; then
    echo "bench: coreos.no_persist_ip: network profiles are not kept"
elif [ ${#ours[@]} -gt 0 ] && { [ ${#theirs[@]} = 0 ] || grep -qw coreos.force_persist_ip /proc/cmdline; }; then
    mkdir -p "$real"
    cp "${ours[@]}" "$real/"
    chmod 600 "$real"/*
    echo "bench: kept ${#ours[@]} network profiles"
fi
if [ -s /run/NetworkManager/initrd/hostname ] && [ ! -e /sysroot/etc/hostname ]; then
    cp /run/NetworkManager/initrd/hostname /sysroot/etc/hostname
fi
if [ -e /etc/udev/rules.d/80-ifname.rules ]; then
    mkdir -p /sysroot/etc/udev/rules.d
    cp /etc/udev/rules.d/80-ifname.rules /sysroot/etc/udev/rules.d/
fi
# Not `systemctl stop`: that job would wait for this one.
systemctl kill --signal=KILL nm-initrd.service 2>/dev/null
for port in /sys/class/net/*; do
    port=${port##*/}
    [ "$port" = lo ] && continue
    ip link set "$port" down
    ip addr flush dev "$port"
done
rm -rf /run/NetworkManager
exit 0
