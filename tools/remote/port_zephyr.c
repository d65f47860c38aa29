// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * Example of a port: Zephyr, with its OpenAMP module and a resource table.
 *
 * The tests compile this file against stub headers with the signatures of Zephyr's
 * <zephyr/kernel.h> and OpenAMP's <openamp/rpmsg.h>. It has not been run.
 *
 * Linux is the host of the rpmsg channel, as in Zephyr's sample openamp_rsc_table. The program's
 * receiving thread, the one that calls rproc_virtio_notified(), calls carveout_remote_process()
 * after that. All threads may use the functions that wait, except for that one. The lock is a
 * mutex, so nothing of the client may be called in an interrupt.
 */

#include "port_zephyr.h"

#define ADDR_BITS 32

static struct carveout_port_zephyr *port_of(void *ctx)
{
	/* The endpoint is the first member: its callbacks and these share the pointer. */
	return ctx;
}

static void lock(void *ctx)
{
	k_mutex_lock(&port_of(ctx)->mutex, K_FOREVER);
}

static void unlock(void *ctx)
{
	k_mutex_unlock(&port_of(ctx)->mutex);
}

static void wait_for_event(void *ctx, uint32_t ms)
{
	k_condvar_wait(&port_of(ctx)->event, &port_of(ctx)->mutex, K_MSEC(ms));
}

static void wake(void *ctx)
{
	k_condvar_broadcast(&port_of(ctx)->event);
}

static uint32_t now_ms(void *ctx)
{
	(void)ctx;
	return k_uptime_get_32();
}

/**
 * carveout_port_zephyr_init() - Initialise a client for several threads, and announce it
 * @port: memory for the port
 * @rdev: device of OpenAMP
 * @slots: memory for requests
 * @nr_slots: number of slots
 *
 * Return: 0, %CARVEOUT_REMOTE_INVALID or a negative number of OpenAMP.
 */
int carveout_port_zephyr_init(struct carveout_port_zephyr *port, struct rpmsg_device *rdev,
			      struct carveout_remote_slot *slots, size_t nr_slots)
{
	static const struct carveout_remote_ops ops = {
		.send = carveout_port_openamp_send,
		.lock = lock,
		.unlock = unlock,
		.wait = wait_for_event,
		.wake = wake,
		.now_ms = now_ms,
	};
	int ret;

	k_mutex_init(&port->mutex);
	k_condvar_init(&port->event);
	ret = carveout_remote_init(&port->openamp.remote, &ops, port, slots, nr_slots, ADDR_BITS);
	if (ret)
		return ret;
	return carveout_port_openamp_open(&port->openamp, rdev);
}
