// SPDX-License-Identifier: GPL-2.0
/*
 * A program for u-dma-buf, with libcarveout-udmabuf.so preloaded: attributes and the manager.
 * carveout_udmabuf.sh runs it, with CARVEOUT_HEAP set.
 */
#include <fcntl.h>
#include <grp.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <libcarveout.h>

#include "kselftest_harness.h"

#include "carveout_udmabuf.h"

/* === Attributes =========================================================== */

TEST_F(udmabuf, attributes_have_their_first_values)
{
	char address[32];

	snprintf(address, sizeof(address), "0x%016llx\n", (long long)self->info.phys);
	EXPECT_STREQ("5.5.0\n", value_of("driver_version"));
	EXPECT_STREQ("2\n", value_of("ioctl_version"));
	EXPECT_STREQ(TEXT(SIZE) "\n", value_of("size"));
	EXPECT_STREQ(address, value_of("phys_addr"));
	EXPECT_STREQ("1\n", value_of("sync_mode"));
	EXPECT_STREQ("0x0\n", value_of("sync_offset"));
	EXPECT_STREQ(TEXT(SIZE) "\n", value_of("sync_size"));
	EXPECT_STREQ("0\n", value_of("sync_direction"));
	EXPECT_STREQ("0\n", value_of("sync_owner"));
	EXPECT_STREQ("0\n", value_of("sync_for_cpu"));
	EXPECT_STREQ("0\n", value_of("sync_for_device"));
	EXPECT_STREQ(is_coherent(&self->info) ? "1\n" : "0\n", value_of("dma_coherent"));
	EXPECT_STREQ(self->info.attrs & CARVEOUT_ATTR_CACHED ?
		     self->info.attrs & CARVEOUT_ATTR_PAGES ? "4\n" : "2\n" : "1\n",
		     value_of("quirk_mmap_mode"));
	EXPECT_EQ(-ENOENT, open_attr("debug_vma", O_RDONLY));
	EXPECT_EQ(-ENOENT, open_file(CLASS "udmabuf77/size", O_RDONLY));
	EXPECT_EQ(-ENOENT, open_file(CLASS NODE, O_RDONLY));
}

/* The class had another name once. */
TEST_F(udmabuf, attributes_are_in_the_class_of_the_predecessor)
{
	int fd = open_file("/sys/class/udmabuf/" NODE "/size", O_RDONLY);
	char text[32] = "";

	ASSERT_GE(fd, 0);
	EXPECT_LT(0, read(fd, text, sizeof(text) - 1));
	EXPECT_STREQ(TEXT(SIZE) "\n", text);
	close(fd);
}

TEST_F(udmabuf, attributes_are_written)
{
	EXPECT_EQ(0, set("sync_mode", "2"));
	EXPECT_STREQ("2\n", value_of("sync_mode"));
	EXPECT_EQ(0, set("sync_offset", "0x1000\n"));
	EXPECT_STREQ("0x1000\n", value_of("sync_offset"));
	EXPECT_EQ(0, set("sync_size", "+0100"));
	EXPECT_STREQ("64\n", value_of("sync_size"));
	EXPECT_STREQ(TEXT(SIZE) "\n", value_of("size"));
	EXPECT_EQ(0, set("sync_direction", "1\n"));
	EXPECT_STREQ("1\n", value_of("sync_direction"));
	EXPECT_EQ(0, set("sync_offset", "18446744073709551615"));
	EXPECT_STREQ("0xffffffffffffffff\n", value_of("sync_offset"));
}

TEST_F(udmabuf, bad_values_change_nothing)
{
	static const char * const bad[] = {
		"", "x", "8", "-1", " 1", "1 ", "1 2", "0x", "1\n\n", "1\n2", "++1",
	};
	char text[4096];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_EQ(-EINVAL, set("sync_mode", bad[i])) TH_LOG("%zu", i);
	EXPECT_EQ(-ERANGE, set("sync_mode", "18446744073709551616"));
	EXPECT_EQ(-EINVAL, set("sync_direction", "3"));
	memset(text, '1', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	EXPECT_EQ(-EINVAL, set("sync_mode", text));
	EXPECT_STREQ("1\n", value_of("sync_mode"));
	EXPECT_STREQ("0\n", value_of("sync_direction"));
}

TEST_F(udmabuf, attributes_have_an_access_mode)
{
	static const char * const constant[] = {
		"driver_version", "ioctl_version", "size", "phys_addr", "sync_owner",
		"dma_coherent", "quirk_mmap_mode",
	};
	char text[32];
	size_t i;
	int fd;

	for (i = 0; i < ARRAY_SIZE(constant); i++)
		EXPECT_EQ(-EACCES, open_attr(constant[i], O_WRONLY)) TH_LOG("%zu", i);
	fd = open_attr("sync_mode", O_RDONLY);
	ASSERT_GE(fd, 0);
	EXPECT_EQ(-EBADF, RESULT(write(fd, "0", 1)));
	close(fd);
	fd = open_attr("sync_mode", O_WRONLY);
	ASSERT_GE(fd, 0);
	EXPECT_EQ(-EBADF, RESULT(read(fd, text, sizeof(text))));
	EXPECT_EQ(O_WRONLY, fcntl(fd, F_GETFL) & O_ACCMODE);
	close(fd);
	EXPECT_STREQ("1\n", value_of("sync_mode"));
}

/* As in sysfs: each read from the start shows the value of that time. */
TEST_F(udmabuf, an_open_attribute_shows_new_values)
{
	int fd = open_attr("sync_mode", O_RDWR);
	char text[32] = "";

	ASSERT_GE(fd, 0);
	EXPECT_EQ(2, read(fd, text, sizeof(text)));
	EXPECT_STREQ("1\n", text);
	EXPECT_EQ(0, read(fd, text, sizeof(text)));
	EXPECT_EQ(1, write(fd, "3", 1));
	EXPECT_EQ(0, lseek(fd, 0, SEEK_SET));
	EXPECT_EQ(2, read(fd, text, sizeof(text)));
	EXPECT_STREQ("3\n", text);
	EXPECT_EQ(0, set("sync_mode", "0"));
	EXPECT_EQ(2, pread(fd, text, sizeof(text), 0));
	EXPECT_STREQ("0\n", text);
	EXPECT_EQ(1, pwrite(fd, "2", 1, 5));
	EXPECT_STREQ("2\n", value_of("sync_mode"));
	close(fd);
}

/* === Existence ============================================================ */

TEST_F(udmabuf, scripts_find_the_paths)
{
	struct statx extended;
	struct stat status;

	EXPECT_EQ(0, access("/dev/" NODE, F_OK));
	EXPECT_EQ(0, access("/dev/" NODE, R_OK | W_OK));
	EXPECT_EQ(-EACCES, RESULT(access("/dev/" NODE, X_OK)));
	EXPECT_EQ(0, access("/dev/u-dma-buf-mgr", F_OK));
	EXPECT_EQ(0, eaccess("/dev/u-dma-buf-mgr", W_OK));
	EXPECT_EQ(0, faccessat(AT_FDCWD, CLASS NODE "/size", R_OK, 0));
	EXPECT_EQ(-EACCES, RESULT(access(CLASS NODE "/size", W_OK)));
	EXPECT_EQ(-ENOENT, RESULT(access("/dev/udmabuf77", F_OK)));
	EXPECT_EQ(-ENOENT, RESULT(stat("/dev/udmabuf77", &status)));
	EXPECT_EQ(0, stat("/dev/" NODE, &status));
	EXPECT_EQ(S_IFCHR | 0600, status.st_mode);
	EXPECT_EQ(getuid(), status.st_uid);
	EXPECT_EQ(0, lstat(CLASS NODE "/size", &status));
	EXPECT_TRUE(S_ISREG(status.st_mode));
	EXPECT_EQ(0, fstatat(AT_FDCWD, "/dev/u-dma-buf-mgr", &status, 0));
	EXPECT_EQ(0, statx(AT_FDCWD, "/dev/" NODE, 0, STATX_BASIC_STATS, &extended));
	EXPECT_EQ(S_IFCHR | 0600, extended.stx_mode);
}

/* === Streams ============================================================== */

TEST_F(udmabuf, streams_read_and_write_attributes)
{
	FILE *stream = fopen(CLASS NODE "/sync_mode", "r");
	char text[32] = "";

	ASSERT_NE(NULL, stream);
	EXPECT_NE(NULL, fgets(text, sizeof(text), stream));
	EXPECT_STREQ("1\n", text);
	EXPECT_EQ(0, fclose(stream));
	stream = fopen(CLASS NODE "/sync_mode", "w");
	ASSERT_NE(NULL, stream);
	EXPECT_EQ(2, fprintf(stream, "2\n"));
	EXPECT_EQ(0, fflush(stream));
	EXPECT_STREQ("2\n", value_of("sync_mode"));
	EXPECT_EQ(1, fprintf(stream, "3"));
	EXPECT_EQ(0, fclose(stream));
	EXPECT_STREQ("3\n", value_of("sync_mode"));
	EXPECT_EQ(NULL, fopen(CLASS NODE "/size", "w"));
	EXPECT_EQ(EACCES, errno);
}

TEST_F(udmabuf, streams_report_bad_values)
{
	FILE *stream = fopen(CLASS NODE "/sync_mode", "w");

	ASSERT_NE(NULL, stream);
	fprintf(stream, "9");
	EXPECT_EQ(EOF, fflush(stream));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_NE(0, ferror(stream));
	clearerr(stream);
	fprintf(stream, "x");
	EXPECT_EQ(EOF, fclose(stream));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_STREQ("1\n", value_of("sync_mode"));
}

/* So a shell executes "echo 2 > sync_mode", whether its stdout is line-buffered or not. */
TEST_F(udmabuf, standard_output_is_an_attribute)
{
	int fd = open_attr("sync_mode", O_WRONLY | O_CREAT | O_TRUNC), saved;

	ASSERT_GE(fd, 0);
	fflush(stdout);
	saved = dup(STDOUT_FILENO);
	ASSERT_EQ(STDOUT_FILENO, dup2(fd, STDOUT_FILENO));
	close(fd);
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("2\n");
	EXPECT_EQ(0, fflush(stdout));
	EXPECT_STREQ("2\n", value_of("sync_mode"));
	printf("3\n");
	dup2(saved, STDOUT_FILENO);
	EXPECT_STREQ("3\n", value_of("sync_mode"));
}

/* A process may end without a fflush(). */
TEST_F(udmabuf, the_end_of_a_process_stores)
{
	FILE *stream;
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (!pid) {
		stream = fopen(CLASS NODE "/sync_mode", "w");
		fprintf(stream, "2\n");
		exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_STREQ("2\n", value_of("sync_mode"));
}

/* === Cache maintenance ==================================================== */

TEST_F(udmabuf, synchronisation_sets_the_owner)
{
	EXPECT_EQ(0, set("sync_for_device", "1"));
	EXPECT_STREQ("1\n", value_of("sync_owner"));
	EXPECT_EQ(0, set("sync_for_cpu", "0"));
	EXPECT_STREQ("1\n", value_of("sync_owner"));
	EXPECT_EQ(0, set("sync_for_cpu", "1"));
	EXPECT_STREQ("0\n", value_of("sync_owner"));
	EXPECT_STREQ("0\n", value_of("sync_for_cpu"));
}

/* The value has offset, size and direction of this call alone. */
TEST_F(udmabuf, a_command_has_its_own_part)
{
	EXPECT_EQ(0, set("sync_for_device", "0x0000100000001005"));
	EXPECT_STREQ("1\n", value_of("sync_owner"));
	EXPECT_STREQ("0x0\n", value_of("sync_offset"));
	EXPECT_STREQ(TEXT(SIZE) "\n", value_of("sync_size"));
	EXPECT_STREQ("0\n", value_of("sync_direction"));
	EXPECT_EQ(-EINVAL, set("sync_for_cpu", "0x0000100000020001"));
	EXPECT_EQ(-EINVAL, set("sync_for_cpu", "0xffffffff00000011"));
	EXPECT_STREQ("1\n", value_of("sync_owner"));
}

TEST_F(udmabuf, a_part_outside_the_buffer_is_refused)
{
	static const char * const bad[][2] = {
		{ "0x1", TEXT(SIZE) },
		{ "0", TEXT(SIZE) "0" },
		{ "0x20000", "1" },
		{ "0xffffffffffffffff", "1" },
		{ "0xfffffffffffff000", "0x1000" },
		{ "1", "0xffffffffffffffff" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(0, set("sync_offset", bad[i][0]));
		EXPECT_EQ(0, set("sync_size", bad[i][1]));
		EXPECT_EQ(-EINVAL, set("sync_for_device", "1")) TH_LOG("%zu", i);
		EXPECT_EQ(-EINVAL, set("sync_for_cpu", "1")) TH_LOG("%zu", i);
	}
	EXPECT_STREQ("0\n", value_of("sync_owner"));
}

/* With O_SYNC a program expects that no cache is between it and the device. */
TEST_F(udmabuf, o_sync_needs_memory_without_a_cache)
{
	int wanted = is_coherent(&self->info) ? 0 : -EOPNOTSUPP, fd;

	fd = open_node(O_RDWR | O_SYNC);
	EXPECT_EQ(wanted, fd < 0 ? fd : 0);
	close(fd);
	EXPECT_EQ(wanted, set("sync_mode", "5"));
	EXPECT_EQ(0, set("sync_mode", "4"));
	fd = open_node(O_RDWR | O_SYNC);
	EXPECT_LE(0, fd);
	close(fd);
}

TEST_F(udmabuf, memory_without_a_cache_is_to_be_had)
{
	int err = manage("create " NODE ".off 4096 quirk-mmap-off"), fd;

	if (err == -EINVAL && !is_coherent(&self->info))
		SKIP(return, "all memory of this heap is cached");
	ASSERT_EQ(0, err);
	fd = open_file("/dev/" NODE ".off", O_RDWR | O_SYNC);
	EXPECT_LE(0, fd);
	close(fd);
	EXPECT_EQ(0, manage("delete " NODE ".off"));
}

/* === Permissions ========================================================== */

#define OTHER	1003

/*
 * @mode of the node and @heap_mode of the heap, for another user; returns the result of
 * @call in its process.
 */
static int as_other_of(mode_t heap_mode, mode_t mode, int (*call)(void))
{
	struct carveout_heap *heap;
	struct stat before;
	int status;
	pid_t pid;

	if (carveout_open(getenv("CARVEOUT_HEAP"), O_RDWR, &heap) ||
	    stat(carveout_heap_path(heap), &before) ||
	    carveout_setattr(heap, NODE, CARVEOUT_SETATTR_MODE, mode, 0, 0))
		return -EIO;
	chmod(carveout_heap_path(heap), heap_mode);
	pid = fork();
	if (!pid)
		exit(setgroups(0, NULL) || setresgid(OTHER, OTHER, OTHER) ||
		     setresuid(OTHER, OTHER, OTHER) ? 255 : -call());
	waitpid(pid, &status, 0);
	chmod(carveout_heap_path(heap), before.st_mode);
	carveout_close(heap);
	return -WEXITSTATUS(status);
}

static int as_other(mode_t mode, int (*call)(void))
{
	return as_other_of(0666, mode, call);
}

/* The node and its attributes have the same error, and no other path has it. */
static int open_all(void)
{
	int fd = open_node(O_RDONLY), attr = open_attr("size", O_RDONLY);

	if (open_file("/dev/none", O_RDONLY) != -ENOENT)
		return -EIO;
	return fd == attr ? fd : -EIO;
}

/* A reader reads the attributes, synchronises, and changes nothing. */
static int only_read(void)
{
	uint64_t command = 1, address;
	int fd = open_node(O_RDONLY);

	if (fd < 0)
		return fd;
	if (open_node(O_RDWR) != -EACCES || open_attr("sync_mode", O_RDWR) != -EACCES)
		return -EIO;
	if (open_attr("size", O_RDONLY) < 0 || open_attr("phys_addr", O_RDONLY) != -EACCES)
		return -EFAULT;
	if (ioctl(fd, U_DMA_BUF_IOCTL_SET_SYNC_FOR_CPU, &command))
		return -errno;
	if (!ioctl(fd, U_DMA_BUF_IOCTL_GET_DMA_ADDR, &address) || errno != EACCES)
		return -EPERM;
	return 0;
}

TEST_F(udmabuf, other_users_need_permission)
{
	if (getuid())
		SKIP(return, "needs root");
	EXPECT_EQ(-EACCES, as_other(0600, open_all));
	EXPECT_EQ(-EACCES, as_other_of(0600, 0600, open_all));
	EXPECT_EQ(0, set("sync_for_device", "1"));
	EXPECT_EQ(0, as_other(0604, only_read));
	EXPECT_STREQ("1\n", value_of("sync_owner"));
}

/* All that may write to the node may change its settings, whatever user did so first. */
static int change_mode(void)
{
	return set("sync_mode", "2");
}

TEST_F(udmabuf, other_users_change_settings)
{
	if (getuid())
		SKIP(return, "needs root");
	EXPECT_EQ(0, as_other(0606, change_mode));
	EXPECT_STREQ("2\n", value_of("sync_mode"));
	EXPECT_EQ(0, set("sync_mode", "3"));
	EXPECT_EQ(0, manage("delete " NODE));
	EXPECT_EQ(0, manage("create " NODE " " TEXT(SIZE)));
	EXPECT_STREQ("1\n", value_of("sync_mode"));
}

/* === The manager ========================================================== */

/* One more than the name of a node may have. */
#define NAME_54	"x23456789012345678901234567890123456789012345678901234"

TEST_F(udmabuf, the_manager_refuses_bad_commands)
{
	static const char * const bad[] = {
		"create", "create x", "create x y", "create x 4096 z", "create x 0",
		"create x/y 4096", "create x -1", "create x 4096 device=y",
		"create x 4096 bus=pci", "create x 4096 dma-mask=65", "create x size=",
		"delete", "delete x y", "rename x", "create ../x 4096",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_EQ(-EINVAL, manage(bad[i])) TH_LOG("%zu", i);
	EXPECT_EQ(-ENOENT, manage("delete x"));
	EXPECT_EQ(-EEXIST, manage("create " NODE " 4096"));
	EXPECT_EQ(-ENOSPC, manage("create x 0x4000000000"));
	EXPECT_EQ(-ENAMETOOLONG, manage("create " NAME_54 " 4096"));
	EXPECT_EQ(-ENOENT, open_file("/dev/x", O_RDWR));
	EXPECT_EQ(-EACCES, open_file("/dev/u-dma-buf-mgr", O_RDONLY));
}

TEST_F(udmabuf, the_manager_creates_and_deletes)
{
	int fd;

	EXPECT_EQ(0, manage("create " NODE ".a 1 dma-mask=64;create " NODE ".b size=0x2000\n"));
	fd = open_file("/dev/" NODE ".a", O_RDWR);
	EXPECT_LE(0, fd);
	EXPECT_EQ(sysconf(_SC_PAGESIZE), lseek(fd, 0, SEEK_END));
	close(fd);
	EXPECT_EQ(0, manage("delete " NODE ".a"));
	EXPECT_EQ(0, manage("  delete\t" NODE ".b ; "));
	EXPECT_EQ(-ENOENT, open_file("/dev/" NODE ".b", O_RDWR));
}

/* The memory lives as long as its users; a new node of that name has settings of its own. */
TEST_F(udmabuf, users_outlive_a_deleted_node)
{
	int fd = open_node(O_RDWR), again;
	uint64_t command = 1, size;
	char text[8] = "";

	ASSERT_GE(fd, 0);
	EXPECT_EQ(0, set("sync_mode", "3"));
	EXPECT_EQ(3, write(fd, "old", 3));
	EXPECT_EQ(0, manage("delete " NODE));
	EXPECT_EQ(-ENOENT, open_node(O_RDWR));
	EXPECT_EQ(0, manage("create " NODE " 8192"));
	EXPECT_STREQ("1\n", value_of("sync_mode"));
	EXPECT_EQ(0, ioctl(fd, U_DMA_BUF_IOCTL_GET_SIZE, &size));
	EXPECT_EQ(SIZE, size);
	EXPECT_EQ(0, ioctl(fd, U_DMA_BUF_IOCTL_SET_SYNC_FOR_DEVICE, &command));
	EXPECT_STREQ("0\n", value_of("sync_owner"));
	again = open_node(O_RDWR);
	EXPECT_EQ(3, read(again, text, 3));
	EXPECT_STREQ("", text);
	EXPECT_EQ(3, pread(fd, text, 3, 0));
	EXPECT_STREQ("old", text);
	close(again);
	close(fd);
}

/* Settings may survive their node, and then they are not those of the next one. */
TEST_F(udmabuf, settings_of_another_buffer_are_void)
{
	struct carveout_heap *heap;

	ASSERT_EQ(0, carveout_open(getenv("CARVEOUT_HEAP"), O_RDWR, &heap));
	EXPECT_EQ(0, set("sync_mode", "3"));
	EXPECT_EQ(0, set("sync_for_device", "1"));
	EXPECT_EQ(0, carveout_unlink(heap, NODE));
	EXPECT_EQ(0, manage("create " NODE " 65536"));
	EXPECT_STREQ("1\n", value_of("sync_mode"));
	EXPECT_STREQ("0\n", value_of("sync_owner"));
	EXPECT_EQ(0, set("sync_direction", "2"));
	EXPECT_STREQ("1\n", value_of("sync_mode"));
	EXPECT_STREQ("65536\n", value_of("sync_size"));
	EXPECT_STREQ("2\n", value_of("sync_direction"));
	carveout_close(heap);
}

/* A tag of the heap is a node, whatever created it. */
TEST_F(udmabuf, a_tagged_buffer_is_a_node)
{
	struct carveout_alloc_options options = CARVEOUT_ALLOC_OPTIONS_INIT;
	struct carveout_heap *heap;
	int buffer, fd;

	ASSERT_EQ(0, carveout_open(getenv("CARVEOUT_HEAP"), O_RDWR, &heap));
	options.size = SIZE;
	options.tag = "udmabuf.camera";
	buffer = carveout_alloc_with(heap, &options, NULL);
	ASSERT_GE(buffer, 0);
	fd = open_file("/dev/udmabuf.camera", O_RDWR);
	EXPECT_EQ(SIZE, lseek(fd, 0, SEEK_END));
	close(fd);
	close(buffer);
	EXPECT_EQ(-ENOENT, open_file("/dev/udmabuf.camera", O_RDWR));
	carveout_close(heap);
}

TEST_HARNESS_MAIN
