// SPDX-License-Identifier: GPL-2.0
/*
 * With libcarveout-udmabuf.so preloaded and without a heap, each function is that of the C
 * library: its results, errno, and all descriptors.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "kselftest_harness.h"

#define GET_SIZE	_IOR('U', 2, uint64_t)

#define RESULT(call) ({ \
	long __value = (call); \
\
	__value < 0 ? -errno : __value; \
})

/* Not static, so that the compiler does not know them. */
int variable_flags = O_RDONLY;
size_t variable_size = 4;

static int new_file(void)
{
	return open("/tmp", O_TMPFILE | O_RDWR, 0600);
}

/* === Paths ================================================================ */

TEST(nothing_of_u_dma_buf_exists)
{
	static const char * const paths[] = {
		"/dev/udmabuf0", "/dev/u-dma-buf-mgr", "/dev/no.such.node", "/dev/no such node",
		"/sys/class/u-dma-buf/udmabuf0/size", "/sys/class/udmabuf/udmabuf0/size",
		"/sys/class/u-dma-buf/udmabuf0", "/sys/class/u-dma-buf//size",
	};
	size_t i;

	if (!access(paths[0], F_OK))
		SKIP(return, "this machine has u-dma-buf");
	for (i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		EXPECT_EQ(-ENOENT, RESULT(open(paths[i], O_RDWR)));
		EXPECT_EQ(-ENOENT, RESULT(open64(paths[i], variable_flags)));
		EXPECT_EQ(-ENOENT, RESULT(openat(AT_FDCWD, paths[i], O_RDONLY)));
		EXPECT_EQ(-ENOENT, RESULT(openat64(-1, paths[i], variable_flags)));
		errno = 0;
		EXPECT_EQ(NULL, fopen(paths[i], "r"));
		EXPECT_EQ(ENOENT, errno);
	}
}

TEST(paths_are_examined)
{
	struct statx extended;
	struct stat status;

	EXPECT_EQ(-ENOENT, RESULT(access("/dev/no.such.node", F_OK)));
	EXPECT_EQ(-ENOENT, RESULT(stat("/dev/no.such.node", &status)));
	EXPECT_EQ(-ENOENT, RESULT(lstat("/sys/class/u-dma-buf/udmabuf0/size", &status)));
	EXPECT_EQ(-ENOENT, RESULT(statx(-1, "/dev/x", 0, STATX_ALL, &extended)));
	EXPECT_EQ(-ENOENT, RESULT(faccessat(AT_FDCWD, "none", F_OK, 0)));
	EXPECT_EQ(-ENOENT, RESULT(fstatat(AT_FDCWD, "none", &status, 0)));
	EXPECT_EQ(-EBADF, RESULT(fstatat(-2, "none", &status, 0)));
	errno = 77;
	EXPECT_EQ(0, access("/dev/null", R_OK));
	EXPECT_EQ(0, eaccess("/dev/null", R_OK));
	EXPECT_EQ(0, stat("/dev/null", &status));
	EXPECT_TRUE(S_ISCHR(status.st_mode));
	EXPECT_EQ(0, statx(AT_FDCWD, "/dev/null", 0, STATX_ALL, &extended));
	EXPECT_EQ(0, lstat("/proc/self", &status));
	EXPECT_TRUE(S_ISLNK(status.st_mode));
	EXPECT_EQ(77, errno);
}

TEST(other_paths_are_opened)
{
	char directory[] = "/tmp/udmabuf.XXXXXX", path[64];
	struct stat status;
	int dir, fd;

	ASSERT_NE(NULL, mkdtemp(directory));
	dir = open(directory, O_RDONLY | O_DIRECTORY);
	ASSERT_GE(dir, 0);
	umask(027);
	fd = openat(dir, "file", O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, fstat(fd, &status));
	EXPECT_EQ(0640, status.st_mode & 0777);
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	EXPECT_EQ(-EEXIST, RESULT(openat64(dir, "file", O_CREAT | O_EXCL, 0666)));
	EXPECT_EQ(-ENOTDIR, RESULT(openat(fd, "file", variable_flags)));
	close(fd);
	snprintf(path, sizeof(path), "%s/other", directory);
	fd = open64(path, O_CREAT | O_RDWR, 0600);
	EXPECT_LE(0, fd);
	close(fd);
	unlinkat(dir, "file", 0);
	unlink(path);
	close(dir);
	EXPECT_EQ(0, rmdir(directory));
	EXPECT_EQ(-ENOENT, RESULT(open(directory, variable_flags)));
	EXPECT_EQ(-EISDIR, RESULT(open("/", O_RDWR)));
}

/* A device that exists is opened, whatever its name; of a success errno says nothing. */
TEST(errno_is_unchanged)
{
	char byte;
	int fd;

	errno = 77;
	fd = open("/dev/zero", O_RDWR);
	EXPECT_EQ(77, errno);
	EXPECT_EQ(1, read(fd, &byte, 1));
	EXPECT_EQ(1, write(fd, &byte, 1));
	EXPECT_EQ(0, lseek(fd, 0, SEEK_SET));
	EXPECT_EQ(0, close(fd));
	EXPECT_EQ(77, errno);
	fclose(fopen("/dev/zero", "r+"));
	EXPECT_EQ(77, errno);
}

/* === Descriptors ========================================================== */

TEST(files_are_read_and_written)
{
	char a[4] = "", b[4] = "";
	struct iovec parts[] = { { a, 2 }, { b, 3 } };
	int fd = new_file();

	ASSERT_GE(fd, 0);
	EXPECT_EQ(5, write(fd, "abcde", 5));
	EXPECT_EQ(5, lseek(fd, 0, SEEK_CUR));
	EXPECT_EQ(1, lseek64(fd, -4, SEEK_END));
	EXPECT_EQ(3, read(fd, a, 3));
	EXPECT_STREQ("bcd", a);
	EXPECT_EQ(2, pwrite(fd, "xy", 2, 3));
	EXPECT_EQ(2, pread(fd, b, variable_size, 3));
	EXPECT_STREQ("xy", b);
	EXPECT_EQ(0, lseek(fd, 0, SEEK_SET));
	EXPECT_EQ(5, readv(fd, parts, 2));
	EXPECT_EQ(5, writev(fd, parts, 2));
	EXPECT_EQ(10, lseek(fd, 0, SEEK_END));
	EXPECT_EQ(5, lseek(fd, 5, SEEK_SET));
	EXPECT_EQ(4, read(fd, a, variable_size));
	EXPECT_EQ(0, memcmp(a, "abcx", 4));
	close(fd);
}

TEST(errors_are_those_of_the_kernel)
{
	int fd = new_file(), pipes[2], null = open("/dev/null", O_WRONLY);
	char byte = 0;
	uint64_t size;

	ASSERT_EQ(0, pipe(pipes));
	EXPECT_EQ(-EBADF, RESULT(read(null, &byte, 1)));
	EXPECT_EQ(-EBADF, RESULT(write(pipes[0], &byte, 1)));
	EXPECT_EQ(-ESPIPE, RESULT(pread(pipes[0], &byte, 1, 0)));
	EXPECT_EQ(-ESPIPE, RESULT(pwrite(pipes[1], &byte, 1, 0)));
	EXPECT_EQ(-ESPIPE, RESULT(lseek(pipes[0], 0, SEEK_SET)));
	EXPECT_EQ(-EINVAL, RESULT(lseek(fd, -1, SEEK_SET)));
	EXPECT_EQ(-EINVAL, RESULT(pread(fd, &byte, 1, -1)));
	EXPECT_EQ(-ENOTTY, RESULT(ioctl(null, GET_SIZE, &size)));
	EXPECT_EQ(-ENOTTY, RESULT(ioctl(fd, GET_SIZE, &size)));
	EXPECT_EQ(-EINVAL, RESULT(dup3(fd, fd, 0)));
	EXPECT_EQ(fd, dup2(fd, fd));
	close(fd);
	EXPECT_EQ(-EBADF, RESULT(close(fd)));
	EXPECT_EQ(-EBADF, RESULT(read(fd, &byte, 1)));
	EXPECT_EQ(-EBADF, RESULT(lseek(fd, 0, SEEK_SET)));
	EXPECT_EQ(-EBADF, RESULT(ioctl(fd, GET_SIZE, &size)));
	EXPECT_EQ(-EBADF, RESULT(dup2(fd, pipes[0])));
}

TEST(descriptors_are_duplicated)
{
	int fd = new_file(), copy = new_file();

	ASSERT_EQ(copy, dup2(fd, copy));
	EXPECT_EQ(2, write(copy, "ab", 2));
	EXPECT_EQ(2, lseek(fd, 0, SEEK_CUR));
	ASSERT_EQ(copy, dup3(fd, copy, O_CLOEXEC));
	EXPECT_EQ(FD_CLOEXEC, fcntl(copy, F_GETFD));
}

/* Files of the kind that the library uses itself, with other names. */
TEST(other_memfds_are_unchanged)
{
	static const char * const names[] = { "", "u-dma-buf", "u-dma-buf:", "x:u-dma-buf:a:b" };
	char text[4] = "";
	size_t i;
	int fd;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		fd = memfd_create(names[i], 0);
		EXPECT_EQ(3, write(fd, "x\n1", 3));
		EXPECT_EQ(3, pread(fd, text, 3, 0));
		EXPECT_STREQ("x\n1", text);
		EXPECT_EQ(0, lseek(fd, 0, SEEK_SET));
		EXPECT_EQ(0, close(fd));
	}
}

/* === Streams ============================================================== */

TEST(streams_are_those_of_the_c_library)
{
	char directory[] = "/tmp/udmabuf.XXXXXX", path[64], text[16] = "";
	FILE *stream;

	ASSERT_NE(NULL, mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/file", directory);
	stream = fopen(path, "w");
	ASSERT_NE(NULL, stream);
	EXPECT_EQ(5, fprintf(stream, "line\n"));
	EXPECT_EQ(0, fflush(stream));
	EXPECT_EQ(0, fflush(NULL));
	EXPECT_EQ(0, fclose(stream));
	stream = fopen64(path, "a+");
	EXPECT_EQ(2, fputs("no", stream) < 0 ? -1 : 2);
	rewind(stream);
	EXPECT_NE(NULL, fgets(text, sizeof(text), stream));
	EXPECT_STREQ("line\n", text);
	EXPECT_EQ(0, fclose(stream));
	EXPECT_EQ(NULL, fopen(path, "?"));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(NULL, fopen(directory, "w"));
	EXPECT_EQ(EISDIR, errno);
	unlink(path);
	rmdir(directory);
}

/* === Processes and threads ================================================ */

TEST(other_programs_run)
{
	char text[16] = "";
	FILE *stream = popen("exec echo $((6 * 7))", "r");

	ASSERT_NE(NULL, stream);
	EXPECT_NE(NULL, fgets(text, sizeof(text), stream));
	EXPECT_STREQ("42\n", text);
	EXPECT_EQ(0, pclose(stream));
}

static void *use_files(void *data)
{
	char byte;
	int i, fd;

	for (i = 0; i < 1000; i++) {
		fd = open("/dev/zero", O_RDONLY);
		if (read(fd, &byte, 1) != 1 || byte || close(fd))
			return data;
		if (open("/dev/udmabuf0", O_RDONLY) >= 0 || errno != ENOENT)
			return data;
	}
	return NULL;
}

TEST(threads_do_not_disturb_one_another)
{
	pthread_t threads[4];
	void *failed;
	size_t i;

	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, use_files, threads));
	for (i = 0; i < 4; i++) {
		EXPECT_EQ(0, pthread_join(threads[i], &failed));
		EXPECT_EQ(NULL, failed);
	}
}

TEST_HARNESS_MAIN
