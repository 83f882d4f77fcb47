// SPDX-License-Identifier: GPL-2.0
/* The kernels that a plan boots: their names, whether they are there, building them. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "state.h"

/* The variants that have the same tree as one of them. */
static uint64_t variants_like(size_t v, const struct series *series)
{
	const char *tree = variant_tree(&variants[v], series);
	uint64_t mask = 0;
	size_t i;

	for (i = 0; i < nr_variants; i++)
		if (!strcmp(variant_tree(&variants[i], series), tree))
			mask |= BIT(i);
	return mask;
}

static void add_names(char ***names, const struct plan *plan, const struct series *series)
{
	uint64_t um = plan_variants(plan, BIT(UM));
	uint64_t qemu = plan_variants(plan, ~BIT(UM));
	size_t v;

	for (v = 0; v < nr_variants; v++) {
		const char *tree = variant_tree(&variants[v], series);
		uint64_t same = variants_like(v, series);

		/* Several variants share a tree: name it with the first one. */
		if (same & (BIT(v) - 1))
			continue;
		if (qemu & same)
			argv_add(names, "x86_64-%s", tree);
		if (um & same)
			argv_add(names, "um-%s", tree);
	}
}

/**
 * kernels_of() - the kernels that a plan boots
 *
 * Return: their names as scripts/kernel.sh knows them, up to a NULL; to be freed,
 * each one and the array. NULL: none.
 */
char **kernels_of(const struct plan *plan, const struct series *series)
{
	char **names = NULL;

	add_names(&names, plan, series);
	return names;
}

/* Are they there? Name each one that is missing. */
bool kernels_there(const struct config *cfg, const struct plan *plan)
{
	unsigned int missing = 0;
	size_t p, v;

	for (p = 0; p < NR_PLATFORMS; p++) {
		for (v = 0; v < nr_variants; v++) {
			char dir[PATH_MAX / 2], path[PATH_MAX];

			if (!(plan_variants(plan, BIT(p)) & BIT(v)))
				continue;
			kernel_dir(dir, sizeof(dir), cfg, (enum platform)p,
				   &variants[v]);
			make_path(path, sizeof(path), "%s/%s", dir,
				 platform_table[p].image);
			if (!access(path, R_OK))
				continue;
			complain("variant %s on %s needs %s: %s",
				variants[v].name, platform_table[p].name, path,
				strerror(errno));
			missing++;
		}
	}
	if (missing)
		complain("build the kernels first, or choose other variants with --variants");
	return !missing;
}

/*
 * In the child: a process group of its own, so that the compilers end with it, too.
 * What it prints must not look like a result of --tap.
 */
static void __attribute__((noreturn)) exec_build(const struct state *s, char **argv)
{
	sigset_t none;

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGTTOU, SIG_IGN);
	if (s->tap)
		dup2(STDERR_FILENO, STDOUT_FILENO);
	execv(argv[0], argv);
	complain("cannot run %s: %s", argv[0], strerror(errno));
	_exit(127);
}

/* Wait for the child, and end its group when somebody wants to stop. */
static int wait_build(struct state *s, pid_t pid, const sigset_t *signals)
{
	int status = -1;

	while (!waitpid(pid, &status, WNOHANG)) {
		struct timespec second = { .tv_sec = 1 };
		int sig = sigtimedwait(signals, NULL, &second);

		if (sig <= 0 || sig == SIGCHLD)
			continue;
		s->interrupted = true;
		kill(-pid, SIGTERM);
	}
	return status;
}

/**
 * build_kernels() - build the kernels that a plan boots
 * @s: the run; interrupted if somebody wants to stop
 * @program: called as PROGRAM build NAME...
 * @plan: which boots
 *
 * Return: 0, or -1 after a message.
 */
int build_kernels(struct state *s, const char *program, const struct plan *plan)
{
	sigset_t signals, before;
	char **argv = NULL;
	int status = -1;
	size_t i;
	pid_t pid;

	stop_signals(&signals);
	sigaddset(&signals, SIGCHLD);
	sigprocmask(SIG_BLOCK, &signals, &before);
	argv_add(&argv, "%s", program);
	argv_add(&argv, "build");
	add_names(&argv, plan, s->cfg.sel.series);
	fflush(NULL);
	pid = fork();
	if (!pid)
		exec_build(s, argv);
	if (pid < 0) {
		complain("fork: %s; end other programs and try again", strerror(errno));
	} else {
		setpgid(pid, pid);	/* as the child does: one of them is first */
		status = wait_build(s, pid, &signals);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	for (i = 0; argv[i]; i++)
		free(argv[i]);
	free(argv);
	if (status && !s->interrupted)
		complain("%s has not built the kernels: see above", program);
	return status || s->interrupted ? -1 : 0;
}
