#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Heaps of the board's device tree with all attributes that the heap of most
# tests lacks.

# shellcheck source=tools/testing/selftests/carveout/carveout_lib.sh
. "$(dirname "$0")/carveout_lib.sh"
# shellcheck source=tools/testing/selftests/carveout/carveout_attrs_lib.sh
. "$(dirname "$0")/carveout_attrs_lib.sh"

[ -d /sys/class/carveout/attrs ] || skip_all "this board has no heap with these attributes"

# user BITS: user bits at their position in the attributes of a region
user()
{
	echo $(($1 << 16))
}

if [ ! -d /sys/class/carveout/coherent ]; then
	plan 7
	holds attrs $((CACHED | PAGES | $(user 0x8000))) $((CACHED | PAGES | $(user 0x8003)))
	tool_sees attrs cached:page 0x80000000:page 0x80030000:bank
	refuses attrs uncached
	refuses attrs 0x40000
	finish
fi
plan 19
holds attrs $((UNCACHED | $(user 0x0001))) $((CACHED | $(user 0x0002))) \
	$((WRITECOMBINE | $(user 0x8003))) $((CACHED | PAGES | $(user 0x8000)))
tool_sees attrs uncached:nocache 0x10000:nocache cached:nomap 0x20000:nomap \
	writecombine:combine 0x80030000:combine pages:page
refuses attrs 0x40000
holds coherent "$CACHED" $((CACHED | PAGES))
refuses coherent uncached
program_on guarded carveout_no_cpu
carveout info guarded > "$LOG" 2>&1
result "guarded: the command shows that the CPU must not access it" \
	"$(grep -q 'guarded .* writecombine,no-cpu$' "$LOG" || cat "$LOG")"
for program in carveout_mmap carveout_dmabuf; do
	program_on attrs $program
	program_on coherent $program
done
finish
