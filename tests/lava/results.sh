#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# results.sh PREFIX <TAP: a LAVA test case for each point, and one that tells
# whether as many came as were announced; exit status 1 if any has failed.
# results.sh figures <summary.tsv: the figures that runs are judged by, as
# measurements.
# lava-test-case is what LAVA puts into the PATH of its test shell.
set -u
command -v lava-test-case >/dev/null || {
	echo "results.sh: there is no lava-test-case here; this runs in LAVA's test shell" >&2
	exit 2
}

# slug TEXT: what LAVA takes for the name of a test case
slug()
{
	echo "$1" | tr -cs 'A-Za-z0-9._\n' '-' | sed 's/^-*//; s/-*$//' | cut -c1-180
}

figures()
{
	# the headline metrics, which the run declared, of every variant
	awk -F'\t' 'NR > 1 { line[NR] = $0; key[NR] = $1 " " $4 " " $5 }
		$15 == "headline" { wanted[key[NR]] = 1 }
		END {
			for (i = 2; i <= NR; i++) {
				split(line[i], f, "\t")
				if (wanted[key[i]] && f[8] !~ /inf|-$/)
					print f[1] "-" f[3] "-" f[4] "-" f[5], f[8], f[6]
			}
		}' | while read -r name value unit; do
		lava-test-case "$(slug "$name")" --result pass \
			--measurement "$value" --units "$unit" </dev/null
	done
}

results()
{
	n=0 bad=0 plan=none
	while IFS= read -r line; do
		case $line in
		'ok '*'# SKIP'* | 'ok '*'# skip'*) result=skip ;;
		'ok '*) result=pass ;;
		'not ok '*) result=fail ;;
		1..*)
			plan=${line#1..}
			continue
			;;
		'Bail out!'*)
			echo "$line"
			plan=none
			break
			;;
		*)
			echo "$line"
			continue
			;;
		esac
		n=$((n + 1))
		[ $result != fail ] || bad=1
		what=$(echo "$line" | sed 's/^not //; s/^ok *[0-9]* *-* *//; s/ # [Ss][Kk][Ii][Pp].*//')
		lava-test-case "$1-$(slug "$what")" --result $result </dev/null
	done
	result=pass
	[ "$plan" = $n ] || result=fail bad=1
	lava-test-case "$1-complete" --result $result </dev/null
	return $bad
}

case ${1:-} in
figures) figures ;;
'') echo "usage: results.sh PREFIX | results.sh figures" >&2; exit 2 ;;
*) results "$1" ;;
esac
