// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of libcarveout's requests to the driver, and of its handling of the replies.
 */
#include <errno.h>
#include <fcntl.h>
#include <sanitizer/lsan_interface.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <linux/dma-buf.h>

#include "kselftest_harness.h"

#include "driver.h"
#include "options.h"

#define LONG_NAME \
	"0123456789012345678901234567890123456789012345678901234567890123"
#define REPLY_FD	77

/* === Tags ================================================================= */

TEST(a_name_that_is_too_long_never_reaches_the_driver)
{
	struct carveout_alloc_options options = CARVEOUT_ALLOC_OPTIONS_INIT;

	EXPECT_EQ(-EINVAL, carveout_open_tag(&fake_heap, LONG_NAME, O_RDWR, NULL));
	EXPECT_EQ(-EINVAL, carveout_open_tag_wait(&fake_heap, LONG_NAME, O_RDWR, 0,
						  NULL));
	EXPECT_EQ(-EINVAL, carveout_link(&fake_heap, 3, LONG_NAME, 0, 0, NULL));
	EXPECT_EQ(-EINVAL, carveout_unlink(&fake_heap, LONG_NAME));
	EXPECT_EQ(-EINVAL, carveout_setattr(&fake_heap, LONG_NAME,
					    CARVEOUT_SETATTR_MODE, 0, 0, 0));
	options.size = 1;
	options.tag = LONG_NAME;
	EXPECT_EQ(-EINVAL, carveout_alloc_with(&fake_heap, &options, NULL));
	options.tag = "";
	EXPECT_EQ(-EINVAL, carveout_alloc_with(&fake_heap, &options, NULL));
	options.tag = NULL;
	options.label = LONG_NAME;
	EXPECT_EQ(-EINVAL, carveout_alloc_with(&fake_heap, &options, NULL));
	EXPECT_EQ(0, driver.calls);
}

TEST(the_longest_name_reaches_it_whole)
{
	const struct carveout_ioctl_unlink *unlink = (void *)driver.asked[0];

	EXPECT_EQ(0, carveout_unlink(&fake_heap, &LONG_NAME[1]));
	ASSERT_EQ(1, driver.calls);
	EXPECT_EQ(CARVEOUT_IOCTL_UNLINK, driver.command[0]);
	EXPECT_STREQ(&LONG_NAME[1], unlink->tag);
}

TEST(setattr_leaves_out_what_is_not_to_change)
{
	const struct carveout_ioctl_setattr *attr = (void *)driver.asked[0];
	int i;

	for (i = 1; i < 8; i++) {
		driver.calls = 0;
		EXPECT_EQ(0, carveout_setattr(&fake_heap, "a", i, 0640, 5, 6));
		EXPECT_EQ(i, attr->flags);
		EXPECT_EQ(i & CARVEOUT_SETATTR_MODE ? 0640 : 0, attr->mode);
		EXPECT_EQ(i & CARVEOUT_SETATTR_UID ? 5 : 0, attr->uid);
		EXPECT_EQ(i & CARVEOUT_SETATTR_GID ? 6 : 0, attr->gid);
	}
}

static void give_generation(int call, void *argument)
{
	struct carveout_ioctl_link *link = argument;

	link->generation = 40 + call;
}

TEST(link_tells_the_generation_if_it_worked)
{
	const struct carveout_ioctl_link *link = (void *)driver.asked[1];
	uint64_t generation = 1;

	driver.answer = give_generation;
	driver.errors[0] = EEXIST;
	EXPECT_EQ(-EEXIST, carveout_link(&fake_heap, 3, "a", 0, 0600, &generation));
	EXPECT_EQ(1, generation);
	EXPECT_EQ(0, carveout_link(&fake_heap, 3, "a", CARVEOUT_LINK_REPLACE, 0600,
				   &generation));
	EXPECT_EQ(41, generation);
	EXPECT_EQ(3, link->fd);
	EXPECT_EQ(0600, link->mode);
	EXPECT_EQ(CARVEOUT_LINK_REPLACE, link->flags);
	EXPECT_EQ(0, carveout_link(&fake_heap, 3, "a", 0, 0600, NULL));
}

/* === Allocating =========================================================== */

static void give_buffer(int call, void *argument)
{
	struct carveout_ioctl_alloc *alloc = argument;

	(void)call;
	SET_COMMON_REPLY(alloc);
	alloc->fd = REPLY_FD;
}

TEST(alloc_passes_every_option_on)
{
	const struct carveout_ioctl_alloc *alloc = (void *)driver.asked[0];
	static const uint32_t fallback[] = { CARVEOUT_ATTR_UNCACHED, 0 };
	struct carveout_alloc_options options = {
		.struct_size = sizeof(options),
		.size = 5000,
		.align = 1 << 16,
		.place = 7,
		.fallback = fallback,
		.nr_fallback = 2,
	};

	SET_COMMON_OPTIONS(&options);
	driver.answer = give_buffer;
	EXPECT_EQ(REPLY_FD, carveout_alloc_with(&fake_heap, &options, NULL));
	ASSERT_EQ(1, driver.calls);
	EXPECT_EQ(CARVEOUT_IOCTL_ALLOC, driver.command[0]);
	EXPECT_COMMON_OPTIONS(alloc);
	EXPECT_EQ(5000, alloc->size);
	EXPECT_EQ(1 << 16, alloc->align);
	EXPECT_EQ(7, alloc->place);
	EXPECT_EQ(CARVEOUT_ATTR_UNCACHED, alloc->fallback[0]);
	EXPECT_EQ(2, alloc->nr_fallback);
	EXPECT_EQ(0, alloc->reserved);
}

TEST(alloc_without_tag_has_no_mode)
{
	const struct carveout_ioctl_alloc *alloc = (void *)driver.asked[0];

	driver.answer = give_buffer;
	EXPECT_EQ(REPLY_FD, carveout_alloc(&fake_heap, 3));
	EXPECT_EQ(3, alloc->size);
	EXPECT_EQ(0, alloc->mode);
	EXPECT_EQ(O_RDWR | O_CLOEXEC, alloc->fd_flags);
	EXPECT_EQ(0, alloc->tag[0]);
}

TEST(alloc_tells_what_it_became)
{
	struct carveout_alloc_options options = CARVEOUT_ALLOC_OPTIONS_INIT;
	struct {
		struct carveout_opened known;
		uint64_t newer;
	} opened = { CARVEOUT_OPENED_INIT, 1 };

	options.size = 5000;
	driver.answer = give_buffer;
	EXPECT_EQ(REPLY_FD, carveout_alloc_with(&fake_heap, &options, &opened.known));
	EXPECT_COMMON_REPLY(&opened.known);
	EXPECT_EQ(1, opened.newer);
	/* Fields that are newer than the library are set to zero. */
	opened.known.struct_size = sizeof(opened);
	EXPECT_EQ(REPLY_FD, carveout_alloc_with(&fake_heap, &options, &opened.known));
	EXPECT_EQ(0, opened.newer);
	EXPECT_EQ(sizeof(opened), opened.known.struct_size);
	opened.known.struct_size = sizeof(opened.known) - 1;
	EXPECT_EQ(-EINVAL, carveout_alloc_with(&fake_heap, &options, &opened.known));
	EXPECT_EQ(-EINVAL, carveout_open_tag(&fake_heap, "a", O_RDWR, &opened.known));
	EXPECT_EQ(-EINVAL, carveout_open_tag_wait(&fake_heap, "a", O_RDWR, 0,
						  &opened.known));
	EXPECT_EQ(-EINVAL, carveout_resize(&fake_heap, 0, 1, O_RDWR, &opened.known));
	EXPECT_EQ(2, driver.calls);
}

/* The size is garbage without the _INIT macro: nothing is written, or read, by it. */
TEST(structures_without_a_plausible_size)
{
	static const size_t sizes[] = { 4097, 1 << 20, (size_t)-1 / 2, (size_t)-1 };
	struct carveout_alloc_options options = CARVEOUT_ALLOC_OPTIONS_INIT;
	struct carveout_opened *opened = calloc(1, 4096);
	size_t i;

	ASSERT_NE(NULL, opened);
	driver.answer = give_buffer;
	options.size = 5000;
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		opened->struct_size = sizes[i];
		EXPECT_EQ(-E2BIG, carveout_alloc_with(&fake_heap, &options, opened));
		EXPECT_EQ(-E2BIG, carveout_open_tag(&fake_heap, "a", O_RDWR, opened));
		EXPECT_EQ(-E2BIG, carveout_open_tag_wait(&fake_heap, "a", O_RDWR, 0, opened));
		EXPECT_EQ(-E2BIG, carveout_resize(&fake_heap, 0, 1, O_RDWR, opened));
		options.struct_size = sizes[i];
		EXPECT_EQ(-E2BIG, carveout_alloc_with(&fake_heap, &options, NULL));
		options.struct_size = sizeof(options);
	}
	EXPECT_EQ(0, driver.calls);
	/* The largest plausible one is taken, and its tail is set to zero. */
	memset(opened, 0xa5, 4096);
	opened->struct_size = 4096;
	EXPECT_EQ(REPLY_FD, carveout_alloc_with(&fake_heap, &options, opened));
	EXPECT_EQ(0, ((unsigned char *)opened)[4095]);
	free(opened);
}

TEST(options_of_another_age)
{
	struct {
		struct carveout_alloc_options known;
		char newer[24];
	} options = { CARVEOUT_ALLOC_OPTIONS_INIT, { 0 } };
	size_t i;

	options.known.size = 1;
	driver.answer = give_buffer;
	options.known.struct_size = sizeof(options.known) - 1;
	EXPECT_EQ(-EINVAL, carveout_alloc_with(&fake_heap, &options.known, NULL));
	options.known.struct_size = 0;
	EXPECT_EQ(-EINVAL, carveout_alloc_with(&fake_heap, &options.known, NULL));
	options.known.struct_size = sizeof(options);
	for (i = 0; i < sizeof(options.newer); i++) {
		options.newer[i] = 1;
		EXPECT_EQ(-E2BIG, carveout_alloc_with(&fake_heap, &options.known,
						      NULL));
		options.newer[i] = 0;
	}
	options.known.nr_fallback = CARVEOUT_NR_FALLBACK + 1;
	EXPECT_EQ(-EINVAL, carveout_alloc_with(&fake_heap, &options.known, NULL));
	EXPECT_EQ(0, driver.calls);
	options.known.nr_fallback = 0;
	EXPECT_EQ(REPLY_FD, carveout_alloc_with(&fake_heap, &options.known, NULL));
}

/* === Interruptions ======================================================== */

TEST(calls_start_again_after_a_signal_as_they_were)
{
	const struct carveout_ioctl_alloc *alloc;
	int i;

	/* The fake driver writes its reply even if the call fails. */
	driver.answer = give_buffer;
	driver.errors[0] = EINTR;
	driver.errors[1] = EINTR;
	EXPECT_EQ(REPLY_FD, carveout_alloc(&fake_heap, 3));
	ASSERT_EQ(3, driver.calls);
	for (i = 0; i < 3; i++) {
		alloc = (void *)driver.asked[i];
		EXPECT_EQ(3, alloc->size);
		EXPECT_EQ(0, memcmp(driver.asked[0], alloc, sizeof(*alloc)));
	}
	driver.answer = NULL;
	driver.calls = 0;
	EXPECT_EQ(0, carveout_unlink(&fake_heap, "a"));
	EXPECT_EQ(3, driver.calls);
	driver.calls = 0;
	driver.errors[1] = EAGAIN;
	EXPECT_EQ(0, carveout_begin_access(5, CARVEOUT_ACCESS_READ));
	EXPECT_EQ(3, driver.calls);
}

TEST(calls_that_would_wait_return)
{
	driver.errors[0] = EAGAIN;
	EXPECT_EQ(-EAGAIN, carveout_alloc(&fake_heap, 3));
	EXPECT_EQ(1, driver.calls);
	driver.calls = 0;
	EXPECT_EQ(-EAGAIN, carveout_open_tag(&fake_heap, "a", O_RDWR, NULL));
	EXPECT_EQ(1, driver.calls);
}

TEST(waiting_does_not)
{
	driver.errors[0] = EINTR;
	EXPECT_EQ(-EINTR, carveout_open_tag_wait(&fake_heap, "a", O_RDWR, -1, NULL));
	EXPECT_EQ(1, driver.calls);
}

TEST(every_error_is_passed_on)
{
	struct carveout_alloc_options options = CARVEOUT_ALLOC_OPTIONS_INIT;
	struct carveout_sync_range range = { .size = 1 };
	struct carveout_ioctl_query query;
	struct carveout_ioctl_region region;
	struct carveout_buffer_info buffer;
	struct carveout_ioctl_span span;
	uint64_t cursor = 0;
	size_t i;
	int e;

	for (i = 0; i < DRIVER_ERRORS; i++) {
		e = driver_errors[i];
		fail_all_calls(e);
		EXPECT_EQ(-e, carveout_alloc(&fake_heap, 1));
		EXPECT_EQ(-e, carveout_alloc_with(&fake_heap, &options, NULL));
		EXPECT_EQ(-e, carveout_open_tag(&fake_heap, "a", 0, NULL));
		EXPECT_EQ(-e, carveout_open_tag_wait(&fake_heap, "a", 0, 0, NULL));
		EXPECT_EQ(-e, carveout_resize(&fake_heap, -1, 1, 0, NULL));
		EXPECT_EQ(-e, carveout_link(&fake_heap, 0, "a", 0, 0, NULL));
		EXPECT_EQ(-e, carveout_unlink(&fake_heap, "a"));
		EXPECT_EQ(-e, carveout_setattr(&fake_heap, "a", 1, 0, 0, 0));
		EXPECT_EQ(8, driver.calls);
		fail_all_calls(e);
		EXPECT_EQ(-e, carveout_query(&fake_heap, &query));
		EXPECT_EQ(-e, carveout_region(&fake_heap, 0, &region));
		EXPECT_EQ(-e, carveout_info(&fake_heap, 0, &buffer));
		EXPECT_EQ(-e, carveout_next_buffers(&fake_heap, &cursor, &buffer, 1));
		EXPECT_EQ(-e, carveout_next_spans(&fake_heap, &cursor, &span, 1));
		EXPECT_EQ(-e, carveout_acknowledge(&fake_heap));
		EXPECT_EQ(-e, carveout_sync(&fake_heap, 0, 1, &range, 1));
		EXPECT_EQ(-e, carveout_begin_access(0, 1));
		EXPECT_EQ(-e, carveout_end_access(0, 1));
		EXPECT_EQ(9, driver.calls);
	}
}

/* === Deadlines ============================================================ */

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

TEST(a_timeout_becomes_a_deadline)
{
	static const int timeouts[] = { 0, 1, 1000, INT32_MAX };
	const struct carveout_ioctl_open *open = (void *)driver.asked[0];
	uint64_t before, wanted;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(timeouts); i++) {
		driver.calls = 0;
		before = now_ns();
		wanted = timeouts[i] * 1000000ULL;
		EXPECT_EQ(0, carveout_open_tag_wait(&fake_heap, "a", O_RDWR,
						    timeouts[i], NULL));
		EXPECT_EQ(CARVEOUT_OPEN_WAIT, open->flags);
		EXPECT_LE(before + wanted, open->deadline);
		EXPECT_GE(now_ns() + wanted, open->deadline);
	}
	driver.calls = 0;
	EXPECT_EQ(0, carveout_open_tag_wait(&fake_heap, "a", O_RDWR, -5, NULL));
	EXPECT_EQ(CARVEOUT_DEADLINE_NONE, open->deadline);
	driver.calls = 0;
	EXPECT_EQ(0, carveout_open_tag(&fake_heap, "a", O_RDONLY, NULL));
	EXPECT_EQ(0, open->deadline);
	EXPECT_EQ(0, open->flags);
	EXPECT_EQ(O_RDONLY, open->fd_flags);
}

/* A deadline is passed on as it is, also when a signal ended the call before. */
TEST(a_deadline_stays_the_same)
{
	static const uint64_t deadlines[] = { 0, 1, 1ULL << 40, CARVEOUT_DEADLINE_NONE };
	const struct carveout_ioctl_open *open;
	uint64_t before = now_ns(), deadline = carveout_deadline(250);
	size_t i;

	EXPECT_LE(before + 250000000, deadline);
	EXPECT_GE(now_ns() + 250000000, deadline);
	EXPECT_EQ(CARVEOUT_DEADLINE_NONE, carveout_deadline(-1));
	for (i = 0; i < ARRAY_SIZE(deadlines); i++) {
		driver.calls = 0;
		driver.errors[0] = EINTR;
		EXPECT_EQ(-EINTR, carveout_open_tag_until(&fake_heap, "a", O_RDWR,
							  deadlines[i], NULL));
		EXPECT_EQ(0, carveout_open_tag_until(&fake_heap, "a", O_RDWR,
						     deadlines[i], NULL));
		ASSERT_EQ(2, driver.calls);
		open = (void *)driver.asked[1];
		EXPECT_EQ(CARVEOUT_OPEN_WAIT, open->flags);
		EXPECT_EQ(deadlines[i], open->deadline);
	}
}

/* === Resizing ============================================================= */

static void give_resized(int call, void *argument)
{
	struct carveout_ioctl_resize *resize = argument;

	(void)call;
	resize->size = 12288;
	resize->generation = 3;
	resize->new_fd = REPLY_FD;
}

TEST(resize_closes_the_old_descriptor_only_if_it_worked)
{
	const struct carveout_ioctl_resize *resize = (void *)driver.asked[2];
	struct carveout_opened opened = CARVEOUT_OPENED_INIT;
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	ASSERT_LE(0, fd);
	driver.answer = give_resized;
	driver.errors[0] = EBUSY;
	driver.errors[1] = EINTR;
	EXPECT_EQ(-EBUSY, carveout_resize(&fake_heap, fd, 10000, O_RDWR, &opened));
	EXPECT_EQ(0, opened.size);
	EXPECT_LE(0, fcntl(fd, F_GETFD));
	EXPECT_EQ(REPLY_FD, carveout_resize(&fake_heap, fd, 10000, O_RDWR, &opened));
	EXPECT_EQ(10000, resize->size);
	EXPECT_EQ(fd, resize->fd);
	EXPECT_EQ(12288, opened.size);
	EXPECT_EQ(3, opened.generation);
	EXPECT_EQ(-1, fcntl(fd, F_GETFD));
}

/* === Queries ============================================================== */

TEST(structures_of_another_age_are_the_drivers_to_judge)
{
	char bytes[20000];

	memset(bytes, 1, sizeof(bytes));
	EXPECT_EQ(0, carveout_query_sized(&fake_heap, (void *)bytes, 224));
	EXPECT_EQ(224, _IOC_SIZE(driver.command[0]));
	EXPECT_EQ(0, bytes[223]);
	EXPECT_EQ(1, bytes[224]);
	EXPECT_EQ(0, carveout_region_sized(&fake_heap, 7, (void *)bytes, 300));
	EXPECT_EQ(300, _IOC_SIZE(driver.command[1]));
	EXPECT_EQ(7, *(uint32_t *)driver.asked[1]);
	EXPECT_EQ(-E2BIG, carveout_query_sized(&fake_heap, (void *)bytes, 16384));
	EXPECT_EQ(-E2BIG, carveout_region_sized(&fake_heap, 0, (void *)bytes, 16384));
	EXPECT_EQ(-EINVAL, carveout_region_sized(&fake_heap, 0, (void *)bytes, 3));
	EXPECT_EQ(2, driver.calls);
}

TEST(info_is_filled_in_by_the_driver)
{
	const struct carveout_ioctl_info *info = (void *)driver.asked[1];
	struct carveout_buffer_info buffer;

	driver.errors[0] = EINTR;
	EXPECT_EQ(0, carveout_info_sized(&fake_heap, 7, &buffer, 1000));
	ASSERT_EQ(2, driver.calls);
	EXPECT_EQ(CARVEOUT_IOCTL_INFO, driver.command[1]);
	EXPECT_EQ(7, info->fd);
	EXPECT_EQ(0, info->flags);
	EXPECT_EQ((uintptr_t)&buffer, info->entry);
	EXPECT_EQ(1000, info->entry_size);
	EXPECT_EQ(0, info->reserved);
	EXPECT_EQ(0, carveout_info(&fake_heap, 7, &buffer));
	info = (void *)driver.asked[2];
	EXPECT_EQ(sizeof(buffer), info->entry_size);
}

/* A list of 700 entries. */
static void give_entries(int call, void *argument)
{
	struct carveout_ioctl_list *list = argument;
	uint64_t *entry = (uint64_t *)(uintptr_t)list->entries, i;

	(void)call;
	if (list->count > 700 - list->cursor)
		list->count = 700 - list->cursor;
	for (i = 0; i < list->count; i++)
		entry[i * (list->entry_size / 8)] = list->cursor + i;
	list->cursor += list->count;
}

TEST(lists_are_fetched_whole)
{
	struct carveout_ioctl_span *spans;
	struct carveout_buffer_info *buffers;
	size_t count, i;

	driver.answer = give_entries;
	driver.errors[1] = EINTR;
	ASSERT_EQ(0, carveout_spans(&fake_heap, &spans, &count));
	EXPECT_EQ(CARVEOUT_IOCTL_SPANS, driver.command[0]);
	ASSERT_EQ(700, count);
	for (i = 0; i < count; i++)
		EXPECT_EQ(i, spans[i].offset);
	free(spans);
	driver.calls = 0;
	ASSERT_EQ(0, carveout_buffers(&fake_heap, &buffers, &count));
	EXPECT_EQ(CARVEOUT_IOCTL_LIST, driver.command[0]);
	EXPECT_EQ(700, count);
	free(buffers);
	driver.errors[2] = EACCES;
	/* Repeat: a stale pointer on the stack may hide the last leaked array. */
	for (i = 0; i < 3; i++) {
		driver.calls = 0;
		EXPECT_EQ(-EACCES, carveout_buffers(&fake_heap, &buffers, &count));
		EXPECT_EQ(NULL, buffers);
		EXPECT_EQ(0, count);
	}
	EXPECT_EQ(0, __lsan_do_recoverable_leak_check());
}

TEST(lists_are_fetched_in_parts)
{
	struct carveout_ioctl_span spans[300];
	struct carveout_buffer_info buffer;
	uint64_t cursor = 0;

	driver.answer = give_entries;
	EXPECT_EQ(300, carveout_next_spans(&fake_heap, &cursor, spans, 300));
	EXPECT_EQ(300, carveout_next_spans(&fake_heap, &cursor, spans, 300));
	EXPECT_EQ(100, carveout_next_spans(&fake_heap, &cursor, spans, 300));
	EXPECT_EQ(699, spans[99].offset);
	EXPECT_EQ(0, carveout_next_spans(&fake_heap, &cursor, spans, 300));
	driver.errors[driver.calls] = EINVAL;
	cursor = 5;
	EXPECT_EQ(-EINVAL, carveout_next_buffers(&fake_heap, &cursor, &buffer, 0));
	EXPECT_EQ(5, cursor);
	EXPECT_EQ(-EINVAL, carveout_next_sized(&fake_heap, 3, &cursor, spans, 24, 1));
	EXPECT_EQ(5, driver.calls);
}

static void no_region(int call, void *argument)
{
	struct carveout_ioctl_region *region = argument;

	region->size = call + 1;
}

TEST(regions_are_fetched_until_there_is_none)
{
	struct carveout_ioctl_region *regions;
	size_t count;

	driver.answer = no_region;
	driver.errors[3] = ENOENT;
	ASSERT_EQ(0, carveout_regions(&fake_heap, &regions, &count));
	ASSERT_EQ(3, count);
	EXPECT_EQ(3, regions[2].size);
	free(regions);
	driver.calls = 0;
	driver.errors[2] = ENODEV;
	EXPECT_EQ(-ENODEV, carveout_regions(&fake_heap, &regions, &count));
	EXPECT_EQ(NULL, regions);
	EXPECT_EQ(0, count);
	EXPECT_EQ(0, __lsan_do_recoverable_leak_check());
}

/* === Caches =============================================================== */

TEST(sync_splits_what_is_too_much_for_a_call)
{
	static struct carveout_sync_range ranges[2 * CARVEOUT_SYNC_MAX + 1];
	const struct carveout_ioctl_sync *sync;
	int i;

	EXPECT_EQ(0, carveout_sync(&fake_heap, 5, CARVEOUT_SYNC_FOR_CPU, ranges,
				   ARRAY_SIZE(ranges)));
	ASSERT_EQ(3, driver.calls);
	for (i = 0; i < 3; i++) {
		sync = (void *)driver.asked[i];
		EXPECT_EQ(5, sync->fd);
		EXPECT_EQ(CARVEOUT_SYNC_FOR_CPU, sync->flags);
		EXPECT_EQ(i < 2 ? CARVEOUT_SYNC_MAX : 1, sync->count);
		EXPECT_EQ((uintptr_t)&ranges[i * CARVEOUT_SYNC_MAX], sync->ranges);
	}
	driver.calls = 0;
	driver.errors[1] = EINVAL;
	EXPECT_EQ(-EINVAL, carveout_sync(&fake_heap, 5, 1, ranges,
					 ARRAY_SIZE(ranges)));
	EXPECT_EQ(2, driver.calls);
	EXPECT_EQ(-EINVAL, carveout_sync(&fake_heap, 5, 1, ranges, 0));
	EXPECT_EQ(-EINVAL, carveout_sync(&fake_heap, 5, 1, NULL, 1));
	EXPECT_EQ(2, driver.calls);
}

static struct carveout_sync_range synced;

static void note_range(int call, void *argument)
{
	const struct carveout_ioctl_sync *sync = argument;

	(void)call;
	synced = *(struct carveout_sync_range *)(uintptr_t)sync->ranges;
}

TEST(sync_of_the_whole_buffer)
{
	int fd = memfd_create("buffer", MFD_CLOEXEC);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ftruncate(fd, 12288));
	driver.answer = note_range;
	EXPECT_EQ(0, carveout_sync(&fake_heap, fd, CARVEOUT_SYNC_FOR_DEVICE, NULL, 0));
	EXPECT_EQ(0, synced.offset);
	EXPECT_EQ(12288, synced.size);
	close(fd);
	EXPECT_EQ(-EBADF, carveout_sync(&fake_heap, fd, 1, NULL, 0));
	EXPECT_EQ(1, driver.calls);
}

TEST(access_is_bracketed)
{
	const struct dma_buf_sync *begin = (void *)driver.asked[0];
	const struct dma_buf_sync *end = (void *)driver.asked[1];
	uint32_t both = CARVEOUT_ACCESS_READ | CARVEOUT_ACCESS_WRITE;

	EXPECT_EQ(0, carveout_begin_access(5, CARVEOUT_ACCESS_READ));
	EXPECT_EQ(0, carveout_end_access(6, both));
	ASSERT_EQ(2, driver.calls);
	EXPECT_EQ(DMA_BUF_IOCTL_SYNC, driver.command[0]);
	EXPECT_EQ(5, driver.fd[0]);
	EXPECT_EQ(6, driver.fd[1]);
	EXPECT_EQ(DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ, begin->flags);
	EXPECT_EQ(DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW, end->flags);
	EXPECT_EQ(-EINVAL, carveout_begin_access(5, 0));
	EXPECT_EQ(-EINVAL, carveout_begin_access(5, DMA_BUF_SYNC_END | 1));
	EXPECT_EQ(-EINVAL, carveout_end_access(5, 8));
	EXPECT_EQ(2, driver.calls);
}
