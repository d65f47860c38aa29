// SPDX-License-Identifier: GPL-2.0
/*
 * Charges of the dmem cgroup controller, which limits memory that is no system memory.
 *
 * Each heap with a device node is a region of the controller, "carveout/<heap>". The
 * memory of a process's buffer is charged to the cgroup of the allocating call until it
 * returns to the heap, whatever cgroups the holders of the buffer are in. A limit binds
 * root as well, unlike a quota. Memory of drivers is charged to no cgroup.
 *
 * A charge has one reference to the account of its cgroup, which the end of the charge
 * drops: a charge can be ended once, and not in parts. So a buffer that is resized in
 * place has a charge of its own for the memory that is added, 0 bytes if it shrinks, and
 * takes bytes over from the charge of the old buffer. That is possible within one account
 * only. A process of another cgroup is charged for the whole buffer, as if it moved.
 */

#include <linux/cgroup_dmem.h>
#include <linux/err.h>
#include <linux/mutex.h>

#include "../carveout_internal.h"
#include "deferred.h"
#include "dmem.h"
#include "quota.h"

/**
 * carveout_dmem_register() - Make a heap a region of the controller
 * @carveout: the heap, which gets a device node
 *
 * Context: Process context. May sleep.
 * Return: 0 or -ENOMEM.
 */
int carveout_dmem_register(struct carveout *carveout)
{
	const struct dmem_cgroup_init init = { .size = carveout->heap.size };
	struct dmem_cgroup_region *region;

	region = dmem_cgroup_register_region(&init, "carveout/%s", carveout->name);
	if (IS_ERR(region))
		return PTR_ERR(region);
	carveout->dmem = region;
	return 0;
}

/**
 * carveout_dmem_unregister() - Undo carveout_dmem_register()
 * @carveout: the heap, after its shutdown or without a device node
 *
 * Existing charges remain until their buffers are freed.
 *
 * Context: Process context. May sleep. Takes carveout->quota_lock.
 */
void carveout_dmem_unregister(struct carveout *carveout)
{
	struct dmem_cgroup_region *region;

	/* A request that still runs charges under the lock, or finds no region. */
	mutex_lock(&carveout->quota_lock);
	region = carveout->dmem;
	carveout->dmem = NULL;
	mutex_unlock(&carveout->quota_lock);
	dmem_cgroup_unregister_region(region);
}

static int try_charge(struct carveout *carveout, struct carveout_dmem *charge, u64 bytes)
{
	int ret = 0;

	mutex_lock(&carveout->quota_lock);
	if (carveout->dmem)
		ret = dmem_cgroup_try_charge(carveout->dmem, bytes, &charge->pool, NULL);
	mutex_unlock(&carveout->quota_lock);
	if (!ret && charge->pool)
		charge->bytes = bytes;
	/* The controller reports a limit as EAGAIN, as if trying again would help. */
	return ret == -EAGAIN ? -EDQUOT : ret;
}

/**
 * carveout_dmem_charge() - Charge memory to the cgroup of the caller
 * @carveout: the heap
 * @charge: an empty charge, filled in
 * @bytes: bytes to charge
 *
 * As for a quota, deferred frees are drained once before the charge is refused.
 *
 * Context: Process context. May sleep. Takes carveout->quota_lock.
 * Return: 0; -EDQUOT if it would exceed a limit of the cgroup or of one above it; -ENOMEM.
 */
int carveout_dmem_charge(struct carveout *carveout, struct carveout_dmem *charge, u64 bytes)
{
	struct carveout_retry retry = carveout_retry(carveout);
	int ret;

	do {
		ret = try_charge(carveout, charge, bytes);
	} while (carveout_retry_drained(&retry, ret == -EDQUOT));
	carveout_quota_count_failure(carveout, ret);
	return ret;
}

/**
 * carveout_dmem_uncharge() - End a charge
 * @charge: the charge, which is empty afterwards; nothing happens if it is empty
 *
 * Context: Process context.
 */
void carveout_dmem_uncharge(struct carveout_dmem *charge)
{
	dmem_cgroup_uncharge(charge->pool, charge->bytes);
	*charge = (struct carveout_dmem){};
}

/**
 * carveout_dmem_charge_rest() - Charge a buffer that is to share memory with another one
 * @carveout: the heap
 * @old: charge of the other buffer
 * @charge: an empty charge, filled in
 * @bytes: bytes of the buffer
 *
 * If the caller is in the cgroup of @old, only the bytes that @old lacks are charged, and
 * carveout_dmem_take() takes over the rest.
 *
 * Context: Process context. May sleep. Takes carveout->quota_lock.
 * Return: as carveout_dmem_charge().
 */
int carveout_dmem_charge_rest(struct carveout *carveout, const struct carveout_dmem *old,
			      struct carveout_dmem *charge, u64 bytes)
{
	int ret;

	ret = carveout_dmem_charge(carveout, charge,
				   bytes > old->bytes ? bytes - old->bytes : 0);
	if (ret || charge->pool == old->pool)
		return ret;
	carveout_dmem_uncharge(charge);
	return carveout_dmem_charge(carveout, charge, bytes);
}

/**
 * carveout_dmem_take() - Take over bytes from the charge of a buffer that is replaced
 * @charge: from carveout_dmem_charge_rest()
 * @old: charge of the replaced buffer
 * @bytes: bytes of the new buffer
 *
 * Context: Any context.
 */
void carveout_dmem_take(struct carveout_dmem *charge, struct carveout_dmem *old, u64 bytes)
{
	if (!charge->pool)
		return;
	old->bytes -= bytes - charge->bytes;
	charge->bytes = bytes;
}

/**
 * carveout_dmem_merge() - Let one charge take over another one, within one cgroup
 * @charge: the charge that remains
 * @other: the charge that ends; nothing happens if it is of another cgroup
 *
 * Context: Process context.
 */
void carveout_dmem_merge(struct carveout_dmem *charge, struct carveout_dmem *other)
{
	if (charge->pool != other->pool)
		return;
	charge->bytes += other->bytes;
	other->bytes = 0;
	carveout_dmem_uncharge(other);
}
