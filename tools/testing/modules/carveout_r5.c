// SPDX-License-Identifier: GPL-2.0
/*
 * A remoteproc driver for the Cortex-R5 cores of QEMU's xlnx-versal-virt, for test boards
 * only.
 *
 * - Register RST_CPU_R5 holds the cores in reset. QEMU switches a core off some time after
 *   the write, and ignores a start before that. Its PSCI tells, also for these cores.
 * - A core starts at address 0, where both have the same page of RAM: a jump to the
 *   firmware, and two words for each core, see tools/testing/remote/r5/r5.h.
 * - A core interrupts Linux by the start of a DMA channel that has nothing to do. Linux does
 *   not interrupt a core: the firmware polls.
 */
#include <linux/arm-smccc.h>
#include <linux/bits.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/of.h>
#include <linux/of_reserved_mem.h>
#include <linux/platform_device.h>
#include <linux/remoteproc.h>
#include <uapi/linux/psci.h>

#include "carveout_r5.h"

/* The page at address 0. "ldr pc, [pc, #-4]" loads the word that follows. */
#define ENTRY_JUMP		0x000
#define ENTRY_TARGET		0x004
#define ENTRY_ALIVE(core)	(0x100 + 16 * (core))
#define ENTRY_CRASHED(core)	(0x104 + 16 * (core))
#define JUMP			0xe51ff004
#define ALIVE_MAGIC		0x616c6976

/* A channel of the DMA controller. */
#define DMA_STATUS		0x100
#define DMA_ENABLE		0x108
#define DMA_DONE		BIT(10)

/* Number of a core for PSCI, and its answer for one that is off. */
#define AFFINITY(core)		(0x100 | (core))
#define AFFINITY_OFF		1

/* An emulator may be stalled. */
#define TRIES			5
#define POLL_MS			2
#define POLLS			5000

static bool late;
module_param(late, bool, 0600);
MODULE_PARM_DESC(late, "a stop waits before the reset, as long as this is set");

/**
 * struct r5 - A core
 * @reset: register RST_CPU_R5, of both cores
 * @dma: registers of the DMA channel
 * @entry: the page at address 0
 * @core: number of the core
 */
struct r5 {
	void __iomem *reset;
	void __iomem *dma;
	void __iomem *entry;
	u32 core;
};

static DEFINE_MUTEX(start_lock);	/* RST_CPU_R5 and the jump at address 0 */

/* === Reset ================================================================ */

static bool is_off(const struct r5 *r5)
{
	struct arm_smccc_res res;

	arm_smccc_smc(PSCI_0_2_FN64_AFFINITY_INFO, AFFINITY(r5->core), 0, 0, 0, 0, 0, 0, &res);
	return res.a0 == AFFINITY_OFF;
}

static bool is_alive(const struct r5 *r5)
{
	return readl(r5->entry + ENTRY_ALIVE(r5->core)) == ALIVE_MAGIC;
}

static bool becomes(const struct r5 *r5, bool (*condition)(const struct r5 *r5))
{
	int polls = POLLS;

	while (!condition(r5) && --polls)
		msleep(POLL_MS);
	return polls;
}

/* Afterwards the core makes no access. */
static int reset(struct r5 *r5)
{
	lockdep_assert_held(&start_lock);
	writel(readl(r5->reset) | BIT(r5->core), r5->reset);
	return becomes(r5, is_off) ? 0 : -ETIMEDOUT;
}

static int start(struct r5 *r5, u32 address)
{
	int ret, tries = TRIES;

	lockdep_assert_held(&start_lock);
	do {
		ret = reset(r5);
		if (ret)
			return ret;
		writel(JUMP, r5->entry + ENTRY_JUMP);
		writel(address, r5->entry + ENTRY_TARGET);
		writel(0, r5->entry + ENTRY_ALIVE(r5->core));
		writel(0, r5->entry + ENTRY_CRASHED(r5->core));
		writel(readl(r5->reset) & ~BIT(r5->core), r5->reset);
	} while (!becomes(r5, is_alive) && --tries);
	return tries ? 0 : -ETIMEDOUT;
}

static int r5_start(struct rproc *rproc)
{
	struct r5 *r5 = rproc->priv;
	int ret;

	mutex_lock(&start_lock);
	ret = start(r5, rproc->bootaddr);
	mutex_unlock(&start_lock);
	return ret;
}

static int r5_stop(struct rproc *rproc)
{
	struct r5 *r5 = rproc->priv;
	int ret, polls = POLLS;

	while (READ_ONCE(late) && polls--)
		msleep(POLL_MS);
	mutex_lock(&start_lock);
	ret = reset(r5);
	mutex_unlock(&start_lock);
	return ret;
}

/* === Interrupts =========================================================== */

static irqreturn_t r5_interrupt(int irq, void *data)
{
	struct rproc *rproc = data;
	struct r5 *r5 = rproc->priv;

	writel(DMA_DONE, r5->dma + DMA_STATUS);
	return IRQ_WAKE_THREAD;
}

/* With the lock the rings exist as long as the core runs. */
static irqreturn_t r5_thread(int irq, void *data)
{
	struct rproc *rproc = data;
	struct r5 *r5 = rproc->priv;
	bool crashed = false;

	mutex_lock(&rproc->lock);
	if (rproc->state == RPROC_RUNNING) {
		rproc_vq_interrupt(rproc, 0);
		rproc_vq_interrupt(rproc, 1);
		crashed = readl(r5->entry + ENTRY_CRASHED(r5->core));
		writel(0, r5->entry + ENTRY_CRASHED(r5->core));
	}
	mutex_unlock(&rproc->lock);
	if (crashed)
		rproc_report_crash(rproc, RPROC_FATAL_ERROR);
	return IRQ_HANDLED;
}

static void r5_kick(struct rproc *rproc, int vqid)
{
}

/* === Memory =============================================================== */

static int map_memory(struct rproc *rproc, struct rproc_mem_entry *mem)
{
	mem->va = (__force void *)ioremap_wc(mem->dma, mem->len);
	return mem->va ? 0 : -ENOMEM;
}

static int unmap_memory(struct rproc *rproc, struct rproc_mem_entry *mem)
{
	iounmap((__force void __iomem *)mem->va);
	return 0;
}

/* remoteproc knows the rings and the buffers by the names of their nodes. */
static int add_region(struct rproc *rproc, struct device_node *node, int index)
{
	struct reserved_mem *region = of_reserved_mem_lookup(node);
	struct device *dev = rproc->dev.parent;
	struct rproc_mem_entry *mem;

	if (!region)
		return -EINVAL;
	if (of_node_name_eq(node, "vdev0buffer"))
		mem = rproc_of_resm_mem_entry_init(dev, index, region->size, region->base,
						   "vdev0buffer");
	else
		mem = rproc_mem_entry_init(dev, NULL, region->base, region->size, region->base,
					   map_memory, unmap_memory, "%pOFn", node);
	if (!mem)
		return -ENOMEM;
	rproc_add_carveout(rproc, mem);
	return 0;
}

static int r5_prepare(struct rproc *rproc)
{
	struct of_phandle_iterator it;
	int err, index = 0;

	of_for_each_phandle(&it, err, rproc->dev.parent->of_node, "memory-region", NULL, 0) {
		int ret = add_region(rproc, it.node, index++);

		if (ret) {
			of_node_put(it.node);
			return ret;
		}
	}
	return 0;
}

static const struct rproc_ops r5_ops = {
	.prepare = r5_prepare,
	.start = r5_start,
	.stop = r5_stop,
	.kick = r5_kick,
};

/* === Driver =============================================================== */

static int r5_map(struct platform_device *pdev, struct r5 *r5)
{
	void __iomem **map[] = { &r5->dma, &r5->reset, &r5->entry };
	struct resource *res;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(map); i++) {
		res = platform_get_resource(pdev, IORESOURCE_MEM, i);
		if (!res)
			return -EINVAL;
		/* The cores share the last two. */
		*map[i] = devm_ioremap(&pdev->dev, res->start, resource_size(res));
		if (!*map[i])
			return -ENOMEM;
	}
	return of_property_read_u32(pdev->dev.of_node, "core", &r5->core);
}

static int r5_probe(struct platform_device *pdev)
{
	struct device *dev = &pdev->dev;
	struct rproc *rproc;
	const char *name;
	struct r5 *r5;
	int ret;

	ret = of_property_read_string(dev->of_node, "firmware-name", &name);
	if (ret)
		return ret;
	rproc = devm_rproc_alloc(dev, dev_name(dev), &r5_ops, name, sizeof(*r5));
	if (!rproc)
		return -ENOMEM;
	r5 = rproc->priv;
	rproc->auto_boot = false;
	rproc->dump_conf = RPROC_COREDUMP_DISABLED;
	ret = r5_map(pdev, r5);
	if (ret)
		return ret;
	ret = platform_get_irq(pdev, 0);
	if (ret < 0)
		return ret;
	ret = devm_request_threaded_irq(dev, ret, r5_interrupt, r5_thread, 0, dev_name(dev),
					rproc);
	if (ret)
		return ret;
	writel(DMA_DONE, r5->dma + DMA_ENABLE);
	return devm_rproc_add(dev, rproc);
}

static const struct of_device_id r5_ids[] = {
	{ .compatible = "linux,carveout-r5" },
	{}
};
MODULE_DEVICE_TABLE(of, r5_ids);

static struct platform_driver r5_driver = {
	.probe = r5_probe,
	.driver = {
		.name = "carveout_r5",
		.of_match_table = r5_ids,
	},
};
module_platform_driver(r5_driver);

MODULE_AUTHOR("The carveout authors");
MODULE_DESCRIPTION("Cortex-R5 cores of an emulated board");
MODULE_LICENSE("GPL");
