// SPDX-License-Identifier: GPL-2.0
/*
 * A program for u-dma-buf, with libcarveout-udmabuf.so preloaded: the descriptor of a node.
 * carveout_udmabuf.sh runs it, with CARVEOUT_HEAP set.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

#include "kselftest_harness.h"

#include "carveout_udmabuf.h"

/* === open() =============================================================== */

TEST_F(udmabuf, flags_of_open_are_checked)
{
	EXPECT_EQ(-ENOTDIR, open_node(O_RDONLY | O_DIRECTORY));
	EXPECT_EQ(-EEXIST, open_node(O_RDWR | O_CREAT | O_EXCL));
	EXPECT_EQ(-EINVAL, open_node(O_ACCMODE));
	EXPECT_EQ(-EEXIST, open_attr("size", O_RDONLY | O_CREAT | O_EXCL));
	EXPECT_EQ(NULL, fopen("/dev/" NODE, "wx"));
	EXPECT_EQ(EEXIST, errno);
}

/* === read(), write() and lseek() ========================================== */

TEST_F(udmabuf, a_node_is_read_and_written)
{
	char text[16] = "";
	int fd = open_node(O_RDWR);

	ASSERT_GE(fd, 0);
	EXPECT_EQ(5, write(fd, "hello", 5));
	EXPECT_EQ(5, lseek(fd, 0, SEEK_CUR));
	EXPECT_EQ(1, lseek(fd, -4, SEEK_CUR));
	EXPECT_EQ(4, read(fd, text, 4));
	EXPECT_STREQ("ello", text);
	EXPECT_EQ(3, pwrite(fd, "end", 3, SIZE - 3));
	EXPECT_EQ(5, lseek(fd, 0, SEEK_CUR));
	EXPECT_EQ(SIZE - 3, lseek(fd, -3, SEEK_END));
	memset(text, 0, sizeof(text));
	EXPECT_EQ(3, read(fd, text, sizeof(text)));
	EXPECT_STREQ("end", text);
	EXPECT_EQ(0, read(fd, text, sizeof(text)));
	EXPECT_EQ(-ENOSPC, RESULT(write(fd, "x", 1)));
	EXPECT_EQ(0, write(fd, "x", 0));
	EXPECT_EQ(0, lseek(fd, 0, SEEK_SET));
	EXPECT_EQ(1, pread(fd, text, 1, 4));
	EXPECT_EQ('o', text[0]);
	close(fd);
}

TEST_F(udmabuf, a_node_is_read_and_written_in_pieces)
{
	char a[3], b[4];
	struct iovec out[] = { { "abc", 3 }, { "defg", 4 } };
	struct iovec in[] = { { a, sizeof(a) }, { b, sizeof(b) } };
	int fd = open_node(O_RDWR);

	ASSERT_GE(fd, 0);
	EXPECT_EQ(SIZE - 5, lseek(fd, SIZE - 5, SEEK_SET));
	EXPECT_EQ(5, writev(fd, out, 2));
	EXPECT_EQ(SIZE - 5, lseek(fd, SIZE - 5, SEEK_SET));
	EXPECT_EQ(5, readv(fd, in, 2));
	EXPECT_EQ(0, memcmp(a, "abc", 3));
	EXPECT_EQ(0, memcmp(b, "de", 2));
	close(fd);
}

TEST_F(udmabuf, positions_outside_are_refused)
{
	int fd = open_node(O_RDWR);

	ASSERT_GE(fd, 0);
	EXPECT_EQ(SIZE, lseek(fd, 0, SEEK_END));
	EXPECT_EQ(-EINVAL, RESULT(lseek(fd, 1, SEEK_CUR)));
	EXPECT_EQ(-EINVAL, RESULT(lseek(fd, -SIZE - 1, SEEK_END)));
	EXPECT_EQ(-EINVAL, RESULT(lseek(fd, -1, SEEK_SET)));
	EXPECT_EQ(-EINVAL, RESULT(lseek(fd, INT64_MAX, SEEK_CUR)));
	EXPECT_EQ(-EINVAL, RESULT(lseek(fd, INT64_MIN, SEEK_SET)));
	EXPECT_EQ(-EINVAL, RESULT(lseek(fd, 0, 9)));
	EXPECT_EQ(SIZE, lseek(fd, 0, SEEK_CUR));
	EXPECT_EQ(-EINVAL, RESULT(pread(fd, &fd, 1, -1)));
	close(fd);
}

TEST_F(udmabuf, a_node_has_an_access_mode)
{
	int reader = open_node(O_RDONLY);
	int writer = open_node(O_WRONLY | O_CREAT | O_TRUNC);
	char byte;

	ASSERT_GE(reader, 0);
	ASSERT_GE(writer, 0);
	EXPECT_EQ(1, write(writer, "x", 1));
	EXPECT_EQ(1, read(reader, &byte, 1));
	EXPECT_EQ('x', byte);
	EXPECT_EQ(-EBADF, RESULT(read(writer, &byte, 1)));
	EXPECT_EQ(-EBADF, RESULT(pread(writer, &byte, 1, 0)));
	EXPECT_EQ(-EBADF, RESULT(write(reader, "y", 1)));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, SIZE, PROT_WRITE, MAP_SHARED, reader, 0));
	close(reader);
	close(writer);
}

/* As any open file: copies of a descriptor share it, another open() does not. */
TEST_F(udmabuf, copies_share_the_position)
{
	int fd = open_node(O_RDWR), other = open_node(O_RDWR), copy, status;
	pid_t pid;

	ASSERT_GE(fd, 0);
	copy = dup(fd);
	EXPECT_EQ(3, write(fd, "abc", 3));
	EXPECT_EQ(3, lseek(copy, 0, SEEK_CUR));
	EXPECT_EQ(0, lseek(other, 0, SEEK_CUR));
	pid = fork();
	if (!pid)
		exit(write(copy, "de", 2) != 2);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	close(copy);
	EXPECT_EQ(5, lseek(fd, 0, SEEK_CUR));
	close(fd);
	close(other);
}

/* open() returns the lowest number, and close() makes it that of another file. */
TEST_F(udmabuf, a_number_is_used_again)
{
	int fd = open_node(O_RDWR), attr = open_attr("sync_mode", O_WRONLY), next[2];
	char byte;

	ASSERT_GE(fd, 0);
	ASSERT_GE(attr, 0);
	EXPECT_EQ(1, write(fd, "x", 1));
	close(fd);
	close(attr);
	ASSERT_EQ(0, pipe(next));
	ASSERT_EQ(fd, next[0]);
	ASSERT_EQ(attr, next[1]);
	EXPECT_EQ(1, write(attr, "7", 1));
	EXPECT_EQ(1, read(fd, &byte, 1));
	EXPECT_EQ('7', byte);
	EXPECT_EQ(-ESPIPE, RESULT(lseek(fd, 0, SEEK_SET)));
	EXPECT_STREQ("1\n", value_of("sync_mode"));
}

static int open_descriptors(void)
{
	int fd, count = 0;

	for (fd = 0; fd < 256; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

/* A call that opens the heap or the node for itself closes it again. */
TEST_F(udmabuf, calls_leave_no_descriptor)
{
	int before = open_descriptors(), fd;
	uint64_t command = 1;
	char byte;

	EXPECT_STREQ("1\n", value_of("sync_mode"));
	EXPECT_EQ(0, set("sync_mode", "2"));
	EXPECT_EQ(0, set("sync_for_device", "1"));
	EXPECT_EQ(-EINVAL, set("sync_mode", "x"));
	EXPECT_EQ(-EACCES, open_attr("size", O_RDWR));
	EXPECT_EQ(0, manage("create " NODE ".a 4096;delete " NODE ".a"));
	fd = open_node(O_RDWR);
	ASSERT_GE(fd, 0);
	EXPECT_EQ(1, write(fd, "x", 1));
	EXPECT_EQ(1, pread(fd, &byte, 1, 0));
	EXPECT_EQ(0, ioctl(fd, U_DMA_BUF_IOCTL_SET_SYNC_FOR_CPU, &command));
	EXPECT_EQ(before + 1, open_descriptors());
	close(fd);
	EXPECT_EQ(before, open_descriptors());
}

/* === Processes and threads ================================================ */

TEST_F(udmabuf, processes_share_a_node)
{
	int fd = open_node(O_RDWR), status;
	char *memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	pid_t pid;

	ASSERT_NE(MAP_FAILED, memory);
	close(fd);
	pid = fork();
	if (!pid) {
		fd = open_node(O_WRONLY);
		exit(write(fd, "shared", 6) != 6 || set("sync_mode", "2") ||
		     set("sync_for_device", "1"));
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(0, memcmp(memory, "shared", 6));
	EXPECT_STREQ("2\n", value_of("sync_mode"));
	EXPECT_STREQ("1\n", value_of("sync_owner"));
}

/* A node with its position and an attribute survive exec(). */
TEST_F(udmabuf, descriptors_survive_exec)
{
	int node = open_node(O_RDWR), attr = open_attr("sync_mode", O_WRONLY), status;
	pid_t pid;

	ASSERT_GE(node, 0);
	EXPECT_EQ(4, write(node, "exec", 4));
	fflush(NULL);
	pid = fork();
	if (!pid)
		exec_again(node, attr);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_STREQ("2\n", value_of("sync_mode"));
	EXPECT_EQ(6, lseek(node, 0, SEEK_CUR));
	close(node);
	node = open_node(O_RDWR | O_CLOEXEC);
	EXPECT_EQ(FD_CLOEXEC, fcntl(node, F_GETFD));
}

/* As with "echo 2 > sync_mode" and another program than the shell's own. */
TEST_F(udmabuf, an_inherited_attribute_is_stored)
{
	int attr = open_attr("sync_mode", O_WRONLY), status;
	pid_t pid;

	ASSERT_GE(attr, 0);
	fflush(NULL);
	pid = fork();
	if (!pid)
		exec_again(-1, attr);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_STREQ("2\n", value_of("sync_mode"));
}

static void *use_node(void *data)
{
	char out[16], in[16];
	int i, fd;

	for (i = 0; i < 10; i++) {
		fd = open_node(O_RDWR);
		snprintf(out, sizeof(out), "%p", data);
		if (lseek(fd, (uintptr_t)data * 64, SEEK_SET) < 0 || write(fd, out, 16) != 16 ||
		    lseek(fd, -16, SEEK_CUR) < 0 || read(fd, in, 16) != 16 ||
		    strcmp(in, out) || set("sync_for_cpu", "1"))
			return data;
		close(fd);
	}
	return NULL;
}

TEST_F(udmabuf, threads_use_nodes)
{
	pthread_t threads[4];
	void *failed;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(threads); i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, use_node, (void *)(i + 1)));
	for (i = 0; i < ARRAY_SIZE(threads); i++) {
		EXPECT_EQ(0, pthread_join(threads[i], &failed));
		EXPECT_EQ(NULL, failed);
	}
}

int main(int argc, char **argv)
{
	if (argc == 3)
		return after_exec(atoi(argv[1]), atoi(argv[2]));
	return test_harness_run(argc, argv);
}
