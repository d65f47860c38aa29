// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Settings of a node: a buffer beside the node's own, for all processes that use the node.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "udmabuf.h"

int udmabuf_settings_tag(const char *name, char tag[CARVEOUT_NAME_LEN])
{
	int length = snprintf(tag, CARVEOUT_NAME_LEN, "%s.u-dma-buf", name);

	return length < CARVEOUT_NAME_LEN ? 0 : -ENAMETOOLONG;
}

static void set_defaults(const struct udmabuf_node *node,
			 struct udmabuf_settings *settings)
{
	settings->mode = 1;
	settings->offset = 0;
	settings->size = node->info.size;
	settings->direction = 0;
	settings->owner = 0;
	/* A reader that sees this number sees the others. */
	__atomic_thread_fence(__ATOMIC_RELEASE);
	settings->generation = node->info.generation;
}

static int map(int fd, int prot, struct udmabuf_settings **settings)
{
	void *memory;
	int err;

	if (fd < 0)
		return fd;
	err = carveout_map(fd, 0, sizeof(**settings), prot, &memory);
	udmabuf_close(fd);
	if (!err)
		*settings = memory;
	return err;
}

void udmabuf_settings_unmap(struct udmabuf_settings *settings)
{
	carveout_unmap(settings, sizeof(*settings));
}

/* === Reading ============================================================== */

static void copy(struct udmabuf_settings *to, const struct udmabuf_settings *from)
{
	to->mode = from->mode;
	to->offset = from->offset;
	to->size = from->size;
	to->direction = from->direction;
	to->owner = from->owner;
}

int udmabuf_settings_read(const struct udmabuf_node *node, struct udmabuf_settings *settings)
{
	struct udmabuf_settings *shared;
	char tag[CARVEOUT_NAME_LEN];
	int err;

	set_defaults(node, settings);
	if (!node->info.tag[0] || udmabuf_settings_tag(node->info.tag, tag))
		return 0;
	err = map(carveout_open_tag(node->heap, tag, O_RDONLY | O_CLOEXEC, NULL), PROT_READ,
		  &shared);
	if (err)
		return err == -ENOENT ? 0 : err;
	if (shared->generation == node->info.generation) {
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		copy(settings, shared);
	}
	udmabuf_settings_unmap(shared);
	return 0;
}

/* === Changing ============================================================= */

/*
 * All that may write to the node may change its settings, and the others read them: the mode
 * of the node may change later. A caller that is not allowed to give the settings the owner or
 * the group of the node keeps its own.
 */
static void share(const struct udmabuf_node *node, const char *tag)
{
	static const uint32_t flags[] = {
		CARVEOUT_SETATTR_MODE | CARVEOUT_SETATTR_GID | CARVEOUT_SETATTR_UID,
		CARVEOUT_SETATTR_MODE | CARVEOUT_SETATTR_GID,
		CARVEOUT_SETATTR_MODE,
	};
	uint32_t mode = node->info.mode | 0444;
	size_t i;

	for (i = 0; i < sizeof(flags) / sizeof(*flags); i++) {
		uid_t uid = flags[i] & CARVEOUT_SETATTR_UID ? node->info.uid : 0;
		gid_t gid = flags[i] & CARVEOUT_SETATTR_GID ? node->info.gid : 0;

		if (!carveout_setattr(node->heap, tag, flags[i], mode, uid, gid))
			return;
	}
}

static int open_or_create(const struct udmabuf_node *node, const char *tag)
{
	struct carveout_alloc_options options = CARVEOUT_ALLOC_OPTIONS_INIT;
	struct carveout_opened opened = CARVEOUT_OPENED_INIT;
	int fd;

	options.size = sizeof(struct udmabuf_settings);
	options.tag = tag;
	options.label = "settings of u-dma-buf";
	options.flags = CARVEOUT_ALLOC_OPEN | CARVEOUT_ALLOC_PERSIST;
	fd = carveout_alloc_with(node->heap, &options, &opened);
	if (fd >= 0 && opened.created)
		share(node, tag);
	return fd;
}

int udmabuf_settings_map(const struct udmabuf_node *node,
			 struct udmabuf_settings **settings)
{
	char tag[CARVEOUT_NAME_LEN];
	int err;

	if (!node->info.tag[0])
		return -ENODEV;
	err = udmabuf_settings_tag(node->info.tag, tag);
	if (!err)
		err = map(open_or_create(node, tag), PROT_READ | PROT_WRITE, settings);
	if (!err && (*settings)->generation != node->info.generation)
		set_defaults(node, *settings);
	return err;
}
