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
#   x86_64-6.1, x86_64-6.12   QEMU pc, stock Debian cloud kernel, no device tree
#   x86_64-6.12-full          the same with the kernel for all machines
#   uml-6.1, uml-6.12, uml-7  user-mode Linux, device tree; 6.1 with KASAN and lockdep,
#                             7, the newest kernel there is, with two CPUs

BOARDS=(arm64-6.1 arm64-6.12 arm64-7 arm64-6.12-rt arm64-6.12-16k arm64-6.1-debug
	arm64-7-debug x86_64-6.1 x86_64-6.12 x86_64-6.12-full uml-6.1 uml-6.12 uml-7)
export BOARDS

# Arguments of every kernel. A panic ends the emulator; the watchdogs
# are slow because the host may be busy.
BOOT_ARGS="panic=-1 printk.devkmsg=on log_buf_len=4M
	rcupdate.rcu_cpu_stall_timeout=120 watchdog_thresh=60
	workqueue.watchdog_thresh=120"

# Stock kernels have few checkers, so that any report of theirs is fatal.
# Poisoned pages show memory that is allocated without being zeroed.
STOCK_ARGS="slub_debug=FZP page_poison=1 kfence.sample_interval=10
	panic_on_warn=1 oops=panic softlockup_panic=1 hung_task_panic=1"

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

# Per cent of the rounds of tests that repeat something; make test has fewer.
ROUNDS=${ROUNDS:-100}

# board NAME: describe a board. Sets
#   arch, cross       as Kbuild wants them
#   userarch          architecture of user-space programs
#   compat            ... and the 32-bit architecture that its kernel also runs
#   series, stock     kernel series; the stock board whose files it uses
#   groups            package groups that deps.sh must install
#   memory, cpu, cpus, args, module_args
#   drivers           modules of the stock kernel that tests need
#   without           kselftest programs that have nothing to test here
#   machine, devices  of QEMU's virt machine: options, and plugged devices
#   trees             parts of its device tree, in tools/testing/vm
#   scale             factor on the time limits of the tests
#   rounds            per cent of the rounds of tests that repeat something
# shellcheck disable=SC2034 # used by the files that source this one
board()
{
	board=$1
	series=${1#*-} series=${series%%-*}
	cpu=cortex-a57 cpus=2 memory=1G scale=1 rounds=100 args="$BOOT_ARGS $STOCK_ARGS"
	module_args='' drivers='' trees=() machine=virt devices=() without=carveout_iommu
	case $1 in
	arm64-6.1-debug)
		arch=arm64 cpus=4 scale=4 rounds=30 args="$BOOT_ARGS" ;;
	arm64-7-debug)
		# A spinlock is an rtmutex there, and an interrupt handler a thread.
		arch=arm64 cpus=4 scale=8 rounds=30 args="$BOOT_ARGS" ;;
	arm64-6.1|arm64-6.12|arm64-7|arm64-6.12-rt|arm64-6.12-16k)
		# The cloud kernels of x86-64 have no vgem.
		arch=arm64 drivers="vgem brd"
		# A device that copies memory, behind an IOMMU that translates.
		machine=virt,iommu=smmuv3 devices=(-device edu) without=''
		# The older one has no 16 KiB pages, and its kernel cannot say so.
		[[ $1 != *-16k ]] || cpu=cortex-a76
		# Threads handle interrupts, and locks sleep: all takes nearly twice as long.
		[[ $1 != *-rt ]] || scale=2 ;;
	x86_64-6.1|x86_64-6.12|x86_64-6.12-full)
		arch=x86_64 drivers=brd
		[[ $1 != *-full ]] || drivers="vgem brd"
		# shellcheck disable=SC2016 # the kernel's syntax, no variables
		args+=' memmap=16M$0x30000000 memmap=16M$0x32000000'
		module_args="default=16M regions=dsp:0x30000000+16M,dsp:0x32000000+16M" ;;
	uml-6.1|uml-6.12|uml-7)
		# So much that it reaches beyond the regions of bad.dtso: it is
		# a sparse file, most of which is never accessed.
		arch=um memory=1704M cpus=1 args="$BOOT_ARGS" module_args="default=16M"
		trees=(uml.dts bad.dtso attrs-uml.dtso)
		# KASAN and lockdep, on one CPU.
		[ "$1" != uml-6.1 ] || { rounds=30; scale=2; }
		[ "$1" != uml-7 ] || { cpus=2; scale=2; } ;;
	*)	die "no board '$1' (there are: ${BOARDS[*]})" ;;
	esac
	rounds=$((rounds * ROUNDS / 100))
	case $arch in
	arm64)	userarch=arm64 compat=arm cross=aarch64-linux-gnu- groups="build arm64 board"
		trees=(carveout.dtso bad.dtso attrs.dtso) ;;
	x86_64)	userarch=x86_64 compat=i386 cross='' groups="build x86" ;;
	um)	userarch=x86_64 compat='' cross='' groups="build uml" ;;
	esac
	[[ $1 != *-16k ]] || trees+=(large.dtso)
	case $1 in
	# User-mode Linux only takes its busybox from it.
	uml-7)		stock=x86_64-6.12 ;;
	uml-*|*-debug)	stock=$userarch-$series ;;
	*)		stock=$1 ;;
	esac
}

# Does the project build the board's kernel itself?
board_own_kernel()
{
	case $board in
	uml-*|*-debug)	true ;;
	*)		false ;;
	esac
}

# Fetch and build all that the board needs, with progress.
board_prepare()
{
	# shellcheck disable=SC2086 # several groups
	"$SCRIPTS/deps.sh" $groups
	"$SCRIPTS/fetch.sh" "board:$stock"
	! board_own_kernel || "$SCRIPTS/kernel.sh" "$board"
}

# Where the prepared board's files are: sets kdir, image, busybox, and kbuild_args, with
# which modules are built for its kernel.
# shellcheck disable=SC2034 # used by the files that source this one
board_paths()
{
	local stock_dir=$CARVEOUT_CACHE/kernel/$stock

	busybox=$stock_dir/bin/busybox
	kdir=$stock_dir/build image=$stock_dir/vmlinuz
	if board_own_kernel; then
		kdir=$("$SCRIPTS/kernel.sh" --dir "$board") || return
		case $arch in
		um)	image=$kdir/linux ;;
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

# logged LOG COMMAND...: run COMMAND with its output in LOG, which is shown if it fails.
logged()
{
	local log=$1 rc=0

	shift
	"$@" >"$log" 2>&1 </dev/null || rc=$?
	[ "$rc" = 0 ] || {
		say "$1 failed ($rc): $*"
		tail -n 10 "$log" | sed 's/^/    /' >&2
	}
	return "$rc"
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
	# Without -nic none QEMU looks for the firmware of a network card.
	[ "$arch" != arm64 ] || logged "$dir/virt.log" \
		qemu-system-aarch64 -M "$machine,dumpdtb=$base" -cpu "$cpu" \
			-smp "$cpus" -m "$memory" -display none -nic none || return
	for tree in "$@"; do
		[[ $tree == /* ]] || tree=$TOP/tools/testing/vm/$tree
		dtbo+=("$dir/${tree##*/}.dtb")
		logged "${dtbo[-1]}.log" dtc -@ -q -Wno-avoid_unnecessary_addr_size -I dts -O dtb \
			-o "${dtbo[-1]}" "$tree" || return
	done
	if [ "$arch" != arm64 ]; then
		base=${dtbo[0]} dtbo=("${dtbo[@]:1}")
	fi
	logged "$dir/overlay.log" fdtoverlay -i "$base" -o "$dir/board.dtb" "${dtbo[@]}" || return
	echo "$dir/board.dtb"
}

# board_boot SILENCE INITRAMFS DTB ARGS: run the board, its console on standard
# output, until it ends or prints nothing for SILENCE seconds.
board_boot()
{
	local silence=$1 initramfs=$2 dtb=$3 cmdline qemu

	# shellcheck disable=SC2086,SC2116 # one space between the words
	cmdline=$(echo $args $4)
	qemu=(-smp "$cpus" -m "$memory" -display none -nic none -monitor none
		-serial stdio -no-reboot -kernel "$image" -initrd "$initramfs")
	case $arch in
	arm64)	set -- qemu-system-aarch64 -accel tcg,thread=multi -M "$machine" \
			-cpu "$cpu" -dtb "$dtb" "${devices[@]}" "${qemu[@]}" \
			-append "console=ttyAMA0 $cmdline" ;;
	x86_64)	set -- qemu-system-x86_64 -accel tcg,thread=multi -M pc \
			"${qemu[@]}" -append "console=ttyS0 $cmdline" ;;
	um)	# shellcheck disable=SC2086 # several arguments
		set -- "$image" mem="$memory" initrd="$initramfs" \
			${dtb:+dtb="$dtb"} con0=fd:0,fd:1 con=null $cmdline
		# Old kernels know neither word.
		[ "$cpus" = 1 ] || set -- "$@" ncpus="$cpus" seccomp=on ;;
	esac
	python3 "$SCRIPTS/watch.py" "$silence" "$@"
}
