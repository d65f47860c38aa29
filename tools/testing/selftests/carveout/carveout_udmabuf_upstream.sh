#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The test programs of u-dma-buf's author, unchanged, with the library that makes buffers of
# a heap nodes of u-dma-buf: all that were built are one test. They are not part of this tree:
# make UDMABUF_SOURCE=DIR builds them from a copy of their source.

# shellcheck source=tools/testing/selftests/carveout/carveout_udmabuf_lib.sh
. "$(dirname "$0")/carveout_udmabuf_lib.sh"

PROGRAMS="u-dma-buf-test u-dma-buf-file-test u-dma-buf-ioctl-test u-dma-buf-direct-test
	udmabuf_test"

found=
for program in $PROGRAMS; do
	[ ! -e "$program" ] || found="$found $program"
done
[ -n "$found" ] || skip_all "not built: UDMABUF_SOURCE names no folder with the programs"
for CARVEOUT_HEAP in default dsp; do
	[ ! -e "/dev/carveout/$CARVEOUT_HEAP" ] || break
done
export CARVEOUT_HEAP

# run PROGRAM: it ends without an error. A program prints some of its faults, and others end
# it; udmabuf_test returns nothing.
run()
{
	options=
	[ "$1" != u-dma-buf-direct-test ] || options="-o /tmp/udmabuf.out"
	# shellcheck disable=SC2086 # several words
	preloaded "$1" $options > "$LOG" 2>&1
	code=$?
	sed "s/^/# /" "$LOG"
	[ "$1" = udmabuf_test ] || [ $code = 0 ] || echo "it ended with $code"
	grep -i -E 'error|mismatch|is not|can ?not|failed' "$LOG"
	case $1 in
	*file-test)	grep -c -x 'compare = ok' "$LOG" | grep -v -x 8 ;;
	*ioctl-test)	grep -c 'Run Time' "$LOG" | grep -v -x 3 ;;
	*direct-test)	grep -c throughput "$LOG" | grep -v -x 2 ;;
	*)		grep -c '^sync_mode=.* sec$' "$LOG" | grep -v -x 32 ;;
	esac
}

# Cached memory that is not coherent would be refused to programs with O_SYNC.
new_node()
{
	carveout alloc "$CARVEOUT_HEAP" udmabuf0 1M --attr uncached ||
		carveout alloc "$CARVEOUT_HEAP" udmabuf0 1M --attr writecombine ||
		carveout alloc "$CARVEOUT_HEAP" udmabuf0 1M
} > /dev/null 2>&1

# check PROGRAM: leave its output in the log, and print the faults.
check()
{
	run "$1" > "$LOG.out"
	grep '^#' "$LOG.out" >&3
	grep -v '^#' "$LOG.out" | sed "s/^/$1: /"
}

plan 1
new_node || exit
exec 3>&1
why=$(for program in $found; do check "$program"; done)
result "programs of u-dma-buf:$found" "$why"
carveout rm "$CARVEOUT_HEAP" udmabuf0
# It exists if a program has changed a setting.
carveout rm "$CARVEOUT_HEAP" udmabuf0.u-dma-buf 2>/dev/null
rm -f "$LOG.out" /tmp/udmabuf.out
finish
