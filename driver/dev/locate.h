/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Location of mapped memory.
 */
#ifndef _CARVEOUT_LOCATE_H
#define _CARVEOUT_LOCATE_H

struct carveout_call;

int carveout_do_locate(struct carveout_call *call);

#endif /* _CARVEOUT_LOCATE_H */
