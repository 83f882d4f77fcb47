# SPDX-License-Identifier: GPL-2.0
# Report all that is free and take it again.
. "${0%/*}/../../e2e/guest/lib.sh"
for n in 1 2 3; do
	flush
	use 600
done
finish
