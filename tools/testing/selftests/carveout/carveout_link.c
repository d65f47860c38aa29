// SPDX-License-Identifier: GPL-2.0
/*
 * Tagging a buffer later, moving a tag to another buffer, changing the
 * permissions of a tag, reserved tag prefixes.
 */
#include <fcntl.h>
#include <grp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "carveout_fixture.h"

#define OWNER	1000
#define OTHER	1003
#define GROUP	2000

static int link_buffer(int node, int fd, const char *tag, __u32 flags, __u32 mode,
		       __u64 *generation)
{
	struct carveout_ioctl_link link = {
		.fd = fd,
		.flags = flags,
		.mode = mode,
	};
	int err;

	set_name(link.tag, tag);
	err = xioctl(node, CARVEOUT_IOCTL_LINK, &link);
	if (!err && generation)
		*generation = link.generation;
	return err;
}

static int set_attr(int node, const char *tag, __u32 flags, __u32 mode, uid_t uid,
		    gid_t gid)
{
	struct carveout_ioctl_setattr attr = {
		.flags = flags,
		.mode = mode,
		.uid = uid,
		.gid = gid,
	};

	set_name(attr.tag, tag);
	return xioctl(node, CARVEOUT_IOCTL_SETATTR, &attr);
}

/* A buffer without a tag, filled with a pattern. */
static int filled_buffer(int node, __u32 seed)
{
	int fd = alloc_buffer(node, 2 * PAGE);
	void *mem;

	if (fd < 0)
		return fd;
	mem = map_buffer(fd, 2 * PAGE, PROT_READ | PROT_WRITE);
	if (mem == MAP_FAILED)
		return -ENOMEM;
	fill_pattern(mem, 2 * PAGE, seed);
	munmap(mem, 2 * PAGE);
	return fd;
}

static bool fd_has_pattern(int fd, __u32 seed)
{
	void *mem = map_buffer(fd, 2 * PAGE, PROT_READ);
	bool has;

	if (mem == MAP_FAILED)
		return false;
	has = has_pattern(mem, 2 * PAGE, seed);
	munmap(mem, 2 * PAGE);
	return has;
}

/* Run as another user for a while, or as root. */
static int be(uid_t uid, gid_t gid)
{
	if (seteuid(0) || setegid(0) || setgroups(0, NULL) ||
	    setegid(gid) || seteuid(uid))
		return -errno;
	return 0;
}

/* === Link ================================================================ */

TEST_F(heap, link_names_a_buffer_that_is_filled)
{
	const char *tag = unique_tag("link.filled");
	int node = self->heap.node;
	int fd = filled_buffer(node, 3), open;
	struct carveout_buffer_info buffer;
	__u64 before, number;

	ASSERT_LE(0, fd);
	umask(027);
	before = generation_of(node, fd);
	ASSERT_EQ(0, link_buffer(node, fd, tag, 0, 0666, &number));
	EXPECT_LT(before, number);
	ASSERT_EQ(1, find_listed(node, tag, &buffer));
	EXPECT_EQ(number, buffer.generation);
	EXPECT_EQ(0640, buffer.mode);
	EXPECT_EQ(0, buffer.flags & CARVEOUT_BUFFER_PERSIST);
	EXPECT_EQ(1, buffer.refs);
	open = open_tag(node, tag, O_RDWR);
	ASSERT_LE(0, open);
	EXPECT_EQ(number, generation_of(node, open));
	EXPECT_TRUE(fd_has_pattern(open, 3));
	close(fd);
	close(open);
	EXPECT_EQ(-ENOENT, open_tag(node, tag, O_RDWR));
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(heap, persistent_link_holds_the_buffer)
{
	const char *tag = unique_tag("link.persist");
	int node = self->heap.node;
	int fd = filled_buffer(node, 4);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, link_buffer(node, fd, tag, CARVEOUT_LINK_PERSIST, 0600, NULL));
	close(fd);
	fd = open_tag(node, tag, O_RDWR);
	ASSERT_LE(0, fd);
	EXPECT_TRUE(fd_has_pattern(fd, 4));
	close(fd);
	ASSERT_EQ(0, unlink_tag(node, tag));
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(heap, link_to_a_taken_name_is_EEXIST)
{
	const char *tag = unique_tag("link.taken");
	int node = self->heap.node;
	int owner = alloc_tag(node, 4096, tag, 0, 0600);
	int fd = alloc_buffer(node, 4096);
	struct carveout_buffer_info before, after;

	ASSERT_LE(0, owner);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, query_buffer(node, fd, &before));
	EXPECT_EQ(-EEXIST, link_buffer(node, fd, tag, 0, 0600, NULL));
	EXPECT_EQ(-EEXIST, link_buffer(node, fd, tag, CARVEOUT_LINK_PERSIST, 0600,
				       NULL));
	ASSERT_EQ(0, query_buffer(node, fd, &after));
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(before)));
	/* The tag is taken even for the buffer that has it. */
	EXPECT_EQ(-EBUSY, link_buffer(node, owner, tag, 0, 0600, NULL));
	/* The buffer can still get another tag. */
	EXPECT_EQ(0, link_buffer(node, fd, unique_tag("link.free"), 0, 0600, NULL));
	close(owner);
	close(fd);
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(heap, buffer_has_a_name_once_in_its_life)
{
	const char *tag = unique_tag("link.once");
	int node = self->heap.node;
	int fd = alloc_tag(node, 4096, tag, 0, 0600);

	ASSERT_LE(0, fd);
	EXPECT_EQ(-EBUSY, link_buffer(node, fd, unique_tag("link.second"), 0, 0600,
				      NULL));
	ASSERT_EQ(0, unlink_tag(node, tag));
	EXPECT_EQ(-EBUSY, link_buffer(node, fd, tag, 0, 0600, NULL));
	EXPECT_EQ(-EBUSY, link_buffer(node, fd, tag, CARVEOUT_LINK_REPLACE, 0600,
				      NULL));
	EXPECT_EQ(-ENOENT, open_tag(node, tag, O_RDONLY));
	close(fd);
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(heap, link_of_what_is_no_buffer)
{
	const char *tag = unique_tag("link.none");
	int node = self->heap.node;
	const char *taken = unique_tag("link.ro");
	int fd = alloc_tag(node, 4096, taken, 0, 0600);
	int ro = open_tag(node, taken, O_RDONLY);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int reader = open(heap_path(), O_RDONLY | O_CLOEXEC);

	ASSERT_LE(0, fd);
	ASSERT_LE(0, ro);
	EXPECT_EQ(-EBADF, link_buffer(node, -1, tag, 0, 0600, NULL));
	EXPECT_EQ(-EBADF, link_buffer(node, 1000000, tag, 0, 0600, NULL));
	EXPECT_EQ(-EINVAL, link_buffer(node, null, tag, 0, 0600, NULL));
	EXPECT_EQ(-EINVAL, link_buffer(node, node, tag, 0, 0600, NULL));
	EXPECT_EQ(-EACCES, link_buffer(node, ro, tag, 0, 0600, NULL));
	EXPECT_EQ(-EACCES, link_buffer(reader, fd, tag, 0, 0600, NULL));
	EXPECT_EQ(-EACCES, set_attr(reader, taken, CARVEOUT_SETATTR_MODE, 0, 0, 0));
	EXPECT_EQ(-EINVAL, link_buffer(node, fd, "", 0, 0600, NULL));
	EXPECT_EQ(-EINVAL, link_buffer(node, fd, "a/b", 0, 0600, NULL));
	close(null);
	close(reader);
	close(ro);
	close(fd);
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(heap, link_is_for_the_owner)
{
	const char *tag = unique_tag("link.owner");
	int node = self->heap.node;
	struct carveout_buffer_info buffer;
	int fd;

	ASSERT_EQ(0, be(OWNER, GROUP));
	fd = alloc_buffer(node, 4096);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, be(OTHER, GROUP));
	EXPECT_EQ(-EACCES, link_buffer(node, fd, tag, 0, 0666, NULL));
	ASSERT_EQ(0, be(0, 0));
	EXPECT_EQ(0, link_buffer(node, fd, tag, 0, 0600, NULL));
	/* The tag still belongs to its owner. */
	ASSERT_EQ(0, query_buffer(node, fd, &buffer));
	EXPECT_EQ(OWNER, buffer.uid);
	EXPECT_EQ(GROUP, buffer.gid);
	close(fd);
	EXPECT_UNCHANGED(&self->heap);
}

/* === Replace ============================================================= */

TEST_F(heap, replace_moves_the_name_on)
{
	const char *tag = unique_tag("link.replace");
	int node = self->heap.node;
	int old = alloc_tag(node, 2 * PAGE, tag, CARVEOUT_ALLOC_PERSIST, 0600);
	int next = filled_buffer(node, 9), open;
	struct carveout_buffer_info buffer;
	__u64 number;

	ASSERT_LE(0, old);
	ASSERT_LE(0, next);
	ASSERT_EQ(0, link_buffer(node, next, tag, CARVEOUT_LINK_REPLACE, 0640,
				 &number));
	EXPECT_LT(generation_of(node, old), number);
	open = open_tag(node, tag, O_RDWR);
	ASSERT_LE(0, open);
	EXPECT_TRUE(fd_has_pattern(open, 9));
	EXPECT_EQ(number, generation_of(node, open));
	/*
	 * The old buffer has lost its tag, and with it the reference that the
	 * tag held.
	 */
	ASSERT_EQ(0, query_buffer(node, old, &buffer));
	EXPECT_EQ('\0', buffer.tag[0]);
	EXPECT_EQ(0, buffer.flags & CARVEOUT_BUFFER_PERSIST);
	EXPECT_EQ(1, buffer.refs);
	close(old);
	close(open);
	ASSERT_EQ(1, find_listed(node, tag, &buffer));
	EXPECT_EQ(self->heap.query.used + 2 * PAGE, used_bytes(node));
	/* The new buffer was not made persistent. */
	close(next);
	EXPECT_EQ(-ENOENT, open_tag(node, tag, O_RDONLY));
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(heap, replace_of_nothing_is_a_link)
{
	const char *tag = unique_tag("link.nothing");
	int node = self->heap.node;
	int fd = filled_buffer(node, 1);

	ASSERT_LE(0, fd);
	EXPECT_EQ(0, link_buffer(node, fd, tag, CARVEOUT_LINK_REPLACE |
				 CARVEOUT_LINK_PERSIST, 0600, NULL));
	EXPECT_EQ(1, find_listed(node, tag, NULL));
	close(fd);
	EXPECT_EQ(0, unlink_tag(node, tag));
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(heap, replace_is_for_the_owner_of_the_name)
{
	const char *tag = unique_tag("link.theirs");
	int node = self->heap.node;
	int old, fd;

	umask(0);
	ASSERT_EQ(0, be(OWNER, GROUP));
	old = alloc_tag(node, 4096, tag, 0, 0666);
	ASSERT_LE(0, old);
	ASSERT_EQ(0, be(OTHER, GROUP));
	fd = alloc_buffer(node, 4096);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EACCES, link_buffer(node, fd, tag, CARVEOUT_LINK_REPLACE, 0600,
				       NULL));
	EXPECT_NE(generation_of(node, old), generation_of(node, fd));
	ASSERT_EQ(0, be(0, 0));
	EXPECT_EQ(1, find_listed(node, tag, NULL));
	EXPECT_EQ(0, link_buffer(node, fd, tag, CARVEOUT_LINK_REPLACE, 0600, NULL));
	close(old);
	close(fd);
	EXPECT_UNCHANGED(&self->heap);
}

struct replacer {
	int node;
	const char *tag;
	unsigned int rounds;
};

/* Replace the buffer of a tag in a loop. */
static int replace_often(void *data)
{
	const struct replacer *job = data;
	unsigned int i;
	int fd, last = -1;

	for (i = 0; i < job->rounds; i++) {
		fd = alloc_buffer(job->node, 4096);
		if (fd < 0)
			return 1;
		if (link_buffer(job->node, fd, job->tag, CARVEOUT_LINK_REPLACE |
				CARVEOUT_LINK_PERSIST, 0600, NULL))
			return 2;
		if (last >= 0)
			close(last);
		last = fd;
	}
	return 0;
}

/* A look-up always finds one of the buffers, and never an older one than before. */
TEST_F_TIMEOUT(heap, replace_is_one_step, 120)
{
	const char *tag = unique_tag("link.step");
	struct replacer job = {
		.node = self->heap.node,
		.tag = tag,
		.rounds = env_rounds(1000),
	};
	unsigned int i, rounds = env_rounds(2000);
	int node = self->heap.node, fd;
	__u64 last = 0, number;
	pid_t pid[2];

	fd = alloc_tag(node, 4096, tag, CARVEOUT_ALLOC_PERSIST, 0600);
	ASSERT_LE(0, fd);
	close(fd);
	for (i = 0; i < 2; i++) {
		pid[i] = start_child(replace_often, &job);
		ASSERT_LT(0, pid[i]);
	}
	for (i = 0; i < rounds; i++) {
		fd = open_tag(node, tag, O_RDONLY);
		ASSERT_LE(0, fd);
		number = generation_of(node, fd);
		ASSERT_LE(last, number);
		last = number;
		close(fd);
	}
	for (i = 0; i < 2; i++)
		EXPECT_EQ(0, wait_child(pid[i]));
	EXPECT_EQ(0, unlink_tag(node, tag));
	EXPECT_UNCHANGED(&self->heap);
}

/* === Owner, group, mode ================================================== */

TEST_F(heap, mode_can_be_changed_by_the_owner)
{
	const char *tag = unique_tag("attr.mode");
	int node = self->heap.node;
	struct carveout_buffer_info buffer;
	int fd;

	umask(077);
	ASSERT_EQ(0, be(OWNER, GROUP));
	fd = alloc_tag(node, 4096, tag, 0, 0600);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, be(OTHER, 1));
	EXPECT_EQ(-EACCES, set_attr(node, tag, CARVEOUT_SETATTR_MODE, 0666, 0, 0));
	EXPECT_EQ(-EACCES, try_open(node, tag, O_RDONLY));
	ASSERT_EQ(0, be(OWNER, GROUP));
	/* The mode is set exactly: the umask applies to creation only. */
	EXPECT_EQ(0, set_attr(node, tag, CARVEOUT_SETATTR_MODE, 0604, 0, 0));
	ASSERT_EQ(0, query_buffer(node, fd, &buffer));
	EXPECT_EQ(0604, buffer.mode);
	ASSERT_EQ(0, be(OTHER, 1));
	EXPECT_EQ(0, try_open(node, tag, O_RDONLY));
	EXPECT_EQ(-EACCES, try_open(node, tag, O_RDWR));
	ASSERT_EQ(0, be(0, 0));
	EXPECT_EQ(0, set_attr(node, tag, CARVEOUT_SETATTR_MODE, 0, 0, 0));
	ASSERT_EQ(0, be(OWNER, GROUP));
	EXPECT_EQ(-EACCES, try_open(node, tag, O_RDONLY));
	/* Open files stay valid. */
	EXPECT_EQ(0, query_buffer(node, fd, &buffer));
	close(fd);
	ASSERT_EQ(0, be(0, 0));
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(heap, owner_and_group_as_for_a_file)
{
	const char *tag = unique_tag("attr.owner");
	int node = self->heap.node;
	struct carveout_buffer_info buffer;
	gid_t extra = 3000;
	int fd;

	ASSERT_EQ(0, be(OWNER, GROUP));
	fd = alloc_tag(node, 4096, tag, 0, 0600);
	ASSERT_LE(0, fd);
	/* An owner cannot give a tag away, nor to a group that it is not a member of. */
	EXPECT_EQ(-EACCES, set_attr(node, tag, CARVEOUT_SETATTR_UID, 0, OTHER, 0));
	EXPECT_EQ(-EACCES, set_attr(node, tag, CARVEOUT_SETATTR_GID, 0, 0, extra));
	/* All or nothing. */
	EXPECT_EQ(-EACCES, set_attr(node, tag, CARVEOUT_SETATTR_FLAGS, 0666, OTHER,
				    GROUP));
	EXPECT_EQ(-EACCES, set_attr(node, tag, CARVEOUT_SETATTR_FLAGS, 0666, OWNER,
				    extra));
	ASSERT_EQ(0, query_buffer(node, fd, &buffer));
	EXPECT_EQ(0600, buffer.mode);
	EXPECT_EQ(OWNER, buffer.uid);
	EXPECT_EQ(GROUP, buffer.gid);
	/* The owner may set the values that the tag already has. */
	EXPECT_EQ(0, set_attr(node, tag, CARVEOUT_SETATTR_FLAGS, 0640, OWNER, GROUP));
	ASSERT_EQ(0, seteuid(0));
	ASSERT_EQ(0, setgroups(1, &extra));
	ASSERT_EQ(0, seteuid(OWNER));
	EXPECT_EQ(0, set_attr(node, tag, CARVEOUT_SETATTR_GID, 0, 0, extra));
	ASSERT_EQ(0, be(OTHER, extra));
	EXPECT_EQ(0, try_open(node, tag, O_RDONLY));
	EXPECT_EQ(-EACCES, set_attr(node, tag, CARVEOUT_SETATTR_GID, 0, 0, extra));
	/* Root may choose any owner. */
	ASSERT_EQ(0, be(0, 0));
	EXPECT_EQ(0, set_attr(node, tag, CARVEOUT_SETATTR_UID, 0, OTHER, 0));
	ASSERT_EQ(0, be(OTHER, 1));
	EXPECT_EQ(0, try_open(node, tag, O_RDWR));
	EXPECT_EQ(0, set_attr(node, tag, CARVEOUT_SETATTR_MODE, 0400, 0, 0));
	ASSERT_EQ(0, be(OWNER, GROUP));
	EXPECT_EQ(-EACCES, unlink_tag(node, tag));
	EXPECT_EQ(-EACCES, try_open(node, tag, O_RDONLY));
	close(fd);
	ASSERT_EQ(0, be(0, 0));
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(heap, bad_attributes)
{
	const char *tag = unique_tag("attr.bad");
	int node = self->heap.node;
	int fd = alloc_tag(node, 4096, tag, 0, 0600);
	struct heap_snapshot with;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, take_snapshot(&with));
	EXPECT_EQ(-EINVAL, set_attr(node, tag, 0, 0, 0, 0));
	EXPECT_EQ(-EINVAL, set_attr(node, tag, CARVEOUT_SETATTR_UID, 0, -1, 0));
	EXPECT_EQ(-EINVAL, set_attr(node, tag, CARVEOUT_SETATTR_GID, 0, 0, -1));
	EXPECT_EQ(-ENOENT, set_attr(node, unique_tag("attr.none"),
				    CARVEOUT_SETATTR_MODE, 0600, 0, 0));
	EXPECT_EQ(-EINVAL, set_attr(node, "a b", CARVEOUT_SETATTR_MODE, 0600, 0, 0));
	EXPECT_SNAPSHOT(&with);
	close(fd);
	EXPECT_UNCHANGED(&self->heap);
}

struct flipper {
	int node;
	const char *tag;
	unsigned int rounds;
};

/* Permission for the owner only, or for the others only: never for both or none. */
static int flip_owner(void *data)
{
	const struct flipper *job = data;
	unsigned int i;

	for (i = 0; i < job->rounds; i++) {
		bool even = i % 2;

		if (set_attr(job->node, job->tag, CARVEOUT_SETATTR_MODE |
			     CARVEOUT_SETATTR_UID, even ? 0600 : 0066,
			     even ? OTHER : OWNER, 0))
			return 1;
	}
	return 0;
}

/* Both states admit OTHER and exclude OWNER; only a mix of them would not. */
TEST_F_TIMEOUT(heap, owner_and_mode_change_at_once, 120)
{
	const char *tag = unique_tag("attr.once");
	struct flipper job = {
		.node = self->heap.node,
		.tag = tag,
		.rounds = env_rounds(20000),
	};
	int node = self->heap.node, fd;
	unsigned int i, refused = 0;
	pid_t pid;

	fd = alloc_tag(node, 4096, tag, 0, 0600);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, set_attr(node, tag, CARVEOUT_SETATTR_UID, 0, OTHER, 0));
	pid = start_child(flip_owner, &job);
	ASSERT_LT(0, pid);
	ASSERT_EQ(0, be(OTHER, 1));
	for (i = 0; i < job.rounds / 2; i++)
		refused += try_open(node, tag, O_RDWR) != 0;
	ASSERT_EQ(0, be(OWNER, 1));
	for (i = 0; i < job.rounds / 2; i++)
		refused += try_open(node, tag, O_RDWR) != -EACCES;
	EXPECT_EQ(0, refused);
	ASSERT_EQ(0, be(0, 0));
	EXPECT_EQ(0, wait_child(pid));
	close(fd);
	EXPECT_UNCHANGED(&self->heap);
}

/* === Reserved tag prefixes =============================================== */

#define KEPT		"kept."
#define KEPT_UID	1234

/* In the boards' device tree, tags with the prefix KEPT are reserved for KEPT_UID. */
TEST_F(heap, reserved_prefix_is_for_its_user)
{
	int node = self->heap.node;
	int fd, named;

	if (access("/sys/firmware/devicetree/base", F_OK))
		SKIP(return, "tag prefixes are reserved in the device tree only");
	ASSERT_EQ(0, be(OTHER, GROUP));
	fd = alloc_buffer(node, 4096);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EACCES, alloc_tag(node, 4096, KEPT "a", 0, 0600));
	EXPECT_EQ(-EACCES, alloc_tag(node, 4096, KEPT "a", CARVEOUT_ALLOC_OPEN,
				     0600));
	EXPECT_EQ(-EACCES, alloc_tag(node, 4096, KEPT, 0, 0600));
	EXPECT_EQ(-EACCES, link_buffer(node, fd, KEPT "a", 0, 0600, NULL));
	EXPECT_EQ(-EACCES, link_buffer(node, fd, KEPT "a", CARVEOUT_LINK_REPLACE,
				       0600, NULL));
	named = alloc_tag(node, 4096, "kept", 0, 0600);
	EXPECT_LE(0, named);
	close(named);
	ASSERT_EQ(0, be(KEPT_UID, GROUP));
	umask(0);
	named = alloc_tag(node, 4096, KEPT "a", 0, 0666);
	ASSERT_LE(0, named);
	/* The prefix restricts creating, not opening. */
	ASSERT_EQ(0, be(OTHER, GROUP));
	EXPECT_EQ(0, try_open(node, KEPT "a", O_RDWR));
	close(named);
	ASSERT_EQ(0, be(0, 0));
	named = alloc_tag(node, 4096, KEPT "root", 0, 0600);
	EXPECT_LE(0, named);
	close(named);
	close(fd);
	EXPECT_UNCHANGED(&self->heap);
}

TEST_HARNESS_MAIN
