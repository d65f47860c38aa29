#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Bad DT nodes: the device is refused, the log reports for each bad region the
# reason and the remedy, and nothing is left behind. The board's device tree has
# the nodes, each with one defect; the test binds the driver to each of them
# again.

# shellcheck source=tools/testing/selftests/carveout/carveout_lib.sh
. "$(dirname "$0")/carveout_lib.sh"

DRIVER=/sys/bus/platform/drivers/carveout

[ "$(id -u)" = 0 ] || skip_all "needs root"
[ -d $DEBUG ] || skip_all "carveout.ko is not loaded"
[ -e /sys/bus/platform/devices/bad-unaligned ] ||
	skip_all "no bad nodes in this board's device tree"

# Each device, the error of binding it, and its line in the log.
NODES="
bad-unaligned|invalid|region bad-unaligned@68000800 .*not aligned; .* multiples of 0x
bad-length|invalid|region bad-length@68200000 .*not aligned; .* multiples of 0x
bad-zero|invalid|region bad-zero@68400000.*(size is zero; give|not set aside at boot; it has)
bad-overlap|invalid|region bad-over-b@.* overlaps region bad-over-a@.*; correct one
bad-phandle|invalid|memory-region entry 1 does not resolve; give it
bad-empty|invalid|no memory-region property; name at least one
bad-unreserved|invalid|region bad-elsewhere.* not set aside at boot; it
bad-disabled|invalid|region bad-off@.* not set aside at boot; it
bad-pool|invalid|region bad-pool@.* is a shared-dma-pool that /bad-user names as well; delete
bad-default|invalid|region bad-default@.* is the DMA memory of all devices; remove
bad-typed-pool|invalid|region bad-typed-pool@.* maps writecombine; make it writecombine
bad-mixed|invalid|region bad-mixed-pool@.* is a shared-dma-pool, owned by another driver; name
bad-both|invalid|region bad-both@.* maps it cached.*; add no-map
bad-no-cpu|invalid|region bad-no-cpu@.* CPU must not access, but the kernel maps it.*; add no-map
bad-word|invalid|region bad-word@.*unknown attribute 'shiny'; .* takes
bad-device|invalid|region bad-device@.*device memory is not handed out, because unaligned .* fault on it; write uncached .* linux,region-attributes
bad-name|invalid|'not/a/name' is not a valid heap name; set
"

# One region, two heaps: the first one holds it, the other one is refused.
for device in bad-twice-one bad-twice-two; do
	[ -e "$DRIVER/$device" ] || loser=$device
	[ ! -e "$DRIVER/$device" ] || winner=$device
done
NODES="$NODES$loser|busy|region bad-twice@.* overlaps region bad-twice@.* in use; name"

plan 22

# Bind the driver to each of them, then check all lines of the log.
cat $DEBUG/objects > "$LOG.before"
log_mark
for device in $(echo "$NODES" | cut -d '|' -f 1); do
	if echo "$device" > $DRIVER/bind; then
		echo "the driver took it"
	fi > "$LOG.$device" 2>&1
done
log_save
result "objects are as many as before" "$(diff "$LOG.before" $DEBUG/objects)"

echo "$NODES" | sed 1d > "$LOG.nodes"
while IFS='|' read -r device error pattern; do
	why=
	grep -q -i "$error" "$LOG.$device" || why=$(cat "$LOG.$device")
	why="$why$(log_has 1 "$pattern")"
	[ ! -e "/dev/carveout/$device" ] || why="$why its node is left behind"
	[ ! -e "$DEBUG/$device" ] || why="$why its debugfs folder is left behind"
	result "$device" "$why"
done < "$LOG.nodes"
rm -f "$LOG".*
result "bad-mixed, its other region" \
	"$(log_has 1 'region bad-mixed-length@69600000 .*not aligned; .* multiples of 0x')"

why=
echo "$winner" > $DRIVER/unbind || why="$winner cannot be unbound"
echo "$loser" > $DRIVER/bind || why="$loser is refused the free region"
[ -c "/dev/carveout/$loser" ] || why="$why; $loser has no node"
echo "$loser" > $DRIVER/unbind
echo "$winner" > $DRIVER/bind
result "the loser gets the region when it is free" "$why"

# Nothing holds the region that one bad DT node named next to an unresolved one.
grep -q bad-good /proc/iomem && why="bad-good is still claimed"
result "a good region beside a bad one is not claimed" "$why"
finish
