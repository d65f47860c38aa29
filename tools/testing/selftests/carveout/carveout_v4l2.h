/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Video capture into buffers of a heap, by the kernel's test driver vivid, with a picture
 * that does not change: two frames of one format are the same bytes.
 *
 * Functions that can fail return a negative errno value.
 */
#ifndef CARVEOUT_V4L2_H
#define CARVEOUT_V4L2_H

#include <stdbool.h>
#include <stddef.h>

/* A small format of vivid's webcam input: YUYV, two bytes a pixel. */
#define FRAME_WIDTH	320
#define FRAME_HEIGHT	180
#define FRAME_BYTES	(FRAME_WIDTH * FRAME_HEIGHT * 2)

/* The picture of all tests, and another one: entries of vivid's menu "Test Pattern". */
#define PICTURE		0
#define OTHER_PICTURE	2

int open_vivid(unsigned int instance, char *path, size_t len);
int set_picture(int video, unsigned int picture);
int request_buffers(int video, unsigned int count);
int queue_buffer(int video, unsigned int index, int fd);
int dequeue_buffer(int video);
int stream(int video, bool on);
int capture_by_v4l2_ctl(const char *path, const char *file);

#endif /* CARVEOUT_V4L2_H */
