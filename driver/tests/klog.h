/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Lines of the module in the kernel log.
 *
 * They are read from the log itself, so consoles and log levels do not matter.
 */
#ifndef CARVEOUT_TESTS_KLOG_H
#define CARVEOUT_TESTS_KLOG_H

#include <kunit/test.h>
#include <linux/kmsg_dump.h>
#include <linux/string.h>

/**
 * klog_mark() - The current end of the log
 *
 * Return: the sequence number of the next line.
 */
static inline u64 klog_mark(void)
{
	struct kmsg_dump_iter iter;

	kmsg_dump_rewind(&iter);
	return iter.next_seq;
}

/* Count the lines of the module since @mark that contain @text. */
static inline unsigned int klog_count(u64 mark, const char *text)
{
	struct kmsg_dump_iter iter;
	static char line[1024];
	unsigned int n = 0;
	size_t len;

	kmsg_dump_rewind(&iter);
	iter.cur_seq = mark;
	while (kmsg_dump_get_line(&iter, false, line, sizeof(line) - 1, &len)) {
		line[len] = '\0';
		n += strstr(line, "carveout: ") && strstr(line, text);
	}
	return n;
}

/* The module has logged exactly one line since @mark, and it contains @text. */
static inline void expect_one_line(struct kunit *test, u64 mark, const char *text)
{
	KUNIT_EXPECT_EQ_MSG(test, 1U, klog_count(mark, ""),
			    "lines in the log, expected one with '%s'", text);
	KUNIT_EXPECT_EQ_MSG(test, 1U, klog_count(mark, text), "lines with '%s'", text);
}

#endif /* CARVEOUT_TESTS_KLOG_H */
