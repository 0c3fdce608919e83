"""The limits of the process that opens a workbook, set by itself before it looks at a byte.

Here: memory, time, files and processes, through the kernel. Never here: what a workbook may hold.
"""

from __future__ import annotations

import resource

from ingest.reading.workbooks.unpacking import MEGABYTE

LARGEST_MEMORY = 3 << 30
"""The address space that no workbook gets past, whatever it promises."""
_GLANCE_MEMORY = 160 * MEGABYTE
_SECONDS, _SECONDS_A_MEGABYTE = 10, 3
"""A packed megabyte of a sheet takes about one second to read."""


def confine(payload_bytes: int) -> None:
    """Confine this process for good: no file can be grown, no process started; memory just enough to look around.

    Beyond the memory the kernel refuses, and Python or the reader's library ends the process; beyond the time it is killed.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    seconds = _SECONDS + _SECONDS_A_MEGABYTE * payload_bytes // MEGABYTE
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (min(_address_space() + _GLANCE_MEMORY + 3 * payload_bytes, LARGEST_MEMORY), LARGEST_MEMORY))


def allow_memory(more: int) -> None:
    """Let this process, when it is confined, grow by so many bytes from where it stands, up to the largest memory."""
    if resource.getrlimit(resource.RLIMIT_AS)[1] != LARGEST_MEMORY:
        return
    resource.setrlimit(resource.RLIMIT_AS, (min(_address_space() + more, LARGEST_MEMORY), LARGEST_MEMORY))


def _address_space() -> int:
    """The bytes of address space in use; without Linux's /proc, none."""
    try:
        with open("/proc/self/statm", encoding="ascii") as counters:
            return int(counters.read().split()[0]) * resource.getpagesize()
    except OSError:
        return 0
