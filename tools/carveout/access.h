/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Access to the content of a buffer, and copying a file into it.
 */
#ifndef ACCESS_H
#define ACCESS_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct access - A buffer and the part of it to access
 * @heap: name of its heap, as given on the command line
 * @tag: its tag
 * @file: file to read, or NULL for standard input
 * @hex: print hexadecimal numbers
 * @whole: the part extends to the end of the buffer
 * @offset: start of the part, in bytes
 * @size: bytes of the part
 * @total: bytes of the buffer
 * @fd: the buffer
 * @memory: its mapping, or NULL
 * @kind: CARVEOUT_ACCESS_* bits of the access that has begun
 */
struct access {
	const char *heap;
	const char *tag;
	const char *file;
	bool hex;
	bool whole;
	uint64_t offset;
	uint64_t size;
	uint64_t total;
	int fd;
	char *memory;
	uint32_t kind;
};

/**
 * access_open() - Open the buffer with the tag of an access
 * @access: the access
 * @writing: open it for writing, too
 *
 * Reports an error.
 *
 * Return: 0 or a negative errno.
 */
int access_open(struct access *access, bool writing);

/**
 * access_close() - Unmap and close the buffer
 * @access: the access
 */
void access_close(const struct access *access);

/**
 * access_check_offset() - Check that the part begins in the buffer
 * @access: the access
 *
 * Reports an error.
 *
 * Return: 0 or -EINVAL.
 */
int access_check_offset(const struct access *access);

/**
 * access_begin() - Map the buffer and begin to access it
 * @access: the access
 * @writing: write, too
 *
 * Reports an error.
 *
 * Return: 0 or a negative errno.
 */
int access_begin(struct access *access, bool writing);

/**
 * access_end() - End an access; the buffer stays mapped
 * @access: the access
 *
 * Reports an error.
 *
 * Return: 0 or a negative errno.
 */
int access_end(const struct access *access);

/**
 * access_input() - Open the input file
 * @access: the access
 *
 * Reports an error.
 *
 * Return: a file descriptor, which may be that of standard input; or a negative number.
 */
int access_input(struct access *access);

/**
 * access_input_size() - Query the remaining size of the input
 * @input: the input
 * @size: returns the size
 *
 * Return: true if it is known: that of a regular file is, and that of a pipe is not.
 */
bool access_input_size(int input, uint64_t *size);

/**
 * access_fill() - Copy the input into the buffer
 * @access: the access, with an open buffer; its @size becomes the number of bytes
 * @input: the input
 *
 * Reports an error.
 *
 * Return: 0 or a negative errno, -EFBIG if the input does not fit.
 */
int access_fill(struct access *access, int input);

#endif /* ACCESS_H */
