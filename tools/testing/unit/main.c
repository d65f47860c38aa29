// SPDX-License-Identifier: GPL-2.0
/*
 * User-space unit tests of lib/: one program, one TAP stream.
 *
 * The harness keeps its list of tests per source file, so the tests are included
 * here instead of linked.
 */

#include "kselftest_harness.h"

#include "bins_test.c"
#include "exhaustive_test.c"
#include "heap_test.c"
#include "blocks_test.c"
#include "random_test.c"
#include "store_test.c"
#include "validate_test.c"

/* It uses the fixture of validate_test.c. */
#include "corrupted_test.c"

TEST_HARNESS_MAIN
