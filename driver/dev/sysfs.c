// SPDX-License-Identifier: GPL-2.0
/*
 * sysfs: the administrator's settings of a heap, and its kind, one value per file, in
 * /sys/class/carveout/<heap>. See Documentation/ABI/testing/sysfs-class-carveout.
 */

#include <linux/device.h>
#include <linux/kstrtox.h>
#include <linux/sysfs.h>

#include "../carveout_internal.h"
#include "chardev.h"
#include "sysfs.h"

static struct carveout *to_carveout(struct device *dev)
{
	return container_of(dev, struct carveout_device, dev)->carveout;
}

static ssize_t store_u64(u64 *to, const char *text, size_t count)
{
	u64 value;
	int ret;

	ret = kstrtou64(text, 0, &value);
	if (ret)
		return ret;
	WRITE_ONCE(*to, value);
	return count;
}

static ssize_t quota_user_show(struct device *dev, struct device_attribute *attr,
			       char *text)
{
	return sysfs_emit(text, "%llu\n", READ_ONCE(to_carveout(dev)->quota_user));
}

static ssize_t quota_user_store(struct device *dev, struct device_attribute *attr,
				const char *text, size_t count)
{
	return store_u64(&to_carveout(dev)->quota_user, text, count);
}
static DEVICE_ATTR_RW(quota_user);

static ssize_t quota_file_show(struct device *dev, struct device_attribute *attr,
			       char *text)
{
	return sysfs_emit(text, "%llu\n", READ_ONCE(to_carveout(dev)->quota_file));
}

static ssize_t quota_file_store(struct device *dev, struct device_attribute *attr,
				const char *text, size_t count)
{
	return store_u64(&to_carveout(dev)->quota_file, text, count);
}
static DEVICE_ATTR_RW(quota_file);

/* Limits of a user in objects, by kind. */
static struct device_attribute count_attrs[CARVEOUT_COUNTS];

static u64 *to_count(struct device *dev, struct device_attribute *attr)
{
	return &to_carveout(dev)->quota_count[attr - count_attrs];
}

static ssize_t count_show(struct device *dev, struct device_attribute *attr, char *text)
{
	return sysfs_emit(text, "%llu\n", READ_ONCE(*to_count(dev, attr)));
}

static ssize_t count_store(struct device *dev, struct device_attribute *attr,
			   const char *text, size_t count)
{
	return store_u64(to_count(dev, attr), text, count);
}

#define COUNT_ATTR(file)	__ATTR(file, 0644, count_show, count_store)

static struct device_attribute count_attrs[CARVEOUT_COUNTS] = {
	[CARVEOUT_COUNT_BUFFERS] = COUNT_ATTR(quota_buffers),
	[CARVEOUT_COUNT_TAGS] = COUNT_ATTR(quota_tags),
	[CARVEOUT_COUNT_PERSISTENT] = COUNT_ATTR(quota_persistent),
	[CARVEOUT_COUNT_POOLS] = COUNT_ATTR(quota_pools),
	[CARVEOUT_COUNT_WAITERS] = COUNT_ATTR(quota_waiters),
};

static ssize_t expose_phys_show(struct device *dev, struct device_attribute *attr,
				char *text)
{
	return sysfs_emit(text, "%d\n", READ_ONCE(to_carveout(dev)->expose_phys));
}

static ssize_t expose_phys_store(struct device *dev, struct device_attribute *attr,
				 const char *text, size_t count)
{
	bool value;
	int ret;

	ret = kstrtobool(text, &value);
	if (ret)
		return ret;
	WRITE_ONCE(to_carveout(dev)->expose_phys, value);
	return count;
}
static DEVICE_ATTR_RW(expose_phys);

static ssize_t coherent_show(struct device *dev, struct device_attribute *attr, char *text)
{
	return sysfs_emit(text, "%d\n", to_carveout(dev)->coherent);
}
static DEVICE_ATTR_RO(coherent);

static struct attribute *carveout_sysfs_attrs[] = {
	&dev_attr_quota_user.attr,
	&dev_attr_quota_file.attr,
	&count_attrs[CARVEOUT_COUNT_BUFFERS].attr,
	&count_attrs[CARVEOUT_COUNT_TAGS].attr,
	&count_attrs[CARVEOUT_COUNT_PERSISTENT].attr,
	&count_attrs[CARVEOUT_COUNT_POOLS].attr,
	&count_attrs[CARVEOUT_COUNT_WAITERS].attr,
	&dev_attr_expose_phys.attr,
	&dev_attr_coherent.attr,
	NULL,
};

static const struct attribute_group carveout_sysfs_group = {
	.attrs = carveout_sysfs_attrs,
};

/** carveout_sysfs_groups - Attribute files of a heap's device */
const struct attribute_group *carveout_sysfs_groups[] = {
	&carveout_sysfs_group,
	&carveout_sysfs_statistics,
	NULL,
};
