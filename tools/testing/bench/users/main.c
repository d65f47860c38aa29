// SPDX-License-Identifier: GPL-2.0
/*
 *	users PAGES NOMAP ROW...
 *
 * PAGES and NOMAP are device nodes of heaps, ROW is memory, names, blocks, batches, waits or
 * caches. Prints "bench:" lines for report.py.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include <linux/carveout.h>

#include "users.h"

struct heaps heaps;

/* === carveout ============================================================= */

int carveout_alloc(int heap, unsigned long size, const char *tag)
{
	struct carveout_ioctl_alloc alloc = {
		.size = size,
		.fd_flags = O_RDWR | O_CLOEXEC,
	};

	if (tag) {
		snprintf(alloc.tag, sizeof(alloc.tag), "%s", tag);
		alloc.flags = CARVEOUT_ALLOC_PERSIST;
		alloc.mode = 0600;
	}
	return ioctl(heap, CARVEOUT_IOCTL_ALLOC, &alloc) ? -1 : alloc.fd;
}

int carveout_open_tag(int heap, const char *tag, unsigned long long deadline)
{
	struct carveout_ioctl_open open = {
		.flags = deadline ? CARVEOUT_OPEN_WAIT : 0,
		.fd_flags = O_RDWR | O_CLOEXEC,
		.deadline = deadline,
	};

	snprintf(open.tag, sizeof(open.tag), "%s", tag);
	return ioctl(heap, CARVEOUT_IOCTL_OPEN, &open) ? -1 : open.fd;
}

void carveout_unlink_tag(int heap, const char *tag)
{
	struct carveout_ioctl_unlink unlink = { .flags = 0 };

	snprintf(unlink.tag, sizeof(unlink.tag), "%s", tag);
	if (ioctl(heap, CARVEOUT_IOCTL_UNLINK, &unlink))
		die("UNLINK");
}

unsigned long long carveout_used(int heap)
{
	struct carveout_ioctl_query query = { .flags = 0 };

	if (ioctl(heap, CARVEOUT_IOCTL_QUERY, &query))
		die("QUERY");
	return query.used;
}

/* === Rows ================================================================= */

static const struct {
	const char *name;
	void (*run)(void);
} rows[] = {
	{ "memory", bench_memory },
	{ "names", bench_names },
	{ "blocks", bench_blocks },
	{ "batches", bench_batches },
	{ "waits", bench_waits },
	{ "caches", bench_caches },
};

static bool wanted(int argc, char **argv, const char *name)
{
	int i;

	for (i = 3; i < argc; i++)
		if (!strcmp(argv[i], name))
			return true;
	return false;
}

int main(int argc, char **argv)
{
	unsigned int i;

	heaps.pages = open(argc > 1 ? argv[1] : "", O_RDWR | O_CLOEXEC);
	heaps.nomap = open(argc > 2 ? argv[2] : "", O_RDWR | O_CLOEXEC);
	if (heaps.pages < 0 || heaps.nomap < 0)
		die("device node");
	for (i = 0; i < ARRAY_SIZE(rows); i++)
		if (wanted(argc, argv, rows[i].name))
			rows[i].run();
	return 0;
}
