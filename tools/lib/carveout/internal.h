/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files of libcarveout share. None of it is exported.
 */
#ifndef LIBCARVEOUT_INTERNAL_H
#define LIBCARVEOUT_INTERNAL_H

#include "libcarveout.h"

/**
 * struct carveout_heap - an open heap; does not change until it is closed
 * @fd: its node
 * @path: the node's path
 */
struct carveout_heap {
	int fd;
	char *path;
};

/**
 * carveout__ioctl() - an ioctl, until no signal ends it
 * @fd: descriptor
 * @command: its number
 * @argument: its argument
 *
 * Return: 0 or a negative errno.
 */
int carveout__ioctl(int fd, unsigned long command, void *argument);

/**
 * carveout__ioctl_again() - the same, for an argument that also carries the reply
 * @fd: descriptor
 * @command: its number
 * @argument: becomes a copy of @request before each attempt
 * @request: what is asked for
 *
 * Return: 0 or a negative errno.
 */
int carveout__ioctl_again(int fd, unsigned long command, void *argument,
			  const void *request);

/**
 * carveout__sized() - the number of a command with another size of its argument
 * @command: the command
 * @size: size
 *
 * Return: the number, or 0 if there is no such size.
 */
unsigned long carveout__sized(unsigned long command, size_t size);

/**
 * carveout__set_name() - put a name into a field of CARVEOUT_NAME_LEN bytes
 * @field: the field, all zero
 * @name: the name
 *
 * What else a name has to be is for the driver to say.
 *
 * Return: 0, or -EINVAL if it is too long.
 */
int carveout__set_name(char *field, const char *name);

#endif /* LIBCARVEOUT_INTERNAL_H */
