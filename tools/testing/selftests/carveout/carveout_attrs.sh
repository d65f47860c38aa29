#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Heaps of every attribute: those of the board's device tree, those that the parameter
# regions= makes, and one that a module makes of memory by its physical address.
#
# Removes the module, and loads it again at the end as it was. CARVEOUT_MODULES is the
# folder of carveout.ko and carveout_attrs.ko, else /modules.

# shellcheck source=tools/testing/selftests/carveout/carveout_lib.sh
. "$(dirname "$0")/carveout_lib.sh"

MODULES=${CARVEOUT_MODULES:-/modules}
TREE=/proc/device-tree
HOLE_NODE=$TREE/reserved-memory/attrs-hole@6d000000

# CARVEOUT_ATTR_* bits
CACHED=1 WRITECOMBINE=2 UNCACHED=4 PAGES=8

[ "$(id -u)" = 0 ] || skip_all "needs root"
[ -d $DEBUG ] || skip_all "carveout.ko is not loaded"
for name in carveout carveout_attrs; do
	[ -e "$MODULES/$name.ko" ] || skip_all "$name.ko is not in $MODULES; set CARVEOUT_MODULES"
done

# --- What there is to work with --------------------------------------------

# The parameters that the module was loaded with.
ARGS=
for name in default regions; do
	value=$(cat /sys/module/carveout/parameters/$name)
	[ "$value" = "(null)" ] || ARGS="$ARGS $name=$value"
done

# hex NUMBER: for the shell's arithmetic and for parameters.
hex()
{
	printf '0x%x' "$1"
}

# Memory of no kind yet: that of a node that no heap names, or what memmap= set aside.
HOLE=
if [ -e $HOLE_NODE/no-map ] && [ -d /sys/class/carveout/attrs ]; then
	HOLE=$(hex 0x"$(od -A n -t x1 -j 4 -N 4 $HOLE_NODE/reg | tr -d ' ')")
elif [ ! -e $TREE ]; then
	HOLE=$(sed -n 's/.*memmap=16M\$\(0x[0-9a-f]*\).*/\1/p' /proc/cmdline)
fi

# --- The tests of one heap -------------------------------------------------

# logged NAME COUNT REGION ADDRESS SIZE-IN-KIB WHAT: the log's line on a region
logged()
{
	result "$1 region $2 is in the log" "$(log_has 1 \
		"$1: region $2 '$3' .mem $4-.* $5 KiB $6\$")"
}

# holds HEAP ATTRIBUTES...: a heap of regions with these attributes, each a number
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

# tool_sees HEAP ATTRIBUTE:REGION...: what the command allocates by an attribute lies in
# that region, and the bytes that one command writes another reads.
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

# refuses HEAP ATTRIBUTE: there is none
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

# --- Heaps of the device tree ----------------------------------------------

# user BITS: as they are in the attributes of a region
user()
{
	echo $(($1 << 16))
}

of_device_tree()
{
	if [ -d /sys/class/carveout/coherent ]; then
		holds attrs $((UNCACHED | $(user 0x0001))) $((CACHED | $(user 0x0002))) \
			$((WRITECOMBINE | $(user 0x8003))) \
			$((CACHED | PAGES | $(user 0x8000)))
		tool_sees attrs uncached:nocache 0x10000:nocache cached:nomap \
			0x20000:nomap writecombine:combine 0x80030000:combine pages:page
		refuses attrs 0x40000
		holds coherent $CACHED $((CACHED | PAGES))
		refuses coherent uncached
		for program in carveout_mmap carveout_dmabuf; do
			program_on attrs $program
			program_on coherent $program
		done
	else
		holds attrs $((CACHED | PAGES | $(user 0x8000))) \
			$((CACHED | PAGES | $(user 0x8003)))
		tool_sees attrs cached:page 0x80000000:page 0x80030000:bank
		refuses attrs uncached
		refuses attrs 0x40000
	fi
}

# --- Heaps of regions= ------------------------------------------------------

# at MIB: an address in the hole
at()
{
	hex $((HOLE + $1 * 0x100000))
}

of_parameters()
{
	rmmod carveout || { echo "Bail out! the module cannot be removed"; exit 1; }
	log_mark
	why=$(insmod "$MODULES/carveout.ko" regions="$(
		printf '%s,' "unc:$(at 0)+1M:uncached" "cac:$(at 1)+1M:cached" \
			"com:$(at 2)+1M:writecombine" "mix:$(at 4)+1M:uncached" \
			"mix:$(at 6)+1M:cached" "mix:$(at 5)+1M:uncached")pla:$(at 8)+1M" 2>&1)
	result "regions= with every attribute is taken" "$why"
	log_save
	logged unc 0 unc "$(at 0)" 1024 uncached
	logged cac 0 cac "$(at 1)" 1024 cached
	logged com 0 com "$(at 2)" 1024 writecombine
	logged pla 0 pla "$(at 8)" 1024 writecombine
	# What touches and is of one kind is one region.
	logged mix 0 mix "$(at 4)" 2048 uncached
	logged mix 1 mix "$(at 6)" 1024 cached
	holds unc $UNCACHED
	holds cac $CACHED
	holds com $WRITECOMBINE
	holds pla $WRITECOMBINE
	holds mix $UNCACHED $CACHED
	tool_sees mix uncached:mix cached:mix
	refuses mix writecombine
}

# --- A heap that a driver makes ---------------------------------------------

# made NAME ATTRIBUTES: of memory that is none of the kernel's
made()
{
	log_mark
	why=$(insmod "$MODULES/carveout_attrs.ko" heap="$1" base="$(at 12)" \
		size=$((0x200000)) attrs="$2" 2>&1)
	result "a driver makes $1" "$why"
	log_save
	logged "$1" 0 given "$(at 12)" 2048 "$3"
	holds "$1" "$2"
	why=$(rmmod carveout_attrs 2>&1)
	[ ! -e "/dev/carveout/$1" ] || why="$why; its node is left"
	! grep -q ' : given$' /proc/iomem || why="$why; its memory is still claimed"
	result "a driver destroys $1" "$why"
}

of_driver()
{
	made madeu $UNCACHED uncached
	made madec $CACHED cached
	made madew $WRITECOMBINE writecombine
	# Of several kinds it can be none.
	log_mark
	why=
	if insmod "$MODULES/carveout_attrs.ko" heap=madeb base="$(at 12)" \
		size=$((0x200000)) attrs=$((CACHED | UNCACHED)) 2>/dev/null; then
		why="it was made"
		rmmod carveout_attrs
	fi
	log_save
	result "memory of two kinds is refused" \
		"$why$(log_has 1 'region given .*needs exactly one of cached,')"
}

# --- All of them -----------------------------------------------------------

have_tree=
[ ! -d /sys/class/carveout/attrs ] || have_tree=1
[ -n "$HOLE$have_tree" ] || skip_all "this board has no memory for such heaps"

tests=0
if [ -d /sys/class/carveout/coherent ]; then
	tests=17
elif [ -n "$have_tree" ]; then
	tests=7
fi
[ -z "$HOLE" ] || tests=$((tests + 37))
plan $tests

[ -z "$have_tree" ] || of_device_tree
if [ -n "$HOLE" ]; then
	of_parameters
	of_driver
	why=$(rmmod carveout 2>&1)
	# shellcheck disable=SC2086 # several parameters
	why=$why$(insmod "$MODULES/carveout.ko" $ARGS 2>&1)
	result "the module is loaded as it was" "$why"
fi
finish
