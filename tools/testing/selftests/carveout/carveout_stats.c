// SPDX-License-Identifier: GPL-2.0
/*
 * The state of a heap without a call on its device node: the counters in sysfs, and the
 * names and the numbers of open files in /proc.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "carveout_fixture.h"

#define USER	1000
#define SMALL	((__u64)PAGE)

/* A number in sysfs, in a folder of the heap; a negative errno value. */
static __s64 number_in(const char *folder, const char *file)
{
	char path[PATH_MAX], line[64];
	int ret;

	snprintf(path, sizeof(path), "/sys/class/carveout/%s/%s/%s", heap_name(), folder, file);
	ret = read_line(path, line, sizeof(line));
	return ret < 0 ? ret : (__s64)strtoull(line, NULL, 0);
}

static __s64 statistic(const char *file)
{
	return number_in("statistics", file);
}

static __s64 of_region(__u32 index, const char *file)
{
	char folder[32];

	snprintf(folder, sizeof(folder), "regions/%u", index);
	return number_in(folder, file);
}

/* === Counters ============================================================= */

TEST_F(heap, statistics_equal_the_query)
{
	struct carveout_ioctl_query query;
	int fds[3], i;

	fds[0] = alloc_buffer(self->heap.node, SMALL);
	fds[1] = alloc_tag(self->heap.node, 3 * SMALL, unique_tag("stats"), 0, 0600);
	fds[2] = create_pool(self->heap.node, 64, 8);
	for (i = 0; i < 3; i++)
		ASSERT_LE(0, fds[i]);
	ASSERT_EQ(0, query_heap(self->heap.node, &query));
	EXPECT_EQ(query.size, statistic("size"));
	EXPECT_EQ(query.used, statistic("used"));
	EXPECT_EQ(query.size - query.used, statistic("free"));
	EXPECT_EQ(query.high_water, statistic("high_water"));
	EXPECT_EQ(query.largest_hole, statistic("largest_hole"));
	EXPECT_EQ(query.buffers, statistic("buffers"));
	EXPECT_EQ(query.tags, statistic("tags"));
	EXPECT_EQ(query.spans, statistic("spans"));
	EXPECT_EQ(query.holes, statistic("holes"));
	EXPECT_EQ(query.failures_nospc, statistic("failures_nospc"));
	EXPECT_EQ(query.failures_nomem, statistic("failures_nomem"));
	EXPECT_EQ(query.failures_quota, statistic("failures_quota"));
	EXPECT_EQ(heap_state("parked_bytes"), statistic("parked"));
	EXPECT_EQ(0, statistic("pending"));
	for (i = 0; i < 3; i++)
		close(fds[i]);
}

TEST_F(heap, failures_count_by_reason)
{
	__s64 nospc = statistic("failures_nospc"), quota = statistic("failures_quota");

	EXPECT_EQ(-ENOSPC, alloc_buffer(self->heap.node, self->heap.query.size + SMALL));
	EXPECT_EQ(nospc + 1, statistic("failures_nospc"));
	ASSERT_EQ(0, set_quota("quota_file", SMALL));
	ASSERT_EQ(0, act_as(USER));
	EXPECT_EQ(-EDQUOT, alloc_buffer(self->heap.node, 2 * SMALL));
	ASSERT_EQ(0, act_as(0));
	ASSERT_EQ(0, set_quota("quota_file", 0));
	EXPECT_EQ(quota + 1, statistic("failures_quota"));
	EXPECT_EQ(nospc + 1, statistic("failures_nospc"));
}

TEST_F(heap, each_region_has_a_folder)
{
	static const char * const sums[] = { "size", "used", "free", "spans", "holes", NULL };
	struct carveout_ioctl_region region;
	char path[PATH_MAX], name[128];
	__u32 i, regions = self->heap.query.regions;
	int fd = alloc_buffer(self->heap.node, SMALL);
	__s64 sum, largest = 0;
	unsigned int s;

	ASSERT_LE(0, fd);
	for (i = 0; i < regions; i++) {
		ASSERT_EQ(0, query_region(self->heap.node, i, &region));
		snprintf(path, sizeof(path), "/sys/class/carveout/%s/regions/%u/name",
			 heap_name(), i);
		ASSERT_LE(0, read_line(path, name, sizeof(name)));
		EXPECT_STREQ(region.name, name);
		EXPECT_EQ(region.attrs, of_region(i, "attributes"));
		EXPECT_EQ(region.size, of_region(i, "size"));
		EXPECT_EQ(region.used, of_region(i, "used"));
		EXPECT_EQ(region.high_water, of_region(i, "high_water"));
		EXPECT_EQ(region.largest_hole, of_region(i, "largest_hole"));
		if (of_region(i, "largest_hole") > largest)
			largest = of_region(i, "largest_hole");
	}
	EXPECT_EQ(largest, statistic("largest_hole"));
	EXPECT_EQ(-ENOENT, of_region(regions, "size"));
	for (s = 0; sums[s]; s++) {
		for (sum = 0, i = 0; i < regions; i++)
			sum += of_region(i, sums[s]);
		EXPECT_EQ(statistic(sums[s]), sum) TH_LOG("%s", sums[s]);
	}
	close(fd);
}

/* Two holes of a quarter of a region: one of them is not the largest. */
TEST_F(heap, fragmentation_is_what_no_large_request_gets)
{
	__s64 size = of_region(0, "size"), left, part;
	int fds[4], i;

	for (i = 0; i < 4; i++) {
		fds[i] = alloc_in(self->heap.node, size / 4 / PAGE * PAGE, 1);
		ASSERT_LE(0, fds[i]);
	}
	close(fds[0]);
	close(fds[2]);
	ASSERT_TRUE(BECOMES_TRUE(of_region(0, "holes") >= 2));
	ASSERT_TRUE(BECOMES_TRUE(statistic("pending") == 0));
	left = of_region(0, "free");
	part = left - of_region(0, "largest_hole");
	EXPECT_LE(size / 4 / (__s64)PAGE * (__s64)PAGE, part);
	EXPECT_EQ(part * 100 / left, of_region(0, "fragmentation"));
	EXPECT_LT(0, statistic("fragmentation"));
	EXPECT_GE(of_region(0, "fragmentation"), statistic("fragmentation"));
	close(fds[1]);
	close(fds[3]);
	EXPECT_TRUE(BECOMES_TRUE(of_region(0, "fragmentation") == 0));
}

/* Any user can read the files, and root cannot write them. */
TEST_F(heap, statistics_are_read_only)
{
	static const char * const folders[] = { "statistics", "regions/0" };
	char folder[PATH_MAX / 2], path[PATH_MAX], line[128];
	struct dirent *entry;
	unsigned int i, files = 0;
	DIR *dir;

	for (i = 0; i < 2; i++) {
		snprintf(folder, sizeof(folder), "/sys/class/carveout/%s/%s", heap_name(),
			 folders[i]);
		dir = opendir(folder);
		ASSERT_NE(NULL, dir);
		while ((entry = readdir(dir))) {
			if (entry->d_name[0] == '.')
				continue;
			snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
			EXPECT_EQ(-1, open(path, O_WRONLY | O_CLOEXEC)) TH_LOG("%s", path);
			EXPECT_EQ(EACCES, errno);
			ASSERT_EQ(0, act_as(USER));
			EXPECT_LE(0, read_line(path, line, sizeof(line))) TH_LOG("%s", path);
			ASSERT_EQ(0, act_as(0));
			files++;
		}
		closedir(dir);
	}
	EXPECT_EQ(15 + 10, files);
}

/* === Open files =========================================================== */

/* The value of a line of an open file in /proc; empty without such a line. */
static const char *line_of(int fd, const char *key)
{
	static char line[256];
	char path[64];
	size_t len = strlen(key);
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file)) {
		if (strncmp(line, key, len) || line[len] != ':')
			continue;
		fclose(file);
		line[strcspn(line, "\n")] = 0;
		return line + len + 1 + strspn(line + len + 1, "\t ");
	}
	if (file)
		fclose(file);
	return "";
}

static __u64 number_of(int fd, const char *key)
{
	const char *text = line_of(fd, key);

	return *text ? strtoull(text, NULL, 10) : ~0ULL;
}

TEST_F(heap, node_shows_heap_and_charge)
{
	int fd, node = self->heap.node;

	EXPECT_STREQ(heap_name(), line_of(node, "carveout-heap"));
	EXPECT_EQ(0, number_of(node, "carveout-charged"));
	fd = alloc_buffer(node, 2 * SMALL);
	ASSERT_LE(0, fd);
	EXPECT_EQ(2 * SMALL, number_of(node, "carveout-charged"));
	close(fd);
	EXPECT_TRUE(BECOMES_TRUE(!number_of(node, "carveout-charged")));
}

TEST_F(heap, pool_shows_its_blocks)
{
	const char *tag = unique_tag("stats");
	struct carveout_ioctl_pool_query query;
	int pool = create_pool_tag(self->heap.node, 64, 8, tag, 0, 0600), other;

	ASSERT_LE(0, pool);
	other = open_pool(self->heap.node, tag);
	ASSERT_LE(0, other);
	ASSERT_LE(0, acquire_block_nowait(pool));
	ASSERT_LE(0, acquire_block_nowait(other));
	ASSERT_LE(0, acquire_block_nowait(other));
	ASSERT_EQ(0, query_pool(other, &query));
	EXPECT_STREQ(heap_name(), line_of(other, "carveout-heap"));
	EXPECT_STREQ(tag, line_of(other, "carveout-tag"));
	EXPECT_EQ(query.generation, number_of(other, "carveout-generation"));
	EXPECT_EQ(query.region, number_of(other, "carveout-region"));
	EXPECT_EQ(query.client, number_of(other, "carveout-client"));
	EXPECT_EQ(8, number_of(other, "carveout-blocks"));
	EXPECT_EQ(5, number_of(other, "carveout-free"));
	EXPECT_EQ(2, number_of(other, "carveout-held"));
	EXPECT_EQ(1, number_of(pool, "carveout-held"));
	close(other);
	close(pool);
}

/* The name of a buffer's file: in fdinfo, and in the link that lsof shows. */
static bool is_named(int fd, const char *name)
{
	char path[64], link[128], want[128];
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	len = readlink(path, link, sizeof(link) - 1);
	if (len < 0)
		return false;
	link[len] = 0;
	snprintf(want, sizeof(want), "/dmabuf:%s", name);
	return !strcmp(link, want) && !strcmp(line_of(fd, "name"), name);
}

TEST_F(heap, buffer_has_the_name_of_its_tag)
{
	const char *tag = unique_tag("stats");
	struct carveout_ioctl_alloc alloc = alloc_request(SMALL);
	int node = self->heap.node, fd, other;

	set_name(alloc.tag, tag);
	set_name(alloc.label, "a label");
	ASSERT_EQ(0, xioctl(node, CARVEOUT_IOCTL_ALLOC, &alloc));
	fd = alloc.fd;
	other = open_tag(node, tag, O_RDONLY);
	ASSERT_LE(0, other);
	EXPECT_TRUE(is_named(fd, tag)) TH_LOG("%s", line_of(fd, "name"));
	EXPECT_TRUE(is_named(other, tag));
	close(fd);
	close(other);
}

/* A dma-buf takes 31 characters. */
TEST_F(heap, buffer_without_a_tag_has_the_name_of_its_label)
{
	struct carveout_ioctl_alloc alloc = alloc_request(SMALL);
	int fd;

	set_name(alloc.label, "frame of camera 0, which has a long name");
	ASSERT_EQ(0, xioctl(self->heap.node, CARVEOUT_IOCTL_ALLOC, &alloc));
	EXPECT_TRUE(is_named(alloc.fd, "frame of camera 0, which has a "));
	close(alloc.fd);
	fd = alloc_buffer(self->heap.node, SMALL);
	ASSERT_LE(0, fd);
	EXPECT_TRUE(is_named(fd, ""));
	close(fd);
}

TEST_HARNESS_MAIN
