// SPDX-License-Identifier: GPL-2.0
/*
 * carveout ls, carveout info: heaps and buffers as tables and as JSON
 */
#include <stdio.h>
#include <string.h>

#include "exit.h"
#include "list.h"
#include "report.h"
#include "text.h"
#include "tool.h"
#include "view.h"

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

/* Options and state that the commands of this file share. */
struct listing {
	const char *heap;
	bool bytes;
	bool json;
	bool more;
	struct table table;
};

static const struct {
	uint64_t bit;
	const char *name;
} capabilities[] = {
	{ CARVEOUT_CAP_TAGS, "tags" },
	{ CARVEOUT_CAP_PERSIST, "persist" },
	{ CARVEOUT_CAP_ALIGN, "align" },
	{ CARVEOUT_CAP_ATTRS, "attrs" },
	{ CARVEOUT_CAP_REGION_MASK, "region-mask" },
	{ CARVEOUT_CAP_MAX_ADDR, "max-addr" },
	{ CARVEOUT_CAP_READ_ONLY, "read-only" },
	{ CARVEOUT_CAP_PLACE, "place" },
	{ CARVEOUT_CAP_WAIT, "wait" },
	{ CARVEOUT_CAP_LINK, "link" },
	{ CARVEOUT_CAP_SETATTR, "setattr" },
	{ CARVEOUT_CAP_SYNC, "sync" },
	{ CARVEOUT_CAP_RESIZE, "resize" },
	{ CARVEOUT_CAP_QUOTA, "quota" },
	{ CARVEOUT_CAP_POOL, "pool" },
};

static void parse_listing(struct listing *listing, int argc, char **argv)
{
	static const struct option options[] = {
		{ "bytes", no_argument, NULL, 'b' },
		{ "json", no_argument, NULL, 'j' },
		OPTION_HELP,
		{ 0 }
	};
	int option;

	while ((option = next_option(argc, argv, "bjh", options)) >= 0) {
		if (option == 'b')
			listing->bytes = true;
		else
			listing->json = true;
	}
	check_operands(argc, 0, 1);
	listing->heap = argv[optind];
}

/* === Buffers === */

static const struct table_column buffer_columns[] = {
	{ .title = "TAG" },
	{ .title = "SIZE", .right = true },
	{ .title = "REGION+OFFSET" },
	{ .title = "OWNER" },
	{ .title = "GROUP" },
	{ .title = "MODE" },
	{ .title = "GEN", .right = true },
	{ .title = "REFS", .right = true },
	{ .title = "FLAGS" },
	{ .title = "PID/COMM" },
	{ .title = "LABEL" },
};

/* A parked buffer has no tag, so it is not persistent. */
static const char *flags_of(const struct carveout_buffer_info *buffer)
{
	static const char * const names[] = { "-", "persist", "pool", "persist,pool" };

	if (buffer->parked_ns)
		return text_format("parked:%llus",
				   (unsigned long long)buffer->parked_ns / 1000000000);
	return names[!!(buffer->flags & CARVEOUT_BUFFER_PERSIST) +
		     2 * !!(buffer->flags & CARVEOUT_BUFFER_POOL)];
}

static void add_buffer(struct listing *listing, const struct view *view,
		       const struct carveout_buffer_info *buffer)
{
	struct table *table = &listing->table;

	table_add(table, text_safe(buffer->tag, sizeof(buffer->tag)));
	table_add(table, text_size(buffer->size, listing->bytes));
	table_add(table, view_place(view, buffer->region, buffer->offset));
	table_add(table, text_user(buffer->uid));
	table_add(table, text_group(buffer->gid));
	table_addf(table, "%04o", buffer->mode);
	table_addf(table, "%llu", (unsigned long long)buffer->generation);
	table_addf(table, "%u", buffer->refs);
	table_add(table, flags_of(buffer));
	table_add(table, view_creator(buffer));
	table_add(table, text_safe(buffer->label, sizeof(buffer->label)));
}

static void json_attrs(const char *key, uint32_t attrs)
{
	static const uint32_t kinds[] = {
		CARVEOUT_ATTR_CACHED,
		CARVEOUT_ATTR_WRITECOMBINE,
		CARVEOUT_ATTR_UNCACHED,
		CARVEOUT_ATTR_PAGES,
		CARVEOUT_ATTR_NO_CPU,
	};
	size_t i;

	json_begin(key, '[');
	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (attrs & kinds[i])
			json_string(NULL, text_attrs(kinds[i]), SIZE_MAX);
	json_end();
	json_number("user_attrs", (attrs & CARVEOUT_ATTR_USER_MASK) >>
				  CARVEOUT_ATTR_USER_SHIFT);
}

static void json_name(const char *key, const char *name, size_t length)
{
	if (name[0])
		json_string(key, name, length);
	else
		json_null(key);
}

void list_json_buffer(const struct view *view, const struct carveout_buffer_info *buffer)
{
	json_name("tag", buffer->tag, sizeof(buffer->tag));
	json_name("label", buffer->label, sizeof(buffer->label));
	json_number("size", buffer->size);
	json_number("region", buffer->region);
	if (buffer->region < view->region_count)
		json_string("region_name", view->regions[buffer->region].name,
			    CARVEOUT_NAME_LEN);
	json_number("offset", buffer->offset);
	if (buffer->flags & CARVEOUT_BUFFER_PHYS)
		json_number("phys", buffer->phys);
	else
		json_null("phys");
	json_attrs("attrs", buffer->attrs);
	json_number("generation", buffer->generation);
	json_bool("persist", buffer->flags & CARVEOUT_BUFFER_PERSIST);
	json_bool("pool", buffer->flags & CARVEOUT_BUFFER_POOL);
	json_string("mode", text_format("%04o", buffer->mode), SIZE_MAX);
	json_number("uid", buffer->uid);
	json_number("gid", buffer->gid);
	json_number("pid", buffer->pid);
	json_string("comm", buffer->comm, sizeof(buffer->comm));
	json_number("refs", buffer->refs);
	json_number("parked_ns", buffer->parked_ns);
}

/* === Heaps === */

static const struct table_column heap_columns[] = {
	{ .title = "HEAP" },
	{ .title = "SIZE", .right = true },
	{ .title = "USED", .right = true },
	{ .title = "FREE", .right = true },
	{ .title = "USE%", .right = true },
	{ .title = "LARGEST HOLE", .right = true },
	{ .title = "REGIONS", .right = true },
	{ .title = "BUFFERS", .right = true },
	{ .title = "TAGS", .right = true },
	{ .title = "ATTRIBUTES" },
};

static void add_heap(const struct view *view, void *context)
{
	const struct carveout_ioctl_query *query = &view->query;
	struct listing *listing = context;
	struct table *table = &listing->table;

	table_add(table, text_safe(query->name, sizeof(query->name)));
	table_add(table, text_size(query->size, listing->bytes));
	table_add(table, text_size(query->used, listing->bytes));
	table_add(table, text_size(query->size - query->used, listing->bytes));
	table_add(table, text_share(query->used, query->size));
	table_add(table, text_size(query->largest_hole, listing->bytes));
	table_addf(table, "%u", query->regions);
	table_addf(table, "%u", query->buffers);
	table_addf(table, "%u", query->tags);
	table_add(table, text_attrs(query->attrs));
}

static void show_buffers(const struct view *view, void *context)
{
	struct listing *listing = context;
	size_t i;

	for (i = 0; i < view->buffer_count; i++)
		add_buffer(listing, view, &view->buffers[i]);
}

void list_json_figures(const struct carveout_ioctl_query *query)
{
	json_string("name", query->name, sizeof(query->name));
	json_number("size", query->size);
	json_number("used", query->used);
	json_number("free", query->size - query->used);
	json_number("high_water", query->high_water);
	json_number("largest_hole", query->largest_hole);
}

static void json_buffers(const struct view *view, void *context)
{
	size_t i;

	(void)context;
	json_begin(NULL, '{');
	list_json_figures(&view->query);
	json_begin("buffers", '[');
	for (i = 0; i < view->buffer_count; i++) {
		json_begin(NULL, '{');
		list_json_buffer(view, &view->buffers[i]);
		json_end();
	}
	json_end();
	json_end();
}

static int list_json(const char *heap, unsigned int flags,
		     void (*show)(const struct view *view, void *context))
{
	int result;

	json_begin(NULL, '{');
	json_begin("heaps", '[');
	result = view_each(heap, flags, show, NULL);
	json_end();
	json_end();
	return result;
}

static bool several_heaps(void)
{
	char **names;
	size_t count;

	if (carveout_heap_names(&names, &count))
		return false;
	carveout_heap_names_free(names, count);
	return count > 1;
}

static int run_ls(int argc, char **argv)
{
	struct listing listing = { 0 };
	int result;

	parse_listing(&listing, argc, argv);
	if (listing.json)
		return list_json(listing.heap, VIEW_BUFFERS, json_buffers);
	if (!listing.heap && several_heaps()) {
		listing.table.columns = heap_columns;
		listing.table.count = ARRAY_SIZE(heap_columns);
		result = view_each(NULL, 0, add_heap, &listing);
	} else {
		listing.table.columns = buffer_columns;
		listing.table.count = ARRAY_SIZE(buffer_columns);
		result = view_each(listing.heap, VIEW_BUFFERS, show_buffers,
				   &listing);
	}
	if (result == DONE || listing.table.used)
		table_print(&listing.table, 0);
	return result;
}

const struct command command_ls = {
	.name = "ls",
	.arguments = "[HEAP] [-b] [--json]",
	.summary = "list the buffers of a heap, or the heaps",
	.help =
	"List the buffers of HEAP that you may see, one per line, by tag. Without HEAP:\n"
	"the buffers if there is one heap, a line for each heap if there are several.\n"
	"\n"
	"  -b, --bytes   sizes in bytes\n"
	"  -j, --json    JSON: always all heaps (or HEAP) with their buffers\n"
	"  -h, --help    this text\n"
	"\n"
	"REFS counts open descriptors and a persistent tag; PID/COMM is the process that\n"
	"created the buffer, which may have exited. You see the buffers that you may read\n"
	"or own; with CAP_DAC_OVERRIDE you see all.\n",
	.run = run_ls,
};

/* === Information === */

static const struct table_column region_columns[] = {
	{ .title = "REGION", .right = true },
	{ .title = "NAME" },
	{ .title = "BASE" },
	{ .title = "SIZE", .right = true },
	{ .title = "USED", .right = true },
	{ .title = "HIGH WATER", .right = true },
	{ .title = "LARGEST HOLE", .right = true },
	{ .title = "SPANS", .right = true },
	{ .title = "HOLES", .right = true },
	{ .title = "ATTRIBUTES" },
};

static void add_region(struct listing *listing,
		       const struct carveout_ioctl_region *region)
{
	struct table *table = &listing->table;

	table_addf(table, "%u", region->index);
	table_add(table, text_safe(region->name, sizeof(region->name)));
	if (region->flags & CARVEOUT_REGION_BASE)
		table_addf(table, "0x%llx", (unsigned long long)region->base);
	else
		table_add(table, "-");
	table_add(table, text_size(region->size, listing->bytes));
	table_add(table, text_size(region->used, listing->bytes));
	table_add(table, text_size(region->high_water, listing->bytes));
	table_add(table, text_size(region->largest_hole, listing->bytes));
	table_addf(table, "%u", region->spans);
	table_addf(table, "%u", region->holes);
	table_add(table, text_attrs(region->attrs));
}

static void print_capabilities(uint64_t bits)
{
	size_t i;

	fputs("  capabilities ", stdout);
	for (i = 0; i < ARRAY_SIZE(capabilities); i++)
		if (bits & capabilities[i].bit)
			printf(" %s", capabilities[i].name);
	putchar('\n');
}

/* A quota, and the caller's use of it. */
static void print_quota(const char *title, __u64 limit, __u64 used, bool bytes)
{
	printf("  %-13s %s used", title, text_size(used, bytes));
	if (limit)
		printf(" of %s", text_size(limit, bytes));
	else
		fputs(", no limit", stdout);
	putchar('\n');
}

static void print_figures(const struct view *view, bool bytes)
{
	const struct carveout_ioctl_query *query = &view->query;

	printf("heap %s\n", text_safe(query->name, sizeof(query->name)));
	printf("  size          %s\n", text_size(query->size, bytes));
	printf("  used          %s (%s)\n", text_size(query->used, bytes),
	       text_share(query->used, query->size));
	printf("  free          %s\n",
	       text_size(query->size - query->used, bytes));
	printf("  high water    %s\n", text_size(query->high_water, bytes));
	printf("  largest hole  %s\n", text_size(query->largest_hole, bytes));
	printf("  fragmentation %s (free, but not in a region's largest hole)\n",
	       view_fragmentation(view));
	printf("  contents      buffers %u, tags %u, spans %u, holes %u\n",
	       query->buffers, query->tags, query->spans, query->holes);
	printf("  failures      no hole fits %llu, no kernel memory %llu, quota %llu\n",
	       (unsigned long long)query->failures_nospc,
	       (unsigned long long)query->failures_nomem,
	       (unsigned long long)query->failures_quota);
	print_quota("your quota", query->quota_user, query->used_user, bytes);
	printf("  granularity   %s, alignment up to %s\n",
	       text_size(query->page_size, bytes),
	       text_size(query->max_align, bytes));
	print_capabilities(query->capabilities);
}

static void show_info(const struct view *view, void *context)
{
	struct listing *listing = context;
	size_t i;

	if (listing->more)
		putchar('\n');
	listing->more = true;
	print_figures(view, listing->bytes);
	putchar('\n');
	listing->table.columns = region_columns;
	listing->table.count = ARRAY_SIZE(region_columns);
	for (i = 0; i < view->region_count; i++)
		add_region(listing, &view->regions[i]);
	table_print(&listing->table, 2);
}

static void json_region(const struct carveout_ioctl_region *region)
{
	json_begin(NULL, '{');
	json_number("index", region->index);
	json_string("name", region->name, sizeof(region->name));
	if (region->flags & CARVEOUT_REGION_BASE)
		json_number("base", region->base);
	else
		json_null("base");
	json_number("size", region->size);
	json_number("used", region->used);
	json_number("high_water", region->high_water);
	json_number("largest_hole", region->largest_hole);
	json_number("spans", region->spans);
	json_number("holes", region->holes);
	json_attrs("attrs", region->attrs);
	json_end();
}

static void json_info(const struct view *view, void *context)
{
	const struct carveout_ioctl_query *query = &view->query;
	size_t i;

	(void)context;
	json_begin(NULL, '{');
	list_json_figures(query);
	json_number("page_size", query->page_size);
	json_number("max_align", query->max_align);
	json_number("spans", query->spans);
	json_number("holes", query->holes);
	json_number("buffer_count", query->buffers);
	json_number("tag_count", query->tags);
	json_number("failures_nospc", query->failures_nospc);
	json_number("failures_nomem", query->failures_nomem);
	json_number("failures_quota", query->failures_quota);
	json_number("quota_user", query->quota_user);
	json_number("used_user", query->used_user);
	json_begin("capabilities", '[');
	for (i = 0; i < ARRAY_SIZE(capabilities); i++)
		if (query->capabilities & capabilities[i].bit)
			json_string(NULL, capabilities[i].name, SIZE_MAX);
	json_end();
	json_begin("regions", '[');
	for (i = 0; i < view->region_count; i++)
		json_region(&view->regions[i]);
	json_end();
	json_end();
}

static int run_info(int argc, char **argv)
{
	struct listing listing = { 0 };

	parse_listing(&listing, argc, argv);
	if (listing.json)
		return list_json(listing.heap, 0, json_info);
	return view_each(listing.heap, 0, show_info, &listing);
}

const struct command command_info = {
	.name = "info",
	.arguments = "[HEAP] [-b] [--json]",
	.summary = "show size, use and regions of a heap",
	.help =
	"Show the state of HEAP and its regions. Without HEAP: all heaps.\n"
	"\n"
	"  -b, --bytes   sizes in bytes\n"
	"  -j, --json    JSON\n"
	"  -h, --help    this text\n"
	"\n"
	"The largest hole is the largest request that succeeds. Fragmentation is the part\n"
	"of the free memory that is not in the largest hole of its region: 0% if the free\n"
	"memory of each region is contiguous. The base address of a region is shown to\n"
	"callers with CAP_SYS_RAWIO.\n",
	.run = run_info,
};
