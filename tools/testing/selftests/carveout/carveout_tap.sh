# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034 # used by the scripts that source this file
#
# Shared code of the shell tests: TAP on standard output.
# For a POSIX shell; busybox will do.

TESTS=0
FAILED=0
SKIPPED=0

plan()
{
	echo "TAP version 13"
	echo "1..$1"
}

# skip_all REASON: end the program, with all of its tests skipped.
skip_all()
{
	plan 1
	echo "ok 1 all # SKIP $*"
	exit 4
}

# skip_test NAME REASON: one test is skipped.
skip_test()
{
	TESTS=$((TESTS + 1))
	SKIPPED=$((SKIPPED + 1))
	echo "ok $TESTS $1 # SKIP $2"
}

# result NAME WHY: one test is complete; it has passed if WHY is empty.
result()
{
	TESTS=$((TESTS + 1))
	if [ -z "$2" ]; then
		echo "ok $TESTS $1"
		return
	fi
	FAILED=$((FAILED + 1))
	printf '%s\n' "$2" | sed 's/^/# /'
	echo "not ok $TESTS $1"
}
