# SPDX-License-Identifier: GPL-2.0
# How many free pages does makedumpfile count?
. "${0%/*}/lib.sh"

# counted: within 8 MiB of MemFree, as reading it takes memory
counted()
{
	tries=0
	while [ $tries -lt 5 ]; do
		tries=$((tries + 1))
		before=$(free_bytes)
		makedumpfile --mem-usage /proc/kcore >usage 2>&1
		pages=$(awk '$1 == "FREE" { print $2 }' usage)
		echo "# MemFree $before, then $(free_bytes); makedumpfile: $pages pages"
		[ -n "$pages" ] || {
			sed 's/^/# /' usage
			return 1
		}
		apart=$((pages * 4096 - before))
		[ "${apart#-}" -gt $((8 << 20)) ] || return 0
	done
	return 1
}

if [ ! -e /proc/kcore ]; then
	ok "makedumpfile counts free pages # SKIP this kernel has no /proc/kcore"
	finish
fi
if [ -e $dbg/stats ]; then
	flush
	check "nearly all that is free is reported" \
		at_least "$(stat reported_now_bytes)" $(($(free_bytes) * 9 / 10))
fi
check "makedumpfile counts free pages as MemFree does" counted
finish
