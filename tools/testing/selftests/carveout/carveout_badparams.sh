#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Bad module parameters: loading the module fails, each region at fault has one
# line in the log that states the remedy, and nothing is left behind.
#
# Removes the module, and reloads it at the end as before. CARVEOUT_KO is
# the module's file; otherwise /modules/carveout.ko or the installed one.

# shellcheck source=tools/testing/selftests/carveout/carveout_lib.sh
. "$(dirname "$0")/carveout_lib.sh"
# shellcheck source=tools/testing/selftests/carveout/carveout_page.sh
. "$(dirname "$0")/carveout_page.sh"

for KO in "$CARVEOUT_KO" /modules/carveout.ko \
	"/lib/modules/$(uname -r)/updates/carveout.ko"; do
	[ -n "$KO" ] && [ -e "$KO" ] && break
done
[ "$(id -u)" = 0 ] || skip_all "needs root"
[ -e "$KO" ] || skip_all "carveout.ko is not to be found; set CARVEOUT_KO"
[ -d $DEBUG ] || skip_all "carveout.ko is not loaded"

# --- Preparation ------------------------------------------------------------

ARGS=$(module_args)

# A range that was set aside for a heap and that the kernel does not map: its
# attributes have no PAGES bit.
GOOD=
for file in "$DEBUG"/*/regions; do
	[ -e "$file" ] || continue
	while read -r _ _ base _ size _ attrs _; do
		[ $((attrs & 8)) = 0 ] && GOOD=$base && SIZE=$size
	done < "$file"
done
[ -n "$GOOD" ] || skip_all "no region here that the kernel does not map"
[ "$SIZE" -ge 4194304 ] || skip_all "the region at $GOOD is too small"

RAM=$(sed -n 's/^\([0-9a-f]*\)-[0-9a-f]* : System RAM$/0x\1/p' /proc/iomem | tail -n 1)
RAM=$(hex $(((RAM + 0x1fffff) & ~0xfffff)))
HALF=$(hex $((GOOD + 0x80000)))
NEXT=$(hex $((GOOD + 0x200000)))
LONG=$(printf 'n%.0s' $(seq 64))
PAGE=$(page_size)
LAST=$(hex $((-PAGE)))
LAST_BUT_ONE=$(hex $((-2 * PAGE)))

# --- Lockdown ---------------------------------------------------------------

TRACING=/sys/kernel/tracing
# LOCKDOWN_MODULE_PARAMETERS of <linux/security.h>
REASON=13

# asked COUNT PARAMETER: while the module is loaded with it, the kernel asks COUNT times
# whether lockdown permits a parameter that names hardware; else prints why not. With
# lockdown, no kernel loads an unsigned module, whatever its parameters.
asked()
{
	echo > $TRACING/trace
	insmod "$KO" "$2" || echo "the module cannot be loaded with $2"
	rmmod carveout || echo "the module cannot be removed"
	count=$(grep -c "locked_down: .* what=$REASON\$" $TRACING/trace)
	[ "$count" = "$1" ] ||
		echo "the kernel asks $count times for $2, not $1: $(cat $TRACING/trace)"
}

test_lockdown()
{
	name="the kernel asks lockdown about regions="
	[ -e $TRACING/README ] || mount -t tracefs tracefs $TRACING
	if [ ! -e $TRACING/kprobe_events ] ||
		! grep -q ' security_locked_down$' /proc/kallsyms; then
		skip_test "$name" "the kernel has no lockdown, or no kprobe events"
		return
	fi
	# shellcheck disable=SC2016 # not a variable of the shell
	echo 'p:carveout_test/locked_down security_locked_down what=$arg1:u32' \
		> $TRACING/kprobe_events
	echo 1 > $TRACING/events/carveout_test/enable
	result "$name" "$(asked 0 default=1M)$(asked 1 "regions=fine:$GOOD+1M")"
	echo 0 > $TRACING/events/carveout_test/enable
	echo > $TRACING/kprobe_events
}

# --- The test of one bad parameter -----------------------------------------

# Remains of the module that could not be loaded.
left_behind()
{
	for path in /sys/module/carveout /sys/class/carveout $DEBUG; do
		[ -e "$path" ] && echo "$path is left behind"
	done
	for path in /dev/carveout/*; do
		[ -e "$path" ] && echo "$path is left behind"
	done
	# Abandoned memory is left in /proc/iomem: see carveout_parked.c.
	awk '/carveout/ { print "device numbers are left behind" }' /proc/devices
	awk '/bad|fine/ { print "a region is left in /proc/iomem" }' /proc/iomem
}

# refused PARAMETER...: the module cannot be loaded with them. Leaves the faults
# in $why, and the driver's lines in the kept log.
refused()
{
	log_mark
	why=
	if insmod "$KO" "$@" 2>/dev/null; then
		why="the module was loaded with $*"
		rmmod carveout
	fi
	why="$why$(left_behind)"
	log_save
}

# says NAME COUNT PATTERN: the log has exactly COUNT such lines on the last refusal.
says()
{
	result "$1" "$why$(log_has "$2" "$3")"
}

# refused_list ENTRY...: the same with one regions= parameter.
refused_list()
{
	refused "regions=$(IFS=,; echo "$*")"
}

plan 47

# A persistent buffer without open files does not prevent unloading. It must
# be the first test: it needs the heap in its initial state.
heap=$(find /dev/carveout -type c | head -n 1)
./carveout_share write "$heap" badparams.name 65536 7 </dev/null 2>/dev/null
code=$?
why=
[ $code = 0 ] || why="no persistent tag could be made in $heap: $code"
rmmod carveout || why="the module could not be removed"
result "module goes with a persistent tag" "$why"
[ -z "$why" ] || { echo "Bail out! the module cannot be removed"; exit 1; }
result "nothing is left of the module" "$(left_behind)"

# Shape: all in one heap, and each has its line.
refused_list "bad:$(hex $((GOOD + 0x800)))+1M" "bad:$(hex $((GOOD + 1)))+1M" \
	"bad:$GOOD+$((PAGE + 1))" "bad:$NEXT+1" "bad:$HALF+0" \
	"bad:$LAST+$((2 * PAGE))" "bad:$LAST_BUT_ONE+$LAST_BUT_ONE"
says "base is not aligned" 1 "region bad .$(hex $((GOOD + 0x800))),.*not aligned;"
says "base is off by one" 1 "region bad .$(hex $((GOOD + 1))),.*not aligned;"
says "size is not aligned" 1 "region bad .*size $(hex $((PAGE + 1)))\].*not aligned;"
says "size is one byte" 1 'region bad .*size 0x1\].*not aligned;'
says "size is zero" 1 "region bad .$HALF,.*size is zero; give"
says "region wraps" 1 "region bad .*size $(hex $((2 * PAGE)))\].*wraps .*; correct"
says "region wraps far" 1 "region bad .*size $LAST_BUT_ONE\].*wraps .*; correct"
says "no other line about a region" 7 'region '

# Place
refused_list "bad:$GOOD+1M" "bad:$HALF+1M" "bad:$NEXT+1M" "bad:$NEXT+1M"
says "regions of one heap overlap" 1 \
	"region bad .$HALF,.* overlaps region bad .$GOOD,.*; correct one"
says "regions of one heap are the same" 1 \
	"region bad .$NEXT,.* overlaps region bad .$NEXT,.*; correct one"
refused_list "bad:$GOOD+2M" "bad:$HALF+$PAGE"
says "region lies inside another" 1 \
	"region bad .$HALF, size $(hex "$PAGE")\].* overlaps region bad .$GOOD,.*; correct"
refused_list "fine:$GOOD+1M" "bad:$HALF+1M"
says "regions of two heaps overlap" 1 \
	"region bad .$HALF,.*overlaps region fine .$GOOD,.*; name each"
refused_list "bad:$RAM+1M" "bad:$(hex $((RAM - 0x100000)))+64K" "bad:$GOOD+1G"
says "region is the kernel's memory" 1 \
	"region bad .$RAM,.*kernel uses; set it aside"
says "region is a little of the kernel's memory" 1 \
	"region bad .$(hex $((RAM - 0x100000))),.*kernel uses; set it aside"
says "region reaches into the kernel's memory" 1 \
	"region bad .$GOOD,.*kernel uses; set it aside"
refused_list "bad:0x100000000000000+1M"
says "region is where no memory can be" 1 'region bad .*((mapped|address); correct|iomem)'
refused_list "bad:$GOOD+1M" "bad:$NEXT+1000"
says "good region beside a bad one" 1 "region bad .$NEXT,.*not aligned"
refused_list "fine:$GOOD+1M" "bad:$NEXT+1000"
says "good heap before a bad one" 1 "region bad .$NEXT,.*not aligned"

refused_list "bad:$GOOD+1000" "worse:$NEXT+1000" "form:$HALF"
says "first of two bad heaps" 1 "region bad .$GOOD,.*not aligned"
says "second of two bad heaps" 1 "region worse .$NEXT,.*not aligned"
says "bad form beside bad heaps" 1 "'form:$HALF' is not NAME:BASE"

# Form: each entry has a line that shows it.
refused_list "bad:$GOOD+1M:shiny" "bad:$GOOD+2M:" "bad:$GOOD+3M:cached:cached" \
	"a/b:$GOOD+1M" "%s%n:$GOOD+1M" ":$GOOD+1M" "$LONG:$GOOD+1M" \
	".:$GOOD+1M" "..:$GOOD+1M" "bad" "bad:$GOOD" "bad:here+there" "" \
	"bad:$GOOD+4M:device" "bad:$GOOD+5M:device:"
says "attribute is unknown" 1 "'bad:$GOOD.1M:shiny' is not NAME:BASE"
says "attribute is empty" 1 "'bad:$GOOD.2M:' is not NAME:BASE"
says "device memory is refused by name" 1 \
	"'bad:$GOOD.4M:device': device memory is not handed out, because .* fault on it; write uncached .* ATTR"
says "device with a colon behind" 1 "'bad:$GOOD.5M:device:' is not NAME:BASE"
says "two attributes" 1 "'bad:$GOOD.3M:cached:cached' is not NAME:BASE"
says "name has a slash" 1 "'a/b:.*' is not NAME:BASE"
says "name has a format" 1 "'%s%n:.*' is not NAME:BASE"
says "name is empty" 1 "':.*' is not NAME:BASE"
says "name is too long" 1 "'$LONG.* is not NAME:BASE"
says "name is a dot" 1 "'\.:.*' is not NAME:BASE"
says "name is two dots" 1 "'\.\.:.*' is not NAME:BASE"
says "no place" 1 "'bad' is not NAME:BASE"
says "no size" 1 "'bad:$GOOD' is not NAME:BASE"
says "no number" 1 "'bad:here.there' is not NAME:BASE"
says "comma at the end" 1 "'' is not NAME:BASE"

many=	# in few bytes: a parameter has at most 1023
i=0
while [ $i -lt 65 ]; do
	many="$many,b:$(((GOOD + i * 2 * PAGE) / 1024))K+$((PAGE / 1024))K"
	i=$((i + 1))
done
refused "regions=${many#,}"
says "65 regions" 1 'one too many'

# default=
for size in 0 much 16Mx 8T -1; do
	refused "default=$size"
	says "default=$size" 1 "default=$size: not a size"
done
refused "regions=fine:$GOOD+1M" default=0
says "good regions= with bad default=" 1 'default=0: not a size'

test_lockdown

# And as before.
why=
# shellcheck disable=SC2086 # several parameters
insmod "$KO" $ARGS || why="the module cannot be loaded again"
[ -c "$heap" ] || why="$heap is not there again"
result "module can be loaded again" "$why"
finish
