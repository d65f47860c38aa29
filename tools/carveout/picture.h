/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pictures of a heap in text: each cell stands for a number of bytes of a region.
 */
#ifndef PICTURE_H
#define PICTURE_H

#include <stdbool.h>

#include "view.h"

/* Mark of a cell in which several buffers with a mark begin. */
#define PICTURE_SHARED	'*'

/**
 * struct piece - An allocation in the picture
 * @span: its location
 * @buffer: the buffer that it belongs to, NULL if the caller may not see it
 * @mark: letter that marks its first cell, 0 for none
 * @colour: number of its colour on a terminal, 0 for none
 */
struct piece {
	const struct carveout_ioctl_span *span;
	const struct carveout_buffer_info *buffer;
	char mark;
	unsigned int colour;
};

/**
 * struct picture - Layout and style of a picture
 * @view: the heap
 * @pieces: its allocations by region and offset
 * @piece_count: number of pieces
 * @row: cells in a row
 * @cell: bytes in a cell of a large region
 * @fixed: all regions use that cell size
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
 * picture_init() - Plan the picture of a heap
 * @picture: the picture; the caller sets @picture->utf8 and @picture->colours
 * @view: the heap, with its spans
 * @width: columns of the screen
 * @cell: bytes in a cell, a power of two; 0 to choose one that suits the heap
 */
void picture_init(struct picture *picture, const struct view *view,
		  unsigned int width, uint64_t cell);

/**
 * picture_fini() - Free the memory of a picture
 * @picture: the picture
 */
void picture_fini(struct picture *picture);

/**
 * picture_cell() - Bytes in a cell
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
 * picture_region() - Draw a region
 * @picture: the picture
 * @region: the region
 */
void picture_region(const struct picture *picture,
		    const struct carveout_ioctl_region *region);

/**
 * picture_key() - Print the meaning of the characters
 * @picture: the picture
 */
void picture_key(const struct picture *picture);

/**
 * picture_mark() - Format the mark of a piece as in the picture
 * @picture: the picture
 * @piece: the piece
 *
 * Return: text with the colour, if any; see TEXT_SLOTS.
 */
const char *picture_mark(const struct picture *picture,
			 const struct piece *piece);

#endif /* PICTURE_H */
