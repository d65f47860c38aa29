/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Messages, output tables and JSON of the carveout command.
 */
#ifndef REPORT_H
#define REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compiler.h"

/* Exit codes. */
#define DONE		0
#define FAILED		1
#define MISUSED		2

/**
 * complain() - tell what went wrong
 * @where: heap or file that it is about, or NULL
 * @err: negative errno to explain, or 0
 * @fmt: what was tried
 *
 * One line on standard error: "carveout: WHERE: WHAT: ERROR". A second line
 * follows for errors that are always worth a hint.
 */
void __printf(3, 4)
complain(const char *where, int err, const char *fmt, ...);

/**
 * tell() - add what can be done about it
 * @fmt: the advice
 */
void __printf(1, 2) tell(const char *fmt, ...);

/**
 * die() - complain and exit
 * @fmt: what went wrong
 */
void __noreturn __printf(1, 2)
die(const char *fmt, ...);

/**
 * struct table_column - a column of a table
 * @title: its title
 * @right: true for numbers
 */
struct table_column {
	const char *title;
	bool right;
};

/**
 * struct table - rows of text with aligned columns
 * @columns: the columns
 * @count: number of columns
 * @cells: the cells, row by row
 * @used: number of cells
 */
struct table {
	const struct table_column *columns;
	size_t count;
	char **cells;
	size_t used;
};

/**
 * table_add() - add the next cell
 * @table: the table
 * @text: the text, copied
 */
void table_add(struct table *table, const char *text);

/**
 * table_addf() - add the next cell
 * @table: the table
 * @fmt: the text
 */
void __printf(2, 3)
table_addf(struct table *table, const char *fmt, ...);

/**
 * table_print() - print a table and empty it
 * @table: the table
 * @indent: number of spaces before each row
 */
void table_print(struct table *table, int indent);

/**
 * json_begin() - begin an object or an array
 * @key: its name, NULL in an array or at the top
 * @bracket: '{' or '['
 */
void json_begin(const char *key, char bracket);

/**
 * json_end() - end what was begun last
 */
void json_end(void);

/**
 * json_string() - a string, pure ASCII
 * @key: its name, NULL in an array
 * @text: the text; bytes that are no UTF-8 become replacement characters
 * @length: length of the field that it is in
 */
void json_string(const char *key, const char *text, size_t length);

/**
 * json_number() - a number
 * @key: its name
 * @value: the number
 */
void json_number(const char *key, uint64_t value);

/**
 * json_bool() - a truth value
 * @key: its name
 * @value: the value
 */
void json_bool(const char *key, bool value);

/**
 * json_null() - nothing
 * @key: its name
 */
void json_null(const char *key);

#endif /* REPORT_H */
