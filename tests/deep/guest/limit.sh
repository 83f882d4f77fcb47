# SPDX-License-Identifier: GPL-2.0
# A program wants about twice the memory that its cgroup may have, so that it is
# pushed into reclaim all the time, while free memory is reported.
. "${0%/*}/../../e2e/guest/lib.sh"

limit_mib=192
want_mib=400
seconds=60
cgroup=/sys/fs/cgroup
pattern=${0%/*}/../../../build/bin/pattern

make_cgroup()
{
	mount -t cgroup2 none $cgroup &&
		echo +memory >$cgroup/cgroup.subtree_control &&
		mkdir $cgroup/limited &&
		echo ${limit_mib}M >$cgroup/limited/memory.max
}

# counted FILE NAME: in one of the cgroup's files
counted()
{
	sed -n "s/^$2 //p" "$cgroup/limited/$1"
}

# pages NAME: of /proc/vmstat, in bytes
pages()
{
	echo $(($(sed -n "s/^$1 //p" /proc/vmstat) * 4096))
}

run_limited()
{
	sh -c "echo \$\$ >$cgroup/limited/cgroup.procs
		exec '$pattern' $seconds $want_mib 1 /tmp"
}

# vmstat_agrees: says the same as stats, but for what happens between
vmstat_agrees()
{
	near "$(pages page_reported)" "$(stat reported_bytes)" &&
		near "$(pages page_report_refault)" "$(stat refaulted_bytes)" &&
		near "$(pages nr_free_reported)" "$(stat reported_now_bytes)"
}

check "there is a disk to swap to" swapon /dev/vda
check "a program's memory can be limited" make_cgroup
[ $tap_bad -eq 0 ] || finish
echo 100 >$parameters/min_age_ms
echo 0 >$parameters/learn
precious 64
reported=$(stat reported_bytes) refaulted=$(stat refaulted_bytes)
swapped=$(pages pswpout)
check "what a program under a limit had is as it was" run_limited
grep -E '^(max|oom|oom_kill) ' $cgroup/limited/memory.events | sed 's/^/# /'
check "it was pushed into reclaim" at_least "$(counted memory.events max)" 100
check "memory went to the disk" \
	at_least $(($(pages pswpout) - swapped)) $((64 << 20))
check "nothing was killed" [ "$(counted memory.events oom_kill)" = 0 ]
check "memory was reported meanwhile" \
	at_least $(($(stat reported_bytes) - reported)) $((256 << 20))
check "and used again" at_least $(($(stat refaulted_bytes) - refaulted)) $((64 << 20))
check "what others had is as it was" still_precious
check "nothing of the program is left" \
	less_than "$(cat $cgroup/limited/memory.current)" $((8 << 20))
check "nearly all that is free is reported" all_reported
quiet
check "the counters agree with each other" reported_agrees
check "and with vmstat" vmstat_agrees
check "the blocks come to MemFree" blocks_are_free
check "the cgroup can be removed" rmdir $cgroup/limited
check "the device has never failed" [ "$(stat errors)" = 0 ]
finish
