/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Example of a port: OpenAMP. Compiled against stub headers only, not run.
 */
#ifndef PORT_OPENAMP_H
#define PORT_OPENAMP_H

#include <openamp/rpmsg.h>

#include "carveout_remote.h"

/**
 * struct carveout_port_openamp - An endpoint of OpenAMP for a client
 * @remote: the client
 * @ept: the endpoint
 * @peer: address of Linux's endpoint, from its last message
 * @poll: receive messages: the platform's function that runs OpenAMP's receive callbacks. Only
 *	for programs without tasks
 */
struct carveout_port_openamp {
	struct carveout_remote remote;
	struct rpmsg_endpoint ept;
	uint32_t peer;
	void (*poll)(void);
};

int carveout_port_openamp_send(void *ctx, const void *data, size_t len);
int carveout_port_openamp_open(struct carveout_port_openamp *port, struct rpmsg_device *rdev);
int carveout_port_openamp_init(struct carveout_port_openamp *port, struct rpmsg_device *rdev,
			       void (*poll)(void), struct carveout_remote_slot *slots,
			       size_t nr_slots);

#endif /* PORT_OPENAMP_H */
