#!/bin/bash
# The boot failed, in the initramfs or after it: say why where a rehearsal reads it, and end.
{
    echo
    echo "BENCH-EMERGENCY"
    journalctl -b --no-pager -o cat -u 'ignition-*' -u 'bench-*' -u 'coreos-*' -u bootkube.service -u install-to-disk.service >/run/bench-journal
    grep -E 'CRITICAL|[Ee]rror|failed' /run/bench-journal | tail -n 20
    tail -n 40 /run/bench-journal
    journalctl -b --no-pager -o cat -p warning | tail -n 40
    echo "BENCH-EMERGENCY-END"
} >/run/bench-emergency 2>&1
# The serial port also where it is not the console.
read -r -a ports </sys/class/tty/console/active
case " ${ports[*]} " in *' ttyS0 '*) ;; *) ports+=(ttyS0) ;; esac
for port in "${ports[@]}"; do
    cat /run/bench-emergency >"/dev/$port"
done 2>/dev/null
sleep 1
poweroff -f
