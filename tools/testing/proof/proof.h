/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Helpers shared by the proof harnesses.
 *
 * A harness states one property of lib/ for all values of its nondeterministic
 * inputs. The model checker analyses main() as the complete program: nondet_*()
 * returns any value of its type, assume() restricts these values, and prove() must
 * hold for all remaining ones.
 *
 * The script that runs a harness also reads the comment at its top:
 *
 *   Property: statement of the property
 *   Bounds: inputs for which it is proven, in words
 *   Options: options of the model checker
 *   Defines: options of the preprocessor
 *   Cases: additional defines; cases are separated by semicolons. Each case is a
 *          separate run, and the property holds if it holds in all cases
 *   Sources: sources of lib/ that the harness does not include itself
 *
 * Each loop is unrolled as often as the options say. A claim checks that no loop has
 * more iterations: a bound that is too small fails and hides nothing.
 */

#ifndef CARVEOUT_PROOF_H
#define CARVEOUT_PROOF_H

#include "carveout_lib.h"

bool nondet_bool(void);
u8 nondet_u8(void);
u32 nondet_u32(void);
u64 nondet_u64(void);
unsigned int nondet_uint(void);

#define assume(condition) __CPROVER_assume(condition)
#define prove(condition) __CPROVER_assert(condition, #condition)

/* Any number below @limit. */
static inline unsigned int any_below(unsigned int limit)
{
	unsigned int number = nondet_uint();

	assume(number < limit);
	return number;
}

#endif /* CARVEOUT_PROOF_H */
