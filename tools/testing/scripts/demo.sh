#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# demo.sh: show the module at work on an emulated arm64 board with a stock
# Debian kernel. Installs and fetches missing packages, and names them.

# shellcheck source=tools/testing/scripts/common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=tools/testing/scripts/board.sh
. "$SCRIPTS/board.sh"

# A series that the supported releases of Debian all have.
BOARD=arm64-6.12
log=$O/log/demo/console.log

board "$BOARD"
board_prepare
board_paths
# A board as it would be delivered, without the checks of a test run.
args=$BOOT_ARGS
step "build carveout.ko for arm64" "$O/log/demo/module.log" "$SCRIPTS/build.sh" module "$BOARD"
step "build the carveout command" "$O/log/demo/tool.log" "$SCRIPTS/build.sh" tool "$userarch"
initramfs=$("$SCRIPTS/build.sh" image "$BOARD" demo)
dtb=$(board_dtb "$O/log/demo" carveout.dtso)

looks=
[ ! -t 1 ] || looks=carveout_demo=terminal
say "  start QEMU's arm64 board with Linux $(cat "$CARVEOUT_CACHE/kernel/$stock/release")"
# Lines before the first one of the demonstration are the emulator's.
board_boot 300 "$initramfs" "$dtb" "quiet loglevel=3 $looks" 2>&1 | tee "$log" |
	sed -u -n 's/\r$//; /^carveout-demo: end/q; /^carveout-demo: begin/,$ { /^carveout-demo:/!p }' || true
grep -q '^carveout-demo: end' "$log" || {
	say "  The demonstration did not reach its end; see $log"
	exit 1
}
