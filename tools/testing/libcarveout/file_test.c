// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of libcarveout with files and addresses: ordinary files replace buffers.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "driver.h"

#define PAGE	((uint64_t)__real_sysconf(_SC_PAGESIZE))
#define LARGE	carveout_map_align()

/* === Tags and paths ======================================================= */

TEST(tags)
{
	static const char * const good[] = {
		"a", "A-z_0.9", "..", "-", "frame0",
		"012345678901234567890123456789012345678901234567890123456789012",
	};
	static const char * const bad[] = {
		"", "a/b", "a b", " ", "a\n", "\xc3\xa4", "a:b", "a*", "a\\", "~", "@",
		"0123456789012345678901234567890123456789012345678901234567890123",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(good); i++)
		EXPECT_EQ(0, carveout_tag_check(good[i])) TH_LOG("%zu", i);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_EQ(-EINVAL, carveout_tag_check(bad[i])) TH_LOG("%zu", i);
}

TEST(directory_and_paths)
{
	char *path;

	unsetenv("CARVEOUT_DIR");
	EXPECT_STREQ("/dev/carveout", carveout_dir());
	ASSERT_EQ(0, carveout_node_path("dsp", &path));
	EXPECT_STREQ("/dev/carveout/dsp", path);
	free(path);
	setenv("CARVEOUT_DIR", "", 1);
	EXPECT_STREQ("/dev/carveout", carveout_dir());
	setenv("CARVEOUT_DIR", "/tmp/x", 1);
	ASSERT_EQ(0, carveout_node_path("dsp", &path));
	EXPECT_STREQ("/tmp/x/dsp", path);
	free(path);
	ASSERT_EQ(0, carveout_node_path("./dsp", &path));
	EXPECT_STREQ("./dsp", path);
	free(path);
	EXPECT_EQ(-EINVAL, carveout_node_path("", &path));
	EXPECT_EQ(NULL, path);
}

FIXTURE(dir) {
	char path[64];
};

FIXTURE_SETUP(dir)
{
	strcpy(self->path, "/tmp/libcarveout-test.XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->path));
	setenv("CARVEOUT_DIR", self->path, 1);
}

FIXTURE_TEARDOWN(dir)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -r %s", self->path);
	EXPECT_EQ(0, system(command));
}

static void touch(const char *dir, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
}

TEST_F(dir, heaps_are_found_in_order)
{
	size_t count, i;
	char **names;
	char name[32];

	ASSERT_EQ(0, carveout_heap_names(&names, &count));
	EXPECT_EQ(0, count);
	carveout_heap_names_free(names, count);
	touch(self->path, ".hidden");
	for (i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "h%02zu", (i * 7) % 20);
		touch(self->path, name);
	}
	ASSERT_EQ(0, carveout_heap_names(&names, &count));
	ASSERT_EQ(20, count);
	for (i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "h%02zu", i);
		EXPECT_STREQ(name, names[i]);
	}
	carveout_heap_names_free(names, count);
	setenv("CARVEOUT_DIR", "/tmp/libcarveout-test.none", 1);
	EXPECT_EQ(-ENOENT, carveout_heap_names(&names, &count));
	EXPECT_EQ(NULL, names);
	EXPECT_EQ(0, count);
	setenv("CARVEOUT_DIR", "/dev/null", 1);
	EXPECT_EQ(-ENOTDIR, carveout_heap_names(&names, &count));
	carveout_heap_names_free(NULL, 0);
}

static int next_fd(void)
{
	int fd = dup(0);

	close(fd);
	return fd;
}

TEST_F(dir, what_is_no_heap_is_not_opened)
{
	int last = open("/dev/null", O_RDWR | O_CLOEXEC), free_fd = next_fd();
	struct carveout_heap *heap = (void *)1;
	char plain[128];

	ASSERT_LE(0, last);
	EXPECT_EQ(-ENOENT, carveout_open("dsp", O_RDWR, &heap));
	EXPECT_EQ(NULL, heap);
	EXPECT_EQ(-ENOENT, carveout_open("/tmp/libcarveout/none", O_RDONLY, &heap));
	EXPECT_EQ(-EINVAL, carveout_open("", O_RDONLY, &heap));
	EXPECT_EQ(-EINVAL, carveout_open("dsp", O_ACCMODE, &heap));
	EXPECT_EQ(-EINVAL, carveout_open("dsp", O_RDWR | O_CREAT, &heap));
	EXPECT_EQ(-ENOTTY, carveout_open("/dev/null", O_RDWR, &heap));
	/* It returns EINVAL for unknown ioctls. */
	EXPECT_EQ(-ENOTTY, carveout_open("/dev/urandom", O_RDWR, &heap));
	EXPECT_EQ(-EISDIR, carveout_open(self->path, O_RDWR, &heap));
	touch(self->path, "plain");
	snprintf(plain, sizeof(plain), "%s/plain", self->path);
	EXPECT_EQ(-ENOTTY, carveout_open("plain", O_RDWR, &heap));
	EXPECT_EQ(-ENOTTY, carveout_open(plain, O_RDONLY, &heap));
	EXPECT_EQ(NULL, heap);
	EXPECT_EQ(free_fd, next_fd());
	carveout_close(NULL);
}

/* === Polling ============================================================== */

static void on_signal(int number)
{
	(void)number;
}

TEST(poll_of_a_node)
{
	struct itimerval often = { { 0, 50000 }, { 0, 50000 } }, never = { 0 };
	struct sigaction action = { .sa_handler = on_signal };
	struct carveout_heap heap = { 0 };
	int pipes[2];

	ASSERT_EQ(0, pipe(pipes));
	heap.fd = pipes[0];
	EXPECT_EQ(pipes[0], carveout_heap_fd(&heap));
	EXPECT_EQ(0, carveout_poll(&heap, 0));
	EXPECT_EQ(0, carveout_poll(&heap, 10));
	ASSERT_EQ(0, sigaction(SIGALRM, &action, NULL));
	/* A signal before the call does not interrupt it. */
	ASSERT_EQ(0, setitimer(ITIMER_REAL, &often, NULL));
	EXPECT_EQ(-EINTR, carveout_poll(&heap, -1));
	ASSERT_EQ(0, setitimer(ITIMER_REAL, &never, NULL));
	ASSERT_EQ(1, write(pipes[1], "x", 1));
	EXPECT_EQ(1, carveout_poll(&heap, -1));
	close(pipes[1]);
	EXPECT_EQ(-ENODEV, carveout_poll(&heap, -1));
	close(pipes[0]);
	EXPECT_EQ(-ENODEV, carveout_poll(&heap, -1));
}

/* === Mappings ============================================================= */

/* Number of mapped pages, the size that ps prints. */
static long mapped_pages(void)
{
	FILE *file = fopen("/proc/self/statm", "re");
	long pages = -1;

	if (!file)
		return -1;
	if (fscanf(file, "%ld", &pages) != 1)
		pages = -1;
	fclose(file);
	return pages;
}

static int file_of(uint64_t size)
{
	uint64_t at;
	int fd = memfd_create("buffer", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, size))
		return -1;
	for (at = 0; at < size; at += PAGE)
		if (pwrite(fd, &at, sizeof(at), at) != sizeof(at))
			return -1;
	return fd;
}

TEST(size_of_a_buffer)
{
	int fd = file_of(3 * PAGE), pipes[2];
	uint64_t size = 1;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, pipe(pipes));
	EXPECT_EQ(0, carveout_size(fd, &size));
	EXPECT_EQ(3 * PAGE, size);
	EXPECT_EQ(-ESPIPE, carveout_size(pipes[0], &size));
	close(fd);
	EXPECT_EQ(-EBADF, carveout_size(fd, &size));
	EXPECT_EQ(3 * PAGE, size);
}

TEST(large_mappings_are_aligned)
{
	const struct {
		uint64_t offset;
		uint64_t size;
	} parts[] = {
		{ 0, LARGE }, { 0, LARGE + 1 }, { 0, 3 * LARGE - PAGE },
		{ 0, 4 * LARGE }, { PAGE, LARGE }, { LARGE - PAGE, LARGE + PAGE },
		{ LARGE, 2 * LARGE + 5 }, { 2 * LARGE + PAGE, LARGE + 8 * PAGE },
		{ 0, LARGE - PAGE }, { 5 * PAGE, PAGE }, { 7 * PAGE, 1 },
	};
	int fd = file_of(4 * LARGE), round;
	void *memory[ARRAY_SIZE(parts)];
	long before = mapped_pages();
	uint64_t last;
	size_t i;

	ASSERT_LE(0, fd);
	for (round = 0; round < 3; round++) {
		for (i = 0; i < ARRAY_SIZE(parts); i++) {
			ASSERT_EQ(0, carveout_map(fd, parts[i].offset, parts[i].size,
						  PROT_READ, &memory[i]));
			if (parts[i].size >= LARGE)
				EXPECT_EQ(parts[i].offset % LARGE,
					  (uintptr_t)memory[i] % LARGE);
			EXPECT_EQ(parts[i].offset, *(uint64_t *)memory[i]);
			last = (parts[i].size - 1) / PAGE * PAGE;
			EXPECT_EQ(parts[i].offset + last,
				  *(uint64_t *)((char *)memory[i] + last));
		}
		for (i = 0; i < ARRAY_SIZE(parts); i++)
			EXPECT_EQ(0, carveout_unmap(memory[i], parts[i].size));
		EXPECT_EQ(before, mapped_pages());
	}
}

/* The size of a huge page depends on the page size of the kernel. */
TEST(large_mappings_are_aligned_for_large_pages)
{
	/* The kernel's word counts; without one the size follows from the page size. */
	static const struct { long page; const char *huge; uint64_t large; } rows[] = {
		{ 4 << 10, "-", 2 << 20 }, { 16 << 10, "-", 32 << 20 },
		{ 64 << 10, "-", 512 << 20 }, { 64 << 10, "2097152\n", 2 << 20 },
		{ 4 << 10, "1048576\n", 1 << 20 }, { 4 << 10, "0\n", 2 << 20 },
		{ 4 << 10, "1000000\n", 2 << 20 }, { 4 << 10, "", 2 << 20 },
	};
	int fd = memfd_create("buffer", MFD_CLOEXEC);
	long before = mapped_pages();
	uint64_t large, page;
	void *memory;
	size_t i;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ftruncate(fd, 1 << 30));
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		page = rows[i].page;
		large = rows[i].large;
		driver.page_size = page;
		driver.huge_page = rows[i].huge;
		EXPECT_EQ(large, carveout_map_align()) TH_LOG("row %zu", i);
		ASSERT_EQ(0, carveout_map(fd, page, 2 * large - page, PROT_READ, &memory));
		EXPECT_EQ(page, (uintptr_t)memory % large) TH_LOG("row %zu", i);
		EXPECT_EQ(0, carveout_unmap(memory, 2 * large - page));
		ASSERT_EQ(0, carveout_map(fd, large, large, PROT_READ, &memory));
		EXPECT_EQ(0, (uintptr_t)memory % large) TH_LOG("row %zu", i);
		EXPECT_EQ(0, carveout_unmap(memory, large));
		/* Too small for a huge page. */
		ASSERT_EQ(0, carveout_map(fd, page, large - page, PROT_READ, &memory));
		EXPECT_EQ(0, carveout_unmap(memory, large - page));
	}
	EXPECT_EQ(before, mapped_pages());
}

TEST(mappings_that_fail_leave_nothing)
{
	int fd = file_of(2 * LARGE), reader, i;
	char path[64];
	void *memory;
	long before;

	ASSERT_LE(0, fd);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	reader = open(path, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, reader);
	EXPECT_EQ(-EACCES, carveout_map(reader, 0, PAGE, PROT_WRITE, &memory));
	before = mapped_pages();
	for (i = 0; i < 20; i++) {
		EXPECT_EQ(-EACCES, carveout_map(reader, 0, 2 * LARGE,
						PROT_READ | PROT_WRITE, &memory));
		EXPECT_EQ(MAP_FAILED, memory);
		EXPECT_EQ(-EINVAL, carveout_map(fd, 1, LARGE, PROT_READ, &memory));
		EXPECT_EQ(-EINVAL, carveout_map(fd, 1, PAGE, PROT_READ, &memory));
		EXPECT_EQ(-EINVAL, carveout_map(fd, 0, 0, PROT_READ, &memory));
		EXPECT_EQ(-EINVAL, carveout_map(fd, -PAGE, 2 * PAGE, PROT_READ,
						&memory));
		EXPECT_EQ(-EINVAL, carveout_map(fd, 0, UINT64_MAX, PROT_READ,
						&memory));
		EXPECT_EQ(-ENOMEM, carveout_map(fd, 0, 1ULL << 60, PROT_READ,
						&memory));
		EXPECT_EQ(-EBADF, carveout_map(-1, 0, LARGE, PROT_READ, &memory));
		EXPECT_EQ(-EBADF, carveout_map(-1, 0, PAGE, PROT_READ, &memory));
		EXPECT_EQ(-EINVAL, carveout_unmap((void *)PAGE, 0));
		EXPECT_EQ(-EINVAL, carveout_unmap((void *)1, PAGE));
	}
	EXPECT_EQ(before, mapped_pages());
}

TEST(a_part_of_a_mapping_can_be_unmapped)
{
	int fd = file_of(2 * LARGE);
	unsigned char resident;
	void *memory;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, carveout_map(fd, 0, 2 * LARGE, PROT_READ, &memory));
	EXPECT_EQ(0, carveout_unmap(memory, LARGE));
	EXPECT_EQ(-1, mincore(memory, PAGE, &resident));
	EXPECT_EQ(LARGE, *(uint64_t *)((char *)memory + LARGE));
	EXPECT_EQ(0, carveout_unmap((char *)memory + LARGE, LARGE));
}

struct mapper {
	pthread_t thread;
	int fd;
	int wrong;
};

static void *map_again_and_again(void *data)
{
	struct mapper *mapper = data;
	void *memory[4];
	int i, j;

	for (i = 0; i < 300; i++) {
		for (j = 0; j < 4; j++) {
			if (carveout_map(mapper->fd, j * PAGE, LARGE + j * PAGE,
					 PROT_READ, &memory[j])) {
				mapper->wrong++;
				return NULL;
			}
			mapper->wrong += (uintptr_t)memory[j] % LARGE != j * PAGE;
		}
		for (j = 0; j < 4; j++) {
			mapper->wrong += *(uint64_t *)memory[j] != j * PAGE;
			mapper->wrong += !!carveout_unmap(memory[j],
							  LARGE + j * PAGE);
		}
	}
	return NULL;
}

TEST(threads_do_not_take_one_anothers_addresses)
{
	struct mapper mappers[4] = { 0 };
	int fd = file_of(2 * LARGE);
	size_t i;

	ASSERT_LE(0, fd);
	for (i = 0; i < ARRAY_SIZE(mappers); i++) {
		mappers[i].fd = fd;
		ASSERT_EQ(0, pthread_create(&mappers[i].thread, NULL,
					    map_again_and_again, &mappers[i]));
	}
	for (i = 0; i < ARRAY_SIZE(mappers); i++) {
		pthread_join(mappers[i].thread, NULL);
		EXPECT_EQ(0, mappers[i].wrong);
	}
}
