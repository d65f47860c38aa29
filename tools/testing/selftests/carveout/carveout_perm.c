// SPDX-License-Identifier: GPL-2.0
/*
 * Permissions: owner, group and mode of tags, the access mode of the device
 * node, and the information for callers without privileges.
 */
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "carveout_fixture.h"

#define OWNER	1000
#define GROUP	1000

struct user {
	const char *name;
	uid_t uid;
	gid_t gid;
	gid_t extra;		/* supplementary group, or 0 */
	int shift;		/* shift of the mode bits of this user */
};

static const struct user users[] = {
	{ "owner", OWNER, GROUP, 0, 6 },
	{ "owner in another group", OWNER, 2000, 0, 6 },
	{ "member of the group", 1001, GROUP, 0, 3 },
	{ "supplementary member", 1002, 2000, GROUP, 3 },
	{ "stranger", 1003, 2000, 0, 0 },
};

/* Become root, for a while. */
static int be_root(void)
{
	return seteuid(0) || setegid(0) || setgroups(0, NULL) ? -errno : 0;
}

/* Become another user for a while: the effective ids decide, as for a file. */
static int be(const struct user *user)
{
	if (be_root() || setgroups(user->extra ? 1 : 0, &user->extra) ||
	    setegid(user->gid) || seteuid(user->uid))
		return -errno;
	return 0;
}

static int open_or_create(int node, const char *tag, __u32 fd_flags)
{
	struct carveout_ioctl_alloc alloc = alloc_request(4096);
	int err;

	set_name(alloc.tag, tag);
	alloc.flags = CARVEOUT_ALLOC_OPEN;
	alloc.mode = 0600;
	alloc.fd_flags = fd_flags;
	err = xioctl(node, CARVEOUT_IOCTL_ALLOC, &alloc);
	if (!err)
		close(alloc.fd);
	return err;
}

/* === Tags ================================================================ */

/* All combinations of reading and writing for owner, group and others. */
TEST_F_TIMEOUT(heap, mode_decides_for_every_user, 120)
{
	const char *tag = unique_tag("perm.mode");
	int node = self->heap.node;
	unsigned int bits, mode;
	size_t i;
	int fd;

	umask(0);
	for (bits = 0; bits < 64; bits++) {
		mode = (bits & 060) << 3 | (bits & 014) << 2 | (bits & 3) << 1;
		/* The execute bit has no meaning: set it now and then. */
		mode |= bits % 3 ? 0 : 0111;
		ASSERT_EQ(0, be(&users[0]));
		fd = alloc_tag(node, 4096, tag, 0, mode);
		ASSERT_LE(0, fd);
		for (i = 0; i < ARRAY_SIZE(users); i++) {
			unsigned int mine = mode >> users[i].shift;
			int ro = mine & 4 ? 0 : -EACCES;
			int rw = (mine & 6) == 6 ? 0 : -EACCES;
			bool owner = users[i].uid == OWNER;

			ASSERT_EQ(0, be(&users[i]));
			EXPECT_EQ(ro, try_open(node, tag, O_RDONLY))
				TH_LOG("%s, mode %o", users[i].name, mode);
			EXPECT_EQ(rw, try_open(node, tag, O_RDWR))
				TH_LOG("%s, mode %o", users[i].name, mode);
			EXPECT_EQ(rw, open_or_create(node, tag, O_RDWR));
			EXPECT_EQ(owner || !ro, find_listed(node, tag, NULL))
				TH_LOG("%s, mode %o", users[i].name, mode);
		}
		/* Root has all permissions and sees all buffers. */
		ASSERT_EQ(0, be_root());
		EXPECT_EQ(0, try_open(node, tag, O_RDONLY));
		EXPECT_EQ(0, try_open(node, tag, O_RDWR));
		EXPECT_EQ(1, find_listed(node, tag, NULL));
		close(fd);
	}
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(heap, only_the_owner_unlinks)
{
	const char *tag = unique_tag("perm.unlink");
	int node = self->heap.node;
	size_t i;
	int fd;

	umask(0);
	ASSERT_EQ(0, be(&users[0]));
	fd = alloc_tag(node, 4096, tag, CARVEOUT_ALLOC_PERSIST, 0666);
	ASSERT_LE(0, fd);
	close(fd);
	for (i = 0; i < ARRAY_SIZE(users); i++) {
		if (users[i].uid == OWNER)
			continue;
		ASSERT_EQ(0, be(&users[i]));
		EXPECT_EQ(-EACCES, unlink_tag(node, tag))
			TH_LOG("%s", users[i].name);
		EXPECT_EQ(0, try_open(node, tag, O_RDWR));
	}
	/* The mode does not matter to the owner, nor does the group. */
	ASSERT_EQ(0, be(&users[1]));
	EXPECT_EQ(0, unlink_tag(node, tag));
	fd = alloc_tag(node, 4096, tag, CARVEOUT_ALLOC_PERSIST, 0);
	ASSERT_LE(0, fd);
	close(fd);
	EXPECT_EQ(-EACCES, try_open(node, tag, O_RDONLY));
	EXPECT_EQ(0, unlink_tag(node, tag));
	/* Root has CAP_FOWNER. */
	fd = alloc_tag(node, 4096, tag, CARVEOUT_ALLOC_PERSIST, 0);
	ASSERT_LE(0, fd);
	close(fd);
	ASSERT_EQ(0, be_root());
	EXPECT_EQ(0, unlink_tag(node, tag));
	EXPECT_UNCHANGED(&self->heap);
}

/* A tag is taken for all callers, whether they may open it or not. */
TEST_F(heap, exclusive_create_of_anothers_tag_is_EEXIST)
{
	const char *tag = unique_tag("perm.taken");
	int node = self->heap.node;
	int fd = alloc_tag(node, 4096, tag, 0, 0600);
	size_t i;

	ASSERT_LE(0, fd);
	for (i = 0; i < ARRAY_SIZE(users); i++) {
		ASSERT_EQ(0, be(&users[i]));
		EXPECT_EQ(-EEXIST, alloc_tag(node, 4096, tag, 0, 0666));
		EXPECT_EQ(-EACCES, open_or_create(node, tag, O_RDWR));
	}
	ASSERT_EQ(0, be_root());
	close(fd);
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(heap, umask_is_honoured)
{
	static const unsigned int masks[] = { 0, 022, 027, 077, 0777 };
	int node = self->heap.node;
	struct carveout_buffer_info buffer;
	size_t i;
	int fd;

	for (i = 0; i < ARRAY_SIZE(masks); i++) {
		umask(masks[i]);
		fd = alloc_tag(node, 4096, "perm.umask", 0, 0666);
		ASSERT_LE(0, fd);
		ASSERT_EQ(0, query_buffer(node, fd, &buffer));
		EXPECT_EQ(0666 & ~masks[i], buffer.mode);
		close(fd);
		while (find_listed(node, "perm.umask", NULL) == 1)
			sleep_us(1000);
	}
	umask(022);
	EXPECT_UNCHANGED(&self->heap);
}

/* The ids of the tag are those of its creator, and do not change. */
TEST_F(heap, owner_and_group_are_the_creators)
{
	const char *tag = unique_tag("perm.ids");
	int node = self->heap.node;
	struct carveout_buffer_info buffer;
	size_t i;
	int fd;

	for (i = 0; i < ARRAY_SIZE(users); i++) {
		ASSERT_EQ(0, be(&users[i]));
		fd = alloc_tag(node, 4096, tag, CARVEOUT_ALLOC_PERSIST, 0600);
		ASSERT_LE(0, fd);
		ASSERT_EQ(0, be_root());
		ASSERT_EQ(0, query_buffer(node, fd, &buffer));
		EXPECT_EQ(users[i].uid, buffer.uid);
		EXPECT_EQ(users[i].gid, buffer.gid);
		EXPECT_EQ(0600, buffer.mode);
		EXPECT_EQ(0, unlink_tag(node, tag));
		close(fd);
	}
	EXPECT_UNCHANGED(&self->heap);
}

/* Number of times that LIST shows the caller a buffer, or an error. */
static int listed_as(int node, __u64 number)
{
	struct carveout_buffer_info entries[64];
	struct carveout_ioctl_list list = {
		.entries = (uintptr_t)entries,
		.entry_size = sizeof(entries[0]),
		.count = ARRAY_SIZE(entries),
	};
	int err, shown = 0;
	__u32 i;

	err = xioctl(node, CARVEOUT_IOCTL_LIST, &list);
	if (err)
		return err;
	for (i = 0; i < list.count; i++)
		shown += entries[i].generation == number;
	return shown;
}

/*
 * A buffer without a tag is shown to its owner and to root only, even if all
 * users could have opened it by its former tag.
 */
TEST_F(heap, untagged_buffer_is_listed_for_its_owner)
{
	const char *tag = unique_tag("perm.untagged");
	struct carveout_buffer_info buffer;
	int node = self->heap.node;
	size_t i, j;
	int fd[2];

	umask(0);
	ASSERT_EQ(0, be(&users[0]));
	fd[0] = alloc_buffer(node, 4096);
	fd[1] = alloc_tag(node, 4096, tag, 0, 0666);
	ASSERT_EQ(0, unlink_tag(node, tag));
	for (j = 0; j < ARRAY_SIZE(fd); j++) {
		ASSERT_LE(0, fd[j]);
		ASSERT_EQ(0, query_buffer(node, fd[j], &buffer));
		for (i = 0; i <= ARRAY_SIZE(users); i++) {
			bool root = i == ARRAY_SIZE(users);
			bool owner = !root && users[i].uid == OWNER;

			ASSERT_EQ(0, root ? be_root() : be(&users[i]));
			EXPECT_EQ(root || owner, listed_as(node, buffer.generation))
				TH_LOG("%zu, %s", j, root ? "root" : users[i].name);
		}
	}
	close(fd[0]);
	close(fd[1]);
	EXPECT_UNCHANGED(&self->heap);
}

/* === Real processes ====================================================== */

struct job {
	int node;
	const char *tag;
	uid_t uid;
	int expect_ro;
	int expect_rw;
};

static int user_process(void *arg)
{
	const struct job *job = arg;

	if (become(job->uid, job->uid))
		return 1;
	if (try_open(job->node, job->tag, O_RDONLY) != job->expect_ro)
		return 2;
	if (try_open(job->node, job->tag, O_RDWR) != job->expect_rw)
		return 3;
	/* The change of user is permanent. */
	return seteuid(0) ? 0 : 4;
}

TEST_F(heap, processes_of_other_users)
{
	const char *tag = unique_tag("perm.process");
	int node = self->heap.node;
	struct job job = { .node = node, .tag = tag };
	int fd;

	umask(0);
	ASSERT_EQ(0, be(&users[0]));
	fd = alloc_tag(node, 4096, tag, 0, 0644);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, be_root());
	job.uid = OWNER;
	EXPECT_EQ(0, run_child(user_process, &job));
	job.expect_rw = -EACCES;
	for (job.uid = 1001; job.uid < 1005; job.uid++)
		EXPECT_EQ(0, run_child(user_process, &job));
	close(fd);
	EXPECT_UNCHANGED(&self->heap);
}

static int namespace_root(void *arg)
{
	const struct job *job = arg;
	struct carveout_ioctl_region region;

	if (become(job->uid, job->uid))
		return 1;
	if (unshare(CLONE_NEWUSER))
		return 100;
	/* All capabilities, but only over objects of the namespace. */
	if (try_open(job->node, job->tag, O_RDONLY) != -EACCES)
		return 2;
	if (unlink_tag(job->node, job->tag) != -EACCES)
		return 3;
	if (query_region(job->node, 0, &region) || region.base || region.flags)
		return 4;
	return find_listed(job->node, job->tag, NULL) ? 5 : 0;
}

TEST_F(heap, root_of_a_user_namespace_is_nobody_here)
{
	const char *tag = unique_tag("perm.namespace");
	struct job job = { .node = self->heap.node, .tag = tag, .uid = 1001 };
	int fd = alloc_tag(self->heap.node, 4096, tag, 0, 0600);
	int code;

	ASSERT_LE(0, fd);
	code = run_child(namespace_root, &job);
	if (code == 100)
		SKIP(return, "the kernel has no user namespaces");
	EXPECT_EQ(0, code);
}

static int other_pid_namespace(void *arg)
{
	struct carveout_buffer_info buffer;
	const struct job *job = arg;

	if (find_listed(job->node, job->tag, &buffer) != 1)
		return 1;
	return buffer.pid ? 2 : 0;
}

TEST_F(heap, process_of_another_pid_namespace_has_no_number)
{
	const char *tag = unique_tag("perm.pid");
	struct job job = { .node = self->heap.node, .tag = tag };
	int fd = alloc_tag(self->heap.node, 4096, tag, 0, 0600);
	struct carveout_buffer_info buffer;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, query_buffer(self->heap.node, fd, &buffer));
	EXPECT_EQ((__u32)getpid(), buffer.pid);
	if (unshare(CLONE_NEWPID))
		SKIP(return, "the kernel has no pid namespaces");
	EXPECT_EQ(0, run_child(other_pid_namespace, &job));
}

/* === The device node ===================================================== */

TEST_F(heap, access_mode_of_the_node_bounds_what_it_is_good_for)
{
	const char *tag = unique_tag("perm.node");
	struct carveout_ioctl_region region;
	struct carveout_ioctl_query query;
	struct carveout_buffer_info buffer;
	int node = self->heap.node;
	int fd = alloc_tag(node, 4096, tag, 0, 0600);
	int ro = open(heap_path(), O_RDONLY | O_CLOEXEC);
	int wo = open(heap_path(), O_WRONLY | O_CLOEXEC);

	ASSERT_LE(0, fd);
	ASSERT_LE(0, ro);
	ASSERT_LE(0, wo);
	EXPECT_EQ(0, query_heap(ro, &query));
	EXPECT_EQ(0, query_region(ro, 0, &region));
	EXPECT_EQ(0, query_buffer(ro, fd, &buffer));
	EXPECT_EQ(1, find_listed(ro, tag, NULL));
	EXPECT_EQ(0, try_open(ro, tag, O_RDONLY));
	EXPECT_EQ(-EACCES, try_open(ro, tag, O_RDWR));
	EXPECT_EQ(-EACCES, open_or_create(ro, tag, O_RDONLY));
	EXPECT_EQ(-EACCES, open_or_create(ro, tag, O_RDWR));
	EXPECT_EQ(-EACCES, alloc_buffer(ro, 4096));
	EXPECT_EQ(-EACCES, unlink_tag(ro, tag));

	/* A write-only file of the device node gives no information. */
	EXPECT_EQ(-EACCES, try_open(wo, tag, O_RDONLY));
	EXPECT_EQ(-EACCES, try_open(wo, tag, O_RDWR));
	EXPECT_EQ(-EACCES, find_listed(wo, tag, NULL));
	EXPECT_EQ(-EACCES, alloc_buffer(wo, 4096));
	EXPECT_EQ(0, unlink_tag(wo, tag));
	close(ro);
	close(wo);
	close(fd);
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(heap, node_and_debugfs_are_closed_to_users)
{
	static const char * const files[] = {
		"state", "regions", "spans", "buffers", "check",
	};
	struct stat node;
	char path[512];
	size_t i;

	ASSERT_EQ(0, fstat(self->heap.node, &node));
	EXPECT_TRUE(S_ISCHR(node.st_mode));
	EXPECT_EQ(0600, node.st_mode & 07777);
	EXPECT_EQ(0, node.st_uid);
	ASSERT_EQ(0, be(&users[0]));
	EXPECT_EQ(-1, open(heap_path(), O_RDONLY | O_CLOEXEC));
	EXPECT_EQ(EACCES, errno);
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		snprintf(path, sizeof(path), "/sys/kernel/debug/carveout/%s/%s",
			 heap_name(), files[i]);
		EXPECT_EQ(-1, open(path, O_RDONLY | O_CLOEXEC));
		EXPECT_EQ(EACCES, errno);
	}
	ASSERT_EQ(0, be_root());
}

TEST_F(heap, physical_addresses_are_for_the_privileged)
{
	struct carveout_ioctl_region region;
	struct carveout_buffer_info buffer, listed;
	const char *tag = unique_tag("perm.phys");
	int node = self->heap.node;
	int fd;

	ASSERT_EQ(0, be(&users[0]));
	fd = alloc_tag(node, 4096, tag, 0, 0600);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, query_buffer(node, fd, &buffer));
	EXPECT_EQ(0, buffer.phys);
	EXPECT_EQ(0, buffer.flags & CARVEOUT_BUFFER_PHYS);
	ASSERT_EQ(1, find_listed(node, tag, &listed));
	EXPECT_EQ(0, listed.phys);
	EXPECT_EQ(0, listed.flags & CARVEOUT_BUFFER_PHYS);
	ASSERT_EQ(0, query_region(node, buffer.region, &region));
	EXPECT_EQ(0, region.base);
	EXPECT_EQ(0, region.flags & CARVEOUT_REGION_BASE);

	ASSERT_EQ(0, be_root());
	ASSERT_EQ(0, query_buffer(node, fd, &buffer));
	ASSERT_EQ(0, query_region(node, buffer.region, &region));
	EXPECT_EQ(CARVEOUT_BUFFER_PHYS, buffer.flags & CARVEOUT_BUFFER_PHYS);
	EXPECT_EQ(CARVEOUT_REGION_BASE, region.flags & CARVEOUT_REGION_BASE);
	EXPECT_EQ(region.base + buffer.offset, buffer.phys);
	close(fd);
	EXPECT_UNCHANGED(&self->heap);
}

/* Probing address limits does not reveal them either. */
TEST_F(heap, address_limits_of_users_are_powers_of_two)
{
	struct carveout_ioctl_alloc alloc = alloc_request(4096);
	int bit, err, allowed = 0, node = self->heap.node;

	ASSERT_EQ(0, be(&users[0]));
	for (bit = 0; bit < 64; bit++) {
		alloc = alloc_request(4096);
		alloc.max_addr = 1ULL << bit;
		err = xioctl(node, CARVEOUT_IOCTL_ALLOC, &alloc);
		EXPECT_TRUE(!err || err == -ENOSPC) TH_LOG("bit %d", bit);
		if (!err) {
			allowed++;
			close(alloc.fd);
		}
		if (bit < 2)
			continue;
		alloc = alloc_request(4096);
		alloc.max_addr = (1ULL << bit) - 1;
		EXPECT_EQ(-EACCES, xioctl(node, CARVEOUT_IOCTL_ALLOC, &alloc));
		alloc.max_addr = (1ULL << bit) + 1;
		EXPECT_EQ(-EACCES, xioctl(node, CARVEOUT_IOCTL_ALLOC, &alloc));
	}
	/* A high limit excludes nothing. */
	EXPECT_LT(0, allowed);
	ASSERT_EQ(0, be_root());
	EXPECT_UNCHANGED(&self->heap);
}

/* List the spans one at a time. Returns their number, or a negative errno value. */
static int list_spans(int node, struct carveout_ioctl_span *spans, int max)
{
	struct carveout_ioctl_list list = { .entry_size = sizeof(*spans) };
	int count, err;

	for (count = 0; count < max; count++) {
		list.entries = (uintptr_t)&spans[count];
		list.count = 1;
		err = xioctl(node, CARVEOUT_IOCTL_SPANS, &list);
		if (err)
			return err;
		if (!list.count)
			break;
	}
	return count;
}

/* Is the span that of a buffer? */
static bool is_span_of(int node, int fd, const struct carveout_ioctl_span *span)
{
	struct carveout_buffer_info buffer;

	return !query_buffer(node, fd, &buffer) && span->used &&
	       span->region == buffer.region && span->offset == buffer.offset &&
	       span->size == buffer.size;
}

/*
 * SPANS shows the buffers that LIST shows. With more spans, or with holes, a caller could
 * read size and place of the allocations of other users.
 */
TEST_F(heap, spans_are_those_of_visible_buffers)
{
	struct carveout_ioctl_span spans[64];
	int node = self->heap.node, own, hidden, shared, bare, all;

	hidden = alloc_tag(node, 3 * PAGE, unique_tag("perm.hidden"), 0, 0600);
	ASSERT_LE(0, hidden);
	shared = alloc_tag(node, 5 * PAGE, unique_tag("perm.shared"), 0, 0644);
	ASSERT_LE(0, shared);
	bare = alloc_buffer(node, 7 * PAGE);
	ASSERT_LE(0, bare);
	ASSERT_EQ(0, be(&users[0]));
	own = alloc_buffer(node, 2 * PAGE);
	ASSERT_LE(0, own);
	ASSERT_EQ(2, list_spans(node, spans, ARRAY_SIZE(spans)));
	EXPECT_TRUE(is_span_of(node, shared, &spans[0]));
	EXPECT_TRUE(is_span_of(node, own, &spans[1]));
	ASSERT_EQ(0, be(&users[4]));
	ASSERT_EQ(1, list_spans(node, spans, ARRAY_SIZE(spans)));
	EXPECT_TRUE(is_span_of(node, shared, &spans[0]));
	ASSERT_EQ(0, be_root());
	/* All of them, and at least one hole. */
	all = list_spans(node, spans, ARRAY_SIZE(spans));
	EXPECT_LT(4, all);
	close(own);
	close(bare);
	close(shared);
	close(hidden);
	ASSERT_EQ(0, be(&users[4]));
	EXPECT_EQ(0, list_spans(node, spans, ARRAY_SIZE(spans)));
	ASSERT_EQ(0, be_root());
	EXPECT_UNCHANGED(&self->heap);
}

/* Passing a file descriptor passes exactly its access mode. */
TEST_F(heap, passing_a_descriptor_is_delegation)
{
	const char *tag = unique_tag("perm.pass");
	int node = self->heap.node;
	int fd = alloc_tag(node, 4096, tag, 0, 0600);
	int pair[2], ro, got;
	void *mem;

	ASSERT_LE(0, fd);
	ro = open_tag(node, tag, O_RDONLY);
	ASSERT_LE(0, ro);
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
	ASSERT_EQ(0, send_fd(pair[0], ro));
	ASSERT_EQ(0, be(&users[4]));
	EXPECT_EQ(-EACCES, try_open(node, tag, O_RDONLY));
	got = recv_fd(pair[1]);
	ASSERT_LE(0, got);
	mem = map_buffer(got, 4096, PROT_READ);
	EXPECT_NE(MAP_FAILED, mem);
	EXPECT_EQ(MAP_FAILED, map_buffer(got, 4096, PROT_READ | PROT_WRITE));
	EXPECT_EQ(EACCES, errno);
	EXPECT_EQ(-1, mprotect(mem, 4096, PROT_READ | PROT_WRITE));
	munmap(mem, 4096);
	ASSERT_EQ(0, be_root());
	close(got);
	close(ro);
	close(fd);
	close(pair[0]);
	close(pair[1]);
	EXPECT_UNCHANGED(&self->heap);
}

TEST_HARNESS_MAIN
