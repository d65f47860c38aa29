#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Turn the lines that the benchmarks print into tables.

  report.py lines FILE...     what the user-space program printed, as it is

A line reads "bench: KIND KEY=VALUE ..."; whatever stands before "bench:" and all
other lines are ignored. A value is a number, numbers with commas, or a word.
"""

import sys
from statistics import median


def value_of(text):
    """A number, a list of numbers, or the text itself."""
    try:
        numbers = [int(part) for part in text.split(",")]
    except ValueError:
        return text
    return numbers if "," in text else numbers[0]


def read_lines(files):
    """All "bench:" lines, as dictionaries; the kind is under "kind"."""
    found = []
    for name in files:
        with open(name, encoding="utf-8", errors="replace") as file:
            for line in file:
                _, mark, rest = line.partition("bench: ")
                if not mark:
                    continue
                words = rest.split()
                entry = {"kind": words[0]}
                for word in words[1:]:
                    key, _, text = word.partition("=")
                    entry[key] = value_of(text)
                found.append(entry)
    return found


class Lines:
    """The lines of all files, to be looked up."""

    def __init__(self, files):
        self.all = read_lines(files)

    def select(self, kind, **keys):
        """The lines of a kind with these values."""
        return [line for line in self.all if line["kind"] == kind and
                all(line.get(key) == value for key, value in keys.items())]

    def one(self, kind, **keys):
        """The last line of a kind with these values, or an empty one."""
        return (self.select(kind, **keys) or [{}])[-1]

    def cases(self, kind):
        """The cases of a kind of line, in their order."""
        return list(dict.fromkeys(line["case"] for line in self.all
                                  if line["kind"] == kind and "case" in line))

    def net(self, kind, case, peer):
        """Nanoseconds per pair for each chunk, the harness's own taken off."""
        own = self.one(kind, case=case, peer="null").get("ps")
        all_in = self.one(kind, case=case, peer=peer).get("ps")
        if not own or not all_in:
            return []
        return [(a - o) / 1000 for a, o in zip(all_in, own)]

    def instructions(self, case):
        """Net instructions per pair of lib/, or None."""
        pairs = self.one("count", case=case, peer="carveout").get("pairs")
        own = self.one("instructions", case=case, peer="null").get("total")
        all_in = self.one("instructions", case=case, peer="carveout").get("total")
        if not pairs or own is None or all_in is None:
            return None
        return (all_in - own) / pairs


def print_lines(lines):
    """What the user-space program measured."""
    for case in lines.cases("usertime"):
        net = lines.net("usertime", case, "carveout")
        line = lines.one("usertime", case=case, peer="carveout")
        print(f"{case:16} {line['live']:8} live  {median(net):8.1f} ns net per pair"
              f"  {line['failed']:5} failed")
    for case in lines.cases("count"):
        line = lines.one("count", case=case, peer="carveout")
        print(f"{case:16} {line['live']:8} live  {lines.instructions(case):8.1f}"
              f" instructions net per pair  {line['failed']:5} failed")


def main(args):
    """See the top of the file."""
    if len(args) >= 2 and args[0] == "lines":
        print_lines(Lines(args[1:]))
        return 0
    sys.stderr.write(__doc__)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
