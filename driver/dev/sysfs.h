/* SPDX-License-Identifier: GPL-2.0 */
/*
 * sysfs files of heaps and regions.
 */
#ifndef CARVEOUT_SYSFS_H
#define CARVEOUT_SYSFS_H

struct attribute_group;
struct carveout_device;

extern const struct attribute_group carveout_sysfs_statistics;
extern const struct attribute_group *carveout_sysfs_groups[];

void carveout_sysfs_add_regions(struct carveout_device *device);
void carveout_sysfs_remove_regions(struct carveout_device *device);

#endif /* CARVEOUT_SYSFS_H */
