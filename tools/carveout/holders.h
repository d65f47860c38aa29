/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Processes that hold buffers and pools.
 */
#ifndef HOLDERS_H
#define HOLDERS_H

#include "sample.h"

/**
 * holders_find() - Find the processes that hold buffers and pools of a sample
 * @sample: the sample, with its heaps
 *
 * The kernel does not list them, so /proc is searched for descriptors. One of an unknown
 * dma-buf or of a pool is duplicated for a moment, for the question to which buffer it
 * refers; the answer for a dma-buf is kept. The caller sees the descriptors of its own
 * processes, and of all with CAP_SYS_PTRACE.
 */
void holders_find(struct sample *sample);

#endif /* HOLDERS_H */
