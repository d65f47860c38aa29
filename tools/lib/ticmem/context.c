// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * CMEM_init() and CMEM_exit(), and the beginning and end of every call.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "internal.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct ticmem_context *current;

/* The child of a fork has the table in a consistent state, and a lock that is free. */
static void prepare_forks(void)
{
	pthread_atfork(ticmem_lock, ticmem_unlock, ticmem_unlock);
}

/* === Contexts ============================================================= */

static void destroy(struct ticmem_context *context)
{
	ticmem_table_clear(context);
	ticmem_close_blocks(context);
	free(context);
}

struct ticmem_context *ticmem_enter(const char *function)
{
	struct ticmem_context *context;

	ticmem_lock();
	context = current;
	if (context)
		context->refs++;
	ticmem_unlock();
	if (!context)
		ticmem_error(0, "%s: CMEM_init() was not called", function);
	return context;
}

void ticmem_leave(struct ticmem_context *context)
{
	bool last;

	ticmem_lock();
	last = !--context->refs;
	ticmem_unlock();
	if (last)
		destroy(context);
}

static struct ticmem_context *create(void)
{
	struct ticmem_context *context = calloc(1, sizeof(*context));

	if (!context) {
		ticmem_error(-ENOMEM, "CMEM_init");
		return NULL;
	}
	if (ticmem_open_blocks(context)) {
		destroy(context);
		return NULL;
	}
	context->refs = 1;
	context->inits = 1;
	return context;
}

/* The lock is held while the blocks are opened: a second thread does not open them again. */
int CMEM_init(void)
{
	bool ready;

	pthread_once(&once, prepare_forks);
	ticmem_lock();
	if (current)
		current->inits++;
	else
		current = create();
	ready = current;
	ticmem_unlock();
	return ready ? 0 : -1;
}

int CMEM_exit(void)
{
	struct ticmem_context *context = ticmem_enter(__func__);
	bool last;

	if (!context)
		return -1;
	ticmem_lock();
	last = context == current && !--context->inits;
	if (last) {
		current = NULL;
		context->refs--;
	}
	ticmem_unlock();
	ticmem_leave(context);
	return 0;
}

int CMEM_getVersion(void)
{
	struct ticmem_context *context = ticmem_enter(__func__);

	if (!context)
		return -1;
	ticmem_leave(context);
	return CMEM_VERSION;
}
