#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# deb.sh [OPTION...]: make the Debian packages, source and binary, in $O/deb. OPTIONs are
# those of dpkg-buildpackage.
# deb.sh --lint: check those packages with lintian; no error or warning is allowed.
#
# tools/packaging/debian becomes debian/ of a copy of the tree, in $O/build/deb. The copy has
# the files that git lists, whether committed or not, and no build products.

# shellcheck source=tools/testing/scripts/common.sh
. "$(dirname "$0")/../testing/scripts/common.sh"

WORK=$O/build/deb
LOG=$O/log/deb.log

lint()
{
	local changes=("$O"/deb/*.changes)

	[ -e "${changes[0]}" ] || die "no packages in $O/deb: make deb"
	"$SCRIPTS/deps.sh" lintian
	# The user that builds the packages may be root.
	lintian --allow-root --fail-on error,warning --display-info --info \
		--tag-display-limit 0 "${changes[@]}"
}

# sources: the files of the tree, with a NUL after each.
sources()
{
	if [ -e "$TOP/.git" ]; then
		git -C "$TOP" ls-files -z --cached --others --exclude-standard --deduplicate
	else
		(cd "$TOP" && find . -path ./out -prune -o -type f -printf '%P\0')
	fi
}

# existing: those that exist. A file may be removed, but not from git's list yet.
existing()
{
	local file

	while IFS= read -r -d '' file; do
		[ ! -e "$TOP/$file" ] || printf '%s\0' "$file"
	done
}

# When the sources changed last, so that the same sources make the same packages.
source_date()
{
	if [ -e "$TOP/.git" ]; then
		git -C "$TOP" log -1 --format=%ct
	else
		stat -c %Y "$TOP/CHANGELOG.rst"
	fi
}

# fill_in VERSION DIR: complete the names and the content of the files in DIR.
fill_in()
{
	local version=$1 dir=$2 soversion=${1%%.*} maintainer date file

	maintainer=$(sed -nE 's/^M:[[:blank:]]*//p' "$TOP/MAINTAINERS" | head -n 1)
	date=$(date -uR -d "@$(source_date)")
	[ -n "$maintainer" ] || die "no maintainer in MAINTAINERS"
	for file in "$dir"/libcarveout.*; do
		mv "$file" "${file/libcarveout./libcarveout$soversion.}"
	done
	find "$dir" -type f -exec sed -i "s/@VERSION@/$version/g; s/@SOVERSION@/$soversion/g;
		s/@MAINTAINER@/$maintainer/g; s/@DATE@/$date/g" {} +
}

make_source()
{
	local version

	version=$(sed -nE 's/^#define CARVEOUT_VERSION\s+"(.*)"$/\1/p' "$TOP/driver/version.h")
	[ -n "$version" ] || die "no version in driver/version.h"
	rm -rf "$WORK"
	mkdir -p "$WORK/carveout-$version"
	sources | existing |
		rsync -a --from0 --files-from=- "$TOP/" "$WORK/carveout-$version/"
	cp -a "$TOP/tools/packaging/debian" "$WORK/carveout-$version/debian"
	fill_in "$version" "$WORK/carveout-$version/debian"
	cd "$WORK/carveout-$version"
}

if [ "${1:-}" = --lint ]; then
	lint
	exit
fi
"$SCRIPTS/deps.sh" deb
make_source
rm -rf "$O/deb"
mkdir -p "$O/deb"
# Packages of debug symbols are for an archive.
export DEB_BUILD_OPTIONS="noautodbgsym ${DEB_BUILD_OPTIONS:-}"
step "build packages" "$LOG" dpkg-buildpackage -us -uc -j"$JOBS" "$@"
find "$WORK" -maxdepth 1 -type f -exec mv -t "$O/deb" {} +
say "The packages are in $O/deb:"
(cd "$O/deb" && ls ./*.deb) >&2
