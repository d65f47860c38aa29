// SPDX-License-Identifier: GPL-2.0
/*
 * Fake driver: records the library's requests and returns prepared replies.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "driver.h"

#define FAKE_FD		1000

struct driver driver;
const struct carveout_heap fake_heap = { .fd = FAKE_FD };

const int driver_errors[DRIVER_ERRORS] = {
	EINVAL, ENOSPC, ENOMEM, EDQUOT, EEXIST, EACCES, ENODEV, EUCLEAN,
	ENOENT, ETIMEDOUT, EBUSY, EBADF, EMFILE, ENOTTY, E2BIG, EFAULT,
};

/* Forget the calls so far; all further ones fail. */
void fail_all_calls(int error)
{
	int call;

	driver.calls = 0;
	for (call = 0; call < DRIVER_CALLS; call++)
		driver.errors[call] = error;
}

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

/* The file in which the kernel tells the size of huge pages, with another content. */
static int huge_page_file(void)
{
	int fd = memfd_create("hpage_pmd_size", MFD_CLOEXEC);

	if (driver.huge_page[0] == '-') {
		close(fd);
		errno = ENOENT;
		return -1;
	}
	if (write(fd, driver.huge_page, strlen(driver.huge_page)) < 0 || lseek(fd, 0, SEEK_SET))
		return -1;
	return fd;
}

/* The null device has the number of the fake heap: calls other than ioctls work. */
static int open_node(int flags)
{
	int fd = __real_open64("/dev/null", flags), copy = dup3(fd, FAKE_FD, flags & O_CLOEXEC);

	close(fd);
	return copy;
}

int __wrap_open64(const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	if (driver.huge_page && strstr(path, "hpage_pmd_size"))
		return huge_page_file();
	if (driver.node && !strcmp(path, driver.node))
		return open_node(flags);
	va_start(args, flags);
	mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(args, mode_t) : 0;
	va_end(args);
	return __real_open64(path, flags, mode);
}
