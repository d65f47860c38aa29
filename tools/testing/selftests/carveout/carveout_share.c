// SPDX-License-Identifier: GPL-2.0
/*
 * The main use case: one process makes a buffer and tags it, another, unrelated
 * one opens the tag and reads the same bytes. Either may be killed at any
 * moment; the heap must be intact afterwards.
 *
 * The unrelated process is this program started by exec, so that nothing is
 * inherited: "carveout_share read|write HEAP TAG SIZE SEED".
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "carveout_fixture.h"

#define SIZE		(64 * KIB)

/* === The unrelated process =============================================== */

/* Exit codes of the other program. */
enum {
	OTHER_OK, OTHER_NODE = 10, OTHER_TAG, OTHER_MAP, OTHER_CONTENT,
	OTHER_WRITABLE, OTHER_INHERITED,
};

static int other_program(char **argv)
{
	bool writer = !strcmp(argv[1], "write");
	size_t size = strtoul(argv[4], NULL, 0);
	__u32 seed = strtoul(argv[5], NULL, 0);
	int node, fd;
	void *mem;

	/* It has only standard input, output and error. */
	if (count_fds() != 3)
		return OTHER_INHERITED;
	node = open(argv[2], (writer ? O_RDWR : O_RDONLY) | O_CLOEXEC);
	if (node < 0)
		return OTHER_NODE;
	fd = writer ? alloc_tag(node, size, argv[3], CARVEOUT_ALLOC_PERSIST,
				0600) :
		      open_tag(node, argv[3], O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return OTHER_TAG;
	mem = map_buffer(fd, size, PROT_READ | (writer ? PROT_WRITE : 0));
	if (mem == MAP_FAILED)
		return OTHER_MAP;
	if (writer)
		fill_pattern(mem, size, seed);
	if (!has_pattern(mem, size, seed))
		return OTHER_CONTENT;
	if (!writer && !mprotect(mem, size, PROT_READ | PROT_WRITE))
		return OTHER_WRITABLE;
	return OTHER_OK;
}

static int run_other(const char *action, const char *tag, size_t size, __u32 seed)
{
	char size_text[24], seed_text[16];
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (pid)
		return wait_child(pid);
	snprintf(size_text, sizeof(size_text), "%zu", size);
	snprintf(seed_text, sizeof(seed_text), "%u", seed);
	close_range(3, ~0U, 0);
	execl("/proc/self/exe", "carveout_share", action, heap_path(), tag,
	      size_text, seed_text, NULL);
	_exit(126);
}

TEST_F(heap, unrelated_program_reads_what_this_one_wrote)
{
	const char *tag = unique_tag("share.read");
	int fd = alloc_tag(self->heap.node, SIZE, tag, 0, 0600);
	void *mem;

	ASSERT_LE(0, fd);
	mem = map_buffer(fd, SIZE, PROT_READ | PROT_WRITE);
	ASSERT_NE(MAP_FAILED, mem);
	fill_pattern(mem, SIZE, 21);
	EXPECT_EQ(OTHER_OK, run_other("read", tag, SIZE, 21));
	/* The test can fail: the bytes are really compared. */
	EXPECT_EQ(OTHER_CONTENT, run_other("read", tag, SIZE, 22));
	((char *)mem)[SIZE - 1] ^= 1;
	EXPECT_EQ(OTHER_CONTENT, run_other("read", tag, SIZE, 21));
	EXPECT_EQ(OTHER_TAG, run_other("read", "share.nothing", SIZE, 21));
	munmap(mem, SIZE);
	close(fd);
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(heap, this_program_reads_what_an_unrelated_one_wrote)
{
	const char *tag = unique_tag("share.write");
	void *mem;
	int fd;

	ASSERT_EQ(OTHER_OK, run_other("write", tag, SIZE, 23));
	EXPECT_EQ(OTHER_TAG, run_other("write", tag, SIZE, 23));
	EXPECT_EQ(OTHER_OK, run_other("read", tag, SIZE, 23));
	fd = open_tag(self->heap.node, tag, O_RDONLY);
	ASSERT_LE(0, fd);
	mem = map_buffer(fd, SIZE, PROT_READ);
	ASSERT_NE(MAP_FAILED, mem);
	EXPECT_TRUE(has_pattern(mem, SIZE, 23));
	EXPECT_EQ(0, unlink_tag(self->heap.node, tag));
	EXPECT_TRUE(has_pattern(mem, SIZE, 23));
	munmap(mem, SIZE);
	close(fd);
	EXPECT_UNCHANGED(&self->heap);
}

/* The same in every region, and so with every attribute. */
TEST_F(heap, sharing_works_in_every_region)
{
	struct carveout_ioctl_alloc alloc;
	const char *tag;
	void *mem;
	__u32 i;

	for (i = 0; i < self->heap.query.regions; i++) {
		tag = unique_tag("share.region");
		alloc = alloc_request(SIZE);
		alloc.regions = 1ULL << i;
		alloc.mode = 0600;
		set_name(alloc.tag, tag);
		ASSERT_EQ(0, xioctl(self->heap.node, CARVEOUT_IOCTL_ALLOC,
				    &alloc));
		mem = map_buffer(alloc.fd, SIZE, PROT_READ | PROT_WRITE);
		ASSERT_NE(MAP_FAILED, mem);
		fill_pattern(mem, SIZE, 100 + i);
		EXPECT_EQ(OTHER_OK, run_other("read", tag, SIZE, 100 + i));
		munmap(mem, SIZE);
		close(alloc.fd);
	}
	EXPECT_UNCHANGED(&self->heap);
}

/* Without O_CLOEXEC a descriptor is inherited, with it not. */
TEST_F(heap, close_on_exec)
{
	struct carveout_ioctl_alloc alloc;
	char name[64];
	int i, code;
	pid_t pid;

	for (i = 0; i < 2; i++) {
		alloc = alloc_request(4096);
		alloc.fd_flags = O_RDWR | (i ? O_CLOEXEC : 0);
		ASSERT_EQ(0, xioctl(self->heap.node, CARVEOUT_IOCTL_ALLOC,
				    &alloc));
		snprintf(name, sizeof(name), "%d", alloc.fd);
		pid = fork();
		if (!pid) {
			execl("/proc/self/exe", "carveout_share", "has", name,
			      NULL);
			_exit(126);
		}
		code = wait_child(pid);
		EXPECT_EQ(i ? 1 : 0, code);
		close(alloc.fd);
	}
	EXPECT_UNCHANGED(&self->heap);
}

/* === Passing descriptors ================================================= */

struct pass {
	int sock;
	__u32 seed;
};

static int receiver(void *arg)
{
	const struct pass *pass = arg;
	int fd = recv_fd(pass->sock);
	void *mem;

	if (fd < 0)
		return 1;
	mem = map_buffer(fd, SIZE, PROT_READ | PROT_WRITE);
	if (mem == MAP_FAILED)
		return 2;
	if (!has_pattern(mem, SIZE, pass->seed))
		return 3;
	fill_pattern(mem, SIZE, pass->seed + 1);
	return 0;
}

TEST_F(heap, descriptor_passed_through_a_socket)
{
	struct pass pass = { .seed = 31 };
	int fd, pair[2];
	void *mem;
	pid_t pid;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
	pass.sock = pair[1];
	pid = start_child(receiver, &pass);
	ASSERT_LT(0, pid);
	fd = alloc_buffer(self->heap.node, SIZE);
	ASSERT_LE(0, fd);
	mem = map_buffer(fd, SIZE, PROT_READ | PROT_WRITE);
	ASSERT_NE(MAP_FAILED, mem);
	fill_pattern(mem, SIZE, 31);
	ASSERT_EQ(0, send_fd(pair[0], fd));
	/* The receiver's reference is enough, its writes are visible. */
	close(fd);
	EXPECT_EQ(0, wait_child(pid));
	EXPECT_TRUE(has_pattern(mem, SIZE, 32));
	munmap(mem, SIZE);
	close(pair[0]);
	close(pair[1]);
	EXPECT_UNCHANGED(&self->heap);
}

/* A socket that is sent through itself: only the garbage collector frees it. */
TEST_F(heap, descriptor_in_a_cycle_of_sockets_is_not_lost)
{
	int fd, pair[2];

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
	fd = alloc_buffer(self->heap.node, SIZE);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, send_fd(pair[0], fd));
	ASSERT_EQ(0, send_fd(pair[0], pair[1]));
	close(fd);
	close(pair[0]);
	close(pair[1]);
	/* Closing another socket runs the garbage collector. */
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
	close(pair[0]);
	close(pair[1]);
	EXPECT_UNCHANGED(&self->heap);
}

/* === Killed processes ==================================================== */

struct storm {
	const char *tag;
	__u32 seed;
	bool writer;
};

/* Use buffers in an endless loop, until the process is killed. */
static int victim(void *arg)
{
	const struct storm *storm = arg;
	int node = open(heap_path(), O_RDWR | O_CLOEXEC);
	int fd = -1, other = -1;
	void *mem;

	for (;;) {
		if (storm->writer) {
			unlink_tag(node, storm->tag);
			fd = alloc_tag(node, 4 * SIZE, storm->tag,
				       CARVEOUT_ALLOC_OPEN, 0600);
		} else {
			fd = open_tag(node, storm->tag, O_RDWR);
		}
		other = alloc_buffer(node, SIZE);
		mem = map_buffer(fd, SIZE, PROT_READ | PROT_WRITE);
		if (mem != MAP_FAILED) {
			fill_pattern(mem, SIZE, storm->seed);
			munmap(mem, SIZE);
		}
		close(fd);
		close(other);
	}
	return 0;
}

TEST_F_TIMEOUT(heap, either_process_killed_at_any_moment, 150)
{
	const char *tag = unique_tag("share.kill");
	unsigned int round, rounds = env_rounds(25);
	__u32 random = 0x1234567;
	struct storm storm[2] = {
		{ .tag = tag, .seed = 41, .writer = true },
		{ .tag = tag, .seed = 42 },
	};
	pid_t pid[2];
	int i, first;

	TH_LOG("%u rounds, random seed %x", rounds, random);
	for (round = 0; round < rounds; round++) {
		for (i = 0; i < 2; i++) {
			pid[i] = start_child(victim, &storm[i]);
			ASSERT_LT(0, pid[i]);
		}
		first = next_random(&random) & 1;
		sleep_us(next_random(&random) % 20000);
		ASSERT_EQ(0, kill(pid[first], SIGKILL));
		EXPECT_EQ(128 + SIGKILL, wait_child(pid[first]));
		sleep_us(next_random(&random) % 5000);
		ASSERT_EQ(0, kill(pid[!first], SIGKILL));
		EXPECT_EQ(128 + SIGKILL, wait_child(pid[!first]));
		EXPECT_UNCHANGED(&self->heap);
	}
}

static int hold_and_wait(void *arg)
{
	const struct storm *storm = arg;
	int node = open(heap_path(), O_RDWR | O_CLOEXEC);
	int fd = open_tag(node, storm->tag, O_RDWR);
	char *mem = map_buffer(fd, SIZE, PROT_READ | PROT_WRITE);

	if (mem == MAP_FAILED)
		return 1;
	fill_pattern(mem, SIZE, storm->seed);
	raise(SIGSTOP);
	return 0;
}

/* The survivor keeps the memory, with the data of the killed process. */
TEST_F(heap, survivor_keeps_the_buffer)
{
	const char *tag = unique_tag("share.survivor");
	struct storm storm = { .tag = tag, .seed = 51 };
	int status, fd = alloc_tag(self->heap.node, SIZE, tag, 0, 0600);
	void *mem;
	pid_t pid;

	ASSERT_LE(0, fd);
	mem = map_buffer(fd, SIZE, PROT_READ | PROT_WRITE);
	ASSERT_NE(MAP_FAILED, mem);
	pid = start_child(hold_and_wait, &storm);
	ASSERT_LT(0, pid);
	ASSERT_EQ(pid, waitpid(pid, &status, WUNTRACED));
	ASSERT_TRUE(WIFSTOPPED(status));
	ASSERT_EQ(0, kill(pid, SIGKILL));
	EXPECT_EQ(128 + SIGKILL, wait_child(pid));
	EXPECT_TRUE(has_pattern(mem, SIZE, 51));
	EXPECT_EQ(OTHER_OK, run_other("read", tag, SIZE, 51));
	EXPECT_EQ(self->heap.query.used + SIZE, used_bytes(self->heap.node));
	munmap(mem, SIZE);
	close(fd);
	EXPECT_UNCHANGED(&self->heap);
}

/* Fill all memory of the heap, in pieces of many sizes, with nonzero data. */
static int fill_everything(void *arg)
{
	const struct heap *heap = arg;
	const __u64 sizes[] = { 4 * MIB, 75 * PAGE, 17 * PAGE, PAGE };
	__u64 filled = 0;
	size_t i;
	void *mem;
	int fd;

	if (become(1000, 1000))
		return 1;
	for (i = 0; i < ARRAY_SIZE(sizes);) {
		fd = alloc_buffer(heap->node, sizes[i]);
		if (fd < 0) {
			i++;
			continue;
		}
		mem = map_buffer(fd, sizes[i], PROT_READ | PROT_WRITE);
		close(fd);
		if (mem == MAP_FAILED)
			return 2;
		memset(mem, 0x80 | filled / PAGE, sizes[i]);
		filled += sizes[i];
	}
	if (filled != heap->query.size)
		return 3;
	raise(SIGKILL);
	return 4;
}

/* Allocate and read all memory of the heap. Returns the number of zero bytes. */
static __u64 read_everything(int node)
{
	struct carveout_ioctl_query query;
	__u64 clean = 0;
	void *mem;
	int fd;

	for (;;) {
		if (query_heap(node, &query) || !query.largest_hole)
			return clean;
		fd = alloc_buffer(node, query.largest_hole);
		mem = map_buffer(fd, query.largest_hole, PROT_READ);
		close(fd);
		if (mem == MAP_FAILED)
			return clean;
		if (is_filled(mem, query.largest_hole, 0))
			clean += query.largest_hole;
	}
}

/* No byte of one owner is visible to the next, in the whole heap. */
TEST_F_TIMEOUT(heap, next_owner_finds_zeroes_in_the_whole_heap, 120)
{
	char diff[512];

	if (self->heap.query.used)
		SKIP(return, "the heap is in use");
	EXPECT_EQ(128 + SIGKILL, run_child(fill_everything, &self->heap));
	ASSERT_TRUE(heap_settles(&self->heap.ready, diff, sizeof(diff)));
	EXPECT_EQ(self->heap.query.size, read_everything(self->heap.node));
}

/* Killed while the memory of a large buffer is being allocated or zeroed. */
static int large_user(void *arg)
{
	const struct heap *heap = arg;
	int fd;

	for (;;) {
		fd = alloc_buffer(heap->node, heap->query.largest_hole);
		if (fd >= 0)
			close(fd);
	}
	return 0;
}

TEST_F_TIMEOUT(heap, killed_with_a_large_buffer, 120)
{
	unsigned int round, rounds = env_rounds(10);
	__u32 random = 0x7654321;
	pid_t pid;

	for (round = 0; round < rounds; round++) {
		pid = start_child(large_user, &self->heap);
		ASSERT_LT(0, pid);
		sleep_us(next_random(&random) % 30000);
		ASSERT_EQ(0, kill(pid, SIGKILL));
		EXPECT_EQ(128 + SIGKILL, wait_child(pid));
		EXPECT_UNCHANGED(&self->heap);
	}
}

int main(int argc, char **argv)
{
	if (argc == 6)
		return other_program(argv);
	if (argc == 3 && !strcmp(argv[1], "has"))
		return fcntl(atoi(argv[2]), F_GETFD) < 0;
	return test_harness_run(argc, argv);
}
