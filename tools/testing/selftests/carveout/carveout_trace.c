// SPDX-License-Identifier: GPL-2.0
/*
 * The tracepoints: each event of a heap is one line, with the values of the calls.
 */
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "carveout_fixture.h"

#define SMALL		((__u64)PAGE)
/* A ring of its own: the events of others are not in it. */
#define INSTANCE	TRACING "/instances/carveout_test"
#define ENABLE		INSTANCE "/events/carveout/enable"

FIXTURE(trace) {
	struct heap heap;
};

FIXTURE_SETUP(trace)
{
	if (!heap_name())
		SKIP(return, NO_HEAP);
	ASSERT_EQ(0, heap_begin(&self->heap));
	if (!have_tracing() || access(TRACING "/events/carveout", F_OK))
		SKIP(return, "the kernel has no tracepoints");
	ASSERT_EQ(0, mkdir(INSTANCE, 0700));
	ASSERT_EQ(0, write_line(ENABLE, "1"));
}

/*
 * The heap settles first: no other CPU executes a tracepoint while it is patched, which an
 * emulator may not withstand, see vm/init.
 */
FIXTURE_TEARDOWN_PARENT(trace)
{
	HEAP_TEARDOWN(&self->heap);
	if (!access(INSTANCE, F_OK)) {
		EXPECT_EQ(0, write_line(ENABLE, "0"));
		EXPECT_EQ(0, rmdir(INSTANCE));
	}
}

/* The number of events that contain a text. */
static unsigned int events(const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return lines_with(INSTANCE "/trace", text);
}

/* An allocation, its tag, and the end of both. */
TEST_F(trace, buffer_from_begin_to_end)
{
	const char *tag = unique_tag("trace");
	int node = self->heap.node, fd;
	__u64 generation;
	void *mem;

	fd = alloc_tag(node, 3 * SMALL, tag, 0, 0600);
	ASSERT_LE(0, fd);
	generation = generation_of(node, fd);
	EXPECT_EQ(1, events("carveout_alloc: heap=%s size=%llu ", heap_name(), 3 * SMALL));
	EXPECT_EQ(1, events("carveout_tag_add: heap=%s tag=%s generation=%llu\n", heap_name(),
			    tag, generation));
	mem = map_buffer(fd, 2 * SMALL, PROT_READ | PROT_WRITE);
	ASSERT_NE(MAP_FAILED, mem);
	EXPECT_EQ(1, events("carveout_map: heap=%s generation=%llu offset=0 size=%llu write=1\n",
			    heap_name(), generation, 2 * SMALL));
	munmap(mem, 2 * SMALL);
	EXPECT_EQ(0, events("carveout_free: "));
	EXPECT_EQ(0, events("carveout_tag_remove: "));
	close(fd);
	EXPECT_EQ(1, events("carveout_tag_remove: heap=%s tag=%s generation=%llu\n", heap_name(),
			    tag, generation));
	EXPECT_TRUE(BECOMES_TRUE(events("carveout_free: heap=%s size=%llu ", heap_name(),
					3 * SMALL) == 1));
}

/* The span that is freed is the one that was allocated. */
TEST_F(trace, free_names_the_span)
{
	char line[1024], place[128] = "";
	int fd = alloc_buffer(self->heap.node, SMALL);
	char *at, *end;
	FILE *file;

	ASSERT_LE(0, fd);
	file = fopen(INSTANCE "/trace", "re");
	ASSERT_NE(NULL, file);
	while (fgets(line, sizeof(line), file)) {
		at = strstr(line, "carveout_alloc: ");
		at = at ? strstr(at, "region=") : NULL;
		end = at ? strstr(at, " ret=") : NULL;
		if (end)
			snprintf(place, sizeof(place), "%.*s", (int)(end - at), at);
	}
	fclose(file);
	ASSERT_NE(0, place[0]);
	close(fd);
	EXPECT_TRUE(BECOMES_TRUE(events("carveout_free: heap=%s size=%llu %s\n", heap_name(),
					SMALL, place) == 1)) TH_LOG("%s", place);
}

TEST_F(trace, failure_has_its_error)
{
	EXPECT_EQ(-ENOSPC, alloc_buffer(self->heap.node, self->heap.query.size + SMALL));
	EXPECT_EQ(1, events("carveout_alloc: heap=%s size=%llu ", heap_name(),
			    self->heap.query.size + SMALL));
	EXPECT_EQ(1, events(" start=0x0 ret=%d\n", -ENOSPC));
}

TEST_F(trace, tag_that_changes)
{
	const char *tag = unique_tag("trace");
	int node = self->heap.node, fd = alloc_tag(node, SMALL, tag, 0, 0600);
	int other = alloc_buffer(node, SMALL);
	struct carveout_ioctl_setattr attr = { .flags = CARVEOUT_SETATTR_MODE, .mode = 0640 };
	struct carveout_ioctl_link link = { .fd = other, .flags = CARVEOUT_LINK_REPLACE,
					    .mode = 0600 };

	ASSERT_LE(0, fd);
	ASSERT_LE(0, other);
	set_name(attr.tag, tag);
	ASSERT_EQ(0, xioctl(node, CARVEOUT_IOCTL_SETATTR, &attr));
	EXPECT_EQ(1, events("carveout_tag_setattr: heap=%s tag=%s ", heap_name(), tag));
	set_name(link.tag, tag);
	ASSERT_EQ(0, xioctl(node, CARVEOUT_IOCTL_LINK, &link));
	EXPECT_EQ(1, events("carveout_tag_replace: heap=%s tag=%s generation=%llu\n",
			    heap_name(), tag, generation_of(node, other)));
	close(fd);
	close(other);
}

TEST_F(trace, wait_has_a_begin_and_an_end)
{
	const char *tag = unique_tag("trace");
	struct carveout_ioctl_open open = { .deadline = now_ns() + 20 * MS };

	set_name(open.tag, tag);
	open.flags = CARVEOUT_OPEN_WAIT;
	EXPECT_EQ(-ETIMEDOUT, xioctl(self->heap.node, CARVEOUT_IOCTL_OPEN, &open));
	EXPECT_LE(1, events("carveout_wait_begin: heap=%s tag=%s deadline=%llu\n", heap_name(),
			    tag, (unsigned long long)open.deadline));
	EXPECT_EQ(1, events("carveout_wait_end: heap=%s tag=%s ret=%d\n", heap_name(), tag,
			    -ETIMEDOUT));
}

TEST_F(trace, block_of_a_pool)
{
	int pool = create_pool(self->heap.node, 64, 2), index, other;
	unsigned long long client;

	ASSERT_LE(0, pool);
	client = client_of(pool);
	index = acquire_block_nowait(pool);
	ASSERT_LE(0, index);
	EXPECT_EQ(1, events(" client=%llu index=%d ret=0\n", client, index));
	other = acquire_block_nowait(pool);
	ASSERT_LE(0, other);
	EXPECT_EQ(-EAGAIN, acquire_block_nowait(pool));
	EXPECT_EQ(1, events(" client=%llu index=0 ret=%d\n", client, -EAGAIN));
	ASSERT_EQ(0, release_block(pool, index));
	EXPECT_EQ(1, events("carveout_block_free: heap=%s ", heap_name()));
	EXPECT_EQ(1, events(" client=%llu index=%d\n", client, index));
	/* The end of a client frees its blocks. */
	close(pool);
	EXPECT_TRUE(BECOMES_TRUE(events("carveout_block_free: heap=%s ", heap_name()) == 2));
	EXPECT_EQ(1, events(" client=%llu index=%d\n", client, other));
}

TEST_HARNESS_MAIN
