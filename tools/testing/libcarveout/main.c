// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of libcarveout without a heap: one program, one TAP stream.
 *
 * The harness keeps its list of tests per source file, so the tests are included
 * here instead of linked.
 */

#include "kselftest_harness.h"

#include "call_test.c"
#include "file_test.c"
#include "pool_test.c"
#include "shim_fault_test.c"
#include "shim_test.c"
#include "typed_test.c"

TEST_HARNESS_MAIN
