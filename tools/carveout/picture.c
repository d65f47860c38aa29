// SPDX-License-Identifier: GPL-2.0
/*
 * Pictures of a heap in text: each cell stands for a number of bytes of a region.
 *
 *   0x000000 |A####################B####+.......C##...|
 *
 * The first cell of a buffer holds its mark; the others show whether they are
 * used, partly used or free. The size of a cell is a power of two, so that rows
 * begin at round offsets.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exit.h"
#include "picture.h"
#include "text.h"

/* Target number of rows for the whole heap. */
#define ROWS		8U
/* The number of cells in a row is a multiple of this. */
#define ROW_STEP	16U
/* Columns beside the cells, without the digits of the offset. */
#define MARGIN		7U

enum fill { FREE, PARTLY, USED, FILLS };

static const char marks[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/* Cyan, yellow, green, magenta, red: dark blue is hard to read on black. */
static const unsigned char colours[] = { 36, 33, 32, 35, 31 };

/**
 * struct cell - A cell that is being drawn
 * @used: allocated bytes in it
 * @most: bytes of the piece that covers most of it
 * @colour: colour of that piece
 * @mark: mark of a piece that begins in it
 */
struct cell {
	uint64_t used;
	uint64_t most;
	unsigned int colour;
	char mark;
};

static uint64_t rows_of(uint64_t size, uint64_t cell, unsigned int row)
{
	return (size / cell + !!(size % cell) + row - 1) / row;
}

uint64_t picture_cell(const struct picture *picture,
		      const struct carveout_ioctl_region *region)
{
	uint64_t page = picture->view->query.page_size;
	uint64_t cell = picture->cell;

	while (!picture->fixed && cell > page &&
	       region->size / cell < picture->row)
		cell /= 2;
	return cell;
}

static unsigned int offset_digits(const struct view *view)
{
	unsigned int digits = 1;
	size_t i;

	for (i = 0; i < view->region_count; i++)
		while (digits < 16 &&
		       (view->regions[i].size - 1) >> (4 * digits))
			digits++;
	return digits;
}

static void plan_cells(struct picture *picture, unsigned int width,
		       uint64_t cell)
{
	const struct view *view = picture->view;
	unsigned int taken = MARGIN + offset_digits(view);

	picture->row = ROW_STEP;
	if (width > taken + ROW_STEP)
		picture->row = (width - taken) / ROW_STEP * ROW_STEP;
	picture->fixed = cell;
	picture->cell = cell ? cell : view->query.page_size;
	while (!cell && rows_of(view->query.size, picture->cell,
				picture->row) > ROWS)
		picture->cell *= 2;
}

/* Buffers and spans are in the same order. */
static void find_pieces(struct picture *picture)
{
	const struct view *view = picture->view;
	const struct carveout_ioctl_span *span;
	const struct carveout_buffer_info *buffer;
	struct piece *piece;
	size_t i, b = 0;

	picture->pieces = calloc(view->span_count + 1, sizeof(*piece));
	if (!picture->pieces)
		die("out of memory");
	for (i = 0; i < view->span_count; i++) {
		span = &view->spans[i];
		if (!span->used)
			continue;
		piece = &picture->pieces[picture->piece_count++];
		piece->span = span;
		for (; b < view->buffer_count; b++) {
			buffer = &view->buffers[b];
			if (buffer->region > span->region ||
			    (buffer->region == span->region &&
			     buffer->offset >= span->offset))
				break;
		}
		if (b < view->buffer_count &&
		    buffer->region == span->region &&
		    buffer->offset == span->offset)
			piece->buffer = buffer;
	}
}

static int by_size(const void *a, const void *b)
{
	const struct piece *left = *(struct piece * const *)a;
	const struct piece *right = *(struct piece * const *)b;

	if (left->span->size != right->span->size)
		return left->span->size > right->span->size ? -1 : 1;
	return left < right ? -1 : left > right;
}

/* The number of marks is limited: the largest buffers get them. */
static void choose_pieces(struct picture *picture)
{
	struct piece **sorted;
	size_t count = 0, i;

	sorted = calloc(picture->piece_count + 1, sizeof(*sorted));
	if (!sorted)
		die("out of memory");
	for (i = 0; i < picture->piece_count; i++)
		if (picture->pieces[i].buffer)
			sorted[count++] = &picture->pieces[i];
	qsort(sorted, count, sizeof(*sorted), by_size);
	for (i = 0; i < count && i < sizeof(marks) - 1; i++)
		sorted[i]->mark = marks[0];
	free(sorted);
}

static bool begin_together(const struct picture *picture,
			   const struct piece *a, const struct piece *b)
{
	uint64_t cell;

	if (!a || a->span->region != b->span->region)
		return false;
	cell = picture_cell(picture,
			    &picture->view->regions[a->span->region]);
	return a->span->offset / cell == b->span->offset / cell;
}

static void mark_pieces(struct picture *picture)
{
	unsigned int letter = 0, colour = 0;
	struct piece *last = NULL, *piece;
	size_t i;

	for (i = 0; i < picture->piece_count; i++) {
		piece = &picture->pieces[i];
		if (!piece->mark)
			continue;
		if (begin_together(picture, last, piece)) {
			last->mark = PICTURE_SHARED;
			piece->mark = PICTURE_SHARED;
		}
		last = piece;
	}
	for (i = 0; i < picture->piece_count; i++) {
		piece = &picture->pieces[i];
		if (!piece->mark)
			continue;
		piece->colour = colours[colour++ % sizeof(colours)];
		if (piece->mark != PICTURE_SHARED)
			piece->mark = marks[letter++];
	}
}

void picture_init(struct picture *picture, const struct view *view,
		  unsigned int width, uint64_t cell)
{
	picture->view = view;
	picture->piece_count = 0;
	plan_cells(picture, width, cell);
	find_pieces(picture);
	choose_pieces(picture);
	mark_pieces(picture);
}

void picture_fini(struct picture *picture)
{
	free(picture->pieces);
}

static uint64_t overlap(uint64_t start_a, uint64_t size_a, uint64_t start_b,
			uint64_t size_b)
{
	uint64_t start = start_a > start_b ? start_a : start_b;
	uint64_t end = start_a + size_a < start_b + size_b ?
		       start_a + size_a : start_b + size_b;

	return end > start ? end - start : 0;
}

/* Add a piece to the cells of a row that begins at @start. */
static void fill_cells(const struct picture *picture, struct cell *cells,
		       uint64_t cell, uint64_t start, const struct piece *piece)
{
	const struct carveout_ioctl_span *span = piece->span;
	uint64_t first, bytes;
	unsigned int i;

	first = span->offset > start ? (span->offset - start) / cell : 0;
	for (i = first; i < picture->row; i++) {
		bytes = overlap(start + i * cell, cell, span->offset,
				span->size);
		if (!bytes)
			break;
		cells[i].used += bytes;
		if (bytes > cells[i].most) {
			cells[i].most = bytes;
			cells[i].colour = piece->colour;
		}
		if (i == first && span->offset >= start && piece->mark)
			cells[i].mark = piece->mark;
	}
}

static const char *fill_text(const struct picture *picture, enum fill fill)
{
	static const char * const ascii[FILLS] = { ".", "+", "#" };
	static const char * const blocks[FILLS] = { "\u00b7", "\u2592", "\u2588" };

	return picture->utf8 ? blocks[fill] : ascii[fill];
}

/* Marks are in reverse video if their cell is fully used, and bold otherwise. */
static void set_style(const struct picture *picture, unsigned int colour,
		      bool mark, enum fill fill)
{
	if (!picture->colours)
		return;
	fputs("\033[0", stdout);
	if (colour)
		printf(";%u", colour);
	if (mark)
		fputs(fill == USED ? ";7" : ";1", stdout);
	else if (fill == FREE)
		fputs(";2", stdout);
	putchar('m');
}

static void draw_cells(const struct picture *picture, const struct cell *cells,
		       unsigned int count, uint64_t cell, uint64_t left)
{
	enum fill fill, last_fill = FILLS;
	const struct cell *last = NULL;
	uint64_t whole;

	for (; count; count--, last = cells++, last_fill = fill) {
		whole = left < cell ? left : cell;
		left -= whole;
		fill = cells->used >= whole ? USED :
		       cells->used ? PARTLY : FREE;
		if (!last || last->colour != cells->colour ||
		    last->mark != cells->mark || last_fill != fill)
			set_style(picture, cells->colour, cells->mark, fill);
		if (cells->mark)
			putchar(cells->mark);
		else
			fputs(fill_text(picture, fill), stdout);
	}
	set_style(picture, 0, false, USED);
}

static void draw_row(const struct picture *picture,
		     const struct carveout_ioctl_region *region,
		     const struct piece *piece, struct cell *cells,
		     uint64_t start)
{
	const struct piece *end = picture->pieces + picture->piece_count;
	uint64_t cell = picture_cell(picture, region);
	uint64_t left = region->size - start;
	uint64_t count = left / cell + !!(left % cell);

	if (count > picture->row)
		count = picture->row;
	memset(cells, 0, picture->row * sizeof(*cells));
	for (; piece < end && piece->span->region == region->index; piece++) {
		if (piece->span->offset >= start + count * cell)
			break;
		fill_cells(picture, cells, cell, start, piece);
	}
	printf("  0x%0*llx %s", offset_digits(picture->view),
	       (unsigned long long)start, picture->utf8 ? "\u2502" : "|");
	draw_cells(picture, cells, count, cell, left);
	puts(picture->utf8 ? "\u2502" : "|");
}

void picture_region(const struct picture *picture,
		    const struct carveout_ioctl_region *region)
{
	const struct piece *end = picture->pieces + picture->piece_count;
	uint64_t step = picture_cell(picture, region) * picture->row;
	const struct piece *piece = picture->pieces;
	struct cell *cells;
	uint64_t start;

	cells = calloc(picture->row, sizeof(*cells));
	if (!cells)
		die("out of memory");
	for (start = 0; start < region->size && !ferror(stdout);
	     start += step) {
		/* Skip pieces that end before this row. */
		while (piece < end &&
		       (piece->span->region < region->index ||
			(piece->span->region == region->index &&
			 piece->span->offset + piece->span->size <= start)))
			piece++;
		draw_row(picture, region, piece, cells, start);
	}
	free(cells);
}

void picture_key(const struct picture *picture)
{
	bool shared = false;
	size_t i;

	for (i = 0; i < picture->piece_count; i++)
		shared |= picture->pieces[i].mark == PICTURE_SHARED;
	printf("  %s used  %s partly used  %s %s  A-z a buffer begins%s\n",
	       fill_text(picture, USED), fill_text(picture, PARTLY),
	       fill_text(picture, FREE), picture->view->partial ? "unknown" : "free",
	       shared ? "  * several begin" : "");
}

const char *picture_mark(const struct picture *picture,
			 const struct piece *piece)
{
	if (!picture->colours || !piece->colour)
		return text_format("%c", piece->mark);
	return text_format("\033[%u;1m%c\033[0m", piece->colour, piece->mark);
}
