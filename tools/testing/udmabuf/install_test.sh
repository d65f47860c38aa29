#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2317 # called by name
#
# install_test.sh DIR: tests the installed library for programs of u-dma-buf: its symbols,
# its header. TAP on standard output; DIR is the output directory.

set -uo pipefail

SHIM=$(cd "$(dirname "$0")/../../lib/udmabuf" && pwd)
O=$1
DEST=$O/dest
ROOT=$DEST/opt/carveout
NAME=libcarveout-udmabuf.so

# shellcheck source=tools/testing/selftests/carveout/carveout_tap.sh
. "$(dirname "$0")/../selftests/carveout/carveout_tap.sh"

# shim TARGET [VARIABLE=...]
shim()
{
	make -s -C "$SHIM" O="$O/lib" CFLAGS="-O2 -Wall -Wextra -Werror" "$@" >/dev/null
}

installs_where_it_is_told_to()
{
	rm -rf "$DEST"
	shim install DESTDIR="$DEST" PREFIX=/opt/carveout || return
	[ -s "$ROOT/lib/$NAME" ] && [ -s "$ROOT/include/u-dma-buf-ioctl.h" ] &&
		[ "$(find "$DEST" -type f | wc -l)" = 2 ]
}

exports_what_it_replaces_and_nothing_else()
{
	nm -D --defined-only "$ROOT/lib/$NAME" | sed 's/.* //' | sort > "$O/exported"
	sed -n 's/^\t\([a-z_0-9]*\);$/\1/p' "$SHIM/${NAME%.so}.map" | sort > "$O/listed"
	[ -s "$O/listed" ] && diff -u "$O/listed" "$O/exported"
}

# Each of them is a function of the C library: no other library would miss it.
replaces_functions_of_the_c_library()
{
	nm -D --defined-only "$(gcc -print-file-name=libc.so.6)" |
		sed 's/.* //; s/@.*//' | sort -u > "$O/libc"
	# This one is of 32-bit systems.
	comm -23 "$O/exported" "$O/libc" | grep -vx __ioctl_time64 && return 1
	return 0
}

needs_only_the_c_library()
{
	readelf -d "$ROOT/lib/$NAME" > "$O/dynamic" &&
	grep -q "SONAME.*\[$NAME\]" "$O/dynamic" &&
	! grep NEEDED "$O/dynamic" | grep -v 'libc\.so'
}

header_compiles_as_c_and_cxx()
{
	local language

	for language in c c++; do
		echo '#include <u-dma-buf-ioctl.h>
		int main(void)
		{
			u_dma_buf_ioctl_sync_args args = { 0, 0, 0 };

			SET_U_DMA_BUF_IOCTL_FLAGS_SYNC_MODE(&args, 0x1ff);
			SET_U_DMA_BUF_IOCTL_FLAGS_SYNC_DIR(&args, 2);
			return args.flags != 0xff08 ||
			       GET_U_DMA_BUF_IOCTL_FLAGS_SYNC_MODE(&args) != 0xff;
		}' | gcc -Wall -Wextra -Werror -Wno-unused-variable -Wno-unused-function \
			-I "$ROOT/include" -x $language - -o "$O/program" && "$O/program" || return
	done
}

uninstalls_everything()
{
	shim uninstall DESTDIR="$DEST" PREFIX=/opt/carveout && [ -z "$(find "$DEST" -type f)" ]
}

mkdir -p "$O"
set -- installs_where_it_is_told_to exports_what_it_replaces_and_nothing_else \
	replaces_functions_of_the_c_library needs_only_the_c_library \
	header_compiles_as_c_and_cxx uninstalls_everything
plan $#
for name in "$@"; do
	if why=$($name 2>&1); then
		result "$name" ""
	else
		result "$name" "${why:-failed without a message}"
	fi
done
[ "$FAILED" = 0 ]
