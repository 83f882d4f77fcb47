#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# run.sh [--tap] [GROUP...]: run the tests and sum up; deep/NAME is a tier of
# check-deep.sh, e2e/NAME a script of that group. Without GROUP all run, e2e beside
# the others where there is more than one processor. KERNELS= names the kernels to
# build for guests (default: all). A test program may print TAP, in which case
# each of its points counts; otherwise it counts as one by its exit status, where
# 77 means skipped, for the reason given in its last line. With --tap, or TAP in
# the environment, all of it is TAP 14, one point each.
set -u
tap=${TAP:-}
unset TAP
[ "${1:-}" != --tap ] || {
	tap=yes
	shift
}
beside=${TESTS_BESIDE:-}
unset TESTS_BESIDE
top=$(cd "$(dirname "$0")/.." && pwd -P)
cd "$top" || exit 1
tab=$(printf '\t')
known="script unit kunit style e2e"
logs=build/test-logs
passed=0 failed=0 skipped=0
skips=			# a line for each

now()
{
	date +%s%3N
}

# say: what is meant for people, from stdin
say()
{
	if [ -n "$tap" ]; then sed 's/^/# /'; else cat; fi
}

# tap_point RESULT NAME [REASON]; a # would begin a directive
tap_point()
{
	_not='' _why=''
	[ "$1" != FAIL ] || _not='not '
	[ "$1" != skip ] || _why=" # SKIP $3"
	printf '%sok %d - %s%s\n' "$_not" $((passed + failed + skipped)) \
		"$(echo "$2" | sed 's/[\\#]/\\&/g')" "$_why"
}

# point RESULT NAME MILLISECONDS [REASON]; beside others it is for them to count
point()
{
	[ -z "$beside" ] || {
		printf 'point\t%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "${4:-}"
		return
	}
	case $1 in
	pass) passed=$((passed + 1)) ;;
	FAIL) failed=$((failed + 1)) ;;
	skip)
		skipped=$((skipped + 1))
		skips="$skips
skip $2${4:+: $4}"
		;;
	esac
	[ -z "$tap" ] || {
		[ "$1" = skip ] || [ -z "${4:-}" ] || echo "# $4"
		tap_point "$1" "$2" "${4:-}"
		return
	}
	printf '%s %s (%d.%d s)%s\n' "$1" "$2" $(($3 / 1000)) \
		$(($3 % 1000 / 100)) "${4:+: $4}"
}

# run NAME CMD...: run one test program; fails if any of its points did
run()
{
	name=$1
	shift
	log=$logs/$(echo "$name" | tr ' /' '__').log
	start=$(now)
	{
		"$@" 2>&1 </dev/null
		echo "exit $?"
	} | while IFS= read -r line; do
		case $line in
		'ok '* | 'not ok '*) echo "$(now) $line" ;;
		*) echo "- $line" ;;
		esac
	done >"$log"
	end=$(now)
	rc=$(sed -n '$s/^- exit //p' "$log")
	sed -i '$d' "$log"
	points=0 bad=0 last=$start
	while IFS= read -r line; do
		case $line in
		'- '*) continue ;;
		esac
		t=${line%% *}
		line=${line#* }
		what=${line#not }
		what=${what#ok }
		what=$(echo "$what" | sed 's/^[0-9]* *-* *//')
		points=$((points + 1))
		case $line in
		'not ok '*)
			bad=1
			point FAIL "$name: $what" $((t - last))
			;;
		*'# SKIP'* | *'# skip'*)
			point skip "$name: ${what%% \#*}" $((t - last)) \
				"$(echo "$what" | sed 's/.*# [A-Za-z]* *//')"
			;;
		*) point pass "$name: $what" $((t - last)) ;;
		esac
		last=$t
	done <"$log"
	plan=$(sed -n 's/^- 1\.\.\([0-9][0-9]*\).*/\1/p' "$log" | head -n 1)
	took=$((end - start))
	if [ $points -eq 0 ]; then
		case $rc in
		0) point pass "$name" $took ;;
		77) point skip "$name" $took "$(sed -n '$s/^- //p' "$log")" ;;
		*) bad=1; point FAIL "$name" $took "exit status $rc" ;;
		esac
	elif [ "${plan:-none}" != $points ]; then
		bad=1
		point FAIL "$name" $took "$points of ${plan:-no} planned tests ran, exit status $rc"
	elif [ "$rc" -ne 0 ] && [ $bad -eq 0 ]; then
		bad=1
		point FAIL "$name" $took "exit status $rc though no test failed"
	fi
	[ $bad -eq 0 ] || {
		echo "  --- end of $log"
		sed 's/^- //; s/^[0-9]\{13\} //' "$log" | tail -n 25 | sed 's/^/  | /'
	} | say
	return $bad
}

# scripts PATTERN...: run test scripts; one that cannot be run is an error, for
# else a lost mode bit would be a lost test
scripts()
{
	for t; do
		if [ "$t" = tests/e2e/lib.sh ]; then
			:
		elif [ ! -f "$t" ]; then
			run "${t#tests/}" sh -c "echo 'no such test'; exit 1"
		elif [ ! -x "$t" ]; then
			run "${t#tests/}" sh -c "echo 'is not executable: chmod +x $t'; exit 1"
		else
			run "${t#tests/}" env PRX_TOP="$top" \
				PRX_BIN="$top/build/${bins:-bin}" "$t"
		fi
	done
}

# kernels: build what guests boot, once, whichever group asks first
kernels_state=
kernels()
{
	[ -n "$kernels_state" ] || {
		kernels_state=bad
		# shellcheck disable=SC2086 # several kernels
		run "build kernels" scripts/kernel.sh build ${KERNELS:-} && kernels_state=good
	}
	[ $kernels_state = good ]
}

group_script()
{
	run graft tests/graft.sh
	run releases tests/releases.sh
	run posting tests/posting.sh
	run trees tests/trees.sh
	run fleet tests/fleet.sh
	run caches tests/caches.sh
	run packages tests/packages.sh
}

group_unit()
{
	# all of them, even if one does not compile
	run "build programs under ASan and UBSan" make -k -s --no-print-directory sanitized
	for t in build/san/tests/*/test_*; do
		[ -x "$t" ] && [ -f "tests/${t#build/san/tests/}.c" ] || continue
		run "${t#build/san/tests/}" env CMOCKA_MESSAGE_OUTPUT=TAP \
			PRX_TOP="$top" PRX_BIN="$top/build/san" "$t"
	done
	if run "build model" make -s --no-print-directory -C tests/model; then
		run model build/san/model/model
		run replay build/san/model/replay --check tests/model/replay/traces/*.trace
	fi
	run "fuzz seeds" env FUZZ_SEEDS=1 tests/deep/fuzz.sh
	bins=san
	scripts tests/report/*.sh tests/tool/*.sh
	bins=
}

group_kunit()
{
	run kunit tests/kunit.sh
}

group_style()
{
	kernels && run style tests/style.sh
}

# group_e2e [SCRIPT]: all of them if none is named
group_e2e()
{
	run "build programs" make -s --no-print-directory programs tools || return
	kernels || return
	if [ $# -gt 0 ]; then
		scripts "tests/e2e/$1.sh"
	else
		scripts tests/e2e/*.sh
	fi
}

# group_deep TIER: its own script, or a kernel of tests/deep/config
group_deep()
{
	run "build programs" make -s --no-print-directory programs build/bin/pattern || return
	if [ -x "tests/deep/$1.sh" ]; then
		run "deep/$1" "tests/deep/$1.sh"
	elif [ -f "tests/deep/$1.sh" ]; then
		run "deep/$1" sh -c "echo 'is not executable: chmod +x tests/deep/$1.sh'; exit 1"
	elif [ -f "tests/deep/config/$1.config" ]; then
		run "deep/$1" tests/deep/debug.sh "$1"
	else
		run "deep/$1" sh -c "echo 'not ok 1 - tests/deep/$1.sh is missing'"
	fi
}

# start_beside GROUP: in the background, where Ctrl-C is to reach it, too
start_beside()
{
	TESTS_BESIDE=1 env --default-signal=INT,QUIT tests/run.sh "$1" \
		>"$logs/$1.beside" 2>&1 </dev/null &
	other=$!
}

# finish_beside GROUP: wait for it, count its points, and print what it did
finish_beside()
{
	wait "$other" || :
	other=
	_ended=
	while IFS= read -r _line; do
		case $_line in
		point"$tab"*)
			IFS=$tab read -r _ _result _name _ms _why <<-END
			$_line
			END
			point "$_result" "$_name" "$_ms" "$_why"
			;;
		ended) _ended=yes ;;
		*) printf '%s\n' "$_line" | say ;;
		esac
	done <"$logs/$1.beside"
	[ -n "$_ended" ] || point FAIL "$1" 0 "it was cut off"
}

another=
[ $# -gt 0 ] || {
	[ "$(nproc)" -lt 2 ] || another=e2e
	# shellcheck disable=SC2086 # several groups
	set -- $known
}
for g; do
	case " $known deep " in
	*" ${g%%/*} "*) ;;
	*) echo "run.sh: $g: no such group; known: $known" >&2; exit 2 ;;
	esac
done
other=''
trap '[ -z "$other" ] || kill "$other"; exit 130' INT
trap '[ -z "$other" ] || kill "$other"; exit 143' TERM
mkdir -p $logs
begin=$(now)
[ -z "$tap" ] || echo "TAP version 14"
[ -z "$another" ] || start_beside "$another"
for g; do
	[ -n "$beside" ] || echo "== $g" | say
	case $g in
	"$another") finish_beside "$g" ;;
	deep/* | e2e/*) "group_${g%%/*}" "${g#*/}" ;;
	*) "group_$g" ;;
	esac
done
[ -z "$beside" ] || {
	echo ended
	exit
}
[ -z "$tap" ] || echo "1..$((passed + failed + skipped))"
# what was not tested is not to be overlooked, and no test at all is no success
[ -z "$skips" ] || echo "$skips" | sed 1d | say
[ $((passed + failed)) -gt 0 ] || {
	failed=1
	echo "no test has run" | say
}
{
	echo "logs are in $logs, $((($(now) - begin) / 1000)) s"
	echo "$passed passed, $failed failed, $skipped skipped"
} | say
[ $failed -eq 0 ]
