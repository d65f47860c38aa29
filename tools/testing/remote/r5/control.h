/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Commands of a test to the firmware of a Cortex-R5, and their results: the content of the
 * buffer "r5.control" of core 0 and "r5b.control" of core 1. The firmware opens or creates it.
 * The buffer is persistent, so it tells a test that a core was started again.
 *
 * The test fills in a command and increments @asked; the core writes its result and sets
 * @answered to that number. All accesses are aligned and uncached.
 */
#ifndef R5_CONTROL_H
#define R5_CONTROL_H

#include <stdint.h>

#define R5_CONTROL_MAGIC	0x52354354U
#define R5_TAG_LEN		64

enum r5_command {
	R5_NOTHING,
	R5_OPEN,	/* open the tag "from" and drop it */
	R5_COPY,	/* copy the buffer "from" to the buffer "to", which is opened or created */
	R5_STORE,	/* store the word "value" at the offset "at" of the buffer "from" */
	R5_HAMMER,	/* allocate "size" bytes with the tag "to", and write to them until reset */
	R5_CRASH,	/* report a crash, and go on */
	R5_MEASURE,	/* measure "value" times each request, blocks in the pool "from" */
	R5_APPEND,	/* append a line to the text in "to", created if "size" is not 0 */
	R5_PRINT,	/* print the text in "from" to the log of the core */
	R5_FIND,	/* find the tag "from" in the directory "value" times: "addr", "median" */
	R5_SCRIBBLE,	/* store "value" at the offset "at" of the directory: status of the fault */
	R5_RELEASE,	/* release the removed entries of the directory; "value" removals */
	R5_TORN,	/* find entries in the directory "from" of the run "at", "value" times */
	R5_LOAD,	/* find the tag "from" in the directory, and load its first word: "value" */
	R5_BLOCK_ALLOC,	/* allocate a block of the pool "from" and increment its first word */
	R5_BLOCK_FREE,	/* free that block */
	R5_WATCH,	/* wait until a tag with the prefix "from" changes */
	R5_GOODBYE,	/* end the session, and begin another one */
};

/* Requests of which the time is measured, each with one round trip. */
enum r5_measured {
	R5_ALLOC_PUT,
	R5_OPEN_PUT,
	R5_GET_PUT,
	R5_ALLOC_UNLINK_PUT,
	R5_BLOCK_ALLOC_FREE,
	R5_CHANGED,	/* a watch that ends at once: an answer and an event */
	R5_DESCRIBE,
	R5_QUERY,
	R5_NO_TAG,	/* a refused OPEN */
	R5_MEASURED
};

/**
 * struct r5_torn - Result of R5_TORN: all look-ups of a run so far
 * @run: number of the run
 * @reads: look-ups that found an entry
 * @met: those during which the entry was written
 * @torn: those whose members are not of one write
 * @busy: look-ups that gave up
 */
struct r5_torn {
	uint32_t run;
	uint32_t reads;
	uint32_t met;
	uint32_t torn;
	uint32_t busy;
};

/**
 * struct r5_control - Content of the buffer
 * @magic: R5_CONTROL_MAGIC
 * @runs: how often the firmware has found the buffer
 * @counter: incremented after each pass over the memory of R5_HAMMER
 * @asked: number of the last command
 * @answered: number of the last command that has ended
 * @command: enum r5_command
 * @value: see the commands
 * @at: see the commands
 * @size: see the commands; bytes of the buffer of R5_COPY
 * @status: result: 0, CARVEOUT_RPMSG_* or CARVEOUT_REMOTE_*
 * @addr: address of the buffer
 * @from: tag
 * @to: tag
 * @minimum: shortest time, in cycles
 * @median: median of the times, in cycles
 * @torn: result of R5_TORN
 * @messages: messages that the core has sent and received so far
 */
struct r5_control {
	uint32_t magic;
	uint32_t runs;
	uint32_t counter;
	uint32_t asked;
	uint32_t answered;
	uint32_t command;
	uint32_t value;
	uint32_t at;
	uint32_t size;
	uint32_t status;
	uint32_t addr;
	char from[R5_TAG_LEN];
	char to[R5_TAG_LEN];
	uint32_t minimum[R5_MEASURED];
	uint32_t median[R5_MEASURED];
	struct r5_torn torn;
	uint32_t messages;
};

#endif /* R5_CONTROL_H */
