# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0
#
# The demonstration of a heap: processes share buffers by name. Sourced by demo-init.

say 'Two regions of memory were set aside in the device tree. The module finds them.'
show insmod /modules/carveout.ko
show "dmesg | grep 'carveout: dsp'"
[ -c /dev/carveout/dsp ] || fail "no /dev/carveout/dsp"

say 'They are one heap now, and it is empty.'
show carveout map dsp

say 'One process allocates a buffer with a name, and holds it.'
show 'carveout alloc dsp frame0 6M --hold --label "camera picture" &'
frame=$!
wait_used dsp $((6 << 20))
show 'carveout alloc dsp table 1M --attr cached --hold &'
table=$!
wait_used dsp $((7 << 20))

say 'Another one finds the buffer by its name and writes, a third one reads.'
show 'echo "the same bytes, seen by every process" | carveout write dsp frame0'
show carveout cat dsp frame0 -s 39
[ "$(carveout cat dsp frame0 -s 38)" = "the same bytes, seen by every process" ] ||
	fail "other bytes came back"
show carveout ls dsp
show carveout map dsp

say "The process that holds frame0 is killed. A buffer without holders is freed."
show kill -9 $frame
wait $frame 2>/dev/null
wait_used dsp $((1 << 20))
show carveout map dsp

say 'So does the rest. Nothing is left in use.'
show kill -9 $table
wait $table 2>/dev/null
wait_used dsp 0
show carveout info dsp
show cat /sys/kernel/debug/carveout/dsp/check
