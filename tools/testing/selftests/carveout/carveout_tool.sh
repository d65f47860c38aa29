#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154,SC2317 # set by a sourced file; called by name
#
# The carveout command on a real heap: its actions, good and bad input, exit
# codes. TAP on standard output.

# shellcheck source=tools/testing/selftests/carveout/carveout_tool_lib.sh
. "$(dirname "$0")/carveout_tool_lib.sh"

usage_without_arguments()
{
	run 2 && same stdout "$out" "" && has "$err" "usage: carveout COMMAND" &&
	run 0 --help && same stderr "$err" "" && has "$out" "usage: carveout COMMAND" &&
	run 0 help && has "$out" "usage: carveout COMMAND"
}

help_of_every_command()
{
	run 0 --help && list=$out || return
	for command in ls info map alloc write cat rm link setattr resize top doctor \
		'pool create' 'pool ls' 'pool info' 'pool acquire' 'pool release' \
		'pool destroy'; do
		# shellcheck disable=SC2086 # two words
		run 0 $command --help && same stderr "$err" "" &&
		has "$out" "usage: carveout $command" &&
		has "$list" "$N  $command" || return
		cat "$TMP/out" >> "$TMP/help"
	done
	same "a line of more than 80 columns" "$(awk 'length > 80' "$TMP/help")" "" &&
	run 0 help ls && has "$out" "usage: carveout ls"
}

bad_command_lines()
{
	long=$(printf '%064d' 0)
	run 2 frobnicate && has "$err" "no command 'frobnicate'" &&
	run 2 help frobnicate &&
	run 2 ls --frobnicate && has "$err" "carveout: ls: " &&
	run 2 ls a b && has "$err" "too many arguments" &&
	run 2 alloc "$H" $T && has "$err" "too few arguments" &&
	run 2 alloc "$H" "a/b" 4K && has "$err" "'a/b' is not a tag" &&
	run 2 alloc "$H" "" 4K && has "$err" "is not a tag" &&
	run 2 alloc "$H" "$long" 4K && has "$err" "is not a tag" &&
	run 2 alloc "$H" $T 0 && has "$err" "at least one byte" &&
	run 2 alloc "$H" $T -1 && run 2 alloc "$H" $T 4Q &&
	run 2 alloc "$H" $T 4Kx && run 2 alloc "$H" $T "" &&
	run 2 alloc "$H" $T 0x && run 2 alloc "$H" $T " 4K" &&
	run 2 alloc "$H" $T 99999999999999999999 && has "$err" "is too large" &&
	run 2 alloc "$H" $T 16777216T && has "$err" "is too large" &&
	run 2 alloc "$H" $T 4K --align 3 && has "$err" "not a power of two" &&
	run 2 alloc "$H" $T 4K --align 0 &&
	run 2 alloc "$H" $T 4K --attr fast && has "$err" "no attribute 'fast'" &&
	run 2 alloc "$H" $T 4K --attr cached, &&
	run 2 alloc "$H" $T 4K --mode 8 && run 2 alloc "$H" $T 4K --mode 1777 &&
	run 2 alloc "$H" $T 4K --label "$long" && has "$err" "label" &&
	run 2 alloc "$H" $T 4K --label "$(printf 'a\033b')" && has "$err" "label" &&
	has "$err" '\x1b' &&
	run 2 map "$H" --width 39 && run 2 map "$H" --width 1001 &&
	run 2 map "$H" --width 8x && run 2 map "$H" --cell 3K &&
	run 2 write "$H" && run 2 cat "$H" && run 2 rm "$H" &&
	run 2 rm "$H" a/b && unlisted $T
}

unknown_heap()
{
	for command in "ls" "info" "map"; do
		run 1 $command no-heap && same stdout "$out" "" &&
		has "$err" "carveout: no-heap: open /dev/carveout/no-heap: No such file" &&
		has "$err" "hint: these heaps exist:" && has "$err" " $H" || return
	done
	run 1 alloc no-heap $T 4K && run 1 cat no-heap $T &&
	run 1 write no-heap $T && run 1 rm no-heap $T
}

not_a_heap()
{
	run 1 ls /dev/null && has "$err" "not a carveout heap" &&
	run 1 ls "$TMP/none" && has "$err" "No such file" &&
	run 0 ls "/dev/carveout/$H"
}

no_heaps()
{
	mkdir "$TMP/empty"
	CARVEOUT_DIR=$TMP/empty run 1 ls && has "$err" "no heap here" &&
	CARVEOUT_DIR=$TMP/none run 1 map && has "$err" "No such file" &&
	has "$err" "hint: is carveout.ko loaded"
}

# A set-uid program does not open the files that its caller chooses.
set_uid_ignores_the_environment()
{
	mkdir "$TMP/evil" && : > "$TMP/evil/$H" && chmod 755 "$TMP" "$TMP/evil" &&
	cp "$(command -v carveout)" "$TMP/evil/carveout" && make_nobody || return
	for mode in 4755 755; do
		chmod $mode "$TMP/evil/carveout"
		CARVEOUT_DIR=$TMP/evil start-stop-daemon -S -c nobody \
			-x "$TMP/evil/carveout" -- info "$H" >"$TMP/out" 2>"$TMP/err"
		got=$?
		# The same program without the bit does.
		[ $mode = 4755 ] || { same "exit code without set-uid" $got 1; return; }
		cat "$TMP/err"
		same "exit code" $got 0 && has "$(cat "$TMP/out")" "$H" || return
	done
}

lost_output()
{
	for command in ls info map --help; do
		carveout $command >/dev/full 2>"$TMP/err"
		same "exit code of $command" $? 1 &&
		has "$(cat "$TMP/err")" "No space left on device" || return
	done
}

# A command that fails leaves no buffer behind: the next one finds the tag free.
lost_output_of_alloc()
{
	for stdout in /dev/full closed; do
		if [ $stdout = closed ]; then
			carveout alloc "$H" $T 4K >&- 2>"$TMP/err"
		else
			carveout alloc "$H" $T 4K >$stdout 2>"$TMP/err"
		fi
		same "exit code with $stdout" $? 1 &&
		has "$(cat "$TMP/err")" "carveout: standard output: " &&
		has "$(cat "$TMP/err")" "hint: the tag '$T' is removed again" &&
		unlisted $T && used_is "$USED" || return
	done
	# A buffer that was there before stays.
	run 0 alloc "$H" $T 4K || return
	carveout alloc "$H" $T 4K --open >/dev/full 2>"$TMP/err"
	same "exit code of --open" $? 1 && same tag "$(column $T 1)" $T &&
	run 0 rm "$H" $T || return
	carveout alloc "$H" $T 4K --hold >/dev/full 2>"$TMP/err"
	same "exit code of --hold" $? 1 && unlisted $T
}

ls_of_one_and_of_all()
{
	run 0 ls "$H" && has "$out" "TAG " && has "$out" "REGION+OFFSET" &&
	run 0 ls || return
	if [ "$HEAPS" = "$H" ]; then
		has "$out" "TAG "
		return
	fi
	for heap in $HEAPS; do
		has "$N$out" "$N$heap " || return
	done
}

info_of_one_and_of_all()
{
	run 0 info "$H" && same heaps "$(echo "$out" | grep -c '^heap ')" 1 &&
	has "$out" "heap $H" && has "$out" "fragmentation" &&
	has "$out" "not in a region's largest hole" && has "$out" "capabilities  tags" &&
	has "$out" "your quota    0 used, no limit" &&
	run 0 info && same heaps "$(echo "$out" | grep -c '^heap ')" \
		"$(echo "$HEAPS" | wc -w)" &&
	same "used and free" $(($(figure used) + $(figure free))) "$(figure size)"
}

alloc_shows_in_ls()
{
	before=$(figure used)
	run 0 alloc "$H" $T.a $((PAGE + 904)) --label "front camera" --mode 0640 &&
	has "$out" "$H: created '$T.a': $(kib 2) at " && has "$out" "generation" &&
	same size "$(column $T.a 2)" $((2 * PAGE)) && same mode "$(column $T.a 6)" 0640 &&
	same references "$(column $T.a 8)" 1 &&
	same flags "$(column $T.a 9)" persist &&
	run 0 ls "$H" && has "$out" "front camera" && has "$out" "/carveout " &&
	has "$out" " $(kib 2) " && used_is $((before + 2 * PAGE)) &&
	run 0 rm "$H" $T.a && same output "$out$err" "" && unlisted $T.a &&
	used_is "$before"
}

alloc_twice()
{
	run 0 alloc "$H" $T 4K && run 1 alloc "$H" $T 4K && same stdout "$out" "" &&
	has "$err" "carveout: $H: allocate '$T' with 4K: File exists$N" &&
	has "$err" "hint: the tag exists" && run 0 rm "$H" $T
}

alloc_open()
{
	run 0 alloc "$H" $T "$(kib 2)" --open && has "$out" ": created '$T'" &&
	run 0 alloc "$H" $T "$(kib 1)" --open && has "$out" ": opened '$T': $(kib 2)" &&
	run 1 alloc "$H" $T "$(kib 3)" --open && has "$err" "File exists" &&
	has "$err" "hint: the tag's buffer does not satisfy the request" && run 0 rm "$H" $T
}

alloc_persists()
{
	run 0 alloc "$H" $T 4K && place=$(column $T 3) && generation=$(column $T 7) &&
	try 0 cat "$H" $T && same place "$(column $T 3)" "$place" &&
	run 0 rm "$H" $T && run 1 rm "$H" $T &&
	has "$err" "carveout: $H: remove tag '$T': No such file or directory" &&
	run 0 alloc "$H" $T 4K && [ "$(column $T 7)" -gt "$generation" ] &&
	run 0 rm "$H" $T
}

alloc_mode()
{
	umask 077
	run 0 alloc "$H" $T.x 4K --mode 0666 && run 0 alloc "$H" $T.d 4K &&
	same mode "$(column $T.x 6)" 0666 && same mode "$(column $T.d 6)" 0600 &&
	run 0 rm "$H" $T.x $T.d
}

alloc_from_region()
{
	carveout info "$H" | awk '$1 ~ /^[0-9]+$/ { print $1, $2 }' > "$TMP/regions"
	[ -s "$TMP/regions" ] || { echo "info shows no regions"; return 1; }
	while read -r index name; do
		run 0 alloc "$H" $T 4K --region "$index" &&
		has "$out" " $(kib 1) at $name+0x" && run 0 rm "$H" $T &&
		run 0 alloc "$H" $T 4K --region "$name" &&
		has "$out" " $(kib 1) at $name+0x" && run 0 rm "$H" $T || return
	done < "$TMP/regions"
	run 1 alloc "$H" $T 4K --region 63 && has "$err" "no region '63'" &&
	run 1 alloc "$H" $T 4K --region nowhere && has "$err" "no region 'nowhere'" &&
	run 1 alloc "$H" $T 4K --region "" && unlisted $T
}

alloc_by_attribute()
{
	fits=0
	for attr in cached writecombine uncached pages; do
		if carveout info "$H" | grep -q "^ *[0-9].*[ ,]$attr\(,\|\$\)"; then
			fits=$((fits + 1))
			run 0 alloc "$H" $T 4K --attr $attr && has "$out" "$attr" &&
			run 0 rm "$H" $T || return
		else
			run 1 alloc "$H" $T 4K --attr $attr &&
			has "$err" "hint: no region qualifies" || return
		fi
	done
	[ $fits -gt 0 ] && run 1 alloc "$H" $T 4K --attr cached,uncached &&
	has "$err" "hint: no region qualifies" && run 2 alloc "$H" $T 4K --attr 0x20 &&
	unlisted $T
}

alloc_aligned()
{
	run 0 alloc "$H" $T.1 4K && run 0 alloc "$H" $T.2 4K --align 64K &&
	place=$(column $T.2 3) && same "offset in 64K" $((${place#*+} % 65536)) 0 &&
	run 0 rm "$H" $T.1 $T.2
}

alloc_too_large()
{
	before=$(figure used)
	run 1 alloc "$H" $T $(($(figure size) + 1)) && same stdout "$out" "" &&
	has "$err" "No space left on device" && has "$err" "hint: " &&
	has "$err" "the largest hole has" &&
	run 1 alloc "$H" $T 4K --max-addr 1 &&
	has "$err" "not at the requested alignment or address" && unlisted $T &&
	used_is "$before" &&
	run 0 alloc "$H" $T "$(figure 'largest hole')" && run 0 rm "$H" $T
}

hold_until_killed()
{
	before=$(figure used)
	hold $T && has "$(cat "$TMP/hold")" "process $holder holds '$T'" &&
	same flags "$(column $T 9)" - && has "$(column $T 10)" "$holder/" &&
	drop "$holder" && soon unlisted $T &&
	soon used_is "$before"
}

rm_while_held()
{
	hold $T && generation=$(column $T 7) && run 0 rm "$H" $T &&
	unlisted $T && run 1 cat "$H" $T && run 0 ls "$H" &&
	has "$(echo "$out" | awk '$1 == "-" { print " " $7 " " }')" " $generation " &&
	run 0 alloc "$H" $T 4K && run 0 rm "$H" $T && drop "$holder"
}

rm_goes_on()
{
	run 0 alloc "$H" $T.1 4K && run 0 alloc "$H" $T.2 4K &&
	run 1 rm "$H" $T.1 $T.none $T.2 && has "$err" "remove tag '$T.none'" &&
	has "$err" "hint: 'carveout ls $H' lists the tags" &&
	unlisted $T.1 && unlisted $T.2
}

write_and_cat()
{
	size=$((4 * PAGE))
	run 0 alloc "$H" $T $size && head -c $size /dev/urandom > "$TMP/in" &&
	run 0 write "$H" $T && has "$out" "$size bytes written to '$T' at offset 0" &&
	try 0 cat "$H" $T && cmp "$TMP/in" "$TMP/out" &&
	try 0 cat "$H" $T --offset $((PAGE - 96)) --size 200 &&
	dd if="$TMP/in" bs=1 skip=$((PAGE - 96)) count=200 2>/dev/null | cmp - "$TMP/out" &&
	run 0 cat "$H" $T -o $size && same output "$out" "" &&
	run 0 write "$H" $T --file /dev/null && has "$out" ": 0 bytes" &&
	try 0 cat "$H" $T && cmp "$TMP/in" "$TMP/out" && run 0 rm "$H" $T
}

write_at_offset()
{
	run 0 alloc "$H" $T $((2 * PAGE)) && printf 'hello' > "$TMP/in" &&
	run 0 write "$H" $T --offset "$(printf '0x%x' $((PAGE - 2)))" &&
	printf 'X' > "$TMP/file" &&
	run 0 write "$H" $T -o $((2 * PAGE - 1)) -f "$TMP/file" &&
	{ head -c $((PAGE - 2)) /dev/zero; printf 'hello'; head -c $((PAGE - 4)) /dev/zero
		printf 'X'; } > "$TMP/want" &&
	try 0 cat "$H" $T && cmp "$TMP/want" "$TMP/out" && run 0 rm "$H" $T
}

write_that_does_not_fit()
{
	run 0 alloc "$H" $T 4K && tr '\0' x < /dev/zero | head -c $((PAGE + 1)) > "$TMP/in" &&
	run 1 write "$H" $T && has "$err" "room for $PAGE bytes at offset 0" &&
	has "$err" "hint: nothing was written" &&
	try 0 cat "$H" $T && same "what is not zero" "$(tr -d '\0' < "$TMP/out")" "" &&
	run 1 write "$H" $T --offset "$(kib 1)" --file "$TMP/in" &&
	has "$err" "room for 0 bytes" || return
	mkfifo "$TMP/pipe"
	cat "$TMP/in" > "$TMP/pipe" 2>/dev/null &
	run 1 write "$H" $T --offset $((PAGE - 1)) --file "$TMP/pipe" &&
	has "$err" "room for 1 bytes" && has "$err" "the first 1 bytes were written" &&
	try 0 cat "$H" $T && same text "$(tr -d '\0' < "$TMP/out" | tail -c 1)" x &&
	run 0 rm "$H" $T
}

write_bad_input()
{
	run 0 alloc "$H" $T 4K && run 1 write "$H" $T --file "$TMP/none" &&
	has "$err" "$TMP/none: open: No such file" &&
	run 1 write "$H" $T --file "$TMP" && has "$err" "read: Is a directory" &&
	run 1 write "$H" $T --offset $((PAGE + 1)) &&
	has "$err" "offset $((PAGE + 1)) is beyond '$T', which has $PAGE bytes" &&
	run 0 rm "$H" $T
}

cat_hex()
{
	run 0 alloc "$H" $T 4K && printf 'carve\033out!~\177\377' > "$TMP/in" &&
	run 0 write "$H" $T -o 8 && run 0 cat "$H" $T --hex &&
	same dump "$out" "$(cat <<-END
		00000000  00 00 00 00 00 00 00 00  63 61 72 76 65 1b 6f 75  |........carve.ou|
		00000010  74 21 7e 7f ff 00 00 00  00 00 00 00 00 00 00 00  |t!~.............|
		00000020  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|
		*
		$(printf '%08x' "$PAGE")
	END
	)" && run 0 cat "$H" $T -x -o 16 -s 3 && same dump "$out" "$(cat <<-'END'
		00000010  74 21 7e                                          |t!~|
		00000013
	END
	)" && run 0 rm "$H" $T
}

cat_bad_range()
{
	run 0 alloc "$H" $T 4K && run 1 cat "$H" $T -o $((PAGE + 1)) && same stdout "$out" "" &&
	has "$err" "offset $((PAGE + 1)) is beyond '$T'" &&
	run 1 cat "$H" $T -o $((PAGE - 96)) -s 97 && same stdout "$out" "" &&
	has "$err" "has only 96 bytes from offset $((PAGE - 96))" &&
	run 1 cat "$H" $T -s 0xffffffffffffffff && run 0 rm "$H" $T || return
	run 0 alloc "$H" $T 4K
	carveout cat "$H" $T >/dev/full 2>"$TMP/err"
	same "exit code" $? 1 && has "$(cat "$TMP/err")" "No space left" &&
	run 0 rm "$H" $T
}

unknown_tag()
{
	for command in cat write; do
		run 1 $command "$H" no-tag && same stdout "$out" "" &&
		same "first line" "${err%%"$N"*}" \
			"carveout: $H: open tag 'no-tag': No such file or directory" &&
		has "$err" "hint: 'carveout ls $H' lists the tags" || return
	done
}

COMMAND_ONLY="usage_without_arguments help_of_every_command bad_command_lines \
	unknown_heap no_heaps lost_output set_uid_ignores_the_environment \
	ls_of_one_and_of_all write_bad_input cat_hex cat_bad_range unknown_tag"

tap usage_without_arguments help_of_every_command bad_command_lines \
	unknown_heap not_a_heap no_heaps lost_output lost_output_of_alloc \
	set_uid_ignores_the_environment ls_of_one_and_of_all \
	info_of_one_and_of_all alloc_shows_in_ls alloc_twice alloc_open \
	alloc_persists alloc_mode alloc_from_region alloc_by_attribute \
	alloc_aligned alloc_too_large hold_until_killed rm_while_held \
	rm_goes_on write_and_cat write_at_offset write_that_does_not_fit \
	write_bad_input cat_hex cat_bad_range unknown_tag nothing_left
