/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Short forms of the functions for typed memory: names, mappings, single results.
 */
#ifndef CARVEOUT_TYPED_H
#define CARVEOUT_TYPED_H

#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>

#include <libcarveout.h>
#include <posix_typed_mem.h>

#include "carveout_fixture.h"

#define ALLOCATE	POSIX_TYPED_MEM_ALLOCATE
#define CONTIG		POSIX_TYPED_MEM_ALLOCATE_CONTIG
#define RW		(PROT_READ | PROT_WRITE)
#define SIZE		(4 * PAGE)

/* "/<heap>", or with a region "/<heap>/<region>". */
static inline const char *name_of(const char *region)
{
	static char name[160];

	snprintf(name, sizeof(name), "/%s%s%s", heap_name(), region ? "/" : "",
		 region ? region : "");
	return name;
}

static inline int open_name(const char *name, int oflag, int tflag)
{
	int fd = posix_typed_mem_open(name, oflag, tflag);

	return fd < 0 ? -errno : fd;
}

static inline int open_heap(int oflag, int tflag)
{
	return open_name(name_of(NULL), oflag, tflag);
}

/* An address, or MAP_FAILED and errno; the error of a mapping that should fail. */
static inline char *map_at(int fd, off_t off, size_t size)
{
	return mmap(NULL, size, RW, MAP_SHARED, fd, off);
}

static inline int try_mmap(int fd, off_t off, size_t size, int prot, int flags)
{
	void *mem = mmap(NULL, size, prot, flags, fd, off);

	if (mem == MAP_FAILED)
		return -errno;
	munmap(mem, size);
	return 0;
}

static inline size_t length_of(int fd)
{
	struct posix_typed_mem_info info = { 1 };

	return posix_typed_mem_get_info(fd, &info) ? 0 : info.posix_tmi_length;
}

static inline off_t offset_of(const void *mem)
{
	size_t contig;
	off_t off;
	int fd;

	return posix_mem_offset(mem, 1, &off, &contig, &fd) ? -1 : off;
}

static inline int fildes_of(const void *mem)
{
	size_t contig;
	off_t off;
	int fd;

	return posix_mem_offset(mem, 1, &off, &contig, &fd) ? -2 : fd;
}

static inline size_t contig_of(const void *mem, size_t len)
{
	size_t contig;
	off_t off;
	int fd;

	return posix_mem_offset(mem, len, &off, &contig, &fd) ? 0 : contig;
}

#endif /* CARVEOUT_TYPED_H */
