// SPDX-License-Identifier: GPL-2.0
/*
 * A flattened device tree, read with libfdt. It is walked over once, which finds every
 * structure that is broken. After that no look-up takes more than one pass over an array of
 * all DT nodes: some functions of libfdt take a pass over the file for each parent, which a
 * hostile file can make long.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libfdt.h>

#include "dt.h"
#include "exit.h"
#include "report.h"
#include "text.h"

/* Twice the size of the largest tree that arm64 boots with. */
#define SIZE_LIMIT	(4 << 20)
/* A path has to fit on a screen. */
#define DEPTH_LIMIT	32
#define NAME_LIMIT	255

/* Read up to SIZE_LIMIT bytes. A file in /sys may have any size in its inode. */
static int read_file(const char *path, char **data, size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = 1;
	int err = 0;

	if (fd < 0)
		return -errno;
	*size = 0;
	*data = malloc(SIZE_LIMIT + 1);
	if (!*data)
		die("out of memory");
	while (n > 0 && *size <= SIZE_LIMIT) {
		n = read(fd, *data + *size, SIZE_LIMIT + 1 - *size);
		if (n > 0)
			*size += n;
		else if (n < 0)
			err = -errno;
	}
	close(fd);
	return err ? err : *size > SIZE_LIMIT ? -EFBIG : 0;
}

static int add_node(struct dt *dt, int offset, int parent)
{
	struct dt_node *node;
	int length;

	/* Grows by half, from 64 on. */
	if (dt->count >= 64 ? !(dt->count & (dt->count - 1)) : !dt->count) {
		dt->nodes = reallocarray(dt->nodes, dt->count ? 2 * dt->count : 64,
					 sizeof(*dt->nodes));
		if (!dt->nodes)
			die("out of memory");
	}
	node = &dt->nodes[dt->count];
	node->offset = offset;
	node->parent = parent;
	node->name = fdt_get_name(dt->blob, offset, &length);
	node->phandle = fdt_get_phandle(dt->blob, offset);
	if (!node->name)
		return length;
	if (length > NAME_LIMIT)
		return -FDT_ERR_BADSTRUCTURE;
	return dt->count++;
}

/* The properties of a DT node are well formed, and have names. */
static int check_props(const void *blob, int node)
{
	int prop, length;

	fdt_for_each_property_offset(prop, blob, node)
		if (!fdt_getprop_by_offset(blob, prop, NULL, &length))
			return length;
	return prop == -FDT_ERR_NOTFOUND ? 0 : prop;
}

/* Walk over the whole tree. Returns 0 or an error of libfdt. */
static int index_nodes(struct dt *dt)
{
	int parents[DEPTH_LIMIT + 1] = { DT_NONE };
	int offset, depth = 0, node, err;

	/* libfdt counts the root as a depth of 1 here, and stops behind it. */
	for (offset = fdt_next_node(dt->blob, -1, &depth); offset >= 0 && depth > 0;
	     offset = fdt_next_node(dt->blob, offset, &depth)) {
		if (depth > DEPTH_LIMIT)
			return -FDT_ERR_BADSTRUCTURE;
		node = add_node(dt, offset, parents[depth - 1]);
		if (node < 0)
			return node;
		parents[depth] = node;
		err = check_props(dt->blob, offset);
		if (err)
			return err;
	}
	if (!dt->count)
		return -FDT_ERR_BADSTRUCTURE;
	return offset >= 0 || offset == -FDT_ERR_NOTFOUND ? 0 : offset;
}

static int check_tree(struct dt *dt, size_t size)
{
	int err;

	/* The header alone, before libfdt reads its fields. */
	if (size < sizeof(struct fdt_header))
		return -FDT_ERR_TRUNCATED;
	err = fdt_check_header(dt->blob);
	if (err)
		return err;
	if (fdt_totalsize(dt->blob) > size)
		return -FDT_ERR_TRUNCATED;
	/* libfdt relies on the alignment that the specification requires. */
	if (fdt_off_dt_struct(dt->blob) % 4 || fdt_off_mem_rsvmap(dt->blob) % 8)
		return -FDT_ERR_BADSTRUCTURE;
	return index_nodes(dt);
}

int dt_open(struct dt *dt, const char *path)
{
	char *data = NULL;
	size_t size = 0;
	int err;

	memset(dt, 0, sizeof(*dt));
	err = read_file(path, &data, &size);
	dt->blob = data;
	if (err) {
		complain(path, err, "read the device tree");
	} else {
		err = check_tree(dt, size);
		if (err)
			complain(path, 0, "not a valid device tree: %s", fdt_strerror(err));
		err = err ? -EINVAL : 0;
	}
	if (err)
		dt_close(dt);
	return err;
}

void dt_close(struct dt *dt)
{
	free(dt->nodes);
	free(dt->blob);
	memset(dt, 0, sizeof(*dt));
}

bool dt_reserved(const struct dt *dt, int i, uint64_t *base, uint64_t *size)
{
	/* The last entry has the size zero. */
	return !fdt_get_mem_rsv(dt->blob, i, base, size) && *size;
}

struct dt_prop dt_get(const struct dt *dt, int node, const char *name)
{
	struct dt_prop prop = { .name = name };

	prop.data = fdt_getprop(dt->blob, dt->nodes[node].offset, name, &prop.length);
	return prop;
}

bool dt_has(const struct dt *dt, int node, const char *name)
{
	return dt_get(dt, node, name).length >= 0;
}

void dt_each(const struct dt *dt, int node,
	     bool (*visit)(const struct dt_prop *prop, void *context), void *context)
{
	struct dt_prop prop;
	int offset;

	fdt_for_each_property_offset(offset, dt->blob, dt->nodes[node].offset) {
		prop.data = fdt_getprop_by_offset(dt->blob, offset, &prop.name, &prop.length);
		if (!prop.data || !visit(&prop, context))
			return;
	}
}

int dt_child(const struct dt *dt, int parent, const char *name)
{
	size_t length = strlen(name);
	int i;

	for (i = parent + 1; i < dt->count; i++)
		if (dt->nodes[i].parent == parent &&
		    !strncmp(dt->nodes[i].name, name, length) &&
		    (!dt->nodes[i].name[length] || dt->nodes[i].name[length] == '@'))
			return i;
	return DT_NONE;
}

int dt_by_phandle(const struct dt *dt, uint32_t phandle)
{
	int i;

	for (i = 0; phandle && phandle != ~0U && i < dt->count; i++)
		if (dt->nodes[i].phandle == phandle)
			return i;
	return DT_NONE;
}

bool dt_enabled(const struct dt *dt, int node)
{
	struct dt_prop status = dt_get(dt, node, "status");
	const char *text = dt_string(&status, 0);

	return status.length < 0 ||
	       (text && (!strcmp(text, "okay") || !strcmp(text, "ok")));
}

const char *dt_path(const struct dt *dt, int node)
{
	const char *path = "";

	if (node == DT_ROOT)
		return text_format("/");
	for (; node > DT_ROOT; node = dt->nodes[node].parent)
		path = text_format("/%s%s", text_safe(dt->nodes[node].name, SIZE_MAX), path);
	return path;
}

uint32_t dt_cell(const struct dt_prop *prop, int i)
{
	const unsigned char *byte;

	if (i < 0 || i >= prop->length / 4)
		return 0;
	byte = prop->data + 4 * (size_t)i;
	return (uint32_t)byte[0] << 24 | byte[1] << 16 | byte[2] << 8 | byte[3];
}

uint64_t dt_number(const struct dt_prop *prop, int i, int cells)
{
	uint64_t value = 0;

	while (cells--)
		value = value << 32 | dt_cell(prop, i++);
	return value;
}

int dt_count_strings(const struct dt_prop *prop)
{
	int count = 0, i;

	if (prop->length <= 0 || prop->data[prop->length - 1])
		return -1;
	for (i = 0; i < prop->length; i++)
		count += !prop->data[i];
	return count;
}

const char *dt_string(const struct dt_prop *prop, int i)
{
	const char *text = (const char *)prop->data;

	if (i < 0 || i >= dt_count_strings(prop))
		return NULL;
	while (i--)
		text += strlen(text) + 1;
	return text;
}
