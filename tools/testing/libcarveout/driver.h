/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Fake driver: records the library's requests and returns prepared replies.
 */
#ifndef DRIVER_H
#define DRIVER_H

#include <stdbool.h>
#include <stddef.h>

#include "internal.h"

#define DRIVER_CALLS	16
#define DRIVER_BYTES	512
#define DRIVER_ERRORS	16

/**
 * struct driver - Recorded calls and prepared replies
 * @calls: number of calls so far
 * @command: command of each call
 * @asked: argument of each call before the reply
 * @fd: file descriptor of each call
 * @errors: errno of each call; 0: the call succeeds
 * @answer: writes the reply to the argument, also of failing calls; or NULL
 * @page_size: page size returned by sysconf(); 0: the real one
 * @node: path whose open() returns the descriptor of the fake heap; NULL: none
 * @huge_page: content of the file with the size of huge pages; "-": there is no
 *	such file; NULL: the real one
 */
struct driver {
	int calls;
	unsigned long command[DRIVER_CALLS];
	unsigned char asked[DRIVER_CALLS][DRIVER_BYTES];
	int fd[DRIVER_CALLS];
	int errors[DRIVER_CALLS];
	void (*answer)(int call, void *argument);
	long page_size;
	const char *node;
	const char *huge_page;
};

/* The linker redirects calls to __wrap_; __real_ is the original function. */
int __wrap_ioctl(int fd, unsigned long command, ...);
int __real_ioctl(int fd, unsigned long command, ...);
long __wrap_sysconf(int name);
long __real_sysconf(int name);
int __wrap_open64(const char *path, int flags, ...);
int __real_open64(const char *path, int flags, ...);

extern struct driver driver;

/* Errors that the driver has for most calls. */
extern const int driver_errors[DRIVER_ERRORS];
void fail_all_calls(int error);

/* A heap that exists only in the fake driver. */
extern const struct carveout_heap fake_heap;

#endif /* DRIVER_H */
