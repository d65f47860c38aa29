#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Is each test that Documentation/rtos-services.rst names there? Prints those that are not.

They are in the third column of its tables, "suite.case" for a KUnit case, "program: test"
for one of a kselftest program; "\\_..." stands for the rest of a name.
"""

import pathlib
import re
import sys

PAGE = pathlib.Path("Documentation/rtos-services.rst")
TESTING = pathlib.Path("tools/testing")


def names_in(path, pattern):
    """All that a pattern finds at the start of a file's lines."""
    return set(re.findall("^" + pattern, path.read_text(), re.M))


def cases():
    """The KUnit cases, as the page writes them."""
    found = set()
    for folder in ("driver/tests", "lib/tests"):
        for path in pathlib.Path(folder).glob("*_kunit.c"):
            found |= names_in(path, r"\tKUNIT_CASE(?:_SLOW)?\(carveout_(\w+)\)")
    return {case.replace("_", ".", 1) for case in found}


def programs():
    """The tests of each kselftest program, and the bugs that are planted."""
    found = {"planted": {path.stem for path in (TESTING / "planted").iterdir()}}
    for path in (TESTING / "selftests/carveout").glob("carveout_*.c"):
        found[path.stem.removeprefix("carveout_")] = \
            names_in(path, r"TEST(?:_F|_F_TIMEOUT|_SIGNAL)?\((?:\w+, )?(\w+)")
    return found


def third_columns(text):
    """The words of the third column of each table, without its head."""
    for table in re.findall(r"^=+ +=+ +=+\n(?:.+\n)*", text, re.M):
        lines = table.splitlines()
        start = lines[0].rindex(" ") + 1
        words = [line[start:] for line in lines if not line.startswith("=")]
        yield " ".join(words[1:]).replace("``", "").replace("planted", "planted:")


def unknown(words, kunit, tests):
    """The names among some words that no test has."""
    program = None
    for word in re.findall(r"[\w.\\:-]+", words):
        if word.endswith(":"):
            program = word[:-1]
        elif re.fullmatch(r"[a-z]+\.\w+", word):
            if word not in kunit:
                yield word
        else:
            name = word.removesuffix("\\_...")
            if not any(test == name or (name != word and test.startswith(name))
                       for test in tests.get(program, ())):
                yield f"{program}: {word}"


def main():
    """Check the page."""
    columns = list(third_columns(PAGE.read_text()))
    kunit, tests = cases(), programs()
    missing = [name for words in columns for name in unknown(words, kunit, tests)]
    for name in missing:
        print(f"{PAGE}: there is no test '{name}'")
    if len(columns) != 5:
        print(f"{PAGE}: {len(columns)} tables of tests, not one for each of five systems")
    return bool(missing) or len(columns) != 5


sys.exit(main())
