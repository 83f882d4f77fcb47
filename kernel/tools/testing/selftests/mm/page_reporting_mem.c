// SPDX-License-Identifier: GPL-2.0
/* Memory of a test, and what becomes of it once it is free */
#include "page_reporting_util.h"

#include <sys/mman.h>

#include "vm_util.h"

static unsigned long pattern(const struct pr_mem *mem, size_t i)
{
	return (i + mem->salt) * 0x9e3779b1UL;
}

bool pr_mem_good(const struct pr_mem *mem)
{
	size_t i;

	for (i = 0; i < mem->len / sizeof(long); i++)
		if (mem->word[i] != pattern(mem, i))
			return false;
	return true;
}

int pr_mem_map(struct pr_mem *mem, size_t len, int flags)
{
	void *p = mmap(NULL, len, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);

	memset(mem, 0, sizeof(*mem));
	if (p == MAP_FAILED)
		return -errno;
	mem->word = p;
	mem->len = len;
	mem->salt = random();
	return 0;
}

int pr_mem_fill(struct pr_mem *mem)
{
	size_t page = psize() / sizeof(long), i;

	for (i = 0; i < mem->len / sizeof(long); i++) {
		/* Write first, or a read would map the page of zeros */
		if (i % page && mem->word[i])
			return -EBADMSG;
		mem->word[i] = pattern(mem, i);
	}
	return 0;
}

int pr_mem_take(struct pr_mem *mem, size_t len)
{
	int err = pr_mem_map(mem, len, MAP_PRIVATE);

	if (err)
		return err;
	madvise(mem->word, len, MADV_NOHUGEPAGE);
	return pr_mem_fill(mem);
}

static int pfn_cmp(const void *a, const void *b)
{
	__u64 x = *(const __u64 *)a, y = *(const __u64 *)b;

	return x < y ? -1 : x > y;
}

int pr_mem_note(struct pr_mem *mem, unsigned int keep)
{
	size_t pages = mem->len / psize(), i;
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);

	mem->pfn = calloc(pages, sizeof(*mem->pfn));
	mem->nr = 0;
	for (i = 0; fd >= 0 && mem->pfn && i < pages; i++) {
		char *p = (char *)mem->word + i * psize();

		if ((!keep || i % keep) && pagemap_is_populated(fd, p))
			mem->pfn[mem->nr++] = pagemap_get_pfn(fd, p);
	}
	if (fd >= 0)
		close(fd);
	if (!mem->nr || !mem->pfn[0])
		return -EOPNOTSUPP;
	qsort(mem->pfn, mem->nr, sizeof(*mem->pfn), pfn_cmp);
	mem->freed_ms = pr_now_ms();
	return 0;
}

int pr_mem_drop(struct pr_mem *mem)
{
	int err = pr_mem_good(mem) ? pr_mem_note(mem, 0) : -EBADMSG;

	munmap(mem->word, mem->len);
	mem->len = 0;
	return err;
}

struct fate_reader {
	const struct pr_mem *mem;
	struct pr_fate *fate;
	size_t next;
};

static int fate_add(const struct pr_block *b, void *arg)
{
	struct fate_reader *r = arg;
	__u64 end = b->pfn + (1ULL << b->order);
	size_t first;

	while (r->next < r->mem->nr && r->mem->pfn[r->next] < b->pfn)
		r->next++;
	first = r->next;
	while (r->next < r->mem->nr && r->mem->pfn[r->next] < end)
		r->next++;
	r->fate->state[b->state] += r->next - first;
	if (r->next > first && b->state == S_PENDING && b->free_ms > r->fate->free_ms)
		r->fate->free_ms = b->free_ms;
	return 0;
}

int pr_fate_read(const struct pr_mem *mem, struct pr_fate *fate)
{
	struct fate_reader r = { mem, fate, 0 };

	memset(fate, 0, sizeof(*fate));
	fate->free_ms = -1;
	return pr_blocks_read(MIB, fate_add, &r);
}

bool pr_most(const struct pr_mem *mem, size_t pages)
{
	return pages > mem->nr / 2;
}
