#!/bin/sh
# The live initramfs carries this stamp; Ignition's generator asks.
test -f /etc/coreos-live-initramfs
