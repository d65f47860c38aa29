#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# test.sh [LANE...]: run test lanes; without an argument, all of them.
# test.sh --prepare [LANE...]: fetch and build their prerequisites, run nothing.
# test.sh --plan [LANE...]: print the steps of a run and their duration, do nothing.
# test.sh --list: print all lanes.
#
#   scripts           these scripts: the choice of packages, the end of a board
#   build:BOARD       the modules build without a warning (W=1) for its kernel
#   unit              the unit tests of lib/, in user space
#   libtest           libcarveout without a heap, and how it installs
#   kunit:BOARD       the KUnit suites; on a stock kernel those of driver/
#   kselftest:BOARD   the kselftest programs
#   compat:BOARD      ... built for the 32-bit architecture that its kernel also runs
#   fresh:SUITE       README.md, followed on a clean machine of this Debian release
#
# "build", "kunit", "kselftest", "compat" and "fresh" alone mean all of their lanes; "quick"
# those of make test, "all" those of make test-all, which are all but "fresh". "rest" are
# those of "all" that are not quick, less the board arm64-7-debug, whose kernel takes long
# to build and to run. See board.sh for the boards. Each lane leaves its logs in
# $O/log/LANE (":" becomes "=").
# ONLY="NAME..." runs just these kselftest programs or KUnit modules.
# ROUNDS=N: kselftest programs run N per cent of the rounds of their loops. make test
# sets it; make test-all, .ci/run and make recall do not.
# The last line says how many tests passed, failed and were skipped.

# shellcheck source=tools/testing/scripts/common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=tools/testing/scripts/board.sh
. "$SCRIPTS/board.sh"

# shellcheck source=tools/testing/scripts/plan.sh
. "$SCRIPTS/plan.sh"

LOGS=$O/log
# A file for each lane of this run. Another run may use the same logs.
RUNNING=$LOGS/running-$$
DONE=$LOGS/done-$$
# The lanes for a newcomer: one of each kind, and only the test kernel that builds fast.
QUICK=(build:arm64-6.1 build:arm64-6.12 build:x86_64-6.12 build:uml-6.12
	kselftest:arm64-6.1 kselftest:arm64-6.12 kselftest:x86_64-6.12 kunit:uml-6.12
	unit libtest scripts)
KUNIT_BOARDS=(arm64-7-debug arm64-6.1-debug arm64-6.12 arm64-6.12-rt x86_64-6.12
	uml-6.1 uml-6.12 uml-7)
# The slowest first: several boards run at a time.
KSELFTEST_BOARDS=(arm64-7-debug arm64-6.1-debug arm64-6.12-rt arm64-6.12-16k arm64-6.1
	arm64-6.12 arm64-7 x86_64-6.1 x86_64-6.12 x86_64-6.12-full uml-6.1 uml-6.12 uml-7)
COMPAT_BOARDS=(arm64-6.12 x86_64-6.12)
SUITES=(bookworm trixie)
# A board sleeps about a third of its time.
PARALLEL=${PARALLEL:-$(($(nproc) + 1))}

declare -A PREPARED

# expand_lanes WORD...: the lanes that they stand for, each on a line.
expand_lanes()
{
	local lane

	for lane in "$@"; do
		case $lane in
		build)		printf 'build:%s\n' "${BOARDS[@]}" ;;
		kunit)		printf 'kunit:%s\n' "${KUNIT_BOARDS[@]}" ;;
		kselftest)	printf 'kselftest:%s\n' "${KSELFTEST_BOARDS[@]}" ;;
		compat)		printf 'compat:%s\n' "${COMPAT_BOARDS[@]}" ;;
		fresh)		printf 'fresh:%s\n' "${SUITES[@]}" ;;
		quick)		printf '%s\n' "${QUICK[@]}" ;;
		all)		expand_lanes scripts unit libtest build kselftest kunit compat ;;
		rest)		expand_lanes all | grep -vxF "$(printf '%s\n' "${QUICK[@]}")" |
					grep -v ':arm64-7-debug$' ;;
		*)		echo "$lane" ;;
		esac
	done
}

# --- Preparation: packages, kernels. Slow the first time, nothing later. ----

# prepare_once NAME COMMAND...: once in this run, however many lanes need it.
prepare_once()
{
	local name=$1

	shift
	[ -z "${PREPARED[$name]:-}" ] || return 0
	PREPARED[$name]=1
	"$@"
}

prepare_board()
{
	board "$1"
	board_prepare
}

prepare_compat()
{
	board "$1"
	[ -n "$compat" ] || die "board '$1' runs no 32-bit programs"
	prepare_once "compat $compat" "$SCRIPTS/deps.sh" "$compat"
}

prepare()
{
	local lane name

	for lane in "$@"; do
		name=${lane#*:}
		case $lane in
		build:*|kunit:*)
			prepare_once "$name" prepare_board "$name" ;;
		kselftest:*|compat:*)
			prepare_once "$name" prepare_board "$name"
			[ "${lane%%:*}" != compat ] || prepare_compat "$name"
			prepare_once source "$SCRIPTS/fetch.sh" source:6.12 ;;
		fresh:*)
			prepare_once fresh "$SCRIPTS/deps.sh" fresh ;;
		scripts)
			prepare_once scripts "$SCRIPTS/deps.sh" scripts ;;
		unit)
			prepare_once unit "$SCRIPTS/deps.sh" build unit
			prepare_once source "$SCRIPTS/fetch.sh" source:6.12 ;;
		libtest)
			prepare_once libtest "$SCRIPTS/deps.sh" build libtest
			prepare_once source "$SCRIPTS/fetch.sh" source:6.12 ;;
		*)	die "no lane '$lane': see $SCRIPTS/test.sh" ;;
		esac
	done
}

# --- One lane: writes $dir/results -----------------------------------------

verdict()
{
	python3 "$SCRIPTS/verdict.py" "$@"
}

# failed DIR NAME LOG: the lane could not even be run.
failed()
{
	printf 'fail\t%s\tsee %s\n' "$2" "$3" > "$1/results"
	tail -n 25 "$3" | sed 's/^/\t/' >> "$1/results"
}

lane_scripts()
{
	local rc=0

	"$SCRIPTS/scripts_test.py" >"$1/console.log" 2>&1 || rc=$?
	verdict tap scripts "$1/console.log" "$rc" > "$1/results"
}

lane_build()
{
	if "$SCRIPTS/build.sh" module "$2" >"$1/build.log" 2>&1; then
		printf 'pass\tmodules build without a warning\t\n' > "$1/results"
	else
		failed "$1" "modules build without a warning" "$1/build.log"
	fi
}

lane_unit()
{
	local rc=0

	make -C "$TOP/tools/testing/unit" KSRC="$CARVEOUT_CACHE/source/6.12" \
		O="$O/build/unit" run >"$1/console.log" 2>&1 || rc=$?
	verdict tap unit "$1/console.log" "$rc" > "$1/results"
}

lane_libtest()
{
	local rc=0

	make -C "$TOP/tools/testing/libcarveout" KSRC="$CARVEOUT_CACHE/source/6.12" \
		O="$O/build/libtest" run >"$1/console.log" 2>&1 || rc=$?
	verdict tap libtest "$1/console.log" "$rc" > "$1/results"
}

lane_fresh()
{
	local rc=0

	"$SCRIPTS/fresh.sh" "$2" "$1" >"$1/console.log" 2>&1 || rc=$?
	verdict tap "fresh:$2" "$1/console.log" "$rc" > "$1/results"
}

lane_board()
{
	local dir=$1 kind=$2 initramfs dtb silence

	board "$3"
	board_paths
	if ! initramfs=$(board_image "$kind" 2>"$dir/build.log"); then
		failed "$dir" build "$dir/build.log"
		return
	fi
	if ! dtb=$(board_dtb "$dir" ${trees[@]+"${trees[@]}"} 2>"$dir/dtb.log"); then
		failed "$dir" "device tree" "$dir/dtb.log"
		return
	fi
	silence=${BOARD_SILENCE:-$((300 * scale))}
	board_boot "$silence" "$initramfs" "$dtb" "" >"$dir/console.log" 2>&1 ||
		echo "(the board's run ended with status $?)" >> "$dir/console.log"
	verdict board "$kind:$3" "$dir/console.log" > "$dir/results"
}

# The architecture of a lane's programs on this board; nothing if it has none.
programs_arch()
{
	case $1 in
	kselftest)	echo "$userarch" ;;
	compat)		echo "$compat" ;;
	esac
}

board_image()
{
	local target

	"$SCRIPTS/build.sh" module "$board" >&2 || return
	target=$(programs_arch "$1")
	if [ -n "$target" ] && [ ! -e "$LOGS/programs-$target.ok" ]; then
		cat "$LOGS/programs-$target.log" >&2
		return 1
	fi
	"$SCRIPTS/build.sh" image "$board" "$1"
}

# The test programs of an architecture serve all of its boards: they are built
# before any of these runs. A failure is reported by the lanes.
build_programs()
{
	local log=$LOGS/programs-$1.log

	rm -f "$LOGS/programs-$1.ok"
	if "$SCRIPTS/build.sh" tool "$1" >"$log" 2>&1 &&
		"$SCRIPTS/build.sh" tests "$1" >>"$log" 2>&1; then
		touch "$LOGS/programs-$1.ok"
	fi
}

build_all_programs()
{
	local lane target

	for lane in "$@"; do
		# Lanes without a board build their own files.
		[[ $lane == *:* && $lane != fresh:* ]] || continue
		board "${lane#*:}"
		target=$(programs_arch "${lane%%:*}")
		[ -z "$target" ] || prepare_once "programs $target" build_programs "$target"
	done
}

run_lane()
{
	local lane=$1 dir=$LOGS/${1/:/=} start=$SECONDS

	rm -rf "$dir"
	mkdir -p "$dir"
	touch "$RUNNING/${lane/:/=}"
	case $lane in
	build:*)	lane_build "$dir" "${lane#*:}" ;;
	scripts)	lane_scripts "$dir" ;;
	fresh:*)	lane_fresh "$dir" "${lane#*:}" ;;
	unit)		lane_unit "$dir" ;;
	libtest)	lane_libtest "$dir" ;;
	*)		lane_board "$dir" "${lane%%:*}" "${lane#*:}" ;;
	esac || failed "$dir" "$lane" "$dir/lane.log"
	mv "$RUNNING/${lane/:/=}" "$DONE/"
	report_lane "$lane" "$dir/results" $((SECONDS - start))
}

mode=run
case ${1:-} in
--prepare|--plan|--list)	mode=${1#--}; shift ;;
esac
[ $# -gt 0 ] || set -- all
mapfile -t lanes < <(expand_lanes "$@")
[ "$mode" != list ] || { printf '%s\n' "${lanes[@]}"; exit; }
print_plan "${lanes[@]}"
[ "$mode" != plan ] || exit 0
prepare "${lanes[@]}"
[ "$mode" != prepare ] || exit 0

mkdir -p "$RUNNING" "$DONE"
trap 'rm -rf "$RUNNING" "$DONE"' EXIT
builds=() others=()
for lane in "${lanes[@]}"; do
	case $lane in
	build:*)	builds+=("$lane") ;;
	*)		others+=("$lane") ;;
	esac
done
show_progress "${#lanes[@]}"
at_a_time "$PARALLEL" run_lane ${builds[@]+"${builds[@]}"}
build_all_programs ${others[@]+"${others[@]}"}
at_a_time "$PARALLEL" run_lane ${others[@]+"${others[@]}"}
end_progress
results=()
for lane in "${lanes[@]}"; do
	results+=("$LOGS/${lane/:/=}/results")
done
verdict summary "${results[@]}"
