# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034 # what the tests use
#
# What the shell tests of the carveout driver share: TAP, the kernel's log.
# For a POSIX shell; busybox will do.

DEBUG=/sys/kernel/debug/carveout
LOG=/tmp/carveout-log.$$
TESTS=0
FAILED=0

skip_all()
{
	echo "TAP version 13"
	echo "1..1"
	echo "ok 1 all # SKIP $*"
	exit 4
}

plan()
{
	echo "TAP version 13"
	echo "1..$1"
}

# result NAME WHY: a test is done; it has passed if WHY is empty.
result()
{
	TESTS=$((TESTS + 1))
	if [ -z "$2" ]; then
		echo "ok $TESTS $1"
		return
	fi
	FAILED=$((FAILED + 1))
	echo "$2" | sed 's/^/# /'
	echo "not ok $TESTS $1"
}

# hex NUMBER: for the shell's arithmetic and for parameters.
hex()
{
	printf '0x%x' "$1"
}

# module_args: print the parameters that the module was loaded with.
module_args()
{
	for name in default regions; do
		value=$(cat /sys/module/carveout/parameters/$name)
		[ "$value" = "(null)" ] || printf ' %s=%s' "$name" "$value"
	done
}

# program_on HEAP PROGRAM: a test: the program passes on this heap. In $LOG is what it says.
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

# From here on log_save looks at what is new in the kernel's log.
log_mark()
{
	read -r up _ < /proc/uptime
	MARK="test mark $$.$TESTS.$up"
	echo "$MARK" > /dev/kmsg
}

# Keep what the driver said since log_mark, without time stamps. A line is kept
# once, however often it was said: some insmod commands try twice, by way of two
# system calls.
log_save()
{
	dmesg | awk -v mark="$MARK" '
		index($0, mark) { on = 1 }
		!on { next }
		{ sub(/^(\[[^]]*\] *)*/, "") }
		/^carveout[ :]/ && !seen[$0]++' > "$LOG"
}

# log_has COUNT PATTERN: exactly so many of the kept lines match; else says why.
log_has()
{
	lines=$(grep -c -E -e "$2" "$LOG")
	[ "$lines" = "$1" ] && return
	echo "$lines lines in the log match '$2', not $1; the log says:"
	cat "$LOG"
}
