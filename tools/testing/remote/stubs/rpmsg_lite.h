/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Stub for compiling tools/remote/port_freertos.c: the declarations that it uses of rpmsg-lite 5,
 * without its static API. No function has a body.
 */
#ifndef STUB_RPMSG_LITE_H
#define STUB_RPMSG_LITE_H

#include <stdint.h>

#define RL_SUCCESS	(0)
#define RL_ERR_NO_MEM	(-5001)
#define RL_ADDR_ANY	(0xFFFFFFFFU)
#define RL_RELEASE	(0)
#define RL_DONT_BLOCK	(0)

typedef int32_t (*rl_ept_rx_cb_t)(void *payload, uint32_t payload_len, uint32_t src, void *priv);

struct rpmsg_lite_endpoint;
struct rpmsg_lite_instance;

struct rpmsg_lite_endpoint *rpmsg_lite_create_ept(struct rpmsg_lite_instance *rpmsg_lite_dev,
						  uint32_t addr, rl_ept_rx_cb_t rx_cb,
						  void *rx_cb_data);
int32_t rpmsg_lite_send(struct rpmsg_lite_instance *rpmsg_lite_dev,
			struct rpmsg_lite_endpoint *ept, uint32_t dst, char *data, uint32_t size,
			uintptr_t timeout);

#endif /* STUB_RPMSG_LITE_H */
