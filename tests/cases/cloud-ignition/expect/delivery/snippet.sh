#!/bin/bash
# Boots core1 on libvirt. Fill in what is asked for as variables, and add what your machines have besides.
set -euo pipefail
cd "$(dirname "$0")"

virt-install --name core1 --memory "${MEMORY:-2048}" --vcpus "${CPUS:-2}" --import --noautoconsole \
  --osinfo detect=on,require=off \
  --disk "${DISK:?the disk image}" \
  --qemu-commandline="-fw_cfg name=opt/com.coreos/config,file=$PWD/config.ign"
# Written by cotter.
