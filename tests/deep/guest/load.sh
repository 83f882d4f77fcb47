# SPDX-License-Identifier: GPL-2.0
# Everything at once against the oracle, for load.seconds= of the command line:
# programs and the kernel use memory of all kinds and check it, free memory is
# reported, some of it with errors, the dump is read, memory is compacted, taken
# by CMA, goes offline and comes back, goes bad, and parameters change.
# load.skip=A,B leaves parts out, load.only=A,B all others.
. "${0%/*}/../../e2e/guest/lib.sh"

# word NAME DEFAULT: of the command line
word()
{
	_w=$(tr ' ' '\n' </proc/cmdline | sed -n "s/^load\.$1=//p" | tail -n 1)
	echo "${_w:-${2-}}"
}

# In all they take about half of what is free: more is reclaim and little else.
seconds=$(word seconds 60)
seed=$(word seed 1)
skip=,$(word skip),
only=$(word only)
mib=$(($(awk '/^MemFree:/ { print $2 }' /proc/meminfo) / 1024))
pattern=${0%/*}/../../../build/bin/pattern
count=$PWD/count
mkdir "$count"

# wanted PART
wanted()
{
	case ",${only:-$1}," in
	*",$1,"*) ;;
	*) return 1 ;;
	esac
	case $skip in
	*",$1,"*) return 1 ;;
	esac
}

# add NAME [N]: to what the end is told
add()
{
	echo "${2:-1}" >>"$count/$1"
}

# total NAME
total()
{
	cat "$count/$1" 2>/dev/null | awk '{ s += $1 } END { print s + 0 }'
}

# again PART PAUSE: run part_PART with pauses until there is a file "stop"
again()
{
	wanted "$1" || return 0
	(
		# what a part prints is for when it goes wrong
		exec >"part.$1" 2>&1
		while [ ! -e stop ]; do
			"part_$1"
			sleep "$2"
		done
	) &
}

random()
{
	awk -v n="$1" -v seed="$(date +%N)" 'BEGIN { srand(seed); print int(rand() * n) }'
}

part_flush()
{
	flush && add flushes
	# with a limit, and the other way; whether anything is left does not matter
	echo "$((1 + $(random 64)))M 50ms" 2>/dev/null >$dbg/flush
	echo "all 20ms" 2>/dev/null >$parameters/flush
	cat $dbg/flush >/dev/null || add dump_errors
}

part_dump()
{
	for bs in 1 7 4096 1048576; do
		# the smallest pieces of a whole dump would take minutes
		dd if=$dbg/blocks bs=$bs count=$((bs < 4096 ? 3000 : 300)) status=none \
			of=/dev/null || add dump_errors
		add dumps
	done
	cat $dbg/summary $dbg/ages $dbg/stats >/dev/null || add dump_errors
}

part_audit()
{
	cat /sys/kernel/debug/page_reporting_oracle >/dev/null
}

part_compact()
{
	echo 1 >/proc/sys/vm/compact_memory
	echo 3 >/proc/sys/vm/drop_caches
	add compactions
}

part_cma()
{
	for c in /sys/kernel/debug/cma/*; do
		[ -d "$c" ] || continue
		n=$(random 6000)
		echo "$n" >"$c/alloc" 2>/dev/null && add cma_pages "$n"
		echo "$n" >"$c/free" 2>/dev/null
	done
}

part_huge()
{
	echo $((mib / 32)) >/proc/sys/vm/nr_hugepages
	add huge_pages "$(cat /proc/sys/vm/nr_hugepages)"
	sleep 1
	echo 2 >/proc/sys/vm/nr_hugepages
}

# Only by itself, as it takes most of the memory: that has holes, which are
# reported, and who wants huge pages has to compact, and captures them. Nobody
# else may want memory just then.
part_capture()
{
	sleep 1
	kill -STOP "$holes"
	# nearly all that is free, so that they have to be made by compaction; with
	# less left the guest would kill the test
	echo $((($(free_bytes) / 1048576 - 44) / 2)) >/proc/sys/vm/nr_hugepages
	add captured "$(cat /proc/sys/vm/nr_hugepages)"
	echo 1 >/proc/sys/vm/nr_hugepages
	kill -CONT "$holes"
}

part_hotplug()
{
	for b in /sys/devices/system/memory/memory*; do
		case $(cat "$b/valid_zones" 2>/dev/null) in
		*Movable*) ;;
		*) continue ;;
		esac
		echo offline 2>/dev/null >"$b/state" && add offlined
		[ ! -e stop ] || break
	done
	for b in /sys/devices/system/memory/memory*; do
		[ "$(cat "$b/state")" = offline ] || continue
		echo online_movable 2>/dev/null >"$b/state" && add onlined
	done
}

# go_bad FILE NUMBER PFN NAME: let a page go bad by writing to a file, then undo
# that; not if it had to be left to whoever uses it, who would lose it by that
go_bad()
{
	echo "$2" 2>/dev/null >"$1" || return
	add "$4"
	sleep 0.5
	echo "$3" 2>/dev/null >/sys/kernel/debug/hwpoison/unpoison-pfn
}

# a page that is free, reported or not, or whatever else it has become by then
part_hwpoison()
{
	pfn=$(awk -v skip="$(random 200)" 'NR > skip { print $1; exit }' $dbg/blocks)
	[ -n "$pfn" ] || return
	go_bad /sys/kernel/debug/hwpoison/corrupt-pfn "$pfn" "$pfn" poisoned
	pfn=$(awk -v skip="$(random 200)" 'NR > skip { print $1; exit }' $dbg/blocks)
	go_bad /sys/devices/system/memory/soft_offline_page \
		"$(printf '%#x' $((pfn * 4096)))" "$pfn" soft_offlined
}

part_parameters()
{
	o=/sys/module/page_reporting_oracle/parameters
	case $(random 12) in
	0) echo $(($(random 4) * 3)) >$o/fail_every ;;
	1) echo "$(random 30)" >$o/delay_ms ;;
	2) echo 0 >$parameters/learn ;;
	3) echo 1 >$parameters/learn ;;
	4) echo "$(random 10)" >$parameters/page_reporting_order ;;
	5) echo "$(random 10)" >$parameters/fragment_order ;;
	6) echo $((1 + $(random 300))) >$parameters/min_age_ms ;;
	7) echo "$(random 600)" >$parameters/quota_ms ;;
	8) echo "$(random 600)" >$parameters/quota_mib ;;
	9) echo $((1 + $(random 3000))) >$parameters/page_reporting_delay_ms ;;
	10)
		echo "$(random 33)" >$o/capacity
		echo 0 >$o/on && echo 1 >$o/on
		;;
	11) echo "$(random 101)" >$parameters/fragment_percent ;;
	esac && add parameters
}

part_errors()
{
	echo 3 >/sys/module/page_reporting_oracle/parameters/fail_every
}

# stressors that look at what they have written
stress()
{
	wanted stress || return 0
	# shellcheck disable=SC2086
	nice stress-ng --verify --timeout "$seconds" --temp-path /tmp \
		--vm 1 --vm-bytes $((mib / 12))M --vm-hang 1 --malloc 1 \
		--malloc-bytes $((mib / 256))M --malloc-max 64 --fork 1 --mmap 1 \
		--mmap-bytes $((mib / 32))M --mremap 1 --mremap-bytes $((mib / 32))M \
		--dentry 1 --dentries 4096 --pipe 1 --memfd 1 --brk 1 >stress.out 2>&1 &
	stress_pid=$!
}

echo 100 >$parameters/min_age_ms
echo 0 >$parameters/learn
echo $((mib / 16)) >/sys/module/page_reporting_oracle/parameters/hold_mib
rm -f stop
stress_pid=
stress
pids=
for n in 1 2; do
	wanted pattern || break
	"$pattern" "$seconds" $((mib / 7)) $((seed * 2 + n)) /dev/shm >"pattern.$n" 2>&1 &
	pids="$pids $!"
done
case ,$only, in
*,capture,*)
	echo 4 >$parameters/page_reporting_order
	# compact, whatever the kernel thinks of the chance
	echo 0 >/proc/sys/vm/extfrag_threshold
	"$pattern" "$seconds" $((mib * 11 / 10)) "$seed" /dev/shm holes >pattern.holes 2>&1 &
	holes=$!
	pids="$pids $holes"
	again capture 1
	;;
esac
again flush 3
again dump 2
again audit 1
again compact 4
again cma 1
again huge 6
again hotplug 7
again hwpoison 5
again parameters 1
again errors 1
sleep "$seconds"
: >stop
bad_patterns=0
for p in $pids; do
	wait "$p" || {
		echo "# pattern: status $?"
		bad_patterns=$((bad_patterns + 1))
	}
done
stress_rc=0
[ -z "$stress_pid" ] || wait "$stress_pid" || stress_rc=$?
wait
for p in hold_mib fail_every delay_ms; do
	echo 0 >/sys/module/page_reporting_oracle/parameters/$p
done
echo 3 >$parameters/fragment_order
quiet
# The oracle lets go of what it holds a little at a time, and a small block that merges
# with what is freed is not known as reported any more
checked=
let_go()
{
	_was=$checked
	sleep 2
	checked=$(sed -n 's/^checked_bytes //p' /sys/kernel/debug/page_reporting_oracle)
	[ "$checked" = "$_was" ]
}
within 300 let_go
# new_starts: how often a kernel of wrap.patch has forgotten all
new_starts()
{
	dmesg | grep -c 'page_reporting: starts anew'
}

# flush_and_read: what is left of all and of each node; not if all is forgotten meanwhile
flush_and_read()
{
	_starts=$(new_starts)
	flush
	left=$(sed -n 's/^left_bytes //p' $dbg/flush) free=$(free_bytes)
	for d in /sys/devices/system/node/node*; do
		[ ! -e "$d/vmstat" ] || cat "$d/vmstat" >"${d##*/}"
	done
	[ "$(new_starts)" = "$_starts" ]
}
within 300 flush_and_read
sed 's/^/# flush /' $dbg/flush
sed 's/^/# /' $dbg/summary >summary.out
cat /sys/kernel/debug/page_reporting_oracle >oracle.out
# oracle NAME: what it has counted
oracle()
{
	sed -n "s/^$1 //p" oracle.out
}

# accounted: what was reported still is, or was used, removed or forgotten
accounted()
{
	near "$(stat reported_now_bytes)" $(($(stat reported_bytes) -
		$(stat refaulted_bytes) - $(stat removed_bytes) - $(stat forgotten_bytes)))
}

# node_reported NODE
node_reported()
{
	at_least "$(sed -n 's/^nr_free_reported //p' "$1")" \
		$(($(sed -n 's/^nr_free_pages //p' "$1") * 8 / 10))
}

sed 's/^[^#]/# &/' pattern.* 2>/dev/null
sed 's/^/# oracle /' oracle.out
for f in "$count"/*; do
	[ ! -f "$f" ] || echo "# load ${f##*/} $(total "${f##*/}")"
done
echo "# load cpus $(grep -c ^processor /proc/cpuinfo)"
sed 's/^/# stats /' $dbg/stats
sed -n 's/^compact_\(stall\|success\|fail\)/# vmstat &/p' /proc/vmstat
[ $stress_rc -eq 0 ] || echo "# stress-ng: status $stress_rc"
[ ! -s stress.out ] || sed 's/^/# stress-ng: /' stress.out | tail -n 25

for d in node[0-9]*; do
	[ -e "$d" ] || continue
	echo "# $d $(sed -n 's/^nr_free_reported //p' "$d") pages reported"
	check "$d: nearly all that is free is reported" node_reported "$d"
done

[ -z "$pids" ] || check "programs find in memory what they wrote" [ $bad_patterns -eq 0 ]
! wanted stress || check "so does stress-ng" [ $stress_rc -eq 0 ]
check "so does the kernel" [ "$(oracle broken)" = 0 ]
check "what counts as reported was not used since" [ "$(oracle false_bytes)" = 0 ]
check "what was reported is accounted for" accounted
check "the dump can be read" [ "$(total dump_errors)" = 0 ]
check "memory was reported" at_least "$(oracle reported_bytes)" $((16 << 20))
! wanted parameters ||
	check "and parameters changed" at_least "$(total parameters)" 3
case ,$only, in
*,capture,*) check "compaction captured pages" at_least "$(total captured)" 1 ;;
esac
if ! grep -qw page_poison=1 /proc/cmdline && ! grep -qw init_on_free=1 /proc/cmdline; then
	check "audits found reported memory" at_least "$(oracle audited_bytes)" $((16 << 20))
fi
[ "$left" -le $((free / 5)) ] || cat summary.out
check "in the end nearly all that is free is reported" at_least $((free - left)) $((free * 8 / 10))
if [ -e /sys/kernel/debug/kmemleak ]; then
	sleep 6
	echo scan >/sys/kernel/debug/kmemleak
	sleep 6
	echo scan >/sys/kernel/debug/kmemleak
	sed 's/^/# kmemleak: /' /sys/kernel/debug/kmemleak | head -n 60
	check "no memory has leaked" [ -z "$(cat /sys/kernel/debug/kmemleak)" ]
fi
finish
