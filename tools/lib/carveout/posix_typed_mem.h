/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Typed memory objects of POSIX.1, for carveout heaps. POSIX.1 declares them in
 * <sys/mman.h>, but the C library of Linux does not have them: include this
 * header in addition, or let the compiler do so with -include.
 *
 * A heap is a typed memory pool. Its names are "/<heap>", for all regions of the
 * heap, and "/<heap>/<region>", for those of one name. mmap() of the descriptor
 * allocates.
 */
#ifndef POSIX_TYPED_MEM_H
#define POSIX_TYPED_MEM_H

#include <stddef.h>
#include <sys/mman.h>
#include <sys/types.h>

#ifdef __cplusplus
#define POSIX_TYPED_MEM_RESTRICT
extern "C" {
#else
#define POSIX_TYPED_MEM_RESTRICT	restrict
#endif

#pragma GCC visibility push(default)

/* On 32 bit, compile with -D_FILE_OFFSET_BITS=64. */
struct posix_typed_mem_off_t_has_64_bits {
	char yes[sizeof(off_t) == 8 ? 1 : -1];
};

/* Flags of posix_typed_mem_open(), at most one. */
#define POSIX_TYPED_MEM_ALLOCATE	1	/* allocate on mmap() */
#define POSIX_TYPED_MEM_ALLOCATE_CONTIG	2	/* allocate contiguously on mmap() */
#define POSIX_TYPED_MEM_MAP_ALLOCATABLE	4	/* not supported: ENOSYS */

/**
 * struct posix_typed_mem_info - Properties of a typed memory object
 * @posix_tmi_length: maximum length that mmap() can allocate, in bytes
 */
struct posix_typed_mem_info {
	size_t posix_tmi_length;
};

/**
 * posix_typed_mem_open() - Open a typed memory object
 * @name: "/<heap>" or "/<heap>/<region>"; the slash at the start is optional
 * @oflag: O_RDONLY, O_WRONLY or O_RDWR, and O_CLOEXEC
 * @tflag: 0, POSIX_TYPED_MEM_ALLOCATE or POSIX_TYPED_MEM_ALLOCATE_CONTIG
 *
 * With one of the flags each mmap() of the descriptor allocates its memory, which
 * is contiguous with both. Without them mmap() maps the memory at the offset that
 * posix_mem_offset() returned, and allocates it if it is free.
 *
 * Return: the lowest free file descriptor; -1 with errno set.
 */
int posix_typed_mem_open(const char *name, int oflag, int tflag);

/**
 * posix_typed_mem_get_info() - Query typed memory information
 * @fildes: descriptor of a typed memory object
 * @info: filled in
 *
 * Return: 0; EBADF if @fildes is not open; ENODEV if it is not a typed memory
 * object, or its heap is shut down.
 */
int posix_typed_mem_get_info(int fildes, struct posix_typed_mem_info *info);

/**
 * posix_mem_offset() - Find offset and length of mapped typed memory
 * @addr: address in the mapping of a typed memory object or of a buffer
 * @len: bytes from @addr
 * @off: returns the offset in the typed memory pool
 * @contig_len: returns how many of the @len bytes are mapped and contiguous
 * @fildes: returns the descriptor that was mapped; -1 if it was closed
 *
 * Return: 0; EACCES if no such memory is mapped at @addr.
 */
int posix_mem_offset(const void *POSIX_TYPED_MEM_RESTRICT addr, size_t len,
		     off_t *POSIX_TYPED_MEM_RESTRICT off,
		     size_t *POSIX_TYPED_MEM_RESTRICT contig_len,
		     int *POSIX_TYPED_MEM_RESTRICT fildes);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* POSIX_TYPED_MEM_H */
