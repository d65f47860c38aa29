/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CARVEOUT_COMPAT_LINUX_EXPORT_H
#define _CARVEOUT_COMPAT_LINUX_EXPORT_H

#include <linux/version.h>
#include_next <linux/export.h>

/* The name of a symbol namespace is a string since 6.13. */
#if LINUX_VERSION_IS_LESS(6, 5, 0)
#undef EXPORT_SYMBOL_NS_GPL
#define EXPORT_SYMBOL_NS_GPL(sym, ns)	__EXPORT_SYMBOL(sym, "_gpl", ns)
#elif LINUX_VERSION_IS_LESS(6, 13, 0)
#undef EXPORT_SYMBOL_NS_GPL
#define EXPORT_SYMBOL_NS_GPL(sym, ns)	__EXPORT_SYMBOL(sym, "GPL", ns)
#endif

#endif /* _CARVEOUT_COMPAT_LINUX_EXPORT_H */
