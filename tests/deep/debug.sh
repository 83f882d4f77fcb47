#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# debug.sh FLAVOR: a kernel with debugging runs the KUnit tests, and then for ten
# minutes the load of guest/load.sh. DEEP_SECONDS= for another time.
. "$(dirname "$0")/lib.sh"
flavor=$1
words=
# the shadow takes the end of memory, which then cannot go offline
[ "$flavor" != kasan ] || words=movablecore=384M

if ok "the kernel is built" flavor "$flavor" && [ $bad -eq 0 ]; then
	# shellcheck disable=SC2086 # one word or none
	kunit kunit $words
	load "$flavor" "${DEEP_SECONDS:-600}" movablecore=256M cma=64M $words
fi
done_testing
