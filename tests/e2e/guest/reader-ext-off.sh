#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
. "${0%/*}/reader.sh"

check "page_ext=off: summary says what to do" says '^missing: this guest was not booted with page_ext=on' summary
check "page_ext=off: what needs debugfs says so" lacks 'not booted with page_ext=on'
check "page_ext=off: the rest works" from_proc
finish
