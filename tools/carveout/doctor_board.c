// SPDX-License-Identifier: GPL-2.0
/*
 * carveout doctor: the memory map of a board, and the devices of its heaps.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libcarveout.h>

#include "doctor.h"
#include "exit.h"
#include "text.h"

#define DRIVER	"/sys/bus/platform/drivers/carveout"

bool board_line(const struct board *board, const char *path, char *line, size_t size)
{
	FILE *file = fopen(text_format("%s%s", board->root, path), "re");
	bool done;

	if (!file)
		return false;
	done = fgets(line, size, file);
	if (done)
		line[strcspn(line, "\n")] = '\0';
	fclose(file);
	return done;
}

/* === Memory === */

/* "  40210000-4154ffff : Kernel code". Addresses are zero for callers without privilege. */
static void read_range(struct doctor *doctor, const char *line, bool ram)
{
	unsigned long long base, last;
	int name = 0;

	if (sscanf(line, " %llx-%llx : %n", &base, &last, &name) != 2 || !name ||
	    last <= base)
		return;
	if (!strncmp(line + name, "Kernel ", 7))
		doctor_add_area(&doctor->taken, base, last - base + 1, "kernel");
	/* Memory that the kernel does not map is beside that which it does. */
	else if (ram && (!strncmp(line + name, "System RAM", 10) ||
			 (line[0] != ' ' && !strncmp(line + name, "reserved", 8))))
		doctor_add_area(&doctor->ram, base, last - base + 1, "RAM");
}

void doctor_memory(struct doctor *doctor, const struct board *board)
{
	FILE *file = fopen(text_format("%s/proc/iomem", board->root), "re");
	char line[256];
	/* The device tree of a board that boots with EFI tells no memory. */
	bool ram = !doctor->ram.count;

	while (file && fgets(line, sizeof(line), file) && doctor->ram.count < 64 &&
	       doctor->taken.count < 64)
		read_range(doctor, line, ram);
	if (file)
		fclose(file);
}

/* === Devices === */

/* Is a device of the driver that of the DT node? */
static bool is_device_of(const struct board *board, const char *device, const char *path)
{
	static const char base[] = "/devicetree/base";
	char target[4096];
	const char *tail;
	ssize_t length;

	length = readlink(text_format("%s" DRIVER "/%s/of_node", board->root, device), target,
			  sizeof(target) - 1);
	if (length < 0)
		return false;
	target[length] = '\0';
	tail = strstr(target, base);
	return tail && !strcmp(tail + strlen(base), path);
}

static bool is_bound(const struct board *board, const char *path)
{
	DIR *dir = opendir(text_format("%s" DRIVER, board->root));
	struct dirent *entry;
	bool bound = false;

	while (dir && !bound && (entry = readdir(dir)))
		bound = is_device_of(board, entry->d_name, path);
	if (dir)
		closedir(dir);
	return bound;
}

static void check_node(struct doctor *doctor, const char *heap)
{
	char *path;

	if (carveout_node_path(heap, &path))
		return;
	if (access(path, F_OK))
		doctor_find(doctor, FAULT_NO_NODE, "no %s", text_safe(path, SIZE_MAX));
	free(path);
}

static void check_device(struct doctor *doctor, const struct board *board,
			 const struct heap_name *heap)
{
	doctor_item(doctor, "device of heap %s", text_safe(heap->name, SIZE_MAX));
	if (!is_bound(board, heap->path))
		doctor_find(doctor, FAULT_HEAP_NOT_CREATED, "no device of %s in " DRIVER,
			    heap->path);
	else if (!*board->root)
		check_node(doctor, heap->name);
}

void doctor_devices(struct doctor *doctor, const struct board *board)
{
	size_t i;

	if (access(text_format("%s/sys/module/carveout", board->root), F_OK))
		return;
	for (i = 0; i < doctor->heap_count; i++)
		check_device(doctor, board, &doctor->heaps[i]);
}
