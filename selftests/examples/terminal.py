#!/usr/bin/env -S python3 -I -S
# SPDX-License-Identifier: GPL-2.0-only
"""Run a program on a terminal that a test can look at.

  terminal.py FILE COMMAND...

The program has a vt220 of 24 lines of 80 characters.  What comes on standard input is
typed; what the screen shows is in FILE, what of it is bold in FILE.bold, and in FILE.raw
whatever was written to it.
SIGUSR1 makes it 12 lines of 40 characters.  The exit status is the program's.
"""

import codecs
import fcntl
import os
import re
import select
import signal
import struct
import sys
import termios
import unicodedata

SEQUENCE = re.compile(r"\x1b(?:\[([?!]?[\d;]*)([A-Za-z@])|[()][A-Z0-9]|[=>78HDM]| [FG])")


BOLD = "\1"                                     # in a cell, before the character


class Screen:
    """Characters in rows, as the sequences of a vt220 leave them."""

    def __init__(self, rows, columns):
        self.resize(rows, columns)
        self.rest = self.mark = ""

    def resize(self, rows, columns):
        self.rows, self.columns = rows, columns
        self.cells = [[" "] * columns for _ in range(rows)]
        self.y = self.x = 0
        self.top, self.bottom = 0, rows - 1

    def text(self):
        return "".join("".join(row).replace(BOLD, "").rstrip() + "\n" for row in self.cells)

    def bold(self):
        return "".join("".join(c.replace(BOLD, "") if BOLD in c else " " for c in row).rstrip()
                       + "\n" for row in self.cells)

    def feed(self, text):
        text, self.rest = self.rest + text, ""
        at = 0
        while at < len(text):
            if text[at] != "\x1b":
                self.character(text[at])
                at += 1
            elif found := SEQUENCE.match(text, at):
                at = found.end()
                if found[2]:
                    self.control(found[1], found[2])
                elif found[0][1] in "DM":
                    self.line_feed(1 if found[0][1] == "D" else -1)
            elif len(text) - at < 16:
                self.rest = text[at:]           # the rest of it is to come
                return
            else:
                raise ValueError(f"unknown sequence {text[at:at + 8]!r}")

    def line_feed(self, step):
        edge = self.bottom if step > 0 else self.top
        if self.y != edge:
            self.y = max(0, min(self.rows - 1, self.y + step))
            return
        self.cells.insert(edge + (step > 0), [" "] * self.columns)
        del self.cells[self.top if step > 0 else self.bottom + 1]

    def character(self, c):
        if c == "\r":
            self.x = 0
        elif c == "\n":
            self.line_feed(1)
        elif c == "\b":
            self.x = max(0, self.x - 1)
        elif c == "\t":
            self.x = min(self.columns - 1, self.x // 8 * 8 + 8)
        elif c >= " ":
            if self.x == self.columns:
                self.x = 0
                self.line_feed(1)
            self.cells[self.y][self.x] = self.mark + c
            self.x += 1
            if unicodedata.east_asian_width(c) in "WF":
                self.cells[self.y][self.x] = ""
                self.x += 1

    def control(self, arguments, letter):
        numbers = [int(n or 0) for n in arguments.lstrip("?!").split(";")]
        first = max(1, numbers[0])
        if letter == "H":
            self.y = min(self.rows, first) - 1
            self.x = min(self.columns, max(1, numbers[-1] if len(numbers) > 1 else 1)) - 1
        elif letter in "AB":
            self.y = max(0, min(self.rows - 1, self.y + (first if letter == "B" else -first)))
        elif letter in "CD":
            self.x = max(0, min(self.columns - 1, self.x + (first if letter == "C" else -first)))
        elif letter in "X@P":
            row = self.cells[self.y]
            if letter != "@":
                del row[self.x:self.x + first]
            if letter == "P":
                row += [" "] * (self.columns - len(row))
            else:
                row[self.x:self.x] = [" "] * min(first, self.columns - self.x)
                del row[self.columns:]
        elif letter == "m":
            for number in numbers:
                self.mark = BOLD if number == 1 else "" if number in (0, 22) else self.mark
        elif letter in "LM":
            top, self.top = self.top, self.y
            y, self.y = self.y, self.y if letter == "L" else self.bottom
            for _ in range(first):
                self.line_feed(-1 if letter == "L" else 1)
            self.top, self.y = top, y
        elif letter in "JK":
            self.erase(letter, numbers[0])
        elif letter == "r":
            self.top = first - 1
            self.bottom = (numbers[1] if len(numbers) > 1 else self.rows) - 1
            self.y = self.x = 0

    def erase(self, letter, what):
        begin = 0 if what else self.x
        end = self.x + 1 if what == 1 else self.columns
        self.cells[self.y][begin:end] = [" "] * (end - begin)
        if letter == "J":
            others = range(self.y + 1, self.rows) if what == 0 else (
                range(self.y) if what == 1 else range(self.rows))
            for y in others:
                self.cells[y] = [" "] * self.columns


def set_size(terminal, rows, columns):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def show(screen, file):
    for name, text in ((file + ".bold", screen.bold()), (file, screen.text())):
        with open(file + ".new", "w", encoding="utf-8") as new:
            new.write(text)
        os.rename(file + ".new", name)


def main():
    file, *command = sys.argv[1:]
    screen = Screen(24, 80)
    child, terminal = os.forkpty()
    if not child:
        set_size(0, 24, 80)
        os.environ["TERM"] = "vt220"
        os.execvp(command[0], command)

    def shrink(*_):
        screen.resize(12, 40)
        set_size(terminal, 12, 40)

    signal.signal(signal.SIGUSR1, shrink)
    signal.signal(signal.SIGTERM, lambda *_: os.kill(child, signal.SIGTERM))
    raw = open(file + ".raw", "wb", buffering=0)
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    inputs = [0, terminal]
    while True:
        ready, _, _ = select.select(inputs, [], [])
        if 0 in ready:
            typed = os.read(0, 4096)
            if typed:
                os.write(terminal, typed)
            else:
                inputs.remove(0)
        if terminal in ready:
            try:
                data = os.read(terminal, 4096)
            except OSError:
                break                           # the program has ended
            if not data:
                break
            raw.write(data)
            screen.feed(decoder.decode(data))
            show(screen, file)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    sys.exit(main())
