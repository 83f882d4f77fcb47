#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
. "${0%/*}/reader.sh"

# reported_mib: what summary says is back with the host
reported_mib()
{
	"$reader" summary | awk '$1 == "." && $2 == "reported" { print int($3) }'
}

head -c 200M /dev/zero >/tmp/fill
rm /tmp/fill
check "summary: something waits" says 'waiting' summary
check "flush" "$reader" flush
mib=$(reported_mib)
check "summary: it is reported then" [ "${mib:-0}" -gt 200 ]
check "and that is what the kernel counts" \
	[ "$(awk -v p="$(stat reported_now_bytes)" -v m="$mib" 'BEGIN { d = p / 1048576 - m; print (d > -8 && d < 8) }')" = 1 ]
check "blocks --state reported" says ' reported ' blocks --state reported --limit 5
check "ages" says 'reported' ages
check "map" says 'each letter is' map
check "map --png" "$reader" map --png /tmp/map.png
check "json" says '"missing": "nothing"' json
check "prometheus" says '^page_reporting_up{missing="nothing"} 1' prometheus
check "watch" "$reader" watch /tmp/watch --count 3 --interval 0.05
check "watch: a line each" [ "$(wc -l </tmp/watch)" -eq 4 ]
mkdir -p /dev/pts && mount -t devpts devpts /dev/pts
check "top" sh -c "TERM=xterm script -qec 'stty cols 90 rows 30; $reader top --count 3 -n 0.1' /tmp/top >/dev/null </dev/null && grep -q 'next:' /tmp/top"

as=$nobody
check "not root: what needs debugfs says so" lacks 'only root may read.*sudo'
check "not root: the rest works" sh -c "cd / && $nobody $reader summary | grep -q '^missing: only root'"
as=
check "debugfs can be taken off" umount -l /sys/kernel/debug
check "no debugfs: what needs it says so" lacks 'debugfs is not mounted.*mount -t debugfs' blocks ages map
check "no debugfs: the rest works" from_proc
mib=$(reported_mib)
check "no debugfs: what is reported is known" [ "${mib:-0}" -gt 200 ]
head -c 200M /dev/zero >/tmp/fill
rm /tmp/fill
mib=$(reported_mib)
check "no debugfs: flush" "$reader" flush
check "no debugfs: more is reported than before" [ "$(reported_mib)" -gt "$mib" ]
finish
