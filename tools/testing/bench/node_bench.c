// SPDX-License-Identifier: GPL-2.0
/*
 * Time of operations on the device node of a heap: looking up a tag among few and many,
 * allocating small and large buffers, mapping and first touch.
 *
 *	node_bench NODE
 *
 * Prints "bench:" lines for report.py. The time of a system call that fails in the check
 * of its arguments is measured as well, to be subtracted.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include <linux/carveout.h>

#define MIB		(1024UL * 1024)
#define HUGE		(2 * MIB)
#define LARGE		(64 * MIB)
#define CHUNKS		64
#define CALLS		256
#define TAGS_MAX	100000

static int node;

static void die(const char *what)
{
	fprintf(stderr, "node_bench: %s: %s\n", what, strerror(errno));
	exit(1);
}

static unsigned long long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

static int alloc(unsigned long size, unsigned long align, const char *tag)
{
	struct carveout_ioctl_alloc a = {
		.size = size,
		.align = align,
		.fd_flags = O_RDWR | O_CLOEXEC,
	};

	if (tag) {
		snprintf(a.tag, sizeof(a.tag), "%s", tag);
		a.flags = CARVEOUT_ALLOC_PERSIST;
		a.mode = 0600;
	}
	if (ioctl(node, CARVEOUT_IOCTL_ALLOC, &a))
		die("ALLOC");
	return a.fd;
}

/* === Tags ================================================================ */

/* Open an existing tag without permission: a look-up and nothing else. */
static void refused(unsigned int which)
{
	struct carveout_ioctl_open o = { .fd_flags = O_RDONLY | O_CLOEXEC };

	snprintf(o.tag, sizeof(o.tag), "name.%u", which);
	if (!ioctl(node, CARVEOUT_IOCTL_OPEN, &o) || errno != EACCES)
		die("OPEN");
}

/* The same call, refused before the look-up. */
static void at_the_door(unsigned int which)
{
	struct carveout_ioctl_open o = { .fd_flags = ~0U };

	snprintf(o.tag, sizeof(o.tag), "name.%u", which);
	if (!ioctl(node, CARVEOUT_IOCTL_OPEN, &o) || errno != EINVAL)
		die("OPEN at the door");
}

/* The minimum time of a call over the chunks, in ns. */
static double least(void (*call)(unsigned int which), unsigned int tags)
{
	double best = 1e18, time;
	unsigned int chunk, i, which = 1;

	for (chunk = 0; chunk < CHUNKS; chunk++) {
		unsigned long long start = now_ns();

		for (i = 0; i < CALLS; i++) {
			which = which * 1664525 + 1013904223;
			call((which >> 8) % tags);
		}
		time = (double)(now_ns() - start) / CALLS;
		best = time < best ? time : best;
	}
	return best;
}

static void looking_up(void)
{
	unsigned int tags = 0, step;
	char tag[64];

	for (step = 10; step <= TAGS_MAX; step *= 10) {
		if (seteuid(0))
			die("seteuid");
		for (; tags < step; tags++) {
			snprintf(tag, sizeof(tag), "name.%u", tags);
			close(alloc(4096, 0, tag));
		}
		if (seteuid(1000))
			die("seteuid");
		printf("bench: lookup tags=%u ns=%.0f door=%.0f\n", tags,
		       least(refused, tags), least(at_the_door, tags));
		fflush(stdout);
	}
	if (seteuid(0))
		die("seteuid");
	while (tags) {
		struct carveout_ioctl_unlink u = { .flags = 0 };

		snprintf(u.tag, sizeof(u.tag), "name.%u", --tags);
		if (ioctl(node, CARVEOUT_IOCTL_UNLINK, &u))
			die("UNLINK");
	}
}

/* === Memory ============================================================== */

/*
 * Allocate memory that was zeroed before. Neither freeing it nor the effect of zeroing
 * much memory on the caches is measured.
 */
static void allocating(unsigned long size)
{
	unsigned long long start, time, best = ~0ULL;
	unsigned int i, warm;
	int fd;

	for (i = 0; i < 16; i++) {
		for (warm = 0; warm < 8; warm++)
			close(alloc(4096, 0, NULL));
		start = now_ns();
		fd = alloc(size, 0, NULL);
		time = now_ns() - start;
		best = time < best ? time : best;
		close(fd);
	}
	printf("bench: alloc size=%lu ns=%llu\n", size, best);
}

static long faults(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_minflt;
}

/* Map at an address that is @off bytes behind a multiple of HUGE, and touch all pages. */
static void touching(int fd, unsigned long off)
{
	unsigned long long start, mapped, touched;
	char *room, *at;
	unsigned long i;
	long before;

	room = mmap(NULL, LARGE + 2 * HUGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
		    -1, 0);
	if (room == MAP_FAILED)
		die("mmap");
	at = (char *)(((unsigned long)room + HUGE - 1) & ~(HUGE - 1)) + off;
	before = faults();
	start = now_ns();
	at = mmap(at, LARGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0);
	if (at == MAP_FAILED)
		die("mmap of the buffer");
	mapped = now_ns();
	for (i = 0; i < LARGE; i += 4096)
		at[i] = 1;
	touched = now_ns();
	printf("bench: touch size=%lu aligned=%d faults=%ld map_ns=%llu touch_ns=%llu\n",
	       LARGE, !off, faults() - before, mapped - start, touched - mapped);
	munmap(room, LARGE + 2 * HUGE);
}

int main(int argc, char **argv)
{
	int fd;

	node = open(argc > 1 ? argv[1] : "", O_RDWR | O_CLOEXEC);
	if (node < 0)
		die("open");
	allocating(4096);
	allocating(LARGE);
	fd = alloc(LARGE, HUGE, NULL);
	touching(fd, 0);
	touching(fd, 4096);
	close(fd);
	looking_up();
	return 0;
}
