// SPDX-License-Identifier: GPL-2.0
/*
 * Races for the device node in /dev/dma_heap: with itself, with close(), with missing pages
 * and signals, with the end of its device; and removal of the module.
 */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include "carveout_dma_heap_fixture.h"

#define RACERS		4

/* === Races =============================================================== */

static int hammer(void *data)
{
	__u32 seed = *(__u32 *)data;
	unsigned int i, rounds = env_rounds(200);
	int node, ret = 0;

	for (i = 0; i < rounds && !ret; i++) {
		node = open_dma_heap(O_RDWR);
		if (node < 0)
			return 5;
		ret = use_heap(node, seed + i);
		close(node);
	}
	return ret;
}

TEST_F_TIMEOUT(dma_heap, races_with_itself_and_close, 120)
{
	__u32 seed = 0xd3a;

	EXPECT_EQ(0, run_seeded(hammer, &seed, &seed, RACERS));
	EXPECT_SNAPSHOT(&self->armed);
}

/* A process that shares the table of descriptors closes each new one at once. */
TEST_F_TIMEOUT(dma_heap, descriptors_are_closed_as_soon_as_they_appear, 120)
{
	unsigned int i, rounds = env_rounds(300);
	int fd, first = next_fd(self->node);
	pid_t pid;

	pid = syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);
	ASSERT_LE(0, pid);
	for (fd = first; !pid; fd = fd < first + 16 ? fd + 1 : first)
		close(fd);
	for (i = 0; i < rounds; i++) {
		fd = dma_heap_alloc(self->node, SIZE, FD_FLAGS);
		EXPECT_LE(0, fd);
		close(fd);
	}
	kill(pid, SIGKILL);
	EXPECT_EQ(128 + SIGKILL, wait_child(pid));
	EXPECT_SNAPSHOT(&self->armed);
}

static void on_signal(int number)
{
	(void)number;
}

/* Programs see no effect of a signal: a call completes, or is restarted. */
TEST_F_TIMEOUT(dma_heap, signals_do_not_disturb, 120)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	struct itimerval timer = { { 0, 700 }, { 0, 700 } }, none = {};
	unsigned int i, rounds = env_rounds(200);

	ASSERT_EQ(0, sigaction(SIGPROF, &action, NULL));
	ASSERT_EQ(0, setitimer(ITIMER_PROF, &timer, NULL));
	for (i = 0; i < rounds; i++)
		EXPECT_EQ(0, use_heap(self->node, i)) TH_LOG("round %u", i);
	setitimer(ITIMER_PROF, &none, NULL);
	EXPECT_SNAPSHOT(&self->armed);
}

/* Start a call whose argument is on a page that does not come. Return the userfaultfd. */
static int start_stalled(struct stall *stall, pthread_t *thread, char **page)
{
	struct pollfd poller = { .events = POLLIN };

	poller.fd = missing_page(page);
	if (poller.fd < 0)
		return poller.fd;
	stall->arg = *page;
	if (pthread_create(thread, NULL, stalled_call, stall) ||
	    poll(&poller, 1, 20000) != 1)
		return -EIO;
	return poller.fd;
}

TEST_F(dma_heap, argument_on_a_page_that_does_not_come)
{
	struct stall stall = { self->node, DMA_HEAP_IOCTL_ALLOC, NULL, 1 };
	union { struct dma_heap_allocation_data data; char page[PAGE_MAX]; } from = {
		.data = request(SIZE),
	};
	pthread_t thread;
	char *page;
	int fd, uffd = start_stalled(&stall, &thread, &page);

	if (uffd == -1)
		SKIP(return, "the kernel has no userfaultfd");
	ASSERT_LE(0, uffd);
	/* No other caller waits. */
	EXPECT_EQ(0, use_heap(self->node, 1));
	fd = alloc_buffer(self->heap.node, SIZE);
	EXPECT_LE(0, fd);
	close(fd);
	ASSERT_EQ(0, fill_page(uffd, page, &from));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_EQ(0, stall.result);
	EXPECT_EQ(0, close(((struct dma_heap_allocation_data *)page)->fd));
	close(uffd);
	EXPECT_SNAPSHOT(&self->armed);
}

/* === Unbinding and removing the module =================================== */

FIXTURE(lost) {
	struct heap heap;
	struct binding binding;
	int node;
};

FIXTURE_SETUP(lost)
{
	if (!heap_name())
		SKIP(return, NO_HEAP);
	ASSERT_EQ(0, heap_begin(&self->heap));
	if (find_binding(self->heap.node, &self->binding))
		SKIP(return, "this heap belongs to no device");
	self->node = open_dma_heap(O_RDWR);
	ASSERT_LE(0, self->node);
	close(self->heap.node);
}

FIXTURE_TEARDOWN_PARENT(lost)
{
	if (access(heap_path(), F_OK))
		EXPECT_EQ(0, bind_soon(&self->binding));
	HEAP_TEARDOWN(&self->heap);
}

/* Bind the heap, and open its node again. */
static int open_again(const struct binding *binding)
{
	int fd, err = bind_soon(binding);

	if (err)
		return err;
	BECOMES_TRUE((fd = open_dma_heap(O_RDWR)) >= 0);
	return fd;
}

TEST_F(lost, open_node_says_ENODEV)
{
	struct dma_heap_allocation_data data = request(SIZE);

	ASSERT_EQ(0, unbind(&self->binding));
	EXPECT_EQ(-ENODEV, call(self->node, &data));
	data.fd = 1;
	EXPECT_EQ(-ENODEV, call(self->node, &data));
	EXPECT_EQ(-EINVAL, xioctl(self->node, DMA_HEAP_IOCTL_ALLOC + 1, &data));
	EXPECT_EQ(-ENOENT, open_dma_heap(O_RDWR));
	/* The old heap lives as long as a file of either of its nodes. */
	EXPECT_EQ(-EBUSY, bind_again(&self->binding));
	close(self->node);
	self->node = open_again(&self->binding);
	ASSERT_LE(0, self->node);
	EXPECT_EQ(0, use_heap(self->node, 1));
}

TEST_F(lost, buffer_lives_on)
{
	int fd = dma_heap_alloc(self->node, SIZE, FD_FLAGS);
	char *mem;

	ASSERT_LE(0, fd);
	close(self->node);
	ASSERT_EQ(0, unbind(&self->binding));
	mem = map_buffer(fd, SIZE, PROT_READ | PROT_WRITE);
	ASSERT_NE(MAP_FAILED, (void *)mem);
	fill_pattern(mem, SIZE, 3);
	close(fd);
	EXPECT_EQ(-EBUSY, bind_again(&self->binding));
	EXPECT_TRUE(has_pattern(mem, SIZE, 3));
	munmap(mem, SIZE);
	EXPECT_EQ(0, bind_soon(&self->binding));
}

/* A call that waits for its argument does not block unbinding. */
TEST_F(lost, argument_on_a_page_that_does_not_come)
{
	struct stall stall = { self->node, DMA_HEAP_IOCTL_ALLOC, NULL, 1 };
	union { struct dma_heap_allocation_data data; char page[PAGE_MAX]; } from = {
		.data = request(SIZE),
	};
	pthread_t thread;
	char *page;
	int uffd = start_stalled(&stall, &thread, &page);

	if (uffd == -1)
		SKIP(return, "the kernel has no userfaultfd");
	ASSERT_LE(0, uffd);
	ASSERT_EQ(0, unbind(&self->binding));
	ASSERT_EQ(0, fill_page(uffd, page, &from));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_EQ(-ENODEV, stall.result);
	close(uffd);
	close(self->node);
	EXPECT_EQ(0, bind_soon(&self->binding));
}

/* Use the heap whenever it exists, until killed. */
static int user(void *data)
{
	__u32 seed = *(__u32 *)data;
	int node, ret;

	for (;; seed++) {
		node = open_dma_heap(O_RDWR);
		if (node < 0 && node != -ENOENT && node != -ENODEV && node != -ENXIO)
			return 6;
		ret = node < 0 ? 0 : use_heap(node, seed);
		if (ret && ret != -ENODEV && ret != -ENOSPC)
			return ret;
		close(node);
	}
}

TEST_F_TIMEOUT(lost, under_load, 150)
{
	unsigned int round, rounds = env_rounds(20), bound = 0;
	__u32 seed[RACERS], random = 0xb1d;
	pid_t pid[RACERS];
	int i, err;

	close(self->node);
	for (i = 0; i < RACERS; i++) {
		seed[i] = 0x1000 * (i + 1);
		pid[i] = start_child(user, &seed[i]);
		ASSERT_LT(0, pid[i]);
	}
	for (round = 0; round < rounds; round++) {
		sleep_us(next_random(&random) % 10000);
		err = unbind(&self->binding);
		EXPECT_TRUE(!err || err == -ENODEV) TH_LOG("unbind: %d", err);
		sleep_us(next_random(&random) % 5000);
		err = bind_soon(&self->binding);
		EXPECT_TRUE(!err || err == -EBUSY) TH_LOG("bind: %d", err);
		bound += !err;
	}
	/* The test is useless if the device was never bound again. */
	EXPECT_LT(0, bound);
	for (i = 0; i < RACERS; i++) {
		kill(pid[i], SIGKILL);
		EXPECT_EQ(128 + SIGKILL, wait_child(pid[i]));
	}
	err = bind_soon(&self->binding);
	EXPECT_TRUE(!err || err == -EBUSY || err == -ENODEV);
}

TEST_F(dma_heap, module_stays_while_the_node_is_open)
{
	close(self->heap.node);
	EXPECT_EQ(-EAGAIN, remove_module());
	EXPECT_EQ(0, use_heap(self->node, 1));
	close(self->node);
	EXPECT_SNAPSHOT(&self->heap.before);
}

TEST_HARNESS_MAIN
