// SPDX-License-Identifier: GPL-2.0
/*
 * Bounce buffers and callers that may not write: their SYNC undoes no store of another holder.
 * The device is that of carveout_importer.ko, on a board that bounces all mappings.
 *
 * CARVEOUT_MODULES is the folder of carveout_importer.ko, else /modules.
 */
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "carveout_fixture.h"
/* Only memory with pages is bounced. */
#include "carveout_with_pages.h"

#include "../../modules/carveout_importer.h"

#define SIZE	(64 * KIB)

/* Bytes of the CPU and of the device. */
#define CPU	0xcc
#define DEVICE	0xdd

/* Bytes of a range. */
#define ROW	64

FIXTURE(bounce) {
	struct heap heap;
	int region;
	int importer;
};

FIXTURE_SETUP(bounce)
{
	int err;

	if (!heap_name())
		SKIP(return, NO_HEAP);
	ASSERT_EQ(0, heap_begin(&self->heap));
	self->region = find_region(self->heap.node, true);
	if (self->region < 0)
		SKIP(return, "no region with pages");
	if (!have_module("carveout_importer"))
		SKIP(return, "carveout_importer.ko is not here; set CARVEOUT_MODULES");
	err = load_module("carveout_importer", "");
	ASSERT_TRUE(!err || err == -EEXIST);
	self->importer = open(IMPORTER_DEVICE, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->importer);
}

FIXTURE_TEARDOWN_PARENT(bounce)
{
	unload_module("carveout_importer");
	HEAP_TEARDOWN(&self->heap);
}

/* === The device =========================================================== */

/* Map a buffer for the device: 1, 0 if the board does not bounce it, or an error. */
static int import(int importer, int fd)
{
	int err = xioctl(importer, IMPORTER_MAP, (void *)(long)fd);

	return err == -EOPNOTSUPP ? 0 : err ?: 1;
}

static int device_load(int importer, __u64 offset)
{
	struct importer_byte byte = { .offset = offset };

	return xioctl(importer, IMPORTER_LOAD, &byte) ?: (int)byte.byte;
}

/* The device and the CPU store into neighbours, and the CPU announces nothing. */
static int store_both(int importer, unsigned char *mem, __u64 offset)
{
	struct importer_byte byte = { .offset = offset, .byte = DEVICE };

	__atomic_store_n(&mem[offset + 1], CPU, __ATOMIC_RELAXED);
	return xioctl(importer, IMPORTER_STORE, &byte);
}

#define NOT_BOUNCED	"mappings are not bounced; boot with swiotlb=force"

/* === Buffers ============================================================== */

static int sync_range(int node, int fd, __u64 offset, __u32 flags)
{
	struct carveout_sync_range range = { .offset = offset, .size = ROW };
	struct carveout_ioctl_sync sync = {
		.fd = fd, .flags = flags, .ranges = (uintptr_t)&range, .count = 1,
	};

	return xioctl(node, CARVEOUT_IOCTL_SYNC, &sync);
}

/*
 * A reader takes over the byte of the device, undoes no store, and sends nothing to the device.
 * A holder that may write gets all that the device has, and loses the store.
 */
TEST_F(bounce, sync_of_a_reader_undoes_no_store)
{
	static const __u32 flags[] = { CARVEOUT_SYNC_FOR_CPU, CARVEOUT_SYNC_FLAGS };
	int node = self->heap.node, fd, ro, ret;
	unsigned char *mem;
	__u64 at;
	size_t i;

	fd = alloc_and_reopen(node, SIZE, self->region, "bounce", &ro);
	ASSERT_LE(0, fd);
	ret = import(self->importer, fd);
	if (!ret)
		SKIP(return, NOT_BOUNCED);
	ASSERT_EQ(1, ret);
	mem = map_buffer(fd, SIZE, PROT_READ | PROT_WRITE);
	ASSERT_NE(MAP_FAILED, (void *)mem);
	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		at = i * ROW;
		ASSERT_EQ(0, store_both(self->importer, mem, at));
		EXPECT_EQ(0, sync_range(node, ro, at, flags[i]));
		EXPECT_EQ(DEVICE, mem[at]);
		EXPECT_EQ(CPU, mem[at + 1]) TH_LOG("flags %u", flags[i]);
		EXPECT_EQ(0, device_load(self->importer, at + 1));
		EXPECT_EQ(0, sync_range(node, fd, at, CARVEOUT_SYNC_FOR_CPU));
		EXPECT_EQ(0, mem[at + 1]);
	}
}

/* === Pools ================================================================ */

static int sync_block(int pool, __u32 index, __u32 flags)
{
	struct carveout_ioctl_pool_sync sync = {
		.index = index, .flags = flags, .size = PAGE,
	};

	return xioctl(pool, CARVEOUT_POOL_IOCTL_SYNC, &sync);
}

/*
 * A pool of two blocks with pages, which is imported: its descriptor, 0 if the board does not
 * bounce it, or an error.
 */
static int imported_pool(int node, int region, int importer, const char *tag)
{
	struct carveout_ioctl_pool_create pool = pool_request(PAGE, 2);
	int ret, fd;

	pool.regions = 1ULL << region;
	pool.mode = 0600;
	set_name(pool.tag, tag);
	ret = xioctl(node, CARVEOUT_IOCTL_POOL_CREATE, &pool);
	if (ret)
		return ret;
	fd = export_pool(pool.fd, O_RDWR | O_CLOEXEC);
	ret = fd < 0 ? fd : import(importer, fd);
	close(fd);
	return ret == 1 ? pool.fd : ret;
}

/* Only the owner of a block undoes stores into it; a free block has no owner. */
TEST_F(bounce, sync_of_another_client_undoes_no_store)
{
	const char *tag = unique_tag("bounce");
	int pool, other, index;
	unsigned char *mem;
	__u64 at;

	pool = imported_pool(self->heap.node, self->region, self->importer, tag);
	if (!pool)
		SKIP(return, NOT_BOUNCED);
	ASSERT_LT(0, pool);
	other = open_pool(self->heap.node, tag);
	ASSERT_LE(0, other);
	mem = map_buffer(pool, 2 * PAGE, PROT_READ | PROT_WRITE);
	ASSERT_NE(MAP_FAILED, (void *)mem);
	index = acquire_block_nowait(pool);
	ASSERT_LE(0, index);
	at = index * PAGE;
	ASSERT_EQ(0, store_both(self->importer, mem, at));
	EXPECT_EQ(0, sync_block(other, index, CARVEOUT_SYNC_FOR_CPU));
	EXPECT_EQ(DEVICE, mem[at]);
	EXPECT_EQ(CPU, mem[at + 1]);
	EXPECT_EQ(0, sync_block(pool, index, CARVEOUT_SYNC_FOR_CPU));
	EXPECT_EQ(0, mem[at + 1]);

	ASSERT_EQ(0, store_both(self->importer, mem, at));
	EXPECT_EQ(0, release_block(pool, index));
	EXPECT_EQ(0, sync_block(pool, index, CARVEOUT_SYNC_FOR_CPU));
	EXPECT_EQ(CPU, mem[at + 1]);
	EXPECT_EQ(0, sync_block(pool, index, CARVEOUT_SYNC_FLAGS));
	EXPECT_EQ(CPU, device_load(self->importer, at + 1));
}

TEST_HARNESS_MAIN
