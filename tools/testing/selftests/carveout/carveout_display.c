// SPDX-License-Identifier: GPL-2.0
/*
 * Buffers on a screen, imported by display drivers of the kernel. vkms computes a CRC of
 * its picture: that of a buffer equals the CRC of the driver's own memory with the same
 * content. cirrus is a PCI device behind an IOMMU, and copies the picture to its video
 * memory, where it has the same bytes.
 *
 * The import itself, its fences and the refusal of read-only descriptors are tested with
 * vgem by carveout_dmabuf, which runs on all boards that have vgem.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>

#include "carveout_fixture.h"
#include "carveout_drm.h"

#define SIZE		((__u64)SCREEN_BYTES)
#define TEST_SECONDS	120

/**
 * struct display - A screen, and a buffer for it
 * @heap: the heap under test
 * @binding: its device, if it has one
 * @node: the buffer's heap
 * @used: bytes in use there, without the buffer
 * @screen: the screen
 * @fd: the buffer
 * @mem: its mapping
 */
struct display {
	struct heap heap;
	struct binding binding;
	int node;
	__u64 used;
	struct screen screen;
	int fd;
	char *mem;
};

/* -ENODEV without the driver, -ENOENT without such memory. */
static int begin_display(struct display *display, const char *driver, bool pages)
{
	__u64 regions;
	int err = heap_begin(&display->heap);

	if (err)
		return err;
	display->node = open_heap_with(pages, NULL, &regions);
	if (display->node < 0)
		return display->node;
	if (find_binding(display->node, &display->binding))
		display->binding.device[0] = '\0';
	display->used = used_bytes(display->node);
	err = open_screen(driver, &display->screen);
	if (err)
		return err;
	display->fd = alloc_in(display->node, SIZE, regions);
	display->mem = map_buffer(display->fd, SIZE, PROT_READ | PROT_WRITE);
	return display->mem == MAP_FAILED ? -ENOMEM : 0;
}

/* Import a dma-buf and show it. */
static int show(const struct screen *screen, int fd)
{
	__u32 handle, fb;
	int err = import_prime(screen->card, fd, &handle);

	if (!err)
		err = add_framebuffer(screen->card, handle, &fb);
	return err ?: show_framebuffer(screen, fb);
}

struct shower {
	const char *driver;
	int fd;
};

static int shows_and_is_killed(void *arg)
{
	const struct shower *job = arg;
	struct screen screen;

	if (open_screen(job->driver, &screen) || show(&screen, job->fd))
		return 1;
	raise(SIGKILL);
	return 2;
}

/* The buffer is free after the death of the process that shows it. */
static void expect_freed_if_killed(struct __test_metadata *_metadata, const char *driver,
				   struct display *display)
{
	struct shower job = { .driver = driver, .fd = display->fd };

	close(display->screen.card);
	EXPECT_EQ(128 + SIGKILL, run_child(shows_and_is_killed, &job));
	munmap(display->mem, SIZE);
	close(display->fd);
	EXPECT_TRUE(BECOMES_TRUE(used_bytes(display->node) == display->used));
}

/* === vkms ================================================================ */

FIXTURE(vkms) {
	struct display display;
};

FIXTURE_VARIANT(vkms) {
	bool pages;
};

FIXTURE_VARIANT_ADD(vkms, pages) { true };
FIXTURE_VARIANT_ADD(vkms, no_map) { false };

FIXTURE_SETUP(vkms)
{
	int err;

	if (!heap_name())
		SKIP(return, NO_HEAP);
	err = begin_display(&self->display, "vkms", variant->pages);
	if (err == -ENODEV)
		SKIP(return, "there is no vkms");
	if (err == -ENOENT)
		SKIP(return, "no region %s pages", variant->pages ? "with" : "without");
	ASSERT_EQ(0, err);
}

FIXTURE_TEARDOWN_PARENT(vkms)
{
	if (self->display.binding.device[0] && access(heap_path(), F_OK))
		EXPECT_EQ(0, bind_soon(&self->display.binding));
	HEAP_TEARDOWN(&self->display.heap);
}

/* Show the driver's own memory with a pattern, and return its CRC. */
static int reference_crc(const struct screen *screen, __u32 seed, __u32 *crc)
{
	__u32 handle, fb;
	void *mem;
	int err = create_dumb(screen->card, &handle);

	if (err)
		return err;
	mem = map_dumb(screen->card, handle);
	if (mem == MAP_FAILED)
		return -ENOMEM;
	fill_pattern(mem, SIZE, seed);
	munmap(mem, SIZE);
	err = add_framebuffer(screen->card, handle, &fb);
	if (!err)
		err = show_framebuffer(screen, fb);
	if (!err)
		err = screen_crc(screen, crc);
	if (!err)
		err = remove_framebuffer(screen->card, fb);
	return err ?: close_handle(screen->card, handle);
}

TEST_F_TIMEOUT(vkms, crc_is_that_of_the_drivers_own_memory, TEST_SECONDS)
{
	struct display *d = &self->display;
	__u32 wanted[2], crc = 0;

	ASSERT_EQ(0, reference_crc(&d->screen, 1, &wanted[0]));
	ASSERT_EQ(0, reference_crc(&d->screen, 2, &wanted[1]));
	ASSERT_NE(wanted[0], wanted[1]);
	fill_pattern(d->mem, SIZE, 1);
	ASSERT_EQ(0, show(&d->screen, d->fd));
	EXPECT_EQ(0, screen_crc(&d->screen, &crc));
	EXPECT_EQ(wanted[0], crc);
	/* The screen shows the memory itself, to its last pixel. */
	d->mem[SIZE - 2] ^= 1;
	EXPECT_EQ(0, screen_crc(&d->screen, &crc));
	EXPECT_NE(wanted[0], crc);
	fill_pattern(d->mem, SIZE, 2);
	EXPECT_EQ(0, screen_crc(&d->screen, &crc));
	EXPECT_EQ(wanted[1], crc);
}

/* Two drivers share the buffer: vgem returns the dma-buf that it has imported. */
TEST_F_TIMEOUT(vkms, crc_of_a_buffer_that_vgem_exports, TEST_SECONDS)
{
	struct display *d = &self->display;
	int vgem = open_card("vgem"), fd;
	__u32 wanted, handle, crc = 0;

	if (vgem < 0)
		SKIP(return, "there is no vgem");
	ASSERT_EQ(0, reference_crc(&d->screen, 3, &wanted));
	ASSERT_EQ(0, import_prime(vgem, d->fd, &handle));
	fd = export_prime(vgem, handle);
	ASSERT_LE(0, fd);
	fill_pattern(d->mem, SIZE, 3);
	munmap(d->mem, SIZE);
	close(d->fd);
	ASSERT_EQ(0, show(&d->screen, fd));
	close(fd);
	EXPECT_EQ(0, screen_crc(&d->screen, &crc));
	EXPECT_EQ(wanted, crc);
	EXPECT_EQ(0, close_handle(vgem, handle));
	EXPECT_EQ(0, screen_crc(&d->screen, &crc));
	EXPECT_EQ(wanted, crc);
}

TEST_F_TIMEOUT(vkms, heap_is_unbound_while_it_is_shown, TEST_SECONDS)
{
	struct display *d = &self->display;
	__u32 wanted, crc = 0;

	if (!d->binding.device[0])
		SKIP(return, "this heap belongs to no device");
	ASSERT_EQ(0, reference_crc(&d->screen, 4, &wanted));
	fill_pattern(d->mem, SIZE, 4);
	ASSERT_EQ(0, show(&d->screen, d->fd));
	munmap(d->mem, SIZE);
	close(d->fd);
	close(d->node);
	close(d->heap.node);
	ASSERT_EQ(0, unbind(&d->binding));
	EXPECT_EQ(0, screen_crc(&d->screen, &crc));
	EXPECT_EQ(wanted, crc);
	EXPECT_EQ(-EBUSY, bind_again(&d->binding));
	EXPECT_EQ(0, screen_crc(&d->screen, &crc));
	EXPECT_EQ(wanted, crc);
	close(d->screen.card);
	ASSERT_EQ(0, bind_soon(&d->binding));
	d->node = open_node();
	ASSERT_LE(0, d->node);
	EXPECT_EQ(0, used_bytes(d->node));
}

TEST_F_TIMEOUT(vkms, importer_is_killed_while_it_shows_the_buffer, TEST_SECONDS)
{
	expect_freed_if_killed(_metadata, "vkms", &self->display);
}

/* The screen holds the buffer after its user has closed it. */
TEST_F_TIMEOUT(vkms, screen_holds_the_buffer, TEST_SECONDS)
{
	struct display *d = &self->display;

	munmap(d->mem, SIZE);
	ASSERT_EQ(0, show(&d->screen, d->fd));
	close(d->fd);
	EXPECT_EQ(d->used + SIZE, used_bytes(d->node));
	close(d->screen.card);
	EXPECT_TRUE(BECOMES_TRUE(used_bytes(d->node) == d->used));
}

/* === cirrus ============================================================== */

FIXTURE(cirrus) {
	struct display display;
};

FIXTURE_VARIANT(cirrus) {
	bool pages;
};

FIXTURE_VARIANT_ADD(cirrus, pages) { true };
FIXTURE_VARIANT_ADD(cirrus, no_map) { false };

FIXTURE_SETUP(cirrus)
{
	int err;

	if (!heap_name())
		SKIP(return, NO_HEAP);
	err = begin_display(&self->display, "cirrus", variant->pages);
	if (err == -ENODEV)
		SKIP(return, "there is no cirrus");
	if (err == -ENOENT)
		SKIP(return, "no region %s pages", variant->pages ? "with" : "without");
	ASSERT_EQ(0, err);
}

FIXTURE_TEARDOWN_PARENT(cirrus)
{
	HEAP_TEARDOWN(&self->display.heap);
}

/* The PCI device of the screen; 0 or a negative errno value. */
static int pci_path(const struct screen *screen, char path[PATH_MAX])
{
	char link[64];

	snprintf(link, sizeof(link), "/sys/dev/char/226:%u/device", screen->minor);
	return realpath(link, path) ? 0 : -errno;
}

/* Map the start of the video memory. */
static const void *map_video(const struct screen *screen)
{
	char device[PATH_MAX], path[PATH_MAX + 16];
	const void *mem;
	int fd;

	if (pci_path(screen, device))
		return MAP_FAILED;
	snprintf(path, sizeof(path), "%s/resource0", device);
	fd = open(path, O_RDWR | O_CLOEXEC);
	mem = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	return mem;
}

/* A screen of this kind shows a copy, which is renewed when it is shown again. */
TEST_F_TIMEOUT(cirrus, device_has_the_content, TEST_SECONDS)
{
	struct display *d = &self->display;
	char device[PATH_MAX], group[PATH_MAX + 16];
	const void *video;

	ASSERT_EQ(0, pci_path(&d->screen, device));
	snprintf(group, sizeof(group), "%s/iommu_group", device);
	EXPECT_EQ(0, access(group, F_OK)) TH_LOG("it is behind no IOMMU");
	video = map_video(&d->screen);
	ASSERT_NE(MAP_FAILED, video);
	fill_pattern(d->mem, SIZE, 5);
	EXPECT_FALSE(has_pattern(video, SIZE, 5));
	ASSERT_EQ(0, show(&d->screen, d->fd));
	EXPECT_TRUE(BECOMES_TRUE(has_pattern(video, SIZE, 5)));
}

TEST_F_TIMEOUT(cirrus, importer_is_killed_while_it_shows_the_buffer, TEST_SECONDS)
{
	expect_freed_if_killed(_metadata, "cirrus", &self->display);
}

TEST_HARNESS_MAIN
