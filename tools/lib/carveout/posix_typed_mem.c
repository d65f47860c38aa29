// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Typed memory objects of POSIX.1.
 *
 * These functions return errors as POSIX.1 specifies them. The descriptor is the device
 * node of the heap, so that mmap() of the C library allocates.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "internal.h"
#include "posix_typed_mem.h"

#define ALLOCATE	(POSIX_TYPED_MEM_ALLOCATE | POSIX_TYPED_MEM_ALLOCATE_CONTIG)
#define FLAGS		(ALLOCATE | POSIX_TYPED_MEM_MAP_ALLOCATABLE)

/* === Names ================================================================ */

/* The parts of a name; without a region @region is empty. */
struct name {
	char heap[CARVEOUT_NAME_LEN];
	char region[CARVEOUT_NAME_LEN];
};

static int take_part(char *part, const char *from, size_t length)
{
	if (length >= CARVEOUT_NAME_LEN)
		return -ENAMETOOLONG;
	memcpy(part, from, length);
	part[length] = '\0';
	/* No object has the name of a directory. */
	return !length || !strcmp(part, ".") || !strcmp(part, "..") ? -ENOENT : 0;
}

static int parse(const char *text, struct name *name)
{
	const char *slash;
	int err;

	if (*text == '/')
		text++;
	slash = strchr(text, '/');
	err = take_part(name->heap, text, slash ? (size_t)(slash - text) : strlen(text));
	name->region[0] = '\0';
	if (err || !slash)
		return err;
	return take_part(name->region, slash + 1, strlen(slash + 1));
}

/* The mask of the regions of that name, or 0 for all regions. */
static int find_regions(const struct carveout_heap *heap, const char *name, __u64 *mask)
{
	struct carveout_ioctl_region region;
	uint32_t i;
	int err;

	*mask = 0;
	if (!*name)
		return 0;
	for (i = 0; i < 64; i++) {
		err = carveout_region(heap, i, &region);
		if (err == -ENOENT)
			break;
		if (err)
			return err;
		if (!strcmp(region.name, name))
			*mask |= UINT64_C(1) << i;
	}
	return *mask ? 0 : -ENOENT;
}

/* === Objects ============================================================== */

static int set_typed(const struct carveout_heap *heap, const char *region, int tflag)
{
	struct carveout_ioctl_typed typed = { 0 };
	int err;

	err = find_regions(heap, region, &typed.regions);
	if (err)
		return err;
	if (tflag & ALLOCATE)
		typed.flags = CARVEOUT_TYPED_ALLOCATE;
	err = carveout__ioctl(heap->fd, CARVEOUT_IOCTL_TYPED, &typed);
	/* A driver before typed memory. */
	return err == -ENOTTY ? -ENOSYS : err;
}

/* Take the descriptor out of the heap. POSIX.1: FD_CLOEXEC is cleared. */
static int take_fd(struct carveout_heap *heap, int oflag)
{
	int fd = heap->fd;

	if (!(oflag & O_CLOEXEC) && fcntl(fd, F_SETFD, 0))
		return -errno;
	heap->fd = -1;
	return fd;
}

static int open_object(const struct name *name, int oflag, int tflag)
{
	struct carveout_heap *heap;
	int ret;

	ret = carveout_open(name->heap, oflag, &heap);
	/* Another file in the directory of the device nodes. */
	if (ret == -ENOTTY || ret == -EISDIR || ret == -ENOTDIR)
		return -ENOENT;
	if (ret)
		return ret;
	ret = set_typed(heap, name->region, tflag);
	if (!ret)
		ret = take_fd(heap, oflag);
	carveout_close(heap);
	return ret;
}

int posix_typed_mem_open(const char *name, int oflag, int tflag)
{
	struct name parts;
	int ret;

	/* At most one flag. */
	if (tflag & ~FLAGS || tflag & (tflag - 1))
		ret = -EINVAL;
	/* The driver maps no memory that it may allocate to another user. */
	else if (tflag & POSIX_TYPED_MEM_MAP_ALLOCATABLE)
		ret = -ENOSYS;
	else
		ret = parse(name, &parts);
	if (!ret)
		ret = open_object(&parts, oflag, tflag);
	if (ret >= 0)
		return ret;
	errno = -ret;
	return -1;
}

int posix_typed_mem_get_info(int fildes, struct posix_typed_mem_info *info)
{
	struct carveout_ioctl_typed_info typed = { 0 };
	struct stat stat;
	int err;

	if (fstat(fildes, &stat))
		return errno;
	/* Issue no ioctl to a file that cannot be a heap. */
	if (!S_ISCHR(stat.st_mode))
		return ENODEV;
	err = carveout__ioctl(fildes, CARVEOUT_IOCTL_TYPED_INFO, &typed);
	if (err)
		return err == -EINVAL || err == -ENOTTY ? ENODEV : -err;
	info->posix_tmi_length = typed.largest < SIZE_MAX ? typed.largest : SIZE_MAX;
	return 0;
}

/* === Mappings ============================================================= */

static int locate(struct carveout_ioctl_locate *locate)
{
	struct carveout_heap *node;
	int err;

	err = carveout_open_dmabuf(&node);
	if (err)
		return err;
	err = carveout__ioctl(node->fd, CARVEOUT_IOCTL_LOCATE, locate);
	carveout_close(node);
	return err;
}

int posix_mem_offset(const void *restrict addr, size_t len, off_t *restrict off,
		     size_t *restrict contig_len, int *restrict fildes)
{
	struct carveout_ioctl_locate place = {
		.addr = (uintptr_t)addr,
		.length = len ? len : 1,
	};
	int err;

	err = locate(&place);
	/* Without the driver there is no such mapping. */
	if (err)
		return err == -ENOENT ? EACCES : err == -ENOTTY ? ENOSYS : -err;
	*off = place.offset;
	*contig_len = len ? place.length : 0;
	*fildes = place.fd;
	return 0;
}

int carveout_map_export(const void *memory, int fd_flags, uint64_t *offset)
{
	struct carveout_ioctl_locate place = {
		.addr = (uintptr_t)memory,
		.length = 1,
		.flags = CARVEOUT_LOCATE_EXPORT,
		.fd_flags = fd_flags,
	};
	int err;

	err = locate(&place);
	if (err)
		return err;
	if (offset)
		*offset = place.buffer_offset;
	return place.dmabuf;
}
