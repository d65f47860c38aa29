/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A model of carveout for the service: two small heaps behind the functions of
 * <linux/carveout.h> that the service calls. A buffer has memory once its address is asked for.
 *
 * It keeps references, permissions, quotas, blocks and waits as the module does. The table of
 * handles is the module's own source. Any call that may fail fails on demand.
 */
#ifndef SERVICE_HEAP_H
#define SERVICE_HEAP_H

#include "kernel.h"

#include <linux/carveout.h>

#define HEAPS		2
#define HEAP_PAGES	8
#define PAGE		4096ULL

/* For the source of the sessions, which includes no header of the module here. */
#define CARVEOUT_OBJ_SESSION	0
#define carveout_object_inc(kind) ((void)(kind), heap_sessions++)
#define carveout_object_dec(kind) ((void)(kind), heap_sessions--)

extern unsigned int heap_sessions;

struct carveout_buf *__carveout_buf_get(struct carveout_buf *buf);
void carveout_buf_put_sync(struct carveout_buf *buf);

/**
 * struct heap_state - State for the program
 * @fails: the next call that may fail fails
 * @which: which of its errors it has
 * @failures: calls that failed so
 * @eager: callbacks run before the call that causes them returns
 * @begun: waits that have begun
 * @waits: waits that have not ended
 * @watches: watches that have not ended
 * @owners: owners that were not put
 */
struct heap_state {
	bool fails;
	unsigned int which;
	unsigned int failures;
	bool eager;
	unsigned int begun;
	unsigned int waits;
	unsigned int watches;
	unsigned int owners;
};

extern struct heap_state heap_state;

void heap_begin(void);
void heap_end(void);
struct carveout *heap_number(unsigned int number);
bool heap_is_dead(const struct carveout *heap);
u32 heap_attrs(u64 phys);
void heap_shut_down(struct carveout *heap);
struct carveout_buf *heap_next(const struct carveout *heap, u64 generation);
const char *heap_tag(const struct carveout_buf *buf);
bool heap_is_resizing(const struct carveout_buf *buf);
u64 heap_latest(void);
bool heap_has_orphan(u64 generation);
bool heap_has(u64 generation);
bool heap_had(u64 generation, u64 phys, u64 size, u32 attrs);
void heap_set_mode(struct carveout *heap, const char *tag, umode_t mode);
void heap_resizes(struct carveout *heap, const char *tag, bool resizing);
struct carveout_buf *heap_make(struct carveout *heap, const char *tag, umode_t mode,
			       unsigned int blocks);
void heap_unmake(struct carveout_buf *buf);
void heap_unlink_all(void);
void heap_pool_free_all(struct carveout_buf *buf);
bool heap_pool_take(struct carveout_buf *buf);
void heap_pool_destroy(struct carveout_buf *buf);
void heap_expire(void);

/* The program's: stores to memory of a buffer are seen by the processors. */
void heap_synced(struct carveout_buf *buf, u64 offset, u64 size);

#endif /* SERVICE_HEAP_H */
