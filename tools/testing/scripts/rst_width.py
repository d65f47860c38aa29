#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Print the lines of pages that are too long: rst_width.py PAGE...

Tables and literal blocks are as wide as their content, and a word is not split, such as
an address.
"""

import re
import sys

WIDTH = 100
BORDER = re.compile(r"\s*=+( +=+)+$")
LITERAL = re.compile(r"(?!\s*\.\. ).*::\s*$|\s*\.\. (code-block|literalinclude|parsed-literal)::")


def paragraphs(lines):
    """Lines of a page outside of tables and literal blocks, with their numbers."""
    block, table = None, False
    for number, line in enumerate(lines, 1):
        indent = len(line) - len(line.lstrip())
        if block is not None and line.strip() and indent <= block:
            block = None
        if block is not None:
            continue
        if BORDER.match(line):
            # The last border of a table is followed by a blank line.
            table = number < len(lines) and bool(lines[number].strip())
        elif not table and not re.match(r"\s*[+|]", line):
            yield number, line
            if LITERAL.match(line):
                block = indent


def too_long(lines):
    """Numbers of the lines of a page that are too long and could be shorter."""
    return [number for number, line in paragraphs(lines)
            if len(line) > WIDTH and len(line.split()) > 1]


def main(pages):
    """The command."""
    found = False
    for page in pages:
        with open(page, encoding="utf-8") as file:
            lines = file.read().splitlines()
        for number in too_long(lines):
            print(f"{page}:{number}: {len(lines[number - 1])} columns, the limit is {WIDTH}")
            found = True
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
