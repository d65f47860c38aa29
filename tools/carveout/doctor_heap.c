// SPDX-License-Identifier: GPL-2.0
/*
 * carveout doctor: checks of the DT node of a heap, in the order of driver/platform.c.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libcarveout.h>

#include "exit.h"
#include "text.h"
#include "tree.h"

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))
#define USER_BITS		0xffff

/* The properties of the binding. */
static const char * const known[] = {
	"compatible", "memory-region", "memory-region-names", "linux,heap-name",
	"linux,region-attributes", "linux,region-user-attributes",
	"linux,reserved-tags", "linux,reserved-tag-uids", "dma-coherent", NULL
};

static bool valid_name(const char *name)
{
	return name && name[0] != '.' && !carveout_tag_check(name);
}

/* The name that the driver reads; "" if the property is no string. */
static const char *name_of(const struct tree *tree, const struct heap *heap)
{
	struct dt_prop prop = dt_get(&tree->dt, heap->node, "linux,heap-name");

	if (prop.length < 0)
		return tree->dt.nodes[heap->node].name;
	return dt_string(&prop, 0) ?: "";
}

static void check_compatible(struct tree *tree, struct heap *heap)
{
	struct dt_prop prop = dt_get(&tree->dt, heap->node, "compatible");
	const char *name;
	int i;

	for (i = 0; i < 8 && (name = dt_string(&prop, i)); i++)
		if (!strcmp(name, "linux,carveout-heap"))
			return;
	doctor_find(tree->doctor, FAULT_HEAP_COMPATIBLE, "compatible '%s'",
		    text_safe(dt_string(&prop, 0), CARVEOUT_NAME_LEN));
	doctor_write(tree->doctor,
		     lines_in(tree, heap->node, "compatible = \"linux,carveout-heap\";"));
}

static void check_status(struct tree *tree, struct heap *heap)
{
	struct dt_prop status = dt_get(&tree->dt, heap->node, "status");

	if (heap->enabled)
		return;
	doctor_find(tree->doctor, FAULT_HEAP_DISABLED, "status '%s'",
		    text_safe(dt_string(&status, 0) ?: "", CARVEOUT_NAME_LEN));
	doctor_write(tree->doctor, lines_in(tree, heap->node, "status = \"okay\";"));
}

/* Those of the kernel's of_default_bus_match_table. */
static bool is_bus(const struct tree *tree, int node)
{
	static const char * const buses[] = {
		"simple-bus", "simple-mfd", "isa", "arm,amba-bus",
	};
	struct dt_prop prop = dt_get(&tree->dt, node, "compatible");
	const char *name;
	size_t bus;
	int i;

	for (i = 0; i < 8 && (name = dt_string(&prop, i)); i++)
		for (bus = 0; bus < ARRAY_SIZE(buses); bus++)
			if (!strcmp(name, buses[bus]))
				return true;
	return false;
}

static void check_place(struct tree *tree, struct heap *heap)
{
	int parent = tree->dt.nodes[heap->node].parent, bus;

	for (bus = parent; bus > DT_ROOT && is_bus(tree, bus) && dt_enabled(&tree->dt, bus);)
		bus = tree->dt.nodes[bus].parent;
	if (bus == DT_ROOT)
		return;
	doctor_find(tree->doctor, FAULT_HEAP_MISPLACED, "child of %s",
		    bus == DT_NONE ? "nothing" : dt_path(&tree->dt, parent));
	doctor_write(tree->doctor, heap->node == DT_ROOT ? NULL : lines_heap(tree, heap));
}

/* A name like this one that is valid. */
static const char *corrected(const char *name)
{
	char field[CARVEOUT_NAME_LEN] = "";
	int i;

	name += strspn(name, ".");
	for (i = 0; name[i] && i < CARVEOUT_NAME_LEN - 1; i++) {
		field[i] = name[i];
		field[i + 1] = '\0';
		if (carveout_tag_check(field))
			field[i] = '-';
	}
	return text_format("%s", i ? field : "heap");
}

static void check_name(struct tree *tree, struct heap *heap)
{
	const char *name = name_of(tree, heap);

	if (valid_name(name)) {
		heap->name = name;
		return;
	}
	doctor_find(tree->doctor, FAULT_HEAP_NAME, "'%s'", text_safe(name, CARVEOUT_NAME_LEN));
	doctor_write(tree->doctor,
		     lines_in(tree, heap->node, "linux,heap-name = \"%s\";", corrected(name)));
}

static void check_unique(struct tree *tree, struct heap *heap)
{
	struct heap *other;

	for (other = tree->heaps; heap->name && other < heap; other++) {
		if (!other->enabled || !heap->enabled || !other->name ||
		    strcmp(other->name, heap->name))
			continue;
		doctor_find(tree->doctor, FAULT_HEAP_NAME_TWICE, "'%s', also the name of %s",
			    heap->name, dt_path(&tree->dt, other->node));
		doctor_write(tree->doctor,
			     lines_in(tree, heap->node, "linux,heap-name = \"%.60s-%d\";",
				      heap->name, (int)(heap - tree->heaps) + 1));
		return;
	}
}

static void check_spelling(struct tree *tree, struct heap *heap)
{
	tree_check_spelling(tree, heap->node, known);
}

static void check_memory(struct tree *tree, struct heap *heap)
{
	char *lines;

	if (heap->count)
		return;
	/* The lines are those of a heap with one region. */
	heap->count = 1;
	heap->entries[0].node = DT_NONE;
	heap->entries[0].region = -1;
	heap->entries[0].attr = "cached";
	lines = lines_region(tree, heap, 0, LINES_REGION_SIZE);
	free(heap->entries[0].ref);
	heap->count = 0;
	doctor_find(tree->doctor, FAULT_NO_MEMORY_REGION, "%s",
		    heap->memory.length < 0 ? "no memory-region" : "memory-region is empty");
	doctor_write(tree->doctor, lines);
}

static void check_number(struct tree *tree, struct heap *heap)
{
	if (heap->memory.length / 4 > ENTRIES_LIMIT)
		doctor_find(tree->doctor, FAULT_TOO_MANY, "%d entries in memory-region",
			    heap->memory.length / 4);
}

/* A list for which there is no other source: the names of the regions. */
static char *lines_names(const struct tree *tree, const struct heap *heap)
{
	char *names = strdup(""), *more, *lines;
	int i;

	for (i = 0; names && i < heap->count; i++) {
		int node = heap->entries[i].node;
		const char *name = node == DT_NONE ? "?" : tree->dt.nodes[node].name;

		if (asprintf(&more, "%s%s\"%s\"", names, i ? ", " : "",
			     text_safe(name, SIZE_MAX)) < 0)
			more = NULL;
		free(names);
		names = more;
	}
	if (!names)
		die("out of memory");
	lines = lines_in(tree, heap->node, "memory-region-names = %s;", names);
	free(names);
	return lines;
}

static void report_count(struct tree *tree, struct heap *heap, const char *list, int count,
			 char *lines)
{
	if (count < 0) {
		doctor_find(tree->doctor, FAULT_COUNT, "%s is malformed", list);
	} else {
		doctor_find(tree->doctor, FAULT_COUNT, "entries of %s: %d, regions: %d", list,
			    count, heap->count);
	}
	doctor_write(tree->doctor, lines);
}

static void check_lists(struct tree *tree, struct heap *heap)
{
	struct dt_prop attrs = dt_get(&tree->dt, heap->node, "linux,region-attributes");
	struct dt_prop names = dt_get(&tree->dt, heap->node, "memory-region-names");

	if (!heap->count || heap->memory.length / 4 > ENTRIES_LIMIT)
		return;
	if (attrs.length >= 0 && dt_count_strings(&attrs) != heap->count)
		report_count(tree, heap, attrs.name, dt_count_strings(&attrs),
			     lines_attrs(tree, heap));
	if (names.length >= 0 && dt_count_strings(&names) != heap->count)
		report_count(tree, heap, names.name, dt_count_strings(&names),
			     lines_names(tree, heap));
}

/* The list of user attributes, one for each region, of 16 bits. */
static char *lines_user(const struct tree *tree, const struct heap *heap,
			const struct dt_prop *user)
{
	char list[ENTRIES_LIMIT * 8] = "";
	int used = 0, i;

	for (i = 0; i < heap->count; i++)
		used += sprintf(list + used, "%s0x%x", i ? " " : "",
				dt_cell(user, i) & USER_BITS);
	return lines_in(tree, heap->node, "%s = <%s>;", user->name, list);
}

static void check_user(struct tree *tree, struct heap *heap)
{
	struct dt_prop user = dt_get(&tree->dt, heap->node, "linux,region-user-attributes");
	int i;

	if (user.length < 0 || !heap->count || heap->memory.length / 4 > ENTRIES_LIMIT)
		return;
	if (user.length != 4 * heap->count)
		report_count(tree, heap, user.name, user.length % 4 ? -1 : user.length / 4,
			     lines_user(tree, heap, &user));
	for (i = 0; i < heap->count; i++) {
		if (!(dt_cell(&user, i) & ~USER_BITS))
			continue;
		doctor_find(tree->doctor, FAULT_USER_ATTRIBUTES, "0x%x for region %d",
			    dt_cell(&user, i), i);
		doctor_write(tree->doctor, lines_user(tree, heap, &user));
		return;
	}
}

static bool tags_valid(const struct dt_prop *tags, const struct dt_prop *uids)
{
	int count = tags->length < 0 ? 0 : dt_count_strings(tags), i;

	/* More prefixes than these are not examined one by one. */
	if (count < 0 || (uids->length < 0 ? 0 : uids->length) != 4 * count || count > 256)
		return false;
	for (i = 0; i < count; i++)
		if (carveout_tag_check(dt_string(tags, i)) || dt_cell(uids, i) == ~0U)
			return false;
	return true;
}

/* The lists without their invalid entries; a prefix without a user is that of root. */
static char *lines_tags(const struct tree *tree, const struct heap *heap,
			const struct dt_prop *tags, const struct dt_prop *uids)
{
	char *prefixes = strdup(""), *numbers = strdup(""), *next, *lines;
	const char *tag;
	int i;

	for (i = 0; prefixes && numbers && i < ENTRIES_LIMIT && (tag = dt_string(tags, i)); i++) {
		if (asprintf(&next, "%s%s\"%s\"", prefixes, i ? ", " : "", corrected(tag)) < 0)
			next = NULL;
		free(prefixes);
		prefixes = next;
		if (asprintf(&next, "%s%s%u", numbers, i ? " " : "",
			     dt_cell(uids, i) == ~0U ? 0 : dt_cell(uids, i)) < 0)
			next = NULL;
		free(numbers);
		numbers = next;
	}
	if (!prefixes || !numbers)
		die("out of memory");
	if (*prefixes)
		lines = lines_in(tree, heap->node, "%s = %s;\n\t%s = <%s>;", tags->name, prefixes,
				 uids->name, numbers);
	else
		lines = lines_in(tree, heap->node, "/delete-property/ %s;\n\t/delete-property/ %s;",
				 tags->name, uids->name);
	free(prefixes);
	free(numbers);
	return lines;
}

static void check_tags(struct tree *tree, struct heap *heap)
{
	struct dt_prop tags = dt_get(&tree->dt, heap->node, "linux,reserved-tags");
	struct dt_prop uids = dt_get(&tree->dt, heap->node, "linux,reserved-tag-uids");
	int count = dt_count_strings(&tags);

	if (tags_valid(&tags, &uids))
		return;
	doctor_find(tree->doctor, FAULT_RESERVED_TAGS, "prefixes: %d, user ids: %d",
		    count < 0 ? 0 : count, uids.length < 0 ? 0 : uids.length / 4);
	doctor_write(tree->doctor, lines_tags(tree, heap, &tags, &uids));
}

static void (* const checks[])(struct tree *tree, struct heap *heap) = {
	check_compatible,
	check_status,
	check_place,
	check_name,
	check_unique,
	check_spelling,
	check_memory,
	check_number,
	check_lists,
	check_user,
	check_tags,
};

void heap_check(struct tree *tree, struct heap *heap)
{
	size_t i;

	doctor_item(tree->doctor, "heap %s", text_safe(name_of(tree, heap), CARVEOUT_NAME_LEN));
	doctor_facts(tree->doctor, "DT node %s, %d region%s", dt_path(&tree->dt, heap->node),
		     heap->count, heap->count == 1 ? "" : "s");
	for (i = 0; i < ARRAY_SIZE(checks); i++)
		checks[i](tree, heap);
}
