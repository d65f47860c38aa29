// SPDX-License-Identifier: GPL-2.0
/*
 * Remote processors.
 *
 * A processor is known by the name of its device until the module ends. That is the name of
 * its owner objects, too, whose accounts outlast a session: a processor that crashes again and
 * again gets no more than its quota.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/kstrtox.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/sysfs.h>

#include "remote.h"

static LIST_HEAD(remotes);
static DEFINE_MUTEX(remotes_lock);	/* the list; taken before carveout_remote.lock */

static ssize_t held_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct carveout_remote *remote = container_of(dev, struct carveout_remote, dev);

	return sysfs_emit(buf, "%u\n", READ_ONCE(remote->nr_held));
}
static DEVICE_ATTR_RO(held);

static ssize_t release_store(struct device *dev, struct device_attribute *attr,
			     const char *buf, size_t count)
{
	struct carveout_remote *remote = container_of(dev, struct carveout_remote, dev);
	unsigned int released;
	bool yes;

	if (kstrtobool(buf, &yes) || !yes)
		return -EINVAL;
	released = carveout_remote_release(remote);
	dev_info(dev, "%u sessions released by the administrator\n", released);
	return count;
}
static DEVICE_ATTR_WO(release);

static struct attribute *remote_attrs[] = {
	&dev_attr_held.attr,
	&dev_attr_release.attr,
	NULL
};
ATTRIBUTE_GROUPS(remote);

static struct class remote_class = {
	.name = "carveout-remote",
	.dev_groups = remote_groups,
};

static void remote_release(struct device *dev)
{
	struct carveout_remote *remote = container_of(dev, struct carveout_remote, dev);

	kfree(remote);
}

static struct carveout_remote *create(const char *name)
{
	struct carveout_remote *remote;
	int ret;

	lockdep_assert_held(&remotes_lock);
	remote = kzalloc(sizeof(*remote), GFP_KERNEL);
	if (!remote)
		return ERR_PTR(-ENOMEM);
	mutex_init(&remote->lock);
	INIT_LIST_HEAD(&remote->held);
	INIT_LIST_HEAD(&remote->stopped);
	INIT_LIST_HEAD(&remote->reset);
	INIT_WORK(&remote->release_work, carveout_remote_release_work);
	/* A processor that outlives this kernel does not take a new session for an old one. */
	remote->last_session = get_random_u32();
	remote->next_update = jiffies;
	remote->dev.class = &remote_class;
	remote->dev.release = remote_release;
	device_initialize(&remote->dev);
	ret = dev_set_name(&remote->dev, "%s", name) ?: device_add(&remote->dev);
	if (ret) {
		put_device(&remote->dev);
		return ERR_PTR(ret);
	}
	list_add_tail(&remote->node, &remotes);
	return remote;
}

static struct carveout_remote *find(const char *name)
{
	struct carveout_remote *remote;

	lockdep_assert_held(&remotes_lock);
	list_for_each_entry(remote, &remotes, node)
		if (!strcmp(dev_name(&remote->dev), name))
			return remote;
	return NULL;
}

static struct carveout_remote *find_or_create(const char *name)
{
	struct carveout_remote *remote;

	mutex_lock(&remotes_lock);
	remote = find(name) ?: create(name);
	mutex_unlock(&remotes_lock);
	return remote;
}

static u32 next_number(struct carveout_remote *remote)
{
	u32 number;

	mutex_lock(&remote->lock);
	number = ++remote->last_session ?: ++remote->last_session;
	mutex_unlock(&remote->lock);
	return number;
}

/* The node of a cluster must not be that of its processors, which end by themselves. */
static struct device *processor_of(struct device *channel)
{
	struct device *dev = carveout_reports_device(channel);

	if (!dev)
		return carveout_policy_device(channel);
	return carveout_policy_present(dev) ? dev : NULL;
}

/**
 * carveout_remote_session_open() - Open a session for a channel
 * @channel: device of the channel
 *
 * Context: Process context. May sleep.
 * Return: the session, to be given to carveout_remote_session_hold() or _end(); or an
 * ERR_PTR: -ENODEV if the processor has no policy; -ENOMEM; or as carveout_policy_read().
 */
struct carveout_remote_session *carveout_remote_session_open(struct device *channel)
{
	struct device *dev = processor_of(channel);
	struct carveout_remote *remote;
	int ret;

	if (!dev) {
		dev_err(channel, "the processor has no property carveouts: add it to its node\n");
		return ERR_PTR(-ENODEV);
	}
	remote = find_or_create(dev_name(dev));
	if (IS_ERR(remote))
		return ERR_CAST(remote);
	ret = carveout_reports_add(remote, channel);
	if (ret)
		return ERR_PTR(ret);
	return carveout_remote_session_create(remote, dev, next_number(remote));
}

/**
 * carveout_remote_stopped() - Report that a processor has been stopped
 * @dev: device of the processor, which has its policy
 *
 * For drivers that stop a processor without remoteproc, which reports by itself. The
 * processor is in reset, or is otherwise kept from accessing memory. The memory that it
 * held in sessions whose channel was removed is released.
 *
 * Context: Process context. May sleep.
 */
void carveout_remote_stopped(struct device *dev)
{
	struct carveout_remote *remote;

	mutex_lock(&remotes_lock);
	remote = find(dev_name(dev));
	mutex_unlock(&remotes_lock);
	/* It remains until the module ends, which the caller holds. */
	if (remote)
		carveout_remote_release(remote);
}
EXPORT_SYMBOL_NS_GPL(carveout_remote_stopped, "CARVEOUT");

/**
 * carveout_remotes_init() - Register the class of the processors
 *
 * Context: Process context. May sleep.
 * Return: 0, or the error of class_register().
 */
int carveout_remotes_init(void)
{
	return class_register(&remote_class);
}

/**
 * carveout_remotes_exit() - Forget all processors
 *
 * None has a session: a session holds the module.
 *
 * Context: Process context. May sleep.
 */
void carveout_remotes_exit(void)
{
	struct carveout_remote *remote, *next;

	list_for_each_entry_safe(remote, next, &remotes, node) {
		/* Its attributes queue the work as well. */
		device_del(&remote->dev);
		carveout_reports_remove(remote);
		cancel_work_sync(&remote->release_work);
		list_del(&remote->node);
		put_device(&remote->dev);
	}
	class_unregister(&remote_class);
}
