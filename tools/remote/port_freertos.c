// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * Example of a port: FreeRTOS with rpmsg-lite.
 *
 * The tests compile this file against stub headers with the signatures of FreeRTOS and
 * rpmsg-lite 5. It has not been run.
 *
 * rpmsg-lite calls received() in an interrupt. A queue takes the message to the port's task,
 * which passes it to the client and then sends. All other tasks may use the functions that wait.
 * The lock is a mutex, so nothing of the client may be called in an interrupt.
 */

#include "port_freertos.h"
#include <rpmsg_ns.h>

#define ADDR_BITS 32
#define EVENT_BIT 1U

static int32_t received(void *payload, uint32_t payload_len, uint32_t src, void *priv)
{
	struct carveout_port_freertos *port = priv;
	struct carveout_port_message message = { .src = src, .len = payload_len };
	BaseType_t woken = pdFALSE;

	/* The client drops a message of another length, whatever its data. */
	if (payload_len == sizeof(message.data))
		memcpy(message.data, payload, sizeof(message.data));
	xQueueSendFromISR(port->queue, &message, &woken);
	portYIELD_FROM_ISR(woken);
	return RL_RELEASE;
}

static void task(void *parameter)
{
	struct carveout_port_freertos *port = parameter;
	struct carveout_port_message message;

	for (;;) {
		if (xQueueReceive(port->queue, &message, pdMS_TO_TICKS(CARVEOUT_REMOTE_WAIT_MS))) {
			port->peer = message.src;
			carveout_remote_receive(&port->remote, message.data, message.len);
		}
		carveout_remote_process(&port->remote);
	}
}

static int send_message(void *ctx, const void *data, size_t len)
{
	struct carveout_port_freertos *port = ctx;
	/* The parameter is not const, but the function copies. */
	char *bytes = (char *)(uintptr_t)data;

	return rpmsg_lite_send(port->rpmsg, port->ept, port->peer, bytes, (uint32_t)len,
			       RL_DONT_BLOCK) == RL_SUCCESS ? 0 : -1;
}

static void lock(void *ctx)
{
	struct carveout_port_freertos *port = ctx;

	xSemaphoreTake(port->mutex, portMAX_DELAY);
}

static void unlock(void *ctx)
{
	struct carveout_port_freertos *port = ctx;

	xSemaphoreGive(port->mutex);
}

/* Another task can clear the bit before this one waits. Then the wait lasts its @ms. */
static void wait_for_event(void *ctx, uint32_t ms)
{
	struct carveout_port_freertos *port = ctx;

	unlock(port);
	xEventGroupWaitBits(port->event, EVENT_BIT, pdTRUE, pdFALSE, pdMS_TO_TICKS(ms) + 1);
	lock(port);
}

static void wake(void *ctx)
{
	struct carveout_port_freertos *port = ctx;

	xEventGroupSetBits(port->event, EVENT_BIT);
}

static uint32_t now_ms(void *ctx)
{
	(void)ctx;
	return (uint32_t)(xTaskGetTickCount() * portTICK_PERIOD_MS);
}

static const struct carveout_remote_ops ops = {
	.send = send_message,
	.lock = lock,
	.unlock = unlock,
	.wait = wait_for_event,
	.wake = wake,
	.now_ms = now_ms,
};

/**
 * carveout_port_freertos_init() - Initialise a client for several tasks, and announce it
 * @port: memory for the port
 * @rpmsg: instance of rpmsg-lite whose link is up
 * @slots: memory for requests
 * @nr_slots: number of slots
 * @priority: priority of the port's task
 *
 * Return: 0, %CARVEOUT_REMOTE_INVALID or a negative number of rpmsg-lite.
 */
int carveout_port_freertos_init(struct carveout_port_freertos *port,
				struct rpmsg_lite_instance *rpmsg,
				struct carveout_remote_slot *slots, size_t nr_slots,
				UBaseType_t priority)
{
	int ret = carveout_remote_init(&port->remote, &ops, port, slots, nr_slots, ADDR_BITS);

	if (ret)
		return ret;
	port->rpmsg = rpmsg;
	port->queue = xQueueCreateStatic(CARVEOUT_PORT_MESSAGES,
					 sizeof(struct carveout_port_message), port->messages,
					 &port->queue_mem);
	port->mutex = xSemaphoreCreateMutexStatic(&port->mutex_mem);
	port->event = xEventGroupCreateStatic(&port->event_mem);
	xTaskCreateStatic(task, "carveout", CARVEOUT_PORT_STACK, port, priority, port->stack,
			  &port->task_mem);
	port->ept = rpmsg_lite_create_ept(rpmsg, RL_ADDR_ANY, received, port);
	if (!port->ept)
		return RL_ERR_NO_MEM;
	return rpmsg_ns_announce(rpmsg, port->ept, CARVEOUT_RPMSG_NAME, RL_NS_CREATE);
}
