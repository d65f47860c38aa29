#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2317 # called by name
#
# install_test.sh DIR: tests the installed libcarveout: its exports, that programs
# find it, that each function is documented. TAP on standard output; DIR is the
# output directory.

set -uo pipefail

TOP=$(cd "$(dirname "$0")/../../.." && pwd)
LIB=$TOP/tools/lib/carveout
O=$1
DEST=$O/dest
# pkg-config omits the compiler's default directories; this is none of them.
PREFIX=/opt/carveout
ROOT=$DEST$PREFIX
WARN=(-std=gnu11 -Wall -Wextra -Werror)

# lib TARGET [VARIABLE=...]
lib()
{
	make -s -C "$LIB" O="$O/lib" CFLAGS="-O2 -Wall -Wextra -Werror" "$@"
}

package()
{
	PKG_CONFIG_LIBDIR=$ROOT/lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$DEST \
		pkg-config "$@" libcarveout
}

# Names of all functions of the header, including inline ones.
functions()
{
	sed -n '/^ \* @/d; s/^ \* \(carveout_[a-z_]*\)() - .*/\1/p' "$LIB/libcarveout.h"
}

# example FILE BEGIN: the first piece of C code after a line equal to BEGIN.
example()
{
	awk -v begin="$2" '
		on && (/^```/ || (!fence && /^[^[:space:]]/)) { exit }
		on		{ print }
		$0 == begin	{ on = 1; fence = /^```/ }' "$1"
}

compile()
{
	# shellcheck disable=SC2046 # several options
	gcc "${WARN[@]}" -x c - -x none -o "$O/program" $(package --cflags) "$@"
}

# --- Cases -------------------------------------------------------------------

exports_what_the_header_declares()
{
	lib symbols &&
	[ "$(wc -l < "$O/lib/symbols.header")" -gt 20 ]
}

installs_where_it_is_told_to()
{
	local file

	rm -rf "$DEST"
	lib install DESTDIR="$DEST" PREFIX="$PREFIX" >/dev/null || return
	for file in include/libcarveout.h include/linux/carveout.h lib/libcarveout.a \
		lib/libcarveout.so lib/libcarveout.so.0 lib/pkgconfig/libcarveout.pc \
		share/man/man3/libcarveout.3; do
		[ -s "$ROOT/$file" ] || { echo "no $file"; return 1; }
	done
	[ -z "$(find "$DEST" -type f -not -path "$ROOT/*")" ]
}

shared_library_has_a_name_and_needs_only_libc()
{
	readelf -d "$ROOT/lib/libcarveout.so" > "$O/dynamic" &&
	grep -q 'SONAME.*\[libcarveout\.so\.0\]' "$O/dynamic" &&
	! grep NEEDED "$O/dynamic" | grep -v '\[libc\.so\.6\]'
}

# The heap does not exist, and the program prints the error.
runs()
{
	[ "$("$O/program" 2>&1)" = "-2" ]
}

program()
{
	cat <<-'END'
		#include <libcarveout.h>
		#include <stdio.h>
		int main(void)
		{
			struct carveout_heap *heap;
			int err = carveout_open("no-such-heap", O_RDWR, &heap), fd;

			if (!err) {
				fd = carveout_alloc(heap, 4096);
				carveout_close(heap);
				err = fd < 0 ? fd : 0;
			}
			printf("%d\n", err);
			return 0;
		}
	END
}

program_is_built_with_pkg_config()
{
	# shellcheck disable=SC2046 # several options
	program | compile $(package --libs) &&
	readelf -d "$O/program" | grep -q 'NEEDED.*libcarveout\.so\.0' &&
	LD_LIBRARY_PATH=$ROOT/lib runs
}

program_is_linked_statically()
{
	program | compile "$ROOT/lib/libcarveout.a" && runs
}

header_is_standard_c()
{
	local std

	for std in c99 c11 gnu17; do
		# shellcheck disable=SC2046 # several options
		echo '#include <libcarveout.h>' | gcc -std="$std" -pedantic -Wall -Wextra \
			-Werror -D_DEFAULT_SOURCE -fsyntax-only -x c $(package --cflags) - ||
			return
	done
}

# documented FILE BEGIN
documented()
{
	example "$TOP/$1" "$2" > "$O/example.c"
	[ "$(wc -l < "$O/example.c")" -gt 10 ] || { echo "$1: no example"; return 1; }
	compile "$ROOT/lib/libcarveout.a" < "$O/example.c"
}

example_of_the_readme()
{
	documented README.md '```c'
}

example_of_the_documentation()
{
	documented Documentation/libcarveout.rst '.. code-block:: c'
}

every_function_has_a_page()
{
	local name missing=0

	[ "$(functions | wc -l)" -gt 30 ] || { echo "no functions"; return 1; }
	for name in $(functions); do
		[ -s "$ROOT/share/man/man3/$name.3" ] ||
			{ echo "no page for $name()"; missing=1; }
	done
	return "$missing"
}

pages_are_well_formed()
{
	mandoc -Tlint -W warning "$LIB"/*.3
}

# --- Running them ------------------------------------------------------------

CASES=(exports_what_the_header_declares installs_where_it_is_told_to
	shared_library_has_a_name_and_needs_only_libc program_is_built_with_pkg_config
	program_is_linked_statically header_is_standard_c example_of_the_readme
	example_of_the_documentation every_function_has_a_page pages_are_well_formed)

mkdir -p "$O"
echo "TAP version 13"
echo "1..${#CASES[@]}"
number=0 failed=0
for name in "${CASES[@]}"; do
	number=$((number + 1))
	if "$name" > "$O/why" 2>&1; then
		echo "ok $number $name"
	else
		echo "not ok $number $name"
		sed 's/^/# /' "$O/why"
		failed=1
	fi
done
exit $failed
