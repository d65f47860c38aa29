/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Location of mapped memory.
 */
#ifndef CARVEOUT_LOCATE_H
#define CARVEOUT_LOCATE_H

struct carveout_call;

int carveout_do_locate(struct carveout_call *call);

#endif /* CARVEOUT_LOCATE_H */
