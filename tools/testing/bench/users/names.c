// SPDX-License-Identifier: GPL-2.0
/*
 * Open memory by its name, read it and close it, among few and many names; and look up a
 * name that does not exist.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include <sys/mman.h>

#include "users.h"

#define PAGE		(4 * KIB)
#define ROUNDS		301

/**
 * struct names - An interface that has names
 * @name: of the interface
 * @prefix: of its names
 * @make: create a name with memory that has content
 * @open: open it, or return -1 with errno
 * @remove: remove it
 */
struct names {
	const char *name;
	const char *prefix;
	void (*make)(const char *name);
	int (*open)(const char *name);
	void (*remove)(const char *name);
};

static void write_byte(int fd)
{
	char *memory = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (memory == MAP_FAILED)
		die("map a name");
	*memory = 1;
	munmap(memory, PAGE);
	close(fd);
}

static void make_tag(const char *name)
{
	int fd = carveout_alloc(heaps.nomap, PAGE, name);

	if (fd < 0)
		die(name);
	write_byte(fd);
}

static int open_tag(const char *name)
{
	return carveout_open_tag(heaps.nomap, name, 0);
}

static void remove_tag(const char *name)
{
	carveout_unlink_tag(heaps.nomap, name);
}

static void make_shm(const char *name)
{
	int fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);

	if (fd < 0 || ftruncate(fd, PAGE))
		die(name);
	write_byte(fd);
}

static int open_shm(const char *name)
{
	return shm_open(name, O_RDWR, 0);
}

static void remove_shm(const char *name)
{
	if (shm_unlink(name))
		die(name);
}

static const struct names interfaces[] = {
	{ "carveout", "names.", make_tag, open_tag, remove_tag },
	{ "shm", "/names.", make_shm, open_shm, remove_shm },
};

/* Opens names in an order that no cache expects; the median of one. */
static void open_names(const struct names *names, unsigned int count)
{
	static unsigned long long times[ROUNDS];
	unsigned int i, which = 1;
	char name[32];
	char *memory;
	int fd;

	for (i = 0; i < ROUNDS; i++) {
		which = which * 1664525 + 1013904223;
		snprintf(name, sizeof(name), "%s%u", names->prefix, (which >> 8) % count);
		times[i] = now();
		fd = names->open(name);
		memory = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (memory == MAP_FAILED)
			die(name);
		(void)__atomic_load_n(memory, __ATOMIC_RELAXED);
		munmap(memory, PAGE);
		close(fd);
		times[i] = now() - times[i];
	}
	report("name-open", count, names->name, median(times, ROUNDS));
}

static void miss_names(const struct names *names, unsigned int count)
{
	static unsigned long long times[ROUNDS];
	unsigned int i;
	char name[32];

	for (i = 0; i < ROUNDS; i++) {
		snprintf(name, sizeof(name), "%snone.%u", names->prefix, i);
		times[i] = now();
		if (names->open(name) != -1 || errno != ENOENT)
			die(name);
		times[i] = now() - times[i];
	}
	report("name-missing", count, names->name, median(times, ROUNDS));
}

static void count_up(const struct names *names)
{
	unsigned int count = 0, step;
	char name[32];

	for (step = 10; step <= 100000; step *= 100) {
		for (; count < step; count++) {
			snprintf(name, sizeof(name), "%s%u", names->prefix, count);
			names->make(name);
		}
		open_names(names, count);
		miss_names(names, count);
	}
	while (count) {
		snprintf(name, sizeof(name), "%s%u", names->prefix, --count);
		names->remove(name);
	}
}

void bench_names(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(interfaces); i++)
		count_up(&interfaces[i]);
}
