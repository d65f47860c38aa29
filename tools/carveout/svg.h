/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pictures of heaps as one SVG document.
 */
#ifndef SVG_H
#define SVG_H

#include <stdbool.h>
#include <stdio.h>

#include "view.h"

/**
 * struct svg - A document that is being drawn
 * @body: the drawing so far
 * @text: its text
 * @size: length of the text
 * @y: where the next element begins
 * @bytes: sizes in bytes
 */
struct svg {
	FILE *body;
	char *text;
	size_t size;
	double y;
	bool bytes;
};

/**
 * svg_begin() - Begin a document
 * @svg: the document
 * @bytes: sizes in bytes
 */
void svg_begin(struct svg *svg, bool bytes);

/**
 * svg_heap() - Draw a heap
 * @svg: the document
 * @view: the heap, with its buffers and spans
 */
void svg_heap(struct svg *svg, const struct view *view);

/**
 * svg_end() - Print the document, unless it is empty
 * @svg: the document
 *
 * It refers to no other file and has no script. It is drawn in dark colours where the
 * reader prefers these.
 */
void svg_end(struct svg *svg);

#endif /* SVG_H */
