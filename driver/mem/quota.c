// SPDX-License-Identifier: GPL-2.0
/*
 * Quotas: limits on the memory of a heap that a user, and an open file of its
 * device node, may allocate.
 *
 * Memory is charged to the file-system user id of the allocating call, and to the
 * open file of that call, until it returns to the heap. Opening a buffer of another
 * user is not charged. The limits are in sysfs; a lowered limit frees nothing. With
 * CAP_SYS_RESOURCE a request may exceed them.
 */

#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/kref.h>
#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/uidgid.h>
#include <linux/xarray.h>

#include "../carveout_internal.h"
#include "deferred.h"
#include "objects.h"
#include "quota.h"

/**
 * struct carveout_user - the charge of a user in a heap
 * @used: charged bytes, never 0; carveout.quota_lock
 */
struct carveout_user {
	u64 used;
};

/**
 * carveout_file_create() - Create the account of an open file
 * @carveout: the heap, which the open file keeps alive
 *
 * Context: Process context. May sleep.
 * Return: the account with one reference, or NULL.
 */
struct carveout_file *carveout_file_create(struct carveout *carveout)
{
	struct carveout_file *file = kzalloc(sizeof(*file), GFP_KERNEL_ACCOUNT);

	if (!file)
		return NULL;
	kref_init(&file->ref);
	file->carveout = carveout;
	carveout_object_inc(CARVEOUT_OBJ_FILE);
	return file;
}

static void file_release(struct kref *ref)
{
	kfree(container_of(ref, struct carveout_file, ref));
	carveout_object_dec(CARVEOUT_OBJ_FILE);
}

/**
 * carveout_file_get() - Take a reference to an open file's account
 * @file: the account
 *
 * Context: Any context.
 * Return: @file.
 */
struct carveout_file *carveout_file_get(struct carveout_file *file)
{
	kref_get(&file->ref);
	return file;
}

/**
 * carveout_file_put() - Drop a reference to an open file's account
 * @file: the account, or NULL
 *
 * Context: Any context.
 */
void carveout_file_put(struct carveout_file *file)
{
	if (file)
		kref_put(&file->ref, file_release);
}

/**
 * carveout_quota_init() - Initialise the accounts of a new heap
 * @carveout: the heap
 *
 * Context: Any context.
 */
void carveout_quota_init(struct carveout *carveout)
{
	mutex_init(&carveout->quota_lock);
	xa_init(&carveout->users);
}

/**
 * carveout_quota_fini() - Free the accounts of a heap without buffers
 * @carveout: the heap
 *
 * Context: Any context.
 */
void carveout_quota_fini(struct carveout *carveout)
{
	WARN_ON(!xa_empty(&carveout->users));
	xa_destroy(&carveout->users);
}

/* The entry of a user, a new one if there is none; an ERR_PTR without memory. */
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

/* Check a charge of @bytes more against a limit, without arithmetic that may wrap. */
static bool exceeds(u64 used, u64 bytes, u64 limit)
{
	return limit && (used > limit || bytes > limit - used);
}

static int try_charge(struct carveout *carveout, struct carveout_file *file, kuid_t uid,
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
	     exceeds(file->used, bytes, READ_ONCE(carveout->quota_file))) &&
	    !capable(CAP_SYS_RESOURCE)) {
		ret = -EDQUOT;
	} else {
		user->used += bytes;
		file->used += bytes;
	}
	drop_idle_user(carveout, uid, user);
unlock:
	mutex_unlock(&carveout->quota_lock);
	return ret;
}

/**
 * carveout_quota_charge() - Charge memory to a user and an open file
 * @carveout: the heap
 * @file: open file of the request; NULL for a driver, which is not charged
 * @uid: user of the request
 * @bytes: bytes to charge
 *
 * A buffer of the user whose last reference a driver dropped is charged until it is
 * free: deferred frees are drained once before the charge is refused.
 *
 * Context: Process context. May sleep. Takes carveout->quota_lock.
 * Return: 0; -EDQUOT if it would exceed a quota; -ENOMEM.
 */
int carveout_quota_charge(struct carveout *carveout, struct carveout_file *file,
			  kuid_t uid, u64 bytes)
{
	struct carveout_retry retry;
	int ret;

	if (!file)
		return 0;
	retry = carveout_retry(carveout);
	do {
		ret = try_charge(carveout, file, uid, bytes);
	} while (carveout_retry_drained(&retry, ret == -EDQUOT));
	if (ret == -EDQUOT)
		atomic64_inc(&carveout->failures_quota);
	else if (ret == -ENOMEM)
		atomic64_inc(&carveout->failures_nomem);
	return ret;
}

/**
 * carveout_quota_uncharge() - End the charge for freed memory
 * @carveout: the heap
 * @file: open file that was charged, or NULL
 * @uid: user that was charged
 * @bytes: bytes to uncharge, at most those that were charged
 *
 * Context: Process context. May sleep. Takes carveout->quota_lock.
 */
void carveout_quota_uncharge(struct carveout *carveout, struct carveout_file *file,
			     kuid_t uid, u64 bytes)
{
	struct carveout_user *user;

	if (!file || !bytes)
		return;
	mutex_lock(&carveout->quota_lock);
	user = xa_load(&carveout->users, __kuid_val(uid));
	if (!WARN_ON(!user || user->used < bytes || file->used < bytes)) {
		user->used -= bytes;
		file->used -= bytes;
		drop_idle_user(carveout, uid, user);
	}
	mutex_unlock(&carveout->quota_lock);
}

/**
 * carveout_quota_charged() - Sum of the charges of all users
 * @carveout: the heap
 *
 * Context: Process context. May sleep. Takes carveout->quota_lock.
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
 * carveout_quota_report() - Report the limits and the charges of the caller
 * @carveout: the heap
 * @file: the caller's open file
 * @query: the quota members are filled in
 *
 * Context: Process context. May sleep. Takes carveout->quota_lock.
 */
void carveout_quota_report(struct carveout *carveout, const struct carveout_file *file,
			   struct carveout_ioctl_query *query)
{
	const struct carveout_user *user;

	mutex_lock(&carveout->quota_lock);
	user = xa_load(&carveout->users, __kuid_val(current_fsuid()));
	query->used_user = user ? user->used : 0;
	query->used_file = file->used;
	mutex_unlock(&carveout->quota_lock);
	query->quota_user = READ_ONCE(carveout->quota_user);
	query->quota_file = READ_ONCE(carveout->quota_file);
	query->failures_quota = atomic64_read(&carveout->failures_quota);
}
