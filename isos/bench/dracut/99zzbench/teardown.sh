#!/bin/bash
# At the switch to the real root, as CoreOS does it: the initramfs's profiles are kept only if the real
# root has none of its own, so profiles written by Ignition always win, all of them.
shopt -s nullglob
real=/sysroot/etc/NetworkManager/system-connections
# NetworkManager puts one for the loopback port there by itself.
rm -f /run/NetworkManager/system-connections/lo.nmconnection
ours=(/run/NetworkManager/system-connections/*)
theirs=("$real"/*)
word() { grep -qw "$1" /proc/cmdline; }

# Whether our profiles are what enable-network makes if it is told nothing: nobody asked to keep those.
only_defaults() {
    local defaults=/run/bench/defaults made profile
    mkdir -p "$defaults"
    /usr/lib/NetworkManager/nm-initrd-generator -c "$defaults/profiles" -i "$defaults/data" -r "$defaults/settings" \
        -- ip=auto rd.neednet=1 2>/dev/null
    made=("$defaults"/profiles/*)
    [ ${#made[@]} -gt 0 ] && [ "${#made[@]}" = "${#ours[@]}" ] || return 1
    for profile in "${made[@]##*/}"; do
        # The UUID is new each time.
        [ "$(grep -v ^uuid= "$defaults/profiles/$profile")" = "$(grep -v ^uuid= "/run/NetworkManager/system-connections/$profile")" ] || return 1
    done
}

if word coreos.no_persist_ip; then
    echo "bench: coreos.no_persist_ip: network profiles are not kept"
elif [ ${#ours[@]} -gt 0 ] && { [ ${#theirs[@]} = 0 ] || word coreos.force_persist_ip; } && ! only_defaults; then
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
# Not `systemctl stop`: that job would wait for this one. Not KILL at once: it leaves a failed unit behind.
for signal in TERM KILL; do
    systemctl -q is-active nm-initrd.service || break
    systemctl kill --signal=$signal nm-initrd.service 2>/dev/null
    for _ in {1..30}; do
        systemctl -q is-active nm-initrd.service || break
        sleep 0.1
    done
done
for port in /sys/class/net/*; do
    port=${port##*/}
    [ "$port" = lo ] && continue
    ip link set "$port" down
    ip addr flush dev "$port"
done
rm -rf /run/NetworkManager
exit 0
