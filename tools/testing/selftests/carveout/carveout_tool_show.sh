#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154,SC2317 # set by a sourced file; called by name
#
# The output of the carveout command on a real heap: agreement of picture and
# figures, JSON, text and buffers of other users. TAP on standard output.

# shellcheck source=tools/testing/selftests/carveout/carveout_tool_lib.sh
. "$(dirname "$0")/carveout_tool_lib.sh"

map_agrees_with_info()
{
	run 0 alloc "$H" $T.1 20K && run 0 alloc "$H" $T.2 4K && run 0 rm "$H" $T.1 &&
	run 0 map -b "$H" && has "$out" "heap $H: $(figure size) in " &&
	has "$out" "used $(figure used) (" && has "$out" "free $(figure free)," &&
	has "$out" "largest hole $(figure 'largest hole')," &&
	has "$out" "fragmentation $(figure fragmentation)$N" &&
	carveout info -b "$H" | awk '$1 ~ /^[0-9]+$/ { print $4 - $5, $7 }' > "$TMP/left" &&
	tenths=$(awk '{ free += $1; large += $2 }
		END { printf "%d", (free - large) * 1000 / free }' "$TMP/left") &&
	same fragmentation "$(figure fragmentation)" "$((tenths / 10)).$((tenths % 10))%" &&
	same "sum of the regions" \
		"$(awk '/^region/ { sub(/.*: /, ""); sum += $1 } END { printf "%d", sum }' "$TMP/out")" \
		"$(figure size)" &&
	same "sum of the used memory of the regions" \
		"$(awk '/^region/ { sub(/.*, used /, ""); sum += $1 } END { printf "%d", sum }' "$TMP/out")" \
		"$(figure used)" && run 0 rm "$H" $T.2
}

map_shows_buffers()
{
	run 0 alloc "$H" $T.small 4K && run 0 alloc "$H" $T.big 260K --align 256K &&
	run 0 map "$H" --cell 64K && has "$out" "  $T.small " &&
	mark=$(awk -v tag=$T.big '$2 == tag { print $1 }' "$TMP/out") &&
	has "$out" "$mark###+" && same "rows with the mark $mark" \
		"$(grep '^  0x' "$TMP/out" | grep -c "|.*[$mark].*|")" 1 &&
	same place "$(awk -v tag=$T.big '$2 == tag { print $4 }' "$TMP/out")" \
		"$(column $T.big 3)" && run 0 rm "$H" $T.big $T.small &&
	run 0 map "$H" && has_not "$out" $T
}

map_shows_gaps()
{
	carveout info -b "$H" | awk '$1 ~ /^[0-9]+$/ { print $3, $4 }' | sort > "$TMP/regions"
	run 0 map -b "$H" && end= || return
	while read -r base size; do
		if [ -n "$end" ] && [ $((base)) -gt "$end" ]; then
			has "$out" "-- gap of $((base - end)), not part" || return
		fi
		end=$((base + size))
	done < "$TMP/regions"
	[ -n "$end" ]
}

# Every cell stands for its bytes: the rows have as many cells as the region
# needs, and the cells that are drawn as used cover the used memory.
map_cells_add_up()
{
	run 0 alloc "$H" $T.1 1M && run 0 alloc "$H" $T.2 12K || return
	for options in "" "--width 40" "--width 133" "--cell 16K"; do
		# shellcheck disable=SC2086 # several options
		try 0 map -b "$H" $options || return
		awk '
			function finish() {
				if (!size)
					return
				if (cells != int((size + cell - 1) / cell))
					bad("cells: " cells " of " cell " for " size)
				if (full * cell > used + cell || (full + partly) * cell < used)
					bad("used: " full " + " partly " cells of " cell " for " used)
			}
			function bad(why) { print why; failed = 1 }
			/^region/ {
				finish()
				size = $0; sub(/.*: /, "", size); size += 0
				used = $0; sub(/.*, used /, "", used); used += 0
				cell = $NF + 0
				cells = full = partly = 0
				regions++
			}
			/^  0x/ {
				split($0, part, "|")
				if ($1 != sprintf("0x%0" length($1) - 2 "x", cells * cell))
					bad("row " $1 " after " cells " cells of " cell)
				cells += length(part[2])
				full += gsub(/#/, "", part[2])
				partly += gsub(/[^.]/, "", part[2])
			}
			END { finish(); exit failed || !regions }
		' "$TMP/out" || { echo "with '$options'"; return 1; }
	done
	run 0 rm "$H" $T.1 $T.2
}

map_in_ascii()
{
	run 0 alloc "$H" $T 4K && run 0 map "$H" &&
	same "a row of more than 80 columns" \
		"$(awk '/^  0x/ && length > 80' "$TMP/out")" "" &&
	same "text that is not ASCII" "$(tr -d '\n -~' < "$TMP/out")" "" &&
	run 0 map --width 40 "$H" && same "a row of more than 40 columns" \
		"$(awk '/^  0x/ && length > 40' "$TMP/out")" "" &&
	LC_ALL=C.UTF-8 run 0 map "$H" && has "$out" "$(printf '\302\267')" &&
	has_not "$out" "$(printf '\033')" && run 0 rm "$H" $T
}

map_many_buffers()
{
	tags=
	i=0
	while [ $i -lt 60 ]; do
		carveout alloc "$H" $T.$i 4K >/dev/null || return
		tags="$tags $T.$i"
		i=$((i + 1))
	done
	run 0 map "$H" && has "$out" "  * several begin" &&
	same "lines of the legend" "$(grep -c " $T\.[0-9]" "$TMP/out")" 52 &&
	has "$out" "and 8 smaller buffers: see 'carveout ls $H'" &&
	run 0 ls "$H" && same "lines of ls" "$(grep -c "^$T\.[0-9]" "$TMP/out")" 60 &&
	run 0 map "$H" --cell 4K && has_not "$out" "several begin" || return
	# shellcheck disable=SC2086 # several tags
	run 0 rm "$H" $tags
}

json_is_valid()
{
	echo '{"a": [1, {"b": "\"", "c": null}], "d": {}}' > "$TMP/good"
	echo '{"a": [1, {"b": """, "c": null}], "d": {}}' > "$TMP/bad"
	echo '{"a": [1, {"b": "\""} "c"], "d": {}}' > "$TMP/worse"
	echo '{"a": [1, ], "d": {}}' > "$TMP/worst"
	json "$TMP/good" || return
	for file in bad worse worst; do
		if json "$TMP/$file" >/dev/null; then
			echo "the check of JSON took: $(cat "$TMP/$file")"
			return 1
		fi
	done
	run 0 alloc "$H" $T 4K --label 'a "b" \c [{,' || return
	for arguments in "ls $H" "ls" "info $H" "info"; do
		# shellcheck disable=SC2086 # several arguments
		try 0 $arguments --json && json "$TMP/out" || return
	done
	take_output && has "$out" '"name": "'"$H"'"' && has "$out" '"used": '"$(figure used)" &&
	run 0 ls "$H" --json && has "$out" '"tag": "'"$T"'"' &&
	has "$out" '"label": "a \"b\" \\c [{,"' && has "$out" '"mode": "0600"' &&
	has "$out" "\"size\": $PAGE" && run 1 ls --json no-heap && json "$TMP/out" &&
	run 0 rm "$H" $T
}

# The name of a program is its user's choice. Its control characters must not
# reach the terminal.
hostile_names()
{
	escape=$(printf '\033')
	evil="$TMP/${escape}[31m\\x"
	cp "$(command -v carveout)" "$evil" &&
	"$evil" alloc "$H" $T 4K >/dev/null || return
	for command in ls map "ls --json"; do
		# shellcheck disable=SC2086 # command and option
		run 0 $command "$H" && has_not "$out" "$escape" || return
	done
	run 0 ls "$H" && has "$out" '/\x1b[31m\x5cx' && run 0 ls --json "$H" &&
	has "$out" '"comm": "\u001b[31m\\x"' && json "$TMP/out" &&
	run 1 ls "$evil${escape}[2J" && has_not "$err" "$escape" && run 0 rm "$H" $T
}

other_user()
{
	make_nobody
	if ! as_other --help; then
		echo "SKIP no start-stop-daemon that can become another user"
		return 1
	fi
	run 0 alloc "$H" $T.own 4K --mode 0600 &&
	run 0 alloc "$H" $T.all 4K --mode 0644 &&
	same owner "$(column $T.all 4)" root || return
	chmod 600 "/dev/carveout/$H"
	as_other ls "$H"
	same "exit code" $? 1 && has "$err" "Permission denied" &&
	has "$err" "hint: owner and mode of the device node" || return
	chmod 666 "/dev/carveout/$H"
	as_other ls "$H" && has "$out" $T.all && has_not "$out" $T.own &&
	as_other cat "$H" $T.all || return
	as_other cat "$H" $T.own
	same "exit code of cat" $? 1 && has "$err" "open tag '$T.own': Permission denied" &&
	has "$err" "hint: the tag's mode" || return
	as_other write "$H" $T.all --file /dev/null
	same "exit code of write" $? 1 && has "$err" "Permission denied" || return
	as_other rm "$H" $T.all
	same "exit code of rm" $? 1 && has "$err" "hint: only the tag's owner" || return
	as_other info -b "$H" && same "base addresses" \
		"$(echo "$out" | awk '$1 ~ /^[0-9]+$/ && $3 != "-"')" "" &&
	as_other map "$H" && has_not "$out" " at 0x" && has_not "$out" $T.own &&
	has "$out" " unknown " && has_not "$out" " free  A-z" &&
	has "$out" "is not shown to you" && has_not "$err" "keeps changing" && run 0 info "$H" && has "$out" "  0x" &&
	run 0 rm "$H" $T.own $T.all && chmod "$MODE" "/dev/carveout/$H"
}

COMMAND_ONLY="map_cells_add_up map_in_ascii map_many_buffers json_is_valid"

tap map_agrees_with_info map_shows_buffers map_shows_gaps \
	map_cells_add_up map_in_ascii map_many_buffers json_is_valid hostile_names other_user \
	nothing_left
