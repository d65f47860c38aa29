// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Memory of a buffer: mappings and caches.
 */
#define _GNU_SOURCE
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/dma-buf.h>

#include "internal.h"

/* No kernel has smaller huge pages. */
#define MAP_ALIGN_MIN	(1024 * 1024)

static_assert(sizeof(off_t) == 8, "also on 32 bit: see the Makefile");
static_assert(CARVEOUT_ACCESS_READ == DMA_BUF_SYNC_READ, "the value of the kernel");
static_assert(CARVEOUT_ACCESS_WRITE == DMA_BUF_SYNC_WRITE, "the value of the kernel");

int carveout_size(int fd, uint64_t *size)
{
	off_t end = lseek(fd, 0, SEEK_END);

	if (end < 0)
		return -errno;
	*size = end;
	return 0;
}

/* === Mappings ============================================================= */

/*
 * Would the mapping fail? A range is inside the buffer if its last page is. When
 * the real mapping fails, the kernel may already have unmapped the range that
 * MAP_FIXED replaces, and another thread may have mapped something else there.
 */
static int try_map(int fd, uint64_t offset, size_t size, int prot)
{
	size_t page = sysconf(_SC_PAGESIZE);
	uint64_t last = offset + (size - 1) / page * page;
	void *memory;

	memory = mmap(NULL, page, prot, MAP_SHARED, fd, last);
	if (memory == MAP_FAILED)
		return -errno;
	munmap(memory, page);
	return 0;
}

/* The size of a page of 8-byte entries for small pages, which nearly all kernels use. */
static uint64_t usual_map_align(void)
{
	uint64_t page = sysconf(_SC_PAGESIZE);

	return page / sizeof(uint64_t) * page;
}

uint64_t carveout_map_align(void)
{
	uint64_t size = 0;
	char text[24];
	ssize_t n = -1;
	int fd;

	fd = open("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size",
		  O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, text, sizeof(text) - 1);
		close(fd);
	}
	if (n > 0) {
		text[n] = '\0';
		size = strtoull(text, NULL, 10);
	}
	/* A kernel without huge pages has no such file. */
	return size && !(size & (size - 1)) ? size : usual_map_align();
}

/*
 * Reserve an address range whose start is congruent to @offset modulo the alignment.
 * Return NULL if the size leaves no choice.
 */
static char *reserve(size_t size, uint64_t offset)
{
	const uint64_t align = carveout_map_align();
	uintptr_t start, skip;
	char *all;

	/* Too small for a huge page, or there is no room: any place will do. */
	if (size < align || size > SIZE_MAX - align)
		return NULL;
	all = mmap(NULL, size + align, PROT_NONE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (all == MAP_FAILED)
		return MAP_FAILED;
	start = (uintptr_t)all;
	skip = (offset - start) & (align - 1);
	if (skip)
		munmap(all, skip);
	munmap(all + skip + size, align - skip);
	return all + skip;
}

static int map_aligned(int fd, uint64_t offset, size_t size, int prot,
		       void **memory)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *place;
	int err;

	err = try_map(fd, offset, size, prot);
	if (err)
		return err;
	size = (size + page - 1) / page * page;
	place = reserve(size, offset);
	if (place == MAP_FAILED)
		return -ENOMEM;
	*memory = mmap(place, size, prot, MAP_SHARED | (place ? MAP_FIXED : 0), fd,
		       offset);
	if (*memory != MAP_FAILED)
		return 0;
	/* The range may now belong to another mapping: leave it alone. */
	return -errno;
}

int carveout_map(int fd, uint64_t offset, uint64_t size, int prot, void **memory)
{
	*memory = MAP_FAILED;
	if (!size || offset + size < offset || offset + size > INT64_MAX)
		return -EINVAL;
	if (size > SIZE_MAX / 2)
		return -EFBIG;
	/* Asking for the alignment takes system calls, for which small mappings need not pay. */
	if (size >= MAP_ALIGN_MIN)
		return map_aligned(fd, offset, size, prot, memory);
	*memory = mmap(NULL, size, prot, MAP_SHARED, fd, offset);
	return *memory == MAP_FAILED ? -errno : 0;
}

int carveout_unmap(void *memory, uint64_t size)
{
	if (size > SIZE_MAX)
		return -EINVAL;
	return munmap(memory, size) ? -errno : 0;
}

/* === Caches =============================================================== */

static int sync_some(const struct carveout_heap *heap, int fd, uint32_t flags,
		     const struct carveout_sync_range *ranges, uint32_t count)
{
	struct carveout_ioctl_sync sync = {
		.fd = fd,
		.flags = flags,
		.ranges = (uintptr_t)ranges,
		.count = count,
	};

	return carveout__ioctl(heap->fd, CARVEOUT_IOCTL_SYNC, &sync);
}

static int sync_whole(const struct carveout_heap *heap, int fd, uint32_t flags)
{
	struct carveout_sync_range whole = { 0 };
	uint64_t size;
	int err;

	err = carveout_size(fd, &size);
	/* The driver rejects a file that is not a buffer. */
	whole.size = err || !size ? 1 : size;
	if (err == -EBADF)
		return err;
	return sync_some(heap, fd, flags, &whole, 1);
}

int carveout_sync(const struct carveout_heap *heap, int fd, uint32_t flags,
		  const struct carveout_sync_range *ranges, size_t count)
{
	uint32_t some;
	int err;

	if (!ranges)
		return count ? -EINVAL : sync_whole(heap, fd, flags);
	if (!count)
		return -EINVAL;
	for (; count; count -= some, ranges += some) {
		some = count < CARVEOUT_SYNC_MAX ? count : CARVEOUT_SYNC_MAX;
		err = sync_some(heap, fd, flags, ranges, some);
		if (err)
			return err;
	}
	return 0;
}

static int bracket(int fd, uint32_t access, uint64_t which)
{
	struct dma_buf_sync sync = { .flags = access | which };
	int ret;

	if (!access || access & ~(CARVEOUT_ACCESS_READ | CARVEOUT_ACCESS_WRITE))
		return -EINVAL;
	/* drivers/dma-buf/dma-buf.c: user space restarts it after EAGAIN as well as EINTR. */
	do {
		ret = carveout__ioctl(fd, DMA_BUF_IOCTL_SYNC, &sync);
	} while (ret == -EAGAIN);
	return ret;
}

int carveout_begin_access(int fd, uint32_t access)
{
	return bracket(fd, access, DMA_BUF_SYNC_START);
}

int carveout_end_access(int fd, uint32_t access)
{
	return bracket(fd, access, DMA_BUF_SYNC_END);
}
