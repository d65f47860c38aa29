// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the typed memory of libcarveout: names, flags, requests to the driver, errors.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"

#include "driver.h"
#include "posix_typed_mem.h"

#define NODE		"/tmp/libcarveout-typed/dsp"
#define LONG_PART \
	"0123456789012345678901234567890123456789012345678901234567890123"

static int open_typed(const char *name, int oflag, int tflag)
{
	int fd = posix_typed_mem_open(name, oflag, tflag);

	return fd < 0 ? -errno : fd;
}

/* A heap with four regions. */
static void give_regions(int call, void *argument)
{
	static const char * const names[] = { "ram", "fast", "shared", "ram" };
	struct carveout_ioctl_region *region = argument;

	if (driver.command[call] != CARVEOUT_IOCTL_REGION)
		return;
	if (region->index < ARRAY_SIZE(names))
		strcpy(region->name, names[region->index]);
	else
		driver.errors[call] = ENOENT;
}

FIXTURE(typed) {
};

FIXTURE_SETUP(typed)
{
	setenv("CARVEOUT_DIR", "/tmp/libcarveout-typed", 1);
	driver.node = NODE;
	driver.answer = give_regions;
}

FIXTURE_TEARDOWN(typed)
{
	close(fake_heap.fd);
}

/* === Opening ============================================================== */

TEST_F(typed, name_of_a_heap_is_all_its_regions)
{
	const struct carveout_ioctl_typed *typed = (void *)driver.asked[1];
	static const char * const names[] = { "/dsp", "dsp" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		driver.calls = 0;
		EXPECT_EQ(fake_heap.fd, open_typed(names[i], O_RDWR, POSIX_TYPED_MEM_ALLOCATE));
		ASSERT_EQ(2, driver.calls);
		EXPECT_EQ(CARVEOUT_IOCTL_TYPED, driver.command[1]);
		EXPECT_EQ(0, typed->regions);
		EXPECT_EQ(CARVEOUT_TYPED_ALLOCATE, typed->flags);
	}
}

TEST_F(typed, name_of_a_region_is_its_bit)
{
	const struct carveout_ioctl_typed *typed = (void *)driver.asked[6];

	EXPECT_EQ(fake_heap.fd, open_typed("/dsp/fast", O_RDWR, 0));
	ASSERT_EQ(7, driver.calls);
	EXPECT_EQ(CARVEOUT_IOCTL_TYPED, driver.command[6]);
	EXPECT_EQ(2, typed->regions);
	EXPECT_EQ(0, typed->flags);
}

TEST_F(typed, regions_of_one_name_are_one_object)
{
	const struct carveout_ioctl_typed *typed = (void *)driver.asked[6];

	EXPECT_EQ(fake_heap.fd, open_typed("/dsp/ram", O_RDWR, 0));
	EXPECT_EQ(CARVEOUT_IOCTL_TYPED, driver.command[6]);
	EXPECT_EQ(1 | 8, typed->regions);
}

TEST_F(typed, both_flags_allocate)
{
	const struct carveout_ioctl_typed *typed = (void *)driver.asked[1];

	EXPECT_EQ(fake_heap.fd, open_typed("/dsp", O_RDWR, POSIX_TYPED_MEM_ALLOCATE_CONTIG));
	EXPECT_EQ(CARVEOUT_TYPED_ALLOCATE, typed->flags);
}

TEST_F(typed, descriptor_flags_are_those_of_posix)
{
	int fd = open_typed("/dsp", O_RDONLY, 0);

	ASSERT_EQ(fake_heap.fd, fd);
	EXPECT_EQ(0, fcntl(fd, F_GETFD));
	EXPECT_EQ(O_RDONLY, fcntl(fd, F_GETFL) & (O_ACCMODE | O_NONBLOCK));
	fd = open_typed("/dsp", O_WRONLY | O_CLOEXEC, 0);
	ASSERT_EQ(fake_heap.fd, fd);
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	EXPECT_EQ(O_WRONLY, fcntl(fd, F_GETFL) & (O_ACCMODE | O_NONBLOCK));
}

TEST_F(typed, flags_that_are_refused_never_reach_the_driver)
{
	const int all = POSIX_TYPED_MEM_ALLOCATE | POSIX_TYPED_MEM_ALLOCATE_CONTIG |
			POSIX_TYPED_MEM_MAP_ALLOCATABLE;
	int tflag;

	for (tflag = 0; tflag <= all; tflag++)
		if (__builtin_popcount(tflag) > 1)
			EXPECT_EQ(-EINVAL, open_typed("/dsp", O_RDWR, tflag));
	EXPECT_EQ(-EINVAL, open_typed("/dsp", O_RDWR, all + 1));
	EXPECT_EQ(-EINVAL, open_typed("/dsp", O_RDWR, INT_MIN));
	EXPECT_EQ(-ENOSYS, open_typed("/dsp", O_RDWR, POSIX_TYPED_MEM_MAP_ALLOCATABLE));
	EXPECT_EQ(-EINVAL, open_typed("/dsp", O_ACCMODE, 0));
	EXPECT_EQ(-EINVAL, open_typed("/dsp", O_RDWR | O_TRUNC, 0));
	EXPECT_EQ(0, driver.calls);
}

TEST_F(typed, names_that_nothing_can_have)
{
	static const char * const none[] = {
		"", "/", "//", ".", "..", "/.", "/..", "/./ram", "//dsp", "/dsp/",
		"/dsp/.", "/dsp/..", "/../dsp", "/other",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(none); i++)
		EXPECT_EQ(-ENOENT, open_typed(none[i], O_RDWR, 0)) TH_LOG("%zu", i);
	EXPECT_EQ(-ENAMETOOLONG, open_typed("/" LONG_PART, O_RDWR, 0));
	EXPECT_EQ(-ENAMETOOLONG, open_typed(LONG_PART "/ram", O_RDWR, 0));
	EXPECT_EQ(-ENAMETOOLONG, open_typed("/dsp/" LONG_PART, O_RDWR, 0));
	EXPECT_EQ(0, driver.calls);
	/* The longest one is looked for. */
	EXPECT_EQ(-ENOENT, open_typed(&(LONG_PART)[1], O_RDWR, 0));
	EXPECT_EQ(-ENOENT, open_typed("/dsp/x", O_RDWR, 0));
	EXPECT_EQ(-ENOENT, open_typed("/dsp//", O_RDWR, 0));
	driver.calls = 0;
	EXPECT_EQ(-ENOENT, open_typed("/dsp/ram/x", O_RDWR, 0));
}

/* Whatever fails, no descriptor is left. */
TEST_F(typed, driver_that_refuses)
{
	const struct { int call, error, result; } rows[] = {
		{ 0, ENOTTY, -ENOENT }, { 0, EINVAL, -ENOENT }, { 0, ENODEV, -ENODEV },
		{ 1, EIO, -EIO }, { 6, ENOTTY, -ENOSYS }, { 6, ENOMEM, -ENOMEM },
		{ 6, ENODEV, -ENODEV },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		memset(driver.errors, 0, sizeof(driver.errors));
		driver.calls = 0;
		driver.errors[rows[i].call] = rows[i].error;
		EXPECT_EQ(rows[i].result, open_typed("/dsp/ram", O_RDWR, 0)) TH_LOG("%zu", i);
		EXPECT_EQ(rows[i].call + 1, driver.calls);
		EXPECT_EQ(-1, fcntl(fake_heap.fd, F_GETFD));
	}
}

/* === Information ========================================================== */

static void give_length(int call, void *argument)
{
	struct carveout_ioctl_typed_info *info = argument;

	if (driver.command[call] == CARVEOUT_IOCTL_TYPED_INFO)
		info->largest = 3 << 20;
}

TEST_F(typed, length_is_that_of_the_driver)
{
	struct posix_typed_mem_info info = { 7 };
	const struct { int error, result; } rows[] = {
		{ EINVAL, ENODEV }, { ENOTTY, ENODEV }, { ENODEV, ENODEV }, { EIO, EIO },
	};
	size_t i;

	driver.answer = give_length;
	EXPECT_EQ(EBADF, posix_typed_mem_get_info(fake_heap.fd, &info));
	EXPECT_EQ(EBADF, posix_typed_mem_get_info(-1, &info));
	ASSERT_EQ(fake_heap.fd, open_typed("/dsp", O_RDWR, 0));
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		driver.calls = 0;
		driver.errors[0] = rows[i].error;
		EXPECT_EQ(rows[i].result, posix_typed_mem_get_info(fake_heap.fd, &info));
		EXPECT_EQ(7, info.posix_tmi_length);
	}
	/* POSIX.1: never EINTR. */
	driver.calls = 0;
	driver.errors[0] = EINTR;
	EXPECT_EQ(0, posix_typed_mem_get_info(fake_heap.fd, &info));
	EXPECT_EQ(2, driver.calls);
	EXPECT_EQ(CARVEOUT_IOCTL_TYPED_INFO, driver.command[1]);
	EXPECT_EQ(3 << 20, info.posix_tmi_length);
}

/* === Addresses ============================================================ */

static void give_place(int call, void *argument)
{
	struct carveout_ioctl_locate *place = argument;

	(void)call;
	place->offset = 1ULL << 40;
	place->buffer_offset = 4097;
	place->length = 100;
	place->fd = 5;
	place->dmabuf = 6;
}

TEST_F(typed, address_is_looked_up_at_the_holders_node)
{
	const struct carveout_ioctl_locate *asked = (void *)driver.asked[0];
	size_t contig = 7;
	off_t off = 7;
	int fd = 7;

	driver.node = CARVEOUT_DMABUF_NODE;
	driver.answer = give_place;
	EXPECT_EQ(0, posix_mem_offset((void *)0x12345, 300, &off, &contig, &fd));
	EXPECT_EQ(CARVEOUT_IOCTL_LOCATE, driver.command[0]);
	EXPECT_EQ(0x12345, asked->addr);
	EXPECT_EQ(300, asked->length);
	EXPECT_EQ(0, asked->flags);
	EXPECT_EQ(1ULL << 40, off);
	EXPECT_EQ(100, contig);
	EXPECT_EQ(5, fd);
	/* The driver refuses a length of 0. */
	EXPECT_EQ(0, posix_mem_offset((void *)0x12345, 0, &off, &contig, &fd));
	EXPECT_EQ(0, contig);
	EXPECT_EQ(-1, fcntl(fake_heap.fd, F_GETFD));
}

TEST_F(typed, address_of_other_memory)
{
	const struct { int error, result; } rows[] = {
		{ EACCES, EACCES }, { ENOTTY, ENOSYS }, { EFAULT, EFAULT },
	};
	size_t contig = 7, i;
	int fd = 7, here;
	off_t off = 7;

	driver.node = CARVEOUT_DMABUF_NODE;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		driver.calls = 0;
		driver.errors[0] = rows[i].error;
		EXPECT_EQ(rows[i].result, posix_mem_offset(&here, 1, &off, &contig, &fd));
	}
	/* The driver is absent. */
	driver.node = NULL;
	EXPECT_EQ(EACCES, posix_mem_offset(&here, 1, &off, &contig, &fd));
	EXPECT_EQ(-ENOENT, carveout_map_export(&here, 0, NULL));
	EXPECT_EQ(7, off);
	EXPECT_EQ(7, contig);
	EXPECT_EQ(7, fd);
}

TEST_F(typed, mapping_is_exported)
{
	const struct carveout_ioctl_locate *asked = (void *)driver.asked[0];
	uint64_t offset = 7;

	driver.node = CARVEOUT_DMABUF_NODE;
	driver.answer = give_place;
	EXPECT_EQ(6, carveout_map_export((void *)0x12345, O_CLOEXEC, &offset));
	EXPECT_EQ(0x12345, asked->addr);
	EXPECT_EQ(CARVEOUT_LOCATE_EXPORT, asked->flags);
	EXPECT_EQ(O_CLOEXEC, asked->fd_flags);
	EXPECT_EQ(4097, offset);
	EXPECT_EQ(6, carveout_map_export((void *)0x12345, 0, NULL));
	driver.errors[2] = EACCES;
	offset = 7;
	EXPECT_EQ(-EACCES, carveout_map_export((void *)0x12345, 0, &offset));
	EXPECT_EQ(7, offset);
}

/* === Errors =============================================================== */

/* POSIX.1 has its own error for some situations. */
TEST_F(typed, every_error_is_passed_on)
{
	struct posix_typed_mem_info info;
	size_t i, contig;
	off_t off;
	int e, fd;

	for (i = 0; i < DRIVER_ERRORS; i++) {
		e = driver_errors[i];
		driver.node = NODE;
		fail_all_calls(e);
		driver.errors[0] = 0;
		EXPECT_EQ(e == ENOTTY ? -ENOSYS : -e, open_typed("/dsp", O_RDWR, 0));
		EXPECT_EQ(2, driver.calls);
		fail_all_calls(0);
		ASSERT_EQ(fake_heap.fd, open_typed("/dsp", O_RDWR, 0));
		fail_all_calls(e);
		EXPECT_EQ(e == EINVAL || e == ENOTTY ? ENODEV : e,
			  posix_typed_mem_get_info(fake_heap.fd, &info));
		driver.node = CARVEOUT_DMABUF_NODE;
		EXPECT_EQ(e == ENOENT ? EACCES : e == ENOTTY ? ENOSYS : e,
			  posix_mem_offset(&info, 1, &off, &contig, &fd));
		EXPECT_EQ(-e, carveout_map_export(&info, 0, NULL));
		EXPECT_EQ(3, driver.calls);
	}
}
