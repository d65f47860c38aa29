# SPDX-License-Identifier: GPL-2.0
"""Tests of the Makefiles of the command and the libraries. Run by scripts_test.py."""

import os
import subprocess
import tempfile
import unittest

SCRIPTS = os.path.dirname(os.path.abspath(__file__))


class Compiler(unittest.TestCase):
    """compiler.mk: the objects of another compiler are built anew."""

    # An object that is empty, and a line in a log.
    CC = """#!/bin/sh
        while [ $# -gt 1 ]; do [ "$1" = -o ] && : > "$2"; shift; done
        echo compiled >> "$LOG"
        """
    OBJECTS = {
        "tools/carveout": ("main.o", "text.o"), "tools/lib/carveout": ("heap.o", "tag.o"),
        "tools/lib/ticmem": ("map.o", "pool.o"), "tools/lib/udmabuf": ("node.o", "file.o"),
    }

    def compiled(self, folder, makefile, name):
        """Number of the compiler's runs for the objects of two files."""
        log = os.path.join(folder, "log")
        compiler = os.path.join(folder, name)
        with open(compiler, "w", encoding="utf-8") as script:
            script.write(self.CC)
        os.chmod(compiler, 0o755)
        with open(log, "w", encoding="utf-8"):
            pass
        objects = [os.path.join(folder, "out", name) for name in self.OBJECTS[makefile]]
        subprocess.run(["make", "-s", "-C", os.path.join(SCRIPTS, "../../..", makefile),
                        "O=" + os.path.join(folder, "out"), "CC=" + compiler, "LIBFDT=no",
                        *objects], env=dict(os.environ, LOG=log), check=True,
                       stdout=subprocess.DEVNULL)
        with open(log, encoding="utf-8") as lines:
            return len(lines.readlines())

    def test_objects_are_built_by_one_compiler(self):
        for makefile in self.OBJECTS:
            with self.subTest(makefile), tempfile.TemporaryDirectory() as folder:
                self.assertEqual(self.compiled(folder, makefile, "native"), 2)
                self.assertEqual(self.compiled(folder, makefile, "native"), 0)
                self.assertEqual(self.compiled(folder, makefile, "cross"), 2)
