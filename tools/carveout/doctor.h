/* SPDX-License-Identifier: GPL-2.0 */
/*
 * carveout doctor: items that are examined, and their faults.
 *
 * A check is a small function with one subject. It looks at a heap, a region or the board
 * and reports a fault of the table in doctor_faults.c, with the values that it found and,
 * for the device tree, the lines to write.
 */
#ifndef DOCTOR_H
#define DOCTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compiler.h"

/**
 * struct fault - A kind of fault
 * @id: its name, for scripts
 * @doubt: the heap works nevertheless, or the fault may be none
 * @text: the fault
 * @why: the reason why it is one
 * @remedy: the correction
 * @label: the use of a finding's lines; NULL if they are for the device tree
 */
struct fault {
	const char *id;
	bool doubt;
	const char *text;
	const char *why;
	const char *remedy;
	const char *label;
};

/* The kinds of faults; doctor_faults.c has their texts. */
enum fault_id {
	/* The device tree. */
	FAULT_NO_HEAP,
	FAULT_HEAP_COMPATIBLE,
	FAULT_HEAP_DISABLED,
	FAULT_HEAP_MISPLACED,
	FAULT_HEAP_NAME,
	FAULT_HEAP_NAME_TWICE,
	FAULT_MISSPELT,
	FAULT_NO_MEMORY_REGION,
	FAULT_PHANDLE,
	FAULT_TOO_MANY,
	FAULT_COUNT,
	FAULT_USER_ATTRIBUTES,
	FAULT_RESERVED_TAGS,
	FAULT_CELLS,
	FAULT_NOT_RESERVED,
	FAULT_REGION_DISABLED,
	FAULT_COMPATIBLE,
	FAULT_REUSABLE,
	FAULT_NO_ADDRESS,
	FAULT_REG,
	FAULT_ADDRESS_CUT,
	FAULT_SEVERAL_RANGES,
	FAULT_SIZE_ZERO,
	FAULT_UNALIGNED,
	FAULT_WRAPS,
	FAULT_OUTSIDE_RAM,
	FAULT_NOMAP_OUTSIDE_RAM,
	FAULT_OVERLAP,
	FAULT_OVER_KERNEL,
	FAULT_SHARED_REGION,
	FAULT_ATTRIBUTE,
	FAULT_DEVICE_MEMORY,
	FAULT_NEEDS_NOMAP,
	FAULT_NO_CPU,
	/* The running board. */
	FAULT_TREE_UNREADABLE,
	FAULT_NO_LIBFDT,
	FAULT_MODULE_ABSENT,
	FAULT_MODULE_OTHER_KERNEL,
	FAULT_MODULE_UNSIGNED,
	FAULT_MODULE_NOT_LOADED,
	FAULT_HEAP_NOT_CREATED,
	FAULT_NO_NODE,
	FAULT_NO_PERMISSION,
	FAULT_HEAP_STATE,
	FAULT_LEFTOVER_TAG,
	FAULT_PINNED,
	NR_FAULTS
};

extern const struct fault faults[NR_FAULTS];

/**
 * struct finding - A fault that was found
 * @fault: its kind
 * @detail: the values that show it
 * @lines: lines for the device tree or a file that correct it; NULL if there are none
 */
struct finding {
	const struct fault *fault;
	char *detail;
	char *lines;
};

/**
 * struct item - A thing that was examined
 * @title: its kind and name, safe to print
 * @facts: its properties, safe to print
 * @part: it is a part of the last item that is none
 * @affected: a fault of another item makes it useless
 * @findings: its faults
 * @count: number of its faults
 */
struct item {
	char *title;
	char *facts;
	bool part;
	bool affected;
	struct finding *findings;
	size_t count;
};

/**
 * struct area - A range of physical memory
 * @base: first byte
 * @last: last byte
 * @name: the user of the memory, for messages; a constant string
 */
struct area {
	uint64_t base;
	uint64_t last;
	const char *name;
};

/**
 * struct areas - Ranges of physical memory
 * @area: the ranges
 * @count: number of ranges
 */
struct areas {
	struct area *area;
	size_t count;
};

/**
 * struct heap_name - A heap that a device tree defines
 * @name: its name
 * @path: path of its DT node
 */
struct heap_name {
	char *name;
	char *path;
};

/**
 * struct doctor - An examination
 * @page: page size of the kernel
 * @ram: memory of the machine, empty if unknown
 * @taken: ranges that the kernel or the firmware uses
 * @items: the things that were examined
 * @count: number of items
 * @heaps: the enabled heaps of the device tree
 * @heap_count: number of heaps
 * @has_heaps: heaps exist; those of the device tree need not be all
 */
struct doctor {
	uint64_t page;
	struct areas ram;
	struct areas taken;
	struct item *items;
	size_t count;
	struct heap_name *heaps;
	size_t heap_count;
	bool has_heaps;
};

/**
 * doctor_item() - Begin the examination of a thing
 * @doctor: the examination
 * @fmt: kind and name of the thing
 *
 * The faults that follow are its faults.
 */
void __printf(2, 3)
doctor_item(struct doctor *doctor, const char *fmt, ...);

/**
 * doctor_part() - Begin the examination of a part of a thing
 * @doctor: the examination
 * @fmt: kind and name of the part
 *
 * The faults that follow are its faults.
 */
void __printf(2, 3)
doctor_part(struct doctor *doctor, const char *fmt, ...);

/**
 * doctor_facts() - State the properties of the present item
 * @doctor: the examination
 * @fmt: the properties
 */
void __printf(2, 3)
doctor_facts(struct doctor *doctor, const char *fmt, ...);

/**
 * doctor_find() - Report a fault of the present item
 * @doctor: the examination
 * @id: kind of the fault
 * @fmt: the values that show it
 */
void __printf(3, 4)
doctor_find(struct doctor *doctor, enum fault_id id, const char *fmt, ...);

/**
 * doctor_write() - State the lines that correct the last fault
 * @doctor: the examination
 * @lines: the lines, from malloc(), or NULL
 */
void doctor_write(struct doctor *doctor, char *lines);

/**
 * doctor_affected() - A fault of another item makes the present one useless
 * @doctor: the examination
 */
void doctor_affected(struct doctor *doctor);

/**
 * doctor_add_area() - Add a range to a list
 * @areas: the list
 * @base: first byte
 * @size: bytes, not zero; cut at the end of the address space
 * @name: user of the memory, a constant string
 */
void doctor_add_area(struct areas *areas, uint64_t base, uint64_t size, const char *name);

/**
 * doctor_add_heap() - Note a heap of the device tree
 * @doctor: the examination
 * @name: its name
 * @path: path of its DT node
 */
void doctor_add_heap(struct doctor *doctor, const char *name, const char *path);

/**
 * doctor_free() - Free an examination
 * @doctor: the examination
 */
void doctor_free(struct doctor *doctor);

/**
 * doctor_wrong() - Number of faults that keep a heap from working
 * @doctor: the examination
 *
 * Return: the number.
 */
size_t doctor_wrong(const struct doctor *doctor);

/**
 * doctor_print() - Print an examination as text
 * @doctor: the examination
 */
void doctor_print(const struct doctor *doctor);

/**
 * doctor_print_lines() - Print the lines for the device tree and nothing else
 * @doctor: the examination
 */
void doctor_print_lines(const struct doctor *doctor);

/**
 * doctor_print_json() - Print an examination as JSON
 * @doctor: the examination
 */
void doctor_print_json(const struct doctor *doctor);

/**
 * doctor_reads_trees() - Was the command built with libfdt?
 *
 * Return: without it doctor_tree() fails.
 */
bool doctor_reads_trees(void);

/**
 * doctor_tree() - Examine a device tree
 * @doctor: the examination
 * @path: the file
 *
 * Reports an error in one line.
 *
 * Return: 0 or a negative errno.
 */
int doctor_tree(struct doctor *doctor, const char *path);

/**
 * struct board - The files of a board
 * @root: directory with its root file system; "" for the running board
 * @module: file of the module, NULL to look for it
 */
struct board {
	const char *root;
	const char *module;
};

/**
 * doctor_memory() - Read the memory map of the board
 * @doctor: the examination
 * @board: the board
 *
 * Fills in the memory that the kernel uses and, unless it is known, all memory.
 */
void doctor_memory(struct doctor *doctor, const struct board *board);

/**
 * doctor_module() - Examine the module of the board
 * @doctor: the examination
 * @board: the board
 */
void doctor_module(struct doctor *doctor, const struct board *board);

/**
 * doctor_devices() - Examine the devices of the heaps of the device tree
 * @doctor: the examination
 * @board: the board
 */
void doctor_devices(struct doctor *doctor, const struct board *board);

/**
 * doctor_heaps() - Examine the heaps of the running board
 * @doctor: the examination
 */
void doctor_heaps(struct doctor *doctor);

/**
 * board_line() - Read the first line of a file of the board
 * @board: the board
 * @path: path of the file
 * @line: the buffer to fill
 * @size: its size
 *
 * Return: false if it cannot be read.
 */
bool board_line(const struct board *board, const char *path, char *line, size_t size);

#endif /* DOCTOR_H */
