#!/bin/bash
# The dracut module of the stand-in: what Fedora CoreOS's own modules do around Ignition, in a few units.
# Named 99zz so that its install() runs last and can drop what others pulled in.
# shellcheck disable=SC2154 # moddir, initdir and so on are dracut's

check() { return 0; }

depends() { echo ignition network-manager; }

installkernel() {
    # Named one by one: QEMU's devices, and what the network of a rehearsal stands on.
    hostonly='' instmods virtio_blk virtio_net virtio_pci virtio_scsi virtio_rng virtio_console sd_mod sr_mod cdrom ata_piix \
        isofs squashfs overlay loop ext4 vfat nls_cp437 nls_iso8859-1 nls_ascii qemu_fw_cfg bonding 8021q bridge e1000 e1000e
}

install() {
    local unit
    inst_multiple cat cp mv rm mkdir ls mount umount grep sed ip nmcli journalctl systemctl sync sleep head tail touch poweroff
    inst_script "$moddir/is-live-image.sh" /usr/bin/is-live-image
    inst_script "$moddir/bench-generator.sh" "$systemdutildir/system-generators/bench-generator"
    for unit in setup-user copy-firstboot-network enable-network teardown; do
        inst_script "$moddir/$unit.sh" "/usr/sbin/bench-$unit"
        inst_simple "$moddir/bench-$unit.service" "$systemdsystemunitdir/bench-$unit.service"
        mkdir -p "$initdir/$systemdsystemunitdir/ignition-complete.target.requires"
        ln_r "$systemdsystemunitdir/bench-$unit.service" \
            "$systemdsystemunitdir/ignition-complete.target.requires/bench-$unit.service"
    done
    inst_simple "$moddir/00-core.ign" /usr/lib/ignition/base.d/00-core.ign
    inst_script "$moddir/setfiles.sh" /usr/sbin/setfiles
    inst_script "$moddir/emergency.sh" /usr/sbin/bench-emergency
    for unit in emergency dracut-emergency; do
        inst_simple "$moddir/emergency.conf" "$systemdsystemunitdir/$unit.service.d/10-bench.conf"
    done
    # Weight that nothing here needs.
    rm -rf "$initdir"/usr/lib/udev/hwdb.bin "$initdir"/etc/udev/hwdb.bin "$initdir"/usr/lib/udev/hwdb.d \
        "$initdir"/usr/sbin/dhclient "$initdir"/usr/share/terminfo
}
