// SPDX-License-Identifier: GPL-2.0
/*
 * Remote processors with a channel to the service: see core.h.
 */

#include "judge.h"

/* Turns in which the channels have to become idle. */
#define TURNS		2000

struct core cores[CORES];

/* The core whose channel has its turn, or NULL. */
static struct core *turning;

struct carveout_channel *core_channel(const struct core *core)
{
	return core->rpdev ? dev_get_drvdata(&core->rpdev->dev) : NULL;
}

u32 core_tag_len(const struct core *core)
{
	if (core->mtu < 0)
		return CARVEOUT_RPMSG_TAG_MIN;
	return min(core->mtu - CARVEOUT_RPMSG_REQUEST_LEN, CARVEOUT_RPMSG_TAG_MAX);
}

/* === Comparison =========================================================== */

static unsigned int length(const struct list_head *list)
{
	const struct list_head *node;
	unsigned int count = 0;

	for (node = list->next; node != list; node = node->next)
		if (++count > 1000)
			bug("a list has no end");
	return count;
}

/* Answers of the channel that are queued under an id, and waits. */
static unsigned int count_under(struct carveout_channel *channel, u32 id)
{
	struct carveout_remote_wait *wait;
	struct carveout_message *message;
	unsigned int count = 0;

	list_for_each_entry(message, &channel->answers, node)
		count += message->answer.header.op == CARVEOUT_RPMSG_ANSWER &&
			 message->answer.header.id == id;
	list_for_each_entry(wait, &channel->waits, node)
		count += wait->id == id;
	return count;
}

/* Messages of calls, or those of waits: all that are of no call, heap or session. */
static unsigned int count_of(struct carveout_channel *channel, bool calls)
{
	struct carveout_message *message;
	unsigned int count = 0;

	list_for_each_entry(message, &channel->answers, node) {
		bool is_call = (void *)message >= (void *)channel->call &&
			       (void *)message < (void *)(channel->call + CARVEOUT_RPMSG_CALLS);

		if (message->answer.header.op == CARVEOUT_RPMSG_ANSWER)
			count += is_call == calls;
	}
	return count;
}

static void check_queues(const struct core *core, struct carveout_channel *channel)
{
	unsigned int calls = count_of(channel, true), answers = length(&channel->answers);
	unsigned int waits = length(&channel->waits) + count_of(channel, false), counted;

	if (length(&channel->free) + length(&channel->received) + calls != CARVEOUT_RPMSG_CALLS)
		bug("%u calls are lost", CARVEOUT_RPMSG_CALLS - calls -
		    length(&channel->free) - length(&channel->received));
	counted = channel->session ? atomic_read(&channel->session->remote->nr_waits) : 0;
	if ((channel->session && waits != counted) || waits > core->waits)
		bug("%u waits, counted are %u, may be %u", waits, counted, core->waits);
	if (answers > CARVEOUT_RPMSG_CALLS + core->waits + core->nr_heaps + 1)
		bug("%u messages are under way", answers);
	if (channel->session && channel->session->remote->nr_held > CARVEOUT_REMOTE_SESSIONS)
		bug("%u sessions are held", channel->session->remote->nr_held);
	if (channel->session && channel->session->remote->nr_started !=
	    channel->session->remote->nr_held + channel->session->started)
		bug("%u sessions are started", channel->session->remote->nr_started);
}

/* Each request that was handled has one answer to come, or waits. */
static void check_records(struct core *core, struct carveout_channel *channel, bool ended)
{
	unsigned int i, j, records, received = 0;

	for (i = 0; i < core->nr_records; i++) {
		u32 id = core->record[i].request.header.id;

		if (!core->record[i].handled) {
			received++;
			continue;
		}
		for (records = 0, j = 0; j < core->nr_records; j++)
			records += core->record[j].handled &&
				   core->record[j].request.header.id == id;
		if (records == count_under(channel, id))
			continue;
		if (records < count_under(channel, id) || !ended || !core->record[i].request.arg)
			bug("request %u of id %u is %s", core->record[i].request.header.op, id,
			    records < count_under(channel, id) ? "answered twice" : "lost");
		/* It waited, and its session has ended. */
		memmove(&core->record[i], &core->record[i + 1],
			(--core->nr_records - i) * sizeof(core->record[0]));
		i--;
	}
	if (received != length(&channel->received))
		bug("%u requests have not had their turn, not %u", length(&channel->received),
		    received);
}

/* The memory of a core that has not stopped is its own. */
void core_check(const struct core *core)
{
	unsigned int i;

	for (i = 0; i < core->nr_held; i++)
		if (!heap_has(core->held[i]))
			bug("memory that a core may still access is free");
	readable_check(core);
}

/* The core may still access the memory of a buffer, after the end of its session. */
void core_hold(struct core *core, u64 generation)
{
	unsigned int i;

	for (i = 0; i < core->nr_held; i++)
		if (core->held[i] == generation)
			return;
	if (core->nr_held < KNOWN)
		core->held[core->nr_held++] = generation;
}

/* The core cannot access the memory of its former sessions any longer. */
static void unhold(struct core *core)
{
	core->nr_held = 0;
	core->may_hold = false;
}

/* Only the work of a channel stores to a directory. */
void heap_synced(struct carveout_buf *buf, u64 offset, u64 size)
{
	if (!turning || size != CARVEOUT_RPMSG_SLOT_LEN)
		bug("%llu bytes are stored at a wrong time", (long long)size);
	readable_see(turning, buf, offset);
}

/* === Messages ============================================================= */

static struct core *core_of(struct rpmsg_device *rpdev)
{
	return rpdev == cores[0].rpdev ? &cores[0] : &cores[1];
}

int rpmsg_trysend(struct rpmsg_endpoint *ept, void *data, int len)
{
	struct core *core = core_of(ept->rpdev);
	const struct carveout_rpmsg_answer *answer = data;
	unsigned int nested = core->nested;

	if (ept->rpdev != core->rpdev)
		bug("a message to a channel that was removed");
	if (kernel.atomic)
		bug("a message is sent with a lock held");
	core->nested = 0;
	if (nested)
		core_receive(core, core->message, nested, nested);
	trace("%s %s message %#x of id %u: session %u, status %u\n", core->dev.name,
	      core->full ? "has no room for" : "gets", answer->header.op, answer->header.id,
	      answer->header.session, answer->status);
	if (core->full)
		return -ENOMEM;
	judge_message(core, data, len);
	if (!core->breaks)
		return 0;
	core->breaks = false;
	return -ENOTCONN;
}

ssize_t rpmsg_get_mtu(struct rpmsg_endpoint *ept)
{
	return core_of(ept->rpdev)->mtu;
}

static bool is_well_formed(const struct core *core, const struct carveout_rpmsg_header *header,
			   int len)
{
	return len == (int)(CARVEOUT_RPMSG_REQUEST_LEN + core_tag_len(core)) &&
	       header->magic == CARVEOUT_RPMSG_MAGIC &&
	       header->version == CARVEOUT_RPMSG_VERSION && header->length == len;
}

static void note(struct core *core, const void *data)
{
	struct record *record = &core->record[core->nr_records++];

	if (core->nr_records > RECORDS)
		bug("the service takes requests without end");
	*record = (struct record){};
	memcpy(&record->request, data, sizeof(record->request));
	memcpy(record->tag, data + sizeof(record->request), core_tag_len(core));
	trace("%s sends request %u of id %u: session %u, handle %u, tag %.64s\n", core->dev.name,
	      record->request.header.op, record->request.header.id,
	      record->request.header.session, record->request.handle, record->tag);
}

/**
 * core_receive() - Have the service receive a message
 * @core: the sender
 * @data: the message
 * @len: its length
 * @stated: the length that the bus states
 *
 * A message that the service does not take is a line of the log.
 */
void core_receive(struct core *core, const void *data, int len, int stated)
{
	struct carveout_channel *channel = core_channel(core);
	unsigned int calls, dropped = kernel.dropped;
	void *copy;
	int ret;

	if (!channel)
		return;
	calls = length(&channel->free);
	/* An allocation of the exact length, so that ASan finds a read beyond it. */
	copy = malloc(len ?: 1);
	if (!copy)
		abort();
	memcpy(copy, data, len);
	kernel.atomic++;
	ret = kernel.driver->callback(core->rpdev, copy, stated, NULL, 0x400);
	kernel.atomic--;
	if (ret)
		bug("the bus is told error %d", ret);
	if (length(&channel->free) == calls && kernel.dropped != dropped + 1)
		bug("a message of %d bytes vanishes", stated);
	if (length(&channel->free) != calls) {
		if (stated != len || !is_well_formed(core, copy, len))
			bug("a malformed message is taken");
		note(core, copy);
	} else if (calls && stated == len && is_well_formed(core, copy, len)) {
		bug("a request is dropped");
	}
	free(copy);
}

/* === Turns ================================================================ */

static bool waits_under(struct carveout_channel *channel, u32 id)
{
	struct carveout_remote_wait *wait;

	list_for_each_entry(wait, &channel->waits, node)
		if (wait->id == id)
			return true;
	return false;
}

/* The memory that a request gives back may be free before its turn ends. */
static void foresee(struct core *core, struct record *record)
{
	u32 arg = record->request.arg;

	if (record->restarts)
		readable_end(core, true);
	if (!request_is_right(core, record))
		return;
	if (record->request.header.op == CARVEOUT_RPMSG_GOODBYE)
		readable_end(core, false);
	if (record->request.header.op != CARVEOUT_RPMSG_RELEASE)
		return;
	record->releases = core->directory.generation &&
			   (s32)(core->directory.removed - arg) >= 0;
	if (record->releases)
		record->released = readable_release(core, arg);
}

/* The first request that has not had its turn has it. */
static struct record *begin_turn(struct core *core, struct carveout_channel *channel)
{
	const struct carveout_remote_session *session = channel->session;
	struct record *record = core->record, *end = record + core->nr_records;

	while (record < end && record->handled)
		record++;
	if (record == end)
		return NULL;
	record->handled = true;
	record->session = session ? session->number : 0;
	record->started = session && session->started;
	record->restarts = record->started && !record->request.header.session &&
			   record->request.header.op == CARVEOUT_RPMSG_START;
	record->cancels = waits_under(channel, record->request.handle);
	foresee(core, record);
	return record;
}

/**
 * core_turn() - Run the work of a channel
 * @core: the core
 */
void core_turn(struct core *core)
{
	struct carveout_channel *channel = core_channel(core);
	const struct carveout_remote_session *session;
	struct handle handle[HANDLES];
	u64 latest = heap_latest();
	struct record *record;
	unsigned int unlimited = kernel.unlimited, nr = 0, i;
	u32 number;

	if (!channel || !channel->work.pending)
		return;
	session = channel->session;
	number = session ? session->number : 0;
	record = begin_turn(core, channel);
	if (record && record->restarts)
		core->may_hold |= !list_empty(&channel->answers);
	if (record && record->restarts && list_empty(&channel->answers)) {
		memcpy(handle, core->handle, sizeof(handle));
		nr = core->nr_handles;
	}
	turning = core;
	kernel_run_work(&channel->work);
	turning = NULL;
	if (heap_has_orphan(latest))
		bug("a new buffer stays that the core does not get");
	/* The properties of a device that is bound do not change. */
	if (kernel.unlimited != unlimited && !core->spoiled)
		bug("a core can fill the log");
	for (i = 0; i < nr; i++)
		core_hold(core, handle[i].generation);
	session = channel->session;
	/* A directory may not have been opened for want of memory: then no entry was stored. */
	if (session && !session->directory && !core->directory.nr_readable)
		readable_end(core, false);
	check_queues(core, channel);
	check_records(core, channel, number && (!session || session->number != number));
	core_check(core);
}

/* Run the work with a number, of a channel or another one; the oracle sees those of channels. */
void core_run(unsigned int number)
{
	struct work_struct *work;
	unsigned int count = length(&kernel.works), i;
	struct list_head *node = kernel.works.next;

	if (!count)
		return;
	for (number %= count; number; number--)
		node = node->next;
	work = container_of(node, struct work_struct, node);
	for (i = 0; i < CORES; i++) {
		struct carveout_channel *channel = core_channel(&cores[i]);

		if (channel && work == &channel->work) {
			core_turn(&cores[i]);
			return;
		}
	}
	kernel_run_work(work);
}

/* The remoteproc has no channel, and the service waits for no end of a run of it. */
static bool is_unused(const struct core *core)
{
	switch (core->rproc.state) {
	case RPROC_OFFLINE:
		return true;
	case RPROC_DETACHED:
	case RPROC_DELETED:
		return !core->nr_held && !core->may_hold;
	default:
		return false;
	}
}

/* The number of a remoteproc that is not used is free once its driver is unbound. */
static void check_rproc(const struct core *core)
{
	const struct rproc *rproc = &core->rproc;

	if (core->has_rproc && is_unused(core) &&
	    (rproc->dev.refs != 1 || !list_empty(&rproc->subdevs)))
		bug("the remoteproc of %s, which is not used, is kept", core->dev.name);
}

/**
 * core_drain() - Give the service time until it is idle
 * @core: a core, whose ring gets room
 */
void core_drain(struct core *core)
{
	struct carveout_channel *channel = core_channel(core);
	unsigned int turns = 0, i;

	core->full = false;
	for (i = 0; i < 4; i++) {
		while (!list_empty(&kernel.works)) {
			core_run(0);
			if (++turns > TURNS)
				bug("the service is never idle");
		}
		kernel_advance(64);
		heap_expire();
	}
	check_rproc(core);
	if (!channel)
		return;
	if (!list_empty(&channel->answers) || !list_empty(&channel->received))
		bug("an idle service has something to do");
	for (i = 0; i < HEAPS; i++)
		if (core->watch[i].armed != channel->watch[i].armed ||
		    (core->watch[i].armed && channel->watch[i].seen !=
		     carveout_watch_changes(channel->watch[i].watch)))
			bug("a change is not reported");
	if (!channel->retry.armed && !channel->work.pending)
		readable_compare(core);
}

/* === Channels and processors ============================================== */

void core_plug(struct core *core)
{
	struct rpmsg_device *rpdev;

	if (core->rpdev || !kernel.driver || core->rproc.state == RPROC_DELETED)
		return;
	if (core->rproc.state == RPROC_OFFLINE || core->rproc.state == RPROC_DETACHED)
		core_stop(core, RPROC_RUNNING);
	/* On its own, so that ASan finds a use after its end. */
	rpdev = calloc(1, sizeof(*rpdev) + sizeof(*rpdev->ept));
	if (!rpdev)
		abort();
	rpdev->ept = (void *)(rpdev + 1);
	rpdev->ept->rpdev = rpdev;
	strscpy(rpdev->dev.name, "channel", sizeof(rpdev->dev.name));
	rpdev->dev.parent = core->has_rproc ? &core->rproc.dev : &core->dev;
	core->rpdev = rpdev;
	core->hello = 0;
	core->hellos = 0;
	trace("%s has a channel\n", core->dev.name);
	if (!kernel.driver->probe(rpdev)) {
		if (core->slots > SLOTS || core->slots & (core->slots - 1))
			bug("%u slots are not refused", core->slots);
		return;
	}
	kernel_device_end(&rpdev->dev);
	core->rpdev = NULL;
	free(rpdev);
}

/* The channel is removed; the core may still access its memory. */
void core_unplug(struct core *core)
{
	struct carveout_channel *channel = core_channel(core);
	struct rpmsg_device *rpdev = core->rpdev;

	if (!channel)
		return;
	trace("%s loses its channel\n", core->dev.name);
	judge_end_session(core, list_empty(&channel->answers));
	core->may_hold |= !list_empty(&channel->answers);
	core->nr_records = 0;
	core->nested = 0;
	readable_end(core, true);
	kernel.driver->remove(rpdev);
	kernel_device_end(&rpdev->dev);
	core->rpdev = NULL;
	free(rpdev);
	core_check(core);
}

/* A core that remoteproc has started, and that has not crashed, is reset at the end of a run. */
static bool is_reset(const struct rproc *rproc)
{
	return !rproc->ops->detach || rproc->state == RPROC_RUNNING;
}

/* A run ends: remoteproc removes the channel, resets the core or not, and reports the end. */
static void end_run(struct core *core, bool reset)
{
	struct rproc_subdev *subdev, *next;
	bool held;

	core_unplug(core);
	held = core->nr_held || core->may_hold;
	if (reset)
		unhold(core);
	/* Without a report only the state tells of a reset, and that of a deleted one does not. */
	if (list_empty(&core->rproc.subdevs) || !is_reset(&core->rproc))
		core->may_hold = held;
	list_for_each_entry_safe(subdev, next, &core->rproc.subdevs, node)
		subdev->unprepare(subdev);
}

/**
 * core_stop() - Stop a core as remoteproc does, or start one that is stopped
 * @core: the core
 * @state: the state afterwards: RPROC_OFFLINE; RPROC_RUNNING for a recovery; RPROC_DETACHED or
 *	RPROC_ATTACHED, which do not reset a core that can be detached from
 */
void core_stop(struct core *core, enum rproc_state state)
{
	struct rproc *rproc = &core->rproc;

	if (!core->has_rproc || rproc->state == RPROC_DELETED)
		return;
	trace("%s stops or starts: state %d, was %d\n", core->dev.name, state, rproc->state);
	mutex_lock(&rproc->lock);
	if (rproc->state == RPROC_OFFLINE || rproc->state == RPROC_DETACHED) {
		rproc->state = rproc->state == RPROC_OFFLINE ? RPROC_RUNNING : RPROC_ATTACHED;
		mutex_unlock(&rproc->lock);
		return;
	}
	if (is_reset(rproc))
		state = state == RPROC_RUNNING ? RPROC_RUNNING : RPROC_OFFLINE;
	end_run(core, state == RPROC_OFFLINE || state == RPROC_RUNNING);
	rproc->state = state;
	mutex_unlock(&rproc->lock);
}

/**
 * core_delete() - Delete the remoteproc of a core, which then has no other run
 * @core: the core
 *
 * Older kernels set the state RPROC_DELETED, which does not tell whether the core was reset. The
 * others keep the state that the stop has left: see core_stop().
 */
void core_delete(struct core *core)
{
	struct rproc *rproc = &core->rproc;

	if (!core->has_rproc)
		return;
	trace("%s loses its remoteproc: state was %d\n", core->dev.name, rproc->state);
	mutex_lock(&rproc->lock);
	if (rproc->state == RPROC_RUNNING || rproc->state == RPROC_ATTACHED ||
	    rproc->state == RPROC_CRASHED)
		end_run(core, is_reset(rproc));
	rproc->state = RPROC_DELETED;
	mutex_unlock(&rproc->lock);
}

static struct carveout_remote *remote_of(struct core *core)
{
	struct carveout_channel *channel = core_channel(core);

	return channel && channel->session ? channel->session->remote : NULL;
}

/* The core has stopped: the administrator or a driver says so. */
void core_release(struct core *core, bool by_administrator)
{
	struct carveout_remote *remote = remote_of(core);
	struct device_attribute *attr;
	char text[64];

	if (!by_administrator) {
		unhold(core);
		carveout_remote_stopped(&core->dev);
	}
	if (!by_administrator || !remote)
		return;
	unhold(core);
	attr = container_of(remote->dev.class->dev_groups[0]->attrs[0], struct device_attribute,
			    attr);
	attr->show(&remote->dev, attr, text);
	attr = container_of(remote->dev.class->dev_groups[0]->attrs[1], struct device_attribute,
			    attr);
	if (attr->store(&remote->dev, attr, "1", 1) != 1)
		bug("the administrator is refused");
}

/* The core, its channel and its memory end. */
void core_end(struct core *core)
{
	core_unplug(core);
	while (core->has_rproc && core->rproc.state != RPROC_OFFLINE &&
	       core->rproc.state != RPROC_DELETED)
		core_stop(core, RPROC_OFFLINE);
	while (!list_empty(&kernel.works))
		core_run(0);
	check_rproc(core);
	core_release(core, false);
}
