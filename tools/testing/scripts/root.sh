# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Clean machines: minimal root file systems of a Debian release. Sourced after common.sh and
# apt.sh, by scripts that set SUITE, the release, and DIR, a folder for logs.
#
# A root is a directory. Its processes have process and mount namespaces of their own, so
# that nothing is left of them when they end.

# Roots that are removed at exit, unless KEEP=1.
ROOTS=()

# shellcheck disable=SC2317 # at exit
remove_roots()
{
	local root

	for root in ${ROOTS[@]+"${ROOTS[@]}"}; do
		if [ "${KEEP:-0}" = 0 ]; then
			as_root rm -rf --one-file-system "$root"
		else
			say "the root is left in $root"
		fi
	done
}
trap remove_roots EXIT

# new_root: an empty directory for a root, which remove_roots() removes. Sets ROOT.
new_root()
{
	ROOT=$(as_root mktemp -d "/var/tmp/carveout-fresh-$SUITE.XXXXXX")
	ROOTS+=("$ROOT")
	as_root chmod 755 "$ROOT"
}

# write_sources SUITE,...: the archives that this machine is configured with, of other
# suites, in $DIR/sources.list.
write_sources()
{
	mkdir -p "$APT_ROOT"
	exec 8>"$APT_ROOT/lock"
	flock 8
	use_sources "$1" || return
	cp "$APT/sources.list" "$DIR/sources.list" || return
	exec 8>&-
	# How this machine reaches the archives: a proxy, say.
	apt-config dump --format '%f "%v";%n' | grep '^Acquire::.*[Pp]roxy' > "$DIR/apt.conf" || true
}

# make_root PACKAGE,...: a minimal Debian in $ROOT, with the committed tree in
# /root/carveout. No root outlives a crash of this machine, so dpkg need not wait for the
# disk. errexit is off in a condition: each step is checked.
make_root()
{
	write_sources "$SUITE,$SUITE-updates,$SUITE-security" || return
	as_root mmdebstrap --variant=apt --include="$1" \
		--aptopt="$DIR/apt.conf" --dpkgopt=force-unsafe-io "$SUITE" "$ROOT" "$DIR/sources.list" || return
	# Another user's repository is none that git reads.
	git -C "$TOP" bundle create "$DIR/tree.bundle" HEAD || return
	as_root git -c advice.detachedHead=false clone -q "$DIR/tree.bundle" \
		"$ROOT/root/carveout" || return
	[ ! -e /etc/resolv.conf ] || as_root cp -L /etc/resolv.conf "$ROOT/etc/resolv.conf"
}

# in_root COMMAND...: as root of the machine in $ROOT.
in_root()
{
	# shellcheck disable=SC2016 # expanded in there
	as_root unshare --mount --pid --fork --kill-child --propagation slave sh -e -c '
		root=$1
		shift
		mount -t proc proc "$root/proc"
		mount --rbind /sys "$root/sys"
		mount --rbind /dev "$root/dev"
		mount -t tmpfs tmpfs "$root/tmp"
		exec chroot "$root" env -i HOME=/root TERM=dumb LC_ALL=C.UTF-8 \
			DEBIAN_FRONTEND=noninteractive \
			PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
	' - "$ROOT" "$@"
}
