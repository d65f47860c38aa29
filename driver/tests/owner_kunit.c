// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite of owners, which a driver acts for, and of their sessions.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cred.h>
#include <linux/module.h>
#include <linux/uidgid.h>

#include "waiter.h"

#define SIZE	SZ_256K

/* Two users that are not root. */
#define ALICE	1001
#define BOB	1002

static struct carveout_owner *make_owner(struct kunit *test, const char *name,
					 unsigned int id, u64 quota)
{
	const struct carveout_owner_attrs attrs = {
		.name = name,
		.uid = KUIDT_INIT(id),
		.gid = KGIDT_INIT(id),
		.quota = quota,
	};
	struct carveout_owner *owner = carveout_owner_create(heap_of(test), &attrs);

	KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(owner), "error %ld", PTR_ERR(owner));
	return owner;
}

static struct carveout_buf *alloc_for(struct kunit *test, struct carveout_owner *owner,
				      u64 size, const char *tag, umode_t mode, u32 flags)
{
	const struct carveout_req req = { .size = size, .owner = owner, .flags = flags };

	return carveout_buf_alloc(heap_of(test), &req, tag, mode);
}

static struct carveout_buf *make_buf_for(struct kunit *test, struct carveout_owner *owner,
					 const char *tag, umode_t mode)
{
	struct carveout_buf *buf = alloc_for(test, owner, PAGE_SIZE, tag, mode, 0);

	KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(buf), "error %ld", PTR_ERR(buf));
	return buf;
}

/* The owner finds the tag, or gets this error. */
static void expect_access(struct kunit *test, struct carveout_owner *owner, const char *tag,
			  int read, int write)
{
	struct carveout_buf *buf = carveout_owner_find(owner, tag, false);

	KUNIT_EXPECT_EQ(test, read, PTR_ERR_OR_ZERO(buf));
	if (!IS_ERR(buf))
		carveout_buf_put(buf);
	buf = carveout_owner_find(owner, tag, true);
	KUNIT_EXPECT_EQ(test, write, PTR_ERR_OR_ZERO(buf));
	if (!IS_ERR(buf))
		carveout_buf_put(buf);
}

/* === Owners =============================================================== */

static void carveout_owner_attributes(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, 0);
	struct carveout_owner_attrs attrs = { .uid = KUIDT_INIT(ALICE), .gid = KGIDT_INIT(ALICE) };
	char name[CARVEOUT_NAME_LEN + 1] = {};

	EXPECT_ERR(test, -EINVAL, carveout_owner_create(heap, &attrs));
	attrs.name = "";
	EXPECT_ERR(test, -EINVAL, carveout_owner_create(heap, &attrs));
	memset(name, 'n', CARVEOUT_NAME_LEN);
	attrs.name = name;
	EXPECT_ERR(test, -EINVAL, carveout_owner_create(heap, &attrs));
	attrs.name = "core";
	attrs.uid = INVALID_UID;
	EXPECT_ERR(test, -EINVAL, carveout_owner_create(heap, &attrs));
	attrs.uid = KUIDT_INIT(ALICE);
	attrs.gid = INVALID_GID;
	EXPECT_ERR(test, -EINVAL, carveout_owner_create(heap, &attrs));
}

/* Neither mode nor user of the task that calls counts, which is root with all capabilities. */
static void carveout_owner_permissions(struct kunit *test)
{
	const struct cred *cred = current_cred();
	struct carveout_owner *alice, *bob;
	struct carveout_buf *buf[5];
	unsigned int i;

	heap_of_pages(test, SIZE, 0);
	alice = make_owner(test, "alice", ALICE, 0);
	bob = make_owner(test, "bob", BOB, 0);
	buf[0] = make_buf_for(test, NULL, "kernel", 0600);
	buf[1] = make_buf_for(test, NULL, "readable", 0604);
	buf[2] = make_buf_for(test, alice, "alice", 0600);
	buf[3] = make_buf_for(test, alice, "all", 0666);
	buf[4] = make_buf_for(test, alice, "locked", 0);

	expect_access(test, alice, "kernel", -EACCES, -EACCES);
	expect_access(test, alice, "readable", 0, -EACCES);
	expect_access(test, alice, "alice", 0, 0);
	expect_access(test, bob, "alice", -EACCES, -EACCES);
	expect_access(test, bob, "all", 0, 0);
	expect_access(test, alice, "locked", -EACCES, -EACCES);
	expect_access(test, alice, "absent", -ENOENT, -ENOENT);
	expect_access(test, alice, "no/name", -EINVAL, -EINVAL);

	KUNIT_EXPECT_EQ(test, -EACCES, carveout_owner_unlink(bob, "alice", NULL));
	KUNIT_EXPECT_EQ(test, -EACCES, carveout_owner_unlink(alice, "kernel", NULL));
	KUNIT_EXPECT_EQ(test, -ENOENT, carveout_owner_unlink(alice, "absent", NULL));
	KUNIT_EXPECT_EQ(test, -EINVAL, carveout_owner_unlink(alice, "no/name", NULL));
	/* The tag is that of another buffer. */
	KUNIT_EXPECT_EQ(test, -ENOENT, carveout_owner_unlink(alice, "alice", buf[3]));
	KUNIT_EXPECT_EQ(test, 0, carveout_owner_unlink(alice, "alice", buf[2]));
	expect_access(test, alice, "alice", -ENOENT, -ENOENT);

	KUNIT_EXPECT_PTR_EQ(test, cred, current_cred());
	for (i = 0; i < ARRAY_SIZE(buf); i++)
		carveout_buf_put(buf[i]);
	carveout_owner_put(alice);
	carveout_owner_put(bob);
}

/* A search finds each tag that the owner may read, once, and nothing else. */
static void carveout_owner_search(struct kunit *test)
{
	struct carveout_owner *alice, *bob;
	struct carveout_buf *buf[5];
	char tag[CARVEOUT_NAME_LEN];
	unsigned int mine = 0, open = 0, all = 0, i;
	u64 cursor = 0;

	heap_of_pages(test, SIZE, 0);
	alice = make_owner(test, "alice", ALICE, 0);
	bob = make_owner(test, "bob", BOB, 0);
	buf[0] = make_buf_for(test, alice, "mine", 0600);
	buf[1] = make_buf_for(test, bob, "open", 0644);
	buf[2] = make_buf_for(test, bob, "secret", 0600);
	buf[3] = make_buf_for(test, alice, NULL, 0);
	memset(tag, 0xff, sizeof(tag));
	while (carveout_owner_next(alice, &cursor, tag)) {
		all++;
		mine += !strcmp(tag, "mine");
		open += !strcmp(tag, "open");
		KUNIT_EXPECT_EQ(test, 0, tag[CARVEOUT_NAME_LEN - 1]);
	}
	KUNIT_EXPECT_EQ(test, 2U, all);
	KUNIT_EXPECT_EQ(test, 1U, mine);
	KUNIT_EXPECT_EQ(test, 1U, open);
	/* The end remains the end, until there is another one. */
	KUNIT_EXPECT_FALSE(test, carveout_owner_next(alice, &cursor, tag));
	buf[4] = make_buf_for(test, bob, "late", 0604);
	KUNIT_EXPECT_TRUE(test, carveout_owner_next(alice, &cursor, tag));
	KUNIT_EXPECT_STREQ(test, "late", tag);

	KUNIT_EXPECT_EQ(test, 0, carveout_owner_check(alice, buf[0], true));
	KUNIT_EXPECT_EQ(test, 0, carveout_owner_check(alice, buf[1], false));
	KUNIT_EXPECT_EQ(test, -EACCES, carveout_owner_check(alice, buf[1], true));
	KUNIT_EXPECT_EQ(test, -EACCES, carveout_owner_check(alice, buf[2], false));
	KUNIT_EXPECT_EQ(test, -ENOENT, carveout_owner_check(alice, buf[3], false));
	KUNIT_EXPECT_EQ(test, 0, carveout_buf_unlink(buf[0]));
	KUNIT_EXPECT_EQ(test, -ENOENT, carveout_owner_check(alice, buf[0], false));
	for (i = 0; i < ARRAY_SIZE(buf); i++)
		carveout_buf_put(buf[i]);
	carveout_owner_put(alice);
	carveout_owner_put(bob);
}

/* Resize a buffer that is held, which is refused each time. */
static int resize_main(void *data)
{
	struct carveout_buf *buf = data;
	int odd = 0;

	while (!kthread_should_stop()) {
		odd += PTR_ERR(carveout_buf_resize(buf, 2 * PAGE_SIZE)) != -EBUSY;
		cond_resched();
	}
	return odd;
}

/* A buffer keeps its tag while a resize of it is tried. */
static void carveout_owner_check_during_a_resize(struct kunit *test)
{
	unsigned int i, rounds = 200 * DEFAULT_ROUNDS, odd = 0;
	struct carveout_owner *owner;
	struct carveout_buf *buf;
	struct task_struct *task;

	heap_of_pages(test, SIZE, 0);
	owner = make_owner(test, "core", ALICE, 0);
	buf = make_buf_for(test, owner, "mine", 0600);
	carveout_buf_hold(buf);
	task = thread_run(test, resize_main, buf, "resizer");
	for (i = 0; i < rounds; i++) {
		odd += carveout_owner_check(owner, buf, true) != 0;
		cond_resched();
	}
	KUNIT_EXPECT_EQ(test, 0, thread_join(task));
	KUNIT_EXPECT_EQ(test, 0U, odd);
	carveout_buf_unhold(buf);
	carveout_buf_put(buf);
	carveout_owner_put(owner);
}

static void carveout_owner_open_or_create(struct kunit *test)
{
	struct carveout_owner *alice, *bob;
	struct carveout_buf *first, *second;

	heap_of_pages(test, SIZE, 0);
	alice = make_owner(test, "alice", ALICE, 0);
	bob = make_owner(test, "bob", BOB, 0);
	first = alloc_for(test, alice, PAGE_SIZE, "shared", 0666, CARVEOUT_REQ_OPEN);
	KUNIT_ASSERT_FALSE(test, IS_ERR(first));
	second = alloc_for(test, bob, PAGE_SIZE, "shared", 0666, CARVEOUT_REQ_OPEN);
	KUNIT_EXPECT_PTR_EQ(test, first, second);
	carveout_buf_put(second);
	EXPECT_ERR(test, -EEXIST, alloc_for(test, bob, PAGE_SIZE, "shared", 0666, 0));
	carveout_buf_put(first);

	first = make_buf_for(test, alice, "readable", 0644);
	EXPECT_ERR(test, -EACCES,
		   alloc_for(test, bob, PAGE_SIZE, "readable", 0600, CARVEOUT_REQ_OPEN));
	carveout_buf_put(first);
	carveout_owner_put(alice);
	carveout_owner_put(bob);
}

static void carveout_owner_quota(struct kunit *test)
{
	struct carveout_owner *owner, *other;
	struct carveout_pool *pool;
	struct carveout_req req = {};
	struct carveout_buf *buf;

	heap_of_pages(test, SIZE, 0);
	owner = make_owner(test, "one", ALICE, 2 * PAGE_SIZE);
	other = make_owner(test, "other", ALICE, 0);
	req.owner = owner;
	buf = make_buf_for(test, owner, "one", 0600);
	EXPECT_ERR(test, -EDQUOT, alloc_for(test, owner, 2 * PAGE_SIZE, NULL, 0, 0));
	EXPECT_ERR(test, -EDQUOT, carveout_pool_create(heap_of(test), 2 * PAGE_SIZE, 1, &req,
						       NULL, 0));
	/* The limit is that of the owner, not of the user. */
	carveout_buf_put(make_buf_for(test, other, NULL, 0));
	carveout_buf_put(make_buf_for(test, owner, NULL, 0));
	pool = carveout_pool_create(heap_of(test), PAGE_SIZE, 1, &req, "pool", 0600);
	KUNIT_ASSERT_FALSE(test, IS_ERR(pool));
	EXPECT_ERR(test, -EDQUOT, alloc_for(test, owner, PAGE_SIZE, NULL, 0, 0));
	expect_access(test, owner, "pool", 0, 0);
	carveout_pool_put(pool);
	carveout_buf_put(buf);
	/* Freed memory counts no longer, although the free of a driver is deferred. */
	buf = alloc_for(test, owner, 2 * PAGE_SIZE, NULL, 0, 0);
	KUNIT_EXPECT_FALSE(test, IS_ERR(buf));
	/* The buffer keeps the account, which the next owner of this name continues. */
	carveout_owner_put(owner);
	owner = make_owner(test, "one", ALICE, 2 * PAGE_SIZE);
	EXPECT_ERR(test, -EDQUOT, alloc_for(test, owner, PAGE_SIZE, NULL, 0, 0));
	if (!IS_ERR(buf))
		carveout_buf_put(buf);
	carveout_owner_put(owner);
	/* Without a buffer, the account ends. */
	carveout_drain(heap_of(test));
	owner = make_owner(test, "one", ALICE, 3 * PAGE_SIZE);
	buf = alloc_for(test, owner, 3 * PAGE_SIZE, NULL, 0, 0);
	KUNIT_EXPECT_FALSE(test, IS_ERR(buf));
	if (!IS_ERR(buf))
		carveout_buf_put(buf);
	carveout_owner_put(owner);
	carveout_owner_put(other);
}

/* A heap of its own, and no memory of the CPU. */
static void carveout_owner_refused(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, 0), *other;
	const struct carveout_memory memory = region_at(CARVEOUT_SYSTEM_MEMORY, SZ_64K);
	struct carveout_owner *owner = make_owner(test, "core", ALICE, 0);
	struct carveout_req req = { .size = PAGE_SIZE, .owner = owner };

	EXPECT_ERR(test, -EINVAL, carveout_alloc_req(heap, &req));
	other = carveout_create(NULL, "other", &memory, 1, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR(other));
	EXPECT_ERR(test, -EINVAL, carveout_buf_alloc(other, &req, NULL, 0));
	EXPECT_ERR(test, -EINVAL, carveout_pool_create(other, 64, 1, &req, NULL, 0));
	KUNIT_EXPECT_EQ(test, 0, carveout_destroy(other, false));
	carveout_owner_put(owner);
}

static void carveout_owner_keeps_the_heap(struct kunit *test)
{
	struct fixture *fixture = test->priv;
	struct carveout *heap = heap_of_pages(test, SIZE, 0);
	struct carveout_owner *owner = make_owner(test, "core", ALICE, 0);

	fixture->heap = NULL;
	KUNIT_EXPECT_EQ(test, 0, carveout_destroy(heap, false));
	EXPECT_ERR(test, -ENODEV, carveout_owner_find(owner, "name", false));
	KUNIT_EXPECT_EQ(test, -ENODEV, carveout_owner_unlink(owner, "name", NULL));
	carveout_owner_put(carveout_owner_get(owner));
	carveout_owner_put(owner);
}

/* === Sessions ============================================================= */

static struct carveout_session *make_session(struct kunit *test, u32 max)
{
	struct carveout_session *session = carveout_session_open(max);

	KUNIT_ASSERT_FALSE(test, IS_ERR(session));
	return session;
}

static u32 add(struct kunit *test, struct carveout_session *session, struct carveout_buf *buf)
{
	u32 handle = 0;

	KUNIT_EXPECT_EQ(test, 0, carveout_session_add(session, buf, &handle));
	KUNIT_EXPECT_NE(test, 0U, handle);
	return handle;
}

static void carveout_owner_handles(struct kunit *test)
{
	struct carveout_session *session;
	struct carveout_buf *buf, *found;
	u32 handle, other, count = 0;

	heap_of_pages(test, SIZE, 0);
	session = make_session(test, 2);
	buf = make_buf_for(test, NULL, NULL, 0);
	handle = add(test, session, carveout_buf_get(buf));
	other = add(test, session, carveout_buf_get(buf));
	KUNIT_EXPECT_NE(test, handle, other);
	KUNIT_EXPECT_EQ(test, 0U, carveout_session_room(session));
	/* The reference remains the caller's: its put below is the last. */
	KUNIT_EXPECT_EQ(test, -EMFILE, carveout_session_add(session, buf, &count));

	found = carveout_session_buf(session, handle);
	KUNIT_EXPECT_PTR_EQ(test, buf, found);
	carveout_buf_put(found);
	KUNIT_EXPECT_EQ(test, 0, carveout_session_get(session, handle, &count));
	KUNIT_EXPECT_EQ(test, 2U, count);
	KUNIT_EXPECT_EQ(test, 0, carveout_session_put(session, handle, &count));
	KUNIT_EXPECT_EQ(test, 1U, count);
	KUNIT_EXPECT_EQ(test, 0, carveout_session_put(session, handle, &count));
	KUNIT_EXPECT_EQ(test, 0U, count);
	KUNIT_EXPECT_EQ(test, 1U, carveout_session_room(session));
	EXPECT_ERR(test, -EBADF, carveout_session_buf(session, handle));
	KUNIT_EXPECT_EQ(test, -EBADF, carveout_session_get(session, handle, &count));
	KUNIT_EXPECT_EQ(test, -EBADF, carveout_session_put(session, handle, &count));
	EXPECT_ERR(test, -EBADF, carveout_session_client(session, handle));
	EXPECT_ERR(test, -EBADF, carveout_session_buf(session, 0));
	EXPECT_ERR(test, -EBADF, carveout_session_buf(session, U32_MAX));
	/* A handle is not used again soon. */
	KUNIT_EXPECT_NE(test, handle, add(test, session, carveout_buf_get(buf)));
	carveout_buf_put(buf);
	KUNIT_EXPECT_EQ(test, PAGE_SIZE, used_of(heap_of(test)));
	carveout_session_close(session);
}

static void carveout_owner_blocks_end_with_the_handle(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, 0);
	struct carveout_owner *owner = make_owner(test, "core", ALICE, 0);
	struct carveout_session *session = make_session(test, 8);
	struct carveout_pool *pool = carveout_pool_create(heap, 64, 4, NULL, NULL, 0);
	struct carveout_pool_client *client;
	struct carveout_pool_block block;
	u32 handle, other, count;

	KUNIT_ASSERT_FALSE(test, IS_ERR(pool));
	handle = add(test, session, carveout_buf_get(carveout_pool_buf(pool)));
	other = add(test, session, carveout_buf_get(carveout_pool_buf(pool)));
	client = carveout_session_client(session, handle);
	KUNIT_ASSERT_FALSE(test, IS_ERR(client));
	KUNIT_EXPECT_PTR_EQ(test, client, carveout_session_client(session, handle));
	KUNIT_EXPECT_PTR_NE(test, client, carveout_session_client(session, other));
	KUNIT_EXPECT_EQ(test, 0, carveout_pool_alloc(client, &block));
	KUNIT_EXPECT_EQ(test, 0, carveout_pool_alloc(client, &block));
	KUNIT_EXPECT_EQ(test, 2U, pool_stats(pool).free);
	KUNIT_EXPECT_EQ(test, 0, carveout_session_put(session, handle, &count));
	KUNIT_EXPECT_EQ(test, 4U, pool_stats(pool).free);

	client = carveout_session_client(session, other);
	KUNIT_EXPECT_EQ(test, 0, carveout_pool_alloc(client, &block));
	handle = add(test, session, make_buf_for(test, owner, NULL, 0));
	EXPECT_ERR(test, -ENXIO, carveout_session_client(session, handle));
	carveout_session_close(session);
	KUNIT_EXPECT_EQ(test, 4U, pool_stats(pool).free);
	carveout_pool_put(pool);
	carveout_owner_put(owner);
}

static struct kunit_case owner_cases[] = {
	KUNIT_CASE(carveout_owner_attributes),
	KUNIT_CASE(carveout_owner_permissions),
	KUNIT_CASE(carveout_owner_search),
	KUNIT_CASE(carveout_owner_check_during_a_resize),
	KUNIT_CASE(carveout_owner_open_or_create),
	KUNIT_CASE(carveout_owner_quota),
	KUNIT_CASE(carveout_owner_refused),
	KUNIT_CASE(carveout_owner_keeps_the_heap),
	KUNIT_CASE(carveout_owner_handles),
	KUNIT_CASE(carveout_owner_blocks_end_with_the_handle),
	{}
};

static struct kunit_suite owner_suite = {
	.name = "carveout_owner",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = owner_cases,
};

kunit_test_suite(owner_suite);

MODULE_DESCRIPTION("KUnit suite of the owners that a driver acts for");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("CARVEOUT");
