/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Purposes of memory: texts of drivers, kept by the heap.
 */
#ifndef CARVEOUT_PURPOSE_H
#define CARVEOUT_PURPOSE_H

#include <linux/types.h>

struct carveout;

/* Size of a purpose, including its terminator. */
#define CARVEOUT_PURPOSE_LEN	32

u32 carveout_purpose_keep(struct carveout *carveout, const char *purpose);
const char *carveout_purpose_text(const struct carveout *carveout, u32 number);
void carveout_purpose_fini(struct carveout *carveout);

#endif /* CARVEOUT_PURPOSE_H */
