# SPDX-License-Identifier: GPL-2.0
"""The costs of a user of buffers: carveout beside other interfaces, in one boot.

The figures are instructions of the guest, in the kernel and in the program. A ratio is ours
over that of the best other interface.
"""

OURS = "carveout"

# The rows: kind, text, highest ratio. A ratio of a memory row depends on the size.
ROWS = (
    ("memory", "allocate, map, touch, unmap, free", lambda size: 1.0 if size < 65536 else 0.5),
    ("name-open", "open by name, map, read, close", lambda names: 0.5),
    ("name-missing", "open a name that does not exist", lambda names: 0.5),
    ("name-wait", "a waiter opens a new name", lambda names: 1.0),
    ("block-trip", "a block to a process and back", lambda blocks: 1.0),
    ("block-free", "acquire and release a free block", lambda blocks: 1.0),
    ("batch-trip", "16 blocks to a process and back, each", lambda blocks: 1.0),
    ("batch-free", "acquire and release 16 free blocks, each", lambda blocks: 1.0),
    ("killed", "free the buffers of a killed process", lambda buffers: 1.0),
    ("caches", "maintain caches for a part of 16 MiB", lambda size: 0.01),
    ("irq-pair", "free and allocate a block in an interrupt", lambda size: 1.0),
    ("name-find", "find a buffer by its tag, in a driver", lambda names: 1.0),
)

# The costs of a call that wakes a thread depend on the history of the scheduler, too.
WAKING = ("is-queued", "is-the-last", "for-a-task-that-waits", "for-a-wait-of-1000")

STEPS = ("allocate", "map", "touch", "unmap", "free", "later")


def amount(kind, number):
    """The size that a row is about, or the number of things."""
    if not kind.startswith(("memory", "irq", "caches")):
        return str(number)
    if number < 1 << 10:
        return f"{number} B"
    return f"{number >> 20} MiB" if number >= 1 << 20 else f"{number >> 10} KiB"


def rounded(ratio):
    """A ratio with three digits behind the point, or three in all if it is small."""
    return round(ratio, 3) if ratio >= 0.1 else float(f"{ratio:.3g}")


def figures(lines, kind, number):
    """The figures of a row, by interface."""
    return {line["peer"]: line["ns"] for line in lines.select("user", row=kind, of=number)}


def numbers(lines, kind):
    """The sizes or counts of a kind of row, in their order."""
    return list(dict.fromkeys(line["of"] for line in lines.select("user", row=kind)))


def judge(lines):
    """One dictionary for each of our interfaces in each row."""
    result = []
    for kind, text, limit in ROWS:
        for number in numbers(lines, kind):
            found = figures(lines, kind, number)
            others = {peer: ns for peer, ns in found.items() if not peer.startswith(OURS)}
            if not others:
                continue
            best = min(others, key=others.get)
            for peer in found:
                if peer in others:
                    continue
                ratio = found[peer] / others[best]
                result.append({
                    "row": kind, "of": number, "what": text, "peer": peer,
                    "ours": found[peer], "best": best, "theirs": others[best],
                    "ratio": rounded(ratio), "goal": limit(number),
                    "met": ratio <= limit(number)})
    return result


def interface(entry):
    """The size or number of a row, and the kind of memory if we have several."""
    return f"{amount(entry['row'], entry['of'])} {entry['peer'].removeprefix(OURS).strip('-')}"


def absent(lines):
    """A row for each interface that the kernel lacks."""
    texts = {kind: text for kind, text, _ in ROWS}
    return [[texts[line["row"]], "", "", line["peer"], "absent", "-", "", ""]
            for line in lines.select("absent")]


def table(lines):
    """The rows of the table of all results, with the columns of goals.HEAD."""
    return [[entry["what"], interface(entry), str(entry["ours"]), entry["best"],
             str(entry["theirs"]), f"{entry['ratio']:.{2 if entry['ratio'] >= 0.1 else 4}f}",
             f"<= {entry['goal']:g}",
             "met" if entry["met"] else "NOT MET"] for entry in judge(lines)] + absent(lines)


def longest(lines):
    """Instructions of each call that is legal in a hard interrupt, by call and state."""
    return {(line["call"], line["state"]): line["ns"] for line in lines.select("longest")}


def longest_alone(lines):
    """The same of the calls that wake no thread, by name."""
    return {f"longest {call} {state}": count for (call, state), count in longest(lines).items()
            if state not in WAKING}


def longest_table(lines):
    """The head and the rows of the table of the longest calls."""
    return ["call", "in this state", "instructions"], [
        [call, state.replace("-", " "), str(count)]
        for (call, state), count in longest(lines).items()]


def steps(lines):
    """The head and the rows of the table of the steps of the memory rows."""
    rows = []
    for size in numbers(lines, "memory"):
        for peer, total in figures(lines, "memory", size).items():
            rows.append([amount("memory", size), peer] +
                        [str(figures(lines, f"memory-{step}", size)[peer]) for step in STEPS] +
                        [str(total)])
    return ["size", "interface", *STEPS, "total"], rows
