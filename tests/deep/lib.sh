# SPDX-License-Identifier: GPL-2.0
# Sourced by the deep tests: guests with the kernels of tests/deep/config.
. "$(dirname "$0")/../e2e/lib.sh"
# debugging makes kernels slow
PRBENCH_BOOT_S=900
export PRBENCH_BOOT_S
# an emulated guest whose host is busy stands still for more than RCU's 21 s
patient=rcupdate.rcu_cpu_stall_timeout=300
# what has gone wrong can be looked at
trap 'keep_failed; rm -rf "$scratch"' EXIT

keep_failed()
{
	[ $bad -ne 0 ] || return 0
	_to=build/deep/failed/$(basename "$0" .sh)
	rm -rf "$_to"
	mkdir -p "$_to" && (cd "$scratch" && find . -name '*.log' -o -name '*.out' -o -name '*.tap' |
		cpio -pd --quiet "$top/$_to")
	echo "# logs are in $_to"
}

# flavor NAME [TREE [ARCH]]: guests from here on boot that kernel; builds it, unless
# DEEP_BUILT says that there is no need to. A mutant is another one each time.
flavor()
{
	_arch=${3:-x86_64} _built=$top/build/kernels${trees#build/trees}
	_k=$_arch-${2:-patched}-$1
	if [ -n "${DEEP_BUILT:-}" ] && [ "${2:-}" != mutant ]; then
		[ -s "$_built/$_k/bzImage" ] || [ -s "$_built/$_k/linux" ] || {
			echo "# DEEP_BUILT is set, but there is no kernel in $_built/$_k"
			return 1
		}
	elif ! scripts/kernel.sh build "$_k" >"$scratch/build.log" 2>&1; then
		sed 's/^/# /' "$scratch/build.log" | tail -n 20
		return 1
	fi
	kernels=$scratch/kernels-$1
	mkdir -p "$kernels"
	ln -sfn "$_built/$_k" "$kernels/$_arch-patched"
}

# initramfs INIT PROGRAM...: make $scratch/initrd of the programs with what they
# are linked with, and of INIT of guest/ as /init with what it may source
initramfs()
{
	_root=$scratch/root _init=tests/deep/guest/$1
	shift
	rm -rf "$_root"
	mkdir -p "$_root/proc" "$_root/sys" "$_root/dev" "$_root/tmp" "$_root/bin" \
		"$_root/e2e/guest"
	for _p; do
		_f=$(command -v "$_p") && cp -L "$_f" "$_root/bin/" || return
	done
	ldd "$_root"/bin/* | sed -n 's,^[^/]*\(/[^ ]*\) (.*,\1,p' | sort -u |
		while read -r _l; do
			mkdir -p "$_root${_l%/*}" && cp -L "$_l" "$_root$_l" || exit
		done || return
	cp "$_init" "$_root/init" && cp tests/tap.sh "$_root/" &&
		cp tests/e2e/guest/lib.sh "$_root/e2e/guest/" || return
	chmod +x "$_root/init"
	(cd "$_root" && find . | cpio -o -H newc --quiet) >"$scratch/initrd"
}

# load NAME SECONDS WORD...: run guest/load.sh against the oracle, with words for
# the command line; then scan its log
load()
{
	_name=$1 _seconds=$2
	shift 2
	PRBENCH_APPEND="page_reporting_oracle.on=1 load.seconds=$_seconds $patient $*"
	export PRBENCH_APPEND
	guest_script "$_name" tests/deep/guest/load.sh --kernels "$kernels" \
		--platforms "${platform:-tcg}" --variants ext-idle \
		--set script.mem_mib="${mem_mib:-1024}" \
		--set script.run_ms=$(((_seconds + 60) * 1000))
	scan "$_name"
}

# kunit NAME WORD...: boot with these on the command line, too, and run the KUnit
# tests; a point for each of them
kunit()
{
	_name=$1
	shift
	PRBENCH_APPEND="kunit.enable=1 $patient $*"
	export PRBENCH_APPEND
	guest_script "$_name" tests/deep/guest/nothing.sh --kernels "$kernels" \
		--variants ext-idle --set script.mem_mib=320 \
		--set script.run_ms=600000
	scan "$_name"
	# cases are indented, suites are not
	sed -n 's/\r$//; s/^\[ *[0-9.]*\] //; /^    \(not \)*ok [0-9]/s/^ *//p' \
		"$(boot_of "$_name")/console.log" >"$scratch/cases"
	while read -r line; do
		what=${line#*ok }
		what=${what#* }
		n=$((n + 1))
		case $line in
		*"SKIP booted with page_ext=off" | *"SKIP a device is registered")
			bad=1; echo "not ok $n - $_name: $what" ;;
		ok*) echo "ok $n - $_name: $what" ;;
		*) bad=1; echo "not ok $n - $_name: $what" ;;
		esac
	done <"$scratch/cases"
	ok "$_name: all tests were run" \
		[ "$(wc -l <"$scratch/cases")" -eq "$(cat \
		kernel/mm/page_reporting/tests/*_kunit.h | grep -c 'KUNIT_CASE')" ]
}

# scan NAME
scan()
{
	ok "$1: the kernel did not complain" tests/deep/scan.sh \
		"$(boot_of "$1")/console.log"
}

# gave_back NAME: does the host have most of what the guest freed?
gave_back()
{
	_p=$(returned "$1")
	echo "# $_p % of what was freed is back with the host"
	[ "$_p" -ge 80 ]
}
