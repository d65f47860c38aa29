/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The members of ioctl arguments that must be zero, or allow no unknown flags.
 */
#ifndef CARVEOUT_STRICT_H
#define CARVEOUT_STRICT_H

#include <fcntl.h>
#include <stddef.h>

#include "carveout_test.h"

/**
 * struct strict_member - A member of an argument that allows no unknown bits
 * @name: type and member
 * @cmd: command
 * @offset: offset of the member in its argument
 * @known: bits that may be set
 */
struct strict_member {
	const char *name;
	unsigned long cmd;
	size_t offset;
	__u32 known;
};

#define MEMBER(number, type, member, bits) {				\
	.name = #type "." #member,					\
	.cmd = CARVEOUT_ ## number,					\
	.offset = offsetof(struct carveout_ioctl_ ## type, member),	\
	.known = bits,							\
}

static const struct strict_member strict_members[] = {
	MEMBER(IOCTL_QUERY, query, flags, 0),
	MEMBER(IOCTL_QUERY, query, reserved, 0),
	MEMBER(IOCTL_REGION, region, reserved, 0),
	MEMBER(IOCTL_ALLOC, alloc, reserved, 0),
	MEMBER(IOCTL_ALLOC, alloc, flags, CARVEOUT_ALLOC_FLAGS),
	MEMBER(IOCTL_OPEN, open, reserved, 0),
	MEMBER(IOCTL_OPEN, open, flags, CARVEOUT_OPEN_FLAGS),
	MEMBER(IOCTL_UNLINK, unlink, reserved, 0),
	MEMBER(IOCTL_UNLINK, unlink, flags, 0),
	MEMBER(IOCTL_LIST, list, flags, 0),
	MEMBER(IOCTL_LIST, list, reserved, 0),
	MEMBER(IOCTL_SPANS, list, flags, 0),
	MEMBER(IOCTL_SPANS, list, reserved, 0),
	MEMBER(IOCTL_INFO, info, flags, 0),
	MEMBER(IOCTL_INFO, info, reserved, 0),
	MEMBER(IOCTL_LINK, link, reserved, 0),
	MEMBER(IOCTL_LINK, link, flags, CARVEOUT_LINK_FLAGS),
	MEMBER(IOCTL_LINK, link, mode, 0777),
	MEMBER(IOCTL_SETATTR, setattr, flags, CARVEOUT_SETATTR_FLAGS),
	MEMBER(IOCTL_SETATTR, setattr, mode, 0777),
	MEMBER(IOCTL_SYNC, sync, reserved, 0),
	MEMBER(IOCTL_SYNC, sync, flags, CARVEOUT_SYNC_FLAGS),
	MEMBER(IOCTL_RESIZE, resize, flags, 0),
	MEMBER(IOCTL_POOL_CREATE, pool_create, flags, CARVEOUT_POOL_FLAGS),
	MEMBER(IOCTL_POOL_CREATE, pool_create, mode, 0777),
	MEMBER(IOCTL_POOL_OPEN, pool_open, flags, CARVEOUT_OPEN_FLAGS),
	MEMBER(IOCTL_TYPED, typed, flags, CARVEOUT_TYPED_FLAGS),
	MEMBER(IOCTL_TYPED, typed, reserved, 0),
	MEMBER(IOCTL_TYPED_INFO, typed_info, flags, 0),
	MEMBER(IOCTL_LOCATE, locate, flags, CARVEOUT_LOCATE_FLAGS),
	MEMBER(IOCTL_LOCATE, locate, fd_flags, O_CLOEXEC),
	MEMBER(POOL_IOCTL_ACQUIRE, pool_acquire, flags, CARVEOUT_POOL_ACQUIRE_FLAGS),
	MEMBER(POOL_IOCTL_RELEASE, pool_release, flags, CARVEOUT_POOL_RELEASE_FLAGS),
	MEMBER(POOL_IOCTL_MOVE, pool_move, flags, 0),
	MEMBER(POOL_IOCTL_EXPORT, pool_export, flags, 0),
	MEMBER(POOL_IOCTL_EXPORT, pool_export, reserved, 0),
	MEMBER(POOL_IOCTL_SYNC, pool_sync, flags, CARVEOUT_SYNC_FLAGS),
	MEMBER(POOL_IOCTL_ACQUIRE_BATCH, pool_batch, flags, 0),
	MEMBER(POOL_IOCTL_RELEASE_BATCH, pool_batch, flags, 0),
	MEMBER(POOL_IOCTL_MOVE_BATCH, pool_batch, flags, 0),
	MEMBER(POOL_IOCTL_QUERY, pool_query, flags, 0),
	MEMBER(POOL_IOCTL_DESTROY, pool_destroy, flags, 0),
	MEMBER(POOL_IOCTL_DESTROY, pool_destroy, reserved, 0),
	/* Meaningful only together with a flag or another member. */
	MEMBER(IOCTL_OPEN, open, deadline, 0),
	MEMBER(IOCTL_POOL_OPEN, pool_open, deadline, 0),
	MEMBER(IOCTL_ALLOC, alloc, place, 0),
	MEMBER(IOCTL_ALLOC, alloc, fallback, 0),
	MEMBER(IOCTL_SETATTR, setattr, uid, 0),
	MEMBER(IOCTL_SETATTR, setattr, gid, 0),
	MEMBER(POOL_IOCTL_ACQUIRE_BATCH, pool_batch, to, 0),
	MEMBER(POOL_IOCTL_RELEASE_BATCH, pool_batch, to, 0),
};

#endif /* CARVEOUT_STRICT_H */
