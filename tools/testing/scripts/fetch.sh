#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# fetch.sh WHAT...: fetch Debian's kernels into the cache, without touching the
# machine's package state.
#
#   board:arm64-6.1   stock kernel image, its modules, headers and a busybox
#   board:x86_64-6.12 (also arm64-6.12 and x86_64-6.1)
#   source:6.1        kernel source tree (also 6.12, and 7: the newest there is)
#   tool:cbmc         the model checker
#
# A foreign architecture's packages cannot be installed beside the native
# compilers, so they are downloaded through a private package state that reads
# the system's own configured sources, and are only unpacked. The same goes for what
# Debian 12 does not have: the model checker, with the libraries that it needs, and the
# newest kernel come from the next release, by way of the configured mirror.

# shellcheck source=tools/testing/scripts/common.sh
. "$(dirname "$0")/common.sh"

# What a board's entry in the cache looks like: raise it when that changes.
FORMAT=2

APT=$CARVEOUT_CACHE/apt
APT_SOURCES=()
LOG=$CARVEOUT_CACHE/log

[ "$(dpkg --print-architecture)" = amd64 ] ||
	die "the test boards are set up from an x86-64 Debian machine"

apt_opts()
{
	printf '%s\n' -o Dir::State::Lists="$APT/lists" -o Dir::Cache="$APT/cache" \
		-o Dir::State::status="$APT/status" -o APT::Architectures::=amd64 \
		-o APT::Architectures::=arm64 -o Acquire::Languages=none \
		-o APT::Update::Post-Invoke-Success::= -o APT::Sandbox::User=root
}

# The hooks of desktop machines have no place in a private state.
private_apt()
{
	local opts

	mapfile -t opts < <(apt_opts)
	APT_CONFIG=$APT/apt.conf "$@" "${opts[@]}" ${APT_SOURCES[@]+"${APT_SOURCES[@]}"}
}

# update_lists PACKAGE: update the package lists. A source that fails (a third
# party's, say) does not matter as long as the package is found afterwards.
update_lists()
{
	mkdir -p "$APT/lists/partial" "$APT/cache/archives/partial"
	: > "$APT/status"
	printf '%s\n' '#clear APT::Update::Post-Invoke-Success;' \
		'#clear APT::Update::Post-Invoke;' > "$APT/apt.conf"
	private_apt apt-get update -q || true
	private_apt apt-cache show "$1" >/dev/null
}

# newest REGEX: the newest package whose name matches.
newest()
{
	private_apt apt-cache pkgnames linux- | sed 's/:.*//' | grep -xE "$1" |
		sort -V | tail -n 1
}

# unpack DIR PACKAGE...: download and unpack packages below DIR.
unpack()
{
	local dir=$1 package

	shift
	mkdir -p "$dir" "$APT/deb"
	for package in "$@"; do
		(cd "$APT/deb" && rm -f "${package%%:*}"_*.deb &&
			private_apt apt-get download -q "$package")
		dpkg -x "$APT/deb/${package%%:*}"_*.deb "$dir"
		rm -f "$APT/deb/${package%%:*}"_*.deb
	done
}

# The release string of the newest stock kernel: "6.1.0-54-arm64".
stock_release()
{
	local debarch=$1 series=$2 flavour=$3 name

	case $series in
	6.1)	name=$(newest "linux-headers-6\.1\.0-[0-9]+-$flavour") ;;
	*)	name=$(newest "linux-headers-${series/./\\.}\.[0-9.]+\+[a-z0-9.]+-$flavour") ;;
	esac
	[ -n "$name" ] || die "no $series kernel for $debarch in the configured package sources (the security suite has it)"
	echo "${name#linux-headers-}"
}

fetch_board()
{
	local board=$1 arch series debarch flavour release abi dir kbuild

	arch=${board%-*} series=${board##*-}
	case $arch in
	arm64)	debarch=arm64 flavour=arm64 ;;
	x86_64)	debarch=amd64 flavour=cloud-amd64 ;;
	*)	die "unknown board $board" ;;
	esac
	release=$(stock_release "$debarch" "$series" "$flavour")
	abi=${release%-"$flavour"}
	dir=$CARVEOUT_CACHE/kernel/$board
	rm -rf "$dir"
	kbuild=$(newest "linux-kbuild-(${series/./\\.}|${abi/+/\\+})")
	unpack "$dir" "linux-headers-$release:$debarch" "linux-headers-$abi-common" \
		"$kbuild:amd64" "linux-image-$release:$debarch" "busybox-static:$debarch"
	# What Debian's headers name by absolute path lies below $dir here.
	sed -i "s|/usr/src/|$dir/usr/src/|g" "$dir/usr/src/linux-headers-$release/Makefile"
	for link in scripts tools; do
		[ -d "$dir/usr/src/linux-headers-$release/$link/" ] ||
			ln -sfn "$dir/usr/lib/$kbuild/$link" "$dir/usr/src/linux-headers-$release/$link"
	done
	ln -sfn "usr/src/linux-headers-$release" "$dir/build"
	ln -sfn "boot/vmlinuz-$release" "$dir/vmlinuz"
	ln -sfn "lib/modules/$release" "$dir/modules"
	depmod -b "$dir" "$release"
	echo "$release" > "$dir/release"
}

# unpack_source DEB PACKAGE: the tree, as SERIES, out of its package below DEB.
unpack_source()
{
	unpack "$1" "$2"
	tar -xf "$1/usr/src/$2.tar.xz" -C "$1"
	mv "$1/$2" "$1/tree"
}

fetch_source()
{
	local series=$1 dir=$CARVEOUT_CACHE/source deb=$CARVEOUT_CACHE/source/deb-$1

	rm -rf "${dir:?}/$series" "$deb"
	case $series in
	7)	foreign "$deb" "$NEXT_RELEASE-backports" linux-source \
			unpack_newest_source "$deb" ;;
	*)	unpack_source "$deb" "linux-source-$series" ;;
	esac
	mv "$deb/tree" "$dir/$series"
	rm -rf "$deb"
}

# A release of backports has one kernel or two.
unpack_newest_source()
{
	local name

	name=$(newest 'linux-source-7\.[0-9]+')
	[ -n "$name" ] || die "no kernel 7 in the backports of $NEXT_RELEASE"
	unpack_source "$1" "$name"
}

# The mirror that the machine is configured with.
mirror()
{
	# shellcheck disable=SC2016 # apt's, not the shell's
	private_apt apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' \
		'Label: Debian' | sed 's|/*$||' | sort -u | head -n 1
}

NEXT_RELEASE=trixie
TOOL_PACKAGES=(cbmc minisat libc6 libgcc-s1 libstdc++6 zlib1g)

# foreign DIR SUITE PACKAGE COMMAND...: run it with a package state of its own, below
# DIR, that knows that suite alone. It has PACKAGE, or its lists did not come.
foreign()
{
	local url

	url=$(mirror)
	[ -n "$url" ] || die "no Debian mirror in the configured package sources"
	local APT=$1/apt APT_SOURCES=(-o Dir::Etc::SourceList="$1/apt/sources.list"
		-o Dir::Etc::SourceParts=/dev/null)

	mkdir -p "$APT"
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $url $2 main" \
		> "$APT/sources.list"
	update_lists "$3"
	"${@:4}"
	rm -rf "$APT"
}

fetch_tool()
{
	local name=$1 dir=$CARVEOUT_CACHE/tool/$1

	rm -rf "$dir"
	mkdir -p "$dir"
	foreign "$dir" "$NEXT_RELEASE" "${TOOL_PACKAGES[0]}" \
		unpack "$dir/root" "${TOOL_PACKAGES[@]}"
	cat > "$dir/$name" <<-EOF
		#!/bin/sh
		root=\$(dirname "\$0")/root
		exec "\$root/usr/lib64/ld-linux-x86-64.so.2" \\
			--library-path "\$root/usr/lib/x86_64-linux-gnu:\$root/usr/lib" \\
			"\$root/usr/bin/$name" "\$@"
	EOF
	chmod +x "$dir/$name"
	"$dir/$name" --version
}

for what in "$@"; do
	name=${what#*:}
	case $what in
	board:*)	stamp=$CARVEOUT_CACHE/kernel/$name-$FORMAT.stamp; action=fetch_board ;;
	source:*)	stamp=$CARVEOUT_CACHE/source/$name.stamp; action=fetch_source ;;
	tool:*)		stamp=$CARVEOUT_CACHE/tool/$name.stamp; action=fetch_tool ;;
	*)		die "fetch.sh: what is '$what'?" ;;
	esac
	[ -e "$stamp" ] && continue
	once "$APT/updated.stamp" step "package lists" "$LOG/apt-update.log" update_lists linux-source-6.1
	once "$stamp" step "fetch ${what/:/ }" "$LOG/fetch-$name.log" "$action" "$name"
done
