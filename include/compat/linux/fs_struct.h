/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CARVEOUT_COMPAT_LINUX_FS_STRUCT_H
#define _CARVEOUT_COMPAT_LINUX_FS_STRUCT_H

#include <linux/version.h>
#include_next <linux/fs_struct.h>

/* Older kernels: a kernel thread shares the root directory of init anyway. */
#ifndef scoped_with_init_fs
#define scoped_with_init_fs()
#endif

#endif /* _CARVEOUT_COMPAT_LINUX_FS_STRUCT_H */
