// SPDX-License-Identifier: GPL-2.0
/*
 * The end of remote processors: held sessions and their release.
 *
 * The memory that a processor holds is released when the processor cannot access it any
 * longer: after its goodbye, or after the end of the run in which it got the memory. The
 * end of its channel is neither. remoteproc removes the channels of a processor before it
 * resets it, and a driver that is unbound stops no processor. So a session that loses its
 * channel is held, until a run of the processor has ended or the administrator releases it.
 *
 *	open --START--> started --channel removed--> held --processor stopped--> stopped
 *	  |                |                           |                            |
 *	  +-- channel      +-- GOODBYE                 +-- administrator            +-- work
 *	  |   removed      |                           |                            |
 *	  v                v                           v                            v
 *	ended            ended                       ended                        ended
 *
 * remoteproc stops a processor in three steps, with its lock held: it stops the
 * subdevices, which removes the channels; it resets the processor; it unprepares the
 * subdevices. So the last call is made when the processor is in reset. When remoteproc
 * only detaches from a processor, which runs on, it makes the same calls without the reset.
 * It never does that to a processor that it has started and that has not crashed, nor if its
 * driver cannot detach. In the other cases the two are told apart by the state that
 * remoteproc sets at the end, before it drops its lock.
 *
 * A channel may be removed with that lock held, and one may be announced with it, so the lock
 * cannot be taken where a session is opened or loses its channel. Work does that. The state
 * and the list of sessions that it decides about are read with the lock held.
 */

#include <linux/err.h>
#include <linux/kconfig.h>
#include <linux/lockdep.h>
#include <linux/remoteproc.h>
#include <linux/slab.h>

#include "remote.h"

/* === Reports of remoteproc ================================================= */

/**
 * struct carveout_reports - Reports of the remoteproc of a processor
 * @remote: the processor (invariant)
 * @rproc: its remoteproc, with a reference (invariant)
 * @subdev: called at the end of a run
 * @attached: @subdev is in the list of @rproc; rproc.lock
 * @work: attaches, and looks for a run that ended before; queued with
 *	carveout_remote.lock held, while carveout_remote.reports is this
 * @end_work: detaches and frees
 */
struct carveout_reports {
	struct carveout_remote *remote;
	struct rproc *rproc;
	struct rproc_subdev subdev;
	bool attached;
	struct work_struct work;
	struct work_struct end_work;
};

#if IS_ENABLED(CONFIG_REMOTEPROC)

/*
 * A run has ended: the processor is in reset, or else the work finds out whether it is, or
 * remoteproc has detached. Former reports say nothing about the run of the next remoteproc.
 */
static void stop_run(struct carveout_reports *reports, bool reset)
{
	struct carveout_remote *remote = reports->remote;

	mutex_lock(&remote->lock);
	if (remote->reports == reports) {
		if (reset)
			list_splice_tail_init(&remote->stopped, &remote->reset);
		list_splice_tail_init(&remote->held, reset ? &remote->reset : &remote->stopped);
	}
	mutex_unlock(&remote->lock);
	queue_work(carveout_rpmsg_wq, &remote->release_work);
}

/* The state is still that of the run. */
static void unprepare(struct rproc_subdev *subdev)
{
	struct carveout_reports *reports = container_of(subdev, struct carveout_reports,
							subdev);
	const struct rproc *rproc = reports->rproc;

	stop_run(reports, rproc->state == RPROC_RUNNING || !rproc->ops->detach);
}

/* End reports that their processor no longer has, so that nothing queues their work. */
static void end_reports(struct carveout_reports *reports)
{
	cancel_work_sync(&reports->work);
	mutex_lock(&reports->rproc->lock);
	if (reports->attached)
		rproc_remove_subdev(reports->rproc, &reports->subdev);
	mutex_unlock(&reports->rproc->lock);
	put_device(&reports->rproc->dev);
	kfree(reports);
}

static void end_work(struct work_struct *work)
{
	end_reports(container_of(work, struct carveout_reports, end_work));
}

/*
 * The processor has or may get channels: also while it is suspended, and after a crash until it
 * is recovered.
 */
static bool has_run(const struct rproc *rproc)
{
	return rproc->state == RPROC_RUNNING || rproc->state == RPROC_ATTACHED ||
	       rproc->state == RPROC_SUSPENDED || rproc->state == RPROC_CRASHED;
}

/*
 * A recovery before the subdevice is attached is not reported: the sessions of that run are held
 * until another run ends.
 */
static void reports_work(struct work_struct *work)
{
	struct carveout_reports *reports = container_of(work, struct carveout_reports, work);
	struct rproc *rproc = reports->rproc;

	mutex_lock(&rproc->lock);
	if (!reports->attached)
		rproc_add_subdev(rproc, &reports->subdev);
	reports->attached = true;
	if (!has_run(rproc))
		stop_run(reports, rproc->state == RPROC_OFFLINE);
	mutex_unlock(&rproc->lock);
}

static struct carveout_reports *create(struct carveout_remote *remote, struct rproc *rproc)
{
	struct carveout_reports *reports = kzalloc(sizeof(*reports), GFP_KERNEL);

	if (!reports)
		return NULL;
	get_device(&rproc->dev);
	reports->remote = remote;
	reports->rproc = rproc;
	reports->subdev.unprepare = unprepare;
	INIT_WORK(&reports->work, reports_work);
	INIT_WORK(&reports->end_work, end_work);
	return reports;
}

/**
 * carveout_reports_device() - Device of a processor that remoteproc runs
 * @channel: device of a channel of the processor
 *
 * Context: Process context.
 * Return: the device, or NULL without remoteproc.
 */
struct device *carveout_reports_device(struct device *channel)
{
	struct rproc *rproc = rproc_get_by_child(channel);

	return rproc ? rproc->dev.parent : NULL;
}

/**
 * carveout_reports_add() - Have remoteproc report the end of a processor's runs
 * @remote: the processor
 * @channel: device of a channel of the processor
 *
 * Without remoteproc, nothing reports: see carveout_remote_stopped().
 *
 * Context: Process context. May sleep. Takes carveout_remote.lock.
 * Return: 0 or -ENOMEM.
 */
int carveout_reports_add(struct carveout_remote *remote, struct device *channel)
{
	struct rproc *rproc = rproc_get_by_child(channel);
	struct carveout_reports *reports, *old;

	if (!rproc)
		return 0;
	mutex_lock(&remote->lock);
	old = remote->reports;
	if (old && old->rproc == rproc) {
		mutex_unlock(&remote->lock);
		return 0;
	}
	/* A processor that was removed and added again has another remoteproc. */
	reports = create(remote, rproc);
	if (reports) {
		remote->reports = reports;
		queue_work(carveout_rpmsg_wq, &reports->work);
	}
	mutex_unlock(&remote->lock);
	if (!reports)
		return -ENOMEM;
	if (old)
		queue_work(carveout_rpmsg_wq, &old->end_work);
	return 0;
}

/**
 * carveout_reports_remove() - End the reports, at the end of a processor
 * @remote: the processor, without sessions
 *
 * Context: Process context. May sleep.
 */
void carveout_reports_remove(struct carveout_remote *remote)
{
	struct carveout_reports *reports;

	mutex_lock(&remote->lock);
	reports = remote->reports;
	remote->reports = NULL;
	mutex_unlock(&remote->lock);
	if (reports)
		queue_work(carveout_rpmsg_wq, &reports->end_work);
	flush_workqueue(carveout_rpmsg_wq);
}

/* Look whether the processor is in reset already. */
static void check_run(struct carveout_remote *remote)
{
	mutex_lock(&remote->lock);
	if (remote->reports)
		queue_work(carveout_rpmsg_wq, &remote->reports->work);
	mutex_unlock(&remote->lock);
}

static struct rproc *get_rproc(struct carveout_remote *remote)
{
	struct rproc *rproc = NULL;

	mutex_lock(&remote->lock);
	if (remote->reports) {
		rproc = remote->reports->rproc;
		get_device(&rproc->dev);
	}
	mutex_unlock(&remote->lock);
	return rproc;
}

/*
 * Wait until remoteproc has dropped its lock. If the processor was reset, move the sessions of
 * the run to @list. Otherwise they are held again: after a detachment the processor runs on,
 * and after a crash it is not known which run has crashed. In older kernels a remoteproc that is
 * deleted has a state of its own, which does not tell whether the processor was reset.
 */
static void take_stopped(struct carveout_remote *remote, struct list_head *list)
{
	struct rproc *rproc = get_rproc(remote);
	bool reset;

	if (!rproc)
		return;
	mutex_lock(&rproc->lock);
	reset = rproc->state == RPROC_OFFLINE || rproc->state == RPROC_RUNNING;
	mutex_lock(&remote->lock);
	list_splice_tail_init(&remote->stopped, reset ? list : &remote->held);
	mutex_unlock(&remote->lock);
	mutex_unlock(&rproc->lock);
	put_device(&rproc->dev);
}

/* Nothing is left to report: no session, and no channel that could start one. */
static bool is_idle(const struct carveout_remote *remote, const struct rproc *rproc)
{
	lockdep_assert_held(&rproc->lock);
	lockdep_assert_held(&remote->lock);
	return !remote->nr_held && !has_run(rproc);
}

/*
 * Reports hold their remoteproc, and its number with it: a driver of the processor that is
 * unbound and bound again would get another number. So they end with the run. The next channel
 * adds others.
 */
static void drop_reports(struct carveout_remote *remote)
{
	struct rproc *rproc = get_rproc(remote);
	struct carveout_reports *reports = NULL;

	if (!rproc)
		return;
	mutex_lock(&rproc->lock);
	mutex_lock(&remote->lock);
	if (remote->reports && remote->reports->rproc == rproc && is_idle(remote, rproc)) {
		reports = remote->reports;
		remote->reports = NULL;
	}
	mutex_unlock(&remote->lock);
	mutex_unlock(&rproc->lock);
	if (reports)
		end_reports(reports);
	put_device(&rproc->dev);
}

#else /* !CONFIG_REMOTEPROC */

struct device *carveout_reports_device(struct device *channel)
{
	return NULL;
}

int carveout_reports_add(struct carveout_remote *remote, struct device *channel)
{
	return 0;
}

void carveout_reports_remove(struct carveout_remote *remote)
{
}

static void check_run(struct carveout_remote *remote)
{
}

static void take_stopped(struct carveout_remote *remote, struct list_head *list)
{
}

static void drop_reports(struct carveout_remote *remote)
{
}

#endif /* CONFIG_REMOTEPROC */

/* === Sessions ============================================================= */

static unsigned int end_sessions(struct carveout_remote *remote, struct list_head *list)
{
	struct carveout_remote_session *session, *next;
	unsigned int count = 0;

	list_for_each_entry_safe(session, next, list, node) {
		carveout_remote_session_end(session);
		count++;
	}
	mutex_lock(&remote->lock);
	remote->nr_held -= count;
	mutex_unlock(&remote->lock);
	return count;
}

/**
 * carveout_remote_release() - Release the held sessions of a processor
 * @remote: the processor, which the caller knows to be stopped
 *
 * Context: Process context. May sleep. Takes carveout_remote.lock.
 * Return: number of sessions.
 */
unsigned int carveout_remote_release(struct carveout_remote *remote)
{
	LIST_HEAD(list);
	unsigned int count;

	mutex_lock(&remote->lock);
	list_splice_init(&remote->held, &list);
	/* Work has yet to look whether a reset ended these. The caller knows. */
	list_splice_tail_init(&remote->stopped, &list);
	mutex_unlock(&remote->lock);
	count = end_sessions(remote, &list);
	/* The reports may have been kept for these sessions only. */
	queue_work(carveout_rpmsg_wq, &remote->release_work);
	return count;
}

/* Without a handle or a directory, it has none, or gave it back. */
static bool knows_addresses(const struct carveout_remote_session *session)
{
	return session->directory ||
	       carveout_session_room(session->refs) != session->policy.handles;
}

/**
 * carveout_remote_session_hold() - Keep the memory of a session without a channel
 * @session: the session. Its waits have ended.
 *
 * The processor may still access the memory. A session that was not started, or has neither
 * a handle nor a directory, is ended at once.
 *
 * Context: Process context. May sleep. Takes carveout_remote.lock.
 */
void carveout_remote_session_hold(struct carveout_remote_session *session)
{
	struct carveout_remote *remote = session->remote;

	if (!session->started || !knows_addresses(session)) {
		carveout_remote_session_end(session);
		return;
	}
	mutex_lock(&remote->lock);
	list_add_tail(&session->node, &remote->held);
	remote->nr_held++;
	mutex_unlock(&remote->lock);
	check_run(remote);
}

/**
 * carveout_remote_release_work() - Release the sessions of a run that has ended
 * @work: carveout_remote.release_work
 *
 * Context: Process context. May sleep.
 */
void carveout_remote_release_work(struct work_struct *work)
{
	struct carveout_remote *remote = container_of(work, struct carveout_remote,
						      release_work);
	LIST_HEAD(list);

	mutex_lock(&remote->lock);
	list_splice_init(&remote->reset, &list);
	mutex_unlock(&remote->lock);
	take_stopped(remote, &list);
	end_sessions(remote, &list);
	drop_reports(remote);
}
