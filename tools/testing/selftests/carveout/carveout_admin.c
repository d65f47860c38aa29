// SPDX-License-Identifier: GPL-2.0
/*
 * The settings of the administrator in sysfs, text files of the kernel, and the user that a
 * test runs as.
 */
#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "carveout_test.h"

/**
 * knob_path() - Path of a setting of the heap under test
 * @path: filled in
 * @len: size of @path
 * @file: name of the setting
 */
void knob_path(char *path, size_t len, const char *file)
{
	snprintf(path, len, "/sys/class/carveout/%s/%s", heap_name(), file);
}

/**
 * write_knob() - Change a setting of the heap under test
 * @file: name of the setting
 * @text: its value
 *
 * Return: 0 or a negative errno value.
 */
int write_knob(const char *file, const char *text)
{
	char path[256];

	knob_path(path, sizeof(path), file);
	return write_line(path, text);
}

/**
 * set_quota() - Set a limit of the heap under test
 * @file: name of the setting
 * @limit: the limit
 *
 * Return: 0 or a negative errno value.
 */
int set_quota(const char *file, __u64 limit)
{
	char text[32];

	snprintf(text, sizeof(text), "%llu\n", (unsigned long long)limit);
	return write_knob(file, text);
}

/**
 * lines_with() - Lines of a text file that contain a text
 * @path: path of the file
 * @text: the text; a newline at its end stands for the end of the line
 *
 * Return: their number.
 */
unsigned int lines_with(const char *path, const char *text)
{
	char line[1024];
	unsigned int found = 0;
	FILE *file = fopen(path, "re");

	while (file && fgets(line, sizeof(line), file))
		found += !!strstr(line, text);
	if (file)
		fclose(file);
	return found;
}

/**
 * have_tracing() - Does the kernel have tracing? Mount its files if it does.
 *
 * Return: true if TRACING has them.
 */
bool have_tracing(void)
{
	if (access(TRACING "/README", F_OK))
		mount("tracefs", TRACING, "tracefs", 0, NULL);
	return !access(TRACING "/README", F_OK);
}

/**
 * act_as() - Run as another user for a while, or as root
 * @uid: the effective user id from now on
 *
 * Return: 0 or a negative errno value.
 */
int act_as(uid_t uid)
{
	if (seteuid(0) || setgroups(0, NULL) || seteuid(uid))
		return -errno;
	return 0;
}
