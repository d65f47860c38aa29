// SPDX-License-Identifier: GPL-2.0
/*
 * Sessions: references, by handle, that end together.
 *
 * A handle is a number, so that a driver can accept it from a party that it does not trust.
 * Handles are given in ascending order and start again after 2^32: a handle that was
 * dropped is not soon another buffer. The table is sparse, its cost is that of the handles
 * in use.
 */

#include <linux/err.h>
#include <linux/export.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include "../carveout_internal.h"
#include "../buf/buffer.h"
#include "../buf/release.h"
#include "../mem/objects.h"

/**
 * struct carveout_session - References of a party that a driver acts for
 * @lock: guards the following members and the entries
 * @refs: struct carveout_session_ref by handle
 * @next: the handle after the latest one
 * @nr: number of handles
 * @max: largest number of handles (invariant)
 */
struct carveout_session {
	struct mutex lock;	/* handles */
	struct xarray refs;
	u32 next;
	u32 nr;
	u32 max;
};

/**
 * struct carveout_session_ref - A session handle
 * @buf: the buffer, with a reference (invariant)
 * @count: references of the handle, at least 1; carveout_session.lock
 * @client: client of the pool, once one was needed; carveout_session.lock
 */
struct carveout_session_ref {
	struct carveout_buf *buf;
	u32 count;
	struct carveout_pool_client *client;
};

/**
 * carveout_session_open() - Open a session
 * @max: largest number of handles
 *
 * Context: Process context. May sleep.
 * Return: the session, to be given to carveout_session_close(), or ERR_PTR(-ENOMEM).
 */
struct carveout_session *carveout_session_open(u32 max)
{
	struct carveout_session *session;

	might_sleep();
	session = kzalloc(sizeof(*session), GFP_KERNEL);
	if (!session)
		return ERR_PTR(-ENOMEM);
	mutex_init(&session->lock);
	xa_init_flags(&session->refs, XA_FLAGS_ALLOC1);
	session->max = max;
	carveout_object_inc(CARVEOUT_OBJ_SESSION);
	return session;
}
EXPORT_SYMBOL_NS_GPL(carveout_session_open, "CARVEOUT");

/* End a handle that is no longer in the table. */
static void end_ref(struct carveout_session_ref *ref)
{
	if (ref->client)
		carveout_pool_leave(ref->client);
	carveout_buf_put_sync(ref->buf);
	kfree(ref);
}

/**
 * carveout_session_close() - Drop all references of a session, and the session
 * @session: the session, which no other call uses. Waits for blocks of its clients have
 *	ended.
 *
 * Blocks of pools that its clients own are freed. Nothing may access the memory any longer
 * on behalf of the session: stop the device or the processor before.
 *
 * Context: Process context. May sleep.
 */
void carveout_session_close(struct carveout_session *session)
{
	struct carveout_session_ref *ref;
	unsigned long handle;

	might_sleep();
	xa_for_each(&session->refs, handle, ref)
		end_ref(ref);
	xa_destroy(&session->refs);
	kfree(session);
	carveout_object_dec(CARVEOUT_OBJ_SESSION);
}
EXPORT_SYMBOL_NS_GPL(carveout_session_close, "CARVEOUT");

static int add_locked(struct carveout_session *session, struct carveout_session_ref *ref,
		      u32 *handle)
{
	int ret;

	lockdep_assert_held(&session->lock);
	if (session->nr >= session->max)
		return -EMFILE;
	ret = xa_alloc_cyclic(&session->refs, handle, ref, xa_limit_32b, &session->next,
			      GFP_KERNEL);
	if (ret < 0)
		return ret;
	session->nr++;
	return 0;
}

/**
 * carveout_session_add() - Create a handle
 * @session: the session
 * @buf: a buffer of any heap with a reference, which the session takes over on success
 * @handle: filled in with the handle, which is not 0
 *
 * Context: Process context. May sleep.
 * Return: 0; -EMFILE if the session has its largest number of handles; -EBUSY if all numbers
 * are in use; -ENOMEM.
 */
int carveout_session_add(struct carveout_session *session, struct carveout_buf *buf,
			 u32 *handle)
{
	struct carveout_session_ref *ref;
	int ret;

	might_sleep();
	ref = kzalloc(sizeof(*ref), GFP_KERNEL);
	if (!ref)
		return -ENOMEM;
	ref->buf = buf;
	ref->count = 1;
	mutex_lock(&session->lock);
	ret = add_locked(session, ref, handle);
	mutex_unlock(&session->lock);
	if (ret)
		kfree(ref);
	return ret;
}
EXPORT_SYMBOL_NS_GPL(carveout_session_add, "CARVEOUT");

/**
 * carveout_session_buf() - Buffer of a handle
 * @session: the session
 * @handle: any number
 *
 * Context: Process context. May sleep.
 * Return: the buffer, with a reference for the caller; ERR_PTR(-EBADF) if there is no such
 * handle.
 */
struct carveout_buf *carveout_session_buf(struct carveout_session *session, u32 handle)
{
	struct carveout_session_ref *ref;
	struct carveout_buf *buf = ERR_PTR(-EBADF);

	mutex_lock(&session->lock);
	ref = xa_load(&session->refs, handle);
	if (ref)
		buf = __carveout_buf_get(ref->buf);
	mutex_unlock(&session->lock);
	return buf;
}
EXPORT_SYMBOL_NS_GPL(carveout_session_buf, "CARVEOUT");

/**
 * carveout_session_get() - Take another reference to a handle
 * @session: the session
 * @handle: any number
 * @count: filled in with the references of the handle
 *
 * Context: Process context. May sleep.
 * Return: 0; -EBADF if there is no such handle; -EOVERFLOW after 2^32 - 1 references.
 */
int carveout_session_get(struct carveout_session *session, u32 handle, u32 *count)
{
	struct carveout_session_ref *ref;
	int ret = 0;

	mutex_lock(&session->lock);
	ref = xa_load(&session->refs, handle);
	if (!ref)
		ret = -EBADF;
	else if (ref->count == U32_MAX)
		ret = -EOVERFLOW;
	else
		*count = ++ref->count;
	mutex_unlock(&session->lock);
	return ret;
}
EXPORT_SYMBOL_NS_GPL(carveout_session_get, "CARVEOUT");

/**
 * carveout_session_put() - Drop a reference to a handle
 * @session: the session
 * @handle: any number. Waits for blocks of its client have ended.
 * @count: filled in with the references that are left. With none, the handle ends, and its
 *	blocks are freed.
 *
 * Context: Process context. May sleep.
 * Return: 0; -EBADF if there is no such handle.
 */
int carveout_session_put(struct carveout_session *session, u32 handle, u32 *count)
{
	struct carveout_session_ref *ref;

	might_sleep();
	mutex_lock(&session->lock);
	ref = xa_load(&session->refs, handle);
	if (!ref) {
		mutex_unlock(&session->lock);
		return -EBADF;
	}
	*count = --ref->count;
	if (!*count) {
		xa_erase(&session->refs, handle);
		session->nr--;
	}
	mutex_unlock(&session->lock);
	if (!*count)
		end_ref(ref);
	return 0;
}
EXPORT_SYMBOL_NS_GPL(carveout_session_put, "CARVEOUT");

static struct carveout_pool_client *client_locked(struct carveout_session *session,
						  u32 handle)
{
	struct carveout_session_ref *ref = xa_load(&session->refs, handle);
	struct carveout_pool_client *client;

	lockdep_assert_held(&session->lock);
	if (!ref)
		return ERR_PTR(-EBADF);
	if (ref->client)
		return ref->client;
	if (!carveout_buf_pool(ref->buf))
		return ERR_PTR(-ENXIO);
	client = carveout_pool_join(carveout_buf_pool(ref->buf));
	if (!IS_ERR(client))
		ref->client = client;
	return client;
}

/**
 * carveout_session_client() - Client of the pool of a handle
 * @session: the session
 * @handle: any number
 *
 * The client leaves the pool with the last reference to the handle.
 *
 * Context: Process context. May sleep.
 * Return: the client; or an ERR_PTR: -EBADF if there is no such handle; -ENXIO if
 * carveout_buf_pool() has no pool for its buffer; -ENOMEM.
 */
struct carveout_pool_client *carveout_session_client(struct carveout_session *session,
						     u32 handle)
{
	struct carveout_pool_client *client;

	might_sleep();
	mutex_lock(&session->lock);
	client = client_locked(session, handle);
	mutex_unlock(&session->lock);
	return client;
}
EXPORT_SYMBOL_NS_GPL(carveout_session_client, "CARVEOUT");

/**
 * carveout_session_room() - Number of handles that a session may still create
 * @session: the session
 *
 * Context: Any context.
 * Return: the number.
 */
u32 carveout_session_room(const struct carveout_session *session)
{
	return session->max - READ_ONCE(session->nr);
}
EXPORT_SYMBOL_NS_GPL(carveout_session_room, "CARVEOUT");
