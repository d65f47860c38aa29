# SPDX-License-Identifier: GPL-2.0
"""Goals of the allocator, and whether they are met.

Each function returns the measured value, as text, and whether it meets the goal; None
if that is unknown. Ratios are medians of ratios of net times in one boot.
"""

from statistics import mean

OURS = "carveout"
PAGES = ("A-64M-4K-1M", "A-1G-4K-1M")
BYTES = ("A-64M-64B-64K", "A-1G-64B-64K")


def worst_of(values, limit):
    """The range of a dictionary of values, as text, and whether the worst meets the goal."""
    values = {name: value for name, value in values.items() if value is not None}
    if not values:
        return "not measured", None
    name = max(values, key=values.get)
    best = min(values, key=values.get)
    return (f"{values[best]:.3g} ({best}) to {values[name]:.3g} ({name})",
            values[name] <= limit)


def both(first, second):
    """Combine two results."""
    met = None if None in (first[1], second[1]) else first[1] and second[1]
    return f"{first[0]}; {second[0]}", met


def against_drm_mm(lines):
    """1"""
    return worst_of({case: lines.ratio(case, OURS, "drm_mm")
                     for case in lines.names("time", "case") if not case.startswith("C")},
                    0.15)


def against_gen_pool(lines):
    """2"""
    pages = {case: lines.ratio(case, OURS, "gen_pool_first") for case in PAGES}
    small = {case: lines.ratio(case, OURS, "gen_pool_first") for case in BYTES}
    return both(worst_of(pages, 0.08), worst_of(small, 0.008))


def module(lines):
    """3"""
    return worst_of({case: lines.ratio(case, "module", "drm_mm_lock")
                     for case in PAGES + BYTES}, 0.30)


def growth(lines):
    """4"""
    few = lines.net("time", "B-1e3", OURS)
    many = lines.net("time", "B-1e6", OURS)
    if not few or not many:
        return "not measured", None
    cost = sorted(many)[len(many) // 2] / sorted(few)[len(few) // 2]
    counts = [lines.instructions(case) for case in ("B-1e6", "B-1e3")]
    if None in counts:
        return f"time {cost:.3g}", None
    ratio = counts[0] / counts[1]
    return f"time {cost:.3g}, instructions {ratio:.3g}", cost <= 6 and ratio <= 1.1


def failing(lines):
    """5"""
    result = []
    for key, limit in (("warm", 0.1), ("cold", 0.4)):
        values = {}
        for line in lines.select("failing", peer=OURS):
            own = lines.one("failing", state=line["state"], peer="null")
            count, own_count = (line["count"], own["count"]) if key == "warm" else (1, 1)
            values[line["state"]] = lines.ns(line[key] / count - own[key] / own_count) / 1000
        text, met = worst_of(values, limit)
        result.append((f"{key} {text}", met))
    return both(*result)


def single(lines):
    """6"""
    values = {}
    for line in lines.select("single", peer=OURS):
        own = lines.one("single", case=line["case"], peer="null", op=line["op"])
        values[f"{line['op']} {line['case']}"] = lines.ns(line["p999"] - own["p50"])
    return worst_of(values, 100)


def refit(lines):
    """7"""
    found = lines.select("refit", peer=OURS)
    failed = sum(line["failed"] for line in found)
    return f"{failed} of {sum(line['tried'] for line in found)} failed", failed == 0


def ratio_of_sums(ours, other):
    """A ratio, and its standard error over the traces (jackknife)."""
    def without(number):
        return ((sum(ours) - (ours[number] if number is not None else 0)) /
                max(sum(other) - (other[number] if number is not None else 0), 1))

    count = len(ours)
    parts = [without(number) for number in range(count)]
    spread = sum((part - mean(parts)) ** 2 for part in parts) * (count - 1) / count
    return without(None), spread ** 0.5


def full(lines):
    """8"""
    result = []
    for key, limit in (("plain", 1.0), ("aligned", 1.2)):
        text, met = [], []
        for line in lines.select("full", peer=OURS):
            if (key == "aligned") != bool(line["align"]):
                continue
            other = lines.one("full", case=line["case"], peer="drm_mm", align=line["align"])
            ratio, error = ratio_of_sums(line[key], other[key])
            where = f"{line['case']}, aligned to {line['align']}" if line["align"] \
                else line["case"]
            text.append(f"{key} {ratio:.3f} +- {error:.3f} ({where})")
            met.append(ratio <= limit)
        result.append(("; ".join(text), all(met)))
    return both(*result)


def utilisation(lines):
    """9"""
    text, met = [], []
    for case, limit in ((PAGES[0], 97), (BYTES[0], 99.4)):
        ours, other = (mean(lines.one("utilisation", case=case, peer=peer)["ppm"]) / 1e4
                       for peer in (OURS, "drm_mm"))
        text.append(f"{ours:.2f} % ({case}, drm_mm {other:.2f} %)")
        met.append(ours >= limit and ours > other)
    return "; ".join(text), all(met)


def metadata(lines):
    """10"""
    values = {line["case"]: line["bytes"] / line["live"]
              for line in lines.select("time", peer=OURS) if line["live"] >= 1000}
    return worst_of(values, 64)


def arena(lines):
    """11"""
    done = bool(lines.select("done", err=0)) and bool(lines.select("count", peer=OURS))
    return ("0: no memory is mapped at the arena's addresses, a write would be fatal"
            if done else "not measured"), done or None


def instructions(lines):
    """12"""
    return worst_of({case: lines.instructions(case)
                     for case in lines.names("count", "case")}, 220)


def lookup(lines):
    """13"""
    ours, other = ({line["of"]: line["ns"]
                    for line in lines.select("user", row="name-find", peer=peer)}
                   for peer in (OURS, "rhashtable"))
    if not ours or not other:
        return "not measured", None
    ratios = {f"{names} tags": ours[names] / other[names] for names in ours}
    growth_of = ours[max(ours)] / ours[min(ours)]
    return both(worst_of(ratios, 1.0),
                (f"{growth_of:.3g} times as much with {max(ours)} tags as with {min(ours)}",
                 growth_of <= 1.2))


def cpus(lines):
    """14"""
    values = {}
    for case in lines.names("cpus", "case"):
        for peer in ("module", "module_pool"):
            values[f"{peer} {case}"] = lines.on_two(case, peer)
    return worst_of(values, 1.3)


def large(lines):
    """15"""
    time = {line["size"]: line["ns"] for line in lines.select("alloc")}
    if not time:
        return "not measured", None
    ratio = time[max(time)] / time[min(time)]
    return f"{ratio:.3g}", ratio <= 2


def faults(lines):
    """16"""
    found = lines.one("touch", aligned=1).get("faults")
    return ("not measured", None) if found is None else (str(found), found <= 32)


GOALS = (
    ("1", "lib, every A and B case, against drm_mm BEST", "<= 0.15", against_drm_mm),
    ("2", "lib, A pages / A 64 B, against gen_pool first fit", "<= 0.08 / <= 0.008",
     against_gen_pool),
    ("3", "module alloc+free against drm_mm BEST with a lock", "<= 0.30", module),
    ("4", "lib, cost at 1e6 live over cost at 1e3 live", "<= 6; instructions <= 1.1", growth),
    ("5", "failing allocation, warm / cold", "<= 0.1 / 0.4 us", failing),
    ("6", "p99.9 of allocate and of free, A 64M", "<= 100 ns", single),
    ("7", "refit of the exact hole in a full arena", "always", refit),
    ("8", "failures at 95 % full against drm_mm BEST, plain / aligned", "<= 1.0 / <= 1.2",
     full),
    ("9", "utilisation at first failure after churn, pages / 64 B",
     ">= 97 % / >= 99.4 %, and > drm_mm", utilisation),
    ("10", "metadata per live block, 1000 blocks and more", "<= 64 B", metadata),
    ("11", "bytes written into the arena by the allocator", "0", arena),
    ("12", "net instructions per pair", "<= 220", instructions),
    ("13", "tag look-up against rhashtable", "<= 1.0, and flat (<= 1.2)", lookup),
    ("14", "two CPUs on one heap against one", "<= 1.3 x per CPU", cpus),
    ("15", "64 MiB allocation from user space against 4 KiB", "<= 2 x", large),
    ("16", "page faults of mmap and first touch of 64 MiB", "<= 32", faults),
)


def judge(lines):
    """All goals, as dictionaries; "met" is None if it is unknown."""
    result = []
    for number, title, reach, measure in GOALS:
        measured, met = measure(lines) if measure else ("not measured here", None)
        result.append({"nr": number, "what": title, "reach": reach,
                       "measured": measured, "met": met})
    return result
