// SPDX-License-Identifier: GPL-2.0
/*
 * Parking: buffers that are gone but for I/O that still uses their pages.
 *
 * Memory with pages can be pinned: by direct I/O, by a buffer registered with
 * io_uring, by a pipe. A pin holds the page and nothing else; it outlives
 * mappings and files. So when the last reference to a buffer has gone, the
 * count of each page is looked at. If any is higher than what it was when the
 * memory was claimed, the buffer is parked: without a name, in no list, its
 * memory in use as before. It is looked at again, at longer and longer
 * intervals, until the pins are gone. Only then is it scrubbed and freed.
 *
 * Why a page whose count is down to one stays there
 *
 *	New pins come from two places: from a page table entry of a mapping, or
 *	from one who has a pin on the same page already (tee(2), a bio that is
 *	split). The buffer's last reference goes when its last file does. Each
 *	mapping holds a file until remove_vma(), which munmap(), exit and
 *	mmap() over it call after tlb_finish_mmu(), when all entries and all
 *	references that mmu_gather collected are gone. What failed in the middle
 *	of mmap() is undone under the caller's own reference to the file. So
 *	when we look there is no entry left, nor will there be one, and the
 *	second kind needs a count above one to start from.
 *
 *	What may still rise is a reference on suspicion: get_user_pages_fast() on
 *	an entry that it has read before that went, or a look-up in the page
 *	cache of an earlier owner of a system page. Both look a second time once
 *	they have their reference, find that they are wrong, and drop it without
 *	touching the content. If we see one, we wait once too often.
 *
 * Therefore pages can be looked at one by one, and those that were found free
 * need no second look. Whoever drops a pin does so with a full barrier after his
 * last access; ours is in carveout_claim_unpinned(). Every store into the page
 * is before the scrubbing.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/workqueue.h>

#include "carveout_internal.h"

/* How soon to look again. */
#define DELAY_FIRST_MS	10
#define DELAY_LAST_MS	1000

/* Move on to the first page that is still pinned. Is there one? */
static bool is_pinned(struct carveout_buf *buf)
{
	u64 end = buf->start + buf->size;
	u64 *next = &buf->parking.next;

	*next += carveout_claim_unpinned(buf->claim, *next, end - *next);
	return *next < end;
}

static void look_later(struct carveout_buf *buf)
{
	struct carveout_parking *parking = &buf->parking;
	unsigned int delay = parking->delay_ms;

	parking->delay_ms = min_t(unsigned int, 2 * delay, DELAY_LAST_MS);
	/* From here on the buffer is the work's, which may free it at once. */
	queue_delayed_work(carveout_wq, &parking->work, msecs_to_jiffies(delay));
}

static void park_work(struct work_struct *work)
{
	struct carveout_buf *buf = container_of(to_delayed_work(work),
						struct carveout_buf, parking.work);
	struct carveout *carveout = buf->carveout;

	if (is_pinned(buf)) {
		look_later(buf);
		return;
	}
	atomic_dec(&carveout->nr_parked);
	atomic64_sub(buf->size, &carveout->parked_bytes);
	carveout_buf_free(buf);
	carveout_object_gone(CARVEOUT_OBJ_PARKED);
	/* carveout_park_exit() waits for the rest of this function. */
	module_put(THIS_MODULE);
}

/**
 * carveout_park() - keep a buffer whose pages are in use
 * @buf: a buffer without references, in no list
 *
 * The module stays as long as a buffer is parked. The caller is called by a dma-buf
 * or a node that still pins it, or is its exit function or work, for which that waits.
 *
 * Context: May sleep.
 * Return: true if the buffer is parked and frees itself, false if the caller has
 * to, and may.
 */
bool carveout_park(struct carveout_buf *buf)
{
	struct carveout_parking *parking = &buf->parking;

	if (buf->empty && !buf->next)
		return false;	/* it never had any memory */
	if (!(carveout_buf_attrs(buf) & CARVEOUT_ATTR_PAGES))
		return false;
	/* What the buffer that it was resized to has is that one's to look at. */
	parking->next = buf->start;
	if (buf->next)
		parking->next += min(buf->size, buf->next->size);
	if (!is_pinned(buf))
		return false;

	__module_get(THIS_MODULE);
	carveout_object_born(CARVEOUT_OBJ_PARKED);
	atomic_inc(&buf->carveout->nr_parked);
	atomic64_add(buf->size, &buf->carveout->parked_bytes);
	INIT_DELAYED_WORK(&parking->work, park_work);
	parking->delay_ms = DELAY_FIRST_MS;
	look_later(buf);
	return true;
}

/**
 * carveout_buf_pinned() - does I/O use the pages of a buffer?
 * @buf: a buffer that the caller has to himself, and nobody has mapped
 *
 * Context: May sleep.
 * Return: true if so.
 */
bool carveout_buf_pinned(const struct carveout_buf *buf)
{
	return carveout_buf_attrs(buf) & CARVEOUT_ATTR_PAGES &&
	       carveout_claim_unpinned(buf->claim, buf->start, buf->size) < buf->size;
}

/**
 * carveout_park_exit() - wait until nothing is parked any more
 *
 * A parked buffer holds the module, but for those that a persistent name held
 * until now. Their memory can neither be freed nor left behind, so there is
 * nothing to be done but wait for whoever has it pinned.
 *
 * Context: May sleep, for as long as pins are held.
 */
void carveout_park_exit(void)
{
	int left;

	/* What drivers gave back last may have to be parked yet. */
	flush_workqueue(carveout_wq);
	left = atomic_read(&carveout_objects[CARVEOUT_OBJ_PARKED]);
	if (left)
		pr_info("waiting for I/O with %d buffer(s) to end\n", left);
	while (atomic_read(&carveout_objects[CARVEOUT_OBJ_PARKED]))
		msleep(DELAY_FIRST_MS);
}
