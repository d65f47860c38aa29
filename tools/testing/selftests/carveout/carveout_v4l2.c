// SPDX-License-Identifier: GPL-2.0
/*
 * Video capture into buffers of a heap, by the kernel's test driver vivid.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/videodev2.h>

#include "kselftest.h"

#include "carveout_test.h"
#include "carveout_v4l2.h"

#define NODES		16
#define FRAME_MS	30000

/* Controls of vivid, which have no names in the UAPI: vivid-ctrls.c has the numbers. */
#define VIVID_BASE		(0x00f00000 | 0xf000)
#define VIVID_TEST_PATTERN	(VIVID_BASE + 0)
#define VIVID_OSD_TEXT_MODE	(VIVID_BASE + 1)
#define VIVID_HOR_MOVEMENT	(VIVID_BASE + 2)
#define VIVID_VERT_MOVEMENT	(VIVID_BASE + 3)
#define VIVID_INSERT_SAV	(VIVID_BASE + 6)
#define VIVID_INSERT_EAV	(VIVID_BASE + 7)
#define OSD_NONE		2
#define MOVE_NONE		3

static bool is_vivid(int video, unsigned int instance)
{
	struct v4l2_capability cap;
	char bus[sizeof(cap.bus_info)];

	memset(&cap, 0, sizeof(cap));
	snprintf(bus, sizeof(bus), "platform:vivid-%03u", instance);
	return !xioctl(video, VIDIOC_QUERYCAP, &cap) &&
	       cap.device_caps & V4L2_CAP_VIDEO_CAPTURE &&
	       !strcmp((const char *)cap.bus_info, bus);
}

static int find_vivid(unsigned int instance, char *path, size_t len)
{
	int i, video;

	for (i = 0; i < NODES; i++) {
		snprintf(path, len, "/dev/video%d", i);
		video = open(path, O_RDWR | O_CLOEXEC);
		if (video < 0)
			continue;
		if (is_vivid(video, instance))
			return video;
		close(video);
	}
	return -ENODEV;
}

static int set_control(int video, __u32 id, __s32 value)
{
	struct v4l2_control control = { .id = id, .value = value };

	return xioctl(video, VIDIOC_S_CTRL, &control);
}

/* Fails with -EINVAL if the driver chooses another format. */
static int set_format(int video)
{
	struct v4l2_format format = {
		.type = V4L2_BUF_TYPE_VIDEO_CAPTURE,
		.fmt.pix = {
			.width = FRAME_WIDTH,
			.height = FRAME_HEIGHT,
			.pixelformat = V4L2_PIX_FMT_YUYV,
			.field = V4L2_FIELD_NONE,
		},
	};
	int input = 0, err;

	err = xioctl(video, VIDIOC_S_INPUT, &input);
	if (!err)
		err = xioctl(video, VIDIOC_S_FMT, &format);
	if (err)
		return err;
	return format.fmt.pix.sizeimage == FRAME_BYTES ? 0 : -EINVAL;
}

/**
 * set_picture() - Choose the picture, without text and without movement
 * @video: the device
 * @picture: entry of vivid's menu "Test Pattern"
 *
 * Return: 0 or a negative errno value.
 */
int set_picture(int video, unsigned int picture)
{
	const struct {
		__u32 id;
		__s32 value;
	} controls[] = {
		{ VIVID_TEST_PATTERN, picture },
		{ VIVID_OSD_TEXT_MODE, OSD_NONE },
		{ VIVID_HOR_MOVEMENT, MOVE_NONE },
		{ VIVID_VERT_MOVEMENT, MOVE_NONE },
		{ VIVID_INSERT_SAV, 0 },
		{ VIVID_INSERT_EAV, 0 },
	};
	unsigned int i;
	int err = 0;

	for (i = 0; !err && i < ARRAY_SIZE(controls); i++)
		err = set_control(video, controls[i].id, controls[i].value);
	return err;
}

/**
 * open_vivid() - Open a capture device of vivid, with the format and the picture set
 * @instance: number of the device
 * @path: filled in, the device node
 * @len: size of @path
 *
 * Return: a file descriptor, or a negative errno value: -ENODEV if there is none.
 */
int open_vivid(unsigned int instance, char *path, size_t len)
{
	int video = find_vivid(instance, path, len);
	int err;

	if (video < 0)
		return video;
	err = set_format(video);
	if (!err)
		err = set_picture(video, PICTURE);
	if (!err)
		return video;
	close(video);
	return err;
}

/**
 * request_buffers() - Set the number of buffers, which are dma-bufs
 * @video: the device
 * @count: the number; 0 to release them
 *
 * Return: 0 or a negative errno value.
 */
int request_buffers(int video, unsigned int count)
{
	struct v4l2_requestbuffers request = {
		.count = count,
		.type = V4L2_BUF_TYPE_VIDEO_CAPTURE,
		.memory = V4L2_MEMORY_DMABUF,
	};
	int err = xioctl(video, VIDIOC_REQBUFS, &request);

	if (err)
		return err;
	return request.count == count ? 0 : -ENOSPC;
}

/**
 * queue_buffer() - Queue a dma-buf for a frame
 * @video: the device
 * @index: number of the buffer
 * @fd: dma-buf
 *
 * Return: 0 or a negative errno value.
 */
int queue_buffer(int video, unsigned int index, int fd)
{
	struct v4l2_buffer buffer = {
		.index = index,
		.type = V4L2_BUF_TYPE_VIDEO_CAPTURE,
		.memory = V4L2_MEMORY_DMABUF,
		.m.fd = fd,
	};

	return xioctl(video, VIDIOC_QBUF, &buffer);
}

/**
 * dequeue_buffer() - Wait for a frame
 * @video: the device
 *
 * Return: number of the buffer that has it, or a negative errno value: -EIO if the frame
 * is incomplete, -ETIMEDOUT if there is none.
 */
int dequeue_buffer(int video)
{
	struct v4l2_buffer buffer = {
		.type = V4L2_BUF_TYPE_VIDEO_CAPTURE,
		.memory = V4L2_MEMORY_DMABUF,
	};
	struct pollfd poller = { .fd = video, .events = POLLIN };
	int err;

	if (poll(&poller, 1, FRAME_MS) != 1)
		return -ETIMEDOUT;
	err = xioctl(video, VIDIOC_DQBUF, &buffer);
	if (err)
		return err;
	if (buffer.flags & V4L2_BUF_FLAG_ERROR || buffer.bytesused != FRAME_BYTES)
		return -EIO;
	return buffer.index;
}

/**
 * stream() - Start or stop the capture
 * @video: the device
 * @on: start it
 *
 * Return: 0 or a negative errno value.
 */
int stream(int video, bool on)
{
	int type = V4L2_BUF_TYPE_VIDEO_CAPTURE;

	return xioctl(video, on ? VIDIOC_STREAMON : VIDIOC_STREAMOFF, &type);
}

/**
 * capture_by_v4l2_ctl() - Let v4l2-ctl capture a frame into the driver's own memory
 * @path: device node, which has its format and its picture
 * @file: file for the frame
 *
 * Return: 0; -ENOENT without v4l2-ctl; -EIO if it fails or if the frame has another size.
 */
int capture_by_v4l2_ctl(const char *path, const char *file)
{
	char command[256];
	FILE *frame;
	long size;
	int status;

	unlink(file);
	snprintf(command, sizeof(command),
		 "v4l2-ctl -d %s --stream-mmap=3 --stream-count=1 --stream-to=%s >/dev/null 2>&1",
		 path, file);
	status = system(command);
	if (status == 127 << 8)
		return -ENOENT;
	frame = status ? NULL : fopen(file, "re");
	if (!frame)
		return -EIO;
	fseek(frame, 0, SEEK_END);
	size = ftell(frame);
	fclose(frame);
	return size == FRAME_BYTES ? 0 : -EIO;
}
