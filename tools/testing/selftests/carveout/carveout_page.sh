# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2317 # used by the scripts that source this file
#
# page_size: print the page size of the running kernel in bytes. The kernel
# passes it to every program in its auxiliary vector, as AT_PAGESZ (6); busybox
# may lack getconf.
page_size()
{
	od -A n -t d8 /proc/self/auxv | awk '$1 == 6 { print $2 }'
}
