// SPDX-License-Identifier: GPL-2.0
/*
 * The entry of the ioctls: every command with every length, tail, reserved
 * member and bad address. Other programs test the commands themselves.
 */
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "carveout_fixture.h"

/* Longer than any structure of today; the limit of a command number. */
#define LONGEST		((1UL << _IOC_SIZEBITS) - 8)
#define TAG		"ioctl.door"
#define NEW_TAG		"ioctl.new"
#define POOL_TAG	"ioctl.pool"

FIXTURE(command) {
	struct heap heap;
	int buffer;			/* carries TAG */
	int nameless;			/* never had a tag */
	int pool;			/* carries POOL_TAG */
	int block;			/* of the pool, in use */
	struct carveout_sync_range range;
	struct carveout_buffer_info entries[4];
	struct heap_snapshot armed;	/* with the objects above, before the call */
};

FIXTURE_VARIANT(command) {
	unsigned long cmd;
	size_t ver0;
	bool silent;			/* there is no reply to write */
};

#define CALL(number, size, no_reply)		\
	.cmd = CARVEOUT_ ## number,		\
	.ver0 = CARVEOUT_ ## size ## _SIZE_VER0,	\
	.silent = no_reply

FIXTURE_VARIANT_ADD(command, query) { CALL(IOCTL_QUERY, QUERY, false) };
FIXTURE_VARIANT_ADD(command, region) { CALL(IOCTL_REGION, REGION, false) };
FIXTURE_VARIANT_ADD(command, alloc) { CALL(IOCTL_ALLOC, ALLOC, false) };
FIXTURE_VARIANT_ADD(command, open) { CALL(IOCTL_OPEN, OPEN, false) };
FIXTURE_VARIANT_ADD(command, unlink) { CALL(IOCTL_UNLINK, UNLINK, true) };
FIXTURE_VARIANT_ADD(command, list) { CALL(IOCTL_LIST, LIST, false) };
FIXTURE_VARIANT_ADD(command, spans) { CALL(IOCTL_SPANS, LIST, false) };
FIXTURE_VARIANT_ADD(command, info) { CALL(IOCTL_INFO, INFO, false) };
FIXTURE_VARIANT_ADD(command, link) { CALL(IOCTL_LINK, LINK, false) };
FIXTURE_VARIANT_ADD(command, setattr) { CALL(IOCTL_SETATTR, SETATTR, true) };
FIXTURE_VARIANT_ADD(command, sync) { CALL(IOCTL_SYNC, SYNC, true) };
FIXTURE_VARIANT_ADD(command, resize) { CALL(IOCTL_RESIZE, RESIZE, false) };
FIXTURE_VARIANT_ADD(command, pool_create) { CALL(IOCTL_POOL_CREATE, POOL_CREATE, false) };
FIXTURE_VARIANT_ADD(command, pool_open) { CALL(IOCTL_POOL_OPEN, POOL_OPEN, false) };
FIXTURE_VARIANT_ADD(command, pool_acquire) { CALL(POOL_IOCTL_ACQUIRE, POOL_ACQUIRE, false) };
FIXTURE_VARIANT_ADD(command, pool_release) { CALL(POOL_IOCTL_RELEASE, POOL_RELEASE, true) };
FIXTURE_VARIANT_ADD(command, pool_query) { CALL(POOL_IOCTL_QUERY, POOL_QUERY, false) };
FIXTURE_VARIANT_ADD(command, pool_destroy) { CALL(POOL_IOCTL_DESTROY, POOL_DESTROY, true) };

/* A pool with a block in use. */
static int arm_pool(struct _test_data_command *self)
{
	self->pool = create_pool_tag(self->heap.node, 64, 16, POOL_TAG,
				     CARVEOUT_ALLOC_OPEN, 0600);
	self->block = self->pool < 0 ? self->pool : try_block(self->pool);
	return self->block < 0 ? self->block : 0;
}

/* The file descriptor that takes a command: the device node or a pool. */
static int target(const struct _test_data_command *self, unsigned long cmd)
{
	return _IOC_NR(cmd) < _IOC_NR(CARVEOUT_POOL_IOCTL_ACQUIRE) ? self->heap.node :
								 self->pool;
}

FIXTURE_SETUP(command)
{
	if (!heap_name())
		SKIP(return, NO_HEAP);
	ASSERT_EQ(0, heap_begin(&self->heap));
	self->buffer = alloc_tag(self->heap.node, 4 * KIB, TAG,
				 CARVEOUT_ALLOC_PERSIST, 0600);
	ASSERT_LE(0, self->buffer);
	self->nameless = alloc_buffer(self->heap.node, 4 * KIB);
	ASSERT_LE(0, self->nameless);
	self->range.size = 4 * KIB;
	ASSERT_EQ(0, arm_pool(self));
	ASSERT_EQ(0, take_snapshot(&self->armed));
}

FIXTURE_TEARDOWN_PARENT(command)
{
	int node = open(heap_path(), O_RDWR | O_CLOEXEC);

	/* All tests but those of a successful unlink leave the tag. */
	unlink_tag(node, TAG);
	close(node);
	HEAP_TEARDOWN(&self->heap);
}

/* A valid argument of the command. */
static void fill_argument(struct _test_data_command *self, unsigned long cmd,
			  void *arg)
{
	union argument fill;

	memset(&fill, 0, sizeof(fill));
	switch (cmd) {
	case CARVEOUT_IOCTL_ALLOC:
		fill.alloc = alloc_request(4 * KIB);
		break;
	case CARVEOUT_IOCTL_OPEN:
		set_name(fill.open.tag, TAG);
		fill.open.fd_flags = O_RDWR | O_CLOEXEC;
		break;
	case CARVEOUT_IOCTL_UNLINK:
		set_name(fill.unlink.tag, TAG);
		break;
	case CARVEOUT_IOCTL_LIST:
		fill.list.entries = (uintptr_t)self->entries;
		fill.list.entry_size = sizeof(struct carveout_buffer_info);
		fill.list.count = 4;
		break;
	case CARVEOUT_IOCTL_SPANS:
		fill.list.entries = (uintptr_t)self->entries;
		fill.list.entry_size = sizeof(struct carveout_ioctl_span);
		fill.list.count = 4;
		break;
	case CARVEOUT_IOCTL_INFO:
		fill.info.fd = self->buffer;
		break;
	case CARVEOUT_IOCTL_LINK:
		set_name(fill.link.tag, NEW_TAG);
		fill.link.fd = self->nameless;
		break;
	case CARVEOUT_IOCTL_SETATTR:
		set_name(fill.setattr.tag, TAG);
		fill.setattr.flags = CARVEOUT_SETATTR_MODE;
		fill.setattr.mode = 0600;
		break;
	case CARVEOUT_IOCTL_SYNC:
		fill.sync.fd = self->buffer;
		fill.sync.flags = CARVEOUT_SYNC_FLAGS;
		fill.sync.ranges = (uintptr_t)&self->range;
		fill.sync.count = 1;
		break;
	case CARVEOUT_IOCTL_RESIZE:
		fill.resize.fd = self->nameless;
		fill.resize.size = 4 * KIB;
		fill.resize.fd_flags = O_RDWR | O_CLOEXEC;
		break;
	case CARVEOUT_IOCTL_POOL_CREATE:
		fill.pool_create = pool_request(64, 16);
		break;
	case CARVEOUT_IOCTL_POOL_OPEN:
		set_name(fill.pool_open.tag, POOL_TAG);
		fill.pool_open.fd_flags = O_RDWR | O_CLOEXEC;
		break;
	case CARVEOUT_POOL_IOCTL_ACQUIRE:
		fill.pool_acquire.deadline = CARVEOUT_DEADLINE_NONE;
		break;
	case CARVEOUT_POOL_IOCTL_RELEASE:
		fill.pool_release.index = self->block;
		break;
	}
	memcpy(arg, &fill, _IOC_SIZE(cmd));
}

/* Undo a successful call, so that the heap is armed as before. */
static int undo(struct _test_data_command *self, unsigned long cmd, void *arg)
{
	struct carveout_ioctl_alloc *alloc = arg;
	struct carveout_ioctl_open *open = arg;
	struct carveout_ioctl_resize *resize = arg;
	struct carveout_ioctl_pool_create *pool_create = arg;
	struct carveout_ioctl_pool_open *pool_open = arg;
	struct carveout_ioctl_pool_acquire *pool_acquire = arg;

	switch (_IOC_NR(cmd)) {
	case _IOC_NR(CARVEOUT_IOCTL_ALLOC):
		return close(alloc->fd);
	case _IOC_NR(CARVEOUT_IOCTL_OPEN):
		return close(open->fd);
	case _IOC_NR(CARVEOUT_IOCTL_UNLINK):
		close(self->buffer);
		self->buffer = alloc_tag(self->heap.node, 4 * KIB, TAG,
					 CARVEOUT_ALLOC_PERSIST, 0600);
		return self->buffer < 0 ? self->buffer : 0;
	case _IOC_NR(CARVEOUT_IOCTL_LINK):
		close(self->nameless);
		self->nameless = alloc_buffer(self->heap.node, 4 * KIB);
		return self->nameless < 0 ? self->nameless : 0;
	case _IOC_NR(CARVEOUT_IOCTL_RESIZE):
		close(self->nameless);
		self->nameless = resize->new_fd;
		return 0;
	case _IOC_NR(CARVEOUT_IOCTL_POOL_CREATE):
		return close(pool_create->fd);
	case _IOC_NR(CARVEOUT_IOCTL_POOL_OPEN):
		return close(pool_open->fd);
	case _IOC_NR(CARVEOUT_POOL_IOCTL_ACQUIRE):
		return put_block(self->pool, pool_acquire->index);
	case _IOC_NR(CARVEOUT_POOL_IOCTL_RELEASE):
		self->block = try_block(self->pool);
		return self->block < 0 ? self->block : 0;
	case _IOC_NR(CARVEOUT_POOL_IOCTL_DESTROY):
		close(self->pool);
		return arm_pool(self);
	}
	return 0;
}

/* The structure has the published size. */
TEST_F(command, size_is_the_published_one)
{
	EXPECT_EQ(variant->ver0, _IOC_SIZE(variant->cmd));
}

TEST_F(command, valid_argument_is_taken)
{
	char arg[512] = "";

	fill_argument(self, variant->cmd, arg);
	ASSERT_EQ(0, xioctl(target(self, variant->cmd), variant->cmd, arg));
	ASSERT_EQ(0, undo(self, variant->cmd, arg));
	EXPECT_SNAPSHOT(&self->armed);
}

TEST_F(command, shorter_structure_is_refused)
{
	char arg[512] = "";
	size_t size;

	fill_argument(self, variant->cmd, arg);
	for (size = 0; size < variant->ver0; size++)
		EXPECT_EQ(-EINVAL, xioctl(target(self, variant->cmd),
					  sized(variant->cmd, size), arg))
			TH_LOG("size %zu", size);
	EXPECT_SNAPSHOT(&self->armed);
}

TEST_F(command, longer_structure_with_zero_tail_is_taken)
{
	static const size_t sizes[] = { 1, 4, 8, 9, 64, 4096, 0 };
	char *arg = calloc(1, LONGEST);
	size_t i, size;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		size = sizes[i] ? variant->ver0 + sizes[i] : LONGEST;
		memset(arg, 0, LONGEST);
		fill_argument(self, variant->cmd, arg);
		ASSERT_EQ(0, xioctl(target(self, variant->cmd), sized(variant->cmd, size),
				    arg))
			TH_LOG("size %zu", size);
		ASSERT_EQ(0, undo(self, variant->cmd, arg));
		EXPECT_TRUE(is_filled(arg + variant->ver0,
				      LONGEST - variant->ver0, 0))
			TH_LOG("the reply's tail is not zero, size %zu", size);
	}
	free(arg);
	EXPECT_SNAPSHOT(&self->armed);
}

TEST_F(command, longer_structure_with_nonzero_tail_is_refused)
{
	size_t tails[] = { variant->ver0, variant->ver0 + 1, variant->ver0 + 7,
			   variant->ver0 + 8, variant->ver0 + 200,
			   LONGEST / 2, LONGEST - 1 };
	char *arg = calloc(1, LONGEST);
	size_t i;

	fill_argument(self, variant->cmd, arg);
	for (i = 0; i < ARRAY_SIZE(tails); i++) {
		arg[tails[i]] = 1;
		EXPECT_EQ(-E2BIG, xioctl(target(self, variant->cmd),
					 sized(variant->cmd, LONGEST), arg))
			TH_LOG("byte %zu", tails[i]);
		/* A structure that ends before that byte is valid. */
		arg[tails[i]] = 0;
	}
	free(arg);
	EXPECT_SNAPSHOT(&self->armed);
}

TEST_F(command, unmapped_argument_is_refused)
{
	char *page = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *arg;

	ASSERT_NE(MAP_FAILED, (void *)page);
	munmap(page + PAGE, PAGE);

	EXPECT_EQ(-EFAULT, xioctl(target(self, variant->cmd), variant->cmd, NULL));
	EXPECT_EQ(-EFAULT, xioctl(target(self, variant->cmd), variant->cmd,
				  page + PAGE));
	EXPECT_EQ(-EFAULT, xioctl(target(self, variant->cmd), variant->cmd,
				  (void *)-PAGE));
	/* All but the last byte is accessible. */
	arg = page + PAGE - variant->ver0;
	fill_argument(self, variant->cmd, arg);
	memmove(arg + 1, arg, variant->ver0 - 1);
	EXPECT_EQ(-EFAULT, xioctl(target(self, variant->cmd), variant->cmd, arg + 1));
	/* The structure is accessible, its claimed tail is not. */
	fill_argument(self, variant->cmd, arg);
	EXPECT_EQ(-EFAULT, xioctl(target(self, variant->cmd),
				  sized(variant->cmd, variant->ver0 + 8), arg));
	EXPECT_SNAPSHOT(&self->armed);
}

/*
 * The reply cannot be written: nothing may be left behind. A command without a
 * reply does not write one.
 */
TEST_F(command, reply_to_read_only_memory)
{
	char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int next = next_fd(self->heap.node);

	ASSERT_NE(MAP_FAILED, (void *)page);
	fill_argument(self, variant->cmd, page);
	ASSERT_EQ(0, mprotect(page, PAGE, PROT_READ));
	if (variant->silent) {
		EXPECT_EQ(0, xioctl(target(self, variant->cmd), variant->cmd, page));
		if (variant->cmd == CARVEOUT_IOCTL_UNLINK)
			EXPECT_EQ(-ENOENT, unlink_tag(self->heap.node, TAG));
		return;
	}
	EXPECT_EQ(-EFAULT, xioctl(target(self, variant->cmd), variant->cmd, page));
	EXPECT_EQ(next, next_fd(self->heap.node));
	EXPECT_SNAPSHOT(&self->armed);
}

/* As above, but the fault hits the middle of the reply. */
TEST_F(command, reply_across_read_only_page)
{
	char *page = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int next = next_fd(self->heap.node);
	char *arg;

	ASSERT_NE(MAP_FAILED, (void *)page);
	arg = page + PAGE - 8;
	fill_argument(self, variant->cmd, arg);
	ASSERT_EQ(0, mprotect(page + PAGE, PAGE, PROT_READ));
	if (variant->silent) {
		EXPECT_EQ(0, xioctl(target(self, variant->cmd), variant->cmd, arg));
		return;
	}
	EXPECT_EQ(-EFAULT, xioctl(target(self, variant->cmd), variant->cmd, arg));
	EXPECT_EQ(next, next_fd(self->heap.node));
	EXPECT_SNAPSHOT(&self->armed);
}

/* Only the order of two generations is known beforehand. */
static void renumber(__u64 *generation, int i)
{
	static __u64 first;

	if (!i)
		first = *generation;
	*generation = i ? *generation > first : 1;
}

/* "out" members of the reply do not depend on their old values. */
TEST_F(command, reply_does_not_depend_on_output_members)
{
	struct carveout_ioctl_region *region;
	struct carveout_ioctl_query *query;
	struct carveout_ioctl_open *open;
	struct carveout_ioctl_alloc *alloc;
	struct carveout_ioctl_link *link;
	struct carveout_ioctl_resize *resize;
	struct carveout_ioctl_pool_open *pool_open;
	struct carveout_ioctl_pool_acquire *pool_acquire;
	char reply[2][512];
	int i;

	for (i = 0; i < 2; i++) {
		char byte = i ? 0xa5 : 0x5a;

		memset(reply[i], byte, sizeof(reply[i]));
		fill_argument(self, variant->cmd, reply[i]);
		query = (void *)reply[i];
		region = (void *)reply[i];
		open = (void *)reply[i];
		alloc = (void *)reply[i];
		link = (void *)reply[i];
		resize = (void *)reply[i];
		pool_open = (void *)reply[i];
		pool_acquire = (void *)reply[i];
		switch (variant->cmd) {
		case CARVEOUT_IOCTL_QUERY:
			memset(query, byte, sizeof(*query));
			break;
		case CARVEOUT_IOCTL_REGION:
			memset(region, byte, sizeof(*region));
			region->index = 0;
			region->reserved = 0;
			break;
		case CARVEOUT_IOCTL_OPEN:
			memset(&open->size, byte, 8 * 3);
			memset(&open->region, byte, 8);
			open->fd = byte;
			break;
		case CARVEOUT_IOCTL_INFO:
			memset(&((struct carveout_ioctl_info *)reply[i])->buffer,
			       byte, sizeof(struct carveout_buffer_info));
			break;
		case CARVEOUT_IOCTL_ALLOC:
			memset(&alloc->offset, byte, sizeof(*alloc) -
			       offsetof(struct carveout_ioctl_alloc, offset));
			break;
		case CARVEOUT_IOCTL_LINK:
			memset(&link->generation, byte, sizeof(link->generation));
			break;
		case CARVEOUT_IOCTL_RESIZE:
			memset(&resize->offset, byte, 8 * 3);
			resize->new_fd = byte;
			break;
		case CARVEOUT_IOCTL_POOL_OPEN:
			memset(&pool_open->block_size, byte, 8 * 6);
			break;
		case CARVEOUT_POOL_IOCTL_ACQUIRE:
			pool_acquire->index = byte;
			pool_acquire->offset = byte;
			break;
		case CARVEOUT_POOL_IOCTL_QUERY:
			memset(reply[i], byte,
			       offsetof(struct carveout_ioctl_pool_query, flags));
			break;
		}
		ASSERT_EQ(0, xioctl(target(self, variant->cmd), variant->cmd, reply[i]));
		ASSERT_EQ(0, undo(self, variant->cmd, reply[i]));
	}
	/*
	 * Each allocation, link and resize assigns a generation, and a resize
	 * works on the buffer that the one before made.
	 */
	for (i = 0; i < 2; i++) {
		alloc = (void *)reply[i];
		link = (void *)reply[i];
		resize = (void *)reply[i];
		if (variant->cmd == CARVEOUT_IOCTL_ALLOC)
			renumber(&alloc->generation, i);
		if (variant->cmd == CARVEOUT_IOCTL_LINK)
			renumber(&link->generation, i);
		if (variant->cmd == CARVEOUT_IOCTL_RESIZE) {
			renumber(&resize->generation, i);
			resize->fd = 0;
			resize->new_fd = 0;
		}
	}
	if (variant->cmd == CARVEOUT_IOCTL_POOL_CREATE) {
		((struct carveout_ioctl_pool_create *)reply[0])->generation = 0;
		((struct carveout_ioctl_pool_create *)reply[1])->generation = 0;
	}
	EXPECT_EQ(0, memcmp(reply[0], reply[1], variant->ver0));
	EXPECT_SNAPSHOT(&self->armed);
}

/* The same number with another direction or type is another command. */
TEST_F(command, other_direction_or_magic_is_unknown)
{
	unsigned int nr = _IOC_NR(variant->cmd);
	unsigned int size = variant->ver0;
	char arg[512] = "";

	fill_argument(self, variant->cmd, arg);
	EXPECT_EQ(-ENOTTY, xioctl(target(self, variant->cmd),
				  _IOC(_IOC_NONE, CARVEOUT_IOC_MAGIC, nr, size),
				  arg));
	EXPECT_EQ(-ENOTTY, xioctl(target(self, variant->cmd),
				  _IOC(_IOC_READ, CARVEOUT_IOC_MAGIC, nr, size),
				  arg));
	EXPECT_EQ(-ENOTTY, xioctl(target(self, variant->cmd),
				  _IOC(_IOC_WRITE, CARVEOUT_IOC_MAGIC, nr, size),
				  arg));
	EXPECT_EQ(-ENOTTY, xioctl(target(self, variant->cmd),
				  _IOC(_IOC_READ | _IOC_WRITE,
				       CARVEOUT_IOC_MAGIC + 1, nr, size), arg));
	EXPECT_SNAPSHOT(&self->armed);
}

/* === Members that must be zero, unknown flags ============================ */

/**
 * struct strict_member - A member of an argument that allows no unknown bits
 * @name: type and member
 * @cmd: command
 * @offset: offset of the member in its argument
 * @known: bits that may be set
 */
struct strict_member {
	const char *name;
	unsigned long cmd;
	size_t offset;
	__u32 known;
};

#define MEMBER(number, type, member, bits) {				\
	.name = #type "." #member,					\
	.cmd = CARVEOUT_ ## number,					\
	.offset = offsetof(struct carveout_ioctl_ ## type, member),	\
	.known = bits,							\
}

static const struct strict_member strict_members[] = {
	MEMBER(IOCTL_REGION, region, reserved, 0),
	MEMBER(IOCTL_ALLOC, alloc, reserved, 0),
	MEMBER(IOCTL_ALLOC, alloc, flags, CARVEOUT_ALLOC_FLAGS),
	MEMBER(IOCTL_OPEN, open, reserved, 0),
	MEMBER(IOCTL_OPEN, open, flags, CARVEOUT_OPEN_FLAGS),
	MEMBER(IOCTL_UNLINK, unlink, reserved, 0),
	MEMBER(IOCTL_UNLINK, unlink, flags, 0),
	MEMBER(IOCTL_INFO, info, flags, 0),
	MEMBER(IOCTL_LINK, link, reserved, 0),
	MEMBER(IOCTL_LINK, link, flags, CARVEOUT_LINK_FLAGS),
	MEMBER(IOCTL_LINK, link, mode, 0777),
	MEMBER(IOCTL_SETATTR, setattr, flags, CARVEOUT_SETATTR_FLAGS),
	MEMBER(IOCTL_SETATTR, setattr, mode, 0777),
	MEMBER(IOCTL_SYNC, sync, reserved, 0),
	MEMBER(IOCTL_SYNC, sync, flags, CARVEOUT_SYNC_FLAGS),
	MEMBER(IOCTL_RESIZE, resize, flags, 0),
	MEMBER(IOCTL_POOL_CREATE, pool_create, flags, CARVEOUT_POOL_FLAGS),
	MEMBER(IOCTL_POOL_CREATE, pool_create, mode, 0777),
	MEMBER(IOCTL_POOL_OPEN, pool_open, flags, CARVEOUT_OPEN_FLAGS),
	MEMBER(POOL_IOCTL_ACQUIRE, pool_acquire, flags, CARVEOUT_POOL_ACQUIRE_FLAGS),
	MEMBER(POOL_IOCTL_RELEASE, pool_release, flags, 0),
	MEMBER(POOL_IOCTL_QUERY, pool_query, flags, 0),
	MEMBER(POOL_IOCTL_DESTROY, pool_destroy, flags, 0),
	MEMBER(POOL_IOCTL_DESTROY, pool_destroy, reserved, 0),
	/* Meaningful only together with a flag or another member. */
	MEMBER(IOCTL_OPEN, open, deadline, 0),
	MEMBER(IOCTL_POOL_OPEN, pool_open, deadline, 0),
	MEMBER(IOCTL_ALLOC, alloc, place, 0),
	MEMBER(IOCTL_ALLOC, alloc, fallback, 0),
	MEMBER(IOCTL_SETATTR, setattr, uid, 0),
	MEMBER(IOCTL_SETATTR, setattr, gid, 0),
};

static void expect_strict(struct __test_metadata *_metadata,
			  struct _test_data_command *command,
			  const struct strict_member *member)
{
	char arg[512] = "";
	int bit;

	for (bit = 0; bit < 32; bit++) {
		__u32 value = 1U << bit;

		if (value & member->known)
			continue;
		fill_argument(command, member->cmd, arg);
		memcpy(arg + member->offset, &value, sizeof(value));
		EXPECT_EQ(-EINVAL, xioctl(target(command, member->cmd), member->cmd, arg))
			TH_LOG("%s, bit %d", member->name, bit);
	}
}

TEST_F(heap, reserved_members_and_unknown_flags_are_refused)
{
	struct _test_data_command command = { .heap = self->heap };
	size_t i;

	command.buffer = alloc_tag(self->heap.node, 4 * KIB, TAG, 0, 0600);
	ASSERT_LE(0, command.buffer);
	command.nameless = alloc_buffer(self->heap.node, 4 * KIB);
	ASSERT_LE(0, command.nameless);
	command.range.size = 4 * KIB;
	ASSERT_EQ(0, arm_pool(&command));
	for (i = 0; i < ARRAY_SIZE(strict_members); i++)
		expect_strict(_metadata, &command, &strict_members[i]);
	EXPECT_EQ(1, find_listed(self->heap.node, TAG, NULL));
	close(command.pool);
	close(command.nameless);
	close(command.buffer);
	EXPECT_UNCHANGED(&self->heap);
}

/* === Races of each command against itself ================================ */

struct hammer {
	struct _test_data_command *self;
	unsigned long cmd;
	unsigned int rounds;
};

/* The tag of this test may exist or not: losing the race is no failure. */
static int hammer(void *data)
{
	struct hammer *hammer = data;
	struct _test_data_command *self = hammer->self;
	char arg[512] = "";
	unsigned int i;
	int err;

	self->heap.node = open(heap_path(), O_RDWR | O_CLOEXEC);
	self->nameless = alloc_buffer(self->heap.node, 4 * KIB);
	if (self->heap.node < 0 || self->nameless < 0)
		return 1;
	if (arm_pool(self) && hammer->cmd != CARVEOUT_POOL_IOCTL_DESTROY)
		return 4;
	for (i = 0; i < hammer->rounds; i++) {
		fill_argument(self, hammer->cmd, arg);
		err = xioctl(target(self, hammer->cmd), hammer->cmd, arg);
		if (!err && hammer->cmd == CARVEOUT_IOCTL_UNLINK)
			continue;
		if (err == -ENOENT && hammer->cmd == CARVEOUT_IOCTL_UNLINK)
			continue;
		if (err == -EEXIST && hammer->cmd == CARVEOUT_IOCTL_LINK)
			continue;
		/*
		 * Another process may have destroyed it, and may destroy it
		 * again meanwhile.
		 */
		if (hammer->cmd == CARVEOUT_POOL_IOCTL_DESTROY &&
		    (!err || err == -EIDRM)) {
			undo(self, hammer->cmd, arg);
			continue;
		}
		if (err)
			return 2;
		if (undo(self, hammer->cmd, arg))
			return 3;
		/* A new open file in every eighth round. */
		if (i % 8 == 7) {
			close(self->heap.node);
			self->heap.node = open(heap_path(), O_RDWR | O_CLOEXEC);
		}
	}
	return 0;
}

TEST_F_TIMEOUT(command, races_against_itself_and_close, 120)
{
	struct hammer job = {
		.cmd = variant->cmd,
		.rounds = env_rounds(64),
	};
	struct _test_data_command copy[4];
	pid_t pid[4];
	int i;

	for (i = 0; i < 4; i++) {
		copy[i] = *self;
		job.self = &copy[i];
		pid[i] = start_child(hammer, &job);
		ASSERT_LT(0, pid[i]);
	}
	for (i = 0; i < 4; i++)
		EXPECT_EQ(0, wait_child(pid[i]));
	if (variant->cmd != CARVEOUT_IOCTL_UNLINK &&
	    variant->cmd != CARVEOUT_POOL_IOCTL_DESTROY)
		EXPECT_SNAPSHOT(&self->armed);
}

TEST_HARNESS_MAIN
