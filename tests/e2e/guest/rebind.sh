# SPDX-License-Identifier: GPL-2.0
# The balloon's driver is taken from its device and given back in the midst of
# passes, again and again; then the order changes.
. "${0%/*}/lib.sh"

driver=/sys/bus/virtio/drivers/virtio_balloon

report_on()
{
	until [ -e stop ]; do
		use 48
		# fails while there is no device
		flush 2>/dev/null
	done
}

# order_becomes ORDER: set it, and wait until it is in force
order_becomes()
{
	echo "$1" >$parameters/page_reporting_order || return
	tries=0
	until [ "$(cat $parameters/page_reporting_order)" = "$1" ]; do
		tries=$((tries + 1))
		[ $tries -lt 600 ] || return
		sleep 0.1
	done
}

device=$(cd $driver && echo virtio*)
if [ ! -e "$driver/$device" ] || [ ! -w $driver/unbind ]; then
	ok "unbind and bind # SKIP there is no balloon that can be unbound"
	finish
fi
precious 96
echo 20 >$parameters/min_age_ms
report_on &
wrong=0 rounds=0
while [ $rounds -lt 20 ]; do
	rounds=$((rounds + 1))
	echo "$device" >$driver/unbind || wrong=$((wrong + 1))
	# At once, or after a while without
	[ $((rounds % 2)) -eq 0 ] || sleep 0.1
	echo "$device" >$driver/bind || wrong=$((wrong + 1))
	sleep 0.1
done
# With all memory to be looked at anew each time
changed=0
for order in 0 3 8 5 9; do
	order_becomes $order && changed=$((changed + 1))
	sleep 0.2
done
: >stop
wait
echo "# $(stat passes) passes, $(stat reported_bytes) bytes reported"
check "unbind and bind work 20 times" [ $wrong -eq 0 ]
check "the order can be changed" [ $changed -eq 5 ]
check "what was in use is as it was" still_precious

echo "$device" >$driver/unbind
no_flush()
{
	! flush 2>flush.err && grep -q 'No such device' flush.err
}
check "without a device a flush says so" no_flush
check "and nothing counts as reported" [ "$(stat reported_now_bytes)" = 0 ]
check "and summary knows nothing" summary_is_free untracked
before=$(stat reported_bytes)
passes=$(stat passes)
use 64
sleep 0.5
check "and nobody works" [ "$(stat passes)" = "$passes" ]
echo "$device" >$driver/bind
quiet
flush
check "with it, free memory is reported again" \
	at_least $(($(stat reported_bytes) - before)) $(($(free_bytes) * 9 / 10))
check "and counted as it is" reported_agrees
check "the device has never failed" [ "$(stat errors)" = 0 ]
finish
