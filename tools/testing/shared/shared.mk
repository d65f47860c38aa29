# SPDX-License-Identifier: GPL-2.0
# How the sources of lib/ build as part of an ordinary program.
#
# Include it with SHARED set to the path of its directory. It gives LIB_SRC, the
# sources, and LIB_CFLAGS, what they and everything that uses them need.

LIB_DIR := $(SHARED)/../../../lib
LIB_SRC := $(addprefix $(LIB_DIR)/,span.c bins.c region.c heap.c search.c index.c walk.c validate.c tag.c pool.c)
LIB_DEP := $(wildcard $(LIB_DIR)/*.h) $(SHARED)/carveout_lib.h

# The stand-in for the header of the same name comes before everything else.
LIB_CFLAGS := -std=gnu11 -I$(LIB_DIR) -include $(SHARED)/carveout_lib.h
# Nothing is exported from a program.
LIB_CFLAGS += '-DEXPORT_SYMBOL_IF_KUNIT(symbol)=struct carveout_no_export'
