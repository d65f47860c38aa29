// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The functions that replace those of the C library: does a path exist, and what is it?
 *
 * The C library looks first. A path of u-dma-buf is opened to find out, and closed again.
 */
/* Each name stands for itself: neither for another one, nor for an inline function. */
#undef _FORTIFY_SOURCE
#undef _FILE_OFFSET_BITS
#undef _TIME_BITS
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "udmabuf.h"

static int result(int err)
{
	if (!err)
		return 0;
	errno = -err;
	return -1;
}

static bool is_missing(int done)
{
	return done < 0 && errno == ENOENT;
}

/* === access() ============================================================= */

static int check_access(const char *path, int mode)
{
	int flags = O_RDONLY, fd;

	if (mode & W_OK)
		flags = mode & R_OK ? O_RDWR : O_WRONLY;
	if (!udmabuf_open(path, flags | O_CLOEXEC, &fd))
		return -ENOENT;
	if (fd < 0)
		return errno == EACCES && mode == F_OK ? 0 : -errno;
	udmabuf_close(fd);
	return mode & X_OK ? -EACCES : 0;
}

int access(const char *path, int mode)
{
	int done = next_of(access)(path, mode);

	return is_missing(done) ? result(check_access(path, mode)) : done;
}

int faccessat(int dir, const char *path, int mode, int flags)
{
	int done = next_of(faccessat)(dir, path, mode, flags);

	return is_missing(done) ? result(check_access(path, mode)) : done;
}

int euidaccess(const char *path, int mode)
{
	int done = next_of(euidaccess)(path, mode);

	return is_missing(done) ? result(check_access(path, mode)) : done;
}

int eaccess(const char *path, int mode)
{
	return euidaccess(path, mode);
}

/* === stat() =============================================================== */

/* A 32-bit system has several structures, depending on the program. */
#ifdef __LP64__

static int describe_node(int fd, struct stat *status)
{
	struct udmabuf_node node;
	int err;

	err = udmabuf_node_of(&node, fd);
	if (err)
		return err;
	status->st_mode = S_IFCHR | node.info.mode;
	status->st_uid = node.info.uid;
	status->st_gid = node.info.gid;
	udmabuf_node_put(&node);
	return 0;
}

static int describe_file(int fd, struct stat *status)
{
	struct udmabuf_file file;

	status->st_nlink = 1;
	status->st_blksize = sysconf(_SC_PAGESIZE);
	if (udmabuf_file(fd, &file) && !file.attr)
		return describe_node(fd, status);
	status->st_mode = S_IFREG | 0644;
	status->st_size = status->st_blksize;
	return 0;
}

/* A caller that must not open it learns that it exists. */
static int describe_path(const char *path, struct stat *status)
{
	int fd, err;

	if (!udmabuf_open(path, O_RDONLY | O_CLOEXEC, &fd))
		return -ENOENT;
	memset(status, 0, sizeof(*status));
	if (fd < 0) {
		status->st_mode = S_IFCHR;
		return errno == EACCES ? 0 : -errno;
	}
	err = describe_file(fd, status);
	udmabuf_close(fd);
	return err;
}

int stat(const char *path, struct stat *status)
{
	int done = next_of(stat)(path, status);

	return is_missing(done) ? result(describe_path(path, status)) : done;
}

int lstat(const char *path, struct stat *status)
{
	int done = next_of(lstat)(path, status);

	return is_missing(done) ? result(describe_path(path, status)) : done;
}

int fstatat(int dir, const char *path, struct stat *status, int flags)
{
	int done = next_of(fstatat)(dir, path, status, flags);

	return is_missing(done) ? result(describe_path(path, status)) : done;
}

int stat64(const char *path, struct stat64 *status)
{
	return stat(path, (struct stat *)status);
}

int lstat64(const char *path, struct stat64 *status)
{
	return lstat(path, (struct stat *)status);
}

int fstatat64(int dir, const char *path, struct stat64 *status, int flags)
{
	return fstatat(dir, path, (struct stat *)status, flags);
}

int statx(int dir, const char *path, int flags, unsigned int mask, struct statx *extended)
{
	int done = next_of(statx)(dir, path, flags, mask, extended), err;
	struct stat status;

	if (!is_missing(done))
		return done;
	err = describe_path(path, &status);
	if (err)
		return result(err);
	memset(extended, 0, sizeof(*extended));
	extended->stx_mask = STATX_TYPE | STATX_MODE | STATX_NLINK | STATX_UID | STATX_GID |
			     STATX_SIZE;
	extended->stx_mode = status.st_mode;
	extended->stx_nlink = status.st_nlink;
	extended->stx_uid = status.st_uid;
	extended->stx_gid = status.st_gid;
	extended->stx_size = status.st_size;
	extended->stx_blksize = status.st_blksize;
	return 0;
}

#endif /* __LP64__ */
