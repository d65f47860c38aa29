// SPDX-License-Identifier: GPL-2.0
/*
 * Resizing: in place, by moving, and refused while the buffer is in use. The
 * content is kept, and no memory has two owners.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "carveout_fixture.h"

#define USER	1000

/* Resize; the new file descriptor or a negative errno value. */
static int resize(int node, int fd, __u64 size, struct carveout_ioctl_resize *reply)
{
	struct carveout_ioctl_resize r = {
		.fd = fd,
		.size = size,
		.fd_flags = O_RDWR | O_CLOEXEC,
	};
	int err = xioctl(node, CARVEOUT_IOCTL_RESIZE, &r);

	if (reply)
		*reply = r;
	return err ? err : r.new_fd;
}

/* Resize and close the old file descriptor. */
static int resized(int node, int fd, __u64 size, struct carveout_ioctl_resize *reply)
{
	int new = resize(node, fd, size, reply);

	if (new >= 0)
		close(fd);
	return new;
}

static bool fill(int fd, size_t size, __u32 seed)
{
	void *mem = map_buffer(fd, size, PROT_READ | PROT_WRITE);

	if (mem == MAP_FAILED)
		return false;
	fill_pattern(mem, size, seed);
	munmap(mem, size);
	return true;
}

/* The first @kept bytes have the pattern, the rest of @size is zero. */
static bool holds(int fd, size_t size, size_t kept, __u32 seed)
{
	char *mem = map_buffer(fd, size, PROT_READ);
	bool good;

	if (mem == MAP_FAILED)
		return false;
	good = has_pattern(mem, kept, seed) &&
	       is_filled(mem + kept, size - kept, 0);
	munmap(mem, size);
	return good;
}

static int alloc_exact(int node, __u64 size, __u64 place)
{
	struct carveout_ioctl_alloc alloc = alloc_request(size);
	int err;

	alloc.flags = CARVEOUT_ALLOC_EXACT;
	alloc.regions = 1;
	alloc.place = place;
	err = xioctl(node, CARVEOUT_IOCTL_ALLOC, &alloc);
	return err ? err : alloc.fd;
}

/* === Larger and smaller ================================================== */

TEST_F(heap, grows_and_shrinks_where_it_is)
{
	struct carveout_ioctl_resize reply;
	struct carveout_buffer_info before, after;
	int node = self->heap.node;
	int fd;

	if (self->heap.query.used)
		SKIP(return, "the heap is in use");
	ASSERT_LT(0, flood_heap(node, 0xa5));
	fd = alloc_buffer(node, 2 * PAGE);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, query_buffer(node, fd, &before));
	ASSERT_TRUE(fill(fd, 2 * PAGE, 1));
	fd = resized(node, fd, 15 * PAGE + 1, &reply);
	ASSERT_LE(0, fd);
	EXPECT_EQ(16 * PAGE, reply.size);
	EXPECT_EQ(before.offset, reply.offset);
	EXPECT_EQ(before.region, reply.region);
	EXPECT_EQ(before.attrs, reply.attrs);
	EXPECT_LT(before.generation, reply.generation);
	ASSERT_EQ(0, query_buffer(node, fd, &after));
	EXPECT_EQ(reply.generation, after.generation);
	EXPECT_EQ(reply.size, after.size);
	EXPECT_EQ(16 * PAGE, (__u64)lseek(fd, 0, SEEK_END));
	EXPECT_TRUE(holds(fd, 16 * PAGE, 2 * PAGE, 1));
	EXPECT_EQ(16 * PAGE, used_bytes(node));

	ASSERT_TRUE(fill(fd, 16 * PAGE, 2));
	fd = resized(node, fd, PAGE, &reply);
	ASSERT_LE(0, fd);
	EXPECT_EQ(before.offset, reply.offset);
	EXPECT_TRUE(holds(fd, PAGE, PAGE, 2));
	EXPECT_EQ(PAGE, used_bytes(node));
	/* The tail that was cut off is zero when it is allocated again. */
	fd = resized(node, fd, 16 * PAGE, &reply);
	ASSERT_LE(0, fd);
	EXPECT_EQ(before.offset, reply.offset);
	EXPECT_TRUE(holds(fd, 16 * PAGE, PAGE, 2));
	/* Resizing to the same size works, too. */
	fd = resized(node, fd, 16 * PAGE, NULL);
	ASSERT_LE(0, fd);
	EXPECT_TRUE(holds(fd, 16 * PAGE, PAGE, 2));
	close(fd);
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(heap, moves_with_its_content_when_there_is_no_room)
{
	struct carveout_ioctl_resize reply;
	int node = self->heap.node;
	int fd, wall, old;

	if (self->heap.query.used)
		SKIP(return, "the heap is in use");
	fd = alloc_in(node, 16 * PAGE, 1);
	wall = alloc_exact(node, PAGE, 16 * PAGE);
	ASSERT_LE(0, fd);
	ASSERT_LE(0, wall);
	ASSERT_TRUE(fill(fd, 16 * PAGE, 3));
	old = fd;
	fd = resize(node, old, 32 * PAGE, &reply);
	ASSERT_LE(0, fd);
	EXPECT_NE(0, reply.offset);
	EXPECT_TRUE(holds(fd, 32 * PAGE, 16 * PAGE, 3));
	/* The memory is free once the old file descriptor is closed. */
	EXPECT_EQ(49 * PAGE, used_bytes(node));
	EXPECT_EQ(-ENOSPC, alloc_exact(node, PAGE, 0));
	close(old);
	EXPECT_EQ(33 * PAGE, used_bytes(node));
	old = alloc_exact(node, PAGE, 0);
	EXPECT_LE(0, old);
	close(old);
	close(fd);
	close(wall);
	EXPECT_UNCHANGED(&self->heap);
}

/* It moves only to locations that satisfy the original request. */
TEST_F(heap, moves_only_where_it_may_be)
{
	struct carveout_ioctl_alloc alloc = alloc_request(PAGE);
	struct carveout_ioctl_region region;
	int node = self->heap.node;
	int fd, rest;

	if (self->heap.query.used)
		SKIP(return, "the heap is in use");
	ASSERT_EQ(0, query_region(node, 0, &region));
	alloc.regions = 1;
	alloc.max_addr = region.base + 16 * PAGE;
	ASSERT_EQ(0, xioctl(node, CARVEOUT_IOCTL_ALLOC, &alloc));
	EXPECT_EQ(-ENOSPC, resize(node, alloc.fd, 16 * PAGE + 1, NULL));
	EXPECT_EQ(-ENOSPC, resize(node, alloc.fd, region.size, NULL));
	EXPECT_EQ(-ENOSPC, resize(node, alloc.fd, 1ULL << 50, NULL));
	fd = resized(node, alloc.fd, 16 * PAGE, NULL);
	EXPECT_LE(0, fd);
	close(fd);
	/* A buffer with a fixed location does not move. */
	fd = alloc_exact(node, PAGE, 0);
	rest = alloc_exact(node, PAGE, 2 * PAGE);
	ASSERT_LE(0, fd);
	ASSERT_LE(0, rest);
	EXPECT_EQ(-ENOSPC, resize(node, fd, 3 * PAGE, NULL));
	fd = resized(node, fd, 2 * PAGE, NULL);
	EXPECT_LE(0, fd);
	close(fd);
	close(rest);
	EXPECT_UNCHANGED(&self->heap);
}

/* A failure leaves everything unchanged: content, tag, file descriptor. */
TEST_F(heap, failure_changes_nothing)
{
	const char *tag = unique_tag("resize.fail");
	struct carveout_ioctl_resize *reply;
	struct heap_snapshot with;
	int node = self->heap.node;
	int fd = alloc_tag(node, 2 * PAGE, tag, CARVEOUT_ALLOC_PERSIST, 0600);
	const __u64 sizes[] = { PAGE, 2 * PAGE, 4 * PAGE, 1 * MIB };
	size_t i;

	ASSERT_LE(0, fd);
	ASSERT_TRUE(fill(fd, 2 * PAGE, 4));
	ASSERT_EQ(0, take_snapshot(&with));
	EXPECT_EQ(-EINVAL, resize(node, fd, 0, NULL));
	EXPECT_EQ(-EINVAL, resize(node, fd, -1ULL, NULL));
	EXPECT_EQ(-EINVAL, resize(node, fd, -PAGE + 2, NULL));
	EXPECT_EQ(-ENOSPC, resize(node, fd, -PAGE, NULL));
	EXPECT_EQ(-ENOSPC, resize(node, fd, self->heap.query.size + 1, NULL));
	EXPECT_EQ(-EBADF, resize(node, -1, PAGE, NULL));
	EXPECT_EQ(-EINVAL, resize(node, node, PAGE, NULL));
	/* The reply cannot be written. */
	reply = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)reply);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		ASSERT_EQ(0, mprotect(reply, PAGE, PROT_READ | PROT_WRITE));
		reply->fd = fd;
		reply->size = sizes[i];
		reply->fd_flags = O_RDWR | O_CLOEXEC;
		ASSERT_EQ(0, mprotect(reply, PAGE, PROT_READ));
		EXPECT_EQ(-EFAULT, xioctl(node, CARVEOUT_IOCTL_RESIZE, reply));
		EXPECT_SNAPSHOT(&with);
	}
	EXPECT_TRUE(holds(fd, 2 * PAGE, 2 * PAGE, 4));
	EXPECT_EQ(1, find_listed(node, tag, NULL));
	close(fd);
	ASSERT_EQ(0, unlink_tag(node, tag));
	EXPECT_UNCHANGED(&self->heap);
}

/* === The tag and the old file descriptor ================================= */

TEST_F(heap, name_leads_to_the_resized_buffer)
{
	const char *tag = unique_tag("resize.name");
	struct carveout_buffer_info before, after;
	struct carveout_ioctl_resize reply;
	int node = self->heap.node;
	int fd, new, open;
	__u32 flags;

	for (flags = 0; flags <= CARVEOUT_ALLOC_PERSIST;
	     flags += CARVEOUT_ALLOC_PERSIST) {
		umask(0);
		fd = alloc_tag(node, 2 * PAGE, tag, flags, 0640);
		ASSERT_LE(0, fd);
		ASSERT_EQ(0, query_buffer(node, fd, &before));
		new = resized(node, fd, 5 * PAGE, &reply);
		ASSERT_LE(0, new);
		open = open_tag(node, tag, O_RDWR);
		ASSERT_LE(0, open);
		ASSERT_EQ(0, query_buffer(node, open, &after));
		EXPECT_EQ(reply.generation, after.generation);
		EXPECT_EQ(5 * PAGE, after.size);
		EXPECT_EQ(0, strcmp(before.tag, after.tag));
		EXPECT_EQ(before.mode, after.mode);
		EXPECT_EQ(before.uid, after.uid);
		EXPECT_EQ(before.flags, after.flags);
		EXPECT_EQ(before.pid, after.pid);
		close(open);
		close(new);
		if (flags)
			ASSERT_EQ(0, unlink_tag(node, tag));
		EXPECT_EQ(-ENOENT, open_tag(node, tag, O_RDONLY));
	}
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(heap, old_descriptor_is_good_for_nothing)
{
	int node = self->heap.node;
	struct carveout_buffer_info buffer;
	struct carveout_ioctl_link link = { .mode = 0600 };
	const __u64 sizes[] = { PAGE, 2 * PAGE, 4 * PAGE };
	size_t i;
	int new;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		link.fd = alloc_buffer(node, 2 * PAGE);
		ASSERT_LE(0, link.fd);
		new = resize(node, link.fd, sizes[i], NULL);
		ASSERT_LE(0, new);
		EXPECT_EQ(MAP_FAILED, map_buffer(link.fd, PAGE, PROT_READ));
		EXPECT_EQ(EINVAL, errno);
		EXPECT_EQ(-EINVAL, query_buffer(node, link.fd, &buffer));
		EXPECT_EQ(-EBUSY, resize(node, link.fd, PAGE, NULL));
		set_name(link.tag, unique_tag("resize.old"));
		EXPECT_EQ(-EBUSY, xioctl(node, CARVEOUT_IOCTL_LINK, &link));
		if (i < 2)
			/*
			 * The new buffer cannot be resized before the old file
			 * is closed.
			 */
			EXPECT_EQ(-EBUSY, resize(node, new, PAGE, NULL));
		/* Closed in either order. */
		close(i ? new : link.fd);
		close(i ? link.fd : new);
	}
	EXPECT_UNCHANGED(&self->heap);
}

/* === Buffers in use ====================================================== */

TEST_F(heap, buffer_in_use_is_EBUSY)
{
	const char *tag = unique_tag("resize.busy");
	int node = self->heap.node;
	int fd = alloc_tag(node, 2 * PAGE, tag, CARVEOUT_ALLOC_PERSIST, 0600);
	struct heap_snapshot with;
	int pair[2], other;
	void *mem;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, take_snapshot(&with));
	mem = map_buffer(fd, PAGE, PROT_READ);
	ASSERT_NE(MAP_FAILED, mem);
	EXPECT_EQ(-EBUSY, resize(node, fd, 4 * PAGE, NULL));
	munmap(mem, PAGE);
	other = dup(fd);
	EXPECT_EQ(-EBUSY, resize(node, fd, 4 * PAGE, NULL));
	close(other);
	other = open_tag(node, tag, O_RDONLY);
	ASSERT_LE(0, other);
	EXPECT_EQ(-EACCES, resize(node, other, 4 * PAGE, NULL));
	EXPECT_EQ(-EBUSY, resize(node, fd, 4 * PAGE, NULL));
	close(other);
	/* In flight to another process. */
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
	ASSERT_EQ(0, send_fd(pair[0], fd));
	EXPECT_EQ(-EBUSY, resize(node, fd, 4 * PAGE, NULL));
	close(pair[0]);
	close(pair[1]);
	EXPECT_SNAPSHOT(&with);
	/* Not in use in any of these ways: it works, twice. */
	fd = resized(node, fd, 4 * PAGE, NULL);
	ASSERT_LE(0, fd);
	fd = resized(node, fd, PAGE, NULL);
	ASSERT_LE(0, fd);
	close(fd);
	ASSERT_EQ(0, unlink_tag(node, tag));
	EXPECT_UNCHANGED(&self->heap);
}

/* A child that inherits the file descriptor. */
static int hold_until_killed(void *data)
{
	(void)data;
	return pause();
}

/* Write permission is not enough to move a buffer. */
TEST_F(heap, resize_is_for_the_owner)
{
	const char *tag = unique_tag("resize.owner");
	int node = self->heap.node;
	int fd;

	umask(0);
	fd = alloc_tag(node, 2 * PAGE, tag, CARVEOUT_ALLOC_PERSIST, 0666);
	ASSERT_LE(0, fd);
	close(fd);
	ASSERT_EQ(0, seteuid(USER));
	fd = open_tag(node, tag, O_RDWR);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EACCES, resize(node, fd, PAGE, NULL));
	EXPECT_EQ(-EACCES, resize(node, fd, 4 * PAGE, NULL));
	ASSERT_EQ(0, seteuid(0));
	fd = resized(node, fd, 4 * PAGE, NULL);
	EXPECT_LE(0, fd);
	close(fd);
	ASSERT_EQ(0, unlink_tag(node, tag));
	EXPECT_UNCHANGED(&self->heap);
}

/* A failed resize is not charged, not even temporarily by an overflow. */
TEST_F(heap, sizes_that_wrap_what_is_charged)
{
	int node = self->heap.node, i;
	int fd[4];

	for (i = 0; i < 4; i++) {
		fd[i] = alloc_buffer(node, PAGE);
		ASSERT_LE(0, fd[i]);
		EXPECT_EQ(-ENOSPC, alloc_buffer(node, -PAGE * (i + 1)));
		EXPECT_EQ(-ENOSPC, resize(node, fd[i], -PAGE * (i + 1), NULL));
	}
	for (i = 0; i < 4; i++)
		close(fd[i]);
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(heap, descriptor_of_a_child_counts)
{
	int node = self->heap.node;
	int fd = alloc_buffer(node, 2 * PAGE);
	pid_t pid;

	ASSERT_LE(0, fd);
	pid = start_child(hold_until_killed, NULL);
	ASSERT_LT(0, pid);
	EXPECT_EQ(-EBUSY, resize(node, fd, 4 * PAGE, NULL));
	kill(pid, SIGKILL);
	wait_child(pid);
	fd = resized(node, fd, 4 * PAGE, NULL);
	EXPECT_LE(0, fd);
	close(fd);
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(heap, quota_counts_what_is_added)
{
	char path[256], size[32];
	int node = self->heap.node;
	struct carveout_ioctl_query query;
	int fd, knob;

	snprintf(path, sizeof(path), "/sys/class/carveout/%s/quota_user", heap_name());
	knob = open(path, O_WRONLY | O_CLOEXEC);
	ASSERT_LE(0, knob);
	snprintf(size, sizeof(size), "%ld", 8 * PAGE);
	ASSERT_EQ(strlen(size), write(knob, size, strlen(size)));
	ASSERT_EQ(0, seteuid(USER));
	fd = alloc_buffer(node, 2 * PAGE);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EDQUOT, resize(node, fd, 9 * PAGE, NULL));
	fd = resized(node, fd, 8 * PAGE, NULL);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, query_heap(node, &query));
	EXPECT_EQ(8 * PAGE, query.used_user);
	fd = resized(node, fd, 3 * PAGE, NULL);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, query_heap(node, &query));
	EXPECT_EQ(3 * PAGE, query.used_user);
	EXPECT_EQ(3 * PAGE, query.used_file);
	close(fd);
	ASSERT_EQ(0, seteuid(0));
	ASSERT_EQ(1, pwrite(knob, "0", 1, 0));
	EXPECT_UNCHANGED(&self->heap);
}

/* === Races =============================================================== */

struct resizer {
	int node;
	const char *tag;
	unsigned int rounds;
};

/* Each open by tag finds the buffer, with one of the sizes. */
static int open_often(void *data)
{
	const struct resizer *job = data;
	struct carveout_buffer_info buffer;
	unsigned int i;
	int fd;

	for (i = 0; i < job->rounds; i++) {
		fd = open_tag(job->node, job->tag, O_RDWR);
		if (fd < 0)
			return 1;
		if (query_buffer(job->node, fd, &buffer))
			return 2;
		if (buffer.size / PAGE != 2 && buffer.size / PAGE != 16)
			return 3;
		if (!holds(fd, 2 * PAGE, 2 * PAGE, 5))
			return 4;
		close(fd);
	}
	return 0;
}

TEST_F_TIMEOUT(heap, resize_against_open, 120)
{
	const char *tag = unique_tag("resize.race");
	struct resizer job = {
		.node = self->heap.node,
		.tag = tag,
		.rounds = env_rounds(1000),
	};
	int node = self->heap.node, fd, new;
	unsigned int i, rounds = env_rounds(2000);
	pid_t pid[2];

	fd = alloc_tag(node, 2 * PAGE, tag, CARVEOUT_ALLOC_PERSIST, 0600);
	ASSERT_LE(0, fd);
	ASSERT_TRUE(fill(fd, 2 * PAGE, 5));
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	close(fd);
	for (i = 0; i < 2; i++) {
		pid[i] = start_child(open_often, &job);
		ASSERT_LT(0, pid[i]);
	}
	for (i = 0; i < rounds; i++) {
		fd = open_tag(node, tag, O_RDWR);
		ASSERT_LE(0, fd);
		new = resize(node, fd, i % 2 ? 2 * PAGE : 16 * PAGE, NULL);
		if (new >= 0)
			close(new);
		close(fd);
		ASSERT_TRUE(new >= 0 || new == -EBUSY);
	}
	for (i = 0; i < 2; i++)
		EXPECT_EQ(0, wait_child(pid[i]));
	/* With one CPU the openers may have held the buffer all the time. */
	fd = open_tag(node, tag, O_RDWR);
	new = resized(node, fd, 16 * PAGE, NULL);
	EXPECT_LE(0, new);
	close(new);
	ASSERT_EQ(0, unlink_tag(node, tag));
	EXPECT_UNCHANGED(&self->heap);
}

static int shared_fd;

/* Map and unmap in a thread, which shares the file descriptor table. */
static void *map_often(void *data)
{
	bool *stop = data;
	void *mem;

	while (!__atomic_load_n(stop, __ATOMIC_RELAXED)) {
		mem = map_buffer(shared_fd, PAGE, PROT_READ | PROT_WRITE);
		if (mem != MAP_FAILED)
			munmap(mem, PAGE);
	}
	return NULL;
}

TEST_F_TIMEOUT(heap, resize_against_map_in_another_thread, 120)
{
	unsigned int i, rounds = env_rounds(2000);
	int node = self->heap.node, new;
	bool stop = false;
	pthread_t thread;

	shared_fd = alloc_buffer(node, 2 * PAGE);
	ASSERT_LE(0, shared_fd);
	ASSERT_EQ(0, pthread_create(&thread, NULL, map_often, &stop));
	for (i = 0; i < rounds; i++) {
		new = resize(node, shared_fd, i % 3 ? 2 * PAGE : 8 * PAGE, NULL);
		if (new < 0) {
			ASSERT_EQ(-EBUSY, new);
			continue;
		}
		/* The new file replaces the old one under the same number. */
		ASSERT_LE(0, dup3(new, shared_fd, O_CLOEXEC));
		close(new);
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	close(shared_fd);
	EXPECT_UNCHANGED(&self->heap);
}

TEST_HARNESS_MAIN
