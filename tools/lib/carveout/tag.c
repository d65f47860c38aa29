// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Tags: adding, removing, changing permissions.
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "internal.h"

/* Independent of the locale, unlike isalnum(). */
static bool in_tag(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

int carveout_tag_check(const char *tag)
{
	size_t i;

	for (i = 0; in_tag(tag[i]); i++)
		if (i == CARVEOUT_NAME_LEN - 1)
			return -EINVAL;
	return i && !tag[i] ? 0 : -EINVAL;
}

int carveout_link(const struct carveout_heap *heap, int fd, const char *tag,
		  uint32_t flags, uint32_t mode, uint64_t *generation)
{
	struct carveout_ioctl_link link = {
		.fd = fd,
		.flags = flags,
		.mode = mode,
	};
	int err;

	if (carveout__set_name(link.tag, tag))
		return -EINVAL;
	err = carveout__ioctl(heap->fd, CARVEOUT_IOCTL_LINK, &link);
	if (!err && generation)
		*generation = link.generation;
	return err;
}

int carveout_unlink(const struct carveout_heap *heap, const char *tag)
{
	struct carveout_ioctl_unlink unlink = { 0 };

	if (carveout__set_name(unlink.tag, tag))
		return -EINVAL;
	return carveout__ioctl(heap->fd, CARVEOUT_IOCTL_UNLINK, &unlink);
}

int carveout_setattr(const struct carveout_heap *heap, const char *tag,
		     uint32_t flags, uint32_t mode, uid_t uid, gid_t gid)
{
	struct carveout_ioctl_setattr attr = {
		.flags = flags,
		.mode = flags & CARVEOUT_SETATTR_MODE ? mode : 0,
		.uid = flags & CARVEOUT_SETATTR_UID ? uid : 0,
		.gid = flags & CARVEOUT_SETATTR_GID ? gid : 0,
	};

	if (carveout__set_name(attr.tag, tag))
		return -EINVAL;
	return carveout__ioctl(heap->fd, CARVEOUT_IOCTL_SETATTR, &attr);
}
