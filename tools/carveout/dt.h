/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A flattened device tree, read with libfdt. The file is untrusted: every function
 * accepts any tree that dt_open() accepted.
 */
#ifndef DT_H
#define DT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The root DT node. */
#define DT_ROOT		0
/* No DT node. */
#define DT_NONE		(-1)

/**
 * struct dt_node - A DT node
 * @name: its name, with the unit address
 * @offset: its place, for libfdt
 * @parent: index of its parent, DT_NONE for the root
 * @phandle: its phandle, 0 if it has none
 */
struct dt_node {
	const char *name;
	int offset;
	int parent;
	uint32_t phandle;
};

/**
 * struct dt - A flattened device tree
 * @blob: the file
 * @nodes: all DT nodes, in the order of the file
 * @count: number of DT nodes, at least 1
 */
struct dt {
	void *blob;
	struct dt_node *nodes;
	int count;
};

/**
 * struct dt_prop - A property
 * @name: its name
 * @data: its value, not aligned
 * @length: bytes of the value; negative if there is no such property
 */
struct dt_prop {
	const char *name;
	const unsigned char *data;
	int length;
};

/**
 * dt_open() - Read a device tree
 * @dt: the tree to fill
 * @path: the file
 *
 * Reports an error in one line.
 *
 * Return: 0 or a negative errno. After success call dt_close().
 */
int dt_open(struct dt *dt, const char *path);

/**
 * dt_close() - Free a device tree
 * @dt: the tree
 */
void dt_close(struct dt *dt);

/**
 * dt_reserved() - An entry of the memory reservation block
 * @dt: the tree
 * @i: index of the entry
 * @base: returns its address
 * @size: returns its size
 *
 * Return: false if there is no such entry.
 */
bool dt_reserved(const struct dt *dt, int i, uint64_t *base, uint64_t *size);

/**
 * dt_get() - A property of a DT node
 * @dt: the tree
 * @node: index of the DT node
 * @name: name of the property
 *
 * Return: the property.
 */
struct dt_prop dt_get(const struct dt *dt, int node, const char *name);

/**
 * dt_has() - Does a DT node have a property?
 * @dt: the tree
 * @node: index of the DT node
 * @name: name of the property
 *
 * Return: true if it does.
 */
bool dt_has(const struct dt *dt, int node, const char *name);

/**
 * dt_each() - Call a function for each property of a DT node
 * @dt: the tree
 * @node: index of the DT node
 * @visit: the function; the iteration ends when it returns false
 * @context: passed to @visit
 */
void dt_each(const struct dt *dt, int node,
	     bool (*visit)(const struct dt_prop *prop, void *context), void *context);

/**
 * dt_child() - A child by name
 * @dt: the tree
 * @parent: index of the parent
 * @name: the name without a unit address
 *
 * Return: its index, or DT_NONE.
 */
int dt_child(const struct dt *dt, int parent, const char *name);

/**
 * dt_by_phandle() - A DT node by phandle
 * @dt: the tree
 * @phandle: the phandle
 *
 * Return: its index, or DT_NONE.
 */
int dt_by_phandle(const struct dt *dt, uint32_t phandle);

/**
 * dt_enabled() - Is a DT node enabled, by its own status?
 * @dt: the tree
 * @node: index of the DT node
 *
 * Return: true if it is.
 */
bool dt_enabled(const struct dt *dt, int node);

/**
 * dt_path() - Path of a DT node
 * @dt: the tree
 * @node: index of the DT node
 *
 * Return: the path, safe to print; see TEXT_SLOTS.
 */
const char *dt_path(const struct dt *dt, int node);

/**
 * dt_cell() - A 32-bit number in a property
 * @prop: the property
 * @i: index of the number
 *
 * Return: the number, 0 beyond the end of the property.
 */
uint32_t dt_cell(const struct dt_prop *prop, int i);

/**
 * dt_number() - A number of several cells in a property
 * @prop: the property
 * @i: index of the first cell
 * @cells: number of cells; only the last two count
 *
 * Return: the number.
 */
uint64_t dt_number(const struct dt_prop *prop, int i, int cells);

/**
 * dt_count_strings() - Number of strings in a property
 * @prop: the property
 *
 * Return: the number; -1 if there is no such property, or it is no list of strings.
 */
int dt_count_strings(const struct dt_prop *prop);

/**
 * dt_string() - A string in a property
 * @prop: the property
 * @i: index of the string
 *
 * Return: the string, NULL if there is none.
 */
const char *dt_string(const struct dt_prop *prop, int i);

#endif /* DT_H */
