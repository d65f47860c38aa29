#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Compare counts of instructions with the recorded ones.

  guard.py check KIND FILE...    as TAP; a figure that is 5 % over the recorded one fails
  guard.py record KIND FILE...   record the figures instead

FILE has the lines that the benchmarks print. KIND is lib: net instructions per pair of a
free and an allocation; or users: instructions of a user over those of the best other
interface in the same boot, so that another release of the kernel changes both, and the
longest time of the calls that are legal in a hard interrupt and wake no thread, and of an
allocation.
"""

import os
import sys

import report
import users

RECORDED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "instructions")
MARGIN = 1.05


def measured(kind, lines):
    """The figures in the lines, by name."""
    if kind == "users":
        ratios = {f"users {entry['row']} {entry['of']} {entry['peer']}": entry["ratio"]
                  for entry in users.judge(lines)}
        return {**ratios, **{f"users {name}": count
                             for name, count in users.longest_alone(lines).items()}}
    return {f"lib {case}": round(lines.instructions(case), 1)
            for case in lines.names("count", "case") if lines.instructions(case)}


def read_recorded():
    """The recorded figures, by name."""
    with open(RECORDED, encoding="utf-8") as file:
        rows = [line.rsplit(None, 1) for line in file if not line.startswith("#")]
    return {name: float(figure) for name, figure in rows}


def verdict(name, figure, recorded):
    """Whether a figure holds, and why not."""
    if figure is None:
        return False, "not measured"
    if recorded is None:
        return False, f"{figure:.9g}, not recorded"
    return figure <= recorded * MARGIN, f"{figure:.9g}, recorded {recorded:.9g}"


def check(kind, figures):
    """Print the verdict of each figure; the number of those that do not hold."""
    recorded = {name: figure for name, figure in read_recorded().items()
                if name.startswith(f"{kind} ")}
    names = list(recorded) + [name for name in figures if name not in recorded]
    failed = 0
    print(f"TAP version 13\n1..{len(names)}")
    for number, name in enumerate(names, 1):
        good, why = verdict(name, figures.get(name), recorded.get(name))
        failed += not good
        print(f"{'ok' if good else 'not ok'} {number} {name.replace(' ', '.')}")
        print(f"# {why}")
    if failed:
        print(f"# If the change is worth it: tools/testing/scripts/bench.sh record {kind}")
    return failed


def record(kind, figures):
    """Replace the recorded figures of a kind."""
    others = {name: figure for name, figure in read_recorded().items()
              if not name.startswith(f"{kind} ")}
    with open(RECORDED, encoding="utf-8") as file:
        head = [line for line in file if line.startswith("#")]
    with open(RECORDED, "w", encoding="utf-8") as file:
        file.writelines(head)
        file.writelines(f"{name} {figure:.9g}\n"
                        for name, figure in sorted({**others, **figures}.items()))


def main(args):
    """Check or record the figures in files."""
    if len(args) < 3 or args[0] not in ("check", "record") or args[1] not in ("lib", "users"):
        sys.stderr.write(__doc__)
        return 2
    figures = measured(args[1], report.Lines(args[2:]))
    if args[0] == "record":
        record(args[1], figures)
        return 0
    return 1 if check(args[1], figures) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
