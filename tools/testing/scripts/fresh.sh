#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# fresh.sh SUITE DIR: follow README.md on a clean machine: a minimal root of the Debian
# release SUITE that has git and make and nothing else of ours, into which the committed
# tree is cloned. TAP on standard output; DIR is for logs. KEEP=1 leaves the root behind.

# shellcheck source=tools/testing/scripts/common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=tools/testing/scripts/apt.sh
. "$SCRIPTS/apt.sh"

SUITE=$1
DIR=$2
# shellcheck source=tools/testing/scripts/root.sh
. "$SCRIPTS/root.sh"

mkdir -p "$DIR"
new_root
if ! make_root git,make,ca-certificates >"$DIR/root.log" 2>&1; then
	say "no root of $SUITE could be made; last lines of $DIR/root.log:"
	tail -n 25 "$DIR/root.log" >&2
	exit 1
fi
in_root /root/carveout/tools/testing/fresh/newcomer.sh /root/newcomer || rc=$?
# The logs of its boards.
cp "$ROOT"/root/newcomer/*.txt "$DIR/" || say "the boards left no logs"
exit "${rc:-0}"
