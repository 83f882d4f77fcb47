#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The KUnit tests under QEMU: more than one processor, jump labels, memory that
# goes bad.
exec "$(dirname "$0")/../kunit.sh" x86_64
