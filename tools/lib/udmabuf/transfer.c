// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * read(), write() and lseek() of a node.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "udmabuf.h"

/* sync_mode also applies without O_SYNC. */
#define ALWAYS	4U

/* carveout_size() would seek. */
static int get_size(int fd, uint64_t *size)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return -errno;
	*size = status.st_size;
	return 0;
}

/* === Copying ============================================================== */

/* With O_SYNC the data is that of the device, and reaches the device. */
static int sync_part(int fd, uint64_t position, size_t size, bool o_sync, bool write)
{
	struct carveout_sync_range range = { .offset = position, .size = size };
	struct udmabuf_settings settings;
	struct udmabuf_node node;
	int err;

	err = udmabuf_node_of(&node, fd);
	if (err)
		return err;
	err = udmabuf_settings_read(&node, &settings);
	if (!err && (o_sync || settings.mode & ALWAYS))
		err = carveout_sync(node.heap, fd, write ? CARVEOUT_SYNC_FOR_DEVICE :
						   CARVEOUT_SYNC_FOR_CPU, &range, 1);
	udmabuf_node_put(&node);
	return err;
}

static int copy(int fd, void *data, size_t size, uint64_t position, bool write)
{
	uint64_t page = sysconf(_SC_PAGESIZE), lead = position % page;
	char *memory;
	void *start;
	int err;

	err = carveout_map(fd, position - lead, lead + size, write ? PROT_READ | PROT_WRITE :
			   PROT_READ, &start);
	if (err)
		return err;
	memory = start;
	if (write)
		memcpy(memory + lead, data, size);
	else
		memcpy(data, memory + lead, size);
	carveout_unmap(start, lead + size);
	return 0;
}

static int check_access(const struct udmabuf_file *file, bool write)
{
	int forbidden = write ? O_RDONLY : O_WRONLY;

	return file->access == forbidden ? -EBADF : 0;
}

/* Limit @size to the bytes from @position to the end. */
static int limit(int fd, uint64_t position, bool write, size_t *size)
{
	uint64_t end = 0;
	int err;

	err = get_size(fd, &end);
	if (err)
		return err;
	if (position >= end) {
		err = write && *size ? -ENOSPC : 0;
		*size = 0;
	} else if (*size > end - position) {
		*size = end - position;
	}
	return err;
}

ssize_t udmabuf_transfer(int fd, const struct udmabuf_file *file, void *data, size_t size,
			 uint64_t position, bool write)
{
	int err;

	err = check_access(file, write);
	if (!err)
		err = limit(fd, position, write, &size);
	if (err || !size)
		return err;
	if (!write)
		err = sync_part(fd, position, size, file->sync, false);
	if (!err)
		err = copy(fd, data, size, position, write);
	if (!err && write)
		err = sync_part(fd, position, size, file->sync, true);
	return err ? err : (ssize_t)size;
}

/* === The position ========================================================= */

static int set_position(int fd, struct udmabuf_file *file, uint64_t position)
{
	if (file->position == position)
		return 0;
	file->position = position;
	return udmabuf_node_save(fd, file);
}

ssize_t udmabuf_transfer_next(int fd, struct udmabuf_file *file, void *data, size_t size,
			      bool write)
{
	ssize_t done = udmabuf_transfer(fd, file, data, size, file->position, write);
	int err;

	if (done <= 0)
		return done;
	err = set_position(fd, file, file->position + done);
	return err ? err : done;
}

int64_t udmabuf_seek(int fd, struct udmabuf_file *file, int64_t offset, int whence)
{
	uint64_t size = 0;
	int64_t base;
	int err;

	err = get_size(fd, &size);
	if (err)
		return err;
	switch (whence) {
	case SEEK_SET:
		base = 0;
		break;
	case SEEK_CUR:
		base = file->position;
		break;
	case SEEK_END:
		base = size;
		break;
	default:
		return -EINVAL;
	}
	if (offset < -base || offset > (int64_t)size - base)
		return -EINVAL;
	err = set_position(fd, file, base + offset);
	return err ? err : base + offset;
}
