// SPDX-License-Identifier: GPL-2.0
/*
 * The policy of a remote processor, from its node in the device tree, or from the software
 * node of a board without one.
 *
 *	r5f_0: remoteproc@ff9a0000 {
 *		carveouts = <&shared>, <&frames>;
 *		carveout-names = "shared", "frames";
 *		linux,carveout-create-tags = "r5.";
 *		linux,carveout-quota = /bits/ 64 <0x400000>;
 *		linux,carveout-uid = <44>;
 *	};
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/log2.h>
#include <linux/of.h>
#include <linux/of_address.h>
#include <linux/property.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "remote.h"

/* The overflow user id. It owns the tags of processors without linux,carveout-uid only. */
#define DEFAULT_ID	65534

#define DEFAULT_HANDLES	256
#define DEFAULT_WAITS	64
#define MAX_OBJECTS	65536

/* Slots of a directory: one page, and 512 KiB. */
#define MIN_SLOTS	32
#define MAX_SLOTS	4096

/**
 * carveout_policy_present() - Check for a policy
 * @dev: a device
 *
 * Context: Process context.
 * Return: true if its properties are the policy of a processor.
 */
bool carveout_policy_present(struct device *dev)
{
	return device_property_present(dev, "carveouts") ||
	       device_property_present(dev, "linux,carveout-heap-names");
}

/**
 * carveout_policy_device() - Find the device whose properties are the policy of a channel
 * @dev: device of the channel
 *
 * An rpmsg device has no node of its own. The processor is one of its parents, for which
 * there is no remoteproc.
 *
 * Context: Process context.
 * Return: the device, which exists as long as @dev, or NULL.
 */
struct device *carveout_policy_device(struct device *dev)
{
	for (; dev; dev = dev->parent)
		if (carveout_policy_present(dev))
			return dev;
	return NULL;
}

/* A list of strings; NULL and 0 if there is none. The strings belong to the node. */
static int read_strings(struct device *dev, const char *name, const char ***list,
			unsigned int *count)
{
	int n;

	*list = NULL;
	*count = 0;
	if (!device_property_present(dev, name))
		return 0;
	n = device_property_string_array_count(dev, name);
	if (n <= 0) {
		dev_err(dev, "%s: not a list of strings\n", name);
		return -EINVAL;
	}
	*list = kcalloc(n, sizeof(**list), GFP_KERNEL);
	if (!*list)
		return -ENOMEM;
	*count = n;
	n = device_property_read_string_array(dev, name, *list, n);
	return n < 0 ? n : 0;
}

static struct carveout *get_heap(struct device *dev, bool phandles, const char *name)
{
	return phandles ? carveout_get(dev, name) : carveout_get_by_name(name);
}

/* Each message of a processor without a session is another attempt to get its heaps. */
static int refuse_heap(struct device *dev, const char *name, int error)
{
	if (error == -EPROBE_DEFER)
		return dev_err_probe(dev, error, "no heap %s\n", name);
	dev_err_ratelimited(dev, "no heap %s: error %d\n", name, error);
	return error;
}

static int get_heaps(struct carveout_policy *policy, struct device *dev, bool phandles,
		     const char **names, unsigned int count)
{
	struct carveout *heap;
	unsigned int i;

	if (count > CARVEOUT_REMOTE_HEAPS) {
		dev_err(dev, "%u heaps, a processor has at most %d\n", count,
			CARVEOUT_REMOTE_HEAPS);
		return -EINVAL;
	}
	for (i = 0; i < count; i++) {
		heap = get_heap(dev, phandles, names[i]);
		if (IS_ERR(heap))
			return refuse_heap(dev, names[i] ?: "", PTR_ERR(heap));
		policy->heap[policy->nr_heaps++] = heap;
	}
	return 0;
}

static int read_heaps(struct carveout_policy *policy, struct device *dev)
{
	bool phandles = device_property_present(dev, "carveouts");
	const char *first = NULL, **names;
	unsigned int count;
	int ret;

	ret = read_strings(dev, phandles ? "carveout-names" : "linux,carveout-heap-names",
			   &names, &count);
	/* Without names, a node with phandles has one heap. */
	if (!ret)
		ret = count ? get_heaps(policy, dev, phandles, names, count) :
			      get_heaps(policy, dev, phandles, &first, 1);
	kfree(names);
	return ret;
}

static int check_window(struct device *dev, const char *name,
			const struct carveout_window *window)
{
	if (window->size && window->addr + window->size - 1 >= window->addr &&
	    window->phys + window->size - 1 >= window->phys)
		return 0;
	dev_err(dev, "%s: [0x%llx, size 0x%llx] is empty or wraps\n", name, window->phys,
		window->size);
	return -EINVAL;
}

static int alloc_windows(struct carveout_policy *policy, unsigned int count)
{
	policy->window = kcalloc(count, sizeof(*policy->window), GFP_KERNEL);
	if (!policy->window)
		return -ENOMEM;
	policy->nr_windows = count;
	return 0;
}

/* Groups of three numbers: address of the processor, physical address, size. */
static int read_own_windows(struct carveout_policy *policy, struct device *dev,
			    const char *name)
{
	int count = device_property_count_u64(dev, name), ret;

	if (count <= 0 || count % 3) {
		dev_err(dev, "%s: not groups of three 64-bit numbers\n", name);
		return -EINVAL;
	}
	static_assert(sizeof(*policy->window) == 3 * sizeof(u64));
	ret = alloc_windows(policy, count / 3);
	return ret ?: device_property_read_u64_array(dev, name, &policy->window->addr, count);
}

/* The bus above a node whose dma-ranges translate, with a reference, or NULL. */
static struct device_node *translating_bus(struct device *dev)
{
	struct device_node *bus = of_get_parent(dev->of_node);
	int len;

	/* An empty property states that there is no translation. */
	while (bus && !(of_find_property(bus, "dma-ranges", &len) && len))
		bus = of_get_next_parent(bus);
	return bus;
}

/* The map of the device is not used: it is made when a driver binds to it. */
static int read_bus_windows(struct carveout_policy *policy, struct device_node *bus)
{
	struct of_pci_range_parser parser;
	struct of_pci_range range;
	unsigned int count = 0;
	int ret;

	ret = of_pci_dma_range_parser_init(&parser, bus);
	if (ret)
		return ret;
	for_each_of_pci_range(&parser, &range)
		count++;
	ret = count ? alloc_windows(policy, count) : -EINVAL;
	if (!ret)
		ret = of_pci_dma_range_parser_init(&parser, bus);
	count = 0;
	while (!ret && count < policy->nr_windows && of_pci_range_parser_one(&parser, &range))
		policy->window[count++] = (struct carveout_window){
			.addr = range.bus_addr,
			.phys = range.cpu_addr,
			.size = range.size,
		};
	return ret;
}

/* Without any of the properties, the processor sees all memory at its physical address. */
static int read_windows(struct carveout_policy *policy, struct device *dev)
{
	const char *name = "linux,carveout-ranges";
	struct device_node *bus = NULL;
	unsigned int i;
	int ret = 0;

	if (device_property_present(dev, name)) {
		ret = read_own_windows(policy, dev, name);
	} else {
		bus = translating_bus(dev);
		name = "dma-ranges";
	}
	if (bus)
		ret = read_bus_windows(policy, bus);
	if (bus && ret)
		dev_err_ratelimited(dev, "%s of %pOF cannot be used: error %d\n", name, bus, ret);
	of_node_put(bus);
	for (i = 0; i < policy->nr_windows && !ret; i++)
		ret = check_window(dev, name, &policy->window[i]);
	return ret;
}

/* A number of the node, if it has one: between @low and @high. */
static int read_u32(struct device *dev, const char *name, u32 low, u32 high, u32 *value)
{
	if (!device_property_present(dev, name))
		return 0;
	if (!device_property_read_u32(dev, name, value) && *value >= low && *value <= high)
		return 0;
	dev_err(dev, "%s: not a number from %u to %u\n", name, low, high);
	return -EINVAL;
}

static int read_quota(struct carveout_policy *policy, struct device *dev)
{
	static const char name[] = "linux,carveout-quota";

	if (!device_property_present(dev, name) ||
	    !device_property_read_u64(dev, name, &policy->quota))
		return 0;
	dev_err(dev, "%s: not a 64-bit number; write /bits/ 64 <...>\n", name);
	return -EINVAL;
}

static int read_slots(struct carveout_policy *policy, struct device *dev)
{
	static const char name[] = "linux,carveout-directory";
	int ret;

	ret = read_u32(dev, name, MIN_SLOTS, MAX_SLOTS, &policy->slots);
	if (ret || !policy->slots || is_power_of_2(policy->slots))
		return ret;
	dev_err(dev, "%s: %u is not a power of two\n", name, policy->slots);
	return -EINVAL;
}

static int read_limits(struct carveout_policy *policy, struct device *dev)
{
	u32 uid = DEFAULT_ID, gid = DEFAULT_ID;
	int ret;

	policy->handles = DEFAULT_HANDLES;
	policy->waits = DEFAULT_WAITS;
	ret = read_u32(dev, "linux,carveout-uid", 0, U32_MAX - 1, &uid) ?:
	      read_u32(dev, "linux,carveout-gid", 0, U32_MAX - 1, &gid) ?:
	      read_u32(dev, "linux,carveout-handles", 1, MAX_OBJECTS, &policy->handles) ?:
	      read_u32(dev, "linux,carveout-waits", 0, MAX_OBJECTS, &policy->waits) ?:
	      read_slots(policy, dev) ?: read_quota(policy, dev);
	policy->uid = KUIDT_INIT(uid);
	policy->gid = KGIDT_INIT(gid);
	return ret;
}

/**
 * carveout_policy_read() - Read the policy of a processor
 * @policy: filled in
 * @dev: device of the processor
 *
 * Context: Process context. May sleep.
 * Return: 0; -EINVAL for an invalid property, which the log names; -ENOENT or -ENODEV if a
 * heap does not exist; -EPROBE_DEFER if it does not exist yet; -ENOMEM.
 */
int carveout_policy_read(struct carveout_policy *policy, struct device *dev)
{
	int ret;

	memset(policy, 0, sizeof(*policy));
	ret = read_limits(policy, dev) ?:
	      read_strings(dev, "linux,carveout-open-tags", &policy->open,
			   &policy->nr_open) ?:
	      read_strings(dev, "linux,carveout-create-tags", &policy->create,
			   &policy->nr_create) ?:
	      read_windows(policy, dev) ?:
	      read_heaps(policy, dev);
	if (ret)
		carveout_policy_free(policy);
	return ret;
}

/**
 * carveout_policy_free() - Free a policy
 * @policy: the policy, which is empty on return
 *
 * Context: Process context. May sleep.
 */
void carveout_policy_free(struct carveout_policy *policy)
{
	while (policy->nr_heaps)
		carveout_put(policy->heap[--policy->nr_heaps]);
	kfree(policy->open);
	kfree(policy->create);
	kfree(policy->window);
	memset(policy, 0, sizeof(*policy));
}

/**
 * carveout_policy_permits() - Check a tag against a list of prefixes
 * @prefix: the list
 * @count: number of its entries; with none, any tag is permitted
 * @tag: the tag
 *
 * Context: Any context.
 * Return: true if it is permitted.
 */
bool carveout_policy_permits(const char * const *prefix, unsigned int count, const char *tag)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		if (strstarts(tag, prefix[i]))
			return true;
	return !count;
}
