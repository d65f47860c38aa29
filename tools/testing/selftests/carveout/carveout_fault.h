/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Fixture of the tests with injected faults: a system call of the driver with its first
 * allocation failing, its second, and so on until none is left; likewise every copy from
 * and to user space. Then again with all allocations failing from some point on. A call
 * that fails returns the error and leaves everything unchanged. A program adds the calls,
 * each a variant.
 *
 * The kernel injects the faults; see fault-injection.rst in its documentation.
 * The failing part may as well belong to the kernel's own part of the call. The
 * kernel tolerates some of these failures, and then the call succeeds in spite
 * of the fault.
 */
#ifndef CARVEOUT_FAULT_H
#define CARVEOUT_FAULT_H

#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "carveout_fixture.h"

#define SIZE		(4 * PAGE)
#define TAG		"fault.tag"

/* No call reaches so many fault points, or needs so much memory. */
#define POINTS_MAX	1000
#define BUDGET_MAX	(64 * 1024)
#define BUDGET_STEP	64

FIXTURE(fault) {
	struct heap heap;
	struct faults faults;
	int target;		/* the file of an ioctl */
	int fd;			/* object of the call */
	int beside;		/* another object, which the call affects or depends on */
	int made;		/* a file descriptor that the call made */
	void *mem;		/* a mapping that the call made, or works on */
	struct carveout_sync_range range;
	struct carveout_buffer_info entries[4];
	struct carveout_ioctl_pool_acquire block;	/* a block of a pool, or a ticket */
	struct carveout_pool_ref ref;			/* of a batch */
	struct carveout_ioctl_pool_query clients[2];	/* a pool as @fd and @beside see it */
	union argument arg;
};

FIXTURE_VARIANT(fault) {
	int (*setup)(struct _test_data_fault *self);	/* makes its objects */
	void (*fill)(struct _test_data_fault *self);	/* fills in @arg, each time */
	unsigned long cmd;		/* an ioctl, */
	int (*call)(struct _test_data_fault *self);	/* or another system call */
	bool (*unchanged)(const struct _test_data_fault *self);	/* beside the heap */
	unsigned int points;		/* minimum number of points that make it fail */
	bool memory;			/* it allocates memory */
};

/* === Calls ================================================================ */

/* The file descriptor that a successful ioctl made, or -1. */
static inline int made_by(const union argument *arg, unsigned long cmd)
{
	switch (cmd) {
	case CARVEOUT_IOCTL_ALLOC:
		return arg->alloc.fd;
	case CARVEOUT_IOCTL_OPEN:
		return arg->open.fd;
	case CARVEOUT_IOCTL_RESIZE:
		return arg->resize.new_fd;
	case CARVEOUT_IOCTL_POOL_CREATE:
		return arg->pool_create.fd;
	case CARVEOUT_IOCTL_POOL_OPEN:
		return arg->pool_open.fd;
	case CARVEOUT_POOL_IOCTL_EXPORT:
		return arg->pool_export.fd;
	}
	return -1;
}

static inline int call_ioctl(struct _test_data_fault *self, unsigned long cmd)
{
	int err = xioctl(self->target, cmd, &self->arg);

	if (!err)
		self->made = made_by(&self->arg, cmd);
	return err;
}

static inline int call_close(struct _test_data_fault *self)
{
	int err = close(self->fd) ? -errno : 0;

	self->fd = -1;
	return err;
}

static inline int call_mmap(struct _test_data_fault *self)
{
	self->mem = map_buffer(self->fd, SIZE, PROT_READ | PROT_WRITE);
	return self->mem == MAP_FAILED ? -errno : 0;
}

/* === A call with a fault ================================================== */

static inline int setup_call(struct _test_data_fault *self,
			     const struct _fixture_variant_fault *variant)
{
	self->target = self->heap.node;
	self->fd = -1;
	self->beside = -1;
	self->made = -1;
	self->mem = MAP_FAILED;
	return variant->setup ? variant->setup(self) : 0;
}

/* Remove the objects that were made for the call, and by it. */
static inline void cleanup_call(struct _test_data_fault *self)
{
	unlink_tag(self->heap.node, TAG);
	if (self->mem != MAP_FAILED)
		munmap(self->mem, SIZE);
	close(self->made);
	close(self->fd);
	close(self->beside);
}

static inline int make_call(struct _test_data_fault *self,
			    const struct _fixture_variant_fault *variant)
{
	return variant->call ? variant->call(self) :
			       call_ioctl(self, variant->cmd);
}

static inline void fill_call(struct _test_data_fault *self,
			     const struct _fixture_variant_fault *variant)
{
	memset(&self->arg, 0, sizeof(self->arg));
	if (variant->fill)
		variant->fill(self);
}

FIXTURE_SETUP(fault)
{
	int err;

	if (!heap_name())
		SKIP(return, NO_HEAP);
	ASSERT_EQ(0, heap_begin(&self->heap));
	ASSERT_EQ(0, prepare_faults(&self->faults));
	err = setup_call(self, variant);
	if (err == 1)
		SKIP(return, "the heap has no region of this kind");
	ASSERT_EQ(0, err);
}

FIXTURE_TEARDOWN_PARENT(fault)
{
	int node = open(heap_path(), O_RDWR | O_CLOEXEC);

	if (node < 0)
		return;
	unlink_tag(node, TAG);
	close(node);
	HEAP_TEARDOWN(&self->heap);
}

/* The call has failed, and nothing has changed. */
static inline void expect_untouched(struct __test_metadata *_metadata,
				    const struct _test_data_fault *self,
				    const struct _fixture_variant_fault *variant,
				    const struct heap_snapshot *armed, int next, int ret)
{
	EXPECT_TRUE(ret == -ENOMEM || ret == -EFAULT) TH_LOG("error %d", ret);
	EXPECT_EQ(next, next_fd(self->heap.node));
	EXPECT_SNAPSHOT(armed);
	EXPECT_TRUE(!variant->unchanged || variant->unchanged(self));
}

/* Whichever point fails, the call returns the error and nothing has changed. */
TEST_F_TIMEOUT(fault, that_comes_once_leaves_nothing, 300)
{
	struct heap_snapshot armed;
	unsigned int n, failed = 0;
	bool reached = true;
	int next, ret;

	next = next_fd(self->heap.node);
	ASSERT_EQ(0, take_snapshot(&armed));
	for (n = 1; reached && n < POINTS_MAX; n++) {
		fill_call(self, variant);
		arm_fault(&self->faults, n);
		ret = make_call(self, variant);
		reached = fault_reached(&self->faults);
		if (ret) {
			ASSERT_TRUE(reached) TH_LOG("error %d without a fault", ret);
			expect_untouched(_metadata, self, variant, &armed, next, ret);
			failed++;
			continue;
		}
		/* The call succeeded in spite of the fault. */
		cleanup_call(self);
		EXPECT_UNCHANGED(&self->heap);
		ASSERT_EQ(0, setup_call(self, variant));
		ASSERT_EQ(0, take_snapshot(&armed));
	}
	TH_LOG("%u points, the call failed at %u", n - 2, failed);
	EXPECT_FALSE(reached);
	EXPECT_LE(variant->points, failed);
}

/* The same when there is no memory for cleaning up either. */
TEST_F_TIMEOUT(fault, that_stays_leaves_nothing, 300)
{
	unsigned int budget, failed = 0;
	struct heap_snapshot armed;
	int next, ret = -ENOMEM;

	next = next_fd(self->heap.node);
	ASSERT_EQ(0, take_snapshot(&armed));
	for (budget = 0; ret && budget < BUDGET_MAX; budget += BUDGET_STEP) {
		fill_call(self, variant);
		ASSERT_EQ(0, begin_shortage(&self->faults, budget));
		ret = make_call(self, variant);
		end_shortage(&self->faults);
		if (!ret)
			break;
		expect_untouched(_metadata, self, variant, &armed, next, ret);
		failed++;
	}
	TH_LOG("it takes %u bytes", budget);
	EXPECT_EQ(0, ret);
	EXPECT_EQ(variant->memory, failed > 0);
	cleanup_call(self);
	EXPECT_UNCHANGED(&self->heap);
}

/* main() of the programs: all is skipped on a kernel without fault injection. */
static inline int run_with_faults(int argc, char **argv)
{
	if (can_inject_faults())
		return test_harness_run(argc, argv);
	puts("TAP version 13\n1..1\nok 1 all # SKIP the kernel injects no faults");
	return KSFT_SKIP;
}

#endif /* CARVEOUT_FAULT_H */
