// SPDX-License-Identifier: GPL-2.0
/*
 * Owner objects: a driver acts for other parties, such as another processor or a client of
 * its firmware.
 *
 * A driver by itself may do everything. With an owner object it acts with the credentials of
 * that object: the modes of tags and reserved prefixes hold, quotas are charged, and listings
 * show the name of the object. The credentials have no capability.
 */

#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/init_task.h>
#include <linux/kref.h>
#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uidgid.h>

#include "../carveout_internal.h"
#include "../buf/buffer.h"
#include "../buf/info.h"
#include "../buf/lookup.h"
#include "../buf/pool_buf.h"
#include "../buf/tags.h"
#include "../mem/objects.h"
#include "../mem/quota.h"
#include "owner.h"
#include "request.h"

static const struct cred *create_cred(kuid_t uid, kgid_t gid)
{
	struct cred *cred = prepare_kernel_cred(&init_task);

	if (!cred)
		return NULL;
	cred->uid = uid;
	cred->euid = uid;
	cred->suid = uid;
	cred->fsuid = uid;
	cred->gid = gid;
	cred->egid = gid;
	cred->sgid = gid;
	cred->fsgid = gid;
	cap_clear(cred->cap_inheritable);
	cap_clear(cred->cap_permitted);
	cap_clear(cred->cap_effective);
	cap_clear(cred->cap_bset);
	cap_clear(cred->cap_ambient);
	return cred;
}

/**
 * carveout_owner_create() - Create an owner object
 * @carveout: the heap, to which the owner object takes a reference
 * @attrs: its name, its credentials and its limit
 *
 * Context: Process context. May sleep.
 * Return: the owner object, to be given to carveout_owner_put(); or an ERR_PTR: -EINVAL for an
 * invalid name or id; -ENOMEM.
 */
struct carveout_owner *carveout_owner_create(struct carveout *carveout,
					     const struct carveout_owner_attrs *attrs)
{
	struct carveout_owner *owner;

	might_sleep();
	if (!attrs->name || !attrs->name[0] || strlen(attrs->name) >= CARVEOUT_NAME_LEN ||
	    !uid_valid(attrs->uid) || !gid_valid(attrs->gid))
		return ERR_PTR(-EINVAL);
	owner = kzalloc(sizeof(*owner), GFP_KERNEL);
	if (!owner)
		return ERR_PTR(-ENOMEM);
	owner->account = carveout_account_of_owner(carveout, attrs->name, attrs->quota);
	owner->cred = create_cred(attrs->uid, attrs->gid);
	if (!owner->account || !owner->cred) {
		carveout_account_put(owner->account);
		if (owner->cred)
			put_cred(owner->cred);
		kfree(owner);
		return ERR_PTR(-ENOMEM);
	}
	kref_init(&owner->ref);
	owner->carveout = __carveout_get(carveout);
	carveout_object_inc(CARVEOUT_OBJ_OWNER);
	return owner;
}
EXPORT_SYMBOL_NS_GPL(carveout_owner_create, "CARVEOUT");

/**
 * carveout_owner_get() - Take a reference to an owner object
 * @owner: an owner object that the caller has a reference to
 *
 * Context: Any context.
 * Return: @owner.
 */
struct carveout_owner *carveout_owner_get(struct carveout_owner *owner)
{
	kref_get(&owner->ref);
	return owner;
}
EXPORT_SYMBOL_NS_GPL(carveout_owner_get, "CARVEOUT");

static void owner_release(struct kref *ref)
{
	struct carveout_owner *owner = container_of(ref, struct carveout_owner, ref);

	carveout_account_put(owner->account);
	put_cred(owner->cred);
	__carveout_put(owner->carveout);
	kfree(owner);
	carveout_object_dec(CARVEOUT_OBJ_OWNER);
}

/**
 * carveout_owner_put() - Drop a reference to an owner object
 * @owner: the owner object
 *
 * Its buffers have references of their own, and remain charged to its account until they
 * are free. An owner object that is created with the same name meanwhile continues the account.
 *
 * Context: Process context. May sleep.
 */
void carveout_owner_put(struct carveout_owner *owner)
{
	might_sleep();
	kref_put(&owner->ref, owner_release);
}
EXPORT_SYMBOL_NS_GPL(carveout_owner_put, "CARVEOUT");

/**
 * carveout_owner_lookup() - Find a buffer with the permissions of an owner object
 * @owner: the owner object
 * @tag: a valid tag, zero to the end of its field
 * @write: for writing, too
 *
 * Context: Process context. May sleep.
 * Return: as carveout_lookup_nowait().
 */
struct carveout_buf *carveout_owner_lookup(struct carveout_owner *owner, const char *tag,
					   bool write)
{
	const struct cred *cred = carveout_owner_enter(owner);
	struct carveout_buf *buf;

	buf = carveout_lookup_nowait(owner->carveout, tag,
				     write ? CARVEOUT_LOOKUP_WRITE : CARVEOUT_LOOKUP_READ);
	carveout_owner_leave(owner, cred);
	return buf;
}

/* For a caller with the credentials of the owner object. */
static int may_create(const struct carveout_owner *owner, const struct carveout_buf_spec *spec)
{
	return spec->tag[0] ? carveout_tag_may_create(owner->carveout, spec->tag) : 0;
}

/**
 * carveout_owner_buf_create() - Allocate a buffer with an owner object
 * @carveout: the heap
 * @owner: the owner object; NULL for the driver itself
 * @spec: its properties
 *
 * Context: Process context. May sleep.
 * Return: as carveout_buf_create(), and ERR_PTR(-EACCES) if the tag is reserved for another
 * user.
 */
struct carveout_buf *carveout_owner_buf_create(struct carveout *carveout,
					       struct carveout_owner *owner,
					       const struct carveout_buf_spec *spec)
{
	const struct cred *cred;
	struct carveout_buf *buf;
	int ret;

	if (!owner)
		return carveout_buf_create(carveout, NULL, spec);
	cred = carveout_owner_enter(owner);
	ret = may_create(owner, spec);
	buf = ret ? ERR_PTR(ret) : carveout_buf_create(carveout, owner->account, spec);
	carveout_owner_leave(owner, cred);
	return buf;
}

/**
 * carveout_owner_pool_create() - Create a pool with an owner object
 * @carveout: the heap
 * @owner: the owner object; NULL for the driver itself
 * @spec: its properties
 *
 * Context: Process context. May sleep.
 * Return: as carveout_pool_buf_create(), and ERR_PTR(-EACCES) if the tag is reserved for
 * another user.
 */
struct carveout_pool *carveout_owner_pool_create(struct carveout *carveout,
						 struct carveout_owner *owner,
						 struct carveout_pool_spec *spec)
{
	const struct cred *cred;
	struct carveout_pool *pool;
	int ret;

	if (!owner)
		return carveout_pool_buf_create(carveout, NULL, spec);
	cred = carveout_owner_enter(owner);
	ret = may_create(owner, &spec->buf);
	pool = ret ? ERR_PTR(ret) :
		     carveout_pool_buf_create(carveout, owner->account, spec);
	carveout_owner_leave(owner, cred);
	return pool;
}

/**
 * carveout_owner_open() - Find a buffer that a request may open instead of creating it
 * @carveout: the heap
 * @owner: the owner object; NULL for the driver itself
 * @tag: a valid tag, zero to the end of its field
 *
 * Context: Process context. May sleep.
 * Return: for a driver as carveout_lookup(); with an owner object as carveout_lookup_nowait().
 */
struct carveout_buf *carveout_owner_open(struct carveout *carveout,
					 struct carveout_owner *owner, const char *tag)
{
	if (owner)
		return carveout_owner_lookup(owner, tag, true);
	return carveout_lookup(carveout, tag, CARVEOUT_LOOKUP_KERNEL);
}

/**
 * carveout_owner_find() - Find a buffer by its tag, with an owner object
 * @owner: the owner object
 * @tag: the tag
 * @write: for writing, too
 *
 * Unlike carveout_buf_find() it does not wait for the end of a resize.
 *
 * Context: Process context. May sleep. The cost does not depend on the number of tags.
 * Return: the buffer, with a reference; or an ERR_PTR: -ENOENT if the tag does not exist,
 * -EACCES if its mode does not permit it, -EAGAIN while the buffer is being resized,
 * -EINVAL if the tag is invalid, -ENODEV after the heap's shutdown.
 */
struct carveout_buf *carveout_owner_find(struct carveout_owner *owner, const char *tag,
					 bool write)
{
	char field[CARVEOUT_NAME_LEN];

	might_sleep();
	if (carveout_tag_field(tag, field))
		return ERR_PTR(-EINVAL);
	return carveout_owner_lookup(owner, field, write);
}
EXPORT_SYMBOL_NS_GPL(carveout_owner_find, "CARVEOUT");

/**
 * carveout_owner_next() - Find the next tag that an owner object permits to read
 * @owner: the owner object
 * @cursor: state of the search, 0 to start; advanced
 * @tag: filled in with the tag, zero to the end
 *
 * A tag that exists during the whole of a search, with a mode that permits the party to read,
 * is found once. A watch tells when it is time for another search. No reference is taken, so
 * that a search never holds a buffer of another user.
 *
 * Context: Process context. May sleep.
 * Return: true; false after the last one.
 */
bool carveout_owner_next(struct carveout_owner *owner, u64 *cursor,
			 char tag[CARVEOUT_NAME_LEN])
{
	const struct carveout_viewer viewer = {};
	struct carveout_buffer_info info = {};
	const struct cred *cred;
	bool found;

	might_sleep();
	cred = carveout_owner_enter(owner);
	do
		found = carveout_info_next(owner->carveout, cursor, &viewer, &info);
	while (found && !info.tag[0]);
	carveout_owner_leave(owner, cred);
	if (found)
		strscpy_pad(tag, info.tag, CARVEOUT_NAME_LEN);
	return found;
}
EXPORT_SYMBOL_NS_GPL(carveout_owner_next, "CARVEOUT");

static int check_access_locked(const struct carveout_buf *buf, bool write)
{
	lockdep_assert_held(&buf->carveout->registry_lock);
	/* A resize that has begun changes nothing: it is refused, as the buffer has a user. */
	if (!buf->tag.linked)
		return -ENOENT;
	return carveout_tag_permits(&buf->tag, write) ? 0 : -EACCES;
}

/**
 * carveout_owner_check() - Check whether an owner object permits to open a buffer by its tag
 * @owner: the owner object
 * @buf: a buffer of its heap that the caller has a reference to, or holds
 * @write: for writing, too
 *
 * Context: Process context. May sleep.
 * Return: 0; -ENOENT if the buffer has no tag any longer; -EACCES if the mode of the tag does
 * not permit it.
 */
int carveout_owner_check(struct carveout_owner *owner, const struct carveout_buf *buf,
			 bool write)
{
	const struct cred *cred = carveout_owner_enter(owner);
	int ret;

	mutex_lock(&owner->carveout->registry_lock);
	ret = check_access_locked(buf, write);
	mutex_unlock(&owner->carveout->registry_lock);
	carveout_owner_leave(owner, cred);
	return ret;
}
EXPORT_SYMBOL_NS_GPL(carveout_owner_check, "CARVEOUT");

/**
 * carveout_owner_unlink() - Remove a tag, with an owner object
 * @owner: the owner object
 * @tag: the tag
 * @only: the buffer that has to have the tag; NULL for any
 *
 * Context: Process context. May sleep.
 * Return: 0; -ENOENT if the tag does not exist, or is that of another buffer than @only;
 * -EACCES if it belongs to another user; -EINVAL if it is invalid; -ENODEV after the heap's
 * shutdown.
 */
int carveout_owner_unlink(struct carveout_owner *owner, const char *tag,
			  const struct carveout_buf *only)
{
	char field[CARVEOUT_NAME_LEN];
	const struct cred *cred;
	int ret;

	might_sleep();
	if (carveout_tag_field(tag, field))
		return -EINVAL;
	cred = carveout_owner_enter(owner);
	ret = carveout_tag_unlink(owner->carveout, field, only, false);
	carveout_owner_leave(owner, cred);
	return ret;
}
EXPORT_SYMBOL_NS_GPL(carveout_owner_unlink, "CARVEOUT");
