#!/bin/bash
# Boots vm1 on VMware vSphere. Fill in what is asked for as variables, and add what your machines have besides.
set -euo pipefail
cd "$(dirname "$0")"

govc vm.change -vm "${VM:?the virtual machine}" \
  -e "guestinfo.userdata=$(cat guestinfo.userdata)" \
  -e guestinfo.userdata.encoding=base64 \
  -e "guestinfo.metadata=$(cat guestinfo.metadata)" -e guestinfo.metadata.encoding=base64
# Written by cotter.
