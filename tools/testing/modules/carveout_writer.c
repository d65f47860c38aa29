// SPDX-License-Identifier: GPL-2.0
/*
 * Writes entries of a directory over and over, while it is loaded, with the code of
 * carveout_rpmsg. All members of an entry follow from the number of the write, so that a
 * reader notices a mix of two. For test boards only.
 */
#include <linux/carveout.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/sched.h>

/* The module is for boards whose carveout_rpmsg is another one, so the code is a part of it. */
#include "../../../driver/rpmsg/publish.c"

#define SLOTS		32
#define MAX_ENTRIES	8

static char *heap;
module_param(heap, charp, 0444);
MODULE_PARM_DESC(heap, "heap of the directory");

static char *tag;
module_param(tag, charp, 0444);
MODULE_PARM_DESC(tag, "tag of the directory, which anyone may open");

static unsigned int run;
module_param(run, uint, 0444);
MODULE_PARM_DESC(run, "number of the run: the session of the directory");

static unsigned int entries = 4;
module_param(entries, uint, 0444);
MODULE_PARM_DESC(entries, "number of entries, the tags torn.0 to torn.7");

/**
 * struct writer_entry - An entry
 * @slot: its slot
 * @sequence: its sequence count
 * @number: number of its last write
 * @content: its content
 */
struct writer_entry {
	u32 slot;
	u32 sequence;
	u32 number;
	struct carveout_rpmsg_entry content;
};

static struct writer_entry entry[MAX_ENTRIES];
static struct carveout *carveout;
static struct carveout_buf *memory;
static struct task_struct *task;

/* The first slot of the tag that no other entry has. */
static bool place(unsigned int i, u32 hash)
{
	unsigned int probe, other;
	u32 slot;

	for (probe = 0; probe < CARVEOUT_RPMSG_PROBES; probe++) {
		slot = (hash + probe) % SLOTS;
		for (other = 0; other < i && entry[other].slot != slot; other++)
			;
		if (slot && other == i) {
			entry[i].slot = slot;
			return true;
		}
	}
	return false;
}

static int prepare(unsigned int i)
{
	struct carveout_rpmsg_entry *content = &entry[i].content;
	char *name = (char *)content->tag;
	u32 hash;

	snprintf(name, sizeof(content->tag), "torn.%u", i);
	hash = carveout_rpmsg_hash(0, name);
	content->hash = cpu_to_le32(hash);
	return place(i, hash) ? 0 : -ENOSPC;
}

/* The reader knows this pattern. */
static void rewrite(struct writer_entry *e)
{
	const __le32 number = cpu_to_le32(++e->number), inverse = ~number;

	e->content.flags = number;
	e->content.addr_lo = number;
	e->content.addr_hi = inverse;
	e->content.size_lo = number;
	e->content.size_hi = inverse;
	e->content.serial_lo = number;
	e->content.serial_hi = inverse;
	e->content.attrs = number;
	e->content.index = inverse;
	carveout_publish_entry(memory, e->slot, &e->sequence, &e->content);
}

static int writer_thread(void *data)
{
	unsigned int i;

	while (!kthread_should_stop()) {
		for (i = 0; i < entries; i++)
			rewrite(&entry[i]);
		cond_resched();
	}
	return 0;
}

static int begin(void)
{
	const struct carveout_req req = {
		.size = SLOTS * CARVEOUT_RPMSG_SLOT_LEN,
		.purpose = "test of torn reads",
	};
	unsigned int i;
	int ret;

	for (i = 0; i < entries; i++) {
		ret = prepare(i);
		if (ret)
			return ret;
	}
	memory = carveout_buf_alloc(carveout, &req, tag, 0666);
	if (IS_ERR(memory))
		return PTR_ERR(memory);
	for (i = 0; i < entries; i++)
		rewrite(&entry[i]);
	carveout_publish_header(memory, run, SLOTS);
	task = kthread_run(writer_thread, NULL, "carveout_writer");
	if (!IS_ERR(task))
		return 0;
	carveout_buf_put(memory);
	return PTR_ERR(task);
}

static int __init writer_init(void)
{
	int ret;

	if (!heap || !tag || !entries || entries > MAX_ENTRIES)
		return -EINVAL;
	carveout = carveout_get_by_name(heap);
	if (IS_ERR(carveout))
		return PTR_ERR(carveout);
	ret = begin();
	if (ret)
		carveout_put(carveout);
	return ret;
}

static void __exit writer_exit(void)
{
	kthread_stop(task);
	pr_info("carveout_writer: %u writes of each entry\n", entry[0].number);
	carveout_buf_put(memory);
	carveout_put(carveout);
}

module_init(writer_init);
module_exit(writer_exit);

MODULE_DESCRIPTION("Test: write a directory over and over");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("CARVEOUT");
