# SPDX-License-Identifier: GPL-2.0
"""Tests of plan.sh, run by scripts_test.py: the plan of a test run, and its progress."""

import os
import re
import stat
import subprocess
import tempfile
import unittest

SCRIPTS = os.path.dirname(os.path.abspath(__file__))


class Plan(unittest.TestCase):
    """plan.sh: the text of a test run at its start, and its progress."""

    COSTS = """# a comment
lane long 400
lane short* 100
fetch board:* 30
fetch source:* 90
kernel own 600
packages all 60
MiB board:* 50
MiB source:* 150
"""
    # The prerequisites of the lanes, and the scripts that know which of them are at hand.
    NEEDS = """
needs_of_all() { printf '%s\\n' 'packages build' 'fetch board:x' 'fetch source:7' 'kernel own'; }
"""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        for name in ("running", "done"):
            os.mkdir(os.path.join(self.folder, name))
        self.write("costs", self.COSTS)

    def write(self, name, content):
        """Write a file; return its path."""
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(content)
        return path

    def script(self, text, **more):
        """Run a script that has plan.sh; return it."""
        begin = ("cd %s; . ./common.sh; . ./plan.sh; SCRIPTS=%s COSTS=$SCRIPTS/costs PARALLEL=2\n"
                 "RUNNING=$SCRIPTS/running DONE=$SCRIPTS/done\n" % (SCRIPTS, self.folder))
        env = dict(os.environ, CARVEOUT_CACHE=self.folder, ROUNDS="100", TERM="xterm")
        return subprocess.run(["bash", "-c", begin + self.NEEDS + text], text=True, check=True,
                              env=env, timeout=60, **({"capture_output": True} | more))

    def plan(self, have, lanes="long short-1 short-2", before=""):
        """The lines of a plan, on a machine that has these fetched or built, or not."""
        for name, option in (("fetch.sh", "--have"), ("kernel.sh", "--have"),
                             ("deps.sh", "--missing")):
            path = self.write(name, "#!/bin/bash\n[ \"$1\" = %s ] || exit 9\n%s\n" % (option, have))
            os.chmod(path, stat.S_IRWXU)
        return self.script("%sprint_plan %s; echo $PLANNED" % (before, lanes))

    def test_all_is_at_hand(self):
        run = self.plan("exit 0")
        self.assertEqual(run.stderr, "3 lanes, 2 at a time: about 7 min on two idle processors.\n")
        self.assertEqual(run.stdout, "400\n")

    def test_lanes_share_the_processors(self):
        run = self.plan("exit 0", "short-1 short-2 short-3 short-4")
        self.assertEqual(run.stdout, "200\n")

    def test_nothing_is_at_hand(self):
        run = self.plan('[ "$1" = --have ] && exit 1; echo one; echo two', before="ROUNDS=30; ")
        self.assertEqual(run.stderr.splitlines(), [
            "3 lanes, 2 at a time: about 7 min on two idle processors.",
            "Tests that repeat something do so 30 % as often as in make test-all.",
            "To install: 2 packages.",
            "To fetch: about 200 MiB of packages, kernels and their sources.",
            "To build once: the test kernels own.",
            "That takes about 13 min before the first test."])
        self.assertEqual(run.stdout, "%d\n" % (400 + 60 + 30 + 90 + 600))

    def test_lane_that_is_done(self):
        results = self.write("results", "pass\ta\t\npass\tb\t\n\tpass\nfail\tc\tx\nskip\td\ty\n")
        self.write("done/short-1", "")
        run = self.script("LANES=12; report_lane short-1 %s 34" % results)
        self.assertEqual(run.stderr, "  [ 1 of 12] short-1                       2 passed   1 "
                         "failed   1 skipped    34s\n")

    def test_progress_in_a_terminal(self):
        terminal, end = os.openpty()
        self.addCleanup(os.close, terminal)
        self.write("done/short-1", "")
        self.write("running/kunit=uml-7", "")
        self.script("show_progress 3; sleep 3; end_progress", stderr=end, capture_output=False)
        os.close(end)
        shown = os.read(terminal, 4096).decode()
        self.assertTrue(re.match(r"\r\x1b\[K1 of 3 done, running: kunit:uml-7 since "
                                 r"\d\d:\d\d:\d\d\r", shown), repr(shown))
        self.assertTrue(shown.endswith("\r\x1b[K"), repr(shown))

    def test_no_progress_elsewhere(self):
        self.assertEqual(self.script("show_progress 3; end_progress").stderr, "")
