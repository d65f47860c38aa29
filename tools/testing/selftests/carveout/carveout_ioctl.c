// SPDX-License-Identifier: GPL-2.0
/*
 * The entry of the ioctls: every command with every length, tail, reserved
 * member and bad address. Other programs test the commands themselves.
 */
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "carveout_command.h"
#include "carveout_strict.h"

/* Longer than any structure of today; the limit of a command number. */
#define LONGEST		((1UL << _IOC_SIZEBITS) - 8)

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
		ASSERT_EQ(0, xioctl(target(self, variant->cmd), sized(variant->cmd, size), arg))
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
	EXPECT_EQ(-EFAULT, xioctl(target(self, variant->cmd), variant->cmd, page + PAGE));
	EXPECT_EQ(-EFAULT, xioctl(target(self, variant->cmd), variant->cmd, (void *)-PAGE));
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
	struct carveout_ioctl_locate *locate;
	struct carveout_ioctl_pool_open *pool_open;
	struct carveout_ioctl_pool_acquire *pool_acquire;
	struct carveout_ioctl_pool_move *pool_move;
	char reply[2][512];
	int i;

	for (i = 0; i < 2; i++) {
		char byte = i ? 0xa5 : 0x5a;

		memset(reply[i], byte, sizeof(reply[i]));
		fill_argument(self, variant->cmd, reply[i]);
		query = (void *)reply[i];
		region = (void *)query;
		open = (void *)query;
		alloc = (void *)query;
		link = (void *)query;
		resize = (void *)query;
		pool_open = (void *)query;
		pool_acquire = (void *)query;
		switch (variant->cmd) {
		case CARVEOUT_IOCTL_QUERY:
			memset(query, byte,
			       offsetof(struct carveout_ioctl_query, flags));
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
			memset(self->entries, byte, sizeof(self->entries));
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
		case CARVEOUT_IOCTL_TYPED_INFO:
			memset(reply[i], byte,
			       offsetof(struct carveout_ioctl_typed_info, flags));
			break;
		case CARVEOUT_IOCTL_LOCATE:
			locate = (void *)query;
			memset(&locate->offset, byte, 8 * 2);
			memset(&locate->fd, byte, 8);
			break;
		case CARVEOUT_IOCTL_POOL_OPEN:
			memset(&pool_open->block_size, byte, 8 * 6);
			break;
		case CARVEOUT_POOL_IOCTL_ACQUIRE:
			pool_acquire->index = byte;
			pool_acquire->offset = byte;
			pool_acquire->serial = byte;
			break;
		case CARVEOUT_POOL_IOCTL_MOVE:
			pool_move = (void *)query;
			pool_move->new_serial = byte;
			break;
		case CARVEOUT_POOL_IOCTL_EXPORT:
			((struct carveout_ioctl_pool_export *)query)->fd = byte;
			break;
		case CARVEOUT_POOL_IOCTL_QUERY:
			memset(reply[i], byte,
			       offsetof(struct carveout_ioctl_pool_query, flags));
			break;
		}
		ASSERT_EQ(0, xioctl(target(self, variant->cmd), variant->cmd, reply[i]));
		ASSERT_EQ(0, undo(self, variant->cmd, reply[i]));
		/* The entry is a part of the reply. */
		if (variant->cmd == CARVEOUT_IOCTL_INFO)
			memcpy(reply[i] + variant->ver0, self->entries,
			       sizeof(self->entries[0]));
	}
	/*
	 * Each allocation, link and resize assigns a generation, each owner of a block
	 * a serial; a resize works on the buffer that the one before made.
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
		pool_acquire = (void *)alloc;
		pool_move = (void *)alloc;
		if (variant->cmd == CARVEOUT_IOCTL_POOL_CREATE)
			((struct carveout_ioctl_pool_create *)alloc)->generation = 0;
		if (variant->cmd == CARVEOUT_POOL_IOCTL_ACQUIRE)
			renumber(&pool_acquire->serial, i);
		if (variant->cmd == CARVEOUT_POOL_IOCTL_MOVE)
			renumber(&pool_move->new_serial, i);
		if (variant->cmd == CARVEOUT_POOL_IOCTL_MOVE)
			pool_move->serial = 0;
		if (variant->cmd == CARVEOUT_POOL_IOCTL_RELEASE)
			((struct carveout_ioctl_pool_release *)alloc)->serial = 0;
	}
	EXPECT_EQ(0, memcmp(reply[0], reply[1], variant->ver0 +
			    (variant->cmd == CARVEOUT_IOCTL_INFO ?
			     sizeof(self->entries[0]) : 0)));
	EXPECT_SNAPSHOT(&self->armed);
}

/* The same number with another direction or type is another command. */
TEST_F(command, other_direction_or_magic_is_unknown)
{
	/* A command that writes nothing says so. */
	unsigned int dir = variant->silent ? _IOC_WRITE : _IOC_READ | _IOC_WRITE;
	unsigned int nr = _IOC_NR(variant->cmd);
	unsigned int size = variant->ver0;
	unsigned int other;
	char arg[512] = "";

	EXPECT_EQ(dir, _IOC_DIR(variant->cmd));
	fill_argument(self, variant->cmd, arg);
	for (other = 0; other <= (_IOC_READ | _IOC_WRITE); other++) {
		if (other == dir)
			continue;
		EXPECT_EQ(-ENOTTY, xioctl(target(self, variant->cmd),
					  _IOC(other, CARVEOUT_IOC_MAGIC, nr, size),
					  arg));
	}
	EXPECT_EQ(-ENOTTY, xioctl(target(self, variant->cmd),
				  _IOC(dir, CARVEOUT_IOC_MAGIC + 1, nr, size), arg));
	EXPECT_SNAPSHOT(&self->armed);
}

/* === Members that must be zero, unknown flags ============================ */

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
	ASSERT_EQ(0, arm_typed(&command));
	for (i = 0; i < ARRAY_SIZE(strict_members); i++)
		expect_strict(_metadata, &command, &strict_members[i]);
	EXPECT_EQ(1, find_listed(self->heap.node, TAG, NULL));
	disarm_typed(&command);
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
		/* The processes share the first file, and one of them is the first. */
		if (err == -EBUSY && hammer->cmd == CARVEOUT_IOCTL_TYPED && !i)
			err = 0;
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
