/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Example of a port: Zephyr. Compiled against stub headers only, not run.
 */
#ifndef PORT_ZEPHYR_H
#define PORT_ZEPHYR_H

#include <zephyr/kernel.h>

#include "port_openamp.h"

/**
 * struct carveout_port_zephyr - An endpoint of OpenAMP, used by several threads
 * @openamp: the endpoint and its client
 * @mutex: the client's lock
 * @event: a request has ended
 */
struct carveout_port_zephyr {
	struct carveout_port_openamp openamp;
	struct k_mutex mutex;
	struct k_condvar event;
};

int carveout_port_zephyr_init(struct carveout_port_zephyr *port, struct rpmsg_device *rdev,
			      struct carveout_remote_slot *slots, size_t nr_slots);

#endif /* PORT_ZEPHYR_H */
