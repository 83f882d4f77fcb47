// SPDX-License-Identifier: GPL-2.0
/*
 * Does KVM run a guest?  A firmware of a few instructions is the guest, so that
 * no kernel has to be built to know.  It enters 64-bit mode with paging on, says
 * so on the serial port, and ends the VM with a triple fault.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "prbench.h"

#define KVM_PROBE_S	10.0
#define KVM_REMEDY	"turn on nested virtualisation in the hypervisor above, or use tcg"

#define FIRMWARE_BYTES	0x10000		/* ends below 1 MiB */
#define PROBE_AT	0xf000		/* of the firmware, at 0xff000 in memory */
#define RESET_AT	0xfff0		/* where the processor begins */
#define PROBE_SAYS	"64 bits, paging is on"

extern const char kvm_probe_begin[], kvm_probe_end[];

__asm__(
"	.pushsection .rodata\n"
"	.set at, 0xff000\n"
"kvm_probe_begin:\n"
"	.code16\n"
"	cli\n"
"	lgdtl	%cs:(0xf000 + gdtr - kvm_probe_begin)\n"
"	movl	%cr0, %eax\n"
"	orl	$1, %eax\n"
"	movl	%eax, %cr0\n"
"	ljmpl	$8, $(at + bits32 - kvm_probe_begin)\n"
"	.code32\n"
"bits32:\n"
"	movw	$16, %ax\n"
"	movw	%ax, %ds\n"
"	movw	%ax, %ss\n"
/* The first 2 MiB are mapped to themselves. */
"	movl	$0x2003, 0x1000\n"
"	movl	$0x3003, 0x2000\n"
"	movl	$0x83, 0x3000\n"
"	movl	$0x1000, %eax\n"
"	movl	%eax, %cr3\n"
"	movl	%cr4, %eax\n"
"	orl	$0x20, %eax\n"		/* physical address extension */
"	movl	%eax, %cr4\n"
"	movl	$0xc0000080, %ecx\n"	/* EFER */
"	rdmsr\n"
"	orl	$0x100, %eax\n"		/* long mode */
"	wrmsr\n"
"	movl	%cr0, %eax\n"
"	orl	$0x80000000, %eax\n"	/* paging */
"	movl	%eax, %cr0\n"
"	ljmp	$24, $(at + bits64 - kvm_probe_begin)\n"
"	.code64\n"
"bits64:\n"
"	leaq	says(%rip), %rsi\n"
"	movw	$0x3f8, %dx\n"
"1:	lodsb\n"
"	testb	%al, %al\n"
"	jz	2f\n"
"	outb	%al, %dx\n"
"	jmp	1b\n"
"2:	lidt	none(%rip)\n"
"	ud2\n"
"says:	.asciz	\"" PROBE_SAYS "\\n\"\n"
"	.balign	8\n"
"gdt:	.quad	0, 0x00cf9a000000ffff, 0x00cf92000000ffff, 0x00af9a000000ffff\n"
"gdtr:	.word	31\n"
"	.long	at + gdt - kvm_probe_begin\n"
"none:	.fill	10\n"
"kvm_probe_end:\n"
"	.popsection\n"
);

static int write_firmware(const char *path, char *why, size_t len)
{
	/* ljmp $0xf000, $PROBE_AT */
	static const unsigned char reset[] = { 0xea, PROBE_AT & 0xff, PROBE_AT >> 8, 0, 0xf0 };
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	size_t bytes = (size_t)(kvm_probe_end - kvm_probe_begin);
	bool good = fd >= 0 && !ftruncate(fd, FIRMWARE_BYTES) &&
		    pwrite(fd, kvm_probe_begin, bytes, PROBE_AT) == (ssize_t)bytes &&
		    pwrite(fd, reset, sizeof(reset), RESET_AT) == sizeof(reset);

	if (!good)
		set_err(why, len, "%s: %s; make room there, or set TMPDIR", path,
			strerror(errno));
	if (fd >= 0)
		close(fd);
	return good ? 0 : -1;
}

static char **probe_argv(const struct config *cfg, const char *firmware, const char *log)
{
	const char *const *word;
	char **argv = NULL;

	argv_add(&argv, "%s", cfg->qemu);
	argv_add(&argv, "-machine");
	argv_add(&argv, "q35");
	for (word = platform_table[KVM].qemu; *word; word++)
		argv_add(&argv, "%s", *word);
	argv_add(&argv, "-m");
	argv_add(&argv, "64");
	argv_add(&argv, "-nodefaults");
	argv_add(&argv, "-no-user-config");
	argv_add(&argv, "-nographic");
	argv_add(&argv, "-no-reboot");
	argv_add(&argv, "-chardev");
	argv_add_option(&argv, "file,id=console,path=", log, "");
	argv_add(&argv, "-serial");
	argv_add(&argv, "chardev:console");
	argv_add(&argv, "-bios");
	argv_add(&argv, "%s", firmware);
	return argv;
}

/* Run QEMU and look for what the guest says. */
static bool run_probe(char **argv, const char *log, char *why, size_t len)
{
	char text[65536];
	bool found = false;
	int status, pidfd;
	pid_t pid = spawn_vm(argv, log, NULL);

	if (pid <= 0) {
		set_err(why, len, "cannot start %s to try KVM: %s", argv[0], strerror(errno));
		return false;
	}
	set_err(why, len, "no guest boots under KVM in %.0f s, though there is /dev/kvm; " KVM_REMEDY,
		KVM_PROBE_S);
	pidfd = open_pidfd(pid);
	if (!wait_exit(pidfd, pid, KVM_PROBE_S, &status)) {
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
	} else if (read_text(log, text, sizeof(text)) > 0) {
		found = strstr(text, PROBE_SAYS);
		if (!found)
			set_err(why, len, "no guest boots under KVM: %.300s; " KVM_REMEDY,
				last_line(text));
	}
	close(pidfd);
	return found;
}

/**
 * kvm_works() - does a guest get somewhere under KVM?
 * @cfg: which QEMU
 * @why: if it does not, why, and what to do
 * @len: its size
 *
 * The device node proves nothing, so a guest is run.
 */
bool kvm_works(const struct config *cfg, char *why, size_t len)
{
	char dir[PATH_MAX], log[PATH_MAX + 16], firmware[PATH_MAX + 16];
	sigset_t before;
	bool works = false;
	char **argv;
	size_t i;

	if (access("/dev/kvm", R_OK | W_OK)) {
		set_err(why, len, errno == EACCES ?
			"/dev/kvm: %s; join the group that owns it (kvm) or run as root" :
			"/dev/kvm: %s; the processor or the hypervisor offers no virtualisation, or the module kvm is not loaded, or a container has to be given it (--device /dev/kvm)",
			strerror(errno));
		return false;
	}
	if (qemu_works(cfg, why, len) ||
	    probe_dir(dir, sizeof(dir), &before, why, len))
		return false;
	make_path(log, sizeof(log), "%s/console", dir);
	make_path(firmware, sizeof(firmware), "%s/firmware", dir);
	if (!write_firmware(firmware, why, len)) {
		argv = probe_argv(cfg, firmware, log);
		works = run_probe(argv, log, why, len);
		for (i = 0; argv[i]; i++)
			free(argv[i]);
		free(argv);
	}
	unlink(log);
	unlink(firmware);
	rmdir(dir);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return works;
}
