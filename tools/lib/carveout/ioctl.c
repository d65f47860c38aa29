// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Calls of the driver: ioctls, their sizes, deadlines and names.
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#include "internal.h"

/* EAGAIN is a result: the caller has set O_NONBLOCK. */
static bool interrupted(int ret)
{
	return ret < 0 && errno == EINTR;
}

int carveout__ioctl(int fd, unsigned long command, void *argument)
{
	int ret;

	do {
		ret = ioctl(fd, command, argument);
	} while (interrupted(ret));
	return ret < 0 ? -errno : 0;
}

int carveout__ioctl_again(int fd, unsigned long command, void *argument,
			  const void *request)
{
	int ret;

	/* A failed attempt may have written a part of the reply. */
	do {
		memcpy(argument, request, _IOC_SIZE(command));
		ret = ioctl(fd, command, argument);
	} while (interrupted(ret));
	return ret < 0 ? -errno : 0;
}

unsigned long carveout__sized(unsigned long command, size_t size)
{
	if (size > _IOC_SIZEMASK)
		return 0;
	return _IOC(_IOC_DIR(command), _IOC_TYPE(command), _IOC_NR(command), size);
}

uint64_t carveout_deadline(int timeout_ms)
{
	struct timespec now;

	if (timeout_ms < 0)
		return CARVEOUT_DEADLINE_NONE;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * UINT64_C(1000000000) + now.tv_nsec +
	       timeout_ms * UINT64_C(1000000);
}

int carveout__set_name(char *field, const char *name)
{
	size_t length = strlen(name);

	if (length >= CARVEOUT_NAME_LEN)
		return -EINVAL;
	memcpy(field, name, length);
	return 0;
}

int carveout__set_names(char *tag_field, const char *tag, char *label_field,
			const char *label)
{
	/* An empty tag is a mistake, not a request for no tag. */
	if (tag && (!*tag || carveout__set_name(tag_field, tag)))
		return -EINVAL;
	return label ? carveout__set_name(label_field, label) : 0;
}
