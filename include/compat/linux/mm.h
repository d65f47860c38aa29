/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CARVEOUT_COMPAT_LINUX_MM_H
#define _CARVEOUT_COMPAT_LINUX_MM_H

#include <linux/version.h>
#include_next <linux/mm.h>

#if LINUX_VERSION_IS_LESS(6, 3, 0)

static inline void vm_flags_set(struct vm_area_struct *vma,
				unsigned long flags)
{
	vma->vm_flags |= flags;
}

static inline void vm_flags_clear(struct vm_area_struct *vma,
				  unsigned long flags)
{
	vma->vm_flags &= ~flags;
}

#endif /* < 6.3 */

/* It takes a plain page frame number since 6.16. */
#if defined(CONFIG_ARCH_SUPPORTS_PMD_PFNMAP) && LINUX_VERSION_IS_LESS(6, 16, 0)
#include <linux/pfn_t.h>
#define vmf_insert_pfn_pmd(vmf, pfn, write)	\
	vmf_insert_pfn_pmd(vmf, pfn_to_pfn_t(pfn), write)
#endif

#endif /* _CARVEOUT_COMPAT_LINUX_MM_H */
