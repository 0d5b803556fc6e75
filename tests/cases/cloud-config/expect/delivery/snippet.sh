#!/bin/bash
# Boots db1 on a NoCloud seed (cidata). Fill in what is asked for as variables, and add what your machines have besides.
set -euo pipefail
cd "$(dirname "$0")"

qemu-system-x86_64 -m "${MEMORY:-2048}" -smp "${CPUS:-2}" -nographic \
  -drive file="${DISK:?the disk image}",if=virtio \
  -drive file=cidata.iso,format=raw,if=virtio,readonly=on
# Written by cotter.
