// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Descriptors of this library. /proc shows their names:
 *
 *	/dmabuf:u-dma-buf:ASP		a node: access, O_SYNC, position
 *	/memfd:u-dma-buf:NODE:ATTR (deleted)
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/dma-buf.h>

#include "udmabuf.h"

#define NODE_LINK	"/dmabuf:" UDMABUF_LINK
#define ATTR_LINK	"/memfd:" UDMABUF_LINK
#define DELETED		" (deleted)"

/* Access modes and O_SYNC in the name of a node, by their values. */
#define ACCESS		"rwb"
#define SYNC		"-s"

static bool used;

bool udmabuf_used(void)
{
	return __atomic_load_n(&used, __ATOMIC_RELAXED);
}

void udmabuf_set_used(void)
{
	__atomic_store_n(&used, true, __ATOMIC_RELAXED);
}

/* === Names ================================================================ */

int udmabuf_node_save(int fd, const struct udmabuf_file *file)
{
	/* The kernel keeps 31 characters. */
	char name[32];

	snprintf(name, sizeof(name), UDMABUF_LINK "%c%c%llx", ACCESS[file->access],
		 SYNC[file->sync], (unsigned long long)file->position);
	return ioctl(fd, DMA_BUF_SET_NAME_B, name) < 0 ? -errno : 0;
}

static bool parse_node(const char *text, struct udmabuf_file *file)
{
	const char *access = *text ? strchr(ACCESS, text[0]) : NULL;
	char *end;

	if (!access || !text[1])
		return false;
	file->attr = NULL;
	file->access = access - ACCESS;
	file->sync = text[1] == SYNC[1];
	file->position = strtoull(text + 2, &end, 16);
	return end > text + 2 && !*end;
}

static bool parse_attr(const char *text, struct udmabuf_file *file)
{
	char *end;

	strcpy(file->node, text);
	end = strstr(file->node, DELETED);
	if (end)
		*end = '\0';
	end = strchr(file->node, ':');
	if (!end)
		return false;
	*end = '\0';
	file->attr = end + 1;
	return true;
}

static bool parse(const char *link, struct udmabuf_file *file)
{
	if (!strncmp(link, NODE_LINK, strlen(NODE_LINK)))
		return parse_node(link + strlen(NODE_LINK), file);
	if (!strncmp(link, ATTR_LINK, strlen(ATTR_LINK)))
		return parse_attr(link + strlen(ATTR_LINK), file);
	return false;
}

/* === Descriptors ========================================================== */

bool udmabuf_file(int fd, struct udmabuf_file *file)
{
	char path[32], link[sizeof(file->node)];
	int error = errno;
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/thread-self/fd/%d", fd);
	length = readlink(path, link, sizeof(link) - 1);
	errno = error;
	if (length < 0)
		return false;
	link[length] = '\0';
	if (!parse(link, file))
		return false;
	udmabuf_set_used();
	return true;
}

/* Not by way of the close() of this library, which looks at the descriptor first. */
void udmabuf_close(int fd)
{
	next_of(close)(fd);
}

void udmabuf_each_file(void (*call)(int fd))
{
	DIR *dir = opendir("/proc/thread-self/fd");
	struct udmabuf_file file;
	struct dirent *entry;

	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		int fd = atoi(entry->d_name);

		if (entry->d_name[0] != '.' && udmabuf_file(fd, &file))
			call(fd);
	}
	closedir(dir);
}
