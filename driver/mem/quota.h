/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Quotas: limits of a user and of an open file of a device node.
 */
#ifndef _CARVEOUT_QUOTA_H
#define _CARVEOUT_QUOTA_H

#include <linux/kref.h>
#include <linux/types.h>
#include <linux/uidgid.h>

struct carveout;
struct carveout_ioctl_query;

/**
 * struct carveout_file - an open file of a heap's device node, as an account
 * @ref: held by the file, and by the buffers that are charged to it
 * @carveout: the heap, which the open file keeps alive (invariant)
 * @used: charged bytes; carveout.quota_lock
 * @seen: carveout.changes when the file last listed the buffers
 */
struct carveout_file {
	struct kref ref;
	struct carveout *carveout;
	u64 used;
	u64 seen;
};

struct carveout_file *carveout_file_create(struct carveout *carveout);
struct carveout_file *carveout_file_get(struct carveout_file *file);
void carveout_file_put(struct carveout_file *file);

void carveout_quota_init(struct carveout *carveout);
void carveout_quota_fini(struct carveout *carveout);
int carveout_quota_charge(struct carveout *carveout, struct carveout_file *file,
			  kuid_t uid, u64 bytes);
void carveout_quota_uncharge(struct carveout *carveout, struct carveout_file *file,
			     kuid_t uid, u64 bytes);
u64 carveout_quota_charged(struct carveout *carveout);
void carveout_quota_report(struct carveout *carveout, const struct carveout_file *file,
			   struct carveout_ioctl_query *query);

#endif /* _CARVEOUT_QUOTA_H */
