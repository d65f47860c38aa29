#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2154,SC2317 # set by a sourced file; called by name
#
# The carveout command on a real heap: pools, and changes of tags and buffers. TAP on
# standard output.

# shellcheck source=tools/testing/selftests/carveout/carveout_tool_lib.sh
. "$(dirname "$0")/carveout_tool_lib.sh"

# free_blocks N: the pool has that many
free_blocks()
{
	same "free blocks" "$(carveout pool info "$H" $T | awk '$1 == "free" { print $2 }')" "$1"
}

# acquire: hold a block in the background; its process is $holder
acquire()
{
	: > "$TMP/hold"
	carveout pool acquire "$H" $T > "$TMP/hold" 2> "$TMP/hold.err" &
	holder=$!
	echo $holder >> "$TMP/holders"
}

# --- Pools -------------------------------------------------------------------

pool_create_shows()
{
	run 0 pool create "$H" $T 4K 8 --label "audio" --mode 0660 &&
	has "$out" "$H: created pool '$T': 8 blocks of 4K at " &&
	same flags "$(column $T 9)" persist,pool && same mode "$(column $T 6)" 0660 &&
	run 0 pool ls "$H" && has "$out" "HEAP " &&
	same line "$(echo "$out" | awk -v tag=$T '$2 == tag { print $1, $3, $4, $5, $6, $7, $8 }')" \
		"$H 4K 8 8 0 0 -" &&
	run 0 pool info "$H" $T && has "$out" "blocks        8 of 4K$N" &&
	run 0 pool info "$H" $T --json && json "$TMP/out" && has "$out" '"blocks": 8' &&
	try 0 pool ls --json && json "$TMP/out" &&
	run 1 pool create "$H" $T 4K 8 && has "$err" "hint: the tag exists" &&
	run 0 pool create "$H" $T 4K 4 --open && has "$out" "opened pool '$T': 8 blocks" &&
	run 1 pool create "$H" $T 8K 8 --open && has "$err" "File exists" &&
	run 0 pool destroy "$H" $T && same output "$out$err" "" && unlisted $T
}

pool_bad_command_lines()
{
	run 2 pool && has "$err" "'pool' is the first word of several commands" &&
	run 2 pool frobnicate && has "$err" "no command 'pool frobnicate'" &&
	run 2 help pool frobnicate && run 0 help pool ls && has "$out" "usage: carveout pool ls" &&
	run 2 pool create "$H" $T 4K && run 2 pool create "$H" $T 0 8 &&
	run 2 pool create "$H" $T 4K 0 && has "$err" "number of blocks '0' is not" &&
	run 2 pool create "$H" $T 4K 1048577 && run 2 pool create "$H" $T 4K -1 &&
	run 2 pool create "$H" $T 0xffffffffffffffff 2 && has "$err" "are too large" &&
	run 2 pool create "$H" a/b 4K 8 && run 2 pool info "$H" && run 2 pool destroy "$H" &&
	run 2 pool acquire "$H" && run 2 pool acquire -w x "$H" $T &&
	run 2 pool acquire -w -1 "$H" $T && run 2 pool acquire -w nan "$H" $T &&
	run 2 pool release "$H" $T 0 && run 2 pool release "$H" $T 0 0 && unlisted $T
}

pool_that_is_none()
{
	run 0 alloc "$H" $T 4K || return
	for command in info acquire destroy; do
		run 1 pool $command "$H" $T && same stdout "$out" "" &&
		has "$err" "carveout: $H: the buffer of tag '$T' is not a pool" &&
		run 1 pool $command "$H" no-tag && has "$err" "open tag 'no-tag': No such file" ||
		return
	done
	run 1 pool create "$H" $T 4K 1 --open && has "$err" "does not satisfy" &&
	run 1 pool ls no-heap && has "$err" "hint: these heaps exist:" && run 0 rm "$H" $T
}

pool_too_large()
{
	run 1 pool create "$H" $T "$(figure size)" 2 && has "$err" "No space left" &&
	has "$err" "the largest hole has" &&
	run 1 pool create "$H" $T 4K 1 --region nowhere && has "$err" "no region 'nowhere'" &&
	unlisted $T && used_is "$USED"
}

# The block is the command's: it has the descriptor, and the block is freed when it ends.
pool_acquire_runs_a_command()
{
	cat > "$TMP/command" <<-'END'
		echo "$CARVEOUT_BLOCK $CARVEOUT_OFFSET"
		[ "$CARVEOUT_SERIAL" -gt 0 ] && readlink /proc/self/fd/$CARVEOUT_POOL_FD
		carveout pool info "$@"
		exit 7
	END
	run 0 pool create "$H" $T 4K 2 &&
	run 7 pool acquire "$H" $T sh "$TMP/command" "$H" $T &&
	has "$out" "anon_inode:[carveout_pool]" && has "$out" "free          1$N" &&
	same block "${out%%"$N"*}" "0 0" && free_blocks 2 &&
	run 127 pool acquire "$H" $T "$TMP/none" && has "$err" "run: No such file" &&
	run 126 pool acquire "$H" $T "$TMP" && has "$err" "run: Permission denied" &&
	free_blocks 2 && run 0 pool destroy "$H" $T
}

pool_acquire_until_killed()
{
	run 0 pool create "$H" $T 4K 2 && acquire && soon grep -q "until it is killed" "$TMP/hold" &&
	has "$(cat "$TMP/hold")" "$H: block 0 of '$T', offset 0, serial " && free_blocks 1 &&
	run 0 pool ls "$H" && has "$out" " $holder/carveout:1" && drop "$holder" &&
	soon free_blocks 2 && run 0 pool destroy "$H" $T
}

pool_acquire_of_a_full_pool()
{
	run 0 pool create "$H" $T 4K 1 && acquire && soon grep -q "until it is killed" "$TMP/hold" &&
	run 1 pool acquire -n "$H" $T && same stdout "$out" "" &&
	has "$err" "acquire a block of pool '$T': Resource temporarily" &&
	has "$err" "hint: all blocks are in use" &&
	run 1 pool acquire -w 0.2 "$H" $T && has "$err" "timed out" || return
	first=$holder
	acquire
	soon waiters 1 && drop "$first" && soon grep -q "until it is killed" "$TMP/hold" &&
	drop "$holder" && soon free_blocks 1 && run 0 pool destroy "$H" $T
}

waiters()
{
	same waiters "$(carveout pool info "$H" $T | awk '$1 == "waiters" { print $2 }')" "$1"
}

pool_release_of_another_client()
{
	run 0 pool create "$H" $T 4K 1 && acquire && soon grep -q "until it is killed" "$TMP/hold" &&
	serial=$(sed -n 's/.* serial //p' "$TMP/hold") &&
	run 1 pool release "$H" $T 0 $((serial + 1)) && has "$err" "hint: the block is free, or" &&
	run 1 pool release "$H" $T 1 "$serial" && free_blocks 0 &&
	run 0 pool release "$H" $T 0 "$serial" && free_blocks 1 &&
	run 1 pool release "$H" $T 0 "$serial" && drop "$holder" && run 0 pool destroy "$H" $T
}

pool_destroy_ends_waits()
{
	run 0 pool create "$H" $T 4K 1 && acquire && soon grep -q "until it is killed" "$TMP/hold" ||
		return
	first=$holder
	acquire
	soon waiters 1 && run 0 pool destroy "$H" $T && wait "$holder"
	same "exit code of the waiter" $? 1 &&
	has "$(cat "$TMP/hold.err")" "hint: the pool was destroyed" && unlisted $T &&
	drop "$first" && soon used_is "$USED"
}

pool_as_other_user()
{
	make_nobody
	as_other --help || { echo "SKIP no start-stop-daemon that can become another user"; return 1; }
	run 0 pool create "$H" $T 4K 1 --mode 0644 && chmod 666 "/dev/carveout/$H" || return
	as_other pool info "$H" $T
	same "exit code of info" $? 1 && has "$err" "hint: the tag's mode" &&
	as_other pool ls "$H" && has "$out" " ? " && has "$out" "Permission denied" || return
	run 0 setattr "$H" $T --mode 0666 && as_other pool info "$H" $T && as_other pool ls "$H" || return
	as_other pool destroy "$H" $T
	same "exit code of destroy" $? 1 && has "$err" "hint: only the owner of the pool" &&
	run 0 pool destroy "$H" $T && chmod "$MODE" "/dev/carveout/$H"
}

# --- link --------------------------------------------------------------------

link_a_file()
{
	head -c $((PAGE + 5)) /dev/urandom > "$TMP/file"
	run 0 link "$H" $T --file "$TMP/file" --mode 0640 --label "new" &&
	has "$out" "$H: linked '$T', generation " && same size "$(column $T 2)" $((2 * PAGE)) &&
	same mode "$(column $T 6)" 0640 && same flags "$(column $T 9)" persist &&
	try 0 cat "$H" $T -s $((PAGE + 5)) && cmp "$TMP/file" "$TMP/out" &&
	old=$(column $T 7) && run 1 link "$H" $T --file "$TMP/file" &&
	has "$err" "link tag '$T': File exists" && has "$err" "hint: the tag exists; --replace" &&
	used_is $((USED + 2 * PAGE)) || return
	printf 'newer' > "$TMP/in"
	run 0 link "$H" $T --size "$(kib 1)" --replace && [ "$(column $T 7)" -gt "$old" ] &&
	same size "$(column $T 2)" "$PAGE" && try 0 cat "$H" $T -s 5 &&
	same content "$(cat "$TMP/out")" newer && used_is $((USED + PAGE)) && run 0 rm "$H" $T
}

link_bad_input()
{
	mkfifo "$TMP/pipe"
	echo x > "$TMP/pipe" &
	run 2 link "$H" $T --file "$TMP/pipe" && has "$err" "give --size" && wait
	head -c $((PAGE + 1)) /dev/zero > "$TMP/file"
	run 1 link "$H" $T --file "$TMP/file" --size "$(kib 1)" && has "$err" "does not fit" &&
	run 1 link "$H" $T --file "$TMP/none" && has "$err" "open: No such file" &&
	run 1 link "$H" $T --file "$TMP/file" --size "$(figure size)1" &&
	has "$err" "No space left" && run 2 link "$H" $T --fd 0 --size 4K &&
	run 2 link "$H" $T --fd x && run 2 link "$H" $T --fd 0:1 && run 2 link "$H" $T --fd 1: &&
	run 1 link "$H" $T --fd 0 && has "$err" "hint: the descriptor is no buffer of heap" &&
	run 1 link "$H" $T --fd 999 && has "$err" "Bad file descriptor" &&
	run 1 link "$H" $T --fd 1:999 && has "$err" "descriptor 999 of process 1" &&
	run 2 link "$H" a/b && run 2 link "$H" && unlisted $T && used_is "$USED"
}

# A process that waits for its input has a buffer without a tag.
link_a_descriptor()
{
	mkfifo "$TMP/pipe"
	carveout link "$H" $T.other --file "$TMP/pipe" --size 4K > "$TMP/hold" 2>&1 &
	holder=$!
	echo $holder >> "$TMP/holders"
	exec 7> "$TMP/pipe"
	soon buffer_of $holder && fd=$(buffer_of $holder) &&
	run 0 link "$H" $T --fd "$holder:$fd" && same flags "$(column $T 9)" persist &&
	run 1 link "$H" $T.2 --fd "$holder:$fd" && has "$err" "hint: a buffer is tagged at most once" ||
		return
	exec 7>&-
	wait $holder
	same "exit code of the other" $? 1 && has "$(cat "$TMP/hold")" "tagged at most once" &&
	same tag "$(column $T 1)" $T && run 0 rm "$H" $T
}

link_with_lost_output()
{
	echo x > "$TMP/file"
	carveout link "$H" $T --file "$TMP/file" >/dev/full 2>"$TMP/err"
	same "exit code" $? 1 && has "$(cat "$TMP/err")" "hint: the tag '$T' is removed again" &&
	unlisted $T || return
	carveout pool create "$H" $T 4K 2 >/dev/full 2>"$TMP/err"
	same "exit code of pool create" $? 1 &&
	has "$(cat "$TMP/err")" "hint: the tag '$T' is removed again" && unlisted $T
}

# --- setattr and resize ------------------------------------------------------

setattr_like_a_file()
{
	make_nobody
	run 0 alloc "$H" $T.1 4K && run 0 alloc "$H" $T.2 4K &&
	run 0 setattr "$H" $T.1 $T.2 --mode 0664 --owner nobody --group 7 &&
	same output "$out$err" "" &&
	same "owner, group, mode" "$(column $T.2 4) $(column $T.2 5) $(column $T.2 6)" "nobody 7 0664" &&
	run 0 setattr "$H" $T.1 -o 0 && same owner "$(column $T.1 4)" root &&
	same mode "$(column $T.1 6)" 0664 &&
	run 1 setattr "$H" $T.none $T.1 -m 0600 && has "$err" "change tag '$T.none': No such file" &&
	same "mode after an error" "$(column $T.1 6)" 0600 && run 0 rm "$H" $T.1 $T.2
}

setattr_bad_input()
{
	run 0 alloc "$H" $T 4K && run 2 setattr "$H" $T && has "$err" "nothing to change" &&
	run 2 setattr "$H" $T -o no-user && has "$err" "no user 'no-user'" &&
	run 2 setattr "$H" $T -g no-group && has "$err" "no group 'no-group'" &&
	run 2 setattr "$H" $T -o 4294967295 && run 2 setattr "$H" $T -o "" &&
	run 2 setattr "$H" $T -m 888 && run 2 setattr "$H" -m 600 &&
	same mode "$(column $T 6)" 0600 && make_nobody || return
	as_other --help || { echo "SKIP no start-stop-daemon that can become another user"; return 1; }
	chmod 666 "/dev/carveout/$H"
	as_other setattr "$H" $T -m 0666
	same "exit code" $? 1 && has "$err" "hint: the owner changes mode" &&
	run 0 rm "$H" $T && chmod "$MODE" "/dev/carveout/$H"
}

resize_keeps_the_content()
{
	run 0 alloc "$H" $T 4K && printf 'kept' > "$TMP/in" && run 0 write "$H" $T && : > "$TMP/in" &&
	old=$(column $T 7) && run 0 resize "$H" $T "$(kib 3)" &&
	has "$out" "$H: resized '$T': $(kib 3) at " && same size "$(column $T 2)" $((3 * PAGE)) &&
	[ "$(column $T 7)" -gt "$old" ] && try 0 cat "$H" $T && same content \
		"$(tr -d '\0' < "$TMP/out")" kept && same bytes "$(wc -c < "$TMP/out")" $((3 * PAGE)) &&
	run 0 resize "$H" $T 1 && same size "$(column $T 2)" "$PAGE" &&
	same references "$(column $T 8)" 1 && used_is $((USED + PAGE)) && run 0 rm "$H" $T
}

resize_that_fails()
{
	hold $T && run 1 resize "$H" $T 16K && has "$err" "Device or resource busy" &&
	has "$err" "hint: it is in use, or a pool" && same size "$(column $T 2)" \
		$(((8192 + PAGE - 1) / PAGE * PAGE)) && drop "$holder" && soon unlisted $T &&
	run 0 alloc "$H" $T 4K && run 1 resize "$H" $T "$(figure size)1" &&
	has "$err" "No space left" && has "$err" "hint: it neither grows" &&
	run 2 resize "$H" $T 0 && run 2 resize "$H" $T && run 1 resize "$H" no-tag 4K &&
	same size "$(column $T 2)" "$PAGE" && run 0 rm "$H" $T &&
	run 0 pool create "$H" $T 4K 1 && run 1 resize "$H" $T 8K && has "$err" "or a pool" &&
	run 0 pool destroy "$H" $T
}

COMMAND_ONLY="pool_create_shows pool_bad_command_lines pool_that_is_none pool_too_large \
	link_bad_input link_with_lost_output setattr_bad_input"

tap pool_create_shows pool_bad_command_lines pool_that_is_none pool_too_large \
	pool_acquire_runs_a_command pool_acquire_until_killed pool_acquire_of_a_full_pool \
	pool_release_of_another_client pool_destroy_ends_waits pool_as_other_user \
	link_a_file link_bad_input link_a_descriptor link_with_lost_output \
	setattr_like_a_file setattr_bad_input resize_keeps_the_content resize_that_fails \
	nothing_left
