#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Run a command until it ends, prints nothing for long, or prints without end.

watch.py SILENCE COMMAND...

Copy the output of COMMAND to standard output at once. End COMMAND when it prints
nothing for SILENCE seconds, or more than LARGEST bytes; say so in a last line and exit
with status 124. Otherwise exit as COMMAND does. There is no limit on the total time: a
slow machine is no reason to stop a command that makes progress.

Silence is counted in seconds slept, not in time passed: if this machine stops for a
while, the command could not print anything either.
"""

import select
import subprocess
import sys

LARGEST = 64 << 20
# Seconds that a command has to end by itself after SIGTERM.
GRACE = 5


def copy(pipe, silence):
    """Copy until the end of the output; return why it was given up, or None."""
    silent = copied = 0
    while True:
        readable, _, _ = select.select([pipe], [], [], 1)
        if not readable:
            silent += 1
            if silent >= silence:
                return "nothing was printed for %d s" % silence
            continue
        chunk = pipe.read1(65536)
        if not chunk:
            return None
        sys.stdout.buffer.write(chunk)
        sys.stdout.buffer.flush()
        silent = 0
        copied += len(chunk)
        if copied > LARGEST:
            return "more than %d MiB were printed" % (LARGEST >> 20)


def stop(process):
    """End a command that may hang."""
    process.terminate()
    try:
        process.wait(GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def main(args):
    if len(args) < 2 or not args[0].isdigit():
        print(__doc__, file=sys.stderr)
        return 2
    with subprocess.Popen(args[1:], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT) as process:
        try:
            why = copy(process.stdout, int(args[0]))
        except BaseException:
            stop(process)
            raise
        if why is None:
            code = process.wait()
            return code if code >= 0 else 128 - code
        stop(process)
    print("\n(ended: %s)" % why)
    return 124


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
