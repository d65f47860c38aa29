#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Check the words of comments, messages and documents.

  prose.py [TREE]           print file:line, word and reason of each word that the house
                            avoids; fail if there is one
  prose.py --rates [TREE]   print how often the words stand in 1000 words of the comments
                            of driver/, lib/ and include/

Prose is the comments of all sources, the messages (string literals) of code that is not
a test, documentation strings, pages, man pages, device tree bindings and Kconfig. Literal
blocks and inline literals are not prose.

tools/testing/scripts/prose-allowed has the right uses, a line each: "FILE: TEXT" allows
the words of a sentence of FILE that contains TEXT. A line that allows nothing is an error.
"""

import ast
import collections
import io
import os
import re
import sys
import tokenize

ALLOWED = "tools/testing/scripts/prose-allowed"

PERSON = "persons are no subjects: name the caller, waiter, owner, holder or task"
WORDS = (
    # name, pattern, reason
    ("who", r"who|whom", PERSON),
    ("whoever, somebody, nobody, ...",
     r"who(?:m?ever)|(?:some|no|any|every)body|(?:some|any|every)one", PERSON),
    ("he, his, him", r"he|his|him|himself|she|her|hers|herself",
     "tasks and drivers are things: repeat the noun or say it"),
    ("goes, comes, gone, came", r"goes|comes|gone|came",
     "things do not walk: say freed, removed, added, arrives, follows, is passed"),
    ("any more", r"any\s+more|anymore", "say no longer"),
    ("what", r"what", "a clause is no noun: name the thing that it stands for"),
)
HITS = [(name, re.compile(r"(?<![\w'-])(?:%s)(?![\w-])" % pattern, re.IGNORECASE), reason)
        for name, pattern, reason in WORDS]
# A word that is quoted, and a real question.
QUOTED = re.compile(r"[\"'\u201c](?:%s)[.,]?[\"'\u201d]" % "|".join(w[1] for w in WORDS), re.I)
SENTENCE = re.compile(r"(?<=[.?!:;])\s+|\n\s*\n")

C_TOKEN = re.compile(
    r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.DOTALL)


def blank(match):
    """The text of MATCH as blanks, so that positions stay."""
    return re.sub(r"[^\n]", " ", match.group())


def c_prose(text, strings):
    """Comments of C as (position, text), and string literals if STRINGS are messages.

    Neighbours of the same kind with only blanks between are one text.
    """
    pieces = []
    for token in C_TOKEN.finditer(text):
        body = token.group()
        if body.startswith("/"):
            # The marks of a comment become blanks.
            body = re.sub(r"^/\*+|\*+/$|^//+|^[ \t]*\*(?=\s|$)", blank, body, flags=re.M)
            kind = "comment"
        elif body.startswith('"') and strings:
            if text[:token.start()].rsplit("\n", 1)[-1].lstrip().startswith("#include"):
                continue
            body = re.sub(r"\\[a-z]", "  ", body.replace('"', " "))
            kind = "string"
        else:
            continue
        if pieces and pieces[-1][2] == kind and not text[pieces[-1][3]:token.start()].strip():
            start, before, _, end = pieces.pop()
            body = before + re.sub(r"[^\n]", " ", text[end:token.start()]) + body
            pieces.append((start, body, kind, token.end()))
        else:
            pieces.append((token.start(), body, kind, token.end()))
    return [(start, body) for start, body, _, _ in pieces]


def litmus_prose(text):
    """Comments of a litmus test."""
    return [(found.start(), re.sub(r"^\(\*|\*\)$|^[ \t]*\*(?=\s|$)", blank, found.group(), flags=re.M))
            for found in re.finditer(r"\(\*.*?\*\)", text, re.DOTALL)]


def hash_prose(text):
    """Comments that begin with a #, as one text with all else blank."""
    lines = []
    for line in text.split("\n"):
        found = re.match(r"(.*?(?:^|\s))#+(?=\s|$)(.*)", line)
        if re.match(r"\s*@echo\s", line):
            # The help of a Makefile.
            lines.append(re.sub(r"@echo|[\"'\\]", blank, line))
        elif found and found.group(1).count("'") % 2 == 0:
            lines.append(" " * found.start(2) + found.group(2))
        else:
            lines.append("")
    return by_position("\n".join(lines), text)


def by_position(prose, text):
    """PROSE has the lines of TEXT: give each paragraph with the position of its line."""
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    pieces, number = [], 0
    for paragraph in re.split(r"(\n[ \t]*(?=\n))", prose):
        if paragraph.strip():
            pieces.append((starts[number], paragraph, number))
        number += paragraph.count("\n")
    return [(start, paragraph) for start, paragraph, _ in pieces]


def python_prose(text):
    """Comments and documentation strings."""
    lines = [""] * (text.count("\n") + 1)
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            lines[token.start[0] - 1] = token.string.lstrip("#!")
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)):
            continue
        if ast.get_docstring(node, clean=False):
            first = node.body[0].value
            for number, line in enumerate(first.value.split("\n")):
                lines[first.end_lineno - 1 - first.value.count("\n") + number] = line
    return by_position("\n".join(lines), text)


def page_prose(text):
    """A page: all but literal blocks and inline literals."""
    text = re.sub(r"``.*?``", blank, text, flags=re.DOTALL)
    lines, block = [], None
    fenced = False
    for line in text.split("\n"):
        indent = len(line) - len(line.lstrip())
        if line.lstrip().startswith("```"):
            fenced = not fenced
            lines.append("")
            continue
        if block is not None and line.strip() and indent <= block:
            block = None
        lines.append("" if fenced or block is not None else re.sub(r"`[^`]*`_?", blank, line))
        if block is None and (re.search(r"::\s*$", line) or
                              re.match(r"\s*\.\. (code-block|literalinclude)::", line)):
            block = indent
    return by_position("\n".join(lines), text)


def man_prose(text):
    """A man page: all but examples and the macros."""
    lines, literal = [], False
    for line in text.split("\n"):
        if re.match(r"\.(nf|EX)\b", line):
            literal = True
        if literal or line.startswith('.\\"'):
            lines.append("")
        else:
            lines.append(re.sub(r"^\.[A-Z]+|\\f.|\\", blank, line))
        if re.match(r"\.(fi|EE)\b", line):
            literal = False
    return by_position("\n".join(lines), text)


def is_test(path):
    """Is the file a test, whose strings are data?"""
    return "/tests/" in path or path.startswith("tools/testing/")


def prose_of(path, text):
    """The prose of a file as pairs of position and text."""
    name = os.path.basename(path)
    extension = os.path.splitext(name)[1]
    if extension in (".c", ".h", ".S", ".dts", ".dtso", ".map"):
        return c_prose(text, extension in (".c", ".h") and not is_test(path))
    if extension == ".litmus":
        return litmus_prose(text)
    if extension == ".py":
        return python_prose(text)
    if extension in (".rst", ".md"):
        return page_prose(text)
    if extension in (".1", ".3"):
        return man_prose(text)
    if "/ABI/" in path:
        return by_position(re.sub(r"^[A-Z]\w+:", blank, text, flags=re.M), text)
    if extension == ".yaml" or name.startswith("Kconfig"):
        return by_position(text, text)
    if extension in (".sh", ".awk", ".config", ".mk", ".in") or text.startswith("#!") or \
            name in ("Makefile", "Kbuild", "expected", "costs", "config", "settings"):
        return hash_prose(text)
    return []


def files(tree):
    """The files of TREE, committed or not, less those that a build makes."""
    built = {os.path.join(tree, "out"), os.path.abspath(os.environ.get("O", "out"))}
    for folder, folders, names in os.walk(tree):
        folders[:] = sorted(name for name in folders if name != ".git" and
                            not {os.path.join(folder, name),
                                 os.path.abspath(os.path.join(folder, name))} & built)
        for name in sorted(names):
            path = os.path.join(folder, name)
            if not name.endswith(".mod.c") and not os.path.islink(path):
                yield os.path.relpath(path, tree)


def read(tree, path):
    """The text of a file; none if it is no text."""
    with open(os.path.join(tree, path), encoding="utf-8") as file:
        try:
            return file.read()
        except UnicodeDecodeError:
            return ""


def sentences(piece):
    """The sentences of PIECE as pairs of position and text."""
    start = 0
    for end in [found.end() for found in SENTENCE.finditer(piece)] + [len(piece)]:
        yield start, piece[start:end]
        start = end


def hits_of(path, text):
    """(line, word, reason, sentence) of each word of a file that the house avoids."""
    for position, piece in prose_of(path, text):
        piece = QUOTED.sub(blank, piece)
        for start, sentence in sentences(piece):
            for name, pattern, reason in HITS:
                if name == "what" and sentence.rstrip().endswith("?"):
                    continue
                for found in pattern.finditer(sentence):
                    if found.group().isupper():
                        continue        # stands for an argument
                    offset = start + found.start()
                    line = text.count("\n", 0, position) + piece.count("\n", 0, offset) + 1
                    yield (line, " ".join(found.group().split()), reason,
                           " ".join(sentence.split()))


def read_allowed(tree):
    """The right uses: (file, text) and the line that says so."""
    allowed = {}
    if os.path.exists(os.path.join(tree, ALLOWED)):
        for number, line in enumerate(read(tree, ALLOWED).split("\n"), 1):
            if line and not line.startswith("#"):
                path, _, text = line.partition(": ")
                allowed[path, " ".join(text.split())] = number
    return allowed


def check(tree):
    """Print each finding of TREE; their number."""
    allowed, used, count = read_allowed(tree), set(), 0
    for path in files(tree):
        for line, word, reason, sentence in sorted(hits_of(path, read(tree, path))):
            right = [key for key in allowed if key[0] == path and key[1] and key[1] in sentence]
            used.update(right)
            if not right:
                print("%s:%d: %s: %s" % (path, line, word, reason))
                count += 1
    for key in sorted(set(allowed) - used):
        print("%s:%d: allows nothing" % (ALLOWED, allowed[key]))
        count += 1
    return count


def rates(tree):
    """Print how often the words stand in the comments of driver/, lib/ and include/."""
    words, counts = 0, collections.Counter()
    for path in files(tree):
        if not re.match(r"(driver|lib|include)/.*\.[ch]$", path) or "/tests/" in path:
            continue
        for _, piece in c_prose(read(tree, path), False):
            words += len(re.findall(r"[A-Za-z][A-Za-z'-]*", piece))
            for name, pattern, _ in HITS:
                counts[name] += len(pattern.findall(piece))
    print("%-32s %6d words" % ("comments", words))
    for name, _, _ in HITS:
        print("%-32s %6d   %.2f per 1000" % (name, counts[name], 1000 * counts[name] / words))


def main(arguments):
    """Run the command line; the exit code."""
    ask_rates = arguments[:1] == ["--rates"]
    tree = (arguments[ask_rates:] or [os.path.join(os.path.dirname(__file__), "../../..")])[0]
    if ask_rates:
        rates(tree)
        return 0
    return 1 if check(tree) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
