#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# fetch.sh WHAT...: fetch Debian's kernels into the cache, without touching the
# machine's package state. "fetch.sh --have WHAT" tells if it is there.
#
#   board:arm64-6.1   stock kernel image, its modules, headers and a busybox; board.sh
#                     names the stock kernels
#   source:6.1        kernel source tree (also 6.12, and 7: the newest there is)
#   tool:cbmc         the model checker for C
#   tool:herd7        the simulator of memory models
#   v4l2:arm64        v4l2-ctl for a board of an architecture (also x86_64)
#   libcamera:arm64   libcamera's cam, likewise
#   rttests:arm64     cyclictest, likewise
#   iceoryx:x86_64    the daemon and the library of iceoryx, likewise, and its headers
#
# Each is fetched from the configured package sources of the machine, or, where these do not
# have it, from the Debian release that does, by way of the configured mirror.

# shellcheck source=tools/testing/scripts/common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=tools/testing/scripts/apt.sh
. "$SCRIPTS/apt.sh"
# shellcheck source=tools/testing/scripts/board.sh
. "$SCRIPTS/board.sh"

# The layout of a board's entry in the cache: raise it when that changes.
FORMAT=3
LOG=$CARVEOUT_CACHE/log
HOST=$(dpkg --print-architecture)

[ "$HOST" = amd64 ] || die "the test boards are set up from an x86-64 Debian machine"

# The private package states that may have a kernel series, the first choice first.
sources_of()
{
	case $1 in
	6.1)	echo system bookworm,bookworm-security ;;
	6.12)	echo system trixie,trixie-security ;;
	7)	echo system trixie,trixie-security,trixie-backports ;;
	*)	die "fetch.sh: no kernel series '$1'" ;;
	esac
}

# choose SERIES FLAVOUR ARCH: select the state that has a complete kernel, and set
# release, kbuild and packages.
choose()
{
	local state key value

	for state in $(sources_of "$1"); do
		use_sources "$state"
		available > "$APT/available"
		if python3 "$SCRIPTS/choose.py" "$1" "$2" "$3" "$HOST" \
				< "$APT/available" > "$APT/choice" 2> "$APT/why"; then
			cat "$APT/why" >&2
			packages=()
			while read -r key value; do
				case $key in
				release)	release=$value ;;
				kbuild)		kbuild=$value ;;
				package)	packages+=("$value") ;;
				esac
			done < "$APT/choice"
			return
		fi
		say "$state: $(cat "$APT/why")"
	done
	die "no package source has all of a stock Linux $1 for $3"
}

# run_foreign SCRIPT LIBS PROGRAM [OPTIONS]: make SCRIPT, which runs PROGRAM with the loader
# and the libraries below LIBS: this machine's are too old for it.
run_foreign()
{
	cat > "$1" <<-END
		#!/bin/sh
		exec "$2/usr/lib64/ld-linux-x86-64.so.2" --argv0 "\$0" \\
			--library-path "$2/usr/lib/x86_64-linux-gnu:$2/usr/lib" "$3" ${4:-} "\$@"
	END
	chmod +x "$1"
}

# Replace the programs below DIR that this machine's C library is too old for by scripts
# that run them with the C library of their own release.
wrap_tools()
{
	local dir=$1 file needs libs=$1/lib-of-tools

	find "$dir/usr/lib/$kbuild/" -type f -perm -100 | while read -r file; do
		# For files that are not programs ldd fails, with a message.
		needs=$(ldd "$file" 2>&1) || true
		[[ $needs == *GLIBC*'not found'* ]] || continue
		[ -d "$libs" ] || unpack "$libs" "libc6:$HOST" "libelf1t64:$HOST" "zlib1g:$HOST" \
			"libzstd1:$HOST"
		mv "$file" "$file.elf"
		run_foreign "$file" "$libs" "$file.elf"
	done
}

fetch_board()
{
	local dir=$CARVEOUT_CACHE/kernel/$1 release kbuild packages link image

	stock_kernel "$1"
	choose "$series" "$flavour" "$debarch"
	rm -rf "$dir"
	unpack "$dir" "${packages[@]}" "busybox-static:$debarch"
	# Debian's headers name other packages' files by absolute path; these lie below $dir.
	sed -i "s|/usr/src/|$dir/usr/src/|g" "$dir/usr/src/linux-headers-$release/Makefile"
	for link in scripts tools; do
		[ -d "$dir/usr/src/linux-headers-$release/$link/" ] ||
			ln -sfn "$dir/usr/lib/$kbuild/$link" "$dir/usr/src/linux-headers-$release/$link"
	done
	wrap_tools "$dir"
	ln -sfn "usr/src/linux-headers-$release" "$dir/build"
	image=boot/vmlinuz-$release
	[ -e "$dir/$image" ] || image=usr/lib/modules/$release/vmlinuz
	ln -sfn "$image" "$dir/vmlinuz"
	# Newer releases have no top-level /lib and /bin.
	for link in lib bin; do
		[ -e "$dir/$link" ] || ln -sfn "usr/$link" "$dir/$link"
	done
	ln -sfn "lib/modules/$release" "$dir/modules"
	[ -e "$dir/vmlinuz" ] || die "the packages of $release hold no kernel image"
	depmod -b "$dir" "$release"
	echo "$release" > "$dir/release"
}

fetch_source()
{
	local dir=$CARVEOUT_CACHE/source deb=$CARVEOUT_CACHE/source/deb-$1 state name

	rm -rf "${dir:?}/$1" "$deb"
	for state in $(sources_of "$1"); do
		use_sources "$state"
		name=$(available | sed -nE "s/^(linux-source-${1/./\\.}(\.[0-9]+)?) .*/\1/p" |
			sort -V | tail -n 1)
		[ -z "$name" ] || break
	done
	[ -n "$name" ] || die "no linux-source of Linux $1 in the package sources"
	unpack "$deb" "$name"
	tar -xf "$deb/usr/src/$name.tar.xz" -C "$deb"
	mv "$deb/$name" "$dir/$1"
	rm -rf "$deb"
}

declare -A TOOL_PACKAGES=(
	[cbmc]="cbmc minisat libc6 libgcc-s1 libstdc++6 zlib1g"
	[herd7]="herdtools7 libc6 libgmp10"
)

# use_tool PACKAGE: select the oldest release of Debian that has it. Its C library is taken
# from there, too: below /usr, as it is since trixie.
use_tool()
{
	local state

	for state in trixie forky sid; do
		use_sources "$state"
		[ -z "$(private_apt apt-cache search --names-only "^$1\$")" ] || return 0
		say "$state has no $1"
	done
	die "no release of Debian has $1"
}

fetch_tool()
{
	local name=$1 dir=$CARVEOUT_CACHE/tool/$1 version=--version packages options=

	read -ra packages <<< "${TOOL_PACKAGES[$1]:-}"
	[ ${#packages[@]} != 0 ] || die "fetch.sh: no tool '$1'"
	if [ "$name" = herd7 ]; then
		# It looks for its models below the folder that it was built for.
		options="-set-libdir \"$dir/root/usr/share/herdtools7/herd\""
		version=-version
	fi
	rm -rf "$dir"
	use_tool "${packages[0]}"
	unpack "$dir/root" "${packages[@]/%/:$HOST}"
	run_foreign "$dir/$name" "$dir/root" "$dir/root/usr/bin/$name" "$options"
	"$dir/$name" $version
}

# closure ARCH PACKAGE...: the packages of an architecture and all that they depend on, one a
# line. apt names no architecture if it is this machine's, or if the package is for all.
closure()
{
	local arch=$1 packages

	shift
	packages=("${@/%/:$arch}")
	private_apt apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts \
		--no-breaks --no-replaces --no-enhances "${packages[@]}" | grep -v '^[ <]' |
		awk -F : -v arch="$arch" -v host="$HOST" '($2 ? $2 : host) == arch'
}

# collect LIBS FILE TO: copy a program or a library to the folder TO, and the libraries
# below LIBS that it needs, its loader among them.
collect()
{
	local name file

	[ ! -e "$3/$(basename "$2")" ] || return 0
	cp -L "$2" "$3/"
	for name in $(readelf -d "$2" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'); do
		file=$(find "$1" -name "$name" | head -n 1)
		[ -n "$file" ] || die "$(basename "$2") needs $name, which no package has"
		collect "$1" "$file" "$3"
	done
}

# board_program DIR PROGRAM: make DIR/PROGRAM and the folder DIR/NAME, for a board: the program
# below DIR/root with the libraries that it needs, NAME being that of DIR's folder.
board_program()
{
	local dir=$1 program=$2 name

	name=$(basename "$(dirname "$dir")")
	mkdir -p "$dir/$name"
	collect "$dir/root" "$dir/root/usr/bin/$program" "$dir/$name"
	# The board has no other dynamic program.
	cat > "$dir/$program" <<-END
		#!/bin/sh
		exec /$name/$(basename "$dir/$name"/ld-linux*) --library-path /$name \\
			/$name/$program "\$@"
	END
	chmod +x "$dir/$program"
}

fetch_v4l2()
{
	local dir=$CARVEOUT_CACHE/v4l2/$1 arch=${1/x86_64/amd64} packages

	rm -rf "$dir"
	use_sources system
	mapfile -t packages < <(closure "$arch" v4l-utils)
	unpack "$dir/root" "${packages[@]}"
	board_program "$dir" v4l2-ctl
	rm -rf "$dir/root"
}

# The packages of the libraries that cam is linked with. Its package has qcam as well, which
# needs Qt.
CAM_LIBRARIES=(libcamera0.4 libdrm2 libevent-2.1-7t64 libevent-pthreads-2.1-7t64
	libjpeg62-turbo libsdl2-2.0-0 libtiff6)

# Older releases have no virtual camera.
fetch_libcamera()
{
	local dir=$CARVEOUT_CACHE/libcamera/$1 arch=${1/x86_64/amd64} packages

	rm -rf "$dir"
	use_sources trixie
	# Mesa loads its drivers at run time only, and they are large.
	mapfile -t packages < <(closure "$arch" "${CAM_LIBRARIES[@]}" |
		grep -vE '^(mesa-libgallium|libllvm[0-9]+|libz3-4)(:|$)')
	unpack "$dir/root" "libcamera-tools:$arch" "${packages[@]}"
	board_program "$dir" cam
	rm -rf "$dir/root"
}

# Its package also depends on Python, for other programs.
fetch_rttests()
{
	local dir=$CARVEOUT_CACHE/rttests/$1 arch=${1/x86_64/amd64}

	rm -rf "$dir"
	use_sources system
	unpack "$dir/root" {rt-tests,libnuma1,libc6}:"$arch"
	board_program "$dir" cyclictest
	rm -rf "$dir/root"
}

fetch_iceoryx()
{
	local dir=$CARVEOUT_CACHE/iceoryx/$1 arch=${1/x86_64/amd64} packages

	rm -rf "$dir"
	use_sources system
	mapfile -t packages < <(closure "$arch" iceoryx libiceoryx-binding-c2)
	unpack "$dir/root" "${packages[@]}" "libiceoryx-binding-c-dev:$arch"
	board_program "$dir" iox-roudi
	collect "$dir/root" "$(find "$dir/root" -name 'libiceoryx_binding_c.so.2')" "$dir/iceoryx"
	mv "$dir"/root/usr/include/iceoryx/v* "$dir/include"
	rm -rf "$dir/root"
}

# Lists that are not the newest may name a package that the archive has replaced since:
# fetch them again before giving up. A process of its own keeps errexit on.
fetch()
{
	"$0" --now "$1" && return
	say "second attempt, with new package lists"
	forget_lists
	"$0" --now "$1"
}

if [ "${1:-}" = --now ]; then
	what=$2
	mkdir -p "$APT_ROOT"
	exec 8>"$APT_ROOT/lock"
	flock 8
	"fetch_${what%%:*}" "${what#*:}"
	exit
fi
stamp_of()
{
	case $1 in
	board:*)	echo "$CARVEOUT_CACHE/kernel/${1#*:}-$FORMAT.stamp" ;;
	source:*)	echo "$CARVEOUT_CACHE/source/${1#*:}.stamp" ;;
	tool:*)		echo "$CARVEOUT_CACHE/tool/${1#*:}.stamp" ;;
	v4l2:*|libcamera:*|iceoryx:*|rttests:*)
			echo "$CARVEOUT_CACHE/${1%:*}/${1#*:}.stamp" ;;
	*)		die "fetch.sh: '$1' is unknown" ;;
	esac
}

if [ "${1:-}" = --have ]; then
	[ -e "$(stamp_of "$2")" ]
	exit
fi
for what in "$@"; do
	stamp=$(stamp_of "$what")
	[ -e "$stamp" ] && continue
	once "$stamp" step "fetch ${what/:/ }" "$LOG/fetch-${what#*:}.log" fetch "$what"
done
