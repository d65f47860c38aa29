/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The work that completes deferred frees.
 */
#ifndef CARVEOUT_RECLAIM_H
#define CARVEOUT_RECLAIM_H

struct carveout;

void carveout_reclaim_init(struct carveout *carveout);

#endif /* CARVEOUT_RECLAIM_H */
