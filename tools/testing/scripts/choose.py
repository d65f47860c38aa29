#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Choose the packages of a stock Debian kernel.

choose.py SERIES FLAVOUR ARCH HOST < LIST

SERIES is "6.1", "6.12" or "7"; FLAVOUR is "arm64", "rt-arm64", "cloud-amd64" and so
on; ARCH is the Debian architecture of the kernel, HOST that of this machine. LIST has
one available package a line: its name and its architecture.

The packages of a kernel are not published at one moment: the headers appear hours
before the signed image. The choice is the newest release of which all packages are
available. It is printed as one "KEY VALUE" a line:

release 6.12.117+deb12-arm64
kbuild linux-kbuild-6.12.117+deb12
package linux-headers-6.12.117+deb12-arm64:arm64        one line for each package

If there is none, exit with status 1 and one line that names the missing packages and
the remedy.
"""

import re
import sys


def newest_first(abis):
    """Release strings in descending order, numbers compared as numbers."""
    def key(abi):
        return [(int(part), "") if part.isdigit() else (-1, part)
                for part in re.findall(r"\d+|\D+", abi)]
    return sorted(abis, key=key, reverse=True)


def abis_of(series, flavour, arch, available):
    """The releases of a series that have headers for the architecture."""
    pattern = re.compile(r"linux-headers-(%s\.\d[0-9.]*(?:\+[a-z0-9.+]+)?(?:-\d+)?)-%s"
                         % (re.escape(series), re.escape(flavour)))
    matches = (pattern.fullmatch(name) for name, its in available if its == arch)
    return {match[1] for match in matches if match}


def alternatives(series, flavour, arch, host, abi, available):
    """The packages of one release; for each a list of names of which one is enough."""
    release = abi + "-" + flavour
    common = ["linux-headers-%s-common" % abi]
    if flavour.startswith("rt-"):
        # A featureset of its own up to 6.12, a flavour like any other since.
        common.insert(0, common[0] + "-rt")
    # Since 6.19 linux-image is a shell around three packages; linux-base-RELEASE tells.
    split = ("linux-base-" + release, arch) in available
    image = ["binary", "modules", "base"] if split else ["image"]
    return ([(["linux-headers-" + release], arch), (common, "all"),
             (["linux-kbuild-" + abi, "linux-kbuild-" + series], host)]
            + [(["linux-%s-%s" % (part, release)], arch) for part in image])


def resolve(needed, available):
    """The packages to take, and the names of those that are missing."""
    packages, missing = [], []
    for names, arch in needed:
        found = [name for name in names if (name, arch) in available]
        if found:
            packages.append((found[0], arch))
        else:
            missing.append("%s:%s" % (names[-1], arch))
    return packages, missing


def choose(series, flavour, arch, host, available):
    """(release, packages, notes), or None and notes when no release is complete."""
    notes = []
    for abi in newest_first(abis_of(series, flavour, arch, available)):
        needed = alternatives(series, flavour, arch, host, abi, available)
        packages, missing = resolve(needed, available)
        if not missing:
            return abi + "-" + flavour, packages, notes
        notes.append("%s-%s is not complete: no %s" % (abi, flavour, ", ".join(missing)))
    return None, [], notes


def main(args):
    if len(args) != 4:
        print(__doc__, file=sys.stderr)
        return 2
    series, flavour, arch, host = args
    available = {tuple(line.split()[:2]) for line in sys.stdin if line.strip()}
    release, packages, notes = choose(series, flavour, arch, host, available)
    if not release:
        why = ("%s; try again when the archive has them all" % notes[0] if notes else
               "no linux-headers-%s.*-%s; add a suite that has them to the package sources"
               % (series, flavour))
        print("no Linux %s for %s: %s" % (series, arch, why), file=sys.stderr)
        return 1
    for note in notes:
        print("note: %s; %s is used" % (note, release), file=sys.stderr)
    print("release " + release)
    print("kbuild " + next(name for name, _ in packages if "-kbuild-" in name))
    for name, arch in packages:
        print("package %s:%s" % (name, arch))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
