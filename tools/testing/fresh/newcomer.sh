#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2317 # called by name
#
# newcomer.sh DIR: type the lines of README.md on a machine that has nothing but
# git and make. TAP on standard output; DIR is for build products.
#
# Each block of code in README.md belongs to one of the cases below, by its
# position in the page, and is read from the page: the page cannot differ from
# the tested text. Paths that the page leaves to the reader (/path/to/...) are
# filled in.
#
# The commands for the virt board of QEMU in Documentation/quick-start.rst are typed, too.
#
# Boards are booted with the scripts of the other tests, without any of their
# modules and programs: a board has only the files that the page's commands have
# built and installed.

set -uo pipefail

HERE=$(cd "$(dirname "$0")" && pwd)
TOP=$(cd "$HERE/../../.." && pwd)
# shellcheck source=tools/testing/fresh/cases.sh
. "$HERE/cases.sh"

W=$1
ROOT=$W/root
ARM64=arm64-6.12
X86=x86_64-6.12
# As on a new machine: the scripts keep fetched files in the home directory.
CACHE=$HOME/.cache/carveout/kernel
mkdir -p "$W"
cd "$TOP" || exit

block()
{
	awk -v want="$1" -f "$HERE/readme.awk" README.md
}

# type_block BLOCK [SED...]: type a block as it stands, less comments and filled in.
type_block()
{
	local script

	script=$(block "$1" | sed -E "s|/path/to/kernel/build|$KDIR|; s|/path/to/root|$ROOT|" |
		sed -E "${2:-}")
	printf '+ %s\n' "${script//$'\n'/$'\n+ '}"
	bash -e -o pipefail -c "$script"
}

# quick_start SECTION: the commands of a section of the page, without their prompts.
quick_start()
{
	awk -v want="$1" '
		/^[=]+$/		{ section = last }
		section == want		{ if (sub(/^    \$ /, "")) print }
					{ last = $0 }' Documentation/quick-start.rst
}

# --- Cases -------------------------------------------------------------------

# Blocks that are not in this list are tried by nothing. The lines of "packages" are typed on
# the machines of packages.sh.
every_block_is_tried()
{
	diff <(awk -f "$HERE/readme.awk" README.md) - <<-END
		ten-lines-to-a-shared-buffer/1
		two-commands/1
		packages/1
		on-a-board/1
		on-a-board/2
		on-a-board/3
		on-a-board/4
		on-a-board/5
		on-a-board/6
		sharing-a-buffer-from-the-shell/1
		sharing-a-buffer-from-c/1
		sharing-a-buffer-from-c/2
		sharing-a-buffer-from-c/3
		from-a-driver/1
		from-a-driver/2
		from-another-processor/1
		from-another-processor/2
	END
}

# make test is run elsewhere, as a whole; here it shows that all compiles.
first_command()
{
	block two-commands/1 | grep -qx 'make test .*' &&
	type_block two-commands/1 '/^make test /d' > "$W/demo.txt" || return
	cat "$W/demo.txt"
	grep -qx 'the same bytes, seen by every process' "$W/demo.txt" &&
	[ "$(tail -n 1 "$W/demo.txt")" = ok ]
}

# busy DIR PROGRAM: make a stand-in for PROGRAM, which is stopped for a minute, as on a machine
# that has other work.
busy()
{
	mkdir -p "$1"
	cat > "$1/$2" <<-END
		#!/bin/bash
		$(command -v "$2") "\$@" &
		sleep 2
		if kill -STOP \$! 2>/dev/null; then
			sleep 62
			kill -CONT \$!
		fi
		wait \$!
	END
	chmod +x "$1/$2"
}

# A board that is slow is not ended.
first_command_on_a_busy_machine()
{
	busy "$W/busy" qemu-system-aarch64 &&
	PATH=$W/busy:$PATH first_command
}

# stand_in BLOCK FILE: the lines of the block stand in the file, one after the other.
stand_in()
{
	awk '
	NR == FNR		{ want[++count] = $0; next }
	$0 != want[++at]	{ at = $0 == want[1] }
	at == count		{ exit }
	END			{ exit at != count }' <(block "$1") "$2"
}

remote_processors()
{
	type_block from-another-processor/1 > "$W/demo-remote.txt" || return
	cat "$W/demo-remote.txt"
	stand_in from-another-processor/2 "$W/demo-remote.txt" &&
	[ "$(tail -n 1 "$W/demo-remote.txt")" = ok ]
}

second_command_as_far_as_it_compiles()
{
	make unit && make libtest
}

module_and_command()
{
	type_block on-a-board/1 &&
	[ -s carveout.ko ] && [ -x tools/carveout/carveout ]
}

# The kernel that runs below this root is not one of its packages.
make_alone_says_what_it_lacks()
{
	[ ! -e "/lib/modules/$(uname -r)/build" ] || return 0
	! make > "$W/alone.txt" 2>&1 &&
	cat "$W/alone.txt" &&
	grep -q "No kernel headers in /lib/modules/$(uname -r)/build: install them" "$W/alone.txt"
}

root_file_system()
{
	rm -rf "$ROOT"
	mkdir -p "$ROOT"
	type_block on-a-board/2 &&
	find "$ROOT" -name 'carveout.ko*' | grep . && [ -x "$ROOT/usr/local/bin/carveout" ] &&
	[ -s "$ROOT/lib/modules/$(cat "$CACHE/$ARM64/release")/modules.dep" ]
}

# Properties that the page leaves to the reader come from a second fragment.
device_tree()
{
	{
		printf '/dts-v1/;\n/plugin/;\n&{/} {\n#address-cells = <2>;\n#size-cells = <2>;\n'
		block on-a-board/3
		block from-a-driver/1
		printf '};\n&{/} { isp@12340000 { compatible = "example,isp"; }; };\n'
	} > "$W/readme.dtso"
	cat "$W/readme.dtso"
	# The unit address of a device without registers is the reader's.
	dtc -@ -Wno-unit_address_vs_reg -I dts -O dtb -o "$W/readme.dtbo" "$W/readme.dtso"
}

driver()
{
	local dir=$W/driver

	mkdir -p "$dir"
	block from-a-driver/2 > "$W/probe"
	sed -e "/@README@/r $W/probe" -e '/@README@/d' "$HERE/driver.c.in" > "$dir/isp.c"
	printf '%s\n' "NOSTDINC_FLAGS += -I$TOP/include/compat" "ccflags-y += -I$TOP/include" \
		'obj-m += isp.o' > "$dir/Kbuild"
	make -C "$KDIR" M="$dir" ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu- W=1 KCFLAGS=-Werror \
		KBUILD_EXTRA_SYMBOLS="$TOP/Module.symvers" modules
}

udev_rule()
{
	block on-a-board/6 > "$W/60-carveout.rules"
	apt-get install -q -y --no-install-recommends udev || return
	udevadm verify --help || skip "udevadm of this release has no verify" || return
	udevadm verify --resolve-names=never "$W/60-carveout.rules"
}

library()
{
	type_block sharing-a-buffer-from-c/2
}

program()
{
	mkdir -p "$W/c"
	block sharing-a-buffer-from-c/1 > "$W/c/frame.c"
	block sharing-a-buffer-from-c/3 | head -n 1 | (cd "$W/c" && bash -ex)
}

# There is no heap on this machine; but the program has to start.
program_starts()
{
	"$W/c/frame"
	[ $? = 1 ]
}

# --- Boards ------------------------------------------------------------------

# session FILE: put a session into the root file system. The name decides the order.
session()
{
	mkdir -p "$ROOT/sessions"
	cat > "$ROOT/sessions/$1"
}

# boot BOARD TREE ARGS: boot $ROOT; its sessions print their results.
boot()
{
	mkdir -p "$ROOT/bin"
	cp "$CACHE/$1/bin/busybox" "$ROOT/bin/" &&
	ln -sf busybox "$ROOT/bin/sh" &&
	cp "$HERE/board-init" "$ROOT/init" &&
	(cd "$ROOT" && find . | cpio -o -H newc --quiet | gzip -1) > "$W/$1.cpio.gz" || return
	(
		# shellcheck source=tools/testing/scripts/common.sh
		. tools/testing/scripts/common.sh
		# shellcheck source=tools/testing/scripts/board.sh
		. "$SCRIPTS/board.sh"
		board "$1"
		board_paths
		dtb=$(board_dtb "$W/dtb" ${2:+"$2"})
		args=$BOOT_ARGS
		board_boot 300 "$W/$1.cpio.gz" "$dtb" "quiet loglevel=3 $3"
	) > "$W/$1.log" 2>&1
	tr -d '\r' < "$W/$1.log" > "$W/$1.txt"
	grep -qx 'newcomer: end' "$W/$1.txt" || { tail -n 20 "$W/$1.txt"; return 1; }
}

# The module and the command are those that root_file_system() installed.
arm64_board()
{
	cp -L /usr/aarch64-linux-gnu/lib/{ld-linux-aarch64.so.1,libc.so.6} "$ROOT/lib/" &&
	cp carveout.ko "$W/driver/isp.ko" "$ROOT/" || return
	{ echo '# cd /'; block on-a-board/4; } | session 1-log
	block sharing-a-buffer-from-the-shell/1 | session 2-shell
	session 3-driver <<-'END'
		# insmod /isp.ko
		# carveout ls dsp | grep '^isp\.frames .*512K'
	END
	session 4-device-tree <<-'END'
		# ls /proc/device-tree/dsp-heap/linux,heap-name
	END
	session 5-loaded-by-itself <<-'END'
		# rmmod isp
		# rmmod carveout
		# modprobe "$(cat /sys/devices/platform/dsp-heap/modalias)"
		# ls /dev/carveout/dsp
	END
	{ printf '# %s\n' 'rmmod carveout' 'cd /'; block ten-lines-to-a-shared-buffer/1; } |
		session 6-ten-lines
	boot "$ARM64" "$W/readme.dtso" ''
}

# The board is that of the page, to its last option; it has the module of arm64_board(). The
# page leaves the kernel to the reader.
quick_start_on_qemu_virt()
{
	local dir=$W/quick-start options script

	mkdir -p "$dir"
	cp Documentation/devicetree/overlays/qemu-virt.dtso "$dir/" &&
	rm -rf "$ROOT/sessions" || return
	printf '# %s\n' 'modprobe carveout' 'ls /dev/carveout/dsp' 'carveout info dsp' |
		session 1-quick-start
	(cd "$ROOT" && find . | cpio -o -H newc --quiet | gzip -1) > "$dir/board.cpio.gz"
	options="$CACHE/$ARM64/vmlinuz -initrd board.cpio.gz -nographic -no-reboot"
	options+=" -append 'console=ttyAMA0 panic=-1 quiet loglevel=3'"
	script=$(quick_start 'Compile and apply' | sed -n '1s/ti-am62/qemu-virt/p'
		quick_start 'QEMU virt' | sed "s|-kernel \.\.\.|-kernel $options|")
	printf '+ %s\n' "${script//$'\n'/$'\n+ '}"
	(cd "$dir" && python3 "$HERE/../scripts/watch.py" 300 \
		bash -e -c "$script") > "$dir/board.log" 2>&1
	tr -d '\r' < "$dir/board.log" > "$W/quick-start.txt"
	grep -qx 'newcomer: end' "$W/quick-start.txt" || { tail -n 20 "$W/quick-start.txt"; return 1; }
}

# The program, with the libraries that the loader of this machine finds for it.
x86_64_board()
{
	local KDIR=$CACHE/$X86/build

	rm -rf "$ROOT"
	mkdir -p "$ROOT/c" "$ROOT/etc"
	tools/testing/scripts/deps.sh build x86 &&
	tools/testing/scripts/fetch.sh "board:$X86" &&
	type_block on-a-board/1 '/^make tool/d; s/ ARCH=.*//' || return
	cp carveout.ko "$W/c/frame" "$ROOT/c/"
	cp /etc/ld.so.cache "$ROOT/etc/"
	ldd "$W/c/frame" | sed -nE 's|.* (/[^ ]*) \(0x.*|\1|p; s|^\t(/[^ ]*) \(0x.*|\1|p' |
		xargs -I'{}' cp --parents -L '{}' "$ROOT"
	# A parameter at a time; the heap of the last one stays.
	{
		echo '# cd /c'
		block on-a-board/5 | head -n 1
		printf '# %s\n' 'ls /dev/carveout/default' 'rmmod carveout'
		block on-a-board/5 | tail -n 1
		echo '# ls /dev/carveout/dsp'
	} | session 1-parameters
	{
		echo '# cd /c'
		echo "# { $(block sharing-a-buffer-from-c/3 | tail -n 1); wait; } > /tmp/out 2>&1 || { cat /tmp/out; false; }"
		printf '# cat /tmp/out; grep -qx "%s" /tmp/out\n' "found ''" "found 'hello from process [0-9]*'"
	} | session 2-program
	# shellcheck disable=SC2016 # the kernel's syntax, no variable
	boot "$X86" '' 'memmap=16M$0x30000000'
}

# on_board BOARD SESSION: the result of a session.
on_board()
{
	sed -n "/^newcomer: /p" "$W/$1.txt" | awk -v name="$2" '
		/^newcomer: (not )?ok /	{ if ($NF == name) { printf "%s", why; ok = $2 == "ok" } why = "" }
		/^newcomer: # /		{ why = why $0 "\n" }
		END			{ exit !ok }'
}

# --- Running them ------------------------------------------------------------

KDIR=$CACHE/$ARM64/build

CASES=(every_block_is_tried first_command first_command_on_a_busy_machine
	remote_processors second_command_as_far_as_it_compiles
	module_and_command make_alone_says_what_it_lacks root_file_system device_tree driver
	udev_rule arm64_board
	"on_board $ARM64 log" "on_board $ARM64 shell" "on_board $ARM64 driver"
	"on_board $ARM64 device-tree" "on_board $ARM64 loaded-by-itself" "on_board $ARM64 ten-lines"
	quick_start_on_qemu_virt "on_board quick-start quick-start"
	library program program_starts x86_64_board
	"on_board $X86 parameters" "on_board $X86 program")

run_cases "$W" "${CASES[@]}" || rc=$?
echo "# from the clone to a shared buffer: $(spent "$W" every_block_is_tried first_command) s"
exit "${rc:-0}"
