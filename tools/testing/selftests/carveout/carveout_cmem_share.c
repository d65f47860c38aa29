// SPDX-License-Identifier: GPL-2.0
/*
 * libticmem on a real heap: mappings, physical addresses, other processes and threads,
 * caches, dma-bufs.
 */
#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "carveout_cmem.h"

#define OTHER	1003

/* === Mappings ============================================================ */

TEST_F(cmem, free_takes_the_start_of_a_buffer)
{
	char *memory, *part, own;
	off_t phys;

	BEGIN();
	memory = heap_buffer(SIZE);
	ASSERT_NE(NULL, memory);
	phys = CMEM_getPhys(memory);
	part = CMEM_map(phys + PAGE, PAGE);
	ASSERT_NE(NULL, part);
	EXPECT_REFUSED(-1, CMEM_free(NULL, NULL), "no buffer of this process is mapped at (nil)");
	EXPECT_REFUSED(-1, CMEM_free(&own, NULL), "no buffer of this process is mapped at");
	EXPECT_REFUSED(-1, CMEM_free(memory + 1, NULL), "no buffer of this process");
	EXPECT_REFUSED(-1, CMEM_free(memory + PAGE, NULL), "no buffer of this process");
	EXPECT_REFUSED(-1, CMEM_free(memory + SIZE, NULL), "no buffer of this process");
	EXPECT_REFUSED(-1, CMEM_free(part, NULL), "no buffer of this process is mapped at");
	memory[0] = 1;
	EXPECT_EQ(0, CMEM_free(memory, NULL));
	EXPECT_REFUSED(-1, CMEM_free(memory, NULL), "no buffer of this process is mapped at");
	/* A mapping holds the memory after the buffer was freed. */
	part[0] = 1;
	EXPECT_EQ(0, CMEM_unmap(part, PAGE));
	END();
}

TEST_F(cmem, parts_are_mapped)
{
	char *memory, *part[2];
	off_t phys;

	BEGIN();
	phys = CMEM_allocPhys(SIZE, NULL);
	ASSERT_NE(0, phys);
	memory = CMEM_map(phys, SIZE);
	ASSERT_NE(NULL, memory);
	fill_pattern(memory, SIZE, 5);
	part[0] = CMEM_map(phys + PAGE, 2 * PAGE);
	part[1] = CMEM_map(phys + PAGE, 1);
	ASSERT_NE(NULL, part[0]);
	ASSERT_NE(NULL, part[1]);
	EXPECT_NE(part[0], part[1]);
	EXPECT_EQ(0, memcmp(memory + PAGE, part[0], 2 * PAGE));
	EXPECT_EQ(0, memcmp(memory + PAGE, part[1], PAGE));
	EXPECT_EQ(phys + PAGE + 7, CMEM_getPhys(part[0] + 7));
	EXPECT_EQ(0, CMEM_unmap(memory, SIZE));
	EXPECT_EQ(0, CMEM_unmap(part[1], 1));
	EXPECT_EQ(0, CMEM_freePhys(phys, NULL));
	EXPECT_EQ(phys + PAGE, CMEM_getPhys(part[0]));
	EXPECT_EQ(0, CMEM_unmap(part[0], 2 * PAGE));
	END();
}

TEST_F(cmem, bad_mappings_change_nothing)
{
	char *memory;
	off_t phys;

	BEGIN();
	phys = CMEM_allocPhys(SIZE, NULL);
	ASSERT_NE(0, phys);
	EXPECT_REFUSED(NULL, CMEM_map(phys, 0), "0 bytes at");
	EXPECT_REFUSED(NULL, CMEM_map(phys, SIZE + 1), "are not inside a buffer");
	EXPECT_REFUSED(NULL, CMEM_map(phys + PAGE, SIZE), "are not inside a buffer");
	EXPECT_REFUSED(NULL, CMEM_map(phys, SIZE_MAX), "are not inside a buffer");
	EXPECT_REFUSED(NULL, CMEM_map(phys + 1, 1), "cannot map 1 bytes");
	EXPECT_REFUSED(NULL, CMEM_map(phys + SIZE, PAGE), "cannot open a buffer at 0x");
	EXPECT_REFUSED(NULL, CMEM_map(0, PAGE), "cannot open a buffer at 0");
	EXPECT_REFUSED(NULL, CMEM_map(-1, PAGE), "cannot open a buffer at");
	memory = CMEM_map(phys, SIZE);
	ASSERT_NE(NULL, memory);
	EXPECT_REFUSED(-1, CMEM_unmap(memory, PAGE), "no mapping of");
	EXPECT_REFUSED(-1, CMEM_unmap(memory + PAGE, SIZE - PAGE), "no mapping of");
	EXPECT_REFUSED(-1, CMEM_unmap(memory, 2 * SIZE), "no mapping of");
	EXPECT_REFUSED(-1, CMEM_unmap(memory, 0), "no mapping of 0 bytes starts at");
	EXPECT_REFUSED(-1, CMEM_unmap(memory, SIZE_MAX), "no mapping of");
	memory[SIZE - 1] = 1;
	EXPECT_EQ(0, CMEM_unmap(memory, SIZE));
	EXPECT_REFUSED(-1, CMEM_unmap(memory, SIZE), "no mapping of");
	EXPECT_REFUSED(-1, CMEM_freePhys(phys + PAGE, NULL), "no buffer of this process starts");
	EXPECT_EQ(0, CMEM_freePhys(phys, NULL));
	EXPECT_REFUSED(-1, CMEM_freePhys(phys, NULL), "no buffer of this process starts at");
	END();
}

/* As CMEM permits: the mapping of CMEM_alloc() is undone, and the buffer is freed later. */
TEST_F(cmem, buffer_is_unmapped_and_mapped_again)
{
	char *memory;
	off_t phys;

	BEGIN();
	memory = heap_buffer(SIZE);
	ASSERT_NE(NULL, memory);
	fill_pattern(memory, SIZE, 9);
	phys = CMEM_getPhys(memory);
	EXPECT_EQ(0, CMEM_unmap(memory, SIZE));
	memory = CMEM_map(phys, SIZE);
	ASSERT_NE(NULL, memory);
	EXPECT_TRUE(has_pattern(memory, SIZE, 9));
	EXPECT_EQ(0, CMEM_free(memory, NULL));
	END();
}

/* A program that calls munmap() itself has its next buffer at the same address. */
TEST_F(cmem, stale_mapping_is_replaced)
{
	char *memory, *next;
	off_t phys;

	BEGIN();
	memory = heap_buffer(SIZE);
	ASSERT_NE(NULL, memory);
	phys = CMEM_getPhys(memory);
	ASSERT_EQ(0, munmap(memory, SIZE));
	next = heap_buffer(2 * SIZE);
	ASSERT_NE(NULL, next);
	if (next + 2 * SIZE <= memory || memory + SIZE <= next)
		TH_LOG("the kernel chose another address");
	EXPECT_NE(phys, CMEM_getPhys(next));
	EXPECT_EQ(CMEM_getPhys(next) + SIZE, CMEM_getPhys(next + SIZE));
	EXPECT_EQ(0, CMEM_free(next, NULL));
	EXPECT_EQ(0, CMEM_freePhys(phys, NULL));
	END();
}

/* === Physical addresses ================================================== */

TEST_F(cmem, each_address_has_its_physical_one)
{
	struct carveout_buffer_info info;
	char *memory, own;
	off_t phys;
	long i;

	BEGIN();
	memory = heap_buffer(SIZE);
	ASSERT_NE(NULL, memory);
	phys = CMEM_getPhys(memory);
	ASSERT_EQ(0, describe(self->heap.node, memory, &info));
	EXPECT_EQ((off_t)info.phys, phys);
	for (i = 0; i < SIZE; i += 97)
		EXPECT_EQ(phys + i, CMEM_getPhys(memory + i));
	EXPECT_EQ(phys + SIZE - 1, CMEM_getPhys(memory + SIZE - 1));
	EXPECT_REFUSED(0, CMEM_getPhys(memory + SIZE), "no buffer is mapped at 0x");
	EXPECT_REFUSED(0, CMEM_getPhys(memory - 1), "no buffer is mapped at 0x");
	EXPECT_REFUSED(0, CMEM_getPhys(&own), "no buffer is mapped at 0x");
	EXPECT_REFUSED(0, CMEM_getPhys(NULL), "no buffer is mapped at (nil)");
	EXPECT_EQ(0, CMEM_free(memory, NULL));
	EXPECT_REFUSED(0, CMEM_getPhys(memory), "no buffer is mapped at 0x");
	END();
}

/* A user without privileges has opened the device node. */
static int see_nothing(void *data)
{
	CMEM_BlockAttrs attrs;
	char *memory;
	off_t phys;

	(void)data;
	if (become(OTHER, OTHER))
		return 1;
	memory = heap_buffer(SIZE);
	if (!memory)
		return 2;
	phys = CMEM_getPhys(memory);
	if (phys || CMEM_allocPhys(SIZE, NULL) || !CMEM_getBlockAttrs(0, &attrs))
		return 3;
	return CMEM_cacheWbInv(memory, SIZE) || CMEM_free(memory, NULL) ? 4 : 0;
}

static int see_addresses(void *data)
{
	char *memory;

	(void)data;
	if (become(OTHER, OTHER))
		return 1;
	memory = heap_buffer(SIZE);
	return memory && CMEM_getPhys(memory) && !CMEM_free(memory, NULL) ? 0 : 2;
}

TEST_F(cmem, addresses_need_permission)
{
	struct carveout_ioctl_region region;
	char block[2 * CARVEOUT_NAME_LEN];
	const char *said;

	ASSERT_EQ(0, query_region(self->heap.node, 0, &region));
	snprintf(block, sizeof(block), "%s/%s", heap_name(), region.name);
	setenv("TICMEM_BLOCKS", block, 1);
	BEGIN();
	keep_messages();
	EXPECT_EQ(0, run_child(see_nothing, NULL));
	said = messages();
	EXPECT_NE(NULL, strstr(said, "the physical address of a buffer of block 0: Operation not"))
		TH_LOG("%s", said);
	EXPECT_EQ(0, write_knob("expose_phys", "1"));
	EXPECT_EQ(0, run_child(see_addresses, NULL));
	EXPECT_EQ(0, write_knob("expose_phys", "0"));
	END();
}

/* === Other processes ===================================================== */

/* The physical address of a buffer, and its pattern. */
struct shared {
	off_t phys;
	__u32 seed;
	int said[2];
};

static int use_shared(void *data)
{
	const struct shared *shared = data;
	char *memory, byte = 0;

	/* The table of the parent is not used. */
	while (!CMEM_exit())
		;
	if (CMEM_init())
		return 1;
	memory = CMEM_registerAlloc(shared->phys);
	if (!memory || CMEM_getPhys(memory) != shared->phys)
		return 2;
	if (write(shared->said[1], &byte, 1) != 1)
		return 3;
	/* The parent frees the buffer meanwhile. */
	if (read(shared->said[1], &byte, 1) != 1 || !has_pattern(memory, SIZE, shared->seed))
		return 4;
	fill_pattern(memory, SIZE, shared->seed + 1);
	return CMEM_unregister(memory, NULL) ? 5 : 0;
}

/* Returns the child, which has the buffer. */
static pid_t share(struct shared *shared)
{
	char byte;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, shared->said))
		return -errno;
	keep_messages();
	pid = start_child(use_shared, shared);
	/* If the child ends early, there is nothing to read. */
	close(shared->said[1]);
	if (read(shared->said[0], &byte, 1) != 1)
		pid = -EIO;
	messages();
	return pid;
}

static int end_share(struct shared *shared, pid_t pid)
{
	char byte = 0;
	int result;

	if (write(shared->said[0], &byte, 1) != 1)
		return -EIO;
	result = wait_child(pid);
	close(shared->said[0]);
	return result;
}

TEST_F(cmem, buffer_is_shared_by_its_physical_address)
{
	struct shared shared = { .seed = 11 };
	char *memory;
	pid_t pid;

	BEGIN();
	memory = heap_buffer(SIZE);
	ASSERT_NE(NULL, memory);
	fill_pattern(memory, SIZE, shared.seed);
	shared.phys = CMEM_getPhys(memory);
	pid = share(&shared);
	ASSERT_LT(0, pid);
	EXPECT_EQ(0, CMEM_free(memory, NULL));
	/* The other process uses it, and others may still register. */
	memory = CMEM_registerAlloc(shared.phys);
	ASSERT_NE(NULL, memory);
	EXPECT_EQ(0, end_share(&shared, pid));
	EXPECT_TRUE(has_pattern(memory, SIZE, shared.seed + 1));
	EXPECT_EQ(0, CMEM_unregister(memory, NULL));
	EXPECT_REFUSED(NULL, CMEM_registerAlloc(shared.phys), "cannot open a buffer at 0x");
	END();
}

TEST_F(cmem, buffer_of_a_pool_is_shared)
{
	struct shared shared = { .seed = 13 };
	char *memory, pools[32];
	pid_t pid;

	snprintf(pools, sizeof(pools), "1x%lu", SIZE);
	setenv("TICMEM_POOLS", pools, 1);
	BEGIN();
	shared.phys = CMEM_allocPoolPhys(0, NULL);
	ASSERT_NE(0, shared.phys);
	memory = CMEM_map(shared.phys, SIZE);
	ASSERT_NE(NULL, memory);
	fill_pattern(memory, SIZE, shared.seed);
	pid = share(&shared);
	ASSERT_LT(0, pid);
	EXPECT_EQ(0, end_share(&shared, pid));
	EXPECT_TRUE(has_pattern(memory, SIZE, shared.seed + 1));
	EXPECT_EQ(0, CMEM_unmap(memory, SIZE));
	EXPECT_EQ(0, CMEM_freePhys(shared.phys, NULL));
	EXPECT_EQ(0, CMEM_getPool(1));
	END();
}

TEST_F(cmem, registrations_are_counted)
{
	char *memory, *again;
	off_t phys;

	BEGIN();
	memory = heap_buffer(SIZE);
	ASSERT_NE(NULL, memory);
	phys = CMEM_getPhys(memory);
	again = CMEM_registerAlloc(phys);
	ASSERT_NE(NULL, again);
	EXPECT_NE(memory, again);
	EXPECT_REFUSED(NULL, CMEM_registerAlloc(phys + PAGE), "no buffer starts at 0x");
	EXPECT_EQ(0, CMEM_free(memory, NULL));
	memset(again, 1, SIZE);
	EXPECT_EQ(0, CMEM_unregister(again, NULL));
	EXPECT_REFUSED(-1, CMEM_unregister(again, NULL), "no buffer of this process");
	END();
}

/* A buffer that no program of CMEM has made; its tag makes it known. */
TEST_F(cmem, any_tagged_buffer_is_found)
{
	const char *tag = unique_tag("cmem.any");
	struct carveout_buffer_info info;
	char *memory;
	int fd;

	BEGIN();
	fd = alloc_tag(self->heap.node, SIZE, tag, 0, 0600);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, query_buffer(self->heap.node, fd, &info));
	memory = CMEM_map(info.phys + PAGE, PAGE);
	ASSERT_NE(NULL, memory);
	memory[0] = 1;
	EXPECT_REFUSED(-1, CMEM_freePhys(info.phys, NULL), "no buffer of this process starts");
	EXPECT_EQ(0, CMEM_unmap(memory, PAGE));
	memory = CMEM_map(info.phys, PAGE);
	ASSERT_NE(NULL, memory);
	EXPECT_REFUSED(-1, CMEM_free(memory, NULL), "no buffer of this process is mapped");
	EXPECT_EQ(0, CMEM_unmap(memory, PAGE));
	close(fd);
	fd = alloc_buffer(self->heap.node, SIZE);
	ASSERT_EQ(0, query_buffer(self->heap.node, fd, &info));
	EXPECT_REFUSED(NULL, CMEM_map(info.phys, PAGE), "cannot open a buffer at 0x");
	close(fd);
	END();
}

/* A user with the device node of the parent, and without its table. */
static int register_as(gid_t group, const struct shared *shared)
{
	char *memory;

	while (!CMEM_exit())
		;
	if (CMEM_init() || become(OTHER, group))
		return 1;
	memory = CMEM_registerAlloc(shared->phys);
	if (!memory)
		return 2;
	return CMEM_unregister(memory, NULL) ? 3 : 0;
}

static int register_as_other(void *data)
{
	return register_as(OTHER, data);
}

static int register_as_member(void *data)
{
	return register_as(0, data);
}

TEST_F(cmem, users_of_the_group_can_register)
{
	struct shared shared = { 0 };

	umask(0);
	BEGIN();
	shared.phys = CMEM_allocPhys(SIZE, NULL);
	ASSERT_NE(0, shared.phys);
	EXPECT_EQ(0, write_knob("expose_phys", "1"));
	keep_messages();
	EXPECT_EQ(2, run_child(register_as_other, &shared));
	EXPECT_NE(NULL, strstr(messages(), "cannot open a buffer at 0x"));
	keep_messages();
	EXPECT_EQ(0, run_child(register_as_member, &shared));
	messages();
	EXPECT_EQ(0, write_knob("expose_phys", "0"));
	EXPECT_EQ(0, CMEM_freePhys(shared.phys, NULL));
	END();
}

/* The child of a fork has the buffers as well, and frees its own use of them. */
static int free_copy(void *data)
{
	return CMEM_free(data, NULL) ? 1 : 0;
}

TEST_F(cmem, fork_doubles_the_use_of_buffers)
{
	char *memory;

	setenv("TICMEM_POOLS", "1x1", 1);
	BEGIN();
	memory = CMEM_allocPool(0, NULL);
	ASSERT_NE(NULL, memory);
	memory[0] = 7;
	EXPECT_EQ(0, run_child(free_copy, memory));
	EXPECT_EQ(7, memory[0]);
	EXPECT_REFUSED(NULL, CMEM_allocPool(0, NULL), "from pool 0 of block 0");
	EXPECT_EQ(0, CMEM_free(memory, NULL));
	END();
}

/* === Caches and dma-bufs ================================================= */

TEST_F(cmem, caches_are_maintained_inside_buffers)
{
	int (*const calls[])(void *ptr, size_t size) = {
		CMEM_cacheWb, CMEM_cacheInv, CMEM_cacheWbInv,
	};
	char *memory, *part, own[64];
	size_t i;

	BEGIN();
	memory = heap_buffer(SIZE);
	ASSERT_NE(NULL, memory);
	part = CMEM_map(CMEM_getPhys(memory) + PAGE, PAGE);
	ASSERT_NE(NULL, part);
	fill_pattern(memory, SIZE, 3);
	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		EXPECT_EQ(0, calls[i](memory, SIZE));
		EXPECT_EQ(0, calls[i](memory + 5, 1));
		EXPECT_EQ(0, calls[i](memory, 0));
		EXPECT_EQ(0, calls[i](part + 1, PAGE - 1));
		EXPECT_REFUSED(-1, calls[i](memory, SIZE + 1), "Invalid argument");
		EXPECT_REFUSED(-1, calls[i](memory + SIZE - 1, 2), "Invalid argument");
		EXPECT_REFUSED(-1, calls[i](part, PAGE + 1), "Invalid argument");
		EXPECT_REFUSED(-1, calls[i](memory, SIZE_MAX), "Invalid argument");
		EXPECT_REFUSED(-1, calls[i](own, sizeof(own)), "Invalid argument");
	}
	EXPECT_EQ(0, CMEM_cacheWbInvAll());
	EXPECT_TRUE(has_pattern(memory, SIZE, 3));
	EXPECT_EQ(0, CMEM_unmap(part, PAGE));
	EXPECT_EQ(0, CMEM_free(memory, NULL));
	EXPECT_EQ(0, CMEM_cacheWbInvAll());
	END();
}

TEST_F(cmem, dmabuf_is_the_buffer)
{
	char *memory, *again;
	int fd;

	BEGIN();
	memory = heap_buffer(SIZE);
	ASSERT_NE(NULL, memory);
	fill_pattern(memory, SIZE, 21);
	fd = CMEM_export_dmabuf(memory);
	ASSERT_LE(0, fd);
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	EXPECT_EQ(SIZE, lseek(fd, 0, SEEK_END));
	EXPECT_REFUSED(-1, CMEM_export_dmabuf(memory + PAGE), "cannot export the buffer at");
	EXPECT_EQ(0, CMEM_free(memory, NULL));
	EXPECT_REFUSED(-1, CMEM_export_dmabuf(memory), "cannot export the buffer at");
	again = map_buffer(fd, SIZE, PROT_READ);
	ASSERT_NE(NULL, again);
	EXPECT_TRUE(has_pattern(again, SIZE, 21));
	munmap(again, SIZE);
	close(fd);
	END();
}

/* === Threads ============================================================= */

#define THREADS	4

static void *churn(void *data)
{
	unsigned int i, rounds = env_rounds(300);
	char *memory, *again;
	uintptr_t failed = 0;
	off_t phys;

	(void)data;
	for (i = 0; i < rounds && !failed; i++) {
		failed |= CMEM_init();
		memory = heap_buffer(PAGE * (1 + i % 3));
		phys = memory ? CMEM_getPhys(memory) : 0;
		again = phys ? CMEM_registerAlloc(phys) : NULL;
		failed |= !again || CMEM_cacheWb(again, 1) || CMEM_cacheWbInvAll();
		failed |= CMEM_free(memory, NULL) || CMEM_unregister(again, NULL);
		failed |= CMEM_exit();
	}
	return (void *)failed;
}

TEST_F(cmem, threads_use_it_at_the_same_time)
{
	pthread_t threads[THREADS];
	void *failed;
	int i;

	BEGIN();
	for (i = 0; i < THREADS; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, churn, NULL));
	for (i = 0; i < THREADS; i++) {
		ASSERT_EQ(0, pthread_join(threads[i], &failed));
		EXPECT_EQ(NULL, failed);
	}
	END();
}

/* The last CMEM_exit() of one thread does not disturb a call of another one. */
static void *begin_and_end(void *data)
{
	unsigned int i, rounds = env_rounds(300);
	char *memory;

	(void)data;
	for (i = 0; i < rounds; i++) {
		if (CMEM_init())
			return data;
		memory = heap_buffer(PAGE);
		CMEM_exit();
		if (memory && munmap(memory, PAGE))
			return data;
	}
	return NULL;
}

TEST_F(cmem, threads_end_it_at_the_same_time)
{
	pthread_t threads[THREADS];
	void *failed;
	int i;

	for (i = 0; i < THREADS; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, begin_and_end, self));
	for (i = 0; i < THREADS; i++) {
		ASSERT_EQ(0, pthread_join(threads[i], &failed));
		EXPECT_EQ(NULL, failed);
	}
	EXPECT_UNCHANGED(&self->heap);
}

TEST_HARNESS_MAIN
