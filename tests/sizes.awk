# SPDX-License-Identifier: GPL-2.0
# sizes.awk FILE...: which files and functions of C are longer than a reader's
# screen or two. A function begins with a { and ends with a } of its own line.
FNR == 1 { end_file(); file = FILENAME; begin = 0 }
{ lines = FNR }
/^[{]/ { begin = FNR }
/^[}]/ && begin {
	if (FNR - begin + 1 > 80)
		complain(FILENAME ":" begin ": a function of " (FNR - begin + 1) " lines, 80 at most")
	begin = 0
}
END { end_file(); exit bad }
function end_file() {
	if (lines > 600)
		complain(file ": " lines " lines, 600 at most")
}
function complain(what) {
	print what
	bad = 1
}
