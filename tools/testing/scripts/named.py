#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Is each test that two pages name there? Prints those that are not.

Documentation/rtos-services.rst has them in the third column of its tables, "suite.case" for a
KUnit case, "program: test" for one of a kselftest program; "\\_..." stands for the rest of a
name.

Documentation/bug-patterns.rst has them in the last column of its tables, as "program: test,
test; program: all". "*" stands for the rest of a name. Text in parentheses, after a full stop
or without a program is a remark.
"""

import fnmatch
import pathlib
import re
import sys

PAGE = pathlib.Path("Documentation/rtos-services.rst")
PATTERNS = pathlib.Path("Documentation/bug-patterns.rst")
TESTING = pathlib.Path("tools/testing")

# In C, with the variants of a fixture: some programs have one for each command.
TEST = r"(?:TEST(?:_F|_F_TIMEOUT|_SIGNAL)?\((?:\w+, )?|FIXTURE_VARIANT_ADD\(\w+, )(\w+)"


def names_in(path, pattern):
    """All that a pattern finds at the start of a file's lines."""
    return set(re.findall("^" + pattern, path.read_text(), re.M))


def cases():
    """The KUnit cases."""
    found = set()
    for folder in ("driver/tests", "lib/tests"):
        for path in pathlib.Path(folder).glob("*_kunit.c"):
            found |= names_in(path, r"\tKUNIT_CASE(?:_SLOW)?\((carveout_\w+)\)")
    return found


def dotted(found):
    """KUnit cases as the page of promises writes them."""
    return {case.removeprefix("carveout_").replace("_", ".", 1) for case in found}


def programs():
    """The tests of each kselftest program, and the bugs that are planted."""
    found = {"planted": {path.stem for path in (TESTING / "planted").iterdir()}}
    for path in (TESTING / "selftests/carveout").glob("carveout_*.c"):
        found[path.stem.removeprefix("carveout_")] = names_in(path, TEST)
    return found


def functions(path):
    """The functions of a shell script, which may be tests."""
    return names_in(path, r"(\w+)\(\)")


def suites():
    """The tests of every program that the page of bug patterns names."""
    found = programs()
    found["KUnit"] = cases()
    found["lint"] = {name.removeprefix("lint_")
                     for name in functions(TESTING / "scripts/lint.sh")}
    found["proof"] = {path.stem for path in (TESTING / "proof").glob("*.c")}
    found["fuzz"] = {"service"}
    for suite, folder in (("unit", "unit"), ("libtest", "libcarveout"), ("remote", "remote")):
        tests = set()
        for path in (TESTING / folder).glob("*.c"):
            tests |= names_in(path, TEST)
        for path in (TESTING / folder).glob("*.sh"):
            tests |= functions(path)
        found[suite] = tests
    return found


def scripts():
    """The text of each test that is a shell script; "tool.sh" has several files."""
    found = {}
    for path in (TESTING / "selftests/carveout").glob("*.sh"):
        name = path.name.removeprefix("carveout_")
        for key in {name, re.sub(r"_\w+\.sh$", ".sh", name)}:
            found[key] = found.get(key, "") + path.read_text()
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


def last_columns(text):
    """The text of the last column of each row of the list tables, without their heads."""
    for table in re.split(r"^\.\. list-table::$", text, flags=re.M)[1:]:
        for row in re.split(r"^   \* - ", table, flags=re.M)[2:]:
            row = re.split(r"\n(?=\S)", row)[0]
            yield " ".join(re.split(r"^     - ", row, flags=re.M)[-1].split())


def unknown_of(program, names, tests, texts):
    """The names that a program does not have. Text of several words is a remark, in a script
    a test."""
    for name in names:
        if name == "all":
            continue
        word = name.split()[0]
        if program in texts:
            if name not in texts[program]:
                yield f"{program}: {name}"
        elif (word == name or "_" in word) and \
                not fnmatch.filter(tests[program], word.split(".")[-1]):
            yield f"{program}: {word}"


def unknown_patterns(cell, tests, texts):
    """The names in a cell of the page of bug patterns that no test has."""
    for part in re.sub(r" ?\([^)]*\)", "", cell).split(";"):
        head, colon, names = part.strip().partition(": ")
        if not colon or head in ("all", "none") or not re.fullmatch(r"[\w.]+( and [\w.]+)*", head):
            continue
        names = [name.strip() for name in re.split(r"\.(?: |$)", names)[0].split(",")]
        for program in head.split(" and "):
            if program not in tests and program not in texts:
                yield f"{program}:"
            else:
                yield from unknown_of(program, filter(None, names), tests, texts)


def check_promises():
    """Check the page of promises."""
    columns = list(third_columns(PAGE.read_text()))
    kunit, tests = dotted(cases()), programs()
    missing = [name for words in columns for name in unknown(words, kunit, tests)]
    for name in missing:
        print(f"{PAGE}: there is no test '{name}'")
    if len(columns) != 5:
        print(f"{PAGE}: {len(columns)} tables of tests, not one for each of five systems")
    return not missing and len(columns) == 5


def check_patterns():
    """Check the page of bug patterns."""
    tests, texts = suites(), scripts()
    missing = [name for cell in last_columns(PATTERNS.read_text())
               for name in unknown_patterns(cell, tests, texts)]
    for name in missing:
        print(f"{PATTERNS}: there is no test '{name}'")
    return not missing


def main():
    """Check both pages."""
    promises, patterns = check_promises(), check_patterns()
    return not (promises and patterns)


if __name__ == "__main__":
    sys.exit(main())
