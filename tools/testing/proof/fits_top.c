// SPDX-License-Identifier: GPL-2.0
/*
 * Property: a place from the top of a hole: inside, aligned, below the limit, the highest
 * Bounds: all 32-bit holes, sizes, alignments, limits, all granules
 * Options: --unwind 1
 * Defines: -DCARVEOUT_OFF_BITS=32
 */

/* With 64 bits the solver takes too long. */
#define TOP_DOWN true
#include "fits.c"
