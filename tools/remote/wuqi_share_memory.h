/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * The share memory interface of WuQi, on top of a client of carveout.
 *
 * A program of WuQi is recompiled with this header, and calls carveout_remote_wuqi_setup() once
 * before wq_share_memory_init(). Differences from WuQi:
 *
 * - Memory stays valid for each processor that has it until that processor gives it back. In
 *   WuQi wq_share_memory_free_with_tag() frees the memory for all processors at once. Here it
 *   removes the tag and drops the references of the calling processor. The memory is freed when
 *   each processor has called wq_share_memory_free_with_tag() or wq_share_memory_free(), or has
 *   stopped. A tag that was freed and made again is another one, also for a processor that still
 *   has the memory of the first: its wq_share_memory_free_with_tag() leaves the second alone.
 * - A tag stays until it is freed, also if the processor that made it stops. After a restart
 *   wq_share_memory_malloc_with_tag() returns NULL if the tag exists; then use
 *   wq_share_memory_get_by_tag().
 * - A tag has 1 to 63 bytes out of ``[A-Za-z0-9._-]``, fewer if the channel has short messages.
 * - Only the processor that has allocated memory without a tag can free it.
 * - A new session makes all pointers invalid: compare &carveout_remote.session. A tag that was
 *   being freed may remain.
 *
 * Contexts: wq_share_memory_free(), _aligned_free() and _free_with_tag() neither wait nor send;
 * they may be called wherever carveout_remote_submit() may, in interrupts, too, if the port's
 * lock permits. The next carveout_remote_process() sends their requests. All other functions
 * wait for an answer of Linux: tasks only.
 */
#ifndef WUQI_SHARE_MEMORY_H
#define WUQI_SHARE_MEMORY_H

#include "carveout_remote.h"

/**
 * struct carveout_remote_wuqi - An address and its buffer; private
 * @handle: the buffer
 * @addr: its address
 * @state: unused, reserved, in use or being given back
 * @unlink: the tag has to be removed
 * @tag: its tag, or ""
 */
struct carveout_remote_wuqi {
	struct carveout_remote_handle handle;
	void *addr;
	uint8_t state;
	bool unlink;
	char tag[CARVEOUT_RPMSG_TAG_MAX];
};

void carveout_remote_wuqi_setup(struct carveout_remote *remote, uint8_t heap,
				struct carveout_remote_wuqi *map, size_t nr_map);

void wq_share_memory_init(void);
void *wq_share_memory_malloc(size_t size);
void wq_share_memory_free(void *ptr);
void *wq_share_memory_aligned_malloc(size_t size, size_t alignment);
void wq_share_memory_aligned_free(void *ptr);
void *wq_share_memory_malloc_with_tag(const char *tag_name, size_t size);
void *wq_share_memory_aligned_malloc_with_tag(const char *tag_name, size_t size,
					      size_t alignment);
void wq_share_memory_free_with_tag(const char *tag_name);
void *wq_share_memory_get_by_tag(const char *tag_name);

#endif /* WUQI_SHARE_MEMORY_H */
