#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# fuzz.sh [INPUT]: fuzz the heap of lib/ for FUZZ_TIME seconds (60) on JOBS
# processes, and the client for remote processors, their service and "carveout doctor"
# on one each; or replay one input and name its operations.
#
# Inputs that reached something new stay in $O/fuzz/corpus, $O/fuzz/remote,
# $O/fuzz/service and $O/fuzz/doctor for the next run, inputs that found something in
# $O/fuzz/found, those of the last three with a name that begins with remote-, service- or
# doctor-. The last line but one says how many operations of a heap were run, the
# last one how many processes ended well.

# shellcheck source=tools/testing/scripts/common.sh
. "$(dirname "$0")/common.sh"

FUZZ_TIME=${FUZZ_TIME:-60}
MAX_LEN=256
FUZZ=$O/fuzz
LOGS=$O/log/fuzz
PROGRAM=$O/build/fuzz/heap_fuzz
REMOTE=$O/build/remote/remote_fuzz
SERVICE=$O/build/service/service_fuzz
DOCTOR=$O/build/fuzz/doctor_fuzz

# The first inputs, in hex; their meaning is in the table of heap_fuzz.c. Few
# are needed: from these on the fuzzer finds the rest within seconds.
SEEDS=(
	"000003 0004 2003 0103 2180"		# bytes: alloc, free
	"058009 e009 e101 0a 0b"		# descriptors are asked for
	"3e0003 0221050302 0c000c 0d00"		# request, resize, remove, all checked
	"c104 05900090000005 a63f00 0602"	# an empty heap, regions that touch
	"c604 e74001 e78001 e79001 e7a001"	# many regions
)

write_seeds()
{
	local seed hex

	mkdir -p "$FUZZ"/{seeds,corpus,remote,service,doctor,trees,found}
	for seed in "${SEEDS[@]}"; do
		hex=${seed// /}
		# shellcheck disable=SC2001,SC2059 # the format is the bytes
		printf "$(sed 's/../\\x&/g' <<< "$hex")" > "$FUZZ/seeds/$hex"
	done
}

# The trees of the tests are the first inputs for doctor.
write_trees()
{
	local tree

	for tree in "$TOP"/tools/testing/libcarveout/doctor/*.dts; do
		(cd "$(dirname "$tree")" &&
			dtc -q -I dts -O dtb -o "$FUZZ/trees/$(basename "$tree" .dts).dtb" "$tree")
	done
}

# fuzz_process NUMBER PROGRAM PREFIX FOLDER...; with inputs of MAX_LEN bytes at most
fuzz_process()
{
	"$2" -max_total_time="$FUZZ_TIME" -max_len="$MAX_LEN" -len_control=0 -timeout=20 \
		-reload=1 -print_final_stats=0 -verbosity=0 \
		-artifact_prefix="$FUZZ/found/$3" "${@:4}" >"$LOGS/$1.log" 2>&1
}

# The findings of a process, as a row and its details.
finding()
{
	local log=$LOGS/$1.log input

	input=$(sed -n 's/.*Test unit written to //p' "$log" | tail -n 1)
	printf 'fail\tprocess %d\tsee %s\n' "$1" "$log"
	grep -E '^(divergence|ERROR)|ERROR: |runtime error' "$log" | head -n 3 | sed 's/^/\t/'
	[ -z "$input" ] || printf '\tinput:  %s\n\treplay: make fuzz INPUT=%s\n' "$input" "$input"
}

replay()
{
	case $1 in
	remote-*|*/remote-*)	exec "$REMOTE" "$1" ;;
	doctor-*|*/doctor-*)	exec "$DOCTOR" "$1" ;;
	service-*|*/service-*)	CARVEOUT_FUZZ_TRACE=1 exec "$SERVICE" "$1" ;;
	esac
	CARVEOUT_FUZZ_TRACE=1 exec "$PROGRAM" "$1"
}

"$SCRIPTS/deps.sh" build fuzz uml
"$SCRIPTS/fetch.sh" source:6.12
make -s --no-print-directory -C "$TOP/tools/testing/fuzz" O="$O/build/fuzz" \
	KSRC="$CARVEOUT_CACHE/source/6.12" all doctor >&2
make -s --no-print-directory -C "$TOP/tools/testing/remote" O="$O/build/remote" fuzz >&2
make -s --no-print-directory -C "$TOP/tools/testing/service" \
	KSRC="$CARVEOUT_CACHE/source/6.12" O="$O/build/service" fuzz >&2
[ $# = 0 ] || replay "$1"

rm -rf "$LOGS"
mkdir -p "$LOGS"
write_seeds
write_trees
pids=()
for ((i = 1; i <= JOBS; i++)); do
	fuzz_process "$i" "$PROGRAM" '' "$FUZZ/corpus" "$FUZZ/seeds" &
	pids+=($!)
done
fuzz_process "$i" "$REMOTE" remote- "$FUZZ/remote" &
pids+=($!)
# Each request takes several bytes.
MAX_LEN=512 fuzz_process $((i + 1)) "$SERVICE" service- "$FUZZ/service" &
pids+=($!)
MAX_LEN=4096 fuzz_process $((i + 2)) "$DOCTOR" doctor- "$FUZZ/doctor" "$FUZZ/trees" &
pids+=($!)
say "  fuzzing: ${#pids[@]} processes, $FUZZ_TIME s"
for ((i = 1; i <= ${#pids[@]}; i++)); do
	if wait "${pids[i - 1]}"; then
		printf 'pass\tprocess %d\t\n' "$i"
	else
		finding "$i"
	fi
done > "$LOGS/results"
cat "$LOGS"/*.log | awk '/^operations: / { sum += $2 }
	END { printf "%d operations were run and judged\n", sum }'
python3 "$SCRIPTS/verdict.py" summary "$LOGS/results"
