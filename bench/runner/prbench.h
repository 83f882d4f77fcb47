/* SPDX-License-Identifier: GPL-2.0 */
/*
 * prbench - boots guests, drives workloads in them, records host memory
 *
 * One process plans and shows progress (main.c); each boot is a child process
 * (boot.c) that owns one VM or several (guest.c), a thread that samples their
 * memory, and the directory with the boot's raw data.
 */
#ifndef PRBENCH_H
#define PRBENCH_H

#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include <jansson.h>

#include "common.h"
#include "platforms.h"
#include "variants.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#define GUEST_MIB	2048		/* unless a workload wants another size */
#define PIECE_BYTES	(2UL << 20)	/* residency is tracked per 2 MiB */

/* Exit status of prbench, and of the process of one boot. */
enum {
	EXIT_OK = 0,
	EXIT_LOST = 1,		/* a boot was lost or its settings did not take */
	EXIT_USAGE = 2,
	EXIT_FATAL = 3,		/* no boot can succeed: disk full, no QEMU */
	EXIT_INTERRUPTED = 130,
};

#define BIT(n)		(1ULL << (n))
#define WORKLOADS_MAX	64		/* they are bits of a mask, */
#define VARIANTS_MAX	64		/* and so are variants */

/* What differs between kernel series; the first row stands for unknown ones. */
struct series {
	const char *name;	/* "7.3": its kernels lie in build/kernels-7.3 */
	const char *source;	/* upstream's, of its tree */
	const char *um_words;	/* on User Mode Linux's command line, or "" */
	int um_cpus;		/* that a User Mode Linux guest has */
	bool delay;		/* upstream's delay is a parameter */
};

/*
 * A group is one kind of boot: which workloads share it, how often it is
 * booted with which variants on a platform, and whether boots of different
 * platforms may run at the same time.  Only those may whose guests sleep while
 * they are measured, or in which something is counted that takes no time.
 */
struct group {
	uint64_t workloads;
	struct {
		unsigned int boots;
		uint64_t variants;
	} on[NR_PLATFORMS];
	uint64_t once;		/* variants of which one boot is enough */
	bool together;
};

struct workload {
	char name[32];		/* of its directory */
	json_t *info;		/* workload.json, completed */
	uint64_t profiles;	/* of which it is a default one */
	uint64_t platforms, variants;
	bool needs_reporting, oom_is_result;
	bool by_host;		/* has a host.c, or is like one that has */
	struct group boots[2];	/* quick, full; unless it shares another's */
};

extern struct workload workloads[WORKLOADS_MAX];
extern size_t nr_workloads;
extern const char *const host_variables[];
extern const char *const profile_names[2];

struct selection {
	bool full;
	const struct series *series;	/* NULL: the first one */
	uint64_t platforms;		/* bit masks */
	uint64_t variants;		/* 0: what the workload says */
	uint64_t workloads;
	unsigned int boots;		/* 0: what the workload says */
	unsigned int seed;
};

/*
 * Rounds of a plan: the first ones of these workloads on these platforms. A round
 * is never divided, or variants would have other predecessors than planned.
 */
struct plan_part {
	uint64_t platforms, workloads;
	unsigned int rounds;		/* so many of each; 0: all */
};

struct boot {
	unsigned int seq;		/* in order of start, from 1 */
	enum platform platform;
	const struct variant *variant;
	const struct series *series;	/* NULL: the first one */
	uint64_t workloads;
	unsigned int replicate;
	unsigned int mem_mib;		/* of the guest */
	int row;			/* value of the workload's row, or -1 */
	double estimate_s;
	const struct boot *after;	/* what ran in its place before, or NULL */
};

/* A lane runs its boots one after the other; lanes of a phase run together. */
struct lane {
	struct boot *boots;
	size_t nr, next;
	const struct boot *last;	/* that ended */
};

struct phase {
	struct lane lanes[NR_PLATFORMS];
	size_t nr;
};

struct plan {
	struct phase *phases;
	size_t nr;
	size_t first;		/* so many phases run before the first report; 0: none */
	unsigned int nr_boots;
	double estimate_s;
};

int name_index(const char *const *names, size_t nr, const char *name);
int parse_list(const char *text, const char *const *names, size_t nr,
	       uint64_t *mask, char *unknown, size_t len);
const char *default_kernels(void);
const struct series *series_of(const char *kernels);
const char *variant_tree(const struct variant *v, const struct series *s);
const char *variant_words(const struct variant *v, const struct series *s);
bool variant_fits(const struct variant *v, const struct series *s);
int boot_cpus(const struct boot *b);
const char *um_words(const struct series *s);
const char *series_source(const struct series *s);
size_t list_platforms(const char **names);
int parse_platforms(const char *text, uint64_t *mask, char *unknown, size_t len);
int parse_variants(const char *text, uint64_t *mask, char *unknown, size_t len);
void plan_order(size_t nr, unsigned int rounds, unsigned int *rnd,
		size_t *order);
int parse_part(const char *text, struct plan_part *part, char *err, size_t len);
int plan_make(struct plan *plan, const struct selection *sel);
int plan_first(struct plan *plan, const struct plan_part *part);
struct plan plan_head(const struct plan *plan);
void plan_sum(struct plan *plan);
uint64_t plan_variants(const struct plan *plan, uint64_t platforms);
void plan_free(struct plan *plan);

/* resume.c */
struct resumed {
	unsigned int ok, bad;
	unsigned int last;	/* number of a boot */
};

json_t *resume_open(const char *dir, int *argc, char ***argv, char *err,
		    size_t len);
int resume_same(const json_t *was, const json_t *is, char *err, size_t len);
int resume_plan(struct plan *plan, const char *dir, struct resumed *done);

/* workloads.c, workload_settings.c */
int workloads_load(const char *dir, char *err, size_t len);
void workloads_free(void);
int workload_find(const char *name);
int parse_workloads(const char *text, uint64_t *mask, char *unknown, size_t len);
uint64_t default_workloads(bool full);
uint64_t workloads_for(uint64_t mask, enum platform p, size_t variant);
size_t workload_groups(bool full, struct group *groups);
int settings_override(const char *text, char *err, size_t len);
int probe_everywhere(const char *text, char *err, size_t len);
void settings_reset(void);
json_t *workload_settings(bool full, size_t w, enum platform p);
double workload_seconds(const json_t *settings, size_t w, enum platform p);
unsigned int workload_next_size(bool full, uint64_t mask, enum platform p,
				unsigned int last);
char *boot_append(const struct boot *b);
json_t *boot_settings(bool full, const struct boot *b, size_t w);
const char *workload_row(bool full, uint64_t mask, const json_t **values);
unsigned int workload_guest(const json_t *settings, size_t w, const char *key);
json_t *workload_about(size_t w);

/* cgroup.c */
struct cgroup {
	char path[PATH_MAX];	/* "": there is none */
	bool v2;
	int procs;		/* who joins writes here */
};

int cgroup_own(FILE *mountinfo, FILE *cgroup, char *path, bool *v2);
int cgroup_make(struct cgroup *cg, unsigned int limit_mib, char *err, size_t len);
int cgroup_join(const struct cgroup *cg);
uint64_t cgroup_used_kib(const struct cgroup *cg);
uint64_t cgroup_oom_kills(const struct cgroup *cg);
uint64_t cgroup_reread_kib(const struct cgroup *cg);
bool cgroup_full(const struct cgroup *cg);
int cgroup_remove(struct cgroup *cg, char *err, size_t len);

/* ram.c, sampler.c */
#define PAGE	4096UL

struct residency {
	size_t nr;		/* pieces */
	uint32_t *now;		/* pages resident in each piece */
	uint32_t *last;
	uint32_t *given;	/* given back and not resident again */
	uint64_t resident;	/* pages, all pieces */
	uint64_t pool;		/* pages given back, all pieces, not yet refaulted */
	uint64_t refault;	/* pages, cumulative */
	uint64_t same;		/* of these, in the piece that had given them */
};

struct mapping {
	uint64_t start, end, rss_kib, huge_kib;
};

/* One range of pages as the PAGEMAP_SCAN ioctl returns it. */
struct scan_range {
	uint64_t start, end, categories;
};

enum ram_kind { RAM_PROCESS, RAM_FILE, RAM_GROUP };

struct ram {
	enum ram_kind kind;
	pid_t pid;
	int fd;			/* pagemap, or the memory file */
	uint64_t start, bytes;	/* address range (RAM_PROCESS) or size */
	const struct cgroup *group;	/* all VMs of a boot (RAM_GROUP) */
	const char *method;	/* how residency is read, for meta.json */
};

struct sampler;

/* What is known of a guest's memory at a sample. */
struct sampled {
	uint64_t resident_kib;
	uint64_t refault_kib;	/* since the start */
	double gib_s;		/* the same: resident memory over time */
};

int residency_init(struct residency *r, uint64_t bytes);
void residency_update(struct residency *r);
void residency_free(struct residency *r);
int smaps_find(FILE *smaps, uint64_t bytes, struct mapping *found);
void pagemap_count(const uint64_t *entries, size_t nr, uint32_t *pieces);
void ranges_count(const struct scan_range *ranges, size_t nr, uint64_t start,
		  uint32_t *pieces, size_t nr_pieces);
int ram_of_process(struct ram *ram, pid_t pid, uint64_t bytes, char *err,
		   size_t len);
int ram_of_file(struct ram *ram, pid_t pid, uint64_t bytes, char *err,
		size_t len);
void ram_of_group(struct ram *ram, const struct cgroup *group);
void ram_close(struct ram *ram);
struct sampler *sampler_start(struct ram *ram, const char *path, double t0,
			      char *err, size_t len);
bool ram_may_be_huge(const struct ram *ram);
uint64_t ram_huge_kib(const struct ram *ram);
int ram_scan(struct ram *ram, struct residency *r);
struct sampled sampler_now(struct sampler *s);
bool sampler_failed(struct sampler *s);
uint64_t sampler_peak_kib(struct sampler *s);
int sampler_stop(struct sampler *s, json_t *meta, char *err, size_t len);

/* faults.c */
bool stat_faults(const char *text, pid_t *ppid, uint64_t *faults);
uint64_t vm_faults(pid_t pid);

/* qmp.c */
struct qmp {
	int fd;
	char buf[65536];
	size_t used;
};

int qmp_open(struct qmp *q, int fd, double limit_s, char *err, size_t len);
json_t *qmp_call(struct qmp *q, const char *command, json_t *args,
		 double limit_s, char *err, size_t len);
char *qmp_version(const json_t *version);

/* vm.c, uml.c */
struct vm {
	enum platform platform;
	pid_t pid;		/* child of the boot's process */
	int pidfd;
	int channel;		/* to the agent */
	int qmp_fd;		/* QEMU only, else -1 */
	struct qmp qmp;
	const struct cgroup *group;	/* to start in, or NULL */
	bool migratable;		/* QEMU only: nothing of the host's stays mounted */
	char **argv;
	char *cmdline;		/* guest kernel command line */
	char kernel[PATH_MAX];
};

/* What is done to the host's memory before a boot. */
enum equalise { EQUALISE_NONE, EQUALISE_TOUCH, EQUALISE_WAIT, NR_EQUALISE };

#define EQUALISE_DEFAULT	EQUALISE_TOUCH

struct config {
	struct selection sel;
	enum equalise equalise;
	char kernels[PATH_MAX];
	char agent[PATH_MAX];
	char source[PATH_MAX];	/* kernel source for ${source}, or "" */
	char out[PATH_MAX];
	char qemu[PATH_MAX];
	bool count_kvm;		/* perf can count KVM's events */
	const char *began;	/* when the run did, which is its name */
	pid_t parent;
};

int qemu_start(struct vm *vm, const struct config *cfg, const struct boot *b,
	       const char *dir, char *err, size_t len);
int uml_start(struct vm *vm, const struct config *cfg, const struct boot *b,
	      const char *dir, char *err, size_t len);
pid_t uml_main_pid(pid_t supervisor);
int uml_works(char *err, size_t len);
void vm_kill(struct vm *vm);
void vm_free(struct vm *vm);
pid_t spawn_vm(char **argv, const char *log_path, const struct cgroup *group);
void kernel_dir(char *path, size_t len, const struct config *cfg,
		enum platform p, const struct variant *v);

/* kernels.c */
char **kernels_of(const struct plan *plan, const struct series *series);
bool kernels_there(const struct config *cfg, const struct plan *plan);

/* kvm_probe.c */
bool kvm_works(const struct config *cfg, char *why, size_t len);
int qemu_works(const struct config *cfg, char *why, size_t len);

/* channel.c */
struct channel {
	int fd;
	char *buf;
	size_t used, taken, size;
};

int channel_init(struct channel *c, int fd);
void channel_free(struct channel *c);
int channel_fill(struct channel *c);
int channel_next(struct channel *c, json_t **event, char *err, size_t len);
int channel_send(struct channel *c, json_t *command);

struct event_log {
	FILE *events;
	FILE *map;		/* once there is one */
	json_t *counters;
	const char *dir;
};

int event_log_open(struct event_log *log, const char *dir);
int event_log_add(struct event_log *log, json_t *event, double t);
int event_log_close(struct event_log *log);

/* settings.c */
int settings_check(const json_t *ready, const struct boot *b,
		   const char *release, char *err, size_t len);
bool splat_line(const char *line, bool oom_is_result);
bool pressure_line(const char *line);

/* boot.c */
int boot_run(const struct config *cfg, const struct boot *b);
void boot_dir(char *path, size_t len, const struct config *cfg,
	      const struct boot *b);

/* equalise.c */
extern const char *const equalise_names[NR_EQUALISE];

struct equalised {
	pid_t pid;		/* holds memory that has been touched, or 0 */
};

void equalise(struct equalised *e, enum equalise how, unsigned int mem_mib,
	      int signals, json_t *meta);
void equalise_release(struct equalised *e);

/* doctor.c */
uint64_t doctor_platforms(const struct config *cfg, uint64_t platforms);
unsigned int doctor(const struct config *cfg);

/* meta.c */
extern const char *meta_root;
json_t *meta_machine(void);
json_t *meta_warnings(const json_t *machine);
json_t *meta_host_state(void);
unsigned int meta_available_mib(void);
long long meta_reported_kib(void);
long long meta_vmstat(const char *name);
char *git_commit(char **why);
char *file_sha256(const char *path);
int write_json(const char *path, const json_t *o, char *err, size_t len);
void iso_time(char *buf, size_t len);

/* kvm.c */
struct counting {
	pid_t pid;		/* of perf */
	int pidfd;
};

size_t pin_choose(const char *root, const int *allowed, size_t nr, int *chosen,
		  size_t wanted);
json_t *pin_threads(const json_t *cpus, const char *root, char *err, size_t len);
void pin_vcpus(struct vm *vm, json_t *meta);
char *counting_works(void);
void counting_start(struct counting *c, pid_t vm, const char *dir, double t0,
		    json_t *meta);
void counting_stop(struct counting *c);

/* util.c */
extern bool wipe_stderr;	/* there may be a line of progress to be wiped */

void complain(const char *fmt, ...) PRINTF(1, 2);
void stop_signals(sigset_t *set);
int set_err(char *err, size_t len, const char *fmt, ...) PRINTF(3, 4);
char *run_capture(char *const argv[]);
void argv_add(char ***argv, const char *fmt, ...) PRINTF(2, 3);
void argv_add_option(char ***argv, const char *before, const char *path,
		     const char *after);
int temp_dir(char *path, size_t len);
int probe_dir(char *dir, size_t size, sigset_t *before, char *err, size_t len);
const char *last_line(char *text);
int wait_exit(int pidfd, pid_t pid, double limit_s, int *status);
int make_dirs(const char *path);
void make_path(char *path, size_t len, const char *fmt, ...) PRINTF(3, 4);
int open_pidfd(pid_t pid);

#endif
