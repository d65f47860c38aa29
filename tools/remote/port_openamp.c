// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * Example of a port: OpenAMP without an operating system.
 *
 * The tests compile this file against stub headers with the signatures of OpenAMP's
 * <openamp/rpmsg.h>. It has not been run.
 *
 * The main loop:
 *
 *	for (;;) {
 *		platform_poll();
 *		carveout_remote_process(&port.remote);
 *	}
 */

#include "port_openamp.h"

/* Addresses of a Cortex-R or Cortex-M have 32 bits. */
#define ADDR_BITS 32

static int received(struct rpmsg_endpoint *ept, void *data, size_t len, uint32_t src, void *priv)
{
	struct carveout_port_openamp *port = priv;

	(void)ept;
	port->peer = src;
	carveout_remote_receive(&port->remote, data, len);
	return RPMSG_SUCCESS;
}

/**
 * carveout_port_openamp_send() - Send a message to Linux without waiting
 * @ctx: the port
 * @data: the message
 * @len: its length in bytes
 *
 * rpmsg_send() would wait up to 15 seconds for a buffer.
 *
 * Return: 0, or a negative number if there is no buffer.
 */
int carveout_port_openamp_send(void *ctx, const void *data, size_t len)
{
	struct carveout_port_openamp *port = ctx;
	int ret = rpmsg_trysendto(&port->ept, data, (int)len, port->peer);

	return ret < 0 ? ret : 0;
}

static void wait_for_message(void *ctx, uint32_t ms)
{
	struct carveout_port_openamp *port = ctx;

	(void)ms;
	port->poll();
}

/**
 * carveout_port_openamp_open() - Create the endpoint and announce it to Linux
 * @port: the port, whose client is initialised
 * @rdev: device of OpenAMP
 *
 * Return: 0, or a negative number of OpenAMP.
 */
int carveout_port_openamp_open(struct carveout_port_openamp *port, struct rpmsg_device *rdev)
{
	port->ept.priv = port;
	return rpmsg_create_ept(&port->ept, rdev, CARVEOUT_RPMSG_NAME, RPMSG_ADDR_ANY,
				RPMSG_ADDR_ANY, received, NULL);
}

/**
 * carveout_port_openamp_init() - Initialise a client without tasks, and announce it
 * @port: memory for the port
 * @rdev: device of OpenAMP
 * @poll: function of the platform that receives messages
 * @slots: memory for requests
 * @nr_slots: number of slots
 *
 * Return: 0, %CARVEOUT_REMOTE_INVALID or a negative number of OpenAMP.
 */
int carveout_port_openamp_init(struct carveout_port_openamp *port, struct rpmsg_device *rdev,
			       void (*poll)(void), struct carveout_remote_slot *slots,
			       size_t nr_slots)
{
	static const struct carveout_remote_ops ops = {
		.send = carveout_port_openamp_send,
		.wait = wait_for_message,
	};
	int ret = carveout_remote_init(&port->remote, &ops, port, slots, nr_slots, ADDR_BITS);

	if (ret)
		return ret;
	port->poll = poll;
	return carveout_port_openamp_open(port, rdev);
}
