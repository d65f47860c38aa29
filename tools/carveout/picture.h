/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A picture of a heap in text: a cell for so and so many bytes of a region.
 */
#ifndef PICTURE_H
#define PICTURE_H

#include <stdbool.h>

#include "view.h"

/* What marks a cell in which several buffers with a mark begin. */
#define PICTURE_SHARED	'*'

/**
 * struct piece - an allocation in the picture
 * @span: where it is
 * @buffer: the buffer that it belongs to, NULL when the caller may not see it
 * @mark: letter that marks its first cell, 0 for none
 * @colour: number of its colour on a terminal, 0 for none
 */
struct piece {
	const struct carveout_ioctl_span *span;
	const struct carveout_buffer *buffer;
	char mark;
	unsigned int colour;
};

/**
 * struct picture - how a heap is drawn
 * @view: the heap
 * @pieces: its allocations by region and offset
 * @piece_count: number of pieces
 * @row: cells in a row
 * @cell: bytes in a cell of a large region
 * @fixed: true when every region has that cell
 * @utf8: draw with block characters
 * @colours: use the terminal's colours
 */
struct picture {
	const struct view *view;
	struct piece *pieces;
	size_t piece_count;
	unsigned int row;
	uint64_t cell;
	bool fixed;
	bool utf8;
	bool colours;
};

/**
 * picture_init() - plan the picture of a heap
 * @picture: the object to set up; @picture->utf8 and @picture->colours are the
 *	caller's
 * @view: the heap, with its spans
 * @width: columns of the screen
 * @cell: bytes in a cell, a power of two; 0 for what suits the heap
 */
void picture_init(struct picture *picture, const struct view *view,
		  unsigned int width, uint64_t cell);

/**
 * picture_fini() - free what picture_init() took
 * @picture: the picture
 */
void picture_fini(struct picture *picture);

/**
 * picture_cell() - bytes in a cell
 * @picture: the picture
 * @region: the region
 *
 * A region that would not fill a row has smaller cells than the others.
 *
 * Return: the number of bytes, a power of two.
 */
uint64_t picture_cell(const struct picture *picture,
		      const struct carveout_ioctl_region *region);

/**
 * picture_region() - draw a region
 * @picture: the picture
 * @region: the region
 */
void picture_region(const struct picture *picture,
		    const struct carveout_ioctl_region *region);

/**
 * picture_key() - explain the characters
 * @picture: the picture
 */
void picture_key(const struct picture *picture);

/**
 * picture_mark() - the mark of a piece as it is in the picture
 * @picture: the picture
 * @piece: the piece
 *
 * Return: text with the colour, if there is one; see TEXT_SLOTS.
 */
const char *picture_mark(const struct picture *picture,
			 const struct piece *piece);

#endif /* PICTURE_H */
