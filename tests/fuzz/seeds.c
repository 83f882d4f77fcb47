// SPDX-License-Identifier: GPL-2.0
/*
 * Runs a target on the inputs it is given, once each: for compilers without
 * libFuzzer.  Nothing here is wrapped by a target.  A seed that is refused at
 * its first line tests nothing after it; only one of the past may be.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
bool fuzz_complained(void) __attribute__((weak));
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max)
{
	(void)data;
	(void)max;
	return size;
}

int main(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++) {
		int fd = openat(AT_FDCWD, argv[i], O_RDONLY | O_CLOEXEC);
		struct stat st;
		uint8_t *data;

		if (fd < 0 || fstat(fd, &st) ||
		    !(data = malloc(st.st_size + 1)) ||
		    pread(fd, data, st.st_size, 0) != st.st_size) {
			dprintf(2, "not so: the seed %s can be read\n", argv[i]);
			return 1;
		}
		data = realloc(data, st.st_size + !st.st_size);
		close(fd);
		LLVMFuzzerTestOneInput(data, st.st_size);
		free(data);
		if (fuzz_complained && fuzz_complained() && !strstr(argv[i], "/past-")) {
			dprintf(2, "not so: the seed %s is read without an error\n", argv[i]);
			return 1;
		}
	}
	dprintf(1, "\nstat::number_of_executed_units: %d\n", argc - 1);
	return 0;
}
