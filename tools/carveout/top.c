// SPDX-License-Identifier: GPL-2.0
/*
 * Samples as tables and as JSON, for carveout top.
 */
#include <stdlib.h>
#include <string.h>

#include "exit.h"
#include "list.h"
#include "report.h"
#include "text.h"
#include "top.h"

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

/* The parts of the screen's width that names may take. */
#define TAG_SHARE	4
#define NAME_SHARE	8

/* Bytes of a list of holders, which the screen cuts further. */
#define HOLDERS_MOST	1024

/* A buffer or pool of the table that is being written. */
struct row {
	const struct sampled_heap *heap;
	size_t heap_index;
	const struct carveout_buffer_info *buffer;
	const struct sampled_pool *pool;
};

static const char *name_text(const struct top_style *style, const char *name, size_t length,
			     unsigned int share)
{
	const char *safe = text_safe(name, length);

	return style->columns ? text_clip(safe, style->columns / share) : safe;
}

static const char *heap_text(const struct top_style *style, const struct sampled_heap *heap)
{
	return name_text(style, heap->view.query.name, CARVEOUT_NAME_LEN, NAME_SHARE);
}

static const char *user_text(const struct top_style *style, uint32_t uid)
{
	const char *user = text_user(uid);

	return style->columns ? text_clip(user, style->columns / NAME_SHARE) : user;
}

/* === Heaps ================================================================ */

static const struct table_column heap_columns[] = {
	{ .title = "HEAP" },
	{ .title = "SIZE", .right = true },
	{ .title = "USED", .right = true },
	{ .title = "USE%", .right = true },
	{ .title = "HIGH", .right = true },
	{ .title = "HOLE", .right = true },
	{ .title = "RATE/S", .right = true },
	{ .title = "BUFS", .right = true },
	{ .title = "FAILS", .right = true },
};

static const char *rate_text(const struct sampled_heap *heap, bool bytes)
{
	uint64_t size = heap->rate < 0 ? -heap->rate : heap->rate;

	if (!heap->rated)
		return "-";
	if (!size)
		return "0";
	return text_format("%c%s", heap->rate < 0 ? '-' : '+', text_size(size, bytes));
}

static void add_heap(struct table *table, const struct top_style *style,
		     const struct sampled_heap *heap)
{
	const struct carveout_ioctl_query *query = &heap->view.query;

	table_add(table, heap_text(style, heap));
	table_add(table, text_size(query->size, style->bytes));
	table_add(table, text_size(query->used, style->bytes));
	table_add(table, text_share(query->used, query->size));
	table_add(table, text_size(query->high_water, style->bytes));
	table_add(table, text_size(query->largest_hole, style->bytes));
	table_add(table, rate_text(heap, style->bytes));
	table_addf(table, "%u", query->buffers);
	table_addf(table, "%llu", (unsigned long long)query->failures_nospc +
		   query->failures_nomem + query->failures_quota);
}

void top_heaps(const struct sample *sample, const struct top_style *style, FILE *to)
{
	struct table table = { .columns = heap_columns, .count = ARRAY_SIZE(heap_columns) };
	size_t i;

	for (i = 0; i < sample->heap_count; i++)
		if (!sample->heaps[i].err)
			add_heap(&table, style, &sample->heaps[i]);
	table_write(&table, to, 0);
	for (i = 0; i < sample->heap_count; i++)
		if (sample->heaps[i].err)
			fprintf(to, "%s: %s\n", text_safe(sample->heaps[i].name, SIZE_MAX),
				strerror(-sample->heaps[i].err));
	if (sample->err)
		fprintf(to, "%s: %s\n", text_safe(carveout_dir(), SIZE_MAX),
			strerror(-sample->err));
	else if (!sample->heap_count)
		fputs("no heap\n", to);
}

/* === Holders of a buffer, clients of a pool =============================== */

static bool is_first_of(const struct sample *sample, size_t index)
{
	const struct holding *holding = &sample->holdings[index], *other;
	size_t i;

	for (i = 0; i < index; i++) {
		other = &sample->holdings[i];
		if (other->id == holding->id && other->pool == holding->pool &&
		    other->heap == holding->heap && other->region == holding->region &&
		    other->offset == holding->offset)
			return false;
	}
	return true;
}

/* Has an earlier holding of the buffer the same process? */
static bool is_repeated(const struct sample *sample, const struct row *row, size_t index)
{
	size_t i;

	for (i = 0; i < index; i++)
		if (sample->holdings[i].process == sample->holdings[index].process &&
		    sample_holds(&sample->holdings[i], row->heap_index, row->buffer))
			return true;
	return false;
}

static const char *process_text(const struct sample *sample, const struct holding *holding)
{
	const struct process *process = &sample->processes[holding->process];

	return text_format("%u/%s", process->pid,
			   text_safe(process->comm, sizeof(process->comm)));
}

/* Blocks of all open files of the pool that a process has. */
static unsigned int blocks_of(const struct sample *sample, const struct row *row,
			      size_t process)
{
	const struct holding *holding;
	unsigned int blocks = 0;
	size_t i;

	for (i = 0; i < sample->holding_count; i++) {
		holding = &sample->holdings[i];
		if (holding->pool && holding->process == process &&
		    sample_holds(holding, row->heap_index, row->buffer))
			blocks += holding->blocks;
	}
	return blocks;
}

/* Append to a list that commas separate, as long as it has room. */
static void append(char *list, const char *text)
{
	size_t used = strlen(list);

	if (used + strlen(text) + 2 > HOLDERS_MOST)
		return;
	sprintf(list + used, "%s%s", used ? "," : "", text);
}

static void append_processes(const struct sample *sample, const struct row *row, char *list)
{
	const struct holding *holding;
	size_t i;

	for (i = 0; i < sample->holding_count; i++) {
		holding = &sample->holdings[i];
		if (!sample_holds(holding, row->heap_index, row->buffer) ||
		    is_repeated(sample, row, i))
			continue;
		if (row->pool)
			append(list, text_format("%s:%u", process_text(sample, holding),
						 blocks_of(sample, row, holding->process)));
		else
			append(list, process_text(sample, holding));
	}
}

/* References that a persistent tag and the processes that were found do not account for. */
static unsigned int other_references(const struct sample *sample, const struct row *row)
{
	unsigned int known = !!(row->buffer->flags & CARVEOUT_BUFFER_PERSIST);
	size_t i;

	for (i = 0; i < sample->holding_count; i++)
		known += sample_holds(&sample->holdings[i], row->heap_index, row->buffer) &&
			 is_first_of(sample, i);
	return row->buffer->refs > known ? row->buffer->refs - known : 0;
}

static unsigned int other_blocks(const struct sample *sample, const struct row *row)
{
	unsigned int known = 0, used = row->pool->query.blocks - row->pool->query.free;
	const struct holding *holding;
	size_t i;

	for (i = 0; i < sample->holding_count; i++) {
		holding = &sample->holdings[i];
		if (holding->pool && sample_holds(holding, row->heap_index, row->buffer) &&
		    is_first_of(sample, i))
			known += holding->blocks;
	}
	return used > known ? used - known : 0;
}

static const char *holders_text(const struct sample *sample, const struct row *row)
{
	char list[HOLDERS_MOST] = "";
	unsigned int others;

	if (row->buffer->parked_ns)
		return text_format("parked %llus", (unsigned long long)
				   row->buffer->parked_ns / 1000000000);
	if (!row->pool && row->buffer->flags & CARVEOUT_BUFFER_PERSIST)
		append(list, "tag");
	append_processes(sample, row, list);
	others = row->pool ? other_blocks(sample, row) : other_references(sample, row);
	if (others)
		append(list, text_format(row->pool ? "others:%u" : "+%u", others));
	return text_format("%s", *list ? list : "-");
}

/* === Buffers ============================================================== */

static const struct table_column buffer_columns[] = {
	{ .title = "HEAP" },
	{ .title = "TAG" },
	{ .title = "SIZE", .right = true },
	{ .title = "OWNER" },
	{ .title = "REFS", .right = true },
	{ .title = "HOLDERS" },
};

static int by_size(const void *a, const void *b)
{
	const struct row *left = a, *right = b;

	if (left->buffer->size != right->buffer->size)
		return left->buffer->size > right->buffer->size ? -1 : 1;
	if (left->heap_index != right->heap_index)
		return left->heap_index < right->heap_index ? -1 : 1;
	return left->buffer->generation < right->buffer->generation ? -1 : 1;
}

static struct row *buffer_rows(const struct sample *sample, size_t *count)
{
	const struct view *view;
	struct row *rows;
	size_t i, j;

	*count = 0;
	for (i = 0; i < sample->heap_count; i++)
		*count += sample->heaps[i].view.buffer_count;
	rows = calloc(*count + 1, sizeof(*rows));
	if (!rows)
		die("out of memory");
	*count = 0;
	for (i = 0; i < sample->heap_count; i++) {
		view = &sample->heaps[i].view;
		for (j = 0; j < view->buffer_count; j++)
			rows[(*count)++] = (struct row) {
				.heap = &sample->heaps[i],
				.heap_index = i,
				.buffer = &view->buffers[j],
			};
	}
	qsort(rows, *count, sizeof(*rows), by_size);
	return rows;
}

static void write_buffers(const struct sample *sample, const struct top_style *style,
			  FILE *to)
{
	struct table table = { .columns = buffer_columns, .count = ARRAY_SIZE(buffer_columns) };
	const struct carveout_buffer_info *buffer;
	struct row *rows;
	size_t count, i;

	rows = buffer_rows(sample, &count);
	for (i = 0; i < count; i++) {
		buffer = rows[i].buffer;
		table_add(&table, heap_text(style, rows[i].heap));
		table_add(&table, name_text(style, buffer->tag, sizeof(buffer->tag), TAG_SHARE));
		table_add(&table, text_size(buffer->size, style->bytes));
		table_add(&table, user_text(style, buffer->uid));
		table_addf(&table, "%u", buffer->refs);
		table_add(&table, holders_text(sample, &rows[i]));
	}
	free(rows);
	table_write(&table, to, 0);
}

/* === Holders ============================================================== */

static const struct table_column holder_columns[] = {
	{ .title = "PID", .right = true },
	{ .title = "USER" },
	{ .title = "PROGRAM" },
	{ .title = "HEAP" },
	{ .title = "BUFFERS", .right = true },
	{ .title = "SIZE", .right = true },
	{ .title = "POOLS", .right = true },
	{ .title = "BLOCKS", .right = true },
};

/**
 * struct use - Use of a heap by a process
 * @process: index of the process
 * @heap: index of the heap
 * @buffers: number of buffers that it holds
 * @size: their bytes
 * @pools: number of pools that it has open
 * @blocks: number of their blocks that it has
 */
struct use {
	size_t process;
	size_t heap;
	unsigned int buffers;
	uint64_t size;
	unsigned int pools;
	unsigned int blocks;
};

static int by_use(const void *a, const void *b)
{
	const struct use *left = a, *right = b;

	if (left->size != right->size)
		return left->size > right->size ? -1 : 1;
	if (left->process != right->process)
		return left->process < right->process ? -1 : 1;
	return left->heap < right->heap ? -1 : left->heap > right->heap;
}

static const struct carveout_buffer_info *held_buffer(const struct sample *sample,
						      const struct holding *holding)
{
	const struct view *view = &sample->heaps[holding->heap].view;
	size_t i;

	for (i = 0; i < view->buffer_count; i++)
		if (sample_holds(holding, holding->heap, &view->buffers[i]))
			return &view->buffers[i];
	return NULL;
}

/* A buffer counts once, however often the process has it. */
static void add_use(const struct sample *sample, struct use *use, size_t index)
{
	const struct holding *holding = &sample->holdings[index];
	struct row row = {
		.heap_index = holding->heap,
		.buffer = held_buffer(sample, holding),
	};

	use->blocks += holding->blocks;
	if (!row.buffer || is_repeated(sample, &row, index))
		return;
	use->buffers++;
	use->size += row.buffer->size;
	use->pools += !!(row.buffer->flags & CARVEOUT_BUFFER_POOL);
}

static struct use *find_uses(const struct sample *sample, size_t *count)
{
	const struct holding *holding;
	struct use *uses, *use;
	size_t i;

	uses = calloc(sample->holding_count + 1, sizeof(*uses));
	if (!uses)
		die("out of memory");
	*count = 0;
	for (i = 0; i < sample->holding_count; i++) {
		holding = &sample->holdings[i];
		for (use = uses; use < uses + *count; use++)
			if (use->process == holding->process && use->heap == holding->heap)
				break;
		use->process = holding->process;
		use->heap = holding->heap;
		*count += use == uses + *count;
		add_use(sample, use, i);
	}
	qsort(uses, *count, sizeof(*uses), by_use);
	return uses;
}

static void write_holders(const struct sample *sample, const struct top_style *style,
			  FILE *to)
{
	struct table table = { .columns = holder_columns, .count = ARRAY_SIZE(holder_columns) };
	const struct process *process;
	struct use *uses;
	size_t count, i;

	uses = find_uses(sample, &count);
	for (i = 0; i < count; i++) {
		process = &sample->processes[uses[i].process];
		table_addf(&table, "%u", process->pid);
		table_add(&table, user_text(style, process->uid));
		table_add(&table, text_safe(process->comm, sizeof(process->comm)));
		table_add(&table, heap_text(style, &sample->heaps[uses[i].heap]));
		table_addf(&table, "%u", uses[i].buffers);
		table_add(&table, text_size(uses[i].size, style->bytes));
		table_addf(&table, "%u", uses[i].pools);
		table_addf(&table, "%u", uses[i].blocks);
	}
	free(uses);
	table_write(&table, to, 0);
	if (sample->hidden)
		fputs("and those of other users, which only CAP_SYS_PTRACE shows\n", to);
}

/* === Pools ================================================================ */

static const struct table_column pool_columns[] = {
	{ .title = "HEAP" },
	{ .title = "POOL" },
	{ .title = "BLOCK", .right = true },
	{ .title = "BLOCKS", .right = true },
	{ .title = "FREE", .right = true },
	{ .title = "HIGH", .right = true },
	{ .title = "WAIT", .right = true },
	{ .title = "CLIENTS" },
};

static void add_pool(struct table *table, const struct sample *sample,
		     const struct top_style *style, const struct row *row)
{
	const struct carveout_ioctl_pool_query *query = &row->pool->query;
	const struct carveout_buffer_info *buffer = row->buffer;
	int i;

	table_add(table, heap_text(style, row->heap));
	table_add(table, name_text(style, buffer->tag, sizeof(buffer->tag), TAG_SHARE));
	if (row->pool->err) {
		for (i = 0; i < 5; i++)
			table_add(table, "?");
		table_add(table, buffer->tag[0] ? strerror(-row->pool->err) : "no tag");
		return;
	}
	table_add(table, text_size(query->block_size, style->bytes));
	table_addf(table, "%u", query->blocks);
	table_addf(table, "%u", query->free);
	table_addf(table, "%u", query->high_water);
	table_addf(table, "%u", query->waiters);
	table_add(table, holders_text(sample, row));
}

static void write_pools(const struct sample *sample, const struct top_style *style, FILE *to)
{
	struct table table = { .columns = pool_columns, .count = ARRAY_SIZE(pool_columns) };
	struct row row;
	size_t i, j;

	for (i = 0; i < sample->heap_count; i++) {
		row.heap = &sample->heaps[i];
		row.heap_index = i;
		for (j = 0; j < row.heap->pool_count; j++) {
			row.pool = &row.heap->pools[j];
			row.buffer = row.pool->buffer;
			add_pool(&table, sample, style, &row);
		}
	}
	table_write(&table, to, 0);
}

void top_panel(const struct sample *sample, enum top_panel panel,
	       const struct top_style *style, FILE *to)
{
	switch (panel) {
	case TOP_BUFFERS:
		write_buffers(sample, style, to);
		break;
	case TOP_HOLDERS:
		write_holders(sample, style, to);
		break;
	default:
		write_pools(sample, style, to);
		break;
	}
}
