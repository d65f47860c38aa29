# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# The test boards. Sourced after common.sh.
#
#   arm64-6.1, arm64-6.12     QEMU virt, stock Debian kernel, device tree
#   arm64-7                   the same with the newest kernel that Debian has
#   arm64-6.12-rt             the same with PREEMPT_RT
#   arm64-6.12-16k            the same with pages of 16 KiB
#   arm64-6.1-debug           the same board, own kernel: KASAN, lockdep, 4 CPUs
#   arm64-7-debug             the same with the newest kernel and PREEMPT_RT
#   versal-6.1, versal-6.12   QEMU xlnx-versal-virt, the kernel of arm64-6.1 or arm64-6.12;
#                             two Cortex-R5 beside two CPUs. Not one of BOARDS
#   versal-6.1-debug          the same with the kernel of arm64-6.1-debug
#   x86_64-6.1, x86_64-6.12   QEMU pc, stock Debian cloud kernel, no device tree
#   x86_64-6.12-full          QEMU q35 with an IOMMU, the kernel for all machines
#   uml-6.1, uml-6.12, uml-7  user-mode Linux, device tree; 6.1 with KASAN and lockdep,
#                             7, the newest kernel there is, with two CPUs

BOARDS=(arm64-6.1 arm64-6.12 arm64-7 arm64-6.12-rt arm64-6.12-16k arm64-6.1-debug
	arm64-7-debug x86_64-6.1 x86_64-6.12 x86_64-6.12-full uml-6.1 uml-6.12 uml-7)
export BOARDS

# Arguments of every kernel. A panic ends the emulator; the watchdogs
# are slow because the host may be busy.
BOOT_ARGS="panic=-1 printk.devkmsg=on log_buf_len=4M
	rcupdate.rcu_cpu_stall_timeout=300 watchdog_thresh=60
	workqueue.watchdog_thresh=120"

# For arm64 and x86-64. KUnit permits a test 300 s, in which its insmod waits.
HUNG_ARGS="sysctl.kernel.hung_task_timeout_secs=330"

# Stock kernels have few checkers, so that any report of theirs is fatal.
# Poisoned pages show memory that is allocated without being zeroed.
STOCK_ARGS="slub_debug=FZP page_poison=1 kfence.sample_interval=10
	panic_on_warn=1 oops=panic softlockup_panic=1 hung_task_panic=1 $HUNG_ARGS"

# stock_kernel BOARD: which kernel of Debian a stock board runs. Sets series, flavour and
# debarch, as Debian names them.
# shellcheck disable=SC2034 # used by the files that source this one
stock_kernel()
{
	series=${1#*-} series=${series%%-*}
	case $1 in
	arm64-*-rt)	debarch=arm64 flavour=rt-arm64 ;;
	arm64-*-16k)	debarch=arm64 flavour=arm64-16k ;;
	arm64-*)	debarch=arm64 flavour=arm64 ;;
	x86_64-*-full)	debarch=amd64 flavour=amd64 ;;
	x86_64-*)	debarch=amd64 flavour=cloud-amd64 ;;
	*)		die "no stock kernel for '$1'" ;;
	esac
}

# Per cent of the rounds of tests that repeat something; make test and .ci/run have fewer.
# A board with KASAN always does 30 %.
ROUNDS=${ROUNDS:-100}

# board NAME: describe a board. Sets
#   arch, cross       as Kbuild wants them
#   userarch          architecture of user-space programs
#   compat            ... and the 32-bit architecture that its kernel also runs
#   series, stock     kernel series; the stock board whose files it uses
#   own_kernel        name of its kernel, if the project builds it itself
#   groups            package groups that deps.sh must install
#   memory, cpu, cpus, args, module_args
#   drivers           modules of the stock kernel that tests need
#   without           kselftest programs that have nothing to test here
#   modules           name of the folder with its modules
#   machine, devices  of QEMU: the machine with its options, and plugged devices
#   threads           of QEMU: does each CPU run in a thread of its own ("multi"), or do all
#                     share one ("single")?
#   second            file with the output of the second serial port; "-": it is on the
#                     console, in the order of the output
#   trees             parts of its device tree, in tools/testing/vm
#   scale             factor on the time limits of the tests
#   rounds            per cent of the rounds of tests that repeat something
# shellcheck disable=SC2034 # used by the files that source this one
board()
{
	board=$1
	series=${1#*-} series=${series%%-*}
	cpu=cortex-a57 cpus=2 memory=1G scale=1 rounds=$ROUNDS args="$BOOT_ARGS $STOCK_ARGS"
	module_args='' drivers='' trees=() machine=virt devices=() without=carveout_iommu second=''
	threads=multi
	case $1 in
	arm64-6.1-debug)
		arch=arm64 cpus=4 scale=4 rounds=30 args="$BOOT_ARGS $HUNG_ARGS" ;;
	arm64-7-debug)
		# A spinlock is an rtmutex there, and an interrupt handler a thread.
		arch=arm64 cpus=4 scale=8 rounds=30 args="$BOOT_ARGS $HUNG_ARGS" ;;
	arm64-6.1|arm64-6.12|arm64-7|arm64-6.12-rt|arm64-6.12-16k)
		# The cloud kernels of x86-64 have no vgem.
		arch=arm64 drivers="vgem brd vfio-pci vfio_iommu_type1"
		# A device that copies memory, behind an IOMMU that translates; and KVM.
		machine=virt,iommu=smmuv3,virtualization=on devices=(-device edu)
		without=''
		# The older one has no 16 KiB pages, and its kernel cannot say so.
		[[ $1 != *-16k ]] || cpu=cortex-a76
		# Threads handle interrupts, and locks sleep: all takes nearly twice as long.
		[[ $1 != *-rt ]] || scale=2 ;;
	versal-6.1|versal-6.12|versal-6.1-debug)
		# Two of the four CPUs are Cortex-R5.
		arch=arm64 cpu=cortex-a72 cpus=4 scale=4 machine=xlnx-versal-virt
		[[ $1 != *-debug ]] || { rounds=30; scale=8; args="$BOOT_ARGS $HUNG_ARGS"; } ;;
	x86_64-6.1|x86_64-6.12|x86_64-6.12-full)
		arch=x86_64 drivers=brd machine=pc cpu=qemu64
		if [[ $1 == *-full ]]; then
			# It has the same device, an IOMMU, and KVM for the emulated CPU.
			drivers="vgem brd vfio-pci vfio_iommu_type1 kvm-amd"
			machine=q35,kernel-irqchip=off cpu=qemu64,+svm,+npt
			devices=(-device intel-iommu -device edu)
			# For a virtual machine the kernel patches __schedule() while all CPUs
			# run it: see vm/init.
			threads=single
			args+=' intel_iommu=on'
			without=''
		fi
		# The kernel panics if the timer does not tick during a short test at boot,
		# as in an emulator that a busy machine stalls.
		args+=' no_timer_check'
		# shellcheck disable=SC2016 # the kernel's syntax, no variables
		args+=' memmap=16M$0x30000000 memmap=16M$0x32000000'
		# The kernel bounces the mappings of all devices.
		[[ $1 == *-full ]] || args+=' swiotlb=2048,force'
		module_args="default=16M regions=dsp:0x30000000+16M,dsp:0x32000000+16M"
		if [[ $1 == *-full ]]; then
			# shellcheck disable=SC2016
			args+=' memmap=1M$0x37000000'
			module_args+=",cached:0x37000000+1M:cached"
		fi ;;
	uml-6.1|uml-6.12|uml-7)
		# So much that it reaches beyond the regions of bad.dtso: it is
		# a sparse file, most of which is never accessed.
		arch=um memory=1704M cpus=1 args="$BOOT_ARGS" module_args="default=16M"
		trees=(uml.dts bad.dtso abandoned.dtso attrs-uml.dtso)
		# KASAN and lockdep, on one CPU.
		[ "$1" != uml-6.1 ] || { rounds=30; scale=2; }
		[ "$1" != uml-7 ] || { cpus=2; scale=2; } ;;
	*)	die "no board '$1' (there are: ${BOARDS[*]})" ;;
	esac
	case $arch in
	arm64)	userarch=arm64 compat=arm cross=aarch64-linux-gnu- groups="build arm64 board"
		trees=(carveout.dtso bad.dtso abandoned.dtso attrs.dtso) ;;
	x86_64)	userarch=x86_64 compat=i386 cross='' groups="build x86" ;;
	um)	userarch=x86_64 compat='' cross='' groups="build uml" ;;
	esac
	[[ $1 != *-16k ]] || trees+=(large.dtso)
	# The firmware of the Cortex-R5 is 32-bit code.
	[[ $1 != versal-* ]] || { trees=(versal.dtso); groups+=" arm"; }
	case $1 in
	# User-mode Linux only takes its busybox from it.
	uml-7)		stock=x86_64-6.12 ;;
	versal-*)	stock=arm64-$series ;;
	uml-*|*-debug)	stock=$userarch-$series ;;
	*)		stock=$1 ;;
	esac
	# Boards with the same kernel share its modules.
	modules=${1/#versal-/arm64-} own_kernel=''
	[[ $1 != uml-* && $1 != *-debug ]] || own_kernel=$modules
}

# board_with_swap DIR: give the board a disk for the image of a hibernation, and RAM that is
# a file: both are files in DIR and outlive the emulator.
board_with_swap()
{
	[ "$arch" = x86_64 ] || die "board '$board' does not hibernate in a test"
	# Part of no heap, so that the driver does not touch it: a test reads it.
	# shellcheck disable=SC2016 # the kernel's syntax, no variables
	args+=' memmap=64K$0x34000000'
	truncate -s "$memory" "$1/swap"
	rm -f "$1/ram"
	machine+=,memory-backend=ram
	# shellcheck disable=SC2054 # QEMU's syntax
	devices=(-object "memory-backend-file,id=ram,size=$memory,mem-path=$1/ram,share=on"
		-drive "file=$1/swap,if=none,id=swap,format=raw" -device nvme,drive=swap,serial=swap)
}

# board_with_importers: give the board the drivers of its kernel that import buffers and no
# others, with their devices, and heaps that are large enough for the kernel's own tests of
# heaps: one with pages, and one without.
# shellcheck disable=SC2034 # used by the files that source this one
board_with_importers()
{
	drivers="vgem vivid"
	# A test reads the video memory of cirrus, which belongs to a driver.
	args+=' iomem=relaxed'
	case $arch in
	arm64)	# shellcheck disable=SC2054 # QEMU's syntax
		drivers+=" cirrus" devices+=(-device cirrus-vga,romfile=)
		trees+=(large.dtso) module_args="default=40M" ;;
	x86_64)	# shellcheck disable=SC2016 # the kernel's syntax, no variables
		args+=' memmap=40M$0x34000000'
		module_args=${module_args/default=16M/default=40M},large:0x34000000+40M ;;
	*)	die "board '$board' has no importers" ;;
	esac
}

# board_with_mended: give the board copies of its bad heaps that carveout doctor has mended.
# They precede bad.dtso, whose heaps stay as they are.
board_with_mended()
{
	local tree others=()

	[ "$arch" = um ] || return 0
	for tree in "${trees[@]}"; do
		[ "$tree" = bad.dtso ] || others+=("$tree")
	done
	trees=("${others[@]}" mended bad.dtso)
	"$SCRIPTS/build.sh" tool x86_64 >&2
}

# mend BASE TO: add copies of the heaps of bad.dtso to a device tree, at other places and
# with other names, and the lines of carveout doctor, until it finds no fault. The bad heaps
# have the rest of the RAM. The driver shall not bind them by itself.
mend()
{
	local dir=$2.mend source=$2.mend/tree.dts tool=$O/build/tool-x86_64/carveout try

	mkdir -p "$dir"
	sed -E 's/\bbad/mended/g; s/(0x|@)6([89])/\15\2/g' "$TOP/tools/testing/vm/bad.dtso" \
		> "$dir/mended.dtso"
	logged "$dir/dtc.log" dtc -@ -q -I dts -O dtb -o "$dir/mended.dtbo" "$dir/mended.dtso" &&
		logged "$dir/overlay.log" fdtoverlay -i "$1" -o "$2" "$dir/mended.dtbo" || return
	for try in 1 2 3; do
		"$tool" doctor --ram 0+0x68000000 "$2" > "$dir/doctor-$try.log" && break
		dtc -q -I dtb -O dts -o "$source" "$2" &&
			"$tool" doctor --ram 0+0x68000000 --lines "$2" > "$dir/lines-$try"
		cat "$dir/lines-$try" >> "$source"
		logged "$dir/lines-$try.log" dtc -q -I dts -O dtb -o "$2" "$source" || return
	done
	"$tool" doctor --ram 0+0x68000000 "$2" > "$dir/doctor.log" || return
	dtc -q -I dtb -O dts -o "$source" "$2" || return
	sed -i '/^\tmended-.* {$/,/^\t};$/s/linux,carveout-heap/linux,carveout-mended/' "$source"
	logged "$dir/last.log" dtc -q -I dts -O dtb -o "$2" "$source"
}

# board_forget DIR: change the content of the board's no-map memory, as if it had been off.
board_forget()
{
	local place

	# The addresses and sizes in the board's "memmap", in MiB. Below 3 GiB an address is
	# an offset in the file.
	for place in 768,16 800,16 832,1; do
		head -c "${place#*,}M" /dev/zero | tr '\0' '\245' |
			dd of="$1/ram" bs=1M seek="${place%,*}" conv=notrunc status=none
	done
}

# Fetch and build all that the board needs, with progress.
board_prepare()
{
	# shellcheck disable=SC2086 # several groups
	"$SCRIPTS/deps.sh" $groups
	"$SCRIPTS/fetch.sh" "board:$stock"
	[ -z "$own_kernel" ] || "$SCRIPTS/kernel.sh" "$own_kernel"
}

# Where the prepared board's files are: sets kdir, image, busybox, preload (empty or a library
# for the image) and kbuild_args, with which modules are built for its kernel.
# shellcheck disable=SC2034 # used by the files that source this one
board_paths()
{
	local stock_dir=$CARVEOUT_CACHE/kernel/$stock

	busybox=$stock_dir/bin/busybox
	kdir=$stock_dir/build image=$stock_dir/vmlinuz preload=''
	if [ -n "$own_kernel" ]; then
		kdir=$("$SCRIPTS/kernel.sh" --dir "$own_kernel") || return
		case $arch in
		um)	image=$kdir/linux
			[[ $own_kernel != uml-6.* ]] || preload=$kdir/xstate.so ;;
		*)	image=$kdir/arch/$arch/boot/Image ;;
		esac
	fi
	# Headers name the compiler of their own release. Type information would need one
	# more tool, and nothing here reads it.
	kbuild_args=(KDIR="$kdir" ARCH="$arch" CROSS_COMPILE="$cross" CC="${cross}gcc"
		CONFIG_DEBUG_INFO_BTF_MODULES=)
	"${cross}gcc" -fmin-function-alignment=8 -E -x c /dev/null >/dev/null 2>&1 ||
		kbuild_args+=(CONFIG_CC_HAS_MIN_FUNCTION_ALIGNMENT=)
}

# stock_drivers ROOT: copy the drivers of the board's own kernel that it needs, and their
# dependencies, to an image: etc/drivers has them in the order of loading.
stock_drivers()
{
	local root=$1 dir=$CARVEOUT_CACHE/kernel/$stock driver file name

	for driver in $drivers; do
		modprobe --show-depends -d "$dir" -S "$(cat "$dir/release")" "$driver"
	done | sed -n 's/^insmod //p' | awk '!seen[$1]++ { print $1 }' | while read -r file; do
		name=$(basename "$file")
		xz -dcf "$file" > "$root/modules/${name%%.*}.ko"
		echo "${name%%.*}" >> "$root/etc/drivers"
	done
}

# board_dtb DIR TREE...: the device tree of a board: the first tree, or the one that QEMU
# itself would pass, plus overlays; for those in tools/testing/vm the name is enough.
# Prints the file, or nothing without a TREE. Callers may have errexit off: each step is
# checked.
board_dtb()
{
	local dir=$1 tree base=$1/virt.dtb dtbo=()

	shift
	[ $# -gt 0 ] || return 0
	mkdir -p "$dir"
	# Without -nic none QEMU looks for the firmware of a network card, and some machines
	# make no tree without a kernel.
	[ "$arch" != arm64 ] || logged "$dir/virt.log" \
		qemu-system-aarch64 -M "$machine,dumpdtb=$base" -cpu "$cpu" \
			-smp "$cpus" -m "$memory" -display none -nic none \
			-kernel "$image" || return
	for tree in "$@"; do
		[ "$tree" != mended ] || continue
		[[ $tree == /* ]] || tree=$TOP/tools/testing/vm/$tree
		dtbo+=("$dir/${tree##*/}.dtb")
		logged "${dtbo[-1]}.log" dtc -@ -q -Wno-avoid_unnecessary_addr_size -I dts -O dtb \
			-o "${dtbo[-1]}" "$tree" || return
	done
	if [ "$arch" != arm64 ]; then
		base=${dtbo[0]} dtbo=("${dtbo[@]:1}")
	fi
	# The mended trees are between the others and the last one.
	if [[ " $* " == *" mended "* ]]; then
		logged "$dir/others.log" fdtoverlay -i "$base" -o "$dir/others.dtb" \
			"${dtbo[@]::${#dtbo[@]}-1}" && mend "$dir/others.dtb" "$dir/mended.dtb" || return
		base=$dir/mended.dtb dtbo=("${dtbo[-1]}")
	fi
	logged "$dir/overlay.log" fdtoverlay -i "$base" -o "$dir/board.dtb" "${dtbo[@]}" || return
	echo "$dir/board.dtb"
}

# board_boot SILENCE INITRAMFS DTB ARGS: run the board, its console on standard
# output, until it ends or prints nothing for SILENCE seconds.
board_boot()
{
	local silence=$1 initramfs=$2 dtb=$3 cmdline qemu serial=(-serial stdio)

	case $second in
	'')	;;
	-)	serial=(-chardev "stdio,id=both,mux=on" -serial chardev:both -serial chardev:both) ;;
	*)	serial+=(-serial "file:$second") ;;
	esac
	# shellcheck disable=SC2086,SC2116 # one space between the words
	cmdline=$(echo $args $4)
	qemu=(-smp "$cpus" -m "$memory" -display none -nic none -monitor none
		"${serial[@]}" -no-reboot -kernel "$image" -initrd "$initramfs")
	case $arch in
	arm64)	set -- qemu-system-aarch64 -accel "tcg,thread=$threads" -M "$machine" \
			-cpu "$cpu" -dtb "$dtb" "${devices[@]}" "${qemu[@]}" \
			-append "console=ttyAMA0 $cmdline" ;;
	x86_64)	set -- qemu-system-x86_64 -accel "tcg,thread=$threads" -M "$machine" \
			-cpu "$cpu" "${devices[@]}" "${qemu[@]}" -append "console=ttyS0 $cmdline" ;;
	um)	# shellcheck disable=SC2086 # several arguments
		set -- ${preload:+env LD_PRELOAD="$preload"} "$image" mem="$memory" initrd="$initramfs" \
			${dtb:+dtb="$dtb"} con0=fd:0,fd:1 con=null $cmdline
		# Old kernels know neither word.
		[ "$cpus" = 1 ] || set -- "$@" ncpus="$cpus" seccomp=on ;;
	esac
	python3 "$SCRIPTS/watch.py" "$silence" "$@"
}
