// SPDX-License-Identifier: GPL-2.0
/*
 * The policies of remote processors: see core.h.
 */

#include "core.h"

static struct property *add_property(struct core *core, const char *name, unsigned int width)
{
	struct property *property = &core->property[core->nr_properties++];

	*property = (struct property){ .name = name, .width = width };
	return property;
}

static void add_number(struct core *core, const char *name, unsigned int width, u64 number)
{
	struct property *property = add_property(core, name, width);

	property->number[property->count++] = number;
}

static void add_prefixes(struct core *core)
{
	struct property *property;

	property = add_property(core, "linux,carveout-create-tags", 0);
	property->string[property->count++] = "r5.";
	property->string[property->count++] = "new.";
	property = add_property(core, "linux,carveout-open-tags", 0);
	property->string[property->count++] = "r5.";
	property->string[property->count++] = "pub.";
}

/* Half of the one heap, and the other heap: in the node of the core, or in that of its bus. */
static void add_windows(struct core *core, bool bus)
{
	static const struct of_pci_range ranges[] = {
		{ .bus_addr = 0x10000000, .cpu_addr = 0x40000000, .size = 0x4000 },
		{ .bus_addr = 0x80000000, .cpu_addr = 0xffffc000, .size = 0x8000 },
		{}
	}, *range;
	/* Between the node of the core and that of its bus there is one without the property. */
	static struct device_node soc = { .dma_ranges = ranges }, cluster = { .parent = &soc },
				  node = { .parent = &cluster };
	struct property *property;

	if (bus) {
		core->dev.of_node = &node;
		return;
	}
	property = add_property(core, "linux,carveout-ranges", 8);
	for (range = ranges; range->size; range++) {
		property->number[property->count++] = range->bus_addr;
		property->number[property->count++] = range->cpu_addr;
		property->number[property->count++] = range->size;
	}
}

static void add_heaps(struct core *core, bool phandles)
{
	struct property *property;

	if (phandles)
		add_number(core, "carveouts", 4, 1);
	property = add_property(core, phandles ? "carveout-names" : "linux,carveout-heap-names", 0);
	property->string[property->count++] = "one";
	if (core->nr_heaps == 2)
		property->string[property->count++] = "two";
}

/* Some cores have a directory, a few a number of slots that is refused. */
static u32 slots_of(u8 limits)
{
	static const u32 slots[] = { 0, 32, 64, 32 }, wrong[] = { 16, 48, 8192, U32_MAX };

	return (limits & 0x7c) == 0x7c ? wrong[limits & 3] : slots[limits >> 4 & 3];
}

/* Only whether there is a function matters. */
static int detach(struct rproc *rproc)
{
	bug("a test detaches from %s", rproc->dev.name);
}

static const struct rproc_ops starts = { }, attaches = { .detach = detach };

/* Each bit of @config is a property of the core; two bits of @limits each limit. */
void core_begin(struct core *core, const char *name, u8 config, u8 limits)
{
	*core = (struct core){
		.has_rproc = config & 1,
		.windows = config & 2,
		.prefixes = config & 4,
		.nr_heaps = config & 8 ? 1 : 2,
		.mtu = limits == 0xff ? 63 : config & 16 ? 496 : limits & 128 ? 64 : -EOPNOTSUPP,
		.handles = 1 + limits % 4,
		.waits = limits / 4 % 4,
		.slots = slots_of(limits),
		.dev.refs = 1,
	};
	strscpy(core->dev.name, name, sizeof(core->dev.name));
	core->dev.properties = core->property;
	add_heaps(core, config & 32);
	add_number(core, "linux,carveout-handles", 4, core->handles);
	add_number(core, "linux,carveout-waits", 4, core->waits);
	if (core->prefixes)
		add_prefixes(core);
	if (core->windows)
		add_windows(core, limits & 64);
	if (config & 64)
		add_number(core, "linux,carveout-quota", 8, 3 * PAGE);
	if (config & 128)
		add_number(core, "linux,carveout-uid", 4, 1000);
	if (core->slots)
		add_number(core, "linux,carveout-directory", 4, core->slots);
	core->dev.nr_properties = core->nr_properties;
	strscpy(core->rproc.dev.name, "rproc", sizeof(core->rproc.dev.name));
	core->rproc.dev.parent = &core->dev;
	core->rproc.dev.refs = 1;
	core->rproc.dev.rproc = &core->rproc;
	core->rproc.ops = limits & 2 ? &attaches : &starts;
	core->rproc.state = limits & 2 ? RPROC_ATTACHED : RPROC_RUNNING;
	INIT_LIST_HEAD(&core->rproc.subdevs);
}

/* Give a property of the core another kind, or its own one again. */
void core_spoil(struct core *core, unsigned int number)
{
	struct property *property = &core->property[number % core->nr_properties];

	property->width ^= property->width > 1 ? 4 | 8 : 1;
	core->spoiled = true;
}
