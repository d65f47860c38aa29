# SPDX-License-Identifier: GPL-2.0

SUMMARY = "Heaps of reserved memory: kernel modules"
LICENSE = "GPL-2.0-only"

require carveout.inc

inherit module

# Kbuild is at the top of the tree. The Makefile there is not used: it gives O another meaning.
EXTRA_OEMAKE += "-C ${STAGING_KERNEL_DIR} M=${S} CONFIG_KUNIT="
MAKE_TARGETS = "modules"
MODULES_MODULE_SYMVERS_LOCATION = "."
