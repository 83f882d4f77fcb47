# SPDX-License-Identifier: GPL-2.0
# For boots in which the kernel does all there is to do.
. "${0%/*}/../../e2e/guest/lib.sh"
finish
