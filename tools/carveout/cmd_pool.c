// SPDX-License-Identifier: GPL-2.0
/*
 * carveout pool: create, list, use and destroy pools of blocks
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exit.h"
#include "list.h"
#include "order.h"
#include "report.h"
#include "text.h"
#include "tool.h"
#include "top.h"

/* === create =============================================================== */

static void parse_create(struct order *order, struct carveout_pool_options *pool, int argc,
			 char **argv)
{
	struct carveout_alloc_options *alloc = &order->alloc;

	order_parse(order, argc, argv);
	check_operands(argc, 4, 4);
	order->heap = argv[optind];
	alloc->tag = tag_argument(argv[optind + 1]);
	pool->block_size = size_argument("block size", argv[optind + 2]);
	if (!pool->block_size)
		misuse("the block size must be at least one byte");
	pool->count = number_argument("number of blocks", argv[optind + 3], 1,
				      CARVEOUT_POOL_BLOCKS_MAX);
	/* For messages: alignment adds to it. */
	if (__builtin_mul_overflow(pool->block_size, pool->count, &alloc->size))
		misuse("%u blocks of %s are too large", pool->count, argv[optind + 2]);
}

static int create_pool(const struct carveout_heap *heap, const struct order *order,
		       struct carveout_pool_options *pool, struct carveout_pool_opened *opened)
{
	const struct carveout_alloc_options *alloc = &order->alloc;

	pool->tag = alloc->tag;
	pool->label = alloc->label;
	pool->flags = alloc->flags;
	pool->mode = alloc->mode;
	pool->align = alloc->align;
	pool->max_addr = alloc->max_addr;
	pool->regions = alloc->regions;
	pool->require = alloc->require;
	return carveout_pool_create(heap, pool, opened);
}

static void print_create(const struct order *order, const struct view *view,
			 const struct carveout_pool_opened *opened)
{
	const char *name = text_safe(view->query.name, sizeof(view->query.name));

	printf("%s: %s pool '%s': %u blocks of %s at %s, %s, generation %llu\n", name,
	       opened->created ? "created" : "opened", order->alloc.tag, opened->count,
	       text_size(opened->block_size, false),
	       view_place(view, opened->region, opened->offset), text_attrs(opened->attrs),
	       (unsigned long long)opened->generation);
	if (order->hold)
		printf("%s: process %d holds '%s' until it is killed\n", name, getpid(),
		       order->alloc.tag);
}

static int run_create(int argc, char **argv)
{
	struct carveout_pool_options pool = CARVEOUT_POOL_OPTIONS_INIT;
	struct carveout_pool_opened opened = CARVEOUT_POOL_OPENED_INIT;
	struct order order = { .alloc = CARVEOUT_ALLOC_OPTIONS_INIT };
	struct carveout_heap *heap;
	struct view view;
	int fd;

	parse_create(&order, &pool, argc, argv);
	if (order_begin(&order, &view, &heap))
		return FAILED;
	fd = create_pool(heap, &order, &pool, &opened);
	if (fd < 0)
		order_explain(&order, &view, fd);
	else
		print_create(&order, &view, &opened);
	return order_end(&order, &view, heap, fd, opened.created);
}

const struct command command_pool_create = {
	.name = "pool create",
	.arguments = "HEAP TAG BLOCK-SIZE BLOCKS [OPTIONS]",
	.summary = "create a pool of equal blocks",
	.help =
	"Create a pool of BLOCKS blocks of BLOCK-SIZE. The tag holds it until 'carveout\n"
	"rm' or 'carveout pool destroy', unless --hold is given.\n"
	"\n"
	ORDER_HELP
	"      --label TEXT      purpose of the pool, up to 63 ASCII characters\n"
	"      --hold            tag is not persistent: hold the pool until killed\n"
	"      --open            if the tag exists, open it; its pool must satisfy the\n"
	"                        request\n"
	"  -h, --help            this text\n"
	"\n"
	"--align applies to each block. Users of the pool need read and write permission.\n",
	.run = run_create,
};

/* === ls =================================================================== */

static void print_json(const struct sample *sample)
{
	size_t i;

	json_begin(NULL, '{');
	json_begin("heaps", '[');
	for (i = 0; i < sample->heap_count; i++) {
		if (sample->heaps[i].err)
			continue;
		json_begin(NULL, '{');
		list_json_figures(&sample->heaps[i].view.query);
		top_json_pools(sample, i);
		json_end();
	}
	json_end();
	json_end();
}

static int run_ls(int argc, char **argv)
{
	static const struct option options[] = {
		{ "bytes", no_argument, NULL, 'b' },
		{ "json", no_argument, NULL, 'j' },
		OPTION_HELP,
		{ 0 }
	};
	struct top_style style = { 0 };
	struct sample sample;
	bool json = false, failed;
	int option;

	while ((option = next_option(argc, argv, "bjh", options)) >= 0) {
		if (option == 'b')
			style.bytes = true;
		else
			json = true;
	}
	check_operands(argc, 0, 1);
	sample_take(&sample, argv[optind], NULL);
	failed = sample_complain(&sample);
	if (json)
		print_json(&sample);
	else if (sample_readable(&sample))
		top_panel(&sample, TOP_POOLS, &style, stdout);
	sample_drop(&sample);
	return failed ? FAILED : DONE;
}

const struct command command_pool_ls = {
	.name = "pool ls",
	.arguments = "[HEAP] [-b] [--json]",
	.summary = "list pools and their clients",
	.help =
	"List the pools of HEAP that you may see, one per line. Without HEAP: those of\n"
	"all heaps.\n"
	"\n"
	"  -b, --bytes   sizes in bytes\n"
	"  -j, --json    JSON\n"
	"  -h, --help    this text\n"
	"\n"
	"BLOCK is the size of a block, HIGH the largest number of blocks in use at one\n"
	"time, WAIT the number of waiters. CLIENTS are processes that have the pool open,\n"
	"with the number of their blocks; 'others' are blocks of drivers, and of\n"
	"processes that only CAP_SYS_PTRACE shows. The figures need read and write\n"
	"permission on the tag.\n",
	.run = run_ls,
};

/* === One pool ============================================================= */

/* A pool that a command uses. */
struct opened_pool {
	const char *heap;
	const char *tag;
	int fd;
};

static int open_pool(struct opened_pool *pool, char **operands)
{
	struct carveout_heap *heap;
	int err;

	pool->heap = operands[0];
	pool->tag = tag_argument(operands[1]);
	err = view_open(&heap, pool->heap, O_RDWR);
	if (err)
		return err;
	pool->fd = carveout_pool_open(heap, pool->tag, O_RDWR | O_CLOEXEC, NULL);
	carveout_close(heap);
	if (pool->fd >= 0)
		return 0;
	if (pool->fd != -EINVAL) {
		view_explain_tag(pool->heap, pool->tag, pool->fd);
		return pool->fd;
	}
	complain(pool->heap, 0, "the buffer of tag '%s' is not a pool", pool->tag);
	tell("'carveout pool ls %s' lists the pools", pool->heap);
	return pool->fd;
}

static void explain_pool(const struct opened_pool *pool, int err, const char *action)
{
	complain(pool->heap, err, "%s of pool '%s'", action, pool->tag);
	if (err == -EAGAIN || err == -ETIMEDOUT)
		tell("all blocks are in use; 'carveout pool ls %s' shows the clients",
		     pool->heap);
	else if (err == -EIDRM)
		tell("the pool was destroyed");
	else if (err == -EPERM)
		tell("only the owner of the pool may release blocks of others, or CAP_FOWNER");
	else if (err == -EINVAL)
		tell("the block is free, or has another serial since it was released or moved");
	else if (err == -EDQUOT)
		tell("the quota of waiters is exceeded");
}

/* === acquire ============================================================== */

static void set_variable(const char *name, uint64_t value)
{
	if (setenv(name, text_format("%llu", (unsigned long long)value), 1))
		die("out of memory");
}

/* The block belongs to the open file, so the command inherits its descriptor. */
static int run_with_block(const struct opened_pool *pool,
			  const struct carveout_pool_block *block, char **command)
{
	int err;

	if (fcntl(pool->fd, F_SETFD, 0))
		die("pool descriptor: %s", strerror(errno));
	set_variable("CARVEOUT_POOL_FD", pool->fd);
	set_variable("CARVEOUT_BLOCK", block->index);
	set_variable("CARVEOUT_SERIAL", block->serial);
	set_variable("CARVEOUT_OFFSET", block->offset);
	execvp(command[0], command);
	err = errno;
	complain(command[0], -err, "run");
	return err == ENOENT ? NOT_FOUND : NOT_RUN;
}

static int acquire(const struct opened_pool *pool, double seconds,
		   struct carveout_pool_block *block)
{
	uint64_t deadline;
	int err;

	if (!seconds)
		return carveout_pool_acquire(pool->fd, block);
	deadline = seconds < 0 ? CARVEOUT_DEADLINE_NONE :
		   carveout_deadline(0) + seconds * 1000000000.0;
	/* After a stop and SIGCONT the wait continues, at its place in the queue. */
	do {
		err = carveout_pool_acquire_until(pool->fd, deadline, block);
	} while (err == -EINTR);
	return err;
}

static double wait_argument(const char *text)
{
	double seconds;
	char *end;

	seconds = strtod(text, &end);
	if (*text < '0' || *text > '9' || *end || !(seconds <= 1e9))
		misuse("'%s' is not a number of seconds", text);
	return seconds;
}

static int run_acquire(int argc, char **argv)
{
	static const struct option options[] = {
		{ "wait", required_argument, NULL, 'w' },
		{ "nonblock", no_argument, NULL, 'n' },
		OPTION_HELP,
		{ 0 }
	};
	struct carveout_pool_block block = { 0 };
	struct opened_pool pool;
	double seconds = -1;
	int option, err;

	/* The options of the command are its own. */
	while ((option = next_option(argc, argv, "+w:nh", options)) >= 0)
		seconds = option == 'w' ? wait_argument(optarg) : 0;
	check_operands(argc, 2, argc);
	if (open_pool(&pool, argv + optind))
		return FAILED;
	err = acquire(&pool, seconds, &block);
	if (err) {
		explain_pool(&pool, err, "acquire a block");
		return FAILED;
	}
	if (optind + 2 < argc)
		return run_with_block(&pool, &block, argv + optind + 2);
	printf("%s: block %u of '%s', offset %llu, serial %llu\n",
	       text_safe(pool.heap, SIZE_MAX), block.index, pool.tag,
	       (unsigned long long)block.offset, (unsigned long long)block.serial);
	printf("%s: process %d has it until it is killed\n", text_safe(pool.heap, SIZE_MAX),
	       getpid());
	order_hold();
	return DONE;
}

const struct command command_pool_acquire = {
	.name = "pool acquire",
	.arguments = "[-w SECONDS | -n] HEAP TAG [COMMAND [ARGUMENT]...]",
	.summary = "acquire a block, and run a command with it",
	.help =
	"Acquire a block of the pool and run COMMAND, or without one print the block and\n"
	"keep it until killed. The block is released when COMMAND ends, and all processes\n"
	"that inherited the descriptor of the pool. The exit code is that of COMMAND.\n"
	"\n"
	"  -w, --wait SECONDS   wait no longer for a block (default: no limit)\n"
	"  -n, --nonblock       do not wait\n"
	"  -h, --help           this text\n"
	"\n"
	"COMMAND finds the descriptor of the pool in CARVEOUT_POOL_FD, and index, offset\n"
	"in the pool and serial of the block in CARVEOUT_BLOCK, CARVEOUT_OFFSET and\n"
	"CARVEOUT_SERIAL. The exit code is 126 or 127 if COMMAND cannot be run.\n",
	.run = run_acquire,
};

/* === release and destroy ================================================== */

static int run_release(int argc, char **argv)
{
	static const struct option options[] = { OPTION_HELP, { 0 } };
	struct carveout_pool_block block = { 0 };
	struct opened_pool pool;
	int err;

	next_option(argc, argv, "h", options);
	check_operands(argc, 4, 4);
	block.index = number_argument("block", argv[optind + 2], 0, UINT32_MAX);
	block.serial = number_argument("serial", argv[optind + 3], 1, UINT64_MAX);
	if (open_pool(&pool, argv + optind))
		return FAILED;
	err = carveout_pool_release_any(pool.fd, &block);
	if (err)
		explain_pool(&pool, err, "release a block");
	close(pool.fd);
	return err ? FAILED : DONE;
}

const struct command command_pool_release = {
	.name = "pool release",
	.arguments = "HEAP TAG BLOCK SERIAL",
	.summary = "release a block of another client",
	.help =
	"Release a block that another client has, as the owner of the pool may. The\n"
	"client is not told and may keep using the block. BLOCK and SERIAL are those that\n"
	"'carveout pool acquire' prints, or that the client knows.\n"
	"\n"
	"  -h, --help   this text\n",
	.run = run_release,
};

static int run_destroy(int argc, char **argv)
{
	static const struct option options[] = { OPTION_HELP, { 0 } };
	struct opened_pool pool;
	int err;

	next_option(argc, argv, "h", options);
	check_operands(argc, 2, 2);
	if (open_pool(&pool, argv + optind))
		return FAILED;
	err = carveout_pool_destroy(pool.fd);
	if (err)
		complain(pool.heap, err, "destroy pool '%s'", pool.tag);
	if (err == -EACCES)
		tell("only the owner of the pool or a process with CAP_FOWNER may destroy it");
	close(pool.fd);
	return err ? FAILED : DONE;
}

const struct command command_pool_destroy = {
	.name = "pool destroy",
	.arguments = "HEAP TAG",
	.summary = "destroy a pool",
	.help =
	"Remove the tag of a pool and end all waits for its blocks. Blocks in use stay\n"
	"valid; the memory is freed with the last reference.\n"
	"\n"
	"  -h, --help   this text\n",
	.run = run_destroy,
};

/* === info ================================================================= */

static void print_info(const struct opened_pool *pool,
		       const struct carveout_ioctl_pool_query *query, bool bytes)
{
	printf("pool %s of heap %s\n", pool->tag, text_safe(pool->heap, SIZE_MAX));
	printf("  blocks        %u of %s\n", query->blocks, text_size(query->block_size, bytes));
	printf("  size          %s\n", text_size(query->size, bytes));
	printf("  free          %u\n", query->free);
	printf("  high water    %u in use\n", query->high_water);
	printf("  waiters       %u\n", query->waiters);
	printf("  place         region %u, offset 0x%llx\n", query->region,
	       (unsigned long long)query->offset);
	printf("  attributes    %s\n", text_attrs(query->attrs));
	printf("  generation    %llu\n", (unsigned long long)query->generation);
}

static void json_info(const struct opened_pool *pool,
		      const struct carveout_ioctl_pool_query *query)
{
	json_begin(NULL, '{');
	json_string("heap", pool->heap, SIZE_MAX);
	json_string("tag", pool->tag, SIZE_MAX);
	json_number("block_size", query->block_size);
	json_number("blocks", query->blocks);
	json_number("free_blocks", query->free);
	json_number("high_water", query->high_water);
	json_number("waiters", query->waiters);
	json_number("size", query->size);
	json_number("region", query->region);
	json_number("offset", query->offset);
	json_number("generation", query->generation);
	json_end();
}

static int run_info(int argc, char **argv)
{
	static const struct option options[] = {
		{ "bytes", no_argument, NULL, 'b' },
		{ "json", no_argument, NULL, 'j' },
		OPTION_HELP,
		{ 0 }
	};
	struct carveout_ioctl_pool_query query;
	bool bytes = false, json = false;
	struct opened_pool pool;
	int option, err;

	while ((option = next_option(argc, argv, "bjh", options)) >= 0) {
		bytes |= option == 'b';
		json |= option == 'j';
	}
	check_operands(argc, 2, 2);
	if (open_pool(&pool, argv + optind))
		return FAILED;
	err = carveout_pool_query(pool.fd, &query);
	close(pool.fd);
	if (err)
		complain(pool.heap, err, "query pool '%s'", pool.tag);
	else if (json)
		json_info(&pool, &query);
	else
		print_info(&pool, &query, bytes);
	return err ? FAILED : DONE;
}

const struct command command_pool_info = {
	.name = "pool info",
	.arguments = "HEAP TAG [-b] [--json]",
	.summary = "show the state of a pool",
	.help =
	"Show the blocks of a pool, how many are free, and the number of waiters. This\n"
	"needs read and write permission on the tag.\n"
	"\n"
	"  -b, --bytes   sizes in bytes\n"
	"  -j, --json    JSON\n"
	"  -h, --help    this text\n",
	.run = run_info,
};
