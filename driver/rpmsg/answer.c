// SPDX-License-Identifier: GPL-2.0
/*
 * Answers to a remote processor.
 */

#include <linux/err.h>
#include <linux/kernel.h>

#include "channel.h"

static const struct {
	int error;
	u32 status;
} statuses[] = {
	{ EINVAL, CARVEOUT_RPMSG_INVALID },
	{ EOPNOTSUPP, CARVEOUT_RPMSG_UNKNOWN },
	{ ESTALE, CARVEOUT_RPMSG_NO_SESSION },
	{ EBADF, CARVEOUT_RPMSG_NO_HANDLE },
	{ ENOENT, CARVEOUT_RPMSG_NO_TAG },
	{ EEXIST, CARVEOUT_RPMSG_EXISTS },
	{ EACCES, CARVEOUT_RPMSG_DENIED },
	{ ENOSPC, CARVEOUT_RPMSG_NO_SPACE },
	{ ENOMEM, CARVEOUT_RPMSG_NO_MEMORY },
	{ EDQUOT, CARVEOUT_RPMSG_QUOTA },
	{ EMFILE, CARVEOUT_RPMSG_LIMIT },
	{ EOVERFLOW, CARVEOUT_RPMSG_LIMIT },
	{ ETIMEDOUT, CARVEOUT_RPMSG_TIMED_OUT },
	{ ECANCELED, CARVEOUT_RPMSG_CANCELLED },
	{ EBUSY, CARVEOUT_RPMSG_BUSY },
	{ EAGAIN, CARVEOUT_RPMSG_BUSY },
	{ EPERM, CARVEOUT_RPMSG_NO_BLOCK },
	{ EIDRM, CARVEOUT_RPMSG_DESTROYED },
	{ ENODEV, CARVEOUT_RPMSG_SHUT_DOWN },
	{ EUCLEAN, CARVEOUT_RPMSG_CORRUPTED },
	{ ENXIO, CARVEOUT_RPMSG_NO_POOL },
	{ ERANGE, CARVEOUT_RPMSG_OUT_OF_REACH },
};

/**
 * carveout_answer_init() - Begin a message to the processor
 * @channel: the channel
 * @answer: the message
 * @op: its kind
 * @id: id of the request
 *
 * Context: The work of the channel.
 */
void carveout_answer_init(struct carveout_channel *channel,
			  struct carveout_rpmsg_answer *answer, u8 op, u32 id)
{
	u32 number = channel->session ? channel->session->number : 0;

	*answer = (struct carveout_rpmsg_answer){
		.header = {
			.magic = cpu_to_le32(CARVEOUT_RPMSG_MAGIC),
			.version = CARVEOUT_RPMSG_VERSION,
			.op = op,
			.length = cpu_to_le16(sizeof(*answer)),
			.id = cpu_to_le32(id),
			.session = cpu_to_le32(number),
		},
	};
}

/**
 * carveout_answer_error() - Turn an answer into that of a failure
 * @answer: an answer with a header
 * @error: negative errno
 *
 * Context: Any context.
 */
void carveout_answer_error(struct carveout_rpmsg_answer *answer, int error)
{
	u32 status = CARVEOUT_RPMSG_INVALID;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(statuses); i++)
		if (statuses[i].error == -error)
			status = statuses[i].status;
	*answer = (struct carveout_rpmsg_answer){
		.header = answer->header,
		.status = cpu_to_le32(status),
	};
}

static void set_pair(__le32 *lo, __le32 *hi, u64 value)
{
	*lo = cpu_to_le32(lower_32_bits(value));
	*hi = cpu_to_le32(upper_32_bits(value));
}

/* The region of a buffer, which is in one of the heaps of the processor. */
static int region_of(const struct carveout_policy *policy, struct carveout_buf *buf)
{
	int region = -ENOENT;
	unsigned int i;

	for (i = 0; i < policy->nr_heaps && region < 0; i++)
		region = carveout_region_at(policy->heap[i], carveout_buf_phys(buf));
	return region;
}

/**
 * carveout_answer_describe() - Describe a buffer
 * @channel: the channel, with a session that is started
 * @buf: the buffer
 * @answer: address, size, attributes, region, generation and blocks are filled in
 *
 * Context: The work of the channel.
 * Return: 0; -ERANGE if the processor has no address for the buffer.
 */
int carveout_answer_describe(struct carveout_channel *channel, struct carveout_buf *buf,
			     struct carveout_rpmsg_answer *answer)
{
	struct carveout_remote_session *session = channel->session;
	struct carveout_pool *pool = carveout_buf_pool(buf);
	struct carveout_pool_stats stats = {};
	u64 addr;
	int ret;

	ret = carveout_remote_address(session, carveout_buf_phys(buf), carveout_buf_size(buf),
				      &addr);
	if (ret)
		return ret;
	if (pool)
		carveout_pool_stats(pool, &stats);
	set_pair(&answer->addr_lo, &answer->addr_hi, addr);
	set_pair(&answer->size_lo, &answer->size_hi, carveout_buf_size(buf));
	set_pair(&answer->serial_lo, &answer->serial_hi, carveout_buf_generation(buf));
	answer->attrs = cpu_to_le32(carveout_buf_attrs(buf));
	answer->index = cpu_to_le32(region_of(&session->policy, buf));
	answer->value = cpu_to_le32(stats.blocks);
	return 0;
}

static int add_handle(struct carveout_remote_session *session, struct carveout_buf *buf,
		      bool read, u32 *handle)
{
	u32 count;
	int ret;

	ret = carveout_session_add(session->refs, carveout_buf_get(buf), handle);
	if (ret) {
		carveout_buf_put(buf);
		return ret;
	}
	if (read)
		ret = xa_err(xa_store(&session->read_only, *handle, xa_mk_value(1),
				      GFP_KERNEL));
	if (ret)
		carveout_session_put(session->refs, *handle, &count);
	return ret;
}

/**
 * carveout_answer_buf() - Give the processor a handle of a buffer
 * @channel: the channel, with a session that is started
 * @buf: the buffer; the handle takes a reference of its own
 * @read: the handle does not permit writing
 * @answer: filled in with the handle and the description
 *
 * Context: The work of the channel. May sleep.
 * Return: 0; -ERANGE if the processor has no address for the buffer; -EMFILE; -ENOMEM.
 */
int carveout_answer_buf(struct carveout_channel *channel, struct carveout_buf *buf, bool read,
			struct carveout_rpmsg_answer *answer)
{
	u32 handle;
	int ret;

	ret = carveout_answer_describe(channel, buf, answer) ?:
	      add_handle(channel->session, buf, read, &handle);
	if (!ret)
		answer->handle = cpu_to_le32(handle);
	return ret;
}

static int describe_block(struct carveout_channel *channel, struct carveout_buf *buf,
			  const struct carveout_pool_block *block,
			  struct carveout_rpmsg_answer *answer)
{
	struct carveout_pool_stats stats;
	u64 addr;
	int ret;

	ret = carveout_remote_address(channel->session, carveout_buf_phys(buf),
				      carveout_buf_size(buf), &addr);
	if (ret)
		return ret;
	carveout_pool_stats(carveout_buf_pool(buf), &stats);
	set_pair(&answer->addr_lo, &answer->addr_hi, addr + block->offset);
	set_pair(&answer->size_lo, &answer->size_hi, stats.block_size);
	set_pair(&answer->serial_lo, &answer->serial_hi, block->serial);
	answer->index = cpu_to_le32(block->index);
	return 0;
}

/**
 * carveout_answer_block() - Give the processor a block, or free it
 * @channel: the channel, with a session that is started
 * @handle: handle of the pool
 * @client: client that the block belongs to
 * @block: the block, which is freed on failure
 * @answer: address, size, index and serial are filled in
 *
 * Context: The work of the channel. May sleep.
 * Return: 0; -EBADF if there is no such handle; -ERANGE if the processor has no address for
 * the pool.
 */
int carveout_answer_block(struct carveout_channel *channel, u32 handle,
			  struct carveout_pool_client *client,
			  const struct carveout_pool_block *block,
			  struct carveout_rpmsg_answer *answer)
{
	struct carveout_buf *buf = carveout_session_buf(channel->session->refs, handle);
	int ret = PTR_ERR_OR_ZERO(buf);

	if (!ret) {
		ret = describe_block(channel, buf, block, answer);
		carveout_buf_put(buf);
	}
	if (ret)
		carveout_pool_free(client, block);
	return ret;
}

/**
 * carveout_answer_query() - Describe a heap
 * @channel: the channel, with a session that is started
 * @heap: number of the heap, of which there are more
 * @answer: filled in
 *
 * Context: The work of the channel.
 */
void carveout_answer_query(struct carveout_channel *channel, unsigned int heap,
			   struct carveout_rpmsg_answer *answer)
{
	struct carveout *carveout = channel->session->policy.heap[heap];
	struct carveout_region_info info;
	struct carveout_stats stats;
	u32 attrs = 0;
	unsigned int i;

	carveout_stats(carveout, &stats);
	for (i = 0; !carveout_region_info(carveout, i, &info); i++)
		attrs |= info.memory.attrs;
	set_pair(&answer->size_lo, &answer->size_hi, stats.size);
	set_pair(&answer->serial_lo, &answer->serial_hi, stats.used);
	set_pair(&answer->addr_lo, &answer->addr_hi, stats.largest_hole);
	answer->attrs = cpu_to_le32(attrs);
	answer->index = cpu_to_le32(stats.regions);
	answer->value = cpu_to_le32(carveout_session_room(channel->session->refs));
}

/**
 * carveout_answer_directory() - Describe the directory of a session
 * @session: the session, which has one
 * @answer: address, size and number of slots are filled in
 *
 * Context: The work of the channel.
 */
void carveout_answer_directory(const struct carveout_remote_session *session,
			       struct carveout_rpmsg_answer *answer)
{
	u64 addr;
	u32 slots;

	carveout_directory_describe(session->directory, &addr, &slots);
	set_pair(&answer->addr_lo, &answer->addr_hi, addr);
	set_pair(&answer->size_lo, &answer->size_hi, (u64)slots * CARVEOUT_RPMSG_SLOT_LEN);
	answer->value = cpu_to_le32(slots);
}

/**
 * carveout_answer_changes() - State the number of the last change to tags
 * @answer: filled in
 * @changes: the number
 *
 * Context: Any context.
 */
void carveout_answer_changes(struct carveout_rpmsg_answer *answer, u64 changes)
{
	set_pair(&answer->serial_lo, &answer->serial_hi, changes);
}
