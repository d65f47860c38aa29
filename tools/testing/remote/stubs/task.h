/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* Stub, see FreeRTOS.h. */
#ifndef STUB_FREERTOS_TASK_H
#define STUB_FREERTOS_TASK_H

typedef struct tskTaskControlBlock *TaskHandle_t;
typedef void (*TaskFunction_t)(void *arg);
typedef struct {
	void *stub;
} StaticTask_t;

TaskHandle_t xTaskCreateStatic(TaskFunction_t pxTaskCode, const char * const pcName,
			       const uint32_t ulStackDepth, void * const pvParameters,
			       UBaseType_t uxPriority, StackType_t * const puxStackBuffer,
			       StaticTask_t * const pxTaskBuffer);
TickType_t xTaskGetTickCount(void);

#endif /* STUB_FREERTOS_TASK_H */
