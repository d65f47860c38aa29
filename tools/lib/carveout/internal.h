/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Internal interfaces of libcarveout. None of them is exported.
 */
#ifndef LIBCARVEOUT_INTERNAL_H
#define LIBCARVEOUT_INTERNAL_H

#include "libcarveout.h"

/**
 * struct carveout_heap - An open heap; constant until it is closed
 * @fd: file descriptor of its device node
 * @path: path of the device node
 */
struct carveout_heap {
	int fd;
	char *path;
};

/**
 * carveout__ioctl() - Issue an ioctl, restarting it after signals
 * @fd: file descriptor
 * @command: command number
 * @argument: argument of the command
 *
 * Return: 0 or a negative errno.
 */
int carveout__ioctl(int fd, unsigned long command, void *argument);

/**
 * carveout__ioctl_again() - The same, for an argument that also carries the reply
 * @fd: file descriptor
 * @command: command number
 * @argument: becomes a copy of @request before each attempt
 * @request: the request
 *
 * Return: 0 or a negative errno.
 */
int carveout__ioctl_again(int fd, unsigned long command, void *argument,
			  const void *request);

/**
 * carveout__sized() - Command number for a different argument size
 * @command: the command
 * @size: size of the argument
 *
 * Return: the number, or 0 if a command number cannot encode the size.
 */
unsigned long carveout__sized(unsigned long command, size_t size);

/**
 * carveout__take_options() - Copy options, converted to the version of this library
 * @known: returns the copy
 * @known_size: its size
 * @options: options of the program; the first member is their size_t struct_size
 * @least: size of the first version
 *
 * Return: 0; -EINVAL if the options are smaller than @least; -E2BIG if they
 * request a feature that this library does not support, or have no plausible size.
 */
int carveout__take_options(void *known, size_t known_size, const void *options,
			   size_t least);

/**
 * carveout__check_answer() - Does a program's structure have the size of an answer?
 * @answer: structure of the program, or NULL; the first member is its size_t
 *	struct_size
 * @least: size of the first version
 *
 * Return: 0; -EINVAL if it is smaller than @least; -E2BIG if it has no plausible size.
 */
int carveout__check_answer(const void *answer, size_t least);

/**
 * carveout__set_answer() - Store an answer, converted to the program's version
 * @answer: structure of the program, or NULL
 * @known: the answer
 * @known_size: its size
 */
void carveout__set_answer(void *answer, const void *known, size_t known_size);

/**
 * carveout__set_name() - Copy a name into a field of CARVEOUT_NAME_LEN bytes
 * @field: the field, all zero
 * @name: the name
 *
 * Only the length is checked; the driver checks everything else.
 *
 * Return: 0, or -EINVAL if it is too long.
 */
int carveout__set_name(char *field, const char *name);

/**
 * carveout__set_names() - Copy the tag and the label of a new buffer or pool
 * @tag_field: field for the tag, all zero
 * @tag: the tag, or NULL
 * @label_field: field for the label, all zero
 * @label: the label, or NULL
 *
 * Return: 0, or -EINVAL if one is too long or the tag is empty.
 */
int carveout__set_names(char *tag_field, const char *tag, char *label_field,
			const char *label);

/**
 * union carveout__open - Argument of the commands that open a tag
 * @buffer: of CARVEOUT_IOCTL_OPEN
 * @pool: of CARVEOUT_IOCTL_POOL_OPEN
 *
 * The members of the request are a common initial sequence of both.
 */
union carveout__open {
	struct carveout_ioctl_open buffer;
	struct carveout_ioctl_pool_open pool;
};

/**
 * carveout__open_tag() - Open a tag as a buffer or as a pool
 * @heap: the heap
 * @command: CARVEOUT_IOCTL_OPEN or CARVEOUT_IOCTL_POOL_OPEN
 * @open: returns the reply
 * @tag: the tag
 * @fd_flags: O_RDONLY or O_RDWR, and O_CLOEXEC
 *
 * Return: 0 or a negative errno.
 */
int carveout__open_tag(const struct carveout_heap *heap, unsigned long command,
		       union carveout__open *open, const char *tag, int fd_flags);

/**
 * carveout__open_tag_until() - The same, waiting for the tag
 * @heap: the heap
 * @command: CARVEOUT_IOCTL_OPEN or CARVEOUT_IOCTL_POOL_OPEN
 * @open: returns the reply
 * @tag: the tag
 * @fd_flags: O_RDONLY or O_RDWR, and O_CLOEXEC
 * @deadline: end of the wait, or CARVEOUT_DEADLINE_NONE
 *
 * A signal interrupts the call.
 *
 * Return: 0 or a negative errno.
 */
int carveout__open_tag_until(const struct carveout_heap *heap, unsigned long command,
			     union carveout__open *open, const char *tag, int fd_flags,
			     uint64_t deadline);

#endif /* LIBCARVEOUT_INTERNAL_H */
