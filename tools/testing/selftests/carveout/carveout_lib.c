// SPDX-License-Identifier: GPL-2.0
/*
 * libcarveout on a real heap: every function, its effects and its errors.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>

#include "carveout_lib_fixture.h"

#define LARGE	(2 * MIB)
#define OTHER	1003

static struct carveout_alloc_options wish(const char *tag, uint64_t size, uint32_t flags)
{
	struct carveout_alloc_options options = CARVEOUT_ALLOC_OPTIONS_INIT;

	options.tag = tag;
	options.size = size;
	options.flags = flags;
	return options;
}

static int named(const struct carveout_heap *heap, const char *tag, uint64_t size,
		 uint32_t flags)
{
	struct carveout_alloc_options options = wish(tag, size, flags);

	return carveout_alloc_with(heap, &options, NULL);
}

/* === Heaps =============================================================== */

TEST_F(lib, heap_is_found_and_opened)
{
	struct carveout_heap *heap;
	size_t count, i, found = 0;
	char **names;

	ASSERT_EQ(0, carveout_heap_names(&names, &count));
	for (i = 0; i < count; i++)
		found += !strcmp(names[i], heap_name());
	EXPECT_EQ(1, found);
	carveout_heap_names_free(names, count);
	EXPECT_STREQ(heap_path(), carveout_heap_path(self->rw));
	EXPECT_EQ(FD_CLOEXEC, fcntl(carveout_heap_fd(self->rw), F_GETFD));
	ASSERT_EQ(0, carveout_open(heap_path(), O_WRONLY, &heap));
	carveout_close(heap);
	EXPECT_EQ(-ENOENT, carveout_open("no-such-heap", O_RDWR, &heap));
	EXPECT_UNCHANGED(&self->heap);
}

/* A process of another user has a buffer and no heap. */
static int hold_buffer(void *data)
{
	struct carveout_buffer_info buffer;
	struct carveout_heap *heap;
	int fd = *(int *)data;

	if (become(OTHER, OTHER) || carveout_open(heap_path(), O_RDONLY, &heap) != -EACCES)
		return 1;
	if (carveout_open_dmabuf(&heap) || carveout_info(heap, fd, &buffer) ||
	    buffer.size != LARGE)
		return 2;
	return carveout_sync(heap, fd, CARVEOUT_SYNC_FOR_CPU, NULL, 0) ||
	       carveout_alloc(heap, 4096) != -ENOTTY;
}

TEST_F(lib, buffer_is_enough_to_sync_it)
{
	int fd = carveout_alloc(self->rw, LARGE);

	ASSERT_LE(0, fd);
	EXPECT_EQ(0, run_child(hold_buffer, &fd));
	close(fd);
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(lib, node_must_be_open_for_it)
{
	const char *tag = unique_tag("lib.node");
	int fd = named(self->rw, tag, 4096, 0), reader;
	struct carveout_ioctl_query query;
	struct carveout_buffer_info buffer;
	struct carveout_heap *wo;

	ASSERT_LE(0, fd);
	EXPECT_EQ(-EACCES, carveout_alloc(self->ro, 4096));
	EXPECT_EQ(-EACCES, carveout_open_tag(self->ro, tag, O_RDWR, NULL));
	EXPECT_EQ(-EACCES, carveout_unlink(self->ro, tag));
	EXPECT_EQ(-EACCES, carveout_setattr(self->ro, tag, 1, 0600, 0, 0));
	EXPECT_EQ(-EACCES, carveout_resize(self->ro, fd, 8192, O_RDWR, NULL));
	EXPECT_EQ(-EACCES, carveout_link(self->ro, fd, "x", 0, 0600, NULL));
	reader = carveout_open_tag(self->ro, tag, O_RDONLY | O_CLOEXEC, NULL);
	EXPECT_LE(0, reader);
	ASSERT_EQ(0, carveout_open(heap_name(), O_WRONLY, &wo));
	EXPECT_EQ(0, carveout_query(wo, &query));
	EXPECT_EQ(-EACCES, carveout_info(wo, fd, &buffer));
	EXPECT_EQ(-EACCES, carveout_acknowledge(wo));
	EXPECT_EQ(-EACCES, carveout_sync(wo, fd, CARVEOUT_SYNC_FOR_CPU, NULL, 0));
	EXPECT_EQ(0, carveout_unlink(wo, tag));
	carveout_close(wo);
	close(reader);
	close(fd);
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(lib, query_and_regions)
{
	struct carveout_ioctl_region *regions, one;
	struct carveout_ioctl_query query;
	size_t count, i;
	uint64_t size = 0;

	ASSERT_EQ(0, carveout_query(self->ro, &query));
	EXPECT_STREQ(heap_name(), query.name);
	EXPECT_EQ(self->heap.query.size, query.size);
	EXPECT_TRUE(query.capabilities & CARVEOUT_CAP_RESIZE);
	ASSERT_EQ(0, carveout_regions(self->ro, &regions, &count));
	EXPECT_EQ(query.regions, count);
	for (i = 0; i < count; i++) {
		EXPECT_EQ(i, regions[i].index);
		ASSERT_EQ(0, carveout_region(self->ro, i, &one));
		EXPECT_EQ(0, memcmp(&one, &regions[i], sizeof(one)));
		size += one.size;
	}
	EXPECT_EQ(query.size, size);
	EXPECT_EQ(-ENOENT, carveout_region(self->ro, count, &one));
	EXPECT_EQ(-EINVAL, carveout_query_sized(self->ro, &query, 8));
	free(regions);
}

/* === Allocating ========================================================== */

TEST_F(lib, alloc_of_so_many_bytes)
{
	int fd = carveout_alloc(self->rw, PAGE + 904);
	struct carveout_buffer_info buffer;
	uint64_t size;
	void *memory;

	ASSERT_LE(0, fd);
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	ASSERT_EQ(0, carveout_size(fd, &size));
	EXPECT_EQ(2 * PAGE, size);
	ASSERT_EQ(0, carveout_info(self->ro, fd, &buffer));
	EXPECT_EQ(2 * PAGE, buffer.size);
	EXPECT_EQ(0, buffer.tag[0]);
	ASSERT_EQ(0, carveout_map(fd, 0, size, PROT_READ | PROT_WRITE, &memory));
	EXPECT_TRUE(is_filled(memory, size, 0));
	fill_pattern(memory, size, 1);
	EXPECT_EQ(0, carveout_unmap(memory, size));
	close(fd);
	EXPECT_EQ(-EINVAL, carveout_alloc(self->rw, 0));
	EXPECT_EQ(-EINVAL, carveout_alloc(self->rw, UINT64_MAX));
	EXPECT_EQ(-ENOSPC, carveout_alloc(self->rw, self->heap.query.size + 1));
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(lib, alloc_with_a_tag)
{
	const char *tag = unique_tag("lib.alloc");
	struct carveout_alloc_options options = wish(tag, 4096, CARVEOUT_ALLOC_PERSIST);
	struct carveout_opened opened = CARVEOUT_OPENED_INIT;
	struct carveout_buffer_info buffer;
	int fd;

	options.label = "a label";
	options.mode = 0666;
	fd = carveout_alloc_with(self->rw, &options, &opened);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, carveout_info(self->ro, fd, &buffer));
	EXPECT_STREQ(tag, buffer.tag);
	EXPECT_STREQ("a label", buffer.label);
	EXPECT_EQ(0644, buffer.mode);
	EXPECT_EQ(CARVEOUT_BUFFER_PERSIST, buffer.flags & CARVEOUT_BUFFER_PERSIST);
	EXPECT_EQ(1, opened.created);
	EXPECT_EQ(buffer.size, opened.size);
	EXPECT_EQ(buffer.offset, opened.offset);
	EXPECT_EQ(buffer.generation, opened.generation);
	EXPECT_EQ(buffer.region, opened.region);
	EXPECT_EQ(buffer.attrs, opened.attrs);
	close(fd);
	EXPECT_EQ(-EEXIST, carveout_alloc_with(self->rw, &options, &opened));
	options.flags |= CARVEOUT_ALLOC_OPEN;
	fd = carveout_alloc_with(self->rw, &options, &opened);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, opened.created);
	EXPECT_EQ(buffer.generation, opened.generation);
	close(fd);
	EXPECT_EQ(0, carveout_unlink(self->rw, tag));
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(lib, alloc_at_a_place)
{
	struct carveout_alloc_options options = wish(NULL, 4096, 0);
	struct carveout_opened low = CARVEOUT_OPENED_INIT, high = low, same = low;
	uint32_t any = 0;
	int fd[3];

	options.regions = 1;
	fd[0] = carveout_alloc_with(self->rw, &options, &low);
	options.flags = CARVEOUT_ALLOC_TOP_DOWN;
	fd[1] = carveout_alloc_with(self->rw, &options, &high);
	ASSERT_LE(0, fd[0]);
	ASSERT_LE(0, fd[1]);
	EXPECT_EQ(0, low.region);
	EXPECT_LT(low.offset, high.offset);
	options.flags = CARVEOUT_ALLOC_EXACT;
	options.place = high.offset;
	EXPECT_EQ(-ENOSPC, carveout_alloc_with(self->rw, &options, NULL));
	close(fd[1]);
	fd[2] = carveout_alloc_with(self->rw, &options, &same);
	ASSERT_LE(0, fd[2]);
	EXPECT_EQ(high.offset, same.offset);
	close(fd[2]);
	close(fd[0]);
	options = wish(NULL, 4096, 0);
	options.require = low.attrs & 7;
	options.forbid = low.attrs & 7;
	EXPECT_EQ(-EINVAL, carveout_alloc_with(self->rw, &options, NULL));
	/* No region has the required attributes; the fallback allows any region. */
	options.forbid = 0;
	options.require = CARVEOUT_ATTR_CACHED | CARVEOUT_ATTR_UNCACHED;
	options.fallback = &any;
	options.nr_fallback = 1;
	fd[0] = carveout_alloc_with(self->rw, &options, NULL);
	EXPECT_LE(0, fd[0]);
	close(fd[0]);
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(lib, alloc_of_what_cannot_be)
{
	struct carveout_alloc_options options = wish(NULL, 4096, 0);

	options.align = 3;
	EXPECT_EQ(-EINVAL, carveout_alloc_with(self->rw, &options, NULL));
	options = wish(NULL, 4096, 0);
	options.max_addr = 1;
	EXPECT_EQ(-ENOSPC, carveout_alloc_with(self->rw, &options, NULL));
	options = wish(NULL, 4096, CARVEOUT_ALLOC_PERSIST);
	EXPECT_EQ(-EINVAL, carveout_alloc_with(self->rw, &options, NULL));
	EXPECT_EQ(-EINVAL, named(self->rw, "a/b", 4096, 0));
	EXPECT_EQ(-EINVAL, named(self->rw, unique_tag("lib.flag"), 4096, 1U << 31));
	options = wish(NULL, 4096, 0);
	options.label = "\033";
	EXPECT_EQ(-EINVAL, carveout_alloc_with(self->rw, &options, NULL));
	options.label = NULL;
	options.fd_flags = O_WRONLY;
	EXPECT_EQ(-EINVAL, carveout_alloc_with(self->rw, &options, NULL));
	EXPECT_UNCHANGED(&self->heap);
}

/* === Opening ============================================================= */

TEST_F(lib, open_by_tag)
{
	const char *tag = unique_tag("lib.open");
	struct carveout_opened opened = CARVEOUT_OPENED_INIT;
	int fd = named(self->rw, tag, 2 * PAGE, 0), reader;
	struct carveout_buffer_info buffer;
	void *memory;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, carveout_info(self->rw, fd, &buffer));
	reader = carveout_open_tag(self->ro, tag, O_RDONLY | O_CLOEXEC, &opened);
	ASSERT_LE(0, reader);
	EXPECT_EQ(2 * PAGE, opened.size);
	EXPECT_EQ(buffer.generation, opened.generation);
	EXPECT_EQ(buffer.offset, opened.offset);
	EXPECT_EQ(0, opened.created);
	EXPECT_EQ(-EACCES, carveout_map(reader, 0, 2 * PAGE, PROT_READ | PROT_WRITE,
					&memory));
	ASSERT_EQ(0, carveout_map(reader, PAGE, PAGE, PROT_READ, &memory));
	EXPECT_EQ(0, carveout_unmap(memory, PAGE));
	EXPECT_EQ(-ENOENT, carveout_open_tag(self->rw, "no-such", O_RDWR, NULL));
	EXPECT_EQ(-EINVAL, carveout_open_tag(self->rw, "", O_RDWR, NULL));
	EXPECT_EQ(-EINVAL, carveout_open_tag(self->rw, "a b", O_RDWR, NULL));
	EXPECT_EQ(-EINVAL, carveout_open_tag(self->rw, tag, O_WRONLY, NULL));
	ASSERT_EQ(0, seteuid(OTHER));
	EXPECT_EQ(-EACCES, carveout_open_tag(self->rw, tag, O_RDONLY, NULL));
	EXPECT_EQ(-EACCES, carveout_open_tag_wait(self->rw, tag, O_RDONLY, -1, NULL));
	EXPECT_EQ(-EACCES, carveout_unlink(self->rw, tag));
	ASSERT_EQ(0, seteuid(0));
	close(reader);
	close(fd);
	EXPECT_UNCHANGED(&self->heap);
}

struct maker {
	const struct carveout_heap *heap;
	const char *tag;
	int fd;
};

static void *make_later(void *data)
{
	struct maker *maker = data;

	sleep_us(50000);
	maker->fd = named(maker->heap, maker->tag, 4096, 0);
	return NULL;
}

static void on_signal(int number)
{
	(void)number;
}

TEST_F(lib, open_waits)
{
	struct maker maker = { self->rw, unique_tag("lib.wait"), -1 };
	struct itimerval often = { { 0, 50000 }, { 0, 50000 } }, never = { 0 };
	struct sigaction action = { .sa_handler = on_signal };
	struct carveout_opened opened = CARVEOUT_OPENED_INIT;
	pthread_t thread;
	__u64 deadline;
	int fd;

	EXPECT_EQ(-ETIMEDOUT, carveout_open_tag_wait(self->ro, maker.tag, O_RDONLY, 0, NULL));
	EXPECT_TRUE(TIMES_OUT_IN(100, deadline,
				 carveout_open_tag_wait(self->ro, maker.tag, O_RDONLY,
							100, NULL)));
	ASSERT_EQ(0, sigaction(SIGALRM, &action, NULL));
	/* A signal before the call does not end it. */
	ASSERT_EQ(0, setitimer(ITIMER_REAL, &often, NULL));
	EXPECT_EQ(-EINTR, carveout_open_tag_wait(self->ro, maker.tag, O_RDONLY, -1, NULL));
	ASSERT_EQ(0, setitimer(ITIMER_REAL, &never, NULL));
	ASSERT_EQ(0, pthread_create(&thread, NULL, make_later, &maker));
	fd = carveout_open_tag_wait(self->ro, maker.tag, O_RDONLY | O_CLOEXEC, 30000,
				    &opened);
	EXPECT_LE(0, fd);
	EXPECT_EQ(PAGE, opened.size);
	pthread_join(thread, NULL);
	close(fd);
	close(maker.fd);
	EXPECT_UNCHANGED(&self->heap);
}

/* === Tags ================================================================ */

TEST_F(lib, link_replace_unlink)
{
	const char *tag = unique_tag("lib.link");
	int first = carveout_alloc(self->rw, 4096);
	int next = carveout_alloc(self->rw, 4096);
	uint64_t old = 0, new = 0;
	struct carveout_buffer_info buffer;

	ASSERT_LE(0, first);
	ASSERT_LE(0, next);
	ASSERT_EQ(0, carveout_link(self->rw, first, tag, 0, 0666, &old));
	ASSERT_EQ(0, carveout_info(self->rw, first, &buffer));
	EXPECT_STREQ(tag, buffer.tag);
	EXPECT_EQ(0644, buffer.mode);
	EXPECT_EQ(old, buffer.generation);
	EXPECT_EQ(-EEXIST, carveout_link(self->rw, next, tag, 0, 0600, NULL));
	EXPECT_EQ(-EBUSY, carveout_link(self->rw, first, "x", 0, 0600, NULL));
	EXPECT_EQ(-EINVAL, carveout_link(self->rw, next, "", 0, 0600, NULL));
	EXPECT_EQ(-EBADF, carveout_link(self->rw, -1, "x", 0, 0600, NULL));
	ASSERT_EQ(0, carveout_link(self->rw, next, tag, CARVEOUT_LINK_REPLACE |
				   CARVEOUT_LINK_PERSIST, 0600, &new));
	EXPECT_LT(old, new);
	close(first);
	close(next);
	EXPECT_EQ(1, find_listed(self->heap.node, tag, &buffer));
	EXPECT_EQ(new, buffer.generation);
	EXPECT_EQ(0, carveout_unlink(self->rw, tag));
	EXPECT_EQ(-ENOENT, carveout_unlink(self->rw, tag));
	EXPECT_EQ(-EINVAL, carveout_unlink(self->rw, ""));
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(lib, setattr_changes_what_it_names)
{
	const char *tag = unique_tag("lib.attr");
	int fd = named(self->rw, tag, 4096, 0);
	struct carveout_buffer_info buffer;
	uint32_t mode = CARVEOUT_SETATTR_MODE;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, carveout_setattr(self->rw, tag, mode, 0664, 7, 8));
	ASSERT_EQ(0, carveout_info(self->rw, fd, &buffer));
	EXPECT_EQ(0664, buffer.mode);
	EXPECT_EQ(0, buffer.uid);
	EXPECT_EQ(0, buffer.gid);
	ASSERT_EQ(0, carveout_setattr(self->rw, tag, CARVEOUT_SETATTR_UID |
				      CARVEOUT_SETATTR_GID, 0, 7, 8));
	ASSERT_EQ(0, carveout_info(self->rw, fd, &buffer));
	EXPECT_EQ(0664, buffer.mode);
	EXPECT_EQ(7, buffer.uid);
	EXPECT_EQ(8, buffer.gid);
	EXPECT_EQ(-EINVAL, carveout_setattr(self->rw, tag, 0, 0, 0, 0));
	EXPECT_EQ(-EINVAL, carveout_setattr(self->rw, tag, mode, 01000, 0, 0));
	EXPECT_EQ(-EINVAL, carveout_setattr(self->rw, "a/b", mode, 0, 0, 0));
	EXPECT_EQ(-ENOENT, carveout_setattr(self->rw, "no-such", mode, 0, 0, 0));
	ASSERT_EQ(0, seteuid(OTHER));
	EXPECT_EQ(-EACCES, carveout_setattr(self->rw, tag, mode, 0666, 0, 0));
	ASSERT_EQ(0, seteuid(0));
	close(fd);
	EXPECT_UNCHANGED(&self->heap);
}

/* === Queries ============================================================= */

TEST_F(lib, info_is_about_buffers_of_this_heap)
{
	int fd = carveout_alloc(self->rw, 4096);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct carveout_buffer_info buffer;

	ASSERT_LE(0, fd);
	EXPECT_EQ(0, carveout_info(self->ro, fd, &buffer));
	EXPECT_EQ(getpid(), buffer.pid);
	EXPECT_EQ(-EBADF, carveout_info(self->ro, -1, &buffer));
	EXPECT_EQ(-EINVAL, carveout_info(self->ro, null, &buffer));
	close(null);
	close(fd);
}

#define MANY	300

TEST_F(lib, lists_show_everything_once)
{
	struct carveout_buffer_info *buffers, one;
	struct carveout_ioctl_span *spans, span;
	size_t count, i, seen = 0, spans_seen = 0;
	uint64_t cursor = 0, total = 0, used = 0;
	int fd[MANY];

	for (i = 0; i < MANY; i++) {
		fd[i] = carveout_alloc(self->rw, 4096);
		ASSERT_LE(0, fd[i]);
	}
	ASSERT_EQ(0, carveout_buffers(self->ro, &buffers, &count));
	EXPECT_EQ(MANY, count);
	while (carveout_next_buffers(self->ro, &cursor, &one, 1) == 1)
		EXPECT_EQ(0, memcmp(&one, &buffers[seen++], sizeof(one)));
	EXPECT_EQ(count, seen);
	free(buffers);
	ASSERT_EQ(0, carveout_spans(self->ro, &spans, &count));
	for (i = 0; i < count; i++) {
		total += spans[i].size;
		used += spans[i].used ? spans[i].size : 0;
	}
	EXPECT_EQ(self->heap.query.size, total);
	EXPECT_EQ(used_bytes(self->heap.node), used);
	for (cursor = 0; carveout_next_spans(self->ro, &cursor, &span, 1) == 1;)
		spans_seen++;
	EXPECT_EQ(count, spans_seen);
	free(spans);
	cursor = 0;
	EXPECT_EQ(-EINVAL, carveout_next_buffers(self->ro, &cursor, &one, 0));
	EXPECT_EQ(-EINVAL, carveout_next_sized(self->ro, CARVEOUT_LIST_BUFFERS,
					       &cursor, &one, 8, 1));
	for (i = 0; i < MANY; i++)
		close(fd[i]);
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(lib, poll_tells_of_changes)
{
	struct carveout_buffer_info *buffers;
	size_t count;
	int fd;

	ASSERT_EQ(0, carveout_acknowledge(self->ro));
	EXPECT_EQ(0, carveout_poll(self->ro, 0));
	fd = named(self->rw, unique_tag("lib.poll"), 4096, 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(1, carveout_poll(self->ro, -1));
	EXPECT_EQ(1, carveout_poll(self->ro, 0));
	ASSERT_EQ(0, carveout_acknowledge(self->ro));
	EXPECT_EQ(0, carveout_poll(self->ro, 0));
	close(fd);
	EXPECT_EQ(1, carveout_poll(self->ro, SETTLE_MS));
	ASSERT_EQ(0, carveout_buffers(self->ro, &buffers, &count));
	free(buffers);
	EXPECT_EQ(0, carveout_poll(self->ro, 0));
	EXPECT_UNCHANGED(&self->heap);
}

/* === Memory ============================================================== */

TEST_F(lib, caches)
{
	struct carveout_sync_range part[2] = { { 0, 64 }, { 2 * PAGE - 192, 192 } };
	static struct carveout_sync_range many[CARVEOUT_SYNC_MAX + 1];
	int fd = carveout_alloc(self->rw, 2 * PAGE);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	uint32_t both = CARVEOUT_SYNC_FOR_DEVICE | CARVEOUT_SYNC_FOR_CPU;
	size_t i;

	ASSERT_LE(0, fd);
	EXPECT_EQ(0, carveout_sync(self->ro, fd, both, NULL, 0));
	EXPECT_EQ(0, carveout_sync(self->ro, fd, CARVEOUT_SYNC_FOR_CPU, part, 2));
	for (i = 0; i < ARRAY_SIZE(many); i++)
		many[i].size = 1;
	EXPECT_EQ(0, carveout_sync(self->ro, fd, both, many, ARRAY_SIZE(many)));
	many[CARVEOUT_SYNC_MAX].offset = 2 * PAGE;
	EXPECT_EQ(-EINVAL, carveout_sync(self->ro, fd, both, many, ARRAY_SIZE(many)));
	part[1].size++;
	EXPECT_EQ(-EINVAL, carveout_sync(self->ro, fd, both, part, 2));
	EXPECT_EQ(-EINVAL, carveout_sync(self->ro, fd, 0, part, 1));
	EXPECT_EQ(-EINVAL, carveout_sync(self->ro, null, both, NULL, 0));
	EXPECT_EQ(-EINVAL, carveout_sync(self->ro, null, both, part, 1));
	EXPECT_EQ(-EBADF, carveout_sync(self->ro, -1, both, NULL, 0));
	EXPECT_EQ(0, carveout_begin_access(fd, CARVEOUT_ACCESS_WRITE));
	EXPECT_EQ(0, carveout_end_access(fd, CARVEOUT_ACCESS_WRITE));
	EXPECT_EQ(-ENOTTY, carveout_begin_access(null, CARVEOUT_ACCESS_READ));
	EXPECT_EQ(-EBADF, carveout_end_access(-1, CARVEOUT_ACCESS_READ));
	close(null);
	close(fd);
}

TEST_F(lib, map_whole_and_in_part)
{
	struct carveout_alloc_options options = wish(NULL, 2 * LARGE + 2 * PAGE, 0);
	/* With large pages the mapping is too small for a huge page. */
	const size_t align = carveout_map_align() <= LARGE ? LARGE : (size_t)PAGE;
	char *whole, *part;
	void *memory;
	int fd;

	options.align = LARGE;
	fd = carveout_alloc_with(self->rw, &options, NULL);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, carveout_map(fd, 0, options.size, PROT_READ | PROT_WRITE, &memory));
	whole = memory;
	EXPECT_EQ(0, (uintptr_t)whole % align);
	whole[2 * PAGE] = 1;
	whole[options.size - 1] = 2;
	ASSERT_EQ(0, carveout_map(fd, 2 * PAGE, 2 * LARGE, PROT_READ, &memory));
	part = memory;
	EXPECT_EQ(2 * PAGE % align, (uintptr_t)part % align);
	EXPECT_EQ(1, part[0]);
	EXPECT_EQ(2, part[2 * LARGE - 1]);
	EXPECT_EQ(-EINVAL, carveout_map(fd, 0, options.size + 1, PROT_READ, &memory));
	EXPECT_EQ(-EINVAL, carveout_map(fd, 3 * PAGE, 2 * LARGE, PROT_READ, &memory));
	EXPECT_EQ(-EINVAL, carveout_map(fd, options.size, 1, PROT_READ, &memory));
	EXPECT_EQ(MAP_FAILED, memory);
	EXPECT_EQ(0, carveout_unmap(part, 2 * LARGE));
	EXPECT_EQ(0, carveout_unmap(whole, options.size));
	close(fd);
	EXPECT_UNCHANGED(&self->heap);
}

/* === Resizing ============================================================ */

TEST_F(lib, resize_keeps_content_and_name)
{
	const char *tag = unique_tag("lib.resize");
	struct carveout_opened opened = CARVEOUT_OPENED_INIT;
	int fd = named(self->rw, tag, 2 * PAGE, 0), next, other;
	void *memory;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, carveout_map(fd, 0, 2 * PAGE, PROT_READ | PROT_WRITE, &memory));
	fill_pattern(memory, 2 * PAGE, 6);
	EXPECT_EQ(-EBUSY, carveout_resize(self->rw, fd, 4 * PAGE, O_RDWR, NULL));
	EXPECT_EQ(0, carveout_unmap(memory, 2 * PAGE));
	EXPECT_EQ(-EINVAL, carveout_resize(self->rw, fd, 0, O_RDWR, NULL));
	EXPECT_EQ(-EBADF, carveout_resize(self->rw, -1, 1, O_RDWR, NULL));
	EXPECT_EQ(-ENOSPC, carveout_resize(self->rw, fd, self->heap.query.size + 1,
					   O_RDWR, NULL));
	other = carveout_open_tag(self->rw, tag, O_RDONLY, NULL);
	EXPECT_EQ(-EBUSY, carveout_resize(self->rw, fd, 4 * PAGE, O_RDWR, NULL));
	close(other);
	next = carveout_resize(self->rw, fd, 4 * PAGE, O_RDWR | O_CLOEXEC, &opened);
	ASSERT_LE(0, next);
	EXPECT_EQ(4 * PAGE, opened.size);
	EXPECT_NE(fd, next);
	EXPECT_EQ(-1, fcntl(fd, F_GETFD));
	other = carveout_open_tag(self->ro, tag, O_RDONLY | O_CLOEXEC, &opened);
	ASSERT_LE(0, other);
	EXPECT_EQ(4 * PAGE, opened.size);
	ASSERT_EQ(0, carveout_map(other, 0, 4 * PAGE, PROT_READ, &memory));
	EXPECT_TRUE(has_pattern(memory, 2 * PAGE, 6));
	EXPECT_TRUE(is_filled((char *)memory + 2 * PAGE, 2 * PAGE, 0));
	EXPECT_EQ(0, carveout_unmap(memory, 4 * PAGE));
	close(other);
	fd = carveout_resize(self->rw, next, 1, O_RDWR | O_CLOEXEC, &opened);
	ASSERT_LE(0, fd);
	EXPECT_EQ(PAGE, opened.size);
	close(fd);
	EXPECT_UNCHANGED(&self->heap);
}

/* === Threads ============================================================= */

#define THREADS	6

struct worker {
	const struct carveout_heap *heap;
	const char *shared;
	pthread_t thread;
	unsigned int number;
	unsigned int rounds;
	int line;
};

/* Under a tag of its own, the thread sees no other one. */
static int work_alone(struct worker *worker, const char *tag)
{
	int fd = named(worker->heap, tag, 2 * PAGE, 0), other;
	struct carveout_buffer_info buffer;
	void *memory;

	if (fd < 0)
		return __LINE__;
	other = carveout_open_tag_wait(worker->heap, tag, O_RDONLY, 1000, NULL);
	if (other < 0)
		return __LINE__;
	if (carveout_map(fd, 0, 2 * PAGE, PROT_READ | PROT_WRITE, &memory) ||
	    !is_filled(memory, 2 * PAGE, 0))
		return __LINE__;
	fill_pattern(memory, 2 * PAGE, worker->number);
	if (carveout_unmap(memory, 2 * PAGE) ||
	    carveout_map(other, 0, 2 * PAGE, PROT_READ, &memory))
		return __LINE__;
	if (!has_pattern(memory, 2 * PAGE, worker->number) ||
	    carveout_unmap(memory, 2 * PAGE))
		return __LINE__;
	close(other);
	fd = carveout_resize(worker->heap, fd, PAGE, O_RDWR | O_CLOEXEC, NULL);
	if (fd < 0 || carveout_info(worker->heap, fd, &buffer) ||
	    buffer.size != (__u64)PAGE || strcmp(buffer.tag, tag))
		return __LINE__;
	if (carveout_unlink(worker->heap, tag))
		return __LINE__;
	close(fd);
	return 0;
}

/* Under the shared tag, the threads replace each other's buffers. */
static int work_together(struct worker *worker)
{
	int fd = carveout_alloc(worker->heap, 4096), other;
	struct carveout_buffer_info *buffers;
	size_t count;

	if (fd < 0)
		return __LINE__;
	if (carveout_link(worker->heap, fd, worker->shared, CARVEOUT_LINK_REPLACE,
			  0600, NULL))
		return __LINE__;
	other = carveout_open_tag(worker->heap, worker->shared, O_RDONLY, NULL);
	if (other < 0 && other != -ENOENT)
		return __LINE__;
	if (carveout_buffers(worker->heap, &buffers, &count) ||
	    carveout_poll(worker->heap, 0) < 0)
		return __LINE__;
	free(buffers);
	if (other >= 0)
		close(other);
	close(fd);
	return 0;
}

static void *work(void *data)
{
	struct worker *worker = data;
	char tag[CARVEOUT_NAME_LEN];
	unsigned int i;

	snprintf(tag, sizeof(tag), "lib.thread-%d-%u", getpid(), worker->number);
	for (i = 0; i < worker->rounds && !worker->line; i++) {
		worker->line = work_alone(worker, tag);
		if (!worker->line)
			worker->line = work_together(worker);
	}
	return NULL;
}

TEST_F_TIMEOUT(lib, threads_share_a_heap, 120)
{
	struct worker workers[THREADS] = { 0 };
	unsigned int i;

	for (i = 0; i < THREADS; i++) {
		workers[i].heap = self->rw;
		workers[i].shared = unique_tag("lib.shared");
		workers[i].number = i + 1;
		workers[i].rounds = env_rounds(100);
		ASSERT_EQ(0, pthread_create(&workers[i].thread, NULL, work, &workers[i]));
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(workers[i].thread, NULL);
		EXPECT_EQ(0, workers[i].line);
	}
	EXPECT_UNCHANGED(&self->heap);
}

TEST_HARNESS_MAIN
