/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The code is written against the newest kernel. The headers in this folder
 * add features that an older supported kernel lacks; each has the name of the
 * kernel header that it completes. Versions are compared nowhere else.
 */
#ifndef _CARVEOUT_COMPAT_LINUX_VERSION_H
#define _CARVEOUT_COMPAT_LINUX_VERSION_H

#include_next <linux/version.h>

#define LINUX_VERSION_IS_GEQ(a, b, c)	\
	(LINUX_VERSION_CODE >= KERNEL_VERSION(a, b, c))
#define LINUX_VERSION_IS_LESS(a, b, c)	\
	(LINUX_VERSION_CODE < KERNEL_VERSION(a, b, c))

#if LINUX_VERSION_IS_LESS(6, 1, 0)
#error "carveout needs Linux 6.1 or newer"
#endif

#endif /* _CARVEOUT_COMPAT_LINUX_VERSION_H */
