#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# fuzz.sh [INPUT]: fuzz the heap of lib/ for FUZZ_TIME seconds (60) on JOBS
# processes; or replay one input and name its operations.
#
# Inputs that reached something new stay in $O/fuzz/corpus for the next run,
# inputs that found something in $O/fuzz/found. The last line but one says how
# many operations were run, the last one how many processes ended well.

# shellcheck source=tools/testing/scripts/common.sh
. "$(dirname "$0")/common.sh"

FUZZ_TIME=${FUZZ_TIME:-60}
FUZZ=$O/fuzz
LOGS=$O/log/fuzz
PROGRAM=$O/build/fuzz/heap_fuzz

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

	mkdir -p "$FUZZ/seeds" "$FUZZ/corpus" "$FUZZ/found"
	for seed in "${SEEDS[@]}"; do
		hex=${seed// /}
		# shellcheck disable=SC2001,SC2059 # the format is the bytes
		printf "$(sed 's/../\\x&/g' <<< "$hex")" > "$FUZZ/seeds/$hex"
	done
}

# fuzz_process NUMBER
fuzz_process()
{
	"$PROGRAM" -max_total_time="$FUZZ_TIME" -max_len=256 -len_control=0 -timeout=20 \
		-reload=1 -print_final_stats=0 -verbosity=0 \
		-artifact_prefix="$FUZZ/found/" "$FUZZ/corpus" "$FUZZ/seeds" \
		>"$LOGS/$1.log" 2>&1
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
	CARVEOUT_FUZZ_TRACE=1 exec "$PROGRAM" "$1"
}

"$SCRIPTS/deps.sh" build fuzz
make -s --no-print-directory -C "$TOP/tools/testing/fuzz" O="$O/build/fuzz" >&2
[ $# = 0 ] || replay "$1"

rm -rf "$LOGS"
mkdir -p "$LOGS"
write_seeds
pids=()
for ((i = 1; i <= JOBS; i++)); do
	fuzz_process "$i" &
	pids+=($!)
done
say "  fuzzing: $JOBS processes, $FUZZ_TIME s"
for ((i = 1; i <= JOBS; i++)); do
	if wait "${pids[i - 1]}"; then
		printf 'pass\tprocess %d\t\n' "$i"
	else
		finding "$i"
	fi
done > "$LOGS/results"
cat "$LOGS"/*.log | awk '/^operations: / { sum += $2 }
	END { printf "%d operations were run and judged\n", sum }'
python3 "$SCRIPTS/verdict.py" summary "$LOGS/results"
