# SPDX-License-Identifier: GPL-2.0
"""Goals of the allocator, and whether they are met.

Each function returns the parts of a goal: the case, our figure, the peer and its figure, the
ratio and whether it meets the goal. A ratio is the median of ratios of net times in one boot.
Of several cases a part has the worst.
"""

from statistics import mean, median

OURS = "carveout"
PAGES = ("A-64M-4K-1M", "A-1G-4K-1M")
BYTES = ("A-64M-64B-64K", "A-1G-64B-64K")


def digits(value):
    """A number with about three digits; a text as it is."""
    if value is None:
        return "-"
    if isinstance(value, str):
        return value
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def part(what, goal, ours=None, peer=("", None), ratio=None, met=None):
    """A part of a goal. PEER is its name and its figure; MET is None if it is unknown."""
    return {"of": what, "ours": digits(ours), "peer": peer[0], "theirs": digits(peer[1]),
            "ratio": "-" if ratio is None else f"{ratio:.3g}", "goal": goal, "met": met}


def unknown(what, goal):
    """A part without a figure."""
    return part(what, goal, ours="not measured")


def worst_of(values):
    """The key of the largest value, or None, and a text with the number of the values."""
    values = {name: value for name, value in values.items() if value is not None}
    if not values:
        return None, ""
    worst = max(values, key=values.get)
    return worst, f"{worst}, the worst of {len(values)}" if len(values) > 1 else str(worst)


def worst_ratio(lines, cases, ours, other, limit):
    """The part of the case with the largest ratio of times."""
    goal = f"<= {limit:g}"
    ratios = {case: lines.ratio(case, ours, other) for case in cases}
    case, what = worst_of(ratios)
    if case is None:
        return unknown("", goal)
    own, others = (median(lines.net("time", case, peer)) for peer in (ours, other))
    return part(what, goal, f"{digits(own)} ns", (other, f"{digits(others)} ns"), ratios[case],
                ratios[case] <= limit)


def worst_value(values, limit, unit):
    """The part of the largest of some values."""
    goal = f"<= {limit:g}{unit}"
    name, what = worst_of(values)
    if name is None:
        return unknown("", goal)
    return part(what, goal, f"{digits(values[name])}{unit}", met=values[name] <= limit)


def against_drm_mm(lines):
    """1"""
    cases = [case for case in lines.names("time", "case") if not case.startswith("C")]
    return [worst_ratio(lines, cases, OURS, "drm_mm", 0.15)]


def against_gen_pool(lines):
    """2"""
    return [worst_ratio(lines, PAGES, OURS, "gen_pool_first", 0.08),
            worst_ratio(lines, BYTES, OURS, "gen_pool_first", 0.008)]


def module(lines):
    """3"""
    return [worst_ratio(lines, PAGES + BYTES, "module", "drm_mm_lock", 0.30)]


def growth_of(what, goal, values, limit):
    """The part of a cost at 1e6 live blocks over that at 1e3."""
    if None in values:
        return unknown(what, goal)
    ratio = values[0] / values[1]
    return part(what, goal, values[0], ("1e3 live", values[1]), ratio, ratio <= limit)


def growth(lines):
    """4"""
    nets = [lines.net("time", case, OURS) for case in ("B-1e6", "B-1e3")]
    times = [sorted(net)[len(net) // 2] for net in nets] if all(nets) else [None, None]
    counts = [lines.instructions(case) for case in ("B-1e6", "B-1e3")]
    return [growth_of("ns", "<= 6", times, 6),
            growth_of("instructions", "<= 1.1", counts, 1.1)]


def failing(lines):
    """5"""
    result = []
    for key, limit in (("warm", 0.1), ("cold", 0.4)):
        values = {}
        for line in lines.select("failing", peer=OURS):
            own = lines.one("failing", state=line["state"], peer="null")
            count, own_count = (line["count"], own["count"]) if key == "warm" else (1, 1)
            values[f"{key}, {line['state']}"] = lines.ns(line[key] / count -
                                                         own[key] / own_count) / 1000
        result.append(worst_value(values, limit, " us"))
    return result


def single(lines):
    """6"""
    values = {}
    for line in lines.select("single", peer=OURS):
        own = lines.one("single", case=line["case"], peer="null", op=line["op"])
        values[f"{line['op']} {line['case']}"] = lines.ns(line["p999"] - own["p50"])
    return [worst_value(values, 100, " ns")]


def refit(lines):
    """7"""
    found = lines.select("refit", peer=OURS)
    if not found:
        return [unknown("", "0 failed")]
    failed = sum(line["failed"] for line in found)
    return [part(f"of {sum(line['tried'] for line in found)}", "0 failed", f"{failed} failed",
                 met=failed == 0)]


def ratio_of_sums(ours, other):
    """A ratio, and its standard error over the traces (jackknife)."""
    def without(number):
        return ((sum(ours) - (ours[number] if number is not None else 0)) /
                max(sum(other) - (other[number] if number is not None else 0), 1))

    count = len(ours)
    parts = [without(number) for number in range(count)]
    spread = sum((part - mean(parts)) ** 2 for part in parts) * (count - 1) / count
    return without(None), spread ** 0.5


def full_of(lines, line, key, limit):
    """The part of one case and alignment."""
    other = lines.one("full", case=line["case"], peer="drm_mm", align=line["align"])
    ratio, error = ratio_of_sums(line[key], other[key])
    what = f"{key}, {line['case']}"
    if line["align"]:
        what += f" to {line['align']}"
    return part(f"{what}, +- {error:.3f}", f"<= {limit:g}", str(sum(line[key])),
                ("drm_mm", str(sum(other[key]))), ratio, ratio <= limit)


def full(lines):
    """8"""
    found = lines.select("full", peer=OURS)
    return ([full_of(lines, line, "plain", 1.0) for line in found if not line["align"]] +
            [full_of(lines, line, "aligned", 1.2) for line in found if line["align"]] or
            [unknown("", "<= 1 / <= 1.2")])


def utilisation(lines):
    """9"""
    result = []
    for case, limit in ((PAGES[0], 97), (BYTES[0], 99.4)):
        goal = f">= {limit:g} %, > drm_mm"
        found = [lines.one("utilisation", case=case, peer=peer).get("ppm")
                 for peer in (OURS, "drm_mm")]
        if None in found:
            result.append(unknown(case, goal))
            continue
        ours, other = (mean(ppm) / 1e4 for ppm in found)
        result.append(part(case, goal, f"{ours:.2f} %", ("drm_mm", f"{other:.2f} %"),
                           ours / other, ours >= limit and ours > other))
    return result


def metadata(lines):
    """10"""
    values = {line["case"]: line["bytes"] / line["live"]
              for line in lines.select("time", peer=OURS) if line["live"] >= 1000}
    return [worst_value(values, 64, " B")]


def arena(lines):
    """11: no memory is mapped at the addresses of the arena, a write would be fatal."""
    done = bool(lines.select("done", err=0)) and bool(lines.select("count", peer=OURS))
    return [part("", "0 B", "0 B", met=True) if done else unknown("", "0 B")]


def instructions(lines):
    """12"""
    return [worst_value({case: lines.instructions(case)
                         for case in lines.names("count", "case")}, 220, "")]


def lookup(lines):
    """13"""
    ours, other = ({line["of"]: line["ns"]
                    for line in lines.select("user", row="name-find", peer=peer)}
                   for peer in (OURS, "rhashtable"))
    if not ours or not other:
        return [unknown("", "<= 1"), unknown("", "<= 1.2")]
    ratios = {names: ours[names] / other[names] for names in ours}
    worst = max(ratios, key=ratios.get)
    return [part(f"{worst} tags", "<= 1", str(ours[worst]), ("rhashtable", str(other[worst])),
                 ratios[worst], ratios[worst] <= 1),
            part(f"{max(ours)} tags", "<= 1.2", str(ours[max(ours)]),
                 (f"{min(ours)} tags", str(ours[min(ours)])), ours[max(ours)] / ours[min(ours)],
                 ours[max(ours)] / ours[min(ours)] <= 1.2)]


def cpus(lines):
    """14"""
    ratios = {(case, peer): lines.on_two(case, peer) for case in lines.names("cpus", "case")
              for peer in ("module", "module_pool")}
    worst, _ = worst_of(ratios)
    if worst is None:
        return [unknown("", "<= 1.3")]
    ours, alone = (f"{digits(lines.on_cpus(*worst, number))} ns" for number in (2, 1))
    return [part(" ".join(worst), "<= 1.3", ours, ("one CPU", alone), ratios[worst],
                 ratios[worst] <= 1.3)]


def large(lines):
    """15"""
    time = {line["size"]: line["ns"] for line in lines.select("alloc")}
    if not time:
        return [unknown("", "<= 2")]
    ratio = time[max(time)] / time[min(time)]
    return [part("", "<= 2", f"{time[max(time)]} ns", ("4 KiB", f"{time[min(time)]} ns"), ratio,
                 ratio <= 2)]


def faults(lines):
    """16"""
    found = lines.one("touch", aligned=1).get("faults")
    return [unknown("", "<= 32") if found is None else
            part("", "<= 32", str(found), met=found <= 32)]


GOALS = (
    ("1", "lib, every A and B case", against_drm_mm),
    ("2", "lib, A pages / A 64 B", against_gen_pool),
    ("3", "module, every A case", module),
    ("4", "lib, 1e6 live blocks over 1e3", growth),
    ("5", "failing allocation", failing),
    ("6", "p99.9 of allocate and of free, A 64M", single),
    ("7", "refit of the exact hole in a full arena", refit),
    ("8", "failures at 95 % full", full),
    ("9", "utilisation at first failure after churn", utilisation),
    ("10", "metadata per block, 1000 and more", metadata),
    ("11", "written into the arena by the allocator", arena),
    ("12", "net instructions per pair", instructions),
    ("13", "find a tag, in instructions", lookup),
    ("14", "two CPUs on one heap", cpus),
    ("15", "allocate 64 MiB from user space", large),
    ("16", "page faults of 64 MiB", faults),
)

MARKS = {True: "met", False: "NOT MET", None: ""}
HEAD = ["row", "of", "ours", "peer", "its", "ratio", "goal", ""]


def judge(lines):
    """The parts of all goals, as dictionaries; "met" is None if it is unknown."""
    return [{"nr": number, "what": title, **entry}
            for number, title, measure in GOALS for entry in measure(lines)]


def table(lines):
    """The rows of the table of all goals."""
    return [[f"{entry['nr']:>2} {entry['what']}", entry["of"], entry["ours"],
             entry["peer"], entry["theirs"], entry["ratio"], entry["goal"],
             MARKS[entry["met"]]] for entry in judge(lines)]
