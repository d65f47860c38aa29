#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2317 # called by name
#
# libcamera of Debian, unchanged: cam captures frames of a virtual camera into buffers of a
# heap. libcamera has a list of dma-heaps and uses the first one that exists. The second of
# the list is /dev/dma_heap/reserved, here a link to the node of the heap.

# shellcheck source=tools/testing/selftests/carveout/carveout_lib.sh
. "$(dirname "$0")/carveout_lib.sh"
# shellcheck source=tools/testing/selftests/carveout/carveout_page.sh
. "$(dirname "$0")/carveout_page.sh"

LINK=/dev/dma_heap/reserved
CONFIG=/usr/share/libcamera/pipeline/virtual/virtual.yaml
# One without pages, and one with.
HEAPS="large default"
FRAMES=8
WIDTH=320
HEIGHT=240
# In NV12, the only format of a virtual camera, which allocates so many buffers.
FRAME_BYTES=$((WIDTH * HEIGHT * 3 / 2))
BUFFERS=4
TAG=libcamera.rest

[ "$(id -u)" = 0 ] || skip_all "needs root"
command -v cam > /dev/null || skip_all "no cam: the lanes importers have it"
for heap in $HEAPS; do
	[ -e "/dev/carveout/$heap" ] || skip_all "there is no heap $heap"
done
for heap in linux,cma reserved; do
	[ ! -e "/dev/dma_heap/$heap" ] || skip_all "the kernel has the dma-heap $heap"
done
PREFIX=
[ ! -e /sys/class/carveout_dma_heap ] || PREFIX=carveout:
PAGE=$(page_size)
BUFFER_BYTES=$(((FRAME_BYTES + PAGE - 1) / PAGE * PAGE))

TMP=$(mktemp -d)
trap 'rm -rf "$TMP" $LINK $CONFIG' EXIT
mkdir -p "${CONFIG%/*}"
cat > $CONFIG <<-END
	test:
	  supported_formats:
	  - width: $WIDTH
	    height: $HEIGHT
	  test_pattern: "bars"
END
export LIBCAMERA_PIPELINES_MATCH_LIST=virtual LIBCAMERA_LOG_NO_COLOR=1
export LIBCAMERA_LOG_LEVELS=DmaBufAllocator:DEBUG
# A virtual camera sets no length, so cam writes empty files. SDL makes a file of each frame that
# cam displays.
export SDL_VIDEODRIVER=dummy SDL_VIDEO_DUMMY_SAVE_FRAMES=1

# capture OPTION: become cam. Its messages are in $LOG.
capture()
{
	exec cam -c test --capture="$FRAMES" "$1" > "$LOG" 2>&1
}

# display FOLDER: let cam display its frames, in files of a new folder.
display()
{
	mkdir "$1" && (cd "$1" && capture --sdl) && return
	echo "cam failed:"
	cat "$LOG"
	return 1
}

# state HEAP NAME: a number of the heap.
state()
{
	awk -v name="$2" '$1 == name { print $2 }' "$DEBUG/$1/state"
}

# used HEAP: the bytes and the buffers that are allocated.
used()
{
	echo "$(state "$1" used) $(state "$1" buffers)"
}

# more COUNT BYTES BUFFERS: the same with COUNT buffers of the camera in addition.
more()
{
	echo "$(($2 + $1 * BUFFER_BYTES)) $(($3 + $1))"
}

# uses HEAP "BYTES BUFFERS": so much is allocated within 10 s; else prints why.
uses()
{
	tries=0
	until [ "$(used "$1")" = "$2" ]; do
		tries=$((tries + 1))
		if [ "$tries" = 100 ]; then
			echo "$1: $(used "$1") bytes and buffers are allocated, not $2"
			cat "$LOG"
			return 1
		fi
		usleep 100000
	done
}

# said TEXT: the messages of cam end a line with TEXT; else prints them.
said()
{
	grep -q "$1\$" "$LOG" || { echo "no message '$1':"; cat "$LOG"; return 1; }
}

# hold: the camera has its buffers from $heap and waits, because the pipe that it opens for the
# first frame has no reader. It is process $camera, and $before is the use of the heap without it.
hold()
{
	before=$(used "$heap")
	rm -f "$TMP/pipe"
	mkfifo "$TMP/pipe"
	capture --file="$TMP/pipe" &
	camera=$!
	# shellcheck disable=SC2086 # two numbers
	uses "$heap" "$(more $BUFFERS $before)" && said "Using $LINK" && return
	kill -KILL "$camera"
	return 1
}

# dmabufs PID: the names of the dma-bufs of a process that are buffers of a heap.
dmabufs()
{
	awk 'FNR == 1 { exporter = "" } $1 == "exp_name:" { exporter = $2 }
		$1 == "name:" && exporter == "carveout" { print $2 }' "/proc/$1/fdinfo"/* |
		sort -u | xargs
}

# --- Tests --------------------------------------------------------------------

# Without the link libcamera uses memory of the kernel. The picture moves: all frames differ.
frames_in_other_memory()
{
	other=/dev/dma_heap/system
	[ -e "$other" ] || other=/dev/udmabuf
	display "$TMP/expected" && said "Using $other" || return
	different=$(md5sum "$TMP"/expected/* | cut -d ' ' -f 1 | sort -u | wc -l)
	[ "$different" = "$FRAMES" ] || { echo "$different different frames"; return 1; }
}

frames_are_the_same()
{
	before=$(used "$heap")
	allocated=$(state "$heap" allocations)
	display "$TMP/frames" && said "Using $LINK" && uses "$heap" "$before" || return
	allocated=$(($(state "$heap" allocations) - allocated))
	[ "$allocated" = "$BUFFERS" ] || { echo "$allocated buffers of the heap"; return 1; }
	for frame in "$TMP"/expected/*; do
		cmp "$frame" "$TMP/frames/${frame##*/}" || return
	done
	rm -r "$TMP/frames"
}

dmabufs_are_buffers_of_the_heap()
{
	hold || return
	names=$(dmabufs "$camera")
	[ "$names" = "frame-0 frame-1 frame-2 frame-3" ] || { echo "dma-bufs: $names"; return 1; }
	exec 3<> "$TMP/pipe"
	wait "$camera" || { echo "cam: exit code $?"; cat "$LOG"; return 1; }
	uses "$heap" "$before"
}

killed_camera_leaves_nothing()
{
	hold || return
	kill -KILL "$camera"
	uses "$heap" "$before"
}

# The heap has one region, and room for two of the four buffers.
full_heap_is_an_error()
{
	before=$(used "$heap")
	free=$(($(state "$heap" size) - $(state "$heap" used)))
	carveout alloc "$heap" "$TAG" $((free - 2 * BUFFER_BYTES)) > /dev/null || return
	rest=$(used "$heap")
	display "$TMP/none" > /dev/null && echo "cam succeeded" && return 1
	said "dma-heap allocation failure for frame-2" && uses "$heap" "$rest" || return
	carveout rm "$heap" "$TAG" && uses "$heap" "$before"
}

# try NAME FUNCTION
try()
{
	why=$($2 2>&1) && why= || why=${why:-failed}
	result "$1" "$why"
}

plan 8
try frames_in_other_memory frames_in_other_memory
for heap in $HEAPS; do
	ln -s "$PREFIX$heap" $LINK
	for name in frames_are_the_same dmabufs_are_buffers_of_the_heap \
		killed_camera_leaves_nothing; do
		try "$heap $name" $name
	done
	[ "$heap" != large ] || try "$heap full_heap_is_an_error" full_heap_is_an_error
	rm $LINK
done
finish
