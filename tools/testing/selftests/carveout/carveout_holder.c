// SPDX-License-Identifier: GPL-2.0
/*
 * Holders of a dma-buf that may not open the device node of its heap:
 * CARVEOUT_IOCTL_SYNC and CARVEOUT_IOCTL_INFO through /dev/carveout-dmabuf.
 */
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <linux/dma-buf.h>

#include "carveout_fixture.h"

#define NODE		"/dev/carveout-dmabuf"
#define SIZE		(4 * PAGE)
#define STRANGER	1003
#define ENTRY_MAX	4096

static int open_holder(int flags)
{
	int node = open(NODE, flags | O_CLOEXEC);

	return node < 0 ? -errno : node;
}

static int sync_part(int node, int fd, __u64 offset, __u64 size)
{
	struct carveout_sync_range range = { .offset = offset, .size = size };
	struct carveout_ioctl_sync sync = {
		.fd = fd,
		.flags = CARVEOUT_SYNC_FLAGS,
		.ranges = (uintptr_t)&range,
		.count = 1,
	};

	return xioctl(node, CARVEOUT_IOCTL_SYNC, &sync);
}

/* === A process without rights ============================================ */

struct holder {
	int sock;
	const char *tag;
};

/* A process that has no descriptor but the one it was sent. */
static int use_buffer(void *data)
{
	const struct holder *holder = data;
	struct carveout_buffer_info buffer;
	int fd, node;
	char *mem;

	if (become(STRANGER, STRANGER))
		return 1;
	fd = recv_fd(holder->sock);
	if (fd < 0)
		return 2;
	if (open(heap_path(), O_RDONLY | O_CLOEXEC) >= 0 || errno != EACCES)
		return 3;
	node = open_holder(O_RDONLY);
	if (node < 0)
		return 4;
	mem = map_buffer(fd, SIZE, PROT_READ);
	if (mem == MAP_FAILED)
		return 5;
	if (sync_part(node, fd, PAGE, 1) || sync_part(node, fd, 0, SIZE))
		return 6;
	if (!has_pattern(mem, SIZE, 7))
		return 7;
	if (query_buffer(node, fd, &buffer))
		return 8;
	/* The privileges of the process decide, as on the heap's node. */
	if (buffer.size != (__u64)SIZE || strcmp(buffer.tag, holder->tag) || buffer.uid ||
	    buffer.mode != 0600 || buffer.phys || buffer.flags & CARVEOUT_BUFFER_PHYS)
		return 9;
	return 0;
}

FIXTURE(holder) {
	struct heap heap;
	const char *tag;
	int fd;				/* carries the tag, filled */
	int ro;				/* a second, read-only open */
};

FIXTURE_SETUP(holder)
{
	char *mem;

	if (!heap_name())
		SKIP(return, NO_HEAP);
	ASSERT_EQ(0, heap_begin(&self->heap));
	self->tag = unique_tag("holder");
	self->fd = alloc_tag(self->heap.node, SIZE, self->tag, 0, 0600);
	ASSERT_LE(0, self->fd);
	self->ro = open_tag(self->heap.node, self->tag, O_RDONLY);
	ASSERT_LE(0, self->ro);
	mem = map_buffer(self->fd, SIZE, PROT_READ | PROT_WRITE);
	ASSERT_NE(MAP_FAILED, (void *)mem);
	fill_pattern(mem, SIZE, 7);
	munmap(mem, SIZE);
}

FIXTURE_TEARDOWN_PARENT(holder)
{
	HEAP_TEARDOWN(&self->heap);
}

TEST_F(holder, process_without_the_heap_syncs_and_asks)
{
	struct holder holder = { .tag = self->tag };
	int pair[2], i, fd[] = { self->fd, self->ro };

	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
		ASSERT_EQ(0, send_fd(pair[0], fd[i]));
		holder.sock = pair[1];
		EXPECT_EQ(0, run_child(use_buffer, &holder));
		close(pair[0]);
		close(pair[1]);
	}
}

TEST_F(holder, node_is_open_to_everybody)
{
	struct stat stat_buf;

	ASSERT_EQ(0, stat(NODE, &stat_buf));
	EXPECT_TRUE(S_ISCHR(stat_buf.st_mode));
	EXPECT_EQ(0666, stat_buf.st_mode & 07777);
}

/* Both nodes say the same about a buffer. */
TEST_F(holder, answer_is_that_of_the_heaps_node)
{
	struct carveout_buffer_info ours, heaps;
	int node = open_holder(O_RDWR);

	ASSERT_LE(0, node);
	memset(&ours, 0x5a, sizeof(ours));
	memset(&heaps, 0xa5, sizeof(heaps));
	ASSERT_EQ(0, query_buffer(node, self->fd, &ours));
	ASSERT_EQ(0, query_buffer(self->heap.node, self->fd, &heaps));
	EXPECT_EQ(0, memcmp(&ours, &heaps, sizeof(ours)));
	close(node);
}

/* === Arguments =========================================================== */

TEST_F(holder, there_are_three_commands)
{
	int node = open_holder(O_RDWR);
	char arg[256] = "";
	unsigned int nr, dir;

	ASSERT_LE(0, node);
	for (nr = 0; nr < 256; nr++)
		for (dir = 0; dir <= (_IOC_READ | _IOC_WRITE); dir++) {
			unsigned long cmd = _IOC(dir, CARVEOUT_IOC_MAGIC, nr, sizeof(arg));

			if (cmd == sized(CARVEOUT_IOCTL_INFO, sizeof(arg)) ||
			    cmd == sized(CARVEOUT_IOCTL_SYNC, sizeof(arg)) ||
			    cmd == sized(CARVEOUT_IOCTL_LOCATE, sizeof(arg)))
				continue;
			EXPECT_EQ(-ENOTTY, xioctl(node, cmd, arg)) TH_LOG("%#lx", cmd);
		}
	EXPECT_EQ(-ENOTTY, alloc_buffer(node, SIZE));
	EXPECT_EQ(-ENOTTY, try_open(node, self->tag, O_RDONLY));
	EXPECT_EQ(-1, lseek(node, 0, SEEK_SET));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_READ, MAP_SHARED, node, 0));
	close(node);
}

TEST_F(holder, access_mode_is_checked)
{
	struct carveout_buffer_info buffer;
	int node = open_holder(O_WRONLY);

	ASSERT_LE(0, node);
	EXPECT_EQ(-EACCES, query_buffer(node, self->fd, &buffer));
	EXPECT_EQ(-EACCES, sync_part(node, self->fd, 0, SIZE));
	close(node);
}

TEST_F(holder, descriptor_is_checked)
{
	struct carveout_buffer_info buffer;
	int node = open_holder(O_RDONLY);
	int pool = create_pool(self->heap.node, 64, 1);
	int memfd = memfd_create("holder", MFD_CLOEXEC);
	const struct { int fd, err; } rows[] = {
		{ -1, -EBADF }, { 1 << 20, -EBADF }, { self->heap.node, -EINVAL },
		{ node, -EINVAL }, { pool, -EINVAL }, { memfd, -EINVAL },
	};
	size_t i;

	ASSERT_LE(0, node);
	ASSERT_LE(0, pool);
	ASSERT_LE(0, memfd);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		EXPECT_EQ(rows[i].err, query_buffer(node, rows[i].fd, &buffer))
			TH_LOG("row %zu", i);
		EXPECT_EQ(rows[i].err, sync_part(node, rows[i].fd, 0, 1))
			TH_LOG("row %zu", i);
	}
	EXPECT_EQ(-EINVAL, sync_part(node, self->fd, SIZE, 1));
	close(memfd);
	close(pool);
	close(node);
}

/* Sizes and addresses of the entry of INFO, on both nodes. */
TEST_F(holder, entry_has_the_size_that_the_caller_knows)
{
	const size_t least = CARVEOUT_BUFFER_INFO_SIZE_VER0;
	const struct { size_t size; int err; } rows[] = {
		{ 0, -EINVAL }, { 1, -EINVAL }, { least - 1, -EINVAL }, { least, 0 },
		{ least + 1, 0 }, { ENTRY_MAX, 0 }, { ENTRY_MAX + 1, -EINVAL },
		{ ~0U, -EINVAL },
	};
	int node[] = { open_holder(O_RDONLY), self->heap.node };
	static char entry[ENTRY_MAX + 1];
	struct carveout_ioctl_info info;
	size_t i, j;

	ASSERT_LE(0, node[0]);
	for (j = 0; j < 2 * ARRAY_SIZE(rows); j++) {
		i = j / 2;
		memset(entry, 0xa5, sizeof(entry));
		info = (struct carveout_ioctl_info){
			.fd = self->fd,
			.entry = (uintptr_t)entry,
			.entry_size = rows[i].size,
		};
		EXPECT_EQ(rows[i].err, xioctl(node[j % 2], CARVEOUT_IOCTL_INFO, &info))
			TH_LOG("size %zu", rows[i].size);
		if (rows[i].err) {
			EXPECT_TRUE(is_filled(entry, sizeof(entry), 0xa5));
			continue;
		}
		EXPECT_EQ(sizeof(struct carveout_buffer_info), info.entry_size);
		EXPECT_STREQ(self->tag, ((struct carveout_buffer_info *)entry)->tag);
		EXPECT_TRUE(is_filled(entry + least, rows[i].size - least, 0));
		EXPECT_TRUE(is_filled(entry + rows[i].size,
				      sizeof(entry) - rows[i].size, 0xa5));
	}
	info.entry_size = least;
	info.entry = 0;
	EXPECT_EQ(-EFAULT, xioctl(node[0], CARVEOUT_IOCTL_INFO, &info));
	info.entry = -least;
	EXPECT_EQ(-EFAULT, xioctl(node[0], CARVEOUT_IOCTL_INFO, &info));
	close(node[0]);
}

/* === Races =============================================================== */

struct race {
	int node;
	int fd;
	unsigned int rounds;
};

/* The buffer is there, or was resized or freed: EINVAL is the only error. */
static int ask_and_sync(void *data)
{
	const struct race *race = data;
	struct carveout_buffer_info buffer;
	unsigned int i;
	int node, err;

	for (i = 0; i < race->rounds; i++) {
		node = open_holder(O_RDONLY);
		if (node < 0)
			return 1;
		err = query_buffer(node, race->fd, &buffer);
		if (err && err != -EINVAL)
			return 2;
		err = sync_part(node, race->fd, 0, PAGE);
		if (err && err != -EINVAL)
			return 3;
		close(node);
	}
	return 0;
}

/* Resize a buffer whose descriptor no other process has. */
static int resize_again(void *data)
{
	const struct race *race = data;
	struct carveout_ioctl_resize resize;
	struct carveout_buffer_info buffer;
	int fd = alloc_buffer(race->node, PAGE), node = open_holder(O_RDONLY);
	unsigned int i;

	for (i = 0; i < race->rounds; i++) {
		memset(&resize, 0, sizeof(resize));
		resize.fd = fd;
		resize.size = (1 + i % 4) * PAGE;
		resize.fd_flags = O_RDWR | O_CLOEXEC;
		if (xioctl(race->node, CARVEOUT_IOCTL_RESIZE, &resize))
			return 1;
		/* Nothing is left of a buffer that was resized. */
		if (query_buffer(node, fd, &buffer) != -EINVAL)
			return 2;
		close(fd);
		fd = resize.new_fd;
		if (query_buffer(node, fd, &buffer) ||
		    sync_part(node, fd, 0, resize.size))
			return 3;
	}
	return 0;
}

TEST_F_TIMEOUT(holder, races_with_itself_and_resize, 120)
{
	struct race race = {
		.node = self->heap.node,
		.fd = self->ro,
		.rounds = env_rounds(200),
	};
	pid_t pid[4];
	int i;

	for (i = 0; i < 4; i++) {
		pid[i] = start_child(i % 2 ? resize_again : ask_and_sync, &race);
		ASSERT_LT(0, pid[i]);
	}
	for (i = 0; i < 4; i++)
		EXPECT_EQ(0, wait_child(pid[i]));
}

TEST_HARNESS_MAIN
