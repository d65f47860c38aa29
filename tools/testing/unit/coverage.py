#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What of lib/ the unit tests have not reached.

  gcov --branch-probabilities --json-format --stdout FILE... | coverage.py DIR

Prints for each source in DIR how many lines were executed and how many branches
taken, and the lines that have some that were not. A line of a header counts once,
in however many sources it is compiled.
"""

import json
import os
import sys


class Line:
    """How often a line was executed, and each of its branches taken."""

    def __init__(self):
        self.count = 0
        self.branches = []
        self.function = ""

    def add(self, entry):
        """What gcov says of the line in one object file."""
        self.count += entry["count"]
        self.function = entry.get("function_name", self.function)
        taken = [branch["count"] for branch in entry["branches"]]
        if len(taken) > len(self.branches):
            self.branches += [0] * (len(taken) - len(self.branches))
        for number, count in enumerate(taken):
            self.branches[number] += count


def read(stream, directory):
    """Lines by number by file; gcov prints a document for each object file."""
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
    """Files, lines and branches, as words."""
    branches = [count for line in lines for count in line.branches]
    return (f"{name:<12} lines {sum(line.count > 0 for line in lines):5} of {len(lines):5}"
            f"   branches {sum(count > 0 for count in branches):5} of {len(branches):5}")


def missing(name, lines):
    """What was not reached."""
    with open(name, encoding="utf-8") as file:
        source = file.read().splitlines()
    for number, line in sorted(lines.items()):
        never = sum(not count for count in line.branches)
        if line.count and not never:
            continue
        what = f"{never} of {len(line.branches)} branches" if line.count else "not executed"
        yield (f"  {os.path.basename(name)}:{number} {line.function}(): {what}: "
               f"{source[number - 1].strip()}")


def main(directory):
    """See the top of the file."""
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
