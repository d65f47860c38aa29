// SPDX-License-Identifier: GPL-2.0
/*
 * Shared code of the test programs: faults that the kernel injects into the
 * calls of one thread. See fault-injection.rst in its documentation.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "kselftest.h"

#include "carveout_test.h"

#define FAULTS		"/sys/kernel/debug/"
#define FAIL_NTH	"/proc/thread-self/fail-nth"
#define MAKE_IT_FAIL	"/proc/thread-self/make-it-fail"

/**
 * can_inject_faults() - Can system calls of this process be made to fail?
 *
 * Return: true if the kernel supports it.
 */
bool can_inject_faults(void)
{
	return !access(FAIL_NTH, W_OK);
}

/**
 * prepare_faults() - Enable silent failures of all kinds of allocations
 * @faults: filled in; for this thread
 *
 * Return: 0 or a negative errno value.
 */
int prepare_faults(struct faults *faults)
{
	static const struct { const char *file, *value; } settings[] = {
		{ FAULTS "failslab/verbose", "0" },
		{ FAULTS "failslab/ignore-gfp-wait", "N" },
		{ FAULTS "failslab/task-filter", "Y" },
		{ FAULTS "failslab/probability", "100" },
		{ FAULTS "failslab/times", "-1" },
		{ FAULTS "fail_page_alloc/verbose", "0" },
		{ FAULTS "fail_page_alloc/ignore-gfp-wait", "N" },
		{ FAULTS "fail_page_alloc/min-order", "0" },
		{ FAULTS "fail_page_alloc/task-filter", "Y" },
		{ FAULTS "fail_page_alloc/probability", "100" },
		{ FAULTS "fail_page_alloc/times", "-1" },
		{ FAULTS "fail_usercopy/verbose", "0" },
	};
	size_t i;
	int err;

	for (i = 0; i < ARRAY_SIZE(settings); i++) {
		err = write_line(settings[i].file, settings[i].value);
		if (err)
			return err;
	}
	faults->nth = open(FAIL_NTH, O_RDWR | O_CLOEXEC);
	faults->shortage = open(MAKE_IT_FAIL, O_RDWR | O_CLOEXEC);
	return faults->nth < 0 || faults->shortage < 0 ? -errno : 0;
}

/**
 * arm_fault() - Make the next system call fail at a point
 * @faults: from prepare_faults()
 * @n: number of the point, from 1; 0 for none
 */
void arm_fault(const struct faults *faults, unsigned int n)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", n);

	while (pwrite(faults->nth, text, len, 0) != len)
		;
}

/**
 * fault_reached() - Did the last system call reach the armed point?
 * @faults: from prepare_faults()
 *
 * Reading the counter copies to user space, which is a point, too: if that copy fails,
 * the call had one point too few.
 *
 * Return: true if so; no fault is armed afterwards.
 */
bool fault_reached(const struct faults *faults)
{
	char text[16] = "";
	bool reached;

	reached = pread(faults->nth, text, sizeof(text) - 1, 0) > 0 && !atoi(text);
	/* The write that disarms the fault is a point, too. */
	arm_fault(faults, 0);
	return reached;
}

/**
 * begin_shortage() - Make all allocations beyond a budget fail
 * @faults: from prepare_faults()
 * @bytes: budget of this thread, and a page for every KiB of it
 *
 * Return: 0 or a negative errno value.
 */
int begin_shortage(const struct faults *faults, unsigned int bytes)
{
	char text[16];
	int err;

	snprintf(text, sizeof(text), "%u", bytes);
	err = write_line(FAULTS "failslab/space", text);
	snprintf(text, sizeof(text), "%u", bytes / 1024);
	if (!err)
		err = write_line(FAULTS "fail_page_alloc/space", text);
	if (!err && pwrite(faults->shortage, "1", 1, 0) != 1)
		err = -errno;
	return err;
}

/**
 * end_shortage() - End the shortage of memory
 * @faults: from prepare_faults()
 */
void end_shortage(const struct faults *faults)
{
	while (pwrite(faults->shortage, "0", 1, 0) != 1)
		;
}
