// SPDX-License-Identifier: GPL-2.0
/*
 * Quotas: how much of a heap a user, and an open file of its node, may have.
 *
 * Who allocates pays, until the memory is back in the heap: the user, by the
 * file-system user id of the call, and the open file through which it came. To
 * open somebody's buffer costs nothing. The limits are in sysfs; one that is
 * lowered takes nothing away. CAP_SYS_RESOURCE goes beyond them.
 */

#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/kref.h>
#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/uidgid.h>
#include <linux/xarray.h>

#include "carveout_internal.h"

/**
 * struct carveout_user - what a user has in a heap
 * @used: bytes, never 0; carveout.quota_lock
 */
struct carveout_user {
	u64 used;
};

/**
 * carveout_open_create() - an account for an open file
 * @carveout: the heap, which the file keeps
 *
 * Context: May sleep.
 * Return: the account with one reference, or NULL.
 */
struct carveout_open *carveout_open_create(struct carveout *carveout)
{
	struct carveout_open *open = kzalloc(sizeof(*open), GFP_KERNEL_ACCOUNT);

	if (!open)
		return NULL;
	kref_init(&open->ref);
	open->carveout = carveout;
	open->seen = carveout_registry_changes(carveout);
	carveout_object_born(CARVEOUT_OBJ_OPEN);
	return open;
}

static void open_release(struct kref *ref)
{
	kfree(container_of(ref, struct carveout_open, ref));
	carveout_object_gone(CARVEOUT_OBJ_OPEN);
}

/**
 * carveout_open_get() - take a reference to an open file's account
 * @open: the account
 *
 * Context: Any.
 * Return: @open.
 */
struct carveout_open *carveout_open_get(struct carveout_open *open)
{
	kref_get(&open->ref);
	return open;
}

/**
 * carveout_open_put() - drop a reference to an open file's account
 * @open: the account, or NULL
 *
 * Context: Any.
 */
void carveout_open_put(struct carveout_open *open)
{
	if (open)
		kref_put(&open->ref, open_release);
}

/**
 * carveout_quota_init() - set up the accounts of a new heap
 * @carveout: the heap
 *
 * Context: Any.
 */
void carveout_quota_init(struct carveout *carveout)
{
	mutex_init(&carveout->quota_lock);
	xa_init(&carveout->users);
}

/**
 * carveout_quota_fini() - tear down the accounts of a heap without buffers
 * @carveout: the heap
 *
 * Context: Any.
 */
void carveout_quota_fini(struct carveout *carveout)
{
	WARN_ON(!xa_empty(&carveout->users));
	xa_destroy(&carveout->users);
}

/* The user's entry, a new one if need be; an ERR_PTR if there is no memory. */
static struct carveout_user *get_user_entry(struct carveout *carveout, kuid_t uid)
{
	struct carveout_user *user;
	int ret;

	lockdep_assert_held(&carveout->quota_lock);
	user = xa_load(&carveout->users, __kuid_val(uid));
	if (user)
		return user;
	user = kzalloc(sizeof(*user), GFP_KERNEL_ACCOUNT);
	if (!user)
		return ERR_PTR(-ENOMEM);
	ret = xa_err(xa_store(&carveout->users, __kuid_val(uid), user,
			      GFP_KERNEL_ACCOUNT));
	if (ret) {
		kfree(user);
		return ERR_PTR(ret);
	}
	return user;
}

static void drop_idle_user(struct carveout *carveout, kuid_t uid,
			   struct carveout_user *user)
{
	lockdep_assert_held(&carveout->quota_lock);
	if (user->used)
		return;
	xa_erase(&carveout->users, __kuid_val(uid));
	kfree(user);
}

/* Would @bytes more be too much? Never by arithmetic that wraps. */
static bool exceeds(u64 used, u64 bytes, u64 limit)
{
	return limit && (used > limit || bytes > limit - used);
}

static int try_charge(struct carveout *carveout, struct carveout_open *open, kuid_t uid,
		      u64 bytes)
{
	struct carveout_user *user;
	int ret = 0;

	mutex_lock(&carveout->quota_lock);
	user = get_user_entry(carveout, uid);
	if (IS_ERR(user)) {
		ret = PTR_ERR(user);
		goto unlock;
	}
	if ((exceeds(user->used, bytes, READ_ONCE(carveout->quota_user)) ||
	     exceeds(open->used, bytes, READ_ONCE(carveout->quota_open))) &&
	    !capable(CAP_SYS_RESOURCE)) {
		ret = -EDQUOT;
	} else {
		user->used += bytes;
		open->used += bytes;
	}
	drop_idle_user(carveout, uid, user);
unlock:
	mutex_unlock(&carveout->quota_lock);
	return ret;
}

/**
 * carveout_quota_charge() - let somebody pay for memory
 * @carveout: the heap
 * @open: the open file that it is asked for through; NULL for a driver, which does
 *	not pay
 * @uid: the user who asks
 * @bytes: how much
 *
 * A buffer of his that a driver was the last to drop is paid for until it is free: that
 * is waited for, once, before it is said to be too much.
 *
 * Context: May sleep.
 * Return: 0; -EDQUOT if it is more than a quota allows; -ENOMEM.
 */
int carveout_quota_charge(struct carveout *carveout, struct carveout_open *open,
			  kuid_t uid, u64 bytes)
{
	bool busy;
	int ret;

	if (!open)
		return 0;
	busy = carveout_deferred_busy(carveout);
	ret = try_charge(carveout, open, uid, bytes);
	if (ret == -EDQUOT && busy) {
		carveout_flush(carveout);
		ret = try_charge(carveout, open, uid, bytes);
	}
	if (ret == -EDQUOT)
		atomic64_inc(&carveout->failures_quota);
	else if (ret == -ENOMEM)
		atomic64_inc(&carveout->failures_nomem);
	return ret;
}

/**
 * carveout_quota_uncharge() - memory is given back
 * @carveout: the heap
 * @open: the open file that paid, or NULL
 * @uid: the user who paid
 * @bytes: how much of what was charged
 *
 * Context: May sleep.
 */
void carveout_quota_uncharge(struct carveout *carveout, struct carveout_open *open,
			     kuid_t uid, u64 bytes)
{
	struct carveout_user *user;

	if (!open || !bytes)
		return;
	mutex_lock(&carveout->quota_lock);
	user = xa_load(&carveout->users, __kuid_val(uid));
	if (!WARN_ON(!user || user->used < bytes || open->used < bytes)) {
		user->used -= bytes;
		open->used -= bytes;
		drop_idle_user(carveout, uid, user);
	}
	mutex_unlock(&carveout->quota_lock);
}

/**
 * carveout_quota_charged() - how much is paid for, by all users
 * @carveout: the heap
 *
 * Context: May sleep.
 * Return: bytes.
 */
u64 carveout_quota_charged(struct carveout *carveout)
{
	const struct carveout_user *user;
	unsigned long uid;
	u64 charged = 0;

	mutex_lock(&carveout->quota_lock);
	xa_for_each(&carveout->users, uid, user)
		charged += user->used;
	mutex_unlock(&carveout->quota_lock);
	return charged;
}

/**
 * carveout_quota_report() - tell a caller his limits and what he has
 * @carveout: the heap
 * @open: the caller's open file
 * @query: what to fill in
 *
 * Context: May sleep.
 */
void carveout_quota_report(struct carveout *carveout, const struct carveout_open *open,
			   struct carveout_ioctl_query *query)
{
	const struct carveout_user *user;

	mutex_lock(&carveout->quota_lock);
	user = xa_load(&carveout->users, __kuid_val(current_fsuid()));
	query->used_user = user ? user->used : 0;
	query->used_open = open->used;
	mutex_unlock(&carveout->quota_lock);
	query->quota_user = READ_ONCE(carveout->quota_user);
	query->quota_open = READ_ONCE(carveout->quota_open);
	query->failures_quota = atomic64_read(&carveout->failures_quota);
}
