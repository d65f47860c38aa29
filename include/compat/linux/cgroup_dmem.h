/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CARVEOUT_COMPAT_LINUX_CGROUP_DMEM_H
#define _CARVEOUT_COMPAT_LINUX_CGROUP_DMEM_H

#include <linux/version.h>

/*
 * The controller exists since 6.14. A region is described by a structure in the newest
 * kernel only; before, its memory is charged to no cgroup.
 */
#if LINUX_VERSION_IS_GEQ(7, 3, 0)
#include_next <linux/cgroup_dmem.h>
#else

#include <linux/types.h>

struct dmem_cgroup_pool_state;
struct dmem_cgroup_region;

struct dmem_cgroup_init {
	u64 size;
};

static inline __printf(2, 3) struct dmem_cgroup_region *
dmem_cgroup_register_region(const struct dmem_cgroup_init *init, const char *name_fmt, ...)
{
	return NULL;
}

static inline void dmem_cgroup_unregister_region(struct dmem_cgroup_region *region)
{
}

static inline int dmem_cgroup_try_charge(struct dmem_cgroup_region *region, u64 size,
					 struct dmem_cgroup_pool_state **ret_pool,
					 struct dmem_cgroup_pool_state **ret_limit_pool)
{
	*ret_pool = NULL;
	return 0;
}

static inline void dmem_cgroup_uncharge(struct dmem_cgroup_pool_state *pool, u64 size)
{
}

#endif /* < 7.3 */

#endif /* _CARVEOUT_COMPAT_LINUX_CGROUP_DMEM_H */
