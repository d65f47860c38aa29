/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Regions of the device tree.
 */
#ifndef CARVEOUT_RESERVED_H
#define CARVEOUT_RESERVED_H

struct carveout_range;
struct device;

int carveout_reserved_read(struct device *dev, unsigned int index,
			   struct carveout_range *range);

#endif /* CARVEOUT_RESERVED_H */
