/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Requests for memory: the options that allocating a buffer and creating a pool share.
 */
#ifndef ORDER_H
#define ORDER_H

#include <stdbool.h>

#include "view.h"

/**
 * struct order - A request for memory
 * @heap: name of the heap, as given on the command line
 * @region: index or name of the region to allocate from, or NULL
 * @hold: the tag is not persistent
 * @alloc: the request; for a pool without a size until its blocks are known
 */
struct order {
	const char *heap;
	const char *region;
	bool hold;
	struct carveout_alloc_options alloc;
};

/* The options of a request in the help text of a command. */
#define ORDER_HELP \
	"      --align SIZE      alignment, a power of two\n" \
	"      --attr ATTR,...   only from a region with these attributes: cached,\n" \
	"                        writecombine, uncached, pages (the kernel maps it, too),\n" \
	"                        no-cpu (the CPU must not access it), 0xN0000 for\n" \
	"                        board-defined bits\n" \
	"      --region REGION   only from this region (index or name)\n" \
	"      --max-addr ADDR   only below this physical address\n" \
	"      --mode MODE       permissions of the tag, octal, not masked (default: 0600\n" \
	"                        masked by the umask)\n"

/**
 * order_parse() - Parse the options of a request
 * @order: the request; the caller sets @order->alloc to its initial value
 * @argc: number of arguments
 * @argv: arguments
 *
 * Exits if an option is invalid.
 */
void order_parse(struct order *order, int argc, char **argv);

/**
 * order_begin() - Load and open the heap of a request, and find its region
 * @order: the request; its mask of regions is set
 * @view: filled in with the heap as it is before the request
 * @heap: filled in with the heap, open for writing
 *
 * Reports an error.
 *
 * Return: 0, and then order_end() is called; or a value other than 0.
 */
int order_begin(struct order *order, struct view *view, struct carveout_heap **heap);

/**
 * order_explain() - Report that a request failed
 * @order: the request
 * @view: the heap, as it was before
 * @err: negative errno
 */
void order_explain(const struct order *order, const struct view *view, int err);

/**
 * order_end() - Hold the memory if that is requested, and undo order_begin()
 * @order: the request
 * @view: the heap, as it was before
 * @heap: the heap, open for writing
 * @fd: descriptor of the memory, or a negative errno that was reported
 * @created: the request created the tag
 *
 * If the output of the command was lost, the tag that it created is removed again.
 *
 * Return: the command's exit code.
 */
int order_end(const struct order *order, struct view *view, struct carveout_heap *heap, int fd,
	      bool created);

/**
 * order_hold() - Keep the memory of a request until the process is killed
 *
 * Exits if the output of the command is lost.
 */
void order_hold(void);

#endif /* ORDER_H */
