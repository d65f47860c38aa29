#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# recall.sh [PLANT...]: do the tests notice bugs? Each file in
# tools/testing/planted/ puts one known bug into a copy of the tree; the lanes
# that it names are run there and have to fail, in the way that it expects.
# recall.sh --changed: only the plants that were not caught yet with the tests and
#   the code as they are now; see below.
# recall.sh --check: run nothing, print the faults of the plants: one that
#   does not apply, or names a lane or a test that does not exist.
#
# A plant is a patch (NAME.patch) or a script that edits the copy (NAME.sh). It
# says, each on a line of its own and in a script behind a "#":
#
#   Plant: the bug, in a line
#   Lane: LANE...        the lanes to run, as test.sh takes them
#   Only: NAME...        run only these programs or KUnit modules (optional)
#   Expect: REGEX        text in the output or a log of the run, one a line;
#                        all of them
#
# Plants that name the same lanes are a group. First the lanes of a group run without a
# bug, with the programs of all of its plants, and have to pass: a lane that is red anyway
# notices nothing. If they do not pass, the programs of each plant run without the bug by
# themselves. Several groups run at a time, each with a copy of the tree.
#
# A plant that is caught is recorded in tools/testing/caught, with a digest of its
# inputs: the plant, the files that it changes, and the sources of the tests that
# it names (see plants.py). The record is part of the tree: commit it with the change that
# made the plants run again. It names no revision, so a rebase, a shallow clone or an
# uncommitted change makes no difference, and without a record a plant runs.
#
# BEGIN_UNTIL=SECONDS since 1970: plants whose lanes would probably end later are skipped.
# They remain for a later --changed.

# shellcheck source=tools/testing/scripts/common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=tools/testing/scripts/plan.sh
. "$SCRIPTS/plan.sh"

PLANTED=$TOP/tools/testing/planted
WORK=$O/recall
RESULTS=$WORK/results
# A board sleeps about a third of its time.
GROUPS_AT_A_TIME=$(($(nproc) + 1))
# Seconds of silence that end a board: one that hangs with a bug prints nothing.
SILENCE=${BOARD_SILENCE:-150}

# header FILE KEY: the values of a header, one a line.
header()
{
	sed -n "/^diff \|^--- /q; s/^\(# \)\?$2: //p" "$1"
}

# enter_copy: use the first copy of the tree that no other group uses, until this shell ends.
# It has its own build output.
enter_copy()
{
	local number=1 lock

	while :; do
		exec {lock}> "$WORK/lock-$number"
		! flock -n "$lock" || break
		exec {lock}>&-
		number=$((number + 1))
	done
	COPY=$WORK/tree-$number OUT=$WORK/out-$number
}

# Files that do not change keep their time, so that only the files that a plant changes are
# built again.
fresh_copy()
{
	local out=${O#"$TOP"/}

	mkdir -p "$COPY"
	rsync -rlp --checksum --delete --exclude=/.git --exclude="/$out" --exclude=/out \
		"$TOP/" "$COPY/"
}

# run LOG ONLY LANE...: run lanes in the copy.
run()
{
	local log=$1 only=$2

	shift 2
	rm -rf "$OUT/log"
	(cd "$COPY" && O=$OUT ONLY=$only BOARD_SILENCE=$SILENCE BEGIN_UNTIL='' \
		tools/testing/scripts/test.sh "$@") >"$log" 2>&1
}

result()
{
	printf '%s\t%s\t%s\n' "$1" "$2" "${3:-}" >> "$RESULTS"
}

# control LANES ONLY: do the lanes pass without a bug? Each pair of arguments runs once.
control()
{
	local lanes=$1 only=$2 name log

	name=$(printf '%s' "control $lanes $only" | sha256sum)
	log=$WORK/control-${name%% *}.log
	[ ! -e "$log.passes" ] || return 0
	[ ! -e "$log" ] || return 1
	fresh_copy
	# shellcheck disable=SC2086 # several lanes
	run "$log" "$only" $lanes || {
		result fail "no bug: $lanes $only" "see $log"
		tail -n 12 "$log" | sed 's/^/\t/' >> "$RESULTS"
		return 1
	}
	touch "$log.passes"
	printf '  %-40s passes without a bug\n' "$lanes"
	result pass "no bug: $lanes $only"
}

# The programs that the plants FILE... name, each once; nothing if one of them needs all.
programs_of()
{
	local file

	for file in "$@"; do
		[ -n "$(header "$file" Only)" ] || return 0
	done
	for file in "$@"; do
		header "$file" Only
	done | tr ' ' '\n' | sort -u | paste -s -d ' '
}

# sound LANES ONLY ALL: do the lanes pass without a bug, with the programs ALL of a group, or
# with ONLY those of a plant?
sound()
{
	local lanes=$1 only=$2

	! control "$lanes" "$3" || return 0
	! control "$lanes" "$only" || return 0
	printf '  %-40s FAILS without a bug\n' "$lanes ${only:+($only)}"
	return 1
}

plant()
{
	case $1 in
	*.patch)	(cd "$COPY" && patch -s -p1 --no-backup-if-mismatch -F 0) < "$1" ;;
	*.sh)		(cd "$COPY" && bash -eu "$1") ;;
	esac
}

# Does the output contain all expected texts? Prints the missing ones.
unsaid()
{
	local plant=$1 log=$2 regex

	header "$plant" Expect | while read -r regex; do
		grep -aqsE -e "$regex" -- "$log" "$OUT"/log/*/* || echo "$regex"
	done
}

# Groups write the record at the same time.
plants_py()
{
	flock "$WORK/lock" python3 "$SCRIPTS/plants.py" "$@"
}

# missed NAME WHY LOG
missed()
{
	printf '  %-40s MISSED: %s\n' "$1" "$2"
	plants_py missed "$1"
	result fail "$1" "missed: $2 (see $3)"
}

# try_plant FILE PROGRAMS: PROGRAMS are those of its group.
try_plant()
{
	local file=$1 name lane only log missing digest

	name=$(basename "$file")
	lane=$(header "$file" Lane) only=$(header "$file" Only)
	log=$WORK/$name.log
	if ! sound "$lane" "$only" "$2"; then
		result fail "$name" "$lane fails without a bug"
		return
	fi
	fresh_copy
	# Of the copy: the tree may change meanwhile.
	digest=$(cd "$COPY" && python3 "$SCRIPTS/plants.py" digest "$name")
	if ! plant "$file" >"$log" 2>&1; then
		missed "$name" "the bug could not be planted" "$log"
		return
	fi
	# shellcheck disable=SC2086 # several lanes
	if run "$log" "$only" $lane; then
		missed "$name" "$lane passes" "$log"
		return
	fi
	missing=$(unsaid "$file" "$log")
	if [ -n "$missing" ]; then
		missed "$name" "$lane fails, but nothing says '${missing//$'\n'/\' or \'}'" "$log"
		return
	fi
	printf '  %-40s caught: %s\n' "$name" "$(header "$file" Plant)"
	result pass "$name"
	plants_py caught "$name" "$digest"
}

# lanes_cost LANE...: their seconds, on two idle processors.
lanes_cost()
{
	local lane seconds=0

	for lane in "$@"; do
		seconds=$((seconds + $(cost lane "$lane")))
	done
	echo "$seconds"
}

# try_group LANES: all plants that name these lanes.
try_group()
{
	local lanes=$1 file group=() programs seconds

	# shellcheck disable=SC2086 # several lanes
	seconds=$(lanes_cost $lanes)
	for file in "${plants[@]}"; do
		[ "$(header "$file" Lane)" != "$lanes" ] || group+=("$file")
	done
	programs=$(programs_of "${group[@]}")
	enter_copy
	for file in "${group[@]}"; do
		# Twice: the lanes run without the bug, too.
		if time_for $((2 * seconds)); then
			try_plant "$file" "$programs"
		else
			result skip "$(basename "$file")" "no time left; recall.sh --changed runs it"
		fi
	done
}

# The lanes of all groups, a group a line, the longest first: tools/testing/costs knows how
# long the lanes take.
group_lanes()
{
	local file count lanes

	for file in "${plants[@]}"; do
		header "$file" Lane
	done | sort | uniq -c | while read -r count lanes; do
		# shellcheck disable=SC2086 # several lanes
		echo "$((count * $(lanes_cost $lanes))) $lanes"
	done | sort -rn | cut -d ' ' -f 2-
}

"$SCRIPTS/deps.sh" build recall
cd "$TOP"
mkdir -p "$WORK"
plants=()
case ${1:-} in
--check)
	lanes=$("$SCRIPTS/test.sh" --list)
	# shellcheck disable=SC2086 # several lanes
	plants_py check $lanes
	exit ;;
--changed)
	changed=$(plants_py changed)
	# shellcheck disable=SC2086 # several plants
	set -- $changed
	[ $# -gt 0 ] || { echo "0 passed, 0 failed"; exit; } ;;
esac
for name in "$@"; do
	[ -e "$PLANTED/$name" ] || name=$(cd "$PLANTED" && echo "$name".*)
	[ -e "$PLANTED/$name" ] || die "no plant '$name' in $PLANTED"
	plants+=("$PLANTED/$name")
done
[ $# -gt 0 ] || plants=("$PLANTED"/*.patch "$PLANTED"/*.sh)
for file in "${plants[@]}"; do
	for key in Lane Expect; do
		[ -n "$(header "$file" $key)" ] || die "$file has no '$key:'"
	done
done
rm -f "$WORK"/*.log "$WORK"/*.passes "$RESULTS"
: > "$RESULTS"
mapfile -t lanes < <(group_lanes)
at_a_time "$GROUPS_AT_A_TIME" try_group "${lanes[@]}"
python3 "$SCRIPTS/verdict.py" summary "$RESULTS"
