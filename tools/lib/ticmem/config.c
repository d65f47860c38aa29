// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The blocks and pools that the environment describes.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "internal.h"

/* The heap of block 0 if TICMEM_BLOCKS is not set, unless there is only one heap. */
#define USUAL_HEAP	"cmem"

/* The user of a set-uid program must not choose its memory. */
static const char *setting(const char *name)
{
	const char *value = secure_getenv(name);

	return value && *value ? value : NULL;
}

static int read_switch(const char *name, bool *on)
{
	const char *value = setting(name);

	if (value && strcmp(value, "0") && strcmp(value, "1")) {
		ticmem_error(0, "%s is '%s', not 0 or 1", name, value);
		return -1;
	}
	if (value)
		*on = *value == '1';
	return 0;
}

/* === Blocks =============================================================== */

/* The masks of the regions of a name, and of those among them that are cached. */
static int find_regions(const struct carveout_heap *heap, const char *name, uint64_t *mask,
			uint64_t *cached)
{
	struct carveout_ioctl_region *regions;
	size_t count, i;
	int err;

	*mask = 0;
	*cached = 0;
	err = carveout_regions(heap, &regions, &count);
	if (err)
		return err;
	for (i = 0; i < count; i++) {
		if (name && strcmp(regions[i].name, name))
			continue;
		*mask |= UINT64_C(1) << i;
		if (regions[i].attrs & CARVEOUT_ATTR_CACHED)
			*cached |= UINT64_C(1) << i;
	}
	free(regions);
	return *mask ? 0 : -ENOENT;
}

/* @name is HEAP or HEAP/REGION. */
static int open_block(struct ticmem_block *block, char *name)
{
	char *region = strchr(name, '/');
	int err;

	if (region)
		*region++ = '\0';
	err = carveout_open(name, O_RDWR, &block->heap);
	if (err) {
		block->heap = NULL;
		ticmem_error(err, "cannot open heap '%s' for block %d", name, block->id);
		return -1;
	}
	err = find_regions(block->heap, region, &block->regions, &block->cached);
	if (!err)
		return 0;
	if (err == -ENOENT && region)
		ticmem_error(0, "heap '%s' has no region '%s' for block %d", name, region,
			     block->id);
	else
		ticmem_error(err, "cannot query heap '%s' for block %d", name, block->id);
	return -1;
}

/* The heap without TICMEM_BLOCKS: a new string, or NULL after a message. */
static char *choose(char **names, size_t count)
{
	size_t i;

	if (!count) {
		ticmem_error(-ENOENT, "no heap in %s", carveout_dir());
		return NULL;
	}
	for (i = 0; i < count; i++)
		if (!strcmp(names[i], USUAL_HEAP))
			return strdup(USUAL_HEAP);
	if (count == 1)
		return strdup(names[0]);
	ticmem_error(0, "%s has %zu heaps, and none is '" USUAL_HEAP "': set TICMEM_BLOCKS",
		     carveout_dir(), count);
	return NULL;
}

static char *block_names(void)
{
	const char *value = setting("TICMEM_BLOCKS");
	char **names, *chosen;
	size_t count;
	int err;

	if (value)
		return strdup(value);
	err = carveout_heap_names(&names, &count);
	if (err) {
		ticmem_error(err, "no heap in %s", carveout_dir());
		return NULL;
	}
	chosen = choose(names, count);
	carveout_heap_names_free(names, count);
	return chosen;
}

static struct ticmem_block *add_block(struct ticmem_context *context)
{
	const size_t count = context->nr_blocks + 1;
	struct ticmem_block *grown, *block;

	grown = realloc(context->blocks, count * sizeof(*grown));
	if (!grown) {
		ticmem_error(-ENOMEM, "CMEM_init");
		return NULL;
	}
	context->blocks = grown;
	block = &grown[context->nr_blocks];
	memset(block, 0, sizeof(*block));
	block->id = context->nr_blocks++;
	return block;
}

static int open_each(struct ticmem_context *context, char *names)
{
	struct ticmem_block *block;
	char *name;

	while ((name = strsep(&names, ","))) {
		block = add_block(context);
		if (!block || open_block(block, name))
			return -1;
	}
	return 0;
}

/* === Pools ================================================================ */

/* A number of bytes with or without a suffix; 0 if it is none, or too large. */
static uint64_t parse_size(const char *text, char **end)
{
	static const char suffixes[] = "KMG";
	unsigned long long size;
	const char *suffix;
	int shift;

	if (*text < '0' || *text > '9')
		return 0;
	errno = 0;
	size = strtoull(text, end, 10);
	suffix = **end ? strchr(suffixes, **end) : NULL;
	shift = suffix ? 10 * (suffix - suffixes + 1) : 0;
	if (errno || size > (uint64_t)INT64_MAX >> shift)
		return 0;
	*end += !!suffix;
	return size << shift;
}

/* @text is COUNTxSIZE, with @REGION or without. Return 0 or a negative errno. */
static int parse_pool(struct ticmem_pool *pool, const struct ticmem_block *block, char *text)
{
	const uint64_t page = sysconf(_SC_PAGESIZE);
	uint64_t cached;
	char *end;
	int err;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	pool->count = strtoul(text, &end, 10);
	if (!pool->count || pool->count > CARVEOUT_POOL_BLOCKS_MAX || *end != 'x')
		return -EINVAL;
	pool->size = parse_size(end + 1, &end);
	if (!pool->size || (*end && *end != '@'))
		return -EINVAL;
	pool->size = (pool->size + page - 1) / page * page;
	if (!*end)
		return 0;
	err = find_regions(block->heap, end + 1, &pool->regions, &cached);
	if (err)
		return err;
	return pool->regions & ~block->regions ? -ENOENT : 0;
}

static int parse_pools(struct ticmem_block *block, const char *name, char *list)
{
	char *text;
	int err;

	while ((text = strsep(&list, ","))) {
		if (block->nr_pools == MAX_POOLS) {
			ticmem_error(0, "%s has more than %d pools", name, MAX_POOLS);
			return -1;
		}
		err = parse_pool(&block->pools[block->nr_pools], block, text);
		if (err) {
			ticmem_error(err, "%s has '%s': pools are COUNTxSIZE or COUNTxSIZE@REGION",
				     name, text);
			return -1;
		}
		block->nr_pools++;
	}
	return 0;
}

/* Memory that a pool names is not for the heap, nor for pools that name none. */
static void divide(struct ticmem_block *block)
{
	int i;

	block->heap_regions = block->regions;
	for (i = 0; i < block->nr_pools; i++)
		block->heap_regions &= ~block->pools[i].regions;
	for (i = 0; i < block->nr_pools; i++)
		if (!block->pools[i].regions)
			block->pools[i].regions = block->heap_regions;
}

static int set_pools(struct ticmem_block *block)
{
	char name[32] = "TICMEM_POOLS", *list;
	const char *value;
	int ret = 0;

	if (block->id)
		snprintf(name, sizeof(name), "TICMEM_POOLS_%d", block->id);
	value = setting(name);
	if (value) {
		list = strdup(value);
		ret = list ? parse_pools(block, name, list) : -1;
		free(list);
	}
	divide(block);
	return ret;
}

/* === All settings ========================================================= */

/* The block of CMEM_CMABLOCKID: all regions of the first heap, less those of pools. */
static int set_any(struct ticmem_context *context)
{
	const char *path = carveout_heap_path(context->blocks[0].heap);
	struct ticmem_block *any = &context->any;
	const struct ticmem_block *block;
	int err, i;

	any->id = CMEM_CMABLOCKID;
	any->heap = context->blocks[0].heap;
	err = find_regions(any->heap, NULL, &any->regions, &any->cached);
	if (err) {
		ticmem_error(err, "cannot query heap %s", path);
		return -1;
	}
	any->heap_regions = any->regions;
	for (i = 0; i < context->nr_blocks; i++) {
		block = &context->blocks[i];
		if (!strcmp(carveout_heap_path(block->heap), path))
			any->heap_regions &= ~(block->regions & ~block->heap_regions);
	}
	return 0;
}

/* Do devices snoop the caches on all machines of this architecture? */
static bool machine_is_coherent(void)
{
	struct utsname system;

	if (uname(&system))
		return false;
	return !strcmp(system.machine, "x86_64") || !fnmatch("i?86", system.machine, 0);
}

int ticmem_open_blocks(struct ticmem_context *context)
{
	char *names;
	int err, i;

	context->coherent = machine_is_coherent();
	if (read_switch("TICMEM_COHERENT", &context->coherent) ||
	    read_switch("TICMEM_USE_HEAP", &context->use_heap))
		return -1;
	names = block_names();
	if (!names)
		return -1;
	err = open_each(context, names);
	free(names);
	for (i = 0; !err && i < context->nr_blocks; i++)
		err = set_pools(&context->blocks[i]);
	return err ? err : set_any(context);
}

void ticmem_close_blocks(struct ticmem_context *context)
{
	int i;

	for (i = 0; i < context->nr_blocks; i++)
		carveout_close(context->blocks[i].heap);
	free(context->blocks);
}
