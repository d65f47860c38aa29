// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Nodes: the buffers of a heap, by their tags.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "udmabuf.h"

#define CLASS	"/sys/class/carveout"

/* === The heap ============================================================= */

static int open_heap(const char *name, struct carveout_heap **heap)
{
	int err = carveout_open(name, O_RDWR, heap);

	return err == -EACCES ? carveout_open(name, O_RDONLY, heap) : err;
}

static int open_only_heap(struct carveout_heap **heap)
{
	char **names;
	size_t count;
	int err;

	err = carveout_heap_names(&names, &count);
	if (err)
		return err;
	if (count == 1)
		err = open_heap(names[0], heap);
	else
		err = count ? -ENXIO : -ENOENT;
	carveout_heap_names_free(names, count);
	return err;
}

int udmabuf_heap(struct carveout_heap **heap)
{
	/* The user of a set-uid program must not choose the files that it opens. */
	const char *name = secure_getenv("CARVEOUT_HEAP");

	return name && *name ? open_heap(name, heap) : open_only_heap(heap);
}

/* === Nodes ================================================================ */

static int describe(struct udmabuf_node *node, int fd)
{
	node->fd = fd;
	return fd < 0 ? fd : carveout_info(node->heap, fd, &node->info);
}

int udmabuf_node_get(struct udmabuf_node *node, const char *name, int flags)
{
	int err;

	err = udmabuf_heap(&node->heap);
	if (err)
		return err;
	node->own = true;
	err = describe(node, carveout_open_tag(node->heap, name, flags, NULL));
	if (err)
		udmabuf_node_put(node);
	return err;
}

int udmabuf_node_of(struct udmabuf_node *node, int fd)
{
	int err;

	err = udmabuf_heap(&node->heap);
	if (err)
		return err;
	node->own = false;
	err = describe(node, fd);
	if (err)
		udmabuf_node_put(node);
	return err;
}

void udmabuf_node_put(struct udmabuf_node *node)
{
	if (node->own && node->fd >= 0)
		udmabuf_close(node->fd);
	carveout_close(node->heap);
}

/* === Memory =============================================================== */

/* A driver may have no such file: then assume that the caches have to be maintained. */
bool udmabuf_heap_is_coherent(const struct carveout_heap *heap)
{
	char path[sizeof(CLASS "//coherent") + CARVEOUT_NAME_LEN], value = '0';
	struct carveout_ioctl_query query;
	int fd;

	if (carveout_query(heap, &query))
		return false;
	snprintf(path, sizeof(path), CLASS "/%s/coherent", query.name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (read(fd, &value, 1) != 1)
		value = '0';
	udmabuf_close(fd);
	return value == '1';
}

bool udmabuf_is_coherent(const struct udmabuf_node *node)
{
	return !(node->info.attrs & CARVEOUT_ATTR_CACHED) || udmabuf_heap_is_coherent(node->heap);
}

unsigned int udmabuf_quirk_mode(const struct udmabuf_node *node)
{
	if (!(node->info.attrs & CARVEOUT_ATTR_CACHED))
		return 1;
	return node->info.attrs & CARVEOUT_ATTR_PAGES ? 4 : 2;
}
