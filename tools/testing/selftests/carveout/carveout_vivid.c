// SPDX-License-Identifier: GPL-2.0
/*
 * Capture of video by vivid, a stock driver, into tagged buffers: by vmap (instance 0) and
 * by attachment (instance 1). Another process opens a buffer by its tag and reads the
 * frame, which has the same bytes as one that v4l2-ctl captures into the driver's own
 * memory.
 *
 * The board loads vivid with two instances; the second one uses vb2-dma-contig, which
 * attaches and maps a dma-buf before its vmap.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "carveout_fixture.h"
#include "carveout_v4l2.h"

#define BUFFERS		3
/* More than a frame has: the rest of a buffer must not change. */
#define SIZE		(whole_pages(FRAME_BYTES) + PAGE)
#define UNTOUCHED	0xee
#define REFERENCE	"/tmp/carveout-frame"
#define ANOTHER_FRAME	3
#define TEST_SECONDS	120

FIXTURE(vivid) {
	struct heap heap;
	struct binding binding;	/* of the variant's heap, if it has a device */
	const char *name;
	int node;
	__u64 regions;
	__u64 used;
	int video;
	char path[32];
	char tag[BUFFERS][CARVEOUT_NAME_LEN];
	int fd[BUFFERS];
};

FIXTURE_VARIANT(vivid) {
	unsigned int instance;
	bool pages;
};

FIXTURE_VARIANT_ADD(vivid, vmap_pages) { 0, true };
FIXTURE_VARIANT_ADD(vivid, vmap_no_map) { 0, false };
FIXTURE_VARIANT_ADD(vivid, attached_pages) { 1, true };
FIXTURE_VARIANT_ADD(vivid, attached_no_map) { 1, false };

FIXTURE_SETUP(vivid)
{
	if (!heap_name())
		SKIP(return, NO_HEAP);
	ASSERT_EQ(0, heap_begin(&self->heap));
	self->node = open_heap_with(variant->pages, &self->name, &self->regions);
	if (self->node < 0)
		SKIP(return, "no region %s pages", variant->pages ? "with" : "without");
	if (find_binding(self->node, &self->binding))
		self->binding.device[0] = '\0';
	self->used = used_bytes(self->node);
	self->video = open_vivid(variant->instance, self->path, sizeof(self->path));
	if (self->video == -ENODEV)
		SKIP(return, "vivid is not loaded with two instances");
	ASSERT_LE(0, self->video);
}

FIXTURE_TEARDOWN_PARENT(vivid)
{
	unlink(REFERENCE);
	if (self->binding.device[0] && access(heap_path(), F_OK))
		EXPECT_EQ(0, bind_soon(&self->binding));
	HEAP_TEARDOWN(&self->heap);
}

static int alloc_frame(const struct _test_data_vivid *self, const char *tag)
{
	struct carveout_ioctl_alloc alloc = alloc_request(SIZE);
	int err;

	alloc.regions = self->regions;
	alloc.mode = 0644;
	set_name(alloc.tag, tag);
	err = xioctl(self->node, CARVEOUT_IOCTL_ALLOC, &alloc);
	return err ? err : alloc.fd;
}

/* Allocate a tagged buffer for each frame, fill it, and queue it. */
static int queue_frames(struct _test_data_vivid *self)
{
	unsigned int i;
	void *mem;
	int err;

	err = request_buffers(self->video, BUFFERS);
	for (i = 0; !err && i < BUFFERS; i++) {
		snprintf(self->tag[i], sizeof(self->tag[i]), "vivid.%d.%u", getpid(), i);
		self->fd[i] = alloc_frame(self, self->tag[i]);
		mem = map_buffer(self->fd[i], SIZE, PROT_READ | PROT_WRITE);
		if (mem == MAP_FAILED)
			return -errno;
		memset(mem, UNTOUCHED, SIZE);
		munmap(mem, SIZE);
		err = queue_buffer(self->video, i, self->fd[i]);
	}
	return err;
}

static void close_frames(struct _test_data_vivid *self)
{
	int i;

	for (i = 0; i < BUFFERS; i++)
		close(self->fd[i]);
}

/* === Content ============================================================= */

struct reader {
	const char *heap;
	const char *tag;
};

static int reads_reference(void *frame)
{
	int fd = open(REFERENCE, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, frame, FRAME_BYTES);

	close(fd);
	return n == FRAME_BYTES ? 0 : -EIO;
}

/* 0 if the buffer has the frame of v4l2-ctl; else the step that failed. */
static int reads_frame(int fd)
{
	static unsigned char reference[FRAME_BYTES];
	const unsigned char *mem = map_buffer(fd, SIZE, PROT_READ);
	int ret = 0;

	if (mem == MAP_FAILED)
		return 1;
	if (reads_reference(reference) || is_filled(reference, FRAME_BYTES, *reference))
		return 2;
	if (memcmp(mem, reference, FRAME_BYTES))
		ret = ANOTHER_FRAME;
	else if (!is_filled(mem + FRAME_BYTES, SIZE - FRAME_BYTES, UNTOUCHED))
		ret = 4;
	munmap((void *)mem, SIZE);
	return ret;
}

/* A process that knows the heap and the tag alone. */
static int reads_frame_by_tag(void *arg)
{
	const struct reader *reader = arg;
	char path[64];

	snprintf(path, sizeof(path), "/dev/carveout/%s", reader->heap);
	return reads_frame(open_tag(open(path, O_RDONLY | O_CLOEXEC), reader->tag,
				    O_RDONLY | O_CLOEXEC));
}

TEST_F_TIMEOUT(vivid, frame_is_read_by_its_tag, TEST_SECONDS)
{
	struct reader reader = { .heap = self->name };
	int i, index, err = capture_by_v4l2_ctl(self->path, REFERENCE);

	if (err == -ENOENT)
		SKIP(return, "there is no v4l2-ctl");
	ASSERT_EQ(0, err);
	ASSERT_EQ(0, queue_frames(self));
	ASSERT_EQ(0, stream(self->video, true));
	for (i = 0; i < 2 * BUFFERS; i++) {
		index = dequeue_buffer(self->video);
		ASSERT_LE(0, index);
		reader.tag = self->tag[index];
		EXPECT_EQ(0, run_child(reads_frame_by_tag, &reader))
			TH_LOG("frame %d, buffer %d", i, index);
		ASSERT_EQ(0, queue_buffer(self->video, index, self->fd[index]));
	}
	EXPECT_EQ(0, stream(self->video, false));
}

/* The comparison can fail: the frame of another picture differs. */
TEST_F_TIMEOUT(vivid, another_picture_is_another_frame, TEST_SECONDS)
{
	struct reader reader = { .heap = self->name };
	int index, err = capture_by_v4l2_ctl(self->path, REFERENCE);

	if (err == -ENOENT)
		SKIP(return, "there is no v4l2-ctl");
	ASSERT_EQ(0, err);
	ASSERT_EQ(0, set_picture(self->video, OTHER_PICTURE));
	ASSERT_EQ(0, queue_frames(self));
	ASSERT_EQ(0, stream(self->video, true));
	index = dequeue_buffer(self->video);
	ASSERT_LE(0, index);
	reader.tag = self->tag[index];
	EXPECT_EQ(ANOTHER_FRAME, run_child(reads_frame_by_tag, &reader));
	EXPECT_EQ(0, set_picture(self->video, PICTURE));
}

/* === Lifetime ============================================================ */

/* The queue holds the buffers; their memory is not reused while the device writes to it. */
TEST_F_TIMEOUT(vivid, queue_holds_the_buffers, TEST_SECONDS)
{
	char *mem;
	int i, fd;

	ASSERT_EQ(0, queue_frames(self));
	ASSERT_EQ(0, stream(self->video, true));
	close_frames(self);
	EXPECT_EQ(self->used + BUFFERS * SIZE, used_bytes(self->node));
	fd = alloc_in(self->node, SIZE, self->regions);
	ASSERT_LE(0, fd);
	mem = map_buffer(fd, SIZE, PROT_READ);
	ASSERT_NE(MAP_FAILED, (void *)mem);
	for (i = 0; i < BUFFERS; i++)
		EXPECT_LE(0, dequeue_buffer(self->video));
	EXPECT_TRUE(is_filled(mem, SIZE, 0));
	munmap(mem, SIZE);
	close(fd);
	EXPECT_EQ(self->used + BUFFERS * SIZE, used_bytes(self->node));
	EXPECT_EQ(0, stream(self->video, false));
	EXPECT_EQ(0, request_buffers(self->video, 0));
	EXPECT_TRUE(BECOMES_TRUE(used_bytes(self->node) == self->used));
}

struct capturer {
	struct _test_data_vivid *test;
	unsigned int instance;
	int ready;		/* written to for each frame */
};

static int captures_until_killed(void *arg)
{
	struct capturer *job = arg;
	struct _test_data_vivid *self = job->test;
	int index;

	self->video = open_vivid(job->instance, self->path, sizeof(self->path));
	if (queue_frames(self) || stream(self->video, true))
		return 1;
	for (;;) {
		index = dequeue_buffer(self->video);
		if (index < 0 || write(job->ready, &index, sizeof(index)) != sizeof(index))
			return 2;
		if (queue_buffer(self->video, index, self->fd[index]))
			return 3;
	}
}

TEST_F_TIMEOUT(vivid, importer_is_killed_while_it_streams, TEST_SECONDS)
{
	struct capturer job = { .test = self, .instance = variant->instance };
	int i, index, ready[2];
	char tag[64];
	pid_t pid;

	close(self->video);
	ASSERT_EQ(0, pipe(ready));
	job.ready = ready[1];
	pid = start_child(captures_until_killed, &job);
	ASSERT_LT(0, pid);
	close(ready[1]);
	for (i = 0; i < 2 * BUFFERS; i++)
		ASSERT_EQ(sizeof(index), read(ready[0], &index, sizeof(index)));
	snprintf(tag, sizeof(tag), "vivid.%d.%d", pid, index);
	i = open_tag(self->node, tag, O_RDONLY | O_CLOEXEC);
	EXPECT_LE(0, i);
	close(i);
	EXPECT_EQ(self->used + BUFFERS * SIZE, used_bytes(self->node));
	ASSERT_EQ(0, kill(pid, SIGKILL));
	EXPECT_EQ(128 + SIGKILL, wait_child(pid));
	EXPECT_TRUE(BECOMES_TRUE(used_bytes(self->node) == self->used));
	EXPECT_EQ(-ENOENT, open_tag(self->node, tag, O_RDONLY | O_CLOEXEC));

	/* The device is free for the next importer. */
	self->video = open_vivid(variant->instance, self->path, sizeof(self->path));
	ASSERT_EQ(0, queue_frames(self));
	ASSERT_EQ(0, stream(self->video, true));
	EXPECT_LE(0, dequeue_buffer(self->video));
}

/* === Refusal ============================================================= */

/* A queue that cannot import a buffer keeps no reference to it. */
TEST_F_TIMEOUT(vivid, read_only_descriptor_is_refused, TEST_SECONDS)
{
	const char *tag = unique_tag("vivid.ro");
	int fd, ro;

	fd = alloc_frame(self, tag);
	ro = open_tag(self->node, tag, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	ASSERT_LE(0, ro);
	ASSERT_EQ(0, request_buffers(self->video, BUFFERS));
	EXPECT_GT(0, queue_buffer(self->video, 0, ro));
	EXPECT_EQ(0, queue_buffer(self->video, 0, fd));
	EXPECT_GT(0, queue_buffer(self->video, 1, ro));
	ASSERT_EQ(0, stream(self->video, true));
	EXPECT_EQ(0, dequeue_buffer(self->video));
	/* It takes the place of a descriptor that the queue knows. */
	EXPECT_GT(0, queue_buffer(self->video, 0, ro));
	EXPECT_EQ(0, queue_buffer(self->video, 0, fd));
	EXPECT_EQ(0, dequeue_buffer(self->video));
}

/* === The heap's device is unbound ======================================== */

/* The capture continues, and its memory is in no new heap before the queue frees it. */
TEST_F_TIMEOUT(vivid, heap_is_unbound_while_it_streams, TEST_SECONDS)
{
	struct reader reader = { .heap = self->name };
	int i, index, err = capture_by_v4l2_ctl(self->path, REFERENCE);

	if (!self->binding.device[0])
		SKIP(return, "this heap belongs to no device");
	if (err == -ENOENT)
		SKIP(return, "there is no v4l2-ctl");
	ASSERT_EQ(0, err);
	ASSERT_EQ(0, queue_frames(self));
	ASSERT_EQ(0, stream(self->video, true));
	close(self->node);
	close(self->heap.node);
	ASSERT_EQ(0, unbind(&self->binding));
	for (i = 0; i < 2 * BUFFERS; i++) {
		index = dequeue_buffer(self->video);
		ASSERT_LE(0, index);
		EXPECT_EQ(0, reads_frame(self->fd[index]));
		EXPECT_EQ(-EBUSY, bind_again(&self->binding));
		ASSERT_EQ(0, queue_buffer(self->video, index, self->fd[index]));
	}
	close_frames(self);
	for (i = 0; i < BUFFERS; i++)
		EXPECT_LE(0, dequeue_buffer(self->video));
	EXPECT_EQ(-EBUSY, bind_again(&self->binding));
	EXPECT_EQ(0, stream(self->video, false));
	EXPECT_EQ(0, request_buffers(self->video, 0));
	ASSERT_EQ(0, bind_soon(&self->binding));
	self->node = open_node();
	ASSERT_LE(0, self->node);
	EXPECT_EQ(0, used_bytes(self->node));

	/* It can be captured into again. */
	ASSERT_EQ(0, queue_frames(self));
	ASSERT_EQ(0, stream(self->video, true));
	index = dequeue_buffer(self->video);
	ASSERT_LE(0, index);
	reader.tag = self->tag[index];
	EXPECT_EQ(0, run_child(reads_frame_by_tag, &reader));
}

TEST_HARNESS_MAIN
