// SPDX-License-Identifier: GPL-2.0
/*
 * Remote processors share buffers and pools with processes and with one another.
 */
#include "carveout_cores.h"

/* === Sharing ============================================================= */

TEST_F_TIMEOUT(r5, session_comes_up, TEST_SECONDS)
{
	struct core *core = &self->core[0];

	EXPECT_TRUE(has_state(core, "running"));
	EXPECT_EQ(0, held_by(core));
	EXPECT_EQ(self->used + 2 * 4096, used_bytes(self->node));
	EXPECT_EQ(0, order(core, R5_NOTHING));
}

TEST_F_TIMEOUT(r5, requests_are_traced, TEST_SECONDS)
{
	ASSERT_TRUE(have_tracing());
	ASSERT_EQ(0, write_line(TRACING "/events/carveout_rpmsg/enable", "1"));
	EXPECT_EQ(NO_TAG, open_by(&self->core[0], "linux.none"));
	EXPECT_EQ(1, lines_with(TRACING "/trace", "op=OPEN handle=0x0 ret=-2\n"));
	EXPECT_EQ(0, write_line(TRACING "/events/carveout_rpmsg/enable", "0"));
}

/* A core that waits for the tag copies at once: the table gets it when it is complete. */
static int make_table(void *arg)
{
	struct carveout_ioctl_link link = { .flags = CARVEOUT_LINK_PERSIST, .mode = 0644 };
	int node = *(int *)arg, fd = alloc_buffer(node, TABLE);
	void *mem;

	if (fd < 0)
		return 1;
	mem = map_buffer(fd, TABLE, PROT_READ | PROT_WRITE);
	if (mem == MAP_FAILED)
		return 2;
	fill_pattern(mem, TABLE, 7);
	link.fd = fd;
	set_name(link.tag, "linux.table");
	return xioctl(node, CARVEOUT_IOCTL_LINK, &link) ? 3 : 0;
}

static bool frame_is_table(int node)
{
	int fd = open_tag(node, "r5.frame", O_RDONLY | O_CLOEXEC);
	void *mem = map_buffer(fd, TABLE, PROT_READ);
	bool same;

	close(fd);
	if (mem == MAP_FAILED)
		return false;
	same = has_pattern(mem, TABLE, 7);
	munmap(mem, TABLE);
	return same;
}

TEST_F_TIMEOUT(r5, copies_the_table_of_a_process, TEST_SECONDS)
{
	struct core *core = &self->core[0];

	ASSERT_EQ(0, run_child(make_table, &self->node));
	EXPECT_EQ(0, copy(core, "linux.table", "r5.frame"));
	EXPECT_EQ(TABLE, load(&core->control->size));
	EXPECT_TRUE(frame_is_table(self->node));
	EXPECT_EQ(0, unlink_tag(self->node, "linux.table"));
}

TEST_F_TIMEOUT(r5, waits_for_the_table, TEST_SECONDS)
{
	struct core *core = &self->core[0];

	set_tag(core->control->from, "linux.table");
	set_tag(core->control->to, "r5.frame");
	ask(core, R5_COPY);
	sleep_us(100000);
	EXPECT_FALSE(answered(core));
	ASSERT_EQ(0, run_child(make_table, &self->node));
	EXPECT_EQ(0, result(core));
	EXPECT_TRUE(frame_is_table(self->node));
	EXPECT_EQ(0, unlink_tag(self->node, "linux.table"));
}

TEST_F_TIMEOUT(r5, buffer_of_a_core_is_listed, TEST_SECONDS)
{
	struct carveout_buffer_info info;
	struct core *core = &self->core[0];

	ASSERT_EQ(0, copy(core, "r5.ready", "r5.frame"));
	ASSERT_EQ(1, find_listed(self->node, "r5.frame", &info));
	EXPECT_STREQ(cores[0].device, info.comm);
	EXPECT_EQ(44, info.uid);
	EXPECT_EQ(44, info.gid);
	EXPECT_EQ(0, info.pid);
}

static int set_owner(int node, const char *tag, __u32 uid)
{
	struct carveout_ioctl_setattr attr = { .flags = CARVEOUT_SETATTR_UID, .uid = uid };

	set_name(attr.tag, tag);
	return xioctl(node, CARVEOUT_IOCTL_SETATTR, &attr);
}

/* The core is user 44. */
TEST_F_TIMEOUT(r5, owner_of_a_tag, TEST_SECONDS)
{
	struct core *core = &self->core[0];
	int fd = alloc_tag(self->node, TABLE, "linux.private", 0, 0600);

	ASSERT_LE(0, fd);
	EXPECT_EQ(DENIED, open_by(core, "linux.private"));
	ASSERT_EQ(0, set_owner(self->node, "linux.private", 45));
	EXPECT_EQ(DENIED, open_by(core, "linux.private"));
	ASSERT_EQ(0, set_owner(self->node, "linux.private", 44));
	EXPECT_EQ(0, open_by(core, "linux.private"));
	close(fd);
}

TEST_F_TIMEOUT(r5, refusals, TEST_SECONDS)
{
	struct core *core = &self->core[0];
	int fd = alloc_tag(self->node, TABLE, "linux.private", 0, 0600);

	ASSERT_LE(0, fd);
	EXPECT_EQ(NO_TAG, open_by(core, "linux.none"));
	EXPECT_EQ(DENIED, open_by(core, "linux.private"));
	EXPECT_EQ(NO_SPACE, hammer(core, 8 * MIB));
	/* Its node in the device tree has another prefix. */
	EXPECT_EQ(DENIED, copy(core, "r5.ready", "linux.frame"));
	close(fd);
}

TEST_F_TIMEOUT(r5, two_cores_share_a_buffer, TEST_SECONDS)
{
	struct core *first = &self->core[0], *second = &self->core[1];
	__u32 *mem;
	int fd;

	ASSERT_EQ(0, start(second));
	ASSERT_EQ(0, copy(first, "r5.ready", "r5.frame"));
	set_tag(second->control->from, "r5.frame");
	store(&second->control->at, 8);
	store(&second->control->value, 0x12345678);
	ASSERT_EQ(0, order(second, R5_STORE));
	EXPECT_EQ(load(&first->control->addr), load(&second->control->addr));
	/* The second core keeps the buffer. */
	ASSERT_EQ(0, stop(first));
	ASSERT_TRUE(SOON(!has_tag(self->node, "r5.ready")));
	store(&second->control->at, 12);
	ASSERT_EQ(0, order(second, R5_STORE));
	fd = open_tag(self->node, "r5.frame", O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	mem = map_buffer(fd, PAGE, PROT_READ);
	ASSERT_NE(MAP_FAILED, mem);
	EXPECT_EQ(0x12345678, mem[2]);
	EXPECT_EQ(0x12345678, mem[3]);
	munmap(mem, PAGE);
	close(fd);
	EXPECT_EQ(0, stop(second));
	EXPECT_TRUE(SOON(!has_tag(self->node, "r5.frame")));
}

/* Core 1 has a quota of 1 MiB in the device tree. */
TEST_F_TIMEOUT(r5, quota, TEST_SECONDS)
{
	struct core *core = &self->core[1];

	ASSERT_EQ(0, start(core));
	EXPECT_EQ(QUOTA, hammer(core, MIB));
	EXPECT_EQ(0, hammer(core, MIB / 2));
	EXPECT_EQ(QUOTA, copy(core, "r5b.ready", "r5b.frame") ?: hammer(core, MIB / 2));
}

TEST_F_TIMEOUT(r5, waits_for_a_change, TEST_SECONDS)
{
	struct core *core = &self->core[0];
	int fd = alloc_tag(self->node, PAGE, "linux.first", 0, 0600);

	ASSERT_LE(0, fd);
	close(fd);
	set_tag(core->control->from, "linux.");
	ask(core, R5_WATCH);
	/* Another prefix. */
	fd = alloc_tag(self->node, PAGE, "other.first", 0, 0600);
	ASSERT_LE(0, fd);
	sleep_us(100000);
	EXPECT_FALSE(answered(core));
	close(fd);
	fd = alloc_tag(self->node, PAGE, "linux.second", 0, 0600);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, result(core));
	close(fd);
}

/* === Pools ================================================================ */

TEST_F_TIMEOUT(r5, block_between_a_process_and_a_core, TEST_SECONDS)
{
	struct core *core = &self->core[0];
	int pool = make_pool(self->node, 1), block, i;
	__u32 *mem;

	ASSERT_LE(0, pool);
	mem = map_buffer(pool, PAGE, PROT_READ | PROT_WRITE);
	ASSERT_NE(MAP_FAILED, mem);
	store(mem, 100);
	for (i = 0; i < 10; i++) {
		ASSERT_EQ(0, alloc_block(core, 0));
		EXPECT_EQ(101 + i, load(mem));
		EXPECT_EQ(-EAGAIN, acquire_block_nowait(pool));
		ASSERT_EQ(0, order(core, R5_BLOCK_FREE));
		block = acquire_block_nowait(pool);
		ASSERT_EQ(0, block);
		EXPECT_EQ(BUSY, alloc_block(core, 0));
		/* Free the block while the core waits for it. */
		set_tag(core->control->from, "linux.pool");
		store(&core->control->value, 60000);
		store(mem, 99 + i);
		ask(core, R5_BLOCK_ALLOC);
		sleep_us(10000);
		EXPECT_FALSE(answered(core));
		ASSERT_EQ(0, release_block(pool, block));
		ASSERT_EQ(0, result(core));
		EXPECT_EQ(100 + i, load(mem));
		ASSERT_EQ(0, order(core, R5_BLOCK_FREE));
		store(mem, 101 + i);
	}
	munmap(mem, PAGE);
	close(pool);
}

/* === The directory ======================================================= */

TEST_F_TIMEOUT(r5, directory_follows_the_tags, TEST_SECONDS)
{
	struct core *core = &self->core[0];
	__u64 used;
	__u32 addr;
	int fd;

	EXPECT_EQ(NO_TAG, find(core, "linux.table", 1));
	used = used_bytes(self->node);
	fd = alloc_tag(self->node, TABLE, "linux.table", 0, 0666);
	ASSERT_LE(0, fd);
	/* Whatever the umask. */
	ASSERT_EQ(0, set_mode(self->node, "linux.table", 0666));
	EXPECT_TRUE(SOON(!find(core, "linux.table", 1)));
	EXPECT_EQ(TABLE, load(&core->control->size));
	addr = load(&core->control->addr);
	EXPECT_EQ(0, open_by(core, "linux.table"));
	EXPECT_EQ(addr, load(&core->control->addr));
	/* The tag ends with the file, the memory when the core knows of it. */
	close(fd);
	EXPECT_TRUE(SOON(find(core, "linux.table", 1) == NO_TAG));
	EXPECT_EQ(used + TABLE, used_bytes(self->node));
	/* The entry is cleared before the removal is counted. */
	EXPECT_TRUE(SOON(!order(core, R5_RELEASE) && load(&core->control->value) == 1));
	EXPECT_TRUE(SOON(used_bytes(self->node) == used));
}

/* Its MPU keeps the core from overwriting the directory. */
TEST_F_TIMEOUT(r5, directory_cannot_be_overwritten, TEST_SECONDS)
{
	struct core *core = &self->core[0];
	int fd = alloc_tag(self->node, TABLE, "linux.table", 0, 0666);
	long at;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, set_mode(self->node, "linux.table", 0666));
	EXPECT_TRUE(SOON(!find(core, "linux.table", 1)));
	for (at = 0; at < PAGE; at += 64) {
		store(&core->control->at, at);
		store(&core->control->value, 0xdeadbeef);
		ASSERT_EQ(0, order(core, R5_SCRIBBLE));
		/* A permission fault. */
		EXPECT_EQ(0xd, load(&core->control->value) & 0xf);
	}
	EXPECT_EQ(0, find(core, "linux.table", 1));
	EXPECT_EQ(TABLE, load(&core->control->size));
	close(fd);
	EXPECT_TRUE(SOON(find(core, "linux.table", 1) == NO_TAG));
	EXPECT_EQ(0, order(core, R5_RELEASE));
}

/* In a steady state no message is sent in either direction. */
TEST_F_TIMEOUT(r5, buffers_are_handed_over_without_a_message, TEST_SECONDS)
{
	struct core *core = &self->core[0];
	__u32 messages, i, *mem[4];
	char tag[32];
	int fd[4];

	for (i = 0; i < 4; i++) {
		snprintf(tag, sizeof(tag), "linux.frame%u", i);
		fd[i] = alloc_tag(self->node, PAGE, tag, 0, 0666);
		ASSERT_LE(0, fd[i]);
		ASSERT_EQ(0, set_mode(self->node, tag, 0666));
		mem[i] = map_buffer(fd[i], PAGE, PROT_READ | PROT_WRITE);
		ASSERT_NE(MAP_FAILED, mem[i]);
		ASSERT_TRUE(SOON(!find(core, tag, 1)));
	}
	messages = load(&core->control->messages);
	for (i = 0; i < 1000; i++) {
		snprintf(tag, sizeof(tag), "linux.frame%u", i % 4);
		store(mem[i % 4], 1000003 * i);
		set_tag(core->control->from, tag);
		ASSERT_EQ(0, order(core, R5_LOAD));
		ASSERT_EQ(1000003 * i, load(&core->control->value));
	}
	EXPECT_EQ(messages, load(&core->control->messages));
	for (i = 0; i < 4; i++) {
		munmap(mem[i], PAGE);
		close(fd[i]);
	}
}

/* More changes than slots. It is one buffer, which is held once. */
TEST_F_TIMEOUT(r5, directory_follows_the_mode, TEST_SECONDS)
{
	struct core *core = &self->core[0];
	int fd = alloc_tag(self->node, TABLE, "linux.table", 0, 0666), i;

	ASSERT_LE(0, fd);
	for (i = 0; i < 40; i++) {
		ASSERT_TRUE(SOON(!find(core, "linux.table", 1)))
			TH_LOG("change %d", i);
		ASSERT_EQ(0, set_mode(self->node, "linux.table", 0600));
		ASSERT_TRUE(SOON(find(core, "linux.table", 1) == NO_TAG));
		ASSERT_EQ(0, set_mode(self->node, "linux.table", i % 2 ? 0666 : 0444));
	}
	close(fd);
}

#define TORN_CHUNK	50000U

/* Read so many entries of the run at a time. */
static int read_torn(const struct core *core, __u32 run)
{
	set_tag(core->control->from, "linux.torn");
	store(&core->control->at, run);
	store(&core->control->value, TORN_CHUNK);
	return order(core, R5_TORN);
}

/*
 * 10^7 look-ups while Linux writes without a pause, of which 10^6 have to meet a write, or
 * more until there are as many: a host that runs only one of the two at a time lets few meet.
 */
TEST_F_TIMEOUT(r5, look_ups_are_not_torn, 10 * TEST_SECONDS)
{
	__u32 goal = TORN_CHUNK * env_rounds(200), run = getpid() * 1000003U | 1, last = 0;
	const struct r5_torn *torn;
	struct core *core = &self->core[0];
	char args[80];

	snprintf(args, sizeof(args), "heap=shared tag=linux.torn run=%u", run);
	ASSERT_EQ(0, load_module("carveout_writer", args));
	torn = &core->control->torn;
	do {
		ASSERT_EQ(0, read_torn(core, run));
		/* Numbers that a former run has left do not count. */
		ASSERT_EQ(run, load(&torn->run));
		if (load(&torn->reads) - last < 20 * TORN_CHUNK)
			continue;
		last = load(&torn->reads);
		TH_LOG("%u look-ups", last);
	} while (load(&torn->reads) < goal ||
		 (load(&torn->met) < goal / 10 && load(&torn->reads) < 20 * goal));
	TH_LOG("run %u: %u look-ups, %u met a write, %u torn, %u gave up", run,
	       load(&torn->reads), load(&torn->met), load(&torn->torn), load(&torn->busy));
	EXPECT_EQ(0, unload_module("carveout_writer"));
	EXPECT_EQ(0, load(&torn->torn));
	EXPECT_LE(goal, load(&torn->reads));
	EXPECT_LE(goal / 10, load(&torn->met));
}

/* === Figures ============================================================= */

TEST_F_TIMEOUT(r5, round_trips, TEST_SECONDS)
{
	static const char * const names[R5_MEASURED] = {
		"allocate and put", "open and put", "get and put", "allocate, unlink and put",
		"allocate and free a block", "watch and change", "describe", "query",
		"open without a tag",
	};
	struct core *core = &self->core[0];
	int pool = make_pool(self->node, 1), i;

	ASSERT_LE(0, pool);
	set_tag(core->control->from, "linux.pool");
	store(&core->control->value, 200);
	ASSERT_EQ(0, order(core, R5_MEASURE));
	for (i = 0; i < R5_MEASURED; i++) {
		TH_LOG("%s: minimum %u, median %u ns", names[i], load(&core->control->minimum[i]),
		       load(&core->control->median[i]));
		EXPECT_LT(0, load(&core->control->minimum[i]));
	}
	ASSERT_EQ(0, find(core, "r5.control", 100000));
	TH_LOG("look-up in the directory: %u ns", load(&core->control->median[0]));
	close(pool);
}

TEST_HARNESS_MAIN
