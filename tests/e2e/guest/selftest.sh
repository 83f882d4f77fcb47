# SPDX-License-Identifier: GPL-2.0
# The kernel's selftest, which selftest.sh has built. The kernel's command line
# says where it is, what to call its points, and what it has to skip here.
. "${0%/*}/lib.sh"

# Of the host's root, which is where this script is, too
root=${0#/}
prog=/${root%%/*}$SELFTEST

# Its points become ours; what it has to skip is no point
as_ours()
{
	sed -u "s/^TAP version/# &/; s/^1\.\./# &/
		/^ok .*# SKIP \($SKIPS\)/s/^/# /
		s/^\(not \)*ok [0-9]* /&- $LABEL: /"
}

{ "$prog"; echo $? >status; } 2>&1 | as_ours | tee out
tap_n=$(grep -c '^\(not \)*ok ' out)
planned=$((tap_n + $(grep -c '^# ok ' out)))
check "$LABEL: it comes to its end" grep -q "^# 1\.\.$planned$" out
check "$LABEL: status $(cat status) says the same" \
	[ "$(cat status)" = "$(grep -q '^not ok' out && echo 1 || echo 0)" ]

# found FILE SCRIPT: what sed makes of a file of debugfs is wrong; - for one that
# is left as it is
found()
{
	mkdir doctored
	for f in blocks summary ages stats; do
		cat "$dbg/$f" >"doctored/$f"
	done
	: >doctored/flush
	[ "$1" = - ] || sed -i "$2" "doctored/$1"
	"$prog" -d doctored -t format | sed 's/^/# /' >found
	rm -r doctored
	if [ "$1" = - ]; then
		! grep '^# not ok' found
	else
		grep -q "^# not ok .* $1: format" found
	fi
}

# sent SIGNAL STATUS WHOM: it is ended while parameters change, which are then
# as they were
sent()
{
	grep . $parameters/* >before
	status=0
	# Unless it was done before the signal came
	while [ $status -eq 0 ]; do
		"$prog" -t everything >/dev/null &
		while kill -0 $! 2>/dev/null &&
		      grep . $parameters/* | cmp -s - before; do
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
	[ $status -eq "$2" ] && grep . $parameters/* | diff before -
}

if [ -d $dbg ]; then
	check "$LABEL: Ctrl-C leaves parameters as they were" sent INT 130 it
	check "$LABEL: and so does its end" sent TERM 143 it
	check "$LABEL: and so does a crash" sent SEGV 1 child
fi
# A copy takes any flush, as if there were a device
if flush 2>/dev/null; then
	check "$LABEL: it has nothing against a copy" found -
	check "$LABEL: it finds a wrong name in stats" found stats s/kept/kpet/
	check "$LABEL: it finds a wrong sum in summary" found summary '2s/[0-9]*$/7/'
	check "$LABEL: it finds a wrong class in ages" found ages 's/^64 /63 /'
	check "$LABEL: it finds a wrong pfn in blocks" found blocks '2s/^[0-9]*/1/'
fi
finish
