// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Cache maintenance by the settings of a node.
 */
#include <errno.h>

#include "udmabuf.h"

/* Parts of sync_mode. */
#define UNCACHED	3U	/* one of three kinds of memory that is not cached */
#define ALWAYS		4U	/* also without O_SYNC */

/* sync_direction; every other value is for both directions. */
#define TO_DEVICE	1U

int udmabuf_check_mode(const struct udmabuf_node *node, uint64_t mode, bool o_sync)
{
	if (!(mode & UNCACHED) || !(o_sync || mode & ALWAYS))
		return 0;
	return udmabuf_is_coherent(node) ? 0 : -EOPNOTSUPP;
}

int udmabuf_check_part(const struct udmabuf_node *node,
		       const struct udmabuf_settings *settings)
{
	uint64_t size = node->info.size;

	return settings->offset > size || settings->size > size - settings->offset ? -EINVAL : 0;
}

/* The part of @command, or else that of the settings. */
static void choose(uint64_t command, struct udmabuf_settings *settings)
{
	if (!(command & ~UINT64_C(1)))
		return;
	settings->offset = command >> 32;
	settings->size = command & 0xfffffff0;
	settings->direction = command >> 2 & 3;
}

static int maintain(const struct udmabuf_node *node, uint32_t to,
		    const struct udmabuf_settings *settings)
{
	struct carveout_sync_range range = {
		.offset = settings->offset,
		.size = settings->size,
	};

	/* Data that the device only reads is in the caches as the CPU left it. */
	if (!range.size || (to == CARVEOUT_SYNC_FOR_CPU && settings->direction == TO_DEVICE))
		return 0;
	return carveout_sync(node->heap, node->fd, to, &range, 1);
}

/* A reader of the node may use the data of a device, but changes no settings: NULL. */
static int map_to_change(const struct udmabuf_node *node,
			 struct udmabuf_settings **settings)
{
	int err = udmabuf_settings_map(node, settings);

	if (!err || (err != -EACCES && err != -ENODEV))
		return err;
	*settings = NULL;
	return 0;
}

static int maintain_and_own(const struct udmabuf_node *node, uint32_t to,
			    const struct udmabuf_settings *settings)
{
	struct udmabuf_settings *shared;
	int err;

	err = map_to_change(node, &shared);
	if (err)
		return err;
	err = maintain(node, to, settings);
	if (!shared)
		return err;
	if (!err)
		shared->owner = to == CARVEOUT_SYNC_FOR_DEVICE;
	udmabuf_settings_unmap(shared);
	return err;
}

int udmabuf_sync(const struct udmabuf_node *node, uint32_t to, uint64_t command)
{
	struct udmabuf_settings settings;
	int err;

	if (!command)
		return 0;
	err = udmabuf_settings_read(node, &settings);
	if (err)
		return err;
	choose(command, &settings);
	err = udmabuf_check_part(node, &settings);
	return err ? err : maintain_and_own(node, to, &settings);
}
