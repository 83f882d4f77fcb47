# SPDX-License-Identifier: GPL-2.0
# perf sees what is freed, reported and used again, and what it prints agrees
# with the counters.
. "${0%/*}/lib.sh"

counters()
{
	echo "$1_reported=$(stat reported_bytes) $1_refaulted=$(stat refaulted_bytes)"
}

# What is recorded: counters at its beginning and its end
if [ "${1-}" = load ]; then
	counters begin
	rm huge/*
	flush
	use 96
	counters end
	exit 0
fi

# sum EVENT FIELD [FIELD=VALUE]: of what perf printed
sum()
{
	awk -v event="page_reporting:page_reporting_$1:" -v field="$2" -v only="${3-}" '
	index($0, event) && (only == "" || index($0 " ", " " only " ")) {
		for (i = 1; i <= NF; i++)
			if (index($i, field "=") == 1)
				s += substr($i, length(field) + 2)
	}
	END { printf "%.0f\n", s }' perf.txt
}

# lines EVENT PATTERN: there are some, and all look like that
lines()
{
	grep "page_reporting:page_reporting_$1:" perf.txt >lines
	sed 's/^/# /; 2q' lines
	[ -s lines ] && ! grep -vE "page_reporting_$1: +$2 *\$" lines
}

# each pass comes to what its batches were
passes_add_up()
{
	awk '
	function field(name) {
		match($0, " " name "=[^ ]*")
		return substr($0, RSTART + length(name) + 2, RLENGTH - length(name) - 2)
	}
	/page_reporting_pass_start:/ { within = 1; bytes = reports = 0 }
	/page_reporting_batch:/ { bytes += field("bytes"); reports++ }
	/page_reporting_pass_end:/ && within {
		within = 0
		passes++
		if (bytes != field("bytes") || reports != field("reports")) {
			print "# " reports " batches of " bytes " bytes before: " $0
			wrong = 1
		}
	}
	END { exit wrong || !passes }' perf.txt
}

between()
{
	at_least "$2" "$1" && at_least "$3" "$2"
}

all="pass_start pass_end batch and refault as a person can read them"
command -v perf >/dev/null || {
	ok "$all # SKIP perf is not installed"
	finish
}
# Of each 4 MiB one half is reported, and then the other is freed. The worker,
# which cannot be told when to, shall not.
quiet
mkdir huge && mount -t tmpfs -o huge=always huge huge
head -c 300M /dev/zero | split -b 2M - huge/ballast.
rm huge/*[acegikmoqsuwy]
flush
counters before >counters
perf record -q -a -e 'page_reporting:*' -o perf.data \
	sh "$0" load >counts.load 2>perf.err
rc=$?
counters after >>counters
sed 's/^/# /' perf.err
check "perf records page_reporting:*" [ $rc -eq 0 ]
perf script -i perf.data >perf.txt 2>perf.err
check "perf script prints it" [ $? -eq 0 ]
sed 's/^/# /' perf.err
eval "$(cat counters)" "$(cat counts.load)"
# shellcheck disable=SC2154 # these are what counters prints
{
	check "pass_start can be read" \
		lines pass_start 'force=[01] sweep=[01] age_ms=[0-9]+'
	check "pass_end can be read" lines pass_end \
		'bytes=[0-9]+ reports=[0-9]+ duration_ns=[0-9]+ error=0 next_ms=-?[0-9]+'
	check "batch can be read" lines batch \
		'nid=[0-9]+ zone=[A-Za-z0-9]+ bytes=[0-9]+ nents=[1-9][0-9]* error=0 duration_ns=[0-9]+'
	check "refault can be read" lines refault \
		'pfn=0x[0-9a-f]+ order=[0-9]+ pages=[0-9]+ age_ms=[0-9]+'
	check "the flush is a forced pass" \
		grep -q 'pass_start: *force=1' perf.txt
	check "bytes and number of its batches are those of a pass" passes_add_up
	check "batches come to what is freed" \
		at_least "$(sum batch bytes)" $((140 << 20))
	check "batches come to what stats says" \
		between $((end_reported - begin_reported)) \
		"$(sum batch bytes error=0)" $((after_reported - before_reported))
	check "refaults come to what is used" \
		at_least $(($(sum refault pages) * 4096)) $((64 << 20))
	check "refaults come to what stats says" \
		between $((end_refaulted - begin_refaulted)) \
		$(($(sum refault pages) * 4096)) \
		$((after_refaulted - before_refaulted))
}
finish
