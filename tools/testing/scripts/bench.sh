#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# bench.sh                    compare the allocator and its users with their peers
# bench.sh users              only users
# bench.sh latency            only the latency with PREEMPT_RT
# bench.sh pictures           copy the charts of the last comparison to Documentation/
# bench.sh check lib|users    compare counts of instructions with the recorded ones, as TAP
# bench.sh record lib|users   record them, in tools/testing/bench/instructions
#
# In user space: the net instructions of lib/, counted by callgrind, and its time.
# In user-mode Linux: lib/ and carveout.ko against allocators of the kernel, all in one
# boot. The peers are compiled from the fetched kernel's source.
# On an emulated machine: the costs of calls at the device node of a heap, and the extra
# costs of two CPUs that use one heap. On one that counts instructions: the costs of
# a user of buffers, and of a driver in a hard interrupt, with carveout and with other
# interfaces of the kernel. On an arm64 one: those of cache maintenance, and with PREEMPT_RT
# the latency under the load of this module.
#
# Results are in $O/bench: report.json, charts as SVG, and the printed output.

# shellcheck source=tools/testing/scripts/common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=tools/testing/scripts/board.sh
. "$SCRIPTS/board.sh"

BENCH=$TOP/tools/testing/bench
R=$O/bench
# Seconds of silence that end a machine.
SILENCE=${BENCH_SILENCE:-1200}

# All memory of the allocators is in a range set aside at boot, and the memory
# that carveout.ko allocates is in another one, most of which is never accessed.
bench_board()
{
	board uml-6.12
	memory=2816M
	args+=" reserve_mem=1G:2M:bench reserve_mem=1G:2M:arena"
}

# The product, compiled like the others: the board's kernel is compiled for size.
build_carveout()
{
	copy_sources "$R/carveout"
	make --no-print-directory -C "$R/carveout" module KDIR="$kdir" ARCH="$arch" \
		W=1 KCFLAGS="-Werror -O2"
}

build_module()
{
	local copy=$R/module

	mkdir -p "$copy"
	rsync -rlp --checksum --delete --exclude={'*.o','*.cmd','tests'} \
		"$BENCH"/{Kbuild,*.[ch]} "$TOP"/{include,lib} "$copy/"
	make --no-print-directory -C "$kdir" M="$copy" O= ARCH="$arch" W=1 KCFLAGS=-Werror \
		KBUILD_EXTRA_SYMBOLS="$R/carveout/Module.symvers" modules
}

# new_root ROOT INIT MODULE...: the files of an initramfs.
new_root()
{
	local root=$1 init=$2 applet

	shift 2
	rm -rf "$root"
	mkdir -p "$root/bin" "$root/modules"
	cp "$busybox" "$root/bin/"
	for applet in sh mkdir mount insmod sleep poweroff; do
		ln -s busybox "$root/bin/$applet"
	done
	cp "$init" "$root/init"
	cp "$@" "$root/modules/"
}

pack()
{
	(cd "$1" && find . | LC_ALL=C sort | cpio -o -H newc --quiet | gzip -1) > "$1.cpio.gz"
}

build_image()
{
	new_root "$R/image" "$BENCH/init" "$R/carveout/carveout.ko" "$R/module/carveout_bench.ko"
	pack "$R/image"
}

# The board's memory is a file in TMPDIR. Huge pages make it closer to the
# linear mapping of a kernel on bare metal; without them, small pages do.
boot()
{
	TMPDIR=$(mktemp -d)
	export TMPDIR
	mount -t tmpfs -o huge=always bench "$TMPDIR" || say "  (no huge pages)"
	board_boot "$SILENCE" "$R/image.cpio.gz" '' '' || true
	umount "$TMPDIR" 2>/dev/null || true
	rmdir "$TMPDIR"
}

run_board()
{
	if unshare -rm true 2>/dev/null; then
		unshare -rm "$0" --boot
	else
		boot
	fi > "$R/kernel.txt"
}

# A stock kernel, and a heap of memory that it does not map.
node_board()
{
	board x86_64-6.12
	memory=2G
	# shellcheck disable=SC2016 # the kernel's syntax, no variable
	args+=' memmap=512M$0x40000000'
}

run_node()
{
	local root=$R/node

	node_board
	board_prepare
	board_paths
	O=$R "$SCRIPTS/build.sh" module "$board"
	new_root "$root" "$BENCH/node-init" "$R/build/module-$board/carveout.ko"
	gcc -O2 -Wall -Wextra -Werror -static -I"$TOP/include/uapi" \
		-o "$root/bin/node_bench" "$BENCH/node_bench.c"
	pack "$root"
	board_boot "$SILENCE" "$root.cpio.gz" '' '' > "$R/node.txt" || true
	grep -q "bench: node done" "$R/node.txt"
}

# A stock kernel on two CPUs. Its checkers are off, for slab has one too.
cpus_board()
{
	board x86_64-6.12
	args="$BOOT_ARGS reserve_mem=128M:2M:bench reserve_mem=64M:2M:arena"
}

build_cpus()
{
	local copy=$R/cpus-module

	mkdir -p "$copy/source"
	rsync -rlp --checksum --delete --exclude={'*.o','*.cmd','tests','source'} \
		"$BENCH"/*.[ch] "$BENCH"/cpus/{Kbuild,*.[ch]} "$TOP"/{include,lib} "$copy/"
	(cd "$CARVEOUT_CACHE/source/6.12" && rsync -R drivers/gpu/drm/drm_mm.c \
		lib/{rbtree,find_bit,bitmap,genalloc}.c mm/{mempool.c,slab.h} "$copy/source/")
	make --no-print-directory -C "$kdir" M="$copy" O= ARCH="$arch" W=1 KCFLAGS=-Werror \
		KBUILD_EXTRA_SYMBOLS="$R/build/module-$board/Module.symvers" \
		CONFIG_DEBUG_INFO_BTF_MODULES= modules
}

run_cpus()
{
	local root=$R/cpus

	cpus_board
	board_prepare
	board_paths
	"$SCRIPTS/fetch.sh" source:6.12
	O=$R "$SCRIPTS/build.sh" module "$board"
	build_cpus
	new_root "$root" "$BENCH/cpus/init" "$R/build/module-$board/carveout.ko" \
		"$R/cpus-module/carveout_cpus.ko"
	pack "$root"
	board_boot "$SILENCE" "$root.cpio.gz" '' '' > "$R/cpus.txt" || true
	grep -q "bench: cpus_done err=0" "$R/cpus.txt"
}

# The clock counts instructions: a figure does not depend on the host.
users_board()
{
	board x86_64-6.12
	# shellcheck disable=SC2016 # the kernel's syntax, no variable
	args="$BOOT_ARGS no_timer_check mitigations=off "'memmap=512M$0x40000000'
	cpus=1 memory=3G threads=single devices=(-icount "shift=0,sleep=off")
}

build_drivers()
{
	local copy=$R/drivers-module-$board

	mkdir -p "$copy"
	rsync -rlp --checksum --delete --exclude={'*.o','*.cmd'} \
		"$BENCH"/drivers/{Kbuild,*.[ch]} "$TOP/include" "$copy/"
	make --no-print-directory -C "$kdir" M="$copy" O= "${kbuild_args[@]}" W=1 KCFLAGS=-Werror \
		KBUILD_EXTRA_SYMBOLS="$R/build/module-$board/Module.symvers" modules
}

# iceoryx ROOT: add its daemon, its libraries and a program that is linked with them.
iceoryx()
{
	local dir=$CARVEOUT_CACHE/iceoryx/x86_64 loader=/iceoryx/ld-linux-x86-64.so.2

	cp -r "$dir/iceoryx" "$1/"
	cp "$dir/iox-roudi" "$1/bin/"
	gcc -O2 -Wall -Wextra -Werror -D_GNU_SOURCE -I"$dir/include" -o "$1/bin/iceoryx" \
		"$BENCH"/iceoryx/iceoryx.c "$BENCH"/users/report.c \
		"$dir/iceoryx/libiceoryx_binding_c.so.2" -Wl,--disable-new-dtags,-rpath,/iceoryx \
		-Wl,-rpath-link,"$dir/iceoryx" -Wl,--dynamic-linker,"$loader"
}

run_users()
{
	local root=$R/users

	users_board
	board_prepare
	board_paths
	O=$R "$SCRIPTS/build.sh" module "$board"
	build_drivers
	new_root "$root" "$BENCH/users/init" "$R/build/module-$board/carveout.ko" \
		"$R/drivers-module-$board/carveout_drivers.ko"
	gcc -O2 -Wall -Wextra -Werror -D_GNU_SOURCE -static -I"$TOP/include/uapi" \
		-o "$root/bin/users" "$BENCH"/users/*.c
	# The guard of our own figures does not depend on this package.
	if "$SCRIPTS/fetch.sh" iceoryx:x86_64; then
		iceoryx "$root"
	else
		say "iceoryx is not compared"
	fi
	pack "$root"
	board_boot "$SILENCE" "$root.cpio.gz" '' '' > "$R/users.txt" || true
	grep -q "bench: users done" "$R/users.txt"
}

# A stock kernel, and a device that does not snoop the caches. The heap of the kernel that is
# compared is one more module.
caches_board()
{
	board arm64-6.12
	args="$BOOT_ARGS mitigations=off"
	cpus=1 memory=1G threads=single machine=virt devices=(-icount "shift=0,sleep=off")
	drivers=vgem trees=(carveout.dtso)
}

build_heaps()
{
	local copy=$R/heaps-module source=$CARVEOUT_CACHE/source/6.12/drivers/dma-buf

	mkdir -p "$copy"
	rsync -rlp --checksum --delete --exclude={'*.o','*.cmd'} \
		"$BENCH"/heaps/{Kbuild,*.c} "$source"/{dma-heap.c,heaps/system_heap.c} \
		"$TOP/include" "$copy/"
	make --no-print-directory -C "$kdir" M="$copy" "${kbuild_args[@]}" W=1 \
		KCFLAGS=-Werror modules
}

run_caches()
{
	local root=$R/caches dtb

	caches_board
	board_prepare
	board_paths
	"$SCRIPTS/fetch.sh" source:6.12
	O=$R "$SCRIPTS/build.sh" module "$board"
	build_heaps
	new_root "$root" "$BENCH/users/caches-init" "$R/build/module-$board/carveout.ko" \
		"$R/heaps-module/kernel_heaps.ko"
	mkdir -p "$root/etc"
	stock_drivers "$root"
	"${cross}gcc" -O2 -Wall -Wextra -Werror -D_GNU_SOURCE -static -I"$TOP/include/uapi" \
		-o "$root/bin/users" "$BENCH"/users/*.c
	pack "$root"
	dtb=$(board_dtb "$R/caches-dtb" "${trees[@]}")
	board_boot "$SILENCE" "$root.cpio.gz" "$dtb" '' > "$R/caches.txt" || true
	grep -q "bench: caches done" "$R/caches.txt"
}

# A stock kernel with PREEMPT_RT, whose clock counts instructions. No device is at addresses
# beyond 4 GiB, where a heap without memory is.
latency_board()
{
	board arm64-6.12-rt
	args="$BOOT_ARGS mitigations=off"
	cpus=1 memory=1G threads=single machine=virt,highmem=off devices=(-icount "shift=0,sleep=off")
	trees=(carveout.dtso)
}

run_latency()
{
	local root=$R/latency dtb

	latency_board
	board_prepare
	board_paths
	"$SCRIPTS/fetch.sh" rttests:arm64
	O=$R "$SCRIPTS/build.sh" module "$board"
	build_drivers
	new_root "$root" "$BENCH/latency/init" "$R/build/module-$board/carveout.ko" \
		"$R/drivers-module-$board/carveout_drivers.ko"
	cp -r "$CARVEOUT_CACHE"/rttests/arm64/rttests "$root/"
	cp "$CARVEOUT_CACHE"/rttests/arm64/cyclictest "$root/bin/"
	"${cross}gcc" -O2 -Wall -Wextra -Werror -D_GNU_SOURCE -static -I"$TOP/include/uapi" \
		-o "$root/bin/load" "$BENCH/latency/load.c"
	pack "$root"
	dtb=$(board_dtb "$R/latency-dtb" "${trees[@]}")
	board_boot "$SILENCE" "$root.cpio.gz" "$dtb" '' > "$R/latency.txt" || true
	grep -q "bench: latency done" "$R/latency.txt"
}

count_users()
{
	step "count the costs of users" "$R/users.log" run_users
	step "count the maintenance of caches" "$R/caches.log" run_caches
}

load_line()
{
	echo "bench: load when=$1 average=$(cut -d ' ' -f 1 /proc/loadavg)"
}

bench_board
if [ "${1:-}" = --boot ]; then
	board_paths
	boot
	exit
fi

"$SCRIPTS/deps.sh" bench
mkdir -p "$R"
case ${1:-} in
users)
	count_users
	python3 -B "$BENCH/report.py" lines "$R"/{users,caches}.txt
	exit ;;
latency)
	step "measure the latency" "$R/latency.log" run_latency
	python3 -B "$BENCH/report.py" lines "$R/latency.txt"
	exit ;;
pictures)
	for chart in live failures names; do
		cp "$R/$chart.svg" "$TOP/Documentation/performance-$chart.svg"
	done
	exit ;;
check|record)
	case ${2:-} in
	lib)	counts=("$R/count.txt")
		step "count instructions of lib/" "$R/count.log" make -C "$BENCH" O="$R" count ;;
	users)	counts=("$R"/{users,caches}.txt)
		count_users ;;
	*)	die "bench.sh $1: lib or users?" ;;
	esac
	python3 -B "$BENCH/guard.py" "$1" "$2" "${counts[@]}"
	exit ;;
esac
board_prepare
board_paths
load_line before > "$R/machine.txt"
echo "bench: machine date=$(date -u +%F) cpus=$(nproc)" \
	"cpu=$(sed -n '/^model name/{s/.*: //;s/ /_/g;p;q}' /proc/cpuinfo)" >> "$R/machine.txt"
step "count instructions of lib/" "$R/count.log" make -C "$BENCH" O="$R" count
step "time lib/ in user space" "$R/time.log" make -C "$BENCH" O="$R" time
step "build carveout.ko" "$R/carveout.log" build_carveout
step "build the module" "$R/module.log" build_module
build_image
step "measure in the kernel" "$R/boot.log" run_board
step "measure at the node" "$R/node.log" run_node
step "measure on two CPUs" "$R/cpus.log" run_cpus
count_users
step "measure the latency" "$R/latency.log" run_latency
load_line after >> "$R/machine.txt"
python3 -B "$BENCH/report.py" all "$R" "$R"/{machine,count,time,kernel,node,cpus,users,caches,latency}.txt
