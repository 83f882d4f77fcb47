#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The packages as a new user meets them: a Debian guest that boots by GRUB from
# its disk gets them by apt, is booted again, frees a gigabyte, and its host has
# that back; then they are purged. No network is needed in the guest.
. "$(dirname "$0")/lib.sh"

suite=bookworm
disk=$scratch/disk
qemu=
transcript=$scratch/transcript.log
trap 'stop_guest; keep_failed; rm -rf "$scratch"' EXIT
as_root=
[ "$(id -u)" -eq 0 ] || as_root=sudo

stop_guest()
{
	[ -z "$qemu" ] || { kill "$qemu" 2>/dev/null && wait "$qemu" 2>/dev/null; }
	qemu=
}

# logged CMD...: what it says is shown if it fails
logged()
{
	"$@" >"$scratch/log" 2>&1 || {
		tail -n 20 "$scratch/log" >"$scratch/end" && mv "$scratch/end" "$scratch/log"
		return 1
	}
	rm -f "$scratch/log"
}

built()
{
	[ -n "${DEEP_BUILT:-}" ] || logged make -s deb || return
	mkdir -p "$scratch/packages"
	cp build/deb/*.deb "$scratch/packages"
	logged make -s build/bin/again && cp build/bin/again "$scratch/packages" || return
	image=$(cd build/deb && ls linux-image-*.deb) && release=${image#linux-image-} &&
		release=${release%%_*}
}

# what is done to the new system, whose root is $1: it boots from the first
# partition, and root is logged in on the serial line
prepare='set -eu
echo "/dev/vda1 / ext4 defaults 0 1" >"$1/etc/fstab"
echo guest >"$1/etc/hostname"
sed -i "/^root:/s,/bin/bash,/bin/sh," "$1/etc/passwd"
mkdir -p "$1/etc/systemd/system/serial-getty@ttyS0.service.d" "$1/etc/default/grub.d"
printf "[Service]\nExecStart=\nExecStart=-/sbin/agetty --autologin root -8 115200 %%I dumb\n" \
	>"$1/etc/systemd/system/serial-getty@ttyS0.service.d/root.conf"
printf "GRUB_CMDLINE_LINUX=console=ttyS0\nGRUB_TIMEOUT=0\nGRUB_TERMINAL=console\n" \
	>"$1/etc/default/grub.d/10_serial.cfg"
rm -f "$1"/etc/motd
cp "$1/vmlinuz" "$out/vmlinuz"
cp "$1/initrd.img" "$out/initrd"
truncate -s 3G "$out/root"
/sbin/mke2fs -q -t ext4 -d "$1" "$out/root"
chmod a+r "$out/vmlinuz" "$out/initrd"; chmod a+rw "$out/root"
'

# make_disk: a partition table and one partition; GRUB comes later, from inside
make_disk()
{
	scripts/fetch.sh sources $suite >"$scratch/sources.list" &&
	printf 'out=%s\n%s' "$scratch" "$prepare" >"$scratch/prepare" &&
	$as_root mmdebstrap --mode=root --variant=minbase --format=directory \
		--include=linux-image-cloud-amd64,grub-pc,systemd-sysv,udev,initramfs-tools \
		--include=libjansson4,libncursesw6,libpng16-16,ca-certificates \
		$suite "$scratch/system" "$scratch/sources.list" &&
	$as_root sh "$scratch/prepare" "$scratch/system" &&
	$as_root rm -rf "$scratch/system" &&
	truncate -s 3074M "$disk" && echo '2048,,L,*' | /sbin/sfdisk -q "$disk" &&
	dd if="$scratch/root" of="$disk" bs=1M seek=1 conv=notrunc,sparse status=none &&
	rm -f "$scratch/root" &&
	truncate -s 512M "$scratch/second" &&
	/sbin/mke2fs -q -t ext4 -d "$scratch/packages" "$scratch/second"
}

# boot ARG...: a guest with a balloon; without arguments by GRUB
boot()
{
	stop_guest
	rm -f "$scratch/serial"
	nice qemu-system-x86_64 -accel tcg,thread=single -cpu max -smp 1 -m 2560 -nodefaults \
		-display none -no-reboot \
		-drive file="$disk",if=virtio,format=raw,cache=unsafe \
		-drive file="$scratch/second",if=virtio,format=raw,readonly=on \
		-device virtio-balloon-pci,free-page-reporting=on \
		-chardev socket,id=serial,path="$scratch/serial",server=on,wait=off,logfile="$scratch/console.log",logappend=on \
		-serial chardev:serial "$@" </dev/null >>"$scratch/qemu.log" 2>&1 &
	qemu=$!
	prompt
}

# prompt: until root's shell answers
prompt()
{
	_t=0
	while [ $_t -lt 60 ]; do
		kill -0 "$qemu" || return
		say 5 "stty -echo; PS1='' PS2=''; dmesg -n 1; cd" >/dev/null && return
		_t=$((_t + 1))
	done
	return 1
}

# say SECONDS COMMAND: have the guest run it; what it prints, and its status. What
# an earlier one still says is left out, and so is what is written over.
said_nr=0
say()
{
	said_nr=$((said_nr + 1))
	perl -MIO::Socket::UNIX -e '
		my ($path, $nr, $seconds, $command) = @ARGV;
		my $s = IO::Socket::UNIX->new(Peer => $path) or (sleep(1), exit 111);
		my $said = "";
		$SIG{ALRM} = sub { print $said; exit 110 };
		alarm $seconds;
		print $s "echo \"<begin $nr>\"; $command; echo \"<end $nr \$?>\"\n";
		$s->flush;
		my ($out, $rc);
		until (($out, $rc) = $said =~
		       /<begin $nr>\r*\n(.*)<end $nr (\d+)>\r*\n/s) {
			sysread($s, my $b, 4096) or exit 112;
			$said .= $b;
		}
		$out =~ s/\r+\n/\n/g;
		$out =~ s/[^\n]*\r//g;
		print $out;
		exit $rc' "$scratch/serial" "$said_nr" "$1" "$2"
}

# guest_does COMMAND: within a quarter of an hour; into the transcript
guest_does()
{
	say 900 "$1" >"$scratch/said"
	_rc=$?
	{ echo "# $1"; cat "$scratch/said"; } >>"$transcript"
	return $_rc
}

said() { grep -q -e "$1" "$scratch/said"; }

# leave: as 'reboot' does it; what comes next starts QEMU anew
leave()
{
	say 5 "systemctl reboot" >/dev/null
	echo "# reboot" >>"$transcript"
	_t=0
	while kill -0 "$qemu" 2>/dev/null && [ $_t -lt 180 ]; do
		sleep 1
		_t=$((_t + 1))
	done
	[ $_t -lt 180 ] && wait "$qemu" && qemu=
}

# held: MiB of the guest's memory that this machine holds
held()
{
	awk '/^RssAnon:/ { print int($2 / 1024) }' "/proc/$qemu/status"
}

# comes_back MIB: within a minute no more than that is held
comes_back()
{
	_t=0
	while [ "$(held)" -gt "$1" ] && [ $_t -lt 60 ]; do
		sleep 1
		_t=$((_t + 1))
	done
	echo "# $(held) MiB are held"
	[ "$(held)" -le "$1" ]
}

# configured: what prints options that ours tend to leave out, and fails if one is not set
configured()
{
	for _o in NUMA MEMCG PREEMPT_DYNAMIC SHUFFLE_PAGE_ALLOCATOR \
		INIT_ON_ALLOC_DEFAULT_ON DEFERRED_STRUCT_PAGE_INIT LRU_GEN \
		TRANSPARENT_HUGEPAGE VIRTIO_MEM HIBERNATION MEMORY_HOTREMOVE; do
		printf 'grep "^CONFIG_%s=[ym]" /boot/config-%s && ' "$_o" "$release"
	done
	echo true
}

# two_nodes: QEMU's arguments for them
two_nodes()
{
	echo "-smp 2"
	for _n in 0 1; do
		echo "-object memory-backend-ram,id=n$_n,size=1280M -numa node,nodeid=$_n,memdev=n$_n,cpus=$_n"
	done
}

tmpfs_by_node='(for n in 0 1; do
	mkdir -p /tmp/$n && mount -t tmpfs -o size=700M,mpol=bind:$n t /tmp/$n &&
		grep MemTotal /sys/devices/system/node/node$n/meminfo || exit
done)'

# drained NODE: the host has half a gigabyte back that was freed on it
drained()
{
	guest_does "dd if=/dev/zero of=/tmp/$1/file bs=1M count=512 && sleep 3" || return
	_full=$(held)
	echo "# $_full MiB are held"
	guest_does "rm /tmp/$1/file" && comes_back $((_full - 500))
}

stats=/sys/kernel/debug/page_reporting/stats
# ten times 64 MiB on one node, free for a quarter of a second and for as long as it
# takes to write them, which under TCG is longer; ten times before, to be learnt from
again="taskset -c 0 /mnt/again 64 10 250 && grep -e age_ms -e refaulted_bytes $stats &&
taskset -c 0 /mnt/again 64 10 250 && grep -e age_ms -e refaulted_bytes $stats"

# refaulted OP MIB: so much of the second ten was fetched back
refaulted()
{
	awk -v op="$1" -v mib="$2" '$1 == "refaulted_bytes" { value[n++] = $2 / 1048576 }
		END { got = value[1] - value[0]
		      printf "# %d of 640 MiB refaulted\n", got
		      exit n != 2 || (op == "below" ? got >= mib : got < mib) }' "$scratch/said"
}

parameters=/sys/module/page_reporting/parameters
hasty="echo 0 >$parameters/learn && echo 20 >$parameters/min_age_ms"

ok "make deb" built
[ $bad -eq 0 ] || done_testing
ok "a disk with Debian" logged make_disk
[ $bad -eq 0 ] || done_testing
ok "it boots, by its kernel" boot -kernel "$scratch/vmlinuz" \
	-initrd "$scratch/initrd" -append "root=/dev/vda1 console=ttyS0"
ok "GRUB goes on the disk" logged say 600 "grub-install /dev/vda && update-grub"
ok "it is booted again" leave
: >"$transcript"

ok "it boots by GRUB" boot
ok "with the distribution's kernel" guest_does "uname -r"
ok "which is not ours" sh -c "! grep -q page-reporting $scratch/said"
logged say 60 "mount -r /dev/vdb /mnt && export DEBIAN_FRONTEND=noninteractive && ls -1 /etc/default/grub.d /boot /usr/bin >/root/before"
ok "the packages are installed" guest_does "apt-get install -qy /mnt/*.deb"
ok "the reader says what to do" guest_does "page-reporting"
ok "which is another kernel" said "this kernel has no free page reporting by age"
ok "it is booted again" leave

ok "it boots by GRUB with our kernel" boot
ok "its release" guest_does "uname -r; cat /proc/cmdline"
ok "is ours" said "^$release"
ok "page_ext=on is on the command line" said 'page_ext=on'
ok "a gigabyte is used" guest_does "dd if=/dev/zero of=/dev/shm/file bs=1M count=1024"
full=$(held)
echo "# $full MiB are held"
ok "the reader says what uses it" guest_does "page-reporting"
ok "which are programs, with a gigabyte" said '^  P programs  *1[0-9][0-9][0-9]\.'
ok "it is freed" guest_does "rm /dev/shm/file"
ok "the host has a gigabyte back" comes_back $((full - 1000))
ok "the reader sees it" guest_does "page-reporting"
ok "a gigabyte more is reported than the file left" awk '$1 == "." && $2 == "reported" && $3 > 2000 { good = 1 }
	END { exit !good }' "$scratch/said"

ok "its configuration is the distribution's" guest_does "$(configured)"
ok "it is booted again" leave
# shellcheck disable=SC2046
ok "it boots with two nodes and two processors" boot $(two_nodes)
ok "both have memory" guest_does "$tmpfs_by_node"
ok "each node's memory is drained: on node 0" drained 0
ok "and on node 1" drained 1
ok "a program uses memory again and again" guest_does "mount -r /dev/vdb /mnt && $again"
ok "which is learnt, and left alone" refaulted below 128
ok "with an age of 20 ms" guest_does "$hasty && $again"
ok "it is not" refaulted above 320

ok "the packages are purged" guest_does "apt-get purge -qy 'page-reporting*' 'linux-image-$release' 'linux-headers-$release'"
ok "nothing of them stays" guest_does "ls -1 /etc/default/grub.d /boot /usr/bin | diff /root/before - && ! grep page_ext /boot/grub/grub.cfg && ! ls -d /lib/modules/*page-reporting*"
ok "it is booted again" leave
ok "it boots by GRUB, without us" boot
ok "its release" guest_does "uname -r; cat /proc/cmdline"
ok "is the distribution's" sh -c "! grep -e page-reporting -e page_ext $scratch/said"
mkdir -p build/deep && cp "$transcript" build/deep/deb.transcript
done_testing
