#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Create tables from the lines that the benchmarks print.

  report.py lines FILE...     results of the user-space program
  report.py all DIR FILE...   all results; writes report.json and charts to DIR

A line has the form "bench: KIND KEY=VALUE ..."; text before "bench:" and all other
lines are ignored. A value is a number, numbers with commas, or a word.
"""

import json
import os
import sys
from statistics import mean, median

import goals
import picture
import users
from goals import digits


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
    """The lines of all files, with look-up functions."""

    def __init__(self, files):
        self.all = read_lines(files)
        self.khz = self.one("clock").get("khz", 0)

    def select(self, kind, **keys):
        """The lines of a kind with these values."""
        return [line for line in self.all if line["kind"] == kind and
                all(line.get(key) == value for key, value in keys.items())]

    def one(self, kind, **keys):
        """The last line of a kind with these values, or an empty dictionary."""
        return (self.select(kind, **keys) or [{}])[-1]

    def names(self, kind, key):
        """The values of a key in the lines of a kind, each once, in their order."""
        return list(dict.fromkeys(line[key] for line in self.select(kind)))

    def ns(self, cycles):
        """Convert cycles of the module to nanoseconds."""
        return cycles * 1e6 / self.khz

    def chunks(self, kind, case, peer):
        """Nanoseconds per pair for each chunk."""
        line = self.one(kind, case=case, peer=peer)
        if "ps" in line:
            return [ps / 1000 for ps in line["ps"]]
        return [self.ns(cycles) / 1024 for cycles in line.get("cycles", [])]

    def net(self, kind, case, peer):
        """Nanoseconds per pair for each chunk, minus those of the harness."""
        own = self.chunks(kind, case, "null")
        return [a - o for a, o in zip(self.chunks(kind, case, peer), own)]

    def ratio(self, case, peer, other):
        """Median over the chunks of one allocator's time over another one's."""
        pairs = zip(self.net("time", case, peer), self.net("time", case, other))
        ratios = [a / b for a, b in pairs if b > 0]
        return median(ratios) if ratios else None

    def on_cpus(self, case, peer, cpus):
        """Net nanoseconds per pair with a number of CPUs on one heap, or None."""
        found = [self.one("cpus", case=case, peer=name, cpus=cpus)
                 for name in (peer, "null")]
        if not all(line.get("count", 0) >= 100 for line in found):
            return None
        return found[0]["ns"] - found[1]["ns"]

    def on_two(self, case, peer):
        """Ratio of the times of a CPU with and without a second CPU."""
        alone, beside = (self.on_cpus(case, peer, cpus) for cpus in (1, 2))
        return beside / alone if alone and beside else None

    def instructions(self, case):
        """Net instructions per pair of lib/, or None."""
        pairs = self.one("count", case=case, peer="carveout").get("pairs")
        own = self.one("instructions", case=case, peer="null").get("total")
        all_in = self.one("instructions", case=case, peer="carveout").get("total")
        if not pairs or own is None or all_in is None:
            return None
        return (all_in - own) / pairs


def print_table(title, head, rows):
    """Print a table; the first column is left-aligned."""
    width = [max(len(row[i]) for row in [head] + rows) for i in range(len(head))]
    print(f"\n{title}\n")
    for row in [head] + rows:
        cells = [row[0].ljust(width[0])]
        cells += [cell.rjust(size) for cell, size in zip(row[1:], width[1:])]
        print("  " + "  ".join(cells).rstrip())


def user_rows(lines):
    """Results of the user-space program, one row a case."""
    rows = []
    for case in dict.fromkeys(lines.names("count", "case") + lines.names("usertime", "case")):
        net = lines.net("usertime", case, "carveout")
        line = (lines.one("count", case=case, peer="carveout") or
                lines.one("usertime", case=case, peer="carveout"))
        rows.append([case, str(line["live"]), str(line["failed"]),
                     digits(lines.instructions(case)), digits(median(net) if net else None)])
    return rows


def print_user(lines):
    """Print the results of the user-space program."""
    rows = user_rows(lines)
    if rows:
        print_table("lib/ in user space, per pair of a free and an allocation, net",
                    ["case", "live", "failed", "instructions", "ns"], rows)


def print_times(lines):
    """Print the times: one row an allocator, one column a case."""
    cases = lines.names("time", "case")
    rows = []
    for peer in lines.names("time", "peer"):
        if peer == "null":
            continue
        nets = [lines.net("time", case, peer) for case in cases]
        rows.append([peer] + [digits(median(net) if net else None) for net in nets])
    for peer, other in (("carveout", "drm_mm"), ("module", "drm_mm_lock")):
        rows.append([f"{peer} / {other}"] +
                    [digits(lines.ratio(case, peer, other)) for case in cases])
    print_table("In the kernel: ns per pair of a free and an allocation, net",
                ["allocator"] + cases, rows)


def print_singles(lines):
    """Print the times of single operations."""
    rows = []
    for line in lines.select("single"):
        if line["peer"] == "null":
            continue
        own = lines.one("single", case=line["case"], peer="null", op=line["op"])["p50"]
        rows.append([line["case"], line["peer"], line["op"]] +
                    [digits(lines.ns(line[key] - own)) for key in ("p50", "p999", "max")])
    print_table("Single operations, ns net; the counter may have a resolution of 10 ns",
                ["case", "allocator", "operation", "median", "99.9 %", "longest"], rows)


def failing_ns(lines, line, key):
    """Net time of one failing allocation."""
    own = lines.one("failing", state=line["state"], peer="null")
    if key == "warm":
        return lines.ns(line["warm"] / line["count"] - own["warm"] / own["count"])
    return lines.ns(line["cold"] - own["cold"])


def print_states(lines):
    """Print the results of arenas in a given state."""
    rows = [[line["state"], line["peer"], digits(failing_ns(lines, line, "warm")),
             digits(failing_ns(lines, line, "cold"))]
            for line in lines.select("failing") if line["peer"] != "null"]
    print_table("Failing allocations in 64 MiB, ns net",
                ["state", "allocator", "warm", "cold"], rows)
    rows = [[line["case"], line["peer"], str(line["align"] or "none"),
             str(sum(line["plain"])), str(sum(line["aligned"])), str(line["missed"]),
             str(line["tried"])]
            for line in lines.select("full")]
    print_table("Failures at 95 % full, one request in four aligned",
                ["case", "allocator", "alignment", "plain", "aligned", "perhaps missed", "of both"],
                rows)
    rows = [[line["case"], line["peer"], str(line["failed"]), str(line["tried"])]
            for line in lines.select("refit") if line["peer"] != "null"]
    print_table("The only hole has the exact size: failures",
                ["case", "allocator", "failed", "of"], rows)
    rows = [[line["case"], line["peer"], f"{mean(line['ppm']) / 1e4:.2f} %",
             f"{min(line['ppm']) / 1e4:.2f} %"]
            for line in lines.select("utilisation")]
    print_table("Utilisation at the first failure after churn",
                ["case", "allocator", "mean", "least"], rows)


def print_metadata(lines):
    """Print the bytes of metadata per live block."""
    cases = lines.names("time", "case")
    rows = []
    for peer in lines.names("time", "peer"):
        found = [lines.one("time", case=case, peer=peer) for case in cases]
        if any(line.get("bytes") for line in found):
            rows.append([peer] + [digits(line["bytes"] / line["live"] if line.get("bytes") else None)
                                  for line in found])
    print_table("Bytes of metadata per live block, in total", ["allocator"] + cases, rows)


def print_node(lines):
    """Print the times of operations on a heap's device node."""
    rows = [[f"look up one of {line['tags']} tags", digits(line["ns"] - line["door"]), ""]
            for line in lines.select("lookup")]
    rows += [[f"allocate {line['size'] >> 10} KiB", digits(line["ns"]), ""]
             for line in lines.select("alloc")]
    rows += [[f"map and touch {line['size'] >> 20} MiB, " +
              ("aligned" if line["aligned"] else "not aligned"),
              digits(line["map_ns"] + line["touch_ns"]), str(line["faults"])]
             for line in lines.select("touch")]
    if rows:
        print_table("At the device node of a heap, on an emulated machine", ["", "ns", "faults"], rows)


def print_cpus(lines):
    """Print the times of a CPU, with and without a second CPU."""
    rows = []
    for line in lines.select("cpus", cpus=2):
        case, peer = line["case"], line["peer"]
        if peer != "null":
            rows.append([case, peer, digits(lines.on_cpus(case, peer, 1)),
                         digits(lines.on_cpus(case, peer, 2)),
                         digits(lines.on_two(case, peer))])
    if rows:
        print_table("CPUs on one heap, on an emulated machine: ns per pair and CPU, net",
                    ["case", "allocator", "one", "two", "two / one"], rows)


def print_steps(lines):
    """Print the costs of the steps of a user of buffers, and the longest calls."""
    if lines.select("user"):
        print_table("Steps of a user, in instructions of an emulated machine",
                    *users.steps(lines))
    if lines.select("longest"):
        print_table("Longest calls with interrupts off, in states constructed for it",
                    *users.longest_table(lines))


def print_latency(lines):
    """Print the latency of a task with a high priority, without a load and under several."""
    none = lines.one("latency", load="none")
    rows = [[line["load"]] + [str(line[key]) for key in ("p50", "p9999", "max")] +
            [digits(line[key] / none[key]) for key in ("p9999", "max")]
            for line in lines.select("latency") if none and "max" in line]
    if rows:
        print_table("Latency that cyclictest sees with PREEMPT_RT, in instructions",
                    ["load", "median", "99.99 %", "max", "99.99 % / none", "max / none"], rows)


def print_users(lines):
    """Print the costs of users."""
    print_steps(lines)
    if lines.select("user"):
        print_table("Costs of a user, in instructions of an emulated machine", goals.HEAD,
                    users.table(lines))


def print_goals(lines):
    """Print the goals of the allocator and of its users, and the measured values."""
    print_table("Goals and measured values; those of users in instructions", goals.HEAD,
                goals.table(lines) + users.table(lines))


def summary(lines):
    """All results, for report.json."""
    times = {}
    for line in lines.select("time"):
        net = lines.net("time", line["case"], line["peer"])
        times.setdefault(line["case"], {})[line["peer"]] = {
            "ns": round(median(net), 2), "live": line["live"],
            "failed": line["failed"], "bytes": line["bytes"]}
    return {
        "machine": {**lines.one("machine"), "khz": lines.khz,
                    "load": {line["when"]: line["average"] for line in lines.select("load")}},
        "kernel": times,
        "instructions": {case: lines.instructions(case)
                         for case in lines.names("count", "case")},
        "user_ns": {case: round(median(lines.net("usertime", case, "carveout")), 2)
                    for case in lines.names("usertime", "case")},
        "goals": goals.judge(lines),
        "users": users.judge(lines),
        "lines": [line for line in lines.all if "cycles" not in line and "ps" not in line],
    }


def times_by(lines, place_of):
    """The times in the kernel, by allocator and place: PLACE_OF a case, or None."""
    curves = {}
    for line in lines.select("time"):
        place = place_of(line)
        if line["peer"] != "null" and place:
            net = median(lines.net("time", line["case"], line["peer"]))
            curves.setdefault(line["peer"], {})[place] = net
    return curves


def failures_by_fill(lines):
    """Per cent of the requests that fail, by allocator and fill, in the smallest units."""
    curves = {}
    for line in lines.select("fill", case="64M-64B-64K"):
        curves.setdefault(line["peer"], {})[f"{line['percent']} %"] = (
            100 * line["failed"] / line["tried"])
    return curves


def costs_by_names(lines):
    """Instructions to open a name, by interface and number of names."""
    curves = {}
    for row, what in (("name-open", "open"), ("name-missing", "missing")):
        for number in users.numbers(lines, row):
            for peer, cost in users.figures(lines, row, number).items():
                curves.setdefault(f"{peer}, {what}", {})[f"{number:,}"] = cost
    return curves


def origin(lines):
    """The run that the charts are from."""
    machine = lines.one("machine")
    return (f"make bench, {machine.get('date', '-')}, on {machine.get('cpus', '-')} CPUs: "
            f"{str(machine.get('cpu', '-')).replace('_', ' ')}")


def charts(lines):
    """File name and drawing of each chart that there are results for."""
    pair = "a pair of a free and an allocation"
    found = (
        ("cases.svg", times_by(lines, lambda line: line["case"]),
         {"title": f"Time of {pair}, by case", "unit": "ns"}),
        ("live.svg", times_by(lines, lambda line: line["case"].startswith("B") and
                              f"{line['live']:,}"),
         {"title": f"Time of {pair}", "unit": "ns", "below": "live blocks"}),
        ("failures.svg", failures_by_fill(lines),
         {"title": "Requests that fail, blocks of 64 bytes to 64 KiB", "unit": "%",
          "axis": picture.Linear, "below": "memory in use"}),
        ("names.svg", costs_by_names(lines),
         {"title": "Instructions to open a name", "unit": "", "below": "names"}),
    )
    return {name: picture.draw(curves=curves, note=origin(lines), **words)
            for name, curves, words in found if curves}


def write_charts(directory, lines):
    """Write the charts and return their names."""
    drawn = charts(lines)
    for name, drawing in drawn.items():
        with open(os.path.join(directory, name), "w", encoding="utf-8") as file:
            file.write(drawing)
    return list(drawn)


def print_all(directory, lines):
    """Print the tables and write the two files."""
    print_user(lines)
    if not lines.khz or not lines.select("done", err=0):
        print("\nThe module did not complete; see kernel.txt")
        return 1
    print_times(lines)
    print_singles(lines)
    print_states(lines)
    print_metadata(lines)
    print_node(lines)
    print_cpus(lines)
    print_steps(lines)
    print_latency(lines)
    print_goals(lines)
    load = {line["when"]: line["average"] for line in lines.select("load")}
    print(f"\nThe machine's load: {load.get('before')} before, {load.get('after')} after")
    with open(os.path.join(directory, "report.json"), "w", encoding="utf-8") as file:
        json.dump(summary(lines), file, indent=1)
        file.write("\n")
    print(f"Also in {directory}: report.json, {', '.join(write_charts(directory, lines))}")
    return 0


def main(args):
    """Print the reports that the arguments select."""
    if len(args) >= 2 and args[0] == "lines":
        print_user(Lines(args[1:]))
        print_users(Lines(args[1:]))
        print_latency(Lines(args[1:]))
        return 0
    if len(args) >= 3 and args[0] == "all":
        return print_all(args[1], Lines(args[2:]))
    sys.stderr.write(__doc__)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
