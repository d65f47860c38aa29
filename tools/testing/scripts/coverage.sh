#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# coverage.sh: which lines and branches of lib/ the unit tests in user space reach.
#
# Prints both numbers for each source, and the numbers of the lines that were not reached
# or that have a branch that was not taken. Fails if a test does.

# shellcheck source=tools/testing/scripts/common.sh
. "$(dirname "$0")/common.sh"

"$SCRIPTS/deps.sh" build coverage
"$SCRIPTS/fetch.sh" source:6.12
make -s --no-print-directory -C "$TOP/tools/testing/unit" \
	KSRC="$CARVEOUT_CACHE/source/6.12" O="$O/build/unit" coverage
