// SPDX-License-Identifier: GPL-2.0
/*
 * Buffers whose pages are pinned for long, or that have a fence that does not signal: they are
 * listed, one line of the log names them, the module can be removed, and their region is not
 * claimed again.
 *
 * CARVEOUT_MODULES is the folder of carveout_importer.ko, which has the fence, else /modules.
 */
#include <fcntl.h>
#include <sys/ioctl.h>

#include "carveout_pinner.h"

#include "../../modules/carveout_importer.h"

/* The driver reports a pin after 10 s, and checks once a second. */
#define REPORT_MS	30000

/* Buffers that are pinned at the same time: more than the log has lines at once. */
#define PINS	15

FIXTURE(parked) {
	struct heap heap;
	__u64 regions;
	__u64 generation;
	int pipe[2];
	pid_t pid;
};

FIXTURE_SETUP(parked)
{
	int region;

	if (!heap_name())
		SKIP(return, NO_HEAP);
	ASSERT_EQ(0, heap_begin(&self->heap));
	region = find_region(self->heap.node, true);
	if (region < 0)
		SKIP(return, "no region with pages");
	self->regions = 1ULL << region;
	self->pid = getpid();
	ASSERT_EQ(0, pipe(self->pipe));
	ASSERT_EQ(0, leave_page(self->heap.node, self->regions, 0, 3, self->pipe[1],
				&self->generation));
}

FIXTURE_TEARDOWN_PARENT(parked)
{
	HEAP_TEARDOWN(&self->heap);
}

/* The entry of the buffer in the list: 1, 0 if there is none, or an error. */
static int find_parked(int node, __u64 generation, struct carveout_buffer_info *found)
{
	struct carveout_buffer_info entries[16];
	struct carveout_ioctl_list list = {
		.entries = (uintptr_t)entries,
		.entry_size = sizeof(entries[0]),
	};
	int err, times = 0;
	__u32 i;

	do {
		list.count = ARRAY_SIZE(entries);
		err = xioctl(node, CARVEOUT_IOCTL_LIST, &list);
		if (err)
			return err;
		for (i = 0; i < list.count; i++) {
			if (entries[i].generation != generation)
				continue;
			*found = entries[i];
			times++;
		}
	} while (list.count);
	return times;
}

/* === Lists =============================================================== */

TEST_F(parked, list_has_the_buffer_and_its_user)
{
	struct carveout_buffer_info first, second;

	ASSERT_EQ(1, find_parked(self->heap.node, self->generation, &first));
	EXPECT_LT(0, first.parked_ns);
	EXPECT_EQ(0, first.refs);
	EXPECT_EQ(SIZE, (long)first.size);
	EXPECT_EQ(self->pid, (pid_t)first.pid);
	EXPECT_EQ(geteuid(), first.uid);
	EXPECT_STREQ(LABEL, first.label);
	EXPECT_STREQ("", first.tag);
	EXPECT_EQ(0, strncmp(first.comm, "carveout_parked", sizeof(first.comm)));
	sleep_us(20000);
	ASSERT_EQ(1, find_parked(self->heap.node, self->generation, &second));
	EXPECT_LE(first.parked_ns + 20 * MS, second.parked_ns);
	EXPECT_TRUE(pipe_has(self->pipe[0], 3));
	EXPECT_TRUE(BECOMES_TRUE(!find_parked(self->heap.node, self->generation, &first)));
}

TEST_F(parked, buffer_in_use_is_not_parked)
{
	struct carveout_buffer_info info;
	int fd = alloc_in(self->heap.node, SIZE, self->regions);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, query_buffer(self->heap.node, fd, &info));
	EXPECT_EQ(0, info.parked_ns);
	EXPECT_LT(0, info.refs);
}

static int lists_as_another_user(void *arg)
{
	struct _test_data_parked *self = arg;
	struct carveout_buffer_info info;

	if (become(1000, 1000))
		return 1;
	return find_parked(self->heap.node, self->generation, &info) ? 2 : 0;
}

TEST_F(parked, list_is_for_its_owner)
{
	EXPECT_EQ(0, run_child(lists_as_another_user, self));
}

/* The line of the command's list, which only the lanes with the command have. */
TEST_F(parked, command_lists_it)
{
	char command[128], line[512];
	bool found = false;
	FILE *list;

	if (access("/bin/carveout", X_OK))
		SKIP(return, "there is no carveout command");
	snprintf(command, sizeof(command), "/bin/carveout ls %s", heap_name());
	list = popen(command, "re");
	ASSERT_NE(NULL, list);
	while (fgets(line, sizeof(line), list))
		found = found || (strstr(line, LABEL) && strstr(line, "parked:"));
	EXPECT_EQ(0, pclose(list));
	EXPECT_TRUE(found);
}

/*
 * The line of the buffer in a debugfs file of the heap, behind @front. Return the number of
 * such lines, or a negative errno value.
 */
static int debugfs_line(const char *name, const char *front, __u64 generation, char *line,
			size_t size)
{
	char path[128], next[1024], start[64];
	int count = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/sys/kernel/debug/carveout/%s/%s", heap_name(), name);
	snprintf(start, sizeof(start), "%s%llu region ", front,
		 (unsigned long long)generation);
	file = fopen(path, "re");
	if (!file)
		return -errno;
	while (fgets(next, sizeof(next), file)) {
		if (strncmp(next, start, strlen(start)))
			continue;
		snprintf(line, size, "%s", next);
		count++;
	}
	fclose(file);
	return count;
}

/* The buffer, its user, and for how long it has been parked. */
static bool names_the_user(const char *line, pid_t pid)
{
	char user[32], process[32];
	const char *parked = strstr(line, " parked_ms ");
	unsigned long long ms;

	snprintf(user, sizeof(user), " uid %u ", geteuid());
	snprintf(process, sizeof(process), " pid %d ", pid);
	return strstr(line, user) && strstr(line, process) &&
	       strstr(line, " label '" LABEL "'") && parked &&
	       sscanf(parked, " parked_ms %llu", &ms) == 1 && ms >= 20;
}

TEST_F(parked, debugfs_names_the_buffer_and_its_user)
{
	int fd = alloc_in(self->heap.node, SIZE, self->regions);
	struct carveout_buffer_info used;
	char line[1024] = "";

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, query_buffer(self->heap.node, fd, &used));
	sleep_us(20000);
	EXPECT_EQ(1, debugfs_line("buffers", "", self->generation, line, sizeof(line)));
	EXPECT_TRUE(names_the_user(line, self->pid)) TH_LOG("%s", line);
	line[0] = '\0';
	EXPECT_EQ(1, debugfs_line("state", "parked_buffer ", self->generation, line,
				  sizeof(line)));
	EXPECT_TRUE(names_the_user(line, self->pid)) TH_LOG("%s", line);
	EXPECT_EQ(1, debugfs_line("buffers", "", used.generation, line, sizeof(line)));
	EXPECT_EQ(0, debugfs_line("state", "parked_buffer ", used.generation, line,
				  sizeof(line)));
	close(fd);
	EXPECT_TRUE(pipe_has(self->pipe[0], 3));
}

/* === The log ============================================================= */

/* Count the lines of the log, from now on, that have all these texts. */
static int count_lines(int kmsg, const char *first, const char *second)
{
	char line[2048];
	int count = 0;
	ssize_t n;

	while ((n = read(kmsg, line, sizeof(line) - 1)) > 0) {
		line[n] = '\0';
		count += strstr(line, first) && strstr(line, second);
	}
	return count;
}

/* All pins begin at once, and the kernel limits how many lines it prints in a short time. */
TEST_F_TIMEOUT(parked, log_has_one_line_about_each_long_pin, 120)
{
	int kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC), seen = 0, i;
	__u64 generation;
	char user[64];

	ASSERT_LE(0, kmsg);
	ASSERT_LE(0, lseek(kmsg, 0, SEEK_END));
	for (i = 1; i < PINS; i++)
		ASSERT_EQ(0, leave_page(self->heap.node, self->regions, 0, 3, self->pipe[1],
					&generation));
	snprintf(user, sizeof(user), "uid %u pid %d comm 'carveout_parked'", getuid(),
		 self->pid);
	EXPECT_TRUE(BECOMES_TRUE_IN(REPORT_MS, (seen += count_lines(kmsg, "label '" LABEL "'",
								    user)) >= PINS));
	sleep_us(3000000);
	EXPECT_EQ(0, count_lines(kmsg, "label '" LABEL "'", user));
	EXPECT_EQ(PINS, seen);
	for (i = 0; i < PINS; i++)
		EXPECT_TRUE(pipe_has(self->pipe[0], 3));
}

/* === Fences ============================================================== */

#define NO_IMPORTER	"carveout_importer.ko is not here; set CARVEOUT_MODULES"

/* A file of the importer, which is loaded for it. */
static int open_importer(void)
{
	int err = access(IMPORTER_DEVICE, F_OK) ? load_module("carveout_importer", "") : 0;

	return err ?: open(IMPORTER_DEVICE, O_RDWR | O_CLOEXEC);
}

/* The fence signals when the file is closed. */
static int close_importer(int importer)
{
	close(importer);
	return unload_module("carveout_importer");
}

/* Allocate a buffer like leave_page(), and leave only its fence. */
static int leave_fence(int importer, int node, __u32 flags, __u64 *generation)
{
	int fd = alloc_labelled(node, 0, flags, generation), err;

	if (fd < 0)
		return fd;
	err = xioctl(importer, IMPORTER_FENCE, (void *)(long)fd);
	close(fd);
	return err;
}

/* An importer may release a buffer long before its device is done with it. */
TEST_F_TIMEOUT(parked, long_fence_is_listed_and_in_the_log, 120)
{
	int kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC), importer, seen = 0;
	struct carveout_buffer_info info;
	char line[1024] = "";
	__u64 generation;

	if (!have_module("carveout_importer"))
		SKIP(return, NO_IMPORTER);
	EXPECT_TRUE(pipe_has(self->pipe[0], 3));
	importer = open_importer();
	ASSERT_LE(0, importer);
	ASSERT_LE(0, lseek(kmsg, 0, SEEK_END));
	ASSERT_EQ(0, leave_fence(importer, self->heap.node, 0, &generation));
	ASSERT_EQ(1, find_parked(self->heap.node, generation, &info));
	EXPECT_LT(0, info.parked_ns);
	EXPECT_EQ(self->pid, (pid_t)info.pid);
	sleep_us(20000);
	EXPECT_EQ(1, debugfs_line("state", "parked_buffer ", generation, line, sizeof(line)));
	EXPECT_TRUE(names_the_user(line, self->pid)) TH_LOG("%s", line);
	EXPECT_TRUE(BECOMES_TRUE_IN(REPORT_MS, (seen += count_lines(kmsg, "label '" LABEL "'",
								    "comm 'carveout_parked'"))));
	EXPECT_EQ(1, seen);
	EXPECT_EQ(0, close_importer(importer));
	EXPECT_TRUE(BECOMES_TRUE(!find_parked(self->heap.node, generation, &info)));
}

/* === The module ========================================================== */

/* A page of a persistent buffer of this heap is in the pipe, and only the tag is left. */
static int leave_persistent_page(const char *path, int pipe)
{
	int node = open(path, O_RDWR | O_CLOEXEC), err;
	__u64 generation;

	if (node < 0)
		return -errno;
	err = leave_page(node, 0, CARVEOUT_ALLOC_PERSIST, 7, pipe, &generation);
	close(node);
	return err;
}

/* The first page of the pipe is read, and the module has no user. */
static void end_first_pin(struct __test_metadata *_metadata, struct _test_data_parked *self)
{
	EXPECT_TRUE(pipe_has(self->pipe[0], 3));
	EXPECT_UNCHANGED(&self->heap);
	close(self->heap.node);
}

/* The end of the module depends neither on the end of the pin nor on the fence of @importer. */
static void expect_removal(struct __test_metadata *_metadata, int importer)
{
	pid_t pid = start_child(removes_module, NULL);
	bool removed;

	ASSERT_LT(0, pid);
	removed = BECOMES_TRUE_IN(30000, access("/sys/module/carveout", F_OK));
	EXPECT_TRUE(removed);
	/* A removal that waits for the fence all the same must not keep the board. */
	if (!removed)
		xioctl(importer, IMPORTER_SIGNAL, NULL);
	EXPECT_EQ(0, wait_child(pid));
}

#define SYSTEM_NODE	"/dev/carveout/default"

/*
 * A pin that does not end: the module is removed all the same. The page is in the pipe as
 * before, and belongs to it alone.
 */
TEST_F_TIMEOUT(parked, removing_the_module_ends_without_the_pin, 180)
{
	char args[1200];

	if (!have_module("carveout"))
		SKIP(return, "carveout.ko is not here; set CARVEOUT_MODULES");
	ASSERT_EQ(0, module_args(args, sizeof(args)));
	end_first_pin(_metadata, self);
	ASSERT_TRUE(BECOMES_TRUE(!unload_module("carveout")));
	ASSERT_EQ(0, load_module("carveout", "default=1M"));
	ASSERT_TRUE(BECOMES_TRUE(!access(SYSTEM_NODE, F_OK)));
	ASSERT_EQ(0, leave_persistent_page(SYSTEM_NODE, self->pipe[1]));
	expect_removal(_metadata, -1);
	EXPECT_EQ(0, load_module("carveout", args));
	EXPECT_TRUE(pipe_has(self->pipe[0], 7));
	expect_new_heap(_metadata, &self->heap);
}

/* Only the tag and a fence of the importer hold a buffer of this heap. */
static int leave_persistent_fence(int importer, const char *path)
{
	int node = open(path, O_RDWR | O_CLOEXEC), err;
	__u64 generation;

	if (node < 0)
		return -errno;
	err = leave_fence(importer, node, CARVEOUT_ALLOC_PERSIST, &generation);
	close(node);
	return err;
}

/*
 * Nor does it depend on the end of a fence. The device may write for as long as the kernel
 * runs, so the page is never freed.
 */
TEST_F_TIMEOUT(parked, removing_the_module_ends_without_the_fence, 180)
{
	int kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC), importer;
	char args[1200];

	if (!have_module("carveout") || !have_module("carveout_importer"))
		SKIP(return, NO_IMPORTER);
	ASSERT_EQ(0, module_args(args, sizeof(args)));
	end_first_pin(_metadata, self);
	ASSERT_TRUE(BECOMES_TRUE(!unload_module("carveout")));
	importer = open_importer();
	ASSERT_LE(0, importer);
	ASSERT_EQ(0, load_module("carveout", "default=1M"));
	ASSERT_TRUE(BECOMES_TRUE(!access(SYSTEM_NODE, F_OK)));
	ASSERT_EQ(0, leave_persistent_fence(importer, SYSTEM_NODE));
	ASSERT_LE(0, lseek(kmsg, 0, SEEK_END));
	expect_removal(_metadata, importer);
	EXPECT_EQ(1, count_lines(kmsg, "label '" LABEL "'",
				 "its pages are lost until the next boot"));
	EXPECT_EQ(1, xioctl(importer, IMPORTER_COUNT, NULL));
	EXPECT_EQ(0, close_importer(importer));
	EXPECT_EQ(0, load_module("carveout", args));
	expect_new_heap(_metadata, &self->heap);
}

/* === An abandoned region ================================================= */

/* Devices with a region of their own, to which the driver is bound by their names only. */
#define DEVICE		"abandoned"
#define NOMAP_DEVICE	"abandoned-nomap"
#define OVERRIDE(device) "/sys/bus/platform/devices/" device "/driver_override"
#define BIND		"/sys/bus/platform/drivers/carveout/bind"
#define NO_REGION	"the board has no region that may be lost"
#define NODE(device)	"/dev/carveout/" device

/* Make a heap of a device. */
static int bind_device(const char *device, const char *override, const char *node)
{
	return write_line(override, "carveout") ?: write_line(BIND, device) ?:
	       BECOMES_TRUE(!access(node, F_OK)) ? 0 : -ENOENT;
}

static void expect_refused(struct __test_metadata *_metadata, int kmsg)
{
	EXPECT_EQ(1, count_lines(kmsg, "region " DEVICE "@", "was not set aside at boot"));
	EXPECT_EQ(-1, access(NODE(DEVICE), F_OK));
}

/*
 * The pages that the module abandons are lost until the next boot. The device exists when
 * the module is loaded again, but its region is refused: while the page is pinned, and
 * after the pin.
 */
TEST_F_TIMEOUT(parked, abandoned_region_is_not_claimed_again, 180)
{
	int kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	char args[1200];

	if (!have_module("carveout"))
		SKIP(return, "carveout.ko is not here; set CARVEOUT_MODULES");
	if (access(OVERRIDE(DEVICE), F_OK))
		SKIP(return, NO_REGION);
	ASSERT_EQ(0, module_args(args, sizeof(args)));
	end_first_pin(_metadata, self);
	ASSERT_EQ(0, bind_device(DEVICE, OVERRIDE(DEVICE), NODE(DEVICE)));
	ASSERT_EQ(0, leave_persistent_page(NODE(DEVICE), self->pipe[1]));
	ASSERT_LE(0, lseek(kmsg, 0, SEEK_END));
	expect_removal(_metadata, -1);
	EXPECT_EQ(1, count_lines(kmsg, "label '" LABEL "'", "is lost until the next boot"));

	ASSERT_EQ(0, load_module("carveout", args));
	expect_refused(_metadata, kmsg);
	EXPECT_EQ(-EINVAL, write_line(BIND, DEVICE));
	expect_refused(_metadata, kmsg);
	EXPECT_TRUE(pipe_has(self->pipe[0], 7));
	EXPECT_EQ(-EINVAL, write_line(BIND, DEVICE));
	expect_refused(_metadata, kmsg);
	EXPECT_EQ(0, write_line(OVERRIDE(DEVICE), "\n"));
	expect_new_heap(_metadata, &self->heap);
}

/* Memory without pages has no pins, but a device may access it as well. */
TEST_F_TIMEOUT(parked, abandoned_memory_without_pages_is_not_claimed_again, 180)
{
	int kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC), importer, err;
	char args[1200];

	if (!have_module("carveout") || !have_module("carveout_importer"))
		SKIP(return, NO_IMPORTER);
	if (access(OVERRIDE(NOMAP_DEVICE), F_OK))
		SKIP(return, NO_REGION);
	ASSERT_EQ(0, module_args(args, sizeof(args)));
	end_first_pin(_metadata, self);
	err = bind_device(NOMAP_DEVICE, OVERRIDE(NOMAP_DEVICE), NODE(NOMAP_DEVICE));
	if (err == -EINVAL) {
		EXPECT_EQ(0, write_line(OVERRIDE(NOMAP_DEVICE), "\n"));
		SKIP(return, "the kernel has no memory without pages");
	}
	ASSERT_EQ(0, err);
	importer = open_importer();
	ASSERT_LE(0, importer);
	ASSERT_EQ(0, leave_persistent_fence(importer, NODE(NOMAP_DEVICE)));
	ASSERT_LE(0, lseek(kmsg, 0, SEEK_END));
	expect_removal(_metadata, importer);
	EXPECT_EQ(1, count_lines(kmsg, "label '" LABEL "'", "is lost until the next boot"));

	ASSERT_EQ(0, load_module("carveout", args));
	EXPECT_EQ(1, count_lines(kmsg, "region " NOMAP_DEVICE "@", "is in use by another"));
	EXPECT_EQ(0, close_importer(importer));
	EXPECT_EQ(-EBUSY, write_line(BIND, NOMAP_DEVICE));
	EXPECT_EQ(-1, access(NODE(NOMAP_DEVICE), F_OK));
	EXPECT_EQ(0, write_line(OVERRIDE(NOMAP_DEVICE), "\n"));
	expect_new_heap(_metadata, &self->heap);
}

TEST_HARNESS_MAIN
