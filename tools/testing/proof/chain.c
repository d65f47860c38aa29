// SPDX-License-Identifier: GPL-2.0
/*
 * Property: chain: a span is added first, between, last, or merged; a wrong link is detected
 * Bounds: all chains of up to 4 spans, with all descriptors, all positions
 * Options: --unwind 9
 * Defines: -DCARVEOUT_CHUNK_FIRST=3
 */

#include "proof.h"

/* A chunk that never exists. */
#define NO_CHUNK 31

/* The descriptors are in one chunk, and no other chunk exists. */
static unsigned long chain_fls(unsigned long index)
{
	return index >> CARVEOUT_CHUNK_FIRST == 1 ? CARVEOUT_CHUNK_FIRST : NO_CHUNK;
}

#define __fls chain_fls

#include "span.h"

/* The descriptors 8 to 15. */
#define FIRST CARVEOUT_INDEX_FIRST
#define COUNT 8
#define LENGTH 4

static struct carveout_span span[COUNT];
static struct carveout_chain chain;
static struct carveout_store store = {
	.span = { [CARVEOUT_CHUNK_FIRST] = span, [NO_CHUNK] = &store.spare },
	.mask[CARVEOUT_CHUNK_FIRST] = COUNT - 1,
	.fresh = FIRST + COUNT,
};

/* The expected chain: descriptors in their order, then zeros. */
static u32 order[LENGTH + 2];
static unsigned int length;

static u32 any_other(void)
{
	u32 index = FIRST + any_below(COUNT);
	unsigned int i;

	for (i = 0; i < LENGTH; i++)
		assume(order[i] != index);
	return index;
}

static void make_any_chain(void)
{
	unsigned int i;

	length = any_below(LENGTH + 1);
	for (i = 0; i < LENGTH; i++)
		if (i < length)
			order[i] = any_other();
	for (i = 0; i < LENGTH; i++)
		if (order[i]) {
			span[order[i] - FIRST].prev = i ? order[i - 1] : 0;
			span[order[i] - FIRST].next = order[i + 1];
			chain.last = order[i];
		}
	chain.first = order[0];
}

static void prove_chain(void)
{
	unsigned int i;
	u32 last = 0;

	prove(chain.first == order[0]);
	for (i = 0; i <= LENGTH; i++)
		if (order[i]) {
			prove(span[order[i] - FIRST].prev == last);
			prove(span[order[i] - FIRST].next == order[i + 1]);
			last = order[i];
		}
	prove(chain.last == last);
	prove(!store.corrupted);
}

static void order_insert(unsigned int place, u32 index)
{
	unsigned int i;

	for (i = LENGTH; i; i--)
		if (i > place)
			order[i] = order[i - 1];
	order[place] = index;
}

static void order_remove(unsigned int place)
{
	unsigned int i;

	for (i = 0; i <= LENGTH; i++)
		if (i >= place)
			order[i] = order[i + 1];
}

static void add_behind(unsigned int place, u32 index)
{
	carveout_chain_add_after(&store, &chain, &span[index - FIRST], index,
				 &span[order[place] - FIRST], order[place]);
}

static void merge_with_next(unsigned int place)
{
	struct carveout_span *left = &span[order[place] - FIRST];
	struct carveout_span *right = &span[order[place + 1] - FIRST];
	carveout_off_t start = nondet_u64();
	u32 size = nondet_u32(), behind = nondet_u32();

	left->start = start;
	left->key = carveout_key(size, CARVEOUT_USED);
	right->key = carveout_key(behind, nondet_u8());
	carveout_chain_merge(&store, &chain, left, order[place], right, order[place + 1]);
	prove(left->start == start && carveout_mark(left) == CARVEOUT_USED);
	prove(carveout_granules(left) == (u64)size + behind);
	order_remove(place + 1);
}

/* Any operation, on any span of the chain if it needs one. */
static void change(void)
{
	unsigned int place = any_below(LENGTH);
	u32 index = any_other();
	u32 at = order[place];

	switch (any_below(4)) {
	case 0:
		carveout_chain_add_last(&store, &chain, index);
		order_insert(length, index);
		break;
	case 1:
		assume(at);
		carveout_chain_add_before(&store, &chain, index, at);
		order_insert(place, index);
		break;
	case 2:
		assume(at);
		add_behind(place, index);
		order_insert(place + 1, index);
		break;
	case 3:
		assume(at && order[place + 1]);
		merge_with_next(place);
		break;
	}
}

static void merge_at(unsigned int place)
{
	carveout_chain_merge(&store, &chain, &span[order[place] - FIRST], order[place],
			     &span[order[place + 1] - FIRST], order[place + 1]);
}

/*
 * A link that refers to another span is detected by each step that changes the span at its
 * other end.
 */
static void prove_detected(void)
{
	unsigned int place = any_below(LENGTH);
	u32 index = any_other();
	u32 at = order[place];
	u32 wrong = nondet_u32();

	assume(at && wrong != at);
	if (nondet_bool()) {
		assume(wrong != span[at - FIRST].prev);
		span[at - FIRST].prev = wrong;
		if (nondet_bool() && place > 1)
			merge_at(place - 2);
		else if (nondet_bool() && place)
			add_behind(place - 1, index);
		else
			carveout_chain_add_before(&store, &chain, index, at);
	} else {
		assume(wrong != span[at - FIRST].next);
		span[at - FIRST].next = wrong;
		if (nondet_bool() && place)
			merge_at(place - 1);
		else
			add_behind(place, index);
	}
	prove(store.corrupted);
}

int main(void)
{
	make_any_chain();
	prove_chain();
	if (nondet_bool()) {
		change();
		prove_chain();
	} else {
		prove_detected();
	}
	return 0;
}
