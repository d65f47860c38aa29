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
 * carveout__deadline() - a time from now, as the driver wants it
 * @timeout_ms: milliseconds; negative: for ever
 *
 * Return: the deadline.
 */
uint64_t carveout__deadline(int timeout_ms);

/**
 * carveout__take_options() - a copy of options as this library knows them
 * @known: where to put it
 * @known_size: its size
 * @options: what the program gave; the first member is its size_t struct_size
 * @least: size of the first version
 *
 * Return: 0; -EINVAL if it is smaller than that; -E2BIG if it asks for something that
 * this library does not know.
 */
int carveout__take_options(void *known, size_t known_size, const void *options,
			   size_t least);

/**
 * carveout__check_answer() - is there room for an answer?
 * @answer: where the program wants it, or NULL; the first member is its size_t
 *	struct_size
 * @least: size of the first version
 *
 * Return: 0, or -EINVAL if it is smaller than that.
 */
int carveout__check_answer(const void *answer, size_t least);

/**
 * carveout__set_answer() - give a program an answer of the age that it knows
 * @answer: where it wants it, or NULL
 * @known: the answer
 * @known_size: its size
 */
void carveout__set_answer(void *answer, const void *known, size_t known_size);

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
