#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Compare the licences in debian/copyright with the SPDX lines of the files.

Prints each file whose licence differs. Files without an SPDX line have the licence that
debian/copyright says. Run in the top of a tree that git has.
"""

import fnmatch
import re
import subprocess
import sys

COPYRIGHT = "tools/packaging/debian/copyright"
SPDX = re.compile(r"SPDX-License-Identifier:\s*(.*?)\s*(?:\*/|-->)?\s*$", re.M)
# How SPDX and Debian write the same.
NAMES = ((r"[()]", ""), (r"\bGPL-2\.0(-only)?(?![\w.])", "GPL-2"),
         (r"\bLGPL-2\.1-or-later\b", "LGPL-2.1+"), (r" OR ", " or "),
         (r" WITH Linux-syscall-note", " with Linux-syscall-note exception"))


def declared():
    """The file patterns of debian/copyright with their licence, in its order."""
    with open(COPYRIGHT, encoding="utf-8") as page:
        for stanza in re.split(r"\n\s*\n", page.read()):
            files = re.search(r"^Files:(.*(?:\n[ \t].*)*)", stanza, re.M)
            if files:
                licence = re.search(r"^License: *(.*)", stanza, re.M).group(1)
                yield files.group(1).split(), licence


def spdx_of(path):
    """The licence in the first lines of a file as Debian writes it; None without one."""
    try:
        with open(path, encoding="utf-8") as source:
            found = SPDX.search("".join(source.readline() for _ in range(3)))
    except UnicodeDecodeError:
        return None
    if not found:
        return None
    licence = found.group(1)
    for pattern, name in NAMES:
        licence = re.sub(pattern, name, licence)
    return licence


def main():
    """Print the differences. Fails if there is one."""
    stanzas = list(declared())
    used, failed = set(), False
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], check=True,
                            capture_output=True, text=True).stdout.splitlines()
    for path in listed:
        number = [at for at, (patterns, _) in enumerate(stanzas)
                  if any(fnmatch.fnmatchcase(path, pattern) for pattern in patterns)][-1]
        used.add(number)
        licence = spdx_of(path)
        if licence not in (None, stanzas[number][1]):
            print("%s: %s, but debian/copyright has %s" % (path, licence, stanzas[number][1]))
            failed = True
    for number, (patterns, _) in enumerate(stanzas):
        if number not in used:
            print("%s: no file is %s" % (COPYRIGHT, " ".join(patterns)))
            failed = True
    return failed


if __name__ == "__main__":
    sys.exit(main())
