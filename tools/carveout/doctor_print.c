// SPDX-License-Identifier: GPL-2.0
/*
 * carveout doctor: an examination as text for 80 columns, as lines, and as JSON.
 */
#include <stdio.h>
#include <string.h>

#include "doctor.h"
#include "report.h"
#include "text.h"

#define WIDTH	80

/* The state of an item, with that of its parts. */
static const char *state_of(const struct doctor *doctor, size_t i)
{
	bool doubt = false, whole = !doctor->items[i].part;
	size_t j;

	do {
		const struct item *item = &doctor->items[i];

		if (item->affected)
			return "wrong";
		for (j = 0; j < item->count; j++)
			if (!item->findings[j].fault->doubt)
				return "wrong";
		doubt |= item->count;
	} while (whole && ++i < doctor->count && doctor->items[i].part);
	return doubt ? "doubt" : "right";
}

/* Print words in lines of WIDTH columns. A longer word has a line of its own. */
static void print_wrapped(const char *label, int indent, const char *text)
{
	int blanks = strspn(text, " ");
	int column = printf("%*s%-8s%*s", indent, "", label, blanks, "");
	int margin = column;

	text += blanks;
	while (*text) {
		int length = strcspn(text, " ");

		if (column > margin && column + 1 + length > WIDTH) {
			printf("\n%*s", margin, "");
			column = margin;
		}
		column += printf("%s%.*s", column > margin ? " " : "", length, text);
		text += length;
		text += strspn(text, " ");
	}
	putchar('\n');
}

/* A tab is as wide as in a source. */
static void print_indented(int indent, const char *lines)
{
	while (*lines) {
		int length = strcspn(lines, "\n");

		printf("%*s", indent, "");
		for (; length && *lines == '\t'; length--, lines++)
			fputs("        ", stdout);
		printf("%.*s\n", length, lines);
		lines += length;
		lines += *lines == '\n';
	}
}

static void print_finding(const struct finding *finding)
{
	const struct fault *fault = finding->fault;

	print_wrapped(fault->doubt ? "doubt" : "fault", 2,
		      text_format("%s (%s)", fault->text, fault->id));
	print_wrapped("found", 4, finding->detail);
	print_wrapped("why", 4, fault->why);
	print_wrapped("remedy", 4, fault->remedy);
	if (!finding->lines)
		return;
	printf("    %s\n", fault->label ? fault->label : "write");
	print_indented(8, finding->lines);
}

static void print_item(const struct doctor *doctor, size_t i)
{
	const struct item *item = &doctor->items[i];
	size_t j;

	print_wrapped(state_of(doctor, i), 0,
		      text_format("%s%s%s%s", item->part ? "  " : "", item->title,
				  item->facts ? ": " : "", item->facts ? item->facts : ""));
	for (j = 0; j < item->count; j++)
		print_finding(&item->findings[j]);
}

static size_t count_findings(const struct doctor *doctor)
{
	size_t count = 0, i;

	for (i = 0; i < doctor->count; i++)
		count += doctor->items[i].count;
	return count;
}

void doctor_print(const struct doctor *doctor)
{
	size_t wrong = doctor_wrong(doctor), doubts = count_findings(doctor) - wrong, i;

	for (i = 0; i < doctor->count; i++)
		print_item(doctor, i);
	printf("\n%zu examined: %zu fault%s, %zu doubt%s\n", doctor->count, wrong,
	       wrong == 1 ? "" : "s", doubts, doubts == 1 ? "" : "s");
}

/* A fault of several regions may have the same lines: they are printed once. */
static bool is_repeated(const struct doctor *doctor, size_t item, size_t finding)
{
	const char *lines = doctor->items[item].findings[finding].lines;
	size_t i, j;

	for (i = 0; i <= item; i++) {
		for (j = 0; j < doctor->items[i].count; j++) {
			const char *other = doctor->items[i].findings[j].lines;

			if (i == item && j == finding)
				return false;
			if (other && !strcmp(other, lines))
				return true;
		}
	}
	return false;
}

void doctor_print_lines(const struct doctor *doctor)
{
	const struct finding *finding;
	size_t i, j;

	for (i = 0; i < doctor->count; i++) {
		for (j = 0; j < doctor->items[i].count; j++) {
			finding = &doctor->items[i].findings[j];
			if (finding->lines && !finding->fault->label &&
			    !is_repeated(doctor, i, j))
				fputs(finding->lines, stdout);
		}
	}
}

static void json_lines(const char *lines)
{
	json_begin("lines", '[');
	while (lines && *lines) {
		size_t length = strcspn(lines, "\n");

		json_string(NULL, lines, length);
		lines += length;
		lines += *lines == '\n';
	}
	json_end();
}

static void json_finding(const struct finding *finding)
{
	const struct fault *fault = finding->fault;

	json_begin(NULL, '{');
	json_string("id", fault->id, SIZE_MAX);
	json_bool("doubt", fault->doubt);
	json_string("text", fault->text, SIZE_MAX);
	json_string("found", finding->detail, SIZE_MAX);
	json_string("why", fault->why, SIZE_MAX);
	json_string("remedy", fault->remedy, SIZE_MAX);
	json_lines(finding->lines);
	json_end();
}

static void print_json_item(const struct doctor *doctor, size_t i)
{
	const struct item *item = &doctor->items[i];
	size_t j;

	json_begin(NULL, '{');
	json_string("item", item->title, SIZE_MAX);
	json_bool("part", item->part);
	json_string("state", state_of(doctor, i), SIZE_MAX);
	if (item->facts)
		json_string("facts", item->facts, SIZE_MAX);
	else
		json_null("facts");
	json_begin("findings", '[');
	for (j = 0; j < item->count; j++)
		json_finding(&item->findings[j]);
	json_end();
	json_end();
}

void doctor_print_json(const struct doctor *doctor)
{
	size_t i;

	json_begin(NULL, '{');
	json_number("faults", doctor_wrong(doctor));
	json_number("doubts", count_findings(doctor) - doctor_wrong(doctor));
	json_begin("items", '[');
	for (i = 0; i < doctor->count; i++)
		print_json_item(doctor, i);
	json_end();
	json_end();
}
