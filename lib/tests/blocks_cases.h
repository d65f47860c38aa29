/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Scenarios of the blocks of a pool, as tables, and a model to compare with: shared by
 * the KUnit suite and the user-space tests.
 *
 * The model has the free list and the owners' lists as plain arrays. Each step changes
 * both pool and model, and is followed by a complete comparison and the validator.
 */

#ifndef CARVEOUT_BLOCKS_CASES_H
#define CARVEOUT_BLOCKS_CASES_H

#include "../blocks.h"

#define CARVEOUT_BLOCKS_MAX 48
#define CARVEOUT_BLOCKS_OWNERS 4

/**
 * struct carveout_blocks_list - A list of the model
 * @block: its blocks, in the reverse order of the real list
 * @length: number of blocks
 */
struct carveout_blocks_list {
	u32 block[CARVEOUT_BLOCKS_MAX];
	u32 length;
};

/**
 * struct carveout_blocks_model - Expected state of a pool
 * @fresh: the lowest index that was never used
 * @last: serial assigned last
 * @serial: for each block in use its serial
 * @list: list 0 is the free list, list n + 1 that of owner n
 * @at: for each block the number of its list; 0 also if the block was never used
 */
struct carveout_blocks_model {
	u32 fresh;
	u64 last;
	u64 serial[CARVEOUT_BLOCKS_MAX];
	struct carveout_blocks_list list[1 + CARVEOUT_BLOCKS_OWNERS];
	u8 at[CARVEOUT_BLOCKS_MAX];
};

/**
 * struct carveout_blocks_env - A pool with its owners and its model
 * @blocks: the pool
 * @owner: the owners
 * @model: the model
 * @got: result of the last step
 * @failed: step of a scenario that failed, counted from 0
 */
struct carveout_blocks_env {
	struct carveout_blocks blocks;
	struct carveout_block_owner owner[CARVEOUT_BLOCKS_OWNERS];
	struct carveout_blocks_model model;
	int got;
	unsigned int failed;
};

/**
 * enum carveout_blocks_op - Operation of a step
 * @CARVEOUT_BLOCKS_END: end of the scenario
 * @CARVEOUT_BLOCKS_ALLOC: allocate a block for @owner; @want is its index, or NO_BLOCK
 * @CARVEOUT_BLOCKS_FREE: free block @index; @want is the result
 * @CARVEOUT_BLOCKS_MOVE: hand block @index over to @owner; @want is the result
 * @CARVEOUT_BLOCKS_FIRST: find the first block of @owner; @want is its index, or NO_BLOCK
 */
enum carveout_blocks_op {
	CARVEOUT_BLOCKS_END,
	CARVEOUT_BLOCKS_ALLOC,
	CARVEOUT_BLOCKS_FREE,
	CARVEOUT_BLOCKS_MOVE,
	CARVEOUT_BLOCKS_FIRST,
};

/**
 * struct carveout_blocks_step - One step of a scenario
 * @op: operation
 * @owner: number of the owner
 * @index: index of the block
 * @off: difference of the serial that is passed to that of the block; a free block has
 *	the serial of its last use
 * @want: expected result
 */
struct carveout_blocks_step {
	enum carveout_blocks_op op;
	unsigned int owner;
	u32 index;
	u64 off;
	int want;
};

/**
 * struct carveout_blocks_case - A scenario
 * @name: property that it tests
 * @count: number of blocks of the pool
 * @step: its steps
 */
struct carveout_blocks_case {
	const char *name;
	u32 count;
	struct carveout_blocks_step step[24];
};

#define NO_BLOCK ((int)CARVEOUT_BLOCK_NONE)
#define ALLOC(_owner, _want) {							\
	.op = CARVEOUT_BLOCKS_ALLOC, .owner = (_owner), .want = (_want) }
#define FREE(_index) { .op = CARVEOUT_BLOCKS_FREE, .index = (_index) }
#define FREE_REFUSED(_index) {							\
	.op = CARVEOUT_BLOCKS_FREE, .index = (_index), .want = -EINVAL }
#define MOVE(_index, _owner) {							\
	.op = CARVEOUT_BLOCKS_MOVE, .index = (_index), .owner = (_owner) }
#define MOVE_REFUSED(_index, _owner) {						\
	.op = CARVEOUT_BLOCKS_MOVE, .index = (_index), .owner = (_owner),		\
	.want = -EINVAL }

#define FREE_STALE(_index, _off) {						\
	.op = CARVEOUT_BLOCKS_FREE, .index = (_index), .off = (_off), .want = -EINVAL }
#define MOVE_STALE(_index, _off, _owner) {					\
	.op = CARVEOUT_BLOCKS_MOVE, .index = (_index), .off = (_off),			\
	.owner = (_owner), .want = -EINVAL }
#define FIRST(_owner, _want) {							\
	.op = CARVEOUT_BLOCKS_FIRST, .owner = (_owner), .want = (_want) }

static const struct carveout_blocks_case carveout_blocks_cases[] = {
	{ "no blocks", 0, {
		ALLOC(0, NO_BLOCK), FREE_REFUSED(0), MOVE_REFUSED(0, 1),
		FREE_REFUSED(U32_MAX), ALLOC(1, NO_BLOCK),
	} },
	{ "one block", 1, {
		ALLOC(0, 0), ALLOC(0, NO_BLOCK), ALLOC(1, NO_BLOCK), FREE(0), ALLOC(1, 0),
		MOVE(0, 0), ALLOC(0, NO_BLOCK), FREE(0),
	} },
	{ "new blocks are allocated in order", 4, {
		ALLOC(0, 0), ALLOC(1, 1), ALLOC(0, 2), ALLOC(2, 3), ALLOC(3, NO_BLOCK),
	} },
	{ "last in, first out", 4, {
		ALLOC(0, 0), ALLOC(0, 1), ALLOC(0, 2), FREE(0), FREE(2), FREE(1),
		ALLOC(0, 1), ALLOC(0, 2), ALLOC(0, 0), ALLOC(0, 3), ALLOC(0, NO_BLOCK),
	} },
	{ "a free block is preferred to a new one", 3, {
		ALLOC(0, 0), FREE(0), ALLOC(0, 0), FREE(0), ALLOC(1, 0), ALLOC(1, 1),
		FREE(0), ALLOC(1, 0), ALLOC(1, 2),
	} },
	{ "freed from the front, the middle and the end", 5, {
		ALLOC(0, 0), ALLOC(0, 1), ALLOC(0, 2), ALLOC(0, 3), ALLOC(0, 4),
		FREE(2), FREE(0), FREE(4), FREE(1), FREE(3),
		ALLOC(1, 3), ALLOC(1, 1), ALLOC(1, 4), ALLOC(1, 0), ALLOC(1, 2),
	} },
	{ "moved from the front, the middle and the end", 5, {
		ALLOC(0, 0), ALLOC(0, 1), ALLOC(0, 2), ALLOC(0, 3), ALLOC(0, 4),
		MOVE(2, 1), MOVE(0, 1), MOVE(4, 2), MOVE(1, 1), MOVE(3, 2),
		FREE(2), FREE(3), MOVE(0, 0), FREE(0), FREE(1), FREE(4),
	} },
	{ "moved to its own owner", 3, {
		ALLOC(0, 0), MOVE(0, 0), ALLOC(0, 1), ALLOC(0, 2), MOVE(2, 0), MOVE(1, 0),
		MOVE(0, 0), FREE(2), FREE(1), FREE(0),
	} },
	{ "freed twice", 3, {
		ALLOC(0, 0), ALLOC(0, 1), FREE(0), FREE_REFUSED(0), MOVE_REFUSED(0, 1),
		FREE(1), FREE_REFUSED(1), FREE_REFUSED(0), ALLOC(1, 1), FREE_REFUSED(0),
	} },
	{ "serial of an earlier owner", 2, {
		ALLOC(0, 0), ALLOC(0, 1), FREE(0), ALLOC(1, 0),
		FREE_STALE(0, -2), MOVE_STALE(0, -2, 0), MOVE(0, 0), FREE_STALE(0, -2),
		MOVE(0, 0), FREE_STALE(0, -1), MOVE_STALE(0, -1, 1), FREE(0),
	} },
	{ "serial of another block, or of none", 2, {
		ALLOC(0, 0), ALLOC(1, 1), FREE_STALE(0, 1), MOVE_STALE(1, -1, 0),
		FREE_STALE(0, -1), FREE_STALE(0, 2), FREE_STALE(0, U64_MAX / 2),
		MOVE_STALE(0, U64_MAX / 2 + 1, 1), FREE(1), FREE_STALE(1, 1), MOVE_STALE(1, -2, 0),
		FREE(0),
	} },
	{ "first of an owner", 3, {
		FIRST(0, NO_BLOCK), ALLOC(0, 0), FIRST(0, 0), ALLOC(0, 1), FIRST(0, 1),
		MOVE(0, 1), FIRST(1, 0), FIRST(0, 1), FREE(1), FIRST(0, NO_BLOCK),
		FREE(0), FIRST(1, NO_BLOCK),
	} },
	{ "never used", 4, {
		FREE_REFUSED(0), MOVE_REFUSED(0, 0), ALLOC(0, 0), FREE_REFUSED(1),
		MOVE_REFUSED(1, 1), FREE_REFUSED(3), MOVE_REFUSED(3, 0), ALLOC(0, 1),
		FREE(1), FREE_REFUSED(2),
	} },
	{ "no such block", 2, {
		ALLOC(0, 0), ALLOC(0, 1),
		FREE_REFUSED(2), FREE_REFUSED(3), FREE_REFUSED(0x7fffffff),
		FREE_REFUSED(0x80000000), FREE_REFUSED(U32_MAX - 1), FREE_REFUSED(U32_MAX),
		MOVE_REFUSED(2, 1), MOVE_REFUSED(3, 1), MOVE_REFUSED(0x7fffffff, 1),
		MOVE_REFUSED(0x80000000, 1), MOVE_REFUSED(U32_MAX - 1, 1),
		MOVE_REFUSED(U32_MAX, 1),
	} },
};

#undef NO_BLOCK
#undef ALLOC
#undef FREE
#undef FREE_REFUSED
#undef MOVE
#undef MOVE_REFUSED
#undef FREE_STALE
#undef MOVE_STALE
#undef FIRST

/* === The model ============================================================ */

static inline void carveout_blocks_model_add(struct carveout_blocks_model *model, u32 index,
					     unsigned int nr)
{
	struct carveout_blocks_list *list = &model->list[nr];

	list->block[list->length++] = index;
	model->at[index] = nr;
	model->serial[index] = model->last;
}

static inline void carveout_blocks_model_del(struct carveout_blocks_model *model, u32 index)
{
	struct carveout_blocks_list *list = &model->list[model->at[index]];
	u32 i = 0;

	while (list->block[i] != index)
		i++;
	for (list->length--; i < list->length; i++)
		list->block[i] = list->block[i + 1];
}

/* Apply a step to the model; returns the expected result. */
static inline int carveout_blocks_model_do(struct carveout_blocks_model *model, u32 count,
					   const struct carveout_blocks_step *step)
{
	const struct carveout_blocks_list *free = &model->list[0];
	const struct carveout_blocks_list *own = &model->list[1 + step->owner];
	u32 index = step->index;

	if (step->op == CARVEOUT_BLOCKS_FIRST)
		return own->length ? (int)own->block[own->length - 1] :
				     (int)CARVEOUT_BLOCK_NONE;
	if (step->op == CARVEOUT_BLOCKS_ALLOC) {
		if (free->length) {
			index = free->block[free->length - 1];
			carveout_blocks_model_del(model, index);
		} else if (model->fresh < count) {
			index = model->fresh++;
		} else {
			return (int)CARVEOUT_BLOCK_NONE;
		}
		model->last++;
		carveout_blocks_model_add(model, index, 1 + step->owner);
		return index;
	}
	/* A move takes its serial beforehand. */
	model->last += step->op == CARVEOUT_BLOCKS_MOVE;
	if (index >= count || !model->at[index] || step->off)
		return -EINVAL;
	carveout_blocks_model_del(model, index);
	carveout_blocks_model_add(model, index,
				  step->op == CARVEOUT_BLOCKS_MOVE ? 1 + step->owner : 0);
	return 0;
}

/* Is list @nr of the pool equal to that of the model? */
static inline bool carveout_blocks_same_list(const struct carveout_blocks_env *env, unsigned int nr)
{
	const struct carveout_blocks_list *list = &env->model.list[nr];
	const struct carveout_block_owner *owner = nr ? &env->owner[nr - 1] : NULL;
	u32 index = owner ? owner->first : env->blocks.free;
	u32 prev = CARVEOUT_BLOCK_NONE, left = list->length;

	if (owner && owner->count != list->length)
		return false;
	while (left--) {
		const struct carveout_block *block = &env->blocks.block[index];

		if (index != list->block[left] || block->owner != owner ||
		    (owner && block->prev != prev) ||
		    (owner && block->serial != env->model.serial[index]))
			return false;
		prev = index;
		index = block->next;
	}
	return index == CARVEOUT_BLOCK_NONE;
}

/* Validate the pool in parts of @steps. */
static inline int carveout_blocks_check_by(const struct carveout_blocks *blocks, u32 steps)
{
	struct carveout_blocks_check check = { };
	int ret;

	do {
		ret = carveout_blocks_check(blocks, &check, steps);
	} while (ret == -EAGAIN);
	return ret;
}

/**
 * carveout_blocks_compare() - Compare a pool with its model
 * @env: pool and model
 *
 * Context: Any context.
 * Return: NULL, or the first difference.
 */
static inline const char *carveout_blocks_compare(const struct carveout_blocks_env *env)
{
	const struct carveout_blocks *blocks = &env->blocks;
	const struct carveout_blocks_model *model = &env->model;
	u32 index, nr_used = 0;
	unsigned int nr;

	for (nr = 0; nr < ARRAY_SIZE(model->list); nr++) {
		if (!carveout_blocks_same_list(env, nr))
			return "a list differs";
		nr_used += nr ? model->list[nr].length : 0;
	}
	for (index = 0; index < blocks->count; index++) {
		if (carveout_blocks_used(blocks, index) != !!model->at[index])
			return "another block is in use";
		if (carveout_blocks_serial(blocks, index) !=
		    (model->at[index] ? model->serial[index] : 0))
			return "another serial";
	}
	if (carveout_blocks_used(blocks, index) || carveout_blocks_used(blocks, U32_MAX))
		return "a block that does not exist is in use";
	if (carveout_blocks_serial(blocks, index) || blocks->serial != model->last)
		return "wrong last serial";
	if (blocks->nr_free != blocks->count - nr_used)
		return "wrong number of free blocks";
	if (blocks->fresh != model->fresh || blocks->high != model->fresh)
		return "wrong maximum number of blocks in use";
	if (blocks->corrupted || carveout_blocks_validate(blocks))
		return "the pool is corrupted";
	if (carveout_blocks_check_by(blocks, 3))
		return "the pool is corrupted, by the check in parts";
	return NULL;
}

/**
 * carveout_blocks_env_init() - Initialise a pool and its model
 * @env: pool and model
 * @mem: array of @count blocks, with any content
 * @count: number of blocks
 *
 * Context: Any context.
 */
static inline void carveout_blocks_env_init(struct carveout_blocks_env *env,
					    struct carveout_block *mem, u32 count)
{
	unsigned int nr;

	/* The content is unspecified. */
	memset(env, 0xa5, sizeof(*env));
	memset(mem, 0xa5, count * sizeof(*mem));
	carveout_blocks_init(&env->blocks, mem, count);
	for (nr = 0; nr < CARVEOUT_BLOCKS_OWNERS; nr++)
		carveout_block_owner_init(&env->owner[nr]);
	memset(&env->model, 0, sizeof(env->model));
}

static inline int carveout_blocks_do(struct carveout_blocks_env *env,
				     const struct carveout_blocks_step *step)
{
	struct carveout_block_owner *owner = &env->owner[step->owner];
	struct carveout_blocks *blocks = &env->blocks;
	u64 serial = step->off;

	if (step->index < blocks->fresh && step->index < blocks->count)
		serial += blocks->block[step->index].serial;
	switch (step->op) {
	case CARVEOUT_BLOCKS_ALLOC:
		return (int)carveout_blocks_alloc(blocks, owner);
	case CARVEOUT_BLOCKS_FREE:
		return carveout_blocks_free(blocks, step->index, serial);
	case CARVEOUT_BLOCKS_FIRST:
		return (int)carveout_blocks_first(blocks, owner);
	default:
		return carveout_blocks_move(blocks, step->index, serial, owner,
					    carveout_blocks_new_serial(blocks));
	}
}

/**
 * carveout_blocks_step() - Apply a step to a pool and to its model
 * @env: pool and model
 * @step: step; its expected result is ignored
 *
 * Context: Any context.
 * Return: NULL, or the first difference.
 */
static inline const char *carveout_blocks_step(struct carveout_blocks_env *env,
					       const struct carveout_blocks_step *step)
{
	int want = carveout_blocks_model_do(&env->model, env->blocks.count, step);

	env->got = carveout_blocks_do(env, step);
	return env->got == want ? carveout_blocks_compare(env) : "unexpected result";
}

/**
 * carveout_blocks_case_run() - Run a scenario
 * @env: pool with the number of blocks of the scenario
 * @scenario: scenario
 *
 * Context: Any context.
 * Return: NULL, or the first difference, in step @env->failed.
 */
static inline const char *carveout_blocks_case_run(struct carveout_blocks_env *env,
						   const struct carveout_blocks_case *scenario)
{
	const struct carveout_blocks_step *step = scenario->step;
	const char *why = carveout_blocks_compare(env);

	for (env->failed = 0; !why && step->op != CARVEOUT_BLOCKS_END; step++) {
		why = carveout_blocks_step(env, step);
		if (!why && env->got != step->want)
			why = "not the result of the table";
		if (!why)
			env->failed++;
	}
	return why;
}

/* === Blocks by offset ===================================================== */

/**
 * struct carveout_block_at_case - An offset and the block that starts there
 * @desc: description
 * @offset: bytes from the start of the pool
 * @block_size: bytes
 * @count: number of blocks
 * @want: index, or %CARVEOUT_BLOCK_NONE
 */
struct carveout_block_at_case {
	const char *desc;
	u64 offset;
	u64 block_size;
	u32 count;
	u32 want;
};

static const struct carveout_block_at_case carveout_block_at_cases[] = {
	{ "the first", 0, 4096, 3, 0 },
	{ "the last", 8192, 4096, 3, 2 },
	{ "behind the last", 12288, 4096, 3, CARVEOUT_BLOCK_NONE },
	{ "one byte into the first", 1, 4096, 3, CARVEOUT_BLOCK_NONE },
	{ "one byte before the second", 4095, 4096, 3, CARVEOUT_BLOCK_NONE },
	{ "the middle of the last", 10240, 4096, 3, CARVEOUT_BLOCK_NONE },
	{ "not a power of two", 1920 * 5, 1920, 6, 5 },
	{ "blocks of a byte", 77, 1, 78, 77 },
	{ "no blocks", 0, 4096, 0, CARVEOUT_BLOCK_NONE },
	{ "blocks of size 0", 0, 0, 3, CARVEOUT_BLOCK_NONE },
	{ "blocks of size 0, not at the start", 4096, 0, 3, CARVEOUT_BLOCK_NONE },
	{ "beyond 4 GiB", 0x300000000, 0x100000000, 4, 3 },
	{ "an index of 33 bits", 0x100000000, 1, U32_MAX, CARVEOUT_BLOCK_NONE },
	{ "an index of 33 bits, in blocks", 0x1000 * 0x100000001, 0x1000, 3,
	  CARVEOUT_BLOCK_NONE },
	{ "the largest index", 0xfffffffe, 1, U32_MAX, U32_MAX - 1 },
	{ "the index CARVEOUT_BLOCK_NONE", 0xffffffff, 1, U32_MAX, CARVEOUT_BLOCK_NONE },
	{ "the largest offset", U64_MAX, 1, U32_MAX, CARVEOUT_BLOCK_NONE },
	{ "the largest block", U64_MAX, U64_MAX, 2, 1 },
};

/* === Corruption =========================================================== */

/**
 * enum carveout_blocks_field - A field to corrupt
 * @CARVEOUT_BLOCKS_FIELD_NOTHING: end of the list
 * @CARVEOUT_BLOCKS_FIELD_FREE: first block of the free list
 * @CARVEOUT_BLOCKS_FIELD_NR_FREE: number of free blocks
 * @CARVEOUT_BLOCKS_FIELD_FRESH: lowest index never used
 * @CARVEOUT_BLOCKS_FIELD_HIGH: maximum number of blocks ever in use
 * @CARVEOUT_BLOCKS_FIELD_CORRUPTED: the pool is marked as corrupted
 * @CARVEOUT_BLOCKS_FIELD_FIRST: first block of owner @index
 * @CARVEOUT_BLOCKS_FIELD_COUNT: number of blocks of owner @index
 * @CARVEOUT_BLOCKS_FIELD_NEXT: link of block @index
 * @CARVEOUT_BLOCKS_FIELD_PREV: link of block @index
 * @CARVEOUT_BLOCKS_FIELD_OWNER: owner of block @index: 0 for none, n + 1 for owner n
 * @CARVEOUT_BLOCKS_FIELD_SERIAL: serial of block @index
 * @CARVEOUT_BLOCKS_FIELD_LAST: serial assigned last
 */
enum carveout_blocks_field {
	CARVEOUT_BLOCKS_FIELD_NOTHING,
	CARVEOUT_BLOCKS_FIELD_FREE,
	CARVEOUT_BLOCKS_FIELD_NR_FREE,
	CARVEOUT_BLOCKS_FIELD_FRESH,
	CARVEOUT_BLOCKS_FIELD_HIGH,
	CARVEOUT_BLOCKS_FIELD_CORRUPTED,
	CARVEOUT_BLOCKS_FIELD_FIRST,
	CARVEOUT_BLOCKS_FIELD_COUNT,
	CARVEOUT_BLOCKS_FIELD_NEXT,
	CARVEOUT_BLOCKS_FIELD_PREV,
	CARVEOUT_BLOCKS_FIELD_OWNER,
	CARVEOUT_BLOCKS_FIELD_SERIAL,
	CARVEOUT_BLOCKS_FIELD_LAST,
};

/**
 * struct carveout_blocks_corruption - Corruption of the pool of carveout_blocks_sample()
 * @desc: description
 * @set: fields and the values to set them to
 * @detected: the step that detects it, if one does: the validator always does
 */
struct carveout_blocks_corruption {
	const char *desc;
	struct {
		enum carveout_blocks_field field;
		u32 index;
		u32 value;
	} set[5];
	struct carveout_blocks_step detected;
};

#define NONE CARVEOUT_BLOCK_NONE
#define SET(_field, _index, _value) { CARVEOUT_BLOCKS_FIELD_##_field, (_index), (_value) }
#define BY_VALIDATOR { .op = CARVEOUT_BLOCKS_END }
#define BY_ALLOC(_owner) { .op = CARVEOUT_BLOCKS_ALLOC, .owner = (_owner) }
#define BY_FREE(_index) { .op = CARVEOUT_BLOCKS_FREE, .index = (_index) }
#define BY_MOVE(_index, _owner) {						\
	.op = CARVEOUT_BLOCKS_MOVE, .index = (_index), .owner = (_owner) }

#define BY_FIRST(_owner) { .op = CARVEOUT_BLOCKS_FIRST, .owner = (_owner) }

/*
 * Owner 0 has blocks 5, 2, 0, owner 1 has 3; 4, 1 are free; 6, 7 were never used. Block n
 * has the serial n + 1.
 */
static const struct carveout_blocks_corruption carveout_blocks_corruptions[] = {
	{ "free list is lost", { SET(FREE, 0, NONE) }, BY_ALLOC(0) },
	{ "free list has too many", { SET(NR_FREE, 0, 2) }, BY_ALLOC(0) },
	{ "free list starts with a new block", { SET(FREE, 0, 6) }, BY_ALLOC(0) },
	{ "free list starts beyond the last block", { SET(FREE, 0, 8) }, BY_ALLOC(0) },
	{ "free list starts with a block in use", { SET(FREE, 0, 3) }, BY_ALLOC(0) },
	{ "first of the owner does not exist", { SET(FIRST, 0, 1000) }, BY_ALLOC(0) },
	{ "first of the owner is free", { SET(FIRST, 0, 4) }, BY_ALLOC(0) },
	{ "first of the owner belongs to another owner", { SET(FIRST, 0, 3) }, BY_ALLOC(0) },
	{ "first of the owner is not the first", { SET(FIRST, 0, 2) }, BY_ALLOC(0) },
	{ "first of the new owner was never used", { SET(FIRST, 1, 6) }, BY_MOVE(2, 1) },
	{ "first of the new owner belongs to another owner", { SET(FIRST, 1, 5) }, BY_MOVE(2, 1) },
	{ "first of the old owner is another block", { SET(FIRST, 0, 0) }, BY_FREE(5) },
	{ "first of the owner is lost", { SET(FIRST, 0, NONE) }, BY_MOVE(5, 1) },
	{ "next does not exist", { SET(NEXT, 2, 1U << 31) }, BY_FREE(2) },
	{ "next is new", { SET(NEXT, 2, 6) }, BY_MOVE(2, 1) },
	{ "next is free", { SET(NEXT, 2, 1) }, BY_FREE(2) },
	{ "next belongs to another owner", { SET(NEXT, 2, 3) }, BY_MOVE(2, 1) },
	{ "next does not link back", { SET(NEXT, 5, 0) }, BY_FREE(5) },
	{ "next is itself", { SET(NEXT, 0, 0) }, BY_FREE(0) },
	{ "prev is lost", { SET(PREV, 2, NONE) }, BY_FREE(2) },
	{ "prev does not exist", { SET(PREV, 2, 1U << 31) }, BY_MOVE(2, 0) },
	{ "prev is free", { SET(PREV, 0, 4) }, BY_FREE(0) },
	{ "prev belongs to another owner", { SET(PREV, 0, 3) }, BY_MOVE(0, 1) },
	{ "prev does not link back", { SET(PREV, 0, 5) }, BY_FREE(0) },
	{ "prev of the first", { SET(PREV, 5, 0) }, BY_FREE(5) },
	{ "next belongs to another owner and links back", {
		SET(NEXT, 2, 3), SET(PREV, 3, 2) }, BY_FREE(2) },
	{ "prev belongs to another owner and links back", {
		SET(PREV, 0, 3), SET(NEXT, 3, 0) }, BY_FREE(0) },
	{ "next is new and looks like the owner's", {
		SET(NEXT, 0, 6), SET(OWNER, 6, 1), SET(PREV, 6, 0) }, BY_MOVE(0, 1) },
	{ "free list starts with a new block that looks free", {
		SET(FREE, 0, 6), SET(OWNER, 6, 0) }, BY_ALLOC(1) },
	{ "list of the owner is lost", { SET(FIRST, 0, NONE) }, BY_FIRST(0) },
	{ "list of the owner is lost, at an allocation", { SET(FIRST, 0, NONE) }, BY_ALLOC(0) },
	{ "list of an owner starts with a free block", { SET(FIRST, 0, 4) }, BY_FIRST(0) },
	{ "list of an owner starts with a block that does not exist", {
		SET(FIRST, 0, 1U << 31) }, BY_FIRST(0) },
	{ "list of an owner starts with a block of another owner", {
		SET(FIRST, 0, 3) }, BY_FIRST(0) },
	{ "list of an owner starts in the middle", { SET(FIRST, 0, 2) }, BY_FIRST(0) },
	{ "list of an owner ended before its last block", {
		SET(OWNER, 5, 0), SET(FIRST, 0, NONE), SET(COUNT, 0, 2) }, BY_FIRST(0) },
	{ "serial was never assigned", { SET(SERIAL, 3, 7) }, BY_VALIDATOR },
	{ "serial is 0", { SET(SERIAL, 0, 0) }, BY_VALIDATOR },
	{ "last serial is too low", { SET(LAST, 0, 5) }, BY_VALIDATOR },
	{ "free list is too short", { SET(NEXT, 4, NONE) }, BY_VALIDATOR },
	{ "free list is too long", { SET(NEXT, 1, 6) }, BY_VALIDATOR },
	{ "free list contains a block in use", { SET(NEXT, 4, 2) }, BY_VALIDATOR },
	{ "free list has a cycle", { SET(NEXT, 1, 4) }, BY_VALIDATOR },
	{ "one free block fewer", { SET(NR_FREE, 0, 3) }, BY_VALIDATOR },
	{ "one free block more", { SET(NR_FREE, 0, 5) }, BY_VALIDATOR },
	{ "high is too low", { SET(HIGH, 0, 5) }, BY_VALIDATOR },
	{ "high is too high", { SET(HIGH, 0, 7) }, BY_VALIDATOR },
	{ "more blocks were used than there are", {
		SET(FRESH, 0, 9), SET(HIGH, 0, 9) }, BY_VALIDATOR },
	{ "marked as corrupted", { SET(CORRUPTED, 0, 1) }, BY_VALIDATOR },
	{ "owner has one more", { SET(COUNT, 0, 4) }, BY_VALIDATOR },
	{ "owner has one fewer", { SET(COUNT, 0, 2) }, BY_VALIDATOR },
	{ "owner of a block is another", { SET(OWNER, 2, 2) }, BY_VALIDATOR },
	{ "last block of an owner belongs to another owner", { SET(OWNER, 0, 2) }, BY_VALIDATOR },
	{ "block in use is free", { SET(OWNER, 3, 0) }, BY_VALIDATOR },
	{ "free block is in use", {
		SET(OWNER, 4, 1), SET(NR_FREE, 0, 3), SET(FREE, 0, 1) }, BY_VALIDATOR },
	{ "block is missing in the list of its owner", {
		SET(NEXT, 2, NONE), SET(COUNT, 0, 2), SET(PREV, 0, NONE) }, BY_VALIDATOR },
	{ "blocks of an owner form a cycle beside its list", {
		SET(NEXT, 5, NONE), SET(COUNT, 0, 1), SET(PREV, 2, 0), SET(NEXT, 0, 2) },
		BY_VALIDATOR },
	{ "list of an owner has a cycle", { SET(NEXT, 0, 2) }, BY_VALIDATOR },
};

#undef NONE
#undef SET
#undef BY_VALIDATOR
#undef BY_ALLOC
#undef BY_FREE
#undef BY_MOVE
#undef BY_FIRST

#define CARVEOUT_BLOCKS_SAMPLE 8

/**
 * carveout_blocks_sample() - Initialise a pool to corrupt
 * @env: pool and model
 * @mem: array of %CARVEOUT_BLOCKS_SAMPLE blocks, with any content
 *
 * Context: Any context.
 */
static inline void carveout_blocks_sample(struct carveout_blocks_env *env,
					  struct carveout_block *mem)
{
	static const u8 owner[] = { 0, 0, 0, 1, 1, 0 };
	unsigned int i;

	carveout_blocks_env_init(env, mem, CARVEOUT_BLOCKS_SAMPLE);
	for (i = 0; i < ARRAY_SIZE(owner); i++)
		carveout_blocks_alloc(&env->blocks, &env->owner[owner[i]]);
	carveout_blocks_free(&env->blocks, 1, 2);
	carveout_blocks_free(&env->blocks, 4, 5);
}

static inline u32 *carveout_blocks_number(struct carveout_blocks_env *env,
					  enum carveout_blocks_field field, u32 index)
{
	switch (field) {
	case CARVEOUT_BLOCKS_FIELD_FREE:
		return &env->blocks.free;
	case CARVEOUT_BLOCKS_FIELD_NR_FREE:
		return &env->blocks.nr_free;
	case CARVEOUT_BLOCKS_FIELD_FRESH:
		return &env->blocks.fresh;
	case CARVEOUT_BLOCKS_FIELD_HIGH:
		return &env->blocks.high;
	case CARVEOUT_BLOCKS_FIELD_FIRST:
		return &env->owner[index].first;
	case CARVEOUT_BLOCKS_FIELD_COUNT:
		return &env->owner[index].count;
	case CARVEOUT_BLOCKS_FIELD_NEXT:
		return &env->blocks.block[index].next;
	case CARVEOUT_BLOCKS_FIELD_PREV:
		return &env->blocks.block[index].prev;
	default:
		return NULL;
	}
}

static inline void carveout_blocks_set(struct carveout_blocks_env *env,
				       enum carveout_blocks_field field, u32 index, u32 value)
{
	u32 *number = carveout_blocks_number(env, field, index);

	if (number)
		*number = value;
	else if (field == CARVEOUT_BLOCKS_FIELD_CORRUPTED)
		env->blocks.corrupted = value;
	else if (field == CARVEOUT_BLOCKS_FIELD_OWNER)
		env->blocks.block[index].owner = value ? &env->owner[value - 1] : NULL;
	else if (field == CARVEOUT_BLOCKS_FIELD_SERIAL)
		env->blocks.block[index].serial = value;
	else if (field == CARVEOUT_BLOCKS_FIELD_LAST)
		env->blocks.serial = value;
}

/* Apply a corruption to the pool of carveout_blocks_sample(). */
static inline void carveout_blocks_corrupt(struct carveout_blocks_env *env,
					   const struct carveout_blocks_corruption *corruption)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(corruption->set); i++)
		carveout_blocks_set(env, corruption->set[i].field, corruption->set[i].index,
				    corruption->set[i].value);
}

#endif /* CARVEOUT_BLOCKS_CASES_H */
