#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The layers of driver/: no include and no call against them. Run in the top of a tree.

A file belongs to the first layer below whose pattern it matches, and uses only that layer
and the layers that are named behind it. Documentation/design.rst describes the layers.
Further rules: the heap's lock is taken in one layer, and no two files call each other,
directly or around. The last rule is also for the files of each folder in FOLDERS.

layers.py           print the violations
layers.py --calls   print which file calls which, for people
"""

import functools
import pathlib
import re
import sys

LAYERS = (
    # name, files, layers that it uses
    ("lib", r"lib/[^/]+", ()),
    ("mem", r"driver/mem/.*", ("lib", "object")),
    ("buf", r"driver/buf/.*", ("lib", "object", "mem")),
    ("object", r"driver/(carveout_internal\.h|trace\.[ch])", ("lib",)),
    ("heap", r"driver/(heaps|power|source)\.[ch]", ("lib", "object", "mem", "buf")),
    ("dev", r"driver/dev/.*", ("lib", "object", "mem", "buf", "heap")),
    ("api", r"driver/api/.*", ("lib", "object", "mem", "buf", "heap", "dev")),
    ("version", r"driver/version\.h", ()),
    # A module of its own, which uses the exported functions only.
    ("rpmsg", r"driver/rpmsg/.*", ("version",)),
    ("source", r"driver/(platform|params|reserved)\.[ch]", ("lib", "object", "mem", "heap", "dev")),
    ("main", r"driver/main\.c", ("mem", "buf", "heap", "dev", "source", "version")),
)
# Files of dev/ that api/ uses: it publishes device nodes, and shows heaps without one.
PUBLISHING = {"driver/dev/chardev.h", "driver/dev/chardev.c", "driver/dev/debugfs.h",
              "driver/dev/debugfs.c"}
# Folders without layers, each with headers of its own.
FOLDERS = ("lib", "tools/carveout", "tools/remote", "tools/lib/*")
# Circles that remain: their files, and the reason.
ARGUED = {}
LOCK = re.compile(r"raw_spin_(?:un|try)?lock(?!_init)\w*\(&carveout->lock\b")
LOCK_LAYER = "mem"


@functools.cache
def code(path):
    """Content of a file without comments and strings."""
    text = pathlib.Path(path).read_text(encoding="utf-8")
    text = re.sub(r"/\*.*?\*/", lambda m: "\n" * m[0].count("\n"), text, flags=re.S)
    return re.sub(r'(?m)^(?!\s*#).*', lambda m: re.sub(r'"(\\.|[^"\\\n])*"', '""', m[0]), text)


def layer_of(path):
    """Layer of a file, or None."""
    for layer in LAYERS:
        if re.fullmatch(layer[1], path):
            return layer
    return None


def may_use(user, used):
    """Is file `user` allowed to depend on file `used`?"""
    own, other = layer_of(user), layer_of(used)
    if not own or not other or own == other:
        return True
    if own[0] == "api" and other[0] == "dev":
        return used in PUBLISHING
    return other[0] in own[2]


def includes(path):
    """Files of the tree that a file includes, with their lines."""
    for number, line in enumerate(code(path).splitlines(), 1):
        match = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
        if match:
            target = (pathlib.Path(path).parent / match[1])
            parts = []
            for part in target.parts:
                if part == "..":
                    parts.pop()
                else:
                    parts.append(part)
            yield number, "/".join(parts)


def definitions(path):
    """Functions with external linkage that a file defines."""
    for match in re.finditer(r"^(?!static\b|#)[A-Za-z_][\w \t]*[ \t*](\w+)\((?:[^;{}()]|\([^()]*\))*\)\n\{",
                             code(path), re.M):
        yield match[1]


def calls(path, defined):
    """Functions of other files that a file names, with their lines."""
    for number, line in enumerate(code(path).splitlines(), 1):
        if line.lstrip().startswith(("#", "EXPORT_SYMBOL")):
            continue
        for match in re.finditer(r"(?<![\w.>])(?<!struct )(?<!enum )(\w+)\b", line):
            if match[1] in defined and defined[match[1]] != path:
                yield number, match[1]


def exports(files):
    """Functions that other modules may call."""
    return {name for path in files for name in re.findall(
        r"(?m)^EXPORT_SYMBOL_NS_GPL\((\w+),", pathlib.Path(path).read_text(encoding="utf-8"))}


def is_prototype(path):
    """A header declares functions without calling them."""
    return path.endswith(".h")


def circles(graph):
    """Strongly connected components with more than one file (Tarjan)."""
    index, low, stack, found = {}, {}, [], []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in sorted(graph.get(node, ())):
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            component = []
            while True:
                other = stack.pop()
                component.append(other)
                if other == node:
                    break
            if len(component) > 1:
                found.append(sorted(component))

    for node in sorted(graph):
        if node not in index:
            visit(node)
    return found


def graph_of(folder):
    """Which file of a folder calls which. Its functions are those that a header of it
    declares: a shim also defines functions that the C library has, under their names."""
    files = sorted(str(path) for path in folder.glob("*.[ch]"))
    declared = {name for path in files if is_prototype(path)
                for name in re.findall(r"\b(\w+)\(", code(path))}
    defined = {name: path for path in files if path.endswith(".c")
               for name in definitions(path) if name in declared}
    return {path: {defined[name] for _, name in calls(path, defined)}
            for path in files if path.endswith(".c")}


def check_circles(graph):
    """The circles of a graph without a reason, and the reasons without a circle."""
    left = dict(ARGUED)
    for circle in circles(graph):
        if not left.pop(tuple(circle), None):
            yield "circle of calls: " + ", ".join(circle)
    for circle in left:
        if any(pathlib.Path(path).exists() for path in circle):
            yield "no circle of calls, so it needs no reason: " + ", ".join(circle)


def check():
    """All violations, one a line; and which file calls which."""
    files = sorted(str(path) for folder in ("driver", "lib")
                   for path in pathlib.Path(folder).rglob("*.[ch]") if "tests" not in path.parts)
    defined = {name: path for path in files if path.endswith(".c")
               for name in definitions(path)}
    exported = exports(files)
    findings, graph = [], {}
    for path in files:
        layer = layer_of(path)
        if not layer:
            findings.append(f"{path}: belongs to no layer")
            continue
        for number, other in includes(path):
            if not may_use(path, other):
                findings.append(f"{path}:{number}: layer {layer[0]} includes {other}")
        if not path.startswith("driver/"):
            continue
        if layer[0] != LOCK_LAYER:
            for number, line in enumerate(code(path).splitlines(), 1):
                if LOCK.search(line):
                    findings.append(f"{path}:{number}: the heap's lock is taken outside of "
                                    f"layer {LOCK_LAYER}")
        if is_prototype(path):
            continue
        for number, name in calls(path, defined):
            if layer[0] == "rpmsg" and layer_of(defined[name]) != layer and name in exported:
                continue
            graph.setdefault(path, set()).add(defined[name])
            if not may_use(path, defined[name]):
                findings.append(f"{path}:{number}: layer {layer[0]} calls {name}() of "
                                f"{defined[name]}")
    for folder in (path for pattern in FOLDERS for path in pathlib.Path().glob(pattern)):
        graph.update(graph_of(folder))
    return findings + list(check_circles(graph)), graph


def main(arguments):
    """The command."""
    findings, graph = check()
    if arguments == ["--calls"]:
        for path in sorted(path for path in graph if graph[path]):
            print(path + ": " + " ".join(sorted(graph[path])))
        return 0
    for finding in findings:
        print(finding)
    return bool(findings)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
