// SPDX-License-Identifier: GPL-2.0
/*
 * Sessions of remote processors.
 */

#include <linux/err.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "remote.h"

static int create_owners(struct carveout_remote_session *session)
{
	const struct carveout_policy *policy = &session->policy;
	const struct carveout_owner_attrs attrs = {
		.name = dev_name(&session->remote->dev),
		.uid = policy->uid,
		.gid = policy->gid,
		.quota = policy->quota,
	};
	unsigned int i;

	for (i = 0; i < policy->nr_heaps; i++) {
		struct carveout_owner *owner = carveout_owner_create(policy->heap[i], &attrs);

		if (IS_ERR(owner))
			return PTR_ERR(owner);
		session->owner[i] = owner;
	}
	return 0;
}

/**
 * carveout_remote_session_create() - Create a session
 * @remote: the processor
 * @dev: device with its policy
 * @number: number of the session
 *
 * Context: Process context. May sleep.
 * Return: the session, to be given to carveout_remote_session_hold() or _end(); or an
 * ERR_PTR: -ENOMEM, -EINVAL if the name of the device has more than 63 bytes, or as
 * carveout_policy_read().
 */
struct carveout_remote_session *carveout_remote_session_create(struct carveout_remote *remote,
							       struct device *dev, u32 number)
{
	struct carveout_remote_session *session = kzalloc(sizeof(*session), GFP_KERNEL);
	int ret;

	if (!session)
		return ERR_PTR(-ENOMEM);
	session->remote = remote;
	session->number = number;
	xa_init(&session->read_only);
	ret = carveout_policy_read(&session->policy, dev) ?: create_owners(session);
	if (!ret) {
		session->refs = carveout_session_open(session->policy.handles);
		ret = PTR_ERR_OR_ZERO(session->refs);
	}
	if (!ret)
		return session;
	carveout_remote_session_end(session);
	return ERR_PTR(ret);
}

/**
 * carveout_remote_session_end() - Release the memory of a session, and the session
 * @session: the session, which is in no list. Its waits have ended.
 *
 * The processor must not access the memory any longer.
 *
 * Context: Process context. May sleep. Takes carveout_remote.lock.
 */
void carveout_remote_session_end(struct carveout_remote_session *session)
{
	struct carveout_remote *remote = session->remote;
	bool started = session->started;
	unsigned int i;

	carveout_directory_free(session->directory);
	if (!IS_ERR_OR_NULL(session->refs))
		carveout_session_close(session->refs);
	xa_destroy(&session->read_only);
	for (i = 0; i < CARVEOUT_REMOTE_HEAPS; i++)
		if (session->owner[i])
			carveout_owner_put(session->owner[i]);
	carveout_policy_free(&session->policy);
	kfree(session);
	if (!started)
		return;
	mutex_lock(&remote->lock);
	remote->nr_started--;
	mutex_unlock(&remote->lock);
	module_put(THIS_MODULE);
}

/* A processor may announce any number of channels: the limit is not one of each channel. */
static bool count_started(struct carveout_remote *remote)
{
	bool room;

	mutex_lock(&remote->lock);
	room = remote->nr_started < CARVEOUT_REMOTE_SESSIONS;
	remote->nr_started += room;
	mutex_unlock(&remote->lock);
	return room;
}

/**
 * carveout_remote_session_start() - Note that the processor has accepted a session
 * @session: a session that is not started
 * @bits: bits of its addresses
 *
 * From here on the module cannot be removed, because it is the module that keeps the memory
 * from others.
 *
 * Context: Process context. May sleep. Takes carveout_remote.lock.
 * Return: 0; -EMFILE if the processor has so many sessions, held ones included, that it does
 * not get another one; -ENODEV if the module is being removed.
 */
int carveout_remote_session_start(struct carveout_remote_session *session, u32 bits)
{
	if (!try_module_get(THIS_MODULE))
		return -ENODEV;
	if (!count_started(session->remote)) {
		module_put(THIS_MODULE);
		return -EMFILE;
	}
	session->bits = bits;
	session->started = true;
	return 0;
}
