// SPDX-License-Identifier: GPL-2.0
/*
 * Stand-ins for the kernel: see kernel.h.
 */

#include "kernel.h"

struct kernel kernel;

void bug(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fprintf(stderr, "divergence: ");
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
	va_end(args);
	abort();
}

void log_line(unsigned int *count, const struct device *dev, const char *fmt, ...)
{
	va_list args;

	if (count)
		++*count;
	if (!kernel.trace)
		return;
	va_start(args, fmt);
	fprintf(stderr, "%s: ", dev_name(dev));
	vfprintf(stderr, fmt, args);
	va_end(args);
}

/* === Locks ================================================================ */

void spin_lock(spinlock_t *lock)
{
	if (lock->held)
		bug("deadlock of a spinlock");
	lock->held = true;
	kernel.atomic++;
}

void spin_unlock(spinlock_t *lock)
{
	if (!lock->held)
		bug("a spinlock that is not held is unlocked");
	lock->held = false;
	kernel.atomic--;
}

void might_sleep(void)
{
	if (kernel.atomic)
		bug("sleeps in atomic context");
}

void mutex_lock(struct mutex *mutex)
{
	might_sleep();
	if (mutex->held)
		bug("deadlock of a mutex");
	mutex->held = true;
	kernel.mutexes++;
}

void mutex_unlock(struct mutex *mutex)
{
	if (!mutex->held)
		bug("a mutex that is not held is unlocked");
	mutex->held = false;
	kernel.mutexes--;
}

/* === Memory =============================================================== */

bool kernel_fails(void)
{
	return kernel.fail_in && !--kernel.fail_in;
}

void *kcalloc(size_t n, size_t size, gfp_t gfp)
{
	void *p;

	if (gfp == GFP_KERNEL)
		might_sleep();
	if (kernel_fails())
		return NULL;
	p = calloc(n, size);
	if (!p)
		abort();
	kernel.allocated++;
	return p;
}

void kfree(const void *p)
{
	if (!p)
		return;
	kernel.allocated--;
	free((void *)p);
}

/* === Work ================================================================= */

static struct workqueue_struct queue;

struct workqueue_struct *alloc_workqueue(const char *name, unsigned int flags, int max)
{
	(void)name;
	(void)flags;
	(void)max;
	return kernel_fails() ? NULL : &queue;
}

void destroy_workqueue(struct workqueue_struct *wq)
{
	flush_workqueue(wq);
}

bool queue_work(struct workqueue_struct *wq, struct work_struct *work)
{
	(void)wq;
	if (work->pending)
		return false;
	work->pending = true;
	list_add_tail(&work->node, &kernel.works);
	return true;
}

void kernel_run_work(struct work_struct *work)
{
	if (!work->pending)
		return;
	list_del(&work->node);
	work->pending = false;
	/* The work may free itself. */
	work->func(work);
	if (kernel.atomic || kernel.mutexes)
		bug("work ends with a lock held");
}

/* Run the work with this number of those that are queued; false without any. */
bool kernel_run(unsigned int number)
{
	struct work_struct *work;
	unsigned int count = 0;

	list_for_each_entry(work, &kernel.works, node)
		count++;
	if (!count)
		return false;
	number %= count;
	list_for_each_entry(work, &kernel.works, node)
		if (!number--)
			break;
	kernel_run_work(work);
	return true;
}

void flush_workqueue(struct workqueue_struct *wq)
{
	unsigned int turns = 0;

	(void)wq;
	might_sleep();
	while (kernel_run(0))
		if (++turns > 10000)
			bug("work is queued without end");
}

bool cancel_work_sync(struct work_struct *work)
{
	might_sleep();
	if (!work->pending)
		return false;
	list_del(&work->node);
	work->pending = false;
	return true;
}

static void disarm(struct delayed_work *work)
{
	if (work->armed)
		list_del(&work->timer);
	work->armed = false;
}

bool mod_delayed_work(struct workqueue_struct *wq, struct delayed_work *work,
		      unsigned long delay)
{
	bool armed = work->armed;

	disarm(work);
	if (!delay) {
		queue_work(wq, &work->work);
		return armed;
	}
	work->due = kernel.ticks + delay;
	work->armed = true;
	list_add_tail(&work->timer, &kernel.timers);
	return armed;
}

bool cancel_delayed_work_sync(struct delayed_work *work)
{
	bool armed = work->armed;

	disarm(work);
	return cancel_work_sync(&work->work) || armed;
}

void kernel_advance(unsigned int ms)
{
	struct delayed_work *work, *next;

	kernel.ticks += ms;
	kernel.now += (ktime_t)ms * 1000000;
	list_for_each_entry_safe(work, next, &kernel.timers, timer) {
		if (time_before(kernel.ticks, work->due))
			continue;
		disarm(work);
		queue_work(&queue, &work->work);
	}
}

/* === Devices ============================================================== */

int class_register(struct class *class)
{
	(void)class;
	return kernel_fails() ? -ENOMEM : 0;
}

void class_unregister(struct class *class)
{
	(void)class;
}

void device_initialize(struct device *dev)
{
	dev->refs = 1;
}

int dev_set_name(struct device *dev, const char *fmt, ...)
{
	va_list args;

	if (kernel_fails())
		return -ENOMEM;
	va_start(args, fmt);
	vsnprintf(dev->name, sizeof(dev->name), fmt, args);
	va_end(args);
	return 0;
}

int device_add(struct device *dev)
{
	(void)dev;
	return kernel_fails() ? -ENOMEM : 0;
}

void device_del(struct device *dev)
{
	(void)dev;
}

struct device *get_device(struct device *dev)
{
	dev->refs++;
	return dev;
}

void put_device(struct device *dev)
{
	if (!dev->refs)
		bug("%s has no reference", dev_name(dev));
	if (!--dev->refs)
		dev->release(dev);
}

void *devm_kzalloc(struct device *dev, size_t size, gfp_t gfp)
{
	void *p = kzalloc(size, gfp);

	if (p && dev->nr_devres == DEVRES)
		abort();
	if (p)
		dev->devres[dev->nr_devres++] = p;
	return p;
}

/* The driver is unbound, or its probe has failed. */
void kernel_device_end(struct device *dev)
{
	while (dev->nr_devres)
		kfree(dev->devres[--dev->nr_devres]);
	dev->driver_data = NULL;
}

static const struct property *find(struct device *dev, const char *name)
{
	unsigned int i;

	for (i = 0; i < dev->nr_properties; i++)
		if (!strcmp(dev->properties[i].name, name))
			return &dev->properties[i];
	return NULL;
}

bool device_property_present(struct device *dev, const char *name)
{
	return find(dev, name);
}

int device_property_string_array_count(struct device *dev, const char *name)
{
	const struct property *property = find(dev, name);

	if (!property)
		return -EINVAL;
	return property->width ? -EPROTO : (int)property->count;
}

int device_property_read_string_array(struct device *dev, const char *name, const char **val,
				      size_t n)
{
	const struct property *property = find(dev, name);
	size_t i;

	if (!property || property->width)
		return -EINVAL;
	for (i = 0; i < n && i < property->count; i++)
		val[i] = property->string[i];
	return i;
}

int device_property_count_u64(struct device *dev, const char *name)
{
	const struct property *property = find(dev, name);

	if (!property)
		return -EINVAL;
	return property->width == 8 ? (int)property->count : -EOVERFLOW;
}

int device_property_read_u64_array(struct device *dev, const char *name, u64 *val, size_t n)
{
	const struct property *property = find(dev, name);

	if (!property)
		return -EINVAL;
	if (property->width != 8 || property->count < n)
		return -EOVERFLOW;
	memcpy(val, property->number, n * sizeof(*val));
	return 0;
}

int device_property_read_u32(struct device *dev, const char *name, u32 *val)
{
	const struct property *property = find(dev, name);

	if (!property || property->width != 4)
		return -EINVAL;
	*val = property->number[0];
	return 0;
}

/* === remoteproc and rpmsg ================================================= */

struct rproc *rproc_get_by_child(struct device *dev)
{
	for (; dev; dev = dev->parent)
		if (dev->rproc)
			return dev->rproc;
	return NULL;
}

void rproc_add_subdev(struct rproc *rproc, struct rproc_subdev *subdev)
{
	lockdep_assert_held(&rproc->lock);
	list_add_tail(&subdev->node, &rproc->subdevs);
}

void rproc_remove_subdev(struct rproc *rproc, struct rproc_subdev *subdev)
{
	lockdep_assert_held(&rproc->lock);
	list_del(&subdev->node);
}

int register_rpmsg_driver(struct rpmsg_driver *driver)
{
	if (kernel_fails())
		return -ENOMEM;
	kernel.driver = driver;
	return 0;
}

void unregister_rpmsg_driver(struct rpmsg_driver *driver)
{
	(void)driver;
	kernel.driver = NULL;
}

/* === Modules and other functions ========================================== */

bool try_module_get(void *module)
{
	(void)module;
	if (kernel.module_dies)
		return false;
	kernel.modules++;
	return true;
}

void module_put(void *module)
{
	(void)module;
	if (!kernel.modules)
		bug("the module has no reference");
	kernel.modules--;
}

void *memchr_inv(const void *start, int c, size_t bytes)
{
	const u8 *p = start;

	for (; bytes; p++, bytes--)
		if (*p != (u8)c)
			return (void *)p;
	return NULL;
}

ssize_t strscpy(char *to, const char *from, size_t size)
{
	size_t len = strnlen(from, size);

	if (len == size)
		bug("a string is cut off");
	memcpy(to, from, len + 1);
	return len;
}

int kstrtobool(const char *s, bool *value)
{
	*value = s[0] == '1';
	return s[0] == '0' || s[0] == '1' ? 0 : -EINVAL;
}

u32 get_random_u32(void)
{
	return kernel.random;
}

static struct xarray_entry *entry_of(struct xarray *xa, unsigned long index)
{
	unsigned int i;

	for (i = 0; i < xa->nr; i++)
		if (xa->table[i].index == index)
			return &xa->table[i];
	return NULL;
}

void *xa_load(struct xarray *xa, unsigned long index)
{
	struct xarray_entry *entry = entry_of(xa, index);

	return entry ? entry->entry : NULL;
}

void *xa_store(struct xarray *xa, unsigned long index, void *entry, gfp_t gfp)
{
	struct xarray_entry *at = entry_of(xa, index), *table;
	void *old = at ? at->entry : NULL;

	(void)gfp;
	might_sleep();
	if (at) {
		at->entry = entry;
		return old;
	}
	if (kernel_fails())
		return ERR_PTR(-ENOMEM);
	table = realloc(xa->table, (xa->nr + 1) * sizeof(*table));
	if (!table)
		abort();
	kernel.allocated += !xa->table;
	xa->table = table;
	table[xa->nr++] = (struct xarray_entry){ index, entry };
	return NULL;
}

void *xa_erase(struct xarray *xa, unsigned long index)
{
	struct xarray_entry *at = entry_of(xa, index);
	void *old = at ? at->entry : NULL;

	if (at)
		*at = xa->table[--xa->nr];
	return old;
}

int xa_alloc_cyclic(struct xarray *xa, u32 *index, void *entry, u32 limit, u32 *next,
		    gfp_t gfp)
{
	void *old;

	(void)limit;
	do {
		*index = *next;
		(*next)++;
	} while (!*index || entry_of(xa, *index));
	old = xa_store(xa, *index, entry, gfp);
	return xa_err(old);
}

void xa_destroy(struct xarray *xa)
{
	kernel.allocated -= !!xa->table;
	free(xa->table);
	*xa = (struct xarray){};
}

void kernel_begin(void)
{
	kernel = (struct kernel){ .ticks = -1000UL, .now = 1000000000, .trace = kernel.trace };
	INIT_LIST_HEAD(&kernel.works);
	INIT_LIST_HEAD(&kernel.timers);
}
