#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2317 # called by name
#
# doctor_test.sh DIR TOOL STATE KSRC: tests "carveout doctor" on device trees and on the files of a
# board. Each tree in the folder doctor has a fault, which its second line names; the lines
# that the command prints, added to the source of the tree, mend it. TAP on standard output;
# DIR is the output directory, TOOL the directory of the command: TOOL/carveout is built
# with the sources of libfdt, TOOL/installed/carveout with the installed libfdt,
# TOOL/none/carveout without; STATE is the program of doctor_state.c, KSRC a kernel source.

set -uo pipefail

# shellcheck source=tools/testing/libcarveout/cases.sh
. "$(dirname "$0")/cases.sh"

HERE=$(cd "$(dirname "$0")" && pwd)
TREES=$HERE/doctor
OVERLAYS=$HERE/../../../Documentation/devicetree/overlays
O=$1
TOOL=$2/carveout
INSTALLED=$2/installed/carveout
NONE=$2/none/carveout
STATE=$3
KSRC=$4
export LC_ALL=C

# compile SOURCE BLOB. The sources have faults of which dtc warns.
compile()
{
	(cd "$TREES" && dtc -@ -q -I dts -O dtb -o "$2" "$1")
}

# doctor CODE ARGUMENT...: the exit code must be CODE. Leaves the output in $O/out and $O/err.
doctor()
{
	local want=$1 got=0

	shift
	"$TOOL" doctor "$@" > "$O/out" 2> "$O/err" || got=$?
	[ "$got" = "$want" ] && return
	echo "doctor $*: exit code $got, not $want"
	cat "$O/err" "$O/out"
	return 1
}

# The faults that the last command printed, and those that a tree names.
found()
{
	sed -nE 's/^ .*\(([a-z-]+)\)$/\1/p' "$O/out" | xargs
}

named()
{
	sed -nE 's|^/\* doctor: *(.*[^ ])? *\*/$|\1|p' "$1"
}

# has FILE TEXT
has()
{
	grep -qF -e "$2" "$1" || { echo "no '$2' in:"; cat "$1"; return 1; }
}

# one_line: a message for a user, and nothing from a checker of memory.
one_line()
{
	if [ "$(wc -l < "$O/err")" != 1 ] || [ -s "$O/out" ]; then
		cat "$O/err" "$O/out"
		return 1
	fi
	has "$O/err" "carveout: "
}

# --- Device trees ------------------------------------------------------------

# A fault alone has the exit code 3, doubts alone 0.
finds()
{
	local code=0

	compile "$1" "$O/tree.dtb" || return
	grep -qE '^ *fault ' <("$TOOL" doctor "$O/tree.dtb") && code=3
	doctor "$code" "$O/tree.dtb" || return
	[ "$(found)" = "$(named "$1")" ] && return
	echo "found '$(found)', not '$(named "$1")'"
	return 1
}

every_fault_is_found()
{
	local tree count=0

	for tree in "$TREES"/*.dts; do
		finds "$tree" || { echo "in $tree"; return 1; }
		count=$((count + 1))
	done
	[ "$count" -gt 50 ] || { echo "only $count trees"; return 1; }
}

# All faults of a device tree are in the table; those of the board have no tree.
every_fault_of_a_tree_has_one()
{
	local id missing=0

	sed -n '/^\t\[FAULT_TREE_UNREADABLE\]/q; s/^\t\t\.id = "\(.*\)",$/\1/p' \
		"$HERE/../../carveout/doctor_faults.c" > "$O/ids"
	[ "$(wc -l < "$O/ids")" -gt 30 ] || { echo "no ids"; return 1; }
	while read -r id; do
		[ "$id" != too-many-regions ] || continue
		grep -qE "^/\* doctor: .*\b$id\b" "$TREES"/*.dts ||
			{ echo "no tree has the fault '$id'"; missing=1; }
	done < "$O/ids"
	return "$missing"
}

# The lines of the text are those of --lines.
same_lines()
{
	"$TOOL" doctor "$1" | awk '
		/^    write$/			{ on = 1; next }
		on && /^        /		{ print substr($0, 9); next }
						{ on = 0 }' > "$O/lines.text"
	"$TOOL" doctor --lines "$1" | sed 's/\t/        /g' > "$O/lines.only"
	diff "$O/lines.text" "$O/lines.only"
}

mends()
{
	compile "$1" "$O/tree.dtb" || return
	same_lines "$O/tree.dtb" || return
	dtc -q -I dtb -O dts -o "$O/tree.dts" "$O/tree.dtb" || return
	"$TOOL" doctor --lines "$O/tree.dtb" >> "$O/tree.dts"
	compile "$O/tree.dts" "$O/mended.dtb" && doctor 0 "$O/mended.dtb" || return
	has "$O/out" ": 0 faults" && ! grep -vE '^(right|doubt) |^ |^$|examined' "$O/out"
}

the_lines_mend_every_tree()
{
	local tree

	for tree in "$TREES"/*.dts; do
		mends "$tree" || { echo "in $tree"; return 1; }
	done
}

# ... and a doubt about a property.
the_lines_mend_doubts()
{
	mends "$TREES/reusable-alone.dts" && [ -z "$(found)" ]
}

# Heaps of the test boards, some of which the driver refuses.
bad_trees_of_the_boards()
{
	local vm=$HERE/../vm try

	compile "$vm/uml.dts" "$O/uml.dtb" && compile "$vm/bad.dtso" "$O/bad.dtbo" &&
	doctor 0 "$O/uml.dtb" && has "$O/out" "right   heap dsp" || return
	fdtoverlay -i "$O/uml.dtb" -o "$O/tree.dtb" "$O/bad.dtbo" || return
	for try in 1 2 3; do
		doctor 3 "$O/tree.dtb" --ram 0+1704M || return
		[ "$try" != 1 ] || has "$O/out" ": 20 faults, 0 doubts" || return
		dtc -q -I dtb -O dts -o "$O/tree.dts" "$O/tree.dtb" || return
		"$TOOL" doctor --lines --ram 0+1704M "$O/tree.dtb" >> "$O/tree.dts"
		compile "$O/tree.dts" "$O/tree.dtb" || return
		"$TOOL" doctor --ram 0+1704M "$O/tree.dtb" > "$O/out" && break
	done
	has "$O/out" ": 0 faults, 0 doubts"
}

too_many_regions()
{
	local i

	{
		echo '/dts-v1/; /include/ "board.dtsi" &reserved {'
		for i in {0..64}; do
			printf 'r%d: r@%x { reg = <0 0x%x 0 0x1000>; };\n' \
				"$i" $((0x54000000 + 4096 * i)) $((0x54000000 + 4096 * i))
		done
		printf '}; &heap { memory-region = <'
		printf '&r%d ' {0..64}
		echo '>; };'
	} > "$O/many.dts"
	cp "$TREES/board.dtsi" "$O/"
	(cd "$O" && dtc -q -I dts -O dtb -o tree.dtb many.dts) && doctor 3 "$O/tree.dtb" &&
	[ "$(found)" = too-many-regions ]
}

larger_pages()
{
	compile "$TREES/right.dts" "$O/tree.dtb" && doctor 0 "$O/tree.dtb" --page 64K || return
	sed 's/0x52000000 0x0 0x1000000/0x52001000 0x0 0x1000000/' "$TREES/board.dtsi" > "$O/board.dtsi"
	printf '/dts-v1/;\n/include/ "board.dtsi"\n' > "$O/page.dts"
	(cd "$O" && dtc -q -I dts -O dtb -o tree.dtb page.dts) && doctor 0 "$O/tree.dtb" &&
	doctor 3 "$O/tree.dtb" --page 16K && [ "$(found)" = unaligned ] &&
	has "$O/out" "reg = <0x0 0x52004000 0x0 0xffc000>;"
}

# Without RAM in the tree no place can be proposed, but all is examined.
unknown_ram()
{
	sed '/memory@/,/};/d' "$TREES/board.dtsi" > "$O/board.dtsi"
	printf '/dts-v1/;\n/include/ "board.dtsi"\n&b { reg = <0 0 0 0>; };\n' > "$O/ram.dts"
	(cd "$O" && dtc -q -I dts -O dtb -o tree.dtb ram.dts) && doctor 3 "$O/tree.dtb" &&
	[ "$(found)" = size-zero ] && ! grep '^    write$' "$O/out" &&
	doctor 3 "$O/tree.dtb" --ram 1G+256M && has "$O/out" "reg = <0x0 0x4f000000 0x0 0x1000000>;"
}

json()
{
	compile "$TREES/reusable.dts" "$O/tree.dtb" && doctor 3 "$O/tree.dtb" --json &&
	python3 - "$O/out" <<-'END'
		import json, sys
		out = json.load(open(sys.argv[1]))
		region = out["items"][2]
		assert (out["faults"], out["doubts"]) == (1, 1), out
		assert region["item"] == "region b@52000000" and region["part"], region
		assert region["state"] == out["items"][0]["state"] == "wrong", out
		assert [f["id"] for f in region["findings"]] == ["foreign-compatible", "reusable"]
		assert region["findings"][1]["lines"][1] == "\t/delete-property/ reusable;", region
	END
}

# No line is longer than 80 columns or has a blank at its end.
fits_80_columns()
{
	local tree

	"$TOOL" doctor --help > "$O/text"
	for tree in "$TREES"/*.dts; do
		compile "$tree" "$O/tree.dtb" || return
		"$TOOL" doctor "$O/tree.dtb" >> "$O/text"
	done
	! grep -E '.{81}| $' "$O/text"
}

# --- The overlays for real boards --------------------------------------------

# overlays: apply each to its board, in $O/overlays.
overlays()
{
	"$HERE/../scripts/overlays.sh" "$KSRC" "$O/overlays"
}

# examine CODE TREE: with pages of any size. The firmware of a Raspberry Pi fills in the RAM,
# of which each has more.
examine()
{
	case $2 in
	*/raspberry-pi-*)	doctor "$1" "$2" --page 64K --ram 0+640M ;;
	*)			doctor "$1" "$2" --page 64K ;;
	esac
}

overlays_for_real_boards()
{
	local board count=0

	overlays || return
	for board in "$O"/overlays/*.board.dtb; do
		echo "on $board"
		examine 3 "$board" && [ "$(found)" = no-heap ] &&
		examine 0 "${board%.board.dtb}.dtb" && has "$O/out" ": 0 faults, 0 doubts" &&
		[ "$(grep -cE '^right +(heap dsp|region dsp-[ab]@[0-9a-f]+):' "$O/out")" = 3 ] || return
		count=$((count + 1))
	done
	[ "$count" -ge 6 ]
}

# A region moved over OP-TEE of a board, and the overlay of a board with other cells.
overlays_that_do_not_fit()
{
	local dir=$O/overlays

	overlays && sed 's/b0000000/9e800000/' "$OVERLAYS/ti-am62.dtso" > "$O/moved.dtso" &&
	dtc -I dts -O dtb -o "$O/moved.dtbo" "$O/moved.dtso" &&
	fdtoverlay -i "$dir/ti-am62.board.dtb" -o "$O/tree.dtb" "$O/moved.dtbo" &&
	examine 3 "$O/tree.dtb" && [ "$(found)" = overlap ] &&
	fdtoverlay -i "$dir/raspberry-pi-4.board.dtb" -o "$O/tree.dtb" "$dir/raspberry-pi-5.dtbo" &&
	doctor 3 "$O/tree.dtb" --ram 0+640M && [[ " $(found) " = *" cells "* ]]
}

# README.md has the nodes without the rest of the overlay.
overlay_of_the_readme()
{
	local top=$HERE/../../..

	{
		printf '/dts-v1/;\n/plugin/;\n&{/} {\n#address-cells = <2>;\n#size-cells = <2>;\n'
		awk -v want=on-a-board/3 -f "$HERE/../fresh/readme.awk" "$top/README.md"
		echo '};'
	} > "$O/readme.dtso"
	dtc -q -I dts -O dts -o "$O/readme.dts" "$O/readme.dtso" &&
	dtc -q -I dts -O dts -o "$O/virt.dts" "$OVERLAYS/qemu-virt.dtso" &&
	diff "$O/readme.dts" "$O/virt.dts"
}

# --- Bad input ---------------------------------------------------------------

files_that_are_no_trees()
{
	compile "$TREES/right.dts" "$O/tree.dtb" || return
	doctor 1 "$O/none.dtb" && one_line && has "$O/err" "No such file" &&
	doctor 1 "$O" && one_line && has "$O/err" "Is a directory" &&
	: > "$O/empty" && doctor 1 "$O/empty" && one_line && has "$O/err" "not a valid device tree" &&
	doctor 1 /dev/zero && one_line && has "$O/err" "File too large" &&
	doctor 1 "$TREES/right.dts" && one_line && has "$O/err" "FDT_ERR_BADMAGIC" || return
	for size in 4 39 40 100 500; do
		head -c "$size" "$O/tree.dtb" > "$O/cut.dtb"
		doctor 1 "$O/cut.dtb" && one_line && has "$O/err" "FDT_ERR_TRUNCATED" || return
	done
}

# A node that begins and never ends, names without an end, a depth that no tree has.
broken_structures()
{
	local i

	{
		echo '/dts-v1/; / {'
		for i in {1..40}; do echo "n$i {"; done
		for i in {0..40}; do echo '};'; done
	} > "$O/deep.dts"
	dtc -q -I dts -O dtb -o "$O/deep.dtb" "$O/deep.dts" && doctor 1 "$O/deep.dtb" && one_line &&
	compile "$TREES/right.dts" "$O/tree.dtb" || return
	python3 - "$O/tree.dtb" "$O" <<-'END'
		import struct, sys
		blob = bytearray(open(sys.argv[1], "rb").read())
		off = struct.unpack(">10I", blob[:40])[2]
		for name, place, word in (("begin", off + 16, 1), ("length", off + 12, 0x7ffffff0),
					  ("name", off + 16, 0xfffffff0), ("struct", 36, 0xffffff00),
					  ("strings", 12, 0xfffffff0), ("total", 4, 0xffffffff), ("empty", off, 9),
					  ("align", 8, off + 1)):
			bad = bytearray(blob)
			bad[place:place + 4] = struct.pack(">I", word)
			open("%s/bad-%s.dtb" % (sys.argv[2], name), "wb").write(bad)
	END
	for i in begin length name struct strings total empty align; do
		echo "in bad-$i.dtb"
		doctor 1 "$O/bad-$i.dtb" && one_line || return
	done
}

# Names that control a terminal are escaped.
hostile_names()
{
	compile "$TREES/heap-name.dts" "$O/tree.dtb" || return
	sed -i 's/dsp heap/d\x1b[2Jhea/' "$O/tree.dtb"
	doctor 3 "$O/tree.dtb" && has "$O/out" '\x1b[2J' && ! grep -q "$(printf '\033')" "$O/out"
}

bad_command_lines()
{
	for args in "a b" "--page 5000" "--page 128K" "--ram 1G" "--ram 1G+0" "--ram x+1M" \
		"a.dtb --root /tmp" "a.dtb --module m.ko" "--frobnicate"; do
		# shellcheck disable=SC2086 # several words
		doctor 2 $args && [ ! -s "$O/out" ] || return
	done
}

# Output that is lost is a failure, whatever was found.
lost_output()
{
	local args

	compile "$TREES/reg.dts" "$O/tree.dtb" || return
	for args in "" --json --lines; do
		# shellcheck disable=SC2086 # nothing, or one word
		"$TOOL" doctor $args "$O/tree.dtb" > /dev/full 2> "$O/err"
		[ $? = 1 ] && has "$O/err" "No space left on device" || return
	done
}

same_with_an_installed_libfdt()
{
	local tree

	for tree in "$TREES"/*.dts; do
		compile "$tree" "$O/tree.dtb" || return
		diff <("$TOOL" doctor --json "$O/tree.dtb") \
			<("$INSTALLED" doctor --json "$O/tree.dtb") || return
	done
}

without_libfdt()
{
	"$NONE" doctor "$TREES/right.dts" > "$O/out" 2> "$O/err"
	[ $? = 1 ] && one_line && has "$O/err" "built without libfdt"
}

# --- The files of a board ----------------------------------------------------

# board: a root file system of a kernel 6.12.1, with a device tree without a fault.
board()
{
	ROOT=$O/root
	rm -rf "$ROOT"
	mkdir -p "$ROOT"/{proc/sys/kernel,sys/firmware,sys/kernel/security,lib/modules/6.12.1/updates}
	echo 6.12.1 > "$ROOT/proc/sys/kernel/osrelease"
	echo "[none] integrity confidentiality" > "$ROOT/sys/kernel/security/lockdown"
	compile "$TREES/right.dts" "$ROOT/sys/firmware/fdt"
	module 6.12.1 > "$ROOT/lib/modules/6.12.1/updates/carveout.ko"
}

# module RELEASE: a file with the parts of a module that are looked at.
module()
{
	printf '\177ELF\1\1license=GPL\0vermagic=%s SMP mod_unload aarch64\0' "$1"
}

module_not_loaded()
{
	board && doctor 3 --root "$ROOT" && [ "$(found)" = module-not-loaded ] &&
	has "$O/out" "modprobe carveout"
}

module_absent()
{
	board && rm -r "$ROOT/lib/modules/6.12.1/updates" && doctor 3 --root "$ROOT" &&
	[ "$(found)" = module-absent ] && has "$O/out" "make KDIR=/lib/modules/6.12.1/build"
}

module_of_another_kernel()
{
	board && mv "$ROOT/lib/modules/6.12.1" "$ROOT/lib/modules/6.1.9" &&
	mkdir "$ROOT/lib/modules/6.12.1" && doctor 3 --root "$ROOT" &&
	[ "$(found)" = module-other-kernel ] &&
	board && module 6.12.1-rt > "$O/carveout.ko" &&
	doctor 3 --root "$ROOT" --module "$O/carveout.ko" &&
	[ "$(found)" = module-other-kernel ] && has "$O/out" "'6.12.1-rt'" &&
	doctor 1 --root "$ROOT" --module "$O/none.ko" && one_line
}

module_unsigned_under_lockdown()
{
	board && echo "none [integrity] confidentiality" > "$ROOT/sys/kernel/security/lockdown" &&
	doctor 3 --root "$ROOT" && [ "$(found)" = module-unsigned ] || return
	echo "~Module signature appended~" >> "$ROOT/lib/modules/6.12.1/updates/carveout.ko"
	doctor 3 --root "$ROOT" && [ "$(found)" = module-not-loaded ] || return
	board && rm "$ROOT/sys/kernel/security/lockdown" &&
	mkdir -p "$ROOT/sys/module/module/parameters" &&
	echo Y > "$ROOT/sys/module/module/parameters/sig_enforce" &&
	doctor 3 --root "$ROOT" && [ "$(found)" = module-unsigned ]
}

# loaded: the module is loaded and has bound the heap.
loaded()
{
	local driver=$ROOT/sys/bus/platform/drivers/carveout/heap

	mkdir -p "$ROOT/sys/module/carveout" "$driver"
	echo 0.1.0 > "$ROOT/sys/module/carveout/version"
	ln -s ../../../firmware/devicetree/base/heap "$driver/of_node"
}

heap_is_bound_or_refused()
{
	board && loaded && doctor 0 --root "$ROOT" && has "$O/out" "loaded, version 0.1.0" &&
	has "$O/out" "right   device of heap heap" &&
	rm "$ROOT/sys/bus/platform/drivers/carveout/heap/of_node" &&
	doctor 3 --root "$ROOT" && [ "$(found)" = heap-not-created ]
}

kernel_in_the_memory_map()
{
	board && loaded && cat > "$ROOT/proc/iomem" <<-'END'
		09000000-09000fff : pl011@9000000
		40000000-5fffffff : System RAM
		  52000000-535fffff : Kernel code
		  53600000-53ffffff : Kernel data
	END
	doctor 3 --root "$ROOT" && [ "$(found)" = over-kernel ] && has "$O/out" "overlaps kernel"
}

# A board that boots with EFI has no memory in its device tree.
ram_of_the_memory_map()
{
	board && loaded || return
	sed '/memory@/,/};/d' "$TREES/board.dtsi" > "$O/board.dtsi"
	printf '/dts-v1/;\n/include/ "board.dtsi"\n' > "$O/efi.dts"
	printf '%s\n' "40000000-4fffffff : System RAM" "50000000-50ffffff : reserved" \
		> "$ROOT/proc/iomem"
	(cd "$O" && dtc -q -I dts -O dtb -o "$ROOT/sys/firmware/fdt" efi.dts) &&
	doctor 3 --root "$ROOT" && [ "$(found)" = outside-ram ] && has "$O/out" "0x52000000"
}

no_device_tree()
{
	board && rm "$ROOT/sys/firmware/fdt" && mkdir -p "$ROOT/sys/module/carveout" &&
	doctor 0 --root "$ROOT" && has "$O/out" "right   device tree: none"
}

# The other checks of a board need no libfdt.
board_without_libfdt()
{
	board && "$NONE" doctor --root "$ROOT" > "$O/out" 2> "$O/err"
	[ $? = 3 ] && [ ! -s "$O/err" ] && has "$O/out" "(no-libfdt)" &&
	has "$O/out" "(module-not-loaded)" || return
	loaded && "$NONE" doctor --root "$ROOT" > "$O/out" 2> "$O/err" && [ ! -s "$O/err" ] &&
	has "$O/out" "loaded, version 0.1.0" && has "$O/out" "(no-libfdt)"
}

# --- Heaps ---------------------------------------------------------------------

# item NAME: the lines about the device node of a heap
item()
{
	awk -v title="device node /dev/null/$1" '
		/^[a-z]/	{ on = index($0, title) == 9 }
		on		{ print }' "$O/out" > "$O/item"
	[ -s "$O/item" ] || { echo "no item $1"; cat "$O/out"; return 1; }
}

states_of_heaps()
{
	"$STATE" > "$O/out" || return
	item right && has "$O/item" "right   " && has "$O/item" "1M in 1 region, 0 used, 0 buffers" &&
	item refused && has "$O/item" "wrong   " && has "$O/item" "(no-permission)" &&
	has "$O/item" 'SUBSYSTEM=="carveout", GROUP="video", MODE="0660"' &&
	item gone && has "$O/item" "(heap-state)" && has "$O/item" "open: No such device" &&
	item corrupted && has "$O/item" "(heap-state)" &&
	has "$O/item" "Structure needs cleaning"
}

tags_left_over()
{
	"$STATE" > "$O/out" && item busy && has "$O/item" "doubt   " &&
	has "$O/item" "found   1 tag, 12K of memory" &&
	has "$O/item" "        carveout rm busy -- left" && ! grep -e '-- open' "$O/item"
}

pinned_for_long()
{
	"$STATE" > "$O/out" && item busy && [ "$(grep -c "(pinned)" "$O/item")" = 1 ] &&
	has "$O/item" 'found   8K at 0+0x4000, for 75 s; created by old,' &&
	has "$O/item" 'label a\x1bframe'
}

# --- Running them ------------------------------------------------------------

CASES=(every_fault_is_found every_fault_of_a_tree_has_one the_lines_mend_every_tree
	the_lines_mend_doubts bad_trees_of_the_boards too_many_regions larger_pages unknown_ram
	json fits_80_columns overlays_for_real_boards overlays_that_do_not_fit
	overlay_of_the_readme files_that_are_no_trees broken_structures hostile_names
	bad_command_lines lost_output same_with_an_installed_libfdt without_libfdt
	module_not_loaded module_absent module_of_another_kernel module_unsigned_under_lockdown
	heap_is_bound_or_refused kernel_in_the_memory_map ram_of_the_memory_map no_device_tree
	board_without_libfdt states_of_heaps tags_left_over pinned_for_long)

run_cases "$O" "${CASES[@]}"
