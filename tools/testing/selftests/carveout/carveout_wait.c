// SPDX-License-Identifier: GPL-2.0
/*
 * Waiting: for a tag with a deadline, and for changes with poll().
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include "carveout_fixture.h"

static int open_wait(int node, const char *tag, __u64 deadline)
{
	struct carveout_ioctl_open open = {
		.flags = CARVEOUT_OPEN_WAIT,
		.fd_flags = O_RDWR | O_CLOEXEC,
		.deadline = deadline,
	};
	int err;

	set_name(open.tag, tag);
	err = xioctl(node, CARVEOUT_IOCTL_OPEN, &open);
	return err ? err : open.fd;
}

struct waiter {
	int node;
	const char *tag;
	__u64 deadline;
	int want;		/* 0 for a file descriptor, or an error */
};

static int wait_for_name(void *data)
{
	const struct waiter *job = data;
	int fd = open_wait(job->node, job->tag, job->deadline);

	if (job->want)
		return fd == job->want ? 0 : 1;
	if (fd < 0)
		return 2;
	close(fd);
	return 0;
}

/* === For a tag =========================================================== */

TEST_F(heap, open_waits_until_the_name_is_there)
{
	const char *tag = unique_tag("wait.name");
	struct waiter job = {
		.node = self->heap.node,
		.tag = tag,
		.deadline = CARVEOUT_DEADLINE_NONE,
	};
	int i, fd, other;
	pid_t pid;

	for (i = 0; i < 2; i++) {
		if (i)
			job.deadline = now_ns() + 60000 * MS;
		pid = start_child(wait_for_name, &job);
		ASSERT_LT(0, pid);
		EXPECT_TRUE(sleeps(pid));
		/* Another tag does not end the wait. */
		other = alloc_tag(job.node, 4096, unique_tag("wait.other"), 0, 0600);
		ASSERT_LE(0, other);
		EXPECT_TRUE(sleeps(pid));
		fd = alloc_tag(job.node, 4096, tag, 0, 0600);
		ASSERT_LE(0, fd);
		EXPECT_EQ(0, wait_child(pid));
		close(fd);
		close(other);
	}
	EXPECT_UNCHANGED(&self->heap);
}

/* A tag that appears by a link, or whose mode changes, ends the wait, too. */
TEST_F(heap, all_waiters_are_woken)
{
	const char *tag = unique_tag("wait.many");
	struct waiter job = {
		.node = self->heap.node,
		.tag = tag,
		.deadline = CARVEOUT_DEADLINE_NONE,
	};
	struct carveout_ioctl_link link = { .mode = 0600 };
	pid_t pid[24];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(pid); i++) {
		pid[i] = start_child(wait_for_name, &job);
		ASSERT_LT(0, pid[i]);
	}
	for (i = 0; i < ARRAY_SIZE(pid); i++)
		EXPECT_TRUE(sleeps(pid[i]));
	link.fd = alloc_buffer(job.node, 4096);
	ASSERT_LE(0, link.fd);
	set_name(link.tag, tag);
	ASSERT_EQ(0, xioctl(job.node, CARVEOUT_IOCTL_LINK, &link));
	for (i = 0; i < ARRAY_SIZE(pid); i++)
		EXPECT_EQ(0, wait_child(pid[i]));
	close(link.fd);
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(heap, deadline_is_kept)
{
	const char *tag = unique_tag("wait.deadline");
	int node = self->heap.node;
	__u64 deadline;
	int fd;

	/* In the past, now, and soon. */
	EXPECT_EQ(-ETIMEDOUT, open_wait(node, tag, 0));
	EXPECT_EQ(-ETIMEDOUT, open_wait(node, tag, 1));
	EXPECT_EQ(-ETIMEDOUT, open_wait(node, tag, now_ns()));
	EXPECT_TRUE(TIMES_OUT_IN(50, deadline, open_wait(node, tag, deadline)));
	/* An existing buffer is opened, even after the deadline. */
	fd = alloc_tag(node, 4096, tag, 0, 0600);
	ASSERT_LE(0, fd);
	close(open_wait(node, tag, 0));
	EXPECT_LE(0, open_wait(node, tag, 0));
	EXPECT_LE(0, open_wait(node, tag, CARVEOUT_DEADLINE_NONE));
}

/* O_NONBLOCK of the device node; fcntl() sets and clears it. */
TEST_F(heap, nonblocking_node_never_waits)
{
	int node = open(heap_path(), O_RDWR | O_CLOEXEC | O_NONBLOCK);
	const char *tag = unique_tag("wait.nonblock");
	__u64 deadline;
	int fd;

	ASSERT_LE(0, node);
	EXPECT_EQ(-EAGAIN, open_wait(node, tag, NONE));
	EXPECT_EQ(-EAGAIN, open_wait(node, tag, now_ns() + 60000 * MS));
	EXPECT_EQ(-EAGAIN, open_wait(node, tag, 0));
	EXPECT_EQ(-ENOENT, open_tag(node, tag, O_RDWR));
	ASSERT_EQ(0, fcntl(node, F_SETFL, 0));
	EXPECT_TRUE(TIMES_OUT_IN(50, deadline, open_wait(node, tag, deadline)));
	ASSERT_EQ(0, fcntl(node, F_SETFL, O_NONBLOCK));
	EXPECT_EQ(-EAGAIN, open_wait(node, tag, NONE));
	/* An existing tag is opened, and other errors are the same. */
	fd = alloc_tag(node, 4096, tag, 0, 0600);
	ASSERT_LE(0, fd);
	close(fd);
	fd = alloc_tag(node, 4096, tag, 0, 0600);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, close(open_wait(node, tag, NONE)));
	EXPECT_EQ(0, try_open(node, tag, O_RDWR));
	EXPECT_EQ(-EINVAL, open_wait(node, "", NONE));
	close(fd);
	close(node);
	EXPECT_UNCHANGED(&self->heap);
}

/* A failed open for lack of permission does not make the owner's call fail either. */
static int knock(void *data)
{
	const struct waiter *job = data;

	if (become(1003, 1003))
		return 9;
	for (;;)
		if (open_tag(job->node, job->tag, O_RDONLY) == -EBUSY)
			return 1;
}

TEST_F(heap, refused_opens_do_not_disturb_the_owner)
{
	struct waiter job = { .node = self->heap.node };
	unsigned int i, rounds = env_rounds(1000), busy = 0;
	pid_t pid;
	int fd;

	job.tag = unique_tag("wait.knock");
	pid = start_child(knock, &job);
	ASSERT_LT(0, pid);
	for (i = 0; i < rounds; i++) {
		fd = alloc_tag(job.node, 4096, job.tag, 0, 0600);
		busy += fd < 0;
		close(fd);
	}
	EXPECT_EQ(0, busy);
	ASSERT_EQ(0, kill(pid, SIGKILL));
	wait_child(pid);
	EXPECT_UNCHANGED(&self->heap);
}

/* A tag that the waiter may not open ends the wait. */
TEST_F(heap, waiter_without_permission_is_told)
{
	const char *tag = unique_tag("wait.eacces");
	struct waiter job = {
		.node = self->heap.node,
		.tag = tag,
		.deadline = CARVEOUT_DEADLINE_NONE,
		.want = -EACCES,
	};
	pid_t pid;
	int fd;

	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(become(1003, 1003) ? 9 : wait_for_name(&job));
	EXPECT_TRUE(sleeps(pid));
	fd = alloc_tag(job.node, 4096, tag, 0, 0600);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, wait_child(pid));
	close(fd);
	EXPECT_UNCHANGED(&self->heap);
}

static int wait_restarting(void *data)
{
	return wait_with_handler(SA_RESTART, wait_for_name, data);
}

static int wait_interruptible(void *data)
{
	return wait_with_handler(0, wait_for_name, data);
}

static int wait_under_signals(void *data)
{
	struct waiter *job = data;

	return wait_and_restart(wait_for_name, job, &job->deadline);
}

TEST_F(heap, signal_interrupts_or_restarts)
{
	const char *tag = unique_tag("wait.signal");
	struct waiter job = {
		.node = self->heap.node,
		.tag = tag,
		.deadline = CARVEOUT_DEADLINE_NONE,
		.want = -EINTR,
	};
	pid_t pid;
	int i, fd;

	pid = start_child(wait_interruptible, &job);
	ASSERT_LT(0, pid);
	EXPECT_TRUE(sleeps(pid));
	ASSERT_EQ(0, kill(pid, SIGUSR1));
	EXPECT_EQ(0, wait_child(pid));

	job.want = 0;
	pid = start_child(wait_restarting, &job);
	ASSERT_LT(0, pid);
	for (i = 0; i < 20; i++) {
		EXPECT_TRUE(sleeps(pid));
		ASSERT_EQ(0, kill(pid, SIGUSR1));
		sleep_us(500);
	}
	fd = alloc_tag(job.node, 4096, tag, 0, 0600);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, wait_child(pid));
	close(fd);

	job.want = -ETIMEDOUT;
	/* Signals that arrive before the child runs must not kill it. */
	ASSERT_EQ(0, handle_signals(SA_RESTART));
	pid = start_child(wait_under_signals, &job);
	ASSERT_LT(0, pid);
	EXPECT_EQ(0, signal_child(pid));
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(heap, killed_waiter_leaves_nothing)
{
	const char *tag = unique_tag("wait.kill");
	struct waiter job = {
		.node = self->heap.node,
		.tag = tag,
		.deadline = CARVEOUT_DEADLINE_NONE,
	};
	unsigned int i, rounds = env_rounds(50);
	pid_t pid;
	int fd;

	for (i = 0; i < rounds; i++) {
		pid = start_child(wait_for_name, &job);
		ASSERT_LT(0, pid);
		if (i % 2)
			EXPECT_TRUE(sleeps(pid));
		ASSERT_EQ(0, kill(pid, SIGKILL));
		ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	}
	fd = alloc_tag(job.node, 4096, tag, 0, 0600);
	ASSERT_LE(0, fd);
	close(fd);
	EXPECT_UNCHANGED(&self->heap);
}

/* No waiter misses a tag that appears just when the wait begins. */
TEST_F_TIMEOUT(heap, no_wake_up_is_lost, 120)
{
	const char *tag = unique_tag("wait.lost");
	struct waiter job = {
		.node = self->heap.node,
		.tag = tag,
	};
	unsigned int i, rounds = env_rounds(300);
	pid_t pid[3];
	size_t j;
	int fd;

	for (i = 0; i < rounds; i++) {
		job.deadline = now_ns() + 60000 * MS;
		for (j = 0; j < ARRAY_SIZE(pid); j++) {
			pid[j] = start_child(wait_for_name, &job);
			ASSERT_LT(0, pid[j]);
		}
		sleep_us(i % 8 * 100);
		fd = alloc_tag(job.node, 4096, tag, 0, 0600);
		ASSERT_LE(0, fd);
		for (j = 0; j < ARRAY_SIZE(pid); j++)
			ASSERT_EQ(0, wait_child(pid[j]));
		close(fd);
	}
	EXPECT_UNCHANGED(&self->heap);
}

/* === For changes ========================================================= */

static short events_of(int node, int timeout)
{
	struct pollfd poll_fd = { .fd = node, .events = POLLIN | POLLRDNORM };

	return poll(&poll_fd, 1, timeout) < 0 ? -1 : poll_fd.revents;
}

/* List from @cursor on; a list from the start marks all changes as seen. */
static int list_from(int node, __u64 cursor)
{
	struct carveout_buffer_info entry;
	struct carveout_ioctl_list list = {
		.cursor = cursor,
		.entries = (uintptr_t)&entry,
		.entry_size = sizeof(entry),
		.count = 1,
	};

	return xioctl(node, CARVEOUT_IOCTL_LIST, &list);
}

#define READABLE	(POLLIN | POLLRDNORM)

TEST_F(heap, node_is_readable_after_each_change)
{
	const char *tag = unique_tag("poll.tag");
	struct carveout_ioctl_link link = { .mode = 0600 };
	struct carveout_ioctl_setattr attr = {
		.flags = CARVEOUT_SETATTR_MODE, .mode = 0400,
	};
	int node = self->heap.node;
	__u64 changes;
	int fd, i;

	EXPECT_EQ(0, events_of(node, 0));
	fd = alloc_buffer(node, 4096);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, events_of(node, 0)) TH_LOG("a buffer without a tag");
	set_name(link.tag, tag);
	set_name(attr.tag, tag);
	link.fd = fd;
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, query_heap(node, &self->heap.query));
		changes = self->heap.query.changes;
		if (i == 0)
			ASSERT_EQ(0, xioctl(node, CARVEOUT_IOCTL_LINK, &link));
		if (i == 1)
			ASSERT_EQ(0, xioctl(node, CARVEOUT_IOCTL_SETATTR, &attr));
		if (i == 2) {
			link.fd = alloc_buffer(node, 4096);
			link.flags = CARVEOUT_LINK_REPLACE;
			ASSERT_EQ(0, xioctl(node, CARVEOUT_IOCTL_LINK, &link));
		}
		if (i == 3)
			ASSERT_EQ(0, unlink_tag(node, tag));
		EXPECT_EQ(READABLE, events_of(node, 0)) TH_LOG("change %d", i);
		ASSERT_EQ(0, query_heap(node, &self->heap.query));
		EXPECT_LT(changes, self->heap.query.changes);
		/* Continuing a list does not mark changes as seen. */
		ASSERT_EQ(0, list_from(node, 1ULL << 40));
		EXPECT_EQ(READABLE, events_of(node, 0));
		ASSERT_EQ(0, list_from(node, 0));
		EXPECT_EQ(0, events_of(node, 0)) TH_LOG("change %d was seen", i);
	}
	close(link.fd);
	close(fd);
}

/* Each open file of the device node tracks the seen changes on its own. */
TEST_F(heap, open_files_look_for_themselves)
{
	int node = self->heap.node;
	int other = open(heap_path(), O_RDWR | O_CLOEXEC);
	int fd, late;

	ASSERT_LE(0, other);
	fd = alloc_tag(node, 4096, unique_tag("poll.own"), 0, 0600);
	ASSERT_LE(0, fd);
	EXPECT_EQ(READABLE, events_of(other, 0));
	EXPECT_EQ(READABLE, events_of(node, 0));
	ASSERT_EQ(0, list_from(node, 0));
	EXPECT_EQ(0, events_of(node, 0));
	EXPECT_EQ(READABLE, events_of(other, 0));
	late = open(heap_path(), O_RDWR | O_CLOEXEC);
	EXPECT_EQ(0, events_of(late, 0));
	close(late);
	close(other);
	close(fd);
	EXPECT_UNCHANGED(&self->heap);
}

static int wait_for_event(void *data)
{
	int node = *(int *)data;

	return events_of(node, 60000) == READABLE ? 0 : 1;
}

static int wait_for_epoll(void *data)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	if (epoll_ctl(epoll, EPOLL_CTL_ADD, *(int *)data, &event))
		return 1;
	return epoll_wait(epoll, &event, 1, 60000) == 1 ? 0 : 2;
}

TEST_F(heap, poll_and_epoll_are_woken)
{
	int node = self->heap.node;
	pid_t pid[2];
	int fd;

	pid[0] = start_child(wait_for_event, &node);
	pid[1] = start_child(wait_for_epoll, &node);
	ASSERT_LT(0, pid[0]);
	ASSERT_LT(0, pid[1]);
	EXPECT_TRUE(sleeps(pid[0]));
	EXPECT_TRUE(sleeps(pid[1]));
	fd = alloc_tag(node, 4096, unique_tag("poll.wake"), 0, 0600);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, wait_child(pid[0]));
	EXPECT_EQ(0, wait_child(pid[1]));
	close(fd);
	EXPECT_UNCHANGED(&self->heap);
}

static int wait_exclusively(void *unused)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLEXCLUSIVE };
	int node = open(heap_path(), O_RDWR | O_CLOEXEC);
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	(void)unused;
	if (epoll_ctl(epoll, EPOLL_CTL_ADD, node, &event))
		return 1;
	return epoll_wait(epoll, &event, 1, 20000) == 1 ? 0 : 2;
}

/* One exclusive poller per file is woken; each file wakes its own. */
TEST_F(heap, exclusive_epoll_is_woken_for_each_file)
{
	pid_t pid[3];
	int fd, i;

	for (i = 0; i < 3; i++) {
		pid[i] = start_child(wait_exclusively, NULL);
		ASSERT_LT(0, pid[i]);
		EXPECT_TRUE(sleeps(pid[i]));
	}
	fd = alloc_tag(self->heap.node, 4096, unique_tag("poll.all"), 0, 0600);
	ASSERT_LE(0, fd);
	for (i = 0; i < 3; i++)
		EXPECT_EQ(0, wait_child(pid[i])) TH_LOG("poller %d", i);
	close(fd);
	EXPECT_UNCHANGED(&self->heap);
}

/* The wait queue outlives the file, because an epoll instance may still refer to it. */
TEST_F(heap, epoll_outlives_the_file)
{
	struct epoll_event event = { .events = EPOLLIN };
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	int node, copy, fd, i;

	ASSERT_LE(0, epoll);
	for (i = 0; i < 4; i++) {
		node = open(heap_path(), O_RDWR | O_CLOEXEC);
		ASSERT_LE(0, node);
		copy = i & 1 ? dup(node) : -1;
		ASSERT_EQ(0, epoll_ctl(epoll, EPOLL_CTL_ADD, node, &event));
		close(node);
		fd = alloc_tag(self->heap.node, 4096, unique_tag("poll.old"), 0, 0600);
		ASSERT_LE(0, fd);
		EXPECT_EQ(copy >= 0, epoll_wait(epoll, &event, 1, 0));
		close(fd);
		if (copy >= 0)
			close(copy);
	}
	close(epoll);
	EXPECT_UNCHANGED(&self->heap);
}

TEST_HARNESS_MAIN
