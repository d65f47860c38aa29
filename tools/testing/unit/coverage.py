#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Print the parts of lib/ that the unit tests do not reach.

  gcov --branch-probabilities --json-format --stdout FILE... | coverage.py DIR

For each source in DIR: the number of executed lines and of taken branches, and the
lines with branches not taken. A line of a header counts once, independent of the
number of sources that include it.
"""

import json
import os
import sys


class Line:
    """Execution counts of a line and of each of its branches."""

    def __init__(self):
        self.count = 0
        self.branches = []
        self.function = ""

    def add(self, entry):
        """Add gcov's counts of the line from one object file."""
        self.count += entry["count"]
        self.function = entry.get("function_name", self.function)
        taken = [branch["count"] for branch in entry["branches"]]
        if len(taken) > len(self.branches):
            self.branches += [0] * (len(taken) - len(self.branches))
        for number, count in enumerate(taken):
            self.branches[number] += count


def read(stream, directory):
    """Lines by number and file; gcov prints one document per object file."""
    files = {}
    for text in stream:
        for entry in json.loads(text)["files"]:
            name = os.path.realpath(entry["file"])
            if os.path.dirname(name) != directory:
                continue
            lines = files.setdefault(name, {})
            for line in entry["lines"]:
                lines.setdefault(line["line_number"], Line()).add(line)
    return files


def summary(name, lines):
    """One line of text: name, lines and branches."""
    branches = [count for line in lines for count in line.branches]
    return (f"{name:<12} lines {sum(line.count > 0 for line in lines):5} of {len(lines):5}"
            f"   branches {sum(count > 0 for count in branches):5} of {len(branches):5}")


def missing(name, lines):
    """The lines that were not reached completely."""
    with open(name, encoding="utf-8") as file:
        source = file.read().splitlines()
    for number, line in sorted(lines.items()):
        never = sum(not count for count in line.branches)
        if line.count and not never:
            continue
        lacks = f"{never} of {len(line.branches)} branches" if line.count else "not executed"
        yield (f"  {os.path.basename(name)}:{number} {line.function}(): {lacks}: "
               f"{source[number - 1].strip()}")


def main(directory):
    """Read gcov's output and print the report."""
    files = read(sys.stdin, os.path.realpath(directory))
    for name, lines in sorted(files.items()):
        print(summary(os.path.basename(name), lines.values()))
    print(summary("all", [line for lines in files.values() for line in lines.values()]))
    print("Never:")
    for name, lines in sorted(files.items()):
        for text in missing(name, lines):
            print(text)


if __name__ == "__main__":
    main(sys.argv[1])
