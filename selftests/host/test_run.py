#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Who interrupts selftests/run leaves no machine running, and vm/run knows whose a data race is.

The former is run in a tree of its own, where what starts machines only waits.
"""

import contextlib
import importlib.machinery
import importlib.util
import io
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

TOP = os.environ["PG_TOP"]
WAIT_SECONDS = 60

MACHINE = """#!/bin/sh
echo $$ > "$PG_BUILD/new" && mv "$PG_BUILD/new" "$PG_BUILD/machine"
exec sleep 1000
"""

TEST = """#!/bin/sh
echo 1..1
echo ok 1
"""


def script(path, text):
    """Write a program."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
    os.chmod(path, 0o755)


def wait_until(condition):
    """Whether it becomes true while there is patience."""
    end = time.monotonic() + WAIT_SECONDS
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def alive(pid):
    """Whether there is such a process, and no zombie."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def interrupt(with_signal):
    """Run, interrupt, and return the exit status and whether the machine has gone."""
    with tempfile.TemporaryDirectory(prefix="test_run.", dir="/tmp") as top:
        selftests, build = os.path.join(top, "selftests"), os.path.join(top, "build")
        script(os.path.join(selftests, "vm", "run"), MACHINE)
        script(os.path.join(selftests, "kmod", "test_one.sh"), TEST)
        shutil.copy(os.path.join(TOP, "selftests", "run"), selftests)
        os.makedirs(build)
        run = subprocess.Popen([os.path.join(selftests, "run"), "kmod"],
                               env={**os.environ, "PG_BUILD": build},
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
        machine = os.path.join(build, "machine")
        if not wait_until(lambda: os.path.exists(machine)):
            run.kill()
            return None, False
        with open(machine, encoding="ascii") as file:
            pid = int(file.read())
        run.send_signal(with_signal)
        gone = wait_until(lambda: not alive(pid))
        if not gone:
            os.kill(pid, signal.SIGKILL)
        return run.wait(), gone


RACE = """==================================================================
BUG: KCSAN: data-race in {0} / tick_do_update

write to 0xffff888002cb2540 of 8 bytes by task 100 on cpu 1:
 {0}
 kthread+0x17f/0x1b0

read to 0xffff888002cb2540 of 8 bytes by interrupt on cpu 0:
 tick_do_update+0x47/0x1000

Reported by Kernel Concurrency Sanitizer on:
CPU: 1 PID: 100 Comm: test
==================================================================
"""


def weigh(*functions):
    """How many problems the log of a machine has with such races, and races of others."""
    path = os.path.join(TOP, "selftests", "vm", "run")
    loader = importlib.machinery.SourceFileLoader("vm_run", path)
    run = importlib.util.module_from_spec(importlib.util.spec_from_loader("vm_run", loader))
    sys.dont_write_bytecode = True
    loader.exec_module(run)
    log = run.KernelLog("", False)
    with contextlib.redirect_stderr(io.StringIO()):
        for function in functions:
            log.feed(RACE.format(function).encode())
        log.end()
    return log.problems, log.races


def main():
    print("TAP version 13\n1..3")
    for number, with_signal in enumerate((signal.SIGINT, signal.SIGTERM), 1):
        status, gone = interrupt(with_signal)
        if status != 130 or not gone:
            print(f"# exit status {status}, the machine {'has gone' if gone else 'stays'}")
            print("not ", end="")
        print(f"ok {number} {with_signal.name}")
    ours = "pg_link_rx+0x33/0x70 [peergroup]"
    found = weigh("tcp_v4_rcv+0x1/0x2", ours, "xfrm_init+0x1/0x2", f"memcpy+0x1/0x2\n {ours}",
                  "\n ".join(["br_fdb_update+0x1/0x2"] + ["ip_output+0x1/0x2"] * 9 + [ours]))
    if found != (2, 3):
        print(f"# problems, and races of others: {found}\nnot ", end="")
    print("ok 3 data races, of the module's and of others")


main()
