/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Scenarios of the blocks of a pool, as tables, and a model to judge them: the KUnit
 * suite and the user-space tests run the same ones.
 *
 * The model has the free list and the owners' lists as plain arrays. Each step is
 * done to both, and then everything is compared and validated.
 */

#ifndef CARVEOUT_POOL_CASES_H
#define CARVEOUT_POOL_CASES_H

#include "../pool.h"

#define CARVEOUT_POOL_BLOCKS 48
#define CARVEOUT_POOL_OWNERS 4

/**
 * struct carveout_pool_list - A list of the model
 * @block: its blocks, the first one of the real list last
 * @length: how many
 */
struct carveout_pool_list {
	u32 block[CARVEOUT_POOL_BLOCKS];
	u32 length;
};

/**
 * struct carveout_pool_model - What a pool should look like
 * @fresh: the lowest index that was never used
 * @list: number 0 is the free list, and that of an owner is one more than his own
 * @at: for each block the number of its list; 0 also if it was never used
 */
struct carveout_pool_model {
	u32 fresh;
	struct carveout_pool_list list[1 + CARVEOUT_POOL_OWNERS];
	u8 at[CARVEOUT_POOL_BLOCKS];
};

/**
 * struct carveout_pool_env - A pool with its owners and its model
 * @blocks: the pool
 * @owner: the owners
 * @model: the model
 * @got: what the last step returned
 * @failed: the step of a scenario that failed, counted from 0
 */
struct carveout_pool_env {
	struct carveout_blocks blocks;
	struct carveout_block_owner owner[CARVEOUT_POOL_OWNERS];
	struct carveout_pool_model model;
	int got;
	unsigned int failed;
};

/**
 * enum carveout_pool_op - What a step does
 * @CARVEOUT_POOL_END: nothing, the scenario is over
 * @CARVEOUT_POOL_TAKE: @owner takes a block; @want is its index, or NO_BLOCK
 * @CARVEOUT_POOL_GIVE: block @index is given back, with @want as the result
 * @CARVEOUT_POOL_MOVE: block @index goes to @owner, with @want as the result
 */
enum carveout_pool_op {
	CARVEOUT_POOL_END,
	CARVEOUT_POOL_TAKE,
	CARVEOUT_POOL_GIVE,
	CARVEOUT_POOL_MOVE,
};

/**
 * struct carveout_pool_step - One step of a scenario
 * @op: what to do
 * @owner: number of the owner
 * @index: number of the block
 * @want: result
 */
struct carveout_pool_step {
	enum carveout_pool_op op;
	unsigned int owner;
	u32 index;
	int want;
};

/**
 * struct carveout_pool_case - A scenario
 * @name: what it shows
 * @count: how many blocks the pool has
 * @step: its steps
 */
struct carveout_pool_case {
	const char *name;
	u32 count;
	struct carveout_pool_step step[24];
};

#define NO_BLOCK ((int)CARVEOUT_BLOCK_NONE)
#define TAKE(_owner, _want) {							\
	.op = CARVEOUT_POOL_TAKE, .owner = (_owner), .want = (_want) }
#define GIVE(_index) { .op = CARVEOUT_POOL_GIVE, .index = (_index) }
#define GIVE_REFUSED(_index) {							\
	.op = CARVEOUT_POOL_GIVE, .index = (_index), .want = -EINVAL }
#define MOVE(_index, _owner) {							\
	.op = CARVEOUT_POOL_MOVE, .index = (_index), .owner = (_owner) }
#define MOVE_REFUSED(_index, _owner) {						\
	.op = CARVEOUT_POOL_MOVE, .index = (_index), .owner = (_owner),		\
	.want = -EINVAL }

static const struct carveout_pool_case carveout_pool_cases[] = {
	{ "no block at all", 0, {
		TAKE(0, NO_BLOCK), GIVE_REFUSED(0), MOVE_REFUSED(0, 1),
		GIVE_REFUSED(U32_MAX), TAKE(1, NO_BLOCK),
	} },
	{ "one block", 1, {
		TAKE(0, 0), TAKE(0, NO_BLOCK), TAKE(1, NO_BLOCK), GIVE(0), TAKE(1, 0),
		MOVE(0, 0), TAKE(0, NO_BLOCK), GIVE(0),
	} },
	{ "new blocks come in order", 4, {
		TAKE(0, 0), TAKE(1, 1), TAKE(0, 2), TAKE(2, 3), TAKE(3, NO_BLOCK),
	} },
	{ "last in, first out", 4, {
		TAKE(0, 0), TAKE(0, 1), TAKE(0, 2), GIVE(0), GIVE(2), GIVE(1),
		TAKE(0, 1), TAKE(0, 2), TAKE(0, 0), TAKE(0, 3), TAKE(0, NO_BLOCK),
	} },
	{ "a free block goes before a new one", 3, {
		TAKE(0, 0), GIVE(0), TAKE(0, 0), GIVE(0), TAKE(1, 0), TAKE(1, 1),
		GIVE(0), TAKE(1, 0), TAKE(1, 2),
	} },
	{ "given back from the front, the middle and the end", 5, {
		TAKE(0, 0), TAKE(0, 1), TAKE(0, 2), TAKE(0, 3), TAKE(0, 4),
		GIVE(2), GIVE(0), GIVE(4), GIVE(1), GIVE(3),
		TAKE(1, 3), TAKE(1, 1), TAKE(1, 4), TAKE(1, 0), TAKE(1, 2),
	} },
	{ "moved from the front, the middle and the end", 5, {
		TAKE(0, 0), TAKE(0, 1), TAKE(0, 2), TAKE(0, 3), TAKE(0, 4),
		MOVE(2, 1), MOVE(0, 1), MOVE(4, 2), MOVE(1, 1), MOVE(3, 2),
		GIVE(2), GIVE(3), MOVE(0, 0), GIVE(0), GIVE(1), GIVE(4),
	} },
	{ "moved to the owner that has it", 3, {
		TAKE(0, 0), MOVE(0, 0), TAKE(0, 1), TAKE(0, 2), MOVE(2, 0), MOVE(1, 0),
		MOVE(0, 0), GIVE(2), GIVE(1), GIVE(0),
	} },
	{ "given back twice", 3, {
		TAKE(0, 0), TAKE(0, 1), GIVE(0), GIVE_REFUSED(0), MOVE_REFUSED(0, 1),
		GIVE(1), GIVE_REFUSED(1), GIVE_REFUSED(0), TAKE(1, 1), GIVE_REFUSED(0),
	} },
	{ "never used", 4, {
		GIVE_REFUSED(0), MOVE_REFUSED(0, 0), TAKE(0, 0), GIVE_REFUSED(1),
		MOVE_REFUSED(1, 1), GIVE_REFUSED(3), MOVE_REFUSED(3, 0), TAKE(0, 1),
		GIVE(1), GIVE_REFUSED(2),
	} },
	{ "no such block", 2, {
		TAKE(0, 0), TAKE(0, 1),
		GIVE_REFUSED(2), GIVE_REFUSED(3), GIVE_REFUSED(0x7fffffff),
		GIVE_REFUSED(0x80000000), GIVE_REFUSED(U32_MAX - 1), GIVE_REFUSED(U32_MAX),
		MOVE_REFUSED(2, 1), MOVE_REFUSED(3, 1), MOVE_REFUSED(0x7fffffff, 1),
		MOVE_REFUSED(0x80000000, 1), MOVE_REFUSED(U32_MAX - 1, 1),
		MOVE_REFUSED(U32_MAX, 1),
	} },
};

#undef NO_BLOCK
#undef TAKE
#undef GIVE
#undef GIVE_REFUSED
#undef MOVE
#undef MOVE_REFUSED

/* === The model ============================================================ */

static inline void carveout_pool_model_add(struct carveout_pool_model *model, u32 index,
					   unsigned int nr)
{
	struct carveout_pool_list *list = &model->list[nr];

	list->block[list->length++] = index;
	model->at[index] = nr;
}

static inline void carveout_pool_model_del(struct carveout_pool_model *model, u32 index)
{
	struct carveout_pool_list *list = &model->list[model->at[index]];
	u32 i = 0;

	while (list->block[i] != index)
		i++;
	for (list->length--; i < list->length; i++)
		list->block[i] = list->block[i + 1];
}

/* What a step has to return. */
static inline int carveout_pool_model_do(struct carveout_pool_model *model, u32 count,
					 const struct carveout_pool_step *step)
{
	const struct carveout_pool_list *free = &model->list[0];
	u32 index = step->index;

	if (step->op == CARVEOUT_POOL_TAKE) {
		if (free->length) {
			index = free->block[free->length - 1];
			carveout_pool_model_del(model, index);
		} else if (model->fresh < count) {
			index = model->fresh++;
		} else {
			return (int)CARVEOUT_BLOCK_NONE;
		}
		carveout_pool_model_add(model, index, 1 + step->owner);
		return index;
	}
	if (index >= count || !model->at[index])
		return -EINVAL;
	carveout_pool_model_del(model, index);
	carveout_pool_model_add(model, index,
				step->op == CARVEOUT_POOL_MOVE ? 1 + step->owner : 0);
	return 0;
}

/* Is list @nr of the pool that of the model? */
static inline bool carveout_pool_same_list(const struct carveout_pool_env *env, unsigned int nr)
{
	const struct carveout_pool_list *list = &env->model.list[nr];
	const struct carveout_block_owner *owner = nr ? &env->owner[nr - 1] : NULL;
	u32 index = owner ? owner->first : env->blocks.free;
	u32 prev = CARVEOUT_BLOCK_NONE, left = list->length;

	if (owner && owner->count != list->length)
		return false;
	while (left--) {
		const struct carveout_block *block = &env->blocks.block[index];

		if (index != list->block[left] || block->owner != owner ||
		    (owner && block->prev != prev))
			return false;
		prev = index;
		index = block->next;
	}
	return index == CARVEOUT_BLOCK_NONE;
}

/**
 * carveout_pool_compare() - Compare a pool with its model
 * @env: both
 *
 * Context: Any context.
 * Return: NULL, or what is wrong.
 */
static inline const char *carveout_pool_compare(const struct carveout_pool_env *env)
{
	const struct carveout_blocks *blocks = &env->blocks;
	const struct carveout_pool_model *model = &env->model;
	u32 index, nr_used = 0;
	unsigned int nr;

	for (nr = 0; nr < ARRAY_SIZE(model->list); nr++) {
		if (!carveout_pool_same_list(env, nr))
			return "a list is another";
		nr_used += nr ? model->list[nr].length : 0;
	}
	for (index = 0; index < blocks->count; index++)
		if (carveout_blocks_used(blocks, index) != !!model->at[index])
			return "another block is in use";
	if (carveout_blocks_used(blocks, index) || carveout_blocks_used(blocks, U32_MAX))
		return "a block is in use that does not exist";
	if (blocks->nr_free != blocks->count - nr_used)
		return "another number of blocks is free";
	if (blocks->fresh != model->fresh || blocks->high != model->fresh)
		return "another number of blocks was ever in use";
	if (blocks->broken || carveout_blocks_validate(blocks))
		return "the pool is broken";
	return NULL;
}

/**
 * carveout_pool_env_init() - Make a pool and its model
 * @env: where
 * @mem: an array of @count blocks, with any content
 * @count: how many
 *
 * Context: Any context.
 */
static inline void carveout_pool_env_init(struct carveout_pool_env *env,
					  struct carveout_block *mem, u32 count)
{
	unsigned int nr;

	/* Nobody may rely on the content. */
	memset(env, 0xa5, sizeof(*env));
	memset(mem, 0xa5, count * sizeof(*mem));
	carveout_blocks_init(&env->blocks, mem, count);
	for (nr = 0; nr < CARVEOUT_POOL_OWNERS; nr++)
		carveout_block_owner_init(&env->owner[nr]);
	memset(&env->model, 0, sizeof(env->model));
}

static inline int carveout_pool_do(struct carveout_pool_env *env,
				   const struct carveout_pool_step *step)
{
	struct carveout_block_owner *owner = &env->owner[step->owner];

	switch (step->op) {
	case CARVEOUT_POOL_TAKE:
		return (int)carveout_blocks_take(&env->blocks, owner);
	case CARVEOUT_POOL_GIVE:
		return carveout_blocks_give(&env->blocks, step->index);
	default:
		return carveout_blocks_move(&env->blocks, step->index, owner);
	}
}

/**
 * carveout_pool_step() - Do something to a pool and to its model
 * @env: both
 * @step: what to do; what it wants is not looked at
 *
 * Context: Any context.
 * Return: NULL, or what is wrong.
 */
static inline const char *carveout_pool_step(struct carveout_pool_env *env,
					     const struct carveout_pool_step *step)
{
	int want = carveout_pool_model_do(&env->model, env->blocks.count, step);

	env->got = carveout_pool_do(env, step);
	return env->got == want ? carveout_pool_compare(env) : "another result";
}

/**
 * carveout_pool_case_run() - Run a scenario
 * @env: a pool with the number of blocks that the scenario wants
 * @scenario: scenario
 *
 * Context: Any context.
 * Return: NULL, or what is wrong with step @env->failed.
 */
static inline const char *carveout_pool_case_run(struct carveout_pool_env *env,
						 const struct carveout_pool_case *scenario)
{
	const struct carveout_pool_step *step = scenario->step;
	const char *why = carveout_pool_compare(env);

	for (env->failed = 0; !why && step->op != CARVEOUT_POOL_END; step++) {
		why = carveout_pool_step(env, step);
		if (!why && env->got != step->want)
			why = "not the result that was wanted";
		if (!why)
			env->failed++;
	}
	return why;
}

/* === Where a block starts ================================================= */

/**
 * struct carveout_block_at_case - An offset and the block that starts there
 * @what: what is special about it
 * @offset: bytes from the start of the pool
 * @block_size: bytes
 * @count: how many blocks there are
 * @want: index, or %CARVEOUT_BLOCK_NONE
 */
struct carveout_block_at_case {
	const char *what;
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
	{ "blocks of no size", 0, 0, 3, CARVEOUT_BLOCK_NONE },
	{ "blocks of no size, further on", 4096, 0, 3, CARVEOUT_BLOCK_NONE },
	{ "beyond 4 GiB", 0x300000000, 0x100000000, 4, 3 },
	{ "an index of 33 bits", 0x100000000, 1, U32_MAX, CARVEOUT_BLOCK_NONE },
	{ "an index of 33 bits, in blocks", 0x1000 * 0x100000001, 0x1000, 3,
	  CARVEOUT_BLOCK_NONE },
	{ "the largest index", 0xfffffffe, 1, U32_MAX, U32_MAX - 1 },
	{ "the index that is none", 0xffffffff, 1, U32_MAX, CARVEOUT_BLOCK_NONE },
	{ "the largest offset", U64_MAX, 1, U32_MAX, CARVEOUT_BLOCK_NONE },
	{ "the largest block", U64_MAX, U64_MAX, 2, 1 },
};

/* === Damage =============================================================== */

/**
 * enum carveout_pool_field - What is damaged
 * @CARVEOUT_POOL_NOTHING: nothing, there is no more of it
 * @CARVEOUT_POOL_FREE: first of the free list
 * @CARVEOUT_POOL_NR_FREE: number of free blocks
 * @CARVEOUT_POOL_FRESH: lowest index never used
 * @CARVEOUT_POOL_HIGH: most blocks ever in use
 * @CARVEOUT_POOL_BROKEN: whether it was found broken
 * @CARVEOUT_POOL_FIRST: first block of owner @index
 * @CARVEOUT_POOL_COUNT: number of blocks of owner @index
 * @CARVEOUT_POOL_NEXT: link of block @index
 * @CARVEOUT_POOL_PREV: link of block @index
 * @CARVEOUT_POOL_OWNER: owner of block @index: 0 for none, or one more than his number
 */
enum carveout_pool_field {
	CARVEOUT_POOL_NOTHING,
	CARVEOUT_POOL_FREE,
	CARVEOUT_POOL_NR_FREE,
	CARVEOUT_POOL_FRESH,
	CARVEOUT_POOL_HIGH,
	CARVEOUT_POOL_BROKEN,
	CARVEOUT_POOL_FIRST,
	CARVEOUT_POOL_COUNT,
	CARVEOUT_POOL_NEXT,
	CARVEOUT_POOL_PREV,
	CARVEOUT_POOL_OWNER,
};

/**
 * struct carveout_pool_damage - Damage to the pool that carveout_pool_sample() makes
 * @what: what is damaged, in words
 * @set: what to set to which value
 * @noticed: the step that notices, if one does: the validator always does
 */
struct carveout_pool_damage {
	const char *what;
	struct {
		enum carveout_pool_field field;
		u32 index;
		u32 value;
	} set[5];
	struct carveout_pool_step noticed;
};

#define NONE CARVEOUT_BLOCK_NONE
#define SET(_field, _index, _value) { CARVEOUT_POOL_##_field, (_index), (_value) }
#define BY_VALIDATOR { .op = CARVEOUT_POOL_END }
#define BY_TAKE(_owner) { .op = CARVEOUT_POOL_TAKE, .owner = (_owner) }
#define BY_GIVE(_index) { .op = CARVEOUT_POOL_GIVE, .index = (_index) }
#define BY_MOVE(_index, _owner) {						\
	.op = CARVEOUT_POOL_MOVE, .index = (_index), .owner = (_owner) }

/* The first owner has 5, 2, 0 and the second one 3; 4, 1 are free; 6, 7 are new. */
static const struct carveout_pool_damage carveout_pool_damages[] = {
	{ "free list is lost", { SET(FREE, 0, NONE) }, BY_TAKE(0) },
	{ "free list has too many", { SET(NR_FREE, 0, 2) }, BY_TAKE(0) },
	{ "free list starts with a new block", { SET(FREE, 0, 6) }, BY_TAKE(0) },
	{ "free list starts nowhere", { SET(FREE, 0, 8) }, BY_TAKE(0) },
	{ "free list starts with a block in use", { SET(FREE, 0, 3) }, BY_TAKE(0) },
	{ "first of the owner leads nowhere", { SET(FIRST, 0, 1000) }, BY_TAKE(0) },
	{ "first of the owner is free", { SET(FIRST, 0, 4) }, BY_TAKE(0) },
	{ "first of the owner is another's", { SET(FIRST, 0, 3) }, BY_TAKE(0) },
	{ "first of the owner is not the first", { SET(FIRST, 0, 2) }, BY_TAKE(0) },
	{ "first of the new owner leads nowhere", { SET(FIRST, 1, 6) }, BY_MOVE(2, 1) },
	{ "first of the new owner is another's", { SET(FIRST, 1, 5) }, BY_MOVE(2, 1) },
	{ "first of the old owner is another", { SET(FIRST, 0, 0) }, BY_GIVE(5) },
	{ "first of the owner is lost", { SET(FIRST, 0, NONE) }, BY_MOVE(5, 1) },
	{ "next leads nowhere", { SET(NEXT, 2, 1U << 31) }, BY_GIVE(2) },
	{ "next is new", { SET(NEXT, 2, 6) }, BY_MOVE(2, 1) },
	{ "next is free", { SET(NEXT, 2, 1) }, BY_GIVE(2) },
	{ "next is another's", { SET(NEXT, 2, 3) }, BY_MOVE(2, 1) },
	{ "next does not lead back", { SET(NEXT, 5, 0) }, BY_GIVE(5) },
	{ "next is itself", { SET(NEXT, 0, 0) }, BY_GIVE(0) },
	{ "prev is lost", { SET(PREV, 2, NONE) }, BY_GIVE(2) },
	{ "prev leads nowhere", { SET(PREV, 2, 1U << 31) }, BY_MOVE(2, 0) },
	{ "prev is free", { SET(PREV, 0, 4) }, BY_GIVE(0) },
	{ "prev is another's", { SET(PREV, 0, 3) }, BY_MOVE(0, 1) },
	{ "prev does not lead back", { SET(PREV, 0, 5) }, BY_GIVE(0) },
	{ "prev of the first", { SET(PREV, 5, 0) }, BY_GIVE(5) },
	{ "next is another's that leads back", {
		SET(NEXT, 2, 3), SET(PREV, 3, 2) }, BY_GIVE(2) },
	{ "prev is another's that leads back", {
		SET(PREV, 0, 3), SET(NEXT, 3, 0) }, BY_GIVE(0) },
	{ "next is new and looks like the owner's", {
		SET(NEXT, 0, 6), SET(OWNER, 6, 1), SET(PREV, 6, 0) }, BY_MOVE(0, 1) },
	{ "free list starts with a new block that looks free", {
		SET(FREE, 0, 6), SET(OWNER, 6, 0) }, BY_TAKE(1) },
	{ "free list is too short", { SET(NEXT, 4, NONE) }, BY_VALIDATOR },
	{ "free list is too long", { SET(NEXT, 1, 6) }, BY_VALIDATOR },
	{ "free list leads to a block in use", { SET(NEXT, 4, 2) }, BY_VALIDATOR },
	{ "free list is a circle", { SET(NEXT, 1, 4) }, BY_VALIDATOR },
	{ "one free block fewer", { SET(NR_FREE, 0, 3) }, BY_VALIDATOR },
	{ "one free block more", { SET(NR_FREE, 0, 5) }, BY_VALIDATOR },
	{ "high is too low", { SET(HIGH, 0, 5) }, BY_VALIDATOR },
	{ "high is too high", { SET(HIGH, 0, 7) }, BY_VALIDATOR },
	{ "more were used than there are", { SET(FRESH, 0, 9), SET(HIGH, 0, 9) }, BY_VALIDATOR },
	{ "found broken", { SET(BROKEN, 0, 1) }, BY_VALIDATOR },
	{ "owner has one more", { SET(COUNT, 0, 4) }, BY_VALIDATOR },
	{ "owner has one fewer", { SET(COUNT, 0, 2) }, BY_VALIDATOR },
	{ "owner of a block is another", { SET(OWNER, 2, 2) }, BY_VALIDATOR },
	{ "last block of an owner is another's", { SET(OWNER, 0, 2) }, BY_VALIDATOR },
	{ "block in use is free", { SET(OWNER, 3, 0) }, BY_VALIDATOR },
	{ "free block is in use", {
		SET(OWNER, 4, 1), SET(NR_FREE, 0, 3), SET(FREE, 0, 1) }, BY_VALIDATOR },
	{ "block of an owner is out of his list", {
		SET(NEXT, 2, NONE), SET(COUNT, 0, 2), SET(PREV, 0, NONE) }, BY_VALIDATOR },
	{ "blocks of an owner are a circle beside his list", {
		SET(NEXT, 5, NONE), SET(COUNT, 0, 1), SET(PREV, 2, 0), SET(NEXT, 0, 2) },
		BY_VALIDATOR },
	{ "list of an owner leads back into itself", { SET(NEXT, 0, 2) }, BY_VALIDATOR },
};

#undef NONE
#undef SET
#undef BY_VALIDATOR
#undef BY_TAKE
#undef BY_GIVE
#undef BY_MOVE

#define CARVEOUT_POOL_SAMPLE_BLOCKS 8

/**
 * carveout_pool_sample() - Make a pool to be damaged
 * @env: where
 * @mem: an array of %CARVEOUT_POOL_SAMPLE_BLOCKS, with any content
 *
 * Context: Any context.
 */
static inline void carveout_pool_sample(struct carveout_pool_env *env,
					struct carveout_block *mem)
{
	static const u8 owner[] = { 0, 0, 0, 1, 1, 0 };
	unsigned int i;

	carveout_pool_env_init(env, mem, CARVEOUT_POOL_SAMPLE_BLOCKS);
	for (i = 0; i < ARRAY_SIZE(owner); i++)
		carveout_blocks_take(&env->blocks, &env->owner[owner[i]]);
	carveout_blocks_give(&env->blocks, 1);
	carveout_blocks_give(&env->blocks, 4);
}

static inline u32 *carveout_pool_number(struct carveout_pool_env *env,
					enum carveout_pool_field field, u32 index)
{
	switch (field) {
	case CARVEOUT_POOL_FREE:
		return &env->blocks.free;
	case CARVEOUT_POOL_NR_FREE:
		return &env->blocks.nr_free;
	case CARVEOUT_POOL_FRESH:
		return &env->blocks.fresh;
	case CARVEOUT_POOL_HIGH:
		return &env->blocks.high;
	case CARVEOUT_POOL_FIRST:
		return &env->owner[index].first;
	case CARVEOUT_POOL_COUNT:
		return &env->owner[index].count;
	case CARVEOUT_POOL_NEXT:
		return &env->blocks.block[index].next;
	case CARVEOUT_POOL_PREV:
		return &env->blocks.block[index].prev;
	default:
		return NULL;
	}
}

static inline void carveout_pool_set(struct carveout_pool_env *env,
				     enum carveout_pool_field field, u32 index, u32 value)
{
	u32 *number = carveout_pool_number(env, field, index);

	if (number)
		*number = value;
	else if (field == CARVEOUT_POOL_BROKEN)
		env->blocks.broken = value;
	else if (field == CARVEOUT_POOL_OWNER)
		env->blocks.block[index].owner = value ? &env->owner[value - 1] : NULL;
}

static inline void carveout_pool_damage(struct carveout_pool_env *env,
					const struct carveout_pool_damage *damage)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(damage->set); i++)
		carveout_pool_set(env, damage->set[i].field, damage->set[i].index,
				  damage->set[i].value);
}

#endif /* CARVEOUT_POOL_CASES_H */
