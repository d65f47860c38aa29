#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Hibernation and resume of a real machine: memory of the kernel's linear mapping keeps its
# content; no-map memory, which the image lacks, is zero before a new owner gets it.
#
# CARVEOUT_SWAP is a disk, which is overwritten. The machine switches off. It must be
# switched on again with the disk as resume device, and with 0xa5 in its no-map memory, also
# in that at 0x34000000, which belongs to no heap.

# shellcheck source=tools/testing/selftests/carveout/carveout_lib.sh
. "$(dirname "$0")/carveout_lib.sh"

DISK=/dev/$CARVEOUT_SWAP
LOST=0x34000000
# Of each of the two regions of the heap dsp.
SIZE=16M
TEXT=/tmp/resume-text.$$

[ "$(id -u)" = 0 ] || skip_all "needs root"
[ -n "$CARVEOUT_SWAP" ] || skip_all "needs a disk, see CARVEOUT_SWAP"
[ -e /sys/power/disk ] || skip_all "this kernel does not hibernate"
[ -e /dev/carveout/dsp ] || skip_all "there is no heap dsp"

hibernate()
{
	{ echo disk > /sys/power/state; } 2>&1
}

# zero TAG REGION: a buffer of all memory of the region reads as zero
zero()
{
	why=$(carveout alloc dsp "$1" "$SIZE" --region "$2" 2>&1 > /dev/null)
	left=$(carveout cat dsp "$1" | tr -d '\0' | wc -c)
	[ "$left" = 0 ] || why="$why $left bytes of $SIZE are not zero"
	carveout rm dsp "$1"
	result "no-map region $2 is zero" "$why"
}

plan 7
why=$({ mkswap "$DISK" && swapon "$DISK" && echo shutdown > /sys/power/disk; } 2>&1 > /dev/null)
result "swap" "$why"

carveout alloc dsp resume.lost 64K > /dev/null
log_mark
why=
hibernate > /dev/null && why="not refused"
log_save
result "refused while no-map memory is in use" \
	"$why$(log_has 1 '^carveout: dsp: no hibernation: 64 KiB of no-map memory')"
carveout rm dsp resume.lost

head -c 1000000 /dev/urandom > "$TEXT"
carveout alloc default resume.kept 1000000 > /dev/null
why=$(carveout write default resume.kept < "$TEXT" 2>&1 > /dev/null)
[ "$(devmem $LOST 32)" = 0x00000000 ] || why="$why memory is not zero before"
why="$why$(hibernate)"
result "hibernated and resumed" "$why"

why=
[ "$(devmem $LOST 32)" = 0xA5A5A5A5 ] || why="memory has its content: $(devmem $LOST 32)"
result "memory has other content" "$why"
why=$(carveout cat default resume.kept 2>&1 | head -c 1000000 | cmp - "$TEXT" 2>&1)
result "mapped memory has its content" "$why"
carveout rm default resume.kept
zero resume.first 0
zero resume.second 1
rm -f "$TEXT"
finish
