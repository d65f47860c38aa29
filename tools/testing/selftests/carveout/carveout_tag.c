// SPDX-License-Identifier: GPL-2.0
/*
 * Tags: create, open, unlink, reuse, lifetime, and their entries in the list.
 */
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "carveout_fixture.h"

static __u32 refs_of(int node, int fd)
{
	struct carveout_buffer_info buffer;

	return query_buffer(node, fd, &buffer) ? ~0U : buffer.refs;
}

/* Wait until a tag has disappeared; the kernel may finish a close() a little later. */
static bool tag_goes(int node, const char *tag)
{
	return BECOMES_TRUE(try_open(node, tag, O_RDONLY) == -ENOENT);
}

/* === Create and open ===================================================== */

TEST_F(heap, create_is_exclusive)
{
	const char *tag = unique_tag("tag.exclusive");
	int node = self->heap.node;
	int fd = alloc_tag(node, 2 * PAGE, tag, 0, 0600);
	struct heap_snapshot with;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, take_snapshot(&with));
	EXPECT_EQ(-EEXIST, alloc_tag(node, 2 * PAGE, tag, 0, 0600));
	EXPECT_EQ(-EEXIST, alloc_tag(node, PAGE, tag, 0, 0600));
	EXPECT_EQ(-EEXIST, alloc_tag(node, PAGE, tag, CARVEOUT_ALLOC_PERSIST,
				     0600));
	EXPECT_SNAPSHOT(&with);
	close(fd);
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(heap, open_or_create)
{
	const char *tag = unique_tag("tag.either");
	struct carveout_ioctl_alloc first = alloc_request(2 * PAGE);
	struct carveout_ioctl_alloc again;
	int node = self->heap.node;

	set_name(first.tag, tag);
	first.flags = CARVEOUT_ALLOC_OPEN;
	first.mode = 0600;
	again = first;
	ASSERT_EQ(0, xioctl(node, CARVEOUT_IOCTL_ALLOC, &first));
	EXPECT_EQ(CARVEOUT_ALLOC_CREATED, first.created);

	again.size = PAGE + 1;	/* less than exists */
	ASSERT_EQ(0, xioctl(node, CARVEOUT_IOCTL_ALLOC, &again));
	EXPECT_EQ(0, again.created);
	EXPECT_EQ(2 * PAGE, again.size);
	EXPECT_EQ(first.generation, again.generation);
	EXPECT_EQ(first.offset, again.offset);
	EXPECT_EQ(first.region, again.region);
	EXPECT_EQ(first.attrs, again.attrs);
	EXPECT_NE(first.fd, again.fd);
	EXPECT_EQ(self->heap.query.used + 2 * PAGE, used_bytes(node));
	close(first.fd);
	close(again.fd);
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(heap, open_or_create_of_another_kind_is_EEXIST)
{
	const char *tag = unique_tag("tag.kind");
	struct carveout_ioctl_alloc alloc = alloc_request(2 * PAGE);
	struct heap_snapshot with;
	int node = self->heap.node;
	__u32 kind;
	int fd;

	fd = alloc_tag(node, 2 * PAGE, tag, 0, 0600);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, take_snapshot(&with));
	set_name(alloc.tag, tag);
	alloc.flags = CARVEOUT_ALLOC_OPEN;
	alloc.mode = 0600;
	alloc.size = 2 * PAGE + 1;
	EXPECT_EQ(-EEXIST, xioctl(node, CARVEOUT_IOCTL_ALLOC, &alloc));
	alloc.size = 1ULL << 62;
	EXPECT_EQ(-EEXIST, xioctl(node, CARVEOUT_IOCTL_ALLOC, &alloc));
	for (kind = 1; kind < 16; kind <<= 1) {
		struct carveout_buffer_info buffer;

		ASSERT_EQ(0, query_buffer(node, fd, &buffer));
		alloc.size = 2 * PAGE;
		alloc.require = buffer.attrs & kind ? 0 : kind;
		alloc.forbid = buffer.attrs & kind ? kind : 0;
		EXPECT_EQ(-EEXIST, xioctl(node, CARVEOUT_IOCTL_ALLOC, &alloc))
			TH_LOG("attribute %x", kind);
	}
	alloc = alloc_request(2 * PAGE);
	set_name(alloc.tag, tag);
	alloc.mode = 0600;
	alloc.flags = CARVEOUT_ALLOC_OPEN | CARVEOUT_ALLOC_PERSIST;
	EXPECT_EQ(-EEXIST, xioctl(node, CARVEOUT_IOCTL_ALLOC, &alloc));
	alloc.flags = CARVEOUT_ALLOC_OPEN;
	alloc.max_addr = 4096;
	EXPECT_EQ(-EEXIST, xioctl(node, CARVEOUT_IOCTL_ALLOC, &alloc));
	EXPECT_SNAPSHOT(&with);
	close(fd);
	EXPECT_UNCHANGED(&self->heap);
}

/* The requested location matters, too. */
TEST_F(heap, open_or_create_elsewhere_is_EEXIST)
{
	struct carveout_ioctl_alloc alloc = alloc_request(PAGE);
	const char *tag = unique_tag("tag.where");
	int node = self->heap.node;
	struct carveout_buffer_info buffer;
	int odd, fd;

	odd = alloc_buffer(node, PAGE);
	fd = alloc_tag(node, PAGE, tag, 0, 0600);
	ASSERT_LE(0, odd);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, query_buffer(node, fd, &buffer));
	set_name(alloc.tag, tag);
	alloc.flags = CARVEOUT_ALLOC_OPEN;
	alloc.mode = 0600;
	/* The lowest set bit of an address is its alignment. */
	alloc.align = buffer.phys & -buffer.phys;
	if (alloc.align <= self->heap.query.max_align / 2) {
		alloc.align <<= 1;
		EXPECT_EQ(-EEXIST, xioctl(node, CARVEOUT_IOCTL_ALLOC, &alloc));
		alloc.align >>= 1;
		EXPECT_EQ(0, xioctl(node, CARVEOUT_IOCTL_ALLOC, &alloc));
		close(alloc.fd);
	}
	alloc.align = 0;
	alloc.max_addr = buffer.phys + PAGE;
	EXPECT_EQ(0, xioctl(node, CARVEOUT_IOCTL_ALLOC, &alloc));
	close(alloc.fd);
	alloc.max_addr--;
	EXPECT_EQ(-EEXIST, xioctl(node, CARVEOUT_IOCTL_ALLOC, &alloc));
	alloc.max_addr = 0;
	if (self->heap.query.regions > 1) {
		alloc.regions = 1ULL << !buffer.region;
		EXPECT_EQ(-EEXIST, xioctl(node, CARVEOUT_IOCTL_ALLOC, &alloc));
	}
	close(fd);
	close(odd);
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(heap, open_finds_the_same_buffer)
{
	const char *tag = unique_tag("tag.open");
	struct carveout_ioctl_open open = { .fd_flags = O_RDWR | O_CLOEXEC };
	int node = self->heap.node;
	struct carveout_buffer_info buffer;
	char *one, *two;
	int fd;

	EXPECT_EQ(-ENOENT, open_tag(node, tag, O_RDWR));
	fd = alloc_tag(node, 2 * PAGE, tag, 0, 0600);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, query_buffer(node, fd, &buffer));
	set_name(open.tag, tag);
	ASSERT_EQ(0, xioctl(node, CARVEOUT_IOCTL_OPEN, &open));
	EXPECT_EQ(buffer.size, open.size);
	EXPECT_EQ(buffer.offset, open.offset);
	EXPECT_EQ(buffer.generation, open.generation);
	EXPECT_EQ(buffer.region, open.region);
	EXPECT_EQ(buffer.attrs, open.attrs);
	EXPECT_EQ(FD_CLOEXEC, fcntl(open.fd, F_GETFD));
	one = map_buffer(fd, 2 * PAGE, PROT_READ | PROT_WRITE);
	two = map_buffer(open.fd, 2 * PAGE, PROT_READ | PROT_WRITE);
	ASSERT_NE(MAP_FAILED, (void *)one);
	ASSERT_NE(MAP_FAILED, (void *)two);
	fill_pattern(one, 2 * PAGE, 7);
	EXPECT_TRUE(has_pattern(two, 2 * PAGE, 7));
	munmap(one, 2 * PAGE);
	munmap(two, 2 * PAGE);
	close(fd);
	close(open.fd);
	EXPECT_EQ(-ENOENT, open_tag(node, tag, O_RDWR));
	EXPECT_UNCHANGED(&self->heap);
}

/* A read-write and a read-only file descriptor refer to one buffer. */
TEST_F(heap, descriptors_of_one_buffer_share_it)
{
	const char *tag = unique_tag("tag.refs");
	int node = self->heap.node;
	int rw = alloc_tag(node, PAGE, tag, 0, 0600);
	int rw2, ro, ro2;

	ASSERT_LE(0, rw);
	EXPECT_EQ(1, refs_of(node, rw));
	rw2 = open_tag(node, tag, O_RDWR);
	ro = open_tag(node, tag, O_RDONLY);
	ro2 = open_tag(node, tag, O_RDONLY);
	ASSERT_LE(0, rw2);
	ASSERT_LE(0, ro);
	ASSERT_LE(0, ro2);
	EXPECT_EQ(O_RDWR, fcntl(rw2, F_GETFL) & O_ACCMODE);
	EXPECT_EQ(O_RDONLY, fcntl(ro, F_GETFL) & O_ACCMODE);
	EXPECT_EQ(generation_of(node, rw), generation_of(node, ro));
	EXPECT_EQ(self->heap.query.used + PAGE, used_bytes(node));
	close(rw);
	close(rw2);
	/* A read-only file does not become writable when it is the last one. */
	EXPECT_EQ(O_RDONLY, fcntl(ro, F_GETFL) & O_ACCMODE);
	rw = open_tag(node, tag, O_RDWR);
	EXPECT_LE(0, rw);
	EXPECT_EQ(MAP_FAILED, map_buffer(ro, PAGE, PROT_WRITE));
	close(rw);
	close(ro);
	close(ro2);
	EXPECT_UNCHANGED(&self->heap);
}

/* === Unlink ============================================================== */

TEST_F(heap, unlink_frees_the_name_and_leaves_the_buffer)
{
	const char *tag = unique_tag("tag.unlink");
	int node = self->heap.node;
	struct carveout_buffer_info buffer;
	char *old, *new;
	__u64 number;
	int fd, fd2;

	EXPECT_EQ(-ENOENT, unlink_tag(node, tag));
	fd = alloc_tag(node, PAGE, tag, 0, 0600);
	ASSERT_LE(0, fd);
	number = generation_of(node, fd);
	old = map_buffer(fd, PAGE, PROT_READ | PROT_WRITE);
	ASSERT_NE(MAP_FAILED, (void *)old);
	fill_pattern(old, PAGE, 1);
	ASSERT_EQ(0, unlink_tag(node, tag));
	EXPECT_EQ(-ENOENT, unlink_tag(node, tag));
	EXPECT_EQ(-ENOENT, open_tag(node, tag, O_RDONLY));
	EXPECT_EQ(0, find_listed(node, tag, NULL));
	ASSERT_EQ(0, query_buffer(node, fd, &buffer));
	EXPECT_EQ('\0', buffer.tag[0]);
	EXPECT_EQ(0, buffer.flags & CARVEOUT_BUFFER_PERSIST);

	/* The tag refers to another buffer now; the old one is not affected. */
	fd2 = alloc_tag(node, PAGE, tag, 0, 0600);
	ASSERT_LE(0, fd2);
	EXPECT_LT(number, generation_of(node, fd2));
	new = map_buffer(fd2, PAGE, PROT_READ | PROT_WRITE);
	ASSERT_NE(MAP_FAILED, (void *)new);
	EXPECT_TRUE(is_filled(new, PAGE, 0));
	fill_pattern(new, PAGE, 2);
	EXPECT_TRUE(has_pattern(old, PAGE, 1));
	munmap(old, PAGE);
	close(fd);
	/* Freeing the old buffer does not remove the tag of the new one. */
	sleep_us(2000);
	EXPECT_EQ(1, find_listed(node, tag, &buffer));
	EXPECT_EQ(generation_of(node, fd2), buffer.generation);
	EXPECT_TRUE(has_pattern(new, PAGE, 2));
	munmap(new, PAGE);
	close(fd2);
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(heap, generation_is_never_used_again)
{
	const char *tag = unique_tag("tag.generation");
	int node = self->heap.node;
	__u64 last = 0, number;
	int i, fd;

	for (i = 0; i < 20; i++) {
		fd = alloc_tag(node, PAGE, tag, 0, 0600);
		ASSERT_LE(0, fd);
		number = generation_of(node, fd);
		EXPECT_LT(last, number);
		last = number;
		ASSERT_EQ(0, unlink_tag(node, tag));
		close(fd);
	}
	EXPECT_UNCHANGED(&self->heap);
}

/* === Lifetime ============================================================ */

struct job {
	int node;
	const char *tag;
	__u32 flags;
	__u32 seed;
};

static int create_and_exit(void *arg)
{
	const struct job *job = arg;
	int fd = alloc_tag(job->node, 2 * PAGE, job->tag, job->flags, 0600);
	void *mem;

	if (fd < 0)
		return 1;
	mem = map_buffer(fd, 2 * PAGE, PROT_READ | PROT_WRITE);
	if (mem == MAP_FAILED)
		return 2;
	fill_pattern(mem, 2 * PAGE, job->seed);
	return 0;
}

TEST_F(heap, persistent_tag_survives_its_creator)
{
	const char *tag = unique_tag("tag.persist");
	struct job job = { self->heap.node, tag, CARVEOUT_ALLOC_PERSIST, 11 };
	struct carveout_buffer_info buffer;
	int node = self->heap.node;
	void *mem;
	int i, fd;

	ASSERT_EQ(0, run_child(create_and_exit, &job));
	/* The buffer persists, however often it is opened and closed. */
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(1, find_listed(node, tag, &buffer));
		EXPECT_EQ(CARVEOUT_BUFFER_PERSIST,
			  buffer.flags & CARVEOUT_BUFFER_PERSIST);
		fd = open_tag(node, tag, O_RDONLY);
		ASSERT_LE(0, fd);
		EXPECT_EQ(2, refs_of(node, fd));
		mem = map_buffer(fd, 2 * PAGE, PROT_READ);
		ASSERT_NE(MAP_FAILED, mem);
		EXPECT_TRUE(has_pattern(mem, 2 * PAGE, 11));
		munmap(mem, 2 * PAGE);
		close(fd);
	}
	EXPECT_EQ(self->heap.query.used + 2 * PAGE, used_bytes(node));
	ASSERT_EQ(0, unlink_tag(node, tag));
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(heap, unlinked_persistent_buffer_dies_with_its_last_user)
{
	const char *tag = unique_tag("tag.last");
	int node = self->heap.node;
	int fd = alloc_tag(node, 2 * PAGE, tag, CARVEOUT_ALLOC_PERSIST, 0600);
	struct carveout_buffer_info buffer;
	void *mem;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, unlink_tag(node, tag));
	mem = map_buffer(fd, 2 * PAGE, PROT_READ | PROT_WRITE);
	ASSERT_NE(MAP_FAILED, mem);
	EXPECT_EQ(1, refs_of(node, fd));
	ASSERT_EQ(0, query_buffer(node, fd, &buffer));
	EXPECT_EQ(0, buffer.flags & CARVEOUT_BUFFER_PERSIST);
	close(fd);
	fill_pattern(mem, 2 * PAGE, 3);
	EXPECT_EQ(self->heap.query.used + 2 * PAGE, used_bytes(node));
	EXPECT_TRUE(has_pattern(mem, 2 * PAGE, 3));
	munmap(mem, 2 * PAGE);
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(heap, plain_tag_dies_with_its_creator)
{
	const char *tag = unique_tag("tag.plain");
	struct job job = { self->heap.node, tag, 0, 5 };

	ASSERT_EQ(0, run_child(create_and_exit, &job));
	EXPECT_TRUE(tag_goes(self->heap.node, tag));
	EXPECT_UNCHANGED(&self->heap);
}

/* A mapping holds the buffer, and with it the tag. */
TEST_F(heap, plain_tag_lives_as_long_as_a_mapping)
{
	const char *tag = unique_tag("tag.mapped");
	int node = self->heap.node;
	int fd = alloc_tag(node, PAGE, tag, 0, 0600);
	void *mem;

	ASSERT_LE(0, fd);
	mem = map_buffer(fd, PAGE, PROT_READ | PROT_WRITE);
	ASSERT_NE(MAP_FAILED, mem);
	close(fd);
	fd = open_tag(node, tag, O_RDWR);
	ASSERT_LE(0, fd);
	close(fd);
	munmap(mem, PAGE);
	EXPECT_TRUE(tag_goes(node, tag));
	EXPECT_UNCHANGED(&self->heap);
}

/* A file descriptor in flight in a socket holds the buffer, too. */
TEST_F(heap, plain_tag_lives_as_long_as_a_descriptor_in_flight)
{
	const char *tag = unique_tag("tag.flight");
	int node = self->heap.node;
	int fd = alloc_tag(node, PAGE, tag, 0, 0600);
	int pair[2], again;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
	ASSERT_EQ(0, send_fd(pair[0], fd));
	close(fd);
	again = open_tag(node, tag, O_RDWR);
	ASSERT_LE(0, again);
	close(again);
	close(pair[0]);
	close(pair[1]);
	EXPECT_TRUE(tag_goes(node, tag));
	EXPECT_UNCHANGED(&self->heap);
}

/*
 * An O_PATH reference outlives the file: the driver must drop its state of the
 * file before the file is freed.
 */
TEST_F(heap, tag_can_be_opened_after_a_path_outlived_the_file)
{
	const char *tag = unique_tag("tag.path");
	int node = self->heap.node;
	char name[64];
	int i, fd, path[8];

	fd = alloc_tag(node, PAGE, tag, CARVEOUT_ALLOC_PERSIST, 0600);
	ASSERT_LE(0, fd);
	for (i = 0; i < 8; i++) {
		snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
		path[i] = open(name, O_PATH | O_CLOEXEC);
		ASSERT_LE(0, path[i]);
		close(fd);
		/* Let the kernel free and reuse memory. */
		sleep_us(20000);
		fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
		close(fd);
		fd = open_tag(node, tag, i & 1 ? O_RDONLY : O_RDWR);
		ASSERT_LE(0, fd);
		EXPECT_EQ(PAGE, lseek(fd, 0, SEEK_END));
		EXPECT_NE(0, generation_of(node, fd));
	}
	close(fd);
	for (i = 0; i < 8; i++)
		close(path[i]);
	EXPECT_EQ(0, unlink_tag(node, tag));
	EXPECT_UNCHANGED(&self->heap);
}

/* === The list ============================================================ */

TEST_F(heap, list_shows_each_buffer_once_in_any_step)
{
	struct carveout_buffer_info entries[7];
	struct carveout_ioctl_list list;
	int node = self->heap.node;
	__u32 step, i, total;
	__u64 seen;
	int fd[20];

	for (i = 0; i < ARRAY_SIZE(fd); i++) {
		fd[i] = alloc_buffer(node, PAGE);
		ASSERT_LE(0, fd[i]);
	}
	for (step = 1; step <= ARRAY_SIZE(entries); step++) {
		memset(&list, 0, sizeof(list));
		list.entries = (uintptr_t)entries;
		list.entry_size = sizeof(entries[0]);
		seen = 0;
		total = 0;
		do {
			list.count = step;
			ASSERT_EQ(0, xioctl(node, CARVEOUT_IOCTL_LIST, &list));
			ASSERT_LE(list.count, step);
			for (i = 0; i < list.count; i++) {
				__u32 j;

				for (j = 0; j < ARRAY_SIZE(fd); j++)
					if (entries[i].generation ==
					    generation_of(node, fd[j]))
						seen ^= 1ULL << j;
			}
			total += list.count;
		} while (list.count);
		EXPECT_EQ((1ULL << ARRAY_SIZE(fd)) - 1, seen);
		EXPECT_EQ(self->heap.query.buffers + ARRAY_SIZE(fd), total);
	}
	for (i = 0; i < ARRAY_SIZE(fd); i++)
		close(fd[i]);
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(heap, list_arguments)
{
	static const unsigned long cmds[] = {
		CARVEOUT_IOCTL_LIST, CARVEOUT_IOCTL_SPANS,
	};
	static const __u32 sizes[] = {
		CARVEOUT_BUFFER_INFO_SIZE_VER0, CARVEOUT_SPAN_SIZE_VER0,
	};
	int fd = alloc_buffer(self->heap.node, PAGE);
	static char room[CARVEOUT_LIST_MAX * 512];
	struct carveout_ioctl_list list;
	int i;

	ASSERT_LE(0, fd);
	for (i = 0; i < 2; i++) {
		const struct { __u32 count, size; int err; } rows[] = {
			{ 0, sizes[i], -EINVAL },
			{ 1, sizes[i], 0 },
			{ CARVEOUT_LIST_MAX, sizes[i], 0 },
			{ CARVEOUT_LIST_MAX, 512, 0 },
			{ CARVEOUT_LIST_MAX + 1, sizes[i], -EINVAL },
			{ ~0U, sizes[i], -EINVAL },
			{ 1, 0, -EINVAL },
			{ 1, 1, -EINVAL },
			{ 1, sizes[i] - 1, -EINVAL },
			{ 1, sizes[i] + 1, 0 },
			{ 1, 4096, 0 },
			{ 1, ~0U, -EINVAL },
			{ CARVEOUT_LIST_MAX, 1U << 31, -EINVAL },
		};
		size_t row;

		for (row = 0; row < ARRAY_SIZE(rows); row++) {
			memset(&list, 0, sizeof(list));
			list.entries = (uintptr_t)room;
			list.count = rows[row].count;
			list.entry_size = rows[row].size;
			EXPECT_EQ(rows[row].err, xioctl(self->heap.node,
							cmds[i], &list))
				TH_LOG("command %d, row %zu", i, row);
		}
		memset(&list, 0, sizeof(list));
		list.count = 1;
		list.entry_size = sizes[i];
		EXPECT_EQ(-EFAULT, xioctl(self->heap.node, cmds[i], &list));
		list.entries = ~0ULL - 8;
		EXPECT_EQ(-EFAULT, xioctl(self->heap.node, cmds[i], &list));
		list.entries = 1ULL << 63;
		EXPECT_EQ(-EFAULT, xioctl(self->heap.node, cmds[i], &list));
	}
	close(fd);
	EXPECT_UNCHANGED(&self->heap);
}

/* A caller with a newer, longer entry gets zeroes for members unknown to this kernel. */
TEST_F(heap, longer_list_entries_have_a_zero_tail)
{
	struct { struct carveout_buffer_info buffer; char tail[72]; } entry[2];
	struct carveout_ioctl_list list = {
		.entries = (uintptr_t)entry,
		.entry_size = sizeof(entry[0]),
		.count = 1,
	};
	int fd = alloc_buffer(self->heap.node, PAGE);

	ASSERT_LE(0, fd);
	memset(entry, 0x5a, sizeof(entry));
	ASSERT_EQ(0, xioctl(self->heap.node, CARVEOUT_IOCTL_LIST, &list));
	ASSERT_EQ(1, list.count);
	EXPECT_TRUE(is_filled(entry[0].tail, sizeof(entry[0].tail), 0));
	/* Nothing is written behind the entries that are filled in. */
	EXPECT_TRUE(is_filled(&entry[1], sizeof(entry[1]), 0x5a));
	close(fd);
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(heap, any_cursor_is_harmless)
{
	static const __u64 cursors[] = {
		1, 1000, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000,
		1ULL << 62, 1ULL << 63, ~0ULL - 1, ~0ULL,
	};
	struct carveout_buffer_info entries[4];
	struct carveout_ioctl_list list;
	int fd = alloc_buffer(self->heap.node, PAGE);
	size_t i;
	int err;

	ASSERT_LE(0, fd);
	for (i = 0; i < ARRAY_SIZE(cursors); i++) {
		memset(&list, 0, sizeof(list));
		list.entries = (uintptr_t)entries;
		list.entry_size = sizeof(entries[0]);
		list.count = 4;
		list.cursor = cursors[i];
		EXPECT_EQ(0, xioctl(self->heap.node, CARVEOUT_IOCTL_LIST,
				    &list));
		EXPECT_GE(4, list.count);
		list.count = 4;
		list.cursor = cursors[i];
		err = xioctl(self->heap.node, CARVEOUT_IOCTL_SPANS, &list);
		EXPECT_EQ(cursors[i] > 0xffffffff ? -EINVAL : 0, err);
	}
	close(fd);
	EXPECT_UNCHANGED(&self->heap);
}

/* Spans and holes add up to the regions without overlap. */
TEST_F(heap, spans_cover_the_heap)
{
	struct carveout_ioctl_span spans[256];
	struct carveout_ioctl_list list = {
		.entries = (uintptr_t)spans,
		.entry_size = sizeof(spans[0]),
		.count = ARRAY_SIZE(spans),
	};
	struct carveout_ioctl_query query;
	__u64 used = 0, total = 0;
	int node = self->heap.node;
	__u32 i, j;
	int fd[9];

	for (i = 0; i < ARRAY_SIZE(fd); i++)
		fd[i] = alloc_buffer(node, (i + 1) * PAGE);
	for (i = 0; i < ARRAY_SIZE(fd); i += 2)
		close(fd[i]);
	ASSERT_EQ(0, query_heap(node, &query));
	ASSERT_EQ(0, xioctl(node, CARVEOUT_IOCTL_SPANS, &list));
	EXPECT_EQ(query.spans + query.holes, list.count);
	for (i = 0; i < list.count; i++) {
		EXPECT_GT(query.regions, spans[i].region);
		EXPECT_GE(1, spans[i].used);
		total += spans[i].size;
		used += spans[i].used ? spans[i].size : 0;
		for (j = 0; j < i; j++) {
			if (spans[i].region != spans[j].region)
				continue;
			EXPECT_TRUE(spans[i].offset + spans[i].size <=
				    spans[j].offset ||
				    spans[j].offset + spans[j].size <=
				    spans[i].offset);
		}
	}
	EXPECT_EQ(query.size, total);
	EXPECT_EQ(query.used, used);
	list.count = 1;
	ASSERT_EQ(0, xioctl(node, CARVEOUT_IOCTL_SPANS, &list));
	EXPECT_EQ(0, list.count);
	for (i = 1; i < ARRAY_SIZE(fd); i += 2)
		close(fd[i]);
	EXPECT_UNCHANGED(&self->heap);
}

TEST_HARNESS_MAIN
