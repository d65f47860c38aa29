#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# proof.sh [PROPERTY...]: check the properties in tools/testing/proof with CBMC;
# without an argument, all of them. A name is that of a harness without its ".c".
#
# PROOF_LIB=DIR proves another copy of lib/, so that one can break it and look.
# The last line says how many properties hold. Logs are in $O/log/proof; that of a
# property that does not hold ends with the values that show it. A property is given to
# CBMC in one piece, or case by case where its harness lists cases.

# shellcheck source=tools/testing/scripts/common.sh
. "$(dirname "$0")/common.sh"

PROOF=$TOP/tools/testing/proof
LOGS=$O/log/proof
BUILD=$O/build/proof
PROOF_LIB=${PROOF_LIB:-$TOP/lib}
# For one run, in seconds and KiB. More than that is a failure.
LIMIT=${PROOF_LIMIT:-400}
MEMORY=10000000

# field NAME FILE: a field of the comment at the top of a harness.
field()
{
	sed -n "s/^ \* $1: //p" "$2"
}

# The compiler's preprocessor, so that the stand-in for lib/carveout_lib.h is found
# first, as in the unit tests.
preprocess()
{
	local source=$1 out=$2

	shift 2
	gcc -E -std=gnu11 -I"$PROOF_LIB" -I"$TOP/tools/testing/shared" \
		-include "$TOP/tools/testing/shared/carveout_lib.h" \
		'-DEXPORT_SYMBOL_IF_KUNIT(symbol)=struct carveout_no_export' \
		"$@" "$source" -o "$out"
}

# cases HARNESS: the defines of each case, one a line; an empty line if there is one.
cases()
{
	if grep -q '^ \* Cases: ' "$1"; then
		field Cases "$1" | tr ';' '\n' | sed 's/^ *//; s/ *$//; /^$/d'
	else
		echo
	fi
}

# prove HARNESS DEFINE...: 0 if the property holds, 10 if not, else something went wrong.
prove()
{
	local harness=$PROOF/$1.c dir=$BUILD/$1 source
	local -a defines options

	shift
	rm -rf "$dir"
	mkdir -p "$dir"
	read -ra defines <<< "$(field Defines "$harness")"
	read -ra options <<< "$(field Options "$harness")"
	defines+=("$@")
	# It may be called like the source that it is about.
	preprocess "$harness" "$dir/harness.i" ${defines[@]+"${defines[@]}"}
	for source in $(field Sources "$harness"); do
		preprocess "$PROOF_LIB/$source" "$dir/${source%.c}.i" ${defines[@]+"${defines[@]}"}
	done
	ulimit -v $MEMORY
	exec timeout "$LIMIT" "$CBMC" "$dir"/*.i --unwinding-assertions --slice-formula \
		--drop-unused-functions --compact-trace "${options[@]}"
}

# run_case NAME LOG DEFINES: prints the fault, if there is one. A proof without a
# claim, or that stopped early, proves nothing.
run_case()
{
	local name=$1 log=$2 rc=0
	local -a defines

	read -ra defines <<< "$3"
	(prove "$name" ${defines[@]+"${defines[@]}"}) >"$log" 2>&1 || rc=$?
	if [ "$rc" != 0 ] || ! grep -qx 'VERIFICATION SUCCESSFUL' "$log" ||
	   ! grep -q "^\[main\.assertion\|^\[prove.*\.assertion" "$log"; then
		echo "${3:+case $3: }exit code $rc, see $log"
		grep -E ': (FAILURE|UNKNOWN|ERROR)$|rror:' "$log" | head -n 12 | sed 's/^/\t/' || true
	fi
}

# One run for each case, up to the first that fails: the log is that of the last.
run_property()
{
	local name=$1 log=$LOGS/$1.log start=$SECONDS status=pass claims=0 nr=0 defines why=

	while [ $status = pass ] && IFS= read -r defines; do
		why=$(run_case "$name" "$log" "$defines")
		[ -z "$why" ] || status=fail
		claims=$((claims + $(sed -n 's/^\*\* [0-9]* of \([0-9]*\) failed.*/\1/p' "$log" | grep . || echo 0)))
		nr=$((nr + 1))
	done < <(cases "$PROOF/$name.c")
	[ $nr != 0 ] || status=fail
	printf '%s\t%s: %s\t%s\n' $status "$name" "$(field Property "$PROOF/$name.c")" \
		"$why" > "$LOGS/$name.result"
	printf '  %-4s %-12s %4ds %6d claims %3d runs  %s\n' $status "$name" \
		$((SECONDS - start)) "$claims" $nr "$(field Bounds "$PROOF/$name.c")" >&2
}

[ $# -gt 0 ] || mapfile -t harnesses < <(cd "$PROOF" && grep -l '^ \* Property: ' ./*.c | sed 's|^\./||; s|\.c$||')
[ $# -gt 0 ] || set -- "${harnesses[@]}"
for name in "$@"; do
	[ -e "$PROOF/$name.c" ] || die "no property '$name' in $PROOF"
done
"$SCRIPTS/deps.sh" proof
"$SCRIPTS/fetch.sh" tool:cbmc
CBMC=${CBMC:-$CARVEOUT_CACHE/tool/cbmc/cbmc}
rm -rf "$LOGS"
mkdir -p "$LOGS" "$BUILD"
at_a_time "$JOBS" run_property "$@"
for name in "$@"; do
	cat "$LOGS/$name.result"
done > "$LOGS/results"
python3 "$SCRIPTS/verdict.py" summary "$LOGS/results"
