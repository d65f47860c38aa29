/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The ioctls of a u-dma-buf node, for programs to compile with. Numbers, structures and
 * names are those of u-dma-buf 5.5.
 *
 * A structure has several small values in its member flags. SET_U_DMA_BUF_IOCTL_FLAGS_x()
 * and GET_U_DMA_BUF_IOCTL_FLAGS_x() access the value x.
 */
#ifndef U_DMA_BUF_IOCTL_H
#define U_DMA_BUF_IOCTL_H

#include <stdint.h>

#include <linux/ioctl.h>

/* Functions for the value @name in @flags of @type, in the bits @low to @high. */
#define DEFINE_U_DMA_BUF_IOCTL_FLAGS(name, type, low, high) \
enum { U_DMA_BUF_IOCTL_FLAGS_ ## name ## _SHIFT = (low) }; \
static const uint64_t U_DMA_BUF_IOCTL_FLAGS_ ## name ## _MASK = \
	(UINT64_C(2) << ((high) - U_DMA_BUF_IOCTL_FLAGS_ ## name ## _SHIFT)) - 1; \
static inline void SET_U_DMA_BUF_IOCTL_FLAGS_ ## name(type *arg, int value) \
{ \
	uint64_t mask = U_DMA_BUF_IOCTL_FLAGS_ ## name ## _MASK; \
	int shift = U_DMA_BUF_IOCTL_FLAGS_ ## name ## _SHIFT; \
\
	arg->flags = (arg->flags & ~(mask << shift)) | (((uint64_t)value & mask) << shift); \
} \
static inline int GET_U_DMA_BUF_IOCTL_FLAGS_ ## name(type *arg) \
{ \
	return (arg->flags >> U_DMA_BUF_IOCTL_FLAGS_ ## name ## _SHIFT) & \
	       U_DMA_BUF_IOCTL_FLAGS_ ## name ## _MASK; \
}

/* The driver: version is its version as text. */
typedef struct {
	uint64_t flags;
	char version[16];
} u_dma_buf_ioctl_drv_info;

DEFINE_U_DMA_BUF_IOCTL_FLAGS(IOCTL_VERSION, u_dma_buf_ioctl_drv_info, 0, 7)
DEFINE_U_DMA_BUF_IOCTL_FLAGS(IN_KERNEL_FUNCTIONS, u_dma_buf_ioctl_drv_info, 8, 8)
DEFINE_U_DMA_BUF_IOCTL_FLAGS(USE_OF_DMA_CONFIG, u_dma_buf_ioctl_drv_info, 12, 12)
DEFINE_U_DMA_BUF_IOCTL_FLAGS(USE_OF_RESERVED_MEM, u_dma_buf_ioctl_drv_info, 13, 13)
DEFINE_U_DMA_BUF_IOCTL_FLAGS(USE_QUIRK_MMAP, u_dma_buf_ioctl_drv_info, 16, 16)
DEFINE_U_DMA_BUF_IOCTL_FLAGS(USE_QUIRK_MMAP_PAGE, u_dma_buf_ioctl_drv_info, 17, 17)

/* The buffer: its size in bytes and its physical address. */
typedef struct {
	uint64_t flags;
	uint64_t size;
	uint64_t addr;
} u_dma_buf_ioctl_dev_info;

DEFINE_U_DMA_BUF_IOCTL_FLAGS(DMA_MASK, u_dma_buf_ioctl_dev_info, 0, 7)
DEFINE_U_DMA_BUF_IOCTL_FLAGS(DMA_COHERENT, u_dma_buf_ioctl_dev_info, 9, 9)
DEFINE_U_DMA_BUF_IOCTL_FLAGS(MMAP_MODE, u_dma_buf_ioctl_dev_info, 10, 12)

/* Cache maintenance: the range in bytes, the direction, the mode and the owner. */
typedef struct {
	uint64_t flags;
	uint64_t size;
	uint64_t offset;
} u_dma_buf_ioctl_sync_args;

DEFINE_U_DMA_BUF_IOCTL_FLAGS(SYNC_CMD, u_dma_buf_ioctl_sync_args, 0, 1)
DEFINE_U_DMA_BUF_IOCTL_FLAGS(SYNC_DIR, u_dma_buf_ioctl_sync_args, 2, 3)
DEFINE_U_DMA_BUF_IOCTL_FLAGS(SYNC_MODE, u_dma_buf_ioctl_sync_args, 8, 15)
DEFINE_U_DMA_BUF_IOCTL_FLAGS(SYNC_OWNER, u_dma_buf_ioctl_sync_args, 16, 16)

/* Values of SYNC_CMD; others only change the settings. */
enum {
	U_DMA_BUF_IOCTL_FLAGS_SYNC_CMD_FOR_CPU = 1,
	U_DMA_BUF_IOCTL_FLAGS_SYNC_CMD_FOR_DEVICE = 3
};

/* A dma-buf of a part of the buffer: returns its physical address and a descriptor. */
typedef struct {
	uint64_t flags;
	uint64_t size;
	uint64_t offset;
	uint64_t addr;
	int fd;
} u_dma_buf_ioctl_export_args;

DEFINE_U_DMA_BUF_IOCTL_FLAGS(EXPORT_FD_FLAGS, u_dma_buf_ioctl_export_args, 0, 31)

#define U_DMA_BUF_IOCTL_MAGIC		'U'
#define U_DMA_BUF_IOCTL_GET_DRV_INFO	_IOR(U_DMA_BUF_IOCTL_MAGIC, 1, u_dma_buf_ioctl_drv_info)
#define U_DMA_BUF_IOCTL_GET_SIZE	_IOR(U_DMA_BUF_IOCTL_MAGIC, 2, uint64_t)
#define U_DMA_BUF_IOCTL_GET_DMA_ADDR	_IOR(U_DMA_BUF_IOCTL_MAGIC, 3, uint64_t)
#define U_DMA_BUF_IOCTL_GET_SYNC_OWNER	_IOR(U_DMA_BUF_IOCTL_MAGIC, 4, uint32_t)
#define U_DMA_BUF_IOCTL_SET_SYNC_FOR_CPU	_IOW(U_DMA_BUF_IOCTL_MAGIC, 5, uint64_t)
#define U_DMA_BUF_IOCTL_SET_SYNC_FOR_DEVICE	_IOW(U_DMA_BUF_IOCTL_MAGIC, 6, uint64_t)
#define U_DMA_BUF_IOCTL_GET_DEV_INFO	_IOR(U_DMA_BUF_IOCTL_MAGIC, 7, u_dma_buf_ioctl_dev_info)
#define U_DMA_BUF_IOCTL_GET_SYNC	_IOR(U_DMA_BUF_IOCTL_MAGIC, 8, u_dma_buf_ioctl_sync_args)
#define U_DMA_BUF_IOCTL_SET_SYNC	_IOW(U_DMA_BUF_IOCTL_MAGIC, 9, u_dma_buf_ioctl_sync_args)
#define U_DMA_BUF_IOCTL_EXPORT \
	_IOWR(U_DMA_BUF_IOCTL_MAGIC, 10, u_dma_buf_ioctl_export_args)

#endif /* U_DMA_BUF_IOCTL_H */
