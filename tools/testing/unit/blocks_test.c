// SPDX-License-Identifier: GPL-2.0
/*
 * Blocks of a pool: the scenarios, all states of a small pool, random sequences, and
 * corruption.
 */

#include <stdio.h>
#include <stdlib.h>

#include "kselftest_harness.h"
#include "../../../lib/tests/blocks_cases.h"
#include "unit.h"

/* Memory of the exact size: the sanitizer detects an access beyond it. */
static struct carveout_block *pool_mem(u32 count)
{
	struct carveout_block *mem = malloc(count * sizeof(*mem));

	if (count && !mem)
		abort();
	return mem;
}

TEST(pool_scenarios)
{
	static struct carveout_blocks_env env;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(carveout_blocks_cases); i++) {
		const struct carveout_blocks_case *scenario = &carveout_blocks_cases[i];
		struct carveout_block *mem = pool_mem(scenario->count);

		carveout_blocks_env_init(&env, mem, scenario->count);
		EXPECT_EQ(NULL, carveout_blocks_case_run(&env, scenario))
			TH_LOG("%s, step %u", scenario->name, env.failed);
		EXPECT_LT(0, env.failed) TH_LOG("%s: no steps", scenario->name);
		free(mem);
	}
}

TEST(pool_block_at)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(carveout_block_at_cases); i++) {
		const struct carveout_block_at_case *at = &carveout_block_at_cases[i];

		EXPECT_EQ(at->want, carveout_block_at(at->offset, at->block_size, at->count))
			TH_LOG("%s", at->desc);
	}
}

/* Initialisation does not access the array, so none is needed. */
TEST(pool_of_any_size_is_set_up_at_once)
{
	struct carveout_blocks blocks;

	carveout_blocks_init(&blocks, NULL, U32_MAX);
	ASSERT_EQ(U32_MAX, blocks.nr_free);
	ASSERT_EQ(0, blocks.high);
	ASSERT_FALSE(carveout_blocks_used(&blocks, 0));
	ASSERT_FALSE(carveout_blocks_used(&blocks, U32_MAX));
	ASSERT_EQ(-EINVAL, carveout_blocks_free(&blocks, U32_MAX - 1, 0));
	ASSERT_EQ(0, carveout_blocks_validate(&blocks));
}

/* === Every state ========================================================== */

#define TINY_BLOCKS 5
#define TINY_OWNERS 2

/* Ordered distributions of 0 to 5 blocks over the free list and two owners. */
#define TINY_STATES (1 + 3 + 12 + 60 + 360 + 2520)

struct tiny {
	struct carveout_blocks_env env;
	struct carveout_block mem[TINY_BLOCKS];
};

/* Blocks point to their owner, so all steps use this one copy. */
static struct tiny tiny;

/* All states found so far. */
static struct tiny tiny_state[TINY_STATES];
static u64 tiny_key[TINY_STATES];
static unsigned int nr_tiny;

/* A unique number for each state of the model. */
static u64 key_of(const struct carveout_blocks_model *model)
{
	u64 key = model->fresh;
	unsigned int nr;
	u32 i;

	for (nr = 0; nr <= TINY_OWNERS; nr++) {
		for (i = 0; i < model->list[nr].length; i++)
			key = key * 8 + model->list[nr].block[i];
		key = key * 8 + 7;
	}
	return key;
}

static bool remember(void)
{
	u64 key = key_of(&tiny.env.model);
	unsigned int i;

	for (i = 0; i < nr_tiny; i++)
		if (tiny_key[i] == key)
			return true;
	if (nr_tiny == TINY_STATES)
		return false;
	tiny_key[nr_tiny] = key;
	memcpy(&tiny_state[nr_tiny++], &tiny, sizeof(tiny));
	return true;
}

static const char *step_from(const struct tiny *before, const struct carveout_blocks_step *step)
{
	struct carveout_blocks blocks;
	const char *why;

	memcpy(&tiny, before, sizeof(tiny));
	why = carveout_blocks_step(&tiny.env, step);
	if (why)
		return why;
	/* A refused move does not return the serial that it was called with. */
	blocks = before->env.blocks;
	blocks.serial = tiny.env.model.last;
	if (tiny.env.got < 0 &&
	    (memcmp(&tiny.env.blocks, &blocks, sizeof(tiny.env.blocks)) ||
	     memcmp(tiny.env.owner, before->env.owner, sizeof(tiny.env.owner)) ||
	     memcmp(tiny.mem, before->mem, sizeof(tiny.mem))))
		return "a failed call changed the pool";
	return remember() ? NULL : "there are more states than possible";
}

/*
 * Take every step from a state: each call, with each owner and each index, with the serial
 * of the block and with its neighbours. The number of a state ignores serials: they only
 * have to differ.
 */
static const char *leave(const struct tiny *before)
{
	static const u32 index[] = {
		0, 1, 2, 3, 4, TINY_BLOCKS, TINY_BLOCKS + 1, U32_MAX - 1, U32_MAX,
	};
	struct carveout_blocks_step step = { };
	const char *why = NULL;
	unsigned int i;

	for (step.owner = 0; step.owner < TINY_OWNERS; step.owner++) {
		step.op = CARVEOUT_BLOCKS_ALLOC;
		why = why ? why : step_from(before, &step);
		for (i = 0; i < ARRAY_SIZE(index); i++) {
			step.index = index[i];
			for (step.off = -1; step.off != 2; step.off++) {
				step.op = CARVEOUT_BLOCKS_FREE;
				why = why ? why : step_from(before, &step);
				step.op = CARVEOUT_BLOCKS_MOVE;
				why = why ? why : step_from(before, &step);
			}
		}
		step.op = CARVEOUT_BLOCKS_FIRST;
		why = why ? why : step_from(before, &step);
	}
	return why;
}

/*
 * All sequences, of any length, of allocating, freeing and moving five blocks: from
 * each reachable state, each call leads to the correct state.
 */
TEST(pool_every_state_of_five_blocks)
{
	const char *why;
	unsigned int i;

	carveout_blocks_env_init(&tiny.env, tiny.mem, TINY_BLOCKS);
	ASSERT_TRUE(remember());
	for (i = 0; i < nr_tiny; i++) {
		why = leave(&tiny_state[i]);
		ASSERT_EQ(NULL, why) TH_LOG("state %u: %s", i, why);
	}
	ASSERT_EQ(TINY_STATES, nr_tiny);
}

/* === Random sequences ===================================================== */

/* Any index, mostly of a block that exists. */
static u32 draw_index(struct random *random, u32 count)
{
	switch (unit_below(random, 16)) {
	case 0:
		return count + unit_below(random, 3);
	case 1:
		return unit_random(random);
	default:
		return unit_below(random, count);
	}
}

/* Any other serial, mostly one that was assigned. */
static u64 draw_off(struct random *random, unsigned int steps)
{
	u64 off = 1 + unit_below(random, steps + 1);

	return unit_below(random, 8) ? -off : off;
}

TEST(pool_random)
{
	static const u32 counts[] = { 1, 7, 32, CARVEOUT_BLOCKS_MAX };
	static struct carveout_blocks_env env;
	struct random random = { unit_seed("pool_random", 0x9001) };
	unsigned int i, n, full = 0, refused = 0;

	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		struct carveout_block *mem = pool_mem(counts[i]);

		carveout_blocks_env_init(&env, mem, counts[i]);
		for (n = 0; n < 20000; n++) {
			/* The pool fills and empties alternately. */
			unsigned int allocs = n / 500 % 2 ? 2 : 8;
			struct carveout_blocks_step step = {
				.owner = unit_below(&random, CARVEOUT_BLOCKS_OWNERS),
				.index = draw_index(&random, counts[i]),
				/* Mostly the right serial. */
				.off = unit_below(&random, 8) ? 0 : draw_off(&random, n),
			};
			const char *why;

			if (unit_below(&random, 12) < allocs)
				step.op = CARVEOUT_BLOCKS_ALLOC;
			else
				step.op = unit_below(&random, 3) ? CARVEOUT_BLOCKS_FREE :
					  CARVEOUT_BLOCKS_MOVE;
			why = carveout_blocks_step(&env, &step);
			ASSERT_EQ(NULL, why) TH_LOG("%u blocks, step %u: %s", counts[i], n, why);
			full += step.op == CARVEOUT_BLOCKS_ALLOC && env.got < 0;
			refused += env.got == -EINVAL;
		}
		free(mem);
	}
	/* The run is significant only if each kind of result occurred often. */
	ASSERT_LT(1000, full);
	ASSERT_LT(1000, refused);
}

/* === Corruption =========================================================== */

TEST(pool_validator_notices_damage)
{
	static struct carveout_blocks_env env;
	struct carveout_block mem[CARVEOUT_BLOCKS_SAMPLE];
	unsigned int i, steps;

	carveout_blocks_sample(&env, mem);
	ASSERT_EQ(0, carveout_blocks_validate(&env.blocks));
	for (i = 0; i < ARRAY_SIZE(carveout_blocks_corruptions); i++) {
		carveout_blocks_sample(&env, mem);
		carveout_blocks_corrupt(&env, &carveout_blocks_corruptions[i]);
		EXPECT_EQ(-EUCLEAN, carveout_blocks_validate(&env.blocks))
			TH_LOG("%s", carveout_blocks_corruptions[i].desc);
		for (steps = 1; steps < 40; steps++)
			EXPECT_EQ(-EUCLEAN, carveout_blocks_check_by(&env.blocks, steps))
				TH_LOG("%s, %u steps", carveout_blocks_corruptions[i].desc, steps);
	}
}

static int change_pool(struct carveout_blocks_env *env, unsigned int op)
{
	struct carveout_blocks *blocks = &env->blocks;

	switch (op) {
	case 1:
		return carveout_blocks_alloc(blocks, &env->owner[0]) == CARVEOUT_BLOCK_NONE;
	case 2:
		return carveout_blocks_free(blocks, 2, 3);
	case 3:
		return carveout_blocks_move(blocks, 3, 4, &env->owner[0],
					    carveout_blocks_new_serial(blocks));
	}
	return 0;
}

/* A change at any time is noticed: each operation, between any two parts. */
TEST(pool_check_in_parts_notices_changes)
{
	static struct carveout_blocks_env env;
	struct carveout_block mem[CARVEOUT_BLOCKS_SAMPLE];
	struct carveout_blocks_check check;
	unsigned int steps, op, stale = 0;
	int ret = -EAGAIN;

	for (steps = 1; ret == -EAGAIN; steps++) {
		for (op = 0; op < 4; op++) {
			carveout_blocks_sample(&env, mem);
			memset(&check, 0, sizeof(check));
			ret = carveout_blocks_check(&env.blocks, &check, steps);
			if (ret != -EAGAIN)
				break;
			ASSERT_EQ(0, change_pool(&env, op));
			ret = carveout_blocks_check(&env.blocks, &check, U32_MAX);
			ASSERT_EQ(op ? -ESTALE : 0, ret);
			stale += op;
			ret = -EAGAIN;
		}
	}
	ASSERT_EQ(0, ret);
	ASSERT_LT(60, stale);
	/* A validation that has not begun notices none. */
	memset(&check, 0, sizeof(check));
	ASSERT_EQ(0, carveout_blocks_check(&env.blocks, &check, U32_MAX));
}

TEST(corrupted_pool_refuses_everything)
{
	static struct carveout_blocks_env env, want_env;
	struct carveout_block mem[CARVEOUT_BLOCKS_SAMPLE], want_mem[ARRAY_SIZE(mem)];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(carveout_blocks_corruptions); i++) {
		const struct carveout_blocks_corruption *corruption =
			&carveout_blocks_corruptions[i];
		int want = corruption->detected.op == CARVEOUT_BLOCKS_ALLOC ||
			   corruption->detected.op == CARVEOUT_BLOCKS_FIRST ?
			   (int)CARVEOUT_BLOCK_NONE : -EUCLEAN;

		if (corruption->detected.op == CARVEOUT_BLOCKS_END)
			continue;
		carveout_blocks_sample(&env, mem);
		carveout_blocks_corrupt(&env, corruption);
		memcpy(&want_env, &env, sizeof(env));
		memcpy(want_mem, mem, sizeof(mem));
		unit_expected_asserts = 1;
		ASSERT_EQ(want, carveout_blocks_do(&env, &corruption->detected))
			TH_LOG("%s", corruption->desc);
		/* The corruption is reported exactly once. */
		ASSERT_EQ(0, unit_expected_asserts);
		ASSERT_TRUE(env.blocks.corrupted);
		ASSERT_EQ(CARVEOUT_BLOCK_NONE, carveout_blocks_alloc(&env.blocks, &env.owner[2]));
		ASSERT_EQ(CARVEOUT_BLOCK_NONE, carveout_blocks_first(&env.blocks, &env.owner[1]));
		ASSERT_EQ(-EUCLEAN, carveout_blocks_free(&env.blocks, 3, 4));
		ASSERT_EQ(-EUCLEAN, carveout_blocks_free(&env.blocks, U32_MAX, 4));
		ASSERT_EQ(-EUCLEAN, carveout_blocks_move(&env.blocks, 3, 4, &env.owner[2], 9));
		ASSERT_EQ(-EUCLEAN, carveout_blocks_validate(&env.blocks));
		/* Only the mark of the corruption has changed, and a serial is taken. */
		want_env.blocks.corrupted = true;
		want_env.blocks.serial += corruption->detected.op == CARVEOUT_BLOCKS_MOVE;
		ASSERT_EQ(0, memcmp(&want_env, &env, sizeof(env))) TH_LOG("%s", corruption->desc);
		ASSERT_EQ(0, memcmp(want_mem, mem, sizeof(mem))) TH_LOG("%s", corruption->desc);
	}
}

/* Call every function. Results are ignored: each call must only return. */
static void use_pool(struct carveout_blocks_env *env)
{
	struct carveout_blocks *blocks = &env->blocks;
	u32 index;

	for (index = 0; index < CARVEOUT_BLOCKS_SAMPLE; index++) {
		carveout_blocks_move(blocks, index, carveout_blocks_serial(blocks, index),
				     &env->owner[index % 3],
				     carveout_blocks_new_serial(blocks));
		carveout_blocks_first(blocks, &env->owner[index % 3]);
		carveout_blocks_alloc(blocks, &env->owner[index % 2]);
	}
	for (index = 0; index < CARVEOUT_BLOCKS_SAMPLE; index++)
		carveout_blocks_free(blocks, index, carveout_blocks_serial(blocks, index));
	carveout_blocks_validate(blocks);
	carveout_blocks_check_by(blocks, 5);
}

/* Flip each bit of each link: the validator detects it, and no call follows it. */
TEST(pool_survives_each_bit)
{
	static struct carveout_blocks_env env;
	struct carveout_block *mem = pool_mem(CARVEOUT_BLOCKS_SAMPLE);
	u32 *link[] = {
		&env.blocks.free, &env.owner[0].first, &env.owner[1].first,
		&env.owner[2].first, &mem[0].next, &mem[1].next, &mem[2].next, &mem[3].next,
		&mem[4].next, &mem[5].next, &mem[0].prev, &mem[2].prev, &mem[3].prev,
		&mem[5].prev,
	};
	unsigned int i, bit, refused = 0;

	unit_expected_asserts = U32_MAX;
	for (i = 0; i < ARRAY_SIZE(link); i++)
		for (bit = 0; bit < 32; bit++) {
			carveout_blocks_sample(&env, mem);
			*link[i] ^= CARVEOUT_BIT(bit);
			/* Nothing refers to an owner without blocks. */
			ASSERT_EQ(link[i] == &env.owner[2].first ? 0 : -EUCLEAN,
				  carveout_blocks_validate(&env.blocks))
				TH_LOG("link %u, bit %u", i, bit);
			ASSERT_EQ(carveout_blocks_validate(&env.blocks),
				  carveout_blocks_check_by(&env.blocks, 4))
				TH_LOG("link %u, bit %u", i, bit);
			use_pool(&env);
			refused += env.blocks.corrupted;
		}
	ASSERT_LT(ARRAY_SIZE(link) * 32 * 3 / 4, refused);
	free(mem);
}
