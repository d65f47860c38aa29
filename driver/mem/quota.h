/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Quotas: limits of a user and of an account.
 */
#ifndef CARVEOUT_QUOTA_H
#define CARVEOUT_QUOTA_H

#include <linux/bits.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/types.h>
#include <linux/uidgid.h>

#include "../carveout_internal.h"

struct carveout;
struct carveout_ioctl_query;
struct carveout_typed;

/* One object of each kind. A charge has any set of them. */
#define CARVEOUT_ONE_BUFFER	BIT(CARVEOUT_COUNT_BUFFERS)
#define CARVEOUT_ONE_TAG	BIT(CARVEOUT_COUNT_TAGS)
#define CARVEOUT_ONE_PERSISTENT	BIT(CARVEOUT_COUNT_PERSISTENT)
#define CARVEOUT_ONE_POOL	BIT(CARVEOUT_COUNT_POOLS)

/* The charge of a tag. */
#define CARVEOUT_TAG_COUNTS	(CARVEOUT_ONE_TAG | CARVEOUT_ONE_PERSISTENT)

/**
 * struct carveout_account - Charges of an open file of a device node, or of an owner object
 * @ref: held by the file or the owner object, by the buffers that are charged to it, and by
 *	files that mmap() of the open file made
 * @carveout: the heap, which the open file or the owner object keeps alive (invariant)
 * @used: charged bytes; carveout.quota_lock
 * @seen: carveout.changes when the file last listed the buffers
 * @typed: typed memory of the open file, for its mmap(); NULL until it is set, once, by
 *	cmpxchg()
 * @node: entry in carveout.accounts, of an owner object; carveout.quota_lock
 * @limit: limit of an owner object in bytes; 0 for carveout.quota_file (invariant)
 * @name: name of an owner object; empty for an open file (invariant)
 */
struct carveout_account {
	struct kref ref;
	struct carveout *carveout;
	u64 used;
	u64 seen;
	const struct carveout_typed *typed;
	struct list_head node;
	u64 limit;
	char name[CARVEOUT_NAME_LEN];
};

/**
 * carveout_account_is_file() - Check for the account of an open file
 * @account: the account
 *
 * Context: Any context.
 * Return: false for the account of an owner object.
 */
static inline bool carveout_account_is_file(const struct carveout_account *account)
{
	return !account->name[0];
}

struct carveout_account *carveout_account_create(struct carveout *carveout);
struct carveout_account *carveout_account_of_owner(struct carveout *carveout,
						   const char *name, u64 limit);
struct carveout_account *carveout_account_get(struct carveout_account *account);
void carveout_account_put(struct carveout_account *account);

void carveout_quota_init(struct carveout *carveout);
void carveout_quota_fini(struct carveout *carveout);
int carveout_quota_try_charge(struct carveout *carveout, struct carveout_account *account,
			      kuid_t uid, u64 bytes, u32 counts);
int carveout_quota_charge(struct carveout *carveout, struct carveout_account *account,
			  kuid_t uid, u64 bytes, u32 counts);
void carveout_quota_count_failure(struct carveout *carveout, int err);
void carveout_quota_uncharge(struct carveout *carveout, struct carveout_account *account,
			     kuid_t uid, u64 bytes, u32 counts);
int carveout_quota_charge_waiter(struct carveout *carveout);
void carveout_quota_uncharge_waiter(struct carveout *carveout);
u64 carveout_account_used(struct carveout_account *account);
u64 carveout_quota_room(struct carveout *carveout, const struct carveout_account *account);
u64 carveout_quota_charged(struct carveout *carveout, u64 count[CARVEOUT_COUNTS]);
void carveout_quota_report(struct carveout *carveout, const struct carveout_account *account,
			   struct carveout_ioctl_query *query);

#endif /* CARVEOUT_QUOTA_H */
