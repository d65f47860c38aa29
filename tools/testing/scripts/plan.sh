# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# The plan of a test run, and its progress. Sourced by test.sh.
#
# tools/testing/costs says how long things take on two idle processors.

COSTS=$TOP/tools/testing/costs

# cost WORD NAME: its value in the table, the first row that matches; 0 without one.
cost()
{
	local word name cost

	while read -r word name cost; do
		# shellcheck disable=SC2053 # the name is a pattern
		[ "$word" = "$1" ] && [[ $2 == $name ]] && { echo "$cost"; return; }
	done < "$COSTS"
	echo 0
}

# needs_of LANE: its prerequisites, one a line: "fetch WHAT" or "kernel NAME" for files to
# fetch or build first, "packages GROUP" for packages, "always LANE" for files that are
# fetched each time.
# shellcheck disable=SC2154 # set by board()
needs_of()
{
	local name=${1#*:}

	case $1 in
	scripts)	echo "packages scripts"; return ;;
	fresh:*)	printf '%s\n' "packages fresh" "always $1"; return ;;
	deb:*)		printf '%s\n' "packages fresh" "packages x86" "always $1"; return ;;
	instructions:lib)
			echo "packages bench"; return ;;
	instructions:users)
			printf 'packages %s\n' bench build x86 arm64 board
			printf 'fetch %s\n' board:x86_64-6.12 board:arm64-6.12 source:6.12
			return ;;
	unit|libtest|remote)
			printf '%s\n' "packages build" "packages $1" "fetch source:6.12"; return ;;
	intree)		printf '%s\n' "packages build" "packages uml" "fetch source:6.12"; return ;;
	build:*|kunit:*|kselftest:*|share:*|others:*|compat:*)	;;
	hibernate:*|importers:*|remote:*|cmem:*)		;;
	*)		die "no lane '$1': see $SCRIPTS/test.sh" ;;
	esac
	board "$name"
	# shellcheck disable=SC2086 # several groups
	printf 'packages %s\n' $groups
	echo "fetch board:$stock"
	[ -z "$own_kernel" ] || printf '%s\n' "fetch source:$series" "kernel $own_kernel"
	case $1 in
	compat:*)	[ -n "$compat" ] || die "board '$name' runs no 32-bit programs"
			printf '%s\n' "packages $compat" "fetch source:6.12" ;;
	kselftest:*|share:*|others:*|hibernate:*|cmem:*)
			echo "fetch source:6.12" ;;
	kunit:*)	echo "fetch source:$series" ;;
	remote:*)	printf 'fetch source:%s\n' 6.12 "$series" ;;
	importers:*)	printf 'fetch %s\n' source:6.12 source:7 "v4l2:$userarch" \
				"libcamera:$userarch" ;;
	esac
}

needs_of_all()
{
	local lane

	for lane in "$@"; do
		needs_of "$lane"
	done | sort -u
}

minutes()
{
	echo "$((($1 + 59) / 60)) min"
}

# print_plan LANE...: the steps of the run, and their duration. Sets PLANNED, in seconds.
print_plan()
{
	local lane seconds total=0 longest=0 first=0 mib=0 word name needs
	local missing=() builds=() groups=()

	needs=$(needs_of_all "$@")
	for lane in "$@"; do
		seconds=$(cost lane "$lane")
		total=$((total + seconds))
		[ "$seconds" -le "$longest" ] || longest=$seconds
	done
	total=$((total / PARALLEL))
	[ "$total" -ge "$longest" ] || total=$longest
	while read -r word name; do
		case $word in
		packages)	groups+=("$name"); continue ;;
		always)		mib=$((mib + $(cost MiB "$name"))) ;;
		fetch)		! "$SCRIPTS/fetch.sh" --have "$name" || continue
				mib=$((mib + $(cost MiB "$name"))) ;;
		kernel)		! "$SCRIPTS/kernel.sh" --have "$name" || continue
				builds+=("$name") ;;
		esac
		first=$((first + $(cost "$word" "$name")))
	done <<< "$needs"
	mapfile -t missing < <("$SCRIPTS/deps.sh" --missing ${groups[@]+"${groups[@]}"})
	say "$# lanes, $PARALLEL at a time: about $(minutes "$total") on two idle processors."
	[ "$ROUNDS" = 100 ] ||
		say "Tests that repeat something do so $ROUNDS % as often as in make test-all."
	[ ${#missing[@]} = 0 ] || {
		first=$((first + $(cost packages all)))
		say "To install: ${#missing[@]} packages."
	}
	[ "$mib" = 0 ] || say "To fetch: about $mib MiB of packages, kernels and their sources."
	[ ${#builds[@]} = 0 ] || say "To build once: the test kernels ${builds[*]}."
	[ "$first" = 0 ] || say "That takes about $(minutes "$first") before the first test."
	# shellcheck disable=SC2034 # of test.sh
	PLANNED=$((total + first))
}

# choose_lanes LANE...: sets CHOSEN to the lanes that BEGIN_UNTIL leaves time for, and LATE to
# the others. Their kernels are built before all lanes, one after the other.
choose_lanes()
{
	local lane word name built=' ' kernel seconds building=0

	CHOSEN=("$@") LATE=()
	[ -n "${BEGIN_UNTIL:-}" ] || return 0
	CHOSEN=()
	for lane in "$@"; do
		seconds=0 kernel=''
		while read -r word name; do
			if [ "$word" = kernel ] && [[ $built != *" $name "* ]] &&
				! "$SCRIPTS/kernel.sh" --have "$name"; then
				seconds=$(cost kernel "$name") kernel=$name
			fi
		done < <(needs_of "$lane")
		if ! time_for $((building + seconds + $(cost lane "$lane"))); then
			LATE+=("$lane")
			continue
		fi
		CHOSEN+=("$lane")
		building=$((building + seconds))
		built+="$kernel "
	done
}

# --- Progress ---------------------------------------------------------------

LANES=0
TICKER=

# finished: how many lanes are done.
finished()
{
	find "$DONE" -type f | wc -l
}

# One line that is drawn again each second: the lanes that run, and since when.
tick()
{
	local file line

	while sleep 1; do
		line="$(finished) of $LANES done, running:"
		for file in "$RUNNING"/*; do
			[ -e "$file" ] || continue
			line+=" $(basename "${file/=/:}") since $(date -r "$file" +%H:%M:%S),"
		done
		printf '\r\033[K%.*s' "$(($(tput cols) - 1))" "${line%[,:]}" >&2
	done
}

# show_progress LANES: in a terminal, until end_progress.
show_progress()
{
	LANES=$1
	[ -t 2 ] || return 0
	tick &
	TICKER=$!
}

end_progress()
{
	[ -n "$TICKER" ] || return 0
	kill "$TICKER"
	wait "$TICKER" || true
	printf '\r\033[K' >&2
}

# report_lane LANE RESULTS SECONDS: one line for a lane that is done.
report_lane()
{
	local clear=

	[ ! -t 2 ] || clear='\r\033[K'
	printf "$clear"'  [%2d of %d] %-26s %4d passed %3d failed %3d skipped %5ds\n' \
		"$(finished)" "$LANES" "$1" "$(grep -c '^pass' "$2")" \
		"$(grep -c '^fail' "$2")" "$(grep -c '^skip' "$2")" "$3" >&2
}
