/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Remote processors: their policy, and the memory that they hold.
 *
 * The module uses carveout as any other driver does, through <linux/carveout.h>.
 */
#ifndef CARVEOUT_RPMSG_REMOTE_H
#define CARVEOUT_RPMSG_REMOTE_H

#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/carveout.h>
#include <linux/carveout_remote.h>
#include <linux/device.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/uidgid.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include <uapi/linux/carveout_rpmsg.h>

struct carveout_directory;
struct carveout_reports;

/* Most started sessions of a processor, with a channel or held. */
#define CARVEOUT_REMOTE_SESSIONS	16

/* Most heaps of a processor. */
#define CARVEOUT_REMOTE_HEAPS	8

/**
 * struct carveout_window - A range of physical memory as a processor sees it
 * @addr: address of the processor
 * @phys: physical address
 * @size: bytes
 */
struct carveout_window {
	u64 addr;
	u64 phys;
	u64 size;
};

/**
 * struct carveout_policy - Rights of a processor, from its firmware node
 * @nr_heaps: number of heaps
 * @heap: the heaps, each with a reference
 * @open: prefixes of the tags that it may open; none for all
 * @nr_open: number of @open
 * @create: prefixes of the tags that it may create and unlink; none for all
 * @nr_create: number of @create
 * @window: memory that it sees; none for all memory at its physical address
 * @nr_windows: number of @window
 * @uid: user that owns its buffers
 * @gid: group of its buffers
 * @quota: limit in bytes in each heap, 0 for that of an open file of the device node
 * @handles: most handles of a session
 * @waits: most waits of the processor at a time
 * @slots: slots of the directory, 0 for none
 */
struct carveout_policy {
	unsigned int nr_heaps;
	struct carveout *heap[CARVEOUT_REMOTE_HEAPS];
	const char **open;
	unsigned int nr_open;
	const char **create;
	unsigned int nr_create;
	struct carveout_window *window;
	unsigned int nr_windows;
	kuid_t uid;
	kgid_t gid;
	u64 quota;
	u32 handles;
	u32 waits;
	u32 slots;
};

/**
 * struct carveout_remote - A remote processor, known from its first channel to the end of
 *	the module
 * @node: entry in the list of all
 * @dev: its device in sysfs
 * @lock: guards the following members
 * @last_session: number of the latest session
 * @held: sessions without a channel, whose memory the processor may still access
 * @nr_held: number of @held, @stopped and @reset, and of those that are being ended
 * @stopped: sessions of a run of the processor that has ended, maybe by a reset
 * @reset: sessions of a run that a reset has ended, to be released
 * @release_work: releases @reset, and @stopped after a reset, and ends @reports
 * @reports: reports of its remoteproc, see stop.c; NULL without one, and between two runs
 * @nr_started: number of started sessions, with a channel or without
 * @next_update: end of the pause after the last update of a directory, in jiffies; without @lock
 * @nr_waits: number of waits of all its channels, including those whose answer is not sent yet;
 *	without @lock
 */
struct carveout_remote {
	struct list_head node;
	struct device dev;
	struct mutex lock;	/* sessions */
	u32 last_session;
	struct list_head held;
	unsigned int nr_held;
	struct list_head stopped;
	struct list_head reset;
	struct work_struct release_work;
	struct carveout_reports *reports;
	unsigned int nr_started;
	unsigned long next_update;
	atomic_t nr_waits;
};

/**
 * struct carveout_remote_session - References of a processor, from a hello to their end
 * @node: entry in carveout_remote.held, .stopped or .reset
 * @remote: the processor (invariant)
 * @number: its number, never 0 (invariant)
 * @policy: rights of the processor (invariant)
 * @started: the processor has accepted it, and may hold memory
 * @bits: bits of an address of the processor, once @started
 * @owner: owner object in each heap, with a reference (invariant)
 * @refs: its handles
 * @read_only: handles that do not permit writing
 * @directory: its directory, or NULL
 */
struct carveout_remote_session {
	struct list_head node;
	struct carveout_remote *remote;
	u32 number;
	struct carveout_policy policy;
	bool started;
	u32 bits;
	struct carveout_owner *owner[CARVEOUT_REMOTE_HEAPS];
	struct carveout_session *refs;
	struct xarray read_only;
	struct carveout_directory *directory;
};

extern struct workqueue_struct *carveout_rpmsg_wq;

/* remote.c */
int carveout_remotes_init(void);
void carveout_remotes_exit(void);
struct carveout_remote_session *carveout_remote_session_open(struct device *channel);

/* session.c */
struct carveout_remote_session *carveout_remote_session_create(struct carveout_remote *remote,
							       struct device *dev, u32 number);
int carveout_remote_session_start(struct carveout_remote_session *session, u32 bits);
void carveout_remote_session_end(struct carveout_remote_session *session);

/* address.c */
int carveout_remote_address(const struct carveout_remote_session *session, u64 phys,
			    u64 size, u64 *addr);
phys_addr_t carveout_remote_max_addr(const struct carveout_remote_session *session);
u64 carveout_remote_regions(const struct carveout_remote_session *session, unsigned int heap);

/* directory.c */
void carveout_directory_update(struct carveout_directory *directory);
int carveout_directory_release(struct carveout_directory *directory, u32 removal, u32 *count);
void carveout_directory_close(struct carveout_directory *directory);
void carveout_directory_free(struct carveout_directory *directory);
void carveout_directory_describe(const struct carveout_directory *directory, u64 *addr,
				 u32 *slots);

/* stop.c */
struct device *carveout_reports_device(struct device *channel);
int carveout_reports_add(struct carveout_remote *remote, struct device *channel);
void carveout_reports_remove(struct carveout_remote *remote);
unsigned int carveout_remote_release(struct carveout_remote *remote);
void carveout_remote_session_hold(struct carveout_remote_session *session);
void carveout_remote_release_work(struct work_struct *work);

/* policy.c */
bool carveout_policy_present(struct device *dev);
struct device *carveout_policy_device(struct device *dev);
int carveout_policy_read(struct carveout_policy *policy, struct device *dev);
void carveout_policy_free(struct carveout_policy *policy);
bool carveout_policy_permits(const char * const *prefix, unsigned int count, const char *tag);

#endif /* CARVEOUT_RPMSG_REMOTE_H */
