// SPDX-License-Identifier: GPL-2.0
/*
 * Heaps as dma-buf heaps: DMA_HEAP_IOCTL_ALLOC on the device node in /dev/dma_heap.
 *
 * An argument is treated as by the kernel's heaps: members that a shorter one lacks are
 * zero, and unknown members are ignored.
 */
#include <linux/dma-buf.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "carveout_dma_heap_fixture.h"

#define STRANGER	1003
#define KNOWN		sizeof(struct dma_heap_allocation_data)

/* The largest size that fits into a command number. */
#define LONGEST		((1 << _IOC_SIZEBITS) - 1)

/* === The device node ===================================================== */

/* On a kernel with dma-buf heaps, its class and its heaps are not ours. */
TEST_F(dma_heap, node_belongs_to_the_heap)
{
	struct stat heaps, ours;
	char path[PATH_MAX];

	ASSERT_EQ(0, stat(heap_path(), &heaps));
	ASSERT_EQ(0, stat(dma_heap_path(), &ours));
	EXPECT_TRUE(S_ISCHR(ours.st_mode));
	EXPECT_EQ(major(heaps.st_rdev), major(ours.st_rdev));
	EXPECT_NE(minor(heaps.st_rdev), minor(ours.st_rdev));
	/* A new node is root's; udev may give both to others. */
	EXPECT_EQ(heaps.st_mode, ours.st_mode);
	EXPECT_EQ(heaps.st_uid, ours.st_uid);
	EXPECT_EQ(heaps.st_gid, ours.st_gid);
	EXPECT_EQ(0, access("/sys/class/dma_heap", F_OK));
	snprintf(path, sizeof(path), "/sys/class/dma_heap/%s", heap_name());
	EXPECT_EQ(access("/sys/class/carveout_dma_heap", F_OK), -!access(path, F_OK));
}

TEST_F(dma_heap, any_access_mode_permits_allocation)
{
	static const int flags[] = { O_RDONLY, O_WRONLY, O_RDWR };
	size_t i;

	close(self->node);
	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		int node = open_dma_heap(flags[i]), fd;

		ASSERT_LE(0, node);
		fd = dma_heap_alloc(node, SIZE, FD_FLAGS);
		EXPECT_LE(0, fd) TH_LOG("flags %#x: %d", flags[i], fd);
		close(fd);
		close(node);
	}
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(dma_heap, there_is_one_command)
{
	struct dma_heap_allocation_data data = request(SIZE);
	struct carveout_ioctl_query query = {};
	unsigned int nr, dir, type;
	unsigned long cmd;

	for (nr = 0; nr < 256; nr++)
		for (dir = 0; dir <= (_IOC_READ | _IOC_WRITE); dir++) {
			cmd = _IOC(dir, DMA_HEAP_IOC_MAGIC, nr, KNOWN);
			if (cmd == DMA_HEAP_IOCTL_ALLOC)
				continue;
			EXPECT_EQ(-EINVAL, xioctl(self->node, cmd, &data))
				TH_LOG("%#lx", cmd);
		}
	for (type = 0; type < 256; type++) {
		cmd = _IOC(_IOC_READ | _IOC_WRITE, type, 0, KNOWN);
		if (type != DMA_HEAP_IOC_MAGIC)
			EXPECT_EQ(-EINVAL, xioctl(self->node, cmd, &data));
	}
	/* Each node has its own. */
	EXPECT_EQ(-EINVAL, xioctl(self->node, CARVEOUT_IOCTL_QUERY, &query));
	EXPECT_EQ(-EINVAL, alloc_buffer(self->node, SIZE));
	EXPECT_EQ(-ENOTTY, call(self->heap.node, &data));
	EXPECT_EQ(-1, lseek(self->node, 0, SEEK_SET));
	EXPECT_EQ(-1, read(self->node, &data, 1));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_READ, MAP_SHARED, self->node, 0));
	EXPECT_SNAPSHOT(&self->armed);
}

/* === Buffers ============================================================= */

TEST_F(dma_heap, buffer_is_one_of_the_heap)
{
	struct dma_buf_sync sync = { DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW };
	struct carveout_buffer_info buffer;
	int fd = dma_heap_alloc(self->node, SIZE - 1, FD_FLAGS);
	char *mem;

	ASSERT_LE(0, fd);
	EXPECT_EQ((off_t)SIZE, lseek(fd, 0, SEEK_END));
	ASSERT_EQ(0, query_buffer(self->heap.node, fd, &buffer));
	EXPECT_EQ(SIZE, buffer.size);
	EXPECT_STREQ("", buffer.tag);
	EXPECT_EQ(geteuid(), buffer.uid);
	mem = map_buffer(fd, SIZE, PROT_READ | PROT_WRITE);
	ASSERT_NE(MAP_FAILED, (void *)mem);
	EXPECT_EQ(0, xioctl(fd, DMA_BUF_IOCTL_SYNC, &sync));
	EXPECT_TRUE(is_filled(mem, SIZE, 0));
	fill_pattern(mem, SIZE, 1);
	sync.flags = DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW;
	EXPECT_EQ(0, xioctl(fd, DMA_BUF_IOCTL_SYNC, &sync));
	/* The node is not needed any longer. */
	close(self->node);
	EXPECT_TRUE(has_pattern(mem, SIZE, 1));
	munmap(mem, SIZE);
	close(fd);
	EXPECT_UNCHANGED(&self->heap);
}

/* All memory of the heap, with content, and again. */
TEST_F_TIMEOUT(dma_heap, memory_is_zero_for_its_next_owner, 120)
{
	__u64 hole = self->heap.query.largest_hole;
	int fd, round;
	char *mem;

	for (round = 0; round < 2; round++) {
		fd = dma_heap_alloc(self->node, hole, FD_FLAGS);
		ASSERT_LE(0, fd);
		mem = map_buffer(fd, hole, PROT_READ | PROT_WRITE);
		ASSERT_NE(MAP_FAILED, (void *)mem);
		EXPECT_TRUE(is_filled(mem, hole, 0)) TH_LOG("round %d", round);
		memset(mem, 0xa5, hole);
		munmap(mem, hole);
		close(fd);
	}
	EXPECT_SNAPSHOT(&self->armed);
}

/* Each access mode is accepted. One that permits writing permits reading. */
TEST_F(dma_heap, flags_of_the_descriptor)
{
	static const struct { int flags, mode; } rows[] = {
		{ O_RDONLY, O_RDONLY }, { O_RDWR, O_RDWR }, { O_WRONLY, O_RDWR },
		{ O_ACCMODE, O_RDWR },
	};
	size_t i;

	for (i = 0; i < 2 * ARRAY_SIZE(rows); i++) {
		int cloexec = i % 2 ? O_CLOEXEC : 0, mode = rows[i / 2].mode;
		int fd = dma_heap_alloc(self->node, PAGE, rows[i / 2].flags | cloexec);
		void *mem;

		ASSERT_LE(0, fd) TH_LOG("row %zu: %d", i, fd);
		EXPECT_EQ(mode, fcntl(fd, F_GETFL) & O_ACCMODE);
		EXPECT_EQ(cloexec ? FD_CLOEXEC : 0, fcntl(fd, F_GETFD));
		mem = map_buffer(fd, PAGE, PROT_READ);
		EXPECT_NE(MAP_FAILED, mem);
		munmap(mem, PAGE);
		mem = map_buffer(fd, PAGE, PROT_READ | PROT_WRITE);
		EXPECT_EQ(mode == O_RDONLY, mem == MAP_FAILED);
		if (mem != MAP_FAILED)
			munmap(mem, PAGE);
		close(fd);
	}
	EXPECT_SNAPSHOT(&self->armed);
}

/* === Arguments =========================================================== */

TEST_F(dma_heap, bad_members_are_refused)
{
	struct dma_heap_allocation_data data;
	unsigned int bit;

	for (bit = 0; bit < 32; bit++) {
		data = request(SIZE);
		data.fd = 1U << bit;
		EXPECT_EQ(-EINVAL, call(self->node, &data)) TH_LOG("fd, bit %u", bit);
		data = request(SIZE);
		data.fd_flags |= 1U << bit;
		if (!(1U << bit & (O_ACCMODE | O_CLOEXEC)))
			EXPECT_EQ(-EINVAL, call(self->node, &data))
				TH_LOG("fd_flags, bit %u", bit);
	}
	for (bit = 0; bit < 64; bit++) {
		data = request(SIZE);
		data.heap_flags = 1ULL << bit;
		EXPECT_EQ(-EINVAL, call(self->node, &data)) TH_LOG("heap_flags, bit %u", bit);
	}
	EXPECT_SNAPSHOT(&self->armed);
}

/* A size becomes whole pages. One that wraps is as invalid as none. */
TEST_F(dma_heap, bounds_of_the_size)
{
	const __u64 last = -(__u64)PAGE, hole = self->heap.query.largest_hole;
	const struct { __u64 len; int err; } rows[] = {
		{ 0, -EINVAL }, { 1, 0 }, { PAGE - 1, 0 }, { PAGE, 0 }, { PAGE + 1, 0 },
		{ hole - PAGE + 1, 0 }, { hole, 0 }, { hole + 1, -ENOSPC },
		{ 1ULL << 63, -ENOSPC }, { last, -ENOSPC }, { last + 1, -EINVAL },
		{ ~0ULL, -EINVAL },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		int fd = dma_heap_alloc(self->node, rows[i].len, FD_FLAGS);

		EXPECT_EQ(rows[i].err, fd < 0 ? fd : 0) TH_LOG("row %zu", i);
		if (fd < 0)
			continue;
		EXPECT_EQ((off_t)whole_pages(rows[i].len), lseek(fd, 0, SEEK_END));
		close(fd);
	}
	EXPECT_SNAPSHOT(&self->armed);
}

/*
 * A shorter structure lacks heap_flags, or parts of it and of fd_flags, which are zero then.
 * One without room for the descriptor is refused.
 */
TEST_F(dma_heap, shorter_structure_is_extended_with_zeroes)
{
	const size_t least = offsetof(struct dma_heap_allocation_data, fd_flags);
	union { struct dma_heap_allocation_data data; char byte[KNOWN]; } arg, want;
	size_t size;

	for (size = 0; size < KNOWN; size++) {
		int err, fd_flags = 0;

		arg.data = request(SIZE);
		memset(arg.byte + size, 0, KNOWN - size);
		fd_flags = arg.data.fd_flags;
		arg.data = request(SIZE);
		/* The bytes after the structure are neither read nor written. */
		memset(arg.byte + size, 0xff, KNOWN - size);
		want = arg;
		err = xioctl(self->node, sized(DMA_HEAP_IOCTL_ALLOC, size), &arg);
		EXPECT_EQ(size < least ? -EINVAL : 0, err) TH_LOG("size %zu", size);
		if (!err) {
			want.data.fd = arg.data.fd;
			EXPECT_EQ(fd_flags & O_ACCMODE, fcntl(arg.data.fd, F_GETFL) & O_ACCMODE);
			EXPECT_EQ(0, close(arg.data.fd));
		}
		EXPECT_EQ(0, memcmp(&want, &arg, KNOWN)) TH_LOG("size %zu", size);
	}
	/* heap_flags counts as soon as one of its bytes is there. */
	arg.data = request(SIZE);
	arg.data.heap_flags = ~0ULL;
	size = offsetof(struct dma_heap_allocation_data, heap_flags);
	EXPECT_EQ(-EINVAL, xioctl(self->node, sized(DMA_HEAP_IOCTL_ALLOC, size + 1), &arg));
	EXPECT_SNAPSHOT(&self->armed);
}

TEST_F(dma_heap, members_of_a_newer_program_are_ignored)
{
	static const size_t sizes[] = { KNOWN + 1, KNOWN + 8, 128, 129, 4096, LONGEST };
	char *arg = malloc(LONGEST);
	struct dma_heap_allocation_data *data = (void *)arg;
	size_t i;

	ASSERT_NE(NULL, arg);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		memset(arg, 0xa5, LONGEST);
		*data = request(SIZE);
		ASSERT_EQ(0, xioctl(self->node, sized(DMA_HEAP_IOCTL_ALLOC, sizes[i]), arg))
			TH_LOG("size %zu", sizes[i]);
		EXPECT_EQ(SIZE, data->len);
		EXPECT_EQ(FD_FLAGS, data->fd_flags);
		EXPECT_EQ(0, data->heap_flags);
		EXPECT_TRUE(is_filled(arg + KNOWN, LONGEST - KNOWN, 0xa5));
		EXPECT_EQ(0, close(data->fd));
	}
	free(arg);
	EXPECT_SNAPSHOT(&self->armed);
}

/* The argument is at @offset from the end of the first page. The second one is read-only. */
static char *at_page_end(size_t offset)
{
	char *page = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct dma_heap_allocation_data data = request(SIZE);

	if (page == MAP_FAILED)
		return NULL;
	memcpy(page + PAGE - offset, &data, sizeof(data));
	if (mprotect(page + PAGE, PAGE, PROT_READ) || munmap(page + 2 * PAGE, PAGE))
		return NULL;
	return page + PAGE - offset;
}

TEST_F(dma_heap, bad_address_leaves_nothing)
{
	int next = next_fd(self->node);
	char *reply = at_page_end(0);
	size_t offset;

	ASSERT_NE(NULL, reply);
	EXPECT_EQ(-EFAULT, xioctl(self->node, DMA_HEAP_IOCTL_ALLOC, NULL));
	EXPECT_EQ(-EFAULT, xioctl(self->node, DMA_HEAP_IOCTL_ALLOC, (void *)-PAGE));
	/* The last byte is beyond the end. */
	EXPECT_EQ(-EFAULT, xioctl(self->node, DMA_HEAP_IOCTL_ALLOC, reply + PAGE - KNOWN + 1));
	EXPECT_SNAPSHOT(&self->armed);
	/* The reply fails, as a whole or somewhere in it. */
	for (offset = 0; offset < KNOWN; offset += 4) {
		reply = at_page_end(offset);
		ASSERT_NE(NULL, reply);
		EXPECT_EQ(-EFAULT, xioctl(self->node, DMA_HEAP_IOCTL_ALLOC, reply))
			TH_LOG("offset %zu", offset);
		EXPECT_EQ(next, next_fd(self->node));
		EXPECT_SNAPSHOT(&self->armed);
	}
}

/* === Permissions and quotas ============================================== */

/* A process that may open the node in /dev/dma_heap, and no other one. */
static int stranger(void *data)
{
	const int *may = data;
	struct carveout_buffer_info buffer;
	int node, fd, holder;

	if (become(STRANGER, STRANGER))
		return 1;
	if (open(heap_path(), O_RDONLY | O_CLOEXEC) >= 0 || errno != EACCES)
		return 2;
	node = open_dma_heap(O_RDONLY);
	if (!*may)
		return node == -EACCES ? 0 : 3;
	fd = dma_heap_alloc(node, SIZE, FD_FLAGS);
	holder = open("/dev/carveout-dmabuf", O_RDONLY | O_CLOEXEC);
	if (node < 0 || fd < 0 || holder < 0)
		return 4;
	if (query_buffer(holder, fd, &buffer) || buffer.uid != STRANGER)
		return 5;
	/* Its quota counts there, too. */
	return dma_heap_alloc(node, 1, FD_FLAGS) == -EDQUOT ? 0 : 6;
}

TEST_F(dma_heap, mode_of_the_node_decides)
{
	struct stat stat_buf;
	int may = 0;

	ASSERT_EQ(0, stat(dma_heap_path(), &stat_buf));
	ASSERT_EQ(0600, stat_buf.st_mode & 07777);
	ASSERT_EQ(0, set_quota("quota_user", SIZE));
	EXPECT_EQ(0, run_child(stranger, &may));
	ASSERT_EQ(0, chmod(dma_heap_path(), 0644));
	may = 1;
	EXPECT_EQ(0, run_child(stranger, &may));
	ASSERT_EQ(0, chmod(dma_heap_path(), 0600));
	EXPECT_SNAPSHOT(&self->armed);
}

TEST_F(dma_heap, quotas_count_both_nodes)
{
	int second = open_dma_heap(O_RDONLY), fd[3];
	char path[64], text[64];

	ASSERT_LE(0, second);
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", self->node);
	snprintf(text, sizeof(text), "carveout-charged:\t%lu\n", 2 * PAGE);
	ASSERT_EQ(0, set_quota("quota_file", 2 * PAGE));
	ASSERT_EQ(0, set_quota("quota_user", 5 * PAGE));
	ASSERT_EQ(0, act_as(STRANGER));
	/* Each open file has its own account. */
	EXPECT_EQ(-EDQUOT, dma_heap_alloc(self->node, 3 * PAGE, FD_FLAGS));
	fd[0] = dma_heap_alloc(self->node, 2 * PAGE, FD_FLAGS);
	EXPECT_LE(0, fd[0]);
	EXPECT_EQ(-EDQUOT, dma_heap_alloc(self->node, 1, FD_FLAGS));
	fd[1] = dma_heap_alloc(second, 2 * PAGE, FD_FLAGS);
	EXPECT_LE(0, fd[1]);
	/* The user has one page left, for either node. */
	fd[2] = alloc_buffer(self->heap.node, PAGE);
	EXPECT_LE(0, fd[2]);
	EXPECT_EQ(-EDQUOT, alloc_buffer(self->heap.node, PAGE));
	close(fd[1]);
	EXPECT_EQ(-EDQUOT, dma_heap_alloc(self->node, 1, FD_FLAGS));
	fd[1] = dma_heap_alloc(second, 1, FD_FLAGS);
	EXPECT_LE(0, fd[1]);
	ASSERT_EQ(0, act_as(0));
	EXPECT_EQ(1, lines_with(path, text));
	close(fd[0]);
	close(fd[1]);
	close(fd[2]);
	close(second);
	EXPECT_SNAPSHOT(&self->armed);
}

TEST_HARNESS_MAIN
