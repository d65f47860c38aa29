// SPDX-License-Identifier: GPL-2.0
/*
 * carveout alloc, carveout rm: allocate tagged buffers and remove tags
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exit.h"
#include "report.h"
#include "text.h"
#include "tool.h"
#include "view.h"

/* A request of the alloc command, and its result. */
struct order {
	const char *heap;
	const char *region;
	bool hold;
	struct carveout_alloc_options alloc;
	struct carveout_opened opened;
};

static uint32_t mode_argument(const char *text)
{
	unsigned long mode;
	char *end;

	mode = strtoul(text, &end, 8);
	if (*text < '0' || *text > '7' || *end || mode > 0777)
		misuse("mode '%s' is not an octal number from 0 to 0777", text);
	return mode;
}

static const char *label_argument(const char *text)
{
	size_t length = strlen(text), i;

	for (i = 0; i < length; i++)
		if (text[i] < ' ' || text[i] > '~')
			misuse("label '%s' is not plain ASCII text", text);
	if (length >= CARVEOUT_NAME_LEN)
		misuse("label '%s' is longer than %d bytes", text,
		       CARVEOUT_NAME_LEN - 1);
	return text;
}

static void parse_order_option(struct order *order, int option)
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

static void parse_order(struct order *order, int argc, char **argv)
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
	struct carveout_alloc_options *alloc = &order->alloc;
	int option;

	while ((option = next_option(argc, argv, "h", options)) >= 0)
		parse_order_option(order, option);
	check_operands(argc, 3, 3);
	order->heap = argv[optind];
	alloc->tag = tag_argument(argv[optind + 1]);
	alloc->size = size_argument("size", argv[optind + 2]);
	if (!alloc->size)
		misuse("the size must be at least one byte");
	if (!order->hold)
		alloc->flags |= CARVEOUT_ALLOC_PERSIST;
}

/* A region is selected by index or by name. */
static int find_region(struct order *order, const struct view *view)
{
	unsigned long index;
	char *end;
	size_t i;

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

static void explain_alloc(const struct order *order, const struct view *view,
			  int err)
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
}

static void print_alloc(const struct order *order, const struct view *view)
{
	const struct carveout_opened *opened = &order->opened;
	const struct carveout_alloc_options *alloc = &order->alloc;

	printf("%s: %s '%s': %s at %s, %s, generation %llu\n",
	       text_safe(view->query.name, sizeof(view->query.name)),
	       opened->created ? "created" : "opened",
	       alloc->tag, text_size(opened->size, false),
	       view_place(view, opened->region, opened->offset),
	       text_attrs(opened->attrs),
	       (unsigned long long)opened->generation);
	if (order->hold)
		printf("%s: process %d holds '%s' until it is killed\n",
		       text_safe(view->query.name, sizeof(view->query.name)),
		       getpid(), alloc->tag);
}

static void hold(void)
{
	if (fflush(stdout))
		die("standard output: %s", strerror(errno));
	for (;;)
		pause();
}

static int run_alloc(int argc, char **argv)
{
	struct order order = {
		.alloc = CARVEOUT_ALLOC_OPTIONS_INIT,
		.opened = CARVEOUT_OPENED_INIT,
	};
	struct carveout_heap *heap;
	struct view view;
	int err, fd;

	parse_order(&order, argc, argv);
	if (view_load(&view, order.heap, 0))
		return FAILED;
	err = order.region ? find_region(&order, &view) : 0;
	if (!err)
		err = view_open(&heap, order.heap, O_RDWR);
	if (err) {
		view_unload(&view);
		return FAILED;
	}
	fd = carveout_alloc_with(heap, &order.alloc, &order.opened);
	if (fd < 0)
		explain_alloc(&order, &view, fd);
	else
		print_alloc(&order, &view);
	view_unload(&view);
	if (fd >= 0 && order.hold)
		hold();
	carveout_close(heap);
	return fd < 0 ? FAILED : DONE;
}

const struct command command_alloc = {
	.name = "alloc",
	.arguments = "HEAP TAG SIZE [OPTIONS]",
	.summary = "allocate a buffer with a tag",
	.help =
	"Allocate a buffer of SIZE, in whole pages, that reads as zero. The tag holds it\n"
	"until 'carveout rm', unless --hold is given.\n"
	"\n"
	"      --align SIZE      alignment, a power of two\n"
	"      --attr ATTR,...   only from a region with these attributes: cached,\n"
	"                        writecombine, uncached, pages (the kernel maps it, too),\n"
	"                        0xN0000 for board-defined bits\n"
	"      --region REGION   only from this region (index or name)\n"
	"      --max-addr ADDR   only below this physical address\n"
	"      --mode MODE       permissions of the tag, octal, not masked (default: 0600\n"
	"                        masked by the umask)\n"
	"      --label TEXT      purpose of the buffer, up to 63 ASCII characters\n"
	"      --hold            tag is not persistent: hold the buffer until killed\n"
	"      --open            if the tag exists, open it; its buffer must satisfy the\n"
	"                        size, location and persistence of the request\n"
	"  -h, --help            this text\n",
	.run = run_alloc,
};

static int remove_tag(const struct carveout_heap *heap, const char *name,
		      const char *tag)
{
	int err = carveout_unlink(heap, tag);

	if (!err)
		return DONE;
	complain(name, err, "remove tag '%s'", tag);
	if (err == -ENOENT)
		tell("'carveout ls %s' lists the tags", name);
	else if (err == -EACCES || err == -EPERM)
		tell("only the tag's owner or a process with CAP_FOWNER may remove it");
	return FAILED;
}

static int run_rm(int argc, char **argv)
{
	static const struct option options[] = { OPTION_HELP, { 0 } };
	struct carveout_heap *heap;
	int result = DONE, i;

	next_option(argc, argv, "h", options);
	check_operands(argc, 2, argc);
	for (i = optind + 1; i < argc; i++)
		tag_argument(argv[i]);
	if (view_open(&heap, argv[optind], O_RDWR))
		return FAILED;
	for (i = optind + 1; i < argc; i++)
		if (remove_tag(heap, argv[optind], argv[i]))
			result = FAILED;
	carveout_close(heap);
	return result;
}

const struct command command_rm = {
	.name = "rm",
	.arguments = "HEAP TAG...",
	.summary = "remove tags",
	.help =
	"Remove tags. A tag can be used again at once; the memory of its buffer is freed\n"
	"with the last reference. Continues after a tag that cannot be removed, and then\n"
	"exits with 1.\n"
	"\n"
	"  -h, --help    this text\n",
	.run = run_rm,
};
