#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
. "${0%/*}/reader.sh"

check "another kernel: summary says so" says '^missing: this kernel has no free page reporting by age' summary
check "another kernel: what needs debugfs says so" lacks 'no free page reporting by age'
check "another kernel: the rest works" from_proc
finish
