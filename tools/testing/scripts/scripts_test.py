#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Tests of the test scripts themselves. TAP on standard output."""

import ast
import glob
import os
import re
import subprocess
import sys
import tempfile
import time
import unittest

import named
import verdict
from choose_test import Choice  # noqa: F401, run with the others
from compiler_test import Compiler  # noqa: F401
from litmus_test import Litmus  # noqa: F401
from plan_test import Plan  # noqa: F401
from plants_test import Record  # noqa: F401

SCRIPTS = os.path.dirname(os.path.abspath(__file__))


class Sources(unittest.TestCase):
    """apt.sh: the package sources of another release."""

    APT = """#!/bin/sh
        case $* in
        *update*)       echo "Get:1 $MIRROR/$MIRROR InRelease"; exit "$UPDATE" ;;
        *Security*)     echo "$MIRROR/security/" ;;
        *)              echo "$MIRROR/debian/" ;;
        esac
        """

    def sources(self, mirror="file:/mirror", update="0"):
        """sources.list for two suites, with no package lists at hand."""
        with tempfile.TemporaryDirectory() as folder:
            apt = os.path.join(folder, "apt-get")
            with open(apt, "w", encoding="utf-8") as script:
                script.write(self.APT)
            os.chmod(apt, 0o755)
            env = dict(os.environ, CARVEOUT_CACHE=folder, MIRROR=mirror, UPDATE=update,
                       PATH=folder + ":" + os.environ["PATH"])
            script = (". ./common.sh; . ./apt.sh; use_sources trixie,trixie-security;"
                      'cat "$APT/sources.list"')
            run = subprocess.run(["bash", "-c", script], cwd=SCRIPTS, env=env, text=True,
                                 capture_output=True, check=False)
            return run.returncode, run.stdout, run.stderr

    def test_archives_of_this_machine(self):
        self.assertEqual(self.sources()[:2], (
            0, "".join("deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] "
                       "file:/mirror/%s main\n" % place
                       for place in ("debian trixie", "security trixie-security"))))

    def test_failed_update_is_told(self):
        status, lines, why = self.sources(update="100")
        self.assertEqual((status, len(lines.splitlines())), (0, 2))
        self.assertIn("the package lists at hand are used", why)


class Watch(unittest.TestCase):
    """watch.py: when a board is ended."""

    def watch(self, silence, *command):
        """(exit status, output, seconds)."""
        start = time.monotonic()
        run = subprocess.run([sys.executable, os.path.join(SCRIPTS, "watch.py"), str(silence),
                              *command], text=True, capture_output=True, check=False)
        return run.returncode, run.stdout, time.monotonic() - start

    def test_output_and_status_are_passed_on(self):
        self.assertEqual(self.watch(60, "sh", "-c", "echo a; echo b >&2; exit 3")[:2], (3, "a\nb\n"))

    def test_death_by_a_signal_is_told(self):
        self.assertEqual(self.watch(60, "sh", "-c", "kill -9 $$")[0], 128 + 9)

    def test_silence_ends(self):
        status, output, took = self.watch(1, "sh", "-c", "echo last words; exec sleep 1000")
        self.assertEqual(status, 124)
        self.assertIn("last words\n", output)
        self.assertIn("(ended: nothing was printed for 1 s)", output)
        self.assertLess(took, 900)

    def test_command_that_ignores_the_request_is_killed(self):
        status, _, took = self.watch(1, "sh", "-c", "trap '' TERM; while :; do sleep 1; done")
        self.assertEqual(status, 124)
        self.assertLess(took, 900)

    def test_progress_does_not_end(self):
        # Twice as long as the silence that would end it.
        script = "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do echo $i; sleep 1; done; echo done"
        status, output, took = self.watch(6, "sh", "-c", script)
        self.assertEqual((status, output.split()[-1]), (0, "done"))
        self.assertGreater(took, 6)

    def test_endless_output_ends(self):
        script = "import watch, sys; watch.LARGEST = 1 << 20; sys.exit(watch.main(['60', 'yes']))"
        run = subprocess.run([sys.executable, "-B", "-c", script], cwd=SCRIPTS,
                             capture_output=True, check=False)
        self.assertEqual(run.returncode, 124)
        self.assertIn(b"(ended: more than 1 MiB were printed)", run.stdout)


class Layers(unittest.TestCase):
    """layers.py: includes and calls against the layers of driver/, circles elsewhere."""

    FILES = {
        "driver/carveout_internal.h": "struct carveout;\n",
        "driver/mem/alloc.h": "int carveout_span_alloc(void);\n",
        "driver/mem/alloc.c": '#include "alloc.h"\n\nint carveout_span_alloc(void)\n{\n'
                              "\traw_spin_lock_irq(&carveout->lock);\n\treturn 0;\n}\n",
        "driver/buf/buffer.h": "int carveout_buf_create(void);\n",
        "driver/buf/buffer.c": '#include "../mem/alloc.h"\n#include "buffer.h"\n\n'
                               "int carveout_buf_create(void)\n{\n"
                               "\treturn carveout_span_alloc();\n}\n",
        "driver/dev/ioctl.c": '#include "../buf/buffer.h"\n\nint carveout_ioctl(void)\n{\n'
                              "\treturn carveout_buf_create();\n}\n",
        "tools/lib/shim/shim.h": "int low(void);\nint high(void);\n",
        "tools/lib/shim/low.c": '#include "shim.h"\n\nint low(void)\n{\n\treturn 0;\n}\n',
        "tools/lib/shim/high.c": '#include "shim.h"\n\nint high(void)\n{\n\treturn low();\n}\n',
    }
    CIRCLE = "circle of calls: tools/lib/shim/high.c, tools/lib/shim/low.c\n"

    def findings(self, argued=(), **changes):
        """Output for a small tree; CHANGES is text appended to files, by their base names.

        ARGUED are the circles that have a reason.
        """
        script = "import layers, sys; layers.ARGUED = dict.fromkeys(%r, 'why'); " \
                 "sys.exit(layers.main([]))" % (argued,)
        with tempfile.TemporaryDirectory() as top:
            for path, text in self.FILES.items():
                os.makedirs(os.path.join(top, os.path.dirname(path)), exist_ok=True)
                text += changes.pop(os.path.basename(path).replace(".", "_"), "")
                with open(os.path.join(top, path), "w", encoding="utf-8") as file:
                    file.write(text)
            self.assertEqual(changes, {})
            run = subprocess.run([sys.executable, "-B", "-c", script], cwd=top, text=True,
                                 env={**os.environ, "PYTHONPATH": SCRIPTS},
                                 capture_output=True, check=False)
        self.assertEqual(run.stderr, "")
        self.assertEqual(run.returncode, 1 if run.stdout else 0)
        return run.stdout

    def test_calls_down(self):
        self.assertEqual(self.findings(), "")

    def test_include_against_the_layers(self):
        self.assertIn("driver/mem/alloc.c:8: layer mem includes driver/buf/buffer.h",
                      self.findings(alloc_c='#include "../buf/buffer.h"\n'))

    def test_call_against_the_layers(self):
        out = self.findings(alloc_c="\nvoid up(void)\n{\n\tcarveout_buf_create();\n}\n")
        self.assertIn("layer mem calls carveout_buf_create() of driver/buf/buffer.c", out)
        self.assertIn("circle of calls: driver/buf/buffer.c, driver/mem/alloc.c", out)

    def test_function_pointer_counts_as_a_call(self):
        self.assertIn("layer buf calls carveout_ioctl() of driver/dev/ioctl.c",
                      self.findings(buffer_c="\nvoid *up = carveout_ioctl;\n"))

    def test_comments_and_strings_are_no_calls(self):
        self.assertEqual(self.findings(alloc_c="/* carveout_ioctl() */\n"
                                               'char *s = "carveout_ioctl()";\n'), "")

    def test_lock_of_the_heap(self):
        self.assertIn("driver/buf/buffer.c:8: the heap's lock is taken outside of layer mem",
                      self.findings(buffer_c="\traw_spin_lock(&carveout->lock);\n"))

    def test_circle_outside_of_driver(self):
        self.assertEqual(self.findings(low_c="\nvoid up(void)\n{\n\thigh();\n}\n"), self.CIRCLE)

    def test_name_of_the_c_library_is_no_call(self):
        self.assertEqual(self.findings(low_c="\nvoid up(void)\n{\n\tclose(0);\n}\n",
                                       high_c="\nint close(int fd)\n{\n\treturn fd;\n}\n"), "")

    def test_circle_with_a_reason(self):
        argued = [("tools/lib/shim/high.c", "tools/lib/shim/low.c")]
        self.assertEqual(self.findings(argued, low_c="\nvoid *up = high;\n"), "")
        self.assertEqual(self.findings(argued),
                         "no " + self.CIRCLE.replace(": ", ", so it needs no reason: "))


class Prose(unittest.TestCase):
    """prose.py: words in comments, messages and pages."""

    def check(self, **files):
        """The findings for a tree of FILES, as (file, line, word), and if it passed."""
        with tempfile.TemporaryDirectory() as tree:
            for name, text in files.items():
                path = os.path.join(tree, name.replace("__", "/").replace("_dot_", "."))
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with open(path, "w", encoding="utf-8") as file:
                    file.write(text)
            run = subprocess.run([sys.executable, os.path.join(SCRIPTS, "prose.py"), tree],
                                 text=True, capture_output=True, check=False)
        self.assertEqual(run.stderr, "")
        rows = [line.split(":") for line in run.stdout.splitlines()]
        return [(row[0], int(row[1]), row[2].strip()) for row in rows], run.returncode

    def test_comments_of_code(self):
        found, status = self.check(driver__a_dot_c="int who;\n/*\n * It is not any\n * more.\n */\n"
                                                   "int x; // somebody\n")
        self.assertEqual(found, [("driver/a.c", 3, "any more"), ("driver/a.c", 6, "somebody")])
        self.assertEqual(status, 1)

    def test_messages_are_prose_but_not_of_tests(self):
        text = 'void f(void)\n{\n\tpr_err("nobody has it\\n");\n}\n'
        found, _ = self.check(driver__a_dot_c=text, driver__tests__b_dot_c=text,
                              tools__testing__c_dot_c=text)
        self.assertEqual(found, [("driver/a.c", 3, "nobody")])

    def test_names_and_arguments_are_no_prose(self):
        found, status = self.check(driver__a_dot_c="/* he_said, the who-list, fetch.sh WHAT */\n",
                                   a_dot_rst="``who`` and\n::\n\n    who(1)\n\nAn end.\n")
        self.assertEqual((found, status), ([], 0))

    def test_questions_and_quotations_are_right(self):
        found, status = self.check(a_dot_sh="# What is that? The word \"who\".\necho who\n")
        self.assertEqual((found, status), ([], 0))

    def test_pages_and_python(self):
        found, _ = self.check(
            a_dot_rst="A\n=\n\nSee::\n\n    what\n\nIt goes.\n",
            b_dot_3=".SH NAME\nWho \\- x\n.nf\nwho\n.fi\nhis\n",
            c_dot_py='"""A text.\n\nIt comes.\n"""\nWHO = "who"   # whoever\n',
            Kconfig="config A\n\thelp\n\t  Everybody.\n")
        self.assertEqual(found, [("Kconfig", 3, "Everybody"), ("a.rst", 8, "goes"),
                                 ("b.3", 2, "Who"), ("b.3", 6, "his"), ("c.py", 3, "comes"),
                                 ("c.py", 5, "whoever")])

    def test_allowed_uses(self):
        page = "It is said what is\nright. But not who.\n"
        found, _ = self.check(a_dot_rst=page, tools__testing__scripts__prose_allowed="")
        self.assertEqual(len(found), 2)
        allowed = "# why\na.rst: what is right\n"
        found, _ = self.check(a_dot_rst=page, **{"tools__testing__scripts__prose-allowed": allowed})
        self.assertEqual(found, [("a.rst", 2, "who")])

    def test_allowance_without_use(self):
        found, status = self.check(**{"tools__testing__scripts__prose-allowed": "a.rst: gone\n"})
        self.assertEqual(found, [("tools/testing/scripts/prose-allowed", 1, "allows nothing")])
        self.assertEqual(status, 1)


class Named(unittest.TestCase):
    """named.py: the tests that Documentation/bug-patterns.rst names."""

    TESTS = {"alloc": {"size_is_zero", "size_wraps"}, "KUnit": {"carveout_dma_a"},
             "planted": {"size-wraps"}, "remote": {"reads_are_whole"}}
    TEXTS = {"tool.sh": 'result "nothing is left"\nshow_all()\n'}

    def unknown(self, cell):
        """The names in a cell that no test has."""
        return list(named.unknown_patterns(cell, self.TESTS, self.TEXTS))

    def test_names_that_exist(self):
        self.assertEqual(self.unknown(
            "alloc: size_is_zero, size_wraps; KUnit: carveout_dma_*; planted: size-wraps; "
            "alloc and remote: all; remote: directory.reads_are_whole; "
            "tool.sh: nothing is left, show_all"), [])

    def test_names_that_do_not(self):
        self.assertEqual(self.unknown("alloc: size_is_one, all; KUnit: carveout_dm; remote: x_*"),
                         ["alloc: size_is_one", "KUnit: carveout_dm", "remote: x_*"])
        self.assertEqual(self.unknown("tool.sh: something is left; planted: size-wrap"),
                         ["tool.sh: something is left", "planted: size-wrap"])

    def test_program_that_does_not_exist(self):
        self.assertEqual(self.unknown("aloc: size_wraps; alloc and tol.sh: all"),
                         ["aloc:", "tol.sh:"])

    def test_remarks(self):
        self.assertEqual(self.unknown(
            "none: by review; all, on the debug board; red on arm64: a jump_that never ended; "
            "alloc: size_wraps (of some_thing), and each command; KUnit: carveout_dma_a. "
            "Other text: not_a_test"), [])
        self.assertEqual(self.unknown("alloc: size_wrap found one"), ["alloc: size_wrap"])

    def test_last_columns(self):
        page = ("A\n=\n\n.. list-table::\n   :header-rows: 1\n\n   * - pattern\n     - tests\n"
                "   * - a: b\n     - c\n     - alloc: x,\n       y\n   * - limit\n     - KUnit: z\n"
                "\nMore\n====\n\n.. list-table::\n\n   * - pattern\n     - tests\n"
                "   * - d\n     - e\n\nEnd: f\n")
        self.assertEqual(list(named.last_columns(page)), ["alloc: x, y", "KUnit: z", "e"])


class Width(unittest.TestCase):
    """rst_width.py: long lines of pages."""

    LONG = "word " * 21

    def numbers(self, *lines):
        """The lines that are too long."""
        with tempfile.NamedTemporaryFile("w", suffix=".rst") as page:
            page.write("\n".join(lines))
            page.flush()
            run = subprocess.run([sys.executable, os.path.join(SCRIPTS, "rst_width.py"), page.name],
                                 text=True, capture_output=True, check=False)
        self.assertEqual((run.stderr, run.returncode), ("", 1 if run.stdout else 0))
        return [int(line.split(":")[1]) for line in run.stdout.splitlines()]

    def test_paragraphs(self):
        self.assertEqual(self.numbers("A " + "x" * 98, "A " + "x" * 99, "- " + self.LONG), [2, 3])

    def test_tables_and_addresses(self):
        self.assertEqual(self.numbers("===  ===", self.LONG, "===  ===", self.LONG, "===  ===", "",
                                      "|" + self.LONG, "<https://%s>" % ("x" * 100)), [])
        self.assertEqual(self.numbers("===  ===", "a    b", "===  ===", "", self.LONG), [5])

    def test_literal_blocks(self):
        self.assertEqual(self.numbers("A line::", "", "  " + self.LONG, "", "  x", self.LONG), [6])
        self.assertEqual(self.numbers(".. code-block:: c", "", "   " + self.LONG, "", self.LONG), [5])
        self.assertEqual(self.numbers(".. list-table::", "", "   * - " + self.LONG), [3])


class Subjects(unittest.TestCase):
    """subjects.py: the subjects of commits."""

    def faults(self, *subjects):
        """The subjects at fault."""
        script = "import subjects, sys; print([s for s in sys.argv[1:] if subjects.fault(s)])"
        run = subprocess.run([sys.executable, "-B", "-c", script, *subjects], cwd=SCRIPTS, text=True,
                             capture_output=True, check=True)
        return ast.literal_eval(run.stdout)

    def test_imperatives(self):
        self.assertEqual(self.faults(
            "carveout: buf: fail waiters when corruption is detected",
            "carveout: Documentation: pass -W to Sphinx", "carveout: lib: need no lock",
            "carveout: mem: re-read the limit", "carveout: dt-bindings: address review",
            'Revert "carveout: nonsense"'), [])

    def test_refused(self):
        wrong = ["buf: fail waiters", "carveout: fail waiters", "carveout: heap_api: fail waiters",
                 "carveout: buf: Fail waiters", "carveout: buf: failed waiters",
                 "carveout: buf: fails waiters", "carveout: buf: failing waiters",
                 "carveout: buf: a deadline that has passed", "carveout: buf: made it faster",
                 "carveout: buf: fail waiters.", "carveout: buf: tell whoever waits",
                 "carveout: buf: " + "fail waiters " * 5, "fixup! carveout: buf: fail waiters"]
        self.assertEqual(self.faults(*wrong), wrong)

    def test_only_new_commits_count(self):
        git = ["git", "-c", "user.name=n", "-c", "user.email=e"]
        with tempfile.TemporaryDirectory() as tree:
            subprocess.run(git + ["init", "-q", tree], check=True)
            for date in ("2001-01-01T00:00:00+0000", "2037-01-01T00:00:00+0000"):
                subprocess.run(git + ["-C", tree, "commit", "-q", "--allow-empty", "--date", date,
                                      "-m", "written in " + date[:4]], check=True)
            run = subprocess.run([sys.executable, os.path.join(SCRIPTS, "subjects.py"), tree],
                                 text=True, capture_output=True, check=False)
        self.assertIn("written in 2037", run.stdout)
        self.assertNotIn("written in 2001", run.stdout)
        self.assertEqual(run.returncode, 1)

    def test_no_repository(self):
        with tempfile.TemporaryDirectory() as tree:
            run = subprocess.run([sys.executable, os.path.join(SCRIPTS, "subjects.py"), tree],
                                 text=True, capture_output=True, check=False)
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        self.assertIn("no repository", run.stdout)


class Kconfig(unittest.TestCase):
    """kconfig.sh: the options of a test kernel that did not take effect."""

    def compare(self, config, *fragments):
        """(exit status, lines of output)."""
        with tempfile.TemporaryDirectory() as folder:
            names = []
            for content in (config,) + fragments:
                names.append(os.path.join(folder, "config%d" % len(names)))
                with open(names[-1], "w", encoding="utf-8") as file:
                    file.write(content)
            run = subprocess.run([os.path.join(SCRIPTS, "kconfig.sh"), *names], text=True,
                                 capture_output=True, check=False)
            return run.returncode, run.stdout.splitlines()

    def test_all_took_effect(self):
        config = "CONFIG_A=y\nCONFIG_B=\"x=y\"\n# CONFIG_C is not set\nCONFIG_MORE=m\n"
        fragment = "# why\n\nCONFIG_A=y\nCONFIG_B=\"x=y\"\n# CONFIG_C is not set\n"
        self.assertEqual(self.compare(config, fragment, "# CONFIG_D is not set\n"), (0, []))

    def test_option_is_dropped(self):
        self.assertEqual(self.compare("CONFIG_A=y\n", "CONFIG_A=y\nCONFIG_B=y\n"), (
            1, ["config1: CONFIG_B=y did not take effect: it is absent"]))

    def test_option_has_another_value(self):
        self.assertEqual(self.compare("CONFIG_A=m\nCONFIG_AB=y\n", "CONFIG_A=y\n",
                                      "# CONFIG_AB is not set\n"), (
            1, ["config1: CONFIG_A=y did not take effect: it is m",
                "config2: CONFIG_AB=n did not take effect: it is y"]))

    def test_last_fragment_counts(self):
        self.assertEqual(self.compare("CONFIG_A=m\n", "CONFIG_A=y\n", "CONFIG_A=m\n"), (0, []))

    def test_line_that_is_no_option(self):
        status, lines = self.compare("CONFIG_A=y\n", "CONFIG_A=y\nCONFIG_B:y\n")
        self.assertEqual((status, len(lines)), (1, 1))
        self.assertIn("config1:2: cannot be read: CONFIG_B:y", lines[0])

    def test_empty_configuration(self):
        self.assertEqual(self.compare("", "# CONFIG_A is not set\n"), (2, []))


class Verdict(unittest.TestCase):
    """verdict.py: the TAP of a program, the log of a board."""

    def verdict(self, text, kind, *args, lane="scripts", **env):
        env = {**os.environ, "ROUNDS": "100", "ONLY": "", **env}
        with tempfile.NamedTemporaryFile("w", suffix=".log") as log:
            log.write(text)
            log.flush()
            run = subprocess.run([sys.executable, os.path.join(SCRIPTS, "verdict.py"), kind,
                                  lane, log.name, *args], text=True, capture_output=True,
                                 check=True, env=env)
        return run.stdout

    def judge(self, program):
        """The results of a program with two tests of one name."""
        return self.verdict("# program: %s\nTAP version 13\n1..2\nok 1 twice\nok 2 twice\n"
                            % program, "tap", "0")

    def board(self, lockdep, report="WARNING: bad unlock balance detected!"):
        """The results of a board whose kernel reports something while it boots."""
        return self.verdict("[    0.1] WARNING: CPU: 0 PID: 1 at virt-pci.c:886\n"
                            "[    0.2] " + report + "\n"
                            "[    0.3] swapper/1 is trying to release a lock\n"
                            "carveout-test: start\ncarveout-test: %s lockdep at start%s\n"
                            "carveout-test: end\n" % lockdep, "board")

    def test_report_that_ended_lockdep_is_shown(self):
        self.assertIn("fail\tlockdep at start\tis off\n\tWARNING: bad unlock balance detected!\n"
                      "\tswapper/1 is trying to release a lock\n",
                      self.board(("not ok", " # is off")))
        self.assertNotIn("bad unlock balance", self.board(("ok", "")))

    def test_other_report_that_ends_lockdep_is_shown(self):
        report = "BUG: KASAN: stack-out-of-bounds in vsnprintf+0x1/0x2"
        self.assertIn("is off\n\t" + report, self.board(("not ok", " # is off"), report))

    NO_TRACE = "[   10.020000] Received SIGSEGV in SIGSEGV handler, aborting stack trace!\n"
    TRACE = ("[   10.020000] Stack:\n[   10.020000]  605d0a40 605d0a40 41b58ab3 60671f4e\n"
             "[   10.020000] Call Trace:\n"
             "[   10.020000]  [<60033145>] ? dump_trace+0x0/0x13c\n[   10.020000] \n")

    def printed(self, message, context="2:2", trace=NO_TRACE):
        """The results of a board whose kernel prints a message in a hard interrupt handler."""
        return self.verdict("carveout-test: start\n[   10.020000] %s\n[   10.020000] \n"
                            "[   10.020000] =============================\n"
                            "[   10.020000] [ BUG: Invalid wait context ]\n"
                            "[   10.020000] 6.1.192 #1 Tainted: G           O      \n"
                            "[   10.020000] -----------------------------\n"
                            "[   10.020000] sleep/22 is trying to lock:\n"
                            "[   10.020000] 0000000060a4c5b0 (&lines[i].lock){-...}-{3:3}, at:"
                            " uml_console_write+0x5d/0xad\n"
                            "[   10.020000] other info that might help us debug this:\n"
                            "[   10.020000] context-{%s}\n"
                            "[   10.020000] 2 locks held by sleep/22:\n"
                            "[   10.020000]  #0: 00000000607f2fc0 (console_lock){+.+.}-{0:0}, at:"
                            " vprintk_emit+0x146/0x355\n"
                            "[   10.020000] stack backtrace:\n"
                            "[   10.020000] CPU: 0 PID: 22 Comm: sleep Tainted: G  6.1.192 #1 \n"
                            "%scarveout-test: not ok lockdep at end # is off\n"
                            "carveout-test: end\n" % (message, context, trace), "board")

    def test_lock_of_the_console_in_an_interrupt(self):
        for trace in (self.NO_TRACE, self.TRACE):
            judged = self.printed("hrtimer: interrupt took 40103984 ns", trace=trace)
            self.assertIn("skip\tlockdep at end\tended by the console's lock when a hard interrupt"
                          " handler printed 'hrtimer: interrupt took 40103984 ns'\n", judged)
            self.assertIn("pass\tkernel log\t\n", judged)

    def test_results_after_such_a_report(self):
        log = ("carveout-test: start\nhrtimer: interrupt took 1 ns\n\n=====\n"
               "[ BUG: Invalid wait context ]\n6.1.192 #1 Tainted\n-----\nx/1 is trying to lock:\n"
               "0 (&l){-...}-{3:3}, at: pl011_console_write+0x1\nother info that might help:\n"
               "context-{2:2}\n1 lock held by x/1:\n #0: 0 (console_lock){+.+.}-{0:0}, at: f\n"
               "stack backtrace:\nHardware name: virt\nCall trace:\n f+0x1/0x2\n    not ok 8 f\n")
        lines = log.splitlines()
        self.assertEqual(verdict.printed_in_interrupt(lines),
                         (lines[1], lines[:3] + lines[-1:]))

    def test_other_locks_in_an_invalid_context(self):
        for judged in (self.printed("carveout: dsp: 3 regions"),
                       self.printed("hrtimer: interrupt took 40103984 ns", "4:4")):
            self.assertIn("fail\tlockdep at end\tis off\n", judged)
            self.assertIn("fail\tkernel log\t[ BUG: Invalid wait context ]", judged)

    def crashes(self, count, **env):
        """The results of a suite that prints how often a core has crashed."""
        return self.verdict("carveout-test: start\n"
                            "    # carveout_remote_crash_at_any_step_5: 1000 crashes\n"
                            "    # carveout_remote_crash_at_any_step_5: %d crashes\n"
                            "carveout-test: end\n" % count, "board", lane="kunit:uml-6.1", **env)

    def test_number_of_rounds_is_required(self):
        missing = "did not print 'carveout_remote_crash_at_any_step_5: 10000 crashes'"
        self.assertNotIn(missing, self.crashes(10000))
        self.assertIn("fail\tcarveout_remote_crash\t" + missing, self.crashes(300))
        self.assertNotIn(missing, self.crashes(300, ROUNDS="30"))
        self.assertNotIn(missing, self.crashes(300, ONLY="carveout_buf_kunit"))

    def test_names_are_unique(self):
        self.assertIn("two tests are called 'twice'", self.judge("carveout_x"))

    def test_names_of_the_kernels_own_tests_are_numbered(self):
        judged = self.judge("kernel_x")
        self.assertNotIn("two tests are called", judged)
        self.assertIn("pass\tkernel_x: twice (2)", judged)


class Messages(unittest.TestCase):
    """common.sh: a command that fails ends the script, and its message is shown."""

    def script(self, text):
        """Exit code, output and messages of a script that sources common.sh."""
        with tempfile.TemporaryDirectory() as folder:
            run = subprocess.run(["bash", "-c", ". %s/common.sh\n%s" % (SCRIPTS, text)],
                                 env=dict(os.environ, CARVEOUT_CACHE=folder), cwd=folder,
                                 text=True, capture_output=True, check=False)
        return run.returncode, run.stdout, run.stderr

    def test_last_lines_of_a_command_that_fails_are_shown(self):
        status, lines, why = self.script("logged log sh -c 'seq 20; echo cause >&2; exit 3'")
        self.assertEqual((status, lines), (3, ""))
        self.assertEqual(why.splitlines(), ["sh failed (3): sh -c seq 20; echo cause >&2; exit 3"]
                         + ["    %d" % number for number in range(12, 21)] + ["    cause"])

    def test_command_that_succeeds_is_silent(self):
        self.assertEqual(self.script("logged log echo output; grep -c output log"),
                         (0, "1\n", ""))

    def test_failure_in_a_substitution_ends_the_script(self):
        self.assertEqual(self.script("found=$(false; echo on); echo reached"), (1, "", ""))

    def test_no_message_of_a_tool_is_thrown_away(self):
        tool = re.compile(r"^[^#]*\b(compile|dtc|fdtoverlay|make|qemu-\S+) .*(2|&)> ?/dev/null")
        for folder in (SCRIPTS, os.path.join(SCRIPTS, "../fresh")):
            for name in glob.glob(os.path.join(folder, "*.sh")):
                with open(name, encoding="utf-8") as file:
                    self.assertEqual([line for line in file if tool.match(line)], [], name)


class Deadline(unittest.TestCase):
    """common.sh: nothing begins that would end after BEGIN_UNTIL."""

    @staticmethod
    def time_for(seconds, until, **more):
        run = subprocess.run(["bash", "-c", ". %s/common.sh; time_for %d" % (SCRIPTS, seconds)],
                             env=dict(os.environ, BEGIN_UNTIL=until, **more), check=False)
        return run.returncode == 0

    def test_no_deadline(self):
        self.assertTrue(self.time_for(1 << 30, ""))

    def test_ends_before_it(self):
        self.assertTrue(self.time_for(1000, "%d" % (time.time() + 3000)))

    def test_ends_after_it(self):
        self.assertFalse(self.time_for(1000, "%d" % (time.time() + 500)))

    def test_deadline_has_passed(self):
        self.assertFalse(self.time_for(0, "%d" % (time.time() - 500)))

    def test_slow_machine(self):
        self.assertFalse(self.time_for(1000, "%d" % (time.time() + 3000), SLOWNESS="400"))

    def test_lane_that_is_late_is_skipped(self):
        with tempfile.TemporaryDirectory() as out:
            run = subprocess.run([os.path.join(SCRIPTS, "test.sh"), "unit", "kunit:uml-7"],
                                 env=dict(os.environ, O=out, BEGIN_UNTIL="1"), text=True,
                                 capture_output=True, check=False)
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual(run.stdout.splitlines()[-1], "0 passed, 0 failed, 2 skipped")
        self.assertIn("SKIP: unit the whole lane: no time left", run.stdout)


class Lanes(unittest.TestCase):
    """test.sh: make test and the other lanes run all programs, and tools/testing/shares."""

    @staticmethod
    def lanes(word):
        return subprocess.run([os.path.join(SCRIPTS, "test.sh"), "--list", word], text=True,
                              capture_output=True, check=True).stdout.split()

    @staticmethod
    def shares():
        with open(os.path.join(SCRIPTS, "../shares"), encoding="utf-8") as table:
            rows = [line.split("#")[0].split() for line in table]
        return {row[0]: row[1:] for row in rows if row}

    def test_rest_is_what_make_test_leaves_out(self):
        quick, rest = self.lanes("quick"), self.lanes("rest")
        self.assertFalse(set(quick) & set(rest))
        both = {lane.replace("share:", "kselftest:") for lane in quick} | set(rest)
        shared = {lane for lane in both if lane.startswith("others:")}
        slow = (":arm64-7-debug", ":versal-6.1-debug")
        self.assertEqual(both - shared, {lane for lane in self.lanes("all")
                                         if not lane.endswith(slow)})
        self.assertEqual({lane.replace("others:", "share:") for lane in shared},
                         {lane for lane in quick if lane.startswith("share:")})

    def test_each_shared_program_has_a_board(self):
        boards = {lane.split(":")[1] for lane in self.lanes("quick") if ":" in lane}
        for program, on in self.shares().items():
            self.assertTrue(on, program)
            self.assertLessEqual(set(on), boards, program)

    def test_shared_programs_exist(self):
        for program in self.shares():
            name = program if program.endswith(".sh") else program + ".c"
            self.assertTrue(os.path.exists(os.path.join(
                SCRIPTS, "../selftests/carveout", name)), program)


class Parallel(unittest.TestCase):
    """common.sh: several lanes at a time."""

    def test_other_children_are_not_waited_for(self):
        script = """
            . ./common.sh
            while read -r _; do :; done < <(echo a process substitution)
            sleep 1000 & other=$!
            lane() { echo "start $1"; sleep "$1"; echo end; }
            at_a_time 2 lane 1 1 1 0 0
            kill $other
            """
        with tempfile.TemporaryDirectory() as folder:
            run = subprocess.run(["bash", "-c", script], cwd=SCRIPTS, text=True, timeout=600,
                                 env=dict(os.environ, CARVEOUT_CACHE=folder),
                                 capture_output=True, check=False)
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        running = most = 0
        for word in run.stdout.split():
            running += (word == "start") - (word == "end")
            most = max(most, running)
        self.assertEqual((running, most, run.stdout.count("start")), (0, 2, 5))


class Tap(unittest.TestResult):
    """Prints each result at once."""

    number = 0

    def report(self, word, test, detail=""):
        """One result, and its details."""
        self.number += 1
        for line in detail.splitlines():
            print("# " + line)
        print("%s %d %s" % (word, self.number, test.id().split(".", 1)[1]), flush=True)

    def addSuccess(self, test):
        self.report("ok", test)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.report("not ok", test, self.failures[-1][1])

    def addError(self, test, err):
        super().addError(test, err)
        self.report("not ok", test, self.errors[-1][1])


def main():
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules[__name__])
    print("TAP version 13\n1..%d" % suite.countTestCases())
    return 0 if suite.run(Tap()).wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
