/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Display of buffers by drivers that are part of the kernel: a screen of a few
 * pixels, and the CRC of its content.
 *
 * Functions that can fail return a negative errno value.
 */
#ifndef CARVEOUT_DRM_H
#define CARVEOUT_DRM_H

#include <stddef.h>

#include <linux/types.h>

/* A screen of XRGB8888, in whole pages of any size. */
#define SCREEN_WIDTH	128
#define SCREEN_HEIGHT	128
#define SCREEN_PITCH	(SCREEN_WIDTH * 4)
#define SCREEN_BYTES	(SCREEN_PITCH * SCREEN_HEIGHT)

/**
 * struct screen - A display device with one screen
 * @card: the device
 * @crtc: id of its first CRTC
 * @connector: id of its first connector
 * @minor: number of its device node
 */
struct screen {
	int card;
	__u32 crtc;
	__u32 connector;
	unsigned int minor;
};

int open_card(const char *driver);
int open_screen(const char *driver, struct screen *screen);
int import_prime(int card, int fd, __u32 *handle);
int export_prime(int card, __u32 handle);
int close_handle(int card, __u32 handle);
int create_dumb(int card, __u32 *handle);
void *map_dumb(int card, __u32 handle);
int add_framebuffer(int card, __u32 handle, __u32 *fb);
int remove_framebuffer(int card, __u32 fb);
int show_framebuffer(const struct screen *screen, __u32 fb);
int screen_crc(const struct screen *screen, __u32 *crc);

#endif /* CARVEOUT_DRM_H */
