# shellcheck shell=sh disable=SC2034,SC2317 # for those who source this
# SPDX-License-Identifier: GPL-2.0
#
# What the tests of the carveout command share. Sourced, never run.
#
# They need root, a loaded carveout.ko and a POSIX shell (busybox will do).
# CARVEOUT_HEAP names the heap; otherwise "dsp", "default" or the first one.

# shellcheck source=tools/testing/selftests/carveout/carveout_page.sh
. "$(dirname "$0")/carveout_page.sh"

PATH=$PATH:$(cd "$(dirname "$0")" && pwd)
export LC_ALL=C
T=tool-$$
N=$(printf '\nx')
N=${N%x}

skip_all()
{
	echo "1..0 # SKIP $*"
	exit 4
}

command -v carveout >/dev/null || skip_all "no carveout command"
[ -d /dev/carveout ] || skip_all "no heap"
[ "$(id -u)" = 0 ] || skip_all "needs root"
HEAPS=$(cd /dev/carveout && echo *)
for H in $CARVEOUT_HEAP dsp default $HEAPS; do
	[ -e "/dev/carveout/$H" ] && break
done
[ -e "/dev/carveout/$H" ] || skip_all "no heap"
TMP=$(mktemp -d)

# Bytes of a page of this kernel; kib N: so many pages, as the command shows them.
PAGE=$(page_size)
kib()
{
	echo "$(($1 * PAGE / 1024))K"
}

# --- Means -----------------------------------------------------------------

# try CODE ARGUMENT...: run the command; its exit code has to be CODE. Leaves
# what it prints in $TMP/out and $TMP/err.
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

# run CODE ARGUMENT...: the same, and leave it in $out and $err, too
run()
{
	try "$@" && take_output
}

# Processes are slow on an emulated board: files are read without one.
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

# same WHAT GOT WANTED
same()
{
	[ "$2" = "$3" ] && return
	echo "$1 is '$2', not '$3'"
	return 1
}

# has TEXT PART: TEXT has PART in it
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

# figure NAME: a figure of "info -b", without what follows it
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

# soon COMMAND...: it comes true within five seconds
soon()
{
	tries=0
	until "$@" >/dev/null; do
		tries=$((tries + 1))
		[ $tries -lt 50 ] || { "$@"; return; }
		usleep 100000 2>/dev/null || sleep 1
	done
}

# gone TAG
gone()
{
	[ -z "$(column "$1" 1)" ] && return
	echo "$1 is still listed"
	return 1
}

# hold TAG: hold a buffer in the background; its process is $holder
hold()
{
	: > "$TMP/hold"
	carveout alloc "$H" "$1" 8K --hold > "$TMP/hold" &
	holder=$!
	echo $holder >> "$TMP/holders"
	soon grep -q holds "$TMP/hold"
}

drop()
{
	kill -9 "$1"
	wait "$1" 2>/dev/null
	true
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
# letters, then what is complete is reduced until one value is left.
json()
{
	left=$(sed -E 's/"([^"\]|\\["\bfnrt]|\\u[0-9a-f]{4})*"/S/g' "$1" |
		tr -d ' \n' |
		sed -E -e 's/true|false|null|-?[0-9]+/V/g' -e ':again' \
			-e 's/S:[SV]([,}])/P\1/g' \
			-e 's/[{](P(,P)*)?[}]/V/g' \
			-e 's/\[([SV](,[SV])*)?\]/V/g' -e 't again')
	same "what is left of the JSON" "$left" V
}

# --- Running the cases -------------------------------------------------------

nothing_left()
{
	soon used_is "$USED" && run 0 ls "$H" && has_not "$out" $T
}

# Whatever a case leaves behind must not disturb the next one.
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
# that look into the command rather than into the driver are left out there.
too_slow()
{
	[ -e /proc/lockdep_stats ] || return
	for slow in $COMMAND_ONLY; do
		[ "$slow" != "$1" ] || return 0
	done
	return 1
}

# tap CASE...: run functions as test cases, in a fresh shell each
tap()
{
	failed=0
	skipped=0
	number=0
	echo "TAP version 13"
	echo "1..$#"
	for name in "$@"; do
		number=$((number + 1))
		: > "$TMP/in"
		if too_slow "$name"; then
			echo "ok $number $name # SKIP slow with lockdep, and no matter of the driver"
			skipped=$((skipped + 1))
			continue
		fi
		if ( umask 022; $name ) > "$TMP/why" 2>&1; then
			echo "ok $number $name"
			[ -s "$TMP/holders" ] || continue
		elif grep -q '^SKIP' "$TMP/why"; then
			echo "ok $number $name # $(cat "$TMP/why")"
			skipped=$((skipped + 1))
		else
			echo "not ok $number $name"
			sed 's/^/# /' "$TMP/why"
			failed=$((failed + 1))
		fi
		clean_up >/dev/null 2>&1
	done
	echo "# $((number - failed - skipped)) passed, $failed failed, $skipped skipped"
	[ $failed = 0 ]
}

: > "$TMP/holders"
trap 'clean_up 2>/dev/null; rm -rf "$TMP"' EXIT
MODE=$(stat -c %a "/dev/carveout/$H")
USED=$(figure used)
