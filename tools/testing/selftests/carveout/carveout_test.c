// SPDX-License-Identifier: GPL-2.0
/*
 * What the test programs of the carveout driver share: the heap under test,
 * snapshots of its state, short forms of the ioctls.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/ioctl.h>

#include "kselftest.h"

#include "carveout_test.h"

#define NODE_DIR	"/dev/carveout"
#define DEBUG_DIR	"/sys/kernel/debug/carveout"

/* === The heap under test ================================================= */

static bool have_node(const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), NODE_DIR "/%s", name);
	return !access(path, F_OK);
}

static void first_node(char *name, size_t len)
{
	struct dirent *entry;
	DIR *dir;

	dir = opendir(NODE_DIR);
	if (!dir)
		return;
	while (!name[0] && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			snprintf(name, len, "%s", entry->d_name);
	closedir(dir);
}

/* It is chosen once: while a heap is unbound no other takes its place. */
static char chosen[NAME_MAX + 1];

static void __attribute__((constructor)) choose_heap(void)
{
	const char *wanted = getenv("CARVEOUT_HEAP");

	if (wanted && *wanted)
		snprintf(chosen, sizeof(chosen), "%s", wanted);
	else if (have_node("dsp"))
		snprintf(chosen, sizeof(chosen), "dsp");
	else if (have_node("default"))
		snprintf(chosen, sizeof(chosen), "default");
	else
		first_node(chosen, sizeof(chosen));
}

/**
 * heap_name() - which heap is tested
 *
 * $CARVEOUT_HEAP, else "dsp", else "default", else any.
 *
 * Return: its name, or NULL when there is none.
 */
const char *heap_name(void)
{
	return chosen[0] ? chosen : NULL;
}

/**
 * heap_path() - where the node of the heap under test is
 *
 * Return: its path.
 */
const char *heap_path(void)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), NODE_DIR "/%s", heap_name());
	return path;
}

/**
 * heap_begin() - note how the heap stands, and open it
 * @heap: filled in
 *
 * Return: 0 or a negative errno value.
 */
int heap_begin(struct heap *heap)
{
	int err;

	err = take_snapshot(&heap->before);
	if (err)
		return err;
	heap->node = open(heap_path(), O_RDWR | O_CLOEXEC);
	if (heap->node < 0)
		return -errno;
	err = query_heap(heap->node, &heap->query);
	return err ? err : take_snapshot(&heap->ready);
}

/* === Snapshots =========================================================== */

static int read_counters(const char *path, struct counters *counters)
{
	char line[256];
	FILE *file;

	memset(counters, 0, sizeof(*counters));
	file = fopen(path, "re");
	if (!file)
		return -errno;
	while (counters->nr < COUNTERS_MAX && fgets(line, sizeof(line), file)) {
		char *name = counters->line[counters->nr].name;
		char *value = counters->line[counters->nr].value;

		if (sscanf(line, "%39s %39s", name, value) == 2)
			counters->nr++;
	}
	fclose(file);
	return counters->nr ? 0 : -ENODATA;
}

static const char *counter_value(const struct counters *counters,
				 const char *name)
{
	int i;

	for (i = 0; i < counters->nr; i++)
		if (!strcmp(counters->line[i].name, name))
			return counters->line[i].value;
	return NULL;
}

/* What a test leaves as it found it; the rest of "state" may only grow. */
static const char * const state_keys[] = {
	"used", "spans", "holes", "buffers", "tags", "charged", "parked",
	"parked_bytes", "hash",
};

/**
 * take_snapshot() - note how heap and module stand
 * @snapshot: filled in
 *
 * Return: 0; -ENODATA when debugfs does not tell all that tests compare;
 * another negative errno value when it cannot be read.
 */
int take_snapshot(struct heap_snapshot *snapshot)
{
	char path[PATH_MAX];
	size_t i;
	int err;

	snprintf(path, sizeof(path), DEBUG_DIR "/%s/state", heap_name());
	err = read_counters(path, &snapshot->state);
	if (err)
		return err;
	for (i = 0; i < ARRAY_SIZE(state_keys); i++)
		if (!counter_value(&snapshot->state, state_keys[i]))
			return -ENODATA;
	return read_counters(DEBUG_DIR "/objects", &snapshot->objects);
}

/**
 * heap_state() - one number of the debugfs file "state"
 * @name: its name there
 *
 * Return: the number, or a negative errno value.
 */
__s64 heap_state(const char *name)
{
	struct heap_snapshot snapshot;
	const char *value;
	int err;

	err = take_snapshot(&snapshot);
	if (err)
		return err;
	value = counter_value(&snapshot.state, name);
	return value ? strtoll(value, NULL, 10) : -ENOENT;
}

static bool same_counter(const struct counters *before,
			 const struct counters *after, const char *name,
			 char *diff, size_t len)
{
	const char *was = counter_value(before, name);
	const char *is = counter_value(after, name);

	if (was && is && !strcmp(was, is))
		return true;
	snprintf(diff, len, "%s was %s, is %s", name, was ? was : "absent",
		 is ? is : "absent");
	return false;
}

static bool same_objects(const struct counters *before,
			 const struct counters *after, char *diff, size_t len)
{
	int i;

	for (i = 0; i < before->nr; i++)
		if (!same_counter(before, after, before->line[i].name, diff, len))
			return false;
	return true;
}

static bool same_snapshot(const struct heap_snapshot *before,
			  const struct heap_snapshot *after, char *diff,
			  size_t len)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(state_keys); i++)
		if (!same_counter(&before->state, &after->state, state_keys[i],
				  diff, len))
			return false;
	return same_objects(&before->objects, &after->objects, diff, len);
}

static bool stands_as(const struct heap_snapshot *before, char *diff, size_t len)
{
	struct heap_snapshot now;
	int err = take_snapshot(&now);

	if (!err)
		return same_snapshot(before, &now, diff, len);
	snprintf(diff, len, "snapshot: error %d", err);
	return false;
}

/**
 * heap_settles() - is everything as it was, or soon so
 * @before: what to compare with
 * @diff: gets the first difference that stays
 * @len: room there
 *
 * The kernel finishes a close() a little later, so a difference is given time
 * to go away.
 *
 * Return: true when nothing differs.
 */
bool heap_settles(const struct heap_snapshot *before, char *diff, size_t len)
{
	return BECOMES_TRUE(stands_as(before, diff, len));
}

/**
 * take_objects() - note what the module holds, with a heap or without
 * @objects: filled in
 *
 * Return: 0 or a negative errno value.
 */
int take_objects(struct counters *objects)
{
	return read_counters(DEBUG_DIR "/objects", objects);
}

/**
 * objects_settle() - does the module hold what it held, or soon so
 * @before: what to compare with
 * @diff: gets the first difference that stays
 * @len: room there
 *
 * Return: true when nothing differs.
 */
bool objects_settle(const struct counters *before, char *diff, size_t len)
{
	struct counters now;

	return BECOMES_TRUE(!take_objects(&now) && same_objects(before, &now, diff, len));
}

/**
 * read_line() - first line of a file
 * @path: which file
 * @text: gets the line, without its end
 * @len: room there
 *
 * Return: 0 or a negative errno value.
 */
int read_line(const char *path, char *text, size_t len)
{
	FILE *file = fopen(path, "re");
	int err = 0;

	text[0] = '\0';
	if (!file)
		return -errno;
	if (!fgets(text, len, file))
		err = -ENODATA;
	fclose(file);
	text[strcspn(text, "\n")] = '\0';
	return err;
}

/**
 * write_line() - write to a file that takes one value
 * @path: which file
 * @text: the value
 *
 * Return: 0 or a negative errno value.
 */
int write_line(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		err = -errno;
	close(fd);
	return err;
}

/**
 * heap_check() - let the driver walk the whole heap
 * @text: gets what it says
 * @len: room there
 *
 * Return: true when the heap is sound.
 */
bool heap_check(char *text, size_t len)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), DEBUG_DIR "/%s/check", heap_name());
	return !read_line(path, text, len) && !strcmp(text, "ok");
}

/* === The ioctls ========================================================== */

/**
 * xioctl() - ioctl() that returns its error
 * @fd: descriptor
 * @cmd: command
 * @arg: argument
 *
 * Return: what ioctl() returns, or a negative errno value.
 */
int xioctl(int fd, unsigned long cmd, const void *arg)
{
	int ret = ioctl(fd, cmd, arg);

	return ret < 0 ? -errno : ret;
}

/**
 * sized() - a command with another size of its structure
 * @cmd: command
 * @size: size, below 2^14
 *
 * Return: the command number.
 */
unsigned long sized(unsigned long cmd, size_t size)
{
	return _IOC(_IOC_DIR(cmd), _IOC_TYPE(cmd), _IOC_NR(cmd), size);
}

/**
 * set_name() - put a name into a field of a structure
 * @field: field
 * @name: name; what does not fit is cut, without a terminator
 */
void set_name(char field[CARVEOUT_NAME_LEN], const char *name)
{
	size_t len = strlen(name);

	memset(field, 0, CARVEOUT_NAME_LEN);
	memcpy(field, name, len < CARVEOUT_NAME_LEN ? len : CARVEOUT_NAME_LEN);
}

/**
 * alloc_request() - a plain allocation, to be made less plain
 * @size: bytes
 *
 * Return: a request that is valid as it is.
 */
struct carveout_ioctl_alloc alloc_request(__u64 size)
{
	struct carveout_ioctl_alloc alloc;

	memset(&alloc, 0, sizeof(alloc));
	alloc.size = size;
	alloc.fd_flags = O_RDWR | O_CLOEXEC;
	alloc.fd = -1;
	return alloc;
}

/**
 * alloc_in() - allocate a plain buffer in some regions
 * @node: the heap
 * @size: bytes
 * @regions: mask of regions; 0 for any
 *
 * Return: its descriptor or a negative errno value.
 */
int alloc_in(int node, __u64 size, __u64 regions)
{
	struct carveout_ioctl_alloc alloc = alloc_request(size);
	int err;

	alloc.regions = regions;
	err = xioctl(node, CARVEOUT_IOCTL_ALLOC, &alloc);
	return err ? err : alloc.fd;
}

/**
 * alloc_buffer() - allocate a plain buffer
 * @node: the heap
 * @size: bytes
 *
 * Return: its descriptor or a negative errno value.
 */
int alloc_buffer(int node, __u64 size)
{
	return alloc_in(node, size, 0);
}

/**
 * alloc_tag() - allocate a buffer with a tag
 * @node: the heap
 * @size: bytes
 * @tag: name
 * @flags: CARVEOUT_ALLOC_* flags
 * @mode: permission bits
 *
 * Return: its descriptor or a negative errno value.
 */
int alloc_tag(int node, __u64 size, const char *tag, __u32 flags,
	      __u32 mode)
{
	struct carveout_ioctl_alloc alloc = alloc_request(size);
	int err;

	set_name(alloc.tag, tag);
	alloc.flags = flags;
	alloc.mode = mode;
	err = xioctl(node, CARVEOUT_IOCTL_ALLOC, &alloc);
	return err ? err : alloc.fd;
}

/**
 * open_tag() - open a buffer by its tag
 * @node: the heap
 * @tag: name
 * @fd_flags: O_RDWR or O_RDONLY, and O_CLOEXEC
 *
 * Return: its descriptor or a negative errno value.
 */
int open_tag(int node, const char *tag, __u32 fd_flags)
{
	struct carveout_ioctl_open arg;
	int err;

	memset(&arg, 0, sizeof(arg));
	set_name(arg.tag, tag);
	arg.fd_flags = fd_flags;
	err = xioctl(node, CARVEOUT_IOCTL_OPEN, &arg);
	return err ? err : arg.fd;
}

/**
 * unlink_tag() - remove a tag
 * @node: the heap
 * @tag: name
 *
 * Return: 0 or a negative errno value.
 */
int unlink_tag(int node, const char *tag)
{
	struct carveout_ioctl_unlink arg;

	memset(&arg, 0, sizeof(arg));
	set_name(arg.tag, tag);
	return xioctl(node, CARVEOUT_IOCTL_UNLINK, &arg);
}

/**
 * query_heap() - how the heap stands
 * @node: the heap
 * @query: filled in
 *
 * Return: 0 or a negative errno value.
 */
int query_heap(int node, struct carveout_ioctl_query *query)
{
	memset(query, 0, sizeof(*query));
	return xioctl(node, CARVEOUT_IOCTL_QUERY, query);
}

/**
 * query_region() - how a region stands
 * @node: the heap
 * @index: which region
 * @region: filled in
 *
 * Return: 0 or a negative errno value.
 */
int query_region(int node, __u32 index, struct carveout_ioctl_region *region)
{
	memset(region, 0, sizeof(*region));
	region->index = index;
	return xioctl(node, CARVEOUT_IOCTL_REGION, region);
}

/**
 * find_region() - find a region of a kind
 * @node: the heap
 * @pages: with pages that the rest of the kernel may use, or without
 *
 * Return: index of the first one, or -ENOENT.
 */
int find_region(int node, bool pages)
{
	struct carveout_ioctl_region region;
	__u32 i;

	for (i = 0; !query_region(node, i, &region); i++)
		if (!!(region.attrs & CARVEOUT_ATTR_PAGES) == pages)
			return i;
	return -ENOENT;
}

/**
 * query_buffer() - what a buffer's descriptor is
 * @node: the heap
 * @fd: descriptor
 * @buffer: filled in
 *
 * Return: 0 or a negative errno value.
 */
int query_buffer(int node, int fd, struct carveout_buffer *buffer)
{
	struct carveout_ioctl_info info;
	int err;

	memset(&info, 0, sizeof(info));
	info.fd = fd;
	err = xioctl(node, CARVEOUT_IOCTL_INFO, &info);
	*buffer = info.buffer;
	return err;
}

/**
 * try_open() - open a buffer by its tag, and close it
 * @node: the heap
 * @tag: the name
 * @fd_flags: as for open_tag()
 *
 * Return: 0 or a negative errno value.
 */
int try_open(int node, const char *tag, __u32 fd_flags)
{
	int fd = open_tag(node, tag, fd_flags);

	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

/**
 * generation_of() - the number of a buffer
 * @node: the heap
 * @fd: descriptor of the buffer
 *
 * Return: the number, or 0 when it cannot be told.
 */
__u64 generation_of(int node, int fd)
{
	struct carveout_buffer buffer;

	return query_buffer(node, fd, &buffer) ? 0 : buffer.generation;
}

/**
 * find_listed() - look for a tag in the list of buffers
 * @node: the heap
 * @tag: name
 * @found: if not NULL, gets the entry
 *
 * Return: how often it is listed, or a negative errno value.
 */
int find_listed(int node, const char *tag, struct carveout_buffer *found)
{
	struct carveout_buffer entries[16];
	struct carveout_ioctl_list list;
	int err, times = 0;
	__u32 i;

	memset(&list, 0, sizeof(list));
	list.entries = (uintptr_t)entries;
	list.entry_size = sizeof(entries[0]);
	do {
		list.count = ARRAY_SIZE(entries);
		err = xioctl(node, CARVEOUT_IOCTL_LIST, &list);
		if (err)
			return err;
		for (i = 0; i < list.count; i++) {
			if (strncmp(entries[i].tag, tag, CARVEOUT_NAME_LEN))
				continue;
			if (found)
				*found = entries[i];
			times++;
		}
	} while (list.count);
	return times;
}

/**
 * page_size() - size of a page of the kernel that runs; PAGE is short for it
 *
 * Return: the size in bytes.
 */
long page_size(void)
{
	return sysconf(_SC_PAGESIZE);
}

/**
 * whole_pages() - what a size is rounded up to
 * @size: bytes
 *
 * Return: the bytes of as many pages as it takes.
 */
__u64 whole_pages(__u64 size)
{
	return (size + PAGE - 1) / PAGE * PAGE;
}

/**
 * used_bytes() - bytes that the heap has handed out
 * @node: the heap
 *
 * Return: bytes, or all ones when the heap does not answer.
 */
__u64 used_bytes(int node)
{
	struct carveout_ioctl_query query;

	return query_heap(node, &query) ? UINT64_MAX : query.used;
}

/**
 * unique_tag() - a name that no other test process uses
 * @base: what it starts with
 *
 * Return: the name; good for as many names as a test needs at a time.
 */
const char *unique_tag(const char *base)
{
	static char names[16][CARVEOUT_NAME_LEN];
	static unsigned int next;
	char *name = names[next++ % 16];

	snprintf(name, CARVEOUT_NAME_LEN, "%s.%d.%u", base, (int)getpid(), next);
	return name;
}
