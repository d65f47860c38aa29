/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CARVEOUT_COMPAT_LINUX_DEVICE_CLASS_H
#define _CARVEOUT_COMPAT_LINUX_DEVICE_CLASS_H

#include <linux/version.h>
#include_next <linux/device/class.h>

/* The device argument of class->devnode() is const since 6.2. */
#if LINUX_VERSION_IS_LESS(6, 2, 0)
#define class_devnode_const
#else
#define class_devnode_const	const
#endif

#endif /* _CARVEOUT_COMPAT_LINUX_DEVICE_CLASS_H */
