// SPDX-License-Identifier: GPL-2.0
/* QEMU guests, and what all guests have in common. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "prbench.h"

/* A guest that dies must say so at once and not wait for somebody. */
#define COMMON_CMDLINE	"panic=-1 oops=panic"

void kernel_dir(char *path, size_t len, const struct config *cfg,
		enum platform p, const struct variant *v)
{
	make_path(path, len, "%s/%s-%s", cfg->kernels,
		 platform_table[p].arch, variant_tree(v, cfg->sel.series));
}

/* Kill the VM and whatever it started, and reap it. */
void vm_kill(struct vm *vm)
{
	if (vm->pid <= 0)
		return;
	kill(-vm->pid, SIGKILL);
	kill(vm->pid, SIGKILL);
	while (waitpid(vm->pid, NULL, 0) < 0 && errno == EINTR)
		;
	vm->pid = 0;
}

void vm_free(struct vm *vm)
{
	size_t i;

	for (i = 0; vm->argv && vm->argv[i]; i++)
		free(vm->argv[i]);
	free(vm->argv);
	free(vm->cmdline);
	if (vm->pidfd >= 0)
		close(vm->pidfd);
	if (vm->channel >= 0)
		close(vm->channel);
	if (vm->qmp_fd >= 0)
		close(vm->qmp_fd);
}

static char *qemu_cmdline(const struct config *cfg, const struct boot *b,
			  bool migratable)
{
	const char *extra = variant_words(b->variant, b->series);
	const char *own = platform_table[b->platform].append;
	char *append = boot_append(b), *text;

	text = format("console=ttyS0 " COMMON_CMDLINE " root=hostroot "
		      "rootfstype=9p rootflags=trans=virtio,version=9p2000.L,"
		      "cache=loose,msize=262144 ro init=\"%s\"%s%s%s%s%s%s", cfg->agent,
		      migratable ? " root_in_memory=1" : "",
		      own ? " " : "", own ? own : "",
		      *extra ? " " : "", extra, append);
	free(append);
	return text;
}

static void add_platform(char ***argv, enum platform p)
{
	const char *const *word;

	for (word = platform_table[p].qemu; *word; word++)
		argv_add(argv, "%s", *word);
}

/* In the child: die with the parent, take no signal meant for it, run. */
static void __attribute__((noreturn)) exec_vm(char **argv, int log,
					      const struct cgroup *group,
					      pid_t parent)
{
	int null = open("/dev/null", O_RDONLY);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
	setsid();
	dup2(null, 0);
	dup2(log, 1);
	dup2(log, 2);
	if (group && cgroup_join(group)) {
		dprintf(2, "cannot join %s: %s\n", group->path, strerror(errno));
		_exit(127);
	}
	execvp(argv[0], argv);
	dprintf(2, "cannot run %s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

pid_t spawn_vm(char **argv, const char *log_path, const struct cgroup *group)
{
	pid_t parent = getpid(), pid;
	sigset_t none;
	int log = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

	if (log < 0)
		return -1;
	pid = fork();
	if (!pid) {
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		signal(SIGPIPE, SIG_DFL);
		signal(SIGINT, SIG_DFL);
		exec_vm(argv, log, group, parent);
	}
	close(log);
	return pid;
}

/*
 * Linux promises no more memory than a machine has, unless it is told not to; a
 * guest that large is mostly holes. Where nothing is overcommitted QEMU refuses.
 */
static bool more_than_host_has(unsigned int mem_mib)
{
	return mem_mib > (uint64_t)sysconf(_SC_PHYS_PAGES) * (PAGE / 1024) / 1024;
}

/* The machine, and the devices that the guest and we talk over. */
static void qemu_argv(struct vm *vm, const struct config *cfg,
		      const struct boot *b, const char *log, int chan, int qmp)
{
	char ***a = &vm->argv;

	argv_add(a, "%s", cfg->qemu);
	argv_add(a, "-machine");
	argv_add(a, "q35,memory-backend=ram");
	add_platform(a, b->platform);
	argv_add(a, "-m");
	argv_add(a, "%u", b->mem_mib);
	argv_add(a, "-smp");
	argv_add(a, "%d", boot_cpus(b));
	/* Anonymous and private: what is given back leaves the process. */
	argv_add(a, "-object");
	argv_add(a, "memory-backend-ram,id=ram,size=%uM,share=off,prealloc=off%s",
		 b->mem_mib, more_than_host_has(b->mem_mib) ? ",reserve=off" : "");
	argv_add(a, "-nodefaults");
	argv_add(a, "-no-user-config");
	argv_add(a, "-nographic");
	argv_add(a, "-no-reboot");
	argv_add(a, "-kernel");
	argv_add(a, "%s", vm->kernel);
	argv_add(a, "-append");
	argv_add(a, "%s", vm->cmdline);
	argv_add(a, "-chardev");
	argv_add_option(a, "file,id=console,append=on,path=", log, "");
	argv_add(a, "-serial");
	argv_add(a, "chardev:console");
	if (b->variant->hint) {
		argv_add(a, "-object");
		argv_add(a, "iothread,id=hint");
	}
	argv_add(a, "-device");
	argv_add(a, "virtio-balloon-pci,free-page-reporting=%s%s",
		 b->variant->reporting ? "on" : "off",
		 b->variant->hint ? ",free-page-hint=on,iothread=hint" : "");
	argv_add(a, "-fsdev");
	argv_add(a, "local,id=root,path=/,security_model=none,readonly=on,multidevs=remap");
	argv_add(a, "-device");
	argv_add(a, "virtio-9p-pci,fsdev=root,mount_tag=hostroot");
	argv_add(a, "-chardev");
	argv_add(a, "socket,id=channel,fd=%d", chan);
	argv_add(a, "-device");
	argv_add(a, "virtio-serial-pci,max_ports=2");
	argv_add(a, "-device");
	argv_add(a, "virtserialport,chardev=channel,name=prbench");
	argv_add(a, "-chardev");
	argv_add(a, "socket,id=qmp,fd=%d", qmp);
	argv_add(a, "-mon");
	argv_add(a, "chardev=qmp,mode=control");
}

int qemu_start(struct vm *vm, const struct config *cfg, const struct boot *b,
	       const char *dir, char *err, size_t len)
{
	int chan[2] = { -1, -1 }, qmp[2] = { -1, -1 };
	char kdir[PATH_MAX / 2], log[PATH_MAX];

	kernel_dir(kdir, sizeof(kdir), cfg, b->platform, b->variant);
	make_path(vm->kernel, sizeof(vm->kernel), "%s/bzImage", kdir);
	make_path(log, sizeof(log), "%s/console.log", dir);
	if (access(vm->kernel, R_OK))
		return set_err(err, len,
			       "no kernel %s (%s); build it with 'make kernels'",
			       vm->kernel, strerror(errno));
	/* Our ends are closed in QEMU, its ends are not. */
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, chan) ||
	    socketpair(AF_UNIX, SOCK_STREAM, 0, qmp))
		return set_err(err, len, "socketpair: %s", strerror(errno));
	fcntl(chan[0], F_SETFD, FD_CLOEXEC);
	fcntl(qmp[0], F_SETFD, FD_CLOEXEC);
	vm->channel = chan[0];
	vm->qmp_fd = qmp[0];
	vm->cmdline = qemu_cmdline(cfg, b, vm->migratable);

	qemu_argv(vm, cfg, b, log, chan[1], qmp[1]);
	vm->pid = spawn_vm(vm->argv, log, vm->group);
	close(chan[1]);
	close(qmp[1]);
	if (vm->pid < 0) {
		vm->pid = 0;
		return set_err(err, len, "cannot start %s: %s", cfg->qemu,
			       strerror(errno));
	}
	vm->pidfd = open_pidfd(vm->pid);
	return 0;
}
