#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154,SC2317 # set by a sourced file; called by name
#
# The carveout command on a real heap: top, with the processes that hold buffers and blocks,
# and the picture as SVG. TAP on standard output.

# shellcheck source=tools/testing/selftests/carveout/carveout_tool_lib.sh
. "$(dirname "$0")/carveout_tool_lib.sh"

# top_cell N: a cell of the heap's line in $TMP/out
top_cell()
{
	awk -v heap="$H" -v n="$1" '$1 == heap { print $n; exit }' "$TMP/out"
}

# holders_of TAG: the holders in $TMP/out
holders_of()
{
	awk -v tag="$1" '$2 == tag { print $6; exit }' "$TMP/out"
}

top_agrees_with_info()
{
	run 0 alloc "$H" $T 20K && run 0 top --once -b "$H" && same stderr "$err" "" &&
	has "$out" "carveout top  " && same size "$(top_cell 2)" "$(figure size)" &&
	same used "$(top_cell 3)" "$(figure used)" && same rate "$(top_cell 7)" - &&
	same "high water" "$(top_cell 5)" "$(figure 'high water')" &&
	same "largest hole" "$(top_cell 6)" "$(figure 'largest hole')" &&
	same holders "$(holders_of $T)" tag &&
	run 0 top --once && same heaps \
		"$(awk 'NR > 3 && /^$/ { exit } NR > 3' "$TMP/out" | wc -l)" "$(echo "$HEAPS" | wc -w)" &&
	same "text that is not ASCII" "$(tr -d '\n -~' < "$TMP/out")" "" && run 0 rm "$H" $T
}

top_shows_holders()
{
	hold $T && run 0 top --once "$H" && same holders "$(holders_of $T)" "$holder/carveout" &&
	same "line of the process" \
		"$(awk -v pid="$holder" '$1 == pid { print $2, $3, $4, $5 }' "$TMP/out")" \
		"$(awk -F: '$3 == 0 { name = $1; exit } END { print name ? name : 0 }' /etc/passwd 2>/dev/null || echo 0) carveout $H 1" &&
	run 0 top --once --json "$H" && json "$TMP/out" && has "$out" "\"pid\": $holder," &&
	has "$out" '"rate": null' && has "$out" '"holders_complete": true' || return
	first=$holder
	hold $T.2 && run 0 top --once "$H" && same holders "$(holders_of $T)" "$first/carveout" &&
	same "holders of the second" "$(holders_of $T.2)" "$holder/carveout" &&
	drop "$first" && soon unlisted $T && run 0 top --once "$H" && has_not "$out" "$first/" &&
	drop "$holder" && soon unlisted $T.2
}

# A mapping without a descriptor is known by that of another process.
top_shows_mappings()
{
	run 0 alloc "$H" $T 4K || return
	begin mapper carveout_mapper "$H" $T && soon grep -q . "$TMP/mapper" &&
	read -r first second < "$TMP/mapper" &&
	soon mapped_by "$second" && same holders "$(holders_of $T)" \
		"tag,$first/carveout_mapper,$second/carveout_mapper" &&
	run 0 top --once --json "$H" && json "$TMP/out" && has "$out" '"mapped_only": true' &&
	has "$out" '"mapped_only": false' && drop "$first" && run 0 rm "$H" $T
}

mapped_by()
{
	run 0 top --once "$H" && has "$(holders_of $T)" "$1/" &&
	! buffer_of "$1"
}

# Looking for holders changes nothing: the buffer still ends with its process, and a look
# is no reference.
top_is_no_holder()
{
	hold $T && carveout top -n 5 -d 0.1 "$H" > "$TMP/out" &&
	same references "$(column $T 8)" 1 && drop "$holder" && soon unlisted $T && soon used_is "$USED"
}

top_shows_clients()
{
	run 0 pool create "$H" $T 4K 4 || return
	begin hold carveout pool acquire "$H" $T &&
	soon grep -q "until it is killed" "$TMP/hold" && run 0 top --once "$H" &&
	has "$out" " POOL " && same "pool, blocks, free, clients" \
		"$(awk -v tag=$T '/ POOL /, 0 { if ($2 == tag) print $4, $5, $8 }' "$TMP/out")" \
		"4 3 $holder/carveout:1" &&
	same blocks "$(awk -v pid="$holder" '$1 == pid { print $7, $8 }' "$TMP/out")" "1 1" &&
	run 0 top --once --json "$H" && json "$TMP/out" && has "$out" '"client": ' &&
	has "$out" '"blocks": 1' && drop "$holder" && run 0 pool destroy "$H" $T
}

top_shows_the_rate()
{
	begin top carveout top -n 2 -d 5 -b "$H" && soon grep -q "^HEAP" "$TMP/top" &&
	run 0 alloc "$H" $T 1M && wait "$holder" || return
	rate=$(awk -v heap="$H" '$1 == heap && $2 ~ /^[0-9]/ && NF == 9 { rate = $7 } END { print rate }' \
		"$TMP/top")
	rate=${rate#+}
	# The clock of an emulated board is late sometimes, never early.
	if [ "${rate:-0}" -lt 20000 ] || [ "$rate" -gt 209715 ]; then
		echo "a rate of $rate for 1M in 5 s"
		return 1
	fi
	run 0 rm "$H" $T
}

top_ends_with_a_signal()
{
	begin top carveout top -d 100 && soon grep -q "^HEAP" "$TMP/top" && kill "$holder" &&
	wait "$holder"
	same "exit code" $? 0
}

top_bad_input()
{
	run 2 top -d 0 && run 2 top -d x && run 2 top -d 1e9 && run 2 top -d nan && run 2 top -n 0 &&
	run 2 top -n x && run 2 top a b && run 1 top no-heap && same stdout "$out" "" &&
	has "$err" "carveout: no-heap: open /dev/carveout/no-heap: No such file" &&
	has "$err" "hint: these heaps exist:" &&
	run 1 top /dev/null && has "$err" "not a carveout heap" || return
	mkdir "$TMP/empty"
	CARVEOUT_DIR=$TMP/empty run 1 top && has "$err" "no heap here" || return
	for command in "top --once" "top --once --json" "top -d 0.1" "map --svg" "pool ls"; do
		# shellcheck disable=SC2086 # several arguments
		carveout $command >/dev/full 2>"$TMP/err"
		same "exit code of $command" $? 1 &&
		has "$(cat "$TMP/err")" "No space left on device" || return
	done
}

top_as_other_user()
{
	make_nobody
	as_other --help || { echo "SKIP no start-stop-daemon that can become another user"; return 1; }
	chmod 666 "/dev/carveout/$H"
	# start-stop-daemon does not start a program that runs.
	cp "$(command -v carveout)" "$TMP/other" && chmod 755 "$TMP" &&
	hold $T && run 0 setattr "$H" $T --mode 0644 || return
	start-stop-daemon -S -c nobody -x "$TMP/other" -- top --once "$H" >"$TMP/out" 2>"$TMP/err"
	same "exit code" $? 0 && take_output && same "holders without rights" "$(holders_of $T)" +1 &&
	has "$out" "which only CAP_SYS_PTRACE shows" && has_not "$out" "$holder/" &&
	drop "$holder" && chmod "$MODE" "/dev/carveout/$H"
}

map_as_svg()
{
	run 0 alloc "$H" $T 20K --label '<a href="x">&' && run 0 map --svg "$H" &&
	has "$out" '<svg xmlns="http://www.w3.org/2000/svg"' && has "$out" "</svg>" &&
	has "$out" "heap $H<" && has "$out" "<title>$T$N" &&
	has "$out" '&lt;a href=&quot;x&quot;&gt;&amp;' && has_not "$out" '<a ' &&
	has "$out" "prefers-color-scheme" && has_not "$out" "<script" &&
	for region in $(carveout info "$H" | awk '$1 ~ /^[0-9]+$/ { print $2 }'); do
		has "$out" " $region: " || return
	done &&
	run 0 map --svg && same documents "$(grep -c '^<svg' "$TMP/out")" 1 &&
	same heaps "$(grep -c '>heap ' "$TMP/out")" "$(echo "$HEAPS" | wc -w)" &&
	run 1 map --svg no-heap && same stdout "$out" "" && run 0 rm "$H" $T
}

COMMAND_ONLY="top_agrees_with_info top_shows_the_rate top_ends_with_a_signal top_bad_input \
	map_as_svg"

tap top_agrees_with_info top_shows_holders top_shows_mappings top_is_no_holder \
	top_shows_clients top_shows_the_rate top_ends_with_a_signal top_bad_input top_as_other_user map_as_svg \
	nothing_left
