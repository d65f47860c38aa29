#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2317 # run by "soon" and "refused"
#
# The sample driver, samples/carveout: the code that users copy works. It uses
# all kinds of memory of a heap; the test also removes the heap from under it,
# and makes the heap after it.
#
# CARVEOUT_SAMPLE_KO is the module's file; otherwise /modules/carveout_sample.ko
# or the installed one. The board's device tree has the DT node "sample".

# shellcheck source=tools/testing/selftests/carveout/carveout_lib.sh
. "$(dirname "$0")/carveout_lib.sh"
# shellcheck source=tools/testing/selftests/carveout/carveout_page.sh
. "$(dirname "$0")/carveout_page.sh"

DEVICE=sample
SYSFS=/sys/bus/platform/devices/$DEVICE
DRIVER=/sys/bus/platform/drivers/carveout-sample
HEAPS=/sys/bus/platform/drivers/carveout
H=dsp
FRAMES=sample.frames
PARAMS=sample.params

for KO in "$CARVEOUT_SAMPLE_KO" /modules/carveout_sample.ko \
	"/lib/modules/$(uname -r)/updates/carveout_sample.ko"; do
	[ -n "$KO" ] && [ -e "$KO" ] && break
done
[ "$(id -u)" = 0 ] || skip_all "needs root"
[ -d $DEBUG ] || skip_all "carveout.ko is not loaded"
[ -e $SYSFS ] || skip_all "no sample device in this board's device tree"
[ -e "$KO" ] || skip_all "carveout_sample.ko is not to be found; set CARVEOUT_SAMPLE_KO"
PARAMS_SIZE=$(($(page_size) / 1024))K
HEAP_DEVICE=$(basename "$(readlink -f /sys/class/carveout/$H/device)")

# --- Helpers -----------------------------------------------------------------

# soon COMMAND...: it succeeds within ten seconds
soon()
{
	tries=0
	until "$@"; do
		tries=$((tries + 1))
		[ $tries -lt 100 ] || return
		usleep 100000
	done
}

# because MESSAGE FILE: print the reason, and a file about it, which may be
# empty
because()
{
	echo "$1"
	cat "$2"
}

# Commands that print the reason of a failure.

bound()
{
	[ -e "$DRIVER/$DEVICE" ] || echo "the driver does not have the device"
}

# more COUNTER: it grows
more()
{
	old=$(cat "$SYSFS/$1" 2>&1) || { echo "$old"; return; }
	soon grew "$1" "$old" || echo "$1 stays at $old"
}

grew()
{
	[ "$(cat "$SYSFS/$1")" -gt "$2" ]
}

# still COUNTER: it stops growing. A busy machine needs a while for that.
still()
{
	soon rests "$1" || echo "$1 still grows"
}

rests()
{
	old=$(cat "$SYSFS/$1")
	usleep 500000
	! grew "$1" "$old"
}

# set_params PERIOD WORK: numbers of microseconds, each as four octal bytes
set_params()
{
	# shellcheck disable=SC2059 # the bytes
	printf "$1$2" | carveout write $H $PARAMS > "$LOG" 2>&1 ||
		because "the parameters cannot be written" "$LOG"
}

ZERO='\000\000\000\000'
TENTH='\240\206\001\000'
MILLISECOND='\350\003\000\000'
LONG='\377\377\377\377'

# TAG SIZE MODE of the driver's tags
tags()
{
	carveout ls $H | awk '/^sample\./ { print $1, $2, $6 }' | sort
}

same()
{
	[ "$1" = "$2" ] || echo "'$1', not '$2'"
}

# Used memory of the heap, and the number of objects of each kind.
usage()
{
	cat $DEBUG/objects
	grep -E '^(used|spans|buffers|tags)\b' $DEBUG/$H/state
}

as_before()
{
	usage > "$LOG.now"
	cmp -s "$LOG.before" "$LOG.now"
}

nothing_left()
{
	soon as_before || diff "$LOG.before" "$LOG.now"
	tags
}

# tell DRIVER FILE DEVICE: bind or unbind
tell()
{
	echo "$3" > "$1/$2" 2> "$LOG" || because "no $2 of $3" "$LOG"
}

refused()
{
	! "$@" > "$LOG" 2>&1 || echo "not refused: $*"
}

# Memory that was in use may be freed a little later.
bind_heap()
{
	soon bind_heap_once || because "the heap is not bound" "$LOG"
}

bind_heap_once()
{
	echo "$HEAP_DEVICE" > "$HEAPS/bind" 2> "$LOG"
}

# The number of the newest frame with a stamp. It may be in any block: the block
# released last is acquired first, so after a burst others can stay free for
# long.
stamp()
{
	for block in 0 1 2 3 4 5 6 7; do
		carveout cat $H $FRAMES -o $((block * 16384)) -s 8 |
			hexdump -e '4/1 "%_p" " " 1/4 "%u" "\n"'
	done | sed -n 's/^FRAM //p' | sort -n | tail -n 1
}

newer_stamp()
{
	[ "$(stamp)" -gt "$1" ]
}

# --- Running ---------------------------------------------------------------

plan 21
usage > "$LOG.before"

why=$(insmod "$KO" 2>&1)
result "the driver takes its device" "$why$(bound)"
result "frames are done" "$(more frames)"
result "the device sees frames and descriptors" \
	"$(grep -q '^attachments *2$' $DEBUG/objects || dmesg | grep "frames are not mapped" ||
		cat $DEBUG/objects)"
result "frames and parameters have their tags" \
	"$(same "$(tags)" "$FRAMES 128K 0444$(printf '\n%s' "$PARAMS $PARAMS_SIZE 0644")")"

first=$(stamp)
result "a process sees a frame" "$([ -n "$first" ] ||
	{ echo "no stamp"; carveout cat $H $FRAMES -s 16 -x; })"
result "a process sees a newer one" "$(soon newer_stamp "${first:-0}" ||
	echo "$(stamp) does not follow $first")"

why=$(set_params $MILLISECOND $LONG)
result "without a block frames are dropped" "$why$(more dropped)"
result "meanwhile frames are done" "$(more frames)"
why=$(set_params $TENTH $ZERO)
result "no frame is dropped when there are blocks" "$why$(still dropped)"

result "carveout.ko stays as long as the driver is there" "$(refused rmmod carveout)"

# --- The driver is unbound and bound -----------------------------------------

why=$(tell $DRIVER unbind $DEVICE)
result "unbound, it leaves nothing" "$why$(nothing_left)"
why=$(tell $DRIVER bind $DEVICE)
result "bound again, it works" "$why$(bound)$(more frames)"

# Without a limit: hold a buffer until the process is killed.
hold()
{
	: > "$LOG.held"
	carveout alloc $H "$1" 4K --open --hold > "$LOG.held" 2>&1 &
	HOLDERS="$HOLDERS $!"
	soon grep -q holds "$LOG.held" || because "no process holds $1" "$LOG.held"
}

HOLDERS=
hold $FRAMES
hold $PARAMS
why=$(set_params $MILLISECOND $LONG; tell $DRIVER unbind $DEVICE
	same "$(tags)" "$PARAMS $PARAMS_SIZE 0644"
	tell $DRIVER bind $DEVICE; bound)
result "processes keep what they hold, meanwhile" "$why$(more dropped)"
# The buffers are released once the processes have exited.
# shellcheck disable=SC2086 # several words
kill -9 $HOLDERS
# shellcheck disable=SC2086 # several words
wait $HOLDERS 2>/dev/null

tell $DRIVER unbind $DEVICE
why=$(carveout alloc $H $PARAMS 4K 2>&1 > "$LOG"; set_params $MILLISECOND $LONG
	tell $DRIVER bind $DEVICE; bound)
result "parameters from before it was bound count" "$why$(more dropped)"
why=$(tell $DRIVER unbind $DEVICE; carveout rm $H $PARAMS)
result "it leaves them to their creator" "$why$(nothing_left)"

# --- The heap is unbound and bound -------------------------------------------

why=$(tell $DRIVER bind $DEVICE; more frames
	tell $HEAPS unbind "$HEAP_DEVICE"
	[ ! -e /dev/carveout/$H ] || echo "the heap still exists")
result "the heap is unbound, frames end" "$why$(still frames)$(more dropped)$(bound)"
result "memory of the driver is not allocated again" \
	"$(refused bind_heap_once)"
why=$(tell $DRIVER unbind $DEVICE; bind_heap; nothing_left
	tell $DRIVER bind $DEVICE; bound)
result "the heap is bound again, frames continue" "$why$(more frames)"
why=$(rmmod carveout_sample 2>&1)
result "removed, it leaves nothing" "$why$(nothing_left)"

tell $HEAPS unbind "$HEAP_DEVICE"
why=$(insmod "$KO" 2>&1
	[ ! -e "$DRIVER/$DEVICE" ] || echo "it has the device without a heap"
	grep -q "^$DEVICE\b.*no heap" /sys/kernel/debug/devices_deferred ||
		because "it is not deferred" /sys/kernel/debug/devices_deferred)
result "before the heap is bound, it waits" "$why"
why=$(bind_heap)
result "when the heap is bound, it starts" \
	"$why$(soon test -e "$DRIVER/$DEVICE"; bound)$(more frames)"
rmmod carveout_sample
rm -f "$LOG".*
finish
