// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The manager of the nodes: creates and deletes buffers.
 *
 *	create NAME SIZE [size=SIZE] [dma-mask=BITS] [quirk-mmap-on|off|auto|page]
 *	delete NAME
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "udmabuf.h"

#define BLANK		" \t"

/* The alternatives to cached memory, in order. */
static const uint32_t fallback[] = { CARVEOUT_ATTR_WRITECOMBINE, CARVEOUT_ATTR_UNCACHED };

/* === Options ============================================================== */

static int set_mask(const char *text, struct carveout_alloc_options *options)
{
	uint64_t bits;
	int err;

	err = udmabuf_parse(text, &bits);
	if (err || bits > 64)
		return err ? err : -EINVAL;
	options->max_addr = bits && bits < 64 ? UINT64_C(1) << bits : 0;
	return 0;
}

static void require(struct carveout_alloc_options *options, uint32_t attrs, uint32_t forbid)
{
	options->require = attrs;
	options->forbid = forbid;
	options->nr_fallback = 0;
}

static int set_option(const char *word, struct carveout_alloc_options *options)
{
	if (!strncmp(word, "size=", 5))
		return udmabuf_parse(word + 5, &options->size);
	if (!strncmp(word, "dma-mask=", 9))
		return set_mask(word + 9, options);
	if (!strcmp(word, "quirk-mmap-auto"))
		return 0;
	if (!strcmp(word, "quirk-mmap-on"))
		require(options, CARVEOUT_ATTR_CACHED, 0);
	else if (!strcmp(word, "quirk-mmap-page"))
		require(options, CARVEOUT_ATTR_CACHED | CARVEOUT_ATTR_PAGES, 0);
	else if (!strcmp(word, "quirk-mmap-off"))
		require(options, 0, CARVEOUT_ATTR_CACHED);
	else
		return udmabuf_parse(word, &options->size);
	return 0;
}

/* === Commands ============================================================= */

static int create(const char *name, char **words)
{
	struct carveout_alloc_options options = CARVEOUT_ALLOC_OPTIONS_INIT;
	char tag[CARVEOUT_NAME_LEN], *word;
	struct carveout_heap *heap;
	int err;

	options.tag = name;
	options.label = "u-dma-buf";
	options.flags = CARVEOUT_ALLOC_PERSIST;
	options.require = CARVEOUT_ATTR_CACHED;
	options.fallback = fallback;
	options.nr_fallback = sizeof(fallback) / sizeof(*fallback);
	err = udmabuf_settings_tag(name, tag);
	while (!err && (word = strtok_r(NULL, BLANK, words)))
		err = set_option(word, &options);
	if (!err)
		err = udmabuf_heap(&heap);
	if (err)
		return err;
	/* If devices snoop the caches, cached memory serves as well. */
	if (options.forbid && udmabuf_heap_is_coherent(heap))
		options.forbid = 0;
	err = carveout_alloc_with(heap, &options, NULL);
	carveout_close(heap);
	if (err < 0)
		return err;
	udmabuf_close(err);
	return 0;
}

/*
 * The memory is freed with its last user. Settings that another user owns remain: they are void
 * for a new node of the same name.
 */
static int delete(const char *name, char **words)
{
	struct carveout_heap *heap;
	char tag[CARVEOUT_NAME_LEN];
	int err;

	if (strtok_r(NULL, BLANK, words))
		return -EINVAL;
	err = udmabuf_heap(&heap);
	if (err)
		return err;
	err = carveout_unlink(heap, name);
	if (!err && !udmabuf_settings_tag(name, tag))
		carveout_unlink(heap, tag);
	carveout_close(heap);
	return err;
}

static int execute(char *line)
{
	char *rest, *word = strtok_r(line, BLANK, &rest), *name;

	if (!word)
		return 0;
	name = strtok_r(NULL, BLANK, &rest);
	if (!name || carveout_tag_check(name))
		return -EINVAL;
	if (!strcmp(word, "create"))
		return create(name, &rest);
	if (!strcmp(word, "delete"))
		return delete(name, &rest);
	return -EINVAL;
}

int udmabuf_manage(char *text)
{
	char *line, *rest;
	int err = 0;

	for (line = strtok_r(text, ";\n", &rest); line && !err;
	     line = strtok_r(NULL, ";\n", &rest))
		err = execute(line);
	return err;
}
