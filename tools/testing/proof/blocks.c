// SPDX-License-Identifier: GPL-2.0
/*
 * Property: blocks of a pool: alloc, free, move are correct, need the right serial
 * Bounds: all valid states of up to 4 blocks, 2 owners, 255 serials, all indices; a corrupted link
 * Options: --unwind 6
 * Cases: -DNO_STEP; -DALLOC; -DFREE; -DMOVE; -DFIRST; -DCORRUPTED
 * Sources: blocks.c
 */

#include "proof.h"
#include "blocks.h"

#define COUNT 4

/* Numbers of the lists: the free list, then those of the owners. */
#define FREE_LIST 0
#define LISTS 3

static struct carveout_block block[COUNT];
static struct carveout_block_owner owner[LISTS - 1];
static struct carveout_blocks blocks;

/* The expected lists, in reverse order. */
static struct list {
	u32 block[COUNT];
	u32 length;
} list[LISTS];

/* For each block its list, or LISTS if it was never used; and the serial if it is used. */
static unsigned int at[COUNT];
static u64 serial[COUNT], last_serial;

static struct carveout_block_owner *owner_of(unsigned int nr)
{
	return nr == FREE_LIST ? NULL : &owner[nr - 1];
}

/* === Any valid state ====================================================== */

static u32 *first_of(unsigned int nr)
{
	return nr == FREE_LIST ? &blocks.free : &owner[nr - 1].first;
}

/* Small serials are enough: the code compares and increments them. */
static u64 any_serial(void)
{
	return (u8)nondet_u32();
}

/* The array has any content before initialisation. */
static void make_any_memory(void)
{
	unsigned int i;

	for (i = 0; i < COUNT; i++) {
		block[i].owner = owner_of(any_below(LISTS));
		block[i].serial = any_serial();
		block[i].next = nondet_u32();
		block[i].prev = nondet_u32();
		at[i] = LISTS;
	}
}

/* Add a block at the front of a list, in the model and directly in the pool. */
static void put(u32 index, unsigned int nr)
{
	u32 *first = first_of(nr);

	list[nr].block[list[nr].length++] = index;
	at[index] = nr;
	block[index].owner = owner_of(nr);
	block[index].next = *first;
	serial[index] = any_serial();
	assume(serial[index] && serial[index] <= last_serial);
	block[index].serial = serial[index];
	if (nr != FREE_LIST) {
		block[index].prev = CARVEOUT_BLOCK_NONE;
		if (*first != CARVEOUT_BLOCK_NONE)
			block[*first].prev = index;
		owner[nr - 1].count++;
		blocks.nr_free--;
	}
	*first = index;
}

/* Distribute the blocks that were ever used over the lists, in any order. */
static void make_any_state(void)
{
	unsigned int i;

	make_any_memory();
	carveout_blocks_init(&blocks, block, any_below(COUNT + 1));
	for (i = 0; i < LISTS - 1; i++)
		carveout_block_owner_init(&owner[i]);
	/* No two blocks in use have the same serial, which no step relies on. */
	last_serial = any_serial();
	blocks.serial = last_serial;
	blocks.fresh = any_below(COUNT + 1);
	assume(blocks.fresh <= blocks.count);
	blocks.high = blocks.fresh;
	for (i = 0; i < COUNT; i++)
		if (i < blocks.fresh) {
			u32 index = any_below(COUNT);

			assume(index < blocks.fresh && at[index] == LISTS);
			put(index, any_below(LISTS));
		}
}

/* === Comparison with the expected state =================================== */

static void prove_list(unsigned int nr)
{
	u32 index = *first_of(nr), prev = CARVEOUT_BLOCK_NONE;
	unsigned int i;

	for (i = COUNT; i; i--)
		if (i <= list[nr].length) {
			prove(index == list[nr].block[i - 1]);
			/* Proven equal: the solver need not consider other values. */
			index = list[nr].block[i - 1];
			prove(block[index].owner == owner_of(nr));
			prove(nr == FREE_LIST || block[index].prev == prev);
			prove(nr == FREE_LIST || block[index].serial == serial[index]);
			prev = index;
			index = block[index].next;
		}
	prove(index == CARVEOUT_BLOCK_NONE);
	prove(nr == FREE_LIST || owner[nr - 1].count == list[nr].length);
}

static void prove_state(u32 count)
{
	u32 nr_used = list[1].length + list[2].length;
	unsigned int nr;
	u32 any = nondet_u32();

	for (nr = 0; nr < LISTS; nr++)
		prove_list(nr);
	prove(blocks.block == block && blocks.count == count && !blocks.corrupted);
	prove(blocks.serial == last_serial);
	prove(blocks.fresh == list[FREE_LIST].length + nr_used);
	prove(blocks.high == blocks.fresh);
	prove(blocks.nr_free == count - nr_used);
	prove(carveout_blocks_used(&blocks, any) ==
	      (any < count && at[any] != FREE_LIST && at[any] != LISTS));
	prove(!carveout_blocks_validate(&blocks));
}

/* === One step ============================================================= */

static void model_put(u32 index, unsigned int nr)
{
	list[nr].block[list[nr].length++] = index;
	at[index] = nr;
}

static void model_take_out(u32 index)
{
	struct list *from = &list[at[index]];
	bool found = false;
	unsigned int i;

	for (i = 0; i < COUNT - 1; i++) {
		found = found || from->block[i] == index;
		if (found)
			from->block[i] = from->block[i + 1];
	}
	from->length--;
}

static void alloc_block(unsigned int to)
{
	u32 fresh = blocks.fresh;
	u32 got = carveout_blocks_alloc(&blocks, owner_of(to));

	if (list[FREE_LIST].length) {
		prove(got == list[FREE_LIST].block[list[FREE_LIST].length - 1]);
		model_take_out(got);
	} else if (fresh < blocks.count) {
		prove(got == fresh);
	} else {
		prove(got == CARVEOUT_BLOCK_NONE);
		return;
	}
	model_put(got, to);
	serial[got] = ++last_serial;
}

/*
 * Free a block, or move it: both move it to another list, if the block is in use with this
 * serial. A move gives it a serial that is higher than all before.
 */
static void free_or_move(u32 index, u64 named, unsigned int to)
{
	bool used = index < blocks.count && at[index] != FREE_LIST && at[index] != LISTS &&
		    named == serial[index];
	int ret;

	if (to == FREE_LIST) {
		ret = carveout_blocks_free(&blocks, index, named);
	} else {
		u64 new_serial = carveout_blocks_new_serial(&blocks);

		prove(new_serial == ++last_serial);
		ret = carveout_blocks_move(&blocks, index, named, owner_of(to), new_serial);
	}
	prove(ret == (used ? 0 : -EINVAL));
	if (!used)
		return;
	model_take_out(index);
	model_put(index, to);
	if (to != FREE_LIST)
		serial[index] = last_serial;
}

/* The first block of an owner is the one that the owner got last. */
static void first_block(unsigned int nr)
{
	u32 got = carveout_blocks_first(&blocks, owner_of(nr));

	prove(got == (list[nr].length ? list[nr].block[list[nr].length - 1] :
					CARVEOUT_BLOCK_NONE));
}

/* The step of this case. */
static void prove_step(void)
{
	u32 count = blocks.count;

#if defined(ALLOC)
	alloc_block(1 + any_below(LISTS - 1));
#elif defined(FREE)
	free_or_move(nondet_u32(), nondet_u64(), FREE_LIST);
#elif defined(MOVE)
	free_or_move(nondet_u32(), nondet_u64(), 1 + any_below(LISTS - 1));
#elif defined(FIRST)
	first_block(1 + any_below(LISTS - 1));
#endif
	prove_state(count);
}

/* === One corrupted link =================================================== */

static u32 *any_link(void)
{
	u32 index = any_below(COUNT);

	switch (any_below(4)) {
	case 0:
		return first_of(any_below(LISTS));
	case 1:
		return &blocks.nr_free;
	case 2:
		return &block[index].next;
	default:
		return &block[index].prev;
	}
}

/* With any value of a link, no access is outside of the array, and each call returns. */
static void prove_corrupted(void)
{
	struct carveout_blocks blocks_before;
	struct carveout_block_owner owner_before[LISTS - 1];
	struct carveout_block block_before[COUNT];
	u32 *link = any_link();
	unsigned int to = 1 + any_below(LISTS - 1), i;
	bool refused;

	*link = nondet_u32();
	blocks_before = blocks;
	for (i = 0; i < LISTS - 1; i++)
		owner_before[i] = owner[i];
	for (i = 0; i < COUNT; i++)
		block_before[i] = block[i];
	carveout_blocks_validate(&blocks);
	switch (any_below(4)) {
	case 0:
		refused = carveout_blocks_alloc(&blocks, owner_of(to)) == CARVEOUT_BLOCK_NONE;
		break;
	case 1:
		refused = carveout_blocks_free(&blocks, nondet_u32(), nondet_u64());
		break;
	case 2:
		refused = carveout_blocks_first(&blocks, owner_of(to)) == CARVEOUT_BLOCK_NONE;
		break;
	default:
		refused = carveout_blocks_move(&blocks, nondet_u32(), nondet_u64(),
					       owner_of(to), nondet_u64());
		break;
	}
	prove(refused || !blocks.corrupted);
	if (!refused)
		return;
	prove(blocks.free == blocks_before.free && blocks.fresh == blocks_before.fresh &&
	      blocks.nr_free == blocks_before.nr_free && blocks.high == blocks_before.high);
	for (i = 0; i < LISTS - 1; i++)
		prove(owner[i].first == owner_before[i].first &&
		      owner[i].count == owner_before[i].count);
	for (i = 0; i < COUNT; i++)
		prove(block[i].owner == block_before[i].owner &&
		      block[i].next == block_before[i].next &&
		      block[i].prev == block_before[i].prev);
}

/* A sound state is never reported as corrupted; one with a corrupted link may be. */
void carveout_assert_failed(const char *condition, const char *file, int line)
{
#ifndef CORRUPTED
	prove(!condition);
#endif
}

int main(void)
{
	make_any_state();
#ifdef CORRUPTED
	prove_corrupted();
#else
	prove_step();
#endif
	return 0;
}
