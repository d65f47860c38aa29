// SPDX-License-Identifier: GPL-2.0
/*
 * The layout of the ioctl structures, identical for all programs and ABIs: the
 * kernel does not translate for 32-bit callers, and compilers do not agree on
 * holes (i386 aligns 64-bit numbers to 4 bytes only). Nothing in here runs; a
 * difference does not compile.
 */
#include <assert.h>
#include <stddef.h>

#include <linux/carveout.h>

#define AT(type, member, offset)					\
	static_assert(offsetof(struct type, member) == (offset), #member)
#define SIZE(type, size)						\
	static_assert(sizeof(struct type) == (size), #type)

AT(carveout_ioctl_query, name, 0);
AT(carveout_ioctl_query, capabilities, 64);
AT(carveout_ioctl_query, size, 72);
AT(carveout_ioctl_query, used, 80);
AT(carveout_ioctl_query, high_water, 88);
AT(carveout_ioctl_query, largest_hole, 96);
AT(carveout_ioctl_query, page_size, 104);
AT(carveout_ioctl_query, max_align, 112);
AT(carveout_ioctl_query, regions, 120);
AT(carveout_ioctl_query, spans, 124);
AT(carveout_ioctl_query, holes, 128);
AT(carveout_ioctl_query, buffers, 132);
AT(carveout_ioctl_query, tags, 136);
AT(carveout_ioctl_query, attrs, 140);
AT(carveout_ioctl_query, failures_nospc, 144);
AT(carveout_ioctl_query, failures_nomem, 152);
AT(carveout_ioctl_query, failures_quota, 160);
AT(carveout_ioctl_query, changes, 168);
AT(carveout_ioctl_query, quota_user, 176);
AT(carveout_ioctl_query, quota_file, 184);
AT(carveout_ioctl_query, used_user, 192);
AT(carveout_ioctl_query, used_file, 200);
AT(carveout_ioctl_query, flags, 208);
AT(carveout_ioctl_query, reserved, 212);
SIZE(carveout_ioctl_query, CARVEOUT_QUERY_SIZE_VER0);

AT(carveout_ioctl_region, index, 0);
AT(carveout_ioctl_region, attrs, 4);
AT(carveout_ioctl_region, flags, 8);
AT(carveout_ioctl_region, spans, 12);
AT(carveout_ioctl_region, holes, 16);
AT(carveout_ioctl_region, reserved, 20);
AT(carveout_ioctl_region, name, 24);
AT(carveout_ioctl_region, base, 88);
AT(carveout_ioctl_region, size, 96);
AT(carveout_ioctl_region, used, 104);
AT(carveout_ioctl_region, high_water, 112);
AT(carveout_ioctl_region, largest_hole, 120);
SIZE(carveout_ioctl_region, CARVEOUT_REGION_SIZE_VER0);

AT(carveout_ioctl_alloc, size, 0);
AT(carveout_ioctl_alloc, align, 8);
AT(carveout_ioctl_alloc, max_addr, 16);
AT(carveout_ioctl_alloc, regions, 24);
AT(carveout_ioctl_alloc, place, 32);
AT(carveout_ioctl_alloc, require, 40);
AT(carveout_ioctl_alloc, forbid, 44);
AT(carveout_ioctl_alloc, fallback, 48);
AT(carveout_ioctl_alloc, nr_fallback, 60);
AT(carveout_ioctl_alloc, flags, 64);
AT(carveout_ioctl_alloc, fd_flags, 68);
AT(carveout_ioctl_alloc, mode, 72);
AT(carveout_ioctl_alloc, reserved, 76);
AT(carveout_ioctl_alloc, tag, 80);
AT(carveout_ioctl_alloc, label, 144);
AT(carveout_ioctl_alloc, offset, 208);
AT(carveout_ioctl_alloc, generation, 216);
AT(carveout_ioctl_alloc, region, 224);
AT(carveout_ioctl_alloc, attrs, 228);
AT(carveout_ioctl_alloc, created, 232);
AT(carveout_ioctl_alloc, fd, 236);
SIZE(carveout_ioctl_alloc, CARVEOUT_ALLOC_SIZE_VER0);

AT(carveout_ioctl_open, tag, 0);
AT(carveout_ioctl_open, flags, 64);
AT(carveout_ioctl_open, fd_flags, 68);
AT(carveout_ioctl_open, deadline, 72);
AT(carveout_ioctl_open, size, 80);
AT(carveout_ioctl_open, offset, 88);
AT(carveout_ioctl_open, generation, 96);
AT(carveout_ioctl_open, region, 104);
AT(carveout_ioctl_open, attrs, 108);
AT(carveout_ioctl_open, reserved, 112);
AT(carveout_ioctl_open, fd, 116);
SIZE(carveout_ioctl_open, CARVEOUT_OPEN_SIZE_VER0);

AT(carveout_ioctl_unlink, tag, 0);
AT(carveout_ioctl_unlink, flags, 64);
AT(carveout_ioctl_unlink, reserved, 68);
SIZE(carveout_ioctl_unlink, CARVEOUT_UNLINK_SIZE_VER0);

AT(carveout_ioctl_link, fd, 0);
AT(carveout_ioctl_link, flags, 4);
AT(carveout_ioctl_link, mode, 8);
AT(carveout_ioctl_link, reserved, 12);
AT(carveout_ioctl_link, tag, 16);
AT(carveout_ioctl_link, generation, 80);
SIZE(carveout_ioctl_link, CARVEOUT_LINK_SIZE_VER0);

AT(carveout_ioctl_setattr, tag, 0);
AT(carveout_ioctl_setattr, flags, 64);
AT(carveout_ioctl_setattr, mode, 68);
AT(carveout_ioctl_setattr, uid, 72);
AT(carveout_ioctl_setattr, gid, 76);
SIZE(carveout_ioctl_setattr, CARVEOUT_SETATTR_SIZE_VER0);

AT(carveout_sync_range, offset, 0);
AT(carveout_sync_range, size, 8);
SIZE(carveout_sync_range, 16);

AT(carveout_ioctl_sync, fd, 0);
AT(carveout_ioctl_sync, flags, 4);
AT(carveout_ioctl_sync, ranges, 8);
AT(carveout_ioctl_sync, count, 16);
AT(carveout_ioctl_sync, reserved, 20);
SIZE(carveout_ioctl_sync, CARVEOUT_SYNC_SIZE_VER0);

AT(carveout_ioctl_resize, fd, 0);
AT(carveout_ioctl_resize, flags, 4);
AT(carveout_ioctl_resize, size, 8);
AT(carveout_ioctl_resize, offset, 16);
AT(carveout_ioctl_resize, generation, 24);
AT(carveout_ioctl_resize, region, 32);
AT(carveout_ioctl_resize, attrs, 36);
AT(carveout_ioctl_resize, fd_flags, 40);
AT(carveout_ioctl_resize, new_fd, 44);
SIZE(carveout_ioctl_resize, CARVEOUT_RESIZE_SIZE_VER0);

AT(carveout_buffer_info, tag, 0);
AT(carveout_buffer_info, label, 64);
AT(carveout_buffer_info, comm, 128);
AT(carveout_buffer_info, size, 144);
AT(carveout_buffer_info, offset, 152);
AT(carveout_buffer_info, phys, 160);
AT(carveout_buffer_info, generation, 168);
AT(carveout_buffer_info, region, 176);
AT(carveout_buffer_info, attrs, 180);
AT(carveout_buffer_info, flags, 184);
AT(carveout_buffer_info, mode, 188);
AT(carveout_buffer_info, uid, 192);
AT(carveout_buffer_info, gid, 196);
AT(carveout_buffer_info, pid, 200);
AT(carveout_buffer_info, refs, 204);
AT(carveout_buffer_info, parked_ns, 208);
SIZE(carveout_buffer_info, CARVEOUT_BUFFER_INFO_SIZE_VER0);

AT(carveout_ioctl_span, offset, 0);
AT(carveout_ioctl_span, size, 8);
AT(carveout_ioctl_span, region, 16);
AT(carveout_ioctl_span, used, 20);
SIZE(carveout_ioctl_span, CARVEOUT_SPAN_SIZE_VER0);

AT(carveout_ioctl_list, cursor, 0);
AT(carveout_ioctl_list, entries, 8);
AT(carveout_ioctl_list, entry_size, 16);
AT(carveout_ioctl_list, count, 20);
AT(carveout_ioctl_list, flags, 24);
AT(carveout_ioctl_list, reserved, 28);
SIZE(carveout_ioctl_list, CARVEOUT_LIST_SIZE_VER0);

AT(carveout_ioctl_info, fd, 0);
AT(carveout_ioctl_info, flags, 4);
AT(carveout_ioctl_info, entry, 8);
AT(carveout_ioctl_info, entry_size, 16);
AT(carveout_ioctl_info, reserved, 20);
SIZE(carveout_ioctl_info, CARVEOUT_INFO_SIZE_VER0);

AT(carveout_ioctl_pool_create, block_size, 0);
AT(carveout_ioctl_pool_create, align, 8);
AT(carveout_ioctl_pool_create, max_addr, 16);
AT(carveout_ioctl_pool_create, regions, 24);
AT(carveout_ioctl_pool_create, count, 32);
AT(carveout_ioctl_pool_create, require, 36);
AT(carveout_ioctl_pool_create, forbid, 40);
AT(carveout_ioctl_pool_create, flags, 44);
AT(carveout_ioctl_pool_create, fd_flags, 48);
AT(carveout_ioctl_pool_create, mode, 52);
AT(carveout_ioctl_pool_create, tag, 56);
AT(carveout_ioctl_pool_create, label, 120);
AT(carveout_ioctl_pool_create, size, 184);
AT(carveout_ioctl_pool_create, offset, 192);
AT(carveout_ioctl_pool_create, generation, 200);
AT(carveout_ioctl_pool_create, region, 208);
AT(carveout_ioctl_pool_create, attrs, 212);
AT(carveout_ioctl_pool_create, created, 216);
AT(carveout_ioctl_pool_create, fd, 220);
SIZE(carveout_ioctl_pool_create, CARVEOUT_POOL_CREATE_SIZE_VER0);

AT(carveout_ioctl_pool_open, tag, 0);
AT(carveout_ioctl_pool_open, flags, 64);
AT(carveout_ioctl_pool_open, fd_flags, 68);
AT(carveout_ioctl_pool_open, deadline, 72);
AT(carveout_ioctl_pool_open, block_size, 80);
AT(carveout_ioctl_pool_open, size, 88);
AT(carveout_ioctl_pool_open, offset, 96);
AT(carveout_ioctl_pool_open, generation, 104);
AT(carveout_ioctl_pool_open, count, 112);
AT(carveout_ioctl_pool_open, region, 116);
AT(carveout_ioctl_pool_open, attrs, 120);
AT(carveout_ioctl_pool_open, fd, 124);
SIZE(carveout_ioctl_pool_open, CARVEOUT_POOL_OPEN_SIZE_VER0);

AT(carveout_ioctl_pool_acquire, flags, 0);
AT(carveout_ioctl_pool_acquire, index, 4);
AT(carveout_ioctl_pool_acquire, deadline, 8);
AT(carveout_ioctl_pool_acquire, offset, 16);
AT(carveout_ioctl_pool_acquire, serial, 24);
AT(carveout_ioctl_pool_acquire, ticket, 32);
SIZE(carveout_ioctl_pool_acquire, CARVEOUT_POOL_ACQUIRE_SIZE_VER0);

AT(carveout_ioctl_pool_release, index, 0);
AT(carveout_ioctl_pool_release, flags, 4);
AT(carveout_ioctl_pool_release, serial, 8);
SIZE(carveout_ioctl_pool_release, CARVEOUT_POOL_RELEASE_SIZE_VER0);

AT(carveout_ioctl_pool_query, block_size, 0);
AT(carveout_ioctl_pool_query, size, 8);
AT(carveout_ioctl_pool_query, offset, 16);
AT(carveout_ioctl_pool_query, generation, 24);
AT(carveout_ioctl_pool_query, client, 32);
AT(carveout_ioctl_pool_query, blocks, 40);
AT(carveout_ioctl_pool_query, free, 44);
AT(carveout_ioctl_pool_query, high_water, 48);
AT(carveout_ioctl_pool_query, waiters, 52);
AT(carveout_ioctl_pool_query, used_file, 56);
AT(carveout_ioctl_pool_query, region, 60);
AT(carveout_ioctl_pool_query, attrs, 64);
AT(carveout_ioctl_pool_query, flags, 68);
SIZE(carveout_ioctl_pool_query, CARVEOUT_POOL_QUERY_SIZE_VER0);

AT(carveout_ioctl_pool_destroy, flags, 0);
AT(carveout_ioctl_pool_destroy, reserved, 4);
SIZE(carveout_ioctl_pool_destroy, CARVEOUT_POOL_DESTROY_SIZE_VER0);

AT(carveout_ioctl_pool_move, index, 0);
AT(carveout_ioctl_pool_move, flags, 4);
AT(carveout_ioctl_pool_move, serial, 8);
AT(carveout_ioctl_pool_move, to, 16);
AT(carveout_ioctl_pool_move, new_serial, 24);
SIZE(carveout_ioctl_pool_move, CARVEOUT_POOL_MOVE_SIZE_VER0);

AT(carveout_ioctl_pool_export, flags, 0);
AT(carveout_ioctl_pool_export, fd_flags, 4);
AT(carveout_ioctl_pool_export, fd, 8);
AT(carveout_ioctl_pool_export, reserved, 12);
SIZE(carveout_ioctl_pool_export, CARVEOUT_POOL_EXPORT_SIZE_VER0);

AT(carveout_ioctl_pool_sync, index, 0);
AT(carveout_ioctl_pool_sync, flags, 4);
AT(carveout_ioctl_pool_sync, offset, 8);
AT(carveout_ioctl_pool_sync, size, 16);
SIZE(carveout_ioctl_pool_sync, CARVEOUT_POOL_SYNC_SIZE_VER0);

AT(carveout_pool_ref, serial, 0);
AT(carveout_pool_ref, offset, 8);
AT(carveout_pool_ref, index, 16);
AT(carveout_pool_ref, reserved, 20);
SIZE(carveout_pool_ref, 24);

AT(carveout_ioctl_pool_batch, refs, 0);
AT(carveout_ioctl_pool_batch, to, 8);
AT(carveout_ioctl_pool_batch, count, 16);
AT(carveout_ioctl_pool_batch, flags, 20);
SIZE(carveout_ioctl_pool_batch, CARVEOUT_POOL_BATCH_SIZE_VER0);

AT(carveout_ioctl_typed, regions, 0);
AT(carveout_ioctl_typed, flags, 8);
AT(carveout_ioctl_typed, reserved, 12);
SIZE(carveout_ioctl_typed, CARVEOUT_TYPED_SIZE_VER0);

AT(carveout_ioctl_typed_info, regions, 0);
AT(carveout_ioctl_typed_info, size, 8);
AT(carveout_ioctl_typed_info, largest, 16);
AT(carveout_ioctl_typed_info, typed, 24);
AT(carveout_ioctl_typed_info, flags, 28);
SIZE(carveout_ioctl_typed_info, CARVEOUT_TYPED_INFO_SIZE_VER0);

AT(carveout_ioctl_locate, addr, 0);
AT(carveout_ioctl_locate, length, 8);
AT(carveout_ioctl_locate, offset, 16);
AT(carveout_ioctl_locate, buffer_offset, 24);
AT(carveout_ioctl_locate, flags, 32);
AT(carveout_ioctl_locate, fd_flags, 36);
AT(carveout_ioctl_locate, fd, 40);
AT(carveout_ioctl_locate, dmabuf, 44);
SIZE(carveout_ioctl_locate, CARVEOUT_LOCATE_SIZE_VER0);

/* The command numbers, which are part of the ABI. */
static_assert(CARVEOUT_IOCTL_QUERY == 0xc0d8bd00, "QUERY");
static_assert(CARVEOUT_IOCTL_REGION == 0xc080bd01, "REGION");
static_assert(CARVEOUT_IOCTL_ALLOC == 0xc0f0bd02, "ALLOC");
static_assert(CARVEOUT_IOCTL_OPEN == 0xc078bd03, "OPEN");
static_assert(CARVEOUT_IOCTL_UNLINK == 0x4048bd04, "UNLINK");
static_assert(CARVEOUT_IOCTL_LIST == 0xc020bd05, "LIST");
static_assert(CARVEOUT_IOCTL_SPANS == 0xc020bd06, "SPANS");
static_assert(CARVEOUT_IOCTL_INFO == 0xc018bd07, "INFO");
static_assert(CARVEOUT_IOCTL_LINK == 0xc058bd08, "LINK");
static_assert(CARVEOUT_IOCTL_SETATTR == 0x4050bd09, "SETATTR");
static_assert(CARVEOUT_IOCTL_SYNC == 0x4018bd0a, "SYNC");
static_assert(CARVEOUT_IOCTL_RESIZE == 0xc030bd0b, "RESIZE");
static_assert(CARVEOUT_IOCTL_POOL_CREATE == 0xc0e0bd0c, "POOL_CREATE");
static_assert(CARVEOUT_IOCTL_POOL_OPEN == 0xc080bd0d, "POOL_OPEN");
static_assert(CARVEOUT_IOCTL_TYPED == 0x4010bd0e, "TYPED");
static_assert(CARVEOUT_IOCTL_TYPED_INFO == 0xc020bd0f, "TYPED_INFO");
static_assert(CARVEOUT_IOCTL_LOCATE == 0xc030bd10, "LOCATE");
static_assert(CARVEOUT_POOL_IOCTL_ACQUIRE == 0xc028bd40, "ACQUIRE");
static_assert(CARVEOUT_POOL_IOCTL_RELEASE == 0x4010bd41, "RELEASE");
static_assert(CARVEOUT_POOL_IOCTL_QUERY == 0xc048bd42, "QUERY");
static_assert(CARVEOUT_POOL_IOCTL_DESTROY == 0x4008bd43, "DESTROY");
static_assert(CARVEOUT_POOL_IOCTL_MOVE == 0xc020bd44, "MOVE");
static_assert(CARVEOUT_POOL_IOCTL_EXPORT == 0xc010bd45, "EXPORT");
static_assert(CARVEOUT_POOL_IOCTL_SYNC == 0x4018bd46, "POOL_SYNC");
static_assert(CARVEOUT_POOL_IOCTL_ACQUIRE_BATCH == 0xc018bd47, "ACQUIRE_BATCH");
static_assert(CARVEOUT_POOL_IOCTL_RELEASE_BATCH == 0xc018bd48, "RELEASE_BATCH");
static_assert(CARVEOUT_POOL_IOCTL_MOVE_BATCH == 0xc018bd49, "MOVE_BATCH");
