// SPDX-License-Identifier: GPL-2.0
/*
 * Fake driver for the carveout command: heaps that are described by files.
 *
 * The linker redirects the command's ioctl() calls here. A "device node" is a file, and its
 * lines are the state of the heap at the time of the call, so that a test changes the heap
 * by replacing the file:
 *
 *	region NAME SIZE ATTRS
 *	buffer TAG LABEL SIZE REGION OFFSET REFS FLAGS PID COMM
 *	pool BLOCK-SIZE BLOCKS FREE HIGH WAITERS
 *	high BYTES
 *	error COMMAND ERRNO		the command with this number fails
 *	hidden				the caller has no CAP_DAC_OVERRIDE
 *
 * In names '-' is an empty one, and %NN a byte. Buffers are in the order of their addresses.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/carveout.h>
#include <linux/dma-buf.h>

#include "fake.h"

#define REGIONS		4
#define BUFFERS		4096
#define PAGE		4096

struct fake {
	struct carveout_ioctl_region regions[REGIONS];
	struct carveout_buffer_info buffers[BUFFERS];
	struct carveout_ioctl_pool_query pool;
	unsigned int region_count;
	unsigned int buffer_count;
	unsigned long long high;
	bool hidden;
	int error;
};

static struct fake fake;

/* === The file ============================================================= */

static void set_name(char *field, size_t size, const char *text)
{
	unsigned int byte;
	size_t used = 0;

	memset(field, 0, size);
	if (!strcmp(text, "-"))
		return;
	while (*text && used < size - 1) {
		if (*text == '%' && sscanf(text, "%%%2x", &byte) == 1) {
			field[used++] = byte;
			text += 3;
		} else {
			field[used++] = *text++;
		}
	}
}

static void read_region(const char *line)
{
	struct carveout_ioctl_region *region = &fake.regions[fake.region_count];
	unsigned long long size;
	char name[300];

	if (fake.region_count == REGIONS ||
	    sscanf(line, "region %299s %lli %i", name, &size, (int *)&region->attrs) != 3)
		abort();
	set_name(region->name, sizeof(region->name), name);
	region->index = fake.region_count++;
	region->size = size;
	region->flags = CARVEOUT_REGION_BASE;
	region->base = 0x60000000 + region->index * 0x10000000ULL;
}

static void read_buffer(const char *line)
{
	struct carveout_buffer_info *buffer = &fake.buffers[fake.buffer_count];
	char tag[300], label[300], comm[300];
	unsigned long long size, offset;

	if (fake.buffer_count == BUFFERS ||
	    sscanf(line, "buffer %299s %299s %lli %i %lli %i %i %i %299s", tag, label, &size,
		   (int *)&buffer->region, &offset, (int *)&buffer->refs,
		   (int *)&buffer->flags, (int *)&buffer->pid, comm) != 9)
		abort();
	set_name(buffer->tag, sizeof(buffer->tag), tag);
	set_name(buffer->label, sizeof(buffer->label), label);
	set_name(buffer->comm, sizeof(buffer->comm), comm);
	buffer->size = size;
	buffer->offset = offset;
	buffer->mode = 0600;
	buffer->generation = ++fake.buffer_count;
	fake.regions[buffer->region].used += size;
	fake.regions[buffer->region].spans++;
}

static void read_pool(const char *line)
{
	unsigned long long size;

	if (sscanf(line, "pool %lli %u %u %u %u", &size, &fake.pool.blocks, &fake.pool.free,
		   &fake.pool.high_water, &fake.pool.waiters) != 5)
		abort();
	fake.pool.block_size = size;
	fake.pool.size = size * fake.pool.blocks;
}

static void read_state(int fd, unsigned int command)
{
	char path[64], line[2048];
	unsigned int number;
	int error;
	FILE *file;

	memset(&fake, 0, sizeof(fake));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file)) {
		if (!strncmp(line, "region ", 7))
			read_region(line);
		else if (!strncmp(line, "buffer ", 7))
			read_buffer(line);
		else if (!strncmp(line, "pool ", 5))
			read_pool(line);
		else if (sscanf(line, "error %i %i", (int *)&number, &error) == 2)
			fake.error = number == command ? error : fake.error;
		else if (sscanf(line, "high %lli", (long long *)&fake.high) != 1)
			fake.hidden |= !strcmp(line, "hidden\n");
	}
	if (file)
		fclose(file);
}

/* The file that describes the heap of a buffer or pool: the name of its memory file. */
static int heap_of(int fd)
{
	char path[64], link[256], *name;
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	length = readlink(path, link, sizeof(link) - 1);
	if (length < 0)
		return -1;
	link[length] = '\0';
	name = strstr(link, "memfd:");
	return name ? atoi(name + strlen("memfd:")) : fd;
}

/* === Replies ============================================================== */

static unsigned long long largest_hole(const struct carveout_ioctl_region *region)
{
	unsigned long long end = 0, hole = 0;
	unsigned int i;

	for (i = 0; i < fake.buffer_count; i++) {
		if (fake.buffers[i].region != region->index)
			continue;
		if (fake.buffers[i].offset - end > hole)
			hole = fake.buffers[i].offset - end;
		end = fake.buffers[i].offset + fake.buffers[i].size;
	}
	return region->size - end > hole ? region->size - end : hole;
}

static int reply_query(int fd, struct carveout_ioctl_query *query)
{
	char path[64], link[256] = "";
	unsigned int i;

	memset(query, 0, sizeof(*query));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (readlink(path, link, sizeof(link) - 1) > 0)
		set_name(query->name, sizeof(query->name), strrchr(link, '/') + 1);
	query->page_size = PAGE;
	query->max_align = 1 << 20;
	query->capabilities = CARVEOUT_CAP_TAGS | CARVEOUT_CAP_POOL;
	query->regions = fake.region_count;
	query->buffers = fake.buffer_count;
	for (i = 0; i < fake.region_count; i++) {
		query->size += fake.regions[i].size;
		query->used += fake.regions[i].used;
		query->attrs |= fake.regions[i].attrs;
		if (largest_hole(&fake.regions[i]) > query->largest_hole)
			query->largest_hole = largest_hole(&fake.regions[i]);
	}
	query->high_water = fake.high > query->used ? fake.high : query->used;
	return 0;
}

static int reply_region(struct carveout_ioctl_region *region)
{
	if (region->index >= fake.region_count)
		return -ENOENT;
	*region = fake.regions[region->index];
	region->high_water = region->used;
	region->largest_hole = largest_hole(region);
	return 0;
}

static unsigned int add_span(struct carveout_ioctl_span *spans, unsigned int count,
			     unsigned int region, unsigned long long from,
			     unsigned long long to, bool used)
{
	if (from == to || (fake.hidden && !used))
		return count;
	spans[count] = (struct carveout_ioctl_span) {
		.region = region, .offset = from, .size = to - from, .used = used,
	};
	return count + 1;
}

static unsigned int make_spans(struct carveout_ioctl_span *spans)
{
	unsigned int count = 0, i, j;
	unsigned long long end;

	for (i = 0; i < fake.region_count; i++) {
		end = 0;
		for (j = 0; j < fake.buffer_count; j++) {
			const struct carveout_buffer_info *buffer = &fake.buffers[j];

			if (buffer->region != i)
				continue;
			count = add_span(spans, count, i, end, buffer->offset, false);
			end = buffer->offset + buffer->size;
			count = add_span(spans, count, i, buffer->offset, end, true);
		}
		count = add_span(spans, count, i, end, fake.regions[i].size, false);
	}
	return count;
}

/* The cursor is an index. */
static int reply_list(struct carveout_ioctl_list *list, const void *entries, size_t size,
		      unsigned int count)
{
	unsigned int n = list->cursor < count ? count - list->cursor : 0;

	if (n > list->count)
		n = list->count;
	memcpy((void *)(uintptr_t)list->entries, (const char *)entries + list->cursor * size,
	       n * size);
	list->cursor += n;
	list->count = n;
	return 0;
}

static int new_memory(int heap, unsigned long long size)
{
	char name[16];
	int fd;

	snprintf(name, sizeof(name), "%d", dup(heap));
	fd = memfd_create(name, MFD_CLOEXEC);
	if (fd >= 0 && ftruncate(fd, size))
		abort();
	return fd;
}

static int reply_open(int fd, struct carveout_ioctl_open *open)
{
	unsigned int i;

	for (i = 0; i < fake.buffer_count; i++)
		if (!strcmp(fake.buffers[i].tag, open->tag))
			break;
	if (i == fake.buffer_count)
		return -ENOENT;
	open->size = fake.buffers[i].size;
	open->fd = new_memory(fd, open->size);
	return 0;
}

static int reply_alloc(int fd, struct carveout_ioctl_alloc *alloc)
{
	alloc->size = (alloc->size + PAGE - 1) / PAGE * PAGE;
	alloc->created = CARVEOUT_ALLOC_CREATED;
	alloc->generation = 77;
	alloc->fd = new_memory(fd, alloc->size);
	return 0;
}

static int reply(int fd, unsigned long command, void *argument)
{
	static struct carveout_ioctl_span spans[2 * BUFFERS + REGIONS];

	switch (_IOC_NR(command)) {
	case _IOC_NR(CARVEOUT_IOCTL_QUERY):
		return reply_query(fd, argument);
	case _IOC_NR(CARVEOUT_IOCTL_REGION):
		return reply_region(argument);
	case _IOC_NR(CARVEOUT_IOCTL_LIST):
		return reply_list(argument, fake.buffers, sizeof(*fake.buffers),
				  fake.buffer_count);
	case _IOC_NR(CARVEOUT_IOCTL_SPANS):
		return reply_list(argument, spans, sizeof(*spans), make_spans(spans));
	case _IOC_NR(CARVEOUT_IOCTL_ALLOC):
		return reply_alloc(fd, argument);
	case _IOC_NR(CARVEOUT_IOCTL_OPEN):
		return reply_open(fd, argument);
	case _IOC_NR(CARVEOUT_IOCTL_RESIZE):
		((struct carveout_ioctl_resize *)argument)->new_fd = new_memory(fd, PAGE);
		return 0;
	case _IOC_NR(CARVEOUT_IOCTL_POOL_CREATE):
		((struct carveout_ioctl_pool_create *)argument)->fd = new_memory(fd, PAGE);
		return 0;
	case _IOC_NR(CARVEOUT_IOCTL_POOL_OPEN):
		((struct carveout_ioctl_pool_open *)argument)->fd = new_memory(fd, PAGE);
		return 0;
	case _IOC_NR(CARVEOUT_POOL_IOCTL_QUERY):
		*(struct carveout_ioctl_pool_query *)argument = fake.pool;
		return 0;
	case _IOC_NR(CARVEOUT_POOL_IOCTL_ACQUIRE):
		((struct carveout_ioctl_pool_acquire *)argument)->serial = 5;
		return 0;
	default:
		return 0;
	}
}

int __wrap_ioctl(int fd, unsigned long command, ...)
{
	void *argument;
	va_list args;

	va_start(args, command);
	argument = va_arg(args, void *);
	va_end(args);
	/* The memory of a buffer needs no maintenance; terminals are real. */
	if (_IOC_TYPE(command) == DMA_BUF_BASE)
		return 0;
	if (_IOC_TYPE(command) != CARVEOUT_IOC_MAGIC)
		return __real_ioctl(fd, command, argument);
	fd = heap_of(fd);
	read_state(fd, _IOC_NR(command));
	errno = fake.error ? fake.error : -reply(fd, command, argument);
	return errno ? -1 : 0;
}
