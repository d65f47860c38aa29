/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Owner objects: a driver acts for other parties.
 */
#ifndef CARVEOUT_API_OWNER_H
#define CARVEOUT_API_OWNER_H

#include <linux/cred.h>
#include <linux/kref.h>

struct carveout;
struct carveout_account;
struct carveout_buf;
struct carveout_buf_spec;
struct carveout_owner;
struct carveout_pool;
struct carveout_pool_spec;

/**
 * struct carveout_owner - Owner object: credentials and an account that a driver acts with
 * @ref: held by the driver, and by waits
 * @carveout: the heap, to which the owner object holds a reference (invariant)
 * @account: charged for its buffers (invariant)
 * @cred: decide about its permissions (invariant)
 */
struct carveout_owner {
	struct kref ref;
	struct carveout *carveout;
	struct carveout_account *account;
	const struct cred *cred;
};

/**
 * carveout_owner_enter() - Act with the credentials of an owner object
 * @owner: the owner object; NULL to keep those of the task
 *
 * Context: Process context. carveout_owner_leave() has to follow in the same function.
 * Return: the credentials of the task, for carveout_owner_leave().
 */
static inline const struct cred *carveout_owner_enter(const struct carveout_owner *owner)
{
	return owner ? override_creds(owner->cred) : NULL;
}

/**
 * carveout_owner_leave() - Act with the credentials of the task again
 * @owner: the owner object that was entered, or NULL
 * @cred: as returned by carveout_owner_enter()
 *
 * Context: Process context.
 */
static inline void carveout_owner_leave(const struct carveout_owner *owner,
					const struct cred *cred)
{
	if (owner)
		revert_creds(cred);
}

struct carveout_buf *carveout_owner_buf_create(struct carveout *carveout,
					       struct carveout_owner *owner,
					       const struct carveout_buf_spec *spec);
struct carveout_pool *carveout_owner_pool_create(struct carveout *carveout,
						 struct carveout_owner *owner,
						 struct carveout_pool_spec *spec);
struct carveout_buf *carveout_owner_lookup(struct carveout_owner *owner, const char *tag,
					   bool write);
struct carveout_buf *carveout_owner_open(struct carveout *carveout,
					 struct carveout_owner *owner, const char *tag);

#endif /* CARVEOUT_API_OWNER_H */
