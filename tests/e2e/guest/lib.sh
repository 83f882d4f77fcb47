# SPDX-License-Identifier: GPL-2.0
# Sourced by what runs in the guests: TAP, and what is known of free memory.
set -u
. "${0%/*}/../../tap.sh"
dbg=/sys/kernel/debug/page_reporting
parameters=/sys/module/page_reporting/parameters
cd /tmp || exit 1

# The points say what failed; a status other than 0 is for what is worse
finish()
{
	echo "1..$tap_n"
	exit 0
}

# stat NAME: a counter of debugfs
stat()
{
	sed -n "s/^$1 //p" $dbg/stats
}

# free_bytes: MemFree
free_bytes()
{
	awk '/^MemFree:/ { printf "%.0f\n", $2 * 1024 }' /proc/meminfo
}

# flush: report all that is free; some may be left out. Else says why it failed.
flush()
{
	_err=$(echo all | LC_ALL=C dd of=$dbg/flush status=none 2>&1) && return
	case $_err in
	*'Resource temporarily unavailable') ;;
	*)
		echo "# $_err" >&2
		return 1
		;;
	esac
}

# near A B: less than 4 MiB apart, which is what the rest of the guest does
near()
{
	[ -n "$1" ] && [ -n "$2" ] && [ $(($1 - $2)) -lt 4194304 ] &&
		[ $(($2 - $1)) -lt 4194304 ] && return
	echo "# '$1' and '$2' are not the same"
	return 1
}

# blocks_are_free: what 'blocks' says comes to MemFree. Memory may move between
# per-cpu lists and free blocks just then.
blocks_are_free()
{
	for _try in 1 2 3 4 5 6; do
		near "$(blocks_good <$dbg/blocks)" "$(free_bytes)" && return
		sleep 1
	done
	return 1
}

# reported_agrees: with no pass at work what is reported can but become less;
# summary, which counts it in between, says the same as stats
reported_agrees()
{
	_before=$(stat reported_now_bytes)
	_sum=$(summary_sum reported)
	_after=$(stat reported_now_bytes)
	echo "# stats $_before, summary $_sum, stats $_after"
	[ "$_sum" -le "$_before" ] && [ "$_sum" -ge "$_after" ]
}

# at_least A B
at_least()
{
	[ -n "$1" ] && [ -n "$2" ] && [ "$1" -ge "$2" ] && return
	echo "# '$1' is not at least '$2'"
	return 1
}

# less_than A B
less_than()
{
	[ -n "$1" ] && [ "$1" -lt "$2" ] && return
	echo "# '$1' is not less than '$2'"
	return 1
}

# use MIB: take memory for a moment
use()
{
	head -c "${1}M" /dev/zero >/dev/shm/used
	rm /dev/shm/used
}

# precious MIB: fill memory with what can be told from all else; still_precious
# says whether it is unchanged
precious()
{
	precious_mib=$1
	seq 100000000 999999999 2>/dev/null | head -c "${1}M" >/dev/shm/precious
}

still_precious()
{
	seq 100000000 999999999 2>/dev/null | head -c "${precious_mib}M" |
		cmp - /dev/shm/precious
}

# quiet: no pass for age
quiet()
{
	echo 600000 >$parameters/min_age_ms
	# the one that this asks for
	sleep 0.3
}

# within SECONDS CMD...: wait until it succeeds, for at most so long
within()
{
	read -r _now _ </proc/uptime
	_end=$((${_now%.*} + $1))
	shift
	until "$@"; do
		read -r _now _ </proc/uptime
		[ "${_now%.*}" -lt $_end ] || return 1
		sleep 0.1
	done
}

mostly_reported()
{
	[ "$(stat reported_now_bytes)" -ge $(($(free_bytes) * 9 / 10)) ]
}

# all_reported: wait until nearly all that is free is reported by age
all_reported()
{
	within 120 mostly_reported
}

order_is()
{
	[ "$(cat $parameters/page_reporting_order)" = "$1" ]
}

# start_anew ORDER: set another one, so that all that is known or learnt is forgotten
start_anew()
{
	echo "$1" >$parameters/page_reporting_order && within 30 order_is "$1"
}

# age_is MS: nothing else has been learnt, now that a pass has looked
age_is()
{
	flush
	[ "$(stat age_ms)" -eq "$1" ] && return
	echo "# age_ms is $(stat age_ms)"
	return 1
}

# blocks_good: is stdin a dump as it has to be? Prints the sum of its bytes.
blocks_good()
{
	awk '
	function bad(what) {
		print "# line " NR ", " what ": " $0 >"/dev/stderr"
		wrong = 1
		exit
	}
	NF != 8 { bad("not 8 columns") }
	$1 !~ /^[0-9]+$/ || $2 !~ /^[0-9]+$/ || $2 > 10 { bad("no block") }
	$1 % 2 ^ $2 { bad("not aligned") }
	$1 < last { bad("not behind the one before") }
	$6 !~ /^(partial|reported|pending|small|untracked)$/ { bad("no state") }
	$7 !~ /^(-|[0-9]+)$/ || $8 !~ /^(-|[0-9]+)$/ { bad("no age") }
	($6 ~ /^(partial|reported)$/) != ($8 != "-") { bad("state and age") }
	{ last = $1 + 2 ^ $2; pages += 2 ^ $2 }
	END { printf "%.0f\n", pages * 4096; exit wrong || !NR }'
}

# summary_sum COLUMN...: the sum over all lines; no column: over all columns
summary_sum()
{
	awk -v names="$*" '
	NR == 1 { for (i = 5; i <= NF; i++) column[$i] = i; next }
	NF != length(column) + 4 { exit wrong = 1 }
	{ for (c in column) if (names == "" || names == c) sum += $(column[c]) }
	END { if (wrong) exit 1; printf "%.0f\n", sum }' $dbg/summary
}

# summary_is_free [COLUMN...]: that sum comes to MemFree, which may move just then
summary_is_free()
{
	for _try in 1 2 3 4 5 6; do
		near "$(summary_sum "$@")" "$(free_bytes)" && return
		sleep 1
	done
	return 1
}

# ages_good: is the histogram as it has to be?
ages_good()
{
	awk '
	NR == 1 { wrong = $0 != "below_ms waiting reported refaulted"; next }
	NF != 4 || $1 != (NR == 22 ? "-" : 2 ^ (NR - 2)) { wrong = 1 }
	{ for (i = 2; i <= 4; i++) wrong = wrong || $i !~ /^[0-9]+$/ }
	END { exit wrong || NR != 22 }' $dbg/ages
}
