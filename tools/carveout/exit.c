// SPDX-License-Identifier: GPL-2.0
/*
 * Exit after an error. It uses nothing else of the command, so that all files may call it.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "exit.h"

void die(const char *fmt, ...)
{
	va_list args;

	fflush(stdout);
	va_start(args, fmt);
	fputs("carveout: ", stderr);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	exit(FAILED);
}
