// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The functions that this library replaces.
 */
#define _GNU_SOURCE
#include <dlfcn.h>

#include "udmabuf.h"

void *udmabuf_next(void **next, const char *name)
{
	void *function = __atomic_load_n(next, __ATOMIC_RELAXED);

	if (!function) {
		function = dlsym(RTLD_NEXT, name);
		__atomic_store_n(next, function, __ATOMIC_RELAXED);
	}
	return function;
}
