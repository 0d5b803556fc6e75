#!/bin/bash
# The boot failed: say why on the console, where a rehearsal reads it, and end.
{
    echo "BENCH-EMERGENCY"
    journalctl -b --no-pager -o cat -u 'ignition-*' -u 'bench-*' | tail -n 40
    journalctl -b --no-pager -o cat -p warning | tail -n 40
    echo "BENCH-EMERGENCY-END"
} >/dev/console 2>&1
sleep 1
poweroff -f
