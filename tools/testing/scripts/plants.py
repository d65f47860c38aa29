#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Dependencies of the planted bugs in tools/testing/planted. Run in the top of a tree.

plants.py check LANE...    print the faults of all plants; LANE are all lanes there are
plants.py inputs PLANT     the files that decide whether PLANT is caught
plants.py digest PLANT     a digest of their content
plants.py changed          the plants whose digest is not the recorded one
plants.py caught PLANT DIGEST    record that PLANT is caught in this state
plants.py missed PLANT     drop the record of PLANT

The record is tools/testing/caught, a file of the tree. It depends on content alone: a
rebase, a shallow clone or an uncommitted change makes no difference.

The inputs of a plant are its own file, the files that it changes, and the sources of
the tests that it names in "Only:", with all that they include or are linked with, the
programs that a script runs and the test modules that are loaded. Comments and include guards
of C decide nothing, and are left out of the digest. The scripts that boot boards and judge
all tests are inputs of the plants without "Only:" alone: each change of them would otherwise
make nearly all plants run again.
"""

import functools
import hashlib
import pathlib
import re
import subprocess
import sys

PLANTED = pathlib.Path("tools/testing/planted")
RECORD = pathlib.Path("tools/testing/caught")
SELFTESTS = pathlib.Path("tools/testing/selftests/carveout")
MODULES = pathlib.Path("tools/testing/modules")
# The first lines of the record.
HEAD = """\
# SPDX-License-Identifier: GPL-2.0
#
# The planted bugs that were caught, each with a digest of the files that decide it
# (plants.py inputs PLANT). recall.sh writes this file; commit it with the change.

"""
KEYS = ("Plant", "Lane", "Only", "Expect")
# Where the tests of a lane are that no "Only:" restricts.
OF_LANE = {
    "unit": ("tools/testing/unit", "tools/testing/shared", "lib/tests"),
    "libtest": ("tools/testing/libcarveout", "tools/testing/tool", "tools/testing/udmabuf",
                "tools/testing/fuzz/doctor_fuzz.c", "tools/testing/fuzz/seeds.c"),
    "remote": ("tools/testing/remote", "tools/testing/service", "tools/remote",
               "tools/testing/fuzz/seeds.c"),
    "remote:versal-6.12": ("tools/testing/remote/r5", "tools/remote",
                           f"{MODULES}/carveout_r5.c", f"{MODULES}/carveout_r5.h"),
}
# A plant that needs a whole lane of a board is about how tests are built and counted.
OF_BOARD = ("Kbuild", "tools/testing/expected", "tools/testing/scripts/verdict.py",
            "tools/testing/selftests/carveout/Makefile", "tools/testing/vm/init")


@functools.cache
def text(path):
    """Content of a file."""
    return pathlib.Path(path).read_text(encoding="utf-8", errors="replace")


def headers(plant):
    """The headers of a plant: key -> values."""
    found = {key: [] for key in KEYS}
    for line in text(plant).splitlines():
        if re.match(r"diff |--- ", line):
            break
        match = re.match(r"(?:# )?([A-Z]\w+): (.+)$", line)
        if match:
            found.setdefault(match[1], []).append(match[2])
    return found


def words(values):
    """All words of a header."""
    return " ".join(values).split()


def changes(plant):
    """The files that a plant changes: those of a patch, or that a script names."""
    if plant.suffix == ".patch":
        return {pathlib.Path(name) for name in re.findall(r"^\+\+\+ b/(\S+)", text(plant), re.M)}
    names = re.findall(r"[\w./-]+/[\w.-]+", text(plant))
    return {pathlib.Path(name) for name in names if pathlib.Path(name).is_file()}


def with_includes(paths):
    """Some files and all that they include or source from the same tree."""
    found, left = set(), list(paths)
    while left:
        path = left.pop()
        if path in found or not path.is_file():
            continue
        found.add(path)
        names = re.findall(r'^\s*#\s*include\s+"([^"]+)"', text(path), re.M)
        names += re.findall(r'^\. "\$\(dirname "\$0"\)/([\w.]+)"', text(path), re.M)
        left += [path.parent / name for name in names]
    return found


def programs():
    """The names of all kselftest programs, those that scripts run included."""
    found = re.findall(r"^(?:TEST_GEN_PROGS(?:_EXTENDED)?|UDMABUF_PROGS) \+?:?= (.+)$",
                       text(SELFTESTS / "Makefile"), re.M)
    return " ".join(found).split()


def of_program(name):
    """The sources of a kselftest program."""
    makefile = text(SELFTESTS / "Makefile")
    linked = re.search(r"^shared := ((?:\\\n|.)+)", makefile, re.M)
    own = re.findall(rf"^\$\(OUTPUT\)/{re.escape(name)}: (.+\.c)$", makefile, re.M)
    helpers = " ".join([linked[1] if linked else ""] + own).replace("\\", "").split()
    return with_includes([SELFTESTS / word for word in [f"{name}.c"] + helpers])


def of_script(name):
    """The sources of a kselftest script, and of the programs that it runs."""
    found = with_includes([SELFTESTS / name])
    code = "\n".join(re.sub(r"(?m)^\s*#.*$", "", text(path)) for path in found)
    run = set(re.findall(r"(?<![\w/])\w+\b(?!\.(?:ko|sh)\b)", code)) & set(programs())
    return found.union(*map(of_program, run))


def with_modules(paths):
    """Some sources of tests, and those of the test modules that they load by name."""
    modules = re.findall(rf"^(\w+)-y := {MODULES}/\1\.o$", text("Kbuild"), re.M)
    code = "\n".join(text(path) for path in paths)
    loaded = with_includes([MODULES / f"{name}.c" for name in modules
                            if f'"{name}"' in code or f"/{name}.ko" in code])
    # One of them corrupts a heap, and includes headers of the driver.
    return paths | {path for path in loaded if path.parent == MODULES}


def sources(name):
    """The sources of a kselftest program, a script or a KUnit module; none if there is none."""
    makefile = text(SELFTESTS / "Makefile")
    if re.search(rf"^TEST_PROGS \+?:?= {re.escape(name)}$", makefile, re.M):
        return with_modules(of_script(name))
    if re.search(rf"^TEST_GEN_PROGS \+?:?= {re.escape(name)}$", makefile, re.M):
        return with_modules(of_program(name))
    match = re.search(rf"^{re.escape(name)}-y := (.+)\.o$", text("Kbuild"), re.M)
    return with_includes([pathlib.Path(match[1] + ".c")]) if match else set()


def inputs(plant):
    """The files that decide whether a plant is caught."""
    found = {plant} | {path for path in changes(plant) if path.is_file()}
    only = words(headers(plant)["Only"])
    for name in only:
        found |= sources(name)
    for lane in words(headers(plant)["Lane"]):
        for path in map(pathlib.Path, OF_LANE.get(lane, ())):
            found |= {file for file in (path, *path.rglob("[!.]*"))
                      if file.is_file() and file.parent.name != "__pycache__"}
        if lane not in OF_LANE and not only:
            found |= {pathlib.Path(name) for name in OF_BOARD}
    return sorted(found)


def decisive(path):
    """The content of a file, of C without comments, include guards and empty lines."""
    if path.suffix not in (".c", ".h"):
        return path.read_bytes()
    code = re.sub(r"""("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')|/\*.*?\*/|//[^\n]*""",
                  lambda found: found[1] or " ", text(path), flags=re.S)
    code = re.sub(r"^\s*#ifndef (\w+)\n#define \1\n", "", code)
    return "\n".join(line.rstrip() for line in code.splitlines() if line.strip()).encode()


def digest(plant):
    """A digest of the inputs of a plant: their names and their content."""
    total = hashlib.sha256()
    for path in inputs(plant):
        total.update(f"{path} {hashlib.sha256(decisive(path)).hexdigest()}\n".encode())
    return total.hexdigest()


def all_plants():
    """All files of planted bugs."""
    return sorted(PLANTED.iterdir())


def recorded():
    """The record: plant -> digest."""
    if not RECORD.is_file():
        return {}
    rows = (line.split("#")[0].split() for line in RECORD.read_text(encoding="utf-8").splitlines())
    return {row[0]: row[1] for row in rows if row}


def write_record(rows):
    """Replace the record; removed plants are dropped from it."""
    names = {plant.name for plant in all_plants()}
    new = RECORD.with_suffix(".new")
    new.write_text(HEAD + "".join(f"{name} {value}\n" for name, value in sorted(rows.items())
                                  if name in names), encoding="utf-8")
    new.replace(RECORD)


def changed():
    """The plants to run: those that were caught in another state, then the rest."""
    rows = recorded()
    found = [(plant.name not in rows, plant.name) for plant in all_plants()
             if rows.get(plant.name) != digest(plant)]
    return [name for _, name in sorted(found)]


@functools.cache
def words_of_tests():
    """Every word of the tests, and of the scripts that judge them."""
    found = set()
    for folder in ("driver/tests", "lib/tests", "tools/testing"):
        for path in pathlib.Path(folder).rglob("*"):
            if path.is_file() and PLANTED not in path.parents:
                found |= set(re.findall(r"\w+", text(path)))
                found.add(path.stem)
    return found | set(re.findall(r"\w+", text("Kbuild")))


def applies(plant):
    """The fault in how a plant changes the tree; '' if there is none."""
    command = ["bash", "-n", str(plant)]
    if plant.suffix == ".patch":
        command = ["patch", "--dry-run", "-s", "-f", "-p1", "-F", "0", "-i", str(plant)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    # A hunk that is found elsewhere than it says is all right, a fuzzy one is not.
    return " ".join((done.stdout + done.stderr).split()) if done.returncode else ""


def faults(plant, lanes):
    """The faults of a plant."""
    head = headers(plant)
    if plant.suffix not in (".patch", ".sh"):
        yield "is neither a .patch nor a .sh"
        return
    for key in ("Plant", "Lane", "Expect"):
        if not head[key]:
            yield f"has no '{key}:'"
    for key in head:
        if key not in KEYS:
            yield f"has an unknown header '{key}:'"
    for lane in words(head["Lane"]):
        if lane not in lanes:
            yield f"names the lane '{lane}', which test.sh does not have"
    for name in words(head["Only"]):
        if not sources(name):
            yield f"names '{name}', which is no program and no KUnit module"
    known = words_of_tests() | set(re.findall(r"\w+", text(plant).partition("\n--- ")[2]))
    for regex in head["Expect"]:
        # Names of tests have underscores; other words are those of a kernel. The plant may
        # bring one of its own.
        for name in re.findall(r"[A-Za-z]\w*_\w+", regex):
            if not any(word.startswith(name) for word in known):
                yield f"expects '{name}', which no test has"
    why = applies(plant)
    if why:
        yield f"does not apply: {why}"


def check(lanes):
    """Print the faults of all plants."""
    found = [(plant, fault) for plant in all_plants() for fault in faults(plant, set(lanes))]
    for plant, fault in found:
        print(f"{plant}: {fault}")
    return bool(found)


def main(command, *args):
    """Run a command."""
    if command == "check":
        return check(args)
    if command == "inputs":
        print(*inputs(PLANTED / args[0]), sep="\n")
    elif command == "digest":
        print(digest(PLANTED / args[0]))
    elif command == "changed":
        for name in changed():
            print(name)
    elif command == "caught":
        write_record({**recorded(), args[0]: args[1]})
    elif command == "missed":
        write_record({name: value for name, value in recorded().items() if name != args[0]})
    else:
        sys.exit(__doc__)
    return 0


if __name__ == "__main__":
    sys.exit(main(*(sys.argv[1:] or ["help"])))
