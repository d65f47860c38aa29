/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A function of remoteproc for drivers, which is exported and whose declaration is in a
 * private header of the kernel, drivers/remoteproc/remoteproc_internal.h.
 */
#ifndef CARVEOUT_R5_H
#define CARVEOUT_R5_H

#include <linux/interrupt.h>
#include <linux/remoteproc.h>

irqreturn_t rproc_vq_interrupt(struct rproc *rproc, int vq_id);

#endif /* CARVEOUT_R5_H */
