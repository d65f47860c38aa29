// SPDX-License-Identifier: GPL-2.0
/*
 * Requests for memory: the options that allocating a buffer and creating a pool share.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exit.h"
#include "order.h"
#include "report.h"
#include "text.h"
#include "tool.h"

static void parse_option(struct order *order, int option)
{
	struct carveout_alloc_options *alloc = &order->alloc;

	switch (option) {
	case 'a':
		alloc->align = size_argument("alignment", optarg);
		if (!alloc->align || (alloc->align & (alloc->align - 1)))
			misuse("alignment '%s' is not a power of two", optarg);
		break;
	case 'A':
		if (text_parse_attrs(optarg, &alloc->require))
			misuse("no attribute '%s'; see 'carveout alloc --help'",
			       optarg);
		break;
	case 'r':
		order->region = optarg;
		break;
	case 'M':
		alloc->max_addr = size_argument("address", optarg);
		break;
	case 'm':
		alloc->mode = mode_argument(optarg);
		/* An explicit mode is not masked. */
		umask(0);
		break;
	case 'l':
		alloc->label = label_argument(optarg);
		break;
	case 'H':
		order->hold = true;
		break;
	case 'o':
		alloc->flags |= CARVEOUT_ALLOC_OPEN;
		break;
	}
}

void order_parse(struct order *order, int argc, char **argv)
{
	static const struct option options[] = {
		{ "align", required_argument, NULL, 'a' },
		{ "attr", required_argument, NULL, 'A' },
		{ "region", required_argument, NULL, 'r' },
		{ "max-addr", required_argument, NULL, 'M' },
		{ "mode", required_argument, NULL, 'm' },
		{ "label", required_argument, NULL, 'l' },
		{ "hold", no_argument, NULL, 'H' },
		{ "open", no_argument, NULL, 'o' },
		OPTION_HELP,
		{ 0 }
	};
	int option;

	while ((option = next_option(argc, argv, "h", options)) >= 0)
		parse_option(order, option);
	if (!order->hold)
		order->alloc.flags |= CARVEOUT_ALLOC_PERSIST;
}

static int find_region(struct order *order, const struct view *view)
{
	unsigned long index;
	char *end;
	size_t i;

	if (!order->region)
		return 0;
	index = strtoul(order->region, &end, 10);
	if (!*order->region || *end)
		index = view->region_count;
	for (i = 0; i < view->region_count; i++)
		if (i == index || !strcmp(view->regions[i].name, order->region))
			break;
	if (i < view->region_count && i < 64) {
		order->alloc.regions = 1ULL << i;
		return 0;
	}
	complain(order->heap, 0, "no region '%s'", order->region);
	tell("'carveout info %s' lists the regions", order->heap);
	return -ENOENT;
}

static void hint_space(const struct order *order, const struct view *view)
{
	const struct carveout_alloc_options *alloc = &order->alloc;
	const struct carveout_ioctl_region *region;
	uint64_t hole = 0, left = 0;
	unsigned int fitting = 0;
	size_t i;

	for (i = 0; i < view->region_count; i++) {
		region = &view->regions[i];
		if ((region->attrs & alloc->require) != alloc->require ||
		    (alloc->regions && !(alloc->regions >> i & 1)))
			continue;
		fitting++;
		left += region->size - region->used;
		if (region->largest_hole > hole)
			hole = region->largest_hole;
	}
	if (!fitting)
		tell("no region qualifies; 'carveout info %s' shows the attributes",
		     order->heap);
	else if (alloc->size <= hole)
		tell("the largest hole has %s, but not at the requested alignment or address",
		     text_size(hole, false));
	else
		tell("%s are free, the largest hole has %s; see 'carveout map %s'",
		     text_size(left, false), text_size(hole, false),
		     order->heap);
}

void order_explain(const struct order *order, const struct view *view, int err)
{
	const struct carveout_alloc_options *alloc = &order->alloc;

	complain(order->heap, err, "allocate '%s' with %s", alloc->tag,
		 text_size(alloc->size, false));
	if (err == -ENOSPC || err == -EINVAL)
		hint_space(order, view);
	else if (err == -EEXIST && (alloc->flags & CARVEOUT_ALLOC_OPEN))
		tell("the tag's buffer does not satisfy the request; see 'carveout ls %s'",
		     order->heap);
	else if (err == -EEXIST)
		tell("the tag exists; --open opens it, 'carveout rm %s %s' removes it",
		     order->heap, alloc->tag);
	else if (err == -EACCES && alloc->max_addr)
		tell("--max-addr needs a power of two or CAP_SYS_RAWIO, or the tag denies it");
	else if (err == -EACCES)
		tell("the tag exists, and its mode denies access; see 'carveout ls %s'",
		     order->heap);
	else if (err == -EDQUOT)
		tell("a quota is exceeded: 'carveout info %s' shows your use, 'carveout rm' frees",
		     order->heap);
}

/*
 * The caller does not learn of memory whose description is lost, and the command fails: then
 * the tag that it created must not stay, or a second try would find it.
 */
static void undo(const struct order *order, const struct carveout_heap *heap, bool created)
{
	int err;

	if (!flush_output() || !created)
		return;
	err = carveout_unlink(heap, order->alloc.tag);
	if (err)
		complain(order->heap, err, "remove tag '%s'", order->alloc.tag);
	else
		tell("the tag '%s' is removed again", order->alloc.tag);
}

void order_hold(void)
{
	int err = flush_output();

	if (err)
		die("standard output: %s", strerror(-err));
	for (;;)
		pause();
}

int order_begin(struct order *order, struct view *view, struct carveout_heap **heap)
{
	int err;

	if (view_load(view, order->heap, 0))
		return FAILED;
	err = find_region(order, view);
	if (!err)
		err = view_open(heap, order->heap, O_RDWR);
	if (err)
		view_unload(view);
	return err;
}

int order_end(const struct order *order, struct view *view, struct carveout_heap *heap, int fd,
	      bool created)
{
	view_unload(view);
	if (fd >= 0 && order->hold)
		order_hold();
	if (fd >= 0)
		undo(order, heap, created);
	carveout_close(heap);
	return fd < 0 ? FAILED : DONE;
}
