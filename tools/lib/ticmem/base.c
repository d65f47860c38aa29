// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Messages, and the lock.
 */
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void ticmem_error(int err, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fprintf(stderr, "ticmem: %s%s%s\n", text, err ? ": " : "", err ? strerror(-err) : "");
	errno = err ? -err : EINVAL;
}

void ticmem_lock(void)
{
	pthread_mutex_lock(&lock);
}

void ticmem_unlock(void)
{
	pthread_mutex_unlock(&lock);
}
