/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* Stub, see rpmsg_lite.h. */
#ifndef STUB_RPMSG_NS_H
#define STUB_RPMSG_NS_H

#include "rpmsg_lite.h"

enum rpmsg_ns_flags {
	RL_NS_CREATE = 0,
	RL_NS_DESTROY = 1,
};

int32_t rpmsg_ns_announce(struct rpmsg_lite_instance *rpmsg_lite_dev,
			  struct rpmsg_lite_endpoint *new_ept, const char *ept_name,
			  uint32_t flags);

#endif /* STUB_RPMSG_NS_H */
