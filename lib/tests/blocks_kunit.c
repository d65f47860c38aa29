// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite of the blocks of a pool: lib/pool.c.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <kunit/test.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "../pool.h"
#include "pool_cases.h"

static unsigned int seed = 0x5eed;
module_param(seed, uint, 0400);
MODULE_PARM_DESC(seed, "seed of the random test");

/* Memory of the right size: KASAN sees a byte too many. */
static struct carveout_block *pool_mem(struct kunit *test, u32 count)
{
	struct carveout_block *mem = kunit_kzalloc(test, count * sizeof(*mem), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, mem);
	return mem;
}

static int pool_init(struct kunit *test)
{
	test->priv = kunit_kzalloc(test, sizeof(struct carveout_pool_env), GFP_KERNEL);
	return test->priv ? 0 : -ENOMEM;
}

static void case_desc(const struct carveout_pool_case *scenario, char *desc)
{
	strscpy(desc, scenario->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(carveout_blocks_scenario, carveout_pool_cases, case_desc);

static void carveout_blocks_scenario(struct kunit *test)
{
	const struct carveout_pool_case *scenario = test->param_value;
	struct carveout_pool_env *env = test->priv;
	const char *why;

	carveout_pool_env_init(env, pool_mem(test, scenario->count), scenario->count);
	why = carveout_pool_case_run(env, scenario);
	KUNIT_EXPECT_FALSE_MSG(test, why, "step %u: %s", env->failed, why);
	KUNIT_EXPECT_GT(test, env->failed, 0);
}

static void at_desc(const struct carveout_block_at_case *at, char *desc)
{
	strscpy(desc, at->what, KUNIT_PARAM_DESC_SIZE);
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
	struct carveout_pool_env *env = test->priv;
	struct rnd_state rnd;
	unsigned int i;

	kunit_info(test, "seed=0x%x", seed);
	prandom_seed_state(&rnd, seed);
	carveout_pool_env_init(env, pool_mem(test, CARVEOUT_POOL_BLOCKS), CARVEOUT_POOL_BLOCKS);
	for (i = 0; i < 20000; i++) {
		/* It fills and empties in turn. */
		unsigned int takes = i / 500 % 2 ? 2 : 8;
		struct carveout_pool_step step = {
			.owner = prandom_u32_state(&rnd) % CARVEOUT_POOL_OWNERS,
			.index = prandom_u32_state(&rnd) % (CARVEOUT_POOL_BLOCKS + 2),
		};
		const char *why;

		if (prandom_u32_state(&rnd) % 12 < takes)
			step.op = CARVEOUT_POOL_TAKE;
		else
			step.op = prandom_u32_state(&rnd) % 3 ? CARVEOUT_POOL_GIVE :
				  CARVEOUT_POOL_MOVE;
		why = carveout_pool_step(env, &step);
		KUNIT_ASSERT_FALSE_MSG(test, why, "step %u: %s", i, why);
	}
}

static void carveout_blocks_validator_notices_damage(struct kunit *test)
{
	struct carveout_block *mem = pool_mem(test, CARVEOUT_POOL_SAMPLE_BLOCKS);
	struct carveout_pool_env *env = test->priv;
	unsigned int i;

	carveout_pool_sample(env, mem);
	KUNIT_ASSERT_EQ(test, 0, carveout_blocks_validate(&env->blocks));
	for (i = 0; i < ARRAY_SIZE(carveout_pool_damages); i++) {
		carveout_pool_sample(env, mem);
		carveout_pool_damage(env, &carveout_pool_damages[i]);
		KUNIT_EXPECT_EQ_MSG(test, -EUCLEAN, carveout_blocks_validate(&env->blocks),
				    "%s", carveout_pool_damages[i].what);
	}
}

/* How it is found broken is tested in user space: here that is a failure. */
static void carveout_blocks_broken_refuses(struct kunit *test)
{
	struct carveout_block *mem = pool_mem(test, CARVEOUT_POOL_SAMPLE_BLOCKS);
	struct carveout_pool_env *env = test->priv;
	struct carveout_blocks *blocks = &env->blocks;

	carveout_pool_sample(env, mem);
	blocks->broken = true;
	KUNIT_EXPECT_EQ(test, CARVEOUT_BLOCK_NONE, carveout_blocks_take(blocks, &env->owner[0]));
	KUNIT_EXPECT_EQ(test, -EUCLEAN, carveout_blocks_give(blocks, 3));
	KUNIT_EXPECT_EQ(test, -EUCLEAN, carveout_blocks_give(blocks, U32_MAX));
	KUNIT_EXPECT_EQ(test, -EUCLEAN, carveout_blocks_move(blocks, 3, &env->owner[0]));
	KUNIT_EXPECT_EQ(test, -EUCLEAN, carveout_blocks_validate(blocks));
	blocks->broken = false;
	KUNIT_EXPECT_EQ(test, 0, carveout_blocks_validate(blocks));
	KUNIT_EXPECT_EQ(test, 0, carveout_blocks_give(blocks, 3));
}

static DEFINE_RAW_SPINLOCK(pool_lock);

static void carveout_blocks_under_raw_spinlock(struct kunit *test)
{
	struct carveout_block *mem = pool_mem(test, 2);
	struct carveout_pool_env *env = test->priv;
	struct carveout_blocks *blocks = &env->blocks;
	u32 one, two, three;
	unsigned long flags;
	int moved, given, sound;

	carveout_pool_env_init(env, mem, 2);
	/* With interrupts off: whatever sleeps is reported. */
	raw_spin_lock_irqsave(&pool_lock, flags);
	one = carveout_blocks_take(blocks, &env->owner[0]);
	two = carveout_blocks_take(blocks, &env->owner[1]);
	three = carveout_blocks_take(blocks, &env->owner[1]);
	moved = carveout_blocks_move(blocks, two, &env->owner[0]);
	given = carveout_blocks_give(blocks, one);
	sound = carveout_blocks_validate(blocks);
	raw_spin_unlock_irqrestore(&pool_lock, flags);

	KUNIT_EXPECT_EQ(test, 0, one);
	KUNIT_EXPECT_EQ(test, 1, two);
	KUNIT_EXPECT_EQ(test, CARVEOUT_BLOCK_NONE, three);
	KUNIT_EXPECT_EQ(test, 0, moved);
	KUNIT_EXPECT_EQ(test, 0, given);
	KUNIT_EXPECT_EQ(test, 0, sound);
	KUNIT_EXPECT_EQ(test, 1, env->owner[0].count);
	KUNIT_EXPECT_EQ(test, 0, env->owner[1].count);
}

static struct kunit_case pool_cases[] = {
	KUNIT_CASE_PARAM(carveout_blocks_scenario, carveout_blocks_scenario_gen_params),
	KUNIT_CASE_PARAM(carveout_blocks_block_at, carveout_blocks_block_at_gen_params),
	KUNIT_CASE(carveout_blocks_against_a_model),
	KUNIT_CASE(carveout_blocks_validator_notices_damage),
	KUNIT_CASE(carveout_blocks_broken_refuses),
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
