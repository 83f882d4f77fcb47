#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# new.sh workload NAME	a workload's directory, which runs as it is
# new.sh test NAME	an end-to-end test tests/e2e/NAME.sh, which passes as it is
set -eu
top=$(cd "$(dirname "$0")/.." && pwd -P)
. "$top/scripts/lib.sh"

usage()
{
	echo "usage: make new WORKLOAD=name, make new TEST=name" >&2
	exit 2
}

# fresh PATH: a name of a-z, 0-9 and -, and nothing there yet
fresh()
{
	case $name in
	'' | [!a-z]* | *[!a-z0-9-]*) die "$name: a name is made of a-z, 0-9 and -, and begins with a letter" ;;
	esac
	[ ! -e "$1" ] || die "$1: is there already; choose another name"
}

new_workload()
{
	dir=$top/bench/workloads/$name
	[ ${#name} -lt 32 ] || die "$name: a workload's name has at most 31 letters"
	fresh "$dir"
	word=$(echo "$name" | tr - _)
	mkdir "$dir"
	cat >"$dir/workload.json" <<END
{
	"description": "Take some memory, free it, wait",
	"order": 200,
	"default": [],
	"platforms": ["kvm", "tcg", "um"],
	"boots": {
		"quick": {"variants": ["off", "flag", "ext"], "kvm": 1, "tcg": 1, "um": 1},
		"full": {"variants": ["off", "flag", "ext"], "kvm": 3, "tcg": 3, "um": 3}
	},
	"settings": {"mib": 64, "settle_ms": 2000},
	"seconds": {"waits": [[0.001, "settle_ms"]], "works": [0.5]},
	"metrics": [
		{"name": "fill_s", "unit": "s", "better": "less", "headline": true}
	]
}
END
	cat >"$dir/guest.c" <<END
// SPDX-License-Identifier: GPL-2.0
/* Workload $name: take some memory, free it, wait. */
#include "agent.h"

static int work_$word(const char *name, const json_t *args)
{
	size_t bytes = (size_t)arg_int(args, "mib", 64) * MIB;
	double start = now_s();
	struct hold h;
	int err = take(&h, bytes, true);

	if (err)
		return failed(name, "take memory", -err);
	emit_result(name, "fill_s", "s", now_s() - start);
	give(&h);
	emit_mark(name, "freed", bytes);
	sleep_s((double)arg_int(args, "settle_ms", 2000) * 1e-3);
	emit_simple("settled", name);
	return 0;
}

WORKLOAD(work_$word);
END
	cat >"$dir/README.md" <<END
# $name

What it does, and what that shows.

| metric | unit | |
| --- | --- | --- |
| \`fill_s\` | s | taking and touching the memory |

| setting | |
| --- | --- |
| \`mib\` | how much is taken |
| \`settle_ms\` | how long the host watches after it has been freed |
END
	echo "bench/workloads/$name: change its three files (bench/workloads/README.md says how), then"
	echo "make bench WORKLOADS=$name PLATFORMS=um"
}

new_test()
{
	file=$top/tests/e2e/$name.sh
	fresh "$file"
	cat >"$file" <<'END'
#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# What is tested, and why it could break.
. "$(dirname "$0")/lib.sh"

bench run --platforms um --variants off --workloads drain --boots 1 \
	--set drain.mib=64 --set drain.settle_ms=500
ok "the boot is good" [ $? -eq 0 ]
ok "and has its samples" [ -s "$(boot_of run)/samples.tsv" ]
done_testing
END
	chmod +x "$file"
	echo "tests/e2e/$name.sh: change it, see it fail once, and run it: tests/run.sh e2e"
}

[ $# -eq 2 ] || usage
name=$2
case $1 in
workload) new_workload ;;
test) new_test ;;
*) usage ;;
esac
