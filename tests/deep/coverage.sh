#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Which lines of the kernel files do the KUnit tests, the selftest and a load
# against the oracle run, on User Mode Linux? At least 90 % of all, and of each
# file's but for those of which tests/deep/uncovered says why; it says so of
# nearly all others.
. "$(dirname "$0")/lib.sh"
files="$(cd kernel/mm/page_reporting && echo *.c | sed 's/\.c//g') page_reporting_um"

# run NAME WORD...: not by prbench, whose fence would keep the guest from writing
# down which lines it has run when it ends
run()
{
	_gcda=$scratch/$1.gcda
	mkdir "$_gcda" || return
	shift
	TMPDIR=/dev/shm GCOV_DIR=$_gcda timeout 3600 \
		"$kernels/um-mutant-gcov/linux" mem=1G root=/dev/root \
		rootfstype=hostfs rootflags=/ ro panic=-1 con=null con0=null,fd:1 \
		"init=$top/tests/deep/guest/coverage.sh" "$@" \
		>"${_gcda%.gcda}.log" 2>&1 </dev/null
	for _f in $files; do
		[ -s "$_gcda/$_f.gcda" ] && continue
		tail -n 20 "${_gcda%.gcda}.log" | sed 's/^/# /'
		return 1
	done
	tr -d '\r' <"${_gcda%.gcda}.log" | grep -q '^guest: done'
}

# counted: of each line that can be run: file, number, function, 1 if it was by
# any of the guests or else 0, and what it says, with tabs between
counted()
{
	for _gcda in "$scratch"/*.gcda; do
		for _f in $files; do
			find -L "$out" -path "*/$_f.gcno" -exec cp {} "$_gcda" \;
			(cd "$out" && gcov -b -t -o "$_gcda" "$_gcda/$_f.gcda") |
			awk -v OFS='\t' -v file="$_f.c" '
			match($0, /:Source:.*/) { ours = $0 ~ "/" file "$"; next }
			/^function / { f = $2; next }
			!ours || !/^ *[^ :]+: *[0-9]+:/ { next }
			{
				text = $0
				sub(/^[^:]*:[^:]*:[ \t]*/, "", text)
				split($0, part, ":")
				gsub(/ /, "", part[1])
				if (part[1] != "-")
					print file, part[2] + 0, f, part[1] !~ /[#=]/, text
			}'
		done
	done | sort -t '	' -k1,1 -k2,2n -k4,4nr | awk -F '\t' '!seen[$1, $2]++'
}

# sums: of each file, and of all: name, lines, lines run, lines with a reason
# not to; the others go to stderr
sums()
{
	awk -F '\t' '
	FILENAME == ARGV[1] {
		if (!/^(#|$)/)
			reason[$1, $2, $3] = 1
		next
	}
	{
		n[$1]++
		n["all"]++
		if ($4) {
			run[$1]++
			run["all"]++
		} else if (($1, $3, $5) in reason || ($1, $3, "*") in reason) {
			known[$1]++
			known["all"]++
		} else {
			print "# " $1 ":" $2 ": " $3 ": " $5 >"/dev/stderr"
		}
	}
	END {
		for (f in n)
			print f, n[f], run[f] + 0, known[f] + 0
	}' tests/deep/uncovered "$scratch/counted" | sort
}

# percent PART WHOLE, rounded down
percent()
{
	echo $(($1 * 1000 / $2)) | sed 's/.$/.&/'
}

MUTATION=deep/coverage
export MUTATION
if [ -z "${DEEP_BUILT:-}" ] && ! scripts/kernel.sh build um-mutant-gcov >"$scratch/log" 2>&1; then
	ok "the kernel is built" false
	done_testing
fi
out=$(readlink -f "$trees/mutant")/../um-gcov
selftest=$scratch/selftest
tools=$trees/mutant/tools
mm=$tools/testing/selftests/mm
mkdir "$selftest"
for name in params files flush age reuse; do
	ok "the selftest $name is built" gcc -D_GNU_SOURCE= -O2 \
		-isystem $tools/include/uapi -o "$selftest/page_reporting_$name" \
		$mm/page_reporting_$name.c $mm/page_reporting_util.c \
		$mm/page_reporting_mem.c $mm/vm_util.c $mm/thp_settings.c
done
ok "KUnit" run kunit page_ext=on kunit.enable=1 coverage.do=nothing
ok "a load against the oracle" run oracle page_ext=on coverage.do=oracle \
	page_reporting_oracle.on=1 load.seconds=60
ok "the selftest, with the device" run device page_ext=on coverage.do=device \
	page_reporting_um.enable=1 "coverage.selftest=$selftest"
ok "page_poison=1" run poison page_ext=so page_ext=on page_poison=1 \
	coverage.do=poison page_reporting_um.enable=1 page_reporting_um.reports=1
ok "KUnit with page_ext=off" run off page_ext=off kunit.enable=1 \
	coverage.do=nothing page_reporting_um.enable=1
counted >"$scratch/counted"
sums >"$scratch/sums" 2>"$scratch/missed"
cat "$scratch/missed"
while read -r file lines hit known; do
	excused=$known
	[ "$file" != all ] || excused=0 missed=$((lines - hit - known))
	ok "$file: $(percent "$hit" "$lines") % of $lines lines are run, $known others have a reason" \
		[ $(((hit + excused) * 100)) -ge $((lines * 90)) ]
done <"$scratch/sums"
ok "all files are there" [ "$(wc -l <"$scratch/sums")" -eq $(($(echo "$files" | wc -w) + 1)) ]
ok "of few lines nobody knows why" [ "${missed:-999}" -le 20 ]
done_testing
