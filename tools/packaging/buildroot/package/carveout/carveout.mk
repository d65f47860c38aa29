################################################################################
#
# carveout
#
################################################################################

# The tree that this file is part of.
CARVEOUT_SITE = $(realpath $(BR2_EXTERNAL_CARVEOUT_PATH)/../../..)
CARVEOUT_SITE_METHOD = local
CARVEOUT_OVERRIDE_SRCDIR_RSYNC_EXCLUSIONS = --exclude /out
CARVEOUT_LICENSE = \
	GPL-2.0 (modules, command), \
	GPL-2.0 with Linux-syscall-note (header of the kernel interface), \
	LGPL-2.1+ (library)
CARVEOUT_LICENSE_FILES = COPYING LICENSES/GPL-2.0 LICENSES/LGPL-2.1-or-later \
	LICENSES/Linux-syscall-note
CARVEOUT_INSTALL_STAGING = YES

# The KUnit suites are not wanted in an image.
CARVEOUT_MODULE_MAKE_OPTS = CONFIG_KUNIT=

# Nothing else selects CONFIG_DMA_SHARED_BUFFER on a small board.
define CARVEOUT_LINUX_CONFIG_FIXUPS
	$(call KCONFIG_ENABLE_OPT,CONFIG_SYNC_FILE)
endef

CARVEOUT_RUN_MAKE = $(TARGET_MAKE_ENV) $(MAKE) $(TARGET_CONFIGURE_OPTS) PREFIX=/usr

ifeq ($(BR2_PACKAGE_CARVEOUT_LIBRARY),y)
define CARVEOUT_BUILD_LIBRARY
	$(CARVEOUT_RUN_MAKE) -C $(@D)/tools/lib/carveout
	$(CARVEOUT_RUN_MAKE) -C $(@D)/tools/lib/udmabuf
	$(CARVEOUT_RUN_MAKE) -C $(@D)/tools/lib/ticmem
endef
define CARVEOUT_INSTALL_STAGING_CMDS
	$(CARVEOUT_RUN_MAKE) -C $(@D)/tools/lib/carveout DESTDIR=$(STAGING_DIR) install
	$(CARVEOUT_RUN_MAKE) -C $(@D)/tools/lib/udmabuf DESTDIR=$(STAGING_DIR) install
	$(CARVEOUT_RUN_MAKE) -C $(@D)/tools/lib/ticmem DESTDIR=$(STAGING_DIR) install
endef
define CARVEOUT_INSTALL_LIBRARY
	$(CARVEOUT_RUN_MAKE) -C $(@D)/tools/lib/carveout DESTDIR=$(TARGET_DIR) install
	$(CARVEOUT_RUN_MAKE) -C $(@D)/tools/lib/udmabuf DESTDIR=$(TARGET_DIR) install
	$(CARVEOUT_RUN_MAKE) -C $(@D)/tools/lib/ticmem DESTDIR=$(TARGET_DIR) install
endef
endif

ifeq ($(BR2_PACKAGE_CARVEOUT_COMMAND),y)
ifeq ($(BR2_PACKAGE_DTC),y)
CARVEOUT_DEPENDENCIES += dtc
CARVEOUT_LIBFDT = yes
else
CARVEOUT_LIBFDT = no
endif
define CARVEOUT_BUILD_COMMAND
	$(CARVEOUT_RUN_MAKE) LIBFDT=$(CARVEOUT_LIBFDT) -C $(@D)/tools/carveout
endef
define CARVEOUT_INSTALL_COMMAND
	$(CARVEOUT_RUN_MAKE) LIBFDT=$(CARVEOUT_LIBFDT) -C $(@D)/tools/carveout \
		DESTDIR=$(TARGET_DIR) install
endef
define CARVEOUT_USERS
	- - carveout -1 - - - - Device nodes of heaps
endef
endif

define CARVEOUT_BUILD_CMDS
	$(CARVEOUT_BUILD_LIBRARY)
	$(CARVEOUT_BUILD_COMMAND)
endef

define CARVEOUT_INSTALL_TARGET_CMDS
	$(CARVEOUT_INSTALL_LIBRARY)
	$(CARVEOUT_INSTALL_COMMAND)
endef

$(eval $(kernel-module))
$(eval $(generic-package))
