#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# doc.sh: make the HTML pages of Documentation/ with Sphinx, in $O/doc. Each warning is an
# error. The kernel-doc extension and kernel-doc itself are those of a fetched kernel, or of
# KSRC, the source of Linux 6.12: then nothing is installed or fetched.
#
# The pages are made from a copy of the sources in $O/build/doc, because two things are
# adapted for the tools: see stage().

# shellcheck source=tools/testing/scripts/common.sh
. "$(dirname "$0")/common.sh"

if [ -z "${KSRC:-}" ]; then
	"$SCRIPTS/deps.sh" doc
	"$SCRIPTS/fetch.sh" source:6.12
fi
export KSRC=${KSRC:-$CARVEOUT_CACHE/source/6.12}
STAGE=$O/build/doc/tree
LOG=$O/log/doc.log
API=include/linux/carveout.h
UAPI=include/uapi/linux/carveout.h
LIBRARY=tools/lib/carveout/libcarveout.h

# macros HEADER: its constants, with the plain comment before each. kernel-doc reads
# neither.
macros()
{
	awk '
	/^\/\*\*$/	{ doc = 1 }
	doc		{ if (/\*\/$/) doc = 0; next }
	/^\/\*/		{ comment = ""; inside = 1 }
	inside		{ comment = comment $0 "\n"; if (/\*\/$/) inside = 0; next }
	/^#define [A-Z_]+_H$/ { next }
	/^#define /	{
		if (comment ~ /^[^=]+$/)
			printf "%s%s", gap ? "\n" : "", comment
		comment = ""; gap = 0; define = 1
	}
	define		{ print; define = /\\$/; next }
			{ gap = 1; comment = "" }' "$1"
}

# Copy the sources. kernel-doc of Linux 6.12 knows the export with a namespace only in the
# form before Linux 6.13, without quotes.
stage()
{
	local header

	rm -rf "$STAGE"
	mkdir -p "$STAGE"
	rsync -rR --prune-empty-dirs --include='*/' --include='*.[ch]' --include='*.rst' \
		--include='*.py' --include='*.yaml' --include='*.dtso' --include='*.svg' \
		--include='*.css' --include=Makefile --exclude='*' \
		"$TOP"/./{Documentation,driver,include,samples,tools/lib} "$STAGE/"
	rsync "$TOP"/*.rst "$STAGE/"
	find "$STAGE/driver" -name '*.[ch]' -exec \
		sed -i -E 's/^(EXPORT_SYMBOL_NS_GPL\(\w+, )"(\w+)"\)/\1\2)/' {} +
	for header in "$API" "$UAPI" "$LIBRARY"; do
		macros "$STAGE/$header" > "$STAGE/${header%.h}.macros"
	done
}

# exported: the functions that the modules export.
exported()
{
	grep -rhoE '^EXPORT_SYMBOL_NS_GPL\(\w+, "CARVEOUT"' "$TOP/driver" | sed 's/.*(//; s/,.*//'
}

# documented HEADER: the names that have a kernel-doc comment there.
documented()
{
	sed -nE 's/^ \* (struct |define )?(\w+)(\(\))? - .*/\2/p' "$TOP/$1"
}

# complete PAGE NAME...: all of them are on the page.
complete()
{
	local page=$1 name rc=0

	shift
	[ $# -gt 0 ] || { echo "$page: no name was found in the sources"; return 1; }
	for name in "$@"; do
		grep -qE "id=\"c\.([a-z]+\.)?$name\"" "$O/doc/$page.html" && continue
		echo "Documentation/$page.rst: $name is missing"
		rc=1
	done
	return $rc
}

stage
rm -rf "$O/doc"
mkdir -p "$(dirname "$LOG")"
rc=0
LC_ALL=C.UTF-8 sphinx-build -q -W --keep-going -E -j "$JOBS" -b html -d "$O/build/doc/doctrees" \
	"$STAGE/Documentation" "$O/doc" > "$LOG" 2>&1 || rc=1
# Findings name the file that a developer edits. kernel-doc prints its own, which Sphinx
# does not count.
sed "s,$STAGE/,,g" "$LOG" >&2
[ ! -s "$LOG" ] || rc=1
[ $rc = 0 ] || die "the pages have errors"
mapfile -t api < <(exported; documented "$API")
mapfile -t uapi < <(documented "$UAPI")
mapfile -t library < <(documented "$LIBRARY")
{
	complete api-reference "${api[@]}" || rc=1
	complete uapi-reference "${uapi[@]}" || rc=1
	complete lib-reference "${library[@]}" || rc=1
} >&2
[ $rc = 0 ] || die "the reference pages are not complete"
say "The pages are in $O/doc/index.html"
