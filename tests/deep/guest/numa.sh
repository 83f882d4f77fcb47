# SPDX-License-Identifier: GPL-2.0
# Use memory of one node after the other, free it, and see it reported as memory
# of that node.
. "${0%/*}/../../e2e/guest/lib.sh"
nodes=/sys/devices/system/node
mib=160
echo 100 >$parameters/min_age_ms
echo 0 >$parameters/learn

# reported NODE, in bytes
reported()
{
	echo $(($(sed -n 's/^nr_free_reported //p' $nodes/node"$1"/vmstat) * 4096))
}

# free_of NODE, in bytes
free_of()
{
	echo $(($(sed -n 's/^nr_free_pages //p' $nodes/node"$1"/vmstat) * 4096))
}

# wait_reported NODE BYTES: until so much of it is reported
wait_reported()
{
	_tries=0
	until [ "$(reported "$1")" -ge "$2" ]; do
		_tries=$((_tries + 1))
		[ $_tries -lt 300 ] || {
			echo "# node $1: $(reported "$1") of $2 bytes reported"
			cat $dbg/summary $dbg/stats | sed 's/^/# /'
			return 1
		}
		sleep 0.2
	done
}

# in_zoneinfo: does /proc/zoneinfo say the same of each node as its own file?
in_zoneinfo()
{
	awk '/^Node/ { n = $2 + 0 } $1 == "nr_free_reported" { sum[n] += $2 }
		END { for (n in sum) printf "%d %.0f\n", n, sum[n] * 4096 }' \
		/proc/zoneinfo >zoneinfo
	[ "$(wc -l <zoneinfo)" -eq 2 ] || return
	while read -r _node _bytes; do
		near "$_bytes" "$(reported "$_node")" || return
	done <zoneinfo
}

# lists_both FILE COLUMN: has it lines of both nodes?
lists_both()
{
	[ "$(awk -v c="$2" '$c ~ /^[01]$/ { print $c }' "$1" | sort -u | wc -l)" -eq 2 ]
}

# lines NODE ROUND: what is written there
lines()
{
	yes "node $1, round $2" 2>/dev/null | head -c ${mib}M
}

two_nodes()
{
	[ -d $nodes/node0 ] && [ -d $nodes/node1 ]
}

check "there are two nodes" two_nodes
flush
for node in 0 1; do
	mkdir -p node$node
	check "node $node: a file system of its memory" \
		mount -t tmpfs -o size=90%,mpol=bind:$node none node$node
done
for node in 0 1; do
	other=$((1 - node))
	check "node $node: nearly all that is free is reported" \
		wait_reported $node $(($(free_of $node) * 8 / 10))
	before=$(reported $node) theirs=$(reported $other)
	head -c ${mib}M /dev/zero >node$node/used
	check "node $node: memory in use is not reported" \
		at_least $((before - $(reported $node))) $(((mib - 16) << 20))
	check "node $node: the other node's memory is as it was" \
		at_least "$(reported $other)" $((theirs - (16 << 20)))
	rm node$node/used
	check "node $node: freed, it is reported again" \
		wait_reported $node $((before - (16 << 20)))
done
for round in 1 2 3 4; do
	for node in 0 1; do
		lines $node $round >node$node/used &
	done
	wait
	# for as long as memory that is free is reported
	sleep 0.3
	for node in 0 1; do
		lines $node $round | cmp - node$node/used || echo $node >>broken
		rm node$node/used
	done
done
check "memory in use stays as it was" [ ! -e broken ]
for node in 0 1; do
	check "node $node: after some churn nearly all that is free is reported" \
		wait_reported $node $(($(free_of $node) * 8 / 10))
done
quiet
flush
check "summary lists both nodes" lists_both $dbg/summary 1
check "so does blocks" lists_both $dbg/blocks 3
check "zoneinfo and the nodes' own files agree" in_zoneinfo
check "nodes add up to what stats say" near "$(stat reported_now_bytes)" \
	$(($(reported 0) + $(reported 1)))
cat /sys/kernel/debug/page_reporting_oracle >oracle.out
sed 's/^/# oracle /' oracle.out
check "what counts as reported was not used since" grep -qx 'false_bytes 0' oracle.out
check "audits found reported memory" \
	at_least "$(sed -n 's/^audited_bytes //p' oracle.out)" $((16 << 20))
finish
