# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Cases of a clean machine. A case is a function with its arguments: it passes, fails, or
# returns the status of skip. Sourced by newcomer.sh and packages.sh.

# skip REASON...: the case cannot be run here.
skip()
{
	echo "skip: $*"
	return 4
}

# run_cases DIR CASE...: run the cases, whose output is in DIR, and print TAP. A comment says
# how long each one has taken, and how long all so far: typing the same lines takes as long.
# DIR/seconds has the same, a case on each line.
run_cases()
{
	local dir=$1 name number=0 rc status=0 begun

	shift
	echo "TAP version 13"
	echo "1..$#"
	: > "$dir/seconds"
	for name in "$@"; do
		number=$((number + 1)) rc=0 begun=$SECONDS
		# errexit is off in a condition.
		# shellcheck disable=SC2086 # a name and its arguments
		(trap - EXIT; eval "$name") > "$dir/case-$number.log" 2>&1 </dev/null || rc=$?
		case $rc in
		0)	echo "ok $number $name" ;;
		4)	echo "ok $number $name # SKIP $(sed -n 's/^skip: //p' "$dir/case-$number.log")" ;;
		*)	tail -n 40 "$dir/case-$number.log" | sed 's/^/# /'
			echo "not ok $number $name"
			status=1 ;;
		esac
		echo "# $((SECONDS - begun)) s, $SECONDS s since the start"
		printf '%s\t%s\n' $((SECONDS - begun)) "$name" >> "$dir/seconds"
	done
	return $status
}

# spent DIR CASE...: the seconds that these have taken.
spent()
{
	local dir=$1

	shift
	awk -F '\t' -v cases=" $* " \
		'index(cases, " " $2 " ") { sum += $1 } END { print sum + 0 }' "$dir/seconds"
}
