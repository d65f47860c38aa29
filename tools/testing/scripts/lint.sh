#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# lint.sh [CHECK...]: static checks of the whole tree; no finding is allowed.
# Each check below is a function lint_NAME that prints its findings; silence
# and success mean that it passed. The last line counts the checks.

# shellcheck source=tools/testing/scripts/common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=tools/testing/scripts/board.sh
. "$SCRIPTS/board.sh"

CHECKS=(format spdx licences length layering layers exports version uapi checkpatch kernel_doc
	rst named plants shellcheck python dtc spelling sparse_arm64 sparse_x86_64
	doc dtschema prose subjects release)
LINT=$O/log/lint
KSRC=$CARVEOUT_CACHE/source/6.12
MAX_LINES=700

cd "$TOP"

# files PATTERN...: the project's own files, whether committed or not.
files()
{
	local pattern args=()

	for pattern in "$@"; do
		args+=(-o -name "$pattern")
	done
	find . \( -path ./.git -o -path ./out -o -path "./${O#"$TOP"/}" \) -prune -o \
		-type f \( "${args[@]:1}" \) -printf '%P\n' | LC_ALL=C sort
}

# Every file of text; patches of planted bugs keep their context as it is.
text_files()
{
	files '*' | grep -vE '\.(patch|o|ko|mod|cmd|pyc|png|svg)$|^tools/carveout/carveout$' |
		grep -vE '\.(a|so[0-9.]*)$|^tools/carveout/libcarveout/'
}

scripts()
{
	local file

	for file in $(text_files); do
		read -r -n 40 first < "$file" 2>/dev/null || true
		case $file:$first in
		*.sh:*|*:'#!'*'sh'|*:'#!'*'sh '*)	echo "$file" ;;
		esac
	done
}

# For a check, a grep without a match is a success; prints findings only.
find_none()
{
	! grep -nHE "$@"
}

# --- The checks ------------------------------------------------------------

lint_format()
{
	local file rc=0

	# shellcheck disable=SC2046 # no blanks in names
	find_none '[[:blank:]]+$| +	' $(text_files) || rc=1
	for file in $(text_files); do
		[ ! -s "$file" ] || [ -z "$(tail -c 1 "$file")" ] ||
			{ echo "$file: no newline at the end"; rc=1; }
	done
	return $rc
}

lint_spdx()
{
	local file licence rc=0

	for file in $({ files '*.c' '*.h' '*.S' '*.sh' '*.py' '*.dts' '*.dtso' '*.config' '*.[13]' '*.map' \
		'*.in' '*.litmus' 'Kbuild' 'Makefile'; scripts; } | sort -u); do
		# Any program can be linked with the library.
		licence=GPL-2.0
		case $file in
		tools/lib/*)	licence=LGPL-2.1-or-later ;;
		esac
		head -n 2 "$file" | grep -q "SPDX-License-Identifier: $licence" && continue
		echo "$file: no SPDX line"
		rc=1
	done
	return $rc
}

# The Debian packages declare the licences that the files have.
lint_licences()
{
	python3 "$SCRIPTS/licences.py"
}

# An interface is one file, as long as it is.
lint_length()
{
	local file lines rc=0

	for file in $(files '*.c' '*.h' '*.sh' '*.py' |
			grep -vE '^include/uapi/|/libcarveout\.h$'); do
		lines=$(wc -l < "$file")
		[ "$lines" -le $MAX_LINES ] && continue
		echo "$file: $lines lines, the limit is $MAX_LINES"
		rc=1
	done
	return $rc
}

# includes ALLOWED FILE...: no #include beyond the extended regex ALLOWED.
includes()
{
	local allowed=$1

	shift
	! grep -nHE '^[[:blank:]]*#[[:blank:]]*include' "$@" |
		grep -vE "#[[:blank:]]*include[[:blank:]]+$allowed"
}

lint_layering()
{
	local rc=0 own has

	own=$(cd lib && echo *.h | sed 's/\./\\./g; s/ /|/g')
	# shellcheck disable=SC2046 # no blanks in names
	includes "\"($own)\"" $(files '*.[ch]' | grep -E '^lib/[^/]*$' | grep -v '^lib/carveout_lib.h$') || rc=1
	includes '<linux/(types|ioctl)\.h>' include/uapi/linux/carveout.h || rc=1
	# Firmware has the C library's fixed-width types at most.
	includes '<(linux/types|stdint)\.h>' include/uapi/linux/carveout_rpmsg.h || rc=1
	includes '<linux/[a-z-]+\.h>|<uapi/linux/carveout\.h>' include/linux/*.h || rc=1
	# The library: its own headers, the interface, and the headers of the C library.
	own=$(cd tools/lib/carveout && echo *.h | sed 's/\./\\./g; s/ /|/g')
	includes "(\"($own)\"|<linux/(carveout|dma-buf)\.h>|<(sys/)?[a-z]+\.h>)\$" \
		tools/lib/carveout/*.[ch] || rc=1
	# The library for programs of u-dma-buf: its own headers, libcarveout and the C library.
	own=$(cd tools/lib/udmabuf && echo *.h | sed 's/\./\\./g; s/ /|/g')
	includes "(\"($own)\"|<linux/(ioctl|dma-buf)\.h>|<libcarveout\.h>|<(sys/)?[a-z]+\.h>)\$" \
		tools/lib/udmabuf/*.[ch] || rc=1
	# The interface of CMEM: its own headers, the library's one, the C library.
	includes '("(internal|ti/cmem)\.h"|<libcarveout\.h>|<(sys/)?[a-z]+\.h>)$' \
		tools/lib/ticmem/*.[ch] tools/lib/ticmem/ti/*.h || rc=1
	find_none 'CARVEOUT_IOCTL_|DMA_BUF_IOCTL_' tools/lib/ticmem/*.[ch] || rc=1
	# The client for remote processors: its own headers, the messages, and headers that each
	# compiler has, or a kernel. A port adds those of its operating system.
	own=$(cd tools/remote && echo *.h | sed 's/\./\\./g; s/ /|/g')
	has='std(atomic|bool|def|int)|string|asm/barrier|linux/(stddef|string|types)'
	has+='|(uapi/)?linux/carveout_rpmsg'
	includes "(\"($own)\"|<($has)\.h>)\$" tools/remote/{carveout,wuqi}_*.[ch] || rc=1
	# The tool: its own headers, the library's one, the C library.
	own=$(cd tools/carveout && echo *.h | sed 's/\./\\./g; s/ /|/g')
	includes "(\"($own)\"|<libcarveout\.h>|<(sys/)?[a-z]+\.h>)\$" \
		tools/carveout/*.[ch] || rc=1
	# It has no wrappers of its own.
	find_none 'CARVEOUT_IOCTL_|DMA_BUF_IOCTL_' tools/carveout/*.[ch] || rc=1
	return $rc
}

# driver/ is in layers: no include and no call against them. Neither there nor in lib/, the
# tool and the libraries is a circle of files.
lint_layers()
{
	python3 "$SCRIPTS/layers.py"
}

# Functions that return a pointer, but neither a new object nor an error.
LASTING='carveout_(phys_to_virt|buf_va|buf_get|pool_get|pool_buf|pool_va|buf_pool|mapping_sgt|owner_get)\('

# Exported functions are exactly those that the header declares, in the symbol
# namespace. Those whose result must not be dropped have __must_check.
lint_exports()
{
	local rc=0

	find_none '\bEXPORT_SYMBOL(_GPL)?\(' driver/*.c driver/*/*.c || rc=1
	diff <(cat driver/*.c driver/*/*.c |
			sed -nE 's/^EXPORT_SYMBOL_NS_GPL\((\w+), "CARVEOUT"\);$/\1/p' | sort) \
		<(cat include/linux/carveout*.h | grep -v '^static' |
			sed -nE 's/^[a-z].*\b(\w+)\(.*[,;]$/\1/p' | sort) || rc=1
	# An object that is dropped is lost, and an error that is dropped is not handled.
	! grep -nHE '^(static inline )?(void|struct \w+) \*\w' include/linux/carveout.h |
		grep -vE "$LASTING" || rc=1
	return $rc
}

# Code that depends on the kernel's version is in one place.
lint_version()
{
	# shellcheck disable=SC2046 # no blanks in names
	find_none 'LINUX_VERSION_|KERNEL_VERSION' $(files '*.[ch]' | grep -v '^include/compat/')
}

# The interface header stands alone, in old C and in C++'s subset, with one
# layout on 32 and 64 bit.
lint_uapi()
{
	local header rc=0

	for header in include/uapi/linux/*.h; do
		printf '#include <linux/%s>\n' "$(basename "$header")" |
			gcc -std=c90 -pedantic -Wall -Wextra -Wpadded -Werror \
			-Iinclude/uapi -fsyntax-only -x c - || rc=1
	done
	return $rc
}

# checkpatch IGNORE FILE...: with types of findings to ignore, or ''. Its option
# --codespell is slow; lint_spelling looks for the same words, in all files.
checkpatch()
{
	local args=(--no-tree --strict --terse --no-summary --show-types ${1:+--ignore "$1"})

	shift
	printf '%s\n' "$@" |
		xargs -P "$JOBS" -n 3 perl "$KSRC/scripts/checkpatch.pl" "${args[@]}" -f
}

# User space has none of the kernel's macros that checkpatch would prefer, firmware none of
# its types, and C11 and FreeRTOS have names of mixed case. Stand-ins for the kernel define its
# names. The compat headers are where the kernel's version and its old names belong.
lint_checkpatch()
{
	local rc=0 user=BIT_MACRO,PREFER_DEFINED_ATTRIBUTE_MACRO,STRCPY
	local firmware='^tools/(remote|testing/remote)/' rtos='/port_freertos|/remote/stubs/'
	local messages=include/uapi/linux/carveout_rpmsg.h
	local macros=MACRO_ARG_UNUSED,MACRO_ARG_REUSE,MACRO_ARG_PRECEDENCE,MACRO_WITH_FLOW_CONTROL
	local stand_ins=tools/testing/service/kernel.h
	local typedefs='/u-dma-buf-ioctl\.h$'
	local posix='/posix_typed_mem\.[ch]|/typed_test\.c|/carveout_typed\.c'
	local cmem='/ticmem/|/carveout_cmem|/libcarveout/shim_|/iceoryx\.c$'

	# shellcheck disable=SC2046 # no blanks in names
	{
		checkpatch '' $(files '*.[ch]' |
				grep -vE "^((tools|include/compat)/|$messages)|/trace\.h$")
		rc=$((rc | $?))
		# The style of trace events, as in the kernel's include/trace/events.
		checkpatch OPEN_ENDED_LINE,PARENTHESIS_ALIGNMENT $(files '*/trace.h')
		rc=$((rc | $?))
		checkpatch CAMELCASE $messages
		rc=$((rc | $?))
		checkpatch $user $(files '*.[ch]' | grep '^tools/' | grep -vE "$firmware|$stand_ins|$posix|$typedefs|$cmem")
		rc=$((rc | $?))
		# The types have the names that programs use.
		checkpatch $user,NEW_TYPEDEFS $(files '*.[ch]' | grep -E "$typedefs")
		rc=$((rc | $?))
		# The names of CMEM and of iceoryx.
		checkpatch $user,CAMELCASE,NEW_TYPEDEFS $(files '*.[ch]' | grep -E "$cmem")
		rc=$((rc | $?))
		# POSIX.1 has functions that return an errno, and ENOSYS for a missing option.
		checkpatch $user,ENOSYS,USE_NEGATIVE_ERRNO $(files '*.[ch]' | grep -E "$posix")
		rc=$((rc | $?))
		checkpatch $user,$macros,EXPORT_SYMBOL,NEW_TYPEDEFS,MEMORY_BARRIER,UNCOMMENTED_DEFINITION \
			$stand_ins
		rc=$((rc | $?))
		# C11 without an operating system has volatile instead of READ_ONCE().
		checkpatch $user,PREFER_KERNEL_TYPES,VOLATILE \
			$(files '*.[ch]' | grep -E "$firmware" | grep -vE "$rtos")
		rc=$((rc | $?))
		checkpatch $user,PREFER_KERNEL_TYPES,CAMELCASE,NEW_TYPEDEFS \
			$(files '*.[ch]' | grep -E "$firmware" | grep -E "$rtos")
		rc=$((rc | $?))
		checkpatch LINUX_VERSION_CODE,CONSTANT_COMPARISON,MACRO_WITH_FLOW_CONTROL \
			$(files '*.[ch]' | grep '^include/compat/')
		rc=$((rc | $?))
	}
	# The mixed-case words of the headers, which it keeps in the folder where it runs.
	rm -f .checkpatch-camelcase.*
	return $rc
}

lint_kernel_doc()
{
	# shellcheck disable=SC2046 # no blanks in names
	"$KSRC/scripts/kernel-doc" -none -Wall -Werror $(files '*.[ch]' |
		grep -E '^(driver|lib|include|tools/(lib|remote))/' | grep -vE '/tests/|^include/compat/')
}

# The pages are read by docutils, less the markup that only Sphinx knows. No line is too long.
lint_rst()
{
	local page rc=0

	# shellcheck disable=SC2046 # no blanks in names
	python3 "$SCRIPTS/rst_width.py" $(files '*.rst') || rc=1
	for page in $(files '*.rst'); do
		# shellcheck disable=SC2016 # the backquotes are the page's
		sed -E '/^\.\. (toctree|kernel-doc|literalinclude|include|c:namespace.*)::/,/^$/d; s/:(doc|ref):`/`/g' "$page" |
			python3 -m docutils --report=2 --exit-status=2 --writer=null - \
				2>&1 | sed "s,^<stdin>,$page," || rc=1
	done
	return $rc
}

# The tests that the pages of promises and of bug patterns name exist.
lint_named()
{
	python3 "$SCRIPTS/named.py"
}

# The planted bugs apply, and the tests that they name exist. One that is not recorded as
# caught in its present state is listed as skipped: recall.sh --changed runs it.
lint_plants()
{
	python3 "$SCRIPTS/plants.py" changed | while read -r name; do
		printf 'skip\tplants: %s\tnot run since it or its tests changed\n' "$name"
	done >> "$LINT/results" || return
	"$SCRIPTS/recall.sh" --check
}

lint_shellcheck()
{
	# shellcheck disable=SC2046 # no blanks in names
	shellcheck -x -P "$TOP" $(scripts)
}

lint_python()
{
	local file rc=0

	for file in $(files '*.py'); do
		python3 -c 'import sys; compile(open(sys.argv[1]).read(), sys.argv[1], "exec")' "$file" || rc=1
	done
	return $rc
}

lint_dtc()
{
	local file findings expected rc=0

	for file in $(files '*.dts' '*.dtso'); do
		# As the kernel's own build of overlays has it. The interrupt controller of an
		# overlay is in the tree that it changes.
		findings=$(dtc -@ -Wno-avoid_unnecessary_addr_size -Wno-interrupts_property -I dts -O dtb \
			-o /dev/null "$file" 2>&1) || rc=1
		# The trees for carveout doctor have faults; some are also a warning of dtc.
		expected=$(sed -nE 's|^/\* dtc: (.*) \*/$|\1|p' "$file")
		if [ -n "$expected" ]; then
			grep -qF "($expected)" <<< "$findings" ||
				{ echo "$file: dtc does not warn of $expected"; rc=1; }
			continue
		fi
		[ -z "$findings" ] || { echo "$findings"; rc=1; }
	done
	return $rc
}

lint_spelling()
{
	# shellcheck disable=SC2046 # no blanks in names
	codespell $(text_files)
}

# sparse BOARD: over the modules, against the board's kernel headers.
sparse()
{
	local log dir=$O/build/sparse-$1

	board "$1"
	board_paths
	copy_sources "$dir"
	log=$(make --no-print-directory -C "$dir" module SAMPLES=1 C=2 \
		CF=-D__CHECK_ENDIAN__ "${kbuild_args[@]}" 2>&1) || { echo "$log"; return 1; }
	! grep -E 'warning:|error:' <<< "$log"
}

lint_sparse_arm64()	{ sparse arm64-6.12; }
lint_sparse_x86_64()	{ sparse x86_64-6.12; }

# The pages, with the parts that come from the code, have no warning of Sphinx.
lint_doc()
{
	"$SCRIPTS/doc.sh"
}

lint_dtschema()
{
	"$SCRIPTS/dtschema.sh"
}

lint_prose()
{
	python3 "$SCRIPTS/prose.py" "$TOP"
}

lint_subjects()
{
	python3 "$SCRIPTS/subjects.py" "$TOP"
}

# driver/version.h and the newest entry of the changelog have one version; the modules have
# no other.
lint_release()
{
	local version changelog rc=0

	version=$(sed -nE 's/^#define CARVEOUT_VERSION\s+"(.*)"$/\1/p' driver/version.h)
	changelog=$(grep -m 1 -oE '^[0-9]+\.[0-9]+\.[0-9]+' CHANGELOG.rst)
	if [ -z "$version" ] || [ "$version" != "$changelog" ]; then
		echo "driver/version.h has version '$version', CHANGELOG.rst '$changelog'"
		rc=1
	fi
	# shellcheck disable=SC2046 # no blanks in names
	find_none 'MODULE_VERSION\("' $(files '*.c') || rc=1
	return $rc
}

# --- Running them ----------------------------------------------------------

run_check()
{
	local log=$LINT/$1.log

	if "lint_$1" >"$log" 2>&1; then
		printf 'pass\t%s\t\n' "$1" >> "$LINT/results"
		return
	fi
	printf 'fail\t%s\t%d findings, see %s\n' "$1" "$(wc -l < "$log")" "$log" >> "$LINT/results"
	head -n 40 "$log" | sed 's/^/\t/' >> "$LINT/results"
}

prepare()
{
	local name

	"$SCRIPTS/deps.sh" build lint doc dtschema board x86 arm64
	"$SCRIPTS/fetch.sh" source:6.12
	for name in arm64-6.12 x86_64-6.12; do
		board "$name"
		board_prepare
	done
}

[ $# -gt 0 ] || set -- "${CHECKS[@]}"
prepare
rm -rf "$LINT"
mkdir -p "$LINT"
for check in "$@"; do
	run_check "$check"
done
python3 "$SCRIPTS/verdict.py" summary "$LINT/results"
