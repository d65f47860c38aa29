#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Check a litmus test with all its barriers, and without each of them.

litmus.py check FILE FOLDER HERD [OPTION...]   run herd7 on the test and on its variants
litmus.py variants FILE FOLDER                 only write the variants to FOLDER

HERD is the command, OPTIONs are for all tests. A comment at the top of FILE says:

  Property: statement of the property
  Model: the model's file; linux-kernel.cat is that of the folder where this runs
  Result: verdict of herd7 on the condition at the end, with all barriers
  Without: verdict if any one barrier is left out

A barrier is a DMB or DSB instruction, or smp_mb(), smp_rmb() or smp_wmb(). Each barrier of a
test has to be necessary, so a test whose condition cannot be met in any case fails, and so
does one with a barrier too many. Standard output is the log, and "TRIED N" tells the number
of runs. Each fault is one line that begins with "FAULT".
"""

import os
import re
import subprocess
import sys

BARRIER = re.compile(r"\b(?:DMB|DSB)\b(?: +(?:(?:OSH|ISH|NSH)(?:LD|ST)?|SY|LD|ST)\b)?|"
                     r"\bsmp_r?w?mb\(\);")
FIELDS = ("Property", "Model", "Result", "Without")
# Seconds for one run.
LIMIT = 300


def fields(text):
    """The fields of the comment at the top; each of them has to be there."""
    found = dict(re.findall(r"^ \* (\w+): (.*\S)$", text, re.M))
    missing = [name for name in FIELDS if name not in found]
    if missing:
        raise ValueError("no field " + ", ".join(missing))
    return found


def barriers(text):
    """(place of the text, thread, instruction) of each barrier of the program."""
    start = re.search(r"^\{", text, re.M).start()
    for found in BARRIER.finditer(text, start):
        functions = re.findall(r"^P(\d+)\(", text[start:found.start()], re.M)
        columns = text[text.rindex("\n", 0, found.start()):found.start()].count("|")
        yield found.span(), "P%s" % (functions[-1] if functions else columns), found.group()


def variants(text):
    """(name, verdict to expect, text) of the test and of each variant."""
    expect = fields(text)
    yield "all barriers", expect["Result"], text
    for number, ((start, end), thread, barrier) in enumerate(barriers(text), 1):
        yield ("without barrier %d, %s of %s" % (number, barrier.rstrip(";"), thread),
               expect["Without"], text[:start] + " " * (end - start) + text[end:])


def write(path, folder):
    """Write each variant to a file; (name, verdict to expect, path) of each."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    name = os.path.basename(path)[:-len(".litmus")]
    for number, (what, expect, variant) in enumerate(variants(text)):
        copy = os.path.join(folder, "%s-%d.litmus" % (name, number))
        with open(copy, "w", encoding="utf-8") as file:
            file.write(variant)
        yield what, expect, copy


def fault(output, status, expect, race_free):
    """The fault of a run of herd7; None if it is as expected."""
    verdict = re.search(r"^Observation \S+ (\w+) (\d+) (\d+)$", output, re.M)
    if status != 0 or not verdict:
        last = output.strip().rsplit("\n", 1)[-1]
        return "herd7 gave no verdict, exit code %d: %s" % (status, last)
    if verdict[1] != expect:
        return "%s, expected %s" % (verdict[1], expect)
    if verdict[2] == verdict[3] == "0":
        return "the program has no execution"
    if race_free and re.search(r"^Flag data-race$", output, re.M):
        return "a data race"
    return None


def run(command):
    """The output of a command, with its messages, and its exit code."""
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, timeout=LIMIT, check=False)
    except subprocess.TimeoutExpired as late:
        return "%s\n%s\n" % (late.stdout or "", late), 124
    return done.stdout, done.returncode


def check(path, folder, herd):
    """Run the test and its variants; the number of faults."""
    with open(path, encoding="utf-8") as file:
        model = fields(file.read())["Model"]
    options = ["-conf", "linux-kernel.cfg"] if model == "linux-kernel.cat" else ["-model", model]
    faults = tried = 0
    for what, expect, copy in write(path, folder):
        output, status = run(herd + options + [copy])
        print("# %s, expected: %s\n%s" % (what, expect, output))
        why = fault(output, status, expect, tried == 0)
        if why:
            print("FAULT %s: %s" % (what, why))
            faults += 1
        tried += 1
    if tried < 2:
        print("FAULT the test has no barrier")
        faults += 1
    print("TRIED %d" % tried)
    return faults


def main(arguments):
    """Run the command line; the exit code."""
    if len(arguments) > 3 and arguments[0] == "check":
        return 1 if check(arguments[1], arguments[2], arguments[3:]) else 0
    if len(arguments) == 3 and arguments[0] == "variants":
        for what, expect, copy in write(*arguments[1:]):
            print("%s\t%s\t%s" % (copy, expect, what))
        return 0
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
