# SPDX-License-Identifier: GPL-2.0
#
# The front door. Kbuild describes the modules; this file only calls Kbuild and
# the scripts in tools/testing/scripts. "make help" lists the targets.

KDIR	?= /lib/modules/$(shell uname -r)/build
O	?= $(CURDIR)/out
V	?= 0

# Per cent of the rounds of long tests that make test does; the other targets do them all.
ROUNDS	?= 30

TOOLDIR	?= tools/carveout
LIBOUT	?= $(O)/lib

SCRIPTS	:= tools/testing/scripts
Q	:= $(if $(filter-out 0,$(V)),,@)
export O V

# The kernel's build system has its own meaning for O: where KDIR was built.
kbuild	= $(MAKE) --no-print-directory -C $(KDIR) M=$(CURDIR) O=$(realpath $(KDIR))

# Kbuild leaves it out for packaged headers, which have no System.map. A plain su leaves
# /sbin out of PATH.
depmod	= PATH="$$PATH:/usr/sbin:/sbin" depmod

.PHONY: module modules modules_install tool lib test test-all fresh fresh-deb unit libtest remote kunit kselftest lint doc demo demo-remote
.PHONY: deb recall bench coverage fuzz proof fetch clean help

module modules:
	$(Q)test -e $(KDIR)/Makefile || { \
		echo "No kernel headers in $(KDIR):" \
		     "install them or say KDIR=..." >&2; exit 1; }
	$(Q)$(kbuild) modules

modules_install: module
	$(Q)$(kbuild) INSTALL_MOD_DIR=$(or $(INSTALL_MOD_DIR),updates) modules_install
	$(Q)$(depmod) -b "$(INSTALL_MOD_PATH)/" "$$(cat $(KDIR)/include/config/kernel.release)"

tool:
	$(Q)$(MAKE) --no-print-directory -C tools/carveout O=$(abspath $(TOOLDIR))

lib:
	$(Q)$(MAKE) --no-print-directory -C tools/lib/carveout O=$(abspath $(LIBOUT))
	$(Q)$(MAKE) --no-print-directory -C tools/lib/udmabuf O=$(abspath $(LIBOUT))/udmabuf
	$(Q)$(MAKE) --no-print-directory -C tools/lib/ticmem O=$(abspath $(LIBOUT))/ticmem

deb:
	$(Q)tools/packaging/deb.sh $(DEB_ARGS)

test:
	$(Q)ROUNDS=$(ROUNDS) $(SCRIPTS)/test.sh quick

test-all:
	$(Q)$(SCRIPTS)/test.sh all

fresh:
	$(Q)$(SCRIPTS)/test.sh fresh

fresh-deb:
	$(Q)$(SCRIPTS)/test.sh deb

unit libtest remote kunit kselftest:
	$(Q)$(SCRIPTS)/test.sh $@

coverage:
	$(Q)$(SCRIPTS)/coverage.sh

lint:
	$(Q)$(SCRIPTS)/lint.sh

doc:
	$(Q)$(SCRIPTS)/doc.sh

fuzz:
	$(Q)$(SCRIPTS)/fuzz.sh $(INPUT)

demo:
	$(Q)$(SCRIPTS)/demo.sh heap

demo-remote:
	$(Q)$(SCRIPTS)/demo.sh remote

recall:
	$(Q)$(SCRIPTS)/recall.sh $(PLANT)

proof:
	$(Q)$(SCRIPTS)/proof.sh $(PROPERTY)

bench:
	$(Q)$(SCRIPTS)/bench.sh

fetch:
	$(Q)$(SCRIPTS)/test.sh --prepare all

clean:
	$(Q)rm -rf $(O)
	$(Q)find . -maxdepth 3 -path ./.git -prune -o -type f \( -name '*.o' \
		-o -name '*.ko' -o -name '*.mod' -o -name '*.mod.c' -o -name '.*.cmd' \
		-o -name Module.symvers -o -name modules.order \) -print | xargs -r rm -f
	$(Q)rm -rf tools/carveout/carveout tools/carveout/libcarveout
	$(Q)rm -f tools/lib/*/*.o tools/lib/*/*.a tools/lib/*/*.so*
	$(Q)rm -rf tools/lib/ticmem/libcarveout

help:
	@echo 'make                  build carveout.ko for the running kernel'
	@echo '     KDIR=DIR         ... or for the kernel whose build or headers are in DIR'
	@echo '     ARCH= CROSS_COMPILE=   as for the kernel'
	@echo '     SAMPLES=1        ... and the sample driver, samples/carveout/carveout_sample.ko'
	@echo 'make modules_install  install it below /lib/modules (INSTALL_MOD_PATH=, INSTALL_MOD_DIR=)'
	@echo 'make tool             build the command tools/carveout/carveout'
	@echo 'make lib              build libcarveout, shared and static, in out/lib; libticmem, the'
	@echo '                      interface of CMEM; and the library for programs of u-dma-buf'
	@echo '                      (to install: make -C tools/lib/carveout install PREFIX=/usr DESTDIR=,'
	@echo '                      and make -C tools/lib/ticmem install)'
	@echo 'make deb              build Debian packages, in out/deb (DEB_ARGS=: options for dpkg-buildpackage)'
	@echo 'make demo             show the module at work on an emulated arm64 board'
	@echo 'make demo-remote      ... with two Cortex-R5 that share memory with Linux'
	@echo 'make test             run the tests of a newcomer: a lane of each kind, with fewer rounds'
	@echo '     ROUNDS=100       ... and as many rounds as in test-all (per cent)'
	@echo 'make test-all         run all tests: unit, libtest, remote, kunit, kselftest, builds for every kernel'
	@echo 'make fresh            follow README.md on clean machines, Debian 12 and 13'
	@echo 'make fresh-deb        build, install, use and purge the packages on clean machines'
	@echo 'make unit             ... only the unit tests of lib/, in user space'
	@echo 'make libtest          ... only libcarveout and the command without a heap'
	@echo 'make remote           ... only the client for remote processors, in user space'
	@echo 'make kunit            ... only the KUnit suites'
	@echo 'make kselftest        ... only the kselftest programs on the emulated boards'
	@echo 'make fuzz             fuzz lib/ against an oracle, the client for remote processors and their service (FUZZ_TIME=seconds, INPUT=FILE: replay it)'
	@echo 'make coverage         lines and branches of lib/ that the unit tests do not reach'
	@echo 'make lint             static checks: checkpatch, sparse, kernel-doc, shellcheck, layering, prose'
	@echo 'make doc              the pages of Documentation/ as HTML, in out/doc'
	@echo 'make recall           plant known bugs and see that the tests notice (PLANT=NAME...: only these, PLANT=--changed: changed ones)'
	@echo 'make proof            prove properties of lib/ within bounds, with CBMC, and the order of memory, with herd7 (PROPERTY=NAME...: only these)'
	@echo 'make bench            compare the allocator with others of the kernel: tables, JSON, SVG'
	@echo 'make fetch            fetch and build the test kernels into the cache, nothing else'
	@echo 'make clean            remove built files from the tree (not the cache)'
	@echo 'make help             this list'
	@echo
	@echo 'O=DIR builds elsewhere than in out/; V=1 shows the commands; JOBS=N sets the parallel builds.'
	@echo "Fetched kernels are kept in CARVEOUT_CACHE=DIR (else ~/.cache/carveout)."
