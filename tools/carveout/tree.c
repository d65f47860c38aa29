// SPDX-License-Identifier: GPL-2.0
/*
 * Heaps and regions of a device tree, as the kernel and the driver read them.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"
#include "tree.h"

#define HEAP_COMPATIBLE	"linux,carveout-heap"

const char *tree_region_name(const struct tree *tree, const struct region *region)
{
	return text_safe(tree->dt.nodes[region->node].name, SIZE_MAX);
}

/* === Similar names === */

/* Number of characters to insert, remove or change; more than @most is not exact. */
static int distance(const char *a, const char *b, int most)
{
	int best, n;

	while (*a && *a == *b) {
		a++;
		b++;
	}
	if (!*a && !*b)
		return 0;
	if (!most)
		return 1;
	best = *a ? distance(a + 1, b, most - 1) : most;
	n = *b ? distance(a, b + 1, most - 1) : most;
	best = n < best ? n : best;
	n = *a && *b ? distance(a + 1, b + 1, most - 1) : most;
	return 1 + (n < best ? n : best);
}

bool tree_similar(const char *name, const char *known)
{
	int most = strlen(known) < 5 ? 1 : 2;

	return distance(name, known, most) <= most;
}

/* === Regions === */

/* Numbers of cells of an address and a size. */
struct cells {
	int addr;
	int size;
};

/* Whole ranges with these cells fill the property. */
static bool cells_fit(const struct dt_prop *reg, struct cells cells)
{
	return reg->length > 0 && !(reg->length % (4 * (cells.addr + cells.size)));
}

static int read_cells(const struct tree *tree, int node, const char *name)
{
	struct dt_prop prop = dt_get(&tree->dt, node, name);
	uint32_t cells = dt_cell(&prop, 0);

	/* Other numbers are as good as none, and a size that does not exist is invalid. */
	return cells == 2 ? 2 : 1;
}

/* The address in the name of a DT node. */
static bool unit_address(const char *name, uint64_t *address)
{
	const char *at = strchr(name, '@');
	char *end;

	if (!at || !at[1] || strspn(at + 1, "0123456789abcdefABCDEF") > 16)
		return false;
	*address = strtoull(at + 1, &end, 16);
	return !*end;
}

static void read_range(struct region *region, const struct dt_prop *reg, struct cells cells)
{
	region->base = dt_number(reg, 0, cells.addr);
	region->size = dt_number(reg, cells.addr, cells.size);
	region->placed = true;
}

/*
 * Read reg as it is meant: with the first numbers of cells that give the address in the
 * name of the DT node, or the lower half of that address.
 */
static bool read_meant(struct region *region, const struct dt_prop *reg,
		       const struct cells *choices, int count, uint64_t address)
{
	int i;

	for (i = 0; i < count; i++) {
		if (!cells_fit(reg, choices[i]))
			continue;
		read_range(region, reg, choices[i]);
		if (region->base == address)
			return true;
	}
	for (i = 0; i < count && address >> 32; i++) {
		if (!cells_fit(reg, choices[i]))
			continue;
		read_range(region, reg, choices[i]);
		if (region->base == (uint32_t)address) {
			region->base = address;
			return true;
		}
	}
	return false;
}

static void read_reg(const struct tree *tree, struct region *region)
{
	const struct cells choices[] = {
		{ tree->addr_cells, tree->size_cells },
		{ read_cells(tree, tree->reserved, "#address-cells"),
		  read_cells(tree, tree->reserved, "#size-cells") },
		{ 2, 2 }, { 2, 1 }, { 1, 1 },
	};
	struct dt_prop reg = dt_get(&tree->dt, region->node, "reg");
	uint64_t read, address;

	if (reg.length < 0)
		return;
	region->odd = !cells_fit(&reg, choices[0]);
	if (!region->odd) {
		read_range(region, &reg, choices[0]);
		region->ranges = reg.length / (4 * (choices[0].addr + choices[0].size));
	}
	read = region->base;
	if (unit_address(tree->dt.nodes[region->node].name, &address) &&
	    read_meant(region, &reg, choices, 5, address))
		region->cut = region->odd || region->base != read;
	else if (!region->odd)
		read_range(region, &reg, choices[0]);
	else if (cells_fit(&reg, choices[1]))
		read_range(region, &reg, choices[1]);
	else
		region->placed = false;
}

static void read_region(const struct tree *tree, int node, struct region *region)
{
	struct dt_prop compatible = dt_get(&tree->dt, node, "compatible");

	region->node = node;
	region->heap = -1;
	region->enabled = dt_enabled(&tree->dt, node);
	region->no_map = dt_has(&tree->dt, node, "no-map");
	if (compatible.length >= 0)
		region->compatible = dt_string(&compatible, 0) ?: "";
	read_reg(tree, region);
}

static void read_regions(struct tree *tree)
{
	int node;

	tree->reserved = dt_child(&tree->dt, DT_ROOT, "reserved-memory");
	if (tree->reserved == DT_NONE)
		return;
	tree->cells_wrong = !dt_has(&tree->dt, tree->reserved, "ranges");
	if (!dt_has(&tree->dt, tree->reserved, "#address-cells") ||
	    !dt_has(&tree->dt, tree->reserved, "#size-cells") ||
	    read_cells(tree, tree->reserved, "#address-cells") != tree->addr_cells ||
	    read_cells(tree, tree->reserved, "#size-cells") != tree->size_cells)
		tree->cells_wrong = true;
	for (node = tree->reserved + 1; node < tree->dt.count; node++)
		if (tree->dt.nodes[node].parent == tree->reserved &&
		    tree->region_count < REGIONS_LIMIT)
			read_region(tree, node, &tree->regions[tree->region_count++]);
}

static int region_of(const struct tree *tree, int node)
{
	int i;

	for (i = 0; i < tree->region_count; i++)
		if (tree->regions[i].node == node)
			return i;
	return -1;
}

/* === Heaps === */

static bool is_heap(const struct tree *tree, int node)
{
	struct dt_prop compatible = dt_get(&tree->dt, node, "compatible");
	const char *name;
	int i;

	/* The property is as long as the file at most; no DT node has so many. */
	for (i = 0; i < 8; i++) {
		name = dt_string(&compatible, i);
		if (!name)
			break;
		if (tree_similar(name, HEAP_COMPATIBLE))
			return true;
	}
	return false;
}

static bool find_memory(const struct dt_prop *prop, void *context)
{
	static const char * const known[] = { "memory-region", NULL };
	struct heap *heap = context;

	if (strcmp(prop->name, "memory-region-names") &&
	    tree_similar(prop->name, known[0]))
		heap->memory = *prop;
	return true;
}

static void read_entry(struct tree *tree, int index, int i)
{
	struct heap *heap = &tree->heaps[index];
	struct entry *entry = &heap->entries[i];
	struct dt_prop attrs = dt_get(&tree->dt, heap->node, "linux,region-attributes");
	struct region *region = NULL;

	entry->phandle = dt_cell(&heap->memory, i);
	entry->node = dt_by_phandle(&tree->dt, entry->phandle);
	entry->region = entry->node == DT_NONE ? -1 : region_of(tree, entry->node);
	if (entry->region >= 0)
		region = &tree->regions[entry->region];
	if (region && heap->enabled && region->heap < 0)
		region->heap = index;
	entry->attr = dt_string(&attrs, i) ?:
		      region && region->no_map ? "writecombine" : "cached";
}

static void read_heap(struct tree *tree, int node)
{
	int index = tree->heap_count++, i;
	struct heap *heap = &tree->heaps[index];

	heap->node = node;
	heap->enabled = dt_enabled(&tree->dt, node);
	heap->memory = dt_get(&tree->dt, node, "memory-region");
	if (heap->memory.length < 0)
		dt_each(&tree->dt, node, find_memory, heap);
	heap->count = heap->memory.length < 0 ? 0 : heap->memory.length / 4;
	if (heap->count > ENTRIES_LIMIT)
		heap->count = ENTRIES_LIMIT;
	for (i = 0; i < heap->count; i++)
		read_entry(tree, index, i);
}

/* A device is also disabled with the bus that it is on. */
static bool is_device_enabled(const struct tree *tree, int node)
{
	while (node > DT_ROOT && dt_enabled(&tree->dt, node))
		node = tree->dt.nodes[node].parent;
	return node <= DT_ROOT;
}

static void mark_region(struct tree *tree, struct region *region, int node)
{
	region->others = true;
	if (is_device_enabled(tree, node))
		region->assigned = true;
}

/* Mark the regions that a DT node other than a heap names. */
static void mark_others(struct tree *tree, int node)
{
	struct dt_prop memory = dt_get(&tree->dt, node, "memory-region");
	int region, i;

	for (i = 0; i < memory.length / 4 && i < ENTRIES_LIMIT; i++) {
		uint32_t phandle = dt_cell(&memory, i);

		for (region = 0; phandle && region < tree->region_count; region++)
			if (tree->dt.nodes[tree->regions[region].node].phandle == phandle)
				mark_region(tree, &tree->regions[region], node);
	}
}

static void read_heaps(struct tree *tree)
{
	int node;

	for (node = 1; node < tree->dt.count; node++) {
		if (!is_heap(tree, node))
			mark_others(tree, node);
		else if (tree->heap_count < HEAPS_LIMIT)
			read_heap(tree, node);
	}
}

/* === Memory === */

static bool is_memory(const struct tree *tree, int node)
{
	struct dt_prop type = dt_get(&tree->dt, node, "device_type");
	const char *name = dt_string(&type, 0);

	return tree->dt.nodes[node].parent == DT_ROOT && name && !strcmp(name, "memory") &&
	       dt_enabled(&tree->dt, node);
}

static void read_ram(struct tree *tree, int node)
{
	struct dt_prop reg = dt_get(&tree->dt, node, "reg");
	int step = tree->addr_cells + tree->size_cells, i;

	for (i = 0; (i + step) * 4 <= reg.length; i += step) {
		uint64_t size = dt_number(&reg, i + tree->addr_cells, tree->size_cells);

		if (size && tree->doctor->ram.count < AREAS_LIMIT)
			doctor_add_area(&tree->doctor->ram,
					dt_number(&reg, i, tree->addr_cells), size, "RAM");
	}
}

/* A number of one or two cells. */
static bool read_number(const struct tree *tree, int node, const char *name, uint64_t *value)
{
	struct dt_prop prop = dt_get(&tree->dt, node, name);

	*value = dt_number(&prop, 0, prop.length / 4);
	return prop.length == 4 || prop.length == 8;
}

static void read_initrd(struct tree *tree)
{
	int chosen = dt_child(&tree->dt, DT_ROOT, "chosen");
	uint64_t start, end;

	if (chosen == DT_NONE ||
	    !read_number(tree, chosen, "linux,initrd-start", &start) ||
	    !read_number(tree, chosen, "linux,initrd-end", &end) || end <= start)
		return;
	doctor_add_area(&tree->doctor->taken, start, end - start, "initrd");
}

static void read_memory(struct tree *tree)
{
	bool unknown = !tree->doctor->ram.count;
	uint64_t base, size;
	int node, i;

	for (node = 1; unknown && node < tree->dt.count; node++)
		if (is_memory(tree, node))
			read_ram(tree, node);
	for (i = 0; i < AREAS_LIMIT && dt_reserved(&tree->dt, i, &base, &size); i++)
		doctor_add_area(&tree->doctor->taken, base, size, "/memreserve/");
	read_initrd(tree);
}

int tree_open(struct tree *tree, struct doctor *doctor, const char *path)
{
	int err = dt_open(&tree->dt, path);

	if (err)
		return err;
	tree->doctor = doctor;
	tree->addr_cells = read_cells(tree, DT_ROOT, "#address-cells");
	tree->size_cells = read_cells(tree, DT_ROOT, "#size-cells");
	read_memory(tree);
	read_regions(tree);
	read_heaps(tree);
	return 0;
}

void tree_close(struct tree *tree)
{
	int i, j;

	for (i = 0; i < tree->heap_count; i++)
		for (j = 0; j < tree->heaps[i].count; j++)
			free(tree->heaps[i].entries[j].ref);
	dt_close(&tree->dt);
}
