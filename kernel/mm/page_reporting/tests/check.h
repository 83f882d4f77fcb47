/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Free page reporting: recount a zone and check what must always hold. Part of
 * records.c, for debugging and tests.
 */

/* What was found in a zone */
struct recount {
	unsigned long reported;	/* pages, in free blocks */
	unsigned long small;	/* of these, in blocks below huge_order */
	unsigned long bad;
};

static void complain(struct recount *found, unsigned long pfn, const char *what)
{
	pr_err("pfn %#lx: %s\n", pfn, what);
	found->bad++;
}

/* No time lies in the future: an age above PR_AGE_MAX would be one */
static void check_time(struct recount *found, unsigned long pfn, u32 record)
{
	if (record & PR_TIME_MASK &&
	    pr_age(pr_now(), record & PR_TIME_MASK) > PR_AGE_MAX)
		complain(found, pfn, "since a time to come");
}

static void check_block(struct recount *found, struct page *page, unsigned int order)
{
	unsigned long reported = 0, pfn = page_to_pfn(page);
	u32 head = read_head(page), *record;

	check_time(found, pfn, head);
	if (head && order < pr_lowest_order())
		complain(found, pfn, "smaller than any block with a head");
	if (order < granule_order() && !head)
		return;
	for_each_record(record, page, order) {
		if (order >= granule_order() && *record && !is_reported(*record))
			complain(found, pfn, "a record that is not of a granule");
		check_time(found, pfn, *record);
		reported += is_reported(*record) ? unit_pages(order) : 0;
	}
	if (PageReported(page) != !!head)
		complain(found, pfn, "PG_reported, but no head");
	if (has_reported(head) != !!reported)
		complain(found, pfn, reported ? "reported, but the head says no" :
						"not reported, but the head says so");
	if (is_reported(head) != (reported == 1UL << order))
		complain(found, pfn, "wrong about all being reported");
	found->reported += reported;
	if (order < pr_policy.huge_order)
		found->small += reported;
}

/* Pages in use have no records */
static void check_used(struct recount *found, struct page *page)
{
	unsigned long pfn = page_to_pfn(page);
	u32 *record;

	if (pfn & ((1UL << granule_order()) - 1))
		return;
	for_each_record(record, page, granule_order()) {
		if (*record)
			complain(found, pfn, "a record, but in use");
	}
}

/**
 * pr_records_check - recount a zone and check its records
 * @zone: the zone
 *
 * Holds zone->lock for the whole zone: for tests and debugging only.
 *
 * Context: process context, with no batch on its way to the device.
 * Return: number of violations, each of which has been logged.
 */
unsigned long pr_records_check(struct zone *zone)
{
	unsigned long pfn = zone->zone_start_pfn, end, flags, counted;
	struct recount found = {};
	unsigned int tries;
	struct page *page;

	if (!static_branch_unlikely(&page_reporting_enabled))
		return 0;
	get_online_mems();
	end = zone_end_pfn(zone);
	spin_lock_irqsave(&zone->lock, flags);
	while (pfn < end) {
		page = pfn_to_online_page(pfn);
		if (!page) {
			pfn = ALIGN(pfn + 1, pageblock_nr_pages);
		} else if (page_zone(page) == zone && PageBuddy(page)) {
			check_block(&found, page, buddy_order(page));
			pfn += 1UL << buddy_order(page);
		} else {
			if (page_zone(page) == zone)
				check_used(&found, page);
			pfn++;
		}
	}
	/* A CPU that adds its share to the zone's at this moment is seen halfway */
	for (tries = 0; tries < 1000; tries++) {
		counted = zone_page_state_snapshot(zone, NR_FREE_REPORTED);
		if (counted == found.reported)
			break;
		cpu_relax();
	}
	if (counted != found.reported) {
		pr_err("%s: counted %lu reported pages, found %lu\n", zone->name,
		       counted, found.reported);
		found.bad++;
	}
	spin_unlock_irqrestore(&zone->lock, flags);
	put_online_mems();
	return found.bad;
}

/*
 * Is a granule of a free block of @order reported, or all of a block below a
 * granule? @page is its first page. zone->lock is held.
 */
bool pr_unit_reported(struct page *page, unsigned int order)
{
	bool reported = false;
	u32 *record;

	if (order < granule_order() && !PageReported(page))
		return false;
	for_each_record(record, page, min(order, granule_order()))
		reported = is_reported(*record);
	return reported;
}
