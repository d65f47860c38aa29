#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Regions that devices can be assigned to, "shared-dma-pool" with no-map: a heap of them has
# the memory for itself, and a device that is assigned to them has it while the heap does not.
# CARVEOUT_MODULES is the folder of carveout_assigned.ko, else /modules.

# shellcheck source=tools/testing/selftests/carveout/carveout_lib.sh
. "$(dirname "$0")/carveout_lib.sh"

DRIVER=/sys/bus/platform/drivers/carveout
MODULE=${CARVEOUT_MODULES:-/modules}/carveout_assigned.ko

[ "$(id -u)" = 0 ] || skip_all "needs root"
[ -e /sys/bus/platform/devices/vendor ] || skip_all "this board has no such regions"
[ -e "$MODULE" ] || skip_all "no $MODULE; set CARVEOUT_MODULES"

# assigned [BYTES]: a device allocates memory of the first region
assigned()
{
	insmod "$MODULE" node=/vendor "size=${1:-65536}" > "$LOG" 2>&1
}

# refused: no device is given memory
refused()
{
	if assigned; then
		rmmod carveout_assigned
		echo "a device has memory of the heap"
	elif ! grep -q -i "memory" "$LOG"; then
		cat "$LOG"
	fi
}

# bind: the driver takes the regions
bind()
{
	echo vendor > $DRIVER/bind || echo "the regions are refused"
	[ -c /dev/carveout/vendor ] || echo "there is no node"
}

unbind()
{
	echo vendor > $DRIVER/unbind || echo "vendor cannot be unbound"
}

plan 9
why=
[ -c /dev/carveout/vendor ] || why="there is no heap; $(dmesg | grep -i 'carveout.*vendor')"
result "disabled DT nodes are no users" "$why"
carveout info vendor > "$LOG" 2>&1
result "adjacent regions are joined, with all of their memory" \
	"$(grep -q '^ *0  *vrings  *0x[0-9a-f]*  *4M ' "$LOG" || cat "$LOG")"
program_on vendor carveout_alloc
program_on vendor carveout_mmap
result "a device has no memory of a region of a heap" "$(refused)"

unbind > "$LOG.why"
why=$(cat "$LOG.why"; assigned || cat "$LOG")
log_mark
if echo vendor > $DRIVER/bind; then
	why="$why; the heap has a region that a device has memory of"
fi 2> "$LOG.bind"
grep -q -i busy "$LOG.bind" || why="$why; $(cat "$LOG.bind")"
log_save
why="$why$(log_has 1 'region vrings: is a shared-dma-pool that the kernel does not give away')"
result "a region of which a device has memory is refused" "$why"

# All of both regions can be allocated again, so the refusal left nothing behind.
rmmod carveout_assigned
why=$(assigned 2097152 || cat "$LOG")
rmmod carveout_assigned || why="$why; a piece of it is left"
result "a refused heap leaves nothing behind" "$why$(bind)"

# The buffer outlives the heap's device, and keeps its memory.
carveout alloc vendor held 4M --hold > "$LOG.held" 2>&1 &
holder=$!
tries=0
until grep -q holds "$LOG.held" || [ $tries = 100 ]; do
	tries=$((tries + 1))
	usleep 100000
done
why=$(unbind)
result "a buffer keeps the region when the heap ends" "$why$(refused)"
kill -9 $holder
wait $holder 2> /dev/null
tries=0
until assigned || [ $tries = 100 ]; do
	tries=$((tries + 1))
	usleep 100000
done
why=$([ -d /sys/module/carveout_assigned ] || cat "$LOG")
rmmod carveout_assigned
result "the last buffer gives the region back" "$why$(bind)"
rm -f "$LOG".*
finish
