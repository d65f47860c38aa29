// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzz target of "carveout doctor": the input is a device tree, which is examined and
 * printed in all forms. The command must neither fault nor hang, whatever the tree is.
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "doctor.h"
#include "doctor_fuzz.h"

/* The linker redirects the messages of the command: nearly each input has one. */
void __wrap_complain(const char *where, int err, const char *fmt, ...)
{
	(void)where;
	(void)err;
	(void)fmt;
}

/* The output of the command is of no interest, its making is. */
int fuzz_initialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	stdout = fopen("/dev/null", "we");
	if (!stdout)
		abort();
	return 0;
}

static int file_of(const uint8_t *data, size_t size)
{
	int fd = memfd_create("tree", MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	return fd;
}

/* A tree that is read has a result, one that is not has none. */
static void check(const struct doctor *doctor, int err)
{
	if (!err != !!doctor->count)
		abort();
}

int fuzz_one_input(const uint8_t *data, size_t size)
{
	struct doctor doctor = { .page = 4096 };
	int fd = file_of(data, size), err;
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	err = doctor_tree(&doctor, path);
	close(fd);
	check(&doctor, err);
	doctor_print(&doctor);
	doctor_print_lines(&doctor);
	doctor_print_json(&doctor);
	doctor_free(&doctor);
	return 0;
}
