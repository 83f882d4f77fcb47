# SPDX-License-Identifier: GPL-2.0
# For test scripts that print TAP: check DESCRIPTION CMD... runs a command and
# prints a point; end with: finish

# A signal is an exit, too, so that a trap on EXIT clears up.
trap 'exit 130' INT
trap 'exit 143' TERM
tap_n=0
tap_bad=0
LC_ALL=C
export LC_ALL

ok()
{
	tap_n=$((tap_n + 1))
	echo "ok $tap_n - $1"
}

not_ok()
{
	tap_n=$((tap_n + 1))
	tap_bad=1
	echo "not ok $tap_n - $1"
}

check()
{
	_what=$1
	shift
	if "$@"; then
		ok "$_what"
	else
		not_ok "$_what"
	fi
}

finish()
{
	echo "1..$tap_n"
	exit $tap_bad
}
