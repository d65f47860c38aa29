// SPDX-License-Identifier: GPL-2.0
/*
 * Blocks: equal blocks of a pool, allocated and freed in constant time.
 */

#include "carveout_lib.h"
#include "blocks.h"

static int mark_corrupted(struct carveout_blocks *blocks)
{
	blocks->corrupted = true;
	carveout_assert(!blocks->corrupted);
	return -EUCLEAN;
}

/**
 * carveout_blocks_init() - Initialise a pool with all blocks free
 * @blocks: memory of the pool, with any content
 * @mem: array of @count entries, with any content
 * @count: number of blocks
 *
 * Context: Any context. Constant time.
 */
void carveout_blocks_init(struct carveout_blocks *blocks, struct carveout_block *mem,
			  u32 count)
{
	memset(blocks, 0, sizeof(*blocks));
	blocks->block = mem;
	blocks->count = count;
	blocks->nr_free = count;
	blocks->free = CARVEOUT_BLOCK_NONE;
}
EXPORT_SYMBOL_IF_KUNIT(carveout_blocks_init);

/**
 * carveout_block_owner_init() - Initialise an owner without blocks
 * @owner: memory of the owner, with any content
 *
 * An owner has blocks of one pool only, and must not move while it has any.
 *
 * Context: Any context.
 */
void carveout_block_owner_init(struct carveout_block_owner *owner)
{
	owner->first = CARVEOUT_BLOCK_NONE;
	owner->count = 0;
}
EXPORT_SYMBOL_IF_KUNIT(carveout_block_owner_init);

/**
 * carveout_blocks_used() - Is this a block in use?
 * @blocks: pool
 * @index: any number
 *
 * Context: Any context. Caller serialises access to the pool. Constant time.
 * Return: true if so.
 */
bool carveout_blocks_used(const struct carveout_blocks *blocks, u32 index)
{
	return index < blocks->fresh && blocks->block[index].owner;
}
EXPORT_SYMBOL_IF_KUNIT(carveout_blocks_used);

/**
 * carveout_blocks_serial() - Serial of a block
 * @blocks: pool
 * @index: any number
 *
 * Context: Any context. Caller serialises access to the pool. Constant time.
 * Return: the serial, which is never 0; 0 if the block is not in use.
 */
u64 carveout_blocks_serial(const struct carveout_blocks *blocks, u32 index)
{
	return carveout_blocks_used(blocks, index) ? blocks->block[index].serial : 0;
}
EXPORT_SYMBOL_IF_KUNIT(carveout_blocks_serial);

/**
 * carveout_blocks_new_serial() - Take a serial for a move
 * @blocks: pool
 *
 * A serial that is not used afterwards is lost, which is harmless.
 *
 * Context: Any context. Caller serialises access to the pool. Constant time.
 * Return: a serial that no block has or had. At a billion a second, 64 bits last for
 * 584 years.
 */
u64 carveout_blocks_new_serial(struct carveout_blocks *blocks)
{
	return ++blocks->serial;
}
EXPORT_SYMBOL_IF_KUNIT(carveout_blocks_new_serial);

/* === Consistency of links ================================================= */

/* Serials start at 1, so this is never true of a block that is not in use. */
static bool has_serial(const struct carveout_blocks *blocks, u32 index, u64 serial)
{
	return serial && carveout_blocks_serial(blocks, index) == serial;
}

static bool is_of(const struct carveout_blocks *blocks, u32 index,
		  const struct carveout_block_owner *owner)
{
	return index < blocks->fresh && blocks->block[index].owner == owner;
}

/* The free list starts with a free block if and only if it is not empty. */
static bool free_list_holds(const struct carveout_blocks *blocks)
{
	bool empty = blocks->nr_free == blocks->count - blocks->fresh;

	if (blocks->free == CARVEOUT_BLOCK_NONE)
		return empty;
	return !empty && is_of(blocks, blocks->free, NULL);
}

/* An owner's list starts with a block of the owner that has no predecessor. */
static bool first_holds(const struct carveout_blocks *blocks,
			const struct carveout_block_owner *owner)
{
	if (owner->first == CARVEOUT_BLOCK_NONE)
		return !owner->count;
	return is_of(blocks, owner->first, owner) &&
	       blocks->block[owner->first].prev == CARVEOUT_BLOCK_NONE;
}

/* The neighbours of a used block in its owner's list link back to it. */
static bool links_hold(const struct carveout_blocks *blocks, u32 index)
{
	const struct carveout_block *block = &blocks->block[index];

	if (block->next != CARVEOUT_BLOCK_NONE &&
	    (!is_of(blocks, block->next, block->owner) ||
	     blocks->block[block->next].prev != index))
		return false;
	if (block->prev == CARVEOUT_BLOCK_NONE)
		return block->owner->first == index;
	return is_of(blocks, block->prev, block->owner) &&
	       blocks->block[block->prev].next == index;
}

/* === Allocating, freeing, moving ========================================== */

static void add_first(struct carveout_blocks *blocks, u32 index,
		      struct carveout_block_owner *owner, u64 serial)
{
	struct carveout_block *block = &blocks->block[index];

	block->owner = owner;
	block->serial = serial;
	block->prev = CARVEOUT_BLOCK_NONE;
	block->next = owner->first;
	if (block->next != CARVEOUT_BLOCK_NONE)
		blocks->block[block->next].prev = index;
	owner->first = index;
	owner->count++;
}

static void remove_block(struct carveout_blocks *blocks, u32 index)
{
	const struct carveout_block *block = &blocks->block[index];

	if (block->next != CARVEOUT_BLOCK_NONE)
		blocks->block[block->next].prev = block->prev;
	if (block->prev != CARVEOUT_BLOCK_NONE)
		blocks->block[block->prev].next = block->next;
	else
		block->owner->first = block->next;
	block->owner->count--;
}

/**
 * carveout_blocks_alloc() - Allocate a block
 * @blocks: pool
 * @owner: owner of the block from now on
 *
 * The block freed last is allocated first. It becomes the first block of the owner, with
 * a new serial, which carveout_blocks_serial() returns.
 *
 * Context: Any context. Caller serialises access to the pool. Constant time.
 * Return: the index of the block; %CARVEOUT_BLOCK_NONE if all are in use or the pool
 * is corrupted.
 */
u32 carveout_blocks_alloc(struct carveout_blocks *blocks, struct carveout_block_owner *owner)
{
	u32 index = blocks->free;

	if (unlikely(blocks->corrupted))
		return CARVEOUT_BLOCK_NONE;
	if (unlikely(!free_list_holds(blocks) || !first_holds(blocks, owner))) {
		mark_corrupted(blocks);
		return CARVEOUT_BLOCK_NONE;
	}
	if (index != CARVEOUT_BLOCK_NONE)
		blocks->free = blocks->block[index].next;
	else if (blocks->fresh < blocks->count)
		index = blocks->fresh++;
	else
		return CARVEOUT_BLOCK_NONE;
	add_first(blocks, index, owner, carveout_blocks_new_serial(blocks));
	blocks->nr_free--;
	blocks->high = max(blocks->high, blocks->count - blocks->nr_free);
	return index;
}
EXPORT_SYMBOL_IF_KUNIT(carveout_blocks_alloc);

/**
 * carveout_blocks_free() - Free a block
 * @blocks: pool
 * @index: any number
 * @serial: any number
 *
 * A failed call changes nothing, except that it may mark the pool as corrupted.
 *
 * Context: Any context. Caller serialises access to the pool. Constant time.
 * Return: 0, -EINVAL if there is no such block, it is not in use or has another serial,
 * or -EUCLEAN if the pool is corrupted.
 */
int carveout_blocks_free(struct carveout_blocks *blocks, u32 index, u64 serial)
{
	struct carveout_block *block;

	if (unlikely(blocks->corrupted))
		return -EUCLEAN;
	if (unlikely(!has_serial(blocks, index, serial)))
		return -EINVAL;
	if (unlikely(!links_hold(blocks, index)))
		return mark_corrupted(blocks);
	remove_block(blocks, index);
	block = &blocks->block[index];
	block->owner = NULL;
	block->next = blocks->free;
	blocks->free = index;
	blocks->nr_free++;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(carveout_blocks_free);

/**
 * carveout_blocks_move() - Hand a block over to another owner
 * @blocks: pool
 * @index: any number
 * @serial: any number
 * @to: owner of the block from now on
 * @new_serial: serial of the block from now on, from carveout_blocks_new_serial()
 *
 * The block becomes the first block of its new owner, which may be its old one. A
 * failed call changes nothing, except that it may mark the pool as corrupted.
 *
 * Context: Any context. Caller serialises access to the pool. Constant time.
 * Return: 0, -EINVAL if there is no such block, it is not in use or has another serial,
 * or -EUCLEAN if the pool is corrupted.
 */
int carveout_blocks_move(struct carveout_blocks *blocks, u32 index, u64 serial,
			 struct carveout_block_owner *to, u64 new_serial)
{
	if (unlikely(blocks->corrupted))
		return -EUCLEAN;
	if (unlikely(!has_serial(blocks, index, serial)))
		return -EINVAL;
	if (unlikely(!links_hold(blocks, index) || !first_holds(blocks, to)))
		return mark_corrupted(blocks);
	remove_block(blocks, index);
	add_first(blocks, index, to, new_serial);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(carveout_blocks_move);

/**
 * carveout_blocks_first() - First block of an owner
 * @blocks: pool
 * @owner: owner
 *
 * For freeing all blocks of an owner, one after the other. An owner whose list does not
 * start with one of its blocks, or ends before its last block, marks the pool as
 * corrupted: from then on no function follows the reference of a block to its owner.
 *
 * Context: Any context. Caller serialises access to the pool. Constant time.
 * Return: the index of the block; %CARVEOUT_BLOCK_NONE if the owner has none or the pool
 * is corrupted.
 */
u32 carveout_blocks_first(struct carveout_blocks *blocks,
			  const struct carveout_block_owner *owner)
{
	if (unlikely(blocks->corrupted))
		return CARVEOUT_BLOCK_NONE;
	if (unlikely(!first_holds(blocks, owner))) {
		mark_corrupted(blocks);
		return CARVEOUT_BLOCK_NONE;
	}
	return owner->first;
}
EXPORT_SYMBOL_IF_KUNIT(carveout_blocks_first);

/* === The validator ======================================================== */

/* Number of free blocks below index "fresh", on the list or not. */
static u32 nr_returned(const struct carveout_blocks *blocks)
{
	u32 index, count = 0;

	for (index = 0; index < blocks->fresh; index++)
		if (!blocks->block[index].owner)
			count++;
	return count;
}

/*
 * The free list ends after exactly @length free blocks. No block is on it twice,
 * because the list would then have no end.
 */
static bool free_list_is_sound(const struct carveout_blocks *blocks, u32 length)
{
	u32 index = blocks->free;

	while (length--) {
		if (!is_of(blocks, index, NULL))
			return false;
		index = blocks->block[index].next;
	}
	return index == CARVEOUT_BLOCK_NONE;
}

/*
 * Length of the owner's list that starts with this block, 0 if it is not sound.
 * Each block must link back to the block before it, so the list cannot have a cycle.
 */
static u32 sound_length(const struct carveout_blocks *blocks, u32 index)
{
	const struct carveout_block_owner *owner = blocks->block[index].owner;
	u32 prev = CARVEOUT_BLOCK_NONE;
	u32 length = 0;

	if (owner->first != index)
		return 0;
	for (; index != CARVEOUT_BLOCK_NONE; index = blocks->block[index].next) {
		if (!is_of(blocks, index, owner) || blocks->block[index].prev != prev ||
		    blocks->block[index].serial - 1 >= blocks->serial)
			return 0;
		prev = index;
		length++;
	}
	return length == owner->count ? length : 0;
}

/* Each used block is in the list of its owner: the lists have @nr_used in total. */
static bool owners_are_sound(const struct carveout_blocks *blocks, u32 nr_used)
{
	u32 index;

	for (index = 0; index < blocks->fresh; index++) {
		const struct carveout_block *block = &blocks->block[index];
		u32 length;

		if (!block->owner || block->prev != CARVEOUT_BLOCK_NONE)
			continue;
		length = sound_length(blocks, index);
		if (!length)
			return false;
		nr_used -= length;
	}
	return !nr_used;
}

/**
 * carveout_blocks_validate() - Prove that a pool is sound
 * @blocks: pool
 *
 * Each block is in use, on the free list once, or was never used; the lists of the
 * owners contain each used block once; all counters agree; each used block has a serial
 * that was assigned. An owner without blocks is
 * not checked, because nothing refers to it. The existence of each owner that a block
 * refers to, and the length of the array, are assumed.
 *
 * Context: Any context. Caller serialises access to the pool. Time grows with the
 * number of blocks that were ever used.
 * Return: 0, or -EUCLEAN.
 */
int carveout_blocks_validate(const struct carveout_blocks *blocks)
{
	u32 returned;

	if (blocks->corrupted || blocks->fresh > blocks->count || blocks->high != blocks->fresh)
		return -EUCLEAN;
	returned = nr_returned(blocks);
	if (blocks->nr_free != returned + (blocks->count - blocks->fresh) ||
	    !free_list_is_sound(blocks, returned) ||
	    !owners_are_sound(blocks, blocks->fresh - returned))
		return -EUCLEAN;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(carveout_blocks_validate);

/* === The validator, in parts ============================================== */

enum {
	PHASE_START,	/* nothing was checked */
	PHASE_COUNT,	/* count the free blocks below "fresh" */
	PHASE_FREE,	/* walk the free list */
	PHASE_OWNERS,	/* find the lists of owners, and walk each */
};

static int start_check(const struct carveout_blocks *blocks,
		       struct carveout_blocks_check *check)
{
	*check = (struct carveout_blocks_check) {
		.phase = PHASE_COUNT,
		.serial = blocks->serial,
		.nr_free = blocks->nr_free,
	};
	return blocks->fresh > blocks->count || blocks->high != blocks->fresh ?
	       -EUCLEAN : -EAGAIN;
}

static int count_step(const struct carveout_blocks *blocks,
		      struct carveout_blocks_check *check)
{
	if (check->index < blocks->fresh) {
		check->returned += !blocks->block[check->index++].owner;
		return -EAGAIN;
	}
	check->phase = PHASE_FREE;
	check->at = blocks->free;
	check->left = check->returned;
	return blocks->nr_free == check->returned + (blocks->count - blocks->fresh) ?
	       -EAGAIN : -EUCLEAN;
}

static int free_step(const struct carveout_blocks *blocks,
		     struct carveout_blocks_check *check)
{
	if (check->left--) {
		if (!is_of(blocks, check->at, NULL))
			return -EUCLEAN;
		check->at = blocks->block[check->at].next;
		return -EAGAIN;
	}
	check->phase = PHASE_OWNERS;
	check->index = 0;
	check->left = blocks->fresh - check->returned;
	return check->at == CARVEOUT_BLOCK_NONE ? -EAGAIN : -EUCLEAN;
}

/* The next block of the list that is walked. */
static int list_step(const struct carveout_blocks *blocks,
		     struct carveout_blocks_check *check)
{
	const struct carveout_block *block;

	if (!is_of(blocks, check->at, check->owner))
		return -EUCLEAN;
	block = &blocks->block[check->at];
	if (block->prev != check->prev || block->serial - 1 >= blocks->serial)
		return -EUCLEAN;
	check->prev = check->at;
	check->at = block->next;
	check->length++;
	if (check->at != CARVEOUT_BLOCK_NONE)
		return -EAGAIN;
	check->left -= check->length;
	return check->length == check->owner->count ? -EAGAIN : -EUCLEAN;
}

/* Look for the next block that starts a list. */
static int owner_step(const struct carveout_blocks *blocks,
		      struct carveout_blocks_check *check)
{
	const struct carveout_block *block;

	if (check->at != CARVEOUT_BLOCK_NONE)
		return list_step(blocks, check);
	if (check->index == blocks->fresh)
		return check->left ? -EUCLEAN : 0;
	block = &blocks->block[check->index++];
	if (!block->owner || block->prev != CARVEOUT_BLOCK_NONE)
		return -EAGAIN;
	check->owner = block->owner;
	check->at = check->index - 1;
	check->prev = CARVEOUT_BLOCK_NONE;
	check->length = 0;
	return block->owner->first == check->at ? -EAGAIN : -EUCLEAN;
}

static int check_step(const struct carveout_blocks *blocks,
		      struct carveout_blocks_check *check)
{
	switch (check->phase) {
	case PHASE_START:
		return start_check(blocks, check);
	case PHASE_COUNT:
		return count_step(blocks, check);
	case PHASE_FREE:
		return free_step(blocks, check);
	default:
		return owner_step(blocks, check);
	}
}

/**
 * carveout_blocks_check() - Prove that a pool is sound, in parts
 * @blocks: pool
 * @check: state of the validation; zeroed before the first call
 * @steps: number of steps of constant time that this call takes at most
 *
 * As carveout_blocks_validate(), but other calls may use the pool in between. An
 * allocation and a move take a serial, and frees alone change the number of free blocks:
 * so any change is noticed.
 *
 * Context: Any context. Caller serialises access to the pool.
 * Return: 0; -EUCLEAN; -EAGAIN if the validation is not complete; -ESTALE if the pool has
 * changed since its start, which then has to be repeated.
 */
int carveout_blocks_check(const struct carveout_blocks *blocks,
			  struct carveout_blocks_check *check, u32 steps)
{
	int ret = -EAGAIN;

	if (blocks->corrupted)
		return -EUCLEAN;
	if (check->phase != PHASE_START &&
	    (check->serial != blocks->serial || check->nr_free != blocks->nr_free))
		return -ESTALE;
	while (ret == -EAGAIN && steps--)
		ret = check_step(blocks, check);
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(carveout_blocks_check);

/**
 * carveout_block_at() - Find the block that starts at an offset
 * @offset: bytes from the start of the pool
 * @block_size: bytes of a block
 * @count: number of blocks
 *
 * Context: Any context.
 * Return: the index of the block, or %CARVEOUT_BLOCK_NONE.
 */
u32 carveout_block_at(u64 offset, u64 block_size, u32 count)
{
	u64 index, rest;

	if (!block_size)
		return CARVEOUT_BLOCK_NONE;
	index = div64_u64_rem(offset, block_size, &rest);
	return !rest && index < count ? index : CARVEOUT_BLOCK_NONE;
}
EXPORT_SYMBOL_IF_KUNIT(carveout_block_at);
