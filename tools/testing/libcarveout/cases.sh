# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0

# run_cases DIR NAME...: call each function in a condition, TAP on standard output. Its own
# output is in DIR, and shown if it fails. Returns 1 if one failed.
run_cases()
{
	local why=$1/why name number=0 failed=0

	mkdir -p "$1"
	shift
	echo "TAP version 13"
	echo "1..$#"
	for name in "$@"; do
		number=$((number + 1))
		if "$name" > "$why" 2>&1; then
			echo "ok $number $name"
		else
			echo "not ok $number $name"
			sed 's/^/# /' "$why"
			failed=1
		fi
	done
	return $failed
}
