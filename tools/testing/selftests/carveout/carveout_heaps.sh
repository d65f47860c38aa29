#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The other heaps: programs that run on one heap of a board run on each of the
# others, too, which have other kinds of memory. carveout_attrs.sh and carveout_vendor.sh
# test their heaps themselves, so that none takes too long, and carveout_huge and
# carveout_iommu have theirs alone.
# Memory of the heap "guarded" cannot be mapped: see carveout_no_cpu.c.

# shellcheck source=tools/testing/selftests/carveout/carveout_lib.sh
. "$(dirname "$0")/carveout_lib.sh"

PROGRAMS="carveout_alloc carveout_mmap carveout_vma carveout_pin carveout_dmabuf carveout_share"

tested=${CARVEOUT_HEAP:-dsp}
others=
for node in /dev/carveout/*; do
	heap=${node#/dev/carveout/}
	case $heap in
	"$tested"|bad-*|attrs|cached|coherent|guarded|vendor|large|'*')	;;
	*)			others="$others $heap" ;;
	esac
done
[ -e "/dev/carveout/$tested" ] || skip_all "there is no heap $tested"
[ -n "$others" ] || skip_all "there is one heap only"

# shellcheck disable=SC2086 # several words
set -- $others
# shellcheck disable=SC2086 # several words
plan $(($# * $(set -- $PROGRAMS; echo $#)))
for heap in $others; do
	for program in $PROGRAMS; do
		program_on "$heap" "$program"
	done
done
finish
