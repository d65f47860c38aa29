// SPDX-License-Identifier: GPL-2.0
/*
 * carveout doctor: the heaps of the running board.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libcarveout.h>

#include "doctor.h"
#include "exit.h"
#include "text.h"
#include "view.h"

/* The module reports a pin of that length in the log, too. */
#define LONG_NS		(10 * 1000000000ULL)

static char *copy(const char *text)
{
	char *lines = strdup(text);

	if (!lines)
		die("out of memory");
	return lines;
}

static void find_permission(struct doctor *doctor, const char *path)
{
	struct stat status;

	if (stat(path, &status))
		memset(&status, 0, sizeof(status));
	doctor_find(doctor, FAULT_NO_PERMISSION,
		    "%s: owner %s, group %s, mode %04o; this is user %s",
		    text_safe(path, SIZE_MAX),
		    text_user(status.st_uid), text_group(status.st_gid), status.st_mode & 07777,
		    text_user(geteuid()));
	doctor_write(doctor, copy("SUBSYSTEM==\"carveout\", GROUP=\"video\", MODE=\"0660\"\n"));
}

/* Does nothing but its tag hold the buffer? */
static bool is_leftover(const struct carveout_buffer_info *buffer)
{
	return (buffer->flags & CARVEOUT_BUFFER_PERSIST) && buffer->refs == 1 &&
	       !buffer->parked_ns;
}

static void check_leftovers(struct doctor *doctor, const struct view *view)
{
	uint64_t size = 0;
	char *lines = NULL;
	size_t length = 0, count = 0, i;
	FILE *file = open_memstream(&lines, &length);

	for (i = 0; file && i < view->buffer_count; i++) {
		if (!is_leftover(&view->buffers[i]))
			continue;
		fprintf(file, "carveout rm %s -- %s\n",
			text_safe(view->query.name, sizeof(view->query.name)),
			text_safe(view->buffers[i].tag, sizeof(view->buffers[i].tag)));
		size += view->buffers[i].size;
		count++;
	}
	if (!file || fclose(file))
		die("out of memory");
	if (count) {
		doctor_find(doctor, FAULT_LEFTOVER_TAG, "%zu tag%s, %s of memory", count,
			    count == 1 ? "" : "s", text_size(size, false));
		doctor_write(doctor, lines);
	} else {
		free(lines);
	}
}

static void check_pins(struct doctor *doctor, const struct view *view)
{
	const struct carveout_buffer_info *buffer;
	size_t i;

	for (i = 0; i < view->buffer_count; i++) {
		buffer = &view->buffers[i];
		if (buffer->parked_ns < LONG_NS)
			continue;
		doctor_find(doctor, FAULT_PINNED,
			    "%s at %s, for %llu s; created by %s, label %s",
			    text_size(buffer->size, false),
			    view_place(view, buffer->region, buffer->offset),
			    (unsigned long long)buffer->parked_ns / 1000000000,
			    view_creator(buffer),
			    text_safe(buffer->label, sizeof(buffer->label)));
	}
}

static void check_heap(struct doctor *doctor, struct view *view)
{
	int err = carveout_query(view->heap, &view->query);

	if (!err)
		err = carveout_regions(view->heap, &view->regions, &view->region_count);
	if (!err)
		err = carveout_buffers(view->heap, &view->buffers, &view->buffer_count);
	if (err) {
		doctor_find(doctor, FAULT_HEAP_STATE, "%s", strerror(-err));
		return;
	}
	doctor_facts(doctor, "%s in %zu region%s, %s used, %zu buffer%s",
		     text_size(view->query.size, false), view->region_count,
		     view->region_count == 1 ? "" : "s", text_size(view->query.used, false),
		     view->buffer_count, view->buffer_count == 1 ? "" : "s");
	check_leftovers(doctor, view);
	check_pins(doctor, view);
}

static void examine(struct doctor *doctor, const char *name)
{
	struct view view = { 0 };
	char *path;
	int err;

	if (carveout_node_path(name, &path))
		return;
	doctor_item(doctor, "device node %s", text_safe(path, SIZE_MAX));
	err = carveout_open(name, O_RDWR, &view.heap);
	if (err == -EACCES || err == -EPERM) {
		find_permission(doctor, path);
	} else if (err) {
		doctor_find(doctor, FAULT_HEAP_STATE, "open: %s", strerror(-err));
	} else {
		check_heap(doctor, &view);
		view_unload(&view);
	}
	free(path);
}

void doctor_heaps(struct doctor *doctor)
{
	size_t count, i;
	char **names;

	if (carveout_heap_names(&names, &count))
		return;
	for (i = 0; i < count; i++)
		examine(doctor, names[i]);
	carveout_heap_names_free(names, count);
}
