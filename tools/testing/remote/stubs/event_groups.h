/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* Stub, see FreeRTOS.h. */
#ifndef STUB_FREERTOS_EVENT_GROUPS_H
#define STUB_FREERTOS_EVENT_GROUPS_H

typedef struct EventGroupDef_t *EventGroupHandle_t;
typedef TickType_t EventBits_t;
typedef struct {
	void *stub;
} StaticEventGroup_t;

EventGroupHandle_t xEventGroupCreateStatic(StaticEventGroup_t *pxEventGroupBuffer);
EventBits_t xEventGroupSetBits(EventGroupHandle_t xEventGroup, const EventBits_t uxBitsToSet);
EventBits_t xEventGroupWaitBits(EventGroupHandle_t xEventGroup, const EventBits_t uxBitsToWaitFor,
				const BaseType_t xClearOnExit, const BaseType_t xWaitForAllBits,
				TickType_t xTicksToWait);

#endif /* STUB_FREERTOS_EVENT_GROUPS_H */
