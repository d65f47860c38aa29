#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# deps.sh GROUP...: install the Debian packages that a job needs and that the
# machine does not have. Says what it installs; does nothing when all is there.

# shellcheck source=tools/testing/scripts/common.sh
. "$(dirname "$0")/common.sh"

declare -A GROUP=(
	[build]="gcc make python3-minimal pahole bc bison flex libelf-dev libssl-dev kmod cpio rsync xz-utils"
	[arm64]="gcc-aarch64-linux-gnu libc6-dev-arm64-cross"
	[board]="qemu-system-arm device-tree-compiler"
	[x86]="qemu-system-x86"
	[uml]="device-tree-compiler"
	[arm]="gcc-arm-linux-gnueabihf libc6-dev-armhf-cross"
	[i386]="lib32gcc-12-dev libc6-dev-i386"
	[unit]="gcc libc6-dev libasan8 libubsan1"
	[coverage]="gcc libc6-dev python3"
	[libtest]="gcc make libc6-dev libasan8 libubsan1 binutils pkg-config mandoc"
	[fuzz]="clang libclang-rt-14-dev"
	[lint]="sparse shellcheck perl codespell python3 python3-docutils"
	[proof]="gcc libc6-dev python3"
	[recall]="patch rsync"
	[bench]="gcc make libc6-dev valgrind python3"
)

packages=()
for group in "$@"; do
	[ -n "${GROUP[$group]:-}" ] || die "deps.sh: unknown group '$group'"
	for package in ${GROUP[$group]}; do
		status=$(dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null) || status=
		[ "${status:0:2}" = ii ] || packages+=("$package")
	done
done
[ ${#packages[@]} -gt 0 ] || exit 0

say "Installing: ${packages[*]}"
log=$CARVEOUT_CACHE/log/deps.log
step "apt-get update" "$log" as_root apt-get update -q || say "  (using the package lists at hand)"
step "apt-get install" "$log" as_root env DEBIAN_FRONTEND=noninteractive \
	apt-get install -q -y --no-install-recommends "${packages[@]}"
