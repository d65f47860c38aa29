// SPDX-License-Identifier: GPL-2.0
/*
 * Requests of a remote processor.
 *
 * Everything in a request is hostile. A table says which members each kind of request uses;
 * all others have to be 0, so that a later version can give them a meaning. The values of the
 * others are checked where they are passed to: tags, attributes and sizes by carveout,
 * handles by the session.
 */

#include <linux/err.h>
#include <linux/string.h>

#include "channel.h"
#include "trace.h"

/* The request is answered later. */
#define LATER	1

/* Members of a request. */
#define USES_HANDLE	BIT(0)
#define USES_FLAGS	BIT(1)
#define USES_SIZE	BIT(2)
#define USES_ATTRS	BIT(3)
#define USES_MODE	BIT(4)
#define USES_ALIGN	BIT(5)
#define USES_HEAP	BIT(6)
#define USES_ARG	BIT(7)
#define USES_TAG	BIT(8)
/* The request may be made before the session is started. */
#define UNSTARTED	BIT(9)

static u64 pair(__le32 lo, __le32 hi)
{
	return (u64)le32_to_cpu(hi) << 32 | le32_to_cpu(lo);
}

static u64 size_of(const struct carveout_call *call)
{
	return pair(call->request.size_lo, call->request.size_hi);
}

static u32 arg_of(const struct carveout_call *call)
{
	return le32_to_cpu(call->request.arg);
}

static u32 handle_of(const struct carveout_call *call)
{
	return le32_to_cpu(call->request.handle);
}

static struct carveout_remote_session *session_of(const struct carveout_call *call)
{
	return call->channel->session;
}

/* === Sessions ============================================================= */

static int start(struct carveout_call *call, struct carveout_rpmsg_answer *answer)
{
	struct carveout_remote_session *session = session_of(call);
	u32 bits = arg_of(call);
	int ret;

	if (bits < 10 || bits > 64)
		return -EINVAL;
	if (session->started)
		return -EBUSY;
	ret = carveout_remote_session_start(session, bits);
	answer->value = cpu_to_le32(session->policy.nr_heaps);
	return ret;
}

/* The session is ended before the answer is sent. */
static int goodbye(struct carveout_call *call, struct carveout_rpmsg_answer *answer)
{
	return 0;
}

/* === Buffers ============================================================== */

static int check_tag(const struct carveout_policy *policy, const char *tag, u32 flags)
{
	if (!tag)
		return 0;
	if (!carveout_policy_permits(policy->create, policy->nr_create, tag) ||
	    (flags & CARVEOUT_REQ_OPEN &&
	     !carveout_policy_permits(policy->open, policy->nr_open, tag)))
		return -EACCES;
	return 0;
}

/*
 * Open a buffer or create one, but not in one call: only a buffer that the request has created
 * may lose its tag if the request fails after that.
 */
static struct carveout_buf *open_or_create(struct carveout *heap, struct carveout_req *req,
					   const char *tag, umode_t mode, bool *created)
{
	const bool open = req->flags & CARVEOUT_REQ_OPEN;
	struct carveout_buf *buf = ERR_PTR(-ENOENT);

	if (open) {
		req->flags |= CARVEOUT_REQ_NO_CREATE;
		buf = carveout_buf_alloc(heap, req, tag, mode);
		req->flags &= ~(CARVEOUT_REQ_OPEN | CARVEOUT_REQ_NO_CREATE);
	}
	*created = buf == ERR_PTR(-ENOENT);
	if (*created)
		buf = carveout_buf_alloc(heap, req, tag, mode);
	/* The tag has appeared since it was looked up. */
	return *created && open && buf == ERR_PTR(-EEXIST) ? ERR_PTR(-EAGAIN) : buf;
}

static int alloc(struct carveout_call *call, struct carveout_rpmsg_answer *answer)
{
	const u32 flags = CARVEOUT_RPMSG_F_OPEN | CARVEOUT_RPMSG_F_PERSIST |
			  CARVEOUT_RPMSG_F_TOP_DOWN;
	const struct carveout_rpmsg_request *request = &call->request;
	struct carveout_remote_session *session = session_of(call);
	const struct carveout_policy *policy = &session->policy;
	struct carveout_req req = {
		.size = size_of(call),
		.align = BIT_ULL(request->align & 63),
		.regions = carveout_remote_regions(session, request->heap),
		.max_addr = carveout_remote_max_addr(session),
		.require = le32_to_cpu(request->require),
		.forbid = le32_to_cpu(request->forbid),
		.flags = le32_to_cpu(request->flags),
		.purpose = "remote",
		.owner = session->owner[request->heap],
	};
	const char *tag = call->tag[0] ? call->tag : NULL;
	struct carveout_buf *buf;
	bool created;
	int ret;

	if (req.flags & ~flags || request->align > 63)
		return -EINVAL;
	ret = check_tag(policy, tag, req.flags);
	if (ret)
		return ret;
	buf = open_or_create(policy->heap[request->heap], &req, tag,
			     le16_to_cpu(request->mode), &created);
	if (IS_ERR(buf))
		return PTR_ERR(buf);
	ret = carveout_answer_buf(call->channel, buf, false, answer);
	/* A new persistent buffer that the processor does not get must not stay. */
	if (ret && created)
		carveout_buf_unlink(buf);
	carveout_buf_put(buf);
	return ret;
}

static int open_tag(struct carveout_call *call, struct carveout_rpmsg_answer *answer)
{
	struct carveout_remote_session *session = session_of(call);
	const struct carveout_policy *policy = &session->policy;
	u32 flags = le32_to_cpu(call->request.flags);
	bool read = flags & CARVEOUT_RPMSG_F_READ;
	unsigned int heap = call->request.heap;
	struct carveout_buf *buf;
	int ret;

	if (flags & ~CARVEOUT_RPMSG_F_READ)
		return -EINVAL;
	if (!carveout_policy_permits(policy->open, policy->nr_open, call->tag))
		return -EACCES;
	if (arg_of(call))
		return carveout_wait_tag(call, heap, read, arg_of(call)) ?: LATER;
	buf = carveout_owner_find(session->owner[heap], call->tag, !read);
	if (IS_ERR(buf))
		return PTR_ERR(buf);
	ret = carveout_answer_buf(call->channel, buf, read, answer);
	carveout_buf_put(buf);
	return ret;
}

static int cancel(struct carveout_call *call, struct carveout_rpmsg_answer *answer)
{
	return carveout_wait_cancel(call->channel, handle_of(call));
}

static int get(struct carveout_call *call, struct carveout_rpmsg_answer *answer)
{
	u32 count;
	int ret;

	ret = carveout_session_get(session_of(call)->refs, handle_of(call), &count);
	if (!ret)
		answer->value = cpu_to_le32(count);
	return ret;
}

static int put(struct carveout_call *call, struct carveout_rpmsg_answer *answer)
{
	struct carveout_remote_session *session = session_of(call);
	u32 handle = handle_of(call), count;
	int ret;

	/* A reference of its own tells whether the processor's is the last one. */
	ret = carveout_session_get(session->refs, handle, &count);
	if (ret && ret != -EOVERFLOW)
		return ret;
	if (!ret && count == 2) {
		carveout_wait_cancel_handle(call->channel, handle);
		xa_erase(&session->read_only, handle);
	}
	if (!ret)
		carveout_session_put(session->refs, handle, &count);
	carveout_session_put(session->refs, handle, &count);
	answer->value = cpu_to_le32(count);
	return 0;
}

static int unlink_tag(struct carveout_call *call, struct carveout_rpmsg_answer *answer)
{
	struct carveout_remote_session *session = session_of(call);
	const struct carveout_policy *policy = &session->policy;
	unsigned int heap = call->request.heap;
	struct carveout_buf *buf;
	int ret;

	if (!carveout_policy_permits(policy->create, policy->nr_create, call->tag))
		return -EACCES;
	if (!handle_of(call))
		return carveout_owner_unlink(session->owner[heap], call->tag, NULL);
	buf = carveout_session_buf(session->refs, handle_of(call));
	if (IS_ERR(buf))
		return PTR_ERR(buf);
	ret = carveout_owner_unlink(session->owner[heap], call->tag, buf);
	carveout_buf_put(buf);
	return ret;
}

static int describe(struct carveout_call *call, struct carveout_rpmsg_answer *answer)
{
	struct carveout_buf *buf = carveout_session_buf(session_of(call)->refs,
							handle_of(call));
	int ret;

	if (IS_ERR(buf))
		return PTR_ERR(buf);
	ret = carveout_answer_describe(call->channel, buf, answer);
	if (!ret)
		answer->handle = call->request.handle;
	carveout_buf_put(buf);
	return ret;
}

/* === Pools ================================================================ */

/* A handle for reading does not permit to take blocks, which are written to. */
static struct carveout_pool_client *client_of(struct carveout_call *call)
{
	struct carveout_remote_session *session = session_of(call);

	if (xa_load(&session->read_only, handle_of(call)))
		return ERR_PTR(-EACCES);
	return carveout_session_client(session->refs, handle_of(call));
}

static int block_alloc(struct carveout_call *call, struct carveout_rpmsg_answer *answer)
{
	struct carveout_pool_client *client = client_of(call);
	struct carveout_pool_block block;
	int ret;

	if (IS_ERR(client))
		return PTR_ERR(client);
	ret = carveout_pool_alloc(client, &block);
	if (ret == -EAGAIN && arg_of(call))
		return carveout_wait_block(call, handle_of(call), client, arg_of(call)) ?: LATER;
	return ret ?: carveout_answer_block(call->channel, handle_of(call), client, &block,
					    answer);
}

static int block_free(struct carveout_call *call, struct carveout_rpmsg_answer *answer)
{
	struct carveout_pool_client *client = client_of(call);
	struct carveout_pool_block block = {
		.index = arg_of(call),
		.serial = size_of(call),
	};
	int ret;

	if (IS_ERR(client))
		return PTR_ERR(client);
	ret = carveout_pool_free(client, &block);
	/* -EINVAL would mean a malformed request. */
	return ret == -EINVAL ? -EPERM : ret;
}

/* === Heaps ================================================================ */

static int query(struct carveout_call *call, struct carveout_rpmsg_answer *answer)
{
	carveout_answer_query(call->channel, call->request.heap, answer);
	return 0;
}

static int watch(struct carveout_call *call, struct carveout_rpmsg_answer *answer)
{
	u64 changes;
	int ret;

	ret = carveout_watch_request(call, call->request.heap, size_of(call), &changes);
	if (!ret)
		carveout_answer_changes(answer, changes);
	return ret;
}

/* === The directory ======================================================== */

static int directory(struct carveout_call *call, struct carveout_rpmsg_answer *answer)
{
	int ret = carveout_directory_open(call->channel);

	if (!ret)
		carveout_answer_directory(session_of(call), answer);
	return ret;
}

static int release(struct carveout_call *call, struct carveout_rpmsg_answer *answer)
{
	u32 count;
	int ret;

	ret = carveout_directory_release(session_of(call)->directory, arg_of(call), &count);
	if (!ret)
		answer->value = cpu_to_le32(count);
	return ret;
}

/* === Dispatch ============================================================= */

static const struct {
	unsigned int uses;
	int (*handle)(struct carveout_call *call, struct carveout_rpmsg_answer *answer);
} kinds[CARVEOUT_RPMSG_REQUESTS] = {
	[CARVEOUT_RPMSG_START] = { USES_ARG | UNSTARTED, start },
	[CARVEOUT_RPMSG_GOODBYE] = { 0, goodbye },
	[CARVEOUT_RPMSG_ALLOC] = { USES_TAG | USES_HEAP | USES_FLAGS | USES_SIZE | USES_ALIGN |
				   USES_ATTRS | USES_MODE, alloc },
	[CARVEOUT_RPMSG_OPEN] = { USES_TAG | USES_HEAP | USES_FLAGS | USES_ARG, open_tag },
	[CARVEOUT_RPMSG_CANCEL] = { USES_HANDLE, cancel },
	[CARVEOUT_RPMSG_GET] = { USES_HANDLE, get },
	[CARVEOUT_RPMSG_PUT] = { USES_HANDLE, put },
	[CARVEOUT_RPMSG_UNLINK] = { USES_TAG | USES_HEAP | USES_HANDLE, unlink_tag },
	[CARVEOUT_RPMSG_DESCRIBE] = { USES_HANDLE, describe },
	[CARVEOUT_RPMSG_BLOCK_ALLOC] = { USES_HANDLE | USES_ARG, block_alloc },
	[CARVEOUT_RPMSG_BLOCK_FREE] = { USES_HANDLE | USES_ARG | USES_SIZE, block_free },
	[CARVEOUT_RPMSG_QUERY] = { USES_HEAP, query },
	[CARVEOUT_RPMSG_WATCH] = { USES_TAG | USES_HEAP | USES_SIZE, watch },
	[CARVEOUT_RPMSG_DIRECTORY] = { 0, directory },
	[CARVEOUT_RPMSG_RELEASE] = { USES_ARG, release },
};

/* The members that are not 0. */
static unsigned int used_members(const struct carveout_call *call)
{
	const struct carveout_rpmsg_request *request = &call->request;
	unsigned int used = 0;

	if (request->handle)
		used |= USES_HANDLE;
	if (request->flags)
		used |= USES_FLAGS;
	if (request->size_lo || request->size_hi)
		used |= USES_SIZE;
	if (request->require || request->forbid)
		used |= USES_ATTRS;
	if (request->mode)
		used |= USES_MODE;
	if (request->align)
		used |= USES_ALIGN;
	if (request->heap)
		used |= USES_HEAP;
	if (request->arg)
		used |= USES_ARG;
	if (memchr_inv(call->tag, 0, call->channel->tag_len))
		used |= USES_TAG;
	return used;
}

/* The field ends with a zero, and is zero behind the tag. */
static bool is_terminated(const struct carveout_call *call)
{
	u32 len = strnlen(call->tag, call->channel->tag_len);

	return len < call->channel->tag_len &&
	       !memchr_inv(call->tag + len, 0, call->channel->tag_len - len);
}

static int check(struct carveout_call *call)
{
	struct carveout_remote_session *session = session_of(call);
	unsigned int op = call->request.header.op;

	if (!session || le32_to_cpu(call->request.header.session) != session->number)
		return -ESTALE;
	if (op >= CARVEOUT_RPMSG_REQUESTS || !kinds[op].handle)
		return -EOPNOTSUPP;
	if (!session->started && !(kinds[op].uses & UNSTARTED))
		return -ESTALE;
	if (used_members(call) & ~kinds[op].uses || !is_terminated(call) ||
	    call->request.heap >= session->policy.nr_heaps)
		return -EINVAL;
	return 0;
}

/* The effect of a request on the channel. */
static enum carveout_request_effect effect_of(const struct carveout_call *call, int ret)
{
	const struct carveout_rpmsg_header *header = &call->request.header;

	if (!session_of(call))
		return CARVEOUT_REQUEST_RENEW;
	if (ret == -ESTALE && session_of(call)->started && !header->session &&
	    header->op == CARVEOUT_RPMSG_START)
		return CARVEOUT_REQUEST_RESTART;
	if (ret == -ESTALE)
		return CARVEOUT_REQUEST_GREET;
	if (!ret && call->request.header.op == CARVEOUT_RPMSG_GOODBYE)
		return CARVEOUT_REQUEST_RENEW;
	return CARVEOUT_REQUEST_PLAIN;
}

/**
 * carveout_request_handle() - Handle a request
 * @call: the request, whose answer is queued, or follows later
 *
 * Context: The work of the channel. May sleep.
 * Return: the effect that the request has on the channel.
 */
enum carveout_request_effect carveout_request_handle(struct carveout_call *call)
{
	struct carveout_rpmsg_answer *answer = &call->message.answer;
	enum carveout_request_effect effect;
	int ret;

	carveout_answer_init(call->channel, answer, CARVEOUT_RPMSG_ANSWER,
			     le32_to_cpu(call->request.header.id));
	ret = check(call) ?: kinds[call->request.header.op].handle(call, answer);
	effect = effect_of(call, ret);
	trace_carveout_remote_request(call, ret);
	if (ret == LATER) {
		carveout_channel_release(call);
		return effect;
	}
	if (ret)
		carveout_answer_error(answer, ret);
	carveout_channel_send(call->channel, &call->message);
	return effect;
}
