#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Programs for u-dma-buf on two heaps, a coherent one among them, with the library that makes
# buffers of a heap nodes of u-dma-buf. carveout_udmabuf_lib.sh says how they run.

# shellcheck source=tools/testing/selftests/carveout/carveout_udmabuf_lib.sh
. "$(dirname "$0")/carveout_udmabuf_lib.sh"

PROGRAMS="carveout_udmabuf carveout_udmabuf_file carveout_udmabuf_ioctl"

second=coherent
[ -e /dev/carveout/coherent ] || second=default
heaps=
for heap in dsp $second; do
	[ ! -e "/dev/carveout/$heap" ] || heaps="$heaps $heap"
done
[ -n "$heaps" ] || skip_all "no heap"

# shellcheck disable=SC2086 # several words
plan $(($(set -- $heaps; echo $#) * $(set -- $PROGRAMS; echo $#)))
for heap in $heaps; do
	for program in $PROGRAMS; do
		why=
		CARVEOUT_HEAP=$heap preloaded "$program" > "$LOG" 2>&1 || why=$(grep -v '^ok' "$LOG")
		grep -q '^ok [0-9]* [^#]*$' "$LOG" || why="$why no test of it passed"
		result "$heap $program" "$why"
	done
done
finish
