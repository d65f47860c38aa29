// SPDX-License-Identifier: GPL-2.0
/*
 * Processes that hold buffers and pools.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exit.h"
#include "holders.h"

/* Links of descriptors in /proc; the first one continues with the name of the dma-buf. */
#define DMABUF_LINK	"/dmabuf:"
#define POOL_LINK	"anon_inode:[carveout_pool]"

/*
 * A dma-buf, and the place of its buffer. The number of its inode is never reused. The place
 * of its buffer does not change, in contrast to the buffer's generation.
 */
struct known {
	uint64_t inode;
	char heap[CARVEOUT_NAME_LEN];
	uint32_t region;
	uint64_t offset;
	bool seen;
};

/* Duplicating a descriptor makes a resize of its buffer fail, so it is done only once. */
static struct {
	struct known *list;
	size_t count;
} known;

static void *grow(void *array, size_t count, size_t size)
{
	array = realloc(array, (count + 1) * size);
	if (!array)
		die("out of memory");
	return array;
}

/* === Dma-bufs ============================================================= */

static struct known *find_known(uint64_t inode)
{
	size_t i;

	for (i = 0; i < known.count; i++)
		if (known.list[i].inode == inode)
			return &known.list[i];
	return NULL;
}

static void forget_unseen(void)
{
	size_t kept = 0, i;

	for (i = 0; i < known.count; i++)
		if (known.list[i].seen)
			known.list[kept++] = known.list[i];
	known.count = kept;
	for (i = 0; i < known.count; i++)
		known.list[i].seen = false;
}

/* Other drivers have dma-bufs, too: their descriptors are not touched. */
static bool is_exported_by_carveout(uint32_t pid, uint32_t fd)
{
	char path[64], line[256];
	bool found = false;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%u/fdinfo/%u", pid, fd);
	file = fopen(path, "re");
	while (file && !found && fgets(line, sizeof(line), file))
		found = !strcmp(line, "exp_name:\tcarveout\n");
	if (file)
		fclose(file);
	return found;
}

static struct known *ask_heaps(const struct sample *sample, int copy, uint64_t inode)
{
	struct carveout_buffer_info info;
	struct known *new;
	size_t i;

	for (i = 0; i < sample->heap_count; i++)
		if (!sample->heaps[i].err &&
		    !carveout_info(sample->heaps[i].view.heap, copy, &info))
			break;
	if (i == sample->heap_count)
		return NULL;
	known.list = grow(known.list, known.count, sizeof(*known.list));
	new = &known.list[known.count++];
	memset(new, 0, sizeof(*new));
	memcpy(new->heap, sample->heaps[i].view.query.name, sizeof(new->heap));
	new->inode = inode;
	new->region = info.region;
	new->offset = info.offset;
	return new;
}

static struct known *identify(struct sample *sample, uint32_t pid, uint32_t fd,
			      uint64_t inode)
{
	struct known *dmabuf = find_known(inode);
	int copy;

	if (dmabuf || !is_exported_by_carveout(pid, fd))
		return dmabuf;
	copy = process_descriptor(pid, fd);
	sample->hidden |= copy == -EPERM;
	if (copy < 0)
		return NULL;
	dmabuf = ask_heaps(sample, copy, inode);
	close(copy);
	return dmabuf;
}

/* === Holdings ============================================================= */

static size_t add_process(struct sample *sample, uint32_t pid)
{
	struct process *process;
	size_t i;

	for (i = sample->process_count; i; i--)
		if (sample->processes[i - 1].pid == pid)
			return i - 1;
	sample->processes = grow(sample->processes, sample->process_count,
				 sizeof(*sample->processes));
	process = &sample->processes[sample->process_count];
	memset(process, 0, sizeof(*process));
	process->pid = pid;
	process_describe(process);
	return sample->process_count++;
}

static bool has_holding(const struct sample *sample, const struct holding *wanted)
{
	const struct holding *holding;
	size_t i;

	for (i = 0; i < sample->holding_count; i++) {
		holding = &sample->holdings[i];
		if (holding->process == wanted->process && holding->heap == wanted->heap &&
		    holding->pool == wanted->pool && holding->id == wanted->id &&
		    holding->region == wanted->region && holding->offset == wanted->offset)
			return true;
	}
	return false;
}

/* A duplicate of a descriptor is the same open file. */
static void add_holding(struct sample *sample, const struct holding *holding)
{
	if (has_holding(sample, holding))
		return;
	sample->holdings = grow(sample->holdings, sample->holding_count,
				sizeof(*sample->holdings));
	sample->holdings[sample->holding_count++] = *holding;
}

static void add_dmabuf(struct sample *sample, size_t process, struct known *dmabuf,
		       bool mapped)
{
	struct holding holding = {
		.process = process,
		.region = dmabuf->region,
		.offset = dmabuf->offset,
		.id = dmabuf->inode,
		.mapped = mapped,
	};
	const struct sampled_heap *heap;
	size_t i;

	dmabuf->seen = true;
	for (i = 0; i < sample->heap_count; i++) {
		heap = &sample->heaps[i];
		if (heap->err || strncmp(heap->view.query.name, dmabuf->heap,
					 sizeof(dmabuf->heap)))
			continue;
		holding.heap = i;
		add_holding(sample, &holding);
	}
}

/* === Pools ================================================================ */

static const struct carveout_buffer_info *
find_buffer(const struct sampled_heap *heap, const struct carveout_ioctl_pool_query *query)
{
	const struct carveout_buffer_info *buffer;
	size_t i;

	for (i = 0; i < heap->pool_count; i++) {
		buffer = heap->pools[i].buffer;
		if (buffer->generation == query->generation &&
		    buffer->region == query->region && buffer->offset == query->offset)
			return buffer;
	}
	return NULL;
}

/* A pool does not tell its heap, but its dma-buf does. */
static bool is_pool_of(const struct sampled_heap *heap, int pool)
{
	struct carveout_buffer_info info;
	int fd, err;

	fd = carveout_pool_export(pool, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	err = carveout_info(heap->view.heap, fd, &info);
	close(fd);
	return !err;
}

static void add_pool(struct sample *sample, uint32_t pid, int pool)
{
	struct carveout_ioctl_pool_query query;
	size_t matches = 0, i;
	struct holding holding = { .pool = true };

	if (carveout_pool_query(pool, &query))
		return;
	for (i = 0; i < sample->heap_count; i++)
		matches += !!find_buffer(&sample->heaps[i], &query);
	for (i = 0; i < sample->heap_count; i++)
		if (find_buffer(&sample->heaps[i], &query) &&
		    (matches == 1 || is_pool_of(&sample->heaps[i], pool)))
			break;
	if (i == sample->heap_count)
		return;
	holding.process = add_process(sample, pid);
	holding.heap = i;
	holding.region = query.region;
	holding.offset = query.offset;
	holding.id = query.client;
	holding.blocks = query.used_file;
	add_holding(sample, &holding);
}

/* === Processes ============================================================ */

static void look_at_dmabuf(struct sample *sample, uint32_t pid, int dir, const char *name)
{
	struct known *dmabuf;
	struct stat status;

	if (fstatat(dir, name, &status, 0))
		return;
	dmabuf = identify(sample, pid, strtoul(name, NULL, 10), status.st_ino);
	if (dmabuf)
		add_dmabuf(sample, add_process(sample, pid), dmabuf, false);
}

static void look_at_pool(struct sample *sample, uint32_t pid, uint32_t fd)
{
	int copy = process_descriptor(pid, fd);

	sample->hidden |= copy == -EPERM;
	if (copy < 0)
		return;
	add_pool(sample, pid, copy);
	close(copy);
}

static void look_at_descriptor(struct sample *sample, uint32_t pid, int dir, const char *name)
{
	char link[64];
	ssize_t length;

	length = readlinkat(dir, name, link, sizeof(link) - 1);
	if (length < 0)
		return;
	link[length] = '\0';
	if (!strncmp(link, DMABUF_LINK, strlen(DMABUF_LINK)))
		look_at_dmabuf(sample, pid, dir, name);
	else if (!strcmp(link, POOL_LINK))
		look_at_pool(sample, pid, strtoul(name, NULL, 10));
}

static void look_at_descriptors(struct sample *sample, uint32_t pid)
{
	struct dirent *entry;
	char path[64];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%u/fd", pid);
	dir = opendir(path);
	if (!dir) {
		sample->hidden |= errno == EACCES || errno == EPERM;
		return;
	}
	while ((entry = readdir(dir)))
		look_at_descriptor(sample, pid, dirfd(dir), entry->d_name);
	closedir(dir);
}

/* "ADDRESSES RIGHTS OFFSET DEVICE INODE PATH", where the path is a dma-buf's. */
static uint64_t mapped_inode(const char *line)
{
	const char *path = strstr(line, " " DMABUF_LINK);
	unsigned long long inode;

	if (!path || sscanf(line, "%*s %*s %*s %*s %llu", &inode) != 1)
		return 0;
	return inode;
}

/* A mapping stays when its descriptor is closed; it is known if any process has one. */
static void look_at_mappings(struct sample *sample, uint32_t pid)
{
	struct known *dmabuf;
	char path[64], *line = NULL;
	size_t size = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%u/maps", pid);
	file = fopen(path, "re");
	while (file && getline(&line, &size, file) >= 0) {
		dmabuf = find_known(mapped_inode(line));
		if (dmabuf)
			add_dmabuf(sample, add_process(sample, pid), dmabuf, true);
	}
	free(line);
	if (file)
		fclose(file);
}

static void each_process(struct sample *sample,
			 void (*look)(struct sample *sample, uint32_t pid))
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	unsigned long pid;
	char *end;

	while (dir && (entry = readdir(dir))) {
		pid = strtoul(entry->d_name, &end, 10);
		if (pid && !*end && pid != (unsigned long)getpid())
			look(sample, pid);
	}
	if (dir)
		closedir(dir);
}

void holders_find(struct sample *sample)
{
	each_process(sample, look_at_descriptors);
	each_process(sample, look_at_mappings);
	forget_unseen();
}
