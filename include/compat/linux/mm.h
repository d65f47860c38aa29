/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CARVEOUT_COMPAT_LINUX_MM_H
#define _CARVEOUT_COMPAT_LINUX_MM_H

#include <linux/version.h>
#include_next <linux/mm.h>

#if LINUX_VERSION_IS_LESS(6, 3, 0)

static inline void vm_flags_clear(struct vm_area_struct *vma,
				  unsigned long flags)
{
	vma->vm_flags &= ~flags;
}

#endif /* < 6.3 */

#endif /* _CARVEOUT_COMPAT_LINUX_MM_H */
