// SPDX-License-Identifier: GPL-2.0
/*
 * Pictures of heaps as one SVG document.
 *
 * A region is one or more rows that are equally long in bytes. Each buffer is a group of
 * rectangles with a title, which a browser shows as a tooltip. All texts that others choose
 * are made safe to print first, then escaped.
 */
#include <stdlib.h>
#include <string.h>

#include "exit.h"
#include "picture.h"
#include "svg.h"
#include "text.h"

/* Sizes in pixels. */
#define WIDTH		1000.0
#define MARGIN		16.0
#define AXIS		110.0	/* offsets beside the rows */
#define BAR		(WIDTH - AXIS - 2 * MARGIN)
#define ROW		26.0
#define ROW_STEP	30.0
#define LINE		18.0
#define LETTER		6.7
#define LEAST		0.5	/* narrower pieces are drawn together */

/* Rows of a region, and columns and rows of the legend. */
#define ROWS		8
#define COLOURS		8
#define LEGEND_TAG	26
#define LEGEND_COLUMN	((WIDTH - 2 * MARGIN) / 2)

static const char style[] =
	"svg{background:#fff;max-width:100%;height:auto}\n"
	"text{font:11px ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace;fill:#1b1f24}\n"
	"text.h{font-size:15px;font-weight:bold}\n"
	"text.d{fill:#57606a}\n"
	"text.e{text-anchor:end}\n"
	"text.i{pointer-events:none}\n"
	".bg{fill:#fff}.free{fill:#eef1f4}.line{stroke:#57606a;stroke-width:1;fill:none}\n"
	".unseen{fill:#b6bec8}.edge{stroke:#fff;stroke-width:.6}.stripe{stroke:#1b1f24}\n"
	".c0{fill:#9ecbff}.c1{fill:#ffd58a}.c2{fill:#a5dfb5}.c3{fill:#f5b5d2}\n"
	".c4{fill:#cdb8f5}.c5{fill:#ffb8a3}.c6{fill:#97dde0}.c7{fill:#d9d98c}\n"
	"g.b:hover rect{stroke:#1b1f24;stroke-width:1.5}\n"
	"@media (prefers-color-scheme:dark){\n"
	"svg{background:#0d1117}\n"
	"text{fill:#e6edf3}text.d{fill:#9aa4ae}\n"
	".bg{fill:#0d1117}.free{fill:#21262d}.line{stroke:#9aa4ae}\n"
	".unseen{fill:#57606a}.edge{stroke:#0d1117}.stripe{stroke:#e6edf3}\n"
	".c0{fill:#1f5a96}.c1{fill:#7d5a10}.c2{fill:#21683a}.c3{fill:#853560}\n"
	".c4{fill:#5a4396}.c5{fill:#8c3f2a}.c6{fill:#17666a}.c7{fill:#5f5f1c}\n"
	"g.b:hover rect{stroke:#e6edf3}\n"
	"}\n";

/* === Text ================================================================= */

/* The text is safe to print; XML has no U+FFFE and U+FFFF, and markup of its own. */
static void put_escaped(FILE *to, const char *text)
{
	for (; *text; text++) {
		if (*text == '&')
			fputs("&amp;", to);
		else if (*text == '<')
			fputs("&lt;", to);
		else if (*text == '>')
			fputs("&gt;", to);
		else if (*text == '"')
			fputs("&quot;", to);
		else if (!strncmp(text, "\xef\xbf\xbe", 3) || !strncmp(text, "\xef\xbf\xbf", 3))
			text += 2;
		else
			fputc(*text, to);
	}
}

static void put_text(const struct svg *svg, double x, double y, const char *class,
		     const char *text)
{
	fprintf(svg->body, "<text x=\"%.1f\" y=\"%.1f\" class=\"%s\">", x, y, class);
	put_escaped(svg->body, text);
	fputs("</text>\n", svg->body);
}

/* @look is the attribute that sets the colour. */
static void put_rect(const struct svg *svg, double x, double y, double width, double height,
		     const char *look)
{
	fprintf(svg->body, "<rect x=\"%.2f\" y=\"%.1f\" width=\"%.2f\" height=\"%.1f\" %s/>\n",
		x, y, width, height, look);
}

static const char *tag_text(const struct carveout_buffer_info *buffer)
{
	return buffer->tag[0] ? text_safe(buffer->tag, sizeof(buffer->tag)) : "(no tag)";
}

static void put_details(const struct svg *svg, const struct view *view,
			const struct carveout_buffer_info *buffer)
{
	bool persistent = buffer->flags & CARVEOUT_BUFFER_PERSIST;
	bool pool = buffer->flags & CARVEOUT_BUFFER_POOL;

	put_escaped(svg->body, tag_text(buffer));
	put_escaped(svg->body, text_format("\n%s at %s\n", text_size(buffer->size, svg->bytes),
					   view_place(view, buffer->region, buffer->offset)));
	put_escaped(svg->body, text_format("owner %s:%s %04o\n", text_user(buffer->uid),
					   text_group(buffer->gid), buffer->mode));
	put_escaped(svg->body, text_format("references %u%s%s, generation %llu\n", buffer->refs,
					   persistent ? ", persistent" : "", pool ? ", pool" : "",
					   (unsigned long long)buffer->generation));
	put_escaped(svg->body, text_format("created by %s", view_creator(buffer)));
	if (!buffer->label[0])
		return;
	fputc('\n', svg->body);
	put_escaped(svg->body, text_safe(buffer->label, sizeof(buffer->label)));
}

static void put_title(const struct svg *svg, const struct view *view,
		      const struct piece *piece)
{
	fputs("<title>", svg->body);
	if (piece->buffer)
		put_details(svg, view, piece->buffer);
	else
		put_escaped(svg->body, text_format("%s, not shown to you or being freed",
						   text_size(piece->span->size, svg->bytes)));
	fputs("</title>\n", svg->body);
}

/* === A region ============================================================= */

/* The rows of a region, and where in them the last piece was drawn. */
struct rows {
	const struct svg *svg;
	const struct view *view;
	const struct carveout_ioctl_region *region;
	uint64_t bytes;
	double y;
	double drawn;
	size_t merged;
};

static uint64_t row_bytes(const struct view *view, const struct carveout_ioctl_region *region)
{
	uint64_t bytes = view->query.page_size ? view->query.page_size : 4096;

	while (region->size / bytes > ROWS || (region->size / bytes == ROWS &&
					       region->size % bytes))
		bytes *= 2;
	return bytes;
}

static double pixels(const struct rows *rows, uint64_t bytes)
{
	return BAR * ((double)bytes / rows->bytes);
}

static unsigned int row_count(const struct rows *rows)
{
	return rows->region->size / rows->bytes + !!(rows->region->size % rows->bytes);
}

/* The part of a row that belongs to the region. */
static uint64_t part_of_row(const struct rows *rows, unsigned int row)
{
	uint64_t left = rows->region->size - row * rows->bytes;

	return left < rows->bytes ? left : rows->bytes;
}

static void draw_ground(const struct rows *rows)
{
	unsigned int row;
	double y, width;

	for (row = 0; row < row_count(rows); row++) {
		y = rows->y + row * ROW_STEP;
		width = pixels(rows, part_of_row(rows, row));
		put_text(rows->svg, MARGIN + AXIS - 8, y + ROW - 9, "d e",
			 text_format("0x%llx", (unsigned long long)(row * rows->bytes)));
		put_rect(rows->svg, MARGIN + AXIS, y, width, ROW, "class=\"free\"");
		if (rows->view->partial)
			put_rect(rows->svg, MARGIN + AXIS, y, width, ROW, "fill=\"url(#unknown)\"");
	}
}

static void draw_name(const struct rows *rows, const struct piece *piece, double x, double y,
		      double width)
{
	const char *tag = tag_text(piece->buffer);

	if (width < 4 * LETTER)
		return;
	put_text(rows->svg, x + 4, y + ROW - 9, "i", text_clip(tag, (width - 6) / LETTER));
}

/* The part of a piece that is in a row. */
static void draw_part(const struct rows *rows, const struct piece *piece, unsigned int row,
		      const char *look, bool named)
{
	uint64_t start = row * rows->bytes, end = start + rows->bytes;
	uint64_t from = piece->span->offset > start ? piece->span->offset : start;
	uint64_t to = piece->span->offset + piece->span->size;
	double x, y = rows->y + row * ROW_STEP, width;

	if (to > end)
		to = end;
	x = MARGIN + AXIS + pixels(rows, from - start);
	width = pixels(rows, to - from);
	if (width < LEAST)
		width = LEAST;
	put_rect(rows->svg, x, y, width, ROW, look);
	if (piece->buffer && piece->buffer->flags & CARVEOUT_BUFFER_POOL)
		put_rect(rows->svg, x, y, width, ROW, "fill=\"url(#pool)\"");
	if (named && piece->buffer)
		draw_name(rows, piece, x, y, width);
}

/* Of pieces that share half a pixel only the first one is drawn. */
static bool is_hidden(struct rows *rows, const struct carveout_ioctl_span *span)
{
	double at = pixels(rows, span->offset), end = at + pixels(rows, span->size);
	bool hidden = end <= rows->drawn;

	if (hidden)
		rows->merged++;
	else
		rows->drawn = end > at + LEAST ? end : at + LEAST;
	return hidden;
}

static void draw_piece(struct rows *rows, const struct piece *piece, unsigned int number)
{
	const struct carveout_ioctl_span *span = piece->span;
	unsigned int row = span->offset / rows->bytes;
	unsigned int last = (span->offset + span->size - 1) / rows->bytes;
	char look[32] = "class=\"edge unseen\"";
	bool named = true;

	if (piece->buffer)
		snprintf(look, sizeof(look), "class=\"edge c%u\"", number % COLOURS);
	fputs("<g class=\"b\">", rows->svg->body);
	put_title(rows->svg, rows->view, piece);
	for (; row <= last; row++) {
		draw_part(rows, piece, row, look, named);
		named = false;
	}
	fputs("</g>\n", rows->svg->body);
}

static void draw_region(struct svg *svg, const struct picture *picture,
			const struct carveout_ioctl_region *region)
{
	struct rows rows = { .svg = svg, .view = picture->view, .region = region };
	const struct piece *piece;
	size_t i;

	rows.bytes = row_bytes(picture->view, region);
	put_text(svg, MARGIN, svg->y + 12, "",
		 text_format("region %u %s: %s%s, %s, used %s, a row is %s", region->index,
			     text_safe(region->name, sizeof(region->name)),
			     text_size(region->size, svg->bytes),
			     region->flags & CARVEOUT_REGION_BASE ?
			     text_format(" at 0x%llx", (unsigned long long)region->base) : "",
			     text_attrs(region->attrs), text_size(region->used, svg->bytes),
			     text_size(rows.bytes, svg->bytes)));
	rows.y = svg->y + LINE;
	draw_ground(&rows);
	for (i = 0; i < picture->piece_count; i++) {
		piece = &picture->pieces[i];
		if (piece->span->region == region->index && piece->span->size &&
		    piece->span->offset < region->size && !is_hidden(&rows, piece->span))
			draw_piece(&rows, piece, i);
	}
	svg->y = rows.y + row_count(&rows) * ROW_STEP + 4;
	if (rows.merged) {
		put_text(svg, MARGIN + AXIS, svg->y + 8, "d",
			 text_format("and %zu pieces that are too small to be drawn apart",
				     rows.merged));
		svg->y += LINE;
	}
	svg->y += 8;
}

/* === A heap =============================================================== */

static void draw_head(struct svg *svg, const struct view *view)
{
	const struct carveout_ioctl_query *query = &view->query;

	put_text(svg, MARGIN, svg->y + 16, "h",
		 text_format("heap %s", text_safe(query->name, sizeof(query->name))));
	put_text(svg, MARGIN, svg->y + 34, "d",
		 text_format("%s, used %s (%s), free %s, high water %s, %s %s, %s %s",
			     text_size(query->size, svg->bytes),
			     text_size(query->used, svg->bytes),
			     text_share(query->used, query->size),
			     text_size(query->size - query->used, svg->bytes),
			     text_size(query->high_water, svg->bytes), "largest hole",
			     text_size(query->largest_hole, svg->bytes), "fragmentation",
			     view_fragmentation(view)));
	svg->y += 48;
}

static void draw_gap(struct svg *svg, const struct carveout_ioctl_region *last,
		     const struct carveout_ioctl_region *next)
{
	if (!(last->flags & next->flags & CARVEOUT_REGION_BASE) ||
	    next->base <= last->base + last->size)
		return;
	put_text(svg, MARGIN + AXIS, svg->y + 8, "d",
		 text_format("gap of %s, not part of the heap",
			     text_size(next->base - last->base - last->size, svg->bytes)));
	svg->y += 22;
}

static void draw_legend(struct svg *svg, const struct picture *picture)
{
	const struct piece *piece;
	size_t i, shown = 0;
	double x, y;

	for (i = 0; i < picture->piece_count; i++) {
		piece = &picture->pieces[i];
		if (!piece->mark)
			continue;
		x = MARGIN + shown % 2 * LEGEND_COLUMN;
		y = svg->y + shown / 2 * LINE;
		shown++;
		put_rect(svg, x, y, 12, 12, text_format("class=\"c%zu\"", i % COLOURS));
		put_text(svg, x + 18, y + 10, "", text_clip(tag_text(piece->buffer), LEGEND_TAG));
		put_text(svg, x + 18 + (LEGEND_TAG + 9) * LETTER, y + 10, "e",
			 text_size(piece->buffer->size, svg->bytes));
		put_text(svg, x + 18 + (LEGEND_TAG + 11) * LETTER, y + 10, "d",
			 text_clip(text_format("%s %s", text_user(piece->buffer->uid),
					       view_creator(piece->buffer)), 28));
	}
	svg->y += (shown + 1) / 2 * LINE;
}

static void draw_notes(struct svg *svg, const struct picture *picture)
{
	size_t more = 0, unseen = 0, i;

	for (i = 0; i < picture->piece_count; i++) {
		more += picture->pieces[i].buffer && !picture->pieces[i].mark;
		unseen += !picture->pieces[i].buffer;
	}
	if (more) {
		put_text(svg, MARGIN, svg->y + 10, "d",
			 text_format("and %zu smaller buffers", more));
		svg->y += LINE;
	}
	put_text(svg, MARGIN, svg->y + 10, "d",
		 "no colour: free memory; stripes: a pool; a buffer shows more under the pointer");
	svg->y += LINE;
	if (picture->view->partial || unseen) {
		put_text(svg, MARGIN, svg->y + 10, "d", picture->view->partial ?
			 "hatched: used or free, not shown without CAP_DAC_OVERRIDE" :
			 "grey: used, not shown to you or being freed");
		svg->y += LINE;
	}
	svg->y += 14;
}

void svg_heap(struct svg *svg, const struct view *view)
{
	const struct carveout_ioctl_region **sorted = view_regions_by_base(view);
	struct picture picture = { 0 };
	size_t i;

	picture_init(&picture, view, WIDTH, 0);
	draw_head(svg, view);
	for (i = 0; i < view->region_count; i++) {
		if (i)
			draw_gap(svg, sorted[i - 1], sorted[i]);
		draw_region(svg, &picture, sorted[i]);
	}
	draw_legend(svg, &picture);
	draw_notes(svg, &picture);
	picture_fini(&picture);
	free(sorted);
}

/* === The document ========================================================= */

void svg_begin(struct svg *svg, bool bytes)
{
	memset(svg, 0, sizeof(*svg));
	svg->bytes = bytes;
	svg->y = MARGIN;
	svg->body = open_memstream(&svg->text, &svg->size);
	if (!svg->body)
		die("out of memory");
}

static void print_pattern(const char *id, const char *size, const char *path,
			  const char *opacity)
{
	printf("<pattern id=\"%s\" width=\"%s\" height=\"%s\" patternUnits=\"userSpaceOnUse\">", id,
	       size, size);
	printf("<path d=\"%s\" class=\"stripe\" stroke-opacity=\"%s\"/></pattern>\n", path,
	       opacity);
}

static void print_document(const struct svg *svg)
{
	printf("<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" ");
	printf("viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" height=\"%.0f\">\n", WIDTH, svg->y,
	       WIDTH, svg->y);
	printf("<title>carveout heaps</title>\n<style>\n%s</style>\n<defs>\n", style);
	print_pattern("pool", "6", "M5.5 0V6", ".15");
	print_pattern("unknown", "8", "M0 8L8 0", ".3");
	puts("</defs>\n<rect class=\"bg\" width=\"100%\" height=\"100%\"/>");
	fputs(svg->text, stdout);
	puts("</svg>");
}

void svg_end(struct svg *svg)
{
	if (fclose(svg->body))
		die("out of memory");
	if (svg->size)
		print_document(svg);
	free(svg->text);
}
