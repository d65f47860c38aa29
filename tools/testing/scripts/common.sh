# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Shared code of all test scripts: folders, progress, reports.
#
# Sourced, never run. Fetched kernels and built kernels live in $CARVEOUT_CACHE,
# outside the tree, so that a clean clone finds them again. Files built from the
# tree itself live in $O. Removing either is always safe.

set -euo pipefail
# A command that fails in $(...) ends the script, too.
shopt -s inherit_errexit

SCRIPTS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
TOP=$(cd "$SCRIPTS/../../.." && pwd)
CARVEOUT_CACHE=${CARVEOUT_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/carveout}
O=${O:-$TOP/out}
V=${V:-0}
JOBS=${JOBS:-$(nproc)}
export SCRIPTS TOP CARVEOUT_CACHE O V JOBS
# Variables given to an outer make are not meant for the builds in here.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES

mkdir -p "$CARVEOUT_CACHE"

say()	{ printf '%s\n' "$*" >&2; }
die()	{ say "error: $*"; exit 1; }

# step DESCRIPTION LOG COMMAND...: run a long command quietly, with a sign of
# life, its whole output in LOG; with V=1 show the output instead.
step()
{
	local what=$1 log=$2 start=$SECONDS pid rc=0

	shift 2
	mkdir -p "$(dirname "$log")"
	if [ "$V" != 0 ]; then
		say "+ $*"
		"$@" 2>&1 | tee "$log" >&2
		return
	fi
	"$@" >"$log" 2>&1 </dev/null &
	pid=$!
	if [ -t 2 ]; then
		while kill -0 "$pid" 2>/dev/null; do
			printf '\r  %-52s %4ds' "$what" $((SECONDS - start)) >&2
			sleep 0.5
		done
		printf '\r' >&2
	fi
	wait "$pid" || rc=$?
	if [ "$rc" != 0 ]; then
		say "  $what: FAILED after $((SECONDS - start))s, last lines of $log:"
		tail -n 25 "$log" | sed 's/^/    /' >&2
		return "$rc"
	fi
	printf '  %-52s %4ds\n' "$what" $((SECONDS - start)) >&2
}

# logged LOG COMMAND...: run COMMAND with its output in LOG, which is shown if it fails.
logged()
{
	local log=$1 rc=0

	shift
	"$@" >"$log" 2>&1 </dev/null || rc=$?
	[ "$rc" = 0 ] || {
		say "$1 failed ($rc): $*"
		tail -n 10 "$log" | sed 's/^/    /' >&2
	}
	return "$rc"
}

# once STAMP COMMAND...: run COMMAND unless STAMP exists; STAMP is made only
# when it succeeded. Two callers at once take turns. Never call it (or a
# function of steps) in a condition: that would switch errexit off inside.
once()
{
	local stamp=$1

	shift
	[ -e "$stamp" ] && return
	mkdir -p "$(dirname "$stamp")"
	(
		flock 9
		[ -e "$stamp" ] && exit 0
		"$@"
		touch "$stamp"
	) 9>"$stamp.lock"
}

# BEGIN_UNTIL=SECONDS since 1970: nothing begins that would end later.
# SLOWNESS=N: a step of 100 s on two idle processors takes N s here.
# time_for SECONDS: is there time for a step that takes so long on two idle processors?
time_for()
{
	[ -z "${BEGIN_UNTIL:-}" ] ||
		[ $((EPOCHSECONDS + $1 * ${SLOWNESS:-100} / 100)) -le "$BEGIN_UNTIL" ]
}

# at_a_time NUMBER FUNCTION [ARG...]: call FUNCTION for each ARG, so many at a time. Only
# these calls are waited for: the caller may have other children, which need not end. Each
# call takes a token out of a pipe and puts it back at its end: "wait -n" also counts
# process substitutions, and fails when two calls end at once.
at_a_time()
{
	local number=$1 function=$2 arg pipe tokens pids=()

	shift 2
	pipe=$(mktemp -u)
	mkfifo "$pipe"
	exec {tokens}<>"$pipe"
	rm "$pipe"
	printf '%*s' "$number" '' >&"$tokens"
	for arg in "$@"; do
		IFS= read -r -d '' -n 1 -u "$tokens" _
		(
			trap 'printf " " >&"$tokens"' EXIT
			"$function" "$arg"
		) &
		pids+=($!)
	done
	# A lane that fails leaves no results, which the summary reports.
	[ $# = 0 ] || wait "${pids[@]}" || true
	exec {tokens}>&-
}

# Run a command as root: as it is, or through sudo.
as_root()
{
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		die "need root for '$*': run as root or install sudo"
	fi
}

# configure_kernel SOURCE DIR FRAGMENT...: configure a kernel in DIR with the options of the
# fragments, each of which takes effect, and no others. The array "make" has the command.
# shellcheck disable=SC2154 # set by the caller
configure_kernel()
{
	local source=$1 dir=$2

	shift 2
	"${make[@]}" tinyconfig
	"$source/scripts/kconfig/merge_config.sh" -m -O "$dir" "$dir/.config" "$@"
	"${make[@]}" olddefconfig
	"$SCRIPTS/kconfig.sh" "$dir/.config" "$@"
}

# copy_sources DIR: copy the sources of the modules, so that a build for one
# kernel disturbs neither another one nor the tree. Files of a former build next
# to the sources stay, for the next one.
copy_sources()
{
	mkdir -p "$1"
	rsync -rlpR --checksum --delete \
		--exclude={'*.o','*.ko','*.mod','*.mod.c','*.cmd','*.symvers','*.order'} \
		"$TOP"/./{Makefile,Kbuild,driver,include,lib,samples,tools/remote,tools/testing/modules,tools/testing/kunit/include} \
		"$1/"
}
