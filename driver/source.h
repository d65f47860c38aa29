/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sources of heaps: the device tree, module parameters, system memory.
 */
#ifndef CARVEOUT_SOURCE_H
#define CARVEOUT_SOURCE_H

#include <linux/types.h>

struct carveout_range;

/* Reason and remedy, for the log; the place of the attribute follows. */
#define CARVEOUT_NO_DEVICE_MEMORY \
	"device memory is not handed out, because unaligned access and zeroing fault on it; write uncached instead"

struct carveout_range *carveout_system_ranges(u64 size, unsigned int *count);
bool carveout_usually_coherent(void);
u32 carveout_attr_parse(const char *name);
bool carveout_attr_is_device(const char *name);
int carveout_platform_init(void);
void carveout_platform_exit(void);
int carveout_params_init(void);
void carveout_params_publish(void);
void carveout_params_exit(void);

#endif /* CARVEOUT_SOURCE_H */
