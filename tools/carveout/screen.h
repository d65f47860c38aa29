/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A screen that is updated in place, on any terminal since the VT100, and waiting for keys
 * and signals.
 */
#ifndef SCREEN_H
#define SCREEN_H

#include <stdbool.h>
#include <stdint.h>

/* Results of a wait: a character, or one of these. */
enum screen_event {
	SCREEN_TIME = 256,	/* the deadline has passed */
	SCREEN_QUIT,		/* a signal asked for the end, or the terminal is closed */
	SCREEN_REDRAW,		/* the screen has another size, or its content is lost */
	SCREEN_UP,
	SCREEN_DOWN,
	SCREEN_PAGE_UP,
	SCREEN_PAGE_DOWN,
	SCREEN_HOME,
};

/**
 * screen_usable() - Can the standard output be updated in place?
 *
 * Return: true if it is a terminal that is not dumb.
 */
bool screen_usable(void);

/**
 * screen_signals() - Let screen_wait() receive the signals
 *
 * From then on they are delivered during a wait only, so that no output is torn.
 */
void screen_signals(void);

/**
 * screen_begin() - Take the terminal
 *
 * It is restored by screen_end(), and when the process exits.
 */
void screen_begin(void);

/**
 * screen_end() - Give the terminal back, with the picture on it
 */
void screen_end(void);

/**
 * screen_size() - Query the size of the terminal
 * @rows: returns the number of its rows
 * @columns: returns the number of its columns
 *
 * A serial line does not know its size: LINES and COLUMNS are used, or 24 rows of 80.
 */
void screen_size(unsigned int *rows, unsigned int *columns);

/**
 * screen_draw() - Show a text
 * @text: lines of text, safe to print
 *
 * Only lines that have changed are sent. The last column stays empty, because terminals
 * differ in where the cursor is after it.
 */
void screen_draw(const char *text);

/**
 * screen_wait() - Wait for a key, a signal or a deadline
 * @deadline: time of CLOCK_MONOTONIC, in nanoseconds
 *
 * Keys are read after screen_begin() only.
 *
 * Return: a character or an enum screen_event.
 */
int screen_wait(uint64_t deadline);

#endif /* SCREEN_H */
