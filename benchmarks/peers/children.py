"""Run a command as a child process within limits, and say what it cost.

    python children.py SECONDS MEGABYTES COMMAND...

prints the cost as JSON. A process of its own does it, since a child's peak memory begins at that of the process that starts it, and
this one is small. Here: processor time and peak memory as the system counts them. Never here: what the command does.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass

PAUSE = 0.05


@dataclass(frozen=True)
class Limits:
    """Processor seconds and resident megabytes after which a child is stopped."""

    seconds: int
    megabytes: int


@dataclass(frozen=True)
class Cost:
    """User and system time, largest resident set, how the child ended where it did not end well, and seconds by the clock."""

    seconds: float
    megabytes: float
    ended: str = ""
    wall: float = 0.0


def run_child(command: Sequence[str], limits: Limits) -> Cost:
    """Run to the end or to a limit; a failure is an ending, no exception."""
    asked = [sys.executable, __file__, str(limits.seconds), str(limits.megabytes), *command]
    return Cost(**json.loads(subprocess.run(asked, capture_output=True, text=True, check=True).stdout))


def _run(command: Sequence[str], limits: Limits) -> Cost:
    began = time.monotonic()
    with tempfile.TemporaryFile() as errors:
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors)
        resource.prlimit(child.pid, resource.RLIMIT_CPU, (limits.seconds, limits.seconds + 5))
        outgrew = False
        while True:
            done, status, usage = os.wait4(child.pid, os.WNOHANG)
            if done:
                break
            if not outgrew and _resident(child.pid) > limits.megabytes:
                outgrew = True
                child.kill()
            time.sleep(PAUSE)
        child.returncode = os.waitstatus_to_exitcode(status)
        seconds = usage.ru_utime + usage.ru_stime
        if outgrew:
            ended = f"stopped at {limits.megabytes:,} MB"
        elif child.returncode == -signal.SIGXCPU or seconds >= limits.seconds:
            ended = f"stopped at {limits.seconds} CPU s"
        elif child.returncode:
            errors.seek(0)
            last = errors.read().decode(errors="replace").strip().splitlines()[-1:] or ["without a word"]
            ended = f"failed: {last[0].split(':')[0][:60]}"
        else:
            ended = ""
    return Cost(seconds, usage.ru_maxrss / 1024, ended, time.monotonic() - began)


def _resident(process: int) -> float:
    """Megabytes in memory now; 0 when the process is already gone."""
    try:
        with open(f"/proc/{process}/statm", encoding="ascii") as counts:
            return int(counts.read().split()[1]) * resource.getpagesize() / 2**20
    except (FileNotFoundError, ProcessLookupError):
        return 0.0


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asdict(_run(sys.argv[3:], Limits(int(sys.argv[1]), int(sys.argv[2]))))))
