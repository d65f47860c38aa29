// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The functions that replace those of the C library: descriptors.
 *
 * Each calls the replaced function first where that tells whether the descriptor is one of
 * this library: a dma-buf has neither read() nor write(). Descriptors of others never see
 * more than that, and errno is theirs.
 */
/* Each name stands for itself: neither for another one, nor for an inline function. */
#undef _FORTIFY_SOURCE
#undef _FILE_OFFSET_BITS
#undef _TIME_BITS
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "u-dma-buf-ioctl.h"
#include "udmabuf.h"

/* A result as the C library returns it. */
static ssize_t result(ssize_t value)
{
	if (value >= 0)
		return value;
	errno = -value;
	return -1;
}

static bool is_node(int fd, struct udmabuf_file *file)
{
	return udmabuf_file(fd, file) && !file->attr;
}

static bool is_attr(int fd, struct udmabuf_file *file)
{
	return udmabuf_used() && udmabuf_file(fd, file) && file->attr;
}

/* These are the errors of a dma-buf for read() and write(), and for pread() and pwrite(). */
static bool is_refused(ssize_t done)
{
	return done < 0 && (errno == EINVAL || errno == ESPIPE);
}

/* === read() and write() =================================================== */

ssize_t read(int fd, void *data, size_t size)
{
	ssize_t done = next_of(read)(fd, data, size);
	struct udmabuf_file file;

	if (is_refused(done) && is_node(fd, &file))
		return result(udmabuf_transfer_next(fd, &file, data, size, false));
	return done;
}

static ssize_t write_attr(int fd, const struct udmabuf_file *file, const void *data,
			  size_t size)
{
	int err;

	/* The kernel checks whether the descriptor is open for writing. */
	if (next_of(write)(fd, data, 0) < 0)
		return -1;
	err = udmabuf_attr_store(file, data, size);
	return result(err ? err : (ssize_t)size);
}

ssize_t write(int fd, const void *data, size_t size)
{
	struct udmabuf_file file;
	ssize_t done;

	if (is_attr(fd, &file))
		return write_attr(fd, &file, data, size);
	done = next_of(write)(fd, data, size);
	if (is_refused(done) && is_node(fd, &file))
		return result(udmabuf_transfer_next(fd, &file, (void *)data, size, true));
	return done;
}

/* === At an offset ========================================================= */

ssize_t pread64(int fd, void *data, size_t size, off64_t offset)
{
	struct udmabuf_file file;
	ssize_t done;

	if (!offset && is_attr(fd, &file) && udmabuf_attr_refresh(fd, &file))
		return result(-EIO);
	done = next_of(pread64)(fd, data, size, offset);
	if (is_refused(done) && offset >= 0 && is_node(fd, &file))
		return result(udmabuf_transfer(fd, &file, data, size, offset, false));
	return done;
}

ssize_t pread(int fd, void *data, size_t size, off_t offset)
{
	return pread64(fd, data, size, offset);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset)
{
	struct udmabuf_file file;
	ssize_t done;

	if (is_attr(fd, &file))
		return write_attr(fd, &file, data, size);
	done = next_of(pwrite64)(fd, data, size, offset);
	if (is_refused(done) && offset >= 0 && is_node(fd, &file))
		return result(udmabuf_transfer(fd, &file, (void *)data, size, offset, true));
	return done;
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t offset)
{
	return pwrite64(fd, data, size, offset);
}

static off64_t seek(int fd, struct udmabuf_file *file, off64_t offset, int whence)
{
	int64_t position = udmabuf_seek(fd, file, offset, whence);

	if (position >= 0)
		return position;
	errno = -position;
	return -1;
}

off64_t lseek64(int fd, off64_t offset, int whence)
{
	struct udmabuf_file file;
	off64_t position;

	if (udmabuf_used() && is_node(fd, &file))
		return seek(fd, &file, offset, whence);
	position = next_of(lseek64)(fd, offset, whence);
	if (position < 0 && errno == EINVAL && is_node(fd, &file))
		return seek(fd, &file, offset, whence);
	if (!position && is_attr(fd, &file) && udmabuf_attr_refresh(fd, &file))
		return result(-EIO);
	return position;
}

off_t lseek(int fd, off_t offset, int whence)
{
	off64_t position = lseek64(fd, offset, whence);

	return position == (off_t)position ? position : result(-EOVERFLOW);
}

/* === In pieces ============================================================ */

/* Each piece, until one is not complete. */
static ssize_t for_each(const struct iovec *parts, int count,
			ssize_t (*call)(int fd, const struct iovec *part), int fd)
{
	ssize_t done, sum = 0;
	int i;

	for (i = 0; i < count; i++) {
		done = call(fd, &parts[i]);
		if (done < 0)
			return sum ? sum : done;
		sum += done;
		if ((size_t)done < parts[i].iov_len)
			break;
	}
	return sum;
}

static ssize_t read_part(int fd, const struct iovec *part)
{
	return read(fd, part->iov_base, part->iov_len);
}

static ssize_t write_part(int fd, const struct iovec *part)
{
	return write(fd, part->iov_base, part->iov_len);
}

ssize_t readv(int fd, const struct iovec *parts, int count)
{
	ssize_t done = next_of(readv)(fd, parts, count);
	struct udmabuf_file file;

	if (is_refused(done) && is_node(fd, &file))
		return for_each(parts, count, read_part, fd);
	return done;
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
	struct udmabuf_file file;
	ssize_t done;

	if (is_attr(fd, &file))
		return for_each(parts, count, write_part, fd);
	done = next_of(writev)(fd, parts, count);
	if (is_refused(done) && is_node(fd, &file))
		return for_each(parts, count, write_part, fd);
	return done;
}

/* === Checked by the compiler ============================================== */

ssize_t __read_chk(int fd, void *data, size_t size, size_t room)
{
	if (size > room)
		__chk_fail();
	return read(fd, data, size);
}

ssize_t __pread_chk(int fd, void *data, size_t size, off_t offset, size_t room)
{
	if (size > room)
		__chk_fail();
	return pread64(fd, data, size, offset);
}

ssize_t __pread64_chk(int fd, void *data, size_t size, off64_t offset, size_t room)
{
	if (size > room)
		__chk_fail();
	return pread64(fd, data, size, offset);
}

/* === ioctl() ============================================================== */

/* A command has 32 bits; that of a program whose wrapper takes an int has the sign above. */
static int ioctl_of_node(int fd, unsigned int command, void *argument)
{
	struct udmabuf_file file;

	if (_IOC_TYPE(command) != U_DMA_BUF_IOCTL_MAGIC || !is_node(fd, &file)) {
		errno = ENOTTY;
		return -1;
	}
	return result(udmabuf_ioctl(fd, &file, command, argument));
}

int ioctl(int fd, unsigned long command, ...)
{
	void *argument;
	va_list list;
	int done;

	va_start(list, command);
	argument = va_arg(list, void *);
	va_end(list);
	done = next_of(ioctl)(fd, command, argument);
	return done < 0 && errno == ENOTTY ? ioctl_of_node(fd, command, argument) : done;
}

/* The same on a 32-bit system, for programs with 64-bit times. */
int __ioctl_time64(int fd, unsigned long command, void *argument)
{
	int done = next_of(__ioctl_time64)(fd, command, argument);

	return done < 0 && errno == ENOTTY ? ioctl_of_node(fd, command, argument) : done;
}

/* === The end of a descriptor ============================================== */

int close(int fd)
{
	int err = udmabuf_commit(fd);

	if (next_of(close)(fd) < 0)
		return -1;
	return result(err);
}

/* The result is that of dup2(): @to is another file then, whatever the old one stored. */
int dup2(int from, int to)
{
	if (from != to)
		udmabuf_commit(to);
	return next_of(dup2)(from, to);
}

int dup3(int from, int to, int flags)
{
	if (from != to)
		udmabuf_commit(to);
	return next_of(dup3)(from, to, flags);
}
