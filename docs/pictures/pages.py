"""Casehouse's Dagster pages in a real browser, on a copy of an instance that holds nothing but Dagster's own storage.

Here: starting and ending the pages and the browser. Never here: what is looked at, or a browser that may reach a network.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
CASEHOUSE = str(Path(sys.executable).with_name("casehouse"))
STARTUP_SECONDS, SHUTDOWN_SECONDS = 60, 30


@dataclass
class Pages:
    """Running pages: where they are, what they print to, and how they ended."""

    address: str
    log: Path
    process: subprocess.Popen[bytes]
    exit_code: int | None = None
    left_running: bool = field(default=False)

    def stop(self) -> None:
        """Send SIGINT to the process alone and wait until it and every process it started have ended."""
        if self.exit_code is not None:
            return
        self.process.send_signal(signal.SIGINT)
        try:
            self.exit_code = self.process.wait(timeout=SHUTDOWN_SECONDS)
            self.left_running = not _has_ended(self.process.pid, time.monotonic() + SHUTDOWN_SECONDS)
        except subprocess.TimeoutExpired:
            self.left_running = True
        if self.left_running:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.exit_code = self.process.wait()


@contextmanager
def served(home: Path, work: Path) -> Iterator[Pages]:
    """The pages over what Dagster stored in the instance `home`, copied into the folder `work`; ended on leaving.

    Dagster needs no vault and no warehouse to show its graph and its runs, so neither is copied and no key is read.
    """
    copy = work / "home"
    shutil.copytree(home / "dagster", copy / "dagster")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    log = work / "pages.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [CASEHOUSE, "ui", "--port", str(port)],
            env={**os.environ, "CASEHOUSE_HOME": str(copy)},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    pages = Pages(f"http://127.0.0.1:{port}", log, process)
    try:
        _wait_until_served(pages)
        yield pages
    finally:
        pages.stop()


@contextmanager
def browser() -> Iterator[Browser]:
    """Debian's Chromium without a window."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(ARGUMENTS))
        try:
            yield opened
        finally:
            opened.close()


def _wait_until_served(pages: Pages) -> None:
    deadline = time.monotonic() + STARTUP_SECONDS
    while time.monotonic() < deadline and pages.process.poll() is None:
        try:
            with urllib.request.urlopen(f"{pages.address}/server_info", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise RuntimeError(f"the pages did not start; they printed to {pages.log}")


def _has_ended(group: int, deadline: float) -> bool:
    """Whether no process of the group is left before the deadline."""
    while time.monotonic() < deadline:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False
