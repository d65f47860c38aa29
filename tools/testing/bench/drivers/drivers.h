/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Costs of a driver that calls carveout.ko, on a machine whose clock counts instructions.
 */

#ifndef CARVEOUT_BENCH_DRIVERS_H
#define CARVEOUT_BENCH_DRIVERS_H

int bench_call(const char *name, const char *state, int (*call)(void), int expect);

int bench_search(unsigned int seconds);

int bench_pairs(void);
int bench_calls(void);
int bench_objects(void);
int bench_names(void);

#endif /* CARVEOUT_BENCH_DRIVERS_H */
