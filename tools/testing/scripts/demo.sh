#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# demo.sh [heap|remote]: show the module at work on an emulated arm64 board with a stock
# Debian kernel: processes that share a heap, or Linux and two Cortex-R5 that do. Installs
# and fetches missing packages, and names them.

# shellcheck source=tools/testing/scripts/common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=tools/testing/scripts/board.sh
. "$SCRIPTS/board.sh"

# A series that the supported releases of Debian all have.
case ${1:-heap} in
heap)	BOARD=arm64-6.12 logs=$O/log/demo ;;
remote)	BOARD=versal-6.12 logs=$O/log/demo-remote ;;
*)	die "no demonstration '$1'" ;;
esac
log=$logs/console.log

board "$BOARD"
board_prepare
board_paths
# A board as it would be delivered, without the checks of a test run.
args=$BOOT_ARGS
case $BOARD in
versal-*)
	# The cores print beside the console.
	second=-
	"$SCRIPTS/fetch.sh" "source:$series"
	step "build the kernel's rpmsg bus" "$logs/bus.log" "$SCRIPTS/build.sh" bus "$BOARD"
	step "build the firmware of the Cortex-R5" "$logs/firmware.log" \
		"$SCRIPTS/build.sh" firmware "$BOARD" ;;
*)
	trees=(carveout.dtso) ;;
esac
step "build carveout.ko for arm64" "$logs/module.log" "$SCRIPTS/build.sh" module "$BOARD"
step "build the carveout command" "$logs/tool.log" "$SCRIPTS/build.sh" tool "$userarch"
initramfs=$("$SCRIPTS/build.sh" image "$BOARD" demo)
dtb=$(board_dtb "$logs" "${trees[@]}")

looks=
[ ! -t 1 ] || looks=carveout_demo=terminal
say "  start QEMU's $machine board with Linux $(cat "$CARVEOUT_CACHE/kernel/$stock/release")"
# Lines before the first one of the demonstration are the emulator's. Those of the Cortex-R5
# are indented.
board_boot 300 "$initramfs" "$dtb" "quiet loglevel=3 $looks" 2>&1 | tee "$log" |
	sed -u -n 's/\r$//; s/^r5-[01]: /                                        | &/
		/^carveout-demo: end/q; /^carveout-demo: begin/,$ { /^carveout-demo:/!p }' || true
grep -q '^carveout-demo: end' "$log" || {
	say "  The demonstration did not reach its end; see $log"
	exit 1
}
