// SPDX-License-Identifier: GPL-2.0
/*
 * Places of regions: RAM, memory in use, free memory.
 */
#include <string.h>

#include "text.h"
#include "tree.h"

#define SIZE_2M		0x200000ULL
#define SIZE_4G		0x100000000ULL

static bool overlaps(uint64_t base, uint64_t last, const struct area *area)
{
	return base <= area->last && area->base <= last;
}

/* The memory of a region; false if it has none. */
static bool area_of(const struct region *region, struct area *area)
{
	area->base = region->base;
	area->last = region->base + region->size - 1;
	return region->enabled && region->placed && region->size &&
	       area->last >= area->base;
}

static bool is_kernel(const struct area *area)
{
	return !strcmp(area->name, "initrd") || !strcmp(area->name, "kernel");
}

/* Is @other reported for @region? Of two regions of heaps only the second one is at fault. */
static bool is_rival(const struct region *other, const struct region *region)
{
	return other != region && (other->heap < 0 || other < region);
}

const char *place_user(const struct tree *tree, const struct region *region, bool *kernel)
{
	const struct doctor *doctor = tree->doctor;
	struct area own, area;
	size_t i;

	*kernel = false;
	if (!area_of(region, &own))
		return NULL;
	for (i = 0; i < doctor->taken.count; i++) {
		if (!overlaps(own.base, own.last, &doctor->taken.area[i]))
			continue;
		*kernel = is_kernel(&doctor->taken.area[i]);
		return doctor->taken.area[i].name;
	}
	for (i = 0; i < (size_t)tree->region_count; i++)
		if (is_rival(&tree->regions[i], region) &&
		    area_of(&tree->regions[i], &area) && overlaps(own.base, own.last, &area))
			return tree_region_name(tree, &tree->regions[i]);
	return NULL;
}

bool place_in_ram(const struct tree *tree, const struct region *region)
{
	const struct areas *ram = &tree->doctor->ram;
	uint64_t base = region->base;
	uint64_t last = base + region->size - 1;
	size_t i;

	/* Each round passes the end of one area, or ends. */
	for (i = 0; i < ram->count; i++) {
		if (!(ram->area[i].base <= base && base <= ram->area[i].last))
			continue;
		if (last <= ram->area[i].last)
			return true;
		base = ram->area[i].last + 1;
		i = -1;
	}
	return !ram->count;
}

/* The lowest byte of memory in use in a range; false if it is free. */
static bool in_use(const struct tree *tree, uint64_t base, uint64_t last, uint64_t *low)
{
	const struct areas *taken = &tree->doctor->taken;
	struct area area;
	size_t i;

	for (i = 0; i < taken->count; i++) {
		if (!overlaps(base, last, &taken->area[i]))
			continue;
		*low = taken->area[i].base;
		return true;
	}
	for (i = 0; i < (size_t)tree->region_count; i++) {
		if (!area_of(&tree->regions[i], &area) || !overlaps(base, last, &area))
			continue;
		*low = area.base;
		return true;
	}
	return false;
}

/* The highest free place in @area that ends at or below @last. */
static bool find_below(const struct tree *tree, const struct area *area, uint64_t last,
		       uint64_t size, uint64_t *base)
{
	uint64_t align = size >= SIZE_2M ? SIZE_2M : tree->doctor->page;
	uint64_t low;

	if (last > area->last)
		last = area->last;
	while (last >= area->base && last - area->base >= size - 1) {
		*base = (last - (size - 1)) & ~(align - 1);
		if (*base < area->base)
			return false;
		if (!in_use(tree, *base, *base + size - 1, &low))
			return true;
		if (!low)
			return false;
		last = low - 1;
	}
	return false;
}

static bool find_in_ram(const struct tree *tree, uint64_t last, uint64_t size, uint64_t *base)
{
	const struct areas *ram = &tree->doctor->ram;
	uint64_t place;
	bool found = false;
	size_t i;

	for (i = 0; i < ram->count; i++) {
		if (!find_below(tree, &ram->area[i], last, size, &place) ||
		    (found && place < *base))
			continue;
		*base = place;
		found = true;
	}
	return found;
}

bool place_find(struct tree *tree, uint64_t size, uint64_t *base)
{
	if (tree->places++ >= PLACES_LIMIT)
		return false;
	/* Not all devices reach more. */
	if (!find_in_ram(tree, SIZE_4G - 1, size, base) &&
	    (tree->addr_cells < 2 || !find_in_ram(tree, UINT64_MAX, size, base)))
		return false;
	doctor_add_area(&tree->doctor->taken, *base, size, "a new place");
	return true;
}
