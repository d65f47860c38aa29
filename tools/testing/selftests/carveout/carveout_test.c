// SPDX-License-Identifier: GPL-2.0
/*
 * Shared code of the test programs: the heap under test, snapshots of its
 * state, short forms of the ioctls.
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

/* The heap is chosen once: while it is unbound no other one takes its place. */
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
 * heap_name() - Name of the heap under test
 *
 * $CARVEOUT_HEAP, else "dsp", else "default", else any.
 *
 * Return: its name, or NULL if there is no heap.
 */
const char *heap_name(void)
{
	return chosen[0] ? chosen : NULL;
}

/**
 * heap_path() - Path of the heap's device node
 *
 * Return: the path.
 */
const char *heap_path(void)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), NODE_DIR "/%s", heap_name());
	return path;
}

/**
 * heap_begin() - Record the state of the heap and open it
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

/* Counters that a test must restore; the others in "state" may only grow. */
static const char * const state_keys[] = {
	"used", "spans", "holes", "buffers", "tags", "charged", "charged_buffers",
	"charged_pools", "charged_tags", "charged_persistent", "charged_waiters",
	"parked", "parked_bytes", "hash",
};

/**
 * take_snapshot() - Record the state of the heap and the module
 * @snapshot: filled in
 *
 * Return: 0; -ENODATA if debugfs lacks a counter that tests compare; another negative
 * errno value if it cannot be read.
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
 * heap_state() - One number of the debugfs file "state"
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
 * heap_settles() - Is the state unchanged, now or soon?
 * @before: snapshot to compare with
 * @diff: gets the first permanent difference
 * @len: size of @diff
 *
 * The kernel finishes a close() a little later, so differences have time to disappear.
 *
 * Return: true if nothing differs.
 */
bool heap_settles(const struct heap_snapshot *before, char *diff, size_t len)
{
	return BECOMES_TRUE(stands_as(before, diff, len));
}

/**
 * take_objects() - Record the objects of the module, with or without a heap
 * @objects: filled in
 *
 * Return: 0 or a negative errno value.
 */
int take_objects(struct counters *objects)
{
	return read_counters(DEBUG_DIR "/objects", objects);
}

/**
 * objects_settle() - Does the module hold the same objects, now or soon?
 * @before: counters to compare with
 * @diff: gets the first permanent difference
 * @len: size of @diff
 *
 * Return: true if nothing differs.
 */
bool objects_settle(const struct counters *before, char *diff, size_t len)
{
	struct counters now;

	return BECOMES_TRUE(!take_objects(&now) && same_objects(before, &now, diff, len));
}

/**
 * read_line() - Read the first line of a file
 * @path: path of the file
 * @text: gets the line, without its end
 * @len: size of @text
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
 * write_line() - Write a value to a file
 * @path: path of the file
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
 * heap_check() - Let the driver validate the whole heap
 * @text: gets the result
 * @len: size of @text
 *
 * Return: true if the heap is valid.
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
 * @fd: file descriptor
 * @cmd: command
 * @arg: argument
 *
 * Return: the result of ioctl(), or a negative errno value.
 */
int xioctl(int fd, unsigned long cmd, const void *arg)
{
	int ret = ioctl(fd, cmd, arg);

	return ret < 0 ? -errno : ret;
}

/**
 * sized() - A command with another size of its structure
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
 * set_name() - Copy a name or a tag into a member of a structure
 * @field: member
 * @name: name; truncated without a terminator if it is too long
 */
void set_name(char field[CARVEOUT_NAME_LEN], const char *name)
{
	size_t len = strlen(name);

	memset(field, 0, CARVEOUT_NAME_LEN);
	memcpy(field, name, len < CARVEOUT_NAME_LEN ? len : CARVEOUT_NAME_LEN);
}

/**
 * alloc_request() - A plain allocation, for further changes
 * @size: bytes
 *
 * Return: a valid request.
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
 * alloc_in() - Allocate a plain buffer in some regions
 * @node: the heap
 * @size: bytes
 * @regions: mask of regions; 0 for any
 *
 * Return: its file descriptor or a negative errno value.
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
 * alloc_buffer() - Allocate a plain buffer
 * @node: the heap
 * @size: bytes
 *
 * Return: its file descriptor or a negative errno value.
 */
int alloc_buffer(int node, __u64 size)
{
	return alloc_in(node, size, 0);
}

/**
 * alloc_tag() - Allocate a buffer with a tag
 * @node: the heap
 * @size: bytes
 * @tag: its tag
 * @flags: CARVEOUT_ALLOC_* flags
 * @mode: permission bits
 *
 * Return: its file descriptor or a negative errno value.
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
 * open_tag() - Open a buffer by its tag
 * @node: the heap
 * @tag: its tag
 * @fd_flags: O_RDWR or O_RDONLY, and O_CLOEXEC
 *
 * Return: its file descriptor or a negative errno value.
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
 * alloc_and_reopen() - Allocate a buffer in a region and open it read-only, too
 * @node: the heap
 * @size: bytes
 * @region: index of the region
 * @tag: start of its tag
 * @ro: gets the read-only file descriptor
 *
 * Return: the read-write file descriptor or a negative errno value.
 */
int alloc_and_reopen(int node, __u64 size, __u32 region, const char *tag, int *ro)
{
	struct carveout_ioctl_alloc alloc = alloc_request(size);
	int err;

	alloc.regions = 1ULL << region;
	alloc.mode = 0600;
	set_name(alloc.tag, unique_tag(tag));
	err = xioctl(node, CARVEOUT_IOCTL_ALLOC, &alloc);
	if (err)
		return err;
	*ro = open_tag(node, alloc.tag, O_RDONLY | O_CLOEXEC);
	return *ro < 0 ? *ro : alloc.fd;
}

/**
 * unlink_tag() - Remove a tag
 * @node: the heap
 * @tag: the tag
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
 * query_heap() - Query the state of the heap
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
 * query_region() - Query the state of a region
 * @node: the heap
 * @index: index of the region
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
 * find_region() - Find a region with or without pages
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
 * query_buffer() - Query the buffer of a file descriptor
 * @node: the heap
 * @fd: file descriptor
 * @buffer: filled in
 *
 * Return: 0 or a negative errno value.
 */
int query_buffer(int node, int fd, struct carveout_buffer_info *buffer)
{
	struct carveout_ioctl_info info;

	memset(&info, 0, sizeof(info));
	info.fd = fd;
	info.entry = (uintptr_t)buffer;
	info.entry_size = sizeof(*buffer);
	return xioctl(node, CARVEOUT_IOCTL_INFO, &info);
}

/**
 * try_open() - Open a buffer by its tag, and close it
 * @node: the heap
 * @tag: the tag
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
 * generation_of() - Generation of a buffer
 * @node: the heap
 * @fd: file descriptor of the buffer
 *
 * Return: the generation, or 0 on failure.
 */
__u64 generation_of(int node, int fd)
{
	struct carveout_buffer_info buffer;

	return query_buffer(node, fd, &buffer) ? 0 : buffer.generation;
}

/**
 * find_listed() - Look for a tag in the list of buffers
 * @node: the heap
 * @tag: the tag
 * @found: if not NULL, gets the entry
 *
 * Return: number of entries with it, or a negative errno value.
 */
int find_listed(int node, const char *tag, struct carveout_buffer_info *found)
{
	struct carveout_buffer_info entries[16];
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
 * page_size() - Page size of the running kernel, in short PAGE
 *
 * Return: the size in bytes.
 */
long page_size(void)
{
	return sysconf(_SC_PAGESIZE);
}

/**
 * whole_pages() - Round a size up to pages
 * @size: bytes
 *
 * Return: the rounded size.
 */
__u64 whole_pages(__u64 size)
{
	return (size + PAGE - 1) / PAGE * PAGE;
}

/**
 * used_bytes() - Allocated bytes of the heap
 * @node: the heap
 *
 * Return: bytes, or all ones on failure.
 */
__u64 used_bytes(int node)
{
	struct carveout_ioctl_query query;

	return query_heap(node, &query) ? UINT64_MAX : query.used;
}

/**
 * unique_tag() - A tag that no other test process uses
 * @base: its start
 *
 * Return: the tag; valid until 16 more were made.
 */
const char *unique_tag(const char *base)
{
	static char names[16][CARVEOUT_NAME_LEN];
	static unsigned int next;
	char *name = names[next++ % 16];

	snprintf(name, CARVEOUT_NAME_LEN, "%s.%d.%u", base, (int)getpid(), next);
	return name;
}
