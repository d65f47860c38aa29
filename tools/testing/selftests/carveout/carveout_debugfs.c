// SPDX-License-Identifier: GPL-2.0
/*
 * debugfs: texts of programs neither break a line nor control a terminal; sizes of spans,
 * holders of buffers and of blocks.
 */
#include <fcntl.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "carveout_fixture.h"

#define SMALL	((__u64)PAGE)

static FILE *open_file(const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/sys/kernel/debug/carveout/%s/%s", heap_name(), name);
	return fopen(path, "re");
}

/* How many lines of a file are this one? */
__attribute__((format(printf, 2, 3)))
static unsigned int count_lines(const char *name, const char *format, ...)
{
	char want[1024], line[1024];
	unsigned int count = 0;
	va_list args;
	FILE *file;

	va_start(args, format);
	vsnprintf(want, sizeof(want), format, args);
	va_end(args);
	file = open_file(name);
	while (file && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = 0;
		count += !strcmp(line, want);
	}
	if (file)
		fclose(file);
	return count;
}

/* A buffer has one line in debugfs, whatever the name of its process. */
TEST_F(heap, names_do_not_break_lines)
{
	unsigned int lines = 0;
	char line[1024];
	FILE *file;
	int fd;

	ASSERT_EQ(0, prctl(PR_SET_NAME, "\n0 '\\%s\t\n"));
	fd = alloc_buffer(self->heap.node, SMALL);
	ASSERT_LE(0, fd);
	file = open_file("buffers");
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
	unsigned int found = 0;
	char line[1024], *at;
	FILE *file;

	ASSERT_EQ(0, prctl(PR_SET_NAME, comm));
	set_name(alloc.label, label);
	ASSERT_EQ(0, xioctl(self->heap.node, CARVEOUT_IOCTL_ALLOC, &alloc));
	file = open_file("buffers");
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

/* Is there a line with these references of a buffer? */
static unsigned int is_held(__u64 generation, const char *tag, unsigned int refs,
			    unsigned int files, unsigned int clients, bool persist)
{
	return count_lines("holders", "%llu refs %u files %u clients %u persist %d tag '%s'",
			   generation, refs, files, clients, persist, tag);
}

/* A line of the histogram. */
struct size_class {
	long long size;
	long long holes;
	long long hole_bytes;
	long long used;
	long long used_bytes;
};

/* Read the line for @size, all 0 if there is none, and the sums of all lines. */
static bool read_histogram(long long size, struct size_class *class, struct size_class *sum)
{
	FILE *file = open_file("histogram");
	struct size_class read;

	memset(class, 0, sizeof(*class));
	memset(sum, 0, sizeof(*sum));
	if (!file)
		return false;
	while (fscanf(file, "%lld holes %lld hole_bytes %lld used %lld used_bytes %lld\n",
		      &read.size, &read.holes, &read.hole_bytes, &read.used,
		      &read.used_bytes) == 5) {
		sum->holes += read.holes;
		sum->hole_bytes += read.hole_bytes;
		sum->used += read.used;
		sum->used_bytes += read.used_bytes;
		if (read.size == size)
			*class = read;
	}
	return !fclose(file) && sum->holes;
}

/* The histogram has each span once, in the line of the power of two below its size. */
TEST_F(heap, histogram_has_each_span)
{
	struct size_class before, after, sum;
	int fd;

	ASSERT_TRUE(read_histogram(2 * SMALL, &before, &sum));
	fd = alloc_buffer(self->heap.node, 3 * SMALL);
	ASSERT_LE(0, fd);
	ASSERT_TRUE(read_histogram(2 * SMALL, &after, &sum));
	EXPECT_EQ(before.used + 1, after.used);
	EXPECT_EQ(before.used_bytes + 3 * (long long)SMALL, after.used_bytes);
	EXPECT_EQ(heap_state("spans"), sum.used);
	EXPECT_EQ(heap_state("holes"), sum.holes);
	EXPECT_EQ(heap_state("used"), sum.used_bytes);
	EXPECT_EQ(heap_state("size"), sum.used_bytes + sum.hole_bytes);
	close(fd);
	EXPECT_UNCHANGED(&self->heap);
}

/* Each descriptor of its own counts as a file, and so does a mapping without a descriptor. */
TEST_F(heap, holders_of_a_buffer)
{
	const char *tag = unique_tag("held");
	int node = self->heap.node, fd, other;
	__u64 generation;
	void *mem;

	fd = alloc_tag(node, SMALL, tag, CARVEOUT_ALLOC_PERSIST, 0600);
	ASSERT_LE(0, fd);
	generation = generation_of(node, fd);
	EXPECT_TRUE(is_held(generation, tag, 2, 1, 0, true));
	other = open_tag(node, tag, O_RDONLY);
	ASSERT_LE(0, other);
	EXPECT_TRUE(is_held(generation, tag, 3, 2, 0, true));
	mem = map_buffer(fd, SMALL, PROT_READ);
	ASSERT_NE(MAP_FAILED, mem);
	close(fd);
	close(other);
	EXPECT_TRUE(BECOMES_TRUE(is_held(generation, tag, 2, 1, 0, true)));
	munmap(mem, SMALL);
	EXPECT_TRUE(BECOMES_TRUE(is_held(generation, tag, 1, 0, 0, true)));
	EXPECT_EQ(0, unlink_tag(node, tag));
	EXPECT_UNCHANGED(&self->heap);
}

#define POOL_LINE \
	"%llu block_size %llu blocks 8 free 4 high_water 4 waiters 0 error 0 corrupted 0 tag '%s'"

/* The open files of a pool are its clients, and each block in use has one of them. */
TEST_F(heap, clients_of_a_pool_and_their_blocks)
{
	const char *tag = unique_tag("held");
	struct carveout_ioctl_pool_query query;
	__u64 one, two, generation;
	int pool, other;

	pool = create_pool_tag(self->heap.node, SMALL, 8, tag, 0, 0600);
	ASSERT_LE(0, pool);
	other = open_pool(self->heap.node, tag);
	ASSERT_LE(0, other);
	one = client_of(pool);
	two = client_of(other);
	EXPECT_EQ(0, acquire_block_nowait(pool));
	EXPECT_EQ(1, acquire_block_nowait(other));
	EXPECT_EQ(2, acquire_block_nowait(pool));
	EXPECT_EQ(3, acquire_block_nowait(pool));
	ASSERT_EQ(0, query_pool(pool, &query));
	generation = query.generation;
	EXPECT_EQ(1, count_lines("pools", POOL_LINE, generation, query.block_size, tag));
	EXPECT_EQ(1, count_lines("pools", "%llu client %llu held 3", generation, one));
	EXPECT_EQ(1, count_lines("pools", "%llu client %llu held 1", generation, two));
	EXPECT_EQ(1, count_lines("pools", "%llu blocks 0-0 client %llu", generation, one));
	EXPECT_EQ(1, count_lines("pools", "%llu blocks 1-1 client %llu", generation, two));
	EXPECT_EQ(1, count_lines("pools", "%llu blocks 2-3 client %llu", generation, one));
	EXPECT_TRUE(is_held(generation, tag, 2, 0, 2, false));
	EXPECT_EQ(0, release_block(pool, 2));
	EXPECT_EQ(1, count_lines("pools", "%llu blocks 3-3 client %llu", generation, one));
	close(other);
	EXPECT_TRUE(BECOMES_TRUE(is_held(generation, tag, 1, 0, 1, false)));
	EXPECT_EQ(0, count_lines("pools", "%llu client %llu held 1", generation, two));
	EXPECT_EQ(0, count_lines("pools", "%llu blocks 1-1 client %llu", generation, two));
	close(pool);
	EXPECT_UNCHANGED(&self->heap);
}

/* A run is one line, also if it is longer than the blocks that are read at a time. */
TEST_F(heap, long_runs_of_blocks)
{
	const unsigned int count = 3000, first = 100, last = 2500;
	const char *tag = unique_tag("held");
	struct carveout_ioctl_pool_query query;
	unsigned int i;
	__u64 one, two;
	int pool, other;

	pool = create_pool_tag(self->heap.node, 64, count, tag, 0, 0600);
	ASSERT_LE(0, pool);
	other = open_pool(self->heap.node, tag);
	ASSERT_LE(0, other);
	for (i = 0; i <= last; i++)
		ASSERT_EQ(i, acquire_block_nowait(i < first || i == last ? pool : other));
	ASSERT_EQ(0, query_pool(pool, &query));
	one = client_of(pool);
	two = client_of(other);
	EXPECT_EQ(1, count_lines("pools", "%llu blocks 0-%u client %llu", query.generation,
				 first - 1, one));
	EXPECT_EQ(1, count_lines("pools", "%llu blocks %u-%u client %llu", query.generation,
				 first, last - 1, two));
	/* Free blocks are in no run. */
	close(other);
	EXPECT_TRUE(BECOMES_TRUE(is_held(query.generation, tag, 1, 0, 1, false)));
	EXPECT_EQ(1, count_lines("pools", "%llu blocks 0-%u client %llu", query.generation,
				 first - 1, one));
	EXPECT_EQ(1, count_lines("pools", "%llu blocks %u-%u client %llu", query.generation,
				 last, last, one));
	close(pool);
	EXPECT_UNCHANGED(&self->heap);
}

TEST_HARNESS_MAIN
