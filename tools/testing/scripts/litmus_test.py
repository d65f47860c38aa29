# SPDX-License-Identifier: GPL-2.0
"""Tests of litmus.py, run by scripts_test.py."""

import os
import re
import subprocess
import sys
import tempfile
import unittest

SCRIPTS = os.path.dirname(os.path.abspath(__file__))


class Litmus(unittest.TestCase):
    """litmus.py: a test with all its barriers, and without each of them."""

    COMMENT = ("(* DMB in words\n * Property: none\n * Model: %s\n * Result: Never\n"
               " * Without: Sometimes\n *)\n")
    ARM = ("ARM x\n" + COMMENT % "arm.cat" +
           "{\n0:R1=dmb;\n}\n P0     | P1           ;\n DMB ST | LC00: DMB    ;\n"
           "        | LDR R0,[R1]  ;\nexists (1:R0=1)\n")
    KERNEL = ("C x\n" + COMMENT % "linux-kernel.cat" +
              "{}\n\nP0(int *x)\n{\n\tsmp_wmb();\n}\n\nP1(int *x)\n{\n\tsmp_rmb();\n\tsmp_mb();\n}\n")
    # Knows a barrier by its name, and is given the file last.
    HERD = """#!/bin/sh
        for file in "$@"; do :; done
        verdict=Sometimes
        [ "$(sed '1,/^{/d' "$file" | grep -oE 'DMB ST|LC00: DMB' | wc -l)" != 2 ] || verdict=Never
        %s
        echo "Observation x $verdict 0 1"
        """

    @staticmethod
    def litmus(command, text, *arguments):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "x.litmus")
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            run = subprocess.run([sys.executable, os.path.join(SCRIPTS, "litmus.py"), command,
                                  path, folder, *arguments], text=True, capture_output=True,
                                 check=False)
            copies = []
            for name in re.findall(r"^/\S+-\d+\.litmus(?=\t)", run.stdout, re.M):
                with open(name, encoding="utf-8") as file:
                    copies.append(file.read())
        return run, copies

    def check(self, text, herd=""):
        """The exit code of a check, and the lines that begin with a capital word."""
        with tempfile.NamedTemporaryFile("w", delete=False) as script:
            script.write(self.HERD % herd)
        os.chmod(script.name, 0o755)
        run, _ = self.litmus("check", text, script.name)
        os.remove(script.name)
        return run.returncode, re.findall(r"^(?:FAULT|TRIED) .*", run.stdout, re.M)

    def test_each_barrier_of_a_column_is_left_out(self):
        run, copies = self.litmus("variants", self.ARM)
        self.assertEqual(re.findall(r"without.*", run.stdout), [
            "without barrier 1, DMB ST of P0", "without barrier 2, DMB of P1"])
        self.assertEqual(copies, [self.ARM, self.ARM.replace("DMB ST", "      "),
                                  self.ARM.replace("LC00: DMB", "LC00:    ")])

    def test_each_barrier_of_a_function_is_left_out(self):
        run, copies = self.litmus("variants", self.KERNEL)
        self.assertEqual(re.findall(r"without.*", run.stdout), [
            "without barrier 1, smp_wmb() of P0", "without barrier 2, smp_rmb() of P1",
            "without barrier 3, smp_mb() of P1"])
        self.assertEqual(len(set(copies)), 4)

    def test_verdicts_are_as_expected(self):
        self.assertEqual(self.check(self.ARM), (0, ["TRIED 3"]))

    def test_barrier_that_is_not_necessary(self):
        more = self.ARM.replace("LDR R0,[R1]  ;", "LDR R0,[R1]  ;\n | DMB SY ;")
        self.assertEqual(self.check(more), (1, [
            "FAULT without barrier 3, DMB SY of P1: Never, expected Sometimes", "TRIED 4"]))

    def test_condition_that_is_met_in_spite_of_the_barriers(self):
        self.assertEqual(self.check(self.ARM, "verdict=Sometimes"), (1, [
            "FAULT all barriers: Sometimes, expected Never", "TRIED 3"]))

    def test_no_barrier(self):
        none = self.ARM.replace("DMB ST", "").replace("LC00: DMB", "LC00:")
        self.assertIn("FAULT the test has no barrier", self.check(none)[1])

    def test_message_in_place_of_a_verdict(self):
        status, lines = self.check(self.ARM, "echo Warning: no model; exit 0")
        self.assertEqual((status, lines[0]), (1, "FAULT all barriers: herd7 gave no verdict,"
                                                 " exit code 0: Warning: no model"))

    def test_data_race(self):
        self.assertEqual(self.check(self.ARM, "echo Flag data-race"), (1, [
            "FAULT all barriers: a data race", "TRIED 3"]))
