#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Heaps of memory that is given by its physical address: the parameter regions= with every
# attribute, and carveout_create(), which carveout_attrs.ko calls.
#
# Removes the module, and reloads it at the end as before.

# shellcheck source=tools/testing/selftests/carveout/carveout_lib.sh
. "$(dirname "$0")/carveout_lib.sh"
# shellcheck source=tools/testing/selftests/carveout/carveout_attrs_lib.sh
. "$(dirname "$0")/carveout_attrs_lib.sh"

TREE=/proc/device-tree
HOLE_NODE=$TREE/reserved-memory/attrs-hole@6d000000

ARGS=$(module_args)

# Memory without a heap: of a DT node that no heap names, or set aside by memmap=.
HOLE=
if [ -e $HOLE_NODE/no-map ] && [ -d /sys/class/carveout/attrs ]; then
	HOLE=$(hex 0x"$(od -A n -t x1 -j 4 -N 4 $HOLE_NODE/reg | tr -d ' ')")
elif [ ! -e $TREE ]; then
	HOLE=$(sed -n 's/.*memmap=16M\$\(0x[0-9a-f]*\).*/\1/p' /proc/cmdline)
fi

[ -n "$HOLE" ] || skip_all "this board has no memory for such heaps"

# --- Heaps of regions= ------------------------------------------------------

# at MIB: an address in the hole
at()
{
	hex $((HOLE + $1 * 0x100000))
}

# claimed HEAP REGION MIB COUNT: /proc/iomem has this part of the hole with these names
claimed()
{
	line=$(printf '%08x-%08x : carveout %s: %s' $((HOLE + $3 * 0x100000)) \
		$((HOLE + ($3 + $4) * 0x100000 - 1)) "$1" "$2")
	result "$1: /proc/iomem has region $2" "$(grep -q "^ *$line\$" /proc/iomem ||
		{ echo "no '$line'"; grep ' : carveout ' /proc/iomem; })"
}

of_parameters()
{
	rmmod carveout || { echo "Bail out! the module cannot be removed"; exit 1; }
	log_mark
	why=$(insmod "$MODULES/carveout.ko" regions="$(
		printf '%s,' "unc:$(at 0)+1M:uncached" "cac:$(at 1)+1M:cached" \
			"com:$(at 2)+1M:writecombine" "mix:$(at 4)+1M:uncached" \
			"mix:$(at 6)+1M:cached" "mix:$(at 5)+1M:uncached" \
		"sec:$(at 9)+1M:no-cpu-access" "sec:$(at 10)+1M")pla:$(at 8)+1M" 2>&1)
	result "regions= with every attribute is taken" "$why"
	log_save
	logged unc 0 unc "$(at 0)" 1024 uncached
	logged cac 0 cac "$(at 1)" 1024 cached
	logged com 0 com "$(at 2)" 1024 writecombine
	logged sec 0 sec "$(at 9)" 1024 no-cpu-access
	logged pla 0 pla "$(at 8)" 1024 writecombine
	# Adjacent ranges with the same attributes are one region.
	logged mix 0 mix "$(at 4)" 2048 uncached
	logged mix 1 mix "$(at 6)" 1024 cached
	claimed unc unc 0 1
	claimed mix mix 4 2
	holds com "$WRITECOMBINE"
	holds mix "$UNCACHED" "$CACHED"
	tool_sees unc uncached:unc
	tool_sees cac cached:cac
	tool_sees mix uncached:mix cached:mix
	refuses mix writecombine
	program_on sec carveout_no_cpu
	result "the kernel maps a region for the CPU" "$(is_mapped 8 || echo "it does not")"
	result "the kernel does not map a region that the CPU must not access" \
		"$(! is_mapped 9 || grep phys= /proc/vmallocinfo)"
}

# is_mapped MIB: has the kernel a mapping of the hole there?
is_mapped()
{
	grep -q "phys=0x0*$(printf '%x' $((HOLE + $1 * 0x100000)))\b" /proc/vmallocinfo
}

# --- A heap that a driver makes ---------------------------------------------

# create NAME ATTRIBUTES WORD: a heap of memory that is not RAM of the kernel
create()
{
	log_mark
	why=$(insmod "$MODULES/carveout_attrs.ko" heap="$1" base="$(at 12)" \
		size=$((0x200000)) attrs="$2" 2>&1)
	result "a driver makes $1" "$why"
	log_save
	logged "$1" 0 given "$(at 12)" 2048 "$3"
	claimed "$1" given 12 2
}

# Memory that holds a pattern before the heap is made, and is looked at after its end.
untouched()
{
	log_mark
	why=$(insmod "$MODULES/carveout_attrs.ko" heap=maden base="$(at 12)" \
		size=$((0x200000)) attrs=$((WRITECOMBINE | NO_CPU)) pattern=1 2>&1)
	result "a driver makes maden" "$why"
	log_save
	logged maden 0 given "$(at 12)" 2048 no-cpu-access
	why=
	carveout alloc maden none 1M --attr no-cpu > "$LOG" 2>&1 || why=$(cat "$LOG")
	carveout rm maden none || why="$why; it is not removed"
	result "the command allocates memory that the CPU must not access" "$why"
	log_mark
	rmmod carveout_attrs
	result "such memory is zeroed neither for the heap nor for an owner" "$(dmesg |
		sed "1,/$MARK/d" | grep -q 'carveout_attrs: the pattern is whole' ||
		dmesg | tail -n 3)"
}

destroy()
{
	why=$(rmmod carveout_attrs 2>&1)
	[ ! -e "/dev/carveout/$1" ] || why="$why; its node is left"
	! grep -q ' : carveout .*: given$' /proc/iomem || why="$why; its memory is still claimed"
	result "a driver destroys $1" "$why"
}

of_driver()
{
	create madeu "$UNCACHED" uncached
	holds madeu "$UNCACHED"
	destroy madeu
	create madec "$CACHED" cached
	holds madec "$CACHED"
	destroy madec
	create madew "$WRITECOMBINE" writecombine
	destroy madew
	untouched
	# More than one kind is refused.
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

plan 44
of_parameters
of_driver
why=$(rmmod carveout 2>&1)
# shellcheck disable=SC2086 # several parameters
why=$why$(insmod "$MODULES/carveout.ko" $ARGS 2>&1)
result "the module is loaded as it was" "$why"
finish
