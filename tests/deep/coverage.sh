#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Which lines of the kernel files do the KUnit tests and a load against the
# oracle run, on User Mode Linux? At least 90 % of each file's, but for those
# that tests/deep/uncovered gives a reason for.
. "$(dirname "$0")/lib.sh"
want=90

# gather RUN: put what the guest printed where gcov finds it, added to the rest
gather()
{
	mkdir -p "$scratch/$1.gcda"
	sed -n 's/^gcda //p' "$(boot_of "$1")/script.out" | while read -r path text; do
		echo "$text" | base64 -d >"$scratch/$1.gcda/${path##*/}"
	done
	[ -n "$(ls "$scratch/$1.gcda")" ] || return
	if [ -d "$scratch/gcda" ]; then
		gcov-tool merge -o "$scratch/sum" "$scratch/gcda" "$scratch/$1.gcda" >"$scratch/log" 2>&1 || return
		rm -rf "$scratch/gcda"
		mv "$scratch/sum" "$scratch/gcda"
	else
		cp -r "$scratch/$1.gcda" "$scratch/gcda"
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

if ! scripts/kernel.sh build um-patched-gcov >"$scratch/log" 2>&1; then
	ok "the kernel is built" false
	done_testing
fi
out=$(readlink -f build/trees/patched)/../um-gcov
mkdir "$scratch/kernels"
ln -s "$top/build/kernels/um-patched-gcov" "$scratch/kernels/um-patched"
for run in kunit oracle device; do
	variant=ext-idle
	case $run in
	kunit) PRBENCH_APPEND=kunit.enable=1 ;;
	oracle) PRBENCH_APPEND=page_reporting_oracle.on=1 ;;
	device) PRBENCH_APPEND="" variant=ext ;;
	esac
	export PRBENCH_APPEND
	guest_script $run tests/deep/guest/coverage.sh --platforms um \
		--kernels "$scratch/kernels" --variants $variant \
		--set script.run_ms=240000
	ok "$run: what was run is known" gather $run
done
covered >"$scratch/covered" 2>"$scratch/missed"
sort "$scratch/missed" | head -n 150
ok "all files are there" [ "$(wc -l <"$scratch/covered")" -eq 6 ]
while read -r file lines run excused; do
	ok "$file: $run of $lines lines run, $excused have a reason" \
		enough "$lines" "$run" "$excused"
done <"$scratch/covered"
done_testing
