// SPDX-License-Identifier: GPL-2.0
/* Starts boots, one in each lane, shows progress, and stops when told to. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "schedule.h"

#define KILL_S	20	/* for boots to end when they are told to */

static void launch(struct state *s, struct job *job, struct lane *lane)
{
	struct boot *b = &lane->boots[lane->next++];

	b->seq = ++s->started;
	b->after = lane->last ? lane->last : s->last;
	job->lane = lane;
	job->boot = b;
	job->since = now_s();
	fflush(NULL);
	job->pid = fork();
	if (!job->pid)
		_exit(boot_run(&s->cfg, b));
	if (job->pid < 0) {
		complain("fork: %s", strerror(errno));
		job->pid = 0;
		s->fatal = true;
	}
}

static void landed(struct state *s, size_t phase, struct job *jobs,
		   struct job *job, int status)
{
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_LOST;
	struct boot *b = job->boot;
	double took = now_s() - job->since;
	const char *word = "ok";
	char text[128];
	size_t i;
	int left;

	job->pid = 0;
	s->last = job->lane->last = b;
	if (WIFSIGNALED(status)) {
		complain("the process of boot %03u was killed by signal %d",
			b->seq, WTERMSIG(status));
	}
	if (code == EXIT_OK) {
		s->ok++;
		for (i = job->lane->next; i < job->lane->nr; i++)
			if (job->lane->boots[i].platform == b->platform &&
			    job->lane->boots[i].workloads == b->workloads)
				job->lane->boots[i].estimate_s = took;
	} else if (code == EXIT_INTERRUPTED) {
		word = "interrupted";
		s->interrupted = true;
	} else {
		word = "FAILED";
		s->bad++;
		if (code == EXIT_FATAL)
			s->fatal = true;
	}
	describe_boot(text, sizeof(text), b);
	left = (int)time_left(s, phase, jobs);
	if (s->tap && !s->interrupted)
		printf("%s %u - boot %03u %s\n", code == EXIT_OK ? "ok" : "not ok",
		       ++s->landed, b->seq, text);
	wipe_line(s);
	say(s, "[%3u/%u] %s: %s, %.1f s, %d:%02d left\n", b->seq, s->plan.nr_boots, text, word,
	    took, left / 60, left % 60);
}

static void kill_jobs(const struct job *jobs, size_t nr, int sig)
{
	size_t l;

	for (l = 0; l < nr; l++)
		if (jobs[l].pid)
			kill(jobs[l].pid, sig);
}

/* Run one phase to its end, or until somebody wants to stop. */
static void run_phase(struct state *s, size_t index, const sigset_t *signals)
{
	struct phase *phase = &s->plan.phases[index];
	struct job jobs[NR_PLATFORMS] = { { 0 } };
	double killed_at = 0;

	for (;;) {
		struct timespec second = { .tv_sec = 1 };
		unsigned int running = 0;
		int sig, status;
		size_t l;

		for (l = 0; l < phase->nr; l++) {
			struct lane *lane = &phase->lanes[l];

			if (!jobs[l].pid && lane->next < lane->nr &&
			    !s->interrupted && !s->fatal)
				launch(s, &jobs[l], lane);
			running += jobs[l].pid != 0;
		}
		if (!running)
			break;
		progress(s, index, jobs);
		sig = sigtimedwait(signals, NULL, &second);
		if (sig > 0 && sig != SIGCHLD)
			s->interrupted = true;
		if ((s->interrupted || s->fatal) && !killed_at) {
			kill_jobs(jobs, phase->nr, SIGTERM);
			killed_at = now_s();
		}
		if (killed_at && now_s() - killed_at > KILL_S)
			kill_jobs(jobs, phase->nr, SIGKILL);
		for (l = 0; l < phase->nr; l++)
			if (jobs[l].pid &&
			    waitpid(jobs[l].pid, &status, WNOHANG) == jobs[l].pid)
				landed(s, index, jobs, &jobs[l], status);
	}
}

/* Run the phases of the plan from one on, up to another one. */
void run_phases(struct state *s, size_t from, size_t to)
{
	sigset_t signals;
	size_t i;

	stop_signals(&signals);
	sigaddset(&signals, SIGCHLD);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	for (i = from; i < to && !s->interrupted && !s->fatal; i++)
		run_phase(s, i, &signals);
}
