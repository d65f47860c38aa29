// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite of tags: lib/tag.c.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <kunit/test.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "../tag.h"
#include "tag_cases.h"

static void case_desc(const struct carveout_tag_case *name, char *desc)
{
	strscpy(desc, name->desc, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(carveout_tag_name, carveout_tag_cases, case_desc);

static void carveout_tag_name(struct kunit *test)
{
	const struct carveout_tag_case *name = test->param_value;
	char *field;

	/* Memory of the exact size: KASAN detects an access beyond it. */
	field = kunit_kzalloc(test, CARVEOUT_TAG_FIELD, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, field);
	memcpy(field, name->field, CARVEOUT_TAG_FIELD);
	KUNIT_EXPECT_EQ(test, name->want, carveout_tag_check(field));
}

static void carveout_tag_name_of_each_byte(struct kunit *test)
{
	static const char good[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	char field[CARVEOUT_TAG_FIELD] = { };
	unsigned int byte;

	for (byte = 1; byte < 256; byte++) {
		int want = memchr(good, byte, sizeof(good) - 1) ? 0 : -EINVAL;

		field[0] = byte;
		KUNIT_EXPECT_EQ_MSG(test, want, carveout_tag_check(field),
				    "byte %u", byte);
	}
}

static struct kunit_case tag_cases[] = {
	KUNIT_CASE_PARAM(carveout_tag_name, carveout_tag_name_gen_params),
	KUNIT_CASE(carveout_tag_name_of_each_byte),
	{}
};

static struct kunit_suite tag_suite = {
	.name = "carveout_tag",
	.test_cases = tag_cases,
};

kunit_test_suite(tag_suite);

MODULE_DESCRIPTION("KUnit suite of carveout tags");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("EXPORTED_FOR_KUNIT_TESTING");
