# SPDX-License-Identifier: GPL-2.0
# Sources of the fuzz target of "carveout doctor": the command without its main program.
# TOOL is the folder of the command, KSRC a kernel source tree.

LIBFDT := $(KSRC)/scripts/dtc/libfdt
DOCTOR := $(addprefix $(TOOL)/,doctor.c doctor_faults.c doctor_heap.c doctor_print.c \
	    doctor_region.c doctor_tree.c dt.c exit.c report.c text.c tree.c tree_lines.c \
	    tree_place.c tree_spelling.c)
DOCTOR += $(addprefix $(LIBFDT)/,fdt.c fdt_ro.c fdt_strerror.c)
