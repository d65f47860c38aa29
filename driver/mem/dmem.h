/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Charges of the dmem cgroup controller.
 */
#ifndef CARVEOUT_DMEM_H
#define CARVEOUT_DMEM_H

#include <linux/types.h>

struct carveout;
struct dmem_cgroup_pool_state;

/**
 * struct carveout_dmem - The charge of a buffer to a cgroup
 * @pool: the account of the cgroup for the heap, with one reference; NULL without a charge
 * @bytes: charged bytes
 */
struct carveout_dmem {
	struct dmem_cgroup_pool_state *pool;
	u64 bytes;
};

int carveout_dmem_register(struct carveout *carveout);
void carveout_dmem_unregister(struct carveout *carveout);
int carveout_dmem_charge(struct carveout *carveout, struct carveout_dmem *charge, u64 bytes);
void carveout_dmem_uncharge(struct carveout_dmem *charge);
int carveout_dmem_charge_rest(struct carveout *carveout, const struct carveout_dmem *old,
			      struct carveout_dmem *charge, u64 bytes);
void carveout_dmem_take(struct carveout_dmem *charge, struct carveout_dmem *old, u64 bytes);
void carveout_dmem_merge(struct carveout_dmem *charge, struct carveout_dmem *other);

#endif /* CARVEOUT_DMEM_H */
