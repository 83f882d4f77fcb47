// SPDX-License-Identifier: GPL-2.0
/* Page faults of a VM's processes, as the host's kernel counts them. */
#include <ctype.h>
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "prbench.h"

/**
 * stat_faults() - what /proc/PID/stat says of a process' faults
 * @text: the line; the program's name in it may have blanks and brackets
 * @ppid: gets its parent
 * @faults: gets minor and major faults, with those of children that have ended
 *
 * Return: false if it is no such line.
 */
bool stat_faults(const char *text, pid_t *ppid, uint64_t *faults)
{
	const char *p = strrchr(text, ')');
	uint64_t minor, minor_ended, major, major_ended;

	if (!p || sscanf(p + 1, " %*c %d %*d %*d %*d %*d %*u %" SCNu64 " %" SCNu64
			 " %" SCNu64 " %" SCNu64, ppid, &minor, &minor_ended,
			 &major, &major_ended) != 5)
		return false;
	*faults = minor + minor_ended + major + major_ended;
	return true;
}

/**
 * vm_faults() - all page faults of a VM so far
 * @pid: QEMU, or the main process of User Mode Linux; its children are the
 *	processes of the guest
 */
uint64_t vm_faults(pid_t pid)
{
	DIR *dir = opendir("/proc");
	struct dirent *de;
	uint64_t sum = 0;

	while (dir && (de = readdir(dir))) {
		char path[300], text[1024];
		uint64_t faults;
		pid_t ppid;

		if (!isdigit((unsigned char)de->d_name[0]))
			continue;
		snprintf(path, sizeof(path), "/proc/%s/stat", de->d_name);
		if (read_text(path, text, sizeof(text)) <= 0 ||
		    !stat_faults(text, &ppid, &faults))
			continue;
		if (ppid == pid || atoi(de->d_name) == pid)
			sum += faults;
	}
	if (dir)
		closedir(dir);
	return sum;
}
