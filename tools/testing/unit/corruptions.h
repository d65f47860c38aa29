/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Corruptions of the sample heap, with the invariant that each one violates.
 */

#ifndef CARVEOUT_CORRUPTIONS_H
#define CARVEOUT_CORRUPTIONS_H

#include "sample.h"

/**
 * enum corruption_op - Change of a field
 * @CORRUPTION_END: end of the list
 * @CORRUPTION_SET: assign the value
 * @CORRUPTION_SET_TO: assign the index of the descriptor of an object
 * @CORRUPTION_ADD: add the value
 * @CORRUPTION_SET_BITS: set the bits of the value
 * @CORRUPTION_CLEAR_BITS: clear the bits of the value
 * @CORRUPTION_FLIP_BITS: flip the bits of the value
 */
enum corruption_op {
	CORRUPTION_END,
	CORRUPTION_SET,
	CORRUPTION_SET_TO,
	CORRUPTION_ADD,
	CORRUPTION_SET_BITS,
	CORRUPTION_CLEAR_BITS,
	CORRUPTION_FLIP_BITS,
};

/**
 * struct corruption_change - Change of one field
 * @field: object, offset in it and bytes
 * @op: kind of change
 * @value: operand
 */
struct corruption_change {
	struct {
		unsigned int object;
		size_t offset;
		size_t size;
	} field;
	enum corruption_op op;
	u64 value;
};

/**
 * struct corruption - A corruption of the sample heap
 * @desc: description
 * @found: invariant that the validator must report
 * @change: changes of fields
 * @apply: function for other changes, or NULL
 */
struct corruption {
	const char *desc;
	enum carveout_invariant found;
	struct corruption_change change[2];
	void (*apply)(struct sample *sample);
};

extern const struct corruption corruptions[];
extern const unsigned int nr_corruptions;

void corrupt(struct sample *sample, const struct corruption *corruption);

#endif /* CARVEOUT_CORRUPTIONS_H */
