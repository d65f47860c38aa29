// SPDX-License-Identifier: GPL-2.0
/*
 * Display of buffers by the kernel's drivers.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <drm/drm.h>
#include <drm/drm_fourcc.h>
#include <drm/drm_mode.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "carveout_test.h"
#include "carveout_drm.h"

#define CARDS		8
#define CRC_MS		20000
/* A CRC may be that of the frame before. */
#define CRC_FRAMES	4

/**
 * open_card() - Open the device of a driver
 * @driver: its name
 *
 * Return: a file descriptor or a negative errno value: -ENODEV if there is none.
 */
int open_card(const char *driver)
{
	char path[32], name[16];
	int i, card;

	for (i = 0; i < CARDS; i++) {
		struct drm_version version = { .name = name, .name_len = sizeof(name) - 1 };

		snprintf(path, sizeof(path), "/dev/dri/card%d", i);
		card = open(path, O_RDWR | O_CLOEXEC);
		if (card < 0)
			continue;
		memset(name, 0, sizeof(name));
		if (!xioctl(card, DRM_IOCTL_VERSION, &version) && !strcmp(name, driver))
			return card;
		close(card);
	}
	return -ENODEV;
}

static int find_screen(struct screen *screen)
{
	__u32 crtcs[8] = {}, connectors[8] = {};
	struct drm_mode_card_res count = {};
	struct drm_mode_card_res resources = {
		.crtc_id_ptr = (uintptr_t)crtcs,
		.connector_id_ptr = (uintptr_t)connectors,
	};
	struct stat info;
	int err = xioctl(screen->card, DRM_IOCTL_MODE_GETRESOURCES, &count);

	if (err)
		return err;
	if (count.count_crtcs > 8 || count.count_connectors > 8)
		return -E2BIG;
	resources.count_crtcs = count.count_crtcs;
	resources.count_connectors = count.count_connectors;
	err = xioctl(screen->card, DRM_IOCTL_MODE_GETRESOURCES, &resources);
	if (err)
		return err;
	screen->crtc = crtcs[0];
	screen->connector = connectors[0];
	if (fstat(screen->card, &info))
		return -errno;
	screen->minor = minor(info.st_rdev);
	return screen->crtc && screen->connector ? 0 : -ENODEV;
}

/* The kernel looks at the connector's state when it is asked for its modes. */
static int probe_connector(const struct screen *screen)
{
	struct drm_mode_get_connector connector = { .connector_id = screen->connector };

	return xioctl(screen->card, DRM_IOCTL_MODE_GETCONNECTOR, &connector);
}

/**
 * open_screen() - Open the device of a driver and find its screen
 * @driver: its name
 * @screen: filled in
 *
 * Return: 0 or a negative errno value: -ENODEV if there is none.
 */
int open_screen(const char *driver, struct screen *screen)
{
	int err;

	memset(screen, 0, sizeof(*screen));
	screen->card = open_card(driver);
	if (screen->card < 0)
		return screen->card;
	err = find_screen(screen);
	return err ?: probe_connector(screen);
}

/**
 * import_prime() - Import a dma-buf
 * @card: the device
 * @fd: dma-buf
 * @handle: set to the handle of the object
 *
 * Return: 0 or a negative errno value.
 */
int import_prime(int card, int fd, __u32 *handle)
{
	struct drm_prime_handle prime = { .fd = fd };
	int err = xioctl(card, DRM_IOCTL_PRIME_FD_TO_HANDLE, &prime);

	*handle = prime.handle;
	return err;
}

/**
 * export_prime() - Export an object as a dma-buf
 * @card: the device
 * @handle: handle of the object
 *
 * Return: a file descriptor or a negative errno value.
 */
int export_prime(int card, __u32 handle)
{
	struct drm_prime_handle prime = { .handle = handle, .flags = DRM_RDWR | DRM_CLOEXEC };
	int err = xioctl(card, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime);

	return err ?: prime.fd;
}

/**
 * close_handle() - Close the handle of an object
 * @card: the device
 * @handle: handle of the object
 *
 * Return: 0 or a negative errno value.
 */
int close_handle(int card, __u32 handle)
{
	struct drm_gem_close arg = { .handle = handle };

	return xioctl(card, DRM_IOCTL_GEM_CLOSE, &arg);
}

/**
 * create_dumb() - Allocate memory of the driver for the screen
 * @card: the device
 * @handle: set to the handle of the object
 *
 * Return: 0 or a negative errno value; -EINVAL if lines have another length.
 */
int create_dumb(int card, __u32 *handle)
{
	struct drm_mode_create_dumb dumb = {
		.width = SCREEN_WIDTH, .height = SCREEN_HEIGHT, .bpp = 32,
	};
	int err = xioctl(card, DRM_IOCTL_MODE_CREATE_DUMB, &dumb);

	if (err)
		return err;
	*handle = dumb.handle;
	return dumb.pitch == SCREEN_PITCH ? 0 : -EINVAL;
}

/**
 * map_dumb() - Map memory of create_dumb()
 * @card: the device
 * @handle: handle of the object
 *
 * Return: the mapping, or MAP_FAILED.
 */
void *map_dumb(int card, __u32 handle)
{
	struct drm_mode_map_dumb map = { .handle = handle };

	if (xioctl(card, DRM_IOCTL_MODE_MAP_DUMB, &map))
		return MAP_FAILED;
	return mmap(NULL, SCREEN_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, card, map.offset);
}

/**
 * add_framebuffer() - Make a framebuffer of an object
 * @card: the device
 * @handle: handle of the object
 * @fb: set to its id
 *
 * Return: 0 or a negative errno value.
 */
int add_framebuffer(int card, __u32 handle, __u32 *fb)
{
	struct drm_mode_fb_cmd2 cmd = {
		.width = SCREEN_WIDTH,
		.height = SCREEN_HEIGHT,
		.pixel_format = DRM_FORMAT_XRGB8888,
		.handles = { handle },
		.pitches = { SCREEN_PITCH },
	};
	int err = xioctl(card, DRM_IOCTL_MODE_ADDFB2, &cmd);

	*fb = cmd.fb_id;
	return err;
}

/**
 * remove_framebuffer() - Remove a framebuffer; a screen that shows it is switched off
 * @card: the device
 * @fb: its id
 *
 * Return: 0 or a negative errno value.
 */
int remove_framebuffer(int card, __u32 fb)
{
	return xioctl(card, DRM_IOCTL_MODE_RMFB, &fb);
}

/**
 * show_framebuffer() - Show a framebuffer, with 60 frames a second
 * @screen: the screen
 * @fb: its id
 *
 * Return: 0 or a negative errno value.
 */
int show_framebuffer(const struct screen *screen, __u32 fb)
{
	struct drm_mode_crtc crtc = {
		.set_connectors_ptr = (uintptr_t)&screen->connector,
		.count_connectors = 1,
		.crtc_id = screen->crtc,
		.fb_id = fb,
		.mode_valid = 1,
		.mode = {
			.clock = 160 * 150 * 60 / 1000,
			.hdisplay = SCREEN_WIDTH,
			.hsync_start = 136, .hsync_end = 152, .htotal = 160,
			.vdisplay = SCREEN_HEIGHT,
			.vsync_start = 132, .vsync_end = 140, .vtotal = 150,
			.vrefresh = 60,
			.name = "carveout",
		},
	};

	return xioctl(screen->card, DRM_IOCTL_MODE_SETCRTC, &crtc);
}

/* Read the CRC of one frame: a line has its number and the CRC. */
static int read_crc(int data, __u32 *crc)
{
	struct pollfd poller = { .fd = data, .events = POLLIN };
	char line[256];
	ssize_t n;

	if (poll(&poller, 1, CRC_MS) != 1)
		return -ETIMEDOUT;
	n = read(data, line, sizeof(line) - 1);
	if (n < 0)
		return -errno;
	line[n] = '\0';
	return sscanf(line, "%*s %x", crc) == 1 ? 0 : -EIO;
}

/**
 * screen_crc() - The CRC that the driver computes of the picture
 * @screen: the screen
 * @crc: set to it
 *
 * Return: 0 or a negative errno value; -EAGAIN if two frames differ.
 */
int screen_crc(const struct screen *screen, __u32 *crc)
{
	char path[96];
	__u32 before = 0;
	int i, err, data;

	snprintf(path, sizeof(path), "/sys/kernel/debug/dri/%u/crtc-0/crc/control",
		 screen->minor);
	err = write_line(path, "auto");
	if (err)
		return err;
	snprintf(path, sizeof(path), "/sys/kernel/debug/dri/%u/crtc-0/crc/data",
		 screen->minor);
	data = open(path, O_RDONLY | O_CLOEXEC);
	if (data < 0)
		return -errno;
	for (i = 0; !err && i < CRC_FRAMES; i++) {
		before = *crc;
		err = read_crc(data, crc);
	}
	close(data);
	if (!err && before != *crc)
		err = -EAGAIN;
	return err;
}
