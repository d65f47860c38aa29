/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The registry of a heap: all its buffers, and the table of tags.
 */
#ifndef CARVEOUT_REGISTRY_H
#define CARVEOUT_REGISTRY_H

#include <linux/types.h>

struct carveout;
struct carveout_buf;

int carveout_registry_init(struct carveout *carveout);
void carveout_registry_fini(struct carveout *carveout);

u64 carveout_registry_changes(struct carveout *carveout);
void carveout_registry_notify(struct carveout *carveout, const char *tag);

int carveout_registry_reserve(struct carveout *carveout, u64 id);
int carveout_registry_add(struct carveout_buf *buf);
void carveout_registry_remove_locked(struct carveout_buf *buf);
void carveout_registry_park(struct carveout_buf *buf);
void carveout_registry_erase(struct carveout_buf *buf);

struct carveout_buf *carveout_registry_find(struct carveout *carveout, const char *tag);
struct carveout_buf *carveout_registry_find_locked(struct carveout *carveout,
						   const char *tag);
int carveout_registry_link_locked(struct carveout_buf *buf);
bool carveout_registry_unlink_locked(struct carveout_buf *buf);
void carveout_registry_replace_locked(struct carveout_buf *old, struct carveout_buf *buf);

#endif /* CARVEOUT_REGISTRY_H */
