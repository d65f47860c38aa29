# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2317 # for the scripts that source this
#
# page_size: print the bytes of a page of the running kernel. The kernel tells every
# program in its auxiliary vector, as AT_PAGESZ (6); getconf is not in a busybox.
page_size()
{
	od -A n -t d8 /proc/self/auxv | awk '$1 == 6 { print $2 }'
}
