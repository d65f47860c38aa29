// SPDX-License-Identifier: GPL-2.0
/*
 * Messages, output tables and JSON of the carveout command.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exit.h"
#include "report.h"
#include "text.h"

static void print_safe(const char *fmt, va_list args)
{
	char *text;

	if (vasprintf(&text, fmt, args) < 0)
		text = NULL;
	fputs(text ? text_safe(text, SIZE_MAX) : fmt, stderr);
	free(text);
}

static const char *usual_hint(int err)
{
	switch (err) {
	case -ENODEV:
		return "the heap is shut down; existing mappings stay usable";
	case -EUCLEAN:
		return "the heap is corrupted and rejects requests; see the kernel log";
	case -ENOMEM:
		return "the kernel has no memory for its data; end programs, or try again later";
	case -EMFILE:
	case -ENFILE:
		return "too many files are open; see 'ulimit -n'";
	case -ENOTTY:
		return "not a carveout heap, or its driver is older than this command";
	default:
		return NULL;
	}
}

void complain(const char *where, int err, const char *fmt, ...)
{
	va_list args;

	/* Keep the order of standard output and standard error. */
	fflush(stdout);
	fputs("carveout: ", stderr);
	if (where)
		fprintf(stderr, "%s: ", text_safe(where, SIZE_MAX));
	va_start(args, fmt);
	print_safe(fmt, args);
	va_end(args);
	if (err)
		fprintf(stderr, ": %s", strerror(-err));
	fputc('\n', stderr);
	if (usual_hint(err))
		tell("%s", usual_hint(err));
}

void tell(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fputs("hint: ", stderr);
	print_safe(fmt, args);
	va_end(args);
	fputc('\n', stderr);
}

int flush_output(void)
{
	static int lost;

	errno = 0;
	if (!lost && (fflush(stdout) || ferror(stdout)))
		lost = errno ? -errno : -EIO;
	return lost;
}

void table_add(struct table *table, const char *text)
{
	char **grown;

	grown = realloc(table->cells, (table->used + 1) * sizeof(*grown));
	if (!grown)
		die("out of memory");
	table->cells = grown;
	grown[table->used] = strdup(text);
	if (!grown[table->used++])
		die("out of memory");
}

void table_addf(struct table *table, const char *fmt, ...)
{
	va_list args;
	char *text;

	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		die("out of memory");
	va_end(args);
	table_add(table, text);
	free(text);
}

static size_t column_width(const struct table *table, size_t column)
{
	size_t width = strlen(table->columns[column].title);
	size_t i, n;

	for (i = column; i < table->used; i += table->count) {
		n = text_columns(table->cells[i]);
		if (n > width)
			width = n;
	}
	return width;
}

/* The last column has no trailing space. */
static void print_cell(const struct table *table, FILE *to, size_t column,
		       const char *text, size_t width)
{
	int pad = width - text_columns(text);

	if (table->columns[column].right)
		fprintf(to, "%*s%s", pad, "", text);
	else if (column + 1 < table->count)
		fprintf(to, "%s%*s", text, pad, "");
	else
		fputs(text, to);
	fputs(column + 1 < table->count ? "  " : "\n", to);
}

void table_write(struct table *table, FILE *to, int indent)
{
	size_t *widths = calloc(table->count, sizeof(*widths));
	size_t i;

	if (!widths)
		die("out of memory");
	for (i = 0; i < table->count; i++)
		widths[i] = column_width(table, i);
	fprintf(to, "%*s", indent, "");
	for (i = 0; i < table->count; i++)
		print_cell(table, to, i, table->columns[i].title, widths[i]);
	for (i = 0; i < table->used; i++) {
		if (!(i % table->count))
			fprintf(to, "%*s", indent, "");
		print_cell(table, to, i % table->count, table->cells[i],
			   widths[i % table->count]);
		free(table->cells[i]);
	}
	free(table->cells);
	free(widths);
	table->cells = NULL;
	table->used = 0;
}

void table_print(struct table *table, int indent)
{
	table_write(table, stdout, indent);
}

/* Deep enough for the output of all commands. */
static char json_brackets[16];
static unsigned int json_depth;
static bool json_comma;

static void json_put_string(const char *text, size_t length)
{
	size_t i, n;
	uint32_t code;

	length = strnlen(text, length);
	putchar('"');
	for (i = 0; i < length; i += n ? n : 1) {
		n = text_decode(text + i, length - i, &code);
		if (!n)
			code = 0xfffd;
		if (code >= 0x10000)
			printf("\\u%04x\\u%04x", 0xd7c0 + (code >> 10),
			       0xdc00 | (code & 0x3ff));
		else if (code < 0x20 || code >= 0x7f)
			printf("\\u%04x", code);
		else if (code == '"' || code == '\\')
			printf("\\%c", (char)code);
		else
			putchar(code);
	}
	putchar('"');
}

static void json_item(const char *key)
{
	if (json_depth)
		printf("%s\n%*s", json_comma ? "," : "", 2 * json_depth, "");
	json_comma = true;
	if (!key)
		return;
	json_put_string(key, SIZE_MAX);
	fputs(": ", stdout);
}

void json_begin(const char *key, char bracket)
{
	json_item(key);
	putchar(bracket);
	json_brackets[json_depth++] = bracket == '{' ? '}' : ']';
	json_comma = false;
}

void json_end(void)
{
	json_depth--;
	if (json_comma)
		printf("\n%*s", 2 * json_depth, "");
	putchar(json_brackets[json_depth]);
	json_comma = true;
	if (!json_depth) {
		putchar('\n');
		json_comma = false;
	}
}

void json_string(const char *key, const char *text, size_t length)
{
	json_item(key);
	json_put_string(text, length);
}

void json_number(const char *key, uint64_t value)
{
	json_item(key);
	printf("%llu", (unsigned long long)value);
}

void json_signed(const char *key, int64_t value)
{
	json_item(key);
	printf("%lld", (long long)value);
}

void json_bool(const char *key, bool value)
{
	json_item(key);
	fputs(value ? "true" : "false", stdout);
}

void json_null(const char *key)
{
	json_item(key);
	fputs("null", stdout);
}
