// SPDX-License-Identifier: GPL-2.0
/*
 * Samples as JSON, for carveout top and carveout pool.
 */
#include "list.h"
#include "report.h"
#include "top.h"

/* One object for each open file: a process that has several is listed several times. */
static void print_holders(const struct sample *sample, size_t heap,
			  const struct carveout_buffer_info *buffer)
{
	const struct holding *holding;
	const struct process *process;
	size_t i;

	json_begin("holders", '[');
	for (i = 0; i < sample->holding_count; i++) {
		holding = &sample->holdings[i];
		process = &sample->processes[holding->process];
		if (!sample_holds(holding, heap, buffer))
			continue;
		json_begin(NULL, '{');
		json_number("pid", process->pid);
		json_number("uid", process->uid);
		json_string("comm", process->comm, sizeof(process->comm));
		json_bool("mapped_only", holding->mapped);
		json_number(holding->pool ? "client" : "dmabuf_inode", holding->id);
		if (holding->pool)
			json_number("blocks", holding->blocks);
		json_end();
	}
	json_end();
}

static void print_buffers(const struct sample *sample, size_t heap)
{
	const struct view *view = &sample->heaps[heap].view;
	size_t i;

	json_begin("buffers", '[');
	for (i = 0; i < view->buffer_count; i++) {
		json_begin(NULL, '{');
		list_json_buffer(view, &view->buffers[i]);
		print_holders(sample, heap, &view->buffers[i]);
		json_end();
	}
	json_end();
}

static void print_pool(const struct sample *sample, size_t heap,
		       const struct sampled_pool *pool)
{
	const struct carveout_ioctl_pool_query *query = &pool->query;

	json_begin(NULL, '{');
	list_json_buffer(&sample->heaps[heap].view, pool->buffer);
	if (pool->err) {
		json_number("error", -pool->err);
	} else {
		json_number("block_size", query->block_size);
		json_number("blocks", query->blocks);
		json_number("free_blocks", query->free);
		json_number("high_water", query->high_water);
		json_number("waiters", query->waiters);
	}
	print_holders(sample, heap, pool->buffer);
	json_end();
}

void top_json_pools(const struct sample *sample, size_t heap)
{
	const struct sampled_heap *sampled = &sample->heaps[heap];
	size_t i;

	json_begin("pools", '[');
	for (i = 0; i < sampled->pool_count; i++)
		print_pool(sample, heap, &sampled->pools[i]);
	json_end();
}

static void print_heap(const struct sample *sample, size_t heap)
{
	const struct sampled_heap *sampled = &sample->heaps[heap];
	const struct carveout_ioctl_query *query = &sampled->view.query;

	list_json_figures(query);
	if (sampled->rated)
		json_signed("rate", sampled->rate);
	else
		json_null("rate");
	json_number("buffer_count", query->buffers);
	json_number("failures_nospc", query->failures_nospc);
	json_number("failures_nomem", query->failures_nomem);
	json_number("failures_quota", query->failures_quota);
	print_buffers(sample, heap);
	top_json_pools(sample, heap);
}

void top_json(const struct sample *sample)
{
	size_t i;

	json_begin(NULL, '{');
	json_number("monotonic_ns", sample->time);
	json_bool("holders_complete", !sample->hidden);
	json_begin("heaps", '[');
	for (i = 0; i < sample->heap_count; i++) {
		json_begin(NULL, '{');
		if (sample->heaps[i].err) {
			json_string("name", sample->heaps[i].name, SIZE_MAX);
			json_number("error", -sample->heaps[i].err);
		} else {
			print_heap(sample, i);
		}
		json_end();
	}
	json_end();
	json_end();
}
