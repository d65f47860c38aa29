/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Stub for compiling tools/remote/port_openamp.c: the declarations that it uses of OpenAMP's
 * header of this name (2023 to 2025). No function has a body.
 */
#ifndef STUB_OPENAMP_RPMSG_H
#define STUB_OPENAMP_RPMSG_H

#include <stddef.h>
#include <stdint.h>

#define RPMSG_ADDR_ANY	0xFFFFFFFF
#define RPMSG_SUCCESS	0

struct rpmsg_device;
struct rpmsg_endpoint;

typedef int (*rpmsg_ept_cb)(struct rpmsg_endpoint *ept, void *data, size_t len, uint32_t src,
			    void *priv);
typedef void (*rpmsg_ns_unbind_cb)(struct rpmsg_endpoint *ept);

struct rpmsg_endpoint {
	uint32_t addr;
	uint32_t dest_addr;
	void *priv;
};

int rpmsg_create_ept(struct rpmsg_endpoint *ept, struct rpmsg_device *rdev, const char *name,
		     uint32_t src, uint32_t dest, rpmsg_ept_cb cb,
		     rpmsg_ns_unbind_cb ns_unbind_cb);
int rpmsg_trysendto(struct rpmsg_endpoint *ept, const void *data, int len, uint32_t dst);

#endif /* STUB_OPENAMP_RPMSG_H */
