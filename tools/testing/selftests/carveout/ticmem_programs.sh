#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2317 # called by name
#
# The test programs of TI's CMEM, unchanged, on a heap of the board. Needed: a heap whose
# regions "a" and "b" have 16 MiB each. The programs print their findings and end with 0
# anyhow, so the output is examined.

# shellcheck source=tools/testing/selftests/carveout/carveout_lib.sh
. "$(dirname "$0")/carveout_lib.sh"

HEAP=${CARVEOUT_HEAP:-dsp}
SIZE=131072
OUT=/tmp/ticmem-out.$$
ERR=/tmp/ticmem-err.$$
# Errors that apitest provokes: it allocates until an allocation fails, and maps too much.
MEANT="^ticmem: (cannot allocate $SIZE bytes of block -?[0-9]: No space left on device"
MEANT="$MEANT|no pool of block [0-9] has a free buffer of $SIZE bytes: .*"
MEANT="$MEANT|$((SIZE * 16)) bytes at 0x[0-9a-f]* are not inside a buffer)\$"

[ -x ./apitest ] || skip_all "no programs of CMEM: they are built with CMEM_SOURCE=DIR"
[ -e "/dev/carveout/$HEAP" ] || skip_all "there is no heap $HEAP"

# Run apitest without questions. Its standard output is in "$OUT", that of errors in "$ERR".
apitest()
{
	./apitest -n "$SIZE" > "$OUT" 2> "$ERR" || { echo "exit code $?"; return 1; }
	grep -qx '\.\.\.test done' "$OUT" || { echo "no end"; return 1; }
	grep -vE "$MEANT" "$ERR" && return 1
	! grep -E 'ail|rror' "$OUT" | grep -v '(will end with expected failed allocation)'
}

# printed COUNT LINE: apitest printed this line so often.
printed()
{
	found=$(grep -cxF "$2" "$OUT")
	[ "$found" = "$1" ] || { echo "$found lines '$2', not $1"; return 1; }
}

# placed PREFIX...: the buffers of which apitest printed the physical address, in their order.
placed()
{
	for prefix in "$@"; do
		read -r found || { echo "no address $prefix..."; return 1; }
		[ "${found#"$prefix"}" != "$found" ] || { echo "$found, not $prefix..."; return 1; }
	done <<-END
		$(sed -n 's/^Physical address of allocated buffer is \(.*\)\.$/\1/p' "$OUT")
	END
}

# --- Tests --------------------------------------------------------------------

# Each region is a block. Devices of an emulated board do not bypass caches.
apitest_on_two_blocks()
{
	export TICMEM_BLOCKS="$HEAP/a,$HEAP/b" TICMEM_COHERENT=1
	export TICMEM_POOLS="4x$SIZE" TICMEM_POOLS_1="4x$SIZE"
	apitest &&
	printed 4 "...done, 4 allocated" &&
	printed 4 "...done, 128 allocated" &&
	printed 1 "CMEM memory block 0: phys start = 0x60000000, size = 0x1000000" &&
	printed 1 "CMEM memory block 1: phys start = 0x62000000, size = 0x1000000" &&
	placed 0x60 0x60 0x60 0x60 0x62 0x62 0x62 0x62
}

# One block has both types of memory, where the board has them. Its place is no single range.
apitest_on_one_block()
{
	export TICMEM_BLOCKS="$HEAP" TICMEM_POOLS="4x$SIZE"
	apitest
	grep -qx 'ticmem: block 0 has several regions: .*' "$ERR" || { cat "$ERR"; return 1; }
	printed 2 "...done, 4 allocated" || return
	[ "$(uname -m)" = aarch64 ] || return 0
	placed 0x60 0x62 0x60 0x60
}

# Without a pool the heap serves requests for pools: all that it has. apitest exports these
# buffers and frees them, but does not close the dma-bufs, which hold the memory.
apitest_without_pools()
{
	export TICMEM_BLOCKS="$HEAP/a" TICMEM_COHERENT=1
	./apitest -n "$SIZE" > "$OUT" 2> "$ERR" || return
	printed 4 "...done, 128 allocated" &&
	printed 1 "...done, 0 allocated"
}

# Three processes use a pool of three buffers. One of them frees its buffer.
multi_process()
{
	export TICMEM_BLOCKS="$HEAP/a" TICMEM_COHERENT=1 TICMEM_POOLS=3x1000
	# The first process does not wait for the others, but the pipe does.
	./multi_process 3 2>&1 | cat > "$OUT"
	if [ "$(grep -c '^Process [0-2]: Allocated buffer at 0x' "$OUT")" != 3 ] ||
		grep -E 'ail|ticmem' "$OUT"; then
		cat "$OUT"
		return 1
	fi
}

# Physical and virtual addresses differ by one number; that takes long to see for each line.
translate()
{
	export TICMEM_BLOCKS="$HEAP/a" TICMEM_COHERENT=1 TICMEM_POOLS=1x3145728
	./translate > "$OUT" 2>&1
	if [ "$(grep -c '^virtual=' "$OUT")" -lt 7000 ] || grep -E 'ail|ticmem' "$OUT"; then
		tail -n 5 "$OUT"
		return 1
	fi
	sed -n 's/^virtual=\(.*\) physical=\(.*\)/\1 0x\2/p' "$OUT" | awk 'NR % 100 == 1' |
		while read -r virtual physical; do
			echo $((physical - virtual))
		done | uniq > "$ERR"
	[ "$(wc -l < "$ERR")" = 1 ]
}

plan 5
for name in apitest_on_two_blocks apitest_on_one_block apitest_without_pools multi_process \
	translate; do
	why=$($name) && why= || why="${why:-failed}"
	result $name "$why"
done
rm -f "$OUT" "$ERR"
finish
