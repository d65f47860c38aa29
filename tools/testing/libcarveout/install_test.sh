#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2317 # called by name
#
# install_test.sh DIR: tests the installed libcarveout: its exports, that programs
# find it, that each function is documented; and the installed libticmem likewise. TAP on
# standard output; DIR is the output directory.

set -uo pipefail

# shellcheck source=tools/testing/libcarveout/cases.sh
. "$(dirname "$0")/cases.sh"

TOP=$(cd "$(dirname "$0")/../../.." && pwd)
LIB=$TOP/tools/lib/carveout
CMEM=$TOP/tools/lib/ticmem
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

# cmem TARGET [VARIABLE=...]
cmem()
{
	make -s -C "$CMEM" O="$O/ticmem" CFLAGS="-O2 -Wall -Wextra -Werror" "$@"
}

# package OPTION... [NAME]: of libcarveout without a name.
package()
{
	local name=libcarveout

	case ${*: -1} in
	lib*)	name=${*: -1}; set -- "${@:1:$# - 1}" ;;
	esac
	PKG_CONFIG_LIBDIR=$ROOT/lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$DEST \
		pkg-config "$@" "$name"
}

# Names of all functions of the headers, including inline ones.
functions()
{
	sed -n '/^ \* @/d; s/^ \* \(\(carveout\|posix\)_[a-z_]*\)() - .*/\1/p' \
		"$LIB/libcarveout.h" "$LIB/posix_typed_mem.h"
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
	for file in include/libcarveout.h include/posix_typed_mem.h \
		include/linux/carveout.h lib/libcarveout.a \
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

# A program of a system that has typed memory in <sys/mman.h>: one option more.
program_with_typed_memory_is_compiled_unchanged()
{
	cat > "$O/typed.c" <<-'END'
		#include <fcntl.h>
		#include <stdio.h>
		#include <sys/mman.h>
		int main(void)
		{
			int fd = posix_typed_mem_open("/no-such-heap", O_RDWR,
						      POSIX_TYPED_MEM_ALLOCATE_CONTIG);
			struct posix_typed_mem_info info;
			size_t length;
			off_t off;
			int used;

			if (fd < 0)
				return posix_mem_offset("", 1, &off, &length, &used) == 13 ? 0 : 2;
			return posix_typed_mem_get_info(fd, &info);
		}
	END
	# shellcheck disable=SC2046 # several options
	compile -include posix_typed_mem.h $(package --libs) < "$O/typed.c" &&
	LD_LIBRARY_PATH=$ROOT/lib "$O/program"
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
		printf '#include <%s>\n' libcarveout.h posix_typed_mem.h | gcc -std="$std" -pedantic -Wall -Wextra \
			-Werror -D_DEFAULT_SOURCE -fsyntax-only -x c $(package --cflags) - ||
			return
	done
}

# The macros give the same values in C++, without a warning about a newer standard.
header_is_standard_cxx()
{
	local std

	cat > "$O/init.cc" <<-'END'
		#include <libcarveout.h>
		#include <posix_typed_mem.h>
		static struct carveout_opened opened = CARVEOUT_OPENED_INIT;
		int main()
		{
			struct carveout_alloc_options alloc = CARVEOUT_ALLOC_OPTIONS_INIT;
			struct carveout_pool_options pool = CARVEOUT_POOL_OPTIONS_INIT;
			struct carveout_pool_opened made = CARVEOUT_POOL_OPENED_INIT;
			const int flags = O_RDWR | O_CLOEXEC;

			return opened.struct_size != sizeof(opened) || opened.size ||
			       alloc.struct_size != sizeof(alloc) || alloc.size ||
			       alloc.fd_flags != flags || alloc.mode != 0600 || alloc.tag ||
			       pool.struct_size != sizeof(pool) || pool.count ||
			       pool.fd_flags != flags || pool.mode != 0600 || pool.tag ||
			       made.struct_size != sizeof(made) || made.count;
		}
	END
	for std in c++11 c++17 c++20; do
		# shellcheck disable=SC2046 # several options
		g++ -std="$std" -pedantic -Wall -Wextra -Werror -o "$O/init" \
			$(package --cflags) "$O/init.cc" && "$O/init" || return
	done
}

# The functions of the header and the variable, and no others.
cmem_exports_what_its_header_declares()
{
	cmem install DESTDIR="$DEST" PREFIX="$PREFIX" >/dev/null || return
	{
		sed -nE 's/^[a-z].*\b(CMEM_\w+)\(.*\);$/\1/p' "$ROOT/include/ti/cmem.h"
		echo CMEM_DEFAULTPARAMS
	} | sort > "$O/cmem.header"
	nm -D --defined-only "$ROOT/lib/libticmem.so" | sed 's/.* //' | sort > "$O/cmem.library"
	[ "$(wc -l < "$O/cmem.header")" = 29 ] &&
	diff -u "$O/cmem.header" "$O/cmem.library"
}

cmem_library_has_the_name_of_ti()
{
	readelf -d "$ROOT/lib/libticmem.so" > "$O/dynamic" &&
	grep -q 'SONAME.*\[libticmem\.so\.1\]' "$O/dynamic" &&
	grep -q 'NEEDED.*\[libcarveout\.so\.0\]' "$O/dynamic" &&
	! grep NEEDED "$O/dynamic" | grep -vE '\[lib(c\.so\.6|carveout\.so\.0)\]'
}

cmem_program()
{
	cat <<-'END'
		#include <stdio.h>
		#include <ti/cmem.h>
		int main(void)
		{
			return CMEM_init() == -1 && !CMEM_alloc(1, &CMEM_DEFAULTPARAMS) ? 0 : 1;
		}
	END
}

# There is no heap: the program has the errors, and stderr has the reasons.
cmem_program_runs()
{
	CARVEOUT_DIR=$O/no-heaps "$O/program" 2> "$O/said" &&
	[ "$(cat "$O/said")" = "ticmem: no heap in $O/no-heaps: No such file or directory
ticmem: CMEM_alloc2: CMEM_init() was not called" ]
}

cmem_program_is_built_as_for_ti()
{
	# shellcheck disable=SC2046 # several options
	cmem_program | gcc "${WARN[@]}" -x c - -o "$O/program" -I"$ROOT/include" -L"$ROOT/lib" \
		-Wl,-rpath-link,"$ROOT/lib" -lticmem &&
	LD_LIBRARY_PATH=$ROOT/lib cmem_program_runs &&
	cmem_program | compile $(package --libs libticmem) -Wl,-rpath-link,"$ROOT/lib" &&
	LD_LIBRARY_PATH=$ROOT/lib cmem_program_runs &&
	cmem_program | compile -static $(package --static --libs libticmem) &&
	cmem_program_runs
}

cmem_header_is_standard_c()
{
	local std

	for std in c99 c11 gnu17; do
		gcc -std="$std" -pedantic -Wall -Wextra -Werror -D_DEFAULT_SOURCE -fsyntax-only \
			-x c "$ROOT/include/ti/cmem.h" || return
	done
	for std in c++11 c++20; do
		g++ -std="$std" -pedantic -Wall -Wextra -Werror -fsyntax-only -x c++ \
			"$ROOT/include/ti/cmem.h" || return
	done
}

# Both spellings of the prefix, for the libraries and for the command. The installed files
# are removed, and no others.
installs_and_uninstalls()
{
	local name dir

	for name in prefix PREFIX; do
		for dir in tools/lib/carveout tools/lib/ticmem tools/lib/udmabuf \
			tools/carveout; do
			rm -rf "$O/root"
			install -D /dev/null "$O/root/opt/x/bin/other"
			install -D /dev/null "$O/root/opt/x/share/man/man3/other.3"
			make -s -C "$TOP/$dir" O="$O/${dir//\//-}" install \
				DESTDIR="$O/root" "$name=/opt/x" CFLAGS=-O2 > "$O/installed" || return
			if [ "$(find "$O/root" -type f -path "$O/root/opt/x/*" | wc -l)" -lt 4 ]; then
				echo "$dir: nothing is in $name"
				return 1
			fi
			make -s -C "$TOP/$dir" O="$O/${dir//\//-}" uninstall \
				DESTDIR="$O/root" "$name=/opt/x" CFLAGS=-O2 || return
			find "$O/root" ! -type d ! -name 'other*' | grep . && return 1
			[ -e "$O/root/opt/x/bin/other" ] &&
				[ -e "$O/root/opt/x/share/man/man3/other.3" ] || return
		done
	done
}

# The classes of the driver: that of the heaps, and that of dma-heaps on a kernel without and
# with dma-heaps of its own.
classes()
{
	sed -nE 's/^\t\.name = "(.*)",$/\1/p' "$TOP/driver/dev/chardev.c"
	sed -nE 's/^#define CARVEOUT_DMA_HEAP_CLASS\s+"(.*)"$/\1/p' "$TOP/driver/dev/dma_heap.h"
}

# The group is the one that the packages make. A dma-heap of the kernel, which may be of the
# same class, is none of the driver.
udev_rule_covers_each_class()
{
	local class rules=$TOP/tools/carveout/60-carveout.rules

	classes > "$O/classes"
	[ "$(wc -l < "$O/classes")" = 3 ] || { cat "$O/classes"; return 1; }
	while read -r class; do
		grep -E "^SUBSYSTEM==\"$class\",.* GROUP=\"carveout\", MODE=\"0660\"\$" "$rules" ||
			{ echo "no rule for $class"; return 1; }
	done < "$O/classes"
	grep '^SUBSYSTEM=="dma_heap",' "$rules" | grep -F "TEST==\"/sys/class/carveout/\$kernel\"" &&
	grep -x 'g carveout -' "$TOP/tools/carveout/carveout.sysusers"
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
	program_with_typed_memory_is_compiled_unchanged
	program_is_linked_statically header_is_standard_c header_is_standard_cxx
	example_of_the_readme example_of_the_documentation every_function_has_a_page
	pages_are_well_formed cmem_exports_what_its_header_declares
	cmem_library_has_the_name_of_ti cmem_program_is_built_as_for_ti
	cmem_header_is_standard_c installs_and_uninstalls udev_rule_covers_each_class)

run_cases "$O" "${CASES[@]}"
