# SPDX-License-Identifier: GPL-2.0
# The kernel's selftests, which selftest.sh has built. The kernel's command line
# says where they are, what to call their points, and what they have to skip here.
. "${0%/*}/lib.sh"

# Of the host's root, which is where this script is, too
root=${0#/}
dir=/${root%%/*}$SELFTEST

# as_ours NAME: its points become ours; what it has to skip is no point
as_ours()
{
	sed -u "s/^TAP version/# &/; s/^1\.\./# &/
		/^ok .*# SKIP \($SKIPS\)/s/^/# /
		s/^\(not \)*ok [0-9]* /&- $LABEL: /"
}

status_agrees()
{
	[ "$(cat status)" = "$(grep -q '^not ok' out && echo 1 || echo 0)" ]
}

for test in params files flush age reuse; do
	{ "$dir/page_reporting_$test"; echo $? >status; } 2>&1 | as_ours | tee out
	tap_n=$((tap_n + $(grep -c '^\(not \)*ok ' out)))
	planned=$(grep -c '^\(# \)*\(not \)*ok ' out)
	check "$LABEL: $test comes to its end" grep -q "^# 1\.\.$planned$" out
	check "$LABEL: status $(cat status) says the same" status_agrees
done

# the parameters; flush tells what the last one did
settings()
{
	grep . $parameters/* | grep -v "^$parameters/flush:"
}

# sent SIGNAL STATUS WHOM: it is ended while parameters change, which are then
# as they were
sent()
{
	settings >before
	status=0
	# Unless it was done before the signal came
	while [ $status -eq 0 ]; do
		"$dir/page_reporting_reuse" -t everything_at_once >/dev/null &
		while kill -0 $! 2>/dev/null &&
		      settings | cmp -s - before; do
			sleep 0.1
		done
		if [ "$3" = child ]; then
			pkill "-$1" -P $!
		else
			kill "-$1" $! 2>/dev/null
		fi
		wait $!
		status=$?
	done
	echo "# status $status"
	# A change of the order takes effect later
	i=0
	until [ $i -eq 100 ] || settings | cmp -s - before; do
		i=$((i + 1))
		sleep 0.1
	done
	[ $status -eq "$2" ] && settings | diff before -
}

# without a device they are skipped, and change nothing
if flush 2>/dev/null; then
	check "$LABEL: Ctrl-C leaves parameters as they were" sent INT 130 it
	check "$LABEL: and so does its end" sent TERM 143 it
	check "$LABEL: and so does a crash" sent SEGV 1 child
fi
finish
