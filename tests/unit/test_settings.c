// SPDX-License-Identifier: GPL-2.0
/* A boot whose settings did not take must not pass for one that did. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "prbench.h"

#define NEGOTIATED	"0100010000000000000000000000000010"
#define NOT_NEGOTIATED	"0100000000000000000000000000000010"
#define HINTS		"0101000000000000000000000000000010"

/* Check a greeting; NULL if it passes, else the message. */
static const char *check(enum platform p, const char *name, const char *ready)
{
	static char err[256];
	struct boot b = { .platform = p, .variant = variant_find(name) };
	json_t *o = json_loads(ready, 0, NULL);
	int ret;

	assert_non_null(o);
	err[0] = '\0';
	ret = settings_check(o, &b, "6.12.1", err, sizeof(err));
	json_decref(o);
	return ret ? err : NULL;
}

#define QEMU(bits, cmdline, stats, more)				\
	"{\"release\":\"6.12.1\",\"cmdline\":\"ro " cmdline "\","	\
	"\"debugfs_stats\":" stats ",\"balloon_features\":\"" bits "\"" more "}"

#define UML(enable, cmdline, stats)					\
	"{\"release\":\"6.12.1\",\"cmdline\":\"ro " cmdline "\","	\
	"\"debugfs_stats\":" stats ",\"um\":{\"enable\":" enable "}}"

static void good_boots_pass(void **state)
{
	(void)state;
	assert_null(check(TCG, "off", QEMU(NOT_NEGOTIATED, "", "false", "")));
	assert_null(check(TCG, "flag", QEMU(NEGOTIATED, "", "false", "")));
	assert_null(check(KVM, "ext", QEMU(NEGOTIATED, "page_ext=on", "true", "")));
	assert_null(check(TCG, "ext-off", QEMU(NOT_NEGOTIATED, "page_ext=off",
					       "false", "")));
	assert_null(check(TCG, "hint", QEMU(HINTS, "", "false", "")));
	assert_null(check(UM, "off", UML("\"N\"", "", "false")));
	assert_null(check(UM, "flag", UML("\"Y\"", "", "false")));
	assert_null(check(UM, "ext", UML("1", "page_ext=on", "true")));
}

static void refused(enum platform p, const char *name, const char *ready,
		    const char *why)
{
	const char *err = check(p, name, ready);

	if (!err || !strstr(err, why))
		fail_msg("%s: '%s' lacks '%s'", name, err ? err : "passed", why);
}

static void negotiation_is_checked(void **state)
{
	(void)state;
	refused(TCG, "off", QEMU(NEGOTIATED, "", "false", ""), "negotiated");
	refused(TCG, "flag", QEMU(NOT_NEGOTIATED, "", "false", ""),
		"did not negotiate");
	refused(TCG, "ext-off", QEMU(NEGOTIATED, "page_ext=off", "false", ""),
		"negotiated");
	refused(TCG, "hint", QEMU(NOT_NEGOTIATED, "", "false", ""),
		"did not negotiate free page hints");
	refused(TCG, "off", QEMU(HINTS, "", "false", ""),
		"negotiated free page hints");
	refused(TCG, "flag", QEMU("0100", "", "false", ""), "did not negotiate");
	refused(TCG, "flag", "{\"release\":\"6.12.1\",\"cmdline\":\"ro\"}",
		"no virtio-balloon");
	refused(UM, "flag", UML("\"N\"", "", "false"), "enable is off");
	refused(UM, "off", UML("\"Y\"", "", "false"), "enable is on");
	refused(UM, "flag", "{\"release\":\"6.12.1\",\"cmdline\":\"ro\"}",
		"lacks the page_reporting_um");
}

static void the_kernel_is_checked(void **state)
{
	(void)state;
	refused(TCG, "flag", "{\"release\":\"6.12.2\",\"cmdline\":\"ro\"}",
		"6.12.2");
	refused(TCG, "flag", "{}", "the build says");
	refused(TCG, "flag", QEMU(NEGOTIATED, "", "true", ""),
		"patched kernel");
	refused(TCG, "ext", QEMU(NEGOTIATED, "page_ext=on", "false", ""),
		"no page_reporting/stats");
	refused(TCG, "ext", QEMU(NEGOTIATED, "", "true", ""), "page_ext=on");
}

static void parameters_are_read_back(void **state)
{
#define O0	"page_reporting.page_reporting_order=0"
	(void)state;
	assert_null(check(TCG, "flag-o0", QEMU(NEGOTIATED, O0, "false",
		",\"page_reporting\":{\"page_reporting_order\":0}")));
	refused(TCG, "flag-o0", QEMU(NEGOTIATED, O0, "false",
		",\"page_reporting\":{\"page_reporting_order\":9}"),
		"is 9 in the guest, 0 was asked for");
	refused(TCG, "flag-o0", QEMU(NEGOTIATED, O0, "false", ""),
		"has no parameter page_reporting.page_reporting_order");
#undef O0
}

/* Another user of page_ext is one only if the guest has the records. */
static void page_ext_is_read_back(void **state)
{
#define WITH(files, bytes)						\
	",\"debugfs\":[" files "],\"page_ext_bytes\":" bytes
	(void)state;
	unsetenv("PRBENCH_APPEND");
	assert_null(check(TCG, "page_owner",
			  QEMU(NEGOTIATED, "page_owner=on", "false",
			       WITH("\"usb\",\"page_owner\"", "33554432"))));
	assert_null(check(TCG, "page_table_check",
			  QEMU(NEGOTIATED, "page_table_check=on", "false",
			       WITH("\"usb\"", "4194304"))));
	refused(TCG, "page_owner",
		QEMU(NEGOTIATED, "page_owner=on", "false", WITH("\"usb\"", "4194304")),
		"no page_owner in the guest's debugfs");
	refused(TCG, "page_owner",
		QEMU(NEGOTIATED, "", "false", WITH("\"page_owner\"", "4194304")),
		"lacks 'page_owner=on'");
	refused(TCG, "page_table_check",
		QEMU(NEGOTIATED, "page_table_check=on", "false", WITH("\"usb\"", "0")),
		"no page_ext");
	refused(TCG, "page_table_check",
		QEMU(NEGOTIATED, "page_table_check=on", "false", ""), "no page_ext");
	/* and nobody else has any, or it would be no baseline */
	refused(TCG, "flag", QEMU(NEGOTIATED, "", "false", WITH("", "4096")),
		"4096 bytes of page_ext, variant flag wants none");
	assert_null(check(TCG, "flag", QEMU(NEGOTIATED, "", "false", WITH("", "0"))));
	assert_null(check(TCG, "ext", QEMU(NEGOTIATED, "page_ext=on", "true",
					   WITH("", "4096"))));
#undef WITH
}

/* Of a kernel with several CPUs one came up, or a kernel ignores the words. */
static void cpus_are_counted(void **state)
{
	(void)state;
	assert_null(check(TCG, "off", QEMU(NOT_NEGOTIATED, "", "false", ",\"cpus\":2")));
	assert_string_equal(check(TCG, "off", QEMU(NOT_NEGOTIATED, "", "false",
						   ",\"cpus\":1")),
			    "the guest has 1 CPUs, 2 were asked for");
	assert_null(check(ICOUNT, "off", QEMU(NOT_NEGOTIATED, "", "false",
					      ",\"cpus\":1")));
}

static void defrag_mode_is_read_back(void **state)
{
	(void)state;
	assert_null(check(TCG, "flag-defrag",
			  QEMU(NEGOTIATED, "sysctl.vm.defrag_mode=1", "false",
			       ",\"defrag_mode\":1")));
	assert_string_equal(check(TCG, "flag-defrag",
				  QEMU(NEGOTIATED, "sysctl.vm.defrag_mode=1", "false",
				       ",\"defrag_mode\":0")),
			    "'sysctl.vm.defrag_mode=1' did not take: vm.defrag_mode is not 1 in the guest");
	/* a kernel that has none */
	assert_non_null(check(TCG, "ext-defrag",
			      QEMU(NEGOTIATED, "page_ext=on sysctl.vm.defrag_mode=1",
				   "true", "")));
}

/* A kernel without it takes the words and does nothing: then it is only ext. */
static void fragment_percent_is_read_back(void **state)
{
	(void)state;
#define P50	"page_ext=on page_reporting.fragment_percent=50"
	assert_null(check(TCG, "ext-p50", QEMU(NEGOTIATED, P50, "true",
			  ",\"page_reporting\":{\"fragment_percent\":50}")));
	refused(TCG, "ext-p50", QEMU(NEGOTIATED, P50, "true",
			  ",\"page_reporting\":{\"fragment_percent\":25}"),
		"fragment_percent is 25 in the guest, 50 was asked for");
	refused(TCG, "ext-p50", QEMU(NEGOTIATED, P50, "true", ""),
		"no parameter page_reporting.fragment_percent");
#undef P50
}

static void splats_are_seen(void **state)
{
	(void)state;
	assert_true(splat_line("[    1.0] WARNING: CPU: 0 PID: 1 at mm/x.c:1", false));
	assert_true(splat_line("[    1.0] WARNING: mm/x.c:1 at f+0x1/0x2, CPU#0: init/1", false));
	assert_true(splat_line("[    1.0] WARNING: at f+0x1/0x2, CPU#1: init/1", false));
	assert_false(splat_line("[    1.0] WARNING: this device is slow", false));
	assert_true(splat_line("[    1.0] BUG: unable to handle page fault", false));
	assert_true(splat_line("[    1.0] Kernel panic - not syncing: x", false));
	assert_false(splat_line("[    1.0] page_ext: 'bogus' ignored", false));
	assert_false(splat_line("[    0.2] devtmpfs: mounted", false));
	/* a result where the kernel was driven to it on purpose */
	assert_true(splat_line("[    1.0] Out of memory: Killed process 7", false));
	assert_false(splat_line("[    1.0] Out of memory: Killed process 7", true));
	assert_true(splat_line("[    1.0] BUG: unable to handle page fault", true));
}

/* Of a host that was full all else is still the guest's kernel's own. */
static void what_a_full_host_causes_is_known(void **state)
{
	(void)state;
	assert_true(pressure_line("[    1.0] rcu: INFO: rcu_preempt self-detected stall on CPU"));
	assert_true(pressure_line("[    1.0] INFO: task init:1 blocked for more than 120 seconds."));
	assert_true(pressure_line("[    1.0] watchdog: BUG: soft lockup - CPU#0 stuck for 22s!"));
	assert_true(pressure_line("[    1.0] BUG: workqueue lockup - pool cpus=0"));
	assert_true(pressure_line("[    1.0] Out of memory: Killed process 7"));
	assert_true(pressure_line("[    1.0] Kernel panic - not syncing: Attempted to kill init!"));
	assert_false(pressure_line("[    1.0] WARNING: CPU: 0 PID: 1 at mm/x.c:1"));
	assert_false(pressure_line("[    1.0] BUG: sleeping function called from invalid context"));
	assert_false(pressure_line("[    1.0] WARNING: possible circular locking dependency detected"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_boots_pass),
		cmocka_unit_test(negotiation_is_checked),
		cmocka_unit_test(the_kernel_is_checked),
		cmocka_unit_test(parameters_are_read_back),
		cmocka_unit_test(page_ext_is_read_back),
		cmocka_unit_test(defrag_mode_is_read_back),
		cmocka_unit_test(fragment_percent_is_read_back),
		cmocka_unit_test(cpus_are_counted),
		cmocka_unit_test(splats_are_seen),
		cmocka_unit_test(what_a_full_host_causes_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
