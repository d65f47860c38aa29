#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Check the subjects of commits: "carveout: <area>: <imperative>".

The rule is for commits that were written after SINCE. A date, and not the name of a
commit, because a shallow clone lacks the old commits; the author's date, because it stays
when a commit is rebased.
"""

import datetime
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import prose  # noqa: E402

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../..")
SINCE = datetime.datetime.fromisoformat("2026-11-28T21:10:00+00:00")
MAX_LENGTH = 75

# A folder, or the part of the tree that a reader of the log looks for.
AREAS = ("api", "bench", "buf", "build", "dev", "Documentation", "driver", "dt-bindings", "lib",
         "libcarveout", "mem", "remote", "rpmsg", "samples", "testing", "tool", "tree", "uapi")

# The base form of a verb ends like another form of one.
BASE_ED = {"bleed", "breed", "embed", "exceed", "feed", "need", "proceed", "seed", "shed",
           "speed", "succeed"}
BASE_ING = {"bring", "ping", "ring", "string"}
BASE_S = {"alias", "bias", "canvas", "focus"}
# Other forms of irregular verbs, and first words that are no verb.
OTHER = {
    "a", "all", "also", "an", "and", "another", "any", "are", "as", "at", "began", "better",
    "both", "broke", "built", "by", "came", "chose", "did", "does", "done", "each", "every", "few",
    "first", "for", "found", "from", "gave", "gone", "got", "had", "has", "held", "how", "if",
    "in", "initial", "is", "it", "its", "kept", "knew", "known", "last", "least", "less", "lost",
    "made", "many", "more", "most", "never", "new", "no", "none", "not", "now", "of", "on",
    "once", "one", "only", "or", "other", "our", "said", "sent", "some", "such", "than", "that",
    "the", "their", "then", "there", "these", "they", "this", "those", "to", "took", "two", "was",
    "we", "went", "were", "what", "when", "where", "which", "who", "whoever", "why", "with",
    "without", "wrote", "you",
}


def fault(subject):
    """The fault of a subject; None if it is right."""
    if re.fullmatch(r'Revert "carveout: .*"', subject):
        return None
    found = re.fullmatch(r"carveout: ([\w-]+): (.*\S)", subject)
    if not found:
        return "is not of the form carveout: <area>: <imperative>"
    area, text = found.groups()
    verb = text.split()[0]
    if area not in AREAS:
        return "%s is no area: say one of %s" % (area, ", ".join(AREAS))
    if len(subject) > MAX_LENGTH:
        return "is longer than %d characters" % MAX_LENGTH
    if text.endswith("."):
        return "ends with a full stop"
    if not re.fullmatch(r"[a-z]+(-[a-z]+)?", verb):
        return "begins with %s: say a verb in lower case" % verb
    if verb in OTHER or \
            (verb.endswith("ed") and verb not in BASE_ED) or \
            (verb.endswith("ing") and verb not in BASE_ING) or \
            (verb.endswith("s") and not verb.endswith("ss") and verb not in BASE_S):
        return "begins with %s: say the imperative of a verb" % verb
    for _, pattern, reason in prose.HITS:
        word = pattern.search(text)
        if word and reason == prose.PERSON:
            return "%s: %s" % (word.group(), reason)
    return None


def commits(tree):
    """(name, subject) of each commit of TREE that the rule is for."""
    run = subprocess.run(["git", "-C", tree, "log", "--no-merges", "--format=%at %h %s"],
                         stdout=subprocess.PIPE, text=True, check=True)
    for line in run.stdout.splitlines():
        time, name, subject = line.split(" ", 2)
        if int(time) > SINCE.timestamp():
            yield name, subject


def main(tree):
    """Check the commits of TREE; the exit code."""
    if not os.path.exists(os.path.join(tree, ".git")):
        print("no repository, so there are no subjects to check")
        return 0
    faults = 0
    for name, subject in commits(tree):
        why = fault(subject)
        if why:
            print("%s: \"%s\" %s" % (name, subject, why))
            faults += 1
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:] or [TOP]))
