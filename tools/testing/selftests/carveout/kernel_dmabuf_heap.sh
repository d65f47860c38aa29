#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The kernel's own test of dma-buf heaps, unchanged, for heaps of the board. It tests each
# heap in /dev/dma_heap and needs 33 MiB of it, so only the nodes of large enough heaps are
# in that directory as the program sees it. If there is none, the module is loaded with one,
# and reloaded at the end as before. The kernel's test prints the results.

# shellcheck source=tools/testing/selftests/carveout/carveout_lib.sh
. "$(dirname "$0")/carveout_lib.sh"

KO=/modules/carveout.ko
NEEDED=$((40 * 1024 * 1024))

[ "$(id -u)" = 0 ] || skip_all "needs root"
[ -d $DEBUG ] || skip_all "carveout.ko is not loaded"

# large_heaps: the names of the heaps with enough free memory.
large_heaps()
{
	for state in "$DEBUG"/*/state; do
		[ -e "$state" ] || continue
		awk -v needed=$NEEDED '$1 == "size" { size = $2 } $1 == "used" { used = $2 }
			END { exit size - used < needed }' "$state" || continue
		basename "$(dirname "$state")"
	done
}

# reload ARGS: remove the module, and load it with these parameters.
reload()
{
	# shellcheck disable=SC2086 # several arguments
	rmmod carveout && insmod $KO $1
}

RELOAD=
if [ -z "$(large_heaps)" ]; then
	[ -e $KO ] || skip_all "no heap is large enough, and $KO is not to be found"
	RELOAD=yes
	ARGS=$(module_args)
	# Also if a signal ends the program.
	trap 'reload "$ARGS"' EXIT
	reload "default=40M" || exit
fi

PREFIX=
[ ! -e /sys/class/carveout_dma_heap ] || PREFIX=carveout:
NODES=$(mktemp -d)
for heap in $(large_heaps); do
	cp -a "/dev/dma_heap/$PREFIX$heap" "$NODES/"
done
export NODES
# shellcheck disable=SC2016 # the variable of that shell
unshare -m sh -c 'mount --bind "$NODES" /dev/dma_heap && exec ./dmabuf-heap'
code=$?
rm -r "$NODES"
if [ -n "$RELOAD" ]; then
	trap - EXIT
	reload "$ARGS" || exit
fi
exit $code
