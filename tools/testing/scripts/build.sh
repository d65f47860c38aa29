#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# build.sh module BOARD      build the modules for a board's kernel
# build.sh intree VALUE      build all modules as a part of a kernel, which is built as well
#                            (VALUE of their options: y, m)
# build.sh bus BOARD         build the kernel's rpmsg bus, for a kernel without it
# build.sh tool ARCH         build the carveout command, static
# build.sh tests ARCH        build the kselftest programs, static
# build.sh firmware BOARD    build the firmware of the board's remote processors
# build.sh importers BOARD   build modules and programs of the kernel's source that
#                            import buffers
# build.sh cmem BOARD        build the programs of TI's CMEM from CMEM_SOURCE=DIR, static
# build.sh image BOARD KIND  pack the initramfs of a run from the built files
#                            (KIND: kunit, kselftest, compat, hibernate, importers,
#                            remote, cmem, demo); prints the file
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
	mkswap mktemp mount mv nice nproc od pidof poweroff printf ps pwd readlink
	realpath renice rm rmdir rmmod sed seq setpriv setsid sh sha256sum sleep
	sort stat strings stty su swapon sync sysctl tail tar taskset tee test time
	timeout top touch tr true truncate tty umount uname uniq unshare uptime
	usleep wc which xargs xxd yes"

build_module()
{
	local copy bus

	board "$1"
	board_paths
	copy=$B/module-$modules bus=$B/bus-$modules/Module.symvers
	copy_sources "$copy"
	# With a bus there are the modules that use it.
	[ ! -e "$bus" ] || kbuild_args+=(CARVEOUT_RPMSG=m KBUILD_EXTRA_SYMBOLS="$bus")
	# The suites are as much code as the modules.
	[[ " ${WITHOUT_SUITES:-} " != *" $modules "* ]] || kbuild_args+=(CARVEOUT_SUITES=n)
	# A module that is no longer built must not be found.
	rm -f "$copy"/*.ko "$copy"/samples/*/*.ko
	# Debug information takes a quarter of the compiler's time, and no test reads it.
	make --no-print-directory -C "$copy" module W=1 KCFLAGS="-Werror -g0" SAMPLES=1 \
		CARVEOUT_TEST_MODULES=m V="$V" "${kbuild_args[@]}"
}

# links_to DIR FOLDER: links in FOLDER to the files of DIR that it lacks.
links_to()
{
	local file

	mkdir -p "$2"
	for file in "$1"/*; do
		[ -e "$2/${file##*/}" ] || ln -s "$file" "$2/"
	done
}

# The source of a kernel that has this tree in drivers/misc/carveout, as Kconfig says.
intree_source()
{
	local source=$1 root=$2 misc=$2/drivers/misc

	rm -rf "$root"
	mkdir -p "$misc"
	copy_sources "$B/intree-carveout"
	cp "$TOP/Kconfig" "$B/intree-carveout/"
	ln -s "$B/intree-carveout" "$misc/carveout"
	echo 'source "drivers/misc/carveout/Kconfig"' |
		cat "$source/drivers/misc/Kconfig" - > "$misc/Kconfig"
	# shellcheck disable=SC2016 # of make
	echo 'obj-$(CONFIG_CARVEOUT) += carveout/' |
		cat "$source/drivers/misc/Makefile" - > "$misc/Makefile"
	links_to "$source/drivers/misc" "$misc"
	links_to "$source/drivers" "$root/drivers"
	links_to "$source" "$root"
}

# The smallest kernel for user-mode Linux that the options can be selected in: they select
# or require all that they need.
build_intree()
{
	local root=$B/intree-source out=$B/intree-$1 make

	intree_source "$CARVEOUT_CACHE/source/6.12" "$root"
	mkdir -p "$out"
	cat > "$out/fragment" <<-END
		CONFIG_64BIT=y
		CONFIG_KUNIT=y
		CONFIG_MODULES=y
		CONFIG_OF=y
		CONFIG_RPMSG_VIRTIO=y
		CONFIG_UML_PCI_OVER_VIRTIO=y
		CONFIG_VIRTIO_UML=y
		CONFIG_CARVEOUT=$1
		CONFIG_CARVEOUT_RPMSG=$1
		CONFIG_CARVEOUT_KUNIT_TEST=$1
		CONFIG_SAMPLE_CARVEOUT=$1
	END
	make=(make --no-print-directory -C "$root" O="$out" ARCH=um -j"$JOBS" V="$V")
	configure_kernel "$root" "$out" "$out/fragment"
	"${make[@]}" all
}

# bus_modules VALUE: the modules of the rpmsg bus, in the order of loading, whose option in
# the kernel's configuration has this value: m for modules of the kernel itself, n for those
# that it lacks.
bus_modules()
{
	local option module value

	while read -r option module; do
		value=$(sed -n "s/^CONFIG_$option=//p" "$kdir/include/config/auto.conf")
		[ "${value:-n}" != "$1" ] || echo "$module"
	done <<-END
		VIRTIO virtio_ring
		VIRTIO virtio
		RPMSG rpmsg_core
		RPMSG_NS rpmsg_ns
		RPMSG_VIRTIO virtio_rpmsg_bus
	END
}

# Links point at the source of the kernel's series: nothing is copied or changed.
build_bus()
{
	local out

	board "$1"
	board_paths
	out=$B/bus-$modules
	mkdir -p "$out"
	rm -f "$out"/*.ko
	ln -sfn "$CARVEOUT_CACHE/source/$series"/drivers/rpmsg/*.[ch] \
		"$TOP/tools/testing/bus/Kbuild" "$out/"
	make --no-print-directory -C "$kdir" M="$out" BUS="$(bus_modules n | xargs)" V="$V" \
		"${kbuild_args[@]}" modules
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

# libfdt is that of a kernel's source, which serves all architectures. The demo may lack it.
build_tool()
{
	local cross flags libfdt=$CARVEOUT_CACHE/source/6.12/scripts/dtc/libfdt

	cross=$(user_cross "$1")
	flags=$(user_flags "$1" | xargs)
	[ -d "$libfdt" ] || libfdt=no
	make --no-print-directory -C "$TOP" tool TOOLDIR="$B/tool-$1" CROSS_COMPILE="$cross" \
		LIBFDT="$libfdt" CFLAGS="-O2 -g -Wall -Wextra -Werror $flags" LDFLAGS=-static V="$V"
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

# Modules that Debian's kernels lack, from the fetched source and for the board's kernel;
# and the kernel's own tests. Links point at the source: nothing is copied or changed.
build_importers()
{
	local out=$B/importers-$1 from=$TOP/tools/testing/importers
	local source=$CARVEOUT_CACHE/source/6.12 name

	board "$1"
	board_paths
	rm -rf "$out"
	mkdir -p "$out/vkms" "$out/gup" "$out/tests"
	ln -s "$source"/drivers/gpu/drm/vkms/* "$out/vkms/"
	ln -s "$source"/mm/gup_test.[ch] "$from/Kbuild" "$from/gup_module.c" "$out/gup/"
	for name in vkms gup; do
		make --no-print-directory -C "$kdir" M="$out/$name" CONFIG_DRM_VKMS=m V="$V" \
			"${kbuild_args[@]}" modules
	done
	make --no-print-directory -C "$from" KSRC="$source" KSRC_PFNMAP="$CARVEOUT_CACHE/source/7" \
		CROSS_COMPILE="$(user_cross "$userarch")" OUTPUT="$out/tests"
}

build_cmem()
{
	board "$1"
	make --no-print-directory -C "$TOP/tools/testing/ticmem" \
		CMEM_SOURCE="$(realpath "$CMEM_SOURCE")" OUTPUT="$B/cmem-$1" \
		CROSS_COMPILE="$(user_cross "$userarch")"
}

# Firmware for the Cortex-R5 of a board that has them.
build_firmware()
{
	make --no-print-directory -C "$TOP/tools/testing/remote/r5" O="$B/firmware-$1" \
		CC="$(user_cross arm)gcc"
}

# The time limit of one program, as kselftest defines it.
test_timeout()
{
	local settings=$TOP/tools/testing/selftests/carveout/settings

	[ -e "$settings" ] || { echo 45; return; }
	sed -n 's/^timeout=//p' "$settings"
}

# These have lanes of their own: they need a disk and a second boot, drivers that no other
# lane loads, remote processors, or a source of other programs.
RESUME=carveout_resume.sh
CMEM=ticmem_programs.sh
IMPORTERS="carveout_vivid carveout_display libcamera_frames.sh"
REMOTE="carveout_r5 carveout_r5_end"

# The kselftest programs of the board, or with ONLY="NAME..." those of them.
programs()
{
	make -s -C "$TOP/tools/testing/selftests/carveout" \
		KSRC="$CARVEOUT_CACHE/source/6.12" emit_tests | sed 's/.*://' |
		grep -vxF "${without:-none}" | grep -vxF "$RESUME" | grep -vxF "$CMEM" |
		grep -vxF "${REMOTE// /$'\n'}" | grep -vxF "${IMPORTERS// /$'\n'}" | only
}

# Reads names and prints those that ONLY names, or that EXCEPT does not; all when neither is
# set.
only()
{
	if [ -n "${ONLY:-}" ]; then
		grep -xF "${ONLY// /$'\n'}"
	elif [ -n "${EXCEPT:-}" ]; then
		grep -vxF "${EXCEPT// /$'\n'}"
	else
		cat
	fi
}

# The modules that tests load; a board without PCI has fewer.
test_modules()
{
	local name

	for name in carveout_corrupt carveout_attrs carveout_waiter carveout_client \
		carveout_importer carveout_assigned carveout_edu; do
		[ ! -e "$B/module-$modules/$name.ko" ] ||
			cp "$B/module-$modules/$name.ko" "$1/modules/"
	done
}

# The rpmsg bus: modules of the board's own kernel, which for a kernel that the project
# builds are in its folder, and those that were built for it.
bus_drivers()
{
	local name

	drivers=$(bus_modules m)
	if [ -n "$own_kernel" ]; then
		for name in $drivers; do
			find "$kdir/drivers" -name "$name.ko" -exec cp {} "$1/modules/" \;
			echo "$name" >> "$1/etc/drivers"
		done
	else
		stock_drivers "$1"
	fi
	for name in $(bus_modules n); do
		cp "$B/bus-$modules/$name.ko" "$1/modules/"
		echo "$name" >> "$1/etc/drivers"
	done
}

# fill_KIND ROOT: add the files of this kind of initramfs.
fill_kunit()
{
	cp "$TOP/tools/testing/vm/init" "$1/init"
	bus_drivers "$1"
	for client in carveout_rpmsg carveout_loopback; do
		cp "$B/module-$modules/$client.ko" "$1/modules/"
		echo $client >> "$1/etc/clients"
	done
	cp "$B/module-$modules"/*_kunit.ko "$1/modules/"
	(cd "$1/modules" && printf '%s\n' *_kunit.ko) | sed 's/\.ko$//' | only > "$1/etc/suites"
	# One board has thousands of crashes, unless the rounds are fewer: tools/testing/expected
	# requires them.
	[ "$board:${ROUNDS:-100}" != uml-6.1:100 ] ||
		sed -i 's/^carveout_loopback$/& crashes=10000/' "$1/etc/clients"
	# Stock kernels have kprobes: the board counts the calls of exported functions.
	[ -n "$own_kernel" ] || [ -n "${ONLY:-}" ] || exports > "$1/etc/exports"
}

# The functions that the module exports for other drivers. grep fails if there is none.
exports()
{
	awk '$3 ~ /(^|\/)carveout$/ && $5 == "CARVEOUT" { print $2 }' \
		"$B/module-$modules/Module.symvers" | grep .
}

# All but the list of programs to run.
fill_tests()
{
	cp "$TOP/tools/testing/vm/init" "$1/init"
	cp -r "$B/tests-$userarch/install/." "$1/tests/"
	cp "$B/tool-$userarch/carveout" "$1/bin/"
	test_modules "$1"
	cp "$B/module-$modules"/samples/*/*.ko "$1/modules/"
	stock_drivers "$1"
}

fill_kselftest()
{
	fill_tests "$1"
	programs > "$1/etc/programs"
}

fill_hibernate()
{
	fill_tests "$1"
	echo "$RESUME" | only > "$1/etc/programs"
	echo nvme0n1 > "$1/etc/swap"
}

# board_program NAME PROGRAM ROOT: add a dynamic program and its libraries.
board_program()
{
	local dir=$CARVEOUT_CACHE/$1/$userarch

	cp "$dir/$2" "$3/bin/"
	cp -r "$dir/$1" "$3/"
}

# Two capture devices of vivid, without its other nodes: one maps buffers for the kernel
# alone, the other one attaches its device as well.
VIVID="n_devs=2 node_types=1,1 num_inputs=1,1 input_types=0,0 allocators=0,1"

fill_importers()
{
	local built=$B/importers-$board name tests

	board_with_importers
	# Modules of the same kernel that those need which are built here.
	drivers+=" $(modinfo -F depends "$built/vkms/vkms.ko" | tr , ' ')"
	fill_tests "$1"
	sed -i "s/^vivid\$/& $VIVID/" "$1/etc/drivers"
	for name in vkms gup; do
		cp "$built/$name/$name.ko" "$1/modules/"
		echo "$name" >> "$1/etc/drivers"
	done
	board_program v4l2 v4l2-ctl "$1"
	board_program libcamera cam "$1"
	cp "$built/tests"/kernel_* "$built/tests/pfnmap" "$built/tests/dmabuf-heap" "$1/tests/"
	tests=$(cd "$built/tests" && echo kernel_*)
	# shellcheck disable=SC2086 # several programs
	printf '%s\n' $IMPORTERS kernel_dmabuf_heap.sh $tests | only > "$1/etc/programs"
}

# Modules of the bus first, then the users of carveout; and the firmware.
remote_files()
{
	local module

	bus_drivers "$1"
	for module in carveout_rpmsg carveout_r5; do
		cp "$B/module-$modules/$module.ko" "$1/modules/"
		echo $module >> "$1/etc/clients"
	done
	mkdir -p "$1/lib/firmware"
	cp "$B/firmware-$board"/*.elf "$1/lib/firmware/"
}

fill_remote()
{
	cp "$TOP/tools/testing/vm/init" "$1/init"
	cp -r "$B/tests-$userarch/install/." "$1/tests/"
	cp "$B/tool-$userarch/carveout" "$1/bin/"
	remote_files "$1"
	cp "$B/module-$modules/carveout_writer.ko" "$1/modules/"
	# shellcheck disable=SC2086 # several programs
	printf '%s\n' $REMOTE | only > "$1/etc/programs"
}

fill_cmem()
{
	cp "$TOP/tools/testing/vm/init" "$1/init"
	cp -r "$B/tests-$userarch/install/." "$1/tests/"
	cp "$B/cmem-$board"/{apitest,multi_process,translate} "$1/tests/"
	echo "$CMEM" | only > "$1/etc/programs"
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
	local story=heap

	if [[ $board == versal-* ]]; then
		story=remote
		remote_files "$1"
	fi
	cp "$TOP/tools/testing/vm/demo-init" "$1/init"
	cp "$TOP/tools/testing/vm/demo-$story.sh" "$1/etc/demo.sh"
	cp "$B/tool-$userarch/carveout" "$1/bin/"
}

build_image()
{
	local root=$B/image-$2-$1 applet

	board "$1"
	board_paths
	# Another lane of the board may be building its modules anew.
	exec 8>"$B/module-$modules.lock"
	flock 8
	rm -rf "$root"
	mkdir -p "$root/bin" "$root/modules" "$root/tests" "$root/etc"
	cp "$busybox" "$root/bin/"
	for applet in $APPLETS; do
		ln -s busybox "$root/bin/$applet"
	done
	cp "$B/module-$modules/carveout.ko" "$root/modules/"
	"fill_$2" "$root"
	cat > "$root/etc/carveout-test" <<-END
		board=$1
		module_args='$module_args'
		limit=$(($(test_timeout) * scale))
		rounds=$rounds
	END
	(cd "$root" && find . | LC_ALL=C sort | cpio -o -H newc --quiet | gzip -1) > "$root.cpio.gz"
	echo "$root.cpio.gz"
}

mkdir -p "$B"
what=$1
shift
lock=$what-$1
# Boards with the same kernel share its modules.
if [[ $what == @(module|bus) ]]; then
	board "$1"
	lock=$what-$modules
fi
exec 9>"$B/$lock.lock"
flock 9
"build_$what" "$@"
