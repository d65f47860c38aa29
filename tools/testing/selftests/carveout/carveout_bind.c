// SPDX-License-Identifier: GPL-2.0
/*
 * Shared code of the test programs: the device of the heap under test, its
 * driver, the module; suspend.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include "kselftest.h"

#include "carveout_test.h"

/**
 * find_binding() - Find the device and the driver of a heap
 * @node: the heap
 * @binding: filled in
 *
 * Return: 0, or a negative errno value: -ENOENT if the heap has no device.
 */
int find_binding(int node, struct binding *binding)
{
	char path[64], real[PATH_MAX];
	struct stat info;

	if (fstat(node, &info))
		return -errno;
	snprintf(path, sizeof(path), "/sys/dev/char/%u:%u/device",
		 major(info.st_rdev), minor(info.st_rdev));
	if (!realpath(path, real))
		return -errno;
	snprintf(binding->device, sizeof(binding->device), "%s",
		 strrchr(real, '/') + 1);
	snprintf(path, sizeof(path), "/sys/dev/char/%u:%u/device/driver",
		 major(info.st_rdev), minor(info.st_rdev));
	return realpath(path, binding->driver) ? 0 : -errno;
}

/**
 * open_driver() - Open the driver's sysfs file "bind" or "unbind"
 * @binding: the device and its driver
 * @file: "bind" or "unbind"
 *
 * Return: a file descriptor for writing the device's name, or a negative errno value.
 */
int open_driver(const struct binding *binding, const char *file)
{
	char path[PATH_MAX + 16];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", binding->driver, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int tell_driver(const struct binding *binding, const char *file)
{
	size_t len = strlen(binding->device);
	int err = 0, fd = open_driver(binding, file);

	if (fd < 0)
		return fd;
	if (write(fd, binding->device, len) != (ssize_t)len)
		err = -errno;
	close(fd);
	return err;
}

/**
 * unbind() - Unbind the driver from its device
 * @binding: the device and its driver
 *
 * Return: 0 or a negative errno value.
 */
int unbind(const struct binding *binding)
{
	return tell_driver(binding, "unbind");
}

/**
 * bind_again() - Bind the driver to its device
 * @binding: the device and its driver
 *
 * Return: 0 or a negative errno value.
 */
int bind_again(const struct binding *binding)
{
	return tell_driver(binding, "bind");
}

/**
 * bind_soon() - Bind the driver to its device once the memory is free
 * @binding: the device and its driver
 *
 * The memory may be released a little after the last close.
 *
 * Return: 0 or a negative errno value.
 */
int bind_soon(const struct binding *binding)
{
	unsigned int left = SETTLE_MS / 10;
	int err;

	for (;;) {
		err = bind_again(binding);
		if (err != -EBUSY || !left)
			return err;
		/* Not too often: each refusal logs a line. */
		sleep_us(9000);
		left -= doze(left);
	}
}

/**
 * open_node() - Open the device node of a heap that was just made
 *
 * Another kernel thread creates the device node.
 *
 * Return: a file descriptor or a negative errno value.
 */
int open_node(void)
{
	int fd;

	BECOMES_TRUE((fd = open(heap_path(), O_RDWR | O_CLOEXEC)) >= 0);
	return fd < 0 ? -errno : fd;
}

/**
 * open_typed() - Open the heap under test with typed memory
 * @regions: mask of the regions; 0 for all
 * @flags: CARVEOUT_TYPED_* flags
 *
 * Return: a file descriptor or a negative errno value.
 */
int open_typed(__u64 regions, __u32 flags)
{
	struct carveout_ioctl_typed typed = { .regions = regions, .flags = flags };
	int fd = open(heap_path(), O_RDWR | O_CLOEXEC);
	int err = fd < 0 ? -errno : xioctl(fd, CARVEOUT_IOCTL_TYPED, &typed);

	if (!err)
		return fd;
	if (fd >= 0)
		close(fd);
	return err;
}

/**
 * remove_module() - Try to remove the module, without waiting
 *
 * Return: 0 or a negative errno value.
 */
int remove_module(void)
{
	return unload_module("carveout");
}

static void module_path(char *path, size_t len, const char *name)
{
	const char *folder = getenv("CARVEOUT_MODULES");

	snprintf(path, len, "%s/%s.ko", folder && *folder ? folder : "/modules", name);
}

/**
 * have_module() - Is the file of a module available?
 * @name: name of the module; $CARVEOUT_MODULES, else /modules, is the folder
 *
 * Return: true if so.
 */
bool have_module(const char *name)
{
	char path[PATH_MAX];

	module_path(path, sizeof(path), name);
	return !access(path, R_OK);
}

/**
 * load_module() - Load a module
 * @name: name of the module
 * @args: its parameters
 *
 * Return: 0 or a negative errno value.
 */
int load_module(const char *name, const char *args)
{
	char path[PATH_MAX];
	int fd, err = 0;

	module_path(path, sizeof(path), name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (syscall(SYS_finit_module, fd, args, 0))
		err = -errno;
	close(fd);
	return err;
}

/**
 * unload_module() - Try to remove a module, without waiting
 * @name: name of the module
 *
 * Return: 0 or a negative errno value.
 */
int unload_module(const char *name)
{
	return syscall(SYS_delete_module, name, O_NONBLOCK) ? -errno : 0;
}

/**
 * module_args() - Parameters with which the module is loaded, for loading it again
 * @args: filled in
 * @len: size of @args
 *
 * Return: 0 or a negative errno value.
 */
int module_args(char *args, size_t len)
{
	static const char * const names[] = { "default", "regions" };
	char path[64], value[1024];
	size_t i, used = 0;

	args[0] = '\0';
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "/sys/module/carveout/parameters/%s",
			 names[i]);
		if (read_line(path, value, sizeof(value)))
			return -EIO;
		if (strcmp(value, "(null)"))
			used += snprintf(args + used, len - used, "%s=%s ",
					 names[i], value);
	}
	return 0;
}

/* === Suspend ============================================================= */

#define POWER	"/sys/power/"

/**
 * can_freeze() - Has the kernel a test mode of suspend?
 *
 * Return: true if so.
 */
bool can_freeze(void)
{
	char states[64];

	return !access(POWER "pm_test", W_OK) &&
	       !read_line(POWER "state", states, sizeof(states)) && strstr(states, "freeze");
}

/**
 * freeze_all() - Freeze all other processes for a second, as a suspend does
 *
 * Return: 0 or a negative errno value; -EBUSY if a process could not be frozen in 20 s.
 */
int freeze_all(void)
{
	int err, last;

	err = write_line("/sys/module/suspend/parameters/pm_test_delay", "1");
	if (!err)
		err = write_line(POWER "pm_test", "freezer");
	if (!err)
		err = write_line(POWER "state", "freeze");
	last = write_line(POWER "pm_test", "none");
	return err ? err : last;
}

/* === Heaps by their memory =============================================== */

/**
 * open_heap_with() - Open the first heap that has memory with pages, or without
 * @pages: as of find_region()
 * @name: set to its name, or NULL
 * @regions: set to a mask of its first such region
 *
 * Return: file descriptor of the heap, or -ENOENT.
 */
int open_heap_with(bool pages, const char **name, __u64 *regions)
{
	static const char * const names[] = { "dsp", "default" };
	char path[64];
	int node, region;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "/dev/carveout/%s", names[i]);
		node = open(path, O_RDWR | O_CLOEXEC);
		if (node < 0)
			continue;
		region = find_region(node, pages);
		*regions = 1ULL << (region & 63);
		if (name)
			*name = names[i];
		if (region >= 0)
			return node;
		close(node);
	}
	return -ENOENT;
}
