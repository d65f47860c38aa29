#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# build.sh module BOARD      build the modules for a board's kernel
# build.sh tool ARCH         build the carveout command, static
# build.sh tests ARCH        build the kselftest programs, static
# build.sh image BOARD KIND  pack the initramfs of a run from the built files
#                            (KIND: kunit, kselftest, compat, demo); prints the file
#
# Everything lands below $O/build. Each kernel's modules are built in their own
# copy of the sources: they never disturb one another. Two builds of the same
# thing take turns.

# shellcheck source=tools/testing/scripts/common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=tools/testing/scripts/board.sh
. "$SCRIPTS/board.sh"

B=$O/build
# Commands for scripts on a board; installing all of busybox there takes long.
APPLETS="[ awk basename cat chgrp chmod chown cmp cp cut date dd devmem df diff
	dirname dmesg du echo env expr false find free getopt grep head hexdump
	hostname id insmod kill killall ln ls lsmod md5sum mkdir mkfifo mknod
	mktemp mount mv nice nproc od pidof poweroff printf ps pwd readlink
	realpath renice rm rmdir rmmod sed seq setpriv setsid sh sha256sum sleep
	sort stat strings stty su sync sysctl tail tar taskset tee test time
	timeout top touch tr true truncate tty umount uname uniq unshare uptime
	usleep wc which xargs xxd yes"

build_module()
{
	local copy=$B/module-$1

	board "$1"
	board_paths
	copy_sources "$copy"
	# A module that is no longer built must not be found.
	rm -f "$copy"/*.ko "$copy"/samples/*/*.ko
	make --no-print-directory -C "$copy" module W=1 KCFLAGS=-Werror SAMPLES=1 \
		CARVEOUT_TEST_MODULES=m V="$V" "${kbuild_args[@]}"
}

user_cross()
{
	case $1 in
	arm64)		echo aarch64-linux-gnu- ;;
	arm)		echo arm-linux-gnueabihf- ;;
	x86_64|i386)	echo ;;
	*)		die "build.sh: no user space for '$1'" ;;
	esac
}

# Compiler options of an architecture. A 32-bit program has 64-bit file
# offsets and times, as a new one should. The native compiler makes those of i386,
# with the kernel's headers where it has them for x86-64.
user_flags()
{
	case $1 in
	arm|i386)	echo -D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64 ;;
	esac
	case $1 in
	i386)		echo -m32 -idirafter "/usr/include/$(gcc -print-multiarch)" ;;
	esac
}

build_tool()
{
	local cross flags

	cross=$(user_cross "$1")
	flags=$(user_flags "$1" | xargs)
	make --no-print-directory -C "$TOP" tool TOOLDIR="$B/tool-$1" CROSS_COMPILE="$cross" \
		CFLAGS="-O2 -g -Wall -Wextra -Werror $flags" LDFLAGS=-static V="$V"
}

build_tests()
{
	local cross flags out=$B/tests-$1

	cross=$(user_cross "$1")
	flags=$(user_flags "$1" | xargs)
	rm -rf "${out:?}/install"
	mkdir -p "$out/obj"
	make --no-print-directory -j"$JOBS" -C "$TOP/tools/testing/selftests/carveout" \
		KSRC="$CARVEOUT_CACHE/source/6.12" CROSS_COMPILE="$cross" ARCH="$1" \
		OUTPUT="$out/obj" USERCFLAGS="-Werror $flags" USERLDFLAGS=-static V="$V" \
		INSTALL_PATH="$out/install" install
}

# The time limit of one program, as kselftest defines it.
test_timeout()
{
	local settings=$TOP/tools/testing/selftests/carveout/settings

	[ -e "$settings" ] || { echo 45; return; }
	sed -n 's/^timeout=//p' "$settings"
}

# The kselftest programs of the board, or with ONLY="NAME..." those of them.
programs()
{
	make -s -C "$TOP/tools/testing/selftests/carveout" \
		KSRC="$CARVEOUT_CACHE/source/6.12" emit_tests | sed 's/.*://' |
		grep -vxF "${without:-none}" | only
}

# Reads names and prints those that ONLY names; all when it is not set.
only()
{
	if [ -n "${ONLY:-}" ]; then
		grep -xF "${ONLY// /$'\n'}"
	else
		cat
	fi
}

# The drivers that tests need from the board's own kernel, and their dependencies:
# etc/drivers has them in the order of loading.
stock_drivers()
{
	local root=$1 dir=$CARVEOUT_CACHE/kernel/$stock driver file name

	for driver in $drivers; do
		modprobe --show-depends -d "$dir" -S "$(cat "$dir/release")" "$driver"
	done | sed -n 's/^insmod //p' | while read -r file; do
		name=$(basename "$file")
		xz -dcf "$file" > "$root/modules/${name%%.*}.ko"
		echo "${name%%.*}" >> "$root/etc/drivers"
	done
}

# The modules that tests load; a board without PCI has fewer.
test_modules()
{
	local name

	for name in carveout_damage carveout_attrs carveout_edu; do
		[ ! -e "$B/module-$board/$name.ko" ] ||
			cp "$B/module-$board/$name.ko" "$1/modules/"
	done
}

# fill_KIND ROOT: add the files of this kind of initramfs.
fill_kunit()
{
	cp "$TOP/tools/testing/vm/init" "$1/init"
	cp "$B/module-$board"/*_kunit.ko "$1/modules/"
	(cd "$1/modules" && printf '%s\n' *_kunit.ko) | sed 's/\.ko$//' | only > "$1/etc/suites"
	# Stock kernels have kprobes: the board counts the calls of exported functions.
	board_own_kernel || [ -n "${ONLY:-}" ] || exports > "$1/etc/exports"
}

# The functions that the module exports for other drivers. grep fails if there is none.
exports()
{
	awk '$3 ~ /(^|\/)carveout$/ && $5 == "CARVEOUT" { print $2 }' \
		"$B/module-$board/Module.symvers" | grep .
}

fill_kselftest()
{
	cp "$TOP/tools/testing/vm/init" "$1/init"
	cp -r "$B/tests-$userarch/install/." "$1/tests/"
	cp "$B/tool-$userarch/carveout" "$1/bin/"
	test_modules "$1"
	cp "$B/module-$board"/samples/*/*.ko "$1/modules/"
	stock_drivers "$1"
	programs > "$1/etc/programs"
}

# The scripts are about the 64-bit command: they are the other lanes'.
fill_compat()
{
	cp "$TOP/tools/testing/vm/init" "$1/init"
	cp -r "$B/tests-$compat/install/." "$1/tests/"
	test_modules "$1"
	stock_drivers "$1"
	programs | grep -v '\.sh$' > "$1/etc/programs"
}

fill_demo()
{
	cp "$TOP/tools/testing/vm/demo-init" "$1/init"
	cp "$B/tool-$userarch/carveout" "$1/bin/"
}

build_image()
{
	local root=$B/image-$2-$1 applet

	board "$1"
	board_paths
	# Another lane of the board may be building its modules anew.
	exec 8>"$B/module-$1.lock"
	flock 8
	rm -rf "$root"
	mkdir -p "$root/bin" "$root/modules" "$root/tests" "$root/etc"
	cp "$busybox" "$root/bin/"
	for applet in $APPLETS; do
		ln -s busybox "$root/bin/$applet"
	done
	cp "$B/module-$1/carveout.ko" "$root/modules/"
	cat > "$root/etc/carveout-test" <<-END
		board=$1
		module_args='$module_args'
		limit=$(($(test_timeout) * scale))
		rounds=$rounds
	END
	"fill_$2" "$root"
	(cd "$root" && find . | LC_ALL=C sort | cpio -o -H newc --quiet | gzip -1) > "$root.cpio.gz"
	echo "$root.cpio.gz"
}

mkdir -p "$B"
what=$1
shift
exec 9>"$B/$what-$1.lock"
flock 9
"build_$what" "$@"
