# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# Shared code of the tests of the library for programs of u-dma-buf. Sourced, never run.

# shellcheck source=tools/testing/selftests/carveout/carveout_lib.sh
. "$(dirname "$0")/carveout_lib.sh"

cd "$(dirname "$0")" || exit
[ "$(id -u)" = 0 ] || skip_all "needs root"
[ -d /dev/carveout ] || skip_all "no heap"

# preloaded PROGRAM [ARGUMENT...]: a dynamic program of this folder, with the library; by the
# loader and the C library beside it, which a board has nowhere else.
preloaded()
{
	program=$1
	shift
	./carveout_loader --library-path . --preload ./libcarveout-udmabuf.so "./$program" "$@"
}
