# SPDX-License-Identifier: GPL-2.0
# Suspend in the midst of passes: first what freezes processes and workers only,
# then what puts the devices to sleep, too, and where there is a clock that wakes
# the guest up, all of it. Devices are reset, and for the one with the guest's
# root Linux has no driver that could do with it: by then all that is needed has
# to be in memory.
. "${0%/*}/lib.sh"

power=/sys/power
wake=/sys/class/rtc/rtc0/wakealarm
root=/dev/shm/root
programs="sh sed awk grep head seq cmp cat dd rm sleep sort uniq"

report_on()
{
	until [ -e stop ]; do
		use 48
		flush 2>flush.err || grep -qE 'canceled|Interrupted' flush.err ||
			cat flush.err >>flush.bad
	done
}

# suspend LEVEL: none of pm_test's is all of it
suspend()
{
	if [ "$1" = none ]; then
		echo 0 >$wake && echo +3 >$wake || return
	fi
	echo mem >$power/state
}

# suspend_often LEVEL TIMES: with memory freed and reported meanwhile
suspend_often()
{
	rm -f stop
	: >flush.bad
	before=$(stat reported_bytes) wrong=0 i=0
	echo 20 >$parameters/min_age_ms
	report_on &
	echo "$1" >$power/pm_test
	while [ $i -lt "$2" ]; do
		i=$((i + 1))
		suspend "$1" || wrong=$((wrong + 1))
		sleep 0.2
	done
	: >stop
	wait
	quiet
	check "$1: suspend and resume work $2 times" [ $wrong -eq 0 ]
	sort flush.bad | uniq -c
	check "$1: a flush does, too, or is ended" [ ! -s flush.bad ]
	check "$1: what was in use is as it was" still_precious
	check "$1: memory was reported meanwhile" \
		at_least $(($(stat reported_bytes) - before)) $((64 << 20))
	flush
	check "$1: nearly all that is free is reported" \
		at_least "$(stat reported_now_bytes)" $(($(free_bytes) * 9 / 10))
	check "$1: and counted as it is" reported_agrees
	check "$1: the device has never failed" [ "$(stat errors)" = 0 ]
}

# bring FILE...: into the new root
bring()
{
	for f; do
		mkdir -p "$root${f%/*}" && cp -L "$f" "$root$f" || return
	done
}

# libraries PROGRAM...: what they are linked with
libraries()
{
	ldd "$@" | sed -n "s,^[^/]*\(/[^ ]*\) (.*,\1,p" | sort -u
}

make_root()
{
	mkdir -p $root/proc $root/sys $root/dev $root/tmp
	paths=
	for p in $programs; do
		paths="$paths $(command -v "$p")" || return
	done
	# shellcheck disable=SC2046,SC2086 # one path a word
	bring $paths $(libraries $paths) "$0" "${0%/*}/lib.sh" \
		"${0%/*}/../../tap.sh" || return
	# what init will need when this is over, into the page cache
	# shellcheck disable=SC2046
	cat "$PRAGENT" $(libraries "$PRAGENT") >/dev/null || return
	for m in proc sys dev tmp; do
		mount --rbind /$m $root/$m || return
	done
}

if [ "${1-}" = devices ]; then
	# In the new root, with nothing of the old one open
	tap_n=$2 tap_bad=$3 precious_mib=$4
	suspend_often devices 4
	[ ! -e $wake ] || suspend_often none 4
	finish
fi

grep -qs devices $power/pm_test || {
	ok "suspend # SKIP this kernel has no $power/pm_test"
	finish
}
echo 0 >/sys/module/suspend/parameters/pm_test_delay
echo 0 >$power/sync_on_suspend
precious 96
suspend_often freezer 8
# When devices wake up, 7.3's virtio_console asks the host whether it has a port
# open before there is a buffer for the answer: for the guest it is closed from
# then on, and of what the agent says nothing gets out. With page_ext=off, too.
case $(uname -r) in
7.3.*) ok "devices # SKIP 7.3's virtio_console loses the host's ports"; finish ;;
esac
check "a root in memory can be made" make_root
[ $tap_bad -eq 0 ] || finish
exec chroot $root sh "$0" devices "$tap_n" "$tap_bad" "$precious_mib"
