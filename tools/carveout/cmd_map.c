// SPDX-License-Identifier: GPL-2.0
/*
 * carveout map: a picture of a heap in the terminal, or as SVG
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "exit.h"
#include "picture.h"
#include "report.h"
#include "svg.h"
#include "text.h"
#include "tool.h"

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))
#define WIDTH_DEFAULT		80U
#define WIDTH_LEAST		40U
#define WIDTH_MOST		1000U
#define CELL_LEAST		0x1000ULL
#define CELL_MOST		0x10000000000ULL

/* Options of the pictures. */
struct drawing {
	unsigned int width;
	uint64_t cell;
	bool bytes;
	bool more;
};

static const struct table_column legend_columns[] = {
	{ .title = "" },
	{ .title = "TAG" },
	{ .title = "SIZE", .right = true },
	{ .title = "REGION+OFFSET" },
	{ .title = "OWNER" },
	{ .title = "PID/COMM" },
};

static void print_totals(const struct view *view, bool bytes)
{
	const struct carveout_ioctl_query *query = &view->query;

	printf("heap %s: %s in %u region%s, %u buffer%s\n",
	       text_safe(query->name, sizeof(query->name)),
	       text_size(query->size, bytes), query->regions,
	       query->regions == 1 ? "" : "s", query->buffers,
	       query->buffers == 1 ? "" : "s");
	printf("used %s (%s), free %s, largest hole %s, fragmentation %s\n",
	       text_size(query->used, bytes),
	       text_share(query->used, query->size),
	       text_size(query->size - query->used, bytes),
	       text_size(query->largest_hole, bytes),
	       view_fragmentation(view));
}

static void print_region(const struct picture *picture,
			 const struct carveout_ioctl_region *region, bool bytes)
{
	printf("region %u %s: %s", region->index,
	       text_safe(region->name, sizeof(region->name)),
	       text_size(region->size, bytes));
	if (region->flags & CARVEOUT_REGION_BASE)
		printf(" at 0x%llx", (unsigned long long)region->base);
	printf(", %s, used %s, cell %s\n", text_attrs(region->attrs),
	       text_size(region->used, bytes),
	       text_size(picture_cell(picture, region), bytes));
	picture_region(picture, region);
}

/* The gap between two regions, if the caller may see the addresses. */
static void print_gap(const struct carveout_ioctl_region *last,
		      const struct carveout_ioctl_region *next, bool bytes)
{
	uint64_t end = last->base + last->size;

	if ((last->flags & next->flags & CARVEOUT_REGION_BASE) &&
	    next->base > end)
		printf("\n  -- gap of %s, not part of the heap --\n\n",
		       text_size(next->base - end, bytes));
	else
		putchar('\n');
}

static void print_regions(const struct picture *picture, bool bytes)
{
	const struct view *view = picture->view;
	const struct carveout_ioctl_region **sorted = view_regions_by_base(view);
	size_t i;

	for (i = 0; i < view->region_count; i++) {
		if (i)
			print_gap(sorted[i - 1], sorted[i], bytes);
		print_region(picture, sorted[i], bytes);
	}
	free(sorted);
}

static void add_piece(struct table *table, const struct picture *picture,
		      const struct piece *piece, bool bytes)
{
	const struct carveout_buffer_info *buffer = piece->buffer;

	table_add(table, picture_mark(picture, piece));
	table_add(table, text_safe(buffer->tag, sizeof(buffer->tag)));
	table_add(table, text_size(buffer->size, bytes));
	table_add(table, view_place(picture->view, buffer->region,
				    buffer->offset));
	table_add(table, text_user(buffer->uid));
	table_add(table, view_creator(buffer));
}

static void print_legend(const struct picture *picture, bool bytes)
{
	struct table table = {
		.columns = legend_columns,
		.count = ARRAY_SIZE(legend_columns),
	};
	size_t unmarked = 0, unseen = 0, i;

	for (i = 0; i < picture->piece_count; i++) {
		if (picture->pieces[i].mark)
			add_piece(&table, picture, &picture->pieces[i], bytes);
		else if (picture->pieces[i].buffer)
			unmarked++;
		else
			unseen++;
	}
	putchar('\n');
	picture_key(picture);
	if (table.used)
		table_print(&table, 2);
	if (unmarked)
		printf("  and %zu smaller buffer%s: see 'carveout ls %s'\n",
		       unmarked, unmarked == 1 ? "" : "s",
		       text_safe(picture->view->query.name, CARVEOUT_NAME_LEN));
	if (unseen)
		printf("  and %zu used piece%s not shown to you, or being freed\n",
		       unseen, unseen == 1 ? "" : "s");
	if (picture->view->partial)
		puts("  other memory, used or free, is not shown to you (no CAP_DAC_OVERRIDE)");
}

static bool wants_colours(void)
{
	const char *term = getenv("TERM");
	const char *without = getenv("NO_COLOR");

	return isatty(STDOUT_FILENO) && term && *term &&
	       strcmp(term, "dumb") && (!without || !*without);
}

static void show_map(const struct view *view, void *context)
{
	struct picture picture = {
		.utf8 = text_utf8(),
		.colours = wants_colours(),
	};
	struct drawing *drawing = context;

	if (drawing->more)
		putchar('\n');
	drawing->more = true;
	picture_init(&picture, view, drawing->width, drawing->cell);
	print_totals(view, drawing->bytes);
	putchar('\n');
	print_regions(&picture, drawing->bytes);
	print_legend(&picture, drawing->bytes);
	picture_fini(&picture);
}

static void draw_svg(const struct view *view, void *context)
{
	svg_heap(context, view);
}

static int print_svg(const char *heap, bool bytes)
{
	struct svg svg;
	int result;

	svg_begin(&svg, bytes);
	result = view_each(heap, VIEW_BUFFERS | VIEW_SPANS, draw_svg, &svg);
	svg_end(&svg);
	return result;
}

static unsigned int screen_width(void)
{
	struct winsize size;

	/* A serial line does not know its size and reports 0. */
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_col)
		return WIDTH_DEFAULT;
	if (size.ws_col < WIDTH_LEAST)
		return WIDTH_LEAST;
	return size.ws_col < WIDTH_MOST ? size.ws_col : WIDTH_MOST;
}

static unsigned int width_argument(const char *text)
{
	unsigned long width;
	char *end;

	width = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || width < WIDTH_LEAST ||
	    width > WIDTH_MOST)
		misuse("width '%s' is not a number from %u to %u", text,
		       WIDTH_LEAST, WIDTH_MOST);
	return width;
}

static uint64_t cell_argument(const char *text)
{
	uint64_t cell = size_argument("cell", text);

	if (cell < CELL_LEAST || cell > CELL_MOST || (cell & (cell - 1)))
		misuse("cell '%s' is not a power of two from 4K to 1T", text);
	return cell;
}

static int run_map(int argc, char **argv)
{
	static const struct option options[] = {
		{ "width", required_argument, NULL, 'w' },
		{ "cell", required_argument, NULL, 'c' },
		{ "bytes", no_argument, NULL, 'b' },
		{ "svg", no_argument, NULL, 's' },
		OPTION_HELP,
		{ 0 }
	};
	struct drawing drawing = { .width = screen_width() };
	bool svg = false;
	int option;

	while ((option = next_option(argc, argv, "w:c:bh", options)) >= 0) {
		if (option == 'w')
			drawing.width = width_argument(optarg);
		else if (option == 'c')
			drawing.cell = cell_argument(optarg);
		else if (option == 's')
			svg = true;
		else
			drawing.bytes = true;
	}
	check_operands(argc, 0, 1);
	if (svg)
		return print_svg(argv[optind], drawing.bytes);
	return view_each(argv[optind], VIEW_BUFFERS | VIEW_SPANS, show_map,
			 &drawing);
}

const struct command command_map = {
	.name = "map",
	.arguments = "[HEAP] [-w COLUMNS] [-c SIZE] [-b] [--svg]",
	.summary = "draw a picture of a heap",
	.help =
	"Draw the regions of HEAP and their buffers. Without HEAP: all heaps.\n"
	"\n"
	"  -w, --width COLUMNS   width of the picture, 40 to 1000 (default: width of the\n"
	"                        terminal, or 80)\n"
	"  -c, --cell SIZE       bytes in a cell, a power of two (default: so that the\n"
	"                        heap needs about eight rows)\n"
	"  -b, --bytes           sizes in bytes\n"
	"      --svg             an SVG document on standard output, for a browser\n"
	"  -h, --help            this text\n"
	"\n"
	"Each row begins with its offset in the region. The first cell of a buffer holds\n"
	"its letter, '*' if several begin in it; the legend lists the letters. The 52\n"
	"largest buffers have letters. The headline of a region shows its cell size; a\n"
	"small region has smaller cells than the others.\n"
	"Buffers of other users that the caller may not read, and the free memory, are\n"
	"drawn for callers with CAP_DAC_OVERRIDE only.\n"
	"Block characters need a UTF-8 locale (LC_ALL, LC_CTYPE or LANG); colours need a\n"
	"terminal and NO_COLOR to be unset.\n",
	.run = run_map,
};
