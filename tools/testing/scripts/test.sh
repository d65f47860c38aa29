#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# test.sh [LANE...]: run test lanes; without an argument, all of them.
# test.sh --prepare [LANE...]: fetch and build their prerequisites, run nothing.
# test.sh --plan [LANE...]: print the steps of a run and their duration, do nothing.
# test.sh --seconds [LANE...]: likewise, and the duration as a number.
# test.sh --list: print all lanes.
#
#   scripts           these scripts: the choice of packages, the end of a board
#   build:BOARD       the modules build without a warning (W=1) for its kernel
#   intree            all modules build as a part of a kernel, built in and as modules
#   unit              the unit tests of lib/, in user space
#   libtest           libcarveout and the carveout command without a heap, and how they install;
#                     carveout doctor on device trees
#   remote            the client for remote processors, in user space, and its builds; the
#                     service for them as a program, with random inputs
#   kunit:BOARD       the KUnit suites; on a stock kernel those of driver/
#   kselftest:BOARD   the kselftest programs
#   share:BOARD       ... but for those that tools/testing/shares gives to other boards
#   others:BOARD      ... only those
#   compat:BOARD      ... built for the 32-bit architecture that its kernel also runs
#   hibernate:BOARD   the board hibernates, and boots again with other content in its RAM
#   importers:BOARD   drivers and tests of the kernel import buffers; libcamera uses them
#   remote:BOARD      remote processors of the board use the service, over rpmsg
#   cmem:BOARD        the programs of TI's CMEM use libticmem; CMEM_SOURCE=DIR has their source
#   instructions:lib  the instructions of lib/ are not more than recorded, with callgrind
#   instructions:users  ... those of a user of buffers, on a board that counts them
#   fresh:SUITE       README.md, followed on a clean machine of this Debian release
#   deb:SUITE         the packages, built, installed, used and purged on clean machines of it
#
# "build", "kunit", "kselftest", "compat", "hibernate", "importers", "cmem", "instructions",
# "fresh" and "deb" alone mean all of their lanes, "cores" all of remote:BOARD; "quick" those
# of make test, "all" those of make test-all, which are all but "fresh", "deb", "share" and
# "others". "rest" are those of "all" that are not quick, less the boards arm64-7-debug and
# versal-6.1-debug, which take long. See board.sh for the boards.
# Each lane leaves its logs in $O/log/LANE (":" becomes "=").
# ONLY="NAME..." runs just these kselftest programs or KUnit modules, EXCEPT="NAME..." all
# others.
# ROUNDS=N: kselftest programs run N per cent of the rounds of their loops. make test and
# .ci/run set it; make test-all and make recall do not.
# BEGIN_UNTIL=SECONDS since 1970: lanes that would probably end later are skipped.
# SLOWNESS=N: the machine takes N % of the durations in tools/testing/costs.
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
# The lanes for a newcomer: one of each kind, and only the test kernel that builds fast. The
# longest first: several run at a time.
QUICK=(build:arm64-6.12 build:arm64-6.1 build:x86_64-6.12 build:uml-6.12
	share:arm64-6.12 share:arm64-6.1 share:x86_64-6.12 libtest kunit:uml-6.12
	remote:versal-6.12 unit scripts remote)
# All boards, the slowest first: several run at a time.
ALL_BOARDS=(arm64-7-debug arm64-6.1-debug arm64-6.12-rt arm64-6.12-16k arm64-6.1
	arm64-6.12 arm64-7 x86_64-6.1 x86_64-6.12 x86_64-6.12-full uml-6.1 uml-6.12 uml-7)
COMPAT_BOARDS=(arm64-6.12 x86_64-6.12)
HIBERNATE_BOARDS=(x86_64-6.12)
# Debian's kernels for all machines. On arm64 a display is behind an IOMMU.
IMPORTER_BOARDS=(arm64-6.12 x86_64-6.12-full)
REMOTE_BOARDS=(versal-6.1-debug versal-6.1 versal-6.12)
# One has heaps of two memory types, the other one is fast.
CMEM_BOARDS=(arm64-6.12 uml-6.12)
SUITES=(bookworm trixie)
NO_TIME="no time left; make test-all runs it"
# A board sleeps about a third of its time.
PARALLEL=${PARALLEL:-$(($(nproc) + 1))}

# Reads lanes, and prints those of them that make test leaves out. Of the kselftest programs
# of a board that may be a part.
remaining()
{
	local lane

	while read -r lane; do
		case " ${QUICK[*]} " in
		*" $lane "*)			;;
		*" ${lane/#kselftest:/share:} "*)
						echo "${lane/#kselftest:/others:}" ;;
		*)				[[ $lane == *:@(arm64-7|versal-6.1)-debug ]] ||
							echo "$lane" ;;
		esac
	done
}

# expand_lanes WORD...: the lanes that they stand for, each on a line.
expand_lanes()
{
	local lane

	for lane in "$@"; do
		case $lane in
		build)		printf 'build:%s\n' "${BOARDS[@]}" ;;
		kunit)		printf 'kunit:%s\n' "${ALL_BOARDS[@]}" ;;
		kselftest)	printf 'kselftest:%s\n' "${ALL_BOARDS[@]}" ;;
		compat)		printf 'compat:%s\n' "${COMPAT_BOARDS[@]}" ;;
		hibernate)	printf 'hibernate:%s\n' "${HIBERNATE_BOARDS[@]}" ;;
		importers)	printf 'importers:%s\n' "${IMPORTER_BOARDS[@]}" ;;
		cores)		printf 'remote:%s\n' "${REMOTE_BOARDS[@]}" ;;
		cmem)		printf 'cmem:%s\n' "${CMEM_BOARDS[@]}" ;;
		instructions)	printf 'instructions:%s\n' lib users ;;
		fresh)		printf 'fresh:%s\n' "${SUITES[@]}" ;;
		deb)		printf 'deb:%s\n' "${SUITES[@]}" ;;
		quick)		printf '%s\n' "${QUICK[@]}" ;;
		all)		expand_lanes scripts unit libtest remote build intree kselftest \
					kunit compat hibernate importers cores cmem \
					instructions ;;
		rest)		expand_lanes all | remaining ;;
		*)		echo "$lane" ;;
		esac
	done
}

# --- Preparation: packages, kernels. Slow the first time, nothing later. ----

# prepare LANE...: packages and kernel sources come first. Then the processors build kernels
# while the network fetches the boards.
prepare()
{
	local needs word name packages=() sources=() boards=() kernels=() fetching

	needs=$(needs_of_all "$@")
	while read -r word name; do
		case $word:$name in
		packages:*)		packages+=("$name") ;;
		fetch:source:*)		sources+=("$name") ;;
		fetch:*)		boards+=("$name") ;;
		kernel:*)		kernels+=("$name") ;;
		esac
	done <<< "$needs"
	"$SCRIPTS/deps.sh" ${packages[@]+"${packages[@]}"}
	"$SCRIPTS/fetch.sh" ${sources[@]+"${sources[@]}"}
	"$SCRIPTS/fetch.sh" ${boards[@]+"${boards[@]}"} &
	fetching=$!
	"$SCRIPTS/kernel.sh" ${kernels[@]+"${kernels[@]}"}
	wait "$fetching"
}

# --- One lane: writes $dir/results -----------------------------------------

verdict()
{
	python3 "$SCRIPTS/verdict.py" "$@"
}

# failure NAME LOG: the result of a test that failed as its log says.
failure()
{
	printf 'fail\t%s\tsee %s\n' "$1" "$2"
	tail -n 25 "$2" | sed 's/^/\t/'
}

# failed DIR NAME LOG: the lane could not even be run.
failed()
{
	failure "$2" "$3" > "$1/results"
}

# built NAME LOG ARGUMENT...: the result of a run of build.sh.
built()
{
	if "$SCRIPTS/build.sh" "${@:3}" >"$2" 2>&1; then
		printf 'pass\t%s\t\n' "$1"
	else
		failure "$1" "$2"
	fi
}

lane_scripts()
{
	local rc=0

	"$SCRIPTS/scripts_test.py" >"$1/console.log" 2>&1 || rc=$?
	verdict tap scripts "$1/console.log" "$rc" > "$1/results"
}

lane_build()
{
	built "modules build without a warning" "$1/build.log" module "$2" > "$1/results"
}

lane_intree()
{
	local value

	for value in y m; do
		built "a kernel builds with the options = $value" "$1/$value.log" intree $value
	done > "$1/results"
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
	make -C "$TOP/tools/testing/tool" O="$O/build/tooltest" run >>"$1/console.log" 2>&1 || rc=$?
	make -C "$TOP/tools/testing/udmabuf" KSRC="$CARVEOUT_CACHE/source/6.12" \
		O="$O/build/udmabuftest" run >>"$1/console.log" 2>&1 || rc=$?
	verdict tap libtest "$1/console.log" "$rc" > "$1/results"
}

lane_remote()
{
	local rc=0

	make -C "$TOP/tools/testing/remote" KSRC="$CARVEOUT_CACHE/source/6.12" \
		O="$O/build/remote" run >"$1/console.log" 2>&1 || rc=$?
	make -C "$TOP/tools/testing/service" KSRC="$CARVEOUT_CACHE/source/6.12" \
		O="$O/build/service" run >>"$1/console.log" 2>&1 || rc=$?
	verdict tap remote "$1/console.log" "$rc" > "$1/results"
}

lane_instructions()
{
	local rc=0

	"$SCRIPTS/bench.sh" check "$2" >"$1/console.log" 2>&1 || rc=$?
	verdict tap "instructions:$2" "$1/console.log" "$rc" > "$1/results"
}

lane_fresh()
{
	local rc=0

	"$SCRIPTS/fresh.sh" "$2" "$1" >"$1/console.log" 2>&1 || rc=$?
	verdict tap "fresh:$2" "$1/console.log" "$rc" > "$1/results"
}

lane_deb()
{
	local rc=0

	"$SCRIPTS/packages.sh" "$2" "$1" >"$1/console.log" 2>&1 || rc=$?
	verdict tap "deb:$2" "$1/console.log" "$rc" > "$1/results"
}

# not_shared BOARD: the programs that make test runs on other boards.
not_shared()
{
	awk -v board="$1" '!/^(#|$)/ {
		for (i = 2; i <= NF && $i != board; i++)
			;
		if (i > NF)
			print $1
	}' "$TOP/tools/testing/shares" | xargs
}

lane_board()
{
	local dir=$1 kind=$2 initramfs dtb silence

	case $kind in
	share)		kind=kselftest EXCEPT=$(not_shared "$3")
			export EXCEPT ;;
	others)		kind=kselftest ONLY=${ONLY:-$(not_shared "$3")}
			export ONLY ;;
	esac
	board "$3"
	[ "$kind" != hibernate ] || board_with_swap "$dir"
	[ "$kind" != importers ] || board_with_importers
	[ "$kind" != kselftest ] || board_with_mended 2>"$dir/mended.log"
	[ "$kind" != remote ] || second=$dir/remote.log
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
	boot_logged "$dir" "$silence" "$initramfs" "$dtb"
	[ "$kind" != hibernate ] || resume_board "$dir" "$silence" "$initramfs" "$dtb"
	verdict board "$kind:$3" "$dir/console.log" > "$dir/results"
}

# boot_logged DIR SILENCE INITRAMFS DTB: boot the board, its console in DIR.
boot_logged()
{
	board_boot "$2" "$3" "$4" "" >>"$1/console.log" 2>&1 ||
		echo "(the board's run ended with status $?)" >> "$1/console.log"
}

# Boot a board that hibernated once more, with other content in its no-map memory, which
# the image does not have. It continues where it stopped, and so does its console.
resume_board()
{
	local dir=$1

	if ! grep -q '^carveout-test: end\|\] carveout-test: end' "$dir/console.log"; then
		board_forget "$dir"
		boot_logged "$@"
	fi
	rm -f "$dir/swap" "$dir/ram"
}

# The architecture of a lane's programs on this board; nothing if it has none.
programs_arch()
{
	case $1 in
	kselftest|share|others|hibernate|importers|remote|cmem)
							echo "$userarch" ;;
	compat)		echo "$compat" ;;
	esac
}

board_image()
{
	local target

	[[ $1 != @(kunit|remote) ]] || "$SCRIPTS/build.sh" bus "$board" >&2 || return
	"$SCRIPTS/build.sh" module "$board" >&2 || return
	[ "$1" != remote ] || "$SCRIPTS/build.sh" firmware "$board" >&2 || return
	[[ $1 != @(importers|cmem) ]] || "$SCRIPTS/build.sh" "$1" "$board" >&2 || return
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
	local lane target targets=()

	for lane in "$@"; do
		# Lanes without a board build their own files.
		[[ $lane == *:* && $lane != @(fresh|deb|instructions):* ]] || continue
		board "${lane#*:}"
		target=$(programs_arch "${lane%%:*}")
		[ -z "$target" ] || targets+=("$target")
	done
	for target in $(printf '%s\n' ${targets[@]+"${targets[@]}"} | sort -u); do
		build_programs "$target"
	done
}

# skip_lane LANE REASON: it is reported as skipped.
skip_lane()
{
	local lane=$1 dir=$LOGS/${1/:/=}

	rm -rf "$dir"
	mkdir -p "$dir"
	printf 'skip\t%s\t%s\n' 'the whole lane' "$2" > "$dir/results"
	touch "$DONE/${lane/:/=}"
	report_lane "$lane" "$dir/results" 0
}

run_lane()
{
	local lane=$1 dir=$LOGS/${1/:/=} start=$SECONDS

	rm -rf "$dir"
	mkdir -p "$dir"
	if ! time_for "$(cost lane "$lane")"; then
		skip_lane "$lane" "$NO_TIME"
		return
	fi
	if [[ $lane == cmem:* ]] && [ -z "${CMEM_SOURCE:-}" ]; then
		skip_lane "$lane" "CMEM_SOURCE=DIR does not name the source of TI's CMEM"
		return
	fi
	touch "$RUNNING/${lane/:/=}"
	case $lane in
	build:*)	lane_build "$dir" "${lane#*:}" ;;
	scripts)	lane_scripts "$dir" ;;
	fresh:*)	lane_fresh "$dir" "${lane#*:}" ;;
	instructions:*)	lane_instructions "$dir" "${lane#*:}" ;;
	deb:*)		lane_deb "$dir" "${lane#*:}" ;;
	intree)		lane_intree "$dir" ;;
	unit)		lane_unit "$dir" ;;
	libtest)	lane_libtest "$dir" ;;
	remote)		lane_remote "$dir" ;;
	*)		lane_board "$dir" "${lane%%:*}" "${lane#*:}" ;;
	esac || failed "$dir" "$lane" "$dir/lane.log"
	mv "$RUNNING/${lane/:/=}" "$DONE/"
	report_lane "$lane" "$dir/results" $((SECONDS - start))
}

mode=run
case ${1:-} in
--prepare|--plan|--seconds|--list)	mode=${1#--}; shift ;;
esac
[ $# -gt 0 ] || set -- all
mapfile -t lanes < <(expand_lanes "$@")
# A newcomer's lanes build the KUnit suites where one of them runs them; their other lanes
# build them everywhere.
export WITHOUT_SUITES=
if [ "$*" = quick ]; then
	for name in "${BOARDS[@]}"; do
		[[ " ${lanes[*]} " == *" kunit:$name "* ]] || WITHOUT_SUITES+=" $name"
	done
fi
[ "$mode" != list ] || { printf '%s\n' "${lanes[@]}"; exit; }
print_plan "${lanes[@]}"
[ "$mode" != seconds ] || echo "$PLANNED"
[[ $mode != @(plan|seconds) ]] || exit 0
choose_lanes "${lanes[@]}"
[ ${#CHOSEN[@]} = 0 ] || prepare "${CHOSEN[@]}"
[ "$mode" != prepare ] || exit 0

mkdir -p "$RUNNING" "$DONE"
trap 'rm -rf "$RUNNING" "$DONE"' EXIT
show_progress "${#lanes[@]}"
for lane in ${LATE[@]+"${LATE[@]}"}; do
	skip_lane "$lane" "$NO_TIME"
done
builds=() others=()
for lane in ${CHOSEN[@]+"${CHOSEN[@]}"}; do
	case $lane in
	build:*)	builds+=("$lane") ;;
	*)		others+=("$lane") ;;
	esac
done
at_a_time "$PARALLEL" run_lane ${builds[@]+"${builds[@]}"}
build_all_programs ${others[@]+"${others[@]}"}
at_a_time "$PARALLEL" run_lane ${others[@]+"${others[@]}"}
end_progress
results=()
for lane in "${lanes[@]}"; do
	results+=("$LOGS/${lane/:/=}/results")
done
verdict summary "${results[@]}"
