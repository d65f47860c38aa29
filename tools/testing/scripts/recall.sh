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
# First each lane runs without a bug and has to pass: a lane that is red anyway
# notices nothing.
#
# A plant that is caught is recorded in tools/testing/caught, with a digest of its
# inputs: the plant, the files that it changes, and the sources of the tests that
# it names (see plants.py). The record is part of the tree: commit it with the change that
# made the plants run again. It names no revision, so a rebase, a shallow clone or an
# uncommitted change makes no difference, and without a record a plant runs.
#
# RECALL_MINUTES=N: begin no plant after so many minutes. The rest is reported as
# skipped, and remains for a later --changed.

# shellcheck source=tools/testing/scripts/common.sh
. "$(dirname "$0")/common.sh"

PLANTED=$TOP/tools/testing/planted
WORK=$O/recall
COPY=$WORK/tree
RESULTS=$WORK/results
MINUTES=${RECALL_MINUTES:-0}
# Seconds of silence that end a board: one that hangs with a bug prints nothing.
SILENCE=${BOARD_SILENCE:-150}

# header FILE KEY: the values of a header, one a line.
header()
{
	sed -n "/^diff \|^--- /q; s/^\(# \)\?$2: //p" "$1"
}

# A copy of the tree. Files that do not change keep their time, so that only the
# files that a plant changes are built again.
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
	(cd "$COPY" && O=$WORK/out ONLY=$only BOARD_SILENCE=$SILENCE \
		tools/testing/scripts/test.sh "$@") >"$log" 2>&1
}

result()
{
	printf '%s\t%s\t%s\n' "$1" "$2" "${3:-}" >> "$RESULTS"
}

# The run of LANE and ONLY without a bug: once for each pair.
control()
{
	local lane=$1 only=$2 name log

	name=$(printf '%s' "control $lane $only" | tr -c 'A-Za-z0-9.\n-' '_')
	log=$WORK/$name.log
	[ ! -e "$log" ] || return 0
	fresh_copy
	# shellcheck disable=SC2086 # several lanes
	if run "$log" "$only" $lane; then
		printf '  %-40s passes without a bug\n' "$lane ${only:+($only)}"
		result pass "no bug: $lane $only"
	else
		printf '  %-40s FAILS without a bug\n' "$lane ${only:+($only)}"
		result fail "no bug: $lane $only" "see $log"
		tail -n 12 "$log" | sed 's/^/\t/' >> "$RESULTS"
	fi
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
		grep -aqsE -e "$regex" -- "$log" "$WORK"/out/log/*/* || echo "$regex"
	done
}

# missed NAME WHY LOG
missed()
{
	printf '  %-40s MISSED: %s\n' "$1" "$2"
	plants_py missed "$1"
	result fail "$1" "missed: $2 (see $3)"
}

plants_py()
{
	python3 "$SCRIPTS/plants.py" "$@"
}

try_plant()
{
	local file=$1 name lane only log missing digest

	name=$(basename "$file")
	lane=$(header "$file" Lane) only=$(header "$file" Only)
	log=$WORK/$name.log
	if [ -z "$lane" ] || [ -z "$(header "$file" Expect)" ]; then
		missed "$name" "the plant names no Lane or Expect" "$file"
		return
	fi
	control "$lane" "$only"
	fresh_copy
	# Of the copy: the tree may change meanwhile.
	digest=$(cd "$COPY" && plants_py digest "$name")
	rm -rf "$WORK/out/log"
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
	# With a lane that fails anyway that proves nothing.
	grep -qF "$(printf 'fail\tno bug: %s %s\t' "$lane" "$only")" "$RESULTS" ||
		plants_py caught "$name" "$digest"
}

# Is there time for one more plant?
time_left()
{
	[ "$MINUTES" = 0 ] || [ $SECONDS -lt $((60 * MINUTES)) ]
}

"$SCRIPTS/deps.sh" build recall
cd "$TOP"
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
mkdir -p "$WORK"
rm -f "$WORK"/*.log "$RESULTS"
: > "$RESULTS"
for file in "${plants[@]}"; do
	[ -e "$file" ] || continue
	if time_left; then
		try_plant "$file"
	else
		result skip "$(basename "$file")" "no time left; recall.sh --changed runs it"
	fi
done
python3 "$SCRIPTS/verdict.py" summary "$RESULTS"
