/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Messages, output tables and JSON of the carveout command.
 */
#ifndef REPORT_H
#define REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "compiler.h"

/**
 * complain() - Report an error
 * @where: heap or file that the error concerns, or NULL
 * @err: negative errno to explain, or 0
 * @fmt: the failed operation
 *
 * Prints one line on standard error: "carveout: WHERE: OPERATION: ERROR". Some
 * errors always have a hint, in a second line.
 */
void __printf(3, 4)
complain(const char *where, int err, const char *fmt, ...);

/**
 * tell() - Print a hint after an error
 * @fmt: the hint
 */
void __printf(1, 2) tell(const char *fmt, ...);

/**
 * flush_output() - Write all output
 *
 * Return: 0, or a negative errno, also later, if any of it was lost.
 */
int flush_output(void);

/**
 * struct table_column - A column of a table
 * @title: its title
 * @right: align to the right, for numbers
 */
struct table_column {
	const char *title;
	bool right;
};

/**
 * struct table - Rows of text with aligned columns
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
 * table_add() - Add the next cell
 * @table: the table
 * @text: the text, copied
 */
void table_add(struct table *table, const char *text);

/**
 * table_addf() - Format and add the next cell
 * @table: the table
 * @fmt: the text
 */
void __printf(2, 3)
table_addf(struct table *table, const char *fmt, ...);

/**
 * table_print() - Print a table and empty it
 * @table: the table
 * @indent: number of spaces before each row
 */
void table_print(struct table *table, int indent);

/**
 * table_write() - Write a table to a file and empty it
 * @table: the table
 * @to: the file
 * @indent: number of spaces before each row
 */
void table_write(struct table *table, FILE *to, int indent);

/**
 * json_begin() - Begin an object or an array
 * @key: its name, NULL in an array or at the top
 * @bracket: '{' or '['
 */
void json_begin(const char *key, char bracket);

/**
 * json_end() - End the innermost object or array
 */
void json_end(void);

/**
 * json_string() - Print a string as pure ASCII
 * @key: its name, NULL in an array
 * @text: the text; bytes that are not UTF-8 become replacement characters
 * @length: length of the field that contains it
 */
void json_string(const char *key, const char *text, size_t length);

/**
 * json_number() - Print a number
 * @key: its name
 * @value: the number
 */
void json_number(const char *key, uint64_t value);

/**
 * json_signed() - Print a number that may be negative
 * @key: its name
 * @value: the number
 */
void json_signed(const char *key, int64_t value);

/**
 * json_bool() - Print a boolean
 * @key: its name
 * @value: the value
 */
void json_bool(const char *key, bool value);

/**
 * json_null() - Print null
 * @key: its name
 */
void json_null(const char *key);

#endif /* REPORT_H */
