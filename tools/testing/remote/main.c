// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the client for remote processors: one program, one TAP stream.
 *
 * The harness keeps its list of tests per source file, so the tests are included
 * here instead of linked.
 */

#include "kselftest_harness.h"

#include "directory_test.c"
#include "request_test.c"
#include "session_test.c"
#include "sync_test.c"
#include "thread_test.c"
#include "wait_test.c"
#include "wire_test.c"
#include "wuqi_test.c"

TEST_HARNESS_MAIN
