#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# page-reporting in User Mode Linux guests: one that reports, one without a
# device, one with page_ext=off, and the distribution's kernel.
. "$(dirname "$0")/lib.sh"

for variant in ext ext-idle ext-off flag; do
	guest_script "$variant" "tests/e2e/guest/reader-$variant.sh" \
		--platforms um --variants "$variant"
done
done_testing
