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

/* It takes a plain page frame number since the type pfn_t was removed in 6.17. */
#if LINUX_VERSION_IS_LESS(6, 17, 0)
#include <linux/pfn_t.h>
#define vmf_insert_mixed(vma, addr, pfn)	\
	vmf_insert_mixed(vma, addr, pfn_to_pfn_t(pfn))
#endif

/*
 * The entry of a huge page can be special since 6.12. But 6.12 has code that looks for
 * a struct page behind each huge page of a VM_MIXEDMAP mapping: madvise(MADV_COLD) and
 * /proc/PID/clear_refs, which every user may call, and others. 7.3 has none.
 */
#if defined(CONFIG_ARCH_SUPPORTS_PMD_PFNMAP) && LINUX_VERSION_IS_GEQ(7, 3, 0)
#define CARVEOUT_PMD_SPECIAL
#endif

/* With CONFIG_DEBUG_VM set_pte_at() of arm64 calls a function that no module can. */
#if !(defined(CONFIG_ARM64) && defined(CONFIG_DEBUG_VM))
#define CARVEOUT_SET_PTE
#endif

#endif /* _CARVEOUT_COMPAT_LINUX_MM_H */
