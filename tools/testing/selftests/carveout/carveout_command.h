/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Fixture of the tests of the entry of the ioctls: each command is a variant, with the
 * objects of a valid call.
 */
#ifndef CARVEOUT_COMMAND_H
#define CARVEOUT_COMMAND_H

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "carveout_fixture.h"

#define TAG		"ioctl.door"
#define NEW_TAG		"ioctl.new"
#define POOL_TAG	"ioctl.pool"

FIXTURE(command) {
	struct heap heap;
	int buffer;			/* carries TAG */
	int nameless;			/* never had a tag */
	int pool;			/* carries POOL_TAG */
	int block;			/* of the pool, in use */
	__u64 serial;			/* of that block */
	struct carveout_pool_ref ref;	/* of a batch */
	int fresh;			/* a file of the device node without typed memory */
	int typed;			/* one with it */
	int holder;			/* /dev/carveout-dmabuf */
	void *mem;			/* a mapping of typed memory */
	struct carveout_sync_range range;
	struct carveout_buffer_info entries[4];
	struct heap_snapshot armed;	/* with the objects above, before the call */
};

FIXTURE_VARIANT(command) {
	unsigned long cmd;
	size_t ver0;
	bool silent;			/* there is no reply to write */
};

#define CALL(number, size, no_reply)		\
	.cmd = CARVEOUT_ ## number,		\
	.ver0 = CARVEOUT_ ## size ## _SIZE_VER0,	\
	.silent = no_reply

FIXTURE_VARIANT_ADD(command, query) { CALL(IOCTL_QUERY, QUERY, false) };
FIXTURE_VARIANT_ADD(command, region) { CALL(IOCTL_REGION, REGION, false) };
FIXTURE_VARIANT_ADD(command, alloc) { CALL(IOCTL_ALLOC, ALLOC, false) };
FIXTURE_VARIANT_ADD(command, open) { CALL(IOCTL_OPEN, OPEN, false) };
FIXTURE_VARIANT_ADD(command, unlink) { CALL(IOCTL_UNLINK, UNLINK, true) };
FIXTURE_VARIANT_ADD(command, list) { CALL(IOCTL_LIST, LIST, false) };
FIXTURE_VARIANT_ADD(command, spans) { CALL(IOCTL_SPANS, LIST, false) };
FIXTURE_VARIANT_ADD(command, info) { CALL(IOCTL_INFO, INFO, false) };
FIXTURE_VARIANT_ADD(command, link) { CALL(IOCTL_LINK, LINK, false) };
FIXTURE_VARIANT_ADD(command, setattr) { CALL(IOCTL_SETATTR, SETATTR, true) };
FIXTURE_VARIANT_ADD(command, sync) { CALL(IOCTL_SYNC, SYNC, true) };
FIXTURE_VARIANT_ADD(command, resize) { CALL(IOCTL_RESIZE, RESIZE, false) };
FIXTURE_VARIANT_ADD(command, pool_create) { CALL(IOCTL_POOL_CREATE, POOL_CREATE, false) };
FIXTURE_VARIANT_ADD(command, pool_open) { CALL(IOCTL_POOL_OPEN, POOL_OPEN, false) };
FIXTURE_VARIANT_ADD(command, typed) { CALL(IOCTL_TYPED, TYPED, true) };
FIXTURE_VARIANT_ADD(command, typed_info) { CALL(IOCTL_TYPED_INFO, TYPED_INFO, false) };
FIXTURE_VARIANT_ADD(command, locate) { CALL(IOCTL_LOCATE, LOCATE, false) };
FIXTURE_VARIANT_ADD(command, pool_acquire) { CALL(POOL_IOCTL_ACQUIRE, POOL_ACQUIRE, false) };
FIXTURE_VARIANT_ADD(command, pool_release) { CALL(POOL_IOCTL_RELEASE, POOL_RELEASE, true) };
FIXTURE_VARIANT_ADD(command, pool_query) { CALL(POOL_IOCTL_QUERY, POOL_QUERY, false) };
FIXTURE_VARIANT_ADD(command, pool_destroy) { CALL(POOL_IOCTL_DESTROY, POOL_DESTROY, true) };
FIXTURE_VARIANT_ADD(command, pool_move) { CALL(POOL_IOCTL_MOVE, POOL_MOVE, false) };
FIXTURE_VARIANT_ADD(command, pool_export) { CALL(POOL_IOCTL_EXPORT, POOL_EXPORT, false) };
FIXTURE_VARIANT_ADD(command, pool_sync) { CALL(POOL_IOCTL_SYNC, POOL_SYNC, true) };
FIXTURE_VARIANT_ADD(command, batch_acq) { CALL(POOL_IOCTL_ACQUIRE_BATCH, POOL_BATCH, false) };
FIXTURE_VARIANT_ADD(command, batch_rel) { CALL(POOL_IOCTL_RELEASE_BATCH, POOL_BATCH, false) };
FIXTURE_VARIANT_ADD(command, batch_move) { CALL(POOL_IOCTL_MOVE_BATCH, POOL_BATCH, false) };

/* A pool with a block in use. */
static int arm_pool(struct _test_data_command *self)
{
	self->pool = create_pool_tag(self->heap.node, 64, 16, POOL_TAG,
				     CARVEOUT_ALLOC_OPEN, 0600);
	self->block = self->pool < 0 ? self->pool : acquire_block_nowait(self->pool);
	self->serial = serial_of(self->pool, self->block);
	return self->block < 0 ? self->block : 0;
}

/* Files of the device node with typed memory and without, and a mapping of the former. */
static int arm_typed(struct _test_data_command *self)
{
	self->fresh = open_node();
	self->typed = open_typed(0, CARVEOUT_TYPED_ALLOCATE);
	self->holder = open("/dev/carveout-dmabuf", O_RDONLY | O_CLOEXEC);
	self->mem = map_buffer(self->typed, 4 * KIB, PROT_READ | PROT_WRITE);
	return self->fresh < 0 || self->holder < 0 || self->mem == MAP_FAILED ? -errno : 0;
}

static void disarm_typed(struct _test_data_command *self)
{
	munmap(self->mem, 4 * KIB);
	close(self->holder);
	close(self->typed);
	close(self->fresh);
}

/* The file descriptor that takes a command: a device node or a pool. */
static int target(const struct _test_data_command *self, unsigned long cmd)
{
	switch (_IOC_NR(cmd)) {
	case _IOC_NR(CARVEOUT_IOCTL_TYPED):
		return self->fresh;
	case _IOC_NR(CARVEOUT_IOCTL_TYPED_INFO):
		return self->typed;
	case _IOC_NR(CARVEOUT_IOCTL_LOCATE):
		return self->holder;
	}
	return _IOC_NR(cmd) < _IOC_NR(CARVEOUT_POOL_IOCTL_ACQUIRE) ? self->heap.node :
								 self->pool;
}

FIXTURE_SETUP(command)
{
	if (!heap_name())
		SKIP(return, NO_HEAP);
	ASSERT_EQ(0, heap_begin(&self->heap));
	self->buffer = alloc_tag(self->heap.node, 4 * KIB, TAG,
				 CARVEOUT_ALLOC_PERSIST, 0600);
	ASSERT_LE(0, self->buffer);
	self->nameless = alloc_buffer(self->heap.node, 4 * KIB);
	ASSERT_LE(0, self->nameless);
	self->range.size = 4 * KIB;
	ASSERT_EQ(0, arm_pool(self));
	ASSERT_EQ(0, arm_typed(self));
	ASSERT_EQ(0, take_snapshot(&self->armed));
}

FIXTURE_TEARDOWN_PARENT(command)
{
	int node = open(heap_path(), O_RDWR | O_CLOEXEC);

	/* All tests but those of a successful unlink leave the tag. */
	unlink_tag(node, TAG);
	close(node);
	HEAP_TEARDOWN(&self->heap);
}

/* One block of the pool, the one in use. */
static void fill_batch(struct _test_data_command *self, struct carveout_ioctl_pool_batch *batch)
{
	self->ref = (struct carveout_pool_ref){ .index = self->block, .serial = self->serial };
	batch->refs = (uintptr_t)&self->ref;
	batch->count = 1;
}

/* A valid argument of the command. */
static void fill_argument(struct _test_data_command *self, unsigned long cmd,
			  void *arg)
{
	union argument fill;

	memset(&fill, 0, sizeof(fill));
	switch (cmd) {
	case CARVEOUT_IOCTL_ALLOC:
		fill.alloc = alloc_request(4 * KIB);
		break;
	case CARVEOUT_IOCTL_OPEN:
		set_name(fill.open.tag, TAG);
		fill.open.fd_flags = O_RDWR | O_CLOEXEC;
		break;
	case CARVEOUT_IOCTL_UNLINK:
		set_name(fill.unlink.tag, TAG);
		break;
	case CARVEOUT_IOCTL_LIST:
		fill.list.entries = (uintptr_t)self->entries;
		fill.list.entry_size = sizeof(struct carveout_buffer_info);
		fill.list.count = 4;
		break;
	case CARVEOUT_IOCTL_SPANS:
		fill.list.entries = (uintptr_t)self->entries;
		fill.list.entry_size = sizeof(struct carveout_ioctl_span);
		fill.list.count = 4;
		break;
	case CARVEOUT_IOCTL_INFO:
		fill.info.fd = self->buffer;
		fill.info.entry = (uintptr_t)self->entries;
		fill.info.entry_size = sizeof(struct carveout_buffer_info);
		break;
	case CARVEOUT_IOCTL_LINK:
		set_name(fill.link.tag, NEW_TAG);
		fill.link.fd = self->nameless;
		break;
	case CARVEOUT_IOCTL_SETATTR:
		set_name(fill.setattr.tag, TAG);
		fill.setattr.flags = CARVEOUT_SETATTR_MODE;
		fill.setattr.mode = 0600;
		break;
	case CARVEOUT_IOCTL_SYNC:
		fill.sync.fd = self->buffer;
		fill.sync.flags = CARVEOUT_SYNC_FLAGS;
		fill.sync.ranges = (uintptr_t)&self->range;
		fill.sync.count = 1;
		break;
	case CARVEOUT_IOCTL_RESIZE:
		fill.resize.fd = self->nameless;
		fill.resize.size = 4 * KIB;
		fill.resize.fd_flags = O_RDWR | O_CLOEXEC;
		break;
	case CARVEOUT_IOCTL_POOL_CREATE:
		fill.pool_create = pool_request(64, 16);
		break;
	case CARVEOUT_IOCTL_POOL_OPEN:
		set_name(fill.pool_open.tag, POOL_TAG);
		fill.pool_open.fd_flags = O_RDWR | O_CLOEXEC;
		break;
	case CARVEOUT_IOCTL_TYPED:
		fill.typed.regions = 1;
		fill.typed.flags = CARVEOUT_TYPED_ALLOCATE;
		break;
	case CARVEOUT_IOCTL_LOCATE:
		fill.locate.addr = (uintptr_t)self->mem;
		fill.locate.length = 4 * KIB;
		fill.locate.flags = CARVEOUT_LOCATE_EXPORT;
		fill.locate.fd_flags = O_CLOEXEC;
		break;
	case CARVEOUT_POOL_IOCTL_ACQUIRE:
		fill.pool_acquire.deadline = CARVEOUT_DEADLINE_NONE;
		break;
	case CARVEOUT_POOL_IOCTL_RELEASE:
		fill.pool_release.index = self->block;
		fill.pool_release.serial = self->serial;
		break;
	case CARVEOUT_POOL_IOCTL_MOVE:
		fill.pool_move.index = self->block;
		fill.pool_move.serial = self->serial;
		fill.pool_move.to = client_of(self->pool);
		break;
	case CARVEOUT_POOL_IOCTL_MOVE_BATCH:
		fill_batch(self, &fill.pool_batch);
		fill.pool_batch.to = client_of(self->pool);
		break;
	case CARVEOUT_POOL_IOCTL_ACQUIRE_BATCH:
	case CARVEOUT_POOL_IOCTL_RELEASE_BATCH:
		fill_batch(self, &fill.pool_batch);
		break;
	case CARVEOUT_POOL_IOCTL_EXPORT:
		fill.pool_export.fd_flags = O_RDWR | O_CLOEXEC;
		break;
	case CARVEOUT_POOL_IOCTL_SYNC:
		fill.pool_sync.flags = CARVEOUT_SYNC_FLAGS;
		fill.pool_sync.size = 64;
		break;
	}
	memcpy(arg, &fill, _IOC_SIZE(cmd));
}

/* Undo a successful call, so that the heap is armed as before. */
static int undo(struct _test_data_command *self, unsigned long cmd, void *arg)
{
	struct carveout_ioctl_alloc *alloc = arg;
	struct carveout_ioctl_open *open = arg;
	struct carveout_ioctl_resize *resize = arg;
	struct carveout_ioctl_pool_create *pool_create = arg;
	struct carveout_ioctl_pool_open *pool_open = arg;
	struct carveout_ioctl_pool_acquire *pool_acquire = arg;

	switch (_IOC_NR(cmd)) {
	case _IOC_NR(CARVEOUT_IOCTL_ALLOC):
		return close(alloc->fd);
	case _IOC_NR(CARVEOUT_IOCTL_OPEN):
		return close(open->fd);
	case _IOC_NR(CARVEOUT_IOCTL_UNLINK):
		close(self->buffer);
		self->buffer = alloc_tag(self->heap.node, 4 * KIB, TAG,
					 CARVEOUT_ALLOC_PERSIST, 0600);
		return self->buffer < 0 ? self->buffer : 0;
	case _IOC_NR(CARVEOUT_IOCTL_LINK):
		close(self->nameless);
		self->nameless = alloc_buffer(self->heap.node, 4 * KIB);
		return self->nameless < 0 ? self->nameless : 0;
	case _IOC_NR(CARVEOUT_IOCTL_RESIZE):
		close(self->nameless);
		self->nameless = resize->new_fd;
		return 0;
	case _IOC_NR(CARVEOUT_IOCTL_POOL_CREATE):
		return close(pool_create->fd);
	case _IOC_NR(CARVEOUT_IOCTL_POOL_OPEN):
		return close(pool_open->fd);
	case _IOC_NR(CARVEOUT_IOCTL_TYPED):
		close(self->fresh);
		self->fresh = open_node();
		return self->fresh < 0 ? self->fresh : 0;
	case _IOC_NR(CARVEOUT_IOCTL_LOCATE):
		return close(((struct carveout_ioctl_locate *)arg)->dmabuf);
	case _IOC_NR(CARVEOUT_POOL_IOCTL_ACQUIRE):
		return release_serial(self->pool, pool_acquire->index, pool_acquire->serial, 0);
	case _IOC_NR(CARVEOUT_POOL_IOCTL_RELEASE):
	case _IOC_NR(CARVEOUT_POOL_IOCTL_RELEASE_BATCH):
		self->block = acquire_block_nowait(self->pool);
		self->serial = serial_of(self->pool, self->block);
		return self->block < 0 ? self->block : 0;
	case _IOC_NR(CARVEOUT_POOL_IOCTL_MOVE):
		self->serial = ((struct carveout_ioctl_pool_move *)arg)->new_serial;
		return 0;
	case _IOC_NR(CARVEOUT_POOL_IOCTL_ACQUIRE_BATCH):
		return release_serial(self->pool, self->ref.index, self->ref.serial, 0);
	case _IOC_NR(CARVEOUT_POOL_IOCTL_MOVE_BATCH):
		self->serial = self->ref.serial;
		return 0;
	case _IOC_NR(CARVEOUT_POOL_IOCTL_EXPORT):
		return close(((struct carveout_ioctl_pool_export *)arg)->fd);
	case _IOC_NR(CARVEOUT_POOL_IOCTL_DESTROY):
		close(self->pool);
		return arm_pool(self);
	}
	return 0;
}

#endif /* CARVEOUT_COMMAND_H */
