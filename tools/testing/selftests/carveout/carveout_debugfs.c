// SPDX-License-Identifier: GPL-2.0
/*
 * Texts of programs in debugfs: they neither break a line nor control a terminal.
 */
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>

#include "carveout_fixture.h"

#define SMALL	((__u64)PAGE)

/* A buffer has one line in debugfs, whatever the name of its process. */
TEST_F(heap, names_do_not_break_lines)
{
	char path[PATH_MAX], line[1024];
	unsigned int lines = 0;
	FILE *file;
	int fd;

	ASSERT_EQ(0, prctl(PR_SET_NAME, "\n0 '\\%s\t\n"));
	fd = alloc_buffer(self->heap.node, SMALL);
	ASSERT_LE(0, fd);
	snprintf(path, sizeof(path), "/sys/kernel/debug/carveout/%s/buffers",
		 heap_name());
	file = fopen(path, "re");
	ASSERT_NE(NULL, file);
	while (fgets(line, sizeof(line), file)) {
		EXPECT_NE(NULL, strstr(line, " region ")) TH_LOG("%s", line);
		lines++;
	}
	fclose(file);
	EXPECT_EQ(self->heap.query.buffers + 1, lines);
	close(fd);
}

/* Reverse the escapes of debugfs: octal, three digits. */
static void unescape(char *text)
{
	char *to = text;
	unsigned int byte;

	for (; *text; to++) {
		if (sscanf(text, "\\%3o", &byte) == 1) {
			*to = byte;
			text += 4;
		} else {
			*to = *text++;
		}
	}
	*to = 0;
}

/* The text between quotes @nr and @nr + 1 of a line, counted from 0. */
static bool quoted_is(const char *line, int nr, const char *text)
{
	char field[512] = "";

	for (; nr >= 0 && line; nr--) {
		line = strchr(line, '\'');
		line = line ? line + 1 : NULL;
	}
	if (!line || sscanf(line, "%511[^']", field) != 1)
		return false;
	unescape(field);
	return !strcmp(field, text);
}

/* No text of a program controls the terminal of debugfs' reader, or forges a field. */
TEST_F(heap, texts_are_shown_in_printable_ascii)
{
	/* A colour, a right-to-left override, an overwritten line. */
	static const char comm[] = "\33[31mX\342\200\256Y\r'";
	static const char label[] = "a\\b 'q' tag 'x' \"";
	struct carveout_ioctl_alloc alloc = alloc_request(SMALL);
	char path[PATH_MAX], line[1024], *at;
	unsigned int found = 0;
	FILE *file;

	ASSERT_EQ(0, prctl(PR_SET_NAME, comm));
	set_name(alloc.label, label);
	ASSERT_EQ(0, xioctl(self->heap.node, CARVEOUT_IOCTL_ALLOC, &alloc));
	snprintf(path, sizeof(path), "/sys/kernel/debug/carveout/%s/buffers",
		 heap_name());
	file = fopen(path, "re");
	ASSERT_NE(NULL, file);
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = 0;
		for (at = line; *at; at++)
			EXPECT_TRUE(*at >= ' ' && *at <= '~')
				TH_LOG("byte %#x of a line", (unsigned char)*at);
		if (strtoull(line, NULL, 10) != alloc.generation)
			continue;
		found++;
		EXPECT_TRUE(quoted_is(line, 2, comm)) TH_LOG("%s", line);
		EXPECT_TRUE(quoted_is(line, 4, label)) TH_LOG("%s", line);
	}
	fclose(file);
	EXPECT_EQ(1, found);
	close(alloc.fd);
	EXPECT_UNCHANGED(&self->heap);
}

TEST_HARNESS_MAIN
