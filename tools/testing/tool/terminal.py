# SPDX-License-Identifier: GPL-2.0
"""A program on a terminal, and a terminal that knows no more than a VT100 does."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time

# Cursor address, erase to the end of the line, erase to the end of the screen.
SEQUENCE = re.compile(rb"\033\[(?:(\d+);(\d+))?([HKJ])")


class Screen:
    """The characters of a terminal of a given size."""

    def __init__(self, rows, columns):
        self.rows, self.columns = rows, columns
        self.cells = [[" "] * columns for _ in range(rows)]
        self.row = self.column = 0
        self.unknown = []

    def erase(self, row, column):
        self.cells[row][column:] = [" "] * (self.columns - column)

    def sequence(self, match):
        row, column, final = match.groups()
        if final == b"H":
            self.row, self.column = int(row or 1) - 1, int(column or 1) - 1
        else:
            self.erase(self.row, self.column)
        if final == b"J":
            for below in range(self.row + 1, self.rows):
                self.erase(below, 0)

    def put(self, char):
        if char == "\n":
            self.row += 1
            if self.row == self.rows:
                self.cells = self.cells[1:] + [[" "] * self.columns]
                self.row -= 1
        elif char == "\r":
            self.column = 0
        elif char < " " or self.column >= self.columns - 1:
            # The last column is where terminals differ.
            self.unknown.append(char)
        else:
            self.cells[self.row][self.column] = char
            self.column += 1

    def feed(self, data):
        while data:
            match = SEQUENCE.match(data)
            if match:
                self.sequence(match)
                data = data[match.end():]
            else:
                self.put(chr(data[0]))
                data = data[1:]

    def lines(self):
        return ["".join(row).rstrip() for row in self.cells]


class Terminal:
    """A program on a terminal of its own."""

    def __init__(self, argv, rows=24, columns=80, env=None):
        self.screen = Screen(rows or 24, columns or 80)
        self.data = b""
        self.status = None
        # The size is there before the program is.
        read, write = os.pipe()
        self.pid, self.fd = pty.fork()
        if not self.pid:
            os.close(write)
            os.read(read, 1)
            # A test run in the background ignores these, and so would the program.
            for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_DFL)
            os.execvpe(argv[0], argv, env or os.environ)
        os.close(read)
        self.resize(rows, columns, draw=False)
        os.close(write)

    def resize(self, rows, columns, draw=True):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        if draw:
            self.screen = Screen(rows, columns)

    def modes(self):
        """Does the terminal collect lines, and echo them?"""
        local = termios.tcgetattr(self.fd)[3]
        return bool(local & termios.ICANON), bool(local & termios.ECHO)

    def read(self, seconds):
        """Show the output that arrives in this time."""
        end = time.monotonic() + seconds
        got = b""
        while True:
            left = end - time.monotonic()
            if left < 0 or not select.select([self.fd], [], [], left)[0]:
                break
            try:
                data = os.read(self.fd, 65536)
            except OSError:
                break
            if not data:
                break
            got += data
            self.screen.feed(data)
        self.data += got
        return got

    def until(self, test, seconds=60):
        """Read until test(lines) is true."""
        end = time.monotonic() + seconds
        while not test(self.screen.lines()):
            if time.monotonic() > end:
                raise AssertionError("not in time:\n" + "\n".join(self.screen.lines()))
            self.read(0.05)

    def send(self, keys):
        os.write(self.fd, keys.encode())

    def kill(self, number):
        os.kill(self.pid, number)

    def wait(self, seconds=60):
        """Exit code of the program, or minus the number of the signal that ended it."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = status
                return os.waitstatus_to_exitcode(status)
            if self.fd is not None:
                self.read(0.05)
            else:
                time.sleep(0.05)
        raise AssertionError("the program does not end")

    def hang_up(self):
        os.close(self.fd)
        self.fd = None

    def close(self):
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        if self.fd is not None:
            os.close(self.fd)
