#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Compare the licences in debian/copyright with the SPDX lines of the files.

Prints each file whose licence differs. Files without an SPDX line have the licence that
debian/copyright says. The folder LICENSES has the text of each licence and no others, and the
Yocto layer has the checksums of the texts. Run in the top of a tree that git has.
"""

import fnmatch
import hashlib
import os
import re
import subprocess
import sys

COPYRIGHT = "tools/packaging/debian/copyright"
TEXTS = "LICENSES"
CHECKSUMS = "tools/packaging/yocto/meta-carveout/recipes-kernel/carveout/carveout.inc"
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
    """The licence in the first lines of a file; None without one."""
    try:
        with open(path, encoding="utf-8") as source:
            found = SPDX.search("".join(source.readline() for _ in range(3)))
    except UnicodeDecodeError:
        return None
    return found.group(1) if found else None


def debian(licence):
    """An SPDX expression as Debian writes it; None of None."""
    for pattern, name in NAMES:
        licence = licence and re.sub(pattern, name, licence)
    return licence


def faults_of_texts(licences):
    """Texts of licences that are absent or unused, and checksums that are wrong."""
    used = set(re.findall(r"[\w.-]+", " ".join(licences))) - {"OR", "WITH"}
    used = {name.replace("GPL-2.0-only", "GPL-2.0") for name in used}
    present = set(os.listdir(TEXTS))
    for name in sorted(used - present):
        yield "%s/%s is absent" % (TEXTS, name)
    for name in sorted(present - used):
        yield "%s/%s: no file has this licence" % (TEXTS, name)
    with open(CHECKSUMS, encoding="utf-8") as recipe:
        for path, md5 in re.findall(r"file://(\S+);md5=(\w+)", recipe.read()):
            with open(path, "rb") as text:
                right = hashlib.md5(text.read()).hexdigest()
            if md5 != right:
                yield "%s: the checksum of %s is %s" % (CHECKSUMS, path, right)


def main():
    """Print the differences. Fails if there is one."""
    stanzas = list(declared())
    used, licences, failed = set(), set(), False
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], check=True,
                            capture_output=True, text=True).stdout.splitlines()
    for path in filter(os.path.exists, listed):
        number = [at for at, (patterns, _) in enumerate(stanzas)
                  if any(fnmatch.fnmatchcase(path, pattern) for pattern in patterns)][-1]
        used.add(number)
        spdx = spdx_of(path)
        licences.add(spdx or "")
        licence = debian(spdx)
        if licence not in (None, stanzas[number][1]):
            print("%s: %s, but debian/copyright has %s" % (path, licence, stanzas[number][1]))
            failed = True
    for number, (patterns, _) in enumerate(stanzas):
        if number not in used:
            print("%s: no file is %s" % (COPYRIGHT, " ".join(patterns)))
            failed = True
    for fault in faults_of_texts(licences):
        print(fault)
        failed = True
    return failed


if __name__ == "__main__":
    sys.exit(main())
