#!/usr/bin/env bash
set -euoE pipefail

until [ -f /opt/openshift/.bootkube.done ]; do sleep 5; done
echo "Executing coreos-installer with the following options: install -i /opt/openshift/master.ign /dev/disk/by-id/wwn-0x5000c500a1b2c3d4"
coreos-installer install --append-karg panic=30 --append-karg console=ttyS0,115200n8 -n -i /opt/openshift/master.ign /dev/disk/by-id/wwn-0x5000c500a1b2c3d4
shutdown -r +1 "Bootstrap completed, server is going to reboot."
