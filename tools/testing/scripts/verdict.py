#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Judge test output strictly: nothing passes without a complete report.

verdict.py board LANE LOG     judge a board's console log
verdict.py tap LANE LOG RC    judge the TAP output of a command that exited RC
verdict.py summary FILE...    print failures, skips and the final line

The first two print one result a line: status, name and reason, separated by
tabs; lines that start with a tab are the output that belongs to a failure.
The number of tests is compared with tools/testing/expected, and so are the numbers of rounds
that tests print.
"""

import fnmatch
import os
import re
import sys

EXPECTED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../expected")

# Messages that a kernel must not log while tests run.
REPORT = re.compile(
    r"BUG:|WARNING:|KASAN|UBSAN|KFENCE: .*error|ODEBUG|DEBUG_LOCKS_WARN_ON|Oops|[Cc]all [Tt]race|"
    r"possible .*(deadlock|recursive locking)|circular locking|inconsistent lock state|"
    r"invalid wait context|invalid context|held lock|suspicious RCU|Objects remaining|"
    r"refcount_t|\bleak(s|ed|ing)?\b|kmemleak|Kernel panic|Internal error|Unable to handle|"
    r"general protection|soft lockup|hard LOCKUP|stall(s|ed)? on|self-detected stall|"
    r"blocked for more than|list_(add|del) corruption|[Bb]ad page|Redzone|Poison overwritten|"
    r"double free|page_table_check|Unreleased|still has .* references|dropped \*\*|"
    r"messages dropped")
# Those after which lockdep is off: its own reports, and others that call the kernel unreliable.
LOCKDEP = re.compile(
    r"BUG:|possible .*(deadlock|recursive locking)|circular locking|inconsistent lock state|"
    r"lock order|bad (unlock balance|contention)|held lock freed|nested lock was not taken|"
    r"invalid wait context|non-static key|DEBUG_LOCKS_WARN_ON|locking correctness validator|"
    r"kernel/locking/|Bad page state")
# In Linux 6.1 a console takes its spinlock also for a message of a hard interrupt handler,
# such as "hrtimer: interrupt took 40103984 ns" on a machine that stalled. Lockdep reports the
# lock of the console as invalid there, and ends.
PRINTED_IN_INTERRUPT = re.compile(
    r"=+\n\[ BUG: Invalid wait context \]\n.*\n-+\n.* is trying to lock:\n"
    r".* at: \w*console_write\+.*\nother info .*\ncontext-\{2:2\}\n"
    r"(?:.* locks? held by .*\n|stack backtrace:\n|CPU: .*\n|Hardware name: .*\n|Stack:\n|"
    r"Call [Tt]race:\n|Received SIGSEGV in SIGSEGV handler.*\n|"
    # Locks, the stack and functions; results of KUnit are indented as well.
    r" (?! *((not )?ok |# |1\.\.)).*\n)*")
# Logged once for every module that is not part of the kernel.
HARMLESS = re.compile(r"loading out-of-tree module|module verification failed|^\s*(not )?ok \d+ |^KTAP|^\s*# ")

# Messages that are no fault while a program runs. carveout_corrupt provokes them and checks
# itself that each was logged once. The timeout of vivid's thread is negative if the board
# stalled, which schedule_timeout() logs with a call trace.
MEANT = {"carveout_corrupt": re.compile(r"WARNING: (.*/)?driver/mem/alloc\.c:\d+ |^[Cc]all [Tt]race:$"),
         "carveout_vivid": re.compile(r"^[Cc]all [Tt]race:$")}

MARK = "carveout-test: "
TAP_RESULT = re.compile(r"(ok|not ok) (\d+)(?: -)?(?: ([^#]*[^# ]))?\s*(?:# *(\w+) *(.*))?$")


class Results:
    """The results of one lane, and how many tests each suite had."""

    def __init__(self, lane):
        self.lane = lane
        self.rows = []
        self.suites = {}

    def add(self, status, name, why="", detail=()):
        self.rows.append((status, name, why, list(detail)[-12:]))

    def count(self, suite, tests, skips):
        if suite in self.suites:
            self.add("fail", suite, "ran twice")
        self.suites[suite] = (tests, skips)

    def count_broken(self, suite):
        """The suite has failed already: its counts mean nothing."""
        self.suites[suite] = None

    def check_expected(self, lines):
        """Each suite ran, with as many tests as the table says: no more, no fewer."""
        rows = expected_rows(self.lane)
        fix = "; if that is meant, correct tools/testing/expected: '%s'"
        for suite, (pattern, tests, skips) in rows.items():
            if suite not in self.suites:
                self.add("fail", suite, "missing: expected %d tests, it did not run" % tests)
            elif self.suites[suite] not in [(tests, skip) for skip in skips] + [None]:
                now = self.suites[suite]
                row = "%s %s %d" % (pattern, suite, now[0]) + (" %d" % now[1] if now[1] else "")
                self.add("fail", suite, "%d tests of which %d skipped, expected %d and %s"
                         % (now + (tests, " or ".join(map(str, skips)))) + fix % row)
        for suite, now in self.suites.items():
            if suite not in rows and now is not None:
                row = "%s %s %d" % (self.lane, suite, now[0]) + (" %d" % now[1] if now[1] else "")
                self.add("fail", suite, "not in the table of expected tests" + fix % row)
        for suite, text in expected_lines(self.lane):
            if not any(line.endswith("# " + text) for line in lines):
                self.add("fail", suite, "did not print '%s', as tools/testing/expected says" % text)
        if not rows:
            self.add("fail", "expected", "tools/testing/expected has nothing for " + self.lane)

    def write(self):
        for status, name, why, detail in self.rows:
            print("\t".join((status, name, why.replace("\t", " "))))
            for line in detail:
                print("\t" + line)


def table_rows():
    """The words of each row of the table."""
    with open(EXPECTED, encoding="utf-8") as table:
        for line in table:
            words = line.split("#")[0].split()
            if words:
                yield words


def matches(lane, patterns):
    return any(fnmatch.fnmatch(lane, pattern) for pattern in patterns.split(","))


def expected_rows(lane):
    """suite -> (pattern, tests, skips): of several rows for a suite the first counts."""
    rows = {}
    for words in table_rows():
        if matches(lane, words[0]):
            skips = [int(skip) for skip in words[3].split("|")] if len(words) > 3 else [0]
            rows.setdefault(words[1], (words[0], int(words[2]), skips))
    return {suite: row for suite, row in rows.items() if row[1] > 0 and wanted(lane, suite)}


def expected_lines(lane):
    """(suite, line): the lines that the suites print in a run with all rounds."""
    if os.environ.get("ROUNDS", "100") != "100":
        return []
    return [(words[2], " ".join(words[3:])) for words in table_rows()
            if words[0] == "prints" and matches(lane, words[1]) and wanted(lane, words[2])]


def wanted(lane, suite):
    """Is the suite part of this run? A KUnit module is named after its suite."""
    only = os.environ.get("ONLY", "").split()
    name = suite + "_kunit" if lane.startswith("kunit:") else suite
    return name in only if only else name not in os.environ.get("EXCEPT", "").split()


class Tally:
    """Counts the results of one suite and sees to their order and names."""

    def __init__(self, results, suite):
        self.results, self.suite = results, suite
        self.plan, self.names = None, []
        self.failed = self.skipped = 0
        self.broken = False

    def error(self, why, detail=()):
        self.broken = True
        self.results.add("fail", self.suite, why, detail)

    def set_plan(self, plan):
        if self.plan is not None:
            self.error("has two plans")
        self.plan = plan

    def result(self, word, number, name, directive, reason, detail):
        name = name or "test %d" % number
        if number != len(self.names) + 1:
            self.error("result %d follows result %d" % (number, len(self.names)))
        if name in self.names and self.suite.startswith("kernel_"):
            # The kernel's own tests are as they are.
            name += " (%d)" % number
        if name in self.names:
            self.error("two tests are called '%s'" % name)
        self.names.append(name)
        full = self.suite + ": " + name
        if directive == "SKIP" and word == "ok":
            self.skipped += 1
            self.results.add("skip", full, reason or "no reason given")
        elif word == "ok" and directive is None:
            self.results.add("pass", full)
        else:
            self.failed += 1
            why = "" if directive is None else "unexpected directive '%s %s'" % (directive, reason)
            self.results.add("fail", full, why, detail)

    def finish(self, detail=()):
        if self.plan is None:
            self.error("printed no plan", detail)
        elif self.plan != len(self.names):
            self.error("planned %d tests, reported %d" % (self.plan, len(self.names)), detail)
        elif self.plan == 0:
            self.error("has no tests")
        if self.broken:
            self.results.count_broken(self.suite)
        else:
            self.results.count(self.suite, len(self.names), self.skipped)


def judge_tap(results, suite, lines, code, limit=None):
    """One program: its TAP output and its exit code."""
    tally, version, recent = Tally(results, suite), False, []
    for line in lines:
        match = TAP_RESULT.match(line)
        if line.startswith("TAP version") or line.startswith("KTAP version"):
            version = True
        elif re.match(r"1\.\.\d+", line):
            tally.set_plan(int(re.match(r"1\.\.(\d+)", line).group(1)))
        elif line.startswith("Bail out!"):
            tally.error(line)
        elif match:
            tally.result(match[1], int(match[2]), match[3], match[4], match[5], recent + [line])
            recent = []
            continue
        elif re.match(r"(ok|not ok)\b", line):
            tally.error("a result that cannot be read: " + line)
        recent.append(line)
    if not version:
        tally.error("printed no TAP version line", lines)
    tally.finish(lines)
    if limit is not None and code == 137:
        tally.error("was killed, after %s s at the latest" % limit, lines)
    elif code >= 128:
        tally.error("was killed by signal %d" % (code - 128), lines)
    elif tally.failed == 0 and not tally.broken:
        allowed = (0, 4) if tally.skipped == len(tally.names) else (0,)
        if code not in allowed:
            tally.error("exited %d, with no failed test" % code, lines)
    elif tally.failed and code == 0:
        tally.error("exited 0 in spite of a failed test")


def judge_kunit(results, module, lines):
    """The KTAP of one KUnit module: suites at depth 0, cases at depth 4, parameters below."""
    tally, recent, inner_failed, suites = None, [], False, 0
    for line in lines:
        subtest = re.match(r" {4}# Subtest: (\S+)$", line)
        plan = re.match(r" {4}1\.\.(\d+)$", line)
        case = TAP_RESULT.match(line[4:]) if line.startswith("    ") else None
        end = TAP_RESULT.match(line)
        recent.append(line)
        if re.match(r" {8,}not ok ", line):
            inner_failed = True
        elif subtest:
            if tally:
                tally.error("ended without a result: crashed?")
            tally, recent, suites = Tally(results, subtest[1]), [], suites + 1
        elif plan and tally:
            tally.set_plan(int(plan[1]))
        elif case and tally:
            word = "not ok" if inner_failed else case[1]
            tally.result(word, int(case[2]), case[3], case[4], case[5], recent)
            recent, inner_failed = [], False
        elif end:
            if not tally or end[3] != tally.suite:
                results.add("fail", end[3] or module, "a result without its suite")
                continue
            tally.finish(recent)
            if (end[1] == "ok") != (tally.failed == 0):
                tally.error("the suite says '%s', %d of its cases failed" % (end[1], tally.failed), recent)
            tally, recent = None, []
    if tally:
        tally.error("ended without a result: crashed?", recent)
    if not suites:
        results.add("fail", module, "the module ran no suite", lines)


def read_log(path):
    """The console's lines without time stamps."""
    with open(path, encoding="utf-8", errors="replace") as log:
        for line in log:
            yield re.sub(r"^\[ *\d+\.\d+\](\[ *[TC]\d+\])? ?", "", line.rstrip("\r\n"))


def printed_in_interrupt(lines):
    """Such a message of the kernel, or None, and the lines without lockdep's report of it."""
    log = "".join(line + "\n" for line in lines)
    report = PRINTED_IN_INTERRUPT.search(log)
    if not report:
        return None, lines
    before = [line for line in log[:report.start()].splitlines()
              if line.strip() and not line.startswith(MARK)]
    printed = before[-1] if before else ""
    if printed.startswith("carveout"):
        return None, lines
    return printed, (log[:report.start()] + log[report.end():]).splitlines()


class Board:
    """Reads a board's log: sorts the lines of the tests, the kernel and init."""

    def __init__(self, results):
        self.results = results
        self.started = self.ended = False
        self.doing = "boot"
        self.program, self.output = None, []
        self.module, self.ktap = None, []
        self.checks, self.programs, self.reports = [], [], []
        # Lines of the kernel before the tests.
        self.boot = []
        # The message for which the console's lock ended lockdep.
        self.printed = None

    def mark(self, text):
        word, _, rest = text.partition(" ")
        if word == "|":
            self.output.append(rest)
        elif word == "run":
            self.program, self.output, self.doing = rest, [], rest
            self.programs.append(rest)
        elif word == "exit":
            code, limit = rest.split()
            judge_tap(self.results, self.program, self.output, int(code), limit)
            self.program = None
        elif word == "kunit":
            self.module, self.ktap, self.doing = rest, [], rest
        elif word == "kunit-end":
            judge_kunit(self.results, self.module, self.ktap)
            self.module = None
        elif word == "end":
            self.ended = True
        else:
            self.check(text)

    def check(self, text):
        match = re.match(r"(ok|not ok) ([^#]*[^# ])(?: # (.*))?$", text)
        if not match:
            self.results.add("fail", "init", "cannot be understood: " + text)
            return
        self.checks.append(match[2])
        self.doing = "after '%s'" % match[2]
        if match[1] == "ok":
            self.results.add("pass", match[2], match[3] or "")
        elif self.printed and match[2].startswith("lockdep at "):
            self.results.add("skip", match[2], "ended by the console's lock when a hard interrupt"
                             " handler printed '%s'" % self.printed)
        else:
            cause = self.end_of_lockdep() if match[2] == "lockdep at start" else ()
            self.results.add("fail", match[2], match[3] or "", cause)

    def end_of_lockdep(self):
        """The report of the boot that ended lockdep, or else its first report."""
        for regex in (LOCKDEP, REPORT):
            for at, line in enumerate(self.boot):
                if regex.search(line) and not HARMLESS.search(line):
                    return self.boot[at:at + 12]
        return ()

    def kernel(self, line):
        if self.module:
            self.ktap.append(line)
        meant = MEANT.get(self.doing)
        if meant and meant.search(line):
            return
        if REPORT.search(line) and not HARMLESS.search(line):
            self.reports.append((self.doing, line))

    def line(self, line):
        if line.startswith(MARK) and self.started and not self.ended:
            self.mark(line[len(MARK):])
        elif line == MARK + "start":
            self.started = True
        elif self.started:
            self.kernel(line)
        else:
            self.boot.append(line)

    def finish(self, lines):
        if not self.ended:
            why = "no verdict: the board stopped early (%s)" % self.doing
            self.results.add("fail", self.program or self.module or "boot", why,
                             (self.output + lines[-12:]) if self.program else lines[-12:])
        needed = ["lockdep at start", "load carveout", "unload carveout", "lockdep at end", "taint"]
        needed += ["clean after " + program for program in self.programs]
        for name in needed:
            if self.ended and name not in self.checks:
                self.results.add("fail", name, "was not checked")
        if self.reports:
            first = self.reports[0]
            at = max(i for i, line in enumerate(lines) if line == first[1])
            self.results.add("fail", "kernel log", "%s (%s)" % (first[1].strip(), first[0]),
                             lines[at:at + 12])
        else:
            self.results.add("pass", "kernel log")
        if self.ended:
            self.results.check_expected(lines)


def judge_board(lane, path):
    results = Results(lane)
    board, lines = Board(results), list(read_log(path))
    board.printed, lines = printed_in_interrupt(lines)
    for line in lines:
        board.line(line)
    board.finish(lines)
    results.write()


def judge_command(lane, path, code):
    """TAP of one or several programs in one stream, as run by a Makefile."""
    results = Results(lane)
    lines, streams, name = list(read_log(path)), [], lane
    for line in lines:
        named = re.match(r"# program: (\S+)$", line)
        if named:
            name = named[1]
        elif line.startswith("TAP version"):
            streams.append((name, [line]))
        elif streams:
            streams[-1][1].append(line)
    for suite, stream in streams:
        failed = any(line.startswith("not ok") for line in stream)
        judge_tap(results, suite, stream, 1 if failed else 0)
    bad = [row for row in results.rows if row[0] == "fail"]
    if not streams:
        results.add("fail", lane, "no test output", lines)
    elif code != 0 and not bad:
        results.add("fail", lane, "the command exited %d" % code, lines)
    elif code == 0 and bad:
        results.add("fail", lane, "the command exited 0 in spite of a failure")
    results.check_expected(lines)
    results.write()


def summary(paths):
    count = {"pass": 0, "fail": 0, "skip": 0}
    shown = {"fail": [], "skip": []}
    for path in paths:
        lane = os.path.basename(os.path.dirname(path)).replace("=", ":")
        showing = None
        with open(path, encoding="utf-8") as rows:
            for line in rows.read().splitlines():
                if line.startswith("\t"):
                    if showing is not None:
                        showing.append("      " + line[1:])
                    continue
                status, name, why = line.split("\t")
                count[status] += 1
                showing = shown.get(status)
                if showing is not None:
                    showing.append("  %s: %s %s%s" % (status.upper(), lane, name, why and ": " + why))
                if status == "skip":
                    showing = None
    for status in ("skip", "fail"):
        for line in shown[status]:
            print(line)
    if not any(count.values()):
        print("  FAIL: nothing was run")
        count["fail"] = 1
    print("%d passed, %d failed" % (count["pass"], count["fail"])
          + (", %d skipped" % count["skip"] if count["skip"] else ""))
    return 1 if count["fail"] else 0


def main(args):
    if args[:1] == ["board"] and len(args) == 3:
        judge_board(args[1], args[2])
        return 0
    if args[:1] == ["tap"] and len(args) == 4:
        judge_command(args[1], args[2], int(args[3]))
        return 0
    if args[:1] == ["summary"]:
        return summary(args[1:])
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
