// SPDX-License-Identifier: GPL-2.0
/*
 * Property: the bin of a size: in range, increases with the size, matches its open bits
 * Bounds: all 64-bit sizes
 * Options: --unwind 1
 */

#include "bins.h"
#include "proof.h"

int main(void)
{
	u64 small = nondet_u64(), large = nondet_u64();
	unsigned int bin, bits;

	assume(small >= 1 && small <= large);
	bin = carveout_bin_of(small);
	bits = carveout_bin_bits(bin);
	prove(bin < CARVEOUT_BINS && carveout_bin_of(large) < CARVEOUT_BINS);
	prove(bin <= carveout_bin_of(large));
	prove(bits < 64);
	/* A bin has exactly the sizes that differ only in its open bits. */
	prove((bin == carveout_bin_of(large)) == !((small ^ large) >> bits));
	prove(bin < CARVEOUT_EXACT || bits);
	return 0;
}
