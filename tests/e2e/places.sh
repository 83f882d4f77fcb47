#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Where other people run it: pipes that end, signals that are ignored, names of
# any bytes, dumb terminals, QEMUs that lack something. A program that stands in
# for QEMU makes a boot take no time; it is lost, and that is not what is tested.
. "$(dirname "$0")/lib.sh"

says()
{
	grep -q -- "$1" "$scratch/log"
}

# A QEMU with all devices, or without $LACKS, which ends at once.
cat >"$scratch/qemu" <<'END'
#!/bin/sh
case "$*" in
*'-device help'*)
	for d in virtio-balloon-pci virtio-9p-pci virtio-serial-pci virtserialport; do
		[ "$d" = "${LACKS:-}" ] || echo "name \"$d\", bus PCI"
	done
	exit 0 ;;
esac
echo "$*" >>"$SEEN"
[ -z "${SAYS:-}" ] || echo "$SAYS" >&2
sleep "${LASTS:-0}"
[ -z "${DIES:-}" ] || kill -KILL $$
exit 1
END
chmod +x "$scratch/qemu"
QEMU=$scratch/qemu SEEN=$scratch/seen
export QEMU SEEN
mkdir -p "$scratch/kernels/x86_64-pristine"
: >"$scratch/kernels/x86_64-pristine/bzImage"
echo 6.12 >"$scratch/kernels/x86_64-pristine/release"
: >"$scratch/kernels/x86_64-pristine/config"
ln -s "$(realpath "$kernels/um-pristine")" "$scratch/kernels/um-pristine"
quick="--agent $bin/pragent --kernels $scratch/kernels --platforms tcg --variants off
	--workloads drain --equalise none"

# pr OUT ARG...: prbench with the stand-in, in the foreground
pr()
{
	_out=$1
	shift
	# shellcheck disable=SC2086
	"$bin/prbench" $quick --out "$_out" "$@"
}

pr "$scratch/head" --boots 3 2>/dev/null | head -n 1 >"$scratch/log"
ok "the reader ends: the run does not" [ "$(status "$scratch/head/run.json")" = complete ]
ok "and all its boots were tried" [ "$(echo "$scratch"/head/boots/* | wc -w)" -eq 3 ]

# In a session of its own, for a signal to all of it: tee dies of it first.
# shellcheck disable=SC2016
LASTS=20 setsid env --default-signal=INT sh -c '"$@"; echo $? >"$0"' "$scratch/rc" \
	sh -c '{ trap : INT; "$@" 2>&1; echo $? >"$0"; } | tee /dev/null' "$scratch/status" \
	"$bin/prbench" $quick --out "$scratch/tee" >/dev/null &
leader=$!
until grep -qs "$scratch/tee" "$SEEN" || ! kill -0 $leader; do sleep 0.05; done
kill -INT -$leader
wait $leader
tries=0
until [ "$(status "$scratch/tee/run.json")" != running ] || [ $tries -gt 100 ]; do
	tries=$((tries + 1))
	sleep 0.1
done
ok "SIGINT to prbench and tee: the run is interrupted" \
	[ "$(status "$scratch/tee/run.json")" = interrupted ]
ok "and nothing is left" nothing_runs tee
ok "and the status is 130" [ "$(cat "$scratch/status")" = 130 ]

(
	trap '' HUP INT
	# shellcheck disable=SC2086
	LASTS=2 exec "$bin/prbench" $quick --out "$scratch/nohup" --boots 2
) >"$scratch/log" 2>&1 &
pid=$!
until grep -qs "$scratch/nohup" "$SEEN" || ! kill -0 $pid; do sleep 0.05; done
kill -HUP $pid
kill -INT $pid
wait $pid
rc=$?
ok "what is ignored at the start stays ignored" \
	[ "$(status "$scratch/nohup/run.json")" = complete ]
ok "and the status is that of the boots" [ $rc -eq 1 ]

pr "$scratch/a,b" >"$scratch/log" 2>&1
ok "a comma in --out is doubled for QEMU" grep -q "path=$scratch/a,,b/" "$SEEN"

LACKS=virtio-9p-pci pr "$scratch/no9p" >"$scratch/log" 2>&1
ok "a QEMU without 9p: nothing can run" [ $? -eq 3 ]
ok "in one sentence" [ "$(grep -c . "$scratch/log")" -eq 1 ]
ok "which says what is missing" says 'tcg is left out: .*has no device virtio-9p-pci; install'
LACKS=virtio-9p-pci pr "$scratch/um" --platforms tcg,um --set drain.mib=64 \
	--set drain.settle_ms=200 --boots 1 >"$scratch/log" 2>&1
ok "other platforms go on" [ $? -eq 0 ]
ok "and only they" [ "$(echo "$scratch"/um/boots/*)" = "$scratch/um/boots/001-um-off" ]
QEMU=$scratch/nowhere pr "$scratch/none" >"$scratch/log" 2>&1
ok "no QEMU at all is said" says 'no such program; install qemu-system-x86'

DIES=1 pr "$scratch/dies" --boots 1 >"$scratch/log" 2>&1
ok "a VM that somebody else kills: who that may be is said" \
	says 'killed by signal 9 .*systemd-oomd or earlyoom'

# A directory of bytes that are no text or mean something to QEMU, shells and
# HTML, which has to be found again.
odd=$scratch/$(printf 'r\377\303 ,,<i>"$a&%%s')
mkdir "$odd"
ln -s "$scratch/kernels" "$odd/kernels"
pr "$odd" --kernels "$odd/kernels" --boots 2 >"$scratch/log" 2>&1
ok "--out of any bytes" [ "$(status "$odd/run.json")" = complete ]
ok "run.json is JSON" python3 -c 'import json, sys; json.load(open(sys.argv[1], encoding="utf-8"))' \
	"$odd/run.json"
rm -r "$odd/boots"
"$bin/prbench" --resume "$odd" >"$scratch/log" 2>&1
ok "such a run can go on" [ "$(find "$odd/boots" -name meta.json | wc -l)" -eq 2 ]
pr "$odd/um" --platforms um --set drain.mib=64 --set drain.settle_ms=2500 --boots 1 \
	--report "$bin/prreport" >"$scratch/log" 2>&1
ok "guests boot from there" [ $? -eq 0 ]
ok "and it has its report" grep -q '^um.*drain' "$odd/um/summary.tsv"
ok "with its pictures" [ -s "$odd/um/plots/drain-um.svg" ]
ok "in which the name is text" python3 - "$odd/um" <<'END'
import os, sys
for name in "report.html", "report.md", "details.html", "details.md":
    text = open(os.path.join(os.fsencode(sys.argv[1]), name.encode()), encoding="utf-8").read()
    assert name.endswith(".md") or "<i>" not in text, name
END

# A clone of its own for what is looked for beside the program.
mkdir -p "$scratch/clone/build/bin" "$scratch/clone/bench" "$scratch/clone/results/latest"
cp "$bin/prbench" "$bin/pragent" "$scratch/clone/build/bin"
cp -r bench/workloads "$scratch/clone/bench"
printf '#!/bin/sh\necho "$1" >"%s"\n' "$scratch/reported" >"$scratch/reporter"
chmod +x "$scratch/reporter"

# own CMD...: a run of the clone, which chooses its directory
own()
{
	# shellcheck disable=SC2086
	(cd "$scratch/clone" && "$@" build/bin/prbench --agent build/bin/pragent \
		${quick#--agent * } --report "$scratch/reporter") >"$scratch/log" 2>&1
}

git init -q "$scratch"
git -C "$scratch" -c user.name=t -c user.email=t@localhost commit -q --allow-empty -m other
own env
ok "results/latest is a directory: the run just made is reported" \
	[ -s "$(cat "$scratch/reported")/run.json" ]
ok "and what to do is said" says 'results/latest .*it is a directory, remove it'
ok "a tree inside another repository has no commit" \
	grep -q '"commit": "nogit"' "$(cat "$scratch/reported")/run.json"
ok "and says why" grep -q '"no_commit": ".* inside ' "$(cat "$scratch/reported")/run.json"
rmdir "$scratch/clone/results/latest"
(
	cd "$scratch/clone" && git init -q . && git add bench &&
		git -c user.name=t -c user.email=t@localhost commit -q -m base
) >"$scratch/log" 2>&1
[ "$(id -u)" -ne 0 ] || chown -R 65534 "$scratch/clone"
own env
ok "a checkout of another user has its commit" grep -q \
	"\"commit\": \"$(git -c safe.directory='*' -C "$scratch/clone" rev-parse --short=12 HEAD)" \
	"$scratch/clone/results/latest/run.json"
if unshare -u true 2>/dev/null; then
	own unshare -u python3 -c 'import os, socket, sys
socket.sethostname(b"a/b\377")
os.execv(sys.argv[1], sys.argv[1:])'
	ok "a host's name of any bytes" grep -q '"host": "a/b.*xff' \
		"$scratch/clone/results/latest/run.json"
	ok "is no path" [ "$(dirname "$(cat "$scratch/reported")")" = "$scratch/clone/results" ]
else
	n=$((n + 1))
	echo "ok $n - a host's name of any bytes # SKIP no right to change it"
fi

# terminal TERM COLUMNS: the same on a terminal, as the terminal gets it
terminal()
{
	rm -rf "$scratch/tty"
	LASTS=1 TERM=$1 script -qec "stty cols $2; $bin/prbench $(echo $quick) --boots 1 \
		--out $scratch/tty" /dev/null 2>&1 </dev/null | tr -d '\r' >"$scratch/tty.out"
}

esc=$(printf '\033')
terminal dumb 80
ok "TERM=dumb: no escapes" [ "$(grep -c "$esc" "$scratch/tty.out")" = 0 ]
terminal xterm 24
ok "a terminal: a line of progress" grep -q "$esc\[K\[1/1\]" "$scratch/tty.out"
ok "not wider than 24 columns" [ -z "$(sed "s/$esc\[K/\n/g" "$scratch/tty.out" |
	grep '^\[[0-9]*/[0-9]*\] .* left' | grep -v ': FAILED' | grep '.\{24\}')" ]
ok "and messages begin a line of their own" grep -q "$esc\[Kprbench: boot 001" "$scratch/tty.out"

# A VM in a cgroup, as of a container or a session, that is too small for it.
group=
for d in /sys/fs/cgroup/memory /sys/fs/cgroup; do
	mkdir "$d/prx-test-$$" 2>/dev/null || continue
	for file in memory.limit_in_bytes memory.max; do
		[ ! -e "$d/prx-test-$$/$file" ] || group=$d/prx-test-$$ limit=$file
	done
	[ -z "$group" ] || break
	rmdir "$d/prx-test-$$"
done
if [ -n "$group" ] && echo 200M >"$group/$limit" 2>/dev/null; then
	# shellcheck disable=SC2016
	sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$group" "$bin/prbench" \
		--agent "$bin/pragent" --kernels "$scratch/kernels" --platforms um \
		--variants off --workloads drain --set drain.mib=512 --boots 1 \
		--equalise none --out "$scratch/killed" >"$scratch/log" 2>&1
	ok "a VM that the host kills for want of memory is lost" [ $? -eq 1 ]
	ok "and the reason is said" says 'killed by signal 9 .*the host.s kernel has killed for want of memory'
else
	n=$((n + 1))
	echo "ok $n - a VM that the host kills for want of memory # SKIP no right to make a cgroup"
fi
[ -z "$group" ] || rmdir "$group"

# Processors, file systems and fences that this machine does not have.
cat >"$scratch/fake.c" <<'END'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>

/* A kernel or a container that allows no namespaces. */
long syscall(long nr, ...)
{
	long (*real)(long, ...) = dlsym(RTLD_NEXT, "syscall"), a[6];
	va_list ap;
	int i;

	va_start(ap, nr);
	for (i = 0; i < 6; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	if (nr == SYS_clone && getenv("NO_NAMESPACES")) {
		errno = EPERM;
		return -1;
	}
	return real(nr, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* AppArmor lets the namespace be made, and nothing be done in it. */
int mount(const char *source, const char *target, const char *type,
	  unsigned long flags, const void *data)
{
	int (*real)(const char *, const char *, const char *, unsigned long,
		    const void *) = dlsym(RTLD_NEXT, "mount");

	if (getenv("NO_MOUNT")) {
		errno = EACCES;
		return -1;
	}
	return real(source, target, type, flags, data);
}

/* One that lets nothing be traced; the FP state of a processor with AMX. */
long ptrace(enum __ptrace_request what, ...)
{
	long (*real)(int, int, void *, void *) = dlsym(RTLD_NEXT, "ptrace");
	va_list ap;
	int pid;
	void *addr, *data;
	long ret;

	va_start(ap, what);
	pid = va_arg(ap, int);
	addr = va_arg(ap, void *);
	data = va_arg(ap, void *);
	va_end(ap);
	if (what == PTRACE_TRACEME && getenv("NO_PTRACE")) {
		errno = EPERM;
		return -1;
	}
	ret = real(what, pid, addr, data);
	if (what == PTRACE_GETREGSET && getenv("FP_STATE"))
		((struct iovec *)data)->iov_len = atoi(getenv("FP_STATE"));
	return ret;
}

/* KVM that is there, or that belongs to others: $KVM is 0 or an errno. */
int access(const char *path, int mode)
{
	int (*real)(const char *, int) = dlsym(RTLD_NEXT, "access");

	if (strcmp(path, "/dev/kvm") || !getenv("KVM"))
		return real(path, mode);
	errno = atoi(getenv("KVM"));
	return errno ? -1 : 0;
}

/* exFAT */
int link(const char *from, const char *to)
{
	(void)from;
	(void)to;
	errno = EPERM;
	return -1;
}
END
gcc -shared -fPIC -o "$scratch/fake.so" "$scratch/fake.c" -ldl
LD_PRELOAD=$scratch/fake.so FP_STATE=11008 "$bin/prbench" --doctor >"$scratch/log" 2>&1
ok "AMX: um is missing, with what to do" says '^um  *missing .*FP state (AMX?).*clearcpuid=amx_tile'
ok "a cache without hard links is missing" says '^cache  *missing .*no hard links.*PRX_CACHE'
LD_PRELOAD=$scratch/fake.so FP_STATE=11008 pr "$scratch/amx" --platforms um --plan \
	>"$scratch/log" 2>&1
ok "AMX: nothing is built for it" [ $? -eq 3 ]
ok "in one sentence" [ "$(grep -c . "$scratch/log")" -eq 1 ]
LD_PRELOAD=$scratch/fake.so FP_STATE=2696 "$bin/prbench" --doctor >"$scratch/log" 2>&1
ok "without AMX: um can be run" says '^um  *ok'

LD_PRELOAD=$scratch/fake.so NO_PTRACE=1 "$bin/prbench" --doctor >"$scratch/log" 2>&1
ok "nothing may be traced: um is missing, with what to do" \
	says '^um  *missing .*ptrace_scope must be below 2, and seccomp must allow ptrace'

LD_PRELOAD=$scratch/fake.so NO_MOUNT=1 "$bin/prbench" --doctor >"$scratch/log" 2>&1
ok "nothing may be mounted: um is missing, with what to do" says '^um  *missing .*--privileged'

# A /dev/shm as containers have it: too small, and no programs run from there.
if unshare -m true 2>/dev/null; then
	# shellcheck disable=SC2016
	unshare -m sh -c 'mount -t tmpfs -o noexec,size=64M none /dev/shm && exec "$@"' sh \
		"$bin/prbench" --agent "$bin/pragent" --kernels "$scratch/kernels" \
		--platforms um --variants off --workloads drain --set drain.mib=256 \
		--set drain.settle_ms=200 --boots 1 --equalise none --out "$scratch/shm" \
		>"$scratch/log" 2>&1
	ok "a small /dev/shm, mounted noexec: um boots all the same" [ $? -eq 0 ]
else
	n=$((n + 1))
	echo "ok $n - a small /dev/shm # SKIP no right to mount"
fi

# A hypervisor above that offers KVM and no guest in it.
offered="env --default-signal=INT KVM=0 LD_PRELOAD=$scratch/fake.so"
mkdir "$scratch/t,mp"
# shellcheck disable=SC2086
TMPDIR=$scratch/t,mp SAYS='no such MSR' $offered "$bin/prbench" $quick \
	--out "$scratch/kvm" --platforms kvm >"$scratch/log" 2>&1
ok "no guest boots under KVM: nothing can run" [ $? -eq 3 ]
ok "what QEMU said is said, and what to do" \
	says 'kvm is left out: no guest boots .*: no such MSR; turn on nested'
ok "a comma in TMPDIR is doubled for QEMU" \
	grep -q "file,id=console,path=$scratch/t,,mp/" "$SEEN"
# Ctrl-C while it is tried out
mkdir "$scratch/probe"
# shellcheck disable=SC2086
LASTS=5 TMPDIR=$scratch/probe setsid $offered "$bin/prbench" $quick \
	--out "$scratch/nokvm" --platforms kvm >"$scratch/log" 2>&1 &
pid=$!
until grep -q "path=$scratch/probe/" "$SEEN" || ! kill -0 $pid; do sleep 0.05; done
kill -INT -$pid
wait $pid
ok "SIGINT while KVM is tried: it ends of it" [ $? -eq 130 ]
ok "and nothing is left in TMPDIR" rmdir "$scratch/probe"
# shellcheck disable=SC2086
$offered "$bin/prbench" $quick --out "$scratch/notkvm" --platforms kvm,um \
	--set drain.mib=64 --set drain.settle_ms=200 --boots 1 >"$scratch/log" 2>&1
ok "without KVM other platforms go on" [ $? -eq 0 ]
LD_PRELOAD=$scratch/fake.so KVM=13 "$bin/prbench" --doctor >"$scratch/log" 2>&1
ok "KVM without permission: says so" says '^kvm  *missing .*join the group'

# Rights that others do not have.
if [ "$(id -u)" -eq 0 ]; then
	setpriv --bounding-set -sys_admin --inh-caps -sys_admin "$bin/prbench" --doctor \
		>"$scratch/log" 2>&1
	ok "root without CAP_SYS_ADMIN: um is missing, with what to do" \
		says '^um  *missing .*CAP_SYS_ADMIN'
	chmod 755 "$scratch"
	# nobody WORD...: what the doctor tells another user, with these in the environment
	nobody()
	{
		(cd / && setpriv --reuid 65534 --regid 65534 --clear-groups \
			env -u XDG_CACHE_HOME -u PRX_CACHE HOME=/nonexistent "$@" \
			"$scratch/clone/build/bin/prbench" --doctor) \
			>"$scratch/log" 2>&1
	}
	nobody LD_PRELOAD="$scratch/fake.so" NO_NAMESPACES=1
	ok "no user namespaces: um is missing, with what to do" \
		says '^um  *missing .*allow unprivileged user namespaces'
	nobody LD_PRELOAD="$scratch/fake.so" NO_MOUNT=1
	ok "user namespaces that are of no use: the same" \
		says '^um  *missing .*mounts private: .*allow unprivileged user namespaces'
	nobody
	ok "a cache that cannot be made is missing, with what to do" \
		says '^cache  *missing  */ cannot be written: .*; set PRX_CACHE'
	ok "results that cannot be written, too" says '^results  *missing .*; work in a copy'
	ok "cgroups, too" says '^cgroup  *missing .*run as root'
fi
done_testing
