/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* Stub, see FreeRTOS.h. */
#ifndef STUB_FREERTOS_QUEUE_H
#define STUB_FREERTOS_QUEUE_H

typedef struct QueueDefinition *QueueHandle_t;
typedef struct {
	void *stub;
} StaticQueue_t;

QueueHandle_t xQueueCreateStatic(UBaseType_t uxQueueLength, UBaseType_t uxItemSize,
				 uint8_t *pucQueueStorage, StaticQueue_t *pxQueueBuffer);
BaseType_t xQueueReceive(QueueHandle_t xQueue, void * const pvBuffer, TickType_t xTicksToWait);
BaseType_t xQueueSendFromISR(QueueHandle_t xQueue, const void * const pvItemToQueue,
			     BaseType_t * const pxHigherPriorityTaskWoken);

#endif /* STUB_FREERTOS_QUEUE_H */
