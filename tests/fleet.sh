#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# What other machines' programs read: TAP of run.sh, LAVA's results and job.
set -u
top=$(cd "$(dirname "$0")/.." && pwd -P)
. "$top/tests/tap.sh"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# A copy of run.sh with a group of its own, made of programs that do as told.
mkdir -p "$tmp/tree/tests" "$tmp/bin"
{
	sed '/^group_script()/,/^}/d; /^\[ \$# -gt 0 \]/,$d' "$top/tests/run.sh"
	cat <<'END'
group_script()
{
	run one sh -c 'echo "ok 1 - a # b"; echo "ok 2 - c # SKIP no luck"; echo 1..2'
	run two sh -c 'echo "not ok 1 - d"; echo 1..1; exit 1'
	run three true
	run four sh -c 'echo "no such thing"; exit 77'
	run five sh -c 'echo "ok 1 - e"; echo 1..2'
	run six sh -c 'echo "ok 1 - f"'
}
END
	sed -n '/^\[ \$# -gt 0 \]/,$p' "$top/tests/run.sh"
} >"$tmp/tree/tests/run.sh"

(cd "$tmp/tree" && sh tests/run.sh --tap script) >"$tmp/tap" 2>&1
status=$?
check "a failed point is a failed run" [ $status -eq 1 ]
cat >"$tmp/want" <<'END'
ok 1 - one: a \# b
ok 2 - one: c # SKIP no luck
not ok 3 - two: d
ok 4 - three
ok 5 - four # SKIP no such thing
ok 6 - five: e
not ok 7 - five
ok 8 - six: f
not ok 9 - six
1..9
END
grep -E '^(ok|not ok|1\.\.)' "$tmp/tap" | diff "$tmp/want" - >"$tmp/diff"
same=$?
check "run.sh --tap prints a point for each of its tests" [ $same -eq 0 ]
[ $same -eq 0 ] || sed 's/^/# /' "$tmp/diff"
check "and says which version" [ "$(head -n 1 "$tmp/tap")" = "TAP version 14" ]
check "and nothing else but comments" \
	[ -z "$(sed 1d "$tmp/tap" | grep -vE '^(ok|not ok|1\.\.|# )')" ]
grep -v '^1' "$tmp/want" >"$tmp/want.points"
(cd "$tmp/tree" && TAP=1 sh tests/run.sh script) 2>&1 | grep -E '^(ok|not ok)' >"$tmp/env"
check "TAP in the environment does the same" cmp -s "$tmp/env" "$tmp/want.points"
(cd "$tmp/tree" && sh tests/run.sh script) >"$tmp/plain" 2>&1
check "without it the last line is the sum" \
	[ "$(tail -n 1 "$tmp/plain")" = "4 passed, 3 failed, 2 skipped" ]

check "and before it what was skipped, by name" grep -qx 'skip four: no such thing' "$tmp/plain"

# group DEFINITION: what such a group says, in $tmp/plain
group()
{
	sed '/^group_script()/,/^}/d; /^\[ \$# -gt 0 \]/,$d' "$top/tests/run.sh" \
		>"$tmp/tree/tests/group.sh"
	echo "$1" >>"$tmp/tree/tests/group.sh"
	sed -n '/^\[ \$# -gt 0 \]/,$p' "$top/tests/run.sh" >>"$tmp/tree/tests/group.sh"
	(cd "$tmp/tree" && sh tests/group.sh script) >"$tmp/plain" 2>&1
}

group 'group_script() { :; }'
check "a run of nothing is no success" [ $? -eq 1 ]
group 'group_script() { run none sh -c "echo not here; exit 77"; }'
check "nor is one of skips only" [ $? -eq 1 ]

# all DEFINITION: what a run of two such groups says, as TAP, where there are two processors
printf '#!/bin/sh\necho 2\n' >"$tmp/bin/nproc"
chmod +x "$tmp/bin/nproc"
all()
{
	group "$1"
	sed 's/^known=.*/known="script e2e"/' "$tmp/tree/tests/group.sh" >"$tmp/tree/tests/run.sh"
	chmod +x "$tmp/tree/tests/run.sh"
	(cd "$tmp/tree" && PATH=$tmp/bin:$PATH sh tests/run.sh --tap) >"$tmp/both" 2>&1
}
all 'await() { timeout 60 sh -c "until [ $1 e2e ]; do sleep 0.1; done"; }
	group_script() { run one true; await -e && rm e2e; }
	group_e2e() { touch e2e; run two sh -c "echo not ok 1 - a; echo 1..1; echo why"
		run three sh -c "echo no; exit 77"; await "! -e" && run beside true; }'
check "a failure of what runs beside the others is a failed run" [ $? -eq 1 ]
cat >"$tmp/want.both" <<'END'
ok 1 - one
not ok 2 - two: a
ok 3 - three # SKIP no
ok 4 - beside
1..4
END
check "its points come last" sh -c "grep -E '^(ok|not ok|1\.\.)' '$tmp/both' | diff '$tmp/want.both' - >&2"
check "with what it said, as comments" grep -qx '#   | why' "$tmp/both"
all 'group_script() { run one true; }
	group_e2e() { run two true; kill -KILL $$; }'
check "what is cut off is a failed run" grep -qx 'not ok 3 - e2e' "$tmp/both"

mkdir -p "$tmp/tree/tests/e2e"
printf '#!/bin/sh\nexit 0\n' >"$tmp/tree/tests/e2e/good.sh"
cp "$tmp/tree/tests/e2e/good.sh" "$tmp/tree/tests/e2e/lost.sh"
chmod +x "$tmp/tree/tests/e2e/good.sh"
chmod -x "$tmp/tree/tests/e2e/lost.sh"
group 'group_script() { scripts tests/e2e/*.sh; }'
check "a script without its mode bit is a failure" [ $? -eq 1 ]
check "which says what to do" grep -q 'chmod +x tests/e2e/lost.sh' "$tmp/plain"
check "and no other is" grep -qx '1 passed, 1 failed, 0 skipped' "$tmp/plain"

# LAVA's test shell
cat >"$tmp/bin/lava-test-case" <<'END'
#!/bin/sh
echo "$*" >>"$LAVA_LOG"
END
chmod +x "$tmp/bin/lava-test-case"

# results STDIN ARG...: what LAVA is told
results()
{
	_in=$1
	shift
	: >"$tmp/lava"
	LAVA_LOG=$tmp/lava PATH=$tmp/bin:$PATH "$top/tests/lava/results.sh" "$@" \
		<"$_in" >"$tmp/out" 2>&1
}

results "$tmp/tap" test
status=$?
cat >"$tmp/want" <<'END'
test-one-a-b --result pass
test-one-c --result skip
test-two-d --result fail
test-three --result pass
test-four --result skip
test-five-e --result pass
test-five --result fail
test-six-f --result pass
test-six --result fail
test-complete --result pass
END
check "LAVA hears of each point" diff "$tmp/want" "$tmp/lava"
check "and the step fails" [ $status -eq 1 ]
grep -v 'two: d' "$tmp/tap" >"$tmp/short"
results "$tmp/short" test
check "a point that is missing is told" grep -qx 'test-complete --result fail' "$tmp/lava"
printf 'TAP version 14\n1..2\nok 1 - boot 001 um flag drain\n# took long\nok 2 - boot 002 um ext\n' >"$tmp/good"
results "$tmp/good" bench
status=$?
check "a run without failures passes" [ $status -eq 0 ]
check "and is complete" grep -qx 'bench-complete --result pass' "$tmp/lava"
printf '1..2\nok 1 - a\nok 2 - b\nBail out! interrupted\n' >"$tmp/bail"
results "$tmp/bail" bench
check "who bails out is not complete" grep -qx 'bench-complete --result fail' "$tmp/lava"
results "$top/results/reference/6.12/summary.tsv" figures
check "figures are measurements" \
	grep -qE '^um-ext-drain-t95_s --result pass --measurement [0-9.]+ --units s$' "$tmp/lava"
check "so is another of them" grep -q '^um-flag-drain-t95_s ' "$tmp/lava"
awk -F '\t' -v OFS='\t' '$1 == "um" && $3 == "flag" && $5 == "t95_s" { $8 = "inf" } 1' \
	"$top/results/reference/6.12/summary.tsv" >"$tmp/never"
: >"$tmp/lava"
results "$tmp/never" figures
check "what was never reached is none" sh -c "! grep -q 'um-flag-drain-t95_s' '$tmp/lava'"
(PATH=/bin:/usr/bin "$top/tests/lava/results.sh" test </dev/null >"$tmp/out" 2>&1)
check "outside of LAVA it says so" grep -q 'no lava-test-case' "$tmp/out"

# schema: what LAVA itself says to a job and to its test definition
schema()
{
	$python - "$@" 2>"$tmp/why" <<'END'
import sys
import yaml
from lava_common import schemas
from lava_common.schemas.test import testdef

with open(sys.argv[1]) as f:
    job = yaml.safe_load(f)
schemas.validate(job, strict=True)
schemas.extra_checks(job)
with open(sys.argv[2]) as f:
    definition = yaml.safe_load(f)
testdef.validate(definition)
names = [d["path"] for a in job["actions"] if "test" in a
         for d in a["test"]["definitions"]]
assert "tests/lava/page-reporting.yaml" in names, names
END
}

refused()
{
	! schema "$@"
}

lava=$top/tests/lava
check "the job installs what the tests need" \
	grep -qx ' *- scripts/deps.sh test' "$lava/page-reporting.yaml"
# the distribution's, if another comes first
for python in python3 /usr/bin/python3; do
	! $python -c 'import yaml; import lava_common.schemas' 2>/dev/null || break
	python=
done
if [ -n "$python" ]; then
	check "LAVA's schema accepts job and definition" \
		schema "$lava/job.yaml" "$lava/page-reporting.yaml"
	sed 's/^    hours: 6$/    hours: 2/' "$lava/job.yaml" >"$tmp/job.yaml"
	check "it refuses a test that outlasts its job" \
		refused "$tmp/job.yaml" "$lava/page-reporting.yaml"
	sed 's/^      method: qemu$/      method: quemu/' "$lava/job.yaml" >"$tmp/job.yaml"
	check "it refuses a way to boot that there is not" \
		refused "$tmp/job.yaml" "$lava/page-reporting.yaml"
	sed 's/^  format: .*/  format: other/' "$lava/page-reporting.yaml" >"$tmp/def.yaml"
	check "it refuses a definition of another format" \
		refused "$lava/job.yaml" "$tmp/def.yaml"
else
	ok "LAVA's schema accepts job and definition # SKIP no python3 module lava_common here (Debian: lava-common)"
fi
finish
