/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Allocators that are measured with several CPUs.
 */

#ifndef CARVEOUT_BENCH_CPUS_H
#define CARVEOUT_BENCH_CPUS_H

#include "kernel.h"

extern const struct bench_peer bench_slab;

#endif /* CARVEOUT_BENCH_CPUS_H */
