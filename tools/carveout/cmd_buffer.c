// SPDX-License-Identifier: GPL-2.0
/*
 * carveout alloc, carveout rm: allocate tagged buffers and remove tags
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "exit.h"
#include "order.h"
#include "report.h"
#include "text.h"
#include "tool.h"
#include "view.h"

static void print_alloc(const struct order *order, const struct view *view,
			const struct carveout_opened *opened)
{
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

static void parse_alloc(struct order *order, int argc, char **argv)
{
	struct carveout_alloc_options *alloc = &order->alloc;

	order_parse(order, argc, argv);
	check_operands(argc, 3, 3);
	order->heap = argv[optind];
	alloc->tag = tag_argument(argv[optind + 1]);
	alloc->size = size_argument("size", argv[optind + 2]);
	if (!alloc->size)
		misuse("the size must be at least one byte");
}

static int run_alloc(int argc, char **argv)
{
	struct order order = { .alloc = CARVEOUT_ALLOC_OPTIONS_INIT };
	struct carveout_opened opened = CARVEOUT_OPENED_INIT;
	struct carveout_heap *heap;
	struct view view;
	int fd;

	parse_alloc(&order, argc, argv);
	if (order_begin(&order, &view, &heap))
		return FAILED;
	fd = carveout_alloc_with(heap, &order.alloc, &opened);
	if (fd < 0)
		order_explain(&order, &view, fd);
	else
		print_alloc(&order, &view, &opened);
	return order_end(&order, &view, heap, fd, opened.created);
}

const struct command command_alloc = {
	.name = "alloc",
	.arguments = "HEAP TAG SIZE [OPTIONS]",
	.summary = "allocate a buffer with a tag",
	.help =
	"Allocate a buffer of SIZE, in whole pages, that reads as zero. The tag holds it\n"
	"until 'carveout rm', unless --hold is given.\n"
	"\n"
	ORDER_HELP
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
