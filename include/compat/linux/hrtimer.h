/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _CARVEOUT_COMPAT_LINUX_HRTIMER_H
#define _CARVEOUT_COMPAT_LINUX_HRTIMER_H

#include <linux/version.h>
#include_next <linux/hrtimer.h>

#if LINUX_VERSION_IS_LESS(6, 13, 0)
static inline void hrtimer_setup(struct hrtimer *timer,
				 enum hrtimer_restart (*function)(struct hrtimer *),
				 clockid_t clock, enum hrtimer_mode mode)
{
	hrtimer_init(timer, clock, mode);
	timer->function = function;
}
#endif /* < 6.13 */

#endif /* _CARVEOUT_COMPAT_LINUX_HRTIMER_H */
