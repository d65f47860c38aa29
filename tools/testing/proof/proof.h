/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the harnesses share.
 *
 * A harness states one property of lib/ for all values of its nondeterministic
 * inputs. The model checker takes main() as the program's whole world: what
 * nondet_*() returns is any value of its type, assume() says which of them count,
 * and prove() must hold for all that are left.
 *
 * The comment at the top of a harness is also read by the script that runs it:
 *
 *   Property: what is shown
 *   Bounds: for which inputs, in words
 *   Options: of the model checker
 *   Defines: for the preprocessor
 *   Cases: more of them, those of each case up to a semicolon. Each case is a run of
 *          its own, and the property holds when it does in all
 *   Sources: of lib/, that the harness does not include itself
 *
 * Each loop is unrolled as often as the options say, and that no loop goes further
 * is itself a claim that is checked: a bound that is too small fails, it does not
 * hide anything.
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
