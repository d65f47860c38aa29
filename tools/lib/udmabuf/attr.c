// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Attributes of a node, each as a memfd.
 *
 * The file has one line, the value at the time of the open or of the last seek to its start.
 * Text that a stream of the C library writes is behind that line, until udmabuf_commit()
 * stores and removes it. write() stores at once and leaves the file unchanged.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "udmabuf.h"

/* The meaning of an attribute. */
enum value {
	MODE,
	OFFSET,
	SIZE,
	DIRECTION,
	OWNER,
	FOR_CPU,
	FOR_DEVICE,
	BUFFER_SIZE,
	BUFFER_ADDRESS,
	QUIRK_MODE,
	COHERENT,
	IOCTL_VERSION,
};

/**
 * struct attr - One attribute
 * @name: its name
 * @value: its meaning
 * @format: of its text, for an unsigned long long
 * @store: it can be written
 * @max: largest value to write
 */
struct attr {
	const char *name;
	enum value value;
	const char *format;
	bool store;
	uint64_t max;
};

#define DECIMAL	"%llu\n"

static const struct attr attrs[] = {
	{ "size", BUFFER_SIZE, DECIMAL, false, 0 },
	{ "phys_addr", BUFFER_ADDRESS, "0x%016llx\n", false, 0 },
	{ "sync_mode", MODE, DECIMAL, true, 7 },
	{ "sync_offset", OFFSET, "0x%llx\n", true, UINT64_MAX },
	{ "sync_size", SIZE, DECIMAL, true, UINT64_MAX },
	{ "sync_direction", DIRECTION, DECIMAL, true, 2 },
	{ "sync_owner", OWNER, DECIMAL, false, 0 },
	{ "sync_for_cpu", FOR_CPU, DECIMAL, true, UINT64_MAX },
	{ "sync_for_device", FOR_DEVICE, DECIMAL, true, UINT64_MAX },
	{ "quirk_mmap_mode", QUIRK_MODE, DECIMAL, false, 0 },
	{ "dma_coherent", COHERENT, DECIMAL, false, 0 },
	{ "ioctl_version", IOCTL_VERSION, DECIMAL, false, 0 },
	{ "driver_version", IOCTL_VERSION, UDMABUF_VERSION "\n", false, 0 },
};

static const struct attr *find(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(attrs) / sizeof(*attrs); i++)
		if (!strcmp(attrs[i].name, name))
			return &attrs[i];
	return NULL;
}

/* === Values =============================================================== */

static int get_setting(const struct udmabuf_node *node, enum value which, uint64_t *value)
{
	struct udmabuf_settings settings;
	int err;

	err = udmabuf_settings_read(node, &settings);
	if (err)
		return err;
	switch (which) {
	case MODE:
		*value = settings.mode;
		break;
	case OFFSET:
		*value = settings.offset;
		break;
	case SIZE:
		*value = settings.size;
		break;
	case DIRECTION:
		*value = settings.direction;
		break;
	default:
		*value = settings.owner;
		break;
	}
	return 0;
}

static int get_value(const struct udmabuf_node *node, enum value which, uint64_t *value)
{
	switch (which) {
	case FOR_CPU:
	case FOR_DEVICE:
		*value = 0;
		return 0;
	case BUFFER_SIZE:
		*value = node->info.size;
		return 0;
	case BUFFER_ADDRESS:
		*value = node->info.phys;
		return node->info.flags & CARVEOUT_BUFFER_PHYS ? 0 : -EACCES;
	case QUIRK_MODE:
		*value = udmabuf_quirk_mode(node);
		return 0;
	case COHERENT:
		*value = udmabuf_is_coherent(node);
		return 0;
	case IOCTL_VERSION:
		*value = 2;
		return 0;
	default:
		return get_setting(node, which, value);
	}
}

static int set_setting(const struct udmabuf_node *node, enum value which, uint64_t value)
{
	struct udmabuf_settings *settings;
	int err;

	err = udmabuf_settings_map(node, &settings);
	if (err)
		return err;
	switch (which) {
	case MODE:
		settings->mode = value;
		break;
	case OFFSET:
		settings->offset = value;
		break;
	case SIZE:
		settings->size = value;
		break;
	default:
		settings->direction = value;
		break;
	}
	udmabuf_settings_unmap(settings);
	return 0;
}

static int set_value(const struct udmabuf_node *node, enum value which, uint64_t value)
{
	int err;

	switch (which) {
	case FOR_CPU:
		return udmabuf_sync(node, CARVEOUT_SYNC_FOR_CPU, value);
	case FOR_DEVICE:
		return udmabuf_sync(node, CARVEOUT_SYNC_FOR_DEVICE, value);
	case MODE:
		err = udmabuf_check_mode(node, value, false);
		return err ? err : set_setting(node, which, value);
	default:
		return set_setting(node, which, value);
	}
}

/* === Writing ============================================================== */

/* As the kernel takes it: one number and at most one newline, without spaces. */
static int parse_line(char *text, uint64_t *value)
{
	size_t length = strlen(text);

	if (length && text[length - 1] == '\n')
		text[length - 1] = '\0';
	return udmabuf_parse(*text == '+' ? text + 1 : text, value);
}

static int store_value(const char *name, const struct attr *attr, char *text)
{
	struct udmabuf_node node;
	uint64_t value;
	int err;

	err = parse_line(text, &value);
	if (err)
		return err;
	if (value > attr->max)
		return -EINVAL;
	err = udmabuf_node_get(&node, name, O_RDWR | O_CLOEXEC);
	if (err)
		return err == -ENOENT ? -ENODEV : err;
	err = set_value(&node, attr->value, value);
	udmabuf_node_put(&node);
	return err;
}

int udmabuf_attr_store(const struct udmabuf_file *file, const char *text, size_t size)
{
	const struct attr *attr = find(file->attr);
	char copy[UDMABUF_TEXT];

	if (size >= sizeof(copy))
		return -EINVAL;
	memcpy(copy, text, size);
	copy[size] = '\0';
	if (!strcmp(file->attr, UDMABUF_MANAGER))
		return udmabuf_manage(copy);
	if (!attr || !attr->store)
		return -EIO;
	return store_value(file->node, attr, copy);
}

/* === Files ================================================================ */

/* The line of an attribute; of the manager, an empty one. */
static int make_text(const char *name, const struct attr *attr, int access,
		     char text[UDMABUF_TEXT])
{
	struct udmabuf_node node;
	uint64_t value = 0;
	int err;

	err = udmabuf_node_get(&node, name, access | O_CLOEXEC);
	if (err)
		return err;
	err = get_value(&node, attr->value, &value);
	udmabuf_node_put(&node);
	if (!err)
		snprintf(text, UDMABUF_TEXT, attr->format, (unsigned long long)value);
	return err;
}

static int fill(int fd, const char *text)
{
	ssize_t size = strlen(text);

	if (ftruncate(fd, 0) < 0)
		return -errno;
	return next_of(pwrite64)(fd, text, size, 0) == size ? 0 : -EIO;
}

/* A memfd is open for reading and writing: open it again, as the caller wants it. */
static int reopen(int fd, int flags)
{
	char path[32];
	int again;

	snprintf(path, sizeof(path), "/proc/thread-self/fd/%d", fd);
	again = open(path, flags);
	return again < 0 ? -errno : again;
}

static int make_file(const char *node, const char *attr, const char *text, int flags)
{
	char name[UDMABUF_LINK_MAX];
	int fd, opened;

	snprintf(name, sizeof(name), UDMABUF_LINK "%s:%s", node, attr);
	fd = memfd_create(name, MFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	opened = fill(fd, text);
	if (!opened)
		opened = reopen(fd, (flags & (O_ACCMODE | O_CLOEXEC)) | O_APPEND);
	udmabuf_close(fd);
	return opened;
}

/* Without a heap there is no manager. */
static int open_manager(int flags)
{
	struct carveout_heap *heap;
	int err;

	err = udmabuf_heap(&heap);
	if (err)
		return err;
	carveout_close(heap);
	return (flags & O_ACCMODE) == O_RDONLY ? -EACCES :
	       make_file("", UDMABUF_MANAGER, "\n", flags);
}

int udmabuf_attr_open(const char *node, const char *name, int flags)
{
	bool write = (flags & O_ACCMODE) != O_RDONLY;
	const struct attr *attr = find(name);
	char text[UDMABUF_TEXT];
	int err;

	if (!strcmp(name, UDMABUF_MANAGER))
		return open_manager(flags);
	if (!attr)
		return -ENOENT;
	err = make_text(node, attr, write && attr->store ? O_RDWR : O_RDONLY, text);
	if (err)
		return err;
	return write && !attr->store ? -EACCES : make_file(node, name, text, flags);
}

int udmabuf_attr_refresh(int fd, const struct udmabuf_file *file)
{
	const struct attr *attr = find(file->attr);
	char text[UDMABUF_TEXT];
	int err, again;

	if (!attr)
		return 0;
	err = make_text(file->node, attr, O_RDONLY, text);
	if (err)
		return err == -ENOENT ? -ENODEV : err;
	again = reopen(fd, O_RDWR | O_CLOEXEC);
	if (again < 0)
		return again;
	err = fill(again, text);
	udmabuf_close(again);
	return err;
}

/* Store the text behind the first line. */
static int commit_rest(int fd, const struct udmabuf_file *file)
{
	char text[2 * UDMABUF_TEXT], *rest;
	ssize_t size;
	int err;

	size = next_of(pread64)(fd, text, sizeof(text) - 1, 0);
	if (size < 0)
		return -errno;
	text[size] = '\0';
	rest = strchr(text, '\n');
	if (!rest || !*++rest)
		return 0;
	err = udmabuf_attr_store(file, rest, text + size - rest);
	if (ftruncate(fd, rest - text) < 0 && !err)
		err = -errno;
	return err;
}

int udmabuf_commit(int fd)
{
	struct udmabuf_file file;
	int again, err;

	if (!udmabuf_used() || !udmabuf_file(fd, &file) || !file.attr)
		return 0;
	again = reopen(fd, O_RDWR | O_CLOEXEC);
	if (again < 0)
		return again;
	err = commit_rest(again, &file);
	udmabuf_close(again);
	return err;
}
