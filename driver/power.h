/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Power management.
 */
#ifndef _CARVEOUT_POWER_H
#define _CARVEOUT_POWER_H

int carveout_power_init(void);
void carveout_power_exit(void);

#endif /* _CARVEOUT_POWER_H */
