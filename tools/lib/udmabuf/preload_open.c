// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The functions that replace those of the C library: opening, and streams.
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
#include <string.h>
#include <unistd.h>

#include "udmabuf.h"

/* === open() =============================================================== */

/* The mode of a new file is an argument only with these flags. */
static mode_t mode_of(int flags, va_list *list)
{
	if (flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE)
		return va_arg(*list, mode_t);
	return 0;
}

int open(const char *path, int flags, ...)
{
	va_list list;
	mode_t mode;
	int fd;

	va_start(list, flags);
	mode = mode_of(flags, &list);
	va_end(list);
	return udmabuf_open(path, flags, &fd) ? fd : next_of(open)(path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
	va_list list;
	mode_t mode;
	int fd;

	va_start(list, flags);
	mode = mode_of(flags, &list);
	va_end(list);
	return udmabuf_open(path, flags, &fd) ? fd : next_of(open64)(path, flags, mode);
}

/* Only absolute paths are those of u-dma-buf, whatever the directory. */
int openat(int dir, const char *path, int flags, ...)
{
	va_list list;
	mode_t mode;
	int fd;

	va_start(list, flags);
	mode = mode_of(flags, &list);
	va_end(list);
	return udmabuf_open(path, flags, &fd) ? fd : next_of(openat)(dir, path, flags, mode);
}

int openat64(int dir, const char *path, int flags, ...)
{
	va_list list;
	mode_t mode;
	int fd;

	va_start(list, flags);
	mode = mode_of(flags, &list);
	va_end(list);
	return udmabuf_open(path, flags, &fd) ? fd :
	       next_of(openat64)(dir, path, flags, mode);
}

/* === Checked by the compiler ============================================== */

int __open_2(const char *path, int flags)
{
	int fd;

	return udmabuf_open(path, flags, &fd) ? fd : next_of(__open_2)(path, flags);
}

int __open64_2(const char *path, int flags)
{
	int fd;

	return udmabuf_open(path, flags, &fd) ? fd : next_of(__open64_2)(path, flags);
}

int __openat_2(int dir, const char *path, int flags)
{
	int fd;

	return udmabuf_open(path, flags, &fd) ? fd : next_of(__openat_2)(dir, path, flags);
}

int __openat64_2(int dir, const char *path, int flags)
{
	int fd;

	return udmabuf_open(path, flags, &fd) ? fd : next_of(__openat64_2)(dir, path, flags);
}

/* === Streams ============================================================== */

/* The flags of a mode of fopen(), or -1. */
static int flags_of(const char *mode)
{
	int access = strchr(mode, '+') ? O_RDWR : *mode == 'r' ? O_RDONLY : O_WRONLY;

	if (!strchr("rwa", *mode) || !*mode)
		return -1;
	return access | (strchr(mode, 'e') ? O_CLOEXEC : 0) |
	       (strchr(mode, 'x') ? O_CREAT | O_EXCL : 0);
}

static FILE *open_stream(int fd, const char *mode)
{
	FILE *stream = fd < 0 ? NULL : fdopen(fd, mode);
	int error = errno;

	if (fd >= 0 && !stream)
		close(fd);
	errno = error;
	return stream;
}

FILE *fopen(const char *path, const char *mode)
{
	int flags = flags_of(mode), fd;

	if (flags >= 0 && udmabuf_open(path, flags, &fd))
		return open_stream(fd, mode);
	return next_of(fopen)(path, mode);
}

FILE *fopen64(const char *path, const char *mode)
{
	int flags = flags_of(mode), fd;

	if (flags >= 0 && udmabuf_open(path, flags, &fd))
		return open_stream(fd, mode);
	return next_of(fopen64)(path, mode);
}

/* Some programs look at the return value of fflush(), others at ferror(). */
static int fail(FILE *stream, int err)
{
#ifdef _IO_ERR_SEEN
	stream->_flags |= _IO_ERR_SEEN;
#endif
	errno = -err;
	return EOF;
}

/* Streams write to the kernel themselves: store the text that reached an attribute so. */
int fflush(FILE *stream)
{
	int done = next_of(fflush)(stream), error = errno, err;

	if (done || !udmabuf_used())
		return done;
	if (!stream)
		stream = stdout;
	err = udmabuf_commit(fileno(stream));
	errno = error;
	return err ? fail(stream, err) : 0;
}

int fclose(FILE *stream)
{
	int flushed = udmabuf_used() ? fflush(stream) : 0;
	int error = errno;
	int closed = next_of(fclose)(stream);

	if (closed || !flushed)
		return closed;
	errno = error;
	return flushed;
}

/* === The process ========================================================== */

static void mark(int fd)
{
	(void)fd;
	udmabuf_set_used();
}

static void commit_last(int fd)
{
	udmabuf_commit(fd);
}

/* A program may begin with a descriptor of the one before it. */
__attribute__((constructor)) static void begin(void)
{
	udmabuf_each_file(mark);
}

/* The C library writes the streams later than that. */
__attribute__((destructor)) static void end(void)
{
	if (!udmabuf_used())
		return;
	fflush(NULL);
	udmabuf_each_file(commit_last);
}
