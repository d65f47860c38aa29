#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# proof.sh [PROPERTY...]: check the properties in tools/testing/proof with CBMC, and those
# in tools/testing/proof/litmus with herd7; without an argument, all of them. A name is that
# of a harness without its ".c", or of a litmus test without its ".litmus".
#
# PROOF_LIB=DIR proves another copy of lib/, so that one can break it and look.
# The last line says how many properties hold. Logs are in $O/log/proof; that of a
# property that does not hold ends with the values that show it. A property is given to
# CBMC in one piece, or case by case where its harness lists cases. litmus.py gives a litmus
# test to herd7 with all its barriers, and without each of them. If herd7 or the kernel's
# model cannot be fetched, the tests that need it are skipped.

# shellcheck source=tools/testing/scripts/common.sh
. "$(dirname "$0")/common.sh"

PROOF=$TOP/tools/testing/proof
LITMUS=$PROOF/litmus
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

# report NAME STATUS START CLAIMS RUNS PROPERTY BOUNDS FAULT: the line of a property that is
# done, and its result for the summary.
report()
{
	printf '%s\t%s: %s\t%s\n' "$2" "$1" "$6" "$8" > "$LOGS/$1.result"
	printf '  %-4s %-19s %4ds %6d claims %3d runs  %s\n' "$2" "$1" $((SECONDS - $3)) "$4" "$5" \
		"$7" >&2
}

# One run for each case, up to the first that fails: the log is that of the last.
run_harness()
{
	local name=$1 log=$LOGS/$1.log start=$SECONDS status=pass claims=0 nr=0 defines why=

	while [ $status = pass ] && IFS= read -r defines; do
		why=$(run_case "$name" "$log" "$defines")
		[ -z "$why" ] || status=fail
		claims=$((claims + $(sed -n 's/^\*\* [0-9]* of \([0-9]*\) failed.*/\1/p' "$log" | grep . || echo 0)))
		nr=$((nr + 1))
	done < <(cases "$PROOF/$name.c")
	[ $nr != 0 ] || status=fail
	report "$name" $status $start $claims $nr "$(field Property "$PROOF/$name.c")" \
		"$(field Bounds "$PROOF/$name.c")" "$why"
}

# herd7 looks for the files of the kernel's model in the folder where it runs.
run_litmus()
{
	local name=$1 test=$LITMUS/$1.litmus log=$LOGS/$1.log start=$SECONDS status=pass rc=0
	local dir=$BUILD/$1 from=$BUILD model runs why=$no_herd

	model=$(field Model "$test")
	[ -n "$why" ] || [ "$model" != linux-kernel.cat ] || why=$no_kernel_model
	if [ -n "$why" ]; then
		status=skip
	else
		rm -rf "$dir"
		mkdir -p "$dir"
		[ "$model" != linux-kernel.cat ] || from=$KERNEL_MODEL
		(cd "$from" && python3 "$SCRIPTS/litmus.py" check "$test" "$dir" "$HERD7") \
			>"$log" 2>&1 || rc=$?
		if [ $rc != 0 ]; then
			status=fail
			why="exit code $rc, see $log
$(grep '^FAULT ' "$log" || tail -n 5 "$log")"
			why=${why//$'\n'/$'\n\t'}
		fi
		runs=$(sed -n 's/^TRIED //p' "$log")
	fi
	report "$name" $status $start "${runs:-0}" "${runs:-0}" "$(field Property "$test")" \
		"$model" "$why"
}

run_property()
{
	if [ -e "$LITMUS/$1.litmus" ]; then
		run_litmus "$1"
	else
		run_harness "$1"
	fi
}

# Every property, if none is named.
if [ $# = 0 ]; then
	mapfile -t names < <(cd "$PROOF" && grep -l '^ \* Property: ' ./*.c litmus/*.litmus |
		sed 's|.*/||; s|\.[a-z]*$||')
	set -- "${names[@]}"
fi
harnesses=0 tests=0 kernel_tests=0
for name in "$@"; do
	if [ -e "$LITMUS/$name.litmus" ]; then
		tests=$((tests + 1))
		[ "$(field Model "$LITMUS/$name.litmus")" != linux-kernel.cat ] || kernel_tests=1
	elif [ -e "$PROOF/$name.c" ]; then
		harnesses=$((harnesses + 1))
	else
		die "no property '$name' in $PROOF"
	fi
done
"$SCRIPTS/deps.sh" proof
[ $harnesses = 0 ] || "$SCRIPTS/fetch.sh" tool:cbmc
CBMC=${CBMC:-$CARVEOUT_CACHE/tool/cbmc/cbmc}
# The reasons for a skip.
no_herd=
no_kernel_model=
KERNEL_MODEL=$CARVEOUT_CACHE/source/6.12/tools/memory-model
[ $tests = 0 ] || [ -n "${HERD7:-}" ] || "$SCRIPTS/fetch.sh" tool:herd7 ||
	no_herd="herd7 cannot be fetched, see $CARVEOUT_CACHE/log/fetch-herd7.log"
[ $kernel_tests = 0 ] || "$SCRIPTS/fetch.sh" source:6.12 ||
	no_kernel_model="the model cannot be fetched, see $CARVEOUT_CACHE/log/fetch-6.12.log"
HERD7=${HERD7:-$CARVEOUT_CACHE/tool/herd7/herd7}
rm -rf "$LOGS"
mkdir -p "$LOGS" "$BUILD"
at_a_time "$JOBS" run_property "$@"
for name in "$@"; do
	cat "$LOGS/$name.result"
done > "$LOGS/results"
python3 "$SCRIPTS/verdict.py" summary "$LOGS/results"
