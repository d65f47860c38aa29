# SPDX-License-Identifier: GPL-2.0
"""Tests of plants.py, run by scripts_test.py: which planted bugs have to run again."""

import os
import subprocess
import sys
import tempfile
import unittest

SCRIPTS = os.path.dirname(os.path.abspath(__file__))


class Record(unittest.TestCase):
    """plants.py: which planted bugs have to run again."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.tree = folder.name
        os.makedirs(os.path.join(self.tree, "tools/testing/planted"))
        for name in ("a", "b"):
            self.write("driver-%s.c" % name, "good\n")
            self.write("tools/testing/planted/%s.patch" % name,
                       "Plant: x\nLane: scripts\nOnly: none\nExpect: x\n\n"
                       "--- a/driver-%s.c\n+++ b/driver-%s.c\n" % (name, name))
        for name in ("Kbuild", "tools/testing/selftests/carveout/Makefile"):
            self.write(name, "")

    def write(self, name, content):
        """Write a file of the tree."""
        path = os.path.join(self.tree, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(content)

    def plants(self, *args):
        """The output of plants.py."""
        run = subprocess.run([sys.executable, os.path.join(SCRIPTS, "plants.py"), *args],
                             cwd=self.tree, text=True, capture_output=True, check=True)
        return run.stdout.split()

    def catch(self, name):
        """Record a plant."""
        self.plants("caught", name, *self.plants("digest", name))

    def test_without_a_record_all_run(self):
        self.assertEqual(self.plants("changed"), ["a.patch", "b.patch"])

    def test_caught_plants_do_not_run(self):
        self.catch("b.patch")
        self.assertEqual(self.plants("changed"), ["a.patch"])
        self.catch("a.patch")
        self.assertEqual(self.plants("changed"), [])

    def test_changed_file_precedes_what_has_no_record(self):
        self.catch("b.patch")
        self.write("driver-b.c", "better\n")
        self.assertEqual(self.plants("changed"), ["b.patch", "a.patch"])

    def test_comments_and_guards_decide_nothing(self):
        self.write("driver-a.c", '#ifndef A_H\n#define A_H\nx = "/* x */"; /* one */\n#endif\n')
        self.write("driver-b.c", "y = '\"'; // two\n")
        self.catch("a.patch")
        self.catch("b.patch")
        self.write("driver-a.c", '/* new */\n#ifndef B_H\n#define B_H\nx = "/* x */";\n\n#endif\n')
        self.write("driver-b.c", "y = '\"';\n")
        self.assertEqual(self.plants("changed"), [])
        self.write("driver-a.c", '#ifndef A_H\n#define A_H\nx = "/* y */";\n#endif\n')
        self.write("driver-b.c", "y = '\"'; z\n")
        self.assertEqual(self.plants("changed"), ["a.patch", "b.patch"])

    def decides(self, *names):
        """Does each of these files decide plant a, and none of them plant b?"""
        for name in names:
            self.catch("a.patch")
            self.catch("b.patch")
            self.write(name, "other\n")
            self.assertEqual(self.plants("changed"), ["a.patch"], name)

    def plant(self, lane, only):
        """Plant a with another lane and other tests."""
        self.write("tools/testing/planted/a.patch", "Plant: x\nLane: %s\n%sExpect: x\n\n"
                   "--- a/driver-a.c\n+++ b/driver-a.c\n" % (lane, only))

    def test_programs_of_a_script_decide(self):
        folder = "tools/testing/selftests/carveout/"
        self.plant("kselftest:uml-7", "Only: run.sh\n")
        self.write(folder + "Makefile", "TEST_GEN_PROGS := one\nTEST_GEN_PROGS += two\n"
                   "TEST_PROGS := run.sh\nshared := common.c \\\n\t  more.c\n"
                   "$(OUTPUT)/one: own.c\n")
        self.write("Kbuild", "".join("%s-y := tools/testing/modules/%s.o\n" % (name, name)
                                     for name in ("loaded", "two")))
        self.write(folder + "run.sh", "# two\nprogram_on heap one\ninsmod /modules/two.ko\n")
        self.write(folder + "one.c", '#include "one.h"\nload("loaded");\n')
        self.write("tools/testing/modules/loaded.c", '#include "loaded.h"\n')
        for name in ("one.h", "two.c", "common.c", "more.c", "own.c"):
            self.write(folder + name, "good\n")
        for name in ("loaded.h", "two.c"):
            self.write("tools/testing/modules/" + name, "good\n")
        self.decides("tools/testing/modules/two.c", "tools/testing/modules/loaded.h",
                     "tools/testing/modules/loaded.c", folder + "common.c", folder + "more.c",
                     folder + "own.c", folder + "one.h", folder + "one.c")
        self.catch("a.patch")
        self.write(folder + "two.c", "other\n")
        self.assertEqual(self.plants("changed"), [])

    def test_all_tests_of_a_lane_decide(self):
        self.plant("libtest", "")
        names = ["tools/testing/%s/test.py" % name for name in ("libcarveout", "tool", "udmabuf")]
        for name in names:
            self.write(name, "good\n")
        self.decides(*names)
        self.catch("a.patch")
        self.write("tools/testing/tool/__pycache__/test.pyc", "other\n")
        self.assertEqual(self.plants("changed"), [])

    def test_scripts_of_boards_decide_plants_without_tests(self):
        self.plant("kselftest:uml-7", "")
        names = ["tools/testing/expected", "tools/testing/scripts/verdict.py",
                 "tools/testing/vm/init"]
        for name in names:
            self.write(name, "good\n")
        self.decides(*names)

    def test_missed_plant_runs_again(self):
        self.catch("a.patch")
        self.catch("b.patch")
        self.plants("missed", "a.patch")
        self.assertEqual(self.plants("changed"), ["a.patch"])
