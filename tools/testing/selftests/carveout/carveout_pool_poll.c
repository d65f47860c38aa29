// SPDX-License-Identifier: GPL-2.0
/*
 * poll() and epoll on the file of a pool: readable while a block is free, hung
 * up when the pool is destroyed.
 */
#include <poll.h>
#include <sys/epoll.h>

#include "carveout_fixture.h"

/**
 * struct poller - A process that waits for an event
 * @pool: file descriptor of the pool
 * @epoll: use epoll
 * @flags: additional EPOLL* flags
 * @want: the expected event
 */
struct poller {
	int pool;
	bool epoll;
	__u32 flags;
	int want;
};

static int wait_for_event(void *arg)
{
	const struct poller *poller = arg;
	struct pollfd poll_fd = { .fd = poller->pool, .events = POLLIN };
	struct epoll_event event = { .events = EPOLLIN | poller->flags };
	int epoll;

	if (!poller->epoll)
		return poll(&poll_fd, 1, 60000) == 1 &&
		       poll_fd.revents == poller->want ? 0 : 1;
	epoll = epoll_create1(EPOLL_CLOEXEC);
	if (epoll_ctl(epoll, EPOLL_CTL_ADD, poller->pool, &event))
		return 2;
	return epoll_wait(epoll, &event, 1, 60000) == 1 &&
	       event.events == (uint32_t)poller->want ? 0 : 3;
}

TEST_F(heap, poll_and_epoll_are_woken)
{
	struct poller poller = {
		.pool = full_pool(self->heap.node, 1, unique_tag("wait.poll")),
	};
	pid_t pid[2];
	int i, j;

	ASSERT_LE(0, poller.pool);
	for (i = 0; i < 2; i++) {
		poller.want = i ? POLLHUP | POLLERR : POLLIN;
		for (j = 0; j < 2; j++) {
			poller.epoll = j;
			pid[j] = start_child(wait_for_event, &poller);
			ASSERT_LT(0, pid[j]);
			EXPECT_TRUE(sleeps(pid[j]));
		}
		ASSERT_EQ(0, i ? destroy_pool(poller.pool) :
				 release_block(poller.pool, 0));
		for (j = 0; j < 2; j++)
			EXPECT_EQ(0, wait_child(pid[j])) TH_LOG("%d %d", i, j);
		if (!i)
			ASSERT_EQ(0, acquire_block_nowait(poller.pool));
	}
	close(poller.pool);
	EXPECT_UNCHANGED(&self->heap);
}

#define POLLERS	3

/*
 * One exclusive poller is enough for one block. But several blocks may be free,
 * and the destruction of a pool concerns all pollers.
 */
TEST_F(heap, exclusive_epoll_is_woken_for_each_block)
{
	const char *tag = unique_tag("wait.exclusive");
	struct poller poller = {
		.pool = create_pool_tag(self->heap.node, 64, POLLERS, tag, 0, 0600),
		.epoll = true, .flags = EPOLLEXCLUSIVE,
	};
	pid_t pid[POLLERS];
	int own, i, j;

	ASSERT_LE(0, poller.pool);
	for (i = 0; i < 2; i++) {
		own = open_pool(self->heap.node, tag);
		ASSERT_LE(0, own);
		while (acquire_block_nowait(own) >= 0)
			;
		poller.want = i ? POLLHUP | POLLERR : POLLIN;
		for (j = 0; j < POLLERS; j++) {
			pid[j] = start_child(wait_for_event, &poller);
			ASSERT_LT(0, pid[j]);
			EXPECT_TRUE(sleeps(pid[j]));
		}
		if (i)
			EXPECT_EQ(0, destroy_pool(poller.pool));
		/* The children have this file, too, so its blocks stay acquired. */
		for (j = 0; !i && j < POLLERS; j++)
			EXPECT_EQ(0, release_block(own, j));
		for (j = 0; j < POLLERS; j++)
			EXPECT_EQ(0, wait_child(pid[j])) TH_LOG("%d %d", i, j);
		close(own);
	}
	close(poller.pool);
	EXPECT_UNCHANGED(&self->heap);
}

TEST_HARNESS_MAIN
