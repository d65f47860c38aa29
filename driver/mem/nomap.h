/* SPDX-License-Identifier: GPL-2.0 */
/*
 * No-map memory during a hibernation.
 */
#ifndef CARVEOUT_NOMAP_H
#define CARVEOUT_NOMAP_H

#include <linux/types.h>

struct carveout;

void carveout_nomap_close(void);
void carveout_nomap_open(void);
bool carveout_nomap_closed(void);
int carveout_nomap_wait(void);
u64 carveout_nomap_used(struct carveout *carveout);
void carveout_nomap_scrub(struct carveout *carveout);

#endif /* CARVEOUT_NOMAP_H */
