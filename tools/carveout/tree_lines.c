// SPDX-License-Identifier: GPL-2.0
/*
 * Lines for a device tree source. They are to be added at its end: &{/path} names a DT
 * node that exists already, and a property there replaces the one of the same name.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exit.h"
#include "text.h"
#include "tree.h"

/* Longer values are left out of a line. */
#define VALUE_LIMIT	4096

/* Text that grows, up to lines_end(). */
struct lines {
	FILE *file;
	char *text;
	size_t size;
};

static FILE *lines_begin(struct lines *lines)
{
	lines->file = open_memstream(&lines->text, &lines->size);
	if (!lines->file)
		die("out of memory");
	return lines->file;
}

static char *lines_end(struct lines *lines)
{
	if (fclose(lines->file))
		die("out of memory");
	return lines->text;
}

static void begin_node(const struct tree *tree, FILE *to, int node)
{
	if (node == DT_ROOT)
		fputs("/ {\n", to);
	else
		fprintf(to, "&{%s} {\n", dt_path(&tree->dt, node));
}

char *lines_in(const struct tree *tree, int node, const char *fmt, ...)
{
	struct lines lines;
	va_list args;
	FILE *to;

	to = lines_begin(&lines);
	begin_node(tree, to, node);
	fputc('\t', to);
	va_start(args, fmt);
	vfprintf(to, fmt, args);
	va_end(args);
	fputs("\n};\n", to);
	return lines_end(&lines);
}

/* === reg === */

static const char *cells_of(uint64_t value, int cells)
{
	if (cells == 1)
		return text_format("0x%x", (uint32_t)value);
	return text_format("0x%x 0x%x", (uint32_t)(value >> 32), (uint32_t)value);
}

const char *lines_reg(const struct tree *tree, uint64_t base, uint64_t size)
{
	return text_format("reg = <%s %s>;", cells_of(base, tree->addr_cells),
			   cells_of(size, tree->size_cells));
}

char *lines_cells(const struct tree *tree)
{
	const struct region *region;
	struct lines lines;
	FILE *to;
	int i;

	to = lines_begin(&lines);
	begin_node(tree, to, tree->reserved);
	fprintf(to, "\t#address-cells = <%d>;\n\t#size-cells = <%d>;\n\tranges;\n};\n",
		tree->addr_cells, tree->size_cells);
	for (i = 0; i < tree->region_count; i++) {
		region = &tree->regions[i];
		if (!region->placed || region->ranges > 1 || (!region->odd && !region->cut))
			continue;
		begin_node(tree, to, region->node);
		fprintf(to, "\t%s\n};\n", lines_reg(tree, region->base, region->size));
	}
	return lines_end(&lines);
}

/* === Properties === */

/*
 * Print the entries of memory-region with an indent. Only those that do not resolve stay
 * numbers.
 */
static void print_memory(const struct tree *tree, FILE *to, const struct heap *heap,
			 const char *indent)
{
	const struct entry *entry;
	int i;

	fprintf(to, "%smemory-region =", indent);
	for (i = 0; i < heap->count; i++) {
		entry = &heap->entries[i];
		if (heap->count > 1)
			fprintf(to, "%s\n%s\t<", i ? "," : "", indent);
		else
			fputs(" <", to);
		if (entry->ref)
			fprintf(to, "&{%s}", entry->ref);
		else if (entry->node != DT_NONE)
			fprintf(to, "&{%s}", dt_path(&tree->dt, entry->node));
		else
			fprintf(to, "0x%x", entry->phandle);
		fputc('>', to);
	}
	fputs(";\n", to);
}

/* Every byte is part of a text that a source may have between quotes. */
static bool is_text(const struct dt_prop *prop)
{
	int i;

	if (dt_count_strings(prop) < 1 || !prop->data[0])
		return false;
	for (i = 0; i < prop->length; i++)
		if (prop->data[i] && (!isprint(prop->data[i]) || strchr("\"\\", prop->data[i])))
			return false;
	return true;
}

static void print_strings(FILE *to, const struct dt_prop *prop)
{
	int count = dt_count_strings(prop), i;

	for (i = 0; i < count; i++)
		fprintf(to, "%s\"%s\"", i ? ", " : "", dt_string(prop, i));
}

static void print_value(FILE *to, const struct dt_prop *prop)
{
	int i;

	if (is_text(prop)) {
		print_strings(to, prop);
		return;
	}
	fputc(prop->length % 4 ? '[' : '<', to);
	for (i = 0; prop->length % 4 && i < prop->length; i++)
		fprintf(to, "%s%02x", i ? " " : "", prop->data[i]);
	for (i = 0; !(prop->length % 4) && i < prop->length / 4; i++)
		fprintf(to, "%s0x%x", i ? " " : "", dt_cell(prop, i));
	fputc(prop->length % 4 ? ']' : '>', to);
}

static void print_property(FILE *to, const struct dt_prop *prop, const char *name,
			   const char *indent)
{
	fprintf(to, "%s%s", indent, name);
	if (prop->length && prop->length <= VALUE_LIMIT) {
		fputs(" = ", to);
		print_value(to, prop);
	}
	fputs(";\n", to);
}

static const struct heap *heap_of(const struct tree *tree, int node)
{
	int i;

	for (i = 0; i < tree->heap_count; i++)
		if (tree->heaps[i].node == node)
			return &tree->heaps[i];
	return NULL;
}

char *lines_rename(const struct tree *tree, int node, const struct dt_prop *prop,
		   const char *name)
{
	const struct heap *heap = heap_of(tree, node);
	struct lines lines;
	FILE *to;

	to = lines_begin(&lines);
	begin_node(tree, to, node);
	fprintf(to, "\t/delete-property/ %s;\n", text_safe(prop->name, SIZE_MAX));
	if (heap && !strcmp(name, "memory-region"))
		print_memory(tree, to, heap, "\t");
	else
		print_property(to, prop, name, "\t");
	fputs("};\n", to);
	return lines_end(&lines);
}

/* Memory types from the tree are printed only if they are correct. */
static const char *attr_to_print(const struct tree *tree, const struct entry *entry)
{
	if (!strcmp(entry->attr, "cached") || !strcmp(entry->attr, "uncached") ||
	    !strcmp(entry->attr, "writecombine"))
		return entry->attr;
	return entry->region >= 0 && tree->regions[entry->region].no_map ? "writecombine" :
									     "cached";
}

char *lines_attrs(const struct tree *tree, const struct heap *heap)
{
	struct lines lines;
	FILE *to;
	int i;

	to = lines_begin(&lines);
	begin_node(tree, to, heap->node);
	fputs("\tlinux,region-attributes = ", to);
	for (i = 0; i < heap->count; i++)
		fprintf(to, "%s\"%s\"", i ? ", " : "",
			attr_to_print(tree, &heap->entries[i]));
	fputs(";\n};\n", to);
	return lines_end(&lines);
}

/* === Regions and heaps === */

/* Could the driver make a heap of this region, and does nothing use it? */
static bool is_spare(const struct tree *tree, const struct region *region)
{
	uint64_t mask = tree->doctor->page - 1;
	bool kernel;

	return region->heap < 0 && !region->others && region->enabled && region->placed &&
	       !region->odd && !region->cut && !region->compatible && region->size &&
	       !(region->base & mask) && !(region->size & mask) &&
	       place_in_ram(tree, region) && !place_user(tree, region, &kernel);
}

static struct region *find_spare(struct tree *tree, int heap)
{
	int i;

	for (i = 0; !tree->cells_wrong && i < tree->region_count; i++) {
		if (!is_spare(tree, &tree->regions[i]))
			continue;
		tree->regions[i].heap = heap;
		return &tree->regions[i];
	}
	return NULL;
}

/* Print the DT node of a new region. Returns its path. */
static const char *print_region(const struct tree *tree, FILE *to, uint64_t base, uint64_t size,
				bool no_map)
{
	const char *name = text_format("carveout@%llx", (unsigned long long)base);

	if (tree->reserved == DT_NONE)
		fprintf(to, "/ {\n\treserved-memory {\n\t\t#address-cells = <%d>;\n"
			"\t\t#size-cells = <%d>;\n\t\tranges;\n\t};\n};\n",
			tree->addr_cells, tree->size_cells);
	fprintf(to, "&{/reserved-memory} {\n\t%s {\n\t\t%s\n%s\t};\n};\n", name,
		lines_reg(tree, base, size), no_map ? "\t\tno-map;\n" : "");
	return text_format("/reserved-memory/%s", name);
}

/* The path of a region without a user, whose DT node is printed if it is new; or NULL. */
static char *get_region(struct tree *tree, FILE *to, int heap, uint64_t size, bool no_map)
{
	struct region *spare = find_spare(tree, heap);
	const char *place;
	uint64_t base;
	char *path;

	if (spare)
		place = dt_path(&tree->dt, spare->node);
	else if (place_find(tree, size, &base))
		place = print_region(tree, to, base, size, no_map);
	else
		return NULL;
	path = strdup(place);
	if (!path)
		die("out of memory");
	return path;
}

/* The lines, unless there was no region for them. */
static char *lines_unless(struct lines *lines, bool failed)
{
	char *text = lines_end(lines);

	if (!failed)
		return text;
	free(text);
	return NULL;
}

char *lines_region(struct tree *tree, struct heap *heap, int i, uint64_t size)
{
	struct entry *entry = &heap->entries[i];
	struct lines lines;
	char *path;
	FILE *to;

	to = lines_begin(&lines);
	path = get_region(tree, to, heap - tree->heaps, size,
			  strcmp(attr_to_print(tree, entry), "cached"));
	if (path) {
		free(entry->ref);
		entry->ref = path;
		begin_node(tree, to, heap->node);
		print_memory(tree, to, heap, "\t");
		fputs("};\n", to);
	}
	return lines_unless(&lines, !path);
}

struct copying {
	const struct tree *tree;
	const struct heap *heap;
	FILE *to;
};

static bool copy_property(const struct dt_prop *prop, void *context)
{
	struct copying *copying = context;

	if (!strcmp(prop->name, "phandle") || !strcmp(prop->name, "linux,phandle"))
		return true;
	if (!strcmp(prop->name, "memory-region"))
		print_memory(copying->tree, copying->to, copying->heap, "\t\t");
	else
		print_property(copying->to, prop, text_safe(prop->name, SIZE_MAX), "\t\t");
	return true;
}

/* Move a heap to the root. */
static char *lines_move(const struct tree *tree, const struct heap *from)
{
	struct copying copying = { .tree = tree, .heap = from };
	struct lines lines;
	FILE *to;

	to = lines_begin(&lines);
	copying.to = to;
	fprintf(to, "/delete-node/ &{%s};\n/ {\n\t%s {\n", dt_path(&tree->dt, from->node),
		text_safe(tree->dt.nodes[from->node].name, SIZE_MAX));
	dt_each(&tree->dt, from->node, copy_property, &copying);
	fputs("\t};\n};\n", to);
	return lines_end(&lines);
}

char *lines_heap(struct tree *tree, struct heap *from)
{
	struct lines lines;
	char *path;
	FILE *to;

	if (from)
		return lines_move(tree, from);
	to = lines_begin(&lines);
	path = get_region(tree, to, 0, LINES_REGION_SIZE, false);
	if (path)
		fprintf(to, "/ {\n\tcarveout-heap {\n"
			"\t\tcompatible = \"linux,carveout-heap\";\n"
			"\t\tmemory-region = <&{%s}>;\n\t};\n};\n", path);
	free(path);
	return lines_unless(&lines, !path);
}
