/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Example of a port: FreeRTOS with rpmsg-lite. Compiled against stub headers only, not run.
 */
#ifndef PORT_FREERTOS_H
#define PORT_FREERTOS_H

#include <FreeRTOS.h>
#include <event_groups.h>
#include <queue.h>
#include <semphr.h>
#include <task.h>
#include <rpmsg_lite.h>

#include "carveout_remote.h"

/*
 * Messages that the queue holds. A message that finds it full is lost. Under way are at most an
 * answer for each request without one, an event for each heap, and a hello. The client has as many
 * requests without an answer, waits included, as Linux has credits, and no more than slots and a
 * start. Linux has 16 credits and at most 8 heaps: that is 25 messages.
 */
#define CARVEOUT_PORT_MESSAGES	32
#define CARVEOUT_PORT_STACK	256

/**
 * struct carveout_port_message - A received message on its way to the task
 * @src: address of its sender
 * @len: its length in bytes
 * @data: its first bytes
 */
struct carveout_port_message {
	uint32_t src;
	uint32_t len;
	uint8_t data[CARVEOUT_RPMSG_ANSWER_LEN];
};

/**
 * struct carveout_port_freertos - An endpoint of rpmsg-lite, used by several tasks
 * @remote: the client
 * @rpmsg: instance of rpmsg-lite
 * @ept: the endpoint
 * @peer: address of Linux's endpoint, from its last message
 * @queue: messages from the receive callback to the task
 * @mutex: the client's lock
 * @event: bit 0: a request has ended
 * @queue_mem: memory of @queue
 * @mutex_mem: memory of @mutex
 * @event_mem: memory of @event
 * @task_mem: memory of the task
 * @messages: memory of the messages in @queue
 * @stack: stack of the task
 */
struct carveout_port_freertos {
	struct carveout_remote remote;
	struct rpmsg_lite_instance *rpmsg;
	struct rpmsg_lite_endpoint *ept;
	uint32_t peer;
	QueueHandle_t queue;
	SemaphoreHandle_t mutex;
	EventGroupHandle_t event;
	StaticQueue_t queue_mem;
	StaticSemaphore_t mutex_mem;
	StaticEventGroup_t event_mem;
	StaticTask_t task_mem;
	uint8_t messages[CARVEOUT_PORT_MESSAGES * sizeof(struct carveout_port_message)];
	StackType_t stack[CARVEOUT_PORT_STACK];
};

int carveout_port_freertos_init(struct carveout_port_freertos *port,
				struct rpmsg_lite_instance *rpmsg,
				struct carveout_remote_slot *slots, size_t nr_slots,
				UBaseType_t priority);

#endif /* PORT_FREERTOS_H */
