# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034 # used by the tests
#
# Shared code of the tests of memory attributes, on top of carveout_lib.sh:
# properties of one heap. CARVEOUT_MODULES is the folder of carveout.ko and
# carveout_attrs.ko, else /modules.

MODULES=${CARVEOUT_MODULES:-/modules}

# CARVEOUT_ATTR_* bits
CACHED=1 WRITECOMBINE=2 UNCACHED=4 PAGES=8 NO_CPU=16

[ "$(id -u)" = 0 ] || skip_all "needs root"
[ -d "$DEBUG" ] || skip_all "carveout.ko is not loaded"
for name in carveout carveout_attrs; do
	[ -e "$MODULES/$name.ko" ] || skip_all "$name.ko is not in $MODULES; set CARVEOUT_MODULES"
done

# logged NAME COUNT REGION ADDRESS SIZE-IN-KIB KIND: the log has the region's
# line
logged()
{
	result "$1 region $2 is in the log" "$(log_has 1 \
		"$1: region $2 '$3' .mem $4-.* $5 KiB $6\$")"
}

# holds HEAP ATTRIBUTES...: the heap has regions with these attributes, each a
# number
holds()
{
	heap=$1
	shift
	CARVEOUT_ATTRS=$(for attrs in "$@"; do printf '%x,' "$attrs"; done)
	CARVEOUT_ATTRS=${CARVEOUT_ATTRS%,}
	export CARVEOUT_ATTRS
	program_on "$heap" carveout_attrs
	result "$heap has the attributes that were asked for" \
		"$(grep -qE '^ok [0-9]+ attrs\.regions_have_the_attributes[a-z_]*$' "$LOG" || cat "$LOG")"
	unset CARVEOUT_ATTRS
}

# tool_sees HEAP ATTRIBUTE:REGION...: an allocation of the command by an
# attribute is in that region, and another command reads the bytes that one
# command writes.
tool_sees()
{
	heap=$1
	shift
	for pair in "$@"; do
		attr=${pair%:*} tag=by-${pair%:*}
		text="$heap $attr"
		why=
		carveout alloc "$heap" "$tag" 64K --attr "$attr" > "$LOG" 2>&1 ||
			why=$(cat "$LOG")
		echo "$text" | carveout write "$heap" "$tag" > "$LOG" 2>&1 ||
			why="$why $(cat "$LOG")"
		carveout ls "$heap" > "$LOG" 2>&1
		grep -q "^$tag .* ${pair#*:}+0x" "$LOG" || why="$why $(cat "$LOG")"
		said=$(carveout cat "$heap" "$tag" --size $((${#text} + 1)) 2>&1)
		[ "$said" = "$text" ] || why="$why; it holds '$said'"
		carveout rm "$heap" "$tag" || why="$why; it is not removed"
		result "$heap: the command allocates by '$attr'" "$why"
	done
}

# refuses HEAP ATTRIBUTE: no region of the heap has it
refuses()
{
	why=
	if carveout alloc "$1" none 64K --attr "$2" > "$LOG" 2>&1; then
		why="memory was handed out: $(cat "$LOG")"
		carveout rm "$1" none
	fi
	grep -q 'no region qualifies' "$LOG" || why="$why $(cat "$LOG")"
	result "$1: the command finds none that is '$2'" "$why"
}
