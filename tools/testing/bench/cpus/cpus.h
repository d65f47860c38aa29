/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The allocators that several CPUs work on.
 */

#ifndef CARVEOUT_BENCH_CPUS_H
#define CARVEOUT_BENCH_CPUS_H

#include "kernel.h"

extern const struct bench_peer bench_slab;

#endif /* CARVEOUT_BENCH_CPUS_H */
