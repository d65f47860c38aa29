// SPDX-License-Identifier: GPL-2.0
/*
 * Killed at every point: a process that does a little of everything is killed
 * after a random number of system calls, or at a random moment, again and
 * again. Each time the heap must return to its initial state.
 */
#include <fcntl.h>
#include <signal.h>
#include <time.h>
#include <linux/dma-buf.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "carveout_fixture.h"

#define SIZE	(8 * PAGE)

struct worker {
	int node;
	const char *tag;
	__u32 seed;
	bool traced;
};

static void link_it(int node, int fd, const char *tag, __u32 flags)
{
	struct carveout_ioctl_link link = { .fd = fd, .flags = flags, .mode = 0600 };

	set_name(link.tag, tag);
	xioctl(node, CARVEOUT_IOCTL_LINK, &link);
}

static void sync_it(int node, int fd)
{
	struct carveout_sync_range range[2] = { { 0, PAGE }, { 2 * PAGE, 100 } };
	struct carveout_ioctl_sync sync = {
		.fd = fd,
		.flags = CARVEOUT_SYNC_FLAGS,
		.ranges = (uintptr_t)range,
		.count = 2,
	};

	xioctl(node, CARVEOUT_IOCTL_SYNC, &sync);
}

static int resize_it(int node, int fd, __u64 size)
{
	struct carveout_ioctl_resize resize = {
		.fd = fd, .size = size, .fd_flags = O_RDWR | O_CLOEXEC,
	};

	if (xioctl(node, CARVEOUT_IOCTL_RESIZE, &resize))
		return fd;
	close(fd);
	return resize.new_fd;
}

static void wait_a_little(int node, const char *tag)
{
	struct carveout_ioctl_open open = {
		.flags = CARVEOUT_OPEN_WAIT, .fd_flags = O_RDONLY,
	};
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	open.deadline = now.tv_sec * 1000000000ULL + now.tv_nsec + 200000;
	set_name(open.tag, tag);
	if (!xioctl(node, CARVEOUT_IOCTL_OPEN, &open))
		close(open.fd);
}

/* Send a file descriptor that is never received. */
static void post(int fd)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return;
	send_fd(pair[0], fd);
	close(pair[0]);
	close(pair[1]);
}

static void touch(int fd, __u32 random)
{
	char *mem = map_buffer(fd, SIZE, PROT_READ | PROT_WRITE);

	if (mem == MAP_FAILED)
		return;
	memset(mem, random, SIZE);
	munmap(mem + 2 * PAGE, PAGE);
	mremap(mem, PAGE, PAGE, MREMAP_MAYMOVE);
	if (random & 1)
		munmap(mem, SIZE);
}

/* One round of everything, in random order; nothing persists. */
static void work(const struct worker *job, __u32 *state)
{
	struct dma_buf_sync sync = { DMA_BUF_SYNC_RW };
	int fd = alloc_buffer(job->node, SIZE);
	int step, other;

	for (step = 0; step < 6; step++) {
		__u32 random = next_random(state);

		switch (random % 9) {
		case 0:
			touch(fd, random >> 8);
			break;
		case 1:
			link_it(job->node, fd, job->tag, random >> 8 & 1);
			break;
		case 2:
			sync_it(job->node, fd);
			xioctl(fd, DMA_BUF_IOCTL_SYNC, &sync);
			break;
		case 3:
			fd = resize_it(job->node, fd, (1 + (random >> 8) % 20) * PAGE);
			break;
		case 4:
			wait_a_little(job->node, job->tag);
			break;
		case 5:
			post(fd);
			break;
		case 6:
			other = alloc_tag(job->node, SIZE, job->tag,
					  CARVEOUT_ALLOC_OPEN, 0600);
			if (random & 256)
				close(other);
			break;
		case 7:
			unlink_tag(job->node, job->tag);
			break;
		case 8:
			other = dup(fd);
			if (random & 256)
				close(other);
			break;
		}
	}
	close(fd);
}

static int work_for_ever(void *data)
{
	const struct worker *job = data;
	__u32 state = job->seed;

	if (job->traced && ptrace(PTRACE_TRACEME, 0, NULL, NULL))
		return 1;
	if (job->traced)
		raise(SIGSTOP);
	for (;;) {
		work(job, &state);
		/* Close all files that are left open now and then. */
		if (next_random(&state) % 4 == 0)
			close_range(job->node + 1, ~0U, 0);
	}
	return 0;
}

/* Let the child continue to its next entry into or exit from the kernel. */
static int next_stop(pid_t pid)
{
	int status;

	if (ptrace(PTRACE_SYSCALL, pid, NULL, NULL) ||
	    waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFSTOPPED(status) ? 0 : -1;
}

TEST_F_TIMEOUT(heap, killed_after_any_number_of_system_calls, 300)
{
	struct worker job = {
		.node = self->heap.node,
		.tag = unique_tag("kill.calls"),
		.traced = true,
	};
	unsigned int i, stops, rounds = env_rounds(100);
	__u32 state = 1;
	int status;
	pid_t pid;

	for (i = 0; i < rounds; i++) {
		job.seed = i + 1;
		pid = start_child(work_for_ever, &job);
		ASSERT_LT(0, pid);
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		ASSERT_TRUE(WIFSTOPPED(status));
		for (stops = next_random(&state) % 96; stops; stops--)
			ASSERT_EQ(0, next_stop(pid)) TH_LOG("round %u", i);
		ASSERT_EQ(0, kill(pid, SIGKILL));
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		EXPECT_UNCHANGED(&self->heap);
	}
}

TEST_F_TIMEOUT(heap, killed_at_any_moment, 300)
{
	struct worker job = {
		.node = self->heap.node,
		.tag = unique_tag("kill.moment"),
	};
	unsigned int i, j, rounds = env_rounds(50);
	__u32 state = 2;
	pid_t pid[4];
	int status;

	for (i = 0; i < rounds; i++) {
		for (j = 0; j < ARRAY_SIZE(pid); j++) {
			job.seed = i * 4 + j + 1;
			pid[j] = start_child(work_for_ever, &job);
			ASSERT_LT(0, pid[j]);
		}
		for (j = 0; j < ARRAY_SIZE(pid); j++) {
			sleep_us(next_random(&state) % 4000);
			ASSERT_EQ(0, kill(pid[j], SIGKILL));
		}
		for (j = 0; j < ARRAY_SIZE(pid); j++)
			ASSERT_EQ(pid[j], waitpid(pid[j], &status, 0));
		EXPECT_UNCHANGED(&self->heap);
	}
}

TEST_HARNESS_MAIN
