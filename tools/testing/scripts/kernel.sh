#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# kernel.sh NAME...: build a test kernel into the cache.
#
#   uml-6.1           user-mode Linux with KASAN, lockdep and UBSAN
#   uml-6.12          user-mode Linux, plain
#   uml-7             user-mode Linux with two CPUs and cgroups, of the newest kernel
#   arm64-6.1-debug   the QEMU board with KASAN, lockdep, sleep-in-atomic, SMP
#   arm64-7-debug     the same with PREEMPT_RT, of the newest kernel
#
# Nothing is built unless the configuration has every option that the fragments ask for.
# A build is keyed by the kernel's version and the configuration's content,
# its comments apart. A user-mode Linux before 7 has xstate.so beside it, which it preloads.
# "kernel.sh --dir NAME" prints where NAME is or would be built, "kernel.sh --have NAME"
# tells if it is.

# shellcheck source=tools/testing/scripts/common.sh
. "$(dirname "$0")/common.sh"

# Sets: series, arch (as Kbuild names it), configs, target, preload.
describe()
{
	local kunit=$TOP/tools/testing/kunit vm=$TOP/tools/testing/vm

	preload=()
	case $1 in
	uml-6.1)
		series=6.1 arch=um target="linux modules_prepare modules"
		configs=("$kunit/uml.config" "$kunit/uml-debug.config") ;;
	uml-6.12)
		series=6.12 arch=um target="linux modules_prepare modules"
		configs=("$kunit/uml.config") ;;
	uml-7)
		series=7 arch=um target="linux modules_prepare modules"
		configs=("$kunit/uml.config" "$kunit/uml-smp.config" "$kunit/uml-cgroup.config") ;;
	arm64-6.1-debug)
		series=6.1 arch=arm64 target="Image modules"
		configs=("$vm/arm64-debug.config") ;;
	arm64-7-debug)
		series=7 arch=arm64 target="Image modules"
		configs=("$vm/arm64-debug.config" "$vm/arm64-rt.config") ;;
	*)	die "kernel.sh: no test kernel '$1'" ;;
	esac
	source=$CARVEOUT_CACHE/source/$series
	[[ $1 != uml-6.* ]] || preload=("$vm/xstate.c")
}

build_dir()
{
	local key version

	version=$(make -s -C "$source" kernelversion)
	key=$(cat "${configs[@]}" "${preload[@]}" | grep -v '^#' | sha256sum | cut -c1-10)
	echo "$CARVEOUT_CACHE/build/$1-$version-$key"
}

build()
{
	local dir=$1 make

	make=(make -C "$source" O="$dir" ARCH="$arch" -j"$JOBS")
	[ "$arch" != arm64 ] || make+=(CROSS_COMPILE=aarch64-linux-gnu-)
	mkdir -p "$dir"
	configure_kernel "$source" "$dir" "${configs[@]}"
	# shellcheck disable=SC2086 # several targets
	"${make[@]}" $target
	[ ${#preload[@]} = 0 ] ||
		gcc -O2 -Wall -Werror -shared -fPIC -o "$dir/xstate.so" "${preload[@]}"
}

mode=build
case ${1:-} in
--dir|--have)	mode=${1#--}; shift ;;
esac
for name in "$@"; do
	describe "$name"
	if [ "$mode" = have ]; then
		"$SCRIPTS/fetch.sh" --have "source:$series" && [ -e "$(build_dir "$name").stamp" ]
		exit
	fi
	"$SCRIPTS/fetch.sh" "source:$series"
	dir=$(build_dir "$name")
	if [ "$mode" = dir ]; then
		echo "$dir"
		continue
	fi
	[ -e "$dir.stamp" ] && continue
	once "$dir.stamp" step "build kernel $name" "$CARVEOUT_CACHE/log/kernel-$name.log" build "$dir"
done
