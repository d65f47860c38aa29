/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The part of the KUnit API that the suites in driver/tests use, for kernels without
 * KUnit. A suite that is compiled with this header is a module that stands alone: it
 * runs its cases when it is loaded and prints the same KTAP as KUnit.
 *
 * Each case runs in a kthread of its own, which a failed assertion or a skip ends; the
 * suite's exit function follows in another one, so that it can assert as well. There is
 * no time limit for a case: the board's silence ends a run that hangs.
 *
 * Not here: parameters, managed resources other than memory, suite-wide init and exit,
 * attributes, filters, debugfs, and current->kunit_test. A suite that uses one of these
 * does not compile, rather than being left out of the run.
 */
#ifndef _KUNIT_TEST_H
#define _KUNIT_TEST_H

#include <linux/completion.h>
#include <linux/device/driver.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/kconfig.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/string.h>

#if IS_ENABLED(CONFIG_KUNIT)
#error "The kernel has KUnit: its own header is the one to use."
#endif

enum kunit_status {
	KUNIT_SUCCESS,
	KUNIT_FAILURE,
	KUNIT_SKIPPED,
	KUNIT_NR_STATUS
};

struct kunit_case;
struct kunit_suite;

/**
 * struct kunit - A running case
 * @priv: private data of the suite
 * @name: name of the case
 * @suite: its suite
 * @test_case: its case
 * @status: its result so far
 * @status_comment: why it is skipped
 * @memory: allocations of kunit_kmalloc() and the like
 * @done: the thread that runs @step no longer uses this
 * @step: the function that the thread calls
 */
struct kunit {
	void *priv;
	const char *name;
	const struct kunit_suite *suite;
	const struct kunit_case *test_case;
	enum kunit_status status;
	char status_comment[256];
	struct list_head memory;
	struct completion done;
	void (*step)(struct kunit *test);
};

struct kunit_case {
	void (*run_case)(struct kunit *test);
	const char *name;
};

struct kunit_suite {
	const char *name;
	int (*init)(struct kunit *test);
	void (*exit)(struct kunit *test);
	struct kunit_case *test_cases;
};

#define KUNIT_CASE(case_name)	{ .run_case = case_name, .name = #case_name }

/* === Printing ============================================================= */

/* Without the suite's pr_fmt(): KTAP starts the line. */
static inline __printf(1, 2) void kunit_log(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vprintk(fmt, args);
	va_end(args);
}

#define kunit_printk(level, test, fmt, ...)					\
	kunit_log(level "    # %s: " fmt, (test)->name, ##__VA_ARGS__)

#define kunit_info(test, fmt, ...)	kunit_printk(KERN_INFO, test, fmt, ##__VA_ARGS__)
#define kunit_warn(test, fmt, ...)	kunit_printk(KERN_WARNING, test, fmt, ##__VA_ARGS__)
#define kunit_err(test, fmt, ...)	kunit_printk(KERN_ERR, test, fmt, ##__VA_ARGS__)

/* === Ending a case ======================================================== */

/* End the thread of the case, whose code may be unloaded right after. */
static inline void __noreturn kunit_abort(struct kunit *test)
{
	kthread_complete_and_exit(&test->done, 0);
}

/* A case that has failed is not skipped: that would hide it. */
static inline __noreturn __printf(2, 3)
void kunit_skip(struct kunit *test, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(test->status_comment, sizeof(test->status_comment), fmt, args);
	va_end(args);
	if (test->status == KUNIT_SUCCESS)
		test->status = KUNIT_SKIPPED;
	kunit_abort(test);
}

/* === Expectations and assertions ========================================== */

/* The case has failed, but continues. */
static inline __printf(4, 5)
void kunit_fail(struct kunit *test, const char *file, int line, const char *fmt, ...)
{
	struct va_format vaf = { .fmt = fmt };
	va_list args;

	WRITE_ONCE(test->status, KUNIT_FAILURE);
	kunit_err(test, "FAILED at %s:%d\n", file, line);
	if (!fmt)
		return;
	va_start(args, fmt);
	vaf.va = &args;
	kunit_err(test, "%pV\n", &vaf);
	va_end(args);
}

/* Print the compared values of a failed check. */
static inline void kunit_compared(struct kunit *test, const char *left, long long l,
				  const char *op, const char *right, long long r)
{
	kunit_err(test, "expected %s %s %s\n", left, op, right);
	kunit_err(test, "%s is %lld (0x%llx)\n", left, l, l);
	kunit_err(test, "%s is %lld (0x%llx)\n", right, r, r);
}

/*
 * The end of each failed check: the case fails, and ends if FATAL. The remaining
 * arguments are the message that the suite adds, or NULL.
 */
#define KUNIT_FAILED(test, fatal, ...) do {					\
	struct kunit *__failed = (test);					\
										\
	kunit_fail(__failed, __FILE__, __LINE__, __VA_ARGS__);			\
	if (fatal)								\
		kunit_abort(__failed);						\
} while (0)

#define KUNIT_UNARY(test, fatal, condition, text, ...) do {			\
	struct kunit *__test = (test);						\
										\
	if (likely(condition))							\
		break;								\
	kunit_err(__test, "expected %s\n", text);				\
	KUNIT_FAILED(__test, fatal, __VA_ARGS__);				\
} while (0)

#define KUNIT_BINARY(test, fatal, left, op, right, ...) do {			\
	struct kunit *__test = (test);						\
	const typeof(left) __left = (left);					\
	const typeof(right) __right = (right);					\
										\
	if (likely(__left op __right))						\
		break;								\
	kunit_compared(__test, #left, (long long)__left, #op,			\
		       #right, (long long)__right);				\
	KUNIT_FAILED(__test, fatal, __VA_ARGS__);				\
} while (0)

#define KUNIT_POINTERS(test, fatal, left, op, right, ...)			\
	KUNIT_BINARY(test, fatal, (unsigned long)(left), op,			\
		     (unsigned long)(right), __VA_ARGS__)

#define KUNIT_STRINGS(test, fatal, left, right, ...) do {			\
	struct kunit *__test = (test);						\
	const char *__left = (left), *__right = (right);			\
										\
	if (likely(__left && __right && !strcmp(__left, __right)))		\
		break;								\
	kunit_err(__test, "expected %s to be %s: \"%s\", \"%s\"\n", #left,	\
		  #right, __left ?: "(null)", __right ?: "(null)");		\
	KUNIT_FAILED(__test, fatal, __VA_ARGS__);				\
} while (0)

#define KUNIT_FAIL(test, fmt, ...)						\
	KUNIT_FAILED(test, false, fmt, ##__VA_ARGS__)

#define KUNIT_EXPECT_TRUE(test, condition)					\
	KUNIT_UNARY(test, false, condition, #condition, NULL)
#define KUNIT_EXPECT_FALSE(test, condition)					\
	KUNIT_EXPECT_FALSE_MSG(test, condition, NULL)
#define KUNIT_EXPECT_FALSE_MSG(test, condition, ...)				\
	KUNIT_UNARY(test, false, !(condition), "!(" #condition ")", __VA_ARGS__)
#define KUNIT_EXPECT_NULL(test, ptr)						\
	KUNIT_POINTERS(test, false, ptr, ==, NULL, NULL)
#define KUNIT_EXPECT_NOT_NULL(test, ptr)					\
	KUNIT_POINTERS(test, false, ptr, !=, NULL, NULL)
#define KUNIT_EXPECT_NOT_ERR_OR_NULL(test, ptr)					\
	KUNIT_UNARY(test, false, !IS_ERR_OR_NULL(ptr), "no error: " #ptr, NULL)
#define KUNIT_EXPECT_EQ(test, left, right)					\
	KUNIT_EXPECT_EQ_MSG(test, left, right, NULL)
#define KUNIT_EXPECT_EQ_MSG(test, left, right, ...)				\
	KUNIT_BINARY(test, false, left, ==, right, __VA_ARGS__)
#define KUNIT_EXPECT_NE(test, left, right)					\
	KUNIT_EXPECT_NE_MSG(test, left, right, NULL)
#define KUNIT_EXPECT_NE_MSG(test, left, right, ...)				\
	KUNIT_BINARY(test, false, left, !=, right, __VA_ARGS__)
#define KUNIT_EXPECT_LT(test, left, right)					\
	KUNIT_BINARY(test, false, left, <, right, NULL)
#define KUNIT_EXPECT_LE(test, left, right)					\
	KUNIT_BINARY(test, false, left, <=, right, NULL)
#define KUNIT_EXPECT_GT(test, left, right)					\
	KUNIT_BINARY(test, false, left, >, right, NULL)
#define KUNIT_EXPECT_GE(test, left, right)					\
	KUNIT_BINARY(test, false, left, >=, right, NULL)
#define KUNIT_EXPECT_PTR_EQ(test, left, right)					\
	KUNIT_POINTERS(test, false, left, ==, right, NULL)
#define KUNIT_EXPECT_PTR_NE(test, left, right)					\
	KUNIT_POINTERS(test, false, left, !=, right, NULL)
#define KUNIT_EXPECT_STREQ(test, left, right)					\
	KUNIT_STRINGS(test, false, left, right, NULL)

#define KUNIT_ASSERT_TRUE(test, condition)					\
	KUNIT_UNARY(test, true, condition, #condition, NULL)
#define KUNIT_ASSERT_FALSE(test, condition)					\
	KUNIT_ASSERT_FALSE_MSG(test, condition, NULL)
#define KUNIT_ASSERT_FALSE_MSG(test, condition, ...)				\
	KUNIT_UNARY(test, true, !(condition), "!(" #condition ")", __VA_ARGS__)
#define KUNIT_ASSERT_NOT_NULL(test, ptr)					\
	KUNIT_POINTERS(test, true, ptr, !=, NULL, NULL)
#define KUNIT_ASSERT_NOT_ERR_OR_NULL(test, ptr)					\
	KUNIT_UNARY(test, true, !IS_ERR_OR_NULL(ptr), "no error: " #ptr, NULL)
#define KUNIT_ASSERT_EQ(test, left, right)					\
	KUNIT_BINARY(test, true, left, ==, right, NULL)
#define KUNIT_ASSERT_NE(test, left, right)					\
	KUNIT_BINARY(test, true, left, !=, right, NULL)
#define KUNIT_ASSERT_LT(test, left, right)					\
	KUNIT_BINARY(test, true, left, <, right, NULL)
#define KUNIT_ASSERT_LE(test, left, right)					\
	KUNIT_BINARY(test, true, left, <=, right, NULL)
#define KUNIT_ASSERT_GT(test, left, right)					\
	KUNIT_BINARY(test, true, left, >, right, NULL)
#define KUNIT_ASSERT_GE(test, left, right)					\
	KUNIT_BINARY(test, true, left, >=, right, NULL)
#define KUNIT_ASSERT_PTR_EQ(test, left, right)					\
	KUNIT_POINTERS(test, true, left, ==, right, NULL)
#define KUNIT_ASSERT_STREQ(test, left, right)					\
	KUNIT_STRINGS(test, true, left, right, NULL)

/* === Memory =============================================================== */

/* The list entry is separate, so that the memory is aligned like that of kmalloc(). */
struct kunit_memory {
	struct list_head entry;
	void *data;
};

/* Allocate memory that the end of the case frees. Only in the thread of the case. */
static inline void *kunit_kmalloc(struct kunit *test, size_t size, gfp_t gfp)
{
	struct kunit_memory *memory = kmalloc(sizeof(*memory), gfp);

	if (!memory)
		return NULL;
	memory->data = kmalloc(size, gfp);
	list_add(&memory->entry, &test->memory);
	return memory->data;
}

static inline void *kunit_kzalloc(struct kunit *test, size_t size, gfp_t gfp)
{
	return kunit_kmalloc(test, size, gfp | __GFP_ZERO);
}

static inline void *kunit_kcalloc(struct kunit *test, size_t n, size_t size, gfp_t gfp)
{
	return kunit_kzalloc(test, size_mul(n, size), gfp);
}

static inline void kunit_free_memory(struct kunit *test)
{
	struct kunit_memory *memory, *next;

	list_for_each_entry_safe(memory, next, &test->memory, entry) {
		kfree(memory->data);
		kfree(memory);
	}
}

/* === Running a suite ====================================================== */

static inline void kunit_step_case(struct kunit *test)
{
	int ret = test->suite->init ? test->suite->init(test) : 0;

	if (ret)
		KUNIT_FAILED(test, true, "cannot be initialized: %d", ret);
	test->test_case->run_case(test);
}

static inline void kunit_step_exit(struct kunit *test)
{
	if (test->suite->exit)
		test->suite->exit(test);
}

static inline int kunit_thread(void *data)
{
	struct kunit *test = data;

	test->step(test);
	kunit_abort(test);
}

/* The short timeouts keep the watchdog of hung tasks from reporting a long case. */
static inline void kunit_run_step(struct kunit *test, void (*step)(struct kunit *test))
{
	struct task_struct *task;

	init_completion(&test->done);
	test->step = step;
	task = kthread_run(kunit_thread, test, "kunit-%s", test->name);
	if (IS_ERR(task)) {
		KUNIT_FAIL(test, "no thread: %ld", PTR_ERR(task));
		return;
	}
	while (!wait_for_completion_timeout(&test->done, 10 * HZ))
		;
}

static inline enum kunit_status kunit_run_case(const struct kunit_suite *suite,
					       unsigned int nr)
{
	const struct kunit_case *test_case = &suite->test_cases[nr];
	struct kunit test = {
		.name = test_case->name,
		.suite = suite,
		.test_case = test_case,
		.memory = LIST_HEAD_INIT(test.memory),
	};
	bool skipped;

	kunit_run_step(&test, kunit_step_case);
	kunit_run_step(&test, kunit_step_exit);
	kunit_free_memory(&test);
	skipped = test.status == KUNIT_SKIPPED;
	kunit_log(KERN_INFO "    %s %u %s%s%s\n",
		  test.status == KUNIT_FAILURE ? "not ok" : "ok", nr + 1, test.name,
		  skipped ? " # SKIP " : "", skipped ? test.status_comment : "");
	return test.status;
}

/* As with KUnit, loading succeeds whatever the results of the cases. */
static inline int kunit_run_suite(const struct kunit_suite *suite)
{
	unsigned int count = 0, counts[KUNIT_NR_STATUS] = {}, i;

	while (suite->test_cases[count].run_case)
		count++;
	kunit_log(KERN_INFO "KTAP version 1\n");
	kunit_log(KERN_INFO "1..1\n");
	kunit_log(KERN_INFO "    KTAP version 1\n");
	kunit_log(KERN_INFO "    # Subtest: %s\n", suite->name);
	kunit_log(KERN_INFO "    1..%u\n", count);
	for (i = 0; i < count; i++)
		counts[kunit_run_case(suite, i)]++;
	kunit_log(KERN_INFO "# %s: pass:%u fail:%u skip:%u total:%u\n", suite->name,
		  counts[KUNIT_SUCCESS], counts[KUNIT_FAILURE], counts[KUNIT_SKIPPED], count);
	kunit_log(KERN_INFO "%s 1 %s%s\n", counts[KUNIT_FAILURE] ? "not ok" : "ok",
		  suite->name, counts[KUNIT_SKIPPED] == count ? " # SKIP" : "");
	return 0;
}

static inline void kunit_end_suite(const struct kunit_suite *suite) { }

/* The init function of the module runs the suite. */
#define kunit_test_suite(suite)							\
	module_driver(suite, kunit_run_suite, kunit_end_suite)

/* Loading a test taints the kernel. */
MODULE_INFO(test, "Y");

#endif /* _KUNIT_TEST_H */
