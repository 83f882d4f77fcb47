#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# backends.sh [ROW]...: with which memory backend of QEMU does the host get back
# what a guest frees? A guest of 1 GiB uses 512 MiB and frees them. What the host
# holds is measured while they are in use, and again when they have been free for
# 10 s and are reported. page_reporting_held.rst has the table.
# Rows with hugetlb pages raise the host's nr_hugepages by 1 GiB while they run.
. "$(dirname "$0")/lib.sh"
ram_file=memory-backend-file,id=ram,size=1024M,mem-path
ram_memfd=memory-backend-memfd,id=ram,size=1024M
anonymous=memory-backend-ram,id=ram,size=1024M
shm=/dev/shm/${scratch##*/} disk=/var/tmp/${scratch##*/}
pool=/proc/sys/vm/nr_hugepages
pool_was=$(cat $pool)
reporting=on wrap='' pid=
trap 'end_vm; give_back; keep_failed; rm -rf "$scratch"' EXIT

# give_back: what was taken of the host beyond the scratch directory
give_back()
{
	rm -f "$shm" "$disk"
	[ "$(cat $pool)" -eq "$pool_was" ] || echo "$pool_was" >$pool
}

# start_vm BACKEND [ARG...]: QEMU with such RAM, started by $wrap if that is set. The
# kernel's messages are in vm.log, what the init says in vm.tap, what QEMU says in log.
start_vm()
{
	_backend=$1
	shift
	rm -f "$scratch"/vm.*
	mkfifo "$scratch/vm.tty.in" "$scratch/vm.tty.out" || return
	cat "$scratch/vm.tty.out" >"$scratch/vm.tap" &
	reader=$!
	# shellcheck disable=SC2086 # no word or several
	$wrap "${QEMU:-qemu-system-x86_64}" -machine q35,memory-backend=ram \
		-object "$_backend" -accel tcg,thread=single -m 1024 -smp 2 -nodefaults \
		-no-user-config -nographic -no-reboot \
		-kernel "$kernels/x86_64-patched/bzImage" \
		-append "console=ttyS0 panic=-1 oops=panic root=hostroot rootfstype=9p rootflags=trans=virtio,version=9p2000.L,cache=loose,msize=262144 ro init=$top/tests/deep/guest/backends.sh no_timer_check page_ext=on $patient" \
		-serial "file:$scratch/vm.log" \
		-chardev "pipe,id=tty,path=$scratch/vm.tty" -serial chardev:tty \
		-device "virtio-balloon-pci,free-page-reporting=$reporting" \
		-fsdev local,id=root,path=/,security_model=none,readonly=on,multidevs=remap \
		-device virtio-9p-pci,fsdev=root,mount_tag=hostroot "$@" \
		2>"$scratch/log" &
	pid=$!
}

end_vm()
{
	[ -n "$pid" ] || return 0
	# the reader of a pipe that QEMU has never opened waits for ever
	kill "$pid" "$reader" 2>/dev/null
	wait
	pid=
}

# await WORDS: until the guest says so, for as long as it runs and at most 5 minutes
await()
{
	_tries=0
	until grep -qs "^$1" "$scratch/vm.tap"; do
		_tries=$((_tries + 1))
		[ $_tries -lt 1500 ] && kill -0 "$pid" 2>/dev/null || return
		sleep 0.2
	done
}

# go_on: the guest may; for reading as well, which does not wait for a QEMU
go_on()
{
	echo 1<>"$scratch/vm.tty.in"
}

# ram FIELD: MiB of the guest's RAM in that field of smaps. QEMU has another mapping
# of that size, for translated code, which can be executed.
ram()
{
	awk -v field="$1:" '/^[0-9a-f]+-[0-9a-f]+ / { rw = $2 ~ /^rw-/ }
		$1 == "Size:" { mine = rw && $2 == 1048576 }
		mine && $1 == field { kib += $2 }
		END { printf "%d\n", kib / 1024 }' "/proc/$pid/smaps"
}

# blocks FILE: MiB of its file system that a file takes
blocks()
{
	echo $(($(stat -Lc %b "$1") / 2048))
}

# memfd: the file of a memfd backend
memfd()
{
	for _f in /proc/"$pid"/fd/*; do
		case $(readlink "$_f") in
		/memfd:*) echo "$_f"; return ;;
		esac
	done
}

# held BACKEND: MiB of memory that the host holds for the guest: huge pages that are
# not free; pages of a file in memory, and private copies of them; else what is mapped
held()
{
	case $1 in
	*hugetlb=on*) awk -v was="$pool_used" '/^HugePages_Total:/ { n += $2 }
		/^HugePages_Free:/ { n -= $2 }
		END { print 2 * (n - was) }' /proc/meminfo ;;
	*-memfd,*) echo $(($(blocks "$(memfd)") + $(ram Anonymous))) ;;
	*"$shm"*) echo $(($(blocks "$shm") + $(ram Anonymous))) ;;
	*) ram Rss ;;
	esac
}

# measure BACKEND [ARG...]: sets before, after, reported, huge and shared_huge, in MiB,
# and on_disk, in words
measure()
{
	before='' after='' reported='' on_disk=''
	start_vm "$@" && await "in use" || return
	before=$(held "$1") huge=$(ram AnonHugePages) shared_huge=$(ram ShmemPmdMapped)
	[ ! -e "$disk" ] || on_disk=$(blocks "$disk")
	go_on
	await "freed" || return
	after=$(held "$1")
	reported=$(sed -n 's/^freed, reported \([0-9]*\).*/\1/p' "$scratch/vm.tap")
	[ ! -e "$disk" ] || on_disk="; on disk $on_disk, then $(blocks "$disk")"
}

# row WANT BACKEND [ARG...]: WANT is 'back' if the host has to get most of what is
# freed, or 'kept' if it cannot
row()
{
	_want=$1
	shift
	ok "$name: the guest uses and frees memory" measure "$@"
	cp "$scratch/vm.log" "$scratch/$name.log"
	cp "$scratch/log" "$scratch/$name.out"
	end_vm
	give_back
	[ -n "$after" ] || return
	echo "# $name: $before MiB held in use, $((huge + shared_huge)) of them in huge" \
		"pages; $after when freed, $reported reported$on_disk"
	echo "# $name: messages of QEMU: $(wc -l <"$scratch/$name.out")"
	sed -n '1s/^/# /p' "$scratch/$name.out"
	[ "$reporting" = off ] ||
		ok "$name: all that is free is reported" [ "${reported:-0}" -ge 512 ]
	case $_want in
	back) ok "$name: the host has it back" [ $((before - after)) -ge 410 ] ;;
	kept) ok "$name: the host keeps it" [ $((before - after)) -lt 26 ] ;;
	esac
	ok "$name: the kernel did not complain" tests/deep/scan.sh "$scratch/vm.log"
}

# huge_pool: 1 GiB of huge pages on the host, or a reason why there is none
huge_pool()
{
	pool_used=$(awk '/^HugePages_Total:/ { n += $2 } /^HugePages_Free:/ { n -= $2 }
		END { print n }' /proc/meminfo)
	{ echo $((pool_was + 512)) >$pool; } 2>/dev/null &&
		[ "$(cat $pool)" -eq $((pool_was + 512)) ] && return
	give_back
	ok "$name # SKIP the host has no 512 huge pages to spare" true
	return 1
}

# is_disk FILE: would it be on a disk?
is_disk()
{
	[ "$(stat -f -c %T "${1%/*}")" != tmpfs ] && return
	ok "$name # SKIP ${1%/*} is in memory" true
	return 1
}

row_anonymous()
{
	row back "$anonymous"
}

row_small()
{
	# PR_SET_THP_DISABLE
	printf '#!/bin/sh\nexec perl -e "syscall(157, 41, 1, 0, 0, 0); exec @ARGV" "$@"\n' \
		>"$scratch/small"
	chmod +x "$scratch/small"
	wrap=$scratch/small
	row back "$anonymous"
	wrap=
}

row_memfd()
{
	row back "$ram_memfd,share=on"
}

row_memfd_private()
{
	row back "$ram_memfd,share=off"
}

row_hugetlb()
{
	huge_pool && row back "$ram_memfd,share=on,hugetlb=on,hugetlbsize=2M"
}

row_hugetlb_private()
{
	huge_pool && row back "$ram_memfd,share=off,hugetlb=on,hugetlbsize=2M"
}

row_tmpfs()
{
	row back "$ram_file=$shm,share=on"
}

row_disk()
{
	is_disk "$disk" && row back "$ram_file=$disk,share=on"
}

# a file with content, as a template has
row_disk_private()
{
	is_disk "$disk" && head -c 1024M /dev/zero >"$disk" &&
		row back "$ram_file=$disk,share=off"
}

row_locked()
{
	row kept "$anonymous" -overcommit mem-lock=on
}

# what the others are to be told from
row_off()
{
	reporting=off
	row kept "$anonymous"
	reporting=on
}

[ -n "${DEEP_BUILT:-}" ] ||
	ok "the kernel is built" scripts/kernel.sh build x86_64-patched
[ $bad -eq 0 ] || done_testing
[ $# -gt 0 ] || set -- anonymous small memfd memfd_private hugetlb hugetlb_private \
	tmpfs disk disk_private locked off
for name; do
	"row_$name"
done
done_testing
