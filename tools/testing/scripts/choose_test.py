# SPDX-License-Identifier: GPL-2.0
"""Tests of choose.py, run by scripts_test.py.

The package lists are cut down from real ones, at moments at which setting up a board
failed once.
"""

import os
import subprocess
import sys
import unittest

SCRIPTS = os.path.dirname(os.path.abspath(__file__))


def kernel(abi, flavour="arm64", arch="arm64", common="common", kbuild=None, image=("image",)):
    """The package list of one release, as the archive publishes it in the end."""
    release = abi + "-" + flavour
    return ["linux-headers-%s %s" % (release, arch), "linux-headers-%s-%s all" % (abi, common),
            "%s amd64" % (kbuild or "linux-kbuild-" + abi)] + [
                "linux-%s-%s %s" % (part, release, arch) for part in image]


def old(abi, **more):
    """A release of 6.1, which has one set of tools for all."""
    return kernel(abi, kbuild="linux-kbuild-6.1", **more)


def split(abi, **more):
    """A release since 6.19."""
    return kernel(abi, image=("image", "binary", "modules", "base"), **more)


def without(packages, *names):
    """The list less packages that are not published yet; all of NAMES have to be in it."""
    left = [line for line in packages if line.split()[0] not in names]
    assert len(packages) - len(left) >= len(names), names
    return left


class Choice(unittest.TestCase):
    """choose.py: which packages a board's kernel is made of."""

    def choose(self, packages, series="6.1", flavour="arm64", arch="arm64"):
        """(release, package names, standard error)."""
        run = subprocess.run([sys.executable, os.path.join(SCRIPTS, "choose.py"), series,
                              flavour, arch, "amd64"], input="\n".join(packages), text=True,
                             capture_output=True, check=False)
        rows = [line.split(" ", 1) for line in run.stdout.splitlines()]
        releases = [value for key, value in rows if key == "release"]
        self.assertEqual(run.returncode, 0 if releases else 1, run.stderr)
        names = [value for key, value in rows if key == "package"]
        return releases[0] if releases else None, names, run.stderr

    def refused(self, *args, **more):
        """The one line that says why nothing can be chosen."""
        release, names, why = self.choose(*args, **more)
        self.assertIsNone(release)
        self.assertEqual(names, [])
        self.assertEqual(len(why.splitlines()), 1, why)
        return why

    def test_newest_complete_release(self):
        release, names, _ = self.choose(old("6.1.0-9") + old("6.1.0-57") + old("6.1.0-56"))
        self.assertEqual(release, "6.1.0-57-arm64")
        self.assertEqual(sorted(names), [
            "linux-headers-6.1.0-57-arm64:arm64", "linux-headers-6.1.0-57-common:all",
            "linux-image-6.1.0-57-arm64:arm64", "linux-kbuild-6.1:amd64"])

    def test_image_not_published_yet(self):
        packages = old("6.1.0-56") + without(old("6.1.0-57"), "linux-image-6.1.0-57-arm64")
        packages.append("linux-image-6.1.0-57-arm64-unsigned arm64")
        release, names, note = self.choose(packages)
        self.assertEqual(release, "6.1.0-56-arm64")
        self.assertIn("linux-image-6.1.0-56-arm64:arm64", names)
        self.assertIn("6.1.0-57-arm64 is not complete: no linux-image-6.1.0-57-arm64:arm64", note)

    def test_only_one_architecture_has_the_image(self):
        packages = (old("6.1.0-56") + without(old("6.1.0-57"), "linux-image-6.1.0-57-arm64")
                    + old("6.1.0-56", flavour="cloud-amd64", arch="amd64")
                    + old("6.1.0-57", flavour="cloud-amd64", arch="amd64"))
        self.assertEqual(self.choose(packages)[0], "6.1.0-56-arm64")
        self.assertEqual(self.choose(packages, flavour="cloud-amd64", arch="amd64")[0],
                         "6.1.0-57-cloud-amd64")

    def test_image_of_another_architecture_does_not_count(self):
        packages = without(old("6.1.0-57"), "linux-image-6.1.0-57-arm64")
        packages.append("linux-image-6.1.0-57-arm64 amd64")
        self.assertIn("try again", self.refused(packages))

    def test_series_is_gone(self):
        why = self.refused(kernel("6.12.117+deb12"))
        self.assertIn("no Linux 6.1 for arm64: no linux-headers-6.1.*-arm64; add a suite", why)

    def test_list_is_empty(self):
        self.assertIn("add a suite", self.refused([]))

    def test_no_release_is_complete(self):
        why = self.refused(without(old("6.1.0-57"), "linux-image-6.1.0-57-arm64")
                           + without(old("6.1.0-56"), "linux-headers-6.1.0-56-common"))
        self.assertIn("6.1.0-57-arm64 is not complete: no linux-image-6.1.0-57-arm64:arm64;"
                      " try again", why)

    def test_tools_have_to_run_here(self):
        packages = [line for line in kernel("6.12.117+deb12") if "kbuild" not in line]
        packages.append("linux-kbuild-6.12.117+deb12 arm64")
        self.assertIn("no linux-kbuild-6.12:amd64", self.refused(packages, series="6.12"))

    def test_tools_of_each_release(self):
        _, names, _ = self.choose(kernel("6.12.117+deb12"), series="6.12")
        self.assertIn("linux-kbuild-6.12.117+deb12:amd64", names)

    def test_series_is_no_prefix(self):
        release, _, _ = self.choose(kernel("6.12.117+deb12") + old("6.1.0-57"))
        self.assertEqual(release, "6.1.0-57-arm64")

    def test_flavour_is_the_whole_of_it(self):
        packages = (kernel("6.12.117+deb12") + kernel("6.12.118+deb12", flavour="cloud-arm64")
                    + kernel("6.12.119+deb12", flavour="arm64-16k"))
        self.assertEqual(self.choose(packages, series="6.12")[0], "6.12.117+deb12-arm64")
        self.assertEqual(self.choose(packages, series="6.12", flavour="arm64-16k")[0],
                         "6.12.119+deb12-arm64-16k")

    def test_rebuild_is_newer(self):
        packages = kernel("6.12.115+deb13") + kernel("6.12.115+deb13.1") + kernel("6.12.99+deb13")
        self.assertEqual(self.choose(packages, series="6.12")[0], "6.12.115+deb13.1-arm64")

    def test_realtime_has_headers_of_its_own(self):
        packages = kernel("6.12.117+deb12") + kernel("6.12.117+deb12", flavour="rt-arm64",
                                                     common="common-rt")
        _, names, _ = self.choose(packages, series="6.12", flavour="rt-arm64")
        self.assertIn("linux-headers-6.12.117+deb12-common-rt:all", names)

    def test_split_kernel(self):
        release, names, _ = self.choose(split("7.3.4+deb13") + split("7.2.12+deb13"), series="7")
        self.assertEqual(release, "7.3.4+deb13-arm64")
        for part in ("binary", "modules", "base"):
            self.assertIn("linux-%s-7.3.4+deb13-arm64:arm64" % part, names)
        self.assertNotIn("linux-image-7.3.4+deb13-arm64:arm64", names)

    def test_split_kernel_without_its_binary(self):
        for part in ("binary", "modules"):
            packages = split("7.2.12+deb13") + without(
                split("7.3.4+deb13"), "linux-%s-7.3.4+deb13-arm64" % part)
            release, _, note = self.choose(packages, series="7")
            self.assertEqual(release, "7.2.12+deb13-arm64")
            self.assertIn("no linux-%s-7.3.4" % part, note)
