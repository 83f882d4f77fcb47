// SPDX-License-Identifier: GPL-2.0
/*
 * User Mode Linux guests, fenced in
 *
 * A UML kernel is a process of the host and its hostfs writes as that process
 * may.  So it runs in a mount namespace of its own in which everything is
 * read-only but a tmpfs for its memory file, without the capabilities to
 * change that, and in a PID namespace whose end is the end of all of it.
 */
#include <errno.h>
#include <dirent.h>
#include <elf.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "prbench.h"

#define NO_FENCE	"cannot fence in User Mode Linux: "
#define FP_STATE_MAX	2696	/* bytes for it in arch/x86/um of 6.12 */

static bool in_user_namespace;

/* What to do where namespaces or mounts are refused. */
static const char *get_rights(bool user)
{
	return user ? "allow unprivileged user namespaces (kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns), or run as root" :
		"root needs CAP_SYS_ADMIN: run the container with it (--privileged)";
}

static void __attribute__((noreturn)) fail(const char *what)
{
	bool refused = errno == EPERM || errno == EACCES;

	dprintf(2, "prbench: " NO_FENCE "%s%s%s%s%s\n", what, errno ? ": " : "",
		errno ? strerror(errno) : "", refused ? "; " : "",
		refused ? get_rights(in_user_namespace) : "");
	_exit(126);
}

static void write_file(const char *path, const char *text)
{
	if (write_text(path, text))
		fail(path);
}

/* Without root, a user namespace gives the right to make the other two. */
static void map_user(uid_t uid, gid_t gid)
{
	char text[64];

	in_user_namespace = true;
	write_file("/proc/self/setgroups", "deny");
	snprintf(text, sizeof(text), "0 %u 1", uid);
	write_file("/proc/self/uid_map", text);
	snprintf(text, sizeof(text), "0 %u 1", gid);
	write_file("/proc/self/gid_map", text);
}

/* Keep nothing but the right to read what the owner's root may read. */
static void drop_capabilities(void)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2] = { { 0 } };
	const uint32_t keep = 1U << CAP_DAC_READ_SEARCH;
	int cap;

	for (cap = 0; cap <= CAP_LAST_CAP; cap++)
		if (cap != CAP_DAC_READ_SEARCH)
			prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
	data[0].effective = data[0].permitted = keep;
	if (syscall(SYS_capset, &head, data))
		fail("capset");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		fail("no_new_privs");
}

/* From here on the process can write to @run_dir and nowhere else. */
static void fence(const char *run_dir, unsigned int mem_mib)
{
	struct mount_attr ro = { .attr_set = MOUNT_ATTR_RDONLY };
	char opts[64];

	if (mount("", "/", "", MS_REC | MS_PRIVATE, NULL))
		fail("making mounts private");
	/* Of the new PID namespace; where that is refused the old one does. */
	if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL))
		errno = 0;
	if (mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &ro, sizeof(ro)))
		fail("making all mounts read-only (needs Linux 5.12)");
	snprintf(opts, sizeof(opts), "mode=700,size=%uM", mem_mib + 128);
	if (mount("prbench", run_dir, "tmpfs", MS_NOSUID | MS_NODEV, opts))
		fail("mounting a tmpfs for the guest's memory");
	drop_capabilities();
}

/*
 * What UML does first: trace a child, and read the processor's state of it.
 * The kernel has a fixed place for that state, and dies where it is larger.
 */
static void try_ptrace(void)
{
	static char state[1 << 16];
	struct iovec iov = { state, sizeof(state) };
	pid_t pid = fork();
	int status;

	if (!pid) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
			_exit(1);
		raise(SIGSTOP);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || !WIFSTOPPED(status)) {
		errno = 0;
		fail("it must trace its processes (kernel.yama.ptrace_scope must be below 2, and seccomp must allow ptrace)");
	}
	if (!ptrace(PTRACE_GETREGSET, pid, NT_X86_XSTATE, &iov) &&
	    iov.iov_len > FP_STATE_MAX) {
		errno = 0;
		fail("this processor's FP state (AMX?) is larger than UML 6.12 has room for; boot the host with clearcpuid=amx_tile, or use QEMU");
	}
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
}

/* First process of the PID namespace: starts UML, waits, reaps. */
static void __attribute__((noreturn)) supervise(char **argv, const char *run_dir,
						unsigned int mem_mib,
						const struct cgroup *group,
						int log, uid_t uid, gid_t gid)
{
	int null = open("/dev/null", O_RDWR);
	int status;
	sigset_t none;
	pid_t pid, got;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setsid();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	dup2(null, 0);
	dup2(log, 1);
	dup2(log, 2);
	if (group && cgroup_join(group))
		fail(group->path);
	if (uid)
		map_user(uid, gid);
	fence(run_dir, mem_mib);
	if (chdir(run_dir))
		fail(run_dir);
	setenv("TMPDIR", run_dir, 1);
	/* A random gap below brk would be a hole in the guest's memory map. */
	personality(ADDR_NO_RANDOMIZE);
	pid = fork();
	if (pid < 0)
		fail("fork");
	if (!pid) {
		execv(argv[0], argv);
		dprintf(2, "cannot run %s: %s\n", argv[0], strerror(errno));
		_exit(127);
	}
	while ((got = waitpid(-1, &status, 0)) != pid)
		if (got < 0 && errno != EINTR)
			break;
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

/* Make the namespaces: in the child 0, and else its process or -1. */
static pid_t clone_namespaces(void)
{
	unsigned long flags = CLONE_NEWNS | CLONE_NEWPID | SIGCHLD;

	if (geteuid())
		flags |= CLONE_NEWUSER;
	return (pid_t)syscall(SYS_clone, flags, NULL, NULL, NULL, NULL);
}

static int no_namespaces(char *err, size_t len)
{
	return set_err(err, len, "cannot make namespaces for User Mode Linux: %s; %s",
		       strerror(errno), get_rights(geteuid()));
}

/**
 * uml_works() - can a User Mode Linux guest be fenced in and run here?
 * @err: if not, why, and what to do
 * @len: its size
 *
 * Tries all of it but the kernel: namespaces, mounts, capabilities, ptrace.
 *
 * Return: 0, or -1 with a message.
 */
int uml_works(char *err, size_t len)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	char dir[PATH_MAX];
	sigset_t before;
	int out[2], status = 0;
	pid_t pid = -1;
	ssize_t n;

	if (probe_dir(dir, sizeof(dir), &before, err, len))
		return -1;
	if (pipe2(out, O_CLOEXEC)) {
		set_err(err, len, "pipe: %s", strerror(errno));
		goto remove;
	}
	pid = clone_namespaces();
	if (!pid) {
		dup2(out[1], 2);
		if (uid)
			map_user(uid, gid);
		fence(dir, 1);
		try_ptrace();
		_exit(0);
	}
	close(out[1]);
	if (pid < 0)
		no_namespaces(err, len);
	n = read(out[0], err, pid < 0 ? 0 : len - 1);
	if (pid > 0) {
		err[n > 0 ? n : 0] = '\0';
		err[strcspn(err, "\n")] = '\0';
		if (!strncmp(err, "prbench: ", 9))
			memmove(err, err + 9, strlen(err) - 8);
	}
	close(out[0]);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
remove:
	rmdir(dir);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return pid > 0 && WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : -1;
}

/* The kernel process itself: the supervisor's only child. */
pid_t uml_main_pid(pid_t supervisor)
{
	DIR *dir = opendir("/proc");
	struct dirent *de;
	pid_t found = 0;

	while (dir && !found && (de = readdir(dir))) {
		char path[300], text[1024];
		uint64_t faults;
		pid_t ppid;

		if (de->d_name[0] < '0' || de->d_name[0] > '9')
			continue;
		make_path(path, sizeof(path), "/proc/%s/stat", de->d_name);
		if (read_text(path, text, sizeof(text)) <= 0)
			continue;
		if (stat_faults(text, &ppid, &faults) && ppid == supervisor)
			found = atoi(de->d_name);
	}
	if (dir)
		closedir(dir);
	return found;
}

int uml_start(struct vm *vm, const struct config *cfg, const struct boot *b,
	      const char *dir, char *err, size_t len)
{
	const char *extra = variant_words(b->variant, b->series);
	char *append;
	uid_t uid = geteuid();
	gid_t gid = getegid();
	char kdir[PATH_MAX / 2], log_path[PATH_MAX];
	char ***a = &vm->argv;
	int chan[2], log;

	kernel_dir(kdir, sizeof(kdir), cfg, UM, b->variant);
	make_path(vm->kernel, sizeof(vm->kernel), "%s/linux", kdir);
	if (access(vm->kernel, X_OK))
		return set_err(err, len,
			       "no kernel %s (%s); build it with 'make kernels'",
			       vm->kernel, strerror(errno));
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, chan))
		return set_err(err, len, "socketpair: %s", strerror(errno));
	fcntl(chan[0], F_SETFD, FD_CLOEXEC);
	vm->channel = chan[0];
	make_path(log_path, sizeof(log_path), "%s/console.log", dir);
	log = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (log < 0)
		return set_err(err, len, "cannot create %s: %s", log_path,
			       strerror(errno));

	append = boot_append(b);
	vm->cmdline = format("mem=%uM root=/dev/root rootfstype=hostfs "
			     "rootflags=/ ro panic=-1 oops=panic init=\"%s\" "
			     "page_reporting_um.enable=%d%s%s%s%s", b->mem_mib,
			     cfg->agent, b->variant->reporting, um_words(b->series),
			     *extra ? " " : "", extra, append);
	free(append);
	argv_add(a, "%s", vm->kernel);
	argv_add(a, "umid=guest");
	/* The command line has no way to quote a name of any bytes: see chdir(). */
	argv_add(a, "uml_dir=.");
	argv_add(a, "con=null");
	argv_add(a, "con0=null,fd:1");
	argv_add(a, "ssl=null");
	argv_add(a, "ssl0=fd:%d", chan[1]);
	{
		char *words = format("%s", vm->cmdline), *save, *w;

		for (w = strtok_r(words, " ", &save); w;
		     w = strtok_r(NULL, " ", &save))
			argv_add(a, "%s", w);
		free(words);
	}
	vm->pid = clone_namespaces();
	if (!vm->pid)
		supervise(vm->argv, dir, b->mem_mib, vm->group, log, uid, gid);
	close(chan[1]);
	close(log);
	if (vm->pid < 0) {
		vm->pid = 0;
		return no_namespaces(err, len);
	}
	vm->pidfd = open_pidfd(vm->pid);
	return 0;
}
