// SPDX-License-Identifier: GPL-2.0
/*
 * Coverage of tests in child processes.
 *
 * The harness ends each child with _exit(), which does not write gcov's counters.
 * The linker redirects these calls to this wrapper (--wrap=_exit).
 */

#include <gcov.h>

#include "unit.h"

void __wrap__exit(int status)
{
	__gcov_dump();
	__real__exit(status);
}
