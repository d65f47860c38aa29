// SPDX-License-Identifier: GPL-2.0
/*
 * A program reads and writes a part of a buffer that a device has mapped, and maintains the
 * caches before and after it. The device is vgem, which does not snoop them. Only carveout
 * maintains them for a part: DMA_BUF_IOCTL_SYNC is for the whole buffer.
 */
#include <fcntl.h>
#include <unistd.h>
#include <linux/carveout.h>
#include <linux/dma-buf.h>
#include <sys/ioctl.h>

#include "users.h"

/* Part of <drm/drm.h>, which not every machine has. */
struct drm_prime_handle {
	__u32 handle;
	__u32 flags;
	__s32 fd;
};

#define DRM_IOCTL_PRIME_FD_TO_HANDLE	_IOWR('d', 0x2e, struct drm_prime_handle)

#define PART		(4 * KIB)
#define BUFFER		(16 * MIB)
#define SAMPLES		11
/* Accesses of a sample: the timer of the CPU has a resolution of some instructions. */
#define ACCESSES	16

/* === Maintenance ========================================================== */

static void sync_part(int fd, unsigned int flags)
{
	struct carveout_sync_range part = { .offset = BUFFER / 2, .size = PART };
	struct carveout_ioctl_sync sync = {
		.fd = fd,
		.flags = flags,
		.ranges = (__u64)(unsigned long)&part,
		.count = 1,
	};

	if (ioctl(heaps.pages, CARVEOUT_IOCTL_SYNC, &sync))
		die("SYNC");
}

static void access_part(int fd)
{
	sync_part(fd, CARVEOUT_SYNC_FOR_CPU);
	sync_part(fd, CARVEOUT_SYNC_FOR_DEVICE);
}

static void sync_buffer(int fd, __u64 flags)
{
	struct dma_buf_sync sync = { .flags = flags | DMA_BUF_SYNC_RW };

	if (ioctl(fd, DMA_BUF_IOCTL_SYNC, &sync))
		die("DMA_BUF_IOCTL_SYNC");
}

static void access_buffer(int fd)
{
	sync_buffer(fd, DMA_BUF_SYNC_START);
	sync_buffer(fd, DMA_BUF_SYNC_END);
}

/* === Rows ================================================================= */

/* The buffer stays mapped for the device until the program ends. */
static void import(int fd)
{
	struct drm_prime_handle prime = { .fd = fd };
	int device = open("/dev/dri/card0", O_RDWR | O_CLOEXEC);

	if (device < 0 || ioctl(device, DRM_IOCTL_PRIME_FD_TO_HANDLE, &prime))
		die("vgem");
}

static void compare(const char *name, int fd, void (*access)(int fd))
{
	unsigned long long times[SAMPLES], start;
	unsigned int i, sample;

	if (fd < 0) {
		report_absent("caches", name);
		return;
	}
	import(fd);
	access(fd);
	for (sample = 0; sample < SAMPLES; sample++) {
		start = now();
		for (i = 0; i < ACCESSES; i++)
			access(fd);
		times[sample] = (now() - start) / ACCESSES;
	}
	report("caches", PART, name, median(times, SAMPLES));
	close(fd);
}

void bench_caches(void)
{
	compare("carveout", carveout_alloc(heaps.pages, BUFFER, NULL), access_part);
	compare("heap-system", make_buffer("heap-system", BUFFER), access_buffer);
	compare("udmabuf", make_buffer("udmabuf", BUFFER), access_buffer);
}
