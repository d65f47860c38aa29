// SPDX-License-Identifier: GPL-2.0
/*
 * Allocate, map, touch, unmap and free a buffer: physically contiguous memory, the dma-buf
 * heaps of the kernel, and memory of tmpfs.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <linux/dma-heap.h>
#include <linux/udmabuf.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "users.h"

#define PAGE		(4 * KIB)
#define ROUNDS_MAX	201

/**
 * struct peer - An interface that has buffers
 * @name: of the interface
 * @path: its device node, which not every kernel has. NULL without one
 * @make: make a buffer, and return a file descriptor for mmap(); @also is set to another
 *	one that is closed with it
 * @drop: called after the descriptors are closed; NULL if that frees the buffer
 * @node: file descriptor of the device node
 */
struct peer {
	const char *name;
	const char *path;
	int (*make)(const struct peer *peer, unsigned long size, int *also);
	void (*drop)(void);
	int node;
};

static int make_carveout(const struct peer *peer, unsigned long size, int *also)
{
	(void)also;
	return carveout_alloc(peer->node, size, NULL);
}

static int make_dma_heap(const struct peer *peer, unsigned long size, int *also)
{
	struct dma_heap_allocation_data alloc = {
		.len = size,
		.fd_flags = O_RDWR | O_CLOEXEC,
	};

	(void)also;
	return ioctl(peer->node, DMA_HEAP_IOCTL_ALLOC, &alloc) ? -1 : (int)alloc.fd;
}

static int make_udmabuf(const struct peer *peer, unsigned long size, int *also)
{
	struct udmabuf_create create = { .flags = UDMABUF_FLAGS_CLOEXEC, .size = size };

	*also = memfd_create("users", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (*also < 0 || ftruncate(*also, size) || fcntl(*also, F_ADD_SEALS, F_SEAL_SHRINK))
		return -1;
	create.memfd = *also;
	return ioctl(peer->node, UDMABUF_CREATE, &create);
}

static int make_memfd(const struct peer *peer, unsigned long size, int *also)
{
	int fd = memfd_create("users", MFD_CLOEXEC);

	(void)peer;
	(void)also;
	return fd < 0 || ftruncate(fd, size) ? -1 : fd;
}

#define SHM	"/users.memory"

static int make_shm(const struct peer *peer, unsigned long size, int *also)
{
	int fd = shm_open(SHM, O_RDWR | O_CREAT | O_EXCL, 0600);

	(void)peer;
	(void)also;
	return fd < 0 || ftruncate(fd, size) ? -1 : fd;
}

static void drop_shm(void)
{
	shm_unlink(SHM);
}

static struct peer peers[] = {
	{ .name = "carveout-pages", .make = make_carveout },
	{ .name = "carveout-nomap", .make = make_carveout },
	{ .name = "heap-system", .path = "/dev/dma_heap/system", .make = make_dma_heap },
	{ .name = "heap-cma", .path = "/dev/dma_heap/reserved", .make = make_dma_heap },
	{ .name = "udmabuf", .path = "/dev/udmabuf", .make = make_udmabuf },
	{ .name = "memfd", .make = make_memfd },
	{ .name = "shm", .make = make_shm, .drop = drop_shm },
};

static int open_node(struct peer *peer)
{
	if (peer->path)
		peer->node = open(peer->path, O_RDWR | O_CLOEXEC);
	return peer->node;
}

static void close_node(struct peer *peer)
{
	if (peer->path)
		close(peer->node);
}

/* A buffer of an interface with a device node, or -1 if the kernel does not have it. */
int make_buffer(const char *name, unsigned long size)
{
	struct peer *peer = peers;
	int fd, also = -1;

	while (strcmp(peer->name, name))
		peer++;
	if (open_node(peer) < 0)
		return -1;
	fd = peer->make(peer, size, &also);
	if (fd < 0)
		die(name);
	if (also >= 0)
		close(also);
	close_node(peer);
	return fd;
}

enum step { ALLOCATE, MAP, TOUCH, UNMAP, FREE, LATER, STEPS };

static const char * const step_name[STEPS] = {
	[ALLOCATE]	= "allocate",
	[MAP]		= "map",
	[TOUCH]		= "touch",
	[UNMAP]		= "unmap",
	[FREE]		= "free",
	[LATER]		= "later",
};

static bool in_use(void)
{
	return carveout_used(heaps.pages) || carveout_used(heaps.nomap);
}

/* The time of work that a free has left to a thread of the kernel. */
static unsigned long long rest(void)
{
	unsigned long long start;

	if (!in_use())
		return 0;
	start = now();
	while (in_use())
		sched_yield();
	return now() - start;
}

/* One buffer from the first to the last step, and the time of each. */
static void use_once(const struct peer *peer, unsigned long size,
		     unsigned long long time[STEPS])
{
	unsigned long long at[STEPS];
	unsigned long i;
	int fd, also = -1, step;
	char *memory;

	at[ALLOCATE] = now();
	fd = peer->make(peer, size, &also);
	if (fd < 0)
		die(peer->name);
	at[MAP] = now();
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		die(peer->name);
	at[TOUCH] = now();
	for (i = 0; i < size; i += PAGE)
		__atomic_store_n(&memory[i], 1, __ATOMIC_RELAXED);
	at[UNMAP] = now();
	munmap(memory, size);
	at[FREE] = now();
	close(fd);
	if (also >= 0)
		close(also);
	if (peer->drop)
		peer->drop();
	at[LATER] = now();
	for (step = 0; step < LATER; step++)
		time[step] = at[step + 1] - at[step];
	time[LATER] = rest();
}

static void use(const struct peer *peer, unsigned long size, unsigned int rounds)
{
	static unsigned long long times[STEPS][ROUNDS_MAX];
	unsigned long long time[STEPS], total = 0;
	char row[32];
	unsigned int i;
	int step;

	use_once(peer, size, time);
	for (i = 0; i < rounds; i++) {
		use_once(peer, size, time);
		for (step = 0; step < STEPS; step++)
			times[step][i] = time[step];
	}
	for (step = 0; step < STEPS; step++) {
		snprintf(row, sizeof(row), "memory-%s", step_name[step]);
		time[step] = median(times[step], rounds);
		report(row, size, peer->name, time[step]);
		total += time[step];
	}
	report("memory", size, peer->name, total);
}

static const struct {
	unsigned long size;
	unsigned int rounds;
} sizes[] = {
	{ 4 * KIB, ROUNDS_MAX },
	{ 64 * KIB, 101 },
	{ 1 * MIB, 21 },
	{ 4 * MIB, 11 },
	{ 64 * MIB, 5 },
};

void bench_memory(void)
{
	struct peer *peer;
	unsigned int i;

	peers[0].node = heaps.pages;
	peers[1].node = heaps.nomap;
	for (peer = peers; peer < peers + ARRAY_SIZE(peers); peer++) {
		if (open_node(peer) < 0) {
			report_absent("memory", peer->name);
			continue;
		}
		for (i = 0; i < ARRAY_SIZE(sizes); i++)
			use(peer, sizes[i].size, sizes[i].rounds);
		close_node(peer);
	}
}
