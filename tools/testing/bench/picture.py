# SPDX-License-Identifier: GPL-2.0
"""Draw the times in the kernel: cases to the right, nanoseconds upwards."""

from math import ceil, floor, log10

WIDTH, HEIGHT = 900, 480
LEFT, RIGHT, TOP, BOTTOM = 84, 170, 40, 60
COLOURS = ("#c0392b", "#2c6fbb", "#3a8f4f", "#8e6bbf", "#c98a1b", "#555555", "#17a2b8", "#e377c2",
           "#7f8c3a", "#1b2a6b", "#ff7f50", "#a0522d", "#00a86b")


class Scale:
    """Coordinates of a case and a time in the drawing; times are logarithmic."""

    def __init__(self, cases, values):
        self.cases = cases
        self.low = floor(log10(min(values)))
        self.high = ceil(log10(max(values)))

    def x(self, case):
        """From the left."""
        step = (WIDTH - LEFT - RIGHT) / len(self.cases)
        return LEFT + step * (self.cases.index(case) + 0.5)

    def y(self, value):
        """From the top."""
        part = (log10(value) - self.low) / (self.high - self.low)
        return HEIGHT - BOTTOM - part * (HEIGHT - TOP - BOTTOM)


def text(x, y, content, anchor="middle"):
    """A piece of text."""
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}">{content}</text>'


def grid(scale):
    """Lines for the powers of ten, and the names of the cases."""
    parts = []
    for power in range(scale.low, scale.high + 1):
        y = scale.y(10 ** power)
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"'
                     ' stroke="#ddd"/>')
        parts.append(text(LEFT - 8, y + 4, f"{10 ** power} ns", "end"))
    for number, case in enumerate(scale.cases):
        parts.append(text(scale.x(case), HEIGHT - BOTTOM + 20 + 16 * (number % 2), case))
    return parts


def curve(scale, times, peer, colour, number):
    """One allocator: a line with points for cases of a kind, and its name at the right."""
    kinds = {}
    for case in scale.cases:
        if peer in times[case]:
            kinds.setdefault(case.partition("-")[0], []).append(
                (scale.x(case), scale.y(max(times[case][peer]["ns"], 1))))
    parts = []
    for points in kinds.values():
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>'
                  for x, y in points]
    y = TOP + 22 * number
    parts.append(f'<circle cx="{WIDTH - RIGHT + 20}" cy="{y}" r="5" fill="{colour}"/>')
    parts.append(text(WIDTH - RIGHT + 32, y + 4, peer, "start"))
    return parts


def draw(times):
    """The drawing, given the times by case and allocator."""
    cases = list(times)
    peers = [peer for peer in dict.fromkeys(name for case in cases for name in times[case])
             if peer != "null"]
    values = [max(times[case][peer]["ns"], 1) for case in cases for peer in times[case]
              if peer != "null"]
    scale = Scale(cases, values)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"'
             ' font-family="sans-serif" font-size="12">',
             f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
             text(LEFT, 22, "Nanoseconds per pair of a free and an allocation", "start")]
    parts += grid(scale)
    for number, peer in enumerate(peers):
        parts += curve(scale, times, peer, COLOURS[number % len(COLOURS)], number)
    return "\n".join(parts + ["</svg>"]) + "\n"
