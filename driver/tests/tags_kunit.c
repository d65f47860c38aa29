// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite of the tags of in-kernel buffers: linking, replacing, unlinking,
 * open or create.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/uidgid.h>

#include "fixture.h"

#define SIZE	SZ_256K

/* A buffer filled with @byte; without a tag for NULL. */
static struct carveout_buf *make_buf(struct kunit *test, const char *tag, u32 flags, u8 byte)
{
	const struct carveout_req req = { .size = SZ_4K, .flags = flags };
	struct carveout_buf *buf;

	buf = carveout_buf_alloc(heap_of(test), &req, tag, tag ? 0600 : 0);
	KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(buf), "error %ld", PTR_ERR(buf));
	memset(carveout_buf_va(buf), byte, SZ_4K);
	return buf;
}

/* The tag leads to this buffer. */
static void expect_found(struct kunit *test, const char *tag, struct carveout_buf *buf)
{
	struct carveout_buf *found = carveout_buf_find(heap_of(test), tag);

	KUNIT_EXPECT_PTR_EQ(test, buf, found);
	if (!IS_ERR(found))
		carveout_buf_put(found);
}

/* === Linking ============================================================== */

static void carveout_tags_link(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, 0);
	struct carveout_buf *buf = make_buf(test, NULL, 0, 1);
	u64 generation = carveout_buf_generation(buf);

	EXPECT_ERR(test, -ENOENT, carveout_buf_find(heap, "late"));
	KUNIT_EXPECT_EQ(test, 0, carveout_buf_link(buf, "late", 0600, 0));
	expect_found(test, "late", buf);
	KUNIT_EXPECT_GT(test, carveout_buf_generation(buf), generation);
	/* A buffer is tagged at most once. */
	KUNIT_EXPECT_EQ(test, -EBUSY, carveout_buf_link(buf, "later", 0600, 0));
	KUNIT_EXPECT_EQ(test, 0, carveout_buf_unlink(buf));
	KUNIT_EXPECT_EQ(test, -EBUSY, carveout_buf_link(buf, "late", 0600, 0));
	carveout_buf_put(buf);
}

static void carveout_tags_link_refused(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, 0);
	struct carveout_buf *other = make_buf(test, "taken", 0, 1);
	struct carveout_buf *buf = make_buf(test, NULL, 0, 2);
	u64 generation = carveout_buf_generation(buf);

	KUNIT_EXPECT_EQ(test, -EEXIST, carveout_buf_link(buf, "taken", 0600, 0));
	KUNIT_EXPECT_EQ(test, -EINVAL, carveout_buf_link(buf, "", 0600, 0));
	KUNIT_EXPECT_EQ(test, -EINVAL, carveout_buf_link(buf, "no/name", 0600, 0));
	KUNIT_EXPECT_EQ(test, -EINVAL, carveout_buf_link(buf, "free", 01000, 0));
	KUNIT_EXPECT_EQ(test, -EINVAL, carveout_buf_link(buf, "free", 0600,
							 CARVEOUT_LINK_FLAGS + 1));
	KUNIT_EXPECT_EQ(test, -EINVAL, carveout_buf_link(buf, "free", 0600, BIT(31)));
	EXPECT_ERR(test, -ENOENT, carveout_buf_find(heap, "free"));
	expect_found(test, "taken", other);
	/* The buffer is unchanged. */
	KUNIT_EXPECT_EQ(test, generation, carveout_buf_generation(buf));
	KUNIT_EXPECT_EQ(test, 0, carveout_buf_link(buf, "free", 0600, 0));
	expect_found(test, "free", buf);
	carveout_buf_put(other);
	carveout_buf_put(buf);
}

/* The owner of the tag is being freed; linking waits for that. */
static void carveout_tags_link_after_put(struct kunit *test)
{
	struct carveout_buf *buf;
	unsigned int i;

	heap_of_pages(test, SIZE, 0);
	buf = make_buf(test, "name", 0, 1);
	for (i = 0; i < 20; i++) {
		struct carveout_buf *next = make_buf(test, NULL, 0, 2);

		carveout_buf_put(buf);
		buf = next;
		KUNIT_EXPECT_EQ(test, 0, carveout_buf_link(buf, "name", 0600, 0));
	}
	expect_found(test, "name", buf);
	carveout_buf_put(buf);
}

static void carveout_tags_replace(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, 0);
	struct carveout_buf *old = make_buf(test, "name", CARVEOUT_REQ_PERSIST, 1);
	struct carveout_buf *buf = make_buf(test, NULL, 0, 2);

	KUNIT_EXPECT_EQ(test, 0, carveout_buf_link(buf, "name", 0600,
						   CARVEOUT_LINK_REPLACE));
	expect_found(test, "name", buf);
	KUNIT_EXPECT_GT(test, carveout_buf_generation(buf), carveout_buf_generation(old));
	/*
	 * The old buffer remains for its holders, without a tag, and cannot be
	 * looked up.
	 */
	KUNIT_EXPECT_TRUE(test, is_filled(carveout_buf_va(old), 1, SZ_4K));
	KUNIT_EXPECT_EQ(test, -ENOENT, carveout_buf_unlink(old));
	expect_found(test, "name", buf);
	carveout_buf_put(old);
	carveout_drain(heap);
	KUNIT_EXPECT_EQ(test, PAGE_ALIGN(SZ_4K), used_of(heap));
	carveout_buf_put(buf);
	/* Replacing also works if no buffer has the tag. */
	carveout_drain(heap);
	buf = make_buf(test, NULL, 0, 3);
	KUNIT_EXPECT_EQ(test, 0, carveout_buf_link(buf, "name", 0600, CARVEOUT_LINK_FLAGS));
	carveout_buf_put(buf);
	carveout_drain(heap);
	expect_found(test, "name", buf);
	KUNIT_EXPECT_EQ(test, 0, carveout_unlink(heap, "name"));
}

/* Calls that a driver makes on behalf of a process. */
struct errand {
	struct carveout *heap;
	struct carveout_buf *buf;
	bool done;
	int linked;
	int unlinked;
	int removed;
};

/* As in a system call of a process without rights. */
static int run_errand(void *data)
{
	struct errand *errand = data;
	struct cred *cred = prepare_creds();

	if (cred) {
		cred->fsuid = KUIDT_INIT(1000);
		cap_clear(cred->cap_effective);
		commit_creds(cred);
		errand->linked = carveout_buf_link(errand->buf, "name", 0600,
						   CARVEOUT_LINK_REPLACE);
		errand->unlinked = carveout_buf_unlink(errand->buf);
		errand->removed = carveout_unlink(errand->heap, "other");
	}
	WRITE_ONCE(errand->done, true);
	return 0;
}

static void carveout_tags_for_any_process(struct kunit *test)
{
	struct errand errand = {
		.heap = heap_of_pages(test, SIZE, 0),
		.linked = 1, .unlinked = 1, .removed = 1,
	};
	struct carveout_buf *old = make_buf(test, "name", 0, 1);
	struct carveout_buf *other = make_buf(test, "other", 0, 2);
	struct task_struct *task;

	errand.buf = make_buf(test, NULL, 0, 3);
	task = thread_run(test, run_errand, &errand, "errand");
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(READ_ONCE(errand.done)));
	thread_join(task);
	KUNIT_EXPECT_EQ(test, 0, errand.linked);
	KUNIT_EXPECT_EQ(test, 0, errand.unlinked);
	KUNIT_EXPECT_EQ(test, 0, errand.removed);
	carveout_buf_put(old);
	carveout_buf_put(other);
	carveout_buf_put(errand.buf);
}

/* === Unlinking ============================================================ */

static void carveout_tags_unlink_own(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, 0);
	struct carveout_buf *buf = make_buf(test, "name", 0, 1), *other;

	KUNIT_EXPECT_EQ(test, 0, carveout_buf_unlink(buf));
	KUNIT_EXPECT_EQ(test, -ENOENT, carveout_buf_unlink(buf));
	EXPECT_ERR(test, -ENOENT, carveout_buf_find(heap, "name"));
	/* Another buffer that took the tag meanwhile keeps it. */
	other = make_buf(test, "name", 0, 2);
	KUNIT_EXPECT_EQ(test, -ENOENT, carveout_buf_unlink(buf));
	expect_found(test, "name", other);
	KUNIT_EXPECT_TRUE(test, is_filled(carveout_buf_va(buf), 1, SZ_4K));
	carveout_buf_put(other);
	carveout_buf_put(buf);
	buf = make_buf(test, NULL, 0, 3);
	KUNIT_EXPECT_EQ(test, -ENOENT, carveout_buf_unlink(buf));
	carveout_buf_put(buf);
}

static void carveout_tags_unlink_persistent(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, 0);
	struct carveout_buf *buf = make_buf(test, "kept", CARVEOUT_REQ_PERSIST, 1);

	KUNIT_EXPECT_EQ(test, 0, carveout_buf_unlink(buf));
	KUNIT_EXPECT_TRUE(test, is_filled(carveout_buf_va(buf), 1, SZ_4K));
	carveout_buf_put(buf);
	carveout_drain(heap);
	KUNIT_EXPECT_EQ(test, 0ULL, used_of(heap));
}

static void carveout_tags_of_a_dead_heap(struct kunit *test)
{
	const struct carveout_memory memory = region_at(CARVEOUT_SYSTEM_MEMORY, SZ_64K);
	struct carveout *heap = carveout_create(NULL, "kunit", &memory, 1, 0);
	const struct carveout_req req = { .size = SZ_4K };
	struct carveout_buf *named, *buf;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, heap);
	named = carveout_buf_alloc(heap, &req, "name", 0600);
	buf = carveout_buf_alloc(heap, &req, NULL, 0);
	KUNIT_EXPECT_EQ(test, 0, carveout_destroy(heap, true));
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, named);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, buf);
	KUNIT_EXPECT_EQ(test, -ENODEV, carveout_buf_link(buf, "other", 0600, 0));
	KUNIT_EXPECT_EQ(test, -ENODEV, carveout_buf_link(buf, "name", 0600,
							 CARVEOUT_LINK_REPLACE));
	/* The tags were removed with the heap. */
	KUNIT_EXPECT_EQ(test, -ENOENT, carveout_buf_unlink(named));
	carveout_buf_put(named);
	carveout_buf_put(buf);
}

/* === Open or create ======================================================= */

static struct carveout_buf *open_or_alloc(struct carveout *heap, u64 size, u64 align,
					  u32 flags)
{
	const struct carveout_req req = {
		.size = size,
		.align = align,
		.flags = flags | CARVEOUT_REQ_OPEN,
	};

	return carveout_buf_alloc(heap, &req, "name", 0600);
}

static void carveout_tags_open_or_create(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, 0);
	struct carveout_buf *buf = open_or_alloc(heap, 2 * PAGE_SIZE, 2 * PAGE_SIZE, 0);
	struct carveout_req req = { .size = PAGE_SIZE, .flags = CARVEOUT_REQ_OPEN };

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, buf);
	memset(carveout_buf_va(buf), FILL, 2 * PAGE_SIZE);
	KUNIT_EXPECT_PTR_EQ(test, buf, open_or_alloc(heap, 2 * PAGE_SIZE, 2 * PAGE_SIZE, 0));
	KUNIT_EXPECT_PTR_EQ(test, buf, open_or_alloc(heap, 1, 0, 0));
	KUNIT_EXPECT_EQ(test, 2 * PAGE_SIZE, used_of(heap));
	KUNIT_EXPECT_TRUE(test, is_filled(carveout_buf_va(buf), FILL, 2 * PAGE_SIZE));
	carveout_buf_put(buf);
	carveout_buf_put(buf);
	/* The existing buffer does not satisfy the request. */
	EXPECT_ERR(test, -EEXIST, open_or_alloc(heap, 2 * PAGE_SIZE + 1, 0, 0));
	EXPECT_ERR(test, -EEXIST, open_or_alloc(heap, PAGE_SIZE, 0, CARVEOUT_REQ_PERSIST));
	req.max_addr = carveout_buf_phys(buf) + PAGE_SIZE;
	EXPECT_ERR(test, -EEXIST, carveout_buf_alloc(heap, &req, "name", 0600));
	req.max_addr = 0;
	req.forbid = CARVEOUT_ATTR_CACHED;
	EXPECT_ERR(test, -EEXIST, carveout_buf_alloc(heap, &req, "name", 0600));
	req.forbid = 0;
	/* CARVEOUT_REQ_OPEN needs a tag. */
	EXPECT_ERR(test, -EINVAL, carveout_buf_alloc(heap, &req, NULL, 0));
	EXPECT_ERR(test, -EINVAL, carveout_alloc_req(heap, &req));
	carveout_drain(heap);
	KUNIT_EXPECT_EQ(test, 2 * PAGE_SIZE, used_of(heap));
	carveout_buf_put(buf);
	/*
	 * The old buffer is being freed: the call makes a new one or opens the
	 * old one again, but does not fail.
	 */
	buf = open_or_alloc(heap, PAGE_SIZE, 0, 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, buf);
	carveout_buf_put(buf);
}

static struct carveout_pool *open_or_make(struct carveout *heap, u64 block_size, u32 count,
					  u64 align, u32 flags)
{
	const struct carveout_req req = {
		.align = align,
		.flags = flags | CARVEOUT_REQ_OPEN,
	};

	return carveout_pool_create(heap, block_size, count, &req, "name", 0600);
}

static void carveout_tags_open_or_create_pool(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, 0);
	struct carveout_pool *pool = open_or_make(heap, 1000, 8, SZ_1K, 0);
	struct carveout_buf *buf;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, pool);
	KUNIT_EXPECT_PTR_EQ(test, pool, open_or_make(heap, 1024, 8, SZ_1K, 0));
	KUNIT_EXPECT_PTR_EQ(test, pool, open_or_make(heap, 1, 1, 0, 0));
	carveout_pool_put(pool);
	carveout_pool_put(pool);
	EXPECT_ERR(test, -EEXIST, open_or_make(heap, 1025, 8, 0, 0));
	EXPECT_ERR(test, -EEXIST, open_or_make(heap, 64, 9, 0, 0));
	EXPECT_ERR(test, -EEXIST, open_or_make(heap, 64, 1, SZ_2K, 0));
	EXPECT_ERR(test, -EEXIST, open_or_make(heap, 64, 1, 0, CARVEOUT_REQ_PERSIST));
	EXPECT_ERR(test, -EINVAL, open_or_make(heap, 0, 8, 0, 0));
	EXPECT_ERR(test, -EINVAL, open_or_make(heap, 64, 0, 0, 0));
	carveout_pool_destroy(pool);
	/* A buffer is not a pool. */
	buf = make_buf(test, "name", 0, 1);
	EXPECT_ERR(test, -EEXIST, open_or_make(heap, 64, 1, 0, 0));
	carveout_buf_put(buf);
}

/* With both flags nothing is created. */
static void carveout_tags_open_without_create(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, 0);
	const u32 persist = CARVEOUT_REQ_NO_CREATE | CARVEOUT_REQ_PERSIST;
	const struct carveout_req alone = { .size = SZ_4K, .flags = CARVEOUT_REQ_NO_CREATE };
	struct carveout_pool *pool;
	struct carveout_buf *buf;

	EXPECT_ERR(test, -ENOENT, open_or_alloc(heap, SZ_4K, 0, persist));
	EXPECT_ERR(test, -ENOENT, open_or_make(heap, 64, 1, 0, persist));
	EXPECT_ERR(test, -EINVAL, carveout_buf_alloc(heap, &alone, "name", 0600));
	EXPECT_ERR(test, -EINVAL, carveout_pool_create(heap, 64, 1, &alone, "name", 0600));
	KUNIT_EXPECT_EQ(test, 0ULL, used_of(heap));
	buf = make_buf(test, "name", 0, 1);
	KUNIT_EXPECT_PTR_EQ(test, buf, open_or_alloc(heap, 1, 0, CARVEOUT_REQ_NO_CREATE));
	carveout_buf_put(buf);
	EXPECT_ERR(test, -EEXIST, open_or_alloc(heap, 1, 0, persist));
	carveout_buf_put(buf);
	carveout_drain(heap);
	pool = open_or_make(heap, 64, 1, 0, 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, pool);
	KUNIT_EXPECT_PTR_EQ(test, pool, open_or_make(heap, 64, 1, 0, CARVEOUT_REQ_NO_CREATE));
	carveout_pool_put(pool);
	carveout_pool_put(pool);
}

/* One of several threads that use the same buffer for a moment. */
struct guest {
	struct carveout *heap;
	unsigned int rounds;
	long error;
	bool done;
};

static int come_and_go(void *data)
{
	struct guest *guest = data;
	struct carveout_buf *buf;

	while (guest->rounds-- && !guest->error) {
		buf = open_or_alloc(guest->heap, SZ_4K, 0, 0);
		guest->error = PTR_ERR_OR_ZERO(buf);
		if (guest->error)
			break;
		cond_resched();
		carveout_buf_put(buf);
	}
	WRITE_ONCE(guest->done, true);
	return 0;
}

/* The tag appears and disappears: each call opens or makes the buffer. */
static void carveout_tags_open_races(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, 0);
	struct task_struct *task[4];
	struct guest guest[4];
	unsigned int i;

	for (i = 0; i < 4; i++) {
		guest[i] = (struct guest){ .heap = heap, .rounds = 10 * DEFAULT_ROUNDS };
		task[i] = thread_run(test, come_and_go, &guest[i], "guest");
	}
	for (i = 0; i < 4; i++) {
		KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(READ_ONCE(guest[i].done)));
		thread_join(task[i]);
		KUNIT_EXPECT_EQ(test, 0L, guest[i].error);
	}
}

#ifdef CONFIG_KRETPROBES
static struct task_struct *blind;	/* a thread whose look-ups find no tag */

static int find_nothing(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	if (current == READ_ONCE(blind))
		regs_set_return_value(regs, 0);
	return 0;
}

static struct kretprobe look_up = {
	.kp.symbol_name = "carveout_registry_find",
	.handler = find_nothing,
	.maxactive = 64,
};

static int be_blind(void *data)
{
	WRITE_ONCE(blind, current);
	come_and_go(data);
	WRITE_ONCE(blind, NULL);
	return 0;
}

/*
 * The tag vanishes before each look-up and is back before each attempt to create it, as if
 * a process created and removed it at those moments.
 */
static void carveout_tags_open_gives_up(struct kunit *test)
{
	struct guest guest = { .heap = heap_of_pages(test, SIZE, 0), .rounds = 1 };
	struct carveout_buf *buf = make_buf(test, "name", 0, 1);
	struct task_struct *task;
	ktime_t end;

	KUNIT_ASSERT_EQ(test, 0, register_kretprobe(&look_up));
	task = thread_run(test, be_blind, &guest, "blind");
	/* A thread without a bound must not keep the board silent for too long. */
	end = after_ms(PATIENCE_MS / 2);
	while (!READ_ONCE(guest.done) && ktime_before(ktime_get(), end))
		usleep_range(200, 1000);
	KUNIT_EXPECT_TRUE(test, READ_ONCE(guest.done));
	/* From here on the look-up succeeds, and a thread without a bound ends. */
	unregister_kretprobe(&look_up);
	thread_join(task);
	KUNIT_EXPECT_EQ(test, (long)-EBUSY, guest.error);
	expect_found(test, "name", buf);
	carveout_buf_put(buf);
}

/* The copy of a resize that moves the buffer. */
static DECLARE_COMPLETION(copy_begun);
static DECLARE_COMPLETION(copy_may_end);

static int copy_slowly(void)
{
	complete(&copy_begun);
	wait_for_completion(&copy_may_end);
	return 0;
}

/* A handler must not sleep: the thread calls another function instead. */
static int replace_copy(struct kprobe *probe, struct pt_regs *regs)
{
	instruction_pointer_set(regs, (unsigned long)copy_slowly);
	return 1;
}

static struct kprobe copy = {
	.symbol_name = "carveout_claim_copy",
	.pre_handler = replace_copy,
};

static int resize_slowly(void *data)
{
	struct carveout_buf **buf = data, *next = carveout_buf_resize(*buf, SZ_64K);

	if (IS_ERR(next))
		return PTR_ERR(next);
	*buf = next;
	return 0;
}

/* A driver that waits for the end of a resize. */
struct seeker {
	struct carveout *heap;
	long error;
	s64 ms;
	bool done;
};

static int seek(void *data)
{
	struct seeker *seeker = data;
	ktime_t start = ktime_get();
	struct carveout_buf *found = carveout_buf_find(seeker->heap, "name");

	seeker->ms = ktime_ms_delta(ktime_get(), start);
	seeker->error = PTR_ERR_OR_ZERO(found);
	if (!seeker->error)
		carveout_buf_put(found);
	WRITE_ONCE(seeker->done, true);
	return 0;
}

static void carveout_tags_find_gives_up(struct kunit *test)
{
	struct seeker seeker = { .heap = heap_of_pages(test, SIZE, 0) };
	struct carveout_buf *buf = make_buf(test, "name", 0, 1);
	struct carveout_buf *wall = make_buf(test, NULL, 0, 2);
	struct task_struct *task[2];
	ktime_t end;

	KUNIT_ASSERT_EQ(test, 0, register_kprobe(&copy));
	task[0] = thread_run(test, resize_slowly, &buf, "resizer");
	KUNIT_EXPECT_TRUE(test, wait_for_completion_timeout(&copy_begun,
							    msecs_to_jiffies(PATIENCE_MS)));
	unregister_kprobe(&copy);
	task[1] = thread_run(test, seek, &seeker, "seeker");
	/* A thread without a bound must not keep the board silent for too long. */
	end = after_ms(PATIENCE_MS / 2);
	while (!READ_ONCE(seeker.done) && ktime_before(ktime_get(), end))
		usleep_range(200, 1000);
	complete(&copy_may_end);
	KUNIT_EXPECT_EQ(test, 0, thread_join(task[0]));
	thread_join(task[1]);
	KUNIT_EXPECT_EQ(test, (long)-EBUSY, seeker.error);
	KUNIT_EXPECT_LE(test, 9900LL, seeker.ms);
	expect_found(test, "name", buf);
	carveout_buf_put(buf);
	carveout_buf_put(wall);
}
#else
static void without_kretprobes(struct kunit *test)
{
	kunit_skip(test, "the kernel has no kretprobes");
}

#define carveout_tags_open_gives_up	without_kretprobes
#define carveout_tags_find_gives_up	without_kretprobes
#endif

/* A thread that grows and shrinks a buffer, which has to move to grow. */
struct stretcher {
	struct carveout_buf *buf;
	unsigned int moves;
	bool stop;
	bool done;
};

static int stretch(void *data)
{
	struct stretcher *stretcher = data;
	u64 size = SZ_64K;

	while (!READ_ONCE(stretcher->stop)) {
		struct carveout_buf *next = carveout_buf_resize(stretcher->buf, size);

		/*
		 * A look-up holds a reference, or the previous buffer is not
		 * freed yet.
		 */
		if (!IS_ERR(next)) {
			stretcher->buf = next;
			stretcher->moves++;
			size = size == SZ_64K ? SZ_4K : SZ_64K;
		}
		cond_resched();
	}
	WRITE_ONCE(stretcher->done, true);
	return 0;
}

/* A thread that finds the buffer again and again. */
struct finder {
	struct carveout *heap;
	struct stretcher *stretcher;
	bool signal;
	long error;
	bool done;
};

static int find_again(void *data)
{
	struct finder *finder = data;
	ktime_t end = after_ms(PATIENCE_MS);
	struct carveout_buf *found;
	unsigned int i;

	if (finder->signal) {
		allow_signal(SIGUSR1);
		send_sig(SIGUSR1, current, 1);
	}
	for (i = 0; i < 100 * DEFAULT_ROUNDS ||
	     (READ_ONCE(finder->stretcher->moves) < 4 && ktime_before(ktime_get(), end)); i++) {
		found = carveout_buf_find(finder->heap, "name");
		finder->error = PTR_ERR_OR_ZERO(found);
		if (finder->error)
			break;
		carveout_buf_put(found);
		cond_resched();
	}
	WRITE_ONCE(finder->done, true);
	return 0;
}

static void find_while_resized(struct kunit *test, bool signal)
{
	struct carveout *heap = heap_of_pages(test, SIZE, 0);
	struct stretcher stretcher = { .buf = make_buf(test, "name", 0, 1) };
	struct finder finder = { .heap = heap, .stretcher = &stretcher, .signal = signal };
	struct carveout_buf *wall = make_buf(test, NULL, 0, 2);
	struct task_struct *task[2];

	task[0] = thread_run(test, stretch, &stretcher, "stretcher");
	task[1] = thread_run(test, find_again, &finder, "finder");
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(READ_ONCE(finder.done)));
	thread_join(task[1]);
	KUNIT_EXPECT_EQ(test, 0L, finder.error);
	WRITE_ONCE(stretcher.stop, true);
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(READ_ONCE(stretcher.done)));
	thread_join(task[0]);
	KUNIT_EXPECT_GE(test, stretcher.moves, 4U);
	carveout_buf_put(stretcher.buf);
	carveout_buf_put(wall);
}

/* The buffer can be found at all times, with either size. */
static void carveout_tags_find_while_resized(struct kunit *test)
{
	find_while_resized(test, false);
}

/* So it can with a signal pending, as in a probe. */
static void carveout_tags_find_with_a_signal(struct kunit *test)
{
	find_while_resized(test, true);
}

static struct kunit_case tags_cases[] = {
	KUNIT_CASE(carveout_tags_link),
	KUNIT_CASE(carveout_tags_link_refused),
	KUNIT_CASE(carveout_tags_link_after_put),
	KUNIT_CASE(carveout_tags_replace),
	KUNIT_CASE(carveout_tags_for_any_process),
	KUNIT_CASE(carveout_tags_unlink_own),
	KUNIT_CASE(carveout_tags_unlink_persistent),
	KUNIT_CASE(carveout_tags_of_a_dead_heap),
	KUNIT_CASE(carveout_tags_open_or_create),
	KUNIT_CASE(carveout_tags_open_or_create_pool),
	KUNIT_CASE(carveout_tags_open_without_create),
	KUNIT_CASE(carveout_tags_open_races),
	KUNIT_CASE(carveout_tags_open_gives_up),
	KUNIT_CASE(carveout_tags_find_while_resized),
	KUNIT_CASE(carveout_tags_find_with_a_signal),
	KUNIT_CASE(carveout_tags_find_gives_up),
	{}
};

static struct kunit_suite tags_suite = {
	.name = "carveout_tags",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = tags_cases,
};

kunit_test_suite(tags_suite);

MODULE_DESCRIPTION("KUnit suite of the tags of in-kernel buffers");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("CARVEOUT");
