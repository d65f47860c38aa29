// SPDX-License-Identifier: GPL-2.0
/*
 * carveout doctor: examine a device tree.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "exit.h"
#include "text.h"
#include "tree.h"

/* /reserved-memory has the cells of the root, as the kernel requires it. */
static void check_reserved(struct tree *tree)
{
	struct dt_prop addr, size;

	if (!tree->cells_wrong)
		return;
	addr = dt_get(&tree->dt, tree->reserved, "#address-cells");
	size = dt_get(&tree->dt, tree->reserved, "#size-cells");
	doctor_item(tree->doctor, "/reserved-memory");
	doctor_find(tree->doctor, FAULT_CELLS,
		    "#address-cells %u, #size-cells %u, %s ranges; the root has %d and %d",
		    dt_cell(&addr, 0), dt_cell(&size, 0),
		    dt_has(&tree->dt, tree->reserved, "ranges") ? "with" : "no",
		    tree->addr_cells, tree->size_cells);
	doctor_write(tree->doctor, lines_cells(tree));
}

static void check_heaps(struct tree *tree)
{
	struct heap *heap;
	int i, j;

	for (i = 0; i < tree->heap_count; i++) {
		heap = &tree->heaps[i];
		heap_check(tree, heap);
		for (j = 0; j < heap->count; j++)
			region_check(tree, heap, j);
		if (heap->enabled && heap->name)
			doctor_add_heap(tree->doctor, heap->name, dt_path(&tree->dt, heap->node));
	}
	if (tree->heap_count || tree->doctor->has_heaps)
		return;
	doctor_item(tree->doctor, "device tree");
	doctor_find(tree->doctor, FAULT_NO_HEAP, "%d DT nodes, %d regions in /reserved-memory",
		    tree->dt.count, tree->region_count);
	doctor_write(tree->doctor, lines_heap(tree, NULL));
}

bool doctor_reads_trees(void)
{
	return true;
}

int doctor_tree(struct doctor *doctor, const char *path)
{
	struct tree *tree = calloc(1, sizeof(*tree));
	int err;

	if (!tree)
		die("out of memory");
	err = tree_open(tree, doctor, path);
	if (!err) {
		check_reserved(tree);
		check_heaps(tree);
		tree_close(tree);
	}
	free(tree);
	return err;
}
