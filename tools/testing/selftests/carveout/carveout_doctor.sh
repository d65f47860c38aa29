#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154,SC2317 # set by a sourced file; called by name
#
# carveout doctor on a board: it agrees with the driver about the heaps of the device tree,
# its lines have mended copies of the bad ones, and it finds faults of the board itself.
# TAP on standard output.

# shellcheck source=tools/testing/selftests/carveout/carveout_tool_lib.sh
. "$(dirname "$0")/carveout_tool_lib.sh"

DRIVER=/sys/bus/platform/drivers/carveout
DEVICES=/sys/bus/platform/devices

has_bad_nodes()
{
	[ -e $DEVICES/bad-unaligned ] && return
	echo "SKIP no bad nodes in this board's device tree"
	return 1
}

# The exit code is 3 on a board with bad nodes in its device tree.
board_code()
{
	[ -e $DEVICES/bad-unaligned ] && echo 3 || echo 0
}

# state TITLE: the state of an item, whose parts have titles of their own
state()
{
	sed -n "s/^\([a-z]*\)  *$1\(:.*\)\?\$/\1/p" "$TMP/out"
}

module_and_nodes_are_right()
{
	run "$(board_code)" doctor && same stderr "$err" "" &&
	has "$out" "right   module carveout: loaded, version " || return
	for heap in $HEAPS; do
		same "state of $heap" "$(state "device node .dev.carveout.$heap")" right || return
	done
	same "a line of more than 80 columns" "$(grep -v '^        ' "$TMP/out" | awk 'length > 80')" ""
}

# The driver has refused a heap, or has not, as doctor says. Of the two heaps with the same
# region, the first one that the driver sees gets it.
agrees_with_the_driver()
{
	has_bad_nodes || return
	run 3 doctor || return
	count=0
	for device in "$DEVICES"/*/of_node/compatible; do
		grep -q carveout-heap "$device" || continue
		device=${device%/of_node/compatible}
		name=${device##*/}
		case $name in
		bad-twice-*|bad-phandle|bad-name)	continue ;;
		esac
		want=wrong
		[ -e "$DRIVER/$name" ] && want=right
		same "state of $name" "$(sed -n "s|^\([a-z]*\)  *heap .*: DT node /$name, .*|\1|p" "$TMP/out")" \
			$want || return
		count=$((count + 1))
	done
	[ $count -gt 12 ] && has "$out" "(heap-not-created)"
}

# Those that need no-map, or whose faults doctor corrects with no-map.
needs_no_map()
{
	case $1 in
	mended-pool|mended-default|mended-typed-pool|mended-both) ;;
	mended-no-cpu|mended-word|mended-device) ;;
	*)	return 1 ;;
	esac
}

# bind NAME: the driver takes the device, and the heap is removed again.
bind()
{
	echo carveout > "$DEVICES/$1/driver_override" && echo "$1" > $DRIVER/bind || return
	[ -e "$DRIVER/$1" ] && echo "$1" > $DRIVER/unbind
}

# The board's device tree has copies of the bad heaps, corrected with the lines of doctor.
# No driver binds them by itself. User-mode Linux has no memory without a mapping.
mended_heaps_are_accepted()
{
	[ -e $DEVICES/mended-unaligned ] ||
		{ echo "SKIP no mended nodes in this board's device tree"; return 1; }
	count=0
	for device in "$DEVICES"/mended-*; do
		name=${device##*/}
		needs_no_map "$name" && continue
		bind "$name" || { echo "$name is refused"; dmesg | tail -n 3; return 1; }
		count=$((count + 1))
	done
	same "mended heaps" $count 12
}

leftover_tag()
{
	run "$(board_code)" doctor && has_not "$out" "-- $T" &&
	run 0 alloc "$H" $T 64K && run "$(board_code)" doctor &&
	same state "$(state "device node .dev.carveout.$H")" doubt &&
	has "$out" "(leftover-tag)" && has "$out" "1 tag, 64K of memory" || return
	line=$(sed -n "s/^ *carveout \(rm $H -- $T\)$/\1/p" "$TMP/out")
	# shellcheck disable=SC2086 # several words
	run 0 $line && unlisted $T
}

# A buffer that a process has open is in use.
held_tag_is_none()
{
	hold $T && run "$(board_code)" doctor && has_not "$out" "(leftover-tag)" &&
	same state "$(state "device node .dev.carveout.$H")" right && drop "$holder"
}

no_permission()
{
	make_nobody
	if ! as_other --help; then
		echo "SKIP no start-stop-daemon that can become another user"
		return 1
	fi
	chmod 600 "/dev/carveout/$H"
	as_other doctor
	same "exit code" $? 3 && has "$out" "(no-permission)" &&
	has "$out" "/dev/carveout/$H: owner root" && has "$out" "SUBSYSTEM==\"carveout\"" || return
	# Without the device tree the rest is examined.
	if [ -e /sys/firmware/fdt ]; then
		has "$out" "(tree-unreadable)" || return
	fi
	chmod 666 "/dev/carveout/$H"
	as_other doctor
	same state "$(state "device node .dev.carveout.$H")" right
}

json_is_json()
{
	run "$(board_code)" doctor --json && json "$TMP/out"
}

tap module_and_nodes_are_right agrees_with_the_driver mended_heaps_are_accepted \
	leftover_tag held_tag_is_none no_permission json_is_json
