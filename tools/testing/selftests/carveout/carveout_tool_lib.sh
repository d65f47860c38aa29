# shellcheck shell=sh disable=SC2034,SC2317 # used by the scripts that source this file
# SPDX-License-Identifier: GPL-2.0
#
# Shared code of the tests of the carveout command. Sourced, never run.
#
# They need root, a loaded carveout.ko and a POSIX shell (busybox will do).
# CARVEOUT_HEAP names the heap; otherwise "dsp", "default" or the first one.

# shellcheck source=tools/testing/selftests/carveout/carveout_tap.sh
. "$(dirname "$0")/carveout_tap.sh"
# shellcheck source=tools/testing/selftests/carveout/carveout_page.sh
. "$(dirname "$0")/carveout_page.sh"

PATH=$PATH:$(cd "$(dirname "$0")" && pwd)
export LC_ALL=C
T=tool-$$
N=$(printf '\nx')
N=${N%x}

command -v carveout >/dev/null || skip_all "no carveout command"
[ -d /dev/carveout ] || skip_all "no heap"
[ "$(id -u)" = 0 ] || skip_all "needs root"
HEAPS=$(cd /dev/carveout && echo *)
for H in $CARVEOUT_HEAP dsp default $HEAPS; do
	[ -e "/dev/carveout/$H" ] && break
done
[ -e "/dev/carveout/$H" ] || skip_all "no heap"
TMP=$(mktemp -d)

# Page size of this kernel; kib N: N pages, as the command shows them.
PAGE=$(page_size)
kib()
{
	echo "$(($1 * PAGE / 1024))K"
}

# --- Helpers -----------------------------------------------------------------

# try CODE ARGUMENT...: run the command; its exit code must be CODE. Leaves its
# output in $TMP/out and $TMP/err.
try()
{
	want=$1
	shift
	carveout "$@" >"$TMP/out" 2>"$TMP/err" <"$TMP/in"
	got=$?
	[ $got = "$want" ] && return
	echo "carveout $*: exit code $got, not $want"
	tr -d '\0' < "$TMP/out" | head -n 20 | sed 's/^/  stdout: /'
	sed 's/^/  stderr: /' "$TMP/err"
	return 1
}

# run CODE ARGUMENT...: the same, and leave the output in $out and $err, too
run()
{
	try "$@" && take_output
}

# Starting a process is slow on an emulated board: read files without one.
take_output()
{
	take "$TMP/out"
	out=$text
	take "$TMP/err"
	err=$text
}

take()
{
	text=
	while IFS= read -r line || [ -n "$line" ]; do
		text=$text$line$N
	done < "$1"
	text=${text%"$N"}
}

# same NAME GOT WANTED
same()
{
	[ "$2" = "$3" ] && return
	echo "$1 is '$2', not '$3'"
	return 1
}

# has TEXT PART: TEXT contains PART
has()
{
	case $1 in
	*"$2"*)	return ;;
	esac
	echo "'$2' is not in: $1"
	return 1
}

has_not()
{
	case $1 in
	*"$2"*)	echo "'$2' is in: $1"; return 1 ;;
	esac
}

# figure NAME: a figure of "info -b", without the text after it
figure()
{
	carveout info -b "$H" > "$TMP/figures"
	while read -r line; do
		case $line in
		"$1  "*|"$1 "[0-9]*)
			line=${line#"$1"}
			# shellcheck disable=SC2086 # several words
			nth 1 $line
			return ;;
		esac
	done < "$TMP/figures"
}

# column TAG N: a column of the tag's line in "ls -b"
column()
{
	carveout ls -b "$H" > "$TMP/columns"
	while read -r tag line; do
		[ "$tag" = "$1" ] || continue
		# shellcheck disable=SC2086 # several words
		nth "$2" "$tag" $line
		return
	done < "$TMP/columns"
}

# used_is BYTES
used_is()
{
	same used "$(figure used)" "$1"
}

# nth N WORD...
nth()
{
	shift "$1"
	echo "$1"
}

# soon COMMAND...: it succeeds within five seconds
soon()
{
	tries=0
	until "$@" >/dev/null; do
		tries=$((tries + 1))
		[ $tries -lt 50 ] || { "$@"; return; }
		usleep 100000 2>/dev/null || sleep 1
	done
}

# unlisted TAG
unlisted()
{
	[ -z "$(column "$1" 1)" ] && return
	echo "$1 is still listed"
	return 1
}

# begin FILE COMMAND...: a program in the background, $holder. Its output is in $TMP/FILE,
# where no line of an earlier program is left when the caller looks.
begin()
{
	output=$TMP/$1
	: > "$output"
	shift
	"$@" > "$output" &
	holder=$!
	echo $holder >> "$TMP/holders"
}

# hold TAG: hold a buffer in the background; its process is $holder
hold()
{
	begin hold carveout alloc "$H" "$1" 8K --hold && soon grep -q holds "$TMP/hold"
}

drop()
{
	kill -9 "$1"
	wait "$1" 2>/dev/null
	true
}

# buffer_of PID: its descriptor of a dma-buf
buffer_of()
{
	for link in /proc/"$1"/fd/*; do
		case $(readlink "$link") in
		/dmabuf:*)	echo "${link##*/}"; return ;;
		esac
	done
	return 1
}

# make_nobody: the user "nobody", if the board has no users yet
make_nobody()
{
	[ -e /etc/passwd ] ||
		{ printf '%s\n' root:x:0:0:::/bin/sh nobody:x:65534:65534:::/bin/sh \
			> /etc/passwd && : > "$TMP/passwd"; }
}

# as_other ARGUMENT...: run the command as another user; see run
as_other()
{
	start-stop-daemon -S -c nobody -x "$(command -v carveout)" -- "$@" \
		>"$TMP/out" 2>"$TMP/err"
	got=$?
	take_output
	return $got
}

# json FILE: is it one JSON value? Strings, numbers and words become single
# letters, then complete values are reduced until one value is left.
json()
{
	left=$(sed -E 's/"([^"\]|\\["\bfnrt]|\\u[0-9a-f]{4})*"/S/g' "$1" |
		tr -d ' \n' |
		sed -E -e 's/true|false|null|-?[0-9]+/V/g' -e ':again' \
			-e 's/S:[SV]([,}])/P\1/g' \
			-e 's/[{](P(,P)*)?[}]/V/g' \
			-e 's/\[([SV](,[SV])*)?\]/V/g' -e 't again')
	same "the reduced JSON" "$left" V
}

# --- Running the cases -------------------------------------------------------

nothing_left()
{
	soon used_is "$USED" && run 0 ls "$H" && has_not "$out" $T
}

# Objects that a case leaves behind must not disturb the next one.
clean_up()
{
	# shellcheck disable=SC2046 # several processes
	kill -9 $(cat "$TMP/holders")
	: > "$TMP/holders"
	[ ! -e "$TMP/passwd" ] || rm /etc/passwd "$TMP/passwd"
	chmod "$MODE" "/dev/carveout/$H"
	for tag in $(carveout ls "$H" | awk '{ print $1 }' | grep "^$T"); do
		carveout rm "$H" "$tag"
	done
}

# A kernel with lockdep takes a good part of a second for each process. Cases
# that test the command rather than the driver are left out there.
too_slow()
{
	[ -e /proc/lockdep_stats ] || return
	for slow in $COMMAND_ONLY; do
		[ "$slow" != "$1" ] || return 0
	done
	return 1
}

# tap CASE...: run functions as test cases, each in a new shell.
tap()
{
	plan $#
	for name in "$@"; do
		: > "$TMP/in"
		if too_slow "$name"; then
			skip_test "$name" "slow with lockdep, and does not test the driver"
			continue
		fi
		if ( umask 022; $name ) > "$TMP/why" 2>&1; then
			result "$name" ""
			[ -s "$TMP/holders" ] || continue
		elif grep -q '^SKIP' "$TMP/why"; then
			skip_test "$name" "$(sed -n 's/^SKIP //p' "$TMP/why")"
		else
			why=$(cat "$TMP/why")
			result "$name" "${why:-failed without a message}"
		fi
		clean_up >/dev/null 2>&1
	done
	echo "# $((TESTS - FAILED - SKIPPED)) passed, $FAILED failed, $SKIPPED skipped"
	[ "$FAILED" = 0 ]
}

: > "$TMP/holders"
trap 'clean_up 2>/dev/null; rm -rf "$TMP"' EXIT
MODE=$(stat -c %a "/dev/carveout/$H")
USED=$(figure used)
