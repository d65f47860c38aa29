/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CARVEOUT_COMPAT_LINUX_MODULE_H
#define _CARVEOUT_COMPAT_LINUX_MODULE_H

#include <linux/version.h>
#include_next <linux/module.h>

/* The name of a symbol namespace is a string since 6.13. */
#if LINUX_VERSION_IS_LESS(6, 13, 0)
#undef MODULE_IMPORT_NS
#define MODULE_IMPORT_NS(ns)	MODULE_INFO(import_ns, ns)
#endif

#endif /* _CARVEOUT_COMPAT_LINUX_MODULE_H */
