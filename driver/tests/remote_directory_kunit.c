// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite of the service for remote processors: the directory, read word by word.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>

#include "core.h"

#define SLOTS	32

/* A core with the heap of the test and a directory of one page. */
static const struct property_entry published[] = {
	PROPERTY_ENTRY_STRING("linux,carveout-heap-names", "kunit"),
	PROPERTY_ENTRY_U32("linux,carveout-directory", SLOTS),
	{}
};

static struct carveout_buf *make_buf(struct kunit *test, const char *tag, umode_t mode)
{
	const struct carveout_req req = { .size = PAGE_SIZE };
	struct carveout_buf *buf = carveout_buf_alloc(heap_of(test), &req, tag, mode);

	KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(buf), "error %ld", PTR_ERR(buf));
	return buf;
}

/* Drop a buffer, and its tag with it. */
static void drop_buf(struct kunit *test, struct carveout_buf *buf)
{
	carveout_buf_put(buf);
	carveout_drain(heap_of(test));
}

static struct carveout_rpmsg_directory *open_directory(struct core *core)
{
	struct core_request request = core_request(core, CARVEOUT_RPMSG_DIRECTORY, NULL);
	struct carveout_rpmsg_answer answer;

	KUNIT_ASSERT_EQ(core->test, OK, core_call(core, &request, &answer));
	KUNIT_EXPECT_EQ(core->test, (u64)SLOTS * CARVEOUT_RPMSG_SLOT_LEN, core_size(&answer));
	KUNIT_EXPECT_EQ(core->test, SLOTS + 0U, le32_to_cpu(answer.value));
	KUNIT_EXPECT_EQ(core->test, 0ULL, core_addr(&answer) & (core_size(&answer) - 1));
	return core_memory(&answer);
}

static u32 release(struct core *core, u32 removal, u32 *count)
{
	struct core_request request = core_request(core, CARVEOUT_RPMSG_RELEASE, NULL);
	struct carveout_rpmsg_answer answer;
	u32 status;

	request.fixed.arg = cpu_to_le32(removal);
	status = core_call(core, &request, &answer);
	*count = le32_to_cpu(answer.value);
	return status;
}

/* The entry of a tag; NULL if there is none, or Linux is writing it. */
static const struct carveout_rpmsg_entry *find(const struct carveout_rpmsg_directory *directory,
					       const char *tag)
{
	const struct carveout_rpmsg_entry *slots = (const void *)directory, *entry;
	u32 hash = carveout_rpmsg_hash(0, tag);
	unsigned int i;

	for (i = 0; i < CARVEOUT_RPMSG_PROBES; i++) {
		entry = &slots[(hash + i) % SLOTS];
		if (entry != slots && le32_to_cpu(READ_ONCE(entry->hash)) == hash &&
		    !(le32_to_cpu(READ_ONCE(entry->sequence)) & 1) &&
		    !strcmp((const char *)entry->tag, tag))
			return entry;
	}
	return NULL;
}

static u32 removed_of(const struct carveout_rpmsg_directory *directory)
{
	return le32_to_cpu(READ_ONCE(directory->removed));
}

static u32 omitted_of(const struct carveout_rpmsg_directory *directory)
{
	return le32_to_cpu(READ_ONCE(directory->omitted));
}

static bool is_like(const struct carveout_rpmsg_entry *entry, struct carveout_buf *buf)
{
	return core_pair(entry->addr_lo, entry->addr_hi) == carveout_buf_phys(buf) &&
	       core_pair(entry->size_lo, entry->size_hi) == carveout_buf_size(buf) &&
	       core_pair(entry->serial_lo, entry->serial_hi) == carveout_buf_generation(buf) &&
	       le32_to_cpu(entry->attrs) == carveout_buf_attrs(buf) && !entry->index &&
	       !entry->heap;
}

/* === Content ============================================================== */

static void carveout_directory_content(struct kunit *test)
{
	const struct carveout_rpmsg_directory *directory;
	struct carveout_buf *write, *read, *secret, *late;
	const struct carveout_rpmsg_entry *entry;
	struct core *core;

	named_heap(test);
	write = make_buf(test, "linux.write", 0666);
	read = make_buf(test, "linux.read", 0444);
	secret = make_buf(test, "linux.secret", 0600);
	core = core_up(test, "core", published);
	directory = open_directory(core);
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_DIRECTORY_MAGIC, le32_to_cpu(directory->magic));
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_VERSION, le32_to_cpu(directory->version));
	KUNIT_EXPECT_EQ(test, core->session, le32_to_cpu(directory->session));
	KUNIT_EXPECT_EQ(test, SLOTS + 0U, le32_to_cpu(directory->slots));
	KUNIT_EXPECT_EQ(test, 0U, removed_of(directory));
	KUNIT_EXPECT_EQ(test, 0U, omitted_of(directory));

	entry = find(directory, "linux.write");
	KUNIT_ASSERT_NOT_NULL(test, entry);
	KUNIT_EXPECT_TRUE(test, is_like(entry, write));
	KUNIT_EXPECT_EQ(test, 0U, le32_to_cpu(entry->flags));
	entry = find(directory, "linux.read");
	KUNIT_ASSERT_NOT_NULL(test, entry);
	KUNIT_EXPECT_TRUE(test, is_like(entry, read));
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_D_READ, le32_to_cpu(entry->flags));
	KUNIT_EXPECT_NULL(test, find(directory, "linux.secret"));

	late = make_buf(test, "linux.late", 0666);
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(find(directory, "linux.late")));
	KUNIT_EXPECT_EQ(test, OK, core_alloc(core, "core.own", 64, 0, NULL));
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(find(directory, "core.own")));
	KUNIT_EXPECT_PTR_EQ(test, directory, open_directory(core));
	carveout_buf_put(write);
	carveout_buf_put(read);
	carveout_buf_put(secret);
	carveout_buf_put(late);
}

static void carveout_directory_denied(struct kunit *test)
{
	static const char * const open[] = { "r5.", "linux." };
	const struct property_entry prefixes[] = {
		PROPERTY_ENTRY_STRING("linux,carveout-heap-names", "kunit"),
		PROPERTY_ENTRY_STRING_ARRAY("linux,carveout-open-tags", open),
		PROPERTY_ENTRY_U32("linux,carveout-directory", SLOTS),
		{}
	};
	const struct carveout_rpmsg_directory *directory;
	struct carveout_buf *buf, *other;
	struct core_request request;
	struct core *core;
	u32 count;

	named_heap(test);
	core = core_up(test, "plain", plain);
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_DENIED, core_plain(core, CARVEOUT_RPMSG_DIRECTORY));
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_INVALID, release(core, 0, &count));
	core_end(core);

	other = make_buf(test, "other", 0666);
	core = core_up(test, "prefixes", prefixes);
	request = core_request(core, CARVEOUT_RPMSG_DIRECTORY, NULL);
	request.fixed.arg = cpu_to_le32(1);
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_INVALID, core_call(core, &request, NULL));
	directory = open_directory(core);
	buf = make_buf(test, "r5.buf", 0666);
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(find(directory, "r5.buf")));
	KUNIT_EXPECT_NULL(test, find(directory, "other"));
	carveout_buf_put(buf);
	carveout_buf_put(other);
}

/* A size that is none is refused with the channel, and the log names the property. */
static void carveout_directory_of_any_size(struct kunit *test)
{
	const u32 sizes[] = { 1, 16, 48, 8192 };
	unsigned int i;

	named_heap(test);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		const struct property_entry properties[] = {
			PROPERTY_ENTRY_STRING("linux,carveout-heap-names", "kunit"),
			PROPERTY_ENTRY_U32("linux,carveout-directory", sizes[i]),
			{}
		};
		struct core *core = core_create(test, "core", properties, false);

		msleep(20);
		KUNIT_EXPECT_EQ_MSG(test, 0U, core_hellos(core), "%u slots", sizes[i]);
		core_end(core);
	}
}

/* Memory of which the processor has no address is not published, and the pages are in reach. */
static void carveout_directory_out_of_reach(struct kunit *test)
{
	const struct carveout_req low = { .size = PAGE_SIZE };
	const struct carveout_req high = { .size = PAGE_SIZE, .flags = CARVEOUT_REQ_TOP_DOWN };
	const struct carveout_rpmsg_directory *directory;
	struct carveout_buf *near, *far;
	struct core *core;

	named_heap(test);
	near = carveout_buf_alloc(heap_of(test), &low, "near", 0666);
	KUNIT_ASSERT_FALSE(test, IS_ERR(near));
	far = carveout_buf_alloc(heap_of(test), &high, "far", 0666);
	KUNIT_ASSERT_FALSE(test, IS_ERR(far));
	{
		const u64 windows[] = {
			carveout_buf_phys(near), carveout_buf_phys(near), SZ_128K
		};
		const struct property_entry properties[] = {
			PROPERTY_ENTRY_STRING("linux,carveout-heap-names", "kunit"),
			PROPERTY_ENTRY_U64_ARRAY("linux,carveout-ranges", windows),
			PROPERTY_ENTRY_U32("linux,carveout-directory", SLOTS),
			{}
		};

		core = core_up(test, "core", properties);
	}
	directory = open_directory(core);
	KUNIT_EXPECT_NOT_NULL(test, find(directory, "near"));
	KUNIT_EXPECT_NULL(test, find(directory, "far"));
	KUNIT_EXPECT_EQ(test, 0U, omitted_of(directory));
	KUNIT_EXPECT_TRUE(test, (const void *)directory < carveout_buf_va(near) + SZ_128K);
	carveout_buf_put(near);
	carveout_buf_put(far);
}

/* === Removal ============================================================== */

/* The tag ends with its buffer; the memory does before the processor knows of it. */
static void carveout_directory_removal(struct kunit *test)
{
	const struct carveout_rpmsg_directory *directory;
	struct carveout_buf *buf;
	struct core *core;
	u64 before;
	u32 count;

	named_heap(test);
	core = core_up(test, "core", published);
	directory = open_directory(core);
	before = used_of(heap_of(test));
	buf = make_buf(test, "frame", 0666);
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(find(directory, "frame")));
	KUNIT_EXPECT_TRUE(test, IS_ERR(carveout_buf_resize(buf, 2 * PAGE_SIZE)));
	drop_buf(test, buf);
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(removed_of(directory) == 1));
	KUNIT_EXPECT_NULL(test, find(directory, "frame"));
	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_NO_TAG, core_open(core, "frame", 0, NULL));
	KUNIT_EXPECT_EQ(test, before + PAGE_SIZE, used_of(heap_of(test)));

	KUNIT_EXPECT_EQ(test, CARVEOUT_RPMSG_INVALID, release(core, 2, &count));
	KUNIT_EXPECT_EQ(test, OK, release(core, 0, &count));
	KUNIT_EXPECT_EQ(test, 0U, count);
	KUNIT_EXPECT_EQ(test, before + PAGE_SIZE, used_of(heap_of(test)));
	KUNIT_EXPECT_EQ(test, OK, release(core, 1, &count));
	KUNIT_EXPECT_EQ(test, 1U, count);
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(used_of(heap_of(test)) == before));
	KUNIT_EXPECT_EQ(test, OK, release(core, 1, &count));
	KUNIT_EXPECT_EQ(test, 0U, count);
}

/* Another buffer takes the tag over: both memories are held until the release. */
static void carveout_directory_replacement(struct kunit *test)
{
	const struct carveout_rpmsg_directory *directory;
	const struct carveout_rpmsg_entry *entry;
	struct carveout_buf *first, *second;
	struct core *core;
	u64 before;
	u32 count;

	named_heap(test);
	core = core_up(test, "core", published);
	directory = open_directory(core);
	before = used_of(heap_of(test));
	first = make_buf(test, "frame", 0666);
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(find(directory, "frame")));
	second = make_buf(test, NULL, 0);
	KUNIT_EXPECT_EQ(test, 0, carveout_buf_link(second, "frame", 0666,
						   CARVEOUT_LINK_REPLACE));
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(removed_of(directory) == 1));
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(find(directory, "frame")));
	entry = find(directory, "frame");
	KUNIT_EXPECT_TRUE(test, entry && is_like(entry, second));
	drop_buf(test, first);
	KUNIT_EXPECT_EQ(test, before + 2 * PAGE_SIZE, used_of(heap_of(test)));
	KUNIT_EXPECT_EQ(test, OK, release(core, removed_of(directory), &count));
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(used_of(heap_of(test)) == before + PAGE_SIZE));
	carveout_buf_put(second);
}

/* A processor that never releases gets nothing new, once it holds up so much. */
static void carveout_directory_never_released(struct kunit *test)
{
	const struct carveout_rpmsg_directory *directory;
	struct carveout_buf *buf;
	struct core *core;
	unsigned int i;
	u32 count;

	heap_of_pages(test, 2 * SLOTS * PAGE_SIZE, CARVEOUT_CREATE_NODE);
	core = core_up(test, "core", published);
	directory = open_directory(core);
	for (i = 0; i < SLOTS; i++) {
		buf = make_buf(test, "frame", 0666);
		if (!BECOMES_TRUE(find(directory, "frame")))
			break;
		drop_buf(test, buf);
		if (!BECOMES_TRUE(removed_of(directory) == i + 1))
			break;
	}
	KUNIT_ASSERT_EQ(test, SLOTS + 0U, i);
	buf = make_buf(test, "frame", 0666);
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(omitted_of(directory) == 1));
	KUNIT_EXPECT_NULL(test, find(directory, "frame"));
	KUNIT_EXPECT_EQ(test, OK, release(core, SLOTS, &count));
	KUNIT_EXPECT_EQ(test, SLOTS + 0U, count);
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(find(directory, "frame")));
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(!omitted_of(directory)));
	carveout_buf_put(buf);
}

/* How many of the tags "tag0" and so on are in the directory. */
static unsigned int count_tags(const struct carveout_rpmsg_directory *directory,
			       unsigned int tags)
{
	unsigned int found = 0, i;
	char tag[16];

	for (i = 0; i < tags; i++) {
		snprintf(tag, sizeof(tag), "tag%u", i);
		found += !!find(directory, tag);
	}
	return found;
}

/* More tags than slots: the others are counted, and move in when there is room. */
static void carveout_directory_full(struct kunit *test)
{
	const struct carveout_rpmsg_directory *directory;
	struct carveout_buf *buf[SLOTS + 4];
	struct core *core;
	unsigned int i;
	char tag[16];
	u32 count;

	heap_of_pages(test, 2 * SLOTS * PAGE_SIZE, CARVEOUT_CREATE_NODE);
	core = core_up(test, "core", published);
	directory = open_directory(core);
	for (i = 0; i < ARRAY_SIZE(buf); i++) {
		snprintf(tag, sizeof(tag), "tag%u", i);
		buf[i] = make_buf(test, tag, 0666);
	}
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(omitted_of(directory) &&
					     count_tags(directory, ARRAY_SIZE(buf)) +
					     omitted_of(directory) == ARRAY_SIZE(buf)));
	for (i = 0; i < ARRAY_SIZE(buf); i++)
		drop_buf(test, buf[i]);
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(!omitted_of(directory)));
	KUNIT_EXPECT_EQ(test, OK, release(core, removed_of(directory), &count));
}

/* === The end of a processor =============================================== */

static void carveout_directory_crash(struct kunit *test)
{
	const struct carveout_rpmsg_directory *directory;
	struct carveout_buf *gone, *there;
	struct core *core;
	u64 used;

	named_heap(test);
	core = core_up(test, "core", published);
	directory = open_directory(core);
	gone = make_buf(test, "gone", 0666);
	there = make_buf(test, "there", 0666);
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(find(directory, "gone") && find(directory, "there")));
	drop_buf(test, gone);
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(removed_of(directory) == 1));
	used = used_of(heap_of(test));
	core_crash(core);
	/* Nothing is published to a processor without a channel, and nothing is released. */
	drop_buf(test, there);
	msleep(50);
	KUNIT_EXPECT_EQ(test, used, used_of(heap_of(test)));
	KUNIT_EXPECT_EQ(test, 1U, removed_of(directory));
	core_reset(core);
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(!used_of(heap_of(test))));
}

/* A processor that opens one directory after another does not occupy a CPU. */
static void carveout_directory_opens_pause(struct kunit *test)
{
	ktime_t begin = ktime_get();
	struct core *core;
	unsigned int i;

	named_heap(test);
	core = core_up(test, "core", published);
	for (i = 0; i < 20; i++) {
		open_directory(core);
		KUNIT_ASSERT_EQ(test, OK, core_plain(core, CARVEOUT_RPMSG_GOODBYE));
		KUNIT_ASSERT_TRUE(test, BECOMES_TRUE(core_start(core, 64) == OK));
	}
	/* 19 pauses of 10 ms, which end with a tick. */
	KUNIT_EXPECT_LE(test, 100LL, ktime_ms_delta(ktime_get(), begin));
}

/* A goodbye releases the entries, the former entries and the directory at once. */
static void carveout_directory_goodbye(struct kunit *test)
{
	const struct carveout_rpmsg_directory *directory;
	struct carveout_buf *gone, *there;
	struct core *core;

	named_heap(test);
	core = core_up(test, "core", published);
	directory = open_directory(core);
	gone = make_buf(test, "gone", 0666);
	there = make_buf(test, "there", 0666);
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(find(directory, "gone") && find(directory, "there")));
	drop_buf(test, gone);
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(removed_of(directory) == 1));
	KUNIT_EXPECT_EQ(test, OK, core_plain(core, CARVEOUT_RPMSG_GOODBYE));
	drop_buf(test, there);
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(!used_of(heap_of(test))));
}

/* The processor overwrites the pages: Linux does not read them. */
static void carveout_directory_is_not_read(struct kunit *test)
{
	struct carveout_rpmsg_directory *directory;
	struct carveout_buf *buf, *other;
	struct core *core;
	u32 count;

	named_heap(test);
	core = core_up(test, "core", published);
	directory = open_directory(core);
	buf = make_buf(test, "frame", 0666);
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(find(directory, "frame")));
	memset(directory, 0xff, SLOTS * CARVEOUT_RPMSG_SLOT_LEN);
	other = make_buf(test, "other", 0666);
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(find(directory, "other")));
	KUNIT_EXPECT_TRUE(test, is_like(find(directory, "other"), other));
	drop_buf(test, buf);
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(removed_of(directory) == 1));
	KUNIT_EXPECT_EQ(test, OK, release(core, 1, &count));
	KUNIT_EXPECT_EQ(test, 1U, count);
	carveout_buf_put(other);
}

/* Memory that was held is freed within a second of the end of its core. */
static void directory_exit(struct kunit *test)
{
	struct fixture *fixture = test->priv;

	cores_end();
	if (fixture && fixture->heap)
		KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(!used_of(fixture->heap)));
	fixture_exit(test);
}

static struct kunit_case directory_cases[] = {
	KUNIT_CASE(carveout_directory_content),
	KUNIT_CASE(carveout_directory_denied),
	KUNIT_CASE(carveout_directory_of_any_size),
	KUNIT_CASE(carveout_directory_out_of_reach),
	KUNIT_CASE(carveout_directory_removal),
	KUNIT_CASE(carveout_directory_replacement),
	KUNIT_CASE(carveout_directory_never_released),
	KUNIT_CASE(carveout_directory_full),
	KUNIT_CASE(carveout_directory_crash),
	KUNIT_CASE(carveout_directory_goodbye),
	KUNIT_CASE(carveout_directory_opens_pause),
	KUNIT_CASE(carveout_directory_is_not_read),
	{}
};

static struct kunit_suite directory_suite = {
	.name = "carveout_remote_directory",
	.init = fixture_init,
	.exit = directory_exit,
	.test_cases = directory_cases,
};

kunit_test_suite(directory_suite);

MODULE_DESCRIPTION("KUnit suite of the directory for remote processors");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("CARVEOUT");
MODULE_IMPORT_NS("CARVEOUT_TESTS");
