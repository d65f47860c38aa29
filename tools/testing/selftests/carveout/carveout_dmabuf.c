// SPDX-License-Identifier: GPL-2.0
/*
 * Buffers as dma-bufs: generic dma-buf operations, importers, and descriptors
 * that are no buffer of this heap.
 */
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <linux/dma-buf.h>
#include <linux/memfd.h>
#include <linux/udmabuf.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "carveout_fixture.h"

#define SIZE	(4 * PAGE)

FIXTURE(dmabuf) {
	struct heap heap;
	int fd;
	int ro;
};

FIXTURE_VARIANT(dmabuf) {
	__u32 region;
};

FIXTURE_VARIANT_ADD(dmabuf, region_0) { .region = 0 };
FIXTURE_VARIANT_ADD(dmabuf, region_1) { .region = 1 };

FIXTURE_SETUP(dmabuf)
{
	if (!heap_name())
		SKIP(return, NO_HEAP);
	ASSERT_EQ(0, heap_begin(&self->heap));
	if (variant->region >= self->heap.query.regions)
		SKIP(return, "the heap has no region %u", variant->region);
	self->fd = alloc_and_reopen(self->heap.node, SIZE, variant->region, "dmabuf",
				    &self->ro);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN_PARENT(dmabuf)
{
	HEAP_TEARDOWN(&self->heap);
}

/* === Generic dma-buf operations ========================================== */

TEST_F(dmabuf, sync_takes_exactly_the_known_flags)
{
	struct dma_buf_sync sync;
	__u64 flags;
	int fd, err;

	for (fd = 0; fd < 2; fd++) {
		for (flags = 0; flags < 64; flags++) {
			sync.flags = flags;
			err = flags & ~(__u64)DMA_BUF_SYNC_VALID_FLAGS_MASK ||
			      !(flags & DMA_BUF_SYNC_RW) ? -EINVAL : 0;
			EXPECT_EQ(err, xioctl(fd ? self->ro : self->fd,
					      DMA_BUF_IOCTL_SYNC, &sync))
				TH_LOG("flags %llx", flags);
		}
		for (flags = 1ULL << 6; flags; flags <<= 1) {
			sync.flags = flags | DMA_BUF_SYNC_RW;
			EXPECT_EQ(-EINVAL, xioctl(self->fd, DMA_BUF_IOCTL_SYNC,
						  &sync));
		}
	}
	EXPECT_EQ(-EFAULT, xioctl(self->fd, DMA_BUF_IOCTL_SYNC, NULL));
}

/* Data that is written between start and end is there afterwards. */
TEST_F(dmabuf, sync_around_access_keeps_the_bytes)
{
	static const __u64 kinds[] = {
		DMA_BUF_SYNC_READ, DMA_BUF_SYNC_WRITE, DMA_BUF_SYNC_RW,
	};
	char *mem = map_buffer(self->fd, SIZE, PROT_READ | PROT_WRITE);
	struct dma_buf_sync sync;
	size_t i;

	ASSERT_NE(MAP_FAILED, (void *)mem);
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		sync.flags = DMA_BUF_SYNC_START | kinds[i];
		ASSERT_EQ(0, xioctl(self->fd, DMA_BUF_IOCTL_SYNC, &sync));
		fill_pattern(mem, SIZE, 200 + i);
		sync.flags = DMA_BUF_SYNC_END | kinds[i];
		ASSERT_EQ(0, xioctl(self->fd, DMA_BUF_IOCTL_SYNC, &sync));
		EXPECT_TRUE(has_pattern(mem, SIZE, 200 + i));
	}
	munmap(mem, SIZE);
}

TEST_F(dmabuf, name_of_the_dmabuf)
{
	char line[128], path[64];
	bool found = false;
	FILE *info;

	EXPECT_EQ(0, xioctl(self->fd, DMA_BUF_SET_NAME_B, "frame"));
	EXPECT_EQ(-EINVAL, xioctl(self->fd, DMA_BUF_SET_NAME_B,
				  "a name that has 32 bytes or more"));
	EXPECT_EQ(-EFAULT, xioctl(self->fd, DMA_BUF_SET_NAME_B, NULL));
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", self->fd);
	info = fopen(path, "re");
	ASSERT_NE(NULL, info);
	while (fgets(line, sizeof(line), info))
		found |= !strcmp(line, "name:\tframe\n");
	fclose(info);
	EXPECT_TRUE(found);
	/* The name of a dma-buf is not a tag and cannot be opened. */
	EXPECT_EQ(-ENOENT, open_tag(self->heap.node, "frame", O_RDONLY));
}

TEST_F(dmabuf, seeking_tells_the_size)
{
	EXPECT_EQ(SIZE, (unsigned long)lseek(self->fd, 0, SEEK_END));
	EXPECT_EQ(0, lseek(self->fd, 0, SEEK_SET));
	EXPECT_EQ(-1, lseek(self->fd, 1, SEEK_SET));
	EXPECT_EQ(-1, lseek(self->fd, 1, SEEK_END));
	EXPECT_EQ(-1, lseek(self->fd, 0, SEEK_CUR));
	EXPECT_EQ(SIZE, (unsigned long)lseek(self->ro, 0, SEEK_END));
}

TEST_F(dmabuf, it_is_no_stream_and_has_a_fixed_size)
{
	char byte = 1;

	EXPECT_EQ(-1, read(self->fd, &byte, 1));
	EXPECT_EQ(-1, write(self->fd, &byte, 1));
	EXPECT_EQ(-1, ftruncate(self->fd, 0));
	EXPECT_EQ(-1, ftruncate(self->fd, 2 * SIZE));
	EXPECT_EQ(-1, fallocate(self->fd, 0, 0, SIZE));
	EXPECT_EQ(SIZE, (unsigned long)lseek(self->fd, 0, SEEK_END));
}

TEST_F(dmabuf, poll_does_not_wait_for_an_idle_buffer)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLOUT };
	struct pollfd poller = { self->fd, POLLIN | POLLOUT, 0 };
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	int copy = dup(self->fd);

	EXPECT_EQ(1, poll(&poller, 1, 5000));
	EXPECT_EQ(0, poller.revents & (POLLERR | POLLHUP | POLLNVAL));
	/* Closed in any order while an epoll instance watches. */
	ASSERT_EQ(0, epoll_ctl(epoll, EPOLL_CTL_ADD, self->fd, &event));
	ASSERT_EQ(0, epoll_ctl(epoll, EPOLL_CTL_ADD, copy, &event));
	EXPECT_LE(1, epoll_wait(epoll, &event, 1, 5000));
	close(self->fd);
	EXPECT_LE(1, epoll_wait(epoll, &event, 1, 5000));
	close(epoll);
	close(copy);
	close(self->ro);
	EXPECT_UNCHANGED(&self->heap);
}

TEST_F(dmabuf, unknown_commands)
{
	char arg[256] = "";
	unsigned int nr;

	for (nr = 8; nr < 256; nr++)
		EXPECT_EQ(-ENOTTY, xioctl(self->fd,
					  _IOC(_IOC_READ | _IOC_WRITE,
					       DMA_BUF_BASE, nr, 8), arg));
	/* Commands of the device node do not work on buffers. */
	EXPECT_EQ(-ENOTTY, xioctl(self->fd, CARVEOUT_IOCTL_QUERY, arg));
	EXPECT_EQ(-ENOTTY, xioctl(self->fd, CARVEOUT_IOCTL_ALLOC, arg));
}

TEST_F(dmabuf, fences_can_be_taken_out)
{
	struct dma_buf_export_sync_file export = { .flags = DMA_BUF_SYNC_RW };
	int err = xioctl(self->fd, DMA_BUF_IOCTL_EXPORT_SYNC_FILE, &export);
	struct pollfd poller = { export.fd, POLLIN, 0 };

	if (err == -ENOTTY)
		SKIP(return, "no sync files here");
	ASSERT_EQ(0, err);
	EXPECT_EQ(1, poll(&poller, 1, 5000));
	close(export.fd);
	close(self->fd);
	close(self->ro);
	EXPECT_UNCHANGED(&self->heap);
}

/* === Not a buffer of this heap =========================================== */

TEST_F(dmabuf, info_of_other_descriptors)
{
	int node = self->heap.node;
	struct carveout_buffer_info buffer;
	int pair[2], path, i;
	char name[64];
	const int others[] = {
		open("/dev/null", O_RDWR | O_CLOEXEC),
		open("/proc/self/maps", O_RDONLY | O_CLOEXEC),
		epoll_create1(EPOLL_CLOEXEC),
		eventfd(0, EFD_CLOEXEC),
		memfd_create("carveout", MFD_CLOEXEC),
		node,
	};

	EXPECT_EQ(0, query_buffer(node, self->fd, &buffer));
	EXPECT_EQ(0, query_buffer(node, self->ro, &buffer));
	for (i = 0; i < (int)ARRAY_SIZE(others); i++) {
		if (others[i] < 0)
			continue;
		EXPECT_EQ(-EINVAL, query_buffer(node, others[i], &buffer))
			TH_LOG("number %d", i);
	}
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
	EXPECT_EQ(-EINVAL, query_buffer(node, pair[0], &buffer));
	close(pair[0]);
	EXPECT_EQ(-EBADF, query_buffer(node, pair[0], &buffer));
	EXPECT_EQ(-EBADF, query_buffer(node, -1, &buffer));
	EXPECT_EQ(-EBADF, query_buffer(node, INT32_MAX, &buffer));
	EXPECT_EQ(-EBADF, query_buffer(node, INT32_MIN, &buffer));
	/* A path to the buffer is not the buffer. */
	snprintf(name, sizeof(name), "/proc/self/fd/%d", self->fd);
	path = open(name, O_PATH | O_CLOEXEC);
	ASSERT_LE(0, path);
	EXPECT_EQ(-EBADF, query_buffer(node, path, &buffer));
}

TEST_F(dmabuf, info_of_anothers_dmabuf)
{
	struct udmabuf_create create = { .size = 64 * KIB };
	int device = open("/dev/udmabuf", O_RDWR | O_CLOEXEC);
	struct carveout_buffer_info buffer;
	int fd;

	if (device < 0)
		SKIP(return, "no udmabuf here");
	create.memfd = memfd_create("x", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	ASSERT_LE(0, (int)create.memfd);
	ASSERT_EQ(0, ftruncate(create.memfd, 64 * KIB));
	ASSERT_EQ(0, fcntl(create.memfd, F_ADD_SEALS, F_SEAL_SHRINK));
	fd = ioctl(device, UDMABUF_CREATE, &create);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EINVAL, query_buffer(self->heap.node, fd, &buffer));
}

/* A buffer of another heap does not belong to this one. */
TEST_F(dmabuf, info_of_another_heaps_buffer)
{
	struct carveout_buffer_info buffer;
	int other = -1, fd;
	struct dirent *entry;
	char path[300];
	DIR *dir;

	dir = opendir("/dev/carveout");
	ASSERT_NE(NULL, dir);
	while (other < 0 && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.' ||
		    !strcmp(entry->d_name, heap_name()))
			continue;
		snprintf(path, sizeof(path), "/dev/carveout/%s", entry->d_name);
		other = open(path, O_RDWR | O_CLOEXEC);
	}
	closedir(dir);
	if (other < 0)
		SKIP(return, "there is one heap only");
	fd = alloc_buffer(other, SIZE);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, query_buffer(other, fd, &buffer));
	EXPECT_EQ(-EINVAL, query_buffer(self->heap.node, fd, &buffer));
	EXPECT_EQ(-EINVAL, query_buffer(other, self->fd, &buffer));
}

/* === An importer: vgem, the kernel's driver without a device ============= */

/* The few parts of the DRM interface in use; not every C library has them. */
struct drm_version {
	int number[3];
	size_t name_len;
	char *name;
	size_t date_len;
	char *date;
	size_t desc_len;
	char *desc;
};

struct drm_gem_close {
	__u32 handle;
	__u32 pad;
};

struct drm_prime_handle {
	__u32 handle;
	__u32 flags;
	__s32 fd;
};

#define DRM_IOCTL_VERSION		_IOWR('d', 0x00, struct drm_version)
#define DRM_IOCTL_GEM_CLOSE		_IOW('d', 0x09, struct drm_gem_close)
#define DRM_IOCTL_PRIME_HANDLE_TO_FD	_IOWR('d', 0x2d, struct drm_prime_handle)
#define DRM_IOCTL_PRIME_FD_TO_HANDLE	_IOWR('d', 0x2e, struct drm_prime_handle)

static int open_vgem(void)
{
	char path[32], name[16];
	int i, fd;

	for (i = 0; i < 8; i++) {
		struct drm_version version = {
			.name = name, .name_len = sizeof(name) - 1,
		};

		snprintf(path, sizeof(path), "/dev/dri/card%d", i);
		fd = open(path, O_RDWR | O_CLOEXEC);
		if (fd < 0)
			continue;
		memset(name, 0, sizeof(name));
		if (!ioctl(fd, DRM_IOCTL_VERSION, &version) &&
		    !strcmp(name, "vgem"))
			return fd;
		close(fd);
	}
	return -1;
}

static int import(int vgem, int fd, __u32 *handle)
{
	struct drm_prime_handle prime = { .fd = fd };
	int err = xioctl(vgem, DRM_IOCTL_PRIME_FD_TO_HANDLE, &prime);

	*handle = prime.handle;
	return err;
}

TEST_F(dmabuf, importer_knows_the_buffer_and_holds_it)
{
	char *mem = map_buffer(self->fd, SIZE, PROT_READ | PROT_WRITE);
	struct drm_prime_handle export = { .flags = O_RDWR | O_CLOEXEC };
	struct drm_gem_close handle_arg = {};
	int vgem = open_vgem();
	__u32 again;

	if (vgem < 0)
		SKIP(return, "no vgem here");
	ASSERT_NE(MAP_FAILED, (void *)mem);
	fill_pattern(mem, SIZE, 210);
	ASSERT_EQ(0, import(vgem, self->fd, &handle_arg.handle));
	ASSERT_EQ(0, import(vgem, self->fd, &again));
	EXPECT_EQ(handle_arg.handle, again);
	munmap(mem, SIZE);
	close(self->fd);
	close(self->ro);
	EXPECT_EQ(self->heap.query.used + SIZE, used_bytes(self->heap.node));

	/* Exporting it again returns the buffer itself. */
	export.handle = handle_arg.handle;
	ASSERT_EQ(0, ioctl(vgem, DRM_IOCTL_PRIME_HANDLE_TO_FD, &export));
	mem = map_buffer(export.fd, SIZE, PROT_READ | PROT_WRITE);
	ASSERT_NE(MAP_FAILED, (void *)mem);
	EXPECT_TRUE(has_pattern(mem, SIZE, 210));
	munmap(mem, SIZE);
	close(export.fd);
	ASSERT_EQ(0, ioctl(vgem, DRM_IOCTL_GEM_CLOSE, &handle_arg));
	close(vgem);
	EXPECT_UNCHANGED(&self->heap);
}

/*
 * A device could write, and so could a driver through a mapping of its own. In 7.3 vgem
 * attaches a buffer and maps it nowhere; its export is the read-only file itself.
 */
TEST_F(dmabuf, importer_does_not_get_a_read_only_descriptor)
{
	struct drm_prime_handle export = { .flags = O_RDWR | O_CLOEXEC };
	int err, vgem = open_vgem();

	if (vgem < 0)
		SKIP(return, "no vgem here");
	err = import(vgem, self->ro, &export.handle);
	if (!err && kernel_at_least(7, 0)) {
		ASSERT_EQ(0, ioctl(vgem, DRM_IOCTL_PRIME_HANDLE_TO_FD, &export));
		EXPECT_EQ(MAP_FAILED, (void *)map_buffer(export.fd, SIZE, PROT_WRITE));
		EXPECT_EQ(EACCES, errno);
		close(export.fd);
	} else {
		EXPECT_EQ(-EACCES, err);
	}
	close(vgem);
	close(self->fd);
	close(self->ro);
	EXPECT_UNCHANGED(&self->heap);
}

/* The importer is killed while it holds the buffer. */
static int importing_process(void *arg)
{
	int vgem = open_vgem();
	__u32 handle;

	if (import(vgem, *(int *)arg, &handle))
		return 1;
	raise(SIGKILL);
	return 2;
}

TEST_F(dmabuf, importer_that_is_killed_lets_go)
{
	int vgem = open_vgem();

	if (vgem < 0)
		SKIP(return, "no vgem here");
	close(vgem);
	EXPECT_EQ(128 + SIGKILL, run_child(importing_process, &self->fd));
	close(self->fd);
	close(self->ro);
	EXPECT_UNCHANGED(&self->heap);
}

/* === Fences: vgem makes them, as a device would ========================== */

struct drm_mode_create_dumb {
	__u32 height, width, bpp, flags;
	__u32 handle, pitch;
	__u64 size;
};

struct drm_vgem_fence_attach {
	__u32 handle, flags, out_fence, pad;
};

struct drm_vgem_fence_signal {
	__u32 fence, flags;
};

#define DRM_IOCTL_MODE_CREATE_DUMB	_IOWR('d', 0xb2, struct drm_mode_create_dumb)
#define DRM_IOCTL_VGEM_FENCE_ATTACH	_IOWR('d', 0x41, struct drm_vgem_fence_attach)
#define DRM_IOCTL_VGEM_FENCE_SIGNAL	_IOW('d', 0x42, struct drm_vgem_fence_signal)
#define VGEM_FENCE_WRITE		1

/* Add a pending fence for writing to a buffer; vgem signals it after 10 s at the latest. */
static int add_fence(int vgem, int fd, __u32 *fence)
{
	struct drm_mode_create_dumb dumb = { .height = 1, .width = 1, .bpp = 32 };
	struct dma_buf_export_sync_file export = { .flags = DMA_BUF_SYNC_RW };
	struct dma_buf_import_sync_file import = { .flags = DMA_BUF_SYNC_WRITE };
	struct drm_vgem_fence_attach attach = { .flags = VGEM_FENCE_WRITE };
	struct drm_prime_handle prime = { .flags = O_RDWR | O_CLOEXEC };
	int err = xioctl(vgem, DRM_IOCTL_MODE_CREATE_DUMB, &dumb);

	if (err)
		return err;
	attach.handle = dumb.handle;
	prime.handle = dumb.handle;
	err = xioctl(vgem, DRM_IOCTL_VGEM_FENCE_ATTACH, &attach);
	if (!err)
		err = xioctl(vgem, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime);
	if (err)
		return err;
	*fence = attach.out_fence;
	err = xioctl(prime.fd, DMA_BUF_IOCTL_EXPORT_SYNC_FILE, &export);
	close(prime.fd);
	if (err)
		return err;
	import.fd = export.fd;
	err = xioctl(fd, DMA_BUF_IOCTL_IMPORT_SYNC_FILE, &import);
	close(export.fd);
	return err;
}

static int signal_fence(int vgem, __u32 fence)
{
	struct drm_vgem_fence_signal arg = { .fence = fence };

	return xioctl(vgem, DRM_IOCTL_VGEM_FENCE_SIGNAL, &arg);
}

static bool is_idle(int fd)
{
	struct pollfd poller = { fd, POLLIN | POLLOUT, 0 };

	return poll(&poller, 1, 0) == 1 && poller.revents == (POLLIN | POLLOUT);
}

/* Read permission is enough to add a fence, which must not stop a writer. */
TEST_F(dmabuf, fence_of_a_reader_does_not_stop_the_owner)
{
	struct carveout_ioctl_resize resize = {
		.fd = self->fd, .size = SIZE / 2, .fd_flags = O_RDWR | O_CLOEXEC,
	};
	int vgem = open_vgem();
	__u32 fence;

	if (vgem < 0)
		SKIP(return, "no vgem here");
	ASSERT_EQ(0, add_fence(vgem, self->ro, &fence));
	/* Not of the reader's: a poll() of it holds the file until the fence signals. */
	EXPECT_TRUE(is_idle(self->fd));
	close(self->ro);
	EXPECT_EQ(0, xioctl(self->heap.node, CARVEOUT_IOCTL_RESIZE, &resize));
	EXPECT_EQ(0, signal_fence(vgem, fence));
}

/* A device may be at work when its driver has already closed the buffer. */
TEST_F(dmabuf, memory_is_not_reused_before_its_fences_signal)
{
	int vgem = open_vgem();
	__u32 fence;

	if (vgem < 0)
		SKIP(return, "no vgem here");
	ASSERT_EQ(0, add_fence(vgem, self->fd, &fence));
	close(self->fd);
	close(self->ro);
	usleep(100000);
	EXPECT_EQ(self->heap.query.used + SIZE, used_bytes(self->heap.node));
	EXPECT_EQ(0, signal_fence(vgem, fence));
	EXPECT_TRUE(BECOMES_TRUE(used_bytes(self->heap.node) == self->heap.query.used));
	close(vgem);
	EXPECT_UNCHANGED(&self->heap);
}

TEST_HARNESS_MAIN
