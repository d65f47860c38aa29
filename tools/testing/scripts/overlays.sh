#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# overlays.sh KSRC DIR: apply each overlay in Documentation/devicetree/overlays to its board.
# Makes DIR/NAME.board.dtb, the board, and DIR/NAME.dtb, the board with the overlay. Prints
# the findings of dtc about the overlays, and fails if one does not apply.
#
# An overlay names its board in a line "Board: FILE", a file in arch/arm64/boot/dts of the
# kernel source KSRC. "virt" is the board of QEMU, which has no source: its nodes that matter
# are here. No board has symbols: the trees that vendors ship often have none.

set -euo pipefail

KSRC=$1
DIR=$2
TOP=$(cd "$(dirname "$0")/../../.." && pwd)
DTS=$KSRC/arch/arm64/boot/dts

# board FILE OUTPUT: warnings about the kernel's own sources are its own.
board()
{
	[ -f "$DTS/$1" ] || { echo "no file $DTS/$1"; return 1; }
	cpp -nostdinc -undef -D__DTS__ -x assembler-with-cpp \
		-I "$KSRC/scripts/dtc/include-prefixes" "$DTS/$1" > "$2.dts"
	dtc -q -I dts -O dtb -o "$2" "$2.dts"
}

# virt OUTPUT: with 1 GiB of RAM.
virt()
{
	dtc -q -I dts -O dtb -o "$1" - <<-'EOF'
		/dts-v1/;
		/ {
			#address-cells = <2>;
			#size-cells = <2>;
			model = "linux,dummy-virt";
			compatible = "linux,dummy-virt";
			memory@40000000 {
				device_type = "memory";
				reg = <0x0 0x40000000 0x0 0x40000000>;
			};
		};
	EOF
}

mkdir -p "$DIR"
for overlay in "$TOP"/Documentation/devicetree/overlays/*.dtso; do
	out=$DIR/$(basename "$overlay" .dtso)
	file=$(sed -n 's/^ \* Board: //p' "$overlay")
	case $file in
	virt)	virt "$out.board.dtb" ;;
	*)	board "$file" "$out.board.dtb" ;;
	esac
	dtc -Wno-avoid_unnecessary_addr_size -I dts -O dtb -o "$out.dtbo" "$overlay" 2>&1
	fdtoverlay -i "$out.board.dtb" -o "$out.dtb" "$out.dtbo" 2>&1
done
