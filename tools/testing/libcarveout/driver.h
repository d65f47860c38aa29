/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A stand-in for the driver: what the library asks it, and what it answers.
 */
#ifndef DRIVER_H
#define DRIVER_H

#include <stdbool.h>
#include <stddef.h>

#include "internal.h"

#define DRIVER_CALLS	16
#define DRIVER_BYTES	512

/**
 * struct driver - what happened, and what is to happen
 * @calls: number of calls so far
 * @command: number of each call
 * @asked: argument of each call as it came
 * @fd: descriptor of each call
 * @errors: errno for each call, 0: it succeeds
 * @answer: changes the argument, also of calls that fail; or NULL
 * @page_size: what sysconf() returns as the page size; 0: the real one
 */
struct driver {
	int calls;
	unsigned long command[DRIVER_CALLS];
	unsigned char asked[DRIVER_CALLS][DRIVER_BYTES];
	int fd[DRIVER_CALLS];
	int errors[DRIVER_CALLS];
	void (*answer)(int call, void *argument);
	long page_size;
};

/* The linker gives callers the wrapper; the real function has the other name. */
int __wrap_ioctl(int fd, unsigned long command, ...);
int __real_ioctl(int fd, unsigned long command, ...);
long __wrap_sysconf(int name);
long __real_sysconf(int name);

extern struct driver driver;

/* A heap that only the stand-in knows. */
extern const struct carveout_heap fake_heap;

#endif /* DRIVER_H */
