// SPDX-License-Identifier: GPL-2.0
/*
 * carveout doctor: checks of a region of a heap. The reference is driver/reserved.c and
 * driver/mem/claim.c, and drivers/of/of_reserved_mem.c in the kernel.
 */
#include <string.h>

#include <libcarveout.h>

#include "text.h"
#include "tree.h"

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

/* A region that is examined. */
struct patient {
	struct tree *tree;
	struct doctor *doctor;
	struct heap *heap;
	struct entry *entry;
	struct region *region;
	int i;
};

/* Properties of a child of /reserved-memory. */
static const char * const known[] = {
	"reg", "size", "alignment", "alloc-ranges", "compatible", "no-map", "reusable",
	"linux,no-cpu-access", "linux,dma-default", NULL
};

/* Whole pages, and a usual size if nothing tells it. */
static uint64_t size_of(const struct patient *p)
{
	uint64_t mask = p->doctor->page - 1;
	uint64_t size = p->region ? p->region->size : 0;

	if (!size || size > INT64_MAX)
		return LINES_REGION_SIZE;
	return (size + mask) & ~mask;
}

/* Lines that move the region; NULL if there is no room. */
static char *lines_place(const struct patient *p)
{
	uint64_t size = size_of(p), base;

	if (!place_find(p->tree, size, &base))
		return NULL;
	return lines_in(p->tree, p->region->node, "%s", lines_reg(p->tree, base, size));
}

static char *lines_other(const struct patient *p)
{
	return lines_region(p->tree, p->heap, p->i, size_of(p));
}

static const char *span(const struct patient *p)
{
	return text_format("base 0x%llx, size 0x%llx", (unsigned long long)p->region->base,
			   (unsigned long long)p->region->size);
}

/* === The DT node === */

static void check_spelling(struct patient *p)
{
	tree_check_spelling(p->tree, p->region->node, known);
}

static void check_status(struct patient *p)
{
	if (p->region->enabled)
		return;
	doctor_find(p->doctor, FAULT_REGION_DISABLED, "its status is not \"okay\"");
	doctor_write(p->doctor,
		     lines_in(p->tree, p->region->node, "status = \"okay\";"));
}

static bool is_dma_pool(const struct region *region)
{
	return region->no_map && !strcmp(region->compatible, "shared-dma-pool");
}

/* The reason why no heap can have a region with a compatible; NULL if it can. */
static const char *refusal(const struct patient *p)
{
	const struct region *region = p->region;

	if (!is_dma_pool(region))
		return region->others ? ", and another DT node names the region" : "";
	if (dt_has(&p->tree->dt, region->node, "linux,dma-default"))
		return ", which all devices use";
	if (region->assigned)
		return ", and another DT node names the region";
	if (strcmp(p->entry->attr, "writecombine") ||
	    dt_has(&p->tree->dt, region->node, "linux,no-cpu-access"))
		return ", which the kernel maps writecombine";
	return NULL;
}

static void check_compatible(struct patient *p)
{
	const char *reason = p->region->compatible ? refusal(p) : NULL;
	char *lines;

	if (!reason)
		return;
	if (p->region->others)
		lines = lines_other(p);
	else
		lines = lines_in(p->tree, p->region->node, "/delete-property/ compatible;");
	doctor_find(p->doctor, FAULT_COMPATIBLE, "'%s'%s",
		    text_safe(p->region->compatible, CARVEOUT_NAME_LEN), reason);
	doctor_write(p->doctor, lines);
}

static void check_reusable(struct patient *p)
{
	/* A region that another device keeps stays as it is. */
	if (!dt_has(&p->tree->dt, p->region->node, "reusable") || p->entry->ref)
		return;
	doctor_find(p->doctor, FAULT_REUSABLE, "reusable, %s a compatible",
		    p->region->compatible ? "with" : "without");
	doctor_write(p->doctor,
		     lines_in(p->tree, p->region->node, "/delete-property/ reusable;"));
}

static void check_shared(struct patient *p)
{
	struct heap *heap = p->heap;
	int first = p->region->heap, i;

	if (!heap->enabled)
		return;
	for (i = 0; i < p->i; i++)
		if (heap->entries[i].region == p->entry->region)
			break;
	if (i == p->i && &p->tree->heaps[first] == heap)
		return;
	doctor_find(p->doctor, FAULT_SHARED_REGION, "also in %s",
		    dt_path(&p->tree->dt, p->tree->heaps[first].node));
	doctor_write(p->doctor, lines_other(p));
}

/* === Its place === */

/* Lines that replace a size by an address. */
static char *lines_address(const struct patient *p)
{
	uint64_t size = size_of(p), base;

	if (!place_find(p->tree, size, &base))
		return NULL;
	return lines_in(p->tree, p->region->node,
			"/delete-property/ size;\n\t/delete-property/ alignment;\n"
			"\t/delete-property/ alloc-ranges;\n\t%s",
			lines_reg(p->tree, base, size));
}

static void check_address(struct patient *p)
{
	struct dt_prop size = dt_get(&p->tree->dt, p->region->node, "size");

	if (dt_has(&p->tree->dt, p->region->node, "reg"))
		return;
	if (size.length == 4 || size.length == 8)
		p->region->size = dt_number(&size, 0, size.length / 4);
	doctor_find(p->doctor, FAULT_NO_ADDRESS, "size 0x%llx, no reg",
		    (unsigned long long)p->region->size);
	doctor_write(p->doctor, lines_address(p));
}

/* The lines for /reserved-memory correct it as well. */
static void check_reg(struct patient *p)
{
	struct dt_prop reg = dt_get(&p->tree->dt, p->region->node, "reg");
	bool high = p->tree->addr_cells < 2 && p->region->base >> 32;
	char *lines = NULL;

	if (reg.length < 0 || (p->tree->cells_wrong && !high) ||
	    (!p->region->odd && !p->region->cut))
		return;
	if (!p->region->placed || high)
		lines = lines_place(p);
	else
		lines = lines_in(p->tree, p->region->node, "%s",
				 lines_reg(p->tree, p->region->base, p->region->size));
	doctor_find(p->doctor, p->region->odd && !high ? FAULT_REG : FAULT_ADDRESS_CUT,
		    "%d cells in reg, %d of address and %d of size in the root", reg.length / 4,
		    p->tree->addr_cells, p->tree->size_cells);
	doctor_write(p->doctor, lines);
}

static void check_ranges(struct patient *p)
{
	if (p->region->ranges > 1 && !p->region->cut)
		doctor_find(p->doctor, FAULT_SEVERAL_RANGES, "%d ranges",
			    p->region->ranges);
}

static void check_shape(struct patient *p)
{
	uint64_t mask = p->doctor->page - 1;
	uint64_t base = (p->region->base + mask) & ~mask;
	uint64_t last = p->region->base + p->region->size;
	char *lines;

	if (!((p->region->base | p->region->size) & mask))
		return;
	/* Inside the memory that the board set aside, if a page of it is left. */
	last &= ~mask;
	if (base >= p->region->base && base < last)
		lines = lines_in(p->tree, p->region->node, "%s",
				 lines_reg(p->tree, base, last - base));
	else
		lines = lines_place(p);
	doctor_find(p->doctor, FAULT_UNALIGNED, "%s, page size 0x%llx", span(p),
		    (unsigned long long)p->doctor->page);
	doctor_write(p->doctor, lines);
}

static void check_use(struct patient *p)
{
	bool kernel;
	const char *user = place_user(p->tree, p->region, &kernel);

	if (!user)
		return;
	doctor_find(p->doctor, kernel ? FAULT_OVER_KERNEL : FAULT_OVERLAP,
		    "%s, overlaps %s", span(p), user);
	doctor_write(p->doctor, lines_place(p));
}

static void check_ram(struct patient *p)
{
	if (place_in_ram(p->tree, p->region))
		return;
	if (p->region->no_map) {
		doctor_find(p->doctor, FAULT_NOMAP_OUTSIDE_RAM, "%s", span(p));
	} else {
		doctor_find(p->doctor, FAULT_OUTSIDE_RAM, "%s", span(p));
		doctor_write(p->doctor, lines_place(p));
	}
}

static void check_place(struct patient *p)
{
	uint64_t base = p->region->base, size = p->region->size;

	if (!p->region->placed)
		return;
	if (!size) {
		doctor_find(p->doctor, FAULT_SIZE_ZERO, "%s", span(p));
		doctor_write(p->doctor, lines_place(p));
	} else if (base + size - 1 < base) {
		doctor_find(p->doctor, FAULT_WRAPS, "%s", span(p));
		doctor_write(p->doctor, lines_place(p));
	} else {
		check_shape(p);
		check_use(p);
		check_ram(p);
	}
}

/* === Its memory type === */

/* A memory type that needs no-map, in the words of the driver. */
static bool is_mapped_apart(const char *attr)
{
	return !strcmp(attr, "writecombine") || !strcmp(attr, "uncached");
}

static const char *meant_attr(const struct patient *p)
{
	static const char * const attrs[] = { "cached", "writecombine", "uncached" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(attrs); i++)
		if (tree_similar(p->entry->attr, attrs[i]))
			return attrs[i];
	return p->region->no_map ? "writecombine" : "cached";
}

/* Give the region another memory type, for these lines and for those that follow. */
static char *lines_attr(const struct patient *p, const char *attr)
{
	p->entry->attr = attr;
	return lines_attrs(p->tree, p->heap);
}

static void check_attr(struct patient *p)
{
	const char *attr = p->entry->attr;

	if (!strcmp(attr, "device")) {
		doctor_find(p->doctor, FAULT_DEVICE_MEMORY,
			    "'%s' in linux,region-attributes", attr);
		doctor_write(p->doctor, lines_attr(p, "uncached"));
	} else if (!is_mapped_apart(attr) && strcmp(attr, "cached")) {
		doctor_find(p->doctor, FAULT_ATTRIBUTE, "'%s' in linux,region-attributes",
			    text_safe(attr, CARVEOUT_NAME_LEN));
		doctor_write(p->doctor, lines_attr(p, meant_attr(p)));
	}
}

static void check_no_map(struct patient *p)
{
	if (!is_mapped_apart(p->entry->attr) || p->region->no_map)
		return;
	doctor_find(p->doctor, FAULT_NEEDS_NOMAP, "%s, but no no-map", p->entry->attr);
	doctor_write(p->doctor, lines_in(p->tree, p->region->node, "no-map;"));
}

static void check_no_cpu(struct patient *p)
{
	if (!dt_has(&p->tree->dt, p->region->node, "linux,no-cpu-access"))
		return;
	if (!p->region->no_map) {
		doctor_find(p->doctor, FAULT_NO_CPU,
			    "linux,no-cpu-access, but no no-map");
		doctor_write(p->doctor, lines_in(p->tree, p->region->node, "no-map;"));
	} else if (!strcmp(p->entry->attr, "cached")) {
		doctor_find(p->doctor, FAULT_NO_CPU,
			    "linux,no-cpu-access, but cached in linux,region-attributes");
		doctor_write(p->doctor, lines_attr(p, "writecombine"));
	}
}

/* In this order a check can build on the memory type that another one has corrected. */
static void (* const checks[])(struct patient *patient) = {
	check_spelling,
	check_status,
	check_compatible,
	check_reusable,
	check_shared,
	check_address,
	check_reg,
	check_ranges,
	check_place,
	check_attr,
	check_no_map,
	check_no_cpu,
};

static void examine(struct patient *p)
{
	size_t i;

	doctor_part(p->doctor, "region %s", tree_region_name(p->tree, p->region));
	if (p->region->placed)
		doctor_facts(p->doctor, "0x%llx, %s, %s, %s%s",
			     (unsigned long long)p->region->base,
			     text_size(p->region->size, false),
			     p->region->no_map ? "no-map" : "mapped by the kernel",
			     text_safe(p->entry->attr, CARVEOUT_NAME_LEN),
			     p->tree->cells_wrong ? "; ignored, see /reserved-memory" : "");
	if (p->tree->cells_wrong)
		doctor_affected(p->doctor);
	for (i = 0; i < ARRAY_SIZE(checks); i++)
		checks[i](p);
}

static void examine_unknown(struct patient *p)
{
	doctor_part(p->doctor, "region %d of heap %s", p->i,
		    text_safe(p->tree->dt.nodes[p->heap->node].name, CARVEOUT_NAME_LEN));
	if (p->entry->node == DT_NONE)
		doctor_find(p->doctor, FAULT_PHANDLE, "phandle 0x%x", p->entry->phandle);
	else
		doctor_find(p->doctor, FAULT_NOT_RESERVED, "%s",
			    dt_path(&p->tree->dt, p->entry->node));
	doctor_write(p->doctor, lines_other(p));
}

void region_check(struct tree *tree, struct heap *heap, int i)
{
	struct patient patient = {
		.tree = tree, .doctor = tree->doctor,
		.heap = heap, .entry = &heap->entries[i], .i = i,
	};

	if (patient.entry->region >= 0)
		patient.region = &tree->regions[patient.entry->region];
	if (patient.region)
		examine(&patient);
	else
		examine_unknown(&patient);
}
