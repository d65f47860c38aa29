// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite of heaps in the in-kernel API: creation, look-up, regions,
 * statistics, destruction.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/device.h>
#include <linux/fs.h>
#include <linux/fs_struct.h>
#include <linux/module.h>
#include <linux/of.h>
#include <linux/platform_device.h>
#include <linux/slab.h>

#include "fixture.h"
#include "klog.h"

#define SIZE	SZ_256K

/* === Creating ============================================================= */

static void carveout_api_of_system_memory(struct kunit *test)
{
	struct carveout *heap = heap_of_system(test, SZ_1M, 0);
	void *va = carveout_alloc(heap, SZ_4K, "kunit");

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, va);
	KUNIT_EXPECT_EQ(test, SZ_1M, stats_of(heap).size);
	KUNIT_EXPECT_STREQ(test, "kunit", carveout_name(heap));
	KUNIT_EXPECT_EQ(test, 0, carveout_free(heap, va));
}

static void carveout_api_of_given_range(struct kunit *test)
{
	phys_addr_t base = set_aside(test, SIZE);
	const struct carveout_memory memory = region_at(base, SIZE);
	struct carveout *heap = make_heap(test, NULL, &memory, 1, 0);
	void *va = carveout_alloc(heap, SIZE, "kunit");

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, va);
	KUNIT_EXPECT_EQ(test, SIZE, stats_of(heap).size);
	KUNIT_EXPECT_EQ(test, base, carveout_virt_to_phys(heap, va));
	KUNIT_EXPECT_EQ(test, 0, carveout_free(heap, va));
}

static void carveout_api_of_several_ranges(struct kunit *test)
{
	phys_addr_t base = set_aside(test, SIZE);
	struct carveout_memory memory[3];
	struct carveout_region_info info;
	struct carveout *heap;

	/* In no order of addresses; the last region is adjacent to the first. */
	memory[0] = region_at(base + SZ_128K, SZ_32K);
	memory[1] = region_at(base, SZ_64K);
	memory[2] = region_at(base + SZ_128K + SZ_32K, SZ_16K);
	heap = make_heap(test, NULL, memory, 3, 0);
	KUNIT_EXPECT_EQ(test, 2U, stats_of(heap).regions);
	KUNIT_EXPECT_EQ(test, SZ_64K + SZ_32K + SZ_16K, stats_of(heap).size);
	KUNIT_EXPECT_EQ(test, SZ_64K, stats_of(heap).largest_hole);
	KUNIT_ASSERT_EQ(test, 0, carveout_region_info(heap, 0, &info));
	KUNIT_EXPECT_EQ(test, base + SZ_128K, info.memory.base);
	KUNIT_EXPECT_EQ(test, SZ_32K + SZ_16K, info.memory.size);
	KUNIT_ASSERT_EQ(test, 0, carveout_region_info(heap, 1, &info));
	KUNIT_EXPECT_EQ(test, base, info.memory.base);
	KUNIT_EXPECT_EQ(test, -ENOENT, carveout_region_info(heap, 2, &info));
}

/* A name stands for the region that has the memory, whatever it was joined with. */
static void carveout_api_region_by_name(struct kunit *test)
{
	phys_addr_t base = set_aside(test, SIZE);
	struct carveout_memory memory[4] = {
		region_at(base + SZ_64K, SZ_32K), region_at(base, SZ_32K),
		region_at(base + SZ_64K + SZ_32K, SZ_16K), region_at(base + SZ_128K, SZ_16K),
	};
	struct carveout *heap;

	memory[0].name = "a";
	memory[1].name = "b";
	memory[2].name = "c";
	heap = make_heap(test, NULL, memory, 3, 0);
	KUNIT_EXPECT_EQ(test, 2U, stats_of(heap).regions);
	KUNIT_EXPECT_EQ(test, 0, carveout_region_by_name(heap, "a"));
	KUNIT_EXPECT_EQ(test, 1, carveout_region_by_name(heap, "b"));
	KUNIT_EXPECT_EQ(test, 0, carveout_region_by_name(heap, "c"));
	KUNIT_EXPECT_EQ(test, -ENOENT, carveout_region_by_name(heap, "d"));
	memory[3].name = "d";
	KUNIT_EXPECT_EQ(test, 2, carveout_add_region(heap, &memory[3]));
	KUNIT_EXPECT_EQ(test, 2, carveout_region_by_name(heap, "d"));
}

/* The heap is refused with one line in the log that contains @says. */
static void expect_no_heap(struct kunit *test, int error, const char *says,
			   const struct carveout_memory *memory, unsigned int count)
{
	u64 mark = klog_mark();
	struct carveout *heap = carveout_create(NULL, "kunit-bad", memory, count, 0);

	KUNIT_EXPECT_EQ_MSG(test, (long)error, PTR_ERR(heap), "%s", says);
	expect_one_line(test, mark, says);
	if (!IS_ERR(heap))
		carveout_destroy(heap, true);
}

static void carveout_api_checks_regions(struct kunit *test)
{
	phys_addr_t base = set_aside(test, SIZE);
	void *used = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);
	struct carveout_memory good = region_at(base, SZ_16K), bad[2] = { good, good };
	struct carveout *heap;

	bad[0].size = 0;
	expect_no_heap(test, -EINVAL, "size is zero", bad, 1);
	bad[0] = region_at(0, SZ_16K);
	expect_no_heap(test, -EINVAL, "base is zero", bad, 1);
	bad[0] = region_at(base + 64, SZ_16K);
	expect_no_heap(test, -EINVAL, "not aligned", bad, 1);
	bad[0] = region_at(base, SZ_16K + 64);
	expect_no_heap(test, -EINVAL, "not aligned", bad, 1);
	/* Up to the last byte: which check detects it depends on the machine. */
	bad[0] = region_at(base, -(u64)base);
	expect_no_heap(test, -EINVAL, "region test ", bad, 1);
	bad[0] = region_at(base, PAGE_MASK);
	expect_no_heap(test, -EINVAL, "wraps around", bad, 1);
	bad[0] = region_at(virt_to_phys(used) & PAGE_MASK, PAGE_SIZE);
	expect_no_heap(test, -EINVAL, "not set aside at boot", bad, 1);
	bad[0] = region_at(base, SZ_32K);
	bad[1] = region_at(base + SZ_16K, SZ_32K);
	expect_no_heap(test, -EINVAL, "overlaps region test", bad, 2);
	expect_no_heap(test, -EINVAL, "overlaps region test",
		       (struct carveout_memory[]){ good, good }, 2);
	expect_no_heap(test, -EINVAL, "a heap takes 1 to 64", bad, 0);
	expect_no_heap(test, -EINVAL, "a heap takes 1 to 64", bad, 65);
	/* No claim of a refused heap is left. */
	heap = make_heap(test, NULL, &good, 1, 0);
	expect_no_heap(test, -EBUSY, "which is in use", &good, 1);
	KUNIT_EXPECT_EQ(test, SZ_16K, stats_of(heap).size);
}

static void carveout_api_checks_system_memory(struct kunit *test)
{
	struct carveout_memory bad[2] = {
		region_at(CARVEOUT_SYSTEM_MEMORY, SZ_64K),
		region_at(set_aside(test, SZ_16K), SZ_16K),
	};

	expect_no_heap(test, -EINVAL, "must be the only entry", bad, 2);
	bad[0].size = 0;
	expect_no_heap(test, -EINVAL, "multiple of the page size", bad, 1);
	bad[0].size = 100;
	expect_no_heap(test, -EINVAL, "multiple of the page size", bad, 1);
	bad[0].size = BIT_ULL(62);
	expect_no_heap(test, -ENOMEM, "ask for less", bad, 1);
}

static void carveout_api_checks_attributes(struct kunit *test)
{
	static const struct {
		u32 attrs;
		const char *says;
	} bad[] = {
		{ 0, "needs exactly one of" },
		{ CARVEOUT_ATTR_WRITECOMBINE, "the kernel maps it cached" },
		{ CARVEOUT_ATTR_UNCACHED, "the kernel maps it cached" },
		{ CARVEOUT_ATTR_CACHED | CARVEOUT_ATTR_WRITECOMBINE, "needs exactly one of" },
		{ CARVEOUT_ATTR_CACHED | BIT(CARVEOUT_ATTR_USER_SHIFT - 1),
		  "unknown attributes" },
	};
	struct carveout_memory memory = region_at(set_aside(test, SZ_16K), SZ_16K);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		memory.attrs = bad[i].attrs;
		expect_no_heap(test, -EINVAL, bad[i].says, &memory, 1);
	}
}

static void carveout_api_checks_names(struct kunit *test)
{
	static const char long_name[] =
		"0123456789012345678901234567890123456789012345678901234567890123";
	static const char * const bad[] = { "", ".", "..", ".x", "a/b", "a b", long_name };
	const struct carveout_memory memory = region_at(CARVEOUT_SYSTEM_MEMORY, SZ_64K);
	struct carveout_memory named = memory;
	struct carveout *heap;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_ERR(test, -EINVAL, carveout_create(NULL, bad[i], &memory, 1, 0));
	named.name = long_name;
	expect_no_heap(test, -EINVAL, "name is too long", &named, 1);
	EXPECT_ERR(test, -EINVAL, carveout_create(NULL, "kunit", &memory, 1,
						  CARVEOUT_CREATE_NODE |
						  CARVEOUT_CREATE_NOZERO));
	EXPECT_ERR(test, -EINVAL, carveout_create(NULL, "kunit", &memory, 1, BIT(2)));
	heap = carveout_create(NULL, long_name + 1, &memory, 1, 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, heap);
	KUNIT_EXPECT_STREQ(test, long_name + 1, carveout_name(heap));
	KUNIT_EXPECT_EQ(test, 0, carveout_destroy(heap, false));
}

/* === Finding ============================================================== */

static void carveout_api_with_node(struct kunit *test)
{
	const struct carveout_memory memory = region_at(CARVEOUT_SYSTEM_MEMORY, SZ_64K);
	struct carveout *heap = heap_of_system(test, SZ_1M, CARVEOUT_CREATE_NODE);
	struct carveout *found = carveout_get_by_name("kunit");

	KUNIT_EXPECT_PTR_EQ(test, heap, found);
	/* Names of heaps with a device node are unique. */
	EXPECT_ERR(test, -EEXIST, carveout_create(NULL, "kunit", &memory, 1,
						  CARVEOUT_CREATE_NODE));
	KUNIT_EXPECT_PTR_EQ(test, heap, carveout_get_by_name("kunit"));
	carveout_put(found);
	carveout_put(found);
	EXPECT_ERR(test, -ENOENT, carveout_get_by_name("kunit-other"));
	destroy_heap(test);
	EXPECT_ERR(test, -ENOENT, carveout_get_by_name("kunit"));
}

static void carveout_api_without_node(struct kunit *test)
{
	const struct carveout_memory memory = region_at(CARVEOUT_SYSTEM_MEMORY, SZ_64K);
	struct carveout *heap = heap_of_system(test, SZ_64K, 0), *other;

	EXPECT_ERR(test, -ENOENT, carveout_get_by_name("kunit"));
	/* Without a device node names need not be unique, but the ids differ. */
	other = carveout_create(NULL, "kunit", &memory, 1, 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, other);
	KUNIT_EXPECT_NE(test, carveout_id(heap), carveout_id(other));
	KUNIT_EXPECT_EQ(test, 0, carveout_destroy(other, false));
}

/* A device with the DT node of its name, if there is one. */
static struct device *device_of(struct kunit *test, const char *name)
{
	struct platform_device *pdev;

	pdev = platform_device_register_simple(name, PLATFORM_DEVID_NONE, NULL, 0);
	KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(pdev), "error %ld", PTR_ERR(pdev));
	/* The release of the device puts the DT node. */
	device_set_node(&pdev->dev, of_fwnode_handle(of_find_node_by_name(NULL, name)));
	return &pdev->dev;
}

static void device_gone(struct device *dev)
{
	platform_device_unregister(to_platform_device(dev));
}

static void need_node(struct kunit *test, const char *name)
{
	struct device_node *np = of_find_node_by_name(NULL, name);

	if (!np)
		kunit_skip(test, "the device tree has no DT node %s", name);
	of_node_put(np);
}

static void carveout_api_by_phandle(struct kunit *test)
{
	const struct carveout_memory memory = region_at(CARVEOUT_SYSTEM_MEMORY, SZ_1M);
	struct carveout *heap, *found;
	struct device *dev, *parent;

	need_node(test, "kunit-client");
	dev = device_of(test, "kunit-client");
	parent = device_of(test, "kunit-heap");
	/* The heap that the phandle refers to does not exist yet. */
	EXPECT_ERR(test, -EPROBE_DEFER, carveout_get(dev, "work"));
	EXPECT_ERR(test, -EPROBE_DEFER, carveout_get(dev, NULL));
	heap = make_heap(test, parent, &memory, 1, CARVEOUT_CREATE_NODE);
	found = carveout_get(dev, "work");
	KUNIT_EXPECT_PTR_EQ(test, heap, found);
	KUNIT_EXPECT_PTR_EQ(test, heap, carveout_get(dev, NULL));
	EXPECT_ERR(test, -ENOENT, carveout_get(dev, "frames"));
	EXPECT_ERR(test, -ENODEV, carveout_get(dev, "off"));
	KUNIT_EXPECT_PTR_EQ(test, heap, of_carveout_get(dev->of_node, "work"));
	EXPECT_ERR(test, -ENOENT, carveout_get(parent, NULL));
	EXPECT_ERR(test, -ENOENT, carveout_get(parent, "work"));
	if (found == heap) {
		carveout_put(heap);
		carveout_put(heap);
		carveout_put(heap);
	}
	destroy_heap(test);
	EXPECT_ERR(test, -EPROBE_DEFER, carveout_get(dev, "work"));
	device_gone(parent);
	device_gone(dev);
}

static void carveout_api_without_of_node(struct kunit *test)
{
	struct device *dev = device_of(test, "kunit-nobody");

	EXPECT_ERR(test, -ENOENT, carveout_get(dev, NULL));
	EXPECT_ERR(test, -ENOENT, carveout_get(dev, "work"));
	EXPECT_ERR(test, -ENOENT, devm_carveout_get(dev, "work"));
	EXPECT_ERR(test, -ENOENT, of_carveout_get(NULL, "work"));
	device_gone(dev);
}

/* The device drops the heap silently when it is unbound; then the memory is free. */
static void carveout_api_devm(struct kunit *test)
{
	const struct carveout_memory memory = region_at(set_aside(test, SIZE), SIZE);
	struct device *dev, *parent;
	struct carveout *heap;

	need_node(test, "kunit-client");
	dev = device_of(test, "kunit-client");
	parent = device_of(test, "kunit-heap");
	heap = make_heap(test, parent, &memory, 1, CARVEOUT_CREATE_NODE);
	KUNIT_EXPECT_PTR_EQ(test, heap, devm_carveout_get(dev, "work"));
	EXPECT_ERR(test, -ENOENT, devm_carveout_get(dev, "frames"));
	destroy_heap(test);
	/* The device still holds the heap. */
	expect_no_heap(test, -EBUSY, "which is in use", &memory, 1);
	device_gone(dev);
	make_heap(test, NULL, &memory, 1, 0);
	device_gone(parent);
}

/* === Adding memory ======================================================== */

static void carveout_api_add_region(struct kunit *test)
{
	phys_addr_t base = set_aside(test, SIZE);
	struct carveout_memory memory = region_at(base, SZ_64K);
	struct carveout *heap = make_heap(test, NULL, &memory, 1, 0);
	const struct carveout_req req = { .size = SZ_64K, .regions = BIT(1) };
	void *first = carveout_alloc(heap, SZ_64K, "kunit"), *va;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, first);
	EXPECT_ERR(test, -ENOSPC, carveout_alloc(heap, 64, "kunit"));
	/*
	 * The new region is adjacent to the first one, which is in use, and not
	 * merged with it.
	 */
	memory.base = base + SZ_64K;
	KUNIT_EXPECT_EQ(test, 1, carveout_add_region(heap, &memory));
	KUNIT_EXPECT_EQ(test, SZ_128K, stats_of(heap).size);
	KUNIT_EXPECT_EQ(test, 2U, stats_of(heap).regions);
	va = carveout_alloc_req(heap, &req);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, va);
	KUNIT_EXPECT_EQ(test, base + SZ_64K, carveout_virt_to_phys(heap, va));
	KUNIT_EXPECT_TRUE(test, is_filled(va, 0, SZ_64K));
	KUNIT_EXPECT_EQ(test, 0, carveout_free(heap, first));
	KUNIT_EXPECT_EQ(test, 0, carveout_free(heap, va));
	carveout_drain(heap);
	/* No allocation spans two regions. */
	EXPECT_ERR(test, -ENOSPC, carveout_alloc(heap, SZ_64K + 64, "kunit"));
}

/* A file of a region in sysfs exists. */
static bool has_folder(const char *heap, unsigned int region)
{
	char *path = kasprintf(GFP_KERNEL, "/sys/class/carveout/%s/regions/%u/size", heap,
			       region);
	struct file *file = ERR_PTR(-ENOMEM);

	if (!path)
		return false;
	scoped_with_init_fs()
		file = filp_open(path, O_RDONLY, 0);
	kfree(path);
	if (IS_ERR(file))
		return false;
	filp_close(file, NULL);
	return true;
}

static void carveout_api_add_region_in_sysfs(struct kunit *test)
{
	phys_addr_t base = set_aside(test, SIZE);
	struct carveout_memory memory = region_at(base, SZ_64K);
	struct carveout *heap = make_heap(test, NULL, &memory, 1, CARVEOUT_CREATE_NODE);

	KUNIT_EXPECT_TRUE(test, has_folder("kunit", 0));
	KUNIT_EXPECT_FALSE(test, has_folder("kunit", 1));
	memory.base = base + SZ_64K;
	KUNIT_EXPECT_EQ(test, 1, carveout_add_region(heap, &memory));
	KUNIT_EXPECT_TRUE(test, has_folder("kunit", 1));
	destroy_heap(test);
	KUNIT_EXPECT_FALSE(test, has_folder("kunit", 0));
}

/* The memory is refused with one line in the log that contains @says. */
static void expect_not_added(struct kunit *test, int error, const char *says,
			     phys_addr_t base, u64 size)
{
	const struct carveout_memory memory = region_at(base, size);
	u64 mark = klog_mark();

	KUNIT_EXPECT_EQ_MSG(test, error, carveout_add_region(heap_of(test), &memory), "%s", says);
	expect_one_line(test, mark, says);
}

static void carveout_api_add_region_refused(struct kunit *test)
{
	phys_addr_t base = set_aside(test, SIZE), free = base + SZ_128K;
	const struct carveout_memory good = region_at(base, SZ_64K);
	struct carveout *heap = make_heap(test, NULL, &good, 1, 0), *other;
	const struct carveout_memory theirs = region_at(base + SZ_64K, SZ_64K);
	void *used = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);
	struct carveout_stats before = stats_of(heap);

	other = carveout_create(NULL, "kunit-other", &theirs, 1, 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, other);
	expect_not_added(test, -EINVAL, "size is zero", free, 0);
	expect_not_added(test, -EINVAL, "base is zero", 0, PAGE_SIZE);
	expect_not_added(test, -EINVAL, "not aligned", free + 1, PAGE_SIZE);
	expect_not_added(test, -EINVAL, "not aligned", free, PAGE_SIZE - 1);
	expect_not_added(test, -EINVAL, "region test ", free, -(u64)free);
	expect_not_added(test, -EINVAL, "not set aside at boot",
			 virt_to_phys(used) & PAGE_MASK, PAGE_SIZE);
	expect_not_added(test, -EINVAL, "only entry of a new heap", CARVEOUT_SYSTEM_MEMORY,
			 SZ_64K);
	expect_not_added(test, -EBUSY, "which is in use", base, SZ_64K);
	expect_not_added(test, -EBUSY, "which is in use", base + SZ_32K, SZ_64K);
	expect_not_added(test, -EBUSY, "which is in use", base + SZ_64K, PAGE_SIZE);
	expect_same(test, &before);
	KUNIT_EXPECT_EQ(test, 0, carveout_destroy(other, false));
	KUNIT_EXPECT_EQ(test, 1, carveout_add_region(heap, &theirs));
}

static void carveout_api_add_regions_to_the_limit(struct kunit *test)
{
	phys_addr_t base = set_aside(test, 65 * 2 * PAGE_SIZE);
	struct carveout_memory memory = region_at(base, PAGE_SIZE);
	struct carveout *heap = make_heap(test, NULL, &memory, 1, 0);
	u64 mark;
	int i;

	for (i = 1; i < 64; i++) {
		memory.base += 2 * PAGE_SIZE;
		KUNIT_ASSERT_EQ(test, i, carveout_add_region(heap, &memory));
	}
	memory.base += 2 * PAGE_SIZE;
	mark = klog_mark();
	KUNIT_EXPECT_EQ(test, -E2BIG, carveout_add_region(heap, &memory));
	expect_one_line(test, mark, "no more can be added");
	KUNIT_EXPECT_EQ(test, 64 * PAGE_SIZE, stats_of(heap).size);
	KUNIT_EXPECT_EQ(test, PAGE_SIZE, stats_of(heap).largest_hole);
}

/* === Pending frees, debugfs =============================================== */

/* Freed memory counts as pending until it is free, not only until the work takes it. */
static void carveout_api_pending_until_free(struct kunit *test)
{
	struct carveout *heap = heap_of_system(test, SZ_8M, 0);
	struct carveout_stats stats;
	unsigned int i;
	void *va[7];

	for (i = 0; i < ARRAY_SIZE(va); i++) {
		va[i] = carveout_alloc(heap, SZ_1M, "kunit");
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, va[i]);
	}
	for (i = 0; i < ARRAY_SIZE(va); i++)
		KUNIT_EXPECT_EQ(test, 0, carveout_free(heap, va[i]));
	do {
		usleep_range(10, 20);
		stats = stats_of(heap);
		KUNIT_ASSERT_EQ(test, stats.used, stats.pending);
	} while (stats.used);
}

/* === Destroying =========================================================== */

static void carveout_api_destroy(struct kunit *test)
{
	const struct carveout_memory memory = region_at(set_aside(test, SIZE), SIZE);
	struct carveout *heap;
	unsigned int i;
	void *va;

	/* Destroying works even while frees are pending. */
	for (i = 0; i < 20; i++) {
		heap = carveout_create(NULL, "kunit", &memory, 1, 0);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, heap);
		va = carveout_alloc(heap, SIZE, "kunit");
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, va);
		KUNIT_EXPECT_EQ(test, 0, carveout_free(heap, va));
		KUNIT_ASSERT_EQ(test, 0, carveout_destroy(heap, false));
	}
}

static void carveout_api_destroy_refused(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, CARVEOUT_CREATE_NODE);
	const struct carveout_req req = { .size = SZ_4K };
	void *va = carveout_alloc(heap, SZ_4K, "kunit"), *more;
	struct carveout_stats before = stats_of(heap);
	struct carveout_buf *buf;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, va);
	KUNIT_EXPECT_EQ(test, -EBUSY, carveout_destroy(heap, false));
	/* The heap is unchanged. */
	expect_same(test, &before);
	KUNIT_EXPECT_PTR_EQ(test, heap, carveout_get_by_name("kunit"));
	carveout_put(heap);
	more = carveout_alloc(heap, SZ_4K, "kunit");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, more);
	KUNIT_EXPECT_EQ(test, 0, carveout_free(heap, more));
	KUNIT_EXPECT_EQ(test, 0, carveout_free(heap, va));
	buf = carveout_buf_alloc(heap, &req, "kept", 0600);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, buf);
	KUNIT_EXPECT_EQ(test, -EBUSY, carveout_destroy(heap, false));
	KUNIT_EXPECT_PTR_EQ(test, buf, carveout_buf_find(heap, "kept"));
	carveout_buf_put(buf);
	carveout_buf_put(buf);
}

/* The memory is in no heap and can be claimed again. */
static bool is_released(const struct carveout_memory *memory)
{
	struct carveout *heap = carveout_create(NULL, "kunit-again", memory, 1, 0);

	return !IS_ERR(heap) && !carveout_destroy(heap, false);
}

static void carveout_api_destroy_forced(struct kunit *test)
{
	const struct carveout_memory memory = region_at(set_aside(test, SIZE), SIZE);
	const struct carveout_req req = { .size = SZ_8K };
	struct carveout *heap;
	struct carveout_buf *buf;
	void *va;

	heap = carveout_create(NULL, "kunit", &memory, 1, CARVEOUT_CREATE_NODE);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, heap);
	va = carveout_alloc(heap, SZ_64K, "kunit");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, va);
	buf = carveout_buf_alloc(heap, &req, "kunit", 0600);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, buf);
	memset(va, 1, SZ_64K);
	memset(carveout_buf_va(buf), 2, SZ_8K);
	KUNIT_EXPECT_EQ(test, 0, carveout_destroy(heap, true));
	EXPECT_ERR(test, -ENOENT, carveout_get_by_name("kunit"));
	/* No new allocations; objects in use remain valid and keep the memory. */
	EXPECT_ERR(test, -ENODEV, carveout_alloc(heap, 64, "kunit"));
	EXPECT_ERR(test, -ENODEV, carveout_buf_alloc(heap, &req, NULL, 0));
	EXPECT_ERR(test, -ENODEV, carveout_buf_find(heap, "kunit"));
	KUNIT_EXPECT_TRUE(test, is_filled(va, 1, SZ_64K));
	KUNIT_EXPECT_TRUE(test, is_filled(carveout_buf_va(buf), 2, SZ_8K));
	expect_no_heap(test, -EBUSY, "which is in use", &memory, 1);
	carveout_buf_put(buf);
	KUNIT_EXPECT_EQ(test, -EINVAL, carveout_free(heap, va + 64));
	expect_no_heap(test, -EBUSY, "which is in use", &memory, 1);
	KUNIT_EXPECT_EQ(test, 0, carveout_free(heap, va));
	KUNIT_EXPECT_TRUE(test, BECOMES_TRUE(is_released(&memory)));
}

static void carveout_api_destroy_of_a_board(struct kunit *test)
{
	struct carveout *heap = carveout_get_by_name("dsp");

	if (IS_ERR(heap))
		kunit_skip(test, "the board has no heap 'dsp'");
	KUNIT_EXPECT_EQ(test, -EINVAL, carveout_destroy(heap, false));
	KUNIT_EXPECT_EQ(test, -EINVAL, carveout_destroy(heap, true));
	carveout_put(heap);
}

/*
 * Drivers and processes share the heaps of the device tree. Without a device
 * tree the module parameter regions= makes the heap, and its regions have the
 * name of the heap.
 */
static void carveout_api_heap_of_a_board(struct kunit *test)
{
	struct carveout *heap = carveout_get_by_name("dsp");
	struct carveout_region_info info;
	u64 used;
	void *va;

	if (IS_ERR(heap))
		kunit_skip(test, "the board has no heap 'dsp'");
	used = used_of(heap);
	KUNIT_EXPECT_EQ(test, 2U, stats_of(heap).regions);
	KUNIT_EXPECT_EQ(test, 0, carveout_region_info(heap, 1, &info));
	KUNIT_EXPECT_STREQ(test, IS_ENABLED(CONFIG_OF) ? "b" : "dsp", info.memory.name);
	va = carveout_alloc(heap, SZ_1M, "kunit");
	KUNIT_EXPECT_FALSE(test, IS_ERR(va));
	if (!IS_ERR(va)) {
		KUNIT_EXPECT_TRUE(test, is_filled(va, 0, SZ_1M));
		memset(va, FILL, SZ_1M);
		KUNIT_EXPECT_EQ(test, 0, carveout_free(heap, va));
	}
	carveout_drain(heap);
	KUNIT_EXPECT_EQ(test, used, used_of(heap));
	carveout_put(heap);
}

/* === Statistics =========================================================== */

static void carveout_api_stats(struct kunit *test)
{
	struct carveout *heap = heap_of_pages(test, SIZE, CARVEOUT_CREATE_NOZERO);
	struct carveout_region_info info;
	struct carveout_stats stats;
	void *a, *b, *c;

	a = carveout_alloc(heap, SZ_4K, "kunit");
	b = carveout_alloc(heap, SZ_8K, "kunit");
	c = carveout_alloc(heap, SZ_16K, "kunit");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, a);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, b);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, c);
	KUNIT_EXPECT_EQ(test, 0, carveout_free(heap, b));
	stats = stats_of(heap);
	KUNIT_EXPECT_EQ(test, SIZE, stats.size);
	KUNIT_EXPECT_EQ(test, SZ_4K + SZ_16K, stats.used);
	KUNIT_EXPECT_EQ(test, SZ_4K + SZ_8K + SZ_16K, stats.high_water);
	KUNIT_EXPECT_EQ(test, 2U, stats.spans);
	KUNIT_EXPECT_EQ(test, 2U, stats.holes);
	KUNIT_EXPECT_EQ(test, SIZE - SZ_4K - SZ_8K - SZ_16K, stats.largest_hole);
	KUNIT_EXPECT_EQ(test, 1U, stats.regions);
	KUNIT_ASSERT_EQ(test, 0, carveout_region_info(heap, 0, &info));
	KUNIT_EXPECT_EQ(test, 0, memcmp(&stats, &info.stats, sizeof(stats)));
	KUNIT_EXPECT_EQ(test, 0, carveout_free(heap, a));
	KUNIT_EXPECT_EQ(test, 0, carveout_free(heap, c));
}

static void carveout_api_region_data(struct kunit *test)
{
	phys_addr_t base = set_aside(test, SIZE);
	struct carveout_memory memory[2];
	struct carveout_region_info info;
	struct carveout *heap;
	int mine, yours;

	memory[0] = region_at(base, SZ_64K);
	memory[0].data = &mine;
	memory[0].name = "mine";
	memory[0].attrs |= BIT(CARVEOUT_ATTR_USER_SHIFT);
	heap = make_heap(test, NULL, memory, 1, 0);
	memory[1] = region_at(base + SZ_128K, SZ_64K);
	memory[1].data = &yours;
	memory[1].name = NULL;
	memory[1].attrs |= BIT(31);
	KUNIT_ASSERT_EQ(test, 1, carveout_add_region(heap, &memory[1]));
	KUNIT_ASSERT_EQ(test, 0, carveout_region_info(heap, 0, &info));
	KUNIT_EXPECT_PTR_EQ(test, (void *)&mine, info.memory.data);
	KUNIT_EXPECT_STREQ(test, "mine", info.memory.name);
	KUNIT_EXPECT_EQ(test, CARVEOUT_ATTR_PAGES | memory[0].attrs, info.memory.attrs);
	KUNIT_ASSERT_EQ(test, 0, carveout_region_info(heap, 1, &info));
	KUNIT_EXPECT_PTR_EQ(test, (void *)&yours, info.memory.data);
	KUNIT_EXPECT_STREQ(test, "memory", info.memory.name);
	KUNIT_EXPECT_EQ(test, CARVEOUT_ATTR_PAGES | memory[1].attrs, info.memory.attrs);
}

static struct kunit_case api_cases[] = {
	KUNIT_CASE(carveout_api_of_system_memory),
	KUNIT_CASE(carveout_api_of_given_range),
	KUNIT_CASE(carveout_api_of_several_ranges),
	KUNIT_CASE(carveout_api_region_by_name),
	KUNIT_CASE(carveout_api_checks_regions),
	KUNIT_CASE(carveout_api_checks_system_memory),
	KUNIT_CASE(carveout_api_checks_attributes),
	KUNIT_CASE(carveout_api_checks_names),
	KUNIT_CASE(carveout_api_with_node),
	KUNIT_CASE(carveout_api_without_node),
	KUNIT_CASE(carveout_api_by_phandle),
	KUNIT_CASE(carveout_api_without_of_node),
	KUNIT_CASE(carveout_api_devm),
	KUNIT_CASE(carveout_api_add_region),
	KUNIT_CASE(carveout_api_add_region_in_sysfs),
	KUNIT_CASE(carveout_api_add_region_refused),
	KUNIT_CASE(carveout_api_add_regions_to_the_limit),
	KUNIT_CASE(carveout_api_pending_until_free),
	KUNIT_CASE(carveout_api_destroy),
	KUNIT_CASE(carveout_api_destroy_refused),
	KUNIT_CASE(carveout_api_destroy_forced),
	KUNIT_CASE(carveout_api_destroy_of_a_board),
	KUNIT_CASE(carveout_api_heap_of_a_board),
	KUNIT_CASE(carveout_api_stats),
	KUNIT_CASE(carveout_api_region_data),
	{}
};

static struct kunit_suite api_suite = {
	.name = "carveout_api",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = api_cases,
};

kunit_test_suite(api_suite);

MODULE_DESCRIPTION("KUnit suite of heaps in the in-kernel API");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("CARVEOUT");
