// SPDX-License-Identifier: GPL-2.0
/*
 * Quotas: limits on the memory of a heap that a user, and an account, may allocate, and on
 * the number of objects of a user. An open file of the device node is an account, and an
 * owner object of a driver is one.
 *
 * Memory is charged to the file-system user id of the allocating call, and to the
 * account of that call, until it returns to the heap. Objects are charged to the
 * user alone: a buffer and a pool until the buffer is freed, a tag until it is
 * unlinked, a waiter until it returns. The tag of a buffer is charged to the user of
 * the buffer, whatever its owner. Opening a buffer of another user is not charged. The
 * limits are in sysfs; a lowered limit frees nothing. With CAP_SYS_RESOURCE a request
 * may exceed them.
 */

#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uidgid.h>
#include <linux/user_namespace.h>
#include <linux/xarray.h>

#include "../carveout_internal.h"
#include "deferred.h"
#include "objects.h"
#include "quota.h"

/**
 * struct carveout_user - The charge of a user in a heap, never all 0
 * @used: charged bytes; carveout.quota_lock
 * @count: charged objects of each kind; carveout.quota_lock
 */
struct carveout_user {
	u64 used;
	u64 count[CARVEOUT_COUNTS];
};

/*
 * A program of a board has tens of each. The defaults leave room for hundreds, and
 * bound the kernel memory of a user to about 10 MiB and the waiters that one change of
 * a tag wakes to some hundreds.
 */
static const u64 default_counts[CARVEOUT_COUNTS] = {
	[CARVEOUT_COUNT_BUFFERS] = 4096,
	[CARVEOUT_COUNT_TAGS] = 1024,
	[CARVEOUT_COUNT_PERSISTENT] = 256,
	[CARVEOUT_COUNT_POOLS] = 256,
	[CARVEOUT_COUNT_WAITERS] = 256,
};

/**
 * carveout_account_create() - Create the account of an open file
 * @carveout: the heap, which the open file keeps alive
 *
 * Context: Process context. May sleep.
 * Return: the account with one reference, or NULL.
 */
struct carveout_account *carveout_account_create(struct carveout *carveout)
{
	struct carveout_account *account = kzalloc(sizeof(*account), GFP_KERNEL_ACCOUNT);

	if (!account)
		return NULL;
	kref_init(&account->ref);
	account->carveout = carveout;
	carveout_object_inc(CARVEOUT_OBJ_ACCOUNT);
	return account;
}

static struct carveout_account *find_account(struct carveout *carveout, const char *name)
{
	struct carveout_account *account;

	lockdep_assert_held(&carveout->quota_lock);
	list_for_each_entry(account, &carveout->accounts, node)
		if (!strcmp(account->name, name))
			return account;
	return NULL;
}

/**
 * carveout_account_of_owner() - Get the account of an owner object
 * @carveout: the heap, which the owner object keeps alive
 * @name: name of the owner object, at most 63 bytes
 * @limit: limit of a new account in bytes; 0 for that of an open file
 *
 * An account exists as long as a buffer is charged to it. So an owner object that is created anew
 * continues the account, and gets no fresh limit.
 *
 * Context: Process context. May sleep. Takes carveout->quota_lock.
 * Return: the account with a reference, or NULL.
 */
struct carveout_account *carveout_account_of_owner(struct carveout *carveout,
						   const char *name, u64 limit)
{
	struct carveout_account *account;

	mutex_lock(&carveout->quota_lock);
	account = find_account(carveout, name);
	if (account) {
		/* The last reference is dropped with the lock held. */
		kref_get(&account->ref);
		goto unlock;
	}
	account = carveout_account_create(carveout);
	if (account) {
		account->limit = limit;
		strscpy(account->name, name, sizeof(account->name));
		list_add_tail(&account->node, &carveout->accounts);
	}
unlock:
	mutex_unlock(&carveout->quota_lock);
	return account;
}

static void account_release(struct kref *ref)
{
	struct carveout_account *account = container_of(ref, struct carveout_account, ref);

	kfree(account->typed);
	kfree(account);
	carveout_object_dec(CARVEOUT_OBJ_ACCOUNT);
}

static void owner_account_release(struct kref *ref)
{
	struct carveout_account *account = container_of(ref, struct carveout_account, ref);

	list_del(&account->node);
	mutex_unlock(&account->carveout->quota_lock);
	account_release(ref);
}

/**
 * carveout_account_get() - Take a reference to an account
 * @account: the account
 *
 * Context: Any context.
 * Return: @account.
 */
struct carveout_account *carveout_account_get(struct carveout_account *account)
{
	kref_get(&account->ref);
	return account;
}

/**
 * carveout_account_put() - Drop a reference to an account
 * @account: the account, or NULL; the caller holds its heap
 *
 * Context: Process context. May sleep. Takes carveout->quota_lock.
 */
void carveout_account_put(struct carveout_account *account)
{
	if (!account)
		return;
	if (carveout_account_is_file(account))
		kref_put(&account->ref, account_release);
	else
		kref_put_mutex(&account->ref, owner_account_release,
			       &account->carveout->quota_lock);
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
	INIT_LIST_HEAD(&carveout->accounts);
	xa_init_flags(&carveout->users, XA_FLAGS_ACCOUNT);
	static_assert(sizeof(default_counts) == sizeof(carveout->quota_count));
	memcpy(carveout->quota_count, default_counts, sizeof(default_counts));
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
	if (memchr_inv(user, 0, sizeof(*user)))
		return;
	xa_erase(&carveout->users, __kuid_val(uid));
	kfree(user);
}

/* Check a charge of @bytes more against a limit, without arithmetic that may wrap. */
static bool exceeds(u64 used, u64 bytes, u64 limit)
{
	return limit && (used > limit || bytes > limit - used);
}

static u64 limit_of(const struct carveout_account *account)
{
	return account->limit ?: READ_ONCE(account->carveout->quota_file);
}

/* @account: NULL for a charge of the user alone */
static bool over_quota(const struct carveout *carveout, const struct carveout_account *account,
		       const struct carveout_user *user, u64 bytes, unsigned long counts)
{
	unsigned int i;

	if (exceeds(user->used, bytes, READ_ONCE(carveout->quota_user)) ||
	    (account && exceeds(account->used, bytes, limit_of(account))))
		return true;
	for_each_set_bit(i, &counts, CARVEOUT_COUNTS)
		if (exceeds(user->count[i], 1, READ_ONCE(carveout->quota_count[i])))
			return true;
	return false;
}

static void add_locked(struct carveout_account *account, struct carveout_user *user, u64 bytes,
		       unsigned long counts)
{
	unsigned int i;

	user->used += bytes;
	if (account)
		account->used += bytes;
	for_each_set_bit(i, &counts, CARVEOUT_COUNTS)
		user->count[i]++;
}

static int try_charge(struct carveout *carveout, struct carveout_account *account, kuid_t uid,
		      u64 bytes, u32 counts)
{
	struct carveout_user *user;
	int ret = 0;

	mutex_lock(&carveout->quota_lock);
	user = get_user_entry(carveout, uid);
	if (IS_ERR(user)) {
		ret = PTR_ERR(user);
		goto unlock;
	}
	if (over_quota(carveout, account, user, bytes, counts) && !capable(CAP_SYS_RESOURCE))
		ret = -EDQUOT;
	else
		add_locked(account, user, bytes, counts);
	drop_idle_user(carveout, uid, user);
unlock:
	mutex_unlock(&carveout->quota_lock);
	return ret;
}

/**
 * carveout_quota_try_charge() - Charge memory and objects, without a second attempt
 * @carveout: the heap
 * @account: account of the request; NULL for a driver, which is not charged
 * @uid: user of the request
 * @bytes: bytes to charge
 * @counts: CARVEOUT_ONE_* bits of the objects to charge to the user
 *
 * For callers with carveout->registry_lock held. They drain deferred frees and count
 * the failure themselves.
 *
 * Context: Process context. May sleep. Takes carveout->quota_lock.
 * Return: 0; -EDQUOT if it would exceed a quota; -ENOMEM.
 */
int carveout_quota_try_charge(struct carveout *carveout, struct carveout_account *account,
			      kuid_t uid, u64 bytes, u32 counts)
{
	if (!account || (!bytes && !counts))
		return 0;
	return try_charge(carveout, account, uid, bytes, counts);
}

/**
 * carveout_quota_count_failure() - Count a request that was refused
 * @carveout: the heap
 * @err: result of a charge
 *
 * Context: Any context.
 */
void carveout_quota_count_failure(struct carveout *carveout, int err)
{
	if (err == -EDQUOT)
		atomic64_inc(&carveout->failures_quota);
	else if (err == -ENOMEM)
		atomic64_inc(&carveout->failures_nomem);
}

/**
 * carveout_quota_charge() - Charge memory and objects to a user and an account
 * @carveout: the heap
 * @account: account of the request; NULL for a driver, which is not charged
 * @uid: user of the request
 * @bytes: bytes to charge
 * @counts: CARVEOUT_ONE_* bits of the objects to charge to the user
 *
 * A buffer of the user whose last reference a driver dropped is charged until it is
 * free: deferred frees are drained once before the charge is refused.
 *
 * Context: Process context. May sleep. Takes carveout->quota_lock.
 * Return: 0; -EDQUOT if it would exceed a quota; -ENOMEM.
 */
int carveout_quota_charge(struct carveout *carveout, struct carveout_account *account,
			  kuid_t uid, u64 bytes, u32 counts)
{
	struct carveout_retry retry;
	int ret;

	if (!account)
		return 0;
	retry = carveout_retry(carveout);
	do {
		ret = carveout_quota_try_charge(carveout, account, uid, bytes, counts);
	} while (carveout_retry_drained(&retry, ret == -EDQUOT));
	carveout_quota_count_failure(carveout, ret);
	return ret;
}

static bool is_charged(const struct carveout_account *account, const struct carveout_user *user,
		       u64 bytes, unsigned long counts)
{
	unsigned int i;

	if (!user || user->used < bytes || (account && account->used < bytes))
		return false;
	for_each_set_bit(i, &counts, CARVEOUT_COUNTS)
		if (!user->count[i])
			return false;
	return true;
}

static void uncharge(struct carveout *carveout, struct carveout_account *account, kuid_t uid,
		     u64 bytes, unsigned long counts)
{
	struct carveout_user *user;
	unsigned int i;

	mutex_lock(&carveout->quota_lock);
	user = xa_load(&carveout->users, __kuid_val(uid));
	if (!WARN_ON(!is_charged(account, user, bytes, counts))) {
		user->used -= bytes;
		if (account)
			account->used -= bytes;
		for_each_set_bit(i, &counts, CARVEOUT_COUNTS)
			user->count[i]--;
		drop_idle_user(carveout, uid, user);
	}
	mutex_unlock(&carveout->quota_lock);
}

/**
 * carveout_quota_uncharge() - End the charge for freed memory and objects
 * @carveout: the heap
 * @account: account that was charged, or NULL
 * @uid: user that was charged
 * @bytes: bytes to uncharge, at most those that were charged
 * @counts: CARVEOUT_ONE_* bits of the objects, which were charged
 *
 * Context: Process context. May sleep. Takes carveout->quota_lock.
 */
void carveout_quota_uncharge(struct carveout *carveout, struct carveout_account *account,
			     kuid_t uid, u64 bytes, u32 counts)
{
	if (account && (bytes || counts))
		uncharge(carveout, account, uid, bytes, counts);
}

/**
 * carveout_quota_charge_waiter() - Charge the caller, a process that is about to wait
 * @carveout: the heap
 *
 * Context: Process context. May sleep. Takes carveout->quota_lock.
 * Return: 0, and then carveout_quota_uncharge_waiter() ends the charge; -EDQUOT if the
 * user has too many waiters; -ENOMEM.
 */
int carveout_quota_charge_waiter(struct carveout *carveout)
{
	int ret;

	ret = try_charge(carveout, NULL, current_fsuid(), 0, BIT(CARVEOUT_COUNT_WAITERS));
	carveout_quota_count_failure(carveout, ret);
	return ret;
}

/**
 * carveout_quota_uncharge_waiter() - End the charge for the wait of the caller
 * @carveout: the heap
 *
 * Context: Process context. May sleep. Takes carveout->quota_lock.
 */
void carveout_quota_uncharge_waiter(struct carveout *carveout)
{
	uncharge(carveout, NULL, current_fsuid(), 0, BIT(CARVEOUT_COUNT_WAITERS));
}

static u64 room(u64 used, u64 limit)
{
	if (!limit)
		return U64_MAX;
	return limit > used ? limit - used : 0;
}

/**
 * carveout_quota_room() - Number of bytes that the caller may allocate
 * @carveout: the heap
 * @account: account of the caller's open file
 *
 * The limit on the number of buffers, and those of cgroups, are not considered.
 *
 * Context: Process context. May sleep. Takes carveout->quota_lock.
 * Return: bytes; U64_MAX without a limit.
 */
u64 carveout_quota_room(struct carveout *carveout, const struct carveout_account *account)
{
	const struct carveout_user *user;
	u64 bytes;

	if (ns_capable_noaudit(&init_user_ns, CAP_SYS_RESOURCE))
		return U64_MAX;
	mutex_lock(&carveout->quota_lock);
	user = xa_load(&carveout->users, __kuid_val(current_fsuid()));
	bytes = min(room(user ? user->used : 0, READ_ONCE(carveout->quota_user)),
		    room(account->used, limit_of(account)));
	mutex_unlock(&carveout->quota_lock);
	return bytes;
}

/**
 * carveout_quota_charged() - Sum of the charges of all users
 * @carveout: the heap
 * @count: filled in with the objects of each kind
 *
 * Context: Process context. May sleep. Takes carveout->quota_lock.
 * Return: bytes.
 */
u64 carveout_quota_charged(struct carveout *carveout, u64 count[CARVEOUT_COUNTS])
{
	const struct carveout_user *user;
	unsigned long uid;
	unsigned int i;
	u64 charged = 0;

	memset(count, 0, CARVEOUT_COUNTS * sizeof(*count));
	mutex_lock(&carveout->quota_lock);
	xa_for_each(&carveout->users, uid, user) {
		charged += user->used;
		for (i = 0; i < CARVEOUT_COUNTS; i++)
			count[i] += user->count[i];
	}
	mutex_unlock(&carveout->quota_lock);
	return charged;
}

/**
 * carveout_account_used() - Bytes that are charged to an account
 * @account: the account
 *
 * Context: Process context. May sleep. Takes carveout->quota_lock.
 * Return: bytes.
 */
u64 carveout_account_used(struct carveout_account *account)
{
	u64 used;

	mutex_lock(&account->carveout->quota_lock);
	used = account->used;
	mutex_unlock(&account->carveout->quota_lock);
	return used;
}

/**
 * carveout_quota_report() - Report the limits and the charges of the caller
 * @carveout: the heap
 * @account: account of the caller's open file
 * @query: the quota members are filled in
 *
 * Context: Process context. May sleep. Takes carveout->quota_lock.
 */
void carveout_quota_report(struct carveout *carveout, const struct carveout_account *account,
			   struct carveout_ioctl_query *query)
{
	const struct carveout_user *user;

	mutex_lock(&carveout->quota_lock);
	user = xa_load(&carveout->users, __kuid_val(current_fsuid()));
	query->used_user = user ? user->used : 0;
	query->used_file = account->used;
	mutex_unlock(&carveout->quota_lock);
	query->quota_user = READ_ONCE(carveout->quota_user);
	query->quota_file = READ_ONCE(carveout->quota_file);
	query->failures_quota = atomic64_read(&carveout->failures_quota);
}
