# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034 # used by the tests
#
# Shared code of the shell tests of the carveout driver: the kernel's log.
# For a POSIX shell; busybox will do.

# shellcheck source=tools/testing/selftests/carveout/carveout_tap.sh
. "$(dirname "$0")/carveout_tap.sh"

DEBUG=/sys/kernel/debug/carveout
LOG=/tmp/carveout-log.$$

# hex NUMBER: for the shell's arithmetic and for parameters.
hex()
{
	printf '0x%x' "$1"
}

# module_args: print the parameters of the loaded module.
module_args()
{
	for name in default regions; do
		value=$(cat /sys/module/carveout/parameters/$name)
		[ "$value" = "(null)" ] || printf ' %s=%s' "$name" "$value"
	done
}

# program_on HEAP PROGRAM: a test: the program passes on this heap. Its output is in $LOG.
program_on()
{
	why=
	CARVEOUT_HEAP=$1 "./$2" > "$LOG" 2>&1 || why=$(grep -v '^ok' "$LOG")
	grep -q '^ok [0-9]* [^#]*$' "$LOG" || why="$why no test of it passed"
	result "$1 $2" "$why"
}

finish()
{
	rm -f "$LOG"
	[ "$FAILED" = 0 ]
	exit
}

# log_save considers the lines of the kernel's log from here on.
log_mark()
{
	read -r up _ < /proc/uptime
	MARK="test mark $$.$TESTS.$up"
	echo "$MARK" > /dev/kmsg
}

# Keep the driver's lines since log_mark, without time stamps. A line is kept
# once, however often it was logged: some insmod commands try twice, with two
# system calls.
log_save()
{
	dmesg | awk -v mark="$MARK" '
		index($0, mark) { on = 1 }
		!on { next }
		{ sub(/^(\[[^]]*\] *)*/, "") }
		/^carveout[ :]/ && !seen[$0]++' > "$LOG"
}

# log_has COUNT PATTERN: exactly COUNT of the kept lines match; else prints why.
log_has()
{
	lines=$(grep -c -E -e "$2" "$LOG")
	[ "$lines" = "$1" ] && return
	echo "$lines lines in the log match '$2', not $1; the log says:"
	cat "$LOG"
}
