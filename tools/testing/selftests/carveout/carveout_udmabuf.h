/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Fixture of the programs for u-dma-buf: a node, and its attributes as text.
 */
#ifndef CARVEOUT_UDMABUF_H
#define CARVEOUT_UDMABUF_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libcarveout.h>
#include <u-dma-buf-ioctl.h>

#define CLASS		"/sys/class/u-dma-buf/"
#define NODE		"udmabuf0"
#define SIZE		131072
#define TEXT(number)	TEXT_OF(number)
#define TEXT_OF(number)	#number

/* The value of a system call, or a negative errno. */
#define RESULT(call) ({ \
	long __value = (call); \
\
	__value < 0 ? -errno : __value; \
})

static inline int open_file(const char *path, int flags)
{
	return RESULT(open(path, flags, 0600));
}

static inline int open_node(int flags)
{
	return open_file("/dev/" NODE, flags);
}

static inline int open_attr(const char *name, int flags)
{
	char path[128];

	snprintf(path, sizeof(path), CLASS NODE "/%s", name);
	return open_file(path, flags);
}

/* The text of an attribute, until the next call for the same thread. */
static inline const char *value_of(const char *name)
{
	static __thread char text[64];
	int fd = open_attr(name, O_RDONLY);
	ssize_t size;

	if (fd < 0)
		return strerror(-fd);
	size = read(fd, text, sizeof(text) - 1);
	text[size < 0 ? 0 : size] = '\0';
	close(fd);
	return text;
}

static inline int write_text(int fd, const char *text)
{
	ssize_t size;

	if (fd < 0)
		return fd;
	size = RESULT(write(fd, text, strlen(text)));
	close(fd);
	return size < 0 ? size : size == (ssize_t)strlen(text) ? 0 : -EIO;
}

static inline int set(const char *name, const char *text)
{
	return write_text(open_attr(name, O_WRONLY), text);
}

static inline int manage(const char *command)
{
	return write_text(open_file("/dev/u-dma-buf-mgr", O_WRONLY | O_CREAT | O_TRUNC), command);
}

/* Do devices see what the CPU writes to this buffer? */
static inline bool is_coherent(const struct carveout_buffer_info *info)
{
	char path[128], value = '0';
	int fd;

	snprintf(path, sizeof(path), "/sys/class/carveout/%s/coherent", getenv("CARVEOUT_HEAP"));
	fd = open(path, O_RDONLY);
	if (fd < 0 || read(fd, &value, 1) != 1)
		abort();
	close(fd);
	return value == '1' || !(info->attrs & CARVEOUT_ATTR_CACHED);
}

/* The description of the node, as the heap has it. */
static inline int describe(struct carveout_buffer_info *info)
{
	struct carveout_heap *heap;
	int err, fd;

	err = carveout_open(getenv("CARVEOUT_HEAP"), O_RDWR, &heap);
	if (err)
		return err;
	fd = carveout_open_tag(heap, NODE, O_RDONLY, NULL);
	err = fd < 0 ? fd : carveout_info(heap, fd, info);
	if (fd >= 0)
		close(fd);
	carveout_close(heap);
	return err;
}

/*
 * This program again, with descriptors, or -1 for none. A board has no loader at the usual
 * place.
 */
static inline void exec_again(int node, int attr)
{
	char first[16], second[16];

	snprintf(first, sizeof(first), "%d", node);
	snprintf(second, sizeof(second), "%d", attr);
	execl("./carveout_loader", "carveout_loader", "--library-path", ".", "--preload",
	      "./libcarveout-udmabuf.so", "./carveout_udmabuf_file", first, second, (char *)NULL);
	exit(127);
}

static inline int after_exec(int node, int attr)
{
	FILE *stream = fdopen(attr, "w");
	uint64_t size = 0;

	if (fprintf(stream, "2\n") != 2)
		return 1;
	if (node < 0)
		return 0;
	if (lseek(node, 0, SEEK_CUR) != 4 || write(node, "ed", 2) != 2)
		return 2;
	return ioctl(node, U_DMA_BUF_IOCTL_GET_SIZE, &size) || size != SIZE ? 3 : 0;
}

FIXTURE(udmabuf) {
	struct carveout_buffer_info info;
};

FIXTURE_SETUP(udmabuf)
{
	ASSERT_EQ(0, manage("create " NODE " " TEXT(SIZE)));
	ASSERT_EQ(0, describe(&self->info));
}

FIXTURE_TEARDOWN_PARENT(udmabuf)
{
	EXPECT_EQ(0, manage("delete " NODE));
}

#endif /* CARVEOUT_UDMABUF_H */
