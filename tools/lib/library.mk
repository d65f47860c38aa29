# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The common part of the Makefiles of the libraries. Before it is included
#
#   NAME	is the name of the library
#   SONAME	is the name by which programs load it
#   HEADERS	are the headers that all objects depend on, besides that of the kernel
#   OWN		may have further options of the compiler
#   VERSION	is its version, if it is installed as a shared and as a static library

CC := $(CROSS_COMPILE)gcc
AR := $(CROSS_COMPILE)ar
NM := $(CROSS_COMPILE)nm
CFLAGS ?= -O2 -g
O ?= .
# Both spellings are in use, and one that is ignored installs to the wrong place.
PREFIX ?= $(or $(prefix),/usr/local)
LIBDIR ?= $(PREFIX)/lib
V ?= 0

UAPI := ../../../include/uapi
OWN += -std=gnu11 -Wall -Wextra -fPIC -I. -I$(UAPI) -D_FILE_OFFSET_BITS=64

objects := $(patsubst %.c,$(O)/%.o,$(sort $(wildcard *.c)))
static := $(O)/$(NAME).a
shared := $(O)/$(NAME).so.$(VERSION)
quiet := $(if $(filter 0,$(V)),@)

include ../compiler.mk

$(O)/%.o: %.c $(HEADERS) $(UAPI)/linux/carveout.h Makefile ../library.mk $(compiler)
	@echo "  CC      $@"
	@mkdir -p $(O)
	$(quiet)$(CC) $(CFLAGS) $(OWN) -c -o $@ $<

archive = rm -f $@ && $(AR) rcs $@ $^

# Further options and libraries follow.
link = $(CC) $(CFLAGS) $(filter-out -static,$(LDFLAGS)) -shared -Wl,-soname,$(SONAME) \
	-Wl,--no-undefined -o $@ $(objects)

# The linker and the loader look for the short names, in a build directory as well.
link_names = ln -sf $(notdir $(shared)) $(1)/$(SONAME) && ln -sf $(SONAME) $(1)/$(NAME).so

define install_library
	install -d $(DESTDIR)$(LIBDIR)/pkgconfig
	install -m 644 $(static) $(DESTDIR)$(LIBDIR)/$(notdir $(static))
	install -m 755 $(shared) $(DESTDIR)$(LIBDIR)/$(notdir $(shared))
	$(call link_names,$(DESTDIR)$(LIBDIR))
	sed -e 's|@PREFIX@|$(PREFIX)|; s|@LIBDIR@|$(LIBDIR)|; s|@VERSION@|$(VERSION)|' \
		$(NAME).pc.in > $(DESTDIR)$(LIBDIR)/pkgconfig/$(NAME).pc
endef

uninstall_library = rm -f $(addprefix $(DESTDIR)$(LIBDIR)/,$(notdir $(static) $(shared)) \
	$(SONAME) $(NAME).so pkgconfig/$(NAME).pc)

# The dynamic loader finds a new library only through its cache. A user other than root
# installs to a directory that the loader does not search anyway. A plain su leaves /sbin
# out of PATH.
refresh = $(if $(DESTDIR),,if [ "$$(id -u)" = 0 ]; then PATH="$$PATH:/usr/sbin:/sbin" ldconfig; \
	else echo "  Add $(LIBDIR) to LD_LIBRARY_PATH or to ld.so.conf, so that the loader finds it"; fi)
