// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The ioctls of a node.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "u-dma-buf-ioctl.h"
#include "udmabuf.h"

/* === The driver and the buffer ============================================ */

static int get_drv_info(u_dma_buf_ioctl_drv_info *info)
{
	memset(info, 0, sizeof(*info));
	SET_U_DMA_BUF_IOCTL_FLAGS_IOCTL_VERSION(info, 2);
	SET_U_DMA_BUF_IOCTL_FLAGS_USE_QUIRK_MMAP(info, 1);
	SET_U_DMA_BUF_IOCTL_FLAGS_USE_QUIRK_MMAP_PAGE(info, 1);
	strcpy(info->version, UDMABUF_VERSION);
	return 0;
}

static int get_address(const struct udmabuf_node *node, uint64_t *address)
{
	if (!(node->info.flags & CARVEOUT_BUFFER_PHYS))
		return -EACCES;
	*address = node->info.phys;
	return 0;
}

static int get_dev_info(const struct udmabuf_node *node, u_dma_buf_ioctl_dev_info *info)
{
	uint64_t address;
	int err;

	err = get_address(node, &address);
	if (err)
		return err;
	memset(info, 0, sizeof(*info));
	SET_U_DMA_BUF_IOCTL_FLAGS_DMA_MASK(info, 64);
	SET_U_DMA_BUF_IOCTL_FLAGS_DMA_COHERENT(info, udmabuf_is_coherent(node));
	SET_U_DMA_BUF_IOCTL_FLAGS_MMAP_MODE(info, udmabuf_quirk_mode(node));
	info->size = node->info.size;
	info->addr = address;
	return 0;
}

/* === Settings ============================================================= */

static int get_owner(const struct udmabuf_node *node, uint32_t *owner)
{
	struct udmabuf_settings settings;
	int err;

	err = udmabuf_settings_read(node, &settings);
	if (!err)
		*owner = settings.owner;
	return err;
}

static int get_sync(const struct udmabuf_node *node, u_dma_buf_ioctl_sync_args *args)
{
	struct udmabuf_settings settings;
	int err;

	err = udmabuf_settings_read(node, &settings);
	if (err)
		return err;
	memset(args, 0, sizeof(*args));
	SET_U_DMA_BUF_IOCTL_FLAGS_SYNC_DIR(args, settings.direction);
	SET_U_DMA_BUF_IOCTL_FLAGS_SYNC_MODE(args, settings.mode);
	SET_U_DMA_BUF_IOCTL_FLAGS_SYNC_OWNER(args, settings.owner);
	args->size = settings.size;
	args->offset = settings.offset;
	return 0;
}

/* A size of 0, a mode of 0 and a direction of 3 stand for no change. */
static void change(struct udmabuf_settings *settings, u_dma_buf_ioctl_sync_args *args)
{
	int direction = GET_U_DMA_BUF_IOCTL_FLAGS_SYNC_DIR(args);
	int mode = GET_U_DMA_BUF_IOCTL_FLAGS_SYNC_MODE(args);

	settings->offset = args->offset;
	if (args->size)
		settings->size = args->size;
	if (mode)
		settings->mode = mode;
	if (direction != 3)
		settings->direction = direction;
}

static int store(const struct udmabuf_node *node, const struct udmabuf_settings *settings)
{
	struct udmabuf_settings *shared;
	int err;

	err = udmabuf_settings_map(node, &shared);
	if (err)
		return err;
	shared->offset = settings->offset;
	shared->size = settings->size;
	shared->mode = settings->mode;
	shared->direction = settings->direction;
	udmabuf_settings_unmap(shared);
	return 0;
}

/* Which direction of udmabuf_sync() a command stands for, or 0. */
static uint32_t sync_to(u_dma_buf_ioctl_sync_args *args)
{
	switch (GET_U_DMA_BUF_IOCTL_FLAGS_SYNC_CMD(args)) {
	case U_DMA_BUF_IOCTL_FLAGS_SYNC_CMD_FOR_CPU:
		return CARVEOUT_SYNC_FOR_CPU;
	case U_DMA_BUF_IOCTL_FLAGS_SYNC_CMD_FOR_DEVICE:
		return CARVEOUT_SYNC_FOR_DEVICE;
	default:
		return 0;
	}
}

/* All is checked before the settings change. */
static int set_sync(const struct udmabuf_node *node, const struct udmabuf_file *file,
		    u_dma_buf_ioctl_sync_args *args)
{
	uint32_t to = sync_to(args);
	struct udmabuf_settings settings;
	int err;

	if (file->access == O_RDONLY)
		return -EBADF;
	err = udmabuf_settings_read(node, &settings);
	if (err)
		return err;
	change(&settings, args);
	err = settings.mode > 7 ? -EINVAL : udmabuf_check_mode(node, settings.mode, false);
	if (!err && to)
		err = udmabuf_check_part(node, &settings);
	if (!err)
		err = store(node, &settings);
	return !err && to ? udmabuf_sync(node, to, 1) : err;
}

/* === Export =============================================================== */

/* A dma-buf of the driver is always one of a whole buffer. */
static int check_part(const struct udmabuf_node *node, const u_dma_buf_ioctl_export_args *args)
{
	uint64_t page = sysconf(_SC_PAGESIZE);

	if (!args->size || args->size % page || args->offset % page)
		return -EINVAL;
	if (args->offset > node->info.size || args->size > node->info.size - args->offset)
		return -EINVAL;
	return args->size == node->info.size ? 0 : -EOPNOTSUPP;
}

static int check_flags(const struct udmabuf_node *node, const struct udmabuf_file *file,
		       int flags)
{
	struct udmabuf_settings settings;
	int err;

	if (flags & ~(O_CLOEXEC | O_SYNC | O_ACCMODE) || (flags & O_ACCMODE) == O_ACCMODE)
		return -EINVAL;
	if ((flags & O_ACCMODE) != O_RDONLY && file->access == O_RDONLY)
		return -EACCES;
	err = udmabuf_settings_read(node, &settings);
	return err ? err : udmabuf_check_mode(node, settings.mode, flags & O_SYNC);
}

/* A second descriptor of the node can write; one that cannot is opened by the tag. */
static int open_export(const struct udmabuf_node *node, int flags)
{
	struct carveout_opened opened = CARVEOUT_OPENED_INIT;
	int cloexec = flags & O_CLOEXEC, fd;

	if ((flags & O_ACCMODE) != O_RDONLY) {
		fd = fcntl(node->fd, cloexec ? F_DUPFD_CLOEXEC : F_DUPFD, 0);
		return fd < 0 ? -errno : fd;
	}
	if (!node->info.tag[0])
		return -ENODEV;
	fd = carveout_open_tag(node->heap, node->info.tag, O_RDONLY | cloexec, &opened);
	if (fd >= 0 && opened.generation != node->info.generation) {
		udmabuf_close(fd);
		return -ENODEV;
	}
	return fd == -ENOENT ? -ENODEV : fd;
}

static int export(const struct udmabuf_node *node, const struct udmabuf_file *file,
		  u_dma_buf_ioctl_export_args *args)
{
	int flags = GET_U_DMA_BUF_IOCTL_FLAGS_EXPORT_FD_FLAGS(args);
	int err;

	err = check_flags(node, file, flags);
	if (!err)
		err = check_part(node, args);
	if (!err)
		err = get_address(node, &args->addr);
	if (err)
		return err;
	err = open_export(node, flags);
	if (err < 0)
		return err;
	args->fd = err;
	return 0;
}

/* === Commands ============================================================= */

static int set_owner(const struct udmabuf_node *node, uint32_t to, const uint64_t *command)
{
	return udmabuf_sync(node, to, *command);
}

static int execute(const struct udmabuf_node *node, const struct udmabuf_file *file,
		   unsigned int command, void *argument)
{
	switch (command) {
	case U_DMA_BUF_IOCTL_GET_SIZE:
		*(uint64_t *)argument = node->info.size;
		return 0;
	case U_DMA_BUF_IOCTL_GET_DMA_ADDR:
		return get_address(node, argument);
	case U_DMA_BUF_IOCTL_GET_SYNC_OWNER:
		return get_owner(node, argument);
	case U_DMA_BUF_IOCTL_SET_SYNC_FOR_CPU:
		return set_owner(node, CARVEOUT_SYNC_FOR_CPU, argument);
	case U_DMA_BUF_IOCTL_SET_SYNC_FOR_DEVICE:
		return set_owner(node, CARVEOUT_SYNC_FOR_DEVICE, argument);
	case U_DMA_BUF_IOCTL_GET_DRV_INFO:
		return get_drv_info(argument);
	case U_DMA_BUF_IOCTL_GET_DEV_INFO:
		return get_dev_info(node, argument);
	case U_DMA_BUF_IOCTL_GET_SYNC:
		return get_sync(node, argument);
	case U_DMA_BUF_IOCTL_SET_SYNC:
		return set_sync(node, file, argument);
	case U_DMA_BUF_IOCTL_EXPORT:
		return export(node, file, argument);
	default:
		return -ENOTTY;
	}
}

int udmabuf_ioctl(int fd, const struct udmabuf_file *file, unsigned int command,
		  void *argument)
{
	struct udmabuf_node node;
	int err;

	err = udmabuf_node_of(&node, fd);
	if (err)
		return err;
	err = execute(&node, file, command, argument);
	udmabuf_node_put(&node);
	return err;
}
