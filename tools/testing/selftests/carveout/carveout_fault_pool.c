// SPDX-License-Identifier: GPL-2.0
/*
 * Kernel memory runs out in the system calls of pools. A call that fails leaves the blocks
 * with their owners, too, and succeeds when it is repeated. See carveout_fault.h.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/time.h>

#include "carveout_fault.h"

/* All blocks together have SIZE bytes. */
#define BLOCKS	4

/* The owner of pools whose callers have no other objects in the heap. */
#define OTHER	1000

/* === Pools ================================================================ */

/* The pool as its two clients see it. */
static int query_clients(const struct _test_data_fault *self,
			 struct carveout_ioctl_pool_query clients[2])
{
	return query_pool(self->fd, &clients[0]) ?: query_pool(self->beside, &clients[1]);
}

static bool same_client(const struct carveout_ioctl_pool_query *before,
			const struct carveout_ioctl_pool_query *now)
{
	return now->free == before->free && now->waiters == before->waiters &&
	       now->used_file == before->used_file && now->client == before->client;
}

/* No block has another owner, and there are no more waiters. */
static bool blocks_unchanged(const struct _test_data_fault *self)
{
	struct carveout_ioctl_pool_query now[2];

	return !query_clients(self, now) && same_client(&self->clients[0], &now[0]) &&
	       same_client(&self->clients[1], &now[1]);
}

/* A pool with a tag; the call is one of the device node. */
static int one_pool(struct _test_data_fault *self)
{
	self->fd = create_pool_tag(self->heap.node, PAGE, BLOCKS, TAG, 0, 0600);
	return self->fd < 0 ? self->fd : 0;
}

static int open_beside(struct _test_data_fault *self)
{
	self->target = self->fd;
	self->beside = open_pool(self->heap.node, TAG);
	return self->beside < 0 ? self->beside : query_clients(self, self->clients);
}

/* A pool with two clients; the call is one of the first. */
static int two_clients(struct _test_data_fault *self)
{
	return one_pool(self) ?: open_beside(self);
}

/* One client has a block. */
static int acquire_for(struct _test_data_fault *self, int client)
{
	int index = acquire_block_nowait(client);

	if (index < 0)
		return index;
	self->block.index = index;
	self->block.serial = serial_of(client, index);
	return query_clients(self, self->clients);
}

static int block_of_caller(struct _test_data_fault *self)
{
	return two_clients(self) ?: acquire_for(self, self->fd);
}

static int block_of_another(struct _test_data_fault *self)
{
	return two_clients(self) ?: acquire_for(self, self->beside);
}

/*
 * A pool of another user, without free blocks. The heap has no account of the caller, so
 * its wait for a block makes one.
 */
static int full_pool_of_another(struct _test_data_fault *self)
{
	int err = act_as(OTHER);

	if (err)
		return err;
	err = one_pool(self);
	if (act_as(0))
		return -EPERM;
	err = err ?: open_beside(self);
	while (!err && acquire_block_nowait(self->beside) >= 0)
		;
	return err ?: query_clients(self, self->clients);
}

static void ignore_signal(int nr)
{
	(void)nr;
}

/* A signal ends a wait of the caller, which leaves it a ticket. Then a block is free. */
static int ticket_for_block(struct _test_data_fault *self)
{
	/* Again and again: the first signal may precede the wait. */
	static const struct itimerval often = { { 0, 20000 }, { 0, 20000 } }, never;
	struct sigaction action = { .sa_handler = ignore_signal };
	int err = full_pool_of_another(self);

	if (err)
		return err;
	if (sigaction(SIGALRM, &action, NULL) || setitimer(ITIMER_REAL, &often, NULL))
		return -errno;
	self->block = (struct carveout_ioctl_pool_acquire){ .deadline = NONE };
	err = xioctl(self->fd, CARVEOUT_POOL_IOCTL_ACQUIRE, &self->block);
	setitimer(ITIMER_REAL, &never, NULL);
	if (err != -EINTR || !self->block.ticket)
		return -EIO;
	return release_block(self->beside, 0) ?: query_clients(self, self->clients);
}

/* === The calls ============================================================ */

static void fill_create(struct _test_data_fault *self)
{
	self->arg.pool_create = pool_request(PAGE, BLOCKS);
}

static void fill_create_tag(struct _test_data_fault *self)
{
	fill_create(self);
	self->arg.pool_create.flags = CARVEOUT_ALLOC_PERSIST;
	self->arg.pool_create.mode = 0600;
	set_name(self->arg.pool_create.tag, TAG);
}

static void fill_create_open(struct _test_data_fault *self)
{
	fill_create_tag(self);
	self->arg.pool_create.flags = CARVEOUT_ALLOC_OPEN;
}

static void fill_open(struct _test_data_fault *self)
{
	set_name(self->arg.pool_open.tag, TAG);
	self->arg.pool_open.fd_flags = O_RDWR | O_CLOEXEC;
}

static void fill_acquire(struct _test_data_fault *self)
{
	self->arg.pool_acquire.flags = CARVEOUT_POOL_ACQUIRE_NOWAIT;
}

/* The deadline is in the past. */
static void fill_acquire_late(struct _test_data_fault *self)
{
	self->arg.pool_acquire.deadline = 1;
}

static int call_acquire_late(struct _test_data_fault *self)
{
	int err = call_ioctl(self, CARVEOUT_POOL_IOCTL_ACQUIRE);

	return err == -ETIMEDOUT ? 0 : err ?: -EIO;
}

/* The block is free. If it were not, the call would end with another error. */
static void fill_acquire_ticket(struct _test_data_fault *self)
{
	self->arg.pool_acquire.deadline = now_ns() + SETTLE_MS * MS;
	self->arg.pool_acquire.ticket = self->block.ticket;
}

static void fill_release(struct _test_data_fault *self)
{
	self->arg.pool_release.index = self->block.index;
	self->arg.pool_release.serial = self->block.serial;
}

static void fill_release_any(struct _test_data_fault *self)
{
	fill_release(self);
	self->arg.pool_release.flags = CARVEOUT_POOL_RELEASE_ANY;
}

static void fill_move(struct _test_data_fault *self)
{
	self->arg.pool_move.index = self->block.index;
	self->arg.pool_move.serial = self->block.serial;
	self->arg.pool_move.to = self->clients[1].client;
}

/* One block: a fault is then in the call, or in the only block of it. */
static void fill_batch(struct _test_data_fault *self)
{
	self->ref = (struct carveout_pool_ref){
		.index = self->block.index, .serial = self->block.serial,
	};
	self->arg.pool_batch.refs = (uintptr_t)&self->ref;
	self->arg.pool_batch.count = 1;
}

static void fill_move_batch(struct _test_data_fault *self)
{
	fill_batch(self);
	self->arg.pool_batch.to = self->clients[1].client;
}

static void fill_export(struct _test_data_fault *self)
{
	self->arg.pool_export.fd_flags = O_RDWR | O_CLOEXEC;
}

static void fill_sync(struct _test_data_fault *self)
{
	self->arg.pool_sync.index = self->block.index;
	self->arg.pool_sync.flags = CARVEOUT_SYNC_FLAGS;
	self->arg.pool_sync.size = PAGE;
}

/* === All of them ========================================================== */

/* Only the fault points of the driver count: its allocations and copies. */
FIXTURE_VARIANT_ADD(fault, pool_create) {
	.fill = fill_create, .cmd = CARVEOUT_IOCTL_POOL_CREATE,
	.points = 6, .memory = true,
};

FIXTURE_VARIANT_ADD(fault, pool_create_tag) {
	.fill = fill_create_tag, .cmd = CARVEOUT_IOCTL_POOL_CREATE,
	.points = 6, .memory = true,
};

FIXTURE_VARIANT_ADD(fault, pool_create_open) {
	.setup = one_pool, .fill = fill_create_open, .cmd = CARVEOUT_IOCTL_POOL_CREATE,
	.points = 3, .memory = true,
};

FIXTURE_VARIANT_ADD(fault, pool_open) {
	.setup = one_pool, .fill = fill_open, .cmd = CARVEOUT_IOCTL_POOL_OPEN,
	.points = 3, .memory = true,
};

FIXTURE_VARIANT_ADD(fault, acquire) {
	.setup = two_clients, .fill = fill_acquire, .cmd = CARVEOUT_POOL_IOCTL_ACQUIRE,
	.unchanged = blocks_unchanged, .points = 2,
};

FIXTURE_VARIANT_ADD(fault, acquire_late) {
	.setup = full_pool_of_another, .fill = fill_acquire_late, .call = call_acquire_late,
	.unchanged = blocks_unchanged, .points = 2, .memory = true,
};

FIXTURE_VARIANT_ADD(fault, acquire_ticket) {
	.setup = ticket_for_block, .fill = fill_acquire_ticket,
	.cmd = CARVEOUT_POOL_IOCTL_ACQUIRE, .unchanged = blocks_unchanged,
	.points = 3, .memory = true,
};

FIXTURE_VARIANT_ADD(fault, release) {
	.setup = block_of_caller, .fill = fill_release, .cmd = CARVEOUT_POOL_IOCTL_RELEASE,
	.unchanged = blocks_unchanged, .points = 1,
};

FIXTURE_VARIANT_ADD(fault, release_any) {
	.setup = block_of_another, .fill = fill_release_any,
	.cmd = CARVEOUT_POOL_IOCTL_RELEASE, .unchanged = blocks_unchanged, .points = 1,
};

FIXTURE_VARIANT_ADD(fault, pool_move) {
	.setup = block_of_caller, .fill = fill_move, .cmd = CARVEOUT_POOL_IOCTL_MOVE,
	.unchanged = blocks_unchanged, .points = 2,
};

FIXTURE_VARIANT_ADD(fault, acquire_batch) {
	.setup = two_clients, .fill = fill_batch, .cmd = CARVEOUT_POOL_IOCTL_ACQUIRE_BATCH,
	.unchanged = blocks_unchanged, .points = 4, .memory = true,
};

FIXTURE_VARIANT_ADD(fault, release_batch) {
	.setup = block_of_caller, .fill = fill_batch,
	.cmd = CARVEOUT_POOL_IOCTL_RELEASE_BATCH, .unchanged = blocks_unchanged,
	.points = 4, .memory = true,
};

FIXTURE_VARIANT_ADD(fault, move_batch) {
	.setup = block_of_caller, .fill = fill_move_batch,
	.cmd = CARVEOUT_POOL_IOCTL_MOVE_BATCH, .unchanged = blocks_unchanged, .points = 6,
	.memory = true,
};

FIXTURE_VARIANT_ADD(fault, pool_export) {
	.setup = block_of_caller, .fill = fill_export, .cmd = CARVEOUT_POOL_IOCTL_EXPORT,
	.unchanged = blocks_unchanged, .points = 3, .memory = true,
};

FIXTURE_VARIANT_ADD(fault, pool_sync) {
	.setup = block_of_another, .fill = fill_sync, .cmd = CARVEOUT_POOL_IOCTL_SYNC,
	.unchanged = blocks_unchanged, .points = 1,
};

FIXTURE_VARIANT_ADD(fault, pool_query) {
	.setup = block_of_caller, .cmd = CARVEOUT_POOL_IOCTL_QUERY,
	.unchanged = blocks_unchanged, .points = 2,
};

FIXTURE_VARIANT_ADD(fault, pool_destroy) {
	.setup = block_of_caller, .cmd = CARVEOUT_POOL_IOCTL_DESTROY,
	.unchanged = blocks_unchanged, .points = 1,
};

FIXTURE_VARIANT_ADD(fault, pool_mmap) {
	.setup = block_of_caller, .call = call_mmap, .unchanged = blocks_unchanged,
	.points = 1, .memory = true,
};

FIXTURE_VARIANT_ADD(fault, pool_close) {
	.setup = block_of_caller, .call = call_close,
};

int main(int argc, char **argv)
{
	return run_with_faults(argc, argv);
}
