/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Objects of the model of carveout, for its own sources.
 */
#ifndef SERVICE_HEAP_TYPES_H
#define SERVICE_HEAP_TYPES_H

#include "heap.h"

#define BLOCKS		4
#define ACCOUNTS	4
#define NAME_LEN	64

struct account {
	char name[32];
	u64 used;
};

struct carveout {
	const char *name;
	phys_addr_t base;
	u32 attrs;
	bool page[HEAP_PAGES];
	bool dead;
	unsigned int refs;
	u64 changes;
	struct list_head bufs;
	struct list_head watches;
	struct account account[ACCOUNTS];
};

struct carveout_buf {
	struct list_head node;
	struct carveout *heap;
	unsigned int first, pages;
	unsigned int refs;
	unsigned int holds;
	char tag[NAME_LEN];
	bool persist;
	bool resizing;
	umode_t mode;
	u32 uid, gid;
	struct account *account;
	u64 generation;
	struct carveout_pool *pool;
	bool zero;
	u8 *memory;
};

struct carveout_owner {
	struct carveout *heap;
	unsigned int refs;
	u32 uid, gid;
	u64 quota;
	struct account *account;
};

struct carveout_pool {
	struct carveout_buf *buf;
	unsigned int blocks;
	bool destroyed;
	struct {
		struct carveout_pool_client *client;	/* &linux_client: taken by Linux */
		u64 serial;
	} block[BLOCKS];
	struct list_head waits;
	unsigned int clients;
};

struct carveout_watch {
	struct list_head node;
	struct carveout *heap;
	char prefix[NAME_LEN];
	u64 changes;
	struct work_struct work;
	void (*changed)(void *data);
	void *data;
};

/* The error that a call has on demand, or 0. */
#define fails(...) ({								\
	static const int __errors[] = { __VA_ARGS__ };				\
	heap_fails(__errors, ARRAY_SIZE(__errors)); })

int heap_fails(const int *errors, unsigned int count);
u64 heap_next_number(void);
int heap_check_tag(const char *tag);
struct carveout_buf *heap_look_up(struct carveout *heap, struct carveout_owner *owner,
				  const char *tag, bool write);
void heap_changed(struct carveout *heap, const char *tag);
void heap_trigger(struct work_struct *work);
void heap_start_watch(struct carveout_watch *watch, struct carveout *heap, const char *prefix);
void heap_stop_watch(struct carveout_watch *watch);

#endif /* SERVICE_HEAP_TYPES_H */
