// SPDX-License-Identifier: GPL-2.0
/*
 * A process waits for a name: the time from its creation until the process has mapped the
 * memory. A process with many buffers is killed: the time until all memory is free.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <linux/carveout.h>
#include <linux/dma-heap.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "users.h"

#define PAGE		(4 * KIB)
#define ROUNDS		51
#define BUFFERS		1000

/* === A name appears ======================================================== */

/**
 * struct appearance - An interface in which a process waits for a name
 * @name: of the interface
 * @prefix: of its names
 * @prepare: called in the process that waits, before the first name exists
 * @make: create a name
 * @wait: wait until it exists, and open it
 * @remove: remove it
 */
struct appearance {
	const char *name;
	const char *prefix;
	void (*prepare)(void);
	void (*make)(const char *name);
	int (*wait)(const char *name);
	void (*remove)(const char *name);
};

static void nothing(void)
{
}

static void make_tag(const char *name)
{
	int fd = carveout_alloc(heaps.nomap, PAGE, name);

	if (fd < 0)
		die(name);
	close(fd);
}

static int wait_tag(const char *name)
{
	return carveout_open_tag(heaps.nomap, name, CARVEOUT_DEADLINE_NONE);
}

static void remove_tag(const char *name)
{
	carveout_unlink_tag(heaps.nomap, name);
}

static int notify;

static void watch_shm(void)
{
	notify = inotify_init1(IN_CLOEXEC);
	if (notify < 0 || inotify_add_watch(notify, "/dev/shm", IN_MOVED_TO) < 0)
		die("inotify");
}

/* A name must not appear before the memory has its size: it is renamed. */
static void make_shm(const char *name)
{
	char from[NAME_MAX], to[NAME_MAX];
	int fd = shm_open("/waits.new", O_RDWR | O_CREAT | O_EXCL, 0600);

	snprintf(from, sizeof(from), "/dev/shm/waits.new");
	snprintf(to, sizeof(to), "/dev/shm%s", name);
	if (fd < 0 || ftruncate(fd, PAGE) || rename(from, to))
		die(name);
	close(fd);
}

static int wait_shm(const char *name)
{
	char events[sizeof(struct inotify_event) + NAME_MAX + 1]
		__attribute__((aligned(__alignof__(struct inotify_event))));
	const struct inotify_event *event = (const void *)events;

	do {
		if (read(notify, events, sizeof(events)) <= 0)
			return -1;
	} while (strcmp(event->name, name + 1));
	return shm_open(name, O_RDWR, 0);
}

static void remove_shm(const char *name)
{
	if (shm_unlink(name))
		die(name);
}

static const struct appearance appearances[] = {
	{ "carveout", "waits.", nothing, make_tag, wait_tag, remove_tag },
	{ "inotify", "/waits.", watch_shm, make_shm, wait_shm, remove_shm },
};

/* The process that waits: it writes the time at which it has mapped each name. */
static void wait_for_names(const struct appearance *type, int log)
{
	unsigned long long time;
	unsigned int i;
	char name[32];
	int fd;

	type->prepare();
	for (i = 0; i < ROUNDS; i++) {
		snprintf(name, sizeof(name), "%s%u", type->prefix, i);
		fd = type->wait(name);
		if (mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED)
			die(name);
		time = now();
		close(fd);
		if (write(log, &time, sizeof(time)) != sizeof(time))
			die("log");
	}
	_exit(0);
}

static void names_appear(const struct appearance *type)
{
	static unsigned long long times[ROUNDS];
	unsigned long long start;
	unsigned int i;
	int log[2], status;
	char name[32];
	pid_t pid;

	if (pipe(log))
		die("pipe");
	pid = fork();
	if (!pid)
		wait_for_names(type, log[1]);
	for (i = 0; i < ROUNDS; i++) {
		snprintf(name, sizeof(name), "%s%u", type->prefix, i);
		/* The other process waits. */
		usleep(20000);
		start = now();
		type->make(name);
		if (read(log[0], &times[i], sizeof(times[i])) != sizeof(times[i]))
			die("log");
		times[i] -= start;
		type->remove(name);
	}
	if (waitpid(pid, &status, 0) != pid || status)
		die("the process that waits");
	close(log[0]);
	close(log[1]);
	report("name-wait", 1, type->name, median(times, ROUNDS));
}

/* === A process is killed ==================================================== */

static int heap_system = -1;

static int carveout_buffer(void)
{
	return carveout_alloc(heaps.nomap, PAGE, NULL);
}

static int system_buffer(void)
{
	struct dma_heap_allocation_data alloc = { .len = PAGE, .fd_flags = O_RDWR };

	return ioctl(heap_system, DMA_HEAP_IOCTL_ALLOC, &alloc) ? -1 : (int)alloc.fd;
}

static int memfd_buffer(void)
{
	int fd = memfd_create("waits", 0);

	return fd < 0 || ftruncate(fd, PAGE) ? -1 : fd;
}

/* Allocate and map buffers, say so, and wait for the end. */
static void hold_buffers(int (*buffer)(void), int log)
{
	char *memory;
	int i, fd;

	for (i = 0; i < BUFFERS; i++) {
		fd = buffer();
		memory = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (memory == MAP_FAILED)
			die("buffer");
		*memory = 1;
	}
	if (write(log, "", 1) != 1)
		die("log");
	pause();
	_exit(1);
}

static void kill_holder(const char *name, int (*buffer)(void))
{
	unsigned long long start, times[5];
	unsigned int i;
	int log[2];
	char byte;
	pid_t pid;

	if (pipe(log))
		die("pipe");
	for (i = 0; i < ARRAY_SIZE(times); i++) {
		pid = fork();
		if (!pid)
			hold_buffers(buffer, log[1]);
		if (read(log[0], &byte, 1) != 1)
			die("log");
		start = now();
		kill(pid, SIGKILL);
		if (waitpid(pid, NULL, 0) != pid)
			die("the process that is killed");
		while (carveout_used(heaps.nomap))
			usleep(100);
		times[i] = now() - start;
	}
	close(log[0]);
	close(log[1]);
	report("killed", BUFFERS, name, median(times, ARRAY_SIZE(times)));
}

void bench_waits(void)
{
	const struct rlimit files = { BUFFERS + 64, BUFFERS + 64 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(appearances); i++)
		names_appear(&appearances[i]);
	if (setrlimit(RLIMIT_NOFILE, &files))
		die("setrlimit");
	kill_holder("carveout", carveout_buffer);
	heap_system = open("/dev/dma_heap/system", O_RDWR | O_CLOEXEC);
	if (heap_system >= 0)
		kill_holder("heap-system", system_buffer);
	else
		report_absent("killed", "heap-system");
	kill_holder("memfd", memfd_buffer);
}
