#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# kconfig.sh CONFIG FRAGMENT...: compare a kernel's configuration with the fragments
# that it is made of.
#
# Kconfig drops an option without a word when a dependency is not met, or when this
# kernel does not know it. Each option that differs is one line of the output, and the
# exit code is non-zero. Of several fragments that set an option the last one counts.

set -euo pipefail

[ $# -ge 2 ] || { echo "usage: $0 CONFIG FRAGMENT..." >&2; exit 2; }
# An empty CONFIG has no option, and a missing one must not pass for it.
for file in "$@"; do
	[ -s "$file" ] || { echo "kconfig.sh: no configuration in $file" >&2; exit 2; }
done

awk '
	{ name = "" }
	/^CONFIG_[A-Za-z0-9_]+=./ {
		name = $0
		sub(/=.*/, "", name)
		value = substr($0, length(name) + 2)
	}
	/^# CONFIG_[A-Za-z0-9_]+ is not set$/ { name = $2; value = "n" }
	# The option that is not set may be absent altogether.
	FILENAME == ARGV[1] {
		if (name != "")
			has[name] = value
		next
	}
	name != "" {
		if (!(name in wanted))
			order[++count] = name
		wanted[name] = value
		from[name] = FILENAME
		next
	}
	!/^(#.*)?$/ {
		printf "%s:%d: cannot be read: %s\n", FILENAME, FNR, $0
		bad = 1
	}
	END {
		for (i = 1; i <= count; i++) {
			name = order[i]
			value = name in has ? has[name] : "n"
			if (value == wanted[name])
				continue
			sub(/.*\//, "", from[name])
			printf "%s: %s=%s did not take effect: it is %s\n", from[name],
				name, wanted[name], name in has ? value : "absent"
			bad = 1
		}
		exit bad
	}
' "$@"
