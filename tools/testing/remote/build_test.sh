#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# build_test.sh CLIENT UAPI OUT: compile the client for other processors, and the ports against
# stub headers. TAP on stdout.

HERE=$(cd "$(dirname "$0")" && pwd)
CLIENT=$1 UAPI=$2 OUT=$3/build
WARN="-std=c11 -O2 -Wall -Wextra -Wpedantic -Wconversion -Werror"
FREE="-ffreestanding -isystem $HERE/stubs/libc"
SOURCES="carveout_remote carveout_remote_directory carveout_remote_receive
carveout_remote_send carveout_remote_sync wuqi_share_memory"
TESTS=0 FAILED=0

# result STATUS NAME LOG
result()
{
	TESTS=$((TESTS + 1))
	if [ "$1" = 0 ]; then
		echo "ok $TESTS $2"
	else
		FAILED=$((FAILED + 1))
		sed 's/^/# /' "$3"
		echo "not ok $TESTS $2"
	fi
}

skip()
{
	TESTS=$((TESTS + 1))
	echo "ok $TESTS $1 # SKIP $2"
}

# build NAME COMPILER OPTION...: compile the client into OUT/NAME.
build()
{
	local name=$1 compiler=$2 status=0

	shift 2
	if ! command -v "$compiler" >/dev/null; then
		skip "$name" "no $compiler"
		return
	fi
	mkdir -p "$OUT/$name"
	for source in $SOURCES; do
		# shellcheck disable=SC2086
		"$compiler" $WARN "$@" -I"$CLIENT" -I"$UAPI" -c -o "$OUT/$name/$source.o" \
			"$CLIENT/$source.c" || status=1
	done >"$OUT/$name.log" 2>&1
	result $status "$name" "$OUT/$name.log"
}

# The client may need memcpy() and memset(), and compilers replace loops by these and memcmp().
undefined()
{
	local log=$OUT/undefined.log

	nm -u "$OUT"/host/*.o | sed -n 's/^ *U //p' |
		grep -vE '^(mem(cpy|set|cmp|move)|carveout_remote_.*|_GLOBAL_OFFSET_TABLE_)$' >"$log"
	[ ! -s "$log" ]
	result $? needs_no_other_function "$log"
}

ports()
{
	local port name

	for port in "$CLIENT"/port_*.c; do
		name=$(basename "$port" .c)
		# shellcheck disable=SC2086
		gcc $WARN -I"$CLIENT" -I"$UAPI" -isystem "$HERE/stubs" -c \
			-o "$OUT/$name.o" "$port" >"$OUT/$name.log" 2>&1
		result $? "$name" "$OUT/$name.log"
	done
}

mkdir -p "$OUT"
echo "TAP version 13"
# shellcheck disable=SC2086
{
	build host gcc $FREE -fno-stack-protector -fno-pic
	undefined
	build cortex_r5_gcc arm-linux-gnueabihf-gcc $FREE -mcpu=cortex-r5 -marm \
		-mfloat-abi=soft -mno-unaligned-access
	build cortex_r5_clang clang --target=armv7r-none-eabi -mcpu=cortex-r5 $FREE -mno-unaligned-access \
		-Wcast-align
	build cortex_m0_clang clang --target=thumbv6m-none-eabi $FREE
	build big_endian_clang clang --target=armebv7r-none-eabi $FREE
	build riscv32_clang clang --target=riscv32-none-elf $FREE
}
ports
echo "1..$TESTS"
echo "# $((TESTS - FAILED)) passed or skipped, $FAILED failed"
exit $((FAILED > 0))
