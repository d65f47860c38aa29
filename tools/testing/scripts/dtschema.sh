#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# dtschema.sh: check the device tree bindings with dt-schema, their examples, every device
# tree in tools/testing/vm and those for "carveout doctor" against them, and the overlays for
# real boards, applied to these. Prints the findings; silence is success.
# dt-validate reports findings, but not in its exit code.

# shellcheck source=tools/testing/scripts/common.sh
. "$(dirname "$0")/common.sh"

BINDINGS=$TOP/Documentation/devicetree/bindings
OUT=$O/build/dtschema
SCHEMA=$OUT/schema.json

# The nodes of bad.dtso that a schema can tell from good ones. They show that the check
# finds something.
BAD="bad-device bad-empty bad-name bad-no-cpu bad-word"

# compile FILE OUTPUT: as the kernel's own build has it.
compile()
{
	dtc -@ -Wno-avoid_unnecessary_addr_size -Wno-interrupts_property -I dts -O dtb \
		-o "$2" "$1"
}

# on_board FILE OUTPUT: compile a tree; an overlay is applied to a board without nodes.
on_board()
{
	compile "$1" "$2.part" || return
	case $1 in
	*.dtso)	fdtoverlay -i "$OUT/board.dtb" -o "$2" "$2.part" ;;
	*)	mv "$2.part" "$2" ;;
	esac
}

validate()
{
	dt-validate -s "$SCHEMA" "$@" 2>&1
}

# nodes_of TREE: reads findings of dt-validate and prints the DT nodes of TREE that have one,
# each followed by a blank.
nodes_of()
{
	sed -nE "s|^$1: (/?[a-z-]*)(@[0-9a-f]+)?[: ].*|\1|p" | sort -u | tr '\n' ' '
}

# expect NAME FOUND EXPECTED
expect()
{
	[ "$2" = "${3:+$3 }" ] || echo "$1: findings for the nodes '${2% }' instead of '$3'"
}

check_bindings()
{
	local file example

	for file in "$BINDINGS"/*/*.yaml; do
		dt-doc-validate -u "$BINDINGS" "$file" 2>&1
		example=$OUT/$(basename "$file" .yaml).example
		dt-extract-example "$file" > "$example.dts"
		compile "$example.dts" "$example.dtb" 2>&1
		validate "$example.dtb"
	done
}

check_trees()
{
	local file tree

	for file in "$TOP"/tools/testing/vm/*.dts "$TOP"/tools/testing/vm/*.dtso; do
		tree=$OUT/$(basename "$file").dtb
		on_board "$file" "$tree" 2>&1
		if [ "${file##*/}" != bad.dtso ]; then
			validate "$tree"
			continue
		fi
		expect bad.dtso "$(validate "$tree" | nodes_of "$tree")" "$BAD"
	done
}

# Each of these trees names the DT nodes with the fault, if a schema can tell it from a good
# one. A boot loader writes the initrd as the kernel reads it, in as many cells as an address
# has; the schema of /chosen knows one.
check_doctor()
{
	local file tree findings trees=()

	for file in "$TOP"/tools/testing/libcarveout/doctor/*.dts; do
		tree=$OUT/doctor-$(basename "$file").dtb
		logged "$tree.log" compile "$file" "$tree" 2>&1
		trees+=("$tree")
	done
	[ ${#trees[@]} -gt 50 ] || echo "only ${#trees[@]} trees for carveout doctor"
	findings=$(validate "${trees[@]}" | grep -v ': chosen: linux,initrd-')
	for file in "$TOP"/tools/testing/libcarveout/doctor/*.dts; do
		tree=$OUT/doctor-$(basename "$file").dtb
		expect "$file" "$(nodes_of "$tree" <<< "$findings")" \
			"$(sed -nE 's|^/\* dt-schema: (.*) \*/$|\1|p' "$file")"
	done
}

# The boards have findings of their own, as only the schemas of carveout are known here.
check_overlays()
{
	local dir=$OUT/overlays board tree

	"$SCRIPTS/overlays.sh" "$CARVEOUT_CACHE/source/6.12" "$dir" || return
	for board in "$dir"/*.board.dtb; do
		tree=${board%.board.dtb}.dtb
		validate "$tree" | grep -vxF -f <(validate "$board" | sed "s|^$board|$tree|; \$ a -")
	done
}

"$SCRIPTS/deps.sh" dtschema
"$SCRIPTS/fetch.sh" source:6.12
rm -rf "$OUT"
mkdir -p "$OUT"
dt-mk-schema -j -o "$SCHEMA" "$BINDINGS"
cat > "$OUT/board.dts" <<-END
	/dts-v1/;
	/ {
		#address-cells = <2>;
		#size-cells = <2>;
		model = "board";
		compatible = "linux,board";
	};
END
compile "$OUT/board.dts" "$OUT/board.dtb"
# A tool that fails says why: that is a finding, too, and the other files are checked.
findings=$(check_bindings; check_trees; check_doctor; check_overlays) || true
[ -z "$findings" ] || { echo "$findings"; exit 1; }
