#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
. "${0%/*}/reader.sh"

check "no device: summary says so" says '^missing: no device has registered' summary
check "no device: blocks are untracked" says ' untracked ' blocks --limit 5
"$reader" flush >/tmp/out 2>&1
check "no device: flush ends with status 3" [ $? -eq 3 ]
check "no device: and says why" grep -q 'no device has registered' /tmp/out
finish
