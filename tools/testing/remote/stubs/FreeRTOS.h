/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Stub for compiling tools/remote/port_freertos.c: the declarations that it uses of FreeRTOS.
 * Some of these functions are macros in FreeRTOS. No function has a body.
 */
#ifndef STUB_FREERTOS_H
#define STUB_FREERTOS_H

#include <stdint.h>

typedef long BaseType_t;
typedef unsigned long UBaseType_t;
typedef uint32_t TickType_t;
typedef uint32_t StackType_t;

#define pdFALSE			((BaseType_t)0)
#define pdTRUE			((BaseType_t)1)
#define portMAX_DELAY		((TickType_t)0xffffffffUL)
#define portTICK_PERIOD_MS	((TickType_t)1)
#define pdMS_TO_TICKS(ms)	((TickType_t)(ms))

void portYIELD_FROM_ISR(BaseType_t xSwitchRequired);

#endif /* STUB_FREERTOS_H */
