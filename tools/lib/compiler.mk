# SPDX-License-Identifier: LGPL-2.1-or-later
#
# For objects that depend on $(compiler), a file with the name of the compiler: those of another
# compiler, as for another board, are built anew.

.DEFAULT_GOAL := all

compiler := $(O)/.compiler

$(compiler): FORCE
	@mkdir -p $(O)
	@echo '$(CC)' | cmp -s - $@ || echo '$(CC)' > $@

FORCE:

.PHONY: FORCE
