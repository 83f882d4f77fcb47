#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Every command and every error of page-reporting, with what guests have said:
# tests/tool/data has /proc and debugfs of one that reports, of one without a
# device, of one booted with page_ext=off, and of the distribution's kernel.
top=$(cd "$(dirname "$0")/../.." && pwd -P)
cd "$top" || exit 1
. tests/tap.sh
bin=${PRX_BIN:-build/san}/page-reporting
data=tests/tool/data
contrib=kernel/tools/mm/page_reporting/contrib
scratch=$(mktemp -d "${TMPDIR:-/tmp}/reader-test-XXXXXX") || exit 1
trap 'rm -rf "$scratch"' EXIT
unset NO_COLOR

# reader STATUS ARG...: its output is in out and err; is its status that one?
reader()
{
	want=$1
	shift
	"$bin" "$@" >"$scratch/out" 2>"$scratch/err"
	rc=$?
	[ $rc -eq "$want" ] || {
		sed 's/^/# /' "$scratch/err"
		echo "# status $rc, not $want"
		return 1
	}
	! grep -q 'ERROR: .*Sanitizer\|runtime error' "$scratch/err"
}

# gives PATTERN ARG...: ends well and prints that
gives()
{
	pattern=$1
	shift
	reader 0 "$@" && grep -q -e "$pattern" "$scratch/out"
}

# fails STATUS PATTERN ARG...: with one line on stderr that has the pattern
fails()
{
	status=$1 pattern=$2
	shift 2
	reader "$status" "$@" && grep -q -e "$pattern" "$scratch/err" &&
		[ "$(wc -l <"$scratch/err")" -eq 1 ]
}

lines() { [ "$(wc -l <"$scratch/out")" -eq "$1" ]; }

r="--root $data/reports"
# shellcheck disable=SC2086
{
check "summary: what is reported" gives '^  \. reported  *251\.0 MiB  51 %' $r summary
check "summary: what waits, and how long still" gives 'waiting  *233\.0 MiB.* next in 0\.[0-9] s' $r summary
check "summary: what is too small" gives 'too small  *0\.1 MiB' $r summary
check "summary: page cache and per-cpu lists" gives 'page cache  *2\.2 MiB' $r summary
check "summary: the next step for the largest part" gives '^next: waiting 233\.0 MiB .*flush' $r summary
check "summary is what it does without a command" gives '^next: ' $r
check "summary: the bar is as wide as asked for" gives '^\[[^]]\{38\}\]$' $r summary --width 40
check "summary: no escapes without a terminal" sh -c "! grep -q '$(printf '\033')' $scratch/out"
check "blocks: all of them" reader 0 $r blocks
check "blocks: a line each" lines 161
check "blocks --state" reader 0 $r blocks --state reported
check "blocks: only that state" sh -c "! sed 1d $scratch/out | grep -v ' reported '"
check "blocks --min-order --max-order --type --zone --node" reader 0 $r blocks \
	--min-order 9 --max-order 9 --type Reclaimable --zone Normal --node 0
check "blocks: all filters hold" lines 2
check "blocks --sort order --reverse --limit" reader 0 $r blocks --sort order --reverse --limit 3
check "blocks: the largest first" sh -c "[ \"\$(awk 'NR > 1 && \$2 == 10' $scratch/out | wc -l)\" = 3 ]"
check "blocks: no more than the limit" lines 4
check "blocks of a node without any" reader 0 $r blocks --node 7
check "blocks: the head is there" lines 1
check "blocks --sort free" reader 0 $r blocks --sort free
check "blocks: in that order" sh -c "awk 'NR > 1 { print \$7 == \"-\" ? -1 : \$7 }' $scratch/out | sort -nc"
check "blocks --sort reported" reader 0 $r blocks --sort reported
check "blocks: in that order, too" sh -c "awk 'NR > 1 { print \$8 == \"-\" ? -1 : \$8 }' $scratch/out | sort -nc"
check "ages" gives '1024 ms  *228\.0 MiB' $r ages
check "map" gives '^each letter is 1\.0 MiB' $r map
check "map: reported memory is on it" grep -q '^\.\{64\}$' "$scratch/out"
check "map: the letters are those of summary" \
	grep -q 'w waits for its age .*d due ' "$scratch/out"
check "map --width --rows" gives '^each letter is 4\.0 MiB' $r map --width 32 --rows 8
check "map --png" reader 0 $r map --png "$scratch/map.png"
check "map: a picture 512 wide" sh -c "file -b $scratch/map.png 2>/dev/null | grep -q '512 x' ||
	od -An -tx1 -j16 -N4 $scratch/map.png | grep -q '00 00 02 00'"
check "map --png where nothing can be written" fails 1 'cannot write /nowhere/map.png: No such' $r map --png /nowhere/map.png
check "map --png on a full disk" fails 1 'cannot write /dev/full: .*--png' $r map --png /dev/full
check "the device is still there" [ -c /dev/full ]
check "json --output on a full disk" fails 1 'cannot write /dev/full: No space left' $r json -o /dev/full
check "and the device, too" [ -c /dev/full ]
check "json" reader 0 $r json
check "json: it loads, and sums agree" python3 -c "
import json; o = json.load(open('$scratch/out'))
assert o['missing'] == 'nothing' and o['largest'] == 'young'
assert o['free_bytes']['reported'] == sum(r['bytes']['reported'] for r in o['summary']) == 263192576
assert sum(o['used_bytes'].values()) + o['stats']['reported_now_bytes'] < o['total_bytes']"
check "prometheus" gives '^page_reporting_up{missing="nothing"} 1$' $r prometheus
check "prometheus: bytes, not pages" grep -q '^page_reporting_reported_bytes_total 279117824$' "$scratch/out"
check "prometheus: promtool takes it" sh -c "promtool check metrics <$scratch/out"
check "prometheus --output" reader 0 $r prometheus -o "$scratch/page_reporting.prom"
check "prometheus: written whole" sh -c "tail -n 1 $scratch/page_reporting.prom | grep -q worker_seconds_total &&
	[ ! -e $scratch/page_reporting.prom.new ]"
check "json --output where nothing can be written" fails 1 'cannot write /nowhere/x: No such.*--output' $r json -o /nowhere/x
check "watch" reader 0 $r watch "$scratch/watch.tsv" --count 3 --interval 0.01
check "watch: begins like the benchmark's samples" sh -c "head -n 1 $scratch/watch.tsv |
	grep -q '^t_s	resident_kib	refault_kib' && [ \$(wc -l <$scratch/watch.tsv) -eq 4 ]"
cp -r tests/report/data/run "$scratch/run"
cp "$scratch/watch.tsv" "$scratch/run/boots/003-um-ext/samples.tsv"
check "watch: the benchmark's report takes it for samples" sh -c "
	${bin%/*}/prreport $scratch/run >$scratch/report 2>&1; [ \$? -le 1 ] &&
	! grep -rq 'samples.tsv.*line' $scratch/report $scratch/run/details.md"
check "watch on a full disk" fails 1 'cannot write /dev/full: No space left.*another file' $r watch /dev/full --count 2 -n 0.01
# --foreground: else timeout sends SIGCONT, too, which takes back the SIGSTOP that
# the leak check waits for (61 of 400 such ends hung, none of 400 without)
check "watch ends well with ^C" sh -c "timeout --foreground --preserve-status -k 20 -s INT 5 $bin $r watch $scratch/int.tsv -n 0.05; rc=\$?
	[ \$rc -eq 0 ] && [ \$(wc -l <$scratch/int.tsv) -gt 3 ] && awk -F'\t' 'NF != 7 { exit 1 }' $scratch/int.tsv"
check "top without a terminal" fails 1 "top needs a terminal.*summary" $r top
check "top in a terminal" sh -c "TERM=xterm script -qec 'stty cols 90 rows 30; $bin $r top --count 1 -n 0.05' $scratch/top >/dev/null </dev/null &&
	grep -q 'reported' $scratch/top && grep -q 'next: waiting' $scratch/top"
check "top in a terminal without colours" sh -c "TERM=vt100 script -qec 'stty cols 90 rows 30; $bin $r top --count 1 -n 0.05' $scratch/top >/dev/null </dev/null &&
	grep -q 'reported' $scratch/top && ! grep -q '$(printf '\033')\[3[1-7]m' $scratch/top"
check "top in a small terminal" sh -c "TERM=xterm script -qec 'stty cols 30 rows 5; $bin $r top --count 1 -n 0.05' $scratch/top >/dev/null </dev/null &&
	grep -q 'too small a terminal' $scratch/top"
check "flush of a kernel without" fails 1 'cannot flush: this kernel has no flush' $r flush
cp -r ${r#--root } "$scratch/guest"
: >"$scratch/guest/sys/kernel/debug/page_reporting/flush"
check "flush with a size and a time" reader 0 --root "$scratch/guest" flush 512M 200ms
check "flush: the kernel gets both" grep -qx '512M 200ms' \
	"$scratch/guest/sys/kernel/debug/page_reporting/flush"
check "a full disk" sh -c "$bin $r blocks >/dev/full 2>$scratch/err; [ \$? -eq 1 ] &&
	grep -q 'cannot write the output: No space left on device; make room' $scratch/err"
check "a closed pipe is quiet" sh -c "{ $bin $r blocks; $bin $r blocks; $bin $r json; } 2>$scratch/err | head -n 1 >/dev/null; [ ! -s $scratch/err ]"

# a guest that has some of everything: each verdict of the kernel's, and what is in use
check "fixtures have the columns of the kernel's summary" [ "$(sed -n '1s/^\([^ ]* \)\{4\}//p' \
	"$data/reports/sys/kernel/debug/page_reporting/summary")" = "$(sed -n \
	's/^\t\[PR_[A-Z_]*\] = "\([a-z_]*\)",$/\1/p' kernel/mm/page_reporting/debugfs.c |
	tr '\n' ' ')untracked" ]
cp -r "$data/reports" "$scratch/all"
awk 'NR == 2 { for (i = 5; i <= NF; i++) $i = 1048576 } { print }' \
	"$data/reports/sys/kernel/debug/page_reporting/summary" \
	>"$scratch/all/sys/kernel/debug/page_reporting/summary"
check "summary: all verdicts" gives 'too few  *1\.0 MiB' --root "$scratch/all" summary
check "summary: no two have the same letter" sh -c "sed -n 's/^  \\([^ ]\\) .*/\\1/p' $scratch/out |
	sort | uniq -d >$scratch/twice && [ ! -s $scratch/twice ] && [ \$(grep -c '^  [^ ] ' $scratch/out) -eq 15 ]"

o="--root $data/no-device"
check "no device: summary says so" gives '^missing: no device has registered.*virtio-balloon-pci' $o summary
check "no device: blocks are untracked" gives ' untracked ' $o blocks
check "flush: two words too many" fails 2 'one argument too many' $o flush 512M 200ms more
check "no device: flush" fails 3 'no device has registered.*load virtio_balloon' $o flush
check "no device: prometheus" gives '^page_reporting_up{missing="device"} 0$' $o prometheus

o="--root $data/page-ext-off"
check "page_ext=off: summary says what to do" gives '^missing: .*booted with page_ext=on.*update-grub' $o summary
check "page_ext=off: what is free is known all the same" gives 'not reported  *48[0-9]\.' $o summary
for c in blocks ages map flush; do
	check "page_ext=off: $c" fails 3 'not booted with page_ext=on.*reboot' $o $c
done
check "page_ext=off: json" gives '"missing": "page_ext"' $o json

# what the command line says counts only where debugfs does not
cp -r $data/reports "$scratch/words" && rm -rf "$scratch/words/sys/kernel/debug" &&
	mkdir "$scratch/words/sys/kernel/debug"
while read -r words says; do
	echo "quiet $words" | tr , ' ' >"$scratch/words/proc/cmdline"
	check "$words: $says" gives "\"missing\": \"$says\"" --root "$scratch/words" json
done <<-END
	page_ext=on debugfs
	page_ext=off page_ext
	page_ext=on,page_ext=bogus debugfs
	page_ext=ON debugfs
	page_ext=Off page_ext
	page_ext=0,page_ext= page_ext
	page_ext=off,page_reporting=1 debugfs
	page_reporting=no page_ext
	xpage_ext=off debugfs
	page_ext debugfs
END
cp -r $data/reports "$scratch/wrong" && echo page_ext=bogus >"$scratch/wrong/proc/cmdline"
check "page_ext=bogus: debugfs says that it reports" gives '"missing": "nothing"' --root "$scratch/wrong" json
echo page_ext=off >"$scratch/wrong/proc/cmdline"
check "and is believed" gives '"missing": "nothing"' --root "$scratch/wrong" json

cp -r $data/page-ext-off "$scratch/notasked" && echo quiet >"$scratch/notasked/proc/cmdline"
check "page_ext= not given: summary says so" gives '^missing: .*booted with page_ext=on' --root "$scratch/notasked" summary
check "page_ext= not given: flush" fails 3 'not booted with page_ext=on' --root "$scratch/notasked" flush

o="--root $data/pristine"
check "another kernel: summary" gives '^missing: this kernel has no free page reporting by age.*CONFIG_PAGE_REPORTING' $o summary
for c in blocks ages map flush; do
	check "another kernel: $c" fails 3 'no free page reporting by age' $o $c
done
check "another kernel: prometheus is taken by promtool" sh -c "$bin $o prometheus | promtool check metrics"
check "no /proc" fails 3 'cannot read /proc/meminfo: mount it.*--root' --root "$scratch/nowhere" summary

cp -r $data/reports "$scratch/nodebugfs" && rm -rf "$scratch/nodebugfs/sys/kernel/debug"
mkdir -p "$scratch/nodebugfs/sys/kernel/debug"
o="--root $scratch/nodebugfs"
check "no debugfs: summary" gives '^missing: debugfs is not mounted.*mount -t debugfs none' $o summary
check "no debugfs: reported memory is known all the same" gives 'reported  *251\.0 MiB' $o summary
for c in blocks ages map flush; do
	check "no debugfs: $c" fails 3 'debugfs is not mounted.*CONFIG_DEBUG_FS' $o $c
done
flush=$scratch/nodebugfs/sys/module/page_reporting/parameters/flush
: >"$flush"
check "no debugfs: flush, by the parameter" reader 0 $o flush 512M 200ms
check "no debugfs: the parameter gets size and time" grep -qx '512M 200ms' "$flush"
: >"$scratch/guest/sys/module/page_reporting/parameters/flush"
check "flush with debugfs and the parameter" reader 0 --root "$scratch/guest" flush
check "flush: debugfs is what gets it" sh -c "
	grep -q all $scratch/guest/sys/kernel/debug/page_reporting/flush &&
	[ ! -s $scratch/guest/sys/module/page_reporting/parameters/flush ]"

# as nobody, if this is root, to whom all files are open
cp -r $data/reports "$scratch/notroot" && cp "$bin" "$scratch/reader"
chmod 755 "$scratch"
chmod 0 "$scratch/notroot/sys/kernel/debug"
as=
[ "$(id -u)" -ne 0 ] || as="setpriv --reuid=65534 --regid=65534 --clear-groups"
check "not root: summary" sh -c "$as $scratch/reader --root $scratch/notroot summary | grep -q '^missing: only root may read.*sudo'"
for c in blocks ages map flush; do
	check "not root: $c" sh -c "$as $scratch/reader --root $scratch/notroot $c 2>$scratch/err; [ \$? -eq 3 ] &&
		grep -q 'only root may read.*sudo' $scratch/err"
done
chmod 700 "$scratch/notroot/sys/kernel/debug"

# what no kernel says
cp -r $data/reports "$scratch/broken"
ours=$scratch/broken/sys/kernel/debug/page_reporting
o="--root $scratch/broken"
printf '1 2 3\nx 1 0 Normal Movable pending - -\n1 99 0 N M pending - -\n18446744073709551616 1 0 N M pending - -\n1 1 0 %s M pending - -\n' \
	"$(printf '%0300d' 1)" >>"$ours/blocks"
check "broken lines of blocks are counted" reader 0 $o blocks
check "and said" grep -q 'lines of debugfs were not understood' "$scratch/err"
check "broken lines do not go into the map" reader 0 $o map
printf 'node zone order migratetype reported newer young\n0 Normal 1 Movable 4096 1 8192\n0 Normal 1 Movable 4096 1\n0 Normal 1 Movable 1 1 99999999999999999999\n' >"$ours/summary"
check "a summary with a new column and broken lines" gives 'waiting  *0\.0 MiB' $o summary
printf 'nothing of the kind\n' >"$ours/summary"
check "a summary without its head" gives 'not reported' $o summary
for f in blocks summary ages stats; do
	head -c 4096 /dev/urandom >"$ours/$f"
done
for c in summary blocks ages map json prometheus; do
	check "noise in debugfs: $c" reader 0 $o $c
done
for f in meminfo zoneinfo vmstat; do
	head -c 4096 /dev/urandom >"$scratch/broken/proc/$f"
done
check "noise in /proc" reader 3 $o summary
printf 'MemTotal: 18446744073709551615 kB\nMemFree: 18446744073709551615 kB\nCached: 18446744073709551615 kB\n' >"$scratch/broken/proc/meminfo"
printf 'Node 0, zone Normal\n pages free 18446744073709551615\n spanned 18446744073709551615\n pagesets\n cpu: 0\n count: 18446744073709551615\n start_pfn: 18446744073709551615\n' >"$scratch/broken/proc/zoneinfo"
check "numbers that are too large" reader 0 $o json
for f in blocks summary ages stats; do
	cp $data/reports/sys/kernel/debug/page_reporting/$f "$ours"
done
check "a zone that cannot be" fails 1 'cannot map memory: ' $o map

check "--help names each command" gives '^  prometheus ' --help
check "--help names short options" grep -q '^  -n, --interval ' "$scratch/out"
check "no such command" fails 2 'turbo: no such command; see' turbo
check "no such option" reader 2 summary --turbo
check "an option that the command does not take" fails 2 'ages does not take' $r ages --sort pfn
check "one argument too many" fails 2 'more: one argument too many after ages' ages more
check "watch without a file" fails 2 'say which file' watch
check "--sort by what is not there" fails 2 'not known; one of pfn order free reported' blocks --sort size
check "--state that is not there" fails 2 'not known; one of reported partial' blocks --state old
check "--interval 0" fails 2 'interval 0: give seconds from' top --interval 0
check "--interval nan" fails 2 'give seconds from' top --interval nan
check "--min-order -1" fails 2 'give a whole number from 0 to 20' blocks --min-order -1
check "--limit of letters" fails 2 'give a whole number' blocks --limit many
}

check "alerts: promtool takes the rules" promtool check rules $contrib/alerts.yml
check "alerts: they fire when they should" promtool test rules tests/tool/alerts-test.yml
check "Grafana: the panels load and ask for metrics that there are" sh -c "
	$bin $r prometheus >$scratch/metrics && python3 - $contrib/grafana.json $scratch/metrics" <<'PY'
import json, re, sys
board = json.load(open(sys.argv[1]))
have = set(re.findall(r'^(page_reporting_\w+)', open(sys.argv[2]).read(), re.M))
asked = set(re.findall(r'page_reporting_\w+', json.dumps(board['panels'])))
assert len(board['panels']) > 3 and asked, 'no panels'
assert asked <= have, asked - have
PY
if command -v virt-xml-validate >/dev/null; then
	check "libvirt takes the XML of the recipe" virt-xml-validate $contrib/libvirt.xml domain
fi
check "the completion knows every command" sh -c "
	for c in \$($bin --help | sed -n '/^commands/,/^options/s/^  \([a-z]*\) .*/\1/p'); do
		bash -c '. $contrib/page-reporting.bash; COMP_WORDS=(page-reporting \$1) COMP_CWORD=1; _page_reporting; [[ \${COMPREPLY[*]} == *\$1* ]]' _ \$c || exit 1
	done"
check "the manual names every command and option" sh -c "
	for w in \$($bin --help | sed -n 's/^  \([a-z][a-z]*\) .*/\1/p; s/^  .*--\([a-z-]*\) .*/\1/p'); do
		sed 's/\\\\//g' kernel/tools/mm/page-reporting.1 | grep -q -- \"\$w\" || { echo \"# \$w\"; exit 1; }
	done"
finish
