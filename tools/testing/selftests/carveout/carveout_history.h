/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The log of calls on a pool, and its checker, which proves from the log that no block had two
 * owners at any time.
 *
 * The clock of the log is a shared counter, read before and after each call. A block
 * certainly belongs to its owner from the end of the call that made it so until the
 * beginning of the call that ends it, or until its owner is about to be killed. No two
 * such intervals of a block overlap, and no serial appears twice.
 */
#ifndef CARVEOUT_HISTORY_H
#define CARVEOUT_HISTORY_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include <linux/types.h>

#define ACTORS		72	/* processes in total */
#define EVENTS		1500	/* of one process; then it ends */
#define LETTERS		64

enum { ACQUIRE, RELEASE, MOVE, LATE, FOREIGN, OPS };

static const char * const op_names[OPS] = {
	"acquire", "release", "move", "late release", "release of a foreign block",
};

/**
 * struct event - A call
 * @begin: time before it
 * @end: time after it; 0 if the process was killed in it
 * @serial: serial of the block
 * @new_serial: serial after a move
 * @to: new owner of a move
 * @index: index of the block
 * @op: the call
 * @result: 0 or a negative errno value
 */
struct event {
	__u64 begin;
	__u64 end;
	__u64 serial;
	__u64 new_serial;
	__u64 to;
	__u32 index;
	__s16 op;
	__s16 result;
};

/**
 * struct letter - A block that another process moved here
 * @full: 0 empty, 1 being written, 2 full
 * @index: index of the block
 * @serial: its serial
 */
struct letter {
	__u32 full;
	__u32 index;
	__u64 serial;
};

/**
 * struct actor - A process and its log
 * @client: id of its client; 0 until it has one
 * @dead: time from which it may have no blocks; 0 while it runs
 * @nr: number of events
 * @driver: its client is a driver
 * @event: its calls
 * @letter: its mailbox
 */
struct actor {
	__u64 client;
	__u64 dead;
	__u32 nr;
	bool driver;
	struct event event[EVENTS];
	struct letter letter[LETTERS];
};

/**
 * struct history - Shared memory of all processes
 * @clock: time
 * @nr: number of actors that were started
 * @actor: the actors
 */
struct history {
	__u64 clock;
	__u32 nr;
	struct actor actor[ACTORS];
};

/* === The checker ========================================================== */

/**
 * struct span - A time in which a block certainly has an owner
 * @begin: first moment
 * @end: moment after the last one
 * @serial: serial of the block
 * @client: the owner
 * @index: the block
 */
struct span {
	__u64 begin;
	__u64 end;
	__u64 serial;
	__u64 client;
	__u32 index;
};

static inline int by_serial(const void *a, const void *b)
{
	const struct span *one = a, *two = b;

	return one->serial < two->serial ? -1 : one->serial > two->serial;
}

static inline int by_block_and_time(const void *a, const void *b)
{
	const struct span *one = a, *two = b;

	if (one->index != two->index)
		return one->index < two->index ? -1 : 1;
	return one->begin < two->begin ? -1 : one->begin > two->begin;
}

/* The spans begin with acquires and moves that succeeded. */
static inline size_t begin_spans(const struct history *history, struct span *span)
{
	const struct actor *actor;
	const struct event *event;
	size_t nr = 0;

	for (actor = history->actor; actor < history->actor + history->nr; actor++)
		for (event = actor->event; event < actor->event + actor->nr; event++) {
			if (event->result || !event->end ||
			    (event->op != ACQUIRE && event->op != MOVE))
				continue;
			span[nr++] = (struct span){
				.begin = event->end,
				.end = UINT64_MAX,
				.serial = event->op == MOVE ? event->new_serial : event->serial,
				.client = event->op == MOVE ? event->to : actor->client,
				.index = event->index,
			};
		}
	qsort(span, nr, sizeof(*span), by_serial);
	return nr;
}

static inline struct span *find_span(struct span *span, size_t nr, __u64 serial)
{
	const struct span key = { .serial = serial };

	return bsearch(&key, span, nr, sizeof(*span), by_serial);
}

/* A span ends before the release or move by its owner. */
static inline const char *end_spans(const struct history *history, struct span *spans, size_t nr)
{
	const struct actor *actor;
	const struct event *event;
	struct span *span;

	for (actor = history->actor; actor < history->actor + history->nr; actor++)
		for (event = actor->event; event < actor->event + actor->nr; event++) {
			if (event->op == ACQUIRE)
				continue;
			if (event->op == FOREIGN) {
				if (event->end && event->result != -EPERM &&
				    event->result != -EINVAL)
					return "a block was taken from its owner";
				continue;
			}
			if (event->op == LATE) {
				if (event->end && event->result != -EINVAL)
					return "a late release was not refused";
				continue;
			}
			if (event->end && event->result &&
			    !(event->op == MOVE && event->result == -ESRCH))
				return "an owner could not release or move its block";
			if (event->result)
				continue;
			span = find_span(spans, nr, event->serial);
			if (!span || span->index != event->index ||
			    span->client != actor->client)
				return "a block was released that its client did not have";
			if (span->end != UINT64_MAX)
				return "a block was released or moved twice";
			span->end = event->begin;
		}
	return NULL;
}

/* Blocks of a process may go to others once it is killed. */
static inline void end_with_owner(const struct history *history, struct span *span)
{
	const struct actor *actor;

	for (actor = history->actor; actor < history->actor + history->nr; actor++)
		if (actor->client == span->client && actor->dead && actor->dead < span->end)
			span->end = actor->dead;
}

/* Return NULL, or the fault. */
static inline const char *check(const struct history *history, struct span *span)
{
	size_t i, nr = begin_spans(history, span);
	const char *why;
	__u64 end = 0;

	for (i = 0; i < nr; i++) {
		if (!span[i].serial)
			return "a block has no serial";
		if (i && span[i].serial == span[i - 1].serial)
			return "a serial was used twice";
	}
	why = end_spans(history, span, nr);
	if (why)
		return why;
	for (i = 0; i < nr; i++)
		end_with_owner(history, &span[i]);
	qsort(span, nr, sizeof(*span), by_block_and_time);
	for (i = 0; i < nr; i++) {
		if (!i || span[i].index != span[i - 1].index)
			end = 0;
		if (span[i].begin >= span[i].end)
			continue;
		if (span[i].begin < end)
			return "a block had two owners";
		end = span[i].end;
	}
	return NULL;
}

#endif /* CARVEOUT_HISTORY_H */
