// SPDX-License-Identifier: GPL-2.0
/*
 * The checks of "carveout doctor" that need heaps, on heaps that this file makes up: one
 * for each state. It replaces the library; doctor_test.sh looks at the output.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libcarveout.h>

#include "doctor.h"
#include "view.h"

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

/* A heap, and the buffers in it. */
struct carveout_heap {
	const char *name;
	int open_err;
	int query_err;
	struct carveout_buffer_info buffers[4];
	size_t count;
};

static struct carveout_heap heaps[] = {
	{ .name = "right" },
	{ .name = "refused", .open_err = -EACCES },
	{ .name = "gone", .open_err = -ENODEV },
	{ .name = "corrupted", .query_err = -EUCLEAN },
	{
		.name = "busy",
		.buffers = {
			/* In use, and left over. */
			{ .tag = "open", .size = 0x1000, .refs = 2,
			  .flags = CARVEOUT_BUFFER_PERSIST },
			{ .tag = "left", .size = 0x3000, .refs = 1,
			  .flags = CARVEOUT_BUFFER_PERSIST },
			/* For a short and for a long time. */
			{ .size = 0x1000, .parked_ns = 9999999999ULL, .comm = "young" },
			{ .size = 0x2000, .parked_ns = 75000000000ULL, .comm = "old",
			  .pid = 7, .label = "a\033frame", .offset = 0x4000 },
		},
		.count = 4,
	},
};

int carveout_heap_names(char ***names, size_t *count)
{
	*names = calloc(ARRAY_SIZE(heaps), sizeof(**names));
	for (*count = 0; *count < ARRAY_SIZE(heaps); ++*count)
		(*names)[*count] = strdup(heaps[*count].name);
	return 0;
}

void carveout_heap_names_free(char **names, size_t count)
{
	while (count)
		free(names[--count]);
	free(names);
}

int carveout_node_path(const char *name, char **path)
{
	return asprintf(path, "/dev/null/%s", name) < 0 ? -ENOMEM : 0;
}

int carveout_open(const char *name, int flags, struct carveout_heap **heap)
{
	size_t i;

	for (i = 0; strcmp(heaps[i].name, name); i++)
		;
	*heap = &heaps[i];
	return flags == O_RDWR ? heaps[i].open_err : -EINVAL;
}

void carveout_close(struct carveout_heap *heap)
{
	(void)heap;
}

int carveout_query_sized(const struct carveout_heap *heap, struct carveout_ioctl_query *query,
			 size_t size)
{
	(void)size;
	query->size = 0x100000;
	snprintf(query->name, sizeof(query->name), "%s", heap->name);
	return heap->query_err;
}

int carveout_regions_sized(const struct carveout_heap *heap, void **regions, size_t size,
			   size_t *count)
{
	(void)heap;
	*regions = calloc(1, size);
	*count = 1;
	return 0;
}

int carveout_list_sized(const struct carveout_heap *heap, int kind, void **entries, size_t size,
			size_t *count)
{
	(void)kind;
	*entries = calloc(4, size);
	memcpy(*entries, heap->buffers, 4 * size);
	*count = heap->count;
	return 0;
}

/* Stand-ins for view.c of the command, which needs the rest of the library. */
void view_unload(struct view *view)
{
	free(view->regions);
	free(view->buffers);
}

const char *view_place(const struct view *view, uint32_t region, uint64_t offset)
{
	static char text[32];

	(void)view;
	snprintf(text, sizeof(text), "%u+0x%llx", region, (unsigned long long)offset);
	return text;
}

const char *view_creator(const struct carveout_buffer_info *buffer)
{
	return buffer->comm;
}

int main(void)
{
	struct doctor doctor = { 0 };

	doctor_heaps(&doctor);
	doctor_print(&doctor);
	doctor_free(&doctor);
	return 0;
}
