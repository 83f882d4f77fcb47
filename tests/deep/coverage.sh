#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Which lines of the kernel files do the KUnit tests and a load against the
# oracle run, on User Mode Linux? At least 90 % of each file's, but for those
# that tests/deep/uncovered gives a reason for.
. "$(dirname "$0")/lib.sh"
want=90

# run NAME WORD...: a guest with nothing of prbench's, whose fence would keep it
# from writing down what was run when it ends
run()
{
	_run=$1
	shift
	TMPDIR=/dev/shm GCOV_PREFIX=$scratch/$_run timeout 900 \
		"$kernels/um-patched-gcov/linux" mem=1G root=/dev/root \
		rootfstype=hostfs rootflags=/ ro panic=-1 con=null con0=null,fd:1 \
		page_ext=on "init=$top/tests/deep/guest/coverage.sh" "$@" \
		>"$scratch/$_run.log" 2>&1 </dev/null
	sed -n '/^# /p' "$scratch/$_run.log"
	grep -q '^guest: done' "$scratch/$_run.log" || {
		tail -n 20 "$scratch/$_run.log" | sed 's/^/# /'
		return 1
	}
	_gcda=$scratch/$_run.gcda
	mkdir "$_gcda"
	find "$scratch/$_run" \( -name 'page_reporting*.gcda' -o -name 'walk_free*.gcda' \) \
		-exec cp {} "$_gcda" \;
	if [ -d "$scratch/gcda" ]; then
		gcov-tool merge -o "$scratch/sum" "$scratch/gcda" "$_gcda" >"$scratch/log" 2>&1 || return
		rm -rf "$scratch/gcda"
		mv "$scratch/sum" "$scratch/gcda"
	else
		mv "$_gcda" "$scratch/gcda"
	fi
}

# covered: a line for each file: name, lines, lines run, lines with a reason
covered()
{
	for _gcda in "$scratch"/gcda/*.gcda; do
		_name=$(basename "$_gcda" .gcda)
		_gcno=$(find -L "$out/" -name "$_name.gcno" | head -n 1)
		cp "$_gcno" "$scratch/gcda/" || return
		(cd "$scratch/gcda" && gcov -t -o . "$_name.gcda" 2>/dev/null) >"$scratch/gcov.$_name"
		awk -v file="$_name.c" '
		FILENAME == ARGV[1] {
			if (!/^(#|$)/) {
				split($0, part, "\t")
				if (part[1] == file)
					reason[part[2]] = 1
			}
			next
		}
		match($0, /:Source:.*/) { ours = $0 ~ "/" file "$"; next }
		!ours { next }
		{
			count = $0
			sub(/:.*/, "", count)
			gsub(/ /, "", count)
			line = $0
			sub(/^[^:]*:[^:]*:/, "", line)
			# what the reason is given for is a function
			if (match(line, /^[a-z].*[a-z0-9_]+\(/) && line !~ /;$/) {
				f = line
				sub(/\(.*/, "", f)
				sub(/.*[ *]/, "", f)
			}
			if (count == "-")
				next
			n++
			if (count !~ /#####|=====/)
				run++
			else if (f in reason)
				excused++
			else
				print "# " file ":" f ": " line >"/dev/stderr"
		}
		END { print file, n + 0, run + 0, excused + 0 }' \
			"$top/tests/deep/uncovered" "$scratch/gcov.$_name"
	done
}

# enough LINES RUN EXCUSED
enough()
{
	[ "$1" -gt 0 ] && [ $((($2 + $3) * 100)) -ge $(($1 * want)) ]
}

if [ -z "${DEEP_BUILT:-}" ] && ! scripts/kernel.sh build um-patched-gcov >"$scratch/log" 2>&1; then
	ok "the kernel is built" false
	done_testing
fi
out=$(readlink -f build/trees/patched)/../um-gcov
ok "the KUnit tests" run kunit kunit.enable=1
ok "the oracle" run oracle page_reporting_oracle.on=1
ok "the device" run device page_reporting_um.enable=1
ok "none of it" run off page_ext=off kunit.enable=1 page_reporting_um.enable=1
covered >"$scratch/covered" 2>"$scratch/missed"
sort "$scratch/missed" | head -n 150
ok "all files are there" [ "$(wc -l <"$scratch/covered")" -eq 6 ]
while read -r file lines run excused; do
	ok "$file: $run of $lines lines run, $excused have a reason" \
		enough "$lines" "$run" "$excused"
done <"$scratch/covered"
done_testing
