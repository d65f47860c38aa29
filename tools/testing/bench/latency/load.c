// SPDX-License-Identifier: GPL-2.0
/*
 *	load NODE SECONDS
 *
 * Load for a measurement of latency: of 512 tagged buffers of a heap, one after the other is
 * replaced by one of another size and alignment, and in between a block of a pool is released
 * and acquired, and a tag is opened that exists and one that does not.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include <linux/carveout.h>

#define KIB		1024UL
#define BUFFERS		512

static int heap, pool;
static struct carveout_ioctl_pool_acquire block;

static void __attribute__((noreturn)) die(const char *what)
{
	fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void make_pool(void)
{
	struct carveout_ioctl_pool_create create = {
		.block_size = 4 * KIB,
		.count = 16,
		.fd_flags = O_RDWR | O_CLOEXEC,
		.mode = 0600,
	};

	snprintf(create.tag, sizeof(create.tag), "load.%d", getpid());
	if (ioctl(heap, CARVEOUT_IOCTL_POOL_CREATE, &create))
		die("POOL_CREATE");
	pool = create.fd;
	block.deadline = CARVEOUT_DEADLINE_NONE;
	if (ioctl(pool, CARVEOUT_POOL_IOCTL_ACQUIRE, &block))
		die("ACQUIRE");
}

static void replace_block(void)
{
	struct carveout_ioctl_pool_release release = {
		.index = block.index,
		.serial = block.serial,
	};

	block.ticket = 0;
	if (ioctl(pool, CARVEOUT_POOL_IOCTL_RELEASE, &release) ||
	    ioctl(pool, CARVEOUT_POOL_IOCTL_ACQUIRE, &block))
		die("RELEASE");
}

static void open_tag(unsigned int number)
{
	struct carveout_ioctl_open open = { .fd_flags = O_RDWR | O_CLOEXEC };

	snprintf(open.tag, sizeof(open.tag), "load.%d.%u", getpid(), number);
	if (!ioctl(heap, CARVEOUT_IOCTL_OPEN, &open))
		close(open.fd);
	else if (errno != ENOENT)
		die("OPEN");
}

/* The heap may be too fragmented for one of them. */
static int make_buffer(unsigned int number)
{
	struct carveout_ioctl_alloc alloc = {
		.size = (1 + rand() % 32) * 4 * KIB,
		.align = (4 * KIB) << rand() % 6,
		.fd_flags = O_RDWR | O_CLOEXEC,
		.mode = 0600,
	};

	snprintf(alloc.tag, sizeof(alloc.tag), "load.%d.%u", getpid(), number);
	if (!ioctl(heap, CARVEOUT_IOCTL_ALLOC, &alloc))
		return alloc.fd;
	if (errno != ENOSPC)
		die("ALLOC");
	return -1;
}

int main(int argc, char **argv)
{
	static int buffers[BUFFERS];
	time_t end;
	unsigned int i;

	heap = open(argc > 1 ? argv[1] : "", O_RDWR | O_CLOEXEC);
	if (heap < 0)
		die("device node");
	make_pool();
	for (i = 0; i < BUFFERS; i++)
		buffers[i] = make_buffer(i);
	end = time(NULL) + (argc > 2 ? atoi(argv[2]) : 1);
	while (time(NULL) < end) {
		i = rand() % BUFFERS;
		if (buffers[i] >= 0)
			close(buffers[i]);
		buffers[i] = make_buffer(i);
		replace_block();
		open_tag(i);
		open_tag(BUFFERS);
	}
	return 0;
}
