#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# deps.sh GROUP...: install the Debian packages that a job needs and that the
# machine does not have. Prints their names; does nothing when all are installed.
# "deps.sh --missing GROUP..." prints them and installs nothing.
# In a name, GCC and CLANG stand for the version of the release's default compiler.

# shellcheck source=tools/testing/scripts/common.sh
. "$(dirname "$0")/common.sh"

declare -A GROUP=(
	[build]="gcc make python3-minimal pahole bc bison flex libelf-dev libssl-dev kmod cpio rsync xz-utils"
	[arm64]="gcc-aarch64-linux-gnu libc6-dev-arm64-cross"
	[board]="qemu-system-arm device-tree-compiler"
	[x86]="qemu-system-x86"
	[uml]="device-tree-compiler"
	[arm]="gcc-arm-linux-gnueabihf libc6-dev-armhf-cross"
	[i386]="lib32gcc-GCC-dev libc6-dev-i386"
	[scripts]="git python3"
	[deb]="build-essential debhelper dh-dkms libfdt-dev python3-sphinx linux-source-6.12 perl rsync xz-utils"
	[lintian]="lintian"
	[fresh]="mmdebstrap python3-minimal"
	[unit]="gcc libc6-dev libasan8 libubsan1"
	[coverage]="gcc libc6-dev gcovr"
	[libtest]="gcc g++ make libc6-dev libasan8 libubsan1 binutils pkg-config mandoc python3 zsh
		device-tree-compiler libfdt-dev"
	[remote]="gcc make libc6-dev libasan8 libubsan1 binutils clang gcc-arm-linux-gnueabihf"
	[doc]="perl python3-sphinx rsync xz-utils"
	[dtschema]="cpp device-tree-compiler dt-schema xz-utils"
	[fuzz]="clang libclang-rt-CLANG-dev"
	[lint]="sparse shellcheck perl codespell python3 python3-docutils"
	[proof]="gcc libc6-dev python3"
	[recall]="patch rsync"
	[bench]="gcc make libc6-dev valgrind python3"
)

log=$CARVEOUT_CACHE/log/deps

# Lists that are old may still do.
update()
{
	step "apt-get update" "$log-update.log" as_root apt-get update -q ||
		say "  (using the package lists at hand)"
}

# default_version COMPILER: the version that its unversioned package stands for: 12. A
# new machine has no package lists yet.
default_version()
{
	local version

	version=$(apt-cache depends "$1" 2>&1 | sed -nE "s/^ *Depends: $1-([0-9]+)\$/\1/p")
	echo "${version:-default}"
}

missing=0
if [ "${1:-}" = --missing ]; then
	missing=1
	shift
elif [ -z "$(apt-cache pkgnames gcc)" ]; then
	update
fi
packages=()
for group in "$@"; do
	[ -n "${GROUP[$group]:-}" ] || die "deps.sh: unknown group '$group'"
	for package in ${GROUP[$group]}; do
		case $package in
		*-GCC-*)	package=${package/GCC/$(default_version gcc)} ;;
		*-CLANG-*)	package=${package/CLANG/$(default_version clang)} ;;
		esac
		status=$(dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null) || status=
		[ "${status:0:2}" = ii ] || packages+=("$package")
	done
done
if [ $missing = 1 ]; then
	[ ${#packages[@]} = 0 ] || printf '%s\n' "${packages[@]}" | sort -u
	exit
fi
[ ${#packages[@]} -gt 0 ] || exit 0

say "Installing: ${packages[*]}"
update
step "apt-get install" "$log-install.log" as_root env DEBIAN_FRONTEND=noninteractive \
	apt-get install -q -y --no-install-recommends "${packages[@]}"
