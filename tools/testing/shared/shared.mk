# SPDX-License-Identifier: GPL-2.0
# Builds the sources of lib/ as part of an ordinary program.
#
# Include it with SHARED set to the path of its directory. It defines LIB_SRC, the
# sources, and LIB_CFLAGS, the options for them and for all code that uses them.

LIB_DIR := $(SHARED)/../../../lib
LIB_SRC := $(addprefix $(LIB_DIR)/,span.c bins.c region.c heap.c search.c addr_map.c walk.c validate.c tag.c blocks.c)
LIB_DEP := $(wildcard $(LIB_DIR)/*.h) $(SHARED)/carveout_lib.h

# The replacement of the header of the same name is included first.
LIB_CFLAGS := -std=gnu11 -I$(LIB_DIR) -include $(SHARED)/carveout_lib.h
# A program exports no symbols.
LIB_CFLAGS += '-DEXPORT_SYMBOL_IF_KUNIT(symbol)=struct carveout_no_export'
