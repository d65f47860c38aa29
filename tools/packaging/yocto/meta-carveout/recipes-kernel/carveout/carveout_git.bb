# SPDX-License-Identifier: GPL-2.0

SUMMARY = "Heaps of reserved memory: command and library"
LICENSE = "GPL-2.0-only & LGPL-2.1-or-later & GPL-2.0-with-Linux-syscall-note"
LICENSE:${PN} = "GPL-2.0-only & LGPL-2.1-or-later"
LICENSE:libcarveout = "LGPL-2.1-or-later"
LICENSE:libcarveout-udmabuf = "LGPL-2.1-or-later"
LICENSE:libticmem = "LGPL-2.1-or-later"

require carveout.inc

inherit useradd

# libfdt, with which "carveout doctor" reads device trees.
DEPENDS = "dtc"

EXTRA_OEMAKE = "\
	'CC=${CC}' 'AR=${AR}' 'NM=${NM}' 'CFLAGS=${CFLAGS}' 'LDFLAGS=${LDFLAGS}' \
	PREFIX=${prefix} LIBDIR=${libdir} MANDIR=${mandir} \
	UDEVDIR=${nonarch_base_libdir}/udev/rules.d SYSUSERSDIR=${nonarch_libdir}/sysusers.d LIBFDT=yes V=1 \
"

do_compile() {
	oe_runmake -C ${S}/tools/lib/carveout
	oe_runmake -C ${S}/tools/lib/udmabuf
	oe_runmake -C ${S}/tools/lib/ticmem
	oe_runmake -C ${S}/tools/carveout
}

do_install() {
	oe_runmake -C ${S}/tools/lib/carveout DESTDIR=${D} install
	oe_runmake -C ${S}/tools/lib/udmabuf DESTDIR=${D} install
	oe_runmake -C ${S}/tools/lib/ticmem DESTDIR=${D} install
	oe_runmake -C ${S}/tools/carveout DESTDIR=${D} install
}

PACKAGES =+ "libcarveout libcarveout-udmabuf libticmem"
FILES:libcarveout-udmabuf = "${libdir}/libcarveout-udmabuf.so"
FILES:libcarveout = "${libdir}/libcarveout.so.*"
FILES:libticmem = "${libdir}/libticmem.so.*"
FILES:${PN} += "${nonarch_base_libdir}/udev ${nonarch_libdir}/sysusers.d"
RRECOMMENDS:${PN} = "carveout-module"

# The group of the device nodes. Without systemd nothing reads sysusers.d.
USERADD_PACKAGES = "${PN}"
GROUPADD_PARAM:${PN} = "--system carveout"
