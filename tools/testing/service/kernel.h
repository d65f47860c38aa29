/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Stand-ins for the kernel in which the service for remote processors runs as a program of
 * one thread.
 *
 * The Makefile makes each kernel header that the service includes, and that no header of the
 * kernel's tools/include replaces, a file that includes this one. Work, timers and the clock
 * advance by calls of the program. A lock knows whether it is held, so that a call that may
 * sleep, or that takes a lock again, ends the program.
 */
#ifndef SERVICE_KERNEL_H
#define SERVICE_KERNEL_H

#include <asm/types.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* === Types ================================================================ */

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s32 s32;
typedef __s64 s64;
typedef __u16 __le16;
typedef __u32 __le32;
typedef u64 phys_addr_t;
typedef u64 dma_addr_t;
typedef unsigned short umode_t;
typedef enum { GFP_KERNEL } gfp_t;

struct list_head {
	struct list_head *next, *prev;
};

struct hlist_head {
	struct hlist_node *first;
};

struct hlist_node {
	struct hlist_node *next, **pprev;
};

#define __must_check	__attribute__((warn_unused_result))
#define __force

/* Of any two types. */
#define min(x, y)	((x) < (y) ? (x) : (y))

#include <linux/err.h>
#include <linux/kconfig.h>
#include <linux/kernel.h>
#include <linux/list.h>

#ifndef EUCLEAN
#define EUCLEAN		117
#endif
#define EPROBE_DEFER	517

#define U32_MAX		UINT32_MAX
#define BIT(nr)		(1UL << (nr))
#define BIT_ULL(nr)	(1ULL << (nr))
#define GENMASK(h, l)	(((2UL << (h)) - 1) & ~((1UL << (l)) - 1))
#define lower_32_bits(x) ((u32)(x))
#define upper_32_bits(x) ((u32)((x) >> 32))
#define is_power_of_2(n) ((n) && !((n) & ((n) - 1)))

#define __init
#define __exit

/* Something that must not happen in the service. */
__attribute__((noreturn, format(printf, 1, 2))) void bug(const char *fmt, ...);

/* A line on an event, in a replay. */
#define trace(...) \
	do { if (kernel.trace) fprintf(stderr, __VA_ARGS__); } while (0)

/* === Order of memory accesses: there is one thread ======================== */

#define smp_load_acquire(p)	(*(p))
#define smp_store_release(p, v)	(*(p) = (v))
#define dma_wmb()		((void)0)

typedef struct {
	int counter;
} atomic_t;

#define atomic_read(v)		((v)->counter)
#define atomic_set(v, i)	((v)->counter = (i))

#define atomic_inc_return(v)	(++(v)->counter)
#define atomic_dec(v)		((void)(v)->counter--)

static inline int atomic_xchg(atomic_t *v, int i)
{
	int old = v->counter;

	v->counter = i;
	return old;
}

/* === Locks ================================================================ */

typedef struct {
	bool held;
} spinlock_t;

struct mutex {
	bool held;
};

#define DEFINE_MUTEX(name) struct mutex name

void spin_lock(spinlock_t *lock);
void spin_unlock(spinlock_t *lock);
void mutex_lock(struct mutex *mutex);
void mutex_unlock(struct mutex *mutex);
void might_sleep(void);
#define cond_resched		might_sleep

#define spin_lock_init(lock)	((lock)->held = false)
#define mutex_init(mutex)	((mutex)->held = false)
#define spin_lock_irq		spin_lock
#define spin_unlock_irq		spin_unlock
#define spin_lock_irqsave(lock, flags) \
	do { (flags) = 0; spin_lock(lock); } while (0)
#define spin_unlock_irqrestore(lock, flags) \
	do { (void)(flags); spin_unlock(lock); } while (0)
#define lockdep_assert_held(lock) \
	do { if (!(lock)->held) bug("%s: lock is not held", __func__); } while (0)

/* === Memory =============================================================== */

#define kzalloc(size, gfp)	kcalloc(1, size, gfp)
#define kvzalloc		kzalloc
#define kvfree			kfree
#define struct_size(p, member, n) (sizeof(*(p)) + (n) * sizeof((p)->member[0]))

void *kcalloc(size_t n, size_t size, gfp_t gfp);
void kfree(const void *p);

/* === Time ================================================================= */

typedef s64 ktime_t;

#define KTIME_MAX	INT64_MAX
#define HZ		1000
#define jiffies		kernel.ticks
#define msleep(ms)	((void)(kernel.ticks += (ms)))
#define time_before(a, b)	((long)((a) - (b)) < 0)
#define msecs_to_jiffies(ms)	((unsigned long)(ms))
#define jiffies_to_msecs(j)	((unsigned int)(j))
#define ktime_get()		kernel.now
#define ktime_add_ms(t, ms)	((t) + (ktime_t)(ms) * 1000000)

/* === Work ================================================================= */

struct work_struct {
	struct list_head node;
	void (*func)(struct work_struct *work);
	bool pending;
};

struct delayed_work {
	struct work_struct work;
	struct list_head timer;
	unsigned long due;
	bool armed;
};

struct workqueue_struct {
	int unused;
};

#define WQ_UNBOUND	0
#define INIT_WORK(w, f)	(*(w) = (struct work_struct){ .func = (f) })
#define INIT_DELAYED_WORK(d, f) \
	(*(d) = (struct delayed_work){ .work.func = (f) })
#define to_delayed_work(w)	container_of(w, struct delayed_work, work)

struct workqueue_struct *alloc_workqueue(const char *name, unsigned int flags, int max);
void destroy_workqueue(struct workqueue_struct *wq);
void flush_workqueue(struct workqueue_struct *wq);
bool queue_work(struct workqueue_struct *wq, struct work_struct *work);
bool cancel_work_sync(struct work_struct *work);
bool mod_delayed_work(struct workqueue_struct *wq, struct delayed_work *work,
		      unsigned long delay);
bool cancel_delayed_work_sync(struct delayed_work *work);

/* === Devices ============================================================== */

struct attribute {
	const char *name;
};

struct attribute_group {
	struct attribute **attrs;
};

struct device;

struct device_attribute {
	struct attribute attr;
	ssize_t (*show)(struct device *dev, struct device_attribute *attr, char *buf);
	ssize_t (*store)(struct device *dev, struct device_attribute *attr, const char *buf,
			 size_t count);
};

#define DEVICE_ATTR_RO(n) struct device_attribute dev_attr_##n = \
	{ .attr.name = #n, .show = n##_show }
#define DEVICE_ATTR_WO(n) struct device_attribute dev_attr_##n = \
	{ .attr.name = #n, .store = n##_store }
#define ATTRIBUTE_GROUPS(n) \
	static const struct attribute_group n##_group = { .attrs = n##_attrs }; \
	static const struct attribute_group *n##_groups[] = { &n##_group, NULL }

struct class {
	const char *name;
	const struct attribute_group **dev_groups;
};

struct rproc;

/* A property of a device: strings, or numbers of @width bytes. */
struct property {
	const char *name;
	unsigned int width;		/* 0: strings */
	unsigned int count;
	const char *string[4];
	u64 number[8];
};

#define DEVRES	4

struct of_pci_range {
	u64 bus_addr;
	u64 cpu_addr;
	u64 size;
};

/* A node of the device tree; dma-ranges end with a range of size 0. */
struct device_node {
	struct device_node *parent;
	const struct of_pci_range *dma_ranges;
};

struct device {
	struct device *parent;
	const struct class *class;
	void (*release)(struct device *dev);
	void *driver_data;
	unsigned int refs;
	char name[32];
	const struct property *properties;
	unsigned int nr_properties;
	struct device_node *of_node;
	struct rproc *rproc;		/* of which this is a child */
	void *devres[DEVRES];
	unsigned int nr_devres;
};

static inline const char *dev_name(const struct device *dev)
{
	return dev->name;
}

static inline void *dev_get_drvdata(const struct device *dev)
{
	return dev->driver_data;
}

int class_register(struct class *class);
void class_unregister(struct class *class);
void device_initialize(struct device *dev);
__attribute__((format(printf, 2, 3))) int dev_set_name(struct device *dev, const char *fmt, ...);
int device_add(struct device *dev);
void device_del(struct device *dev);
struct device *get_device(struct device *dev);
void put_device(struct device *dev);
void *devm_kzalloc(struct device *dev, size_t size, gfp_t gfp);

bool device_property_present(struct device *dev, const char *name);
int device_property_string_array_count(struct device *dev, const char *name);
int device_property_read_string_array(struct device *dev, const char *name, const char **val,
				      size_t n);
int device_property_count_u64(struct device *dev, const char *name);
int device_property_read_u64_array(struct device *dev, const char *name, u64 *val, size_t n);
int device_property_read_u32(struct device *dev, const char *name, u32 *val);

#define device_property_read_u64(dev, name, val) \
	device_property_read_u64_array(dev, name, val, 1)

/*
 * A line of the log. A rate-limited warning is the reason for a message that is dropped. No
 * message is a reason for an error whose rate is not limited.
 */
__attribute__((format(printf, 3, 4))) void log_line(unsigned int *count, const struct device *dev,
						    const char *fmt, ...);

#define dev_err(dev, ...)	log_line(&kernel.unlimited, dev, __VA_ARGS__)
#define dev_info(dev, ...)	log_line(NULL, dev, __VA_ARGS__)
#define dev_warn_ratelimited(dev, ...)	log_line(&kernel.dropped, dev, __VA_ARGS__)
#define dev_err_ratelimited(dev, ...)	log_line(NULL, dev, __VA_ARGS__)
#define dev_err_probe(dev, error, ...) \
	(log_line((error) == -EPROBE_DEFER ? NULL : &kernel.unlimited, dev, __VA_ARGS__), (error))

#define sysfs_emit(buf, ...)	snprintf(buf, 64, __VA_ARGS__)

/* === Device tree ========================================================== */

struct of_pci_range_parser {
	const struct of_pci_range *next;
};

#define of_get_parent(node)		((node) ? (node)->parent : NULL)
#define of_get_next_parent		of_get_parent
#define of_node_put(node)		((void)(node))
#define of_find_property(node, name, len) (*(len) = !!(node)->dma_ranges)
#define of_pci_dma_range_parser_init(parser, node) ((parser)->next = (node)->dma_ranges, 0)
#define of_pci_range_parser_one(parser, range) \
	((parser)->next->size ? (*(range) = *(parser)->next++, (range)) : NULL)
#define for_each_of_pci_range(parser, range) \
	for (; of_pci_range_parser_one(parser, range);)

/* === remoteproc =========================================================== */

enum rproc_state {
	RPROC_OFFLINE,
	RPROC_SUSPENDED,
	RPROC_RUNNING,
	RPROC_CRASHED,
	RPROC_DELETED,	/* of older kernels */
	RPROC_ATTACHED,
	RPROC_DETACHED,
};

struct rproc_subdev {
	struct list_head node;
	void (*unprepare)(struct rproc_subdev *subdev);
};

struct rproc_ops {
	int (*detach)(struct rproc *rproc);
};

struct rproc {
	struct device dev;
	const struct rproc_ops *ops;
	struct mutex lock;
	enum rproc_state state;
	struct list_head subdevs;
};

struct rproc *rproc_get_by_child(struct device *dev);
void rproc_add_subdev(struct rproc *rproc, struct rproc_subdev *subdev);
void rproc_remove_subdev(struct rproc *rproc, struct rproc_subdev *subdev);

/* === rpmsg ================================================================ */

struct rpmsg_device;

struct rpmsg_endpoint {
	struct rpmsg_device *rpdev;
};

struct rpmsg_device {
	struct device dev;
	struct rpmsg_endpoint *ept;
};

struct rpmsg_device_id {
	char name[32];
};

struct rpmsg_driver {
	struct {
		const char *name;
	} drv;
	const struct rpmsg_device_id *id_table;
	int (*probe)(struct rpmsg_device *rpdev);
	void (*remove)(struct rpmsg_device *rpdev);
	int (*callback)(struct rpmsg_device *rpdev, void *data, int len, void *priv, u32 src);
};

int register_rpmsg_driver(struct rpmsg_driver *driver);
void unregister_rpmsg_driver(struct rpmsg_driver *driver);

/* The program's. */
int rpmsg_trysend(struct rpmsg_endpoint *ept, void *data, int len);
ssize_t rpmsg_get_mtu(struct rpmsg_endpoint *ept);

/* === Modules ============================================================== */

#define THIS_MODULE	NULL
#define MODULE_DEVICE_TABLE(bus, table) struct module_macro
#define MODULE_AUTHOR(text) struct module_macro
#define MODULE_DESCRIPTION(text) struct module_macro
#define MODULE_VERSION(text) struct module_macro
#define MODULE_LICENSE(text) struct module_macro
#define MODULE_IMPORT_NS(text) struct module_macro
#define EXPORT_SYMBOL_NS_GPL(symbol, ns) struct module_macro
#define TP_PROTO(args...) args
#define TRACE_EVENT(name, proto, ...) static inline void trace_##name(proto) { }
#define module_init(f) int module_begin(void) { return f(); } struct module_macro
#define module_exit(f) void module_end(void) { f(); } struct module_macro

int module_begin(void);
void module_end(void);
bool try_module_get(void *module);
void module_put(void *module);

/* === Other functions of the kernel ======================================== */

typedef struct {
	u32 val;
} kuid_t;

typedef struct {
	u32 val;
} kgid_t;

#define KUIDT_INIT(v)	((kuid_t){ v })
#define KGIDT_INIT(v)	((kgid_t){ v })

enum dma_data_direction {
	DMA_BIDIRECTIONAL,
};

static inline bool strstarts(const char *string, const char *prefix)
{
	return !strncmp(string, prefix, strlen(prefix));
}

void *memchr_inv(const void *start, int c, size_t bytes);
ssize_t strscpy(char *to, const char *from, size_t size);
int kstrtobool(const char *s, bool *value);
u32 get_random_u32(void);

/* A table of few entries. */
struct xarray {
	struct xarray_entry {
		unsigned long index;
		void *entry;
	} *table;
	unsigned int nr;
};

#define XA_FLAGS_ALLOC1		0
#define xa_limit_32b		U32_MAX
#define xa_init(xa)		(*(xa) = (struct xarray){})
#define xa_init_flags(xa, flags) xa_init(xa)
#define xa_mk_value(v)		((void *)((unsigned long)(v) << 1 | 1))
#define xa_err(entry)		PTR_ERR_OR_ZERO(entry)
#define xa_for_each(xa, i, e)							\
	for (unsigned int __n = 0; __n < (xa)->nr &&				\
	     ((i) = (xa)->table[__n].index, (void)(i), (e) = (xa)->table[__n].entry, true); __n++)

void *xa_load(struct xarray *xa, unsigned long index);
void *xa_store(struct xarray *xa, unsigned long index, void *entry, gfp_t gfp);
void *xa_erase(struct xarray *xa, unsigned long index);
int xa_alloc_cyclic(struct xarray *xa, u32 *index, void *entry, u32 limit, u32 *next,
		    gfp_t gfp);
void xa_destroy(struct xarray *xa);

/* === For the program ====================================================== */

/**
 * struct kernel - State of the stand-ins
 * @ticks: jiffies
 * @now: monotonic clock in ns
 * @random: the next random number
 * @atomic: number of spinlocks that are held, and of callbacks that must not sleep
 * @mutexes: number of mutexes that are held
 * @fail_in: the allocation with this number from now on fails; 0 for none
 * @allocated: allocations that were not freed
 * @modules: references to the module
 * @module_dies: the module is being removed
 * @dropped: lines about a message that the service dropped
 * @unlimited: errors in the log whose rate is not limited
 * @works: work to be run
 * @timers: delayed work
 * @driver: the registered driver
 * @trace: print events and lines of the log
 */
struct kernel {
	unsigned long ticks;
	ktime_t now;
	u32 random;
	unsigned int atomic;
	unsigned int mutexes;
	unsigned int fail_in;
	unsigned int allocated;
	unsigned int modules;
	bool module_dies;
	unsigned int dropped;
	unsigned int unlimited;
	struct list_head works;
	struct list_head timers;
	struct rpmsg_driver *driver;
	bool trace;
};

extern struct kernel kernel;

void kernel_begin(void);
bool kernel_fails(void);
void kernel_advance(unsigned int ms);
bool kernel_run(unsigned int number);
void kernel_run_work(struct work_struct *work);
void kernel_device_end(struct device *dev);

#endif /* SERVICE_KERNEL_H */
