# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Private package states: look up and download packages of any release and architecture
# without touching the machine's own state. Sourced after common.sh.
#
# A foreign architecture's packages cannot be installed beside the native compilers, and
# a foreign release's not at all: they are downloaded and unpacked. All addresses come
# from the system's own configured sources.

APT_ROOT=$CARVEOUT_CACHE/apt
# Minutes until package lists are fetched again: listed packages may have been
# removed by then.
APT_MAX_AGE=60

# use_sources NAME: select the private state NAME. "system" reads the configured sources;
# any other name is a suite, or several joined by commas.
use_sources()
{
	APT=$APT_ROOT/$1
	APT_SOURCES=()
	mkdir -p "$APT/lists/partial" "$APT/cache/archives/partial" "$APT/deb"
	: > "$APT/status"
	# The hooks of desktop machines have no place in a private state.
	printf '%s\n' '#clear APT::Update::Post-Invoke-Success;' \
		'#clear APT::Update::Post-Invoke;' > "$APT/apt.conf"
	[ "$1" = system ] || use_suites "$1"
	update_lists
}

private_apt()
{
	local opts=(-o Dir::State::Lists="$APT/lists" -o Dir::Cache="$APT/cache"
		-o Dir::State::status="$APT/status" -o APT::Architectures::=amd64
		-o APT::Architectures::=arm64 -o Acquire::Languages=none
		-o APT::Sandbox::User=root)

	APT_CONFIG=$APT/apt.conf "$@" "${opts[@]}" ${APT_SOURCES[@]+"${APT_SOURCES[@]}"}
}

# mirror LABEL: the first configured address of an archive with that label.
mirror()
{
	local APT=$APT_ROOT/system APT_SOURCES=()

	# shellcheck disable=SC2016 # apt's, not the shell's
	private_apt apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' \
		"Label: $1" | sed 's|/*$||' | sort -u | head -n 1
}

# Point the selected state at suites that the system does not list.
use_suites()
{
	local suite label url
	local sources=$APT/sources.list

	: > "$sources"
	for suite in ${1//,/ }; do
		label=Debian
		[[ $suite != *-security ]] || label=Debian-Security
		url=$(use_sources system && mirror "$label") || return
		[ -n "$url" ] || die "no archive '$label' in the configured package sources"
		echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $url $suite main" \
			>> "$sources"
	done
	APT_SOURCES=(-o Dir::Etc::SourceList="$sources" -o Dir::Etc::SourceParts=/dev/null)
}

# A source that fails (a third party's, say) does not matter as long as the packages
# are found afterwards, so that its message is printed and the lists at hand are used.
# Callers read standard output, so apt's own output is kept away from it.
update_lists()
{
	touch -d "$APT_MAX_AGE minutes ago" "$APT/limit"
	[ ! "$APT/updated" -nt "$APT/limit" ] || return 0
	private_apt apt-get update -q >&2 ||
		say "note: apt-get update failed; the package lists at hand are used"
	touch "$APT/updated"
}

# Fetch the lists anew with the next use_sources, whatever their age.
forget_lists()
{
	rm -f "$APT_ROOT"/*/updated
}

# available: the available packages of the kernel, "NAME ARCHITECTURE" a line.
available()
{
	private_apt apt-cache dumpavail | awk '
		/^Package: /		{ name = $2 }
		/^Architecture: /	{ arch = $2 }
		/^$/ && name ~ /^linux-/	{ print name, arch }'
}

# unpack DIR PACKAGE...: download packages and unpack them below DIR. Each call of apt-get reads
# all lists, which takes longer than most downloads: there is one for all packages.
unpack()
{
	local dir=$1 deb

	shift
	mkdir -p "$dir"
	rm -f "$APT/deb"/*.deb
	(cd "$APT/deb" && private_apt apt-get download -q "${@%:all}") || return
	for deb in "$APT/deb"/*.deb; do
		dpkg -x "$deb" "$dir" || return
	done
	rm -f "$APT/deb"/*.deb
}
