/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Heaps and regions of a device tree, as the kernel and the driver read them.
 */
#ifndef TREE_H
#define TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler.h"
#include "doctor.h"
#include "dt.h"

/* Limits that no board reaches: the file is untrusted. */
#define HEAPS_LIMIT	64
#define REGIONS_LIMIT	256
#define AREAS_LIMIT	64
#define PLACES_LIMIT	64
/* The driver's limit of regions in a heap. */
#define ENTRIES_LIMIT	64

/* Size of a new region, if nothing tells it. */
#define LINES_REGION_SIZE	0x1000000

/**
 * struct region - A child of /reserved-memory
 * @node: its DT node
 * @base: address, as it is meant: see tree_open()
 * @size: bytes
 * @placed: it has a reg, and @base and @size are known
 * @odd: the length of reg does not fit the cells of the root
 * @cut: the kernel reads another address than @base
 * @ranges: number of ranges in reg
 * @enabled: it is enabled
 * @no_map: the kernel does not map it
 * @compatible: its compatible, NULL if it has none
 * @heap: index of the first heap that names it, or -1
 * @others: a DT node other than a heap names it
 * @assigned: ... that is enabled, so its device may be assigned to the region
 */
struct region {
	int node;
	uint64_t base;
	uint64_t size;
	bool placed;
	bool odd;
	bool cut;
	int ranges;
	bool enabled;
	bool no_map;
	const char *compatible;
	int heap;
	bool others;
	bool assigned;
};

/**
 * struct entry - A region of a heap
 * @phandle: entry of memory-region
 * @node: its DT node, DT_NONE if the phandle does not resolve
 * @region: index of its region, or -1
 * @attr: its memory type: a constant, or a string of the tree
 * @ref: path of the region that the heap is to have instead, NULL for the present one
 */
struct entry {
	uint32_t phandle;
	int node;
	int region;
	const char *attr;
	char *ref;
};

/**
 * struct heap - A heap
 * @node: its DT node
 * @name: its name, NULL if it is invalid
 * @memory: memory-region, or the property that was meant to be it
 * @entries: its regions
 * @count: number of regions
 * @enabled: it is enabled
 */
struct heap {
	int node;
	const char *name;
	struct dt_prop memory;
	struct entry entries[ENTRIES_LIMIT];
	int count;
	bool enabled;
};

/**
 * struct tree - A device tree with its heaps and regions
 * @dt: the tree
 * @doctor: the examination
 * @reserved: /reserved-memory, or DT_NONE
 * @addr_cells: #address-cells of the root
 * @size_cells: #size-cells of the root
 * @cells_wrong: the kernel ignores /reserved-memory
 * @regions: the regions
 * @region_count: number of regions
 * @heaps: the heaps
 * @heap_count: number of heaps
 * @places: number of calls of place_find()
 */
struct tree {
	struct dt dt;
	struct doctor *doctor;
	int reserved;
	int addr_cells;
	int size_cells;
	bool cells_wrong;
	struct region regions[REGIONS_LIMIT];
	int region_count;
	struct heap heaps[HEAPS_LIMIT];
	int heap_count;
	int places;
};

/**
 * tree_open() - Read the heaps and regions of a device tree
 * @tree: the tree to fill
 * @doctor: the examination; gets memory and initial RAM disk of the tree
 * @path: the file
 *
 * The address of a region is the one in its name, if a reading of reg with any numbers of
 * cells gives it: such an address is cut, but meant.
 *
 * Return: 0 or a negative errno. After success call tree_close().
 */
int tree_open(struct tree *tree, struct doctor *doctor, const char *path);

/**
 * tree_close() - Free a tree
 * @tree: the tree
 */
void tree_close(struct tree *tree);

/**
 * tree_region_name() - Name of a region
 * @tree: the tree
 * @region: the region
 *
 * Return: the name of its DT node, safe to print; see TEXT_SLOTS.
 */
const char *tree_region_name(const struct tree *tree, const struct region *region);

/**
 * tree_similar() - Are two names similar enough that one is meant to be the other?
 * @name: a name
 * @known: a name that is known
 *
 * Return: true if they differ in one character of a short name, or two of a long one.
 */
bool tree_similar(const char *name, const char *known);

/**
 * tree_meant() - The property that is meant by a misspelt one
 * @tree: the tree
 * @node: the DT node
 * @name: name of a property of it
 * @known: the names that it may have, with NULL at the end
 *
 * Return: the name that is meant, NULL if the name is right or unlike any of them.
 */
const char *tree_meant(const struct tree *tree, int node, const char *name,
		       const char * const *known);

/**
 * tree_check_spelling() - Check the names of the properties of a DT node
 * @tree: the tree
 * @node: the DT node
 * @known: the names that it may have, with NULL at the end
 */
void tree_check_spelling(const struct tree *tree, int node, const char * const *known);

/**
 * place_user() - The user of memory that a region overlaps
 * @tree: the tree
 * @region: the region
 * @kernel: returns true if that is the kernel or its initial RAM disk
 *
 * Of two overlapping regions of heaps it is the first one in the tree.
 *
 * Return: its name, or NULL; see TEXT_SLOTS.
 */
const char *place_user(const struct tree *tree, const struct region *region, bool *kernel);

/**
 * place_in_ram() - Is a region in RAM?
 * @tree: the tree
 * @region: the region
 *
 * Return: true if all of it is, or if the RAM is unknown.
 */
bool place_in_ram(const struct tree *tree, const struct region *region);

/**
 * place_find() - Find free memory for a region
 * @tree: the tree
 * @size: bytes, whole pages
 * @base: returns the address: the highest one, below 4 GiB if there is room
 *
 * The memory is not given twice.
 *
 * Return: false if there is none, or the RAM is unknown.
 */
bool place_find(struct tree *tree, uint64_t size, uint64_t *base);

/**
 * lines_in() - Lines that change a DT node
 * @tree: the tree
 * @node: the DT node
 * @fmt: properties, one a line
 *
 * Return: the lines, to be freed.
 */
__printf(3, 4)
char *lines_in(const struct tree *tree, int node, const char *fmt, ...);

/**
 * lines_reg() - The property reg
 * @tree: the tree
 * @base: address
 * @size: size
 *
 * Return: the line; see TEXT_SLOTS.
 */
const char *lines_reg(const struct tree *tree, uint64_t base, uint64_t size);

/**
 * lines_cells() - Lines that correct /reserved-memory and the reg of all its children
 * @tree: the tree
 *
 * Return: the lines, to be freed.
 */
char *lines_cells(const struct tree *tree);

/**
 * lines_rename() - Lines that give a property another name
 * @tree: the tree
 * @node: its DT node
 * @prop: the property
 * @name: the name
 *
 * Return: the lines, to be freed.
 */
char *lines_rename(const struct tree *tree, int node, const struct dt_prop *prop,
		   const char *name);

/**
 * lines_attrs() - Lines with linux,region-attributes of a heap
 * @tree: the tree
 * @heap: the heap
 *
 * Return: the lines, to be freed.
 */
char *lines_attrs(const struct tree *tree, const struct heap *heap);

/**
 * lines_region() - Lines that give an entry of a heap another region
 * @tree: the tree
 * @heap: the heap
 * @i: index of the entry
 * @size: bytes of a new region
 *
 * The region is one that nothing uses, or a new one.
 *
 * Return: the lines, to be freed; NULL if there is no room for a region.
 */
char *lines_region(struct tree *tree, struct heap *heap, int i, uint64_t size);

/**
 * lines_heap() - Lines that add a heap
 * @tree: the tree
 * @from: a heap at a wrong place, which is removed; NULL for a new heap
 *
 * Return: the lines, to be freed; NULL if there is no room for a region.
 */
char *lines_heap(struct tree *tree, struct heap *from);

/**
 * heap_check() - Examine a heap of a device tree
 * @tree: the tree
 * @heap: the heap
 */
void heap_check(struct tree *tree, struct heap *heap);

/**
 * region_check() - Examine a region of a heap
 * @tree: the tree
 * @heap: the heap
 * @i: index of its entry
 */
void region_check(struct tree *tree, struct heap *heap, int i);

#endif /* TREE_H */
