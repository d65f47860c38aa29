// SPDX-License-Identifier: GPL-2.0
/*
 * Buffers mapped for a device by VFIO (type1): QEMU's "edu" device is bound to vfio-pci,
 * and its group belongs to a user without privileges. Memory with pages is pinned like
 * any other, and is free once VFIO lets go of it. No-map memory is refused: VFIO would
 * take its page frames without a reference and keep them when another owner has them.
 */
#include <fcntl.h>
#include <linux/vfio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "carveout_frames.h"

#define IOVA	0x100000UL
#define PCI	"/sys/bus/pci/"
#define UNSAFE	"/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts"

static const char * const device_ids[] = { "0x1234", "0x11e8" };

/**
 * struct user - A user of VFIO without privileges
 * @fd: buffer
 * @container: VFIO's address space for devices
 * @group: the device's group, which keeps the container usable
 */
struct user {
	int fd;
	int container;
	int group;
};

FIXTURE(vfio) {
	struct frames frames;
	char group[64];		/* device node of the group */
};

FIXTURE_VARIANT(vfio) {
	bool pages;
};

FIXTURE_VARIANT_ADD(vfio, pages) {
	.pages = true,
};

FIXTURE_VARIANT_ADD(vfio, no_map) {
	.pages = false,
};

/* === The device ========================================================== */

static bool has_id(const char *device, const char *file, const char *id)
{
	char path[128], value[16];

	snprintf(path, sizeof(path), PCI "devices/%s/%s", device, file);
	return !read_line(path, value, sizeof(value)) && !strcmp(value, id);
}

/* The address of the edu device, or NULL. */
static const char *find_edu(void)
{
	static char name[64];
	FILE *list = popen("ls " PCI "devices", "re");
	bool found = false;

	while (list && !found && fscanf(list, "%63s", name) == 1)
		found = has_id(name, "vendor", device_ids[0]) &&
			has_id(name, "device", device_ids[1]);
	if (list)
		pclose(list);
	return found ? name : NULL;
}

static int bind_to_vfio(const char *device)
{
	char path[128];
	int err;

	snprintf(path, sizeof(path), PCI "devices/%s/driver_override", device);
	err = write_line(path, "vfio-pci");
	return err ?: write_line(PCI "drivers_probe", device);
}

static int release_device(const char *device)
{
	char path[128];
	int err;

	err = write_line(PCI "drivers/vfio-pci/unbind", device);
	snprintf(path, sizeof(path), PCI "devices/%s/driver_override", device);
	return err ?: write_line(path, "\n");
}

/* The device node of the group, which the user may open from now on. */
static int open_group_to_user(const char *device, char *node, size_t len)
{
	char path[128], target[256];
	ssize_t n;

	snprintf(path, sizeof(path), PCI "devices/%s/iommu_group", device);
	n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		return -errno;
	target[n] = '\0';
	snprintf(node, len, "/dev/vfio/%.32s", strrchr(target, '/') + 1);
	if (!BECOMES_TRUE(!access(node, F_OK)))
		return -ENOENT;
	return chown(node, USER, USER) ? -errno : 0;
}

FIXTURE_SETUP(vfio)
{
	const char *edu = find_edu();
	int err;

	if (!heap_name())
		SKIP(return, NO_HEAP);
	if (access("/dev/vfio/vfio", F_OK))
		SKIP(return, "there is no /dev/vfio");
	if (!edu)
		SKIP(return, "there is no edu device");
	err = frames_begin(&self->frames, variant->pages);
	if (err == 1)
		SKIP(return, "no region %s pages", variant->pages ? "with" : "without");
	ASSERT_EQ(0, err);
	/* The interrupts of the device are not used. */
	ASSERT_EQ(0, write_line(UNSAFE, "1"));
	ASSERT_EQ(0, bind_to_vfio(edu));
	ASSERT_EQ(0, open_group_to_user(edu, self->group, sizeof(self->group)));
}

FIXTURE_TEARDOWN_PARENT(vfio)
{
	EXPECT_EQ(0, release_device(find_edu()));
	HEAP_TEARDOWN(&self->frames.heap);
}

/* === The user ============================================================ */

/* Fails with the step as its value: a child can only report a small number. */
static int begin_user(struct user *user, const struct _test_data_vfio *vfio)
{
	user->fd = alloc_as_user(&vfio->frames);
	if (user->fd < 0)
		return 1;
	user->container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	user->group = open(vfio->group, O_RDWR | O_CLOEXEC);
	if (user->container < 0 || user->group < 0)
		return 2;
	if (ioctl(user->group, VFIO_GROUP_SET_CONTAINER, &user->container) ||
	    ioctl(user->container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		return 3;
	return 0;
}

static int map_for_device(const struct user *user, void *mem)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)mem,
		.iova = IOVA,
		.size = SIZE,
	};

	return ioctl(user->container, VFIO_IOMMU_MAP_DMA, &map) ? -errno : 0;
}

static int unmap_for_device(const struct user *user)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap),
		.iova = IOVA,
		.size = SIZE,
	};

	return ioctl(user->container, VFIO_IOMMU_UNMAP_DMA, &unmap) ? -errno : 0;
}

/* The memory returns to the heap only after VFIO has unpinned it. */
static int pins_pages(void *arg)
{
	const struct _test_data_vfio *vfio = arg;
	struct user user;
	int err = begin_user(&user, vfio);
	char *mem;

	if (err)
		return err;
	mem = map_numbered(user.fd, SIZE / PAGE);
	if (mem == MAP_FAILED || map_for_device(&user, mem))
		return 4;
	munmap(mem, SIZE);
	close(user.fd);
	sleep_us(100000);
	if (used_bytes(vfio->frames.node) != vfio->frames.used + SIZE)
		return 5;
	if (unmap_for_device(&user))
		return 6;
	return frames_return(&vfio->frames) ? 0 : 7;
}

/* The container, and with it the mapping, ends with the process. */
static int maps_and_exits(void *arg)
{
	struct user user;
	int err = begin_user(&user, arg);
	char *mem;

	if (err)
		return err;
	mem = map_numbered(user.fd, SIZE / PAGE);
	return mem == MAP_FAILED || map_for_device(&user, mem) ? 4 : 0;
}

static int refuses(const struct _test_data_vfio *vfio, bool touched)
{
	struct user user;
	int err = begin_user(&user, vfio);
	char *mem;

	if (err)
		return err;
	mem = touched ? map_numbered(user.fd, SIZE / PAGE) :
			map_buffer(user.fd, SIZE, PROT_READ | PROT_WRITE);
	if (mem == MAP_FAILED || (!touched && madvise(mem, SIZE, MADV_DONTNEED)))
		return 4;
	err = map_for_device(&user, mem);
	if (err != -EFAULT)
		return err ? 6 : 5;
	return touched && !is_numbered(mem, SIZE / PAGE) ? 7 : 0;
}

static int refuses_no_map(void *arg)
{
	return refuses(arg, true);
}

/* Before any access as well: VFIO makes the entries itself. */
static int refuses_untouched_no_map(void *arg)
{
	return refuses(arg, false);
}

TEST_F(vfio, memory_is_free_after_the_last_pin)
{
	if (!variant->pages)
		SKIP(return, "the memory has no pages");
	expect_returned(_metadata, &self->frames, pins_pages, self, 3);
	expect_returned(_metadata, &self->frames, maps_and_exits, self, 1);
}

TEST_F(vfio, memory_without_pages_is_refused)
{
	if (variant->pages)
		SKIP(return, "the memory has pages");
	expect_returned(_metadata, &self->frames, refuses_no_map, self, 1);
	expect_returned(_metadata, &self->frames, refuses_untouched_no_map, self, 1);
}

TEST_HARNESS_MAIN
