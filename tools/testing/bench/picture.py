# SPDX-License-Identifier: GPL-2.0
"""Charts: a curve for each allocator or interface, its name at the right."""

from math import ceil, floor, log10

WIDTH, HEIGHT = 900, 500
LEFT, RIGHT, TOP, BOTTOM = 96, 170, 40, 80
COLOURS = ("#c0392b", "#2c6fbb", "#3a8f4f", "#8e6bbf", "#c98a1b", "#555555", "#17a2b8", "#e377c2",
           "#7f8c3a", "#1b2a6b", "#ff7f50", "#a0522d", "#00a86b")


class Logarithmic:
    """An axis with a line for each power of ten. Values below 1 are drawn as 1."""

    def __init__(self, values, unit):
        self.unit = unit
        self.low = floor(log10(max(min(values), 1)))
        self.high = max(ceil(log10(max(max(values), 1))), self.low + 1)

    def part(self, value):
        """Where a value is, from 0 to 1."""
        return (log10(max(value, 1)) - self.low) / (self.high - self.low)

    def lines(self):
        """Values with a line, and their labels."""
        return [(10 ** power, f"{10 ** power:,} {self.unit}")
                for power in range(self.low, self.high + 1)]


class Linear:
    """An axis from 0 with five lines."""

    def __init__(self, values, unit):
        self.unit = unit
        self.high = max(max(values), 1e-9)

    def part(self, value):
        """Where a value is, from 0 to 1."""
        return value / self.high

    def lines(self):
        """Values with a line, and their labels."""
        return [(self.high * step / 4, f"{self.high * step / 4:.3g} {self.unit}")
                for step in range(5)]


def text(x, y, content, anchor="middle"):
    """A piece of text."""
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}">{content}</text>'


def across(places, place):
    """Coordinate of a place on the axis to the right, whose places have equal distances."""
    return LEFT + (WIDTH - LEFT - RIGHT) * (places.index(place) + 0.5) / len(places)


def up(axis, value):
    """Coordinate of a value on the other axis."""
    return HEIGHT - BOTTOM - axis.part(value) * (HEIGHT - TOP - BOTTOM)


def grid(places, axis, below):
    """The lines of an axis, the names of the places, and a text below them."""
    parts = []
    for value, label in axis.lines():
        y = up(axis, value)
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"'
                     ' stroke="#ddd"/>')
        parts.append(text(LEFT - 8, y + 4, label, "end"))
    for number, place in enumerate(places):
        parts.append(text(across(places, place), HEIGHT - BOTTOM + 20 +
                          (0 if below else 16 * (number % 2)), place))
    if below:
        parts.append(text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - BOTTOM + 44, below))
    return parts


def curve(places, axis, values, colour):
    """The points of a curve, with a line between those of the same kind of place."""
    kinds = {}
    for place in places:
        if place in values:
            kinds.setdefault(place.partition("-")[0] if "-" in place else "", []).append(
                (across(places, place), up(axis, values[place])))
    parts = []
    for points in kinds.values():
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>'
                  for x, y in points]
    return parts


def legend(number, name, colour):
    """The name of a curve."""
    y = TOP + 22 * number
    return [f'<circle cx="{WIDTH - RIGHT + 20}" cy="{y}" r="5" fill="{colour}"/>',
            text(WIDTH - RIGHT + 32, y + 4, name, "start")]


def draw(title, curves, unit, axis=Logarithmic, below="", note=""):
    """A drawing: CURVES has the values of each name by place, in the order of the places. The
    note, at the lower edge, tells where the values are from."""
    places = list(dict.fromkeys(place for values in curves.values() for place in values))
    scale = axis([value for values in curves.values() for value in values.values()], unit)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"'
             ' font-family="sans-serif" font-size="12">',
             f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
             text(LEFT, 22, title, "start"), text(LEFT, HEIGHT - 8, note, "start")]
    parts += grid(places, scale, below)
    for number, (name, values) in enumerate(curves.items()):
        colour = COLOURS[number % len(COLOURS)]
        parts += curve(places, scale, values, colour) + legend(number, name, colour)
    return "\n".join(parts + ["</svg>"]) + "\n"
