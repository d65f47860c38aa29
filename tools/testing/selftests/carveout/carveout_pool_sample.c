// SPDX-License-Identifier: GPL-2.0
/*
 * A block on its way from a driver to a process and back: the frames of the sample driver,
 * which owns them in between, dies, or is unbound.
 *
 * The board's device tree has the DT node "sample". CARVEOUT_MODULES is the folder of
 * carveout_sample.ko, else /modules.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "carveout_fixture.h"

#define HEAP	"/dev/carveout/dsp"
#define DEVICE	"/sys/bus/platform/devices/sample/"
#define TAG	"sample.frames"
#define FRAMES	8
#define MAGIC	0x4d415246

/**
 * struct frame - A frame that the driver gave to a client
 * @client: the client
 * @index: index of the block
 * @serial: its serial
 */
struct frame {
	__u64 client;
	__u32 index;
	__u64 serial;
};

static bool was_given(__u64 client, struct frame *frame)
{
	char text[80];
	unsigned long long id, serial;

	if (read_line(DEVICE "given", text, sizeof(text)) < 0 ||
	    sscanf(text, "%llu %u %llu", &id, &frame->index, &serial) != 3)
		return false;
	frame->client = id;
	frame->serial = serial;
	return id == client;
}

/* Ask the driver for a frame, and wait for it. */
static int ask(int pool, struct frame *frame)
{
	char text[40];
	int err;

	snprintf(text, sizeof(text), "%llu", (unsigned long long)client_of(pool));
	err = write_line(DEVICE "give", text);
	if (err < 0)
		return err;
	return BECOMES_TRUE(was_given(client_of(pool), frame)) ? 0 : -ETIMEDOUT;
}

static int tell(__u32 index, __u64 serial)
{
	char text[80];

	snprintf(text, sizeof(text), "%u %llu", index, (unsigned long long)serial);
	return write_line(DEVICE "take", text);
}

static __u64 driver_client(void)
{
	unsigned long long id = 0;
	char text[40];

	if (read_line(DEVICE "client", text, sizeof(text)) < 0 ||
	    sscanf(text, "%llu", &id) != 1)
		return 0;
	return id;
}

static int used_file(int pool)
{
	struct carveout_ioctl_pool_query query;
	int err = query_pool(pool, &query);

	return err ? err : (int)query.used_file;
}

TEST_F(heap, frame_goes_to_a_process_and_back)
{
	struct carveout_ioctl_pool_query query;
	struct frame frame;
	__u32 *header;
	int node, pool, i;
	void *mem;

	node = open(HEAP, O_RDWR | O_CLOEXEC);
	if (node < 0 || access(DEVICE, F_OK))
		SKIP(return, "no sample device in this board's device tree");
	if (!have_module("carveout_sample"))
		SKIP(return, "carveout_sample.ko is not here; set CARVEOUT_MODULES");
	ASSERT_EQ(0, load_module("carveout_sample", ""));
	ASSERT_TRUE(BECOMES_TRUE(driver_client()));
	pool = open_pool(node, TAG);
	ASSERT_LE(0, pool);
	ASSERT_EQ(0, query_pool(pool, &query));
	mem = map_buffer(pool, query.size, PROT_READ | PROT_WRITE);
	ASSERT_NE(MAP_FAILED, mem);
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, ask(pool, &frame));
		EXPECT_EQ(1, used_file(pool));
		header = mem + frame.index * query.block_size;
		EXPECT_EQ(MAGIC, *header);
		/* Nothing is returned yet, and the driver's own frames cannot be named. */
		EXPECT_EQ(-EPERM, tell(frame.index, frame.serial));
		EXPECT_EQ(-EINVAL, tell(frame.index, frame.serial - 1));
		EXPECT_EQ(0, move_block(pool, frame.index, &frame.serial, driver_client()));
		EXPECT_EQ(0, used_file(pool));
		EXPECT_EQ(0, tell(frame.index, frame.serial));
		EXPECT_EQ(-EINVAL, tell(frame.index, frame.serial));
	}
	/* A process that dies with a frame costs the driver none. */
	for (i = 0; i < 2 * FRAMES; i++) {
		int other = open_pool(node, TAG);

		ASSERT_EQ(0, ask(other, &frame));
		close(other);
	}
	/* Neither does the driver keep any when it is unbound. */
	ASSERT_EQ(0, ask(pool, &frame));
	ASSERT_EQ(0, unload_module("carveout_sample"));
	EXPECT_EQ(1, used_file(pool));
	EXPECT_EQ(FRAMES - 1, free_blocks(pool));
	EXPECT_EQ(-EIDRM, acquire_block_nowait(pool));
	EXPECT_EQ(0, release_serial(pool, frame.index, frame.serial, 0));
	EXPECT_EQ(FRAMES, free_blocks(pool));
	munmap(mem, query.size);
	close(pool);
	close(node);
	EXPECT_UNCHANGED(&self->heap);
}

TEST_HARNESS_MAIN
