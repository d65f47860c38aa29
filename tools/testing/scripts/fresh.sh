#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# fresh.sh SUITE DIR: follow README.md on a clean machine: a minimal root of the Debian
# release SUITE that has git and make and nothing else of ours, into which the committed
# tree is cloned. TAP on standard output; DIR is for logs. KEEP=1 leaves the root behind.
#
# The root is a directory; its processes have process and mount namespaces of their own, so
# that nothing is left of them when they end.

# shellcheck source=tools/testing/scripts/common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=tools/testing/scripts/apt.sh
. "$SCRIPTS/apt.sh"

SUITE=$1
DIR=$2
ROOT=$(as_root mktemp -d "/var/tmp/carveout-fresh-$SUITE.XXXXXX")

# shellcheck disable=SC2317 # at exit
remove()
{
	if [ "${KEEP:-0}" = 0 ]; then
		as_root rm -rf --one-file-system "$ROOT"
	else
		say "the root is left in $ROOT"
	fi
}
trap remove EXIT

# The archives that this machine is configured with, of the other release.
write_sources()
{
	mkdir -p "$APT_ROOT"
	exec 8>"$APT_ROOT/lock"
	flock 8
	use_sources "$SUITE,$SUITE-updates,$SUITE-security" || return
	cp "$APT/sources.list" "$DIR/sources.list" || return
	exec 8>&-
	# How this machine reaches the archives: a proxy, say.
	apt-config dump --format '%f "%v";%n' | grep '^Acquire::.*[Pp]roxy' > "$DIR/apt.conf" || true
}

# errexit is off in a condition: each step is checked.
make_root()
{
	write_sources || return
	as_root chmod 755 "$ROOT"
	as_root mmdebstrap --variant=apt --include=git,make,ca-certificates \
		--aptopt="$DIR/apt.conf" "$SUITE" "$ROOT" "$DIR/sources.list" || return
	# Another user's repository is none that git reads.
	git -C "$TOP" bundle create "$DIR/tree.bundle" HEAD || return
	as_root git -c advice.detachedHead=false clone -q "$DIR/tree.bundle" \
		"$ROOT/root/carveout" || return
	[ ! -e /etc/resolv.conf ] || as_root cp -L /etc/resolv.conf "$ROOT/etc/resolv.conf"
}

# in_root COMMAND...: as root of the new machine.
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
			PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
	' - "$ROOT" "$@"
}

mkdir -p "$DIR"
if ! make_root >"$DIR/root.log" 2>&1; then
	say "no root of $SUITE could be made; last lines of $DIR/root.log:"
	tail -n 25 "$DIR/root.log" >&2
	exit 1
fi
in_root /root/carveout/tools/testing/fresh/newcomer.sh /root/newcomer || rc=$?
# The logs of its boards.
cp "$ROOT"/root/newcomer/*.txt "$DIR/" || say "the boards left no logs"
exit "${rc:-0}"
