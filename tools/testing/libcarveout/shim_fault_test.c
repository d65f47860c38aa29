// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the libraries for programs of CMEM and u-dma-buf: each request to the driver fails
 * with each error of the driver.
 *
 * A function that reports the error leaves nothing behind, and those of CMEM print one line.
 * Requests whose errors have another effect are in a table.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sanitizer/lsan_interface.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <ti/cmem.h>

#include "kselftest_harness.h"

#include "driver.h"
#include "udmabuf.h"

#define FOREIGN_PHYS	0x50000000
#define OWN_PHYS	0x40000000
#define ANY_ERROR	0

/* === A heap whose requests can fail ======================================= */

/* The request that fails, the error, and: did it fail so in any case? */
static struct {
	int call;
	int error;
	bool usual;
} fault;

/* The address that the next description has. */
static uint64_t next_phys;

static int fault_buffer(uint64_t size)
{
	int fd = memfd_create("buffer", MFD_CLOEXEC);

	return ftruncate(fd, size) ? -1 : fd;
}

static void fault_describe(struct carveout_buffer_info *buffer, uint64_t phys)
{
	memset(buffer, 0, sizeof(*buffer));
	buffer->flags = CARVEOUT_BUFFER_PHYS;
	buffer->phys = phys;
	buffer->size = sysconf(_SC_PAGESIZE);
	if (phys == FOREIGN_PHYS)
		strcpy(buffer->tag, "foreign");
}

static int fault_region(struct carveout_ioctl_region *region)
{
	region->base = OWN_PHYS;
	region->size = 1 << 20;
	region->largest_hole = 1 << 20;
	region->flags = CARVEOUT_REGION_BASE;
	return region->index ? ENOENT : 0;
}

/* The heap has one buffer of another process. */
static void fault_list(struct carveout_ioctl_list *list)
{
	if (!list->cursor)
		fault_describe((void *)(uintptr_t)list->entries, FOREIGN_PHYS);
	list->count = !list->cursor;
	list->cursor = 1;
}

static void fault_open(struct carveout_ioctl_open *open)
{
	open->fd = fault_buffer(sysconf(_SC_PAGESIZE));
	next_phys = FOREIGN_PHYS;
}

static void reply(unsigned long command, void *argument)
{
	struct carveout_ioctl_alloc *alloc = argument;
	struct carveout_ioctl_info *info = argument;

	switch (command) {
	case CARVEOUT_IOCTL_ALLOC:
		alloc->fd = fault_buffer(alloc->size);
		alloc->created = CARVEOUT_ALLOC_CREATED;
		next_phys = OWN_PHYS;
		break;
	case CARVEOUT_IOCTL_OPEN:
		fault_open(argument);
		break;
	case CARVEOUT_IOCTL_INFO:
		fault_describe((void *)(uintptr_t)info->entry, next_phys);
		break;
	case CARVEOUT_IOCTL_LIST:
		fault_list(argument);
		break;
	}
}

/* Replies that are errors: the end of the list of regions, and tags that are not there. */
static int usual_error(unsigned long command, void *argument)
{
	const struct carveout_ioctl_open *open = argument;

	if (command == CARVEOUT_IOCTL_REGION)
		return fault_region(argument);
	return command == CARVEOUT_IOCTL_OPEN && strcmp(open->tag, "foreign") ? ENOENT : 0;
}

static void reply_or_fail(int call, void *argument)
{
	const unsigned long command = driver.command[call];
	int usual = usual_error(command, argument);

	if (call == fault.call) {
		fault.usual = usual == fault.error;
		driver.errors[call] = fault.error;
	} else {
		driver.errors[call] = usual;
		if (!usual)
			reply(command, argument);
	}
}

static void fail_request(int call, int error)
{
	driver.calls = 0;
	fault.call = call;
	fault.error = error;
	fault.usual = false;
}

/* === Resources ============================================================ */

static int count_files(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int count = 0;

	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

static int count_mappings(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[512];
	int count = 0;

	while (fgets(line, sizeof(line), maps))
		count += !!strstr(line, "memfd:buffer");
	fclose(maps);
	return count;
}

/* Standard error, until messages_end(). */
static int real_stderr, message_file;

static void messages_begin(void)
{
	fflush(stderr);
	real_stderr = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
	message_file = memfd_create("messages", MFD_CLOEXEC);
	dup2(message_file, STDERR_FILENO);
}

/* The number of lines. */
static int messages_end(void)
{
	char text[4096];
	ssize_t size, i;
	int lines = 0;

	fflush(stderr);
	dup2(real_stderr, STDERR_FILENO);
	close(real_stderr);
	size = pread(message_file, text, sizeof(text), 0);
	close(message_file);
	for (i = 0; i < size; i++)
		lines += text[i] == '\n';
	return lines;
}

/* === Functions ============================================================ */

/**
 * struct fault_case - A function under faults
 * @name: its name
 * @run: call it, and undo its effect; false if it failed
 * @lines: number of lines that it prints if it fails
 */
struct fault_case {
	const char *name;
	bool (*run)(void);
	int lines;
};

/**
 * struct special - A request whose error is not that of the function
 * @name: the function
 * @command: the request
 * @error: the error; ANY_ERROR: each
 * @result: error of the function; 0: it succeeds
 */
struct special {
	const char *name;
	unsigned long command;
	int error;
	int result;
};

/* The error of a function after the fault, or 0. */
static int result_of(const struct special *table, size_t count, const char *name)
{
	unsigned long command = driver.command[fault.call];
	size_t i;

	for (i = 0; i < count; i++)
		if (!strcmp(table[i].name, name) && table[i].command == command &&
		    (table[i].error == ANY_ERROR || table[i].error == fault.error))
			return table[i].result;
	return fault.usual ? 0 : fault.error;
}

/* One request fails. Return false if the function makes fewer requests. */
static bool try_fault(struct __test_metadata *_metadata, const struct fault_case *fn,
		      const struct special *table, size_t count)
{
	int files = count_files(), mappings = count_mappings(), lines, error;

	messages_begin();
	error = fn->run() ? 0 : errno;
	lines = messages_end();
	files -= count_files();
	mappings -= count_mappings();
	if (driver.calls <= fault.call) {
		EXPECT_EQ(0, error);
		EXPECT_EQ(0, lines);
		return false;
	}
	if (error != result_of(table, count, fn->name) || files || mappings ||
	    (error && lines != fn->lines)) {
		TH_LOG("%s, request %d, error %d: error %d, %d files, %d mappings, %d lines",
		       fn->name, fault.call, fault.error, error, -files, -mappings, lines);
		EXPECT_TRUE(false);
	}
	return true;
}

/* Each request fails with each error. */
static void try_faults(struct __test_metadata *_metadata, const struct fault_case *fn,
		       const struct special *table, size_t count)
{
	bool more = true;
	int call, i;

	for (call = 0; more; call++)
		for (i = 0; i < DRIVER_ERRORS && more; i++) {
			fail_request(call, driver_errors[i]);
			more = try_fault(_metadata, fn, table, count);
		}
	EXPECT_LT(1, call) TH_LOG("%s makes no request", fn->name);
	EXPECT_EQ(0, __lsan_do_recoverable_leak_check()) TH_LOG("%s", fn->name);
}

/* === CMEM ================================================================= */

static void *own_buffer;
static CMEM_AllocParams in_heap = { CMEM_HEAP, CMEM_CACHED, 0 };
static CMEM_AllocParams in_pool = { CMEM_POOL, CMEM_CACHED, 0 };

static bool cmem_init(void)
{
	return !CMEM_init() && !CMEM_exit();
}

static bool cmem_alloc(void)
{
	void *memory = CMEM_alloc(100, &in_heap);

	return memory && !CMEM_free(memory, NULL);
}

static bool cmem_alloc_best_pool(void)
{
	void *memory = CMEM_alloc(100, &in_pool);

	return memory && !CMEM_free(memory, NULL);
}

static bool cmem_alloc_pool(void)
{
	void *memory = CMEM_allocPool(0, &in_pool);

	return memory && !CMEM_free(memory, NULL);
}

static bool cmem_alloc_phys(void)
{
	off_t phys = CMEM_allocPhys(100, &in_heap);

	return phys && !CMEM_freePhys(phys, NULL);
}

static bool cmem_get_phys(void)
{
	void *memory = CMEM_alloc(100, &in_heap);
	bool done = memory && CMEM_getPhys(memory);
	int error = errno;

	if (memory)
		CMEM_free(memory, NULL);
	errno = error;
	return done;
}

static bool cmem_map(void)
{
	const long page = sysconf(_SC_PAGESIZE);
	void *memory = CMEM_map(FOREIGN_PHYS, page);

	return memory && !CMEM_unmap(memory, page);
}

static bool cmem_register(void)
{
	void *memory = CMEM_registerAlloc(FOREIGN_PHYS);

	return memory && !CMEM_unregister(memory, NULL);
}

static bool cmem_sync(void)
{
	return !CMEM_cacheWb(own_buffer, 8);
}

static bool cmem_sync_all(void)
{
	return !CMEM_cacheWbInvAll();
}

static bool cmem_block(void)
{
	unsigned long long size;
	off_t base;

	return !CMEM_getBlock(&base, &size);
}

static bool cmem_pool(void)
{
	return CMEM_getPool(100) == 0;
}

/* No buffer of a pool is that large. */
static bool cmem_pool_or_heap(void)
{
	return CMEM_getPool(1 << 19) == -2;
}

static const struct fault_case cmem_init_fault = { "CMEM_init", cmem_init, 1 };

static const struct fault_case cmem_faults[] = {
	{ "CMEM_alloc", cmem_alloc, 1 },
	{ "CMEM_alloc in a pool", cmem_alloc_best_pool, 1 },
	{ "CMEM_allocPool", cmem_alloc_pool, 1 },
	{ "CMEM_allocPhys", cmem_alloc_phys, 1 },
	{ "CMEM_getPhys", cmem_get_phys, 1 },
	{ "CMEM_map", cmem_map, 1 },
	{ "CMEM_registerAlloc", cmem_register, 1 },
	{ "CMEM_cacheWb", cmem_sync, 1 },
	{ "CMEM_cacheWbInvAll", cmem_sync_all, 1 },
	{ "CMEM_getBlock", cmem_block, 1 },
	{ "CMEM_getPool", cmem_pool, 1 },
	{ "CMEM_getPool or the heap", cmem_pool_or_heap, 1 },
};

static const struct special cmem_special[] = {
	/* The file is no heap. */
	{ "CMEM_init", CARVEOUT_IOCTL_QUERY, EINVAL, ENOTTY },
	/* The buffers of a pool are tried one after the other. */
	{ "CMEM_alloc in a pool", CARVEOUT_IOCTL_ALLOC, EEXIST, 0 },
	{ "CMEM_allocPool", CARVEOUT_IOCTL_ALLOC, EEXIST, 0 },
	/* The buffer is that of a user with other rights. */
	{ "CMEM_getPool", CARVEOUT_IOCTL_OPEN, EACCES, 0 },
	/* The tag of a buffer that is freed is removed with the buffer. */
	{ "CMEM_alloc in a pool", CARVEOUT_IOCTL_UNLINK, ANY_ERROR, 0 },
	{ "CMEM_allocPool", CARVEOUT_IOCTL_UNLINK, ANY_ERROR, 0 },
	/* The buffer has its address, though other processes cannot use it. */
	{ "CMEM_allocPhys", CARVEOUT_IOCTL_LINK, ANY_ERROR, 0 },
	{ "CMEM_getPhys", CARVEOUT_IOCTL_LINK, ANY_ERROR, 0 },
};

static void cmem_setup(void)
{
	setenv("CARVEOUT_DIR", "/tmp/libcarveout-shim", 1);
	setenv("TICMEM_BLOCKS", "dsp", 1);
	setenv("TICMEM_POOLS", "3x4K", 1);
	setenv("TICMEM_USE_HEAP", "1", 1);
	setenv("TICMEM_COHERENT", "1", 1);
	driver.node = "/tmp/libcarveout-shim/dsp";
	driver.answer = reply_or_fail;
	fail_request(-1, 0);
}

TEST(cmem_init_fails_without_a_trace)
{
	cmem_setup();
	try_faults(_metadata, &cmem_init_fault, cmem_special, ARRAY_SIZE(cmem_special));
}

TEST(cmem_functions_fail_without_a_trace)
{
	size_t i;

	cmem_setup();
	ASSERT_EQ(0, CMEM_init());
	own_buffer = CMEM_alloc(100, &in_heap);
	ASSERT_NE(NULL, own_buffer);
	for (i = 0; i < ARRAY_SIZE(cmem_faults); i++)
		try_faults(_metadata, &cmem_faults[i], cmem_special, ARRAY_SIZE(cmem_special));
	EXPECT_EQ(0, CMEM_free(own_buffer, NULL));
	EXPECT_EQ(0, CMEM_exit());
}

/* === u-dma-buf ============================================================ */

static bool is_done(int err)
{
	errno = -err;
	return !err;
}

static bool udmabuf_get(void)
{
	struct udmabuf_node node;
	int err = udmabuf_node_get(&node, "foreign", O_RDWR | O_CLOEXEC);

	if (!err)
		udmabuf_node_put(&node);
	return is_done(err);
}

static bool udmabuf_read_settings(void)
{
	struct udmabuf_settings settings;
	struct udmabuf_node node;
	int err = udmabuf_node_get(&node, "foreign", O_RDWR | O_CLOEXEC);

	if (err)
		return is_done(err);
	err = udmabuf_settings_read(&node, &settings);
	udmabuf_node_put(&node);
	return is_done(err);
}

static bool udmabuf_map_settings(void)
{
	struct udmabuf_settings *settings;
	struct udmabuf_node node;
	int err = udmabuf_node_get(&node, "foreign", O_RDWR | O_CLOEXEC);

	if (err)
		return is_done(err);
	err = udmabuf_settings_map(&node, &settings);
	if (!err)
		udmabuf_settings_unmap(settings);
	udmabuf_node_put(&node);
	return is_done(err);
}

static bool udmabuf_maintain(void)
{
	struct udmabuf_node node;
	int err = udmabuf_node_get(&node, "foreign", O_RDWR | O_CLOEXEC);

	if (err)
		return is_done(err);
	err = udmabuf_sync(&node, CARVEOUT_SYNC_FOR_CPU, 1);
	udmabuf_node_put(&node);
	return is_done(err);
}

static const struct fault_case udmabuf_faults[] = {
	{ "node", udmabuf_get, 0 },
	{ "settings_read", udmabuf_read_settings, 0 },
	{ "settings_map", udmabuf_map_settings, 0 },
	{ "sync", udmabuf_maintain, 0 },
};

static const struct special udmabuf_special[] = {
	/* The file is no heap. */
	{ "node", CARVEOUT_IOCTL_QUERY, EINVAL, ENOTTY },
	{ "settings_read", CARVEOUT_IOCTL_QUERY, EINVAL, ENOTTY },
	{ "settings_map", CARVEOUT_IOCTL_QUERY, EINVAL, ENOTTY },
	{ "sync", CARVEOUT_IOCTL_QUERY, EINVAL, ENOTTY },
	/* The heap is opened for reading instead. */
	{ "node", CARVEOUT_IOCTL_QUERY, EACCES, 0 },
	{ "settings_read", CARVEOUT_IOCTL_QUERY, EACCES, 0 },
	{ "settings_map", CARVEOUT_IOCTL_QUERY, EACCES, 0 },
	{ "sync", CARVEOUT_IOCTL_QUERY, EACCES, 0 },
	/* The settings keep the owner and mode of the caller. */
	{ "settings_map", CARVEOUT_IOCTL_SETATTR, ANY_ERROR, 0 },
	{ "sync", CARVEOUT_IOCTL_SETATTR, ANY_ERROR, 0 },
	/* A reader of the node, and a node that was deleted, have no settings to change. */
	{ "sync", CARVEOUT_IOCTL_ALLOC, EACCES, 0 },
	{ "sync", CARVEOUT_IOCTL_ALLOC, ENODEV, 0 },
};

TEST(udmabuf_functions_fail_without_a_trace)
{
	size_t i;

	setenv("CARVEOUT_DIR", "/tmp/libcarveout-shim", 1);
	setenv("CARVEOUT_HEAP", "dsp", 1);
	driver.node = "/tmp/libcarveout-shim/dsp";
	driver.answer = reply_or_fail;
	for (i = 0; i < ARRAY_SIZE(udmabuf_faults); i++)
		try_faults(_metadata, &udmabuf_faults[i], udmabuf_special,
			   ARRAY_SIZE(udmabuf_special));
}
