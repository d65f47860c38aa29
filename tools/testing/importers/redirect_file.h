/* SPDX-License-Identifier: GPL-2.0 */
/*
 * gup_longterm.c pins pages of files. Redirected is the file: memfd_create(), tmpfile() and
 * mkstemp() return a buffer of a page, in a heap whose memory has pages. A dma-buf has its
 * size from the start, has no name to unlink, and has no private mapping:
 * ftruncate() and fallocate() succeed for that size alone, and each MAP_PRIVATE is a
 * MAP_SHARED. fstatfs() says tmpfs, since the test expects pins of any file to succeed that
 * it knows to have no dirty tracking. Files of huge pages are no buffers: there are none.
 * The pins, by gup.ko, are as in the test.
 */
#ifndef REDIRECT_FILE_H
#define REDIRECT_FILE_H

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
#undef MAP_PRIVATE
#define MAP_PRIVATE	MAP_SHARED

#endif /* REDIRECT_FILE_H */
