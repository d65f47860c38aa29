// SPDX-License-Identifier: GPL-2.0
/*
 * Addresses of memory, as a remote processor sees them.
 */

#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/minmax.h>

#include "remote.h"

static int translate(const struct carveout_policy *policy, u64 phys, u64 size, u64 *addr)
{
	const struct carveout_window *window = policy->window;
	unsigned int i;

	*addr = phys;
	for (i = 0; i < policy->nr_windows; i++, window++) {
		if (phys < window->phys || size > window->size ||
		    phys - window->phys > window->size - size)
			continue;
		*addr = window->addr + (phys - window->phys);
		return 0;
	}
	return policy->nr_windows ? -ERANGE : 0;
}

/**
 * carveout_remote_address() - Address of memory as the processor sees it
 * @session: a session of the processor that is started
 * @phys: physical address
 * @size: bytes, at least 1
 * @addr: filled in with the address
 *
 * Context: Any context.
 * Return: 0; -ERANGE if the processor has no address for some of it.
 */
int carveout_remote_address(const struct carveout_remote_session *session, u64 phys,
			    u64 size, u64 *addr)
{
	u64 last;

	if (translate(&session->policy, phys, size, addr))
		return -ERANGE;
	last = *addr + size - 1;
	return session->bits < 64 && last >> session->bits ? -ERANGE : 0;
}

/* The last physical address that the processor sees through a window; 0 if it sees none. */
static u64 last_of(const struct carveout_window *window, u32 bits)
{
	u64 size = window->size;

	if (bits < 64) {
		if (window->addr >> bits)
			return 0;
		size = min(size, BIT_ULL(bits) - window->addr);
	}
	return window->phys + size - 1;
}

/**
 * carveout_remote_max_addr() - The physical address that the processor's addresses end at
 * @session: a session of the processor that is started
 *
 * Context: Any context.
 * Return: the address; 0 if there is none.
 */
phys_addr_t carveout_remote_max_addr(const struct carveout_remote_session *session)
{
	const struct carveout_policy *policy = &session->policy;
	unsigned int i;
	u64 last = 0;

	if (!policy->nr_windows)
		return session->bits == 64 ? 0 : BIT_ULL(session->bits);
	for (i = 0; i < policy->nr_windows; i++)
		last = max(last, last_of(&policy->window[i], session->bits));
	return last + 1;
}

static bool sees_some_of(const struct carveout_policy *policy, u64 base, u64 size)
{
	const struct carveout_window *window = policy->window;
	unsigned int i;

	for (i = 0; i < policy->nr_windows; i++, window++)
		if (base <= window->phys + (window->size - 1) && window->phys <= base + (size - 1))
			return true;
	return false;
}

/**
 * carveout_remote_regions() - The regions of which a processor sees some memory
 * @session: a session of the processor that is started
 * @heap: number of the heap
 *
 * Context: Any context.
 * Return: mask of region indices; 0 for all, also if it sees none.
 */
u64 carveout_remote_regions(const struct carveout_remote_session *session, unsigned int heap)
{
	const struct carveout_policy *policy = &session->policy;
	struct carveout_region_info info;
	unsigned int i;
	u64 mask = 0;

	if (!policy->nr_windows)
		return 0;
	for (i = 0; !carveout_region_info(policy->heap[heap], i, &info); i++)
		if (sees_some_of(policy, info.memory.base, info.memory.size))
			mask |= BIT_ULL(i);
	return mask;
}
