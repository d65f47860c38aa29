/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CARVEOUT_COMPAT_LINUX_MMZONE_H
#define _CARVEOUT_COMPAT_LINUX_MMZONE_H

#include <linux/version.h>
#include_next <linux/mmzone.h>

/* The largest order: MAX_ORDER was exclusive until 6.4, renamed in 6.8. */
#ifndef MAX_PAGE_ORDER
#if LINUX_VERSION_IS_LESS(6, 4, 0)
#define MAX_PAGE_ORDER	(MAX_ORDER - 1)
#else
#define MAX_PAGE_ORDER	MAX_ORDER
#endif
#endif

#endif /* _CARVEOUT_COMPAT_LINUX_MMZONE_H */
