/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Options and results that buffers and pools have in common, as tests of both use them.
 *
 * The structures differ in type, but not in the names of these fields.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

/* Set each common option to a value of its own. */
#define SET_COMMON_OPTIONS(options) do {					\
	typeof(options) set = (options);					\
										\
	set->tag = "tag";							\
	set->label = "label";							\
	set->flags = CARVEOUT_ALLOC_PERSIST;					\
	set->fd_flags = O_RDWR;							\
	set->mode = 0644;							\
	set->max_addr = 1ULL << 32;						\
	set->regions = 5;							\
	set->require = CARVEOUT_ATTR_CACHED;					\
	set->forbid = CARVEOUT_ATTR_PAGES;					\
} while (0)

/* The driver received these options. */
#define EXPECT_COMMON_OPTIONS(request) do {					\
	typeof(request) got = (request);					\
										\
	EXPECT_EQ(fake_heap.fd, driver.fd[0]);					\
	EXPECT_STREQ("tag", got->tag);						\
	EXPECT_STREQ("label", got->label);					\
	EXPECT_EQ(CARVEOUT_ALLOC_PERSIST, got->flags);				\
	EXPECT_EQ(O_RDWR, got->fd_flags);					\
	EXPECT_EQ(0644, got->mode);						\
	EXPECT_EQ(1ULL << 32, got->max_addr);					\
	EXPECT_EQ(5, got->regions);						\
	EXPECT_EQ(CARVEOUT_ATTR_CACHED, got->require);				\
	EXPECT_EQ(CARVEOUT_ATTR_PAGES, got->forbid);				\
} while (0)

/* Fill in the common part of the driver's reply. */
#define SET_COMMON_REPLY(reply) do {						\
	typeof(reply) set = (reply);						\
										\
	set->size = 8192;							\
	set->offset = 4096;							\
	set->generation = 9;							\
	set->region = 2;							\
	set->attrs = CARVEOUT_ATTR_CACHED;					\
	set->created = CARVEOUT_ALLOC_CREATED;					\
} while (0)

/* The library returned this reply. */
#define EXPECT_COMMON_REPLY(opened) do {					\
	typeof(opened) got = (opened);						\
										\
	EXPECT_EQ(8192, got->size);						\
	EXPECT_EQ(4096, got->offset);						\
	EXPECT_EQ(9, got->generation);						\
	EXPECT_EQ(2, got->region);						\
	EXPECT_EQ(CARVEOUT_ATTR_CACHED, got->attrs);				\
	EXPECT_EQ(1, got->created);						\
} while (0)

#endif /* OPTIONS_H */
