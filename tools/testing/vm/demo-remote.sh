# shellcheck shell=dash disable=SC2034 # the commands shown use the variables
# SPDX-License-Identifier: GPL-2.0
#
# The demonstration of remote processors: Linux and two Cortex-R5 share buffers by name.
# Sourced by demo-init. The cores have a log of their own on the second serial port, which
# demo.sh prints beside the console.

# === Orders to a core ==========================================================

# The firmware creates a buffer from which it takes orders: struct r5_control in
# tools/testing/remote/r5/control.h. These are offsets of its members.
RUNS=4 ASKED=12 COMMAND=20

# words TAG OFFSET COUNT: words of a buffer, as numbers with blanks.
words()
{
	carveout cat shared "$1" -o "$2" -s $((4 * $3)) 2>/dev/null | od -An -tu4
}

# word NUMBER: four bytes, the lowest one first.
word()
{
	# shellcheck disable=SC2059 # the format has the bytes
	printf "$(printf '\\%03o\\%03o\\%03o\\%03o' $(($1 & 255)) $(($1 >> 8 & 255)) \
		$(($1 >> 16 & 255)) $(($1 >> 24 & 255)))"
}

zeros()
{
	head -c "$1" /dev/zero
}

put()
{
	carveout write shared "$1" -o "$2" > /dev/null || fail "no order can be given in $1"
}

# is_answered TAG NUMBER: the order with this number was carried out; its result is in $status.
is_answered()
{
	local number="$2"

	# From "asked" and "answered" to "status".
	# shellcheck disable=SC2046 # several words
	set -- $(words "$1" $ASKED 7)
	status=${7:-}
	[ "${1:-}" = "$number" ] && [ "${2:-}" = "$number" ]
}

# give CONTROL COMMAND FROM TO SIZE: give an order and wait until it is carried out.
give()
{
	local number

	number=$(($(words "$1" $ASKED 1) + 1))
	{
		word "$2"; zeros 8; word "$5"; zeros 8
		printf %s "$3"; zeros $((64 - ${#3}))
		printf %s "$4"; zeros $((64 - ${#4}))
	} | put "$1" $COMMAND
	word $number | put "$1" $ASKED
	becomes_true "no answer in $1" is_answered "$1" $number
	[ "$status" = 0 ]
}

# The command "order": order CORE print TAG | append TAG [SIZE] | fill TAG SIZE
order()
{
	local control=r5.control

	[ "$1" = r5-0 ] || control=r5b.control
	case $2 in
	print)	give $control 8 "$3" '' 0 ;;
	append)	give $control 7 '' "$3" "${4:-0}" ;;
	fill)	give $control 4 '' "$3" "$4" ;;
	esac
}

runs()
{
	# Without a buffer there is no word.
	[ $(($(words "$1" $RUNS 1) + 0)) = "$2" ]
}

# wait_core CONTROL RUNS: the firmware was started for that time, and takes orders.
wait_core()
{
	becomes_true "no start $2 of the core with $1" runs "$1" "$2"
	give "$1" 0 '' '' 0 || fail "the core with $1 takes no order"
}

# === The board =================================================================

# The rpmsg bus is older than the demonstration.
while read -r module args; do
	# shellcheck disable=SC2086 # several arguments
	insmod "/modules/$module.ko" $args || fail "no module $module"
done < /etc/drivers

# remoteproc DEVICE: its folder. The number does not follow that of the core.
remoteproc()
{
	dirname "$(grep -lx "$1" /sys/class/remoteproc/*/name)"
}

# frame_is LINE...: the text of r5.frame, as Linux sees it.
frame_is()
{
	[ "$(carveout cat shared r5.frame | tr -d '\0')" = "$(printf '%s\n' "$@")" ] ||
		fail "other bytes are in r5.frame"
}

say 'Linux and two Cortex-R5 share one heap, which Linux serves over rpmsg.'
show insmod /modules/carveout.ko
show insmod /modules/carveout_rpmsg.ko
insmod /modules/carveout_r5.ko || fail "no driver of the cores"
core0=$(remoteproc ffa80000.r5)
core1=$(remoteproc ffa90000.r5)
debug0=/sys/kernel/debug/remoteproc/${core0##*/}

say 'A process of Linux allocates a buffer with a name and writes into it.'
show carveout alloc shared config 64K --mode 0644
show 'echo "written by Linux" | carveout write shared config'

say 'The first R5 starts. On the right is its own log, from its own serial port.'
show "echo start > $core0/state"
wait_core r5.control 1

say 'It takes orders from its buffer r5.control. It finds config by name.'
show order r5-0 print config

say 'It allocates r5.frame and writes. A process of Linux reads the same memory.'
show order r5-0 append r5.frame 65536
show carveout cat shared r5.frame
frame_is 'r5-0 was here'

say 'The second R5 starts, opens r5.frame by name and appends a line.'
show "echo start > $core1/state"
wait_core r5b.control 1
show order r5-1 append r5.frame
show carveout cat shared r5.frame
frame_is 'r5-0 was here' 'r5-1 was here'

say 'The first one allocates 1 MiB more, and writes to it without end.'
show order r5-0 fill r5.scratch 1048576
show carveout map shared -c 16K
full=$(used shared)

say 'It crashes. Linux resets and restarts it, and then releases r5.scratch.'
show "echo 1 > $debug0/crash"
wait_core r5.control 2
wait_used shared $((full - 1048576))

say 'The second R5 has kept r5.frame, so the first one finds it again.'
show order r5-0 append r5.frame
show order r5-0 print r5.frame
frame_is 'r5-0 was here' 'r5-1 was here' 'r5-0 is back'
show carveout map shared -c 16K

say 'Both stop. The persistent tags are removed. Nothing is left in use.'
show "echo stop > $core0/state"
show "echo stop > $core1/state"
show carveout rm shared config r5.control r5b.control
wait_used shared 0
show carveout map shared -c 64K
show cat /sys/kernel/debug/carveout/shared/check
