// SPDX-License-Identifier: GPL-2.0
/*
 * One boot: start the VM, check its settings, run the workloads, write down
 * everything, leave nothing behind.  Runs in a process of its own.
 */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "run.h"

#define COLLAPSED	"thp_collapse_alloc"
#define HUGE_MIB	2	/* of a huge page on x86 */

void boot_dir(char *path, size_t len, const struct config *cfg,
	      const struct boot *b)
{
	make_path(path, len, "%s/boots/%03u-%s-%s", cfg->out, b->seq,
		 platform_table[b->platform].name, b->variant->name);
}

/* What there is to say before anything is started. */
static void describe(struct run *r)
{
	const struct boot *b = r->boot;
	char kdir[PATH_MAX / 2], path[PATH_MAX], release[128], stamp[64];
	json_t *names = json_array();
	char *sha;
	size_t i;

	kernel_dir(kdir, sizeof(kdir), r->cfg, b->platform, b->variant);
	make_path(path, sizeof(path), "%s/release", kdir);
	if (read_text(path, release, sizeof(release)) <= 0)
		snprintf(release, sizeof(release), "?");
	make_path(path, sizeof(path), "%s/config", kdir);
	sha = file_sha256(path);
	iso_time(stamp, sizeof(stamp));
	for (i = 0; i < nr_workloads; i++)
		if (b->workloads & BIT(i))
			json_array_append_new(names,
					      json_string(workloads[i].name));
	r->meta = json_pack("{s:i, s:i, s:s, s:s, s:i, s:s, s:s, s:s, s:i, s:i, s:s, s:o, s:s, s:o}",
			    "schema", 1, "seq", (int)b->seq,
			    "platform", platform_table[b->platform].name,
			    "variant", b->variant->name,
			    "replicate", (int)b->replicate,
			    "kernel", release,
			    "kernel_tree", b->variant->patched ? "patched" : "pristine",
			    "config_sha256", sha,
			    "mem_mib", (int)b->mem_mib,
			    "cpus", boot_cpus(b),
			    "qemu_version", "",
			    "host", meta_host_state(), "started", stamp,
			    "workloads", names);
	json_object_set_new(r->meta, "run", json_string(r->cfg->began));
	if (b->row >= 0)
		json_object_set_new(r->meta, "row", json_integer(b->row));
	if (b->after)
		json_object_set_new(r->meta, "after", json_pack("{s:i, s:s, s:s}",
				    "seq", (int)b->after->seq,
				    "platform", platform_table[b->after->platform].name,
				    "variant", b->after->variant->name));
	free(sha);
}

/* Wait for an event of the boot's only guest: its agent says so much. */
static int await(struct run *r, const char *kind, const char *workload)
{
	for (;;) {
		struct guest *g;
		json_t *event;
		bool found;

		if (run_event(r, INFINITY, &g, &event) != RUN_EVENT)
			return -1;
		found = is_event(event, kind, workload);
		json_decref(event);
		if (found)
			return 0;
	}
}

static int run_workload(struct guest *g, size_t w)
{
	struct run *r = g->run;
	json_t *args = boot_settings(r->cfg->sel.full, r->boot, w);

	boot_add_args(r, w, args);
	if (guest_tell(g, w, args))
		return -1;
	return await(r, "done", workloads[w].name);
}

/* One guest, and the workloads in it, one after the other. */
static void run_in_guest(struct run *r)
{
	struct guest *g = guest_new(r, 0);
	size_t w;

	if (!g || guest_start(g) || run_sample(r, &g->ram) ||
	    run_save_meta(r) || await(r, "ready", NULL))
		return;
	for (w = 0; w < nr_workloads; w++)
		if (r->boot->workloads & BIT(w) && run_workload(g, w))
			break;
	/* An error in a workload still lets the guest power off. */
	if (!r->exit_code || !strcmp(r->status, "error")) {
		run_stop_sampler(r);
		if (!g->gone)
			guests_finish(r);
	}
}

static void run_boot(struct run *r)
{
	size_t w;

	for (w = 0; w < nr_workloads; w++)
		if (r->boot->workloads & BIT(w) && workloads[w].by_host)
			break;
	if (w < nr_workloads)
		host_run(r, w);
	else
		run_in_guest(r);
}

/* Returns the exit status for the boot's process. */
int boot_run(const struct config *cfg, const struct boot *b)
{
	struct run r = { .cfg = cfg, .boot = b, .status = "running" };
	char err[PATH_MAX + 64];
	sigset_t set;
	size_t i;

	stop_signals(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	r.signals = signalfd(-1, &set, SFD_CLOEXEC);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != cfg->parent)
		return EXIT_INTERRUPTED;

	boot_dir(r.dir, sizeof(r.dir), cfg, b);
	if (make_dirs(r.dir) || event_log_open(&r.log, r.dir)) {
		complain("cannot create files in %s: %s",
			r.dir, strerror(errno));
		return EXIT_FATAL;
	}
	describe(&r);
	equalise(&r.equalised, cfg->equalise, b->mem_mib, r.signals, r.meta);
	r.oom_kills = meta_vmstat("oom_kill");
	r.collapsed = meta_vmstat(COLLAPSED);
	r.t0 = now_s();
	run_boot(&r);
	run_stop_sampler(&r);
	equalise_release(&r.equalised);
	for (i = 0; i < r.nr_guests; i++) {
		counting_stop(&r.guests[i]->counting);
		vm_kill(&r.guests[i]->vm);
	}
	if (cgroup_remove(&r.group, err, sizeof(err)))
		run_failed(&r, "error", EXIT_LOST, "%s", err);
	if (!r.interrupted && r.nr_guests && !r.guests[0]->nr)
		guest_check_console(r.guests[0], false);
	if (event_log_close(&r.log))
		run_cannot_write(&r);
	for (i = 0; i < r.nr_guests; i++)
		if (guest_close_log(r.guests[i]))
			run_cannot_write(&r);
	if (!r.exit_code)
		r.status = "ok";
	json_object_set_new(r.meta, "khugepaged_mib",
			    json_integer((meta_vmstat(COLLAPSED) - r.collapsed) * HUGE_MIB));
	json_object_set_new(r.meta, "run_s", json_real(now_s() - r.t0));
	run_save_meta(&r);
	if (r.exit_code && !r.interrupted) {
		complain("boot %03u (%s, %s): %s: %s", b->seq,
			platform_table[b->platform].name, b->variant->name, r.status,
			r.error);
		if (r.nr_guests &&
		    (strcmp(r.status, "error") || r.exit_code == EXIT_LOST))
			guest_show_console(r.blamed ? r.blamed : r.guests[0]);
	}
	for (i = 0; i < r.nr_guests; i++)
		guest_free(r.guests[i]);
	json_decref(r.meta);
	return r.exit_code;
}
