// SPDX-License-Identifier: GPL-2.0
/*
 * Hostile programs: they change an argument while the kernel reads it, use file
 * descriptors and tags before the calls that make them return, write
 * everywhere, and search for information that users must not get.
 */
#include <ctype.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "carveout_fixture.h"

#define SMALL	((__u64)PAGE)
#define LARGE	(16 * SMALL)

/* === An argument that changes during the call ============================ */

struct flipper {
	struct carveout_ioctl_alloc *alloc;
	atomic_bool stop;
};

/* The size alternates between SMALL and more, and the tag between valid and invalid. */
static void *flip(void *data)
{
	struct flipper *flipper = data;
	char *size = (char *)&flipper->alloc->size;
	char *tag = flipper->alloc->tag;
	bool odd = false;

	while (!atomic_load(&flipper->stop)) {
		odd = !odd;
		/* Byte by byte: wider accesses are not atomic on all architectures. */
		__atomic_store_n(&size[2], (SMALL + odd * LARGE) >> 16, __ATOMIC_RELAXED);
		__atomic_store_n(&tag[11], odd ? '1' : '/', __ATOMIC_RELAXED);
	}
	return NULL;
}

/* The buffer is as the call has checked it. */
static bool is_sound(int node, int fd)
{
	struct carveout_buffer_info buffer;

	return !query_buffer(node, fd, &buffer) &&
	       (buffer.size == SMALL || buffer.size == SMALL + LARGE) &&
	       lseek(fd, 0, SEEK_END) == (off_t)buffer.size &&
	       !strcmp(buffer.tag, "abuse.flip.1");
}

/* The kernel checks and uses one copy of the argument. */
TEST_F_TIMEOUT(heap, argument_that_changes_is_read_once, 120)
{
	unsigned int good = 0, bad = 0, rounds = env_rounds(1000);
	struct carveout_ioctl_alloc alloc = alloc_request(SMALL);
	struct flipper flipper = { .alloc = &alloc };
	int err, node = self->heap.node;
	pthread_t thread;

	set_name(alloc.tag, "abuse.flip.1");
	alloc.mode = 0600;
	ASSERT_EQ(0, pthread_create(&thread, NULL, flip, &flipper));
	/* The argument really changes: both results are frequent. */
	while (good < rounds || bad < rounds) {
		err = xioctl(node, CARVEOUT_IOCTL_ALLOC, &alloc);
		if (err) {
			ASSERT_EQ(-EINVAL, err);
			bad++;
			continue;
		}
		ASSERT_TRUE(is_sound(node, alloc.fd));
		ASSERT_EQ(0, close(alloc.fd));
		good++;
	}
	atomic_store(&flipper.stop, true);
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_UNCHANGED(&self->heap);
}

/* === Guessed descriptors and tags ======================================== */

static void use_descriptor(int node, int fd)
{
	struct carveout_ioctl_resize resize = {
		.fd = fd, .size = LARGE, .fd_flags = O_RDWR,
	};
	struct carveout_ioctl_link link = { .fd = fd, .mode = 0600 };
	struct carveout_buffer_info buffer;
	char *mem;

	query_buffer(node, fd, &buffer);
	mem = map_buffer(fd, SMALL, PROT_READ | PROT_WRITE);
	if (mem != MAP_FAILED) {
		mem[0] = 1;
		munmap(mem, SMALL);
	}
	set_name(link.tag, "abuse.guess");
	xioctl(node, CARVEOUT_IOCTL_LINK, &link);
	if (!xioctl(node, CARVEOUT_IOCTL_RESIZE, &resize))
		close(resize.new_fd);
	close(fd);
}

/* Use each file descriptor of the other process as soon as it is installed. */
static void use_for_ever(int node, int first)
{
	int fd;

	for (;;)
		for (fd = first; fd < first + 4; fd++)
			use_descriptor(node, fd);
}

TEST_F_TIMEOUT(heap, descriptors_are_used_as_soon_as_they_appear, 120)
{
	unsigned int i, rounds = env_rounds(300);
	int node = self->heap.node;
	int first = next_fd(node);
	pid_t pid;

	/* A process that shares the file descriptor table, like a thread. */
	pid = syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);
	ASSERT_LE(0, pid);
	if (!pid)
		use_for_ever(node, first);
	for (i = 0; i < rounds; i++) {
		int fd = alloc_buffer(node, SMALL);

		EXPECT_LE(0, fd);
		close(fd);
	}
	kill(pid, SIGKILL);
	EXPECT_EQ(128 + SIGKILL, wait_child(pid));
	close_range(first, ~0U, 0);
	EXPECT_UNCHANGED(&self->heap);
}

struct guess {
	int node;
	atomic_uint number;	/* number of the next tag */
	atomic_uint opened;	/* number of tags by which a buffer was opened */
	atomic_bool stop;
};

static void guess_name(char field[CARVEOUT_NAME_LEN], const char *base,
		       unsigned int number)
{
	char name[CARVEOUT_NAME_LEN];

	snprintf(name, sizeof(name), "%s.%u", base, number);
	set_name(field, name);
}

/* Open tags before their makers return, and unlink them. */
static int guesser(void *data)
{
	struct guess *guess = data;
	char name[CARVEOUT_NAME_LEN];
	struct carveout_buffer_info buffer;
	char *mem;
	int fd;

	while (!atomic_load(&guess->stop)) {
		guess_name(name, "abuse.bad", atomic_load(&guess->number));
		if (open_tag(guess->node, name, O_RDWR) != -ENOENT)
			return 1;
		guess_name(name, "abuse.good", atomic_load(&guess->number));
		fd = open_tag(guess->node, name, O_RDWR);
		if (fd == -ENOENT)
			continue;
		if (fd < 0 || query_buffer(guess->node, fd, &buffer) || buffer.size != LARGE)
			return 2;
		mem = map_buffer(fd, LARGE, PROT_READ);
		if (mem == MAP_FAILED || !is_filled(mem, LARGE, 0))
			return 3;
		munmap(mem, LARGE);
		unlink_tag(guess->node, name);
		close(fd);
		atomic_fetch_add(&guess->opened, 1);
	}
	return 0;
}

/* A buffer found by its tag is complete; a call that fails never shows it. */
TEST_F_TIMEOUT(heap, names_are_opened_as_soon_as_they_appear, 120)
{
	unsigned int i, rounds = env_rounds(200);
	struct carveout_ioctl_alloc *bad, good;
	int node = self->heap.node;
	struct guess *guess;
	pid_t pid;

	guess = mmap(NULL, SMALL, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	bad = mmap(NULL, SMALL, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)guess);
	ASSERT_NE(MAP_FAILED, (void *)bad);
	guess->node = node;
	pid = start_child(guesser, guess);
	ASSERT_LT(0, pid);
	/* On a slow board it takes longer until the guesser is in time for the first. */
	for (i = 0; i < rounds || (!atomic_load(&guess->opened) && i < 100 * rounds); i++) {
		atomic_store(&guess->number, i);
		ASSERT_EQ(0, mprotect(bad, SMALL, PROT_READ | PROT_WRITE));
		*bad = alloc_request(LARGE);
		bad->flags = CARVEOUT_ALLOC_PERSIST;
		guess_name(bad->tag, "abuse.bad", i);
		ASSERT_EQ(0, mprotect(bad, SMALL, PROT_READ));
		EXPECT_EQ(-EFAULT, xioctl(node, CARVEOUT_IOCTL_ALLOC, bad));

		good = alloc_request(LARGE);
		good.mode = 0600;
		guess_name(good.tag, "abuse.good", i);
		ASSERT_EQ(0, xioctl(node, CARVEOUT_IOCTL_ALLOC, &good));
		sched_yield();
		close(good.fd);
	}
	atomic_store(&guess->stop, true);
	EXPECT_EQ(0, wait_child(pid));
	EXPECT_LT(0, atomic_load(&guess->opened));
	EXPECT_UNCHANGED(&self->heap);
}

/* The limit of file descriptors bounds the reference count that a user can raise. */
TEST_F(heap, opening_a_name_ends_at_the_limit_of_descriptors)
{
	struct rlimit limit = { 200, 200 };
	struct carveout_buffer_info buffer;
	int last, opened = 0, node = self->heap.node;
	int fd = alloc_tag(node, SMALL, "abuse.open", 0, 0600);
	int first = next_fd(node);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	while ((last = open_tag(node, "abuse.open", O_RDWR)) >= 0)
		opened++;
	EXPECT_EQ(-EMFILE, last);
	EXPECT_EQ(200 - first, opened);
	EXPECT_EQ(-EMFILE, open_tag(node, "abuse.open", O_RDONLY));
	ASSERT_EQ(0, query_buffer(node, fd, &buffer));
	EXPECT_EQ(opened + 1, (int)buffer.refs);
	EXPECT_EQ(self->heap.query.used + SMALL, used_bytes(node));
	close_range(first, ~0U, 0);
	ASSERT_EQ(0, query_buffer(node, fd, &buffer));
	EXPECT_EQ(1, buffer.refs);
	close(fd);
	EXPECT_UNCHANGED(&self->heap);
}

/* === Information leaks =================================================== */

static int list_two(int node, unsigned long cmd, void *entries, size_t size)
{
	struct carveout_ioctl_list list = {
		.entries = (uintptr_t)entries, .entry_size = size, .count = 2,
	};
	int err = xioctl(node, cmd, &list);

	return err ? err : (int)list.count;
}

static int named_buffer(int node, const char *tag, const char *label)
{
	struct carveout_ioctl_alloc alloc = alloc_request(SMALL);
	int err;

	set_name(alloc.tag, tag);
	set_name(alloc.label, label);
	err = xioctl(node, CARVEOUT_IOCTL_ALLOC, &alloc);
	return err ? err : alloc.fd;
}

static bool zero_behind(const char *text, size_t size)
{
	size_t len = strnlen(text, size);

	return len < size && is_filled(text + len, size - len, 0);
}

/* Entries do not depend on the old content of the memory, nor on other entries. */
TEST_F(heap, entries_of_lists_have_no_stray_bytes)
{
	struct carveout_buffer_info buffer[2][2];
	struct carveout_ioctl_span span[2][2];
	int i, node = self->heap.node;
	int first, second;

	first = named_buffer(node, "abuse.a-name-that-is-long", "a long label");
	ASSERT_LE(0, first);
	ASSERT_EQ(0, prctl(PR_SET_NAME, "y"));
	second = named_buffer(node, "abuse.x", "x");
	ASSERT_LE(0, second);
	for (i = 0; i < 2; i++) {
		memset(buffer[i], i ? 0xa5 : 0x5a, sizeof(buffer[i]));
		memset(span[i], i ? 0xa5 : 0x5a, sizeof(span[i]));
		ASSERT_EQ(2, list_two(node, CARVEOUT_IOCTL_LIST, buffer[i],
				      sizeof(buffer[i][0])));
		/* Another call changes the content of the kernel's stack. */
		close(alloc_buffer(node, LARGE));
		ASSERT_EQ(2, list_two(node, CARVEOUT_IOCTL_SPANS, span[i],
				      sizeof(span[i][0])));
	}
	EXPECT_EQ(0, memcmp(buffer[0], buffer[1], sizeof(buffer[0])));
	EXPECT_EQ(0, memcmp(span[0], span[1], sizeof(span[0])));
	for (i = 0; i < 2; i++) {
		EXPECT_TRUE(zero_behind(buffer[0][i].tag, sizeof(buffer[0][i].tag)));
		EXPECT_TRUE(zero_behind(buffer[0][i].label, sizeof(buffer[0][i].label)));
		EXPECT_TRUE(zero_behind(buffer[0][i].comm, sizeof(buffer[0][i].comm)));
	}
	close(first);
	close(second);
	EXPECT_UNCHANGED(&self->heap);
}

/**
 * struct secret - Addresses of memory, which users must not get
 * @node: the heap
 * @fd: a buffer
 * @mem: its mapping
 * @value: physical addresses: of the buffer, of its page (frame number), of the regions
 * @nr: number of values
 */
struct secret {
	int node;
	int fd;
	const char *mem;
	__u64 value[2 + 64];
	unsigned int nr;
};

static bool is_secret(const struct secret *secret, __u64 number)
{
	unsigned int i;

	for (i = 0; i < secret->nr; i++)
		if (number == secret->value[i])
			return true;
	return false;
}

/* Is one of the numbers in a text a secret? In hexadecimal or decimal. */
static bool text_tells(const struct secret *secret, const char *text)
{
	char *end;

	while (*text) {
		if (!isxdigit((unsigned char)*text)) {
			text++;
			continue;
		}
		if (is_secret(secret, strtoull(text, &end, 16)) ||
		    is_secret(secret, strtoull(text, NULL, 10)))
			return true;
		text = end > text ? end : text + 1;
	}
	return false;
}

static bool file_tells(const struct secret *secret, const char *path)
{
	char line[4096];
	bool told = false;
	FILE *file;

	file = fopen(path, "re");
	while (file && !told && fgets(line, sizeof(line), file))
		told = text_tells(secret, line);
	if (file)
		fclose(file);
	return told;
}

static bool bytes_tell(const struct secret *secret, const void *reply, size_t size)
{
	const __u64 *word = reply;
	size_t i;

	for (i = 0; i < size / sizeof(*word); i++)
		if (is_secret(secret, word[i]))
			return true;
	return false;
}

/* The kernel shows page frame numbers to privileged processes only. */
static bool pagemap_tells(const struct secret *secret)
{
	__u64 entry = 0;
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	if (pread(fd, &entry, sizeof(entry),
		  (off_t)((uintptr_t)secret->mem / PAGE * sizeof(entry))) < 0)
		entry = 0;
	close(fd);
	return is_secret(secret, entry & ((1ULL << 55) - 1));
}

static int seek_in_replies(const struct secret *secret)
{
	struct carveout_ioctl_region region;
	struct carveout_ioctl_query query;
	/* Cleared: a shorter list leaves the result of an earlier, privileged caller. */
	struct carveout_ioctl_span spans[2] = {};
	struct carveout_buffer_info buffers[2] = {};
	__u32 i;

	if (query_heap(secret->node, &query) ||
	    bytes_tell(secret, &query, sizeof(query)))
		return 1;
	for (i = 0; i < query.regions; i++)
		if (query_region(secret->node, i, &region) ||
		    bytes_tell(secret, &region, sizeof(region)))
			return 2;
	if (query_buffer(secret->node, secret->fd, &buffers[0]) ||
	    bytes_tell(secret, &buffers[0], sizeof(buffers[0])))
		return 3;
	if (list_two(secret->node, CARVEOUT_IOCTL_LIST, buffers,
		     sizeof(buffers[0])) < 0 ||
	    bytes_tell(secret, buffers, sizeof(buffers)))
		return 4;
	if (list_two(secret->node, CARVEOUT_IOCTL_SPANS, spans,
		     sizeof(spans[0])) < 0 ||
	    bytes_tell(secret, spans, sizeof(spans)))
		return 5;
	return 0;
}

static int seek(void *data)
{
	static const char * const files[] = {
		"/proc/self/maps", "/proc/self/smaps", "/proc/iomem",
		"/proc/vmallocinfo",
		"/sys/kernel/debug/dma_buf/bufinfo",
		"/sys/class/carveout/%s/dev", "/sys/class/carveout/%s/uevent",
		"/sys/class/carveout/%s/quota_user",
		"/sys/class/carveout/%s/device/uevent",
		"/sys/kernel/debug/carveout/%s/state",
		"/sys/kernel/debug/carveout/%s/regions",
		"/sys/kernel/debug/carveout/%s/spans",
		"/sys/kernel/debug/carveout/%s/buffers",
	};
	const struct secret *secret = data;
	char path[PATH_MAX];
	size_t i;
	int code;

	if (become(1000, 1000))
		return 100;
	code = seek_in_replies(secret);
	if (code)
		return code;
	if (pagemap_tells(secret))
		return 6;
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", secret->fd);
	if (file_tells(secret, path))
		return 7;
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		snprintf(path, sizeof(path), files[i], heap_name());
		if (file_tells(secret, path))
			return 10 + i;
	}
	return 0;
}

/*
 * Neither the driver nor the kernel's view of a mapping reveals the address of
 * the memory. The device tree and the boot log do: the addresses of heaps are
 * not secret.
 */
TEST_F(heap, users_are_not_told_where_memory_is)
{
	struct secret secret = { .node = self->heap.node };
	struct carveout_ioctl_region region;
	struct carveout_buffer_info buffer;
	__u32 i;

	/* The buffer must not be at the start of a region. */
	ASSERT_LE(0, alloc_buffer(secret.node, SMALL));
	secret.fd = alloc_tag(secret.node, SMALL, "abuse.secret", 0, 0666);
	ASSERT_LE(0, secret.fd);
	secret.mem = map_buffer(secret.fd, SMALL, PROT_READ);
	ASSERT_NE(MAP_FAILED, (void *)secret.mem);
	ASSERT_EQ(0, read_at((void *)secret.mem));
	ASSERT_EQ(0, query_buffer(secret.node, secret.fd, &buffer));
	secret.value[secret.nr++] = buffer.phys;
	secret.value[secret.nr++] = buffer.phys / PAGE;
	for (i = 0; !query_region(secret.node, i, &region); i++)
		secret.value[secret.nr++] = region.base;
	/* The search works: it finds the addresses in replies to a privileged process. */
	ASSERT_NE(0, buffer.phys);
	ASSERT_NE(0, seek_in_replies(&secret));
	EXPECT_EQ(0, run_child(seek, &secret));
}

/* === Writing everywhere ================================================== */

static int scribble(void *data)
{
	__u64 *mem = *(void **)data;
	__u32 random = 0x5c1b;

	for (;;)
		mem[next_random(&random) % (MIB / 8)] = ~0ULL >> random % 64;
	return 0;
}

/* The metadata is not in the memory of the heap: stray writes cannot corrupt it. */
TEST_F_TIMEOUT(heap, stray_writes_reach_no_bookkeeping, 120)
{
	unsigned int i, rounds = env_rounds(1000);
	int fd[8] = { -1, -1, -1, -1, -1, -1, -1, -1 };
	int node = self->heap.node;
	int held = alloc_buffer(node, MIB);
	__u32 random = 0xdead;
	char report[256];
	void *mem;
	pid_t pid;

	ASSERT_LE(0, held);
	mem = map_buffer(held, MIB, PROT_READ | PROT_WRITE);
	ASSERT_NE(MAP_FAILED, mem);
	/* First over all free memory, then in an endless loop next to other buffers. */
	ASSERT_LT(0, flood_heap(node, 0xff));
	pid = start_child(scribble, &mem);
	ASSERT_LT(0, pid);
	for (i = 0; i < rounds; i++) {
		unsigned int slot = next_random(&random) % 8;

		close(fd[slot]);
		fd[slot] = alloc_buffer(node, (1 + random % 16) * SMALL);
		ASSERT_LE(0, fd[slot]);
		if (i % 100 == 0)
			ASSERT_TRUE(heap_check(report, sizeof(report)))
				TH_LOG("%s", report);
	}
	kill(pid, SIGKILL);
	EXPECT_EQ(128 + SIGKILL, wait_child(pid));
}

/* === Calls that take long ================================================ */

static int sync_often(int node, int fd, __u64 size, __u32 count)
{
	static struct carveout_sync_range range[CARVEOUT_SYNC_MAX];
	struct carveout_ioctl_sync sync = {
		.fd = fd,
		.flags = CARVEOUT_SYNC_FLAGS,
		.ranges = (uintptr_t)range,
		.count = count,
	};
	__u32 i;

	for (i = 0; i < count; i++)
		range[i].size = size;
	return xioctl(node, CARVEOUT_IOCTL_SYNC, &sync);
}

struct long_call {
	int node;
	int fd;
	__u64 size;
};

static int call_long(void *data)
{
	const struct long_call *call = data;

	return sync_often(call->node, call->fd, call->size, CARVEOUT_SYNC_MAX) ? 1 : 0;
}

/* Minimum time of some ranges, in ms: the excess is other work of the machine. */
static __u64 least_time(const struct long_call *call, __u32 count)
{
	__u64 least = ~0ULL;
	int i;

	for (i = 0; i < 5; i++) {
		__u64 start = now_ms(), took;

		sync_often(call->node, call->fd, call->size, count);
		took = now_ms() - start;
		least = took < least ? took : least;
	}
	return least;
}

/*
 * Time in ms to kill a process @ms after the start of its call; ~0 if the call
 * is done.
 */
static __u64 time_to_kill(struct long_call *call, __u64 ms)
{
	pid_t pid = start_child(call_long, call);
	__u64 start;

	if (pid < 0)
		return ~0ULL;
	sleep_us((ms < 500 ? ms : 500) * 1000);
	start = now_ms();
	kill(pid, SIGKILL);
	return wait_child(pid) == 128 + SIGKILL ? now_ms() - start : ~0ULL;
}

/*
 * A process that is killed in a long call exits soon. It takes longer when the
 * machine is busy, but not each time.
 */
TEST_F_TIMEOUT(heap, killed_in_a_long_call, 120)
{
	struct long_call call = { .node = self->heap.node };
	struct carveout_ioctl_region cached;
	__u64 few, whole, took = ~0ULL;
	int i;

	i = find_region(call.node, true);
	if (i < 0)
		SKIP(return, "no region that is cached");
	ASSERT_EQ(0, query_region(call.node, i, &cached));
	call.size = cached.largest_hole;
	call.fd = alloc_in(call.node, call.size, 1ULL << i);
	ASSERT_LE(0, call.fd);
	ASSERT_EQ(0, sync_often(call.node, call.fd, call.size, 1));
	few = least_time(&call, 16);
	if (few < 4)
		SKIP(return, "no call takes long here");
	whole = few * (CARVEOUT_SYNC_MAX / 16);
	for (i = 0; i < 5 && took >= whole / 4; i++)
		took = time_to_kill(&call, few);
	EXPECT_GT(whole / 4, took) TH_LOG("of %llu ms", whole);
	close(call.fd);
	EXPECT_UNCHANGED(&self->heap);
}

/* === Commands that do not exist ========================================== */

TEST_F(heap, unknown_command_is_ENOTTY)
{
	char arg[512] = "";
	unsigned int nr;

	for (nr = _IOC_NR(CARVEOUT_IOCTL_TYPED_INFO) + 1; nr < 256; nr++)
		EXPECT_EQ(-ENOTTY, xioctl(self->heap.node,
					  _IOC(_IOC_READ | _IOC_WRITE,
					       CARVEOUT_IOC_MAGIC, nr, 64), arg))
			TH_LOG("number %u", nr);
	EXPECT_EQ(-ENOTTY, xioctl(self->heap.node, 0, arg));
	EXPECT_EQ(-ENOTTY, xioctl(self->heap.node, TCGETS, arg));
	EXPECT_EQ(-ENOTTY, xioctl(self->heap.node, ~0UL, arg));
	EXPECT_UNCHANGED(&self->heap);
}

/* Without typed memory the device node is neither memory nor a stream. */
TEST_F(heap, node_can_neither_be_mapped_nor_read_nor_written)
{
	char byte = 0;

	EXPECT_EQ(MAP_FAILED, mmap(NULL, 4 * KIB, PROT_READ, MAP_SHARED,
				   self->heap.node, 0));
	EXPECT_EQ(ENODEV, errno);
	EXPECT_EQ(-1, read(self->heap.node, &byte, 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, write(self->heap.node, &byte, 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_UNCHANGED(&self->heap);
}

TEST_HARNESS_MAIN
