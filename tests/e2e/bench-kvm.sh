#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# make bench-kvm, tried as far as it goes without KVM: a program that stands in
# for QEMU has TCG run what KVM should, and /dev/kvm is there for prbench if it
# is told so.
. "$(dirname "$0")/lib.sh"

cat >"$scratch/fake.c" <<'END'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

int access(const char *path, int mode)
{
	int (*real)(const char *, int) = dlsym(RTLD_NEXT, "access");

	if (strcmp(path, "/dev/kvm"))
		return real(path, mode);
	errno = ENOENT;
	return getenv("KVM") ? 0 : -1;
}
END
gcc -shared -fPIC -o "$scratch/fake.so" "$scratch/fake.c" -ldl
cat >"$scratch/qemu" <<'END'
#!/bin/bash
words=()
for word; do
	case $word in
	# with a thread a CPU, QEMU may run an int3 of text_poke() that is gone
	kvm) word=tcg,thread=single ;;
	host) word=max ;;
	esac
	words+=("$word")
done
[ -z "$BROKEN" ] || [ "$*" = "-device help" ] || { echo 'no such MSR' >&2; exit 1; }
exec qemu-system-x86_64 "${words[@]}"
END
cat >"$scratch/builder" <<END
#!/bin/sh
echo "\$*" >>"$scratch/built"
END
chmod +x "$scratch/qemu" "$scratch/builder"
QEMU=$scratch/qemu OUT=$scratch/kvm BROKEN=
export QEMU OUT BROKEN

# kvm ARG...: the script, with the fakes
kvm()
{
	rm -f "$scratch/built"
	LD_PRELOAD=$scratch/fake.so PRX_BIN=$bin scripts/bench-kvm.sh \
		--agent "$bin/pragent" --build "$scratch/builder" "$@" >"$scratch/log" 2>&1
}

says()
{
	grep -q -- "$1" "$scratch/log"
}

kvm
ok "no /dev/kvm: nothing can run" [ $? -eq 3 ]
ok "in one line" [ "$(grep -c . "$scratch/log")" -eq 1 ]
ok "which says why and what to do" says 'kvm is left out: /dev/kvm: No such file.*--device /dev/kvm'
KVM=1
export KVM
BROKEN=1 kvm
ok "a /dev/kvm under which no guest boots: the same" [ $? -eq 3 ]
ok "in one line, too" [ "$(grep -c . "$scratch/log")" -eq 1 ]
ok "with what QEMU said" says 'no guest boots under KVM: no such MSR; turn on nested'
QEMU=/nowhere/qemu kvm
ok "no QEMU: nothing can run" [ $? -eq 3 ]
ok "in one line, again" [ "$(grep -c . "$scratch/log")" -eq 1 ]
ok "which is not about KVM" says 'kvm is left out: QEMU /nowhere/qemu: no such program; install'
ok "nothing was built" [ ! -e "$scratch/built" ]
ok "nothing was made" [ ! -e "$OUT" ]
kvm --out "$scratch/elsewhere"
ok "another --out is refused, as there would be no archive" [ $? -eq 1 ]
ok "with what to say instead" says 'say OUT=DIR instead'

# what is done to the host before a boot takes 2 s for 2 GiB
kvm --plan
minutes=$(sed -n 's/^\([0-9]*\) boots, about \([0-9]*\):\([0-9]*\) min$/\1 \2 \3/p' "$scratch/log" |
	awk '{ print int(($1 * 2 + $2 * 60 + $3 + 59) / 60) }')
ok "half an hour by the plan, which is $minutes minutes" [ "${minutes:-99}" -le 30 ]
for what in drain churn churn-sweep fragment refill alloc; do
	ok "$what is in it" says "kvm  *ext  *$what\b"
done
ok "two kernels are enough" says '^kernels: x86_64-pristine x86_64-patched$'

# one guest
kvm --kernels "$kernels" --workloads drain --variants ext --boots 1 --set drain.mib=64 \
	--set drain.settle_ms=500 --equalise none
ok "a guest that says it is under KVM: status 0" [ $? -eq 0 ]
ok "its kernel was asked for, and no other" [ "$(cat "$scratch/built")" = "build x86_64-patched" ]
ok "there is a report" [ -s "$OUT/report.html" ]
ok "where the archive is and what to do with it is said" \
	says "make merge DIRS=\"$OUT.tar.xz ...\""
"$bin/prreport" merge "$scratch/merged" "$OUT.tar.xz" >"$scratch/log" 2>&1
ok "make merge takes the archive" [ $? -eq 0 ]
ok "with its boot" says '1 boots of 1 runs'
ok "which is of KVM" grep -q '"platform": "kvm"' "$scratch"/merged/boots/*/meta.json
done_testing
