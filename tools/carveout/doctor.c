// SPDX-License-Identifier: GPL-2.0
/*
 * carveout doctor: the list of examined items and their faults.
 */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor.h"
#include "exit.h"

static void *checked(void *memory)
{
	if (!memory)
		die("out of memory");
	return memory;
}

/* Make room for one more element. */
static void *grown(void *array, size_t count, size_t size)
{
	return checked(reallocarray(array, count + 1, size));
}

static char *format(const char *fmt, va_list args)
{
	char *text;

	if (vasprintf(&text, fmt, args) < 0)
		die("out of memory");
	return text;
}

static struct item *last_item(struct doctor *doctor)
{
	return &doctor->items[doctor->count - 1];
}

static void add_item(struct doctor *doctor, bool part, char *title)
{
	struct item item = { .title = title, .part = part };

	doctor->items = grown(doctor->items, doctor->count, sizeof(item));
	doctor->items[doctor->count++] = item;
}

void doctor_item(struct doctor *doctor, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	add_item(doctor, false, format(fmt, args));
	va_end(args);
}

void doctor_part(struct doctor *doctor, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	add_item(doctor, true, format(fmt, args));
	va_end(args);
}

void doctor_facts(struct doctor *doctor, const char *fmt, ...)
{
	va_list args;

	free(last_item(doctor)->facts);
	va_start(args, fmt);
	last_item(doctor)->facts = format(fmt, args);
	va_end(args);
}

void doctor_find(struct doctor *doctor, enum fault_id id, const char *fmt, ...)
{
	struct finding finding = { .fault = &faults[id] };
	struct item *item = last_item(doctor);
	va_list args;

	va_start(args, fmt);
	finding.detail = format(fmt, args);
	va_end(args);
	item->findings = grown(item->findings, item->count, sizeof(finding));
	item->findings[item->count++] = finding;
}

void doctor_write(struct doctor *doctor, char *lines)
{
	struct item *item = last_item(doctor);

	item->findings[item->count - 1].lines = lines;
}

void doctor_affected(struct doctor *doctor)
{
	last_item(doctor)->affected = true;
}

void doctor_add_area(struct areas *areas, uint64_t base, uint64_t size, const char *name)
{
	struct area area = { .base = base, .last = base + size - 1, .name = name };

	if (area.last < base)
		area.last = UINT64_MAX;
	areas->area = grown(areas->area, areas->count, sizeof(area));
	areas->area[areas->count++] = area;
}

void doctor_add_heap(struct doctor *doctor, const char *name, const char *path)
{
	struct heap_name heap = {
		.name = checked(strdup(name)),
		.path = checked(strdup(path)),
	};

	doctor->heaps = grown(doctor->heaps, doctor->heap_count, sizeof(heap));
	doctor->heaps[doctor->heap_count++] = heap;
}

static void free_item(struct item *item)
{
	size_t i;

	for (i = 0; i < item->count; i++) {
		free(item->findings[i].detail);
		free(item->findings[i].lines);
	}
	free(item->findings);
	free(item->title);
	free(item->facts);
}

void doctor_free(struct doctor *doctor)
{
	size_t i;

	for (i = 0; i < doctor->count; i++)
		free_item(&doctor->items[i]);
	for (i = 0; i < doctor->heap_count; i++) {
		free(doctor->heaps[i].name);
		free(doctor->heaps[i].path);
	}
	free(doctor->items);
	free(doctor->heaps);
	free(doctor->ram.area);
	free(doctor->taken.area);
	memset(doctor, 0, sizeof(*doctor));
}

size_t doctor_wrong(const struct doctor *doctor)
{
	size_t wrong = 0, i, j;

	for (i = 0; i < doctor->count; i++)
		for (j = 0; j < doctor->items[i].count; j++)
			wrong += !doctor->items[i].findings[j].fault->doubt;
	return wrong;
}
