#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The model of tests/model with twenty times as many operations as in `make test`.
cd "$(dirname "$0")/../.." && make -s -C tests/model >&2 || exit 1
exec build/san/model/model --ops "${DEEP_OPS:-20000000}" --seed "${DEEP_SEED:-$(date +%j)}"
