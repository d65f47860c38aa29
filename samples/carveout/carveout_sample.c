// SPDX-License-Identifier: GPL-2.0
/*
 * Sample driver that allocates its memory from a carveout heap; use it as a template.
 *
 * It works like the driver of a capture device, without the device. A timer that fires
 * in hard-interrupt context stands for the interrupt "one frame is complete, provide the
 * next buffer". The driver uses an object of each kind from its heap:
 *
 *	pool	frames, which the handler allocates and a work item frees; any process
 *		can read them through the tag sample.frames
 *	buffer	parameters, with the tag sample.params: root writes, the driver reads;
 *		and, without a tag, descriptors of the frames, for the device
 *	memory	the driver's private copy of a frame
 *
 * The device has two counters in sysfs: frames, the number of completed and processed
 * frames, and dropped, the number of frames for which no block was free. Four more files
 * hand a frame to a process and take it back: see "Frames for processes".
 *
 * README.rst has the DT node and instructions to build and run the sample.
 */

#include <linux/carveout.h>
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/dma-buf.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/hrtimer.h>
#include <linux/kfifo.h>
#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/platform_device.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/workqueue.h>

/* With several devices, each needs its own tags. */
#define FRAMES_TAG	"sample.frames"
#define PARAMS_TAG	"sample.params"

#define NR_FRAMES	8		/* a power of two, for the queue */
#define FRAME_BYTES	SZ_16K
#define FRAME_MAGIC	0x4d415246	/* "FRAM" */
#define PERIOD_US	10000U		/* default frame period */

/* Header of a frame. It is shared, so all members have a fixed size and byte order. */
struct sample_frame {
	__le32 magic;
	__le32 sequence;	/* a gap is a dropped frame */
	__le64 time_ns;		/* CLOCK_MONOTONIC */
};

/* Parameters, set by processes while the driver runs. Initially zero. */
struct sample_params {
	__le32 period_us;	/* frame period; 0 for the default */
	__le32 work_us;		/* time that the driver needs to process a frame */
};

/* Location at which the device stores a frame. */
struct sample_descriptor {
	__le64 addr;
	__le64 size;
};

/* A bound device. */
struct sample {
	struct device *dev;
	struct carveout *carveout;
	struct carveout_pool *pool;		/* the frames */
	struct carveout_pool_client *client;	/* owner of this driver's frames */
	struct carveout_pool_client *inbox;	/* owner of frames that processes return */
	struct carveout_mapping *mapping;	/* mapped for the device; or an error */
	struct dma_buf *dmabuf;			/* exported to processes and drivers */
	struct carveout_buf *params;
	struct sample_frame *copy;
	struct hrtimer timer;			/* the interrupt */
	u32 sequence;
	/* The frame that the device writes. */
	struct carveout_pool_block next;
	bool has_next;
	/*
	 * Frames from the handler to the work item. A queue with one writer and one
	 * reader needs no lock. The queue is not linked through the frames, because any
	 * writer of the frames could overwrite the links.
	 */
	DECLARE_KFIFO(queue, struct carveout_pool_block, NR_FRAMES);
	struct work_struct work;
	struct mutex give_lock;			/* for the next three */
	u64 reader;				/* client that gets the next frame, or 0 */
	u64 given_to;				/* client that got the last one */
	struct carveout_pool_block given;	/* that frame */
	atomic_long_t frames;
	atomic_long_t dropped;
};

/* === Running ============================================================== */

/* Processes may write the parameters at any time: read them once, then check. */
static ktime_t frame_period(const struct sample *s)
{
	const struct sample_params *params = carveout_buf_va(s->params);
	u32 us = le32_to_cpu(READ_ONCE(params->period_us)) ?: PERIOD_US;

	return ns_to_ktime((u64)clamp(us, 500U, 1000000U) * NSEC_PER_USEC);
}

/*
 * Give the device the block for the next frame. A real driver would write the block's index,
 * or carveout_mapping_block(s->mapping, &s->next), to a register.
 */
static void arm_device(struct sample *s)
{
	/* All blocks are in use (-EAGAIN), or the heap is shut down, which is permanent. */
	s->has_next = !carveout_pool_alloc(s->client, &s->next);
}

/* This context may allocate, free and move blocks, free memory, drop references. */
static enum hrtimer_restart frame_done(struct hrtimer *timer)
{
	struct sample *s = container_of(timer, struct sample, timer);
	struct carveout_pool_block done = s->next;
	struct sample_frame *frame = done.va;
	u32 sequence = s->sequence++;

	hrtimer_forward_now(timer, frame_period(s));
	if (!s->has_next) {
		atomic_long_inc(&s->dropped);
		arm_device(s);
		return HRTIMER_RESTART;
	}
	/* A device would write the header and the content. */
	frame->magic = cpu_to_le32(FRAME_MAGIC);
	frame->sequence = cpu_to_le32(sequence);
	frame->time_ns = cpu_to_le64(ktime_get_ns());
	arm_device(s);
	/* The queue has space for all frames. */
	kfifo_put(&s->queue, done);
	schedule_work(&s->work);
	return HRTIMER_RESTART;
}

/* Process one frame; the sample only sleeps. */
static void process_frame(const struct sample *s, const struct sample_frame *frame)
{
	const struct sample_params *params = carveout_buf_va(s->params);

	dev_dbg(s->dev, "frame %u\n", le32_to_cpu(frame->sequence));
	fsleep(min(le32_to_cpu(READ_ONCE(params->work_us)), 100000U));
}

/* === Frames for processes ================================================= */

/*
 * A process opens the pool and queries the client id of its descriptor. It writes the id to
 * "give" and reads "given" until that has its id: the index and the serial of a frame that
 * belongs to the process from then on. If the process dies, the frame is freed. To return
 * it, the process moves it to the client id in "client", and writes the index and the new
 * serial to "take". A real driver would have ioctls for that.
 */

/* Move a frame to the process that asked for one. */
static bool give_frame(struct sample *s, struct carveout_pool_block *block)
{
	bool given;

	mutex_lock(&s->give_lock);
	/* -ESRCH if the process has closed its descriptor: the frame remains ours. */
	given = s->reader && !carveout_pool_move(s->client, block, s->reader);
	if (given) {
		s->given_to = s->reader;
		s->given = *block;
	}
	s->reader = 0;
	mutex_unlock(&s->give_lock);
	return given;
}

static ssize_t give_store(struct device *dev, struct device_attribute *attr,
			  const char *buf, size_t count)
{
	struct sample *s = dev_get_drvdata(dev);
	u64 reader;
	int ret = kstrtou64(buf, 0, &reader);

	if (ret)
		return ret;
	mutex_lock(&s->give_lock);
	s->reader = reader;
	/* The frame of an earlier request is no answer to this one. */
	s->given_to = 0;
	mutex_unlock(&s->give_lock);
	return count;
}
static DEVICE_ATTR_WO(give);

static ssize_t given_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct sample *s = dev_get_drvdata(dev);
	ssize_t ret;

	mutex_lock(&s->give_lock);
	ret = sysfs_emit(buf, "%llu %u %llu\n", s->given_to, s->given.index,
			 s->given.serial);
	mutex_unlock(&s->give_lock);
	return ret;
}
static DEVICE_ATTR_RO(given);

static ssize_t client_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct sample *s = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%llu\n", carveout_pool_client_id(s->inbox));
}
static DEVICE_ATTR_RO(client);

/*
 * The text from a process is not trusted. A client of its own receives the frames of
 * processes, so no process can name a frame that the device or the queue has.
 */
static ssize_t take_store(struct device *dev, struct device_attribute *attr,
			  const char *buf, size_t count)
{
	struct sample *s = dev_get_drvdata(dev);
	struct carveout_pool_block block = { };
	int ret;

	if (sscanf(buf, "%u %llu", &block.index, &block.serial) != 2)
		return -EINVAL;
	ret = carveout_pool_free(s->inbox, &block);
	return ret ?: count;
}
static DEVICE_ATTR_WO(take);

/*
 * Cache maintenance may sleep, so both halves of it are here: before the CPU reads the
 * data of the device, and before the device gets the block again, possibly as soon as the
 * block is freed. It costs nothing if the memory is not cached.
 *
 * A process with write permission may write a frame at any time. Data that is checked and
 * then used must be a copy. The block stays allocated meanwhile, so that a driver that is
 * too slow drops frames at their source.
 */
static void process_frames(struct work_struct *work)
{
	struct sample *s = container_of(work, struct sample, work);
	struct carveout_buf *buf = carveout_pool_buf(s->pool);
	struct carveout_pool_block block;

	while (kfifo_get(&s->queue, &block)) {
		carveout_buf_sync(buf, block.offset, FRAME_BYTES, CARVEOUT_SYNC_FOR_CPU);
		memcpy(s->copy, block.va, FRAME_BYTES);
		process_frame(s, s->copy);
		atomic_long_inc(&s->frames);
		if (give_frame(s, &block))
			continue;
		carveout_buf_sync(buf, block.offset, FRAME_BYTES, CARVEOUT_SYNC_FOR_DEVICE);
		carveout_pool_free(s->client, &block);
	}
}

/* === Setting up ============================================================ */

/*
 * Each step registers its own cleanup, most of them through their devm_ functions. The
 * steps are thus undone in reverse order, both if a later step fails and when the driver
 * is unbound, and there is no remove(). No cleanup waits for other users: processes and
 * importers keep their references.
 */

/*
 * For data that a device writes and the CPU reads once, uncached memory is best, but any
 * memory works. A device with few address bits would set .max_addr.
 */
static int create_frames(struct sample *s)
{
	static const struct carveout_req where = {
		.align = SZ_4K,
		.require = CARVEOUT_ATTR_WRITECOMBINE,
		.fallback = { CARVEOUT_ATTR_UNCACHED, CARVEOUT_ATTR_CACHED },
		.nr_fallback = 2,
		.purpose = "sample frames",
	};

	s->pool = devm_carveout_pool_create(s->dev, s->carveout, FRAME_BYTES, NR_FRAMES,
					    &where, FRAMES_TAG, 0444);
	if (IS_ERR(s->pool))
		return dev_err_probe(s->dev, PTR_ERR(s->pool), "no frames\n");
	/* From here on, unbinding the driver frees all frames that it has. */
	s->client = devm_carveout_pool_join(s->dev, s->pool);
	if (IS_ERR(s->client))
		return PTR_ERR(s->client);
	s->inbox = devm_carveout_pool_join(s->dev, s->pool);
	return PTR_ERR_OR_ZERO(s->inbox);
}

/* All frames at once, for as long as the driver is bound. */
static int map_frames(struct sample *s)
{
	int ret = dma_set_mask_and_coherent(s->dev, DMA_BIT_MASK(64));

	s->mapping = ret ? ERR_PTR(ret) :
			   devm_carveout_buf_map(s->dev, carveout_pool_buf(s->pool),
						 DMA_FROM_DEVICE);
	/* For a real device this is an error. The timer does not need the mapping. */
	if (IS_ERR(s->mapping))
		dev_info(s->dev, "frames are not mapped: %pe\n", s->mapping);
	return 0;
}

/*
 * Data that the device reads is in a buffer, because only buffers can be mapped for a
 * device. Mapping makes earlier writes visible to the device; later writes need
 * carveout_buf_sync(). This is a table of all frames, from which the device takes the entry
 * with the index of the allocated block. A real driver would program
 * carveout_mapping_addr() of the table into the device.
 */
static int fill_ring(struct sample *s)
{
	static const struct carveout_req req = {
		.size = NR_FRAMES * sizeof(struct sample_descriptor),
		.purpose = "sample descriptors",
	};
	struct carveout_buf *ring = devm_carveout_buf_alloc(s->dev, s->carveout, &req,
							    NULL, 0);
	struct sample_descriptor *descriptor;
	struct carveout_pool_stats frames;
	unsigned int i;

	if (IS_ERR(ring))
		return dev_err_probe(s->dev, PTR_ERR(ring), "no descriptors\n");
	if (IS_ERR(s->mapping))
		return 0;
	carveout_pool_stats(s->pool, &frames);
	descriptor = carveout_buf_va(ring);
	for (i = 0; i < NR_FRAMES; i++) {
		descriptor[i].addr = cpu_to_le64(carveout_mapping_addr(s->mapping) +
						 i * frames.block_size);
		descriptor[i].size = cpu_to_le64(FRAME_BYTES);
	}
	return PTR_ERR_OR_ZERO(devm_carveout_buf_map(s->dev, ring, DMA_TO_DEVICE));
}

static void put_dmabuf(void *dmabuf)
{
	dma_buf_put(dmabuf);
}

/*
 * For dma_buf_fd() in an ioctl. The dma-buf is read-only: processes can map it, and no
 * other driver can import it. It holds a reference to the memory, but not to this driver.
 */
static int export_frames(struct sample *s)
{
	s->dmabuf = carveout_buf_export(carveout_pool_buf(s->pool), false);
	if (IS_ERR(s->dmabuf))
		return dev_err_probe(s->dev, PTR_ERR(s->dmabuf), "no dma-buf\n");
	return devm_add_action_or_reset(s->dev, put_dmabuf, s->dmabuf);
}

/*
 * A tag exists as long as its buffer has a reference: a process may still hold the
 * parameters of an earlier binding of the driver, or may have created them before the
 * first one. Existing parameters are therefore opened. The device tree reserves the tag
 * for root; see README.rst.
 */
static int open_params(struct sample *s)
{
	static const struct carveout_req req = {
		.size = sizeof(struct sample_params),
		.flags = CARVEOUT_REQ_OPEN,
		.purpose = "sample parameters",
	};

	s->params = devm_carveout_buf_alloc(s->dev, s->carveout, &req, PARAMS_TAG, 0644);
	if (IS_ERR(s->params))
		return dev_err_probe(s->dev, PTR_ERR(s->params), "no parameters\n");
	return 0;
}

static int alloc_copy(struct sample *s)
{
	static const struct carveout_req req = {
		.size = FRAME_BYTES,
		.purpose = "sample copy",
	};

	s->copy = devm_carveout_alloc_req(s->dev, s->carveout, &req);
	if (IS_ERR(s->copy))
		return dev_err_probe(s->dev, PTR_ERR(s->copy), "no memory for a copy\n");
	return 0;
}

/* Stop the user of blocks. The blocks that it has are freed when the client leaves. */
static void stop(void *data)
{
	struct sample *s = data;

	hrtimer_cancel(&s->timer);
	cancel_work_sync(&s->work);
}

static int start(struct sample *s)
{
	INIT_KFIFO(s->queue);
	INIT_WORK(&s->work, process_frames);
	arm_device(s);
	hrtimer_setup(&s->timer, frame_done, CLOCK_MONOTONIC, HRTIMER_MODE_REL_HARD);
	hrtimer_start(&s->timer, frame_period(s), HRTIMER_MODE_REL_HARD);
	return devm_add_action_or_reset(s->dev, stop, s);
}

static int sample_probe(struct platform_device *pdev)
{
	struct device *dev = &pdev->dev;
	struct sample *s;

	s = devm_kzalloc(dev, sizeof(*s), GFP_KERNEL);
	if (!s)
		return -ENOMEM;
	s->dev = dev;
	mutex_init(&s->give_lock);
	platform_set_drvdata(pdev, s);
	/* -EPROBE_DEFER while the heap does not exist; the probe is then retried. */
	s->carveout = devm_carveout_get(dev, "frames");
	if (IS_ERR(s->carveout))
		return dev_err_probe(dev, PTR_ERR(s->carveout), "no heap\n");
	return create_frames(s) ?: map_frames(s) ?: fill_ring(s) ?: export_frames(s) ?:
	       open_params(s) ?: alloc_copy(s) ?: start(s);
}

static ssize_t frames_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct sample *s = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%ld\n", atomic_long_read(&s->frames));
}
static DEVICE_ATTR_RO(frames);

static ssize_t dropped_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct sample *s = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%ld\n", atomic_long_read(&s->dropped));
}
static DEVICE_ATTR_RO(dropped);

static struct attribute *sample_attrs[] = {
	&dev_attr_frames.attr,
	&dev_attr_dropped.attr,
	&dev_attr_give.attr,
	&dev_attr_given.attr,
	&dev_attr_client.attr,
	&dev_attr_take.attr,
	NULL
};
ATTRIBUTE_GROUPS(sample);

static const struct of_device_id sample_of_match[] = {
	{ .compatible = "linux,carveout-sample" },
	{ }
};
MODULE_DEVICE_TABLE(of, sample_of_match);

static struct platform_driver sample_driver = {
	.probe = sample_probe,
	.driver = {
		.name = "carveout-sample",
		.of_match_table = sample_of_match,
		.dev_groups = sample_groups,
	},
};
module_platform_driver(sample_driver);

MODULE_DESCRIPTION("Sample driver that allocates its memory from a carveout heap");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("CARVEOUT");
MODULE_IMPORT_NS("DMA_BUF");
