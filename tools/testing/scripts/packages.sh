#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2317 # called by name
#
# packages.sh SUITE DIR: build, install, use and purge the Debian packages on clean machines
# of the Debian release SUITE: one that builds them and another one that uses them. TAP on
# standard output; DIR is for logs. KEEP=1 leaves both roots behind.
#
# The second machine has the headers of stock kernels of the release, and later gets another
# kernel. A board boots that one with the module that DKMS built, and with the udev and the
# programs of that machine. At last it gets the headers of the other stock kernels that the
# release and its backports have.
#
# The last lines say how long a user takes from the packages to a shared buffer, and to a device
# tree without a fault.

# shellcheck source=tools/testing/scripts/common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=tools/testing/scripts/apt.sh
. "$SCRIPTS/apt.sh"
# shellcheck source=tools/testing/scripts/board.sh
. "$SCRIPTS/board.sh"

SUITE=$1
DIR=$2
# shellcheck source=tools/testing/scripts/root.sh
. "$SCRIPTS/root.sh"

FRESH=$TOP/tools/testing/fresh
# shellcheck source=tools/testing/fresh/cases.sh
. "$FRESH/cases.sh"

PACKAGES=(carveout carveout-dkms carveout-doc libcarveout-dev libcarveout0 libticmem-dev libticmem1)
# The other packages of the second machine: not those that ours depend on.
BASE=(busybox-static gcc libc6-dev openssl pkg-config systemd udev util-linux)
FLAVOURS=(amd64 rt-amd64)
# The kernel that is installed after the packages.
LATER=cloud-amd64
# The supported kernels, by series and flavour. No release has all of them.
STOCK=({6.1,6.12,7}" "{,rt-,cloud-}amd64)
VERSION=$(sed -nE 's/^#define CARVEOUT_VERSION\s+"(.*)"$/\1/p' "$TOP/driver/version.h")

builder()
{
	ROOT=$BUILDER in_root "$@"
}

target()
{
	ROOT=$TARGET in_root "$@"
}

add_packages()
{
	# No initramfs is made, which is slow: a board has its own.
	target env INITRD=No apt-get install -q -y --no-install-recommends "$@"
}

# headers: the kernels of the second machine that a module can be built for.
headers()
{
	(cd "$TARGET/lib/modules" && find . -maxdepth 2 -name build -printf '%P\n') |
		sed 's|/build$||' | sort
}

# --- The two machines -----------------------------------------------------------------

# A package of the backports is installed only if the release has none of this name.
add_backports()
{
	sed -n "s/ $SUITE main/ $SUITE-backports main/p" "$DIR/sources.list" > "$DIR/backports.list"
	[ -s "$DIR/backports.list" ] &&
		as_root cp "$DIR/backports.list" "$TARGET/etc/apt/sources.list.d/"
}

# errexit is off in a condition: each step is checked.
make_machines()
{
	new_root
	BUILDER=$ROOT
	make_root git,make,ca-certificates || return
	new_root
	TARGET=$ROOT
	as_root cp -a "$BUILDER/." "$TARGET/" || return
	as_root rm -rf "$TARGET/root/carveout" || return
	add_backports || return
	target apt-get update -q || return
	add_packages "${BASE[@]}" dkms "${FLAVOURS[@]/#/linux-headers-}" || return
	# There are headers without a kernel, and so without the index that finds a module.
	# shellcheck disable=SC2016 # expanded in there
	target sh -e -c 'for kernel in /lib/modules/*; do depmod "${kernel##*/}"; done' || return
	sign_with_own_key
}

# A key pair as a board's maker has it, and DKMS configured to sign with it.
sign_with_own_key()
{
	target sh -e -c '
		mkdir -p /root/key /etc/dkms/framework.conf.d
		openssl req -new -x509 -newkey rsa:2048 -nodes -days 30 -sha256 -outform DER \
			-subj "/CN=Key of this board/" -addext extendedKeyUsage=codeSigning \
			-keyout /root/key/module.key -out /root/key/module.der
		printf "%s\n" mok_signing_key=/root/key/module.key \
			mok_certificate=/root/key/module.der \
			> /etc/dkms/framework.conf.d/key.conf'
}

# files: all files of the second machine, except logs, caches, and files that a tool writes
# anew whatever is installed: the indices of depmod, and the copies of the user database.
files()
{
	(cd "$TARGET" && as_root find . -xdev \( -path ./proc -o -path ./sys -o -path ./dev \
		-o -path ./tmp -o -path ./run -o -path ./root -o -path ./var/log \
		-o -path ./var/cache -o -path ./var/lib/apt -o -path './usr/lib/modules/*/modules.*' \
		-o -path './etc/*-' \) -prune -o -print) | sort
}

# --- Cases ----------------------------------------------------------------------------

# typed NUMBER: a line of README.md, from the section on packages.
typed()
{
	awk -v want=packages/1 -f "$FRESH/readme.awk" "$TOP/README.md" | sed -n "$1p"
}

packages_are_built()
{
	local package

	builder sh -e -c "cd /root/carveout; $(typed 1)" ||
		{ tail -n 60 "$BUILDER/root/carveout/out/log/deb.log"; return 1; }
	as_root mkdir -p "$TARGET/root/out/deb"
	as_root cp "$BUILDER"/root/carveout/out/deb/*.deb "$TARGET/root/out/deb/" &&
	(cd "$TARGET/root/out/deb" && find . -name '*.deb' -printf '%f\n') |
		sed 's/_.*//' | sort > "$DIR/built" &&
	diff <(printf '%s\n' "${PACKAGES[@]}") "$DIR/built" || return
	for package in "$TARGET"/root/out/deb/*; do
		[ "$(dpkg-deb -f "$package" Version)" = "$VERSION" ] || return
	done
}

lintian_finds_nothing()
{
	builder /root/carveout/tools/packaging/deb.sh --lint
}

# A source package makes the same packages without the tree.
source_package_is_complete()
{
	# shellcheck disable=SC2016 # expanded in there
	builder sh -e -c '
		rm -rf /root/again
		mkdir /root/again
		cd /root/again
		dpkg-source -x /root/carveout/out/deb/carveout_*.dsc carveout
		cd carveout
		DEB_BUILD_OPTIONS=noautodbgsym dpkg-buildpackage -us -uc -B
		cd ..
		for package in *.deb; do
			cmp "$package" "/root/carveout/out/deb/$package"
		done'
}

packages_are_installed()
{
	files > "$DIR/before"
	target sh -e -c "cd /root; $(typed 2 | sed 's/apt-get install/& -q -y --no-install-recommends/')" &&
	[ -z "$(target dpkg --audit)" ]
}

# module_for KERNEL: DKMS built and installed it, from this version.
module_for()
{
	target dkms status -m carveout -v "$VERSION" -k "$1" | grep "installed" &&
	[ "$(target modinfo -k "$1" -F version carveout)" = "$VERSION" ] &&
	[[ "$(target modinfo -k "$1" -F vermagic carveout)" == "$1 "* ]]
}

module_for_each_kernel()
{
	local kernel

	headers > "$DIR/kernels"
	cat "$DIR/kernels"
	for kernel in "${FLAVOURS[@]}"; do
		grep -qE "^[0-9.+a-z-]*-$kernel\$" "$DIR/kernels" || { echo "no kernel $kernel"; return 1; }
	done
	while read -r kernel; do
		module_for "$kernel" || { echo "no module for $kernel"; return 1; }
	done < "$DIR/kernels"
}

# signature_is_valid MODULE: it is that of our key, over the content before it.
# The last 40 bytes are its description, which ends with its length, and a mark.
signature_is_valid()
{
	# shellcheck disable=SC2016 # expanded in there
	target sh -e -c '
		size=$(stat -c %s "$1")
		length=$(printf %d "0x$(tail -c 32 "$1" | head -c 4 | od -An -tx1 | tr -d " ")")
		head -c $((size - 40 - length)) "$1" > /tmp/content
		tail -c $((40 + length)) "$1" | head -c "$length" > /tmp/signature
		openssl x509 -inform DER -in /root/key/module.der -out /tmp/key.pem
		openssl cms -verify -binary -inform DER -in /tmp/signature -content /tmp/content \
			-certfile /tmp/key.pem -nointern -noverify -out /dev/null' - "$1"
}

module_is_signed_with_own_key()
{
	local kernel file

	kernel=$(head -n 1 "$DIR/kernels")
	[ "$(target modinfo -k "$kernel" -F signer carveout)" = "Key of this board" ] || return
	file=$(target modinfo -k "$kernel" -n carveout)
	case $file in
	*.xz)	target sh -c "xz -dc $file > /root/signed.ko" ;;
	*)	target cp "$file" /root/signed.ko ;;
	esac
	signature_is_valid /root/signed.ko
}

# The commands of install.rst, with the kernel's own tool.
module_is_signed_by_hand()
{
	local kernel

	kernel=$(head -n 1 "$DIR/kernels")
	target sh -e -c "cd /root
		cp signed.ko hand.ko
		strip --strip-debug hand.ko
		[ -z \"\$(modinfo -F signer hand.ko)\" ]
		/lib/modules/$kernel/build/scripts/sign-file sha256 key/module.key key/module.der hand.ko
		modinfo -F signer hand.ko | grep -x 'Key of this board'" &&
	signature_is_valid /root/hand.ko
}

# The compiler finds header and library without a hint; the loader finds the library.
program_of_the_readme()
{
	awk -v want=sharing-a-buffer-from-c/1 -f "$FRESH/readme.awk" "$TOP/README.md" \
		> "$DIR/frame.c" &&
	as_root cp "$DIR/frame.c" "$TARGET/root/frame.c" || return
	# shellcheck disable=SC2016 # expanded in there
	target sh -e -c 'cd /root
		pkg-config --modversion libcarveout
		cc -Wall -Wextra -Werror frame.c $(pkg-config --cflags --libs libcarveout) -o frame
		ldd frame | grep -F libcarveout.so.0
		status=0
		./frame || status=$?
		[ $status = 1 ]'
}

# The line of the page. The loader says on standard error if it does not find the library.
library_is_preloaded()
{
	local line

	# shellcheck disable=SC2016 # the loader's syntax, no variable
	line=$(sed -n '/\$LIB/s/^    \$ //p' "$TOP/Documentation/shim-u-dma-buf.rst")
	echo "$line"
	[ -n "$line" ] && [ -z "$(target sh -c "$line; exec true" 2>&1)" ]
}

manual_pages()
{
	local page

	for page in man1/carveout.1 man3/libcarveout.3 man3/carveout_open.3 man3/carveout_alloc_with.3; do
		[ -s "$TARGET/usr/share/man/$page.gz" ] || { echo "no $page"; return 1; }
	done
}

documentation()
{
	[ -s "$TARGET/usr/share/doc/carveout/html/index.html" ] &&
	[ -s "$TARGET/usr/share/doc/carveout/examples/carveout/carveout_sample.c" ]
}

command_says_what_to_do()
{
	target carveout --help &&
	! target carveout ls > "$DIR/ls.txt" 2>&1 &&
	cat "$DIR/ls.txt" &&
	grep -q '^hint: .*carveout\.ko loaded' "$DIR/ls.txt"
}

group_and_udev_rule()
{
	target getent group carveout || return
	target udevadm verify --help >/dev/null 2>&1 || skip "udevadm of this release has no verify" || return
	target udevadm verify /usr/lib/udev/rules.d/60-carveout.rules
}

# later: the kernel that is installed after the packages.
later()
{
	headers | grep -- "-$LATER\$" | tail -n 1
}

module_for_a_later_kernel()
{
	[ -z "$(later)" ] || { echo "$(later) is already there"; return 1; }
	add_packages "linux-image-$LATER" "linux-headers-$LATER" &&
	module_for "$(later)"
}

# headers_of SERIES FLAVOUR: the newest package of headers in the archives, if there is one.
headers_of()
{
	target apt-cache pkgnames "linux-headers-$1." |
		grep -E -- "^linux-headers-[0-9.]+[^-]*(-[0-9]+)?-$2\$" | sort -V | tail -n 1
}

# DKMS builds the module when the headers of another kernel are installed. They may be without
# that kernel, and so without the index that finds a module.
module_for_stock_kernel()
{
	local package kernel

	package=$(headers_of "$1" "$2")
	[ -n "$package" ] || skip "$SUITE and its backports have no headers of Linux $1 $2" || return
	kernel=${package#linux-headers-}
	echo "$package"
	if ! headers | grep -qxF "$kernel"; then
		echo "$kernel" >> "$DIR/stock"
		add_packages "$package" && target depmod "$kernel" || return
	fi
	module_for "$kernel"
}

# The commands of a page that correct a device tree, without their prompts.
correction()
{
	awk '
		/^=+$/		{ on = last == "Correcting a device tree" }
		on && sub(/^    \$ /, "")
				{ last = $0 }' "$TOP/Documentation/doctor.rst"
}

# The device trees of the tests of doctor, each with a fault. A user has the package, dtc, and
# the page.
doctor_mends_device_trees()
{
	add_packages device-tree-compiler || return
	as_root rm -rf "$TARGET/root/trees"
	as_root cp -a "$TOP/tools/testing/libcarveout/doctor" "$TARGET/root/trees"
	correction > "$DIR/correction"
	cat "$DIR/correction"
	as_root cp "$DIR/correction" "$TARGET/root/trees/"
	# shellcheck disable=SC2016 # expanded in there
	target sh -c '
		cd /root/trees
		count=0
		for tree in *.dts; do
			dtc -@ -q -I dts -O dtb -o board.dtb "$tree" || exit
			carveout doctor board.dtb > found
			[ $? = 3 ] || continue
			if ! sh ./correction > said 2>&1 || ! grep -q ": 0 faults" said; then
				cat found said
				exit 1
			fi
			count=$((count + 1))
		done
		echo $count
		[ $count -gt 40 ]' > "$DIR/trees" || { cat "$DIR/trees"; return 1; }
}

# copy_program PROGRAM: to the board, with the libraries that the loader finds for it.
copy_program()
{
	local file

	for file in "$1" $(target ldd "$1" | sed -nE 's|.* (/[^ ]*) \(0x.*|\1|p; s|^\t(/[^ ]*) \(0x.*|\1|p'); do
		as_root mkdir -p "$IMAGE${file%/*}"
		as_root cp -L "$TARGET$file" "$IMAGE$file" || return
	done
}

# session NAME: a test of the board; the name decides the order.
session()
{
	cat > "$DIR/$1"
	as_root mkdir -p "$IMAGE/sessions"
	as_root cp "$DIR/$1" "$IMAGE/sessions/"
}

sessions()
{
	session 1-module <<-'END'
		# systemd-udevd --daemon
		# modprobe carveout regions=dsp:0x30000000+16M
		# udevadm settle
		# ls /dev/carveout/dsp
	END
	session 2-node <<-'END'
		# stat -c '%A %U %G' /dev/carveout/dsp
		crw-rw---- root carveout
	END
	# Those of the kernel, which some have, are not of this group.
	session 3-dma-heap <<-'END'
		# stat -c '%A %U %G' /dev/dma_heap/*dsp
		crw-rw---- root carveout
		# ! stat -c '%n %G' /dev/dma_heap/* | grep -v dsp | grep carveout
	END
	session 4-member <<-'END'
		# /usr/bin/setpriv --reuid 1000 --regid 1000 --groups $(awk -F: '$1 == "carveout" { print $3 }' /etc/group) carveout alloc dsp member 4K
		# carveout rm dsp member
	END
	session 5-stranger <<-'END'
		# ! /usr/bin/setpriv --reuid 1000 --regid 1000 --clear-groups carveout alloc dsp stranger 4K
		carveout: dsp: open /dev/carveout/dsp: Permission denied
		hint: owner and mode of the device node control access to the heap: ls -l /dev/carveout/dsp
	END
	session 6-program <<-'END'
		# { /root/frame & sleep 1; /root/frame; wait; } > /tmp/out
		# grep -qx "found 'hello from process [0-9]*'" /tmp/out
	END
	# Our key is not one of those of the kernel.
	session 7-unknown-key <<-'END'
		# rmmod carveout
		# echo Y > /sys/module/module/parameters/sig_enforce
		# ! modprobe carveout > /tmp/out 2>&1
		# grep 'Key was rejected by service' /tmp/out
	END
}

# The module, udev with its rules, and the programs, as the second machine has them.
board_image()
{
	local kernel=$1 program

	IMAGE=$TARGET/root/image
	as_root rm -rf "$IMAGE"
	as_root mkdir -p "$IMAGE"/{bin,etc,run,usr/{bin,sbin,lib/{modules,udev}},root} || return
	as_root cp -a "$TARGET"/etc/{passwd,group} "$IMAGE/etc/" &&
	as_root cp -a "$TARGET/usr/lib/udev/rules.d" "$IMAGE/usr/lib/udev/" &&
	as_root cp -a "$TARGET/root/frame" "$IMAGE/root/" &&
	as_root mkdir -p "$IMAGE/lib/modules/$kernel" &&
	as_root cp -a "$TARGET/lib/modules/$kernel"/{updates,modules.*} "$IMAGE/lib/modules/$kernel/" &&
	as_root cp "$TARGET/usr/bin/busybox" "$IMAGE/bin/" || return
	for program in /usr/bin/udevadm /usr/bin/setpriv /usr/bin/carveout /root/frame; do
		copy_program "$program" || return
	done
	as_root ln -s /usr/bin/udevadm "$IMAGE/usr/sbin/systemd-udevd" &&
	as_root ln -s busybox "$IMAGE/bin/sh" &&
	as_root cp "$FRESH/board-init" "$IMAGE/init" &&
	sessions &&
	(cd "$IMAGE" && as_root find . | as_root cpio -o -H newc --quiet | gzip -1) > "$DIR/board.cpio.gz"
}

board_boots()
{
	local kernel

	kernel=$(later)
	board_image "$kernel" || return
	board x86_64-6.12
	image=$DIR/vmlinuz args=$BOOT_ARGS
	as_root cp "$TARGET/boot/vmlinuz-$kernel" "$image"
	as_root chmod 644 "$image"
	# shellcheck disable=SC2016 # the kernel's syntax, no variable
	board_boot 300 "$DIR/board.cpio.gz" '' 'quiet loglevel=3 no_timer_check memmap=16M$0x30000000' \
		2>&1 | tr -d '\r' > "$DIR/board.txt"
	rm -f "$image" "$DIR/board.cpio.gz"
	grep -qx 'newcomer: end' "$DIR/board.txt" || { tail -n 20 "$DIR/board.txt"; return 1; }
}

# on_board SESSION: its result.
on_board()
{
	awk -v name="$1" '
		/^newcomer: (not )?ok /	{ if ($NF == name) { printf "%s", why; ok = $2 == "ok" } why = "" }
		/^newcomer: # /		{ why = why $0 "\n" }
		END			{ exit !ok }' "$DIR/board.txt"
}

# purge_kernels: those that are none of the packages, and dtc.
purge_kernels()
{
	local kernel kernels packages=()

	mapfile -t kernels < "$DIR/stock"
	for kernel in ${kernels[@]+"${kernels[@]}"}; do
		# shellcheck disable=SC2016 # expanded by dpkg-query
		mapfile -O "${#packages[@]}" -t packages < \
			<(target dpkg-query -W -f '${Package}\n' "linux-*-$kernel")
	done
	target apt-get purge -q -y "linux-*-$LATER" device-tree-compiler \
		${packages[@]+"${packages[@]}"}
}

# The index of modules of headers without a kernel belongs to no package.
remove_indices()
{
	local kernel kernels

	mapfile -t kernels < "$DIR/stock"
	for kernel in ${kernels[@]+"${kernels[@]}"}; do
		[ -d "$TARGET/lib/modules/$kernel" ] || continue
		as_root rm -f "$TARGET/lib/modules/$kernel"/modules.*
		as_root rmdir "$TARGET/lib/modules/$kernel"
	done
}

# The group stays, as that of each package: files may belong to it.
nothing_is_left_after_a_purge()
{
	purge_kernels &&
	target apt-get purge -q -y "${PACKAGES[@]}" &&
	target apt-get autoremove -q -y --purge || return
	[ -z "$(target dkms status)" ] || { target dkms status; return 1; }
	remove_indices
	files > "$DIR/after"
	diff "$DIR/before" "$DIR/after" || return
	as_root grep -rs carveout "$TARGET/usr/lib/modules" "$TARGET/var/lib/dkms" > "$DIR/left" || true
	cat "$DIR/left"
	[ ! -s "$DIR/left" ]
}

# --- Running them ---------------------------------------------------------------------

CASES=(packages_are_built lintian_finds_nothing source_package_is_complete
	packages_are_installed module_for_each_kernel module_is_signed_with_own_key
	module_is_signed_by_hand
	program_of_the_readme library_is_preloaded manual_pages documentation command_says_what_to_do
	group_and_udev_rule module_for_a_later_kernel board_boots
	"on_board module" "on_board node" "on_board dma-heap" "on_board member"
	"on_board stranger" "on_board program" "on_board unknown-key"
	doctor_mends_device_trees "${STOCK[@]/#/module_for_stock_kernel }"
	nothing_is_left_after_a_purge)

mkdir -p "$DIR"
: > "$DIR/stock"
if ! make_machines >"$DIR/root.log" 2>&1; then
	say "no roots of $SUITE could be made; last lines of $DIR/root.log:"
	tail -n 25 "$DIR/root.log" >&2
	exit 1
fi
run_cases "$DIR" "${CASES[@]}" || rc=$?
echo "# from the packages to a shared buffer: $(spent "$DIR" packages_are_installed board_boots) s"
echo "# from $(tail -n 1 "$DIR/trees") broken device trees to right ones: $(spent "$DIR" doctor_mends_device_trees) s"
exit "${rc:-0}"
