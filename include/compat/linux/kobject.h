/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CARVEOUT_COMPAT_LINUX_KOBJECT_H
#define _CARVEOUT_COMPAT_LINUX_KOBJECT_H

#include <linux/version.h>
#include_next <linux/kobject.h>

/* The type of a kobject is const since 6.2; before, it was only read as well. */
#if LINUX_VERSION_IS_LESS(6, 2, 0)
static inline void carveout_kobject_init(struct kobject *kobj, const struct kobj_type *ktype)
{
	kobject_init(kobj, (typeof(kobj->ktype))ktype);
}

#define kobject_init	carveout_kobject_init
#endif /* < 6.2 */

#endif /* _CARVEOUT_COMPAT_LINUX_KOBJECT_H */
