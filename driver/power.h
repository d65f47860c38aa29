/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Power management.
 */
#ifndef CARVEOUT_POWER_H
#define CARVEOUT_POWER_H

int carveout_power_init(void);
void carveout_power_exit(void);

#endif /* CARVEOUT_POWER_H */
