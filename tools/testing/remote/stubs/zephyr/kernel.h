/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Stub for compiling tools/remote/port_zephyr.c: the declarations that it uses of Zephyr's header
 * of this name. No function has a body.
 */
#ifndef STUB_ZEPHYR_KERNEL_H
#define STUB_ZEPHYR_KERNEL_H

#include <stdint.h>

typedef struct {
	int64_t ticks;
} k_timeout_t;

struct k_mutex {
	void *stub;
};

struct k_condvar {
	void *stub;
};

#define K_FOREVER	((k_timeout_t){ -1 })
#define K_MSEC(ms)	((k_timeout_t){ (int64_t)(ms) })

int k_mutex_init(struct k_mutex *mutex);
int k_mutex_lock(struct k_mutex *mutex, k_timeout_t timeout);
int k_mutex_unlock(struct k_mutex *mutex);
int k_condvar_init(struct k_condvar *condvar);
int k_condvar_broadcast(struct k_condvar *condvar);
int k_condvar_wait(struct k_condvar *condvar, struct k_mutex *mutex, k_timeout_t timeout);
uint32_t k_uptime_get_32(void);

#endif /* STUB_ZEPHYR_KERNEL_H */
