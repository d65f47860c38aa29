// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite of the blocks of a pool: lib/blocks.c.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <kunit/test.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "../blocks.h"
#include "blocks_cases.h"

static unsigned int seed = 0x5eed;
module_param(seed, uint, 0400);
MODULE_PARM_DESC(seed, "seed of the random test");

/* Memory of the exact size: KASAN detects an access beyond it. */
static struct carveout_block *pool_mem(struct kunit *test, u32 count)
{
	struct carveout_block *mem = kunit_kzalloc(test, count * sizeof(*mem), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, mem);
	return mem;
}

static int pool_init(struct kunit *test)
{
	test->priv = kunit_kzalloc(test, sizeof(struct carveout_blocks_env), GFP_KERNEL);
	return test->priv ? 0 : -ENOMEM;
}

static void case_desc(const struct carveout_blocks_case *scenario, char *desc)
{
	strscpy(desc, scenario->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(carveout_blocks_scenario, carveout_blocks_cases, case_desc);

static void carveout_blocks_scenario(struct kunit *test)
{
	const struct carveout_blocks_case *scenario = test->param_value;
	struct carveout_blocks_env *env = test->priv;
	const char *why;

	carveout_blocks_env_init(env, pool_mem(test, scenario->count), scenario->count);
	why = carveout_blocks_case_run(env, scenario);
	KUNIT_EXPECT_FALSE_MSG(test, why, "step %u: %s", env->failed, why);
	KUNIT_EXPECT_GT(test, env->failed, 0);
}

static void at_desc(const struct carveout_block_at_case *at, char *desc)
{
	strscpy(desc, at->desc, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(carveout_blocks_block_at, carveout_block_at_cases, at_desc);

static void carveout_blocks_block_at(struct kunit *test)
{
	const struct carveout_block_at_case *at = test->param_value;

	KUNIT_EXPECT_EQ(test, at->want,
			carveout_block_at(at->offset, at->block_size, at->count));
}

static void carveout_blocks_against_a_model(struct kunit *test)
{
	struct carveout_blocks_env *env = test->priv;
	struct rnd_state rnd;
	unsigned int i;

	kunit_info(test, "seed=0x%x", seed);
	prandom_seed_state(&rnd, seed);
	carveout_blocks_env_init(env, pool_mem(test, CARVEOUT_BLOCKS_MAX), CARVEOUT_BLOCKS_MAX);
	for (i = 0; i < 20000; i++) {
		/* The pool fills and empties alternately. */
		unsigned int allocs = i / 500 % 2 ? 2 : 8;
		struct carveout_blocks_step step = {
			.owner = prandom_u32_state(&rnd) % CARVEOUT_BLOCKS_OWNERS,
			.index = prandom_u32_state(&rnd) % (CARVEOUT_BLOCKS_MAX + 2),
			/* Mostly the right serial. */
			.off = max(prandom_u32_state(&rnd) % 16, 12U) - 12,
		};
		const char *why;

		if (prandom_u32_state(&rnd) % 12 < allocs)
			step.op = CARVEOUT_BLOCKS_ALLOC;
		else
			step.op = prandom_u32_state(&rnd) % 3 ? CARVEOUT_BLOCKS_FREE :
				  CARVEOUT_BLOCKS_MOVE;
		why = carveout_blocks_step(env, &step);
		KUNIT_ASSERT_FALSE_MSG(test, why, "step %u: %s", i, why);
	}
}

static void carveout_blocks_validator_notices_damage(struct kunit *test)
{
	struct carveout_block *mem = pool_mem(test, CARVEOUT_BLOCKS_SAMPLE);
	struct carveout_blocks_env *env = test->priv;
	unsigned int i;

	carveout_blocks_sample(env, mem);
	KUNIT_ASSERT_EQ(test, 0, carveout_blocks_validate(&env->blocks));
	for (i = 0; i < ARRAY_SIZE(carveout_blocks_corruptions); i++) {
		carveout_blocks_sample(env, mem);
		carveout_blocks_corrupt(env, &carveout_blocks_corruptions[i]);
		KUNIT_EXPECT_EQ_MSG(test, -EUCLEAN, carveout_blocks_validate(&env->blocks),
				    "%s", carveout_blocks_corruptions[i].desc);
		KUNIT_EXPECT_EQ_MSG(test, -EUCLEAN, carveout_blocks_check_by(&env->blocks, 2),
				    "%s", carveout_blocks_corruptions[i].desc);
	}
}

/* User-space tests cover the detection: here carveout_assert() fails the test. */
static void carveout_blocks_corrupted_refuses(struct kunit *test)
{
	struct carveout_block *mem = pool_mem(test, CARVEOUT_BLOCKS_SAMPLE);
	struct carveout_blocks_env *env = test->priv;
	struct carveout_blocks *blocks = &env->blocks;

	carveout_blocks_sample(env, mem);
	blocks->corrupted = true;
	KUNIT_EXPECT_EQ(test, CARVEOUT_BLOCK_NONE, carveout_blocks_alloc(blocks, &env->owner[0]));
	KUNIT_EXPECT_EQ(test, -EUCLEAN, carveout_blocks_free(blocks, 3, 4));
	KUNIT_EXPECT_EQ(test, -EUCLEAN, carveout_blocks_free(blocks, U32_MAX, 4));
	KUNIT_EXPECT_EQ(test, -EUCLEAN, carveout_blocks_move(blocks, 3, 4, &env->owner[0], 7));
	KUNIT_EXPECT_EQ(test, CARVEOUT_BLOCK_NONE, carveout_blocks_first(blocks, &env->owner[0]));
	KUNIT_EXPECT_EQ(test, -EUCLEAN, carveout_blocks_validate(blocks));
	blocks->corrupted = false;
	KUNIT_EXPECT_EQ(test, 0, carveout_blocks_validate(blocks));
	KUNIT_EXPECT_EQ(test, 0, carveout_blocks_free(blocks, 3, 4));
}

static DEFINE_RAW_SPINLOCK(pool_lock);

static void carveout_blocks_under_raw_spinlock(struct kunit *test)
{
	struct carveout_block *mem = pool_mem(test, 2);
	struct carveout_blocks_env *env = test->priv;
	struct carveout_blocks *blocks = &env->blocks;
	u32 one, two, three;
	unsigned long flags;
	int moved, freed, sound;

	carveout_blocks_env_init(env, mem, 2);
	/* With interrupts off: sleeping is reported. */
	raw_spin_lock_irqsave(&pool_lock, flags);
	one = carveout_blocks_alloc(blocks, &env->owner[0]);
	two = carveout_blocks_alloc(blocks, &env->owner[1]);
	three = carveout_blocks_alloc(blocks, &env->owner[1]);
	moved = carveout_blocks_move(blocks, two, carveout_blocks_serial(blocks, two),
				     &env->owner[0], carveout_blocks_new_serial(blocks));
	freed = carveout_blocks_free(blocks, one, 1);
	sound = carveout_blocks_validate(blocks);
	raw_spin_unlock_irqrestore(&pool_lock, flags);

	KUNIT_EXPECT_EQ(test, 0, one);
	KUNIT_EXPECT_EQ(test, 1, two);
	KUNIT_EXPECT_EQ(test, CARVEOUT_BLOCK_NONE, three);
	KUNIT_EXPECT_EQ(test, 0, moved);
	KUNIT_EXPECT_EQ(test, 0, freed);
	KUNIT_EXPECT_EQ(test, 0, sound);
	KUNIT_EXPECT_EQ(test, 3ULL, blocks->block[two].serial);
	KUNIT_EXPECT_EQ(test, 1, env->owner[0].count);
	KUNIT_EXPECT_EQ(test, 0, env->owner[1].count);
}

static struct kunit_case pool_cases[] = {
	KUNIT_CASE_PARAM(carveout_blocks_scenario, carveout_blocks_scenario_gen_params),
	KUNIT_CASE_PARAM(carveout_blocks_block_at, carveout_blocks_block_at_gen_params),
	KUNIT_CASE(carveout_blocks_against_a_model),
	KUNIT_CASE(carveout_blocks_validator_notices_damage),
	KUNIT_CASE(carveout_blocks_corrupted_refuses),
	KUNIT_CASE(carveout_blocks_under_raw_spinlock),
	{}
};

static struct kunit_suite pool_suite = {
	.name = "carveout_blocks",
	.init = pool_init,
	.test_cases = pool_cases,
};

kunit_test_suite(pool_suite);

MODULE_DESCRIPTION("KUnit suite of the blocks of carveout pools");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("EXPORTED_FOR_KUNIT_TESTING");
