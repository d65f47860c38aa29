// SPDX-License-Identifier: GPL-2.0
/*
 * Fake driver: records the library's requests and returns prepared replies.
 */
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "driver.h"

#define FAKE_FD		1000

struct driver driver;
const struct carveout_heap fake_heap = { .fd = FAKE_FD };

int __wrap_ioctl(int fd, unsigned long command, ...)
{
	size_t size = _IOC_SIZE(command);
	int call = driver.calls;
	void *argument;
	va_list args;

	va_start(args, command);
	argument = va_arg(args, void *);
	va_end(args);
	/* Other files are passed on to the kernel. */
	if (_IOC_TYPE(command) == CARVEOUT_IOC_MAGIC && fd != FAKE_FD)
		return __real_ioctl(fd, command, argument);
	if (call == DRIVER_CALLS) {
		errno = ENOBUFS;
		return -1;
	}
	driver.calls++;
	driver.fd[call] = fd;
	driver.command[call] = command;
	memcpy(driver.asked[call], argument, size < DRIVER_BYTES ? size : DRIVER_BYTES);
	if (driver.answer)
		driver.answer(call, argument);
	errno = driver.errors[call];
	return errno ? -1 : 0;
}

long __wrap_sysconf(int name)
{
	if (name == _SC_PAGESIZE && driver.page_size)
		return driver.page_size;
	return __real_sysconf(name);
}
