/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Shared code of the test programs: the heap under test, snapshots of its
 * state, short forms of the ioctls, child processes.
 *
 * Functions that can fail return a negative errno value, as the kernel does, so
 * that one EXPECT_EQ() shows the expected error and the actual one.
 */
#ifndef CARVEOUT_TEST_H
#define CARVEOUT_TEST_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <linux/carveout.h>

#define KIB		1024UL
#define MIB		(1024UL * 1024)

/* The page size of this kernel, and the largest one of any kernel. */
#define PAGE		page_size()
#define PAGE_MAX	(64 * KIB)

/* One millisecond in units of a deadline (ns), and no deadline. */
#define MS		1000000ULL
#define NONE		CARVEOUT_DEADLINE_NONE

/* The longest time in which the kernel finishes the work of a close(). */
#define SETTLE_MS	5000

/*
 * Wait until @condition holds, for @ms milliseconds. Time in which the board,
 * or just this process, was stalled does not count: the process that has to
 * fulfil the condition may have been stalled as well. The condition is checked
 * at least once.
 */
#define BECOMES_TRUE_IN(ms, condition) ({					\
	unsigned int __left = (ms);						\
	bool __true;								\
										\
	while (!(__true = (condition)) && __left)				\
		__left -= doze(__left);						\
	__true;									\
})

#define BECOMES_TRUE(condition)	BECOMES_TRUE_IN(SETTLE_MS, condition)

/*
 * Does @call time out at @deadline, a variable that is set to @ms milliseconds
 * from now? Never before it, and at most two seconds after it: an overloaded
 * board is late once or twice, but not five times in a row.
 */
#define TIMES_OUT_IN(ms, deadline, call) ({					\
	__u64 *__deadline = &(deadline), __end;					\
	unsigned int __tries = 5;						\
	bool __good;								\
										\
	do {									\
		*__deadline = now_ns() + (ms) * MS;				\
		__good = (call) == -ETIMEDOUT;					\
		__end = now_ns();						\
		__good = __good && __end >= *__deadline;			\
	} while (__good && __end > *__deadline + 2000 * MS && --__tries);	\
	__good && __tries;							\
})

/*
 * The argument of any call. The driver has the same union in a private header,
 * which includes kernel headers, so that user space cannot use it.
 */
union argument {
	struct carveout_ioctl_query query;
	struct carveout_ioctl_region region;
	struct carveout_ioctl_alloc alloc;
	struct carveout_ioctl_open open;
	struct carveout_ioctl_unlink unlink;
	struct carveout_ioctl_list list;
	struct carveout_ioctl_info info;
	struct carveout_ioctl_link link;
	struct carveout_ioctl_setattr setattr;
	struct carveout_ioctl_sync sync;
	struct carveout_ioctl_resize resize;
	struct carveout_ioctl_pool_create pool_create;
	struct carveout_ioctl_pool_open pool_open;
	struct carveout_ioctl_pool_acquire pool_acquire;
	struct carveout_ioctl_pool_release pool_release;
	struct carveout_ioctl_pool_move pool_move;
	struct carveout_ioctl_pool_export pool_export;
	struct carveout_ioctl_pool_sync pool_sync;
	struct carveout_ioctl_pool_batch pool_batch;
	struct carveout_ioctl_typed typed;
	struct carveout_ioctl_typed_info typed_info;
	struct carveout_ioctl_locate locate;
};

#define COUNTERS_MAX	64
#define COUNTER_LEN	40

/**
 * struct counters - A file of "name value" lines
 * @nr: number of lines
 * @line: the lines
 */
struct counters {
	int nr;
	struct {
		char name[COUNTER_LEN];
		char value[COUNTER_LEN];
	} line[COUNTERS_MAX];
};

/**
 * struct heap_snapshot - The state that a test must restore
 * @state: the heap's debugfs file "state"
 * @objects: the module's debugfs file "objects"
 */
struct heap_snapshot {
	struct counters state;
	struct counters objects;
};

/**
 * struct heap - The heap under test
 * @node: its device node, open read-write
 * @query: its state at the start
 * @before: snapshot from before the device node was opened
 * @ready: snapshot with the device node open
 */
struct heap {
	int node;
	struct carveout_ioctl_query query;
	struct heap_snapshot before;
	struct heap_snapshot ready;
};

/**
 * struct binding - A device and its driver, in sysfs
 * @device: name of the device
 * @driver: path of the driver
 */
struct binding {
	char device[NAME_MAX + 1];
	char driver[PATH_MAX];
};

/* The kernel's tracing. */
#define TRACING		"/sys/kernel/tracing"

/* The heap under test. */
const char *heap_name(void);
const char *heap_path(void);
int heap_begin(struct heap *heap);
bool heap_settles(const struct heap_snapshot *before, char *diff, size_t len);
bool heap_check(char *text, size_t len);
__s64 heap_state(const char *name);
int take_snapshot(struct heap_snapshot *snapshot);
int take_objects(struct counters *objects);
bool objects_settle(const struct counters *before, char *diff, size_t len);
int read_line(const char *path, char *text, size_t len);
int write_line(const char *path, const char *text);

/* Its settings, and the user of the test. */
void knob_path(char *path, size_t len, const char *file);
int write_knob(const char *file, const char *text);
int set_quota(const char *file, __u64 limit);
unsigned int lines_with(const char *path, const char *text);
bool have_tracing(void);
int act_as(uid_t uid);

/* Its device, and the module. */
int find_binding(int node, struct binding *binding);
int open_driver(const struct binding *binding, const char *file);
int unbind(const struct binding *binding);
int bind_again(const struct binding *binding);
int bind_soon(const struct binding *binding);
int open_node(void);
int open_typed(__u64 regions, __u32 flags);
int remove_module(void);
bool have_module(const char *name);
int load_module(const char *name, const char *args);
int unload_module(const char *name);
int module_args(char *args, size_t len);

/* Suspend. */
bool can_freeze(void);
int freeze_all(void);

/* Short forms of the ioctls. */
int xioctl(int fd, unsigned long cmd, const void *arg);
unsigned long sized(unsigned long cmd, size_t size);
struct carveout_ioctl_alloc alloc_request(__u64 size);
void set_name(char field[CARVEOUT_NAME_LEN], const char *name);
int alloc_buffer(int node, __u64 size);
int alloc_in(int node, __u64 size, __u64 regions);
int alloc_tag(int node, __u64 size, const char *tag, __u32 flags,
	      __u32 mode);
int alloc_and_reopen(int node, __u64 size, __u32 region, const char *tag, int *ro);
int open_tag(int node, const char *tag, __u32 fd_flags);
int unlink_tag(int node, const char *tag);
int query_heap(int node, struct carveout_ioctl_query *query);
int query_region(int node, __u32 index, struct carveout_ioctl_region *region);
int find_region(int node, bool pages);
int open_heap_with(bool pages, const char **name, __u64 *regions);
int query_buffer(int node, int fd, struct carveout_buffer_info *buffer);
int try_open(int node, const char *tag, __u32 fd_flags);
__u64 generation_of(int node, int fd);
int find_listed(int node, const char *tag, struct carveout_buffer_info *found);
__u64 used_bytes(int node);
long page_size(void);
__u64 whole_pages(__u64 size);
const char *unique_tag(const char *base);

/**
 * struct faults - Failures that are injected into system calls of this thread
 * @nth: makes the next call fail once, at its point of this number
 * @shortage: makes all calls fail once their budget is spent
 */
struct faults {
	int nth;
	int shortage;
};

/* Calls that fail for lack of memory. */
bool can_inject_faults(void);
int prepare_faults(struct faults *faults);
void arm_fault(const struct faults *faults, unsigned int n);
bool fault_reached(const struct faults *faults);
int begin_shortage(const struct faults *faults, unsigned int bytes);
void end_shortage(const struct faults *faults);

/**
 * struct stall - A call that waits for a page that the test has not filled yet
 * @node: the heap
 * @cmd: command
 * @arg: its argument
 * @result: its return value
 */
struct stall {
	int node;
	unsigned long cmd;
	void *arg;
	int result;
};

void *stalled_call(void *data);
int missing_page(char **page);
int fill_page(int uffd, char *page, const void *from);

/* The same for pools. */
struct carveout_ioctl_pool_create pool_request(__u64 block_size, __u32 count);
int create_pool(int node, __u64 block_size, __u32 count);
int try_create_pool(int node, struct carveout_ioctl_pool_create *pool);
int create_pool_tag(int node, __u64 block_size, __u32 count, const char *tag,
		    __u32 flags, __u32 mode);
int open_pool(int node, const char *tag);
int acquire_block(int pool, __u64 deadline);
int acquire_block_nowait(int pool);
int release_block(int pool, __u32 index);
__u64 serial_of(int pool, __u32 index);
int release_serial(int pool, __u32 index, __u64 serial, __u32 flags);
int move_block(int pool, __u32 index, __u64 *serial, __u64 to);
int acquire_batch(int pool, struct carveout_pool_ref *refs, __u32 count);
int release_batch(int pool, struct carveout_pool_ref *refs, __u32 count);
int move_batch(int pool, struct carveout_pool_ref *refs, __u32 count, __u64 to);
__u64 client_of(int pool);
int export_pool(int pool, __u32 fd_flags);
int query_pool(int pool, struct carveout_ioctl_pool_query *query);
int free_blocks(int pool);
int full_pool(int node, __u32 count, const char *tag);
bool has_waiters(int pool, __u32 count);
int destroy_pool(int pool);

/* Mappings and their contents. */
void *map_buffer(int fd, size_t size, int prot);
void fill_pattern(void *mem, size_t size, __u32 seed);
bool has_pattern(const void *mem, size_t size, __u32 seed);
bool is_filled(const void *mem, size_t size, unsigned char byte);
void *map_numbered(int fd, unsigned int pages);
bool is_numbered(const void *mem, unsigned int pages);
__s64 flood_heap(int node, unsigned char byte);
int read_at(void *arg);
int write_at(void *arg);

/* Processes. */
pid_t start_child(int (*fn)(void *arg), void *arg);
int wait_child(pid_t pid);
int run_child(int (*fn)(void *arg), void *arg);
int run_seeded(int (*fn)(void *arg), void *arg, __u32 *seed, unsigned int count);
bool sleeps(pid_t pid);
int signal_child(pid_t pid);
int handle_signals(int flags);
bool was_signalled(void);
int wait_with_handler(int flags, int (*wait)(void *arg), void *arg);
int wait_and_restart(int (*wait)(void *arg), void *arg, __u64 *deadline);
int become(uid_t uid, gid_t gid);
int count_fds(void);
int next_fd(int fd);
int send_fd(int sock, int fd);
int recv_fd(int sock);
void sleep_us(unsigned int us);
unsigned int doze(unsigned int left);
__u64 now_ms(void);
__u64 now_ns(void);
unsigned int env_rounds(unsigned int rounds);
__u32 next_random(__u32 *state);
bool kernel_at_least(int major, int minor);

#endif /* CARVEOUT_TEST_H */
