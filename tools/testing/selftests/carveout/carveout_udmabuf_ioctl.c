// SPDX-License-Identifier: GPL-2.0
/*
 * A program for u-dma-buf, with libcarveout-udmabuf.so preloaded: the ioctls of a node.
 * carveout_udmabuf.sh runs it, with CARVEOUT_HEAP set.
 */
#include <sys/ioctl.h>
#include <sys/mman.h>

#include <linux/dma-buf.h>

#include "kselftest_harness.h"

#include "carveout_udmabuf.h"

#define PART(offset, size)	((uint64_t)(offset) << 32 | (size) | 1)

static int call(int fd, unsigned long command, void *argument)
{
	return RESULT(ioctl(fd, command, argument));
}

TEST_F(udmabuf, describes_driver_and_buffer)
{
	u_dma_buf_ioctl_drv_info driver;
	u_dma_buf_ioctl_dev_info buffer;
	uint64_t size, address;
	int fd = open_node(O_RDONLY);

	ASSERT_GE(fd, 0);
	memset(&driver, 0xff, sizeof(driver));
	memset(&buffer, 0xff, sizeof(buffer));
	EXPECT_EQ(0, call(fd, U_DMA_BUF_IOCTL_GET_DRV_INFO, &driver));
	EXPECT_STREQ("5.5.0", driver.version);
	EXPECT_EQ(2, GET_U_DMA_BUF_IOCTL_FLAGS_IOCTL_VERSION(&driver));
	EXPECT_EQ(0, GET_U_DMA_BUF_IOCTL_FLAGS_IN_KERNEL_FUNCTIONS(&driver));
	EXPECT_EQ(0x30002, driver.flags);
	EXPECT_EQ(0, call(fd, U_DMA_BUF_IOCTL_GET_SIZE, &size));
	EXPECT_EQ(SIZE, size);
	EXPECT_EQ(0, call(fd, U_DMA_BUF_IOCTL_GET_DMA_ADDR, &address));
	EXPECT_EQ(self->info.phys, address);
	EXPECT_EQ(0, call(fd, U_DMA_BUF_IOCTL_GET_DEV_INFO, &buffer));
	EXPECT_EQ(SIZE, buffer.size);
	EXPECT_EQ(self->info.phys, buffer.addr);
	EXPECT_EQ(is_coherent(&self->info), GET_U_DMA_BUF_IOCTL_FLAGS_DMA_COHERENT(&buffer));
	EXPECT_EQ(atoi(value_of("quirk_mmap_mode")),
		  GET_U_DMA_BUF_IOCTL_FLAGS_MMAP_MODE(&buffer));
	close(fd);
}

/* The layout is that of u-dma-buf. */
TEST(numbers_are_those_of_u_dma_buf)
{
	EXPECT_EQ(0x80185501UL, U_DMA_BUF_IOCTL_GET_DRV_INFO);
	EXPECT_EQ(0x80085502UL, U_DMA_BUF_IOCTL_GET_SIZE);
	EXPECT_EQ(0x80085503UL, U_DMA_BUF_IOCTL_GET_DMA_ADDR);
	EXPECT_EQ(0x80045504UL, U_DMA_BUF_IOCTL_GET_SYNC_OWNER);
	EXPECT_EQ(0x40085505UL, U_DMA_BUF_IOCTL_SET_SYNC_FOR_CPU);
	EXPECT_EQ(0x40085506UL, U_DMA_BUF_IOCTL_SET_SYNC_FOR_DEVICE);
	EXPECT_EQ(0x80185507UL, U_DMA_BUF_IOCTL_GET_DEV_INFO);
	EXPECT_EQ(0x80185508UL, U_DMA_BUF_IOCTL_GET_SYNC);
	EXPECT_EQ(0x40185509UL, U_DMA_BUF_IOCTL_SET_SYNC);
#if __SIZEOF_POINTER__ == 8
	EXPECT_EQ(0xc028550aUL, U_DMA_BUF_IOCTL_EXPORT);
#endif
}

TEST_F(udmabuf, commands_synchronise)
{
	uint64_t whole = 1, nothing = 0, part = PART(4096, 4096), bad = PART(4096, SIZE);
	int fd = open_node(O_RDWR);
	uint32_t owner;

	ASSERT_GE(fd, 0);
	EXPECT_EQ(0, call(fd, U_DMA_BUF_IOCTL_SET_SYNC_FOR_DEVICE, &whole));
	EXPECT_EQ(0, call(fd, U_DMA_BUF_IOCTL_GET_SYNC_OWNER, &owner));
	EXPECT_EQ(1, owner);
	EXPECT_EQ(-EINVAL, call(fd, U_DMA_BUF_IOCTL_SET_SYNC_FOR_CPU, &bad));
	EXPECT_EQ(0, call(fd, U_DMA_BUF_IOCTL_SET_SYNC_FOR_CPU, &nothing));
	EXPECT_EQ(0, call(fd, U_DMA_BUF_IOCTL_GET_SYNC_OWNER, &owner));
	EXPECT_EQ(1, owner);
	EXPECT_EQ(0, call(fd, U_DMA_BUF_IOCTL_SET_SYNC_FOR_CPU, &part));
	EXPECT_EQ(0, call(fd, U_DMA_BUF_IOCTL_GET_SYNC_OWNER, &owner));
	EXPECT_EQ(0, owner);
	EXPECT_STREQ("0x0\n", value_of("sync_offset"));
	close(fd);
}

TEST_F(udmabuf, settings_are_those_of_the_attributes)
{
	u_dma_buf_ioctl_sync_args args = { .offset = 4096, .size = 8192 };
	int fd = open_node(O_RDWR);

	ASSERT_GE(fd, 0);
	SET_U_DMA_BUF_IOCTL_FLAGS_SYNC_DIR(&args, 2);
	SET_U_DMA_BUF_IOCTL_FLAGS_SYNC_MODE(&args, 3);
	SET_U_DMA_BUF_IOCTL_FLAGS_SYNC_CMD(&args, U_DMA_BUF_IOCTL_FLAGS_SYNC_CMD_FOR_DEVICE);
	EXPECT_EQ(0, call(fd, U_DMA_BUF_IOCTL_SET_SYNC, &args));
	EXPECT_STREQ("0x1000\n", value_of("sync_offset"));
	EXPECT_STREQ("8192\n", value_of("sync_size"));
	EXPECT_STREQ("2\n", value_of("sync_direction"));
	EXPECT_STREQ("3\n", value_of("sync_mode"));
	EXPECT_STREQ("1\n", value_of("sync_owner"));
	/* A direction of 3, a mode of 0 and a size of 0 stand for no change. */
	memset(&args, 0, sizeof(args));
	SET_U_DMA_BUF_IOCTL_FLAGS_SYNC_DIR(&args, 3);
	SET_U_DMA_BUF_IOCTL_FLAGS_SYNC_CMD(&args, U_DMA_BUF_IOCTL_FLAGS_SYNC_CMD_FOR_CPU);
	EXPECT_EQ(0, call(fd, U_DMA_BUF_IOCTL_SET_SYNC, &args));
	memset(&args, 0xff, sizeof(args));
	EXPECT_EQ(0, call(fd, U_DMA_BUF_IOCTL_GET_SYNC, &args));
	EXPECT_EQ(0, args.offset);
	EXPECT_EQ(8192, args.size);
	EXPECT_EQ(2 << 2 | 3 << 8, args.flags);
	close(fd);
}

TEST_F(udmabuf, bad_settings_change_nothing)
{
	u_dma_buf_ioctl_sync_args args = { .offset = 4096, .size = SIZE };
	int fd = open_node(O_RDWR), reader = open_node(O_RDONLY);

	ASSERT_GE(fd, 0);
	SET_U_DMA_BUF_IOCTL_FLAGS_SYNC_CMD(&args, U_DMA_BUF_IOCTL_FLAGS_SYNC_CMD_FOR_DEVICE);
	EXPECT_EQ(-EINVAL, call(fd, U_DMA_BUF_IOCTL_SET_SYNC, &args));
	args.offset = UINT64_MAX;
	EXPECT_EQ(-EINVAL, call(fd, U_DMA_BUF_IOCTL_SET_SYNC, &args));
	memset(&args, 0, sizeof(args));
	SET_U_DMA_BUF_IOCTL_FLAGS_SYNC_MODE(&args, 8);
	EXPECT_EQ(-EINVAL, call(fd, U_DMA_BUF_IOCTL_SET_SYNC, &args));
	SET_U_DMA_BUF_IOCTL_FLAGS_SYNC_MODE(&args, 2);
	EXPECT_EQ(-EBADF, call(reader, U_DMA_BUF_IOCTL_SET_SYNC, &args));
	EXPECT_STREQ("1\n", value_of("sync_mode"));
	EXPECT_STREQ("0x0\n", value_of("sync_offset"));
	EXPECT_STREQ("0\n", value_of("sync_owner"));
	close(reader);
	close(fd);
}

static int export(int fd, uint64_t offset, uint64_t size, int flags)
{
	u_dma_buf_ioctl_export_args args = { .offset = offset, .size = size, .fd = -1 };
	int err;

	SET_U_DMA_BUF_IOCTL_FLAGS_EXPORT_FD_FLAGS(&args, flags);
	err = call(fd, U_DMA_BUF_IOCTL_EXPORT, &args);
	return err ? err : args.fd;
}

TEST_F(udmabuf, a_buffer_is_exported)
{
	struct dma_buf_sync sync = { DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW };
	u_dma_buf_ioctl_export_args args = { .size = SIZE, .fd = -1 };
	int fd = open_node(O_RDWR);
	char *memory, text[4] = "";

	ASSERT_GE(fd, 0);
	SET_U_DMA_BUF_IOCTL_FLAGS_EXPORT_FD_FLAGS(&args, O_RDWR | O_CLOEXEC);
	ASSERT_EQ(0, call(fd, U_DMA_BUF_IOCTL_EXPORT, &args));
	EXPECT_EQ(self->info.phys, args.addr);
	EXPECT_EQ(FD_CLOEXEC, fcntl(args.fd, F_GETFD));
	EXPECT_EQ(0, call(args.fd, DMA_BUF_IOCTL_SYNC, &sync));
	memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, args.fd, 0);
	ASSERT_NE(MAP_FAILED, memory);
	memcpy(memory, "out", 3);
	sync.flags = DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW;
	EXPECT_EQ(0, call(args.fd, DMA_BUF_IOCTL_SYNC, &sync));
	close(args.fd);
	EXPECT_EQ(3, pread(fd, text, 3, 0));
	EXPECT_STREQ("out", text);
	close(fd);
}

TEST_F(udmabuf, an_export_may_be_read_only)
{
	int node = open_node(O_RDWR), reader = open_node(O_RDONLY), fd;

	fd = export(node, 0, SIZE, O_RDONLY);
	ASSERT_GE(fd, 0);
	EXPECT_EQ(0, fcntl(fd, F_GETFD));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, SIZE, PROT_WRITE, MAP_SHARED, fd, 0));
	EXPECT_NE(MAP_FAILED, mmap(NULL, SIZE, PROT_READ, MAP_SHARED, fd, 0));
	close(fd);
	EXPECT_EQ(-EACCES, export(reader, 0, SIZE, O_RDWR));
	EXPECT_EQ(-EACCES, export(reader, 0, SIZE, O_WRONLY));
	fd = export(reader, 0, SIZE, O_RDONLY);
	EXPECT_LE(0, fd);
	close(fd);
	fd = export(node, 0, SIZE, O_WRONLY);
	EXPECT_LE(0, fd);
	close(fd);
	close(reader);
	close(node);
}

TEST_F(udmabuf, bad_exports_are_refused)
{
	int fd = open_node(O_RDWR);
	long page = sysconf(_SC_PAGESIZE);

	ASSERT_GE(fd, 0);
	EXPECT_EQ(-EINVAL, export(fd, 0, 0, O_RDWR));
	EXPECT_EQ(-EINVAL, export(fd, 1, SIZE, O_RDWR));
	EXPECT_EQ(-EINVAL, export(fd, 0, SIZE - 1, O_RDWR));
	EXPECT_EQ(-EINVAL, export(fd, 0, 2 * SIZE, O_RDWR));
	EXPECT_EQ(-EINVAL, export(fd, page, SIZE, O_RDWR));
	EXPECT_EQ(-EINVAL, export(fd, (uint64_t)-page, 2 * page, O_RDWR));
	EXPECT_EQ(-EINVAL, export(fd, 0, SIZE, O_RDWR | O_CREAT));
	EXPECT_EQ(-EINVAL, export(fd, 0, SIZE, O_ACCMODE));
	EXPECT_EQ(-EOPNOTSUPP, export(fd, page, page, O_RDWR));
	EXPECT_EQ(-EOPNOTSUPP, export(fd, 0, page, O_RDWR));
	close(fd);
}

TEST_F(udmabuf, an_export_with_o_sync_needs_memory_without_a_cache)
{
	int node = open_node(O_RDWR), fd = export(node, 0, SIZE, O_RDWR | O_SYNC);

	EXPECT_EQ(is_coherent(&self->info) ? 0 : -EOPNOTSUPP, fd < 0 ? fd : 0);
	close(fd);
	close(node);
}

/* Of other files the answer is that of the kernel, whatever the command. */
TEST_F(udmabuf, other_commands_and_files_are_unchanged)
{
	int fd = open_node(O_RDWR), null = open("/dev/null", O_RDWR);
	uint64_t size = 7;

	EXPECT_EQ(-ENOTTY, call(fd, _IOR('U', 11, uint64_t), &size));
	EXPECT_EQ(-ENOTTY, call(fd, _IOR('U', 2, uint32_t), &size));
	EXPECT_EQ(-ENOTTY, call(fd, _IOR('V', 2, uint64_t), &size));
	EXPECT_EQ(-ENOTTY, call(null, U_DMA_BUF_IOCTL_GET_SIZE, &size));
	close(fd);
	EXPECT_EQ(-EBADF, call(fd, U_DMA_BUF_IOCTL_GET_SIZE, &size));
	EXPECT_EQ(7, size);
	close(null);
}

/* A wrapper that takes the command as an int extends its sign. */
TEST_F(udmabuf, a_command_may_be_negative)
{
	int fd = open_node(O_RDWR), command = (int)U_DMA_BUF_IOCTL_GET_SIZE;
	uint64_t size = 0;

	EXPECT_EQ(0, ioctl(fd, command, &size));
	EXPECT_EQ(SIZE, size);
	close(fd);
}

TEST_HARNESS_MAIN
