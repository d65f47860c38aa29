// SPDX-License-Identifier: GPL-2.0
/*
 * Addresses of memory, as a remote processor sees them.
 */

#include <linux/bits.h>
#include <linux/errno.h>

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

/**
 * carveout_remote_max_addr() - The physical address that the processor's addresses end at
 * @session: a session of the processor that is started
 *
 * Context: Any context.
 * Return: the address; 0 if there is none, or a translation decides.
 */
phys_addr_t carveout_remote_max_addr(const struct carveout_remote_session *session)
{
	return session->policy.nr_windows || session->bits == 64 ? 0 : BIT_ULL(session->bits);
}
