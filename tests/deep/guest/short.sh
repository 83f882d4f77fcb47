# SPDX-License-Identifier: GPL-2.0
# Allocations fail in the worker's threads and wherever a device registers.
. "${0%/*}/../../e2e/guest/lib.sh"
o=/sys/module/page_reporting_oracle/parameters
fail=/sys/kernel/debug

# fail_on NAME PERCENT: for tasks that ask for it
fail_on()
{
	echo Y >$fail/$1/task-filter
	echo 0 >$fail/$1/verbose
	echo -1 >$fail/$1/times
	echo 1 >$fail/$1/interval
	echo "$2" >$fail/$1/probability
	echo N >$fail/$1/ignore-gfp-wait
	[ ! -e $fail/$1/min-order ] || echo 0 >$fail/$1/min-order
}

if [ ! -e $fail/failslab ] || [ ! -e $fail/fail_page_alloc ]; then
	ok "allocations fail # SKIP no fault injection in this kernel"
	finish
fi
precious 96
echo 20 >$parameters/min_age_ms
fail_on failslab 30
fail_on fail_page_alloc 30
# Those of a processor, as the worker has; the others read files for 9p
for p in /proc/[0-9]*; do
	case $(cat "$p/comm" 2>/dev/null) in
	kworker/[0-9]*) echo 1 2>/dev/null >"$p/make-it-fail" ;;
	esac
done
registered=0 refused=0 flushed=0
for n in $(seq 120); do
	echo 0 >$o/on
	# nothing but this one write: a process that ends closes files of 9p,
	# which does not survive that it has no memory for it
	if sh -c "exec 3>$o/on 4>/proc/self/make-it-fail 2>/dev/null
		echo 1 >&4; echo 1 >&3; rc=\$?; echo 0 >&4; exit \$rc"; then
		registered=$((registered + 1))
	else
		refused=$((refused + 1))
	fi
	use 24
	flush 2>/dev/null && flushed=$((flushed + 1))
done
echo 0 >$fail/failslab/probability
echo 0 >$fail/fail_page_alloc/probability
echo 0 >$o/on
echo 1 >$o/on
echo "# registered $registered times, refused $refused times, $flushed flushes"
check "a device could be registered now and then" at_least $registered 5
check "and now and then there was no memory for it" at_least $refused 5
check "what was in use is as it was" still_precious
quiet
flush
check "in the end nearly all that is free is reported" \
	at_least "$(stat reported_now_bytes)" $(($(free_bytes) * 9 / 10))
check "and counted as it is" reported_agrees
finish
